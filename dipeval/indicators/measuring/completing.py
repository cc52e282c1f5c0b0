"""From added-up units to the frame of measured indicators: a row for every district and period, status and interval."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from dipeval.cohort.used import EVENT_DATE
from dipeval.indicators.dictionary.indicator import Indicator
from dipeval.indicators.grouping import NOT_RECORDED
from dipeval.indicators.measuring.adding import COUNTED, KEYS, PEOPLE, SUMS
from dipeval.indicators.measuring.frames import (
    AGE_GROUPS,
    ALL_DISTRICTS,
    COLUMNS,
    DIMENSIONS,
    EVERYONE,
    NO_DIMENSION,
)
from dipeval.indicators.measuring.intervals import indicator_limits
from dipeval.indicators.measuring.periods import Period, period_frame

# Sums of fractions differ in their last digits with the order of the rows; a result must not.
_DIGITS: Final = 9
# A first period with n records, none in its first days, is taken as only partly recorded where so long a silence would
# come about by chance in less than so many cases, were it recorded from its first day.
_CHANCE: Final = 0.001
_EPSILON: Final = 1e-9
# Of totals, but divided by records: the records must be there from the first to the last day as well.
_SET_AGAINST_RECORDS: Final = ("hours_per_test", "cost_per_test", "cost_per_contact")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """What the rows are laid out on.

    Parameters
    ----------
    periods, districts
        Those that are told.
    indicators
        Name -> entry of the dictionary, under the rule, in the order of the dictionary.
    extract_date
        Last day the data cover.
    date_from, date_to
        First and last day that were counted.
    coverage
        `dipeval.indicators.measuring.districts.coverage`.
    linked
        Whether people are known.
    """

    periods: tuple[Period, ...]
    districts: tuple[str, ...]
    indicators: Mapping[str, Indicator]
    extract_date: dt.date
    date_from: dt.date
    date_to: dt.date
    coverage: pd.DataFrame
    linked: bool


def complete(counted: pd.DataFrame, frame: Frame) -> pd.DataFrame:
    """Return the frame of measured indicators, without targets.

    Parameters
    ----------
    counted
        `KEYS`, `SUMS`, `PEOPLE` and ``given`` (missing for what is counted from records): the rows that have units.
    frame
        What they are laid out on.

    Returns
    -------
    DataFrame
        `dipeval.indicators.measuring.frames.COLUMNS` up to ``status`` and ``owner``.
    """
    told = [name for name in frame.indicators if name in set(counted["indicator"])]
    rows = _laid_out(counted, told, frame)
    rows = rows.merge(counted, on=list(KEYS), how="left").merge(period_frame(frame.periods), on="period")
    has = [rows[name].astype("float64").fillna(0.0).round(_DIGITS) for name in (*SUMS, *PEOPLE)]
    rows = rows.assign(**dict(zip((*SUMS, *PEOPLE), has, strict=True)))
    rows = _described(rows, frame)
    rows = rows.assign(status=_status(rows, frame))
    return _estimated(_with_people(rows, frame))


def sort_rows(rows: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Sort by indicator (order of the dictionary), breakdown, district (all first), group and period.

    Examples
    --------
    >>> rows = pd.DataFrame({"indicator": ["a", "a"], "dimension": ["", ""], "district": ["Leeds", "all districts"],
    ...                      "group": ["everyone"] * 2, "period": ["2013-Q1"] * 2})
    >>> sort_rows(rows, ["a"])["district"].tolist()
    ['all districts', 'Leeds']
    """
    place = {name: at for at, name in enumerate(names)}
    keyed = rows.assign(
        _indicator=rows["indicator"].map(place),
        _dimension=rows["dimension"].map({name: at for at, name in enumerate((NO_DIMENSION, *DIMENSIONS))}),
        _district=(rows["district"] != ALL_DISTRICTS).astype("int64"),
        _group=rows["group"].map(group_place),
    )
    order = ["_indicator", "_dimension", "_district", "district", "_group", "group", "period"]
    return keyed.sort_values(order, kind="stable")[list(rows.columns)].reset_index(drop=True)


