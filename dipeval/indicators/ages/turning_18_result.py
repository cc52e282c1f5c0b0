"""`AdultTransition`: what is on record of people from their 18th birthday who were known before it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EVERYONE: Final = "everyone"
# What is known of a person under 18; the first that fits.
GROUPS: Final = ("tested positive", "tested, never positive", "seen only")
OUTCOMES: Final = {
    "tested": "Had a drug test",
    "positive": "Tested positive",
    "seen": "Seen by a worker",
    "in_treatment_at_18": "In treatment on the 18th birthday",
    "treatment": "Started treatment",
    "proven_offence": "Proven offence",
}
COLUMNS: Final = (
    "group",
    "outcome",
    "label",
    "n_people",
    "n_turned",
    "n_followed",
    "n",
    "share",
    "conf_low",
    "conf_high",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AdultTransition(HtmlMixin):
    """People known under 18, followed from their 18th birthday. Made by `dipeval.transition_to_adult`.

    Parameters
    ----------
    within_days
        Days from the 18th birthday in which something must have happened.
    waiting_days
        Days more in which an offence must have been proven.
    extract_date
        Last day the data cover.
    n_no_birth
        People tested or seen whose date of birth is not on record: whether they were under 18 is not known.
    years_of_birth_only
        Whether dates of birth are made from ages, so that a birthday can be half a year out.
    missing
        Sentences on what the records cannot tell.
    """

    within_days: int
    waiting_days: int
    extract_date: dt.date
    n_no_birth: int
    years_of_birth_only: bool
    missing: tuple[str, ...]
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        frame = self._frame
        if tuple(frame.columns) != COLUMNS:
            raise InvariantError("The columns of the transition to adult services are not the documented ones.")
        order = frame[["n", "n_followed", "n_turned", "n_people"]].diff(axis=1).iloc[:, 1:]
        if (order < 0).any(axis=None):
            raise InvariantError("More people did something at 18 than could be followed.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a group and outcome, everyone first.

        Columns: group (``everyone``; or by what is known of the person under 18: ``tested positive``, ``tested, never
        positive``, ``seen only``), outcome, label, n_people (known under 18), n_turned (18 by the last day covered),
        n_followed (18 so long before it that the days are over), n (of those, people to whom it happened from the
        birthday on), share, conf_low, conf_high (95%, Wilson). ``in_treatment_at_18`` is of the birthday itself.
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return what is on record from the 18th birthday; counts are exact: not for release."""
        own = self._frame[self._frame["group"] == EVERYONE]
        table = pd.DataFrame(
            {
                f"Within {format_count(self.within_days)} days of turning 18": own["label"].to_numpy(),
                "Could be followed": [format_count(n) for n in own["n_followed"]],
                "People": [format_count(n) for n in own["n"]],
                "Share": [format_percent(share) for share in own["share"]],
                "95% interval": [
                    f"{format_percent(low)} to {format_percent(high)}" if low == low else ""
                    for low, high in zip(own["conf_low"], own["conf_high"], strict=True)
                ],
            }
        )
        first = own.iloc[0]
        headline = (
            f"{format_count(first['n_people'])} people were tested or seen under 18; "
            f"{format_count(first['n_turned'])} have turned 18, and {format_count(first['n_followed'])} of them can be "
            f"followed for {format_count(self.within_days)} days."
        )
        return Summary(title="From 17 to 18", headline=headline, table=table, notes=self._notes())

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the shares of everyone with their intervals and return the Axes (exact figures: not for release)."""
        from dipeval.plots.share_dots import share_dots_plot

        own = self._frame[self._frame["group"] == EVERYONE].assign(series="")
        return share_dots_plot(own, axis=f"Share within {self.within_days} days of the 18th birthday", ax=ax)

    def notes(self) -> tuple[str, ...]:
        """Return what must be said beside the figures: nothing in it is about a person."""
        told = [
            "From the 18th birthday on, any contact a person came to counts as one with an adult service: the records "
            "do not name the service. Whoever is not on record may have moved away, be in custody, or need nothing.",
            "A low share can be good (no test, no offence) or bad (nobody sees them). Nobody is compared here, so it "
            "does not say what a handover between services would change.",
        ]
        if "proven_offence" in set(self._frame["outcome"]):
            told.append(
                f"An offence counts from the 18th birthday on, proven within {format_count(self.waiting_days)} days "
                "after the others' time is over; fewer people can be followed for so long."
            )
        if self.years_of_birth_only:
            told.append("Only years of birth are known here: a birthday can be half a year out.")
        return (*told, *self.missing)

    def _notes(self) -> tuple[str, ...]:
        if not self.n_no_birth:
            return self.notes()
        unknown = f"{format_count(self.n_no_birth)} people tested or seen have no date of birth and are not in it."
        return (*self.notes(), unknown)
