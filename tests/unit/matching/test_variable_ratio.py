"""A variable ratio: who is to have how many, that the proof knows it too, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import InputError, InvariantError
from dipeval.matching.found import found_pairs
from dipeval.matching.proof import prove
from dipeval.matching.proof_reach import matches_asked
from dipeval.matching.variable import wanted_matches
from tests.unit.matching.matching_people import COVARIATES, people
from tests.unit.matching.small_problems import make_problem

COMMON: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES, "ratio": 2, "min_ratio": 1, "max_ratio": 4}


def problem(estimand: str = "ATT", **more: Any) -> Any:
    """Five to be matched with scores 5, 4, 3, 2, 1 and twelve others, as `match` would put it."""
    score = np.concatenate([np.arange(5, 0, -1), np.linspace(0, 6, 12)])
    focal = np.arange(17) < 5
    made = make_problem(score, focal if estimand == "ATT" else ~focal, method="nearest", estimand=estimand, ratio=2)
    options = dict.fromkeys(("min_ratio", "max_ratio")) | {"min_ratio": 1, "max_ratio": 4} | more
    for name, value in options.items():
        object.__setattr__(made.options, name, value)
    return made


@pytest.mark.parametrize(("estimand", "expected"), [("ATT", [1, 1, 1, 3, 4]), ("ATC", [4, 3, 1, 1, 1])])
def test_the_crowded_end_of_the_scores_gets_most_and_the_sum_is_the_ratio_times_the_people(
    estimand: str, expected: list[int]
) -> None:
    found = wanted_matches(problem(estimand))
    assert found[:5].tolist() == expected
    assert not found[5:].any()
    assert found.sum() == 10
    assert matches_asked(problem(estimand))[:5].tolist() == expected


def test_each_exact_cell_has_its_own_share() -> None:
    made = problem()
    object.__setattr__(made, "strata", np.array([0, 0, 1, 1, 1] + [0, 1] * 6))
    assert wanted_matches(made)[:5].tolist() == [1, 3, 1, 1, 4]
    assert matches_asked(made)[:5].tolist() == [1, 3, 1, 1, 4]


def test_a_match_too_many_for_one_person_breaks_the_proof() -> None:
    made = problem()
    pairs = np.array([(0, 16), (1, 14), (2, 12), (3, 8), (3, 9), (3, 10), (4, 5), (4, 6), (4, 7)])
    prove(made, found_pairs(made, *np.vstack([pairs, [(4, 11)]]).T, facts={}))
    with pytest.raises(InvariantError, match="2 pairs exceed the ratio"):
        prove(made, found_pairs(made, *np.vstack([pairs, [(4, 11), (2, 13)]]).T, facts={}))
    with pytest.raises(InvariantError, match="people were left without a match they could have had"):
        prove(made, found_pairs(made, *pairs.T, facts={}))


@pytest.mark.parametrize("order", ["largest", "smallest", "random", "closest"])
@pytest.mark.parametrize("estimand", ["ATT", "ATC"])
def test_numbers_of_matches_and_words(order: str, estimand: str) -> None:
    table = people(400, share=0.15 if estimand == "ATT" else 0.85)
    design = dip.match(table, estimand=estimand, order=order, caliper=None, **COMMON)
    name = "treated_index" if estimand == "ATT" else "comparison_index"
    counts = design.pairs()[name].value_counts()
    assert set(counts) <= {1, 2, 3, 4}
    assert counts.sum() == 2 * len(counts)
    assert design.options["min_ratio"] == 1
    assert "variable ratio (1 to 4 matches each, 2 on average, most for the" in design.notes[0]
    assert design.clusters is not None
    score = design.score[counts.index] * (1 if estimand == "ATT" else -1)
    assert score[counts == 4].max() <= score[counts == 1].min()


def test_a_design_without_a_variable_ratio_has_no_trace_of_one() -> None:
    assert "min_ratio" not in dip.match(people(), treated="treated", covariates=COVARIATES).options


def test_shuffling_the_rows_moves_no_bit() -> None:
    table = people(400, share=0.15)
    first, second = (dip.match(rows, **COMMON) for rows in (table, table.sample(frac=1, random_state=5)))
    assert first.fingerprint == second.fingerprint
    pd.testing.assert_series_equal(first.weights, second.weights.loc[table.index], check_exact=True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_ratio": None}, "min_ratio= and max_ratio= go together"),
        ({"min_ratio": None}, "min_ratio= and max_ratio= go together"),
        ({"ratio": 1}, "needs min_ratio below ratio below max_ratio"),
        ({"ratio": 4}, "needs min_ratio below ratio below max_ratio"),
        ({"min_ratio": 0}, "min_ratio must be a whole number of at least 1"),
        ({"max_ratio": 2.5}, "max_ratio must be a whole number"),
        ({"max_ratio": True}, "max_ratio must be a whole number"),
        ({"max_ratio": "4"}, "max_ratio must be a whole number"),
        ({"replace": True}, "is for matching without replacement"),
        ({"method": "optimal"}, "means nothing to method='optimal'"),
        ({"method": "full", "ratio": 1}, "means nothing to method='full'"),
    ],
)
def test_what_is_no_variable_ratio_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        dip.match(people(), **(COMMON | options))
