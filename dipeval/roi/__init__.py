"""Money: offences averted, what they would have cost, and what was spent.

A benefit exists only where an effect on the *number* of offences does: a yes/no effect is refused. Everything that is
not known exactly is carried through to the last figure; nothing is uplifted from proven to recorded or actual crime, or
beyond the follow-up, unless it is switched on and said.
"""

from __future__ import annotations

from dipeval.roi.assumptions import RoiAssumptions
from dipeval.roi.compute import return_on_investment
from dipeval.roi.costs_of_crime.deflator_file import read_deflator
from dipeval.roi.costs_of_crime.prices import load_discount_rates, load_gdp_deflator
from dipeval.roi.costs_of_crime.reading import read_unit_costs
from dipeval.roi.costs_of_crime.tables import load_unit_costs
from dipeval.roi.decisions.acceptability import AcceptabilityCurve, acceptability_curve
from dipeval.roi.decisions.programmes import ProgrammeComparison, compare_programmes
from dipeval.roi.offences.averted import OffencesAverted, offences_averted
from dipeval.roi.offences.prolific import ValuePerPerson, value_per_person
from dipeval.roi.payments.payment import PaymentByResults, payment_by_results
from dipeval.roi.payments.payment_terms import PaymentTerms
from dipeval.roi.result import ReturnOnInvestment
from dipeval.roi.spending.per_stage import CostPerStage, cost_per_stage
from dipeval.roi.uncertain import Uncertain

__all__ = [
    "AcceptabilityCurve",
    "CostPerStage",
    "OffencesAverted",
    "PaymentByResults",
    "PaymentTerms",
    "ProgrammeComparison",
    "ReturnOnInvestment",
    "RoiAssumptions",
    "Uncertain",
    "ValuePerPerson",
    "acceptability_curve",
    "compare_programmes",
    "cost_per_stage",
    "load_discount_rates",
    "load_gdp_deflator",
    "load_unit_costs",
    "offences_averted",
    "payment_by_results",
    "read_deflator",
    "read_unit_costs",
    "return_on_investment",
    "value_per_person",
]
