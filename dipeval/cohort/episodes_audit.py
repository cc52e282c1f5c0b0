"""Who can be followed, until when, and what became of every event: the account that comes with the rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.cohort.episodes_days import events_by_fate, first_day, spells
from dipeval.cohort.episodes_rows import Marks, build_rows, gaps_of, in_gaps
from dipeval.vocabulary import PERSON_ID, TREATED

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.cohort.episodes_given import Given

FATES: Final[dict[str, str]] = {
    "counted": "Ends a row",
    "in_custody": "Dated while in custody: not at risk, not counted",
    "same_day": "A further event of the same day: counted once",
    "after_first": "After the first event",
    "before_time_zero": "Before time zero",
    "on_time_zero_day": "On the day of time zero",
    "before_landmark": "On or before the landmark",
    "after_follow_up": "After the follow-up",
    "dealt_with_later": "Dealt with after the follow-up and the waiting period",
    "after_last_day": "After death or the last day observed",
    "of_people_left_out": "Of people who were left out",
    "not_of_these_people": "Of nobody among the people",
}
_FAR: Final = 9_999_999
# Person, from, to.
Gaps = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Lengths in days, and which rows are wanted."""

    follow_up_days: int
    waiting_days: int
    landmark_days: int
    recurrent: bool
    custody_gaps: bool

    @property
    def window(self) -> int:
        """Days from the first time zero to the last day of follow-up."""
        return self.landmark_days + self.follow_up_days


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Audited:
    """Rows of everybody followed, with the flow and the fate of the events."""

    people: pd.DataFrame
    rows: pd.DataFrame
    flow: pd.DataFrame
    events: pd.DataFrame


@dataclass(slots=True, kw_only=True, eq=False)
class _Days:
    """Everything in whole days from the time zero that was given; codes are rows of people."""

    limit: NDArray[Any]
    ended: NDArray[Any]
    death: NDArray[Any]
    treated_from: NDArray[Any]
    gaps: Gaps
    event_code: NDArray[Any]
    event_day: NDArray[Any]
    fates: dict[str, int]


def audit(given: Given, clock: Clock) -> Audited:
    """Bring the days over, leave out who cannot be followed, build the rows and count everything."""
    days = _days(given, clock)
    kept, steps = _followed(days, clock)
    code, day = _counted(days, kept, clock)
    if not clock.recurrent:
        days.limit[code], days.ended[code] = day, "event"
    marks = _marks(days, kept, code, day, clock.landmark_days)
    rows = build_rows(marks)
    steps += _row_steps(marks, rows, clock)
    return Audited(
        people=given.people[kept].reset_index(drop=True),
        rows=rows,
        flow=pd.DataFrame(steps, columns=["step", "label", "n_people", "n_excluded", "n_rows"]),
        events=_account(days.fates | {"counted": int(rows["event"].sum())}),
    )


def _days(given: Given, clock: Clock) -> _Days:
    people, engine = given.people, given.engine
    keys = pd.Index(people["index_id"].astype(str))
    table = engine.put(
        pd.DataFrame({"index_id": keys, PERSON_ID: people[PERSON_ID].astype(str), "time_zero": people["time_zero"]}),
        "followed",
    )
    death = np.full(len(people), _FAR, dtype=np.int64)
    if (deaths := given.tables["deaths"]) is not None:
        found = engine.to_pandas(first_day(table, deaths, "death_date"))
        death[keys.get_indexer(pd.Index(found["index_id"]))] = found["day"]
    limit, ended = _limits(people, death, clock)
    code, day, fates = _events(given, table, keys, clock)
    return _Days(
        limit=limit,
        ended=ended,
        death=death,
        treated_from=_treated_from(given, table, keys),
        gaps=_gaps(given, table, keys, clock),
        event_code=code,
        event_day=day,
        fates={"not_of_these_people": given.strangers, **fates},
    )


def _limits(people: pd.DataFrame, death: NDArray[Any], clock: Clock) -> tuple[NDArray[Any], NDArray[Any]]:
    """Last day that can be followed and why; of several reasons on one day, death before the end of the records."""
    ends = np.column_stack(
        [death, *(_since(people, name) for name in ("extract_end", "last_date")), np.full(len(people), clock.window)]
    )
    first = ends.argmin(axis=1)
    words = np.array(["death", "extract_end", "end_of_observation", "end_of_follow_up"], dtype=object)
    return ends[np.arange(len(people)), first], words[first]


def _since(people: pd.DataFrame, name: str) -> NDArray[Any]:
    """Days from time zero to a date of the person's own; far away where there is none."""
    days = (pd.to_datetime(people[name]) - people["time_zero"]).dt.days
    return days.fillna(_FAR).to_numpy(dtype=np.int64)


def _treated_from(given: Given, table: ir.Table, keys: pd.Index) -> NDArray[Any]:
    people = given.people
    fixed = people[TREATED].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    begun = np.where(fixed == 1, -np.inf, np.inf)
    own = _since(people, "exposure_date")
    begun = np.where(own < _FAR, own, begun)
    if (treatment := given.tables["treatment"]) is not None:
        found = given.engine.to_pandas(first_day(table, treatment, "start_date"))
        begun[keys.get_indexer(pd.Index(found["index_id"]))] = found["day"]
    return begun


def _gaps(given: Given, table: ir.Table, keys: pd.Index, clock: Clock) -> Gaps:
    none = np.zeros(0, dtype=np.int64)
    if (custody := given.tables["custody"]) is None:
        return none, none, none
    found = given.engine.to_pandas(spells(table, custody, clock.window))
    code = keys.get_indexer(pd.Index(found["index_id"])).astype(np.int64)
    return gaps_of(code, found["first"].to_numpy(np.int64), np.minimum(found["last"].to_numpy(np.int64), _FAR))


