"""The pictures of money: what is drawn, what is written, in which order, and the words for those who see none."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.errors import InputError
from dipeval.plots.money import value_against_cost
from dipeval.plots.money_axis import pound_axis, short_money
from dipeval.plots.money_chain import ladder_alt, ladder_plot
from dipeval.plots.money_draws import _edges, draws_alt, draws_plot
from dipeval.plots.money_perspectives import perspectives_alt, perspectives_plot
from dipeval.plots.money_tornado import end_words, tornado_alt, tornado_plot
from dipeval.plots.style import COMPARISON_COLOUR, TREATED_COLOUR, new_axes, to_png
from dipeval.presenting import MINUS, format_chance


def words(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts]


def inputs(*rows: tuple[str, float, float, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["label", "low", "high", "net_low", "net_high"])
    return frame.assign(swing=(frame["net_high"] - frame["net_low"]).abs())


def perspectives(*rows: tuple[str, float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["perspective", "benefit", "benefit_low", "benefit_high"])


def test_the_largest_swing_stands_on_top_and_every_end_is_named() -> None:
    frame = inputs(("Small", 0.9, 1.1, 90.0, 110.0), ("Large", -0.2, 1.1, -500.0, 900.0))
    axes = tornado_plot(frame, net=100.0)
    assert words(axes)[:3] == ["Large", "1.1", f"{MINUS}0.2"]
    reached = [sorted((bar.get_x(), bar.get_x() + bar.get_width())) for bar in axes.patches]
    assert reached == [[100.0, 900.0], [-500.0, 100.0], [90.0, 100.0], [100.0, 110.0]]
    assert {line.get_xdata()[0] for line in axes.lines} == {0.0, 100.0}
    low, high = axes.get_xlim()
    assert low < -500
    assert high > 900
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first row on top


def test_an_input_that_helps_when_it_is_low_is_named_at_its_own_ends() -> None:
    axes = tornado_plot(inputs(("Spending", 0.9, 1.1, 200.0, 50.0)), net=100.0)
    placed = {text.get_text(): (text.xy[0], text.get_ha()) for text in axes.texts if hasattr(text, "xy")}
    assert placed["0.9"] == (200.0, "left")
    assert placed["1.1"] == (50.0, "right")


def test_both_ends_on_one_side_are_both_drawn() -> None:
    axes = tornado_plot(inputs(("Discount rate", 0.01, 0.05, 120.0, 150.0)), net=100.0)
    assert [bar.get_width() for bar in axes.patches] == [50.0, 20.0]


def test_a_whole_mix_or_a_switch_has_words_in_place_of_figures() -> None:
    assert end_words({"low": math.nan}, "low") == "low"
    assert end_words({"low": math.nan, "low_words": "left out"}, "low") == "left out"
    assert end_words({"high": 0.05, "input": "discount_rate"}, "high") == "5%"


def test_the_words_of_a_tornado_tell_the_largest_and_count_the_rest() -> None:
    frame = inputs(*[(f"Input {i}", 0.0, 1.0, 0.0, 100.0 * (9 - i)) for i in range(5)])
    told = tornado_alt(frame, net=50.0)
    assert told.startswith(
        "Value less cost is £50. One input at a time: Input 0, from 0 to 1, moves it from £0 to £900"
    )
    assert told.endswith("; 2 more with smaller bars.")


def test_a_table_without_inputs_or_columns_is_refused() -> None:
    with pytest.raises(InputError, match="no uncertain input"):
        tornado_plot(inputs(), net=1.0)
    with pytest.raises(InputError, match=r"lacks the column\(s\) swing"):
        tornado_plot(inputs(("A", 0.0, 1.0, 0.0, 1.0)).drop(columns="swing"), net=1.0)
    with pytest.raises(InputError, match=r"lacks the column\(s\) benefit_low"):
        perspectives_plot(perspectives(("social", 1.0, 0.0, 2.0)).drop(columns="benefit_low"), cost=1.0)
    with pytest.raises(InputError, match="no perspective"):
        perspectives_plot(perspectives(), cost=1.0)
    with pytest.raises(InputError, match="no net value"):
        draws_plot(pd.DataFrame({"net": []}))
    with pytest.raises(InputError, match=r"lacks the column\(s\) label, on"):
        ladder_plot(pd.DataFrame({"value": [1.0], "offences": [1.0], "offences_low": [1.0], "offences_high": [1.0]}))


def test_where_only_bounds_are_known_no_point_is_drawn() -> None:
    frame = perspectives(("fiscal", 3e3, 1e3, 5e3), ("economic", math.nan, 1e3, 1.6e4), ("social", 9e3, 2e3, 1.6e4))
    axes = perspectives_plot(frame, cost=5e3)
    points = [line for line in axes.lines if line.get_marker() == "o"]
    assert [float(line.get_xdata()[0]) for line in points] == [3e3, 9e3]
    (bar,) = axes.patches
    assert (bar.get_x(), bar.get_width(), bar.get_hatch()) == (1e3, 1.5e4, "////")
    assert "(bounds only)" in words(axes)[1]
    assert words(axes)[-1] == "Cost £5,000"
    told = perspectives_alt(frame, cost=5e3, level=0.9)
    assert "90% intervals beside a cost of £5,000" in told
    assert told.count("bounds only") == 1


def test_a_perspective_without_a_value_is_said_to_have_none() -> None:
    axes = perspectives_plot(perspectives(("fiscal", math.nan, math.nan, math.nan)), cost=5e3)
    assert words(axes)[0] == "Fiscal: not known"
    assert not axes.patches
    fixed = perspectives_plot(perspectives(("own", 7e3, math.nan, math.nan)), cost=5e3)
    assert words(fixed)[0] == "Own: £7,000"


def test_no_bar_of_the_draws_holds_both_sides_of_zero() -> None:
    net = np.random.default_rng(0).normal(100.0, 900.0, 4000)
    axes = draws_plot(pd.DataFrame({"net": net}))
    below = [bar for bar in axes.patches if bar.get_x() < -1e-9]
    assert all(bar.get_x() + bar.get_width() <= 1e-9 for bar in below)
    assert sum(bar.get_height() for bar in axes.patches) == pytest.approx(1.0)
    assert sum(bar.get_height() for bar in below) == pytest.approx((net < 0).mean())
    from matplotlib.colors import to_hex

    assert {to_hex(bar.get_facecolor()).upper() for bar in below} == {COMPARISON_COLOUR}
    assert {to_hex(bar.get_facecolor()).upper() for bar in axes.patches if bar not in below} == {TREATED_COLOUR}


@pytest.mark.parametrize("net", [[5.0] * 9, [-5.0] * 9, [0.0] * 9, [-1e9, 1.0, 2.0], [1e-3, -1e-3]])
def test_draws_of_any_size_can_be_drawn(net: list[float]) -> None:
    axes = draws_plot(pd.DataFrame({"net": net}))
    assert sum(bar.get_height() for bar in axes.patches) == pytest.approx(1.0)
    assert to_png(axes).startswith(b"\x89PNG")


def test_bars_have_one_round_width() -> None:
    edges = _edges(np.array([-31_000.0, 68_000.0]))
    assert set(np.diff(edges)) == {2500.0}
    assert 0.0 in edges


def test_a_share_of_draws_is_never_rounded_to_certainty() -> None:
    assert [format_chance(share) for share in (0.0, 0.004, 0.125, 0.996, 1.0)] == [
        "0%", "under 1%", "13%", "over 99%", "100%",
    ]  # fmt: skip
    told = draws_alt(pd.DataFrame({"net": [-123_456.0, 200_000.0]}))
    assert "in 2 draws" in told
    assert "above 0 in 50% of them" in told
    assert "123,456" not in told


def test_steps_that_are_switched_off_are_hollow_and_pounds_are_no_offences() -> None:
    frame = pd.DataFrame(
        {
            "label": ["Effect", "Recorded", "Pounds"],
            "on": [True, False, True],
            "value": [0.5, 1.0, 460.0],
            "offences": [50.0, 50.0, math.nan],
            "offences_low": [-20.0, math.nan, math.nan],
            "offences_high": [80.0, math.nan, math.nan],
        }
    )
    axes = ladder_plot(frame)
    assert words(axes) == [f"Effect: 50 ({MINUS}20 to 80)", "Recorded: switched off"]
    faces = [line.get_markerfacecolor() for line in axes.lines if line.get_marker() == "o"]
    assert faces == [TREATED_COLOUR, "white"]
    assert "Recorded: switched off" in ladder_alt(frame)
    with pytest.raises(InputError, match="No step"):
        ladder_plot(frame.assign(offences=math.nan))
    fixed = frame.iloc[[1]].assign(on=True)
    assert words(ladder_plot(fixed)) == ["Recorded: 50"]


def test_value_and_cost_stand_in_rows_of_their_own() -> None:
    frame = pd.DataFrame({"term": ["benefit", "cost"], "estimate": [-5e3, 3e3], "conf_low": [-9e3, None],
                          "conf_high": [-1e3, None]})  # fmt: skip
    axes = value_against_cost(frame)
    assert "Value equals cost" in words(axes)
    assert axes.get_xlim()[0] < -9e3
    assert axes.get_xlim()[1] > 3e3


def test_axes_may_be_given_and_marks_are_short() -> None:
    own = new_axes()
    assert perspectives_plot(perspectives(("social", 1e6, 0.0, 2e6)), cost=5e5, ax=own) is own
    pound_axis(own, [math.nan], "Pounds")
    assert own.get_xlim() == (-1.0, 1.0)
    assert [short_money(value) for value in (2.5e9, -12_500.0, 9_000.0, 0.0)] == [
        "£2.5bn", f"{MINUS}£12.5k", "£9,000", "£0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "axes",
    [
        value_against_cost(pd.DataFrame({"term": ["benefit", "cost"], "estimate": [5e3, 3e3], "conf_low": [1.0, None],
                                         "conf_high": [9e3, None]})),
        tornado_plot(inputs(("A", 0.0, 1.0, -5e3, 9e3)), net=10.0),
        perspectives_plot(perspectives(("social", 9e3, 2e3, 1.6e4)), cost=5e3),
        draws_plot(pd.DataFrame({"net": [-5.0, 10.0]})),
    ],
)  # fmt: skip
def test_letters_can_be_read_on_a_phone(axes: Any) -> None:
    """A report gives a picture the width of the screen: 390 pixels there."""
    figure = axes.get_figure()
    shrunk = 390 / (figure.get_figwidth() * 72)
    sizes = [text.get_fontsize() for text in axes.texts] + [axes.xaxis.label.get_fontsize()]
    assert min(sizes) * shrunk >= 8
