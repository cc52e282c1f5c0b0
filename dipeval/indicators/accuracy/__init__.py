"""The errors of the drug test itself: what positivity says of use, and how many people are wrongly positive."""

from __future__ import annotations

from dipeval.indicators.accuracy.corrected_result import CorrectedPositivity
from dipeval.indicators.accuracy.correcting import correct_positivity

__all__ = ["CorrectedPositivity", "correct_positivity"]
