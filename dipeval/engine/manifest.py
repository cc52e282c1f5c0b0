"""A stage on disk: Parquet in a folder of its own, and a manifest that says what it was made from."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dipeval._version import __version__
from dipeval.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MANIFEST: Final = "manifest.json"
DATA: Final = "data"
_MAKING: Final = ".making-"
_DAMAGED: Final = "damaged"
_FORGOTTEN_AFTER: Final = 24 * 60 * 60


def stage_key(name: str, spec: object, inputs: Sequence[str]) -> str:
    """Return the key of a stage: SHA-256 of its name, the version of dipeval, what was asked, and its inputs' keys.

    Parameters
    ----------
    name
        Of the stage.
    spec
        What was asked: texts, numbers, dates, yes/no, None, and lists, tuples, sets, mappings or dataclasses of them.
    inputs
        Keys of what it is made from.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> stage_key("index", {"washout_days": 28}, []) == stage_key("index", {"washout_days": 29}, [])
    False
    """
    parts = [name, __version__, canonical(spec), *inputs]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def canonical(spec: object) -> str:
    """Return what was asked as JSON that is the same for the same question.

    Examples
    --------
    >>> canonical({"b": (1, 2), "a": dt.date(2012, 2, 29)})
    '{"a": "2012-02-29", "b": [1, 2]}'
    """
    return json.dumps(_plain(spec), sort_keys=True, ensure_ascii=False)


def _plain(spec: Any) -> Any:
    if spec is None or isinstance(spec, bool | int | float | str):
        return spec.value if isinstance(spec, enum.Enum) else spec
    if isinstance(spec, dt.date):
        return spec.isoformat()
    if dataclasses.is_dataclass(spec) and not isinstance(spec, type):
        return {one.name: _plain(getattr(spec, one.name)) for one in dataclasses.fields(spec)}
    if isinstance(spec, Mapping):
        return {str(key): _plain(value) for key, value in spec.items()}
    if isinstance(spec, set | frozenset):
        return sorted((_plain(one) for one in spec), key=json.dumps)
    if isinstance(spec, list | tuple):
        return [_plain(one) for one in spec]
    raise TypeError(f"What a stage was asked cannot be written down as JSON: it holds a {type(spec).__name__}.")


def content_key(table: pa.Table) -> str:
    """Return the SHA-256 of the values, names and types of an Arrow table."""
    import pyarrow as pa

    digest = _Digest()
    with pa.ipc.new_stream(pa.PythonFile(digest, mode="w"), table.schema) as stream:
        stream.write_table(table.combine_chunks())
    return digest.hexdigest()


class _Digest:
    """A file that keeps only the digest of what is written to it."""

    closed = False

    def __init__(self) -> None:
        self._sha = hashlib.sha256()

    def write(self, data: Any) -> int:
        self._sha.update(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: nothing waits."""

    def hexdigest(self) -> str:
        return self._sha.hexdigest()


def stages_folder(folder: str | Path) -> Path:
    """Make the folder of the stages, if it is not there, for its owner alone; return it.

    Raises
    ------
    InputError
        If it is an address instead of a folder, or a file.
    """
    if not isinstance(folder, str | os.PathLike) or not str(folder).strip():
        raise InputError("stages must be the name of a folder, such as 'stages'; to keep none, leave it out.")
    if "://" in str(folder):
        raise InputError(
            "stages must be a folder that this machine can write to (and, on Spark, that every machine of the cluster "
            "sees under the same name); it is the address of a store."
        )
    path = Path(folder)
    if path.exists() and not path.is_dir():
        raise InputError("stages must be a folder; there is a file of that name.")
    try:
        _make_private(path)
    except OSError as reason:
        raise _not_writable(reason) from None
    for left in path.glob(f"{_MAKING}*"):
        if _age(left) > _FORGOTTEN_AFTER:
            shutil.rmtree(left, ignore_errors=True)
    return path.resolve()


