"""The picture of an acceptability curve: what is drawn, what is named, and the words for those who see none."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from dipeval.errors import InputError
from dipeval.plots.money_acceptability import CHANCE, CURVE, acceptability_alt, acceptability_plot
from dipeval.plots.style import new_axes, to_png


def frame_of(*, last: float = 0.95, chance: float = 0.45) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "threshold": [0.0, 500.0, 1_000.0, 2_000.0],
            "probability": [0.0, last / 3, last / 2, last],
            "probability_if_none": [0.0, chance / 3, chance / 2, chance],
        }
    )


def named(axes: Any) -> dict[str, Any]:
    return {text.get_text(): text for text in axes.texts}


def test_both_lines_are_drawn_from_nothing_to_all_and_named() -> None:
    axes = acceptability_plot(frame_of())
    chance, found = axes.lines
    assert list(found.get_xdata()) == [0.0, 500.0, 1_000.0, 2_000.0]
    assert list(found.get_ydata())[-1] == 0.95 and list(chance.get_ydata())[-1] == 0.45
    assert set(named(axes)) == {CURVE, CHANCE}
    low, high = axes.get_ylim()
    assert low <= 0 < 1 <= high
    marks = [axes.yaxis.get_major_formatter()(share) for share in axes.get_yticks()]
    assert marks == ["0%", "25%", "50%", "75%", "100%"]
    assert axes.get_xlabel() == "Paid for each proven offence averted"


@pytest.mark.parametrize(
    ("last", "chance", "sides"),
    [
        (0.95, 0.20, ("top", "bottom")),  # a line near the top is named below itself
        (0.60, 0.20, ("bottom", "bottom")),
        (0.55, 0.47, ("bottom", "top")),  # close lines are named on both sides
        (0.05, 0.48, ("bottom", "bottom")),
        (0.00, 0.00, ("bottom", "bottom")),  # and at the bottom one name stands above the other
    ],
)
def test_names_stand_where_no_line_runs(last: float, chance: float, sides: tuple[str, str]) -> None:
    words = named(acceptability_plot(frame_of(last=last, chance=chance)))
    assert (words[CURVE].get_va(), words[CHANCE].get_va()) == sides
    assert words[CURVE].xyann[1] != words[CHANCE].xyann[1] or last != chance


def test_the_unit_costs_are_a_line_or_further_right_and_need_not_be_known() -> None:
    inside = acceptability_plot(frame_of(), value=800.0)
    assert named(inside)["Unit costs of crime: £800"].xy[0] == inside.lines[-1].get_xdata()[0] == 800.0
    outside = acceptability_plot(frame_of(), value=9_000.0)
    assert "Unit costs of crime: £9,000, further right" in named(outside) and len(outside.lines) == 2
    assert len(acceptability_plot(frame_of(), value=math.nan).texts) == 2


def test_it_draws_on_the_axes_given_the_same_bytes_each_time() -> None:
    axes = new_axes()
    assert acceptability_plot(frame_of(), each="offence averted, proven or not", ax=axes) is axes
    assert axes.get_xlabel() == "Paid for each offence averted, proven or not"
    assert to_png(acceptability_plot(frame_of(), value=800.0)) == to_png(acceptability_plot(frame_of(), value=800.0))
    assert to_png(acceptability_plot(frame_of().iloc[:1])).startswith(b"\x89PNG")


def test_what_is_no_curve_is_refused() -> None:
    with pytest.raises(InputError, match=r"lacks the column\(s\) probability"):
        acceptability_plot(frame_of().drop(columns="probability"))
    with pytest.raises(InputError, match="holds no payment"):
        acceptability_plot(frame_of().iloc[:0])
    with pytest.raises(InputError, match="holds no payment"):
        acceptability_alt(frame_of().iloc[:0])


def test_the_words_tell_the_middle_and_the_end() -> None:
    assert acceptability_alt(frame_of()) == (
        "Share of draws in which the programme is worth its cost, by what is paid for each proven offence averted: 48% "
        "at £1,000, 95% at £2,000. By chance alone, were the effect none, it would be 23% and 45%."
    )
    assert acceptability_alt(frame_of(), value=800.0).endswith("The unit costs of crime put £800 on one.")
    assert "100%" in acceptability_alt(frame_of(last=1.0).iloc[-1:])
