"""What outcomes take from a cohort: who is followed and their events, each with the key it is kept by."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dipeval.cohort import Cohort
    from dipeval.engine import Stage

# The stages themselves, not their tables: with a folder of stages a second run must not run a query for them.


def followed(cohort: Cohort) -> Stage:
    """Who is followed from which day: index_id, person_id, time_zero_date and more."""
    return cohort._followed


def events(cohort: Cohort, name: str) -> Stage:
    """Return one kind of event: of the people followed where windows go over all rows, else of some others as well.

    A join with the people followed leaves the others out by itself, and copying national tables first would double
    the memory they take.
    """
    stage = cohort._events[name]
    if cohort.unit == "people":
        return stage
    return cohort.engine.stage(
        f"cohort_{name}", lambda: cohort.events(name), spec={}, inputs=[stage, cohort._followed], stored=False
    )
