"""A study file composed into the options of the rooms below: each gets its own small object, none the whole study."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dipeval.disclosure import DisclosureRule
from dipeval.errors import InputError, StudyFileError
from dipeval.study.columns import design_columns, designs
from dipeval.study.crosschecks import data_citation, data_status
from dipeval.study.lines import key_lines, line_of
from dipeval.study.wording import key_path

if TYPE_CHECKING:
    from dipeval.cohort import CohortRule
    from dipeval.engine import Engine
    from dipeval.extracts import ExtractMapping
    from dipeval.linkage import LinkRule
    from dipeval.outcomes import FollowUp
    from dipeval.study.quarterly.spec import QuarterlySpec
    from dipeval.study.spec import CohortSpec, FollowUpSpec, StudySpec


def disclosure_rule(spec: StudySpec | QuarterlySpec) -> DisclosureRule:
    """Return how small counts are protected."""
    options = spec.disclosure
    return DisclosureRule(
        profile=options.profile,
        threshold=options.threshold,
        rounding=options.rounding,
        data_status=data_status(spec),
        citation=data_citation(spec),
    )


def link_rule(spec: StudySpec | QuarterlySpec) -> LinkRule:
    """Return how records are linked."""
    from dipeval.linkage import LinkRule

    options = spec.linkage.model_dump(exclude={"model", "review", "error"})
    return LinkRule(**options, seed=spec.seed)


def linkage_file(spec: StudySpec | QuarterlySpec, key: str, folder: Path) -> Path | None:
    """Return a file that `[linkage]` names (model, review), found before anything is linked.

    Parameters
    ----------
    spec
        The study.
    key
        ``model`` or ``review``.
    folder
        Where relative paths start.

    Returns
    -------
    pathlib.Path or None
        None if the study names none.

    Raises
    ------
    InputError
        If there is no such file.
    """
    named = getattr(spec.linkage, key)
    if named is None:
        return None
    path = folder / named
    if not path.is_file():
        raise InputError(
            f"There is no file '{path.name}' where the study file says (linkage.{key}). Check the path; it starts from "
            "the folder of the study file."
        )
    return path


def cohort_rule(spec: StudySpec) -> CohortRule:
    """Return who is eligible."""
    from dipeval.cohort import CohortRule

    return CohortRule(**_given(spec.cohort))


def follow_up(spec: StudySpec, **instead: Any) -> FollowUp:
    """Return how long people are followed, and what counts; options named here stand instead of the study's."""
    from dipeval.outcomes import FollowUp

    return FollowUp(**_given(spec.follow_up) | instead)


def _given(section: CohortSpec | FollowUpSpec) -> dict[str, Any]:
    """The keys written in the file, as options: a key and its option have one name and one default."""
    options = section.model_dump(exclude_unset=True)
    return {name: tuple(value) if isinstance(value, list) else value for name, value in options.items()}


def engine(spec: StudySpec | QuarterlySpec, folder: Path) -> Engine | None:
    """Open the engine as `[engine]` says; None if it says nothing, and the linkage's own engine does the work.

    Parameters
    ----------
    spec
        The study.
    folder
        Where relative paths start.

    Returns
    -------
    Engine or None
    """
    options = spec.engine.model_dump(exclude_none=True)
    if not options:
        return None
    from dipeval.engine import open_engine

    for key in ("temp_folder", "stages"):
        if key in options:
            options[key] = _private_folder(folder / options[key], f"engine.{key}")
    try:
        return open_engine(**options)
    except InputError as error:
        raise InputError(f"engine: {error}") from None


def _private_folder(path: Path, key: str) -> Path:
    """The folder, made for its owner alone if it is not there: records of people are put into it."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        raise InputError(
            f"{key}: '{path.name}' cannot be made a folder here; name one that may be written to."
        ) from None
    return path


def extract_mapping(spec: StudySpec | QuarterlySpec) -> ExtractMapping:
    """Return the customer's table, column and code names."""
    from dipeval.extracts import ExtractMapping

    tables = spec.data.tables
    given: dict[str, Any] = {
        "files": {n: (t.file, t.sheet) if t.sheet else t.file for n, t in tables.items() if t.file},
        "columns": {n: dict(t.columns) for n, t in tables.items() if t.columns},
        "codes": {n: dict(t.codes) for n, t in tables.items() if t.codes},
        "date_formats": {n: tuple(t.date_formats) for n, t in tables.items() if t.date_formats},
        "encodings": {n: t.encoding for n, t in tables.items() if t.encoding},
        "header_rows": {n: t.header_row for n, t in tables.items() if t.header_row},
        "missing_values": tuple(spec.data.missing_values),
        "two_digit_year_pivot": spec.data.two_digit_year_pivot,
    }
    return ExtractMapping(**{key: value for key, value in given.items() if value not in (None, (), {})})


def check_rules(spec: StudySpec, name: str, text: str = "") -> None:
    """Compose every rule once, so that options that contradict each other are found before any data are read.

    Parameters
    ----------
    spec
        The study.
    name
        Of the study file, for the complaints.
    text
        The file's words, to find line numbers in.

    Raises
    ------
    StudyFileError
        One complaint for each section that cannot be used.
    """
    makers: dict[str, Callable[[StudySpec], Any]] = {"disclosure": disclosure_rule}
    if spec.from_extracts:
        makers |= {"linkage": link_rule, "cohort": cohort_rule, "follow_up": follow_up}
    if spec.data.source == "extracts":
        makers |= {"data.tables": extract_mapping}
    complaints = _unknown_covariates(spec, text)
    for section, make in makers.items():
        try:
            make(spec)
        except InputError as error:
            complaints.append(f"{section}: {error}")
    if complaints:
        raise StudyFileError(complaints, file=name)


def _moments_of_covariates(spec: StudySpec) -> dict[str, str]:
    """When each column of a cohort is measured; for a rule that cannot be used, as without options."""
    from dipeval.cohort import CohortRule
    from dipeval.cohort.covariates import measured_at

    try:
        return measured_at(cohort_rule(spec))
    except InputError:
        return measured_at(CohortRule())


def _unknown_covariates(spec: StudySpec, text: str) -> list[str]:
    """Covariates that no cohort has: found now, rather than after an hour of linking."""
    if not spec.from_extracts:
        return []
    moments = _moments_of_covariates(spec)
    known = sorted(name for name, when in moments.items() if when in ("before_index", "at_index"))
    named = [
        ((*at, key), names)
        for at, options in designs(spec)
        for key, names in design_columns(options, options.covariates or ()).items()
    ]
    if spec.subgroups is not None:
        named.append((("subgroups", "by"), tuple(spec.subgroups.by)))
    for place, item in enumerate(spec.overturn.negative_controls):
        if item.column is not None:
            named.append((("overturn", "negative_controls", place, "column"), (item.column,)))
    lines = key_lines(text)
    complaints = []
    for location, names in named:
        line = line_of(location, lines)
        where = f"line {line}, {key_path(location)}" if line is not None else key_path(location)
        for name in names:
            if name in known:
                continue
            if moments.get(name) == "after_exposure":
                complaints.append(
                    f"{where}: '{name}' is measured after the exposure began (cohort.exposure_timing), so the groups "
                    "cannot be made alike on it; take it out."
                )
                continue
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"the covariates are {', '.join(known)}."
            complaints.append(f"{where}: a cohort has no '{name}'; {hint}")
    return complaints
