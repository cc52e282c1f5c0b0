"""Each signal in a plain sentence: which period, what was expected, and that something changed, not why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from dipeval.indicators.change.signals import Signal
from dipeval.presenting import format_number, format_percent

SIDES: Final = {1: "above", -1: "below", 0: ""}
NOT_WHY: Final = "Something changed beyond what chance usually brings; the chart does not say why."
RULE_WORDS: Final = {
    "outside": "a period outside the limits (three standard deviations from what is expected)",
    "two_of_three": "two of three periods in a row close to the same limit or beyond it (two standard deviations)",
    "run_of_8": "eight or more periods in a row on one side of what is expected",
    "trend_of_6": "six or more periods in a row, each higher or each lower than the one before",
    "longest_run": "more periods in a row on one side of the middle than a series of this length gives by chance",
    "crossings": "fewer crossings of the middle than a series of this length gives by chance",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """How the values of a chart are written.

    Parameters
    ----------
    label
        What is charted, as it stands in a sentence.
    percent
        Whether values are shares.
    digits
        Decimal places.
    whole
        Whether values are whole counts, written without decimals (what is expected is not).
    wanted
        ``higher``, ``lower`` or ``neither``.
    """

    label: str
    percent: bool
    digits: int
    wanted: str
    whole: bool = False

    def shown(self, value: float) -> str:
        """A value as text."""
        if self.percent:
            return format_percent(value, self.digits)
        return format_number(value, 0 if self.whole and value == round(value, 0) else self.digits)

    def reading(self, side: int) -> str:
        """``better`` or ``worse`` by what is wanted, or nothing."""
        if side == 0 or self.wanted == "neither":
            return ""
        return "better" if (side > 0) == (self.wanted == "higher") else "worse"


def digits_for(values: pd.Series, percent: bool) -> int:
    """Decimal places that tell the values of a series apart.

    Examples
    --------
    >>> digits_for(pd.Series([0.52, 0.57]), True), digits_for(pd.Series([12.25, 14.5]), False)
    (1, 1)
    """
    top = float(values.max()) if values.notna().any() else 0.0
    if percent:
        return 1
    if (values.dropna() == values.dropna().round()).all() and top >= 100:
        return 0
    return 1 if top >= 10 else 2


def sentence(signal: Signal, own: pd.DataFrame, teller: Teller) -> str:
    """Return the sentence of a signal.

    Parameters
    ----------
    signal
        The signal.
    own
        Told points of its phase: period, value, centre, lower, upper, lower_2, upper_2.
    teller
        How to write values.
    """
    rows = own.iloc[list(signal.points)]
    said = {
        "outside": _outside,
        "two_of_three": _near,
        "run_of_8": _run,
        "longest_run": _run,
        "trend_of_6": _trend,
        "crossings": _crossings,
    }[signal.rule](signal, rows, teller)
    reading = teller.reading(signal.side)
    wish = {"better": " This is the direction that is wanted.", "worse": " This is not the direction that is wanted."}
    return f"{teller.label}: {said} {NOT_WHY}{wish.get(reading, '')}"


def _outside(signal: Signal, rows: pd.DataFrame, teller: Teller) -> str:
    name = "upper" if signal.side > 0 else "lower"
    if len(rows) == 1:
        row = rows.iloc[0]
        return (
            f"in {row['period']} it was {teller.shown(row['value'])}, {SIDES[signal.side]} the {name} limit of "
            f"{teller.shown(row[name])}; {teller.shown(row['centre'])} was expected."
        )
    return (
        f"{_valued(rows, teller)}, one after the other, lay {SIDES[signal.side]} the {name} limit; "
        f"{_expected(rows, teller)}."
    )


def _near(signal: Signal, rows: pd.DataFrame, teller: Teller) -> str:
    name = "upper" if signal.side > 0 else "lower"
    return (
        f"{_valued(rows, teller)} lay close to the {name} limit or {SIDES[signal.side]} it, where two such periods of "
        f"three in a row are seldom chance; {_expected(rows, teller)}."
    )


def _valued(rows: pd.DataFrame, teller: Teller) -> str:
    words = [f"{period} ({teller.shown(value)})" for period, value in zip(rows["period"], rows["value"], strict=True)]
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def _run(signal: Signal, rows: pd.DataFrame, teller: Teller) -> str:
    most = f"; chance seldom gives more than {signal.bound}" if signal.rule == "longest_run" else ""
    return (
        f"{signal.count} periods in a row, {_span(rows)}, lay {SIDES[signal.side]} what was expected{most}: "
        f"{teller.shown(float(rows['value'].mean()))} on average, where {_expected(rows, teller)}."
    )


def _trend(signal: Signal, rows: pd.DataFrame, teller: Teller) -> str:
    verb = "rose" if signal.side > 0 else "fell"
    first, last = rows["value"].iloc[0], rows["value"].iloc[-1]
    season = " (seasons allowed for)" if rows["seasonal_factor"].nunique() > 1 else ""
    return (
        f"it {verb} from each period to the next{season} over {signal.count} periods in a row, {_span(rows)}, from "
        f"{teller.shown(float(first))} to {teller.shown(float(last))}; {_expected(rows, teller)}."
    )


def _crossings(signal: Signal, rows: pd.DataFrame, teller: Teller) -> str:
    return (
        f"{_span(rows)}, it crossed the middle {_times(signal.count)} where at least {signal.bound} crossings were "
        f"expected ({_expected(rows, teller)}): the level moved, or it drifts."
    )


def _expected(rows: pd.DataFrame, teller: Teller) -> str:
    low, high = float(rows["centre"].min()), float(rows["centre"].max())
    if teller.shown(low) == teller.shown(high):
        return f"{teller.shown(low)} was expected"
    return f"{teller.shown(low)} to {teller.shown(high)}, by season, was expected"


def _span(rows: pd.DataFrame) -> str:
    return f"from {rows['period'].iloc[0]} to {rows['period'].iloc[-1]}"


def _times(n: int) -> str:
    return {0: "not once", 1: "once", 2: "twice"}.get(n, f"{n} times")


def chance_words(share: float) -> str:
    """Say how often nothing looks like something.

    Examples
    --------
    >>> chance_words(0.273)
    'in about 27 of 100 series of this length in which nothing changes'
    """
    per_hundred = int(np.floor(100 * share + 0.5))
    how = "fewer than 1" if per_hundred < 1 else f"about {per_hundred}"
    return f"in {how} of 100 series of this length in which nothing changes"
