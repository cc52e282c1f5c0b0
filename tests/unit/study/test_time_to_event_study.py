"""What a study tells of a time to an event is what the functions say on its people, weights and pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import EstimationError, InvariantError
from dipeval.study import StudyResult
from dipeval.study.smallest import smallest_count
from dipeval.study.time_to_event import PARTS, TimeToEvent
from dipeval.study.times import rows_of_pairs, time_table
from tests.unit.study.people_study import people, study

YES_NO: dict[str, Any] = {"name": "came_back", "kind": "yes_no", "label": "Came back", "primary": True}
TIME: dict[str, Any] = {
    "name": "time", "kind": "time", "label": "Time to it", "time": "weeks", "event": "came_back", "unit": "weeks"
}  # fmt: skip
MEAN_TIME = TIME | {"primary": True, "measures": ["rmst_difference", "hazard_ratio"], "horizon": 40}
DESIGNS = {
    "weights": {"method": "entropy"},
    "pairs": {"method": "nearest", "caliper": "none"},
    "as they come": {"method": "none"},
    "with replacement": {"method": "nearest", "replace": True, "ratio": 2},
}


def timed(size: int = 300) -> pd.DataFrame:
    """The invented people, each followed until the event or for 60 weeks; many never have it."""
    rng = np.random.default_rng(5)
    weeks = np.where(rng.random(size) < 0.6, np.ceil(np.exp(rng.normal(2.6, 0.7, size))), 99)
    return people(size).assign(weeks=np.minimum(weeks, 60), came_back=(weeks < 60).astype(int))


def run(folder: Path, frame: pd.DataFrame | None = None, **changes: Any) -> StudyResult:
    return study(folder, timed() if frame is None else frame, **{"outcomes": [YES_NO, TIME], **changes}).run()


def told(folder: Path, **changes: Any) -> TimeToEvent:
    found = run(folder, **changes).time_to_event
    assert found is not None
    return found


@pytest.mark.parametrize("name", DESIGNS)
def test_without_any_key_curve_mark_mean_times_and_tests_are_there(tmp_path: Path, name: str) -> None:
    result = run(tmp_path, design=DESIGNS[name], override_reason="Invented people.")
    found = result.time_to_event
    assert found is not None
    assert found.curve is result.curve
    assert found.cox is result.cox
    assert dict(found.not_done) == {}
    assert (found.mark_time, found.horizon, found.unit) == (52, 60, "weeks")
    own = timed().set_index("who")
    table = time_table(result.design, own, result.spec.outcomes[1])
    cluster = {"cluster": "pair"} if "pair" in table else {}
    weights = {"weights": "weight"} if table["weight"].nunique() > 1 else {}
    options: dict[str, Any] = {"time": "weeks", "event": "came_back", "by": "treated", **weights, **cluster}
    curve = dip.kaplan_meier(table, time_unit="weeks", **options)
    pd.testing.assert_frame_equal(found.curve.to_frame(), curve.to_frame())  # type: ignore[union-attr]
    assert found.mark is not None
    np.testing.assert_allclose(found.mark["share"], curve.compare_at(52)["share"], rtol=1e-12)
    assert found.test is not None
    assert found.test.p_value == dip.log_rank(table, **options).p_value
    assert found.proportional_hazards is not None
    assert (found.hazard_effect is not None) == (name in ("weights", "with replacement"))
    ratio = "cox" if found.hazard_effect is None else "hazard_effect"
    assert set(found.to_frame()["part"]) >= {"mark", "restricted_mean", "test", ratio, "proportional_hazards"}


@pytest.mark.parametrize("everybody_followed", [True, False])
def test_with_estimated_weights_one_figure_has_one_interval(tmp_path: Path, everybody_followed: bool) -> None:
    """What is quoted has the errors of an effect; estimates are those of curve, mean times and Cox model."""
    people = timed()
    if not everybody_followed:
        people.loc[people.index[people["came_back"] == 0][:30], "weeks"] = 30
    result = run(tmp_path, people, design=DESIGNS["weights"], override_reason="Invented people.")
    found = result.time_to_event
    assert found is not None
    own = people.set_index("who")
    columns: dict[str, Any] = {"time": "weeks", "event": "came_back"}
    ratio = dip.estimate_effect(result.design, own, measure="hazard_ratio", **columns)
    means = dip.estimate_effect(result.design, own, measure="rmst_difference", horizon=60, **columns)
    assert "M-estimation" in ratio.se_method
    assert (found.hazard_effect.std_error, found.mean_effect.std_error) == (ratio.std_error, means.std_error)  # type: ignore[union-attr]
    np.testing.assert_allclose(ratio.estimate, found.cox.to_frame()["hazard_ratio"][0], rtol=1e-9)  # type: ignore[union-attr]
    difference = found.restricted_mean.to_frame().iloc[-1]  # type: ignore[union-attr]
    np.testing.assert_allclose(means.estimate, difference["estimate"], rtol=1e-9)
    by_then = ((own["came_back"] == 1) & (own["weeks"] <= 52)).astype(int)
    share = dip.estimate_effect(result.design, by_then, measure="risk_difference")
    quoted = found.mark.set_index("group").loc["difference"]  # type: ignore[union-attr]
    if everybody_followed:
        np.testing.assert_allclose(share.estimate, quoted["share"], rtol=1e-9)
    assert (quoted["std_error"] == share.std_error) == everybody_followed


def test_after_replacement_errors_are_by_set_and_person_and_estimates_stay(tmp_path: Path) -> None:
    result = run(tmp_path, design=DESIGNS["with replacement"])
    found = result.time_to_event
    assert found is not None
    own = timed().set_index("who")
    table = time_table(result.design, own, result.spec.outcomes[1])
    rows = rows_of_pairs(result.design, table)
    assert len(rows) > len(table)
    assert rows.groupby("treated")["weight"].sum().tolist() == pytest.approx(
        table.groupby("treated")["weight"].sum().tolist()
    )
    assert found.mark is not None
    alone = result.curve.compare_at(52)  # type: ignore[union-attr]
    np.testing.assert_allclose(found.mark["share"], alone["share"], rtol=1e-12)
    assert found.mark["std_error"].iloc[2] != alone["std_error"].iloc[2]
    # People are counted once, however often they serve.
    assert found.counts.query("what == 'event'")["n"].sum() == len(table)
    wanted = dip.estimate_effect(
        result.design, own, measure="rmst_difference", time="weeks", event="came_back", horizon=60
    )
    assert found.restricted_mean is not None
    difference = found.restricted_mean.to_frame().iloc[-1]
    assert difference["estimate"] == pytest.approx(wanted.estimate, rel=1e-10)
    assert difference["std_error"] == pytest.approx(wanted.std_error, rel=1e-8)


def test_keys_reach_what_they_are_for(tmp_path: Path) -> None:
    asked = {"mark": 20, "horizon": 30, "rho": 1.0, "proportional_hazards": "rank",
             "split_population": ["lognormal", "weibull"]}  # fmt: skip
    found = told(tmp_path, time_to_event=asked)
    assert (found.mark_time, found.horizon) == (20, 30)
    assert found.mark is not None
    assert set(found.mark["time_days"]) == {20}
    assert found.test is not None
    assert "rho = 1" in found.test.method
    assert found.families is not None
    assert found.families.to_frame()["family"].tolist() == ["lognormal", "weibull"]
    plain, ranked = told(tmp_path).proportional_hazards, found.proportional_hazards
    assert plain is not None
    assert ranked is not None
    assert plain.to_frame()["statistic"].iloc[0] != ranked.to_frame()["statistic"].iloc[0]


def test_a_mean_time_is_an_answer_in_days(tmp_path: Path) -> None:
    beside = {"name": "plain", "label": "As they come", "method": "none"}
    result = run(tmp_path, outcomes=[MEAN_TIME, YES_NO | {"primary": False}], sensitivity=[beside])
    own = timed().set_index("who")
    wanted = dip.estimate_effect(
        result.design, own.assign(weeks=own["weeks"] * 7.0), measure="rmst_difference", time="weeks",
        event="came_back", horizon=280,
    )  # fmt: skip
    answer = result.primary
    assert answer is not None
    assert (answer.measure, answer.estimate, answer.std_error) == ("rmst_difference", wanted.estimate, wanted.std_error)
    assert result.hazard is None
    assert result.hidden_bias is None
    assert [effect.measure for effect in result.sensitivity[0].effects[:2]] == ["rmst_difference", "hazard_ratio"]
    assert result.many_outcomes is not None
    assert result.many_outcomes.primary.outcome_name == "Time to it"
    frame = result.to_frame()
    row = frame[(frame["section"] == "effect") & (frame["measure"] == "rmst_difference")].iloc[0]
    assert row["n_smallest"] == smallest_count(answer)
    assert "days free of it" in result.summary().headline


def test_a_time_beside_the_answer_is_not_corrected_with_the_others(tmp_path: Path) -> None:
    outcomes = [YES_NO, TIME | {"measures": ["hazard_ratio", "rmst_difference"]}]
    result = run(tmp_path, outcomes=outcomes)
    assert [effect.measure for effect in result.effects] == [
        "risk_difference",
        "risk_ratio",
        "hazard_ratio",
        "rmst_difference",
    ]
    assert result.many_outcomes is None


def test_figures_of_a_time_rest_on_people_and_events_not_on_days(tmp_path: Path) -> None:
    result = run(tmp_path, outcomes=[YES_NO, TIME | {"measures": ["hazard_ratio", "rmst_difference"]}])
    counts = result.time_to_event.counts.query("what == 'event'")  # type: ignore[union-attr]
    least = int(counts[["n", "n_events"]].min().min())
    assert [smallest_count(effect) for effect in result.effects[2:]] == [least, least]


def test_of_several_times_the_primary_one_is_told(tmp_path: Path) -> None:
    other = TIME | {"name": "other", "label": "Another time"}
    found = told(tmp_path, outcomes=[other, MEAN_TIME])
    assert found.label == "Time to it"


def test_a_check_says_what_will_be_told(tmp_path: Path) -> None:
    made = study(tmp_path, timed(), outcomes=[YES_NO, TIME], time_to_event={"mark": 20}).check()
    assert "Time to the event: mark = 20.0." in made.in_words()


def test_an_answer_that_cannot_be_had_stops_the_study_and_another_part_does_not(tmp_path: Path) -> None:
    frame = timed()
    nobody = frame.assign(came_back=frame["came_back"] * (1 - frame["helped"]))
    with pytest.raises(EstimationError):
        run(tmp_path, nobody, outcomes=[MEAN_TIME])
    found = told(tmp_path, frame=nobody)
    assert found.curve is None
    assert set(found.not_done) >= {"curve", "restricted_mean"}
    assert found.restricted_mean is None
    assert "not worked out" in str(found.summary())


def test_reasons_hold_no_count_where_counts_are_protected(tmp_path: Path) -> None:
    frame = timed(900)
    nobody = frame.assign(came_back=frame["came_back"] * (1 - frame["helped"]))
    result = run(tmp_path, nobody, data={"status": "personal"}, disclosure={"profile": "threshold10"})
    found = result.time_to_event
    assert found is not None
    assert found.not_done
    for why in found.not_done.values():
        assert not any(sign.isdigit() for sign in why)
    rows = result.to_frame()
    assert (rows["status"] == "not done").sum() == len(found.not_done)


def test_beyond_the_follow_up_nothing_is_said(tmp_path: Path) -> None:
    found = told(tmp_path, time_to_event={"mark": 100, "horizon": 100})
    assert found.mark is None
    assert found.mark_time is None
    assert found.horizon is None
    assert "name a shorter time" in found.not_done["mark"]
    assert "name a shorter time" in found.not_done["restricted_mean"]
    short = timed().assign(weeks=lambda frame: np.minimum(frame["weeks"], 30))
    assert told(tmp_path, frame=short).mark_time is None


def test_a_withheld_study_tells_nothing_of_it(tmp_path: Path) -> None:
    result = run(tmp_path, diagnostics={"min_treated": 10_000})
    assert result.withheld
    assert result.time_to_event is None
    assert run(tmp_path, outcomes=[YES_NO]).time_to_event is None


def test_every_figure_has_a_row_with_what_it_rests_on(tmp_path: Path) -> None:
    result = run(tmp_path, time_to_event={"split_population": ["lognormal", "weibull"]})
    found, rows = result.time_to_event, result.to_frame()
    assert found is not None
    figures = found.to_frame()
    mine = rows[rows["section"].str.startswith("time to event: ")]
    shown = mine[~mine["measure"].str.endswith("p_value")]
    assert len(shown) == len(figures) - 1  # the hazard ratio has its row under "time"
    assert (mine["n_smallest"] > 0).all()
    own = timed().set_index("who").loc[result.design.weights[result.design.weights > 0].index]
    happened = own[(own["came_back"] == 1) & (own["weeks"] <= 52)]
    treated = figures[(figures["part"] == "mark") & (figures["group"] == "treated")].iloc[0]
    n, events = int((own["helped"] == 1).sum()), int((happened["helped"] == 1).sum())
    assert (treated["n"], treated["n_smallest"]) == (n, min(events, n - events))


def test_frames_are_copies_and_promises_are_kept(tmp_path: Path) -> None:
    found = told(tmp_path)
    for name in ("mark", "counts"):
        first = getattr(found, name)
        first.iloc[0, 0] = "changed"
        assert getattr(found, name).iloc[0, 0] != "changed"
    assert found.summary().headline.startswith("By 52 weeks, ")
    assert found.plot().has_data()
    assert set(PARTS) <= set(TimeToEvent.__dataclass_fields__) | {"mark"}
    counts = found.counts
    with pytest.raises(InvariantError, match="More people"):
        TimeToEvent(label="x", unit="days", level=0.95, _counts=counts.assign(n_events=counts["n"] + 1))
    with pytest.raises(InvariantError, match="documented columns"):
        TimeToEvent(label="x", unit="days", level=0.95, _counts=counts[["n"]])
    empty = TimeToEvent(label="x", unit="days", level=0.95, _counts=counts.iloc[:0])
    assert empty.to_frame().empty
    assert "Nothing could be estimated" in empty.summary().headline
    with pytest.raises(EstimationError, match="no curve"):
        empty.plot()
