"""What only extracts can tell of a time: other causes, all events, street time, and the audit of immortal time."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import EstimationError
from dipeval.linkage import true_linkage
from dipeval.study import StudyResult, time_parts_extracts
from dipeval.study import study as order_of_work
from dipeval.study.load import Prepared, from_linkage
from dipeval.study.time_to_event import TimeToEvent
from tests.unit.study.test_from_extracts import TREE, study

OUTCOMES = [TREE["outcomes"][0], TREE["outcomes"][2]]  # type: ignore[index]
ALL: dict[str, Any] = {"competing": True, "repeat": True, "clocks": ["calendar", "street"], "audit": True}
COMMON: dict[str, Any] = {
    "simulate": {"people": 900, "compare_true_links": False},
    "linkage": {"error": {"draws": 0}},
    "outcomes": OUTCOMES,
    "costs": None,
}


def of(**changes: Any) -> dip.Study:
    asked = COMMON | changes
    # A section that is not there cannot be None.
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(TREE, "costs", raising=False)
        return study(**{name: value for name, value in asked.items() if value is not None})


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    extracts = dip.simulate(people=900, seed=1)
    return from_linkage(of().spec, extracts, true_linkage(extracts))


@pytest.fixture(autouse=True)
def once(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test here shares one cohort, whose links are all known."""
    monkeypatch.setattr(order_of_work, "prepare", lambda spec, folder: prepared)


@pytest.fixture(scope="module")
def result(prepared: Prepared) -> StudyResult:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order_of_work, "prepare", lambda spec, folder: prepared)
        return of(time_to_event=ALL).run()


@pytest.fixture
def told(result: StudyResult) -> TimeToEvent:
    assert result.time_to_event is not None
    return result.time_to_event


def test_everything_asked_for_is_there(told: TimeToEvent) -> None:
    for name in ("incidence", "mean_count", "rates", "clocks", "audit"):
        assert getattr(told, name) is not None, name
    assert set(told.recurrent) == {"andersen_gill", "pwp_total", "pwp_gap"}
    assert "reoffence" in told.subdistribution
    assert told.gray is None
    assert "Gray's test" in told.not_done["gray"]
    assert told.families is None
    assert "families" not in told.not_done


def test_each_person_has_one_first_cause_and_custody_comes_before_the_event(
    result: StudyResult, told: TimeToEvent
) -> None:
    frame = result.outcomes_measured.to_frame()
    used = frame.loc[result.design.weights[result.design.weights > 0].index]
    counts = told.counts.groupby("what")["n_events"].sum()
    assert counts["reoffence first"] <= counts["event"] == used["event"].sum()
    assert counts["death first"] <= (used["censor_reason"] == "death").sum()
    firsts = [counts[f"{cause} first"] for cause in ("reoffence", "death", "custody")]
    assert sum(firsts) <= len(used)
    # Whoever does not have the event first although it came was in custody before.
    assert counts["event"] - counts["reoffence first"] <= counts["custody first"]
    rows = dip.episodes(result.cohort, custody_gaps=True).to_frame()
    received = rows[rows["reason"] == "custody"].groupby("index_id")["stop"].min().reindex(used.index)
    assert counts["custody first"] == (received < used["time_days"]).sum()


def test_death_alone_leaves_custody_within_the_observation(result: StudyResult) -> None:
    found = of(time_to_event={"competing": ["death"]}).run().time_to_event
    assert found is not None
    assert found.incidence is not None
    assert set(found.incidence.causes) == {"reoffence", "death"}
    counts = found.counts.groupby("what")["n_events"].sum()
    assert counts["reoffence first"] == counts["event"]
    assert not any("custody" in note for note in found.notes)


def test_people_who_count_alike_have_gray_s_test(result: StudyResult) -> None:
    plain = of(
        design=TREE["design"] | {"method": "none"},  # type: ignore[operator]
        time_to_event={"competing": ["death"]},
        override_reason="Invented people.",
    )
    found = plain.run().time_to_event
    assert found is not None
    assert found.gray is not None
    assert not found.subdistribution
    assert "chi_square, reoffence" in set(found.to_frame()["term"])


def test_every_cause_has_a_figure_by_the_mark(told: TimeToEvent) -> None:
    frame = told.to_frame()
    shares = frame[frame["part"] == "incidence"].set_index(["term", "group"])["estimate"]
    for group in ("comparison", "treated"):
        assert 0 < shares.xs(group, level="group").sum() < 1
    assert (frame["n_smallest"] <= frame["n"]).all()


def test_rates_are_over_the_days_at_liberty(result: StudyResult, told: TimeToEvent) -> None:
    frame = result.outcomes_measured.to_frame()
    weights = result.design.weights
    data = frame.loc[weights[weights > 0].index, ["n_reoffences", "at_risk_days"]]
    data = data.assign(weight=weights, treated=result.design.treated.astype(int))
    data = data[data["at_risk_days"] > 0]
    from dipeval.survival.parametric.rates import event_rate

    wanted = event_rate(
        data, covariates=["treated"], events="n_reoffences", exposure="at_risk_days", weights="weight"
    ).to_frame()
    assert told.rates is not None
    pd.testing.assert_frame_equal(told.rates.to_frame(), wanted)


def test_the_audit_knows_when_treatment_started(result: StudyResult, told: TimeToEvent) -> None:
    assert told.audit is not None
    groups = told.audit.to_frame()["group"].tolist()
    assert groups[0] == "ever_treated"
    assert {"landmark_28", "landmark_56", "landmark_91"} <= set(groups)


def test_offences_that_are_picked_out_cannot_be_told_one_by_one() -> None:
    found = of(time_to_event={"repeat": True}, follow_up={"classes": ["acquisitive"]}).run().time_to_event
    assert found is not None
    assert found.mean_count is None
    assert not found.recurrent
    assert "[follow_up] picks out" in found.not_done["mean_count"]
    assert found.rates is not None


def test_a_part_that_fails_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise EstimationError("3 people are too few.")

    monkeypatch.setattr(time_parts_extracts, "causes_of", refuse)
    found = of(time_to_event={"competing": True}).run().time_to_event
    assert found is not None
    assert found.not_done["incidence"] == "3 people are too few."
    assert found.mark is not None


@pytest.mark.slow
def test_where_treatment_starts_later_only_the_audit_is_told(prepared: Prepared) -> None:
    time = OUTCOMES[1] | {"primary": True}
    varying = of(
        cohort={"immortal_time": "time_varying", "landmark_days": 0},
        outcomes=[time],
        design={"method": "none", "covariates": ["copas_rate"]},
        time_to_event={"audit": True, "landmarks": [28]},
        override_reason="Invented people.",
    )
    assert prepared.extracts is not None
    assert prepared.linkage is not None
    fresh = from_linkage(varying.spec, prepared.extracts, prepared.linkage)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order_of_work, "prepare", lambda spec, folder: fresh)
        result = varying.run()
    found = result.time_to_event
    assert found is not None
    assert found.audit is not None
    assert found.curve is None
    assert set(found.not_done) == {"curve"}
    assert set(found.to_frame()["part"]) == {"audit"}
    assert result.hazard is not None
