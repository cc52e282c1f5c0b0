"""The sentences an effect says for itself.

Rules: an interval that includes equality is never reported as the absence of an effect; the untreated are the
comparison people; the estimand, the standard-error method, who was left out and what would overturn the estimate
always stand beside the number. All wording is in the constants of this module, where a test reads it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from dipeval.effects.measures import OF_DAYS, OF_RATES, OF_SHARES, OF_TIMES, RATIOS
from dipeval.presenting import format_count, format_number, format_p, format_percent
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from dipeval.effects.effect import Effect

CLEAR: Final = "{outcome}: {size} {unit} ({level}% interval: from {low} to {high}). {levels}"
UNCLEAR: Final = (
    "{outcome}: the data are compatible with anything from {low} to {high} {unit} ({level}% interval); this does not "
    "show that there was no effect: more people would be needed to tell. {levels}"
)
LEVELS_SHARE: Final = "{treated} of treated people against {comparison} of comparison people."
LEVELS_MEAN: Final = "{treated} on average for treated people against {comparison} for comparison people."
LEVELS_DAYS: Final = "{treated} days on average for treated people against {comparison} for comparison people."
LEVELS_RATE: Final = (
    "{treated} for every 365 days at risk among treated people against {comparison} among comparison people."
)

UNITS: Final[dict[str, str]] = {
    "risk_difference": "in every 100 treated people than among {others}",
    "risk_ratio": "in relative terms than among {others}",
    "odds_ratio": "in odds than among {others}",
    "rate_ratio": "as a rate than among {others}",
    "hazard_ratio": "as a rate of first events at any time than among {others}",
    "rmst_difference": "days free of it, of the first {horizon}, for each treated person than for {others}",
    "count": "per treated person than among {others}",
    "number": "on average than among {others}",
}
DAYS_SHOWN: Final = 365
OTHERS: Final = "comparable untreated people"
OTHERS_UNADJUSTED: Final = "untreated people as they come (not adjusted)"

NOTE_ESTIMAND: Final = "What is estimated: {estimand}."
NOTE_ERRORS: Final = "Standard errors: {se_method}; normal-based {level}% interval; p = {p} (two-sided)."
NOTE_LOG: Final = "The standard error shown is that of the logarithm of the ratio."
NOTE_DROPPED: Final = "{n} treated {people} left out of this estimate by the design; the answer may differ for them."
NOTE_NOBODY_DROPPED: Final = "No treated person was left out by the design."
NOTE_DROPPED_UNKNOWN: Final = "The design does not say how many treated people it left out."
NOTE_DROPPED_UNTREATED: Final = (
    "{n} comparison {people} left out of this estimate by the design; the answer may differ for them."
)
NOTE_NO_UNTREATED_DROPPED: Final = "No comparison person was left out by the design."
NOTE_DROPPED_ANYBODY: Final = (
    "Left out of this estimate by the design: {n} treated and {others} comparison people; the answer may differ for "
    "them."
)
NOTE_NOBODY_AT_ALL_DROPPED: Final = "Nobody was left out by the design."
NOTE_WEIGHTED: Final = "The {levels} of {groups} shown are weighted to stand for {whom}."
NOTE_CONSTANT: Final = (
    "Everybody in the {group} group has the same outcome, so its spread counts as nil: the interval is too narrow."
)
NOTE_UNADJUSTED: Final = (
    "Nothing was adjusted for: only where treatment was assigned at random are the groups comparable as they come."
)
NOTE_OVERTURN: Final = (
    "What would overturn it: a hidden factor, beyond the covariates used, linked to both treatment and outcome by "
    "risk ratios of at least {estimate} each could account for the whole estimate (E-value, VanderWeele and Ding "
    "2017); {limit}."
)
NOTE_OVERTURN_LIMIT: Final = "one of {limit} each would be enough to make the interval reach equality{approximate}"
NOTE_OVERTURN_NONE: Final = "the interval already includes equality, so none is needed to bring it there"
NOTE_OVERTURN_NEAR: Final = (
    "the interval only just excludes equality, so that next to nothing would be needed to bring it there{approximate}"
)
NOTE_APPROXIMATE: Final = " (approximate: taken from the interval of the ratio of the two {levels})"
NOTE_NO_E_VALUE: Final = (
    "What would overturn it: no E-value can be given, because it needs an outcome that is never negative and a "
    "share or mean above 0 in both groups."
)
NOTE_NO_E_VALUE_OF_DAYS: Final = (
    "What would overturn it: no E-value is given for a difference in days, which is no ratio of shares or rates; the "
    "hazard ratio of the same outcome has one."
)
HORIZON: Final = (
    "Counted are the days from time zero to the event or to day {horizon}, whichever is first: the area under the "
    "weighted Kaplan-Meier curve of each group up to that day, and not beyond (restricted mean survival time)."
)
MEASURE_WORDS: Final[dict[str, str]] = {
    "risk_difference": "Difference in shares (percentage points)",
    "risk_ratio": "Ratio of shares",
    "odds_ratio": "Odds ratio",
    "mean_difference": "Difference in means",
    "rate_ratio": "Ratio of rates",
    "hazard_ratio": "Hazard ratio",
    "rmst_difference": "Difference in days free of it",
}
NO_SHARE: Final = (
    "An adjusted share lies below 0% or above 100%, where no share can be: the model reaches beyond the people there "
    "are. Take the difference as no more than a rough one, or use a logistic model."
)
COMMON_REMARKS: Final[dict[str, str]] = {
    "odds_ratio": (
        "More than 15% have the outcome, so the E-value takes the square root of the odds ratio for the ratio of the "
        "shares (VanderWeele and Ding 2017)."
    ),
    "hazard_ratio": (
        "More than 15% have the event, so the E-value takes the ratio of the shares that the hazard ratio stands for "
        "(VanderWeele and Ding 2017)."
    ),
}
NOTE_ODDS: Final = (
    "An odds ratio is further from 1 than the ratio of the shares, the more so the commoner the outcome: it does not "
    "say how many times as many people have it."
)
NOTE_HAZARD: Final = (
    "A hazard ratio compares the rates of first events among those who have had none so far; it is taken to be the "
    "same at all times, and those left at later times may differ between the groups even where the groups began alike."
)
REGRESSION: Final = (
    "Adjusted once more in a {model} with treatment, {n} {terms} of the covariates and their products with treatment, "
    "fitted to the people the design uses; its predictions with and without treatment are averaged over {whom}."
)
REPEATING: Final = "{n} of the columns of that model repeat others among these people and were left out."
NOTE_THESE_PEOPLE: Final = (
    "The error takes the people averaged over as given: the interval is about the average effect on these very people. "
    "For others like them it would be wider, the more so the more the effect differs from person to person."
)
NOTE_ALONE: Final = (
    "Somebody alone settles a coefficient of the model of the outcome, so the error is HC1 and not HC3; it may be too "
    "small. Fewer covariates in that model (adjust=) would mend it."
)
NOTE_DISPERSION: Final = (
    "Negative binomial model: the variance of a count is its mean plus {dispersion} times the mean squared."
)
NOTE_NO_DISPERSION: Final = (
    "The counts vary no more than a Poisson model has it, so the negative binomial model is that one."
)
MODELS: Final[dict[str, str]] = {
    "linear": "linear model",
    "logit": "logistic model",
    "poisson": "Poisson model",
    "negative_binomial": "negative binomial model",
}
AVERAGED_OVER: Final[dict[str, str]] = {
    "ATT": "the treated people",
    "ATC": "the comparison people",
}
AVERAGED_OVER_ALL: Final = "everybody, by the design's weights"
NOTE_DAYS: Final = (
    "People whose observation ended earlier count as if they had fared like those still observed; the effect need not "
    "be the same on all days. Where people die, or cannot reoffend in custody, days free of the event are not all days "
    "at liberty."
)
NOT_PLAIN: Final[dict[str, str]] = {
    "odds_ratio": NOTE_ODDS,
    "hazard_ratio": NOTE_HAZARD,
    "rmst_difference": NOTE_DAYS,
}
NOTE_DESIGN: Final = "Design: {method}, fingerprint {fingerprint}."

# Estimand -> the groups whose figures are weighted, and whom they then are like.
EVERYBODY: Final = ("ATE", "ATO", "ATM")
LIKE_WHOM: Final[dict[str, tuple[str, str]]] = {
    "ATC": ("the treated people", "the comparison people the answer is about"),
    "ATE": ("both groups", "everybody the answer is about"),
    "ATO": ("both groups", "those who might as well have been treated as not"),
    "ATM": ("both groups", "those for whom pairs could be found"),
}

TEMPLATES: Final = tuple(
    text for name, text in list(globals().items()) if name.isupper() and isinstance(text, str)
) + tuple(text for words in (UNITS, MEASURE_WORDS, COMMON_REMARKS, MODELS, AVERAGED_OVER) for text in words.values())


def mean_digits(effect: Effect) -> int:
    """Return the decimals in which means and their difference are shown: enough for the interval to be read."""
    largest = max(abs(effect.conf_low), abs(effect.conf_high))
    return 0 if largest >= 100 else 2 if largest >= 0.05 else 3


def size_in_words(effect: Effect, value: float) -> str:
    """Return one value of an effect as a size and a direction, such as ``5.8 fewer`` or ``28.1% lower``."""
    if effect.measure == "risk_difference":
        points = 100 * abs(value)
        # "0.0 more" would hide on which side of equality the limit lies.
        return f"{format_number(points, 2 if 0 < points < 0.05 else 1)} {'fewer' if value < 0 else 'more'}"
    if effect.measure in RATIOS:
        return f"{format_percent(abs(value - 1))} {'lower' if value < 1 else 'higher'}"
    down, up = ("fewer", "more") if effect.outcome_kind != "number" else ("lower", "higher")
    return f"{format_number(abs(value), mean_digits(effect))} {down if value < 0 else up}"


def _unit(effect: Effect) -> str:
    key = effect.measure
    if key == "mean_difference":
        key = "number" if effect.outcome_kind == "number" else "count"
    others = OTHERS_UNADJUSTED if effect.design_method == "none" else OTHERS
    return UNITS[key].format(others=others, horizon="" if effect.horizon is None else f"{effect.horizon:g}")


def _levels(effect: Effect) -> str:
    if _has_no_means(effect):
        return ""
    if effect.measure in OF_SHARES:
        return LEVELS_SHARE.format(
            treated=format_percent(effect.mean_treated), comparison=format_percent(effect.mean_comparison)
        )
    template = LEVELS_DAYS if effect.measure in OF_DAYS else LEVELS_RATE if effect.timed else LEVELS_MEAN
    return template.format(
        treated=level_shown(effect, effect.mean_treated), comparison=level_shown(effect, effect.mean_comparison)
    )


def _has_no_means(effect: Effect) -> bool:
    return effect.measure in OF_TIMES and effect.measure not in OF_DAYS


def level_unit(effect: Effect) -> str:
    """Return what the shares, means or rates of the groups are given in, for the rows of a table."""
    if _has_no_means(effect):
        return ""
    if effect.measure in OF_SHARES:
        return " (%)"
    if effect.measure in OF_DAYS:
        return " (mean days free of it)"
    return f" (for every {DAYS_SHOWN} days at risk)" if effect.timed else " (mean)"


def level_shown(effect: Effect, mean: float) -> str:
    """Return a share, mean or rate of one group as it is written; nothing where there is none."""
    if math.isnan(mean):
        return ""
    if effect.measure in OF_SHARES:
        return format_number(100 * mean, 1)
    if effect.measure in OF_RATES:
        return format_number(DAYS_SHOWN * mean if effect.timed else mean, 2)
    return format_number(mean, mean_digits(effect))


def level_in_words(level: float) -> str:
    """Return 0.95 as ``95``."""
    return f"{100 * level:g}"


def headline(effect: Effect) -> str:
    """Return the one sentence a non-specialist can quote, with its interval."""
    template = UNCLEAR if effect.includes_equality else CLEAR
    return template.format(
        outcome=label(effect.outcome_name),
        size=size_in_words(effect, effect.estimate),
        low=size_in_words(effect, effect.conf_low),
        high=size_in_words(effect, effect.conf_high),
        unit=_unit(effect),
        level=level_in_words(effect.level),
        levels=_levels(effect),
    ).strip()


def _dropped(effect: Effect) -> str:
    """Say how many of the people whose average effect it is were left out; of others nobody is missed."""
    treated, others = effect.n_treated_dropped, effect.n_comparison_dropped
    if effect.about in EVERYBODY and treated is not None and others is not None:
        if treated + others == 0:
            return NOTE_NOBODY_AT_ALL_DROPPED
        return NOTE_DROPPED_ANYBODY.format(n=format_count(treated), others=format_count(others))
    if effect.about == "ATC" and others is not None:
        return _left_out(others, NOTE_DROPPED_UNTREATED, NOTE_NO_UNTREATED_DROPPED)
    return NOTE_DROPPED_UNKNOWN if treated is None else _left_out(treated, NOTE_DROPPED, NOTE_NOBODY_DROPPED)


def _left_out(n: int, some: str, nobody: str) -> str:
    return some.format(n=format_count(n), people="person was" if n == 1 else "people were") if n else nobody


def _weighted(effect: Effect) -> tuple[str, ...]:
    """Say whom the shares or means shown stand for where those of the treated people are not their own."""
    if effect.about not in LIKE_WHOM or effect.design_method == "none" or _has_no_means(effect):
        return ()
    groups, whom = LIKE_WHOM[effect.about]
    levels = "shares" if effect.measure in OF_SHARES else "rates" if effect.timed else "means"
    return (NOTE_WEIGHTED.format(levels=levels, groups=groups, whom=whom),)


def overturn(effect: Effect) -> str:
    """Return the E-value sentence."""
    if math.isnan(effect.e_value):
        return NOTE_NO_E_VALUE_OF_DAYS if effect.measure in OF_DAYS else NOTE_NO_E_VALUE
    levels = "shares" if effect.measure == "risk_difference" else "means"
    approximate = "" if effect.measure in RATIOS else NOTE_APPROXIMATE.format(levels=levels)
    template = NOTE_OVERTURN_LIMIT
    if effect.includes_equality:
        template = NOTE_OVERTURN_NONE
    elif effect.e_value_limit == 1:  # the interval of the difference excludes 0, that of the ratio just includes 1
        template = NOTE_OVERTURN_NEAR
    limit = template.format(limit=format_number(effect.e_value_limit), approximate=approximate)
    return NOTE_OVERTURN.format(estimate=format_number(effect.e_value), limit=limit)


def regression(model: str, n_terms: int, about: str, n_repeating: int) -> tuple[str, ...]:
    """Return the sentences on the model of the outcome behind an adjusted estimate."""
    whom = AVERAGED_OVER.get(about, AVERAGED_OVER_ALL)
    terms = "term" if n_terms == 1 else "terms"
    repeating = (REPEATING.format(n=n_repeating),) if n_repeating else ()
    return (REGRESSION.format(model=MODELS[model], n=n_terms, terms=terms, whom=whom), *repeating)


def dispersion(found: float | None) -> tuple[str, ...]:
    """Return the sentence on how much counts vary; none for a model that does not ask."""
    if found is None:
        return ()
    return (NOTE_DISPERSION.format(dispersion=format_number(found, 2)),) if found else (NOTE_NO_DISPERSION,)


def notes(effect: Effect) -> tuple[str, ...]:
    """Return what must stand beside the number."""
    lines = [NOTE_ESTIMAND.format(estimand=effect.estimand.rstrip("."))]
    if effect.design_method == "none":
        lines.append(NOTE_UNADJUSTED)
    errors = {"se_method": effect.se_method, "level": level_in_words(effect.level), "p": format_p(effect.p_value)}
    lines.append(NOTE_ERRORS.format(**errors))
    if effect.measure in RATIOS:
        lines.append(NOTE_LOG)
    if effect.measure in NOT_PLAIN:
        lines.append(NOT_PLAIN[effect.measure])
    lines += effect.remarks
    lines += [NOTE_CONSTANT.format(group=group) for group in effect.constant_groups]
    lines += [*_weighted(effect), _dropped(effect), overturn(effect)]
    lines.append(NOTE_DESIGN.format(method=effect.design_method, fingerprint=effect.design_fingerprint[:12]))
    return tuple(lines)
