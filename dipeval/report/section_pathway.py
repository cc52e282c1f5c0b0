"""The way through the programme: how many reached each stage, and which tests led to a contact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dipeval.disclosure import CONFIDENTIAL, ReleasedTable, is_small, legend, release, release_count, share_digits
from dipeval.plots.pathway import funnel_plot, seen_plot
from dipeval.plots.style import to_png
from dipeval.presenting import format_number, format_percent, round_half_up
from dipeval.report.blocks import Block, Picture, Section, Table, Text, nothing

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule
    from dipeval.indicators import Pathway, Seen
    from dipeval.study import StudyResult

_EVERYONE = "everyone"
_WORDS = {"month": "Month", "quarter": "Quarter", "age_band": "Age", "entry_point": "Entry point"}
_CAN_BE_SKIPPED_TO = ("assessment", "attended", "care_plan", "treatment", "retained_12_weeks", "completed")
_TITLE = "How far did people get?"
_NO_EFFECT = (
    "These figures describe how many people went on from stage to stage. They have no comparison group, so they say "
    "nothing about what the programme achieved."
)
_REFUSED = "A refused test is no test here, so fewer people were tested than are counted in 'Who was in it?'."
_OTHERS = "Others reached the stage with an earlier one not on record; they are not in the count."
_WITHOUT = "The extracts hold no contacts with agencies, so the stages between test and treatment cannot be followed."


def pathway(result: StudyResult) -> Section:
    """Return the section on how many people reached each stage; empty if the study does not ask for it.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    found = result.pathway
    if found is None:
        return _no_stages(result)
    frame = found.to_frame()
    everyone = frame[frame["group"] == _EVERYONE]
    blocks: list[Block] = [
        Text(paragraphs=(found.how_counted, _NO_EFFECT)),
        _funnel(found, everyone, result.rule),
        Table(released=_stages(found, everyone, result.rule)),
    ]
    if found.by is not None:
        blocks.append(Table(released=_groups(found, frame, result.rule)))
    blocks.append(Text(paragraphs=(*_left_out(found, result.rule), _REFUSED, *found.notes()), kind="note"))
    return Section(title=_TITLE, anchor="pathway", blocks=tuple(blocks))


def _no_stages(result: StudyResult) -> Section:
    """Testing and discharges are told without contacts too; their section says why the stages are not."""
    if result.testing is None and result.discharges is None:
        return nothing()
    return Section(title=_TITLE, anchor="pathway", blocks=(Text(paragraphs=(_WITHOUT, _NO_EFFECT)),))


def _funnel(found: Pathway, everyone: pd.DataFrame, rule: DisclosureRule) -> Picture:
    """Bars as long as the counts that may be shown; a withheld one has none."""
    shown = [release_count(n, rule) for n in everyone["n"]]
    drawn = everyone.assign(n=[_number(text) for text in shown], shown=shown)
    steps = "; ".join(f"{label}: {text}" for label, text in zip(everyone["label"], shown, strict=True))
    return Picture(
        png=to_png(funnel_plot(drawn)),
        alt=f"Bars of the number of people at each stage of the pathway. {steps}.",
        caption=" ".join([f"People at each stage ({found.counting} counting).", *legend(shown, rule)]),
    )


def _number(text: str) -> float:
    return float("nan") if text == CONFIDENTIAL else float(text.replace(",", ""))


