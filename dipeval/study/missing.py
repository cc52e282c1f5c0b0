"""Values that are not recorded: refused, their people left out and counted, or filled and marked, as the file says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dipeval.errors import InputError
from dipeval.study.columns import covariates_of, used_columns
from dipeval.study.flow import FlowRow

if TYPE_CHECKING:
    import pandas as pd

    from dipeval.cohort.missing import Filled
    from dipeval.study.load import Prepared
    from dipeval.study.spec import StudySpec

RECORDED = {
    "refuse": "With the treatment and every covariate recorded",
    "leave_out": "With the treatment and every covariate recorded",
    "indicator": "With the treatment recorded",
}
CHOICES = (
    'Choose what becomes of them, with missing = "..." under [design]: "leave_out" (people with a gap are left out, '
    'and counted), or "indicator" (gaps are filled, and marked by a yes/no column of their own); or keep "refuse", and '
    "complete the columns or take them out of the study."
)
LEFT_OUT = (
    "People with a covariate that is not recorded were left out, and counted: the answer is about the others, and is "
    "fair to everybody only if those left out are like them."
)


def whole_rows(people: pd.DataFrame, columns: Sequence[str], how: str, never_filled: Sequence[str] = ()) -> pd.Series:
    """Return who stays; refuse gaps where the study file does not say what becomes of them.

    Parameters
    ----------
    people
        One row a person; the treatment is known of all of them.
    columns
        That the designs use.
    how
        ``refuse``, ``leave_out`` or ``indicator``.
    never_filled
        Columns that no filling can complete: sample weights.

    Returns
    -------
    pandas.Series of bool

    Raises
    ------
    InputError
        Naming the columns, for how many people each is missing, and the choices.
    """
    gaps = people[list(columns)].isna()
    strict = list(columns) if how == "refuse" else [name for name in never_filled if how == "indicator"]
    counts = {name: int(gaps[name].sum()) for name in strict if gaps[name].any()}
    if counts:
        found = "; ".join(f"{name} ({count} people)" for name, count in counts.items())
        why = CHOICES if how == "refuse" else "A weight cannot be filled in: complete it, or leave those people out."
        raise InputError(f"Not recorded for everybody, of {len(people)} people: {found}. {why}")
    gapped = gaps.any(axis=1)
    return ~gapped if how == "leave_out" else gapped.map(lambda _: True).astype(bool)


def filled_for(people: Any, columns: Sequence[str]) -> Filled | None:
    """Fill and mark the gaps in the columns of one design; None where there are none.

    Parameters
    ----------
    people
        A frame with one row a person, or a cohort.
    columns
        That the design uses, but for its sample weights.

    Returns
    -------
    Filled or None
    """
    import pandas as pd

    frame = people if isinstance(people, pd.DataFrame) else people.people
    if not frame[list(columns)].isna().any(axis=None):
        return None
    from dipeval.cohort.missing import fill_missing

    return fill_missing(people, columns=list(columns))


def assumptions_of(prepared: Prepared, spec: StudySpec) -> tuple[str, ...]:
    """Return what a reader must be told of the gaps in the primary design: what was done, and when that is fair.

    Parameters
    ----------
    prepared
        The people.
    spec
        The study.

    Returns
    -------
    tuple of str
        Sentences without a count; none where nothing is missing.
    """
    if spec.design.missing == "refuse":
        return ()
    if spec.design.missing == "leave_out":
        lost = any(row.n_excluded for row in prepared.flow if row.step == "complete")
        return (LEFT_OUT,) if lost else ()
    filled = filled_for(prepared.people, fillable(spec.design, covariates_of(spec, spec.design)))
    return () if filled is None else filled.notes


def fillable(options: Any, covariates: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of a design whose gaps can be filled: all but the sample weights."""
    return tuple(name for name in used_columns(options, covariates) if name != options.sample_weights)


def marks_of(filled: Filled) -> tuple[str, ...]:
    """Return the columns that mark the gaps, in the order of the columns they belong to."""
    marks = filled.to_frame()["indicator"].tolist()
    return tuple(dict.fromkeys(mark for mark in marks if mark in filled.covariates))


def recorded_row(how: str, n_people: int, n_excluded: int) -> FlowRow:
    """Return the step of the flow at which people with gaps are left out."""
    return FlowRow("complete" if how != "indicator" else "treatment_recorded", RECORDED[how], n_people, n_excluded)
