"""A study's time to an event, part by part: what the study file asks for, after the gate; a failed part fails alone."""

from __future__ import annotations

import logging
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from dipeval.study.rules import disclosure_rule
from dipeval.study.time_effects import hazard_effect_of, knows_more, mean_effect_of
from dipeval.study.time_parts import (
    Work,
    families_of,
    mark_of,
    proportional_hazards_of,
    restricted_mean_of,
    test_of,
)
from dipeval.study.time_parts_extracts import audit_of, clocks_of, incidence_of, repeat_of
from dipeval.study.time_to_event import COUNT_COLUMNS, TimeToEvent
from dipeval.study.times import time_columns, time_table

if TYPE_CHECKING:
    from dipeval.matching import Design
    from dipeval.study.load import Prepared
    from dipeval.study.sealed import Opened
    from dipeval.study.spec import StudySpec
    from dipeval.survival import CoxModel, Curve

logger = logging.getLogger("dipeval")

LEVEL = 0.95
NO_CURVE = "No curve can be drawn: the event is not seen in one of the groups, or hardly anybody was followed."
NO_MODEL = "No hazard ratio can be estimated: there are too few events, or none in one of the groups."
WEIGHTS_AS_GIVEN = (
    "The hazard ratio, the difference in mean times and (where everybody was followed until then) the difference in "
    "shares allow for the weights having been estimated, where that is possible. Curves with their bands, tests and "
    "all further models take the weights as given, which as a rule makes their p-values larger."
)
STARTS_LATER = (
    "Treatment starts in the course of the follow-up here, so curves by group would credit it with the days before its "
    "start; the hazard ratio of the study counts treatment from the day it starts."
)


def time_to_event_of(
    prepared: Prepared, design: Design, opened: Opened, spec: StudySpec, curve: Curve | None, model: CoxModel | None
) -> TimeToEvent | None:
    """Return everything the study tells of its time outcome; None if it has none, or nothing to tell.

    Parameters
    ----------
    prepared
        The people.
    design
        The primary design.
    opened
        The outcomes, after the gate.
    spec
        The study: the first outcome of kind ``time``, and ``[time_to_event]``.
    curve, model
        Of that outcome (`dipeval.study.times.times_of`).

    Returns
    -------
    TimeToEvent or None
    """
    outcome = spec.time_outcome
    if outcome is None or (spec.time_varying and not spec.time_to_event.audit):
        return None
    logger.info("time to the event: %s", outcome.label)
    table = time_table(design, opened.frame, outcome, prepared.cluster)
    work = Work(
        prepared=prepared, design=design, opened=opened, spec=spec, outcome=outcome, table=table,
        rule=disclosure_rule(spec),
    )  # fmt: skip
    return _only_audited(work) if spec.time_varying else _compared(work, curve, model)


def _only_audited(work: Work) -> TimeToEvent:
    work.not_done["curve"] = STARTS_LATER
    audit = work.part("audit", lambda: audit_of(work.prepared, work.opened, work.spec))
    return TimeToEvent(
        label=work.outcome.label,
        unit=work.outcome.unit,
        level=LEVEL,
        audit=audit,
        not_done=MappingProxyType(work.not_done),
        _counts=pd.DataFrame(columns=list(COUNT_COLUMNS)).astype({"n": "int64", "n_events": "int64"}),
    )


def _compared(work: Work, curve: Curve | None, model: CoxModel | None) -> TimeToEvent:
    if work.design.clusters is None and knows_more(work):
        work.notes.append(WEIGHTS_AS_GIVEN)
    for name, found, why in (("curve", curve, NO_CURVE), ("cox", model, NO_MODEL)):
        if found is None:
            work.not_done[name] = why
    mark_time, mark = mark_of(work, curve)
    horizon, mean = restricted_mean_of(work)
    _count(work, mark_time, horizon)
    incidence, gray, subdistribution = incidence_of(work, mark_time)
    mean_count, recurrent, rates = repeat_of(work)
    return TimeToEvent(
        label=work.outcome.label,
        unit=work.outcome.unit,
        level=LEVEL if curve is None else curve.level,
        mark_time=mark_time,
        horizon=horizon,
        curve=curve,
        restricted_mean=mean,
        mean_effect=mean_effect_of(work, horizon),
        test=test_of(work),
        cox=model,
        hazard_effect=hazard_effect_of(work),
        proportional_hazards=proportional_hazards_of(work, model),
        incidence=incidence,
        gray=gray,
        subdistribution=subdistribution,
        mean_count=mean_count,
        recurrent=recurrent,
        rates=rates,
        families=families_of(work),
        clocks=clocks_of(work),
        audit=work.part("audit", lambda: audit_of(work.prepared, work.opened, work.spec)),
        not_done=MappingProxyType(work.not_done),
        notes=tuple(work.notes),
        _mark=mark,
        _counts=pd.DataFrame(work.counts, columns=list(COUNT_COLUMNS)),
    )


def _count(work: Work, mark: float | None, horizon: float | None) -> None:
    """Keep how many people the figures on the event itself rest on."""
    time, event = time_columns(work.outcome)
    happened, when = work.table[event] == 1, work.table[time]
    work.count("event", happened.to_numpy())
    for name, until in (("event by mark", mark), ("event by horizon", horizon)):
        if until is not None:
            work.count(name, (happened & (when <= until)).to_numpy())
