"""Where a design and an outcome meet: estimates with their uncertainty, and what would overturn them.

The design never saw the outcome; here the two are joined once, on the people the design uses. Every estimate
carries its estimand in words, its standard-error method and the number of treated people who were left out.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dipeval.effects.effect import Effect
from dipeval.effects.estimate import estimate_effect
from dipeval.effects.frames import effects_frame, shift_in_standard_errors
from dipeval.effects.joining import ComparisonDesign
from dipeval.effects.overturn import e_value

if TYPE_CHECKING:
    from dipeval.effects.design_analysis import DesignAnalysis
    from dipeval.effects.linkage_error import propagate_linkage
    from dipeval.effects.linkage_result import LinkagePropagation
    from dipeval.effects.pooling import Pooled, pool
    from dipeval.effects.time_varying import time_varying_effect
    from dipeval.effects.time_varying_result import TimeVaryingEffect
    from dipeval.effects.tipping import TippingPoint
    from dipeval.effects.truth import TrueEffect, true_effect

__all__ = [
    "ComparisonDesign",
    "DesignAnalysis",
    "Effect",
    "LinkagePropagation",
    "Pooled",
    "TimeVaryingEffect",
    "TippingPoint",
    "TrueEffect",
    "e_value",
    "effects_frame",
    "estimate_effect",
    "pool",
    "propagate_linkage",
    "shift_in_standard_errors",
    "time_varying_effect",
    "true_effect",
]
# These need the linkage or the outcome room (and an engine behind it); estimating an effect on a DataFrame does not.
_LATER = {
    "DesignAnalysis": "design_analysis",
    "LinkagePropagation": "linkage_result",
    "Pooled": "pooling",
    "TimeVaryingEffect": "time_varying_result",
    "TippingPoint": "tipping",
    "TrueEffect": "truth",
    "pool": "pooling",
    "propagate_linkage": "linkage_error",
    "time_varying_effect": "time_varying",
    "true_effect": "truth",
}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(f"dipeval.effects.{_LATER[name]}"), name)
    raise AttributeError(f"module 'dipeval.effects' has no attribute '{name}'")