def _stages(found: Pathway, frame: pd.DataFrame, rule: DisclosureRule) -> ReleasedTable:
    """Everyone: a row a stage. A share tells of those it leaves out as well, so it rests on both."""
    cohort = found.counting == "cohort"
    first, before = frame["n"].iloc[0], frame["n"].shift()
    rows = []
    for place, (n, previous, row) in enumerate(zip(frame["n"], before, frame.to_dict("records"), strict=True)):
        told, told_first = _resting(n, previous, cohort), _resting(n, first, cohort)
        rows.append(
            {
                "label": row["label"],
                "n": n,
                "share": _share(row["share_of_previous"], told, rule, cohort=cohort),
                "interval": _interval(row, told, rule),
                "of_first": _share(row["share_of_first"], told_first, rule, cohort=cohort) if place else "",
                "skipping": release_count(row["n_skipping"], rule) if row["stage"] in _CAN_BE_SKIPPED_TO else "",
            }
        )
    shown = pd.DataFrame(rows)
    if not cohort:
        shown = shown.drop(columns=["interval", "skipping"])
    elif not rule.protects and not frame["n_skipping"].any():
        shown = shown.drop(columns="skipping")
    return release(
        shown,
        rule=rule,
        caption=f"People at each stage ({found.counting} counting)",
        counts=["n"],
        right=["share", "interval", "of_first", "skipping"],
        labels={
            "label": "Stage",
            "n": "People",
            "share": "Share of the stage before" if cohort else "Ratio to the stage before",
            "interval": "95% interval",
            "of_first": "Share of the first stage" if cohort else "Ratio to the first stage",
            "skipping": "Others",
        },
        notes=("Intervals are Wilson's.", *((_OTHERS,) if "skipping" in shown.columns else ()))
        if cohort
        else ("Ratios are of different people, so they have no interval.",),
    )


def _resting(n: float, previous: float, cohort: bool) -> tuple[float, ...]:
    """The counts a share of the stage before rests on."""
    if pd.isna(previous):
        return ()
    return (n, previous, previous - n) if cohort else (n, previous)


def _share(share: float, told: tuple[float, ...], rule: DisclosureRule, *, cohort: bool) -> str:
    if pd.isna(share):
        return ""
    if any(is_small(count, rule) for count in told):
        return CONFIDENTIAL
    if cohort:
        return format_percent(share, share_digits(min(told), rule))
    return format_number(share, 2 if rule.protects else 3)


def _interval(row: Mapping[Any, Any], told: tuple[float, ...], rule: DisclosureRule) -> str:
    if pd.isna(row["conf_low"]):
        return ""
    if any(is_small(count, rule) for count in told):
        return CONFIDENTIAL
    digits = share_digits(min(told), rule)
    return f"{format_percent(row['conf_low'], digits)} to {format_percent(row['conf_high'], digits)}"


def _groups(found: Pathway, frame: pd.DataFrame, rule: DisclosureRule) -> ReleasedTable:
    """People by group: a column a stage. Counts only: each is rounded, so none is had by subtraction."""
    labels = dict(zip(frame["stage"], frame["label"], strict=True))
    wide = frame[frame["group"] != _EVERYONE].pivot(index="group", columns="stage", values="n")
    stages = [name for name in found.stages if name in wide.columns]
    order = list(dict.fromkeys(frame.loc[frame["group"] != _EVERYONE, "group"]))
    shown = wide.reindex(order)[stages].reset_index()
    for name in stages:
        # Before the group is known, and for stages that records of this kind do not tell, there is no count.
        shown[name] = ["" if pd.isna(n) else release_count(n, rule) for n in shown[name]]
    shown["group"] = [_named(group) for group in shown["group"]]
    title = _WORDS.get(str(found.by), str(found.by).capitalize())
    return release(
        shown,
        rule=rule,
        caption=f"People at each stage by {title.lower()} ({found.counting} counting)",
        right=stages,
        labels={"group": title, **labels},
    )


def _named(group: Any) -> str:
    text = str(group).replace("_", " ")
    return text[:1].upper() + text[1:]


def _left_out(found: Pathway, rule: DisclosureRule) -> tuple[str, ...]:
    if not found.n_later:
        return ()
    many = f"fewer than {rule.threshold}" if is_small(found.n_later, rule) else release_count(found.n_later, rule)
    return (
        f"People first tested after {found.date_to.isoformat()} are left out ({many}): the data end too soon to follow "
        f"them for {found.within_days} days.",
    )


