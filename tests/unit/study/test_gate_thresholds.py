"""Thresholds that are asked only where they are written, and what each check tells of people."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dipeval as dip
from dipeval.errors import StudyFileError
from dipeval.study import estimates
from dipeval.study.gate import SHARE_DROPPED, examine, people_behind
from dipeval.study.gate_checks import DISTANCE, EQUIPOISE, PRODUCTS, VARIANCE_RATIO, share_dropped
from dipeval.study.sealed import SealedColumns
from dipeval.study.spec import DiagnosticsSpec
from tests.unit.study.people_study import COVARIATES, people, study

LOOSE: dict[str, Any] = {"max_smd": 0.25, "min_treated": 2, "min_ess": 2.0, "max_share_dropped": 1.0}
# Threshold -> its check, a value that these people meet and one that they do not.
ASKED = {
    "max_variance_ratio": (VARIANCE_RATIO, 10.0, 1.000001),
    "max_ks": (DISTANCE, 1.0, 1e-6),
    "max_smd_interactions": (PRODUCTS, 0.5, 1e-9),
    "min_equipoise": (EQUIPOISE, 0.01, 1.0),
}


def made(method: str, **options: Any) -> dip.Design:
    make = dip.weight if method in ("entropy", "ipw", "overlap", "matching_weights", "none") else dip.match
    return make(people().set_index("who"), treated="helped", covariates=COVARIATES, method=method, **options)


def test_the_four_checks_are_asked_always_and_the_others_only_if_written() -> None:
    design = made("entropy")
    assert len(examine(design, DiagnosticsSpec()).to_frame()) == 4
    for key, (name, meets, _) in ASKED.items():
        frame = examine(design, DiagnosticsSpec(**{key: meets})).to_frame()
        assert list(frame["check"])[4:] == [name]


@pytest.mark.parametrize("key", ASKED)
def test_each_threshold_decides_alone_and_says_so_in_a_sentence(key: str) -> None:
    design = made("entropy")
    name, meets, fails = ASKED[key]
    passed = examine(design, DiagnosticsSpec(**LOOSE | {key: meets}))
    failed = examine(design, DiagnosticsSpec(**LOOSE | {key: fails}))
    assert passed.passed
    assert not failed.passed
    row = failed.to_frame().set_index("check").loc[name]
    assert row["threshold"] == fails
    assert row["value"] == passed.to_frame().set_index("check").loc[name, "value"]
    (sentence,) = failed.reasons
    assert sentence.endswith(".")
    assert "allowed" in sentence
    assert failed.plot().texts


def test_the_values_are_those_of_the_balance_and_the_overlap() -> None:
    design = made("nearest")
    limits = DiagnosticsSpec(max_variance_ratio=2.0, max_ks=0.1, max_smd_interactions=0.2, min_equipoise=0.5)
    values = examine(design, limits).to_frame().set_index("check")["value"]
    balance = design.balance(interactions=True)
    assert values[VARIANCE_RATIO] == balance.max_variance_ratio
    assert values[DISTANCE] == balance.max_ks
    assert values[PRODUCTS] == balance.max_smd_interactions
    score, share = design.score, design.treated.mean()
    preference = 1 / (1 + np.exp(-(np.log(score / (1 - score)) - math.log(share / (1 - share)))))
    assert values[EQUIPOISE] == pytest.approx(float(((preference >= 0.3) & (preference <= 0.7)).mean()))


def test_covariates_that_are_all_yes_or_no_have_no_spread_to_compare() -> None:
    design = dip.weight(people(), treated="helped", covariates=["female"], id="who")
    frame = examine(design, DiagnosticsSpec(max_variance_ratio=1.5, max_smd_interactions=0.1)).to_frame()
    assert frame["passed"].all()
    assert list(frame["value"])[4:] == [1.0, 0.0]


def test_equipoise_without_a_score_is_not_passed() -> None:
    frame = people().assign(apart=lambda f: f["helped"])
    design = dip.weight(frame, treated="helped", covariates=["apart"], method="none", id="who")
    checks = examine(design, DiagnosticsSpec(**LOOSE | {"max_smd": 0.25, "min_equipoise": 0.5}))
    assert "no propensity score" in " ".join(checks.reasons)


@pytest.mark.parametrize(
    ("key", "value"),
    [("max_variance_ratio", 1.0), ("max_ks", 0.0), ("max_smd_interactions", 2.0), ("min_equipoise", 0.0)],
)
def test_a_threshold_that_means_nothing_is_refused(tmp_path: Path, key: str, value: float) -> None:
    with pytest.raises(StudyFileError, match=key):
        study(tmp_path, diagnostics={key: value})


def never(*_: Any, **__: Any) -> Any:
    raise AssertionError("an outcome was touched although the checks failed")


def test_an_asked_threshold_withholds_and_the_outcome_stays_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimates, "estimate_effect", never)
    monkeypatch.setattr(SealedColumns, "open", never)
    beside = [{"name": "full", "label": "Full", "method": "full"}]
    result = study(tmp_path, diagnostics={"min_equipoise": 1.0}, sensitivity=beside).run()
    assert result.withheld
    assert len(result.designs) == 2
    page = dip.write_report(result, tmp_path / "out").read_text(encoding="utf-8")
    assert "might have been in either group" in page
    assert "The effect is withheld" in page


def test_the_reason_for_going_on_is_printed_beside_the_check_that_failed(tmp_path: Path) -> None:
    reason = "The board asked for it in writing."
    result = study(tmp_path, diagnostics={"max_variance_ratio": 1.0001}, override_reason=reason).run()
    assert result.overridden
    assert "ratio of the variances" in result.reasons[0]
    page = dip.write_report(result, tmp_path / "out").read_text(encoding="utf-8")
    assert reason in page


LEAVING: dict[str, dict[str, Any]] = {
    "nearest": {"caliper": 0.02},
    "optimal": {"caliper": 0.02},
    "radius": {"caliper": 0.002, "caliper_unit": "sd"},
    "full": {"caliper": 0.002},
    "subclass": {"trim": "percentile"},
    "cem": {"cutpoints": {"age": 12, "priors": 12}},
    "ipw": {"trim": "percentile"},
}


@pytest.mark.parametrize("method", LEAVING)
def test_the_share_left_out_rests_on_those_left_out_whatever_the_method(method: str) -> None:
    design = made(method, **LEAVING[method])
    assert design.leaves_out
    assert design.n_treated_dropped > 0
    wanted = min(design.n_treated, design.n_comparison, design.n_treated_dropped)
    assert people_behind(SHARE_DROPPED, design) == wanted


def test_weights_leave_nobody_out_by_their_nature() -> None:
    design = made("ipw")
    assert people_behind(SHARE_DROPPED, design) == min(design.n_treated, design.n_comparison)


def test_equipoise_rests_on_the_fewer_of_those_inside_and_outside() -> None:
    design = made("entropy")
    inside = round(dip.overlap(design).equipoise * 300)
    assert people_behind(EQUIPOISE, design) == min(design.n_treated, design.n_comparison, inside, 300 - inside)


def test_who_is_left_out_is_counted_among_those_the_effect_is_about() -> None:
    untreated = made("nearest", estimand="ATC", caliper=0.1, replace=True)
    others = int((~untreated.treated).sum())
    assert share_dropped(untreated) == pytest.approx(1 - untreated.n_comparison / others)
    everybody = made("cem", estimand="ATE", cutpoints={"age": 12, "priors": 12})
    used = everybody.n_treated + everybody.n_comparison
    assert share_dropped(everybody) == pytest.approx(1 - used / 300)


def test_where_both_groups_are_weighted_the_smaller_effective_one_counts() -> None:
    design = made("overlap")
    frame = examine(design, DiagnosticsSpec(**LOOSE)).to_frame().set_index("check")
    assert frame.loc["effective size of the comparison group", "value"] == min(design.ess, design.ess_treated)


def test_a_share_of_people_is_shown_no_finer_than_a_person(tmp_path: Path) -> None:
    from dipeval.report.tidy import results_csv

    made_ = study(
        tmp_path,
        design={"method": "nearest", "caliper": 0.05},
        diagnostics={"min_equipoise": 0.1},
        disclosure={"profile": "threshold10"},
    )
    lines = [line for line in made_.check().in_words().splitlines() if line.strip().startswith("share of")]
    assert len(lines) == 2
    assert all("%" in line and "." not in line for line in lines)
    rows = [row for row in results_csv(made_.run()).splitlines() if row.startswith(f"diagnostics,{EQUIPOISE}")]
    value = float(rows[0].split(",")[3])
    assert value == round(value, 2)
