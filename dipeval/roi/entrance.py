"""What is handed to the money must be of its kind: tables with each column once, figures, switches, whole numbers."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import pandas as pd
from pandas.api import types

from dipeval.errors import InputError

# Above these a figure is a slip of the keyboard, and sums made from it would run over.
MOST_POUNDS: Final = 1e15
MOST_AVERTED: Final = 1e9


def check_table(given: Any, what: str) -> None:
    """Refuse what is no table, or a table in which a column's name does not say which column is meant.

    Parameters
    ----------
    given
        What was passed.
    what
        What it should be, as the sentence begins: ``The costs``.

    Raises
    ------
    InputError
        If it is not a DataFrame, or names a column twice.
    """
    if not isinstance(given, pd.DataFrame):
        raise InputError(f"{what} must be a pandas DataFrame, one row a line; this is a {type(given).__name__}.")
    twice = sorted({str(name) for name in given.columns[given.columns.duplicated()]})
    if twice:
        raise InputError(f"{what} hold more than one column named {', '.join(twice)}; keep one of each.")


def figures(values: pd.Series) -> pd.Series | None:
    """Return a column as floats, missing where nothing stands; None if anything in it is no figure.

    Dates and answers of yes or no are numbers to a computer, and figures to nobody.

    Examples
    --------
    >>> figures(pd.Series(["12", None], dtype=object)).tolist()
    [12.0, nan]
    >>> figures(pd.Series([True])) is None
    True
    """
    kind = values.dtype
    if types.is_datetime64_any_dtype(kind) or types.is_timedelta64_dtype(kind) or types.is_bool_dtype(kind):
        return None
    try:
        return pd.to_numeric(values, errors="raise").astype("Float64").astype("float64")
    except (TypeError, ValueError):
        return None


def is_number(value: Any) -> bool:
    """Whether a value is a finite number, and not yes or no."""
    real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool | np.bool_)
    return bool(real and math.isfinite(value))


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number, and not yes or no."""
    return is_number(value) and float(value).is_integer()


def check_switch(name: str, value: Any) -> None:
    """Refuse anything but True and False: any word would count as True, "no" too."""
    if not isinstance(value, bool | np.bool_):
        raise InputError(f"{name} is True or False; this is a {type(value).__name__}.")


def check_seed(seed: Any) -> None:
    """Refuse a seed that draws cannot be started from."""
    if not (is_whole(seed) and seed >= 0):
        raise InputError("seed must be a whole number of 0 or more.")


def check_is_effect(effect: Any) -> None:
    """Refuse what is not made as the answers of `dipeval.estimate_effect` are."""
    needed = ("measure", "outcome_name", "estimate", "conf_low", "conf_high", "level", "n_treated", "estimand")
    if any(not hasattr(effect, name) for name in needed):
        raise InputError(
            "The effect must be what estimate_effect returns, with measure='mean_difference'; this is a "
            f"{type(effect).__name__}."
        )


def check_effect_figures(effect: Any) -> None:
    """Refuse an effect whose estimate, interval, level or people cannot be worked with."""
    ends = (effect.conf_low, effect.estimate, effect.conf_high)
    if not (all(map(is_number, ends)) and effect.conf_low <= effect.conf_high):
        raise InputError("The effect has no finite estimate and interval, so nothing can be worked out from it.")
    if max(map(abs, ends)) > MOST_AVERTED:
        raise InputError(
            f"The effect or an end of its interval is beyond {MOST_AVERTED:,.0f} offences a person; correct the counts "
            "it was estimated from."
        )
    if not (is_number(effect.level) and 0.01 <= effect.level <= 0.9999):
        raise InputError("The level of the effect is not a share between 0 and 1, so its interval cannot be read.")
    if not (is_whole(effect.n_treated) and effect.n_treated >= 1):
        raise InputError("The effect does not say how many treated people it is about (n_treated).")
