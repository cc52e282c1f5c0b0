"""Funding formulas: a budget divided by need, within floors, ceilings and a limit on how far amounts may move."""

from __future__ import annotations

from dipeval.indicators.funding.allocating import allocate_funding
from dipeval.indicators.funding.allocation import FundingAllocation
from dipeval.indicators.funding.weights_result import FundingSensitivity

__all__ = ["FundingAllocation", "FundingSensitivity", "allocate_funding"]
