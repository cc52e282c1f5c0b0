"""How good the links are: measured where the truth is known, estimated where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import ReleasedTable, release
from dipeval.presenting import format_percent
from dipeval.report import linkage_words as say
from dipeval.report.blocks import Block, Section, Table, Text, nothing

if TYPE_CHECKING:
    from dipeval.linkage import LinkageQuality
    from dipeval.linkage.without_truth import EstimatedQuality
    from dipeval.study import StudyResult

_METHODS = {
    ("duplicates", "precision"): "Links that are right, by duplicates",
    ("decoys", "precision"): "Links that are right, by decoys",
    ("model", "precision"): "Links that are right, by the model",
    ("model", "recall"): "True links found, by the model",
}
_UNKNOWN = "Nobody can look up which links are right, so it is estimated. "
_KNOWN = (
    "With real records nobody can look up which links are right, and it has to be estimated. The next table does so "
    "here too, so that the two can be compared. "
)
_ROUGH = (
    "Three ways lean on different things; all are rough, and where they agree, trust them more. By duplicates: false "
    "candidates fall on everybody alike, so people with two good candidates tell how many there are (Blakely and "
    "Salmond 2002). By decoys: invented people were linked as if they were real, and it was counted how many found a "
    "partner (Robach and others 2025). By the model: its own probabilities added up, with a share of its own making "
    "for pairs that were never compared; it does not see its own mistakes."
)
_LIMITS = (
    "The limits allow for chance only: a way of estimating that does not fit these files can be wrong by more than "
    "they say."
)
_NO_MODEL = "These links were made without a model, so there are no probabilities from which to say how good they are."


def linkage_quality(result: StudyResult) -> Section:
    """Return the part on how good the links are; empty if the study links nothing.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    account = result.linkage_account
    if account is None:
        return nothing()
    blocks: list[Block] = []
    if result.linkage_quality is not None:
        blocks.append(Table(released=_measured(result, result.linkage_quality)))
    if account.estimated is None:
        blocks.append(Text(paragraphs=(_NO_MODEL,)))
    else:
        lead = _UNKNOWN if result.linkage_quality is None else _KNOWN
        blocks += [Text(paragraphs=(lead + _ROUGH,)), Table(released=_estimated(result, account.estimated))]
    return Section(title="How good are the links?", anchor="linkage-quality", blocks=tuple(blocks), level=3)


def _measured(result: StudyResult, quality: LinkageQuality) -> ReleasedTable:
    frame = quality.to_frame()
    frame = frame.loc[frame["group"] == "everyone", ["link", "n_links", "n_true", "precision", "recall", "f1"]]
    return release(
        frame.assign(link=[say.of_link(name) for name in frame["link"]]),
        rule=result.rule,
        caption="How good the links are (known here because the data are simulated)",
        counts=["n_links", "n_true"],
        rests_on={"precision": "n_links", "recall": "n_true", "f1": ["n_links", "n_true"]},
        formats=dict.fromkeys(("precision", "recall", "f1"), format_percent),
        labels={
            "link": "File",
            "n_links": "Links made",
            "n_true": "True links",
            "precision": "Links that are right",
            "recall": "True links found",
            "f1": "Both in one (F1)",
        },
    )


def _estimated(result: StudyResult, quality: EstimatedQuality) -> ReleasedTable:
    """One row a link and way of estimating: side by side they would be too wide for a page."""
    rows = []
    for link, part in quality.to_frame().groupby("link", sort=False):
        keyed: Any = part.set_index(["method", "measure"])
        # Everything rests on the links made, the fewest of the people behind these figures.
        behind = float(keyed.loc[("model", "precision"), "n"])
        for key, words in _METHODS.items():
            shown = say.with_limits(keyed.loc[key], behind, result.rule)
            rows.append({"link": say.of_link(str(link)), "what": words, "estimate": shown})
    return release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption="How good the links are, estimated without knowing the truth (rough)",
        right=["estimate"],
        labels={"link": "File", "what": "What is estimated", "estimate": "Estimate (95% limits)"},
        notes=(_LIMITS,),
    )
