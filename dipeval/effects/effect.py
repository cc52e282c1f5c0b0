"""The result of one estimate: a number, its interval, whom it is about and what would overturn it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from dipeval.effects import wording
from dipeval.effects.measures import RATIOS as RATIO_MEASURES
from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count, format_interval, format_number, format_p
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The figures of one estimate, in every table that holds one.
FIGURES = (
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "p_value",
    "n",
    "n_treated",
    "n_comparison",
    "mean_treated",
    "mean_comparison",
)
COLUMNS = ("term", "group", *FIGURES)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Effect(HtmlMixin):
    """An estimated effect; made by `estimate_effect`.

    Parameters
    ----------
    measure
        As in `dipeval.effects.measures` (treated minus, or over, comparison).
    outcome_name, outcome_kind
        The outcome, and whether it is ``yes_no``, ``count`` (whole numbers from 0), ``number`` or ``time`` (to an
        event).
    estimate, std_error, conf_low, conf_high, p_value
        The estimate in the outcome's unit (shares as 0-1); for a ratio the standard error is that of its logarithm.
    level
        Coverage of the interval, 0-1.
    n_treated, n_comparison
        People with a weight above 0.
    mean_treated, mean_comparison
        Weighted means (shares for a yes/no outcome, rates over the time at risk); predicted ones where a model of the
        outcome adjusts; days free of the event for ``rmst_difference``; NaN for a hazard ratio.
    se_method
        How the standard error was made, in words.
    estimand
        Whom the number is about, in words.
    design_method, design_fingerprint, n_treated_dropped
        The design: how, which one, and how many treated people it does not use (None: it does not say).
    about, n_comparison_dropped
        Whose average effect it is ("ATT", "ATC", "ATE" or "ATO"), and how many comparison people it does not use.
    e_value, e_value_limit
        E-value of the estimate and of the interval limit nearest equality; NaN where there is none.
    constant_groups
        Groups in which everybody has the same outcome.
    estimator
        What made the estimate from the design: "weighted" (means), "regression", "aipw" or "abadie_imbens".
    remarks
        Sentences of the estimator that belong beside the estimate.
    timed
        Whether the means are rates over a time at risk (in days).
    n_events_treated, n_events_comparison
        Events behind it, never weighted: people with a yes/no outcome, things counted, first events in a time (within
        the horizon); None for a number.
    horizon
        Up to when days free of the event are counted; None for other measures.
    """

    measure: str
    outcome_name: str
    outcome_kind: str
    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    p_value: float
    level: float
    n_treated: int
    n_comparison: int
    mean_treated: float
    mean_comparison: float
    se_method: str
    estimand: str
    design_method: str
    design_fingerprint: str
    n_treated_dropped: int | None
    e_value: float = math.nan
    e_value_limit: float = math.nan
    constant_groups: tuple[str, ...] = ()
    about: str = "ATT"
    n_comparison_dropped: int | None = None
    estimator: str = "weighted"
    remarks: tuple[str, ...] = ()
    timed: bool = False
    n_events_treated: int | None = None
    n_events_comparison: int | None = None
    horizon: float | None = None

    def __post_init__(self) -> None:
        if not self.conf_low <= self.estimate <= self.conf_high:
            raise InvariantError("The estimate does not lie inside its own interval.")
        if not (self.std_error > 0 and 0 <= self.p_value <= 1):
            raise InvariantError("A standard error must be above 0 and a p-value between 0 and 1.")
        if min(self.n_treated, self.n_comparison) < 1:
            raise InvariantError("An effect needs people in both groups.")

    @property
    def n_left_out(self) -> int | None:
        """How many of the people the effect is about the design leaves out; None where it does not say."""
        counts = {"ATT": (self.n_treated_dropped,), "ATC": (self.n_comparison_dropped,)}.get(
            self.about, (self.n_treated_dropped, self.n_comparison_dropped)
        )
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    @property
    def null_value(self) -> float:
        """What the measure is when both groups fare alike: 0 for a difference, 1 for a ratio."""
        return 1.0 if self.measure in RATIO_MEASURES else 0.0

    @property
    def includes_equality(self) -> bool:
        """Whether the interval includes equal outcomes in the two groups."""
        return self.conf_low <= self.null_value <= self.conf_high

    def to_frame(self) -> pd.DataFrame:
        """Return the estimate as one row.

        Returns
        -------
        pandas.DataFrame
            ``term`` (the measure), ``group`` (the outcome), ``estimate``, ``std_error``, ``conf_low``, ``conf_high``,
            ``p_value``, ``n`` (people used), ``n_treated``, ``n_comparison``, ``mean_treated``, ``mean_comparison``.
        """
        row = {
            "term": self.measure,
            "group": self.outcome_name,
            "estimate": self.estimate,
            "std_error": self.std_error,
            "conf_low": self.conf_low,
            "conf_high": self.conf_high,
            "p_value": self.p_value,
            "n": self.n_treated + self.n_comparison,
            "n_treated": self.n_treated,
            "n_comparison": self.n_comparison,
            "mean_treated": self.mean_treated,
            "mean_comparison": self.mean_comparison,
        }
        return pd.DataFrame([row], columns=list(COLUMNS))

    def summary(self) -> Summary:
        """Return the headline with its interval, a display table and the notes that belong beside the number."""
        interval = f"{wording.level_in_words(self.level)}% interval"
        people = {
            "Treated": (self.mean_treated, self.n_treated),
            "Comparison": (self.mean_comparison, self.n_comparison),
        }
        words, scale, digits = self._shown()
        unit = wording.level_unit(self)
        rows = [
            (f"{group}{unit}", wording.level_shown(self, mean), format_count(count))
            for group, (mean, count) in people.items()
        ]
        rows += [
            (words, format_number(scale * self.estimate, digits), ""),
            (interval, format_interval(scale * self.conf_low, scale * self.conf_high, digits), ""),
            ("p-value", format_p(self.p_value), ""),
        ]
        return Summary(
            title=f"Effect of treatment: {label(self.outcome_name)}",
            headline=wording.headline(self),
            table=pd.DataFrame(rows, columns=["Quantity", "Value", "People"]),
            notes=wording.notes(self),
        )

    def _shown(self) -> tuple[str, int, int]:
        """Return the words for the measure, what it is multiplied by for display, and its decimals."""
        if self.measure == "risk_difference":
            return wording.MEASURE_WORDS[self.measure], 100, 1
        return (
            wording.MEASURE_WORDS[self.measure],
            1,
            2 if self.measure in RATIO_MEASURES else wording.mean_digits(self),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the estimate and its interval; return the Axes."""
        from dipeval.plots.effects import effect_plot

        return effect_plot(self.to_frame(), ax=ax)
