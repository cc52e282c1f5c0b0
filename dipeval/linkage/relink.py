"""The same linkage with other links: after clerical review, or with links drawn at random."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import InputError
from dipeval.linkage.kept import Kept, KeptGroup, id_texts
from dipeval.linkage.spine import counted

if TYPE_CHECKING:
    from dipeval.linkage.result import Linkage

_KEY = ["left_person", "right_person"]


def relinked(linkage: Linkage, kept: Kept, linked: pd.Series, note: str, decided: pd.Series | None = None) -> Linkage:
    """Return the linkage with these links.

    Parameters
    ----------
    linkage, kept
        From `link`.
    linked
        Whether each row of ``linkage.pairs()`` is a link, on its index. Files that share a reference share their
        people: of the rows of one pair, a row that changes decides for all of them.
    note
        Said of the new linkage.
    decided
        What a person judged, on the index of the pairs; stands beside earlier judgements and before them.

    Returns
    -------
    Linkage
        People who lose their link get a new person_id.

    Raises
    ------
    InputError
        If `linked` does not fit the pairs, or gives a person two links to one file.
    """
    pairs = linkage.pairs()
    wanted = _checked(linked, pairs)
    spine, numbers = linkage.to_frame(), {}
    first_free = max((int(group.numbers.max()) + 1 for group in kept.groups if len(group.numbers)), default=0)
    for group in kept.groups[1:]:
        rows = pairs[pairs["right_table"].isin(group.tables)]
        state = _agreed(rows, wanted[rows.index])
        pairs.loc[rows.index, "linked"] = state
        links = rows[state].drop_duplicates(_KEY)
        if links["left_person"].duplicated().any() or links["right_person"].duplicated().any():
            raise InputError(
                f"{', '.join(group.tables)}: somebody would have two links. Link each person of a file to one person."
            )
        new, first_free = _numbers(group, kept, links, first_free)
        old_ids = kept.ids(group.numbers)
        numbers[group.tables] = new
        spine = _moved(spine, group, old_ids, id_texts(new, kept.digits), links)
        moved = dict(zip(old_ids, id_texts(new, kept.digits), strict=True))
        pairs.loc[rows.index, "right_person"] = rows["right_person"].map(moved)
    counts = linkage.counts
    about = counts[["model", "tied", "heaped", "pairs_compared"]].itertuples(index=False, name=None)
    known = {
        str(table): (str(m), int(t), int(h), int(n)) for table, (m, t, h, n) in zip(counts["table"], about, strict=True)
    }
    return dataclasses.replace(
        linkage,
        _spine=spine,
        _pairs=pairs,
        _counts=counted(spine, counts["table"], linkage.anchor, known),
        _kept=kept.renumbered(numbers),
        _decided=linkage.decisions() if decided is None else decided.where(decided.notna(), linkage.decisions()),
        notes=(*linkage.notes, note),
    )


def _checked(linked: pd.Series, pairs: pd.DataFrame) -> pd.Series:
    if not isinstance(linked, pd.Series) or not linked.index.equals(pairs.index) or linked.isna().any():
        raise InputError("linked must be a Series of True and False on the index of linkage.pairs(), without gaps.")
    return linked.astype(bool)


def _agreed(rows: pd.DataFrame, wanted: pd.Series) -> pd.Series:
    """One decision a pair: a row that differs from what was decides for the rows of the other files."""
    changed = wanted != rows["linked"]
    decided = changed.groupby([rows[name] for name in _KEY]).transform("any")
    return rows["linked"] ^ decided


def _numbers(group: KeptGroup, kept: Kept, links: pd.DataFrame, first_free: int) -> tuple[NDArray[np.int64], int]:
    """The number of every person: their partner's, else their own, else (a link was undone) a new one."""
    ids = kept.ids(group.numbers)
    partner = pd.Series(ids).map(links.set_index("right_person")["left_person"])
    new = group.numbers.copy()
    is_linked = partner.notna().to_numpy()
    new[is_linked] = [int(text[1:]) for text in partner[is_linked]]
    lost = ~is_linked & np.isin(group.numbers, kept.groups[0].numbers)
    new[lost] = np.arange(first_free, first_free + int(lost.sum()))
    return new, first_free + int(lost.sum())


def _moved(
    spine: pd.DataFrame,
    group: KeptGroup,
    old_ids: NDArray[np.object_],
    new_ids: NDArray[np.object_],
    links: pd.DataFrame,
) -> pd.DataFrame:
    here = spine["table"].isin(group.tables)
    before = spine.loc[here, "person_id"]
    after = before.map(dict(zip(old_ids, new_ids, strict=True)))
    probability = before.map(links.set_index("right_person")["match_probability"]).fillna(1.0)
    spine.loc[here, "person_id"] = after
    spine.loc[here, "match_probability"] = probability
    return spine
