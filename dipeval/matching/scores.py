"""Propensity scores: the chance of being treated given what was known before the index date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from dipeval.errors import InputError
from dipeval.matching.crossfit import crossfit
from dipeval.matching.doors import People, Taken, take
from dipeval.matching.formula import formula_columns, formula_references, formula_terms
from dipeval.matching.logistic import LOGIT, LogitFit, fit_logit
from dipeval.matching.options import as_given
from dipeval.matching.probit import PROBIT
from dipeval.matching.propensity_model import INTERCEPT, LOGISTIC, PROBIT_REGRESSION, PropensityModel
from dipeval.matching.separation import refuse_separating_terms
from dipeval.matching.terms import Terms, encode
from dipeval.presenting import format_number

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LEVEL = 0.95
CAUTIOUS_CONDITION = 30.0
CAUTIOUS_EVENTS = 10.0
LINKS = {"logit": (LOGIT, LOGISTIC), "probit": (PROBIT, PROBIT_REGRESSION)}
COEFFICIENTS = ("term", "estimate", "std_error", "conf_low", "conf_high", "p_value")


def propensity(
    people: People,
    *,
    treated: str,
    covariates: Sequence[str] = (),
    formula: str | None = None,
    references: Mapping[str, str] | None = None,
    sample_weights: str | None = None,
    link: str = "logit",
    learner: Any = None,
    folds: int = 5,
    seed: int = 0,
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
        Columns: numbers, yes/no or categories. May be left out when `formula` names them.
    formula
        Right-hand side of the model instead of the plain list, such as ``"age + I(age**2) + log(priors + 1) *
        C(district)"``: column names, ``+ - * / ** : ( )`` and the functions I, C, log, sqrt, exp, abs and bs (a cubic
        spline, ``bs(age, 4)``). Nothing else is read, and nothing in it is ever run as code.
    references
        Category -> its reference level (otherwise the most frequent one).
    sample_weights
        Column with a positive weight a person, such as a survey's. Standard errors then are the robust ones of survey
        practice.
    link
        Curve from the covariates to the chance: "logit", or "probit", the normal one (coefficients then are steps on
        its scale, not log odds ratios).
    learner
        Unfitted scikit-learn classifier with ``predict_proba`` instead of the logistic regression; everybody is scored
        by models that have not seen them.
    folds, seed
        Of that cross-fitting; folds are dealt by a seeded hash of the id.
    id
        Column with a unique id; without it, the index.
    measured_at
        Column -> "before_index", "at_index" or "after_index" (DataFrames only).

    Returns
    -------
    PropensityModel
        ``to_frame()``: term, estimate (log odds ratio), std_error, conf_low, conf_high, p_value; ``score``. Give it to
        `match` or `weight` as ``score=``.

    Raises
    ------
    InputError
        Missing or incomplete columns, ids that repeat, weights that are not positive; a formula, a reference level or
        a learner that cannot be used.
    DesignError
        Constant, redundant or perfectly predicting covariates; an outcome offered; one group empty; a learner that
        fails, or too few people for its folds.

    Notes
    -----
    Rosenbaum, P. R. and Rubin, D. B. (1983), The central role of the propensity score in observational studies for
    causal effects, Biometrika 70, 41-55. Unpenalised maximum likelihood by iteratively reweighted least squares. With
    sample weights: Binder, D. A. (1983), International Statistical Review 51, 279-292. Probit: Bliss, C. I.
    (1934), The method of probits, Science 79, 38-39; standard errors from the expected information. Cross-fitting:
    Chernozhukov, V. and others (2018), Econometrics Journal 21, C1-C68. Balance is measured on the columns
    whatever the model.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> model = dip.propensity(recid(), treated="workprg", covariates=["priors", "educ", "age"])
    >>> model.to_frame()["term"].tolist()
    ['(Intercept)', 'priors', 'educ', 'age']
    >>> round(float(model.score.sum()), 6)
    672.0
    >>> model = dip.propensity(recid(), treated="workprg", formula="log(priors + 1) + age + I(age**2)")
    >>> model.to_frame()["term"].tolist()
    ['(Intercept)', 'log(priors + 1)', 'age', 'I(age ** 2)']
    """
    _refuse_link(link, learner)
    named = formula_columns(covariates, formula)
    also = () if sample_weights is None else (_one_column(sample_weights),)
    taken = take(people, treated=treated, covariates=named, also=also, id=id, measured_at=measured_at)
    weights = None if sample_weights is None else checked_weights(taken.frame[sample_weights])
    terms = encode(taken.only(taken.covariates), references=references)
    if learner is None:
        return fit_propensity(taken, terms, formula=formula, references=references, sample_weights=weights, link=link)
    return fit_learner(
        taken,
        terms,
        learner=learner,
        folds=folds,
        seed=seed,
        formula=formula,
        references=references,
        sample_weights=weights,
    )


