"""Classes of the score (Rosenbaum and Rubin 1984)."""

from __future__ import annotations

from dipeval.errors import InputError
from dipeval.matching.problem import Found, Problem


def score_classes(problem: Problem) -> Found:
    """Classes of the score (Rosenbaum and Rubin 1984)."""
    raise InputError("not built yet")
