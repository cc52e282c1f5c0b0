"""`Pathway`: the people at each stage, and which of the two ways they were counted in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.errors import InvariantError
from dipeval.indicators.grouping import EVERYONE
from dipeval.indicators.stages import COHORT, PERIOD
from dipeval.presenting import HtmlMixin, Summary, format_count, format_number, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final = (
    "group",
    "stage",
    "label",
    "n",
    "share_of_previous",
    "share_of_first",
    "conf_low",
    "conf_high",
    "counting",
    "n_skipping",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pathway(HtmlMixin):
    """How many people reached each stage. Made by `dipeval.pathway`.

    Parameters
    ----------
    by
        The breakdown, or None.
    counting
        ``cohort`` or ``period``; every row of `to_frame` says it too.
    date_from, date_to
        First and last day of the first tests (cohort) or of what happened (period).
    within_days
        Cohort: days after the test in which everything must have happened; None for a period.
    extract_date
        Last day the data cover.
    stages
        The stages shown, in order.
    left_out
        A sentence for each stage that the source cannot show.
    n_later
        Cohort: people tested only after `date_to`, too late to be followed as long.
    count_referred_on
        Whether "referred on" counts as a successful completion.
    any_contact
        Whether any contact stands for the required assessment, because the source does not tell them apart.
    unmarked_contacts
        Whether the source does not tell who came to a contact, so that all count as attended.
    """

    by: str | None
    counting: str
    date_from: dt.date
    date_to: dt.date
    within_days: int | None
    extract_date: dt.date
    stages: tuple[str, ...]
    left_out: tuple[str, ...]
    n_later: int
    count_referred_on: bool
    any_contact: bool
    unmarked_contacts: bool
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        if tuple(self._frame.columns) != COLUMNS or set(self._frame["counting"]) - {self.counting}:
            raise InvariantError("A pathway mixes two ways of counting, or its columns are not the documented ones.")
        if self.counting == COHORT:
            fewer = self._frame.groupby("group", sort=False)["n"].diff().fillna(0) <= 0
            if not fewer.all():
                raise InvariantError("A stage of a cohort's pathway holds more people than the stage before it.")
        elif self._frame[["conf_low", "conf_high"]].notna().any(axis=None):
            raise InvariantError("Counts of a period were given an interval, as if one were a part of the other.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a group and stage.

        Columns: group (``everyone`` first, then the breakdown; a breakdown by entry point or substance begins at the
        stage where that is known), stage, label, n (people), share_of_previous and share_of_first (n over that of the
        stage before and of the group's first stage), conf_low and conf_high (95%, Wilson, of share_of_previous; missing
        in a period, whose counts are of different people), counting (cohort or period), n_skipping (cohort: people who
        reached the stage although a stage before it is not on record for them; not part of n).
        """
        return self._frame.copy()

    @property
    def everyone(self) -> pd.DataFrame:
        """The rows of `to_frame` for everyone, index stage."""
        return self._frame[self._frame["group"] == EVERYONE].set_index("stage")

    @property
    def how_counted(self) -> str:
        """The sentence that must stand beside every figure of this result; it holds no count."""
        window = f"from {_words(self.date_from)} to {_words(self.date_to)}"
        if self.counting == PERIOD:
            return (
                f"Period counting: what happened {window}, whoever it happened to. The people of one stage are not "
                "those of another, so a ratio of two stages is not the rate at which people go on."
            )
        return (
            f"Cohort counting: people whose first test was {window}, and what followed it in order within "
            f"{self.within_days} days. Each stage is a part of the one before."
        )

    def notes(self) -> tuple[str, ...]:
        """Return what has to be known to read the figures, without a count in it."""
        successes = "with" if self.count_referred_on else "without"
        said = [
            f"Successful completion: treatment ended free of dependency, {successes} discharges as referred on. "
            "Episodes no more than 28 days apart count as one stay in treatment."
        ]
        if self.counting == PERIOD:
            said.append("In treatment means on any day of the period, whenever it began.")
        if self.any_contact and "attended" in self.stages:
            said.append("The contacts do not tell which of them were required assessments: any contact counts.")
        if self.unmarked_contacts and "attended" in self.stages:
            said.append("The contacts do not tell who came: every contact counts as attended.")
        return (*said, *self.left_out)

    def summary(self) -> Summary:
        """Return the figures of everyone; counts are exact and must pass the disclosure gate before release."""
        frame = self.everyone
        ratios = self.counting == PERIOD
        table = pd.DataFrame(
            {
                "Stage": frame["label"],
                "People": [format_count(n) for n in frame["n"]],
                "Of the stage before": [_figure(share, ratios) for share in frame["share_of_previous"]],
                "95% interval": [
                    "" if pd.isna(low) else f"{format_percent(low)} to {format_percent(high)}"
                    for low, high in zip(frame["conf_low"], frame["conf_high"], strict=True)
                ],
                "Of the first stage": [_figure(share, ratios) for share in frame["share_of_first"]],
            }
        )
        table = table.drop(columns="95% interval") if ratios else table
        return Summary(title="Pathway", headline=self._headline(), table=table, notes=(self.how_counted, *self._told()))

    def _headline(self) -> str:
        frame = self.everyone
        first, last = frame.iloc[0], frame.iloc[-1]
        if self.counting == PERIOD:
            parts = "; ".join(f"{row['label'].lower()}: {format_count(row['n'])}" for _, row in frame.iterrows())
            return f"People in the period: {parts}."
        return (
            f"Of {format_count(first['n'])} people tested, {format_count(last['n'])} "
            f"({format_percent(last['share_of_first'])}) reached the last stage within {self.within_days} days: "
            f"{str(last['label']).lower()}."
        )

    def _told(self) -> tuple[str, ...]:
        told = list(self.notes())
        if self.n_later:
            told.append(
                f"{format_count(self.n_later)} people were first tested after {_words(self.date_to)}, too late to be "
                f"followed for {self.within_days} days before the data end on {_words(self.extract_date)}: left out."
            )
        skipping = self.everyone["n_skipping"]
        if skipping.any():
            worst = skipping.idxmax()
            told.append(
                f"{format_count(skipping[worst])} more people reached “{self.everyone.loc[worst, 'label']}” although a "
                "stage before it is not on record for them; they are not counted there."
            )
        return tuple(told)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the people at each stage and return the Axes drawn on (exact counts: not for release)."""
        from dipeval.plots.pathway import funnel_plot

        return funnel_plot(self._frame, ax=ax)


def _words(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"


def _figure(share: float, ratios: bool) -> str:
    if pd.isna(share):
        return ""
    # A ratio of two counts is no percentage of anybody.
    return format_number(share, 3) if ratios else format_percent(share)
