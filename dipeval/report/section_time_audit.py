"""What the days before treatment starts do to a hazard ratio: a naive label beside designs that know the start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import is_small, release
from dipeval.presenting import format_interval, format_number
from dipeval.report import words
from dipeval.report.blocks import Block, Picture, Section, Table, Text, nothing
from dipeval.report.forests import forest_png

if TYPE_CHECKING:
    from dipeval.effects import ImmortalTimeAudit
    from dipeval.study import StudyResult

TITLE = "What the days before treatment do to the answer"
ANCHOR, NAIVE = "immortal-time", "ever_treated"
ABOUT = (
    "Call people treated from the first day because they ever started, and the days before the start count as days of "
    "treatment. On those days they cannot have reoffended, or the start would have come too late to matter (immortal "
    "time): that flatters treatment. People who start only after a reoffence are called treated too, which pulls the "
    "other way. Below is one hazard ratio under each way of saying who is treated and from when: a check of the "
    "design, and not the answer of this report."
)
CREDITED = (
    "The naive label counts {days} days from before the start as days of treatment, and calls {n} people treated, of "
    "whom {after} started only after their first reoffence or their last day observed. Its row is wrong by its making "
    "and is shown only so that it can be recognised elsewhere."
)
WRONG = "Wrong: treated if they ever started"
OTHERS = {
    "time_varying_calendar": "From the day it starts, every day",
    "time_varying_street": "From the day it starts, at liberty",
}
LANDMARK = "Started by day {day}, followed from then"
QUESTIONS = (
    "From the day treatment starts: until then a person is at risk as untreated, afterwards as treated. From a "
    "landmark: only people without a reoffence by that day, so the question is about them; later starts stay in the "
    "comparison group, which draws the ratio towards 1."
)


def immortal_time(result: StudyResult) -> Section:
    """Return the audit of immortal time; empty where the study does not ask for it.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    told = result.time_to_event
    if result.withheld or told is None:
        return nothing()
    # Where treatment counts from its start there is no curve, so no section of which this could be a part.
    alone = result.time_varying is not None
    if told.audit is None:
        why = told.not_done.get("audit") if alone else None
        return Section(title=TITLE, anchor=ANCHOR, blocks=(Text(paragraphs=(why,)),)) if why else nothing()
    audit, level = told.audit, f"{100 * told.audit.level:g}%"
    fewest = {
        str(row["group"]): int(row["n_smallest"]) for row in told.to_frame().query("part == 'audit'").to_dict("records")
    }
    rows = [row | {"smallest": fewest[str(row["group"])]} for row in audit.to_frame().to_dict("records")]
    blocks: list[Block] = [Text(paragraphs=(ABOUT,)), *_credited(result, audit), *_picture(result, rows, level)]
    held = ", ".join(words.covariate(result, name) for name in result.spec.design.covariates)
    table = release(
        pd.DataFrame([_row(row) for row in rows]),
        rule=result.rule,
        caption="One hazard ratio under every way of saying who is treated",
        counts=["n_treated", "events"],
        rests_on={"ratio": "smallest"},
        right=["ratio"],
        labels={
            "label": "Who is treated, and from when",
            "ratio": f"Hazard ratio ({level} interval)",
            "n_treated": "Treated people",
            "events": "Their first reoffences",
        },
        notes=(
            QUESTIONS,
            f"Cox models, ties by Efron; standard errors: robust, clustered by person; held alike: {held}.",
        ),
    )
    return Section(title=TITLE, anchor=ANCHOR, blocks=(*blocks, Table(released=table)), level=2 if alone else 3)


def _named(row: dict[Any, Any]) -> str:
    group = str(row["group"])
    return WRONG if group == NAIVE else OTHERS.get(group) or LANDMARK.format(day=f"{row['time_days']:g}")


def _row(row: dict[Any, Any]) -> dict[str, Any]:
    missing = pd.isna(row["estimate"])
    interval = "" if missing else f" ({format_interval(row['conf_low'], row['conf_high'])})"
    return {
        "label": _named(row),
        "ratio": "[z]" if missing else f"{format_number(row['estimate'])}{interval}",
        "n_treated": int(row["n_treated"]),
        "events": int(row["events_treated"]),
        "smallest": row["smallest"],
    }


def _credited(result: StudyResult, audit: ImmortalTimeAudit) -> list[Block]:
    if is_small(audit.n_labelled, result.rule) or not audit.days_credited:
        return []
    # Two figures tell the size; more would tell of single people.
    days = float(f"{audit.days_credited:.2g}") if result.rule.protects else audit.days_credited
    n, after = (words.people(result, count) for count in (audit.n_labelled, audit.n_labelled_after))
    return [Text(paragraphs=(CREDITED.format(days=format_number(days, 0), n=n, after=after),), kind="warning")]


def _picture(result: StudyResult, rows: list[dict[Any, Any]], level: str) -> list[Block]:
    shown = [row for row in rows if not pd.isna(row["estimate"]) and not is_small(row["smallest"], result.rule)]
    if not shown:
        return [Text(paragraphs=(words.hidden_effect(),))]
    drawn = pd.DataFrame(shown)[["estimate", "conf_low", "conf_high"]].assign(
        label=[_named(row) for row in shown],
        term="hazard_ratio",
        panel_title="Hazard ratio of a first reoffence",
        role=["hollow" if row["group"] == NAIVE else "" for row in shown],
    )
    said = "; ".join(
        f"{_named(row)}: {format_number(row['estimate'])} ({format_interval(row['conf_low'], row['conf_high'])})"
        for row in shown
    )
    return [
        Picture(
            png=forest_png(drawn),
            alt=f"Hazard ratio with its {level} interval under each way of saying who is treated. {said}.",
            caption=f"Hazard ratios with {level} intervals; the hollow one is the naive label, which is wrong",
        )
    ]
