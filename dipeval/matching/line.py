"""Exact matching of two groups on one score, without a matrix: people stand on a line.

Distance on a line is convex, so among the best matchings there is one whose pairs never cross: the first matched person
of one group goes with the first matched person of the other, and so on. What remains is to choose who is matched.
Scores are turned into whole numbers first (`whole_numbers`), so that sums are exact and what is level stays level.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WHOLE = 62  # sums of whole numbers stay below 2^62
MOST_CELLS = 1_000_000_000  # two bits each


def unit(span: float, room: float) -> float:
    """Return the power of two in which a length of `span` is at most `room`, and no finer than 2^-60 of the span.

    Parameters
    ----------
    span
        Largest distance that is to be expressed.
    room
        Largest whole number that it may become.

    Returns
    -------
    float

    Examples
    --------
    >>> unit(1.0, 1024)
    0.0009765625
    """
    if span <= 0:
        return 1.0
    return 2.0 ** max(-1000, math.ceil(math.log2(span) - math.log2(min(room, 2.0**60))))


def whole_numbers(score: Floats, longest: float, room: float, ends: float = 2.0**60) -> tuple[Ints, float]:
    """Return scores as whole numbers of a step, and the step.

    Parameters
    ----------
    score
        Scores of both groups.
    longest
        Longest distance of a pair that may be made.
    room
        Largest whole number that such a distance may become.
    ends
        Largest whole number that the whole line may become.
    """
    lowest = float(score.min())
    step = max(unit(longest, room), unit(float(score.max()) - lowest, ends))
    lowest = math.floor(lowest / step) * step  # a whole multiple, so that scores on a grid stay on it
    return np.asarray(np.rint((score - lowest) / step), dtype=np.int64), step


def windows(rows: Floats, columns: Floats, width: float) -> tuple[Ints, Ints]:
    """Return for each of `rows` the places from, and up to, which `columns` (sorted) lie within the width, inclusive.

    Found by bisection with the very comparison that the proof makes, so that no rounding lets a pair in or out.
    """
    if math.isinf(width):
        return np.zeros(len(rows), dtype=np.int64), np.full(len(rows), len(columns), dtype=np.int64)

    def bisect(end: str) -> Ints:
        low = np.zeros(len(rows), dtype=np.int64)
        high = np.full(len(rows), len(columns), dtype=np.int64)
        while (low < high).any():
            middle = np.minimum((low + high) // 2, len(columns) - 1)
            there = columns[middle]
            before = (rows - there > width) if end == "first" else (there - rows <= width)
            active = low < high
            low = np.where(active & before, middle + 1, low)
            high = np.where(active & ~before, middle, high)
        return low

    return bisect("first"), bisect("end")


def queues(rows: Floats, columns: Floats, *, rows_first: bool) -> tuple[Ints, Ints]:
    """Return for each of `rows` (sorted) the places from, and up to, which its best match in `columns` can lie.

    A match further right than that would pass over somebody free and nearer: everybody in between is used, by rows that
    stand further left and found everybody used before, as in a queue. With people of both groups well mixed the queues
    are short, and few pairs need a look. At the same score the rows stand before the columns if `rows_first`.
    """
    size, pool = len(rows), len(columns)
    here = np.arange(size)
    before = np.searchsorted(columns, rows, side="left" if rows_first else "right")
    beyond = pool - before
    high = here + 1 + np.maximum.accumulate(before - here)
    low = pool - (size - here + np.maximum.accumulate((beyond - here[::-1])[::-1])[::-1])
    return np.maximum(low, 0).astype(np.int64), np.minimum(high, pool).astype(np.int64)


def turned(low: Ints, high: Ints, size: int) -> tuple[Ints, Ints]:
    """Return, from the rows allowed for each column, the columns allowed for each of `size` rows; both never fall."""
    here = np.arange(size)
    return (
        np.searchsorted(high, here, side="right").astype(np.int64),
        np.searchsorted(low, here, side="right").astype(np.int64),
    )


def aligned(rows: Ints, columns: Ints, low: Ints, high: Ints, row_value: Ints, column_value: Ints) -> tuple[Ints, Ints]:
    """Choose the pairs, none crossing, whose values less distances have the largest sum.

    Parameters
    ----------
    rows, columns
        Scores of the two groups, sorted.
    low, high
        Columns allowed for each row: from `low` up to `high`, both never falling.
    row_value, column_value
        Each pair is worth the sum of the two, less its distance; a pair worth nothing is not made.

    Returns
    -------
    tuple
        Places of the two people of each pair.

    Notes
    -----
    Alignment of two sequences in a band (Needleman, S. B. and Wunsch, C. D. (1970), Journal of Molecular Biology 48,
    443-453): best[i, j] is the best of the first i rows and the first j columns. Only one row of it is kept, with two
    bits for each allowed pair, from which the choices are read back.
    """
    best = np.zeros(len(columns) + 1, dtype=np.int64)
    filled = 0
    paired: list[NDArray[np.uint8]] = []
    stayed: list[NDArray[np.uint8]] = []
    for place, start, stop, value in zip(rows.tolist(), low.tolist(), high.tolist(), row_value.tolist(), strict=True):
        if stop > filled:
            best[filled + 1 : stop + 1] = best[filled]
            filled = stop
        before = best[start + 1 : stop + 1]
        with_pair = best[start:stop] + (column_value[start:stop] - np.abs(columns[start:stop] - place))
        with_pair += value
        is_pair = with_pair > before
        np.maximum(with_pair, before, out=with_pair)
        np.maximum.accumulate(with_pair, out=with_pair)
        # A later place that only carries an earlier one's sum on is no pair; it is told by the sum of the place before.
        is_pair[1:] &= with_pair[1:] > with_pair[:-1]
        paired.append(np.packbits(is_pair))
        stayed.append(np.packbits(with_pair == before))
        best[start + 1 : stop + 1] = with_pair
    return _read_back(low, high, paired, stayed)


def _read_back(
    low: Ints, high: Ints, paired: list[NDArray[np.uint8]], stayed: list[NDArray[np.uint8]]
) -> tuple[Ints, Ints]:
    firsts: list[int] = []
    seconds: list[int] = []
    column = int(high.max(initial=0))
    for row in range(len(low) - 1, -1, -1):
        start, column = int(low[row]), min(column, int(high[row]))
        is_pair, is_same = paired[row], stayed[row]
        while column > start:
            place = column - 1 - start
            byte, bit = place >> 3, 128 >> (place & 7)
            if is_pair[byte] & bit:
                firsts.append(row)
                seconds.append(column - 1)
                column -= 1
                break
            if is_same[byte] & bit:
                break
            column -= 1
    return np.asarray(firsts[::-1], dtype=np.int64), np.asarray(seconds[::-1], dtype=np.int64)
