"""A figure that is not known exactly: its central value, its ends, and how it is taken to vary between them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy import special, stats

from dipeval.errors import InputError

Array = np.ndarray[Any, np.dtype[np.float64]]

FAMILIES: Final = ("pert", "triangular", "uniform", "normal", "lognormal", "gamma", "beta", "fixed")
# Families whose low and high are the ends of all that is possible; in the others they are a 95% interval.
_EDGE: Final = 1e-12
_Z: Final = float(stats.norm.ppf(0.975))


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A figure with its range and the distribution between.

    Parameters
    ----------
    value
        Central value: what every single figure is worked out with.
    low, high
        The ends of what is possible (``pert``, ``triangular``, ``uniform``), or a 95% interval: exactly its ends in
        ``normal`` and ``lognormal``; in ``gamma`` and ``beta`` its width, taken as 3.92 standard deviations.
    family
        ``pert`` (the default: most often near the value), ``triangular``, ``uniform``, ``normal`` and ``lognormal``
        (median at the value; where the range is not even, each side has its own spread), ``gamma`` and ``beta`` (mean
        at the value), or ``fixed``.
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
        for name in ("low", "value", "high"):
            object.__setattr__(self, name, _number(getattr(self, name)))
        if not math.isfinite(self.high - self.low):
            raise InputError("An uncertain figure needs a finite range: its ends are too far apart.")
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
        if not self.is_fixed:
            _check_shape(self)

    @classmethod
    def exactly(cls, value: float, source: str = "") -> Uncertain:
        """Return a figure that is taken as known."""
        return cls(value, value, value, "fixed", source)

    @property
    def is_fixed(self) -> bool:
        """Whether there is nothing to draw."""
        return self.low == self.high

    def quantile(self, share: Array, *, least: float = -math.inf, most: float = math.inf) -> Array:
        """Return the values below which these shares of the distribution lie.

        Parameters
        ----------
        share
            Shares between 0 and 1.
        least, most
            The bounds of what the figure can mean: what the family puts beyond them is cut off, and the rest of the
            distribution stands for all of it.

        Returns
        -------
        numpy.ndarray
            As long as `share`.
        """
        share = np.asarray(share, dtype=np.float64)
        if not ((share >= 0) & (share <= 1)).all():
            raise InputError("The shares of a distribution lie between 0 and 1.")
        if self.is_fixed:
            return np.full(share.shape, self.value)
        # Nearer to an end than this the inverse of a distribution is rounding; the ends themselves are exact.
        share = np.where((share > 0) & (share < 1), np.clip(share, _EDGE, 1 - _EDGE), share)
        quantile, below = _FAMILY[self.family]
        first, last = (float(below(self, end)) for end in (least, most))
        if first > 0 or last < 1:
            share = first + (last - first) * share
        return np.clip(np.asarray(quantile(self, share), dtype=np.float64), least, most)


def certain(figure: float | Uncertain) -> Uncertain:
    """Return a plain number as a figure taken as known, and an uncertain one as it is."""
    return figure if isinstance(figure, Uncertain) else Uncertain.exactly(figure)


def _number(given: Any) -> float:
    if isinstance(given, bool | str | bytes):
        raise InputError(f"An uncertain figure is made of numbers; it holds a {type(given).__name__}.")
    try:
        number = float(given)
    except (TypeError, ValueError):
        raise InputError(f"An uncertain figure is made of numbers; it holds a {type(given).__name__}.") from None
    if not math.isfinite(number):
        raise InputError("An uncertain figure needs a finite value, low and high.")
    return number


def _check_shape(figure: Uncertain) -> None:
    """Refuse a range that no distribution of the family has, or only one with its weight at the ends."""
    between = f"between {figure.low:g} and {figure.high:g}"
    if figure.family in ("normal", "lognormal") and not figure.low < figure.value < figure.high:
        raise InputError(
            f"A '{figure.family}' figure needs its value {between}, not at an end: give 'pert' or 'triangular', whose "
            "value may stand there."
        )
    if figure.family == "gamma" and _spread(figure) > figure.value:
        raise InputError(
            f"No 'gamma' distribution with mean {figure.value:g} has 95% of its weight {between}: it would pile up at "
            "0. Narrow the range, or give 'lognormal' or 'pert'."
        )
    if figure.family == "beta" and _piles_up(*_beta_shape(figure), figure.value):
        raise InputError(
            f"No 'beta' distribution with mean {figure.value:g} has 95% of its weight {between}: it would pile up at 0 "
            "or 1. Narrow the range, or give 'pert'."
        )


def _piles_up(first: float, second: float, mean: float) -> bool:
    """Whether a beta distribution is none, has its weight at both ends, or has its mean outside its 95% interval."""
    return max(first, second) < 1 or not 0.025 < float(special.betainc(first, second, mean)) < 0.975


def _spread(figure: Uncertain) -> float:
    return (figure.high - figure.low) / (2 * _Z)


def _pert(figure: Uncertain, share: Array) -> Any:
    return figure.low + (figure.high - figure.low) * special.betaincinv(*_pert_shape(figure), share)


def _pert_below(figure: Uncertain, value: float) -> Any:
    along = (value - figure.low) / (figure.high - figure.low)
    return special.betainc(*_pert_shape(figure), min(max(along, 0.0), 1.0))


def _pert_shape(figure: Uncertain) -> tuple[float, float]:
    first = 1 + 4 * (figure.value - figure.low) / (figure.high - figure.low)
    return first, 6 - first


def _triangular_shape(figure: Uncertain) -> dict[str, float]:
    width = figure.high - figure.low
    return {"c": (figure.value - figure.low) / width, "loc": figure.low, "scale": width}


def _uniform_shape(figure: Uncertain) -> dict[str, float]:
    return {"loc": figure.low, "scale": figure.high - figure.low}


def _gamma_shape(figure: Uncertain) -> dict[str, float]:
    scale = _spread(figure) ** 2 / figure.value
    return {"a": figure.value / scale, "scale": scale}


def _beta_shape(figure: Uncertain) -> tuple[float, float]:
    total = figure.value * (1 - figure.value) / _spread(figure) ** 2 - 1
    return figure.value * total, (1 - figure.value) * total


def _beta(figure: Uncertain, share: Array) -> Any:
    return special.betaincinv(*_beta_shape(figure), share)


def _beta_below(figure: Uncertain, value: float) -> Any:
    return special.betainc(*_beta_shape(figure), min(max(value, 0.0), 1.0))


def _of(distribution: Any, shape: Callable[[Uncertain], dict[str, float]]) -> tuple[Part, Part]:
    """Quantiles, and the share below a value, of a family that scipy has."""
    return (
        lambda figure, share: distribution.ppf(share, **shape(figure)),
        lambda figure, value: distribution.cdf(value, **shape(figure)),
    )


def _two_sided(figure: Uncertain, share: Array) -> Any:
    """Quantiles of a normal figure; a range that is not even has a spread of its own on either side of the value."""
    score = stats.norm.ppf(share)
    return figure.value + score / _Z * np.where(score < 0, figure.value - figure.low, figure.high - figure.value)


def _two_sided_below(figure: Uncertain, value: float) -> Any:
    side = figure.value - figure.low if value < figure.value else figure.high - figure.value
    return stats.norm.cdf((value - figure.value) / side * _Z)


def _log(figure: Uncertain) -> Uncertain:
    return Uncertain(math.log(figure.value), math.log(figure.low), math.log(figure.high), "normal")


def _lognormal(figure: Uncertain, share: Array) -> Any:
    return np.exp(_two_sided(_log(figure), share))


def _lognormal_below(figure: Uncertain, value: float) -> Any:
    return _two_sided_below(_log(figure), math.log(value)) if value > 0 else 0.0


Part = Callable[[Uncertain, Any], Any]
_FAMILY: Final[dict[str, tuple[Part, Part]]] = {
    "pert": (_pert, _pert_below),
    "triangular": _of(stats.triang, _triangular_shape),
    "uniform": _of(stats.uniform, _uniform_shape),
    "normal": (_two_sided, _two_sided_below),
    "lognormal": (_lognormal, _lognormal_below),
    "gamma": _of(stats.gamma, _gamma_shape),
    "beta": (_beta, _beta_below),
}
