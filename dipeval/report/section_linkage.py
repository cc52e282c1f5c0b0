"""Whose records are whose: the flow of records into people, and how sure the links are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import NOT_APPLICABLE, ReleasedTable, is_small, release, release_count
from dipeval.plots.linkage import draw_match_probabilities
from dipeval.plots.style import to_png
from dipeval.presenting import round_half_up
from dipeval.report import linkage_words as say
from dipeval.report.blocks import Block, Picture, Points, Section, Table, Text, nothing

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule
    from dipeval.linkage import Linkage
    from dipeval.study import StudyResult

INTRO = (
    "The files share no person number, and treatment files hold initials rather than names. Records were joined to "
    "people by a probabilistic model (Fellegi and Sunter 1969, by the Splink package) that {learns}; each person "
    "keeps at most one partner in each file."
)
LEARNS = "learns from the files how much each agreement is worth"
LEARNT_BEFORE = "takes what each agreement is worth from a model that was learnt before (linkage.model)"
INTRO_EXACT = (
    "The files share no person number. Records were joined where initials or names, date of birth and sex agree "
    "exactly and nobody else in either file has the same. One slip of the pen and the link is missed."
)
CAUTION = (
    "A missed link makes a treated person look untreated, which as a rule pulls the estimate towards zero; a false "
    "link does the same from the other side. A missed link to the offences looks like somebody who stopped offending."
)
DETAIL = (
    "What the files were compared on, {more}linked and unlinked people level by level and a statement for those who "
    "pass the results on: see ‘The linkage in detail’, the last part."
)
OF_A_MODEL = "what each agreement is worth, other thresholds, "


def linkage(result: StudyResult) -> Section:
    """Return the section on record linkage, or an empty one if the study links nothing.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    if result.linkage is None:
        return nothing()
    exact = result.linkage.rule.profile == "deterministic"
    how = LEARNT_BEFORE if result.spec.linkage.model else LEARNS
    blocks: list[Block] = [
        Text(paragraphs=(INTRO_EXACT if exact else INTRO.format(learns=how),)),
        Table(released=_flow(result, result.linkage)),
        Points(title="What was noticed on the way", items=say.what_was_noticed(result)),
        *_probabilities(result, result.linkage),
        Text(paragraphs=(CAUTION,), kind="note"),
        Text(paragraphs=(DETAIL.format(more="" if exact else OF_A_MODEL),)),
    ]
    return Section(title="Whose records are whose?", anchor="linkage", blocks=tuple(blocks))


def _flow(result: StudyResult, linked_files: Linkage) -> ReleasedTable:
    """Records, people, people who could be linked, people linked, people analysed, file by file."""
    counts, rule = linked_files.counts, result.rule
    spine = linked_files.to_frame()
    analysed = result.design.weights.index[result.design.weights > 0]
    compared = spine[spine["person_id"].isin(analysed)].groupby("table")["person_id"].nunique()
    linkable = _linkable(result)
    frame = pd.DataFrame(
        {
            "table": [say.of_table(name) for name in counts["table"]],
            "records": counts["records"],
            "persons": counts["persons"],
            "linkable": [_shown(linkable.get(name), rule) for name in counts["table"]],
            "linked": [_shown(n, rule) for n in counts["linked"]],
            "compared": [int(compared.get(name, 0)) for name in counts["table"]],
        }
    )
    # Nobody is compared in a study that is withheld.
    last = [] if result.withheld else ["compared"]
    return release(
        frame[[*frame.columns[:-1], *last]],
        rule=rule,
        caption="From records to people: submitted, linkable, linked" + (", compared" if last else ""),
        counts=["records", "persons", *last],
        right=["linkable", "linked"],
        labels={
            "table": "File",
            "records": "Records",
            "persons": "People in the file",
            "linkable": "With enough identifiers to be linked",
            "linked": "Joined to a person with a drug test",
            "compared": "Compared in this study",
        },
        notes=()
        if result.withheld
        else (
            "Compared in this study: people of the final comparison who have a record in the file. Who is left out on "
            "the way there is counted in ‘Who was in it?’.",
        ),
    )


def _shown(count: Any, rule: DisclosureRule) -> str:
    return NOT_APPLICABLE if count is None or pd.isna(count) else release_count(float(count), rule)


def _linkable(result: StudyResult) -> dict[str, float]:
    """Table -> people with enough identifiers to reach the threshold against their own twin."""
    account = result.linkage_account
    if account is None or account.estimated is None:
        return {}
    frame = account.estimated.to_frame()
    found: dict[str, float] = {}
    for row in frame[frame["measure"] == "unlinkable_file"].itertuples():
        tables = str(row.link).partition(" - ")[2].split(", ")
        # Files that were linked together have one share; of which file the people are, it does not say.
        if len(tables) == 1:
            found[tables[0]] = round((1 - float(row.estimate)) * float(row.n))  # type: ignore[arg-type]
        elif row.estimate == 0 and result.linkage is not None:
            persons = result.linkage.counts.set_index("table")["persons"]
            found |= {name: float(persons[name]) for name in tables}
    return found


def _probabilities(result: StudyResult, linked_files: Linkage) -> list[Block]:
    """How sure the candidates are; under a protecting rule small bars are left out and the others rounded."""
    if not linked_files.models:
        return []
    bins: pd.DataFrame = (
        linked_files.probability_bins().groupby(["low", "high", "linked"], as_index=False).sum(numeric_only=True)
    )
    shown = protected(bins, ["n_pairs"], result.rule).fillna({"n_pairs": 0})
    if not shown["n_pairs"].sum():
        return []
    cut = linked_files.rule.threshold
    sure, unsure = (
        float(shown.loc[shown["linked"] & side, "n_pairs"].sum()) for side in (shown["low"] >= 0.9, shown["low"] < 0.9)
    )
    left_out = f" Bars of fewer than {result.rule.threshold} pairs are left out." if result.rule.protects else ""
    return [
        Picture(
            png=to_png(draw_match_probabilities(shown, threshold=cut)),
            alt=(
                f"Candidate links by how probable they are, in bars from 0.001 to 1. {say.about(sure, result.rule)} of "
                f"those linked have a probability of 0.9 or more, {say.about(unsure, result.rule)} a lower one; links "
                f"are made from {cut:g}."
            ),
            caption=(
                "How sure are the links? Candidates by match probability, all files together; the dotted line is where "
                "links begin. A candidate above it that is not linked has a rival who is as likely or likelier."
                f"{left_out}"
            ),
        )
    ]


def protected(frame: Any, counts: list[str], rule: DisclosureRule) -> pd.DataFrame:
    """Return a frame for a picture: under a protecting rule counts are rounded, and missing where they are small."""
    if not rule.protects:
        return frame.astype(dict.fromkeys(counts, "float64"))
    shown = {
        name: [
            float("nan") if is_small(value, rule) else rule.rounding * round_half_up(float(value) / rule.rounding)
            for value in frame[name]
        ]
        for name in counts
    }
    return frame.assign(**shown)
