"""Officers' time, costs and recorded crime, from tables of totals.

A line for a longer time than a period is spread evenly over its days: hours of a year over its quarters, spending of
a financial year likewise. Crimes are never spread: a period is told from lines that lie within it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from dipeval.indicators.measuring.adding import KEYS, PEOPLE, SUMS
from dipeval.indicators.measuring.frames import ALL_DISTRICTS, EVERYONE, NO_DIMENSION
from dipeval.indicators.measuring.periods import Period
from dipeval.indicators.measuring.side_tables import line_spans, overlaps, refuse_double, side_table
from dipeval.vocabulary import OFFENCE_CLASS

# Indicator of resources -> the table of totals, and the indicator that is counted beside it.
FROM_TABLE: Final[Mapping[str, tuple[str, str]]] = {
    "officer_time": ("staffing", ""),
    "void_time": ("staffing", ""),
    "hours_per_test": ("staffing", "tests"),
    "cost_per_test": ("spend", "tests"),
    "cost_per_contact": ("spend", "contacts"),
    "crime": ("crime", ""),
}
_SPENT_ON: Final = {"cost_per_test": "testing", "cost_per_contact": "contact"}
# A period counts as covered in full from here on: shares of days are sums of fractions.
_WHOLE: Final = 1 - 1e-9
_CELL: Final = ["district", "period"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Told:
    """What the tables of totals tell.

    Parameters
    ----------
    rows
        Columns of `dipeval.indicators.measuring.adding` and ``given``: share of the period that the lines cover.
    untold
        Indicator -> why it is not told, in a sentence.
    notes
        What a reader must know.
    """

    rows: pd.DataFrame
    untold: Mapping[str, str]
    notes: tuple[str, ...]


def from_totals(
    extracts: Any,
    periods: Sequence[Period],
    districts: Sequence[str],
    names: Collection[str],
    counted: pd.DataFrame,
    by: Collection[str],
) -> Told:
    """Return what is told of hours, costs and crimes.

    Parameters
    ----------
    extracts
        What was passed in.
    periods
        Those that are told.
    districts
        Those that are counted.
    names
        Indicators asked for.
    counted
        Rows of `dipeval.indicators.measuring.adding.add_up`: the tests and contacts that costs and hours are set
        against.
    by
        Dimensions asked for.
    """
    wanted = [name for name in FROM_TABLE if name in names]
    parts: list[pd.DataFrame] = []
    untold: dict[str, str] = {}
    notes: list[str] = []
    tables = {table: side_table(extracts, table) for table in dict.fromkeys(FROM_TABLE[name][0] for name in wanted)}
    for name in wanted:
        table, beside = FROM_TABLE[name]
        lines = tables[table]
        if lines is None:
            untold[name] = f"The extracts have no table {table}."
            continue
        lines = lines[lines["district"].isin(list(districts))]
        if table == "crime":
            rows, why = (
                _crimes(lines, periods, districts, by),
                "Table crime has no line that lies within these periods.",
            )
        else:
            above, below, why, said = _above_below(name, lines, periods, counted, beside)
            rows = _quotients(name, above, below, districts, periods)
            notes += said
        if why and not (rows["given"] > 0).any():
            untold[name] = why
        else:
            parts.append(rows)
    columns = [*KEYS, *SUMS, *PEOPLE, "given"]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    return Told(rows=frame[columns], untold=untold, notes=tuple(dict.fromkeys(notes)))


def roles_that_test(roles: Collection[str]) -> list[str]:
    """Return the roles that test: those with test or testing in their name.

    Examples
    --------
    >>> roles_that_test(["detention officer (testing)", "drugs worker (custody)"])
    ['detention officer (testing)']
    """
    named = pd.Series(sorted(set(roles)), dtype="object")
    return list(named[named.str.contains(r"\btest", case=False, regex=True)]) if len(named) else []


def _above_below(
    name: str, lines: pd.DataFrame, periods: Sequence[Period], counted: pd.DataFrame, beside: str
) -> tuple[pd.DataFrame, pd.DataFrame, str, list[str]]:
    """What is above and below the line by district and period, why nothing may be told, and what to note."""
    if beside and beside not in set(counted["indicator"]):
        none = pd.DataFrame(columns=[*_CELL, "value", "given"])
        return none, none, f"The extracts tell no {beside} to set the totals against.", []
    if name in _SPENT_ON:
        above = _spread(
            lines[lines["spent_on"] == _SPENT_ON[name]], "spend", periods, "amount", ["funder", "price_year"]
        )
        words = "Spending of a financial year is spread evenly over its days, whatever happened in them."
        why = f"Table spend has no line for {_SPENT_ON[name]} in these periods."
        return above, _beside(counted, beside), why, [words]
    lines, said = _hours_of(name, lines)
    why = "Table staffing has no line with both hours_funded and hours_on_task for such roles in these periods."
    above = _spread(lines, "staffing", periods, "hours_on_task", ["role"])
    if beside:
        return above, _beside(counted, beside), why, said
    below = _spread(lines, "staffing", periods, "hours_funded", ["role"])
    if name == "void_time":
        above = above.assign(value=below["value"] - above["value"])
    return above, below, why, said


def _hours_of(name: str, lines: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Lines with hours, of roles that test (officers' time) or of those that do not (void time of drugs workers)."""
    lines = lines.assign(**{column: lines.get(column, np.nan) for column in ("hours_funded", "hours_on_task")})
    known = lines[["hours_funded", "hours_on_task"]].astype("float64").notna().all(axis=1)
    n_left_out = int((~known).sum())
    words = [f"{n_left_out} line(s) of table staffing lack hours and are left out."] if n_left_out else []
    lines = lines[known]
    testers = roles_that_test(lines["role"])
    others = sorted(set(lines["role"]) - set(testers))
    if name == "hours_per_test" or (testers and others):
        chosen = others if name == "void_time" else testers
        words.append(_role_words(name, chosen))
        lines = lines[lines["role"].isin(chosen)]
    return lines, words


