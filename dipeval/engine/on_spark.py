"""What an engine does on a Spark session of the user's: rows stay on the cluster until they are asked for.

What is kept is a persisted DataFrame behind a temporary view. Nothing is written to the warehouse.
"""

from __future__ import annotations

import secrets
import weakref
from typing import TYPE_CHECKING, Any

from dipeval.engine.said import nothing_said
from dipeval.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    import ibis.expr.types as ir
    import pyarrow as pa
    from ibis.backends.pyspark import Backend


class OnSpark:
    """Tables of a Spark session.

    Parameters
    ----------
    backend
        The Ibis Spark backend.
    """

    kind = "spark"

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.said = nothing_said()
        self._session: Any = backend._session
        # Views of two engines on one session, or of the user's own, may not replace each other.
        self._prefix = f"dipeval_{secrets.token_hex(4)}"
        self._views: dict[str, Any] = {}
        weakref.finalize(self, _forget, self._session, self._views).atexit = False

    def put(self, table: pa.Table, name: str) -> ir.Table:
        """Send an Arrow table to the cluster."""
        return self._view(_sent(self._session, table), name)

    def keep(self, table: ir.Table, name: str) -> ir.Table:
        """Compute an expression once; Spark keeps its rows in memory, or on the disks of the cluster."""
        return self._view(_kept(self._session, self._rows(table, name)), name)

    def drop(self, name: str) -> None:
        """Forget what `keep` made."""
        rows = self._views.pop(name)
        self._session.catalog.dropTempView(name)
        rows.unpersist()

    def table(self, name: str) -> ir.Table:
        """Return a table of the catalogue by its name."""
        return self._view(self._session.table(name), name.rpartition(".")[2])

    def fetch(self, table: ir.Table, row_limit: int) -> pa.Table | None:
        """Bring the rows of an expression over; None if there are more than the limit."""
        rows = self._rows(table)
        held = self._is_view(table)
        if not held:
            rows = rows.persist()
        try:
            return None if rows.count() > row_limit else _brought(rows)
        finally:
            if not held:
                rows.unpersist()

    def write(self, table: ir.Table, folder: Path) -> None:
        """Write the rows of an expression as Parquet into a folder that is not there yet."""
        self._rows(table).write.parquet(folder.resolve().as_uri())

    def read(self, folder: Path, name: str) -> ir.Table:
        """Return the Parquet files of a folder as a table."""
        return self._view(self._session.read.parquet(folder.resolve().as_uri()), name)

    def _rows(self, table: ir.Table, name: str = "") -> Any:
        query = self.backend.compile(table)
        self.said.append((name, query))
        return self._session.sql(query)

    def _is_view(self, table: ir.Table) -> bool:
        return getattr(table.op(), "name", None) in self._views

    def _view(self, rows: Any, name: str) -> ir.Table:
        view = f"{self._prefix}_{name}"
        if view in self._views:
            view = f"{view}_{len(self._views)}"
        rows.createOrReplaceTempView(view)
        self._views[view] = rows
        return self.backend.table(view)


def _forget(session: Any, views: dict[str, Any]) -> None:
    for name, rows in views.items():
        session.catalog.dropTempView(name)
        rows.unpersist()


def _kept(session: Any, rows: Any) -> Any:
    """Rows that are computed now, persisted, and planned anew from here on.

    A persisted DataFrame still carries the plan of everything before it, and every view of it is planned from the
    start: ten steps that use the one before twice are a thousand plans. Made from its rows, the plan ends here, while
    Spark can still compute again what a lost machine held (which it cannot after a local checkpoint).
    """
    from pyspark.sql import DataFrame

    if not hasattr(rows, "_jdf"):
        # Spark Connect has no rows to hand over: a checkpoint ends the plan.
        return rows.localCheckpoint()
    java = rows._jdf
    kept = DataFrame(session._jsparkSession.createDataFrame(java.javaRDD(), java.schema()), session).persist()
    # Persisting is a promise; counting makes Spark keep it.
    kept.count()
    return kept


def _sent(session: Any, table: pa.Table) -> Any:
    from pyspark.sql.pandas.types import from_arrow_schema

    try:
        schema = from_arrow_schema(table.schema)
    except TypeError as unknown:
        raise InputError(
            f"A column has a type that Spark does not know ({unknown}); give text, numbers or dates."
        ) from None
    if _version(session) >= 4 and table.num_rows:
        return session.createDataFrame(table, schema)
    return session.createDataFrame(list(zip(*(column.to_pylist() for column in table.columns), strict=True)), schema)


def _brought(rows: Any) -> pa.Table:
    import pyarrow as pa

    if hasattr(rows, "toArrow"):
        return rows.toArrow()
    from pyspark.sql.pandas.types import to_arrow_schema

    return pa.Table.from_pandas(rows.toPandas(), schema=to_arrow_schema(rows.schema), preserve_index=False)


def _version(session: Any) -> int:
    return int(str(session.version).split(".")[0])
