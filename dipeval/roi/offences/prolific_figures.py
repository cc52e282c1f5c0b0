"""The figures behind the cost of reoffending per person: averages, shares at the dear end, and their resamples."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from dipeval.effects import ComparisonDesign, Effect
from dipeval.effects.estimators.bootstrap import FEWEST_DRAWS
from dipeval.effects.request import Request
from dipeval.matching.dealing import places_by_id
from dipeval.matching.design import Design
from dipeval.roi.chain import Array
from dipeval.roi.offences.concentration import TOP_SHARES, Levels, average, levels_of, people_between, share_of_top
from dipeval.roi.offences.offence_counts import OffenceCounts
from dipeval.roi.offences.prolific_bootstrap import resamples

# A figure that rests on fewer people than this could give the value of one of them away.
LEAST_BEHIND: Final = 3
# The middle person is the mean of at least this many people, and of at least a tenth of the group.
MIDDLE_PEOPLE: Final = 10
COLUMNS: Final = (
    "term",
    "group",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "n",
    "unit",
    "treated",
    "comparison",
    "trim",
    "n_people_behind",
)
CONCENTRATION: Final = (
    "group",
    "top_share",
    "share_of_cost",
    "conf_low",
    "conf_high",
    "n",
    "n_people_behind",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """Both groups by level of cost.

    Parameters
    ----------
    treated, comparison
        The levels.
    weights
        Of everybody in the design.
    """

    treated: Levels
    comparison: Levels
    weights: Array

    @classmethod
    def of(cls, design: ComparisonDesign, values: Array, counts: OffenceCounts) -> Groups:
        """Sort both groups by cost, in an order that says nothing of where the rows stood."""
        weights = design.weights.to_numpy(dtype=np.float64)
        order = places_by_id(design) if isinstance(design, Design) else np.argsort(weights, kind="stable")
        sides = [levels_of(values, counts.used & side, order) for side in (counts.treated, ~counts.treated)]
        return cls(treated=sides[0], comparison=sides[1], weights=weights)

    def both(self) -> tuple[tuple[Levels, Array], tuple[Levels, Array]]:
        """The levels of each group with their weights."""
        treated, comparison = ((group, group.weights(self.weights)) for group in (self.treated, self.comparison))
        return treated, comparison

    @property
    def middle(self) -> float:
        """Half the width of the middle of a group, as a share."""
        fewest = min(len(self.treated.people), len(self.comparison.people))
        return max(0.05, min(MIDDLE_PEOPLE / fewest, 0.5) / 2)

    def cuts(self, trim: float) -> dict[str, tuple[float, float]]:
        """The part of each group that an average is taken over."""
        return {
            "mean_bootstrap": (0.0, 1.0),
            "trimmed_mean": (0.0, 1.0 - trim),
            "without_top_1": (0.0, 0.99),
            "median": (0.5 - self.middle, 0.5 + self.middle),
        }

    def behind(self, term: str, low: float, high: float) -> int:
        """The fewest people whose cost could be worked out from an average."""
        found = []
        for group in (self.treated, self.comparison):
            if high == 1.0:
                found.append(_with_cost(group))
                continue
            found.append(people_between(group, self.weights, low, high))
            if term != "median":
                found.append(people_between(group, self.weights, high, 1.0))
        return min(found)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """What the resamples gave: differences by term, shares of the cost by group and share at the top."""

    averages: dict[str, Array]
    shares: dict[tuple[str, float], Array]


def _with_cost(group: Levels) -> int:
    return int((group.values[group.level] > 0).sum())


def drawn_from(request: Request, groups: Groups, trim: float, draws: int, seed: int) -> tuple[Drawn, str, str]:
    """Return what resamples of the people give, what was drawn and what was made again, in words."""
    plan, blocks = resamples(request, groups.treated, groups.comparison, int(draws), int(seed))
    cuts = groups.cuts(trim)
    averages: dict[str, list[Array]] = {term: [] for term in cuts}
    shares: dict[tuple[str, float], list[Array]] = {
        (name, top): [] for name in ("treated", "comparison") for top in TOP_SHARES
    }
    for block in blocks:
        sides = {"treated": (groups.treated, block.treated), "comparison": (groups.comparison, block.comparison)}
        for term, cut in cuts.items():
            means = {name: average(group.values, weights, *cut) for name, (group, weights) in sides.items()}
            averages[term].append(means["comparison"] - means["treated"])
        for name, top in shares:
            group, weights = sides[name]
            shares[name, top].append(share_of_top(group.values, weights, top))
    together = Drawn(
        averages={term: np.concatenate(parts) for term, parts in averages.items()},
        shares={key: np.concatenate(parts) for key, parts in shares.items()},
    )
    return together, plan.words, plan.how


def _interval(values: Array, level: float) -> tuple[float, float, float]:
    """Standard deviation and percentile interval of the resamples."""
    known = values[np.isfinite(values)]
    if len(known) < FEWEST_DRAWS:
        return math.nan, math.nan, math.nan
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(np.std(known, ddof=1)), float(low), float(high)


def averages_frame(effect: Effect, groups: Groups, drawn: Drawn | None, trim: float) -> pd.DataFrame:
    """Return one row an average; columns as `ValuePerPerson.to_frame`."""
    both = groups.both()
    nothing = (math.nan, math.nan, math.nan)
    means = (effect.mean_treated, effect.mean_comparison)
    spread = (effect.std_error, -effect.conf_high, -effect.conf_low)
    with_cost = groups.behind("mean", 0.0, 1.0)
    rows = [_row("mean", (*means, -effect.estimate), spread, 0.0, with_cost)]
    for term, (low, high) in groups.cuts(trim).items():
        treated, comparison = (float(average(group.values, weights, low, high)) for group, weights in both)
        if term == "mean_bootstrap":
            figures = (*means, -effect.estimate)
        else:
            figures = (treated, comparison, comparison - treated)
        spread = nothing if drawn is None else _interval(drawn.averages[term], effect.level)
        behind = groups.behind(term, low, high)
        rows.append(_row(term, figures, spread, 1.0 - high, behind))
    frame = pd.DataFrame(rows).assign(group="all", unit="GBP per person", n=effect.n_treated + effect.n_comparison)
    return frame[list(COLUMNS)]


def _row(
    term: str, figures: tuple[float, ...], spread: tuple[float, float, float], trim: float, behind: int
) -> dict[str, Any]:
    """One average; its figures are withheld where they rest on too few people."""
    names = ("treated", "comparison", "estimate", "std_error", "conf_low", "conf_high")
    shown = (*figures, *spread) if behind >= LEAST_BEHIND else (math.nan,) * len(names)
    return {
        "term": term,
        **dict(zip(names, shown, strict=True)),
        "trim": round(trim, 10),
        "n_people_behind": behind,
    }


def concentration_frame(groups: Groups, drawn: Drawn | None, level: float) -> pd.DataFrame:
    """Return how much of the cost the dearest hold; columns as `ValuePerPerson.concentration`."""
    rows = []
    for name, (group, weights) in zip(("treated", "comparison"), groups.both(), strict=True):
        for top in TOP_SHARES:
            at_top = people_between(group, groups.weights, 1.0 - top, 1.0)
            behind = max(min(at_top, _with_cost(group) - at_top), 0)
            share = float(share_of_top(group.values, weights, top))
            spread = (math.nan,) * 3 if drawn is None else _interval(drawn.shares[name, top], level)
            figures = (share, *spread[1:]) if behind >= LEAST_BEHIND else (math.nan,) * 3
            rows.append((name, top, *figures, len(group.people), behind))
    return pd.DataFrame(rows, columns=list(CONCENTRATION))
