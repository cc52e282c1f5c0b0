"""Opening an engine: an embedded DuckDB, or a Spark session that the user hands in."""

from __future__ import annotations

import re
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dipeval.engine.engine import DEFAULT_ROW_LIMIT, Engine
from dipeval.engine.manifest import stages_folder
from dipeval.errors import InputError, MissingDependencyError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*[KMGT]i?B", re.IGNORECASE)


def open_engine(
    path: str | Path | None = None,
    *,
    threads: int | None = None,
    memory_limit: str | None = None,
    temp_folder: str | Path | None = None,
    row_limit: int = DEFAULT_ROW_LIMIT,
    spark: SparkSession | None = None,
    stages: str | Path | None = None,
) -> Engine:
    """Open an engine: DuckDB on this machine, or Spark where a session is given.

    Parameters
    ----------
    path
        A DuckDB file, or None for one in memory.
    threads
        Number of threads; default all cores.
    memory_limit
        Such as ``"1GB"``; default DuckDB's own. What does not fit goes to the temporary folder.
    temp_folder
        Where DuckDB may put what does not fit in memory; default the system's. A private folder is made in it, and goes
        with the engine.
    row_limit
        Largest result that is brought into memory.
    spark
        A running Spark session: the work is done there.
    stages
        A folder in which stages are kept as Parquet, for the next run. They hold people, and are for their owner alone.

    Returns
    -------
    Engine

    Raises
    ------
    InputError
        If an option cannot be used: no limit DuckDB can read, a folder that is not there or may not be written to, a
        file that is no DuckDB database, or options of DuckDB beside a Spark session.

    Examples
    --------
    >>> import pandas as pd
    >>> engine = open_engine()
    >>> table = engine.put(pd.DataFrame({"x": [1, 2]}))
    >>> engine.figures(table, total=table.x.sum())
    {'total': 3}
    """
    if isinstance(row_limit, bool) or not isinstance(row_limit, int) or row_limit < 1:
        raise InputError("row_limit must be a whole number of rows, at least 1.")
    folder = None if stages is None else stages_folder(stages)
    if spark is not None:
        given = {"path": path, "threads": threads, "memory_limit": memory_limit, "temp_folder": temp_folder}
        backend = _on_spark(spark, [name for name, value in given.items() if value is not None])
    else:
        backend = _on_duckdb(path, threads, memory_limit, temp_folder)
    return Engine(backend=backend, row_limit=row_limit, stages=folder)


def _on_duckdb(
    path: str | Path | None, threads: int | None, memory_limit: str | None, temp_folder: str | Path | None
) -> Any:
    spill = _spill_folder(temp_folder)
    settings: dict[str, Any] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "temp_directory": spill,
    }
    if threads is not None:
        settings["threads"] = _threads(threads)
    if memory_limit is not None:
        settings["memory_limit"] = _memory(memory_limit)
        # Keeping rows in the order they came in takes memory, and no result may depend on it.
        settings["preserve_insertion_order"] = False
    try:
        backend = _connected(path, settings)
    except BaseException:
        shutil.rmtree(spill, ignore_errors=True)
        raise
    # What does not fit in memory is personal too: a private folder that goes with the engine, not the user's own.
    weakref.finalize(backend, shutil.rmtree, spill, ignore_errors=True)
    return backend


def _connected(path: str | Path | None, settings: dict[str, Any]) -> Any:
    import duckdb
    import ibis

    try:
        return ibis.duckdb.connect(":memory:" if path is None else str(path), **settings)
    except duckdb.Error as reason:
        if path is None:
            raise
        raise InputError(
            f"'{Path(path).name}' cannot be opened as a DuckDB database ({type(reason).__name__}): it must be a file "
            "made by DuckDB, or a new name in a folder that is there, and no other program may have it open."
        ) from None


def _spill_folder(temp_folder: str | Path | None) -> str:
    try:
        return tempfile.mkdtemp(prefix="dipeval-", dir=temp_folder)
    except OSError as reason:
        raise InputError(
            "temp_folder must be a folder that is there and may be written to; it is not "
            f"({type(reason).__name__}). Make it, or leave temp_folder out."
        ) from None


def _threads(threads: Any) -> int:
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise InputError("threads must be a whole number, at least 1.")
    return threads


def _memory(limit: Any) -> str:
    # DuckDB takes a limit below nothing for none at all.
    size = _SIZE.fullmatch(limit.strip()) if isinstance(limit, str) else None
    if size is None or float(size[1]) <= 0:
        raise InputError('memory_limit must be a size with its unit, such as "1GB" or "800MB".')
    return limit


def _on_spark(spark: Any, given: list[str]) -> Any:
    if given:
        raise InputError(
            f"{', '.join(given)} {'is' if len(given) == 1 else 'are'} for DuckDB; with spark= the session decides. "
            "Leave it out, or set it when the session is made."
        )
    if not (hasattr(spark, "createDataFrame") and hasattr(spark, "sql")):
        raise InputError(f"spark must be a running SparkSession; it is a {type(spark).__name__}.")
    try:
        import ibis

        return ibis.pyspark.connect(spark)
    except ImportError as missing:
        raise MissingDependencyError(
            "The Spark route needs pyspark in this Python; install it with: pip install 'dipeval[spark]'."
        ) from missing
