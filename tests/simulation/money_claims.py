"""The interval of the net benefit, and how honest the probability of a net benefit is where treatment does nothing.

Invented people whose offences are overdispersed (a few commit many), of six groups that cost very different sums, and
facts known before treatment that drive both treatment and offending. Two questions are put to each set:

- ``alike``: treatment acts alike on all groups, and the offences averted are taken to be of the kinds that the
  comparison people committed, a mix known only as well as their offences allow;
- ``by_group``: treatment acts on some groups only, and the offences averted are estimated group by group.

The true net benefit is exact: what people with the facts of the treated are expected to commit without and with
treatment, by group, at the unit costs, less the cost; who among them turns out prolific is chance. Judged by the rule
of `tests.simulation.claims`. Twins that must fail for each: the naive difference (a wrong label: nobody was made
comparable) and the same interval with a third of its width; for ``alike`` also the interval that takes the effect as
known. Where treatment does nothing, the mean of the reported probabilities must be what chance and cost imply -
Phi(-cost / (error of the value x sqrt(2))), since the estimate itself is normal around nothing - and the headline must
not say that the value exceeds the cost more often than its interval may err.
"""

from __future__ import annotations

import math
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

import dipeval as dip
from dipeval.roi.headline import VERDICT_ABOVE
from dipeval.roi.offences.averted import OffencesAverted, offences_averted
from tests.simulation.claims import MOST_NAIVE, NOMINAL, highest_allowed, lowest_allowed

PEOPLE, DRAWS = 3_000, 2_000
SEEDS, BESIDE_SEEDS = 1_000, 300
COST_EACH = 600.0
# Shape of the gamma distribution by which people of the same facts differ: with the facts, a few commit many.
FRAILTY = 1.0
USUAL = 1.5
COVARIATES = ["age", "offences", "custody_spells", "female", "opiates"]
DRIVES = np.array([-0.4, 0.5, 0.3, -0.4, 0.5])
HARMS = np.array([-0.3, 0.35, 0.2, -0.3, 0.4])
# Of all offences, and by what each is multiplied where treatment acts on some groups only.
SHARES = {
    "shoplifting": 0.50,
    "theft_of_vehicle": 0.05,
    "domestic_burglary": 0.12,
    "violence_with_injury": 0.10,
    "criminal_damage": 0.10,
    "drug_possession": 0.13,
}
ON_SOME = {"shoplifting": 0.6, "theft_of_vehicle": 0.7, "domestic_burglary": 0.6, "drug_possession": 0.8}
PROCESSES: dict[str, dict[str, float]] = {
    "null": {"effect": 1.0, "drive": 1.0, "harm": 1.0, "shift": -0.9},
    "beneficial_strong_confounding": {"effect": 0.7, "drive": 1.0, "harm": 1.25, "shift": -1.2},
    "few_treated": {"effect": 0.7, "drive": 1.0, "harm": 1.0, "shift": -2.8},
}
# Reported beside, without a threshold: so little overlap that few people carry most of the weight.
BESIDE: dict[str, dict[str, float]] = {"poor_overlap": {"effect": 0.7, "drive": 1.5, "harm": 1.5, "shift": -0.9}}
QUESTIONS = ("alike", "by_group")
# What a headline says only when it claims that the value exceeds the cost.
SELLING = VERDICT_ABOVE.split("{ratio}")[1].split("(")[0].strip()


@dataclass(frozen=True, slots=True)
class World:
    """Invented people: facts and treatment, offences by group, and what was expected without and with treatment."""

    people: pd.DataFrame
    offences: pd.DataFrame
    gain: np.ndarray[Any, np.dtype[np.float64]]

    def total(self) -> pd.Series:
        """Offences of each person."""
        counts = self.offences.groupby("person_id")["n_reoffences"].sum()
        return counts.reindex(self.people.index).fillna(0.0).rename("n_reoffences")


@dataclass(frozen=True, slots=True)
class Answer:
    """One return on investment against its truth, in pounds per treated person."""

    true: float
    estimate: float
    width: float
    covers: bool
    third_covers: bool
    naive_covers: bool
    known_effect_covers: bool
    other_way_covers: bool
    probability: float
    chance: float
    sells: bool


