"""What a design could detect, and how precise it is: worked out before any outcome is read.

Every figure takes only numbers from outside the data (an expected share, a standard deviation) and the effective
numbers of the two groups. Pairing, and a score that was estimated, as a rule make the true standard errors a little
smaller: the figures then err on the side of caution.
"""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from dipeval.errors import DesignError, InputError
from dipeval.presenting import format_number, format_points

DIRECTIONS = ("lower", "higher")
LEAST = 2.0  # effective people in a group below which a normal approximation says nothing
CURVE_POINTS = 41
CURVE_POWER = 0.99


class _Sized(Protocol):
    """What is needed of a design."""

    @property
    def ess(self) -> float: ...

    @property
    def ess_treated(self) -> float: ...


class _Curved(Protocol):
    """What is needed to draw."""

    def power_curve(self, base_share: float, *, most: float | None = None, level: float = 0.95) -> pd.DataFrame: ...


def between(**values: float) -> None:
    """Refuse a share, a power or a level that is not strictly between 0 and 1.

    Raises
    ------
    InputError
        Naming the value.
    """
    for name, value in values.items():
        if not 0 < value < 1:
            raise InputError(f"{name} must lie strictly between 0 and 1.")


def positive(**values: float) -> None:
    """Refuse what is no positive finite number.

    Raises
    ------
    InputError
        Naming the value.
    """
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise InputError(f"{name} must be a positive number.")


def _needed(power: float, level: float) -> float:
    """How many standard errors a true effect must measure."""
    between(power=power, level=level)
    return float(ndtri(0.5 + level / 2) + ndtri(power))


def _unit_error(design: _Sized) -> float:
    """Standard error of a difference in means of something with a standard deviation of 1."""
    return math.sqrt(1 / design.ess_treated + 1 / design.ess)


def _enough(design: _Sized) -> None:
    smallest = min(design.ess_treated, design.ess)
    if smallest < LEAST:
        raise DesignError(
            f"A group of this design is worth {format_number(smallest, 1)} equally weighted people: with fewer than "
            "2, nothing can be said about what it would detect. Compare more people, or weight them less unequally."
        )


def _sign(direction: str) -> int:
    if direction not in DIRECTIONS:
        raise InputError(f"direction must be 'lower' or 'higher'; '{direction}' is neither.")
    return -1 if direction == "lower" else 1


