"""Effects in subgroups: each level's estimate, the joint covariance behind the test, and what may be said of them."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import chi2, norm

import dipeval as dip
from dipeval.datasets import recid
from dipeval.effects import subgroup_effects
from dipeval.effects.several import subgroup_words
from dipeval.effects.several.joint import all_alike, joint_covariance
from dipeval.effects.several.subgroup_levels import groupings
from dipeval.errors import DesignError, EstimationError, InputError
from dipeval.plots.style import to_png

COVARIATES = ["priors", "educ", "age", "black"]
CUT = {"priors": [1, 3]}


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return recid()


@pytest.fixture(scope="module")
def pairs(people: pd.DataFrame) -> Any:
    return dip.match(people, treated="workprg", covariates=COVARIATES, caliper=0.2)


@pytest.fixture(scope="module")
def weighted(people: pd.DataFrame) -> Any:
    return dip.weight(people, treated="workprg", covariates=COVARIATES, method="ipw", estimand="ATE")


def plain_people(n: int, seed: int = 1) -> tuple[Any, pd.DataFrame]:
    """Invented people with pairs that straddle the groups, and weights."""
    rng = np.random.default_rng(seed)
    index = pd.Index([f"p{number}" for number in range(n)], name="person_id")
    treated = np.tile([1, 0], n // 2)
    frame = pd.DataFrame(
        {
            "treated": treated,
            "area": rng.choice(["north", "south", "west"], n),
            "reoffended": (rng.random(n) < 0.3 + 0.1 * treated).astype(int),
        },
        index=index,
    )
    design = SimpleNamespace(
        weights=pd.Series(rng.gamma(4, 0.25, n), index),
        treated=pd.Series(treated.astype(bool), index),
        clusters=pd.Series(np.arange(n) // 2, index),
        estimand_in_words="the average effect on the treated people",
        fingerprint="0123456789abcdef",
        method="nearest",
        n_treated_dropped=0,
    )
    return design, frame


def weighted_regression(design: Any, frame: pd.DataFrame, *, clustered: bool) -> tuple[np.ndarray, np.ndarray]:
    """Effects by area and their covariance, from one regression with all products (statsmodels)."""
    areas = sorted(frame["area"].unique())
    columns = [(frame["area"] == area).to_numpy(dtype=float) for area in areas]
    treated = frame["treated"].to_numpy(dtype=float)
    terms = np.column_stack([*columns, *(column * treated for column in columns)])
    model = sm.WLS(frame["reoffended"].to_numpy(dtype=float), terms, weights=design.weights.to_numpy())
    if clustered:
        fitted = model.fit(cov_type="cluster", cov_kwds={"groups": design.clusters.to_numpy(), "use_correction": False})
    else:
        fitted = model.fit(cov_type="HC0")
    return fitted.params[len(areas) :], fitted.cov_params()[len(areas) :, len(areas) :]


def test_without_clusters_it_is_the_regression_with_all_products() -> None:
    design, frame = plain_people(240)
    design.clusters = None
    found = subgroup_effects(design, frame["reoffended"], frame, by=["area"], std_error="hc0")
    estimates, covariance = weighted_regression(design, frame, clustered=False)
    table = found.to_frame()
    np.testing.assert_allclose(table["estimate"], estimates, rtol=1e-10)
    np.testing.assert_allclose(table["std_error"], np.sqrt(np.diag(covariance)), rtol=1e-10)
    gap = estimates[1:] - estimates[0]
    contrast = np.array([[-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]])
    chi_square = gap @ np.linalg.inv(contrast @ covariance @ contrast.T) @ gap
    test = found.tests().iloc[0]
    assert test["chi_square"] == pytest.approx(chi_square, rel=1e-9)
    assert test["p_value"] == pytest.approx(chi2.sf(chi_square, 2), rel=1e-9)
    assert (test["df"], test["n_levels"], test["n_left_out"]) == (2, 3, 0)


def test_pairs_that_straddle_subgroups_make_their_estimates_dependent() -> None:
    design, frame = plain_people(240)
    found = subgroup_effects(design, frame["reoffended"], frame, by=["area"], std_error="cluster_hc0")
    estimates, covariance = weighted_regression(design, frame, clustered=True)
    groups = [design.clusters[frame["area"] == area].nunique() for area in sorted(frame["area"].unique())]
    roots = np.sqrt([number / (number - 1) for number in groups])
    covariance = covariance * np.outer(roots, roots)  # each level's factor for a small sample
    assert abs(covariance[0, 1]) > 1e-5
    np.testing.assert_allclose(found.to_frame()["std_error"], np.sqrt(np.diag(covariance)), rtol=1e-10)
    contrast = np.array([[-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]])
    gap = contrast @ estimates
    chi_square = gap @ np.linalg.inv(contrast @ covariance @ contrast.T) @ gap
    assert found.tests()["chi_square"].iloc[0] == pytest.approx(chi_square, rel=1e-9)


def test_two_independent_subgroups_are_compared_by_their_difference_over_its_error(people: pd.DataFrame) -> None:
    design = dip.weight(people, treated="workprg", covariates=COVARIATES, method="none")
    found = subgroup_effects(design, people["returned_12m"], people, by=["married"], measure="risk_ratio")
    first, second = found.to_frame().to_dict("records")
    z = (math.log(first["estimate"]) - math.log(second["estimate"])) / math.hypot(
        first["std_error"], second["std_error"]
    )
    assert found.tests()["p_value"].iloc[0] == pytest.approx(2 * norm.sf(abs(z)), rel=1e-9)
    # The same as the effects of the two halves of the people, each by itself.
    for level, value in (("no", 0), ("yes", 1)):
        half = people[people["married"] == value]
        own = dip.weight(half, treated="workprg", covariates=COVARIATES, method="none")
        alone = dip.estimate_effect(own, half["returned_12m"], measure="risk_ratio")
        row = found.to_frame().set_index("level").loc[level]
        assert row["estimate"] == pytest.approx(alone.estimate, rel=1e-12)
        assert row["conf_low"] == pytest.approx(alone.conf_low, rel=1e-12)
        assert row["p_value"] == pytest.approx(alone.p_value, rel=1e-9)
        assert (row["n_treated"], row["n_comparison"]) == (alone.n_treated, alone.n_comparison)


def test_exact_pairs_do_not_straddle_and_each_level_is_the_design_on_its_people(people: pd.DataFrame) -> None:
    design = dip.match(people, treated="workprg", covariates=COVARIATES, caliper=0.2, exact=["black"])
    found = subgroup_effects(design, people["returned_12m"], people, by=["black"]).to_frame()
    for value, row in zip((0, 1), found.to_dict("records"), strict=True):
        inside = people["black"] == value
        part = SimpleNamespace(
            weights=design.weights.where(inside, 0.0),
            treated=design.treated,
            clusters=design.clusters.where(inside),
            estimand_in_words="theirs",
            fingerprint="x",
            method="nearest",
        )
        alone = dip.estimate_effect(part, people["returned_12m"])
        assert row["estimate"] == alone.estimate
        assert row["std_error"] == pytest.approx(alone.std_error, rel=1e-12)


def test_weights_that_were_estimated_are_allowed_for_in_the_joint_covariance(
    people: pd.DataFrame, weighted: Any
) -> None:
    plain = subgroup_effects(weighted, people["returned_12m"], people, by=["married"], std_error="hc0")
    known = subgroup_effects(weighted, people["returned_12m"], people, by=["married"], std_error="m_estimation")
    assert plain.to_frame()["estimate"].tolist() == known.to_frame()["estimate"].tolist()
    assert "allows for the weights having been estimated" in known.overall.se_method
    assert (plain.to_frame()["std_error"] != known.to_frame()["std_error"]).all()
    # One row a person: clusters of one person each change nothing but the factor for a small sample.
    alone = pd.Series(np.arange(len(people)), people.index)
    single = subgroup_effects(
        weighted, people["returned_12m"], people, by=["married"], std_error="m_estimation", cluster=alone
    )
    ratio = (single.to_frame()["std_error"] / known.to_frame()["std_error"]).to_numpy()
    assert ((ratio > 1) & (ratio < 1.01)).all()


@pytest.mark.slow
def test_the_joint_covariance_of_estimated_weights_is_that_of_a_bootstrap(people: pd.DataFrame, weighted: Any) -> None:
    found = subgroup_effects(weighted, people["returned_12m"], people, by=["married"], std_error="m_estimation")
    first, second = found.to_frame()["estimate"]
    error = abs(first - second) / math.sqrt(found.tests()["chi_square"].iloc[0])
    rng = np.random.default_rng(1)
    gaps = []
    for _ in range(400):
        drawn = people.iloc[rng.integers(0, len(people), len(people))].reset_index(drop=True)
        design = dip.weight(drawn, treated="workprg", covariates=COVARIATES, method="ipw", estimand="ATE")
        weights, treated = design.weights.to_numpy(), design.treated.to_numpy()
        effects = []
        for value in (0, 1):
            sides = [(drawn["married"].to_numpy() == value) & (treated == side) for side in (True, False)]
            means = [np.average(drawn["returned_12m"].to_numpy()[side], weights=weights[side]) for side in sides]
            effects.append(means[0] - means[1])
        gaps.append(effects[0] - effects[1])
    # The Monte Carlo error of a standard deviation from 400 draws is about 3.5%.
    assert error == pytest.approx(float(np.std(gaps, ddof=1)), rel=0.11)


@pytest.mark.slow
def test_alike_subgroups_are_called_different_as_often_as_the_level_says() -> None:
    """Pairs straddle the subgroups; taken for independent the test would be wrong, so its twin must fail."""
    rng = np.random.default_rng(11)
    found, twin = [], []
    runs = 300
    for _ in range(runs):
        n = 300
        index = pd.RangeIndex(2 * n)
        pair = np.repeat(np.arange(n), 2)
        shared = np.repeat(rng.normal(size=n), 2)
        treated = np.tile([True, False], n)
        # Most people's partners are in the other area, so that the areas share their pairs.
        first, apart = rng.integers(0, 2, n), rng.random(n) < 0.9
        area = np.column_stack([first, np.where(apart, 1 - first, first)]).ravel()
        outcome = 2.0 * shared + rng.normal(size=2 * n) + 0.3 * treated
        facts = {"estimand_in_words": "x", "fingerprint": "x", "method": "nearest", "weights": pd.Series(1.0, index)}
        frame = pd.DataFrame({"area": area}, index=index)
        for clusters, kept in ((pd.Series(pair, index), found), (None, twin)):
            design = SimpleNamespace(treated=pd.Series(treated, index), clusters=clusters, **facts)
            result = subgroup_effects(design, pd.Series(outcome, index), frame, by=["area"], measure="mean_difference")
            kept.append(result.tests()["p_value"].iloc[0])
    error = math.sqrt(0.05 * 0.95 / runs)
    assert abs(np.mean(np.array(found) < 0.05) - 0.05) < 3 * error
    assert abs(np.mean(np.array(twin) < 0.05) - 0.05) > 3 * error


def test_several_columns_are_corrected_by_holm(people: pd.DataFrame, pairs: Any) -> None:
    found = subgroup_effects(pairs, people["returned_12m"], people, by=["married", "black", "priors"], cut=CUT)
    tests = found.tests()
    order = np.sort(tests["p_value"])
    expected = np.minimum(np.maximum.accumulate(order * [3, 2, 1]), 1)
    np.testing.assert_allclose(np.sort(tests["p_value_holm"]), expected, rtol=1e-12)
    frame = found.to_frame()
    assert frame.groupby("column")["p_interaction_holm"].nunique().eq(1).all()
    assert frame["level"].tolist() == ["no", "yes", "no", "yes", "under 1", "1 to 2", "3 and over"]
    assert frame.groupby("column")["n"].sum().eq(pairs.n_treated + pairs.n_comparison).all()


def test_balance_within_subgroups_is_that_of_the_designs_weights(people: pd.DataFrame, weighted: Any) -> None:
    frame = subgroup_effects(weighted, people["returned_12m"], people, by=["married"]).to_frame()
    weights, scales = weighted.weights, weighted.balance().denominators
    for value, row in zip((0, 1), frame.to_dict("records"), strict=True):
        sides = [(people["married"] == value) & (people["workprg"] == side) for side in (1, 0)]
        gaps = {
            name: abs(np.subtract(*[np.average(people[name][side], weights=weights[side]) for side in sides]))
            / scales[name]
            for name in COVARIATES
        }
        assert row["max_smd"] == pytest.approx(max(gaps.values()), rel=1e-10)
        assert row["worst_term"] == max(gaps, key=gaps.__getitem__)
        assert row["ess_treated"] == pytest.approx(weights[sides[0]].sum() ** 2 / (weights[sides[0]] ** 2).sum())


def test_the_order_of_rows_changes_no_digit(people: pd.DataFrame) -> None:
    first = None
    for seed in (None, 1, 2):
        moved = people if seed is None else people.sample(frac=1, random_state=seed)
        for method in ("nearest", "ipw"):
            make = dip.match if method == "nearest" else dip.weight
            design = make(moved, treated="workprg", covariates=COVARIATES, method=method)
            found = subgroup_effects(design, people["returned_12m"], moved, by=["married", "priors"], cut=CUT)
            if method == "nearest":
                first = found if first is None else first
                pd.testing.assert_frame_equal(found.to_frame(), first.to_frame(), check_exact=True)
                pd.testing.assert_frame_equal(found.tests(), first.tests(), check_exact=True)
                assert str(found.summary()) == str(first.summary())


def test_small_empty_and_unrecorded_levels_are_said_and_left_out_of_the_test(people: pd.DataFrame, pairs: Any) -> None:
    area = pd.Series(np.where(people["educ"] <= 9, "low", "high"), people.index, dtype=object)
    used = pairs.weights > 0
    for side in (True, False):
        own = people.index[used & (pairs.treated == side)]
        area[own[:5]] = "rare"
        area[own[5:60]] = None
    divided = people.assign(area=area)
    found = subgroup_effects(pairs, people["returned_12m"], divided, by=["area", "priors"], cut={"priors": [1, 500]})
    frame = found.to_frame().set_index("level")
    assert frame.index.tolist() == ["high", "low", "rare", "not recorded", "under 1", "1 to 499", "500 and over"]
    assert frame["in_test"].tolist() == [True, True, False, False, True, True, False]
    assert frame.loc["rare", "reason"] == subgroup_words.TOO_FEW.format(minimum=10)
    assert frame.loc["rare", "n"] == 10
    assert math.isnan(frame.loc["rare", "estimate"])
    assert frame.loc["not recorded", "reason"] == subgroup_words.GAPS
    assert frame.loc["not recorded", "estimate"] == frame.loc["not recorded", "estimate"]
    assert frame.loc["500 and over", "reason"] == subgroup_words.NOBODY
    assert found.tests()["n_left_out"].tolist() == [2, 1]
    notes = " ".join(found.summary().notes)
    assert "Area, rare: fewer than 10 treated or fewer than 10 comparison people" in notes
    assert "Area is not recorded for some people" in notes
    assert "Priors, 500 and over: no treated or no comparison people" in notes


def test_a_column_with_a_single_large_level_is_shown_but_not_tested(people: pd.DataFrame, pairs: Any) -> None:
    found = subgroup_effects(pairs, people["returned_12m"], people, by=["married"], minimum=200)
    assert found.tests()["p_value"].isna().all()
    assert found.differing == ()
    assert "cannot be tested here" in found.summary().headline
    assert any("no test of interaction" in note for note in found.summary().notes)
    assert to_png(found.plot()).startswith(b"\x89PNG")


def test_a_level_in_which_nobody_has_the_outcome_has_no_estimate(people: pd.DataFrame, weighted: Any) -> None:
    never = people["returned_12m"].where(people["married"] == 0, 0)
    found = subgroup_effects(weighted, never, people, by=["married", "black"], measure="risk_ratio").to_frame()
    row = found.query("column == 'married' and level == 'yes'").iloc[0]
    assert not row["in_test"]
    assert row["reason"].startswith("no estimate could be made (nobody has the outcome")


def test_a_real_difference_is_found_and_said_by_the_test_alone() -> None:
    design, frame = plain_people(2000, seed=4)
    area = frame["area"]
    lower = (area == "north") & (frame["treated"] == 1)
    outcome = frame["reoffended"].where(~lower, 0)
    outcome[lower.index[lower][:20]] = 1
    found = subgroup_effects(design, outcome, frame, by=["area"], labels={"area": "Area"})
    assert found.differing == ("area",)
    assert found.summary().headline == (
        "Reoffended within the follow-up: the effect of treatment differs by area more than chance explains (test of "
        "interaction, p = <0.001)."
    )


def test_one_interval_with_equality_and_one_without_is_no_claim() -> None:
    design, frame = plain_people(600, seed=8)
    rng = np.random.default_rng(1)
    area = np.where(rng.random(600) < 0.9, "large", "small")
    outcome = pd.Series((rng.random(600) < 0.5 - 0.2 * frame["treated"]).astype(int), frame.index, name="reoffended")
    found = subgroup_effects(design, outcome, frame.assign(area=area), by=["area"])
    table = found.to_frame().set_index("level")
    assert table.loc["large", "conf_high"] < 0 < table.loc["small", "conf_high"]
    assert found.differing == ()
    headline = found.summary().headline
    assert "the tests do not show whether the effect of treatment differs by area" in headline
    assert "this does not show that it is the same for everybody" in headline


def test_matching_with_replacement_takes_an_error_made_of_contributions(people: pd.DataFrame) -> None:
    design = dip.match(people, treated="workprg", covariates=COVARIATES, caliper=0.2, replace=True)
    found = subgroup_effects(design, people["returned_12m"], people, by=["married"])
    assert "HC0" in found.overall.se_method
    assert found.to_frame()["std_error"].notna().all()


def test_regression_within_subgroups(people: pd.DataFrame, pairs: Any) -> None:
    found = subgroup_effects(
        pairs, people["returned_12m"], people, by=["married"], estimator="regression", adjust=["priors", "age"]
    )
    assert found.overall.estimator == "regression"
    inside = people["married"] == 1
    part = SimpleNamespace(
        weights=pairs.weights.where(inside, 0.0),
        treated=pairs.treated,
        clusters=pairs.clusters.where(inside),
        estimand_in_words="theirs",
        estimand="ATT",
        fingerprint="x",
        method="nearest",
        covariates=pairs.covariates,
        model_terms=pairs.model_terms,
    )
    alone = dip.estimate_effect(part, people["returned_12m"], estimator="regression", adjust=["priors", "age"])
    assert found.to_frame().set_index("level").loc["yes", "estimate"] == pytest.approx(alone.estimate, rel=1e-10)


def test_a_covariate_that_is_constant_within_its_own_subgroups_is_no_hindrance(
    people: pd.DataFrame, pairs: Any
) -> None:
    found = subgroup_effects(pairs, people["returned_12m"], people, by=["black"], estimator="regression")
    assert found.to_frame()["in_test"].all()


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"measure": "hazard_ratio", "time": "months_to_return", "event": "returned"}, {}),
        ({"measure": "rate_ratio", "at_risk": "months_to_return"}, {"outcome_name": "returned"}),
    ],
)
def test_times_and_rates_within_subgroups(people: pd.DataFrame, options: dict[str, Any], names: dict[str, str]) -> None:
    design = dip.weight(people, treated="workprg", covariates=COVARIATES, method="none")
    outcomes = people[["returned", "months_to_return"]]
    found = subgroup_effects(design, outcomes, people, by=["married"], **options, **names).to_frame()
    for value, row in zip((0, 1), found.to_dict("records"), strict=True):
        half = people[people["married"] == value]
        own = dip.weight(half, treated="workprg", covariates=COVARIATES, method="none")
        alone = dip.estimate_effect(own, outcomes.loc[half.index], **options, **names)
        assert row["estimate"] == pytest.approx(alone.estimate, rel=1e-8)
        assert row["std_error"] == pytest.approx(alone.std_error, rel=1e-8)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"by": []}, InputError, "by is empty"),
        ({"by": ["wrong"]}, InputError, "There is no column wrong in people"),
        ({"by": ["reoffended"]}, DesignError, "the name of an outcome"),
        ({"by": ["returned_12m"]}, DesignError, "the name of an outcome"),
        (
            {"by": ["late"], "measured_at": {"late": "after_index"}},
            DesignError,
            "Not known before the index date: late",
        ),
        ({"by": ["age"]}, InputError, r"'age' has \d+ levels among the people the design uses; .* cut=\{'age'"),
        ({"by": ["same"]}, InputError, "'same' is the same for everybody the design uses"),
        ({"by": ["married"], "cut": {"age": [1]}}, InputError, "cut names 'age', which is none of the columns in by"),
        ({"by": ["age"], "cut": {"age": [3, 1]}}, InputError, "cut needs rising numbers for 'age'"),
        ({"by": ["words"], "cut": {"words": [1]}}, InputError, "'words' holds no numbers"),
        ({"by": ["married"], "labels": {"age": "Age"}}, InputError, "labels names age"),
        ({"by": ["married"], "estimator": "aipw"}, EstimationError, "estimator='aipw' is not there for subgroups"),
        ({"by": ["married"], "std_error": "bootstrap"}, EstimationError, "std_error='bootstrap' is not there"),
        ({"by": ["married"], "minimum": 1}, InputError, "minimum must be a whole number of people, 2 or more"),
    ],
)
def test_what_does_not_fit_is_refused(
    people: pd.DataFrame, pairs: Any, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    given = people.assign(reoffended=0, late=people["married"], same=1, words=np.where(people["black"] == 1, "a", "b"))
    with pytest.raises(error, match=words):
        subgroup_effects(pairs, people["returned_12m"], given, **options)


def test_whom_the_estimates_are_about_is_said(people: pd.DataFrame, pairs: Any) -> None:
    notes = subgroup_effects(pairs, people["returned_12m"], people, by=["married"]).summary().notes
    assert any(note.startswith("What is estimated: the average effect on the") for note in notes)
    dropped = pairs.n_treated_dropped
    assert any(note.startswith(f"{dropped} of the people the answer is about were left out") for note in notes)
    assert any(note.startswith("Standard errors, in each subgroup as for everybody: pair-cluster") for note in notes)


def test_a_column_of_the_outcomes_makes_no_subgroups_whatever_its_name(people: pd.DataFrame, pairs: Any) -> None:
    outcomes = people[["returned_12m"]].assign(seen_again=people["returned"])
    given = people.assign(seen_again=people["returned"])
    with pytest.raises(InputError, match="seen_again: a column of the outcomes"):
        subgroup_effects(pairs, outcomes, given, by=["seen_again"], outcome_name="returned_12m")
    with pytest.raises(InputError, match="people has no row for 10 of the"):
        subgroup_effects(pairs, people["returned_12m"], people.iloc[10:], by=["married"])


def test_the_treatment_makes_no_subgroups(people: pd.DataFrame, pairs: Any) -> None:
    found = subgroup_effects(pairs, people["returned_12m"], people, by=["workprg"])
    assert found.to_frame()["estimate"].isna().all()
    assert found.tests()["p_value"].isna().all()
    with pytest.raises(DesignError, match="'treated' is the treatment"):
        subgroup_effects(pairs, people["returned_12m"], people.assign(treated=people["workprg"]), by=["treated"])


@pytest.mark.parametrize(
    ("column", "levels"),
    [
        (pd.Series([True, False, None, True], dtype="boolean"), ("no", "yes", "not recorded")),
        (pd.Series(["b", "a", "b", None], dtype=object), ("a", "b", "not recorded")),
        (pd.Categorical(["low", "high", "low", "high"], categories=["low", "high", "top"]), ("low", "high")),
        (pd.Series([3, 1, pd.NA, 1], dtype="Int64"), ("1", "3", "not recorded")),
        (pd.Series([0.5, 2.0, 0.5, 2.0]), ("0.5", "2")),
    ],
)
def test_levels_keep_their_order_and_missing_values_are_a_level_of_their_own(
    column: Any, levels: tuple[str, ...]
) -> None:
    index = pd.RangeIndex(4)
    design: Any = SimpleNamespace(weights=pd.Series(1.0, index), treated=pd.Series([True, False, True, False], index))
    found = groupings(design, pd.DataFrame({"x": column}, index=index), by=["x"])[0]
    assert found.levels == levels
    assert (found.codes >= 0).all()


def test_cuts_are_named_by_their_ends() -> None:
    index = pd.RangeIndex(6)
    design: Any = SimpleNamespace(weights=pd.Series(1.0, index), treated=pd.Series([True, False] * 3, index))
    ages = pd.DataFrame({"age": [17, 18, 24, 25, 26, 60], "rate": [0.1, 0.5, 0.7, 1.2, np.nan, 3.0]}, index=index)
    whole, parts = groupings(design, ages, by=["age", "rate"], cut={"age": [18, 25, 26], "rate": [0.5, 1]})
    assert whole.levels == ("under 18", "18 to 24", "25", "26 and over")
    assert whole.codes.tolist() == [0, 1, 1, 2, 3, 3]
    assert parts.levels == ("under 0.5", "0.5 to under 1", "1 and over", "not recorded")
    assert parts.codes.tolist() == [0, 1, 1, 2, 3, 2]
    assert (whole.has_gaps, parts.has_gaps) == (False, True)


def test_a_cohort_knows_which_of_its_columns_came_after(people: pd.DataFrame, pairs: Any) -> None:
    class Cohort:
        people = recid().assign(district=np.where(recid()["educ"] > 9, "Leeds", "Bradford"))
        measured_at = {"married": "at_index", "district": "exposure"}

    found = subgroup_effects(pairs, people["returned_12m"], Cohort(), by=["married"])
    assert found.by == ("married",)
    with pytest.raises(DesignError, match="district"):
        subgroup_effects(pairs, people["returned_12m"], Cohort(), by=["district"])


def test_the_joint_covariance_by_brute_force() -> None:
    rng = np.random.default_rng(2)
    parts = [np.where(rng.random(60) < 0.6, rng.normal(size=60), 0.0) for _ in range(3)]
    clusters = np.where(rng.random(60) < 0.9, rng.integers(0, 12, 60), -1)
    factors = [1.0, 1.2, 1.5]
    expected = np.zeros((3, 3))
    names = [code if code >= 0 else 100 + place for place, code in enumerate(clusters)]
    for first in range(3):
        for second in range(3):
            total = sum(
                parts[first][[name == own for own in names]].sum() * parts[second][[name == own for own in names]].sum()
                for name in set(names)
            )
            expected[first, second] = math.sqrt(factors[first] * factors[second]) * total
    np.testing.assert_allclose(joint_covariance(parts, clusters, factors), expected, rtol=1e-12, atol=1e-14)
    with pytest.raises(EstimationError, match="over the same people"):
        joint_covariance([parts[0], parts[1][:-1]], None, [1.0, 1.0])


def test_the_choice_of_the_first_level_does_not_matter_to_the_test() -> None:
    rng = np.random.default_rng(3)
    root = rng.normal(size=(4, 9))
    estimates, covariance = rng.normal(size=4), root @ root.T
    first = all_alike(estimates, covariance)
    turned = all_alike(estimates[::-1].copy(), covariance[::-1, ::-1].copy())
    assert first.chi_square == pytest.approx(turned.chi_square, rel=1e-10)
    with pytest.raises(EstimationError, match="two or more"):
        all_alike(estimates[:1], covariance[:1, :1])
    with pytest.raises(EstimationError, match="no variance of their own"):
        all_alike(estimates[:2], np.ones((2, 2)))


def test_no_template_reports_the_absence_of_an_effect_or_of_a_difference() -> None:
    assert len(subgroup_words.TEMPLATES) > 15
    for text in subgroup_words.TEMPLATES:
        plain = text.lower().replace("is no difference between them", "")
        assert "no effect" not in plain
        assert "no difference" not in plain
        assert "did not work" not in plain
        assert "control" not in plain
        assert "significant" not in plain


def test_the_picture_has_everybody_on_top_and_a_test_beside_each_heading(people: pd.DataFrame, pairs: Any) -> None:
    found = subgroup_effects(pairs, people["returned_12m"], people, by=["married", "black"])
    axes = found.plot()
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["Everybody", "No", "Yes", "No", "Yes"]
    texts = [text.get_text() for text in axes.texts]
    assert {"Married", "Black"} <= set(texts)
    assert sum(text.startswith("Does the effect differ? p = ") for text in texts) == 2
    assert to_png(axes) == to_png(found.plot())
