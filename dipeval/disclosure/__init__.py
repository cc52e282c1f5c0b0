"""The gate at the door: no table, count or curve leaves through a report without a rule applied to it.

Two profiles. ``threshold10`` (the default): a count of people below 10 is replaced by ``[c]`` together with every
statistic that rests on it, and every other count is rounded to the nearest 5, margins included, so that a
suppressed cell cannot be found exactly by subtraction. ``none`` is only for simulated data, or for data declared
public with a citation. Renderers accept `ReleasedTable`, nothing else. A share shown more finely than one person in
the group gives the exact counts back by division, so protected percentages are whole numbers until they rest on 1,000.

Source of the threshold: the rule of ten used by UK trusted research environments (UK LLC guidebook; ONS).
"""

from dipeval.disclosure.curves import release_curve, release_mark, release_risk_table
from dipeval.disclosure.rule import (
    CONFIDENTIAL,
    FINE_SHARES_FROM,
    LEAST_ROUNDING,
    LEAST_THRESHOLD,
    NOT_APPLICABLE,
    PROFILES,
    DisclosureRule,
    is_small,
    release_count,
    share_digits,
)
from dipeval.disclosure.tables import ReleasedTable, legend, release, release_line

__all__ = [
    "CONFIDENTIAL",
    "FINE_SHARES_FROM",
    "LEAST_ROUNDING",
    "LEAST_THRESHOLD",
    "NOT_APPLICABLE",
    "PROFILES",
    "DisclosureRule",
    "ReleasedTable",
    "is_small",
    "legend",
    "release",
    "release_count",
    "release_curve",
    "release_line",
    "release_mark",
    "release_risk_table",
    "share_digits",
]
