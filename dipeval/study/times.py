"""Time to the outcome: a Kaplan-Meier curve for each group and a Cox model, with the design's weights and pairs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.errors import EstimationError
from dipeval.survival import cox, kaplan_meier
from dipeval.vocabulary import TREATED

if TYPE_CHECKING:
    from dipeval.effects import TimeVaryingEffect
    from dipeval.matching import Design
    from dipeval.study.load import Prepared
    from dipeval.study.sealed import Opened
    from dipeval.study.spec import OutcomeSpec, StudySpec
    from dipeval.survival import CoxModel, Curve

logger = logging.getLogger("dipeval")

_WEIGHT, _PAIR = "weight", "pair"


def time_columns(outcome: OutcomeSpec) -> tuple[str, str]:
    """Return the time and the event column: as named, else those that reoffending is measured in."""
    return outcome.time or "time_days", outcome.event or "event"


def times_of(
    design: Design, outcomes: pd.DataFrame, outcome: OutcomeSpec | None, cluster: pd.Series | None = None
) -> tuple[Curve | None, CoxModel | None]:
    """Return curve and model of a study's time outcome; two times None if it has none."""
    if outcome is None:
        return None, None
    table = time_table(design, outcomes, outcome, cluster)
    return curve_of(table, outcome), cox_of(table, outcome)


def time_varying_of(prepared: Prepared, opened: Opened, spec: StudySpec) -> TimeVaryingEffect | None:
    """Return the hazard ratio where treatment counts from the day it started; None in every other design.

    Parameters
    ----------
    prepared
        The people, as a cohort.
    opened
        The outcomes, after the gate.
    spec
        The study: the covariates of its design go into the model.

    Returns
    -------
    TimeVaryingEffect or None
    """
    if not spec.time_varying or prepared.cohort is None:
        return None
    from dipeval.effects import time_varying_effect

    logger.info("treatment that starts later counts from the day it started: a model of the time to the event")
    return time_varying_effect(prepared.cohort, opened.measured, covariates=tuple(spec.design.covariates))


def time_table(
    design: Design, outcomes: pd.DataFrame, outcome: OutcomeSpec, cluster: pd.Series | None = None
) -> pd.DataFrame:
    """Put the time outcome of the people a design uses beside their group, weight and pair.

    Parameters
    ----------
    design
        The comparison.
    outcomes
        One row a person; opened with a permit.
    outcome
        Of kind ``time``.
    cluster
        Whose row each is, where a person can be in more than once.

    Returns
    -------
    pandas.DataFrame
        The time and event columns, treated (0/1), weight, and pair if the design has pairs (or the person, if a person
        can be in more than once).
    """
    time, event = time_columns(outcome)
    table = outcomes[[time, event]].reindex(design.weights.index)
    table[TREATED] = design.treated.astype("int64")
    table[_WEIGHT] = design.weights.astype("float64")
    together = design.clusters if cluster is None else cluster
    if together is not None:
        table[_PAIR] = together.reindex(table.index)
    return table[table[_WEIGHT] > 0]


def curve_of(table: pd.DataFrame, outcome: OutcomeSpec) -> Curve | None:
    """Return the curves of the two groups; None, with the reason in the log, if they cannot be drawn."""
    time, event = time_columns(outcome)
    options = _weights_and_pairs(table)
    try:
        return kaplan_meier(table, time=time, event=event, by=TREATED, time_unit=outcome.unit, **options)
    except EstimationError as error:
        logger.info("no curve: %s", error)
        return None


def cox_of(table: pd.DataFrame, outcome: OutcomeSpec) -> CoxModel | None:
    """Return the Cox model of the group alone; None, with the reason in the log, if it cannot be fitted."""
    time, event = time_columns(outcome)
    try:
        return cox(table, covariates=[TREATED], time=time, event=event, **_weights_and_pairs(table))
    except EstimationError as error:
        logger.info("no Cox model: %s", error)
        return None


def _weights_and_pairs(table: pd.DataFrame) -> dict[str, Any]:
    # Equal weights are left out, so that the model-based errors of the plain case are kept.
    options = {"weights": _WEIGHT} if table[_WEIGHT].nunique() > 1 else {}
    return options | ({"cluster": _PAIR} if _PAIR in table else {})
