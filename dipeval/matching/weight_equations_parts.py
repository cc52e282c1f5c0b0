"""How weights were made, as plain arrays: what the other `weight_equations` modules hand each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SAME: Final = 1e-6  # largest difference between a design's weights and those its parts give, to the largest weight
# Singular values below this share of the largest belong to terms that repeat others.
REDUNDANT: Final = 1e-12
# Share of its neighbours' mean from which on a person as good as stands alone.
ALONE: Final = 0.75
# Share of the spread that must be told for the rest to be taken from it.
LEAST_TOLD: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Equations:
    """One set of equations: over people, the sum of ``residual`` times ``rows`` is 0.

    Parameters
    ----------
    rows
        People x parameters: the terms, in standard deviations, with a constant.
    residual
        One number a person; ``residual[:, None] * rows`` are the estimating functions.
    slope
        How fast each person's weight moves with the linear predictor; ``slope[:, None] * rows`` are the derivatives of
        the weights by the parameters.
    information
        Minus the derivative of the summed estimating functions by the parameters.
    """

    rows: Floats
    residual: Floats
    slope: Floats
    information: Floats

    def moved(self, by_weight: Floats) -> Floats:
        """Return what each person adds to an estimate by having moved the parameters, and so everybody's weight.

        Parameters
        ----------
        by_weight
            Derivative of the estimate by each person's weight.

        Returns
        -------
        numpy.ndarray
        """
        along = np.linalg.pinv(self.information, rcond=REDUNDANT, hermitian=True) @ (
            self.rows.T @ (self.slope * by_weight)
        )
        return np.asarray(self.residual * (self.rows @ along), dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shares:
    """Weights that are sums of shares: everybody stood for spreads a weight of 1 over the people beside it.

    Parameters
    ----------
    focal, others
        Who is stood for, and who stands for them (for the ATE also for themselves).
    scale
        A weight over the sum of shares it is made of.
    beside
        Values, centres and points -> for each centre the sum of the values of the points beside it, each by how much it
        counts there; 0 for people who are no centre.
    """

    focal: Bools
    others: Bools
    scale: float
    beside: Callable[[Floats, Bools, Bools], Floats]

    def share(self) -> Floats:
        """Return the share that a person gives to each of those beside it; 0 for those not stood for."""
        total = self.beside(np.ones(len(self.focal)), self.focal, self.others)
        return np.divide(1.0, total, out=np.zeros(len(total)), where=total > 0)

    def moved(self, by_weight: Floats) -> Floats:
        """Return what each person adds to an estimate by the shares it gives, and by those it takes a part of.

        Where few stand beside one another they draw their own mean towards them, and what lies between them and that
        mean tells too little of the spread: it is enlarged, as far as the means of those stood for do not tell it
        already. Of somebody who stands alone, or nearly so, nothing is told: the spread is taken to be that of the
        others. Where that would leave more than half to them, the alone count by their distance from the mean of all.

        Parameters
        ----------
        by_weight
            Derivative of the estimate by each person's weight.

        Returns
        -------
        numpy.ndarray
        """
        share = self.share()
        means = self.beside(self.scale * by_weight, self.focal, self.others) * share
        held = self.beside(share, self.others, self.focal)
        squared = np.minimum(self.beside(share**2, self.others, self.focal), held**2)
        own = self.scale * held * by_weight
        apart = own - self.beside(means * share, self.others, self.focal)
        needed = held**2 - squared  # of the spread at a point; the means hold the rest
        alone = squared > ALONE * held
        told = np.where(alone, held**2, held * (held - squared))
        enlarged = np.sqrt(np.divide(needed, told, out=np.zeros(len(told)), where=told > 0))
        total, of_others = float(needed.sum()), float(needed[~alone].sum())
        if of_others > 0 and of_others >= LEAST_TOLD * total:
            return means - own + np.where(alone, 0.0, enlarged * apart) * np.sqrt(total / of_others)
        return means - own + enlarged * np.where(alone, own, apart)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeightEquations:
    """How the weights of one design move with who is in it.

    Parameters
    ----------
    parts
        Sets of equations that do not share parameters, or shares.
    order
        Positions of people sorted by id. The rows of ``parts`` stand in this order, so that no sum depends on the order
        in which people were given.
    """

    parts: tuple[Equations, ...] | tuple[Shares, ...]
    order: Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """One set of equations as a function of its parameters; arrays in the order of ids.

    Parameters
    ----------
    rows
        People x parameters.
    look
        Linear predictor -> residual and curvature (minus the derivative of the residual) of every person.
    start
        The parameters of the design as it is.
    """

    rows: Floats
    look: Callable[[Floats], tuple[Floats, Floats]]
    start: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeightModel:
    """How the weights of a design follow from parameters; arrays in the order of ids.

    Parameters
    ----------
    parts
        The equations that give the parameters.
    weigh
        Linear predictors, one a part -> weights.
    slopes
        Linear predictors -> how fast every weight moves with each of them.
    order
        Positions of people sorted by id.
    """

    parts: tuple[Part, ...]
    weigh: Callable[[list[Floats]], Floats]
    slopes: Callable[[list[Floats]], list[Floats]]
    order: Ints


def equations_at(part: Part, predictor: Floats, slope: Floats) -> Equations:
    """Return equations at a value of their parameters."""
    residual, curvature = part.look(predictor)
    information = (part.rows * curvature[:, None]).T @ part.rows
    return Equations(rows=part.rows, residual=residual, slope=slope, information=information)
