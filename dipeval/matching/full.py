"""Full matching: sets of one person of one group and one or more of the other (Hansen 2004)."""

from __future__ import annotations

from dipeval.errors import InputError
from dipeval.matching.problem import Found, Problem


def full_sets(problem: Problem) -> Found:
    """Full matching: sets of one person of one group and one or more of the other (Hansen 2004)."""
    raise InputError("not built yet")
