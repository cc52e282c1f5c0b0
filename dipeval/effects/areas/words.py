"""Sentences about the effect of a programme on areas."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from dipeval.presenting import format_count, format_interval, format_number, format_p, format_percent

if TYPE_CHECKING:
    from dipeval.effects.areas.result import AreaEffect

TITLE: Final = "Effect of the programme on areas"
OTHER_QUESTION: Final = (
    "This is another question than what became of the people treated: it asks what happened in whole areas once they "
    "had the programme, to everybody there, treated or not."
)
CLEAR: Final = (
    "Where the programme ran, the level of {outcome} was {size} {side} on average than if it had moved as in areas "
    "without it ({level}% interval {interval})."
)
UNCLEAR: Final = (
    "Where the programme ran, the data are compatible with a difference in the level of {outcome} anywhere from "
    "{interval} ({level}% interval); this does not show that there was no effect: more areas or periods would be "
    "needed to tell."
)
RANK_CLEAR: Final = (
    "Where the programme ran, the level of {outcome} was {size} {side} on average than if it had moved as in areas "
    "without it. If the same starts had fallen on other areas, {share} of the {n} arrangements looked at would show a "
    "difference at least as large (p = {p}); {why}."
)
RANK_UNCLEAR: Final = (
    "Where the programme ran, the level of {outcome} was {size} {side} on average than if it had moved as in areas "
    "without it, but {share} of the {n} arrangements of the same starts over these areas show a difference at least as "
    "large (p = {p}); {why}, and this does not show that there was no effect: more areas would be needed to tell."
)
NO_RANK: Final = (
    "Where the programme ran, the level of {outcome} was {size} {side} on average than if it had moved as in areas "
    "without it; with these areas there is no way to say how uncertain that is: more areas are needed."
)
WHY_FEW: Final = "with {n} areas no interval can be given"
WHY_ARRANGEMENTS: Final = "too few arrangements differ for an interval"
NOTE_ESTIMAND: Final = "What is estimated: {estimand}."
NOTE_TRENDS: Final = (
    "The assumption it rests on: without the programme, areas that had it would have moved in parallel with the areas "
    "they are compared with. Nothing in the data can prove that; it fails where areas were chosen because things were "
    "about to get worse, or better, or where something else began there at the same time."
)
NOTE_PRE: Final = (
    "Periods before the start: p = {p} for the largest difference against none. A large p does not prove that trends "
    "were parallel, and a small one says that they were not."
)
NOTE_NO_PRE: Final = (
    "No wave has two periods before its start, so that nothing shows whether areas moved in parallel before."
)
NOTE_PRE_UNTESTED: Final = (
    "With these areas, differences before the start cannot be tested together; they stand in the table."
)
NOTE_BREAKDOWN: Final = (
    "What would overturn it: if in every period from the start areas drifted apart by {of_estimate} times the largest "
    "step seen between two periods before the start ({step}), all in one direction, the estimate would be explained by "
    "that alone{interval}. The error of that step itself is not allowed for."
)
BREAKDOWN_INTERVAL: Final = "; at {of_interval} times, the interval would reach equality"
BREAKDOWN_NONE: Final = "; the interval includes equality to begin with"
NOTE_STILL: Final = (
    "Before the start areas moved in step exactly, so that no multiple of an earlier step tells what would overturn it."
)
NOTE_TWO_WAY: Final = (
    "A regression with area and period effects would give {estimate}: a warning, not a second opinion. It takes areas "
    "that have had the programme for some time as comparison for later ones{negative}."
)
TWO_WAY_NEGATIVE: Final = ", and {n} of the {of} treated area-periods count in it the wrong way round"
NOTE_ONE_WAVE: Final = (
    "With one wave and every area kept to the end, a regression with area and period effects gives {estimate}: its "
    "base is all earlier periods, rather than the last."
)
NOTE_METHOD: Final = "{method}."
NOTE_RANK: Final = (
    "The p-value counts arrangements: it asks whether starts dealt out at random over the same areas would give as "
    "much. Starts were not drawn by lot, so that it measures how unusual the areas are, no more."
)
NOTE_SMALLEST: Final = (
    "With {n} arrangements no p-value can be smaller than {p}: these areas could not have shown any effect clearly."
)
NOTE_CONSTANT: Final = (
    "The interval holds the effects, the same in every treated area and period, that permuted starts do not reject."
)
NOTE_EARLY: Final = (
    "{n} area(s) had the programme before there was a period to compare with; they are left out of both sides."
)
NOTE_GAPS: Final = "{n} area(s) lack a period; they are left out."
NOTE_LEFT: Final = "{n} area-period(s) after an area left the programme are left out."
NOTE_LOST: Final = "{n} treated area-period(s) have no area without the programme left beside them; they are left out."
NOTE_EVENT_TIMES: Final = (
    "Effects by time since the start come from different waves at different times: a change along them may be a change "
    "of areas. Their intervals are each for itself."
)
NOTE_CONDITIONAL: Final = (
    "The interval is about these areas' effect, as uncertain as differences from area to area make it; waves and their "
    "sizes are taken as they were."
)
METHOD_CELLS: Final = (
    "Each wave against areas {who}, by the change from the last period before its start{before}, averaged over treated "
    "area-periods (Callaway and Sant'Anna 2021, without covariates)"
)
WHO: Final = {"not_yet_treated": "not yet (or never) in the programme", "never_treated": "never in the programme"}
METHOD_BEFORE: Final = " and its {n} period(s) of anticipation"
METHOD_WILD: Final = "wild cluster bootstrap over {n} areas ({weights} weights, {draws} draws)"
METHOD_PERMUTATION: Final = "permutation of starts over {n} areas ({draws} arrangements{all})"
ESTIMAND: Final = (
    "the average over the {n} treated area-period(s) of {areas} area(s) of {what} with the programme, against what it "
    "would have been without{weighted}"
)
WHAT: Final = {"difference": "the difference in {outcome}", "log_ratio": "the logarithm of the ratio of {outcome}"}
TABLE_TERMS: Final = {"overall": "Overall", "wave": "Started {group}", "event_time": "{time}"}


def digits_for(*values: float) -> int:
    """Return decimals so that the largest of some figures shows three digits, and two at least where it is small.

    Examples
    --------
    >>> digits_for(123.4), digits_for(1.5, 0.2), digits_for(0.0021)
    (0, 2, 5)
    """
    largest = max((abs(value) for value in values if math.isfinite(value)), default=1.0)
    return 2 if largest == 0 else min(8, max(0, 2 - math.floor(math.log10(largest))))


def shown(found: AreaEffect, value: float, *, sign: bool = True) -> str:
    """Return a figure in words: per cent for ratios, the outcome's own unit for differences."""
    if found.measure == "log_ratio":
        return format_percent(math.expm1(value) if sign else abs(math.expm1(value)))
    digits = digits_for(found.estimate, found.conf_low, found.conf_high)
    return format_number(value if sign else abs(value), digits)


