"""What happened in whole areas once they had the programme: another question than the answer about people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import is_small, release
from dipeval.effects.areas import words as area_words
from dipeval.plots.area import event_study_plot
from dipeval.plots.style import to_png
from dipeval.report import words
from dipeval.report.blocks import Block, Folded, Picture, Section, Table, Text, nothing
from dipeval.study.area import counted_behind

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule, ReleasedTable
    from dipeval.effects import AreaEffect
    from dipeval.study import StudyResult

TITLE = "What happened in the areas?"
ANCHOR = "area-effect"
LEAD = (
    "The answer of this report is about people who were treated and others like them. This section asks something "
    "else: whether {outcome} moved differently in areas once they had the programme than in areas without it. The two "
    "can differ: an area's figure is about everybody there, most of whom were never treated, and about everything else "
    "that began there at the same time."
)
NO_INTERVAL = "none"
REFERENCE = "All are compared with the period at 0, the last one before the start{before}."
ANTICIPATION = " and its anticipation"
CAPTION = "Effect by time since the start, with {level}% intervals where they can be given"
ALT = (
    "Effect on {outcome} by periods since the start of the programme. Before the start: {before}. With the programme: "
    "{after}."
)


def area_effect(result: StudyResult) -> Section:
    """Return the section on areas; empty where the study does not ask for it.

    Parameters
    ----------
    result
        From ``Study.run()``; areas are shown whether or not the effect on people is withheld.

    Returns
    -------
    Section
    """
    found = result.area_effect
    if found is None:
        return nothing()
    frame = _counted(found)
    lead = Text(paragraphs=(LEAD.format(outcome=found.outcome_name),), kind="note")
    if _hidden(frame.iloc[0], result.rule):
        return Section(title=TITLE, anchor=ANCHOR, blocks=(lead, Text(paragraphs=(words.hidden_effect(),))))
    rests = Text(paragraphs=(area_words.NOTE_TRENDS, *area_words.before_words(found), *area_words.overturn(found)))
    warning = area_words.two_way_words(found)
    told = {*rests.paragraphs, warning, area_words.OTHER_QUESTION}
    rest = tuple(line for line in area_words.notes(found) if line not in told)
    blocks: list[Block] = [
        lead,
        Text(paragraphs=(area_words.headline(found),)),
        *_picture(found, result.rule),
        Table(released=_table(found, result.rule)),
        rests,
        *([Text(paragraphs=(warning,), kind="warning" if found.n_waves > 1 else "note")] if warning else []),
        Folded(title="How this was worked out", blocks=(Text(paragraphs=rest),)),
    ]
    return Section(title=TITLE, anchor=ANCHOR, blocks=tuple(blocks))


def _counted(found: AreaEffect) -> pd.DataFrame:
    return found.to_frame().assign(behind=counted_behind(found))


def _hidden(row: pd.Series, rule: DisclosureRule) -> bool:
    """Whether the outcome counts so little in the treated areas that it would tell of few people."""
    return not pd.isna(row["behind"]) and is_small(float(row["behind"]), rule)


def _picture(found: AreaEffect, rule: DisclosureRule) -> list[Block]:
    frame = _counted(found)
    frame = frame[frame["term"] == "event_time"]
    shown = frame[[not _hidden(row, rule) for _, row in frame.iterrows()]].reset_index(drop=True)
    if not (shown["group"] == "after").any():
        return []
    drawn = shown.drop(columns=["n", "n_events", "n_comparison", "behind"])
    told = {
        side: "; ".join(f"{int(row['event_time'])}: {area_words.shown(found, row['estimate'])}"
                        for _, row in drawn[drawn["group"] == side].iterrows()) or "no period"
        for side in ("before", "after")
    }  # fmt: skip
    return [
        Picture(
            png=to_png(event_study_plot(drawn, measure=found.measure, outcome=found.outcome_name)),
            alt=ALT.format(outcome=found.outcome_name, **told),
            caption=CAPTION.format(level=f"{100 * found.level:g}"),
        )
    ]


def _table(found: AreaEffect, rule: DisclosureRule) -> ReleasedTable:
    frame = _counted(found)
    own = frame[frame["group"] != "reference"]
    rows = pd.DataFrame([_row(found, row, rule) for row in own.to_dict("records")])
    anticipated = bool((frame["group"] == "anticipation").any())
    return release(
        rows,
        rule=rule,
        caption=f"Effect on {found.outcome_name} in areas",
        # Numbers of areas are told: an area is no person.
        rests_on=dict.fromkeys(("effect", "interval", "p"), "behind") | {"areas": (), "others": ()},
        right=["effect", "interval", "p", "areas", "others"],
        labels={
            "part": "Part",
            "effect": "Effect",
            "interval": f"{100 * found.level:g}% interval",
            "p": "p",
            "areas": "Treated areas",
            "others": "Areas compared with",
        },
        notes=(REFERENCE.format(before=ANTICIPATION if anticipated else ""),),
    )


def _row(found: AreaEffect, row: dict[Any, Any], rule: DisclosureRule) -> dict[str, Any]:
    low, high, p = (float(row[name]) for name in ("conf_low", "conf_high", "p_value"))
    return {
        "part": area_words.term_words(str(row["term"]), str(row["group"]), float(row["event_time"])),
        "effect": area_words.shown(found, float(row["estimate"])),
        "interval": NO_INTERVAL if math.isnan(low) else area_words.between(found, low, high),
        "p": NO_INTERVAL if math.isnan(p) else words.p_value(p),
        "areas": int(row["n"]),
        "others": int(row["n_comparison"]),
        "behind": rule.threshold if pd.isna(row["behind"]) else int(row["behind"]),
    }
