"""What happened to people on the way through the programme: no comparison group, so nothing here is an effect.

Two ways of counting, never mixed. A cohort: people by their first test in a window, and what followed it in order,
each stage a part of the stage before. A period: what happened between two days, whoever it happened to; figures of one
stage are no part of those of another, and a ratio of two of them is not the rate at which people go on.
"""

from __future__ import annotations

from dipeval.indicators.drug_testing import testing
from dipeval.indicators.funnel import pathway
from dipeval.indicators.leaving import discharges
from dipeval.indicators.leaving_result import Discharges
from dipeval.indicators.pathway_result import Pathway
from dipeval.indicators.seeing import seen
from dipeval.indicators.seen_result import Seen
from dipeval.indicators.testing_result import Testing

__all__ = ["Discharges", "Pathway", "Seen", "Testing", "discharges", "pathway", "seen", "testing"]
