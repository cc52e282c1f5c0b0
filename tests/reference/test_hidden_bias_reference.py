"""Bounds and robustness values against figures of R (rbounds 2.2, sensemakr 0.1.6)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.effects import robustness_value, rosenbaum_bounds
from dipeval.matching import weight
from tests.helpers import assert_close_to_reference, load_reference
from tests.reference.data import LOADERS

NUMBERS = ("lalonde", "nsw_cps")
COVARIATES = {
    "lalonde": ["age", "educ", "black", "hispan", "married", "nodegree", "re74", "re75"],
    "nsw_cps": ["age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75"],
    "recid": ["black", "alcohol", "drugs", "married", "felon", "property", "person", "priors", "educ", "age"],
}


def _pairs(name: str) -> tuple[Any, pd.Series, np.ndarray]:
    """R's own pairs as a design, the outcome, and the differences within pairs."""
    block, data = load_reference("matching")[name], LOADERS[name]()
    pairs = np.array([row[:2] for row in block["matches"]["nn_logit_cal02"]["pairs"]]) - 1
    number = pd.Series(np.nan, data.index)
    number.iloc[pairs.T.ravel()] = np.tile(np.arange(len(pairs)), 2)
    design = SimpleNamespace(
        weights=number.notna().astype(float),
        treated=data[block["treatment"]] == 1,
        clusters=number,
        estimand_in_words="the average effect on the matched treated people",
        fingerprint="reference",
        method="nearest",
    )
    outcome = data[block["outcome"]]
    values = outcome.to_numpy(dtype=float)
    return design, outcome, values[pairs[:, 0]] - values[pairs[:, 1]]


def _printed(name: str, key: str) -> np.ndarray:
    return np.array(
        [
            [row["Gamma"], row["Lower bound"], row["Upper bound"]]
            for row in load_reference("matching")[name]["sensitivity"][key]["values"]
        ]
    )


@pytest.mark.parametrize("name", NUMBERS)
def test_signed_rank_bounds_have_the_digits_that_r_prints(name: str) -> None:
    design, outcome, _ = _pairs(name)
    printed = _printed(name, "psens_wilcoxon")
    found = rosenbaum_bounds(design, outcome, gammas=printed[:, 0].tolist()).to_frame()
    np.testing.assert_array_equal(found[["gamma", "p_low", "p_high"]].round(4).to_numpy(), printed)


def test_mcnemar_bounds_have_the_digits_that_r_prints_when_the_number_observed_is_left_out() -> None:
    design, outcome, differences = _pairs("recid")
    expected = load_reference("matching")["recid"]["sensitivity"]["mcnemar"]
    assert (differences > 0).sum() == expected["treated_only"]
    assert (differences < 0).sum() == expected["control_only"]
    printed = _printed("recid", "binarysens")
    found = rosenbaum_bounds(design, outcome, gammas=printed[:, 0].tolist(), count_observed=False).to_frame()
    np.testing.assert_array_equal(found[["gamma", "p_low", "p_high"]].round(5).to_numpy(), printed)
    # An exact test counts what was observed, so that its p-value is larger.
    exact = rosenbaum_bounds(design, outcome, gammas=printed[:, 0].tolist()).to_frame()
    assert (exact["p_high"] > found["p_high"]).all()


@pytest.mark.parametrize("name", NUMBERS)
def test_hodges_lehmann_bounds_are_those_of_r_to_the_step_of_its_search(name: str) -> None:
    """R steps outwards by 0.1 from the estimate of the differing pairs; ours is where the statistic is as expected."""
    design, outcome, differences = _pairs(name)
    printed = _printed(name, "hlsens")
    found = rosenbaum_bounds(design, outcome, gammas=printed[:, 0].tolist()).to_frame()
    rows, columns = np.triu_indices(len(differences))
    averages = np.sort((differences[rows] + differences[columns]) / 2)
    for row, (gamma, low, high) in zip(found.itertuples(), printed, strict=True):
        for share, ours, theirs in ((gamma / (1 + gamma), row.hl_low, low), (1 / (1 + gamma), row.hl_high, high)):
            above = share * len(averages)
            place = len(averages) - int(np.floor(above + 1e-6))
            # Where the share falls exactly between two averages, everything between them is as good.
            ends = averages[[place - 1, place if abs(above - round(above)) < 1e-6 else place - 1]]
            assert ours == pytest.approx(ends.mean(), rel=1e-12, abs=1e-9)
            if gamma > 1:
                # 0.1 for the step and up to half a unit of the fifth digit, the last that is printed.
                slack = 0.11 + 0.5 * 10 ** (np.floor(np.log10(max(abs(theirs), 1.0))) - 4)
                assert ends[0] - slack <= theirs <= ends[1] + slack
    # Without bias R leaves the pairs that do not differ out, and has another estimate than its own bounds close in on.
    apart = differences[differences != 0]
    rows, columns = np.triu_indices(len(apart))
    assert float(f"{np.median((apart[rows] + apart[columns]) / 2):.5g}") == printed[0, 1] == printed[0, 2]


@pytest.mark.parametrize("name", LOADERS)
def test_the_robustness_value_is_that_of_r(name: str) -> None:
    block, data = load_reference("matching")[name], LOADERS[name]()
    design = weight(data, treated=block["treatment"], covariates=COVARIATES[name], method="none")
    found = robustness_value(design, data[block["outcome"]], benchmarks=["black"], multiples=[1])
    expected = block["sensitivity"]["sensemakr_full_sample_ols"]
    assert found.dof == expected["dof"]
    for ours, theirs in {
        "estimate": "estimate",
        "std_error": "se",
        "partial_r2": "r2yd.x",
        "rv": "rv_q",
        "rv_limit": "rv_qa",
    }.items():
        assert_close_to_reference(getattr(found, ours), expected[theirs])


@pytest.mark.parametrize("name", LOADERS)
def test_the_bounds_of_a_benchmark_are_those_of_r(name: str) -> None:
    block, data = load_reference("matching")[name], LOADERS[name]()
    design = weight(data, treated=block["treatment"], covariates=COVARIATES[name], method="none")
    found = robustness_value(design, data[block["outcome"]], benchmarks=["black"], multiples=[1]).to_frame().iloc[1]
    expected = block["sensitivity"]["bounds_1x_black"]
    for ours, theirs in {
        "r2_treatment": "r2dz.x",
        "r2_outcome": "r2yz.dx",
        "estimate": "adjusted_estimate",
        "std_error": "adjusted_se",
        "conf_low": "adjusted_lower_CI",
        "conf_high": "adjusted_upper_CI",
    }.items():
        assert_close_to_reference(found[ours], expected[theirs])
