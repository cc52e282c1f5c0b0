"""Pictures of the pathway: what is drawn is what the frame says, and odd frames do not break them."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from matplotlib.axes import Axes

from dipeval.plots import pathway as pictures
from dipeval.plots.style import new_axes, to_png

NAN = float("nan")
FUNNEL = pd.DataFrame({"group": "everyone", "label": ["Tested", "Positive", "Assessed"], "n": [210, 115, 100.0],
                       "share_of_first": [1, 0.55, 0.48], "counting": "cohort"})  # fmt: skip
FRAMES: dict[str, tuple[Callable[..., Axes], pd.DataFrame]] = {
    "funnel": (pictures.funnel_plot, FUNNEL),
    "groups": (
        pictures.funnel_plot,
        pd.concat([FUNNEL, FUNNEL.assign(group="Leeds"), FUNNEL.assign(group="Bradford")], ignore_index=True),
    ),
    "seen": (
        pictures.seen_plot,
        pd.DataFrame({"group": ["everyone", "everyone", "Leeds", "Leeds"], "within_days": [7, 28, 7, 28],
                      "share": [0.5, 0.6, NAN, 0.7], "conf_low": [0.4, 0.5, NAN, 0.6],
                      "conf_high": [0.6, 0.7, NAN, 0.8]}),
    ),
    "testing": (
        pictures.drug_testing_plot,
        pd.DataFrame({"group": ["everyone", "2022-Q1"], "share_positive": [0.5, NAN], "conf_low": [0.4, NAN],
                      "conf_high": [0.6, NAN], "tests_per_area_month": [100.0, NAN]}),
    ),
    "discharges": (
        pictures.discharges_plot,
        pd.DataFrame({"label": ["Completed", "Died", "No reason recorded"], "n": [3, 1, 2], "share": [0.75, 0.25, NAN],
                      "successful": [True, False, False]}),
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


@pytest.mark.parametrize("name", sorted(FRAMES))
def test_a_frame_without_rows_gives_empty_axes(name: str) -> None:
    draw, frame = FRAMES[name]
    assert to_png(draw(frame.head(0))).startswith(b"\x89PNG")


def test_bars_are_as_long_as_the_counts_and_withheld_ones_have_none() -> None:
    axes = pictures.funnel_plot(FUNNEL.assign(n=[210, 115, NAN], shown=["210", "115", "[c]"]))
    assert [bar.get_width() for bar in axes.patches] == [210, 115, 0]
    assert [text.get_text() for text in axes.texts] == ["210", "115", "[c]"]


def test_groups_of_a_cohort_are_set_side_by_side_those_of_a_period_never() -> None:
    draw, frame = FRAMES["groups"]
    assert draw(frame).get_legend_handles_labels()[1] == ["Leeds", "Bradford"]
    assert draw(frame.assign(counting="period")).get_legend_handles_labels()[1] == []
    assert len(draw(frame.assign(counting="period")).patches) == len(FUNNEL)


def test_shares_that_are_withheld_are_not_drawn() -> None:
    draw, frame = FRAMES["seen"]
    first = draw(frame).lines[0]
    assert list(first.get_xdata()) == [0.5]
