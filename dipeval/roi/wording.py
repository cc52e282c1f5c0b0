"""The sentences a return on investment says for itself: never more than the interval allows.

All wording is in the constants of this module, where a test reads it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from dipeval.presenting import format_count, format_money, format_number, format_percent
from dipeval.roi.tables import year_in_words
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from dipeval.roi.result import ReturnOnInvestment

AVERTED: Final = (
    "The {averted} offences averted (from {averted_low} to {averted_high}) are valued at {benefit} (from {benefit_low} "
    "to {benefit_high}) against a cost of {cost}, in {prices} prices: {verdict}."
)
VERDICT_ABOVE: Final = "{ratio} of value for each £1 spent (from {ratio_low} to {ratio_high})"
VERDICT_BELOW: Final = "less than was spent, {ratio} of value for each £1 (from {ratio_low} to {ratio_high})"
VERDICT_OPEN: Final = "the data do not settle whether the value exceeds the cost"
OPEN: Final = (
    "The data do not settle whether offences were averted: anything from {averted_low} to {averted_high}, valued from "
    "{benefit_low} to {benefit_high}, against a cost of {cost}, in {prices} prices. {verdict}"
)
OPEN_BOTH: Final = "This shows neither that the money was repaid nor that it was not: more people would be needed."
OPEN_BELOW: Final = "Even the upper end is below the cost."
ADDED: Final = (
    "The data point to more offences, not fewer: {averted_high} to {averted_low}, valued from {benefit_high} to "
    "{benefit_low}, on top of a cost of {cost}, in {prices} prices."
)
UNVALUED: Final = (
    "None of the offences in the mix has a unit cost, so no value can be put on them; the cost was {cost}, in {prices} "
    "prices."
)
NOT_SETTLED: Final = "not given: the interval includes no offences averted"
NO_UNIT_COST: Final = "no unit cost"

NOTE_INTERVAL: Final = (
    "The {level}% interval is that of the effect on the number of proven reoffences; unit costs, the offence mix and "
    "the cost are taken as known, so the true uncertainty is larger."
)
NOTE_ESTIMAND: Final = "What the effect is about: {estimand}."
NOTE_PEOPLE: Final = (
    "The benefit is counted for {people} treated people; of the {spend} spent on {cost_people} people ({spent_on}; in "
    "{prices} prices), "
    "the part for those {people} is set against it."
)
NOTE_SCALED: Final = (
    "The effect was estimated on {effect} treated people and is applied to {people}: this assumes that it holds alike "
    "for people who were not analysed."
)
NOTE_MIX: Final = "The averted offences are taken to have been of the kinds in the offence mix passed in."
NOTE_UNPRICED: Final = (
    "Valued at nothing, because no unit cost is known: {groups}; {share} of the averted offences in all."
)
NOTE_WITHOUT: Final = (
    "Costs in anticipation of crime are left out of the headline, as the publisher's rule for marginal reductions "
    "asks; the table shows the value both ways."
)
NOTE_WITH: Final = (
    "Costs in anticipation of crime are in the headline, against the publisher's rule for marginal reductions."
)
NOTE_SECONDARY: Final = (
    "Unit costs marked 'secondary' were seen second-hand and not in the publisher's own text: check them before "
    "publication."
)
NOTE_DEFLATED: Final = (
    "Amounts in other years' prices were brought to {prices} with the GDP deflator; its calendar years stand for "
    "financial years, an approximation."
)
NOTE_DISCOUNT: Final = (
    "Spending of later years is discounted to {start} at {rate} a year, and the benefits are spread over the years as "
    "the spending is."
)
NOTE_ONE_YEAR: Final = (
    "All spending falls in one year, as the offences averted are taken to, so that nothing is discounted."
)
NOTE_BREAK_EVEN: Final = (
    "To break even, {offences} offences would have to be averted: {each} per treated person within the follow-up."
)
NOTE_LEFT_OUT: Final = (
    "Left out: offences that were never proven (no multiplier from proven to recorded or actual crime is applied), "
    "offending after the follow-up, and effects on health, deaths, work and families."
)
NOTE_SOCIAL: Final = (
    "The value is the cost of crime to society, much of it harm to victims: it is not cash that any budget gets back."
)

TEMPLATES: Final = tuple(text for name, text in list(globals().items()) if name.isupper() and isinstance(text, str))


def _figures(roi: ReturnOnInvestment) -> dict[str, str]:
    money = ("benefit", "benefit_low", "benefit_high", "cost")
    counts = {"averted": roi.offences_averted, "averted_low": roi.offences_averted_low}
    counts["averted_high"] = roi.offences_averted_high
    ratios = {"ratio": roi.benefit_cost_ratio, "ratio_low": roi.benefit_cost_ratio_low}
    ratios["ratio_high"] = roi.benefit_cost_ratio_high
    return {
        **{name: format_money(getattr(roi, name)) for name in money},
        **{name: format_count(value) for name, value in counts.items()},
        **{name: format_money(value, 2) for name, value in ratios.items()},
        "prices": year_in_words(roi.price_year),
    }


def headline(roi: ReturnOnInvestment) -> str:
    """Return the one sentence that may be quoted: it sells nothing that the interval does not hold."""
    figures = _figures(roi)
    if roi.value_per_offence == 0:
        return UNVALUED.format(**figures)
    if roi.settled:
        return AVERTED.format(**figures, verdict=_verdict(roi).format(**figures))
    if roi.offences_averted_high < 0:
        return _added(roi, figures)
    sides = {"averted_low": _more_or_fewer(roi.offences_averted_low)}
    sides["averted_high"] = _more_or_fewer(roi.offences_averted_high)
    verdict = OPEN_BELOW if roi.benefit_high < roi.cost else OPEN_BOTH
    return OPEN.format(**{**figures, **sides}, verdict=verdict)


def _verdict(roi: ReturnOnInvestment) -> str:
    if roi.benefit_cost_ratio_low > 1:
        return VERDICT_ABOVE
    return VERDICT_BELOW if roi.benefit_cost_ratio_high < 1 else VERDICT_OPEN


def _more_or_fewer(averted: float) -> str:
    return f"{format_count(abs(averted))} {'fewer' if averted > 0 else 'more'} offences"


def _added(roi: ReturnOnInvestment, figures: dict[str, str]) -> str:
    sides = {
        "averted_low": _more_or_fewer(roi.offences_averted_low),
        "averted_high": _more_or_fewer(roi.offences_averted_high),
        "benefit_low": format_money(-roi.benefit_low),
        "benefit_high": format_money(-roi.benefit_high),
    }
    return ADDED.format(**{**figures, **sides})


def notes(roi: ReturnOnInvestment) -> tuple[str, ...]:
    """Return what is assumed, what is left out and how sure the inputs are."""
    prices = year_in_words(roi.price_year)
    lines = [
        NOTE_ESTIMAND.format(estimand=roi.estimand.rstrip(".")),
        NOTE_INTERVAL.format(level=f"{100 * roi.level:g}"),
        NOTE_PEOPLE.format(
            people=format_count(roi.people),
            spend=format_money(roi.total_spend),
            cost_people=format_count(roi.cost_people),
            spent_on=", ".join(roi.spent_on),
            prices=prices,
        ),
    ]
    if roi.people != roi.people_in_effect:
        counts = {"effect": format_count(roi.people_in_effect), "people": format_count(roi.people)}
        lines.append(NOTE_SCALED.format(**counts))
    lines += [NOTE_MIX, *_unpriced(roi), NOTE_WITH if roi.include_anticipation else NOTE_WITHOUT]
    if "secondary" in roi.statuses:
        lines.append(NOTE_SECONDARY)
    if roi.prices_converted:
        lines.append(NOTE_DEFLATED.format(prices=prices))
    lines.append(_discounting(roi))
    if not math.isnan(roi.break_even_offences):
        offences = format_number(roi.break_even_offences, 1)
        each = format_number(roi.break_even_offences / roi.people)
        lines.append(NOTE_BREAK_EVEN.format(offences=offences, each=each))
    return (*lines, NOTE_LEFT_OUT, NOTE_SOCIAL)


def _discounting(roi: ReturnOnInvestment) -> str:
    if len(roi.spending_years) == 1:
        return NOTE_ONE_YEAR
    return NOTE_DISCOUNT.format(start=year_in_words(roi.spending_years[0]), rate=format_percent(roi.discount_rate))


def _unpriced(roi: ReturnOnInvestment) -> list[str]:
    if not roi.unpriced:
        return []
    table = roi.by_group().set_index("offence_group")
    share = math.fsum(table.loc[list(roi.unpriced), "share"])
    groups = ", ".join(label(group).lower() for group in roi.unpriced)
    return [NOTE_UNPRICED.format(groups=groups, share=format_percent(share))]
