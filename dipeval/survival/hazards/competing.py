"""What the models and tests of competing causes share: reading the causes, and names no column of the caller has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dipeval.errors import EstimationError, InputError
from dipeval.survival.columns import Integers, Rows, read_causes, read_rows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Competing:
    """The rows of one analysis in canonical order, with what ended each.

    Parameters
    ----------
    rows
        Checked rows; `rows.event` says whether anything at all happened.
    cause
        0 where a row left observation, else the number of the cause, from 1.
    names
        The causes in order: ``names[0]`` is cause 1.
    """

    rows: Rows
    cause: Integers
    names: tuple[str, ...]


def read_competing(data: pd.DataFrame, *, time: str, cause: str, censored: Sequence[str], **columns: Any) -> Competing:
    """Check the columns and return the rows with their causes; `columns` are those of `read_rows`."""
    if not isinstance(data, pd.DataFrame):
        raise InputError(f"A pandas DataFrame is needed, one row a person; a {type(data).__name__} was given.")
    if data.empty:
        raise EstimationError("The table has no rows: nothing can be estimated from it.")
    names, codes = read_causes(data, cause, censored)
    happened = spare_name(data, "happened")
    rows = read_rows(data.assign(**{happened: (codes > 0).astype(float)}), time=time, event=happened, **columns)
    return Competing(rows=rows, cause=codes[rows.position], names=names)


def cause_number(names: tuple[str, ...], of: object, cause: str) -> int:
    """Return the number of the cause asked for, by its number or its word."""
    whole = isinstance(of, (float, np.floating)) and float(of).is_integer()
    word = str(int(of)) if whole else str(of)  # type: ignore[call-overload]
    if isinstance(of, (bool, np.bool_)) or word not in names:
        raise EstimationError(
            f"`of` names a cause that column '{cause}' never holds: it holds {', '.join(names)} (beside leaving "
            "observation); name one of these."
        )
    return names.index(word) + 1


def cause_words(name: str) -> str:
    """Return a cause as a sentence names it: a number as such, a word in quotation marks."""
    return f"cause {name}" if name.isdigit() else f"'{name.replace('_', ' ')}'"


def spare_name(data: pd.DataFrame, word: str) -> str:
    """Return a column name that starts with `word` and that the caller's table does not have."""
    name = word
    while name in data.columns:
        name += "_"
    return name
