"""Uncertainty over areas: what each area contributes, the wild cluster bootstrap of it, and permuted starts.

An area with all its periods is one draw; area-periods are never counted as if they were many.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dipeval.effects.areas.cells import Cells, Terms
from dipeval.effects.areas.panel import AreaPanel
from dipeval.effects.areas.periods import Ints

Floats = NDArray[np.float64]

# With fewer areas two-point weights give too few different draws (Webb 2023).
FEW_AREAS: Final = 20
_WEBB: Final = np.sqrt(np.array([0.5, 1.0, 1.5]))
_BY_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spread:
    """What is known of each term's uncertainty: NaN where it cannot be known.

    Parameters
    ----------
    std_error, conf_low, conf_high, p_value
        One value a term.
    pre_trend_p
        Of the largest difference before the start, against none; NaN without such a period.
    draws
        Draws used; for permutations the arrangements looked at.
    complete
        Whether every arrangement was looked at (permutations).
    """

    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    p_value: Floats
    pre_trend_p: float
    draws: int
    complete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shares:
    """What each area adds to one term, on either side.

    Parameters
    ----------
    treated, comparison
        The area's deviation from the mean it is part of, times its share of the term.
    share, share_comparison
        The shares.
    groups
        Number of the mean that each treated area deviates from; -1 where it is not part of the term.
    """

    treated: Floats
    comparison: Floats
    share: Floats
    share_comparison: Floats
    groups: Ints

    @property
    def factors(self) -> tuple[Floats, Floats]:
        """What makes squares of deviations unbiased: 1/sqrt(1 - share of the mean), as HC2 does for regressions."""
        part = np.zeros_like(self.share)
        for group in range(int(self.groups.max(initial=-1)) + 1):
            own = self.groups == group
            part[own] = self.share[own] / self.share[own].sum()
        whole = self.share_comparison / self.share_comparison.sum()
        return 1 / np.sqrt(1 - part), 1 / np.sqrt(1 - whole)

    def deviations(self, values: Floats, *, comparison: bool = False) -> Floats:
        """Return values (draws by areas) less their mean by share, times the shares."""
        if comparison:
            return values - np.outer(values.sum(axis=1) / self.share_comparison.sum(), self.share_comparison)
        found = values.copy()
        for group in range(int(self.groups.max(initial=-1)) + 1):
            own = self.groups == group
            found[:, own] -= np.outer(values[:, own].sum(axis=1) / self.share[own].sum(), self.share[own])
        return found


def shares_of(panel: AreaPanel, cells: Cells, terms: Terms) -> list[Shares | None]:
    """Return what each area adds to each term; None where a side has one area only, whose spread nothing shows.

    Parameters
    ----------
    panel
        The areas.
    cells, terms
        Made from it.

    Returns
    -------
    list
        One a term.

    Notes
    -----
    A treated area deviates from the mean of its own wave. A wave of one area has no mean to deviate from: such waves
    share one, or join the nearest wave, which counts differences between waves as chance and can only widen intervals
    (as Borusyak, Jaravel & Spiess 2024 do for their variances).
    """
    own, other = (side * panel.weights[:, None] for side in (cells.treated, cells.comparison))
    size = own.sum(axis=0)
    own, other = own / size, other / other.sum(axis=0)
    mean = (other * cells.change).sum(axis=0)
    weights = terms.cells * size[:, None]
    weights = weights / weights.sum(axis=0)
    added, against = (own * (cells.change - mean)) @ weights, -(other * (cells.change - mean)) @ weights
    share, share_other = own @ weights, other @ weights
    fewest = np.where(terms.cells, cells.comparison.sum(axis=0)[:, None], len(panel.areas)).min(axis=0)
    found: list[Shares | None] = []
    for place in range(terms.cells.shape[1]):
        groups = _groups(panel.start, share[:, place] > 0)
        if fewest[place] < 2 or groups is None:
            found.append(None)
            continue
        raw = Shares(
            treated=added[:, place],
            comparison=against[:, place],
            share=share[:, place],
            share_comparison=share_other[:, place],
            groups=groups,
        )
        found.append(
            Shares(
                treated=raw.deviations(raw.treated[None, :])[0],
                comparison=raw.comparison,
                share=raw.share,
                share_comparison=raw.share_comparison,
                groups=groups,
            )
        )
    return found


def _groups(start: Ints, present: NDArray[np.bool_]) -> Ints | None:
    """Waves of two or more areas by themselves; the single ones together, or with the nearest wave."""
    if int(present.sum()) < 2:
        return None
    waves, counts = np.unique(start[present], return_counts=True)
    large, single = waves[counts > 1], waves[counts == 1]
    named = {int(wave): place for place, wave in enumerate(large)}
    if len(single) == 1:
        nearest = min(large, key=lambda wave: (abs(wave - single[0]), wave))
        named[int(single[0])] = named[int(nearest)]
    else:
        named |= dict.fromkeys(map(int, single), len(large))
    return np.array([named[int(at)] if here else -1 for at, here in zip(start, present, strict=True)], dtype=np.int64)


def wild(
    estimates: Floats, shares: list[Shares | None], before: NDArray[np.bool_], *, draws: int, seed: int, level: float
) -> Spread:
    """Return errors and intervals from the wild cluster bootstrap of what areas contribute, each draw studentised.

    Parameters
    ----------
    estimates
        One value a term.
    shares
        From `shares_of`.
    before
        Which terms are of periods before the start: they are tested together by their largest t.
    draws, seed, level
        As in `area_effect`.

    Returns
    -------
    Spread

    Notes
    -----
    Cameron, Gelbach & Miller (2008), symmetric t; weights of Webb (2023) under `FEW_AREAS` areas, of Rademacher
    otherwise.
    """
    n = next(len(item.share) for item in shares if item is not None)
    signs = _signs(draws, n, np.random.default_rng(seed))
    m = len(estimates)
    error, limit, p = np.full(m, np.nan), np.full(m, np.nan), np.full(m, np.nan)
    seen, drawn = np.full(m, np.nan), np.full((m, draws), np.nan)
    for place, item in enumerate(shares):
        if item is None:
            continue
        on, off = item.factors
        found = on * item.treated, off * item.comparison
        error[place] = math.sqrt(float(((found[0] + found[1]) ** 2).sum()))
        if error[place] <= _BY_ROUNDING * (1 + abs(estimates[place])):
            error[place] = np.nan
            continue
        seen[place] = abs(estimates[place]) / error[place]
        again = on * item.deviations(signs * found[0]) + off * item.deviations(signs * found[1], comparison=True)
        spread = np.sqrt((again**2).sum(axis=1))
        shift = np.abs(signs @ (found[0] + found[1]))
        # A draw without any spread says nothing against a large t: it counts as larger, unless nothing was shifted.
        still = spread <= _BY_ROUNDING * error[place]
        drawn[place] = np.where(
            still, np.where(shift <= _BY_ROUNDING * error[place], 0.0, np.inf), shift / np.where(still, 1.0, spread)
        )
        p[place] = _share_as_large(drawn[place], seen[place])
        limit[place] = np.sort(drawn[place])[min(math.ceil(level * (draws + 1)), draws) - 1] * error[place]
    tested = before & ~np.isnan(seen)
    joint = _share_as_large(drawn[tested].max(axis=0), seen[tested].max()) if tested.any() else math.nan
    limit = np.where(np.isfinite(limit), limit, np.nan)
    return Spread(
        std_error=error,
        conf_low=estimates - limit,
        conf_high=estimates + limit,
        p_value=p,
        pre_trend_p=joint,
        draws=draws,
    )


def _signs(draws: int, n: int, rng: np.random.Generator) -> Floats:
    signs: Floats = rng.choice([-1.0, 1.0], size=(draws, n))
    return signs * rng.choice(_WEBB, size=(draws, n)) if n < FEW_AREAS else signs


def _share_as_large(drawn: Floats, seen: float) -> float:
    as_large = int((drawn >= seen * (1 - _BY_ROUNDING)).sum())
    return (1 + as_large) / (1 + len(drawn))
