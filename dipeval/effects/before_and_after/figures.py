"""Figures of a before-after comparison: changes with their intervals, classes of change, and what to expect of both."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import nbinom, norm

from dipeval.effects.before_and_after.expected_fall import Spread, expected_change, expected_change_index
from dipeval.effects.before_and_after.windows import Windows
from dipeval.effects.request import from_contributions
from dipeval.effects.robust import Floats, exact_sum
from dipeval.errors import EstimationError

CLASSES: Final = ("fell", "similar", "rose", "rose_sharply")
# Room for the last bit: 4 is 25% more than 3.2 but for the way numbers are held.
_LAST_BIT: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figure:
    """A number with its interval.

    Parameters
    ----------
    estimate, std_error, low, high
        NaN where there is none.
    """

    estimate: float
    std_error: float = math.nan
    low: float = math.nan
    high: float = math.nan


NOTHING: Final = Figure(estimate=math.nan)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Persons:
    """Who the rows are: codes of the persons behind them (None: each row is its own), and the interval wanted."""

    codes: NDArray[np.intp] | None
    level: float

    @property
    def reach(self) -> float:
        """Standard errors on either side."""
        return float(norm.ppf(0.5 + self.level / 2))

    def error(self, contributions: Floats) -> float:
        """Return the standard error of what the contributions add up to."""
        n = len(contributions) if self.codes is None else len(np.unique(self.codes))
        return from_contributions(contributions, self.codes, n / (n - 1) if n > 1 else math.nan)

    def around(self, estimate: float, contributions: Floats) -> Figure:
        """Return an estimate with its normal interval."""
        error = self.error(contributions)
        return Figure(
            estimate=estimate, std_error=error, low=estimate - self.reach * error, high=estimate + self.reach * error
        )


def mean_figure(values: Floats, persons: Persons, weights: Floats | None = None) -> Figure:
    """Return a (weighted) mean."""
    w = np.ones(len(values)) if weights is None else weights
    total = exact_sum(w)
    mean = exact_sum(w * values) / total
    return persons.around(mean, w * (values - mean) / total)


def change_figure(
    before: Floats,
    after: Floats,
    persons: Persons,
    *,
    weights: Floats | None = None,
    time_before: Floats | None = None,
    time_after: Floats | None = None,
) -> Figure:
    """Return the relative change of a mean, or of a rate where times at risk are given.

    Parameters
    ----------
    before, after
        Offences of each row.
    persons
        Who the rows are.
    weights
        Of the rows; None for 1.
    time_before, time_after
        Times at risk; None for means.

    Returns
    -------
    Figure
        Mean after over mean before, less 1, with an interval made on the logarithm; the error is that of the logarithm.
        NaN where nobody has an offence before; without an interval where nobody has one after.
    """
    w = np.ones(len(before)) if weights is None else weights
    totals = exact_sum(w * before), exact_sum(w * after)
    if totals[0] <= 0:
        return NOTHING
    times = 1.0
    parts = -w * before / totals[0]
    if time_before is not None and time_after is not None:
        spent = exact_sum(w * time_before), exact_sum(w * time_after)
        times = spent[0] / spent[1]
        parts = parts + w * time_before / spent[0] - w * time_after / spent[1]
    ratio = totals[1] / totals[0] * times
    if totals[1] <= 0:
        return Figure(estimate=-1.0)
    error = persons.error(parts + w * after / totals[1])
    reach = persons.reach * error
    return Figure(
        estimate=ratio - 1, std_error=error, low=ratio * math.exp(-reach) - 1, high=ratio * math.exp(reach) - 1
    )


def class_masks(before: Floats, after: Floats, similar: float, sharp: float) -> dict[str, NDArray[np.bool_]]:
    """Return who fell, stayed similar, rose, and (among those) rose sharply.

    Examples
    --------
    >>> masks = class_masks(np.array([4.0, 4.0, 4.0, 0.0]), np.array([3.0, 4.0, 5.0, 1.0]), 0.0, 0.25)
    >>> {name: mask.astype(int).tolist() for name, mask in masks.items()}
    {'fell': [1, 0, 0, 0], 'similar': [0, 1, 0, 0], 'rose': [0, 0, 1, 1], 'rose_sharply': [0, 0, 0, 1]}
    """
    fell, rose = after < before * (1 - similar) - _LAST_BIT, after > before * (1 + similar) + _LAST_BIT
    sharply = after > before * (1 + sharp) + _LAST_BIT
    return {"fell": fell, "similar": ~(fell | rose), "rose": rose, "rose_sharply": sharply}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """The rule by which people were chosen.

    Parameters
    ----------
    name
        "none", "index_counted", "at_least" or "own".
    at_least
        Offences before that were needed, for "at_least".
    chosen
        For "own": (offences before, offences in the windows further back) -> who is chosen.
    """

    name: str
    at_least: int = 0
    chosen: Callable[[Floats, Floats], NDArray[np.bool_]] | None = None


def expected_of(windows: Windows, spread: Spread, rule: Rule) -> Figure:
    """Return the relative change of the mean expected without any effect, with its band over the spread.

    Notes
    -----
    Closed forms: `expected_change`, `expected_change_index`. For a rule of one's own, the mean of what each person is
    expected to do given all their windows so far, which no rule that looks at these windows only can change.
    """
    if rule.name == "none":
        return Figure(estimate=0.0, low=0.0, high=0.0)
    if rule.name == "index_counted":
        n = len(windows.before)
        fall = expected_change_index(exact_sum(windows.others) / n, exact_sum(windows.index) / n)
        return Figure(estimate=fall, low=fall, high=fall)

    def change(k: float, mean: float) -> float:
        if rule.name == "at_least":
            return expected_change(k, mean, rule.at_least)
        return exact_sum(_rates(windows, k, mean, rule)) / exact_sum(windows.before) - 1

    return _over_spread(spread, change)


def expected_rate_change(windows: Windows, spread: Spread, rule: Rule) -> Figure:
    """Return the relative change of the rate by time at risk expected without any effect."""
    assert windows.at_risk is not None
    if rule.name in ("none", "index_counted"):
        return expected_of(windows, spread, rule)
    before, after = windows.at_risk[:, 0], windows.at_risk[:, 1]

    def change(k: float, mean: float) -> float:
        rates = _rates(windows, k, mean, rule)
        then = exact_sum(windows.before) / exact_sum(before)
        return exact_sum(rates * after) / exact_sum(after) / then - 1

    return _over_spread(spread, change)


def _rates(windows: Windows, k: float, mean: float, rule: Rule) -> Floats:
    """Offences in a whole window that each person is expected to have, given those so far."""
    shape, time = _known(windows, k, rule)
    return shape / (k / mean + time)


def _known(windows: Windows, k: float, rule: Rule) -> tuple[Floats, Floats]:
    """Shape of the gamma distribution of each person's rate given the counts so far, and the time they took."""
    counts, time = windows.others, np.ones(len(windows.before))
    if windows.at_risk is not None:
        time = windows.at_risk[:, 0]
    if rule.name == "own":
        counts = counts + windows.earlier.sum(axis=1)
        time = time + (windows.n_earlier if windows.at_risk is None else windows.at_risk[:, 2:].sum(axis=1))
    return k + counts, time


