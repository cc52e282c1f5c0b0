"""Figures of indicators in words: estimates in their unit, intervals, targets, and the sentence above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dipeval.presenting import NOT_AVAILABLE, format_count, format_money, format_number, format_percent

_MET = {
    "met": "met",
    "missed": "missed",
    "not settled": "not settled by the interval",
    "not told": "not told yet",
}


def in_unit(value: float | None, kind: str, unit: str) -> str:
    """Return a figure as a reader sees it.

    Examples
    --------
    >>> in_unit(0.125, "share", "%"), in_unit(1.354, "ratio", "of expected"), in_unit(1200.0, "count", "tests")
    ('12.5%', '1.35', '1,200')
    """
    if value is None or pd.isna(value):
        return NOT_AVAILABLE
    if unit.startswith("pounds"):
        return format_money(value, 2)
    if kind == "share" or (kind == "quotient" and unit == "%"):
        return format_percent(value)
    if kind == "count":
        return format_count(value)
    return format_number(value, 1 if kind == "rate" else 2)


def estimate_words(row: Mapping[Any, Any]) -> str:
    """Return the figure of a row with what it is a share of."""
    figure = in_unit(row["estimate"], row["kind"], row["unit"])
    if row["kind"] == "share" and not pd.isna(row["estimate"]):
        return f"{figure} ({format_count(row['numerator'])} of {format_count(row['denominator'])})"
    if row["unit"] == "%" or row["unit"].startswith("pounds"):
        return figure
    one = row["kind"] == "count" and row["estimate"] == 1
    return f"{figure} {row['unit'].removesuffix('s') if one else row['unit']}"


def interval_words(row: Mapping[Any, Any]) -> str:
    """Return the interval of a row; nothing where it has none."""
    if row["interval"] == "none" or pd.isna(row["conf_low"]):
        return ""
    low, high = (in_unit(row[name], row["kind"], row["unit"]) for name in ("conf_low", "conf_high"))
    return f"{low} to {high}"


def target_words(row: Mapping[Any, Any]) -> str:
    """Return the target of a row and whether it is met; nothing where there is none."""
    if row["target_met"] == "no target":
        return ""
    side = "at least" if row["target_direction"] == "at_least" else "at most"
    return f"{side} {in_unit(row['target'], row['kind'], row['unit'])}: {_MET[row['target_met']]}"


def headline(rows: pd.DataFrame, names: Sequence[str]) -> str:
    """Return the sentence above the latest figures.

    Examples
    --------
    >>> headline(pd.DataFrame({"target_met": ["met", "no target"]}), ["seen", "tests"])
    '2 indicators are told. Of 1 target 1 is met, 0 are missed and for 0 the figures do not settle it.'
    """
    n = len(names)
    told = f"{format_count(n)} indicator{' is' if n == 1 else 's are'} told."
    counts = {word: int((rows["target_met"] == word).sum()) for word in _MET}
    n_targets = sum(counts.values())
    if not n_targets:
        return f"{told} No target is set for their latest period."
    met, missed, open_ = counts["met"], counts["missed"], counts["not settled"] + counts["not told"]
    return (
        f"{told} Of {n_targets} target{'' if n_targets == 1 else 's'} {met} {'is' if met == 1 else 'are'} met, "
        f"{missed} {'is' if missed == 1 else 'are'} missed and for {open_} the figures do not settle it."
    )
