"""Intervals of three figures on times: a hazard ratio of pairs, a rate ratio of repeated reoffences, days gained.

Judged by the rule of `tests.simulation.claims` in three processes. What the truth is:

``pairs``
    The marginal log hazard ratio among the treated people of the pairs, the root of Cox's score for the average of
    their own survival functions with and without treatment (`survival_worlds.marginal_log_hazard_ratio`). It is nearer
    to 1 than the ratio every single person has, because a hazard ratio is not collapsible; that is no bias.
``repeated``
    The log ratio of the mean numbers of reoffences with and without treatment, facts held: exactly that of the rates,
    however prone people are by a gamma factor that no model is told of.
``days``
    The mean days free of reoffending within 300 days that treatment adds among the treated people used, in closed form.

Of repeated reoffences the interval corrected for few clusters is judged (`small_sample=True`). The clustered error
without the correction is too small where few treated people, of very different rates, carry the comparison: it is
reported beside, with the same people and with more (`MORE`), where the correction is no longer needed.

Twins must fail in each: a third of the error; the comparison that leaves out what made people alike (nobody matched,
facts not in the model, everybody weighing the same); and for repeated reoffences the plain Andersen-Gill error, which
takes the reoffences of one person for those of several.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import dipeval as dip
from tests.simulation import survival_worlds as worlds
from tests.simulation.claims import MOST_NAIVE, NOMINAL, highest_allowed, lowest_allowed
from tests.simulation.effect_claims import COVARIATES, PROCESSES, Interval

HORIZON, FRAILTY, EVENTS = 300, 1.0, 1.5
# Reported beside the claim, not judged: people, and how often. About 520 treated where few are, 130 in the claim.
MORE, MORE_SEEDS = 6_000, 300
KNOWN: dict[str, Any] = {
    "treated": "treated",
    "covariates": COVARIATES,
    "measured_at": dict.fromkeys(COVARIATES, "before_index"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """One kind of figure: how a run is made, how many of what size, which ways must cover, which twins must not."""

    run: Callable[[int, dict[str, float], int, bool], dict[str, Interval]]
    people: int
    seeds: int
    judged: tuple[str, ...]
    failing: tuple[str, ...] = ()


def pairs(seed: int, process: dict[str, float], n_people: int, beside: bool = False) -> dict[str, Interval]:
    """Nearest 1:1 pairs, errors clustered on the pair; nobody matched; beside them pairs with replacement."""
    people = worlds.people_with_rates(seed, people=n_people, **process)
    people = worlds.first_times(people, seed)
    designs = {
        "pairs": dip.match(people, **KNOWN, method="nearest", caliper=0.2),
        "naive": dip.weight(people, **KNOWN, method="none"),
    }
    if beside:
        designs["pairs with replacement"] = dip.match(people, **KNOWN, method="nearest", caliper=0.2, replace=True)
        designs["entropy weights"] = dip.weight(people, **KNOWN, method="entropy")
    found = {}
    for name, design in designs.items():
        effect = dip.estimate_effect(design, people, measure="hazard_ratio", time="time_days", event="event")
        true = worlds.marginal_log_hazard_ratio(_treated_of(people, design))
        ends = np.log([effect.estimate, effect.conf_low, effect.conf_high])
        found[name] = _interval(*ends, true)
    return found


def repeated(seed: int, process: dict[str, float], n_people: int, beside: bool = False) -> dict[str, Interval]:
    """Andersen-Gill with the facts in the model, clustered by person and corrected or not; plain; without the facts."""
    people = worlds.people_with_rates(seed, people=n_people, **process)
    rows = worlds.spells_at_liberty(people, seed, frailty=FRAILTY, mean_events=EVENTS)
    told: dict[str, Any] = {"id": "person", "start": "start", "stop": "stop", "event": "event"}
    models = {
        "andersen_gill, small_sample": dip.andersen_gill(
            rows, covariates=["treated", *COVARIATES], small_sample=True, **told
        ),
        "andersen_gill": dip.andersen_gill(rows, covariates=["treated", *COVARIATES], **told),
        "plain": dip.andersen_gill(rows, covariates=["treated", *COVARIATES], robust=False, **told),
        "naive": dip.andersen_gill(rows, covariates=["treated"], **told),
    }
    return {name: _of_line(model.to_frame().iloc[0], process["effect"]) for name, model in models.items()}


def days(seed: int, process: dict[str, float], n_people: int, beside: bool = False) -> dict[str, Interval]:
    """Weighted means up to the horizon, weights taken as given; everybody alike; with the effect's own error."""
    people = worlds.people_with_rates(seed, people=n_people, **process)
    people = worlds.first_times(people, seed, leave=(150, 600))
    designs = {name: dip.weight(people, **KNOWN, method=name) for name in ("entropy", "ipw", "none")}
    found = {}
    for name, design in designs.items():
        own = people.assign(weight=design.weights)[design.weights > 0]
        means = dip.restricted_mean(
            own, time="time_days", event="event", horizon=HORIZON, by="treated", weights="weight"
        ).to_frame()
        true = worlds.mean_days_gained(_treated_of(people, design), HORIZON)
        found["naive" if name == "none" else f"{name}, weights as given"] = _of_line(means.iloc[-1], true)
        if name != "none":
            effect = dip.estimate_effect(
                design, people, measure="rmst_difference", horizon=HORIZON, time="time_days", event="event"
            )
            found[name] = _interval(effect.estimate, effect.conf_low, effect.conf_high, true)
    return found


