"""Switching values: at each of them the net value is nothing, and where there is none it says why."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.roi import switching
from dipeval.roi.chain import work_out
from dipeval.roi.drawing import Central, inputs_at
from dipeval.roi.switching import COLUMNS, break_even, break_even_per_person
from dipeval.roi.uncertain import Uncertain
from tests.unit.roi.money_sums import COVARIANCE, MIX, by_group, everything, sum_of

EACH = 200 * 0.97 * (0.7 * 500 + 0.1 * 10_000)
BENEFIT = 0.5 * EACH
# One more offence averted in all comes with 0.4 of the dearer kind fewer averted.
DEARER_ROSE = np.array([[0.10, -0.03, 0.0], [-0.03, 0.01, 0.0], [0.0, 0.0, 0.0]])


def rows(central: Central, perspective: str = "social") -> pd.DataFrame:
    return break_even(central, perspective).set_index("input")


def test_by_hand() -> None:
    found = rows(sum_of())
    assert found.index.tolist() == ["effect", "unit_cost_factor", "cost_factor", "attribution"]
    known = [80_000 / EACH, 80_000 / BENEFIT, BENEFIT / 80_000, 80_000 / BENEFIT]
    assert found["needed"].tolist() == pytest.approx(known)
    assert found["change"].tolist() == pytest.approx([80_000 / BENEFIT - 1, known[1] - 1, known[2] - 1, known[3] - 1])
    assert found["reachable"].all() and (found["note"] == "").all()
    assert tuple(break_even(sum_of()).columns) == COLUMNS
    assert break_even_per_person(sum_of()) == found.loc["effect", "needed"]


def test_with_every_step_on_each_value_needed_gives_a_net_value_of_nothing() -> None:
    found = rows(everything())
    assert found.index.tolist()[4:] == ["recorded_per_proven", "optimism_bias"]
    for name, needed in found["needed"].items():
        figures = work_out(inputs_at(everything(), {str(name): float(needed)}))
        assert float(figures.net("social")) == pytest.approx(0, abs=1e-9 * float(figures.cost))


def test_an_effect_by_group_moves_as_it_does_everywhere_else() -> None:
    towards = COVARIANCE.sum(axis=1) / COVARIANCE.sum()
    each = 200 * 0.97 * float(towards @ np.array([500.0, 10_000.0, 0.0]))
    needed = break_even_per_person(by_group())
    assert needed == pytest.approx(0.5 + (80_000 - BENEFIT) / each)
    assert float(work_out(inputs_at(by_group(), {"effect": needed})).net("social")) == pytest.approx(0, abs=1e-6)
    # Without a covariance the groups keep their proportions.
    assert break_even_per_person(by_group(covariance=None)) == pytest.approx(80_000 / EACH)


def test_more_than_the_whole_effect_cannot_be_attributed() -> None:
    found = rows(sum_of(costs={"treatment": 500_000.0})).loc["attribution"]
    assert found["needed"] == pytest.approx(500_000 / BENEFIT) and not found["reachable"]
    assert found["note"] == switching.NOTE_ABOVE_ONE


def test_an_estimate_of_more_offences_has_to_change_sign_and_no_price_or_saving_helps() -> None:
    found = rows(sum_of(effect=Uncertain(-0.1, -0.4, 0.2, "normal"), optimism_bias=Uncertain(0.1, 0, 0.2)))
    assert found.loc["effect", "needed"] == pytest.approx(80_000 * 1.1 / EACH)
    assert found.loc["effect", "reachable"] and math.isnan(found.loc["effect", "change"])
    assert found.loc["effect", "note"] == switching.NOTE_AWAY
    for name in ("unit_cost_factor", "attribution"):
        assert math.isnan(found.loc[name, "needed"]) and found.loc[name, "note"] == switching.NOTE_NO_VALUE
    assert math.isnan(found.loc["cost_factor", "needed"])
    assert found.loc["cost_factor", "note"] == switching.NOTE_NO_SPENDING
    assert (
        math.isnan(found.loc["optimism_bias", "needed"])
        and found.loc["optimism_bias", "note"] == switching.NOTE_BELOW_NONE
    )
    assert found["reachable"].tolist() == [True, False, False, False, False]


def test_an_estimate_of_nothing_still_has_a_break_even_effect() -> None:
    found = rows(sum_of(effect=Uncertain(0.0, -0.3, 0.3, "normal")))
    assert found.loc["effect", "needed"] == pytest.approx(80_000 / EACH) and math.isnan(found.loc["effect", "change"])
    assert found["reachable"].tolist() == [True, False, False, False]


@pytest.mark.parametrize(
    ("changed", "note"),
    [
        ({"worth": {"social": np.zeros(3)}}, switching.NOTE_WORTHLESS),
        ({"worth": {"social": np.array([1.0, math.nan, 0.0])}}, switching.NOTE_UNKNOWN),
        ({"mix": None, "averted": MIX * 0.5, "covariance": DEARER_ROSE}, switching.NOTE_WORTHLESS),
    ],
    ids=["no unit cost", "not known", "dearer offences rise with the total"],
)
def test_where_no_effect_would_do_it_says_why(changed: dict[str, Any], note: str) -> None:
    found = rows(sum_of(**changed)).loc["effect"]
    assert math.isnan(found["needed"]) and math.isnan(found["change"]) and not found["reachable"]
    assert found["note"] == note


def test_in_a_perspective_that_is_not_known_nothing_is_said() -> None:
    found = rows(sum_of(worth={"fiscal": np.full(3, math.nan)}, optimism_bias=Uncertain(0.1, 0, 0.2)), "fiscal")
    assert found["needed"].isna().all() and not found["reachable"].any()
    assert set(found["note"]) == {switching.NOTE_UNKNOWN}


def test_value_and_cost_that_are_equal_say_so() -> None:
    equal = sum_of(
        groups=("shoplifting",),
        mix=np.array([1.0]),
        people=100,
        worth={"social": np.array([400.0])},
        costs={"treatment": 20_000.0},
        timing=replace(sum_of().timing, within=1.0),
    )
    found = rows(equal)
    assert (found["change"] == 0).all() and set(found["note"]) == {switching.NOTE_EQUAL}
