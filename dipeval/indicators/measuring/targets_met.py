"""Targets beside the figures: how far off, and whether the interval settles that they are met."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.extracts.contracts import did_you_mean
from dipeval.indicators.dictionary.indicator import Indicator
from dipeval.indicators.measuring.districts import is_whole_area
from dipeval.indicators.measuring.frames import ALL_DISTRICTS, NO_DIMENSION
from dipeval.indicators.measuring.periods import Period, read_spans
from dipeval.indicators.measuring.side_tables import checked
from dipeval.presenting import format_count, format_number

AT_LEAST: Final = "at_least"
AT_MOST: Final = "at_most"
_WANTED: Final = {"higher": AT_LEAST, "lower": AT_MOST}
_KEYS: Final = ["indicator", "district", "period"]
_TOLD: Final = ("ok", "part_period")


def read_targets(
    table: pd.DataFrame | None,
    indicators: Mapping[str, Indicator],
    districts: Collection[str],
    periods: Sequence[Period],
) -> pd.DataFrame:
    """Return the targets of each indicator, district and period.

    Parameters
    ----------
    table
        Table ``targets``: indicator, district, period, value and, where given, direction and owner.
    indicators
        Every indicator that there is, told or not: name -> entry.
    districts
        Every district with records.
    periods
        Those that are told.

    Returns
    -------
    DataFrame
        indicator, district, period, target (shares between 0 and 1), target_direction, target_owner. A target for a
        year holds for each period in it; one for a shorter time takes its place there. A number to be reached in a
        year is none of its quarters, so that targets of counts must be given for each period.

    Raises
    ------
    InputError
        Naming everything that is wrong with the targets at once.

    Notes
    -----
    The value of a share may be given as a share or in per cent: if one value of an indicator is above 1, all of its
    values are read as per cent.
    """
    columns = [*_KEYS, "target", "target_direction", "target_owner"]
    empty = pd.DataFrame(columns=columns).astype({"target": "float64"})
    if table is None or table.empty:
        return empty
    given = _tidied(checked(table, "targets"))
    # A target for a month holds for no quarter.
    spans = read_spans(list(given["label"]), no_months=all(len(one.label) == len("2013-Q2") for one in periods))
    _refuse(given, indicators, districts, spans)
    given["district"] = [ALL_DISTRICTS if is_whole_area(name) else name for name in given["district"]]
    given["target"] = _as_shares(given, indicators)
    given["target_direction"] = _directions(given, indicators)
    rows = []
    for label, days in spans.items():
        if days is None:
            continue
        inside = [one for one in periods if one.first >= days[0] and one.last <= days[1]]
        rows += [(label, one.label, (days[1] - days[0]).days, (one.last - one.first).days) for one in inside]
    if not rows:
        return empty
    held = given.merge(pd.DataFrame(rows, columns=["label", "period", "days", "period_days"]), on="label")
    _refuse_two(held)
    _refuse_long_counts(held, indicators)
    held = held.sort_values([*_KEYS, "days", "target"], kind="stable").drop_duplicates(_KEYS)
    return held[columns].reset_index(drop=True)


def with_targets(rows: pd.DataFrame, targets: pd.DataFrame) -> pd.DataFrame:
    """Put targets beside the rows for everyone, and say whether they are met.

    Parameters
    ----------
    rows
        Measured indicators.
    targets
        From `read_targets`.

    Returns
    -------
    DataFrame
        The rows with target, target_direction, target_gap, target_met and, where the table names one, owner.
    """
    if targets.empty:
        return rows
    own = rows.drop(columns=["target", "target_direction"]).merge(targets, on=_KEYS, how="left")
    everyone = own["dimension"] == NO_DIMENSION
    own["target"] = own["target"].where(everyone)
    own["target_direction"] = own["target_direction"].where(own["target"].notna(), "")
    named = own["target"].notna() & own["target_owner"].notna() & (own["target_owner"] != "")
    own["owner"] = own["owner"].where(~named, own["target_owner"])
    own["target_gap"] = (own["estimate"] - own["target"]).astype("float64")
    own["target_met"] = _met(own)
    return own[list(rows.columns)]


def _met(rows: pd.DataFrame) -> np.ndarray:
    """Met or missed where the whole interval lies on one side; a figure without interval settles it by itself."""
    plain = rows["interval"] == "none"
    low = rows["estimate"].where(plain, rows["conf_low"])
    high = rows["estimate"].where(plain, rows["conf_high"])
    least = rows["target_direction"] == AT_LEAST
    met = np.where(least, low >= rows["target"], high <= rows["target"])
    missed = np.where(least, high < rows["target"], low > rows["target"])
    # What is counted in a part of a period is no count of the period, which a target for it is about.
    counts = rows["kind"] == "count" if "kind" in rows else pd.Series(False, index=rows.index)
    told = rows["status"].isin(_TOLD) & ~(counts & (rows["status"] == "part_period"))
    return np.select(
        [rows["target"].isna(), ~told | rows["estimate"].isna(), met, missed],
        ["no target", "not told", "met", "missed"],
        default="not settled",
    ).astype(object)


def _tidied(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "indicator": table["indicator"].astype(str).str.strip(),
            "district": table["district"].astype(str).str.strip(),
            "label": table["period"].astype(str).str.strip(),
            "target": pd.to_numeric(table["value"], errors="coerce").astype("float64"),
            "direction": table["direction"].fillna("") if "direction" in table else "",
            "target_owner": table.get("owner"),
        }
    ).reset_index(drop=True)


def _refuse(
    given: pd.DataFrame, indicators: Mapping[str, Indicator], districts: Collection[str], spans: Mapping[str, Any]
) -> None:
    faults = []
    for name in sorted(set(given["indicator"]) - set(indicators)):
        faults.append(f"there is no indicator '{name}'{did_you_mean(name, indicators)}")
    for name in sorted(set(given["district"])):
        if name not in districts and not is_whole_area(name):
            faults.append(f"there are no records of district '{name}'{did_you_mean(name, districts)}")
    for label in sorted(one for one, days in spans.items() if days is None):
        faults.append(f"'{label}' is no month (2013-04), quarter (2013-Q2) or year (2013-14)")
    faults += _value_faults(given, indicators)
    if faults:
        raise InputError(f"Table targets: {'; '.join(faults)}. Correct these lines, or leave them out.")


def _value_faults(given: pd.DataFrame, indicators: Mapping[str, Indicator]) -> list[str]:
    faults = []
    for name, rows in given.groupby("indicator", sort=True):
        known = indicators.get(str(name))
        if rows["target"].isna().any():
            faults.append(f"{int(rows['target'].isna().sum())} line(s) of '{name}' have no value")
        strange = sorted(set(rows["direction"].astype(str)) - {"", AT_LEAST, AT_MOST})
        if strange:
            faults.append(f"direction {', '.join(strange)} of '{name}' is not known: use {AT_LEAST} or {AT_MOST}")
        if known is None:
            continue
        without = int((rows["direction"].astype(str) == "").sum())
        if known.direction not in _WANTED and without:
            faults.append(
                f"{without} target(s) for '{name}' have no direction, and neither more nor less of it is wanted by "
                f"itself: add a column direction with {AT_LEAST} or {AT_MOST}"
            )
        if known.kind == "share" and (rows["target"] > 100).any():
            faults.append(f"a target for '{name}' is above 100%")
    return faults


def _as_shares(given: pd.DataFrame, indicators: Mapping[str, Indicator]) -> pd.Series:
    shares = given["indicator"].map({name: one.kind == "share" for name, one in indicators.items()}).astype(bool)
    largest = given.groupby("indicator")["target"].transform("max")
    return given["target"].where(~(shares & (largest > 1)), given["target"] / 100)


def _directions(given: pd.DataFrame, indicators: Mapping[str, Indicator]) -> pd.Series:
    usual = given["indicator"].map({name: _WANTED.get(one.direction, "") for name, one in indicators.items()})
    return given["direction"].where(given["direction"] != "", usual)


def _refuse_two(held: pd.DataFrame) -> None:
    """Two values for one period that are set for times of one length: neither is the closer one."""
    closest = held["days"] == held.groupby(_KEYS)["days"].transform("min")
    several = held[closest].groupby(_KEYS)[["target", "target_direction"]].nunique().max(axis=1)
    if n := int((several > 1).sum()):
        raise InputError(
            f"Table targets: {n} time(s) an indicator has two different targets for one district and period; leave one."
        )


def _refuse_long_counts(held: pd.DataFrame, indicators: Mapping[str, Indicator]) -> None:
    counts = held["indicator"].map({name: one.kind == "count" for name, one in indicators.items()}).astype(bool)
    long = held[counts & (held["days"] > held["period_days"])]
    if len(long):
        names = ", ".join(f"'{name}'" for name in sorted(set(long["indicator"])))
        labels = ", ".join(sorted(set(long["label"])))
        raise InputError(
            f"Table targets: {names} count(s) what there was in a period, and the target is for a longer time "
            f"({labels}): a year's number is none of a quarter's. Give the number for each period."
        )


def by_chance(n: int) -> str:
    """Say how many targets chance would settle, were every figure exactly at its own; nothing without a target.

    Examples
    --------
    >>> by_chance(30)
    'Were every figure exactly at its target, chance alone would show about 1.5 of 30 targets as met or missed.'
    """
    if not n:
        return ""
    one = "target" if n == 1 else "targets"
    return (
        f"Were every figure exactly at its target, chance alone would show about {format_number(0.05 * n, 1)} of "
        f"{format_count(n)} {one} as met or missed."
    )
