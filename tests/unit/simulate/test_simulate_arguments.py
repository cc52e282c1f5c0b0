"""Arguments out of range are refused by a sentence; the smallest simulation works."""

from __future__ import annotations

from typing import Any

import pytest

from dipeval.errors import InputError
from dipeval.simulate import simulate
from dipeval.simulate.settings import Settings


@pytest.mark.parametrize(
    "bad",
    [
        {"people": 0},
        {"people": -5},
        {"people": 2.5},
        {"people": True},
        {"people": "many"},
        {"seed": -1},
        {"seed": 1.5},
        {"effect": 0},
        {"effect": -0.5},
        {"effect": float("nan")},
        {"effect": float("inf")},
        {"effect": "strong"},
        {"effect": 3.5},
        {"treated_share": 0},
        {"treated_share": 0.9},
        {"later_share": -0.1},
        {"confounding": -1},
        {"hidden": 2},
        {"heaped_births": "yes"},
        {"alias_users": 1.5},
        {"other_clients": -1},
        {"identifier_errors": -1},
    ],
)
def test_refused_by_a_sentence_that_names_the_argument(bad: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        simulate(**bad)
    message = str(caught.value)
    assert next(iter(bad)) in message
    assert "must be" in message
    assert message.endswith(".")


@pytest.mark.parametrize("seed", range(6))
def test_one_person_is_enough(seed: int) -> None:
    extracts = simulate(1, seed=seed)
    assert extracts.data_status == "simulated"
    assert len(extracts.table("drug_tests")) >= 1
    assert extracts.table("drug_tests")["person_ref"].nunique() == 1


def test_bounds_themselves_are_allowed() -> None:
    Settings(people=1, effect=3, treated_share=0.6, confounding=0, hidden=-1, alias_users=1.0, other_clients=0)


def test_whole_numbers_from_numpy_are_whole_numbers() -> None:
    import numpy as np

    assert Settings(people=np.int64(3), seed=np.int32(2)).people == 3
