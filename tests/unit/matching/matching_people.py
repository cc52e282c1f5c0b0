"""Small invented people for the matching tests."""

from __future__ import annotations

import numpy as np
import pandas as pd

COVARIATES = ["age", "priors", "district"]


def people(size: int = 120, *, seed: int = 3, share: float = 0.3) -> pd.DataFrame:
    """People with overlap: older people with more priors are treated more often."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 60, size)
    priors = rng.poisson(2.0, size)
    district = rng.choice(["Leeds", "Bradford", "Kirklees"], size, p=[0.5, 0.3, 0.2])
    logit = np.log(share / (1 - share)) + 0.03 * (age - 39) + 0.2 * (priors - 2)
    treated = (rng.random(size) < 1 / (1 + np.exp(-logit))).astype(int)
    index = pd.Index([f"P{number:04d}" for number in rng.permutation(size)], name="person_id")
    return pd.DataFrame(
        {
            "treated": treated,
            "age": age,
            "priors": priors,
            "district": district,
            "reoffended": rng.integers(0, 2, size),
        },
        index=index,
    )
