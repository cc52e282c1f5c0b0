"""What a study file chose is repeated by a check, reaches the descriptions beside the comparison, or names its key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import dipeval as dip
from dipeval.cohort.covariates import COVARIATES
from dipeval.linkage import true_linkage
from dipeval.study import described, rules
from dipeval.study.check_words import _choices
from dipeval.study.load import Prepared, from_linkage
from dipeval.study.reading import parse_study
from dipeval.study.spec import StudySpec
from dipeval.vocabulary import LABELS

TREE: dict[str, Any] = {
    "title": "Simulated",
    "question": "Did it help?",
    "programme": "treatment",
    "data": {"source": "simulate"},
    "outcomes": [{"name": "reoffended", "kind": "yes_no", "label": "Reoffended", "primary": True}],
    "design": {"method": "entropy", "covariates": ["age_at_index"]},
    "disclosure": {"profile": "none"},
}


def spec(**changes: Any) -> StudySpec:
    return parse_study(TREE | changes)


def told(**changes: Any) -> str:
    return "\n".join(_choices(SimpleNamespace(spec=spec(**changes))))  # type: ignore[arg-type]


def prepared(extracts: dip.Extracts) -> Prepared:
    return from_linkage(spec(), extracts, true_linkage(extracts))


@pytest.fixture(scope="module")
def extracts() -> dip.Extracts:
    return dip.simulate(people=300, seed=1)


def test_a_check_repeats_who_enters_who_is_treated_and_what_counts() -> None:
    plain = told()
    assert plain.startswith("Index event: positive test, the first of each person.")
    assert "within 42 days of the index test" in plain
    assert "left out and counted" in plain
    assert "A proven reoffence is" in plain
    assert "Engine" not in plain


def test_a_check_repeats_every_kind_of_choice() -> None:
    words = told(
        cohort={"index_event": "order", "index_types": ["DRR"], "index_choice": "per_quarter", "exposure": "contact"},
        follow_up={"basis": "arrest"},
        engine={"threads": 1},
        pathway={"by": "sex"},
    )
    assert "order (DRR), each person's first in every calendar quarter" in words
    assert "Treated: had an attended contact" in words
    assert "A rearrest is" in words
    assert "Pathway: by = sex." in words
    assert "Engine: threads = 1." in words


def test_a_column_is_named_with_its_table() -> None:
    cohort = {"index_event": "column", "index_table": "contacts", "index_column": "care_plan_date"}
    assert told(cohort=cohort).startswith("Index event: care_plan_date of contacts, the first")


def test_the_pathway_keys_reach_every_description(extracts: dip.Extracts) -> None:
    asked = {
        "by": "district",
        "seen_who": "all",
        "testing_by": "district",
        "discharges_of": "journeys",
        "count_referred_on": True,
    }
    found = described.pathway_of(prepared(extracts), spec(pathway=asked))
    assert (found["pathway"].by, found["pathway"].count_referred_on) == ("district", True)
    assert (found["seen"].by, found["seen"].who) == ("district", "all")
    assert found["testing"].by == "district"
    assert (found["discharges"].by, found["discharges"].count) == ("district", "journeys")
    assert found["discharges"].count_referred_on


def test_a_breakdown_that_one_of_them_lacks_is_left_out_of_it(extracts: dip.Extracts) -> None:
    found = described.pathway_of(prepared(extracts), spec(pathway={"by": "entry_point"}))
    assert [found[name].by for name in ("pathway", "seen", "discharges")] == ["entry_point", None, None]


def test_without_contacts_tests_and_discharges_are_told_and_a_key_asking_for_more_is_named(
    extracts: dip.Extracts,
) -> None:
    tables = {name: extracts.table(name) for name in ("drug_tests", "treatment", "offences")}
    less = replace(prepared(extracts), extracts=dip.make_extracts(tables, extract_date=extracts.extract_date))
    assert set(described.pathway_of(less, spec())) == {"testing", "discharges"}
    with pytest.raises(dip.InputError, match=r"pathway\.seen_within: the extracts have no contacts"):
        described.pathway_of(less, spec(pathway={"seen_within": [7]}))


def test_folders_of_the_engine_are_made_for_their_owner(tmp_path: Path) -> None:
    told_ = spec(engine={"temp_folder": "spill", "stages": "kept/here"})
    assert rules.engine(told_, tmp_path) is not None
    assert [(tmp_path / name).stat().st_mode & 0o077 for name in ("spill", "kept/here")] == [0, 0]
    (tmp_path / "file").write_text("")
    with pytest.raises(dip.InputError, match=r"engine\.temp_folder: 'file' cannot be made a folder"):
        rules.engine(spec(engine={"temp_folder": "file"}), tmp_path)


def test_an_empty_cohort_names_the_keys_of_its_step(extracts: dip.Extracts) -> None:
    rule = rules.cohort_rule(spec(cohort={"minimum_age": 10, "maximum_age": 11}))
    with pytest.raises(dip.InputError, match=r"widen the cohort rule \(minimum_age, maximum_age\)"):
        dip.build_cohort(extracts, true_linkage(extracts), rule=rule)


def test_every_covariate_has_plain_words() -> None:
    assert [one.name for one in COVARIATES if one.name not in LABELS] == []
    words = [LABELS[one.name] for one in COVARIATES]
    assert len(set(words)) == len(words)
