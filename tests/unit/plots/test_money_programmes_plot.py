"""The picture of several programmes: in the order given, of one colour, with words for those who do not see it."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from dipeval.errors import InputError
from dipeval.plots.money_programmes import TITLE, programmes_alt, programmes_plot
from dipeval.plots.style import new_axes, to_png

FRAME = pd.DataFrame(
    {
        "programme": ["North", "South", "West"],
        "estimate": [-40.0, 1234.5, 120.0],
        "conf_low": [-90.0, -80.0, math.nan],
        "conf_high": [10.0, 3200.0, math.nan],
    }
)


def test_rows_are_drawn_as_they_are_given_and_in_one_colour() -> None:
    axes = programmes_plot(FRAME)
    assert [text.get_text() for text in axes.texts] == [
        "North: −£40 (−£90 to £10)",
        "South: £1,230 (−£80 to £3,200)",
        "West: £120",
    ]
    places = [text.get_position()[1] for text in axes.texts]
    assert places == sorted(places)
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert [dot.get_xdata()[0] for dot in dots] == [-40.0, 1234.5, 120.0]
    assert len({dot.get_color() for dot in dots}) == 1
    assert len(axes.collections) == 2
    assert axes.get_xlabel() == TITLE
    low, high = axes.get_xlim()
    assert low < -90 and high > 3200


def test_it_draws_on_axes_that_are_given_and_becomes_a_picture() -> None:
    axes = new_axes()
    assert programmes_plot(FRAME.iloc[:2], ax=axes) is axes
    assert to_png(axes).startswith(b"\x89PNG")


def test_a_long_name_is_cut_short_in_the_picture_and_not_in_its_words() -> None:
    name = "Drug Interventions Programme of the western districts (simulated)"
    frame = FRAME.iloc[:1].assign(programme=name)
    assert programmes_plot(frame).texts[0].get_text() == ("Drug Interventions Programme of the...: −£40 (−£90 to £10)")
    assert name in programmes_alt(frame)


def test_words_for_those_who_do_not_see_it() -> None:
    assert programmes_alt(FRAME.iloc[:1], level=0.9) == (
        "Value less cost per person of each programme, in alphabetical order, with 90% intervals. North: −£40 (−£90 to "
        "£10)."
    )


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(InputError, match="holds none"):
        programmes_plot(FRAME.iloc[:0])
    with pytest.raises(InputError, match="lacks the column\\(s\\) conf_low"):
        programmes_alt(FRAME.drop(columns="conf_low"))
