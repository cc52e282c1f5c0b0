"""Intervals of rate and frequency in the style of the Justice Data Lab cover the truth as often as they say.

Invented people with five facts; the truth is the average over the treated people matched of the difference between
their chances (or expected numbers) with and without treatment: exact. Judged by the rule of `tests.simulation.claims`.
Each process has two twins that must fail: the groups as they come, and a third of the error. The plain error from
the number of people (``se="count"``) makes no claim: it leaves the weights out of account, and covers less.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.effects import Effect
from dipeval.effects.jdl.analysis import jdl_style_of_design
from dipeval.effects.jdl.rule import JdlColumns, JdlRule
from tests.simulation.claims import highest_allowed, lowest_allowed

FACTS = list("abcde")
PEOPLE, SEEDS, OFFENCES = 1_500, 200, 2.0
# Effect on the chance, how strongly the facts drive treatment and reoffending, share treated.
PROCESSES = {
    "null": (0.0, 1.0, 0.3),
    "beneficial_strong_confounding": (-0.12, 1.5, 0.3),
    "few_treated": (-0.1, 1.0, 0.08),
}


@dataclass(frozen=True, slots=True)
class Run:
    """Whether each interval holds its truth, and whether the rate's leaves equality out."""

    covers: dict[str, bool]
    rejects: bool


def people_of(seed: int, effect: float, pull: float, share: float) -> pd.DataFrame:
    """Five facts, treatment, outcomes and the true gain of each person."""
    rng = np.random.default_rng(seed)
    facts = rng.normal(size=(PEOPLE, len(FACTS)))
    drive = pull * (facts @ np.array([0.5, 0.4, 0.3, 0.2, 0.1]))
    treated = rng.random(PEOPLE) < 1 / (1 + np.exp(-(np.log(share / (1 - share)) + drive)))
    without = 1 / (1 + np.exp(0.4 - 0.5 * drive))
    with_it = np.clip(without + effect, 0.01, 0.99)
    reoffended = rng.random(PEOPLE) < np.where(treated, with_it, without)
    number = np.where(reoffended, 1 + rng.poisson(OFFENCES - 1, PEOPLE), 0)
    return pd.DataFrame(facts, columns=FACTS).assign(
        treated=treated.astype(int), reoffended=reoffended.astype(int), n_reoffences=number, gain=with_it - without
    )


def one_run(process: str, seed: int) -> Run:
    people = people_of(seed, *PROCESSES[process])
    design = dip.match(people, treated="treated", covariates=FACTS, method="radius", caliper=0.2)
    columns = JdlColumns(time=None, event=None)
    rule = JdlRule(override=True)
    true = float(people.loc[(design.weights > 0) & design.treated, "gain"].mean())
    covers: dict[str, bool] = {}
    for se in ("hc0", "count"):
        found = jdl_style_of_design(design, people, rule=replace(rule, se=se), columns=columns)
        rate, frequency = (measure.effect for measure in found.measures[:2])
        covers |= {f"rate, {se}": _covers(rate, true), f"frequency, {se}": _covers(frequency, OFFENCES * true)}
        if se == "hc0":
            covers["third"] = abs(rate.estimate - true) <= (rate.conf_high - rate.conf_low) / 6
            rejects = not rate.includes_equality
    plain = dip.weight(people, treated="treated", covariates=FACTS, method="none")
    naive = dip.estimate_effect(plain, people["reoffended"])
    return Run(
        covers=covers | {"naive": _covers(naive, float(people.loc[design.treated, "gain"].mean()))}, rejects=rejects
    )


def _covers(effect: Effect, true: float) -> bool:
    return effect.conf_low <= true <= effect.conf_high


@pytest.mark.slow
@pytest.mark.parametrize("process", PROCESSES)
def test_rate_and_frequency_cover(process: str) -> None:
    runs = [one_run(process, seed) for seed in range(1, SEEDS + 1)]
    shares = {name: float(np.mean([run.covers[name] for run in runs])) for name in runs[0].covers}
    rejected = float(np.mean([run.rejects for run in runs]))
    told = f"{process}: coverage {shares}, rate without equality {rejected:.3f}, {SEEDS} seeds of {PEOPLE} people"
    print(told)
    for name in ("rate", "frequency"):
        assert lowest_allowed(SEEDS) <= shares[f"{name}, hc0"] <= highest_allowed(SEEDS), f"{name}; {told}"
        assert shares[f"{name}, count"] <= shares[f"{name}, hc0"], told
    for twin in ("third", "naive"):
        assert shares[twin] < lowest_allowed(SEEDS), told
    if process == "null":
        assert rejected <= 1 - lowest_allowed(SEEDS), told