class PowerMixin:
    """Gives a design what it could detect; needs only its effective numbers ``ess`` and ``ess_treated``."""

    __slots__ = ()

    def minimum_detectable_difference(
        self: _Sized, base_share: float, *, power: float = 0.8, level: float = 0.95
    ) -> float:
        """Return the smallest true difference in a share that this design would probably detect, before any outcome.

        Parameters
        ----------
        base_share
            Share of the comparison group expected to have the outcome (say 0.4), from outside these data.
        power
            Chance of detecting it.
        level
            Confidence level of the interval that would have to exclude zero.

        Returns
        -------
        float
            Difference in shares (0.05 = 5 percentage points).

        Raises
        ------
        InputError
            If a share, the power or the level is not strictly between 0 and 1.

        Notes
        -----
        Two-group normal approximation with the same share's variance in both groups and effective sample sizes:
        (z for the level + z for the power) x sqrt(p(1 - p)(1/ESS treated + 1/ESS comparison)). Cohen, J. (1988),
        Statistical Power Analysis for the Behavioral Sciences. Pairing and an estimated score as a rule make it
        slightly too large: a cautious figure.

        Examples
        --------
        >>> import dipeval as dip
        >>> from dipeval.datasets import recid
        >>> design = dip.weight(recid(), treated="workprg", covariates=["priors", "educ", "age"])
        >>> 0.05 < design.minimum_detectable_difference(0.13) < 0.06
        True
        """
        between(base_share=base_share, power=power, level=level)
        return _needed(power, level) * math.sqrt(base_share * (1 - base_share)) * _unit_error(self)

    def minimum_detectable_ratio(
        self: _Sized, base_share: float, *, direction: str = "lower", power: float = 0.8, level: float = 0.95
    ) -> float:
        """Return the ratio of two shares nearest to 1 that this design would probably detect, before any outcome.

        Parameters
        ----------
        base_share
            Share of the comparison group expected to have the outcome, from outside these data.
        direction
            "lower" for a ratio below 1 (a fall), "higher" for one above.
        power, level
            As in `minimum_detectable_difference`.

        Returns
        -------
        float
            (base_share - smallest difference) / base_share, or with a plus.

        Raises
        ------
        InputError
            A share, power, level or direction that cannot be used.
        DesignError
            If not even a fall to nothing (or a rise to everybody) would probably be detected, or a group is worth
            fewer than 2 people.

        Examples
        --------
        >>> import dipeval as dip
        >>> from dipeval.datasets import recid
        >>> design = dip.weight(recid(), treated="workprg", covariates=["priors", "educ", "age"], method="none")
        >>> round(design.minimum_detectable_ratio(0.4), 3)
        0.819
        """
        sign = _sign(direction)
        between(base_share=base_share)
        _enough(self)
        least = _needed(power, level) * math.sqrt(base_share * (1 - base_share)) * _unit_error(self)
        room = base_share if sign < 0 else 1 - base_share
        if least >= room:
            end = "a fall to nobody" if sign < 0 else "a rise to everybody"
            raise DesignError(
                f"Not even {end} would probably be detected: the smallest detectable difference is "
                f"{format_points(least)}, and there is room for {format_points(room)}. Compare more people."
            )
        return (base_share + sign * least) / base_share

    def minimum_detectable_mean_difference(
        self: _Sized, standard_deviation: float, *, power: float = 0.8, level: float = 0.95
    ) -> float:
        """Return the smallest true difference in a mean (such as offences a person) this design would probably detect.

        Parameters
        ----------
        standard_deviation
            Of the outcome among people like these, from outside these data.
        power, level
            As in `minimum_detectable_difference`.

        Returns
        -------
        float
            In the unit of the standard deviation.

        Raises
        ------
        InputError
            If the standard deviation is not positive, or the power or the level cannot be used.
        DesignError
            If a group is worth fewer than 2 people.

        Notes
        -----
        (z for the level + z for the power) x standard deviation x sqrt(1/ESS treated + 1/ESS comparison). Cohen (1988).
        """
        positive(standard_deviation=standard_deviation)
        _enough(self)
        return _needed(power, level) * standard_deviation * _unit_error(self)

    def minimum_detectable_hazard_ratio(
        self: _Sized, event_share: float, *, direction: str = "lower", power: float = 0.8, level: float = 0.95
    ) -> float:
        """Return the hazard ratio nearest to 1 that this design would probably detect, before any outcome.

        Parameters
        ----------
        event_share
            Share of all people expected to have the event within the follow-up, from outside these data.
        direction
            "lower" for a ratio below 1, "higher" for one above.
        power, level
            As in `minimum_detectable_difference`.

        Returns
        -------
        float

        Raises
        ------
        InputError
            A share, power, level or direction that cannot be used.
        DesignError
            If a group is worth fewer than 2 people.

        Notes
        -----
        exp(z / sqrt(d p(1 - p))) with d the events (event_share x both effective numbers) and p the treated's part:
        Schoenfeld, D. A. (1983), Sample-size formula for the proportional-hazards regression model, Biometrics 39,
        499-503. It takes hazards to be proportional.

        Examples
        --------
        >>> import dipeval as dip
        >>> from dipeval.datasets import recid
        >>> design = dip.weight(recid(), treated="workprg", covariates=["priors", "educ", "age"], method="none")
        >>> round(design.minimum_detectable_hazard_ratio(0.4), 3)
        0.792
        """
        sign = _sign(direction)
        between(event_share=event_share)
        _enough(self)
        return math.exp(sign * _needed(power, level) * _unit_error(self) / math.sqrt(event_share))

    def power(self: _Sized, difference: float, base_share: float, *, level: float = 0.95) -> float:
        """Return the chance that this design detects a true difference in a share, before any outcome.

        Parameters
        ----------
        difference
            True difference in shares, of either sign (-0.05 = 5 percentage points fewer).
        base_share
            Share of the comparison group expected to have the outcome, from outside these data.
        level
            Confidence level of the interval that would have to exclude zero.

        Returns
        -------
        float
            Between 0 and 1. The slight chance of a finding with the wrong sign is not counted.

        Raises
        ------
        InputError
            If a share or the level is not strictly between 0 and 1, or the two together leave the range 0 to 1.
        DesignError
            If a group is worth fewer than 2 people.

        Notes
        -----
        The inverse of `minimum_detectable_difference`: the normal distribution function of |difference| / standard
        error - z for the level.

        Examples
        --------
        >>> import dipeval as dip
        >>> from dipeval.datasets import recid
        >>> design = dip.weight(recid(), treated="workprg", covariates=["priors", "educ", "age"])
        >>> round(design.power(design.minimum_detectable_difference(0.4), 0.4), 6)
        0.8
        """
        between(base_share=base_share, level=level)
        if not 0 <= base_share + difference <= 1:
            raise InputError(
                "base_share and difference together must stay between 0 and 1: a share cannot leave that range."
            )
        _enough(self)
        return float(_power(np.array([difference]), base_share, _unit_error(self), level)[0])

    def power_curve(self: _Sized, base_share: float, *, most: float | None = None, level: float = 0.95) -> pd.DataFrame:
        """Return the chance of detecting true differences of several sizes, before any outcome.

        Parameters
        ----------
        base_share
            Share of the comparison group expected to have the outcome, from outside these data.
        most
            Largest difference; without it, the one detected with a chance of 99% (or the room there is).
        level
            As in `power`.

        Returns
        -------
        pandas.DataFrame
            difference (size, from 0 up, 41 rows), power.

        Raises
        ------
        InputError
            A share, a level or a largest difference that cannot be used.
        DesignError
            If a group is worth fewer than 2 people.
        """
        between(base_share=base_share, level=level)
        _enough(self)
        room = max(base_share, 1 - base_share)
        if most is None:
            most = _needed(CURVE_POWER, level) * math.sqrt(base_share * (1 - base_share)) * _unit_error(self)
            most = min(most, room)
        elif not 0 < most <= room:
            raise InputError(f"most must lie above 0 and at most {room:g}, the room a share of {base_share:g} leaves.")
        difference = np.linspace(0.0, most, CURVE_POINTS)
        return pd.DataFrame(
            {"difference": difference, "power": _power(difference, base_share, _unit_error(self), level)}
        )

    def plot_power(self: _Curved, base_share: float, ax: Any = None, *, level: float = 0.95) -> Any:
        """Draw the chance of detecting a difference against its size and return the Axes."""
        from dipeval.plots.power import power_plot

        return power_plot(self.power_curve(base_share, level=level), ax=ax)


def _power(difference: NDArray[np.float64], base_share: float, unit: float, level: float) -> NDArray[np.float64]:
    error = math.sqrt(base_share * (1 - base_share)) * unit
    return np.asarray(ndtr(np.abs(difference) / error - ndtri(0.5 + level / 2)), dtype=np.float64)