def _make_private(path: Path) -> None:
    """Make the folder for its owner alone; stages hold people, so one inside a repository must not end up in it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not any(path.iterdir()):
        (path / ".gitignore").write_text("*\n", encoding="utf-8")


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        # Another run has renamed or removed it meanwhile.
        return 0.0


def _not_writable(reason: OSError) -> InputError:
    words = (reason.strerror or type(reason).__name__).lower()
    return InputError(
        f"The folder of the stages cannot be written to ({words}). Name one in stages= that is yours and has room, or "
        "leave stages out."
    )


def place_of(folder: Path, name: str, key: str) -> Path:
    """Return where a stage lies."""
    return folder / f"{name}-{key[:16]}"


def found(place: Path, key: str) -> dict[str, Any] | None:
    """Return the manifest of a stage that is whole; None if there is none, or it is damaged or half written.

    Parameters
    ----------
    place
        Folder of the stage.
    key
        The key it must have.
    """
    try:
        manifest = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
        whole = manifest["key"] == key and isinstance(manifest["rows"], int) and _whole(place, manifest["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return manifest if whole else None


def _whole(place: Path, files: Sequence[Mapping[str, Any]]) -> bool:
    there = {path.name: path for path in (place / DATA).glob("*.parquet")}
    if {one["name"] for one in files} != set(there):
        return False
    return all(_described(there[one["name"]], digest=bool(one["sha256"])) == one for one in files)


def _described(path: Path, *, digest: bool) -> dict[str, Any]:
    text = ""
    if digest:
        with path.open("rb") as file:
            text = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": text}


def write_stage(
    place: Path, write: Callable[[Path], None], about: Mapping[str, Any], *, digest: bool = True
) -> dict[str, Any]:
    """Write a stage under a temporary name and rename it once it is whole.

    Parameters
    ----------
    place
        Where it will lie.
    write
        Writes Parquet files into the folder it is given, which is not there yet.
    about
        What the manifest says besides rows, columns and files.
    digest
        Whether the bytes are hashed; else only their number is kept.

    Returns
    -------
    dict
        The manifest.
    """
    try:
        making = Path(tempfile.mkdtemp(prefix=_MAKING, dir=place.parent))
    except OSError as reason:
        raise _not_writable(reason) from None
    try:
        write(making / DATA)
        manifest = {**_plain(about), **_contents(making / DATA)}
        manifest["files"] = [_described(path, digest=digest) for path in sorted((making / DATA).glob("*.parquet"))]
        text = json.dumps(manifest, indent=2, ensure_ascii=False)
        (making / MANIFEST).write_text(text + "\n", encoding="utf-8")
        _put_in_place(making, place, str(about["key"]))
    except OSError as reason:
        raise _not_writable(reason) from None
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return manifest


def _put_in_place(making: Path, place: Path, key: str) -> None:
    # Another process may have made the same stage meanwhile: what it made is as good.
    if found(place, key) is not None:
        return
    if place.exists():
        os.rename(place, making / _DAMAGED)
    try:
        os.rename(making, place)
    except OSError:
        # It was made between the look and the move.
        if found(place, key) is None:
            raise
        return
    damaged = place / _DAMAGED
    damaged.unlink() if damaged.is_file() else shutil.rmtree(damaged, ignore_errors=True)


def _contents(data: Path) -> dict[str, Any]:
    import pyarrow.dataset as ds

    rows = ds.dataset(data, format="parquet")
    return {
        "rows": rows.count_rows(),
        "columns": [{"name": one.name, "type": str(one.type)} for one in rows.schema],
    }


def read_arrow(place: Path) -> pa.Table:
    """Read the rows of a stage without an engine."""
    import pyarrow.dataset as ds

    return ds.dataset(place / DATA, format="parquet").to_table()


def write_frame(frame: pd.DataFrame, data: Path) -> None:
    """Write a small result as Parquet, its types kept for pandas."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    data.mkdir(mode=0o700)
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), data / "part-0.parquet")
