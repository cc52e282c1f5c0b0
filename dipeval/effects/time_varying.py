"""The effect on the time to a first reoffence where people count as treated from the day treatment starts, not before.

Nobody is called treated for having lasted until treatment: the days before a start are days without it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

import pandas as pd

from dipeval.cohort import Cohort
from dipeval.cohort.episodes_build import episodes_to_outcome
from dipeval.cohort.episodes_given import switches
from dipeval.effects.time_varying_result import TimeVaryingEffect
from dipeval.errors import EstimationError, InputError
from dipeval.matching.terms import encode
from dipeval.outcomes import Outcomes
from dipeval.survival import cox
from dipeval.vocabulary import TREATED, label

logger = logging.getLogger("dipeval")

_BASELINE: Final = ("before_index", "at_index")
_NEEDED: Final = ("time_days", "event", "censor_reason")


def time_varying_effect(
    cohort: Cohort,
    outcomes: Outcomes,
    *,
    covariates: Sequence[str] = (),
    custody_gaps: bool = True,
    level: float = 0.95,
) -> TimeVaryingEffect:
    """Estimate the hazard ratio of a first reoffence after treatment has started, against before or without it.

    Parameters
    ----------
    cohort
        Built with ``CohortRule(immortal_time="time_varying")``: everybody is followed from the index.
    outcomes
        Of the same cohort.
    covariates
        Columns of ``cohort.people`` from at or before the index that are held alike. Text is turned into its levels.
    custody_gaps
        Whether days in custody are left out of the time at risk.
    level
        Coverage of the interval, 0-1.

    Returns
    -------
    TimeVaryingEffect
        The hazard ratio with its interval, the rows it rests on (``.episodes``) and the model (``.model``).

    Raises
    ------
    InputError
        If the cohort is followed from a landmark or by an ever-treated label, the outcomes are another cohort's, or a
        covariate is not from at or before the index.
    EstimationError
        If nobody switches to treatment while at risk, or the model has no estimate.

    Notes
    -----
    Cox (1972) on start-stop rows (`dipeval.episodes`), Efron ties, robust errors clustered by person (Lin and Wei
    1989). Covariates are those of the index: what changes afterwards, drives treatment and drives reoffending is not
    held alike, and would bias the ratio.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.linkage import true_linkage
    >>> extracts = dip.simulate(people=1_000, seed=1)
    >>> rule = dip.CohortRule(immortal_time="time_varying", landmark_days=0, grace_days=180)
    >>> cohort = dip.build_cohort(extracts, true_linkage(extracts), rule)
    >>> effect = dip.time_varying_effect(cohort, dip.measure_reoffending(cohort), covariates=["copas_rate"])
    >>> effect.conf_low < effect.estimate < effect.conf_high
    True
    """
    check_of_one_cohort(cohort, outcomes)
    check_varying(cohort)
    frame, days = outcomes.to_frame()[list(_NEEDED)], outcomes.follow_up.days
    terms, beside = terms_held(cohort, covariates)
    episodes = episodes_to_outcome(cohort, frame, follow_up_days=days, custody_gaps=custody_gaps)
    rows = episodes.with_columns(beside)
    treated = rows[TREATED] == 1
    _check_switching(rows)
    model = cox(
        rows, covariates=[TREATED, *terms], entry="start", time="stop", event="event", cluster="person_id", level=level
    )
    line = model.to_frame().iloc[0]
    at_risk = rows["stop"] - rows["start"]
    n_units, n_treated = int(rows["index_id"].nunique()), int(rows.loc[treated, "index_id"].nunique())
    logger.debug("time-varying effect: %s rows of %s, %s events", len(rows), n_units, model.n_events)
    return TimeVaryingEffect(
        estimate=float(line["hazard_ratio"]),
        std_error=float(line["std_error"]),
        conf_low=float(line["hr_low"]),
        conf_high=float(line["hr_high"]),
        p_value=float(line["p_value"]),
        level=level,
        n=n_units,
        n_treated=n_treated,
        n_events=model.n_events,
        events_treated=int(rows.loc[treated, "event"].sum()),
        days_treated=int(at_risk[treated].sum()),
        days_untreated=int(at_risk[~treated].sum()),
        estimand=_estimand(cohort, days, covariates, custody_gaps=custody_gaps),
        outcome=outcomes.follow_up.in_words(),
        covariates=tuple(covariates),
        model=model,
        episodes=episodes,
    )


def check_of_one_cohort(cohort: object, outcomes: object) -> None:
    """Refuse what is no cohort or no outcomes, and outcomes of other people or another time zero."""
    if not isinstance(cohort, Cohort):
        raise InputError(f"cohort must be what dip.build_cohort gives; it is a {type(cohort).__name__}.")
    if not isinstance(outcomes, Outcomes):
        raise InputError(
            f"outcomes must be what dip.measure_reoffending(cohort) gives; it is a {type(outcomes).__name__}."
        )
    _check_same_people(cohort, outcomes)


def check_varying(cohort: Cohort) -> None:
    """Refuse a cohort in which nobody becomes treated during follow-up."""
    if not switches(cohort.rule):
        raise InputError(
            "In this cohort a person is treated or not from time zero on, so that nothing varies with time. Build it "
            'with CohortRule(immortal_time="time_varying", landmark_days=0), or compare the groups as they stand with '
            "dip.estimate_effect or dip.cox."
        )


def _check_same_people(cohort: Cohort, outcomes: Outcomes) -> None:
    people, frame = cohort.people.index, outcomes.to_frame()
    lacking, others = int((~people.isin(frame.index)).sum()), int((~frame.index.isin(people)).sum())
    if lacking or others:
        raise InputError(
            f"The outcomes lack {lacking} of the {len(people)} people of the cohort and hold {others} others: measure "
            "them on this cohort with dip.measure_reoffending(cohort)."
        )
    theirs = cohort if outcomes._cohort is None else outcomes._cohort
    moved = int((cohort.people["time_zero_date"] != theirs.people["time_zero_date"]).sum())
    if moved:
        raise InputError(
            f"The outcomes count days from another time zero than the cohort for {moved} of the {len(people)} people: "
            "measure them on this cohort with dip.measure_reoffending(cohort)."
        )


def terms_held(cohort: Cohort, covariates: Sequence[str]) -> tuple[tuple[str, ...], pd.DataFrame]:
    """Return the names of the terms of the covariates, reference levels left out, and the terms, one row a person."""
    if isinstance(covariates, str):
        raise InputError("covariates is a list of column names, such as ['age_at_index'], not one text.")
    people, when = cohort.people, cohort.measured_at
    unknown = [name for name in covariates if name not in people.columns]
    if unknown:
        raise InputError(f"The cohort's people have no column {', '.join(map(str, unknown))}.")
    late = [name for name in covariates if when.get(name) not in _BASELINE]
    if late:
        raise InputError(
            f"{', '.join(late)} is no fact from at or before the index: only such facts can be held alike."
        )
    if not covariates:
        return (), pd.DataFrame(index=people.index)
    encoded = encode(people[list(covariates)]).model()
    return encoded.names, pd.DataFrame(encoded.values, index=people.index, columns=list(encoded.names))


def _check_switching(rows: pd.DataFrame) -> None:
    for side, words in ((1, "after treatment had started"), (0, "before or without treatment")):
        own = rows[rows[TREATED] == side]
        if not own["event"].any():
            raise EstimationError(
                f"No first reoffence was seen {words} ({own['index_id'].nunique()} people were at risk then), so the "
                "ratio has no finite estimate. Lengthen the follow-up or the grace period, or take more people."
            )


def _estimand(cohort: Cohort, days: int, covariates: Sequence[str], *, custody_gaps: bool) -> str:
    place = " at liberty" if custody_gaps else ""
    alike = f", among people alike in {', '.join(label(name).lower() for name in covariates)}" if covariates else ""
    return (
        f"the ratio of the rates of a first reoffence on any day{place} of the {days} days after time zero, after "
        f"treatment started (within {cohort.rule.grace_days} days) over before or without it{alike}"
    )
