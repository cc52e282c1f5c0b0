"""Who comes first when nothing in the data says so: canonical orders that do not depend on the order of the rows."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import InputError

Ints = NDArray[np.int64]


def id_texts(ids: pd.Index) -> list[str]:
    """Return the ids as text; ids must differ as text too, because hashes and fingerprints are made of it."""
    texts = [str(value) for value in ids]
    repeated = len(texts) - len(set(texts))
    if repeated:
        raise InputError(
            f"{repeated} of the {len(texts)} ids repeat an earlier one; one row a person with a unique id is needed: "
            "remove the repeats, or name a column that tells people apart with id=."
        )
    return texts


def canonical_order(ids: pd.Index, texts: list[str]) -> Ints:
    """Return the positions that sort people by id: whole numbers as numbers, anything else as text."""
    if pd.api.types.is_integer_dtype(ids.dtype):
        return np.argsort(ids.to_numpy(), kind="stable").astype(np.int64)
    return np.asarray(sorted(range(len(texts)), key=texts.__getitem__), dtype=np.int64)


def seeded_order(texts: list[str], seed: int, purpose: str) -> Ints:
    """Return the positions that sort people by a seeded hash of their id: random to the eye, the same for ever.

    Parameters
    ----------
    texts
        The ids as text, all different.
    seed
        Another seed gives another order.
    purpose
        Keeps the orders used for different things unrelated.
    """
    key = f"{purpose}:{seed}".encode()[:64]
    digests = [blake2b(text.encode(), digest_size=16, key=key).digest() for text in texts]
    return np.asarray(sorted(range(len(texts)), key=digests.__getitem__), dtype=np.int64)


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
    values = np.ascontiguousarray(rows) + 0.0  # minus zero becomes zero: equal numbers, equal bits
    mixed = _row_hash(values)
    order = np.argsort(mixed, kind="stable")
    ordered = values[order]
    fresh = np.ones(len(values), dtype=bool)
    fresh[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    same_hash = np.zeros(len(values), dtype=bool)
    same_hash[1:] = mixed[order][1:] == mixed[order][:-1]
    if (fresh & same_hash).any():  # two different rows with one hash: sort by the values themselves
        order = np.lexsort(values.T[::-1])
        ordered = values[order]
        fresh[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    group = np.empty(len(values), dtype=np.int64)
    group[order] = np.cumsum(fresh) - 1
    return order[fresh].astype(np.int64), group


def _row_hash(values: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Mix the bits of each row (the finaliser of splitmix64, one column after the other)."""
    bits = values.view(np.uint64)
    mixed = np.full(len(values), 0x9E3779B97F4A7C15, dtype=np.uint64)
    for column in range(values.shape[1]):
        mixed = mixed * np.uint64(0xD1342543DE82EF95) + bits[:, column]
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = mixed ^ (mixed >> np.uint64(31))
    return mixed
