"""The GUILD statement: every item filled in, whatever was linked and however little is known."""

from __future__ import annotations

import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import InputError, InvariantError
from dipeval.linkage import LinkRule, link, true_linkage
from dipeval.linkage.example import SmallExtracts, two_small_files
from dipeval.linkage.statement import COLUMNS, STEPS, LinkageStatement, guild_statement
from tests.unit.linkage.conftest import Checked


def assert_filled(statement: LinkageStatement) -> pd.DataFrame:
    frame = statement.to_frame()
    assert tuple(frame.columns) == COLUMNS
    assert frame["step"].unique().tolist() == list(STEPS)
    assert frame["item"].is_unique
    for cell in frame.to_numpy().ravel():
        assert isinstance(cell, str) and cell.strip()
        assert not {"nan", "<NA>", "None:", "NaT"} & set(cell.split())
    return frame.set_index("item")["statement"]


def test_no_cell_is_empty(checked: Checked) -> None:
    said = assert_filled(guild_statement(checked.linkage, checked.extracts))
    assert "drug_tests: 400 records of 400 people" in said["Files and people in them"]
    assert "birth date" in said["Which pairs were compared"]
    assert "initials 100.0%" in said["Identifiers and how complete they are"]
    links = checked.linkage.counts.set_index("table")["linked"]
    assert f"drug_tests - treatment: {links['treatment']} links" in said["Links made"]
    assert "in the clear" in said["Privacy"]
    assert said["Linked and unlinked people"].startswith("Linked and unlinked people differ most in ")
    assert "of the true links found" in said["Accuracy expected"]


def test_what_is_not_known_is_said(checked: Checked) -> None:
    without, with_files = guild_statement(checked.linkage), guild_statement(checked.linkage, checked.extracts)
    assert_filled(without)
    assert without.n_not_recorded > with_files.n_not_recorded > 0
    assert "must be added by hand" in without.summary().headline
    assert guild_statement(true_linkage(checked.extracts)).n_not_recorded > without.n_not_recorded


@pytest.mark.parametrize("profile", ["full", "deterministic"])
def test_every_profile(profile: str) -> None:
    small = two_small_files()
    said = assert_filled(guild_statement(link(small, LinkRule(profile=profile)), small))  # type: ignore[arg-type]
    assert ("Deterministic" in said["Method"]) == (profile == "deterministic")


def test_files_without_people_or_links() -> None:
    small = two_small_files()
    alone = SmallExtracts(tables={"drug_tests": small.table("drug_tests")}, extract_date=small.extract_date)
    empty = SmallExtracts(
        tables={"drug_tests": small.table("drug_tests"), "treatment": small.table("treatment").head(0)},
        extract_date=small.extract_date,
    )
    for extracts in (alone, empty):
        said = assert_filled(guild_statement(link(extracts), extracts))
        assert said["Links made"] == "No file had a candidate."


def test_checked_extracts_tell_their_files_and_dropped_rows() -> None:
    extracts = dip.simulate(people=60, seed=2)
    said = assert_filled(guild_statement(dip.link(extracts), extracts))
    assert said["Data status"] == "The data are simulated."
    assert extracts.extract_date.isoformat() in said["Period covered"]
    assert said["Records dropped before linkage"] == "None."


def test_other_extracts_are_refused(checked: Checked) -> None:
    with pytest.raises(InputError, match="not the extracts that were linked"):
        guild_statement(checked.linkage, two_small_files())
    with pytest.raises(InputError, match="must be the extracts"):
        guild_statement(checked.linkage, "extracts")


def test_a_statement_with_a_hole_is_a_bug(checked: Checked) -> None:
    statement = guild_statement(checked.linkage)
    frame, flow = statement.to_frame(), checked.linkage.counts
    for broken in (frame.assign(item=""), frame.head(1), frame.drop(columns="step"), frame.assign(statement=None)):
        with pytest.raises(InvariantError):
            LinkageStatement(_frame=broken, _flow=flow)
