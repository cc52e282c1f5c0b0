"""Days free of reoffending, the hazard ratio and the test of equal curves: what each says and takes for granted."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import release
from dipeval.presenting import format_interval, format_number
from dipeval.report import words
from dipeval.report.blocks import Block, Heading, Table, Text
from dipeval.report.time_drawn import few, name_of_test, when
from dipeval.study.times import reuses_people

if TYPE_CHECKING:
    from dipeval.study import StudyResult
    from dipeval.study.time_to_event import TimeToEvent

DAYS_FREE = (
    "Up to {horizon}, treated people were free of reoffending for {treated} {unit} on average and comparison people "
    "for {comparison}: a difference of {difference} {unit} ({level} interval {interval}; p {p}), treated minus "
    "comparison."
)
WHAT_DAYS_ARE = (
    "This is the area under the curve of those who have not yet reoffended (restricted mean). It counts how soon, not "
    "only whether, and needs no ratio that stays the same."
)
DAYS_UNSETTLED = "The interval includes 0: which group stays free for longer is not settled by these data."
RATIO = (
    "Among people who had not yet reoffended, the rate at which they did was {size} among the treated than in the "
    "comparison group: hazard ratio {ratio} ({level} interval {interval}; p {p}). 1 would mean equal rates. It is not "
    "the ratio of the shares who reoffend."
)
RATIO_UNSETTLED = "The interval includes 1: the data are compatible with either group reoffending at the lower rate."
EQUAL_CURVES = (
    "{name}: chi-square {statistic} on {df} degree{s} of freedom, p {p}. It tests whether the two curves are the same "
    "throughout."
)
CURVES_UNSETTLED = "A p-value above {alpha}% does not show that the curves are the same."
ROBUST_TEST = (
    "It is used in its robust form because {why}; the usual form would take that for more people than there are."
)
CHANGING = (
    "One ratio does not describe the whole follow-up: the test of a constant ratio (Grambsch and Therneau) finds that "
    "it changes over time (chi-square {statistic}, p {p}). The {ratio} above is then a mixture of the ratios at "
    "different times, and would be another one with a longer or shorter follow-up. Rely on the curves, the shares and "
    "the days free, which do not need it to be constant."
)
NOT_SEEN_TO_CHANGE = (
    "The ratio is taken to be the same throughout. The test of that (Grambsch and Therneau: chi-square {statistic}, "
    "p {p}) does not show otherwise, which is no proof: with few events only large changes are found."
)
UNTESTED = "The ratio is taken to be the same throughout, which could not be tested here."


def days_free(result: StudyResult) -> list[Block]:
    """Return the mean time free of reoffending in both groups and the difference, in words and as a table.

    Parameters
    ----------
    result
        From ``Study.run()``.
    """
    told = result.time_to_event
    assert told is not None
    if told.restricted_mean is None or told.horizon is None:
        return []
    heading = Heading(text=f"{told.unit.capitalize()} free of reoffending")
    if few(result, told, "event by horizon"):
        return [heading, Text(paragraphs=(words.hidden_effect(),))]
    frame = told.restricted_mean.to_frame()
    rows = {str(row["group"]): row for row in frame.to_dict("records")}
    rows["difference"] = rows["difference"] | _of_effect(told)
    apart, level = rows["difference"], f"{100 * told.level:g}%"
    lead = DAYS_FREE.format(
        horizon=when(told.horizon, told.unit),
        unit=told.unit,
        level=level,
        interval=format_interval(apart["conf_low"], apart["conf_high"], 1),
        p=words.p_value(apart["p_value"]),
        **{name: format_number(rows[name]["estimate"], 1) for name in ("treated", "comparison", "difference")},
    )
    unsettled = (DAYS_UNSETTLED,) if apart["conf_low"] <= 0 <= apart["conf_high"] else ()
    shown = pd.DataFrame(
        {
            "group": [_named(name) for name in rows],
            "mean": [format_number(row["estimate"], 1) for row in rows.values()],
            "interval": [format_interval(row["conf_low"], row["conf_high"], 1) for row in rows.values()],
        }
    )
    table = release(
        shown,
        rule=result.rule,
        caption=f"Mean {told.unit} free of reoffending within {told.horizon:g}",
        right=["mean", "interval"],
        labels={"group": "Group", "mean": f"Mean {told.unit}", "interval": f"{level} interval"},
        notes=(f"Restricted mean; standard errors: {_errors_of_means(result, told)}; normal limits.",),
    )
    return [heading, Text(paragraphs=(lead, *unsettled, WHAT_DAYS_ARE)), Table(released=table)]


def _of_effect(told: TimeToEvent) -> dict[Hashable, Any]:
    found = told.mean_effect
    return {} if found is None else {name: getattr(found, name) for name in ("conf_low", "conf_high", "p_value")}


def _errors_of_means(result: StudyResult, told: TimeToEvent) -> str:
    own = errors(result, two_way=True)
    return own if told.mean_effect is None else f"{own}; of the difference {told.mean_effect.se_method}"


def _named(group: str) -> str:
    return "Treated minus comparison" if group == "difference" else group.capitalize()


def rates(result: StudyResult) -> list[Block]:
    """Return the hazard ratio with what it takes for granted, and the test of equal curves.

    Parameters
    ----------
    result
        From ``Study.run()``.
    """
    told = result.time_to_event
    assert told is not None
    if told.cox is None and told.test is None:
        return []
    heading = Heading(text="How quickly those who had not yet reoffended did")
    if few(result, told, "event"):
        return [heading, Text(paragraphs=(f"Hazard ratio, treated against comparison: {words.hidden_effect()}",))]
    return [heading, Text(paragraphs=(*_ratio(result, told), *_constant(told), *_test(result, told)))]


def _ratio(result: StudyResult, told: TimeToEvent) -> list[str]:
    if told.cox is None:
        return []
    ratio, low, high, p = hazard_ratio(told)
    size = f"{format_number(100 * abs(ratio - 1), 0)}% {'lower' if ratio < 1 else 'higher'}"
    said = RATIO.format(
        size=size,
        ratio=format_number(ratio),
        level=f"{100 * told.level:g}%",
        interval=format_interval(low, high),
        p=words.p_value(p),
    )
    effect = told.hazard_effect
    made = errors(result, two_way=True) if effect is None else effect.se_method
    method = f"Cox model of treatment alone, ties by Efron; standard errors: {made}."
    return [said, *([RATIO_UNSETTLED] if low <= 1 <= high else []), method]


def hazard_ratio(told: TimeToEvent) -> tuple[float, float, float, float]:
    """Return the hazard ratio, its limits and its p-value: those of the effect where there is one."""
    if told.hazard_effect is not None:
        effect = told.hazard_effect
        return effect.estimate, effect.conf_low, effect.conf_high, effect.p_value
    assert told.cox is not None
    row = told.cox.to_frame().iloc[0]
    return float(row["hazard_ratio"]), float(row["hr_low"]), float(row["hr_high"]), float(row["p_value"])


def _constant(told: TimeToEvent) -> list[str]:
    if told.cox is None:
        return []
    if told.proportional_hazards is None:
        return [UNTESTED]
    frame = told.proportional_hazards.to_frame()
    row = frame[frame["term"] == "GLOBAL"].iloc[0]
    known = {"statistic": format_number(row["statistic"]), "p": words.p_value(row["p_value"])}
    if row["p_value"] < 1 - told.level:
        return [CHANGING.format(ratio=format_number(hazard_ratio(told)[0]), **known)]
    return [NOT_SEEN_TO_CHANGE.format(**known)]


def _test(result: StudyResult, told: TimeToEvent) -> list[str]:
    if told.test is None:
        return []
    said = EQUAL_CURVES.format(
        name=name_of_test(result),
        statistic=format_number(told.test.statistic),
        df=told.test.df,
        s="" if told.test.df == 1 else "s",
        p=words.p_value(told.test.p_value),
    )
    unsettled = [CURVES_UNSETTLED.format(alpha=f"{100 * (1 - told.level):.0f}")]
    why = _why_robust(result)
    robust = [ROBUST_TEST.format(why=why)] if "obust" in told.test.method and why else []
    return [" ".join([said, *(unsettled if told.test.p_value >= 1 - told.level else []), *robust])]


def _why_robust(result: StudyResult) -> str:
    found = result.cox
    if found is None:
        return ""
    reasons = ["people carry weights"] if found.weighted else []
    reasons += ["people belong together in pairs or sets, or are in more than once"] if found.clustered else []
    return " and ".join(reasons)


def errors(result: StudyResult, *, two_way: bool = False) -> str:
    """Return how standard errors of times were made.

    Parameters
    ----------
    result
        From ``Study.run()``.
    two_way
        Whether, after matching with replacement, the figure is clustered by set and person at once.
    """
    if reuses_people(result.design):
        return "robust, clustered by matched set and by person" if two_way else "robust, clustered by person"
    if result.cox is not None and result.cox.clustered:
        people = result.cohort is not None and result.cohort.rule.unit != "people"
        return "robust, clustered by person" if people else "robust, clustered by matched pair or set"
    return "robust" if result.cox is not None and result.cox.weighted else "model-based"
