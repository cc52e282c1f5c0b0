"""Independent periods, one unit a person, seasons from enough years: said where the data speak against them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.indicators.change.control_chart_result import ControlChart
from dipeval.indicators.change.notes import PEOPLE_AGAIN

PERIODS = [f"{year}-Q{quarter}" for year in range(2009, 2015) for quarter in (1, 2, 3, 4)]


def _chart(positive: np.ndarray, **more: object) -> ControlChart:
    frame = pd.DataFrame({"period": PERIODS[: len(positive)], "positive": positive, "tests": 600, **more})
    return dip.control_chart(frame, numerator="positive", denominator="tests", seasonal=False)


def _says_alike(chart: ControlChart) -> bool:
    return any(note.startswith("Neighbouring periods are more alike") for note in chart.notes)


def test_a_level_that_wanders_slowly_is_said_to_be_alike_and_one_that_goes_up_and_down_is_not() -> None:
    slowly = np.round(600 * (0.55 + 0.06 * np.sin(np.arange(24) / 3)))
    assert _says_alike(_chart(slowly))
    assert not _says_alike(_chart(330 + 6 * (-1) ** np.arange(24)))


@pytest.mark.slow
def test_periods_that_carry_over_are_said_to_be_alike_and_steady_ones_seldom() -> None:
    draw = np.random.default_rng(7)
    steady = sum(_says_alike(_chart(draw.binomial(600, 0.55, 24))) for _ in range(60))
    carried = 0
    for _ in range(60):
        level = np.zeros(24)
        for place in range(1, 24):
            level[place] = 0.7 * level[place - 1] + draw.normal(0, 0.025)
        carried += _says_alike(_chart(draw.binomial(600, 0.55 + level)))
    assert steady <= 8
    assert carried >= 24


def test_several_tests_a_person_are_said_to_be_no_independent_ones() -> None:
    positive = np.random.default_rng(3).binomial(600, 0.55, 16)
    assert PEOPLE_AGAIN in _chart(positive, n_people=450).notes
    assert PEOPLE_AGAIN not in _chart(positive, n_people=600).notes
    assert PEOPLE_AGAIN not in _chart(positive).notes
    # A run chart has no limits that could be too narrow.
    assert PEOPLE_AGAIN not in _chart(positive[:10], n_people=450).notes


def test_seasons_from_two_years_are_said_to_be_rough() -> None:
    season = np.tile([0.45, 0.55, 0.6, 0.5], 6)
    for years, rough in ((2, True), (3, False)):
        positive = np.round(4_000 * season[: 4 * years] + np.arange(4 * years) % 3)
        frame = pd.DataFrame({"period": PERIODS[: 4 * years], "positive": positive, "tests": 4_000})
        chart = dip.control_chart(frame, numerator="positive", denominator="tests", seasonal=True)
        assert any("fewer than three full years" in note for note in chart.notes) is rough
