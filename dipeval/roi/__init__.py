"""Money: offences averted, what they would have cost, and what was spent.

A benefit exists only where an effect on the *number* of offences does: a yes/no effect is refused. The interval of
the effect is carried through to the last figure; nothing is uplifted from proven to recorded or actual crime.
"""

from __future__ import annotations

from dipeval.roi.compute import return_on_investment
from dipeval.roi.result import ReturnOnInvestment
from dipeval.roi.tables import load_gdp_deflator, load_unit_costs

__all__ = ["ReturnOnInvestment", "load_gdp_deflator", "load_unit_costs", "return_on_investment"]
