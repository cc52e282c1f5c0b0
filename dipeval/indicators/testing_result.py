"""`Testing`: tests, positive tests, and how many areas they came from."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count, format_number, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GROUNDS: Final = ("trigger", "non_trigger", "not_stated")
COUNTS: Final = ("n_tests", "n_positive", "n_refused", *(f"n_{name}" for name in GROUNDS))
COLUMNS: Final = (
    "group",
    "n_tests",
    "n_people",
    "n_positive",
    "share_positive",
    "conf_low",
    "conf_high",
    "n_refused",
    "mean_areas",
    "tests_per_area",
    "tests_per_area_month",
    "n_trigger",
    "n_non_trigger",
    "n_not_stated",
    "n_people_positive",
    "n_people_negative",
)
PEOPLE: Final = ("n_people", "n_people_positive", "n_people_negative")
_MOST_ROWS = 24


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Testing(HtmlMixin):
    """Drug testing in custody. Made by `dipeval.testing`.

    Parameters
    ----------
    by
        The breakdown, or None.
    date_from, date_to
        The window: the days asked for, or the first of the month of the first test and the last day covered.
    extract_date
        Last day the data cover.
    """

    # The name is the domain's word; a test runner must not take it for a class of tests.
    __test__ = False

    by: str | None
    date_from: dt.date
    date_to: dt.date
    extract_date: dt.date
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        frame = self._frame
        if tuple(frame.columns) != COLUMNS:
            raise InvariantError("The columns of testing are not the documented ones.")
        if not (frame[[f"n_{name}" for name in GROUNDS]].sum(axis=1) == frame["n_tests"]).all():
            raise InvariantError("Tests by ground do not add up to the tests.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a group.

        Columns: group (``everyone`` first), n_tests (tests that gave a result), n_people (missing without a linkage),
        n_positive, share_positive, conf_low, conf_high (95%, Wilson), n_refused (not in n_tests), mean_areas (districts
        with a test, mean over months), tests_per_area (n_tests over mean_areas), tests_per_area_month, n_trigger,
        n_non_trigger and n_not_stated (ground of the tests in n_tests), n_people_positive and n_people_negative (people
        with a test of either result; one person can be in both; missing without a linkage).
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return tests and positives by group; counts are exact and must pass the disclosure gate before release."""
        frame = self._frame.head(_MOST_ROWS)
        first = frame.iloc[0]
        headline = (
            f"{format_count(first['n_tests'])} tests from {_words(self.date_from)} to {_words(self.date_to)}, of which "
            f"{format_percent(first['share_positive'])} were positive."
        )
        table = pd.DataFrame(
            {
                "Group": frame["group"],
                "Tests": [format_count(n) for n in frame["n_tests"]],
                "Positive": [format_count(n) for n in frame["n_positive"]],
                "Share positive": [format_percent(share) for share in frame["share_positive"]],
                "Areas reporting": [format_number(n, 1) for n in frame["mean_areas"]],
                "Tests per area and month": [format_number(n, 1) for n in frame["tests_per_area_month"]],
            }
        )
        notes = [
            "More tests can mean more areas that test: compare the tests per reporting area and month.",
            "Who is tested changes the share that is positive: testing that is targeted, or done on charge and not on "
            "arrest, has another denominator.",
            f"{format_count(first['n_refused'])} tests were refused or not given; they are not counted as tests.",
        ]
        if not pd.isna(first["n_people"]):
            notes.append(f"{format_count(float(first['n_people']))} people were tested, some of them more than once.")
        if len(self._frame) > _MOST_ROWS:
            notes.append(f"Only the first {_MOST_ROWS} groups are shown here.")
        return Summary(title="Drug testing", headline=headline, table=table, notes=tuple(notes))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share positive, a row a group, and return the Axes drawn on (exact figures: not for release)."""
        from dipeval.plots.pathway import drug_testing_plot

        return drug_testing_plot(self._frame, ax=ax)


def _words(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"
