"""`Seen`: tests that were followed by a contact, and tests that were not."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.errors import InvariantError
from dipeval.indicators.grouping import EVERYONE
from dipeval.presenting import HtmlMixin, Summary, format_count, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final = (
    "group",
    "within_days",
    "n_tests",
    "n_people",
    "n_seen",
    "n_not_seen",
    "n_people_seen",
    "n_people_not_seen",
    "share",
    "conf_low",
    "conf_high",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen(HtmlMixin):
    """Drug tests linked to a contact with the agency. Made by `dipeval.seen`.

    Parameters
    ----------
    by
        The breakdown, or None.
    who
        ``positive`` or ``all``: which tests.
    within
        The numbers of days.
    date_from, date_to
        First and last day of the tests.
    extract_date
        Last day the data cover.
    n_later
        Tests after `date_to`, too late to be followed as long.
    unmarked_contacts
        Whether the source does not tell who came to a contact, so that all count.
    """

    by: str | None
    who: str
    within: tuple[int, ...]
    date_from: dt.date
    date_to: dt.date
    extract_date: dt.date
    n_later: int
    unmarked_contacts: bool
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        frame = self._frame
        if tuple(frame.columns) != COLUMNS:
            raise InvariantError("The columns of seen and not seen are not the documented ones.")
        if not (frame["n_seen"] + frame["n_not_seen"] == frame["n_tests"]).all() or (frame["n_not_seen"] < 0).any():
            raise InvariantError("Tests seen and not seen do not add up.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a group and number of days.

        Columns: group (``everyone`` first), within_days, n_tests, n_people (those tested), n_seen and n_not_seen
        (tests), n_people_seen and n_people_not_seen (people behind them; somebody tested twice can be in both), share
        (n_seen over n_tests), conf_low, conf_high (95%, Wilson, as if no two tests were of one person).
        """
        return self._frame.copy()

    @property
    def what(self) -> str:
        """Which tests, in words."""
        return "positive drug tests" if self.who == "positive" else "drug tests"

    @property
    def how_counted(self) -> str:
        """The sentence that must stand beside every figure of this result; it holds no count."""
        came = "any contact on record" if self.unmarked_contacts else "a contact that the person came to"
        return (
            f"Seen means {came}, on the day of the test or within the days named. Tests from "
            f"{_words(self.date_from)} to {_words(self.date_to)}; every test counts, so a person tested often counts "
            "often."
        )

    @property
    def caution(self) -> str:
        """What the figures cannot tell; it holds no count."""
        return (
            "A contact whose record could not be linked to the person tested counts as not seen, so the share is at "
            "least this where no link is wrong. The interval takes tests as independent of each other."
        )

    def summary(self) -> Summary:
        """Return the figures of everyone; counts are exact and must pass the disclosure gate before release."""
        frame = self._frame[self._frame["group"] == EVERYONE]
        last = frame.iloc[-1]
        headline = (
            f"Of {format_count(last['n_tests'])} {self.what}, {format_count(last['n_seen'])} "
            f"({format_percent(last['share'])}) were followed by a contact within {last['within_days']} days; "
            f"{format_count(last['n_not_seen'])} were not."
        )
        table = pd.DataFrame(
            {
                "Within days": frame["within_days"],
                "Tests": [format_count(n) for n in frame["n_tests"]],
                "Seen": [format_count(n) for n in frame["n_seen"]],
                "Not seen": [format_count(n) for n in frame["n_not_seen"]],
                "Share seen": [format_percent(share) for share in frame["share"]],
                "95% interval": [
                    f"{format_percent(low)} to {format_percent(high)}"
                    for low, high in zip(frame["conf_low"], frame["conf_high"], strict=True)
                ],
            }
        )
        later = (
            f"{format_count(self.n_later)} tests after {_words(self.date_to)} are left out: the data end on "
            f"{_words(self.extract_date)}, too soon to follow them for {self.within[-1]} days.",
        )
        notes = (
            self.how_counted,
            f"{format_count(last['n_people'])} people are behind these tests.",
            self.caution,
            *(later if self.n_later else ()),
        )
        return Summary(title="Seen and not seen", headline=headline, table=table, notes=notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share seen, a row a group, and return the Axes drawn on (exact shares: not for release)."""
        from dipeval.plots.pathway import seen_plot

        return seen_plot(self._frame, ax=ax)


def _words(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"
