"""A figure that is not known exactly: its central value, its ends, and how it is taken to vary between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy import stats

from dipeval.errors import InputError

Array = np.ndarray[Any, np.dtype[np.float64]]

FAMILIES: Final = ("pert", "triangular", "uniform", "normal", "lognormal", "gamma", "beta", "fixed")
# Families whose low and high are the ends of all that is possible; in the others they are a 95% interval.
BOUNDED: Final = ("pert", "triangular", "uniform")
_Z: Final = float(stats.norm.ppf(0.975))


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A figure with its range and the distribution between.

    Parameters
    ----------
    value
        Central value: what every single figure is worked out with.
    low, high
        The ends of what is possible (``pert``, ``triangular``, ``uniform``), or a 95% interval (``normal``,
        ``lognormal``, ``gamma``, ``beta``).
    family
        ``pert`` (the default: most often near the value), ``triangular``, ``uniform``, ``normal``, ``lognormal``
        (median at the value), ``gamma`` and ``beta`` (mean at the value), or ``fixed``.
    source
        Where the figure comes from; printed beside it.

    Raises
    ------
    InputError
        If the ends do not enclose the value, or the family cannot hold them.

    Notes
    -----
    PERT: Malcolm, Roseboom, Clark and Fazar (1959), Operations Research 7, 646-669. Families for costs, shares and
    ratios: Briggs, Claxton and Sculpher (2006), Decision Modelling for Health Economic Evaluation, chapter 4.

    Examples
    --------
    >>> share = Uncertain(0.8, 0.6, 0.9, source="steering group, March")
    >>> [float(round(one, 3)) for one in share.quantile(np.array([0.0, 0.5, 1.0]))]
    [0.6, 0.787, 0.9]
    >>> Uncertain.exactly(2.0).is_fixed
    True
    """

    value: float
    low: float
    high: float
    family: str = "pert"
    source: str = ""

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise InputError(f"There is no distribution '{self.family}'; use one of {', '.join(FAMILIES)}.")
        if not all(math.isfinite(one) for one in (self.low, self.value, self.high)):
            raise InputError("An uncertain figure needs a finite value, low and high.")
        if not self.low <= self.value <= self.high:
            raise InputError(
                f"The value {self.value:g} of an uncertain figure lies outside its own range ({self.low:g} to "
                f"{self.high:g}); correct the value or the ends."
            )
        if self.family == "fixed" and self.low != self.high:
            raise InputError("A 'fixed' figure has no range: give low and high equal to the value, or another family.")
        if self.family in ("lognormal", "gamma") and self.low <= 0:
            raise InputError(f"A '{self.family}' figure must lie above 0; its low end is {self.low:g}.")
        if self.family == "beta" and not (self.low >= 0 and self.high <= 1):
            raise InputError("A 'beta' figure is a share: its ends must lie between 0 and 1.")

    @classmethod
    def exactly(cls, value: float, source: str = "") -> Uncertain:
        """Return a figure that is taken as known."""
        return cls(float(value), float(value), float(value), "fixed", source)

    @property
    def is_fixed(self) -> bool:
        """Whether there is nothing to draw."""
        return self.low == self.high

    def quantile(self, share: Array) -> Array:
        """Return the values below which these shares of the distribution lie.

        Parameters
        ----------
        share
            Shares between 0 and 1.

        Returns
        -------
        numpy.ndarray
            As long as `share`.
        """
        share = np.asarray(share, dtype=np.float64)
        if self.is_fixed:
            return np.full(share.shape, self.value)
        return np.asarray(_QUANTILE[self.family](self, share), dtype=np.float64)


def certain(figure: float | Uncertain) -> Uncertain:
    """Return a plain number as a figure taken as known, and an uncertain one as it is."""
    return figure if isinstance(figure, Uncertain) else Uncertain.exactly(float(figure))


def _pert(figure: Uncertain, share: Array) -> Any:
    width = figure.high - figure.low
    first = 1 + 4 * (figure.value - figure.low) / width
    return figure.low + width * stats.beta.ppf(share, first, 6 - first)


def _triangular(figure: Uncertain, share: Array) -> Any:
    width = figure.high - figure.low
    return stats.triang.ppf(share, (figure.value - figure.low) / width, loc=figure.low, scale=width)


def _uniform(figure: Uncertain, share: Array) -> Any:
    return figure.low + (figure.high - figure.low) * share


def _spread(figure: Uncertain) -> float:
    return (figure.high - figure.low) / (2 * _Z)


def _normal(figure: Uncertain, share: Array) -> Any:
    return stats.norm.ppf(share, loc=figure.value, scale=_spread(figure))


def _lognormal(figure: Uncertain, share: Array) -> Any:
    spread = (math.log(figure.high) - math.log(figure.low)) / (2 * _Z)
    return figure.value * np.exp(spread * stats.norm.ppf(share))


def _gamma(figure: Uncertain, share: Array) -> Any:
    scale = _spread(figure) ** 2 / figure.value
    return stats.gamma.ppf(share, figure.value / scale, scale=scale)


def _beta(figure: Uncertain, share: Array) -> Any:
    total = figure.value * (1 - figure.value) / _spread(figure) ** 2 - 1
    return stats.beta.ppf(share, figure.value * total, (1 - figure.value) * total)


_QUANTILE: Final = {
    "pert": _pert,
    "triangular": _triangular,
    "uniform": _uniform,
    "normal": _normal,
    "lognormal": _lognormal,
    "gamma": _gamma,
    "beta": _beta,
}
