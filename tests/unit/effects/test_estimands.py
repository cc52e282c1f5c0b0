"""Each estimand gives the average effect on the people it names: effects that differ between people, known exactly.

Outcome and effect are straight lines in the covariates and nothing else moves the outcome, so that weights that make
the means of the covariates the same give the average effect to the last digits, whatever the weights are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.matching.options import METHODS


def people_with_known_effects() -> tuple[pd.DataFrame, pd.Series, np.ndarray]:
    """People, their outcomes, and the effect of treatment on each of them."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(600, 2))
    chance = 1 / (1 + np.exp(0.7 - 0.6 * x[:, 0] + 0.4 * x[:, 1]))
    treated = rng.random(600) < chance
    effect = 0.5 + 0.8 * x[:, 0] - 0.3 * x[:, 1]
    table = pd.DataFrame(
        {"treated": treated.astype(int), "a": x[:, 0], "b": x[:, 1], "stands_for": rng.uniform(0.5, 3, 600)}
    )
    return table, pd.Series(10 + x @ [2.0, 1.0] + effect * treated, name="days"), effect


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("options", "whom"),
    [
        ({"estimand": "ATT"}, "treated"),
        ({"estimand": "ATC"}, "untreated"),
        ({"estimand": "ATE"}, "everybody"),
        ({"method": "overlap"}, "overlap"),
    ],
)
def test_the_estimate_is_the_average_effect_on_the_people_named(
    options: dict[str, Any], whom: str, weighted: bool
) -> None:
    table, outcome, effect = people_with_known_effects()
    given = {"sample_weights": "stands_for"} if weighted else {}
    design = dip.weight(table, treated="treated", covariates=["a", "b"], **options, **given)
    found = dip.estimate_effect(design, outcome, measure="mean_difference")
    counts = table["stands_for"].to_numpy() if weighted else np.ones(len(table))
    treated = table["treated"].to_numpy() == 1
    assert design.propensity is not None
    score = design.propensity.score.to_numpy()
    wanted = {
        "treated": counts * treated,
        "untreated": counts * ~treated,
        "everybody": counts,
        # Of a fitted logistic model everybody's p(1 - p) and the treated people's 1 - p have the same mean covariates
        # only in expectation: the population is that of the weights themselves.
        "overlap": counts * treated * (1 - score),
    }[whom]
    assert found.estimate == pytest.approx(np.average(effect, weights=wanted), abs=1e-8)
    assert found.estimate == pytest.approx(found.mean_treated - found.mean_comparison, abs=1e-12)
    average = np.average(effect, weights=counts * treated)
    assert whom == "treated" or abs(found.estimate - average) > 0.02


MATCHED: dict[str, dict[str, Any]] = {
    "full": {"caliper": 0},
    "subclass": {"exact": ["level"], "subclasses": 2},
    "cem": {"cutpoints": {"level": [0.5, 1.5, 2.5, 3.5]}},
    "radius": {"caliper": 0},
    "kernel": {"caliper": 1e-6},
}
CASES = [(method, estimand) for method in MATCHED for estimand in METHODS[method]]


@pytest.mark.parametrize(("method", "estimand"), CASES)
def test_sets_of_people_alike_give_the_average_effect_on_the_people_named(method: str, estimand: str) -> None:
    """With one covariate of five levels, everybody is compared with people of the same level."""
    rng = np.random.default_rng(6)
    level = rng.integers(0, 5, 500)
    treated = rng.random(500) < 0.15 + 0.12 * level
    effect = 1.0 + level**2 / 4
    table = pd.DataFrame({"treated": treated.astype(int), "level": level})
    outcome = pd.Series(5.0 - level + effect * treated, name="days")
    design = dip.match(
        table, treated="treated", covariates=["level"], method=method, estimand=estimand, **MATCHED[method]
    )
    assert (design.weights > 0).all()
    found = dip.estimate_effect(design, outcome, measure="mean_difference")
    wanted = {"ATT": effect[treated], "ATC": effect[~treated], "ATE": effect}
    assert found.estimate == pytest.approx(wanted[estimand].mean(), abs=1e-9)
    assert found.about == estimand
    averages = sorted(values.mean() for values in wanted.values())
    assert min(np.diff(averages)) > 0.1
