"""From days to start-stop rows, for everybody at once: cut at treatment, custody and events, then audit.

A row is at risk over (start, stop]. Everything is whole days from time zero, person by person in one sorted array, so
that the work is linear (after sorting) in the number of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import InputError

Days = NDArray[Any]
# Wider than any day that is compared, so that (person, day) is one whole number.
_WIDTH = np.int64(1) << 24


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Marks:
    """What happens to each person, in whole days from time zero.

    Parameters
    ----------
    limit, ended
        Last day that can be followed, and why it is the last.
    treated_from
        Day after which a person is treated (minus infinity: from the beginning; infinity: never).
    gap_code, gap_from, gap_to
        Person and days (from, to] in custody; the gaps of a person do not touch.
    event_code, event_day
        Person and day of each event, sorted; one a person and day.
    """

    limit: Days
    ended: NDArray[Any]
    treated_from: Days
    gap_code: Days
    gap_from: Days
    gap_to: Days
    event_code: Days
    event_day: Days


def gaps_of(code: Days, first: Days, last: Days) -> tuple[Days, Days, Days]:
    """Days in custody as (from, to]: reception and release are days partly at liberty, so that neither is taken out.

    Raises
    ------
    InputError
        If two spells of a person overlap.
    """
    if not len(code):
        return code, first, last
    order = np.lexsort((last, first, code))
    code, first, last = code[order], first[order], last[order]
    same = np.r_[False, code[1:] == code[:-1]]
    previous = np.r_[0, last[:-1]]
    overlapping = same & (first < previous)
    if overlapping.any():
        raise InputError(
            f"{int(overlapping.sum())} spells of custody overlap another of the same person "
            f"({len(np.unique(code[overlapping]))} people): unite them first, or mend their dates."
        )
    opens = ~(same & (first == previous))  # moved from one prison to another: one stay
    starts = np.flatnonzero(opens)
    ends = np.r_[starts[1:], len(code)] - 1
    begin, end = first[starts], last[ends] - 1
    kept = end > begin
    return code[starts][kept], begin[kept], end[kept]


def in_gaps(code: Days, day: Days, gap_code: Days, gap_from: Days, gap_to: Days) -> NDArray[Any]:
    """Whether each (person, day) lies in a gap."""
    if not len(gap_code):
        return np.zeros(len(code), dtype=bool)
    # Spells from before time zero have negative days: shifted, so that they stay inside their person's width.
    shift = _WIDTH // 2
    place = np.searchsorted(gap_code * _WIDTH + gap_from + shift, code * _WIDTH + day + shift, side="left") - 1
    there = np.maximum(place, 0)
    found: NDArray[Any] = (place >= 0) & (gap_code[there] == code) & (day <= gap_to[there])
    return found


def clipped_gaps(marks: Marks) -> tuple[Days, Days, Days]:
    """The part of each gap inside the follow-up of its person."""
    begin = np.maximum(marks.gap_from, 0)
    end = np.minimum(marks.gap_to, marks.limit[marks.gap_code])
    kept = end > begin
    return marks.gap_code[kept], begin[kept], end[kept]


def build_rows(marks: Marks) -> pd.DataFrame:
    """Cut everybody's time at treatment, custody and events.

    Returns
    -------
    pandas.DataFrame
        code, start, stop, event, treated, in_custody (0/1), n_th, reason; sorted by code, start. Custody has rows too.
    """
    n = len(marks.limit)
    everybody = np.arange(n, dtype=np.int64)
    gap_code, gap_from, gap_to = clipped_gaps(marks)
    switch = np.flatnonzero((marks.treated_from > 0) & (marks.treated_from < marks.limit))
    codes = np.r_[everybody, everybody, switch, gap_code, gap_code, marks.event_code]
    days = np.r_[
        np.zeros(n, np.int64),
        marks.limit,
        marks.treated_from[switch].astype(np.int64),
        gap_from,
        gap_to,
        marks.event_day,
    ]
    points = np.unique(codes * _WIDTH + days)
    code, day = points // _WIDTH, points % _WIDTH
    follows = code[1:] == code[:-1]
    code, start, stop = code[:-1][follows], day[:-1][follows], day[1:][follows]
    at_end = code * _WIDTH + stop
    held = in_gaps(code, stop, gap_code, gap_from, gap_to)
    event = np.isin(at_end, marks.event_code * _WIDTH + marks.event_day)
    so_far: Days = np.cumsum(event) - event
    before: Days = so_far[np.searchsorted(code, code, side="left")]
    reason = np.select(
        [
            event,
            stop == marks.limit[code],
            np.isin(at_end, gap_code * _WIDTH + gap_from),
            np.isin(at_end, gap_code * _WIDTH + gap_to),
        ],
        ["event", marks.ended[code].astype(str), "custody", "release"],
        default="treatment",
    )
    return pd.DataFrame(
        {
            "code": code,
            "start": start,
            "stop": stop,
            "event": event.astype(np.int64),
            "treated": (start >= marks.treated_from[code]).astype(np.int64),
            "in_custody": held.astype(np.int64),
            "n_th": so_far - before + 1,
            "reason": reason.astype(object),
        }
    )
