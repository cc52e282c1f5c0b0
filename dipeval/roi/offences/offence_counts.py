"""How many offences of each group every person of a design committed within the follow-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from dipeval.effects import ComparisonDesign
from dipeval.effects.joining import check_design
from dipeval.errors import InputError
from dipeval.roi.chain import Array
from dipeval.roi.entrance import check_table, figures
from dipeval.vocabulary import OFFENCE_GROUPS

TOTAL: Final = "n_reoffences"
_IDS: Final = ("person_id", "index_id")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OffenceCounts:
    """Offences of the people of a design.

    Parameters
    ----------
    groups
        Offence groups that somebody the design uses committed, in the order of the vocabulary.
    left_out
        The other groups: nobody used committed any.
    by_group
        One row a person of the design, one column a group.
    total
        Offences of each person, a Series on the index of the design's people.
    used, treated
        Whether each person has a weight, and was treated.
    """

    groups: tuple[str, ...]
    left_out: tuple[str, ...]
    by_group: Array
    total: pd.Series
    used: np.ndarray[Any, np.dtype[np.bool_]]
    treated: np.ndarray[Any, np.dtype[np.bool_]]


def count_offences(design: ComparisonDesign, offences: Any) -> OffenceCounts:
    """Return the offences of every person of a design by group; 0 for people without any.

    Parameters
    ----------
    design
        A finished design.
    offences
        `Outcomes`, or a frame with ``person_id`` (or ``index_id``: a label of the design's people), ``offence_group``
        and ``n_reoffences``, one row a person and group.

    Returns
    -------
    OffenceCounts

    Raises
    ------
    InputError
        If the frame lacks a column, names groups or people that are not known, or holds what is no count.
    """
    check_design(design)
    people = design.weights.index
    known = _known_total(offences)
    rows, name = _rows(offences)
    place = _places(people, rows[name], has_total=known is not None)
    group = np.array([_NUMBER[one] for one in rows["offence_group"]], dtype=np.int64)
    counts = np.zeros((len(people), len(OFFENCE_GROUPS)))
    inside = place >= 0
    counts[place[inside], group[inside]] = rows[TOTAL].to_numpy(dtype=np.float64)[inside]
    used = design.weights.to_numpy() > 0
    seen = counts[used].sum(axis=0) > 0
    return OffenceCounts(
        groups=tuple(one for one, there in zip(OFFENCE_GROUPS, seen, strict=True) if there),
        left_out=tuple(one for one, there in zip(OFFENCE_GROUPS, seen, strict=True) if not there),
        by_group=counts[:, seen],
        total=pd.Series(counts.sum(axis=1), people, name=TOTAL) if known is None else known,
        used=used,
        treated=design.treated.astype(bool).to_numpy(),
    )


_NUMBER: Final = {group: number for number, group in enumerate(OFFENCE_GROUPS)}


def _known_total(offences: Any) -> pd.Series | None:
    """The number of reoffences of `Outcomes`, with what they know of whether they may be compared."""
    return offences.to_frame()[TOTAL] if hasattr(offences, "by_group") else None


def _rows(offences: Any) -> tuple[pd.DataFrame, str]:
    frame = offences.by_group if hasattr(offences, "by_group") else offences
    if not isinstance(frame, pd.DataFrame):
        raise InputError(
            "offences must be the Outcomes of dip.measure_reoffending, or a frame with person_id, offence_group and "
            f"n_reoffences; it is a {type(offences).__name__}."
        )
    name = next((one for one in _IDS if one in frame.columns), _IDS[0])
    check_table(frame, "The offences")
    missing = [one for one in (name, "offence_group", TOTAL) if one not in frame.columns]
    if missing:
        raise InputError(f"The offences lack the column(s) {', '.join(missing)}; add them.")
    unknown = sorted(set(map(str, frame["offence_group"])) - set(OFFENCE_GROUPS))
    if unknown:
        raise InputError(
            f"The offences name {len(unknown)} offence group(s) that dipeval does not know. The groups are: "
            f"{', '.join(OFFENCE_GROUPS)}."
        )
    if not frame[name].map(pd.api.types.is_hashable).all():
        raise InputError(f"The column {name} of the offences holds lists; give one label of a person a row.")
    twice = int(frame.duplicated([name, "offence_group"]).sum())
    if twice:
        raise InputError(
            f"The offences hold {twice} row(s) more than one for a person and offence group; add them up first."
        )
    return frame.assign(**{TOTAL: _counts(frame[TOTAL])}), name


def _counts(values: pd.Series) -> pd.Series:
    read = figures(values)
    numbers = pd.Series(np.nan, values.index) if read is None else read
    bad = int((~(np.isfinite(numbers) & (numbers >= 0) & (numbers == np.floor(numbers)))).sum())
    if bad:
        raise InputError(
            f"{bad} of the {len(values)} values of '{TOTAL}' are no whole numbers of 0 or more; give the number of "
            "offences of each person and group."
        )
    return numbers


def _places(people: pd.Index, ids: pd.Series, *, has_total: bool) -> np.ndarray[Any, np.dtype[np.intp]]:
    if people.has_duplicates:
        raise InputError("The design holds the same person more than once; offences cannot be told apart by person.")
    place = people.get_indexer(pd.Index(ids))
    if len(ids) and (place < 0).all() and not has_total:
        raise InputError(
            f"None of the {len(set(ids))} people with offences is among the {len(people)} people of the design: they "
            "stand under other names. Use the labels of the index of the people that the design was made of."
        )
    return place
