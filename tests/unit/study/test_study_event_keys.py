"""The keys on events: each reaches its option under one name and one default, and each disagreement has its line."""

from __future__ import annotations

import dataclasses
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import dipeval as dip
from dipeval.cohort import CohortRule
from dipeval.errors import StudyFileError
from dipeval.linkage import true_linkage
from dipeval.outcomes import FollowUp
from dipeval.study import Study, rules
from dipeval.study.inputs import needed_tables
from dipeval.study.load import from_linkage
from dipeval.study.reading import parse_study
from dipeval.study.spec import StudySpec
from dipeval.study.spec_events import CohortSpec, FollowUpSpec

TREE: dict[str, Any] = {
    "title": "Simulated",
    "question": "Did it help?",
    "programme": "treatment",
    "data": {"source": "simulate"},
    "outcomes": [{"name": "reoffended", "kind": "yes_no", "label": "Reoffended", "primary": True}],
    "design": {"method": "entropy", "covariates": ["age_at_index"]},
    "disclosure": {"profile": "none"},
}
TIME = [{"name": "time", "kind": "time", "label": "Time to reoffence", "primary": True}]
VARYING = {"immortal_time": "time_varying", "landmark_days": 0}
TEMPLATE = (files("dipeval.examples") / "template.toml").read_text(encoding="utf-8")


def spec(**changes: Any) -> StudySpec:
    return parse_study(TREE | changes)


@pytest.mark.parametrize(("section", "option"), [(CohortSpec, CohortRule), (FollowUpSpec, FollowUp)])
def test_each_key_has_the_name_and_the_default_of_its_option(section: type[Any], option: type[Any]) -> None:
    defaults = {item.name: item.default for item in dataclasses.fields(option)}
    assert set(section.model_fields) == set(defaults)
    for name, field in section.model_fields.items():
        told = tuple(field.default) if isinstance(field.default, list) else field.default
        assert (told or None) == (defaults[name] or None), name


def test_every_key_of_the_cohort_reaches_the_rule() -> None:
    given = {
        "index_event": "order",
        "index_types": ["DRR"],
        "index_choice": "per_quarter",
        "eras": ["test_on_arrest"],
        "exposure": "order",
        "exposure_types": ["DRR", "ATR"],
        "exposure_timing": "before_index",
        "before_days": 200,
        "minimum_age": 10,
        "maximum_age": 17,
        "grace_days": 42,
    }
    rule = rules.cohort_rule(spec(cohort=given))
    told = {name: list(value) if isinstance(value := getattr(rule, name), tuple) else value for name in given}
    assert told == given
    assert rules.cohort_rule(spec()) == CohortRule()


def test_every_key_of_the_follow_up_reaches_it() -> None:
    given = {
        "basis": "arrest",
        "groups": ["shoplifting"],
        "same_day": "one_a_day",
        "include_index_day": True,
        "severity": {"shoplifting": 1.0, "robbery": 5.0},
        "at_extract_end": "censor",
    }
    made = rules.follow_up(spec(follow_up=given))
    assert made.groups == ("shoplifting",)
    assert made.severity == {"shoplifting": 1.0, "robbery": 5.0}
    assert (made.basis, made.same_day, made.include_index_day, made.at_extract_end) == (
        "arrest",
        "one_a_day",
        True,
        "censor",
    )
    assert rules.follow_up(spec()) == FollowUp()


