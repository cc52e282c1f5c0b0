"""`CorrectedPositivity`: positivity as counted, as corrected, and the people who are wrongly positive."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.errors import InvariantError
from dipeval.indicators.accuracy.accuracy_words import headline_words, note_words
from dipeval.indicators.accuracy.adjusting import Accuracy, wilson_at
from dipeval.presenting import HtmlMixin, Summary, format_count, format_number, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final = (
    "group",
    "n_tests",
    "n_positive",
    "positivity",
    "positivity_low",
    "positivity_high",
    "estimate",
    "conf_low",
    "conf_high",
    "before_cutting_off",
    "cut_off",
    "predictive_value",
    "predictive_value_low",
    "predictive_value_high",
    "false_positives",
    "false_positives_low",
    "false_positives_high",
    "false_negatives",
    "false_negatives_low",
    "false_negatives_high",
    "n_assessed",
    "assessed_wrongly",
    "assessed_wrongly_low",
    "assessed_wrongly_high",
)
_MOST_ROWS = 24


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CorrectedPositivity(HtmlMixin):
    """Positivity corrected for the errors of the test. Made by `dipeval.correct_positivity`.

    Parameters
    ----------
    accuracy
        Sensitivity and specificity, and the sizes of the study that found them.
    level
        Of the intervals.
    by
        Column with the groups, or None.
    every_positive_assessed
        Whether every positive test is taken to have led to a required assessment.
    """

    accuracy: Accuracy
    level: float
    by: str | None
    every_positive_assessed: bool
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        frame = self._frame
        if tuple(frame.columns) != COLUMNS:
            raise InvariantError("The columns of a corrected positivity are not the documented ones.")
        for low, middle, high in (
            ("conf_low", "estimate", "conf_high"),
            ("predictive_value_low", "predictive_value", "predictive_value_high"),
            ("false_positives_low", "false_positives", "false_positives_high"),
        ):
            told = frame[frame[middle].notna()]
            if not ((told[low] <= told[middle]) & (told[middle] <= told[high])).all():
                raise InvariantError(f"An interval of {middle} does not hold it.")
        if (frame["false_positives"] > frame["n_positive"]).any():
            raise InvariantError("More tests are wrongly positive than positive.")

    @property
    def estimate(self) -> float:
        """Share of all tests that were of people who had used."""
        return float(self._frame["estimate"].iloc[0])

    @property
    def conf_low(self) -> float:
        """Lower limit of `estimate`."""
        return float(self._frame["conf_low"].iloc[0])

    @property
    def conf_high(self) -> float:
        """Upper limit of `estimate`."""
        return float(self._frame["conf_high"].iloc[0])

    @property
    def positivity(self) -> float:
        """Share of all tests that were positive, as counted."""
        return float(self._frame["positivity"].iloc[0])

    @property
    def false_positives(self) -> float:
        """Positive tests of people who had not used, expected."""
        return float(self._frame["false_positives"].iloc[0])

    @property
    def predictive_value(self) -> float:
        """Share of the positive tests that were of people who had used."""
        return float(self._frame["predictive_value"].iloc[0])

    @property
    def positivity_if_nobody_used(self) -> tuple[float, float, float]:
        """Positivity that this test would give with no user among those tested: estimate, lower and upper limit."""
        wrong, n = 1 - self.accuracy.specificity, self.accuracy.specificity_n
        if n is None:
            return wrong, wrong, wrong
        return wrong, *wilson_at(wrong * n, n, self.level)

    @property
    def interval(self) -> str:
        """Which interval the corrected share has."""
        return "Wilson's limits, corrected" if self.accuracy.known else "Lang and Reiczigel (2014)"

    def to_frame(self) -> pd.DataFrame:
        """Return one row a group, everyone first.

        Columns: group; n_tests, n_positive; positivity with positivity_low and positivity_high (Wilson); estimate,
        conf_low, conf_high (share who had used, 0 to 1); before_cutting_off (the estimate as the formula gives it),
        cut_off ("", "at 0" or "at 1"); predictive_value with predictive_value_low and predictive_value_high (share of
        the positive tests that are right); false_positives and false_negatives (tests expected to be wrong), each with
        false_positives_low, false_positives_high, false_negatives_low and false_negatives_high; n_assessed, and
        assessed_wrongly with assessed_wrongly_low and assessed_wrongly_high (people sent to a required assessment who
        had not used, expected).
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return the share who had used and the positive tests that are wrong; exact, for the gate to release."""
        frame = self._frame.head(_MOST_ROWS)
        table = pd.DataFrame(
            {
                "Group": frame["group"],
                "Tests": [format_count(n) for n in frame["n_tests"]],
                "Positive": [format_percent(share) for share in frame["positivity"]],
                "Had used (corrected)": [format_percent(share) for share in frame["estimate"]],
                "From": [format_percent(share) for share in frame["conf_low"]],
                "To": [format_percent(share) for share in frame["conf_high"]],
                "Wrongly positive": [format_number(n, 1) for n in frame["false_positives"]],
                "Wrongly positive: from": [format_number(n, 1) for n in frame["false_positives_low"]],
                "Wrongly positive: to": [format_number(n, 1) for n in frame["false_positives_high"]],
            }
        )
        first = self._frame.iloc[0]
        notes = note_words(
            self.accuracy,
            interval=self.interval,
            nobody=self.positivity_if_nobody_used,
            row=first,
            every_positive_assessed=self.every_positive_assessed,
            n_cut_off=int((self._frame["cut_off"] != "").sum()),
        )
        if len(self._frame) > _MOST_ROWS:
            notes = (*notes, f"Only the first {_MOST_ROWS} groups are shown here.")
        return Summary(
            title="Positivity corrected for the errors of the test",
            headline=headline_words(first, self.accuracy),
            table=table,
            notes=notes,
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw positivity as counted and as corrected, a row a group, and return the Axes drawn on."""
        from dipeval.plots.accuracy_figures import corrected_plot

        return corrected_plot(self._frame, nobody=self.positivity_if_nobody_used[0], ax=ax)
