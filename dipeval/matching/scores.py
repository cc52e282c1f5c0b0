"""Propensity scores: the chance of being treated given what was known before the index date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from dipeval.errors import InvariantError
from dipeval.matching.doors import People, Taken, take
from dipeval.matching.logistic import LogitFit, expit, fit_logit, refuse_separating_terms
from dipeval.matching.terms import Terms, encode
from dipeval.presenting import HtmlMixin, Summary, format_count, format_number, format_p

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEVEL = 0.95
INTERCEPT = "(Intercept)"
CAUTIOUS_CONDITION = 30.0
CAUTIOUS_EVENTS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PropensityModel(HtmlMixin):
    """A fitted propensity model; make one with `propensity`.

    Parameters
    ----------
    treated
        Name of the treatment column.
    covariates
        Names of the columns used.
    references
        Reference level of each category.
    n, n_treated
        People, and treated people.
    condition_number
        Of the standardised terms; above 30 calls for caution.
    deviance, steps
        Minus twice the log likelihood, and the Newton steps taken.
    notes
        What a reader must be told.
    """

    treated: str
    covariates: tuple[str, ...]
    references: Mapping[str, str]
    n: int
    n_treated: int
    condition_number: float
    deviance: float
    steps: int
    notes: tuple[str, ...]
    _table: pd.DataFrame = field(repr=False)
    _logit: pd.Series = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse to exist with a broken promise."""
        if not np.isfinite(self._logit.to_numpy()).all() or not np.isfinite(self._table["std_error"].to_numpy()).all():
            raise InvariantError("A propensity model came out with scores or standard errors that are not finite.")

    @property
    def score(self) -> pd.Series:
        """Probability of treatment, on the index of people; strictly between 0 and 1."""
        return pd.Series(expit(self._logit.to_numpy()), index=self._logit.index, name="score")

    @property
    def logit(self) -> pd.Series:
        """Log odds of treatment (the linear predictor), on the index of people."""
        return self._logit.copy()

    def to_frame(self) -> pd.DataFrame:
        """Return one row a term: term, estimate (log odds ratio), std_error, conf_low, conf_high (95%), p_value."""
        return self._table.copy()

    def summary(self) -> Summary:
        """Say what was fitted, with the table of coefficients."""
        table = self._table.copy()
        for name in ("estimate", "std_error", "conf_low", "conf_high"):
            table[name] = [format_number(value, 3) for value in table[name]]
        table["p_value"] = [format_p(value) for value in table["p_value"]]
        return Summary(
            title="Propensity model",
            headline=(
                f"The chance of being treated was modelled for {format_count(self.n)} people "
                f"({format_count(self.n_treated)} treated) from {len(self.covariates)} covariates."
            ),
            table=table,
            notes=(
                "Logistic regression by maximum likelihood, no penalty; estimates are log odds ratios. They describe "
                "who was treated, not what works, and their p-values are no measure of balance.",
                *self.notes,
            ),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the odds ratio of every term with its interval and return the Axes drawn on."""
        from dipeval.plots.models import coefficient_plot

        terms = self._table[self._table["term"] != INTERCEPT]
        return coefficient_plot(terms, ratio="Odds ratio of being treated", ax=ax)


def propensity(
    people: People,
    *,
    treated: str,
    covariates: Sequence[str],
    id: str | None = None,
    measured_at: Mapping[str, str] | None = None,
) -> PropensityModel:
    """Model the chance of being treated from what was known before the index date.

    Parameters
    ----------
    people
        One row a person, or a cohort.
    treated
        Column with the treatment, 0/1 or yes/no.
    covariates
        Columns: numbers, yes/no or categories (their most frequent level is the reference).
    id
        Column with a unique id; without it, the index.
    measured_at
        Column -> "before_index", "at_index" or "after_index" (DataFrames only).

    Returns
    -------
    PropensityModel
        ``to_frame()``: term, estimate (log odds ratio), std_error, conf_low, conf_high, p_value; ``score``.

    Raises
    ------
    InputError
        Missing or incomplete columns, ids that repeat.
    DesignError
        Constant, redundant or perfectly predicting covariates; an outcome offered; one group empty.

    Notes
    -----
    Rosenbaum, P. R. and Rubin, D. B. (1983), The central role of the propensity score in observational studies for
    causal effects, Biometrika 70, 41-55. Unpenalised maximum likelihood by iteratively reweighted least squares.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> model = dip.propensity(recid(), treated="workprg", covariates=["priors", "educ", "age"])
    >>> model.to_frame()["term"].tolist()
    ['(Intercept)', 'priors', 'educ', 'age']
    >>> round(float(model.score.sum()), 6)
    672.0
    """
    taken = take(people, treated=treated, covariates=covariates, id=id, measured_at=measured_at)
    return fit_propensity(taken, encode(taken.frame[list(taken.covariates)]))


def fit_propensity(
    taken: Taken,
    terms: Terms,
    *,
    formula: str | None = None,
    references: Mapping[str, str] | None = None,
    sample_weights: NDArray[np.float64] | None = None,
) -> PropensityModel:
    """Fit the model to columns that have come through the door.

    Parameters
    ----------
    taken
        What `take` let in.
    terms
        Its covariates as numbers, reference levels included.
    formula, references, sample_weights
        Right-hand side of the model instead of the plain list; reference levels; one weight a person.

    Returns
    -------
    PropensityModel
    """
    refuse_separating_terms(terms, taken.treated)
    model = terms.model()
    fit = fit_logit(model, taken.treated)
    n_treated = int(taken.treated.sum())
    return PropensityModel(
        treated=taken.treated_name,
        covariates=taken.covariates,
        references=terms.references(),
        n=len(taken.treated),
        n_treated=n_treated,
        condition_number=fit.condition_number,
        deviance=fit.deviance,
        steps=fit.steps,
        notes=(*_cautions(fit, model, min(n_treated, len(taken.treated) - n_treated), terms), *taken.notes),
        _table=_coefficients(fit, model),
        _logit=pd.Series(fit.logit, index=taken.index, name="logit"),
    )


def _coefficients(fit: LogitFit, model: Terms) -> pd.DataFrame:
    error = np.sqrt(np.diag(fit.covariance))
    wide = float(ndtri(0.5 + LEVEL / 2))
    return pd.DataFrame(
        {
            "term": [INTERCEPT, *model.names],
            "estimate": fit.coefficients,
            "std_error": error,
            "conf_low": fit.coefficients - wide * error,
            "conf_high": fit.coefficients + wide * error,
            "p_value": 2 * ndtr(-np.abs(fit.coefficients / error)),
        }
    )


def _cautions(fit: LogitFit, model: Terms, fewer: int, terms: Terms) -> tuple[str, ...]:
    notes = [f"Reference level of {column}: {level}." for column, level in terms.references().items()]
    if fit.condition_number > CAUTIOUS_CONDITION:
        notes.append(
            f"The covariates nearly repeat each other (condition number {format_number(fit.condition_number, 0)}, "
            "caution above 30): single coefficients are unstable; scores and balance are not harmed."
        )
    each = fewer / len(model.names)
    if each < CAUTIOUS_EVENTS:
        notes.append(
            f"The smaller group has {format_number(each, 1)} people for each term (10 is a common rule of thumb): "
            "prefer fewer covariates."
        )
    return tuple(notes)
