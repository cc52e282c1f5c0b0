"""What is asked of the arguments of `build_cohort`."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.cohort.events import on_engine
from dipeval.cohort.rule import CohortRule
from dipeval.engine import open_engine
from dipeval.errors import InputError

if TYPE_CHECKING:
    from dipeval.engine import Engine


def check_arguments(extracts: Any, linkage: Any, rule: Any) -> None:
    """Refuse what is not extracts, a linkage and a rule.

    Raises
    ------
    InputError
        Which says what was found and what is needed.
    """
    if _are_extracts(linkage) and not _are_extracts(extracts):
        raise InputError("extracts and linkage have changed places: call build_cohort(extracts, linkage, rule).")
    if not _are_extracts(extracts):
        raise InputError(
            f"extracts must be what dip.read_extracts, dip.make_extracts, dip.simulate or dip.event_tables gives; it "
            f"is a {type(extracts).__name__}."
        )
    _check_linkage(extracts, linkage)
    if not isinstance(rule, CohortRule):
        raise InputError(
            f"rule must be a CohortRule, such as CohortRule(grace_days=42); it is a {type(rule).__name__}."
        )


def _check_linkage(extracts: Any, linkage: Any) -> None:
    if on_engine(extracts):
        if linkage is not None:
            raise InputError(
                "Event tables carry person_id already, so no linkage is used with them: call "
                "build_cohort(tables, rule=rule)."
            )
    elif _are_extracts(linkage) or not callable(getattr(linkage, "to_frame", None)):
        raise InputError(f"linkage must be what dip.link(extracts) gives; it is a {type(linkage).__name__}.")


def _are_extracts(thing: Any) -> bool:
    tables = callable(getattr(thing, "table", None)) or on_engine(thing)
    return hasattr(thing, "names") and hasattr(thing, "extract_date") and tables


def engine_of(extracts: Any, linkage: Any, engine: Engine | None) -> Engine:
    """Return the engine to work on.

    Raises
    ------
    InputError
        If tables are on another engine than the one that is passed.
    """
    theirs = getattr(extracts, "engine", None) if on_engine(extracts) else None
    if theirs is not None:
        if engine is not None and engine is not theirs:
            raise InputError("The event tables are on another engine than the one passed; leave engine= out.")
        return theirs
    return engine or getattr(linkage, "engine", None) or open_engine()


def extract_day(extracts: Any) -> dt.date:
    """Return the last day that extracts cover."""
    return pd.Timestamp(extracts.extract_date).date()
