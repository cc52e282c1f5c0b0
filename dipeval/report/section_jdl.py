"""The answer once more in the style of the Justice Data Lab: bands, headline measures, 100 typical people, verdicts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from dipeval.disclosure import is_small, release, release_curve, share_digits
from dipeval.effects.jdl import figures
from dipeval.effects.jdl import sentences as say
from dipeval.effects.jdl.measures import NOT_ASKED, JdlMeasure
from dipeval.effects.jdl.result import verdict_shown
from dipeval.effects.jdl.words import (
    NOT_MEASURED,
    NOTE_COVARIATES,
    RANGE_IN_PICTURE,
    STYLE,
    TABLE_HEADINGS,
    WHY_TIME,
)
from dipeval.matching.balance_words import smd_shown
from dipeval.plots.jdl import hundred_plot
from dipeval.plots.style import to_png
from dipeval.plots.survival import display_unit, regular_times, reoffending_curve
from dipeval.presenting import format_percent, round_half_up
from dipeval.report import words
from dipeval.report.blocks import Block, Folded, Picture, Points, Section, Table, Text, nothing
from dipeval.report.time_drawn import merged
from dipeval.study.gate import fewest_people
from dipeval.study.tidy import smallest_count

if TYPE_CHECKING:
    from dipeval.effects.jdl.result import JdlStyle
    from dipeval.study import StudyResult

TITLE, ANCHOR = "In the style of the Justice Data Lab", "jdl-style"
HIDDEN = "it rests on too few people to be shown"
ABOUT = (
    "The estimate is about the {n} treated people with somebody comparable within the radius. The main answer of this "
    "report comes from the primary design; this one is set beside it for readers who are used to the style."
)
CURVE = "Share who had reoffended by each time (Kaplan-Meier, everybody counted), with 95% bands."
BAND_SHOWN = {"green": "well (green)", "amber": "reasonably (amber)", "red": "poorly (red)"}
_FIGURES = ("treated", "comparison", "difference", "interval", "p", "verdict")


def jdl_style(result: StudyResult) -> Section:
    """Return the section in the style of the Justice Data Lab, or an empty one if the study does not ask for it.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    found = result.jdl_style
    if result.withheld or found is None:
        return nothing()
    design = found.design
    blocks: list[Block]
    if is_small(min(design.n_treated, design.n_comparison), result.rule):
        blocks = [Text(paragraphs=(words.hidden_effect(),))]
    elif found.withheld:
        blocks = [Text(paragraphs=(say.headline(found, reasons=_reasons(result, found)),), kind="warning")]
        blocks += [_can(found), _cannot(found), *_how_alike(result, found)]
    else:
        blocks = _answer(result, found)
    return Section(title=TITLE, anchor=ANCHOR, blocks=tuple(blocks))


def _answer(result: StudyResult, found: JdlStyle) -> list[Block]:
    shown = _masked(result, found)
    digits = _digits(result, shown)
    blocks: list[Block] = []
    if over := say.overridden(found, _reasons(result, found)):
        blocks.append(Text(paragraphs=(over,), kind="warning"))
    blocks.append(Text(paragraphs=(say.headline(shown, digits), *_other_verdicts(shown, digits))))
    blocks.append(_measures(result, found))
    if shown.measures[0].effect is not None:
        blocks += [_hundred(shown), Points(title="Of 100 typical people", items=shown.of_hundred())]
        blocks += [_can(shown), _cannot(shown), *_over_time(result, shown)]
    return [*blocks, *_how_alike(result, shown)]


def _masked(result: StudyResult, found: JdlStyle) -> JdlStyle:
    """The analysis without the measures that rest on too few people; without its rate nothing else is told either."""
    small = [_is_hidden(result, measure) for measure in found.measures]
    hidden = [True] * len(small) if small[0] else small
    measures = tuple(
        replace(measure, effect=None, verdict=NOT_MEASURED, why_not=HIDDEN) if gone else measure
        for measure, gone in zip(found.measures, hidden, strict=True)
    )
    return replace(found, measures=measures, curve=None if small[0] else found.curve)


