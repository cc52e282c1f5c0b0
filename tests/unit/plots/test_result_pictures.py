"""The small pictures behind results: what stands beside each row, gaps in the data, figures off the scale."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.linkage import true_linkage
from dipeval.plots.balance import overlap_plot
from dipeval.plots.diagnostics import FURTHEST, threshold_plot
from dipeval.plots.events import observed_expected_plot
from dipeval.plots.extracts import coverage_plot
from dipeval.plots.linkage import draw_quality
from dipeval.plots.models import coefficient_plot
from dipeval.plots.money import value_against_cost
from dipeval.plots.outcomes import reoffence_histogram
from dipeval.plots.style import COMPARISON_COLOUR, PALETTE, TREATED_COLOUR, ink, to_png
from dipeval.simulate import simulate


def words(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_a_table_without_dates_is_listed_without_a_bar() -> None:
    frame = pd.DataFrame(
        {
            "table": ["deaths", "spend"],
            "rows": [1200, 73],
            "first_date": [pd.Timestamp("2020-01-01"), pd.NaT],
            "last_date": [pd.Timestamp("2020-06-01"), pd.NaT],
        }
    )
    axes = coverage_plot(frame, until=dt.date(2020, 12, 31))
    assert words(axes) == ["1,200 records", "73 records, no dates"]
    assert len(axes.lines) == 2  # one bar and the last day covered
    assert "up to 2020-12-31" in axes.get_xlabel()


def test_the_histogram_has_a_bar_a_band_and_the_shares_add_up() -> None:
    axes = reoffence_histogram(pd.DataFrame({"band": ["0", "1", "2", "over 2"], "n_people": [6, 3, 0, 1]}))
    assert [round(bar.get_height(), 12) for bar in axes.patches] == [0.6, 0.3, 0.0, 0.1]
    assert words(axes) == ["60.0%", "30.0%", "0.0%", "10.0%"]


def test_checks_stand_on_the_side_they_belong_and_never_leave_the_picture() -> None:
    frame = pd.DataFrame(
        {
            "check": ["balance", "people", "dropped", "strict"],
            "value": [0.05, 900.0, 0.0, 0.3],
            "threshold": [0.1, 30.0, 0.0, 0.0],
            "passed": [True, True, True, False],
            "at_most": [True, False, True, True],
        }
    )
    axes = threshold_plot(frame)
    assert [float(line.get_xdata()[0]) for line in axes.lines[:4]] == [0.5, FURTHEST, 0.0, FURTHEST]
    assert [bar.get_x() for bar in axes.patches] == [0.0, 1.0, 0.0, 0.0]
    assert words(axes)[1:3] == ["900 (at least 30): passed", "0.000 (at most 0.000): passed"]
    assert words(axes)[3].endswith(": failed")


def test_coefficients_are_named_as_ratios_however_short_or_long_the_axis() -> None:
    for half in (0.001, 0.3, 40.0, 800.0):
        frame = pd.DataFrame({"term": ["district[Leeds]"], "estimate": [0.0], "conf_low": [-half], "conf_high": [half]})
        axes = coefficient_plot(frame, ratio="Odds ratio")
        to_png(axes)  # draws the ticks
        shown = [tick.get_text() for tick in axes.get_xticklabels()]
        assert len(shown) >= 3
        assert "1" in shown
        assert axes.get_yticklabels()[0].get_text() == "District: Leeds"
    assert "inf" not in words(axes)[0]


def test_an_axis_of_middling_length_has_round_ratios() -> None:
    frame = pd.DataFrame({"term": ["a", "b"], "estimate": [0.0, 0.9], "conf_low": [-0.7, 0.5], "conf_high": [0.7, 1.3]})
    axes = coefficient_plot(frame, ratio="Odds ratio")
    to_png(axes)
    assert {"0.5", "1", "2"} <= {tick.get_text() for tick in axes.get_xticklabels()}


def test_a_notebook_shows_a_picture_when_a_cell_ends_with_one() -> None:
    from IPython.core.formatters import DisplayFormatter

    people = dip.datasets.recid()
    design = dip.match(people, treated="workprg", covariates=["age", "priors"])
    for axes in (design.plot(), design.plot_covariate("age"), dip.overlap(design).plot(), design.dropped().plot()):
        shown, _ = DisplayFormatter().format(axes)
        assert shown["image/png"].startswith(b"\x89PNG")


def test_a_link_without_a_figure_is_left_blank() -> None:
    frame = pd.DataFrame({"link": ["drug_tests - deaths", "drug_tests - orders"], "precision": [1.0, np.nan],
                          "recall": [0.5, np.nan]})  # fmt: skip
    axes = draw_quality(frame)
    assert len(axes.collections[0].get_offsets()) == 2
    assert axes.get_xlim()[0] == pytest.approx(0.45)
    nothing = draw_quality(frame.assign(precision=np.nan, recall=np.nan))
    assert [tick.get_text() for tick in nothing.get_yticklabels()] == ["Drug tests - orders", "Drug tests - deaths"][
        ::-1
    ]


def test_observed_and_expected_keep_the_house_colours() -> None:
    from matplotlib.colors import to_hex

    frame = pd.DataFrame({"group": ["comparison", "treated"], "observed": [66.0, 48.0], "expected": [56.0, 58.0]})
    axes = observed_expected_plot(frame)
    assert {to_hex(bar.get_facecolor()).upper() for bar in axes.patches} <= set(PALETTE)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["Observed", "Expected"]


def contrast_with_white(colour: str) -> float:
    """Contrast ratio of the Web Content Accessibility Guidelines 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)


