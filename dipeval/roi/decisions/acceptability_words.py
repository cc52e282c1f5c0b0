"""What an acceptability curve says in words; all wording is in the constants of this module, where a test reads it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.presenting import Summary, and_join, format_count, format_money
from dipeval.roi.costs_of_crime.prices import year_in_words
from dipeval.roi.headline import share_of_draws
from dipeval.roi.input_names import label_of as input_label

if TYPE_CHECKING:
    from dipeval.roi.decisions.acceptability import AcceptabilityCurve

TITLE: Final = "What an offence averted would have to be worth"
EACH: Final[Mapping[str, str]] = {
    "offence": "proven offence averted",
    "actual_offence": "offence averted, proven or not",
}

AT_LEAST_HALF: Final = (
    "At {half} or more for each {each}, the programme is worth its cost in at least half of the draws{nearly}, in "
    "{prices} prices; {beyond}."
)
NEARLY: Final = ", and at {nearly} or more in at least 95% of them"
BEYOND: Final = "however much is paid, it is so only in the draws with fewer offences, {limit} of all {draws}"
IN_ALL: Final = "all {draws} draws have fewer offences"
OPEN: Final = (
    "The data do not settle whether offences were averted: however much is paid for each {each}, the programme is "
    "worth its cost only in the draws with fewer offences, {limit} of all {draws} ({chance} were the effect none, by "
    "chance alone){half}."
)
OPEN_HALF: Final = ", and in half of the draws only at {half} or more, in {prices} prices"
MORE: Final = (
    "The data point to more offences, not fewer: however much is paid for each {each}, the programme is worth its cost "
    "only in the draws with fewer offences, {limit} of all {draws}."
)
KNOWN: Final = (
    "Every input is taken as known: the programme is worth its cost if more than {half} is paid for each {each}, in "
    "{prices} prices."
)
KNOWN_NEVER: Final = (
    "Every input is taken as known, and there are no fewer offences: no payment for each {each} makes the programme "
    "worth its cost."
)

NEVER: Final = "not reached, however much is paid"
NOT_KNOWN: Final = "not known"
POINT_UNITS: Final[Mapping[str, str]] = {
    "threshold_50": "GBP per offence",
    "threshold_95": "GBP per offence",
    "threshold_expected": "GBP per offence",
    "value_per_offence": "GBP per offence",
    "limit": "share",
    "limit_if_none": "share",
    "probability": "share",
    "probability_if_none": "share",
    "evpi": "GBP",
    "evpi_per_person": "GBP",
}
_POINTS: Final[Mapping[str, str]] = {
    "threshold_50": "Paid for each {each}: worth its cost in half of the draws from",
    "threshold_95": "The same in 95% of the draws, from",
    "threshold_expected": "On average over the draws worth its cost from",
    "value_per_offence": "What the unit costs of crime put on one ({perspective})",
    "limit": "Draws with fewer offences: no payment goes beyond",
    "limit_if_none": "The same by chance alone, were the effect none",
    "probability": "Draws worth their cost at the unit costs",
    "probability_if_none": "The same by chance alone, were the effect none, at the unit costs",
    "evpi": "What knowing every input exactly would be worth, at the unit costs",
    "evpi_per_person": "The same per person",
}
QUADRANTS: Final[Mapping[tuple[str, str], str]] = {
    ("fewer", "more"): "Fewer offences, at a cost",
    ("fewer", "less"): "Fewer offences, and money left over",
    ("not fewer", "more"): "As many offences or more, at a cost",
    ("not fewer", "less"): "As many offences or more, and money left over",
}

NOTE_WORTH: Final = (
    "A draw is worth its cost at a payment if the payment times the offences averted exceeds the cost: {cost} for "
    "{kinds}, for {people} people. Draws with more offences stay in, and no payment makes them worth it."
)
NOTE_COST: Final = (
    "What responding to crime costs public bodies is not taken off the spending, for it is not cash that any budget "
    "gets back: every draw costs money."
)
NOTE_ALIKE: Final = (
    "Every offence counts alike here, a shop theft as much as a robbery, and no unit cost of crime is used: what one "
    "is worth is for whoever pays to say."
)
NOTE_PROVEN: Final = (
    "Offences are proven ones within the follow-up, whatever multipliers or later years are switched on."
)
NOTE_ACTUAL: Final = (
    "Offences are counted after every step that is switched on (multipliers, years beyond the follow-up): what is not "
    "settled about those steps is not settled about this curve."
)
NOTE_DISCOUNTED: Final = "Offences of later years count for less, discounted as their value is."
NOTE_DRAWS: Final = (
    "Shares are of {draws} draws (seed {seed}), in which these vary: {inputs}. Draws know nothing of bias in the "
    "effect."
)
NOTE_CHANCE: Final = (
    "Were the effect exactly none, an estimate as uncertain as this one would show fewer offences in {chance} of the "
    "draws: a curve that levels off near there shows nothing."
)
NOTE_AT: Final = (
    "The unit costs of crime put {value} on one such offence of this mix ({perspective} perspective); there the value "
    "exceeds the cost in this share of the draws: {share}."
)
NOTE_EVPI: Final = (
    "To know every uncertain input exactly before deciding would be worth {evpi} at the unit costs of crime "
    "({perspective} perspective), {each} a person: the most that further research could be worth to a decision about "
    "as many people. It is small where the draws point one way, which is not the same as being right."
)
NOTE_NO_VALUE: Final = "No offence in the mix has a unit cost: what further research would be worth is not known."
NOTE_NOTHING_TO_KNOW: Final = (
    "With every input taken as known there is nothing that research could add: that is how the sum was set up, and not "
    "a finding."
)
NOTE_ESTIMAND: Final = "What the effect is about: {estimand}."

TEMPLATES: Final = tuple(
    text
    for name, value in list(globals().items())
    if name.strip("_").isupper()
    for text in ([value] if isinstance(value, str) else value.values() if isinstance(value, dict) else [])
)


def inputs_in_words(names: Iterable[str]) -> tuple[str, ...]:
    """Return the inputs that are drawn, in words."""
    return tuple(input_label(name).lower() for name in names)


def label_of(term: str, curve: AcceptabilityCurve) -> str:
    """Return the words for what is read off the curve."""
    return _POINTS[term].format(each=EACH[curve.per], perspective=curve.perspective)


def pounds(value: float) -> str:
    """Return pounds with three figures, which is as much as draws bear out; pence where they tell.

    Examples
    --------
    >>> pounds(1234.5), pounds(3.456), pounds(0.0)
    ('£1,230', '£3.46', '£0')
    """
    shown = float(f"{value:.3g}") if math.isfinite(value) else value
    return format_money(shown, 0 if abs(shown) >= 10 or shown == 0 else 2)


def summary_of(curve: AcceptabilityCurve) -> Summary:
    """Return the summary."""
    rows = [(row["label"], _shown(row["term"], row["estimate"])) for row in curve.points().to_dict("records")]
    table = pd.DataFrame(rows, columns=["Figure", "Value"])
    return Summary(title=TITLE, headline=headline_of(curve), table=table, notes=_notes(curve))


def headline_of(curve: AcceptabilityCurve) -> str:
    """Return the one sentence: what the data do not settle first."""
    shown = {
        "each": EACH[curve.per],
        "half": pounds(curve.threshold_50),
        "nearly": pounds(curve.threshold_95),
        "prices": year_in_words(curve.price_year),
        "limit": share_of_draws(curve.limit),
        "chance": share_of_draws(curve.limit_if_none),
        "draws": format_count(curve.draws),
    }
    ever = not math.isnan(curve.threshold_50)
    if curve.known:
        return (KNOWN if ever else KNOWN_NEVER).format(**shown)
    if curve.settled:
        nearly = "" if math.isnan(curve.threshold_95) else NEARLY.format(**shown)
        beyond = (IN_ALL if curve.limit == 1 else BEYOND).format(**shown)
        return AT_LEAST_HALF.format(**{**shown, "nearly": nearly, "beyond": beyond})
    if curve.offences_averted_high < 0:
        return MORE.format(**shown)
    return OPEN.format(**{**shown, "half": OPEN_HALF.format(**shown) if ever else ""})


def _shown(term: str, value: float) -> str:
    if math.isnan(value):
        return NEVER if term.startswith("threshold") else NOT_KNOWN
    if POINT_UNITS[term] == "share":
        return share_of_draws(value)
    return format_money(value) if term == "value_per_offence" else pounds(value)


def _notes(curve: AcceptabilityCurve) -> tuple[str, ...]:
    kinds = and_join(["other things" if kind == "other" else kind for kind in curve.against])
    worth = NOTE_WORTH.format(cost=format_money(curve.cost), kinds=kinds, people=format_count(curve.people))
    lines = [NOTE_ESTIMAND.format(estimand=curve.estimand.rstrip(".")), worth, NOTE_COST, NOTE_ALIKE]
    lines.append(NOTE_PROVEN if curve.per == "offence" else NOTE_ACTUAL)
    if curve.discounted:
        lines.append(NOTE_DISCOUNTED)
    if not curve.known:
        inputs = "; ".join(curve.uncertain)
        lines.append(NOTE_DRAWS.format(draws=format_count(curve.draws), seed=curve.seed, inputs=inputs))
        lines.append(NOTE_CHANCE.format(chance=share_of_draws(curve.limit_if_none)))
    return (*lines, *_at_unit_costs(curve))


def _at_unit_costs(curve: AcceptabilityCurve) -> list[str]:
    if math.isnan(curve.evpi):
        return [NOTE_NO_VALUE]
    if curve.known:
        return [NOTE_NOTHING_TO_KNOW]
    lines = []
    if not math.isnan(curve.value_per_offence):
        share, value = share_of_draws(curve.probability), format_money(curve.value_per_offence)
        lines.append(NOTE_AT.format(value=value, perspective=curve.perspective, share=share))
    each = pounds(curve.evpi_per_person)
    return [*lines, NOTE_EVPI.format(evpi=pounds(curve.evpi), perspective=curve.perspective, each=each)]
