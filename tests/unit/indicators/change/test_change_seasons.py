"""The test for seasons against models fitted directly, and what a chart makes of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats

from dipeval.errors import InputError
from dipeval.indicators.change import control_chart
from dipeval.indicators.change.seasons import compare_seasons

QUARTERS = [f"{year}-Q{quarter}" for year in range(2010, 2016) for quarter in (1, 2, 3, 4)]


def shares(seed: int = 4, swing: float = 0.06) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    tests = draw.integers(300, 500, len(QUARTERS))
    level = 0.5 + swing * np.tile([-1.0, 0.0, 1.0, 0.0], 6)
    return pd.DataFrame({"period": QUARTERS, "tests": tests, "positive": draw.binomial(tests, level)})


def counts(seed: int = 4) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame({"period": QUARTERS, "n": draw.poisson(np.tile([30.0, 50.0, 70.0, 40.0], 6))})


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_it_is_the_f_test_of_two_quasi_likelihood_models(family: str) -> None:
    data = shares(swing=0.02)
    place = np.arange(24) + 4 * 2010
    n, out_of = data["positive"].to_numpy(float), data["tests"].to_numpy(float)
    found = compare_seasons(n, out_of, place, np.ones(24), every="quarter", family=family)
    frame = pd.DataFrame({"n": n, "no": out_of - n, "time": np.arange(24.0), "season": place % 4, "out_of": out_of})
    if family == "binomial":
        small = smf.glm("n + no ~ time", frame, family=sm.families.Binomial()).fit()
        large = smf.glm("n + no ~ time + C(season)", frame, family=sm.families.Binomial()).fit()
    else:
        small = smf.glm("n ~ time", frame, family=sm.families.Poisson(), exposure=out_of).fit()
        large = smf.glm("n ~ time + C(season)", frame, family=sm.families.Poisson(), exposure=out_of).fit()
    scale = large.pearson_chi2 / large.df_resid
    statistic = (small.deviance - large.deviance) / 3 / scale
    assert (found.df_seasons, found.df_left) == (3, 19)
    assert found.statistic == pytest.approx(statistic, rel=1e-8)
    assert found.p_value == pytest.approx(stats.f.sf(statistic, 3, 19), rel=1e-8)


def test_it_is_found_in_about_one_of_twenty_series_without_seasons() -> None:
    found = 0
    for seed in range(100):
        data = shares(seed, swing=0.0)
        arrays = (data["positive"].to_numpy(float), data["tests"].to_numpy(float))
        one = compare_seasons(*arrays, np.arange(24), np.ones(24), every="quarter", family="binomial")
        found += one.p_value < 0.05
    assert found <= 12


def test_seasons_move_what_is_expected_and_keep_its_level() -> None:
    data = counts()
    chart = control_chart(data, numerator="n")
    told = chart.to_frame()
    assert chart.seasonal
    assert chart.season_p < 0.001
    assert told["centre"].sum() == pytest.approx(data["n"].sum())
    factors = told["seasonal_factor"].iloc[:4].to_numpy()
    np.testing.assert_allclose(factors, np.array([30, 50, 70, 40]) / 47.5, rtol=0.15)
    assert np.average(factors) == pytest.approx(1)
    assert not told["rules"].str.contains("outside").any()
    # Without them the same series is over-dispersed or signals.
    flat = control_chart(data, numerator="n", seasonal=False)
    assert flat.chart == "u_prime"
    assert not flat.seasonal


def test_a_share_never_passes_one_whatever_the_season() -> None:
    data = pd.DataFrame({"period": QUARTERS, "tests": 50, "positive": [50, 49, 30, 48] * 5 + [49, 50, 32, 48]})
    told = control_chart(data, numerator="positive", denominator="tests", seasonal=True).to_frame()
    assert (told[["centre", "upper"]] <= 1).all(axis=None)


def test_a_trend_is_no_season_and_too_short_a_series_is_not_tested() -> None:
    rising = pd.DataFrame({"period": QUARTERS[:11], "n": [50 + 5 * place for place in range(11)]})
    chart = control_chart(rising, numerator="n")
    assert not chart.seasonal
    short = control_chart(rising.head(6), numerator="n")
    assert np.isnan(short.season_p)
    assert any("fewer than two full years" in note for note in short.notes)
    with pytest.raises(InputError, match="fewer than two full years"):
        control_chart(rising.head(6), numerator="n", seasonal=True)


def test_years_have_no_seasons() -> None:
    yearly = pd.DataFrame({"period": [f"{year}-{(year + 1) % 100:02d}" for year in range(1998, 2012)], "n": 50})
    chart = control_chart(yearly.assign(n=[50, 52] * 7), numerator="n")
    assert chart.every == "financial year"
    assert any("no seasons within a year" in note for note in chart.notes)


def test_months_have_twelve() -> None:
    months = [f"{year}-{month:02d}" for year in (2011, 2012, 2013) for month in range(1, 13)]
    draw = np.random.default_rng(8)
    data = pd.DataFrame({"period": months, "n": draw.poisson(np.tile([40.0] * 6 + [80.0] * 6, 3))})
    chart = control_chart(data, numerator="n")
    assert chart.seasonal
    assert chart.to_frame()["seasonal_factor"].nunique() == 12
