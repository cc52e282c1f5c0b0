"""Were the groups alike? Differences before and after the design, in words, in a picture and in figures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from dipeval.disclosure import NOT_APPLICABLE, ReleasedTable, is_small, release, share_digits
from dipeval.matching.balance_words import NAMED, alike_in_words
from dipeval.plots.balance import love_plot
from dipeval.plots.style import to_png
from dipeval.presenting import format_number
from dipeval.report import design_words, words
from dipeval.report.blocks import Block, Folded, Picture, Section, Table, Text
from dipeval.study.gate import fewest_people

if TYPE_CHECKING:
    from dipeval.study import StudyResult

MEANS = ("mean_treated", "mean_comparison_before", "mean_comparison_after")
DIFFERENCES = ("smd_before", "smd_after")
RATIOS = ("variance_ratio_before", "variance_ratio_after")
USUAL_MARK = 0.1
NOTHING = 0.0005  # a difference that three decimals no longer show
KEPT = "mean_treated_after"
GAPS = ("ks_before", "ks_after", "ecdf_before", "ecdf_after")


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
    frame = _terms(result)
    blocks: list[Block] = [
        Text(paragraphs=(_alike(result, frame), *_judged(result, frame))),
        _love(result, frame),
        Table(released=_averages(result, frame)),
        Folded(title="Spreads and distributions", blocks=(Table(released=_distributions(result, frame)),)),
    ]
    return Section(title=title, anchor=anchor, blocks=tuple(blocks))


def _terms(result: StudyResult) -> pd.DataFrame:
    """The covariates with the study's own labels, and how few people a row tells of."""
    frame = result.design.balance().to_frame()
    frame = frame[frame["kind"] == "covariate"].reset_index(drop=True)
    frame["label"] = [words.covariate(result, term) for term in frame["term"]]
    frame["fewest"] = [fewest_people(result.design, row) for row in frame.to_dict("records")]
    frame["few"] = [is_small(fewest, result.rule) for fewest in frame["fewest"]]
    return frame


