"""Trigger offences as written: codes and words of the Acts find their group and class, in any capitals."""

from __future__ import annotations

import csv
from importlib.resources import files

import pandas as pd
import pytest

from dipeval.engine import open_engine
from dipeval.indicators.offending.offence_class import TRIGGER_WORDS, offence_class, offence_group, unread
from dipeval.vocabulary import OFFENCE_CLASS


def _read(written: list[str | None]) -> pd.DataFrame:
    engine = open_engine(threads=1)
    frame = pd.DataFrame({"place": range(len(written)), "trigger_offence": pd.array(written, "string")})
    table = engine.put(frame, "written")
    words = table.trigger_offence
    told = table.select("place", own=offence_class(words), group=offence_group(words), unread=unread(words))
    return engine.to_pandas(told).sort_values("place", ignore_index=True)


def test_every_word_of_the_list_of_trigger_offences_is_known() -> None:
    text = files("dipeval.data").joinpath("trigger_offences.csv").read_text(encoding="utf-8")
    listed = [row["offence"] for row in csv.DictReader(text.splitlines())]
    assert set(listed) == set(TRIGGER_WORDS)
    found = _read(listed)
    assert found["group"].tolist() == [TRIGGER_WORDS[words] for words in listed]
    assert not found["unread"].any()


def test_every_code_is_its_own_group() -> None:
    codes = list(OFFENCE_CLASS)
    found = _read([*codes])
    assert found["group"].tolist() == codes
    assert found["own"].tolist() == list(OFFENCE_CLASS.values())


@pytest.mark.parametrize(
    ("written", "group", "own", "is_unread"),
    [
        ("Aggravated Vehicle-Taking ", "theft_of_vehicle", "acquisitive", False),
        ("OTHER THEFT", "other_theft", "acquisitive", False),
        ("possession with intent to supply", "drug_supply", "drug", False),
        ("persistent begging", "other", "other", False),
        ("other", "other", "other", False),
        ("TH68007", "other", "other", True),
        ("  ", "not recorded", "not recorded", False),
        (None, "not recorded", "not recorded", False),
    ],
)
def test_other_spellings(written: str | None, group: str, own: str, is_unread: bool) -> None:
    row = _read([written]).iloc[0]
    assert (row["group"], row["own"], bool(row["unread"])) == (group, own, is_unread)
