"""The result of `dip.before_after`: every change beside what would be seen without any effect."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.effects.before_and_after import words
from dipeval.effects.before_and_after.figures import CLASSES, NOTHING, Figure
from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count, format_interval, format_number, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dipeval.effects.before_and_after.expected_fall import Spread
    from dipeval.effects.effect import Effect

COLUMNS: Final = (
    "term",
    "group",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "p_value",
    "n",
    "n_events",
    "expected",
    "expected_low",
    "expected_high",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BeforeAfter(HtmlMixin):
    """Offending before and after, beside what would be seen without any effect. Made by `before_after`.

    Parameters
    ----------
    rule, at_least
        How people were chosen: "none", "index_counted", "at_least" (so many offences before) or "own".
    n, n_left_out
        Rows compared, and those whom the rule leaves out (who help to say what is expected).
    n_earlier
        Windows further back.
    days
        Length of a window; None where it is not said.
    level
        Coverage of the intervals, 0-1.
    change, expected
        Relative change of the mean number of offences with its interval, and what would be seen without any effect
        with its range (the estimate is NaN where only a range is known).
    spread
        How much people differ in their rate of offending, and how that is known.
    mean_before, mean_index
        Mean offences before, and mean index events counted among them.
    similar, sharp
        Shares of the offences before within which a change counts as similar, and above which a rise is sharp.
    earlier_level
        Change if people only went back to the mean of the windows further back; None without such windows.
    change_of_others
        Change with the index events left out of the offences before; None where none are counted among them.
    rate_change, expected_rate_change
        Change, and what would be seen without any effect, by time at risk; None where that is not known.
    change_comparison, difference
        Change of comparable untreated people, and the difference-in-differences; NaN and None without a design.
    uneven
        Dispersion of counts between windows, where it is clearly above that of steady rates; else None.
    clustered
        Whether errors are clustered by person.
    gap_days
        Days before the index that are left out of the window before; None where that is not known or not asked.
    index_choice
        Which of a person's index events a cohort took ("first", "per_quarter", "every"); None for a table.
    unequal_weights
        Whether the design weights its treated people differently, which the change does not.

    Examples
    --------
    >>> import numpy as np
    >>> import dipeval as dip
    >>> rng = np.random.default_rng(1)
    >>> rate = rng.gamma(0.5, 2.0, 4_000)
    >>> people = pd.DataFrame({name: rng.poisson(rate) for name in ("before", "after", "year_2", "year_3")})
    >>> found = dip.before_after(people, earlier=["year_2", "year_3"], selection="at_least_one")
    >>> found.reading
    'covered'
    """

    rule: str
    at_least: int
    n: int
    n_left_out: int
    n_earlier: int
    days: int | None
    level: float
    change: Figure
    expected: Figure
    spread: Spread
    mean_before: float
    mean_index: float
    similar: float
    sharp: float
    earlier_level: Figure | None = None
    change_of_others: Figure | None = None
    rate_change: Figure | None = None
    expected_rate_change: Figure | None = None
    change_comparison: Figure = NOTHING
    difference: Effect | None = None
    uneven: float | None = None
    clustered: bool = False
    gap_days: int | None = None
    index_choice: str | None = None
    unequal_weights: bool = False
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        if tuple(self._frame.columns) != COLUMNS:
            raise InvariantError("The columns of a before-after comparison are not the documented ones.")
        shares = self._frame[self._frame["term"] == "share"].set_index("group")
        if set(shares.index) != set(CLASSES) or int(shares.loc[list(CLASSES[:3]), "n_events"].sum()) != self.n:
            raise InvariantError("The classes of change do not add up to the people compared.")
        if math.isnan(self.expected.low) or self.expected.low > self.expected.high:
            raise InvariantError("A change stands there without what would be seen without any effect.")

    @property
    def reading(self) -> str:
        """What the change may be read as.

        ``covered``: its interval and the range expected without any effect overlap (where the index event is counted:
        with it left out, the interval includes no change). ``covered_by_time``: not so, but by time at risk they do.
        ``covered_by_earlier``: neither, but it overlaps the stretch from what is expected to what going back to the
        level of the windows further back would give. ``further`` and ``short``: the change lies below, or above, all
        of these. ``unknown``: it has no interval.
        """
        low, high = self.change.low, self.change.high
        if math.isnan(low):
            return "unknown"
        if self._is_expected():
            return "covered"
        if _overlap(self.rate_change, self.expected_rate_change):
            return "covered_by_time"
        lowest, highest = self.expected.low, self.expected.high
        if self.earlier_level is not None:
            back = self.earlier_level
            ends = [end for end in (back.low, back.estimate, back.high) if not math.isnan(end)]
            lowest, highest = min(lowest, *ends), max(highest, *ends)
            if low <= highest and lowest <= high:
                return "covered_by_earlier"
        return "further" if self.change.estimate < self.expected.low else "short"

    def _is_expected(self) -> bool:
        """Whether chance, and what is expected without any effect, can bring the change."""
        others = self.change_of_others
        if others is not None and not math.isnan(others.low):
            # What is expected hangs on the same counts as the change: both together have one interval.
            return others.low <= 0 <= others.high
        return _overlap(self.change, self.expected)

    def to_frame(self) -> pd.DataFrame:
        """Return every figure as one long table.

        Returns
        -------
        pandas.DataFrame
            term, group, estimate, std_error, conf_low, conf_high, p_value, n (people), n_events (offences; for a share
            the people in the class), expected, expected_low, expected_high (without any effect; expected is missing
            where only a range is known). Terms: mean_offences and mean_offences_comparison (a group a window:
            earlier_2, earlier_1, before, after), change, change_of_others (the index events left out), rate_change,
            change_comparison and earlier_level (relative; the error is that of the logarithm), share (fell, similar,
            rose, rose_sharply), difference_in_differences.
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return the headline, each figure beside what is expected without any effect, and how that was found."""
        return Summary(
            title="Offending before and after, beside what would be seen without any effect",
            headline=words.headline(self),
            table=self._table(),
            notes=words.notes(self),
        )

    def _table(self) -> pd.DataFrame:
        rows = [
            (words.ROWS[key], *shown)
            for key, row in self._told()
            if (shown := _shown(str(row["term"]), row, key)) is not None
        ]
        return pd.DataFrame(rows, columns=["Figure", "Seen", "Without any effect", "People"])

    def _told(self) -> list[tuple[str, pd.Series]]:
        """The rows that a reader is shown, by their key in the words."""
        keyed = {(row["term"], row["group"]): row for _, row in self._frame.iterrows()}
        found = []
        for key in words.ROWS:
            names = {"mean_before": ("mean_offences", "before"), "mean_after": ("mean_offences", "after")}
            name = names.get(key, ("share", key) if key in CLASSES else None)
            own = [row for (term, _), row in keyed.items() if term == key] if name is None else [keyed[name]]
            found += [(key, row) for row in own]
        return found

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw offences a person in each window, the range expected after without any effect, and comparable people."""
        from dipeval.plots.before_after import before_after_plot

        return before_after_plot(self.to_frame(), days=self.days, ax=ax)


