"""Effects adjusted in a model of the outcome: by hand, by derivative, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import dipeval as dip
from dipeval.datasets import recid
from dipeval.effects import estimate_effect, wording
from dipeval.effects.estimate import ESTIMATORS, make_request
from dipeval.effects.request import EstimateOptions, from_contributions
from dipeval.errors import EstimationError, InputError
from tests.unit.effects.people_of_every_outcome import design_of, invented, with_facts

MODELS = [
    ("mean_difference", "score", "linear"),
    ("risk_difference", "reoffended", "logit"),
    ("risk_ratio", "reoffended", "logit"),
    ("odds_ratio", "reoffended", "logit"),
    ("risk_difference", "reoffended", "linear"),
    ("mean_difference", "n_reoffences", "poisson"),
    ("rate_ratio", "n_reoffences", "poisson"),
    ("rate_ratio", "n_reoffences", "negative_binomial"),
]


def adjusted(design: Any, outcomes: pd.DataFrame, measure: str, column: str, model: str | None, **options: Any) -> Any:
    times = {"at_risk": outcomes["at_risk_days"]} if measure == "rate_ratio" else {}
    return estimate_effect(
        design, outcomes[column], measure=measure, estimator="regression", model=model, **times, **options
    )


@pytest.mark.parametrize("about", ["ATT", "ATC", "ATE"])
@pytest.mark.parametrize(("measure", "model"), [("risk_difference", "logit"), ("mean_difference", "linear")])
def test_one_yes_no_covariate_is_standardisation_by_hand(about: str, measure: str, model: str) -> None:
    design, outcomes = invented(estimand=about)
    people = design.model_terms().assign(
        y=outcomes["reoffended"], t=design.treated, w=design.weights, wy=outcomes["reoffended"] * design.weights
    )
    effect = adjusted(design, outcomes, measure, "reoffended", model, adjust=["drugs"])
    cells = people.groupby(["t", "drugs"])[["wy", "w"]].sum()
    means = (cells["wy"] / cells["w"]).unstack()
    among = {"ATT": people["t"], "ATC": ~people["t"]}.get(about, people["t"] | True)
    shares = people[among].groupby("drugs")["w"].sum()
    expected = ((means.loc[True] - means.loc[False]) * shares / shares.sum()).sum()
    assert effect.estimate == pytest.approx(expected, rel=1e-10)
    whom = {"ATT": "over the treated people", "ATC": "over the comparison people"}.get(about, "over everybody")
    assert whom in effect.remarks[0]
    assert "1 term of the covariates" in effect.remarks[0]


@pytest.mark.parametrize(("measure", "column", "model"), MODELS)
def test_influence_is_the_weight_times_the_derivative_by_it(measure: str, column: str, model: str) -> None:
    for about in ("ATT", "ATE"):
        design, outcomes = invented(80, estimand=about)
        times = outcomes["at_risk_days"].to_numpy() if measure == "rate_ratio" else None
        options = EstimateOptions(std_error="hc0", model=model)

        def found(design: Any, outcome: Any = outcomes[column], times: Any = times, options: Any = options) -> Any:
            request = make_request(design, outcome, "y", measure=measure, at_risk=times, options=options)
            return ESTIMATORS["regression"](request)

        influence = found(design).influence
        assert math.fsum(influence) == pytest.approx(0, abs=1e-9 * np.abs(influence).sum())
        for place in (0, 7, 23, 41):
            step = np.zeros(80)
            step[place] = 1e-4 * design.weights.iloc[place]
            up, down = (found(with_facts(design, weights=design.weights + sign * step)).centre for sign in (1, -1))
            assert influence[place] == pytest.approx((up - down) / 2e-4, rel=2e-5, abs=1e-9)


@pytest.mark.parametrize(("measure", "column", "model"), MODELS)
def test_the_error_takes_the_people_predicted_for_as_given(measure: str, column: str, model: str) -> None:
    design, outcomes = invented()
    times = outcomes["at_risk_days"].to_numpy() if measure == "rate_ratio" else None
    request = make_request(
        design,
        outcomes[column],
        "y",
        measure=measure,
        at_risk=times,
        options=EstimateOptions(std_error="hc0", model=model),
    )
    found = ESTIMATORS["regression"](request)
    assert found.std_error == pytest.approx(from_contributions(found.contributions, None, 1.0), rel=1e-14)
    outside = ~design.treated.to_numpy()
    # averaged over the treated: for the comparison people the two are one
    np.testing.assert_allclose(found.contributions[outside], found.influence[outside], rtol=1e-12)
    assert not np.allclose(found.contributions[~outside], found.influence[~outside])


@pytest.mark.parametrize(("measure", "column", "model"), MODELS)
def test_row_order_changes_no_digit(measure: str, column: str, model: str) -> None:
    design, outcomes = invented(60)
    twice = pd.concat([design.model_terms(), design.model_terms().add_prefix("").rename(index=lambda name: f"q{name}")])
    weights = np.tile(design.weights.to_numpy(), 2)
    everybody = pd.concat([outcomes, outcomes.rename(index=lambda name: f"q{name}")])
    design = design_of(twice, np.tile(design.treated.to_numpy(), 2), weights)
    first = adjusted(design, everybody, measure, column, model)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(120)
        moved = with_facts(
            design,
            weights=design.weights.iloc[order],
            treated=design.treated.iloc[order],
            model_terms=lambda covariates=None, order=order: twice.iloc[order],
        )
        again = adjusted(moved, everybody.sample(frac=1, random_state=seed), measure, column, model)
        pd.testing.assert_frame_equal(again.to_frame(), first.to_frame(), check_exact=True)


def test_columns_that_repeat_others_are_left_out_and_counted() -> None:
    design, outcomes = invented()
    terms = design.model_terms()
    more = terms.assign(again=2 * terms["age"] + 1, same=7.0, sum=terms["age"] - terms["drugs"])
    first = adjusted(design, outcomes, "risk_difference", "reoffended", None)
    other = adjusted(
        with_facts(design, model_terms=lambda covariates=None: more), outcomes, "risk_difference", "reoffended", None
    )
    assert other.estimate == pytest.approx(first.estimate, rel=1e-12)
    assert other.std_error == pytest.approx(first.std_error, rel=1e-12)
    assert "6 of the columns of that model repeat others" in other.remarks[1]


def test_a_level_that_only_one_group_has_is_dropped_as_r_drops_it() -> None:
    """The product of treatment and the mark repeats the mark, so the mark stands for both groups."""
    design, outcomes = invented(60)
    mark = (design.treated & (np.arange(60) % 3 == 0)).astype(float)
    terms = design.model_terms().assign(mark=mark)
    effect = adjusted(
        with_facts(design, model_terms=lambda covariates=None: terms), outcomes, "mean_difference", "score", "linear"
    )
    frame = terms.assign(t=design.treated.astype(float), y=outcomes["score"])
    left = np.column_stack(
        [np.ones(60), frame[["t", "age", "drugs", "mark"]], frame[["age", "drugs"]].mul(frame["t"], axis=0)]
    )
    fit = sm.WLS(frame["y"], left, weights=design.weights).fit(cov_type="HC3")
    treated = design.treated.to_numpy()
    shares = design.weights[treated] / design.weights[treated].sum()
    gradient = np.zeros(7)
    gradient[1], gradient[5:] = 1.0, shares.to_numpy() @ frame.loc[treated, ["age", "drugs"]].to_numpy()
    assert effect.estimate == pytest.approx(float(gradient @ fit.params), rel=1e-9)
    assert effect.std_error == pytest.approx(math.sqrt(gradient @ fit.cov_params() @ gradient), rel=1e-8)
    assert "1 of the columns" in effect.remarks[1]


def test_a_covariate_that_foretells_the_outcome_is_named() -> None:
    design, outcomes = invented()
    terms = design.model_terms().assign(tells=outcomes["reoffended"] + 0.0)
    with pytest.raises(EstimationError, match=r"foretell the outcome perfectly .* run away most for 'tells'"):
        adjusted(
            with_facts(design, model_terms=lambda covariates=None: terms), outcomes, "odds_ratio", "reoffended", None
        )
    nobody = outcomes.assign(n_reoffences=outcomes["n_reoffences"].where(terms["drugs"] == 0, 0))
    with pytest.raises(EstimationError, match="'drugs'"):
        adjusted(design, nobody, "rate_ratio", "n_reoffences", None)


def test_an_outcome_that_is_the_same_for_everybody_or_for_a_group_has_no_model() -> None:
    design, outcomes = invented()
    for value in (0, 1):
        with pytest.raises(EstimationError, match="the same for everybody the design uses"):
            adjusted(design, outcomes.assign(reoffended=value), "risk_difference", "reoffended", None)
    nobody = outcomes.assign(reoffended=outcomes["reoffended"].where(design.treated, 0))
    with pytest.raises(EstimationError, match=r"foretell the outcome perfectly .* use model='linear'"):
        adjusted(design, nobody, "risk_difference", "reoffended", None)
    assert adjusted(design, nobody, "risk_difference", "reoffended", "linear").estimate > 0


def test_a_linear_model_of_a_share_may_leave_the_range_and_says_so() -> None:
    n = 40
    terms = pd.DataFrame({"age": np.arange(n, dtype=float)}, index=[f"p{place}" for place in range(n)])
    treated = np.arange(n) >= 20
    outcome = pd.DataFrame({"y": (np.arange(n) % 20 < 3).astype(int)}, index=terms.index)
    design = design_of(terms, treated, np.ones(n))
    assert adjusted(design, outcome, "risk_difference", "y", "linear").mean_comparison < 0
    with pytest.raises(EstimationError, match="not above 0 in both groups"):
        adjusted(design, outcome, "risk_ratio", "y", "linear")


def test_too_few_people_for_the_model_are_refused() -> None:
    design, outcomes = invented(8)
    with pytest.raises(EstimationError, match=r"too few for a model of the outcome with \d+ terms"):
        wide = pd.DataFrame(np.eye(8), index=outcomes.index)
        adjusted(
            with_facts(design, model_terms=lambda covariates=None: wide), outcomes, "mean_difference", "score", None
        )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"measure": "risk_difference", "column": "reoffended", "model": "poisson"}, "gives no 'risk_difference'"),
        ({"measure": "mean_difference", "column": "score", "model": "logit"}, "needs an outcome of 0 and 1"),
        ({"measure": "mean_difference", "column": "score", "model": "poisson"}, "needs a count"),
        ({"measure": "rate_ratio", "column": "n_reoffences", "model": "linear"}, "gives no 'rate_ratio'"),
        ({"measure": "risk_ratio", "column": "reoffended", "model": "probit"}, "'logit', 'linear'"),
        ({"measure": "mean_difference", "column": "score", "model": None, "adjust": ()}, "names no covariate"),
        ({"measure": "mean_difference", "column": "score", "model": None, "std_error": "count"}, "std_error='count'"),
    ],
)
def test_what_does_not_go_together_is_refused(options: dict[str, Any], words: str) -> None:
    design, outcomes = invented()
    with pytest.raises(InputError, match=words):
        adjusted(design, outcomes, **options)


def test_a_design_without_covariates_and_a_hazard_ratio_are_refused() -> None:
    design, outcomes = invented()
    bare = with_facts(design)
    del bare.model_terms
    with pytest.raises(InputError, match="hands out none"):
        adjusted(bare, outcomes, "mean_difference", "score", None)
    with pytest.raises(InputError, match="not adjusted by averaging"):
        estimate_effect(design, outcomes, measure="hazard_ratio", time="time", event="event", estimator="regression")


def test_model_and_adjust_are_for_a_regression() -> None:
    design, outcomes = invented()
    with pytest.raises(InputError, match="adjust= names covariates"):
        estimate_effect(design, outcomes["reoffended"], adjust=["age"])
    with pytest.raises(InputError, match="model= is for estimator='regression'"):
        estimate_effect(design, outcomes["reoffended"], model="logit")
    with pytest.raises(InputError, match="'poisson' or 'negative_binomial'"):
        estimate_effect(design, outcomes["n_reoffences"], measure="rate_ratio", model="linear")


def test_somebody_alone_at_a_level_has_no_hc3() -> None:
    design, outcomes = invented()
    alone = pd.Series(0.0, outcomes.index)
    alone.iloc[int(np.flatnonzero(design.treated)[0])] = 1.0
    terms = design.model_terms().assign(rare=alone)
    lonely = with_facts(design, model_terms=lambda covariates=None: terms)
    effect = adjusted(lonely, outcomes, "mean_difference", "score", None)
    assert effect.se_method.startswith("robust (HC1)")
    assert any("Somebody alone settles a coefficient" in remark for remark in effect.remarks)
    with pytest.raises(EstimationError, match="std_error='hc3' cannot be given"):
        adjusted(lonely, outcomes, "mean_difference", "score", None, std_error="hc3")


def test_the_usual_error_is_hc3_for_a_linear_model_and_hc0_for_others_and_clustered_where_there_are_clusters() -> None:
    design, outcomes = invented()
    assert "HC3" in adjusted(design, outcomes, "mean_difference", "score", None).se_method
    assert "HC0" in adjusted(design, outcomes, "odds_ratio", "reoffended", None).se_method
    person = pd.Series([f"c{place // 3}" for place in range(240)], outcomes.index)
    clustered = adjusted(design, outcomes, "mean_difference", "score", None, cluster=person)
    assert clustered.se_method == "clustered by person (HC1 with G/(G - 1), G = 80 people)"
    assert (
        "HC0 with G/(G - 1)" in adjusted(design, outcomes, "odds_ratio", "reoffended", None, cluster=person).se_method
    )


def test_with_a_real_design_the_error_allows_for_the_weights_and_the_remarks_stand_among_the_notes() -> None:
    people = recid()
    covariates = ["priors", "educ", "age", "felon"]
    design = dip.weight(people, treated="workprg", covariates=covariates, method="ipw")
    effect = estimate_effect(design, people["returned_12m"], estimator="regression")
    assert effect.se_method.startswith("M-estimation")
    assert effect.estimator == "regression"
    notes = effect.summary().notes
    assert any(note.startswith("Adjusted once more in a logistic model with treatment, 4 terms") for note in notes)
    some = estimate_effect(design, people["returned_12m"], estimator="regression", adjust=["priors", "age"])
    assert "2 terms" in some.remarks[0]
    with pytest.raises(InputError, match="no covariate height"):
        estimate_effect(design, people["returned_12m"], estimator="regression", adjust=["height"])


def test_the_e_value_of_an_adjusted_difference_comes_from_the_adjusted_shares() -> None:
    design, outcomes = invented()
    difference = adjusted(design, outcomes, "risk_difference", "reoffended", None)
    ratio = adjusted(design, outcomes, "risk_ratio", "reoffended", None)
    assert difference.e_value == pytest.approx(ratio.e_value, rel=1e-12)
    assert difference.mean_treated / difference.mean_comparison == pytest.approx(ratio.estimate, rel=1e-12)


def test_in_a_randomised_comparison_adjusting_narrows_the_interval() -> None:
    rng = np.random.default_rng(3)
    n = 400
    terms = pd.DataFrame({"before": rng.normal(0, 1, n)}, index=[f"p{place}" for place in range(n)])
    treated = np.arange(n) % 2 == 0
    outcomes = pd.DataFrame({"score": 2 * terms["before"] - 0.5 * treated + rng.normal(0, 1, n)})
    design = design_of(terms, treated, np.ones(n))
    plain = estimate_effect(design, outcomes["score"], measure="mean_difference")
    effect = adjusted(design, outcomes, "mean_difference", "score", None)
    assert effect.std_error < 0.6 * plain.std_error
    assert effect.conf_low < -0.5 < effect.conf_high


def test_an_error_for_these_very_people_says_so_and_one_for_others_like_them_is_wider_where_effects_differ() -> None:
    rng = np.random.default_rng(4)
    one, treated = rng.normal(size=600), rng.random(600) < 0.4
    frame = pd.DataFrame({"treated": treated, "one": one, "y": one + 3 * one * treated + rng.normal(size=600)})
    design = dip.match(frame, treated="treated", covariates=["one"], caliper=0.2)
    common: dict[str, Any] = {"measure": "mean_difference", "estimator": "regression"}
    given = estimate_effect(design, frame["y"], **common)
    assert wording.NOTE_THESE_PEOPLE in given.remarks
    weights = dip.weight(frame, treated="treated", covariates=["one"])
    wider = estimate_effect(weights, frame["y"], **common)
    assert wider.se_method.startswith("M-estimation")
    assert wording.NOTE_THESE_PEOPLE not in wider.remarks
    assert wider.std_error > 1.5 * given.std_error
    assert wording.NOTE_THESE_PEOPLE not in estimate_effect(design, frame["y"], measure="mean_difference").remarks
