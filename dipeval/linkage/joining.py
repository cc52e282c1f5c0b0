"""Each group of files linked to the anchor's people: candidates, one-to-one links, numbers."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from dipeval.engine import Engine
from dipeval.linkage.about import known_about
from dipeval.linkage.candidates import Candidates, PeopleTable, empty_pairs, put_people, score_people
from dipeval.linkage.deterministic import unique_key_links
from dipeval.linkage.kept import KeptGroup
from dipeval.linkage.model import ATTRIBUTOR, FULL, PersonModel, adapted
from dipeval.linkage.persons import OwnPeople
from dipeval.linkage.resolve import one_to_one
from dipeval.linkage.rule import LinkRule
from dipeval.linkage.spine import LinkedFiles
from dipeval.linkage.trained import SavedModels

logger = logging.getLogger("dipeval")
_SERVICES = frozenset({"contacts", "treatment"})


def person_model(anchor: OwnPeople, group: OwnPeople, rule: LinkRule, *, hashed: bool) -> PersonModel:
    """Return what is compared between two groups of files."""
    initials_asked = rule.profile == "attributor" and bool(_SERVICES & set(group.tables))
    model = FULL if anchor.has_names and group.has_names and not initials_asked else ATTRIBUTOR
    return adapted(model, nicknames=rule.nicknames, hashed=hashed, also_compare=rule.also_compare)


def _candidates(
    engine: Engine,
    sides: tuple[tuple[OwnPeople, PeopleTable], tuple[OwnPeople, PeopleTable]],
    model: PersonModel,
    rule: LinkRule,
    saved: SavedModels | None,
) -> Candidates:
    (anchor, left), (group, right) = sides
    if not left.n_people or not right.n_people:
        return Candidates(pairs=empty_pairs(), n_compared=0, prior=0.0)
    if rule.profile == "deterministic":
        return unique_key_links(engine, left, right, names=anchor.has_names and group.has_names)
    trained = None if saved is None else saved.model_for(group.tables)
    label = f"{anchor.tables[0]} with {', '.join(group.tables)}"
    return score_people(engine, left, right, model, rule, label=label, trained=trained, tables=group.tables)


def _linked_files(group: OwnPeople, found: Candidates, rule: LinkRule, name: str, first_number: int) -> LinkedFiles:
    """One-to-one links, and the number each person of the group gets."""
    linked, tied = one_to_one(found.pairs, rule.threshold, rule.ties)
    links = found.pairs[linked.to_numpy()]
    right = links["right"].to_numpy(dtype="int64")
    numbers = np.full(len(group.people), -1, dtype=np.int64)
    numbers[right] = links["left"].to_numpy(dtype="int64")
    free = numbers < 0
    numbers[free] = np.arange(first_number, first_number + int(free.sum()))
    probability = np.ones(len(group.people))
    probability[right] = links["match_probability"].to_numpy(dtype="float64")
    return LinkedFiles(
        people=group,
        numbers=numbers,
        probability=probability,
        candidates=found.pairs.assign(linked=linked),
        model=name,
        tied=tied,
        n_compared=found.n_compared,
    )


def _anchor_files(anchor: OwnPeople) -> LinkedFiles:
    n_people = len(anchor.people)
    return LinkedFiles(
        people=anchor,
        numbers=np.arange(n_people, dtype=np.int64),
        probability=np.ones(n_people),
        candidates=empty_pairs().assign(linked=pd.Series(dtype=bool)),
        model="",
        tied=0,
        n_compared=0,
    )


def join_groups(
    engine: Engine,
    groups: list[OwnPeople],
    tables: Mapping[str, pd.DataFrame],
    rule: LinkRule,
    *,
    hashed: bool,
    saved: SavedModels | None,
    names: list[str],
) -> tuple[list[LinkedFiles], list[KeptGroup], list[str]]:
    """Link every group to the first, the anchor's.

    Parameters
    ----------
    engine
        Where the work is done.
    groups
        The people of each group of files.
    tables
        The raw tables.
    rule
        How to link.
    hashed
        Whether the identifiers are keyed hashes.
    saved
        Models to score with; None learns them.
    names
        Filled with the names of the tables made on the engine, so that they can be dropped whatever happens.

    Returns
    -------
    tuple
        The linked files, what is kept of them on the engine, and notes.
    """
    label = groups[0].tables[0]
    held = [_put(engine, group, tables, rule, names) for group in groups]
    done = [_anchor_files(groups[0])]
    kept = [replace(held[0][1], numbers=done[0].numbers)]
    notes: list[str] = []
    n_numbers = len(groups[0].people)
    for group, (people, entry) in zip(groups[1:], held[1:], strict=True):
        model = person_model(groups[0], group, rule, hashed=hashed)
        found = _candidates(engine, ((groups[0], held[0][0]), (group, people)), model, rule, saved)
        names += [found.parts_table] if found.parts_table else []
        notes += found.notes
        name = "deterministic" if rule.profile == "deterministic" else model.name
        step = _linked_files(group, found, rule, name, n_numbers)
        n_numbers = max(n_numbers, int(step.numbers.max(initial=-1)) + 1)
        where, n_links = f"{label} with {', '.join(group.tables)}", int(step.candidates["linked"].sum())
        logger.info("linkage: %s, %s of %s people linked", where, f"{n_links:,}", f"{len(group.people):,}")
        done.append(step)
        used = None if found.model is None else model
        kept.append(
            replace(entry, numbers=step.numbers, model=found.model, person_model=used, parts_table=found.parts_table)
        )
    return done, kept, notes


def _put(
    engine: Engine, group: OwnPeople, tables: Mapping[str, pd.DataFrame], rule: LinkRule, names: list[str]
) -> tuple[PeopleTable, KeptGroup]:
    """The people of a group, and what is known about them, copied into the engine."""
    people = put_people(engine, group.people, rule.also_compare)
    names.append(people.name)
    about = _put_about(engine, group, tables, names)
    nobody = np.arange(0, dtype=np.int64)
    return people, KeptGroup(tables=group.tables, people_table=people.name, about_tables=about, numbers=nobody)


def _put_about(
    engine: Engine, group: OwnPeople, tables: Mapping[str, pd.DataFrame], names: list[str]
) -> dict[str, str]:
    about = {}
    for table in group.tables:
        facts = known_about(table, tables[table], group)
        about[table] = engine.put(facts, "linkage_about").get_name().rpartition(".")[2]
        names.append(about[table])
    return about
