"""Covariates as numbers: one term a number, one a level of a category, with the reference level named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import DesignError, InputError

MOST_LEVELS = 100
BLOCK = 4096
LARGEST = 1e150
SEVERAL = 10  # people at a level that a sentence may name


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Terms:
    """Numeric terms, one row a person, in the order of the covariates.

    Parameters
    ----------
    names
        Name of each term: the column, or ``column[level]``.
    columns
        The covariate each term belongs to.
    values
        People x terms. Every level of a category has its term.
    reference
        Whether a term is the reference level of its category: shown in balance tables, left out of models.
    """

    names: tuple[str, ...]
    columns: tuple[str, ...]
    values: NDArray[np.float64]
    reference: NDArray[np.bool_]

    @property
    def binary(self) -> NDArray[np.bool_]:
        """Which terms are 0/1."""
        found = np.ones(self.values.shape[1], dtype=bool)
        for start in range(0, len(self.values), BLOCK):
            block = self.values[start : start + BLOCK]
            found &= ((block == 0) | (block == 1)).all(axis=0)
        return found

    def model(self) -> Terms:
        """Return the terms without the reference levels."""
        return self._only(~self.reference)

    def labels(self) -> Terms:
        """Return the names of the terms of a model, without anybody's values."""
        return Terms(names=self.names, columns=self.columns, values=self.values[:0], reference=self.reference).model()

    def of(self, covariates: tuple[str, ...]) -> Terms:
        """Return the terms of some of the covariates."""
        return self._only(np.array([column in covariates for column in self.columns], dtype=bool))

    def _only(self, keep: NDArray[np.bool_]) -> Terms:
        """Return some of the terms; the values are shared, not copied, where all are kept."""
        if keep.all():
            return self
        return Terms(
            names=tuple(name for name, kept in zip(self.names, keep, strict=True) if kept),
            columns=tuple(name for name, kept in zip(self.columns, keep, strict=True) if kept),
            values=np.ascontiguousarray(self.values[:, keep]),
            reference=self.reference[keep],
        )

    def references(self) -> dict[str, str]:
        """Return the reference level of each category."""
        return {
            column: name[len(column) + 1 : -1]
            for name, column, is_reference in zip(self.names, self.columns, self.reference, strict=True)
            if is_reference
        }


