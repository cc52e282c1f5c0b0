"""Linkage error in a study: after the gate only, beside the registered answer, which it never moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import dipeval as dip
import dipeval.effects
from dipeval.errors import DesignError, EstimationError, InputError, InvariantError
from dipeval.study import Study, StudyResult, steps
from dipeval.study import study as order_of_work
from dipeval.study.linkage_error import analysis_of, linkage_errors
from dipeval.study.load import Prepared, prepare
from dipeval.study.reading import StudyFile, parse_study

pytestmark = pytest.mark.slow  # whole studies with their links drawn anew

YES_NO = {"name": "reoffended", "kind": "yes_no", "label": "Reoffended", "primary": True}
COUNT = {"name": "n_reoffences", "kind": "count", "label": "Reoffences"}
TREE: dict[str, Any] = {
    "title": "Simulated",
    "question": "Did it help?",
    "programme": "treatment",
    "data": {"source": "simulate"},
    "simulate": {"people": 700, "compare_true_links": False},
    "linkage": {"error": {"draws": 4, "thresholds": [0.9, 0.5]}},
    "outcomes": [YES_NO, COUNT],
    "design": {"method": "entropy", "covariates": ["log_prior_offences_5y", "tested_opiates", "age_at_index"]},
    "diagnostics": {"min_ess": 2.0, "min_treated": 2, "max_smd": 0.25, "max_share_dropped": 0.9},
    "override_reason": "linkage error is under test, not the groups",
    "disclosure": {"profile": "none"},
}


def study(**changes: Any) -> Study:
    spec = parse_study(TREE | changes)
    return Study(file=StudyFile(path=Path("study.toml"), text="", sha256="0" * 64, spec=spec))


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return prepare(study().spec, Path())


@pytest.fixture(autouse=True)
def once(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    """Linking is the slow part: the tests share one."""
    monkeypatch.setattr(order_of_work, "prepare", lambda spec, folder: prepared)


@pytest.fixture
def result() -> StudyResult:
    return study().run()


def never(*_: Any, **__: Any) -> Any:
    raise AssertionError("linkage error was worked out where no outcome may be looked at")


def point(result: StudyResult, place: int = 0) -> float:
    return float(result.linkage_error[place].to_frame().query("step == 'point'")["estimate"].iloc[0])


def test_the_analysis_on_the_links_as_made_is_the_registered_answer(result: StudyResult) -> None:
    assert [item.link for item in result.linkage_error] == ["treatment"]
    assert point(result) == pytest.approx(result.primary.estimate, abs=1e-9)
    assert result.linkage_error[0].primary_fingerprint == result.design.fingerprint
    assert result.linkage_error[0].fingerprint != result.design.fingerprint
    assert result.linkage_error[0].draws == 4


@pytest.mark.parametrize(
    "design",
    [
        {"method": "nearest", "caliper": 0.3, "order": "random"},
        {"method": "nearest", "exact": ["female"], "ratio": 2, "replace": True},
        {"method": "nearest", "exact": ["tested_opiates"], "caliper": "none"},
        {"method": "ipw"},
        {"method": "none"},
    ],
    ids=["caliper", "exact", "exact-and-covariate", "ipw", "none"],
)
def test_every_kind_of_design_is_repeated_as_it_was(design: dict[str, Any]) -> None:
    found = study(design=TREE["design"] | design).run()
    assert not found.linkage_error_failed
    assert point(found) == pytest.approx(found.primary.estimate, abs=1e-9)


@pytest.mark.parametrize(
    "keys",
    [
        {"method": "nearest", "covariate_calipers": {"age_at_index": 8.0}, "mahalanobis": ["copas_rate"]},
        {"method": "optimal", "caliper": "none"},
        {"method": "radius", "trim": "common_support"},
        {"method": "full"},
        {"method": "subclass", "subclasses": 3},
        {"method": "cem", "cutpoints": {"age_at_index": [25, 40]}},
        {"method": "entropy", "moments": 2, "covariates": ["age_at_index", "tested_opiates"]},
        {"method": "ipw", "truncate": 0.9},
        {"method": "ipw", "formula": "age_at_index + tested_opiates * copas_rate"},
        {"method": "ipw", "learner": "ridge", "folds": 3},
        {"method": "ipw", "covariates": ["age_at_index", "district"], "references": {"district": "Leeds"}},
    ],
    ids=lambda keys: ", ".join(key for key in keys if key != "method") + f" ({keys['method']})",
)
def test_the_repetition_makes_the_very_design_with_every_option(prepared: Prepared, keys: dict[str, Any]) -> None:
    spec = parse_study(TREE | {"design": TREE["design"] | keys})
    analysis, people = analysis_of(prepared, spec)
    drawn = people.assign(reoffended=[place % 2 for place in range(len(people))])[
        ["treated", *analysis.needs, "reoffended"]
    ]
    assert analysis(drawn).design_fingerprint == steps.primary_design(prepared, spec).fingerprint


def test_a_count_is_repeated_as_a_difference_in_means() -> None:
    outcomes = [COUNT | {"primary": True}, YES_NO | {"primary": False}]
    found = study(outcomes=outcomes).run()
    assert found.linkage_error[0].measure == "mean_difference"
    assert point(found) == pytest.approx(found.primary.estimate, abs=1e-9)


def test_links_to_the_offences_decide_the_outcome() -> None:
    found = study(linkage={"error": {"draws": 3, "links": ["treatment", "offences"], "tipping": False}}).run()
    assert [item.role for item in found.linkage_error] == ["treatment", "outcome"]
    assert point(found, 1) == pytest.approx(found.primary.estimate, abs=1e-9)
    assert all(item.tipping == () for item in found.linkage_error)


def test_check_never_works_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dipeval.effects, "propagate_linkage", never)
    assert study().check().in_words()


def test_a_withheld_study_never_works_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dipeval.effects, "propagate_linkage", never)
    found = study(override_reason="", diagnostics={"min_treated": 100_000}).run()
    assert found.withheld
    assert found.linkage_error == ()
    assert not found.to_frame()["section"].str.startswith("linkage error").any()


def test_without_a_permit_nothing_is_drawn(prepared: Prepared, result: StudyResult) -> None:
    with pytest.raises(DesignError, match="stays sealed"):
        linkage_errors(prepared, None, result.primary, study().spec, None)  # type: ignore[arg-type]


def test_gate_design_and_answer_are_untouched_by_it(result: StudyResult) -> None:
    without = study(linkage={"error": {"draws": 0}}).run()
    assert without.linkage_error == ()
    assert without.design.fingerprint == result.design.fingerprint
    pd.testing.assert_frame_equal(without.diagnostics.to_frame(), result.diagnostics.to_frame())
    frame = result.to_frame()
    rest = frame[~frame["section"].str.startswith("linkage error")].reset_index(drop=True)
    pd.testing.assert_frame_equal(without.to_frame(), rest)


def test_a_withheld_result_cannot_hold_it(result: StudyResult) -> None:
    from dataclasses import replace

    nothing = {"effects": (), "unadjusted": (), "curve": None, "cox": None, "truth": (), "sensitivity": ()}
    with pytest.raises(InvariantError, match="withheld study holds an effect"):
        replace(result, withheld=True, **nothing)


def test_the_tidy_table_has_it_apart_from_the_effects(result: StudyResult) -> None:
    rows = result.to_frame().query("section == 'linkage error: treatment'")
    assert set(rows["status"]) == {"sensitivity analysis"}
    assert list(rows["note"])[:4] == [
        "links as made",
        "links from probability 0.5",
        "links from probability 0.9",
        "pooled over 4 draws of the links",
    ]
    assert rows["n_smallest"].notna().all()


def test_the_record_of_the_run_names_rule_model_and_draws(result: StudyResult) -> None:
    record = result.provenance()["linkage"]
    assert record["rule"]["profile"] == "attributor"
    assert len(record["models_sha256"]) == 64
    assert record["error"][0]["sensitivity_analysis_of"] == result.design.fingerprint


def test_progress_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="dipeval"):
        study().run()
    assert "linkage error: draw 4 of 4" in caplog.messages


def test_an_analysis_that_cannot_be_repeated_leaves_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise EstimationError("The analysis failed on 3 of 4 draws of the links.")

    monkeypatch.setattr(dipeval.effects, "propagate_linkage", fails)
    found = study().run()
    assert found.linkage_error_failed == ("treatment",)
    assert found.primary is not None


def test_a_table_of_people_has_no_links() -> None:
    from importlib.resources import files

    found = Study.from_toml(files("dipeval.examples") / "rossi.toml")  # type: ignore[arg-type]
    assert found.spec.linkage.error.draws
    assert "linkage" not in found.file.text
    assert linkage_errors(
        Prepared(people=pd.DataFrame(), sealed=None, flow=(), files=()),  # type: ignore[arg-type]
        None,  # type: ignore[arg-type]
        None,  # type: ignore[arg-type]
        found.spec,
        order_of_work.Permit(design_fingerprint="x"),
    ) == ((), ())


def test_exact_links_have_no_probabilities_to_draw_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_of_work, "prepare", prepare)
    found = study(linkage={"profile": "deterministic"}).run()
    assert found.linkage_error == ()
    assert found.linkage_account.estimated is None
    assert found.provenance()["linkage"]["models_sha256"] is None


def test_a_saved_model_and_a_review_are_used_and_recorded(prepared: Prepared, tmp_path: Path) -> None:
    prepared.linkage.save_model(tmp_path / "model.json")
    known = dip.link(prepared.extracts, prepared.linkage.rule, model=tmp_path / "model.json")
    sheet = pd.read_csv(known.review_sheet(tmp_path / "review.csv", n=30), dtype=str, encoding="utf-8-sig")
    first = sheet.assign(decision=["unsure"] + [""] * (len(sheet) - 1))
    first.to_csv(tmp_path / "review.csv", index=False, encoding="utf-8-sig")
    spec = parse_study(TREE | {"linkage": {"model": "model.json", "review": "review.csv"}})
    again = prepare(spec, tmp_path)
    pd.testing.assert_frame_equal(again.linkage.to_frame(), prepared.linkage.to_frame())
    assert any("Clerical review" in note for note in again.linkage.notes)
    assert [(item.name, item.rows) for item in again.files[-2:]] == [("linkage model", None), ("linkage review", None)]


def test_links_that_no_model_made_are_refused_before_the_cohort_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    from dipeval.linkage import true_linkage
    from dipeval.study import load

    monkeypatch.setattr(load, "from_linkage", never)
    monkeypatch.setattr("dipeval.linkage.link", lambda extracts, **_: true_linkage(extracts))
    spec = parse_study(TREE | {"linkage": {"error": {"links": ["offences"]}}})
    with pytest.raises(InputError, match="names offences, which was not linked by a model"):
        prepare(spec, Path())


def test_links_are_reviewed_before_any_outcome_is_looked_at(
    tmp_path: Path, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dipeval.outcomes.measure_reoffending", never)
    sheet = study().check().linkage.review_sheet(tmp_path / "review.csv", n=20)
    frame = pd.read_csv(sheet, dtype=str, encoding="utf-8-sig").assign(decision="different")
    frame.to_csv(sheet, index=False, encoding="utf-8-sig")
    again = prepare(parse_study(TREE | {"linkage": {"review": "review.csv"}}), tmp_path)
    changed = (again.linkage.pairs()["linked"] != prepared.linkage.pairs()["linked"]).sum()
    assert changed > 0
    assert len(again.linkage.notes) == len(prepared.linkage.notes) + 1
