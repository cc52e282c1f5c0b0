"""What a logistic regression cannot be fitted to, each in a sentence: terms that repeat, terms that tell all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dipeval.errors import DesignError
from dipeval.matching.terms import Terms

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SAME_DIRECTION = 1e-11  # share of a column's variance that the columns before it must leave unexplained
BLOCK = 4096


def check_rank(terms: Terms, correlations: Floats) -> None:
    """Refuse terms that are linear combinations of the ones before them, and name both.

    Parameters
    ----------
    terms
        Names of the terms.
    correlations
        Of the terms.

    Raises
    ------
    DesignError
        Naming each such column and those it follows from.
    """
    found = dependent_terms(terms, correlations)
    if found:
        raise DesignError(
            f"Covariates that are linear combinations of others: {'; '.join(found)}. "
            "They add nothing and make the model unsolvable: take one of each out."
        )


def dependent_terms(terms: Terms, correlations: Floats) -> list[str]:
    """Say of each term that follows from the ones before it from which; empty if none does.

    Parameters
    ----------
    terms
        Names of the terms.
    correlations
        Of the terms.

    Returns
    -------
    list of str
        Each once, in the order of the terms.
    """
    if _independent(correlations):
        return []
    kept: list[int] = []
    found: list[str] = []
    for term in range(len(terms.names)):
        if not kept:
            kept.append(term)
            continue
        share = np.linalg.solve(correlations[np.ix_(kept, kept)], correlations[kept, term])
        left = correlations[term, term] - share @ correlations[kept, term]
        if left > SAME_DIRECTION:
            kept.append(term)
            continue
        of = sorted({terms.columns[kept[place]] for place in np.flatnonzero(np.abs(share) > 1e-6)})
        found.append(f"'{terms.columns[term]}' follows exactly from {', '.join(of)}")
    return list(dict.fromkeys(found))


def _independent(correlations: Floats) -> bool:
    """Whether every term keeps variance that the terms before it leave unexplained, seen from one factorisation."""
    try:
        root = np.linalg.cholesky(correlations)
    except np.linalg.LinAlgError:
        return False
    return bool((np.diag(root) ** 2 > SAME_DIRECTION * np.diag(correlations)).all())


def refuse_separating_terms(terms: Terms, treated: Bools) -> None:
    """Refuse a column that alone tells treated from comparison people.

    Parameters
    ----------
    terms
        All terms, reference levels included: every level of a category counts.
    treated
        Who was treated.

    Raises
    ------
    DesignError
        Naming the columns.
    """
    low_t, high_t = _range(terms.values, treated)
    low_c, high_c = _range(terms.values, ~treated)
    apart = (high_t <= low_c) | (high_c <= low_t)
    if apart.any():
        names = ", ".join(dict.fromkeys(f"'{terms.columns[place]}'" for place in np.flatnonzero(apart)))
        raise DesignError(
            f"{names} predicts the treatment perfectly for some or all people (on one side of a value, or at one "
            "level, everybody or nobody is treated): there is nobody to compare them with. Take the column out, merge "
            "its levels, or leave those people out and say so."
        )


def _range(values: Floats, members: Bools) -> tuple[Floats, Floats]:
    low, high = np.full(values.shape[1], np.inf), np.full(values.shape[1], -np.inf)
    places = np.flatnonzero(members)
    for start in range(0, len(places), BLOCK):
        block = values[places[start : start + BLOCK]]
        np.minimum(low, block.min(axis=0), out=low)
        np.maximum(high, block.max(axis=0), out=high)
    return low, high


def separated(terms: Terms, beta: Floats) -> DesignError:
    """Name the columns whose coefficients ran away; not always one column alone is to blame.

    Parameters
    ----------
    terms
        Terms of the model.
    beta
        Coefficients of the standardised terms where the fit was given up, intercept first.

    Returns
    -------
    DesignError
        To raise.
    """
    size = np.abs(beta[1:])
    worst = [place for place in np.argsort(-size, kind="stable") if size[place] >= 0.25 * size.max()]
    names = ", ".join(dict.fromkeys(f"'{terms.columns[place]}'" for place in worst))
    return DesignError(
        f"The covariates together predict the treatment perfectly for some or all people; the estimates run away most "
        f"for {names}. There is nobody to compare those people with: take such columns out, merge rare levels, use "
        "fewer covariates, or leave those people out and say so."
    )
