"""Every outcome of a study together: the primary one tested alone, the others corrected for their number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import release
from dipeval.effects.several import many_words
from dipeval.plots.effects import AXIS_LABELS
from dipeval.report import words
from dipeval.report.blocks import Block, Picture, Table, Text
from dipeval.report.forests import forest_png
from dipeval.study.tidy import smallest_count

if TYPE_CHECKING:
    from dipeval.disclosure import ReleasedTable
    from dipeval.effects import Effect, Effects
    from dipeval.study import StudyResult

ALONE = "alone (primary)"
CAPTION = "All outcomes together"
ONE_TEST = "A p-value above {alpha}% does not show that there was no effect: more people would be needed to tell."
FAMILY_INTERVALS = (
    "Each interval holds by itself. Wider ones, which hold for all outcomes that were tested together at once, are in "
    "results.csv."
)
COUNTS = "Treated minus comparison, number per person"
_RESTING = ("treated", "comparison", "estimate", "p", "p_corrected")


def together(result: StudyResult) -> list[Block]:
    """Return one table and one picture of every outcome, and what the correction does; nothing for one outcome alone.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    list
    """
    found = result.many_outcomes
    if found is None:
        return []
    rows = [_row(result, effect, told) for effect, told in _told(found)]
    return [
        Table(released=_table(result, pd.DataFrame(rows))),
        *_picture(result, found),
        Text(paragraphs=_notes(result, found), kind="note"),
    ]


def _told(found: Effects) -> list[tuple[Effect, dict[Any, Any]]]:
    """Each effect that could be estimated, with its row of the corrected table."""
    known = {(effect.outcome_name, effect.measure): effect for effect in found.effects}
    rows = found.to_frame().to_dict("records")
    return [(known[key], row) for row in rows if (key := (str(row["group"]), str(row["term"]))) in known]


def _row(result: StudyResult, effect: Effect, told: dict[Any, Any]) -> dict[str, object]:
    decimals = words.digits(result, effect)
    show = words.figure(effect.measure, decimals)
    alone = told["role"] == "primary"
    return {
        # Two columns of words would leave no room for the figures.
        "outcome": f"{words.outcome_label(result, effect.outcome_name)}: {words.MEASURE_WORDS[effect.measure].lower()}",
        "treated": words.level(effect, effect.mean_treated, decimals),
        "comparison": words.level(effect, effect.mean_comparison, decimals),
        "estimate": f"{show(effect.estimate)} ({show(effect.conf_low)} to {show(effect.conf_high)})",
        "p": words.p_value(effect.p_value),
        "p_corrected": "[z]" if alone else words.p_value(told["p_value_holm"]),
        "family": ALONE if alone else str(told["family"]),
        "smallest": smallest_count(effect),
    }


def _table(result: StudyResult, frame: pd.DataFrame) -> ReleasedTable:
    if frame["family"].nunique() <= 2:  # the primary outcome, and one family of others
        frame = frame.drop(columns="family")
    return release(
        frame,
        rule=result.rule,
        caption=CAPTION,
        rests_on=dict.fromkeys(_RESTING, "smallest"),
        right=_RESTING,
        labels={
            "outcome": "Outcome",
            "treated": "Treated",
            "comparison": "Comparison",
            "estimate": "Estimate (95% interval)",
            "p": "p",
            "p_corrected": "p corrected (Holm)",
            "family": "Tested with",
        },
    )


def _picture(result: StudyResult, found: Effects) -> list[Block]:
    shown = [(effect, told) for effect, told in _told(found) if not words.small(result, effect)]
    if not shown:
        return []
    rows = []
    for effect, told in shown:
        panel, title = _panel(effect, words.outcome_label(result, effect.outcome_name))
        figures = {
            name: words.drawn(result, effect, getattr(effect, name)) for name in ("estimate", "conf_low", "conf_high")
        }
        primary = told["role"] == "primary" and told["tested"]
        label = words.outcome_label(result, effect.outcome_name)
        rows.append(
            {"term": effect.measure, "label": label, "panel": panel, "panel_title": title}
            | figures
            | {"role": "primary" if primary else ""}
        )
    lines = "; ".join(
        f"{words.outcome_label(result, effect.outcome_name)}, {words.MEASURE_WORDS[effect.measure].lower()}: "
        f"{words.size(effect, words.digits(result, effect))}"
        for effect, _ in shown
    )
    return [
        Picture(
            png=forest_png(pd.DataFrame(rows)),
            alt=f"Every outcome with its 95% interval. {lines}.",
            caption="All outcomes with their 95% intervals; the diamond is the primary outcome",
        )
    ]


def _panel(effect: Effect, label: str) -> tuple[str, str]:
    """Which effects share an axis, and its title: numbers of events do, other means each have their own unit."""
    if effect.measure != "mean_difference":
        return effect.measure, AXIS_LABELS[effect.measure]
    return ("count", COUNTS) if effect.outcome_kind == "count" else (label, f"Treated minus comparison: {label}")


def _notes(result: StudyResult, found: Effects) -> tuple[str, ...]:
    alpha = f"{100 * (1 - found.level):g}"
    notes = [many_words.NOTE_PRIMARY.format(primary=found.labels[found.primary.outcome_name])]
    for family in dict.fromkeys(found.families.values()):
        members = [found.labels[name] for name, own in found.families.items() if own == family]
        template = many_words.NOTE_FAMILY if len(members) > 1 else many_words.NOTE_FAMILY_OF_ONE
        notes.append(template.format(n=len(members), family=family, outcomes="; ".join(members), alpha=alpha))
    frame = found.to_frame()
    tests = frame[frame["tested"] & (frame["role"] != "primary")]
    # Among outcomes of which some are withheld the number below the level would tell of those.
    if len(tests) == 1:
        notes.append(ONE_TEST.format(alpha=alpha))
    elif len(tests) and not any(words.small(result, effect) for effect in found.effects):
        below = int((tests["p_value_holm"] <= 1 - found.level).sum())
        notes.append(many_words.NOTE_CORRECTED.format(found=below, tested=len(tests), alpha=alpha))
    notes += [many_words.NOTE_SCALES] if not frame["tested"].all() else []
    return (*notes, *([FAMILY_INTERVALS] if len(tests) > 1 else []))
