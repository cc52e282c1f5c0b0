"""What leaves the house as a curve: no step, cell, sentence or difference of two of them tells of a few people."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dipeval import kaplan_meier
from dipeval.disclosure import (
    CONFIDENTIAL,
    DisclosureRule,
    release_curve,
    release_mark,
    release_risk_table,
)
from dipeval.errors import DisclosureError
from dipeval.plots.survival import (
    alt_text,
    count_table,
    incidence_alt_text,
    incidence_table,
    mean_count_alt_text,
    regular_times,
    risk_table,
)

PROTECT = DisclosureRule()
OPEN = DisclosureRule(profile="none", data_status="simulated")
HORIZON = 365
COUNTS = st.tuples(st.integers(0, 10_000), st.integers(12, 160), st.floats(0.0002, 0.02), st.booleans())


def people(seed: int, n: int, rate: float, weighted: bool = False) -> pd.DataFrame:
    """Two groups followed for a year, some leaving early; those who stay are followed to the last day."""
    draw = np.random.default_rng(seed)
    happens = np.ceil(draw.exponential(1 / rate, 2 * n))
    leaves = np.minimum(np.ceil(draw.uniform(20, 3 * HORIZON, 2 * n)), HORIZON)
    return pd.DataFrame(
        {
            "treated": np.repeat([0, 1], n),
            "days": np.minimum(happens, leaves),
            "event": (happens <= leaves).astype(int),
            "cause": draw.choice(["reoffended", "recalled"], 2 * n, p=[0.8, 0.2]),
            "weight": draw.uniform(0.3, 3, 2 * n) if weighted else 1.0,
        }
    )


def survival_steps(data: pd.DataFrame) -> pd.DataFrame:
    """Product-limit steps counted out; groups without an event stay in."""
    parts = []
    for name, own in data.groupby(data["treated"].map({0: "comparison", 1: "treated"}), sort=False):
        times = np.concatenate([[0.0], np.unique(own["days"])])
        days, event, weight = (own[column].to_numpy() for column in ("days", "event", "weight"))
        followed = days[None, :] >= times[:, None]
        now = days[None, :] == times[:, None]
        at_risk, events, left = followed.sum(axis=1), (now * event).sum(axis=1), (now * (1 - event)).sum(axis=1)
        size = (followed * weight).sum(axis=1) ** 2 / (followed * weight**2).sum(axis=1)
        estimate = np.cumprod(1 - events / at_risk)
        parts.append(
            pd.DataFrame(
                {
                    "group": name,
                    "time_days": times,
                    "estimate": estimate,
                    "std_error": 0.0234567,
                    "conf_low": np.maximum(estimate - 0.05, 0),
                    "conf_high": np.minimum(estimate + 0.05, 1),
                    "n_events": events,
                    "n_at_risk": at_risk,
                    "n_censored": left,
                    "n_effective": size,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def incidence_steps(data: pd.DataFrame) -> pd.DataFrame:
    """The same people with two causes: rising shares, a curve for each group and cause."""
    whole = survival_steps(data)
    parts = []
    for cause in ("reoffended", "recalled"):
        for name, steps in whole.groupby("group", sort=False):
            own = data[(data["treated"] == int(name == "treated")) & (data["cause"] == cause) & (data["event"] == 1)]
            events = (own["days"].to_numpy()[None, :] == steps["time_days"].to_numpy()[:, None]).sum(axis=1)
            before = np.concatenate([[1.0], steps["estimate"].to_numpy()[:-1]])
            share = np.cumsum(before * events / steps["n_at_risk"].to_numpy())
            parts.append(steps.assign(cause=cause, n_events=events, estimate=share, conf_low=share, conf_high=share))
    return pd.concat(parts, ignore_index=True)


def check_steps(frame: pd.DataFrame, released: pd.DataFrame) -> None:
    """Hold every curve of a released frame against the frame it comes from."""
    keys = [name for name in ("group", "cause") if name in frame]
    whole = dict(list(frame.groupby(keys, sort=False)))
    for key, shown in released.groupby(keys, sort=False):
        true = whole[key]
        falling = true["estimate"].iloc[0] == 1
        told = [
            true.loc[true["time_days"].between(low, high, inclusive="right"), "n_events"].sum()
            for low, high in zip(shown["time_days"], shown["time_days"].iloc[1:], strict=False)
        ]
        assert told
        assert min(told) >= PROTECT.threshold
        last = true[true["time_days"] <= shown["time_days"].iloc[-1]].iloc[-1]
        assert last["n_at_risk"] >= PROTECT.threshold
        # A step function that never runs ahead: at each time of the truth the released share is no higher.
        at = np.searchsorted(shown["time_days"].to_numpy(), true["time_days"].to_numpy(), side="right") - 1
        risen, truth = shown["estimate"].to_numpy()[at], true["estimate"].to_numpy()
        ahead = (truth - risen) if falling else (risen - truth)
        assert ahead.max() <= 0.005 + 1e-9
        own = np.searchsorted(true["time_days"].to_numpy(), shown["time_days"].to_numpy(), side="right") - 1
        assert np.abs(truth[own] - shown["estimate"].to_numpy()).max() <= 0.005 + 1e-9
        assert (np.diff(shown["estimate"]) < 0).all() if falling else (np.diff(shown["estimate"]) >= 0).all()
        assert np.allclose(100 * shown["estimate"], np.round(100 * shown["estimate"]))
        for column in ("n_at_risk", "n_events", "n_censored", "n_effective"):
            values = shown[column].dropna()
            assert (values % PROTECT.rounding == 0).all()
        assert (shown["n_events"].iloc[1:] >= PROTECT.threshold).all()
        assert ((shown["n_censored"] == 0) | (shown["n_censored"] >= PROTECT.threshold)).all()
        moved = shown["n_at_risk"].diff().dropna().abs()
        assert ((moved == 0) | (moved >= PROTECT.threshold)).all()


def check_cells(table: pd.DataFrame) -> None:
    """No cell and no step along a row tells of a number from 1 to 9."""
    for _, own in table.groupby("group", sort=False):
        for column in table.columns.difference(["group", "time_days"]):
            cells = [cell for cell in own[column] if cell != CONFIDENTIAL]
            numbers = np.array([int(cell.replace(",", "")) for cell in cells])
            assert (numbers % PROTECT.rounding == 0).all()
            assert ((numbers == 0) | (numbers >= PROTECT.threshold)).all()
            if column != "n_effective":
                moved = np.abs(np.diff(numbers))
                assert ((moved == 0) | (moved >= PROTECT.threshold)).all(), (column, list(own[column]))


def check_sentences(text: str) -> None:
    """Counts in the sentences about the table are those of its cells: rounded, or in words that they are withheld."""
    rows = "start|still followed|observation|size|reoffences|recalled|reoffended|left"
    told = re.findall(rf"(?:{rows}) (\d[\d,]*)(?![%\d])", text)
    numbers = [int(number.replace(",", "")) for number in told]
    assert all(number % PROTECT.rounding == 0 and (number == 0 or number >= PROTECT.threshold) for number in numbers)


@settings(max_examples=20, deadline=None)
@given(COUNTS)
def test_no_step_cell_or_sentence_of_a_survival_curve_tells_of_few(drawn: tuple[int, int, float, bool]) -> None:
    frame = survival_steps(people(*drawn))
    released = release_curve(frame, rule=PROTECT, at=[182])
    check_steps(frame, released)
    table = release_risk_table(risk_table(frame, regular_times(HORIZON)), released, rule=PROTECT)
    check_cells(table)
    if not released.empty:
        shown = table[table["group"].isin(released["group"])]
        check_sentences(alt_text(released, shown, time_unit="days", digits=0))


@settings(max_examples=15, deadline=None)
@given(COUNTS)
def test_nor_do_those_of_cumulative_incidence(drawn: tuple[int, int, float, bool]) -> None:
    frame = incidence_steps(people(*drawn))
    released = release_curve(frame, rule=PROTECT, at=[182])
    check_steps(frame, released)
    table = release_risk_table(incidence_table(frame, regular_times(HORIZON)), released, rule=PROTECT)
    check_cells(table)
    if not released.empty:
        check_sentences(incidence_alt_text(released, table, time_unit="days", digits=0))


@settings(max_examples=15, deadline=None)
@given(COUNTS)
def test_nor_do_those_of_mean_counts(drawn: tuple[int, int, float, bool]) -> None:
    frame = survival_steps(people(*drawn))
    frame = frame.assign(estimate=3 * (1 - frame["estimate"])).assign(conf_low=0.0, conf_high=4.0)
    released = release_curve(frame, rule=PROTECT)
    check_steps(frame, released)
    table = release_risk_table(count_table(frame, regular_times(HORIZON)), released, rule=PROTECT)
    check_cells(table)
    if not released.empty:
        check_sentences(mean_count_alt_text(released, table, time_unit="days"))


@settings(max_examples=15, deadline=None)
@given(COUNTS)
def test_what_is_read_off_is_what_is_drawn(drawn: tuple[int, int, float, bool]) -> None:
    frame = survival_steps(people(*drawn))
    time = min(182.0, frame.groupby("group")["time_days"].max().min())
    rows = [steps[steps["time_days"] <= time].iloc[-1] for _, steps in frame.groupby("group", sort=False)]
    mark = pd.DataFrame([{"group": row["group"], "share": 1 - row["estimate"]} for row in rows])
    mark.loc[2] = ["difference", mark["share"].iloc[1] - mark["share"].iloc[0]]
    mark = mark.assign(time_days=time, std_error=0.02, conf_low=mark["share"] - 0.04, conf_high=mark["share"] + 0.04)
    released = release_curve(frame, rule=PROTECT, at=[time])
    shown = release_mark(mark, released, rule=PROTECT).set_index("group")["share"]
    for name in ("comparison", "treated"):
        steps = released[(released["group"] == name) & (released["time_days"] <= time)]
        reaches = (released.loc[released["group"] == name, "time_days"] >= time).any()
        if len(steps) > 1 and reaches:
            assert shown[name] == pytest.approx(1 - steps["estimate"].iloc[-1])
        else:
            assert np.isnan(shown[name])
    assert np.isnan(shown["difference"]) == shown[["comparison", "treated"]].isna().any()


def test_a_mark_the_curves_were_not_released_for_is_refused() -> None:
    data = people(3, 300, 0.002)
    curve = kaplan_meier(data, time="days", event="event", by="treated")
    mark = curve.compare_at(200)
    lagging = release_curve(curve.to_frame(), rule=PROTECT)
    with pytest.raises(DisclosureError, match="name it in `at`"):
        release_mark(mark, lagging, rule=PROTECT)
    released = release_curve(curve.to_frame(), rule=PROTECT, at=[200])
    shown = release_mark(mark, released, rule=PROTECT)
    assert list(shown.columns) == list(mark.columns)
    assert np.allclose(100 * shown["share"], np.round(100 * shown["share"]))
    assert shown["share"].iloc[2] == pytest.approx(mark["share"].iloc[2], abs=0.005)
    assert release_mark(mark, lagging, rule=OPEN).equals(mark)


def test_a_thousand_people_may_be_told_of_in_tenths() -> None:
    frame = survival_steps(people(5, 3000, 0.001))
    released = release_curve(frame, rule=PROTECT)
    assert (released["n_at_risk"] >= 1000).all()
    assert np.allclose(1000 * released["estimate"], np.round(1000 * released["estimate"]))
    assert not np.allclose(100 * released["estimate"], np.round(100 * released["estimate"]))
    assert set(released["std_error"]) == {0.0235}


def test_counts_of_merged_steps_add_up_to_rounded_totals() -> None:
    frame = survival_steps(people(7, 400, 0.002, weighted=True))
    released = release_curve(frame, rule=PROTECT)
    for name, steps in released.groupby("group"):
        true = frame.loc[(frame["group"] == name) & (frame["time_days"] <= steps["time_days"].iloc[-1]), "n_events"]
        assert abs(steps["n_events"].sum() - true.sum()) <= 2.5
        assert (steps["n_effective"] < steps["n_at_risk"]).all()


def test_the_table_counts_events_by_the_steps_that_are_drawn() -> None:
    frame = survival_steps(people(11, 200, 0.002))
    released = release_curve(frame, rule=PROTECT)
    table = release_risk_table(risk_table(frame, [0, 100, 200, 300]), released, rule=PROTECT)
    for name, own in table.groupby("group", sort=False):
        steps = released[released["group"] == name]
        for time, cell in zip(own["time_days"].iloc[1:], own["events"].iloc[1:], strict=True):
            total = steps.loc[steps["time_days"] <= time, "n_events"].sum()
            assert cell == (f"{total:.0f}" if total else CONFIDENTIAL)
    assert table.loc[table["time_days"] == 0, "events"].tolist() == ["0", "0"]


def test_where_few_are_left_the_people_and_their_effective_size_are_withheld() -> None:
    frame = survival_steps(people(2, 60, 0.02, weighted=True))
    released = release_curve(frame, rule=PROTECT)
    raw = risk_table(frame, [0, 30, 200])
    table = release_risk_table(raw, released, rule=PROTECT)
    few = (raw["at_risk"] < 10).to_numpy()
    assert few.any()
    assert (table.loc[few, ["at_risk", "n_effective"]] == CONFIDENTIAL).all(axis=None)
    unprotected = release_risk_table(raw, frame, rule=OPEN)
    assert unprotected["at_risk"].tolist() == [f"{count:.0f}" for count in raw["at_risk"]]


def test_people_who_enter_late_are_no_reason_to_withhold_unless_an_event_is_seen_among_few() -> None:
    late = pd.DataFrame(
        {
            "group": "all",
            "time_days": [0, 1, 2, 3, 4],
            "estimate": [1, 1, 0.9, 0.8, 0.7],
            "conf_low": 0.5,
            "conf_high": 1.0,
            "n_at_risk": [2, 8, 120, 118, 110],
            "n_events": [0, 0, 12, 13, 12],
            "n_censored": 0,
        }
    )
    out = release_curve(late, rule=PROTECT)
    assert out["time_days"].tolist() == [0, 2, 3, 4]
    assert np.isnan(out["n_at_risk"].iloc[0])
    assert release_curve(late.assign(n_events=[0, 1, 12, 13, 12]), rule=PROTECT).empty
