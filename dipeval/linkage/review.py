"""Clerical review: a sheet of candidate pairs for a person to judge, and what becomes of the judgements.

The sheet holds identifiers of people side by side. It is personal data: it stays where the extracts are, and is
destroyed when the review is done. Nothing else that this package writes holds identifiers.
"""

from __future__ import annotations

import hashlib
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.linkage.groups import PAIR, LinkGroup, identifiers_of, link_groups
from dipeval.linkage.review_file import DECISIONS, read_sheet, write_sheet
from dipeval.linkage.shares import band_places
from dipeval.linkage.sweeping import resolved

if TYPE_CHECKING:
    from dipeval.linkage.result import Linkage

# Few pairs near 0 and 1, many in the grey zone between.
REVIEW_BANDS = (0.001, 0.1, 0.5, 0.9, 0.99, 1.0)
_SHARES = (0.10, 0.25, 0.30, 0.20, 0.15)
_IDENTIFIERS = (
    "forename",
    "surname",
    "forename_initial",
    "surname_initial",
    "birth_date",
    "sex",
    "postcode",
    "sector",
    "outward",
)
WARNING = "Personal data: keep it inside the secure environment and destroy it after the review"
_SHOWN_ROWS = 10
SHEET_COLUMNS = ("pair_id", "linkage", "stratum", "sampling_weight", "decision", "remark", "handling")


def linkage_fingerprint(linkage: Linkage) -> str:
    """Return characters that change with any candidate of a linkage, its links included.

    They begin with a letter that is no digit of theirs: a spreadsheet would take 12345678e901 for a number.
    """
    pairs = linkage.pairs().sort_values(["right_table", *PAIR])
    text = pairs[["right_table", *PAIR, "linked"]].to_csv(index=False, lineterminator="\n")
    return "L" + hashlib.sha256(text.encode()).hexdigest()[:12]


def _pair_ids(group: LinkGroup) -> pd.Series:
    pairs = group.pairs
    return group.tables[0] + ":" + pairs["left_person"].astype(str) + ":" + pairs["right_person"].astype(str)


