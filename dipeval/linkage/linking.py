"""`link`: every file to the anchor, person by person."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from dipeval.engine import Engine, open_engine
from dipeval.errors import InputError
from dipeval.linkage.grouping import anchor_table, check_extra, check_keys, check_shared, file_groups
from dipeval.linkage.joining import join_groups
from dipeval.linkage.kept import Kept, Tables, digits_for, id_texts
from dipeval.linkage.persons import PERSON_TABLES, OwnPeople, own_people
from dipeval.linkage.result import Linkage
from dipeval.linkage.rule import LinkRule
from dipeval.linkage.spine import candidate_table, count_table, spine_table
from dipeval.linkage.trained import SavedModels, read_models

logger = logging.getLogger("dipeval")


class ExtractsLike(Protocol):
    """What linkage needs of `dipeval.extracts.Extracts`."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tables."""
        ...

    @property
    def extract_date(self) -> dt.date:
        """Last day that the data cover."""
        ...

    @property
    def truth(self) -> Any:
        """Known links, or None."""
        ...

    def table(self, name: str) -> pd.DataFrame:
        """Return a copy of a table."""
        ...


def _notes(groups: list[OwnPeople], rule: LinkRule) -> list[str]:
    if rule.profile == "deterministic":
        notes = ["Linked where initials or names, date of birth and sex agree exactly and the key is unique in both."]
    else:
        ties = "are left unlinked" if rule.ties == "drop" else "are linked to the first of them by record id"
        notes = [
            f"One-to-one links from a match probability of {rule.threshold:g}; "
            f"people with two equally likely candidates {ties}."
        ]
    for group in groups:
        name = ", ".join(group.tables)
        if group.heaped:
            notes.append(
                f"{name}: dates of birth that far too many people share were treated as missing "
                f"(dates: {len(group.heaped):,}; people: {group.n_heaped:,})."
            )
        if group.heaped_areas:
            notes.append(
                f"{name}: addresses that far too many people share (a custody suite, a service) were treated as "
                f"missing (addresses: {len(group.heaped_areas):,}; people: {group.n_heaped_areas:,})."
            )
        if group.n_merged:
            notes.append(
                f"{name}: references that belong to one person by initials, date of birth, sex and sector were joined "
                f"(references: {group.n_merged:,})."
            )
        blank = group.people[["forename_initial", "surname_initial", "birth_date"]].isna().all(axis=None)
        if len(group.people) and blank:
            notes.append(f"{name}: no record has a usable name, initial or date of birth; none of it could be linked.")
            logger.warning("linkage: %s has no usable names, initials or dates of birth: nothing can be linked", name)
    return notes


def _collapse(tables: Mapping[str, pd.DataFrame], anchor: str, latest: dt.date, rule: LinkRule) -> list[OwnPeople]:
    """The people of every group of files, the anchor's first."""
    names = file_groups(tables, anchor)
    for group in names[1:]:
        check_shared(names[0], group, tables, rule.also_compare)
    collapsed = []
    for group in names:
        logger.info("linkage: %s, finding its people", ", ".join(group))
        people = own_people(
            {name: tables[name] for name in group},
            latest=latest,
            find_heaped_dates=rule.find_heaped_dates,
            merge_references=rule.merge_references,
            also_compare=rule.also_compare,
        )
        collapsed.append(people)
    return collapsed


def person_tables(extracts: ExtractsLike) -> dict[str, pd.DataFrame]:
    """Return the tables that hold people, in the order of the contracts."""
    if not (hasattr(extracts, "names") and hasattr(extracts, "table") and hasattr(extracts, "extract_date")):
        raise InputError(
            f"Linkage needs extracts from dipeval.read_extracts or dipeval.simulate; it was given a "
            f"{type(extracts).__name__}. DataFrames become extracts by "
            "dipeval.extracts.make_extracts({'drug_tests': frame, ...})."
        )
    return {name: extracts.table(name) for name in PERSON_TABLES if name in extracts.names}


def link(
    extracts: ExtractsLike,
    rule: LinkRule | None = None,
    *,
    engine: Engine | None = None,
    model: str | Path | None = None,
) -> Linkage:
    """Link the person-level tables of the extracts to the drug tests (to the offences if there are no tests).

    Each file is first collapsed to its own people (`dipeval.linkage.persons`), files that share the PNC number as
    one; then the people of each file are compared with those of the anchor and linked one to one. Method:
    Fellegi and Sunter (1969) as in Splink 5, one-to-one by `dipeval.linkage.resolve`. Progress is told on the logger
    "dipeval".

    Parameters
    ----------
    extracts
        Checked tables (`dipeval.read_extracts`, `dipeval.simulate`). Tables that are absent are passed over.
    rule
        Options; default ``LinkRule()``, or the rule in the model file.
    engine
        Where to work; default a new one in memory.
    model
        A file that `Linkage.save_model` wrote: its weights are used and nothing is learnt.

    Returns
    -------
    Linkage
        Its spine holds every record of every person-level table once.

    Raises
    ------
    InputError
        If there is no table to start from, if two files share too few identifiers, if record ids are missing or
        repeated, if pseudonymised files are mixed with clear ones or with another key's, if too many pairs would be
        compared, or if the model file is none or was learnt on other tables or with another rule.

    Examples
    --------
    >>> from dipeval.linkage.example import two_small_files
    >>> linkage = link(two_small_files(), LinkRule(profile="attributor"))
    >>> linkage.to_frame()["person_id"].tolist()
    ['P000000', 'P000000', 'P000001', 'P000000', 'P000002']
    """
    if rule is not None and not isinstance(rule, LinkRule):
        raise InputError(f"rule must be a LinkRule, such as LinkRule(profile='full'); it is a {type(rule).__name__}.")
    tables = person_tables(extracts)
    saved = None if model is None else read_models(model)
    if rule is None:
        rule = LinkRule() if saved is None else saved.rule
    anchor = anchor_table(tables)
    if saved is not None:
        saved.check(rule, anchor)
    hashed = check_keys(tables)
    check_extra(tables, rule.also_compare)
    groups = _collapse(tables, anchor, extracts.extract_date, rule)
    engine = open_engine() if engine is None else engine
    return _linked(engine, tables, groups, anchor, rule, hashed=hashed, saved=saved)


def _linked(
    engine: Engine,
    tables: Mapping[str, pd.DataFrame],
    groups: list[OwnPeople],
    anchor: str,
    rule: LinkRule,
    *,
    hashed: bool,
    saved: SavedModels | None,
) -> Linkage:
    """Link the groups and put the tables of the linkage together."""
    made: list[str] = []
    try:
        done, kept, found = join_groups(engine, groups, tables, rule, hashed=hashed, saved=saved, names=made)
    except BaseException:
        Tables(engine, made)
        raise
    n_people = max((int(step.numbers.max(initial=-1)) + 1 for step in done), default=0)
    digits = digits_for(n_people)
    ids = id_texts(np.arange(n_people, dtype=np.int64), digits)
    spine = spine_table(done, ids)
    facts = {table: step for step in done for table in step.people.tables}
    return Linkage(
        rule=rule,
        engine=engine,
        anchor=anchor,
        _spine=spine,
        _pairs=candidate_table(done, anchor, ids),
        _counts=count_table(spine, tables, anchor, facts),
        notes=(*_notes(groups, rule), *found),
        _kept=Kept(groups=tuple(kept), tables=Tables(engine, made), digits=digits),
    )
