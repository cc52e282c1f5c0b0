"""What wrong and missed links may do to the answer: after the outcomes are opened, beside the registered answer."""

from __future__ import annotations

import logging
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.errors import DipevalError
from dipeval.study import rules
from dipeval.study.columns import value_column
from dipeval.study.gate import Permit
from dipeval.study.load import frame_of
from dipeval.study.plan import planned
from dipeval.study.sealed import Opened, require_permit

if TYPE_CHECKING:
    from dipeval.effects import DesignAnalysis, Effect, LinkagePropagation
    from dipeval.study.load import Prepared
    from dipeval.study.spec import OutcomeSpec, StudySpec

logger = logging.getLogger("dipeval")


def linkage_errors(
    prepared: Prepared, opened: Opened, primary: Effect | None, spec: StudySpec, leave: Permit
) -> tuple[tuple[LinkagePropagation, ...], tuple[str, ...]]:
    """Run the primary analysis again over thresholds and draws of the links, file by file.

    Parameters
    ----------
    prepared
        The people, and the linkage they came from.
    opened
        The outcomes, after the gate.
    primary
        The registered answer, which stays what it is.
    spec
        The study: ``[linkage.error]``.
    leave
        The gate's permit: draws use the outcome.

    Returns
    -------
    tuple
        One result a file; and the files whose links could not be drawn.
    """
    require_permit(leave)
    linkage, error = prepared.linkage, spec.linkage.error
    if linkage is None or not error.draws or spec.linkage.profile == "deterministic":
        return (), ()
    if primary is None or spec.primary.kind == "time" or not drawable(spec):
        logger.info("linkage error: links are not drawn for this kind of cohort or outcome")
        return (), ()
    modelled = {table for model in linkage.models for table in model.tables}
    done, failed = [], []
    for link in error.links:
        if link not in modelled:
            logger.info("linkage error: %s was not linked by a model, so its links are not drawn", link)
            failed.append(str(link))
            continue
        logger.info("carrying linkage error into the estimate: %s", link)
        try:
            done.append(propagated(prepared, opened, primary, spec, link, spec.primary))
        except DipevalError as problem:
            # The registered answer does not hang on it.
            logger.info("linkage error: the analysis could not be repeated (%s)", type(problem).__name__)
            failed.append(str(link))
    return tuple(done), tuple(failed)


def drawable(spec: StudySpec) -> bool:
    """Whether it is known what each candidate link would say of its person: treatment after one index event each.

    Parameters
    ----------
    spec
        The study.

    Returns
    -------
    bool
    """
    cohort = spec.cohort
    return (
        not spec.times_only
        and (cohort.index_choice, cohort.exposure) == ("first", "treatment")
        and (cohort.exposure_timing, cohort.immortal_time) == ("after_index", "landmark")
        and not (cohort.exposure_types or cohort.completed_only)
    )


def analysis_of(
    prepared: Prepared, spec: StudySpec, outcome: OutcomeSpec | None = None, measure: str | None = None
) -> tuple[DesignAnalysis, pd.DataFrame]:
    """Return the primary analysis of a study as a value that can be run again, and the people it runs on.

    Parameters
    ----------
    prepared
        The people.
    spec
        The study.
    outcome, measure
        Default the primary outcome, and the first of the outcome's measures.

    Returns
    -------
    tuple
        The analysis, with every option of the design; the people as that design had them, gaps filled.
    """
    from dipeval.effects import DesignAnalysis
    from dipeval.study.estimates import measures_of

    people, _, plan = planned(prepared, spec.design, spec.design.covariates, spec.seed)
    outcome = outcome or spec.primary
    measure = measure or measures_of(outcome)[0]
    analysis = DesignAnalysis(
        outcome=value_column(outcome),
        measure=measure,
        covariates=plan["covariates"],
        method=plan["method"],
        options=MappingProxyType(plan["options"]),
        score=plan["score"],
        estimation=MappingProxyType(spec.effect.estimation(measure) | {"seed": spec.seed}),
    )
    return analysis, frame_of(people)


def propagated(
    prepared: Prepared,
    opened: Opened,
    effect: Effect,
    spec: StudySpec,
    link: str,
    outcome: OutcomeSpec,
    measure: str | None = None,
) -> LinkagePropagation:
    """Return the analysis of one outcome over thresholds and draws of the links of one file.

    Parameters
    ----------
    prepared
        The people, and the linkage they came from.
    opened
        The outcomes, after the gate.
    effect
        The answer of the registered design on this outcome.
    spec
        The study: ``[linkage.error]``.
    link
        The file.
    outcome, measure
        What is estimated; default the first of the outcome's measures.

    Returns
    -------
    LinkagePropagation
    """
    from dipeval.effects import propagate_linkage

    column = value_column(outcome)
    analysis, people = analysis_of(prepared, spec, outcome, measure)
    return propagate_linkage(
        prepared.linkage,  # type: ignore[arg-type]
        analysis,
        link=link,
        covariates=analysis.needs,
        draws=spec.linkage.error.draws,
        seed=spec.seed,
        people=people.join(opened.frame[[column]]),
        thresholds=tuple(sorted(set(spec.linkage.error.thresholds))),
        primary=effect,
        tipping=spec.linkage.error.tipping,
        **_said(prepared, spec, link, column),
    )


def _said(prepared: Prepared, spec: StudySpec, link: str, column: str) -> dict[str, Any]:
    """What each candidate link would say of its person, were it true."""
    known: tuple[Any, ...] = (prepared.cohort, prepared.extracts, prepared.linkage)
    if link == "treatment":
        from dipeval.cohort import treated_if_linked

        return {"outcome": column, "treated_from": treated_if_linked(*known)}
    from dipeval.outcomes import outcome_if_linked

    return {"outcome": outcome_if_linked(*known, follow_up=rules.follow_up(spec), outcome=column)}
