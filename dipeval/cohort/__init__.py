"""Who is in, from when, with which facts from before the index date; everyone dropped is counted.

The index is, unless the rule says otherwise, a person's first positive test in the window. People are compared from
*time zero*, a fixed number of days after the index (the landmark), so that nobody has to survive unarrested to be
called treated. Nothing from after the index date becomes a fact about a person except the exposure itself.
"""

from __future__ import annotations

from dipeval.cohort.build import build_cohort
from dipeval.cohort.calendar import programme_calendar, trigger_offences
from dipeval.cohort.candidates import treated_if_linked
from dipeval.cohort.episodes_build import episodes
from dipeval.cohort.episodes_result import Episodes
from dipeval.cohort.flow import CutBack
from dipeval.cohort.missing import Filled, fill_missing
from dipeval.cohort.result import Cohort
from dipeval.cohort.rule import CohortRule

__all__ = [
    "Cohort",
    "CohortRule",
    "CutBack",
    "Episodes",
    "Filled",
    "build_cohort",
    "episodes",
    "fill_missing",
    "programme_calendar",
    "treated_if_linked",
    "trigger_offences",
]
