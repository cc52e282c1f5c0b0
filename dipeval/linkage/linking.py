"""`link`: every file to the anchor, person by person; `true_linkage`: the same from known links."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import pandas as pd

from dipeval.engine import Engine, open_engine
from dipeval.errors import InputError
from dipeval.linkage.candidates import Candidates, find_candidates
from dipeval.linkage.model import ATTRIBUTOR, FULL, PersonModel
from dipeval.linkage.persons import PERSON_TABLES, OwnPeople, own_people, reference_column
from dipeval.linkage.resolve import one_to_one
from dipeval.linkage.result import Linkage
from dipeval.linkage.rule import LinkRule
from dipeval.linkage.spine import LinkedFiles, candidate_table, count_table, spine_table

logger = logging.getLogger("dipeval")
_ANCHORS = ("drug_tests", "offences")
_SERVICES = frozenset({"contacts", "treatment"})


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


def anchor_table(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return the table to which the others are linked."""
    for name in _ANCHORS:
        if name in tables:
            return name
    raise InputError(
        "Linkage starts from drug_tests, or from offences if there are no tests, and the extracts hold neither. "
        "Add one of the two tables."
    )


def _groups(tables: Mapping[str, pd.DataFrame], anchor: str) -> list[tuple[str, ...]]:
    """Files that share the PNC number are one group; every other file is its own. The anchor's group comes first."""
    pooled = tuple(
        name
        for name, frame in tables.items()
        if reference_column(name) == "pnc_id" and "pnc_id" in frame and (frame.empty or frame["pnc_id"].notna().any())
    )
    groups: list[tuple[str, ...]] = [pooled] if pooled else []
    groups += [(name,) for name in tables if name not in pooled]
    return sorted(groups, key=lambda group: (anchor not in group, PERSON_TABLES.index(group[0])))


def _kinds(frames: Iterable[pd.DataFrame]) -> set[str]:
    """Which kinds of identifier the columns of a group hold."""
    found = {str(name) for frame in frames for name in frame.columns}
    kinds = {"date_of_birth", "sex"} & found
    if {"forename", "surname"} <= found or {"forename_initial", "surname_initial"} <= found:
        kinds.add("names or initials")
    if {"postcode", "postcode_sector"} & found:
        kinds.add("postcode")
    return kinds


def _check_shared(left: tuple[str, ...], right: tuple[str, ...], tables: Mapping[str, pd.DataFrame]) -> None:
    """Refuse files that nothing connects; empty files are let through, for there is nothing to link."""
    if not any(len(tables[name]) for name in left) or not any(len(tables[name]) for name in right):
        return
    shared = _kinds(tables[name] for name in left) & _kinds(tables[name] for name in right)
    needed = {"names or initials", "date_of_birth"}
    if needed <= shared:
        return
    has = ", ".join(sorted(shared)) or "nothing"
    raise InputError(
        f"{left[0]} and {', '.join(right)} cannot be linked: the identifiers they share are {has}; needed on both "
        "sides are date_of_birth and names or initials. Map those columns, or leave the file out."
    )


def _model(anchor: OwnPeople, group: OwnPeople, rule: LinkRule) -> PersonModel:
    initials_asked = rule.profile == "attributor" and bool(_SERVICES & set(group.tables))
    return FULL if anchor.has_names and group.has_names and not initials_asked else ATTRIBUTOR


def _link_group(engine: Engine, anchor: OwnPeople, group: OwnPeople, rule: LinkRule, first_number: int) -> LinkedFiles:
    """Candidates, one-to-one links, and the number each person of the group gets."""
    model = _model(anchor, group, rule)
    label = f"{anchor.tables[0]} with {', '.join(group.tables)}"
    found: Candidates = find_candidates(engine, anchor.people, group.people, model, rule, label=label)
    linked, tied = one_to_one(found.pairs, rule.threshold)
    links = found.pairs[linked].set_index("right")
    numbers = pd.Series(pd.NA, index=group.people.index, dtype="Int64")
    numbers.loc[links.index] = links["left"].astype("Int64")
    free = numbers.isna()
    numbers.loc[free] = range(first_number, first_number + int(free.sum()))
    probability = links["match_probability"].reindex(group.people.index).fillna(1.0)
    logger.info("linkage: %s, %s of %s people linked", label, f"{len(links):,}", f"{len(group.people):,}")
    return LinkedFiles(
        people=group,
        numbers=numbers.astype("int64"),
        probability=probability,
        candidates=found.pairs.assign(linked=linked),
        model=model.name,
        tied=tied,
        n_compared=found.n_compared,
    )


