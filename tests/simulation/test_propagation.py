"""Linkage error carried into the effect, on a few simulated cohorts; `make prove` runs 200 of each process."""

from __future__ import annotations

import json

import pytest

from tests.simulation.propagation_claims import faults, figures, many_runs

pytestmark = pytest.mark.slow
SEEDS = 8


@pytest.mark.parametrize("process", ["treatment_link_heaped_births", "outcome_link"])
def test_the_effect_is_recovered_in_spite_of_wrong_and_missed_links(process: str) -> None:
    found = figures(process, many_runs(process, SEEDS))
    print(json.dumps(found, indent=2))
    assert faults(found, SEEDS) == []
    assert found["cut_99_short_by"] > 0.10
    assert 0.96 < found["mean_expected_over_true_links"] < 1.04
