"""Change over time: run and control charts, seasonality, and denominators that move."""

from __future__ import annotations

from dipeval.indicators.change.charting import control_chart
from dipeval.indicators.change.control_chart_result import ControlChart
from dipeval.indicators.change.growth import denominator_growth
from dipeval.indicators.change.growth_result import DenominatorGrowth

__all__ = ["ControlChart", "DenominatorGrowth", "control_chart", "denominator_growth"]