def _love(result: StudyResult, frame: pd.DataFrame) -> Picture | Text:
    frame = frame[~frame["few"]]
    if frame.empty:
        return Text(paragraphs=("No covariate is held by enough people of either group to be drawn.",))
    worst = format_number(frame["smd_after"].abs().max(), 3)
    return Picture(
        png=to_png(love_plot(frame.assign(term=frame["label"]), threshold=result.spec.diagnostics.max_smd)),
        alt=(
            f"Love plot: standardised differences of {len(frame)} terms before and after; the largest "
            f"afterwards is {worst}."
        ),
        caption="How different the groups were on each covariate, before and after",
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
    digits = 1 if largest["few"] else 3
    size = f"{format_number(abs(largest['smd_after']), digits)} standard deviations ({largest['label']})"
    if apart.empty and abs(largest["smd_after"]) > USUAL_MARK:
        return (
            f"No difference is larger than the study file allows: {format_number(limit, 2)} standard deviations, which "
            f"is more than the usual {USUAL_MARK:g}. The largest left is {size}."
        )
    if apart.empty and not largest["few"] and abs(largest["smd_after"]) < NOTHING:
        return "The groups are alike on everything recorded that was to be made comparable: their averages are equal."
    if apart.empty:
        return (
            "The groups are alike on everything recorded that was to be made comparable: the largest difference left "
            f"is {size}."
        )
    return (
        f"The groups are NOT alike: they still differ by more than {format_number(limit, 2)} standard deviations on "
        f"{'; '.join(apart['label'])}. The largest difference left is {size}."
    )


def unlike(result: StudyResult) -> str:
    """Return, for the first page of a withheld report, on what the groups still differ and why that matters.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    str
        Empty where no difference is larger than the study file allows, or too few people are behind it.
    """
    made = result.design
    if result.spec.time_varying or is_small(min(made.n_treated, made.n_comparison), result.rule):
        return ""
    frame = _terms(result)
    frame = frame[~frame["few"] & (frame["smd_after"].abs() > result.spec.diagnostics.max_smd)]
    if frame.empty:
        return ""
    order = frame["smd_after"].abs().sort_values(ascending=False, kind="stable").index
    named = "; ".join(frame.loc[order[:NAMED], "label"])
    more = f"; and {len(frame) - NAMED} more" if len(frame) > NAMED else ""
    return words.in_units(
        result,
        f"Treated and untreated people differed too much in what was recorded beforehand: {named}{more}. "
        "Had one group reoffended less, nobody could tell whether that came of the treatment or of these differences. "
        "(A standardised difference is the difference between two averages, set against how much people vary.)",
    )


def _judged(result: StudyResult, frame: pd.DataFrame) -> list[str]:
    """The verdict by the usual bands, squares and products included, and how many people stand behind it.

    Terms that few people have, and products with them, are left out, as they are of the picture.
    """
    worth = words.in_units(result, _worth(result))
    if result.spec.time_varying:
        return []
    if frame["few"].all():
        return [worth]
    few = set(frame.loc[frame["few"], "term"])
    found = result.design.balance(interactions=True).to_frame()
    found = found[[few.isdisjoint({term, *term.removesuffix("²").split(" × ")}) for term in found["term"]]]
    named = found.assign(term=[design_words.of_terms(result, term) for term in found["term"]])
    smallest = min(result.design.n_treated, result.design.n_comparison)
    told = " ".join(alike_in_words(named, share_digits(smallest, result.rule)))
    if (found["kind"].isin(["square", "interaction"])).any():
        told += (
            " Squares and products show whether the groups also agree on spreads and on combinations, such as being "
            "young and having many convictions; the method need not have aimed at them."
        )
    return [f"By the usual bands: {told[:1].lower()}{told[1:]}", worth]


def _worth(result: StudyResult) -> str:
    """How many people are compared, and how many equally counted ones they are worth."""
    made = result.design
    used = f"Compared are {words.people(result, made.n_treated)} treated people and "
    used += f"{words.people(result, made.n_comparison)} comparison people"
    worth = words.people(result, round(made.ess))
    if made.ess >= made.n_comparison - 0.5:
        return f"{used}, each of whom counts the same."
    return (
        f"{used}; these do not all count the same, and together are worth {worth} who would (the effective number). "
        "The fewer that is, the wider the range of the answer."
    )


def _averages(result: StudyResult, frame: pd.DataFrame) -> ReleasedTable:
    lost = result.design.n_treated_dropped
    # The averages of all treated people and of those kept would give the number left out, were it not plain already.
    means = (MEANS[0], KEPT, *MEANS[1:]) if lost and not result.rule.protects else MEANS
    whole = result.rule.protects and result.design.leaves_out
    all_of_them = ("Treated: all of them; the difference after is that of those kept.",) if whole else ()
    return release(
        frame[["label", *means, *DIFFERENCES, "fewest"]],
        rule=result.rule,
        caption="Averages in the two groups and their standardised differences",
        # All go together: any two averages and the differences would give the third, and the two differences of few
        # people, whose sizes are whole numbers, would give those.
        rests_on=dict.fromkeys((*means, *DIFFERENCES), "fewest"),
        formats=dict.fromkeys(means, lambda value: format_number(value, 2))
        | dict.fromkeys(DIFFERENCES, lambda value: format_number(value, 3)),
        labels={
            "label": "Covariate",
            "mean_treated": "Treated, all" if (lost and not result.rule.protects) or whole else "Treated",
            KEPT: "Treated, those kept",
            "mean_comparison_before": "Comparison before",
            "mean_comparison_after": "Comparison after",
            "smd_before": "Difference before (SD)",
            "smd_after": "Difference after (SD)",
        },
        notes=(
            "The average of a yes/no covariate is a share: 0.25 is a quarter of the people.",
            "Differences are in standard deviations of the treated group before matching; the picture shows the same "
            "as percentages, without their sign. Below 0.1 (10%) is the usual mark of groups that are alike; the bands "
            "of 5% and 10% are second-hand conventions.",
            *all_of_them,
        ),
    )


def _distributions(result: StudyResult, frame: pd.DataFrame) -> ReleasedTable:
    smallest = min(result.design.n_treated, result.design.n_comparison)
    digits = share_digits(smallest, result.rule)
    # Of a yes/no covariate the gap is the difference in shares: with the difference above it would give both shares.
    return release(
        frame[["label", *RATIOS, *GAPS, "fewest"]],
        rule=result.rule,
        caption="Ratios of the variances, and distances between the distributions",
        rests_on=dict.fromkeys((*RATIOS, *GAPS), "fewest"),
        formats=dict.fromkeys(RATIOS, _ratio) | dict.fromkeys(GAPS, lambda value: format_number(value, 2 + digits)),
        labels={
            "label": "Covariate",
            "variance_ratio_before": "Variance ratio before",
            "variance_ratio_after": "Variance ratio after",
            "ks_before": "Largest gap before",
            "ks_after": "Largest gap after",
            "ecdf_before": "Mean gap before",
            "ecdf_after": "Mean gap after",
        },
        notes=(
            "Variance ratio: treated over comparison; 1 is the same spread, below 0.5 or above 2 is far apart; of a "
            "yes/no covariate it says nothing. Largest gap: between the two cumulative distributions (Kolmogorov and "
            "Smirnov); mean gap: on average over the values that occur.",
        ),
    )


def _ratio(value: float) -> str:
    if math.isnan(value):
        return NOT_APPLICABLE
    return "no spread" if math.isinf(value) else format_number(value, 2)
