"""A small sum with everything in it, for the tests of what is drawn from it."""

from __future__ import annotations

from typing import Any

import numpy as np

from dipeval.roi.chain import Timing
from dipeval.roi.drawing import Central
from dipeval.roi.uncertain import Uncertain

GROUPS = ("shoplifting", "violence_with_injury", "drug_possession")
MIX = np.array([0.7, 0.1, 0.2])
WORTH = {"fiscal": np.array([100.0, 2_000.0, 0.0]), "social": np.array([500.0, 10_000.0, 0.0])}
EFFECT = Uncertain(0.5, 0.2, 0.8, "normal")
COVARIANCE = np.array([[0.04, 0.002, -0.001], [0.002, 0.005, 0.0], [-0.001, 0.0, 0.01]])


def sum_of(**changed: Any) -> Central:
    given: dict[str, Any] = {
        "groups": GROUPS,
        "people": 200,
        "effect": EFFECT,
        "worth": WORTH,
        "costs": {"contact": 20_000.0, "treatment": 60_000.0},
        "timing": Timing(within=0.97),
        "mix": MIX,
    }
    return Central(**{**given, **changed})


def by_group(**changed: Any) -> Central:
    given: dict[str, Any] = {"mix": None, "averted": MIX * EFFECT.value, "covariance": COVARIANCE}
    return sum_of(**{**given, **changed})


def everything(**changed: Any) -> Central:
    """Every input uncertain, with years beyond the follow-up."""
    given: dict[str, Any] = {
        "timing": Timing(within=0.97, later=(0.9, 0.85), annual=2.0),
        "mix_n": np.array([70.0, 10.0, 20.0]),
        "actual_per_recorded": (Uncertain(2, 1, 4), Uncertain(1.5, 1, 2.5, "lognormal"), Uncertain.exactly(0.5)),
        "recorded_per_proven": Uncertain(2, 1.5, 3, "gamma"),
        "attribution": Uncertain(0.8, 0.6, 1.0, "normal"),
        "unit_cost_factor": Uncertain(1, 0.8, 1.2, "triangular"),
        "cost_factor": Uncertain(1, 0.9, 1.1, "uniform"),
        "drop_off": Uncertain(0.5, 0.2, 0.8, "beta"),
        "optimism_bias": Uncertain(0.1, 0, 0.3),
    }
    return sum_of(**{**given, **changed})
