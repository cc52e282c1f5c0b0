"""`PropensityModel`: the chance of being treated for everybody, and what it was made from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import InvariantError
from dipeval.matching.logistic import expit
from dipeval.matching.terms import Terms
from dipeval.presenting import HtmlMixin, Summary, format_count, format_number, format_p, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

INTERCEPT = "(Intercept)"
LOGISTIC = "logistic regression"
PROBIT_REGRESSION = "probit regression"
NO_PENALTY = "no penalty"
TENTHS = 10
ESTIMATES = {LOGISTIC: "log odds ratios", PROBIT_REGRESSION: "steps on the scale of the normal distribution"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PropensityModel(HtmlMixin):
    """A fitted propensity model; make one with `propensity`.

    Parameters
    ----------
    treated
        Name of the treatment column.
    covariates
        Names of the columns used.
    formula
        Right-hand side of the model, or None for the plain list of covariates.
    references
        Reference level of each category.
    learner, penalty
        What was fitted, and what keeps it from following the data, in words.
    folds
        Number of folds of a cross-fitted learner; None for the logistic regression, fitted once to everybody.
    errors
        How the standard errors were worked out, in words; empty for a learner, which has none.
    n, n_treated
        People, and treated people.
    condition_number
        Of the standardised terms; above 30 calls for caution. None for a learner.
    deviance, steps
        Minus twice the log likelihood (of weights with mean 1, if there are any), and the Newton steps taken (0 for a
        learner).
    notes
        What a reader must be told.
    """

    treated: str
    covariates: tuple[str, ...]
    formula: str | None = None
    references: Mapping[str, str]
    learner: str = LOGISTIC
    penalty: str = NO_PENALTY
    folds: int | None = None
    errors: str = "model-based"
    n: int
    n_treated: int
    condition_number: float | None
    deviance: float
    steps: int
    notes: tuple[str, ...]
    _table: pd.DataFrame = field(repr=False)
    _logit: pd.Series = field(repr=False)
    _is_treated: Bools = field(repr=False)
    _sample_weights: Floats | None = field(repr=False)
    _terms: Terms | None = field(default=None, repr=False)  # what the coefficients belong to; None for a learner

    def __post_init__(self) -> None:
        """Refuse to exist with a broken promise."""
        if not np.isfinite(self._logit.to_numpy()).all() or not np.isfinite(self._table["std_error"].to_numpy()).all():
            raise InvariantError("A propensity model came out with scores or standard errors that are not finite.")

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a design made with this model repeats: what gave the scores, if no logistic regression, and cautions."""
        references = {f"Reference level of {column}: {level}." for column, level in self.references.items()}
        cautions = tuple(note for note in self.notes if note not in references)
        return cautions if self.learner == LOGISTIC else (f"Scores by {self.learner} ({self.penalty}).", *cautions)

    @property
    def score(self) -> pd.Series:
        """Probability of treatment, on the index of people; strictly between 0 and 1."""
        return pd.Series(expit(self._logit.to_numpy()), index=self._logit.index, name="score")

    @property
    def logit(self) -> pd.Series:
        """Log odds of treatment (with the logit link the linear predictor), on the index of people."""
        return self._logit.copy()

    @property
    def is_treated(self) -> pd.Series:
        """Whether each person was treated (bool), on the index of people."""
        return pd.Series(self._is_treated, index=self._logit.index, name="treated", copy=True)

    @property
    def is_weighted(self) -> bool:
        """Whether the model was fitted with sample weights."""
        return self._sample_weights is not None

    @property
    def share_treated(self) -> float:
        """Share of people treated, weighted if the model was: what its scores have as their mean."""
        if self._sample_weights is None:
            return float(self._is_treated.mean())
        mass = [math.fsum(weights) for weights in (self._sample_weights[self._is_treated], self._sample_weights)]
        return mass[0] / mass[1]

    @property
    def auc(self) -> float:
        """Chance that a treated person has a higher score than a comparison person; no measure of quality."""
        return area_under_curve(self._logit.to_numpy(), self._is_treated)

    def calibration(self) -> pd.DataFrame:
        """Return how the scores compare with the truth in each tenth of the people, from the lowest scores up.

        Returns
        -------
        pandas.DataFrame
            tenth (1 to 10), n (people), mean_score, share_treated (both weighted if the model was). People with one
            score are never parted, so tenths may be uneven or, with few different scores, fewer.
        """
        score = expit(self._logit.to_numpy())
        own = np.ones(len(score)) if self._sample_weights is None else self._sample_weights
        order = np.lexsort((own, self._is_treated, score))  # equal rows are alike: no order of rows can show
        score, own, hit = score[order], own[order], self._is_treated[order]
        tenth = np.searchsorted(score, score) * TENTHS // len(score)  # of the first with that score
        weight = np.bincount(tenth, weights=own, minlength=TENTHS)
        people = np.bincount(tenth, minlength=TENTHS)
        some = people > 0
        return pd.DataFrame(
            {
                "tenth": np.flatnonzero(some) + 1,
                "n": people[some],
                "mean_score": np.bincount(tenth, weights=own * score, minlength=TENTHS)[some] / weight[some],
                "share_treated": np.bincount(tenth, weights=own * hit, minlength=TENTHS)[some] / weight[some],
            }
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a term: term, estimate (log odds ratio), std_error, conf_low, conf_high (95%), p_value.

        With the probit link an estimate is a step on the scale of the standard normal distribution. A learner has no
        coefficients: the table is empty.
        """
        return self._table.copy()

    def summary(self) -> Summary:
        """Say what was fitted, with the table of coefficients; for a learner, that of its calibration."""
        start = (
            f"The chance of being treated was modelled for {format_count(self.n)} people "
            f"({format_count(self.n_treated)} treated) from {len(self.covariates)} covariates"
        )
        auc = (
            f"A treated person has the higher score of two in {format_percent(self.auc)} of pairs (area under the "
            "curve). That is no measure of the model's quality: a design needs balance, not prediction."
        )
        if self.folds is not None:
            return Summary(
                title="Propensity model",
                headline=f"{start} by {self.learner}, cross-fitted in {format_count(self.folds)} folds.",
                table=_shown_tenths(self.calibration()),
                notes=(f"Penalty and settings: {self.penalty}.", auc, *self.notes),
            )
        return Summary(
            title="Propensity model",
            headline=f"{start}.",
            table=_shown_coefficients(self._table),
            notes=(
                f"{self.learner.capitalize()} by maximum likelihood, no penalty; {self.errors} standard errors; "
                f"estimates are {ESTIMATES[self.learner]}. They describe who was treated, not what works, and their "
                "p-values are no measure of balance.",
                *([] if self.formula is None else [f"Formula: {self.formula}."]),
                auc,
                *self.notes,
            ),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the odds ratio of every term with its interval; for a learner or a probit, its calibration.

        Returns the Axes.
        """
        if self.learner != LOGISTIC:
            from dipeval.plots.overlap import calibration_plot

            return calibration_plot(self.calibration(), ax=ax)
        from dipeval.plots.models import coefficient_plot

        terms = self._table[self._table["term"] != INTERCEPT]
        return coefficient_plot(terms, ratio="Odds ratio of being treated", ax=ax)


def area_under_curve(values: Floats, treated: Bools) -> float:
    """Return the chance that a treated person has the higher of two scores, ties counted half (Mann-Whitney).

    Parameters
    ----------
    values
        Scores.
    treated
        Who was treated.

    Examples
    --------
    >>> area_under_curve(np.array([0.1, 0.4, 0.4]), np.array([False, True, False]))
    0.75
    """
    others = np.sort(values[~treated])
    below = np.searchsorted(others, values[treated], side="left")
    not_above = np.searchsorted(others, values[treated], side="right")
    pairs = int(treated.sum()) * len(others)
    return float((int(below.sum()) + int(not_above.sum())) / (2 * pairs))  # whole numbers: exact in any order


def _shown_coefficients(frame: pd.DataFrame) -> pd.DataFrame:
    table = frame.copy()
    for name in ("estimate", "std_error", "conf_low", "conf_high"):
        table[name] = [format_number(value, 3) for value in table[name]]
    table["p_value"] = [format_p(value) for value in table["p_value"]]
    return table


def _shown_tenths(tenths: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Tenth of the scores": tenths["tenth"],
            "People": [format_count(count) for count in tenths["n"]],
            "Mean score": [format_percent(value) for value in tenths["mean_score"]],
            "Treated": [format_percent(value) for value in tenths["share_treated"]],
        }
    )
