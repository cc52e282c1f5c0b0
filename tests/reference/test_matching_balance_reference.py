"""Every balance table of the R run, from its own weights: the measuring is checked apart from the matching."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.matching.balance import Balance
from dipeval.matching.balance_table import measure_balance
from dipeval.matching.terms import encode
from tests.helpers import load_reference
from tests.reference.data import LOADERS

NAMES = tuple(LOADERS)
# Designs run on the data set whose weights are given for everybody (for the other designs see below).
CASES = [
    (name, design)
    for name in NAMES
    for design, figures in load_reference("matching")[name]["matches"].items()
    if figures and "control_rows" in figures and ("pairs" in figures or design in ("subclass6_att", "full"))
]
COLUMNS = {
    "Std. Mean Diff.": "smd",
    "Var. Ratio": "variance_ratio",
    "eCDF Max": "ks",
    "eCDF Mean": "ecdf",
    "Means Control": "mean_comparison",
}


def weights_of(figures: dict[str, Any], treated: np.ndarray) -> np.ndarray:
    """The weights of one design of the R run."""
    weights = np.zeros(len(treated))
    if "pairs" in figures:
        weights[[pair[0] - 1 for pair in figures["pairs"]]] = 1.0
    else:
        weights[treated] = 1.0
    weights[np.array(figures["control_rows"]) - 1] = figures["control_weights"]
    return weights


def measured(name: str, weights: np.ndarray | None, estimand: str = "ATT") -> Balance:
    people, figures = LOADERS[name](), load_reference("matching")[name]
    treated = people[figures["treatment"]].to_numpy() == 1
    weights = np.ones(len(treated)) if weights is None else weights
    terms = encode(people[figures["covariates"]])
    return measure_balance(terms, treated, weights, order=np.arange(len(treated)), estimand=estimand)


def check(frame: pd.DataFrame, block: dict[str, Any], moment: str) -> None:
    table = frame.set_index("term")
    for term, row in zip(block["rows"], block["values"], strict=True):
        if term == "distance":
            continue
        for theirs, ours in COLUMNS.items():
            mine = table.loc[term, f"{ours}_{moment}"]
            if row[theirs] is None:
                assert np.isnan(mine)
            else:  # differences that are exactly 0 by hand are some 1e-16 in either program
                np.testing.assert_allclose(mine, row[theirs], rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(
            table.loc[term, "mean_treated_after" if moment == "after" else "mean_treated"],
            row["Means Treated"],
            rtol=1e-8,
        )


@pytest.mark.parametrize("name", NAMES)
def test_the_table_before_matching_equals_r(name: str) -> None:
    check(measured(name, None).to_frame(), load_reference("matching")[name]["balance_unmatched"], "before")


@pytest.mark.parametrize(("name", "design"), CASES)
def test_tables_after_matching_equal_r(name: str, design: str) -> None:
    reference = load_reference("matching")[name]
    figures = reference["matches"][design]
    treated = LOADERS[name]()[reference["treatment"]].to_numpy() == 1
    balance = measured(name, weights_of(figures, treated))
    check(balance.to_frame(), figures.get("balance_matched", figures.get("balance_across")), "after")
    np.testing.assert_allclose(balance.ess, figures["ess_control"], rtol=1e-8)


@pytest.mark.parametrize("name", ["lalonde", "recid"])
def test_the_table_across_classes_for_everybody_equals_r(name: str) -> None:
    people, reference = LOADERS[name](), load_reference("matching")[name]
    figures = reference["matches"]["subclass5_ate"]
    design = dip.match(
        people,
        treated=reference["treatment"],
        covariates=reference["covariates"],
        method="subclass",
        subclasses=5,
        estimand="ATE",
        score=pd.Series(reference["ps_model"]["ps_all_default"], index=people.index),
        scale="given",
        caliper=None,
    )
    check(design.balance().to_frame(), figures["balance_across"], "after")
    by_set = design.balance_by_set()
    assert len(by_set) == 5
    assert by_set["n_treated"].sum() == figures["n_treated"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("design", ["cem_default", "cem_cut"])
def test_tables_of_coarsened_exact_matching_equal_r(name: str, design: str) -> None:
    people, reference = LOADERS[name](), load_reference("matching")[name]
    found = dip.match(
        people,
        treated=reference["treatment"],
        covariates=reference["covariates"],
        method="cem",
        caliper=None,
        cutpoints={"age": 4, "educ": 4} if design == "cem_cut" else None,
    )
    figures = reference["matches"][design]
    check(found.balance().to_frame(), figures["balance_matched"], "after")
    assert found.dropped().n_kept == figures["n_treated"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("design", ["ps_0.01", "ps_0.05", "logit_0.2sd"])
def test_radius_tables_equal_r(name: str, design: str) -> None:
    people, reference = LOADERS[name](), load_reference("matching")[name]
    scale = "logit" if design.startswith("logit") else "probability"
    score = reference["ps_model"]["logit_all_default" if scale == "logit" else "ps_all_default"]
    figures = reference["radius"][design]
    found = dip.match(
        people,
        treated=reference["treatment"],
        covariates=reference["covariates"],
        method="radius",
        score=pd.Series(score, index=people.index),
        scale="given",
        caliper=figures["caliper_abs"],
        caliper_unit="raw",
    )
    table = found.balance().to_frame().set_index("term")
    columns = {"mean_t": "mean_treated_after", "mean_c": "mean_comparison_after", "smd_before": "smd_before",
               "smd_after": "smd_after", "var_ratio": "variance_ratio_after"}  # fmt: skip
    for term, row in zip(figures["balance"]["rows"], figures["balance"]["values"], strict=True):
        for theirs, ours in columns.items():
            if row[theirs] is not None:
                np.testing.assert_allclose(table.loc[term, ours], row[theirs], rtol=1e-8, atol=1e-12)
