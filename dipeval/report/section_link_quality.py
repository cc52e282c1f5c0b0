"""How good the links are: measured where the truth is known, estimated where it is not, and by threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import ReleasedTable, legend, release, share_digits
from dipeval.plots.linkage import draw_calibration, draw_sweep
from dipeval.plots.style import to_png
from dipeval.presenting import format_percent, round_half_up
from dipeval.report import linkage_words as say
from dipeval.report.blocks import Block, Picture, Section, Table, Text, nothing
from dipeval.report.section_linkage import protected

if TYPE_CHECKING:
    from dipeval.linkage import LinkageQuality
    from dipeval.linkage.without_truth import EstimatedQuality
    from dipeval.study import StudyResult
    from dipeval.study.linkage_account import LinkageAccount

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
    "partner. By the model: its own probabilities added up; it does not see its own mistakes, nor pairs that were "
    "never compared."
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
    blocks += [*_calibration(result, account), *_sweep(result, account)]
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
            "f1": "F1",
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
    )


def _calibration(result: StudyResult, account: LinkageAccount) -> list[Block]:
    """Probability against truth; only simulated data have one."""
    if account.calibration is None:
        return []
    frame = account.calibration.to_frame()
    frame = frame[(frame["link"] == "all links") & (frame["scale"] == "one_to_one")].reset_index(drop=True)
    if result.rule.protects:
        right = frame["n"] * frame["share_true"]
        smallest = pd.concat([right, frame["n"] - right], axis=1).min(axis=1)
        frame = frame[smallest >= result.rule.threshold]
        for name in ("mean_link_probability", "share_true", "share_low", "share_high"):
            frame = frame.assign(
                **{
                    name: [
                        round_half_up(value, 2 + share_digits(n, result.rule))
                        for value, n in zip(frame[name], smallest[frame.index], strict=True)
                    ]
                }
            )
    if frame.empty:
        return []
    told = "; ".join(
        f"{say.percent(sure, n, result.rule)} sure, {say.percent(right, n, result.rule)} right"
        for sure, right, n in frame[["mean_link_probability", "share_true", "n"]].to_numpy(dtype="float64").tolist()
    )
    return [
        Picture(
            png=to_png(draw_calibration(frame)),
            alt=f"How sure the model was of candidates, and how many of them are right: {told}.",
            caption=(
                "Are the probabilities honest? Dots on the dotted line: of candidates called 80% sure, eight in ten "
                "are right. Above it the model was too careful, below it too sure."
            ),
        )
    ]


def _sweep(result: StudyResult, account: LinkageAccount) -> list[Block]:
    """Links by threshold, of the treatment file if there is one: its links decide who counts as treated."""
    if account.sweep is None:
        return []
    frame = account.sweep.to_frame()
    treatment = frame["link"].str.partition(" - ")[2].str.split(", ").map(lambda names: "treatment" in names)
    which = "all files together"
    if treatment.any():
        frame, which = frame[treatment], "the treatment file"
    counts = ["n_links", "expected_false", "expected_missed"]
    by = frame.groupby("threshold", as_index=False)[counts].sum()
    if by.empty:
        return []
    table = release(
        by.assign(threshold=[f"{cut:g}" for cut in by["threshold"]]),
        rule=result.rule,
        caption=f"What another threshold would have given ({which}); expected by the model",
        counts=counts,
        labels={
            "threshold": "Links made from probability",
            "n_links": "Number of links",
            "expected_false": "Expected false links",
            "expected_missed": "Expected missed links",
        },
    )
    blocks: list[Block] = [Table(released=table)]
    drawn = protected(by, counts, result.rule).assign(recall=float("nan"), precision=float("nan"))
    if drawn[counts[1:]].notna().any(axis=None):
        marked = " ".join(legend([cell for row in table.rows for cell in row], result.rule))
        ends = [f"{row[0]}: {row[2]} false, {row[3]} missed" for row in (table.rows[0], table.rows[-1])]
        blocks.append(
            Picture(
                png=to_png(draw_sweep(drawn, threshold=account.sweep.threshold)),
                alt=f"Expected false and missed links by threshold. From probability {'; from '.join(ends)}.",
                caption=(
                    f"A higher threshold trades false links for missed ones ({which}). Dotted: the threshold in use. "
                    f"{marked}"
                ).strip(),
            )
        )
    return blocks
