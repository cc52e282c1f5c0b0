"""Rows weighted so that a Cox model of them is a model of the subdistribution hazard.

People to whom something else happened at t stay at risk, with the weight G(s-) H(s-) / (G(t-) H(t-)) at time s: it
falls as they would have left observation and, with late entry, rises as they would have come in. Weights that do not
change between two events of the cause make one row.

Sources: Fine and Gray (1999), *JASA* 94, 496-509; Geskus (2011), *Biometrics* 67, 39-49.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dipeval.errors import EstimationError
from dipeval.survival.columns import Flags, Floats, Integers, Rows
from dipeval.survival.hazards.observation import Clock, Observation, clock_of, observation_of

MOST_ROWS = 50_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expanded:
    """Weighted start-stop rows.

    Parameters
    ----------
    source
        Row of the analysis that each comes from.
    start, stop
        At risk over (start, stop].
    event
        Whether the cause happened at `stop`.
    weight
        Case weight times the weight of being under observation.
    """

    source: Integers
    start: Floats
    stop: Floats
    event: Flags
    weight: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Blocks:
    """Runs of event times of one stratum between which no weight changes.

    `events` are the keys of all event times, `block` the run of each; `stop` and `level` belong to the runs, and
    `value` is G H there.
    """

    events: Integers
    block: Integers
    stop: Floats
    level: Integers
    value: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Tails:
    """The rows that follow those to whom something else happened: runs `first` to `last` of events, by row.

    `value` is G H when the something else happened.
    """

    rows: Integers
    first: Integers
    last: Integers
    value: Floats


def expand(rows: Rows, cause: Integers, number: int) -> Expanded:
    """Return the weighted rows for one cause, as many as its events need.

    Parameters
    ----------
    rows
        One row a person.
    cause
        0 for leaving observation, else the number of what happened.
    number
        The cause modelled.

    Raises
    ------
    EstimationError
        If at some time everybody under observation leaves or has only just entered, so that no weight exists; or if
        the rows would be too many.
    """
    clock = clock_of(rows)
    seen = observation_of(rows, clock, cause > 0)
    blocks = _blocks(clock, seen, np.unique(clock.left[cause == number]))
    others = np.flatnonzero((cause > 0) & (cause != number))
    first, last = _blocks_ahead(clock, blocks, others)
    others, first, last = (values[last >= first] for values in (others, first, last))
    own_level, own_value = seen.level(clock.left[others]), seen.just_before(clock.left[others])
    _check_weights_exist(own_value, blocks.value[last])
    stop = rows.time.copy()
    same = own_level == blocks.level[first]  # nothing changes up to the end of the first run: the same row goes on
    stop[others[same]] = blocks.stop[first[same]]
    tails = _Tails(rows=others, first=first + same, last=last, value=own_value)
    return _together(rows, cause == number, stop, blocks, tails)


def _blocks(clock: Clock, seen: Observation, events: Integers) -> _Blocks:
    level, stratum = seen.level(events), events // clock.width
    new = np.concatenate([[True], (level[1:] != level[:-1]) | (stratum[1:] != stratum[:-1])])
    ends = np.concatenate([np.flatnonzero(new)[1:] - 1, [len(events) - 1]])
    return _Blocks(
        events=events,
        block=np.cumsum(new) - 1,
        stop=clock.time_of(events[ends]),
        level=level[ends],
        value=seen.just_before(events[ends]),
    )


def _blocks_ahead(clock: Clock, blocks: _Blocks, others: Integers) -> tuple[Integers, Integers]:
    """Return the first and last run of events after each row's end; the last before the first if there is none."""
    after = np.searchsorted(blocks.events, clock.left[others], side="right")
    end = np.searchsorted(blocks.events, (clock.stratum[others] + 1) * clock.width) - 1
    none = after > end
    first = blocks.block[np.where(none, 0, after)]
    return first, np.where(none, -1, blocks.block[np.where(none, 0, end)])


def _check_weights_exist(own: Floats, later: Floats) -> None:
    lost = (own <= 0) | (later <= 0)
    if lost.any():
        raise EstimationError(
            f"{int(lost.sum())} people to whom something else happened cannot be weighted: with late entry, everybody "
            "under observation at some time leaves just then or has only just entered. Start the follow-up later, "
            "where more people are under observation."
        )


def _together(rows: Rows, event: Flags, stop: Floats, blocks: _Blocks, tails: _Tails) -> Expanded:
    """Put each person's own row and the rows that follow it into one table."""
    length = tails.last - tails.first + 1
    total = int(length.sum()) + len(rows)
    if total > MOST_ROWS:
        raise EstimationError(
            f"{total:,} weighted rows would be needed: give the times in whole days, weeks or months, so that fewer "
            "distinct times remain."
        )
    start = np.where(np.isfinite(rows.entry), rows.entry, 0.0)
    source = np.repeat(tails.rows, length)
    run = np.repeat(tails.first, length) + np.arange(len(source)) - np.repeat(np.cumsum(length) - length, length)
    opening = np.concatenate([[True], source[1:] != source[:-1]]) if len(source) else np.zeros(0, dtype=bool)
    begin = np.where(opening, stop[source], blocks.stop[run - 1])
    relative = blocks.value[run] / np.repeat(tails.value, length)
    use = np.flatnonzero(stop > start)  # a row that ends at time 0 is never at risk
    return Expanded(
        source=np.concatenate([use, source]),
        start=np.concatenate([start[use], begin]),
        stop=np.concatenate([stop[use], blocks.stop[run]]),
        event=np.concatenate([event[use], np.zeros(len(source), dtype=bool)]),
        weight=np.concatenate([rows.weight[use], rows.weight[source] * relative]),
    )
