"""A formula for the propensity model: which columns it needs, and the terms it makes of them."""

from __future__ import annotations

from collections.abc import Sequence

from dipeval.errors import InputError


def formula_columns(covariates: Sequence[str], formula: str | None) -> Sequence[str]:
    """Return the covariates and the columns a formula names besides."""
    if formula is not None:
        raise InputError("not built yet")
    return covariates