def world_of(seed: int, question: str, *, effect: float, drive: float, harm: float, shift: float) -> World:
    """Invented people; what treatment multiplies each group by follows from the question."""
    rng = np.random.default_rng(seed)
    facts = np.column_stack(
        [
            rng.normal(size=PEOPLE),
            rng.normal(size=PEOPLE),
            rng.poisson(0.8, PEOPLE),
            rng.random(PEOPLE) < 0.2,
            rng.random(PEOPLE) < 0.45,
        ]
    ).astype(float)
    centred = facts - np.array([0.0, 0.0, 0.8, 0.2, 0.45])
    treated = rng.random(PEOPLE) < 1 / (1 + np.exp(-(shift + drive * (centred @ DRIVES))))
    expected = USUAL * np.exp(harm * (centred @ HARMS))
    without = expected[:, None] * np.array(list(SHARES.values()))
    with_it = without * multipliers(question, effect)
    prolific = rng.gamma(FRAILTY, 1 / FRAILTY, PEOPLE)[:, None]
    counts = rng.poisson(prolific * np.where(treated[:, None], with_it, without))
    frame = pd.DataFrame(facts, columns=COVARIATES, index=pd.RangeIndex(PEOPLE, name="person_id"))
    who, group = np.nonzero(counts)
    offences = pd.DataFrame(
        {"person_id": who, "offence_group": np.array(list(SHARES))[group], "n_reoffences": counts[who, group]}
    )
    return World(people=frame.assign(treated=treated.astype(int)), offences=offences, gain=without - with_it)


def multipliers(question: str, effect: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """What treatment multiplies the offences of each group by."""
    if question == "alike" or effect == 1.0:
        return np.full(len(SHARES), effect)
    return np.array([ON_SOME.get(group, 1.0) for group in SHARES])


def worth() -> pd.Series:
    """Pounds per offence of each group, without anticipation; nothing where there is no unit cost."""
    costs = dip.load_unit_costs().set_index("offence_group")
    return (costs["unit_cost"] - costs["anticipation"]).reindex(list(SHARES)).fillna(0.0)


def one_run(process: str, question: str, seed: int, beside: bool = False) -> Answer:
    """One set of invented people: made comparable, estimated, turned into money."""
    world = world_of(seed, question, **(PROCESSES | BESIDE)[process])
    known = {"measured_at": dict.fromkeys(COVARIATES, "before_index")}
    named: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES, **known}
    design = dip.weight(world.people, method="entropy", **named)
    naive = dip.weight(world.people, method="none", **named)
    used = design.treated.to_numpy() & (design.weights.to_numpy() > 0)
    true = float((world.gain[used] @ worth().to_numpy()).mean()) - COST_EACH
    effect = dip.estimate_effect(design, world.total(), measure="mean_difference")
    averted = offences_averted(design, world.offences)
    mix = mix_of(world)
    ways = {"alike": {"offence_mix": mix}, "by_group": {"averted": averted}}
    roi = _money(effect, **ways[question])
    naive_effect = dip.estimate_effect(naive, world.total(), measure="mean_difference")
    naive_way = ways["alike"] if question == "alike" else {"averted": offences_averted(naive, world.offences)}
    low, high = _each(roi)
    return Answer(
        true=true,
        estimate=roi.net_present_value / roi.people,
        width=high - low,
        covers=low <= true <= high,
        third_covers=abs(roi.net_present_value / roi.people - true) <= (high - low) / 6,
        naive_covers=_covers(_money(naive_effect, **naive_way), true),
        known_effect_covers=question == "alike" and _covers(_money(_known(effect), offence_mix=mix), true),
        other_way_covers=beside and _covers(_money(effect, **ways[_other(question)]), true),
        probability=roi.probability,
        chance=float(norm.cdf(-COST_EACH / (error_of_value(question, effect, averted, mix) * math.sqrt(2)))),
        sells=SELLING in roi.summary().headline,
    )


def _other(question: str) -> str:
    return QUESTIONS[1 - QUESTIONS.index(question)]


def mix_of(world: World) -> pd.DataFrame:
    """The offences of the comparison people by group, with how many stand behind each share."""
    others = world.people.index[world.people["treated"] == 0]
    rows = world.offences[world.offences["person_id"].isin(others)]
    counts = rows.groupby("offence_group")["n_reoffences"].sum()
    return pd.DataFrame({"offence_group": counts.index, "share": (counts / counts.sum()).to_numpy(), "n": list(counts)})


def error_of_value(question: str, effect: dip.Effect, averted: OffencesAverted, mix: pd.DataFrame) -> float:
    """Standard error of the value averted per person, unit costs and mix taken as known."""
    prices = worth()
    if question == "alike":
        return float(effect.std_error * (mix["share"].to_numpy() @ prices[mix["offence_group"]].to_numpy()))
    own = prices[list(averted.groups)].to_numpy()
    return math.sqrt(own @ averted.covariance() @ own)


def _known(effect: dip.Effect) -> dip.Effect:
    return replace(effect, conf_low=effect.estimate, conf_high=effect.estimate)


