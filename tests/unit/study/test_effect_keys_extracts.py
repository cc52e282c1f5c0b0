"""The keys of the answer in studies from extracts: what is counted there, and what only times allow."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

import dipeval as dip
from dipeval.cohort import build_cohort
from dipeval.errors import DesignError, StudyFileError
from dipeval.linkage import true_linkage
from dipeval.study import Study, StudyResult
from dipeval.study import study as order_of_work
from dipeval.study.load import from_linkage
from dipeval.study.reading import StudyFile, parse_study
from dipeval.study.result import AFTER_THE_GATE
from dipeval.study.sealed import SealedHistory

COVARIATES = ["age_at_index", "log_prior_offences_5y", "tested_opiates"]
TREE: dict[str, Any] = {
    "title": "Simulated",
    "question": "Did it help?",
    "programme": "treatment",
    "data": {"source": "simulate"},
    "outcomes": [
        {"name": "reoffended", "kind": "yes_no", "label": "Reoffended", "primary": True},
        {
            "name": "n_reoffences",
            "kind": "count",
            "label": "Reoffences",
            "measures": ["rate_ratio"],
            "at_risk": "observed_days",
        },
    ],
    "design": {"method": "entropy", "covariates": COVARIATES},
    "diagnostics": {"min_treated": 5, "min_ess": 5.0, "max_smd": 0.25},
    "disclosure": {"profile": "none"},
}
MOTORING = {"groups": ["motoring"], "label": "Motoring offences afterwards"}
QUARTER = {"column": "offences_quarter_8", "label": "Offences two years before"}
TIME = [{"name": "time", "kind": "time", "label": "Time to reoffence", "primary": True}]
VARYING = {"immortal_time": "time_varying", "landmark_days": 0}


@pytest.fixture(scope="module")
def extracts() -> dip.Extracts:
    return dip.simulate(people=900, seed=5, motoring=0.3)


@pytest.fixture(autouse=True)
def one_cohort(extracts: dip.Extracts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every study here has the same people, who are found once, and nothing but the answer is worked out."""
    monkeypatch.setattr("dipeval.cohort.build_cohort", lambda *_, **__: _cohort_of(extracts))
    monkeypatch.setattr("dipeval.study.simulated.truth_of", lambda *_: ())
    monkeypatch.setattr("dipeval.study.simulated.true_links_of", lambda *_: None)
    monkeypatch.setattr("dipeval.study.described.pathway_of", lambda *_: {})


@cache
def _cohort_of(extracts: dip.Extracts) -> dip.Cohort:
    return build_cohort(extracts, true_linkage(extracts))


def study(extracts: dip.Extracts, patch: pytest.MonkeyPatch, **changes: Any) -> Study:
    """A study whose records are these, with every link known."""
    tree = {
        name: TREE.get(name, {}) | changes[name] if isinstance(changes.get(name), dict) else changes.get(name, old)
        for name, old in {**TREE, **changes}.items()
    }
    spec = parse_study(tree)
    prepared = from_linkage(spec, extracts, true_linkage(extracts))
    patch.setattr(order_of_work, "prepare", lambda spec, folder: prepared)
    return Study(file=StudyFile(path=Path("study.toml"), text="", sha256="0" * 64, spec=spec))


def run(extracts: dip.Extracts, patch: pytest.MonkeyPatch, **changes: Any) -> StudyResult:
    return study(extracts, patch, **changes).run()


