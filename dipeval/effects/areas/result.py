"""The result of `dip.area_effect`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.effects.areas import words
from dipeval.effects.areas.beside import Breakdown, TwoWay
from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count, format_p

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# With fewer areas no interval is given, only the permutation distribution.
FEWEST_AREAS: Final = 6
COLUMNS: Final = (
    "term",
    "group",
    "event_time",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "p_value",
    "n",
    "n_events",
    "n_comparison",
)
HEADINGS: Final = ("Part", "Effect", "Interval", "p", "Areas")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AreaEffect(HtmlMixin):
    """What happened in areas once they had a programme, against areas without it. Made by `area_effect`.

    Parameters
    ----------
    estimate, std_error, conf_low, conf_high, p_value
        Overall effect over treated area-periods, on the scale of the measure (a difference, or a logarithm of a
        ratio); NaN where it cannot be known.
    level
        Coverage of the interval, 0-1.
    measure, outcome_name
        ``difference`` or ``log_ratio``, and the outcome in words.
    n_areas, n_treated_areas, n_periods, n_treated_periods, n_waves
        Areas used on either side, those of them with the programme, periods of the panel, treated area-periods that the
        estimate is over, and waves.
    n_left_out_early, n_left_out_gaps
        Areas left out: those with no period to compare with before the programme, and those that lack a period.
    n_after_leaving, n_without_comparison
        Area-periods left out: after an area left, and with no area left to compare with.
    error, draws
        ``wild_cluster`` or ``permutation``, and how many draws or arrangements it rests on.
    method, estimand
        In words.
    pre_trend_p
        Of the largest difference before the start against none; NaN without two periods before any start.
    breakdown
        What departure from parallel trends would explain the estimate; None without such periods.
    two_way
        What two-way fixed effects would give for the same areas.
    """

    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    p_value: float
    level: float
    measure: str
    outcome_name: str
    n_areas: int
    n_treated_areas: int
    n_periods: int
    n_treated_periods: int
    n_waves: int
    n_left_out_early: int
    n_left_out_gaps: int
    n_after_leaving: int
    n_without_comparison: int
    error: str
    draws: int
    method: str
    estimand: str
    pre_trend_p: float
    breakdown: Breakdown | None
    two_way: TwoWay
    _table: pd.DataFrame = field(repr=False)
    _cells: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        if self.has_interval and not self.conf_low <= self.estimate <= self.conf_high:
            raise InvariantError("The effect on areas does not lie inside its own interval.")
        if not 0 < self.n_treated_areas <= self.n_areas:
            raise InvariantError("The areas of the effect do not add up.")
        if self.n_areas < FEWEST_AREAS and self.has_interval:
            raise InvariantError("An interval was made from fewer areas than it needs.")

    @property
    def has_interval(self) -> bool:
        """Whether an interval could be given."""
        return not (math.isnan(self.conf_low) or math.isnan(self.conf_high))

    @property
    def includes_equality(self) -> bool:
        """Whether the interval includes 0; without one, whether the p-value is above 1 - level or missing."""
        return self.conf_low <= 0 <= self.conf_high if self.has_interval else not self.p_value <= 1 - self.level

    @property
    def fewest_for_interval(self) -> int:
        """Areas that an interval needs."""
        return FEWEST_AREAS

    @property
    def ratio(self) -> float:
        """The effect as a ratio, where it is the logarithm of one; NaN otherwise."""
        return math.exp(self.estimate) if self.measure == "log_ratio" else math.nan

    def to_frame(self) -> pd.DataFrame:
        """Return the overall effect, that of each wave, and that at each time since the start.

        Returns
        -------
        pandas.DataFrame
            term (overall, wave, event_time), group (all; the wave's first period; before, reference, anticipation or
            after), event_time (periods since the start), estimate, std_error, conf_low, conf_high, p_value, n (treated
            areas), n_events (what the outcome counts in them in these periods; missing where it counts nothing),
            n_comparison (areas on the other side, the fewest in any period).
        """
        return self._table.copy(deep=True)

    def event_study(self) -> pd.DataFrame:
        """Return the effects by time since the start, with the period they are all compared with at 0.

        Returns
        -------
        pandas.DataFrame
            The rows of `to_frame` with term ``event_time``, in order of time.
        """
        own = self._table[self._table["term"] == "event_time"]
        return own.sort_values("event_time").reset_index(drop=True)

    def group_times(self) -> pd.DataFrame:
        """Return the effect of every wave in every period: what everything else is averaged from.

        Returns
        -------
        pandas.DataFrame
            wave, period, event_time, estimate, n (treated areas), n_comparison.
        """
        return self._cells.copy(deep=True)

    def summary(self) -> Summary:
        """Return the overall effect in words, a table of its parts, and what it rests on."""
        own = self._table[(self._table["term"] != "event_time") | (self._table["group"] != "reference")]
        rows = [self._row(row) for row in own.to_dict("records")]
        return Summary(
            title=words.TITLE,
            headline=words.headline(self),
            table=pd.DataFrame(rows, columns=list(HEADINGS)),
            notes=words.notes(self),
        )

    def _row(self, row: dict[Any, Any]) -> tuple[str, ...]:
        low, high, p = (float(row[name]) for name in ("conf_low", "conf_high", "p_value"))
        return (
            words.term_words(str(row["term"]), str(row["group"]), float(row["event_time"])),
            words.shown(self, float(row["estimate"])),
            "none" if math.isnan(low) else words.between(self, low, high),
            "none" if math.isnan(p) else format_p(p),
            format_count(int(row["n"])),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the effect by time since the start, the periods before it among them.

        Parameters
        ----------
        ax
            Axes to draw on; a new figure without it.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from dipeval.plots.area import event_study_plot

        return event_study_plot(self.event_study(), measure=self.measure, outcome=self.outcome_name, ax=ax)