def _is_hidden(result: StudyResult, measure: JdlMeasure) -> bool:
    if measure.effect is None:
        # Why a measure could not be estimated tells how few people had the outcome.
        return result.rule.protects and measure.why_not != NOT_ASKED
    return is_small(smallest_count(measure.effect), result.rule)


def _digits(result: StudyResult, found: JdlStyle) -> int:
    effect = found.measures[0].effect
    return share_digits(0 if effect is None else smallest_count(effect), result.rule)


def _reasons(result: StudyResult, found: JdlStyle) -> tuple[str, ...]:
    return say.of_reasons(
        found.design.balance(),
        least=(found.rule.minimum_people, found.rule.minimum_matched),
        count=lambda n: words.people(result, n),
        named=lambda term: words.covariate(result, term),
        **say.counted(found),
    )


def _other_verdicts(found: JdlStyle, digits: int) -> tuple[str, ...]:
    told = (f"{say.verdict(found, item, digits)} {say.numbers(item, digits)}".strip() for item in found.measures[1:])
    return tuple(told)


def _measures(result: StudyResult, found: JdlStyle) -> Table:
    """The headline measures; what rests on few people is withheld, and with the rate all the others."""
    first = found.measures[0].effect
    rate = 0 if first is None else smallest_count(first)
    rows = [_row(result, measure, min(rate, _behind(measure))) for measure in found.measures]
    return Table(
        released=release(
            pd.DataFrame(rows),
            rule=result.rule,
            caption="Rate, frequency and time to the first reoffence",
            rests_on=dict.fromkeys(_FIGURES, "smallest"),
            right=_FIGURES[:-1],
            labels={
                "measure": "Measure",
                "treated": "Treated",
                "comparison": "Comparison",
                "difference": "Difference",
                "interval": "95% interval",
                "p": "p",
                "verdict": "Verdict",
            },
            notes=tuple(line for line in (say.errors(found), say.three_tests(found)) if line),
        )
    )


def _behind(measure: JdlMeasure) -> int:
    return 0 if measure.effect is None else smallest_count(measure.effect)


def _row(result: StudyResult, measure: JdlMeasure, smallest: int) -> dict[str, object]:
    row: dict[str, object] = {
        "measure": TABLE_HEADINGS[measure.kind].format(unit=measure.unit),
        **dict.fromkeys(_FIGURES, ""),
    }
    effect, digits = measure.effect, share_digits(smallest, result.rule)
    if effect is None:
        # Why there is no figure may itself tell of few people: said alike whatever it is.
        return row | {"verdict": verdict_shown(measure), "smallest": result.rule.threshold}
    values = (effect.mean_treated, effect.mean_comparison, effect.estimate, effect.conf_low, effect.conf_high)
    treated, comparison, difference, low, high = (figures.plain(measure, value, digits) for value in values)
    return row | {
        "treated": treated,
        "comparison": comparison,
        "difference": difference,
        "interval": f"{low} to {high}",
        "p": words.p_value(effect.p_value),
        "verdict": verdict_shown(measure),
        "smallest": smallest,
    }


def _hundred(found: JdlStyle) -> Picture:
    effect = found.measures[0].effect
    assert effect is not None
    shares = [round_half_up(mean, 2) for mean in (effect.mean_treated, effect.mean_comparison)]
    frame = pd.DataFrame({"group": ["treated", "comparison"], "share": shares})
    treated, comparison = (format_percent(share, 0).rstrip("%") for share in shares)
    told = figures.range_shown(found.measures[0], more_people=False)
    below = RANGE_IN_PICTURE.format(level=f"{100 * found.rule.level:g}", range=told)
    others = figures.others(found)
    return Picture(
        png=to_png(hundred_plot(frame, others=others, below=below)),
        alt=(
            f"Two blocks of 100 dots. Of 100 typical treated people {treated} reoffended; of 100 {others} "
            f"{comparison}. {below}"
        ),
        caption="100 typical people of each group; filled: reoffended",
    )


def _can(found: JdlStyle) -> Points:
    return Points(title="What you can say", items=found.can_say())


def _cannot(found: JdlStyle) -> Points:
    return Points(title="What you cannot say", items=found.cannot_say())


