"""The files that were linked together, as the checks of a linkage see them: candidates once, one-to-one probability.

Files that share one reference (``pnc_id``) hold the same people and were linked in one go, so a candidate pair
stands in `Linkage.pairs` once for each of those files. What is estimated from candidates counts each pair once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.errors import InputError
from dipeval.linkage.cleaning import NOTHING
from dipeval.linkage.competition import link_probabilities
from dipeval.linkage.quality import true_people, truth_links

if TYPE_CHECKING:
    from dipeval.linkage.result import Linkage
    from dipeval.linkage.trained import LinkModel

PAIR = ["left_person", "right_person"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinkGroup:
    """One linked group of files.

    Parameters
    ----------
    anchor, tables
        The file the others were linked to, and the files of this group.
    left_tables
        The anchor, and the files that share its reference and so its people.
    model
        What was learnt; None where no probability was modelled.
    n_left, n_right
        People of the anchor and of the group.
    pairs
        Each candidate once: left_person, right_person, match_weight, match_probability, linked, link_probability
        (the chance of being a link when each person has one partner at most).
    """

    anchor: str
    left_tables: tuple[str, ...]
    tables: tuple[str, ...]
    model: LinkModel | None
    n_left: int
    n_right: int
    pairs: pd.DataFrame = field(repr=False)

    @property
    def label(self) -> str:
        """Name of the link."""
        return f"{self.anchor} - {', '.join(self.tables)}"


def _tables_of_groups(linkage: Linkage, pairs: pd.DataFrame) -> list[tuple[tuple[str, ...], LinkModel | None]]:
    """Files by model; a file that was linked without one stands alone, one that shares the anchor's people nowhere."""
    groups: list[tuple[tuple[str, ...], LinkModel | None]] = [(tuple(model.tables), model) for model in linkage.models]
    known = {table for tables, _ in groups for table in tables}
    paired = set(pairs["right_table"])
    order = [table for table in linkage.counts["table"] if table in paired and table not in known]
    return groups + [((table,), None) for table in order]


def link_groups(linkage: Linkage) -> list[LinkGroup]:
    """Return the linked groups of files, in the order they were linked.

    Parameters
    ----------
    linkage
        From `link`.

    Returns
    -------
    list of LinkGroup
    """
    pairs = linkage.pairs()
    people = linkage.to_frame()[["table", "person_id"]].drop_duplicates()
    groups = _tables_of_groups(linkage, pairs)
    left_tables = _left_tables(linkage, {table for tables, _ in groups for table in tables})
    n_left = _count(people, left_tables)
    return [
        LinkGroup(
            anchor=linkage.anchor,
            left_tables=left_tables,
            tables=tables,
            model=model,
            n_left=n_left,
            n_right=_count(people, tables),
            pairs=_once(pairs[pairs["right_table"].isin(tables)], model is not None, n_left, _count(people, tables)),
        )
        for tables, model in groups
    ]


def _left_tables(linkage: Linkage, linked: set[str]) -> tuple[str, ...]:
    """Files on the anchor's side: linked to nothing, and without a model of their own in the counts."""
    counts = linkage.counts
    own = counts.loc[(counts["model"] == "") & ~counts["table"].isin(linked), "table"]
    return (linkage.anchor, *(name for name in own if name != linkage.anchor))


def _count(people: pd.DataFrame, tables: tuple[str, ...]) -> int:
    return int(people.loc[people["table"].isin(tables), "person_id"].nunique())


def identifiers_of(linkage: Linkage, tables: tuple[str, ...]) -> pd.DataFrame:
    """Return the identifiers of the people of several files that share them, each person once. Personal data."""
    parts = pd.concat([linkage.identifiers(table) for table in tables])
    return parts[~parts.index.duplicated()].sort_index()


def _once(pairs: pd.DataFrame, modelled: bool, n_left: int, n_right: int) -> pd.DataFrame:
    columns = [*PAIR, "match_weight", "match_probability", "linked"]
    once = pairs.drop_duplicates(PAIR)[columns]
    once = once.sort_values(["match_weight", *PAIR], ascending=[False, True, True], ignore_index=True)
    if not modelled:
        return once.assign(link_probability=once["match_probability"].where(once["linked"], 0.0))
    probability, _ = link_probabilities(once, n_left=n_left, n_right=n_right)
    return once.assign(link_probability=probability)


def true_pairs(linkage: Linkage, group: LinkGroup, truth: Any) -> tuple[pd.Series, int]:
    """Return whether each candidate of a group is a true pair, and how many true pairs there are.

    Parameters
    ----------
    linkage
        From `link`.
    group
        One of its groups.
    truth
        An object with ``links``, or a frame with table, record_id, true_person.

    Returns
    -------
    tuple of Series and int
        On the index of ``group.pairs``; missing where the truth does not say whose records they are. And the number
        of true people who stand in both.

    Raises
    ------
    InputError
        If the truth has not the columns needed.
    """
    known = truth_links(truth)
    spine = linkage.to_frame()[["table", "record_id", "person_id"]]
    left = _people(spine[spine["table"].isin(group.left_tables)], known)
    right = _people(spine[spine["table"].isin(group.tables)], known)
    one, other = group.pairs["left_person"].map(left), group.pairs["right_person"].map(right)
    same = (one == other).astype(object).where(one.notna() & other.notna(), NOTHING)
    return same, len(set(left) & set(right))


def _people(spine: pd.DataFrame, truth: pd.DataFrame) -> pd.Series:
    """person_id -> true person, over all the files of one side."""
    keyed = truth.merge(spine[["table", "record_id"]], on=["table", "record_id"])
    # One made-up table, so that the votes of a person are counted over all the files of the group.
    keyed = keyed.assign(record_id=keyed["table"] + "\x1f" + keyed["record_id"].astype(str), table="all")
    spine = spine.assign(record_id=spine["table"] + "\x1f" + spine["record_id"].astype(str), table="all")
    return true_people(spine, keyed).set_index("person_id")["true_person"]


def group_of(linkage: Linkage, left_person: str, right_person: str, table: str | None) -> tuple[LinkGroup, int]:
    """Return the group in which two people are candidates, and the row of the pair.

    Raises
    ------
    InputError
        If they are no candidates, or are so in several groups and no table is named.
    """
    found: list[tuple[LinkGroup, int]] = []
    for group in link_groups(linkage):
        rows = group.pairs.index[
            (group.pairs["left_person"] == left_person) & (group.pairs["right_person"] == right_person)
        ]
        if len(rows) and (table is None or table in group.tables):
            found.append((group, int(rows[0])))
    if not found:
        raise InputError(
            "These two people are no candidates for a link (their probability is below 0.001, or they share no "
            "blocking key). Take left_person and right_person from one row of linkage.pairs()."
        )
    if len(found) > 1:
        raise InputError(
            f"These two people are candidates in {len(found)} groups of files; name one of its files: "
            f"table={found[0][0].tables[0]!r}."
        )
    return found[0]
