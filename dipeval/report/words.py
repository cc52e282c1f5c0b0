"""Sentences and small released figures shared by the sections. Numbers in prose are formatted here, once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dipeval.disclosure import CONFIDENTIAL, is_small, release_count, share_digits
from dipeval.effects.wording import MEASURE_WORDS as MEASURE_WORDS
from dipeval.presenting import format_number, format_p, format_percent, round_half_up

if TYPE_CHECKING:
    import pandas as pd

    from dipeval.effects import Effect
    from dipeval.study import StudyResult

SHARES = ("risk_difference",)
# Of these the groups have shares, whatever the measure.
OF_SHARES = (*SHARES, "risk_ratio", "odds_ratio")
RATIOS = ("risk_ratio", "odds_ratio", "rate_ratio", "hazard_ratio")
DAYS_A_YEAR = 365
FIVE_YEARS = 1826
CAN_SAY_CLEAR = (
    "The treated people in this study fared {direction} than comparable untreated people on this outcome: {size}."
)
CAN_SAY_UNCLEAR = (
    "This study could not tell whether treated and comparable untreated people differ on this outcome: the figures are "
    "compatible with anything {size}. More people would need to be analysed to determine the effect."
)
CANNOT_SAY_UNCLEAR = (
    "You cannot say that the programme made no difference: an interval that includes zero is not evidence of that."
)
CANNOT_SAY_UNCLEAR_RATIO = (
    "You cannot say that the programme made no difference: an interval of a ratio that includes 1 is not evidence of "
    "that."
)
CANNOT_SAY_CLEAR = (
    "You cannot say that the programme alone caused the whole of the difference: factors that were "
    "not recorded may differ."
)
CANNOT_SAY_NOT_CAUSAL = (
    "You cannot say that treatment caused any part of the difference: by its design this is not a causal comparison."
)
CANNOT_SAY_RANDOMISED = "You cannot say that the same would happen to people unlike those in this experiment."
CANNOT_SAY_OTHERS = (
    "You cannot say that the same holds for people who are not in the comparison: the estimate is about those compared."
)
CANNOT_SAY_WITHHELD = "You cannot say anything about the effect of the programme from this study as it stands."


def people(result: StudyResult, count: float) -> str:
    """Return a count of people as it may be shown."""
    return release_count(count, result.rule)


def small(result: StudyResult, effect: Effect) -> bool:
    """Whether an effect rests on too few people in either group to be shown."""
    from dipeval.study.tidy import smallest_count

    return is_small(smallest_count(effect), result.rule)


def money_is_small(result: StudyResult) -> bool:
    """Whether the money rests on too few people: the answer, the means it is made from, or a group of offences."""
    from dipeval.study.tidy_money import told_of_money

    behind = [result.effects[0], *(item for item in result.effects if item.measure == "mean_difference")]
    return any(small(result, item) for item in behind) or not told_of_money(result).money


def outcome_label(result: StudyResult, name: str) -> str:
    """Return the words of the study file for an outcome, else the vocabulary's."""
    from dipeval.vocabulary import label

    found = [outcome.label for outcome in result.spec.outcomes if outcome.name == name]
    return found[0] if found else label(name)


def covariate(result: StudyResult, term: str) -> str:
    """Return the words of the study file for a covariate (or a level of one), else the vocabulary's."""
    from dipeval.study.labels import covariate_in_words

    return _looked_back(result, covariate_in_words(result.spec, term))


def _looked_back(result: StudyResult, text: str) -> str:
    """The usual look-back is five years; a study may have another."""
    days = result.cohort.rule.lookback_days if result.cohort is not None else FIVE_YEARS
    return text if days == FIVE_YEARS else text.replace(" in the five years before", f" in the {days} days before")


def digits(result: StudyResult, effect: Effect) -> int:
    """Return the decimals in which percentages of an effect may be shown."""
    from dipeval.study.tidy import smallest_count

    return share_digits(smallest_count(effect), result.rule)


def figure(measure: str, decimals: int = 1) -> Callable[[Any], str]:
    """Return the formatter of an estimate: percentage points for differences of shares, else the plain number."""
    if measure in SHARES:
        return lambda value: format_number(100 * value, decimals)
    return lambda value: format_number(value, 2 + decimals if measure == "mean_difference" else 2)


