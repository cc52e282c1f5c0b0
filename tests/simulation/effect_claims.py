"""Intervals of four ways to estimate the effect on the treated: pairs, radius, entropy balancing, doubly robust.

Invented people with five facts known before treatment, some of them yes or no, that drive both treatment and
reoffending. The true effect of each way is the average over the treated people that it uses of the difference between
their chances with and without treatment: exact, not simulated. Judged by the rule of `tests.simulation.claims`; beside
the coverage stands how often the null is rejected where it is true. Two twins must fail for each: the naive difference
(a wrong label: nobody was made comparable), and the same estimate with a third of its error.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

import dipeval as dip
from tests.simulation.claims import MOST_NAIVE, NOMINAL, highest_allowed, lowest_allowed

PEOPLE, SEEDS = 1_500, 1_500
COVARIATES = ["age", "offences", "custody_spells", "female", "opiates"]
# Log odds of treatment on the five facts, and of reoffending; the shift sets the share of treated.
DRIVES = np.array([0.4, 0.5, 0.3, -0.4, 0.5])
HARMS = np.array([-0.5, 0.7, 0.4, -0.4, 0.6])
PROCESSES: dict[str, dict[str, float]] = {
    "null": {"effect": 0.0, "confounding": 1.0, "shift": -0.9},
    "beneficial_strong_confounding": {"effect": -0.5, "confounding": 1.5, "shift": -0.9},
    "few_treated": {"effect": -0.5, "confounding": 1.5, "shift": -3.0},
}
WAYS: dict[str, tuple[Callable[..., dip.Design], dict[str, Any]]] = {
    "pairs": (partial(dip.match, method="nearest", caliper=0.2), {}),
    "radius": (partial(dip.match, method="radius", caliper=0.2), {}),
    "entropy": (partial(dip.weight, method="entropy"), {}),
    "aipw": (partial(dip.weight, method="ipw"), {"estimator": "aipw"}),
}
# Not asked of the claim, reported beside it.
BESIDE: dict[str, tuple[Callable[..., dip.Design], dict[str, Any]]] = {
    "pairs, adjusted": (
        partial(dip.match, method="nearest", caliper=0.2),
        {"estimator": "regression", "model": "linear"},
    ),
    "inverse probability": (partial(dip.weight, method="ipw"), {}),
    "with replacement": (partial(dip.match, method="nearest", caliper=0.2, replace=True), {}),
    "entropy, weights taken as given": (partial(dip.weight, method="entropy"), {"std_error": "hc0"}),
}


@dataclass(frozen=True, slots=True)
class Interval:
    """One estimate against its truth."""

    estimate: float
    true: float
    std_error: float
    covers: bool
    third_covers: bool
    rejects: bool


def people_of(seed: int, *, effect: float, confounding: float, shift: float, people: int = PEOPLE) -> pd.DataFrame:
    """Invented people: five facts, treatment, reoffending, and the chances with and without treatment."""
    rng = np.random.default_rng(seed)
    facts = np.column_stack(
        [
            rng.normal(size=people),
            rng.normal(size=people),
            rng.poisson(0.8, people),
            rng.random(people) < 0.2,
            rng.random(people) < 0.45,
        ]
    ).astype(float)
    centred = facts - np.array([0.0, 0.0, 0.8, 0.2, 0.45])
    treated = rng.random(people) < _share(shift + confounding * (centred @ DRIVES))
    odds = -0.2 + confounding * (centred @ HARMS)
    without, with_it = _share(odds), _share(odds + effect)
    reoffended = rng.random(people) < np.where(treated, with_it, without)
    frame = pd.DataFrame(facts, columns=COVARIATES)
    return frame.assign(
        person_id=np.arange(people),
        treated=treated.astype(int),
        reoffended=reoffended.astype(int),
        gain=with_it - without,
    ).set_index("person_id")


def _share(log_odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-log_odds))


def one_run(process: str, seed: int, ways: tuple[str, ...]) -> dict[str, Interval]:
    """One set of invented people, estimated in each way and as they come."""
    people = people_of(seed, **PROCESSES[process])
    known = {"measured_at": dict.fromkeys(COVARIATES, "before_index")}
    naive = dip.weight(people, treated="treated", covariates=COVARIATES, method="none", **known)
    found = {"naive": _interval(people, naive, {})}
    for name in ways:
        make, options = (WAYS | BESIDE)[name]
        found[name] = _interval(people, make(people, treated="treated", covariates=COVARIATES, **known), options)
    return found


def _interval(people: pd.DataFrame, design: dip.Design, options: dict[str, Any]) -> Interval:
    effect = dip.estimate_effect(design, people["reoffended"], **options)
    used = (design.weights > 0) & design.treated
    true = float(people.loc[used, "gain"].mean())
    return Interval(
        estimate=effect.estimate,
        true=true,
        std_error=effect.std_error,
        covers=effect.conf_low <= true <= effect.conf_high,
        third_covers=abs(effect.estimate - true) <= (effect.conf_high - effect.conf_low) / 6,
        rejects=not effect.includes_equality,
    )


def _one(task: tuple[str, int, tuple[str, ...]]) -> dict[str, Interval]:
    return one_run(*task)


def many_runs(process: str, seeds: int, ways: tuple[str, ...], workers: int = 1) -> list[dict[str, Interval]]:
    """Seeds 1..N of one process."""
    tasks = [(process, seed, ways) for seed in range(1, seeds + 1)]
    if workers == 1:
        return [_one(task) for task in tasks]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(_one, tasks, chunksize=10))


def figures(process: str, runs: list[dict[str, Interval]]) -> dict[str, Any]:
    """What is printed and kept: size, truth, coverage of each way with its Monte Carlo error, rejections, twins."""
    n = len(runs)
    return {
        "process": process,
        "options": PROCESSES[process],
        "people": PEOPLE,
        "seeds": f"1-{n}",
        "coverage_monte_carlo_error": round(math.sqrt(NOMINAL * (1 - NOMINAL) / n), 4),
        "lowest_allowed": round(lowest_allowed(n), 4),
        "highest_allowed": round(highest_allowed(n), 4),
        "ways": {name: _of_way([run[name] for run in runs], process) for name in runs[0]},
    }


def _of_way(found: list[Interval], process: str) -> dict[str, float]:
    errors = np.array([item.estimate - item.true for item in found])
    kept = {
        "mean_true_effect": np.mean([item.true for item in found]),
        "bias": errors.mean(),
        "bias_monte_carlo_error": errors.std(ddof=1) / math.sqrt(len(found)),
        "spread_of_the_estimates": errors.std(ddof=1),
        "mean_std_error": np.mean([item.std_error for item in found]),
        "coverage": np.mean([item.covers for item in found]),
        "third_error_coverage": np.mean([item.third_covers for item in found]),
    }
    if PROCESSES[process]["effect"] == 0:
        kept["rejects_the_true_null"] = np.mean([item.rejects for item in found])
    return {name: round(float(value), 5) for name, value in kept.items()}


def faults(found: dict[str, Any], n: int) -> list[str]:
    """Why the claim does not hold, or does not prove anything; empty if it holds."""
    low, high = lowest_allowed(n), highest_allowed(n)
    broken = []
    for name in WAYS:
        way = found["ways"][name]
        rejected = way.get("rejects_the_true_null", 0.0)
        reasons = {
            f"coverage is below {low:.3f}": way["coverage"] < low,
            f"coverage is above {high:.3f}": way["coverage"] > high,
            f"the true null is rejected in more than {1 - low:.3f}": rejected > 1 - low,
            f"a third of the error still covers in {low:.3f} or more": way["third_error_coverage"] >= low,
        }
        broken += [f"{name}: {what}" for what, is_broken in reasons.items() if is_broken]
    if found["ways"]["naive"]["coverage"] >= MOST_NAIVE:
        broken.append("the naive difference covers in half of the runs or more")
    return broken