def _allocate(sizes: np.ndarray, n: int) -> np.ndarray:
    """How many of each stratum: by the shares wanted, all of a small stratum, the rest to the others."""
    wanted = np.tile(np.asarray(_SHARES), len(sizes) // len(_SHARES))
    taken = np.zeros(len(sizes), dtype="int64")
    while (left := min(n, int(sizes.sum())) - int(taken.sum())) > 0:
        weight = np.where(taken < sizes, wanted, 0.0)
        more = np.floor(left * weight / weight.sum()).astype("int64")
        if not more.any():
            more[np.argsort(-weight, kind="stable")[:left]] = 1
        taken = np.minimum(taken + more, sizes)
    # A stratum without any pair in the sample could not speak for its links.
    short = (taken == 0) & (sizes > 0)
    return np.where(short, 1, taken)


def _sampled(groups: list[LinkGroup], n: int, seed: int) -> list[tuple[LinkGroup, pd.DataFrame]]:
    """The pairs drawn of each group, with stratum and sampling weight."""
    places = [band_places(group.pairs["match_probability"], REVIEW_BANDS) for group in groups]
    sizes = np.concatenate([np.bincount(place, minlength=len(_SHARES)) for place in places])
    taken = _allocate(sizes, n)
    rng = np.random.default_rng(seed)
    drawn = []
    for number, (group, place) in enumerate(zip(groups, places, strict=True)):
        # In the order of the pairs' names: the sample must not hang on how the rows happen to lie.
        order = group.pairs.assign(place=place, pair_id=_pair_ids(group)).sort_values("pair_id")
        parts = []
        for band in range(len(_SHARES)):
            stratum = number * len(_SHARES) + band
            members = order[order["place"] == band]
            chosen = members.iloc[rng.choice(len(members), taken[stratum], replace=False)]
            weight = sizes[stratum] / max(taken[stratum], 1)
            parts.append(chosen.assign(stratum=stratum, sampling_weight=weight))
        drawn.append((group, pd.concat(parts)))
    return drawn


def write_review_sheet(linkage: Linkage, path: str | Path, n: int = 200, seed: int = 1) -> Path:
    """Write a sheet of candidate pairs for a person to judge. It is personal data.

    The sample is stratified by file and band of match probability; the grey zone (0.1 to 0.99) is oversampled and the
    sampling weights are recorded, so that what is learnt can be carried over to all candidates. Neither the
    probability nor whether a pair was linked is shown: the reviewer should judge by the identifiers. Cells that a
    spreadsheet would run as a formula are written with an apostrophe in front.

    Parameters
    ----------
    linkage
        From `link`.
    path
        Ends in ``.csv`` (UTF-8 with a mark, which Excel reads) or ``.xlsx`` (needs openpyxl). Never overwritten.
    n
        How many pairs, at least; every band of every file that holds a candidate is given one.
    seed
        Of the sample.

    Returns
    -------
    pathlib.Path
        One row a pair: pair_id, linkage (fingerprint), stratum, sampling_weight, left_... and right_... (the
        identifiers of both sides), decision (to fill in: same, different or unsure; empty is not judged), remark,
        handling (a warning).

    Raises
    ------
    InputError
        If there is no candidate, n is not a positive whole number, the file exists or cannot be written.
    MissingDependencyError
        If an ``.xlsx`` is asked for and openpyxl is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from dipeval.linkage import link
    >>> from dipeval.linkage.example import two_small_files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sheet = write_review_sheet(link(two_small_files()), Path(folder) / "review.csv")
    ...     len(pd.read_csv(sheet))
    1
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise InputError("n, the number of pairs to review, must be a whole number of 1 or more.")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InputError("seed must be a whole number of 0 or more.")
    target = _as_path(path)
    groups = [group for group in link_groups(linkage) if len(group.pairs)]
    if not groups:
        raise InputError("This linkage has no candidate pair, so there is nothing to review.")
    parts = [_with_identifiers(linkage, group, rows) for group, rows in _sampled(groups, n, seed)]
    frame = pd.concat(parts, ignore_index=True)
    # Shuffled: pairs of one band in a row would tell the reviewer what the model thinks.
    frame = frame.iloc[np.random.default_rng([seed, 1]).permutation(len(frame))]
    frame = frame.assign(linkage=linkage_fingerprint(linkage), decision="", remark="", handling=WARNING)
    sides = [f"{side}_{name}" for name in _IDENTIFIERS for side in ("left", "right")]
    sides = [name for name in sides if frame[name].notna().any()]
    return write_sheet(frame[[*SHEET_COLUMNS[:4], *sides, *SHEET_COLUMNS[4:]]], target)


def _as_path(path: object) -> Path:
    if not isinstance(path, str | PathLike):
        raise InputError(f"path must be the path of the review sheet; it is a {type(path).__name__}.")
    return Path(path)


def _with_identifiers(linkage: Linkage, group: LinkGroup, rows: pd.DataFrame) -> pd.DataFrame:
    known = {
        "left": identifiers_of(linkage, group.left_tables),
        "right": identifiers_of(linkage, group.tables),
    }
    for side, people in known.items():
        people = people.reindex(columns=list(_IDENTIFIERS)).add_prefix(f"{side}_")
        rows = rows.join(people, on=f"{side}_person")
    return rows


def read_review(linkage: Linkage, path: str | Path) -> pd.DataFrame:
    """Read the decisions of a review sheet.

    Parameters
    ----------
    linkage
        The linkage the sheet was written from.
    path
        The sheet, filled in.

    Returns
    -------
    pandas.DataFrame
        link (label of the group), row (of the group's candidates), left_person, right_person, decision (same,
        different, unsure), stratum, sampling_weight; pairs that were not judged are left out.

    Raises
    ------
    InputError
        With every fault of the sheet, file and row named: columns missing, a pair unknown or repeated, a decision
        that is none of the three words, a person said to be the same as two, a sheet of another linkage.
    """
    source = _as_path(path)
    sheet = read_sheet(source)
    fingerprint = linkage_fingerprint(linkage)
    if len(sheet) and not (sheet["linkage"] == fingerprint).any():
        raise InputError(
            f"{source.name} was written from another linkage, so its pairs cannot be found in this one. "
            "Link again as before, or write a new sheet."
        )
    known = pd.concat(
        [
            group.pairs[PAIR].assign(link=group.label, row=group.pairs.index, pair_id=_pair_ids(group))
            for group in link_groups(linkage)
        ]
    )
    merged = sheet.merge(known, on="pair_id", how="left")
    faults = _faults(merged, fingerprint)
    if faults:
        raise InputError(f"{source.name}: {len(faults)} fault(s) in the review sheet: " + "; ".join(faults) + ".")
    decided = merged[merged["decision"].isin(DECISIONS)]
    if decided.empty:
        raise InputError(
            f"{source.name} holds no decision. Fill the column decision with {', '.join(DECISIONS)} and save it."
        )
    decided = decided.assign(row=decided["row"].astype("int64"))
    columns = ["link", "row", *PAIR, "decision", "stratum", "sampling_weight"]
    return decided[columns].reset_index(drop=True)


def _faults(rows: pd.DataFrame, fingerprint: str) -> list[str]:
    """Everything that is wrong with the rows of a sheet, row by row."""
    faults = [
        *_named(rows, rows["linkage"] != fingerprint, "the row belongs to another linkage"),
        *_named(rows, rows["link"].isna(), "there is no such pair in this linkage; leave pair_id as it was"),
        *_named(rows, rows["pair_id"].duplicated(), "the pair stands in the sheet more than once"),
        *_named(
            rows,
            ~rows["decision"].isin(["", *DECISIONS]),
            f"the decision must be {', '.join(DECISIONS[:-1])} or {DECISIONS[-1]}, or empty",
        ),
        *_named(rows, ~(rows["sampling_weight"] > 0), "sampling_weight must be left as it was"),
    ]
    same = rows[(rows["decision"] == "same") & rows["link"].notna()]
    for side in PAIR:
        twice = same[same.duplicated(["link", side])]
        faults += _named(twice, twice["link"].notna(), "a person of this pair is already the same as somebody else")
    return list(dict.fromkeys(faults))


def _named(rows: pd.DataFrame, wrong: pd.Series, words: str) -> list[str]:
    lines = [str(line) for line in rows.loc[wrong, "line"]]
    if len(lines) < 2:
        return [f"row {line}: {words}" for line in lines]
    more = f" and {len(lines) - _SHOWN_ROWS:,} more" if len(lines) > _SHOWN_ROWS else ""
    return [f"rows {', '.join(lines[:_SHOWN_ROWS])}{more}: {words}"]


def apply_review(linkage: Linkage, path: str | Path) -> Linkage:
    """Return a new linkage in which the decisions of a review stand.

    Pairs judged the same are linked, pairs judged different never are; all other candidates are resolved one to one
    again among the people who are left, at the threshold of the rule. The first linkage stays as it was.

    Parameters
    ----------
    linkage
        The linkage the sheet was written from.
    path
        The sheet, filled in.

    Returns
    -------
    Linkage
        With a note that counts the decisions and the links they changed.

    Raises
    ------
    InputError
        If the sheet has faults (see `read_review`).
    """
    decisions = read_review(linkage, path)
    resolved_pairs = []
    for group in link_groups(linkage):
        mine = decisions[decisions["link"] == group.label].set_index("row")["decision"]
        said = mine[mine != "unsure"].reindex(group.pairs.index)
        again = group.pairs[PAIR].assign(again=_resolved_again(linkage, group, mine), said=said)
        resolved_pairs += [again.assign(right_table=table) for table in group.tables]
    pairs = linkage.pairs()
    keys = ["right_table", *PAIR]
    found = pairs[keys].merge(pd.concat(resolved_pairs), on=keys, how="left").set_index(pairs.index)
    linked = found["again"].eq(True)
    counts = decisions["decision"].value_counts().reindex(list(DECISIONS), fill_value=0)
    changed = int((linked != pairs["linked"]).sum())
    note = (
        f"Clerical review: {len(decisions):,} pairs judged ({counts['same']:,} the same, {counts['different']:,} "
        f"different, {counts['unsure']:,} unsure); {changed:,} candidates changed between linked and not linked."
    )
    return linkage.relinked(linked, note, decided=found["said"].astype(object))


def _resolved_again(linkage: Linkage, group: LinkGroup, decisions: pd.Series) -> pd.Series:
    pairs = group.pairs
    same = pairs.index.isin(decisions.index[decisions == "same"])
    different = pairs.index.isin(decisions.index[decisions == "different"])
    taken = pairs[same]
    free = ~same & ~different
    for side in PAIR:
        free &= ~pairs[side].isin(taken[side]).to_numpy()
    again, _ = resolved(pairs[free], linkage.rule.threshold, linkage.rule.ties)
    return pd.Series(same, index=pairs.index) | again.reindex(pairs.index, fill_value=False)
