"""Where people are first met, and how far they go from there."""

from __future__ import annotations

from dipeval.indicators.entering.first_contacts import entry_point_yield
from dipeval.indicators.entering.yield_result import EntryPointYield

__all__ = ["EntryPointYield", "entry_point_yield"]
