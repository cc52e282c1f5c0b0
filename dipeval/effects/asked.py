"""Reading what a caller asked for: names, lists of names or numbers, mappings; anything else is refused in a sentence.

A message says which option it is about and of what kind the thing given is, never what it holds: it could be a column.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

import pandas as pd

from dipeval.errors import InputError
from dipeval.matching.options import as_given


def text_asked(option: str, given: object) -> str | None:
    """Return an option that is a piece of text, or None.

    Examples
    --------
    >>> text_asked("outcome_name", 3)
    Traceback (most recent call last):
    ...
    dipeval.errors.InputError: outcome_name must be a piece of text; it is 3.
    """
    if given is None or isinstance(given, str):
        return given
    raise InputError(f"{option} must be a piece of text; it is {as_given(given)}.")


def names_asked(option: str, given: object) -> tuple[Any, ...]:
    """Return the names in a list, or a single name given without one.

    Examples
    --------
    >>> names_asked("by", "sex"), names_asked("by", ["sex", "district"])
    (('sex',), ('sex', 'district'))
    """
    if isinstance(given, str):
        return (given,)
    names = _as_tuple(given)
    if names is None:
        raise InputError(f"{option} must be a list of names; it is {as_given(given)}.")
    strange = [name for name in names if not pd.api.types.is_hashable(name)]
    if strange:
        raise InputError(f"{option} must be a list of names; it holds {as_given(strange[0])}.")
    return names


def numbers_asked(option: str, given: object, example: str) -> tuple[float, ...]:
    """Return the finite numbers in a list.

    Examples
    --------
    >>> numbers_asked("gammas", range(1, 4), "[1, 1.5, 2]")
    (1.0, 2.0, 3.0)
    """
    values = _as_tuple(given)
    if values is None or not all(is_number(value) for value in values):
        raise InputError(f"{option} must be a list of finite numbers, such as {option}={example}.")
    return tuple(float(value) for value in values)


def words_asked(option: str, given: object, of: str) -> dict[str, str]:
    """Return a mapping of names to words; None is an empty one.

    Examples
    --------
    >>> words_asked("labels", {"sex": "Sex"}, "column"), words_asked("labels", None, "column")
    ({'sex': 'Sex'}, {})
    """
    mapping = mapping_asked(option, given, of)
    strange = [value for value in mapping.values() if not isinstance(value, str)]
    if strange:
        raise InputError(f"{option} must give words for each {of}; one is {as_given(strange[0])}.")
    return mapping


def mapping_asked(option: str, given: object, of: str) -> dict[Any, Any]:
    """Return a mapping as a dictionary; None is an empty one.

    Examples
    --------
    >>> mapping_asked("cut", [25, 35], "column")
    Traceback (most recent call last):
    ...
    dipeval.errors.InputError: cut must be a mapping of column to value; it is a list.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InputError(f"{option} must be a mapping of {of} to value; it is a {type(given).__name__}.")
    return dict(given)


def is_number(value: object) -> bool:
    """Return whether this is a finite number (yes and no are none).

    Examples
    --------
    >>> is_number(0.3), is_number(True), is_number("0.3"), is_number(float("nan"))
    (True, False, False, False)
    """
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of hundreds of digits
        return False


def _as_tuple(given: object) -> tuple[Any, ...] | None:
    """Return the items of a list of any kind; None where it is none."""
    if isinstance(given, Iterable) and not isinstance(given, (str, bytes, Mapping, pd.DataFrame)):
        return tuple(given)
    return None