def _events(
    given: Given, table: ir.Table, keys: pd.Index, clock: Clock
) -> tuple[NDArray[Any], NDArray[Any], dict[str, int]]:
    """Person and day of the events inside the window, sorted; and how many of the others have which fate."""
    own = _since(given.people, "first_event")
    if (events := given.tables["events"]) is None:
        known = np.flatnonzero(own < _FAR)
        return known, own[known], {}
    engine = given.engine
    told = engine.keep(events_by_fate(table, events, clock.window, clock.waiting_days), "event_fates")
    counts = engine.to_pandas(told.group_by("fate").aggregate(n=told.count()))
    inside = engine.to_pandas(told.filter(told.fate == "inside").select("index_id", "day"))
    code = keys.get_indexer(pd.Index(inside["index_id"])).astype(np.int64)
    day = inside["day"].to_numpy(np.int64)
    order = np.lexsort((day, code))
    fates = {str(fate): int(n) for fate, n in zip(counts["fate"], counts["n"], strict=True) if fate != "inside"}
    return code[order], day[order], fates


def _followed(days: _Days, clock: Clock) -> tuple[NDArray[Any], list[tuple[str, str, int, int, int]]]:
    """Who is followed, and the steps of the flow as long as there is one row a person."""
    landmark, n = clock.landmark_days, len(days.limit)
    zero = f"the landmark (day {landmark})" if landmark else "time zero"
    records_end = np.where(np.isin(days.ended, ["extract_end", "end_of_observation"]), days.limit, _FAR)
    fails = [
        ("alive", f"Alive at {zero}", days.death <= landmark),
        ("observed", f"Observed after {zero}", records_end <= landmark),
    ]
    if landmark and not clock.recurrent:
        early = days.event_day <= landmark
        if clock.custody_gaps:
            early &= ~in_gaps(days.event_code, days.event_day, *days.gaps)
        seen = np.isin(np.arange(n), days.event_code[early])
        fails.append(("event_free", f"No event from time zero to {zero}", seen))
    kept = np.ones(n, dtype=bool)
    steps = [("given", "People given", n, 0, n)]
    for step, words, fail in fails:
        lost = int((kept & fail).sum())
        kept &= ~fail
        steps.append((step, words, int(kept.sum()), lost, int(kept.sum())))
    return kept, steps


def _counted(days: _Days, kept: NDArray[Any], clock: Clock) -> tuple[NDArray[Any], NDArray[Any]]:
    """The events that end a row; what becomes of the others is added to the fates."""
    code, day = days.event_code, days.event_day
    for fate in ("before_landmark", "of_people_left_out", "after_last_day", "in_custody", "same_day", "after_first"):
        out = _not_counted(fate, code, day, days, kept, clock)
        days.fates[fate] = int(out.sum())
        code, day = code[~out], day[~out]
    return code, day


def _not_counted(
    fate: str, code: NDArray[Any], day: NDArray[Any], days: _Days, kept: NDArray[Any], clock: Clock
) -> NDArray[Any]:
    """Which of the sorted events that are left have this fate."""
    same_person = np.zeros(len(code), dtype=bool)
    same_person[1:] = code[1:] == code[:-1]
    same_day = same_person.copy()
    same_day[1:] &= day[1:] == day[:-1]
    found: dict[str, NDArray[Any]] = {
        "before_landmark": day <= clock.landmark_days,
        "of_people_left_out": ~kept[code],
        "after_last_day": day > days.limit[code],
        "in_custody": in_gaps(code, day, *days.gaps) & clock.custody_gaps,
        "same_day": same_day,
        "after_first": same_person & (not clock.recurrent),
    }
    return found[fate]


def _marks(days: _Days, kept: NDArray[Any], code: NDArray[Any], day: NDArray[Any], landmark: int) -> Marks:
    """Those who are followed, numbered anew, in days from the landmark."""
    number = np.cumsum(kept) - 1
    gap_code, gap_from, gap_to = days.gaps
    mine = kept[gap_code]
    begun = days.treated_from
    if landmark:  # what is known at the landmark stands: a later start changes nothing
        begun = np.where(begun <= landmark, -np.inf, np.inf)
    return Marks(
        limit=days.limit[kept] - landmark,
        ended=days.ended[kept],
        treated_from=begun[kept],
        gap_code=number[gap_code[mine]],
        gap_from=gap_from[mine] - landmark,
        gap_to=gap_to[mine] - landmark,
        event_code=number[code],
        event_day=day - landmark,
    )


def _row_steps(marks: Marks, rows: pd.DataFrame, clock: Clock) -> list[tuple[str, str, int, int, int]]:
    """The steps of the flow at which rows are cut."""
    n = len(marks.limit)
    cut = n + int(((marks.treated_from > 0) & (marks.treated_from < marks.limit)).sum())
    steps = [("treatment", "Cut where treatment starts", n, 0, cut)]
    if clock.recurrent:
        uncustodied = replace(marks, gap_code=marks.gap_code[:0], gap_from=marks.gap_from[:0], gap_to=marks.gap_to[:0])
        steps.append(("events", "Cut at every event", n, 0, len(build_rows(uncustodied))))
    if not clock.custody_gaps:
        return [*steps, ("custody", "Cut where custody begins and ends; days in custody kept", n, 0, len(rows))]
    free = rows[rows["in_custody"] == 0]
    left = int(free["code"].nunique())
    return [*steps, ("custody", "Days in custody taken out", left, n - left, len(free))]


def _account(fates: dict[str, int]) -> pd.DataFrame:
    counts = [fates.get(fate, 0) for fate in FATES]
    return pd.DataFrame({"fate": list(FATES), "label": list(FATES.values()), "n_events": counts}).astype(
        {"n_events": "int64"}
    )
