"""Start-stop rows: each rule on a person or two, then everything at once against a day-by-day count."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.engine import open_engine
from dipeval.errors import InputError
from tests.spec.invented_people import table

ZERO = pd.Timestamp("2024-01-01")


@pytest.fixture(scope="module")
def engine() -> dip.Engine:
    return open_engine(threads=1)


def on(day: float | None) -> pd.Timestamp | Any:
    return pd.NaT if day is None or pd.isna(day) else ZERO + pd.Timedelta(days=int(day))


def people(*names: str, **columns: Any) -> pd.DataFrame:
    frame = pd.DataFrame({"person_id": list(names or ("a",)), "time_zero_date": ZERO})
    return frame.assign(**columns)


def dated(name: str, *rows: tuple[str, float | None]) -> pd.DataFrame:
    return pd.DataFrame({"person_id": [who for who, _ in rows], name: pd.to_datetime([on(day) for _, day in rows])})


def spells(*rows: tuple[str, float, float | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "person_id": [who for who, _, _ in rows],
            "start_date": pd.to_datetime([on(first) for _, first, _ in rows]),
            "end_date": pd.to_datetime([on(last) for _, _, last in rows]),
        }
    )


def shown(episodes: dip.Episodes) -> list[tuple[Any, ...]]:
    frame = episodes.to_frame()
    return list(
        frame[["person_id", "start", "stop", "event", "treated", "in_custody", "n_th", "reason"]].itertuples(
            index=False, name=None
        )
    )


RULES = [
    ("nothing happens", {}, ["a | 0 | 365 | 0 | 0 | 0 | 1 | end_of_follow_up"]),
    ("an event ends it", {"events": [40]}, ["a | 0 | 40 | 1 | 0 | 0 | 1 | event"]),
    ("an event on the last day", {"events": [365]}, ["a | 0 | 365 | 1 | 0 | 0 | 1 | event"]),
    ("an event after the last day", {"events": [366]}, ["a | 0 | 365 | 0 | 0 | 0 | 1 | end_of_follow_up"]),
    ("an event on day 0", {"events": [0]}, ["a | 0 | 365 | 0 | 0 | 0 | 1 | end_of_follow_up"]),
    (
        "treatment switches after its day",
        {"treatment": [10]},
        ["a | 0 | 10 | 0 | 0 | 0 | 1 | treatment", "a | 10 | 365 | 0 | 1 | 0 | 1 | end_of_follow_up"],
    ),
    ("treatment on day 0 is there throughout", {"treatment": [0]}, ["a | 0 | 365 | 0 | 1 | 0 | 1 | end_of_follow_up"]),
    (
        "an offence of the day treatment starts",
        {"treatment": [10], "events": [10]},
        ["a | 0 | 10 | 1 | 0 | 0 | 1 | event"],
    ),
    ("treatment after the event", {"treatment": [50], "events": [10]}, ["a | 0 | 10 | 1 | 0 | 0 | 1 | event"]),
    (
        "the first of two treatments",
        {"treatment": [30, 10]},
        ["a | 0 | 10 | 0 | 0 | 0 | 1 | treatment", "a | 10 | 365 | 0 | 1 | 0 | 1 | end_of_follow_up"],
    ),
    (
        "custody leaves out the days between reception and release",
        {"custody": [(20, 41)]},
        ["a | 0 | 20 | 0 | 0 | 0 | 1 | custody", "a | 40 | 365 | 0 | 0 | 0 | 1 | end_of_follow_up"],
    ),
    ("a single night leaves nothing out", {"custody": [(20, 21)]}, ["a | 0 | 365 | 0 | 0 | 0 | 1 | end_of_follow_up"]),
    (
        "an offence of the day of reception counts",
        {"custody": [(20, 41)], "events": [20]},
        ["a | 0 | 20 | 1 | 0 | 0 | 1 | event"],
    ),
    (
        "an offence of the day of release counts",
        {"custody": [(20, 41)], "events": [41]},
        ["a | 0 | 20 | 0 | 0 | 0 | 1 | custody", "a | 40 | 41 | 1 | 0 | 0 | 1 | event"],
    ),
    (
        "an offence inside custody ends nothing",
        {"custody": [(20, 41)], "events": [21, 40, 50]},
        ["a | 0 | 20 | 0 | 0 | 0 | 1 | custody", "a | 40 | 50 | 1 | 0 | 0 | 1 | event"],
    ),
    (
        "in custody at time zero: enters at release",
        {"custody": [(-30, 5)]},
        ["a | 4 | 365 | 0 | 0 | 0 | 1 | end_of_follow_up"],
    ),
    ("custody that does not end", {"custody": [(100, None)]}, ["a | 0 | 100 | 0 | 0 | 0 | 1 | custody"]),
    (
        "moved from one prison to another: one stay",
        {"custody": [(20, 41), (41, 60)]},
        ["a | 0 | 20 | 0 | 0 | 0 | 1 | custody", "a | 59 | 365 | 0 | 0 | 0 | 1 | end_of_follow_up"],
    ),
    (
        "treatment that starts in custody",
        {"custody": [(20, 41)], "treatment": [30]},
        ["a | 0 | 20 | 0 | 0 | 0 | 1 | custody", "a | 40 | 365 | 0 | 1 | 0 | 1 | end_of_follow_up"],
    ),
    (
        "custody kept and marked",
        {"custody": [(20, 41)], "events": [30], "custody_gaps": False},
        ["a | 0 | 20 | 0 | 0 | 0 | 1 | custody", "a | 20 | 30 | 1 | 0 | 1 | 1 | event"],
    ),
    (
        "release, where custody is kept",
        {"custody": [(20, 41)], "custody_gaps": False},
        [
            "a | 0 | 20 | 0 | 0 | 0 | 1 | custody",
            "a | 20 | 40 | 0 | 0 | 1 | 1 | release",
            "a | 40 | 365 | 0 | 0 | 0 | 1 | end_of_follow_up",
        ],
    ),
    ("death ends it", {"deaths": [100]}, ["a | 0 | 100 | 0 | 0 | 0 | 1 | death"]),
    ("the earlier of two deaths", {"deaths": [120, 100]}, ["a | 0 | 100 | 0 | 0 | 0 | 1 | death"]),
    (
        "an event after death does not count",
        {"deaths": [100], "events": [101]},
        ["a | 0 | 100 | 0 | 0 | 0 | 1 | death"],
    ),
    (
        "an event on the day of death counts",
        {"deaths": [100], "events": [100]},
        ["a | 0 | 100 | 1 | 0 | 0 | 1 | event"],
    ),
    (
        "every event, if recurrent, one a day",
        {"events": [10, 10, 30], "recurrent": True},
        [
            "a | 0 | 10 | 1 | 0 | 0 | 1 | event",
            "a | 10 | 30 | 1 | 0 | 0 | 2 | event",
            "a | 30 | 365 | 0 | 0 | 0 | 3 | end_of_follow_up",
        ],
    ),
    (
        "the n-th event is waited for through custody and treatment",
        {"events": [10], "custody": [(20, 41)], "treatment": [60], "recurrent": True},
        [
            "a | 0 | 10 | 1 | 0 | 0 | 1 | event",
            "a | 10 | 20 | 0 | 0 | 0 | 2 | custody",
            "a | 40 | 60 | 0 | 0 | 0 | 2 | treatment",
            "a | 60 | 365 | 0 | 1 | 0 | 2 | end_of_follow_up",
        ],
    ),
    (
        "from a landmark: treated by then, followed from then",
        {"treatment": [42], "events": [100], "landmark_days": 42},
        ["a | 0 | 58 | 1 | 1 | 0 | 1 | event"],
    ),
    (
        "from a landmark: a later start changes nothing",
        {"treatment": [43], "landmark_days": 42},
        ["a | 0 | 365 | 0 | 0 | 0 | 1 | end_of_follow_up"],
    ),
    (
        "from a landmark: an event in custody before it does not leave the person out",
        {"events": [30], "custody": [(20, 52)], "landmark_days": 42},
        ["a | 9 | 365 | 0 | 0 | 0 | 1 | end_of_follow_up"],
    ),
    (
        "from a landmark, recurrent: an event before it does not leave the person out",
        {"events": [30], "landmark_days": 42, "recurrent": True},
        ["a | 0 | 365 | 0 | 0 | 0 | 1 | end_of_follow_up"],
    ),
]


@pytest.mark.parametrize(("given", "expected"), [rule[1:] for rule in RULES], ids=[rule[0] for rule in RULES])
def test_one_person(given: dict[str, Any], expected: list[str], engine: dip.Engine) -> None:
    options = {name: value for name, value in given.items() if not isinstance(value, list)}
    names = {"events": "event_date", "treatment": "start_date", "deaths": "death_date"}
    tables = {name: dated(names[name], *(("a", day) for day in given[name])) for name in names if name in given}
    if "custody" in given:
        tables["custody"] = spells(*(("a", *spell) for spell in given["custody"]))
    found = dip.episodes(people(), engine=engine, **tables, **options)
    wanted = table("who|start|stop|event|treated|in_custody|n_th|reason\n" + "\n".join(expected))
    assert [tuple(map(str, row)) for row in shown(found)] == list(wanted.itertuples(index=False, name=None))


def test_the_flow_counts_everybody_left_out_and_every_event(engine: dip.Engine) -> None:
    who = people("a", "b", "c", "d", "e", last=pd.to_datetime([on(400), on(0), on(200), on(400), on(400)]))
    found = dip.episodes(
        who,
        end="last",
        deaths=dated("death_date", ("a", 0)),
        custody=spells(("d", -5, None), ("e", 10, 30)),
        treatment=dated("start_date", ("c", 20), ("d", 20)),
        events=dated("event_date", ("a", 3), ("c", -3), ("c", 0), ("c", 250), ("e", 15), ("e", 40), ("e", 40),
                     ("e", 41), ("e", 500), ("x", 4), ("d", 9)),
        engine=engine,
    )  # fmt: skip
    assert found.flow.drop(columns="label").to_numpy().tolist() == [
        ["given", 5, 0, 5],
        ["alive", 4, 1, 4],
        ["observed", 3, 1, 3],
        ["treatment", 3, 0, 5],
        ["custody", 2, 1, 4],
    ]
    fates = found.events.set_index("fate")["n_events"]
    assert fates[fates > 0].to_dict() == {
        "counted": 1,
        "in_custody": 2,
        "same_day": 1,
        "after_first": 1,
        "before_time_zero": 1,
        "on_time_zero_day": 1,
        "after_follow_up": 1,
        "after_last_day": 1,
        "of_people_left_out": 1,
        "not_of_these_people": 1,
    }
    assert fates.sum() == 11
    assert found.to_frame()["reason"].tolist() == ["treatment", "end_of_observation", "custody", "event"]
    notes = " ".join(found.summary().notes)
    assert "Dated while in custody".lower() in notes.lower()
    by_day = found.by_day().set_index("day")
    assert by_day.loc[20].to_dict() == {"n_at_risk": 1, "n_treated": 0, "n_in_custody": 2, "n_followed": 3}
    assert by_day.loc[21].to_dict() == {"n_at_risk": 1, "n_treated": 1, "n_in_custody": 2, "n_followed": 3}


def test_a_landmark_leaves_out_and_counts_who_had_an_event_or_died_before_it(engine: dip.Engine) -> None:
    found = dip.episodes(
        people("a", "b", "c", "d"),
        events=dated("event_date", ("a", 42), ("b", 43), ("d", 1)),
        deaths=dated("death_date", ("c", 42)),
        landmark_days=42,
        engine=engine,
    )
    assert found.flow.loc[:2, ["step", "n_people", "n_excluded"]].to_numpy().tolist() == [
        ["given", 4, 0],
        ["alive", 3, 1],
        ["observed", 3, 0],
    ]
    assert found.flow.loc[3, ["step", "n_people", "n_excluded"]].tolist() == ["event_free", 1, 2]
    assert shown(found) == [("b", 0, 1, 1, 0, 0, 1, "event")]


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("overlap", {"custody": spells(("a", 10, 30), ("a", 29, 40))}, "1 spells of custody overlap"),
    ("an open spell and a later one", {"custody": spells(("a", 10, None), ("a", 29, 40))}, "overlap"),
    ("reversed", {"custody": spells(("a", 10, 9))}, "end before they start"),
    ("undated", {"events": dated("event_date", ("a", 5), ("a", None))}, "missing in 1 of 2 rows"),
    ("others", {"events": dated("event_date", ("z", 5))}, "None of the 1 rows of events belongs"),
    ("no such column", {"events": dated("when", ("a", 5))}, "no column 'event_date'"),
    ("numbers", {"events": pd.DataFrame({"person_id": ["a"], "event_date": [5]})}, "holds numbers"),
    ("no table", {"events": [1]}, "events must be a DataFrame"),
    ("days", {"follow_up_days": 0}, "follow_up_days is 0"),
    ("nobody", {"deaths": dated("death_date", ("a", 0))}, "Nobody is left"),
    ("no time zero", {"time_zero": "index_date"}, "no column 'index_date' in people"),
]


@pytest.mark.parametrize(("options", "words"), [one[1:] for one in REFUSED], ids=[one[0] for one in REFUSED])
def test_what_cannot_be_right_is_refused(options: dict[str, Any], words: str, engine: dip.Engine) -> None:
    with pytest.raises(InputError, match=words):
        dip.episodes(people(), engine=engine, **options)


def test_people_are_refused_twice_without_ids_or_with_a_status_that_is_none() -> None:
    for frame, words in (
        (people("a", "a"), "repeat the id"),
        (people("a", time_zero_date=pd.NaT), "missing in 1 of 1"),
        (people("a", treated=2), "neither 0 nor 1"),
        (people("a").iloc[:0], "no rows"),
        ([1], "must be a Cohort or a DataFrame"),
    ):
        with pytest.raises(InputError, match=words):
            dip.episodes(frame)  # type: ignore[arg-type]


def test_names_of_columns_index_events_and_a_fixed_status(engine: dip.Engine) -> None:
    who = pd.DataFrame({"spell": [11, 12], "nhs": [7, 7], "from": pd.to_datetime([on(0), on(100)]), "treated": [0, 1]})
    found = dip.episodes(
        who,
        id="spell",
        person="nhs",
        time_zero="from",
        events=pd.DataFrame({"nhs": [7], "arrest": [on(150)]}),
        event_date="arrest",
        follow_up_days=90,
        engine=engine,
    )
    frame = found.to_frame()
    assert frame[["index_id", "person_id", "stop", "event", "treated"]].to_numpy().tolist() == [
        [11, 7, 90, 0, 0],
        [12, 7, 50, 1, 1],
    ]
    beside = found.with_columns(pd.DataFrame({"age": [30, 31]}, index=[12, 11]))
    assert beside["age"].tolist() == [31, 30]
    with pytest.raises(InputError, match="not in the index"):
        found.with_columns(pd.DataFrame({"age": [30]}, index=[12]))
    with pytest.raises(InputError, match="already"):
        found.with_columns(pd.DataFrame({"treated": [30, 1]}, index=[12, 11]))


def invented(seed: int, n: int = 150) -> dict[str, pd.DataFrame]:
    """People with everything that can happen, dense enough for every coincidence of days."""
    rng = np.random.default_rng(seed)
    names = [f"p{place:03d}" for place in range(n)]

    def some(column: str, most: int, low: int, high: int) -> pd.DataFrame:
        rows = [(who, int(day)) for who in names for day in rng.integers(low, high, rng.integers(0, most + 1))]
        return dated(column, *rows)

    custody = []
    for who in names:
        cuts = np.sort(rng.choice(np.arange(-6, 36), size=2 * rng.integers(0, 4), replace=False))
        custody += [(who, int(first), int(last)) for first, last in zip(cuts[::2], cuts[1::2], strict=True)]
    return {
        "people": people(*names, last=pd.to_datetime([on(day) for day in rng.integers(0, 60, n)])),
        "custody": spells(*custody),
        "treatment": some("start_date", 2, -3, 40),
        "events": some("event_date", 4, -3, 45),
        "deaths": some("death_date", 1, 0, 200),
    }


def day_by_day(tables: dict[str, pd.DataFrame], *, landmark: int, recurrent: bool, gaps: bool) -> list[tuple[Any, ...]]:
    """The same by walking through every day of every person: who, day, at risk, treated, event, n-th, in custody."""
    follow_up, out = 30, []

    def days_of(name: str, column: str, who: str) -> list[int]:
        frame = tables[name]
        return sorted((frame.loc[frame["person_id"] == who, column] - ZERO).dt.days.tolist())

    for who, last in zip(tables["people"]["person_id"], (tables["people"]["last"] - ZERO).dt.days, strict=True):
        death = min([*days_of("deaths", "death_date", who), 10**6])
        started = min([*days_of("treatment", "start_date", who), 10**6])
        events = set(days_of("events", "event_date", who))
        first, past = days_of("custody", "start_date", who), days_of("custody", "end_date", who)
        held = {day for s, e in zip(first, past, strict=True) for day in range(s + 1, e)}
        if min(death, last) <= landmark:
            continue
        liable = {day for day in events if day >= 1 and not (gaps and day in held)}
        if landmark and not recurrent and any(day <= landmark for day in liable):
            continue
        n_th = 1
        for day in range(landmark + 1, landmark + follow_up + 1):
            if day > min(death, last):
                break
            treated = started < day if not landmark else started <= landmark
            happens = day in liable
            if not (gaps and day in held):
                out.append((who, day - landmark, int(treated), int(happens), n_th, int(day in held)))
            n_th += happens
            if happens and not recurrent:
                break
    return out


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("landmark", [0, 7])
@pytest.mark.parametrize("recurrent", [False, True])
@pytest.mark.parametrize("gaps", [False, True])
def test_it_is_what_walking_through_every_day_gives(
    seed: int, landmark: int, recurrent: bool, gaps: bool, engine: dip.Engine
) -> None:
    tables = invented(seed)
    rng = np.random.default_rng(seed)
    shuffled = {name: frame.iloc[rng.permutation(len(frame))] for name, frame in tables.items()}
    found = dip.episodes(
        **shuffled,
        end="last",
        follow_up_days=30,
        landmark_days=landmark,
        recurrent=recurrent,
        custody_gaps=gaps,
        engine=engine,
    )
    walked = [
        (row.person_id, day, row.treated, int(row.event and day == row.stop), row.n_th, row.in_custody)
        for row in found.to_frame().itertuples()
        for day in range(row.start + 1, row.stop + 1)
    ]
    assert walked == day_by_day(tables, landmark=landmark, recurrent=recurrent, gaps=gaps)
    assert found.events["n_events"].sum() == len(tables["events"])
    again = dip.episodes(
        **tables, end="last", follow_up_days=30, landmark_days=landmark, recurrent=recurrent, custody_gaps=gaps,
        engine=engine,
    )  # fmt: skip
    pd.testing.assert_frame_equal(found.to_frame(), again.to_frame())
