"""Empirical calibration against closed forms, a search by brute force, and its own coverage."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.stats import norm

from dipeval.effects import Effect
from dipeval.effects.checks import calibration_words as words
from dipeval.effects.checks.calibration import CalibratedEffect, SystematicError, calibrate, fit_systematic_error
from dipeval.effects.checks.negative_controls_result import COLUMNS, NegativeControls
from dipeval.errors import EstimationError, InputError, InvariantError
from dipeval.plots.style import to_png


def effect_of(estimate: float = -0.10, std_error: float = 0.03, measure: str = "risk_difference") -> Effect:
    ratio = measure == "risk_ratio"
    ends = [(math.exp if ratio else float)(estimate + side * 1.959964 * std_error) for side in (-1, 0, 1)]
    return Effect(
        measure=measure, outcome_name="reoffended", outcome_kind="yes_no", estimate=ends[1], std_error=std_error,
        conf_low=ends[0], conf_high=ends[2], p_value=0.001, level=0.95, n_treated=500, n_comparison=500,
        mean_treated=0.3, mean_comparison=0.4, se_method="robust (HC0)", estimand="the average effect",
        design_method="entropy", design_fingerprint="0123456789abcdef", n_treated_dropped=0,
    )  # fmt: skip


def controls_of(centres: Any, errors: Any, measure: str = "risk_difference", left_out: str = "") -> NegativeControls:
    estimates = np.exp(centres) if measure == "risk_ratio" else np.asarray(centres, dtype=float)
    table = pd.DataFrame({"estimate": estimates, "std_error": errors})
    filled: dict[str, Any] = {
        "term": measure, "group": "c", "label": "c", "when": "before_index", "outcome_kind": "yes_no",
        "left_out": left_out, "se_method": "robust (HC0)", "excludes_equality": False,
    }  # fmt: skip
    return NegativeControls(level=0.95, _table=table.assign(**filled).reindex(columns=list(COLUMNS), fill_value=0.0))


def test_equal_errors_have_a_closed_form() -> None:
    centres = np.array([0.1, -0.3, 0.4, 0.2, 0.0, 0.25])
    found = fit_systematic_error(centres, np.full(6, 0.1))
    assert found.mean == pytest.approx(centres.mean(), abs=1e-12)
    assert found.spread == pytest.approx(math.sqrt(centres.var() - 0.01), rel=1e-6)
    near = fit_systematic_error(centres, np.full(6, 0.5))  # chance alone brings more than was seen
    assert near.spread == 0.0 and near.mean == pytest.approx(centres.mean())


@pytest.mark.parametrize("seed", range(6))
def test_unequal_errors_agree_with_a_search_in_both_parameters(seed: int) -> None:
    rng = np.random.default_rng(seed)
    errors = rng.uniform(0.02, 0.4, 15)
    centres = rng.normal(0.1, 0.3, 15) + errors * rng.normal(size=15)

    def minus(at: Any) -> float:
        return -float(norm.logpdf(centres, at[0], np.sqrt(errors**2 + at[1] ** 2)).sum())

    best = min((minimize(minus, (start, 0.3), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12})
                for start in (-0.5, 0.0, 0.5)), key=lambda result: result.fun)  # fmt: skip
    found = fit_systematic_error(centres, errors)
    assert minus(found) <= best.fun + 1e-9
    assert found.mean == pytest.approx(best.x[0], abs=1e-5) and found.spread == pytest.approx(abs(best.x[1]), abs=1e-5)


@pytest.mark.parametrize(("mean", "spread"), [(0.2, 0.1), (-0.2, 0.1), (0.0, 0.3), (0.05, 0.0)])
def test_expected_absolute_systematic_error_is_the_mean_of_the_folded_normal(mean: float, spread: float) -> None:
    by_hand = abs(mean)
    if spread:
        by_hand = quad(lambda x: abs(x) * norm.pdf(x, mean, spread), -5, 5, points=[0], epsabs=1e-12, limit=200)[0]
    assert SystematicError(mean, spread).ease == pytest.approx(by_hand, rel=1e-7)


def test_the_calibrated_interval_is_moved_and_widened() -> None:
    centres, errors = np.linspace(-0.02, 0.10, 12), np.full(12, 0.02)
    found = calibrate(effect_of(), controls_of(centres, errors))
    spread = math.sqrt(centres.var() - 0.0004)
    total = math.hypot(0.03, spread)
    assert found.estimate == pytest.approx(-0.10 - 0.04)
    assert found.std_error == pytest.approx(total, rel=1e-6)
    assert found.conf_high == pytest.approx(-0.14 + norm.ppf(0.975) * total, rel=1e-6)
    assert found.p_value == pytest.approx(2 * norm.sf(0.14 / total), rel=1e-5)
    frame = found.to_frame()
    assert frame["label"].tolist() == ["As estimated", "Calibrated"] and frame["estimate"].iloc[0] == -0.10
    assert found.ease == pytest.approx(SystematicError(0.04, spread).ease, rel=1e-6)


def test_ratios_are_calibrated_on_the_log_scale() -> None:
    centres = np.linspace(-0.05, 0.25, 10)
    found = calibrate(effect_of(-0.3, 0.1, "risk_ratio"), controls_of(centres, np.full(10, 0.05), "risk_ratio"))
    assert math.log(found.estimate) == pytest.approx(-0.3 - 0.1)
    assert found.conf_low * found.conf_high == pytest.approx(found.estimate**2)
    assert "on the log scale" in found.summary().notes[0]


def test_wording_golden() -> None:
    clear = calibrate(effect_of(), controls_of(np.linspace(-0.02, 0.02, 10), np.full(10, 0.02)))
    assert clear.summary().headline == (
        "Allowing for the bias that 10 negative controls show, the estimate becomes −10.0 percentage points (95% "
        "interval from −15.9 to −4.1), which still leaves out 0, equality of the groups."
    )
    wide = calibrate(
        effect_of(-0.06), controls_of(np.linspace(-0.1, 0.1, 10), np.full(10, 0.02), left_out="copas_rate")
    )
    assert wide.includes_equality
    assert wide.summary().headline.endswith(
        "which includes 0, equality of the groups: this does not show that treatment did nothing; it shows that chance "
        "and bias of the size seen could together account for the estimate."
    )
    assert any(note.startswith("10 of the negative controls were counted before") for note in wide.summary().notes)


def test_shares_that_are_put_together_are_said_to_differ_in_how_common_they_are() -> None:
    controls = controls_of(np.linspace(-0.02, 0.02, 10), np.full(10, 0.02))
    shares = replace(controls, _table=controls.to_frame().assign(mean_comparison=np.linspace(0.01, 0.4, 10)))
    notes = calibrate(effect_of(), shares).summary().notes
    assert any("happened to 1% to 40%" in note for note in notes)
    ratio = calibrate(effect_of(-0.3, 0.1, "risk_ratio"), controls_of(np.zeros(10), np.full(10, 0.1), "risk_ratio"))
    assert not any("percentage points" in note for note in ratio.summary().notes)


def test_fewer_than_ten_of_the_same_scale_are_refused() -> None:
    nine = controls_of(np.zeros(9), np.full(9, 0.1))
    with pytest.raises(EstimationError, match=r"at least 10 negative controls.*there are 9"):
        calibrate(effect_of(), nine)
    ten = controls_of(np.zeros(10), np.full(10, 0.1))
    with pytest.raises(EstimationError, match=r"there are 0 \(and 10 on another scale"):
        calibrate(effect_of(-0.3, 0.1, "risk_ratio"), ten)
    assert calibrate(effect_of(), ten).n_controls == 10


@pytest.mark.parametrize(("first", "second"), [(None, True), (True, None)])
def test_what_is_no_effect_or_no_controls_is_refused(first: Any, second: Any) -> None:
    good = (effect_of(), controls_of(np.zeros(10), np.full(10, 0.1)))
    with pytest.raises(InputError, match="must be what"):
        calibrate(good[0] if first else "effect", good[1] if second else "controls")  # type: ignore[arg-type]


def test_calibration_never_makes_an_estimate_more_certain() -> None:
    found = calibrate(effect_of(), controls_of(np.zeros(10), np.full(10, 0.1)))
    assert found.std_error == found.effect.std_error and found.estimate == -0.10
    with pytest.raises(InvariantError):
        CalibratedEffect(
            effect=found.effect, error=found.error, n_controls=10, estimate=-0.1, std_error=0.01, conf_low=-0.2,
            conf_high=0.0, p_value=0.1, _controls=found._controls,
        )  # fmt: skip


@pytest.mark.parametrize("measure", ["risk_difference", "risk_ratio"])
def test_the_picture_shows_controls_and_effect(measure: str) -> None:
    found = calibrate(
        effect_of(-0.1, 0.03, measure), controls_of(np.linspace(-0.1, 0.1, 10), np.full(10, 0.02), measure)
    )
    axes = found.plot()
    assert isinstance(axes, Axes) and to_png(axes)[:4] == b"\x89PNG"
    assert [len(points.get_offsets()) for points in axes.collections[1:]] == [10, 1]
    assert "<table" in found._repr_html_()


def test_the_order_of_the_controls_changes_nothing() -> None:
    rng = np.random.default_rng(1)
    centres, errors = rng.normal(size=14), rng.uniform(0.1, 0.5, 14)
    order = rng.permutation(14)
    assert fit_systematic_error(centres, errors) == fit_systematic_error(centres[order], errors[order])


def test_coverage_is_near_what_the_note_says_and_far_from_that_without_calibration() -> None:
    held, uncalibrated, runs = 0, 0, 400
    for seed in range(1, runs + 1):
        rng = np.random.default_rng(seed)
        errors = rng.uniform(0.03, 0.08, 50)
        centres = rng.normal(0.05, 0.05, 50) + errors * rng.normal(size=50)
        estimate = -0.1 + rng.normal(0.05, 0.05) + 0.05 * rng.normal()
        error = fit_systematic_error(centres, errors)
        held += abs(estimate - error.mean + 0.1) < 1.96 * math.hypot(0.05, error.spread)
        uncalibrated += abs(estimate + 0.1) < 1.96 * 0.05
    chance = math.sqrt(0.94 * 0.06 / runs)
    assert 0.94 - 3 * chance <= held / runs <= 0.99
    assert uncalibrated / runs < 0.85


def test_no_sentence_takes_calibration_for_proof() -> None:
    assert len(words.TEMPLATES) > 10
    for text in words.TEMPLATES:
        assert "no effect" not in text.lower() and "significant" not in text.lower()
