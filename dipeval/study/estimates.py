"""The effects of a study: every outcome by its measures, from every design, as its section of the file says."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.effects import estimate_effect
from dipeval.errors import EstimationError, InputError
from dipeval.study.columns import value_column
from dipeval.study.steps import SensitivityResult, naming

if TYPE_CHECKING:
    from dipeval.effects import Effect
    from dipeval.matching import Design
    from dipeval.study.spec import OutcomeSpec, StudySpec
    from dipeval.study.spec_effects import EstimationOptions

logger = logging.getLogger("dipeval")

# Kind of outcome -> its measures where the study file names none; the first is the one that is tested.
USUAL_MEASURES: Final = {
    "yes_no": ("risk_difference", "risk_ratio"),
    "count": ("mean_difference",),
    "time": ("hazard_ratio",),
}
DAYS_IN: Final = {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12, "years": 365.25}
# Errors that an effect on a time can have, besides the one that suits the design.
OF_TIMES: Final = ("hc0", "cluster_hc0", "m_estimation", "bootstrap")
# Measures without a value where nobody in one of the groups has the outcome.
_RATIOS: Final = ("risk_ratio", "odds_ratio", "rate_ratio")


def measures_of(outcome: OutcomeSpec) -> tuple[str, ...]:
    """Return the measures of an outcome, the one that counts first."""
    return tuple(outcome.measures) or USUAL_MEASURES[outcome.kind]


def answered_by_hazard(spec: StudySpec) -> bool:
    """Whether the answer is a hazard ratio (`StudyResult.hazard`): a time is primary, and that its first measure."""
    return spec.primary.kind == "time" and (spec.time_varying or measures_of(spec.primary)[0] == "hazard_ratio")


def ordered_outcomes(spec: StudySpec) -> list[OutcomeSpec]:
    """Return the outcomes that have effects, primary first.

    A time has effects where its measures are named; otherwise curve and hazard ratio alone tell of it. Where the answer
    is a hazard ratio there are none: another outcome's effect would stand in its place.
    """
    if answered_by_hazard(spec):
        return []
    valued = [outcome for outcome in spec.outcomes if outcome.kind != "time" or outcome.measures]
    return sorted(valued, key=lambda outcome: not outcome.primary)


def effects_of(
    design: Design,
    outcomes: pd.DataFrame,
    spec: StudySpec,
    cluster: pd.Series | None = None,
    estimation: EstimationOptions | None = None,
) -> tuple[Effect, ...]:
    """Estimate every effect of a design: primary outcome first, each outcome by its measures.

    Parameters
    ----------
    design
        The comparison.
    outcomes
        One row a person; opened with a permit.
    spec
        Which outcomes, and their labels (the effects carry the label as their outcome's name).
    cluster
        Whose row each is, where a person can be in more than once.
    estimation
        How effects are estimated from this design; None for the contrast of weighted means.

    Returns
    -------
    tuple of Effect
    """
    found: list[Effect] = []
    for outcome in ordered_outcomes(spec):
        if outcome.kind == "time":
            found += _times(design, outcomes, outcome, spec, cluster, estimation)
            continue
        column = value_column(outcome)
        if column not in outcomes.columns:
            raise InputError(
                f"Outcome '{outcome.name}' is not measured here; "
                f"the outcomes are {', '.join(map(str, outcomes.columns))}."
            )
        for place, measure in enumerate(measures_of(outcome)):
            # The answer itself is never passed over: without it another outcome would stand in its place.
            is_answer = outcome.primary and place == 0 and estimation is spec.effect
            if not is_answer and measure in _RATIOS and not _ratio_exists(design, outcomes[column]):
                logger.info("no ratio for %s: it happened to nobody in one of the groups", outcome.name)
                continue
            options = {} if estimation is None else estimation.estimation(measure) | {"seed": spec.seed}
            with naming():
                found.append(
                    estimate_effect(
                        design,
                        outcomes[column],
                        measure=measure,
                        outcome_name=outcome.label,
                        cluster=cluster,
                        **options,
                        **time_at_risk(outcome, outcomes, measure),
                    )
                )
    return tuple(found)


def _times(
    design: Design,
    outcomes: pd.DataFrame,
    outcome: OutcomeSpec,
    spec: StudySpec,
    cluster: pd.Series | None,
    estimation: EstimationOptions | None,
) -> Iterator[Effect]:
    """The effects on a time; without enough events in a further design or beside another answer, fewer of them."""
    from dipeval.study.times import shared_follow_up, time_columns, time_table

    time, event = time_columns(outcome)
    table = time_table(design, outcomes, outcome, cluster)
    # Days are the unit that effects on a time speak of.
    days = outcomes[[time, event]].assign(**{time: outcomes[time] * DAYS_IN[outcome.unit]})
    for place, measure in enumerate(measures_of(outcome)):
        options: dict[str, Any] = {}
        if measure == "rmst_difference":
            horizon = outcome.horizon or shared_follow_up(table, outcome)
            options["horizon"] = horizon * DAYS_IN[outcome.unit]
        if estimation is not None and estimation.std_error in OF_TIMES:
            options |= {"std_error": estimation.std_error, "draws": estimation.draws, "seed": spec.seed}
        try:
            with naming():
                yield estimate_effect(
                    design,
                    days,
                    measure=measure,
                    time=time,
                    event=event,
                    outcome_name=outcome.label,
                    cluster=cluster,
                    **options,
                )
        except EstimationError as error:
            if outcome.primary and place == 0 and estimation is spec.effect:
                raise
            logger.info("no %s for %s: %s", measure.replace("_", " "), outcome.name, error)


def time_at_risk(outcome: OutcomeSpec, outcomes: pd.DataFrame, measure: str) -> dict[str, Any]:
    """Return the time at risk that a rate is over, as an argument, where the outcome names its column."""
    if measure != "rate_ratio" or outcome.at_risk is None:
        return {}
    if outcome.at_risk not in outcomes.columns:
        raise InputError(
            f"Outcome '{outcome.name}' names the time at risk '{outcome.at_risk}', which is not measured here; the "
            f"columns are {', '.join(map(str, outcomes.columns))}."
        )
    return {"at_risk": outcomes[outcome.at_risk]}


def _ratio_exists(design: Design, values: pd.Series) -> bool:
    used = design.weights > 0
    happened = values.reindex(design.weights.index)[used] > 0
    return bool(happened.groupby(design.treated[used].astype(bool)).any().all())


def with_effects(
    sensitivity: tuple[SensitivityResult, ...],
    outcomes: pd.DataFrame,
    spec: StudySpec,
    cluster: pd.Series | None = None,
) -> tuple[SensitivityResult, ...]:
    """Add the effects to each further design, estimated as its section says."""
    found = []
    for item, asked in zip(sensitivity, spec.sensitivity, strict=True):
        with naming(item.label):
            found.append(replace(item, effects=effects_of(item.design, outcomes, spec, cluster, asked)))
    return tuple(found)
