"""Invented people for the style of the Justice Data Lab: older people with more priors are treated more often."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dipeval.effects.jdl.analysis import jdl_style
from dipeval.effects.jdl.result import JdlStyle

COVARIATES = ["age", "priors", "female"]


def invented(size: int = 4000, *, effect: float = 0.0, apart: float = 1.0, seed: int = 4) -> pd.DataFrame:
    """People whose outcomes differ by `effect` (in the chance and the number alike); `apart` drives selection."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 60, size)
    priors = rng.poisson(3.0, size)
    female = (rng.random(size) < 0.3).astype(int)
    pull = apart * (0.03 * (age - 39) + 0.15 * (priors - 3))
    treated = (rng.random(size) < 1 / (1 + np.exp(0.8 - pull))).astype(int)
    chance = np.clip(0.45 - 0.004 * (age - 39) + 0.02 * (priors - 3) + effect * treated, 0.02, 0.98)
    happened = rng.random(size) < chance
    more = rng.poisson(np.maximum(1.5 + 2 * effect * treated, 0.1), size)
    first = rng.integers(1, 366, size)
    return pd.DataFrame(
        {
            "treated": treated,
            "age": age,
            "priors": priors,
            "female": female,
            "reoffended": happened.astype(int),
            "n_reoffences": np.where(happened, 1 + more, 0),
            "time_days": np.where(happened, first, 365),
            "event": happened.astype(int),
        },
        index=pd.Index([f"P{number:05d}" for number in rng.permutation(size)], name="person_id"),
    )


def analysed(people: pd.DataFrame, **options: Any) -> JdlStyle:
    """The analysis with a radius of 0.1 SD of the logit and a year of follow-up, unless told otherwise."""
    given: dict[str, Any] = {"covariates": COVARIATES, "radius": 0.1, "follow_up_days": 365}
    return jdl_style(people, people, **{**given, **options})
