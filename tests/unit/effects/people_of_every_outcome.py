"""Invented people for the estimators: a design that hands out its covariates, and outcomes of every kind."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd


def invented(n: int = 240, seed: int = 5, **facts: Any) -> tuple[Any, pd.DataFrame]:
    """A design with weights and two covariates, one of them yes/no, and a frame of outcomes."""
    rng = np.random.default_rng(seed)
    index = pd.Index([f"p{place:03d}" for place in range(n)])
    age, drugs = rng.normal(30, 8, n), rng.random(n) < 0.4
    treated = rng.random(n) < 1 / (1 + np.exp(-(0.5 * drugs + 0.03 * (age - 30))))
    days = rng.uniform(100, 365, n)
    push = 0.4 * drugs - 0.02 * (age - 30) - 0.3 * treated
    rate = np.exp(push) / 200 * rng.gamma(2, 0.5, n)
    chance = 1 / (1 + np.exp(-push))
    outcomes = pd.DataFrame(
        {
            "reoffended": (rng.random(n) < chance).astype(int),
            "n_reoffences": rng.poisson(rate * days),
            "at_risk_days": days,
            "score": 10 * push + rng.normal(0, 3, n),
            "time": np.ceil(rng.exponential(60 * np.exp(-push))).clip(1, 90),
        },
        index=index,
    )
    outcomes["event"] = (outcomes["time"] < 90).astype(int)
    terms = pd.DataFrame({"age": age, "drugs": drugs.astype(float)}, index=index)
    return design_of(terms, treated, rng.uniform(0.3, 2.0, n), **facts), outcomes


def design_of(terms: pd.DataFrame, treated: Sequence[Any] | Any, weights: Any, **facts: Any) -> Any:
    """A finished design of these people, as far as an estimator asks."""

    def model_terms(covariates: Sequence[str] | None = None) -> pd.DataFrame:
        return terms if covariates is None else terms[list(covariates)]

    usual: dict[str, Any] = {
        "weights": pd.Series(weights, terms.index, dtype="float64"),
        "treated": pd.Series(treated, terms.index).astype(bool),
        "clusters": None,
        "estimand": "ATT",
        "estimand_in_words": "the average effect on the treated people",
        "fingerprint": "0123456789abcdef",
        "method": "radius",
        "n_treated_dropped": 0,
        "model_terms": model_terms,
    }
    return SimpleNamespace(**{**usual, **facts})


def with_facts(design: Any, **facts: Any) -> Any:
    """The same design with some facts changed."""
    return SimpleNamespace(**{**vars(design), **facts})
