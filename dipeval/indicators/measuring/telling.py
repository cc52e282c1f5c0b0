"""Why an indicator is not told, and what a reader of those that are told must bear in mind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.cohort.used import EVENT_DATE
from dipeval.indicators.dictionary.indicator import Indicator
from dipeval.indicators.measuring.completing import Frame, entry_table, late_starts
from dipeval.indicators.measuring.family import CountingRule, holds_all
from dipeval.indicators.measuring.frames import ALL_DISTRICTS, NO_DIMENSION
from dipeval.indicators.measuring.looking_back import look_back_notes
from dipeval.presenting import and_join

if TYPE_CHECKING:
    from dipeval.indicators.records import Records

NO_COMPARISON: Final = (
    "There is no comparison group: no figure here says what a programme achieved, nor does a change of one."
)
ALIKE: Final = (
    "Tests, contacts or stays of one person in a period are alike, and are taken together in the intervals; a person "
    "who is there in several periods is one of each, so that neighbouring periods are alike too."
)
ALIKE_UNKNOWN: Final = (
    "People are not known here, so the intervals take tests and contacts as if they were of as many people; where some "
    "are tested again and again, they are too narrow."
)
_RECORDS: Final = {"drug_tests": "drug tests", "contacts": "contacts", "treatment": "starts of treatment"}
_MOST_GAPS: Final = 6
_MOST_NAMES: Final = 3
# With five records a period on average, one without any comes about by chance in less than one of a hundred.
_USUAL_RECORDS: Final = 5


def not_told(
    names: Sequence[str],
    indicators: Mapping[str, Indicator],
    told: Collection[str],
    records: Records,
    untold: Mapping[str, str],
) -> tuple[tuple[str, str], ...]:
    """Return each indicator that was asked for and is not told, with the reason.

    Parameters
    ----------
    names
        Asked for.
    indicators
        Name -> entry of the dictionary.
    told
        Those that are told.
    records
        What was loaded.
    untold
        Reasons that are known already.
    """
    return tuple((name, untold.get(name) or _reason(indicators[name], records)) for name in names if name not in told)


def _reason(indicator: Indicator, records: Records) -> str:
    tables, columns = [], []
    for need in indicator.needs:
        table, _, column = need.partition(".")
        if table not in records.given:
            tables.append(table)
        elif not holds_all(records, (need,)):
            columns.append(f"{table}.{column}")
    if tables:
        return f"The extracts have no table {and_join(dict.fromkeys(tables))}."
    if columns:
        return f"The extracts have no column {and_join(dict.fromkeys(columns))}."
    if not records.linked:
        return "People are counted here, so it must be known whose records are whose: pass dip.link(extracts)."
    return "Nothing in these periods can be counted for it."


def reading_notes(
    rows: pd.DataFrame,
    frame: Frame,
    rule: CountingRule,
    by: Sequence[str],
    said: Sequence[str],
    offences_from: dt.date | None = None,
) -> tuple[str, ...]:
    """Return what a reader must bear in mind.

    Parameters
    ----------
    rows
        Measured indicators.
    frame
        What they are laid out on.
    rule
        How they were counted.
    by
        Breakdowns asked for.
    said
        Notes on totals.
    offences_from
        First day from which offences are on record, where an indicator looks back at them.
    """
    notes = [NO_COMPARISON]
    everyone = rows[(rows["dimension"] == NO_DIMENSION) & (rows["district"] == ALL_DISTRICTS)]
    early = everyone[everyone["status"] == "too_early"]
    if len(early):
        names = dict.fromkeys(early["indicator"])
        few = and_join(frame.indicators[str(name)].label for name in names)
        words = few if len(names) <= _MOST_NAMES else f"{len(names)} indicators"
        notes.append(f"Not told yet for the last periods, because people are not followed for long enough: {words}.")
    notes += _gap_notes(frame)
    notes += _late_notes(frame)
    notes += look_back_notes(set(rows["indicator"]), set(rows["dimension"]), frame, rule, offences_from)
    notes += _alike_notes(rows, frame)
    if absent := [name for name in by if name not in set(rows["dimension"])]:
        notes.append(f"Nothing here can be broken down by {and_join(absent)}: no table counted has it.")
    return (*notes, *said)


def _alike_notes(rows: pd.DataFrame, frame: Frame) -> list[str]:
    """What the intervals make of people with several tests, contacts or stays."""
    counted = rows["indicator"].map({name: one.kind in ("share", "count") for name, one in frame.indicators.items()})
    dated = rows["indicator"].map({name: entry_table(one) in EVENT_DATE for name, one in frame.indicators.items()})
    own = rows[counted.astype(bool) & dated.astype(bool)]
    if own.empty:
        return []
    if not frame.linked:
        return [ALIKE_UNKNOWN]
    several = own["n_people"].astype("float64") < own["denominator"].where(own["denominator"] != 1, own["numerator"])
    return [ALIKE] if several.any() else []


def _gap_notes(frame: Frame) -> list[str]:
    """Periods without any record in a district that has records before and after them."""
    labels = [one.label for one in frame.periods]
    notes = []
    for table, rows in frame.coverage.groupby("table", sort=True):
        found = []
        for district, own in rows.groupby("district", sort=True):
            has = set(own["period"])
            if own["n"].mean() < _USUAL_RECORDS:
                continue
            first, last = min(has), max(has)
            found += [f"{district} in {label}" for label in labels if first < label < last and label not in has]
        if found:
            more = f" and {len(found) - _MOST_GAPS} more" if len(found) > _MOST_GAPS else ""
            notes.append(
                f"There are no {_RECORDS.get(str(table), str(table))} of {', '.join(found[:_MOST_GAPS])}{more}, though "
                "there are before and after: ask whether records are missing; this is no zero to compare with."
            )
    return notes


def _late_notes(frame: Frame) -> list[str]:
    told = {one.label for one in frame.periods}
    late = sorted(
        (district, period, table)
        for table, district, period in late_starts(frame.coverage)
        if period in told and district != ALL_DISTRICTS
    )
    return [
        f"{district} has {_RECORDS.get(table, table)} from some way into {period} on, so that this period is told as "
        "part of one there."
        for district, period, table in late[:_MOST_GAPS]
    ]
