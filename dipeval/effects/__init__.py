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
    from dipeval.effects.area import area_effect
    from dipeval.effects.area_result import AreaEffect
    from dipeval.effects.before_after_compare import before_after
    from dipeval.effects.before_after_result import BeforeAfter
    from dipeval.effects.calibration import CalibratedEffect, calibrate
    from dipeval.effects.design_analysis import DesignAnalysis
    from dipeval.effects.hidden import HiddenBias, hidden_bias
    from dipeval.effects.jdl import jdl_style
    from dipeval.effects.jdl_result import JdlStyle
    from dipeval.effects.linkage_error import propagate_linkage
    from dipeval.effects.linkage_result import LinkagePropagation
    from dipeval.effects.many import collect_effects, estimate_effects
    from dipeval.effects.many_result import Effects
    from dipeval.effects.negative_controls_estimate import NegativeControl, negative_controls
    from dipeval.effects.negative_controls_result import NegativeControls
    from dipeval.effects.pooling import Pooled, pool
    from dipeval.effects.robustness import robustness_value
    from dipeval.effects.robustness_result import RobustnessValue
    from dipeval.effects.rosenbaum import rosenbaum_bounds
    from dipeval.effects.rosenbaum_result import RosenbaumBounds
    from dipeval.effects.specifications import specification_curve
    from dipeval.effects.specifications_designs import SpecificationDesigns, make_designs
    from dipeval.effects.specifications_grid import SpecificationGrid, SpecificationLimits
    from dipeval.effects.specifications_result import SpecificationCurve
    from dipeval.effects.subgroups import subgroup_effects
    from dipeval.effects.subgroups_result import SubgroupEffects
    from dipeval.effects.time_varying import time_varying_effect
    from dipeval.effects.time_varying_result import TimeVaryingEffect
    from dipeval.effects.tipping import TippingPoint
    from dipeval.effects.truth import TrueEffect, true_effect

__all__ = [
    "AreaEffect",
    "BeforeAfter",
    "CalibratedEffect",
    "ComparisonDesign",
    "DesignAnalysis",
    "Effect",
    "Effects",
    "HiddenBias",
    "JdlStyle",
    "LinkagePropagation",
    "NegativeControl",
    "NegativeControls",
    "Pooled",
    "RobustnessValue",
    "RosenbaumBounds",
    "SpecificationCurve",
    "SpecificationDesigns",
    "SpecificationGrid",
    "SpecificationLimits",
    "SubgroupEffects",
    "TimeVaryingEffect",
    "TippingPoint",
    "TrueEffect",
    "area_effect",
    "before_after",
    "calibrate",
    "collect_effects",
    "e_value",
    "effects_frame",
    "estimate_effect",
    "estimate_effects",
    "hidden_bias",
    "jdl_style",
    "make_designs",
    "negative_controls",
    "pool",
    "propagate_linkage",
    "robustness_value",
    "rosenbaum_bounds",
    "shift_in_standard_errors",
    "specification_curve",
    "subgroup_effects",
    "time_varying_effect",
    "true_effect",
]
# These need the linkage or the outcome room (and an engine behind it); estimating an effect on a DataFrame does not.
_LATER = {
    "CalibratedEffect": "calibration",
    "NegativeControl": "negative_controls_estimate",
    "NegativeControls": "negative_controls_result",
    "SpecificationCurve": "specifications_result",
    "SpecificationDesigns": "specifications_designs",
    "SpecificationGrid": "specifications_grid",
    "SpecificationLimits": "specifications_grid",
    "calibrate": "calibration",
    "make_designs": "specifications_designs",
    "negative_controls": "negative_controls_estimate",
    "specification_curve": "specifications",
    "AreaEffect": "area_result",
    "area_effect": "area",
    "BeforeAfter": "before_after_result",
    "before_after": "before_after_compare",
    "subgroup_effects": "subgroups",
    "SubgroupEffects": "subgroups_result",
    "collect_effects": "many",
    "estimate_effects": "many",
    "Effects": "many_result",
    "DesignAnalysis": "design_analysis",
    "HiddenBias": "hidden",
    "RobustnessValue": "robustness_result",
    "RosenbaumBounds": "rosenbaum_result",
    "hidden_bias": "hidden",
    "robustness_value": "robustness",
    "rosenbaum_bounds": "rosenbaum",
    "JdlStyle": "jdl_result",
    "jdl_style": "jdl",
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
