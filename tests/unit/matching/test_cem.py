"""Coarsened exact matching."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import DesignError, InputError
from dipeval.matching.cem import _Cells
from tests.unit.matching.matching_people import COVARIATES, people

COMMON: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES, "method": "cem"}


def bins_by_hand(values: np.ndarray, number: int) -> np.ndarray:
    """Bin of each value, by walking through the breaks one by one."""
    low, high = values.min(), values.max()
    found = np.zeros(len(values), dtype=int)
    for place, value in enumerate(values):
        for inner in range(1, number):
            if value >= low + (high - low) * inner / number:
                found[place] = inner
    return found


@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE"])
@pytest.mark.parametrize("exact", [(), ("court",)])
def test_weights_by_hand(estimand: str, exact: tuple[str, ...]) -> None:
    table = people(150).assign(court=lambda t: np.where(t["age"] % 2 == 0, "north", "south"))
    design = dip.match(table, estimand=estimand, exact=exact, cutpoints={"age": 3, "priors": [1, 3.5]}, **COMMON)
    age = bins_by_hand(table["age"].to_numpy(float), 3)
    priors = np.where(table["priors"] >= 3.5, 2, np.where(table["priors"] >= 1, 1, 0))
    cells = pd.Series(list(zip(age, priors, table["district"], table["court"] if exact else age, strict=True)))
    treated = table["treated"].to_numpy() == 1
    expected = np.zeros(150)
    matched = 0
    for cell in cells.unique():
        here = (cells == cell).to_numpy()
        n_treated, n_others = (here & treated).sum(), (here & ~treated).sum()
        if n_treated and n_others:
            matched += 1
            target = {"ATT": n_treated, "ATC": n_others, "ATE": n_treated + n_others}[estimand]
            expected[here & treated], expected[here & ~treated] = target / n_treated, target / n_others
    for group in (treated, ~treated):
        expected[group] /= expected[group & (expected > 0)].mean()
    np.testing.assert_allclose(design.weights, expected, rtol=1e-12)
    assert (design.options["n_cells"], design.options["n_matched_cells"]) == (cells.nunique(), matched)
    assert design.sets.nunique() == matched
    assert design.clusters is None
    assert list(design.options["bins"]) == ["age", "priors"]
    assert design.options["bins"]["priors"] == [1.0, 3.5]


def test_bins_are_those_of_sturges_over_everybody_kept() -> None:
    table = people(300)
    design = dip.match(table, **COMMON)
    number = math.ceil(math.log2(300) + 1)
    assert {len(breaks) for breaks in design.options["bins"].values()} == {number - 1}
    width = (table["age"].max() - table["age"].min()) / number
    np.testing.assert_allclose(np.diff(design.options["bins"]["age"]), width, rtol=1e-12)
    score = pd.Series(np.where(np.arange(300) % 3 == 0, 0.95, 0.5), index=table.index)
    trimmed = dip.match(table, score=score, trim="crump", **COMMON)
    assert len(trimmed.options["bins"]["age"]) == math.ceil(math.log2(200) + 1) - 1
    assert (trimmed.weights[(score > 0.9).to_numpy()] == 0).all()


def test_a_value_equal_to_an_inner_break_goes_up_and_the_largest_into_the_last_bin() -> None:
    table = pd.DataFrame({"x": [0, 5, 10, 4, 6, 10], "treated": [1, 1, 1, 0, 0, 0]}, index=list("abcdef"))
    design = dip.match(table, treated="treated", covariates=["x"], method="cem", cutpoints={"x": 2})
    assert design.options["bins"] == {"x": [5.0]}
    assert design.sets["b"] == design.sets["c"] == design.sets["e"] == design.sets["f"]
    assert design.sets["a"] == design.sets["d"] != design.sets["b"]


def test_yes_no_columns_and_words_are_their_own_levels() -> None:
    table = people(200).assign(flag=lambda t: t["priors"] > 2)
    design = dip.match(table, treated="treated", covariates=["flag", "district"], method="cem")
    used = design.sets.dropna()
    assert design.options["n_cells"] == 6
    assert table.loc[used.index].groupby(used.to_numpy())[["flag", "district"]].nunique().eq(1).all().all()


@pytest.mark.parametrize("estimand", ["ATT", "ATE"])
def test_shuffling_the_rows_moves_no_bit(estimand: str) -> None:
    table = people(300)
    options = {**COMMON, "estimand": estimand, "cutpoints": {"age": 4}}
    first, second = dip.match(table, **options), dip.match(table.sample(frac=1, random_state=5), **options)
    assert first.fingerprint == second.fingerprint
    pd.testing.assert_series_equal(first.weights, second.weights.loc[table.index], check_exact=True)
    pd.testing.assert_series_equal(first.sets, second.sets.loc[table.index], check_exact=True)


def test_the_cells_of_many_columns_do_not_outgrow_a_whole_number() -> None:
    rng = np.random.default_rng(3)
    levels = rng.integers(0, 21, size=(500, 40))
    levels[250:] = levels[:250]
    cells = _Cells(None, 500)
    for column in levels.T:
        cells.divide(column)
    code = cells.compact()
    assert len(np.unique(code)) == len(np.unique(levels, axis=0)) == 250
    np.testing.assert_array_equal(code[:250], code[250:])


@pytest.mark.parametrize(
    ("cutpoints", "words"),
    [
        ({"height": 3}, "'height', which is no covariate; they are: age, priors, district"),
        ({"district": 3}, "'district', which holds words"),
        ({"age": 0}, "must be a number of bins of at least 1"),
        ({"age": True}, "must be a number of bins"),
        ({"age": 10**9}, "at most 10,000"),
        ({"age": 2.5}, "must be a number of bins"),
        ({"age": "many"}, "must be a number of bins"),
        ({"age": []}, "must be a number of bins"),
        ({"age": [40, 25]}, "in rising order"),
        ({"age": [25, 25]}, "none twice"),
        ({"age": [25, float("nan")]}, "every break a finite number"),
        ({"age": [25, "old"]}, "every break a finite number"),
        ({"age": [200, 300]}, "None of the 2 cut-points of 'age' lies within what the column holds"),
        ([("age", 3)], "must be a mapping"),
    ],
)
def test_cut_points_that_cannot_be_used(cutpoints: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        dip.match(people(60), cutpoints=cutpoints, **COMMON)


def test_cut_points_beyond_the_column_are_harmless_but_said() -> None:
    table = people(200)
    design = dip.match(table, cutpoints={"age": [30, 45, 300]}, **COMMON)
    same = dip.match(table, cutpoints={"age": [30, 45]}, **COMMON)
    pd.testing.assert_series_equal(design.weights, same.weights)
    assert any("1 of the 3 cut-points of 'age' lie outside" in note for note in design.notes)


def test_one_bin_leaves_a_column_out_of_the_cells() -> None:
    table = people(200)
    design = dip.match(table, cutpoints={"age": 1, "priors": 1}, **COMMON)
    assert design.options["n_cells"] == 3
    assert design.options["bins"] == {"age": [], "priors": []}


def test_cells_without_both_groups_leave_nobody() -> None:
    table = people(60).assign(court=lambda t: np.where(t["treated"] == 1, "north", "south"))
    with pytest.raises(DesignError, match=r"Nobody could be matched.*equal coarsened values"):
        dip.match(table, treated="treated", covariates=["age", "court"], method="cem")


def test_no_score_is_needed() -> None:
    table = people(200).assign(flag=lambda t: ((t["treated"] == 1) & (t["age"] > 50)).astype(int))
    design = dip.match(table, treated="treated", covariates=["age", "flag"], method="cem", cutpoints={"age": 4})
    assert design.score is None
    assert any("cells hold treated and comparison people" in note for note in design.notes)


def test_two_people_are_enough() -> None:
    table = pd.DataFrame({"x": [1.0, 2.0], "treated": [1, 0]}, index=["a", "b"])
    with pytest.raises(DesignError, match="Nobody could be matched"):
        dip.match(table, treated="treated", covariates=["x"], method="cem")
    design = dip.match(table, treated="treated", covariates=["x"], method="cem", cutpoints={"x": 1})
    assert design.weights.tolist() == [1.0, 1.0]
