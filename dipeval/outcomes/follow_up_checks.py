"""Refusals of options of a follow-up, each a sentence that names the option and says what to write instead."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from dipeval.errors import InputError
from dipeval.vocabulary import OFFENCE_GROUPS

_SINGULAR = {"classes": "class", "groups": "group"}


def require_whole(name: str, value: Any, lowest: int) -> None:
    """Refuse what is not a whole number of at least `lowest`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
        raise InputError(f"{name} is {value!r}; it must be a whole number of at least {lowest}.")


def check_choices(**chosen: tuple[Any, tuple[str, ...]]) -> None:
    """Refuse an option that is not one of its choices."""
    for name, (value, choices) in chosen.items():
        if value not in choices:
            allowed = f"{', '.join(choices[:-1])} or {choices[-1]}"
            raise InputError(f"{name} is {value!r}; it must be {allowed}.")


def as_names(name: str, given: Any, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of offence classes or groups as a tuple."""
    if isinstance(given, str):
        raise InputError(f"{name} must be a list of names, such as ('{known[0]}',), not one text.")
    names = tuple(given)
    unknown = [value for value in names if value not in known]
    if unknown:
        raise InputError(
            f"Offence {_SINGULAR[name]} {', '.join(map(repr, unknown))} is not known; use {', '.join(known)}."
        )
    return names


def as_weights(given: Any) -> dict[str, float] | None:
    """Return severity weights as numbers in the order of the offence groups, or None if there are none."""
    if given is None:
        return None
    if not isinstance(given, Mapping) or not given:
        raise InputError("severity must give a weight for each offence group, such as {'shoplifting': 13}.")
    unknown = [name for name in given if name not in OFFENCE_GROUPS]
    if unknown:
        raise InputError(
            f"severity names offence group {', '.join(map(repr, unknown))}, which is not known; use "
            f"{', '.join(OFFENCE_GROUPS)}."
        )
    wrong = [name for name, weight in given.items() if not _is_weight(weight)]
    if wrong:
        raise InputError(f"The severity weight of {', '.join(wrong)} must be a number of 0 or more.")
    return {name: float(given[name]) for name in OFFENCE_GROUPS if name in given}


def _is_weight(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value) and value >= 0
