"""Was it worth the money: the answer in a sentence, its range, who gains, and what it rests on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.disclosure import CONFIDENTIAL, ReleasedTable, is_small, release
from dipeval.plots.money_perspectives import perspectives_alt, perspectives_plot
from dipeval.plots.style import to_png
from dipeval.presenting import format_count
from dipeval.report import section_money_words as money_words
from dipeval.report import words
from dipeval.report.blocks import Block, Folded, Picture, Points, Section, Table, Text, nothing
from dipeval.report.scenario_study import has_workbook
from dipeval.study.tidy import people_reoffending

if TYPE_CHECKING:
    from dipeval.roi import ReturnOnInvestment
    from dipeval.study import StudyResult

TITLE: Final = "Was it worth the money?"
WORKBOOK: Final = (
    "The file scenarios.xlsx beside this report holds the whole sum: change an input and see what the answer becomes."
)
NESTED: Final = (
    "Fiscal: police, courts, prisons, probation. Economic: fiscal, and other losses in money. Social: economic, and "
    "harm to victims. Each holds the one before; they are never added up, and none is cash that any budget gets back."
)
PERSPECTIVES: Final = {"fiscal": "Fiscal", "economic": "Economic", "social": "Social"}
ROUNDED: Final = "Pounds are rounded to three figures."
MARK: Final = "{name} (the answer above)"
DRAWS: Final = (
    "Draws: the whole sum worked out {count} times, each time with every figure that is not known exactly taken anew, "
    "at random, from its range."
)
NOT_KNOWN: Final = "not known"
NOT_SETTLED: Final = "not settled"
# Of an effect whose interval includes none, nobody knows what one offence averted costs.
UNSETTLED: Final = "cost_per_offence_averted"
OTHER_PRICES: Final = ("benefit_with_anticipation", "benefit_without_anticipation")
_LABELS: Final = {
    "offences_averted": "Proven offences averted",
    "benefit": "Value of the offences averted",
    "benefit_without_anticipation": "Value without anticipation costs",
    "benefit_with_anticipation": "Value with anticipation costs",
    "cost": "Cost",
    "net_present_value": "Value less cost",
    "benefit_cost_ratio": "Pounds of value per pound of cost",
    "break_even_offences": "Proven offences to avert for value to equal cost",
    "cost_per_treated_person": "Spent per treated person, not discounted",
    "cost_per_offence_averted": "Cost per proven offence averted, not discounted",
}


def money(result: StudyResult) -> Section:
    """Return the answer on return on investment, or an empty section if the study costs nothing out.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    if result.withheld or result.spec.costs is None:
        return nothing()
    roi = result.roi
    if roi is None or money_words.hidden(result):
        why = getattr(result.money, "not_done", {}).get("roi", "")
        return Section(title=TITLE, anchor="money", blocks=(Text(paragraphs=(why or words.hidden_effect(),)),))
    summary = roi.summary()
    blocks: list[Block] = [
        Text(paragraphs=(money_words.told(result, summary.headline),), kind="lead"),
        Table(released=_by_perspective(result, roi)),
        _picture(result, roi),
        Points(title="What is left out", items=_left_out(result, roi)),
        Folded(title="Every figure", blocks=(Table(released=_figures(result, roi)),)),
        Folded(title="How the sum was made", blocks=(Text(paragraphs=_notes(result, summary.notes)),)),
        *((Text(paragraphs=(WORKBOOK,)),) if has_workbook(result) else ()),
    ]
    return Section(title=TITLE, anchor="money", blocks=tuple(blocks))


def in_brief(result: StudyResult) -> str:
    """Return the one sentence on money for the first page; empty where there is none to show."""
    if result.roi is None or money_words.hidden(result):
        return ""
    return f"Money: {money_words.told(result, result.roi.summary().headline)}"


def _by_perspective(result: StudyResult, roi: ReturnOnInvestment) -> ReleasedTable:
    frame = _perspectives(result, roi)
    rows = []
    for row in frame.to_dict("records"):
        name = PERSPECTIVES[str(row["perspective"])]
        between = money_words.pounds_between(row["benefit_low"], row["benefit_high"])
        ratios = money_words.ratio_between(row["ratio_low"], row["ratio_high"])
        rows.append(
            {
                "perspective": MARK.format(name=name) if row["perspective"] == roi.perspective else name,
                "value": _known(money_words.with_range(money_words.pounds(row["benefit"]), between)),
                "ratio": _known(money_words.with_range(money_words.ratio(row["ratio"]), ratios)),
                "share": _known(money_words.share(row["probability"])),
            }
        )
    level = f"{100 * roi.level:g}%"
    return release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption=f"Who gains: value against a cost of {money_words.pounds(roi.cost)}",
        right=["share"],
        labels={
            "perspective": "Perspective",
            "value": f"Value ({level} interval)",
            "ratio": f"Per £1 of cost ({level} interval)",
            "share": "Draws in which value exceeds cost",
        },
        notes=(NESTED, *_notes_of_perspectives(frame), *_of_draws(roi), ROUNDED),
    )


