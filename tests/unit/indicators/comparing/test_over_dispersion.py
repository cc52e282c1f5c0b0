"""The over-dispersion factor: by hand, by simulation of what winsorising leaves, and what is done with it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import dipeval as dip
from dipeval.errors import InputError
from dipeval.indicators.comparing.dispersion import dispersion, left_by_winsorising, winsorised


def areas(n: int, *, phi: float = 1.0, seed: int = 1, size: int = 500) -> pd.DataFrame:
    """Shares that spread phi times as much as chance would (beta-binomial; 1: binomial)."""
    rng = np.random.default_rng(seed)
    rho = (phi - 1) / (size - 1)
    share = rng.beta(0.5 * (1 - rho) / rho, 0.5 * (1 - rho) / rho, n) if rho else 0.5
    return pd.DataFrame({"district": [f"Area {place:02d}" for place in range(n)], "denominator": size,
                         "numerator": rng.binomial(size, share, n)})  # fmt: skip


def test_the_factor_is_the_mean_square_of_the_scores_with_a_centre_of_their_own() -> None:
    data = areas(6, phi=3.0)
    found = dip.benchmark(data, over_dispersion="none")
    share = data["numerator"] / 500
    pooled = share.mean()
    z = (share - pooled) / math.sqrt(pooled * (1 - pooled) / 500)
    assert found.to_frame()["z"].to_numpy() == pytest.approx(z.to_numpy())
    assert found.dispersion.factor == pytest.approx((z**2).sum() / 5)
    assert found.dispersion.p_value == pytest.approx(stats.chi2.sf((z**2).sum(), 5))
    assert found.dispersion.conf_high == pytest.approx((z**2).sum() / stats.chi2.ppf(0.025, 5))
    # Areas of one size: the spread between them is what is left of the variance.
    left = max(0.0, share.var() - pooled * (1 - pooled) / 500)
    assert found.dispersion.between == pytest.approx(math.sqrt(left), rel=1e-6)


def test_a_centre_from_outside_keeps_its_degree_of_freedom() -> None:
    z = np.array([1.0, -2.0, 0.5, 1.5])
    assert dispersion(z, np.ones(4), centre_given=True).factor == pytest.approx((z**2).mean())


def test_the_outermost_tenth_at_each_end_is_pulled_in() -> None:
    z = np.arange(20.0) - 9.5
    pulled = winsorised(z)
    assert sorted(pulled) == [-7.5] * 3 + list(z[3:-3]) + [7.5] * 3
    assert winsorised(z[:9]).tolist() == z[:9].tolist()


@pytest.mark.parametrize("n", [10, 25, 43])
def test_what_winsorising_leaves_of_chance_is_known(n: int) -> None:
    drawn = np.random.default_rng(1).normal(size=(20_000, n))
    squares = np.array([(winsorised(row) ** 2).mean() for row in drawn[:4_000]])
    assert left_by_winsorising(n) == pytest.approx(squares.mean(), abs=4 * squares.std() / math.sqrt(4_000))


def test_one_area_far_out_does_not_widen_the_limits_for_all() -> None:
    data = areas(30)
    data.loc[3, "numerator"] = 480
    found = dip.benchmark(data, over_dispersion="multiplicative")
    plain = ((found.to_frame()["z"]) ** 2).sum() / 29
    assert plain > 8 > 2 > found.dispersion.factor
    assert "Area 03" in found.outside


def test_auto_widens_the_limits_where_many_areas_spread_beyond_chance_and_only_there() -> None:
    wide, plain = dip.benchmark(areas(40, phi=4.0)), dip.benchmark(areas(40, phi=4.0), over_dispersion="none")
    assert (wide.over_dispersion, plain.over_dispersion) == ("multiplicative", "none")
    root = math.sqrt(wide.dispersion.factor)
    for name in ("lower_95", "upper_998"):
        stretched = wide.centre + root * (plain.to_frame()[name] - wide.centre)
        assert wide.to_frame()[name].to_numpy() == pytest.approx(stretched.to_numpy())
    assert (wide.to_frame()["z_adjusted"] * root).to_numpy() == pytest.approx(wide.to_frame()["z"].to_numpy())
    assert any("wider by its root" in note for note in wide.summary().notes)
    assert any("do not allow for it" in note for note in plain.summary().notes)
    assert dip.benchmark(areas(40)).over_dispersion == "none"


def test_a_factor_below_one_never_narrows_the_limits() -> None:
    data = areas(20).assign(numerator=250)
    data.loc[0, "numerator"] = 251
    for how in ("multiplicative", "additive"):
        limits = dip.benchmark(data, over_dispersion=how).to_frame()["upper_95"]
        assert limits.equals(dip.benchmark(data, over_dispersion="none").to_frame()["upper_95"])


def test_few_areas_are_told_that_their_factor_is_hardly_known_and_the_limits_stay() -> None:
    data = areas(5, phi=6.0)
    found = dip.benchmark(data)
    assert found.over_dispersion == "none"
    assert found.dispersion.conf_high > 5 * found.dispersion.conf_low
    told = " ".join(found.summary().notes)
    assert "With 5 areas the over-dispersion factor is hardly known" in told
    assert "The limits are those of chance alone" in told
    asked = dip.benchmark(data, over_dispersion="multiplicative")
    assert "cannot settle" in " ".join(asked.summary().notes)


def test_the_added_spread_brings_the_scores_to_the_size_of_chance() -> None:
    data = areas(40, phi=5.0)
    data["denominator"] = np.where(np.arange(40) % 2, 500, 2_000)
    data["numerator"] = (data["numerator"] * data["denominator"] / 500).round()
    found = dip.benchmark(data, over_dispersion="additive")
    frame = found.to_frame()
    error = (frame["value"] - found.centre) / frame["z"]
    scores = frame["z"] / np.sqrt(1 + (found.dispersion.between / error) ** 2)
    assert frame["z_adjusted"].to_numpy() == pytest.approx(scores.to_numpy())
    assert (winsorised(scores) ** 2).sum() / left_by_winsorising(40) == pytest.approx(39, rel=1e-6)


def test_a_prior_from_elsewhere_widens_the_limits_and_shrinks_the_values_of_few_areas() -> None:
    data = areas(5, phi=6.0)
    plain, found = dip.benchmark(data), dip.benchmark(data, prior=0.05)
    frame, error2 = found.to_frame(), found.centre * (1 - found.centre) / 500
    wider = math.sqrt(1 + 0.05**2 / error2)
    assert (frame["z"] / frame["z_adjusted"]).to_numpy() == pytest.approx(wider)
    shrunken = found.centre + 0.05**2 / (0.05**2 + error2) * (frame["value"] - found.centre)
    assert frame["shrunken"].to_numpy() == pytest.approx(shrunken.to_numpy())
    assert plain.to_frame()["shrunken"].isna().all()
    assert any("known from elsewhere" in note for note in found.summary().notes)
    with pytest.raises(InputError, match="A prior is a spread that is added"):
        dip.benchmark(data, prior=0.05, over_dispersion="multiplicative")