def _over_spread(spread: Spread, figure: Callable[[float, float], float]) -> Figure:
    found = [figure(k, mean) for k, mean in zip(spread.places, spread.means, strict=True)]
    centre = figure(spread.k, spread.mean) if not math.isnan(spread.k) else math.nan
    every = found if math.isnan(centre) else [*found, centre]
    return Figure(estimate=centre, low=min(every), high=max(every))


def expected_classes(windows: Windows, spread: Spread, rule: Rule, similar: float, sharp: float) -> dict[str, Figure]:
    """Return the share of each class expected without any effect, given what each person did before.

    Notes
    -----
    Given the offences before, those after are negative binomial: the shares are exact, no chance enters them. The rule
    of selection looked at what is given, so it changes nothing.
    """
    shares = {
        float(k): _shares(windows, float(k), mean, rule, similar, sharp)
        for k, mean in zip((*spread.places, spread.k), (*spread.means, spread.mean), strict=True)
        if not math.isnan(k)
    }
    found = {}
    for name in CLASSES:
        every = [one[name] for one in shares.values()]
        centre = shares[spread.k][name] if not math.isnan(spread.k) else math.nan
        found[name] = Figure(estimate=centre, low=min(every), high=max(every))
    return found


def _shares(windows: Windows, k: float, mean: float, rule: Rule, similar: float, sharp: float) -> dict[str, float]:
    shape, time = _known(windows, k, rule)
    rows, number = np.unique(np.column_stack([windows.before, shape, time]), axis=0, return_counts=True)
    before, size = rows[:, 0], rows[:, 1]
    chance = (k / mean + rows[:, 2]) / (k / mean + rows[:, 2] + 1)
    weights = number / number.sum()
    # Fewest offences after that are no fall any more, and most that are no rise yet.
    none_lost = np.ceil(before * (1 - similar) - _LAST_BIT)
    none_gained, none_sharp = (np.floor(before * (1 + more) + _LAST_BIT) for more in (similar, sharp))
    fell = nbinom.cdf(none_lost - 1, size, chance)
    rose, sharply = nbinom.sf(none_gained, size, chance), nbinom.sf(none_sharp, size, chance)
    each = {"fell": fell, "similar": 1 - fell - rose, "rose": rose, "rose_sharply": sharply}
    return {name: float((weights * value).sum()) for name, value in each.items()}


def person_codes(cluster: pd.Series | None) -> NDArray[np.intp] | None:
    """Number the persons behind rows; None where rows are persons."""
    if cluster is None:
        return None
    codes, labels = pd.factorize(cluster, sort=True)
    if (codes < 0).any():
        raise EstimationError(f"cluster is missing for {int((codes < 0).sum())} rows; give one for each.")
    if len(labels) < 2:
        raise EstimationError("All rows belong to one person: a spread cannot be estimated from them.")
    return codes