QUESTIONS = {
    "pairs": Question(run=pairs, people=1_500, seeds=1_500, judged=("pairs",)),
    "repeated": Question(
        run=repeated, people=1_500, seeds=1_000, judged=("andersen_gill, small_sample",), failing=("plain",)
    ),
    "days": Question(
        run=days,
        people=1_500,
        seeds=1_000,
        judged=("entropy, weights as given", "ipw, weights as given", "entropy", "ipw"),
    ),
}


def _treated_of(people: pd.DataFrame, design: dip.Design) -> pd.DataFrame:
    return people[(design.weights > 0) & design.treated]


def _of_line(line: pd.Series, true: float) -> Interval:
    ends = (float(line[name]) for name in ("estimate", "conf_low", "conf_high"))
    return _interval(*ends, true, std_error=float(line["std_error"]))


def _interval(estimate: float, low: float, high: float, true: float, std_error: float | None = None) -> Interval:
    """An interval against its truth; its error is half its width over 1.96 unless it is known."""
    return Interval(
        estimate=float(estimate),
        true=true,
        std_error=float((high - low) / (2 * 1.959963984540054)) if std_error is None else std_error,
        covers=bool(low <= true <= high),
        third_covers=bool(abs(estimate - true) <= (high - low) / 6),
        rejects=bool(not low <= 0 <= high),
    )


def _one(task: tuple[str, str, int, int, bool]) -> dict[str, Interval]:
    question, process, seed, people, beside = task
    return QUESTIONS[question].run(seed, PROCESSES[process], people, beside)


def many_runs(
    question: str, process: str, seeds: int, *, people: int | None = None, beside: bool = False, workers: int = 1
) -> list[dict[str, Interval]]:
    """Seeds 1..N of one question in one process, with as many people as it asks for or as are named."""
    size = QUESTIONS[question].people if people is None else people
    tasks = [(question, process, seed, size, beside) for seed in range(1, seeds + 1)]
    if workers == 1:
        return [_one(task) for task in tasks]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(_one, tasks, chunksize=10))


def figures(question: str, process: str, runs: list[dict[str, Interval]], people: int | None = None) -> dict[str, Any]:
    """What is printed and kept: size, truth, coverage of each way with its Monte Carlo error, rejections, twins."""
    n = len(runs)
    return {
        "question": question,
        "process": process,
        "options": PROCESSES[process],
        "people": QUESTIONS[question].people if people is None else people,
        "seeds": f"1-{n}",
        "coverage_monte_carlo_error": round(math.sqrt(NOMINAL * (1 - NOMINAL) / n), 4),
        "lowest_allowed": round(lowest_allowed(n), 4),
        "highest_allowed": round(highest_allowed(n), 4),
        "ways": {name: _of_way([run[name] for run in runs], process) for name in runs[0]},
    }


def _of_way(found: list[Interval], process: str) -> dict[str, float]:
    errors = np.array([item.estimate - item.true for item in found])
    kept = {
        "mean_true": np.mean([item.true for item in found]),
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
    """Why the claim does not hold, or does not prove anything; empty if it holds.

    A third of the error and the plain error are judged from 100 runs on: fewer cannot tell their coverage from the
    lowest allowed.
    """
    low, high = lowest_allowed(n), highest_allowed(n)
    question, ways, broken = QUESTIONS[found["question"]], found["ways"], []
    for name in question.judged:
        way = ways[name]
        reasons = {
            f"coverage is below {low:.3f}": way["coverage"] < low,
            f"coverage is above {high:.3f}": way["coverage"] > high,
            f"the true null is rejected in more than {1 - low:.3f}": way.get("rejects_the_true_null", 0.0) > 1 - low,
            f"a third of the error still covers in {low:.3f} or more": n >= 100 and way["third_error_coverage"] >= low,
        }
        broken += [f"{name}: {what}" for what, is_broken in reasons.items() if is_broken]
    broken += [
        f"{name} covers in {low:.3f} or more" for name in question.failing if n >= 100 and ways[name]["coverage"] >= low
    ]
    if ways["naive"]["coverage"] >= MOST_NAIVE:
        broken.append("naive covers in half of the runs or more")
    return broken
