"""Beside the answer: all outcomes together, for whom, and what could overturn it.

What needs a design of its own is made by `plan_beyond`, before any outcome is opened; `beyond_of` then joins outcomes
to designs that stand.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from dipeval.errors import EstimationError, InputError
from dipeval.matching.options import METHODS as MATCHINGS
from dipeval.study import rules
from dipeval.study.before_after import before_after_of
from dipeval.study.columns import value_column
from dipeval.study.estimates import measures_of, ordered_outcomes, time_at_risk
from dipeval.study.jdl import jdl_design_of, jdl_style_of
from dipeval.study.labels import covariate_in_words
from dipeval.study.linkage_error import analysis_of
from dipeval.study.steps import unadjusted_design
from dipeval.study.wording import as_design_keys

if TYPE_CHECKING:
    from dipeval.effects import (
        DesignAnalysis,
        Effect,
        Effects,
        HiddenBias,
        NegativeControl,
        NegativeControls,
        SpecificationCurve,
        SpecificationDesigns,
        SubgroupEffects,
    )
    from dipeval.matching import Design
    from dipeval.study.load import Prepared
    from dipeval.study.sealed import Opened
    from dipeval.study.spec import StudySpec

logger = logging.getLogger("dipeval")

Found = TypeVar("Found")
# What knows the contribution of each person, so that parts of the people can be compared.
IN_PARTS = ("weighted", "regression")
# Estimators with a model of the outcome.
MODELLED = ("regression", "aipw")
ERRORS_NOT_IN_PARTS = ("bootstrap", "abadie_imbens", "count")
# How functions tell a remedy, and what it is in a study file.
_REMEDIES = {
    "pass drop_containing=True": "say refit_without = true",
    "drop_containing=True": "refit_without = true",
    " (windows=...)": "",
    "by= names": "by names",
    "of the grid": "of this section",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Beyond:
    """Designs beside the primary and the sensitivity ones, made before any outcome is opened.

    Parameters
    ----------
    specifications
        The designs of the specification curve; None if not asked for.
    jdl
        The radius design in the style of the Justice Data Lab; None if not asked for.
    """

    specifications: SpecificationDesigns | None = None
    jdl: Design | None = None


def plan_beyond(prepared: Prepared, spec: StudySpec) -> Beyond:
    """Make every further design the study asks for, and refuse what cannot be asked, without any outcome.

    Parameters
    ----------
    prepared
        The people.
    spec
        The study.

    Returns
    -------
    Beyond

    Raises
    ------
    InputError
        If a section of the study file asks for what cannot be done; the sentence names the section.
    """
    if spec.times_only:
        return Beyond()
    if spec.primary.kind == "time":
        return Beyond(jdl=jdl_design_of(prepared, spec))
    with_section("subgroups", lambda: _check_subgroups(prepared, spec))
    with_section("overturn.negative_controls", lambda: _check_controls(prepared, spec))
    return Beyond(
        specifications=with_section("overturn.specifications", lambda: _specifications(prepared, spec)),
        jdl=jdl_design_of(prepared, spec),
    )


def beyond_of(
    plan: Beyond, prepared: Prepared, design: Design, effects: tuple[Effect, ...], opened: Opened, spec: StudySpec
) -> dict[str, Any]:
    """Return what stands beside the answer, by the names it has on the result; after the gate.

    Parameters
    ----------
    plan
        From `plan_beyond`.
    prepared
        The people.
    design
        The primary design.
    effects
        Its effects, primary first; nothing can stand beside none.
    opened
        The outcomes.
    spec
        The study.

    Returns
    -------
    dict
        many_outcomes, subgroups, hidden_bias, negative_controls, specifications, jdl_style, before_after.
    """
    if not effects:
        return {}
    return {
        "many_outcomes": _many(effects, spec),
        "subgroups": with_section("subgroups", lambda: _subgroups(prepared, design, opened, spec)),
        "hidden_bias": _hidden(prepared, design, effects[0], opened, spec),
        "negative_controls": with_section("overturn.negative_controls", lambda: _controls(prepared, spec)),
        "specifications": _curve(plan, prepared, opened, spec),
        "jdl_style": with_section("jdl_style", lambda: jdl_style_of(plan.jdl, prepared, opened, spec)),
        "before_after": before_after_of(prepared, design, opened, spec),
    }


def with_section(section: str, make: Callable[[], Found]) -> Found:
    """Run a step; a refusal names the section of the study file that asked for it."""
    try:
        return make()
    except InputError as error:
        sentence = str(error)
        for python, key in _REMEDIES.items():
            sentence = sentence.replace(python, key)
        raise type(error)(f"[{section}]: {as_design_keys(sentence)}") from None


def _many(effects: tuple[Effect, ...], spec: StudySpec) -> Effects | None:
    """All outcomes together, where there are several."""
    valued = ordered_outcomes(spec)
    # Times are tested beside the others, without correction, unless one of them is the answer.
    aside = {item.label for item in valued if item.kind == "time" and not item.primary}
    effects = tuple(effect for effect in effects if effect.outcome_name not in aside)
    if len({effect.outcome_name for effect in effects}) < 2:
        return None
    from dipeval.effects import collect_effects

    estimated = {effect.outcome_name for effect in effects}
    families = {item.label: item.family for item in valued if not item.primary and item.label in estimated}
    return collect_effects(effects, primary=spec.primary.label, families=families)


def _check_subgroups(prepared: Prepared, spec: StudySpec) -> None:
    """Read the columns that subgroups are made by before any outcome, on everybody there is."""
    asked = spec.subgroups
    if asked is None:
        return
    from dipeval.effects.several.subgroup_levels import groupings

    everybody = unadjusted_design(prepared, spec)
    groupings(everybody, prepared.people, by=tuple(asked.by), cut=dict(asked.cut), measured_at=_moments(prepared, spec))


def _moments(prepared: Prepared, spec: StudySpec) -> dict[str, str] | None:
    """When the columns of subgroups were measured, as far as it was declared."""
    names = spec.subgroups.by if spec.subgroups is not None else ()
    return {name: prepared.measured_at[name] for name in names if name in prepared.measured_at} or None


def _subgroups(prepared: Prepared, design: Design, opened: Opened, spec: StudySpec) -> SubgroupEffects | None:
    asked = spec.subgroups
    if asked is None:
        return None
    from dipeval.effects import subgroup_effects

    logger.info("effects in parts of the people: %s", ", ".join(asked.by))
    measure = measures_of(spec.primary)[0]
    return subgroup_effects(
        design,
        opened.frame[value_column(spec.primary)],
        prepared.people,
        by=tuple(asked.by),
        measure=measure,
        outcome_name=spec.primary.label,
        cut=dict(asked.cut),
        labels={name: covariate_in_words(spec, name) for name in asked.by},
        cluster=prepared.cluster,
        measured_at=_moments(prepared, spec),
        **_in_parts(spec, measure),
        **time_at_risk(spec.primary, opened.frame, measure),
    )


def _in_parts(spec: StudySpec, measure: str) -> dict[str, Any]:
    """How effects are estimated in parts of the people: as the answer is, as far as it can be taken to pieces."""
    asked = spec.effect
    if asked.estimator not in IN_PARTS:
        return {}
    given = asked.estimation(measure)
    kept = ("estimator", "adjust", "model", *(() if asked.std_error in ERRORS_NOT_IN_PARTS else ("std_error",)))
    return {name: given[name] for name in kept if name in given}


def _hidden(prepared: Prepared, design: Design, effect: Effect, opened: Opened, spec: StudySpec) -> HiddenBias | None:
    if not spec.overturn.hidden_bias:
        return None
    if spec.primary.kind == "time":
        logger.info("hidden bias: not worked out for a time")
        return None
    from dipeval.effects import hidden_bias

    logger.info("how strong something hidden would have to be")
    outcome = opened.frame[value_column(spec.primary)].rename(spec.primary.label)
    return hidden_bias(design, outcome, effect, spec.overturn.benchmarks or None, cluster=prepared.cluster)


def _listed(spec: StudySpec) -> list[NegativeControl]:
    """The negative controls of the study file: held-out facts, and offences after the index of certain kinds."""
    from dipeval.effects import NegativeControl

    found = []
    for item in spec.overturn.negative_controls:
        if item.column is not None:
            found.append(NegativeControl(column=item.column, label=item.label))
            continue
        kinds = rules.follow_up(spec, groups=tuple(item.groups), classes=tuple(item.classes))
        found.append(NegativeControl(column="reoffended", label=item.label, when="after_index", follow_up=kinds))
    return found


def _asked(prepared: Prepared, spec: StudySpec) -> tuple[Any, DesignAnalysis, Any]:
    """The people, the primary analysis and, for people in a frame, over which days each column was counted."""
    analysis, frame = analysis_of(prepared, spec)
    if prepared.cohort is None:
        return frame.join(prepared.frame[[name for name in prepared.frame if name not in frame]]), analysis, None
    if prepared.people is prepared.cohort and prepared.missing != "indicator":
        return prepared.cohort, analysis, None
    return frame, analysis, prepared.cohort.covariates()


def _check_controls(prepared: Prepared, spec: StudySpec) -> None:
    if not spec.overturn.negative_controls:
        return
    from dipeval.effects.checks.negative_controls_estimate import check_controls

    people, analysis, windows = _asked(prepared, spec)
    check_controls(
        people,
        analysis=analysis,
        controls=_listed(spec),
        windows=windows,
        cohort=None if people is prepared.cohort else prepared.cohort,
        drop_containing=spec.overturn.refit_without,
    )


def _controls(prepared: Prepared, spec: StudySpec) -> NegativeControls | None:
    if not spec.overturn.negative_controls:
        return None
    from dipeval.effects import negative_controls

    logger.info("outcomes that treatment cannot have changed")
    people, analysis, windows = _asked(prepared, spec)
    return negative_controls(
        people,
        analysis=analysis,
        controls=_listed(spec),
        windows=windows,
        cohort=None if people is prepared.cohort else prepared.cohort,
        drop_containing=spec.overturn.refit_without,
        cluster=prepared.cluster,
    )


def _specifications(prepared: Prepared, spec: StudySpec) -> SpecificationDesigns | None:
    asked = spec.overturn.specifications
    if asked is None:
        return None
    from dipeval.effects import SpecificationGrid, make_designs

    logger.info("making the designs of the specification curve")
    analysis, people = analysis_of(prepared, spec)
    grid = SpecificationGrid(
        covariates=analysis.covariates,
        methods=_first(spec.design.method, asked.methods),
        calipers=_first(spec.design.caliper, asked.calipers),
        ratios=_first(spec.design.ratio, asked.ratios),
        leave_out=tuple(asked.leave_out),
        estimators=_first(spec.effect.estimator, asked.estimators),
        measure=measures_of(spec.primary)[0],
        options=_carried(analysis, asked.methods, spec.seed),
        score=analysis.score,
        estimation=_estimation(spec, asked.estimators),
    )
    return make_designs(people, grid, limits=spec.diagnostics)


def _carried(analysis: DesignAnalysis, methods: Sequence[str], seed: int) -> dict[str, dict[str, Any]]:
    """Method -> options of the primary design that hold in the grid too: all of its own method's, of others the seed.

    What must be the same within a pair must be so in every matching of the grid.
    """
    varied = ("estimand", "caliper", "ratio")
    own = {name: value for name, value in analysis.options.items() if name not in varied}
    shared: dict[str, Any] = {name: value for name, value in own.items() if name == "exact"} | {"seed": seed}
    others: dict[str, dict[str, Any]] = {name: shared for name in methods if name in MATCHINGS}
    return others | {analysis.method: own} if analysis.method in methods else others


def _estimation(spec: StudySpec, estimators: Sequence[str]) -> dict[str, Any]:
    """How effects are estimated throughout the grid; an error that suits one design only is left to each."""
    given = {"folds": spec.effect.estimator_folds, "seed": spec.seed}
    modelled = spec.effect.model is not None and set(estimators) <= set(MODELLED)
    return given | ({"model": spec.effect.model} if modelled else {})


def _first(main: Any, listed: list[Any]) -> tuple[Any, ...]:
    """The choices with that of the primary design first, if it is among them."""
    return tuple(sorted(listed, key=lambda item: item != main))


def _curve(plan: Beyond, prepared: Prepared, opened: Opened, spec: StudySpec) -> SpecificationCurve | None:
    if plan.specifications is None:
        return None
    measure = measures_of(spec.primary)[0]
    try:
        return plan.specifications.estimate(
            opened.frame[value_column(spec.primary)],
            cluster=prepared.cluster,
            outcome_name=spec.primary.label,
            **time_at_risk(spec.primary, opened.frame, measure),
        )
    except EstimationError as error:
        logger.info("no specification curve: %s", error)
        return None
