"""Offending before and after, never without what would be seen without any effect."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import is_small, release, release_count, share_digits
from dipeval.effects.before_and_after import words as before_after_words
from dipeval.effects.before_and_after.figures import CLASSES
from dipeval.plots.before_after import before_after_plot
from dipeval.plots.style import to_png
from dipeval.presenting import format_interval, format_number, format_percent, round_half_up
from dipeval.report import words
from dipeval.report.blocks import Block, Folded, Picture, Section, Table, Text, nothing
from dipeval.study.tidy import smallest_count

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule, ReleasedTable
    from dipeval.effects import BeforeAfter
    from dipeval.study import StudyResult

TITLE = "Did offending fall, and would it have fallen anyway?"
LEAD = (
    "Most evaluations of such programmes compare offending before with offending after. A fall is not an effect: "
    "people come to a programme after an offence, often at a bad time, and would offend less afterwards in any case. "
    "Each figure below stands beside what would be seen without any effect."
)
_MEANS = ("mean_offences", "mean_offences_comparison")
_CHANGES = {
    "change": "Change, treated people",
    "change_of_others": "Change, the index events left out",
    "rate_change": "Change by time at risk, treated people",
    "earlier_level": "If they only went back to their earlier level",
    "change_comparison": "Change, comparable untreated people",
    "difference_in_differences": "Difference between the two changes (offences a person)",
}
_CLASS_WORDS = {"fell": "Fell", "similar": "Similar", "rose": "Rose", "rose_sharply": "Of these, rose sharply"}


def before_after(result: StudyResult) -> Section:
    """Return the section on offending before and after; empty where the study does not ask for it.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    found = result.before_after
    if found is None or result.withheld:
        return nothing()
    if _hidden(found, result.rule):
        return Section(title=TITLE, anchor="before-after", blocks=(Text(paragraphs=(words.hidden_effect(),)),))
    digits = share_digits(_fewest(found), result.rule)
    blocks: tuple[Block, ...] = (
        Text(paragraphs=(LEAD, before_after_words.headline(found, digits))),
        _picture(found, result.rule),
        Table(released=_changes(found, result.rule, digits)),
        Table(released=_classes(found, result.rule)),
        Text(paragraphs=(before_after_words.classes_rule(found),), kind="note"),
        Folded(title="How this was worked out", blocks=(Text(paragraphs=_notes(found, result, digits)),)),
    )
    return Section(title=TITLE, anchor="before-after", blocks=blocks)


def _fewest(found: BeforeAfter) -> int:
    """The smallest count behind the figures: of people or, as no more people can be behind them, of offences."""
    frame = found.to_frame()
    fewest = int(frame.loc[frame["term"] != "share", ["n", "n_events"]].min().min())
    return fewest if found.difference is None else min(fewest, smallest_count(found.difference))


def _hidden(found: BeforeAfter, rule: DisclosureRule) -> bool:
    return is_small(_fewest(found), rule)


def _picture(found: BeforeAfter, rule: DisclosureRule) -> Picture:
    frame = found.to_frame()
    drawn = frame[frame["term"].isin(_MEANS)].reset_index(drop=True)
    if rule.protects:
        figures = ["estimate", "conf_low", "conf_high", "expected", "expected_low", "expected_high"]
        for name in figures:
            drawn[name] = [value if math.isnan(value) else round_half_up(value, 2) for value in drawn[name]]
    own = drawn[drawn["term"] == _MEANS[0]]
    windows = zip(own["group"].astype(str), own["estimate"].astype(float), strict=True)
    told = ", ".join(f"{name.replace('_', ' ')} {format_number(value)}" for name, value in windows)
    after = own.iloc[-1]
    expected = format_interval(after["expected_low"], after["expected_high"])
    return Picture(
        png=to_png(before_after_plot(drawn, days=found.days)),
        alt=f"Offences a person by window: {told}; after, without any effect: {expected}.",
        caption=(
            "Offences a person in each window, with 95% intervals, and beside those after what would be seen without "
            "any effect"
        ),
    )


