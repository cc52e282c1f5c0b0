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
    from dipeval.effects.areas.estimate import area_effect
    from dipeval.effects.areas.result import AreaEffect
    from dipeval.effects.before_and_after.compare import before_after
    from dipeval.effects.before_and_after.result import BeforeAfter
    from dipeval.effects.checks.calibration import CalibratedEffect, calibrate
    from dipeval.effects.checks.negative_controls_estimate import NegativeControl, negative_controls
    from dipeval.effects.checks.negative_controls_result import NegativeControls
    from dipeval.effects.checks.specifications import specification_curve
    from dipeval.effects.checks.specifications_designs import SpecificationDesigns, make_designs
    from dipeval.effects.checks.specifications_grid import SpecificationGrid, SpecificationLimits
    from dipeval.effects.checks.specifications_result import SpecificationCurve
    from dipeval.effects.clocks.audit import immortal_time_audit
    from dipeval.effects.clocks.audit_result import ImmortalTimeAudit
    from dipeval.effects.clocks.compare import compare_clocks
    from dipeval.effects.clocks.result import ClockComparison
    from dipeval.effects.design_analysis import DesignAnalysis
    from dipeval.effects.hidden.collected import HiddenBias, hidden_bias
    from dipeval.effects.hidden.robustness import robustness_value
    from dipeval.effects.hidden.robustness_result import RobustnessValue
    from dipeval.effects.hidden.rosenbaum import rosenbaum_bounds
    from dipeval.effects.hidden.rosenbaum_result import RosenbaumBounds
    from dipeval.effects.jdl.analysis import jdl_style
    from dipeval.effects.jdl.result import JdlStyle
    from dipeval.effects.links.linkage_error import propagate_linkage
    from dipeval.effects.links.linkage_result import LinkagePropagation
    from dipeval.effects.links.pooling import Pooled, pool
    from dipeval.effects.links.tipping import TippingPoint
    from dipeval.effects.several.many import collect_effects, estimate_effects
    from dipeval.effects.several.many_result import Effects
    from dipeval.effects.several.subgroups import subgroup_effects
    from dipeval.effects.several.subgroups_result import SubgroupEffects
    from dipeval.effects.time_varying import time_varying_effect
    from dipeval.effects.time_varying_result import TimeVaryingEffect
    from dipeval.effects.truth import TrueEffect, true_effect

__all__ = [
    "AreaEffect",
    "BeforeAfter",
    "CalibratedEffect",
    "ClockComparison",
    "ComparisonDesign",
    "DesignAnalysis",
    "Effect",
    "Effects",
    "HiddenBias",
    "ImmortalTimeAudit",
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
    "compare_clocks",
    "e_value",
    "effects_frame",
    "estimate_effect",
    "estimate_effects",
    "hidden_bias",
    "immortal_time_audit",
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
    "CalibratedEffect": "checks.calibration",
    "NegativeControl": "checks.negative_controls_estimate",
    "NegativeControls": "checks.negative_controls_result",
    "SpecificationCurve": "checks.specifications_result",
    "SpecificationDesigns": "checks.specifications_designs",
    "SpecificationGrid": "checks.specifications_grid",
    "SpecificationLimits": "checks.specifications_grid",
    "calibrate": "checks.calibration",
    "make_designs": "checks.specifications_designs",
    "negative_controls": "checks.negative_controls_estimate",
    "specification_curve": "checks.specifications",
    "AreaEffect": "areas.result",
    "area_effect": "areas.estimate",
    "ClockComparison": "clocks.result",
    "ImmortalTimeAudit": "clocks.audit_result",
    "compare_clocks": "clocks.compare",
    "immortal_time_audit": "clocks.audit",
    "BeforeAfter": "before_and_after.result",
    "before_after": "before_and_after.compare",
    "subgroup_effects": "several.subgroups",
    "SubgroupEffects": "several.subgroups_result",
    "collect_effects": "several.many",
    "estimate_effects": "several.many",
    "Effects": "several.many_result",
    "DesignAnalysis": "design_analysis",
    "HiddenBias": "hidden.collected",
    "RobustnessValue": "hidden.robustness_result",
    "RosenbaumBounds": "hidden.rosenbaum_result",
    "hidden_bias": "hidden.collected",
    "robustness_value": "hidden.robustness",
    "rosenbaum_bounds": "hidden.rosenbaum",
    "JdlStyle": "jdl.result",
    "jdl_style": "jdl.analysis",
    "LinkagePropagation": "links.linkage_result",
    "Pooled": "links.pooling",
    "TimeVaryingEffect": "time_varying_result",
    "TippingPoint": "links.tipping",
    "TrueEffect": "truth",
    "pool": "links.pooling",
    "propagate_linkage": "links.linkage_error",
    "time_varying_effect": "time_varying",
    "true_effect": "truth",
}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(f"dipeval.effects.{_LATER[name]}"), name)
    raise AttributeError(f"module 'dipeval.effects' has no attribute '{name}'")