def drawn(result: StudyResult, effect: Effect, value: float) -> float:
    """Return a figure as a picture may draw it and write it out: no finer than the text beside it."""
    return round_half_up(value, 2 + digits(result, effect)) if result.rule.protects else value


def hidden_rows(result: StudyResult, behind: pd.Series) -> pd.Series[bool]:
    """Whether each row of a table rests on too few people to be shown."""
    return behind.map(lambda fewest: is_small(fewest, result.rule)).astype(bool)


def rounded(result: StudyResult, frame: pd.DataFrame, behind: pd.Series, figures: Sequence[str]) -> pd.DataFrame:
    """Return a table of estimates as a picture may draw it: each row no finer than the people behind it allow."""
    out = frame.copy()
    if result.rule.protects:
        places = [2 + share_digits(behind[at], result.rule) for at in out.index]
        for name in figures:
            values = zip(out[name].astype("float64"), places, strict=True)
            out[name] = [value if value != value else round_half_up(value, digits) for value, digits in values]
    return out


def headline(result: StudyResult, effect: Effect) -> str:
    """Return the headline of an effect, its percentages no finer than they may be shown."""
    text, decimals = in_units(result, effect.summary().headline), digits(result, effect)
    if decimals == 1 or effect.measure not in OF_SHARES:
        return text
    for value in (effect.estimate, effect.conf_low, effect.conf_high):
        if effect.measure in SHARES:
            side = " fewer" if value < 0 else " more"
            fine, coarse = (format_number(100 * abs(value), places) for places in (1, decimals))
        else:
            side = " lower" if value < 1 else " higher"
            fine, coarse = (format_percent(abs(value - 1), places) for places in (1, decimals))
        text = _swap(text, fine + side, coarse + side)
    for value in (effect.mean_treated, effect.mean_comparison):
        text = _swap(text, format_percent(value), format_percent(value, decimals))
    return text


def _swap(text: str, fine: str, coarse: str) -> str:
    return re.sub(rf"(?<![\d.,]){re.escape(fine)}", coarse, text)


def between(effect: Effect, decimals: int = 1) -> str:
    """Return the interval of an effect in its own unit, in words."""
    show = figure(effect.measure, decimals)
    return f"from {show(effect.conf_low)} to {show(effect.conf_high)}{_unit(effect)}"


def _unit(effect: Effect) -> str:
    """The unit of a figure in a sentence; of a ratio, what it is a ratio of and where the groups are equal."""
    if effect.measure in RATIOS:
        return f" ({MEASURE_WORDS[effect.measure].lower()}; 1 where the groups are equal)"
    return " percentage points" if effect.measure in SHARES else ""


def size(effect: Effect, decimals: int = 1) -> str:
    """Return the estimate of an effect with its interval, in words."""
    show = figure(effect.measure, decimals)
    unit = "" if effect.measure in RATIOS else _unit(effect)
    reach = f"from {show(effect.conf_low)} to {show(effect.conf_high)}{unit}"
    return f"{show(effect.estimate)}{unit} (95% interval {reach})"


def of_hundred(effect: Effect, noun: str = "people") -> str:
    """Return the sentence about 100 typical people, or index events, in each group."""
    treated, comparison = (format_number(100 * mean, 0) for mean in (effect.mean_treated, effect.mean_comparison))
    happened = "did so" if noun == "people" else "were followed by it"
    return (
        f"Of 100 typical treated {noun}, about {treated} {happened}; of 100 comparable untreated {noun}, "
        f"about {comparison}."
    )


def in_units(result: StudyResult, text: str) -> str:
    """Return a sentence about treated and untreated people in the unit that is counted."""
    if result.cohort is None or result.cohort.rule.unit == "people":
        return text
    unit = result.cohort.rule.unit
    return text.replace("treated people", f"treated {unit}").replace("comparison people", f"comparison {unit}")


def estimand(result: StudyResult) -> str:
    """Return whom the estimate is about, with released counts."""
    if result.hazard is not None:
        return f"What is estimated: {result.hazard.estimand}."
    if result.spec.primary.kind == "time":
        return "What is to be estimated: a ratio of the rates of the event with and without treatment (hazard ratio)."
    design = result.design
    kept, dropped = design.n_treated, design.n_treated_dropped or 0
    whom = f"the {people(result, kept)} treated people"
    if result.rule.protects and design.leaves_out and is_small(dropped, result.rule):
        # Said alike for nobody and for a few: whether anybody was left out is itself a small count.
        whom += " for whom comparable untreated people were found"
    elif dropped:
        whom = (
            f"the {people(result, kept)} of {people(result, kept + dropped)} treated people for whom comparable "
            "untreated people were found"
        )
    if result.cohort is not None and result.cohort.rule.non_causal:
        return in_units(
            result, f"The difference between {whom} and comparable untreated people: no effect of treatment."
        )
    whole = (
        f"The average effect of treatment on {whom} (average treatment effect on the treated), "
        "against not being treated."
    )
    return in_units(result, whole)


