"""What if some links are wrong? The answer again on other links, beside the registered one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dipeval.disclosure import ReleasedTable, is_small, release, share_digits
from dipeval.plots.propagation import propagation_plot
from dipeval.plots.style import to_png
from dipeval.presenting import format_percent, round_half_up
from dipeval.report import linkage_words as say
from dipeval.report import words
from dipeval.report.blocks import Block, Picture, Points, Section, Table, Text, nothing
from dipeval.study.linkage_error import drawable
from dipeval.study.tidy import people_behind_links

if TYPE_CHECKING:
    from dipeval.effects import Effect, LinkagePropagation
    from dipeval.effects.links.tipping import TippingPoint
    from dipeval.study import StudyResult

TITLE, ANCHOR = "What if some links are wrong?", "linkage-error"
WHAT_FOR = {
    "treatment": (
        "Who was treated is known from the treatment file, and a link to it can be missed or wrong. A missed link puts "
        "a treated person among the untreated, a false one an untreated person among the treated; as a rule both draw "
        "the groups towards each other."
    ),
    "outcome": (
        "Who reoffended is known from the offences, and a link to them can be missed or wrong. A missed link looks "
        "like somebody who stopped offending, a false one like somebody who went on."
    ),
}
HOW = (
    "So the same comparison was made again with stricter and with looser links, and on {draws} sets of links drawn at "
    "random from all candidates, each as often as it is probable given everything the analysis uses. The spread over "
    "the draws is added to the interval."
)
NOT_THE_ANSWER = (
    "This is a sensitivity analysis, made after the design was fixed and the outcomes were opened. It is not the "
    "registered answer: that stays the one from the links as made."
)
TIPPING = "How many links would have to be wrong to change the answer?"
WORST = (
    "This is the worst case: the links of exactly those people whose outcomes matter most are wrong. Links that are "
    "wrong for everybody alike do far less. Counted among all people in the study, before anybody is left out for want "
    "of somebody comparable."
)
_FAILED = "For the {files} file the comparison could not be repeated on other links, so nothing is said about it."


def linkage_error(result: StudyResult) -> Section:
    """Return the section on what wrong and missed links may do to the answer; empty if withheld or not asked for.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    if result.withheld or result.linkage is None or not result.spec.linkage.error.draws:
        return nothing()
    if not result.effects or not drawable(result.spec):
        return Section(title=TITLE, anchor=ANCHOR, blocks=(Text(paragraphs=(say.NOT_DRAWN,), kind="note"),))
    if result.linkage.rule.profile == "deterministic":
        return Section(title=TITLE, anchor=ANCHOR, blocks=(Text(paragraphs=(say.EXACT,), kind="note"),))
    if words.small(result, result.effects[0]):
        return Section(title=TITLE, anchor=ANCHOR, blocks=(Text(paragraphs=(words.hidden_effect(),)),))
    blocks: list[Block] = [block for item in result.linkage_error for block in _blocks(result, item)]
    if result.linkage_error:
        blocks.insert(0, Text(paragraphs=(NOT_THE_ANSWER,), kind="note"))
    for name in result.linkage_error_failed:
        blocks.append(Text(paragraphs=(_FAILED.format(files=name),), kind="note"))
    return Section(title=TITLE, anchor=ANCHOR, blocks=tuple(blocks))


def in_brief(result: StudyResult) -> str:
    """Return the sentence of the first page, or nothing."""
    if result.withheld or not result.linkage_error or words.small(result, result.effects[0]):
        return ""
    item = result.linkage_error[0]
    decimals = _digits(result, item, _row(item, "pooled"))
    return (
        f"Linked records: allowing for links that may be wrong or missed, the estimate would be "
        f"{_size(item, decimals)}; with the links as made it is {_figure(item, 'point', decimals)}, which stays "
        f"the answer. See ‘{TITLE}’."
    )


