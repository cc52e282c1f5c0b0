"""Reoffending after time zero. This room never sees who is compared with whom.

A *proven reoffence* is an offence committed in the follow-up that led to a caution or conviction within the follow-up
or a further waiting period (Ministry of Justice, *Proven Reoffending Statistics Quarterly Bulletin*, July 2016).
"""

from __future__ import annotations

from dipeval.outcomes.candidates import outcome_if_linked
from dipeval.outcomes.expected import ObservedExpected
from dipeval.outcomes.follow_up import FollowUp
from dipeval.outcomes.measure import measure_reoffending
from dipeval.outcomes.result import Outcomes

__all__ = ["FollowUp", "ObservedExpected", "Outcomes", "measure_reoffending", "outcome_if_linked"]
