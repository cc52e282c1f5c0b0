"""The columns that subgroups are made by: known before the index date, few levels, and nobody's level by accident."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.effects.asked import mapping_asked, names_asked, numbers_asked
from dipeval.effects.joining import ComparisonDesign
from dipeval.errors import DesignError, InputError
from dipeval.matching.doors import CohortLike, People, take
from dipeval.vocabulary import TREATED

MOST_LEVELS: Final = 10
NOT_RECORDED: Final = "not recorded"
_YES_NO: Final = ("no", "yes")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grouping:
    """One column and the level of every person of a design.

    Parameters
    ----------
    column
        The column.
    levels
        Its levels in words, in the order shown; where values are missing the last is "not recorded".
    codes
        Place of each person's level, over all people of the design.
    has_gaps
        Whether the last level is that of people whose value is not recorded.
    """

    column: str
    levels: tuple[str, ...]
    codes: NDArray[np.intp]
    has_gaps: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Asked:
    """People with nothing but the columns asked for, and when each was measured."""

    people: pd.DataFrame
    measured_at: Mapping[str, str]


def groupings(
    design: ComparisonDesign,
    people: People,
    *,
    by: Sequence[str],
    cut: Mapping[str, Sequence[float]] | None = None,
    outcomes: Sequence[str] = (),
    measured_at: Mapping[str, str] | None = None,
) -> list[Grouping]:
    """Read the columns that subgroups are made by.

    Parameters
    ----------
    design
        Whose people they are.
    people
        One row a person, or a cohort.
    by
        The columns.
    cut
        Column of numbers -> the values at which it is cut; each level starts with its value.
    outcomes
        Columns that are outcomes here, whatever they are called.
    measured_at
        Column -> when it was measured, for a DataFrame.

    Returns
    -------
    list of Grouping

    Raises
    ------
    InputError
        Columns that are missing, have too many levels or do not fit the people of the design.
    DesignError
        Outcomes, and what was measured after the index date.
    """
    names = list(names_asked("by", by))
    if not names:
        raise InputError("by is empty: name the columns, known before the index date, that make the subgroups.")
    breaks = _breaks(names, cut)
    frame = people.people if not isinstance(people, pd.DataFrame) and isinstance(people, CohortLike) else people
    index = design.weights.index
    if isinstance(frame, pd.DataFrame):
        _refuse_others(index, frame)
        _through_the_door(design, people, frame, names, measured_at)
    else:
        take(people, treated=TREATED, covariates=names)  # says what is wrong with it
    own = [name for name in names if name in outcomes]
    if own:
        raise InputError(
            f"{', '.join(own)}: a column of the outcomes. People must be divided by what was known before treatment "
            "began, for treatment may have changed what came after."
        )
    used = design.weights.to_numpy() > 0
    return [_grouping(name, frame[name].reindex(index), breaks.get(name), used) for name in names]


def _refuse_others(index: pd.Index, frame: pd.DataFrame) -> None:
    """Refuse people that the design was not made of."""
    missing = int((~index.isin(frame.index)).sum())
    if missing:
        raise InputError(
            f"people has no row for {missing} of the {len(index)} people of the design; pass the people that the "
            "design was made of, on the same index."
        )


def _through_the_door(
    design: ComparisonDesign,
    people: People,
    frame: pd.DataFrame,
    names: Sequence[str],
    measured_at: Mapping[str, str] | None,
) -> None:
    """Let the columns through the door of the design stage, which refuses outcomes and whatever came after the index.

    Missing values may pass: they make a level of their own.
    """
    there = {
        name: _filled(frame[name]) for name in names if name in frame.columns and (frame.columns == name).sum() == 1
    }
    asked = frame.drop(columns=list(there)) if len(there) < len(names) else pd.DataFrame(index=frame.index)
    asked = asked.assign(**there)
    asked[TREATED] = frame.index.isin(design.treated.index[design.treated.astype(bool)])
    try:
        if isinstance(people, pd.DataFrame):
            take(asked, treated=TREATED, covariates=names, measured_at=measured_at)
        else:
            take(_Asked(people=asked, measured_at=people.measured_at), treated=TREATED, covariates=names)
    except DesignError as problem:
        raise DesignError(f"by= names what people cannot be divided by. {problem}") from None


def _filled(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna().to_numpy(), NOT_RECORDED)


def _breaks(names: Sequence[str], cut: Mapping[str, Sequence[float]] | None) -> dict[str, NDArray[np.float64]]:
    """Return the places at which columns are cut, checked."""
    found = {}
    for name, places in mapping_asked("cut", cut, "column").items():
        if name not in names:
            raise InputError(f"cut names '{name}', which is none of the columns in by: {', '.join(map(str, names))}.")
        values = np.array(numbers_asked(f"cut['{name}']", places, "[25, 35]"))
        if not len(values) or (np.diff(values) <= 0).any():
            raise InputError(f"cut needs rising numbers for '{name}', such as [25, 35]; each starts a level.")
        found[str(name)] = values
    return found


def _grouping(name: str, column: pd.Series, breaks: NDArray[np.float64] | None, used: NDArray[np.bool_]) -> Grouping:
    if breaks is not None:
        codes, levels = _cut(name, column, breaks)
    else:
        codes, levels = _levels(name, column, used)
    gaps = column.isna().to_numpy() & (codes < 0)
    if gaps[used].any():
        codes = np.where(codes < 0, len(levels), codes)
        levels = [*levels, NOT_RECORDED]
    if len(levels) - int(gaps[used].any()) < 2:
        raise InputError(f"'{name}' is the same for everybody the design uses: it makes no subgroups. Take it out.")
    return Grouping(column=name, levels=tuple(levels), codes=codes.astype(np.intp), has_gaps=bool(gaps[used].any()))


def _cut(name: str, column: pd.Series, breaks: NDArray[np.float64]) -> tuple[NDArray[Any], list[str]]:
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        raise InputError(f"'{name}' holds no numbers, so it cannot be cut; leave it out of cut.")
    values = column.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    codes = np.where(np.isnan(values), -1, np.searchsorted(breaks, values, side="right"))
    known = values[~np.isnan(values)]
    whole = bool((known == np.floor(known)).all() and (breaks == np.floor(breaks)).all())
    words = [f"under {breaks[0]:g}"]
    for start, end in pairwise(breaks.tolist()):
        words.append(_between(start, end, whole=whole))
    return codes, [*words, f"{breaks[-1]:g} and over"]


def _between(start: float, end: float, *, whole: bool) -> str:
    if not whole:
        return f"{start:g} to under {end:g}"
    return f"{start:g}" if end - start == 1 else f"{start:g} to {end - 1:g}"


def _levels(name: str, column: pd.Series, used: NDArray[np.bool_]) -> tuple[NDArray[Any], list[str]]:
    """Return the levels among the people used, in their own order where they have one."""
    present = column[used].dropna()
    if isinstance(column.dtype, pd.CategoricalDtype):
        values = [level for level in column.cat.categories if (present == level).any()]
    else:
        values = _sorted(name, present)
    if len(values) > MOST_LEVELS:
        how = (
            f"cut it into a few with cut={{'{name}': [...]}}"
            if pd.api.types.is_numeric_dtype(column)
            else "join levels first"
        )
        raise InputError(
            f"'{name}' has {len(values)} levels among the people the design uses; at most {MOST_LEVELS} subgroups can "
            f"be told apart: {how}."
        )
    codes = pd.Index(values, dtype=object).get_indexer(pd.Index(column.astype(object), dtype=object))
    return codes, _in_words(values)


def _sorted(name: str, present: pd.Series) -> list[Any]:
    try:
        return sorted(present.unique().tolist(), key=lambda value: (isinstance(value, str), value))
    except TypeError:  # lists have no order of their own, nor have complex numbers
        raise InputError(f"'{name}' holds values that make no levels; give numbers, words or yes/no.") from None


def _in_words(values: Sequence[Any]) -> list[str]:
    if values and set(values) <= {0, 1} and all(not isinstance(value, str) for value in values):
        return [_YES_NO[int(value)] for value in values]
    return [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