@pytest.mark.parametrize("missing", ["refuse", "leave_out", "indicator"])
def test_offences_of_a_kind_that_treatment_leaves_alone_are_a_negative_control(
    extracts: dip.Extracts, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    result = run(extracts, monkeypatch, overturn={"negative_controls": [MOTORING]}, design={"missing": missing})
    found = result.negative_controls
    assert found is not None
    row = found.to_frame().iloc[0]
    assert row["label"] == MOTORING["label"]
    assert result.cohort is not None
    counted = dip.measure_reoffending(result.cohort, follow_up=dip.FollowUp(groups=("motoring",)))
    values = counted.to_frame()["reoffended"]
    wanted = dip.estimate_effect(result.design, values)
    assert row["estimate"] == wanted.estimate
    assert row["std_error"] == wanted.std_error


def test_a_quarter_held_out_is_refused_beside_covariates_that_count_it(
    extracts: dip.Extracts, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"negative_controls": [QUARTER]}
    with pytest.raises(DesignError, match=r"\[overturn\.negative_controls\].*log_prior_offences_5y.*refit_without = t"):
        study(extracts, monkeypatch, overturn=asked).check()
    result = run(extracts, monkeypatch, overturn=asked | {"refit_without": True})
    found = result.negative_controls
    assert found is not None
    assert result.cohort is not None
    without = [name for name in COVARIATES if name != "log_prior_offences_5y"]
    design = dip.weight(result.cohort, treated="treated", covariates=without, method="entropy")
    values = result.cohort.people["offences_quarter_8"]
    wanted = dip.estimate_effect(design, values, measure="mean_difference")
    assert found.to_frame()["estimate"].iloc[0] == pytest.approx(wanted.estimate, rel=1e-10)
    assert "made again without" in " ".join(found.summary().notes)


def test_subgroups_and_specifications_of_a_cohort(extracts: dip.Extracts, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"methods": ["radius", "entropy"], "calipers": [0.4], "estimators": ["weighted"]}
    result = run(
        extracts,
        monkeypatch,
        subgroups={"by": ["female", "age_at_index"], "cut": {"age_at_index": [30]}},
        overturn={"specifications": asked},
    )
    assert result.subgroups is not None
    assert set(result.subgroups.to_frame()["column"]) == {"female", "age_at_index"}
    assert result.specifications is not None
    frame = result.specifications.to_frame()
    assert result.primary is not None
    assert frame.loc[frame["is_main"], "estimate"].iloc[0] == pytest.approx(result.primary.estimate, rel=1e-9)


def test_a_rate_over_time_at_risk_stands_among_the_outcomes(
    extracts: dip.Extracts, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(extracts, monkeypatch)
    assert result.many_outcomes is not None
    rate = result.effects[-1]
    assert (rate.measure, rate.timed) == ("rate_ratio", True)


def test_before_and_after_and_the_style_of_the_justice_data_lab(
    extracts: dip.Extracts, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(
        extracts,
        monkeypatch,
        before_after={"days": 180, "earlier_windows": 3, "selection": "at_least_one"},
        jdl_style={"radius": 0.4, "minimum_people": 10, "minimum_matched": 5},
    )
    assert result.before_after is not None
    assert (result.before_after.days, result.before_after.n_earlier, result.before_after.rule) == (180, 3, "at_least")
    assert result.before_after.difference is not None
    assert result.before_after.difference.design_fingerprint == result.design.fingerprint
    assert result.jdl_style is not None
    assert [item.kind for item in result.jdl_style.measures] == ["rate", "frequency", "time"]


def test_a_withheld_study_of_extracts_measures_nothing(extracts: dip.Extracts, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("an outcome was measured although the checks failed")

    monkeypatch.setattr(SealedHistory, "open", never)
    monkeypatch.setattr("dipeval.effects.checks.negative_controls_estimate.measure_reoffending", never)
    asked: dict[str, Any] = {
        "before_after": {},
        "jdl_style": {"radius": 0.4},
        "subgroups": {"by": ["female"]},
        "overturn": {"negative_controls": [MOTORING]},
    }
    withheld = run(extracts, monkeypatch, diagnostics={"min_ess": 1e6}, **asked)
    assert withheld.withheld
    assert all(getattr(withheld, name) is None for name in AFTER_THE_GATE)
    assert not study(extracts, monkeypatch, diagnostics={"min_ess": 1e6}, **asked).check().diagnostics.passed


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"subgroups": {"by": ["female"]}}, "subgroups: only times can be compared here"),
        ({"overturn": {"benchmarks": ["age_at_index"]}}, "overturn.benchmarks: only times can be compared here"),
        ({"overturn": {"negative_controls": [MOTORING]}}, "overturn.negative_controls: only times can be compared"),
        ({"overturn": {"specifications": {"methods": ["ipw"]}}}, "overturn.specifications: only times can be compared"),
        ({"effect": {"std_error": "hc0"}}, "effect.std_error: only times can be compared here, by a model of its own"),
        ({"jdl_style": {"radius": 0.2}}, "jdl_style: this style compares shares"),
        ({"before_after": {}}, "before_after: people are treated at different times"),
    ],
)
def test_where_only_times_can_be_compared_the_rest_is_a_complaint(changes: dict[str, Any], words: str) -> None:
    keys = {"cohort": VARYING, "outcomes": TIME, "design": {"method": "none", "covariates": ["age_at_index"]}}
    with pytest.raises(StudyFileError) as caught:
        parse_study(TREE | keys | changes)
    assert words in str(caught.value)


def test_people_in_twice_are_weighted_in_the_grid_and_clustered_in_the_error() -> None:
    twice = TREE | {"cohort": {"index_choice": "every"}}
    with pytest.raises(StudyFileError, match="found nearest, radius; a person can be in more than once"):
        parse_study(twice | {"overturn": {"specifications": {}}})
    assert parse_study(twice | {"effect": {"std_error": "cluster_hc1"}}).effect.std_error == "cluster_hc1"
    with pytest.raises(StudyFileError, match="needs pairs or sets"):
        parse_study(TREE | {"effect": {"std_error": "cluster_hc1"}})


@pytest.mark.parametrize("column", ["time_at_risk_days", "time_days", "nowhere"])
def test_counts_are_not_set_against_a_time_that_ends_at_the_first(column: str) -> None:
    outcomes = [TREE["outcomes"][0], TREE["outcomes"][1] | {"at_risk": column}]
    with pytest.raises(StudyFileError, match=r"outcomes\[2\]\.at_risk: .*at_risk_days \(net of custody\) or observed_"):
        parse_study(TREE | {"outcomes": outcomes})


def test_groups_and_columns_that_are_no_negative_control_are_named() -> None:
    for control, words in (
        ({"label": "L", "groups": ["parking"]}, 'found "parking"; needed are some of'),
        ({"label": "L", "column": "n_reoffences"}, '"n_reoffences" is an outcome'),
        ({"label": "L", "column": "treated"}, '"treated" says who was treated'),
        ({"label": "L", "column": "offences_quarter_99"}, "offences_quarter_99"),
    ):
        with pytest.raises(StudyFileError) as caught:
            _checked(overturn={"negative_controls": [control]})
        assert words in str(caught.value)
    with pytest.raises(StudyFileError, match="nowhere"):
        _checked(subgroups={"by": ["nowhere"]})


def _checked(**changes: Any) -> None:
    from dipeval.study import rules

    spec = parse_study(TREE | changes)
    rules.check_rules(spec, "study.toml", "")
