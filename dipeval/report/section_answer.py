"""The estimates, the other defensible designs, the truth where it is known, and what would overturn the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from dipeval.disclosure import ReleasedTable, release
from dipeval.plots.effects import effect_plot
from dipeval.plots.style import to_png
from dipeval.presenting import format_number
from dipeval.report import flow_words, section_hazard, section_outcomes, time_zero, words
from dipeval.report.blocks import Block, Folded, Picture, Section, Table, Text, nothing
from dipeval.study.tidy import smallest_count

if TYPE_CHECKING:
    from dipeval.effects import Effect
    from dipeval.study import StudyResult

CAPTION = "Estimates of the primary design, and the plain difference for reference"
_HEADINGS = {
    "design": "Design",
    "outcome": "Outcome",
    "measure": "Measure",
    "treated": "Treated",
    "comparison": "Comparison",
    "estimate": "Estimate",
    "interval": "95% interval",
    "p": "p",
    "people": "People",
}


def effect(result: StudyResult) -> Section:
    """Return the section with the estimates of the primary design beside the unadjusted difference.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    title, anchor = "Did it reduce reoffending?", "effect"
    if result.withheld:
        blocks: tuple[Block, ...] = (Text(paragraphs=(words.withheld_note(result),), kind="warning"),)
        return Section(title=title, anchor=anchor, blocks=blocks)
    if not result.effects:
        return Section(
            title=title, anchor=anchor, blocks=(*time_zero.warnings(result), *section_hazard.in_full(result))
        )
    primary = result.effects[0]
    beside = _beside(result)
    rows = [row for pair in beside for row in pair if row[1].outcome_name == primary.outcome_name]
    others = [row for pair in beside for row in pair if row[1].outcome_name != primary.outcome_name]
    hidden = words.small(result, primary)
    overturn = () if hidden else (Text(paragraphs=(_overturn(primary),), kind="note"),)
    blocks = (
        *time_zero.warnings(result),
        Text(paragraphs=(words.hidden_effect() if hidden else words.headline(result, primary),)),
        *_tables(result, rows, CAPTION),
        *_picture(result, rows),
        *_randomised(result),
        Text(paragraphs=(f"Standard errors: {words.errors(result, primary)}. {words.estimand(result)}",)),
        *_remarks(result),
        *section_outcomes.together(result),
        *_folded(result, others),
        *overturn,
    )
    return Section(title=title, anchor=anchor, blocks=blocks)


def _remarks(result: StudyResult) -> list[Block]:
    """What the estimators have to say of themselves, each thing once."""
    told = dict.fromkeys(
        remark for item in result.effects if not words.small(result, item) for remark in words.remarks(result, item)
    )
    return [Text(paragraphs=tuple(told))] if told else []


def _folded(result: StudyResult, rows: Sequence[tuple[str, Effect]]) -> list[Block]:
    """The other outcomes beside their plain differences: detail, folded away."""
    if not rows:
        return []
    tables = _tables(result, rows, CAPTION)
    return [Folded(title="The other outcomes beside their plain differences", blocks=tuple(tables))]


def _beside(result: StudyResult) -> list[list[tuple[str, Effect]]]:
    """Each estimate of the primary design with the unadjusted one of the same outcome and measure below it."""
    plain = {(item.outcome_name, item.measure): item for item in result.unadjusted}
    pairs = []
    for item in result.effects:
        other = plain.get((item.outcome_name, item.measure))
        pairs.append([("Primary design", item)] + ([("Unadjusted", other)] if other else []))
    return pairs


def _tables(result: StudyResult, rows: Sequence[tuple[str, Effect]], caption: str) -> list[Table]:
    """One table an outcome."""
    names = dict.fromkeys(item.outcome_name for _, item in rows)
    return [
        Table(released=_table(result, [row for row in rows if row[1].outcome_name == name], caption)) for name in names
    ]


def _overturn(primary: Effect) -> str:
    return next((note for note in primary.summary().notes if note.startswith("What would overturn")), "")


def _table(result: StudyResult, rows: Sequence[tuple[str, Effect]], caption: str) -> ReleasedTable:
    frame = pd.DataFrame([_row(result, design, item) for design, item in rows])
    resting = ["treated", "comparison", "estimate", "interval", "p"]
    if all(design == rows[0][0] for design, _ in rows):
        frame = frame.drop(columns="design")
    outcomes = frame["outcome"].unique()
    if len(outcomes) == 1:
        frame, caption = frame.drop(columns="outcome"), f"{outcomes[0]}. {caption}"
    return release(
        frame,
        rule=result.rule,
        caption=caption,
        counts=["people"],
        rests_on=dict.fromkeys(resting, "smallest"),
        labels=_HEADINGS | {"people": flow_words.unit(result).capitalize()},
        right=resting,
    )


def _row(result: StudyResult, design: str, item: Effect) -> dict[str, object]:
    decimals = words.digits(result, item)
    show = words.figure(item.measure, decimals)
    return {
        "design": design,
        "outcome": words.outcome_label(result, item.outcome_name),
        "measure": words.MEASURE_WORDS[item.measure],
        "treated": words.level(item, item.mean_treated, decimals),
        "comparison": words.level(item, item.mean_comparison, decimals),
        "estimate": show(item.estimate),
        "interval": f"{show(item.conf_low)} to {show(item.conf_high)}",
        "p": words.p_value(item.p_value),
        "people": item.n_treated + item.n_comparison,
        "smallest": smallest_count(item),
    }


