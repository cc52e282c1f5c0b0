"""Radius matching, subclasses and coarsened exact matching against figures from R (see PROVENANCE_MATCHING.md)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from tests.helpers import assert_close_to_reference
from tests.reference.test_matching_reference import NAMES, att, check_balance, reference_weights, setting

RADIUS: dict[str, dict[str, Any]] = {
    "ps_0.01": {"column": "ps_all_default", "caliper": 0.01, "caliper_unit": "raw"},
    "ps_0.05": {"column": "ps_all_default", "caliper": 0.05, "caliper_unit": "raw"},
    "logit_0.2sd": {"column": "logit_all_default", "caliper": 0.2, "caliper_unit": "sd"},
}
SETS: dict[str, dict[str, Any]] = {
    "subclass6_att": {"method": "subclass"},
    "subclass5_ate": {"method": "subclass", "subclasses": 5, "estimand": "ATE"},
    "cem_default": {"method": "cem"},
    "cem_cut": {"method": "cem", "cutpoints": {"age": 4, "educ": 4}},
}
# R moved people into classes without treated people on nsw_cps, by a rule that is not known
KNOWN = [(name, design) for name in NAMES for design in SETS if (name, design) != ("nsw_cps", "subclass5_ate")]
CELLS = {  # cells with anybody in them, and with both groups
    ("lalonde", "cem_default"): (390, 25),
    ("lalonde", "cem_cut"): (302, 33),
    ("nsw_cps", "cem_default"): (7737, 45),
    ("nsw_cps", "cem_cut"): (4065, 53),
    ("recid", "cem_default"): (774, 103),
    ("recid", "cem_cut"): (434, 107),
}


def made(name: str, **options: Any) -> tuple[pd.DataFrame, dip.Design, dict[str, Any]]:
    people, figures = setting(name)
    column = options.pop("column", "ps_all_default")
    score = pd.Series(figures["ps_model"][column], index=people.index)
    common = {"treated": figures["treatment"], "covariates": figures["covariates"]}
    return people, dip.match(people, score=score, scale="given", **common, **options), figures


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("design", RADIUS)
def test_radius_weights_links_and_effect_equal_r(name: str, design: str) -> None:
    people, found, figures = made(name, method="radius", **RADIUS[design])
    reference = figures["radius"][design]
    assert_close_to_reference(found.options["caliper_width"], reference["caliper_abs"])
    assert (found.n_treated, found.n_comparison) == (reference["n_treated"], reference["n_control"])
    links = reference["controls_per_treated"]
    assert found.options["n_links"] == links["sum"]
    assert found.options["neighbours"] == {"fewest": links["min"], "median": links["median"], "most": links["max"]}
    assert_close_to_reference(found.ess, reference["ess_control"])
    # R's weights are those before rescaling: they sum to the treated people matched
    raw = found.weights[~found.treated] * (found.n_treated / found.n_comparison)
    assert raw.sum() == pytest.approx(reference["sum_control_weight"], abs=1e-9)
    assert_close_to_reference(raw.max(), reference["max_control_weight"])
    head = reference["control_weights_head"]
    assert raw[raw > 0].index[:50].tolist() == head["rows"]
    assert_close_to_reference(raw.loc[head["rows"]], head["weights"])
    assert_close_to_reference(att(people, found, figures["outcome"]), reference["effect"]["att"])
    check_smd(found, reference["balance"])


@pytest.mark.parametrize("name", NAMES)
def test_kernel_weights_and_effect_equal_r(name: str) -> None:
    reference = setting(name)[1]["kernel"]
    people, found, figures = made(name, method="kernel", caliper=reference["bandwidth"], caliper_unit="raw")
    assert (found.n_treated, found.n_comparison) == (reference["n_treated"], reference["n_control"])
    assert_close_to_reference(found.ess, reference["ess_control"])
    assert_close_to_reference(att(people, found, figures["outcome"]), reference["att"])
    check_smd(found, reference["balance"])


def check_smd(found: dip.Design, reference: Any) -> None:
    table = found.balance().to_frame().set_index("term")
    for term, row in zip(reference["rows"], reference["values"], strict=True):
        np.testing.assert_allclose(table.loc[term, "smd_before"], row["smd_before"], rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(table.loc[term, "smd_after"], row["smd_after"], rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize(("name", "design"), KNOWN)
def test_weights_of_classes_and_cells_equal_r(name: str, design: str) -> None:
    people, found, figures = made(name, **SETS[design])
    reference = figures["matches"][design]
    weights = reference_weights(reference)
    assert_close_to_reference(found.weights.loc[weights.index], weights)
    assert (found.n_treated, found.n_comparison) == (reference["n_treated"], reference["n_control"])
    assert_close_to_reference([found.ess_treated, found.ess], [reference["ess_treated"], reference["ess_control"]])
    assert_close_to_reference(
        np.setdiff1d(np.round(found.weights[found.treated], 12), [0.0]),
        np.setdiff1d(np.round(reference["treated_weights_unique"], 12), [0.0]),
    )
    assert_close_to_reference(att(people, found, figures["outcome"]), reference["effect"]["att"])
    if "balance_matched" in reference:
        check_balance(
            found.balance().to_frame(), figures["balance_unmatched"], reference["balance_matched"], with_score=False
        )


def test_classes_of_nsw_cps_for_everybody_are_merged_and_not_filled_with_people_moved() -> None:
    _, found, _ = made("nsw_cps", **SETS["subclass5_ate"])
    assert (found.options["n_classes"], found.options["n_merged_classes"]) == (2, 3)
    assert (found.weights > 0).all()


@pytest.mark.parametrize(("name", "design"), KNOWN)
def test_every_stratum_holds_as_many_people_as_in_r(name: str, design: str) -> None:
    _, found, figures = made(name, **SETS[design])
    reference = figures["matches"][design]["subclass_table"]
    if "cem" in design:
        assert (found.options["n_cells"], found.options["n_matched_cells"]) == CELLS[name, design]
    if "values" not in reference:
        assert found.sets.nunique() == reference["n_subclasses"]
        return
    ours = pd.crosstab(found.sets, found.treated)
    counts = sorted(zip(ours[False], ours[True], strict=True))
    assert counts == sorted((row["0"], row["1"]) for row in reference["values"])


@pytest.mark.parametrize("name", NAMES)
def test_fixed_radius_on_probabilities_is_warned_of_where_treatment_is_rare(name: str) -> None:
    people, figures = setting(name)
    found = dip.match(
        people,
        treated=figures["treatment"],
        covariates=figures["covariates"],
        method="radius",
        scale="probability",
        caliper=0.05,
        caliper_unit="raw",
    )
    assert any("risky" in note for note in found.notes) == (name == "nsw_cps")