def _over_time(result: StudyResult, found: JdlStyle) -> list[Block]:
    """The curve of everybody, and why it stands beside the average time of those who reoffended."""
    if found.curve is None:
        return []
    curve = release_curve(found.curve.to_frame(), rule=result.rule)
    why = Text(paragraphs=(WHY_TIME,), kind="note")
    if curve["group"].nunique() < 2:
        return [why]
    unit = found.curve.time_unit
    told = "; ".join(
        f"{group}: {words.share(1 - row['estimate'], share_digits(row['n_at_risk'], result.rule))}"
        for group, row in curve.groupby("group").last().iterrows()
    )
    picture = Picture(
        png=to_png(reoffending_curve(curve, time_label=display_unit(unit), time_unit=unit)),
        alt=f"Share who had reoffended by each time, rising from zero, in both groups. Where the curves end: {told}.",
        caption=" ".join([CURVE, *merged(result.rule)]),
    )
    return [why, picture, _shares(result, curve, unit)]


def _shares(result: StudyResult, curve: pd.DataFrame, unit: str) -> Table:
    marks = regular_times(float(curve.groupby("group")["time_days"].max().min()), time_unit=unit)[1:]
    rows = []
    for mark in marks:
        for group, part in curve.groupby("group", sort=False):
            step = part[part["time_days"] <= mark].iloc[-1]
            decimals = share_digits(step["n_at_risk"], result.rule)
            rows.append(
                {
                    "time": f"{mark:g} {unit}",
                    "group": str(group).capitalize(),
                    "share": words.share(1 - step["estimate"], decimals),
                    "n": step["n_at_risk"],
                    # Before the first step that can be shown, "0%" would be untrue as well as telling.
                    "happened": result.rule.threshold if step["estimate"] < 1 else 0,
                }
            )
    return Table(
        released=release(
            pd.DataFrame(rows),
            rule=result.rule,
            caption="Share who had reoffended by then",
            rests_on={"share": ("n", "happened")},
            right=["share"],
            labels={"time": "By", "group": "Group", "share": "Share"},
            notes=merged(result.rule),
        )
    )


def _how_alike(result: StudyResult, found: JdlStyle) -> list[Block]:
    """Bands, the way people were matched, who was lost on the way, and what could not be verified."""
    digits = share_digits(min(found.design.n_treated, found.design.n_comparison), result.rule)
    named = ", ".join(words.covariate(result, name) for name in found.design.covariates)
    how = (
        say.bands(found.design.balance()),
        say.design_note(found),
        NOTE_COVARIATES.format(covariates=named),
        ABOUT.format(n=words.people(result, found.design.n_treated)),
        say.before(found, digits),
    )
    return [
        Text(paragraphs=how),
        Folded(
            title="How alike the groups are, and who was lost on the way",
            blocks=(_bands(result, found), _lost(result, found)),
        ),
        Text(paragraphs=(STYLE, say.unverified(found)), kind="note"),
    ]


def _bands(result: StudyResult, found: JdlStyle) -> Table:
    frame = found.design.balance().to_frame()
    frame = frame[frame["kind"] == "covariate"].reset_index(drop=True)
    shown = found.bands().assign(
        label=[words.covariate(result, str(term)) for term in frame["term"]],
        fewest=[fewest_people(found.design, row) for row in frame.to_dict("records")],
    )
    shown["matched"] = shown["band"].map(BAND_SHOWN)
    named = ("smd_before", "smd_after", "matched")
    return Table(
        released=release(
            shown[["label", *named, "fewest"]],
            rule=result.rule,
            caption="Standardised differences before and after, and their bands",
            rests_on=dict.fromkeys(named, "fewest"),
            formats=dict.fromkeys(named[:2], format_percent if result.rule.protects else smd_shown),
            labels={"label": "Covariate", "smd_before": "Before", "smd_after": "After", "matched": "Matched"},
        )
    )


def _lost(result: StudyResult, found: JdlStyle) -> Table:
    return Table(
        released=release(
            found.attrition[["label", "counted", "n_people", "n_excluded"]],
            rule=result.rule,
            caption="Who was lost on the way",
            counts=["n_people", "n_excluded"],
            labels={"label": "Step", "counted": "Counted", "n_people": "People left", "n_excluded": "Lost here"},
        )
    )