def between(found: AreaEffect, low: float, high: float) -> str:
    """Return an interval in the unit of `shown`."""
    if found.measure == "log_ratio":
        return f"{shown(found, low)} to {shown(found, high)}"
    return format_interval(low, high, digits_for(found.estimate, found.conf_low, found.conf_high))


def headline(found: AreaEffect) -> str:
    """Return the one sentence on the overall effect."""
    words = {
        "outcome": found.outcome_name,
        "size": shown(found, found.estimate, sign=False),
        "side": "lower" if found.estimate < 0 else "higher",
        "level": f"{100 * found.level:g}",
    }
    if found.has_interval:
        words["interval"] = between(found, found.conf_low, found.conf_high)
        return (UNCLEAR if found.includes_equality else CLEAR).format(**words)
    if math.isnan(found.p_value):
        return NO_RANK.format(**words)
    few = found.n_areas < found.fewest_for_interval
    words |= {
        "share": format_percent(found.p_value),
        "n": format_count(found.draws),
        "p": format_p(found.p_value),
        "why": WHY_FEW.format(n=found.n_areas) if few else WHY_ARRANGEMENTS,
    }
    return (RANK_CLEAR if found.p_value <= 1 - found.level else RANK_UNCLEAR).format(**words)


def notes(found: AreaEffect) -> tuple[str, ...]:
    """Return what must stand beside the headline."""
    rank = found.error == "permutation"
    told = [
        NOTE_ESTIMAND.format(estimand=found.estimand),
        NOTE_TRENDS,
        *before_words(found),
        *overturn(found),
        two_way_words(found),
        NOTE_METHOD.format(method=found.method),
        *([NOTE_RANK] if rank else [NOTE_CONDITIONAL]),
        *([NOTE_CONSTANT] if rank and found.has_interval else []),
        *([_smallest(found)] if rank and found.draws and 1 / found.draws > 1 - found.level + 1e-12 else []),
        NOTE_EVENT_TIMES,
        *left_out(found),
        OTHER_QUESTION,
    ]
    return tuple(line for line in told if line)


