"""The time outcome of a design's people: their rows with weights and pairs, the curve and the Cox model."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.errors import EstimationError, InputError
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

# Columns put beside the time and the event; no column of the user's is called so.
WEIGHT: Final = "weight"
PAIR: Final = "pair"
PERSON: Final = "of_person"


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
        One row a person: the time and event columns, treated (0/1), weight, and pair if the design has pairs (or the
        person, if a person can be in more than once).
    """
    columns = time_columns(outcome)
    lacking = [name for name in columns if name not in outcomes.columns]
    if lacking:
        raise InputError(
            f"Outcome '{outcome.name}' names {', '.join(lacking)}, which is not measured here; the columns are "
            f"{', '.join(map(str, outcomes.columns))}."
        )
    table = outcomes[list(columns)].reindex(design.weights.index)
    table[TREATED] = design.treated.astype("int64")
    table[WEIGHT] = design.weights.astype("float64")
    together = design.clusters if cluster is None else cluster
    if together is not None:
        table[PAIR] = together.reindex(table.index)
    return table[table[WEIGHT] > 0]


def shared_follow_up(table: pd.DataFrame, outcome: OutcomeSpec) -> float:
    """Return the last time up to which both groups are observed, in the unit of the outcome."""
    time, _ = time_columns(outcome)
    return float(table.groupby(TREATED)[time].max().min())


def reuses_people(design: Design) -> bool:
    """Whether one comparison person may stand in several matched sets, so that errors have two ways to be joined."""
    return design.estimand == "ATT" and bool(design.options.get("replace")) and not design.pairs().empty


def rows_of_pairs(design: Design, table: pd.DataFrame) -> pd.DataFrame:
    """Give each use of a person a row of its own where people are matched with replacement; else the table itself.

    Curves and the areas under them stay what they are, as the weights of a person's rows add up to the person's; errors
    can then be clustered by matched set and by person at once. Not for models that treat tied events as such (Efron):
    two rows of one event are no tie.

    Parameters
    ----------
    design
        The comparison.
    table
        From `time_table`.

    Returns
    -------
    pandas.DataFrame
        With columns pair (the set) and of_person added.
    """
    if not reuses_people(design):
        return table
    pairs = design.pairs()
    matched = pd.Series(pairs["comparison_index"].to_numpy(), index=pairs["treated_index"].to_numpy())
    matched = matched[matched.index.isin(table.index) & matched.isin(table.index).to_numpy()]
    own = matched.index.drop_duplicates()
    # Where a person is in more than once the table says whose each row is; else each row is a person.
    whose = table[PAIR] if PAIR in table else pd.Series(table.index, index=table.index)
    treated = _labelled(table.loc[own], own, whose.loc[own].to_numpy())
    share = 1 / matched.groupby(level=0).transform("size").to_numpy()
    share = share * table[WEIGHT].reindex(matched.index).to_numpy()
    comparison = _labelled(table.loc[matched.to_numpy()], matched.index, whose.loc[matched.to_numpy()].to_numpy())
    # Weights may be scaled for the group as a whole: each person's rows share that person's weight.
    total = pd.Series(share).groupby(matched.to_numpy()).transform("sum").to_numpy()
    comparison[WEIGHT] = comparison[WEIGHT].to_numpy() * share / total
    rows = pd.concat([treated, comparison], ignore_index=True)
    for name in (PAIR, PERSON):
        rows[name] = pd.factorize(rows[name], sort=True)[0]
    return rows


def _labelled(table: pd.DataFrame, pair: Any, person: Any) -> pd.DataFrame:
    labelled = table.copy()
    labelled[PAIR], labelled[PERSON] = pair, person
    return labelled


def weights_and_clusters(table: pd.DataFrame) -> dict[str, Any]:
    """Return the weights and clusters of a table as options of a function of `dipeval.survival`.

    Equal weights are left out, so that the model-based errors of the plain case are kept.
    """
    options: dict[str, Any] = {"weights": WEIGHT} if table[WEIGHT].nunique() > 1 else {}
    together = [name for name in (PAIR, PERSON) if name in table]
    if together:
        options["cluster"] = together[0] if len(together) == 1 else together
    return options


def curve_of(table: pd.DataFrame, outcome: OutcomeSpec) -> Curve | None:
    """Return the curves of the two groups; None, with the reason in the log, if they cannot be drawn."""
    time, event = time_columns(outcome)
    options = weights_and_clusters(table)
    try:
        return kaplan_meier(table, time=time, event=event, by=TREATED, time_unit=outcome.unit, **options)
    except EstimationError as error:
        logger.info("no curve: %s", error)
        return None


def cox_of(table: pd.DataFrame, outcome: OutcomeSpec) -> CoxModel | None:
    """Return the Cox model of the group alone; None, with the reason in the log, if it cannot be fitted."""
    time, event = time_columns(outcome)
    try:
        return cox(table, covariates=[TREATED], time=time, event=event, **weights_and_clusters(table))
    except EstimationError as error:
        logger.info("no Cox model: %s", error)
        return None
