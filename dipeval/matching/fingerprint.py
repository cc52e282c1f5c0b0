"""The fingerprint of a design: one hash over people, covariates, score, weights, pairs, sets and options.

People are taken in the order of their ids, so the order of the rows does not matter; any row, option or score does.
Scores and weights are computed numbers: they enter with ten significant digits, so that another machine's last bit
does not change the hash. Arrays enter as bytes, little end first whatever the machine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dipeval.matching.ids import Ids
from dipeval.matching.terms import Terms

FORMAT = "dipeval-design-2"
KEPT_BITS = 34  # about ten significant digits
CHUNK = 8192  # rows put in order at a time

Ints = NDArray[np.int64]


def fingerprint(
    *,
    ids: Ids,
    terms: Terms,
    treated: NDArray[np.bool_],
    score: NDArray[np.float64] | None,
    weights: NDArray[np.float64],
    pairs: tuple[Ints, Ints],
    sets: Ints,
    options: Mapping[str, Any],
    sample_weights: NDArray[np.float64] | None = None,
) -> str:
    """Return the SHA-256 of a design as hexadecimal text.

    Parameters
    ----------
    ids
        Who the people are.
    terms, treated, score, weights, sets
        In the order of the rows.
    pairs
        Positions of the treated and of the comparison person of each pair, sorted by the focal person's id.
    options
        Everything that was asked for; plain values.
    sample_weights
        What each person counted before the design, in the order of the rows; None when everybody counts once.

    Returns
    -------
    str
    """
    head = {
        "format": FORMAT,
        "options": {name: _plain(value) for name, value in options.items()},
        "terms": terms.names,
        "people": len(ids),
        "score": score is not None,
        "pairs": len(pairs[0]),
        "sample_weights": sample_weights is not None,
    }
    digest = hashlib.sha256(json.dumps(head, sort_keys=True, default=str).encode())
    for chunk in ids.chunks():
        digest.update(chunk.tobytes())
    order = ids.order
    for start in range(0, len(order), CHUNK):
        digest.update(_bytes(terms.values[order[start : start + CHUNK]] + 0.0))
    digest.update(treated[order].tobytes())
    for computed in (score, weights, sample_weights):
        digest.update(b"" if computed is None else _bytes(_rounded(computed[order])))
    digest.update(_bytes(sets[order]))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    for ends in pairs:
        digest.update(_bytes(rank[ends]))
    return digest.hexdigest()


def _bytes(values: NDArray[np.float64] | Ints) -> bytes:
    return values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()


def _plain(option: Any) -> Any:
    """Round the numbers among the options as scores are rounded: a caliper's width and class breaks are computed."""
    if isinstance(option, Mapping):
        return {str(name): _plain(value) for name, value in option.items()}
    if isinstance(option, (list, tuple)):
        return [_plain(value) for value in option]
    return float(_rounded(np.asarray(option))) if isinstance(option, float) else option


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round to so many bits, whatever the size of the number: its bits are rounded as one whole number."""
    bits = (values + 0.0).view(np.uint64)  # minus zero becomes zero
    lost = np.uint64(53 - KEPT_BITS)
    half = np.uint64(1) << (lost - np.uint64(1))
    return (((bits + half) >> lost) << lost).view(np.float64)
