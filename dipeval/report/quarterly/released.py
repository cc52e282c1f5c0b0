"""Measured indicators behind the disclosure gate: every figure of the quarterly report is taken from here.

The rule looks at one row at a time, so that the report of a district shows exactly what the whole report shows of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.disclosure import CONFIDENTIAL, FINE_SHARES_FROM, DisclosureRule, is_small
from dipeval.indicators.measuring.frames import ALL_DISTRICTS, EVERYONE, NO_DIMENSION
from dipeval.presenting import NOT_AVAILABLE, format_count, format_money, format_number, format_percent, round_half_up

if TYPE_CHECKING:
    from dipeval.study.quarterly.result import QuarterlyResult

FIGURES: Final = ("estimate", "conf_low", "conf_high")
NOT_TOLD: Final = {
    "too_early": "too early",
    "part_period": "part of the period",
    "no_units": "none counted",
    "not_recorded": "not recorded",
}
# Money or hours for each test or contact: with the sum known, the quotient gives the number of them back.
_A_UNIT: Final = ("cost_per_", "hours_per_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What of an indicator decides how its figures are shown.

    Parameters
    ----------
    name
        Of the indicator.
    kind
        ``share``, ``rate``, ``ratio``, ``count`` or ``quotient``.
    unit
        What the estimate counts, in words.
    per
        Estimates are numerator / denominator times this.
    """

    name: str
    kind: str
    unit: str
    per: float = 1.0

    @property
    def of_each(self) -> bool:
        """Whether it is a sum of money or hours divided by a number of tests or contacts."""
        return self.kind == "quotient" and self.name.startswith(_A_UNIT)

    def text(self, value: float, digits: int) -> str:
        """Return a figure in its unit."""
        if value != value:
            return NOT_AVAILABLE
        if self.kind == "share" or self.unit == "%":
            return format_percent(value, digits)
        if "£" in self.unit or "pound" in self.unit:
            return format_money(value, 2 if abs(value) < 100 and digits else 0)
        if self.kind == "count":
            return format_count(value)
        return format_number(value, 2 if self.kind == "ratio" else max(digits, int(self.kind == "quotient")))

    def places(self, digits: int) -> int:
        """Return the decimals that a figure may keep, from those of a percentage."""
        if self.kind == "share" or self.unit == "%":
            return digits + 2
        return {"count": 0, "ratio": 2, "quotient": 2}.get(self.kind, digits)


def kinds(dictionary: pd.DataFrame) -> dict[str, Kind]:
    """Return what decides the showing of every indicator of a dictionary (name, kind, unit, per)."""
    rows = dictionary.to_dict("records")
    return {
        str(row["name"]): Kind(
            name=str(row["name"]), kind=str(row["kind"]), unit=str(row["unit"]), per=float(row.get("per", 1.0))
        )
        for row in rows
    }


def figures(
    result: QuarterlyResult,
    *,
    names: Collection[str] | None = None,
    districts: Collection[str] | None = None,
    periods: Collection[str] | None = None,
    dimension: str | None = NO_DIMENSION,
    groups: Collection[str] | None = None,
) -> pd.DataFrame:
    """Return measured indicators as they may be shown.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.
    names, districts, periods, groups
        Which; default all.
    dimension
        Breakdown; ``""`` for everyone, None for all of them.

    Returns
    -------
    pandas.DataFrame
        As `release_rows`: in the order of the dictionary, the whole area first, then districts by name, then time.
    """
    frame = result.indicators.to_frame()
    keep = pd.Series(True, index=frame.index)
    for column, wanted in (("indicator", names), ("district", districts), ("period", periods), ("group", groups)):
        if wanted is not None:
            keep &= frame[column].isin(list(wanted))
    if dimension is not None:
        keep &= frame["dimension"] == dimension
    dictionary = result.indicators.dictionary()
    known = kinds(dictionary)
    order = {name: place for place, name in enumerate(names if isinstance(names, (tuple, list)) else known)}
    own = frame[keep & frame["indicator"].isin(list(known))]
    own = own.assign(
        _place=own["indicator"].map(order), _whole=own["district"] != ALL_DISTRICTS, _part=own["group"] != EVERYONE
    ).sort_values(["_place", "dimension", "_part", "_whole", "district", "period_from"], kind="stable")
    return release_rows(own.drop(columns=["_place", "_whole", "_part"]).reset_index(drop=True), known, result.rule)


