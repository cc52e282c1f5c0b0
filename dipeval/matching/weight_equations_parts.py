"""Estimating equations as plain arrays: what the other `weight_equations` modules hand each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeightEquations:
    """The equations behind the weights of one design.

    Parameters
    ----------
    parts
        Sets of equations that do not share parameters.
    order
        Positions of people sorted by id. The rows of ``parts`` stand in this order, so that no sum depends on the order
        in which people were given.
    """

    parts: tuple[Equations, ...]
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
