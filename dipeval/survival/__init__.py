"""Time to reoffending: curves, tests and models, right with ties, weights, clusters, strata and late entry.

Times run as (entry, time]; `time_days` stands for whatever unit the caller's column holds. Weights, clusters, strata
and entry are columns: this room knows no design. Where usual software is wrong for matched, weighted, tied data
(robust errors under ties, weighted log-rank), the figures here are checked against R to 1e-12.
"""

from dipeval.plots.survival import regular_times, risk_table
from dipeval.survival.curves.curve import Curve, kaplan_meier
from dipeval.survival.hazards.model import CoxModel, cox
from dipeval.survival.testing.comparing import TestResult, log_rank

__all__ = ["CoxModel", "Curve", "TestResult", "cox", "kaplan_meier", "log_rank", "regular_times", "risk_table"]
