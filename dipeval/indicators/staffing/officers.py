"""`OfficerTime`: how much of the time paid for goes into the work it was paid for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count, format_number, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ALL: Final = "all"
COLUMNS: Final = (
    "group",
    "n_periods",
    "funded_fte",
    "hours_funded",
    "hours_on_task",
    "share_on_task",
    "used_fte",
    "unused_fte",
    "void_hours",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OfficerTime(HtmlMixin):
    """Posts paid for and used. Made by `dipeval.officer_time`.

    Parameters
    ----------
    by
        The breakdown, or None.
    roles
        Roles that are counted; empty for all, or where posts were given as a number.
    told
        Whether the share of time on the work was told by the caller and not worked out from hours.
    n_without_hours
        Rows of the staffing table that lack hours paid for or hours on the work: not in the share.

    Examples
    --------
    >>> import dipeval as dip
    >>> shown = dip.officer_time(posts=43, share_on_task=0.17)
    >>> round(shown.used_fte, 1), round(shown.unused_fte, 1)
    (7.3, 35.7)
    """

    by: str | None
    roles: tuple[str, ...]
    told: bool
    n_without_hours: int
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        frame = self._frame
        if tuple(frame.columns) != COLUMNS:
            raise InvariantError("The columns of officer time are not the documented ones.")
        gap = (frame["used_fte"] + frame["unused_fte"] - frame["funded_fte"]).abs()
        if (gap > 1e-9 * (1 + frame["funded_fte"].abs())).any():
            raise InvariantError("Posts used and not used do not add up to the posts paid for.")

    @property
    def funded_fte(self) -> float:
        """Posts paid for, in full-time equivalents."""
        return float(self._frame["funded_fte"].iloc[0])

    @property
    def share_on_task(self) -> float:
        """Share of the time paid for that goes into the work; missing where no hours are on record."""
        return float(self._frame["share_on_task"].iloc[0])

    @property
    def used_fte(self) -> float:
        """Posts that the work takes: posts paid for times the share of their time."""
        return float(self._frame["used_fte"].iloc[0])

    @property
    def unused_fte(self) -> float:
        """Posts paid for less posts used."""
        return float(self._frame["unused_fte"].iloc[0])

    def to_frame(self) -> pd.DataFrame:
        """Return one row a group, ``all`` first.

        Columns: group, n_periods, funded_fte (posts paid for in full-time equivalents: the mean over the periods),
        hours_funded and hours_on_task (of the rows that have both, added up), share_on_task, used_fte (funded_fte times
        the share), unused_fte, void_hours (hours paid for less hours on the work). Missing where no hours are on
        record.
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return posts and hours by group."""
        frame = self._frame
        table = pd.DataFrame(
            {
                "Group": ["All" if group == ALL else group for group in frame["group"]],
                "Posts paid for": [format_number(n, 1) for n in frame["funded_fte"]],
                "Share of time on the work": [format_percent(share) for share in frame["share_on_task"]],
                "Posts used": [format_number(n, 1) for n in frame["used_fte"]],
                "Posts not used": [format_number(n, 1) for n in frame["unused_fte"]],
                "Hours not used": [format_count(n) for n in frame["void_hours"]],
            }
        )
        return Summary(title="Officers' time", headline=self._headline(), table=table, notes=tuple(self._notes()))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw posts used and not used, a row a group, and return the Axes drawn on."""
        from dipeval.plots.funding import officer_time_plot

        return officer_time_plot(self._frame, ax=ax)

    def _headline(self) -> str:
        posts = format_number(self.funded_fte, 1)
        if self.share_on_task != self.share_on_task:
            return f"{posts} posts are paid for; how much of their time the work takes is not on record."
        return (
            f"{format_percent(self.share_on_task)} of the time of {posts} posts goes into the work they are paid for: "
            f"{format_number(self.used_fte, 1)} posts used, {format_number(self.unused_fte, 1)} not."
        )

    def _notes(self) -> list[str]:
        notes = [
            "Time not spent on this work is not time without work: it may go into other duties, or into being there "
            "when someone is brought in. What the rest is spent on has to be asked before money follows the share."
        ]
        if self.told:
            notes.append("The share of time was given as a figure; it is not worked out from hours on record.")
        else:
            notes.append("Hours on the work come from a time study, or an estimate, in most places; ask which.")
        if self.n_without_hours:
            notes.append(
                f"{format_count(self.n_without_hours)} row(s) lack hours paid for or hours on the work; the share "
                "rests on the others."
            )
        if (self._frame["share_on_task"] > 1).any():
            notes.append("More hours on the work than hours paid for somewhere: overtime, or a fault in the records.")
        return notes
