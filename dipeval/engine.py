"""The one place that opens DuckDB. It hands out Ibis tables; the event work is Ibis expressions on them.

One embedded connection serves the whole pipeline, Splink included. Nothing is fetched from a network: extension
installing and loading are switched off.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dipeval.errors import InputError

if TYPE_CHECKING:
    import duckdb
    import ibis.expr.types as ir
    import pandas as pd
    from ibis.backends.duckdb import Backend

DEFAULT_ROW_LIMIT = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Engine:
    """A connection that holds event tables and runs Ibis expressions on them. Made by `open_engine`.

    One engine serves one thread at a time; open one engine a thread.

    Parameters
    ----------
    backend
        The Ibis DuckDB backend.
    row_limit
        Largest result that `to_pandas` brings into memory.
    """

    backend: Backend
    row_limit: int = DEFAULT_ROW_LIMIT
    _names: itertools.count[int] = field(default_factory=itertools.count, repr=False)

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The DuckDB connection itself, for Splink."""
        return self.backend.con

    def put(self, frame: pd.DataFrame, name: str = "table") -> ir.Table:
        """Copy a frame into the engine and return it as an Ibis table.

        Parameters
        ----------
        frame
            One row a record. Dates as ``datetime64``; they become DATE columns.
        name
            Readable part of the table's name; a number is added, so that nothing is overwritten.

        Returns
        -------
        ibis.expr.types.Table
        """
        table_name = f"{name}_{next(self._names)}"
        return self.backend.create_table(table_name, _arrow(frame))

    def keep(self, table: ir.Table, name: str = "stage") -> ir.Table:
        """Compute an expression once and return the stored table."""
        return self.backend.create_table(f"{name}_{next(self._names)}", table)

    def to_pandas(self, table: ir.Table) -> pd.DataFrame:
        """Bring a person-sized or aggregated table into memory.

        Raises
        ------
        InputError
            If the result has more rows than ``row_limit``.
        """
        rows = int(table.count().execute())
        if rows > self.row_limit:
            raise InputError(
                f"This result has {rows:,} rows; at most {self.row_limit:,} are brought into memory. "
                "Aggregate it on the engine first, or open the engine with a larger row_limit."
            )
        return table.to_pandas()


def _arrow(frame: pd.DataFrame) -> Any:
    """Datetimes to DATE: every contract holds days, and a DATE is the same on every engine."""
    import pandas as pd
    import pyarrow as pa

    table = pa.Table.from_pandas(frame, preserve_index=False)
    for position, column in enumerate(frame.columns):
        if pd.api.types.is_datetime64_any_dtype(frame[column]):
            table = table.set_column(position, str(column), table.column(position).cast(pa.date32(), safe=False))
        elif pa.types.is_null(table.column(position).type):
            table = table.set_column(position, str(column), table.column(position).cast(pa.string()))
    return table


def open_engine(
    path: str | Path | None = None, *, threads: int | None = None, memory_limit: str | None = None
) -> Engine:
    """Open the embedded engine.

    Parameters
    ----------
    path
        A DuckDB file, or None for one in memory.
    threads
        Number of threads; default all cores.
    memory_limit
        Such as ``"1GB"``; default DuckDB's own.

    Returns
    -------
    Engine

    Examples
    --------
    >>> import pandas as pd
    >>> engine = open_engine()
    >>> int(engine.put(pd.DataFrame({"x": [1, 2]})).x.sum().execute())
    3
    """
    import ibis

    spill = tempfile.mkdtemp(prefix="dipeval-")
    settings: dict[str, Any] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "temp_directory": spill,
    }
    if threads is not None:
        settings["threads"] = threads
    if memory_limit is not None:
        settings["memory_limit"] = memory_limit
    backend = ibis.duckdb.connect(":memory:" if path is None else str(path), **settings)
    # What does not fit in memory is personal too: a private folder that goes with the engine, not the user's own.
    weakref.finalize(backend, shutil.rmtree, spill, ignore_errors=True)
    return Engine(backend=backend)
