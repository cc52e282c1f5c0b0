"""Limits of control charts against the textbook formulas, the exact laws and a calculation by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dipeval.indicators.change import control_chart
from dipeval.indicators.change.limits import dispersion_bound

QUARTERS = [f"{year}-Q{quarter}" for year in range(2010, 2016) for quarter in (1, 2, 3, 4)]
# Laid out so that by eye nothing stands out; sizes differ so that limits do.
TESTS = [210, 180, 240, 260, 200, 190, 220, 250, 230, 205, 215, 245]
POSITIVE = [110, 99, 121, 139, 108, 97, 116, 130, 125, 104, 118, 127]


def frame(numerator: list[float], denominator: list[float] | None = None, **more: Any) -> pd.DataFrame:
    columns = {"period": QUARTERS[: len(numerator)], "n": numerator, **more}
    return pd.DataFrame(columns | ({} if denominator is None else {"out_of": denominator}))


def test_a_p_chart_is_the_pooled_share_and_three_binomial_standard_deviations() -> None:
    chart = control_chart(frame(POSITIVE, TESTS), numerator="n", denominator="out_of", chart="p", seasonal=False)
    told = chart.to_frame()
    share = sum(POSITIVE) / sum(TESTS)
    spread = np.sqrt(share * (1 - share) / np.array(TESTS))
    np.testing.assert_allclose(told["centre"], share, rtol=1e-12)
    for name, sigmas in (("lower", -3), ("lower_2", -2), ("upper_2", 2), ("upper", 3)):
        np.testing.assert_allclose(told[name], share + sigmas * spread, rtol=1e-12)
    np.testing.assert_allclose(told["value"], np.array(POSITIVE) / np.array(TESTS))
    assert chart.chart == "p"


def test_a_c_chart_is_the_mean_and_three_times_its_root() -> None:
    counts = [31, 25, 38, 29, 33, 27, 35, 30, 26, 34, 28, 36]
    told = control_chart(frame(counts), numerator="n", chart="c", seasonal=False).to_frame()
    mean = np.mean(counts)
    np.testing.assert_allclose(told["centre"], mean)
    np.testing.assert_allclose(told["upper"], mean + 3 * np.sqrt(mean))
    np.testing.assert_allclose(told["lower"], mean - 3 * np.sqrt(mean))


def test_a_u_chart_is_shown_per_as_many_units_as_asked() -> None:
    counts, people = [60, 72, 66, 58, 70, 64, 69, 61, 73, 65, 67, 62], [50, 55, 52, 48, 57, 51, 53, 49, 56, 50, 54, 52]
    told = control_chart(
        frame(counts, people), numerator="n", denominator="out_of", chart="u", per=100, seasonal=False
    ).to_frame()
    rate = sum(counts) / sum(people)
    np.testing.assert_allclose(told["centre"], 100 * rate)
    np.testing.assert_allclose(told["upper"], 100 * (rate + 3 * np.sqrt(rate / np.array(people))))


def test_squares_widen_a_u_chart_by_how_events_fall_together() -> None:
    counts, people = [60, 72, 66, 58, 70, 64, 69, 61, 73, 65, 67, 62], [50] * 12
    squares = [4 * count for count in counts]  # as if every event came in fours
    told = control_chart(
        frame(counts, people, sq=squares), numerator="n", denominator="out_of", chart="u", squares="sq", seasonal=False
    ).to_frame()
    rate = sum(counts) / 600
    np.testing.assert_allclose(told["upper"], rate + 3 * 2 * np.sqrt(rate / 50))


def test_an_individuals_chart_takes_its_spread_from_moving_ranges() -> None:
    hours = [10.5, 12.0, 11.2, 9.8, 10.9, 11.7, 10.1, 12.3, 11.1, 10.4, 11.9, 10.8]
    chart = control_chart(frame(hours), numerator="n", seasonal=False)
    spread = np.mean(np.abs(np.diff(hours))) / 1.128
    assert chart.chart == "i"
    np.testing.assert_allclose(chart.to_frame()["upper"], np.mean(hours) + 3 * spread, rtol=1e-4)


def test_laney_by_hand() -> None:
    # Twelve periods of 10,000: p = 0.5, so one standard deviation is 0.005; the shares go 0.5 +/- 0.01, that is
    # z = +2, -2, +2 ... Moving ranges are all 4; sigma z = 4 / 1.128 = 3.5449; limits 0.5 +/- 3 x 0.005 x 3.5449.
    counts = [5_100, 4_900] * 6
    chart = control_chart(frame(counts, [10_000] * 12), numerator="n", denominator="out_of", seasonal=False)
    assert chart.chart == "p_prime"
    assert chart.sigma_z == pytest.approx(3.5449, abs=1e-4)
    np.testing.assert_allclose(chart.to_frame()["upper"], 0.5 + 0.053174, atol=1e-6)
    assert any("3.54 times" in note for note in chart.notes)
    plain = control_chart(frame(counts, [10_000] * 12), numerator="n", denominator="out_of", chart="p", seasonal=False)
    np.testing.assert_allclose(plain.to_frame()["upper"], 0.515)


def test_the_bound_of_the_spread_is_passed_by_one_steady_series_in_twenty() -> None:
    draw = np.random.default_rng(5)
    for n in (12, 24, 40):
        ranges = np.abs(np.diff(draw.standard_normal((20_000, n)), axis=1)).mean(axis=1) / 1.128379
        assert 0.035 < (ranges > dispersion_bound(n)).mean() < 0.065


def test_few_counted_have_exact_limits_on_whole_counts() -> None:
    counts = [2, 3, 1, 4, 2, 3, 2, 1, 3, 2, 4, 3]
    chart = control_chart(frame(counts), numerator="n", chart="c", seasonal=False)
    told = chart.to_frame()
    law = stats.poisson(np.mean(counts))
    upper, lower = told["upper"].iloc[0], told["lower"].iloc[0]
    assert law.sf(upper) <= stats.norm.sf(3) < law.sf(upper - 1)
    assert lower == 0
    assert any("exact" in note for note in chart.notes)
    people = [20] * 12
    told = control_chart(
        frame(counts, people), numerator="n", denominator="out_of", chart="p", seasonal=False
    ).to_frame()
    share = sum(counts) / 240
    np.testing.assert_allclose(told["upper"], stats.binom.ppf(stats.norm.cdf(3), 20, share) / 20)


def test_a_limit_never_lies_within_the_centre_and_one_event_can_be_outside() -> None:
    people = [1] * 11 + [40_000]
    data = frame([1] + [0] * 11, people)
    chart = control_chart(data, numerator="n", denominator="out_of", chart="p", seasonal=False)
    told = chart.to_frame()
    assert (told["upper"] >= told["centre"]).all()
    assert chart.signals()["period_from"].tolist()[0] == "2010-Q1"


def test_limits_stay_between_nought_and_one() -> None:
    nearly = [19, 20, 18, 20, 19, 20, 20, 19, 18, 20, 19, 20]
    for chart in ("p", "p_prime"):
        told = control_chart(
            frame(nearly, [20] * 12), numerator="n", denominator="out_of", chart=chart, seasonal=False
        ).to_frame()
        assert (told["upper"] <= 1).all()
        assert (told["lower"] >= 0).all()


def test_a_baseline_and_a_break_set_what_is_expected() -> None:
    counts = [100] * 6 + [104] * 6 + [150] * 6 + [154] * 6
    data = frame(counts)
    told = control_chart(data, numerator="n", chart="c", baseline=12, breaks=["2013-Q1"], seasonal=False).to_frame()
    assert told["centre"].unique().tolist() == [102, 152]
    assert told["phase"].unique().tolist() == [1, 2]
    part = control_chart(data, numerator="n", chart="c", baseline=("2012-Q1", "2015-Q4"), seasonal=False).to_frame()
    assert part["centre"].iloc[0] == np.mean(counts[8:])
