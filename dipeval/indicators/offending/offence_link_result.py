"""`DrugOffenceLink`: positivity by the offence that led to the test, over time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from dipeval.errors import InvariantError
from dipeval.indicators.grouping import NOT_RECORDED
from dipeval.indicators.offending import link_changes, offence_link_words
from dipeval.indicators.offending.link_rows import COLUMNS, TREND_COLUMNS
from dipeval.presenting import HtmlMixin, Summary, format_count, format_interval, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrugOffenceLink(HtmlMixin):
    """Positivity by offence, substance and period. Made by `dipeval.drug_offence_link`.

    Parameters
    ----------
    every
        ``quarter`` or ``month``.
    date_from, date_to
        The window.
    within_districts
        Whether each district has a level of its own in the trends.
    n_unread
        Tests whose trigger offence is in words that are not known; they count as other offences.
    """

    every: str
    date_from: dt.date
    date_to: dt.date
    within_districts: bool
    n_unread: int
    _frame: pd.DataFrame = field(repr=False)
    _trends: pd.DataFrame = field(repr=False)
    _changes: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        if tuple(self._frame.columns) != COLUMNS or tuple(self._trends.columns) != TREND_COLUMNS:
            raise InvariantError("The columns of a link between drugs and offences are not the documented ones.")
        if tuple(self._changes.columns) != link_changes.COLUMNS:
            raise InvariantError("The columns of the changes in who is tested are not the documented ones.")
        if (self._frame["positive"] > self._frame["tests"]).any():
            raise InvariantError("More tests are positive than there are.")
        for substance, own in self._trends.groupby("substance"):
            sums = own.groupby("level")[["tests", "positive"]].sum()
            if not (sums == sums.loc["everyone"]).all(axis=None):
                raise InvariantError(f"Tests by offence do not add up to all tests ({substance}).")

    def to_frame(self) -> pd.DataFrame:
        """Return one row an offence, substance and period.

        Columns: level (everyone, class or group), offence (code), label (words); substance (any, opiates, cocaine,
        both: they overlap); period, period_from, period_to (cut to the window); tests (with a result) and positive;
        n_people, n_people_positive, n_people_negative (people with such a test; missing without a linkage; one person
        can be in both); share, conf_low, conf_high (95%, Wilson).
        """
        return self._frame.copy()

    def trends(self) -> pd.DataFrame:
        """Return one row an offence and substance, over the whole window.

        Columns: level, offence, label, substance, tests, positive, n_people, n_people_positive, n_people_negative, as
        in `to_frame`; share, share_low, share_high (95%, Wilson); difference, difference_low, difference_high (to the
        share after all other offences on record, Newcombe); n_periods (with tests); estimate, std_error, conf_low,
        conf_high, p_value (trend: difference in log odds a year); p_adjusted (Holm, among the offences of the level);
        dispersion (missing where it is not estimated); share_first, share_last (the line at both ends); direction
        (rose, fell, not settled or not told), status (ok, one period, all alike or parted).
        """
        return self._trends.copy()

    def changes(self) -> pd.DataFrame:
        """Return whether who is tested changed between the first and the second half of the periods.

        Columns: level, offence, label; feature (tests, district, test_ground, offence_class or reporting); early and
        late (tests of either half; reporting: districts with a test in the first and the last quarter of the window);
        moved (share of the tests that is elsewhere; tests: late over early a period; reporting: districts that joined
        or left), p_value, flagged, words.
        """
        return self._changes.copy()

    def summary(self) -> Summary:
        """Return positivity by offence class and its trend; exact, for the disclosure gate to release."""
        own = self._trends[(self._trends["substance"] == "any") & (self._trends["level"] != "group")]
        table = pd.DataFrame(
            {
                "Offence": own["label"],
                "Tests": [format_count(n) for n in own["tests"]],
                "Positive": [format_percent(share) for share in own["share"]],
                "From": [format_percent(share) for share in own["share_low"]],
                "To": [format_percent(share) for share in own["share_high"]],
                "Log odds a year": [
                    format_interval(low, high)
                    for low, high in zip(own["conf_low"], own["conf_high"], strict=True)
                ],
                "Trend": own["direction"],
            }
        )  # fmt: skip
        return Summary(
            title="Drugs and the offences that led to a test",
            headline=offence_link_words.headline(self._trends),
            table=table,
            notes=offence_link_words.notes(
                self._trends,
                self._changes,
                n_unread=self.n_unread,
                within_districts=self.within_districts,
                linked=bool(self._trends["n_people"].notna().any()),
            ),
        )

    def words(self) -> pd.DataFrame:
        """Return each trend in a sentence: level, offence, substance, words."""
        told = [offence_link_words.of_trend(row) for _, row in self._trends.iterrows()]
        return self._trends[["level", "offence", "substance"]].assign(words=told)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw positivity by offence class over the periods, and return the Axes drawn on (exact: not for release)."""
        from dipeval.plots.offence_link import offence_link_plot

        frame = self._frame
        told = (frame["level"] == "class") & (frame["offence"] != NOT_RECORDED)
        return offence_link_plot(frame[told & (frame["substance"] == "any")], ax=ax)
