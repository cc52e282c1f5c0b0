"""From people to an effect in one go: every design of the R run, made here, with its effect, error and balance.

The parts are held against R one by one elsewhere; here the errors are those of R's run: clustered on pairs and sets, as
`estimate_effect` chooses by itself, otherwise HC0, asked for by name (see PROVENANCE_MATCHING.md).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from tests.helpers import assert_close_to_reference
from tests.reference.test_matching_reference import (
    IPW,
    NAMES,
    PAIRED,
    as_sets,
    check_balance,
    expected_sets,
    matched,
    r_probit_scores,
    reference_weights,
    setting,
)
from tests.reference.test_matching_sets_reference import KNOWN, RADIUS, SETS, made

MEASURE = {"recid": "risk_difference", "lalonde": "mean_difference", "nsw_cps": "mean_difference"}
# On nsw_cps ties abound, and of three matches with replacement other people just as near are taken than in R.
CASES = [(name, design) for name in NAMES for design in PAIRED if (name, design) != ("nsw_cps", "nn_repl_r3_cal")]


def check_effect(name: str, design: dip.Design, reference: dict[str, Any]) -> dip.Effect:
    people, figures = setting(name)
    error = "auto" if design.clusters is not None else "hc0"
    effect = dip.estimate_effect(design, people[figures["outcome"]], measure=MEASURE[name], std_error=error)
    assert effect.n_treated + effect.n_comparison == reference["n"]
    assert_close_to_reference(effect.mean_treated, reference["mean_treated"])
    assert_close_to_reference(effect.mean_comparison, reference["mean_control"])
    assert_close_to_reference(effect.estimate, reference["att"])
    clustered = design.clusters is not None
    assert_close_to_reference(effect.std_error, reference["se_cluster_hc1" if clustered else "se_hc0"])
    return effect


@pytest.mark.parametrize(("name", "design"), CASES)
def test_pairs_made_here_give_the_effect_and_the_error_of_r(name: str, design: str) -> None:
    found, figures = matched(name, design)
    effect = check_effect(name, found, figures["effect"])
    several = PAIRED[design].get("ratio", 1) > 1
    way = "pair-cluster" if not several else "clustered by matched set"
    assert effect.se_method.startswith("robust (HC0) over the weighted people" if "repl" in design else way)


@pytest.mark.parametrize("name", ["lalonde", "recid"])
def test_the_table_of_three_matches_with_replacement_equals_r(name: str) -> None:
    found, figures = matched(name, "nn_repl_r3_cal")
    _, reference = setting(name)
    check_balance(
        found.balance().to_frame(), reference["balance_unmatched"], figures["balance_matched"], with_score=False
    )
    assert_close_to_reference(found.ess, figures["ess_control"])


@pytest.mark.parametrize("name", NAMES)
def test_trimming_to_common_support_is_discarding_both_in_r(name: str) -> None:
    people, figures = setting(name)
    reference = figures["matches"]["nn_discard"]
    found = dip.match(
        people,
        treated=figures["treatment"],
        covariates=figures["covariates"],
        score=pd.Series(figures["ps_model"]["ps_all_default"], index=people.index),
        scale="given",
        trim="common_support",
        caliper=None,
        ties="row",
    )
    assert as_sets(found) == expected_sets(reference)
    weights = reference_weights(reference)
    assert_close_to_reference(found.weights.loc[weights.index], weights)
    # "Before" is everybody, trimmed away or not.
    check_balance(
        found.balance().to_frame(), figures["balance_unmatched"], reference["balance_matched"], with_score=True
    )
    support = figures["ps_model"]["common_support"]
    assert found.options["n_trimmed"] == support["n_treated_outside"] + support["n_control_outside"]
    check_effect(name, found, reference["effect"])


@pytest.mark.parametrize(("name", "design"), KNOWN)
def test_classes_and_cells_give_the_effect_of_r_and_hc0(name: str, design: str) -> None:
    _, found, figures = made(name, **SETS[design])
    assert check_effect(name, found, figures["matches"][design]["effect"]).se_method == "robust (HC0)"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("design", RADIUS)
def test_a_radius_gives_the_effect_of_r_and_hc0_that_takes_the_matches_as_given(name: str, design: str) -> None:
    _, found, figures = made(name, method="radius", **RADIUS[design])
    effect = check_effect(name, found, figures["radius"][design]["effect"])
    assert "takes the matches as given" in effect.se_method


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("design", IPW)
def test_weights_from_the_score_give_the_effect_and_the_table_of_r(name: str, design: str) -> None:
    people, figures = setting(name)
    score = pd.Series(figures["ps_model"]["ps_all_default"], index=people.index)
    common = {"treated": figures["treatment"], "covariates": figures["covariates"]}
    found = dip.weight(people, score=score, **common, **IPW[design])
    reference = figures["ipw"][design]
    assert check_effect(name, found, reference).se_method == "robust (HC0)"
    if "balance" not in reference:
        return
    # R's table has the treated people's standard deviation throughout, whatever the estimand: rescaled here.
    own = found.balance()
    theirs = dip.weight(people, method="none", **common).balance().denominators
    table = own.to_frame().set_index("term")
    for term, row in zip(reference["balance"]["rows"], reference["balance"]["values"], strict=True):
        factor = own.denominators[term] / theirs[term]
        figures_here = {
            "mean_t": table.loc[term, "mean_treated_after"],
            "mean_c": table.loc[term, "mean_comparison_after"],
            "smd_before": table.loc[term, "smd_before"] * factor,
            "smd_after": table.loc[term, "smd_after"] * factor,
            "var_ratio": table.loc[term, "variance_ratio_after"],
        }
        for column, here in figures_here.items():
            if row[column] is not None:  # differences that are 0 by hand: R's scores were fitted to 1e-8
                np.testing.assert_allclose(here, row[column], rtol=1e-8, atol=1e-8 if design == "ato" else 1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_entropy_balancing_gives_the_effect_and_the_table_of_r(name: str) -> None:
    people, figures = setting(name)
    found = dip.weight(people, treated=figures["treatment"], covariates=figures["covariates"])
    reference = figures["entropy_balancing"]
    check_effect(name, found, reference)
    table = found.balance().to_frame().set_index("term")
    for term, row in zip(reference["balance"]["rows"], reference["balance"]["values"], strict=True):
        np.testing.assert_allclose(table.loc[term, "mean_treated_after"], row["mean_t"], rtol=1e-8)
        np.testing.assert_allclose(table.loc[term, "mean_comparison_after"], row["mean_c"], rtol=1e-8)
        np.testing.assert_allclose(table.loc[term, "smd_before"], row["smd_before"], rtol=1e-8)
        np.testing.assert_allclose(table.loc[term, "smd_after"], row["smd_after"], atol=1e-9)
        if row["var_ratio"] is not None:
            np.testing.assert_allclose(table.loc[term, "variance_ratio_after"], row["var_ratio"], rtol=1e-6)


def check_pairs(name: str, found: dip.Design, reference: dict[str, Any]) -> None:
    """Pairs, weights, table and effect of a design matched on the probability."""
    assert as_sets(found) == expected_sets(reference)
    weights = reference_weights(reference)
    assert_close_to_reference(found.weights.loc[weights.index], weights)
    _, figures = setting(name)
    table = found.balance().to_frame()
    check_balance(table, figures["balance_unmatched"], reference["balance_matched"], with_score=False)
    check_effect(name, found, reference["effect"])


@pytest.mark.parametrize("name", NAMES)
def test_the_effect_of_pairs_on_the_probit_score_equals_r(name: str) -> None:
    people, figures = setting(name)
    found = dip.match(
        people,
        treated=figures["treatment"],
        covariates=figures["covariates"],
        score=r_probit_scores(people, figures),
        scale="probability",
        ties="row",
    )
    check_pairs(name, found, figures["matches"]["nn_probit"])


def test_the_effect_of_mahalanobis_pairs_in_a_caliper_equals_r_where_the_pairs_do() -> None:
    """On recid all 548; on lalonde two pairs are others just as far apart (test_matching_distance_reference.py)."""
    people, figures = setting("recid")
    found = dip.match(
        people,
        treated=figures["treatment"],
        covariates=figures["covariates"],
        mahalanobis=figures["covariates"],
        score=pd.Series(figures["ps_model"]["ps_all_default"], index=people.index),
        scale="given",
        ties="row",
    )
    check_pairs("recid", found, figures["matches"]["mah_in_caliper"])


@pytest.mark.parametrize("name", NAMES)
def test_a_kernel_gives_the_effect_of_r_and_says_what_its_error_takes_as_given(name: str) -> None:
    reference = setting(name)[1]["kernel"]
    people, found, figures = made(name, method="kernel", caliper=reference["bandwidth"], caliper_unit="raw")
    effect = dip.estimate_effect(found, people[figures["outcome"]], measure=MEASURE[name])
    assert_close_to_reference(effect.estimate, reference["att"])
    # By itself the error knows that a weight follows from who is near whom; the plain one does not, and says so.
    assert "within the bandwidth of whom" in effect.se_method
    plain = dip.estimate_effect(found, people[figures["outcome"]], measure=MEASURE[name], std_error="hc0")
    assert plain.estimate == effect.estimate
    assert "takes the matches as given" in plain.se_method
