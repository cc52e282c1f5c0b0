"""Coarsened exact matching (Iacus, King and Porro 2012)."""

from __future__ import annotations

from dipeval.errors import InputError
from dipeval.matching.problem import Found, Problem


def exact_cells(problem: Problem) -> Found:
    """Coarsened exact matching (Iacus, King and Porro 2012)."""
    raise InputError("not built yet")
