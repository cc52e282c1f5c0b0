"""Simulated data only: the true effect beside the estimate, and the same run as if every link were known."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dipeval.errors import DipevalError, InputError
from dipeval.study import rules
from dipeval.study.beside import BesideMixin
from dipeval.study.columns import value_column
from dipeval.study.estimates import effects_of, measures_of, ordered_outcomes
from dipeval.study.gate import Diagnostics, examine, permit
from dipeval.study.load import Prepared, from_linkage
from dipeval.study.steps import primary_design

if TYPE_CHECKING:
    from dipeval.effects import Effect, TrueEffect
    from dipeval.matching import Design
    from dipeval.study.spec import StudySpec

logger = logging.getLogger("dipeval")

TRUE_MEASURES = {
    "reoffended": ("risk_difference", "risk_ratio"),
    "n_reoffences": ("mean_difference",),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrueLinks(BesideMixin):
    """The same study with every link known.

    Parameters
    ----------
    n_people
        In its cohort.
    design
        Its primary design.
    diagnostics
        Its own checks.
    effects
        Its estimates, primary first; empty if its checks failed.
    truth
        The true effects among the people it compares.
    """

    n_people: int
    design: Design
    diagnostics: Diagnostics
    effects: tuple[Effect, ...]
    truth: tuple[TrueEffect, ...]

    @property
    def design_label(self) -> str:
        """What this run is."""
        return "The same study with every link known"


def truth_is_known(spec: StudySpec) -> bool:
    """Whether the simulator knows what would have happened: started treatment after a first positive test, or not.

    Parameters
    ----------
    spec
        The study.

    Returns
    -------
    bool
    """
    cohort, follow_up = spec.cohort, spec.follow_up
    return (
        (cohort.index_event, cohort.index_choice, cohort.exposure) == ("positive_test", "first", "treatment")
        and (cohort.exposure_timing, cohort.immortal_time) == ("after_index", "landmark")
        and not (cohort.exposure_types or cohort.completed_only)
        and (follow_up.basis, follow_up.same_day, follow_up.at_extract_end) == ("proven", "each", "refuse")
        and not follow_up.include_index_day
    )


def truth_of(prepared: Prepared, design: Design, spec: StudySpec) -> tuple[TrueEffect, ...]:
    """Return the true effect on each outcome that has one, in the order of the effects; empty for real data.

    Parameters
    ----------
    prepared
        The people; their extracts carry the truth if they are simulated.
    design
        Among whose treated people the truth is averaged.
    spec
        The study.

    Returns
    -------
    tuple of TrueEffect
    """
    if prepared.extracts is None or prepared.extracts.truth is None or prepared.cohort is None:
        return ()
    if not truth_is_known(spec):
        logger.info("the true effect of simulated records is not known for this cohort and outcome")
        return ()
    from dipeval.effects.truth import true_outcomes

    logger.info("looking up the true effect, known because the records are simulated")
    try:
        both = true_outcomes(prepared.extracts.truth, prepared.cohort, follow_up=rules.follow_up(spec), among=design)
    except InputError as error:  # nobody analysed truly started
        logger.info("no true effect: %s", error)
        return ()
    found = []
    for outcome in ordered_outcomes(spec):
        known = TRUE_MEASURES.get(value_column(outcome), ())
        for measure in (name for name in measures_of(outcome) if name in known):
            try:
                found.append(both.effect(measure))
            except InputError as error:  # a ratio to nothing
                logger.info("no true %s for %s: %s", measure.replace("_", " "), outcome.name, error)
    return tuple(found)


def true_links_of(prepared: Prepared, spec: StudySpec) -> TrueLinks | None:
    """Run the study again with true links, if the data are simulated and the study file asks for it.

    Parameters
    ----------
    prepared
        The people of the study itself.
    spec
        The study.

    Returns
    -------
    TrueLinks or None
    """
    extracts = prepared.extracts
    if extracts is None or extracts.truth is None or not spec.simulate.compare_true_links:
        return None
    if not truth_is_known(spec):
        return None
    from dipeval.linkage import true_linkage

    logger.info("running the study again with every link known")
    try:
        known = from_linkage(spec, extracts, true_linkage(extracts), prepared.engine, files=prepared.files)
        design = primary_design(known, spec)
        checks = examine(design, spec.diagnostics)
        effects: tuple[Effect, ...] = ()
        if checks.passed:
            opened = known.sealed.open(permit(checks))
            effects = effects_of(design, opened.frame, spec, estimation=spec.effect)
    except DipevalError as error:
        logger.info("the run with true links stopped: %s", error)
        return None
    return TrueLinks(
        n_people=len(known.frame),
        design=design,
        diagnostics=checks,
        effects=effects,
        truth=truth_of(known, design, spec),
    )
