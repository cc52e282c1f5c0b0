"""Districts beside each other: funnel plots with exact limits, case mix, and never a league table."""

from __future__ import annotations

from dipeval.indicators.comparing.compare import benchmark
from dipeval.indicators.comparing.result import Benchmark

__all__ = ["Benchmark", "benchmark"]
