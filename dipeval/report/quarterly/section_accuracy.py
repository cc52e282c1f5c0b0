"""The test itself: positivity corrected for wrong results, and the positive tests that are expected to be wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.disclosure import is_small, release, share_digits
from dipeval.plots.accuracy_figures import corrected_plot
from dipeval.plots.style import to_png
from dipeval.presenting import format_number, format_percent, round_half_up
from dipeval.report.blocks import Block, Picture, Section, Table, Text
from dipeval.report.quarterly import phrases

if TYPE_CHECKING:
    from dipeval.indicators import CorrectedPositivity
    from dipeval.study.quarterly.result import QuarterlyResult

TITLE: Final = "The test itself"
LEAD: Final = (
    "The test is taken to find {sensitivity} of those who had used, and to be negative for {specificity} of those who "
    "had not: these two figures are given in the study file, not found in these records."
)
SAID: Final = (
    "Of all tests, {positivity} were positive; corrected for wrong results, {estimate} (95% interval {low} to {high}) "
    "were of people who had used. About {false} of {positive} positive tests are expected to be of people who had not "
    "used, and a positive test is right in {ppv} of cases."
)
NONE: Final = "No test was positive, so there is no positive test to be wrong."
UNFIT: Final = (
    "{more} tests were positive than these two figures give if {who} tested had used. That is chance, or they are not "
    "those of the test in use. The corrected share was cut off at {end}."
)
NOBODY: Final = "If nobody tested had used, {share} of the tests would still be positive."
HIDDEN: Final = "Withheld: too few people are behind."
_SHARES: Final = ("positivity", "positivity_low", "positivity_high", "estimate", "conf_low", "conf_high",
                  "predictive_value", "predictive_value_low", "predictive_value_high")  # fmt: skip


def accuracy(result: QuarterlyResult) -> Section:
    """Return the section on the accuracy of the test.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.

    Returns
    -------
    Section
    """
    found = result.accuracy
    if found is None:
        why = Text(paragraphs=(phrases.why_not(result, "accuracy"),))
        return Section(title=TITLE, anchor="accuracy", blocks=(why,))
    frame = released(found, result)
    lead = LEAD.format(
        sensitivity=format_percent(found.accuracy.sensitivity), specificity=format_percent(found.accuracy.specificity)
    )
    blocks: list[Block] = [
        Text(paragraphs=(lead, *phrases.told_of(result, "accuracy"))),
        Text(paragraphs=(_said(frame.iloc[0], result), *_unfit(frame.iloc[0], found))),
        *_picture(found, frame),
        _table(frame, result),
        Text(paragraphs=(NOBODY.format(share=format_percent(found.positivity_if_nobody_used[0])),), kind="note"),
    ]
    return Section(title=TITLE, anchor="accuracy", blocks=tuple(blocks))


def released(found: CorrectedPositivity, result: QuarterlyResult) -> pd.DataFrame:
    """Return the rows with what rests on few people taken out, and shares no finer than they may be shown.

    Parameters
    ----------
    found
        The corrected positivity.
    result
        From ``QuarterlyReview.run()``.
    """
    rule, frame = result.rule, found.to_frame()
    smallest = pd.concat([frame["n_positive"], frame["n_tests"] - frame["n_positive"]], axis=1).min(axis=1)
    hidden = np.array([is_small(n, rule) for n in smallest], dtype=bool)
    digits = [share_digits(n, rule) for n in smallest]
    for name in _SHARES:
        values = frame[name].astype("float64").mask(hidden)
        frame[name] = [
            v if v != v or not rule.protects else round_half_up(v, 2 + d) for v, d in zip(values, digits, strict=True)
        ]
    for name in ("false_positives", "false_positives_low", "false_positives_high"):
        frame[name] = frame[name].astype("float64").mask(hidden)
    return frame.assign(smallest=smallest, digits=digits, hidden=hidden)


def _said(row: Any, result: QuarterlyResult) -> str:
    if row["hidden"]:
        return HIDDEN
    if not row["n_positive"]:
        return NONE
    digits, rule = int(row["digits"]), result.rule
    positive = float(row["n_positive"])
    shown = rule.rounding * round_half_up(positive / rule.rounding) if rule.protects else positive
    return SAID.format(
        positivity=format_percent(row["positivity"], digits),
        estimate=format_percent(row["estimate"], digits),
        low=format_percent(row["conf_low"], digits),
        high=format_percent(row["conf_high"], digits),
        false=format_number(row["false_positives"], 0),
        positive=format_number(shown, 0),
        ppv=format_percent(row["predictive_value"], digits),
    )


def _unfit(row: Any, found: CorrectedPositivity) -> tuple[str, ...]:
    """Say where fewer or more tests were positive than a test of this kind could give."""
    if row["hidden"]:
        return ()
    share = float(row["n_positive"]) / float(row["n_tests"])
    if share < 1 - found.accuracy.specificity - 1e-9:
        return (UNFIT.format(more="Fewer", who="nobody", end="0%"),)
    if share > found.accuracy.sensitivity + 1e-9:
        return (UNFIT.format(more="More", who="everybody", end="100%"),)
    return ()


def _picture(found: CorrectedPositivity, frame: pd.DataFrame) -> list[Block]:
    drawn = frame[~frame["hidden"]]
    if drawn.empty:
        return []
    first = drawn.iloc[0]
    alt = (
        f"Positivity as counted and corrected, by group; the first: {format_percent(first['positivity'], 0)} counted "
        f"and {format_percent(first['estimate'], 0)} corrected."
    )
    drawn = drawn.assign(group=[phrases.group_words(name) for name in drawn["group"]])
    png = to_png(corrected_plot(drawn, nobody=found.positivity_if_nobody_used[0]))
    return [Picture(png=png, alt=alt, caption="Positive tests as counted, and people who had used, with 95% intervals")]


def _table(frame: pd.DataFrame, result: QuarterlyResult) -> Table:
    shown = pd.DataFrame(
        {
            "group": [phrases.group_words(name) for name in frame["group"]],
            "n_tests": frame["n_tests"].astype("float64"),
            "n_positive": frame["n_positive"].astype("float64"),
            "positivity": [format_percent(v, d) for v, d in zip(frame["positivity"], frame["digits"], strict=True)],
            "corrected": [
                f"{format_percent(v, d)} ({format_percent(low, d)} to {format_percent(high, d)})"
                for v, low, high, d in zip(
                    frame["estimate"], frame["conf_low"], frame["conf_high"], frame["digits"], strict=True
                )
            ],
            "false": [format_number(v, 0) for v in frame["false_positives"]],
            "smallest": frame["smallest"].astype("float64"),
        }
    )
    resting = ("positivity", "corrected", "false")
    table = release(
        shown,
        rule=result.rule,
        caption="Positivity as counted, and corrected for wrong results",
        counts=["n_tests", "n_positive"],
        rests_on=dict.fromkeys(resting, ("smallest",)),
        right=list(resting),
        labels={
            "group": "Group",
            "n_tests": "Tests",
            "n_positive": "Positive",
            "positivity": "Share positive",
            "corrected": "Had used, corrected (95% interval)",
            "false": "Positive tests expected to be wrong",
        },
    )
    return Table(released=table)