def test_words_in_a_groups_colour_can_be_read_on_white() -> None:
    assert contrast_with_white(COMPARISON_COLOUR) < 4.5 <= contrast_with_white(ink(COMPARISON_COLOUR))
    frame = pd.DataFrame({"score": [0.2, 0.4, 0.3], "group": ["treated", "comparison", "comparison"]})
    colours = {text.get_text(): text.get_color() for text in overlap_plot(frame).texts}
    assert colours == {"Treated": ink(TREATED_COLOUR), "Comparison": ink(COMPARISON_COLOUR)}


def test_a_value_below_zero_is_drawn_below_zero() -> None:
    frame = pd.DataFrame({"term": ["benefit", "cost"], "estimate": [-5000.0, 3000.0], "conf_low": [-9000.0, math.nan],
                          "conf_high": [-1000.0, math.nan]})  # fmt: skip
    axes = value_against_cost(frame)
    assert words(axes)[:2] == ["−£5,000 (−£9,000 to −£1,000)", "£3,000"]
    assert axes.get_xlim()[0] < -9000


def test_offences_in_both_worlds_are_counted_a_person_with_a_positive_test() -> None:
    truth = simulate(200, seed=1).truth
    frame = truth.mean_offences()
    people = truth.people.dropna(subset=["index_date"])
    assert (frame["n"] == len(people)).all()
    for world, own in frame.groupby("group"):
        both = truth.history(str(world)).merge(people, on="true_person")
        days = (both["offence_date"] - both["index_date"]).dt.days
        assert own["estimate"].iloc[-1] == pytest.approx(((days >= 1) & (days <= 365)).sum() / len(people))
        assert own["estimate"].is_monotonic_increasing


def test_bands_count_everybody_once() -> None:
    extracts = simulate(300, seed=1)
    outcomes = dip.measure_reoffending(dip.build_cohort(extracts, true_linkage(extracts)))
    bands, counts = outcomes.bands().set_index("band"), outcomes.to_frame()["n_reoffences"]
    assert bands["n_people"].sum() == len(counts)
    assert bands.loc["0", "n_people"] == (counts == 0).sum()
    assert bands.loc["5", "n_people"] == (counts == 5).sum()
    assert bands.loc["6 to 10", "n_people"] == counts.between(6, 10).sum()
    assert bands.loc["over 10", "n_people"] == (counts > 10).sum()
    assert bands["share"].sum() == pytest.approx(1)