def _overlap(one: Figure | None, other: Figure | None) -> bool:
    return one is not None and other is not None and one.low <= other.high and other.low <= one.high


def _shown(term: str, row: pd.Series, key: str) -> tuple[str, str, str]:
    """One row of the display: seen with its interval, expected with its range, people."""
    if term in ("mean_offences", "difference_in_differences"):
        seen = f"{format_number(row['estimate'])} ({format_interval(row['conf_low'], row['conf_high'])})"
        expected = _range(row, format_number)
    elif term == "share":
        seen, expected = format_percent(row["estimate"]), _range(row, format_percent)
    else:
        seen = words.change_words(row["estimate"])
        if not math.isnan(row["conf_low"]):
            seen += f" ({words.range_words(row['conf_low'], row['conf_high'])})"
        figure = Figure(estimate=row["expected"], low=row["expected_low"], high=row["expected_high"])
        expected = "" if math.isnan(figure.low) else words.expected_words(figure)
    return seen, expected, format_count(row["n_events"] if key in CLASSES else row["n"])


def _range(row: pd.Series, show: object) -> str:
    low, high, centre = (row[name] for name in ("expected_low", "expected_high", "expected"))
    if math.isnan(low) or not callable(show):
        return ""
    ends = f"{show(low)} to {show(high)}"
    if math.isnan(centre):
        return ends
    return str(show(centre)) if show(low) == show(high) else f"{show(centre)} ({ends})"