def release_rows(frame: pd.DataFrame, known: Mapping[str, Kind], rule: DisclosureRule) -> pd.DataFrame:
    """Pass rows of measured indicators through the gate.

    Parameters
    ----------
    frame
        With the columns of measured indicators.
    known
        Indicator -> what decides its showing.
    rule
        The rule in force.

    Returns
    -------
    pandas.DataFrame
        The same rows; numbers rounded as they may be shown, missing where withheld or not told. Besides: hidden,
        digits (of a percentage), shown_n, shown_of, shown, shown_interval, shown_target, shown_met (finished text).
    """
    out = frame.copy()
    behind = smallest_behind(frame, known)
    told = (out["status"] == "ok") & out["estimate"].notna()
    # Nobody is told like few: where "none" stood, every mark of withheld would mean at least one.
    few = (told & (behind["smallest"] < rule.threshold)) | (out["status"] == "no_units")
    hidden = few & rule.protects
    fine = (behind["smallest"] >= FINE_SHARES_FROM) | (not rule.protects)
    out["hidden"], out["digits"] = hidden, fine.astype(int)
    out["numerator"] = _counts(out, "numerator", behind["yes"], told, rule)
    out["denominator"] = _counts(out, "denominator", behind["all"], told, rule)
    _round_figures(out, known, rule, told & ~hidden)
    shown = [_texts(row, known[str(row["indicator"])]) for row in out.to_dict("records")]
    texts = pd.DataFrame(shown, index=out.index, columns=list(_TEXTS), dtype=object)
    out.loc[hidden, "target_gap"] = np.nan
    people = [name for name in ("n_people", "n_people_yes", "n_people_no", "squares") if name in out]
    return pd.concat([out.drop(columns=people if rule.protects else []), texts], axis=1)


def smallest_behind(frame: pd.DataFrame, known: Mapping[str, Kind]) -> pd.DataFrame:
    """Return how many people are behind each row: all of them, those counted, the rest, and the fewest of these.

    Where people were not linked, what is counted stands for them; what counts nobody (hours of hours) rests on nobody.
    """
    kind = frame["indicator"].map(lambda name: known[str(name)].kind)
    each = frame["indicator"].map(lambda name: known[str(name)].of_each).astype(bool)
    share, quotient = kind == "share", kind == "quotient"
    people, yes, no = (frame[name].astype("float64") for name in ("n_people", "n_people_yes", "n_people_no"))
    counted = frame["denominator"].astype("float64").where(share | (kind == "rate") | each)
    everyone = pd.concat([people, counted], axis=1).min(axis=1)
    numerator = frame["numerator"].astype("float64").where(~quotient)
    some = pd.concat([yes.where(~quotient), numerator], axis=1).min(axis=1)
    rest = (frame["denominator"] - frame["numerator"]).astype("float64").where(share)
    others = pd.concat([no.where(share), rest], axis=1).min(axis=1)
    out = pd.DataFrame({"all": everyone, "yes": some, "no": others})
    # Nothing known of people at all: nobody is told of.
    return out.assign(smallest=out.min(axis=1).fillna(np.inf))


def _counts(frame: pd.DataFrame, name: str, people: pd.Series, told: pd.Series, rule: DisclosureRule) -> pd.Series:
    values = frame[name].astype("float64")
    if not rule.protects:
        return values
    small = told & (people < rule.threshold)
    # Expected numbers, hours and pounds are no counts; what counts nobody keeps its figure.
    rounded = rounded_counts(values, rule)
    return rounded.where(people.notna(), values).mask(small | ~told)


