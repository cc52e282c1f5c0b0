"""Ids as arrays: whole numbers as numbers, anything else as the bytes of its text, sorted once.

No object is made for a person with a whole-number id, so a million people cost a few arrays.

Whole numbers are numbers however they are stored: 7 as int8, as int64, as a nullable integer, as the float 7.0 or as an
object is one and the same id. The text "7" is another id than the number 7: files that disagree on the type of the id
settle ties differently and have different fingerprints, so read the id with the same type every time. Within one file
7 and "7" are refused as one id given twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import InputError

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

WIDE = 8  # bytes of text taken at a time


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Texts:
    """Texts end to end in UTF-8.

    Parameters
    ----------
    data
        All bytes, and eight zeros after them.
    starts
        Where each text starts; one more for the end of the last.
    """

    data: NDArray[np.uint8]
    starts: Ints

    def lengths(self, rows: Ints) -> Ints:
        """Return the number of bytes of some of the texts."""
        return self.starts[rows + 1] - self.starts[rows]

    def word(self, rows: Ints, place: int) -> Words:
        """Return eight bytes of some texts as one number; zeros beyond the end of a text.

        Parameters
        ----------
        rows
            Which texts.
        place
            Which eight bytes: 0 for the first.
        """
        left = np.clip(self.starts[rows + 1] - self.starts[rows] - WIDE * place, 0, WIDE)
        anywhere = np.ndarray(shape=(len(self.data) - WIDE + 1,), dtype=">u8", buffer=self.data, strides=(1,))
        found = anywhere[np.where(left > 0, self.starts[rows] + WIDE * place, 0)].astype(np.uint64)
        surplus = (8 * (WIDE - left)).astype(np.uint64)
        half = surplus >> np.uint64(1)  # shifting by 64 at once is undefined
        found = (found >> half) >> (surplus - half)
        return (found << half) << (surplus - half)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ids:
    """One id a person, all different.

    Parameters
    ----------
    numbers
        The ids, when all are whole numbers.
    texts
        The ids as text otherwise.
    order
        Positions that sort the people by id: numbers as numbers, texts by their characters.
    """

    numbers: Ints | None
    texts: Texts | None
    order: Ints

    def __len__(self) -> int:
        """Return the number of people."""
        return len(self.order)

    def chunks(self) -> Iterator[NDArray[np.generic]]:
        """Hand out arrays that say which ids there are, in their order: the same for the same ids anywhere."""
        yield np.asarray([self.numbers is not None], dtype=np.bool_)
        if self.numbers is not None:
            yield self.numbers[self.order].astype("<i8", copy=False)
        if self.texts is not None:
            lengths = self.texts.lengths(self.order)
            yield lengths.astype("<i8", copy=False)
            for place in range(-(-int(lengths.max(initial=0)) // WIDE)):
                rows = self.order[lengths > WIDE * place]
                yield self.texts.word(rows, place).astype("<u8", copy=False)


def read_ids(index: pd.Index) -> Ids:
    """Read ids, sort them and make sure that no two are alike.

    Parameters
    ----------
    index
        One id a person, none missing.

    Returns
    -------
    Ids

    Raises
    ------
    InputError
        If ids repeat, as numbers or as text.

    Examples
    --------
    >>> read_ids(pd.Index([30, 4, 100])).order.tolist()
    [1, 0, 2]
    >>> read_ids(pd.Index(["30", "4", "100"])).order.tolist()
    [2, 0, 1]
    """
    numbers = _whole_numbers(index)
    if numbers is not None:
        order = np.argsort(numbers).astype(np.int64, copy=False)
        ordered = numbers[order]
        _refuse_repeats(int((ordered[1:] == ordered[:-1]).sum()), len(order))
        return Ids(numbers=numbers, texts=None, order=order)
    return _read_texts(index)


def _whole_numbers(index: pd.Index) -> Ints | None:
    """Return the ids as 64-bit numbers if that is what they are; None otherwise."""
    if isinstance(index, pd.MultiIndex):
        return None
    if pd.api.types.is_integer_dtype(index.dtype):
        fits = not pd.api.types.is_unsigned_integer_dtype(index.dtype) or int(index.max()) <= np.iinfo(np.int64).max
        return index.to_numpy(dtype=np.int64) if fits else None
    if pd.api.types.is_float_dtype(index.dtype):
        values = index.to_numpy(dtype=np.float64)
        whole = bool((np.abs(values) < 2.0**53).all()) and bool((values == np.floor(values)).all())
        return values.astype(np.int64) if whole else None
    if index.dtype == object and pd.api.types.infer_dtype(index, skipna=False) == "integer":
        try:
            return np.asarray(index.tolist(), dtype=np.int64)
        except OverflowError:  # more than 64 bits
            return None
    return None


def _read_texts(index: pd.Index) -> Ids:
    values = index.tolist()
    if pd.api.types.infer_dtype(values, skipna=False) != "string":
        values = [str(value) for value in values]
    _refuse_repeats(len(values) - len(set(values)), len(values))
    order = np.asarray(sorted(range(len(values)), key=values.__getitem__), dtype=np.int64)
    return Ids(numbers=None, texts=_end_to_end(values), order=order)


def _end_to_end(values: list[str]) -> Texts:
    data = "".join(values)
    pieces = values if data.isascii() else [value.encode("utf-8", "surrogatepass") for value in values]
    starts = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, pieces), dtype=np.int64, count=len(values)), out=starts[1:])
    joined = data.encode("utf-8", "surrogatepass") + bytes(WIDE)
    return Texts(data=np.frombuffer(joined, dtype=np.uint8), starts=starts)


def _refuse_repeats(repeated: int, size: int) -> None:
    if repeated:
        raise InputError(
            f"{repeated} of the {size} ids repeat an earlier one; one row a person with a unique id is needed: "
            "remove the repeats, or name a column that tells people apart with id=."
        )