def test_nothing_is_waited_for_after_an_arrest() -> None:
    assert spec(follow_up={"basis": "arrest"}, cohort={"required_days": 365}).follow_up.needed_days == 365
    with pytest.raises(StudyFileError, match="needed is at least 547"):
        spec(cohort={"required_days": 365})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cohort": {"index_event": "realease"}}, 'cohort.index_event: found "realease"; needed is one of'),
        ({"cohort": {"index_event": "column"}}, 'cohort.index_table: this is missing; index_event = "column"'),
        ({"cohort": {"index_table": "contacts"}}, "knows its own table; take index_table out"),
        ({"cohort": {"maximum_age": 17}}, "cohort.maximum_age: found 17; needed is at least minimum_age (18)"),
        ({"cohort": {"completed_only": True}}, "cohort.completed_only: completion follows from how treatment went"),
        ({"cohort": {"immortal_time": "ever_treated", "landmark_days": 0}}, 'cohort.immortal_time: "ever_treated"'),
        (
            {"cohort": {"immortal_time": "time_varying"}, "outcomes": TIME},
            "cohort.landmark_days: found 42; needed is 0",
        ),
        ({"cohort": VARYING}, 'outcomes[1].kind: found "yes_no"; with cohort.immortal_time'),
        ({"cohort": VARYING, "outcomes": TIME}, 'design.method: found "entropy"; needed is "none"'),
        ({"cohort": {"late_index": "keep"}}, 'follow_up.at_extract_end: found "refuse"; needed is "censor"'),
        (
            {"cohort": {"late_index": "keep"}, "follow_up": {"at_extract_end": "censor"}},
            'outcomes[1].kind: found "yes_no"; with cohort.late_index',
        ),
        (
            {"cohort": {"index_choice": "every"}, "design": {"covariates": ["age_at_index"]}},
            'design.method: found "nearest"; needed is one of entropy, ipw, overlap, matching_weights, none',
        ),
        ({"cohort": {"index_choice": "every"}, "costs": {}}, "costs: one offence can follow several index events"),
        ({"cohort": {"index_choice": "every"}, "linkage": {"error": {"draws": 5}}}, "linkage.error.draws: found 5"),
        ({"outcomes": TIME}, "outcomes[1].primary: a time cannot be primary here"),
        (
            {"outcomes": [{"name": "severity_score", "kind": "count", "label": "Severity", "primary": True}]},
            "severity_score needs the weight of each offence group",
        ),
        ({"pathway": {"by": "distrikt"}}, "pathway.by"),
        ({"pathway": {"seen_within": [0]}}, "pathway.seen_within"),
        ({"engine": {"memory": "1GB"}}, "did you mean 'memory_limit'"),
    ],
)
def test_each_disagreement_is_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(StudyFileError) as caught:
        spec(**changes)
    assert words in str(caught.value)


def test_a_disagreement_has_its_line(tmp_path: Path) -> None:
    text = TEMPLATE.replace("# completed_only = false ", "completed_only = true ")
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyFileError) as caught:
        Study.from_toml(tmp_path / "study.toml")
    line = int(re.search(r"line (\d+), cohort\.completed_only", str(caught.value)).group(1))  # type: ignore[union-attr]
    assert text.splitlines()[line - 1].startswith("completed_only")


def test_every_new_outcome_is_known_by_its_kind() -> None:
    names = ("n_acquisitive", "n_violent", "n_disorder", "n_drug", "n_other")
    outcomes = [{"name": "custodial_reconviction", "kind": "yes_no", "label": "Custody", "primary": True}]
    outcomes += [{"name": name, "kind": "count", "label": name} for name in names]
    assert len(spec(outcomes=outcomes).outcomes) == 6
    with pytest.raises(StudyFileError, match='custodial_reconviction is of kind "yes_no"'):
        spec(outcomes=[outcomes[0] | {"kind": "count"}])


@pytest.mark.parametrize(
    ("cohort", "tables"),
    [
        ({}, ("drug_tests", "treatment", "offences")),
        ({"index_event": "release"}, ("treatment", "offences")),
        ({"index_event": "order", "exposure": "order"}, ("orders", "offences")),
        ({"index_event": "contact"}, ("contacts", "treatment", "offences")),
        (
            {"index_event": "column", "index_table": "sentences", "index_column": "release_date"},
            ("sentences", "treatment", "offences"),
        ),
    ],
)
def test_the_tables_needed_follow_from_the_cohort(cohort: dict[str, Any], tables: tuple[str, ...]) -> None:
    assert needed_tables(spec(cohort=cohort)) == tables


def test_the_engine_is_opened_as_the_study_file_says(tmp_path: Path) -> None:
    assert rules.engine(spec(), tmp_path) is None
    engine = rules.engine(spec(engine={"memory_limit": "300MB", "threads": 1, "row_limit": 77}), tmp_path)
    assert engine is not None
    assert engine.row_limit == 77
    told = engine.connection.execute("SELECT current_setting('threads')").fetchone()
    assert told == (1,)


def test_the_template_shows_every_key_of_the_sections_on_events() -> None:
    for section in ("cohort", "follow_up", "engine", "pathway"):
        for key in StudySpec.model_fields[section].annotation.model_fields:  # type: ignore[union-attr]
            assert re.search(rf"^(# )?{key} =", TEMPLATE, re.MULTILINE), key


def test_a_second_run_with_kept_stages_asks_the_engine_nothing(tmp_path: Path) -> None:
    extracts = dip.simulate(people=200, seed=1)
    linkage, told = true_linkage(extracts), spec(engine={"stages": "kept"})
    first, second = (from_linkage(told, extracts, linkage, rules.engine(told, tmp_path)) for _ in range(2))
    assert first.frame.equals(second.frame)
    assert first.engine.n_queries > 0
    assert second.engine.n_queries == 0
    assert len(list((tmp_path / "kept").iterdir())) > 5
