"""The fingerprint of a design: what moves it and what does not, and that it is the same on every machine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.matching.fingerprint import fingerprint
from dipeval.matching.ids import read_ids
from dipeval.matching.terms import Terms
from tests.unit.matching.matching_people import COVARIATES, people
from tests.unit.matching.test_ties import KINDS, index_of

COMMON: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES}


def parts(index: pd.Index | None = None) -> dict[str, Any]:
    index = pd.Index(["P1", "P20", "P3", "P4"]) if index is None else index
    terms = Terms(
        names=("age", "priors"),
        columns=("age", "priors"),
        values=np.asarray([[30.0, 1.0], [41.0, 0.0], [25.0, 2.0], [30.0, 5.0]]),
        reference=np.zeros(2, dtype=bool),
    )
    return {
        "ids": read_ids(index),
        "terms": terms,
        "treated": np.asarray([True, False, True, False]),
        "score": np.asarray([0.25, 0.5, 0.125, 0.75]),
        "weights": np.asarray([1.0, 1.0, 1.0, 1.0]),
        "pairs": (np.asarray([0, 2]), np.asarray([1, 3])),
        "sets": np.asarray([1, 1, 2, 2]),
        "options": {"caliper": 0.2, "breaks": [0.1, 0.2], "bins": {"age": [20.0, 40.0]}},
    }


def taken_in(order: list[int], given: dict[str, Any], index: pd.Index) -> dict[str, Any]:
    place = np.argsort(order)
    return given | {
        "ids": read_ids(index[order]),
        "terms": replace(given["terms"], values=given["terms"].values[order]),
        **{name: given[name][order] for name in ("treated", "score", "weights", "sets")},
        "pairs": tuple(place[ends] for ends in given["pairs"]),
    }


@pytest.mark.parametrize(
    "index",
    [pd.Index(["P1", "P20", "P3", "P4"]), pd.Index([7, 100, 30, -4]), pd.Index(["ä" * 30, "ä" * 31, "", "a\0"])],
    ids=["text", "numbers", "long and empty text"],
)
def test_the_order_of_the_rows_does_not_move_it(index: pd.Index) -> None:
    given = parts(index)
    for order in ([3, 1, 0, 2], [1, 0, 3, 2]):
        assert fingerprint(**taken_in(order, given, index)) == fingerprint(**given)


def test_every_part_moves_it() -> None:
    given = parts()
    other_terms = replace(given["terms"], values=given["terms"].values + np.eye(4, 2) * 1e-9)
    changes: list[dict[str, Any]] = [
        {"ids": read_ids(pd.Index(["P1", "P20", "P3", "P5"]))},
        {"ids": read_ids(pd.Index([1, 20, 3, 4]))},
        {"ids": read_ids(pd.Index(["1", "20", "3", "4"]))},
        {"ids": read_ids(pd.Index(["P1", "P20", "P3", "P4\0"]))},
        {"terms": other_terms},
        {"terms": replace(given["terms"], names=("age", "prior"))},
        {"treated": ~given["treated"]},
        {"score": given["score"] + [0, 1e-8, 0, 0]},
        {"score": None},
        {"weights": given["weights"] + [0, 1e-8, 0, 0]},
        {"pairs": (np.asarray([0, 2]), np.asarray([3, 1]))},
        {"pairs": (np.asarray([0]), np.asarray([1]))},
        {"sets": np.asarray([1, 2, 2, 1])},
        {"options": given["options"] | {"caliper": 0.3}},
        {"options": given["options"] | {"breaks": [0.1, 0.3]}},
        {"options": given["options"] | {"bins": {"age": [20.0, 41.0]}}},
        {"options": given["options"] | {"seed": 1}},
        {"sample_weights": np.ones(4)},
        {"sample_weights": np.asarray([1.0, 1.0, 1.0, 2.0])},
    ]
    found = [fingerprint(**given), *(fingerprint(**(given | change)) for change in changes)]
    assert len(set(found)) == len(found)


def test_the_last_bits_of_computed_numbers_do_not_move_it() -> None:
    given = parts()
    nudged = {name: np.nextafter(given[name] * 1.1, np.inf) for name in ("score", "weights")}
    level = {name: given[name] * 1.1 for name in ("score", "weights")}
    options = {"caliper": np.nextafter(0.2, 1), "breaks": [np.nextafter(0.1, 1), 0.2], "bins": {"age": [20.0, 40.0]}}
    assert fingerprint(**(given | nudged | {"options": options})) == fingerprint(**(given | level))


def test_it_is_the_same_on_every_machine_and_does_not_change_from_version_to_version() -> None:
    assert fingerprint(**parts()) == "3204ddc0f0b87020be0abebb6f01985ec2ab3ed2f22380144784533c2e0c5430"
    numbers = parts(pd.Index([7, 100, 30, -4]))
    assert fingerprint(**numbers) == "1407ff32fc05efca6d8ddd7afc0e214a9ecd52d33ed77d10fbe6ad0131dea4d3"


def test_whole_number_ids_give_one_fingerprint_however_they_are_stored() -> None:
    table = people(80).reset_index(drop=True)
    plain = dip.match(table, **COMMON).fingerprint
    for kind in ("int16", "Int64", "float64", object):
        assert dip.match(table.set_index(table.index.astype(kind)), **COMMON).fingerprint == plain
        assert dip.match(table.assign(code=table.index.astype(kind)), id="code", **COMMON).fingerprint == plain
    assert dip.match(table.set_index(table.index.astype(str)), **COMMON).fingerprint != plain


def test_a_table_changed_afterwards_changes_no_design() -> None:
    table = people(100).assign(code=range(100)).astype({"age": float})
    design = dip.match(table, **COMMON, id="code")
    before = design.to_frame(), design.balance().to_frame(), design.pairs()
    table.loc[:, "age"] = 0.0
    table.loc[:, "code"] = -1
    table.loc[:, "treated"] = 0
    for one, other in zip(before, (design.to_frame(), design.balance().to_frame(), design.pairs()), strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


@pytest.mark.parametrize("with_column", [False, True])
def test_numbers_as_ids_survive_shuffled_rows(with_column: bool) -> None:
    table = people(200).reset_index(drop=True)
    table["age"] = table["age"] // 10 * 10  # many ties
    more: dict[str, Any] = {"id": "code"} if with_column else {}
    table["code"] = np.random.default_rng(1).permutation(200) * 3
    design = dip.match(table, **COMMON, **more)
    shuffled = table.sample(frac=1, random_state=2)
    if with_column:
        shuffled = shuffled.set_index(pd.RangeIndex(1000, 1200))
    again = dip.match(shuffled, **COMMON, **more)
    assert again.fingerprint == design.fingerprint
    frames = [one.to_frame().sort_values("id", ignore_index=True) for one in (design, again)]
    pd.testing.assert_frame_equal(*frames, check_exact=True)


@pytest.mark.parametrize("kind", KINDS)
def test_any_kind_of_index_survives_shuffled_rows(kind: str) -> None:
    table = people(120).set_index(index_of(KINDS[kind][:120]))
    table["age"] = table["age"] // 10 * 10
    design = dip.match(table, **COMMON)
    shuffled = dip.match(table.sample(frac=1, random_state=2), **COMMON)
    assert shuffled.fingerprint == design.fingerprint
    pd.testing.assert_series_equal(shuffled.weights.loc[table.index], design.weights, check_exact=True)
    assert design.to_frame()["id"].tolist() == table.index.tolist()
    assert shuffled.pairs().equals(design.pairs())
