"""Positivity corrected for the errors of the test: by hand, by published formulas, at the ends of the scale."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import dipeval as dip
from dipeval.plots.style import to_png

GOOD = {"sensitivity": 0.95, "specificity": 0.98}
STUDIED = GOOD | {"sensitivity_n": 200, "specificity_n": 300}
BY_DISTRICT = pd.DataFrame(
    {"district": ["Leeds", "Bradford", "Leeds", None], "tests": [300, 100, 100, 20], "positive": [150, 40, 60, 10]}
)


def test_rogan_gladen_by_hand() -> None:
    # 100 users and 100 others: 95 and 2 test positive, so that 97 of 200 tests give back one half.
    shown = dip.correct_positivity(positive=97, tests=200, **GOOD)
    assert shown.estimate == pytest.approx(0.5)
    assert shown.false_positives == pytest.approx(2.0)
    assert shown.predictive_value == pytest.approx(95 / 97)
    row = shown.to_frame().iloc[0]
    assert row["false_negatives"] == pytest.approx(5.0)
    assert row["assessed_wrongly"] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("positive", "tests", "sensitivity", "specificity", "share"),
    [(23, 150, 0.96, 0.89, 0.051), (6, 151, 0.964, 0.927, 0.0), (8, 210, 0.6, 0.9, 0.0)],
)
def test_published_examples(positive: int, tests: int, sensitivity: float, specificity: float, share: float) -> None:
    # The examples in the documentation of epiR's epi.prev (cattle; Moujaber and others 2008; three herds).
    shown = dip.correct_positivity(positive=positive, tests=tests, sensitivity=sensitivity, specificity=specificity)
    assert shown.estimate == pytest.approx(share, abs=5e-4)


def _lang_reiczigel_again(x: float, n: float, se: float, n_se: float, sp: float, n_sp: float) -> tuple[float, float]:
    """The formulas of the paper, written down a second time from counts."""
    z = norm.ppf(0.975)
    p1 = (x + z**2 / 2) / (n + z**2)
    se1, sp1 = (se * n_se + 1) / (n_se + 2), (sp * n_sp + 1) / (n_sp + 2)
    prev = (p1 - (1 - sp1)) / (se1 - (1 - sp1))
    v_p = p1 * (1 - p1) / (n + z**2)
    v_se, v_sp = se1 * (1 - se1) / (n_se + 2), sp1 * (1 - sp1) / (n_sp + 2)
    middle = prev + 2 * z**2 * (prev * v_se - (1 - prev) * v_sp)
    half = z * math.sqrt((v_p + prev**2 * v_se + (1 - prev) ** 2 * v_sp) / (se1 + sp1 - 1) ** 2)
    return max(0.0, middle - half), min(1.0, middle + half)


@pytest.mark.parametrize(("x", "n"), [(97, 200), (5, 400), (390, 400), (520, 1_000)])
def test_interval_is_that_of_the_paper(x: int, n: int) -> None:
    shown = dip.correct_positivity(positive=x, tests=n, **STUDIED)
    low, high = _lang_reiczigel_again(x, n, 0.95, 200, 0.98, 300)
    assert shown.conf_low == pytest.approx(min(low, shown.estimate), abs=1e-12)
    assert shown.conf_high == pytest.approx(max(high, shown.estimate), abs=1e-12)
    assert shown.interval.startswith("Lang")


def test_known_accuracy_puts_wilsons_limits_through_the_formula() -> None:
    shown = dip.correct_positivity(positive=97, tests=200, **GOOD)
    row = shown.to_frame().iloc[0]
    for raw, corrected in (("positivity_low", "conf_low"), ("positivity_high", "conf_high")):
        assert row[corrected] == pytest.approx((row[raw] + 0.98 - 1) / 0.93)
    assert "too narrow" in str(shown.summary())
    wider = dip.correct_positivity(positive=97, tests=200, **STUDIED)
    assert wider.conf_low < shown.conf_low < shown.conf_high < wider.conf_high


def test_a_perfect_test_changes_nothing() -> None:
    shown = dip.correct_positivity(positive=40, tests=100, sensitivity=1.0, specificity=1.0)
    row = shown.to_frame().iloc[0]
    assert (shown.estimate, shown.false_positives, shown.predictive_value) == pytest.approx((0.4, 0.0, 1.0))
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((row["positivity_low"], row["positivity_high"]))


def test_fewer_positive_than_the_test_gives_by_itself_is_cut_off_and_said() -> None:
    shown = dip.correct_positivity(positive=1, tests=200, **STUDIED)
    row = shown.to_frame().iloc[0]
    assert (shown.estimate, row["cut_off"], shown.conf_low) == (0.0, "at 0", 0.0)
    assert row["before_cutting_off"] < 0
    # No more can be wrong than there are.
    assert (shown.false_positives, shown.predictive_value) == (1.0, 0.0)
    assert "cut off" in str(shown.summary())
    everybody = dip.correct_positivity(positive=199, tests=200, **STUDIED).to_frame().iloc[0]
    assert (everybody["estimate"], everybody["cut_off"], everybody["conf_high"]) == (1.0, "at 1", 1.0)
    assert everybody["false_positives"] == 0.0


def test_nobody_positive_has_no_predictive_value() -> None:
    row = dip.correct_positivity(positive=0, tests=50, **STUDIED).to_frame().iloc[0]
    assert math.isnan(row["predictive_value"])
    assert row["false_positives"] == row["false_positives_high"] == 0.0


def test_positivity_if_nobody_had_used() -> None:
    assert dip.correct_positivity(positive=9, tests=50, **GOOD).positivity_if_nobody_used == pytest.approx((0.02,) * 3)
    estimate, low, high = dip.correct_positivity(positive=9, tests=50, **STUDIED).positivity_if_nobody_used
    assert estimate == pytest.approx(0.02)
    assert low < estimate < high


def test_false_positives_and_their_interval_against_plain_draws() -> None:
    shown = dip.correct_positivity(positive=520, tests=1_000, **STUDIED)
    row = shown.to_frame().iloc[0]
    random = np.random.default_rng(5)
    p, se, sp = (random.beta(a + 0.5, b + 0.5, 200_000) for a, b in ((520, 480), (190, 10), (294, 6)))
    wrong = 520 * (1 - sp) * (se - p) / (se + sp - 1) / p
    # Monte Carlo of both: a few hundredths of a test.
    assert row["false_positives_low"] == pytest.approx(np.quantile(wrong, 0.025), abs=0.15)
    assert row["false_positives_high"] == pytest.approx(np.quantile(wrong, 0.975), abs=0.15)
    assert row["predictive_value_low"] == pytest.approx(1 - row["false_positives_high"] / 520)


def test_groups_are_by_name_and_add_up_and_row_order_is_nothing() -> None:
    shown = dip.correct_positivity(BY_DISTRICT, by="district", **STUDIED).to_frame()
    assert shown["group"].tolist() == ["everyone", "Bradford", "Leeds", "not recorded"]
    assert shown["n_tests"].tolist() == [520, 100, 400, 20]
    again = dip.correct_positivity(BY_DISTRICT.iloc[::-1], by="district", **STUDIED).to_frame()
    pd.testing.assert_frame_equal(shown, again)


def test_only_some_positive_tests_led_to_an_assessment() -> None:
    shown = dip.correct_positivity(positive=97, tests=200, assessed=48.0, **GOOD)
    assert shown.to_frame()["assessed_wrongly"].item() == pytest.approx(48 * 2 / 97)
    assert "48 positive tests led to a required assessment" in str(shown.summary())


def test_the_summary_says_what_it_rests_on_and_whom_it_wrongs() -> None:
    text = str(dip.correct_positivity(positive=520, tests=1_000, **STUDIED).summary())
    for words in ("52.0% of 1,000 tests were positive", "of people who had not", "risk a penalty", "If nobody tested"):
        assert words in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sensitivity": 0.5, "specificity": 0.5}, "no better than a coin"),
        ({"sensitivity": 0.6, "specificity": 0.5, "sensitivity_n": 10, "specificity_n": 10}, "so small"),
        ({"sensitivity": 95, "specificity": 98}, "sensitivity must be .*specificity must be"),
        ({**GOOD, "sensitivity_n": 0.5}, "sensitivity_n must be a whole number"),
        ({**GOOD, "level": 95}, "level must be"),
        ({**GOOD, "tests": 5}, "more positive tests than tests"),
        ({**GOOD, "tests": 10.5}, "not whole in 1 row"),
        ({**GOOD, "positive": 0, "tests": 0}, "no test to correct"),
        ({**GOOD, "positive": "positive"}, "positive must be numbers"),
        ({**GOOD, "by": "district"}, "pass the counts as a table"),
        ({**GOOD, "assessed": 9}, "more assessed than positive"),
    ],
)
def test_what_cannot_be_is_refused_in_words(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(dip.InputError, match=message):
        dip.correct_positivity(**{"positive": 8, "tests": 20} | arguments)  # type: ignore[arg-type]


def test_faults_of_a_table_are_told_at_once_without_values() -> None:
    with pytest.raises(dip.InputError, match=r"tests='test'.*did you mean.*by='areas'"):
        dip.correct_positivity(BY_DISTRICT, tests="test", by="areas", **GOOD)
    broken = BY_DISTRICT.assign(positive=[-1, None, 3, 4])
    with pytest.raises(dip.InputError, match="positive is missing, negative or not whole in 2 row"):
        dip.correct_positivity(broken, **GOOD)
    with pytest.raises(dip.InputError, match="called 'everyone'"):
        dip.correct_positivity(BY_DISTRICT.assign(district="everyone"), by="district", **GOOD)


def test_the_picture_shows_both_shares() -> None:
    shown = dip.correct_positivity(BY_DISTRICT, by="district", **STUDIED)
    axes = shown.plot()
    assert [text.get_text() for text in axes.get_yticklabels()] == ["Everyone", "Bradford", "Leeds", "Not recorded"]
    assert to_png(axes) == to_png(shown.plot())


def test_tests_of_one_person_are_said_to_be_alike() -> None:
    shown = dip.correct_positivity(positive=520, tests=1_000, sensitivity=0.95, specificity=0.98)
    assert any("Tests of one person are alike" in note and "too narrow" in note for note in shown.summary().notes)