def _known(shown: str) -> str:
    return NOT_KNOWN if shown == money_words.NONE_GIVEN else shown


def _of_draws(roi: ReturnOnInvestment) -> tuple[str, ...]:
    if not (roi.central.uncertain() or roi.central.uncertain_vectors()):
        return ()
    return (DRAWS.format(count=format_count(roi.draws)),)


def _perspectives(result: StudyResult, roi: ReturnOnInvestment) -> pd.DataFrame:
    """The perspectives that may be shown: each prices the same offences anew."""
    frame = roi.perspectives()
    if money_words.at_other_prices(result):
        return frame
    return frame[frame["perspective"] == roi.perspective].reset_index(drop=True)


def _inside(sentence: str) -> str:
    """A sentence that stands behind a colon."""
    return sentence[:1].lower() + sentence[1:]


def _notes_of_perspectives(frame: pd.DataFrame) -> tuple[str, ...]:
    """What is missing or bounded, and why; what each holds is said once for all."""
    missing = frame[frame["benefit"].isna()]
    notes = zip(missing["perspective"], missing["note"], strict=True)
    # The share of draws in which the bounds lie above the cost would look like a probability of its own.
    return tuple(f"{PERSPECTIVES[str(name)]}: {_inside(str(note).split(';')[0].rstrip('.'))}." for name, note in notes)


def _left_out(result: StudyResult, roi: ReturnOnInvestment) -> tuple[str, ...]:
    return tuple(f"{text[:1].upper()}{text[1:]}." for text in money_words.sentences(result, roi.left_out))


def _picture(result: StudyResult, roi: ReturnOnInvestment) -> Picture:
    columns = ("benefit", "benefit_low", "benefit_high")
    frame, cost = money_words.drawn(_perspectives(result, roi), columns), money_words.coarse(roi.cost)
    return Picture(
        png=to_png(perspectives_plot(frame, cost=cost)),
        alt=perspectives_alt(frame, cost=cost, level=roi.level),
        caption=(
            f"Value of the offences averted by perspective, with {100 * roi.level:g}% intervals, and the cost as a line"
        ),
    )


def _notes(result: StudyResult, notes: tuple[str, ...]) -> tuple[str, ...]:
    """The notes of the result, whom the effect is about told with released counts; what is left out stands above."""
    own = result.money.notes if result.money is not None else ()
    kept = money_words.sentences(result, [note for note in (*notes, *own) if not note.startswith("Left out:")])
    about = f"What the effect is about: {words.estimand(result)}"
    return (about, *(_unpriced(result, note) for note in kept))


def _unpriced(result: StudyResult, note: str) -> str:
    """The share of offences without a unit cost, no finer than the people behind it allow."""
    if not (result.rule.protects and note.startswith("Valued at nothing") and result.roi is not None):
        return note
    few = is_small(people_reoffending(result, result.roi.unpriced), result.rule)

    def shown(found: re.Match[str]) -> str:
        return CONFIDENTIAL if few else words.share(float(found.group(1)) / 100, 0)

    return re.sub(r"(\d+(?:\.\d+)?)%", shown, note)


def _figures(result: StudyResult, roi: ReturnOnInvestment) -> ReleasedTable:
    frame = roi.to_frame()
    terms = [term for term in _LABELS if term not in OTHER_PRICES or money_words.at_other_prices(result)]
    frame = frame[(frame["group"] == "all") & frame["term"].isin(terms)]
    columns = ("estimate", "conf_low", "conf_high")
    rows = [
        {"item": _LABELS[str(row["term"])], **{name: _figure(result, str(row["unit"]), row[name]) for name in columns}}
        for row in frame.to_dict("records")
    ]
    for row in rows:
        if row["item"] == _LABELS[UNSETTLED] and row["estimate"] == money_words.NONE_GIVEN:
            row["estimate"] = NOT_SETTLED
    level = f"{100 * roi.level:g}%"
    return release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption="From offences averted to money",
        right=list(columns),
        labels={"item": "Figure", "estimate": "Estimate", "conf_low": f"{level} from", "conf_high": f"{level} to"},
        notes=("A figure without an interval has none of its own, or the data do not settle it.",),
    )


def _figure(result: StudyResult, unit: str, value: float) -> str:
    if unit == "GBP":
        return money_words.pounds(value)
    return money_words.offences(result, value) if unit == "offences" else money_words.ratio(value)
