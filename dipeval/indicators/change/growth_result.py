"""`DenominatorGrowth`: how much of a growth is areas that began to report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from dipeval.errors import InvariantError
from dipeval.indicators.change.growth_split import FRAME_COLUMNS
from dipeval.presenting import HtmlMixin, Summary, format_count, format_number, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SERIES_COLUMNS: Final = (
    "period",
    "units",
    "areas",
    "months",
    "per_area",
    "positivity",
    "trigger_share",
    "index_units",
    "index_areas",
    "index_per_area",
    "status",
)
_MOST_ROWS = 16
_EXACT = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DenominatorGrowth(HtmlMixin):
    """What a growing or shrinking denominator is made of. Made by `dipeval.denominator_growth`.

    Parameters
    ----------
    label
        What the units are called.
    every
        Kind of period.
    by_area
        Whether the areas are known by name.
    missing
        Periods without a row.

    Attributes
    ----------
    growth, share_of_areas
        Growth over the whole; share of its logarithm that is the number of areas (missing without growth).
    """

    label: str
    every: str
    by_area: bool
    missing: tuple[str, ...]
    _frame: pd.DataFrame = field(repr=False)
    _series: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        frame = self._frame
        if tuple(frame.columns) != FRAME_COLUMNS or tuple(self._series.columns) != SERIES_COLUMNS:
            raise InvariantError("The columns of a denominator's growth are not the documented ones.")
        parts = frame[["log_areas", "log_months", "log_per_area"]].sum(axis=1, skipna=False)
        if (np.abs(parts - frame["log_growth"]) > _EXACT).any():
            raise InvariantError("The parts of a growth do not add up to it.")
        if self.by_area:
            change = frame["units_joined"] - frame["units_left"] + frame["units_stayed"]
            if (np.abs(change - (frame["units_to"] - frame["units_from"])) > 1e-6).any():
                raise InvariantError("Areas that joined, left and stayed do not add up to the change in units.")

    @property
    def growth(self) -> float:
        """Growth of the units over the whole: 0.85 is 85% more."""
        return float(self._frame["growth"].iloc[0])

    @property
    def share_of_areas(self) -> float:
        """Share of the logarithm of the growth that is the number of areas; it can pass 1 or be negative."""
        whole = self._frame.iloc[0]
        return float(whole["log_areas"] / whole["log_growth"]) if abs(whole["log_growth"]) > _EXACT else float("nan")

    @property
    def cautions(self) -> tuple[str, ...]:
        """What moved over the whole: ``areas_moved``, ``time_moved``, ``testing_widened``, ``testing_targeted``,
        ``positivity_moved``, ``grounds_moved``.
        """
        return tuple(name for name in str(self._frame["cautions"].iloc[0]).split("; ") if name)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a comparison: the whole first, then each period with the one before.

        Columns: span (``whole`` or ``step``), period_from, period_to, units_from, units_to, areas_from, areas_to,
        months_from, months_to (1 where not given), per_area_from, per_area_to (units an area and month), growth,
        log_growth (= log_areas + log_months + log_per_area), joined, left (names with ``; `` between), units_joined,
        units_left, units_stayed (the change is joined - left + stayed; missing without names), positivity_from,
        positivity_to, positivity_p, trigger_from, trigger_to, trigger_p (missing where not given), cautions, words.
        """
        return self._frame.copy()

    def series(self) -> pd.DataFrame:
        """Return one row a period, gaps included.

        Columns: period, units, areas, months, per_area, positivity, trigger_share, index_units (a month), index_areas,
        index_per_area (first period = 100), status.
        """
        return self._series.copy()

    def headline(self) -> str:
        """Return the sentence of the whole."""
        return str(self._frame["words"].iloc[0])

    def summary(self) -> Summary:
        """Return the periods and every step in which something moved; counts are exact and must pass the gate."""
        series = self._series.tail(_MOST_ROWS)
        table = pd.DataFrame(
            {
                "Period": series["period"],
                self.label: [format_count(n) for n in series["units"]],
                "Areas reporting": [_number(n) for n in series["areas"]],
                f"{self.label} an area": [format_number(n, 1) for n in series["per_area"]],
            }
        )
        if series["positivity"].notna().any():
            table["Share positive"] = [format_percent(share) for share in series["positivity"]]
        if series["trigger_share"].notna().any():
            table["On a trigger offence"] = [format_percent(share) for share in series["trigger_share"]]
        steps = self._frame[(self._frame["span"] == "step") & (self._frame["cautions"] != "")]
        notes = [*(steps["words"] if len(self._frame) > 2 else [])]
        notes += [f"Missing: {', '.join(self.missing)}."] if self.missing else []
        if not self.by_area:
            notes.append("The number of areas is as published; where it is a rounded mean, figures an area are rough.")
        notes.append(
            "More areas, more time and more in each area multiply up to the whole growth. None of them says how much "
            "need there is: that takes a measure that does not depend on who is tested."
        )
        return Summary(
            title=f"{self.label}: areas that report, and how many each", headline=self.headline(), table=table,
            notes=tuple(notes),
        )  # fmt: skip

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw units, areas and units an area, first period 100, and return the Axes (exact: not for release)."""
        from dipeval.plots.denominators import denominator_growth_plot

        return denominator_growth_plot(self._series, label=self.label, ax=ax)


def _number(value: float) -> str:
    return format_number(value, 0 if value % 1 == 0 else 1)
