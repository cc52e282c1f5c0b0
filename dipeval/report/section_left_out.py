"""Who was left out of the comparison, how they differ from those kept, and whom the answer is about after that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import ReleasedTable, is_small, release, share_digits
from dipeval.matching.dropped import DRIFT, NAMED, Dropped
from dipeval.matching.weight_options import METHODS as WEIGHTED
from dipeval.presenting import format_number, format_percent
from dipeval.report import words
from dipeval.report.blocks import Block, Section, Table, Text

if TYPE_CHECKING:
    from dipeval.study import StudyResult

TITLE, ANCHOR = "Who was left out of the comparison?", "left-out"
NOBODY = "Nobody was left out by the design: the answer is about all treated people."
BY_NATURE = (
    "This design leaves nobody out: untreated people are given weights, and the answer is about all treated people."
)
FAR = 0.5


def left_out(result: StudyResult) -> Section:
    """Return the part of the report on treated people for whom nobody comparable was found; counts as released.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    blocks: list[Block] = []
    if result.spec.time_varying or not result.design.leaves_out:
        told = "Nobody is matched here: the model uses everybody." if result.spec.time_varying else BY_NATURE
        return _section(result, [told], blocks)
    found = result.design.dropped()
    total = found.n_kept + found.n_dropped
    if is_small(min(found.n_dropped, found.n_kept), result.rule):
        few = (
            f"Fewer than {result.rule.threshold} treated people, or none, were left out, {_why(result)}. So few may "
            "not be described. The answer is about the others."
        )
        return _section(result, [few], blocks)
    if not found.n_dropped:
        return _section(result, [NOBODY], blocks)
    share = format_percent(found.n_dropped / total, share_digits(found.n_dropped, result.rule))
    frame = _terms(result, found)
    told = (
        f"{words.people(result, found.n_dropped)} of {words.people(result, total)} treated people ({share}) were left "
        f"out, {_why(result)}."
    )
    if frame["told"].any():
        blocks.append(Table(released=_table(result, frame, found)))
    return _section(result, [told, _differences(frame), _drift(frame)], blocks)


def _why(result: StudyResult) -> str:
    options = result.design.options
    if result.design.method in WEIGHTED:
        return "by the rule on scores laid down beforehand"
    if options.get("trim", "none") != "none":
        return "by the rule on scores laid down beforehand or because nobody comparable was found"
    return "because nobody comparable was found"


def _section(result: StudyResult, told: list[str], blocks: list[Block]) -> Section:
    text = Text(paragraphs=tuple(words.in_units(result, sentence) for sentence in told))
    return Section(title=TITLE, anchor=ANCHOR, blocks=(text, *blocks), level=3)


def _terms(result: StudyResult, found: Dropped) -> pd.DataFrame:
    frame = found.to_frame()
    frame["label"] = [words.covariate(result, term) for term in frame["term"]]
    frame["fewest"] = [_fewest(row, found) for row in frame.to_dict("records")]
    frame["told"] = [not is_small(fewest, result.rule) for fewest in frame["fewest"]]
    return frame


def _fewest(row: dict[Any, Any], found: Dropped) -> int:
    """The smallest count of people that a row tells of: with or without a yes/no covariate, kept or left out."""
    groups = {"mean_kept": found.n_kept, "mean_dropped": found.n_dropped}
    if not row["binary"]:
        return min(groups.values())
    return min(round(part * size) for name, size in groups.items() for part in (row[name], 1 - row[name]))


def _differences(frame: pd.DataFrame) -> str:
    told = frame[frame["told"] & (frame["smd"].abs() > DRIFT)]
    worst = told["smd"].abs().sort_values(ascending=False, kind="stable").index[:NAMED]
    if not len(worst):
        return "They differ from those kept by no more than a tenth of a standard deviation in anything shown here."
    parts = [f"{row['label']} {_size(row['smd'], row['binary'])}" for row in frame.loc[worst].to_dict("records")]
    return f"Compared with those kept, on average: {'; '.join(parts)}."


def _size(smd: float, binary: bool) -> str:
    extent = "much " if abs(smd) > FAR else ""
    way = ("more common" if smd > 0 else "less common") if binary else ("higher" if smd > 0 else "lower")
    return f"{extent}{way} ({format_number(abs(smd), 1)} standard deviations)"


def _drift(frame: pd.DataFrame) -> str:
    told = frame[frame["told"]]
    if told.empty or told["shift"].abs().max() <= DRIFT:
        return (
            "Leaving them out moves no average shown here by more than a tenth of a standard deviation: the answer is "
            "about people much like all who were treated."
        )
    worst = told.loc[told["shift"].abs().idxmax()]
    return (
        f"Leaving them out moves the average of {worst['label']} most, by {format_number(abs(worst['shift']), 1)} "
        "standard deviations. The answer is about the treated people kept; for those left out it may be another."
    )


def _table(result: StudyResult, frame: pd.DataFrame, found: Dropped) -> ReleasedTable:
    # From exact averages of all, of those kept and of those left out, the exact numbers of people could be worked out.
    fine = share_digits(found.n_dropped, result.rule) == 1
    means = ["mean_all", "mean_kept", "mean_dropped"] if fine else []
    differences = ["smd", "shift"]
    digits = 2 if fine else 1
    told, hidden = frame[frame["told"]], int((~frame["told"]).sum())
    few = f"Not listed, as they tell of fewer than {result.rule.threshold} people (or of nobody): {hidden} of the rows."
    return release(
        told[["label", *means, *differences, "fewest"]],
        rule=result.rule,
        caption="Treated people left out, beside those kept",
        rests_on=dict.fromkeys([*means, *differences], "fewest"),
        formats=dict.fromkeys(means, lambda value: format_number(value, 2))
        | dict.fromkeys(differences, lambda value: format_number(value, digits)),
        labels={
            "label": "Covariate",
            "mean_all": "All treated",
            "mean_kept": "Kept",
            "mean_dropped": "Left out",
            "smd": "Left out less kept (SD)",
            "shift": "Kept less all (SD)",
        },
        notes=("Differences are in standard deviations of all treated people.", *([few] if hidden else [])),
    )
