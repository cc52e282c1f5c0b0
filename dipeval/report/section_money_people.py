"""How far a few prolific people drive the money: the mean beside averages that resist them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.disclosure import ReleasedTable, release
from dipeval.report import section_money_words as money_words
from dipeval.report import words
from dipeval.report.blocks import Block, Folded, Section, Table, Text, nothing
from dipeval.roi.offences.prolific_words import AVERAGES, NOTE_ONLY_MEAN
from dipeval.study.tidy_money import coarse

if TYPE_CHECKING:
    from dipeval.roi import ReturnOnInvestment, ValuePerPerson
    from dipeval.study import StudyResult

TITLE: Final = "Does it hang on a few people?"
PART: Final = "part of each group"
# Rows that the sentences speak of too; the middle person's are coarser.
MEANS: Final = ("mean", "mean_bootstrap", "trimmed_mean", "without_top_1")
# Notes with a share that counts a group, figures of the few, and a threshold lower than that of the rule.
TELLING: Final = ("The dearest 1%", "The middle person is shown", "Rows without a figure")
GROUPS: Final = {"treated": "Treated people", "comparison": "Comparison people"}
OTHER: Final = {
    True: "With the offences averted estimated by kind, in place of the comparison people's mix",
    False: "With the offences averted spread as the comparison people's are, in place of an estimate by kind",
}
OTHER_SAID: Final = "{how}, the value per £1 of cost is {ratio} ({low} to {high}); the answer above has {own}."


def money_people(result: StudyResult) -> Section:
    """Return the averages side by side; empty where there are none, or where no money may be shown.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    money, roi = result.money, money_words.shown_roi(result)
    if roi is None or money is None:
        return nothing()
    value, blocks = money.per_person, list[Block]()
    if value is not None:
        summary = value.summary()
        blocks += [
            Text(paragraphs=(_told(result, value, summary.headline), NOTE_ONLY_MEAN)),
            Table(released=_averages(result, value)),
            Folded(
                title="How much of the cost the dearest people hold",
                blocks=(Table(released=_held(result, value)), Text(paragraphs=_notes(result, value, summary.notes))),
            ),
        ]
    if money.other is not None:
        blocks.append(Text(paragraphs=(_otherwise(roi, money.other),)))
    return Section(title=TITLE, anchor="money-people", blocks=tuple(blocks), level=3) if blocks else nothing()


def _averages(result: StudyResult, value: ValuePerPerson) -> ReleasedTable:
    frame = value.to_frame()
    middle = 1 - 2 * float(frame.set_index("term")["trim"]["median"])
    # The middle holds as many people as a rule asks for: its exact share would give the size of the group back.
    part = PART if result.rule.protects else f"{100 * middle:.3g}%"
    shares = {"trimmed_mean": f"{100 * value.trim:.3g}%", "median": part}
    rows = [
        {
            "average": AVERAGES[str(row["term"])].format(share=shares.get(str(row["term"]), "")),
            "treated": _pounds(result, row, "treated"),
            "comparison": _pounds(result, row, "comparison"),
            "averted": _pounds(result, row, "estimate"),
            "between": _between(result, row),
            "behind": row["n_people_behind"],
        }
        for row in frame.to_dict("records")
    ]
    figures = ("treated", "comparison", "averted", "between")
    return release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption="Cost of a person's reoffences, by several averages",
        rests_on=dict.fromkeys(figures, "behind"),
        right=list(figures),
        labels={
            "average": "Average",
            "treated": "Treated",
            "comparison": "Comparison",
            "averted": "Averted",
            "between": f"{100 * value.level:g}% interval",
        },
    )


def _figures(result: StudyResult) -> int:
    """Digits of the pounds in a sentence on single people's costs."""
    return 2 if result.rule.protects else 3


def _pounds(result: StudyResult, row: dict[Any, Any], name: str) -> str:
    """Pounds a person: of protected people coarser than other money, for a cost can be that of one of them."""
    digits = 1 if row["term"] == "median" else 2
    return money_words.pounds(coarse(row[name], digits, result.rule))


def _between(result: StudyResult, row: dict[Any, Any]) -> str:
    if row["conf_low"] != row["conf_low"]:
        return money_words.NONE_GIVEN
    return f"{_pounds(result, row, 'conf_low')} to {_pounds(result, row, 'conf_high')}"


def _held(result: StudyResult, value: ValuePerPerson) -> ReleasedTable:
    rows = [_top(row) for row in value.concentration().to_dict("records")]
    return release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption="Share of the cost held by the dearest people",
        rests_on={"share": "behind", "between": "behind"},
        right=["top", "share", "between"],
        labels={
            "group": "Group",
            "top": "The dearest",
            "share": "Hold of its cost",
            "between": f"{100 * value.level:g}% interval",
        },
    )


def _top(row: dict[Any, Any]) -> dict[str, Any]:
    known = row["conf_low"] == row["conf_low"]
    return {
        "group": GROUPS[str(row["group"])],
        "top": words.share(row["top_share"], 0),
        "share": words.share(row["share_of_cost"], 0),
        "between": f"{words.share(row['conf_low'], 0)} to {words.share(row['conf_high'], 0)}" if known else "[z]",
        "behind": row["n_people_behind"],
    }


def _notes(result: StudyResult, value: ValuePerPerson, notes: tuple[str, ...]) -> tuple[str, ...]:
    """The notes of the result, but what is said of it above and whom it is about; shares only from the table."""
    about = value.estimand.rstrip(".")
    kept = [note for note in notes if about not in note and note != NOTE_ONLY_MEAN]
    if result.rule.protects:
        kept = [note for note in kept if not note.startswith(TELLING)]
    return tuple(_told(result, value, note) for note in kept)


def _told(result: StudyResult, value: ValuePerPerson, text: str) -> str:
    """A sentence on single people's costs, its pounds those of the table."""
    figures, frame = _figures(result), value.to_frame()
    means = frame[frame["term"].isin(MEANS)]
    amounts = means[["treated", "comparison", "estimate", "conf_low", "conf_high"]].to_numpy().ravel()
    known = money_words.as_shown(amounts.tolist(), lambda one: money_words.pounds(coarse(one, figures, result.rule)))
    return money_words.told(result, text, figures, known)


def _otherwise(roi: ReturnOnInvestment, other: ReturnOnInvestment) -> str:
    """The answer with the offences averted found the other way."""
    return OTHER_SAID.format(
        how=OTHER[roi.central.mix is not None],
        ratio=money_words.ratio(other.benefit_cost_ratio),
        low=money_words.ratio(other.benefit_cost_ratio_low),
        high=money_words.ratio(other.benefit_cost_ratio_high),
        own=money_words.ratio(roi.benefit_cost_ratio),
    )
