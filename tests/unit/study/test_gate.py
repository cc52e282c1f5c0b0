"""The gate: nothing is measured, and nothing shown, unless the comparison passed or a reason is written down."""

from __future__ import annotations

from functools import wraps
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dipeval import datasets
from dipeval.effects import design_analysis
from dipeval.errors import DesignError, InvariantError, StudyFileError
from dipeval.study import Study, StudyResult, estimates
from dipeval.study.gate import Diagnostics, examine, people_behind, permit
from dipeval.study.sealed import SealedColumns, SealedHistory
from dipeval.study.spec import DiagnosticsSpec

ROSSI = (files("dipeval.examples") / "rossi.toml").read_text(encoding="utf-8")
FAILING = ROSSI.replace("max_smd = 0.1", "max_smd = 0.0001")
REASON = "The steering group asked for it, in writing, on 1 May."


def study(folder: Path, text: str) -> Study:
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return Study.from_toml(path)


def never(*_: Any, **__: Any) -> Any:
    raise AssertionError("an outcome was touched although the checks failed")


def test_failing_checks_withhold_and_the_outcome_is_never_touched(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(estimates, "estimate_effect", never)
    monkeypatch.setattr(SealedColumns, "open", never)
    result = study(tmp_path, FAILING).run()
    assert result.withheld
    assert result.primary is None
    assert result.effects == ()
    assert result.unadjusted == ()
    assert result.curve is None
    assert result.cox is None
    assert result.roi is None
    assert result.randomised_check is None
    assert all(item.effects == () for item in result.sensitivity)
    assert "more than 0.000" in result.reasons[0]
    assert "withheld" in result.summary().headline
    shown = result.to_frame()
    designs = {"design: primary", *(f"design: {item.name}" for item in result.sensitivity)}
    assert set(shown["section"]) == {"flow", "diagnostics", "balance", "effect"} | designs
    assert list(shown.loc[shown["section"] == "effect", "measure"]) == ["withheld"]


def test_a_cohort_is_not_measured_without_a_permit(monkeypatch: Any) -> None:
    import dipeval.outcomes

    monkeypatch.setattr(dipeval.outcomes, "measure_reoffending", never)
    sealed = SealedHistory(cohort=None, follow_up=None)  # type: ignore[arg-type]
    with pytest.raises(DesignError, match="stays sealed"):
        sealed.open(None)  # type: ignore[arg-type]
    with pytest.raises(DesignError, match="stays sealed"):
        SealedColumns(_frame=pd.DataFrame()).open(True)  # type: ignore[arg-type]


def test_a_written_reason_goes_on_and_is_printed(tmp_path: Path) -> None:
    result = study(tmp_path, f'override_reason = "{REASON}"\n{FAILING}').run()
    assert not result.withheld
    assert result.overridden
    assert result.effects
    assert not result.diagnostics.passed
    assert any(REASON in note for note in result.summary().notes)
    assert result.provenance()["design"]["override_reason"] == REASON
    assert set(result.to_frame().query("section == 'effect'")["status"]) == {"override"}


def test_a_reason_is_not_printed_where_none_was_needed(tmp_path: Path) -> None:
    result = study(tmp_path, f'override_reason = "{REASON}"\n{ROSSI}').run()
    assert not result.overridden
    assert result.diagnostics.passed


def test_outcomes_never_reach_the_design(tmp_path: Path, monkeypatch: Any) -> None:
    seen: list[str] = []

    def spied(make: Any) -> Any:
        @wraps(make)
        def spy(people: pd.DataFrame, **options: Any) -> Any:
            seen.extend(people.columns)
            return make(people, **options)

        return spy

    for name in ("match", "weight", "propensity"):
        monkeypatch.setattr(design_analysis, name, spied(getattr(design_analysis, name)))
    study(tmp_path, ROSSI).run()
    assert set(seen) == {"treated", "age", "race", "wexp", "mar", "paro", "prio"}


def test_check_touches_no_outcome(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(estimates, "estimate_effect", never)
    monkeypatch.setattr(SealedColumns, "open", never)
    check = study(tmp_path, ROSSI).check()
    assert 0.10 < check.minimum_detectable < 0.15
    assert int(check.overlap()[["n_treated", "n_comparison"]].to_numpy().sum()) == 432
    assert "No outcome was looked at." in check.in_words()


def test_counts_in_a_check_pass_the_disclosure_rule(tmp_path: Path) -> None:
    text = study(tmp_path, ROSSI.replace('profile = "none"', 'profile = "threshold10"')).check().in_words()
    assert "432" not in text
    assert " 201 " not in text
    assert "[c]" in text


def design(method: str = "none") -> Any:
    from dipeval.matching import weight

    return weight(datasets.rossi(), treated="fin", covariates=["age", "prio"], method=method)


def test_each_check_can_fail_alone() -> None:
    cases = {"max_smd": 1e-9, "min_treated": 217, "min_ess": 217.0}
    for name, limit in cases.items():
        frame = examine(design(), DiagnosticsSpec(**{"max_smd": 0.25} | {name: limit})).to_frame()
        assert list(frame["passed"]).count(False) == 1, name
    frame = examine(design("entropy"), DiagnosticsSpec()).to_frame()
    assert frame["passed"].all()
    assert list(frame.columns) == ["check", "value", "threshold", "passed", "meaning"]


def test_a_share_of_few_people_left_out_rests_on_them() -> None:
    from dipeval.matching import match

    made = match(datasets.rossi(), treated="fin", covariates=["age", "prio"], caliper=0.2)
    assert 0 < made.n_treated_dropped < 100
    assert people_behind("share of treated people without a comparable person", made) == made.n_treated_dropped
    assert people_behind("largest standardised difference", made) == 216 - made.n_treated_dropped


def test_a_value_on_the_threshold_passes() -> None:
    worst = float(design().balance().max_smd)
    assert examine(design(), DiagnosticsSpec(max_smd=worst)).passed
    assert examine(design(), DiagnosticsSpec(max_smd=0.25, min_treated=216, min_ess=216.0)).passed


def test_permit_refuses_with_the_reasons() -> None:
    failed = examine(design(), DiagnosticsSpec(max_smd=1e-9))
    with pytest.raises(DesignError, match="largest standardised difference"):
        permit(failed)
    with pytest.raises(DesignError):
        permit(failed, "   ")
    assert permit(failed, REASON).override_reason == REASON


def test_results_cannot_break_their_promises(tmp_path: Path) -> None:
    result = study(tmp_path, ROSSI).run()
    fields = {name: getattr(result, name) for name in StudyResult.__dataclass_fields__}
    with pytest.raises(InvariantError, match="withheld study holds an effect"):
        StudyResult(**fields | {"withheld": True})
    bad = Diagnostics(design_fingerprint="other", _table=result.diagnostics.to_frame())
    with pytest.raises(InvariantError, match="another design"):
        StudyResult(**fields | {"diagnostics": bad})
    failed = Diagnostics(
        design_fingerprint=result.design.fingerprint, _table=result.diagnostics.to_frame().assign(passed=False)
    )
    with pytest.raises(InvariantError, match="no reason is written down"):
        StudyResult(**fields | {"diagnostics": failed})


@pytest.mark.parametrize("limit", [0.3, 5.0, float("inf"), float("nan")])
def test_a_threshold_that_would_pass_anything_is_refused(tmp_path: Path, limit: float) -> None:
    with pytest.raises(StudyFileError, match="max_smd"):
        study(tmp_path, ROSSI.replace("max_smd = 0.1", f"max_smd = {limit}"))
