"""Intervals of the net benefit cover the truth, their twins do not, a null effect is not sold (full: make prove)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.simulation.money_claims import (
    COST_EACH,
    ON_SOME,
    PROCESSES,
    QUESTIONS,
    SELLING,
    SHARES,
    Answer,
    faults,
    figures,
    many_runs,
    most_headlines,
    multipliers,
    world_of,
    worth,
)

SEEDS = 30


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("process", PROCESSES)
def test_intervals_of_the_net_benefit_cover_the_truth_and_nothing_is_sold(process: str, question: str) -> None:
    found = figures(process, question, many_runs(process, question, SEEDS))
    print(found)
    assert not faults(found, SEEDS), found


def test_the_processes_are_what_they_are_called() -> None:
    worlds = {name: world_of(1, "alike", **options) for name, options in PROCESSES.items()}
    shares = {name: world.people["treated"].mean() for name, world in worlds.items()}
    assert shares["few_treated"] < 0.1 < 0.2 < min(shares["null"], shares["beneficial_strong_confounding"])
    assert (worlds["null"].gain == 0).all()
    assert (worlds["few_treated"].gain > 0).all()
    some = world_of(1, "by_group", **PROCESSES["few_treated"]).gain
    assert [group for group, helped in zip(SHARES, (some > 0).all(axis=0), strict=True) if helped] == sorted(
        ON_SOME, key=list(SHARES).index
    )
    counts = worlds["null"].total()
    assert counts.var() > 2 * counts.mean()
    assert counts.sort_values().iloc[-300:].sum() > 0.35 * counts.sum()


def test_the_truth_prices_groups_without_a_unit_cost_at_nothing() -> None:
    assert worth()["drug_possession"] == 0.0
    assert worth()["shoplifting"] == 460.0
    assert multipliers("by_group", 1.0).tolist() == [1.0] * len(SHARES)
    assert set(multipliers("alike", 0.7)) == {0.7}


def _runs(
    n: int, *, missed: int, third: int, naive: int, known: int = 0, sells: int = 0, shift: float = 0.0
) -> list[Answer]:
    one = Answer(
        true=-COST_EACH, estimate=-COST_EACH, width=1.0, covers=True, third_covers=False, naive_covers=False,
        known_effect_covers=False, other_way_covers=False, probability=0.3, chance=0.3, sells=False,
    )  # fmt: skip
    spread = np.random.default_rng(1).normal(0, 0.1, n)
    return [
        replace(
            one,
            estimate=-COST_EACH + place,
            covers=place >= missed,
            third_covers=place < third,
            naive_covers=place < naive,
            known_effect_covers=place < known,
            probability=0.3 + shift + float(spread[place]),
            sells=place < sells,
        )
        for place in range(n)
    ]


@pytest.mark.parametrize(
    ("runs", "reasons"),
    [
        (_runs(100, missed=5, third=50, naive=10), []),
        (_runs(100, missed=12, third=50, naive=10), ["coverage is below"]),
        (_runs(100, missed=0, third=50, naive=10), ["coverage is above"]),
        (_runs(100, missed=5, third=89, naive=10), ["a third of the width"]),
        (_runs(100, missed=5, third=50, naive=50), ["the naive difference"]),
        (_runs(100, missed=5, third=50, naive=10, known=95), ["with the effect taken as known"]),
        (_runs(100, missed=5, third=50, naive=10, shift=0.05), ["not what chance and cost imply"]),
        (_runs(100, missed=5, third=50, naive=10, sells=8), ["of the headlines claim value"]),
    ],
)
def test_the_rule_says_no_to_each_way_and_to_twins_that_cover(runs: list[Answer], reasons: list[str]) -> None:
    found = faults(figures("null", "alike", runs), len(runs))
    assert len(found) == len(reasons)
    assert all(reason in text for reason, text in zip(reasons, found, strict=True))
    assert most_headlines(100) == pytest.approx(0.0718, abs=1e-4)


def test_a_plain_case_is_known_to_sell_so_that_the_count_of_headlines_means_something() -> None:
    from tests.simulation import money_claims

    world = world_of(1, "alike", effect=0.2, drive=0.5, harm=0.5, shift=0.0)
    effect = money_claims.dip.Effect(
        measure="mean_difference", outcome_name="n_reoffences", outcome_kind="count", estimate=-1.0, std_error=0.1,
        conf_low=-1.2, conf_high=-0.8, p_value=0.0, level=0.95, n_treated=500, n_comparison=500, mean_treated=0.5,
        mean_comparison=1.5, se_method="robust (HC0)", estimand="the average effect on the 500 treated people",
        design_method="entropy", design_fingerprint="x", n_treated_dropped=0,
    )  # fmt: skip
    mix = money_claims.mix_of(world)
    assert SELLING
    assert SELLING in money_claims._money(effect, offence_mix=mix).summary().headline
    nothing = replace(effect, estimate=-0.1, conf_low=-0.3, conf_high=0.1)
    assert SELLING not in money_claims._money(nothing, offence_mix=mix).summary().headline
