"""The algebra of the robustness value against regressions in which what is hidden is brought to light."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import dipeval as dip
from dipeval.datasets import recid
from dipeval.effects import RobustnessValue, robustness_value
from dipeval.effects.hidden.robustness_algebra import Strength, adjusted, implied, robustness, t_quantile
from dipeval.errors import EstimationError, InputError, InvariantError

COVARIATES = ["priors", "educ", "age"]


def people_of(n: int = 400, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    age, hidden = rng.normal(30, 8, n), rng.normal(size=n)
    place = rng.choice(["north", "south", "west"], n)
    treated = rng.random(n) < 1 / (1 + np.exp(-(0.05 * (age - 30) + 0.8 * hidden + (place == "west") - 1.2)))
    outcome = 3 - 0.05 * age + 1.2 * hidden - 1.5 * treated + 0.7 * (place == "south") + rng.normal(size=n)
    return pd.DataFrame(
        {"age": age, "place": place, "hidden": hidden, "treated": treated.astype(int), "offences": outcome}
    )


def partial(outcome: Any, columns: Any, extra: Any, weights: Any) -> float:
    """The partial R2 of some columns, by the residuals of two regressions."""
    sums = []
    for matrix in (columns, np.column_stack([columns, extra])):
        root = np.sqrt(weights)
        found = np.linalg.lstsq(matrix * root[:, None], outcome * root, rcond=None)[0]
        sums.append(float((weights * (outcome - matrix @ found) ** 2).sum()))
    return 1 - sums[1] / sums[0]


def matrix_of(design: Any, *, treated: bool) -> np.ndarray:
    columns = [np.ones(len(design.weights)), *design.model_terms().to_numpy().T]
    return np.column_stack([*columns, design.treated] if treated else columns).astype(float)


@pytest.mark.parametrize("method", ("none", "ipw", "entropy"))
def test_the_estimate_with_a_hidden_factor_is_that_of_the_regression_in_which_it_stands(method: str) -> None:
    people = people_of()
    design = dip.weight(people, treated="treated", covariates=["age", "place"], method=method)
    weights, hidden = design.weights.to_numpy(), people["hidden"].to_numpy()
    with_treatment = partial(people["treated"].to_numpy(), matrix_of(design, treated=False), hidden, weights)
    with_outcome = partial(people["offences"].to_numpy(), matrix_of(design, treated=True), hidden, weights)
    found = robustness_value(design, people["offences"], std_error="plain")
    plain = sm.WLS(people["offences"], matrix_of(design, treated=True), weights=weights).fit()
    assert found.estimate == pytest.approx(plain.params.iloc[-1], rel=1e-10)
    assert found.std_error == pytest.approx(plain.bse.iloc[-1], rel=1e-10)
    whole = np.column_stack([matrix_of(design, treated=True), hidden])
    expected = sm.WLS(people["offences"], whole, weights=weights).fit()
    strength = Strength(with_treatment, with_outcome)
    moved = adjusted(found.estimate, found.plain_error, found.dof, strength, scale=1.0, alpha=0.05)
    # The algebra tells how far the estimate moves; which way, nobody can know of what is hidden.
    bias = abs(expected.params.iloc[-2] - found.estimate)
    assert abs(moved.estimate - found.estimate) == pytest.approx(bias, rel=1e-8)
    assert moved.std_error == pytest.approx(expected.bse.iloc[-2], rel=1e-8)


@pytest.mark.parametrize("q", (1.0, 0.5))
def test_something_that_explains_the_robustness_value_of_both_leaves_just_what_was_asked(q: float) -> None:
    people = people_of()
    design = dip.weight(people, treated="treated", covariates=["age", "place"], method="none")
    found = robustness_value(design, people["offences"], q=q, alpha=0.1)
    args = (found.estimate, found.plain_error, found.dof)
    gone = adjusted(*args, Strength(found.rv, found.rv), scale=1.0, alpha=0.1)
    assert gone.estimate == pytest.approx((1 - q) * found.estimate, abs=1e-12)
    near = adjusted(*args, Strength(found.rv_limit, found.rv_limit), scale=1.0, alpha=0.1)
    apart = abs(near.estimate) - (1 - q) * abs(found.estimate)
    assert apart / near.std_error == pytest.approx(t_quantile(0.1, found.dof - 1), rel=1e-9)


def test_the_limit_of_a_very_strong_estimate_is_not_held_up_by_an_outcome_explained_alike() -> None:
    # Where f times its critical value exceeds 1, the worst factor explains all the outcome and less of treatment.
    assert robustness(5.0, needed=0.3) == pytest.approx((25 - 0.09) / 26)
    assert robustness(3.0, needed=1 / 3 - 1e-9) == pytest.approx(robustness(3.0, needed=1 / 3 + 1e-9), abs=1e-6)
    assert robustness(0.2, needed=0.2) == 0.0


def test_a_category_is_one_benchmark() -> None:
    people = people_of()
    design = dip.weight(people, treated="treated", covariates=["age", "place"], method="none")
    found = robustness_value(design, people["offences"], benchmarks=["place"], multiples=[1]).to_frame()
    assert found["term"].tolist() == ["nothing hidden", "place"]
    terms, ones = design.model_terms(), np.ones(len(people))
    levels = terms[[name for name in terms.columns if name.startswith("place")]].to_numpy()
    assert levels.shape[1] == 2
    age = people["age"].to_numpy()
    with_treatment = partial(people["treated"].to_numpy(), np.column_stack([ones, age]), levels, ones)
    both = np.column_stack([ones, age, people["treated"]])
    with_outcome = partial(people["offences"].to_numpy(), both, levels, ones)
    expected = implied(with_treatment, with_outcome, 1.0)
    assert found.loc[1, ["r2_treatment", "r2_outcome"]].tolist() == pytest.approx(list(expected), rel=1e-9)


def test_benchmarks_keep_the_strength_they_had_before_the_design_made_people_alike() -> None:
    people = people_of()
    covariates = ["age", "place"]
    plain = dip.weight(people, treated="treated", covariates=covariates, method="none")
    alike = dip.weight(people, treated="treated", covariates=covariates, method="entropy")
    weights = alike.weights.to_numpy()
    # In the weighted people age has no link with treatment, and nothing could be as strong as nothing.
    ones = np.ones(len(people))
    assert partial(people["treated"].to_numpy(), ones[:, None], people["age"].to_numpy(), weights) < 1e-12
    shares = {
        name: robustness_value(design, people["offences"], benchmarks=["age"], multiples=[1]).to_frame().iloc[1]
        for name, design in (("plain", plain), ("alike", alike))
    }
    assert shares["alike"]["r2_treatment"] == pytest.approx(shares["plain"]["r2_treatment"], rel=0.2)
    # The design's proportions: as many comparison people as treated people, by weight.
    treated = people["treated"].to_numpy() == 1
    before = np.where(treated, 1.0, treated.sum() / (~treated).sum())
    place = alike.model_terms().iloc[:, 1:].to_numpy()
    share = partial(treated.astype(float), np.column_stack([ones, place]), people["age"].to_numpy(), before)
    assert shares["alike"]["r2_treatment"] == pytest.approx(share / (1 - share), rel=1e-8)


def test_robust_and_cluster_errors_are_those_of_statsmodels() -> None:
    people = people_of()
    weighted = dip.weight(people, treated="treated", covariates=["age", "place"], method="ipw")
    model = sm.WLS(people["offences"], matrix_of(weighted, treated=True), weights=weighted.weights)
    found = robustness_value(weighted, people["offences"])
    assert found.se_method == "robust (HC1)"
    assert found.std_error == pytest.approx(model.fit(cov_type="HC1").bse.iloc[-1], rel=1e-9)
    persons = pd.Series(np.arange(len(people)) // 2, people.index)
    found = robustness_value(weighted, people["offences"], cluster=persons)
    errors = model.fit(cov_type="cluster", cov_kwds={"groups": persons})
    assert found.std_error == pytest.approx(errors.bse.iloc[-1], rel=1e-9)
    assert found.se_method == "person-cluster (HC1 with G/(G - 1), G = 200 persons)"
    pairs = dip.match(people, treated="treated", covariates=["age"])
    assert robustness_value(pairs, people["offences"]).se_method.startswith("pair-cluster")


def test_a_wider_robust_error_needs_less_hidden_to_reach_equality() -> None:
    people = people_of()
    design = dip.weight(people, treated="treated", covariates=["age", "place"], method="none")
    plain = robustness_value(design, people["offences"])
    assert plain.se_method == "plain least squares"
    robust = robustness_value(design, people["offences"], std_error="robust")
    assert plain.rv == robust.rv
    assert (robust.rv_limit < plain.rv_limit) == (robust.std_error > plain.std_error)
    assert any("by the same factor" in note for note in robust.summary().notes)


def test_covariates_that_follow_from_others_change_nothing() -> None:
    people = people_of().assign(months=lambda frame: 12 * frame["age"])
    once, twice = (
        robustness_value(
            dip.weight(people, treated="treated", covariates=names, method="none"), people["offences"], benchmarks=[]
        )
        for names in (["age", "place"], ["age", "place", "months"])
    )
    assert once.dof == twice.dof
    assert twice.estimate == pytest.approx(once.estimate, rel=1e-9)
    assert twice.rv_limit == pytest.approx(once.rv_limit, rel=1e-9)


@pytest.mark.parametrize("method", ("none", "ipw"))
def test_the_order_of_rows_changes_no_digit(method: str) -> None:
    people = people_of()
    persons = pd.Series(np.arange(len(people)) // 3, people.index)
    order = np.random.default_rng(8).permutation(len(people))
    results = []
    for rows in (people, people.iloc[order]):
        design = dip.weight(rows, treated="treated", covariates=["age", "place"], method=method)
        results.append(robustness_value(design, rows["offences"], cluster=persons.reindex(rows.index)))
    pd.testing.assert_frame_equal(results[0].to_frame(), results[1].to_frame(), check_exact=True)
    assert (results[0].rv, results[0].rv_limit) == (results[1].rv, results[1].rv_limit)


def test_what_nothing_can_be_is_left_empty_and_counted() -> None:
    people = people_of()
    design = dip.weight(people, treated="treated", covariates=["age", "place"], method="none")
    found = robustness_value(design, people["offences"], multiples=[1, 1000])
    frame = found.to_frame()
    empty = frame[frame["multiple"] == 1000]
    assert empty[["estimate", "r2_treatment", "conf_low"]].isna().all(axis=None)
    assert any("2 rows are left empty" in note for note in found.summary().notes)
    assert all(math.isnan(share) for share in implied(0.6, 0.1, 1.0))
    assert implied(0.1, 0.9, 1.0).r2_outcome == 1.0


def test_an_interval_that_includes_equality_needs_nothing_hidden_and_says_more_people_are_needed() -> None:
    people = recid()
    design = dip.weight(people, treated="workprg", covariates=COVARIATES)
    found = robustness_value(design, people["returned_12m"])
    assert found.rv_limit == 0
    assert not found.is_clear
    assert found.summary().headline == (
        "Returned to prison within 12 months: the interval already includes equality, so that nothing hidden is needed "
        "to bring it there; more people would be needed to tell whether treatment made a difference."
    )


def test_a_clear_interval_says_how_much_would_have_to_be_explained() -> None:
    people = people_of()
    design = dip.weight(people, treated="treated", covariates=["age", "place"], method="none")
    found = robustness_value(design, people["offences"], q=0.5)
    assert found.is_clear
    assert found.rv_limit > 0
    whole = robustness_value(design, people["offences"])
    assert found.rv < whole.rv
    summary = found.summary()
    assert "to account for 50% of the estimate" in summary.headline
    assert "make the interval reach the estimate less 50% of it" in summary.headline
    assert summary.to_frame().iloc[0, 0] == "Nothing hidden"
    assert set(whole.strongest()) == {"age", "place"}


def test_the_grid_reaches_past_what_would_overturn_and_starts_at_the_estimate() -> None:
    people = people_of()
    design = dip.weight(people, treated="treated", covariates=["age", "place"], method="none")
    found = robustness_value(design, people["offences"])
    grid = found.contours()
    assert grid.iloc[0]["estimate"] == pytest.approx(abs(found.estimate))
    assert grid[["r2_treatment", "r2_outcome"]].max().min() >= found.rv
    beyond = grid[(grid["r2_treatment"] > found.rv) & (grid["r2_outcome"] > found.rv)]
    assert (beyond["estimate"] < 0).all()
    assert (grid["limit"] < grid["estimate"]).all()


def test_what_cannot_be_regressed_is_refused_with_the_reason() -> None:
    people = people_of().assign(mirror=lambda frame: frame["treated"], same=1.0)
    design = dip.weight(people, treated="treated", covariates=["age", "place"], method="none")
    with pytest.raises(InputError, match="No covariate of the design is called hidden"):
        robustness_value(design, people["offences"], benchmarks=["hidden"])
    with pytest.raises(EstimationError, match="Everybody has the same outcome"):
        robustness_value(design, people["same"])
    with pytest.raises(EstimationError, match="to the last digit"):
        robustness_value(design, 2 * people["age"] - people["treated"])
    mirrored = SimpleNamespace(
        weights=design.weights,
        treated=design.treated,
        clusters=None,
        estimand_in_words="x",
        fingerprint="x",
        method="none",
        covariates=("mirror",),
        model_terms=lambda names=None: people[["mirror"]].astype(float),
    )
    with pytest.raises(EstimationError, match="tell who was treated"):
        robustness_value(mirrored, people["offences"])
    del mirrored.model_terms
    with pytest.raises(EstimationError, match="does not hold its covariates"):
        robustness_value(mirrored, people["offences"])


def test_too_few_people_are_refused() -> None:
    people = people_of(12)
    design = dip.weight(people.iloc[:6], treated="treated", covariates=["age", "place"], method="none")
    with pytest.raises(EstimationError, match="too few are left over"):
        robustness_value(design, people["offences"].iloc[:6])


@pytest.mark.parametrize(
    "options", ({"q": 0}, {"q": 1.5}, {"alpha": 0}, {"multiples": [0]}, {"multiples": [-1]}, {"std_error": "hc9"})
)
def test_options_that_mean_nothing_are_refused(options: dict[str, Any]) -> None:
    people = people_of()
    design = dip.weight(people, treated="treated", covariates=["age"], method="none")
    with pytest.raises(InputError):
        robustness_value(design, people["offences"], **options)


def test_a_robustness_value_below_that_of_its_limit_cannot_exist() -> None:
    people = people_of()
    design = dip.weight(people, treated="treated", covariates=["age"], method="none")
    found = robustness_value(design, people["offences"])
    facts = {name: getattr(found, name) for name in RobustnessValue.__slots__}
    with pytest.raises(InvariantError):
        RobustnessValue(**facts | {"rv": 0.1, "rv_limit": 0.2})


def test_without_benchmarks_there_is_the_estimate_alone() -> None:
    people = people_of()
    design = dip.weight(people, treated="treated", covariates=["age"], method="none")
    found = robustness_value(design, people["offences"], benchmarks=[])
    assert found.to_frame()["term"].tolist() == ["nothing hidden"]
    assert found.strongest() == ()
    assert len(found.summary().to_frame()) == 1
    assert not found.plot().texts
