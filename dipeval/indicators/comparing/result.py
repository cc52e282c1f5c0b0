"""`Benchmark`: areas beside each other in alphabetical order, with the limits of chance and where each lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from dipeval.errors import InvariantError
from dipeval.indicators.comparing import words
from dipeval.indicators.comparing.dispersion import Dispersion
from dipeval.indicators.comparing.positions import INSIDE, NOT_COMPARED, NOT_TOLD, suffix
from dipeval.presenting import HtmlMixin, Summary, format_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_ROWS = 50


def limit_columns(level: Sequence[float]) -> list[str]:
    """Return the columns of the limits.

    Examples
    --------
    >>> limit_columns((0.95, 0.998))
    ['lower_95', 'upper_95', 'lower_998', 'upper_998']
    """
    return [f"{side}_{suffix(one)}" for one in level for side in ("lower", "upper")]


def columns(level: Sequence[float]) -> list[str]:
    """Return the columns of `Benchmark.to_frame`."""
    return [
        *("area", "n", "observed", "value", "expected", "conf_low", "conf_high", "size", "centre"),
        *limit_columns(level),
        *("z", "z_adjusted", "p_value", "p_adjusted", "shrunken", "position", "words"),
    ]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Benchmark(HtmlMixin):
    """Areas set beside each other. Made by `dipeval.benchmark`; never a league table.

    Parameters
    ----------
    kind
        ``share``, ``rate`` or ``ratio`` (also where observed over expected comes from standardising).
    standardise, strata
        How and by what areas were made comparable; None and nothing where they were not.
    label, wanted, per, level
        As asked for.
    centre
        What areas are compared with, in the unit of the values; missing where nothing is compared.
    centre_given
        Whether it was given; otherwise it is all areas together.
    over_dispersion
        What the limits are widened by: ``none``, ``multiplicative``, ``additive`` or ``prior``.
    over_dispersion_asked
        What was asked for.
    dispersion
        How far the areas spread: factor, conf_low, conf_high, between, p_value.
    prior
        Standard deviation between areas that was given, or None.
    several_events
        Whether a unit can have several events.
    n_areas, n_compared
        Areas, and those that were compared.
    n_left_out
        Rows of all districts together that were left out.
    n_not_told
        Rows of measured indicators that were left out because they cannot be told yet.
    """

    kind: str
    standardise: str | None
    strata: tuple[str, ...]
    label: str
    wanted: str
    per: float
    level: tuple[float, ...]
    centre: float
    centre_given: bool
    over_dispersion: str
    over_dispersion_asked: str
    dispersion: Dispersion
    prior: float | None
    several_events: bool
    n_areas: int
    n_compared: int
    n_left_out: int
    n_not_told: int
    _frame: pd.DataFrame = field(repr=False)
    _limits: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        names = list(self._frame["area"])
        if list(self._frame.columns) != columns(self.level):
            raise InvariantError("The columns of a benchmark are not the documented ones.")
        if names != sorted(names, key=str.casefold) or len(set(names)) != len(names):
            raise InvariantError("The areas of a benchmark must each stand once, in alphabetical order.")

    @property
    def outside(self) -> tuple[str, ...]:
        """Areas outside the first limits, in alphabetical order."""
        place = self._frame["position"]
        return tuple(self._frame.loc[~place.isin([INSIDE, NOT_TOLD, NOT_COMPARED]), "area"])

    @property
    def expected_outside(self) -> float:
        """How many areas chance alone would put outside the first limits, on average, if none differed.

        An area is itself a part of all areas together, and draws their figure towards its own: with a part w its
        difference from them varies by the root of 1 - w less. Around a target from outside it does not.
        """
        if self.centre_given or not self.n_compared:
            return (1 - self.level[0]) * self.n_compared
        size = self._frame.loc[~self._frame["position"].isin([NOT_TOLD, NOT_COMPARED]), "size"].to_numpy("float64")
        reach = stats.norm.ppf((1 + self.level[0]) / 2) / np.sqrt(1 - size / size.sum())
        return float(2 * stats.norm.sf(reach).sum())

    @property
    def headline(self) -> str:
        """Are they different from the others? In a sentence or two."""
        return words.headline(self, self._frame)

    @property
    def value_label(self) -> str:
        """What the values are, as the heading of a column or an axis."""
        return words.value_heading(self)

    @property
    def size_label(self) -> str:
        """What the long axis of the funnel counts."""
        return words.size_label(self)

    def to_frame(self) -> pd.DataFrame:
        """Return one row an area, in alphabetical order.

        Columns: area, n (units in the denominator), observed (events), value, expected (events: those given or found by
        standardising, else those of the area's size at the figure of all), conf_low, conf_high (interval of the area's
        own value), size (place on the long axis of the funnel: units; expected events for a ratio; for a direct
        standardisation as many units of one stratum as would be as sure), centre, lower_95, upper_95, lower_998,
        upper_998 (limits, named after their levels), z (value less centre over its error by chance), z_adjusted (after
        widening), p_value (exact mid-p, after widening), p_adjusted (Benjamini and Hochberg, over the areas), shrunken
        (drawn to the centre as far as the prior says; missing without one), position (``inside``, ``above 95%``, ...,
        ``not told`` without units, ``not compared``), words.
        """
        return self._frame.copy()

    def limits(self) -> pd.DataFrame:
        """Return the lines of the funnel: size, centre, the limits, and smooth (whether they are drawn as curves)."""
        return self._limits.copy()

    def summary(self) -> Summary:
        """Return the areas with their limits; counts are exact and must pass the disclosure gate before release."""
        frame = self._frame.head(_MOST_ROWS)
        low, high = limit_columns(self.level)[:2]
        table = pd.DataFrame(
            {
                "Area": frame["area"],
                "Observed": [format_count(n) for n in frame["observed"]],
                words.value_heading(self): [words.shown(value, self.kind) for value in frame["value"]],
                f"{words.percent(self.level[0])} interval": words.between(frame, "conf_low", "conf_high", self.kind),
                f"{words.percent(self.level[0])} limits": words.between(frame, low, high, self.kind),
                "Position": frame["position"],
            }
        )
        notes = words.notes(self)
        if len(self._frame) > _MOST_ROWS:
            notes.append(f"Only the first {_MOST_ROWS} areas by name are shown here.")
        title = f"{self.label or 'Areas'}: areas beside each other"
        return Summary(title=title, headline=self.headline, table=table, notes=tuple(notes))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the funnel and return the Axes drawn on (exact figures: not for release)."""
        from dipeval.plots.funnel import limits_plot

        return limits_plot(
            self._frame,
            self._limits,
            ax=ax,
            is_share=self.kind == "share",
            value_label=self.label or self.value_label,
            size_label=self.size_label,
            centre_label="target" if self.centre_given else "all areas",
        )
