"""The one sentence that may be quoted: it sells nothing that the interval does not hold.

It begins with what the data do not settle, where they do not; names every step that was switched on; and ends with what
the answer rests on most.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from dipeval.presenting import and_join, format_count, format_money, format_percent
from dipeval.roi.costs_of_crime.prices import year_in_words
from dipeval.roi.steps import in_headline

if TYPE_CHECKING:
    from dipeval.roi.result import ReturnOnInvestment

AVERTED: Final = (
    "The {averted} proven offences averted (from {averted_low} to {averted_high}) are valued at {benefit} (from "
    "{benefit_low} to {benefit_high}){view}{steps} against a cost of {cost} for {kinds}, in {prices} prices: {verdict}"
    "{without}; {probability}, and the answer rests most on {biggest}."
)
VERDICT_ABOVE: Final = "{ratio} of value, not cash, for each £1 spent (from {ratio_low} to {ratio_high})"
VERDICT_BELOW: Final = "less than was spent, {ratio} of value for each £1 (from {ratio_low} to {ratio_high})"
VERDICT_OPEN: Final = (
    "the data do not settle whether the value exceeds the cost ({ratio} for each £1, from {ratio_low} to {ratio_high})"
)
OPEN: Final = (
    "The data do not settle whether offences were averted: anything from {averted_low} to {averted_high}, valued from "
    "{benefit_low} to {benefit_high}{view}{steps}, against a cost of {cost} for {kinds}, in {prices} prices; {verdict}"
    "; {probability} ({chance} by chance alone, were the effect none), and the answer rests most on {biggest}."
)
OPEN_BOTH: Final = (
    "this shows neither that the money was repaid nor that it was not ({ratio_low} to {ratio_high} for each £1"
    "{without}), and more people would be needed"
)
OPEN_ABOVE: Final = (
    "but the value is above the cost ({ratio_low} to {ratio_high} for each £1{without}), because offences that cost "
    "more were averted"
)
OPEN_BELOW: Final = "even the upper end is below the cost ({ratio_low} to {ratio_high} for each £1{without})"
ADDED: Final = (
    "The data point to more offences, not fewer: {averted_high} to {averted_low}, at a cost of crime from "
    "{benefit_high} to {benefit_low}{view}{steps}, on top of a cost of {cost} for {kinds}, in {prices} prices; "
    "{probability}, and the answer rests most on {biggest}."
)
ADDED_OPEN: Final = (
    "The data point to more offences, not fewer: {averted_high} to {averted_low}, but of kinds that cost so "
    "differently that those averted are valued from {benefit_low} to {benefit_high}{view}{steps}, against a cost of "
    "{cost} for {kinds}, in {prices} prices; {verdict}; {probability}, and the answer rests most on {biggest}."
)
UNVALUED: Final = (
    "None of the offences in the mix has a unit cost, so no value can be put on them; the cost was {cost} for {kinds}, "
    "in {prices} prices."
)
WITHOUT: Final = ", or {ratio} (from {ratio_low} to {ratio_high}) without {what}"
WITHOUT_MULTIPLIERS: Final = "the multipliers"
WITHOUT_YEARS: Final = "the later years"
PROBABILITY: Final = "the value exceeds the cost in {share} of the draws"
IN_ALL: Final = "the value exceeds the cost in all {draws} draws"
IN_NONE: Final = "the value exceeds the cost in none of the {draws} draws"
KNOWN_ABOVE: Final = "every input is taken as known, and the value exceeds the cost"
KNOWN_BELOW: Final = "every input is taken as known, and the value does not exceed the cost"
FISCAL: Final = " to the public bodies that respond to crime"
FISCAL_ELSEWHERE: Final = " to public bodies"
ECONOMIC: Final = " to the economy, harm to victims left out"
MORE: Final = "{count} more {offences}"
FEWER: Final = "{count} fewer {offences}"
OTHER: Final = "other things"
NOBODY: Final = "no more and no fewer offences"

TEMPLATES: Final = tuple(text for name, text in list(globals().items()) if name.isupper() and isinstance(text, str))
VIEWS: Final = {"fiscal": FISCAL, "economic": ECONOMIC, "social": ""}


def headline(roi: ReturnOnInvestment) -> str:
    """Return the sentence."""
    figures = _figures(roi)
    if not (roi.worth.perspectives[roi.perspective] > 0).any():
        return UNVALUED.format(**figures)
    figures["biggest"] = roi.biggest_assumption
    figures["probability"] = _probability(roi)
    figures["view"] = VIEWS[roi.perspective]
    if roi.perspective == "fiscal" and roi.worth.fiscal_elsewhere:
        figures["view"] = FISCAL_ELSEWHERE
    steps = in_headline(roi.central, roi.switched, roi.linked)
    figures["steps"] = f", {', '.join(steps)}," if steps and roi.settled else "".join(f", {step}" for step in steps)
    figures["without"] = _without(roi)
    if roi.settled:
        return AVERTED.format(**figures, verdict=_verdict(roi).format(**figures))
    figures["averted_low"] = _more_or_fewer(roi.offences_averted_low)
    figures["averted_high"] = _more_or_fewer(roi.offences_averted_high)
    verdict = _open_verdict(roi).format(**figures)
    if roi.offences_averted_high < 0:
        if roi.benefit_high > 0:
            return ADDED_OPEN.format(**figures, verdict=verdict)
        turned = {name: format_money(-getattr(roi, name)) for name in ("benefit_low", "benefit_high")}
        return ADDED.format(**{**figures, **turned})
    return OPEN.format(**figures, verdict=verdict, chance=share_of_draws(roi.probability_if_none))


def _figures(roi: ReturnOnInvestment) -> dict[str, str]:
    money = ("benefit", "benefit_low", "benefit_high", "cost")
    counts = ("", "_low", "_high")
    return {
        **{name: format_money(getattr(roi, name)) for name in money},
        **{f"averted{end}": format_count(getattr(roi, f"offences_averted{end}")) for end in counts},
        **{f"ratio{end}": format_money(getattr(roi, f"benefit_cost_ratio{end}"), 2) for end in counts},
        "prices": year_in_words(roi.price_year),
        "kinds": and_join([OTHER if kind == "other" else kind for kind in roi.against]),
    }


def _verdict(roi: ReturnOnInvestment) -> str:
    if roi.benefit_cost_ratio_low > 1:
        return VERDICT_ABOVE
    return VERDICT_BELOW if roi.benefit_cost_ratio_high < 1 else VERDICT_OPEN


def _open_verdict(roi: ReturnOnInvestment) -> str:
    """Where the kinds of offence are estimated one by one, the value may be settled and the number not."""
    if roi.net_present_value_low > 0:
        return OPEN_ABOVE
    return OPEN_BELOW if roi.net_present_value_high < 0 else OPEN_BOTH


def _without(roi: ReturnOnInvestment) -> str:
    """The ratio without the steps that raise it, wherever one of them is on."""
    if not roi.switched.uplift:
        return ""
    both = [WITHOUT_MULTIPLIERS] if roi.switched.multipliers else []
    both += [WITHOUT_YEARS] if roi.switched.years else []
    ends = {f"ratio{end}": getattr(roi, f"ratio_without_uplift{end}") for end in ("", "_low", "_high")}
    shown = {name: format_money(value, 2) for name, value in ends.items()}
    return WITHOUT.format(**shown, what=" and ".join(both))


def _more_or_fewer(averted: float) -> str:
    count = format_count(abs(averted))
    if count == "0":
        return NOBODY
    return (FEWER if averted > 0 else MORE).format(count=count, offences="offence" if count == "1" else "offences")


def _probability(roi: ReturnOnInvestment) -> str:
    if not roi.central.uncertain() and not roi.central.uncertain_vectors():
        return KNOWN_ABOVE if roi.net_present_value > 0 else KNOWN_BELOW
    draws = format_count(roi.draws)
    if roi.probability in (0.0, 1.0):
        return (IN_ALL if roi.probability else IN_NONE).format(draws=draws)
    return PROBABILITY.format(share=share_of_draws(roi.probability))


def share_of_draws(share: float) -> str:
    """Show a share of draws in whole per cent, never all or none by rounding.

    Examples
    --------
    >>> share_of_draws(0.9736), share_of_draws(0.9999), share_of_draws(0.0)
    ('97%', 'more than 99%', 'none')
    """
    if math.isnan(share) or 0.01 <= share <= 0.99:
        return format_percent(share, 0)
    if share in (0.0, 1.0):
        return "all" if share else "none"
    return "more than 99%" if share > 0.5 else "less than 1%"
