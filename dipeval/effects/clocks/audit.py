"""What the days before treatment starts do to a hazard ratio: the same people under every design, side by side."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from dipeval.cohort import Cohort
from dipeval.effects.asked import numbers_asked
from dipeval.effects.clocks import words
from dipeval.effects.clocks.audit_result import COLUMNS, ImmortalTimeAudit
from dipeval.effects.estimate import check_level
from dipeval.effects.time_varying import check_of_one_cohort, check_varying, terms_held, time_varying_effect
from dipeval.effects.time_varying_result import TimeVaryingEffect
from dipeval.errors import EstimationError, InputError
from dipeval.outcomes import Outcomes
from dipeval.survival import cox
from dipeval.vocabulary import TREATED

logger = logging.getLogger("dipeval")

_FIGURES: Final = {
    "estimate": "hazard_ratio",
    "std_error": "std_error",
    "conf_low": "hr_low",
    "conf_high": "hr_high",
    "p_value": "p_value",
}


def immortal_time_audit(
    cohort: Cohort,
    outcomes: Outcomes,
    *,
    covariates: Sequence[str] = (),
    landmarks: Sequence[int] = (28, 56, 91),
    custody_gaps: bool = False,
    level: float = 0.95,
) -> ImmortalTimeAudit:
    """Show what each way of saying who is treated makes of the same people: naive label, start date, landmarks.

    Parameters
    ----------
    cohort
        Built with ``CohortRule(immortal_time="time_varying")``: everybody is followed from the index, and the day each
        started treatment is known.
    outcomes
        Of the same cohort.
    covariates
        Columns of ``cohort.people`` from at or before the index that are held alike in every row.
    landmarks
        Days after time zero from which people are followed, by who had started treatment by then; none for ``()``.
    custody_gaps
        Whether days in custody are left out of the time at risk under the naive label and at the landmarks too;
        treatment from the day it starts is shown on both clocks in any case.
    level
        Coverage of the intervals, 0-1.

    Returns
    -------
    ImmortalTimeAudit
        ``to_frame()`` has a row for the naive label (``ever_treated``), for treatment from the day it starts
        (``time_varying_calendar``, ``time_varying_street``) and for each landmark (``landmark_28``...).

    Raises
    ------
    InputError
        If the cohort is followed from a landmark or by an ever-treated label, the outcomes are another cohort's, or a
        landmark is no whole day within the follow-up.
    EstimationError
        If nobody switches to treatment while at risk, or the model has no estimate. A landmark that cannot be estimated
        keeps its row, without figures, and says why.

    Notes
    -----
    All are Cox models with Efron ties and errors clustered by person. Immortal time: Suissa, S. (2008), American
    Journal of Epidemiology 167, 492-499. Landmark: Anderson, Cain and Gelber (1983), Journal of Clinical Oncology 1,
    710-719.
    Treatment that starts on day k counts from day k + 1 (`dipeval.episodes`); at a landmark a start on that day counts.
    People in custody at a landmark stay in and come under observation when released, where `custody_gaps` is set.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.linkage import true_linkage
    >>> extracts = dip.simulate(people=1_000, seed=1)
    >>> rule = dip.CohortRule(immortal_time="time_varying", landmark_days=0, grace_days=180)
    >>> cohort = dip.build_cohort(extracts, true_linkage(extracts), rule)
    >>> audit = immortal_time_audit(cohort, dip.measure_reoffending(cohort), landmarks=[42])
    >>> audit.to_frame()["group"].tolist()
    ['ever_treated', 'time_varying_calendar', 'time_varying_street', 'landmark_42']
    """
    check_of_one_cohort(cohort, outcomes)
    check_varying(cohort)
    check_level(level)
    days = checked_landmarks(landmarks, outcomes.follow_up.days)
    calendar, street = (
        time_varying_effect(cohort, outcomes, covariates=covariates, custody_gaps=gaps, level=level)
        for gaps in (False, True)
    )
    terms, beside = terms_held(cohort, covariates)
    facts = beside.assign(ever_treated=(cohort.people[TREATED] == 1).astype("int64"), started=_started(cohort))
    every_day = calendar.episodes.with_columns(facts)
    rows = (street.episodes if custody_gaps else calendar.episodes).with_columns(facts)
    naive = rows.assign(treated=rows["ever_treated"])
    found = [
        {**_labelled(naive, terms, level), **_way(words.NAIVE)},
        {**_varying(calendar), **_way(words.VARYING_CALENDAR)},
        {**_varying(street), **_way(words.VARYING_STREET)},
    ]
    found += [_at_landmark(day, rows, every_day, terms, level, len(facts)) for day in days]
    for row in found[:3]:
        row |= {"n_left_out": len(facts) - row["n"], "n_event_before": 0}
    credited = every_day[(every_day["ever_treated"] == 1) & (every_day[TREATED] == 0)]
    seen = every_day.groupby("index_id", sort=False)[["ever_treated", TREATED]].max()
    logger.debug("immortal time: %s rows, %s landmarks", len(rows), len(days))
    return ImmortalTimeAudit(
        level=level,
        days_credited=int((credited["stop"] - credited["start"]).sum()),
        n_labelled=int(facts["ever_treated"].sum()),
        n_labelled_after=int(facts["ever_treated"].sum()) - int((seen["ever_treated"] * seen[TREATED]).sum()),
        custody_gaps=bool(custody_gaps),
        estimand=calendar.estimand,
        outcome=calendar.outcome,
        covariates=tuple(covariates),
        _frame=pd.DataFrame(found)[list(COLUMNS)].astype({"reason": object, "time_days": "float64"}),
    )


def checked_landmarks(landmarks: object, follow_up_days: int) -> list[int]:
    """Return the landmarks in order; refuse what is no whole day inside the follow-up.

    Examples
    --------
    >>> checked_landmarks([56, 28], 365)
    [28, 56]
    """
    asked = numbers_asked("landmarks", landmarks, "[28, 56, 91]")
    wrong = sum(not (day == int(day) and 1 <= day < follow_up_days) for day in asked)
    if wrong or len(set(asked)) < len(asked):
        raise InputError(
            f"landmarks must be different whole days after time zero and within the follow-up of {follow_up_days} "
            "days, such as [28, 56, 91]."
        )
    return sorted(int(day) for day in asked)


def landmark_rows(rows: pd.DataFrame, day: int) -> pd.DataFrame:
    """Return what is left of start-stop rows after a landmark, with treatment as it stood then.

    Parameters
    ----------
    rows
        Rows of `dipeval.Episodes` with ``started`` (days from time zero to the start; missing for none) beside them.
    day
        The landmark.

    Returns
    -------
    pandas.DataFrame
        start and stop stay days from time zero.
    """
    later = rows[rows["stop"] > day]
    begun = (later["started"] <= day).astype("int64")
    return later.assign(start=np.maximum(later["start"], day), treated=begun).reset_index(drop=True)


def _started(cohort: Cohort) -> pd.Series:
    """Days from time zero to the start of treatment; missing for the untreated."""
    people = cohort.people
    dates = pd.to_datetime(people["exposure_date"]).where(people[TREATED] == 1)
    return (dates - pd.to_datetime(people["time_zero_date"])).dt.days.astype("float64")


def _way(group: str, label: str | None = None, day: float = math.nan, reason: str = "") -> dict[str, Any]:
    return {
        "term": "hazard_ratio",
        "group": group,
        "label": words.WAYS[group] if label is None else label,
        "time_days": day,
        "reason": reason,
    }


def _varying(effect: TimeVaryingEffect) -> dict[str, Any]:
    row = effect.to_frame().iloc[0]
    kept = (*_FIGURES, "n", "n_events", "n_treated", "events_treated", "days_treated", "days_untreated")
    return {name: row[name] for name in kept}


def _counts(rows: pd.DataFrame) -> dict[str, Any]:
    """People, events and days behind rows."""
    treated, at_risk = rows[TREATED] == 1, rows["stop"] - rows["start"]
    return {
        "n": int(rows["index_id"].nunique()),
        "n_events": int(rows["event"].sum()),
        "n_treated": int(rows.loc[treated, "index_id"].nunique()),
        "events_treated": int(rows.loc[treated, "event"].sum()),
        "days_treated": int(at_risk[treated].sum()),
        "days_untreated": int(at_risk[~treated].sum()),
    }


def _labelled(rows: pd.DataFrame, terms: Sequence[str], level: float) -> dict[str, Any]:
    """The hazard ratio of rows with the counts behind it."""
    counts = _counts(rows)
    if not 0 < counts["events_treated"] < counts["n_events"]:
        raise EstimationError(words.NO_EVENTS)
    model = cox(
        rows, covariates=[TREATED, *terms], entry="start", time="stop", event="event", cluster="person_id", level=level
    )
    line = model.to_frame().iloc[0]
    return {ours: float(line[theirs]) for ours, theirs in _FIGURES.items()} | counts


def _at_landmark(
    day: int, rows: pd.DataFrame, every_day: pd.DataFrame, terms: Sequence[str], level: float, n_people: int
) -> dict[str, Any]:
    """The row of one landmark; without figures, and with the reason, where there are none."""
    own = landmark_rows(rows, day)
    events = every_day.loc[(every_day["event"] == 1) & (every_day["stop"] <= day), "index_id"].nunique()
    reason = ""
    try:
        figures = _labelled(own, terms, level)
    except EstimationError as problem:
        figures, reason = dict.fromkeys(_FIGURES, math.nan) | _counts(own), str(problem)
    way = _way(words.LANDMARK.format(days=day), words.WAY_LANDMARK.format(days=day), float(day), reason)
    return {**figures, **way, "n_left_out": n_people - figures["n"], "n_event_before": int(events)}
