"""Augmented weighting against figures computed in R from their definition (R 4.2.2, glm)."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from dipeval.effects import estimate_effect
from dipeval.matching import weight
from tests.helpers import assert_close_to_reference, load_reference
from tests.reference.data import LOADERS

MEASURE = {"recid": "risk_difference", "lalonde": "mean_difference", "nsw_cps": "mean_difference"}
# R's logistic outcome models stop at a relative change of 1e-8 in the deviance; linear ones are exact.
TOLERANCE = {"recid": 5e-8, "lalonde": 1e-8, "nsw_cps": 1e-8}


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("estimand", ["ATT", "ATE"])
@pytest.mark.parametrize("own_score", [False, True])
def test_estimate_and_error_are_those_of_r(name: str, estimand: str, own_score: bool) -> None:
    block: dict[str, Any] = load_reference("matching")[name]
    data = LOADERS[name]()
    design = weight(
        data,
        treated=block["treatment"],
        covariates=block["covariates"],
        method="ipw",
        estimand=estimand,
        score=None if own_score else pd.Series(block["ps_model"]["ps_all_default"], data.index),
    )
    effect = estimate_effect(design, data[block["outcome"]], measure=MEASURE[name], estimator="aipw", folds=1)
    expected, key = block["aipw"], estimand.lower()
    # R's scores stop at their default tolerance too: up to 3.1e-9 from the maximum.
    rtol = TOLERANCE[name] if not own_score else 5e-8
    assert_close_to_reference(effect.estimate, expected[key], rtol=rtol)
    assert_close_to_reference(effect.std_error, expected[f"se_{key}_if"], rtol=rtol)
