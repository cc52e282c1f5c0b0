"""The flow in CONSORT's style: boxes, lists of those left out, two arms that end side by side."""

from __future__ import annotations

import pandas as pd
import pytest

from dipeval.plots.attrition import consort_plot
from dipeval.plots.style import new_axes, to_png

STEPS = pd.DataFrame(
    [
        ("Had a drug test", "2,210", "", "", False),
        ("Tested positive", "1,150", "1,060", "never tested positive", False),
        ("Index test", "1,150", "", "", True),
        ("Aged 18 or over", "1,100", "50", "younger than 18", False),
        ("Eligible at time zero", "1,090", "[c]", "died before time zero", False),
    ],
    columns=["label", "n", "excluded", "reason", "box"],
)
ARMS = pd.DataFrame(
    [("Started treatment", "300", "[c]", "nobody comparable", "295"), ("Had not", "790", "", "", "790")],
    columns=["label", "n", "excluded", "reason", "analysed"],
)


def words(steps: pd.DataFrame, arms: pd.DataFrame | None = None) -> list[str]:
    return [text.get_text() for text in consort_plot(steps, arms).texts]


def test_steps_without_a_box_stand_in_the_list_on_the_way_to_the_next_box() -> None:
    assert words(STEPS) == [
        "Had a drug test\n2,210",
        "Left out:\n1,060  never tested positive",
        "Index test\n1,150",
        "Left out:\n50  younger than 18\n[c]  died before time zero",
        "Eligible at time zero\n1,090",
    ]


def test_the_arms_name_who_was_left_out_of_each() -> None:
    assert words(STEPS, ARMS)[5:] == [
        "Started treatment\n300",
        "Left out:\n[c]  nobody comparable",
        "Compared\n295",
        "Had not\n790",
        "Compared\n790",
    ]


def test_nobody_is_left_out_without_a_box_for_it() -> None:
    assert words(STEPS.iloc[[0, 2]]) == ["Had a drug test\n2,210", "Index test\n1,150"]


def test_boxes_do_not_overlap_and_the_arms_end_side_by_side() -> None:
    axes = consort_plot(STEPS, ARMS, new_axes())
    boxes = [(patch.get_x(), patch.get_y(), patch.get_width(), patch.get_height()) for patch in _boxes(axes)]
    for place, (x, y, width, height) in enumerate(boxes):
        for other_x, other_y, other_width, other_height in boxes[place + 1 :]:
            apart = x + width <= other_x or other_x + other_width <= x
            assert apart or y + height <= other_y + 1e-9 or other_y + other_height <= y + 1e-9
    low, high = axes.get_ylim()
    assert all(low <= y and y + height <= high for _, y, _, height in boxes)
    ends = [y for text, (_, y, _, _) in zip(axes.texts, boxes, strict=True) if text.get_text().startswith("Compared")]
    assert ends[0] == pytest.approx(ends[1])


def _boxes(axes) -> list:
    from matplotlib.patches import Rectangle

    return [patch for patch in axes.patches if isinstance(patch, Rectangle)]


def test_the_same_steps_give_the_same_bytes() -> None:
    assert to_png(consort_plot(STEPS, ARMS)) == to_png(consort_plot(STEPS, ARMS))
