"""The people who come in: how old they are, where they are met, and those who turn 18."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dipeval.study.quarterly.asking import Asked


def coming_in_parts(asked: Asked) -> dict[str, Any]:
    """Return the parts that tell of the people who come in, as fields of the result.

    Parameters
    ----------
    asked
        What they are made from.

    Returns
    -------
    dict
        adult_transition, age_structure, entry_yield.
    """
    return {
        "adult_transition": asked.part("adult_transition", partial(_adult_transition, asked)),
        "age_structure": asked.part("age_structure", partial(_age_structure, asked)),
        "entry_yield": asked.part("entry_yield", partial(_entry_yield, asked)),
    }


def _adult_transition(asked: Asked) -> Any:
    from dipeval.indicators import transition_to_adult

    chosen = asked.spec.indicators
    return transition_to_adult(
        asked.loaded.extracts,
        asked.loaded.linkage,
        within_days=chosen.reoffending_days,
        waiting_days=chosen.waiting_days,
        engine=asked.loaded.engine,
    )


def _age_structure(asked: Asked) -> Any:
    """By financial year, as money and targets go; all of the complete periods, for a trend needs years."""
    from dipeval.indicators import age_structure

    asked.needs("drug_tests")
    first, last = asked.window(len(asked.periods))
    return age_structure(
        asked.loaded.extracts,
        asked.loaded.linkage,
        every="financial_year",
        date_from=first,
        date_to=last,
        engine=asked.loaded.engine,
    )


def _entry_yield(asked: Asked) -> Any:
    """Of all complete periods, for those of the last year cannot be followed to a completion."""
    from dipeval.indicators import entry_point_yield

    asked.needs("contacts")
    first, last = asked.window(len(asked.periods))
    chosen = asked.spec.indicators
    return entry_point_yield(
        asked.loaded.extracts,
        asked.loaded.linkage,
        within_days=chosen.treatment_within_days,
        completion_days=chosen.completion_days,
        count_referred_on=chosen.count_referred_on,
        date_from=first,
        date_to=last,
        engine=asked.loaded.engine,
    )
