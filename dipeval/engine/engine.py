"""`Engine`: where tables of events are, and where Ibis expressions on them run."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dipeval.engine import stages as steps
from dipeval.engine.manifest import stage_key
from dipeval.engine.stages import Stage
from dipeval.errors import InputError

if TYPE_CHECKING:
    import duckdb
    import ibis.expr.types as ir
    import pandas as pd
    from ibis.backends.sql import SQLBackend

DEFAULT_ROW_LIMIT = 20_000_000
# What DuckDB, Spark and Ibis call the absence of a table, or a name that no table can have.
_NOT_THERE = ("TableNotFound", "AnalysisException", "CatalogException", "IbisInputError", "ParseException")


class _Book:
    """What an engine has done so far: names given, statements run."""

    __slots__ = ("n_queries", "names")

    def __init__(self) -> None:
        self.names, self.n_queries = itertools.count(), 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Engine:
    """A connection that holds event tables and runs Ibis expressions on them. Made by `open_engine`.

    One engine serves one thread at a time; open one engine a thread.

    Parameters
    ----------
    backend
        The Ibis backend, of DuckDB or of Spark.
    row_limit
        Largest result that `to_pandas` brings into memory.
    stages
        Folder in which stages are kept as Parquet; None keeps them on the engine only.
    """

    backend: SQLBackend
    row_limit: int = DEFAULT_ROW_LIMIT
    stages: Path | None = None
    _book: _Book = field(default_factory=_Book, repr=False)
    _store: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Take the store that fits the backend."""
        if self._store is None:
            object.__setattr__(self, "_store", _store(self.backend))

    @property
    def kind(self) -> str:
        """Which engine it is: ``duckdb`` or ``spark``."""
        return self._store.kind

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The DuckDB connection itself, for Splink."""
        if self.kind != "duckdb":
            raise InputError(
                "This step needs DuckDB, and the engine runs on Spark. Do it with an engine opened without spark=, or "
                "bring tables that carry person_id (dip.event_tables)."
            )
        return self.backend.con

    @property
    def n_queries(self) -> int:
        """Statements run through this engine so far."""
        return self._book.n_queries

    def statements(self) -> list[tuple[str, str]]:
        """Return the SQL of what this engine has computed, step by step, for review.

        Returns
        -------
        list of tuple
            Name of the table a step was stored in ("" for rows that were brought over), and its SQL, indented; of the
            last thousand.

        Examples
        --------
        >>> import pandas as pd
        >>> from dipeval.engine import open_engine
        >>> engine = open_engine(threads=1)
        >>> tests = engine.put(pd.DataFrame({"days": [1, 4]}), "tests")
        >>> kept = engine.keep(tests.filter(tests.days > 1), "late")
        >>> name, sql = engine.statements()[-1]
        >>> name.startswith("late"), sql.splitlines()[0]
        (True, 'SELECT')
        """
        import sqlglot

        return [
            (name, sqlglot.transpile(sql, read=self.kind, write=self.kind, pretty=True)[0])
            for name, sql in self._store.said
        ]

    def put(self, frame: pd.DataFrame, name: str = "table") -> ir.Table:
        """Copy a frame into the engine and return it as an Ibis table.

        Parameters
        ----------
        frame
            One row a record. Dates as ``datetime64``; they become DATE columns. Missing text stays missing.
        name
            Readable part of the table's name; a number is added, so that nothing is overwritten.

        Returns
        -------
        ibis.expr.types.Table
        """
        from dipeval.engine.frames import to_arrow

        return self._store.put(to_arrow(frame), self._name(name))

    def keep(self, table: ir.Table, name: str = "stage") -> ir.Table:
        """Compute an expression once and return the stored table."""
        return self._store.keep(table, self._name(name))

    def table(self, name: str) -> ir.Table:
        """Return a table that is there already, by its name in the engine or its catalogue.

        Parameters
        ----------
        name
            Such as ``"tests"``, ``"police.tests"`` or ``"catalogue.police.tests"``.

        Raises
        ------
        InputError
            If there is no such table.
        """
        if not isinstance(name, str) or not all(part.strip() for part in name.split(".")):
            raise InputError("The name of a table must be text as the catalogue has it, such as 'police.tests'.")
        try:
            return self._store.table(name)
        except Exception as reason:
            if not _says_not_there(reason):
                raise
            raise InputError(
                f"There is no table '{name}' on this engine, or it may not be read; write its name as the catalogue "
                "has it, with the schema before it (police.tests)."
            ) from None

    def to_pandas(self, table: ir.Table) -> pd.DataFrame:
        """Bring a person-sized or aggregated table into memory.

        Returns
        -------
        DataFrame
            Whole numbers as int64 (float64 where some are missing), dates as ``datetime64[us]``; in no certain order.

        Raises
        ------
        InputError
            If the result has more rows than ``row_limit``.
        """
        from dipeval.engine.frames import to_frame

        self._book.n_queries += 1
        rows = self._store.fetch(table, self.row_limit)
        if rows is None:
            self._refuse_rows()
        return to_frame(rows, {name: kind.is_integer() for name, kind in table.schema().items()})

    def figures(self, table: ir.Table, **exprs: Any) -> dict[str, Any]:
        """Compute several aggregates of a table in one query.

        Parameters
        ----------
        table
            What they are computed from.
        **exprs
            Name of a figure to the Ibis aggregate.

        Returns
        -------
        dict
            Name to int, float or None.

        Examples
        --------
        >>> import pandas as pd
        >>> from dipeval.engine import open_engine
        >>> engine = open_engine(threads=1)
        >>> tests = engine.put(pd.DataFrame({"days": [1, 4]}))
        >>> engine.figures(tests, n=tests.count(), longest=tests.days.max())
        {'n': 2, 'longest': 4}
        """
        self._book.n_queries += 1
        asked = table.aggregate(**exprs)
        (row,) = self._store.fetch(asked, 1).to_pylist()
        whole = {name for name, kind in asked.schema().items() if kind.is_integer()}
        return {name: int(value) if name in whole and value is not None else value for name, value in row.items()}

    def sql(self, table: ir.Table) -> str:
        """Return the SQL that an expression becomes on this engine, for review."""
        return str(self.backend.compile(table, pretty=True))

    def stage(
        self,
        name: str,
        make: Callable[[], ir.Table],
        *,
        spec: object,
        inputs: Sequence[Stage] = (),
        stored: bool = True,
        only_frame: bool = False,
    ) -> Stage:
        """Name a step whose rows an expression gives.

        Parameters
        ----------
        name
            What the step makes, in snake_case.
        make
            Returns the expression; called only if its rows are needed and not kept.
        spec
            Every option that the rows depend on.
        inputs
            Every stage that the rows depend on.
        stored
            False for rows that are nearly those of an input: they are passed on as an expression, and not held twice.
        only_frame
            True where rows are brought over once and no later step needs them: the engine then stores them only where
            stages are kept.

        Returns
        -------
        Stage
        """
        computed = steps.Computed(make, _about(spec, inputs), only_frame=only_frame)
        work = computed if stored else steps.Passed(make)
        return Stage(name=name, key=self._key(name, spec, inputs), _engine=self, _work=work)

    def frame_stage(
        self, name: str, make: Callable[[], pd.DataFrame], *, spec: object, inputs: Sequence[Stage] = ()
    ) -> Stage:
        """Name a step that gives a small frame (counts, an attrition table); its index is not kept.

        Parameters
        ----------
        name, make, spec, inputs
            As for `stage`; ``make`` returns a DataFrame.

        Returns
        -------
        Stage
        """
        return Stage(
            name=name,
            key=self._key(name, spec, inputs),
            _engine=self,
            _work=steps.ComputedFrame(make, _about(spec, inputs)),
        )

    def source(self, name: str, given: pd.DataFrame | ir.Table, *, snapshot: str | None = None) -> Stage:
        """Name what comes from outside: the start of a chain of stages.

        Parameters
        ----------
        name
            Of the table.
        given
            A frame, put on the engine when it is first needed; or a table that is there.
        snapshot
            Label of a table's state; needed for tables where stages are kept.

        Returns
        -------
        Stage
        """
        key = "" if self.stages is None else steps.source_key(name, given, snapshot)
        return Stage(name=name, key=key, _engine=self, _work=steps.Given(given))

    def _name(self, name: str) -> str:
        self._book.n_queries += 1
        return f"{name}_{next(self._book.names)}"

    def _key(self, name: str, spec: object, inputs: Sequence[Stage]) -> str:
        return "" if self.stages is None else stage_key(name, spec, [one.key for one in inputs])

    def _drop(self, table: ir.Table) -> None:
        self._store.drop(table.get_name())

    def _read(self, data: Path, name: str) -> ir.Table:
        return self._store.read(data, f"{name}_{next(self._book.names)}")

    def _write(self, table: ir.Table, data: Path) -> None:
        self._book.n_queries += 1
        self._store.write(table, data)

    def _check_rows(self, rows: int) -> None:
        if rows > self.row_limit:
            self._refuse_rows()

    def _refuse_rows(self) -> None:
        raise InputError(
            f"This result has more than {self.row_limit:,} rows, the most that are brought into memory. "
            "Aggregate it on the engine first, or open the engine with a larger row_limit."
        )


def _store(backend: Any) -> Any:
    if backend.name == "pyspark":
        from dipeval.engine.on_spark import OnSpark

        return OnSpark(backend)
    from dipeval.engine.on_duckdb import OnDuckDB

    return OnDuckDB(backend)


def _about(spec: object, inputs: Sequence[Stage]) -> dict[str, Any]:
    return {"spec": spec, "inputs": [{"name": one.name, "key": one.key} for one in inputs]}


def _says_not_there(reason: Exception) -> bool:
    return type(reason).__name__ in _NOT_THERE
