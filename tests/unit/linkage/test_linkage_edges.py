"""Small, empty and odd files: a sentence that says what to do, or a sane result; never a traceback from Splink."""

from __future__ import annotations

import pandas as pd
import pytest

from dipeval.errors import InputError
from dipeval.linkage import Linkage, LinkRule, link
from dipeval.linkage.example import SmallExtracts, two_small_files
from tests.simulation.linkage_benchmark import EXTRACT_DATE, benchmark_files


def link_tables(rule: LinkRule | None = None, **tables: pd.DataFrame) -> Linkage:
    return link(SmallExtracts(tables=tables, extract_date=EXTRACT_DATE), rule)


def linked(linkage: Linkage, table: str) -> int:
    return int(linkage.counts.set_index("table").loc[table, "linked"])


@pytest.fixture
def files() -> dict[str, pd.DataFrame]:
    small = two_small_files()
    return {name: small.table(name) for name in small.names}


@pytest.mark.parametrize("people", [1, 5, 40])
def test_few_people_are_linked_with_the_assumed_weights(people: int) -> None:
    extracts = benchmark_files(people, people, seed=8)
    linkage = link(extracts)
    quality = linkage.quality(extracts.truth).to_frame()
    assert (quality["precision"].dropna() == 1).all()
    assert (quality["recall"] >= 0.75).all()


def test_one_person_who_is_someone_else_is_not_linked(files: dict[str, pd.DataFrame]) -> None:
    linkage = link_tables(drug_tests=files["drug_tests"].tail(1), treatment=files["treatment"].tail(1))
    assert linked(linkage, "treatment") == 0
    assert linkage.to_frame()["person_id"].nunique() == 2


@pytest.mark.parametrize("empty", ["drug_tests", "treatment"])
def test_an_empty_file_is_no_obstacle(files: dict[str, pd.DataFrame], empty: str) -> None:
    files[empty] = files[empty].head(0)
    linkage = link_tables(**files)
    assert linked(linkage, "treatment") == 0
    assert len(linkage.to_frame()) == sum(len(frame) for frame in files.values())
    assert linkage.pairs().empty
    assert linkage.summary().headline


def test_all_files_empty(files: dict[str, pd.DataFrame]) -> None:
    linkage = link_tables(**{name: frame.head(0) for name, frame in files.items()})
    assert linkage.to_frame().empty
    linkage.plot()


def test_an_empty_file_without_identifiers_is_no_obstacle(files: dict[str, pd.DataFrame]) -> None:
    spells = pd.DataFrame({"record_id": pd.Series(dtype=object), "pnc_id": pd.Series(dtype=object)})
    assert linked(link_tables(**files, custody_spells=spells), "custody_spells") == 0


def test_identifiers_all_missing_link_nothing_and_say_so(files: dict[str, pd.DataFrame]) -> None:
    for name in ("forename_initial", "surname_initial", "sex", "postcode_sector"):
        files["treatment"][name] = None
    files["treatment"]["date_of_birth"] = pd.NaT
    linkage = link_tables(**files)
    assert linked(linkage, "treatment") == 0
    assert any("treatment: no record has a usable name, initial or date of birth" in note for note in linkage.notes)


@pytest.mark.parametrize("column", ["sex", "forename_initial", "surname_initial", "postcode_sector", "date_of_birth"])
@pytest.mark.parametrize("constant", [True, False])
def test_a_column_without_information(column: str, constant: bool) -> None:
    extracts = benchmark_files(150, 100, seed=2)
    treatment = extracts.table("treatment")
    known = treatment[column].dropna().iloc[0]
    treatment[column] = known if constant else (pd.NaT if column == "date_of_birth" else None)
    linkage = link_tables(drug_tests=extracts.table("drug_tests"), treatment=treatment)
    assert len(linkage.to_frame()) == 300
    quality = linkage.quality(extracts.truth).to_frame()
    assert not quality["precision"].iloc[0] < 0.75


def test_neither_tests_nor_offences(files: dict[str, pd.DataFrame]) -> None:
    with pytest.raises(InputError, match="starts from drug_tests, or from offences"):
        link_tables(treatment=files["treatment"])


def test_files_that_share_no_identifier(files: dict[str, pd.DataFrame]) -> None:
    nameless = files["treatment"].drop(columns=["forename_initial", "surname_initial"])
    with pytest.raises(InputError, match=r"share are date_of_birth, postcode, sex; needed .* names or initials"):
        link_tables(drug_tests=files["drug_tests"], treatment=nameless)
    with pytest.raises(InputError, match="share are nothing"):
        link_tables(drug_tests=files["drug_tests"], treatment=files["treatment"][["record_id", "client_ref"]])


def test_too_many_pairs_are_refused_before_they_are_compared(files: dict[str, pd.DataFrame]) -> None:
    extracts = benchmark_files(60, 60)
    with pytest.raises(InputError, match=r"would compare up to \d+ pairs of people; the limit is 3"):
        link(extracts, LinkRule(max_pairs=3))


def test_tables_without_people_are_passed_over(files: dict[str, pd.DataFrame]) -> None:
    spend = pd.DataFrame({"district": ["Leeds"], "amount": [1.0]})
    assert link_tables(**files, spend=spend).counts["table"].tolist() == ["drug_tests", "treatment"]


def test_identical_twins_in_every_identifier_are_left_unlinked(files: dict[str, pd.DataFrame]) -> None:
    twin = files["treatment"].head(1).assign(record_id="n9", client_ref="99")
    tables = {"drug_tests": files["drug_tests"], "treatment": pd.concat([files["treatment"], twin])}
    counts = link_tables(LinkRule(merge_references=False), **tables).counts.set_index("table")
    assert (counts.loc["treatment", "linked"], counts.loc["treatment", "tied"]) == (0, 2)
    first = link_tables(LinkRule(merge_references=False, ties="lowest_id"), **tables)
    assert first.to_frame().set_index("record_id").loc["n1", "person_id"] == "P000000"
    assert "first of them by record id" in first.notes[0]


def test_input_is_not_changed(files: dict[str, pd.DataFrame]) -> None:
    before = {name: frame.copy() for name, frame in files.items()}
    link_tables(**files)
    for name, frame in files.items():
        pd.testing.assert_frame_equal(frame, before[name])
