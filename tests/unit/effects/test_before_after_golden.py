"""What a before-after comparison says, word for word: small tables whose figures can be worked out by hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import dipeval as dip

GOLDEN = Path(__file__).parent / "golden"
YEARS = ["year_2", "year_3"]
# (before, after, two years before, three years before): so many people each.
STEADY = {(0, 0, 0, 0): 30, (1, 0, 0, 1): 12, (0, 1, 1, 0): 12, (2, 2, 1, 2): 10, (4, 3, 5, 4): 8, (7, 8, 6, 8): 4}
PEAK = {(1, 0, 0, 0): 30, (2, 1, 1, 0): 12, (3, 2, 1, 2): 10, (6, 3, 4, 4): 8, (9, 7, 6, 7): 4}
HELPED = {(0, 0, 0, 0): 10, (1, 0, 1, 1): 30, (3, 0, 2, 3): 30, (5, 1, 5, 6): 20, (8, 2, 9, 8): 10}
HARMED = {(0, 1, 0, 0): 10, (1, 2, 1, 1): 30, (3, 6, 2, 3): 30, (5, 9, 5, 6): 20, (8, 15, 9, 8): 10}


def _people(rows: dict[tuple[int, ...], int]) -> pd.DataFrame:
    every = [row for row, number in rows.items() for _ in range(number)]
    return pd.DataFrame(every, columns=["before", "after", *YEARS])


def _beside(own: dict[tuple[int, ...], int], theirs: dict[tuple[int, ...], int]) -> tuple[pd.DataFrame, Any]:
    people = pd.concat([_people(own), _people(theirs)], ignore_index=True)
    treated = pd.Series(people.index < sum(own.values()), people.index)
    words = {"estimand_in_words": "the average effect on the treated", "method": "entropy", "fingerprint": "a1b2c3" * 4}
    design = SimpleNamespace(
        weights=pd.Series(1.0, people.index),
        treated=treated,
        clusters=None,
        n_treated_dropped=0,
        estimand="ATT",
        **words,
    )
    return people, design


def _compared(own: dict[tuple[int, ...], int], theirs: dict[tuple[int, ...], int]) -> dip.BeforeAfter:
    people, design = _beside(own, theirs)
    return dip.before_after(people, earlier=YEARS, design=design, days=365)


CASES = {
    "covered": lambda: dip.before_after(_people(STEADY), earlier=YEARS, selection="at_least_one", days=365),
    "covered_by_earlier_years": lambda: dip.before_after(_people(PEAK), earlier=YEARS, days=365),
    "index_counted": lambda: dip.before_after(_people(PEAK), earlier=YEARS, selection="index_counted", days=365),
    "one_earlier_window": lambda: dip.before_after(_people(STEADY), earlier=YEARS[:1], selection="at_least:2"),
    "further_and_compared": lambda: _compared(HELPED, STEADY),
    "short": lambda: dip.before_after(_people(HARMED), earlier=YEARS, days=365),
    "unclear_comparison": lambda: _compared(STEADY, STEADY),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_it_says_what_it_said(name: str) -> None:
    summary = CASES[name]().summary()
    table = summary.to_frame().to_csv(index=False, sep="|", lineterminator="\n")
    said = "\n".join([summary.title, summary.headline, "", table, *summary.notes, ""])
    assert said == (GOLDEN / f"before_after_{name}.txt").read_text(encoding="utf-8")
