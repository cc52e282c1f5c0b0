"""The door of the design stage: only the columns that were named come in, and none of them may know the outcome.

`matching` never sees an outcome. Everything a design uses passes `take`, which drops every other column, refuses
outcome names and anything not known before the index date, and checks that what is left is complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import DesignError, InputError
from dipeval.matching.ids import Ids, read_ids
from dipeval.vocabulary import OUTCOME_NAMES

BEFORE = frozenset({"before_index", "at_index"})
DECLARABLE = ("before_index", "at_index", "after_index")
NOT_DECLARED = (
    "When the covariates were measured was not declared (measured_at=...): that each was known before the index date "
    "rests on the caller."
)


@runtime_checkable
class CohortLike(Protocol):
    """What a cohort shows to the design stage: its people, and when each column was measured."""

    @property
    def people(self) -> pd.DataFrame:
        """One row a person."""
        ...

    @property
    def measured_at(self) -> Mapping[str, str]:
        """Column -> when it was measured."""
        ...


People = pd.DataFrame | CohortLike


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Taken:
    """What came through the door: complete columns, a yes/no treatment, unique ids and the order they give.

    The frame shares its columns with the caller's table, so that a million people are not copied: read it, never write.
    """

    frame: pd.DataFrame
    treated: NDArray[np.bool_]
    treated_name: str
    covariates: tuple[str, ...]
    index: pd.Index
    id_values: pd.Index
    ids: Ids
    declared: bool

    @property
    def order(self) -> NDArray[np.int64]:
        """Positions that sort the people by id."""
        return self.ids.order

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must be told about the columns."""
        return () if self.declared else (NOT_DECLARED,)

    def only(self, names: Sequence[str]) -> pd.DataFrame:
        """Return some of the columns, not copied."""
        return _shared(self.frame, names)


def take(
    people: People,
    *,
    treated: str,
    covariates: Iterable[str],
    also: Iterable[str] = (),
    id: str | None = None,
    measured_at: Mapping[str, str] | None = None,
) -> Taken:
    """Let the named columns in, and nothing else.

    Parameters
    ----------
    people
        One row a person, or a cohort.
    treated
        Column with the treatment, 0/1 or yes/no.
    covariates
        Columns to balance.
    also
        Further columns used as conditions (exact, covariate calipers).
    id
        Column with a unique id; without it, the index.
    measured_at
        Column -> "before_index", "at_index" or "after_index" (DataFrames only: a cohort knows its own).

    Returns
    -------
    Taken

    Raises
    ------
    InputError
        Missing, repeated or incomplete columns; a treatment that is not yes/no; ids that repeat.
    DesignError
        An outcome or anything measured after the index date offered as a covariate; one group empty.
    """
    table, known = _open(people, measured_at)
    _one_name(treated, "treated")
    _one_name(id, "id")
    names = _names(covariates, "covariates")
    conditions = tuple(name for name in _names(also, "exact and covariate_calipers", empty=True) if name not in names)
    wanted = (*names, *conditions)
    _columns_exist(table, (treated, *wanted, *([] if id is None else [id])))
    _refuse_roles(wanted, treated, id)
    _refuse_outcomes([*wanted, treated, *([] if id is None else [id])])
    declared = _refuse_late(wanted, known, strict=not isinstance(people, pd.DataFrame))
    id_values = _index(table, id)
    ids = read_ids(id_values)
    frame = _shared(table, wanted)
    _refuse_incomplete(frame)
    return Taken(
        frame=frame,
        treated=_yes_no(table[treated], treated),
        treated_name=treated,
        covariates=names,
        index=table.index.copy(),
        id_values=id_values,
        ids=ids,
        declared=declared,
    )


