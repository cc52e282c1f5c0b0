"""The effect in subgroups of a design, and the test of whether it differs between them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from dipeval.effects.asked import names_asked, words_asked
from dipeval.effects.effect import Effect
from dipeval.effects.estimate import estimate_effect, make_request
from dipeval.effects.joining import ComparisonDesign, outcome_series, time_to_event, times_at_risk, used_people
from dipeval.effects.measures import OF_TIMES
from dipeval.effects.request import EstimateOptions, Request
from dipeval.effects.several.holm import holm
from dipeval.effects.several.subgroup_estimates import (
    balance_within,
    estimate_levels,
    interaction,
    level_rows,
    make_estimate,
)
from dipeval.effects.several.subgroup_levels import groupings
from dipeval.effects.several.subgroups_result import COLUMNS, TEST_COLUMNS, SubgroupEffects
from dipeval.errors import EstimationError, InputError
from dipeval.matching.doors import People
from dipeval.vocabulary import label

logger = logging.getLogger("dipeval")

# Estimators and errors of which it is known what each person contributes.
SUITED: Final = ("weighted", "regression")
UNSUITED_ERRORS: Final = ("bootstrap", "abadie_imbens", "count")
MINIMUM: Final = 10


def subgroup_effects(
    design: ComparisonDesign,
    outcome: pd.Series | pd.DataFrame,
    people: People,
    *,
    by: Sequence[str],
    measure: str = "risk_difference",
    outcome_name: str | None = None,
    cut: Mapping[str, Sequence[float]] | None = None,
    labels: Mapping[str, str] | None = None,
    level: float = 0.95,
    cluster: pd.Series | None = None,
    estimator: str = "weighted",
    std_error: str = "auto",
    adjust: Sequence[str] | None = None,
    model: str | None = None,
    at_risk: pd.Series | str | None = None,
    time: str | None = None,
    event: str | None = None,
    horizon: float | None = None,
    minimum: int = MINIMUM,
    measured_at: Mapping[str, str] | None = None,
) -> SubgroupEffects:
    """Estimate the effect within subgroups, and test whether it differs between them.

    Parameters
    ----------
    design
        From `dipeval.match` or `dipeval.weight`.
    outcome
        As in `estimate_effect`.
    people
        The people the design was made of (DataFrame or cohort): the columns in `by` are taken from them.
    by
        Columns that make the subgroups, each known before the index date; name them before the outcome is seen.
    measure, outcome_name, level, cluster, adjust, model, at_risk, time, event, horizon
        As in `estimate_effect`; the horizon of everybody holds for every subgroup.
    cut
        Column of numbers -> the values at which it is cut, such as ``{"age_at_index": [25, 35]}``: under 25, from 25 to
        under 35, from 35.
    labels
        Column of `by`, or the outcome -> the words shown for it.
    estimator
        ``weighted`` or ``regression``: others do not go by the weights of the whole design within a subgroup.
    std_error
        ``auto`` or an error made from people's contributions (``hc0`` to ``hc3``, ``cluster_hc0``, ``cluster_hc1``,
        ``m_estimation``).
    minimum
        Treated people, and comparison people, that a subgroup needs to be estimated.
    measured_at
        Column -> when it was measured, as in `dipeval.match` (DataFrames only).

    Returns
    -------
    SubgroupEffects
        ``to_frame()`` has one row a subgroup: term, group, column, level, estimate, std_error, conf_low, conf_high,
        p_value, n, n_treated, n_comparison, mean_treated, mean_comparison, ess_treated, ess_comparison, max_smd,
        worst_term, in_test, reason, p_interaction, p_interaction_holm.

    Raises
    ------
    InputError
        Columns that are missing, the same for everybody or of more than ten levels; outcomes as subgroups.
    DesignError
        Columns with the name of an outcome, or measured after the index date.
    EstimationError
        An estimator or an error without contributions of each person.

    Notes
    -----
    Within each subgroup the people keep the weights of the design. The test of interaction is a Wald chi-square test
    that the effects of a column's subgroups are all alike, on the scale of the interval (the logarithm of a ratio),
    from their joint covariance: the contributions of every person to every subgroup's estimate, summed within pairs,
    sets or persons, which may straddle subgroups. Over several columns the p-values are Holm's (1979). A comparison of
    intervals is no test: Altman, D. G. and Bland, J. M. (2003), Interaction revisited, BMJ 326, 219.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> people = recid()
    >>> design = dip.weight(people, treated="workprg", covariates=["priors", "educ", "age"])
    >>> found = subgroup_effects(design, people["returned_12m"], people, by=["married", "priors"],
    ...                          cut={"priors": [1, 3]})
    >>> found.to_frame()["level"].tolist()
    ['no', 'yes', 'under 1', '1 to 2', '3 and over']
    >>> found.tests()["df"].tolist()
    [1.0, 2.0]
    """
    _check_suited(estimator, std_error, minimum)
    asked: dict[str, Any] = {
        "measure": measure, "outcome_name": outcome_name, "level": level, "cluster": cluster, "estimator": estimator,
        "adjust": adjust, "model": model, "at_risk": at_risk, "time": time, "event": event,
        "horizon": horizon,
    }  # fmt: skip
    overall = estimate_effect(design, outcome, std_error=std_error, **asked)
    values, times = _outcome(outcome, asked)
    divided = groupings(design, people, by=by, cut=cut, outcomes=_columns_of(outcome, values), measured_at=measured_at)
    named = _named(labels, [*(one.column for one in divided), overall.outcome_name])
    request = make_request(
        design,
        values,
        overall.outcome_name,
        measure=measure,
        cluster=cluster,
        at_risk=times_at_risk(times, outcome, used_people(design)),
        options=EstimateOptions(
            std_error=std_error,
            adjust=None if adjust is None else names_asked("adjust", adjust),
            model=model,
            horizon=horizon,
        ),
    )
    request, overall = _with_contributions(request, overall, outcome, asked)
    rows, tests = [], []
    for one in divided:
        levels = estimate_levels(request, one, estimator=estimator, minimum=minimum)
        found = level_rows(request, one, levels, coverage=level)
        rows.append(pd.concat([found, balance_within(design, one)], axis="columns"))
        tests.append(interaction(request, one, levels))
    table = pd.DataFrame(tests)
    table["p_value_holm"] = holm(table["p_value"].to_numpy(dtype=np.float64))
    frame = pd.concat(rows, ignore_index=True)
    for shown, name in (("p_interaction", "p_value"), ("p_interaction_holm", "p_value_holm")):
        frame[shown] = frame["column"].map(table.set_index("column")[name])
    logger.debug("effects in %s subgroups of %s columns", len(frame), len(divided))
    return SubgroupEffects(
        overall=overall,
        by=tuple(one.column for one in divided),
        level=level,
        labels=named,
        _frame=frame[list(COLUMNS)],
        _tests=table[list(TEST_COLUMNS)],
    )


def _check_suited(estimator: str, std_error: str, minimum: int) -> None:
    for option, value, wrong in (
        ("estimator", estimator, estimator not in SUITED),
        ("std_error", std_error, std_error in UNSUITED_ERRORS),
    ):
        if wrong:
            raise EstimationError(
                f"{option}='{value}' is not there for subgroups: comparing them needs what each person contributes to "
                "every subgroup's estimate, by the weights of the whole design, for pairs and weights can straddle "
                "them. Use estimator='weighted' or 'regression', "
                "and std_error='auto' or 'hc0'."
            )
    if not (isinstance(minimum, int) and minimum >= 2):
        raise InputError("minimum must be a whole number of people, 2 or more.")


def _outcome(outcome: pd.Series | pd.DataFrame, asked: Mapping[str, Any]) -> tuple[pd.Series, Any]:
    """Return the outcome (or event) of each person, and what is said of the time at risk."""
    if asked["measure"] in OF_TIMES:
        return time_to_event(outcome, asked["time"], asked["event"], asked["at_risk"], measure=asked["measure"])
    values, _ = outcome_series(outcome, asked["outcome_name"])
    return values, asked["at_risk"]


def _columns_of(outcome: pd.Series | pd.DataFrame, values: pd.Series) -> tuple[str, ...]:
    columns = outcome.columns if isinstance(outcome, pd.DataFrame) else [values.name]
    return tuple(str(name) for name in columns)


def _named(labels: Mapping[str, str] | None, names: Sequence[str]) -> dict[str, str]:
    """Return the words shown for the columns and the outcome."""
    given = words_asked("labels", labels, "column")
    unknown = [str(key) for key in given if key not in names]
    if unknown:
        raise InputError(f"labels names {', '.join(unknown)}, which is none of: {', '.join(names)}.")
    return {name: given.get(name, label(name)) for name in names}


def _with_contributions(
    request: Request, overall: Effect, outcome: pd.Series | pd.DataFrame, asked: Mapping[str, Any]
) -> tuple[Request, Effect]:
    """Return a request whose error is made of people's contributions, and the effect on everybody made in the same way.

    Where the usual error of the design is not (matching with replacement), HC0 takes its place and says what it is.
    """
    if make_estimate(request, asked["estimator"]).contributions is not None:
        return request, overall
    if request.options.std_error == "cluster_hc0":
        raise EstimationError(
            "std_error='cluster_hc0' of people matched with replacement is over sets and people at once, which is not "
            "there for subgroups; use std_error='hc0' (or leave it out)."
        )
    plain = replace(request, options=replace(request.options, std_error="hc0"))
    return plain, estimate_effect(request.design, outcome, std_error="hc0", **asked)
