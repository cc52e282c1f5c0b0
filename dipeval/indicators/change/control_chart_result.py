"""`ControlChart`: a series against what is expected if nothing changes, and the signals that something did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError, InvariantError
from dipeval.indicators.change.wording import RULE_WORDS, Teller, chance_words
from dipeval.presenting import HtmlMixin, Summary, format_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final = (
    "period",
    "numerator",
    "denominator",
    "value",
    "centre",
    "lower",
    "upper",
    "lower_2",
    "upper_2",
    "phase",
    "signal",
    "rules",
    "seasonal_factor",
    "status",
)
SIGNAL_COLUMNS: Final = (
    "period",
    "period_from",
    "period_to",
    "rule",
    "direction",
    "reading",
    "value",
    "centre",
    "words",
)
KINDS: Final = {
    "run": "run chart",
    "p": "p chart",
    "u": "u chart",
    "c": "c chart",
    "i": "individuals chart",
    "p_prime": "Laney p' chart",
    "u_prime": "Laney u' chart",
    "points": "points only",
}
_MOST_ROWS = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ControlChart(HtmlMixin):
    """A run or control chart. Made by `dipeval.control_chart`.

    Parameters
    ----------
    chart
        What was drawn: ``run``, ``p``, ``u``, ``c``, ``i``, ``p_prime``, ``u_prime``, or ``points`` where there are
        too few periods to expect anything from.
    label
        What is charted.
    wanted
        ``higher``, ``lower`` or ``neither``.
    per
        Values are counts a unit times this.
    every
        ``quarter``, ``month``, ``year``, ``financial year`` or ``number``.
    rules
        Rules that were looked at.
    sigma_z
        Spread from period to period over what chance alone gives, in the first phase; missing where it is unknown.
    dispersion_bound
        What ``sigma_z`` passes by chance in about one series of twenty.
    seasonal
        Whether the centre follows the seasons.
    season_p
        p-value of the test for seasons; missing where it could not be done.
    false_alarm
        Share of series of this length, in which nothing changes, that give at least one signal.
    missing
        Periods without a row or a count.
    notes
        How it was drawn, and what to bear in mind.

    Attributes
    ----------
    n_points, n_signals
        Periods told; signals found.
    """

    chart: str
    label: str
    wanted: str
    per: float
    every: str
    rules: tuple[str, ...]
    sigma_z: float
    dispersion_bound: float
    seasonal: bool
    season_p: float
    false_alarm: float
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    _teller: Teller = field(repr=False)
    _frame: pd.DataFrame = field(repr=False)
    _signals: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        frame = self._frame
        if tuple(frame.columns) != COLUMNS or tuple(self._signals.columns) != SIGNAL_COLUMNS:
            raise InvariantError("The columns of a control chart are not the documented ones.")
        known = frame["centre"].notna() & frame["lower"].notna()
        inside = (frame["lower"] <= frame["centre"] + 1e-9) & (frame["centre"] <= frame["upper"] + 1e-9)
        if not inside[known].all():
            raise InvariantError("A centre lies outside its limits.")
        if (frame["signal"] != (frame["rules"] != "")).any() or (frame["signal"].any() != (len(self._signals) > 0)):
            raise InvariantError("Marked periods are not the periods of the signals.")

    @property
    def n_points(self) -> int:
        """Periods that are told."""
        return int((self._frame["status"] == "ok").sum())

    @property
    def n_signals(self) -> int:
        """Signals found."""
        return len(self._signals)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a period, in time order, gaps included.

        Columns: period, numerator, denominator (1 where there is none), value (numerator / denominator times per),
        centre (what is expected if nothing changed), lower, upper (three standard deviations; missing in a run chart),
        lower_2, upper_2 (two), phase (1, and one more from each break on), signal (whether a rule rests on this
        period), rules (their names, with ``; `` between), seasonal_factor (1 where seasons are not allowed for), status
        (``ok``, ``missing`` where the period has no row or count, ``no_units``, or what the data say).
        """
        return self._frame.copy()

    def signals(self, since: str | None = None) -> pd.DataFrame:
        """Return one row a signal, in time order.

        Columns: period (in which it came to be known), period_from, period_to (the periods it rests on), rule,
        direction (``above``, ``below``, ``rising``, ``falling`` or empty), reading (``better``, ``worse`` or empty, by
        what is wanted), value (mean of those periods), centre (mean expected), words.

        Parameters
        ----------
        since
            Only signals that rest on this period or a later one.
        """
        if since is None:
            return self._signals.copy()
        places = {period: place for place, period in enumerate(self._frame["period"])}
        if since not in places:
            raise InputError(f"since='{since}' is no period of this chart ({_first_last(self._frame)}).")
        late = [places[period] >= places[since] for period in self._signals["period_to"]]
        return self._signals[np.array(late, dtype=bool)].reset_index(drop=True)

    def headline(self) -> str:
        """Return one sentence: whether something changed, when last, and how sure that is."""
        told = f"{self.label}, {_first_last(self._frame)}"
        if self.chart == "points":
            return f"{told}: too little was counted to say what is expected, so no change can be told from chance."
        if self._signals.empty:
            return (
                f"{told}: no signal. The periods vary about as much as chance brings, which does not prove that "
                "nothing changed."
            )
        places = {period: place for place, period in enumerate(self._frame["period"])}
        last = self._signals.iloc[int(np.argmax([places[period] for period in self._signals["period_to"]]))]
        n = "1 signal" if self.n_signals == 1 else f"{self.n_signals} signals"
        return f"{told}: {n} that something changed. The latest: {_after_label(last['words'], self.label)}"

    def summary(self) -> Summary:
        """Return the latest periods and every signal in words; counts are exact and must pass the disclosure gate."""
        frame = self._frame.tail(_MOST_ROWS)
        shown = self._teller.shown
        table = pd.DataFrame(
            {
                "Period": frame["period"],
                "Value": [shown(value) for value in frame["value"]],
                "Expected": [shown(value) for value in frame["centre"]],
                "Limits": [
                    "none" if np.isnan(low) else f"{shown(low)} to {shown(high)}"
                    for low, high in zip(frame["lower"], frame["upper"], strict=True)
                ],
                "Out of": [format_count(n) for n in frame["denominator"]],
                "Signal": ["yes" if flag else "" for flag in frame["signal"]],
            }
        )
        if (self._frame["denominator"].dropna() == 1).all():
            table = table.drop(columns="Out of")
        notes = [*self._signals["words"], *self.notes, *self._how_often()]
        if len(self._frame) > _MOST_ROWS:
            notes.append(f"Only the last {_MOST_ROWS} of {len(self._frame)} periods are shown here.")
        title = f"{self.label} over time ({KINDS[self.chart]})"
        return Summary(title=title, headline=self.headline(), table=table, notes=tuple(notes))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the chart and return the Axes drawn on (exact figures: not for release)."""
        from dipeval.plots.control_charts import control_chart_plot

        return control_chart_plot(self._frame, label=self.label, percent=self._teller.percent, ax=ax)

    def _how_often(self) -> list[str]:
        if not self.rules:
            return []
        listed = "; ".join(RULE_WORDS[rule] for rule in self.rules)
        return [
            f"Looked for: {listed}.",
            f"A signal is a reason to ask, not a finding: these rules together give one or more signals "
            f"{chance_words(self.false_alarm)} (simulated, periods independent of each other).",
        ]


def _first_last(frame: pd.DataFrame) -> str:
    return f"{frame['period'].iloc[0]} to {frame['period'].iloc[-1]}"


def _after_label(words: str, label: str) -> str:
    return words.removeprefix(f"{label}: ")