def rounded_counts(values: pd.Series, rule: DisclosureRule) -> pd.Series:
    """Return counts rounded half up to the base of the rule; missing ones stay missing."""
    base = rule.rounding
    return pd.Series(base * np.floor(values.to_numpy(dtype="float64") / base + 0.5 + 1e-12), index=values.index)


def _round_figures(out: pd.DataFrame, known: Mapping[str, Kind], rule: DisclosureRule, told: pd.Series) -> None:
    each = out["indicator"].map(lambda name: known[str(name)].of_each).astype(bool)
    counts = out["indicator"].map(lambda name: known[str(name)].kind == "count").astype(bool)
    per = out["indicator"].map(lambda name: known[str(name)].per).astype("float64")
    places = [known[str(name)].places(digits) for name, digits in zip(out["indicator"], out["digits"], strict=True)]
    for name in FIGURES:
        values = out[name].astype("float64").where(told)
        if rule.protects:
            values = values.where(~counts, rounded_counts(values, rule))
            if name == "estimate":
                values = values.where(~each, out["numerator"] / out["denominator"] * per)
            values = pd.Series(_half_up(values.to_numpy(), np.array(places, dtype=int)), index=out.index)
        out[name] = values
    out["target_gap"] = out["target_gap"].astype("float64").where(told)
    if rule.protects:
        out["target_gap"] = out["estimate"] - out["target"].astype("float64")


def _half_up(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    scale = 10.0**places
    rounded: np.ndarray = np.sign(values) * np.floor(np.abs(values) * scale + 0.5 + 1e-9) / scale
    return rounded


_TEXTS: Final = ("shown_n", "shown_of", "shown", "shown_interval", "shown_target", "shown_met")


def _texts(row: Mapping[Any, Any], kind: Kind) -> tuple[str, ...]:
    digits = int(row["digits"])
    target = _target(row, kind)
    if not row["hidden"] and (row["status"] != "ok" or row["estimate"] != row["estimate"]):
        why = NOT_TOLD.get(str(row["status"]), "not told")
        return "", "", why, "", target, "not told" if target else ""
    of = "" if kind.kind in ("count", "ratio", "quotient") else _count(row["denominator"])
    n = "" if kind.kind == "quotient" else _count(row["numerator"])
    if row["hidden"]:
        return n, of, CONFIDENTIAL, CONFIDENTIAL, target, CONFIDENTIAL if target else ""
    interval = ""
    if row["conf_low"] == row["conf_low"]:
        low, high = (kind.text(float(row[name]), digits) for name in ("conf_low", "conf_high"))
        interval = f"{low} to {high}"
    return n, of, kind.text(float(row["estimate"]), digits), interval, target, _met(row)


def _count(value: float) -> str:
    return CONFIDENTIAL if value != value else format_count(value)


def _target(row: Mapping[Any, Any], kind: Kind) -> str:
    if row["target"] != row["target"]:
        return ""
    words = {"at_least": "at least ", "at_most": "at most "}.get(str(row["target_direction"]), "")
    value = float(row["target"])
    whole = kind.unit == "%" and abs(100 * value - round(100 * value)) < 1e-9
    return words + kind.text(value, 0 if whole else 1)


def _met(row: Mapping[Any, Any]) -> str:
    met = str(row["target_met"])
    return "" if met == "no target" or row["target"] != row["target"] else met


def release_value(value: float, smallest: float, kind: Kind, rule: DisclosureRule) -> str:
    """Return one figure of an indicator, from the fewest people it rests on, as it may be shown."""
    if rule.protects and is_small(smallest, rule):
        return CONFIDENTIAL
    digits = int(not rule.protects or smallest >= FINE_SHARES_FROM)
    return kind.text(round_half_up(value, kind.places(digits)) if rule.protects else value, digits)
