"""The order of the rows moves nothing: not the people used, not a weight, not the fingerprint, not a last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import DesignError
from tests.properties.designs import FAMILIES, Case, case
from tests.unit.matching.matching_people import people as some_people


def _in_another_order(asked: Case, way: str) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """People in two orders: on a text index, on their numbers, or with an id column and a fresh index."""
    rng = np.random.default_rng(len(asked.people))
    mixed = rng.permutation(len(asked.people))
    people = asked.people
    if way == "text":
        people = people.set_index(pd.Index([f"p{row * 37 % 1009}" for row in range(len(people))]))
        return people, people.iloc[mixed], {}
    if way == "number":
        return people, people.iloc[mixed], {}
    people = people.assign(code=np.arange(len(people)) * 7919 % 10_007)
    return people, people.iloc[mixed].reset_index(drop=True), {"id": "code"}


@pytest.mark.parametrize("way", ["text", "number", "id"])
@pytest.mark.parametrize("family", FAMILIES)
def test_shuffling_the_rows_moves_nothing(family: str, way: str) -> None:
    compared = 0
    for number in range(10_000, 10_012):
        asked = case(family, number)
        if asked.options.get("order") == "data":
            continue
        first, second, more = _in_another_order(asked, way)
        options = {**asked.options, "ties": "seeded", **more}
        try:
            one = dip.match(first, treated="treated", **{**options, "score": first["score"]})
        except DesignError:
            with pytest.raises(DesignError):
                dip.match(second, treated="treated", **{**options, "score": second["score"]})
            continue
        two = dip.match(second, treated="treated", **{**options, "score": second["score"]})
        compared += 1
        key = (lambda frame: frame.index) if way != "id" else (lambda frame: frame["code"])
        place = pd.Index(key(second)).get_indexer(pd.Index(key(first)))
        assert one.fingerprint == two.fingerprint, asked.name
        assert one.weights.tolist() == two.weights.iloc[place].tolist(), asked.name
        assert _pairs_by_key(one, key(first)) == _pairs_by_key(two, key(second)), asked.name
        pd.testing.assert_frame_equal(one.balance().to_frame(), two.balance().to_frame(), check_exact=True)
    assert compared >= 3


def _pairs_by_key(design: dip.Design, keys: Any) -> list[tuple[Any, Any, float]]:
    names = pd.Series(list(keys), index=design.weights.index)
    pairs = design.pairs()
    return list(
        zip(names[pairs["treated_index"]], names[pairs["comparison_index"]], pairs["distance"].tolist(), strict=True)
    )


ASKED: dict[str, dict[str, Any]] = {
    "largest": {},
    "smallest, 2:1": {"order": "smallest", "ratio": 2},
    "random": {"order": "random"},
    "closest": {"order": "closest"},
    "with replacement": {"replace": True, "ratio": 3},
    "mahalanobis": {"mahalanobis": ["age", "priors"], "order": "random"},
    "mahalanobis, closest": {"mahalanobis": ["age", "priors"], "order": "closest", "caliper": None},
    "optimal": {"method": "optimal"},
    "optimal mahalanobis": {"method": "optimal", "mahalanobis": ["age", "priors"], "exact": ["district"]},
    "radius": {"method": "radius"},
    "kernel": {"method": "kernel"},
    "full": {"method": "full", "estimand": "ATE"},
    "subclass": {"method": "subclass"},
    "cem": {"method": "cem", "cutpoints": {"age": 4}},
    "formula and trimming": {"formula": "age * priors", "covariates": (), "trim": "crump"},
}


@pytest.mark.parametrize("way", ["text", "number", "id"])
@pytest.mark.parametrize("asked", ASKED)
def test_shuffling_the_rows_moves_no_score_of_our_own_either(asked: str, way: str) -> None:
    table = some_people(150).drop(columns="reoffended").reset_index(drop=True)
    first, second, more = _in_another_order(Case(name=asked, family="", people=table, options={}), way)
    options = {"covariates": ["age", "priors", "district"], **ASKED[asked], **more}
    one, two = (dip.match(people, treated="treated", **options) for people in (first, second))
    keys = [people.index if way != "id" else pd.Index(people["code"]) for people in (first, second)]
    place = keys[1].get_indexer(keys[0])
    assert one.fingerprint == two.fingerprint
    assert one.weights.tolist() == two.weights.iloc[place].tolist()
    assert _pairs_by_key(one, keys[0]) == _pairs_by_key(two, keys[1])
    assert one.score is not None
    assert one.score.tolist() == two.score.iloc[place].tolist()
    pd.testing.assert_frame_equal(one.balance().to_frame(), two.balance().to_frame(), check_exact=True)
