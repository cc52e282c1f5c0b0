"""What a count before and a count after would show without any effect: gamma-Poisson offending and a rule of selection.

People differ in how often they offend; each at a steady rate, offences falling at random in time (Greenwood and Yule
1920). Whoever is chosen for many offences in one window will, on average, have fewer in the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeGuard

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.special import gammaln
from scipy.stats import chi2, nbinom

from dipeval.effects.asked import is_number
from dipeval.effects.robust import Floats
from dipeval.errors import EstimationError, InputError

# Range of the spread where the windows cannot tell it. 0.53 fits the 12 months after a positive test among the
# drug-misusing offenders of the Home Office 2008 cohort; elsewhere it is an assumption.
USUAL_SPREAD: Final = (0.3, 2.0)
# Below and above these a spread is as good as none, or as no difference between people.
LEAST_SPREAD, MOST_SPREAD = 0.01, 1_000.0
_PLACES: Final = 9


def expected_change(k: float, mean: float, at_least: int = 1) -> float:
    """Return the relative change of the mean that people chosen for their offences before show without any effect.

    Parameters
    ----------
    k
        Spread of the rates: the shape of their gamma distribution (small: people differ much).
    mean
        Mean number of offences in a window of everybody, chosen or not.
    at_least
        Offences in the window before that a person must have had to be chosen; 0 for everybody.

    Returns
    -------
    float
        Mean after over mean before of those chosen, less 1; for ``at_least=1`` it is -P0 k / (k + mean), where
        P0 = (1 + mean/k)^-k is the share of everybody with no offence before.

    Raises
    ------
    InputError
        If k or the mean is not above 0, or at_least is below 0.

    Notes
    -----
    Given x offences in a window, the rate of a person is gamma with mean (k + x) / (k / mean + 1) a window.

    Examples
    --------
    >>> round(100 * expected_change(0.53, mean_of_all(19_570 / 53_851, 0.53)), 2)
    -27.15
    >>> expected_change(0.53, 0.711, at_least=0)
    0.0
    """
    if not (k > 0 and mean > 0 and at_least >= 0):
        raise InputError(f"k={k!r} and mean={mean!r} must be above 0 and at_least={at_least!r} must be 0 or more.")
    if at_least == 0:
        return 0.0
    # x P(x) is the mean times P(x - 1) of a spread one larger: sums of tails, so that nothing cancels in rare ones.
    share = float(nbinom.sf(at_least - 1, k, k / (k + mean)))
    before = mean * float(nbinom.sf(at_least - 2, k + 1, k / (k + mean)))
    after = mean / (k + mean) * (k * share + before)
    return after / before - 1


def mean_of_all(share: float, k: float) -> float:
    """Return the mean number of offences in a window of everybody, from the share of them who have any.

    Parameters
    ----------
    share
        Share with at least one offence in the window, above 0 and below 1.
    k
        Spread of the rates.

    Returns
    -------
    float

    Examples
    --------
    >>> round(mean_of_all(19_570 / 53_851, 0.53), 3)
    0.713
    """
    if not (0 < share < 1 and k > 0):
        raise InputError(f"share={share!r} must lie between 0 and 1, and k={k!r} above 0.")
    return k * ((1 - share) ** (-1 / k) - 1)


def expected_change_index(mean_other: float, mean_index: float = 1.0) -> float:
    """Return the relative change that counting the index event as an offence before shows without any effect.

    Parameters
    ----------
    mean_other
        Mean number of offences before, the index event left out.
    mean_index
        Mean number of index events counted as offences before; 1 where each person has one.

    Returns
    -------
    float
        -mean_index / (mean_index + mean_other): the index event is counted before and has no counterpart after. It
        holds for steady rates, however people differ.

    Examples
    --------
    >>> round(100 * expected_change_index(1.86), 1)
    -35.0
    """
    if not (mean_other >= 0 and mean_index >= 0 and mean_index + mean_other > 0):
        raise InputError("There must be offences before, and no mean number can be below 0.")
    return -mean_index / (mean_index + mean_other)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histories:
    """Counts from before the index, as the likelihood of the spread needs them: unlike rows once, with their number.

    Parameters
    ----------
    counts
        Offences of a person in all the windows together.
    time
        Length of these windows together (1 = one whole window).
    time_before
        Length of the window that the rule of selection looks at.
    number
        People with this row.
    at_least
        Everybody here has so many offences in that window by the rule; 0 if also the people it leaves out are here.
    """

    counts: Floats
    time: Floats
    time_before: Floats
    number: Floats
    at_least: int = 0


def histories(counts: Floats, time: Floats, time_before: Floats, at_least: int = 0) -> Histories:
    """Put people with the same history together, in an order that does not depend on theirs.

    Parameters
    ----------
    counts, time, time_before
        One number a person, as in `Histories`.
    at_least
        As in `Histories`.

    Returns
    -------
    Histories

    Raises
    ------
    EstimationError
        If nobody has an offence.
    """
    if not counts.sum() > 0:
        raise EstimationError("Nobody has an offence before the index, so nothing can be said of a change.")
    rows, number = np.unique(np.column_stack([counts, time, time_before]), axis=0, return_counts=True)
    return Histories(
        counts=rows[:, 0],
        time=rows[:, 1],
        time_before=rows[:, 2],
        number=number.astype(np.float64),
        at_least=at_least,
    )


def log_likelihood(data: Histories, k: float, mean: float) -> float:
    """Return the log-likelihood of a spread and a mean; what does not depend on them is left out.

    Notes
    -----
    All windows of a person share one rate, so the person's total is negative binomial; how it falls into windows tells
    nothing more. Where the rule has left people out, each person's part is divided by the chance of being chosen.
    """
    there = mean * data.time
    parts = (
        gammaln(data.counts + k)
        - gammaln(k)
        - k * np.log1p(there / k)
        + data.counts * (np.log(mean) - np.log(k + there))
    )
    if data.at_least:
        seen = mean * data.time_before
        parts = parts - nbinom.logsf(data.at_least - 1, k, k / (k + seen))
    return float((data.number * parts).sum())


def best_mean(data: Histories, k: float) -> float:
    """Return the mean number of offences in a window of everybody that fits best with a spread."""
    plain = float((data.number * data.counts).sum() / (data.number * data.time).sum())
    if not data.at_least and np.ptp(data.time) == 0:
        return plain
    middle = np.log(plain)
    found = minimize_scalar(
        lambda place: -log_likelihood(data, k, float(np.exp(place))),
        bounds=(middle - 8.0, middle + 2.0),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(np.exp(found.x))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spread:
    """How much people differ in their rate of offending, and how surely that is known.

    Parameters
    ----------
    k
        The spread; NaN where only a range is known.
    low, high
        Its interval, or the range.
    source
        "estimated", "given" or "range" (the windows cannot tell).
    mean
        Mean number of offences in a window of everybody, at ``k`` (in a range: at its geometric middle).
    places, means
        Spreads across the range, and the mean that fits best with each.
    """

    k: float
    low: float
    high: float
    source: str
    mean: float
    places: tuple[float, ...]
    means: tuple[float, ...]


def spread_of(
    data: Histories, given: float | tuple[float, float] | None, *, enough_windows: bool, level: float
) -> Spread:
    """Return the spread: as given, estimated where the windows allow it, else the usual range.

    Parameters
    ----------
    data
        Histories from before the index.
    given
        A spread, or a range of spreads; None to estimate it.
    enough_windows
        Whether there are windows enough to tell lasting differences between people from chance.
    level
        Coverage of the interval, 0-1.

    Returns
    -------
    Spread
        Maximum likelihood with its profile-likelihood interval, where it is estimated.

    Raises
    ------
    InputError
        If what is given is no spread.
    """
    if given is not None:
        ends = (given, given) if is_number(given) else given
        if not _is_range(ends):
            raise InputError("k is no spread of rates; give a number above 0, or a pair (from, to).")
        low, high = ends
        return _spread(data, low if low == high else np.nan, low, high, "given")
    if not enough_windows:
        return _spread(data, np.nan, *USUAL_SPREAD, "range")
    k = _most_likely(data)
    low, high = _profile_limits(data, k, level)
    return _spread(data, k, low, high, "estimated")


def _is_range(ends: object) -> TypeGuard[Sequence[float]]:
    """Whether these are two numbers above 0, the smaller first."""
    if not isinstance(ends, (tuple, list)) or len(ends) != 2 or not all(map(is_number, ends)):
        return False
    return bool(0 < ends[0] <= ends[1])


def _spread(data: Histories, k: float, low: float, high: float, source: str) -> Spread:
    places = {float(place) for place in np.geomspace(low, high, 1 if low == high else _PLACES)}
    if not np.isnan(k):
        places.add(float(k))
    ordered = tuple(sorted(places))
    means = tuple(best_mean(data, place) for place in ordered)
    middle = k if not np.isnan(k) else float(np.sqrt(low * high))
    return Spread(
        k=float(k),
        low=float(low),
        high=float(high),
        source=source,
        mean=best_mean(data, middle),
        places=ordered,
        means=means,
    )


def _profile(data: Histories, log_k: float) -> float:
    k = float(np.exp(log_k))
    return log_likelihood(data, k, best_mean(data, k))


def _most_likely(data: Histories) -> float:
    bounds = (float(np.log(LEAST_SPREAD)), float(np.log(MOST_SPREAD)))
    found = minimize_scalar(
        lambda place: -_profile(data, place), bounds=bounds, method="bounded", options={"xatol": 1e-7}
    )
    return float(np.exp(found.x))


def _profile_limits(data: Histories, k: float, level: float) -> tuple[float, float]:
    """Spreads at which the profile of the log-likelihood has fallen by half the chi-square quantile."""
    centre = float(np.log(k))
    best, drop = _profile(data, centre), float(chi2.ppf(level, 1)) / 2

    def short(place: float) -> float:
        return _profile(data, place) - best + drop

    limits = []
    for bound in (float(np.log(LEAST_SPREAD)), float(np.log(MOST_SPREAD))):
        outside = abs(bound - centre) > 1e-3 and short(bound) < 0
        limits.append(float(brentq(short, *sorted((bound, centre)), xtol=1e-6)) if outside else bound)
    return float(np.exp(limits[0])), float(np.exp(limits[1]))


def unevenness(windows: NDArray[np.float64]) -> tuple[float, float]:
    """Return how uneven people's counts are from window to window, beside what steady rates give.

    Parameters
    ----------
    windows
        People x windows of equal length, none of which the rule of selection looked at.

    Returns
    -------
    tuple
        The ratio (1 for steady rates; above: rates change), and how many standard errors it is from 1.

    Notes
    -----
    Pearson's dispersion given each person's total, which needs neither spread nor mean (Fisher 1950).

    Examples
    --------
    >>> unevenness(np.array([[2.0, 2.0], [1.0, 3.0]]))[0]
    0.5
    """
    totals = windows.sum(axis=1)
    some, n_windows = windows[totals > 0], windows.shape[1]
    if not len(some) or n_windows < 2:
        return np.nan, np.nan
    even = totals[totals > 0, np.newaxis] / n_windows
    squares = np.sort((((some - even) ** 2) / even).sum(axis=1))
    expected = (n_windows - 1) * len(some)
    variance = 2 * (n_windows - 1) * float(np.sort(1 - 1 / totals[totals > 0]).sum())
    excess = float(squares.sum()) - expected
    return float(squares.sum()) / expected, excess / np.sqrt(variance) if variance else np.nan
