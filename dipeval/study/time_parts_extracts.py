"""The parts of a time to an event that only extracts can tell: other causes, all events, street time, the audit."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.study import rules
from dipeval.study.time_parts import NotPossible, Work
from dipeval.study.times import time_columns, weights_and_clusters
from dipeval.vocabulary import TREATED

if TYPE_CHECKING:
    from dipeval.cohort import Cohort
    from dipeval.effects import ClockComparison, ImmortalTimeAudit
    from dipeval.study.load import Prepared
    from dipeval.study.sealed import Opened
    from dipeval.study.spec import StudySpec
    from dipeval.survival import FineGrayModel, GrayTest, Incidence, MeanCount, RateModel, RecurrentModel

logger = logging.getLogger("dipeval")

EVENT_CAUSE: Final = "reoffence"
CUSTODY_MEANS: Final = (
    '"custody" is a first reception into custody after time zero and before any reoffence that counts: for an older '
    "offence, a recall, or an offence that is not counted here."
)
GRAY_INSTEAD: Final = (
    "Gray's test is for people who count alike and independently of each other; here they carry weights or belong "
    "together, and the subdistribution hazard ratio takes its place."
)
# Events from this one on share a stratum: hardly anybody would be left in later ones.
LAST_STRATUM: Final = 4
ALL_EVENTS: Final = (
    "All events: days in custody are no time at risk, several on one day count as one, and what is not proven within "
    "the waiting period does not count."
)
FEW_PRONE: Final = (
    "Ratios of rates of all events: errors are clustered and corrected for few people with events (Mancl and DeRouen), "
    "limits are those of Student's t: a few very prone people carry most of such a comparison."
)


def causes_of(work: Work) -> pd.DataFrame:
    """Return the table with what happened first to each person, and when.

    Parameters
    ----------
    work
        Of a study from extracts.

    Returns
    -------
    pandas.DataFrame
        The columns of ``work.table``, cause ("" where observation ended first) and cause_time.
    """
    time, event = time_columns(work.outcome)
    table = work.table
    happened = (table[event] == 1).to_numpy()
    cause, when = np.where(happened, EVENT_CAUSE, "").astype(object), table[time].to_numpy(dtype=float).copy()
    wanted, absent = work.asked.other_causes, work.prepared.cohort.absent if work.prepared.cohort is not None else ()
    for other, records in (("death", "deaths"), ("custody", "custody_spells")):
        if other in wanted and records in absent:
            work.not_done[f"incidence, {other}"] = f"The extracts hold no table {records}, so this cause is not seen."
    if "death" in wanted:
        reason = work.opened.frame["censor_reason"].reindex(table.index).to_numpy()
        cause[~happened & (reason == "death")] = "death"
    if "custody" in wanted and "custody_spells" not in absent:
        held = _first_custody(work, time).to_numpy()
        first = held < when
        cause[first], when[first] = "custody", held[first]
        work.notes.append(CUSTODY_MEANS)
    return table.assign(cause=cause, cause_time=when)


def _first_custody(work: Work, time: str) -> pd.Series:
    """Days from time zero to the first reception into custody before the event or the end; missing if there is none."""
    from dipeval.cohort.episodes_build import episodes_to_outcome

    cohort = work.prepared.cohort
    assert cohort is not None
    if time != "time_days":
        raise NotPossible(f'Custody is dated in days from time zero, and the time of this outcome is "{time}".')
    measured = work.opened.frame[["time_days", "event", "censor_reason"]]
    rows = episodes_to_outcome(cohort, measured, follow_up_days=work.spec.follow_up.days).to_frame()
    held: pd.Series = rows[rows["reason"] == "custody"].groupby("index_id")["stop"].min()
    return held.reindex(work.table.index).astype("float64")


def incidence_of(
    work: Work, mark: float | None
) -> tuple[Incidence | None, GrayTest | None, Mapping[str, FineGrayModel]]:
    """Return what happened first to each group, and how the groups are told apart by cause, if asked for."""
    nothing: tuple[None, None, Mapping[str, FineGrayModel]] = (None, None, MappingProxyType({}))
    if not work.asked.other_causes:
        return nothing
    from dipeval.survival.curves.incidence import cumulative_incidence
    from dipeval.survival.testing.gray import gray_test

    logger.info("what happened first: the event, %s", ", ".join(work.asked.other_causes))
    table = work.part("incidence", lambda: causes_of(work))
    if table is None:
        return nothing
    options = weights_and_clusters(table)
    named: dict[str, Any] = {"time": "cause_time", "cause": "cause"}
    unit = work.outcome.unit
    found = work.part("incidence", lambda: cumulative_incidence(table, by=TREATED, time_unit=unit, **named, **options))
    gray = None
    if options:
        work.not_done["gray"] = GRAY_INSTEAD
    else:
        gray = work.part("gray", lambda: gray_test(table, by=TREATED, **named))
    causes = sorted(set(table["cause"]) - {""})
    for cause in causes:
        own = table["cause"] == cause
        work.count(f"{cause} first", own)
        if mark is not None:
            work.count(f"{cause} first by mark", own & (table["cause_time"] <= mark))
    wanted = causes if options or work.asked.subdistribution else []
    models = {cause: work.part(f"subdistribution, {cause}", partial(_fine_gray, table, cause)) for cause in wanted}
    return found, gray, MappingProxyType({cause: model for cause, model in models.items() if model is not None})


def _fine_gray(table: pd.DataFrame, cause: str) -> FineGrayModel:
    from dipeval.survival.hazards.fine_gray import fine_gray

    options = weights_and_clusters(table)
    return fine_gray(table, covariates=[TREATED], time="cause_time", cause="cause", of=cause, **options)


def repeat_of(work: Work) -> tuple[MeanCount | None, Mapping[str, RecurrentModel], RateModel | None]:
    """Return what is told of all events rather than the first, if asked for."""
    nothing: tuple[None, Mapping[str, RecurrentModel], None] = (None, MappingProxyType({}), None)
    if not work.asked.repeat:
        return nothing
    logger.info("all events of each person: mean number, models, rates")
    rates = work.part("rates", lambda: _rates(work))
    rows = work.part("mean_count", lambda: _all_events(work))
    if rows is None:
        work.not_done["recurrent"] = work.not_done["mean_count"]
        return None, nothing[1], rates
    from dipeval.survival.curves.mean_count import mean_cumulative_count
    from dipeval.survival.hazards.recurrent import andersen_gill, prentice_williams_peterson

    named: dict[str, Any] = {"id": "index_id", "start": "start", "stop": "stop", "event": "event"}
    options = weights_and_clusters(rows)
    unit = work.outcome.unit
    mean = work.part("mean_count", lambda: mean_cumulative_count(rows, by=TREATED, time_unit=unit, **named, **options))
    covariates = [TREATED]
    models = {
        "andersen_gill": work.part(
            "recurrent, andersen_gill",
            lambda: andersen_gill(rows, covariates=covariates, small_sample=True, **named, **options),
        )
    }
    for clock in ("total", "gap"):
        models[f"pwp_{clock}"] = work.part(
            f"recurrent, pwp_{clock}",
            partial(
                prentice_williams_peterson,
                rows,
                covariates=covariates,
                clock=clock,
                max_event=LAST_STRATUM,
                small_sample=True,
                **named,
                **options,
            ),
        )
    work.notes.extend([ALL_EVENTS, FEW_PRONE])
    return mean, MappingProxyType({name: model for name, model in models.items() if model is not None}), rates


def _all_events(work: Work) -> pd.DataFrame:
    """Start-stop rows over all events of the people used, with their weights and what belongs together."""
    from dipeval.cohort import episodes

    cohort, follow_up = work.prepared.cohort, work.spec.follow_up
    assert cohort is not None
    if follow_up.basis != "proven" or follow_up.classes or follow_up.groups or follow_up.include_index_day:
        raise NotPossible(
            "All proven offences of a person are known day by day, but not yet only those that [follow_up] picks out: "
            "leave its basis, classes, groups and include_index_day alone for this."
        )
    found = episodes(
        cohort, follow_up_days=follow_up.days, waiting_days=follow_up.waiting_days, recurrent=True
    ).to_frame()
    beside = work.table.drop(columns=list(work.columns.values()))
    rows = found.drop(columns=TREATED).merge(beside, left_on="index_id", right_index=True, how="inner")
    happened = rows.groupby("index_id")["event"].max().reindex(work.table.index).fillna(0)
    work.count("event at liberty", (happened == 1).to_numpy())
    return rows


def _rates(work: Work) -> RateModel:
    from dipeval.survival.parametric.rates import event_rate

    data = work.table.join(work.opened.frame[["n_reoffences", "at_risk_days"]])
    at_risk = data["at_risk_days"] > 0
    if not at_risk.all():
        work.notes.append("Rates leave out people who spent the whole follow-up in custody: they had no day at risk.")
    data = data[at_risk]
    options: dict[str, Any] = weights_and_clusters(data)
    return event_rate(data, covariates=[TREATED], events="n_reoffences", exposure="at_risk_days", **options)


def clocks_of(work: Work) -> ClockComparison | None:
    """Return the effect in calendar time and in street time, if asked for."""
    if not work.asked.clocks:
        return None
    from dipeval.effects import compare_clocks

    logger.info("calendar time and street time, side by side")
    cohort: Any = work.prepared.cohort
    horizon = work.asked.horizon or work.outcome.horizon
    return work.part(
        "clocks",
        lambda: compare_clocks(work.design, cohort, work.opened.measured, horizon=horizon),
    )


def audit_of(prepared: Prepared, opened: Opened, spec: StudySpec) -> ImmortalTimeAudit | None:
    """Return what a naive ever-treated label would say, beside designs that know when treatment started.

    In a landmark study the same records are built into a cohort that is followed from the index: whoever starts within
    the follow-up counts as treated from that day.

    Parameters
    ----------
    prepared, opened, spec
        Of the study, after the gate.

    Returns
    -------
    ImmortalTimeAudit or None
        None if not asked for.
    """
    asked = spec.time_to_event
    if not asked.audit or prepared.cohort is None:
        return None
    from dipeval.effects import immortal_time_audit

    logger.info("audit of immortal time: building the cohort in which treatment counts from the day it starts")
    cohort, measured = (prepared.cohort, opened.measured) if spec.time_varying else _sibling(prepared, spec)
    return immortal_time_audit(
        cohort, measured, covariates=tuple(spec.design.covariates), landmarks=tuple(sorted(asked.landmarks))
    )


def _sibling(prepared: Prepared, spec: StudySpec) -> tuple[Cohort, Any]:
    from dipeval.cohort import build_cohort
    from dipeval.outcomes import measure_reoffending

    if prepared.extracts is None or prepared.linkage is None:
        raise NotPossible("The records behind the cohort are not at hand, so no other cohort can be built of them.")
    rule = rules.cohort_rule(spec)
    rule = replace(
        rule, immortal_time="time_varying", accept_immortal_time=False, landmark_days=0, offence_free_landmark=False,
        grace_days=max(rule.grace_days, spec.follow_up.days),
    )  # fmt: skip
    cohort = build_cohort(prepared.extracts, prepared.linkage, rule=rule, engine=prepared.engine)
    return cohort, measure_reoffending(cohort, follow_up=rules.follow_up(spec))
