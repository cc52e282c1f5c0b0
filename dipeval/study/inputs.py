"""The inputs of a study: the extracts it names or simulates, what must be among them, and a record of each."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dipeval.errors import ExtractError, InputError
from dipeval.study import rules
from dipeval.study.wording import as_study_keys

if TYPE_CHECKING:
    import pandas as pd

    from dipeval.extracts import Extracts
    from dipeval.study.quarterly.spec import QuarterlySpec
    from dipeval.study.spec import StudySpec

logger = logging.getLogger("dipeval")
# The table that each kind of index event and exposure is found in; releases and sentences have two possible sources.
INDEX_TABLES = {
    "positive_test": "drug_tests",
    "any_test": "drug_tests",
    "order": "orders",
    "contact": "contacts",
    "caution": "offences",
}
EXPOSURE_TABLES = {"treatment": "treatment", "order": "orders", "contact": "contacts"}
DATA_ENDINGS = (".csv", ".txt", ".tsv", ".parquet", ".xlsx", ".xlsm", ".xls", ".ods")


@dataclass(frozen=True, slots=True, kw_only=True)
class InputTable:
    """One input as it was found, for the record of where everything came from.

    Parameters
    ----------
    name
        Of the table.
    file
        Its file, or how it was made.
    sha256
        Of the file's bytes (of the table's, if it was made here).
    rows
        Records in it; None for what is no table of records.
    key_fingerprint
        Of the key its identifiers were hashed with; None if they were not.
    """

    name: str
    file: str
    sha256: str
    rows: int | None
    key_fingerprint: str | None = None


def load_extracts(spec: StudySpec, folder: Path) -> Extracts:
    """Read the extracts a study names, or simulate them.

    Parameters
    ----------
    spec
        The study.
    folder
        Where relative paths start.

    Returns
    -------
    Extracts
    """
    if spec.data.source == "simulate":
        from dipeval.simulate import simulate

        options = spec.simulate.model_dump(exclude={"people", "seed", "compare_true_links"})
        seed = spec.seed if spec.simulate.seed is None else spec.simulate.seed
        return simulate(spec.simulate.people, seed=seed, **options)
    extracts = read_named(spec, folder)
    _require_tables(spec, extracts, folder / str(spec.data.folder))
    return extracts


def read_named(spec: StudySpec | QuarterlySpec, folder: Path) -> Extracts:
    """Read the extracts a study file names, whichever tables are among them.

    Parameters
    ----------
    spec
        The study: its data are extracts.
    folder
        Where relative paths start.

    Returns
    -------
    Extracts

    Raises
    ------
    ExtractError
        With every fault at once, the remedies as keys of the study file.
    """
    from dipeval.extracts import read_extracts

    logger.info("reading the extracts")
    try:
        return read_extracts(
            folder / str(spec.data.folder),
            rules.extract_mapping(spec),
            extract_date=spec.data.extract_date,
            data_status=rules.disclosure_rule(spec).data_status,
            on_error=spec.data.on_error,
        )
    except ExtractError as error:
        raise ExtractError([as_study_keys(fault) for fault in error.faults]) from None


def needed_tables(spec: StudySpec) -> tuple[str, ...]:
    """Return the tables without which a study cannot be made.

    Parameters
    ----------
    spec
        The study.

    Returns
    -------
    tuple of str
    """
    index = spec.cohort.index_table or INDEX_TABLES.get(spec.cohort.index_event)
    names = [*([index] if index else []), EXPOSURE_TABLES[spec.cohort.exposure], "offences"]
    return tuple(dict.fromkeys(names))


def _require_tables(spec: StudySpec, extracts: Extracts, where: Path) -> None:
    """Say before the linkage which tables are missing, and which files of the folder nothing was read from."""
    unused = unread_files(extracts, where)
    wanted = (*needed_tables(spec), "spend") if spec.costs is not None else needed_tables(spec)
    missing = [name for name in wanted if name not in extracts.names]
    if missing:
        unread = f" Nothing was read from {', '.join(unused)}." if unused else ""
        costs = ' [costs] needs the table "spend"; without one take [costs] out.' if "spend" in missing else ""
        raise InputError(
            f"The folder '{where.name}' holds no {' and no '.join(missing)}.{unread} Name a file after its table "
            f"({missing[0]}.csv), or say in the study file which it is: [data.tables.{missing[0]}] with "
            f'file = "{unused[0] if unused else "your file.csv"}".{costs}'
        )
    for name in unused:
        logger.info("not read: '%s' is named after no table, nor named in the study file", name)


def unread_files(extracts: Extracts, where: Path) -> list[str]:
    """Return the names of the files of data in a folder that nothing was read from.

    Parameters
    ----------
    extracts
        What was read.
    where
        The folder.

    Returns
    -------
    list of str
    """
    used = {Path(item.file).name for item in extracts.files}
    return sorted(
        path.name
        for path in where.iterdir()
        if path.is_file() and path.name not in used and path.suffix.lower() in DATA_ENDINGS and path.name[0] not in ".~"
    )


def extract_files(spec: StudySpec | QuarterlySpec, extracts: Extracts) -> tuple[InputTable, ...]:
    """Return the inputs of a study from extracts: the files that were read, or the tables that were simulated."""
    if spec.data.source == "extracts":
        return tuple(
            InputTable(
                name=item.table,
                file=Path(item.file).name,
                sha256=item.sha256,
                rows=item.rows,
                key_fingerprint=next(iter(extracts.fingerprints(item.table)), None),
            )
            for item in extracts.files
        )
    tables = {name: extracts.table(name) for name in extracts.names}
    return tuple(
        InputTable(name=name, file="simulated", sha256=frame_hash(table), rows=len(table))
        for name, table in tables.items()
    )


def frame_hash(table: pd.DataFrame) -> str:
    """Return the SHA-256 of a table's bytes as CSV, rows sorted: the same rows in another order are the same input.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"a": [1, 2]})
    >>> frame_hash(table) == frame_hash(table.iloc[::-1])
    True
    """
    named = table.reset_index() if table.index.name is not None else table
    head, *lines = named.to_csv(index=False, lineterminator="\n").splitlines()
    return hashlib.sha256("\n".join([head, *sorted(lines)]).encode()).hexdigest()
