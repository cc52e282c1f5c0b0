"""Time to the outcome: a Kaplan-Meier curve for each group and a Cox model, with the design's weights and pairs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.errors import EstimationError
from dipeval.survival import cox, kaplan_meier
from dipeval.vocabulary import TREATED

if TYPE_CHECKING:
    from dipeval.matching import Design
    from dipeval.study.spec import OutcomeSpec
    from dipeval.survival import CoxModel, Curve

logger = logging.getLogger("dipeval")

_WEIGHT, _PAIR = "weight", "pair"


def time_columns(outcome: OutcomeSpec) -> tuple[str, str]:
    """Return the time and the event column: as named, else those that reoffending is measured in."""
    return outcome.time or "time_days", outcome.event or "event"


def times_of(
    design: Design, outcomes: pd.DataFrame, outcome: OutcomeSpec | None
) -> tuple[Curve | None, CoxModel | None]:
    """Return curve and model of a study's time outcome; two times None if it has none."""
    if outcome is None:
        return None, None
    table = time_table(design, outcomes, outcome)
    return curve_of(table, outcome), cox_of(table, outcome)


def time_table(design: Design, outcomes: pd.DataFrame, outcome: OutcomeSpec) -> pd.DataFrame:
    """Put the time outcome of the people a design uses beside their group, weight and pair.

    Parameters
    ----------
    design
        The comparison.
    outcomes
        One row a person; opened with a permit.
    outcome
        Of kind ``time``.

    Returns
    -------
    pandas.DataFrame
        The time and event columns, treated (0/1), weight, and pair if the design has pairs.
    """
    time, event = time_columns(outcome)
    table = outcomes[[time, event]].reindex(design.weights.index)
    table[TREATED] = design.treated.astype("int64")
    table[_WEIGHT] = design.weights.astype("float64")
    if design.clusters is not None:
        table[_PAIR] = design.clusters
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
