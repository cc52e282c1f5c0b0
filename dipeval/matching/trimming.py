"""Whom to leave out for want of overlap, by a rule laid down beforehand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dipeval.errors import InputError
from dipeval.matching.assemble import Score
from dipeval.matching.doors import Taken


def trim(rule: str, score: Score | None, taken: Taken) -> NDArray[np.bool_]:
    """Return who is kept by a rule."""
    if rule != "none":
        raise InputError("not built yet")
    return np.ones(len(taken.treated), dtype=bool)


def in_words(rule: str, treated: NDArray[np.bool_], kept: NDArray[np.bool_]) -> str:
    """Say what the rule was and how many of either group it left out."""
    return ""
