"""Targets: which periods they hold for, what settles them, and what is refused."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.errors import InputError
from dipeval.indicators.dictionary.catalogue import CATALOGUE
from dipeval.indicators.measuring.frames import COLUMNS
from dipeval.indicators.measuring.intervals import wilson_limits
from dipeval.indicators.measuring.periods import period_range
from dipeval.indicators.measuring.targets_met import by_chance, read_targets, with_targets

PERIODS = period_range("quarter", dt.date(2013, 1, 1), dt.date(2014, 3, 31))
DISTRICTS = ("Bradford", "Leeds")


def _read(*lines: tuple[Any, ...], columns: str = "indicator district period value direction owner") -> pd.DataFrame:
    return read_targets(pd.DataFrame(list(lines), columns=columns.split()), CATALOGUE, DISTRICTS, PERIODS)


def test_a_year_holds_for_its_periods_and_a_quarter_takes_its_place() -> None:
    found = _read(
        ("seen", "Leeds", "2013-14", 0.9, None, "the council"),
        ("seen", "Leeds", "2013-Q3", 0.8, None, None),
        ("seen", "All districts", "2013", 0.85, None, None),
    )
    leeds = found[found["district"] == "Leeds"].set_index("period")["target"]
    assert leeds.to_dict() == {"2013-Q2": 0.9, "2013-Q3": 0.8, "2013-Q4": 0.9, "2014-Q1": 0.9}
    assert found[found["district"] == "all districts"]["period"].tolist() == [one.label for one in PERIODS[:4]]
    assert set(found["target_direction"]) == {"at_least"}


@pytest.mark.parametrize("years", [["2010-11", "2011-12"], ["2011-12"]])
def test_years_that_could_be_months_are_years_beside_quarters(years: list[str]) -> None:
    lines = [("seen", "Leeds", year, 0.9, None, None) for year in years]
    table = pd.DataFrame(lines, columns=["indicator", "district", "period", "value", "direction", "owner"])
    periods = period_range("quarter", dt.date(2010, 4, 1), dt.date(2012, 3, 31))
    found = read_targets(table, CATALOGUE, DISTRICTS, periods)
    assert found["period"].tolist() == [one.label for one in periods[-4 * len(years) :]]


def test_shares_may_be_given_in_per_cent() -> None:
    found = _read(
        ("new_to_service", "Leeds", "2013-Q1", 5, "at_least", None),
        ("new_to_service", "Leeds", "2013-Q2", 1, "at_least", None),
        ("seen", "Leeds", "2013-Q1", 1, None, None),
        ("reoffending_frequency", "Leeds", "2013-Q1", 250, None, None),
    )
    assert found["target"].tolist() == [0.05, 0.01, 250.0, 1.0]
    assert found["target_direction"].tolist() == ["at_least", "at_least", "at_most", "at_least"]


def test_everything_wrong_is_named_at_once() -> None:
    with pytest.raises(InputError) as told:
        _read(
            ("positivity", "Leeds", "2013-Q1", 0.5, None, None),
            ("sean", "Leeds", "2013-Q1", 0.5, "at_least", None),
            ("seen", "leeds", "2013-Q1", 0.5, None, None),
            ("seen", "Leeds", "spring", 0.5, None, None),
            ("assessed", "Leeds", "2013-Q1", 0.5, "more", None),
            ("attended", "Leeds", "2013-Q1", 400, None, None),
            ("care_plan", "Leeds", "2013-Q1", None, None, None),
        )
    for words in (
        "'positivity' have no direction",
        "no indicator 'sean' (did you mean 'seen'?)",
        "no records of district 'leeds' (did you mean 'Leeds'?)",
        "'spring' is no month",
        "direction more of 'assessed'",
        "above 100%",
        "1 line(s) of 'care_plan' have no value",
    ):
        assert words in str(told.value)


def test_two_targets_for_one_period_are_refused_and_columns_are_needed() -> None:
    with pytest.raises(InputError, match="two different targets"):
        _read(("seen", "Leeds", "2013-Q1", 0.5, None, None), ("seen", "Leeds", "2013-Q1", 0.6, None, None))
    with pytest.raises(InputError, match="has no column value"):
        _read(("seen", "Leeds", "2013-Q1"), columns="indicator district period")
    assert len(_read(("seen", "Leeds", "2013-Q1", 0.5), columns="indicator district period value")) == 1
    assert read_targets(None, CATALOGUE, DISTRICTS, PERIODS).empty
    assert _read(("seen", "Leeds", "2009-Q1", 0.5, None, None)).empty


def test_the_number_of_a_year_is_no_target_of_a_quarter() -> None:
    with pytest.raises(InputError, match=r"'tests' count\(s\) what there was .* longer time \(2013-14\)"):
        _read(("tests", "Leeds", "2013-14", 4_000, "at_least", None), ("seen", "Leeds", "2013-14", 0.9, None, None))
    assert len(_read(("tests", "Leeds", "2013-Q3", 1_000, "at_least", None))) == 1


@pytest.mark.parametrize(("kind", "met"), [("count", "not told"), ("share", "missed")])
def test_a_count_of_part_of_a_period_settles_no_target(kind: str, met: str) -> None:
    rows = pd.DataFrame([_row(0.1, 0.2, status="part_period", kind=kind)])
    found = with_targets(rows, _read(("seen", "Leeds", "2013-Q1", 0.9, "at_least", None)))
    assert found["target_met"].item() == met


def test_what_chance_would_settle_is_said() -> None:
    assert by_chance(0) == ""
    assert by_chance(4).startswith("Were every figure exactly at its target, chance alone would show about 0.2 of 4")
    # A figure exactly at its target: the share of intervals that miss it is what is said.
    draw = np.random.default_rng(2)
    low, high = wilson_limits(draw.binomial(300, 0.7, 4_000), np.full(4_000, 300))
    assert np.mean((low > 0.7) | (high < 0.7)) == pytest.approx(0.05, abs=0.012)


def _row(low: float, high: float, **more: Any) -> dict[str, Any]:
    plain = {"indicator": "seen", "district": "Leeds", "period": "2013-Q1", "dimension": "", "owner": "police"}
    figures = {"estimate": (low + high) / 2, "conf_low": low, "conf_high": high, "interval": "Wilson", "status": "ok"}
    return {**dict.fromkeys(COLUMNS), **plain, **figures, "target_met": "no target", **more}


@pytest.mark.parametrize(
    ("low", "high", "direction", "more", "met"),
    [
        (0.91, 0.99, "at_least", {}, "met"),
        (0.7, 0.89, "at_least", {}, "missed"),
        (0.85, 0.95, "at_least", {}, "not settled"),
        (0.91, 0.99, "at_most", {}, "missed"),
        (0.7, 0.89, "at_most", {}, "met"),
        (0.91, 0.99, "at_least", {"status": "too_early", "estimate": np.nan}, "not told"),
        (0.85, 0.99, "at_least", {"interval": "none"}, "met"),
        (0.91, 0.99, "at_least", {"dimension": "sex"}, "no target"),
        (0.91, 0.99, "at_least", {"period": "2013-Q2"}, "no target"),
    ],
)
def test_the_interval_settles_a_target(low: float, high: float, direction: str, more: dict[str, Any], met: str) -> None:
    rows = pd.DataFrame([_row(low, high, **more)])
    found = with_targets(rows, _read(("seen", "Leeds", "2013-Q1", 0.9, direction, "the council")))
    assert found["target_met"].item() == met
    told = met != "no target"
    assert found["owner"].item() == ("the council" if told else "police")
    if told and met != "not told":
        assert found["target_gap"].item() == pytest.approx((low + high) / 2 - 0.9)
