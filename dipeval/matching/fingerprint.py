"""The fingerprint of a design: one hash over people, covariates, score, weights, pairs and options.

People are taken in the order of their ids, so the order of the rows does not matter; any row, option or score does.
Scores and weights are computed numbers: they enter with ten significant digits, so that another machine's last bit
does not change the hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dipeval.matching.terms import Terms

FORMAT = "dipeval-design-1"
KEPT_BITS = 34  # about ten significant digits


def fingerprint(
    *,
    texts: Sequence[str],
    order: NDArray[np.int64],
    terms: Terms,
    treated: NDArray[np.bool_],
    score: NDArray[np.float64] | None,
    weights: NDArray[np.float64],
    pairs: Sequence[tuple[str, str]],
    options: Mapping[str, Any],
) -> str:
    """Return the SHA-256 of a design as hexadecimal text.

    Parameters
    ----------
    texts
        Ids as text, in the order of the rows.
    order
        Positions that sort the rows by id.
    terms, treated, score, weights
        In the order of the rows.
    pairs
        Ids of (treated, comparison), sorted by the focal person's id.
    options
        Everything that was asked for; plain values.

    Returns
    -------
    str
    """
    digest = hashlib.sha256()
    head = {
        "format": FORMAT,
        "options": {name: _plain(value) for name, value in options.items()},
        "terms": terms.names,
        "people": len(texts),
    }
    digest.update(json.dumps(head, sort_keys=True, default=str).encode())
    digest.update("\x1f".join(texts[place] for place in order.tolist()).encode())
    digest.update(np.ascontiguousarray(terms.values[order] + 0.0).tobytes())
    digest.update(treated[order].tobytes())
    digest.update(b"" if score is None else _rounded(score[order]).tobytes())
    digest.update(_rounded(weights[order]).tobytes())
    digest.update("\x1e".join(f"{one}\x1f{other}" for one, other in pairs).encode())
    return digest.hexdigest()


def _plain(option: Any) -> Any:
    """Round a number among the options as scores are rounded: the caliper's width is computed."""
    return float(_rounded(np.asarray(option))) if isinstance(option, float) else option


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    mantissa, exponent = np.frexp(values)
    kept = np.round(mantissa * 2.0**KEPT_BITS) / 2.0**KEPT_BITS
    return np.ldexp(kept, exponent) + 0.0
