"""Case mix: direct by the textbook's sum, indirect by hand, a model fitted to people one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import dipeval as dip
from dipeval.errors import InputError
from dipeval.indicators.comparing.intervals import poisson_limits

# Nobody's: the older reoffend less, and Leeds has more of them.
COUNTS = pd.DataFrame(
    [
        ("Bradford", "young", "male", 60, 100),
        ("Bradford", "old", "male", 12, 40),
        ("Bradford", "old", "female", 3, 20),
        ("Bradford", "young", "female", 9, 30),
        ("Leeds", "young", "male", 30, 60),
        ("Leeds", "old", "male", 50, 160),
        ("Leeds", "old", "female", 9, 70),
        ("Leeds", "young", "female", 5, 10),
        ("Wakefield", "young", "male", 22, 40),
        ("Wakefield", "old", "male", 10, 40),
        ("Wakefield", "old", "female", 8, 40),
        ("Wakefield", "young", "female", 14, 40),
    ],
    columns=["district", "age_group", "sex", "numerator", "denominator"],
)
STRATA = ["age_group", "sex"]


def found_by(standardise: str, **options) -> pd.DataFrame:
    """The frame of a benchmark, by area."""
    options = {"strata": STRATA, "standardise": standardise} | options
    return dip.benchmark(options.pop("data", COUNTS), **options).to_frame().set_index("area")


def test_direct_is_the_weighted_sum_of_the_areas_own_figures() -> None:
    for kind in ("share", "rate"):
        frame = found_by("direct", kind=kind)
        together = COUNTS.groupby(STRATA)["denominator"].sum()
        for area, own in COUNTS.groupby("district"):
            shares = own.set_index(STRATA).eval("numerator / denominator")
            assert frame.loc[area, "value"] == pytest.approx((shares * together / together.sum()).sum())
        pooled = COUNTS["numerator"].sum() / COUNTS["denominator"].sum()
        assert frame["centre"].to_numpy() == pytest.approx(pooled)


def test_direct_limits_hold_the_variance_of_the_weighted_sum() -> None:
    frame = found_by("direct")
    usual = COUNTS.groupby(STRATA)[["numerator", "denominator"]].sum().eval("numerator / denominator")
    weight = COUNTS.groupby(STRATA)["denominator"].sum() / COUNTS["denominator"].sum()
    for area, own in COUNTS.groupby("district"):
        n = own.set_index(STRATA)["denominator"]
        error = np.sqrt((weight**2 * usual * (1 - usual) / n).sum())
        assert frame.loc[area, "z"] == pytest.approx((frame.loc[area, "value"] - frame["centre"].iloc[0]) / error)


def test_direct_rates_have_the_gamma_interval_of_the_published_example() -> None:
    cases, births = [0, 8, 63, 112, 262, 295], [327, 30_666, 123_419, 149_919, 104_088, 34_392]
    standard = [319_933, 931_318, 786_511, 488_235, 237_863, 61_313]
    data = pd.DataFrame({"area": "Order 5 and over", "age": list("abcdef"), "x": cases, "n": births, "std": standard})
    # Fay and Feuer (1997), table II, as the R package dsrTest computes it: 75.52901 (67.70212 to 188.30017).
    row = found_by("direct", data=data, area="area", numerator="x", denominator="n", kind="rate", strata="age",
                   standard="std", per=1e5).iloc[0]  # fmt: skip
    assert [row["value"], row["conf_low"], row["conf_high"]] == pytest.approx([75.52901, 67.70212, 188.30017], abs=1e-5)


def test_direct_needs_somebody_in_every_stratum() -> None:
    short = COUNTS[~((COUNTS["district"] == "Leeds") & (COUNTS["sex"] == "female"))]
    with pytest.raises(InputError, match=r"1 area\(s\) have nobody in one or more of the 4 strata"):
        found_by("direct", data=short)
    assert found_by("indirect", data=short)["value"].notna().all()


def test_indirect_is_observed_over_expected_with_an_exact_interval() -> None:
    frame = found_by("indirect", kind="rate")
    usual = COUNTS.groupby(STRATA)[["numerator", "denominator"]].sum().eval("numerator / denominator").rename("usual")
    expected = COUNTS.join(usual, on=STRATA).eval("e = denominator * usual").groupby("district")["e"].sum()
    observed = COUNTS.groupby("district")["numerator"].sum()
    assert frame["expected"].to_numpy() == pytest.approx(expected.to_numpy())
    assert frame["value"].to_numpy() == pytest.approx((observed / expected).to_numpy())
    for area in observed.index:
        limits = [limit / expected[area] for limit in poisson_limits(observed[area], 0.95)]
        assert list(frame.loc[area, ["conf_low", "conf_high"]]) == pytest.approx(limits)
        upper = stats.poisson.ppf(0.975, expected[area])
        assert upper - 1 <= frame.loc[area, "upper_95"] * expected[area] <= upper
    assert frame["centre"].to_numpy() == pytest.approx(1.0)


def test_indirect_shares_keep_the_variance_of_people_of_several_chances() -> None:
    frame = found_by("indirect")
    usual = COUNTS.groupby(STRATA)[["numerator", "denominator"]].sum().eval("numerator / denominator").rename("usual")
    parts = COUNTS.join(usual, on=STRATA).eval("v = denominator * usual * (1 - usual)").groupby("district")["v"].sum()
    error = np.sqrt(parts) / frame["expected"]
    assert frame["z"].to_numpy() == pytest.approx(((frame["value"] - 1) / error).to_numpy())


def test_one_stratum_changes_nothing_but_the_scale() -> None:
    plain = dip.benchmark(COUNTS).to_frame()
    data = COUNTS.assign(one="everyone")
    over = dip.benchmark(data, strata="one", standardise="indirect").to_frame()
    centre = plain["centre"].iloc[0]
    for name in ("value", "conf_low", "conf_high", "lower_95", "upper_95", "lower_998", "upper_998"):
        assert (over[name] * centre).to_numpy() == pytest.approx(plain[name].to_numpy())
    direct = dip.benchmark(data, strata="one", standardise="direct").to_frame()
    for name in ("value", "conf_low", "upper_95", "p_value", "z"):
        assert direct[name].to_numpy() == pytest.approx(plain[name].to_numpy())
        assert name not in ("z", "p_value") or over[name].to_numpy() == pytest.approx(plain[name].to_numpy())


def test_the_logistic_model_is_the_one_fitted_to_people_one_by_one() -> None:
    people = []
    for row in COUNTS.itertuples():
        people += [(row.district, row.age_group, row.sex, place < row.numerator) for place in range(row.denominator)]
    frame = pd.DataFrame(people, columns=["district", "age_group", "sex", "yes"])
    design = pd.DataFrame({"const": 1.0, "old": frame["age_group"] == "old", "male": frame["sex"] == "male"})
    model = sm.Logit(frame["yes"].astype(float), design.astype(float)).fit(disp=0)
    expected = frame.assign(e=model.predict()).groupby("district")["e"].sum()
    ours = found_by("model")
    assert ours["expected"].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-6)
    assert ours["value"].to_numpy() == pytest.approx((frame.groupby("district")["yes"].sum() / expected).to_numpy())


def test_the_poisson_model_takes_numbers_as_numbers() -> None:
    data = COUNTS.assign(age=np.where(COUNTS["age_group"] == "old", 45.0, 22.0) + np.arange(12) % 3)
    ours = found_by("model", data=data, kind="rate", strata=["age", "sex"])
    design = sm.add_constant(np.column_stack([data["age"], data["sex"] == "male"]).astype(float))
    model = sm.GLM(data["numerator"], design, family=sm.families.Poisson(), exposure=data["denominator"]).fit()
    expected = data.assign(e=model.fittedvalues).groupby("district")["e"].sum()
    assert ours["expected"].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-6)


def test_an_indirect_adjustment_takes_away_what_case_mix_alone_made() -> None:
    mix = pd.DataFrame([(area, age, round(n * share), n) for area, ages in {"A": (900, 100), "B": (100, 900),
                        "C": (500, 500)}.items() for age, n, share in zip(("old", "young"), ages, (0.2, 0.6),
                        strict=True)], columns=["district", "age", "numerator", "denominator"])  # fmt: skip
    assert dip.benchmark(mix).outside == ("A", "B")
    for how in ("direct", "indirect", "model"):
        assert dip.benchmark(mix, strata="age", standardise=how).outside == ()


def test_a_stratum_without_events_is_expected_to_have_none() -> None:
    data = COUNTS.assign(numerator=COUNTS["numerator"].where(COUNTS["age_group"] == "young", 0))
    for kind in ("share", "rate"):
        model = found_by("model", data=data, kind=kind, strata="age_group")
        assert model["expected"].to_numpy() == pytest.approx(
            found_by("indirect", data=data, kind=kind, strata="age_group")["expected"].to_numpy(), abs=1e-4
        )