def _role_words(name: str, roles: Sequence[str]) -> str:
    told = {"void_time": "Void time is that of", "officer_time": "Officers' time is that of"}
    return f"{told.get(name, 'Hours for each test are those of')} these roles: {', '.join(roles) or 'none'}."


def _spread(
    lines: pd.DataFrame, table: str, periods: Sequence[Period], value: str, keys: Sequence[str]
) -> pd.DataFrame:
    """district, period, value (spread by days), given (share of the period that every role or funder covers)."""
    column = "financial_year" if table == "spend" else "period"
    if lines.empty:
        return pd.DataFrame(columns=[*_CELL, "value", "given"]).astype({"value": "float64", "given": "float64"})
    spans = line_spans(lines, table, column=column, years=table == "spend")
    refuse_double(lines, table, spans, ["district", *keys], column)
    told = lines.assign(label=lines[column].astype(str).str.strip(), value=lines[value].astype("float64"))
    # One line a label and role, so that days are not covered twice where a role has several lines.
    told = told.groupby(["district", *keys, "label"], sort=True, dropna=False)["value"].sum().reset_index()
    joined = told.merge(overlaps(spans, periods), on="label")
    joined["value"] *= joined["share_of_line"]
    if table == "spend":
        # Funders come and go: a period is covered where any of them is.
        once = joined.drop_duplicates([*_CELL, "label"])
        days = once.groupby(_CELL, sort=True)["share_of_period"].sum()
    else:
        each = joined.groupby([*_CELL, *keys], sort=True)["share_of_period"].sum()
        whole = each.reset_index().groupby(_CELL, sort=True)["share_of_period"]
        days = whole.min()
    sums = joined.groupby(_CELL, sort=True)["value"].sum()
    return pd.DataFrame({"value": sums, "given": days.clip(upper=1.0)}).reset_index()


def _beside(counted: pd.DataFrame, name: str) -> pd.DataFrame:
    rows = counted[
        (counted["indicator"] == name)
        & (counted["dimension"] == NO_DIMENSION)
        & (counted["district"] != ALL_DISTRICTS)
        & (counted["period"] != "")
    ]
    return rows[_CELL].assign(value=rows["numerator"], given=1.0)


