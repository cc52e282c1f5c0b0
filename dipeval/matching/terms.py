"""Covariates as numbers: one term a number, one a level of a category, with the reference level named."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import DesignError, InputError

MOST_LEVELS = 100


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
        found: NDArray[np.bool_] = ((self.values == 0) | (self.values == 1)).all(axis=0)
        return found

    def model(self) -> Terms:
        """Return the terms without the reference levels."""
        keep = ~self.reference
        return Terms(
            names=tuple(name for name, kept in zip(self.names, keep, strict=True) if kept),
            columns=tuple(name for name, kept in zip(self.columns, keep, strict=True) if kept),
            values=np.ascontiguousarray(self.values[:, keep]),
            reference=np.zeros(int(keep.sum()), dtype=bool),
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
        The reference level of a category is its most frequent one (ties: first in the alphabet).

    Raises
    ------
    DesignError
        Constant columns, each named.
    InputError
        Dates, or categories with more than 100 levels.
    """
    _refuse_strange(frame)
    constant = [str(name) for name in frame.columns if frame[name].nunique() < 2]
    if constant:
        raise DesignError(
            f"Constant covariates, the same for all {len(frame)} people: {', '.join(constant)}. They tell nobody "
            "apart: take them out."
        )
    parts = [_encode_column(str(name), frame[name]) for name in frame.columns]
    return Terms(
        names=tuple(name for part in parts for name in part.names),
        columns=tuple(name for part in parts for name in part.columns),
        values=np.column_stack([part.values for part in parts]),
        reference=np.concatenate([part.reference for part in parts]),
    )


def _refuse_strange(frame: pd.DataFrame) -> None:
    """Refuse columns that are neither numbers nor yes/no nor words: lists and other containers, complex numbers."""
    strange = [
        str(name)
        for name in frame.columns
        if pd.api.types.is_complex_dtype(frame[name].dtype)
        or (frame[name].dtype == object and not all(isinstance(value, Hashable) for value in frame[name]))
    ]
    if strange:
        raise InputError(f"A covariate holds numbers, yes/no or words; {', '.join(strange)} holds something else.")


def _encode_column(name: str, column: pd.Series) -> Terms:
    dtype = column.dtype
    if pd.api.types.is_datetime64_any_dtype(dtype) or pd.api.types.is_timedelta64_dtype(dtype):
        raise InputError(f"'{name}' holds dates or times: turn it into a number, such as days before the index date.")
    if pd.api.types.is_bool_dtype(dtype) or pd.api.types.is_numeric_dtype(dtype):
        values = column.to_numpy(dtype=np.float64)
        return Terms(names=(name,), columns=(name,), values=values[:, None] + 0.0, reference=np.zeros(1, dtype=bool))
    return _encode_category(name, column)


def _encode_category(name: str, column: pd.Series) -> Terms:
    words = column.astype(object).map(str).to_numpy(dtype=object)
    levels, codes, counts = np.unique(words.astype(str), return_inverse=True, return_counts=True)
    if len(levels) > MOST_LEVELS:
        raise InputError(
            f"'{name}' has {len(levels)} different levels among {len(words)} people (at most {MOST_LEVELS}): "
            "group them, or pass numbers as numbers. An identifier is no covariate."
        )
    values = (codes[:, None] == np.arange(len(levels))[None, :]).astype(np.float64)
    return Terms(
        names=tuple(f"{name}[{level}]" for level in levels),
        columns=(name,) * len(levels),
        values=values,
        reference=np.arange(len(levels)) == int(np.argmax(counts)),  # levels are sorted: the first wins a tie
    )
