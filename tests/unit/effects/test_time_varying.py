"""Treatment that starts in the course of follow-up: the hazard ratio, by hand and by the risk sets; refusals; words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

import dipeval as dip
from dipeval.errors import EstimationError, InputError
from tests.simulation.immortal_claims import through_the_whole_package, world
from tests.spec.invented_people import cohort_of

TIME_VARYING = dip.CohortRule(immortal_time="time_varying", landmark_days=0, grace_days=365)


@pytest.fixture(scope="module")
def studied() -> tuple[dip.Cohort, dip.Outcomes]:
    made = world(1, people=500, confounded=True, custody=True)
    return through_the_whole_package(made, immortal_time="time_varying", landmark_days=0, grace_days=365)


def test_by_hand() -> None:
    """Three people, two events: with hazard ratio r, the likelihood is 1/(2 + r) * r/(r + 1), largest at r = sqrt 2."""
    zero = pd.Timestamp("2024-01-01")
    people = pd.DataFrame({"person_id": ["a", "b", "c"], "time_zero_date": zero})
    started = pd.DataFrame({"person_id": ["b", "c"], "start_date": [zero + pd.Timedelta(days=day) for day in (5, 300)]})
    offences = pd.DataFrame(
        {"person_id": ["a", "b"], "event_date": [zero + pd.Timedelta(days=day) for day in (10, 20)]}
    )
    rows = dip.episodes(people, treatment=started, events=offences).to_frame()
    assert rows[["person_id", "start", "stop", "event", "treated"]].to_numpy().tolist() == [
        ["a", 0, 10, 1, 0],
        ["b", 0, 5, 0, 0],
        ["b", 5, 20, 1, 1],
        ["c", 0, 300, 0, 0],
        ["c", 300, 365, 0, 1],
    ]
    model = dip.cox(rows, covariates=["treated"], entry="start", time="stop", event="event")
    assert model.to_frame()["hazard_ratio"].iloc[0] == pytest.approx(np.sqrt(2), rel=1e-9)


def test_by_walking_through_the_risk_sets(studied: tuple[dip.Cohort, dip.Outcomes]) -> None:
    cohort, outcomes = studied
    effect = dip.time_varying_effect(cohort, outcomes)
    rows = effect.episodes.to_frame()

    def minus_log_likelihood(beta: float) -> float:
        total = 0.0
        for day in sorted(set(rows.loc[rows["event"] == 1, "stop"])):
            at_risk = rows[(rows["start"] < day) & (rows["stop"] >= day)]
            died = at_risk[(at_risk["event"] == 1) & (at_risk["stop"] == day)]
            everybody, tied = np.exp(beta * at_risk["treated"]).sum(), np.exp(beta * died["treated"]).sum()
            terms = [everybody - place / len(died) * tied for place in range(len(died))]
            total += beta * died["treated"].sum() - np.log(terms).sum()
        return -total

    best = minimize_scalar(minus_log_likelihood, bounds=(-2, 2), method="bounded", options={"xatol": 1e-9})
    assert np.log(effect.estimate) == pytest.approx(best.x, abs=1e-6)
    assert effect.n_events == rows["event"].sum()
    assert effect.days_treated + effect.days_untreated == (rows["stop"] - rows["start"]).sum()


def test_in_calendar_time_the_rows_are_the_outcomes(studied: tuple[dip.Cohort, dip.Outcomes]) -> None:
    cohort, outcomes = studied
    effect = dip.time_varying_effect(cohort, outcomes, custody_gaps=False)
    ends = effect.episodes.to_frame().groupby("index_id")[["stop", "event"]].max()
    frame = outcomes.to_frame()
    assert ends["stop"].astype("float64").tolist() == frame["time_days"].tolist()
    assert ends["event"].tolist() == frame["event"].tolist()
    own = dip.episodes(cohort, custody_gaps=False).to_frame()
    drawn = ["index_id", "start", "stop", "event", "treated", "in_custody"]
    pd.testing.assert_frame_equal(own[drawn], effect.episodes.to_frame()[drawn])


def test_what_comes_back(studied: tuple[dip.Cohort, dip.Outcomes]) -> None:
    cohort, outcomes = studied
    effect = dip.time_varying_effect(cohort, outcomes, covariates=["female", "age_at_index"][:1], level=0.9)
    frame = effect.to_frame()
    assert frame.loc[0, ["term", "group"]].tolist() == ["hazard_ratio", "first_reoffence"]
    assert frame.loc[0, "n_events"] == frame.loc[0, "events_treated"] + frame.loc[0, "events_untreated"]
    assert effect.n <= len(cohort.people)
    assert effect.n_treated < cohort.people["treated"].sum() + 1
    words = str(effect.summary())
    for part in ("90% interval", "within 365 days", "clustered by person", "days without treatment", "alike in female"):
        assert part in words, part
    assert ("does not show that there was no effect" in words) == effect.includes_equality
    assert "No covariate was held alike" not in words
    assert "No covariate was held alike" in str(dip.time_varying_effect(cohort, outcomes).summary())
    assert effect.plot().has_data()


def test_a_clear_effect_is_told_as_one() -> None:
    made = world(2, people=1_000, hazard_ratio=0.3)
    cohort, outcomes = through_the_whole_package(made, immortal_time="time_varying", landmark_days=0, grace_days=365)
    effect = dip.time_varying_effect(cohort, outcomes)
    assert effect.conf_low < 0.3 < effect.conf_high < 1
    assert "lower after treatment had started" in effect.summary().headline


def test_a_start_after_the_grace_period_stays_in_the_comparison(studied: tuple[dip.Cohort, dip.Outcomes]) -> None:
    made = world(1, people=500, confounded=True, custody=True)
    cohort, _ = through_the_whole_package(made, immortal_time="time_varying", landmark_days=0, grace_days=60)
    rows = dip.episodes(cohort).to_frame()
    first = rows[rows["treated"] == 1].groupby("person_id")["start"].min()
    entered = (
        dip.episodes(cohort, custody_gaps=False).to_frame().query("treated == 1").groupby("person_id")["start"].min()
    )
    assert (
        entered.max()
        <= 60
        < dip.episodes(studied[0], custody_gaps=False).to_frame().query("treated == 1")["start"].max()
    )
    assert (first >= entered[first.index]).all()


def test_several_index_events_a_person_are_clustered_by_person() -> None:
    tests = "person|test_date\n" + "\n".join(f"p{n}|2022-0{month}-15" for n in range(40) for month in (1, 4))
    treatment = "person|start_date\n" + "\n".join(f"p{n}|2022-02-{1 + n % 20:02d}" for n in range(0, 40, 2))
    offences = "person|offence_date|disposal_date\n" + "\n".join(
        f"p{n}|2022-0{3 + n % 4}-2{n % 9}|2022-10-01" for n in range(30)
    )
    cohort = cohort_of(
        dip.CohortRule(immortal_time="time_varying", landmark_days=0, grace_days=90, index_choice="every"),
        drug_tests=tests,
        treatment=treatment,
        offences=offences,
    )
    effect = dip.time_varying_effect(cohort, dip.measure_reoffending(cohort))
    rows = effect.episodes.to_frame()
    assert rows["index_id"].nunique() > rows["person_id"].nunique() == 40
    assert (rows["person_id"] == cohort.cluster.reindex(rows["index_id"]).to_numpy()).all()
    assert rows.groupby("index_id")["treated"].max().sum() == effect.n_treated


def test_what_it_refuses(studied: tuple[dip.Cohort, dip.Outcomes]) -> None:
    cohort, outcomes = studied
    landmark, measured = through_the_whole_package(world(1, people=300))
    with pytest.raises(InputError, match="time_varying"):
        dip.time_varying_effect(landmark, measured)
    with pytest.raises(InputError, match="outcomes lack"):
        dip.time_varying_effect(cohort, measured)
    with pytest.raises(InputError, match="cohort must be"):
        dip.time_varying_effect(cohort.people, outcomes)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="outcomes must be"):
        dip.time_varying_effect(cohort, outcomes.to_frame())  # type: ignore[arg-type]
    for covariates, words in (
        (["exposure_date"], "no fact from at or before"),
        (["nothing"], "no column nothing"),
        ("female", "not one text"),
    ):
        with pytest.raises(InputError, match=words):
            dip.time_varying_effect(cohort, outcomes, covariates=covariates)
    nobody = cohort_of(
        TIME_VARYING,
        drug_tests="person|test_date\na|2022-03-01\nb|2022-03-01\nc|2022-03-01",
        offences="person|offence_date|disposal_date\na|2022-05-01|2022-06-01",
    )
    with pytest.raises(EstimationError, match="after treatment had started"):
        dip.time_varying_effect(nobody, dip.measure_reoffending(nobody))