def fit_propensity(
    taken: Taken,
    terms: Terms,
    *,
    formula: str | None = None,
    references: Mapping[str, str] | None = None,
    sample_weights: Floats | None = None,
    link: str = "logit",
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
    link
        "logit" or "probit".

    Returns
    -------
    PropensityModel
    """
    model = _model_terms(taken, terms, formula, references)
    curve, learner = LINKS[link]
    fit = fit_logit(model, taken.treated, sample_weights, link=curve)
    return _result(
        taken,
        terms,
        formula,
        references,
        sample_weights,
        logit=fit.logit,
        table=_coefficients(fit, model.labels().names),
        notes=_cautions(fit, model, taken.treated, sample_weights),
        errors="model-based" if sample_weights is None else "robust (survey-weighted)",
        condition_number=fit.condition_number,
        deviance=fit.deviance,
        steps=fit.steps,
        learner=learner,
        _terms=model,
    )


def fit_learner(
    taken: Taken,
    terms: Terms,
    *,
    learner: Any,
    folds: int = 5,
    seed: int = 0,
    formula: str | None = None,
    references: Mapping[str, str] | None = None,
    sample_weights: Floats | None = None,
) -> PropensityModel:
    """Score people by cross-fitting a classifier to columns that have come through the door.

    Parameters
    ----------
    taken, terms
        As in `fit_propensity`.
    learner, folds, seed
        Unfitted scikit-learn classifier, and how the folds are dealt.
    formula, references, sample_weights
        As in `fit_propensity`.

    Returns
    -------
    PropensityModel
    """
    model = _model_terms(taken, terms, formula, references)
    found = crossfit(
        model.model().values, taken, learner=learner, folds=folds, seed=seed, sample_weights=sample_weights
    )
    return _result(
        taken,
        terms,
        formula,
        references,
        sample_weights,
        logit=np.log(found.score) - np.log1p(-found.score),
        table=pd.DataFrame({name: pd.Series(dtype=object if name == "term" else float) for name in COEFFICIENTS}),
        notes=found.notes,
        errors="",
        condition_number=None,
        deviance=_deviance(found.score, taken.treated, sample_weights),
        steps=0,
        learner=found.learner,
        penalty=found.penalty,
        folds=int(folds),
    )


def checked_weights(column: pd.Series) -> Floats:
    """Return sample weights, one positive and finite number a person.

    Parameters
    ----------
    column
        Complete, from the door.

    Raises
    ------
    InputError
        If it holds no numbers, or some that are not positive.
    """
    if not pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_complex_dtype(column.dtype):
        raise InputError(f"sample_weights names '{column.name}', which holds no numbers; weights are numbers above 0.")
    weights = column.to_numpy(dtype=np.float64)
    bad = int((~(weights > 0) | ~np.isfinite(weights)).sum())
    if bad:
        raise InputError(
            f"sample_weights: '{column.name}' is not above 0 for {bad} of {len(weights)} people: leave people without "
            "weight out beforehand, and say so."
        )
    return weights


def _refuse_link(link: Any, learner: Any) -> None:
    if not isinstance(link, str) or link not in LINKS:
        raise InputError(f"link must be one of {', '.join(LINKS)}; it is {as_given(link)}.")
    if learner is not None and link != "logit":
        raise InputError(f"link='{link}' means nothing to a learner, which has its own curve: leave one of them out.")


def _one_column(name: Any) -> str:
    if not isinstance(name, str):
        raise InputError(
            f"sample_weights must be the name of a column of people; it is a {type(name).__name__}. Put the weights "
            "into a column first and name that."
        )
    return name


def _model_terms(taken: Taken, terms: Terms, formula: str | None, references: Mapping[str, str] | None) -> Terms:
    """Return the terms of the model, once none of them alone tells the groups apart."""
    if formula is None:
        refuse_separating_terms(terms, taken.treated)
        return terms
    named = formula_columns((), formula)
    refuse_separating_terms(terms.of(tuple(str(name) for name in named)), taken.treated)
    model = formula_terms(taken, formula, references)
    refuse_separating_terms(model, taken.treated)
    return model


def _result(
    taken: Taken,
    terms: Terms,
    formula: str | None,
    references: Mapping[str, str] | None,
    sample_weights: Floats | None,
    *,
    logit: Floats,
    table: pd.DataFrame,
    notes: tuple[str, ...],
    **fitted: Any,
) -> PropensityModel:
    named = taken.covariates if formula is None else tuple(formula_columns((), formula))
    levels = terms.references() if formula is None else formula_references(taken, formula, references)
    said = tuple(f"Reference level of {column}: {level}." for column, level in levels.items())
    return PropensityModel(
        treated=taken.treated_name,
        covariates=named,
        formula=formula,
        references=levels,
        n=len(taken.treated),
        n_treated=int(taken.treated.sum()),
        notes=(*said, *notes, *taken.notes),
        _table=table,
        _logit=pd.Series(logit, index=taken.index, name="logit"),
        _is_treated=taken.treated,
        _sample_weights=sample_weights,
        **fitted,
    )


def _deviance(score: Floats, treated: Bools, weights: Floats | None) -> float:
    own = np.ones(len(score)) if weights is None else weights / (np.sort(weights).sum() / len(weights))
    return float(-2.0 * np.sort(own * np.log(np.where(treated, score, 1 - score))).sum())


def _coefficients(fit: LogitFit, names: tuple[str, ...]) -> pd.DataFrame:
    error = np.sqrt(np.diag(fit.covariance))
    wide = float(ndtri(0.5 + LEVEL / 2))
    columns = (
        [INTERCEPT, *names],
        fit.coefficients,
        error,
        fit.coefficients - wide * error,
        fit.coefficients + wide * error,
        2 * ndtr(-np.abs(fit.coefficients / error)),
    )
    return pd.DataFrame(dict(zip(COEFFICIENTS, columns, strict=True)))


def _cautions(fit: LogitFit, model: Terms, treated: Bools, weights: Floats | None) -> tuple[str, ...]:
    notes = []
    if fit.condition_number > CAUTIOUS_CONDITION:
        notes.append(
            f"The covariates nearly repeat each other (condition number {format_number(fit.condition_number, 0)}, "
            "caution above 30): single coefficients are unstable; scores and balance are not harmed."
        )
    each = int(min(treated.sum(), (~treated).sum())) / int((~model.reference).sum())
    if each < CAUTIOUS_EVENTS:
        notes.append(
            f"The smaller group has {format_number(each, 1)} people for each term (10 is a common rule of thumb): "
            "prefer fewer covariates."
        )
    if weights is not None:
        notes.append(
            "Propensity model fitted with sample weights (only their ratios matter); the standard errors of its "
            "coefficients are robust, as survey packages give them for people drawn one by one, without clusters or "
            "strata."
        )
    return tuple(notes)
