"""Every tie kept, and Abadie-Imbens errors, against the R package Matching: nine settings, three data sets."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from tests.helpers import assert_close_to_reference, load_reference
from tests.reference.data import LOADERS

NAMES = ("lalonde", "nsw_cps", "recid")
SCORE: dict[str, Any] = {"scale": "given", "caliper": None}
VARIANCE: dict[str, Any] = {"mahalanobis_scaling": "variance", "caliper": None}
EVERYONE: dict[str, Any] = {"mahalanobis_scaling": "everyone", "caliper": None}
# Setting of the reference -> options of the design, and of the estimate ("all": every covariate).
SETTINGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "ps_m1_att": (SCORE, {}),
    "ps_m1_ate": (SCORE | {"estimand": "ATE"}, {}),
    "ps_m4_att": (SCORE | {"ratio": 4}, {}),
    "ps_m1_att_cal": (SCORE | {"caliper": 0.2}, {}),
    "ps_m1_att_robustvar": (SCORE, {"neighbours": 2}),
    "ps_m1_att_biasadj": (SCORE, {"adjust": "all"}),
    "invvar_m1_att": (VARIANCE, {}),
    "mah_m1_att": (EVERYONE, {}),
    "mah_m1_att_biasadj": (EVERYONE, {"adjust": "all"}),
}
CASES = [(name, key) for name in NAMES for key in SETTINGS]


@cache
def estimated(name: str, key: str) -> tuple[dip.Design, dip.Effect, dict[str, Any]]:
    figures, people = load_reference("matching")[name], LOADERS[name]()
    asked, how = SETTINGS[key]
    more: dict[str, Any] = {"mahalanobis": figures["covariates"]}
    if asked.get("scale") == "given":
        more = {"score": pd.Series(figures["ps_model"]["ps_all_default"], index=people.index)}
    design = dip.match(
        people,
        treated=figures["treatment"],
        covariates=figures["covariates"],
        method="nearest",
        replace=True,
        ties="all",
        **asked,
        **more,
    )
    options = {"neighbours": 0, **how}
    if "adjust" in options:
        options["adjust"] = figures["covariates"]
    effect = dip.estimate_effect(
        design, people[figures["outcome"]], measure="mean_difference", estimator="abadie_imbens", **options
    )
    return design, effect, figures["abadie_imbens"][key]


@pytest.mark.parametrize(("name", "key"), CASES)
def test_the_matches_and_the_estimate_are_those_of_r(name: str, key: str) -> None:
    design, effect, reference = estimated(name, key)
    assert len(design.pairs()) == reference["n_matched_rows"]
    matched = int((design.weights > 0).sum()) if key == "ps_m1_ate" else design.n_treated
    assert matched == reference["n_obs_treated"]
    assert_close_to_reference(effect.estimate, reference["est"])


@pytest.mark.parametrize(("name", "key"), CASES)
def test_the_error_is_that_of_r(name: str, key: str) -> None:
    """R counts a person whom the caliper leaves out as one with no effect, and divides by everybody; here neither."""
    _, effect, reference = estimated(name, key)
    kept, left_out = reference["n_obs_treated"], reference["ndrops"]
    variance = (effect.std_error * kept) ** 2 + left_out * effect.estimate**2
    assert_close_to_reference(np.sqrt(variance) / (kept + left_out), reference["se_ai"])
    if not left_out:
        assert_close_to_reference(effect.std_error, reference["se_ai"])


def test_in_one_setting_alone_the_caliper_left_somebody_out() -> None:
    dropped = [(name, key) for name, key in CASES if estimated(name, key)[2]["ndrops"]]
    assert dropped == [("lalonde", "ps_m1_att_cal")]


@pytest.mark.parametrize("name", NAMES)
def test_the_weighted_contrast_has_the_same_estimate_and_error_without_being_asked(name: str) -> None:
    design, _, reference = estimated(name, "ps_m1_att_robustvar")
    figures, people = load_reference("matching")[name], LOADERS[name]()
    effect = dip.estimate_effect(design, people[figures["outcome"]], measure="mean_difference")
    assert effect.estimator == "weighted"
    assert effect.se_method.startswith("Abadie-Imbens")
    assert_close_to_reference(effect.estimate, reference["est"])
    assert_close_to_reference(effect.std_error, reference["se_ai"])