def _link_all(engine: Engine, groups: list[OwnPeople], rule: LinkRule) -> list[LinkedFiles]:
    anchor = groups[0]
    n_people = len(anchor.people)
    own = pd.Series(range(n_people), index=anchor.people.index, dtype="int64")
    sure = pd.Series(1.0, index=anchor.people.index)
    none = pd.DataFrame({"left": own[:0], "right": own[:0], "match_probability": sure[:0], "linked": sure[:0] > 1})
    done = [LinkedFiles(people=anchor, numbers=own, probability=sure, candidates=none, model="", tied=0, n_compared=0)]
    for group in groups[1:]:
        step = _link_group(engine, anchor, group, rule, n_people)
        n_people = max(n_people, int(step.numbers.max()) + 1) if len(step.numbers) else n_people
        done.append(step)
    return done


def _notes(done: list[LinkedFiles], rule: LinkRule) -> tuple[str, ...]:
    notes = [
        f"One-to-one links from a match probability of {rule.threshold:g}; "
        "people with two equally likely candidates are left unlinked."
    ]
    for step in done:
        name = ", ".join(step.people.tables)
        if step.people.heaped:
            notes.append(
                f"{name}: dates of birth that far too many people share were treated as missing "
                f"(dates: {len(step.people.heaped):,}; people: {step.people.n_heaped:,})."
            )
        blank = step.people.people[["forename_initial", "surname_initial", "birth_date"]].isna().all(axis=None)
        if len(step.people.people) and blank:
            notes.append(f"{name}: no record has a usable name, initial or date of birth; none of it could be linked.")
            logger.warning("linkage: %s has no usable names, initials or dates of birth: nothing can be linked", name)
    return tuple(notes)


def _collapse(tables: Mapping[str, pd.DataFrame], anchor: str, latest: dt.date, rule: LinkRule) -> list[OwnPeople]:
    """The people of every group of files, the anchor's first."""
    names = _groups(tables, anchor)
    for group in names[1:]:
        _check_shared(names[0], group, tables)
    return [
        own_people({name: tables[name] for name in group}, latest=latest, find_heaped_dates=rule.find_heaped_dates)
        for group in names
    ]


def person_tables(extracts: ExtractsLike) -> dict[str, pd.DataFrame]:
    """Return the tables that hold people, in the order of the contracts."""
    if not (hasattr(extracts, "names") and hasattr(extracts, "table") and hasattr(extracts, "extract_date")):
        raise InputError(
            f"Linkage needs extracts from dipeval.read_extracts or dipeval.simulate; it was given a "
            f"{type(extracts).__name__}. DataFrames become extracts by "
            "dipeval.extracts.make_extracts({'drug_tests': frame, ...})."
        )
    return {name: extracts.table(name) for name in PERSON_TABLES if name in extracts.names}


def link(extracts: ExtractsLike, rule: LinkRule | None = None, *, engine: Engine | None = None) -> Linkage:
    """Link the person-level tables of the extracts to the drug tests (to the offences if there are no tests).

    Each file is first collapsed to its own people (`dipeval.linkage.persons`), files that share the PNC number as
    one; then the people of each file are compared with those of the anchor and linked one to one. Method:
    Fellegi and Sunter (1969) as in Splink 5, one-to-one by `dipeval.linkage.resolve`.

    Parameters
    ----------
    extracts
        Checked tables (`dipeval.read_extracts`, `dipeval.simulate`). Tables that are absent are passed over.
    rule
        Options; default ``LinkRule()``.
    engine
        Where to work; default a new one in memory.

    Returns
    -------
    Linkage
        Its spine holds every record of every person-level table once.

    Raises
    ------
    InputError
        If there is no table to start from, if two files share too few identifiers, if record ids are missing or
        repeated, or if too many pairs would be compared.

    Examples
    --------
    >>> from dipeval.linkage.example import two_small_files
    >>> linkage = link(two_small_files(), LinkRule(profile="attributor"))
    >>> linkage.to_frame()["person_id"].tolist()
    ['P000000', 'P000000', 'P000001', 'P000000', 'P000002']
    """
    rule = LinkRule() if rule is None else rule
    if not isinstance(rule, LinkRule):
        raise InputError(f"rule must be a LinkRule, such as LinkRule(profile='full'); it is a {type(rule).__name__}.")
    tables = person_tables(extracts)
    engine = open_engine() if engine is None else engine
    anchor = anchor_table(tables)
    done = _link_all(engine, _collapse(tables, anchor, extracts.extract_date, rule), rule)
    n_people = max((int(step.numbers.max()) + 1 for step in done if len(step.numbers)), default=0)
    spine = spine_table(done, n_people)
    facts = {table: step for step in done for table in step.people.tables}
    return Linkage(
        rule=rule,
        engine=engine,
        anchor=anchor,
        _spine=spine,
        _pairs=candidate_table(done, anchor, n_people),
        _counts=count_table(spine, tables, anchor, facts),
        notes=_notes(done, rule),
    )
