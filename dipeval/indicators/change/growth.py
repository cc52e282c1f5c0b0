"""`denominator_growth`: is it more areas, more time, or more in each area?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.indicators.change.growth_result import SERIES_COLUMNS, DenominatorGrowth
from dipeval.indicators.change.growth_split import split
from dipeval.indicators.change.series import check_columns, numbers_of, read_periods
from dipeval.indicators.change.spans import label_of, texts_of
from dipeval.indicators.measuring.frames import ALL_DISTRICTS

_COUNTS: Final = ("units", "positives", "trigger", "areas", "months")


def denominator_growth(
    data: pd.DataFrame,
    *,
    units: str,
    area: str | None = None,
    areas: str | None = None,
    period: str = "period",
    months: str | None = None,
    positives: str | None = None,
    trigger: str | None = None,
    between: tuple[str, str] | None = None,
    label: str = "Tests",
) -> DenominatorGrowth:
    """Split the growth of a denominator into areas that report and units an area, so that it is not read as need.

    Parameters
    ----------
    data
        Records counted by area and period (`area`), or a published table with one row a period (`areas`). Rows of all
        districts together, and rows whose ``status`` says that a period is not told, are left out.
    units
        Column of counts: tests, arrests, contacts.
    area
        Column with the name of the area. An area reports in a period if it has any units in it.
    areas
        Column with the number of areas that report (it may be a mean over months).
    period
        Column of periods: ``2013-Q2``, ``2013-04``, ``2013``, ``2013-14``, or whole numbers.
    months
        Column with the months each period covers, where they are not alike: time covered is then split off as well.
    positives, trigger
        Columns of positive tests and of tests on a trigger offence: a share that moves says that who is tested changed.
    between
        First and last period compared; default the first and last that have units.
    label
        What the units are called.

    Returns
    -------
    DenominatorGrowth
        ``to_frame()``, one row a comparison (the whole, then each period with the one before): span, period_from,
        period_to, units_from, units_to, areas_from, areas_to, months_from, months_to, per_area_from, per_area_to,
        growth, log_growth, log_areas, log_months, log_per_area, joined, left, units_joined, units_left, units_stayed,
        positivity_from, positivity_to, positivity_p, trigger_from, trigger_to, trigger_p, cautions, words.

    Raises
    ------
    dipeval.InputError
        If neither or both of `area` and `areas` are given, a column is missing, a count is negative or larger than its
        units, or fewer than two periods have units.

    Notes
    -----
    units = areas x months x units an area and month, so the logarithms of the three ratios add up to that of the units
    exactly. With `area` the change in units is also that of the areas in both periods, plus those that joined, less
    those that left. Shares are compared by a normal test of two proportions, which takes tests as independent (people
    tested twice are not), and called moved at 2 percentage points and p below 0.05. This describes who counted; it
    says nothing of need, nor of what the programme achieved.

    Examples
    --------
    >>> import dipeval as dip
    >>> import pandas as pd
    >>> table = pd.DataFrame({"period": ["2022-Q2", "2024-Q1"], "tests": [10_393, 19_224], "forces": [16, 29]})
    >>> growth = dip.denominator_growth(table, units="tests", areas="forces")
    >>> frame = growth.to_frame()
    >>> frame[["growth", "log_growth", "log_areas", "log_per_area"]].round(3).values.tolist()[0]
    [0.85, 0.615, 0.595, 0.02]
    """
    if (area is None) == (areas is None):
        raise InputError("Give either area (the column that names it) or areas (the column with how many reported).")
    named = [("units", units), ("area", area), ("areas", areas), ("period", period)]
    frame = check_columns(data, [*named, ("months", months), ("positives", positives), ("trigger", trigger)])
    columns = {"units": units, "positives": positives, "trigger": trigger, "areas": areas, "months": months}
    rows, every = _read(frame, columns, area, period)
    series = _by_period(rows, every, counted=area is not None)
    chosen = _between(series, between)
    members = _members(rows) if area is not None else None
    return DenominatorGrowth(
        label=label,
        every=every,
        by_area=area is not None,
        missing=tuple(series.loc[series["status"] == "missing", "period"]),
        _frame=split(series[chosen].reset_index(drop=True), members, label),
        _series=_indexed(series),
    )


def _read(
    frame: pd.DataFrame, columns: dict[str, str | None], area: str | None, period: str
) -> tuple[pd.DataFrame, str]:
    """Rows that are told, with the house's names; every fault at once."""
    if area is not None:
        frame = frame[frame[area].astype("string").fillna("") != ALL_DISTRICTS]
    if "status" in frame.columns:
        frame = frame[frame["status"].astype("string").fillna("ok").isin(["ok", "no_units"])]
    labels, places, every = read_periods(frame[period])
    faults: list[str] = []
    rows = pd.DataFrame({"period": labels, "place": places})
    for name in _COUNTS:
        column = columns[name]
        rows[name] = np.nan if column is None else numbers_of(frame, column, faults)
    if area is not None:
        unnamed = int(frame[area].isna().sum())
        if unnamed:
            faults.append(f"{unnamed} rows have no area; say where they belong, or leave them out.")
        rows["area"] = frame[area].astype("string").to_numpy()
    keys = ["period", "area"] if area is not None else ["period"]
    faults += _doubtful(rows, keys)
    if faults:
        raise InputError(" ".join(faults))
    return rows, every


