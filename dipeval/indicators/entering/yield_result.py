"""`EntryPointYield`: how far people go from their first contact, by where it was made."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count, format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STAGES: Final = {
    "attended": "Came to a contact",
    "care_plan": "Agreed a care plan",
    "in_treatment": "Were in treatment already",
    "treatment": "Began treatment",
    "completed": "Began treatment and completed it",
}
COLUMNS: Final = (
    "entry_point",
    "stage",
    "label",
    "n_people",
    "n_followed",
    "n",
    "per_100",
    "conf_low",
    "conf_high",
)
NO_COMPARISON: Final = (
    "People met at one entry point are not those met at another: who is arrested, sentenced or comes by choice decides "
    "what follows as much as anything done there. This is no comparison of what works."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EntryPointYield(HtmlMixin):
    """First contacts by entry point, and what followed. Made by `dipeval.entry_point_yield`.

    Parameters
    ----------
    within_days
        Days from the first contact in which something must have happened.
    completion_days
        Days from the first contact in which treatment begun in time must have been completed.
    date_from, date_to
        First and last day of the contacts.
    extract_date
        Last day the data cover.
    missing
        Sentences on what the records cannot tell.
    """

    within_days: int
    completion_days: int
    date_from: dt.date
    date_to: dt.date
    extract_date: dt.date
    missing: tuple[str, ...]
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        frame = self._frame
        if tuple(frame.columns) != COLUMNS:
            raise InvariantError("The columns of the yield of entry points are not the documented ones.")
        if (frame[["n", "n_followed", "n_people"]].diff(axis=1).iloc[:, 1:] < 0).any(axis=None):
            raise InvariantError("More people reached a stage than could be followed.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row an entry point and stage, everyone first.

        Columns: entry_point (``everyone``; ``not recorded`` last), stage, label, n_people (whose first contact of the
        window was there), n_followed (of those, people followed for as long as the stage needs), n (of those, people
        who reached it), per_100 (for every 100 first contacts followed), conf_low, conf_high (95%, Wilson).
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return what followed for every 100 first contacts; counts are exact: not for release."""
        frame = self._frame
        table = pd.DataFrame(
            {
                "Entry point": [point_words(name) for name in frame["entry_point"]],
                "What followed": frame["label"],
                "First contacts followed": [format_count(n) for n in frame["n_followed"]],
                "People": [format_count(n) for n in frame["n"]],
                "For every 100": [format_number(value, 1) for value in frame["per_100"]],
                "95% interval": [
                    f"{format_number(low, 1)} to {format_number(high, 1)}" if low == low else ""
                    for low, high in zip(frame["conf_low"], frame["conf_high"], strict=True)
                ],
            }
        )
        n = format_count(frame["n_people"].iloc[0]) if len(frame) else "0"
        headline = f"{n} people had a first contact in the window. {NO_COMPARISON}"
        return Summary(title="First contacts by entry point", headline=headline, table=table, notes=self.notes())

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw what followed by entry point and return the Axes (exact figures: not for release)."""
        from dipeval.plots.share_dots import share_dots_plot

        shares = {name: self._frame[name] / 100 for name in ("conf_low", "conf_high")}
        points = [point_words(name) for name in self._frame["entry_point"]]
        drawn = self._frame.assign(share=self._frame["per_100"] / 100, series=points, **shares)
        return share_dots_plot(drawn, axis="Share of first contacts", ax=ax)

    def notes(self) -> tuple[str, ...]:
        """Return what must be said beside the figures: nothing in it is about a person."""
        days = format_count(self.within_days)
        told = [
            f"A person counts once, at the entry point of the first contact between these days, whether or not they "
            f"came to it; what is told happened within {days} days. Someone can have been known before.",
        ]
        stages = set(self._frame["stage"])
        if "completed" in stages:
            told.append(
                f"Completed means: treatment that began within {days} days was completed within "
                f"{format_count(self.completion_days)} days of the contact; fewer people can be followed for so long."
            )
        if "in_treatment" in stages:
            told.append("Whoever was in treatment already cannot begin it, but stays among the 100.")
        return (*told, *self.missing)


def point_words(name: str) -> str:
    """Return an entry point as it stands at the beginning of a line.

    Examples
    --------
    >>> point_words("out_of_court"), point_words("everyone")
    ('Out of court', 'Everyone')
    """
    text = str(name).replace("_", " ")
    return text[:1].upper() + text[1:]
