"""The steps after the people are found: designs, and, with a permit, effects, curve and model."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from dipeval.effects.design_analysis import make_groups_comparable
from dipeval.errors import DesignError, EstimationError, InputError
from dipeval.study.beside import BesideMixin
from dipeval.study.columns import covariates_of, design_columns, outcome_columns
from dipeval.study.gate import Diagnostics, examine
from dipeval.study.plan import labelled, planned
from dipeval.study.wording import as_design_keys
from dipeval.vocabulary import OUTCOME_NAMES, TREATED

if TYPE_CHECKING:
    from dipeval.effects import Effect
    from dipeval.matching import Design
    from dipeval.study.load import Prepared
    from dipeval.study.spec import DesignOptions, StudySpec

logger = logging.getLogger("dipeval")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SensitivityResult(BesideMixin):
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

    @property
    def design_label(self) -> str:
        """The design's label."""
        return self.label


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
        Breaks ties, and parts people for the cross-fitting of scores.

    Returns
    -------
    Design
    """
    if not options.weighted and isinstance(prepared.people, pd.DataFrame) and prepared.people.index.name is None:
        raise InputError(
            "Matching chooses among people who are alike by their own number; without one the order of the rows would "
            "choose. Name the column with each person's number under people.id."
        )
    people, moments, plan = planned(prepared, options, covariates, seed)
    if moments:
        plan["options"] |= {"measured_at": moments}
    try:
        return make_groups_comparable(people, **plan)
    except DesignError as error:
        marks = [name for name in plan["covariates"] if name not in covariates and f"'{name}'" in str(error)]
        raise DesignError(f"{error}{_of_marks(marks)}") from None


def _of_marks(marks: Sequence[str]) -> str:
    """What to do about a column that no file holds: it was made to mark the gaps of another."""
    if not marks:
        return ""
    return (
        f" ({', '.join(marks)} marks who has a gap in that column. Take the column itself out of the design, or leave "
        'those people out with missing = "leave_out" under [design].)'
    )


def _refuse_what_is_no_baseline(spec: StudySpec, options: DesignOptions, covariates: Sequence[str]) -> None:
    """Refuse a design that would see an outcome, or a column set aside, by whatever key it was named."""
    outcomes = {*outcome_columns(spec), *OUTCOME_NAMES}
    if spec.people.treated in outcomes:
        raise DesignError(f"'{spec.people.treated}' is named as the treatment and as an outcome; it can be only one.")
    for key, names in design_columns(options, covariates).items():
        for name in names:
            if name in outcomes:
                raise DesignError(
                    f"'{name}' is an outcome: the groups may not be matched on what happened afterwards, exactly or "
                    f"otherwise. Take it out of {key}."
                )
            if name in spec.people.excluded:
                raise DesignError(
                    f"'{name}' is under people.excluded and cannot be used by a design too; take it out of {key}, or "
                    "out of people.excluded."
                )


def primary_design(prepared: Prepared, spec: StudySpec) -> Design:
    """Make the primary design of a study."""
    logger.info("making the groups comparable: %s", spec.design.method)
    _refuse_what_is_no_baseline(spec, spec.design, spec.design.covariates)
    try:
        with naming():
            return make_design(prepared, spec.design, spec.design.covariates, spec.seed)
    except DesignError as error:
        raise DesignError(f"{_too_few(prepared, spec)}{error}") from None


def _too_few(prepared: Prepared, spec: StudySpec) -> str:
    """The likelier reason why no comparison can be made: hardly anybody is treated."""
    n_treated, needed = int(prepared.frame[TREATED].sum()), spec.diagnostics.min_treated
    if n_treated >= needed:
        return ""
    keys = (
        "cohort.grace_days, cohort.exposure_types, cohort.index_from and index_to" if spec.from_extracts else "people"
    )
    return f"Fewer than {needed} are treated, the fewest allowed (diagnostics.min_treated): see {keys}. With so few: "


def sensitivity_designs(prepared: Prepared, spec: StudySpec) -> tuple[SensitivityResult, ...]:
    """Make every further design of a study, without effects."""
    results, failed = [], []
    for place, other in enumerate(spec.sensitivity, start=1):
        logger.info("making another comparison: %s", other.label)
        covariates = covariates_of(spec, other)
        try:
            with naming(other.label):
                _refuse_what_is_no_baseline(spec, other, covariates)
                design = make_design(prepared, other, covariates, spec.seed)
        except InputError as error:
            failed.append(f"{error} (sensitivity[{place}] of the study file: change it or take it out.)")
            continue
        checks = examine(design, spec.diagnostics)
        results.append(SensitivityResult(name=other.name, label=labelled(other), design=design, diagnostics=checks))
    if failed:
        raise DesignError("\n".join(failed))
    return tuple(results)


def unadjusted_design(prepared: Prepared, spec: StudySpec) -> Design:
    """Return the comparison of everybody as they come, for the unadjusted figures."""
    from dipeval.study.spec import DesignOptions

    return make_design(prepared, DesignOptions(method="none"), spec.design.covariates, spec.seed)


@contextmanager
def naming(label: str = "") -> Iterator[None]:
    """Say which of the further designs a refusal is about, as the file may hold several, and which keys to change."""
    try:
        yield
    except InputError as error:
        kind = type(error) if isinstance(error, (DesignError, EstimationError)) else InputError
        named = f"Sensitivity design '{label}': " if label else ""
        raise kind(f"{named}{as_design_keys(str(error))}") from None
