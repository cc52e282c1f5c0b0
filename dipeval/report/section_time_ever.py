"""Who ever reoffends, and how soon: the share who ever do, by family of distributions, and how far it moves with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dipeval.disclosure import is_small, release, share_digits
from dipeval.plots.parametric import share_by_family
from dipeval.plots.style import to_png
from dipeval.presenting import format_number, format_percent, round_half_up
from dipeval.report import words
from dipeval.report.blocks import Picture, Section, Table, Text, nothing
from dipeval.report.time_rates import errors
from dipeval.survival.parametric.families import get_family

if TYPE_CHECKING:
    from dipeval.disclosure import ReleasedTable
    from dipeval.study import StudyResult
    from dipeval.study.time_to_event import TimeToEvent

TITLE = "Who ever reoffends, and how soon?"
ABOUT = (
    "A hazard ratio mixes two things: how many people ever reoffend, and how soon those do who will. A "
    "split-population model tells them apart, by supposing a shape for the times of those who will ever reoffend."
)
MOVES = (
    "The share who ever reoffend is not seen but worked out, and it moves with the shape that is supposed: from {low} "
    "({least}) to {high} ({most}), {by} percentage points apart, while {seen} were seen to reoffend within {end} "
    "{unit}. No data from within the follow-up can settle which shape holds beyond it: read the range, not one figure."
)
ALONE = (
    "The share who ever reoffend is not seen but worked out, and it moves with the shape that is supposed. Of the "
    "shapes asked for, only one ({least}) could be fitted: {low}, while {seen} were seen to reoffend within {end} "
    "{unit}. With nothing to set it against, do not rely on it: follow-up may be too short for the curve to level off."
)
BOTH_PARTS = "Treatment is in both parts of the model; the share is that of everybody compared, both groups together."


def who_ever(result: StudyResult) -> Section:
    """Return the part on the share who ever reoffend; empty where the study does not ask for it.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    told = result.time_to_event
    if result.withheld or told is None or told.families is None:
        return nothing()
    rows = told.to_frame().query("part == 'families'")
    fewest = int(rows["n_smallest"].min())
    if is_small(fewest, result.rule):
        blocks: tuple[Text | Picture | Table, ...] = (Text(paragraphs=(words.hidden_effect(),)),)
        return Section(title=TITLE, anchor="who-ever", blocks=blocks, level=3)
    digits, found = share_digits(fewest, result.rule), told.families
    frame = found.to_frame()
    figures = ["share_ever", "conf_low", "conf_high"]
    if result.rule.protects:
        frame[figures] = frame[figures].map(lambda value: round_half_up(value, 2 + digits))
    names = [get_family(str(name)).words for name in frame["family"]]
    frame = frame.assign(words=[name[0].upper() + name[1:] for name in names])
    seen = round_half_up(found.share_seen, 2 + digits) if result.rule.protects else found.share_seen
    shown = pd.DataFrame(
        {
            "family": frame["words"],
            "share": [format_percent(value, digits) for value in frame["share_ever"]],
            "interval": [
                f"{format_percent(low, digits)} to {format_percent(high, digits)}"
                for low, high in zip(frame["conf_low"], frame["conf_high"], strict=True)
            ],
        }
    )
    said = (ABOUT, _moves(frame, seen, told, digits), BOTH_PARTS)
    blocks = (Text(paragraphs=said), _picture(frame, shown, seen, told), Table(released=_table(shown, result, told)))
    return Section(title=TITLE, anchor="who-ever", blocks=blocks, level=3)


def _moves(frame: pd.DataFrame, seen: float, told: TimeToEvent, digits: int) -> str:
    """How far the share moves with the family; of one alone, that there was nothing to compare it with."""
    found = told.families
    assert found is not None
    ordered = frame.sort_values("share_ever").to_dict("records")
    least, most = ordered[0], ordered[-1]
    sentence = MOVES if len(ordered) > 1 else ALONE
    return sentence.format(
        low=format_percent(least["share_ever"], digits),
        least=str(least["words"]),
        high=format_percent(most["share_ever"], digits),
        most=str(most["words"]),
        by=format_number(100 * (most["share_ever"] - least["share_ever"]), digits),
        seen=format_percent(seen, digits),
        end=f"{found.followed_to:g}",
        unit=told.unit,
    )


def _table(shown: pd.DataFrame, result: StudyResult, told: TimeToEvent) -> ReleasedTable:
    assert told.families is not None
    return release(
        shown,
        rule=result.rule,
        caption="Share who ever reoffend, by the shape supposed",
        right=["share", "interval"],
        labels={
            "family": "Shape of the times",
            "share": "Share who ever reoffend",
            "interval": f"{100 * told.level:g}% interval",
        },
        notes=(
            f"Split-population models by maximum likelihood; standard errors: {errors(result)}; limits by the delta "
            "method on the logit scale. The intervals do not cover the choice of shape.",
            *(() if result.rule.protects else told.families.left_out),
        ),
    )


def _picture(frame: pd.DataFrame, shown: pd.DataFrame, seen: float, told: TimeToEvent) -> Picture:
    assert told.families is not None
    end = told.families.followed_to
    named = zip(shown["family"], shown["share"], shown["interval"], strict=True)
    rows = "; ".join(f"{name} {share} ({interval})" for name, share, interval in named)
    return Picture(
        png=to_png(share_by_family(frame, share_seen=seen, followed_to=end)),
        alt=f"Share who ever reoffend with its {100 * told.level:g}% interval, by the shape supposed: {rows}.",
        caption=f"Share who ever reoffend, by the shape supposed; dashed: seen by {end:g} {told.unit}",
    )
