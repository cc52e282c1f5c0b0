"""Who was linked and who was not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import CONFIDENTIAL, NOT_APPLICABLE, ReleasedTable, is_small, release
from dipeval.presenting import format_number
from dipeval.report import linkage_words as say
from dipeval.report.blocks import Block, Section, Table, Text, nothing
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule
    from dipeval.study import StudyResult

_SIDES = ("anchor", "file")
_WHOLE = ("all levels", "years")
_WHAT = (
    "If the people who were linked differ from those who were not, the links that were missed may be missed for some "
    "people more than for others, and the answer holds less well for them. Differences are standardised: 0.1 or more "
    "is worth a sentence. People without a link are those with none to find and those whose link was missed: that "
    "tested people with and without a treatment record differ is to be expected, for not everybody goes into "
    "treatment. Within a file whose people ought all to have been tested, a difference shows whom the linkage misses."
)
_NOBODY = "All people of the other files were linked, or nearly all, so there is nobody to compare them with."


def linked_people(result: StudyResult) -> Section:
    """Return the part on linked and unlinked people; empty if the study links nothing.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    account = result.linkage_account
    if account is None or account.compared is None:
        return nothing()
    frame = account.compared.to_frame()
    whole = _differences(result, frame)
    blocks: list[Block] = [Text(paragraphs=(_WHAT if whole.rows else _NOBODY,))]
    if whole.rows:
        blocks.append(Table(released=whole))
    return Section(title="Who was linked, and who was not?", anchor="linked-people", blocks=tuple(blocks), level=3)


def linked_people_detail(result: StudyResult) -> Section:
    """Return linked and unlinked people of the treatment link level by level; empty where nobody can be compared.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    account = result.linkage_account
    if account is None or account.compared is None:
        return nothing()
    frame = account.compared.to_frame()
    blocks = []
    for side in _SIDES:
        part = frame[frame["link"].str.endswith(" - treatment") & (frame["side"] == side)]
        if len(part) and part["smd"].notna().any():
            blocks.append(Table(released=_levels(result, part, side)))
    if not blocks:
        return nothing()
    title = "Linked and unlinked people, level by level"
    return Section(title=title, anchor="linked-people-detail", blocks=tuple(blocks), level=3)


def _differences(result: StudyResult, frame: pd.DataFrame) -> ReleasedTable:
    """One row a link and characteristic: the standardised difference on both sides."""
    whole = frame[frame["level"].isin(_WHOLE)]
    rows = []
    # Where (nearly) everybody of the other file was linked, nothing was missed that could be compared.
    few = [is_small(n, result.rule) for n in whole["n_unlinked"]]
    missed = whole.loc[(whole["side"] == "file") & whole["smd"].notna() & ~pd.Series(few, index=whole.index), "link"]
    for (link, name), part in whole.groupby(["link", "characteristic"], sort=False):
        by = part.set_index("side")
        if link in set(missed) and by["smd"].notna().any():
            rows.append(
                {"link": say.of_link(str(link)), "name": label(str(name))}
                | {side: _difference(by, side, result.rule) for side in _SIDES}
            )
    anchor = say.of_table(result.linkage.anchor).lower() if result.linkage is not None else ""
    return release(
        pd.DataFrame(rows, columns=["link", "name", *_SIDES]),
        rule=result.rule,
        caption="How far linked and unlinked people are apart (standardised differences)",
        right=list(_SIDES),
        labels={
            "link": "File",
            "name": "Characteristic",
            "anchor": f"Among the people of the {anchor}",
            "file": "Among the people of the other file",
        },
        notes=(
            "Files whose people were all, or nearly all, linked are left out. Of age: linked less unlinked, in "
            "standard deviations. Of the others: the distance over all levels, which has no sign (Yang and Dalton "
            "2012). Where one side has few people, or a characteristic many levels, larger differences than 0.1 come "
            "about by chance as well.",
        ),
    )


def _difference(by: Any, side: str, rule: DisclosureRule) -> str:
    if side not in by.index or pd.isna(by.loc[side, "smd"]):
        return NOT_APPLICABLE
    row = by.loc[side]
    if is_small(min(row["n_linked"], row["n_unlinked"]), rule):
        return CONFIDENTIAL
    return format_number(float(row["smd"]), 2)


def _levels(result: StudyResult, part: pd.DataFrame, side: str) -> ReleasedTable:
    """Means and shares of one side of the treatment link, level by level."""
    rule = result.rule
    sizes = {name: _sizes(own) for name, own in part.groupby("characteristic", sort=False)}
    rows: list[dict[str, Any]] = []
    for item in part.itertuples():
        row: Any = item
        if row.level in _WHOLE and row.characteristic != "age":
            continue
        age = row.level == "years"
        rows.append(
            {"characteristic": row.characteristic, "what": _named(str(row.characteristic), str(row.level))}
            | {
                group: _mean(row, group, rule) if age else _share(row, group, sizes[str(row.characteristic)], rule)
                for group in ("linked", "unlinked")
            }
            | {"smd": float(row.smd), "smallest": min(int(row.n_linked), int(row.n_unlinked)), "mean": age}
        )
    shown = _never_one_alone(pd.DataFrame(rows))
    anchor = say.of_table(result.linkage.anchor).lower() if result.linkage is not None else ""
    whose = f"the {anchor}, with and without a treatment record" if side == "anchor" else "the treatment file"
    return release(
        shown.drop(columns=["characteristic", "mean"]),
        rule=rule,
        caption=f"Linked and unlinked people of {whose}",
        rests_on={"smd": "smallest"},
        formats={"smd": lambda value: NOT_APPLICABLE if pd.isna(value) else format_number(value, 2)},
        right=["linked", "unlinked"],
        labels={"what": "Characteristic", "linked": "Linked", "unlinked": "Not linked", "smd": "Difference"},
    )


def _sizes(own: pd.DataFrame) -> dict[str, int]:
    parts = own[~own["level"].isin(_WHOLE)]
    return {group: int(parts[f"n_{group}"].sum()) for group in ("linked", "unlinked")}


def _named(characteristic: str, level: str) -> str:
    if level == "years":
        return "Age at the first record (mean, years)"
    words = {"F": "female", "M": "male"}.get(level, level) if characteristic == "sex" else level
    kind = "Ethnicity, code" if characteristic == "ethnicity" and level.isupper() else label(characteristic)
    return f"{kind}: {words}"


def _mean(row: Any, group: str, rule: DisclosureRule) -> str:
    value = float(getattr(row, f"mean_{group}"))
    if is_small(getattr(row, f"n_{group}"), rule):
        return CONFIDENTIAL
    return NOT_APPLICABLE if pd.isna(value) else format_number(value, 1)


def _share(row: Any, group: str, sizes: dict[str, int], rule: DisclosureRule) -> str:
    """A share tells of those without the level as well."""
    here = int(getattr(row, f"n_{group}"))
    return say.percent(float(getattr(row, f"mean_{group}")), min(here, sizes[group] - here), rule)


def _never_one_alone(rows: pd.DataFrame) -> pd.DataFrame:
    """Shares of one characteristic add up to 100%: one withheld alone could be had back, so another goes with it."""
    out = rows.copy()
    # A mean is no share: it gives back none that is withheld.
    for _, own in rows[~rows["mean"]].groupby("characteristic", sort=False):
        for group in ("linked", "unlinked"):
            hidden = own[own[group] == CONFIDENTIAL]
            others = own[own[group] != CONFIDENTIAL].sort_values("smallest", kind="stable")
            if len(hidden) == 1 and len(others):
                out.loc[others.index[0], group] = CONFIDENTIAL
    return out
