"""The forest plot: what is written beside each row, headings, panels of one scale each, intervals off the axis."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from dipeval.errors import InputError
from dipeval.plots.forest import NOT_ESTIMATED, OWN_SCALE, forest_plot
from dipeval.plots.forest_axis import FURTHEST, keep_room, limits
from dipeval.plots.style import new_axes, to_png


def rows(**columns: list) -> pd.DataFrame:
    size = len(next(iter(columns.values())))
    facts = {
        "label": [f"Row {number}" for number in range(size)],
        "term": ["risk_difference"] * size,
        "estimate": [-0.05] * size,
        "conf_low": [-0.09] * size,
        "conf_high": [-0.01] * size,
    }
    return pd.DataFrame({**facts, **columns})


def words(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_shares_are_in_percentage_points_and_ratios_on_a_ratio_scale() -> None:
    axes = forest_plot(rows(label=["Reoffended"]))
    assert "−5.0 (−9.0 to −1.0)" in words(axes)
    assert axes.get_xlabel() == "Treated minus comparison, percentage points"
    ratio = forest_plot(
        rows(label=["Reoffended"], term=["risk_ratio"], estimate=[0.8], conf_low=[0.5], conf_high=[1.28])
    )
    assert "0.80 (0.50 to 1.28)" in words(ratio)
    assert ratio.get_xscale() == "log"
    low, high = ratio.get_xlim()
    assert low < 0.5 < 1.28 < high


def test_rows_stand_from_the_top_down_under_their_headings() -> None:
    frame = rows(
        label=["Everybody", "Men", "Women", "Young", "Old"],
        heading=["", "Sex", "Sex", "Age", "Age"],
        heading_note=["", "p = 0.2", "p = 0.2", "p = 0.9", "p = 0.9"],
        role=["primary", "", "", "", "hollow"],
    )
    axes = forest_plot(frame)
    assert [tick.get_text() for tick in axes.get_yticklabels()] == frame["label"].tolist()
    assert (np.diff(axes.get_yticks()) < 0).all()
    assert words(axes).count("Sex") == words(axes).count("p = 0.9") == 1
    weights = [tick.get_fontweight() for tick in axes.get_yticklabels()]
    assert weights == ["bold", *["normal"] * 4]
    markers = [line.get_marker() for line in axes.lines if line.get_marker() in "Do"]
    assert markers == ["D", "o", "o", "o", "o"]
    assert [line.get_markerfacecolor() for line in axes.lines if line.get_marker() == "o"][-1] == "white"


def test_a_heading_comes_again_after_another_one() -> None:
    axes = forest_plot(rows(heading=["A", "B", "A"]))
    assert words(axes).count("A") == 2


def test_further_columns_stand_beside_the_figures_and_never_overlap() -> None:
    frame = rows(label=["a", "b"], n=["1,234", "56"], p=["0.04", None])
    axes = forest_plot(frame, columns={"n": "People", "p": "p"})
    assert {"1,234", "56", "0.04", "People", "p"} <= set(words(axes))
    figure = axes.get_figure(root=True)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in axes.texts if text.get_text()]
    width, height = figure.canvas.get_width_height()
    for place, one in enumerate(boxes):
        assert 0 <= one.x0 <= one.x1 <= width
        assert 0 <= one.y0 <= one.y1 <= height
        assert not any(one.overlaps(other) for other in boxes[place + 1 :])


def test_what_is_not_estimated_is_said_and_has_no_mark() -> None:
    nothing = [np.nan, -0.05]
    frame = rows(estimate=nothing, conf_low=nothing, conf_high=[np.nan, 0.02], note=["too few people", ""])
    axes = forest_plot(frame)
    assert "too few people" in words(axes)
    assert sum(line.get_marker() == "o" for line in axes.lines) == 1
    alone = forest_plot(frame.drop(columns="note").iloc[:1])
    assert NOT_ESTIMATED in words(alone)
    assert len(alone.get_xticks()) == 0


def test_an_interval_far_wider_than_the_others_ends_in_an_arrow() -> None:
    frame = rows(estimate=[0.0] * 5, conf_low=[-0.05] * 4 + [-5.0], conf_high=[0.05] * 4 + [5.0])
    axes = forest_plot(frame)
    assert axes.get_xlim()[1] < 100 * 0.05 * FURTHEST * 1.1
    assert sorted(line.get_marker() for line in axes.lines if line.get_marker() in "<>") == ["<", ">"]
    assert "0.0 (−500.0 to 500.0)" in words(axes)


def test_limits_reach_over_all_rows_and_hold_equality() -> None:
    low, high = limits([(2.0, 1.5, 2.6), (3.0, 2.5, 3.6)], 1.0, ratio=True)
    assert low < 1 < 3.6 < high
    assert limits([(0.0, -np.inf, 1.0), (0.5, 0.0, 1.0)], 0.0, ratio=False)[0] == pytest.approx(-FURTHEST * 1.036)
    low, high = limits([], 0.0, ratio=False)
    assert low < 0 < high
    assert limits([(0.0, 0.0, 2.0)], 1.0, ratio=True)[0] > 0


@pytest.mark.parametrize(
    ("low", "high"), [(0.9, 1.02), (0.97, 0.995), (0.7, 1.2), (0.5, 3.0), (0.02, 40.0), (1e-4, 1e5)]
)
def test_an_axis_of_ratios_has_marks_however_short_or_long(low: float, high: float) -> None:
    axes = forest_plot(
        rows(term=["risk_ratio"], estimate=[(low * high) ** 0.5], conf_low=[low], conf_high=[high]),
    )
    axes.get_figure(root=True).draw_without_rendering()
    left, right = axes.get_xlim()
    marks = [tick.get_text() for tick in axes.get_xticklabels() if left <= tick.get_position()[0] <= right]
    assert 3 <= sum(mark != "" for mark in marks) <= 9
    assert len(set(marks)) == len(marks)


def test_scales_have_panels_of_their_own() -> None:
    frame = rows(
        term=["risk_difference", "mean_difference", "risk_ratio"],
        estimate=[-0.05, -0.3, 0.9],
        conf_low=[-0.09, -0.5, 0.8],
        conf_high=[-0.01, -0.1, 1.01],
    )
    axes = forest_plot(frame)
    panels = axes.child_axes
    assert len(panels) == 3
    assert OWN_SCALE in words(axes)
    to_png(axes)
    boxes = [panel.get_tightbbox() for panel in panels]
    assert all(above.y0 > below.y1 - 1 for above, below in pairwise(boxes))
    lefts = {round(panel.get_window_extent().x0, 3) for panel in panels}
    assert len(lefts) == 1
    given = new_axes()
    assert forest_plot(frame, ax=given) is given


def test_one_panel_with_two_measures_is_refused() -> None:
    frame = rows(term=["risk_difference", "risk_ratio"], panel=["a", "a"])
    with pytest.raises(InputError, match="One panel holds two measures, risk_difference and risk_ratio"):
        forest_plot(frame)


def test_panels_may_be_named_where_units_differ() -> None:
    frame = rows(term=["mean_difference"] * 2, panel=["days", "count"], panel_title=["Days", "Offences"])
    assert [panel.get_xlabel() for panel in forest_plot(frame).child_axes] == ["Days", "Offences"]


def test_faulty_tables_are_refused() -> None:
    with pytest.raises(InputError, match="lacks the column\\(s\\) conf_high, n"):
        forest_plot(rows(label=["a"]).drop(columns="conf_high"), columns={"n": "People"})
    with pytest.raises(InputError, match="There is no estimate to draw"):
        forest_plot(rows(label=["a"]).iloc[:0])


def test_forty_rows_have_room_each() -> None:
    frame = rows(label=[f"Level {number}" for number in range(40)], heading=[f"Group {n // 5}" for n in range(40)])
    axes = forest_plot(frame)
    to_png(axes)
    labels = [tick.get_window_extent() for tick in axes.get_yticklabels()]
    assert not any(one.overlaps(other) for one, other in pairwise(labels))
    assert to_png(forest_plot(frame)) == to_png(axes)


def test_long_names_are_broken_and_keep_their_rows_apart() -> None:
    long = "Reconvicted of an acquisitive offence with a custodial sentence within the follow-up"
    axes = forest_plot(rows(label=[long, long]))
    assert axes.get_yticklabels()[0].get_text().count("\n") == 1
    to_png(axes)
    first, second = (tick.get_window_extent() for tick in axes.get_yticklabels())
    assert not first.overlaps(second)


def test_columns_of_text_start_after_the_longest_of_the_one_before() -> None:
    assert keep_room([["aaaa", "a"], ["b"], []], 10.0) == [10.0, 48.0, 68.0]
