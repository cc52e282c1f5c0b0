"""From a quarterly file to records whose people are known: simulated ones as they were made, extracts by linkage."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dipeval.errors import InputError
from dipeval.study import rules
from dipeval.study.inputs import InputTable, extract_files, read_named, unread_files
from dipeval.study.load import linkage_input

if TYPE_CHECKING:
    from dipeval.engine import Engine
    from dipeval.extracts import Extracts
    from dipeval.linkage import Linkage
    from dipeval.study.quarterly.spec import QuarterlySpec

logger = logging.getLogger("dipeval")
# Without one of these there is nobody to count.
PERSON_TABLES: Final = ("drug_tests", "contacts", "treatment", "offences")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Loaded:
    """Records ready to be counted.

    Parameters
    ----------
    extracts
        The records.
    linkage
        Whose they are.
    engine
        Where they are counted.
    files
        What was read, for the record of where everything came from.
    """

    extracts: Extracts
    linkage: Linkage
    engine: Engine
    files: tuple[InputTable, ...]


def load(spec: QuarterlySpec, folder: Path) -> Loaded:
    """Read or simulate the records, and say whose they are.

    Parameters
    ----------
    spec
        The quarterly file.
    folder
        Where relative paths start.

    Returns
    -------
    Loaded
    """
    named = {key: rules.linkage_file(spec, key, folder) for key in ("model", "review")}
    extracts = _extracts(spec, folder)
    engine = rules.engine(spec, folder)
    linkage = _linkage(spec, extracts, engine, named["model"], named["review"])
    of_linkage = tuple(linkage_input(key, path) for key, path in named.items() if path is not None)
    return Loaded(
        extracts=extracts,
        linkage=linkage,
        engine=engine or linkage.engine,
        files=(*extract_files(spec, extracts), *of_linkage),
    )


def _extracts(spec: QuarterlySpec, folder: Path) -> Extracts:
    if spec.data.source == "simulate":
        from dipeval.simulate import simulate

        logger.info("simulating the records")
        options = spec.simulate.model_dump(exclude={"people", "seed", "compare_true_links"})
        seed = spec.seed if spec.simulate.seed is None else spec.simulate.seed
        return simulate(spec.simulate.people, seed=seed, **options)
    if spec.data.source == "simulate_areas":
        from dipeval.simulate import simulate_areas

        logger.info("simulating the records of several districts")
        areas = spec.simulate_areas.model_dump(exclude={"seed"})
        seed = spec.seed if spec.simulate_areas.seed is None else spec.simulate_areas.seed
        return simulate_areas(seed=seed, **areas)
    extracts = read_named(spec, folder)
    _require_people(extracts, folder / str(spec.data.folder))
    return extracts


def _linkage(
    spec: QuarterlySpec, extracts: Extracts, engine: Engine | None, model: Path | None, review: Path | None
) -> Linkage:
    from dipeval.linkage import link, true_linkage

    if spec.simulated:
        return true_linkage(extracts, engine=engine)
    logger.info("linking records: %s", ", ".join(extracts.names))
    linkage = link(extracts, rule=rules.link_rule(spec), model=model, engine=engine)
    if review is not None:
        logger.info("applying the decisions of the clerical review")
        linkage = linkage.apply_review(review)
    return linkage


def _require_people(extracts: Extracts, where: Path) -> None:
    unused = unread_files(extracts, where)
    if not any(name in extracts.names for name in PERSON_TABLES):
        unread = f" Nothing was read from {', '.join(unused)}." if unused else ""
        raise InputError(
            f"The folder '{where.name}' holds none of {', '.join(PERSON_TABLES)}, so there is nobody to count.{unread} "
            f"Name a file after its table (drug_tests.csv), or say in the study file which it is: "
            f'[data.tables.drug_tests] with file = "{unused[0] if unused else "your file.csv"}".'
        )
    for name in unused:
        logger.info("not read: '%s' is named after no table, nor named in the study file", name)
