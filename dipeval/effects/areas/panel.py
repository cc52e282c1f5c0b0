"""A panel of areas and periods, checked: one value an area and period, and when each area had the programme."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.effects.areas.periods import NEVER, Ints, by_area, check_even, label_of, ordered, places
from dipeval.errors import EstimationError, InputError

Floats = NDArray[np.float64]

MEASURES: Final = ("difference", "log_ratio")
ON_GAPS: Final = ("refuse", "drop_area")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AreaColumns:
    """Which column is what, and how the outcome is read.

    Parameters
    ----------
    area, period, outcome
        Columns.
    treated_from, treated_until
        Columns, or mappings from area to period; the second may be None.
    at_risk, weights
        Columns (weights: or a mapping), or None.
    measure, per, on_gaps, anticipation
        As in `area_effect`.
    """

    area: str
    period: str
    outcome: str
    treated_from: str | Mapping[Any, Any]
    treated_until: str | Mapping[Any, Any] | None
    at_risk: str | None
    weights: str | Mapping[Any, Any] | None
    measure: str
    per: float
    on_gaps: str
    anticipation: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AreaPanel:
    """Areas by periods, in order.

    Parameters
    ----------
    areas
        Names, sorted.
    periods
        Labels, in order.
    values
        Areas by periods, on the scale of the measure; missing only after an area has left the programme.
    events
        The outcome as it was given where it counts something (whole numbers); None otherwise.
    weights
        Of the areas.
    start
        Place of the first period with the programme; the number of periods where it comes after the last, `NEVER`
        where there is none.
    until
        Place of the last period that is used.
    left_out
        Why -> how many areas are left out.
    n_after_leaving
        Area-periods after areas left the programme, which are left out.
    """

    areas: tuple[str, ...]
    periods: tuple[str, ...]
    values: Floats
    events: Floats | None
    weights: Floats
    start: Ints
    until: Ints
    left_out: Mapping[str, int]
    n_after_leaving: int

    @property
    def n_periods(self) -> int:
        """Periods."""
        return len(self.periods)

    def keep(self, rows: NDArray[np.bool_], **left_out: int) -> AreaPanel:
        """Return the panel of some of its areas; those left out are counted under these reasons."""
        return AreaPanel(
            areas=tuple(area for area, kept in zip(self.areas, rows, strict=True) if kept),
            periods=self.periods,
            values=self.values[rows],
            events=None if self.events is None else self.events[rows],
            weights=self.weights[rows],
            start=self.start[rows],
            until=self.until[rows],
            left_out={**self.left_out, **left_out},
            n_after_leaving=_after(self.until[rows], self.n_periods),
        )


def _after(until: Ints, n_periods: int) -> int:
    return int((n_periods - 1 - until).sum())


def read_panel(panel: pd.DataFrame, columns: AreaColumns) -> AreaPanel:
    """Read and check a panel; areas that already had the programme when it starts are left out and counted.

    Parameters
    ----------
    panel
        One row an area and period, in any order.
    columns
        Which column is what.

    Returns
    -------
    AreaPanel

    Raises
    ------
    InputError
        If a column is missing, an area and period stands in two rows or in none, or a value cannot be used.
    EstimationError
        If fewer than two areas or periods are left.
    """
    _check_columns(panel, columns)
    keys = _areas_of(panel, columns.area)
    when = ordered(panel[columns.period], columns.period)
    areas, periods = np.unique(keys.to_numpy(dtype=str)), np.unique(when.to_numpy(dtype=None))
    areas = areas.astype(object)
    check_even(periods)
    if len(areas) < 2 or len(periods) < 2:
        raise EstimationError(
            f"The panel has {len(areas)} area(s) and {len(periods)} period(s): at least two of each are needed, with "
            "the programme in one area and not yet in another."
        )
    row = pd.Index(areas).get_indexer(pd.Index(keys.astype(object)))
    column = pd.Index(periods).get_indexer(pd.Index(when))
    shape = (len(areas), len(periods))
    _refuse_repeats(row, column, shape)
    start = places(
        by_area(columns.treated_from, panel, keys, areas, "treated_from"), periods, "treated_from of the programme"
    )
    until = _until(columns, panel, keys, areas, periods, start)
    table = _Table(panel=panel, row=row, column=column, shape=shape)
    used: NDArray[np.bool_] = np.asarray(np.arange(shape[1])[None, :] <= until[:, None])
    outcome = table.wide(columns.outcome)
    at_risk = None if columns.at_risk is None else table.wide(columns.at_risk)
    absent = used & (np.isnan(outcome) | (False if at_risk is None else np.isnan(at_risk)))
    whole: NDArray[np.bool_] = np.asarray(~absent.any(axis=1))
    _refuse_gaps(absent, columns.on_gaps)
    _check_values(outcome, at_risk, used & whole[:, None], columns)
    read = AreaPanel(
        areas=tuple(str(area) for area in areas),
        periods=tuple(label_of(period) for period in periods),
        values=_on_scale(outcome, at_risk, columns),
        events=outcome if _counts(outcome[used & whole[:, None]]) else None,
        weights=_weights(columns.weights, panel, keys, areas),
        start=start,
        until=until,
        left_out={},
        n_after_leaving=_after(until, shape[1]),
    )
    if not whole.all():
        read = read.keep(whole, gaps=int((~whole).sum()))
    early: NDArray[np.bool_] = np.asarray(read.start - 1 - columns.anticipation < 0)
    return read.keep(~early, early=int(early.sum())) if early.any() else read


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Table:
    """Rows of the panel and their places among areas and periods."""

    panel: pd.DataFrame
    row: NDArray[np.intp]
    column: NDArray[np.intp]
    shape: tuple[int, int]

    def wide(self, name: str) -> Floats:
        """One column, areas by periods; missing where there is no value."""
        given = self.panel[name]
        numbers = pd.to_numeric(given, errors="coerce")
        words = int((numbers.isna() & given.notna()).sum())
        if words:
            raise InputError(f"{words} value(s) of {name} are no numbers: write them as numbers, or leave them empty.")
        values = numbers.to_numpy(dtype="float64", na_value=np.nan)
        if np.isinf(values).any():
            raise InputError(
                f"{int(np.isinf(values).sum())} value(s) of {name} are infinite: a finite number is needed."
            )
        found = np.full(self.shape, np.nan)
        found[self.row, self.column] = values
        return found


def _check_columns(panel: pd.DataFrame, columns: AreaColumns) -> None:
    if not isinstance(panel, pd.DataFrame):
        raise InputError(
            f"The panel must be a pandas DataFrame, one row an area and period; got {type(panel).__name__}."
        )
    named: list[Any] = [columns.area, columns.period, columns.outcome, columns.treated_from]
    named += [columns.treated_until, columns.at_risk, columns.weights]
    names = [str(name) if name is None else name for name in named[:4]] + [
        name for name in named[4:] if name is not None
    ]
    missing = [str(name) for name in names if not isinstance(name, Mapping) and name not in panel.columns]
    if missing:
        raise InputError(f"The panel has no column {', '.join(missing)}; it has {', '.join(map(str, panel.columns))}.")
    twice = sorted({str(name) for name in panel.columns[panel.columns.duplicated()]})
    if twice:
        raise InputError(f"The panel has more than one column called {', '.join(twice)}: rename or drop one.")
    if panel.empty:
        raise InputError("The panel has no rows: give one row an area and period.")


def _areas_of(panel: pd.DataFrame, area: str) -> pd.Series:
    """The area of each row as text: whole numbers that a missing value turned into decimals are written without."""
    names = panel[area]
    keys = names.map(lambda value: str(int(value)) if isinstance(value, float) and value.is_integer() else str(value))
    keys = keys.str.strip()
    empty = int((names.isna() | (keys == "")).sum())
    if empty:
        raise InputError(f"{empty} row(s) have no area in {area}: fill them in or take them out.")
    return keys


def _refuse_repeats(row: NDArray[np.intp], column: NDArray[np.intp], shape: tuple[int, int]) -> None:
    counts = np.bincount(row * shape[1] + column, minlength=shape[0] * shape[1])
    repeated = int((counts > 1).sum())
    if repeated:
        raise InputError(
            f"{repeated} area(s) and period(s) stand in more than one row: add their counts up, so that each has one."
        )


def _refuse_gaps(absent: NDArray[np.bool_], on_gaps: str) -> None:
    if on_gaps == "refuse" and absent.any():
        raise InputError(
            f"{int(absent.sum())} area-period(s) of {int(absent.any(axis=1).sum())} area(s) have no row or no value: "
            'every area needs every period. Fill them in, or leave these areas out with on_gaps="drop_area".'
        )


def _until(
    columns: AreaColumns, panel: pd.DataFrame, keys: pd.Series, areas: NDArray[Any], periods: NDArray[Any], start: Ints
) -> Ints:
    """Place of the last period used: areas that left are used until the last period with the programme."""
    last = len(periods) - 1
    if columns.treated_until is None:
        return np.full(len(areas), last, dtype=np.int64)
    given = by_area(columns.treated_until, panel, keys, areas, "treated_until")
    until = places(given, periods, "treated_until of the programme", exact=False)
    known = given.notna().to_numpy()
    without = int((known & (start == NEVER)).sum())
    if without:
        raise InputError(f"{without} area(s) have a treated_until but no treated_from: say when they started.")
    early = int((known & (until < start) & (start <= last)).sum())
    if early:
        raise InputError(f"In {early} area(s) treated_until comes before treated_from: correct one of the two.")
    return np.where(known, np.minimum(until, last), last)


def _check_values(outcome: Floats, at_risk: Floats | None, used: NDArray[np.bool_], columns: AreaColumns) -> None:
    negative = int((outcome[used] < 0).sum())
    if negative:
        raise InputError(
            f"{negative} value(s) of {columns.outcome} are below 0: an outcome of areas is a count or a rate."
        )
    if at_risk is not None and (nobody := int((at_risk[used] <= 0).sum())):
        raise InputError(f"{nobody} value(s) of {columns.at_risk} are 0 or less: a rate needs a population above 0.")
    zeros = int((outcome[used] == 0).sum())
    if columns.measure == "log_ratio" and zeros:
        raise InputError(
            f'{zeros} value(s) of {columns.outcome} are 0, and 0 has no logarithm: use measure="difference", or longer '
            "periods or larger areas."
        )


def _on_scale(outcome: Floats, at_risk: Floats | None, columns: AreaColumns) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = outcome if at_risk is None else columns.per * outcome / at_risk
        values = np.log(rate) if columns.measure == "log_ratio" else rate
    # Values after leaving are not checked: what is no number there counts as not recorded.
    return np.where(np.isfinite(values), values, np.nan)


def _counts(outcome: Floats) -> bool:
    return bool(np.equal(np.mod(outcome, 1), 0).all())


def _weights(
    given: str | Mapping[Any, Any] | None, panel: pd.DataFrame, keys: pd.Series, areas: NDArray[Any]
) -> Floats:
    if given is None:
        return np.ones(len(areas))
    values = pd.to_numeric(by_area(given, panel, keys, areas, "weights"), errors="coerce").to_numpy(dtype="float64")
    bad = sum(not (math.isfinite(value) and value > 0) for value in values.tolist())
    if bad:
        raise InputError(
            f"{bad} area(s) have no weight above 0: give every area one, such as its population before the programme."
        )
    return values
