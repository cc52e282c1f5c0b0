"""What an engine does on DuckDB, the embedded default."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dipeval.engine.said import nothing_said
from dipeval.errors import InputError

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa
    from ibis.backends.duckdb import Backend

_ROWS_AT_A_TIME: Final = 1_000_000


class OnDuckDB:
    """Tables of a DuckDB connection.

    Parameters
    ----------
    backend
        The Ibis DuckDB backend.
    """

    kind = "duckdb"

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.said = nothing_said()
        path = backend.con.execute("SELECT path FROM duckdb_databases() WHERE database_name = current_database()")
        # In a file of the user's, what is kept on the way may not stay behind.
        self._temporary = bool((path.fetchone() or ("",))[0])

    def put(self, table: pa.Table, name: str) -> ir.Table:
        """Store an Arrow table under a name that is free."""
        with _within_limits():
            return self.backend.create_table(name, table, temp=self._temporary)

    def keep(self, table: ir.Table, name: str) -> ir.Table:
        """Store the rows of an expression under a name that is free."""
        # Not create_table: it would compile the expression again, which takes longer than the rows of a small cohort.
        query, kind = self._query(table), "TEMP TABLE" if self._temporary else "TABLE"
        self.said.append((name, query))
        with _within_limits():
            self.backend.con.execute(f"CREATE {kind} {_quoted(name)} AS {query}")
        return self.backend.table(name, database=("temp", "main") if self._temporary else None)

    def drop(self, name: str) -> None:
        """Forget a table that `keep` made."""
        self.backend.con.execute(f"DROP TABLE {_quoted(name)}")

    def table(self, name: str) -> ir.Table:
        """Return a table by its name, with its schema and catalogue before it if need be."""
        database, _, bare = name.rpartition(".")
        return self.backend.table(bare, database=database or None)

    def fetch(self, table: ir.Table, row_limit: int) -> pa.Table | None:
        """Bring the rows of an expression over; None as soon as there are more than the limit."""
        import pyarrow as pa

        query = self.backend.compile(table)
        self.said.append(("", query))
        found = self.backend.con.sql(query)
        # DuckDB 1.4 has the older name only; 1.5 warns of it.
        reader = getattr(found, "to_arrow_reader", None) or found.fetch_arrow_reader
        n_rows, parts = 0, []
        with _within_limits(), reader(_ROWS_AT_A_TIME) as batches:
            for batch in batches:
                n_rows += batch.num_rows
                if n_rows > row_limit:
                    return None
                parts.append(batch)
            return pa.Table.from_batches(parts, schema=batches.schema)

    def write(self, table: ir.Table, folder: Path) -> None:
        """Write the rows of an expression as Parquet into a folder that is not there yet."""
        folder.mkdir(mode=0o700)
        file = str(folder / "part-0.parquet").replace("'", "''")
        with _within_limits():
            self.backend.con.execute(f"COPY ({self._query(table)}) TO '{file}' (FORMAT parquet)")

    def read(self, folder: Path, name: str) -> ir.Table:
        """Return the Parquet files of a folder as a table."""
        files = sorted(str(path) for path in folder.glob("*.parquet"))
        return self.backend.read_parquet(files, table_name=name)

    def _query(self, table: ir.Table) -> str:
        """Return the SQL of an expression, with types that Spark and Parquet have as well."""
        query = self.backend.compile(table)
        # Sums are HUGEINT here, which Parquet would turn into a floating-point number; a date plus days is a TIMESTAMP.
        found = self.backend.con.sql(query)
        kinds = {name: str(kind) for name, kind in zip(found.columns, found.types, strict=True)}
        mended = {name: "BIGINT" for name, kind in kinds.items() if kind == "HUGEINT"}
        dates = [name for name, kind in table.schema().items() if kind.is_date() and kinds[name] == "TIMESTAMP"]
        mended |= dict.fromkeys(dates, "DATE")
        if not mended:
            return query
        casts = ", ".join(f"CAST({_quoted(name)} AS {kind}) AS {_quoted(name)}" for name, kind in mended.items())
        return f"SELECT * REPLACE ({casts}) FROM ({query})"


@contextmanager
def _within_limits() -> Iterator[None]:
    """Say what to do where the memory or the disk is too small for the work."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException:
        raise InputError(
            "The work does not fit in the memory that DuckDB may use, or what it put aside not on the disk. Give the "
            "engine a larger memory_limit, fewer threads, or a temp_folder with more room."
        ) from None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
