"""People at each stage, from a pathway or a plain table, and which spending belongs to which of them."""

from __future__ import annotations

import datetime as dt
import difflib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from dipeval.errors import InputError
from dipeval.presenting import and_join
from dipeval.roi.costs_of_crime.tables import year_in_words
from dipeval.roi.entrance import check_table, figures
from dipeval.roi.spending.cost_checks import NOT_STATED

# More than there are people.
_MOST_PEOPLE: Final = 1e10
EVERYONE: Final = "everyone"
COUNTINGS: Final = ("cohort", "period")
COUNTING_NOT_STATED: Final = "not stated"
_GROUPS: Final = ("district", "group")
# What other tables call the same stages.
_ALIASES: Final = {
    "contacts": "contact",
    "seen": "contact",
    "started": "treatment",
    "retained": "retained_12_weeks",
    "completion": "completed",
    "completions": "completed",
}
_NEAR: Final = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Counts of people, ready to divide money by.

    Parameters
    ----------
    frame
        ``group``, ``stage``, ``kind`` (the stage under the name that has words), ``n`` (missing: not shown).
    by
        ``district``, the name of another breakdown, or None.
    counting
        ``cohort``, ``period`` or ``not stated``.
    window
        First and last day, where known.
    told
        Sentences that must stand beside the counts.
    summed
        Whether the total is the sum of the groups.
    """

    frame: pd.DataFrame
    by: str | None
    counting: str
    window: tuple[dt.date, dt.date] | None
    told: tuple[str, ...]
    summed: bool = False


def read_counts(counts: Any, counting: str | None) -> Counts:
    """Return the counts of a pathway, or of a frame with ``stage`` and ``n``.

    Parameters
    ----------
    counts
        A `dipeval.Pathway`, or a frame: ``stage``, ``n``; optional ``district`` or ``group``, ``counting``.
    counting
        ``cohort`` or ``period`` where a frame does not say it; must agree with what the counts say.

    Returns
    -------
    Counts

    Raises
    ------
    InputError
        If they cannot be read.
    """
    if counting is not None and counting not in COUNTINGS:
        raise InputError(f"counting is 'cohort' or 'period', not '{counting}'.")
    if isinstance(counts, pd.DataFrame):
        return _of_frame(counts, counting)
    if not (hasattr(counts, "to_frame") and hasattr(counts, "counting")):
        raise InputError("counts must be a result of dip.pathway, or a frame with the columns stage and n.")
    if counting is not None and counting != counts.counting:
        raise _disagree(counting, counts.counting)
    frame = counts.to_frame()[["group", "stage", "n"]]
    any_contact = bool(getattr(counts, "any_contact", False))
    kinds = [_kind(stage, counts.counting, any_contact) for stage in frame["stage"]]
    return Counts(
        frame=_checked(frame.assign(kind=kinds)),
        by=counts.by,
        counting=counts.counting,
        window=(counts.date_from, counts.date_to),
        told=(counts.how_counted, *counts.notes()),
    )


def _kind(stage: str, counting: str, any_contact: bool = False) -> str:
    if stage == "attended" and any_contact:
        return "contact"
    # In a period everyone in treatment counts, whenever it began: they did not all start.
    return "in_treatment" if stage == "treatment" and counting == "period" else _ALIASES.get(stage, stage)


def _of_frame(frame: pd.DataFrame, counting: str | None) -> Counts:
    check_table(frame, "The counts")
    missing = [name for name in ("stage", "n") if name not in frame.columns]
    if missing or frame.empty:
        found = f"lack the column(s) {', '.join(missing)}" if missing else "are empty"
        raise InputError(f"The counts {found}; give one row a stage: stage, n (people), and district if they differ.")
    said = counting if "counting" not in frame.columns else _said(frame, counting)
    by = next((name for name in _GROUPS if name in frame.columns), None)
    groups = frame[by].astype("string").fillna(NOT_STATED) if by else EVERYONE
    stages = frame["stage"].astype(str)
    known = said or COUNTING_NOT_STATED
    kinds = [_kind(stage, known) for stage in stages]
    rows = _checked(pd.DataFrame({"group": groups, "stage": stages, "n": frame["n"], "kind": kinds}))
    summed = EVERYONE not in set(rows["group"])
    whole = [_total(rows)] if summed else []
    rows = pd.concat([*whole, rows[rows["group"] == EVERYONE], rows[rows["group"] != EVERYONE]], ignore_index=True)
    return Counts(frame=rows, by=by, counting=known, window=None, told=(), summed=summed)


def _said(frame: pd.DataFrame, counting: str | None) -> str:
    said = sorted(set(frame["counting"].astype(str)))
    if len(said) > 1 or said[0] not in COUNTINGS:
        raise InputError(
            "The counts do not say in one way how people were counted (column counting): 'cohort' or 'period', the "
            "same in every row. The two cannot be mixed."
        )
    if counting not in (None, said[0]):
        raise _disagree(str(counting), said[0])
    return said[0]


def _disagree(asked: str, said: str) -> InputError:
    return InputError(
        f"counting='{asked}' was asked for and the counts are those of a {said}; leave it out, or count again."
    )


def _checked(frame: pd.DataFrame) -> pd.DataFrame:
    n = figures(frame["n"])
    if n is None:
        raise InputError("The counts are not all numbers; leave n empty where a count may not be shown.")
    odd = int((n.lt(0) | (n % 1).gt(0) | n.gt(_MOST_PEOPLE)).sum())
    if odd:
        raise InputError(f"{odd} of the {len(n)} counts are not whole numbers of people, 0 or more; correct them.")
    if frame.duplicated(["group", "stage"]).any():
        raise InputError("The counts hold a stage more than once for the same group; keep one row a group and stage.")
    text = {name: frame[name].astype(str) for name in ("group", "stage")}
    return frame.assign(n=n, **text).reset_index(drop=True)


def _total(rows: pd.DataFrame) -> pd.DataFrame:
    """The sum of the groups, by stage, in the order of the stages; missing where a part is."""
    stages = rows.groupby("stage", sort=False)
    n = stages["n"].agg(lambda part: math.fsum(part) if part.notna().all() else math.nan)
    whole = n.rename("n").reset_index().assign(group=EVERYONE, kind=stages["kind"].first().to_numpy())
    return whole[list(rows.columns)]


def folded(name: str) -> str:
    """Return a name as it is compared: without capitals and double blanks.

    Examples
    --------
    >>> folded(" North  Yorkshire ")
    'north yorkshire'
    """
    return " ".join(name.split()).casefold()


def check_districts(groups: Sequence[str], districts: Sequence[str]) -> None:
    """Refuse names of districts that look like the same place spelt in two ways, with the nearest of each.

    Parameters
    ----------
    groups
        Districts of the counts.
    districts
        Districts of the spending.

    Raises
    ------
    InputError
        If a district of the counts has no spending, and a similar name has spending and no counts.

    Examples
    --------
    >>> check_districts(["Leeds"], ["LEEDS", "Wakefield"])
    """
    theirs = {folded(name): name for name in districts}
    ours = {folded(name) for name in groups}
    alone = [name for name in groups if folded(name) not in theirs]
    free = {key: name for key, name in theirs.items() if key not in ours}
    near = {name: difflib.get_close_matches(folded(name), sorted(free), n=1, cutoff=_NEAR) for name in alone}
    if alone and len(alone) == len(groups):
        raise InputError(
            f"None of the {len(groups)} districts of the counts has spending; the costs name {and_join(districts)}. "
            "Spell the districts alike in both tables."
        )
    if any(near.values()):
        told = "; ".join(
            f"'{name}' (nearest in the costs: '{free[found[0]]}')" if found else f"'{name}' (nothing near it)"
            for name, found in near.items()
        )
        raise InputError(
            f"{len(alone)} district(s) of the counts have no spending under that name: {told}. Spell them alike in "
            "both tables, or take out the rows of places that are not in both."
        )


def check_window(window: tuple[dt.date, dt.date] | None, years: Iterable[int]) -> str:
    """Return a caution where the money and the people are not of the same time, and refuse years that never meet.

    Parameters
    ----------
    window
        First and last day of the counts, where known.
    years
        First calendar years of the financial years of the spending.

    Returns
    -------
    str
        A sentence, or an empty text.

    Examples
    --------
    >>> check_window((dt.date(2010, 4, 1), dt.date(2011, 3, 31)), [2010])
    ''
    """
    if window is None:
        return ""
    spent = sorted(set(years))
    first, last = (day.year - ((day.month, day.day) < (4, 1)) for day in window)
    told = and_join(year_in_words(year) for year in spent)
    days = f"{window[0].isoformat()} to {window[1].isoformat()}"
    if not set(range(first, last + 1)) & set(spent):
        raise InputError(
            f"The spending is of {told} and the people were counted from {days}: they share no year. Pass the spending "
            "of the years in which the people were counted."
        )
    whole = (dt.date(spent[0], 4, 1), dt.date(spent[-1] + 1, 3, 31))
    if window == whole and len(spent) == last - first + 1:
        return ""
    return (
        f"The spending is of {told} (April to March) and the people were counted from {days}: the figures are too high "
        "or too low by what lies in one and not in the other."
    )


def short_of_years(lines: pd.DataFrame) -> dict[str, str]:
    """Return a sentence for each district (folded name) whose lines lack a year that others have.

    Parameters
    ----------
    lines
        ``district`` and ``year``.

    Returns
    -------
    dict
        The figures of these districts are too low.
    """
    years = set(lines["year"])
    there = lines.groupby(lines["district"].map(folded), sort=True)["year"].agg(set)
    return {
        str(name): f"No spending is on record for {and_join(year_in_words(year) for year in sorted(years - own))}."
        for name, own in there.items()
        if years - own
    }