def _smallest(found: AreaEffect) -> str:
    return NOTE_SMALLEST.format(n=format_count(found.draws), p=format_p(1 / found.draws))


def left_out(found: AreaEffect) -> tuple[str, ...]:
    """Return what was left out, with counts."""
    counted = (
        (NOTE_EARLY, found.n_left_out_early),
        (NOTE_GAPS, found.n_left_out_gaps),
        (NOTE_LEFT, found.n_after_leaving),
        (NOTE_LOST, found.n_without_comparison),
    )
    return tuple(line.format(n=format_count(n)) for line, n in counted if n)


def before_words(found: AreaEffect) -> tuple[str, ...]:
    """Return what periods before the start show."""
    if not math.isnan(found.pre_trend_p):
        return (NOTE_PRE.format(p=format_p(found.pre_trend_p)),)
    return (NOTE_NO_PRE,) if found.breakdown is None else (NOTE_PRE_UNTESTED,)


def overturn(found: AreaEffect) -> tuple[str, ...]:
    """Return how far trends would have to differ; empty where nothing before the start can be measured."""
    value = found.breakdown
    if value is None:
        return ()
    if not math.isfinite(value.of_estimate):
        return (NOTE_STILL,)
    if math.isnan(value.of_interval):
        interval = ""
    elif value.of_interval == 0:
        interval = BREAKDOWN_NONE
    else:
        interval = BREAKDOWN_INTERVAL.format(of_interval=format_number(value.of_interval))
    largest = value.largest_before
    step = shown(found, largest) if found.measure == "log_ratio" else format_number(largest, digits_for(largest))
    return (NOTE_BREAKDOWN.format(of_estimate=format_number(value.of_estimate), step=step, interval=interval),)


def two_way_words(found: AreaEffect) -> str:
    """Return the warning about two-way fixed effects; empty where they have no estimate."""
    beside = found.two_way
    if math.isnan(beside.estimate):
        return ""
    estimate = shown(found, beside.estimate)
    if found.n_waves == 1 and not found.n_after_leaving:
        return NOTE_ONE_WAVE.format(estimate=estimate)
    n, of = format_count(beside.n_negative), format_count(beside.n_treated)
    negative = TWO_WAY_NEGATIVE.format(n=n, of=of) if beside.n_negative else ""
    return NOTE_TWO_WAY.format(estimate=estimate, negative=negative)


def term_words(term: str, group: str, time: float) -> str:
    """Return a row of the table in words.

    Examples
    --------
    >>> term_words("event_time", "after", 0.0), term_words("event_time", "before", -3.0)
    ('The first period with the programme', '3 periods before the start')
    """
    if term != "event_time":
        return TABLE_TERMS[term].format(group=group)
    count = int(abs(time))
    plural = "" if count == 1 else "s"
    if count == 0:
        return "The first period with the programme"
    return f"{count} period{plural} {'before the start' if time < 0 else 'later'}"