def _changes(found: BeforeAfter, rule: DisclosureRule, digits: int) -> ReleasedTable:
    rows = [
        _change_row(row, words_of_row, digits)
        for term, words_of_row in _CHANGES.items()
        for row in found.to_frame().query("term == @term").to_dict("records")
    ]
    return release(
        pd.DataFrame(rows),
        rule=rule,
        caption="Changes, and what would be seen without any effect",
        counts=["n"],
        rests_on=dict.fromkeys(("seen", "interval", "expected"), ("n", "events")),
        right=["seen", "interval", "expected"],
        labels={
            "figure": "Figure",
            "seen": "Seen",
            "interval": f"{100 * found.level:g}% interval",
            "expected": "Without any effect",
            "n": "People",
        },
    )


def _change_row(row: dict[Any, Any], figure: str, digits: int) -> dict[str, Any]:
    relative = row["term"] != "difference_in_differences"
    if relative:
        seen, interval = _signed(row["estimate"], digits), _between(row["conf_low"], row["conf_high"], digits)
    else:
        seen, interval = format_number(row["estimate"]), format_interval(row["conf_low"], row["conf_high"])
    if math.isnan(row["conf_low"]):
        interval = "[z]"
    told = "[z]" if math.isnan(row["expected_low"]) else _expected(row, digits)
    return {
        "figure": figure,
        "seen": seen,
        "interval": interval,
        "expected": told,
        "n": int(row["n"]),
        "events": int(row["n_events"]),
    }


def _signed(value: float, digits: int) -> str:
    """A relative change with its sign."""
    shown = format_percent(value, digits)
    return f"+{shown}" if value > 0 and shown != format_percent(0.0, digits) else shown


def _between(low: float, high: float, digits: int) -> str:
    return f"{_signed(low, digits)} to {_signed(high, digits)}"


def _expected(row: dict[Any, Any], digits: int) -> str:
    between = _between(row["expected_low"], row["expected_high"], digits)
    if math.isnan(row["expected"]):
        return between
    centre = _signed(row["expected"], digits)
    return centre if between == f"{centre} to {centre}" else f"{centre} ({between})"


def _classes(found: BeforeAfter, rule: DisclosureRule) -> ReleasedTable:
    frame = found.to_frame()
    shares = frame[frame["term"] == "share"].set_index("group").loc[list(CLASSES)]
    others = shares["n"] - shares["n_events"]
    digits = [share_digits(n, rule) for n in pd.concat([shares["n_events"], others], axis=1).min(axis=1)]
    rows = pd.DataFrame(
        {
            "name": [_CLASS_WORDS[name] for name in shares.index],
            "n": shares["n_events"].to_numpy(),
            "seen": [format_percent(value, d) for value, d in zip(shares["estimate"], digits, strict=True)],
            "expected": [_share(row, d) for row, d in zip(shares.itertuples(), digits, strict=True)],
            "others": others.to_numpy(),
        }
    )
    return release(
        rows,
        rule=rule,
        caption="How people's offending changed, and what would be seen without any effect",
        counts=["n"],
        rests_on={"seen": ("n", "others"), "expected": ()},
        right=["seen", "expected"],
        labels={"name": "Offences after", "n": "People", "seen": "Share", "expected": "Share without any effect"},
    )


def _share(row: Any, digits: int) -> str:
    low, high = (format_percent(value, digits) for value in (row.expected_low, row.expected_high))
    if math.isnan(row.expected):
        return f"{low} to {high}"
    centre = format_percent(row.expected, digits)
    return centre if low == high else f"{centre} ({low} to {high})"


def _notes(found: BeforeAfter, result: StudyResult, digits: int) -> tuple[str, ...]:
    """The notes of the result, counts of people as they may be shown; the classes are told above."""
    told = before_after_words.notes(found, digits, count=lambda n: release_count(n, result.rule))
    if found.difference is not None:
        told = tuple(line.replace(found.difference.se_method, words.errors(result, found.difference)) for line in told)
    return tuple(line for line in told if line != before_after_words.classes_rule(found))
