"""Negative controls: the design held against outcomes that treatment cannot have changed."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.cohort import Cohort
from dipeval.effects.checks.negative_controls_asked import (
    Known,
    NegativeControl,
    check_controls,
    counted_of,
    known_of,
    listed_controls,
    refits_of,
)
from dipeval.effects.checks.negative_controls_refit import Refit
from dipeval.effects.checks.negative_controls_result import NegativeControls, row_of
from dipeval.effects.design_analysis import DesignAnalysis, make_groups_comparable
from dipeval.effects.effect import Effect
from dipeval.effects.estimate import estimate_effect
from dipeval.errors import InputError
from dipeval.matching import Design
from dipeval.outcomes import Outcomes, measure_reoffending
from dipeval.vocabulary import TREATED

if TYPE_CHECKING:
    from dipeval.matching.doors import People

    OutcomeTable = pd.DataFrame | Outcomes

__all__ = ["NegativeControl", "check_controls", "negative_controls"]

logger = logging.getLogger("dipeval")

# What of the estimation of the main outcome carries over to another one: the model and the time at risk do not.
_CARRIED: Final = ("estimator", "std_error", "folds", "seed", "draws", "neighbours")


def negative_controls(
    people: People,
    *,
    analysis: DesignAnalysis,
    controls: Sequence[NegativeControl],
    outcomes: OutcomeTable | Mapping[str, OutcomeTable] | None = None,
    windows: Mapping[str, Sequence[Any]] | pd.DataFrame | None = None,
    drop_containing: bool = False,
    level: float = 0.95,
    cluster: pd.Series | None = None,
    cohort: Cohort | None = None,
) -> NegativeControls:
    """Estimate the "effect" on outcomes that treatment cannot have changed: what is not nought is bias.

    Parameters
    ----------
    people
        One row a person with a column ``treated``, or a cohort.
    analysis
        The design: covariates, method, options, and how effects are estimated. Its outcome is not touched.
    controls
        The negative controls, in the order to show.
    outcomes
        Where the columns measured after the index date stand: a frame on the index of the people, the result of
        `measure_reoffending`, or a mapping of a control's label to either.
    windows
        For a DataFrame: column -> (first day, last day) or (what it counts, first day, last day), or the frame of
        ``cohort.covariates()``. A cohort knows its own.
    drop_containing
        Whether to make the design again without covariates that count some of the same events; otherwise such a
        control is refused.
    level
        Coverage of the intervals.
    cluster
        Whose row each is, where a person can be in more than once; a cohort of index events knows.
    cohort
        For a DataFrame made from a cohort's people (gaps filled, say): the cohort, which knows windows and events.

    Returns
    -------
    NegativeControls
        ``to_frame()``: one row a control; ``n_excluding_equality`` and ``n_expected`` by chance alone.

    Raises
    ------
    InputError
        If a column, the outcomes or a window is missing or cannot be used.
    DesignError
        If a control from before the index date is a covariate of the design, or shares events with one (every such
        control is named, with the columns to take out); if it was not measured before the index date.

    Notes
    -----
    Lipsitch, M., Tchetgen Tchetgen, E. and Cohen, T. (2010), Negative controls: a tool for detecting confounding and
    bias in observational studies, Epidemiology 21, 383-388. Every design is made before any of these outcomes is
    joined to one. A covariate counts some of the same events if it counts the same thing (or a kind of it, or the
    sanctions they led to) on some of the same days; ages at a first offence are no counts and are let pass.

    Examples
    --------
    >>> people = pd.DataFrame({"treated": [1, 1, 1, 0, 0, 0], "age": [20, 30, 41, 22, 29, 40],
    ...                        "arrests_before": [0, 2, 1, 1, 1, 0]})
    >>> analysis = DesignAnalysis(covariates=("age",), outcome="reoffended", method="none")
    >>> found = negative_controls(people, analysis=analysis, controls=[NegativeControl(column="arrests_before")])
    >>> round(float(found.to_frame()["estimate"].iloc[0]), 3), found.n_excluding_equality
    (0.333, 0)
    """
    listed = listed_controls(controls)
    known = known_of(people, windows, cohort)
    refits = refits_of(listed, known, analysis, drop_containing=drop_containing)
    designs = _designs(refits, known)
    if cluster is None and known.cohort is not None and known.cohort.unit != "people":
        cluster = known.cohort.cluster
    rows = []
    for control, refit in zip(listed, refits, strict=True):
        design = designs[refit.left_out]
        effect = _estimate(control, _values(control, known, outcomes), design, refit, level, cluster)
        rows.append(row_of(control, effect, refit.left_out, design.balance().max_smd))
        logger.debug("negative control %s of %s", len(rows), len(listed))
    undeclared = [item.column for item in listed if counted_of(item, known) is None and item.when == "before_index"]
    return NegativeControls(level=level, undeclared=tuple(undeclared), _table=pd.DataFrame(rows))


def _designs(refits: Sequence[Refit], known: Known) -> dict[tuple[str, ...], Design]:
    """Make every design once, before any outcome is joined."""
    designs: dict[tuple[str, ...], Design] = {}
    for refit in refits:
        if refit.left_out in designs:
            continue
        analysis = refit.analysis
        is_frame = isinstance(known.people, pd.DataFrame)
        designs[refit.left_out] = make_groups_comparable(
            known.frame[[TREATED, *analysis.needs]] if is_frame else known.people,
            covariates=analysis.covariates,
            method=analysis.method,
            options=analysis.options,
            score=analysis.score,
        )
        logger.info("negative controls: design %s made", len(designs))
    return designs


def _values(
    control: NegativeControl, known: Known, outcomes: OutcomeTable | Mapping[str, OutcomeTable] | None
) -> pd.Series:
    if control.when == "before_index":
        return known.frame[control.column]
    table: Any = outcomes
    if control.follow_up is not None and known.cohort is not None:
        table = measure_reoffending(known.cohort, follow_up=control.follow_up)
    elif isinstance(outcomes, Mapping):
        table = outcomes.get(control.label)
    frame = table.to_frame() if isinstance(table, Outcomes) else table
    if not isinstance(frame, pd.DataFrame) or control.column not in frame.columns:
        raise InputError(
            f"The negative control '{control.label}' is measured after the index date, and outcomes= holds no column "
            f"'{control.column}' for it: pass the frame that does, or follow_up=FollowUp(groups=('motoring',)) with a "
            "cohort."
        )
    return frame[control.column]


def _estimate(
    control: NegativeControl,
    values: pd.Series,
    design: Design,
    refit: Refit,
    level: float,
    cluster: pd.Series | None,
) -> Effect:
    estimation = {name: refit.analysis.estimation[name] for name in _CARRIED if name in refit.analysis.estimation}
    adjust = refit.analysis.estimation.get("adjust")
    if adjust is not None:
        estimation["adjust"] = [name for name in adjust if name not in refit.left_out] or None
    measure = control.measure or _usual_measure(values)
    try:
        return estimate_effect(
            design, values, measure=measure, outcome_name=control.column, level=level, cluster=cluster, **estimation
        )
    except InputError as error:
        raise type(error)(f"The negative control '{control.label}' cannot be estimated. {error}") from None


def _usual_measure(values: pd.Series) -> str:
    numbers = pd.to_numeric(values, errors="coerce").astype("Float64").dropna().to_numpy(dtype=np.float64)
    return "risk_difference" if np.isin(numbers, (0.0, 1.0)).all() else "mean_difference"
