"""Drugs and offences: positivity by the offence that led to the test, and how few people have how many of the events.

There is no comparison group here, so nothing says what drugs or a programme bring about.
"""

from __future__ import annotations

from dipeval.indicators.offending.concentrating import concentration
from dipeval.indicators.offending.concentration_result import Concentration
from dipeval.indicators.offending.linking_drugs import drug_offence_link
from dipeval.indicators.offending.offence_link_result import DrugOffenceLink

__all__ = ["Concentration", "DrugOffenceLink", "concentration", "drug_offence_link"]
