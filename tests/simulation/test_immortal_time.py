"""No benefit from days that nobody could have reoffended in (reduced; in full: make prove)."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import dipeval as dip
from tests.simulation import immortal_claims as immortal
from tests.simulation.immortal_claims import Estimate, Run

SEEDS = 24


@pytest.mark.slow
@pytest.mark.parametrize("process", immortal.PROCESSES)
def test_dated_treatment_and_the_landmark_cover_and_the_ever_treated_label_misleads(process: str) -> None:
    found = immortal.figures(process, immortal.many_runs(process, SEEDS))
    print(json.dumps(found, indent=2))
    assert immortal.faults(found, SEEDS) == []


@pytest.mark.slow
@pytest.mark.parametrize("process", ["null_prone_and_unprone", "beneficial_custody_death_confounding"])
def test_the_whole_way_from_extracts_gives_the_same_figures(process: str) -> None:
    made = immortal.world(1, people=1_500, **immortal.PROCESSES[process])
    cohort, outcomes = immortal.through_the_whole_package(
        made, immortal_time="time_varying", landmark_days=0, grace_days=immortal.FOLLOW_UP
    )
    effect = dip.time_varying_effect(cohort, outcomes, covariates=made.covariates)
    direct = immortal.ratio(made)
    assert np.log([effect.estimate, effect.conf_low, effect.conf_high]) == pytest.approx(
        [direct.estimate, direct.low, direct.high], rel=1e-9
    )
    from_landmark = dip.episodes(cohort, landmark_days=immortal.LANDMARK)
    rows = from_landmark.with_columns(cohort.people[list(made.covariates)])
    model = dip.cox(
        rows, covariates=["treated", *made.covariates], entry="start", time="stop", event="event", cluster="person_id"
    )
    landmark = immortal.ratio(made, landmark_days=immortal.LANDMARK)
    assert model.to_frame()["estimate"].iloc[0] == pytest.approx(landmark.estimate, rel=1e-9)


@pytest.mark.slow
def test_the_ever_treated_label_has_to_be_spelled_out_and_misleads_the_whole_way() -> None:
    made = immortal.world(1, people=1_500)
    options = {"immortal_time": "ever_treated", "landmark_days": 0}
    with pytest.raises(dip.InputError, match="accept_immortal_time"):
        immortal.through_the_whole_package(made, **options)
    cohort, outcomes = immortal.through_the_whole_package(made, **options, accept_immortal_time=True)
    frame = outcomes.to_frame().assign(treated=cohort.people["treated"])
    found = dip.cox(frame, covariates=["treated"], time="time_days", event="event").to_frame().iloc[0]
    assert found["hr_high"] < 0.75
    assert cohort.immortal_days is not None
    assert cohort.immortal_days > 0


def invented(n: int, *, missed: int = 0, third: float = 0.6, misled: float = 1.0) -> list[Run]:
    """Runs of which so many miss the truth, and that share is misled by the label."""

    def one(covers: bool, third_covers: bool) -> Estimate:
        estimate = 0.05 if third_covers else 0.15
        return Estimate(estimate, estimate - 0.3, estimate + 0.3) if covers else Estimate(0.5, 0.2, 0.8)

    return [
        Run(
            seed=place + 1,
            time_varying=one(place >= missed, place < third * n),
            landmark=one(place >= missed, place < third * n),
            ever_treated=Estimate(-0.6, -0.8, -0.4) if place < misled * n else Estimate(-0.1, -0.3, 0.1),
            share_started=0.5,
        )
        for place in range(n)
    ]


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        (invented(100, missed=5), []),
        (invented(100, missed=12), ["time_varying: coverage is below", "landmark: coverage is below"]),
        (invented(100, missed=0), ["time_varying: coverage is above", "landmark: coverage is above"]),
        (invented(100, missed=5, third=1.0), ["time_varying: a third", "landmark: a third"]),
        (invented(100, missed=5, misled=0.9), ["the ever-treated label"]),
    ],
)
def test_the_rule_says_no_to_wrong_designs_and_to_a_label_that_does_not_mislead(
    runs: list[Run], words: list[str]
) -> None:
    found = immortal.faults(immortal.figures("null", runs), len(runs))
    assert len(found) == len(words), found
    assert all(reason.startswith(start) for reason, start in zip(found, words, strict=True))


def test_where_treatment_works_the_landmark_is_reported_and_not_judged() -> None:
    assert immortal.judged("beneficial_custody_death_confounding") == ("time_varying",)
    found = immortal.figures("beneficial_custody_death_confounding", invented(10))
    assert found["true_hazard_ratio"] == 0.7
    assert found["landmark"]["bias_of_log"] == pytest.approx(found["time_varying"]["bias_of_log"])


def test_in_the_invented_world_treatment_starts_only_while_unarrested_and_at_liberty() -> None:
    made = immortal.world(3, **immortal.PROCESSES["beneficial_custody_death_confounding"])
    zero = made.people.set_index("person_id")["time_zero_date"]
    start = made.treatment.set_index("person_id")["start_date"]
    offence = made.offences.set_index("person_id")["event_date"].reindex(start.index)
    assert bool((start < offence.fillna(zero.max() + np.timedelta64(9999, "D"))).all())
    for days in (start, made.offences.set_index("person_id")["event_date"]):
        spell = made.custody.set_index("person_id").reindex(days.index)
        inside = (days > spell["start_date"]) & (days < spell["end_date"])
        assert not inside.any()
    assert math.isclose(len(start) / len(zero), 0.5, abs_tol=0.05)
