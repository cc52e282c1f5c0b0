"""The interval of the simulated study covers the truth; the naive one does not (reduced; in full: make prove)."""

from __future__ import annotations

import pytest

from tests.simulation.claims import PROCESSES, figures, lowest_allowed, many_runs

SEEDS = 12


@pytest.mark.slow
@pytest.mark.parametrize("process", PROCESSES)
def test_interval_covers_the_truth_and_the_naive_difference_does_not(process: str) -> None:
    found = figures(process, many_runs(process, SEEDS))
    print(found)
    assert found["coverage"] >= lowest_allowed(SEEDS), found
    assert found["naive_coverage"] < 0.5, found
