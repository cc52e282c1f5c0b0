"""Options as callers give them: names of columns, choices, numbers, times. Anything else is a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import EstimationError, InputError


def one_name(option: str, name: object) -> None:
    """Refuse what cannot be the name of a column, such as the column itself."""
    if not pd.api.types.is_hashable(name):
        raise InputError(
            f"`{option}` takes the name of one column of the table, such as '{option}'; a {type(name).__name__} was "
            "given. Put the values into a column of the table first and name that."
        )


def names_of(option: str, names: object) -> tuple[str, ...]:
    """Return the columns a list names; a column itself is refused, for its values would be taken for names.

    A set has no order, so that a model would not have the same first term twice: it is refused too.
    """
    if not isinstance(names, Iterable) or isinstance(names, (str, bytes, pd.Series, pd.DataFrame, set, frozenset)):
        raise InputError(
            f"`{option}` takes a list of column names, such as ['age']; a {type(names).__name__} was given."
        )
    listed = tuple(names)
    for name in listed:
        one_name(option, name)
    return listed


def one_or_several(option: str, names: object) -> tuple[str, ...]:
    """Return the columns that one name or a list of names stands for; none for None."""
    if names is None:
        return ()
    if isinstance(names, Iterable) and not isinstance(names, str):
        return names_of(option, names)
    one_name(option, names)
    return (names,)  # type: ignore[return-value]


def is_number(value: object) -> bool:
    """Whether an option is one plain number that a computer can count with."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True


def is_whole(value: object, least: int, most: int = 2**31) -> bool:
    """Whether an option is a whole number of a sensible size."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and least <= int(value) <= most


def one_of(option: str, value: object, choices: Sequence[str]) -> None:
    """Refuse a word that is none of the choices; anything but a word is described by its kind."""
    if isinstance(value, str) and value in choices:
        return
    *but_last, last = (f"'{choice}'" for choice in choices)
    found = f"'{value}' is not available" if isinstance(value, str) else f"a {type(value).__name__} was given"
    raise EstimationError(f"`{option}` is {'one of ' * (len(choices) > 3)}{', '.join(but_last)} or {last}; {found}.")


def check_yes_no(option: str, value: object, *, may_be_none: bool = False) -> None:
    """Refuse anything but yes, no, or (where it may be left out) nothing said."""
    if isinstance(value, (bool, np.bool_)) or (may_be_none and value is None):
        return
    raise EstimationError(f"`{option}` is True or False; a {type(value).__name__} was given.")


def finite_numbers(values: object) -> NDArray[Any] | None:
    """Return one number or a list of them as a flat array; None if that is not what they are."""
    if isinstance(values, (str, bytes)):
        return None
    try:
        if isinstance(values, Iterable) and not isinstance(values, np.ndarray):
            values = list(values)
        found = np.atleast_1d(np.asarray(values, dtype=float))
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found.ndim == 1 and np.isfinite(found).all() else None


def values_of(at: object, names: Sequence[str], *, all_of_them: bool) -> NDArray[Any]:
    """Return one number for each covariate; 0 for those left out, unless all are needed."""
    if not isinstance(at, Mapping):
        raise EstimationError("`at` gives each covariate one number, such as {'age': 25}.")
    listed = ", ".join(map(str, names))
    unknown = [name for name in at if name not in names]
    if unknown and not all_of_them:
        raise EstimationError(f"`at` names '{unknown[0]}', which is no covariate of the model: {listed}.")
    if all_of_them and set(at) != set(names):
        raise EstimationError(f"`at` gives one value for each of: {listed}.")
    if not all(
        (is_number(value) or isinstance(value, (bool, np.bool_))) and np.isfinite(value) for value in at.values()
    ):
        raise EstimationError("`at` gives each covariate one number, such as {'age': 25}.")
    return np.array([float(at.get(name, 0.0)) for name in names])


def _is_value(value: object) -> bool:
    if isinstance(value, (bool, np.bool_)):
        return True
    return is_number(value) and bool(np.isfinite(float(value)))  # type: ignore[arg-type]