def can_and_cannot(result: StudyResult, effect: Effect) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what may and what may not be said of the primary effect."""
    randomised, decimals = result.spec.design.randomised, digits(result, effect)
    if effect.includes_equality:
        not_causal = (CANNOT_SAY_NOT_CAUSAL,) if cause(result, "") else ()
        can = CAN_SAY_UNCLEAR.format(size=between(effect, decimals))
        unclear = CANNOT_SAY_UNCLEAR_RATIO if effect.measure in RATIOS else CANNOT_SAY_UNCLEAR
        return (can,), (unclear, *not_causal, CANNOT_SAY_OTHERS)
    direction = "better" if effect.estimate < effect.null_value else "worse"
    why = cause(result, CANNOT_SAY_RANDOMISED if randomised else CANNOT_SAY_CLEAR)
    told = size(effect, decimals)
    if effect.measure in RATIOS:
        told = f"{MEASURE_WORDS[effect.measure].lower()} {told}, where 1 would mean that the groups are equal"
    return (CAN_SAY_CLEAR.format(direction=direction, size=told),), (why, CANNOT_SAY_OTHERS)


def cause(result: StudyResult, otherwise: str) -> str:
    """Return what cannot be said about causes; of a comparison that is not causal by its design, nothing can."""
    rule = result.cohort.rule if result.cohort is not None else None
    return CANNOT_SAY_NOT_CAUSAL if rule is not None and rule.non_causal else otherwise


def protection(result: StudyResult) -> tuple[str, ...]:
    """Return how counts are protected; where a person is counted more than once, what a count then tells of."""
    told = result.rule.in_words()
    if result.cohort is None or result.cohort.rule.unit == "people":
        return (told,)
    told = told.replace("people", result.cohort.rule.unit)
    more = (
        "A person can be counted more than once, so the least count that is shown was raised by as many times as one "
        "person can be in: no figure rests on fewer people than the rule allows.",
    )
    return (told, *(more if result.rule.protects else ()))


def p_value(value: float) -> str:
    """Return a p-value as shown."""
    return format_p(value)


def share(value: float, decimals: int = 1) -> str:
    """Return a share as a percentage."""
    return format_percent(value, decimals)


def level(effect: Effect, value: float, decimals: int = 1) -> str:
    """Return a share, mean or rate of one group; a rate over the time at risk is that of a year at risk."""
    if effect.outcome_kind == "yes_no":
        return share(value, decimals)
    if effect.timed:
        return f"{format_number(DAYS_A_YEAR * value, 2)} a year at risk"
    return "[z]" if value != value else format_number(value, 2)


def errors(result: StudyResult, effect: Effect) -> str:
    """Return how the standard error was made; the number of pairs or people, if it is named, as it may be shown."""
    return counts_shown(result, effect.se_method)


def counts_shown(result: StudyResult, text: str) -> str:
    """Return a sentence whose counts of people, pairs and sets are shown as a table would show them."""

    def shown(found: re.Match[str]) -> str:
        return f"{people(result, float(found.group(1).replace(',', '')))} {found.group(2)}"

    return re.sub(r"(\d[\d,]*) ((?:treated |comparison )?(?:pairs|sets|people|persons?)\b)", shown, text)


def remarks(result: StudyResult, effect: Effect) -> tuple[str, ...]:
    """Return what the estimator has to say of itself, its counts of people as they may be shown."""
    return tuple(counts_shown(result, remark) for remark in effect.remarks)


def withheld_note(result: StudyResult) -> str:
    """Return the sentence that stands in place of an effect."""
    return "The effect is withheld: " + " ".join(result.reasons)


def hidden_effect() -> str:
    """Return what stands in place of an effect that rests on too few people."""
    return f"{CONFIDENTIAL}: this figure rests on too few people to be shown."
