"""What happened in districts and to people on the way: no comparison group, so nothing here is an effect.

Two ways of counting, never mixed. A cohort: people by the period in which they entered, and what followed. A period:
what happened between two days, whoever it happened to; figures of one stage are no part of those of another, and a
ratio of two of them is not the rate at which people go on.
"""

from __future__ import annotations

from dipeval.indicators.accuracy import CorrectedPositivity, correct_positivity
from dipeval.indicators.ages import AdultTransition, AgeStructure, age_structure, transition_to_adult
from dipeval.indicators.change import ControlChart, DenominatorGrowth, control_chart, denominator_growth
from dipeval.indicators.comparing import Benchmark, benchmark
from dipeval.indicators.dictionary.indicator import Indicator
from dipeval.indicators.dictionary.listing import indicator_dictionary
from dipeval.indicators.dictionary.own import OwnIndicator
from dipeval.indicators.drug_testing import testing
from dipeval.indicators.entering import EntryPointYield, entry_point_yield
from dipeval.indicators.funding import FundingAllocation, FundingSensitivity, allocate_funding
from dipeval.indicators.funnel import pathway
from dipeval.indicators.leaving import discharges
from dipeval.indicators.leaving_result import Discharges
from dipeval.indicators.measuring.districts import check_districts
from dipeval.indicators.measuring.family import CountingRule
from dipeval.indicators.measuring.measure import indicators
from dipeval.indicators.measuring.result import Indicators
from dipeval.indicators.offending import Concentration, DrugOffenceLink, concentration, drug_offence_link
from dipeval.indicators.pathway_result import Pathway
from dipeval.indicators.seeing import seen
from dipeval.indicators.seen_result import Seen
from dipeval.indicators.staffing import ContactHours, OfficerTime, contact_hours, officer_time
from dipeval.indicators.testing_result import Testing

__all__ = [
    "AdultTransition",
    "AgeStructure",
    "Benchmark",
    "Concentration",
    "ContactHours",
    "ControlChart",
    "CorrectedPositivity",
    "CountingRule",
    "DenominatorGrowth",
    "Discharges",
    "DrugOffenceLink",
    "EntryPointYield",
    "FundingAllocation",
    "FundingSensitivity",
    "Indicator",
    "Indicators",
    "OfficerTime",
    "OwnIndicator",
    "Pathway",
    "Seen",
    "Testing",
    "age_structure",
    "allocate_funding",
    "benchmark",
    "check_districts",
    "concentration",
    "contact_hours",
    "control_chart",
    "correct_positivity",
    "denominator_growth",
    "discharges",
    "drug_offence_link",
    "entry_point_yield",
    "indicator_dictionary",
    "indicators",
    "officer_time",
    "pathway",
    "seen",
    "testing",
    "transition_to_adult",
]
