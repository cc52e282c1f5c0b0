"""Robust errors of every kind, regression after matching and hazard ratios, against R (see PROVENANCE_MATCHING.md).

The pairs are R's own; classes and cells are made here, which another test holds against R's weights.
"""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.effects import estimate_effect
from dipeval.effects.estimators.count_models import fit_negative_binomial, log_likelihood
from dipeval.effects.estimators.regression_averages import Averages, influences
from dipeval.effects.estimators.regression_data import RegressionData
from dipeval.effects.estimators.regression_models import fit_model, triangle
from dipeval.errors import EstimationError
from dipeval.matching import weight
from tests.helpers import assert_close_to_reference, load_reference
from tests.reference.data import LOADERS
from tests.reference.test_effects_reference import MEASURE, _case, _design, _matched
from tests.reference.test_matching_sets_reference import KNOWN, RADIUS, SETS, made

NAMES = tuple(LOADERS)
PAIRS = [
    (name, key)
    for name in NAMES
    for key, match in load_reference("matching")[name]["matches"].items()
    if match and "pairs" in match
]
MEASURES = {"risk_difference": "rd", "risk_ratio": "log_rr", "odds_ratio": "log_or"}
# Cells of recid in which nobody of a group with this mark returned: R's coefficients run away, ours are refused.
SEPARATED = {"cem_default": "alcohol", "cem_cut": "person"}
WEIGHTS = ("att", "ate", "ato", "ate_stabilised", "atm")


def with_terms(design: Any, block: dict[str, Any], data: pd.DataFrame) -> Any:
    def model_terms(covariates: Any = None) -> pd.DataFrame:
        return data[list(block["covariates"] if covariates is None else covariates)].astype("float64")

    return SimpleNamespace(**{**vars(design), "model_terms": model_terms})


def paired(name: str, key: str) -> tuple[Any, dict[str, Any], pd.DataFrame]:
    block, data = _case(name)
    match = block["matches"][key]
    clustered = match["gcomp"]["vcov"] != "HC3"
    return with_terms(_matched(block, data, match, clustered=clustered), block, data), block, data


def classes(name: str, key: str) -> tuple[Any, dict[str, Any], pd.DataFrame]:
    """Classes or cells as R had them: clusters too, however few."""
    people, found, block = made(name, **SETS[key])
    design = _design(block, people, found.weights.to_numpy(), found.sets)
    return with_terms(design, block, people), block, people


def check_errors(design: Any, outcome: pd.Series, measure: str, expected: dict[str, Any]) -> None:
    """Every robust error that R gives for the difference of means."""
    kinds = [kind for kind in ("hc0", "hc1", "hc2", "hc3", "cluster_hc0", "cluster_hc1") if f"se_{kind}" in expected]
    assert len(kinds) == (6 if design.clusters is not None else 4)
    for kind in kinds:
        effect = estimate_effect(design, outcome, measure=measure, std_error=kind)
        assert_close_to_reference(effect.estimate, expected["att"])
        assert_close_to_reference(effect.std_error, expected[f"se_{kind}"])


def check_regression(design: Any, outcome: pd.Series, expected: dict[str, Any]) -> None:
    assert expected["n_aliased"] == 0
    effect = estimate_effect(design, outcome, measure="mean_difference", estimator="regression")
    assert_close_to_reference(effect.estimate, expected["att"])
    assert_close_to_reference(effect.std_error, expected["se"])


def check_shares(design: Any, outcome: pd.Series, match: dict[str, Any], *, adjusted: bool = True) -> None:
    """Marginal differences and ratios with delta errors; without covariates they are those of the weighted means."""
    clustered = design.clusters is not None
    plain = {"std_error": "cluster_hc0" if clustered else "hc0"}
    blocks: dict[str, dict[str, Any]] = {"binary_unadjusted": plain}
    if adjusted:
        blocks["binary_adjusted"] = {"estimator": "regression"}
    for block, options in blocks.items():
        expected = match[block]
        for measure, figure in MEASURES.items():
            effect = estimate_effect(design, outcome, measure=measure, **options)
            value = effect.estimate if figure == "rd" else math.log(effect.estimate)
            assert_close_to_reference(value, expected[figure])
            assert_close_to_reference(effect.std_error, expected[f"se_{figure}"])
            assert_close_to_reference(effect.mean_treated, expected["risk_treated"])
            assert_close_to_reference(effect.mean_comparison, expected["risk_control"])


def check_hazard(design: Any, data: pd.DataFrame, expected: dict[str, Any]) -> None:
    frame = data.assign(returned=1 - data["cens"])
    effect = estimate_effect(design, frame, measure="hazard_ratio", time="durat", event="returned")
    assert_close_to_reference(math.log(effect.estimate), expected["log_hr"])
    assert_close_to_reference(effect.std_error, expected["se_robust_cluster"])


@pytest.mark.parametrize(("name", "key"), PAIRS)
def test_pairs_and_sets_have_every_error_of_r_and_its_regression(name: str, key: str) -> None:
    design, block, data = paired(name, key)
    match, outcome = block["matches"][key], data[block["outcome"]]
    check_errors(design, outcome, MEASURE[name], match["effect"])
    check_regression(design, outcome, match["gcomp"])
    if name == "recid":
        check_shares(design, outcome, match)
        check_hazard(design, data, match["cox"])


@pytest.mark.parametrize(("name", "key"), KNOWN)
def test_classes_and_cells_have_every_error_of_r_and_its_regression(name: str, key: str) -> None:
    design, block, data = classes(name, key)
    match, outcome = block["matches"][key], data[block["outcome"]]
    check_errors(design, outcome, MEASURE[name], match["effect"])
    check_regression(design, outcome, match["gcomp"])
    if name == "recid":
        check_shares(design, outcome, match, adjusted=key not in SEPARATED)
        check_hazard(design, data, match["cox"])


