"""Studies that are followed from elsewhere than the landmark, or in which a person is in more than once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import dipeval as dip
from dipeval.disclosure import DisclosureRule
from dipeval.errors import InvariantError
from dipeval.linkage import true_linkage
from dipeval.study import Study, StudyResult
from dipeval.study import study as order_of_work
from dipeval.study.gate import COUNT_CHECKS
from dipeval.study.load import from_linkage
from dipeval.study.reading import StudyFile, parse_study

pytestmark = pytest.mark.slow  # whole studies

DESIGN = {"method": "entropy", "covariates": ["log_prior_offences_5y", "tested_opiates", "age_at_index"]}
TREE: dict[str, Any] = {
    "title": "Simulated",
    "question": "Did it help?",
    "programme": "treatment",
    "data": {"source": "simulate"},
    "linkage": {"error": {"draws": 0}},
    "outcomes": [
        {"name": "reoffended", "kind": "yes_no", "label": "Reoffended", "primary": True},
        {"name": "time", "kind": "time", "label": "Time to reoffence"},
    ],
    "design": DESIGN,
    "diagnostics": {"min_ess": 5.0},
    "disclosure": {"profile": "none"},
}
TIME = [{"name": "time", "kind": "time", "label": "Time to reoffence", "primary": True}]
STUDIES: dict[str, dict[str, Any]] = {
    "varying": {
        "cohort": {"immortal_time": "time_varying", "landmark_days": 0, "grace_days": 180},
        "outcomes": TIME,
        "design": DESIGN | {"method": "none"},
    },
    "ever": {"cohort": {"immortal_time": "ever_treated", "landmark_days": 0, "accept_immortal_time": True}},
    "quarter": {"cohort": {"index_choice": "per_quarter"}, "disclosure": {"profile": "threshold10"}},
    "keep": {"cohort": {"late_index": "keep"}, "follow_up": {"at_extract_end": "censor"}, "outcomes": TIME},
}


def _study(name: str) -> Study:
    spec = parse_study(TREE | STUDIES[name])
    return Study(file=StudyFile(path=Path("study.toml"), text="", sha256="0" * 64, spec=spec))


@pytest.fixture(scope="module")
def results() -> dict[str, StudyResult]:
    extracts = dip.simulate(people=700, seed=3)
    linkage = true_linkage(extracts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order_of_work, "prepare", lambda spec, folder: from_linkage(spec, extracts, linkage))
        return {name: _study(name).run() for name in STUDIES}


def test_treatment_that_varies_with_time_gives_a_hazard_ratio_and_nothing_by_label(
    results: dict[str, StudyResult],
) -> None:
    result = results["varying"]
    assert result.effects == ()
    assert result.curve is None
    assert result.cox is None
    assert result.truth == ()
    assert result.hazard.estimate == result.time_varying.estimate
    assert result.time_varying.covariates == tuple(DESIGN["covariates"])
    assert "hazard ratio" in result.summary().headline
    assert result.to_frame().query("measure == 'hazard_ratio'")["estimate"].tolist() == [result.hazard.estimate]


def test_only_numbers_of_people_are_checked_where_a_model_does_the_adjusting(results: dict[str, StudyResult]) -> None:
    assert tuple(results["varying"].diagnostics.to_frame()["check"]) == COUNT_CHECKS


def test_the_naive_label_carries_its_days(results: dict[str, StudyResult]) -> None:
    result = results["ever"]
    assert result.cohort.immortal_days > 0
    assert result.effects
    assert result.truth == ()


def test_a_person_in_several_times_is_one_cluster(results: dict[str, StudyResult]) -> None:
    result = results["quarter"]
    people = result.cohort.cluster
    assert people.nunique() < len(people)
    assert f"G = {people[result.design.weights > 0].nunique():,} people" in result.primary.se_method
    assert result.cox.clustered
    assert result.linkage_error == ()


def test_counts_of_index_events_are_protected_as_many_times_as_a_person_can_be_in(
    results: dict[str, StudyResult],
) -> None:
    most = results["quarter"].cohort.cluster.value_counts().max()
    threshold = results["quarter"].rule.threshold
    assert threshold >= DisclosureRule().threshold * most
    assert threshold % (DisclosureRule().threshold * 5) == 0


def test_where_time_is_primary_and_people_are_observed_unequally_long_cox_answers(
    results: dict[str, StudyResult],
) -> None:
    result = results["keep"]
    assert result.primary is None
    assert result.hazard.estimate == pytest.approx(result.cox.to_frame()["hazard_ratio"].iloc[0])
    assert result.hazard.n_events == result.cox.n_events


def test_the_pathway_is_told_beside_the_comparison(results: dict[str, StudyResult]) -> None:
    for result in results.values():
        assert result.pathway.counting == "cohort"
        assert result.seen.within == (7, 28, 42)


def test_a_withheld_study_holds_no_hazard_ratio(results: dict[str, StudyResult]) -> None:
    from dataclasses import replace

    with pytest.raises(InvariantError, match="A withheld study holds an effect"):
        replace(results["varying"], withheld=True)
