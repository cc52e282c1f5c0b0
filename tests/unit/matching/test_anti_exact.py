"""Pairs that must differ on a column: by hand, by the proof, and what is refused."""

from __future__ import annotations

from dataclasses import replace as changed
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import DesignError, InputError, InvariantError
from dipeval.matching.found import found_pairs
from dipeval.matching.problem import APART, Condition
from dipeval.matching.proof import prove
from tests.unit.matching.matching_people import COVARIATES, people
from tests.unit.matching.small_problems import make_problem

COMMON: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES, "anti_exact": ["suite"]}


def in_suites(size: int = 300) -> pd.DataFrame:
    return people(size).assign(suite=np.random.default_rng(2).choice(["north", "south", "east"], size))


def test_the_nearest_person_of_another_suite_is_taken_and_not_the_nearest() -> None:
    score = pd.Series([0.50, 0.51, 0.55, 0.40])
    table = pd.DataFrame({"treated": [1, 0, 0, 0], "suite": ["n", "n", "s", "e"], "x": [1.0, 2, 3, 4]})
    options: dict[str, Any] = {"treated": "treated", "covariates": ["x"], "score": score, "scale": "given"}
    assert dip.match(table, **options, caliper=None).pairs()["comparison_index"].tolist() == [1]
    for more in ({}, {"replace": True}, {"order": "closest"}, {"method": "optimal"}):
        design = dip.match(table, **options, caliper=None, anti_exact=["suite"], **more)
        assert design.pairs()["comparison_index"].tolist() == [2]
    with pytest.raises(DesignError, match="different values of suite"):
        dip.match(table, **options, caliper=0.02, caliper_unit="raw", anti_exact=["suite"])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"replace": True, "ratio": 2},
        {"order": "closest"},
        {"mahalanobis": ["age", "priors"], "caliper": None, "order": "random"},
        {"mahalanobis": ["age"], "covariate_calipers": {"priors": 2}},
        {"method": "optimal"},
        {"method": "optimal", "mahalanobis": ["age", "priors"], "exact": ["district"]},
        {"estimand": "ATC", "replace": True},
        {"ratio": 2, "min_ratio": 1, "max_ratio": 3},
    ],
)
def test_every_pair_differs_and_the_design_says_so(options: dict[str, Any]) -> None:
    table = in_suites()
    design = dip.match(table, **COMMON, **options)
    pairs = design.pairs()
    one, other = table.loc[pairs["treated_index"], "suite"], table.loc[pairs["comparison_index"], "suite"]
    assert len(pairs) > 20
    assert (one.to_numpy() != other.to_numpy()).all()
    assert design.options["anti_exact"] == ["suite"]
    assert any("different on suite" in note for note in design.notes)
    mixed = dip.match(table.sample(frac=1, random_state=4), **COMMON, **options)
    assert mixed.fingerprint == design.fingerprint


def test_a_column_of_numbers_is_equal_or_not_however_near() -> None:
    table = people(200).assign(cell=lambda t: np.arange(len(t)) // 2 + 0.1)
    design = dip.match(table, treated="treated", covariates=COVARIATES, anti_exact=["cell"])
    pairs = design.pairs()
    gaps = (
        table.loc[pairs["treated_index"], "cell"].to_numpy() - table.loc[pairs["comparison_index"], "cell"].to_numpy()
    )
    assert (gaps != 0).all()


def test_a_design_that_asks_for_no_difference_has_no_trace_of_one() -> None:
    assert "anti_exact" not in dip.match(people(), treated="treated", covariates=COVARIATES).options


def test_the_proof_catches_a_pair_of_one_suite_and_a_person_left_without_one_of_another() -> None:
    problem = make_problem([0.0, 1.0, 0.1, 0.9, 1.0], [1, 1, 0, 0, 0], method="nearest")
    suites = Condition(name="suite", values=np.array([0.0, 1.0, 1.0, 0.0, 1.0]), most=APART)
    problem = changed(problem, conditions=(suites,))
    prove(problem, found_pairs(problem, np.array([0, 1]), np.array([2, 3]), facts={}))
    with pytest.raises(InvariantError, match="1 pairs agree on suite, on which they must differ"):
        prove(problem, found_pairs(problem, np.array([0, 1]), np.array([2, 4]), facts={}))
    with pytest.raises(InvariantError, match="1 people were left without a match they could have had"):
        prove(problem, found_pairs(problem, np.array([0]), np.array([2]), facts={}))


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"exact": ["suite"]}, InputError, "both name suite: no pair can be equal and different"),
        ({"anti_exact": "suite"}, InputError, "must be a list of column names"),
        ({"anti_exact": ["suite", "suite"]}, InputError, "more than once"),
        ({"anti_exact": ["nowhere"]}, InputError, "nowhere"),
        ({"anti_exact": ["reoffended"]}, DesignError, "outcome"),
        ({"anti_exact": ["lists"]}, InputError, "anti_exact= needs columns of numbers, yes/no or words"),
        ({"anti_exact": ["gaps"]}, InputError, "gaps"),
        ({"anti_exact": ["one"]}, DesignError, "Nobody could be matched"),
        ({"method": "radius"}, InputError, "means nothing to method='radius'"),
        ({"method": "full"}, InputError, "means nothing to method='full'"),
        ({"method": "subclass"}, InputError, "means nothing to method='subclass'"),
    ],
)
def test_what_no_pair_can_differ_on_is_a_sentence(options: dict[str, Any], error: type[Exception], words: str) -> None:
    table = in_suites(100)
    table = table.assign(lists=[[row] for row in range(100)], gaps=[None] + ["a"] * 99, one="same")
    with pytest.raises(error, match=words):
        dip.match(table, **COMMON | options)
