"""What the corrected interval claims: it holds the share who had used about 95 times in 100, in three processes.

Each run draws users, their tests and a validation study of its own, person by person and not by the formulas. The twin
that must fail takes the interval of the raw positivity for the truth.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

import dipeval as dip

RUNS = 250
ERROR = math.sqrt(0.95 * 0.05 / RUNS)
# Users among those tested, sensitivity, specificity, tests, people in each validation study.
PROCESSES = {"half had used": (0.5, 0.9, 0.95, 800, 150), "few had used": (0.05, 0.9, 0.95, 600, 200),
             "a poor test": (0.3, 0.75, 0.85, 500, 120)}  # fmt: skip


def _covered(process: str) -> tuple[float, float, float]:
    """Share of the runs whose corrected interval, raw interval and interval of false positives hold the truth."""
    users, sensitivity, specificity, n, n_study = PROCESSES[process]
    held = np.zeros(3)
    for seed in range(1, RUNS + 1):
        random = np.random.default_rng(seed)
        used = random.random(n) < users
        positive = np.where(used, random.random(n) < sensitivity, random.random(n) > specificity)
        seen = (
            float((random.random(n_study) < sensitivity).mean()),
            float((random.random(n_study) < specificity).mean()),
        )
        shown = dip.correct_positivity(
            positive=int(positive.sum()), tests=n, sensitivity=seen[0], specificity=seen[1],
            sensitivity_n=n_study, specificity_n=n_study,
        )  # fmt: skip
        row = shown.to_frame().iloc[0]
        share = (1 - specificity) * (1 - users) / ((1 - specificity) * (1 - users) + sensitivity * users)
        held += (
            row["conf_low"] <= users <= row["conf_high"],
            row["positivity_low"] <= users <= row["positivity_high"],
            row["predictive_value_low"] <= 1 - share <= row["predictive_value_high"],
        )
    found = held / RUNS
    return float(found[0]), float(found[1]), float(found[2])


@pytest.mark.slow
@pytest.mark.parametrize("process", sorted(PROCESSES))
def test_interval_holds_the_share_who_had_used_and_the_raw_one_does_not(process: str) -> None:
    corrected, raw, predictive = _covered(process)
    print(f"{process}: corrected {corrected:.3f}, raw {raw:.3f}, predictive value {predictive:.3f}; MC {ERROR:.3f}")
    for coverage in (corrected, predictive):
        assert 0.95 - 3 * ERROR <= coverage <= 0.99
    assert raw < 0.95 - 3 * ERROR
