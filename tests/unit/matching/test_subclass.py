"""Subclassification on the score."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import DesignError, InputError
from dipeval.matching.subclass import _merge, quantiles
from tests.unit.matching.matching_people import COVARIATES, people

COMMON: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES, "method": "subclass"}


@pytest.mark.parametrize("size", [1, 2, 7, 25, 60, 121])
@pytest.mark.parametrize("classes", [2, 5, 6, 12])
def test_breaks_are_quantiles_of_type_seven(size: int, classes: int) -> None:
    values = np.random.default_rng(size).normal(size=size)
    found = quantiles(values, classes)
    np.testing.assert_allclose(found, np.quantile(values, np.arange(1, classes) / classes), rtol=1e-12)


def test_a_break_that_falls_on_a_person_is_that_persons_score_to_the_last_bit() -> None:
    values = np.random.default_rng(1).normal(size=6 * 11 + 1)
    np.testing.assert_array_equal(quantiles(values, 6), np.sort(values)[11 * np.arange(1, 6)])


@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE"])
def test_weights_by_hand(estimand: str) -> None:
    table = people(300)
    design = dip.match(table, estimand=estimand, subclasses=4, **COMMON)
    treated = design.treated.to_numpy()
    logit = np.round(np.log(design.score / (1 - design.score)), 9).to_numpy()
    about = {"ATT": treated, "ATC": ~treated, "ATE": np.ones(300, dtype=bool)}[estimand]
    breaks = np.quantile(logit[about], [0.25, 0.5, 0.75])
    np.testing.assert_allclose(design.options["breaks"], breaks, atol=1e-8)
    classes = np.searchsorted(np.asarray(design.options["breaks"]), logit + 1e-8, side="right")
    expected = np.zeros(300)
    for number in range(4):
        here = classes == number
        for group in (treated, ~treated):
            expected[here & group] = (here & about).sum() / (here & group).sum()
    for group in (treated, ~treated):
        expected[group] /= expected[group].mean()
    np.testing.assert_allclose(design.weights, expected, rtol=1e-12)
    assert design.sets.nunique() == 4
    assert design.clusters is None
    assert (design.options["n_classes"], design.options["n_merged_classes"]) == (4, 0)


def test_a_score_equal_to_a_break_belongs_to_the_class_above() -> None:
    table = pd.DataFrame(
        {"x": [1.0, 2, 3, 4, 5, 1, 2, 3, 4, 5, 3], "treated": [1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0]},
        index=[f"P{place}" for place in range(11)],
    )
    design = dip.match(
        table, treated="treated", covariates=["x"], method="subclass", subclasses=2, score=table["x"], scale="given"
    )
    assert design.options["breaks"] == [3.0]
    upper = design.sets[table["x"] >= 3]
    assert upper.nunique() == 1
    assert set(upper) != set(design.sets[table["x"] < 3])


def test_a_class_without_one_of_the_groups_is_merged_with_the_nearer_class_and_counted() -> None:
    score = pd.Series([0.0, 0.1, 1.0, 1.1, 1.9, 2.0, 5.0, 5.1], index=list("abcdefgh"))
    treated = [0, 0, 1, 1, 0, 1, 1, 0]
    table = pd.DataFrame({"treated": treated, "x": score})
    design = dip.match(
        table,
        treated="treated",
        covariates=["x"],
        method="subclass",
        subclasses=4,
        estimand="ATE",
        score=score,
        scale="given",
    )
    assert design.options["breaks"] == pytest.approx([1.5, 2.75], rel=1e-12)
    assert (design.options["n_classes"], design.options["n_merged_classes"]) == (3, 1)
    assert (design.weights > 0).all()
    assert any("4 classes of the score were asked for and 3 made: 1 lacked" in note for note in design.notes)
    assert design.sets["a"] == design.sets["c"]  # the lowest class has no treated people and only one neighbour


@pytest.mark.parametrize(("middle", "kept"), [(2.2, 3.0), (2.8, 2.0), (2.5, 3.0)])
def test_a_class_in_the_middle_goes_to_the_nearer_side_and_down_if_both_are_as_near(middle: float, kept: float) -> None:
    score = np.array([1.0, 1.0, middle, 4.0, 4.0])
    treated = np.array([True, False, True, True, False])
    np.testing.assert_array_equal(_merge(np.array([2.0, 3.0]), score, treated), [kept])


def test_a_class_with_nobody_goes_to_the_one_below() -> None:
    score, treated = np.array([1.0, 1.0, 4.0, 4.0]), np.array([True, False, True, False])
    np.testing.assert_array_equal(_merge(np.array([2.0, 3.0]), score, treated), [3.0])


@pytest.mark.parametrize("seed", range(40))
def test_after_merging_every_class_has_both_groups(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 40))
    score = np.round(rng.normal(size=size), int(rng.integers(0, 3)))
    treated = rng.random(size) < rng.uniform(0.05, 0.9)
    treated[0], treated[1] = True, False
    breaks = quantiles(score, int(rng.integers(2, 12)))
    kept = _merge(breaks, score, treated)
    assert set(kept) <= set(breaks)
    classes = np.searchsorted(kept, score, side="right")
    for number in range(len(kept) + 1):
        assert (treated & (classes == number)).any()
        assert (~treated & (classes == number)).any()
    mixed = rng.permutation(size)
    np.testing.assert_array_equal(kept, _merge(breaks, score[mixed], treated[mixed]))


def test_equal_scores_leave_a_single_class_and_say_so() -> None:
    table = people(60)
    design = dip.match(table, score=pd.Series(0.3, index=table.index), **COMMON)
    assert (design.options["n_classes"], design.options["n_merged_classes"]) == (1, 5)
    assert (design.weights == 1).all()
    assert any("nothing is adjusted for" in note for note in design.notes)


def test_strata_are_classes_by_exact_cell_and_those_without_both_groups_are_counted() -> None:
    table = people(80)
    design = dip.match(table, exact=["district"], subclasses=5, **COMMON)
    frame = design.to_frame().assign(district=table["district"].to_numpy())
    used = frame[frame["weight"] > 0]
    assert (used.groupby("pair")["district"].nunique() == 1).all()
    assert (used.groupby("pair")["treated"].nunique() == 2).all()
    assert design.options["n_strata"] - design.options["n_strata_left_out"] == design.sets.nunique()
    assert design.options["n_strata_left_out"] > 0
    left = frame[frame["weight"] == 0]
    note = next(note for note in design.notes if "strata (class by exact cell)" in note)
    assert f"with {int(left['treated'].sum())} treated and {int((~left['treated']).sum())} comparison" in note
    for group in (used["treated"], ~used["treated"]):
        assert used.loc[group, "weight"].mean() == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE"])
@pytest.mark.parametrize("exact", [(), ("district",)])
def test_shuffling_the_rows_moves_no_bit(estimand: str, exact: tuple[str, ...]) -> None:
    table = people(300)
    options = {**COMMON, "estimand": estimand, "exact": exact, "subclasses": 7}
    first, second = dip.match(table, **options), dip.match(table.sample(frac=1, random_state=5), **options)
    assert first.fingerprint == second.fingerprint
    assert first.options == second.options
    pd.testing.assert_series_equal(first.weights, second.weights.loc[table.index], check_exact=True)
    pd.testing.assert_series_equal(first.sets, second.sets.loc[table.index], check_exact=True)


def test_exact_cells_without_both_groups_leave_nobody() -> None:
    table = people(60)
    apart = table.assign(court=np.where(table["treated"] == 1, "north", "south"))
    with pytest.raises(DesignError, match="Nobody could be matched"):
        dip.match(apart, exact=["court"], **COMMON)


@pytest.mark.parametrize("classes", [1, 2.5, "six"])
def test_the_number_of_classes_must_be_a_whole_number_of_at_least_two(classes: Any) -> None:
    with pytest.raises(InputError, match="subclasses must be a whole number of at least 2"):
        dip.match(people(60), subclasses=classes, **COMMON)


def test_more_classes_than_people_are_refused() -> None:
    with pytest.raises(DesignError, match=r"fewer people \(60\) than classes of the score asked for \(1,000\)"):
        dip.match(people(60), subclasses=1000, **COMMON)


def test_one_treated_person_makes_one_class() -> None:
    table = people(60)
    design = dip.match(
        table.assign(treated=(np.arange(60) == 7).astype(int)), score=pd.Series(0.1, index=table.index), **COMMON
    )
    assert design.n_treated == 1
    assert design.options["n_classes"] == 1
