"""From the study file to people without outcomes: a person-level table is split, extracts are linked to a cohort.

The two roads end in the same `Prepared`: people for the design, outcomes under seal, and the flow so far.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.datasets import load_dataset
from dipeval.errors import ExtractError, InputError
from dipeval.study import rules
from dipeval.study.flow import FlowRow
from dipeval.study.people import all_covariates, read_people, split_people
from dipeval.study.sealed import Sealed, SealedHistory
from dipeval.study.wording import as_study_keys
from dipeval.vocabulary import TREATED

if TYPE_CHECKING:
    from dipeval.cohort import Cohort
    from dipeval.extracts import Extracts
    from dipeval.linkage import Linkage
    from dipeval.study.spec import StudySpec

logger = logging.getLogger("dipeval")
NEEDED_TABLES = ("drug_tests", "treatment", "offences")
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """People ready for the design, outcomes under seal.

    Parameters
    ----------
    people
        A DataFrame (one row a person, index the person) or a `Cohort`.
    sealed
        The outcomes: opened with the gate's permit only.
    flow
        Steps so far.
    files
        Inputs with hashes and rows.
    measured_at
        Column -> when it was measured, as declared (person-level tables).
    extracts, linkage, cohort
        What was behind the people, if they came from extracts.
    """

    people: Any
    sealed: Sealed
    flow: tuple[FlowRow, ...]
    files: tuple[InputTable, ...]
    measured_at: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    extracts: Extracts | None = None
    linkage: Linkage | None = None
    cohort: Cohort | None = None

    @property
    def frame(self) -> pd.DataFrame:
        """The people as a frame, index the person."""
        frame = self.people if isinstance(self.people, pd.DataFrame) else self.people.people
        return frame.set_index("person_id") if "person_id" in frame.columns else frame


def prepare(spec: StudySpec, folder: Path) -> Prepared:
    """Read or simulate, link, and find the people; touch no outcome.

    Parameters
    ----------
    spec
        The study.
    folder
        Where relative paths start: the study file's folder.

    Returns
    -------
    Prepared
    """
    if not spec.from_extracts:
        return _from_table(spec, folder)
    model, review = (rules.linkage_file(spec, key, folder) for key in ("model", "review"))
    extracts = load_extracts(spec, folder)
    logger.info("linking records: %s", ", ".join(extracts.names))
    from dipeval.linkage import link

    linkage = link(extracts, rule=rules.link_rule(spec), model=model)
    if review is not None:
        logger.info("applying the decisions of the clerical review")
        linkage = linkage.apply_review(review)
    _require_drawable(spec, linkage)
    files = tuple(_linkage_input(key, path) for key, path in (("model", model), ("review", review)) if path)
    prepared = from_linkage(spec, extracts, linkage)
    return replace(prepared, files=(*prepared.files, *files))


def _linkage_input(key: str, path: Path) -> InputTable:
    """A file that took part in the linkage, in the record of where everything came from."""
    return InputTable(
        name=f"linkage {key}", file=path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), rows=None
    )


def _require_drawable(spec: StudySpec, linkage: Linkage) -> None:
    """Say before the cohort is built, rather than after an hour, that the links of a file cannot be drawn."""
    error = spec.linkage.error
    if not error.draws or "links" not in error.model_fields_set:
        return
    known = {table for model in linkage.models for table in model.tables}
    wrong = [name for name in error.links if name not in known]
    if wrong:
        raise InputError(
            f"[linkage.error] names {', '.join(wrong)}, which was not linked by a model: its records carry the same "
            "number as those of the tests, or nobody in it has usable identifiers. Take it out of links."
        )


def from_linkage(spec: StudySpec, extracts: Extracts, linkage: Linkage) -> Prepared:
    """Build the cohort of a study from extracts that are linked already.

    Parameters
    ----------
    spec
        The study.
    extracts
        The records.
    linkage
        Whose they are.

    Returns
    -------
    Prepared

    Raises
    ------
    InputError
        If nobody, or everybody, in the cohort is treated.
    """
    from dipeval.cohort import build_cohort

    logger.info("building the cohort: who is eligible, and from when")
    cohort = build_cohort(extracts, linkage, rule=rules.cohort_rule(spec))
    if cohort.people[TREATED].nunique() < 2:
        who = "Nobody" if not cohort.people[TREATED].any() else "Everybody"
        raise InputError(
            f"{who} in the cohort started treatment within {spec.cohort.grace_days} days of the test, so there are no "
            "two groups to compare. Check that the treatment file covers the same people, districts and months as "
            "drug_tests (start_date above all), or change cohort.grace_days."
        )
    flow = [_flow_row(step) for step in cohort.attrition.to_dict("records")]
    return Prepared(
        people=cohort,
        sealed=SealedHistory(cohort=cohort, follow_up=rules.follow_up(spec)),
        flow=tuple(flow),
        files=_extract_files(spec, extracts),
        extracts=extracts,
        linkage=linkage,
        cohort=cohort,
    )


def _flow_row(step: dict[Any, Any]) -> FlowRow:
    return FlowRow(str(step["step"]), str(step["label"]), int(step["n_people"]), int(step["n_excluded"]))


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
    from dipeval.extracts import read_extracts

    logger.info("reading the extracts")
    where = folder / str(spec.data.folder)
    try:
        extracts = read_extracts(
            where,
            rules.extract_mapping(spec),
            extract_date=spec.data.extract_date,
            data_status=rules.disclosure_rule(spec).data_status,
            on_error=spec.data.on_error,
        )
    except ExtractError as error:
        raise ExtractError([as_study_keys(fault) for fault in error.faults]) from None
    _require_tables(spec, extracts, where)
    return extracts


def _require_tables(spec: StudySpec, extracts: Extracts, where: Path) -> None:
    """Say before the linkage which tables are missing, and which files of the folder nothing was read from."""
    used = {Path(item.file).name for item in extracts.files}
    unused = sorted(
        path.name
        for path in where.iterdir()
        if path.is_file() and path.name not in used and path.suffix.lower() in DATA_ENDINGS and path.name[0] not in ".~"
    )
    wanted = (*NEEDED_TABLES, "spend") if spec.costs is not None else NEEDED_TABLES
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


def _from_table(spec: StudySpec, folder: Path) -> Prepared:
    if spec.data.source == "dataset":
        logger.info("reading the data set %s", spec.data.dataset)
        table = load_dataset(str(spec.data.dataset)).load()
        source = InputTable(
            name=str(spec.data.dataset),
            file="carried inside an installed package",
            sha256=frame_hash(table),
            rows=len(table),
        )
    else:
        path = folder / str(spec.data.file)
        logger.info("reading %s", path.name)
        table = read_people(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        source = InputTable(name=path.stem, file=path.name, sha256=digest, rows=len(table))
    people, sealed, flow = split_people(table, spec)
    if people.empty:
        raise InputError("Nobody is left after removing people with a missing treatment or covariate.")
    return Prepared(
        people=people,
        sealed=sealed,
        flow=tuple(flow),
        files=(source,),
        measured_at=_declared(spec, all_covariates(spec)),
    )


def _declared(spec: StudySpec, covariates: list[str]) -> Mapping[str, str]:
    given = spec.people.measured_at
    return MappingProxyType(dict.fromkeys(covariates, given) if isinstance(given, str) else dict(given))


def _extract_files(spec: StudySpec, extracts: Extracts) -> tuple[InputTable, ...]:
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