def group_place(group: str) -> int:
    """Place of a group in a table: ages as they grow, others by name, what is not recorded last.

    Examples
    --------
    >>> sorted(["not recorded", "25-34", "under 18"], key=group_place)
    ['under 18', '25-34', 'not recorded']
    """
    if group in AGE_GROUPS:
        return AGE_GROUPS.index(group)
    return 1000 if group == NOT_RECORDED else 100


def entry_table(indicator: Indicator) -> str:
    """Return the table whose records are the units of an indicator: the first it needs.

    Examples
    --------
    >>> from dipeval.indicators.dictionary.catalogue import indicator
    >>> entry_table(indicator("seen"))
    'drug_tests'
    """
    return indicator.needs[0].partition(".")[0] if indicator.needs else ""


def _laid_out(counted: pd.DataFrame, told: Sequence[str], frame: Frame) -> pd.DataFrame:
    """Every district and period for everyone, and for each group that occurs in a district."""
    places = [ALL_DISTRICTS, *frame.districts]
    everyone = pd.MultiIndex.from_product([list(told), places], names=["indicator", "district"]).to_frame(index=False)
    everyone = everyone.assign(dimension=NO_DIMENSION, group=EVERYONE)
    keys = ["indicator", "district", "dimension", "group"]
    groups = counted.loc[(counted["dimension"] != NO_DIMENSION) & (counted["period"] != COUNTED), keys]
    # A district that is not among those told (no name is recorded) is in all districts only.
    groups = groups[groups["district"].isin(places)].drop_duplicates()
    rows = pd.concat([everyone, groups], ignore_index=True)
    return rows.merge(period_frame(frame.periods)[["period"]], how="cross")[list(KEYS)]


def _described(rows: pd.DataFrame, frame: Frame) -> pd.DataFrame:
    known = frame.indicators
    for name in ("label", "unit", "counting", "kind", "per", "follow_up_days", "owner"):
        rows[name] = rows["indicator"].map({one: getattr(known[one], name) for one in known})
    rows["table"] = rows["indicator"].map({one: entry_table(known[one]) for one in known})
    # Whether the units are records with a day, or lines of a table of totals.
    rows["dated"] = rows["table"].isin(list(EVENT_DATE))
    rows["denominator"] = np.where(rows["kind"] == "count", 1.0, rows["denominator"])
    return rows


def _status(rows: pd.DataFrame, frame: Frame) -> pd.Series:
    """Of several reasons not to tell a figure the weightiest."""
    follow = pd.to_timedelta(rows["follow_up_days"], unit="D")
    too_early = (rows["counting"] == "cohort") & (rows["period_to"] + follow > np.datetime64(frame.extract_date, "us"))
    part = _part(rows, frame)
    empty = _empty(rows, frame)
    given = rows["given"].astype("float64")
    status = np.select(
        [given == 0, too_early & rows["dated"], empty, part | (given < 1 - _EPSILON)],
        ["not_recorded", "too_early", "no_units", "part_period"],
        default="ok",
    )
    return pd.Series(status, index=rows.index, dtype="object")


def _part(rows: pd.DataFrame, frame: Frame) -> pd.Series:
    """Periods that the days counted, or the records of a district, cover only in part."""
    outside = (rows["period_from"] < np.datetime64(frame.date_from, "us")) | (
        rows["period_to"] > np.datetime64(min(frame.date_to, frame.extract_date), "us")
    )
    late = late_starts(frame.coverage)
    keyed = pd.MultiIndex.from_frame(rows[["table", "district", "period"]])
    begun = pd.Series(keyed.isin(list(late)), index=rows.index)
    counts_records = rows["dated"] | rows["indicator"].isin(_SET_AGAINST_RECORDS)
    return (outside & counts_records) | begun


