"""Which event of a person each row waits for, and how long since the one before."""

from __future__ import annotations

import numpy as np

from dipeval.survival.columns import Floats, Integers, Rows

_SAME = 1e-10  # gaps closer than this, relative to the longest, are one: subtraction must not break ties


def numbered_events(rows: Rows) -> tuple[Integers, Floats]:
    """Number the events within each person in order of time.

    Parameters
    ----------
    rows
        Start-stop rows that do not overlap within a person.

    Returns
    -------
    tuple
        By row of the caller's table: the number of the event the row waits for (1 until the first has happened), and
        the start of the first row that waits for it, from which the gap clock runs.
    """
    assert rows.person is not None
    order = np.lexsort((rows.entry, rows.person))
    person, entry, event = rows.person[order], rows.entry[order], rows.event[order].astype(np.int64)
    before = np.cumsum(event) - event
    first = np.concatenate([[True], person[1:] != person[:-1]])
    number = before - before[first][np.cumsum(first) - 1] + 1
    new = first | np.concatenate([[True], number[1:] != number[:-1]])
    since = entry[new][np.cumsum(new) - 1]
    numbers, origins = np.empty(len(rows), dtype=np.int64), np.empty(len(rows))
    numbers[rows.position[order]], origins[rows.position[order]] = number, since
    return numbers, origins


def gap_times(start: Floats, stop: Floats, origin: Floats) -> tuple[Floats, Floats]:
    """Return start and stop counted from `origin`, with values that differ by rounding alone made equal."""
    values = np.concatenate([start - origin, stop - origin])
    distinct, place = np.unique(values, return_inverse=True)
    apart = np.concatenate([[True], np.diff(distinct) > _SAME * distinct[-1]])
    settled = distinct[apart][np.cumsum(apart) - 1][place.reshape(-1)]
    return settled[: len(start)], settled[len(start) :]
