"""Every block of R's figures is met by a test that is named here, at the tolerance named here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers import load_reference

COX, CURVES = "test_survival_reference.py", "test_curves_reference.py"
DETAILS, CAUSES = "test_cox_details_reference.py", "test_competing_and_recurrent_reference.py"
MODELS = "test_parametric_reference.py"

# Beginning of the block's name -> file, test, tolerance; the longest beginning that fits counts.
MET = {
    "rossi.iptw": (COX, "test_the_weights_are_those_of_the_package", "1e-12"),
    "rossi.km_all_": (CURVES, "test_limits_on_three_scales", "1e-12"),
    "rossi.km_fin_loglog": (CURVES, "test_curves_by_group", "1e-12"),
    "rossi.km_fin_quantiles": (CURVES, "test_quantiles_with_their_limits", "1e-12"),
    "rossi.km_iptw_": (CURVES, "test_curves_by_group", "1e-12"),
    "rossi.km_att_robust_cluster_pair": (CURVES, "test_curves_by_group", "1e-12"),
    "rossi.km_left_truncated": (CURVES, "test_late_entry_and_recid", "1e-12"),
    "rossi.logrank_": (COX, "test_log_rank_family", "1e-12"),
    "rossi.peto_rho1_fin": (COX, "test_log_rank_family", "1e-12"),
    "rossi.cox_": (COX, "test_cox_on_rossi", "1e-12"),
    "rossi.cox_exact": (DETAILS, "test_exact_ties", "1e-12"),
    "rossi.cox_efron_left_truncated": (COX, "test_cox_left_truncated", "1e-12"),
    "rossi.cox_efron_basehaz_x0": (DETAILS, "test_baseline_at_zero", "1e-12"),
    "rossi.cox_efron_predict": (DETAILS, "test_predicted_survival_with_log_log_limits", "1e-12"),
    "rossi.cox_efron_concordance": (DETAILS, "test_concordance", "1e-12"),
    "rossi.cox_efron_residuals": (DETAILS, "test_residuals_row_by_row", "1e-12"),
    "rossi.cox_step_effect_26": (COX, "test_cox_landmark_and_an_effect_that_changes_at_26_weeks", "1e-12"),
    "rossi.cox_landmark_26": (COX, "test_cox_landmark_and_an_effect_that_changes_at_26_weeks", "1e-12"),
    "rossi.rmst_52_fin": (CURVES, "test_restricted_means", "1e-12"),
    "rossi.survreg_": (MODELS, "test_accelerated_failure_times", "1e-9"),
    "rossi.piecewise_exponential_13_26_39": (MODELS, "test_piecewise_exponential", "1e-9"),
    "rossi.discrete_time_": (MODELS, "test_discrete_time", "1e-9; stored errors 1e-7"),
    "recid.derived": (CURVES, "test_cumulative_incidence_with_its_jackknife_errors", "data"),
    "recid.km_workprg_loglog": (CURVES, "test_late_entry_and_recid", "1e-12"),
    "recid.logrank_workprg": (COX, "test_log_rank_on_recid", "1e-12"),
    "recid.cox_": (COX, "test_cox_on_recid", "1e-12"),
    "recid.cause_specific_cox_": (COX, "test_cox_on_recid", "1e-12"),
    "recid.survreg_": (MODELS, "test_accelerated_failure_times", "1e-9"),
    "recid.aalen_johansen_workprg": (CURVES, "test_cumulative_incidence_with_its_jackknife_errors", "1e-12"),
    "recid.cuminc_workprg": (CAUSES, "test_gray_on_recid", "1e-9; its own variance 2.2e-3"),
    "recid.crr_cause1": (CAUSES, "test_fine_gray_is_as_far_from_crr_as_the_weighted_rows_of_r", "1.4e-5"),
    "recid.finegray_coxph_": (CAUSES, "test_fine_gray_on_recid", "1e-9"),
    "recid.rmst_60_workprg": (CURVES, "test_restricted_means", "1e-12"),
    "recid.split_lognormal_null": (MODELS, "test_split_populations_without_covariates", "1e-9; parameters 1e-6"),
    "recid.split_weibull_null": (MODELS, "test_split_populations_without_covariates", "1e-9; parameters 1e-6"),
    "recid.split_": (MODELS, "test_split_populations_with_covariates", "1e-9; a Newton step from R's parameters 1e-8"),
    "recurrent.data": (CAUSES, "test_repeated_events", "data"),
    "recurrent.andersen_gill_": (CAUSES, "test_repeated_events", "1e-12"),
    "recurrent.pwp_": (CAUSES, "test_repeated_events", "1e-12"),
    "recurrent.mean_cumulative_function": (CURVES, "test_mean_cumulative_count_with_custody_gaps", "1e-12"),
    "recurrent.negative_binomial_exposure": (MODELS, "test_negative_binomial", "1e-9; not the errors"),
    "recurrent.frailty_gamma": ("test_frailty_reference.py", "test_repeated_events_of_the_common_reference", "2e-6"),
    "recurrent.poisson_exposure_robust": (MODELS, "test_poisson", "1e-9"),
}


def _blocks() -> list[str]:
    parts = load_reference("survival")
    return [f"{part}.{name}" for part in ("rossi", "recid", "recurrent") for name in parts[part]]


@pytest.mark.parametrize("block", _blocks())
def test_a_block_is_met(block: str) -> None:
    found = [name for name in MET if block.startswith(name)]
    assert found, f"no test of block {block} is named"
    file, test, _ = MET[max(found, key=len)]
    assert f"def {test}(" in (Path(__file__).parent / file).read_text(encoding="utf-8")


def test_nothing_named_has_gone() -> None:
    blocks = _blocks()
    assert all(any(block.startswith(name) for block in blocks) for name in MET)
