"""Pictures of hidden bias: what is marked, where words stand, and figures off the scale."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from dipeval.plots.hidden import bounds_plot, contour_plot, e_value_plot
from dipeval.plots.style import new_axes, to_png


def words(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def grid_of(estimate: float, limit: float, reach: float = 0.5) -> pd.DataFrame:
    shares = np.linspace(0, reach, 21)
    rows = [(x, y, estimate - 20 * x * y, limit - 20 * x * y) for x in shares for y in shares]
    return pd.DataFrame(rows, columns=["r2_treatment", "r2_outcome", "estimate", "limit"])


MARKS = pd.DataFrame(
    {"label": ["Age × 1, 2"] * 2 + ["Sex × 1"], "r2_treatment": [0.01, 0.02, 0.015], "r2_outcome": [0.01, 0.02, 0.02]}
)


@pytest.mark.parametrize(("last", "shown"), ((0.4, True), (0.01, False)))
def test_the_critical_gamma_is_marked_where_it_lies_in_the_picture(last: float, shown: bool) -> None:
    frame = pd.DataFrame({"gamma": [1.0, 1.5, 2.0], "p_low": [0.01, 0.001, 0.0], "p_high": [0.01, last / 2, last]})
    axes = bounds_plot(frame, alpha=0.05, critical=1.259 if shown else math.nan)
    to_png(axes)
    assert ("1.25" in words(axes)) == shown
    assert "p = 0.05" in words(axes)
    assert axes.get_ylim()[1] >= 0.05


def test_only_p_values_of_interest_are_shown() -> None:
    frame = pd.DataFrame({"gamma": [1.0, 3.0], "p_low": [0.01, 0.0], "p_high": [0.01, 1.0]})
    assert bounds_plot(frame, alpha=0.05, critical=1.1).get_ylim() == (0, 0.5)


@pytest.mark.parametrize(("estimate", "limit"), ((1.0, 0.5), (1.0, -0.5), (9.0, 8.0)))
def test_regions_are_shaded_as_far_as_there_are_any(estimate: float, limit: float) -> None:
    axes = contour_plot(grid_of(estimate, limit), MARKS)
    to_png(axes)
    regions = [] if axes.get_legend() is None else [text.get_text() for text in axes.get_legend().get_texts()]
    expected = ["the interval includes equality", "nothing is left of the estimate"]
    assert regions == (expected if estimate < 5 else [])
    assert sorted(words(axes)) == ["Age × 1, 2", "Sex × 1"]


def test_names_do_not_stand_upon_each_other() -> None:
    axes = contour_plot(grid_of(1.0, 0.5), MARKS)
    places = [text.xyann for text in axes.texts]
    assert abs(places[0][1] - places[1][1]) >= 0.06


def test_a_picture_without_benchmarks_has_no_dots() -> None:
    axes = contour_plot(grid_of(1.0, 0.5), MARKS.iloc[:0])
    assert words(axes) == []
    given = new_axes()
    assert contour_plot(grid_of(1.0, 0.5), MARKS, ax=given) is given


def test_e_values_lie_on_the_curve_of_strengths_that_would_do() -> None:
    axes = e_value_plot(2.0, 1.5)
    ratio = 4 / 3
    across, up = axes.lines[0].get_data()
    np.testing.assert_allclose(across * up / (across + up - 1), ratio)
    assert len(e_value_plot(2.0, 1.0).texts) == 1
    assert words(e_value_plot(math.nan, math.nan)) == ["No E-value can be given"]
    to_png(e_value_plot(1.0, 1.0))