def _blocks(result: StudyResult, item: LinkagePropagation) -> list[Block]:
    decimals = _digits(result, item, _row(item, "pooled"))
    lead = (
        f"Allowing for wrong and missed links, the estimate is {_size(item, decimals)}; with the links as made it is "
        f"{_figure(item, 'point', decimals)}. {_share(item)} of the uncertainty (of the variance) comes from not "
        "knowing the links."
    )
    return [
        Text(paragraphs=(WHAT_FOR[item.role], HOW.format(draws=item.draws))),
        Text(paragraphs=(lead,)),
        *_picture(result, item),
        Table(released=_table(result, item)),
        *_left_out(item),
        *_tipping(result, item),
    ]


def _row(item: LinkagePropagation, step: str) -> pd.Series:
    frame = item.to_frame()
    return frame[frame["step"] == step].iloc[0]


def _behind(result: StudyResult, item: LinkagePropagation, row: pd.Series) -> int:
    return people_behind_links(result.effects[0], item, float(row["n_with_status"]))


def _digits(result: StudyResult, item: LinkagePropagation, row: pd.Series) -> int:
    return share_digits(_behind(result, item, row), result.rule)


def _unit(item: LinkagePropagation) -> str:
    return " percentage points" if item.measure in words.SHARES else ""


def _figure(item: LinkagePropagation, step: str, decimals: int) -> str:
    return words.figure(item.measure, decimals)(_row(item, step)["estimate"])


def _size(item: LinkagePropagation, decimals: int) -> str:
    show = words.figure(item.measure, decimals)
    return (
        f"{show(item.estimate)}{_unit(item)} ({item.level:.0%} interval from {show(item.conf_low)} to "
        f"{show(item.conf_high)})"
    )


def _share(item: LinkagePropagation) -> str:
    share = item.share_due_to_linkage
    return f"About {format_percent(share, 0)}" if share >= 0.005 else "Less than 1%"


def _named(row: pd.Series) -> str:
    words_for = {"point": "Links as made (the registered answer)", "pooled": "Allowing for wrong and missed links"}
    return words_for.get(str(row["step"]), f"Links from probability {row['threshold']:g}")


def _in_table(row: pd.Series) -> str:
    words_for = {"point": "As made (the registered answer)", "pooled": "Allowing for wrong and missed links"}
    return words_for.get(str(row["step"]), f"{row['threshold']:g}")


def _shown(item: LinkagePropagation) -> pd.DataFrame:
    frame = item.to_frame()
    return frame[frame["step"] != "draw"].reset_index(drop=True)


def _table(result: StudyResult, item: LinkagePropagation) -> ReleasedTable:
    rows = []
    for _, row in _shown(item).iterrows():
        show = words.figure(item.measure, _digits(result, item, row))
        rows.append(
            {
                "links": _in_table(row),
                "people": float(row["n_with_status"]),
                "estimate": show(row["estimate"]),
                "interval": f"{show(row['conf_low'])} to {show(row['conf_high'])}",
                "smallest": _behind(result, item, row),
            }
        )
    effect: Effect = result.effects[0]
    status = "Treated" if item.role == "treatment" else "With the outcome"
    return release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption=(
            f"{words.outcome_label(result, effect.outcome_name)}. {words.MEASURE_WORDS[item.measure]}, on other links "
            f"to the {item.link} file"
        ),
        counts=["people"],
        rests_on={"estimate": "smallest", "interval": "smallest"},
        right=["estimate", "interval"],
        labels={
            "links": "Links from probability",
            "people": status,
            "estimate": "Estimate",
            "interval": f"{item.level:.0%} interval",
        },
        notes=_notes(status, matched=result.design.method in ("nearest", "optimal", "full")),
    )


def _notes(status: str, *, matched: bool) -> tuple[str, ...]:
    notes = [
        f"{status}: people in the study before anybody is left out for want of somebody comparable.",
        "Allowing for wrong and missed links: the average over the draws, and an interval from the uncertainty within "
        "and between them (Rubin's rules; degrees of freedom by Barnard and Rubin, which with few people widens it a "
        "little even where the links are sure).",
    ]
    if matched:
        notes.append(
            "Matched pairs are made anew on each row, and one person more or less can rearrange many of them: small "
            "ups and downs from row to row tell nothing of the links."
        )
    return tuple(notes)


