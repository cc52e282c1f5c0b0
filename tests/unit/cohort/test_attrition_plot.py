"""The flow is drawn from text as it stands, so that released text can be passed."""

from __future__ import annotations

import pandas as pd

from dipeval.plots.attrition import attrition_plot
from dipeval.plots.style import new_axes, to_png

STEPS = pd.DataFrame(
    {
        "step": ["tested", "positive", "adult"],
        "label": ["Had a drug test", "Tested positive for opiates or cocaine at least once", "Aged 18 or over"],
        "n": ["2,210", "1,150", "[c]"],
    }
)


def test_counts_are_shown_as_they_stand() -> None:
    ax = new_axes()
    assert attrition_plot(STEPS, ax=ax) is ax
    drawn = [text.get_text() for text in ax.texts]
    assert drawn[0] == "Had a drug test\n2,210"
    assert drawn[2].endswith("\n[c]")
    assert not any("Left out" in text for text in drawn)


def test_those_lost_stand_beside_the_arrows_but_not_at_the_first_step() -> None:
    drawn = [text.get_text() for text in attrition_plot(STEPS.assign(excluded=["0", "1,060", "[c]"])).texts]
    assert [text for text in drawn if "Left out" in text] == ["Left out here: 1,060", "Left out here: [c]"]


def test_the_same_frame_gives_the_same_bytes() -> None:
    first, second = (to_png(attrition_plot(STEPS).figure) for _ in range(2))
    assert first == second
