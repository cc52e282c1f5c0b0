"""The result of `dip.immortal_time_audit`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.effects.clocks import words
from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count, format_interval, format_number, format_p
from dipeval.vocabulary import label

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
    "n_treated",
    "events_treated",
    "days_treated",
    "days_untreated",
    "n_left_out",
    "n_event_before",
    "label",
    "reason",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImmortalTimeAudit(HtmlMixin):
    """One hazard ratio under every way of saying who is treated. Made by `immortal_time_audit`.

    Parameters
    ----------
    level
        Coverage of the intervals, 0-1.
    days_credited
        Days before treatment started, at risk on the calendar, that the naive label counts as days of treatment.
    n_labelled, n_labelled_after
        People whom the naive label calls treated, and those of them who started only after their first reoffence or
        their last day observed.
    custody_gaps
        Whether days in custody are no time at risk under the label and at the landmarks too.
    estimand, outcome
        What treatment from the day it starts estimates, and what a reoffence is, in words.
    covariates
        What was held alike.
    """

    level: float
    days_credited: int
    n_labelled: int
    n_labelled_after: int
    custody_gaps: bool
    estimand: str
    outcome: str
    covariates: tuple[str, ...]
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        frame = self._frame
        known = frame[frame["estimate"].notna()]
        if not ((known["conf_low"] > 0) & (known["conf_low"] <= known["estimate"])).all():
            raise InvariantError("A hazard ratio of the audit does not lie inside its own interval.")
        if not (known["estimate"] <= known["conf_high"]).all():
            raise InvariantError("A hazard ratio of the audit does not lie inside its own interval.")
        if (frame["n_left_out"] < 0).any() or frame["group"].duplicated().any():
            raise InvariantError("The people of the audit do not add up.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a way of saying who is treated.

        Returns
        -------
        pandas.DataFrame
            term (hazard_ratio), group (ever_treated, time_varying_calendar, time_varying_street, landmark_28...),
            time_days (the landmark), estimate, std_error (of the logarithm), conf_low, conf_high, p_value, n, n_events,
            n_treated (ever at risk as treated), events_treated, days_treated, days_untreated (at risk), n_left_out
            (people of the cohort who are not in the row), n_event_before (first reoffences on or before the landmark),
            label, reason (why there are no figures; empty otherwise).
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return the warning about the naive label, every hazard ratio, and what each leaves out."""
        rows = [
            {
                "Who is treated": row["label"],
                "Hazard ratio": format_number(row["estimate"]) if not row["reason"] else "not estimated",
                f"{100 * self.level:g}% interval": format_interval(row["conf_low"], row["conf_high"])
                if not row["reason"]
                else "",
                "p": format_p(row["p_value"]) if not row["reason"] else "",
                "People": format_count(row["n"]),
                "Treated": format_count(row["n_treated"]),
                "First reoffences": format_count(row["n_events"]),
                "Left out": format_count(row["n_left_out"]),
            }
            for row in self._frame.to_dict("records")
        ]
        return Summary(
            title=words.AUDIT_TITLE, headline=self._headline(), table=pd.DataFrame(rows), notes=tuple(self._notes())
        )

    def _headline(self) -> str:
        by_group = self._frame.set_index("group")
        naive, varying = (self._told(by_group.loc[group]) for group in (words.NAIVE, words.VARYING_CALENDAR))
        told = words.AUDIT_HEADLINE.format(naive=naive, varying=varying, days=format_count(self.days_credited))
        row = by_group.loc[words.VARYING_CALENDAR]
        return f"{told} {words.NOT_SHOWN}" if row["conf_low"] <= 1 <= row["conf_high"] else told

    def _told(self, row: Any) -> str:
        return words.AUDIT_RATIO.format(
            ratio=format_number(row["estimate"]),
            level=f"{100 * self.level:g}",
            interval=format_interval(row["conf_low"], row["conf_high"]),
        )

    def _notes(self) -> list[str]:
        at = self._frame[self._frame["time_days"].notna()]
        left_out = "; ".join(
            words.LEFT_OUT.format(
                n=format_count(row["n_left_out"]),
                days=f"{row['time_days']:g}",
                n_event=format_count(row["n_event_before"]),
            )
            for row in at.to_dict("records")
        )
        after = words.NOTE_AFTER.format(n_treated=format_count(self.n_labelled), n=format_count(self.n_labelled_after))
        alike = ", ".join(label(name).lower() for name in self.covariates) or "nothing"
        return [
            words.NOTE_NAIVE,
            *([after] if self.n_labelled_after else []),
            f"What treatment from the day it starts estimates: {self.estimand}.",
            *([words.NOTE_LANDMARK.format(left_out=left_out)] if left_out else []),
            words.NOTE_STREET.format(which=words.ALL_WAYS if self.custody_gaps else words.ONE_WAY),
            self.outcome,
            f"Cox models, Efron ties, robust errors clustered by person; held alike: {alike}.",
            *[
                words.NOTE_NOT_ESTIMATED.format(label=row["label"], reason=row["reason"])
                for row in self._frame.to_dict("records")
                if row["reason"]
            ],
        ]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw every hazard ratio with its interval, the naive one hollow; return the Axes."""
        from dipeval.plots.clocks import clocks_plot

        frame = self._frame
        hollow = frame["group"].where(frame["group"] != words.NAIVE, "hollow")
        titled = frame.assign(role=hollow, panel_title=words.MEASURES["hazard_ratio"])
        return clocks_plot(titled, ax=ax)
