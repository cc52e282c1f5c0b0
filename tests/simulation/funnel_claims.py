"""Areas that do not differ lie inside their limits as often as the limits say, and twins that must fail do not.

Each process draws areas of invented sizes. Null: shares, rare events, five areas alone, and shares of people of two
case mixes that differ by area. Spread beyond chance: beta-binomial shares (a factor of 2.5 at every size) and shares
whose log odds vary, so that large areas spread by more; there "inside" means inside the limits widened for what areas
usually do. Judged over all areas of all seeds by the rule of `tests.simulation.claims`. Twins, on the same areas:
limits a third as wide, and a wrong label - the limits of chance alone where areas spread beyond it, the unadjusted
share where case mix differs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

import dipeval as dip
from tests.simulation.claims import NOMINAL, highest_allowed, lowest_allowed

LEVEL, SHARE = 0.95, 0.55


@dataclass(frozen=True)
class Process:
    """How areas are drawn, how many, how they are compared, and the wrong label that must fail (None: none)."""

    draw: Callable[[np.random.Generator, int], pd.DataFrame]
    areas: int = 43
    options: dict[str, Any] = field(default_factory=dict)
    wrong: dict[str, Any] | None = None


def _named(n: int, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"district": [f"Area {place:02d}" for place in range(n)], **columns})


def _sizes(rng: np.random.Generator, n: int, usual: float) -> np.ndarray:
    return np.exp(rng.normal(math.log(usual), 0.7, n)).astype(int) + 30


def shares(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """All of one share."""
    size = _sizes(rng, n, 150)
    return _named(n, numerator=rng.binomial(size, SHARE), denominator=size)


def rare_events(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Three expected events in the usual area."""
    size = _sizes(rng, n, 150)
    return _named(n, numerator=rng.poisson(0.02 * size), denominator=size)


def case_mix(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """The young have another share than the old, and areas have more or fewer of them."""
    young = rng.beta(2, 2, n)
    parts = [
        _named(n, age=age, denominator=(size := (_sizes(rng, n, 300) * part).astype(int) + 5)).assign(
            numerator=rng.binomial(size, share)
        )
        for age, part, share in (("young", young, 0.65), ("old", 1 - young, 0.35))
    ]
    return pd.concat(parts, ignore_index=True)


def beyond_chance(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Shares that spread 2.5 times as much as chance would, at every size."""
    size = _sizes(rng, n, 400) + 30
    rho = 1.5 / (size - 1)
    own = rng.beta(SHARE * (1 - rho) / rho, (1 - SHARE) * (1 - rho) / rho)
    return _named(n, numerator=rng.binomial(size, own), denominator=size)


def added_spread(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Log odds that vary between areas by 0.25."""
    size = _sizes(rng, n, 400)
    own = 1 / (1 + np.exp(-(math.log(SHARE / (1 - SHARE)) + rng.normal(0, 0.25, n))))
    return _named(n, numerator=rng.binomial(size, own), denominator=size)


_CHANCE = {"over_dispersion": "none"}
PROCESSES: dict[str, Process] = {
    "null_shares": Process(shares),
    "null_rare_events": Process(rare_events, options={"kind": "rate"}),
    "null_five_areas": Process(shares, areas=5),
    "null_case_mix": Process(case_mix, options={"strata": "age", "standardise": "indirect"} | _CHANCE, wrong=_CHANCE),
    "spread_multiplicative": Process(beyond_chance, wrong=_CHANCE),
    "spread_additive": Process(added_spread, options={"over_dispersion": "additive"}, wrong=_CHANCE),
}


@dataclass(frozen=True)
class Run:
    """How many areas of one seed lie inside: the limits, a third of their width, the limits of the wrong label."""

    areas: int
    inside: int
    third_inside: int
    wrong_inside: int
    factor: float


def one_run(process: str, seed: int) -> Run:
    """Draw areas and compare them."""
    how = PROCESSES[process]
    data = how.draw(np.random.default_rng(seed), how.areas)
    found = dip.benchmark(data, **how.options)
    frame = found.to_frame()
    centre, value = frame["centre"], frame["value"]
    third = (value >= centre + (frame["lower_95"] - centre) / 3) & (value <= centre + (frame["upper_95"] - centre) / 3)
    wrong = dip.benchmark(data, **how.wrong).to_frame() if how.wrong is not None else None
    return Run(
        areas=len(frame),
        inside=int((frame["position"] == "inside").sum()),
        third_inside=int(third.sum()),
        wrong_inside=0 if wrong is None else int((wrong["position"] == "inside").sum()),
        factor=found.dispersion.factor,
    )


def figures(process: str, runs: list[Run]) -> dict[str, Any]:
    """What is printed and kept."""
    areas = sum(run.areas for run in runs)
    return {
        "process": process,
        "areas_a_seed": PROCESSES[process].areas,
        "areas": areas,
        "seeds": f"1-{len(runs)}",
        "true_share_inside": LEVEL,
        "inside": round(sum(run.inside for run in runs) / areas, 4),
        "monte_carlo_error": round(math.sqrt(NOMINAL * (1 - NOMINAL) / areas), 4),
        "lowest_allowed": round(lowest_allowed(areas), 4),
        "highest_allowed": round(highest_allowed(areas), 4),
        "mean_factor": round(sum(run.factor for run in runs) / len(runs), 3),
        "third_of_width_inside": round(sum(run.third_inside for run in runs) / areas, 4),
        "wrong_label_inside": (
            None if PROCESSES[process].wrong is None else round(sum(run.wrong_inside for run in runs) / areas, 4)
        ),
    }


def faults(found: dict[str, Any]) -> list[str]:
    """Why a claim does not hold, or does not prove anything; empty if it holds."""
    low, high = lowest_allowed(found["areas"]), highest_allowed(found["areas"])
    wrong = found["wrong_label_inside"]
    broken = {
        f"fewer than {low:.3f} inside": found["inside"] < low,
        f"more than {high:.3f} inside": found["inside"] > high,
        "a third of the width still holds as many": found["third_of_width_inside"] >= low,
        "the wrong label still holds as many": wrong is not None and wrong >= low,
    }
    return [what for what, is_broken in broken.items() if is_broken]
