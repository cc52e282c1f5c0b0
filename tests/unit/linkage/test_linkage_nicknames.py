"""The table of short forms: consistent with itself, and doing what its page says."""

from __future__ import annotations

import pandas as pd
import pytest

from dipeval.linkage.cleaning import clean_forename
from dipeval.linkage.nicknames import forename_roots, nickname_table


def test_every_forename_stands_once_and_every_root_is_its_own_root() -> None:
    table = nickname_table()
    assert list(table.columns) == ["forename", "root", "status"]
    assert table["forename"].is_unique
    assert forename_roots(table["root"]).tolist() == table["root"].tolist()
    assert set(table["status"]) == {"short", "spelling", "shared", "kept"}
    kept = table["status"] == "kept"
    assert (table["forename"] == table["root"]).equals(kept)


def test_the_names_are_written_as_the_cleaning_leaves_them() -> None:
    table = nickname_table()
    for column in ("forename", "root"):
        assert clean_forename(table[column]).tolist() == table[column].tolist()


@pytest.mark.parametrize(
    ("names", "root"),
    [
        (["BILL", "WILL", "BILLY", "WILLIAM"], "WILLIAM"),
        (["BOB", "ROBBIE", "ROBERT"], "ROBERT"),
        (["LIZ", "LIBBY", "ELISABETH"], "ELIZABETH"),
        (["MUHAMMAD", "MOHAMED", "MOHD"], "MOHAMMED"),
        (["STEVE", "STEVEN", "STEPHEN"], "STEPHEN"),
        (["ALEX", "ALEXANDER", "ALEXANDRA", "SANDY"], "ALEX"),
        (["SAM", "SAMUEL", "SAMANTHA"], "SAM"),
        (["CHRIS", "CHRISTOPHER", "CHRISTINE"], "CHRIS"),
        (["PAT", "PATRICK", "PATRICIA", "TRISH"], "PAT"),
        (["JO", "JOANNE", "JOSEPHINE"], "JO"),
    ],
)
def test_forms_of_one_name_meet(names: list[str], root: str) -> None:
    assert set(forename_roots(pd.Series(names))) == {root}


def test_names_that_only_look_alike_do_not_meet() -> None:
    for one, other in (("JO", "JOE"), ("JACK", "JOHN"), ("BETH", "ELIZABETH"), ("BERT", "ALBERT"), ("ALI", "ALISON")):
        assert forename_roots(pd.Series([one, other])).nunique() == 2


def test_other_names_are_their_own_root_and_missing_stays_missing() -> None:
    assert forename_roots(pd.Series(["IMOGEN", None], dtype=object)).tolist() == ["IMOGEN", None]
    assert forename_roots(pd.Series([None, None], dtype=object)).tolist() == [None, None]
    assert forename_roots(pd.Series([], dtype=object)).tolist() == []
