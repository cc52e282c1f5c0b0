"""Where a design and an outcome meet: estimates with their uncertainty, and what would overturn them.

The design never saw the outcome; here the two are joined once, on the people the design uses. Every estimate
carries its estimand in words, its standard-error method and the number of treated people who were left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dipeval.effects.effect import Effect
from dipeval.effects.estimate import estimate_effect
from dipeval.effects.frames import effects_frame, shift_in_standard_errors
from dipeval.effects.joining import ComparisonDesign
from dipeval.effects.overturn import e_value

if TYPE_CHECKING:
    from dipeval.effects.truth import TrueEffect, true_effect

__all__ = [
    "ComparisonDesign",
    "Effect",
    "TrueEffect",
    "e_value",
    "effects_frame",
    "estimate_effect",
    "shift_in_standard_errors",
    "true_effect",
]


def __getattr__(name: str) -> Any:
    # The truth needs the outcome room (and DuckDB behind it); estimating an effect on a DataFrame does not.
    if name in ("TrueEffect", "true_effect"):
        from dipeval.effects import truth

        return getattr(truth, name)
    raise AttributeError(f"module 'dipeval.effects' has no attribute '{name}'")
