"""Steps of the event work with a name: computed when first asked for, at most once, kept where a folder was named."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dipeval._version import __version__
from dipeval.engine import manifest as on_disk
from dipeval.errors import InputError, InvariantError

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from dipeval.engine.engine import Engine

_LOG = logging.getLogger("dipeval")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stage:
    """A named step of the event work. Made by `Engine.stage`, `Engine.frame_stage` and `Engine.source`.

    Nothing is computed until the table or the frame is asked for, and then once.

    Parameters
    ----------
    name
        What the step makes, in snake_case.
    key
        SHA-256 of the name, the version of dipeval, the spec and the keys of the inputs; empty where no stages are
        kept.

    Examples
    --------
    >>> import pandas as pd
    >>> from dipeval.engine import open_engine
    >>> engine = open_engine(threads=1)
    >>> tests = engine.source("tests", pd.DataFrame({"person_id": ["a", "a", "b"]}))
    >>> people = engine.stage("people", lambda: tests.table.distinct(), spec={}, inputs=[tests])
    >>> len(people.to_pandas())
    2
    """

    name: str
    key: str = ""
    _engine: Engine = field(repr=False)
    _work: Work = field(repr=False)
    _held: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def table(self) -> ir.Table:
        """The step's rows on the engine."""
        if "table" not in self._held:
            self._held["table"] = self._work.table(self)
        return self._held["table"]

    def compute(self) -> None:
        """Compute the rows now, rather than when they are first asked for."""
        _ = self.table

    def release(self) -> None:
        """Give back the room of rows that no later step needs; asked for again, they are computed again."""
        if self._engine.stages is None and isinstance(self._work, Computed) and "table" in self._held:
            self._engine._drop(self._held.pop("table"))

    def to_pandas(self) -> pd.DataFrame:
        """Bring the step's rows into memory: read from its Parquet where it is kept, without a query.

        Returns
        -------
        DataFrame
            A fresh one at each call.

        Raises
        ------
        InputError
            If there are more rows than the engine's ``row_limit``.

        Examples
        --------
        >>> import pandas as pd
        >>> from dipeval.engine import open_engine
        >>> open_engine(threads=1).source("tests", pd.DataFrame({"n": [1]})).to_pandas()["n"].tolist()
        [1]
        """
        return self._work.frame(self)


class Work:
    """How a stage comes by its rows."""

    def table(self, stage: Stage) -> ir.Table:
        """Return them as a table of the engine."""
        raise NotImplementedError

    def frame(self, stage: Stage) -> pd.DataFrame:
        """Return them as a frame."""
        return stage._engine.to_pandas(stage.table)


class Given(Work):
    """Rows that the caller has: a frame, or a table that is on the engine.

    Parameters
    ----------
    rows
        Those.
    """

    def __init__(self, rows: pd.DataFrame | ir.Table) -> None:
        self.rows = rows

    def table(self, stage: Stage) -> ir.Table:
        """Put the frame on the engine; a table stays as it is."""
        return stage._engine.put(self.rows, stage.name) if _is_frame(self.rows) else self.rows

    def frame(self, stage: Stage) -> pd.DataFrame:
        """Return a copy of the frame, or bring the table over."""
        return self.rows.copy() if _is_frame(self.rows) else stage._engine.to_pandas(self.rows)


class Computed(Work):
    """Rows of an expression.

    Parameters
    ----------
    make
        Called at most once, and only if needed.
    about
        What the manifest says of the spec and the inputs.
    only_frame
        Whether no later step needs the rows, so that the engine need not store what is brought over.
    """

    def __init__(self, make: Callable[[], Any], about: dict[str, Any], *, only_frame: bool = False) -> None:
        self.make, self.about, self.only_frame = make, about, only_frame

    def table(self, stage: Stage) -> ir.Table:
        """Read the stage where it is kept whole; else compute it."""
        engine = stage._engine
        if engine.stages is None:
            return engine.keep(self.make(), stage.name)
        self._kept(stage)
        return engine._read(_place(stage) / on_disk.DATA, stage.name)

    def frame(self, stage: Stage) -> pd.DataFrame:
        """Read the stage's Parquet; without stages, bring its table over."""
        from dipeval.engine.frames import to_frame

        engine = stage._engine
        if engine.stages is None:
            return engine.to_pandas(self.make() if self.only_frame else stage.table)
        engine._check_rows(self._kept(stage)["rows"])
        return to_frame(on_disk.read_arrow(_place(stage)))

    def _kept(self, stage: Stage) -> dict[str, Any]:
        """The manifest of the stage, found or made; looked for once, because its files are hashed at every look."""
        if "manifest" not in stage._held:
            manifest = on_disk.found(_place(stage), stage.key)
            _LOG.info("Stage %s: %s", stage.name, "computed and kept" if manifest is None else "read, nothing computed")
            stage._held["manifest"] = self._made(stage) if manifest is None else manifest
        return stage._held["manifest"]

    def _made(self, stage: Stage) -> dict[str, Any]:
        engine, made = stage._engine, self.make()
        about = {**_about(stage), **self.about, "sql": engine.sql(made)}
        # What a cluster wrote may be large and far away: its size is checked, not every byte.
        digest = engine.kind == "duckdb"
        return on_disk.write_stage(_place(stage), lambda data: engine._write(made, data), about, digest=digest)


class Passed(Work):
    """Rows that are only passed on: an expression on other stages that is never stored itself.

    Parameters
    ----------
    make
        Called at most once, and only if needed.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make

    def table(self, stage: Stage) -> ir.Table:  # noqa: ARG002 - an expression needs no place of its own
        """Return the expression."""
        return self.make()


class ComputedFrame(Computed):
    """A small result as a frame."""

    def table(self, stage: Stage) -> ir.Table:
        """Put the frame on the engine."""
        return stage._engine.put(self.frame(stage), stage.name)

    def frame(self, stage: Stage) -> pd.DataFrame:
        """Read the stage where it is kept whole; else make it."""
        if stage._engine.stages is None:
            if "frame" not in stage._held:
                stage._held["frame"] = self.make()
            return stage._held["frame"].copy()
        self._kept(stage)
        return on_disk.read_arrow(_place(stage)).to_pandas()

    def _made(self, stage: Stage) -> dict[str, Any]:
        frame = self.make()
        about = {**_about(stage), **self.about}
        return on_disk.write_stage(_place(stage), lambda data: on_disk.write_frame(frame, data), about)


def _place(stage: Stage) -> Path:
    folder = stage._engine.stages
    if folder is None:
        raise InvariantError("A stage was looked for on disk, and no folder was named.")
    return on_disk.place_of(folder, stage.name, stage.key)


def _about(stage: Stage) -> dict[str, Any]:
    return {"name": stage.name, "key": stage.key, "dipeval": __version__, "engine": stage._engine.kind}


def source_key(name: str, given: Any, snapshot: str | None) -> str:
    """Return the key of what a caller brings: of a frame its content, of a table the label that was given.

    Raises
    ------
    InputError
        If it is a table without a label: its content cannot be told from here.
    """
    from dipeval.engine.frames import to_arrow

    if _is_frame(given):
        return on_disk.stage_key(name, {"content": on_disk.content_key(to_arrow(given))}, ())
    if not snapshot:
        raise InputError(
            f"Stages are kept, and nothing says which state of table {name} they were made from; give snapshot=, a "
            "label that changes when the table does, such as its version or the day of the extract."
        )
    return on_disk.stage_key(name, {"snapshot": snapshot}, ())


def _is_frame(rows: Any) -> bool:
    import pandas as pd

    return isinstance(rows, pd.DataFrame)
