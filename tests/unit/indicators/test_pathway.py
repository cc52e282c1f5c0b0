"""The pathway: what counts as each stage, in which order, and that the two ways of counting are never mixed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

import dipeval as dip
from dipeval.linkage import true_linkage
from tests.spec.invented_people import invent, table
from tests.unit.indicators import counted_by_hand as by_hand

PATHS = """
person | assessment       | contact_date | attended | care_plan_date
ann    | initial_required | 2022-03-05   | yes      | 2022-03-08
bob    | initial_required | 2022-03-05   | no       |
cat    | voluntary        | 2022-03-05   | yes      | 2022-03-05
dan    | initial_required | 2022-02-27   | yes      | 2022-03-08
eve    | initial_required | 2022-03-05   | yes      | 2022-03-04
"""


def _tests(*people: str, **changes: str) -> str:
    lines = [f"{who} | {changes.get(who, '2022-03-01 | cocaine')}" for who in people]
    return "\n".join(["person | test_date | result", *lines])


def _shown(**arguments: Any) -> dip.Pathway:
    options = {
        name: arguments.pop(name)
        for name in ("by", "counting", "date_from", "date_to", "within_days", "count_referred_on")
        if name in arguments
    }
    extracts, linkage = invent(**arguments)
    return dip.pathway(extracts, linkage, **options)


def _n(shown: dip.Pathway, group: str = "everyone") -> dict[str, int]:
    frame = shown.to_frame()
    return frame[frame["group"] == group].set_index("stage")["n"].to_dict()


def test_each_stage_follows_the_one_before() -> None:
    shown = _shown(drug_tests=_tests("ann", "bob", "cat", "dan", "eve"), contacts=PATHS)
    counts = _n(shown)
    assert [counts[stage] for stage in ("tested", "positive", "assessment", "attended", "care_plan")] == [5, 5, 3, 2, 1]
    skipping = shown.everyone["n_skipping"]
    # A care plan of a voluntary contact (cat), after a contact before the test (dan), before the assessment (eve).
    assert skipping["care_plan"] == 3
    assert skipping["treatment"] == 0


def test_it_is_the_first_test_that_counts_and_a_refused_one_is_none() -> None:
    tests = """
    person | test_date  | test_time | result
    ann    | 2022-03-01 | 9:00      | negative
    ann    | 2022-03-01 | 14:00     | opiates
    bob    | 2022-03-01 | 10:00     | refused
    bob    | 2022-04-01 | 10:00     | both
    cat    | 2022-03-01 | 10:00     | refused
    """
    assert _n(_shown(drug_tests=tests))["tested"] == 2
    assert _n(_shown(drug_tests=tests))["positive"] == 1


def _treated(text: str, **options: Any) -> dict[str, int]:
    contacts = PATHS.splitlines()
    return _n(
        _shown(drug_tests=_tests("ann"), contacts="\n".join(contacts[:3]), treatment=text, **options),
    )


FAR = """
person | district          | start_date | end_date   | discharge_reason
ann    | treatment         | 2022-03-08 | 2022-05-30 | dropped_out
bob    | retained_12_weeks | 2022-03-08 | 2022-05-31 | dropped_out
cat    | retained_12_weeks | 2022-03-08 |            |
dan    | completed         | 2022-03-08 | 2022-04-01 | completed
eve    | completed         | 2022-03-08 | 2022-04-01 | completed_drug_free
fay    | treatment         | 2022-03-08 | 2022-04-01 | referred_on
guy    | care_plan         | 2022-03-07 | 2022-12-01 | completed
hal    | treatment         | 2023-03-01 |            |
ida    | care_plan         | 2023-03-02 |            |
joe    | retained_12_weeks | 2022-03-08 | 2023-03-02 | completed
"""


def test_how_far_a_treatment_takes_a_person() -> None:
    """83 or 84 days, still there, completed sooner, before the care plan, on the last of 365 days or a day later."""
    told = table(FAR)
    tests = told[["person"]].assign(test_date="2022-03-01", result="cocaine", district=told["person"])
    contacts = told[["person"]].assign(contact_date="2022-03-05", care_plan_date="2022-03-08")
    shown = _shown(drug_tests=tests, contacts=contacts, treatment=told.drop(columns="district"), by="district")
    frame = shown.to_frame()
    reached = frame[frame["n"] > 0].groupby("group")["stage"].last().drop("everyone")
    assert reached.to_dict() == dict(zip(told["person"], told["district"], strict=True))


def test_referred_on_is_a_switch() -> None:
    text = "person | start_date | end_date | discharge_reason\nann | 2022-03-08 | 2022-04-01 | referred_on"
    assert _treated(text)["completed"] == 0
    assert _treated(text, count_referred_on=True)["completed"] == 1


def test_episodes_close_together_are_one_stay() -> None:
    rows = """
    person | start_date | end_date   | discharge_reason
    ann    | 2021-12-01 | 2022-02-20 | transferred
    ann    | 2022-03-20 | 2022-05-01 | completed
    """
    # 28 days lie between them: the stay began before the test, so nothing started after it.
    assert _treated(rows)["treatment"] == 0
    apart = rows.replace("2022-03-20", "2022-03-21")
    assert _treated(apart)["treatment"] == 1
    assert _treated(apart)["completed"] == 1


def test_the_reason_is_that_of_the_episode_that_ended_last() -> None:
    rows = """
    person | start_date | end_date   | discharge_reason
    ann    | 2022-03-10 | 2022-04-20 | completed
    ann    | 2022-04-01 | 2022-05-01 | dropped_out
    """
    counts = _treated(rows)
    assert (counts["treatment"], counts["completed"]) == (1, 0)


def test_nobody_counts_who_cannot_be_followed() -> None:
    tests = _tests("ann", "bob", bob="2022-07-01 | opiates")
    shown = _shown(extract_date="2023-03-01", drug_tests=tests)
    assert _n(shown)["tested"] == 1
    assert (shown.date_to, shown.n_later) == (dt.date(2022, 3, 1), 1)
    assert "too late to be followed for 365 days" in str(shown.summary())
    assert _n(_shown(extract_date="2023-03-01", drug_tests=tests, within_days=90))["tested"] == 2
    with pytest.raises(dip.InputError, match="Nobody can be followed for 900 days"):
        _shown(extract_date="2023-03-01", drug_tests=tests, within_days=900)


def test_groups_begin_where_they_are_known() -> None:
    extracts = {"drug_tests": _tests("ann", "bob", "cat", cat="2022-03-01 | negative"), "contacts": PATHS}
    entry = _shown(**extracts, by="entry_point").to_frame()
    assert entry.loc[entry["group"] == "custody", "stage"].iloc[0] == "assessment"
    drugs = _shown(**extracts, by="substance").to_frame()
    assert list(dict.fromkeys(drugs["group"])) == ["everyone", "cocaine"]
    assert drugs.loc[drugs["group"] == "cocaine", "stage"].iloc[0] == "positive"
    ages = _shown(**extracts, by="age_band").to_frame()
    assert list(dict.fromkeys(ages["group"])) == ["everyone", "30-34"]
    quarters = _shown(**extracts, by="quarter").to_frame()
    assert set(quarters["group"]) == {"everyone", "2022-Q1"}


def test_a_period_counts_what_happened_whoever_it_happened_to() -> None:
    treatment = """
    person | start_date | end_date   | discharge_reason
    zoe    | 2021-01-01 | 2022-03-15 | completed
    yan    | 2022-03-10 | 2022-03-20 | completed
    xav    | 2022-03-30 |            |
    wes    | 2021-01-01 | 2022-02-28 | completed
    """
    shown = _shown(
        drug_tests=_tests("ann", "ann", "bob", bob="2022-04-01 | cocaine"),
        contacts=PATHS,
        treatment=treatment,
        counting="period",
        date_from="2022-03-01",
        date_to="2022-03-31",
    )
    counts = _n(shown)
    assert counts == {
        "tested": 1,
        "positive": 1,
        "assessment": 3,
        "attended": 2,
        "care_plan": 4,
        "treatment": 3,
        "retained_12_weeks": 2,
        "completed": 2,
    }
    assert shown.within_days is None
    assert shown.everyone["conf_low"].isna().all()
    assert "whoever it happened to" in shown.how_counted
    assert "%" not in str(shown.summary().table)


def test_a_person_in_treatment_counts_in_every_month_of_it() -> None:
    treatment = "person | start_date | end_date\nzoe | 2022-01-31 | 2022-03-01"
    shown = _shown(treatment=treatment, counting="period", by="month", date_from="2022-01-01", date_to="2022-04-30")
    frame = shown.to_frame()
    months = frame[(frame["stage"] == "treatment") & (frame["n"] > 0)]
    assert months["group"].tolist() == ["everyone", "2022-01", "2022-02", "2022-03"]
    assert months["n"].tolist() == [1, 1, 1, 1]


def test_what_the_source_does_not_tell_is_left_out_and_said() -> None:
    extracts, linkage = invent(drug_tests=_tests("ann", "bob"), contacts=PATHS, treatment=None)
    extracts.tables["contacts"] = extracts.tables["contacts"].drop(columns=["assessment", "attended", "care_plan_date"])
    shown = dip.pathway(extracts, linkage)
    assert shown.stages == ("tested", "positive", "attended", "treatment", "retained_12_weeks")[: len(shown.stages)]
    assert "care_plan" not in shown.stages
    assert any("no column care_plan_date" in line for line in shown.left_out)
    assert shown.everyone.loc["attended", "label"] == "Seen by a drugs worker"
    assert any("every contact counts as attended" in note for note in shown.notes())


def test_wrong_arguments_are_told() -> None:
    extracts, linkage = invent(drug_tests=_tests("ann"))
    with pytest.raises(dip.InputError, match="did you mean 'district'"):
        dip.pathway(extracts, linkage, by="distrct")
    with pytest.raises(dip.InputError, match="use cohort or period"):
        dip.pathway(extracts, linkage, counting="both")
    with pytest.raises(dip.InputError, match=r"pass dip.link\(extracts\)"):
        dip.pathway(extracts)
    with pytest.raises(dip.InputError, match="date_from must be a date"):
        dip.pathway(extracts, linkage, date_from="soon")
    with pytest.raises(dip.InputError, match="made from other extracts"):
        linkage.spine = linkage.spine.iloc[:0]
        dip.pathway(extracts, linkage)


def test_no_tests_no_cohort() -> None:
    extracts, linkage = invent(without=("drug_tests",), contacts=PATHS)
    with pytest.raises(dip.InputError, match="counting='period'"):
        dip.pathway(extracts, linkage)


@pytest.fixture(scope="module")
def simulated() -> tuple[Any, Any]:
    extracts = dip.simulate(people=700, seed=8)
    return extracts, true_linkage(extracts)


def test_simulated_people_counted_person_by_person_give_the_same(simulated: tuple[Any, Any]) -> None:
    extracts, linkage = simulated
    spine = linkage.to_frame()
    own = {
        name: by_hand.of_persons(extracts.table(name), spine, name) for name in ("drug_tests", "contacts", "treatment")
    }
    for within in (120, 365):
        shown = dip.pathway(extracts, linkage, within_days=within)
        expected = by_hand.cohort_counts(
            own["drug_tests"], own["contacts"], own["treatment"], last=shown.date_to, within_days=within
        )
        assert _n(shown) == expected
        assert expected["completed"] > 0


def test_the_order_of_rows_and_kept_stages_change_nothing(simulated: tuple[Any, Any], tmp_path: Any) -> None:
    extracts, linkage = simulated
    tables = {name: extracts.table(name) for name in ("drug_tests", "contacts", "treatment")}
    owner = linkage.to_frame().rename(columns={"table": "source"})

    def event_tables(engine: dip.Engine, seed: int | None) -> Any:
        put = {}
        for name, frame in tables.items():
            mine = owner.loc[owner["source"] == name, ["record_id", "person_id"]]
            whole = frame.merge(mine, on="record_id")
            put[name] = engine.put(whole if seed is None else whole.sample(frac=1, random_state=seed), name)
        return dip.event_tables(engine, put, extract_date=extracts.extract_date, snapshot="one")

    plain = dip.pathway(extracts, linkage, by="district").to_frame()
    for seed in (None, 1):
        shown = dip.pathway(event_tables(dip.open_engine(threads=1), seed), by="district")
        pd.testing.assert_frame_equal(shown.to_frame(), plain)
    for _ in range(2):
        engine = dip.open_engine(threads=1, stages=tmp_path / "stages")
        given = event_tables(engine, None)
        before = engine.n_queries
        pd.testing.assert_frame_equal(dip.pathway(given, by="district").to_frame(), plain)
    assert engine.n_queries == before


def test_everyone_is_the_sum_of_groups_a_person_is_in_once(simulated: tuple[Any, Any]) -> None:
    extracts, linkage = simulated
    for by in ("quarter", "age_band"):
        frame = dip.pathway(extracts, linkage, by=by).to_frame()
        groups = frame[frame["group"] != "everyone"].groupby("stage")["n"].sum()
        whole = frame[frame["group"] == "everyone"].set_index("stage")["n"]
        assert (groups.reindex(whole.index) == whole).all(), by


def _on_engine(frames: dict[str, pd.DataFrame], extract_date: dt.date) -> Any:
    engine = dip.open_engine(threads=1)
    put = {name: engine.put(frame, name) for name, frame in frames.items()}
    return dip.event_tables(engine, put, extract_date=extract_date)


def _frames_with_person() -> tuple[dict[str, pd.DataFrame], dt.date]:
    extracts = dip.simulate(people=200, seed=2)
    spine = true_linkage(extracts).to_frame()
    frames = {}
    for name in ("drug_tests", "contacts", "treatment"):
        mine = spine.loc[spine["table"] == name, ["record_id", "person_id"]]
        frames[name] = extracts.table(name).merge(mine, on="record_id")
    return frames, extracts.extract_date


def test_a_record_that_is_twice_in_a_table_on_an_engine_is_counted_once() -> None:
    frames, day = _frames_with_person()
    once = _on_engine(frames, day)
    twice = _on_engine({name: pd.concat([frame, frame]) for name, frame in frames.items()}, day)
    for call in (dip.pathway, dip.seen, dip.testing, dip.discharges):
        pd.testing.assert_frame_equal(call(once).to_frame(), call(twice).to_frame())
    other = _on_engine(frames | {"drug_tests": frames["drug_tests"].assign(record_id="same")}, day)
    with pytest.raises(dip.InputError, match="share a record_id with another record"):
        dip.seen(other)


def test_tables_on_an_engine_take_no_linkage_and_no_other_engine() -> None:
    tables = _on_engine(*_frames_with_person())
    with pytest.raises(dip.InputError, match="on another engine than the one passed"):
        dip.pathway(tables, engine=dip.open_engine(threads=1))
    with pytest.raises(dip.InputError, match="no linkage is used with them"):
        dip.pathway(tables, true_linkage(dip.simulate(people=200, seed=2)))
