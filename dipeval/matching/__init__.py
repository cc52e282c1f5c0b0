"""Who is compared with whom: propensity, matching, weighting and balance. This room never sees an outcome."""

from __future__ import annotations

from dipeval.matching.balance import Balance, band
from dipeval.matching.design import Design
from dipeval.matching.dropped import Dropped
from dipeval.matching.matched import match
from dipeval.matching.options import MatchOptions
from dipeval.matching.overlap import Overlap, overlap
from dipeval.matching.scores import PropensityModel, propensity
from dipeval.matching.weighted import weight

__all__ = [
    "Balance",
    "Design",
    "Dropped",
    "MatchOptions",
    "Overlap",
    "PropensityModel",
    "band",
    "match",
    "overlap",
    "propensity",
    "weight",
]
