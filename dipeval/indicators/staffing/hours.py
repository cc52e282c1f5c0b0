"""`ContactHours`: at which hours and on which days people are tested, and whether a worker then sees them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DIMENSIONS: Final = ("all", "hour", "weekday", "weekday_and_time")
COLUMNS: Final = (
    "dimension",
    "group",
    "n_tests",
    "n_positive",
    "n_followed",
    "n_seen",
    "n_not_seen",
    "share_seen",
    "conf_low",
    "conf_high",
    "n_contacts",
    "n_people",
    "n_people_seen",
    "n_people_not_seen",
    "n_people_contacts",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ContactHours(HtmlMixin):
    """Tests and contacts by hour of the day and day of the week. Made by `dipeval.contact_hours`.

    Parameters
    ----------
    within_days
        A positive test counts as seen if a worker saw the person within so many days.
    date_from, date_to
        First and last day.
    extract_date
        Last day the data cover.
    contact_times
        Whether the source tells at which time contacts were made.
    unmarked_contacts
        Whether the source does not tell who came to a contact, so that all count.
    """

    within_days: int
    date_from: dt.date
    date_to: dt.date
    extract_date: dt.date
    contact_times: bool
    unmarked_contacts: bool
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        frame = self._frame
        if tuple(frame.columns) != COLUMNS:
            raise InvariantError("The columns of contact hours are not the documented ones.")
        for column in ("n_tests", "n_positive", "n_followed", "n_seen"):
            sums = frame.groupby("dimension")[column].sum()
            if sums.nunique() > 1:
                raise InvariantError("Tests by hour and by day do not come to the same number.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a dimension and group.

        Columns: dimension (``all``; ``hour`` of the day; ``weekday``; ``weekday_and_time``: day and six hours of it),
        group (hours as ``00`` to ``23``; ``not recorded`` last), n_tests (that gave a result), n_positive, n_followed
        (positive tests that can be followed as long), n_seen and n_not_seen (of those), share_seen, conf_low, conf_high
        (95%, Wilson, as if no two tests were of one person), n_contacts (that the person came to; missing for hours
        where the source has no time of contact), n_people (tested), n_people_seen and n_people_not_seen (behind the
        tests followed), n_people_contacts.
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return tests and the share seen by six hours of the day; counts are exact: not for release."""
        frame = self._frame
        whole = frame[frame["dimension"] == "all"].iloc[0]
        days = "1 day" if self.within_days == 1 else f"{self.within_days} days"
        headline = (
            f"{format_count(whole['n_tests'])} tests; of {format_count(whole['n_followed'])} positive ones "
            f"{format_percent(whole['share_seen'])} were followed by a contact within {days}."
        )
        rows = frame[frame["dimension"] == "hour"]
        table = pd.DataFrame(
            {
                "Hour of the test": [_clock(group) for group in rows["group"]],
                "Tests": [format_count(n) for n in rows["n_tests"]],
                "Positive and followed": [format_count(n) for n in rows["n_followed"]],
                "Seen": [format_count(n) for n in rows["n_seen"]],
                "Share seen": [format_percent(share) for share in rows["share_seen"]],
                "Contacts at this hour": [format_count(n) if pd.notna(n) else "[x]" for n in rows["n_contacts"]],
            }
        )
        return Summary(title="Tests and contacts by hour", headline=headline, table=table, notes=tuple(self._notes()))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw tests by hour, beside the share seen, and return the Axes drawn on (exact figures: not for release)."""
        from dipeval.plots.hours import hours_plot

        return hours_plot(self._frame[self._frame["dimension"] == "hour"], ax=ax)

    def _notes(self) -> list[str]:
        came = "any contact on record" if self.unmarked_contacts else "a contact that the person came to"
        notes = [
            f"Seen means {came}, from the day of the test to {self.within_days} days after it; it does not have to be "
            "at the hour of the test.",
            "People tested at night differ from those tested by day in more than the hour, and there is no comparison "
            "group here: a lower share seen at an hour does not say what staff at that hour would change.",
        ]
        everyone = self._frame.iloc[0]
        if everyone["n_people"] < everyone["n_tests"]:
            notes.append(
                "Positive tests are followed, and some people have several that lead to the same contact: the "
                "intervals take them as of as many people, and are somewhat too narrow."
            )
        if not self.contact_times:
            notes.append("The source does not tell at which time contacts were made, so only tests are told by hour.")
        unknown = self._frame[(self._frame["dimension"] == "hour") & (self._frame["group"] == "not recorded")]
        if len(unknown) and int(unknown["n_tests"].iloc[0]):
            notes.append(f"{format_count(unknown['n_tests'].iloc[0])} tests have no time of day.")
        return notes


def _clock(group: str) -> str:
    return f"{group}:00 to {group}:59" if group.isdigit() else group[:1].upper() + group[1:]
