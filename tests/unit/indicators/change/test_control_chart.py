"""Run and control charts end to end: what is said, what is refused, gaps, few periods, row order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dipeval.errors import InputError
from dipeval.indicators.change import ControlChart, control_chart
from dipeval.indicators.change.control_chart_result import COLUMNS
from dipeval.indicators.change.rules import zones
from dipeval.indicators.change.signals import locate

QUARTERS = [f"{year}-Q{quarter}" for year in range(2010, 2016) for quarter in (1, 2, 3, 4)]
STEADY = [52, 49, 51, 48, 50, 53, 47, 51, 49, 52, 48, 50, 51, 49, 53, 47, 50, 52, 48, 51, 49, 50, 52, 48]


def shares(positive: list[float], tests: float = 100) -> pd.DataFrame:
    return pd.DataFrame({"period": QUARTERS[: len(positive)], "tests": tests, "positive": positive})


def chart_of(data: pd.DataFrame, **options: object) -> ControlChart:
    return control_chart(data, numerator="positive", denominator="tests", label="Positivity", **options)  # type: ignore[arg-type]


def test_a_steady_series_has_no_signal_and_is_not_said_to_prove_anything() -> None:
    chart = chart_of(shares(STEADY))
    assert chart.n_signals == 0
    assert "does not prove that nothing changed" in chart.headline()
    assert tuple(chart.to_frame().columns) == COLUMNS
    assert 0.05 < chart.false_alarm < 0.4
    assert any("of 100 series of this length in which nothing changes" in note for note in chart.summary().notes)


def test_a_period_outside_is_told_in_a_sentence() -> None:
    chart = chart_of(shares([*STEADY[:-1], 75]), wanted="lower", baseline=20)
    told = chart.signals()
    assert told[["period", "rule", "direction", "reading"]].values.tolist() == [
        ["2015-Q4", "outside", "above", "worse"]
    ]
    assert told["words"].item() == (
        "Positivity: in 2015-Q4 it was 75.0%, above the upper limit of 65.0%; 50.1% was expected. Something changed "
        "beyond what chance usually brings; the chart does not say why. This is not the direction that is wanted."
    )
    assert chart_of(shares([*STEADY[:-1], 75]), wanted="higher").signals()["reading"].item() == "better"
    assert chart_of(shares([*STEADY[:-1], 75])).signals()["reading"].item() == ""


def test_a_run_names_its_first_and_last_period() -> None:
    chart = chart_of(shares([*STEADY[:14], *[55, 54, 56, 53, 57, 54, 55, 56, 54, 55]]), baseline=14, seasonal=False)
    run = chart.signals()[lambda told: told["rule"] == "run_of_8"].iloc[0]
    assert (run["period_from"], run["period"], run["period_to"]) == ("2013-Q3", "2015-Q2", "2015-Q4")
    assert "10 periods in a row, from 2013-Q3 to 2015-Q4, lay above what was expected: 54.9% on average" in run["words"]
    marked = chart.to_frame().set_index("period")["signal"]
    assert marked["2013-Q3":].all()
    assert not marked[:"2013-Q2"].any()


def test_a_fall_from_period_to_period_is_told() -> None:
    chart = chart_of(shares([*STEADY[:18], 53, 52, 51, 50, 49, 48]), seasonal=False)
    trend = chart.signals().iloc[-1]
    assert (trend["rule"], trend["direction"]) == ("trend_of_6", "falling")
    assert "it fell from each period to the next" in trend["words"]


def test_run_charts_take_the_median_and_the_rules_of_runs() -> None:
    chart = chart_of(shares([*[48, 49, 47, 48, 49, 48], *[55, 56, 54, 55, 56, 55]]), chart="run")
    assert chart.rules == ("longest_run", "crossings")
    told = chart.to_frame()
    assert told["centre"].unique().tolist() == [pytest.approx(0.515)]
    assert told["lower"].isna().all()
    assert chart.signals()["rule"].tolist() == ["crossings"]
    assert "crossed the middle once where at least 3 crossings were expected" in chart.signals()["words"].item()


def test_few_periods_make_a_run_chart_and_fewer_make_points() -> None:
    ten = chart_of(shares(STEADY[:10]))
    assert ten.chart == "run"
    assert any("limits need 12" in note for note in ten.notes)
    five = chart_of(shares(STEADY[:5]))
    assert five.chart == "points"
    assert five.rules == ()
    assert five.to_frame()["centre"].isna().all()
    assert "no change can be told from chance" in five.headline()
    one = chart_of(shares(STEADY[:1]))
    assert (one.n_points, one.n_signals) == (1, 0)
    assert one.summary().table["Value"].tolist() == ["52.0%"]


def test_a_missing_period_stays_a_gap_and_is_told() -> None:
    chart = chart_of(shares(STEADY).drop(index=[4, 5]), seasonal=False)
    told = chart.to_frame()
    assert chart.missing == ("2011-Q1", "2011-Q2")
    assert len(told) == 24
    assert told.loc[4:5, "value"].isna().all()
    assert told.loc[4:5, "status"].tolist() == ["missing", "missing"]
    assert any("2011-Q1, 2011-Q2" in note for note in chart.notes)
    # A run goes on over the gap.
    high = [*STEADY[:12], *[58] * 4, 45, *[58] * 4, *STEADY[:3]]
    over = chart_of(shares(high).drop(index=[16]), baseline=12, seasonal=False)
    assert "run_of_8" in over.signals()["rule"].tolist()
    assert "run_of_8" not in chart_of(shares(high), baseline=12, seasonal=False).signals()["rule"].tolist()


def test_what_the_data_say_is_not_told_is_not_told() -> None:
    data = shares(STEADY).assign(status="ok")
    data.loc[23, ["positive", "status"]] = [99, "too_early"]
    data.loc[3, ["positive", "tests"]] = 0
    chart = chart_of(data, seasonal=False)
    told = chart.to_frame()
    assert told["status"].value_counts().to_dict() == {"ok": 22, "too_early": 1, "no_units": 1}
    assert told.loc[[3, 23], "value"].isna().all()
    assert not told["signal"].any()
    assert any("not followed for long enough" in note for note in chart.notes)


def test_nothing_and_everything_counted_have_no_limits() -> None:
    for count in (0, 100):
        chart = chart_of(shares([count] * 12))
        assert chart.n_signals == 0
        assert chart.chart == "points"
        assert any("no spread" in note for note in chart.notes)
    assert control_chart(shares([0] * 12), numerator="positive").n_signals == 0


def test_where_few_are_counted_zeros_in_a_row_are_no_signal() -> None:
    counts = [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]
    chart = control_chart(shares(counts), numerator="positive", seasonal=False)
    assert (chart.chart, chart.n_signals) == ("c", 0)
    assert chart.rules == ("outside", "two_of_three", "trend_of_6")
    assert any("runs on one side are not looked for" in note for note in chart.notes)
    run = control_chart(shares(counts), numerator="positive", chart="run")
    assert (run.rules, run.n_signals) == ((), 0)


@pytest.mark.parametrize("mean", [0.5, 2.3, 6.0])
def test_false_alarms_told_where_few_are_counted_are_those_of_brute_force(mean: float) -> None:
    draw = np.random.default_rng(23)
    steady = [round(mean + extra) for extra in np.tile([-0.5, 0.5, 0.2, -0.2], 6)]
    chart = control_chart(shares(steady), numerator="positive", chart="c", seasonal=False)
    lines = chart.to_frame()
    alarms = 0
    for _ in range(400):
        values = draw.poisson(lines["centre"].iloc[0], 24)
        zone = zones(values, *(lines[name].to_numpy() for name in ("centre", "lower", "upper", "lower_2", "upper_2")))
        joined = np.array([False] + [True] * 23)
        alarms += any(locate(rule, zone, values, joined) for rule in chart.rules)
    told = chart.false_alarm
    assert abs(alarms / 400 - told) < 3 * np.sqrt(max(told, 0.01) / 400) + 0.01
    assert told < 0.3


def test_a_series_that_never_moves_has_no_signal() -> None:
    for chart in ("c", "run", "u_prime"):
        assert control_chart(shares([40] * 14), numerator="positive", chart=chart).n_signals == 0


def test_auto_chooses_by_what_is_counted() -> None:
    data = shares(STEADY)
    assert chart_of(data, seasonal=False).chart == "p"
    assert chart_of(data, per=100).chart == "u"
    assert control_chart(data, numerator="positive", seasonal=False).chart == "c"
    assert control_chart(data.assign(tests=10), numerator="positive", denominator="tests", seasonal=False).chart == "u"
    assert control_chart(data.assign(positive=data["positive"] / 7), numerator="positive", seasonal=False).chart == "i"
    wild = [20, 80, 30, 70, 25, 75, 60, 35, 68, 30, 72, 40]
    assert chart_of(shares(wild), seasonal=False).chart == "p_prime"


def test_the_order_of_rows_and_kinds_of_period_do_not_matter() -> None:
    data = shares([*STEADY[:-1], 75])
    first = chart_of(data)
    again = chart_of(data.sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(first.to_frame(), again.to_frame())
    pd.testing.assert_frame_equal(first.signals(), again.signals())
    periods = pd.PeriodIndex(data["period"].str.replace("-", ""), freq="Q")
    pd.testing.assert_frame_equal(first.to_frame(), chart_of(data.assign(period=periods)).to_frame())
    numbers = chart_of(data.assign(period=range(1, 25)))
    assert numbers.every == "number"
    assert numbers.signals()["period"].tolist() == ["24"]


def test_signals_since_a_period() -> None:
    chart = chart_of(shares([52, 90, *STEADY[2:-1], 85]), seasonal=False)
    assert chart.signals()["period"].tolist()[0] == "2010-Q2"
    assert len(chart.signals()) > 1
    assert chart.signals(since="2015-Q4")["period"].tolist() == ["2015-Q4"]
    assert "in 2015-Q4 it was" in chart.headline()
    with pytest.raises(InputError, match="no period of this chart"):
        chart.signals(since="2020-Q1")


def test_rules_do_not_reach_over_a_break() -> None:
    counts = [*STEADY[:12], *[60, 62, 59, 61, 60, 58, 62, 61, 59, 60, 61, 59]]
    assert chart_of(shares(counts), seasonal=False).n_signals > 0
    broken = chart_of(shares(counts), breaks=["2013-Q1"], seasonal=False)
    assert broken.n_signals == 0
    assert broken.to_frame()["phase"].max() == 2


def test_the_caller_keeps_their_frame_and_gets_copies() -> None:
    data = shares(STEADY)
    before = data.copy(deep=True)
    chart = chart_of(data)
    pd.testing.assert_frame_equal(data, before)
    mine = chart.to_frame()
    mine["value"] = np.nan
    assert chart.to_frame()["value"].notna().all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"numerator": "positves"}, "no column 'positves' \\(numerator; did you mean 'positive'\\?\\)"),
        ({"chart": "x"}, "chart='x' is not known"),
        ({"rules": ["outsid"], "wanted": "more"}, "wanted='more' is not known.*'outsid' is not known"),
        ({"rules": "outside"}, "give a list"),
        ({"breaks": ["2031-Q1"]}, "2031-Q1 is no period of the data"),
        ({"baseline": 99}, "from 1 to 24"),
        ({"baseline": ("2015-Q4", "2010-Q1")}, "a first and a last period"),
        ({"chart": "c"}, "leave the denominator out"),
        ({"per": 0}, "above 0"),
        ({"seasonal": "yes"}, "seasonal='yes'"),
        ({"chart": "p", "numerator": "tests", "denominator": "positive"}, "24 periods have more counted"),
        ({"chart": "p", "denominator": None}, "needs a denominator"),
        ({"chart": "p", "squares": "tests"}, "squares belong to"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(options: dict[str, object], words: str) -> None:
    given = {"numerator": "positive", "denominator": "tests"} | options
    with pytest.raises(InputError, match=words):
        control_chart(shares(STEADY), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (shares(STEADY).assign(positive=-1), "24 values of 'positive' are negative"),
        (shares(STEADY).assign(positive="many"), "24 values of 'positive' are no numbers"),
        (pd.concat([shares(STEADY[:2]), shares(STEADY[:2])]), "2 periods stand more than once"),
        (shares(STEADY).head(0), "no rows"),
        (shares(STEADY).assign(period="spring"), "not all of one kind"),
        (shares(STEADY).assign(period=pd.Timestamp("2020-01-01")), "to_period"),
        (shares(STEADY).assign(period=None), "24 rows have no period"),
        ([1, 2], "is a list"),
    ],
)
def test_odd_data_are_refused_in_a_sentence(data: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        chart_of(data)  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_false_alarms_told_are_those_of_whole_charts_of_binomial_counts() -> None:
    draw = np.random.default_rng(17)
    runs, told, alarms = 300, 0.0, 0
    for _ in range(runs):
        chart = chart_of(shares(draw.binomial(400, 0.5, 24).tolist(), tests=400), chart="p", seasonal=False)
        alarms += chart.n_signals > 0
        told = chart.false_alarm
    error = np.sqrt(told * (1 - told) * (1 / runs + 1 / 2_000))
    assert abs(alarms / runs - told) < 3 * error + 0.01
    # A twin with spread beyond chance: the plain chart's promise does not hold for it.
    wide = sum(
        chart_of(
            shares(draw.binomial(400, np.clip(draw.normal(0.5, 0.05, 24), 0, 1)).tolist(), tests=400),
            chart="p",
            seasonal=False,
        ).n_signals
        > 0
        for _ in range(60)
    )
    assert wide / 60 > told + 0.3
