"""Pairs with the smallest total distance (Rosenbaum 1989)."""

from __future__ import annotations

from dipeval.errors import InputError
from dipeval.matching.problem import Found, Problem


def optimal_pairs(problem: Problem) -> Found:
    """Pairs with the smallest total distance (Rosenbaum 1989)."""
    raise InputError("not built yet")
