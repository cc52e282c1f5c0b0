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
from dipeval.errors import InputError
from dipeval.study import rules
from dipeval.study.columns import all_columns, side_columns
from dipeval.study.flow import FlowRow
from dipeval.study.inputs import InputTable, extract_files, frame_hash, load_extracts
from dipeval.study.missing import whole_rows
from dipeval.study.people import read_people, split_people
from dipeval.study.sealed import Sealed, SealedHistory
from dipeval.vocabulary import TREATED

if TYPE_CHECKING:
    from dipeval.cohort import Cohort
    from dipeval.engine import Engine
    from dipeval.extracts import Extracts
    from dipeval.linkage import Linkage
    from dipeval.study.spec import StudySpec

logger = logging.getLogger("dipeval")


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
    engine
        Where the event work is done, if the study file says how; None for the linkage's own.
    missing
        What becomes of gaps in the covariates; those of people who are still here are filled design by design.
    """

    people: Any
    sealed: Sealed
    flow: tuple[FlowRow, ...]
    files: tuple[InputTable, ...]
    measured_at: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    extracts: Extracts | None = None
    linkage: Linkage | None = None
    cohort: Cohort | None = None
    engine: Engine | None = None
    missing: str = "refuse"

    @property
    def cluster(self) -> pd.Series | None:
        """Whose row each is, where a person can be in more than once; None where rows are people."""
        return None if self.cohort is None or self.cohort.unit == "people" else self.cohort.cluster

    @property
    def frame(self) -> pd.DataFrame:
        """The people as a frame, index the person."""
        return frame_of(self.people)


def frame_of(people: Any) -> pd.DataFrame:
    """Return people (a frame or a cohort) as a frame, index the person."""
    frame = people if isinstance(people, pd.DataFrame) else people.people
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

    engine = rules.engine(spec, folder)
    linkage = link(extracts, rule=rules.link_rule(spec), model=model, engine=engine)
    if review is not None:
        logger.info("applying the decisions of the clerical review")
        linkage = linkage.apply_review(review)
    _require_drawable(spec, linkage)
    files = tuple(linkage_input(key, path) for key, path in (("model", model), ("review", review)) if path)
    prepared = from_linkage(spec, extracts, linkage, engine)
    return replace(prepared, files=(*prepared.files, *files))


def linkage_input(key: str, path: Path) -> InputTable:
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


def from_linkage(
    spec: StudySpec,
    extracts: Extracts,
    linkage: Linkage,
    engine: Engine | None = None,
    *,
    files: tuple[InputTable, ...] | None = None,
) -> Prepared:
    """Build the cohort of a study from extracts that are linked already.

    Parameters
    ----------
    spec
        The study.
    extracts
        The records.
    linkage
        Whose they are.
    engine
        Where the event work is done; default the linkage's own.
    files
        What was read, where that is known already: to hash large tables takes a while.

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
    cohort = build_cohort(extracts, linkage, rule=rules.cohort_rule(spec), engine=engine)
    _require_two_groups(cohort)
    flow = [_flow_row(step) for step in cohort.attrition.to_dict("records")]
    people, moments = _without_gaps(cohort, spec, flow)
    return Prepared(
        people=people,
        sealed=SealedHistory(cohort=cohort, follow_up=rules.follow_up(spec)),
        flow=tuple(flow),
        files=extract_files(spec, extracts) if files is None else files,
        measured_at=moments,
        missing=spec.design.missing,
        extracts=extracts,
        linkage=linkage,
        cohort=cohort,
        engine=engine,
    )


def _without_gaps(cohort: Cohort, spec: StudySpec, flow: list[FlowRow]) -> tuple[Any, Mapping[str, str]]:
    """The cohort; where people with gaps are left out, the others as a frame, with when its columns were measured.

    Only a risk score that was supplied can have gaps: all else is counted, and nothing recorded counts as nothing.
    """
    people = cohort.people
    columns = [name for name in all_columns(spec) if name in people.columns]
    whole = whole_rows(people, columns, spec.design.missing)
    if whole.all():
        return cohort, MappingProxyType({})
    flow.append(FlowRow("complete", "With every covariate recorded", int(whole.sum()), int((~whole).sum())))
    known = {name: when for name, when in cohort.measured_at.items() if name in (*columns, *side_columns(spec))}
    return people[whole], MappingProxyType(known)


def _require_two_groups(cohort: Cohort) -> None:
    from dipeval.cohort.rule_words import short_exposure, started

    if cohort.people[TREATED].nunique() == 2:
        return
    who, rule = "Nobody" if not cohort.people[TREATED].any() else "Everybody", cohort.rule
    table = {"treatment": "treatment", "order": "orders", "contact": "contacts"}[rule.exposure]
    key = "before_days" if rule.exposure_timing == "before_index" else "grace_days"
    raise InputError(
        f"{who} in the cohort started {short_exposure(rule)} {started(rule)}, so there are no two groups to compare. "
        f"Check that the {table} file covers the same people, districts and months as the index events, or change "
        f"cohort.{key}."
    )


def _flow_row(step: dict[Any, Any]) -> FlowRow:
    return FlowRow(str(step["step"]), str(step["label"]), int(step["n_people"]), int(step["n_excluded"]))


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
        measured_at=_declared(spec, [*all_columns(spec), *side_columns(spec)]),
        missing=spec.design.missing,
    )


def _declared(spec: StudySpec, covariates: list[str]) -> Mapping[str, str]:
    given = spec.people.measured_at
    return MappingProxyType(dict.fromkeys(covariates, given) if isinstance(given, str) else dict(given))
