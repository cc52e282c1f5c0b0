"""One null world under every label: the naive one misleads, the others do not; and each row worked out apart."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pandas as pd
import pytest

import dipeval as dip
from dipeval.effects import ImmortalTimeAudit, immortal_time_audit
from dipeval.effects.clocks.audit import checked_landmarks, landmark_rows
from dipeval.errors import InputError, InvariantError
from tests.simulation.immortal_claims import (
    FOLLOW_UP,
    LANDMARK,
    fitted,
    labelled,
    rows_of,
    through_the_whole_package,
    world,
)
from tests.spec.invented_people import cohort_of

RULE: dict[str, Any] = {"immortal_time": "time_varying", "landmark_days": 0, "grace_days": 365}
Studied = tuple[dip.Cohort, dip.Outcomes]


@pytest.fixture(scope="module")
def studied() -> Studied:
    return through_the_whole_package(world(7, people=900, confounded=True, custody=True), **RULE)


@pytest.fixture(scope="module")
def audit(studied: Studied) -> ImmortalTimeAudit:
    return immortal_time_audit(*studied, covariates=["female"])


def row(found: ImmortalTimeAudit, group: str) -> pd.Series:
    return found.to_frame().set_index("group").loc[group]


def test_in_a_null_world_only_the_label_shows_a_benefit() -> None:
    """Treatment starts only while unarrested and does nothing; 3,000 people, one seed.

    Over 200 such worlds (`make prove`) the label gives a ratio near 0.55, its interval below 1 in all of them. Every
    other row is held to 4 standard errors from 1: five of them, so that chance alone would fail in fewer than one of
    3,000 seeds.
    """
    cohort, outcomes = through_the_whole_package(world(11), **RULE)
    found = immortal_time_audit(cohort, outcomes)
    naive = row(found, "ever_treated")
    assert naive["conf_high"] < 0.8
    others = found.to_frame().query("group != 'ever_treated'")
    assert others["group"].tolist() == [
        "time_varying_calendar",
        "time_varying_street",
        "landmark_28",
        "landmark_56",
        "landmark_91",
    ]
    for _, one in others.iterrows():
        assert abs(math.log(one["estimate"])) < 4 * one["std_error"], one["group"]
    assert found.n_labelled_after == 0  # in this world nobody starts after an arrest
    assert found.days_credited > 30 * found.n_labelled


@pytest.mark.parametrize("covariates", [(), ("female",)])
def test_treatment_from_its_day_is_that_of_time_varying_effect(studied: Studied, covariates: tuple[str, ...]) -> None:
    found = immortal_time_audit(*studied, covariates=covariates, landmarks=(), level=0.9)
    for group, gaps in (("time_varying_calendar", False), ("time_varying_street", True)):
        effect = dip.time_varying_effect(*studied, covariates=covariates, custody_gaps=gaps, level=0.9)
        expected, own = effect.to_frame().iloc[0], row(found, group)
        for name in ("estimate", "std_error", "conf_low", "conf_high", "p_value", "n", "n_events", "days_treated"):
            assert own[name] == pytest.approx(expected[name], rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("gaps", [False, True])
def test_rows_are_those_of_the_simulated_claims(gaps: bool) -> None:
    """The label and the landmark by `dip.episodes` and `dip.cox` alone, from the dated world itself."""
    made = world(2, people=600, confounded=True, custody=True)
    cohort, outcomes = through_the_whole_package(made, **RULE)
    found = immortal_time_audit(cohort, outcomes, covariates=made.covariates, landmarks=[LANDMARK], custody_gaps=gaps)
    naive = fitted(made, labelled(made, rows_of(made, custody_gaps=gaps)))
    assert math.log(row(found, "ever_treated")["estimate"]) == pytest.approx(naive.estimate, rel=1e-9)
    later = dip.episodes(
        made.people,
        treatment=made.treatment,
        events=made.offences,
        custody=made.custody,
        deaths=made.deaths,
        landmark_days=LANDMARK,
        follow_up_days=FOLLOW_UP - LANDMARK,  # to the same last day
        custody_gaps=gaps,
    ).with_columns(made.people.set_index("person_id")[["female"]])
    assert math.log(row(found, f"landmark_{LANDMARK}")["estimate"]) == pytest.approx(
        fitted(made, later).estimate, rel=1e-9
    )


def test_a_landmark_is_cox_on_rows_cut_there(studied: Studied, audit: ImmortalTimeAudit) -> None:
    cohort, outcomes = studied
    people, frame = cohort.people, outcomes.to_frame()
    started = (people["exposure_date"] - people["time_zero_date"]).dt.days.where(people["treated"] == 1)
    for day in (28, 56, 91):
        still = frame["time_days"] > day
        table = pd.DataFrame(
            {
                "treated": (started <= day).astype(int),
                "female": people["female"].astype(float),
                "time": frame["time_days"] - day,
                "event": frame["event"],
            }
        )[still]
        table = table.assign(person=table.index)
        model = dip.cox(table, covariates=["treated", "female"], time="time", event="event", cluster="person")
        expected, own = model.to_frame().iloc[0], row(audit, f"landmark_{day}")
        assert math.log(own["estimate"]) == pytest.approx(expected["estimate"], rel=1e-10)
        assert own["std_error"] == pytest.approx(expected["std_error"], rel=1e-10)
        assert (own["n"], own["n_left_out"]) == (still.sum(), (~still).sum())
        assert own["n_event_before"] == int((frame["event"] == 1)[~still].sum())
        assert own["n_treated"] == table["treated"].sum()
        assert own["time_days"] == day


def test_days_credited_and_people_add_up(studied: Studied, audit: ImmortalTimeAudit) -> None:
    cohort, outcomes = studied
    people, frame = cohort.people, outcomes.to_frame()
    ever = people["treated"] == 1
    started = (people["exposure_date"] - people["time_zero_date"]).dt.days
    before = pd.concat([started, frame["time_days"]], axis="columns").min(axis="columns")
    assert audit.days_credited == before[ever].sum()
    assert audit.n_labelled == ever.sum()
    naive, varying = row(audit, "ever_treated"), row(audit, "time_varying_calendar")
    assert naive["n_events"] == varying["n_events"] == frame["event"].sum()
    assert naive["days_treated"] - varying["days_treated"] == audit.days_credited
    assert naive["n_treated"] - varying["n_treated"] == audit.n_labelled_after


def test_who_starts_too_late_is_counted() -> None:
    """Twelve people: two start after their first reoffence, which the label does not see."""
    names = "abcdefghijkl"
    cohort = cohort_of(
        dip.CohortRule(immortal_time="time_varying", landmark_days=0, grace_days=180),
        drug_tests="person|test_date\n" + "\n".join(f"{name}|2022-01-10" for name in names),
        treatment="person|start_date\n" + "\n".join(f"{name}|2022-0{2 + n % 4}-10" for n, name in enumerate("abcdef")),
        offences="person|offence_date|disposal_date\n"
        + "\n".join(
            f"{name}|{date}|2022-12-01"
            for name, date in zip(
                "abcghij",
                ["2022-01-20", "2022-02-20", "2022-09-01", "2022-01-15", "2022-03-03", "2022-05-05", "2022-08-08"],
                strict=True,
            )
        ),
    )
    found = immortal_time_audit(cohort, dip.measure_reoffending(cohort), landmarks=[28, 360])
    assert (found.n_labelled, found.n_labelled_after) == (6, 2)
    assert "Of the 6 people whom the label calls treated, 2 started only after" in str(found.summary())
    # nobody reoffends after day 360: the row stays, without figures, and says why
    last = row(found, "landmark_360")
    assert math.isnan(last["estimate"]) and "no first reoffence after that day" in last["reason"]
    assert "not estimated" in str(found.summary())
    assert found.plot().texts


def test_what_it_says(audit: ImmortalTimeAudit) -> None:
    summary = audit.summary()
    assert summary.headline.startswith("Warning: called treated from time zero on because they ever started")
    assert f"{audit.days_credited:,} days from before treatment had started" in summary.headline
    assert "it is no estimate of what treatment does" in summary.headline
    words = str(summary)
    assert "Naive label: ever treated (misleading)" in words
    assert "held alike: female" in words
    assert "Days in custody are no time at risk in the row that says so" in words
    assert all(f"at day {day}" in words for day in (28, 56, 91))
    assert (audit.to_frame()[["n", "n_events"]] > 0).all(axis=None)
    assert audit.plot().has_data()
    varying = row(audit, "time_varying_calendar")
    uncertain = varying["conf_low"] <= 1 <= varying["conf_high"]
    assert ("does not show that there was no effect" in summary.headline) == uncertain


def test_landmarks_are_whole_days_inside_the_follow_up(studied: Studied) -> None:
    assert checked_landmarks((91, 28), 365) == [28, 91]
    for wrong in ([0], [365], [28.5], [28, 28], ["day"], 28):
        with pytest.raises(InputError, match="landmarks must be"):
            immortal_time_audit(*studied, landmarks=wrong)  # type: ignore[arg-type]


def test_rows_after_a_landmark_by_hand() -> None:
    rows = pd.DataFrame(
        {
            "index_id": ["a", "a", "b", "c"],
            "start": [0, 10, 0, 0],
            "stop": [10, 50, 20, 60],
            "treated": [0, 1, 0, 0],
            "started": [10.0, 10.0, math.nan, 40.0],
        }
    )
    found = landmark_rows(rows, 20)
    assert found[["index_id", "start", "stop", "treated"]].to_numpy().tolist() == [["a", 20, 50, 1], ["c", 20, 60, 0]]


def test_what_is_refused(studied: Studied, audit: ImmortalTimeAudit) -> None:
    cohort, outcomes = studied
    landmark = through_the_whole_package(world(1, people=300))
    with pytest.raises(InputError, match='immortal_time="time_varying"'):
        immortal_time_audit(*landmark)
    with pytest.raises(InputError, match="outcomes lack"):
        immortal_time_audit(cohort, landmark[1])
    with pytest.raises(InputError, match="cohort must be"):
        immortal_time_audit(cohort.people, outcomes)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no fact from at or before"):
        immortal_time_audit(cohort, outcomes, covariates=["exposure_date"])
    with pytest.raises(InputError, match="coverage"):
        immortal_time_audit(cohort, outcomes, level=95)
    with pytest.raises(InvariantError, match="own interval"):
        dataclasses.replace(audit, _frame=audit.to_frame().assign(conf_low=9.0))
    with pytest.raises(InvariantError, match="add up"):
        dataclasses.replace(audit, _frame=audit.to_frame().assign(n_left_out=-1))
