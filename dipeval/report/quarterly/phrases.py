"""Sentences of the quarterly report, made of figures that have passed the gate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.disclosure import CONFIDENTIAL
from dipeval.indicators.measuring.frames import ALL_DISTRICTS

if TYPE_CHECKING:
    from dipeval.study.quarterly.result import QuarterlyResult

NO_EFFECT: Final = (
    "Nobody here is compared with people who had no help, so none of these figures says what the programme achieved."
)
NOTHING_TOLD: Final = "The records hold nothing from which this could be told."
WITHHELD: Final = "{label}: withheld, because it rests on too few people."
ALPHABETICAL: Final = "Districts stand in alphabetical order: the order says nothing."
DIMENSIONS: Final[Mapping[str, str]] = {
    "entry_point": "Entry point",
    "substance": "Substance",
    "offence_class": "Offence",
    "age_group": "Age",
    "sex": "Sex",
    "new_or_returning": "New or returning",
    "seen_or_not": "Seen or not",
    "custody_suite": "Custody suite",
    "test_ground": "Ground of the test",
    "hour": "Hour of the day",
}
GROUPS: Final[Mapping[str, str]] = {
    "class_a": "Class A drugs",
    "nps": "New psychoactive substances",
    "acquisitive": "Acquisitive",
    "out_of_court": "Out of court",
}
_QUARTERS: Final = ("January to March", "April to June", "July to September", "October to December")
_MONTHS: Final = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
                  "November", "December")  # fmt: skip
MOST_NAMED: Final = 6


def period_words(period: str) -> str:
    """Return a quarter or a month in words.

    Examples
    --------
    >>> period_words("2013-Q2"), period_words("2013-04"), period_words("2013-14")
    ('April to June 2013', 'April 2013', '2013-14')
    """
    year, _, part = str(period).partition("-")
    if part.startswith("Q") and part[1:] in ("1", "2", "3", "4"):
        return f"{_QUARTERS[int(part[1:]) - 1]} {year}"
    if part.isdigit() and 1 <= int(part) <= 12:
        return f"{_MONTHS[int(part) - 1]} {year}"
    return str(period)


def begins(period: str) -> str:
    """Return the month in which a quarter or month begins.

    Examples
    --------
    >>> begins("2013-Q2"), begins("2013-04")
    ('April 2013', 'April 2013')
    """
    return _end_month(period, first=True)


def ends(period: str) -> str:
    """Return the month in which a quarter or month ends.

    Examples
    --------
    >>> ends("2013-Q2"), ends("2013-04"), ends("2013-14")
    ('June 2013', 'April 2013', '2013-14')
    """
    return _end_month(period, first=False)


def _end_month(period: str, *, first: bool) -> str:
    words = period_words(period)
    months, found, year = words.rpartition(" ")[0], words.rpartition(" ")[1], words.rpartition(" ")[2]
    return f"{months.split(' to ')[0 if first else -1]} {year}" if found else words


def place_words(district: str) -> str:
    """Return a district, or the whole area, as it stands at the beginning of a line."""
    return "All districts" if district == ALL_DISTRICTS else str(district)


def group_words(group: Any) -> str:
    """Return a group of a breakdown as a reader knows it.

    Examples
    --------
    >>> group_words("class_a"), group_words("not recorded"), group_words("18-24")
    ('Class A drugs', 'Not recorded', '18-24')
    """
    text = GROUPS.get(str(group), str(group).replace("_", " "))
    return text[:1].upper() + text[1:]


def figure_sentence(row: Mapping[Any, Any], meaning: Mapping[str, Any]) -> str:
    """Return one figure in a sentence: what it is, when, its interval, and what was counted out of what.

    Parameters
    ----------
    row
        Of `released.figures`.
    meaning
        The indicator's entry in the dictionary (numerator and denominator in words).
    """
    label, when = str(row["label"]), period_words(str(row["period"]))
    if row["hidden"] or row["shown"] == CONFIDENTIAL:
        return f"{label}, {when}: withheld, because it rests on too few people."
    if row["status"] != "ok":
        return f"{label}, {when}: {row['shown']}."
    unit = str(row["unit"])
    value = str(row["shown"]) + ("" if unit == "%" or "pound" in unit else f" {unit}")
    value += " a test" if unit == "pounds a test" else " a contact" if unit == "pounds a contact" else ""
    interval = f" (95% interval {row['shown_interval']})" if row["shown_interval"] else ""
    counted = _counted(row, meaning)
    target = ""
    if row["shown_target"]:
        target = f" The target of {row['shown_target']} is {row['shown_met']}."
    return f"{label}, {when}: {value}{interval}{counted}.{target}"


def _counted(row: Mapping[Any, Any], meaning: Mapping[str, Any]) -> str:
    n, of = str(row["shown_n"]), str(row["shown_of"])
    if not of:
        return ""
    if CONFIDENTIAL in (n, of):
        return f", out of {meaning['denominator']}"
    return f": {n} of {of} {meaning['denominator']}"


def meanings(result: QuarterlyResult) -> dict[str, dict[str, Any]]:
    """Return indicator -> its entry in the dictionary."""
    frame = result.indicators.dictionary()
    return {str(row["name"]): row for row in frame.to_dict("records")}  # type: ignore[misc]


def few_of(items: Sequence[str], *, most: int = MOST_NAMED, where: str = "") -> tuple[str, ...]:
    """Return the first items of a list, and how many more there are and where.

    Examples
    --------
    >>> few_of(["a", "b", "c"], most=2, where="the section on change")
    ('a', 'b', '1 more: see the section on change.')
    """
    if len(items) <= most:
        return tuple(items)
    return (*items[:most], f"{len(items) - most} more: see {where}.")


def one_or_many(count: int, one: str, many: str = "") -> str:
    """Return a number of things in words.

    Examples
    --------
    >>> one_or_many(1, "target"), one_or_many(3, "target"), one_or_many(0, "target")
    ('1 target', '3 targets', 'no target')
    """
    if count == 0:
        return f"no {one}"
    return f"{count} {one if count == 1 else many or one + 's'}"


def listed(words: Iterable[str]) -> str:
    """Return words as a list in a sentence.

    Examples
    --------
    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    found = list(words)
    return " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)


def latest_told(rows: pd.DataFrame) -> pd.DataFrame:
    """Return of each indicator the rows of its latest period that is told, the same for every district and group."""
    told = rows[rows["status"].isin(["ok", "no_units"])]
    last = told.groupby("indicator")["period_from"].max()
    return rows[rows["period_from"] == rows["indicator"].map(last)].reset_index(drop=True)


def why_not(result: QuarterlyResult, part: str) -> str:
    """Return the sentence on why a part is missing."""
    return str(result.not_told.get(part, NOTHING_TOLD))


def told_of(result: QuarterlyResult, part: str) -> tuple[str, ...]:
    """Return the sentence that a part is about the whole area, where this is the view of one district."""
    if result.district is None or part not in result.whole_area:
        return ()
    return ("This part can only be told of the whole area, not of one district.",)
