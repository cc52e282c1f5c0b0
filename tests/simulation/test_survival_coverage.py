"""Intervals of hazard ratios, rate ratios and days gained cover the truth, their twins do not (full: make prove)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from tests.simulation import survival_worlds as worlds
from tests.simulation.effect_claims import COVARIATES, PROCESSES, Interval
from tests.simulation.survival_claims import QUESTIONS, faults, figures, many_runs

SEEDS = 200


@pytest.mark.slow
@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize("question", QUESTIONS)
def test_intervals_cover_the_truth_and_their_twins_do_not(question: str, process: str) -> None:
    found = figures(question, process, many_runs(question, process, SEEDS))
    print(found)
    assert not faults(found, SEEDS), found


def people(process: str, n: int = 2_000, seed: int = 1) -> pd.DataFrame:
    return worlds.people_with_rates(seed, people=n, **PROCESSES[process])


def test_the_marginal_hazard_ratio_is_that_of_a_cox_model_of_very_many_people_seen_in_both_states() -> None:
    few = people("beneficial_strong_confounding", 500)
    true = worlds.marginal_log_hazard_ratio(few)
    many = pd.concat([few] * 400, ignore_index=True)
    seen = pd.concat([worlds.first_times(many.assign(treated=arm), 7 + arm) for arm in (0, 1)])
    line = dip.cox(seen, covariates=["treated"], time="time_days", event="event").to_frame().iloc[0]
    assert abs(line["estimate"] - true) < 3 * line["std_error"]
    # Every person's own ratio is exp(-0.5); that of the group is nearer to 1, and what pairs are held to.
    assert -0.5 < true < -0.33


def test_everybody_alike_has_the_same_hazard_ratio_as_the_group_and_the_null_is_one() -> None:
    alike = people("beneficial_strong_confounding").assign(rate_without=0.002, rate_with=0.002 * np.exp(-0.5))
    assert worlds.marginal_log_hazard_ratio(alike) == pytest.approx(-0.5, abs=1e-6)
    assert worlds.marginal_log_hazard_ratio(people("null")) == pytest.approx(0, abs=1e-10)


def test_mean_days_gained_is_that_of_very_many_draws() -> None:
    few = people("beneficial_strong_confounding", 200)
    many = pd.concat([few] * 1_000, ignore_index=True)
    days = [
        worlds.first_times(many.assign(treated=arm), 3 + arm)["time_days"].clip(upper=300).to_numpy() for arm in (0, 1)
    ]
    gained = days[1] - days[0]
    error = gained.std() / np.sqrt(len(gained))
    assert abs(gained.mean() - worlds.mean_days_gained(few, 300)) < 3 * error


def test_spells_do_not_overlap_leave_out_custody_and_hold_the_reoffences_that_were_drawn() -> None:
    rows = worlds.spells_at_liberty(people("null"), 1, frailty=1.0, mean_events=1.5)
    assert (rows["stop"] > rows["start"]).all()
    same = (rows["person"] == rows["person"].shift()).to_numpy()
    gaps = (rows["start"] - rows["stop"].shift()).to_numpy()[same]
    assert (gaps >= 0).all()
    assert 0.02 < (gaps > 0).mean() < 0.3
    assert (rows["start"].to_numpy()[~same] == 0).all()
    # Of people alike the counts would spread like a Poisson's, with a variance as large as the mean.
    counts = rows.groupby("person")["event"].sum()
    assert counts.var() > 2 * counts.mean()


def test_repeated_reoffences_of_very_many_people_have_the_ratio_of_their_rates() -> None:
    many = people("beneficial_strong_confounding", 60_000)
    rows = worlds.spells_at_liberty(many, 1, frailty=1.0, mean_events=1.5)
    model = dip.cox(
        rows, covariates=["treated", *COVARIATES], entry="start", time="stop", event="event", cluster="person"
    )
    line = model.to_frame().iloc[0]
    assert abs(line["estimate"] + 0.5) < 3 * line["std_error"] < 0.1


def _runs(
    question: str, n: int, *, missed: int, third: int, naive: int, failing: int = 50
) -> list[dict[str, Interval]]:
    def interval(place: int, missed: int) -> Interval:
        covers = place >= missed
        return Interval(
            estimate=0.01, true=0.0, std_error=0.02, covers=covers, third_covers=place < third, rejects=not covers
        )

    asked = QUESTIONS[question]
    return [
        {"naive": interval(place, n - naive)}
        | {name: interval(place, n - failing) for name in asked.failing}
        | {name: interval(place, missed) for name in asked.judged}
        for place in range(n)
    ]


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    ("options", "reasons"),
    [
        ({"missed": 5, "third": 50, "naive": 10}, []),
        ({"missed": 12, "third": 50, "naive": 10}, ["coverage is below", "the true null"]),
        ({"missed": 0, "third": 50, "naive": 10}, ["coverage is above"]),
        ({"missed": 5, "third": 89, "naive": 10}, ["a third of the error"]),
    ],
)
def test_the_rule_says_no_to_each_way(question: str, options: dict[str, int], reasons: list[str]) -> None:
    found = faults(figures(question, "null", _runs(question, 100, **options)), 100)
    assert len(found) == len(reasons) * len(QUESTIONS[question].judged)
    assert all(any(reason in text for text in found) for reason in reasons)


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_rule_says_no_to_twins_that_cover(question: str) -> None:
    made = _runs(question, 100, missed=5, third=50, naive=50, failing=95)
    found = faults(figures(question, "null", made), 100)
    wanted = [f"{name} covers in" for name in QUESTIONS[question].failing] + ["naive covers in"]
    assert [text[: len(start)] for text, start in zip(found, wanted, strict=True)] == wanted