def _doubtful(rows: pd.DataFrame, keys: Sequence[str]) -> list[str]:
    faults = []
    twice = int(rows.duplicated(subset=list(keys)).sum())
    if twice:
        faults.append(f"{twice} rows repeat a {' and '.join(keys)}; give one row each.")
    for name in ("positives", "trigger"):
        many = int((rows[name] > rows["units"]).sum())
        if many:
            faults.append(f"{many} rows have more {name} than units; check the columns.")
    for name in ("areas", "months"):
        none = int(((rows[name] == 0) & (rows["units"] > 0)).sum())
        if none:
            faults.append(f"{none} rows have units but 0 {name}; check the columns.")
    return faults


def _by_period(rows: pd.DataFrame, every: str, *, counted: bool) -> pd.DataFrame:
    """One row a period from the first to the last."""
    told = rows[rows["units"].notna()]
    grouped = told.groupby("place")
    series = pd.DataFrame(
        {
            "units": grouped["units"].sum(),
            "positives": grouped["positives"].sum(min_count=1),
            "trigger": grouped["trigger"].sum(min_count=1),
            "areas": told[told["units"] > 0].groupby("place").size() if counted else grouped["areas"].max(),
            "months": grouped["months"].max(),
        }
    )
    if int((series["units"] > 0).sum()) < 2:
        raise InputError("Growth needs two periods with units; fewer have any.")
    first, last = int(series.index.min()), int(series.index.max())
    series = series.reindex(range(first, last + 1)).rename_axis("place").reset_index()
    series.insert(0, "period", [label_of(int(place), every) for place in series["place"]])
    series["status"] = np.where(series["units"].isna(), "missing", np.where(series["units"] > 0, "ok", "no_units"))
    whole = series["months"].isna().all()
    series["months"] = 1.0 if whole else series["months"]
    return series


def _between(series: pd.DataFrame, between: Any) -> np.ndarray:
    told = (series["status"] == "ok").to_numpy()
    if between is None:
        return told
    ends = texts_of(pd.Series(list(between), dtype=object)) if isinstance(between, (tuple, list)) else []
    known = series.loc[told, "period"].tolist()
    if len(ends) != 2 or any(end not in known for end in ends) or known.index(ends[0]) >= known.index(ends[1]):
        raise InputError(f"between must be a first and a later period that have units ({known[0]} to {known[-1]}).")
    places = series["period"].tolist()
    inside = np.zeros(len(series), dtype=bool)
    inside[places.index(ends[0]) : places.index(ends[1]) + 1] = True
    return np.asarray(told & inside)


def _members(rows: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Units of each area that reports, by period."""
    own = rows[rows["units"] > 0]
    return {
        str(period): dict(zip(group["area"].astype(str), group["units"], strict=True))
        for period, group in own.groupby("period")
    }


def _indexed(series: pd.DataFrame) -> pd.DataFrame:
    """The series with what is drawn: units, areas and units an area, each as a share of the first period's."""
    told = series.copy()
    told["per_month"] = told["units"] / told["months"]
    told["per_area"] = told["per_month"] / told["areas"]
    told["positivity"] = told["positives"] / told["units"].where(told["units"] > 0)
    told["trigger_share"] = told["trigger"] / told["units"].where(told["units"] > 0)
    first = told[told["status"] == "ok"].iloc[0]
    for name, column in (("units", "per_month"), ("areas", "areas"), ("per_area", "per_area")):
        told[f"index_{name}"] = 100 * told[column] / first[column]
    return told[list(SERIES_COLUMNS)]
