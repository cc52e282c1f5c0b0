"""`[jdl_style]` of a study file: its keys, what it cannot be combined with, and the analysis it asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from dipeval.errors import DesignError
from dipeval.study.crosschecks_jdl import jdl_complaints
from dipeval.study.jdl import columns_of, jdl_design_of, jdl_rows, jdl_style_of
from dipeval.study.load import prepare
from dipeval.study.reading import parse_study
from dipeval.study.spec_jdl import JdlStyleSpec
from dipeval.study.tidy import COLUMNS, smallest_count
from tests.unit.effects.jdl_people import analysed
from tests.unit.study.jdl_study import asked, people, result_of, study_of

SIMULATED: dict[str, Any] = {
    "title": "Simulated",
    "question": "Did it help?",
    "programme": "treatment",
    "data": {"source": "simulate"},
    "outcomes": [{"name": "reoffended", "kind": "yes_no", "label": "Reoffended", "primary": True}],
    "design": {"method": "entropy", "covariates": ["age_at_index", "female"]},
}


def test_the_radius_has_no_default_and_the_rest_is_checked() -> None:
    with pytest.raises(ValidationError, match="radius"):
        JdlStyleSpec()  # type: ignore[call-arg]
    for wrong in ({"radius": 0.0}, {"radius": 0.1, "se": "hc3"}, {"radius": 0.1, "scale": "odds"}):
        with pytest.raises(ValidationError):
            JdlStyleSpec(**wrong)
    spec = JdlStyleSpec(radius=0.1)
    assert (spec.radius_unit, spec.scale, spec.se, spec.override_reason) == ("sd", "logit", "hc0", "")
    assert (spec.minimum_people, spec.minimum_matched, spec.worthwhile) == (60, 30, 0.1)


def test_the_first_outcome_of_each_kind_is_taken_the_primary_one_first(tmp_path: Path) -> None:
    columns = columns_of(study_of(tmp_path).spec)
    assert (columns.reoffended, columns.n_reoffences) == ("came_back", "how_often")
    assert (columns.time, columns.event, columns.time_unit) == ("day", "seen", "days")
    extracts = columns_of(parse_study(SIMULATED))
    assert (extracts.reoffended, extracts.n_reoffences, extracts.time) == ("reoffended", "n_reoffences", "time_days")


def test_a_study_gives_what_the_function_gives(tmp_path: Path) -> None:
    frame = people()
    found = result_of(tmp_path, frame).jdl_style
    names = {
        "treated": "helped",
        "reoffended": "came_back",
        "n_reoffences": "how_often",
        "time": "day",
        "event": "seen",
    }
    alone = analysed(frame.set_index("who"), **names)
    assert found is not None
    assert found.to_frame().equals(alone.to_frame())
    assert found.design.weights.sort_index().equals(alone.design.weights.sort_index())
    assert found.shares_over_time().equals(alone.shares_over_time())


def test_a_study_that_does_not_ask_gets_nothing(tmp_path: Path) -> None:
    spec = study_of(tmp_path).spec.model_copy(update={"jdl_style": None})
    prepared = prepare(spec, tmp_path)
    assert jdl_design_of(prepared, spec) is None
    assert jdl_style_of(None, prepared, None, spec) is None  # type: ignore[arg-type]
    assert list(jdl_complaints(spec)) == []


def test_a_written_reason_overrides_failed_checks(tmp_path: Path) -> None:
    section = {"radius": 5.0, "override_reason": "A pilot."}
    found = result_of(tmp_path, people(apart=2.0), section=section).jdl_style
    assert found.overridden
    assert found.rule.reason == "A pilot."
    withheld = result_of(tmp_path, people(apart=2.0), section={"radius": 5.0}).jdl_style
    assert withheld.withheld


def test_a_radius_that_matches_nobody_names_the_section(tmp_path: Path) -> None:
    frame = people(300)
    frame["female"] = frame["helped"]
    spec = asked(study_of(tmp_path, frame).spec, exact=["female"])
    with pytest.raises(DesignError, match=r"\[jdl_style\]"):
        jdl_design_of(prepare(spec, tmp_path), spec)


@pytest.mark.parametrize(
    ("changes", "section", "place", "words"),
    [
        ({"cohort": {"immortal_time": "time_varying"}}, {}, ("jdl_style",), "only times can be compared"),
        ({"cohort": {"late_index": "keep"}}, {}, ("jdl_style",), "only times can be compared"),
        ({"cohort": {"unit": "index_events"}}, {}, ("jdl_style",), "one index event a person"),
        ({}, {"exact": ["n_reoffences"]}, ("jdl_style", "exact"), "is an outcome"),
    ],
)
def test_what_does_not_go_together_is_said_with_its_key(
    changes: dict[str, Any], section: dict[str, Any], place: tuple[str, ...], words: str
) -> None:
    spec = parse_study(SIMULATED).model_copy(update={"jdl_style": JdlStyleSpec(radius=0.1, **section)})
    if changes:
        cohort = spec.cohort.model_copy(update=_cohort(changes["cohort"], spec.cohort))
        spec = spec.model_copy(update={"cohort": cohort})
    complaints = list(jdl_complaints(spec))
    assert [where for where, _ in complaints] == [place]
    assert words in complaints[0][1]


def _cohort(changes: dict[str, Any], cohort: Any) -> dict[str, Any]:
    assert set(changes) <= {*type(cohort).model_fields, "unit"}
    return {"index_choice": "all"} if "unit" in changes else changes


def test_a_table_of_people_needs_a_yes_or_no(tmp_path: Path) -> None:
    only = [{"name": "number", "kind": "count", "label": "Reoffences", "column": "how_often", "primary": True}]
    complaints = list(jdl_complaints(asked(study_of(tmp_path, outcomes=only).spec)))
    assert len(complaints) == 1
    assert "yes_no" in complaints[0][1]


def test_an_exact_column_set_aside_is_refused(tmp_path: Path) -> None:
    spec = study_of(tmp_path, people={"excluded": {"female": "no reason"}}, design={"covariates": ["age"]}).spec
    complaints = list(jdl_complaints(asked(spec, exact=["female"])))
    assert [where for where, _ in complaints] == [("jdl_style", "exact")]


def test_rows_of_the_tidy_table_rest_on_no_more_people_than_the_rate(tmp_path: Path) -> None:
    found = result_of(tmp_path).jdl_style
    rows = list(jdl_rows(found))
    assert all(set(row) <= set(COLUMNS) for row in rows)
    means = ["mean_treated", "mean_comparison"]
    assert [row["measure"] for row in rows] == ["risk_difference", *means, *2 * ["mean_difference", *means]]
    assert rows[0]["estimate"] == found.measures[0].effect.estimate
    rate = smallest_count(found.measures[0].effect)
    assert all(row["n_smallest"] <= rate for row in rows)
    assert all(row["status"] == "shown" and "could not be verified" in row["note"] for row in rows)
    assert list(jdl_rows(None)) == []


def test_rows_of_a_withheld_analysis_hold_no_figure(tmp_path: Path) -> None:
    rows = list(jdl_rows(result_of(tmp_path, people(apart=2.0), section={"radius": 5.0}).jdl_style))
    assert [row["status"] for row in rows] == ["withheld"]
    assert "estimate" not in rows[0]
