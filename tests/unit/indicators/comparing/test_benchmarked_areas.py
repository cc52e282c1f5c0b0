"""Areas beside each other: figures, words, odd input; never an order of merit."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import dipeval as dip
from dipeval.errors import InputError
from dipeval.indicators.measuring.frames import ALL_DISTRICTS

FIVE = pd.DataFrame(
    {
        "district": ["Wakefield", "Bradford", "Kirklees", "Leeds", "Calderdale"],
        "numerator": [150, 410, 160, 640, 88],
        "denominator": [310, 800, 330, 1_050, 190],
    }
)
ORDER_OF_MERIT = re.compile(r"\b(?:best|worst|rank\w*|league|top|bottom|first place|winner|outperform\w*)\b", re.I)


def rates(n: int = 12, seed: int = 3) -> pd.DataFrame:
    """Events of units that can have several, with their squares."""
    rng = np.random.default_rng(seed)
    rows = []
    for place in range(n):
        events = rng.negative_binomial(0.8, 0.3, 150)
        rows.append((f"Area {place:02d}", int(events.sum()), 150, int((events**2).sum())))
    return pd.DataFrame(rows, columns=["district", "numerator", "denominator", "squares"])


def test_five_districts_are_told_with_exact_limits_around_all_of_them() -> None:
    found = dip.benchmark(FIVE, label="Positive drug tests")
    frame = found.to_frame().set_index("area")
    pooled = 1_448 / 2_680
    assert found.centre == pytest.approx(pooled)
    for row in FIVE.itertuples():
        n, own = row.denominator, frame.loc[row.district]
        assert own["value"] == row.numerator / n
        for level, p in (("95", 0.975), ("998", 0.999)):
            # The interpolated limit lies within one event below the exact quantile.
            assert stats.binom.ppf(p, n, pooled) - 1 <= own[f"upper_{level}"] * n <= stats.binom.ppf(p, n, pooled)
            low = stats.binom.ppf(1 - p, n, pooled)
            assert low - 1 <= own[f"lower_{level}"] * n <= low
        middle = stats.binom.cdf(row.numerator, n, pooled) - stats.binom.pmf(row.numerator, n, pooled) / 2
        assert own["p_value"] == pytest.approx(2 * min(middle, 1 - middle))
    assert frame.loc["Leeds", "position"] == "above 99.8%"
    assert found.outside == ("Calderdale", "Kirklees", "Leeds")
    # Around a target from outside; around all of them, of which each is a part, fewer.
    assert dip.benchmark(FIVE, target=0.54).expected_outside == pytest.approx(0.25)
    size = FIVE["denominator"].to_numpy()
    drawn = np.random.default_rng(4).binomial(size, pooled, (40_000, 5))
    around = drawn.sum(axis=1, keepdims=True) / size.sum()
    outside = np.abs(drawn / size - around) > 1.96 * np.sqrt(around * (1 - around) / size)
    assert found.expected_outside == pytest.approx(outside.sum(axis=1).mean(), abs=0.012)
    assert found.expected_outside < 0.2
    assert frame["p_adjusted"].to_numpy() == pytest.approx(stats.false_discovery_control(frame["p_value"]))


def test_areas_stand_in_alphabetical_order_and_nothing_says_which_leads() -> None:
    for wanted in ("higher", "lower", "neither"):
        found = dip.benchmark(FIVE, wanted=wanted)
        frame = found.to_frame()
        assert list(frame["area"]) == sorted(FIVE["district"])
        assert list(found.summary().table["Area"]) == sorted(FIVE["district"])
        assert not ORDER_OF_MERIT.search(" ".join([*map(str, frame.columns), *frame["words"], str(found.summary())]))
    words = dip.benchmark(FIVE, wanted="lower").to_frame().set_index("area")["words"]
    assert words["Leeds"].endswith(", on the side that is not wanted.")
    assert words["Kirklees"].endswith(", on the side that is wanted.")
    assert "chance could have placed it here" in words["Bradford"]


def test_the_order_of_rows_and_how_they_are_split_change_nothing() -> None:
    found = dip.benchmark(FIVE).to_frame()
    pd.testing.assert_frame_equal(dip.benchmark(FIVE.sample(frac=1, random_state=1)).to_frame(), found)
    halves = pd.concat([FIVE.assign(numerator=40, denominator=70), FIVE.assign(
        numerator=FIVE["numerator"] - 40, denominator=FIVE["denominator"] - 70)])  # fmt: skip
    pd.testing.assert_frame_equal(dip.benchmark(halves).to_frame(), found)


def test_what_is_given_is_not_changed() -> None:
    before = FIVE.copy(deep=True)
    frame = dip.benchmark(FIVE).to_frame()
    frame["value"] = 0.0
    pd.testing.assert_frame_equal(FIVE, before)


def test_the_national_indicator_38_case_is_told_though_nothing_is_compared() -> None:
    one = pd.DataFrame({"area": ["The area"], "offences": [577], "expected": [426.3]})
    found = dip.benchmark(one, area="area", numerator="offences", expected="expected", kind="ratio")
    row = found.to_frame().iloc[0]
    exact = [stats.chi2.ppf(0.025, 2 * 577) / 2 / 426.3, stats.chi2.ppf(0.975, 2 * 578) / 2 / 426.3]
    assert round(row["value"], 3) == 1.354
    assert [row["conf_low"], row["conf_high"]] == pytest.approx(exact)
    assert row["position"] == "not compared"
    assert found.headline.endswith("with one area nothing is compared.")
    beside = dip.benchmark(one, area="area", numerator="offences", expected="expected", kind="ratio", target=1.0)
    assert beside.to_frame()["position"].tolist() == ["above 99.8%"]
    assert "1 of 1 areas lies outside the 95% limits around the target of 1.00" in beside.headline


def test_a_target_takes_the_place_of_all_areas_together() -> None:
    found = dip.benchmark(FIVE, target=0.5)
    assert (found.to_frame()["centre"] == 0.5).all()
    assert found.outside == ("Leeds",)
    assert "around the target of 50.0%" in found.headline


def test_rates_are_told_per_so_many_and_limits_with_them() -> None:
    one, hundred = (dip.benchmark(rates(), kind="rate", per=per) for per in (1, 100))
    for name in ("value", "conf_low", "centre", "lower_95", "upper_998"):
        assert hundred.to_frame()[name].to_numpy() == pytest.approx(100 * one.to_frame()[name].to_numpy())
    assert hundred.to_frame()["position"].equals(one.to_frame()["position"])
    assert hundred.dispersion.factor == pytest.approx(one.dispersion.factor)


def test_the_design_effect_of_a_share_widens_limits_and_intervals() -> None:
    # Everybody was tested twice with the same result: as half as many tests of as many people.
    doubled = FIVE.assign(numerator=2 * FIVE["numerator"], denominator=2 * FIVE["denominator"])
    doubled["squares"] = 2 * doubled["denominator"]
    plain, found = dip.benchmark(FIVE), dip.benchmark(doubled, squares="squares")
    same = ["value", "conf_low", "conf_high", "lower_95", "upper_95", "lower_998", "upper_998", "z", "p_value"]
    pd.testing.assert_frame_equal(found.to_frame()[same], plain.to_frame()[same])
    assert any("design effect" in note for note in found.summary().notes)
    assert not any("design effect" in note for note in plain.summary().notes)
    # Less alike within people than between them: nothing is made narrower.
    less = dip.benchmark(FIVE.assign(squares=FIVE["denominator"] / 2), squares="squares")
    pd.testing.assert_frame_equal(less.to_frame(), plain.to_frame())


def test_squares_widen_limits_and_intervals_by_the_spread_of_events_a_unit() -> None:
    data = rates()
    plain, found = dip.benchmark(data, kind="rate"), dip.benchmark(data, kind="rate", squares="squares")
    spread = data["squares"].sum() / data["numerator"].sum()
    assert found.to_frame()["z"].to_numpy() == pytest.approx(plain.to_frame()["z"].to_numpy() / np.sqrt(spread))
    assert found.dispersion.factor == pytest.approx(plain.dispersion.factor / spread)
    row, first = found.to_frame().iloc[0], data.iloc[0]
    own = first["squares"] / first["numerator"]
    low = stats.gamma.ppf(0.025, first["numerator"] / own) * own / 150
    high = stats.gamma.ppf(0.975, first["numerator"] / own + 1) * own / 150
    assert [row["conf_low"], row["conf_high"]] == pytest.approx([low, high])
    same = data.assign(squares=data["numerator"])
    pd.testing.assert_frame_equal(dip.benchmark(same, kind="rate", squares="squares").to_frame(), plain.to_frame())


def test_areas_with_nothing_to_count_from_are_kept_and_not_compared() -> None:
    data = pd.concat([FIVE, pd.DataFrame({"district": ["Craven"], "numerator": [0], "denominator": [0]})])
    found = dip.benchmark(data)
    row = found.to_frame().set_index("area").loc["Craven"]
    assert row["position"] == "not told"
    assert np.isnan(row["value"])
    assert (found.n_areas, found.n_compared) == (6, 5)
    rest = found.to_frame().query("area != 'Craven'").reset_index(drop=True)
    pd.testing.assert_frame_equal(rest, dip.benchmark(FIVE).to_frame())
    assert "1 area(s) have nothing to count from and are not compared." in found.summary().notes


@pytest.mark.parametrize("numerator", ["nothing", "everything"])
def test_counts_that_cannot_differ_are_told_as_such(numerator: str) -> None:
    data = FIVE.assign(numerator=0 if numerator == "nothing" else FIVE["denominator"])
    found = dip.benchmark(data)
    assert set(found.to_frame()["position"]) == {"not compared"}
    assert "in each of 5 areas, so nothing sets one apart" in found.headline
    assert found.plot().has_data()
    assert "no area has anything to count from" in dip.benchmark(FIVE.assign(numerator=0, denominator=0)).headline


def test_all_inside_is_not_told_as_alike() -> None:
    found = dip.benchmark(FIVE.assign(numerator=(FIVE["denominator"] * 0.54).round()))
    assert found.outside == ()
    assert "all 5 areas lie inside the 95% limits around the 54.0% of all areas together" in found.headline
    assert "This does not show that they are alike" in found.headline


def test_rows_of_all_districts_are_left_out_and_told() -> None:
    whole = pd.DataFrame({"district": [ALL_DISTRICTS], "numerator": [1_448], "denominator": [2_680]})
    found = dip.benchmark(pd.concat([FIVE, whole]))
    pd.testing.assert_frame_equal(found.to_frame(), dip.benchmark(FIVE).to_frame())
    assert "1 row(s) of all districts together were left out." in found.summary().notes


def test_rows_of_measured_indicators_that_are_not_told_yet_are_left_out() -> None:
    measured = FIVE.assign(
        indicator="reoffending", label="Reoffended within a year", dimension="", group="everyone", status="ok"
    )
    early = measured.assign(numerator=np.nan, denominator=100, status="too_early")
    found = dip.benchmark(pd.concat([measured, early]))
    pd.testing.assert_frame_equal(found.to_frame(), dip.benchmark(FIVE).to_frame())
    assert found.label == "Reoffended within a year"
    with pytest.raises(InputError, match=r"None of the 5 row\(s\) of areas can be told yet"):
        dip.benchmark(early)
    assert any(note.startswith("5 row(s) cannot be told yet") for note in found.summary().notes)


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({"numerator": [-1, 1, 1, 1, 1]}, {}, r"1 row\(s\) have a negative 'numerator'; counts are 0 or more"),
        ({"numerator": [1, 1, 1, 1, 191]}, {}, "count more in 'numerator' than in 'denominator'"),
        ({"numerator": [1, 1, 1.5, 1, 1]}, {}, "no whole numbers"),
        ({"numerator": [1, None, 1, 1, 1]}, {}, r"1 row\(s\) have no number in 'numerator'"),
        ({"district": ["Leeds", "leeds", "A", "B", None]}, {}, "Areas spelt in two ways: 'Leeds' and 'leeds'"),
        ({"district": ["Leeds", "leeds", "A", "B", None]}, {}, r"1 row\(s\) have no 'district'"),
        ({"denominator": [0, 9, 9, 9, 9]}, {"kind": "rate"}, "count events in 'numerator' and nothing in"),
        ({}, {"numerator": "numerater"}, r"no column 'numerater' \(did you mean 'numerator'\?\)"),
        ({}, {"kind": "shares"}, r"kind='shares' is not known \(did you mean 'share'\?\)"),
        ({}, {"wanted": "up"}, "wanted='up' is not known; use one of higher, lower, neither"),
        ({}, {"standardise": "direct"}, "standardise and strata go together"),
        ({}, {"strata": "district"}, "standardise and strata go together"),
        ({}, {"target": 50}, r"below 1 for a share \(0.5 for 50%\)"),
        ({}, {"level": (0.998, 0.95)}, "rising, such as"),
        ({}, {"per": 0}, "per must be above 0"),
        (
            {"sex": "f"},
            {"squares": "numerator", "strata": ["sex"], "standardise": "indirect"},
            "nor with a share that is standardised",
        ),
        ({}, {"expected": "denominator"}, "only kind='ratio'"),
        ({"squares": 1}, {"kind": "rate", "squares": "squares"}, "squares add up each unit's events squared"),
        ({"indicator": list("abcde"), "dimension": "", "group": "everyone"}, {}, "several values of indicator"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_sentence(change: dict, options: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        dip.benchmark(FIVE.assign(**change), **options)


def test_all_faults_are_told_at_once_and_an_empty_frame_is_one() -> None:
    with pytest.raises(InputError, match=r"kind='x' .*standardise='y' .*per must be"):
        dip.benchmark(FIVE, kind="x", standardise="y", strata="district", per=-1)
    with pytest.raises(InputError, match="data holds no area"):
        dip.benchmark(FIVE.head(0))
    with pytest.raises(InputError, match="it is list"):
        dip.benchmark([1, 2])


def test_other_levels_are_in_the_names_of_the_columns() -> None:
    frame = dip.benchmark(FIVE, level=(0.9,)).to_frame()
    assert [name for name in frame.columns if name.startswith(("lower", "upper"))] == ["lower_90", "upper_90"]
    assert set(frame["position"]) <= {"inside", "above 90%", "below 90%"}


def test_two_areas_hold_more_than_a_funnel_can_say() -> None:
    found = dip.benchmark(FIVE.head(2))
    assert found.n_compared == 2
    assert "With 2 areas the over-dispersion factor is hardly known" in " ".join(found.summary().notes)


def test_groups_of_a_measured_indicator_can_be_the_case_mix() -> None:
    parts = [FIVE.assign(group=age, numerator=FIVE["numerator"] // by) for age, by in (("18-24", 2), ("25-34", 3))]
    data = pd.concat(parts).assign(indicator="positivity", dimension="age_group")
    found = dip.benchmark(data, strata="group", standardise="indirect")
    assert found.centre == pytest.approx(1.0)
    with pytest.raises(InputError, match="several values of group"):
        dip.benchmark(data)
