"""Invented people for the estimators: treatment follows the covariates, and so does the outcome."""

from __future__ import annotations

import numpy as np
import pandas as pd

COVARIATES = ["age", "priors", "district"]


def crowd(n: int = 300, seed: int = 1, true_effect: float = -0.15) -> pd.DataFrame:
    """Return people with covariates, a treatment, a yes/no outcome, a count and a number."""
    random = np.random.default_rng(seed)
    age, priors = random.normal(0, 1, n), random.poisson(2.0, n).astype(float)
    district = random.choice(["north", "south", "west"], n, p=[0.5, 0.3, 0.2])
    pull = 0.6 * age - 0.3 * (priors - 2) + 0.5 * (district == "south") - 0.4
    treated = random.random(n) < 1 / (1 + np.exp(-pull))
    chance = np.clip(0.45 - 0.08 * age + 0.05 * (priors - 2) + true_effect * treated, 0.02, 0.98)
    return pd.DataFrame(
        {
            "age": age,
            "priors": priors,
            "district": district,
            "treated": treated.astype(int),
            "survey": random.uniform(0.5, 2.0, n),
            "reoffended": (random.random(n) < chance).astype(int),
            "n_reoffences": random.poisson(np.exp(0.2 * priors - 0.3 + true_effect * treated)),
            "harm": 3 - age + 0.5 * priors + true_effect * treated + random.normal(0, 1, n),
        },
        index=pd.Index([f"p{number:04d}" for number in range(n)], name="person"),
    )
