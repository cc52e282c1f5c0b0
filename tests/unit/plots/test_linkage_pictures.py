"""Pictures of a linkage: what is drawn is what the frame says, and odd frames do not break them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from dipeval.plots.linkage import (
    draw_calibration,
    draw_estimated_quality,
    draw_linked_comparison,
    draw_match_probabilities,
    draw_quality,
    draw_sweep,
)
from dipeval.plots.linkage_weights import draw_link_flow, draw_match_weights, draw_review, draw_waterfall
from dipeval.plots.style import new_axes, to_png

NAN = float("nan")
FRAMES: dict[str, tuple[Callable[..., Axes], pd.DataFrame]] = {
    "calibration": (
        draw_calibration,
        pd.DataFrame({"mean_link_probability": [0.2, 0.9], "share_true": [0.25, 0.95], "share_low": [0.1, 0.8],
                      "share_high": [0.4, 0.99]}),
    ),
    "estimated": (
        draw_estimated_quality,
        pd.DataFrame({"link": ["a - b"] * 3, "method": ["decoys", "model", "unlinkable"],
                      "measure": ["precision", "recall", "unlinkable_file"], "estimate": [0.98, 0.95, 0.01],
                      "conf_low": [0.97, 0.94, NAN], "conf_high": [0.99, 0.96, NAN]}),
    ),
    "compared": (
        draw_linked_comparison,
        pd.DataFrame({"link": ["a - b"] * 4, "side": ["anchor", "file"] * 2,
                      "characteristic": ["age", "age", "sex", "sex"], "smd": [-0.3, 0.05, 0.12, NAN]}),
    ),
    "sweep": (
        lambda frame, ax=None: draw_sweep(frame, threshold=0.5, ax=ax),
        pd.DataFrame({"threshold": [0.3, 0.9, 0.3, 0.9], "expected_false": [2.0, 1.0, 3.0, 1.0],
                      "expected_missed": [1.0, 5.0, 0.0, 4.0], "precision": NAN, "recall": NAN}),
    ),
    "waterfall": (
        draw_waterfall,
        pd.DataFrame({"part": ["prior", "sex"], "level": ["", "other sex"], "match_weight": [-10.0, -6.0],
                      "running_weight": [-10.0, -16.0]}),
    ),
    "weights": (
        draw_match_weights,
        pd.DataFrame({"link": ["a - b", "a - b", "a - c"], "comparison": "sex",
                      "level": ["same sex", "other sex", "same sex"], "match_weight": [0.5, -6.0, 0.6]}),
    ),
    "review": (
        draw_review,
        pd.DataFrame({"link": ["a - b"] * 2, "low": [0.9, 0.001], "high": [0.99, 1.0], "precision": [0.9, NAN],
                      "conf_low": [0.8, NAN], "conf_high": [0.95, NAN]}),
    ),
    "flow": (
        draw_link_flow,
        pd.DataFrame({"table": ["drug_tests", "treatment"], "records": [9, 8], "persons": [5, 6],
                      "linked": pd.array([pd.NA, 3], dtype="Int64")}),
    ),
    "quality": (
        draw_quality,
        pd.DataFrame({"link": ["a - b"] * 2, "group": ["everyone", "F"], "precision": [0.9, 0.8],
                      "recall": [0.7, NAN]}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(FRAMES))
def test_it_draws_where_it_is_told_and_the_same_bytes_twice(name: str) -> None:
    draw, frame = FRAMES[name]
    before = frame.copy(deep=True)
    given = new_axes()
    assert draw(frame, ax=given) is given
    assert to_png(draw(frame)) == to_png(draw(frame))
    pd.testing.assert_frame_equal(frame, before)
    assert given.get_xlabel()


@pytest.mark.parametrize("name", sorted(set(FRAMES) - {"quality"}))
def test_a_frame_without_rows_gives_empty_axes(name: str) -> None:
    draw, frame = FRAMES[name]
    assert to_png(draw(frame.head(0))).startswith(b"\x89PNG")


def ticks(name: str) -> list[str]:
    draw, frame = FRAMES[name]
    return [tick.get_text() for tick in draw(frame).get_yticklabels()]


def test_rows_are_named_in_words() -> None:
    assert ticks("waterfall") == ["Prior", "Sex: other sex", "Total"]
    assert ticks("compared") == ["A - b: sex", "A - b: age"]
    assert ticks("review")[1] == "A - b, 0.001 to 1 (all)"
    assert ticks("quality") == ["A - b", "  F"]
    assert ticks("estimated") == ["A - b, decoys", "A - b, model"]


def test_sizes_of_differences_have_no_sign() -> None:
    draw, frame = FRAMES["compared"]
    drawn = np.concatenate([np.asarray(dots.get_offsets().data)[:, 0] for dots in draw(frame).collections])
    assert sorted(drawn[~np.isnan(drawn)]) == [0.05, 0.12, 0.3]


def test_the_sweep_adds_links_up_without_truth_and_shows_the_worst_with_it() -> None:
    draw, frame = FRAMES["sweep"]
    assert draw(frame).lines[0].get_ydata().tolist() == [5.0, 2.0]
    known = frame.assign(precision=[0.9, 0.95, 0.8, 0.99], recall=[0.9, 0.8, 0.95, 0.7])
    axes = draw(known)
    assert axes.lines[0].get_ydata().tolist() == [0.8, 0.95]
    assert axes.lines[1].get_ydata().tolist() == [0.9, 0.7]


def test_the_waterfall_ends_at_the_total_and_keeps_room_for_its_figures() -> None:
    draw, frame = FRAMES["waterfall"]
    axes = draw(frame)
    assert [bar.get_width() for bar in axes.patches] == [-10.0, -6.0, -16.0]
    assert axes.get_xlim()[0] < -16
    assert [text.get_text() for text in axes.texts][-1] == "\N{MINUS SIGN}16.0"


def test_the_legend_of_the_probabilities_hides_no_bar() -> None:
    # The longest bars are at both ends of the axis, so no corner inside is free.
    frame = pd.DataFrame(
        {
            "low": [0.001, 0.5, 0.99],
            "high": [0.1, 0.6, 1.0],
            "linked": [False, True, True],
            "n_pairs": [37_500, 20, 41_000],
        }
    )
    axes = draw_match_probabilities(frame, threshold=0.5)
    axes.figure.canvas.draw()
    legend = axes.get_legend().get_window_extent()
    assert not any(legend.overlaps(bar.get_window_extent()) for bar in axes.patches if bar.get_width())
    assert "40,000" in [tick.get_text() for tick in axes.get_xticklabels()]
