"""Everybody within the caliper of each focal person, by prefix sums."""

from __future__ import annotations

from dipeval.errors import InputError
from dipeval.matching.problem import Found, Problem


def radius_weights(problem: Problem) -> Found:
    """Everybody within the caliper of each focal person, by prefix sums."""
    raise InputError("not built yet")