def _picture(result: StudyResult, rows: Sequence[tuple[str, Effect]]) -> list[Block]:
    primary = result.effects[0]
    same = [
        (design, item)
        for design, item in rows
        if (item.measure, item.outcome_name) == (primary.measure, primary.outcome_name)
        and not words.small(result, item)
    ]
    if not same:
        return []
    figures = {
        name: [words.drawn(result, item, getattr(item, name)) for _, item in same]
        for name in ("estimate", "conf_low", "conf_high")
    }
    names = [design for design, _ in same]
    frame = pd.DataFrame({"term": primary.measure, "group": names, "label": names, **figures})
    told = "; ".join(f"{design}: {words.size(item, words.digits(result, item))}" for design, item in same)
    unit = words.MEASURE_WORDS[primary.measure].lower()
    return [
        Picture(
            png=to_png(effect_plot(frame)),
            alt=f"Estimates with their 95% intervals, {unit}. {told}.",
            caption=f"{words.outcome_label(result, primary.outcome_name)}: {unit}, with 95% intervals",
        )
    ]


def _randomised(result: StudyResult) -> list[Block]:
    check = result.randomised_check
    if check is None:
        return []
    verdict = "as it should" if check.passed else "WHICH IT SHOULD NOT: do not trust the adjusted figures"
    text = (
        "Treatment was assigned at random here, so the plain difference is already a fair comparison and adjusting for "
        f"covariates may not move it by more than one standard error. It moves it by {format_number(check.shift, 2)} "
        f"standard errors, {verdict}."
    )
    return [Text(paragraphs=(text,), kind="note" if check.passed else "warning")]


def sensitivity(result: StudyResult) -> Section:
    """Return the section with the other designs named in the study file.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    if result.withheld or not result.sensitivity or not result.effects:
        return nothing()
    rows = []
    for main in result.effects:
        rows.append(("Primary design", main))
        same = (main.outcome_name, main.measure)
        rows += [
            (item.label, other)
            for item in result.sensitivity
            for other in item.effects
            if (other.outcome_name, other.measure) == same
        ]
    failed = [item for item in result.sensitivity if not item.diagnostics.passed]
    notes = tuple(
        f"{item.label}: not all checks passed (largest standardised difference "
        f"{format_number(item.design.balance().max_smd, 2)}); it is shown to see how much the "
        "answer depends on the design."
        for item in failed
    )
    blocks: list[Block] = [
        Text(paragraphs=("Other designs that could have been chosen, named in the study file beforehand.",)),
        *_tables(result, rows, "The same outcome under other designs"),
        *_picture(result, rows),
    ]
    if notes:
        blocks.append(Text(paragraphs=notes, kind="note"))
    blocks.append(Folded(title="How each was estimated", blocks=(Text(paragraphs=_estimated(result)),)))
    return Section(title="Does the answer depend on the design?", anchor="sensitivity", blocks=tuple(blocks))


def _estimated(result: StudyResult) -> tuple[str, ...]:
    """The standard error of each design, and what its estimator has to say of itself."""
    lines = [f"Primary design. Standard errors: {words.errors(result, result.effects[0])}."]
    for item in result.sensitivity:
        shown = [other for other in item.effects if not words.small(result, other)]
        if shown:
            told = " ".join(dict.fromkeys(words.remarks(result, shown[0])))
            lines.append(f"{item.label}. Standard errors: {words.errors(result, shown[0])}. {told}".rstrip())
    return tuple(lines)


def truth(result: StudyResult) -> Section:
    """Return the section that sets the estimate beside the known truth of simulated data.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    if result.withheld or not result.truth:
        return nothing()
    estimates = {(item.measure, item.outcome_name): item for item in result.effects}
    linked = _with_true_links(result)
    rows = []
    for known in result.truth:
        name = (known.measure, _label_of(result, str(known.to_frame()["group"].iloc[0])))
        if name not in estimates:
            continue
        show, mine, perfect = words.figure(known.measure), estimates[name], linked.get(name)
        rows.append(
            {
                "measure": words.MEASURE_WORDS[known.measure],
                "true": show(known.estimate),
                "estimate": f"{show(mine.estimate)} ({show(mine.conf_low)} to {show(mine.conf_high)})",
                "perfect": f"{show(perfect.estimate)} ({show(perfect.conf_low)} to {show(perfect.conf_high)})"
                if perfect
                else "[z]",
                "inside": "yes" if mine.conf_low <= known.estimate <= mine.conf_high else "no",
            }
        )
    table = release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption="The estimate beside the truth (known because the data are simulated)",
        labels={
            "measure": "Measure",
            "true": "True effect",
            "estimate": "Estimate (95% interval)",
            "perfect": "Same run with true links",
            "inside": "Truth inside the interval",
        },
    )
    text = (
        "The true effect is taken among the people analysed as treated whose true status is treated: the average of "
        "what happened to them less what would have happened had they not started."
    )
    blocks = (Table(released=table), Text(paragraphs=(text,)))
    return Section(title="How close is the estimate to the truth?", anchor="truth", blocks=blocks)


def _label_of(result: StudyResult, column: str) -> str:
    """The label in the study file of the outcome that is measured in a column."""
    found = [outcome.label for outcome in result.spec.outcomes if (outcome.column or outcome.name) == column]
    return found[0] if found else column


def _with_true_links(result: StudyResult) -> dict[tuple[str, str], Effect]:
    known = result.true_links
    return {} if known is None else {(item.measure, item.outcome_name): item for item in known.effects}
