"""Labels of periods in the order of time: quarters, months, calendar or financial years, or plain numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

# How many periods make a year; 0 where a year has no seasons.
SEASONS: Final = {"quarter": 4, "month": 12, "year": 0, "financial year": 0, "number": 0}
_QUARTER = re.compile(r"(\d{4})-?Q([1-4])")
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_TWO = re.compile(r"(\d{4})-(\d{2})")
_YEAR = re.compile(r"\d{4}")


def every_of(labels: Sequence[str]) -> str | None:
    """Return what kind of period all the labels are, or None where they are of no one kind.

    ``2009-10`` is a month and a financial year; several such labels are financial years where each second part is the
    year after the first.

    Examples
    --------
    >>> every_of(["2013-Q1", "2013-Q2"]), every_of(["2013-04"]), every_of(["2009-10", "2010-11"])
    ('quarter', 'month', 'financial year')
    """
    if all(_QUARTER.fullmatch(label) for label in labels):
        return "quarter"
    pairs = [_TWO.fullmatch(label) for label in labels]
    if all(pair and (int(pair[1]) + 1) % 100 == int(pair[2]) for pair in pairs) and (
        len(labels) > 1 or not _MONTH.fullmatch(labels[0])
    ):
        return "financial year"
    if all(_MONTH.fullmatch(label) for label in labels):
        return "month"
    return "year" if all(_YEAR.fullmatch(label) for label in labels) else None


def texts_of(values: pd.Series[Any]) -> list[str]:
    """Return periods as text: a pandas Period of a quarter, 2013Q2, is written 2013-Q2.

    Examples
    --------
    >>> texts_of(pd.Series(pd.period_range("2013Q1", periods=2, freq="Q")))
    ['2013-Q1', '2013-Q2']
    """
    return [re.sub(r"^(\d{4})Q", r"\1-Q", str(value).strip()) for value in values]


def place_of(label: str, every: str) -> int:
    """Return the place of a period in time: neighbours differ by one.

    Examples
    --------
    >>> place_of("2014-Q1", "quarter") - place_of("2013-Q4", "quarter")
    1
    """
    if every == "number":
        return int(label)
    year = int(label[:4])
    if every == "quarter":
        return 4 * year + int(label[-1]) - 1
    return 12 * year + int(label[5:]) - 1 if every == "month" else year


def label_of(place: int, every: str) -> str:
    """Return the label of a place in time: what a period that is missing is called.

    Examples
    --------
    >>> label_of(place_of("2013-12", "month") + 1, "month"), label_of(2009, "financial year")
    ('2014-01', '2009-10')
    """
    if every == "quarter":
        return f"{place // 4}-Q{place % 4 + 1}"
    if every == "month":
        return f"{place // 12}-{place % 12 + 1:02d}"
    return f"{place}-{(place + 1) % 100:02d}" if every == "financial year" else str(place)
