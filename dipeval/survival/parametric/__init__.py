"""Models in which the clock has a distribution: accelerated failure times, split populations, discrete time, rates."""

from dipeval.survival.parametric.accelerated import ParametricModel, accelerated_failure_time
from dipeval.survival.parametric.discrete import DiscreteTimeModel, discrete_time
from dipeval.survival.parametric.families_compared import FamilyComparison, compare_families
from dipeval.survival.parametric.lifelines_curves import ParametricCurves, parametric_curves
from dipeval.survival.parametric.piecewise import PiecewiseModel, piecewise_exponential
from dipeval.survival.parametric.rates import RateModel, event_rate
from dipeval.survival.parametric.split import SplitPopulation, split_population

__all__ = [
    "DiscreteTimeModel",
    "FamilyComparison",
    "ParametricCurves",
    "ParametricModel",
    "PiecewiseModel",
    "RateModel",
    "SplitPopulation",
    "accelerated_failure_time",
    "compare_families",
    "discrete_time",
    "event_rate",
    "parametric_curves",
    "piecewise_exponential",
    "split_population",
]
