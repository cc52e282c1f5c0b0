"""Time to reoffending: curves, tests and models, right with ties, weights, clusters, strata and late entry.

Times run as (entry, time]; `time_days` stands for whatever unit the caller's column holds. Weights, clusters, strata
and entry are columns: this room knows no design. Where usual software is wrong for matched, weighted, tied data
(robust errors under ties, weighted log-rank), the figures here are checked against R to 1e-12
(docs/time_to_reoffence.md). Rooms within: `curves`, `hazards` (the Cox kernel and what is built on it), `testing`,
`parametric`.
"""

from dipeval.plots.survival import regular_times, risk_table
from dipeval.survival.curves.curve import Curve, kaplan_meier
from dipeval.survival.curves.incidence import Incidence, cumulative_incidence
from dipeval.survival.curves.mean_count import MeanCount, mean_cumulative_count
from dipeval.survival.curves.restricted import RestrictedMean, restricted_mean
from dipeval.survival.hazards.fine_gray import FineGrayModel, fine_gray
from dipeval.survival.hazards.frailty import shared_frailty
from dipeval.survival.hazards.frailty_result import FrailtyModel
from dipeval.survival.hazards.interchange import to_lifelines
from dipeval.survival.hazards.model import CoxModel, cox
from dipeval.survival.hazards.proportional_result import ProportionalHazardsTest
from dipeval.survival.hazards.recurrent import andersen_gill, prentice_williams_peterson
from dipeval.survival.hazards.recurrent_result import RecurrentModel
from dipeval.survival.parametric.accelerated import ParametricModel, accelerated_failure_time
from dipeval.survival.parametric.discrete import DiscreteTimeModel, discrete_time
from dipeval.survival.parametric.families_compared import FamilyComparison, compare_families
from dipeval.survival.parametric.lifelines_curves import ParametricCurves, parametric_curves
from dipeval.survival.parametric.piecewise import PiecewiseModel, piecewise_exponential
from dipeval.survival.parametric.rates import RateModel, event_rate
from dipeval.survival.parametric.split import SplitPopulation, split_population
from dipeval.survival.testing.comparing import TestResult, log_rank
from dipeval.survival.testing.gray import GrayTest, gray_test

__all__ = [
    "CoxModel",
    "Curve",
    "DiscreteTimeModel",
    "FamilyComparison",
    "FineGrayModel",
    "FrailtyModel",
    "GrayTest",
    "Incidence",
    "MeanCount",
    "ParametricCurves",
    "ParametricModel",
    "PiecewiseModel",
    "ProportionalHazardsTest",
    "RateModel",
    "RecurrentModel",
    "RestrictedMean",
    "SplitPopulation",
    "TestResult",
    "accelerated_failure_time",
    "andersen_gill",
    "compare_families",
    "cox",
    "cumulative_incidence",
    "discrete_time",
    "event_rate",
    "fine_gray",
    "gray_test",
    "kaplan_meier",
    "log_rank",
    "mean_cumulative_count",
    "parametric_curves",
    "piecewise_exponential",
    "prentice_williams_peterson",
    "regular_times",
    "restricted_mean",
    "risk_table",
    "shared_frailty",
    "split_population",
    "to_lifelines",
]
