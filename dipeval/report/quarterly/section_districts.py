"""Do districts differ: funnels, in words, never a league table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.disclosure import CONFIDENTIAL
from dipeval.plots.funnel import limits_plot
from dipeval.plots.style import to_png
from dipeval.presenting import format_count
from dipeval.report.blocks import Block, Folded, Picture, Points, Section, Table, Text
from dipeval.report.quarterly import compared, compared_notes, phrases, tables

if TYPE_CHECKING:
    from dipeval.report.quarterly.compared import Compared
    from dipeval.study.quarterly.result import QuarterlyResult

TITLE: Final = "Do districts differ?"
LEAD: Final = (
    "Each district is set against all of them together, with the limits that chance gives a district of its size. "
    "There is no ranking: places in an order change by chance alone. Outside the limits is a reason to ask, and to "
    "learn from; districts also differ in whom they arrest, test and record."
)
OUTER: Final = (
    "In brackets the outermost limit passed: of districts that do not differ, about 5 in 100 lie outside the 95% "
    "limits and 2 in 1,000 outside the 99.8% limits. 'Wanted' says whether more or less of it is wanted."
)
MOST_PICTURES: Final = 6
_DRAWN: dict[Any, tuple[Any, Picture]] = {}
_MOST_KEPT: Final = 64


def districts(result: QuarterlyResult) -> Section:
    """Return the section on differences between districts.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.

    Returns
    -------
    Section
    """
    if not result.benchmarks:
        why = Text(paragraphs=(phrases.why_not(result, "benchmarks"),))
        return Section(title=TITLE, anchor="districts", blocks=(why,))
    every = compared.every_comparison(result)
    blocks: list[Block] = [Text(paragraphs=(LEAD,)), *_outside(every, result), Points(items=compared.sentences(every))]
    if result.district is not None:
        blocks.append(Points(title=str(result.district), items=_own(every, result.district)))
    drawn = [one for one in every if _drawable(one)]
    blocks += [_picture_once(one) for one in drawn[:MOST_PICTURES]]
    how = compared_notes.common(every)
    blocks.append(Text(paragraphs=(phrases.ALPHABETICAL, *how, phrases.NO_EFFECT), kind="note"))
    blocks += [Folded(title=one.label, blocks=_beneath(one, every, result)) for one in every]
    return Section(title=TITLE, anchor="districts", blocks=tuple(b for b in blocks if b.to_html()))


def _own(every: list[Compared], district: str) -> tuple[str, ...]:
    said = []
    for one in every:
        for row in one.frame[one.frame["area"] == district].to_dict("records"):
            shown = CONFIDENTIAL if row["hidden"] else one.text(float(row["value"]), int(row["digits"]))
            place = "withheld" if row["hidden"] else compared.position_words(str(row["position"]))
            said.append(f"{one.label}: {place}." if row["hidden"] else f"{one.label}: {shown}, {place}.")
    return tuple(said)


def _drawable(one: Compared) -> bool:
    return int((~one.frame["hidden"] & one.frame["value"].notna()).sum()) >= 2 and one.found.n_compared > 1


def _picture_once(one: Compared) -> Picture:
    """The same funnel stands in the report of every district: it is drawn once."""
    key = (id(one.found), tuple(one.frame["hidden"]), tuple(one.frame["digits"]))
    if key not in _DRAWN:
        if len(_DRAWN) >= _MOST_KEPT:
            _DRAWN.clear()
        _DRAWN[key] = (one.found, _picture(one))
    return _DRAWN[key][1]


def _picture(one: Compared) -> Picture:
    frame = one.frame[~one.frame["hidden"]].reset_index(drop=True)
    lines = one.found.limits()
    # Its label tells the figure of all districts: no finer than the table does.
    lines["centre"] = frame["centre"].iloc[0]
    # Where the lines end would tell the smallest and the largest denominator exactly.
    ends = 0.75 * frame["size"].min(), 1.05 * frame["size"].max()
    near = lines["size"].between(*ends)
    lines = lines[near].reset_index(drop=True) if lines["smooth"].all() and near.any() else lines
    axes = limits_plot(
        frame,
        lines,
        is_share=one.kind.kind == "share",
        value_label=one.label,
        size_label="Expected events" if one.found.kind == "ratio" else "Counted from (denominator)",
        centre_label="target" if one.found.centre_given else "all districts",
    )
    said = "; ".join(
        f"{row['area']} {one.text(float(row['value']), int(row['digits']))}, {row['position']}"
        for row in frame[frame["value"].notna()].to_dict("records")
    )
    out = f" {one.n_hidden} left out: few people are behind." if one.n_hidden else ""
    return Picture(
        png=to_png(axes),
        alt=f"Funnel of {one.label.lower()} by district, with the limits of chance. {said}.",
        caption=f"{_heading(one)}, with 95% and 99.8% limits of chance.{out}",
    )


def _table(one: Compared, result: QuarterlyResult) -> Table:
    rows = []
    for row in one.frame.to_dict("records"):
        digits = int(row["digits"])
        values = [float(row[name]) for name in ("value", "conf_low", "conf_high")]
        texts = [CONFIDENTIAL if row["hidden"] else one.text(v, digits) if v == v else "" for v in values]
        rows.append(
            {
                "area": row["area"],
                "observed": _count(row["observed"], row["hidden"]),
                "n": _count(row["n"], row["hidden"]),
                "value": texts[0],
                "interval": CONFIDENTIAL if row["hidden"] else f"{texts[1]} to {texts[2]}" if texts[1] else "",
                "position": compared.position_words(str(row["position"])),
            }
        )
    labels = {
        "area": "District",
        "observed": "Counted",
        "n": "Out of",
        "value": "Figure",
        "interval": "95% interval",
        "position": "Against the limits",
    }
    table = tables.text_table(
        pd.DataFrame(rows),
        result.rule,
        caption=_heading(one),
        labels=labels,
        right=("observed", "n", "value", "interval"),
    )
    return Table(released=table)


def _heading(one: Compared) -> str:
    return f"{one.label}, by district, {one.when}" if one.when else f"{one.label}, by district"


def _count(value: float, hidden: bool) -> str:
    return CONFIDENTIAL if hidden else "" if value != value else format_count(value)


def _beneath(one: Compared, every: list[Compared], result: QuarterlyResult) -> tuple[Text | Table, ...]:
    own = compared_notes.particular(one, every)
    return (_table(one, result), Text(paragraphs=own)) if own else (_table(one, result),)


def _outside(every: list[Compared], result: QuarterlyResult) -> list[Block]:
    """Who lies outside the limits, a line an indicator; a sentence where nobody does."""
    rows = compared.outside_rows(every)
    if not rows:
        return []
    labels = {"label": "Indicator", "above": "Above the limits", "below": "Below the limits", "wanted": "Wanted"}
    table = tables.text_table(
        pd.DataFrame(rows),
        result.rule,
        caption="Districts outside the limits of chance",
        labels=labels,
        notes=(OUTER,),
    )
    return [Table(released=table)]
