"""What is seen without any effect: the closed forms against sums and simulation, the spread against a plain maximum."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import nbinom, poisson

from dipeval.effects.before_and_after.expected_fall import (
    LEAST_SPREAD,
    MOST_SPREAD,
    USUAL_SPREAD,
    best_mean,
    expected_change,
    expected_change_index,
    histories,
    log_likelihood,
    mean_of_all,
    spread_of,
    unevenness,
)
from dipeval.errors import EstimationError, InputError


def _windows(k: float, mean: float, n: int, windows: int, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.poisson(rng.gamma(k, mean / k, n)[:, None], (n, windows)).astype(np.float64)


def _histories(counts: np.ndarray, at_least: int = 0):
    n, windows = counts.shape
    return histories(counts.sum(axis=1), np.full(n, float(windows)), np.ones(n), at_least)


def test_the_published_selection_gives_the_published_fall() -> None:
    # 19,570 of 53,851 people had a conviction in the window before; k = 0.53.
    mean = mean_of_all(19_570 / 53_851, 0.53)
    assert round(100 * expected_change(0.53, mean), 2) == -27.15
    none = (1 + mean / 0.53) ** -0.53
    assert expected_change(0.53, mean) == pytest.approx(-none * 0.53 / (0.53 + mean), rel=1e-14)


def test_counting_the_index_gives_one_in_one_and_the_others() -> None:
    assert expected_change_index(1.86) == pytest.approx(-1 / 2.86)
    assert expected_change_index(3.0, 0.5) == pytest.approx(-0.5 / 3.5)


@pytest.mark.parametrize("at_least", [0, 1, 2, 5, 10])
@pytest.mark.parametrize(("k", "mean"), [(0.53, 0.711), (0.3, 4.0), (2.0, 1.2), (50.0, 2.0)])
def test_the_closed_form_is_the_sum_over_all_counts(k: float, mean: float, at_least: int) -> None:
    before = np.arange(at_least, 4_000)
    chances = nbinom.pmf(before, k, k / (k + mean))
    # The mean after of people with so many before, from the posterior of their rate.
    after = (chances * (k + before) / (k / mean + 1)).sum()
    assert expected_change(k, mean, at_least) == pytest.approx(after / (chances * before).sum() - 1, abs=1e-10)


def test_hardly_anybody_chosen_is_no_loss_of_digits() -> None:
    """Fifteen offences where people have 0.1 on average: one in 10^22 of them; sums over all counts from there on."""
    before = np.arange(15, 400)
    logs = nbinom.logpmf(before, 100.0, 100 / 100.1)
    chances = np.exp(logs - logs[0])
    after = (chances * (100 + before) / (100 / 0.1 + 1)).sum()
    assert expected_change(100.0, 0.1, 15) == pytest.approx(after / (chances * before).sum() - 1, rel=1e-10)


def test_people_who_hardly_differ_fall_back_to_the_mean_of_all() -> None:
    mean = 1.5
    chosen = mean / poisson.sf(0, mean)
    assert expected_change(1e7, mean) == pytest.approx(mean / chosen - 1, rel=1e-5)


def test_what_is_no_spread_is_refused() -> None:
    for bad in ((0.0, 1.0, 1), (1.0, 0.0, 1), (1.0, 1.0, -1)):
        with pytest.raises(InputError, match="above 0"):
            expected_change(*bad)
    for share in (0.0, 1.0):
        with pytest.raises(InputError, match="between 0 and 1"):
            mean_of_all(share, 0.5)
    with pytest.raises(InputError, match="offences before"):
        expected_change_index(0.0, 0.0)
    with pytest.raises(EstimationError, match="Nobody has an offence"):
        _histories(np.zeros((5, 3)))
    data = _histories(_windows(1.0, 1.0, 50, 3))
    for given in (0.0, -1.0, (2.0, 1.0), np.inf):
        with pytest.raises(InputError, match="no spread"):
            spread_of(data, given, enough_windows=True, level=0.95)


@pytest.mark.parametrize("at_least", [0, 1, 3])
def test_the_spread_is_the_plain_maximum_of_the_likelihood(at_least: int) -> None:
    counts = _windows(0.6, 2.0, 3_000, 3)
    data = _histories(counts[counts[:, 0] >= at_least], at_least)
    found = spread_of(data, None, enough_windows=True, level=0.95)
    plain = minimize(lambda p: -log_likelihood(data, *np.exp(p)), np.log([1.0, 1.0]), method="Nelder-Mead",
                     options={"xatol": 1e-10, "fatol": 1e-10, "maxiter": 4_000})  # fmt: skip
    assert found.k == pytest.approx(np.exp(plain.x[0]), rel=1e-5)
    assert found.mean == pytest.approx(np.exp(plain.x[1]), rel=1e-5)
    # The truth lies inside, and the interval ends where the profile has fallen by half of 3.84.
    assert found.low < 0.6 < found.high
    best = log_likelihood(data, found.k, found.mean)
    for end in (found.low, found.high):
        assert best - log_likelihood(data, end, best_mean(data, end)) == pytest.approx(3.841459 / 2, abs=1e-4)


def test_the_likelihood_is_that_of_the_counts() -> None:
    counts = _windows(0.8, 1.5, 40, 3)
    counts = counts[counts[:, 0] >= 2]
    data = _histories(counts, 2)

    def directly(k: float, mean: float) -> float:
        total = counts.sum(axis=1)
        return float(nbinom.logpmf(total, k, k / (k + 3 * mean)).sum()
                     - len(counts) * nbinom.logsf(1, k, k / (k + mean)))  # fmt: skip

    one, other = (0.8, 1.5), (1.7, 0.9)
    gap = log_likelihood(data, *one) - log_likelihood(data, *other)
    assert gap == pytest.approx(directly(*one) - directly(*other), rel=1e-10)


def test_times_at_risk_are_allowed_for() -> None:
    rng = np.random.default_rng(5)
    time = rng.choice([0.4, 1.0, 2.5], 4_000)
    counts = rng.poisson(rng.gamma(0.7, 2.0 / 0.7, 4_000) * time).astype(np.float64)
    data = histories(counts, time, time)
    found = spread_of(data, None, enough_windows=True, level=0.95)
    assert found.low < 0.7 < found.high
    assert found.mean == pytest.approx(2.0, rel=0.08)
    # The mean is where the likelihood is flat.
    step = 1e-5
    slope = log_likelihood(data, found.k, found.mean * (1 + step)) - log_likelihood(
        data, found.k, found.mean * (1 - step)
    )
    assert abs(slope / (2 * step)) < 1e-2


def test_the_order_of_people_changes_no_digit() -> None:
    counts = _windows(0.5, 1.0, 500, 3)
    again = counts[np.random.default_rng(1).permutation(500)]
    one, other = (spread_of(_histories(c), None, enough_windows=True, level=0.95) for c in (counts, again))
    assert (one.k, one.low, one.high, one.means) == (other.k, other.low, other.high, other.means)


def test_without_earlier_windows_there_is_a_range_and_a_given_spread_stands() -> None:
    data = _histories(_windows(0.5, 1.0, 500, 1))
    found = spread_of(data, None, enough_windows=False, level=0.95)
    assert (found.low, found.high, found.source) == (*USUAL_SPREAD, "range")
    assert np.isnan(found.k)
    own = spread_of(data, 0.53, enough_windows=False, level=0.95)
    assert (own.k, own.low, own.high, own.source) == (0.53, 0.53, 0.53, "given")
    pair = spread_of(data, (0.4, 0.9), enough_windows=True, level=0.95)
    assert np.isnan(pair.k)
    assert (pair.places[0], pair.places[-1]) == pytest.approx((0.4, 0.9))


def test_people_who_do_not_differ_have_a_spread_without_end() -> None:
    same = np.random.default_rng(2).poisson(2.0, (300, 3)).astype(np.float64)
    found = spread_of(_histories(same), None, enough_windows=True, level=0.95)
    assert found.high == pytest.approx(MOST_SPREAD)
    assert found.low > 3
    one = np.zeros((400, 3))
    one[:3] = 60.0
    assert spread_of(_histories(one), None, enough_windows=True, level=0.95).low >= LEAST_SPREAD


def test_counts_are_uneven_only_where_rates_change() -> None:
    steady = _windows(0.5, 3.0, 4_000, 3)
    ratio, errors = unevenness(steady)
    assert ratio == pytest.approx(1, abs=0.06)
    assert abs(errors) < 3.5
    rng = np.random.default_rng(4)
    changing = rng.poisson(steady * rng.gamma(1.0, 1.0, steady.shape)).astype(np.float64)
    assert unevenness(changing)[0] > 1.5
    assert unevenness(changing)[1] > 10
    assert np.isnan(unevenness(np.zeros((4, 2)))[0])
