"""Between pandas and Arrow, one way for every engine: what comes back has the same types wherever it was computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from dipeval.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping


def to_arrow(frame: pd.DataFrame) -> pa.Table:
    """Return a frame as Arrow: datetimes as DATE, columns without any value as text.

    Every contract holds days, and a DATE is the same on every engine.

    Parameters
    ----------
    frame
        One row a record; its index is left behind.

    Returns
    -------
    pyarrow.Table

    Raises
    ------
    InputError
        If a column mixes types, so that it has none.

    Examples
    --------
    >>> str(to_arrow(pd.DataFrame({"day": pd.to_datetime(["2012-02-29"])})).schema.field("day").type)
    'date32[day]'
    """
    table = _read(frame).replace_schema_metadata(None)
    for place, name in enumerate(table.column_names):
        kind = table.schema.field(place).type
        wanted = _sent_as(kind)
        if wanted != kind:
            table = table.set_column(place, name, table.column(place).cast(wanted, safe=False))
    return table


def _read(frame: pd.DataFrame) -> pa.Table:
    """As Arrow reads it; its own complaint would quote the value it stumbled over."""
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"Only a pandas DataFrame can be put on the engine; this is a {type(frame).__name__}.")
    folded = [str(name).lower() for name in frame.columns]
    if not folded or len(set(folded)) < len(folded):
        raise InputError("A table needs columns, no two of the same name (capitals do not tell names apart).")
    try:
        return pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        mixed = [str(name) for name in frame.columns if not _has_one_type(frame[name])]
    raise InputError(
        f"Column {', '.join(mixed)} holds values of different types; make it text, numbers or dates throughout."
    )


def _has_one_type(column: pd.Series) -> bool:
    try:
        pa.array(column, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return False
    return True


def _sent_as(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return pa.date32()
    if pa.types.is_null(kind) or pa.types.is_large_string(kind):
        return pa.string()
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def to_frame(table: pa.Table, declared: Mapping[str, bool] | None = None) -> pd.DataFrame:
    """Return an Arrow table as a frame: dates ``datetime64[us]``, whole numbers int64 (float64 where some are missing).

    Parameters
    ----------
    table
        Taken over: its memory is given back while the frame is made.
    declared
        Column to whether it is declared to hold whole numbers, for engines that widen sums.

    Returns
    -------
    DataFrame
        Text as object with None; yes/no as bool, as object with None where some are missing.

    Examples
    --------
    >>> to_frame(pa.table({"n": pa.array([1, 2], pa.int8())})).dtypes.astype(str).tolist()
    ['int64']
    """
    declared = {} if declared is None else declared
    for place, name in enumerate(table.column_names):
        kind = table.schema.field(place).type
        wanted = _brought_as(kind, whole=declared.get(name, False))
        if wanted != kind:
            table = table.set_column(place, name, table.column(place).cast(wanted))
    return table.to_pandas(split_blocks=True, self_destruct=True)


def _brought_as(kind: pa.DataType, *, whole: bool) -> pa.DataType:
    if pa.types.is_date(kind):
        return pa.timestamp("us")
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    return pa.int64() if whole or pa.types.is_integer(kind) else kind
