"""Overlap before matching: preference scores, common support and the picture of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import InputError
from dipeval.matching.overlap import Overlap, overlap
from dipeval.plots.style import new_axes, to_png
from tests.unit.matching.matching_people import COVARIATES, people


def by_hand(score: np.ndarray, treated: np.ndarray) -> np.ndarray:
    odds = score / (1 - score) / (treated.mean() / (1 - treated.mean()))
    return odds / (1 + odds)


def test_preference_scores_and_support_are_those_worked_out_by_hand() -> None:
    table = people(300, share=0.15)
    model = dip.propensity(table, treated="treated", covariates=COVARIATES)
    found = overlap(model)
    treated, score = table["treated"].to_numpy() == 1, model.score.to_numpy()
    preference = by_hand(score, treated)
    inside = (preference >= 0.3) & (preference <= 0.7)
    assert found.equipoise == inside.mean()
    assert (found.equipoise_treated, found.equipoise_comparison) == (inside[treated].mean(), inside[~treated].mean())
    low, high = max(score[treated].min(), score[~treated].min()), min(score[treated].max(), score[~treated].max())
    assert found.common_support == (low, high)
    outside = (score < low) | (score > high)
    assert (found.n_treated_outside, found.n_comparison_outside) == (outside[treated].sum(), outside[~treated].sum())
    assert found.auc == model.auc
    frame = found.to_frame()
    assert frame.columns.tolist() == ["band_from", "band_to", "n_treated", "n_comparison"]
    assert (frame["band_from"].iloc[0], frame["band_to"].iloc[-1], len(frame)) == (0.0, 1.0, 20)
    assert frame["n_treated"].tolist() == np.histogram(preference[treated], np.arange(21) / 20)[0].tolist()


def test_a_design_and_its_model_overlap_alike_before_anybody_is_matched() -> None:
    table = people(300)
    design = dip.match(table, treated="treated", covariates=COVARIATES)
    one, other = overlap(design), overlap(dip.propensity(table, treated="treated", covariates=COVARIATES))
    for name in (name for name in Overlap.__dataclass_fields__ if not name.startswith("_")):
        assert getattr(one, name) == getattr(other, name)
    own = dip.match(table, treated="treated", covariates=COVARIATES, score=design.score)
    assert overlap(own).equipoise == one.equipoise


def test_the_share_taken_out_is_that_of_the_people_a_weighted_model_stands_for() -> None:
    table = people(400).assign(stands_for=lambda frame: np.where(frame["treated"] == 1, 1.0, 9.0))
    common: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES, "sample_weights": "stands_for"}
    model = dip.propensity(table, **common)
    found = dip.overlap(model)
    treated, weights = table["treated"].to_numpy() == 1, table["stands_for"].to_numpy()
    share = weights[treated].sum() / weights.sum()
    assert found.share_treated == pytest.approx(share, rel=1e-12)
    odds = model.score / (1 - model.score) / (share / (1 - share))
    inside = (odds / (1 + odds)).between(0.3, 0.7)
    assert found.equipoise == pytest.approx(inside.mean(), abs=1e-12)
    design = dip.weight(table, method="ipw", trim="preference", **common)
    assert (design.weights > 0).tolist() == inside.tolist()
    assert dip.overlap(design).equipoise == found.equipoise


def test_row_order_moves_nothing() -> None:
    table = people(200)
    one = overlap(dip.propensity(table, treated="treated", covariates=COVARIATES))
    mixed = table.sample(frac=1, random_state=5)
    other = overlap(dip.propensity(mixed, treated="treated", covariates=COVARIATES))
    pd.testing.assert_frame_equal(one.to_frame(), other.to_frame(), check_exact=True)
    assert str(one.summary()) == str(other.summary())


def test_groups_that_do_not_meet_are_told_so() -> None:
    table = people(100)
    score = pd.Series(np.where(table["treated"] == 1, 0.9, 0.1), index=table.index)
    found = overlap(dip.match(table, treated="treated", covariates=["age"], score=score, caliper=None))
    low, high = found.common_support
    assert low > high
    assert (found.auc, found.equipoise) == (1.0, 0.0)
    assert any("no common support" in note for note in found.summary().notes)
    assert any("here that is not so" in note for note in found.summary().notes)


def test_the_summary_speaks_plainly() -> None:
    text = str(overlap(dip.propensity(people(300), treated="treated", covariates=COVARIATES)).summary())
    assert "might as well have been treated as not" in text
    assert "no measure of the model's quality" in text
    assert "control" not in text


def test_what_has_no_probability_is_refused() -> None:
    table = people()
    given = dip.match(table, treated="treated", covariates=["age"], score=table["age"] / 1.0, scale="given")
    with pytest.raises(InputError, match="need not be a probability"):
        overlap(given)
    with pytest.raises(InputError, match="overlap takes a design"):
        overlap(table)  # type: ignore[arg-type]
    none = dip.match(table, treated="treated", covariates=["age"], method="cem")
    if none.score is None:
        with pytest.raises(InputError, match="no propensity score"):
            overlap(none)


def test_the_picture_shades_the_band_and_is_always_the_same() -> None:
    found = overlap(dip.propensity(people(200), treated="treated", covariates=COVARIATES))
    axes = new_axes()
    assert found.plot(ax=axes) is axes
    words = [text.get_text() for text in axes.texts]
    assert {"Treated", "Comparison"} <= set(words)
    shaded = axes.patches[0]
    assert shaded.get_x() == pytest.approx(0.3)
    assert shaded.get_width() == pytest.approx(0.4)
    assert to_png(found.plot()) == to_png(found.plot())
