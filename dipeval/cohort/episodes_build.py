"""From people and their dated events to start-stop rows for models of time at risk."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.cohort.episodes_audit import Clock, audit
from dipeval.cohort.episodes_given import OUR_NAMES, Given, Names, read_cohort_with_outcome, read_given
from dipeval.cohort.episodes_result import COLUMNS, Episodes
from dipeval.cohort.rule import require_whole
from dipeval.errors import InputError

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.cohort.result import Cohort
    from dipeval.engine import Engine

_LOG = logging.getLogger("dipeval")


def episodes(
    people: Cohort | pd.DataFrame,
    *,
    custody: pd.DataFrame | ir.Table | None = None,
    treatment: pd.DataFrame | ir.Table | None = None,
    events: pd.DataFrame | ir.Table | None = None,
    deaths: pd.DataFrame | ir.Table | None = None,
    id: str | None = None,
    person: str = "person_id",
    time_zero: str = "time_zero_date",
    end: str | None = None,
    custody_start: str = "start_date",
    custody_end: str = "end_date",
    treatment_start: str = "start_date",
    event_date: str = "event_date",
    death_date: str = "death_date",
    follow_up_days: int = 365,
    waiting_days: int = 182,
    landmark_days: int = 0,
    recurrent: bool = False,
    custody_gaps: bool = True,
    engine: Engine | None = None,
) -> Episodes:
    """Turn people and their dated events into audited start-stop rows, every exclusion counted.

    Parameters
    ----------
    people
        A Cohort, or a DataFrame with one row a person (or an index event of a person).
    custody, treatment, events, deaths
        Tables with a column `person` and the dates named below; None for none. For a Cohort, what is None is taken
        from it: custody, deaths, the proven offences, and treatment as its rule says (see Notes). Events of a cohort
        count if dealt with by the end of follow-up and `waiting_days` more.
    id
        Column of `people` that is different in every row; default the index (or ``person_id``, if the index has no
        name).
    person
        Column with the person in the tables, and in `people` if that has it; otherwise `id` is the person.
    time_zero
        Column of `people` with the day that days are counted from (day 0).
    end
        Column of `people` with the last day on which a person is observed; None if all are until the end.
    custody_start, custody_end, treatment_start, event_date, death_date
        Names of the date columns of the tables. A missing `custody_end` is a spell that has not ended.
    follow_up_days
        Days of follow-up, from time zero or from the landmark.
    waiting_days
        Days after the follow-up in which an offence of a Cohort may still be proven; not used for events passed in.
    landmark_days
        Rows start this many days after time zero, for those still there: alive, observed and (unless `recurrent`)
        without an event. Who is treated by then is treated throughout, everybody else untreated throughout. Not to
        be added to the landmark of a Cohort that is already followed from one: name its ``index_date`` as `time_zero`.
    recurrent
        Keep people at risk after an event, for every event; several on one day are one.
    custody_gaps
        Leave days in custody out of the rows; False keeps them, marked, with their events (calendar time).
    engine
        Where events are brought to days; default the cohort's own, or an engine opened for the call.

    Returns
    -------
    Episodes
        ``.to_frame()`` for ``dip.cox(rows, covariates=["treated"], entry="start", time="stop", event="event",
        cluster="person_id")``; ``.flow`` and ``.events`` for what was left out.

    Raises
    ------
    InputError
        If an option or table cannot be used: missing columns, ids or dates, people twice, spells that overlap or end
        before they start, a table of other people, or nobody left.

    Notes
    -----
    A row is at risk over (start, stop]. Of the dates in `treatment` a person's first decides; one before time zero,
    however long ago, makes a person treated throughout, so hand over only starts that are meant. Treatment that starts
    on day k counts from day k + 1: an offence of day k is one of an untreated person. Custody from day s to day e
    leaves out the days s + 1 to e - 1, so that offences of the days of reception and release count; an offence dated
    inside is counted apart and ends nothing. One on day 0 is not after time zero. Death and the end of the records end
    the rows; of what falls on one day, the event counts.

    A Cohort with ``immortal_time="time_varying"`` switches people to treated at their ``exposure_date``; in any other
    the status at time zero stands. For a DataFrame without `treatment`, a 0/1 column ``treated`` stands likewise.

    Counting process rows: Andersen and Gill (1982), *Annals of Statistics* 10, 1100-1120; landmark: Anderson, Cain
    and Gelber (1983), *J Clin Oncol* 1, 710-719.

    Examples
    --------
    >>> import pandas as pd
    >>> import dipeval as dip
    >>> people = pd.DataFrame({"person_id": ["a"], "time_zero_date": pd.to_datetime(["2024-01-01"])})
    >>> started = pd.DataFrame({"person_id": ["a"], "start_date": pd.to_datetime(["2024-01-11"])})
    >>> held = pd.DataFrame({"person_id": ["a"], "start_date": pd.to_datetime(["2024-01-21"]),
    ...                      "end_date": pd.to_datetime(["2024-02-11"])})
    >>> offence = pd.DataFrame({"person_id": ["a"], "event_date": pd.to_datetime(["2024-03-01"])})
    >>> rows = dip.episodes(people, treatment=started, custody=held, events=offence).to_frame()
    >>> rows[["start", "stop", "event", "treated", "reason"]]
       start  stop  event  treated     reason
    0      0    10      0        0  treatment
    1     10    20      0        1    custody
    2     40    60      1        1      event
    """
    clock = _clock(follow_up_days, waiting_days, landmark_days, recurrent, custody_gaps)
    names = Names(
        id=id,
        person=person,
        time_zero=time_zero,
        end=end,
        custody_start=custody_start,
        custody_end=custody_end,
        treatment_start=treatment_start,
        event_date=event_date,
        death_date=death_date,
    )
    tables = {"custody": custody, "treatment": treatment, "events": events, "deaths": deaths}
    _check_tables(tables)
    given = read_given(people, tables, names, waiting_days=waiting_days, engine=engine)
    return _result(given, clock)


def episodes_to_outcome(
    cohort: Cohort, outcome: pd.DataFrame, *, follow_up_days: int, custody_gaps: bool = True
) -> Episodes:
    """Rows of a cohort up to a first event that was measured already, by whatever definition.

    Parameters
    ----------
    cohort
        Who is followed, and when each was exposed.
    outcome
        On the index of the cohort's people: time_days, event (0/1), censor_reason.
    follow_up_days, custody_gaps
        As of `episodes`. A first event in custody ends the rows before it, uncounted.
    """
    clock = _clock(follow_up_days, 0, 0, False, custody_gaps)
    return _result(read_cohort_with_outcome(cohort, outcome, OUR_NAMES), clock)


def _result(given: Given, clock: Clock) -> Episodes:
    audited = audit(given, clock)
    last = audited.flow.iloc[-1]
    if last["n_people"] == 0:
        emptied = audited.flow[audited.flow["n_people"] == 0].iloc[0]
        raise InputError(
            f'Nobody is left to follow: at the step "{emptied["label"]}" the last {emptied["n_excluded"]} people were '
            "lost. Check the dates behind that step."
        )
    rows, people = audited.rows, audited.people
    code = rows.pop("code").to_numpy()
    rows = rows.assign(**{name: people[name].to_numpy()[code] for name in ("person_id", "index_id")})
    _LOG.info("Episodes: %d rows of %d people, %d events", last["n_rows"], last["n_people"], rows["event"].sum())
    return Episodes(
        follow_up_days=clock.follow_up_days,
        landmark_days=clock.landmark_days,
        recurrent=clock.recurrent,
        custody_gaps=clock.custody_gaps,
        time_varying=given.time_varying and not clock.landmark_days,
        _rows=rows[list(COLUMNS)],
        _flow=audited.flow,
        _events=audited.events,
    )


def _clock(follow_up_days: int, waiting_days: int, landmark_days: int, recurrent: bool, custody_gaps: bool) -> Clock:
    require_whole("follow_up_days", follow_up_days, 1)
    require_whole("waiting_days", waiting_days, 0)
    require_whole("landmark_days", landmark_days, 0)
    return Clock(
        follow_up_days=follow_up_days,
        waiting_days=waiting_days,
        landmark_days=landmark_days,
        recurrent=bool(recurrent),
        custody_gaps=bool(custody_gaps),
    )


def _check_tables(tables: dict[str, Any]) -> None:
    for name, table in tables.items():
        if table is not None and not isinstance(table, pd.DataFrame) and not hasattr(table, "schema"):
            raise InputError(
                f"{name} must be a DataFrame or an engine table with one row a record, or None; it is a "
                f"{type(table).__name__}."
            )
