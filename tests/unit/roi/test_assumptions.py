"""What may be assumed, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from dipeval.errors import InputError
from dipeval.roi.assumptions import RoiAssumptions
from dipeval.roi.uncertain import Uncertain


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"attribution": 1, "cost_factor": Uncertain(1, 1, 1, source="accounts")},
        {"drop_off": 0.5},
    ],
)
def test_ones_and_zeros_leave_the_sum_as_it_is_whoever_says_so(given: dict[str, Any]) -> None:
    assert RoiAssumptions(**given).all_off


@pytest.mark.parametrize(
    "given",
    [
        {"attribution": 0.9},
        {"recorded_per_proven": 0.8},
        {"optimism_bias": 0.1},
        {"unit_cost_factor": Uncertain(1, 0.8, 1.2)},
        {"actual_per_recorded": {"shoplifting": 0.5}},
        {"extrapolate_years": 1, "drop_off": 0},
        {"attribution": Uncertain(0.9, 0.8, 1.0, "normal")},
    ],
)
def test_any_step_switched_on_is_seen(given: dict[str, Any]) -> None:
    assert not RoiAssumptions(**given).all_off


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"attribution": 80}, "attribution must lie between 0 and 1.*0.8, not 80"),
        ({"attribution": Uncertain(0.9, 0.7, 1.1, "normal")}, "attribution must lie between 0 and 1"),
        ({"drop_off": 1.5}, "drop_off must lie between 0 and 1"),
        ({"optimism_bias": -0.1}, "optimism_bias must lie between 0 and 10"),
        ({"cost_factor": -1}, "cost_factor must lie between 0 and 1000"),
        ({"unit_cost_factor": "high"}, "unit_cost_factor: .* made of numbers"),
        ({"actual_per_recorded": "on"}, "'off', 'published', or a figure by offence group"),
        ({"actual_per_recorded": 2.0}, "'off', 'published', or a figure by offence group"),
        ({"actual_per_recorded": {"shoplifting": -1}}, "actual_per_recorded of shoplifting"),
        ({"actual_per_recorded": {"shopping": 2}}, "does not know: shopping"),
        ({"extrapolate_years": 11, "drop_off": 0.5}, "whole number from 0 to 10"),
        ({"extrapolate_years": 1.0, "drop_off": 0.5}, "whole number from 0 to 10"),
        ({"extrapolate_years": True, "drop_off": 0.5}, "whole number from 0 to 10"),
        ({"extrapolate_years": 2}, "needs drop_off"),
    ],
)
def test_what_is_refused_says_why(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        RoiAssumptions(**given)
