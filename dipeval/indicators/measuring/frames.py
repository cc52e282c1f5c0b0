"""The columns of measured indicators, and what their words mean: everything later works from this frame."""

from __future__ import annotations

from typing import Final

ALL_DISTRICTS: Final = "all districts"
EVERYONE: Final = "everyone"
NO_DIMENSION: Final = ""
DIMENSIONS: Final = (
    "entry_point",
    "substance",
    "offence_class",
    "age_group",
    "sex",
    "new_or_returning",
    "seen_or_not",
    "custody_suite",
    "test_ground",
    "hour",
)
# Groups of these overlap (a person names several drugs), so that they are never added up.
OVERLAPPING: Final = ("substance",)
AGE_GROUPS: Final = ("under 18", "18-24", "25-34", "35-44", "45 and over")
COLUMNS: Final = (
    "indicator",
    "label",
    "unit",
    "counting",
    "district",  # ALL_DISTRICTS for the whole area
    "period",  # "2013-Q2" or "2013-04"
    "period_from",
    "period_to",
    "dimension",  # "" for everyone
    "group",  # "everyone", or a level of the dimension
    "numerator",
    "denominator",  # 1 for a count
    # How far chance reaches, people taken together. Rates and ratios: numerator times its variance over that of Poisson
    # counts (never below 1). Counts: sum over people of their squared number. Shares: denominator times design effect.
    "squares",
    "n_people",  # people behind the denominator; missing where nobody is counted (hours, crimes) or known
    "n_people_yes",  # people behind the numerator
    "n_people_no",  # people behind the rest of the denominator: shares only
    "estimate",  # numerator / denominator * per; a share stays between 0 and 1
    "conf_low",
    "conf_high",
    "interval",  # "Wilson", "Wilson by person", "exact Poisson", "Fay-Feuer", "none"
    "status",
    "target",
    "target_direction",  # "at_least", "at_most" or ""
    "target_gap",  # estimate less target, in the unit of the estimate
    "target_met",  # one of TARGETS_MET
    "owner",
)
# ok: told. too_early: the period is not followed for long enough. part_period: the data cover only a part of it.
# no_units: nobody and nothing in the denominator. not_recorded: the source lacks what it is counted from.
STATUSES: Final = ("ok", "too_early", "part_period", "no_units", "not_recorded")
TARGETS_MET: Final = ("met", "missed", "not settled", "no target", "not told")