def _picture(result: StudyResult, item: LinkagePropagation) -> list[Block]:
    """Estimate by threshold; under a protecting rule rounded, without the single draws and without small ones."""
    frame = _shown(item) if result.rule.protects else item.to_frame()
    if result.rule.protects:
        frame = frame[[not is_small(_behind(result, item, row), result.rule) for _, row in frame.iterrows()]]
        places = [2 + _digits(result, item, row) for _, row in frame.iterrows()]
        for name in ("estimate", "conf_low", "conf_high"):
            rounded = [round_half_up(value, n) for value, n in zip(frame[name], places, strict=True)]
            frame = frame.assign(**{name: rounded})
    if not (frame["step"] == "pooled").any():
        return []
    told = "; ".join(
        f"{_named(row)}: {words.figure(item.measure, _digits(result, item, row))(row['estimate'])}"
        for _, row in frame[frame["step"] != "draw"].iterrows()
    )
    small = "" if result.rule.protects else " Small strokes: the single draws."
    return [
        Picture(
            png=to_png(propagation_plot(frame, measure=item.measure, null_value=item.null_value)),
            alt=f"The estimate with its interval on other links, {_unit(item).strip() or item.measure}. {told}.",
            caption=(
                f"The estimate by how sure a link to the {item.link} file must be, with {item.level:.0%} intervals. "
                f"Diamond: allowing for wrong and missed links.{small}"
            ),
        )
    ]


def _tipping(result: StudyResult, item: LinkagePropagation) -> list[Block]:
    if item.tipping:
        lines = tuple(_in_words(result, item, point) for point in item.tipping)
        return [Points(title=TIPPING, items=lines), Text(paragraphs=(WORST,))]
    if not item.looked_for_tipping:
        return []
    text = (
        "The interval with the links as made includes zero already, so no link has to be wrong to bring it there. That "
        "does not show that nothing happened."
    )
    return [Text(paragraphs=(text,))]


def _left_out(item: LinkagePropagation) -> list[Block]:
    """What could not be worked out, and where the links as made lie among the draws."""
    lines = []
    if item.failed_draws:
        lines.append(
            f"In {item.failed_draws} of {item.failed_draws + item.draws} draws the comparison could not be made; they "
            "are left out, and the answer may differ in them."
        )
    if item.unanswered:
        cuts = ", ".join(f"{cut:g}" for cut in item.unanswered)
        lines.append(f"With links from probability {cuts} the comparison could not be made.")
    frame = item.to_frame()
    drawn, point = frame.loc[frame["step"] == "draw", "estimate"], _row(item, "point")["estimate"]
    if not drawn.min() <= point <= drawn.max():
        lines.append(
            "The estimate with the links as made lies outside all the estimates drawn: wrong and missed links pull it "
            "to one side, or, where people are matched in pairs, its pairs are one arrangement of many."
        )
    return [Text(paragraphs=tuple(lines))] if lines else []


def _in_words(result: StudyResult, item: LinkagePropagation, point: TippingPoint) -> str:
    among, expected = say.about(point.n_among, result.rule), say.roughly(point.n_expected, result.rule)
    if item.role == "treatment":
        wrong = {
            "missed_links": "had been treated without our knowing (their link was missed)",
            "false_links": "had not been treated at all (their link was false)",
        }[point.kind]
    else:
        wrong = {
            "missed_links": "had reoffended without our knowing (their link was missed)",
            "false_links": "had not reoffended at all (their link was false)",
        }[point.kind]
    kind = point.kind.replace("_links", "")
    expects = f"The linkage itself expects {expected} people of the study with a {kind} link, whatever their outcome."
    if point.n_people is None and point.n_tried is not None and point.n_tried < point.n_among:
        return (
            f"If up to {say.about(point.n_tried, result.rule)} of the {among} {point.who} {wrong}, and nobody else, "
            f"the interval would not reach zero; with more the comparison can no longer be made. {expects}"
        )
    if point.n_people is None:
        return (
            f"Even if all of the {among} {point.who} {wrong}, and nobody else, the interval would not reach zero. "
            f"{expects}"
        )
    return (
        f"If {say.roughly(point.n_people, result.rule)} of the {among} {point.who} {wrong}, and nobody else, the "
        f"interval would reach zero. {expects}"
    )
