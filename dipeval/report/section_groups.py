"""How the comparison was designed, and whether the groups were alike: all of it before any outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dipeval.disclosure import CONFIDENTIAL, ReleasedTable, is_small, release, release_count, share_digits
from dipeval.plots.balance import BINS, love_plot, overlap_plot
from dipeval.plots.style import to_png
from dipeval.presenting import format_number, format_percent, format_points
from dipeval.report import words
from dipeval.report.blocks import Block, Picture, Section, Table, Text
from dipeval.study.checking import OVERLAP_BANDS, overlap
from dipeval.study.gate import COUNT_CHECKS, SHARE_DROPPED, fewest_people, people_behind

if TYPE_CHECKING:
    from dipeval.study import StudyResult

SCORE_TERM = "propensity score"
BARS_IN_A_BAND = BINS // OVERLAP_BANDS
MODELLED = (
    "nobody is matched or weighted; the covariates go into a model of the time to the first reoffence, in which "
    "treatment counts from the day it started"
)
METHODS = {
    "nearest": "each treated person is paired with the nearest untreated person on the propensity score",
    "entropy": (
        "untreated people are weighted so that the averages of all covariates equal those of the "
        "treated (entropy balancing)"
    ),
    "ipw": "untreated people are weighted by their odds of treatment",
    "none": "no adjustment",
}


def design(result: StudyResult) -> Section:
    """Return the section on how the comparison was designed and whether it passed its diagnostics.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    spec, made = result.spec.design, result.design
    alike = "Held alike in the model" if result.spec.time_varying else "Made comparable on"
    paragraphs = [
        f"Primary design: {MODELLED if result.spec.time_varying else METHODS[made.method]}. {words.estimand(result)}",
        spec.declared_before_outcome,
        f"{alike}: {'; '.join(words.covariate(result, name) for name in made.covariates)}.",
        "The design was made, judged and sealed before any outcome was attached to a person. Its fingerprint is "
        f"{made.fingerprint[:16]}: it changes with any person, option or score.",
    ]
    blocks: list[Block] = [Text(paragraphs=tuple(paragraphs)), Table(released=_diagnostics(result))]
    blocks.append(_verdict(result))
    return Section(title="How was the comparison designed?", anchor="design", blocks=tuple(blocks))


def _diagnostics(result: StudyResult) -> ReleasedTable:
    frame = result.diagnostics.to_frame()
    shown = pd.DataFrame(
        {
            "check": [name[:1].upper() + name[1:] for name in frame["check"]],
            "value": [
                _diagnostic(result, name, value) for name, value in zip(frame["check"], frame["value"], strict=True)
            ],
            "threshold": [_limit(*pair) for pair in zip(frame["check"], frame["threshold"], strict=True)],
            "passed": ["passed" if passed else "NOT PASSED" for passed in frame["passed"]],
        }
    )
    return release(
        shown,
        rule=result.rule,
        caption="Checks set in the study file before any outcome was looked at",
        right=["value", "threshold"],
        labels={"check": "Check", "value": "Found", "threshold": "Limit", "passed": "Verdict"},
    )


def _diagnostic(result: StudyResult, name: str, value: float) -> str:
    if is_small(people_behind(name, result.design), result.rule):
        return CONFIDENTIAL
    if name in COUNT_CHECKS:
        return words.people(result, value)
    return format_percent(value) if name == SHARE_DROPPED else format_number(value, 3)


def _limit(name: str, value: float) -> str:
    return format_percent(value, 0) if name == SHARE_DROPPED else format_number(value, 2).removesuffix(".00")


def _verdict(result: StudyResult) -> Block:
    if result.diagnostics.passed:
        return Text(paragraphs=("All checks passed: the outcome was attached.",), kind="note")
    if result.withheld:
        return Text(
            paragraphs=("Not all checks passed: the outcome was not attached.", *result.reasons), kind="warning"
        )
    return Text(paragraphs=(f"Not all checks passed. Shown because: {result.override_reason}",), kind="warning")


