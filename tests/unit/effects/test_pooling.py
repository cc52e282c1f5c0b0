"""Rubin's rules and the degrees of freedom of Barnard and Rubin."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from dipeval.effects import pool
from dipeval.errors import EstimationError


def test_rubins_rules_worked_by_hand() -> None:
    pooled = pool([1.0, 1.2, 0.8], [0.5, 0.5, 0.5], complete_df=100)
    between, within = 0.04, 0.25
    total = within + 4 / 3 * between
    share = 4 / 3 * between / total
    old, observed = 2 / share**2, 101 / 103 * 100 * (1 - share)
    assert pooled.std_error == pytest.approx(np.sqrt(total), rel=1e-12)
    assert pooled.share == pytest.approx(share, rel=1e-12)
    assert pooled.df == pytest.approx(old * observed / (old + observed), rel=1e-12)
    ratio = 4 / 3 * between / within
    assert pooled.missing_information == pytest.approx((ratio + 2 / (pooled.df + 3)) / (ratio + 1), rel=1e-12)
    low, high = pooled.interval(0.95)
    assert high - low == pytest.approx(2 * t.ppf(0.975, pooled.df) * pooled.std_error, rel=1e-12)


def test_equal_estimates_carry_nothing_but_their_own_error() -> None:
    pooled = pool([0.3] * 5, [0.1] * 5, complete_df=1_000)
    assert pooled.share == 0
    assert pooled.std_error == pytest.approx(0.1)
    assert 990 < pooled.df < 1_000


def test_the_interval_covers_when_draws_are_proper() -> None:
    """A mean with a third of the values missing at random, imputed properly: nominal coverage, no less."""
    rng = np.random.default_rng(1)
    n, known, covered, runs = 90, 60, 0, 400
    for _ in range(runs):
        values = rng.normal(size=known)
        draws = []
        for _ in range(20):
            spread = np.sqrt(values.var(ddof=1) * (known - 1) / rng.chisquare(known - 1))
            filled = np.r_[values, rng.normal(rng.normal(values.mean(), spread / np.sqrt(known)), spread, n - known)]
            draws.append((filled.mean(), filled.std(ddof=1) / np.sqrt(n)))
        low, high = pool([d[0] for d in draws], [d[1] for d in draws], complete_df=n - 1).interval()
        covered += low <= 0 <= high
    assert 0.95 - 3 * np.sqrt(0.95 * 0.05 / runs) <= covered / runs <= 0.99


@pytest.mark.parametrize(("estimates", "errors"), [([1.0], [0.1]), ([1.0, np.nan], [0.1, 0.1]), ([1.0, 2.0], [0.1])])
def test_too_little_to_pool_is_refused(estimates: list[float], errors: list[float]) -> None:
    with pytest.raises(EstimationError, match="two or more finite estimates"):
        pool(estimates, errors, complete_df=10)
