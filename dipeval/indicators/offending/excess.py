"""How few people explain that there were more events than expected.

People in order of how far each is above the own expected number: the fewest who together reach the whole excess, so
that everybody else together had no more than was expected of them. Whatever the reason of an excess, some few people
always explain it in this sense: the number says something only beside that which chance gives.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# Sums of shares of an expected number miss each other by rounding.
_ROUNDING = 1e-9


def fewest_people(counts: Array, expected: Array) -> int | None:
    """Return the fewest people who reach the excess; None where there is no excess.

    Parameters
    ----------
    counts, expected
        Events of each person, had and expected.

    Returns
    -------
    int or None

    Examples
    --------
    >>> fewest_people(np.array([9.0, 1.0, 1.0, 1.0]), np.array([2.0, 2.0, 2.0, 2.0]))
    1
    """
    found = _fewest(counts[None, :], expected)[0]
    return int(found) if found else None


def fewest_by_chance(drawn: Array, expected: Array) -> Array:
    """Return the fewest people of each draw that has an excess.

    Parameters
    ----------
    drawn
        Events of each person: (draws, people).
    expected
        Of each person.
    """
    found = _fewest(drawn, expected)
    return found[found > 0]


def _fewest(counts: Array, expected: Array) -> Array:
    above: Any = counts - expected
    reached = np.cumsum(-np.sort(-above, axis=-1), axis=-1)
    excess = above.sum(axis=-1, keepdims=True)
    place = np.argmax(reached >= excess - _ROUNDING, axis=-1) + 1.0
    return np.where(excess[..., 0] > _ROUNDING, place, 0.0)
