"""Limits are exact quantiles: plain and interpolated ones against a search through every count with scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from dipeval.indicators.comparing.intervals import fay_feuer_limits, poisson_limits, wilson_limits
from dipeval.indicators.comparing.limits import count_cdf, exact_quantile, interpolated_quantile, mid_p_score
from dipeval.linkage.shares import wilson

NAN = float("nan")
PROBABILITIES = (0.001, 0.025, 0.5, 0.975, 0.999)
BINOMIAL = [(n, p) for n in (1, 2, 7, 40, 313, 2_000) for p in (0.003, 0.2, 0.55, 0.97)]
POISSON = [0.02, 0.7, 3.0, 11.4, 97.5, 1_204.2]


def by_search(probability: float, distribution) -> tuple[int, float]:
    """The smallest count whose chance reaches it, and Spiegelhalter's point on the line to the count before."""
    counts = np.arange(2_001)
    count = int(np.argmax(distribution.cdf(counts) >= probability))
    return count, count - (distribution.cdf(count) - probability) / distribution.pmf(count)


@pytest.mark.parametrize("probability", PROBABILITIES)
def test_binomial_limits_are_the_exact_quantiles_and_their_interpolation(probability: float) -> None:
    for n, p in BINOMIAL:
        whole, between = by_search(probability, stats.binom(n, p))
        assert exact_quantile(probability, n * p, n) == whole == stats.binom.ppf(probability, n, p)
        assert interpolated_quantile(probability, n * p, n) == pytest.approx(between, abs=1e-7)


@pytest.mark.parametrize("probability", PROBABILITIES)
def test_poisson_limits_are_the_exact_quantiles_and_their_interpolation(probability: float) -> None:
    for mean in POISSON:
        whole, between = by_search(probability, stats.poisson(mean))
        assert exact_quantile(probability, mean, NAN) == whole == stats.poisson.ppf(probability, mean)
        assert interpolated_quantile(probability, mean, NAN) == pytest.approx(between, abs=1e-7)


def test_both_kinds_are_found_in_one_call() -> None:
    found = interpolated_quantile(0.975, [30.0, 30.0], [60.0, NAN])
    assert found[0] < found[1]
    assert found == pytest.approx([by_search(0.975, one)[1] for one in (stats.binom(60, 0.5), stats.poisson(30))])


def test_chances_are_those_of_scipy_and_run_from_0_to_1() -> None:
    for n, p in BINOMIAL:
        counts = np.unique(np.linspace(-1, n + 1, 9).round())
        assert count_cdf(counts, n * p, n) == pytest.approx(stats.binom.cdf(counts, n, p), abs=1e-12)
    for mean in POISSON:
        counts = np.unique(np.linspace(-1, 3 * mean + 3, 9).round())
        assert count_cdf(counts, mean, NAN) == pytest.approx(stats.poisson.cdf(counts, mean), abs=1e-12)


def test_a_limit_below_zero_means_that_there_is_none() -> None:
    assert interpolated_quantile(0.025, 2.0, NAN) < 0
    assert exact_quantile(0.025, 2.0, NAN) == 0


def test_scores_are_those_of_the_mid_p_and_finite_far_out() -> None:
    middle = stats.binom.cdf(29, 100, 0.4) + stats.binom.pmf(30, 100, 0.4) / 2
    assert mid_p_score(30, 40.0, 100) == pytest.approx(stats.norm.ppf(middle), abs=1e-9)
    far = mid_p_score([0, 1_000, 5_000], [900.0, 20.0, 100.0], [1_000, 1_000, NAN])
    assert np.isfinite(far).all()
    assert far[0] < -8 < 8 < far[1]


def test_the_interval_of_a_count_is_exact_and_near_byars() -> None:
    for count in (1, 7, 43, 577):
        low, high = poisson_limits(count, 0.95)
        assert stats.poisson.sf(count - 1, low) == pytest.approx(0.025)
        assert stats.poisson.cdf(count, high) == pytest.approx(0.025)
        byar_low = count * (1 - 1 / (9 * count) - 1.959964 / (3 * math.sqrt(count))) ** 3
        byar_high = (count + 1) * (1 - 1 / (9 * (count + 1)) + 1.959964 / (3 * math.sqrt(count + 1))) ** 3
        # Byar's formula is within a fiftieth of an event where events are few.
        assert (byar_low, byar_high) == pytest.approx((low, high), abs=0.15 if count == 1 else 0.02)
    assert poisson_limits(0, 0.95) == (0.0, pytest.approx(-math.log(0.025)))


def test_the_interval_of_a_weighted_sum_is_that_of_fay_and_feuer() -> None:
    """Michigan births of order 5 and over: 67.70212 to 188.30017 as R's dsrTest gives it for their example."""
    cases = np.array([0, 8, 63, 112, 262, 295])
    births = np.array([327, 30_666, 123_419, 149_919, 104_088, 34_392])
    standard = np.array([319_933, 931_318, 786_511, 488_235, 237_863, 61_313])
    weights = standard / standard.sum() / births
    value, variance = (weights * cases).sum(), (weights**2 * cases).sum()
    low, high = fay_feuer_limits(value, variance, weights.max(), 0.95)
    assert 1e5 * value == pytest.approx(75.52901, abs=1e-5)
    assert (1e5 * low, 1e5 * high) == pytest.approx((67.70212, 188.30017), abs=1e-5)


def test_the_interval_of_a_share_is_wilsons() -> None:
    for part, whole in ((0, 10), (3, 10), (10, 10), (577, 1_000)):
        assert wilson_limits(part, whole, 0.95) == pytest.approx(wilson(part, whole))
    assert all(math.isnan(limit) for limit in wilson_limits(0, 0, 0.95))
