"""Who comes first when nothing in the data says so: orders that do not depend on the order of the rows."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from dipeval.matching.ids import WIDE, Ids

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

CHUNK = 8192  # rows hashed at a time: they stay in the processor's cache


def seeded_order(ids: Ids, seed: int, purpose: str) -> Ints:
    """Return the positions that sort people by a seeded hash of their id: random to the eye, the same for ever.

    Parameters
    ----------
    ids
        The ids.
    seed
        Another seed gives another order.
    purpose
        Keeps the orders used for different things unrelated.

    Returns
    -------
    numpy.ndarray
        Of two ids with one hash (texts only: whole numbers never share one) the lower comes first.

    Notes
    -----
    The hash is the finaliser of splitmix64, keyed from the seed and the purpose: Steele, G. L., Lea, D. and Flood,
    C. H. (2014), Fast splittable pseudorandom number generators, OOPSLA '14, 453-472. Integer arithmetic modulo 2^64
    only, so the order is the same on every machine.

    Examples
    --------
    >>> import pandas as pd
    >>> from dipeval.matching.ids import read_ids
    >>> seeded_order(read_ids(pd.Index([1, 2, 3, 4, 5])), 0, "ties").tolist()
    [4, 2, 0, 1, 3]
    """
    hashed = seeded_hash(ids, seed, purpose)[ids.order]
    ranked = np.argsort(hashed)  # several times quicker than a stable sort, and the same unless hashes are
    ordered = hashed[ranked]
    if (ordered[1:] == ordered[:-1]).any():
        ranked = np.argsort(hashed, kind="stable")
    return ids.order[ranked]


def seeded_hash(ids: Ids, seed: int, purpose: str) -> Words:
    """Return a 64-bit hash of every id, in the order of the rows.

    Parameters
    ----------
    ids, seed, purpose
        As in `seeded_order`.

    Returns
    -------
    numpy.ndarray
    """
    digest = blake2b(f"{purpose}:{seed}".encode(), digest_size=16).digest()
    first, last = (np.uint64(int.from_bytes(digest[start : start + 8], "little")) for start in (0, 8))
    mixed = np.full(len(ids), first, dtype=np.uint64)
    if ids.numbers is not None:
        mixed ^= ids.numbers.view(np.uint64)
    elif ids.texts is not None:
        everybody = np.arange(len(ids), dtype=np.int64)
        lengths = ids.texts.lengths(everybody)
        for place in range(-(-int(lengths.max(initial=0)) // WIDE)):
            rows = everybody[lengths > WIDE * place]
            mixed[rows] = _mix(mixed[rows] ^ ids.texts.word(rows, place))
        mixed ^= lengths.astype(np.uint64)
    return _mix(_mix(mixed) + last)


def steady(score: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round computed scores to a grid of 2^-33 (about 1e-10), so that the last bits of a machine choose no pair.

    Two people exactly as far away on either side are common with whole-number covariates. Which of them a fitted score
    calls nearer would otherwise hang on the processor, the linear algebra library and its number of threads. A power
    of two keeps distances between rounded scores exact, so that what is level stays level.

    Examples
    --------
    >>> bool(steady(np.array([0.1 + 0.2]))[0] == steady(np.array([0.3]))[0])
    True
    """
    grid = 2.0**33
    rounded: NDArray[np.float64] = np.round(score * grid) / grid + 0.0
    return rounded


def content_groups(rows: NDArray[np.float64]) -> tuple[Ints, Ints]:
    """Group identical rows, in an order that depends on what the rows hold and never on where they stand.

    Parameters
    ----------
    rows
        Finite numbers, one row a person.

    Returns
    -------
    tuple
        Position of the first row of each group, and the group of every row.
    """
    mixed = _row_hash(rows)
    order = np.argsort(mixed, kind="stable")
    mixed = mixed[order]
    fresh = np.ones(len(rows), dtype=bool)
    fresh[1:] = mixed[1:] != mixed[:-1]
    if _any_differ(rows, order, np.flatnonzero(~fresh)):  # two different rows with one hash: sort by the values
        order = np.lexsort(rows.T[::-1])
        ordered = rows[order]
        fresh[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    group = np.empty(len(rows), dtype=np.int64)
    group[order] = np.cumsum(fresh) - 1
    return order[fresh].astype(np.int64, copy=False), group


def _any_differ(rows: NDArray[np.float64], order: Ints, places: Ints) -> bool:
    """Whether the row at any of these places of the order holds something else than the row before it."""
    for start in range(0, len(places), CHUNK):
        chunk = places[start : start + CHUNK]
        if (rows[order[chunk]] != rows[order[chunk - 1]]).any():
            return True
    return False


def _row_hash(rows: NDArray[np.float64]) -> Words:
    """Mix the bits of each row, one column after the other."""
    hashed = np.empty(len(rows), dtype=np.uint64)
    for start in range(0, len(rows), CHUNK):
        chunk = np.ascontiguousarray(rows[start : start + CHUNK].T) + 0.0  # minus zero becomes zero
        mixed = np.full(chunk.shape[1], 0x9E3779B97F4A7C15, dtype=np.uint64)
        for column in chunk.view(np.uint64):
            mixed = _mix(mixed * np.uint64(0xD1342543DE82EF95) + column)
        hashed[start : start + CHUNK] = mixed
    return hashed


def _mix(words: Words) -> Words:
    """Mix the bits of each word, one to one (the finaliser of splitmix64)."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