def balance(result: StudyResult) -> Section:
    """Return the section that shows whether the groups were alike, before and after.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    title, anchor = "Were the groups alike?", "balance"
    if is_small(min(result.design.n_treated, result.design.n_comparison), result.rule):
        return Section(title=title, anchor=anchor, blocks=(Text(paragraphs=(words.hidden_effect(),)),))
    found = result.design.balance()
    frame = found.to_frame()
    frame = frame[frame["term"] != SCORE_TERM].reset_index(drop=True)
    frame["label"] = [words.covariate(result, term) for term in frame["term"]]
    worst = format_number(found.max_smd, 3)
    love = Picture(
        png=to_png(love_plot(frame.assign(term=frame["label"]), threshold=result.spec.diagnostics.max_smd)),
        alt=(
            f"Love plot: standardised differences of {len(frame)} terms before and after; the largest "
            f"afterwards is {worst}."
        ),
        caption="How different the groups were on each covariate, before and after",
    )
    return Section(
        title=title,
        anchor=anchor,
        blocks=(
            Text(paragraphs=(_alike(result, frame),)),
            love,
            Table(released=_balance_table(result, frame)),
            *_overlap(result),
            *_power(result),
        ),
    )


def _alike(result: StudyResult, frame: pd.DataFrame) -> str:
    limit = result.spec.diagnostics.max_smd
    if result.spec.time_varying:
        return (
            "Those who started treatment and those who did not, as they come: nobody is matched or weighted, and the "
            "model of the answer allows for what stands here. Before and after are the same in this design."
        )
    apart = frame[frame["smd_after"].abs() > limit]
    largest = frame.loc[frame["smd_after"].abs().idxmax()]
    size = f"{format_number(abs(largest['smd_after']), 3)} standard deviations ({largest['label']})"
    if apart.empty:
        return (
            "The groups are alike on everything recorded that was to be made comparable: the largest difference left "
            f"is {size}."
        )
    return (
        f"The groups are NOT alike: they still differ by more than {format_number(limit, 2)} standard deviations on "
        f"{'; '.join(apart['label'])}. The largest difference left is {size}."
    )


def _balance_table(result: StudyResult, frame: pd.DataFrame) -> ReleasedTable:
    shown = frame[
        ["label", "mean_treated", "mean_comparison_before", "mean_comparison_after", "smd_before", "smd_after"]
    ]
    return release(
        shown.assign(fewest=[fewest_people(result.design, row) for row in frame.to_dict("records")]),
        rule=result.rule,
        caption="Averages in the two groups and their standardised differences",
        # All three averages go together: any two and the differences would give the third.
        rests_on=dict.fromkeys(shown.columns[1:4], "fewest") | dict.fromkeys(shown.columns[4:], ()),
        formats=dict.fromkeys(shown.columns[1:4], lambda value: format_number(value, 2))
        | dict.fromkeys(shown.columns[4:], lambda value: format_number(value, 3)),
        labels={
            "label": "Covariate",
            "mean_treated": "Treated",
            "mean_comparison_before": "Comparison before",
            "mean_comparison_after": "Comparison after",
            "smd_before": "Difference before (SD)",
            "smd_after": "Difference after (SD)",
        },
        notes=(
            "Differences are in standard deviations of the treated group before matching. Below "
            "0.1 is the usual mark of "
            "groups that are alike; the bands of 5% and 10% are second-hand conventions.",
        ),
    )


def _overlap(result: StudyResult) -> list[Block]:
    made = result.design
    if made.score is None:
        return []
    scores = pd.DataFrame(
        {"score": made.score, "group": made.treated.map({True: "treated", False: "comparison"})}
    ).dropna()
    left_out = ""
    if result.rule.protects:
        scores = _protected_overlap(result)
        left_out = f". Tenths of the scale with fewer than {result.rule.threshold} people of a group are left out of it"
        if set(scores["group"]) != {"treated", "comparison"}:
            few = "The probability of treatment in the two groups is not drawn: too few people in each tenth of it."
            return [Text(paragraphs=(few,))]
    picture = Picture(
        png=to_png(overlap_plot(scores.reset_index(drop=True))),
        alt=(
            "Distribution of the estimated probability of treatment among treated and untreated "
            "people, one above the other."
        ),
        caption="Could either group have been the other? The probability of treatment in both groups, before matching"
        + left_out,
    )
    return [picture]


def _protected_overlap(result: StudyResult) -> pd.DataFrame:
    """The bands of the scale as the rule lets them be counted, spread evenly over the picture's narrower bars."""
    rows = []
    for band in overlap(result.design).to_dict("records"):
        width = (band["band_to"] - band["band_from"]) / BARS_IN_A_BAND
        for group in ("treated", "comparison"):
            if is_small(band[f"n_{group}"], result.rule):
                continue
            share = float(release_count(band[f"n_{group}"], result.rule).replace(",", "")) / BARS_IN_A_BAND
            for bar in range(BARS_IN_A_BAND):
                rows.append({"score": band["band_from"] + (bar + 0.5) * width, "group": group, "weight": share})
    return pd.DataFrame(rows, columns=["score", "group", "weight"])


def _power(result: StudyResult) -> list[Block]:
    smallest_group = min(result.design.n_treated, result.design.n_comparison)
    if result.spec.primary.kind != "yes_no" or is_small(smallest_group, result.rule):
        return []
    base = result.spec.diagnostics.expected_share
    smallest = result.design.minimum_detectable_difference(base)
    decimals = share_digits(smallest_group, result.rule)
    text = (
        f"Before any outcome was read: with this many people, and if about {format_percent(base, 0)} of the comparison "
        f"group have the outcome, a true difference of {format_points(smallest, decimals)} would be found in 80 of 100 "
        "such studies. A smaller effect is likely to be missed."
    )
    return [Text(paragraphs=(text,), kind="note")]
