"""How unevenly events are spread over people: Lorenz curve, Gini coefficient, share of the people with most of them.

People with the same number of events are one level with a weight, so that a thousand resamples are a thousand rows of
weights. Gini (1912) as the mean absolute difference of two people, each drawn from all (with themselves too), over
twice the mean: 0 if all have the same, (n - 1) / n if one person has everything.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def levels_of(counts: Array) -> tuple[Array, Array]:
    """Return the different numbers of events, rising, and how many people have each.

    Examples
    --------
    >>> [found.tolist() for found in levels_of(np.array([0.0, 3.0, 0.0]))]
    [[0.0, 3.0], [2.0, 1.0]]
    """
    values, people = np.unique(counts, return_counts=True)
    return values.astype(np.float64), people.astype(np.float64)


def gini(values: Array, people: Array) -> Array:
    """Return the Gini coefficient; NaN where there are no events.

    Parameters
    ----------
    values
        Events of each level, rising: (L,).
    people
        Of each level: (L,), or (draws, L).

    Returns
    -------
    numpy.ndarray
        One number, or one a draw.

    Examples
    --------
    >>> float(gini(np.array([0.0, 4.0]), np.array([3.0, 1.0])))
    0.75
    """
    events = people * values
    whole, everybody = events.sum(axis=-1), people.sum(axis=-1)
    # Twice the area between the curve and the diagonal, trapezium by trapezium.
    reached = np.cumsum(events, axis=-1)
    area = (people * (2 * reached - events)).sum(axis=-1)
    return 1 - _over(area, whole * everybody)


def top_share(values: Array, people: Array, share: float) -> Array:
    """Return the share of all events of the people with most of them; NaN where there are none.

    Parameters
    ----------
    values, people
        As for `gini`.
    share
        Of the people: 0.05 for the 5% with most. A person at the border counts in part.

    Returns
    -------
    numpy.ndarray

    Examples
    --------
    >>> float(top_share(np.array([1.0, 7.0]), np.array([9.0, 1.0]), 0.1))
    0.4375
    """
    from_top = np.cumsum(people[..., ::-1], axis=-1)
    most = share * from_top[..., -1:]
    taken = np.diff(np.minimum(from_top, most), axis=-1, prepend=0.0)
    return _over((taken * values[::-1]).sum(axis=-1), (people * values).sum(axis=-1))


def curve(values: Array, people: Array, shares: Array) -> Array:
    """Return the share of events of the given shares of people, those with fewest first.

    Examples
    --------
    >>> curve(np.array([1.0, 7.0]), np.array([9.0, 1.0]), np.array([0.0, 0.9, 1.0])).tolist()
    [0.0, 0.5625, 1.0]
    """
    have_people = np.concatenate([[0.0], np.cumsum(people)]) / people.sum()
    events = people * values
    have_events = np.concatenate([[0.0], np.cumsum(events)]) / events.sum()
    return np.asarray(np.interp(shares, have_people, have_events), dtype=np.float64)


def resampled(people: Array, draws: int, seed: int) -> Array:
    """Return how many people each level has in resamples of the people: (draws, L)."""
    n = int(people.sum())
    drawn: Any = np.random.default_rng(seed).multinomial(n, people / n, size=draws)
    return np.asarray(drawn, dtype=np.float64)


def _over(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)
