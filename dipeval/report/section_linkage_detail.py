"""The linkage in detail, for the end of the report: identifiers, weights, honest probabilities, other thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dipeval.disclosure import NOT_APPLICABLE, ReleasedTable, is_small, legend, release, share_digits
from dipeval.plots.linkage import draw_calibration, draw_sweep
from dipeval.plots.linkage_weights import draw_match_weights
from dipeval.plots.style import to_png
from dipeval.presenting import round_half_up
from dipeval.report import linkage_words as say
from dipeval.report.blocks import Block, Picture, Section, Table, Text, nothing
from dipeval.report.section_linkage import protected

if TYPE_CHECKING:
    from dipeval.linkage import Linkage
    from dipeval.study import StudyResult
    from dipeval.study.linkage_account import LinkageAccount

_IDENTIFIERS = {
    "attributor": "initials, date of birth, sex, area",
    "full": "names, date of birth, sex, postcode",
    "deterministic": "exact initials or names, date of birth, sex",
}
TITLE = "The linkage in detail"
_FOR_WHOM = (
    "For those who check the linkage or pass the results on. What it means for the answer is said in ‘Whose records "
    "are whose?’ and in ‘What if some links are wrong?’."
)


def linkage_detail(result: StudyResult) -> Section:
    """Return what the files were compared on and what agreement is worth; empty if the study links nothing.

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
    blocks: list[Block] = [
        Text(paragraphs=(_FOR_WHOM,)),
        Table(released=_models(result, result.linkage)),
        *_weights(result),
    ]
    return Section(title=TITLE, anchor="linkage-detail", blocks=tuple(blocks))


def linkage_thresholds(result: StudyResult) -> Section:
    """Return what other thresholds would have given, and whether the probabilities are honest; empty without a model.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    account = result.linkage_account
    blocks = [] if account is None else [*_sweep(result, account), *_calibration(result, account)]
    if not blocks:
        return nothing()
    title = "What would another threshold have given?"
    return Section(title=title, anchor="linkage-thresholds", blocks=tuple(blocks), level=3)


def _models(result: StudyResult, linked_files: Linkage) -> ReleasedTable:
    counts = linked_files.counts
    others = counts[counts["linked"].notna()]
    frame = pd.DataFrame(
        {
            "table": [say.of_table(name) for name in others["table"]],
            "model": [_IDENTIFIERS.get(str(model), NOT_APPLICABLE) for model in others["model"]],
            "pairs": others["pairs_compared"],
            "heaped": [say.about(n, result.rule) if n else "none" for n in others["heaped"]],
        }
    )
    return release(
        frame,
        rule=result.rule,
        caption=f"What the files were compared on with {say.of_table(linked_files.anchor).lower()}",
        counts=["pairs"],
        right=["heaped"],
        labels={
            "table": "File",
            "model": "Identifiers used",
            "pairs": "Pairs of people compared",
            "heaped": "People with a default date of birth set aside",
        },
        notes=("Files that carry the same police number were linked together.",),
    )


def _weights(result: StudyResult) -> list[Block]:
    """What agreement is worth; weights learnt from few people are not drawn under a protecting rule."""
    account, linked_files = result.linkage_account, result.linkage
    if account is None or linked_files is None or not linked_files.models:
        return []
    frame = account.weights.to_frame()
    if result.rule.protects:
        linked = linked_files.counts.set_index("table")["linked"]
        few = [
            f"{linked_files.anchor} - {', '.join(model.tables)}"
            for model in linked_files.models
            if any(is_small(linked[table], result.rule) for table in model.tables)
        ]
        frame = frame[~frame["link"].isin(few)]
        frame = frame.assign(match_weight=[round_half_up(value, 1) for value in frame["match_weight"]])
    if frame.empty:
        return []
    source = "before (linkage.model)" if result.spec.linkage.model else "from the files"
    best, worst = (frame.loc[getattr(frame["match_weight"], at)()] for at in ("idxmax", "idxmin"))
    return [
        Picture(
            png=to_png(draw_match_weights(frame)),
            alt=(
                "Bars that show how much each agreement or disagreement between two records tells. The agreement that "
                f"tells most is {best['level']} ({best['comparison']}); most against a link speaks {worst['level']} "
                f"({worst['comparison']})."
            ),
            caption=(
                f"What each agreement is worth, as learnt {source}. To the right: it speaks for one person; each "
                "unit doubles the odds. To the left: it speaks against."
            ),
        )
    ]


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
