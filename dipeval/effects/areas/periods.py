"""Periods of a panel of areas, in order: numbers, dates or text that starts with a year."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import InputError

Ints = NDArray[np.int64]

# Starts later than any period: an area that never has the programme.
NEVER: Final = 10**9
_YEAR_FIRST: Final = re.compile(r"\d{4}(\D|$)")
_UNEVEN: Final = (
    "The periods are not evenly spaced ({n} of {steps} steps between them differ from the first): a period that no "
    "area has would make event times wrong. Give every period between the first and the last."
)


def ordered(values: pd.Series, name: str) -> pd.Series:
    """Return the periods as what can be put in order: numbers, dates, or text that starts with a year.

    Parameters
    ----------
    values
        One period a row.
    name
        Of the column, for the sentences.

    Returns
    -------
    pandas.Series
        float64, datetime64 or str.

    Raises
    ------
    InputError
        If a period is missing, or text has no order.
    """
    if int(values.isna().sum()):
        raise InputError(f"{int(values.isna().sum())} row(s) have no period in {name}: fill them in or take them out.")
    if isinstance(values.dtype, pd.PeriodDtype):
        return values.dt.to_timestamp()
    if pd.api.types.is_datetime64_any_dtype(values):
        return values
    numbers = pd.to_numeric(values, errors="coerce")
    if not pd.api.types.is_bool_dtype(values) and numbers.notna().all() and np.isfinite(numbers).all():
        return numbers.astype("float64")
    text = values.astype(str)
    odd = int((~text.str.match(_YEAR_FIRST)).sum())
    if odd:
        raise InputError(
            f"{odd} of {len(text)} values of {name} are neither numbers, nor dates, nor text that starts with a year "
            "(such as 2012-Q1), so that their order is not known: write them in one of these ways."
        )
    return text


def check_even(periods: NDArray[Any]) -> None:
    """Refuse periods with a gap that no area fills; text cannot be checked.

    Parameters
    ----------
    periods
        Each once, in order.

    Raises
    ------
    InputError
        If steps between numbers or dates differ.
    """
    if periods.dtype.kind == "M":
        days = pd.DatetimeIndex(periods)
        months = days.year.to_numpy() * 12 + days.month.to_numpy()
        whole = len(set(days.day)) == 1 and len(set(months)) == len(months)
        steps = np.diff(months if whole else periods.astype("datetime64[s]").astype(np.int64))
    elif periods.dtype.kind == "f":
        steps = np.diff(periods)
    else:
        return
    uneven = int((~np.isclose(steps, steps[0])).sum()) if len(steps) else 0
    if uneven:
        raise InputError(_UNEVEN.format(n=uneven, steps=len(steps)))


def label_of(period: Any) -> str:
    """Return a period as it is written: whole numbers without decimals, dates without a time of day.

    Examples
    --------
    >>> label_of(2012.0), label_of("2012-Q1")
    ('2012', '2012-Q1')
    """
    if isinstance(period, np.datetime64 | pd.Timestamp):
        return str(pd.Timestamp(period).date())
    return str(int(period)) if isinstance(period, float) and period.is_integer() else str(period)


def by_area(given: Any, panel: pd.DataFrame, keys: pd.Series, areas: NDArray[Any], name: str) -> pd.Series:
    """Return one value an area, from a column that does not change within the area or a mapping.

    Parameters
    ----------
    given
        Name of a column, or a mapping from area to value; areas that are not in it have none.
    panel
        One row an area and period.
    keys
        The area of each row, as text.
    areas
        Each once, in order.
    name
        What it is, for the sentences.

    Returns
    -------
    pandas.Series
        Index the area; missing where there is none.

    Raises
    ------
    InputError
        If the column changes within an area, or the mapping has an area that is not in the panel.
    """
    if isinstance(given, Mapping):
        values = {str(area): value for area, value in given.items()}
        strange = sorted(set(values) - set(areas))
        if strange:
            raise InputError(
                f"{name} has {len(strange)} area(s) that the panel has not, such as '{strange[0]}': write areas alike."
            )
        return pd.Series({area: values.get(str(area)) for area in areas}, dtype=object)
    column = panel[given].astype(object).where(panel[given].notna(), "")
    column = column.map(lambda value: "" if isinstance(value, str) and not value.strip() else value)
    differ = int((column.groupby(keys.to_numpy()).nunique() > 1).sum())
    if differ:
        raise InputError(
            f"{name} ({given}) changes over the periods of {differ} area(s): it must say the same in every row of an "
            "area, or nothing in all of them."
        )
    first = column.groupby(keys.to_numpy()).first().reindex(areas)
    return first.map(lambda value: None if isinstance(value, str) and value == "" else value).astype(object)


def places(given: pd.Series, periods: NDArray[Any], name: str, *, exact: bool = True) -> Ints:
    """Return where in the order of periods each area's value stands.

    Parameters
    ----------
    given
        One value an area, missing where there is none.
    periods
        Each once, in order.
    name
        What the values are, for the sentences.
    exact
        Whether a value between the first and the last period must be one of them.

    Returns
    -------
    numpy.ndarray
        Number of periods before the value; -1 before the first period; the number of periods after the last; `NEVER`
        where there is none.

    Raises
    ------
    InputError
        If a value cannot be compared with the periods, or is none of them though it lies among them.
    """
    found = np.full(len(given), NEVER, dtype=np.int64)
    known = given.notna().to_numpy()
    if not known.any():
        return found
    values = _alike(given[known], periods, name)
    at = np.searchsorted(periods, values)
    inside = (at < len(periods)) & ~((at == 0) & (values < periods[0]))
    among = inside & (periods[np.minimum(at, len(periods) - 1)] != values)
    if exact and among.any():
        raise InputError(
            f"{name} of {int(among.sum())} area(s) lies among the periods of the panel but is none of them: give the "
            "first whole period with the programme as it is written in the panel."
        )
    before = values < periods[0]
    # Between two periods the earlier one is the last that was reached.
    at = at - (among & (not exact)).astype(np.int64)
    found[known] = np.where(before, -1, at)
    return found


def _alike(values: pd.Series, periods: NDArray[Any], name: str) -> NDArray[Any]:
    kind = periods.dtype.kind
    made: pd.Series
    if kind == "M":
        held = values.map(lambda value: value.to_timestamp() if isinstance(value, pd.Period) else value)
        made = pd.to_datetime(held, errors="coerce")
    elif kind == "f":
        made = pd.to_numeric(values, errors="coerce")
    else:
        text = values.astype(str).str.strip()
        made = text.where(text.str.match(_YEAR_FIRST))
    lacking = int(made.isna().sum())
    if lacking:
        raise InputError(
            f"{name} of {lacking} area(s) cannot be compared with the periods: write it as the periods are written, "
            "and leave it empty for areas without the programme."
        )
    array: NDArray[Any] = made.to_numpy(dtype=object) if kind not in "fM" else made.to_numpy()
    return array
