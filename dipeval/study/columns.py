"""Which columns the keys of a study file name: of the outcomes, and of each design by key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dipeval.study.spec import DesignOptions, OutcomeSpec, StudySpec

Location = tuple[str | int, ...]


def value_column(outcome: OutcomeSpec) -> str:
    """Return the column that holds a yes/no or a count: as named, else the outcome's own name."""
    return outcome.column or outcome.name


def outcome_columns(spec: StudySpec) -> tuple[str, ...]:
    """Return every column that holds an outcome, in the order of the study file."""
    columns: list[str] = []
    for outcome in spec.outcomes:
        named = (outcome.time, outcome.event) if outcome.kind == "time" else (value_column(outcome), outcome.at_risk)
        columns += [column for column in named if column is not None]
    return tuple(dict.fromkeys(columns))


def yes_no_columns(spec: StudySpec) -> tuple[str, ...]:
    """Return the outcome columns that say yes or no: yes/no outcomes, and whether the event of a time came."""
    named = (outcome.event if outcome.kind == "time" else value_column(outcome) for outcome in spec.outcomes)
    kinds = (outcome.kind in ("yes_no", "time") for outcome in spec.outcomes)
    return tuple(column for column, wanted in zip(named, kinds, strict=True) if wanted and column is not None)


def design_columns(options: DesignOptions, covariates: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the columns that a design names, by the key that names them.

    Parameters
    ----------
    options
        Of the design.
    covariates
        Its covariates.

    Returns
    -------
    dict
        Key -> columns; every key by which a column can get into a design.

    Raises
    ------
    InputError
        If the formula cannot be read.
    """
    return {
        "covariates": tuple(covariates),
        "exact": tuple(options.exact),
        "anti_exact": tuple(options.anti_exact),
        "covariate_calipers": tuple(options.covariate_calipers),
        "mahalanobis": tuple(options.mahalanobis),
        "cutpoints": tuple(options.cutpoints),
        "references": tuple(options.references),
        "formula": formula_names(options.formula),
        "sample_weights": () if options.sample_weights is None else (options.sample_weights,),
    }


def formula_names(formula: str | None) -> tuple[str, ...]:
    """Return the columns that a formula names; none without a formula."""
    if formula is None:
        return ()
    from dipeval.matching.formula import formula_columns

    return tuple(formula_columns((), formula))


def used_columns(options: DesignOptions, covariates: Sequence[str]) -> tuple[str, ...]:
    """Return every column a design uses, each once."""
    named = design_columns(options, covariates)
    return tuple(dict.fromkeys(name for names in named.values() for name in names))


def covariates_of(spec: StudySpec, options: Any) -> list[str]:
    """Return the covariates of a design: its own, or those of the primary one."""
    return list(options.covariates or spec.design.covariates)


def designs(spec: StudySpec) -> Iterator[tuple[Location, Any]]:
    """Return the primary and the sensitivity designs, each with where it stands in the study file."""
    yield ("design",), spec.design
    for place, options in enumerate(spec.sensitivity):
        yield ("sensitivity", place), options


def all_columns(spec: StudySpec) -> list[str]:
    """Return every column that any design of the study uses, each once."""
    return list(
        dict.fromkeys(
            name for _, options in designs(spec) for name in used_columns(options, covariates_of(spec, options))
        )
    )


def side_columns(spec: StudySpec) -> list[str]:
    """Return columns from before treatment that no design uses but the study asks about: subgroups, held-out facts."""
    held_out = (item.column for item in spec.overturn.negative_controls if item.column is not None)
    asked = dict.fromkeys([*(spec.subgroups.by if spec.subgroups is not None else ()), *held_out])
    used = set(all_columns(spec))
    return [name for name in asked if name not in used]
