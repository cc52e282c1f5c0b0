"""What the size of an outcome says about a link: how many reoffences its person would have if the candidate were true.

The records of a file have a pooled distribution of values; the values of a person with known treatment and covariates
lie higher or lower. A candidate whose value fits its person is likelier a link, by the ratio of the two densities.
That of the person is the pooled one tilted by exp(theta * log value), theta such that the mean logarithm is what a
regression on treatment and covariates gives (to first order); the ratio has mean 1 over the pool by construction, so
that links in general become neither likelier nor less likely. Without it, false links dilute the effect on a count.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_FEWEST_PER_TERM = 2
_MOST_STEEP = 3.0


def value_factor(
    rows: Floats, place: NDArray[np.int64], values: Floats, linked: Bools, precision: float, rng: np.random.Generator
) -> Floats:
    """Return the natural logarithm of each candidate's density ratio; 0 where nothing can be said.

    Parameters
    ----------
    rows
        One row a person: ones, then treatment and covariates.
    place
        Row of each candidate's person; -1 for people outside the analysis.
    values
        The outcome of each candidate's person, were it the link; 0 says nothing here.
    linked
        The links of the last draw: what the regression is fitted to, its coefficients drawn.
    precision
        Of the coefficients' prior.
    rng
        Source of randomness.
    """
    speaks = (place >= 0) & (values > 0)
    out = np.zeros(len(place))
    logs = np.log(values, where=speaks, out=np.zeros(len(values)))
    pool, times = np.unique(logs[speaks], return_counts=True)
    fitted = speaks & linked
    if len(pool) < 2 or fitted.sum() < _FEWEST_PER_TERM * rows.shape[1]:
        return out
    weights = times / times.sum()
    mean = float(weights @ pool)
    spread = float(weights @ (pool - mean) ** 2)
    expected = rows @ _drawn_coefficients(rows[place[fitted]], logs[fitted], precision, rng)
    steepest = _MOST_STEEP / np.sqrt(spread)
    theta = np.clip((expected - mean) / spread, -steepest, steepest)
    normal = np.log(np.exp(np.outer(theta, pool - mean)) @ weights)
    person = place[speaks]
    out[speaks] = theta[person] * (logs[speaks] - mean) - normal[person]
    return out


def _drawn_coefficients(rows: Floats, y: Floats, precision: float, rng: np.random.Generator) -> Floats:
    """Coefficients of a linear regression, drawn from their posterior."""
    prior = np.full(rows.shape[1], precision)
    prior[0] = 1e-8
    inner = rows.T @ rows + np.diag(prior)
    beta = np.linalg.solve(inner, rows.T @ y)
    df = max(len(y) - rows.shape[1], 1)
    sigma = np.sqrt(max(float(((y - rows @ beta) ** 2).sum()), 1e-12) / rng.chisquare(df))
    return np.asarray(beta + sigma * np.linalg.solve(np.linalg.cholesky(inner).T, rng.standard_normal(len(beta))))
