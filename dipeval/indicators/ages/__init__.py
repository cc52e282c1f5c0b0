"""Ages of the people who come in: from the youth service to the adults', and how a group grows older."""

from __future__ import annotations

from dipeval.indicators.ages.structure import age_structure
from dipeval.indicators.ages.structure_result import AgeStructure
from dipeval.indicators.ages.turning_18 import transition_to_adult
from dipeval.indicators.ages.turning_18_result import AdultTransition

__all__ = ["AdultTransition", "AgeStructure", "age_structure", "transition_to_adult"]