def seen(result: StudyResult) -> Section:
    """Return the part on which drug tests were followed by a contact; empty if the study does not ask for it.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    found = result.seen
    if found is None:
        return nothing()
    frame = _protected(found.to_frame(), result.rule)
    blocks: list[Block] = [Text(paragraphs=(found.how_counted,))]
    if frame["share"].notna().any():
        blocks.append(_picture(found, frame))
    blocks += [Table(released=_seen_table(found, frame, result.rule)), Text(paragraphs=(found.caution,), kind="note")]
    return Section(title="Seen and not seen", anchor="seen", blocks=tuple(blocks), level=3)


def _protected(frame: pd.DataFrame, rule: DisclosureRule) -> pd.DataFrame:
    """Tests by few people are few however many they are; shares no finer than they may be shown."""
    few_people = _few(frame["n_people"], rule)
    few_seen = _few(frame["n_people_seen"], rule)
    few_not = _few(frame["n_people_not_seen"], rule)
    frame = frame.assign(
        n_tests=frame["n_tests"].astype("float64").mask(few_people),
        n_seen=frame["n_seen"].astype("float64").mask(few_seen),
        n_not_seen=frame["n_not_seen"].astype("float64").mask(few_not),
    )
    smallest = frame[["n_seen", "n_not_seen"]].min(axis=1, skipna=False)
    small = _few(smallest, rule)
    for name in ("share", "conf_low", "conf_high"):
        rounded = [
            round_half_up(value, 2 + share_digits(n, rule)) if rule.protects and not pd.isna(value) else value
            for value, n in zip(frame[name], smallest, strict=True)
        ]
        frame[name] = pd.Series(rounded, index=frame.index, dtype="float64").mask(small)
    return frame.assign(digits=[share_digits(n, rule) for n in smallest])


def _few(counts: pd.Series, rule: DisclosureRule) -> np.ndarray:
    return np.array([is_small(n, rule) for n in counts], dtype=bool)


def _picture(found: Seen, frame: pd.DataFrame) -> Picture:
    own = frame[(frame["group"] == _EVERYONE) & frame["share"].notna()]
    told = "; ".join(
        f"within {days} days: {format_percent(share, digits)}"
        for days, share, digits in zip(own["within_days"], own["share"], own["digits"], strict=True)
    )
    return Picture(
        png=to_png(seen_plot(frame)),
        alt=f"The share of {found.what} followed by a contact, with 95% intervals. Everyone: {told or 'withheld'}.",
        caption=f"Share of {found.what} followed by a contact, by days since the test",
    )


def _seen_table(found: Seen, frame: pd.DataFrame, rule: DisclosureRule) -> ReleasedTable:
    shown = frame.assign(
        group=[_named(group) for group in frame["group"]],
        interval=[
            f"{format_percent(low, digits)} to {format_percent(high, digits)}"
            for low, high, digits in zip(frame["conf_low"], frame["conf_high"], frame["digits"], strict=True)
        ],
        share=[format_percent(share, digits) for share, digits in zip(frame["share"], frame["digits"], strict=True)],
        within_days=[str(days) for days in frame["within_days"]],
        seen=frame["n_seen"],
        not_seen=frame["n_not_seen"],
    )
    columns = ["group", "within_days", "n_tests", "n_seen", "n_not_seen", "share", "interval", "seen", "not_seen"]
    return release(
        shown[columns if found.by is not None else columns[1:]],
        rule=rule,
        caption=f"{found.what.capitalize()} followed by a contact",
        counts=["n_tests", "n_seen", "n_not_seen"],
        rests_on=dict.fromkeys(("share", "interval"), ("seen", "not_seen")),
        right=["share", "interval", "within_days"],
        labels={
            "group": _WORDS.get(str(found.by), str(found.by).replace("_", " ").capitalize()),
            "within_days": "Within days",
            "n_tests": "Tests",
            "n_seen": "Seen",
            "n_not_seen": "Not seen",
            "share": "Share seen",
            "interval": "95% interval",
        },
        notes=("Intervals are Wilson's.",),
    )
