"""What stands under a return on investment: what it rests on, what is uncertain, what is left out.

All wording of the notes is in the constants of this module, where a test reads it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from dipeval.presenting import and_join, format_count, format_money, format_number, format_percent
from dipeval.roi.costs_of_crime.prices import year_in_words
from dipeval.roi.headline import share_of_draws
from dipeval.roi.input_names import label_of
from dipeval.roi.left_out import left_out
from dipeval.roi.steps import MULTIPLIER_STEPS, without_multiplier, years_in_words
from dipeval.roi.timing import years_of
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from dipeval.roi.result import ReturnOnInvestment

NOT_SETTLED: Final = "not given: the interval includes no offences averted"
NO_UNIT_COST: Final = "no unit cost"
BOUNDS_ONLY: Final = "bounds only"

NOTE_INTERVAL: Final = (
    "The {level}% interval is that of the effect on the number of proven reoffences; unit costs, the offence mix and "
    "the cost are taken as known, so the true uncertainty is larger."
)
NOTE_DRAWN: Final = (
    "The {level}% interval is that of {draws} draws (seed {seed}), in which these vary, each independently of the "
    "others: {inputs}; everything else is taken as known."
)
NOTE_KNOWN: Final = "Every input is taken as known, so that there is no interval: the true uncertainty is larger."
NOTE_OUTSIDE: Final = (
    "A figure lies at the end of its interval or beyond it, because an input was given a value at the end of its range."
)
NOTE_CHANCE: Final = (
    "There were fewer offences in {averted} of the draws. Were the effect exactly none, an estimate as uncertain as "
    "this one would show a value above the cost in {chance} of them. Draws know nothing of bias in the effect."
)
NOTE_PRIOR: Final = (
    "A share of draws is a probability only to somebody who took every effect, good or bad, small or large, to be as "
    "likely as any other before seeing these data; whoever expected a small one should believe less."
)
NOTE_ESTIMAND: Final = "What the effect is about: {estimand}."
NOTE_PEOPLE: Final = (
    "The benefit is counted for {people} treated people; of the {spend} spent on {cost_people} people ({spent_on}; in "
    "{prices} prices), the part for those {people} is set against it."
)
NOTE_SCALED: Final = (
    "The effect was estimated on {effect} treated people and is applied to {people}: this assumes that it holds alike "
    "for people who were not analysed."
)
NOTE_FEWER: Final = "The effect was estimated on {effect} treated people; the benefit is counted for {people} of them."
NOTE_LINKED: Final = (
    "The effect allows for not knowing whose records are whose; with the links as made the ratio is {ratio}."
)
NOTE_REASON: Final = "Set against {against}, for this reason: {reason}."
NOTE_MIX: Final = "The averted offences are taken to have been of the kinds in the mix of offences that was given."
NOTE_BY_GROUP: Final = "The offences averted are estimated for each kind of offence; their errors go together."
NOTE_UNPRICED: Final = (
    "Valued at nothing, because no unit cost is known: {groups}; {share} of the averted offences in all."
)
NOTE_UNPRICED_GROUPS: Final = "Valued at nothing, because no unit cost is known: {groups}."
NOTE_WITHOUT: Final = (
    "Costs in anticipation of crime are left out of the headline, as the publisher's rule for marginal reductions "
    "asks; the table shows the value both ways."
)
NOTE_WITH: Final = (
    "Costs in anticipation of crime are in the headline, against the publisher's rule for marginal reductions."
)
NOTE_MULTIPLIERS: Final = (
    "Multipliers are on: each proven reoffence averted is counted as {times} crimes. That so many lie behind each is "
    "not seen of these people, and is where returns are most easily inflated."
)
NOTE_MULTIPLIERS_BY_KIND: Final = (
    "Multipliers are on: each proven reoffence averted is counted as more or fewer crimes, by its kind. That so many "
    "lie behind each is not seen of these people, and is where returns are most easily inflated."
)
NOTE_NO_MULTIPLIER: Final = "Left at one crime for each recorded crime, because no multiplier is known: {groups}."
NOTE_LATER: Final = (
    "The effect is counted for {years} beyond the follow-up, in which nobody was observed, losing {drop_off} of itself "
    "with each."
)
NOTE_PLAIN: Final = (
    "Without multipliers and without years beyond the follow-up the value is {ratio} for each £1 (from {low} to "
    "{high})."
)
NOTE_SOURCE: Final = "{input}: {value} ({low} to {high}; {family}){source}."
FAMILY_WORDS: Final = {
    "pert": "all that is possible, likeliest at the value: PERT",
    "triangular": "all that is possible, likeliest at the value: triangular",
    "uniform": "all that is possible, each as likely: uniform",
    "normal": "95% lies between: normal",
    "lognormal": "95% lies between: lognormal",
    "gamma": "95% lies between: gamma",
    "beta": "95% lies between: beta",
}
NOTE_SECONDARY: Final = (
    "Unit costs were seen second-hand and not in the publisher's own text (their status is 'secondary'): check them "
    "before publication."
)
NOTE_DEFLATED: Final = (
    "Amounts in other years' prices were brought to {prices} with the GDP deflator; its calendar years stand for "
    "financial years, an approximation."
)
NOTE_DISCOUNT: Final = (
    "Spending of later years is discounted to {start} at {rate} a year, and the benefits are spread over the years as "
    "the spending is."
)
NOTE_DISCOUNT_BENEFIT: Final = "Offences averted after the first year are discounted at {rate} a year."
NOTE_ONE_YEAR: Final = (
    "All spending falls in one year, as the offences averted are taken to, so that nothing is discounted."
)
NOTE_NOT_DISCOUNTED: Final = "The discount rate is 0: pounds of later years count as much as those of the first."
NOTE_LONG_FOLLOW_UP: Final = (
    "Offences are counted over {days} days for each person, on both sides, and set against what was spent in {years}: "
    "what was spent on the same people, or on those compared with them, in other years is not counted."
)
NOTE_BREAK_EVEN: Final = (
    "To break even, {offences} proven offences would have to be averted within the follow-up: {each} per treated "
    "person."
)
NOTE_PERSPECTIVES: Final = "The perspectives are nested, the wider one holding the narrower, and are never added up."
NOTE_NOT_NESTED: Final = "The perspectives overlap, and are never added up."
NOTE_SOCIAL: Final = (
    "The value is the cost of crime to society, much of it harm to victims: it is not cash that any budget gets back."
)
NOTE_FISCAL: Final = (
    "The value is what {crime} costs public bodies: most of it is time freed for other work, not cash that "
    "any budget gets back."
)
NOTE_ECONOMIC: Final = (
    "The value is the cost of crime that is money, to public bodies, victims and employers: it is not cash that any "
    "budget gets back."
)
NOTE_LEFT_OUT: Final = "Left out: {what}."

TEMPLATES: Final = tuple(text for name, text in list(globals().items()) if name.isupper() and isinstance(text, str))


def notes(roi: ReturnOnInvestment) -> tuple[str, ...]:
    """Return what is assumed, what is left out and how sure the inputs are."""
    lines = [NOTE_ESTIMAND.format(estimand=roi.estimand.rstrip(".")), *_uncertainty(roi), *_people(roi)]
    lines += [NOTE_BY_GROUP if roi.central.mix is None else NOTE_MIX, *_unpriced(roi)]
    if roi.perspective == "social":
        lines.append(NOTE_WITH if roi.include_anticipation else NOTE_WITHOUT)
    lines += [*_uplift(roi), *roi.worth.notes, *roi.cost_lines.notes]
    if "secondary" in roi.statuses:
        lines.append(NOTE_SECONDARY)
    if roi.prices_converted:
        lines.append(NOTE_DEFLATED.format(prices=year_in_words(roi.price_year)))
    lines += _discounting(roi)
    if roi.break_even_offences > 0:
        offences = format_number(roi.break_even_offences, 1 if roi.break_even_offences < 100 else 0)
        per_person = roi.break_even_offences / roi.people
        each = format_number(per_person, 2 if per_person >= 0.1 else 4)
        lines.append(NOTE_BREAK_EVEN.format(offences=offences, each=each))
    lines.append(NOTE_LEFT_OUT.format(what="; ".join(left_out(roi))))
    crime = "crime" if roi.worth.fiscal_elsewhere else "responding to crime"
    fiscal = NOTE_FISCAL.format(crime=crime)
    own = {"social": NOTE_SOCIAL, "fiscal": fiscal, "economic": NOTE_ECONOMIC}[roi.perspective]
    return (*lines, NOTE_NOT_NESTED if roi.worth.fiscal_elsewhere else NOTE_PERSPECTIVES, own)


def _uncertainty(roi: ReturnOnInvestment) -> list[str]:
    level, inputs = f"{100 * roi.level:g}", roi.central.uncertain()
    names = [*inputs, *roi.central.uncertain_vectors()]
    if not names:
        return [NOTE_KNOWN]
    chance = NOTE_CHANCE.format(
        chance=share_of_draws(roi.probability_if_none),
        averted=share_of_draws(roi.probability_averted),
    )
    if roi.central.only_the_effect:
        return [NOTE_INTERVAL.format(level=level), chance, NOTE_PRIOR]
    shown = "; ".join(label_of(name).lower() for name in names)
    lines = [
        NOTE_DRAWN.format(level=level, draws=format_count(roi.draws), seed=roi.seed, inputs=shown),
        chance,
        NOTE_PRIOR,
    ]
    for name, figure in inputs.items():
        if name != "effect":
            ends = {"value": figure.value, "low": figure.low, "high": figure.high}
            shown_ends = {end: format_number(value) for end, value in ends.items()}
            source = f"; {figure.source}" if figure.source else ""
            family = FAMILY_WORDS.get(figure.family, figure.family)
            lines.append(NOTE_SOURCE.format(input=label_of(name), family=family, source=source, **shown_ends))
    if not roi.benefit_low <= roi.benefit <= roi.benefit_high:
        lines.append(NOTE_OUTSIDE)
    return lines


def _people(roi: ReturnOnInvestment) -> list[str]:
    people, effect = format_count(roi.people), format_count(roi.people_in_effect)
    lines = [
        NOTE_PEOPLE.format(
            people=people,
            spend=format_money(roi.total_spend),
            cost_people=format_count(roi.cost_people),
            spent_on=", ".join(roi.spent_on),
            prices=year_in_words(roi.price_year),
        )
    ]
    if roi.people != roi.people_in_effect:
        words = NOTE_SCALED if roi.scaled else NOTE_FEWER
        lines.append(words.format(effect=effect, people=people))
    if roi.linked:
        lines.append(NOTE_LINKED.format(ratio=format_money(roi.ratio_without_linkage, 2)))
    if roi.reason:
        lines.append(NOTE_REASON.format(against=and_join(roi.against), reason=roi.reason.rstrip(".")))
    return lines


def _uplift(roi: ReturnOnInvestment) -> list[str]:
    lines = []
    if roi.switched.multipliers:
        rungs = roi.chain().set_index("step")["value"]
        times = math.prod(float(rungs[step]) for step in MULTIPLIER_STEPS)
        by_kind = math.isnan(times)
        lines.append(NOTE_MULTIPLIERS_BY_KIND if by_kind else NOTE_MULTIPLIERS.format(times=format_number(times)))
        missing = without_multiplier(roi.assumptions, roi.worth)
        if missing:
            lines.append(NOTE_NO_MULTIPLIER.format(groups=_groups(missing)))
    if roi.switched.years:
        drop_off = format_percent(roi.central.drop_off.value, 0)
        years = years_in_words(roi.switched.years)
        lines.append(NOTE_LATER.format(years=years, drop_off=drop_off))
    if roi.switched.uplift:
        ends = {"low": roi.ratio_without_uplift_low, "high": roi.ratio_without_uplift_high}
        shown = {name: format_money(value, 2) for name, value in ends.items()}
        lines.append(NOTE_PLAIN.format(ratio=format_money(roi.ratio_without_uplift, 2), **shown))
    return lines


def _discounting(roi: ReturnOnInvestment) -> list[str]:
    rate = format_percent(roi.discount_rate)
    lines = []
    if years_of(roi.follow_up_days) > len(roi.spending_years):
        years = and_join(map(year_in_words, roi.spending_years))
        lines.append(NOTE_LONG_FOLLOW_UP.format(days=format_count(roi.follow_up_days), years=years))
    if roi.discount_rate == 0:
        return [*lines, NOTE_NOT_DISCOUNTED]
    if len(roi.spending_years) > 1:
        lines.append(NOTE_DISCOUNT.format(start=year_in_words(roi.spending_years[0]), rate=rate))
    if roi.switched.years or roi.central.timing.within < roi.cost_lines.spread:
        lines.append(NOTE_DISCOUNT_BENEFIT.format(rate=rate))
    return lines or [NOTE_ONE_YEAR]


def _unpriced(roi: ReturnOnInvestment) -> list[str]:
    if not roi.unpriced:
        return []
    groups = _groups(roi.unpriced)
    if roi.central.mix is None:
        return [NOTE_UNPRICED_GROUPS.format(groups=groups)]
    table = roi.by_group().set_index("offence_group")
    share = math.fsum(table.loc[list(roi.unpriced), "share"])
    return [NOTE_UNPRICED.format(groups=groups, share=format_percent(share))]


def _groups(names: tuple[str, ...]) -> str:
    return ", ".join(label(group).lower() for group in names)