def late_starts(coverage: pd.DataFrame) -> set[tuple[str, str, str]]:
    """Return table, district and first period with records, where these begin too late in it to cover it.

    Parameters
    ----------
    coverage
        `dipeval.indicators.measuring.districts.coverage`.

    Notes
    -----
    With n records in the period, none in the first g of its d days, the chance of so long a silence in a period that
    is recorded from its first day is (1 - g / d) to the power n; below 0.001 the period counts as part of one.

    Examples
    --------
    >>> first = pd.Timestamp("2013-06-15")
    >>> rows = pd.DataFrame({"table": ["drug_tests"], "district": ["Leeds"], "period": ["2013-Q2"],
    ...                      "first_day": [first], "n": [40]})
    >>> sorted(late_starts(rows))[0]
    ('drug_tests', 'Leeds', '2013-Q2')
    """
    if coverage.empty:
        return set()
    pooled = coverage.groupby(["table", "period"], as_index=False).agg(first_day=("first_day", "min"), n=("n", "sum"))
    both = pd.concat([coverage, pooled.assign(district=ALL_DISTRICTS)], ignore_index=True)
    first = both.sort_values("period", kind="stable").drop_duplicates(["table", "district"])
    span = first["period"].map(lambda label: pd.Period(label, freq="Q" if "Q" in label else "M"))
    starts = pd.to_datetime([one.start_time for one in span])
    length = np.array([(one.end_time.normalize() - one.start_time).days + 1 for one in span])
    silent = (pd.to_datetime(first["first_day"]).to_numpy() - starts.to_numpy()).astype("timedelta64[D]").astype(int)
    chance = (1 - silent / length) ** first["n"].to_numpy(dtype="float64")
    found = first[chance < _CHANCE]
    return set(found[["table", "district", "period"]].itertuples(index=False, name=None))


def _empty(rows: pd.DataFrame, frame: Frame) -> pd.Series:
    """Nothing below the line; for a count, no record at all of its table, so that a zero of one that has is told."""
    counts = rows["kind"] == "count"
    reported = frame.coverage[["table", "district", "period"]]
    everywhere = reported[["table", "period"]].drop_duplicates().assign(district=ALL_DISTRICTS)
    keys = pd.concat([reported, everywhere[reported.columns]], ignore_index=True)
    has = pd.MultiIndex.from_frame(rows[["table", "district", "period"]]).isin(
        list(keys.itertuples(index=False, name=None))
    )
    silent = counts & rows["dated"] & ~has
    return silent | (rows["denominator"] <= 0)


def _with_people(rows: pd.DataFrame, frame: Frame) -> pd.DataFrame:
    """People are told where they are known; those without only for shares, the only kind that has them."""
    known = rows["dated"] & frame.linked
    early = rows["status"] == "too_early"
    told = {
        "n_people": known,
        "n_people_yes": known & ~early,
        "n_people_no": known & ~early & (rows["kind"] == "share"),
    }
    rows = rows.assign(**{name: rows[name].where(flag).round().astype("Int64") for name, flag in told.items()})
    # What a cohort has done by now is no figure yet: it only grows.
    hidden = early | (rows["status"] == "not_recorded")
    return rows.assign(**{name: rows[name].where(~hidden) for name in ("numerator", "squares")})


def _estimated(rows: pd.DataFrame) -> pd.DataFrame:
    told = rows["status"].isin(["ok", "part_period"])
    estimate, low, high, words = indicator_limits(
        rows["kind"], rows["numerator"].where(told), rows["denominator"], rows["squares"].where(told), rows["per"]
    )
    rows = rows.assign(estimate=estimate, conf_low=low, conf_high=high, interval=words)
    rows = rows.assign(target=np.nan, target_direction="", target_gap=np.nan, target_met="no target")
    return rows[[*COLUMNS, "kind", "per"]]
