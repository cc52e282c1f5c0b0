"""The steps after the people are found: designs, and, with a permit, effects, curve and model."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.effects import estimate_effect
from dipeval.errors import InputError
from dipeval.matching import match, weight
from dipeval.study.crosschecks import value_column
from dipeval.study.gate import Diagnostics, examine
from dipeval.vocabulary import TREATED

if TYPE_CHECKING:
    from dipeval.effects import Effect
    from dipeval.matching import Design
    from dipeval.study.load import Prepared
    from dipeval.study.spec import DesignOptions, OutcomeSpec, StudySpec

logger = logging.getLogger("dipeval")

MEASURES = {"yes_no": ("risk_difference", "risk_ratio"), "count": ("mean_difference",)}
_WEIGHTINGS = ("entropy", "ipw", "none")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SensitivityResult:
    """Another design, its checks and, if the study passed the gate, its effects.

    Parameters
    ----------
    name, label
        As in the study file.
    design
        The comparison.
    diagnostics
        Its own checks; effects of a design that fails them are shown marked, never as the answer.
    effects
        Effects on the same outcomes as the primary design's, primary first; empty if the study is withheld.
    """

    name: str
    label: str
    design: Design
    diagnostics: Diagnostics
    effects: tuple[Effect, ...] = ()


def make_design(prepared: Prepared, options: DesignOptions, covariates: Sequence[str], seed: int) -> Design:
    """Make the groups comparable in one way. No outcome is there to be seen.

    Parameters
    ----------
    prepared
        The people.
    options
        The method and its options.
    covariates
        Columns known before the index date.
    seed
        Breaks ties.

    Returns
    -------
    Design
    """
    common: dict[str, Any] = {"treated": TREATED, "covariates": list(covariates), "estimand": options.estimand}
    if isinstance(prepared.people, pd.DataFrame) and prepared.measured_at:
        declared = {name: when for name, when in prepared.measured_at.items() if name in {*covariates, *options.exact}}
        common["measured_at"] = declared
    if options.method in _WEIGHTINGS:
        return weight(prepared.people, method=options.method, **common)
    return match(
        prepared.people,
        method=options.method,
        caliper=options.caliper,
        caliper_unit=options.caliper_unit,
        scale=options.scale,
        ratio=options.ratio,
        replace=options.replace,
        order=options.order,
        exact=tuple(options.exact),
        seed=seed,
        **common,
    )


def primary_design(prepared: Prepared, spec: StudySpec) -> Design:
    """Make the primary design of a study."""
    logger.info("making the groups comparable: %s", spec.design.method)
    return make_design(prepared, spec.design, spec.design.covariates, spec.seed)


def sensitivity_designs(prepared: Prepared, spec: StudySpec) -> tuple[SensitivityResult, ...]:
    """Make every further design of a study, without effects."""
    results = []
    for other in spec.sensitivity:
        logger.info("making another comparison: %s", other.label)
        design = make_design(prepared, other, other.covariates or spec.design.covariates, spec.seed)
        checks = examine(design, spec.diagnostics)
        results.append(SensitivityResult(name=other.name, label=other.label, design=design, diagnostics=checks))
    return tuple(results)


def unadjusted_design(prepared: Prepared, spec: StudySpec) -> Design:
    """Return the comparison of everybody as they come, for the unadjusted figures."""
    common: dict[str, Any] = {"treated": TREATED, "covariates": list(spec.design.covariates)}
    if isinstance(prepared.people, pd.DataFrame) and prepared.measured_at:
        common["measured_at"] = {n: w for n, w in prepared.measured_at.items() if n in spec.design.covariates}
    return weight(prepared.people, method="none", **common)


def ordered_outcomes(spec: StudySpec) -> list[OutcomeSpec]:
    """Return the outcomes that have effects, primary first."""
    valued = [outcome for outcome in spec.outcomes if outcome.kind in MEASURES]
    return sorted(valued, key=lambda outcome: not outcome.primary)


def effects_of(design: Design, outcomes: pd.DataFrame, spec: StudySpec) -> tuple[Effect, ...]:
    """Estimate every effect of a design: primary outcome first, each outcome by its measures.

    Parameters
    ----------
    design
        The comparison.
    outcomes
        One row a person; opened with a permit.
    spec
        Which outcomes, and their labels (the effects carry the label as their outcome's name).

    Returns
    -------
    tuple of Effect
    """
    found = []
    for outcome in ordered_outcomes(spec):
        column = value_column(outcome)
        if column not in outcomes.columns:
            raise InputError(
                f"Outcome '{outcome.name}' is not measured here; "
                f"the outcomes are {', '.join(map(str, outcomes.columns))}."
            )
        for measure in MEASURES[outcome.kind]:
            if measure == "risk_ratio" and not _ratio_exists(design, outcomes[column]):
                logger.info("no ratio for %s: it happened to nobody in one of the groups", outcome.name)
                continue
            found.append(estimate_effect(design, outcomes[column], measure=measure, outcome_name=outcome.label))
    return tuple(found)


def _ratio_exists(design: Design, values: pd.Series) -> bool:
    used = design.weights > 0
    happened = values.reindex(design.weights.index)[used] > 0
    return bool(happened.groupby(design.treated[used].astype(bool)).any().all())


def with_effects(
    sensitivity: tuple[SensitivityResult, ...], outcomes: pd.DataFrame, spec: StudySpec
) -> tuple[SensitivityResult, ...]:
    """Add the effects to each further design."""
    return tuple(
        SensitivityResult(
            name=item.name,
            label=item.label,
            design=item.design,
            diagnostics=item.diagnostics,
            effects=effects_of(item.design, outcomes, spec),
        )
        for item in sensitivity
    )