def encode(frame: pd.DataFrame, *, references: Mapping[str, str] | None = None) -> Terms:
    """Turn covariates into numeric terms.

    Parameters
    ----------
    frame
        Complete covariates: numbers, yes/no, text or categories.
    references
        Category -> its reference level.

    Returns
    -------
    Terms
        The reference level of a category is the one named, else its most frequent one (ties: first in the alphabet).

    Raises
    ------
    DesignError
        Constant columns, each named.
    InputError
        Dates, or categories with more than 100 levels; a reference level that no column or nobody has.
    """
    named = _checked_references(frame, references)
    parts = [_read_column(str(name), frame[name]) for name in frame.columns]
    constant = [part.name for part in parts if part.is_constant]
    if constant:
        raise DesignError(
            f"Constant covariates, the same for all {len(frame)} people: {', '.join(constant)}. They tell nobody "
            "apart: take them out."
        )
    reference = [_reference_level(part, named.get(part.name)) for part in parts]
    return Terms(
        names=tuple(name for part in parts for name in part.terms),
        columns=tuple(part.name for part in parts for _ in part.terms),
        values=_fill(parts, len(frame)),
        reference=np.array(
            [place == chosen for part, chosen in zip(parts, reference, strict=True) for place in range(len(part.terms))]
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Read:
    """One column: its numbers, or the levels of a category with each person's."""

    name: str
    values: NDArray[Any]  # numbers, or codes of levels
    levels: tuple[str, ...] | None
    is_constant: bool

    @property
    def terms(self) -> tuple[str, ...]:
        return (self.name,) if self.levels is None else tuple(f"{self.name}[{level}]" for level in self.levels)


def _fill(parts: list[_Read], size: int) -> NDArray[np.float64]:
    """Fill the table block by block: writing down one column of a large table at a time misses every cache."""
    values = np.empty((size, sum(len(part.terms) for part in parts)))
    for start in range(0, size, BLOCK):
        rows = slice(start, start + BLOCK)
        place = 0
        for part in parts:
            if part.levels is None:
                values[rows, place] = part.values[rows]
            else:
                values[rows, place : place + len(part.levels)] = part.values[rows, None] == np.arange(len(part.levels))
            place += len(part.terms)
        values[rows] += 0.0  # minus zero becomes zero
    return values


def _read_column(name: str, column: pd.Series) -> _Read:
    dtype = column.dtype
    if pd.api.types.is_datetime64_any_dtype(dtype) or pd.api.types.is_timedelta64_dtype(dtype):
        raise InputError(f"'{name}' holds dates or times: turn it into a number, such as days before the index date.")
    if pd.api.types.is_complex_dtype(dtype):
        raise _strange(name)
    if pd.api.types.is_bool_dtype(dtype) or pd.api.types.is_numeric_dtype(dtype):
        plain = isinstance(dtype, np.dtype) and dtype.kind in "biuf"
        values = column.to_numpy() if plain else column.to_numpy(np.float64)
        low, high = float(values.min()), float(values.max())
        refuse_extremes(name, low, high)
        return _Read(name=name, values=values, levels=None, is_constant=low == high)
    return _read_category(name, column)


def _read_category(name: str, column: pd.Series) -> _Read:
    """Number the levels found among these people in the order of their texts; levels nobody has do not count."""
    try:
        codes, found = pd.factorize(column)
    except TypeError:  # lists and other containers
        raise _strange(name) from None
    texts = [str(value) for value in found]
    levels = sorted(set(texts))
    if len(levels) > MOST_LEVELS:
        raise InputError(
            f"'{name}' has {len(levels)} different levels among {len(column)} people (at most {MOST_LEVELS}): "
            "group them, or pass numbers as numbers. An identifier is no covariate."
        )
    place = {level: number for number, level in enumerate(levels)}
    renumbered = np.array([place[text] for text in texts], dtype=np.int64)
    return _Read(name=name, values=renumbered[codes], levels=tuple(levels), is_constant=len(levels) < 2)


def refuse_extremes(name: str, low: float, high: float) -> None:
    """Refuse numbers whose squares are beyond what a computer's numbers can hold.

    Parameters
    ----------
    name
        Of the column or term.
    low, high
        Its smallest and largest value.

    Raises
    ------
    InputError
        Naming it.
    """
    if max(abs(low), abs(high)) > LARGEST or 0 < high - low < 1 / LARGEST:
        raise InputError(
            f"'{name}' holds numbers too large, or too close together, to calculate with (beyond 1e150, or within "
            "1e-150 of each other): give it another unit."
        )


def _reference_level(part: _Read, named: str | None) -> int | None:
    """Return the place of the reference level: the one named, or the most frequent (first in the alphabet on ties)."""
    if part.levels is None:
        if named is not None:
            raise InputError(
                f"references names '{part.name}', which holds numbers or yes/no and has no reference level: leave it "
                "out, or turn its numbers into words if they are categories."
            )
        return None
    if named is None:
        return int(np.argmax(np.bincount(part.values, minlength=len(part.levels))))
    if named not in part.levels:
        raise InputError(
            f"references: '{part.name}' has no level called {named!r} among these people; {_usual_levels(part)}"
        )
    return part.levels.index(named)


def _usual_levels(part: _Read) -> str:
    """The levels that a sentence may name: those of several people, as a rare one may tell of somebody."""
    held = np.bincount(part.values, minlength=len(part.levels or ()))
    usual = [level for level, count in zip(part.levels or (), held, strict=True) if count >= SEVERAL]
    if not usual:
        return "check how it is written (capitals count)."
    return f"its levels are {', '.join(usual)}{' and rarer ones' if len(usual) < len(held) else ''}."


def _checked_references(frame: pd.DataFrame, references: Mapping[str, str] | None) -> dict[str, str]:
    if references is None:
        return {}
    if not isinstance(references, Mapping):
        raise InputError('references must be a mapping of category to its reference level: {"district": "Leeds"}.')
    columns = {str(name) for name in frame.columns}
    unknown = [str(name) for name in references if str(name) not in columns]
    if unknown:
        raise InputError(
            f"references names {', '.join(unknown)}, which is none of the {len(columns)} covariates: "
            f"{', '.join(sorted(columns))}."
        )
    return {str(name): str(level) for name, level in references.items()}


def _strange(name: str) -> InputError:
    return InputError(f"A covariate holds numbers, yes/no or words; {name} holds something else.")
