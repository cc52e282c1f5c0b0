"""Intervals against closed forms and scipy, periods against the calendar."""

from __future__ import annotations

import datetime as dt

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dipeval.engine import open_engine
from dipeval.errors import InputError
from dipeval.indicators.measuring.intervals import indicator_limits, poisson_limits, wilson_limits
from dipeval.indicators.measuring.periods import (
    covers,
    period_frame,
    period_of,
    period_range,
    read_spans,
    span,
    years_cover,
)
from dipeval.linkage.shares import wilson


def test_wilson_is_the_one_of_the_linkage() -> None:
    for part, whole in ((0, 10), (10, 10), (3, 7), (577, 1000)):
        low, high = wilson_limits([part], [whole])
        assert (low[0], high[0]) == pytest.approx(wilson(part, whole))
    assert np.isnan(wilson_limits([0], [0])).all()


def test_poisson_limits_are_garwoods() -> None:
    x = np.array([0, 1, 5, 577])
    low, high = poisson_limits(x)
    assert low == pytest.approx(np.where(x > 0, stats.chi2.ppf(0.025, 2 * np.maximum(x, 1)) / 2, 0))
    assert high == pytest.approx(stats.chi2.ppf(0.975, 2 * x + 2) / 2)


def test_an_exact_limit_leaves_two_and_a_half_per_cent_outside() -> None:
    low, high = poisson_limits([12])
    assert stats.poisson.sf(11, low[0]) == pytest.approx(0.025)
    assert stats.poisson.cdf(12, high[0]) == pytest.approx(0.025)


def test_repeated_events_widen_the_interval_by_their_scale() -> None:
    # Every person has two events: 30 people, 60 events; the limits are twice those of 30 events.
    low, high = poisson_limits([60], [120])
    plain_low, plain_high = poisson_limits([30])
    assert (low[0], high[0]) == pytest.approx((2 * plain_low[0], 2 * plain_high[0]))


def test_the_interval_of_each_kind_has_its_name() -> None:
    kinds = ["share", "rate", "rate", "ratio", "count", "quotient"]
    estimate, low, high, names = indicator_limits(
        kinds, [5, 60, 60, 577, 0, 10], [10, 30, 30, 426.3, 1, 40], [10, 60, 120, 577, 0, 0], [1, 100, 100, 1, 1, 1]
    )
    assert names.tolist() == ["Wilson", "exact Poisson", "Fay-Feuer", "exact Poisson", "exact Poisson", "none"]
    assert estimate == pytest.approx([0.5, 200, 200, 577 / 426.3, 0, 0.25])
    # National Indicator 38.
    assert (low[3], high[3]) == pytest.approx(
        (stats.chi2.ppf(0.025, 1154) / 852.6, stats.chi2.ppf(0.975, 1156) / 852.6)
    )
    assert (low[4], high[4]) == pytest.approx((0, 3.688879), abs=1e-6)
    assert np.isnan([low[5], high[5]]).all()


def test_a_share_of_units_that_come_in_pairs_has_the_interval_of_the_pairs() -> None:
    # 40 people, each tested twice with the same result: the design effect is 2, and nothing is won by the second test.
    _, low, high, names = indicator_limits(["share"], [24], [80], [160], [1.0])
    assert (low[0], high[0]) == pytest.approx([one[0] for one in wilson_limits([12], [40])])
    assert names.tolist() == ["Wilson by person"]
    # Results that differ within people more than between them do not make it narrower.
    _, low, high, names = indicator_limits(["share"], [24], [80], [40], [1.0])
    assert (low[0], high[0]) == pytest.approx([one[0] for one in wilson_limits([24], [80])])
    assert names.tolist() == ["Wilson"]


def test_the_interval_by_person_covers_where_the_plain_one_does_not() -> None:
    draw = np.random.default_rng(5)
    covered = {"by person": 0, "plain": 0}
    for _ in range(400):
        n = draw.choice([1, 1, 1, 2, 4, 8], 150)
        x = draw.binomial(n, draw.beta(1.0, 1.0, 150))
        total, share = n.sum(), x.sum() / n.sum()
        squares = ((x - share * n) ** 2).sum() / (share * (1 - share))
        for name, own in (("by person", squares), ("plain", total)):
            _, low, high, _ = indicator_limits(["share"], [x.sum()], [total], [own], [1.0])
            covered[name] += low[0] <= 0.5 <= high[0]
    # 400 runs: 0.011 is the standard error at 95%.
    assert covered["by person"] / 400 > 0.92
    assert covered["plain"] / 400 < 0.85


def test_periods_follow_the_calendar() -> None:
    quarters = period_range("quarter", dt.date(2011, 12, 31), dt.date(2013, 1, 1))
    for one in quarters:
        calendar = pd.Period(one.first, freq="Q")
        assert (one.first, one.last) == (calendar.start_time.date(), calendar.end_time.date())
        assert one.label == f"{calendar.year}-Q{calendar.quarter}"
    months = period_range("month", dt.date(2012, 1, 15), dt.date(2012, 12, 1))
    assert [one.n_days for one in months] == [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    frame = period_frame(months)
    assert frame["period_to"].iloc[1] == pd.Timestamp("2012-02-29")
    assert str(frame.dtypes["period_from"]) == "datetime64[us]"
    with pytest.raises(InputError, match="end before that"):
        period_range("month", dt.date(2012, 2, 1), dt.date(2012, 1, 31))


def test_the_engine_labels_days_as_the_periods_are_labelled() -> None:
    engine = open_engine(threads=1)
    days = pd.DataFrame({"day": pd.to_datetime(["2012-02-29", "2013-10-01", "2013-12-31"])})
    rows = engine.put(days, "days")
    shown = engine.to_pandas(rows.select("day", q=period_of(rows.day, "quarter"), m=period_of(rows.day, "month")))
    found = shown.sort_values("day")
    assert found["q"].tolist() == ["2012-Q1", "2013-Q4", "2013-Q4"]
    assert found["m"].tolist() == ["2012-02", "2013-10", "2013-12"]
    assert isinstance(period_of(rows.day, "month"), ibis.expr.types.StringValue)


def test_labels_of_years_and_periods() -> None:
    assert covers("2013", "quarter") == ("2013-Q1", "2013-Q2", "2013-Q3", "2013-Q4")
    assert covers("2013/14", "quarter") == covers("2013-2014", "quarter") == covers("2013-14", "quarter")
    assert len(covers("2013-14", "month")) == 12
    assert covers("2013-15", "quarter") == covers("next spring", "quarter") == ()
    assert years_cover("1999-00", "quarter")[0] == "1999-Q2"
    assert span("2013Q2") == (dt.date(2013, 4, 1), dt.date(2013, 6, 30))
    # Of one column: a label that can be both is what another label settles.
    assert read_spans(["2010-11", "2013-14"])["2010-11"] == (dt.date(2010, 4, 1), dt.date(2011, 3, 31))
    assert read_spans(["2010-11"])["2010-11"] == (dt.date(2010, 11, 1), dt.date(2010, 11, 30))