@pytest.mark.parametrize("key", SEPARATED)
def test_a_logistic_model_without_a_finite_estimate_is_refused(key: str) -> None:
    design, block, data = classes("recid", key)
    used = data[design.weights > 0]
    returned = used.groupby(["workprg", SEPARATED[key]])[block["outcome"]].mean()
    assert returned.min() == 0
    with pytest.raises(EstimationError, match=f"run away most for '{SEPARATED[key]}'"):
        estimate_effect(design, data[block["outcome"]], estimator="regression")


@pytest.mark.parametrize("name", ["lalonde", "recid"])
def test_full_matching_with_the_weights_of_r(name: str) -> None:
    block, data = _case(name)
    match = block["matches"]["full"]
    weights = np.where(data[block["treatment"]] == 1, 1.0, 0.0)
    weights[np.array(match["control_rows"]) - 1] = match["control_weights"]
    design = with_terms(_design(block, data, weights, None), block, data)
    outcome = data[block["outcome"]]
    for kind in ("hc0", "hc1", "hc2", "hc3"):
        effect = estimate_effect(design, outcome, measure=MEASURE[name], std_error=kind)
        assert_close_to_reference(effect.std_error, match["effect"][f"se_{kind}"])
    effect = estimate_effect(design, outcome, measure="mean_difference", estimator="regression")
    assert_close_to_reference(effect.estimate, match["gcomp"]["att"])


@pytest.mark.parametrize("name", NAMES)
def test_weights_have_every_error_of_r(name: str) -> None:
    block, data = _case(name)
    score = np.asarray(block["ps_model"]["ps_all_default"])
    treated = (data[block["treatment"]] == 1).to_numpy()
    inverse = np.where(treated, 1 / score, 1 / (1 - score))
    share = treated.mean()
    weights = {
        "att": score * inverse,
        "ate": inverse,
        "ato": score * (1 - score) * inverse,
        "ate_stabilised": np.where(treated, share, 1 - share) * inverse,
        "atm": np.minimum(score, 1 - score) * inverse,
    }
    for kind in WEIGHTS:
        check_errors(
            _design(block, data, weights[kind], None), data[block["outcome"]], MEASURE[name], block["ipw"][kind]
        )
    kept = np.where((score > 0.1) & (score < 0.9), inverse, 0.0)
    trimmed = block["ipw"]["ate_crump"]
    assert (kept > 0).sum() == trimmed["n_kept"]
    check_errors(_design(block, data, kept, None), data[block["outcome"]], MEASURE[name], trimmed)
    balanced = weight(data, treated=block["treatment"], covariates=block["covariates"], method="entropy")
    check_errors(balanced, data[block["outcome"]], MEASURE[name], block["entropy_balancing"])
    everybody = _design(block, data, np.ones(len(data)), None)
    check_errors(everybody, data[block["outcome"]], MEASURE[name], block["naive"])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("key", RADIUS)
def test_a_radius_has_every_error_of_r(name: str, key: str) -> None:
    people, found, block = made(name, method="radius", **RADIUS[key])
    check_errors(found, people[block["outcome"]], MEASURE[name], block["radius"][key]["effect"])


def counts() -> tuple[dict[str, Any], RegressionData]:
    """Rearrests of each person over the days at risk, with the columns of R's model."""
    block = load_reference("survival")["recurrent"]
    rows = pd.DataFrame({name: values for name, values in block["data"].items() if name != "note"})
    rows["days"] = rows["stop"] - rows["start"]
    people = rows.groupby("id").agg(
        events=("event", "sum"),
        days=("days", "sum"),
        treat=("treat", "first"),
        age=("age", "first"),
        prio=("prio", "first"),
    )
    return block, laid_out(people, "events", "days")


def laid_out(frame: pd.DataFrame, events: str, days: str) -> RegressionData:
    n = len(frame)
    matrix = np.column_stack([np.ones(n), frame[["treat", "age", "prio"]].to_numpy(dtype=float)])
    return RegressionData(
        names=("the mean", "treat", "age", "prio"),
        matrix=matrix,
        with_treatment=matrix,
        without_treatment=matrix,
        outcome=frame[events].to_numpy(dtype=float),
        treated=frame["treat"].to_numpy() == 1,
        weight=np.ones(n),
        exposure=frame[days].to_numpy(dtype=float),
        people=np.ones(n),
        row=np.arange(n),
        n_repeating=0,
    )


def test_the_negative_binomial_model_with_time_at_risk_equals_r() -> None:
    block, data = counts()
    expected = block["negative_binomial_exposure"]
    fit = fit_negative_binomial(data)
    assert_close_to_reference(fit.coefficients, list(expected["coef"].values()))
    assert_close_to_reference(1 / fit.dispersion, expected["theta"])
    assert_close_to_reference(2 * log_likelihood(data, fit), expected["twologlik"])


def test_the_poisson_model_with_time_at_risk_and_its_robust_error_equal_r() -> None:
    block, data = counts()
    expected = block["poisson_exposure_robust"]
    fit = fit_model(data, "poisson")
    assert_close_to_reference(fit.coefficients, list(expected["coef"].values()))
    root = triangle(data.matrix, fit.pull.bend)
    nothing = np.zeros(len(data.outcome))
    for place, error in enumerate(expected["se_hc0"].values()):
        one = np.eye(4)[place]
        over = Averages(means=(0.0, 0.0), gradients=(one, np.zeros(4)), deviations=(nothing, nothing))
        found = influences(data, fit, root, over, (1.0, 1.0))[0]
        assert_close_to_reference(math.sqrt(math.fsum(found**2)), error)
