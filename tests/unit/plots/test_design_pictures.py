"""Pictures of a design: bands, long names, one covariate before and after, and what could be detected."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import InputError
from dipeval.plots.balance import love_plot
from dipeval.plots.density import density_plot
from dipeval.plots.power import power_plot
from tests.unit.matching.matching_people import COVARIATES, people

COMMON: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES}


def frame_of(values: Any, group: Any, weight: Any = 1.0) -> pd.DataFrame:
    return pd.DataFrame({"value": values, "group": np.where(group, "treated", "comparison"), "weight": weight})


def heights(ax: Any, sign: int) -> np.ndarray:
    """Heights of the filled bars of one group."""
    bars = [patch for patch in ax.patches if hasattr(patch, "get_height") and patch.get_facecolor()[3] > 0]
    found = np.array([bar.get_height() for bar in bars])
    return found[np.sign(found) == sign]


def test_the_love_plot_shows_the_bands_whatever_the_differences() -> None:
    for size in (0.004, 1.8):
        frame = pd.DataFrame({"term": ["age", "priors"], "smd_before": [size, -size], "smd_after": [0.0, 0.001]})
        ax = love_plot(frame)
        said = [text.get_text() for text in ax.get_legend().get_texts()]
        assert said == ["Before", "After", "Up to 5%", "Up to 10%", "10% guide line"]
        low, high = ax.get_xlim()
        assert low < 0 < 0.1 < high


def test_the_love_plot_grows_with_its_terms_and_wraps_long_names() -> None:
    def drawn(count: int) -> Any:
        names = [f"prior_offences_of_quarter_number_{number}_before_index" for number in range(count)]
        return love_plot(pd.DataFrame({"term": names, "smd_before": 0.2, "smd_after": 0.01}))

    few, many = drawn(6), drawn(70)
    assert many.figure.get_figheight() > 3 * few.figure.get_figheight()
    assert all("\n" in tick.get_text() for tick in many.get_yticklabels())
    gap = many.figure.get_figheight() * 72 / 70
    assert gap > 2 * many.get_yticklabels()[0].get_fontsize()  # two lines fit


def test_squares_and_products_are_drawn_by_their_words() -> None:
    ax = dip.match(people(200), **COMMON).balance(interactions=True).plot()
    labels = {tick.get_text().replace("\n", " ") for tick in ax.get_yticklabels()}
    assert {"Age squared", "Age × Priors", "Priors × District: Leeds"} <= labels
    assert "Propensity score" not in labels


@pytest.mark.parametrize("name", ["age", "priors", "district"])
def test_a_covariates_picture_adds_up_to_each_group_before_and_after(name: str) -> None:
    design = dip.match(people(200), caliper=0.05, **COMMON)
    ax = design.plot_covariate(name)
    assert heights(ax, 1).sum() == pytest.approx(1)
    assert heights(ax, -1).sum() == pytest.approx(-1)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["Before", "After"]
    assert {text.get_text() for text in ax.texts} == {"Treated", "Comparison"}
    assert ax.get_xlabel() == name.capitalize()


def test_categories_have_their_words_and_the_right_people_behind_them() -> None:
    table = people(200)
    ax = dip.weight(table, method="none", **COMMON).plot_covariate("district")
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["Bradford", "Kirklees", "Leeds"]
    shares = table.loc[table["treated"] == 1, "district"].value_counts(normalize=True).sort_index()
    assert heights(ax, 1) == pytest.approx(shares.to_numpy())


def test_bars_are_cut_by_the_kind_of_number() -> None:
    rng = np.random.default_rng(3)
    group = np.arange(400) % 2 == 0
    yes_no = density_plot(frame_of(rng.integers(0, 2, 400), group), "female")
    assert [tick.get_text() for tick in yes_no.get_xticklabels()] == ["No", "Yes"]
    few = density_plot(frame_of(rng.integers(3, 9, 400), group))
    assert len(heights(few, 1)) == 6
    many = density_plot(frame_of(np.concatenate([[200, 935], rng.integers(200, 936, 398)]), group))
    widths = {round(bar.get_width(), 9) for bar in many.patches if hasattr(bar, "get_width")}
    assert widths == {19.0}  # whole numbers share a bar nineteen by nineteen: none holds one more than the next
    continuous = density_plot(frame_of(rng.normal(size=400), group))
    assert heights(continuous, 1).sum() == pytest.approx(1)


def test_the_largest_value_has_its_bar() -> None:
    ax = density_plot(frame_of([0.5, 2.25, 0.5, 2.25], [True, True, False, False]))
    assert sorted(heights(ax, 1)) == [0.5, 0.5]


def test_a_covariate_or_group_that_is_not_there_is_a_sentence() -> None:
    design = dip.match(people(200), **COMMON)
    with pytest.raises(InputError, match="no covariate 'shoe size'; it has age, priors, district"):
        design.plot_covariate("shoe size")
    with pytest.raises(InputError, match="'treated' and 'comparison'"):
        density_plot(frame_of([1, 2], [True, True]))
    with pytest.raises(InputError, match="nobody with a weight above 0"):
        density_plot(frame_of([1, 2], [True, False], [1.0, 0.0]))


def test_the_power_picture_names_the_difference_found_four_times_in_five() -> None:
    design = dip.weight(people(400), method="none", **COMMON)
    ax = design.plot_power(0.4)
    least = 100 * design.minimum_detectable_difference(0.4)
    assert ax.texts[0].get_text() == f"{least:.1f} points, detected 4 times in 5"
    weak = power_plot(pd.DataFrame({"difference": [0.0, 0.1], "power": [0.02, 0.3]}))
    assert not weak.texts