def _shared(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return columns of a table in a frame of their own that shares their memory."""
    return pd.DataFrame({name: table[name] for name in names}, index=table.index, copy=False)


def _open(people: People, measured_at: Mapping[str, str] | None) -> tuple[pd.DataFrame, Mapping[str, str]]:
    if measured_at is not None and not isinstance(measured_at, Mapping):
        raise InputError('measured_at must be a mapping of column to moment, such as {"age": "at_index"}.')
    if isinstance(people, pd.DataFrame):
        moments = [
            when if isinstance(when, str) else f"a {type(when).__name__}" for when in (measured_at or {}).values()
        ]
        unknown = sorted(set(moments) - set(DECLARABLE))
        if unknown:
            raise InputError(f"measured_at= takes {', '.join(DECLARABLE)}; it was given {', '.join(unknown)}.")
        return people, dict(measured_at or {})
    if not isinstance(people, CohortLike):
        raise InputError(
            f"people must be a pandas DataFrame with one row a person, or a cohort from dip.build_cohort; "
            f"it is a {type(people).__name__}."
        )
    if measured_at:
        raise InputError("A cohort knows when its columns were measured: leave measured_at= out.")
    return people.people, dict(people.measured_at)


def _one_name(name: object, what: str) -> None:
    if not pd.api.types.is_hashable(name):
        raise InputError(
            f"{what} must be the name of one column of people; it is a {type(name).__name__}. Put the values into a "
            "column of people first and name that."
        )


def _names(names: Iterable[str], what: str, *, empty: bool = False) -> tuple[str, ...]:
    if isinstance(names, str):
        raise InputError(f"{what} must be a list of column names, such as [{names!r}], not one piece of text.")
    if not isinstance(names, Iterable) or isinstance(names, pd.Series):  # its values would be taken for names
        raise InputError(f"{what} must be a list of column names; it is a {type(names).__name__}.")
    listed = tuple(names)
    for name in listed:
        _one_name(name, f"each of {what}")
    if not listed and not empty:
        raise InputError(
            f"{what} is empty: name the columns, known before the index date, that the groups may differ in."
        )
    twice = sorted({str(name) for name in listed if listed.count(name) > 1})
    if twice:
        raise InputError(f"{what} names a column twice: {', '.join(twice)}. Name each once.")
    return listed


def _columns_exist(table: pd.DataFrame, names: Sequence[str]) -> None:
    if table.columns.nlevels > 1:
        raise InputError(
            f"people has column names of {table.columns.nlevels} levels; one level is needed: join them first "
            "(people.columns = ['_'.join(map(str, name)) for name in people.columns])."
        )
    missing = [str(name) for name in names if name not in table.columns]
    if missing:
        near = get_close_matches(missing[0], [str(name) for name in table.columns], n=1)
        raise InputError(
            f"There is no column {', '.join(missing)} in people{f' (did you mean {near[0]}?)' if near else ''}; "
            f"the columns are: {', '.join(map(str, table.columns))}."
        )
    repeated = [str(name) for name in names if (table.columns == name).sum() > 1]
    if repeated:
        raise InputError(f"The table has more than one column called {', '.join(repeated)}: rename or drop the others.")
    if table.empty:
        raise InputError("people has no rows: a design needs treated and comparison people.")


def _refuse_roles(wanted: Sequence[str], treated: str, id: str | None) -> None:
    for role, name in (("treatment", treated), ("id", id)):
        if name is not None and name in wanted:
            raise DesignError(
                f"'{name}' is the {role}: it cannot be a covariate or a matching condition too. Take it out."
            )


def refuse_outcome_score(name: object) -> None:
    """Refuse a score that carries the name of an outcome: people matched on it would be matched on the outcome."""
    if str(name).strip().lower() in OUTCOME_NAMES:
        raise DesignError(
            f"score= is called '{name}', the name of an outcome. A design never sees outcomes: pass a score made from "
            "what was known before the index date."
        )


def _refuse_outcomes(wanted: Sequence[str]) -> None:
    offered = [name for name in wanted if str(name).strip().lower() in OUTCOME_NAMES]
    if offered:
        raise DesignError(
            f"{', '.join(map(str, offered))}: the name of an outcome. A design never sees outcomes; take it out of the "
            "covariates (or rename the column if it really is something known before the index date)."
        )


def _refuse_late(wanted: Sequence[str], known: Mapping[str, str], *, strict: bool) -> bool:
    """Refuse what was not measured before the index date; say whether every column's moment is known."""
    late = [f"{name} ({known[name]})" for name in wanted if known.get(name, "before_index") not in BEFORE]
    if late:
        raise DesignError(
            f"Not known before the index date: {', '.join(late)}. What may follow the treatment is no baseline: "
            "take it out of the covariates."
        )
    unknown = [str(name) for name in wanted if name not in known]
    if unknown and strict:
        raise DesignError(
            f"The cohort does not say when {', '.join(unknown)} was measured, so it cannot be used: choose among "
            f"{', '.join(sorted(name for name, when in known.items() if when in BEFORE))}."
        )
    return not unknown


def _index(table: pd.DataFrame, id: str | None) -> pd.Index:
    if not table.index.is_unique:
        raise InputError(
            f"{int(table.index.duplicated().sum())} of the {len(table)} index labels repeat an earlier one; results "
            "are handed back on the index, so make it unique (people.reset_index(drop=True), or set_index on the id)."
        )
    index = table.index if id is None else pd.Index(_whole_width(table[id]))
    missing = int(np.count_nonzero(index.isna())) if not isinstance(index, pd.MultiIndex) else 0
    if missing:
        raise InputError(
            f"{missing} of the {len(table)} people have no id; every person needs one, different from all others."
        )
    return index


def _whole_width(column: pd.Series) -> pd.Series:
    """Return half-precision numbers in single precision: pandas makes no index of them."""
    return column.astype(np.float32) if column.dtype == np.float16 else column


def _refuse_incomplete(frame: pd.DataFrame) -> None:
    faults = []
    for name in frame.columns:
        gaps, endless = _gaps(frame[name])
        found = [f"{gaps} missing"] * (gaps > 0) + [f"{endless} infinite"] * (endless > 0)
        if found:
            faults.append(f"{name} ({' and '.join(found)})")
    if faults:
        raise InputError(
            f"Incomplete columns among {len(frame)} people: {'; '.join(faults)}. A design needs complete columns: "
            "fill the gaps and add a yes/no column that marks them, or leave those people or columns out."
        )


def _gaps(column: pd.Series) -> tuple[int, int]:
    """Count the missing and the infinite values of a column."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biu":
        return 0, 0
    if isinstance(column.dtype, np.dtype) and column.dtype.kind == "f" and np.isfinite(column.to_numpy()).all():
        return 0, 0
    gaps = int(column.isna().sum())
    numeric = pd.api.types.is_float_dtype(column.dtype)
    return gaps, int(np.isinf(column.dropna().to_numpy(dtype=float)).sum()) if numeric else 0


def _yes_no(column: pd.Series, name: str) -> NDArray[np.bool_]:
    gaps = int(column.isna().sum())
    if gaps:
        raise InputError(
            f"The treatment '{name}' is missing for {gaps} of {len(column)} people; everyone needs 0 or 1."
        )
    numeric = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_complex_dtype(column.dtype)
    if not (numeric or pd.api.types.is_bool_dtype(column.dtype)):
        column = _loose(column, name)
    values = column.to_numpy(dtype=float)
    other = int((~np.isin(values, (0.0, 1.0))).sum())
    if other:
        raise InputError(
            f"The treatment '{name}' must be 0/1 or yes/no (bool); {other} of {len(values)} people have another value."
        )
    treated: NDArray[np.bool_] = values == 1.0
    count = int(treated.sum())
    if count in (0, len(values)):
        who = "Nobody" if count == 0 else f"Everybody (all {count})"
        raise DesignError(f"{who} is treated by '{name}': a design needs treated and comparison people.")
    return treated


def _loose(column: pd.Series, name: str) -> pd.Series:
    """Accept an object column that holds nothing but 0/1 or True/False."""
    values: list[Any] = column.tolist()
    if all(isinstance(value, (bool, int, float, np.bool_, np.number)) for value in values):
        return column.astype(float)
    raise InputError(
        f"The treatment '{name}' holds text; it must be 0/1 or yes/no (bool): turn the words into 0 and 1."
    )