def _quotients(
    name: str, above: pd.DataFrame, below: pd.DataFrame, districts: Sequence[str], periods: Sequence[Period]
) -> pd.DataFrame:
    """Each district and period; all districts are the sum of those with lines, above and below."""
    cells = _cells(districts, periods)
    joined = cells.merge(above, on=_CELL, how="left").merge(below, on=_CELL, how="left", suffixes=("", "_below"))
    numbers = ["given", "value", "value_below"]
    joined[numbers] = joined[numbers].astype("float64").fillna(0.0)
    has = joined["given"] > 0
    joined["numerator"] = joined["value"].where(has, 0.0)
    joined["denominator"] = joined["value_below"].where(has, 0.0)
    whole = joined[has].groupby("period", sort=True)[["numerator", "denominator"]].sum()
    given = joined[has].groupby("period", sort=True)["given"].min()
    total = pd.DataFrame({"period": [one.label for one in periods]})
    total = total.merge(whole.assign(given=given).reset_index(), on="period", how="left")
    sums = ["numerator", "denominator", "given"]
    total[sums] = total[sums].astype("float64").fillna(0.0)
    rows = pd.concat([joined, total.assign(district=ALL_DISTRICTS)], ignore_index=True)
    return _tidy(rows, name).assign(squares=0.0)


def _crimes(
    lines: pd.DataFrame, periods: Sequence[Period], districts: Sequence[str], by: Collection[str]
) -> pd.DataFrame:
    """Crimes by district and period; all districts are told in full only where every one with lines has them."""
    spans = line_spans(lines, "crime") if len(lines) else {}
    refuse_double(lines, "crime", spans, ["district", "offence_group"], "period")
    inside = overlaps(spans, periods)
    inside = inside[inside["share_of_line"] >= _WHOLE]
    told = lines.assign(
        label=lines["period"].astype(str).str.strip().to_numpy(dtype=object),
        value=lines["count"].astype("float64"),
        group=lines["offence_group"].map(OFFENCE_CLASS),
    ).drop(columns="period")
    joined = told.merge(inside, on="label")
    cover = joined.drop_duplicates([*_CELL, "label"]).groupby(_CELL, sort=True)["share_of_period"].sum()
    cells = _cells(districts, periods).merge(cover.clip(upper=1.0).rename("given").reset_index(), on=_CELL, how="left")
    cells["given"] = cells["given"].astype("float64").fillna(0.0)
    # A district that has no line at all keeps no such record, and is no gap in the total.
    ever = cells[cells["district"].isin(set(joined["district"]))]
    total = ever.groupby("period", sort=False)["given"].min().reset_index().assign(district=ALL_DISTRICTS)
    some = ever.groupby("period", sort=False)["given"].max()
    total["given"] = np.where(total["period"].map(some) > 0, total["given"].clip(lower=1e-6), 0.0)
    cells = pd.concat([cells, total], ignore_index=True)
    parts = [_crime_rows(joined.assign(group=EVERYONE), cells, NO_DIMENSION)]
    if "offence_class" in by:
        parts.append(_crime_rows(joined, cells, "offence_class"))
    return pd.concat(parts, ignore_index=True)


def _crime_rows(joined: pd.DataFrame, cells: pd.DataFrame, dimension: str) -> pd.DataFrame:
    both = pd.concat([joined, joined.assign(district=ALL_DISTRICTS)], ignore_index=True)
    sums = both.groupby([*_CELL, "group"], sort=True)["value"].sum().rename("numerator").reset_index()
    groups = sums[["district", "group"]].drop_duplicates()
    rows = cells.merge(groups, on="district") if dimension else cells.assign(group=EVERYONE)
    rows = rows.merge(sums, on=[*_CELL, "group"], how="left")
    rows["numerator"] = rows["numerator"].astype("float64").fillna(0.0)
    rows["denominator"] = (rows["given"] > 0).astype("float64")
    return _tidy(rows, "crime", dimension).assign(squares=rows["numerator"])


def _cells(districts: Sequence[str], periods: Sequence[Period]) -> pd.DataFrame:
    labels = [one.label for one in periods]
    return pd.DataFrame(
        {"district": np.repeat(list(districts), len(labels)), "period": labels * len(list(districts))}, dtype="object"
    )


def _tidy(rows: pd.DataFrame, name: str, dimension: str = NO_DIMENSION) -> pd.DataFrame:
    group = rows["group"] if dimension else EVERYONE
    return rows.assign(indicator=name, dimension=dimension, group=group, **dict.fromkeys(PEOPLE, 0))
