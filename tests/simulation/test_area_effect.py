"""What the effect on areas claims, by many invented roll-outs: coverage, no bias where two-way regressions have it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from dipeval.effects.areas.estimate import area_effect
from dipeval.effects.areas.result import AreaEffect

PERIODS, NEVER = 10, 99
WAVES = {20: [3] * 4 + [5] * 4 + [7] * 4 + [NEVER] * 8, 40: [3] * 8 + [5] * 8 + [7] * 8 + [NEVER] * 16}


def roll_out(starts: list[int], seed: int, *, scale: float = 1.0) -> tuple[pd.DataFrame, float]:
    """Areas with autocorrelated noise; effects grow with time, and more in earlier waves. Also the true average."""
    rng, n, start = np.random.default_rng(seed), len(starts), np.array(starts)
    noise, now = np.zeros((n, PERIODS)), rng.normal(size=n)
    for period in range(PERIODS):
        now = 0.5 * now + math.sqrt(0.75) * rng.normal(size=n)
        noise[:, period] = now
    since = np.arange(PERIODS) - start[:, None]
    effect = np.where(since >= 0, -(1 + 0.4 * since) * (1.9 - 0.15 * start[:, None]), 0.0) * scale
    values = 50 + rng.normal(0, 2, n)[:, None] + 0.5 * np.arange(PERIODS) + noise + effect
    frame = pd.DataFrame(
        {
            "area": np.repeat([f"area {place:02}" for place in range(n)], PERIODS),
            "period": np.tile(np.arange(PERIODS), n),
            "outcome": values.ravel(),
            "treated_from": np.repeat(np.where(start < PERIODS, start.astype(float), np.nan), PERIODS),
        }
    )
    return frame, float(effect[since >= 0].mean()) if (since >= 0).any() else 0.0


def runs(starts: list[int], n: int, *, scale: float = 1.0, first: int = 0) -> tuple[list[AreaEffect], list[float]]:
    made = [roll_out(starts, first + seed, scale=scale) for seed in range(n)]
    found = [area_effect(frame, draws=199, seed=seed) for seed, (frame, _) in enumerate(made)]
    return found, [true for _, true in made]


def within(share: float, wanted: float, n: int) -> bool:
    """Within three standard errors of a share that is right."""
    return abs(share - wanted) <= 3 * math.sqrt(wanted * (1 - wanted) / n)


@pytest.mark.slow
@pytest.mark.parametrize("n_areas", [20, 40])
def test_intervals_cover_while_those_of_two_way_regressions_are_about_something_else(n_areas: int) -> None:
    n = 200
    found, true = runs(WAVES[n_areas], n, first=1_000)
    covered = np.mean([one.conf_low <= t <= one.conf_high for one, t in zip(found, true, strict=True)])
    assert within(float(covered), 0.95, n), covered
    errors = np.array([one.estimate - t for one, t in zip(found, true, strict=True)])
    assert abs(errors.mean()) < 3 * errors.std() / math.sqrt(n)
    # The error it states is the one it makes.
    assert np.mean([one.std_error for one in found]) == pytest.approx(errors.std(), rel=0.2)
    # The twin: two-way fixed effects miss by more than the interval is wide to one side.
    beside = np.array([one.two_way.estimate - t for one, t in zip(found, true, strict=True)])
    assert beside.mean() > 0.5 and beside.mean() > 20 * beside.std() / math.sqrt(n)


@pytest.mark.slow
def test_without_an_effect_it_is_found_as_often_as_it_says() -> None:
    n = 200
    found, _ = runs(WAVES[20], n, scale=0.0, first=5_000)
    assert within(float(np.mean([one.p_value <= 0.05 for one in found])), 0.05, n)
    assert within(float(np.mean([one.pre_trend_p <= 0.05 for one in found])), 0.05, n)


@pytest.mark.slow
def test_waves_of_one_area_do_not_make_intervals_too_short() -> None:
    n = 200
    found, true = runs([3, 4, 5, 6, 7, 8, *[NEVER] * 14], n, first=9_000)
    covered = np.mean([one.conf_low <= t <= one.conf_high for one, t in zip(found, true, strict=True)])
    assert covered >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / n), covered


@pytest.mark.slow
@pytest.mark.parametrize("starts", [[4, 6, NEVER, NEVER, NEVER], [3, 5, 7, NEVER, NEVER]])
def test_permutation_with_five_areas_has_the_right_size(starts: list[int]) -> None:
    n = 200
    found, _ = runs(starts, n, scale=0.0, first=20_000)
    p = np.array([one.p_value for one in found])
    assert not any(one.has_interval for one in found) and {one.error for one in found} == {"permutation"}
    # With all arrangements counted, a p-value no larger than k of them comes up that often and no more.
    for size in (0.05, 0.1, 0.2, 0.5):
        reached = math.floor(size * found[0].draws + 1e-9) / found[0].draws
        assert within(float((p <= size + 1e-9).mean()), reached, n), (size, float((p <= size).mean()))


@pytest.mark.slow
def test_the_interval_of_permutations_covers_a_constant_effect() -> None:
    n, starts = 200, [4, 6, *[NEVER] * 10]
    covered = []
    for seed in range(n):
        frame, _ = roll_out(starts, 30_000 + seed, scale=0.0)
        frame["outcome"] -= 2.0 * (frame["period"] >= frame["treated_from"])
        one = area_effect(frame, seed=seed)
        assert one.error == "permutation"
        covered.append(one.conf_low <= -2.0 <= one.conf_high)
    assert within(float(np.mean(covered)), 0.95, n), np.mean(covered)