def _money(effect: dip.Effect, **way: Any) -> dip.ReturnOnInvestment:
    costs = pd.DataFrame(
        {
            "financial_year": ["2019/20"],
            "amount": [COST_EACH * effect.n_treated],
            "spent_on": ["treatment"],
            "price_year": [2019],
        }
    )
    return dip.return_on_investment(effect, costs=costs, cost_people=effect.n_treated, draws=DRAWS, **way)


def _each(roi: dip.ReturnOnInvestment) -> tuple[float, float]:
    return roi.net_present_value_low / roi.people, roi.net_present_value_high / roi.people


def _covers(roi: dip.ReturnOnInvestment, true: float) -> bool:
    low, high = _each(roi)
    return low <= true <= high


def _one(task: tuple[str, str, int, bool]) -> Answer:
    return one_run(*task)


def many_runs(process: str, question: str, seeds: int, *, beside: bool = False, workers: int = 1) -> list[Answer]:
    """Seeds 1..N of one process and question."""
    tasks = [(process, question, seed, beside) for seed in range(1, seeds + 1)]
    if workers == 1:
        return [_one(task) for task in tasks]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(_one, tasks, chunksize=10))


def figures(process: str, question: str, runs: list[Answer], *, beside: bool = False) -> dict[str, Any]:
    """What is printed and kept: process, size, truth, coverage with its Monte Carlo error, twins, honesty."""
    n, options = len(runs), (PROCESSES | BESIDE)[process]
    errors = np.array([run.estimate - run.true for run in runs])

    def share(name: str) -> float:
        return round(float(np.mean([getattr(run, name) for run in runs])), 5)

    found = {
        "process": process,
        "question": question,
        "options": options,
        "multipliers": dict(zip(SHARES, multipliers(question, options["effect"]).tolist(), strict=True)),
        "people": PEOPLE,
        "seeds": f"1-{n}",
        "cost_each": COST_EACH,
        "mean_true_net_benefit_each": round(float(np.mean([run.true for run in runs])), 2),
        "bias": round(float(errors.mean()), 2),
        "bias_monte_carlo_error": round(float(errors.std(ddof=1)) / math.sqrt(n), 2),
        "spread_of_the_estimates": round(float(errors.std(ddof=1)), 2),
        "mean_width": round(float(np.mean([run.width for run in runs])), 2),
        "coverage": share("covers"),
        "coverage_monte_carlo_error": round(math.sqrt(NOMINAL * (1 - NOMINAL) / n), 4),
        "lowest_allowed": round(lowest_allowed(n), 4),
        "highest_allowed": round(highest_allowed(n), 4),
        "third_width_coverage": share("third_covers"),
        "naive_coverage": share("naive_covers"),
        "headline_claims_value_above_cost": share("sells"),
        "mean_probability_of_net_benefit": share("probability"),
    }
    if question == "alike":
        found["effect_taken_as_known_coverage"] = share("known_effect_covers")
    if beside:
        found["coverage_by_the_other_way"] = share("other_way_covers")
    if options["effect"] == 1.0:
        apart = np.array([run.probability - run.chance for run in runs])
        found["probability_that_chance_and_cost_imply"] = share("chance")
        found["probability_apart"] = round(float(apart.mean()), 5)
        found["probability_apart_monte_carlo_error"] = round(float(apart.std(ddof=1)) / math.sqrt(n), 5)
        found["most_headlines_allowed"] = round(most_headlines(n), 4)
    return found


def most_headlines(n: int) -> float:
    """The share of headlines that may claim value where there is none: one end of the interval, 3 errors more."""
    end = (1 - NOMINAL) / 2
    return end + 3 * math.sqrt(end * (1 - end) / n)


def faults(found: dict[str, Any], n: int) -> list[str]:
    """Why a claim does not hold, or does not prove anything; empty if it holds. The one rule of test and `make prove`.

    The twins are judged by the lowest coverage allowed.
    """
    low, high = lowest_allowed(n), highest_allowed(n)
    broken = {
        f"coverage is below {low:.3f}": found["coverage"] < low,
        f"coverage is above {high:.3f}": found["coverage"] > high,
        "the naive difference covers in half of the runs or more": found["naive_coverage"] >= MOST_NAIVE,
        f"a third of the width still covers in {low:.3f} or more": found["third_width_coverage"] >= low,
        f"with the effect taken as known {low:.3f} or more are covered": (
            found.get("effect_taken_as_known_coverage", 0.0) >= low
        ),
    }
    if "probability_apart" in found:
        furthest = 3 * found["probability_apart_monte_carlo_error"]
        most = most_headlines(n)
        broken |= {
            "the probability of a net benefit is not what chance and cost imply": (
                abs(found["probability_apart"]) > furthest
            ),
            f"more than {most:.3f} of the headlines claim value where there is none": (
                found["headline_claims_value_above_cost"] > most
            ),
        }
    return [what for what, is_broken in broken.items() if is_broken]
