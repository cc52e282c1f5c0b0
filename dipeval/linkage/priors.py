"""How many people are in both files: from the strictest key before scoring, from the scored pairs afterwards.

In dirty files few true links agree on the strictest key, so it says too little; the scored pairs know better.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FEWEST_LINKS = 30.0
_ROUNDS, _SETTLED = 30, 1e-4
# The scored pairs may raise the prior so many times: the strictest key would have to miss five links of six.
AT_MOST_TIMES = 5.0


def estimate_prior(exact: int, n_left: int, n_right: int, recall: float) -> float:
    """Return the probability that two people at random are the same, from the pairs that agree on the strictest key.

    Examples
    --------
    >>> round(estimate_prior(400, 1000, 500, 0.8), 6)
    0.001
    """
    links = min(max(exact / recall, 0.5), float(min(n_left, n_right)))
    return min(links / (n_left * n_right), 0.5)


def highest_prior(prior: float, n_left: int, n_right: int) -> float:
    """Return the highest value that `refined_prior` may give: pairs are scored with it, so that none is lost.

    Examples
    --------
    >>> highest_prior(0.0005, 1000, 500), highest_prior(0.0001, 1000, 500)
    (0.001, 0.0005)
    """
    return min(max(prior, 1 / max(n_left, n_right)), AT_MOST_TIMES * prior, 0.5)


def prior_bits(prior: float) -> float:
    """Return log2 of the odds."""
    return float(np.log2(prior / (1 - prior)))


def _expected_links(left: Ints, right: Ints, odds: Floats) -> float:
    """Links among the candidates if nobody has two: each person's candidates compete; the side with fewer counts."""
    sums = (np.bincount(side, weights=odds) for side in (left, right))
    return float(min((total / (1 + total)).sum() for total in sums))


def refined_prior(prior: float, left: Ints, right: Ints, bits: Floats, n_left: int, n_right: int) -> float:
    """Return the prior at which the candidates are expected to hold as many links as it says.

    Parameters
    ----------
    prior
        From the strictest key.
    left, right
        The two people of each candidate, 0, 1, ...
    bits
        Evidence for each candidate, the prior not included.
    n_left, n_right
        People of the two files.

    Returns
    -------
    float
        The prior as it was if it stands for fewer than 30 links: too few to learn from.

    Examples
    --------
    >>> people = np.arange(300)
    >>> round(refined_prior(100 / 1000**2, people, people, np.full(300, 30.0), 1000, 1000) * 1000**2)
    300
    """
    size = n_left * n_right
    if prior * size < FEWEST_LINKS or not len(bits):
        return prior
    highest, now = highest_prior(prior, n_left, n_right), prior
    evidence = np.exp2(np.minimum(bits, 300.0))
    for _ in range(_ROUNDS):
        found = _expected_links(left, right, evidence * (now / (1 - now))) / size
        before, now = now, min(max(found, FEWEST_LINKS / size), highest)
        if abs(now - before) <= _SETTLED * before:
            break
    return float(f"{now:.11g}")
