"""The result of `robustness_value`: what something hidden would have to explain."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from dipeval.effects.hidden import words
from dipeval.effects.hidden.robustness_algebra import bias_factor, t_quantile
from dipeval.errors import InvariantError
from dipeval.presenting import (
    NOT_AVAILABLE,
    HtmlMixin,
    Summary,
    format_interval,
    format_number,
    format_percent,
    format_points,
)
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final = (
    "term",
    "multiple",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "r2_treatment",
    "r2_outcome",
)
NOTHING_HIDDEN: Final = "nothing hidden"
# Covariates shown; a long list hides what matters.
SHOWN: Final = 6
# Covariates named in the picture, and points a side of its grid.
NAMED: Final = 3
POINTS: Final = 81


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RobustnessValue(HtmlMixin):
    """How much something hidden would have to explain; made by `robustness_value`.

    Parameters
    ----------
    outcome_name, outcome_kind
        The outcome, and whether it is ``yes_no``, ``count`` or ``number``.
    estimate, std_error, conf_low, conf_high
        Coefficient of treatment in the regression, and its interval.
    plain_error, dof
        Its plain least-squares error, and the degrees of freedom.
    partial_r2
        Share of what the covariates leave of the outcome that treatment explains.
    rv, rv_limit
        The robustness value: share of what is unexplained, both of treatment and of the outcome, that something hidden
        must explain to account for the estimate (or q of it), and to make the interval reach that point.
    q, alpha
        As asked for.
    se_method
        How the standard error was made, in words.
    n_treated, n_comparison, estimand, design_method, design_fingerprint
        The design and whom it is about.
    """

    outcome_name: str
    outcome_kind: str
    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    plain_error: float
    dof: int
    partial_r2: float
    rv: float
    rv_limit: float
    q: float
    alpha: float
    se_method: str
    n_treated: int
    n_comparison: int
    estimand: str
    design_method: str
    design_fingerprint: str
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse values that cannot be."""
        if not 0 <= self.rv_limit <= self.rv <= 1:
            raise InvariantError("Robustness values lie between 0 and 1, that of the limit below that of the estimate.")

    @property
    def is_clear(self) -> bool:
        """Whether the interval excludes what would be left of the estimate without the share q."""
        return self.q * abs(self.estimate) > self.conf_high - self.estimate

    def to_frame(self) -> pd.DataFrame:
        """Return the estimate with something hidden as strong as the covariates, one row a covariate and multiple.

        Returns
        -------
        pandas.DataFrame
            ``term`` (the covariate; the first row is the estimate as it stands), ``multiple`` (how many times as
            strong), ``estimate``, ``std_error``, ``conf_low``, ``conf_high`` (with something hidden that works against
            the estimate), ``r2_treatment``, ``r2_outcome`` (the share it explains of what is unexplained). Missing
            where nothing can be so strong.
        """
        return self._frame.copy()

    def strongest(self, n: int = NAMED) -> tuple[str, ...]:
        """Return the covariates that would move the estimate furthest, the strongest first.

        Parameters
        ----------
        n
            How many at most.

        Returns
        -------
        tuple of str
            Empty where there are no benchmarks.
        """
        rows = self._frame[self._frame["multiple"] == self._frame["multiple"][1:].min()].copy()
        rows["bias"] = bias_factor(rows["r2_treatment"].to_numpy(), rows["r2_outcome"].to_numpy())
        # So strong that nothing can be as strong again: first of all.
        ordered = rows.sort_values(["bias", "term"], ascending=[False, True], na_position="first", kind="stable")
        return tuple(ordered["term"].head(n))

    def contours(self, reach: tuple[float, float] | None = None) -> pd.DataFrame:
        """Return what would be left of the estimate over a grid of strengths of something hidden.

        Parameters
        ----------
        reach
            Largest share of treatment, and of the outcome; by default far enough for the robustness value and the
            strongest covariates.

        Returns
        -------
        pandas.DataFrame
            r2_treatment, r2_outcome, and as distances from equality (or from what is left without the share q), in
            the direction of the estimate: estimate, limit (the limit of the interval nearest it).
        """
        across, up = self._reach() if reach is None else reach
        treatment, outcome = (
            axis.ravel()
            for axis in np.meshgrid(np.linspace(0, across, POINTS), np.linspace(0, up, POINTS), indexing="ij")
        )
        goal = (1 - self.q) * abs(self.estimate)
        left = abs(self.estimate) - goal - bias_factor(treatment, outcome) * self.plain_error * math.sqrt(self.dof)
        errors = self.std_error * np.sqrt(self.dof / (self.dof - 1) * (1 - outcome) / (1 - treatment))
        return pd.DataFrame(
            {
                "r2_treatment": treatment,
                "r2_outcome": outcome,
                "estimate": left,
                "limit": left - t_quantile(self.alpha, self.dof) * errors,
            }
        )

    def _marks(self) -> pd.DataFrame:
        """Return the strongest covariates as dots, as far as they lie within the picture."""
        chosen = self._frame[self._frame["term"].isin(self.strongest())]
        across, up = self._reach()
        inside = chosen[(chosen["r2_treatment"] <= across) & (chosen["r2_outcome"] <= up)]
        named = {
            term: f"{label(str(term))} × {', '.join(f'{multiple:g}' for multiple in rows)}"
            for term, rows in inside.groupby("term", sort=False)["multiple"]
        }
        return inside.assign(label=inside["term"].map(named))[["label", "r2_treatment", "r2_outcome"]]

    def _reach(self) -> tuple[float, float]:
        """Return how far the picture goes: past the robustness value and the strongest covariates at their weakest."""
        least = self._frame[self._frame["multiple"] == self._frame["multiple"][1:].min()]
        near = least[least["term"].isin(self.strongest())]
        ends = (
            max(0.02, 1.6 * self.rv, 1.25 * float(near[name].fillna(0.0).max()) if len(near) else 0.0)
            for name in ("r2_treatment", "r2_outcome")
        )
        across, up = (min(end, 0.99) for end in ends)
        return across, up

    def shown(self, value: float) -> str:
        """Return a value of the estimate as it is shown: shares in percentage points."""
        if self.outcome_kind == "yes_no":
            return format_points(value)
        return format_number(value, self._digits())

    def _digits(self) -> int:
        return 0 if max(abs(self.conf_low), abs(self.conf_high)) >= 100 else 2

    def interval_shown(self, low: float, high: float) -> str:
        """Return an interval of the estimate as it is shown."""
        if self.outcome_kind == "yes_no":
            return f"{format_interval(100 * low, 100 * high, 1)} percentage points"
        return format_interval(low, high, self._digits())

    def summary(self) -> Summary:
        """Say how much something hidden would have to explain, with the covariates as a yardstick."""
        about = label(self.outcome_name)
        goal = words.EQUALITY if self.q == 1 else words.PART_GOAL.format(share=format_percent(self.q, 0))
        whole = words.WHOLE if self.q == 1 else words.PART_OF_IT.format(share=format_percent(self.q, 0))
        template = words.ROBUSTNESS_CLEAR if self.is_clear else words.ROBUSTNESS_UNCLEAR
        headline = template.format(
            outcome=about,
            value=words.share_in_words(self.rv),
            limit=words.share_in_words(self.rv_limit) if self.rv_limit > 0 else words.NEXT_TO_NOTHING,
            whole=whole,
            goal=goal,
        )
        return Summary(
            title=words.ROBUSTNESS_TITLE.format(outcome=about),
            headline=headline,
            table=self._display(),
            notes=self._notes(),
        )

    def _display(self) -> pd.DataFrame:
        chosen = self._frame[self._frame["term"].isin((NOTHING_HIDDEN, *self.strongest(SHOWN)))]
        rows = []
        numbers = chosen[list(COLUMNS[1:])].to_numpy(dtype=float).tolist()
        for term, (multiple, estimate, _, low, high, *explained) in zip(chosen["term"], numbers, strict=True):
            named = "Nothing hidden" if term == NOTHING_HIDDEN else f"{multiple:g} times as strong as {label(term)}"
            cells = [NOT_AVAILABLE] * 4
            if not math.isnan(estimate):
                shares = map(words.share_in_words, explained)
                cells = [*shares, self.shown(estimate), self.interval_shown(low, high)]
            rows.append([named, *cells])
        level = f"{100 * (1 - self.alpha):g}% interval"
        columns = ["Something hidden", "Explains of treatment", "Explains of the outcome", "Estimate", level]
        return pd.DataFrame(rows, columns=columns)

    def _notes(self) -> tuple[str, ...]:
        lines = [
            words.ROBUSTNESS_MODEL.format(
                estimate=self.shown(self.estimate),
                level=f"{100 * (1 - self.alpha):g}",
                interval=self.interval_shown(self.conf_low, self.conf_high),
            ),
            words.ROBUSTNESS_ERRORS.format(se_method=self.se_method),
        ]
        if self.std_error != self.plain_error:
            ratio = format_number(self.std_error / self.plain_error)
            lines.append(words.ROBUSTNESS_SCALED.format(ratio=ratio))
        lines.append(words.ROBUSTNESS_PARTIAL.format(partial=words.share_in_words(self.partial_r2)))
        total = self._frame["term"].nunique() - 1
        if total:
            lines.append(words.BENCHMARK_HOW)
            if self.design_method != "none":
                lines.append(words.BENCHMARK_BEFORE)
            if missing := int(self._frame["estimate"].isna().sum()):
                rows = "row is" if missing == 1 else "rows are"
                lines.append(words.BENCHMARK_IMPOSSIBLE.format(n=missing, rows=rows))
            if total > SHOWN:
                lines.append(words.BENCHMARK_SHORT.format(n=SHOWN, total=total))
        return (*lines, words.NOTE_BOTH_WAYS, words.ROBUSTNESS_SOURCE)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the strengths that would overturn the estimate, with those of the strongest covariates."""
        from dipeval.plots.hidden import contour_plot

        return contour_plot(self.contours(), self._marks(), ax=ax)
