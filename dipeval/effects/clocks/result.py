"""The result of `dip.compare_clocks`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.effects.clocks import words
from dipeval.effects.clocks.words import CALENDAR, STREET
from dipeval.errors import InvariantError
from dipeval.presenting import (
    HtmlMixin,
    Summary,
    format_count,
    format_interval,
    format_number,
    format_p,
    format_percent,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final = (
    "term",
    "group",
    "time_days",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "p_value",
    "n",
    "n_events",
    "mean_treated",
    "mean_comparison",
    "days_at_risk_treated",
    "days_at_risk_comparison",
    "days_in_custody_treated",
    "days_in_custody_comparison",
    "custody_share_treated",
    "custody_share_comparison",
    "se_method",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClockComparison(HtmlMixin):
    """The effect on the time to a first reoffence, on two clocks. Made by `compare_clocks`.

    Parameters
    ----------
    level
        Coverage of the intervals, 0-1.
    horizon
        Days that mean days free of reoffending are counted up to.
    estimand, outcome
        Whom the estimates are about, and what a reoffence is, in words.
    design_method, design_fingerprint
        The design.
    n_events_in_custody
        First reoffences dated in custody: on the calendar only.
    n_never_at_liberty
        People without a day at liberty: on the calendar only.
    """

    level: float
    horizon: float
    estimand: str
    outcome: str
    design_method: str
    design_fingerprint: str
    n_events_in_custody: int
    n_never_at_liberty: int
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        frame = self._frame
        if not ((frame["conf_low"] <= frame["estimate"]) & (frame["estimate"] <= frame["conf_high"])).all():
            raise InvariantError("An estimate of the two clocks does not lie inside its own interval.")
        ratios = frame[frame["term"] == "hazard_ratio"].set_index("group")
        for side in ("treated", "comparison"):
            days, held = ratios[f"days_at_risk_{side}"], ratios[f"days_in_custody_{side}"]
            if abs(float(days[CALENDAR]) - float(days[STREET]) - float(held[STREET])) > 1e-6:
                raise InvariantError("Days at liberty and days in custody do not add up to the days of the calendar.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a measure and clock.

        Returns
        -------
        pandas.DataFrame
            term (hazard_ratio or rmst_difference), group (calendar or street), time_days (the horizon of a difference
            in days), estimate, std_error (of the logarithm of a ratio), conf_low, conf_high, p_value, n (people with
            days on that clock), n_events, mean_treated and mean_comparison (days free of reoffending),
            days_at_risk_treated, days_at_risk_comparison (on that clock), days_in_custody_treated,
            days_in_custody_comparison (before the first reoffence or the end), custody_share_treated,
            custody_share_comparison (of all days, weighted), se_method.
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return a headline that says how the two clocks differ and why, the estimates and what they rest on."""
        frame = self._frame
        level = f"{100 * self.level:g}% interval"
        rows = []
        for row in frame.to_dict("records"):
            clock = words.CLOCKS[str(row["group"])]
            rows.append(
                {
                    "Measure": words.MEASURES[str(row["term"])],
                    "Days counted": clock,
                    "Estimate": format_number(row["estimate"]),
                    level: format_interval(row["conf_low"], row["conf_high"]),
                    "p": format_p(row["p_value"]),
                    "People": format_count(row["n"]),
                    "First reoffences": format_count(row["n_events"]),
                    "Days, treated": format_count(row["days_at_risk_treated"]),
                    "Days, comparison": format_count(row["days_at_risk_comparison"]),
                }
            )
        return Summary(
            title=words.CLOCKS_TITLE, headline=self._headline(), table=pd.DataFrame(rows), notes=tuple(self._notes())
        )

    def _headline(self) -> str:
        ratios = self._frame[self._frame["term"] == "hazard_ratio"].set_index("group")
        told = [self._told(clock, ratios.loc[clock]) for clock in (CALENDAR, STREET)]
        open_ended = bool(((ratios["conf_low"] <= 1) & (ratios["conf_high"] >= 1)).any())
        parts = [f"{told[0]}; {told[1]}.", self._why(ratios)]
        return " ".join([*parts, *([words.NOT_SHOWN] if open_ended else [])])

    def _told(self, clock: str, row: Any) -> str:
        common = {
            "when": words.PER_DAY[clock],
            "ratio": f"hazard ratio {format_number(row['estimate'])}",
            "level": f"{100 * self.level:g}",
            "interval": format_interval(row["conf_low"], row["conf_high"]),
        }
        if row["conf_low"] <= 1 <= row["conf_high"]:
            return words.UNCLEAR.format(low=_size(row["conf_low"]), high=_size(row["conf_high"]), **common)
        return words.CLEAR.format(size=_size(row["estimate"]), **common)

    def _why(self, ratios: pd.DataFrame) -> str:
        row, street = ratios.loc[CALENDAR], ratios.loc[STREET]
        treated, comparison = float(row["custody_share_treated"]), float(row["custody_share_comparison"])
        if treated == comparison == 0:
            return words.NOBODY_HELD
        shares = {"treated": format_percent(treated), "comparison": format_percent(comparison)}
        if abs(treated - comparison) < words.ALIKE:
            return words.HELD_ALIKE.format(**shares)
        less, more = ("treated", "comparison") if treated < comparison else ("comparison", "treated")
        moved = float(row["estimate"]) - float(street["estimate"])
        pattern = words.HELD_LESS if (moved > 0) == (less == "treated") else words.HELD_OTHERWISE
        told = pattern.format(less=less, more=more, low=shares[less], high=shares[more])
        return told[:1].upper() + told[1:]

    def _notes(self) -> list[str]:
        horizon = f"{self.horizon:g}"
        methods = self._frame.drop_duplicates("se_method")["se_method"]
        return [
            f"What is estimated: {self.estimand.rstrip('.')}.",
            self.outcome,
            words.NOTE_CALENDAR,
            words.NOTE_STREET_RATIO,
            words.NOTE_STREET_DAYS.format(horizon=horizon),
            words.NOTE_HORIZON.format(horizon=horizon),
            words.NOTE_SHARES,
            f"Standard errors: {'; '.join(methods)}; normal-based {100 * self.level:g}% intervals, of a ratio on the "
            "log scale.",
            *_counted(words.NOTE_IN_CUSTODY, self.n_events_in_custody),
            *_counted(words.NOTE_NEVER_FREE, self.n_never_at_liberty),
            f"Design: {self.design_method}, fingerprint {self.design_fingerprint[:12]}.",
        ]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the estimates of each measure on both clocks; return the Axes."""
        from dipeval.plots.clocks import clocks_plot

        named = self._frame.assign(label=self._frame["group"].map(words.CLOCKS))
        return clocks_plot(named.assign(panel_title=named["term"].map(words.MEASURES)), ax=ax)


def _size(ratio: float) -> str:
    return f"{format_percent(abs(ratio - 1))} {'lower' if ratio < 1 else 'higher'}"


def _counted(note: str, n: int) -> list[str]:
    return [note.format(n=format_count(n))] if n else []
