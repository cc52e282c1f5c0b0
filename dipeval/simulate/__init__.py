"""Extracts with known links and a known effect, from one seed: nobody in them is a real person."""

from __future__ import annotations

from dipeval.simulate.areas import simulate_areas
from dipeval.simulate.simulator import simulate
from dipeval.simulate.truth import Truth

__all__ = ["Truth", "simulate", "simulate_areas"]
