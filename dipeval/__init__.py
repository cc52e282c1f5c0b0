"""dipeval: did the drug intervention reduce reoffending, by how much, for whom, and was it worth the money?

Names are loaded when they are first used, so that ``import dipeval`` stays quick.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from dipeval._version import __version__

_HOME: dict[str, str] = {
    "DipevalError": "dipeval.errors",
    "InputError": "dipeval.errors",
    "Engine": "dipeval.engine",
    "open_engine": "dipeval.engine",
    "datasets": "dipeval.datasets",
    "ExtractMapping": "dipeval.extracts",
    "EventTables": "dipeval.extracts",
    "Extracts": "dipeval.extracts",
    "event_tables": "dipeval.extracts",
    "make_extracts": "dipeval.extracts",
    "read_extracts": "dipeval.extracts",
    "write_extracts": "dipeval.extracts",
    "simulate": "dipeval.simulate",
    "simulate_areas": "dipeval.simulate",
    "LinkRule": "dipeval.linkage",
    "Linkage": "dipeval.linkage",
    "LinkageKey": "dipeval.linkage",
    "link": "dipeval.linkage",
    "pseudonymise": "dipeval.linkage",
    "Cohort": "dipeval.cohort",
    "CohortRule": "dipeval.cohort",
    "build_cohort": "dipeval.cohort",
    "Episodes": "dipeval.cohort",
    "episodes": "dipeval.cohort",
    "programme_calendar": "dipeval.cohort",
    "treated_if_linked": "dipeval.cohort",
    "trigger_offences": "dipeval.cohort",
    "FollowUp": "dipeval.outcomes",
    "Outcomes": "dipeval.outcomes",
    "measure_reoffending": "dipeval.outcomes",
    "outcome_if_linked": "dipeval.outcomes",
    "Design": "dipeval.matching",
    "Balance": "dipeval.matching",
    "match": "dipeval.matching",
    "weight": "dipeval.matching",
    "propensity": "dipeval.matching",
    "overlap": "dipeval.matching",
    "Overlap": "dipeval.matching",
    "fill_missing": "dipeval.cohort",
    "Filled": "dipeval.cohort",
    "Dropped": "dipeval.matching",
    "kaplan_meier": "dipeval.survival",
    "log_rank": "dipeval.survival",
    "cox": "dipeval.survival",
    "cumulative_incidence": "dipeval.survival",
    "mean_cumulative_count": "dipeval.survival",
    "restricted_mean": "dipeval.survival",
    "gray_test": "dipeval.survival",
    "fine_gray": "dipeval.survival",
    "andersen_gill": "dipeval.survival",
    "prentice_williams_peterson": "dipeval.survival",
    "shared_frailty": "dipeval.survival",
    "accelerated_failure_time": "dipeval.survival",
    "split_population": "dipeval.survival",
    "compare_families": "dipeval.survival",
    "discrete_time": "dipeval.survival",
    "event_rate": "dipeval.survival",
    "parametric_curves": "dipeval.survival",
    "piecewise_exponential": "dipeval.survival",
    "to_lifelines": "dipeval.survival",
    "ClockComparison": "dipeval.effects",
    "ImmortalTimeAudit": "dipeval.effects",
    "compare_clocks": "dipeval.effects",
    "immortal_time_audit": "dipeval.effects",
    "AreaEffect": "dipeval.effects",
    "area_effect": "dipeval.effects",
    "BeforeAfter": "dipeval.effects",
    "before_after": "dipeval.effects",
    "DesignAnalysis": "dipeval.effects",
    "Effect": "dipeval.effects",
    "LinkagePropagation": "dipeval.effects",
    "estimate_effect": "dipeval.effects",
    "jdl_style": "dipeval.effects",
    "JdlStyle": "dipeval.effects",
    "CalibratedEffect": "dipeval.effects",
    "NegativeControl": "dipeval.effects",
    "NegativeControls": "dipeval.effects",
    "SpecificationCurve": "dipeval.effects",
    "SpecificationDesigns": "dipeval.effects",
    "SpecificationGrid": "dipeval.effects",
    "SpecificationLimits": "dipeval.effects",
    "calibrate": "dipeval.effects",
    "make_designs": "dipeval.effects",
    "negative_controls": "dipeval.effects",
    "specification_curve": "dipeval.effects",
    "subgroup_effects": "dipeval.effects",
    "SubgroupEffects": "dipeval.effects",
    "estimate_effects": "dipeval.effects",
    "Effects": "dipeval.effects",
    "propagate_linkage": "dipeval.effects",
    "HiddenBias": "dipeval.effects",
    "RobustnessValue": "dipeval.effects",
    "RosenbaumBounds": "dipeval.effects",
    "hidden_bias": "dipeval.effects",
    "robustness_value": "dipeval.effects",
    "rosenbaum_bounds": "dipeval.effects",
    "TimeVaryingEffect": "dipeval.effects",
    "time_varying_effect": "dipeval.effects",
    "true_effect": "dipeval.effects",
    "AcceptabilityCurve": "dipeval.roi",
    "CostPerStage": "dipeval.roi",
    "OffencesAverted": "dipeval.roi",
    "ProgrammeComparison": "dipeval.roi",
    "PaymentByResults": "dipeval.roi",
    "PaymentTerms": "dipeval.roi",
    "ReturnOnInvestment": "dipeval.roi",
    "RoiAssumptions": "dipeval.roi",
    "Uncertain": "dipeval.roi",
    "ValuePerPerson": "dipeval.roi",
    "acceptability_curve": "dipeval.roi",
    "compare_programmes": "dipeval.roi",
    "cost_per_stage": "dipeval.roi",
    "load_discount_rates": "dipeval.roi",
    "load_gdp_deflator": "dipeval.roi",
    "load_unit_costs": "dipeval.roi",
    "offences_averted": "dipeval.roi",
    "payment_by_results": "dipeval.roi",
    "read_deflator": "dipeval.roi",
    "read_unit_costs": "dipeval.roi",
    "return_on_investment": "dipeval.roi",
    "value_per_person": "dipeval.roi",
    "Benchmark": "dipeval.indicators",
    "Concentration": "dipeval.indicators",
    "AdultTransition": "dipeval.indicators",
    "AgeStructure": "dipeval.indicators",
    "EntryPointYield": "dipeval.indicators",
    "ContactHours": "dipeval.indicators",
    "ControlChart": "dipeval.indicators",
    "CorrectedPositivity": "dipeval.indicators",
    "CountingRule": "dipeval.indicators",
    "DenominatorGrowth": "dipeval.indicators",
    "Discharges": "dipeval.indicators",
    "DrugOffenceLink": "dipeval.indicators",
    "FundingAllocation": "dipeval.indicators",
    "FundingSensitivity": "dipeval.indicators",
    "Indicator": "dipeval.indicators",
    "Indicators": "dipeval.indicators",
    "OfficerTime": "dipeval.indicators",
    "OwnIndicator": "dipeval.indicators",
    "Pathway": "dipeval.indicators",
    "Seen": "dipeval.indicators",
    "Testing": "dipeval.indicators",
    "allocate_funding": "dipeval.indicators",
    "benchmark": "dipeval.indicators",
    "check_districts": "dipeval.indicators",
    "concentration": "dipeval.indicators",
    "contact_hours": "dipeval.indicators",
    "transition_to_adult": "dipeval.indicators",
    "age_structure": "dipeval.indicators",
    "entry_point_yield": "dipeval.indicators",
    "control_chart": "dipeval.indicators",
    "correct_positivity": "dipeval.indicators",
    "denominator_growth": "dipeval.indicators",
    "discharges": "dipeval.indicators",
    "drug_offence_link": "dipeval.indicators",
    "indicator_dictionary": "dipeval.indicators",
    "indicators": "dipeval.indicators",
    "officer_time": "dipeval.indicators",
    "pathway": "dipeval.indicators",
    "seen": "dipeval.indicators",
    "testing": "dipeval.indicators",
    "DisclosureRule": "dipeval.disclosure",
    "QuarterlyResult": "dipeval.study",
    "QuarterlyReview": "dipeval.study",
    "Study": "dipeval.study",
    "StudyResult": "dipeval.study",
    "write_funding_workbook": "dipeval.report",
    "write_quarterly_report": "dipeval.report",
    "write_report": "dipeval.report",
    "write_scenario_workbook": "dipeval.report",
}

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'dipeval' has no attribute '{name}'")
    module = import_module(_HOME[name])
    return getattr(module, name) if hasattr(module, name) else module


def __dir__() -> list[str]:
    return sorted(__all__)


# Functions to users, rooms to developers: the functions keep the names.
_BOTH = frozenset({"simulate", "indicators"})


class _Package(ModuleType):
    """A room of the same name as a function does not take its place when it is imported."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _BOTH and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
