"""The effect on areas against hand-computed panels, loops over rows, and a saturated regression."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from matplotlib.axes import Axes

from dipeval.effects.areas import words
from dipeval.effects.areas.estimate import area_effect
from dipeval.effects.areas.result import COLUMNS, AreaEffect
from dipeval.plots.style import to_png
from tests.unit.effects.area_panels import FIRST, NEVER, brute, long, panel

WAVES = [2, 2, 3, 3, 3, 5, 5, NEVER, NEVER, NEVER, NEVER]


def overall(frame: pd.DataFrame, term: str, where: str, at: object) -> float:
    return float(frame[(frame["term"] == term) & (frame[where] == at)]["estimate"].iloc[0])


def test_two_areas_and_two_periods_are_the_difference_of_two_differences() -> None:
    found = area_effect(long([[10.0, 6.0], [20.0, 21.0]], [1, NEVER]))
    assert found.estimate == (6 - 10) - (21 - 20) == -5
    assert (found.n_areas, found.n_treated_areas, found.n_treated_periods, found.n_waves) == (2, 1, 1, 1)
    assert found.two_way.estimate == pytest.approx(-5)
    assert found.p_value == 1.0  # of the two arrangements both are as large
    assert not found.has_interval and found.breakdown is None and math.isnan(found.pre_trend_p)


def test_three_waves_by_hand() -> None:
    # Levels 10, 20, 30, 40, 50; the trend is +1, +1, +2; effects grow by 1 a period, and the second wave's are doubled.
    trend = np.array([0, 1, 2, 4])
    values = np.array([10, 20, 30, 40, 50])[:, None] + trend[None, :] * 1.0
    values[0] += [0, -1, -2, -3]
    values[1] += [0, 0, -2, -4]
    values[2] += [0, 0, 0, -5]
    found = area_effect(long(values, [1, 2, 3, NEVER, NEVER]))
    cells = found.group_times().set_index(["wave", "period"])["estimate"]
    after = {(2011, 2011): -1, (2011, 2012): -2, (2011, 2013): -3, (2012, 2012): -2, (2012, 2013): -4, (2013, 2013): -5}
    assert {(int(w), int(t)): v for (w, t), v in cells.items() if int(t) >= int(w)} == after
    assert found.estimate == pytest.approx(-17 / 6)
    frame = found.to_frame()
    assert [overall(frame, "wave", "group", g) for g in ("2011", "2012", "2013")] == [-2, -3, -5]
    assert [overall(frame, "event_time", "event_time", e) for e in (-3, -2, -1, 0, 1, 2)] == pytest.approx(
        [0, 0, 0, -8 / 3, -3, -3]
    )
    assert found.n_waves == 3 and frame.loc[0, "n_comparison"] == 2


@pytest.mark.parametrize("compare_with", ["not_yet_treated", "never_treated"])
@pytest.mark.parametrize("anticipation", [0, 1])
def test_every_figure_agrees_with_loops_over_rows(compare_with: str, anticipation: int) -> None:
    frame = panel(WAVES, 8, seed=4)
    found = area_effect(frame, compare_with=compare_with, anticipation=anticipation, draws=99)
    expected = brute(frame, compare_with, anticipation)
    cells = {("cell", int(r.wave), int(r.period)): r.estimate for r in found.group_times().itertuples()}
    assert cells == pytest.approx({k: v for k, v in expected.items() if k[0] == "cell"})
    for row in found.to_frame().query("group != 'reference'").to_dict("records"):
        key = {"overall": ("overall",), "wave": ("wave", row["group"]), "event_time": ("event_time", row["event_time"])}
        name = key[row["term"]] if row["term"] != "wave" else ("wave", float(row["group"]))
        assert row["estimate"] == pytest.approx(expected[name])


def test_areas_that_left_are_used_until_then_and_weights_count() -> None:
    frame = panel(WAVES, 8, seed=5)
    until = {"area 001": FIRST + 3, "area 004": FIRST + 5}
    weights = {area: 1.0 + place for place, area in enumerate(sorted(set(frame["area"])))}
    found = area_effect(frame, treated_until=until, weights=weights, draws=99)
    expected = brute(frame, until=until, weights=weights)
    assert found.estimate == pytest.approx(expected["overall",])
    assert found.n_after_leaving == 4 + 2
    assert "6 area-period(s) after an area left the programme are left out." in found.summary().notes
    as_column = frame.assign(left=frame["area"].map(until), weight=frame["area"].map(weights))
    again = area_effect(as_column, treated_until="left", weights="weight", draws=99)
    pd.testing.assert_frame_equal(again.to_frame(), found.to_frame())


def test_with_two_periods_or_one_wave_of_two_it_is_the_two_way_regression() -> None:
    frame = panel([1] * 5 + [NEVER] * 7, 2, seed=6)
    found = area_effect(frame, draws=99)
    frame["on"] = (frame["period"] >= frame["treated_from"]).astype(float)
    fitted = smf.ols("outcome ~ on + C(area) + C(period)", frame).fit()
    assert found.estimate == pytest.approx(fitted.params["on"])
    assert found.two_way.estimate == pytest.approx(fitted.params["on"])


def test_one_wave_is_the_saturated_regression_of_its_event_times() -> None:
    frame = panel([3] * 5 + [NEVER] * 7, 6, seed=7)
    found = area_effect(frame, draws=99).event_study().set_index("event_time")["estimate"]
    treated = frame["treated_from"].notna()
    names = {}
    for time in (-3, -2, 0, 1, 2):
        names[time] = f"e{time + 3}"
        frame[names[time]] = (treated & (frame["period"] - FIRST - 3 == time)).astype(float)
    fitted = smf.ols(f"outcome ~ {' + '.join(names.values())} + C(area) + C(period)", frame).fit()
    assert {time: found[time] for time in names} == pytest.approx({t: fitted.params[name] for t, name in names.items()})


def test_two_way_is_the_regression_and_counts_negative_weights() -> None:
    frame = panel(WAVES, 8, seed=8)
    found = area_effect(frame, draws=99)
    frame["on"] = (frame["period"] >= frame["treated_from"]).astype(float)
    fitted = smf.ols("outcome ~ on + C(area) + C(period)", frame).fit()
    left = smf.ols("on ~ C(area) + C(period)", frame).fit().resid
    assert found.two_way.estimate == pytest.approx(fitted.params["on"])
    assert found.two_way.n_negative == int(((left < -1e-9) & (frame["on"] > 0)).sum())


def test_rates_and_logarithms_are_of_the_rate() -> None:
    frame = panel([2, 2, NEVER, NEVER, NEVER, NEVER], 4, seed=9).assign(people=lambda f: 1000 + 7 * f["period"] % 13)
    frame["outcome"] = frame["outcome"].round()
    rate = frame.assign(outcome=1000 * frame["outcome"] / frame["people"])
    options = {"draws": 99, "at_risk": "people", "per": 1000.0}
    assert area_effect(frame, **options).estimate == pytest.approx(area_effect(rate, draws=99).estimate)
    logged = area_effect(frame, measure="log_ratio", **options)
    logs = rate.assign(outcome=np.log(rate["outcome"]))
    assert logged.estimate == pytest.approx(area_effect(logs, draws=99).estimate)
    assert logged.ratio == pytest.approx(math.exp(logged.estimate))
    assert "%" in logged.summary().headline
    events = logged.to_frame().loc[0, "n_events"]
    assert events == frame[frame["period"] >= frame["treated_from"]]["outcome"].sum()
    assert area_effect(rate, draws=99).to_frame()["n_events"].isna().all()


@pytest.mark.parametrize("kind", ["float", "text", "date", "quarter"])
def test_periods_may_be_numbers_dates_or_text_that_starts_with_a_year(kind: str) -> None:
    frame = panel(WAVES, 8, seed=10)
    made = {
        "float": lambda year: float(year),
        "text": lambda year: f"{year:.0f}/{year % 100 + 1:.0f}",
        "date": lambda year: pd.Timestamp(int(year), 4, 1),
        "quarter": lambda year: pd.Period(year=int(year), freq="Y"),
    }[kind]
    other = frame.assign(
        period=[made(year) for year in frame["period"]],
        treated_from=[None if pd.isna(year) else made(year) for year in frame["treated_from"]],
    )
    assert area_effect(other, draws=99).estimate == area_effect(frame, draws=99).estimate


@pytest.mark.parametrize("error", ["wild_cluster", "permutation"])
def test_the_order_of_rows_changes_nothing(error: str) -> None:
    frame = panel(WAVES, 8, seed=11)
    first = area_effect(frame, error=error, draws=199, seed=3)
    for seed in range(3):
        again = area_effect(frame.sample(frac=1, random_state=seed), error=error, draws=199, seed=3)
        pd.testing.assert_frame_equal(again.to_frame(), first.to_frame(), check_exact=True)
        pd.testing.assert_frame_equal(again.group_times(), first.group_times(), check_exact=True)
        assert again.pre_trend_p == first.pre_trend_p and again.two_way == first.two_way


def test_the_breakdown_is_the_step_that_adds_up_to_the_estimate() -> None:
    # Before the start the treated drift by 1 and by 2 a period; the effect is -6 in each of two periods.
    treated, other = [10.0, 11.0, 13.0, 7.0, 7.0], [20.0] * 5
    found = area_effect(long([treated, treated, other, other, other, other], [3, 3, *[NEVER] * 4]))
    assert found.estimate == -6
    assert found.breakdown is not None
    # One step before the first period with the programme, two before the second: 1.5 on average.
    assert (found.breakdown.largest_before, found.breakdown.reach) == (2, 1.5)
    assert found.breakdown.of_estimate == pytest.approx(6 / 3)
    later = area_effect(long([treated, treated, other, other, other, other], [3, 3, *[NEVER] * 4]), anticipation=1)
    assert later.breakdown is not None and later.breakdown.largest_before == 1 and later.breakdown.reach == 2.5


def test_what_it_hands_out_is_fixed_and_fresh() -> None:
    found = area_effect(panel(WAVES, 8, effect=-3.0), draws=199, label="thefts per 1,000 people")
    frame = found.to_frame()
    assert tuple(frame.columns) == COLUMNS
    frame["estimate"] = 0.0
    assert found.to_frame().loc[0, "estimate"] == found.estimate
    study = found.event_study()
    assert study["event_time"].is_monotonic_increasing and set(study["term"]) == {"event_time"}
    assert study.set_index("group").loc["reference", "estimate"] == 0
    assert isinstance(found.plot(), Axes) and to_png(found.plot()) == to_png(found.plot())
    told = str(found.summary())
    assert found.outcome_name in told and words.NOTE_TRENDS in told and words.OTHER_QUESTION in told
    assert "_repr" not in repr(found) and "DataFrame" not in repr(found)
    assert "<table" in found._repr_html_()


def test_words_claim_no_more_than_the_figures() -> None:
    clear = area_effect(panel(WAVES, 8, effect=-9.0), draws=199)
    unclear = area_effect(panel(WAVES, 8, seed=2), draws=199)
    few = area_effect(panel([2, NEVER, NEVER, NEVER], 5, seed=3), draws=199)
    assert "lower on average" in clear.summary().headline and not clear.includes_equality
    assert "does not show that there was no effect" in unclear.summary().headline and unclear.includes_equality
    assert "with 4 areas no interval can be given" in few.summary().headline
    assert any("no p-value can be smaller than 0.250" in note for note in few.summary().notes)
    templates = [v for k, v in vars(words).items() if k.isupper() and isinstance(v, str)]
    for text in [*templates, *(str(one.summary()) for one in (clear, unclear, few))]:
        assert "control" not in text.lower()
        assert "did not work" not in text and "no difference" not in text
        assert "no effect" not in text.replace("does not show that there was no effect", "")


def test_late_starts_within_the_panel_are_comparison_until_then() -> None:
    found = area_effect(panel([2, 2, 4, 4, 4, 4], 6, seed=12), draws=99)
    cells = found.group_times()
    assert set(cells[cells["wave"] == "2012"]["period"]) == {"2010", "2012", "2013"}
    assert found.n_treated_areas == 2 and found.n_waves == 1
    # The first wave's last two periods, and all of the second wave's.
    assert found.n_without_comparison == 2 * 2 + 4 * 2
    assert isinstance(found, AreaEffect)
