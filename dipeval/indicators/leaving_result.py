"""`Discharges`: the reasons for which treatment ended."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.errors import InvariantError
from dipeval.indicators.grouping import EVERYONE
from dipeval.indicators.shares import limits, ratio
from dipeval.presenting import HtmlMixin, Summary, format_count, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MISSING: Final = "missing"
COLUMNS: Final = ("group", "reason", "label", "n", "share", "conf_low", "conf_high", "successful", "n_people")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Discharges(HtmlMixin):
    """Discharges from structured treatment by reason. Made by `dipeval.discharges`.

    Parameters
    ----------
    by
        The breakdown, or None.
    count
        ``episodes`` or ``journeys``.
    count_referred_on
        Whether "referred on" counts as a successful completion.
    date_from, date_to
        The window: the days asked for, or the first of the month of the first end and the last day covered.
    extract_date
        Last day the data cover.
    n_undated
        Records with a reason but without a last day: not counted as discharges.
    """

    by: str | None
    count: str
    count_referred_on: bool
    date_from: dt.date
    date_to: dt.date
    extract_date: dt.date
    n_undated: int
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        if tuple(self._frame.columns) != COLUMNS:
            raise InvariantError("The columns of discharges are not the documented ones.")
        sums = self._frame.groupby("group")["share"].sum(min_count=1).dropna()
        if ((sums - 1).abs() > 1e-9).any():
            raise InvariantError("The shares of the reasons do not add up to 1.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a group and reason.

        Columns: group (``everyone`` first), reason (``missing`` if none is recorded), label, n, share (of the
        discharges of the group with a reason), conf_low, conf_high (95%, Wilson), successful (whether it counts),
        n_people (missing without a linkage).
        """
        return self._frame.copy()

    def successful(self) -> pd.DataFrame:
        """Return one row a group: group, n (successful), n_discharges (with a reason), share, conf_low, conf_high."""
        rows = []
        for group, own in self._frame[self._frame["reason"] != MISSING].groupby("group", sort=False):
            n, whole = int(own.loc[own["successful"], "n"].sum()), int(own["n"].sum())
            low, high = limits(n, whole)
            rows.append((group, n, whole, ratio(n, whole), low, high))
        return pd.DataFrame(rows, columns=["group", "n", "n_discharges", "share", "conf_low", "conf_high"])

    def _everyone(self) -> pd.DataFrame:
        return self._frame[self._frame["group"] == EVERYONE]

    @property
    def n_discharges(self) -> int:
        """Discharges with a reason."""
        frame = self._everyone()
        return int(frame.loc[frame["reason"] != MISSING, "n"].sum())

    @property
    def n_without_reason(self) -> int:
        """Discharges for which no reason is recorded."""
        frame = self._everyone()
        return int(frame.loc[frame["reason"] == MISSING, "n"].sum())

    @property
    def n_successful(self) -> int:
        """Discharges that count as successful completions."""
        frame = self._everyone()
        return int(frame.loc[frame["successful"], "n"].sum())

    def summary(self) -> Summary:
        """Return the reasons for everyone; counts are exact and must pass the disclosure gate before release."""
        frame = self._everyone()
        share = ratio(self.n_successful, self.n_discharges)
        headline = (
            f"Of {format_count(self.n_discharges)} discharges with a reason, {format_count(self.n_successful)} "
            f"({format_percent(share)}) were successful completions."
        )
        table = pd.DataFrame(
            {
                "Reason": frame["label"],
                "Discharges": [format_count(n) for n in frame["n"]],
                "Share": ["" if pd.isna(one) else format_percent(one) for one in frame["share"]],
                "Counted as successful": ["yes" if one else "no" for one in frame["successful"]],
            }
        )
        unit = "Every record of treatment that ended" if self.count == "episodes" else "A person's stay in treatment"
        notes = [
            f"{unit} counts once, if it ended from {_words(self.date_from)} to {_words(self.date_to)}.",
            f"Discharges as referred on {'count' if self.count_referred_on else 'do not count'} as successful: the "
            "definition has changed over the years, so say which it is.",
            "Shares are of the discharges in these days (a period), not of those who started treatment (a cohort).",
        ]
        if self.n_undated:
            notes.append(f"{format_count(self.n_undated)} records have a reason but no last day: not counted.")
        return Summary(title="Discharges from treatment", headline=headline, table=table, notes=tuple(notes))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the reasons for everyone and return the Axes drawn on (exact counts: not for release)."""
        from dipeval.plots.pathway import discharges_plot

        return discharges_plot(self._everyone(), ax=ax)


def _words(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"
