"""Optimal and full matching against R's optmatch, called through MatchIt (see PROVENANCE_MATCHING.md)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linear_sum_assignment, linprog
from scipy.sparse import csr_array

import dipeval as dip
from tests.helpers import load_reference
from tests.reference.data import LOADERS

NAMES = ("lalonde", "recid")  # too large for optmatch on nsw_cps
COLUMNS = {"optimal": "ps_all_default", "optimal_logit": "logit_all_default", "optimal_r2": "ps_all_default"}
OUTCOMES = {"lalonde": "re78", "recid": "reoff12"}


def matched(name: str, method: str, column: str, **options: Any) -> tuple[dip.Design, dict[str, Any], pd.DataFrame]:
    data, figures = LOADERS[name](), load_reference("matching")[name]
    people = data.set_index(pd.RangeIndex(1, len(data) + 1))
    score = pd.Series(figures["ps_model"][column], index=people.index)
    design = dip.match(
        people,
        treated=figures["treatment"],
        covariates=figures["covariates"],
        method=method,
        score=score,
        scale="given",
        caliper=None,
        **options,
    )
    return design, figures["matches"], people


def dense_total(design: dip.Design, ratio: int, score: pd.Series) -> float:
    """Least total distance, from scipy's solver on the whole matrix; who has no second match costs the same."""
    treated, others = score[design.treated].to_numpy(), score[~design.treated].to_numpy()
    costs = np.vstack([np.abs(treated[:, None] - others)] * ratio)
    spare = len(costs) - len(others)
    if spare > 0:  # stand-ins that only second matches may take
        stand_in = np.zeros((len(costs), spare))
        stand_in[: len(treated)] = 1e6
        costs = np.hstack([costs, stand_in])
    first, second = linear_sum_assignment(costs)
    return float(costs[first, second].sum())


@pytest.mark.parametrize("design_name", COLUMNS)
@pytest.mark.parametrize("name", NAMES)
def test_optimal_pairs_beat_optmatch_and_equal_a_dense_assignment(name: str, design_name: str) -> None:
    """optmatch stops at a tolerance: its total distance may be beaten, and never beats the optimum."""
    ratio = 2 if design_name.endswith("r2") else 1
    design, figures, people = matched(name, "optimal", COLUMNS[design_name], ratio=ratio)
    total, reference = design.options["total_distance"], figures[design_name]
    assert total <= reference["total_distance"] + 1e-12
    assert total == pytest.approx(reference["total_distance"], rel=1e-4)
    column = load_reference("matching")[name]["ps_model"][COLUMNS[design_name]]
    assert total == pytest.approx(dense_total(design, ratio, pd.Series(column, index=people.index)), rel=1e-12)
    assert len(design.pairs()) == sum(len(pair) - 1 for pair in reference["pairs"])
    assert design.n_treated == reference["n_treated"]


@pytest.mark.parametrize(("name", "total"), [("lalonde", 39.692799), ("recid", 50.243886)])
def test_the_optimum_is_the_published_one_and_greedy_is_measured_against_it(name: str, total: float) -> None:
    design, _, _ = matched(name, "optimal", "ps_all_default")
    assert round(design.options["total_distance"], 6) == total
    assert design.options["greedy_pairs"] == len(design.pairs())
    assert 0 <= design.options["optimality_gap"] < 0.02


@pytest.mark.parametrize("estimand", ["ATT", "ATE"])
@pytest.mark.parametrize("name", NAMES)
def test_full_matching_uses_everybody_and_comes_close_to_optmatch(name: str, estimand: str) -> None:
    """optmatch's tolerance leaves it a few more sets at a larger total distance, so only closeness can be asked."""
    design, figures, people = matched(name, "full", "ps_all_default", estimand=estimand)
    reference = figures["full" if estimand == "ATT" else "full_ate"]
    treated, weights = design.treated, design.weights
    assert (int((weights[treated] > 0).sum()), int((weights[~treated] > 0).sum())) == (
        reference["n_treated"],
        reference["n_control"],
    )
    assert weights[treated].mean() == pytest.approx(1.0, rel=1e-12)
    assert weights[~treated].mean() == pytest.approx(1.0, rel=1e-12)
    for group, figure in ((treated, "ess_treated"), (~treated, "ess_control")):
        effective = weights[group].sum() ** 2 / (weights[group] ** 2).sum()
        assert effective == pytest.approx(reference[figure], rel=0.05)
    assert design.options["n_sets"] == pytest.approx(reference["subclass_table"]["n_subclasses"], rel=0.06)
    outcome = people[OUTCOMES[name]]
    means = [float(np.average(outcome[group], weights=weights[group])) for group in (treated, ~treated)]
    effect = reference["effect"]
    assert abs(means[0] - means[1] - effect["att"]) < 0.2 * effect["se_hc0"]


@pytest.mark.parametrize("name", ["lalonde", pytest.param("recid", marks=pytest.mark.slow)])
def test_the_total_distance_of_a_full_match_is_the_optimum_of_the_linear_programme(name: str) -> None:
    """The cheapest links that reach everybody, with every pair a variable: its corners are whole numbers."""
    design, _, people = matched(name, "full", "ps_all_default")
    score = pd.Series(load_reference("matching")[name]["ps_model"]["ps_all_default"], index=people.index)
    treated, others = score[design.treated].to_numpy(), score[~design.treated].to_numpy()
    size = len(treated) * len(others)
    links = np.arange(size)
    ends = np.concatenate([links // len(others), len(treated) + links % len(others)])
    reach = csr_array((-np.ones(2 * size), (ends, np.concatenate([links, links]))))
    distance = np.abs(treated[:, None] - others).ravel()
    best = linprog(distance, A_ub=reach, b_ub=-np.ones(len(people)), bounds=(0, None))
    assert design.options["total_distance"] == pytest.approx(best.fun, rel=1e-9)
    links_made = design.pairs()
    assert design.options["total_distance"] == pytest.approx(links_made["distance"].sum(), rel=1e-12)
    assert len(links_made) == len(people) - design.options["n_sets"]


def test_errors_of_an_effect_after_full_matching_are_clustered_on_the_sets() -> None:
    """The same regression in statsmodels."""
    sm = pytest.importorskip("statsmodels.api")
    design, _, people = matched("recid", "full", "ps_all_default")
    outcome = people["reoff12"]
    effect = dip.estimate_effect(design, outcome)
    sets = design.clusters
    assert sets is not None
    model = sm.WLS(outcome, sm.add_constant(design.treated.astype(float)), weights=design.weights)
    fitted = model.fit(cov_type="cluster", cov_kwds={"groups": sets.astype(int)})
    assert effect.estimate == pytest.approx(fitted.params.iloc[1], rel=1e-9)
    assert effect.std_error == pytest.approx(fitted.bse.iloc[1], rel=1e-9)
    assert effect.se_method == f"clustered by matched set (HC1 with G/(G - 1), G = {design.options['n_sets']:,} sets)"
