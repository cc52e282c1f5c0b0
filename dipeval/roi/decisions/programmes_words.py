"""What a comparison of programmes says, and what must not be done with it.

All wording is in the constants of this module, where a test reads it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.presenting import Summary, and_join, format_money, format_number, format_percent
from dipeval.roi.costs_of_crime.prices import year_in_words
from dipeval.roi.headline import share_of_draws

if TYPE_CHECKING:
    from dipeval.roi.decisions.programmes import ProgrammeComparison

TITLE: Final = "Several programmes on one scale"
# How many pairs a sentence can hold.
MOST_NAMED: Final = 4

OPEN: Final = "The data do not settle whether {names} averted offences. "
NOT_APART: Final = (
    "The data do not tell {one} and {other} apart in value less cost: {one} less {other} comes to {value} a person, "
    "anything from {low} to {high}, in {prices} prices."
)
APART: Final = (
    "Value less cost is {value} a person more in {one} than in {other} (from {low} to {high}, in {prices} prices), "
    "each among its own people: that is not what either would do for the people of the other."
)
NONE_APART: Final = (
    "The data tell none of the {pairs} pairs of these {count} programmes apart in value less cost a person; were all "
    "of them alike, the one that looks best would still look {chance} a person better than it is, by chance alone."
)
SOME_APART: Final = (
    "Of the {pairs} pairs of these {count} programmes the data tell {apart} apart in value less cost a person ({named})"
    ", each among its own people; the other {left} cannot be told apart."
)
ALL_APART: Final = (
    "The data tell all {pairs} pairs of these {count} programmes apart in value less cost a person ({named}), each "
    "among its own people."
)
PAIR: Final = "{one} above {other}"
MORE_PAIRS: Final = "and {count} more"

NOTE_NO_TABLE: Final = (
    "The programmes stand in alphabetical order. This is no league table: a place in it is mostly chance where "
    "intervals overlap, and no reason to move money or people from one programme to another."
)
NOTE_PEOPLE: Final = (
    "Each effect is about the people of its own programme, who are not the same kind of people in all. A programme for "
    "people who commit many or dear offences has more to avert; another would not do the same for them."
)
NOTE_BEST: Final = (
    "Whichever looks best looks better than it is: were all of them alike in value less cost, chance alone would put "
    "the highest of these {count} on average {chance} a person above the truth. Expect it to look less good next time, "
    "and the lowest less bad, with nothing changed."
)
NOTE_BEST_NONE: Final = (
    "Nothing was let vary, so what chance alone would make of the highest of these {count} is not known; it is never "
    "nothing."
)
NOTE_ABSENT: Final = (
    "Programmes that were never evaluated, or whose figures were not good news, are not here: what is here need not be "
    "typical."
)
NOTE_AVERAGE: Final = (
    "Costs are what those treated so far cost on average, not what one more person, or another place, would cost."
)
NOTE_SCALE: Final = (
    "One scale: {prices} prices, {perspective} perspective, follow-up of {days} days, discount rate {rate}, {level}% "
    "intervals, the same unit costs and the same steps for all{anticipation}. Each is discounted to its own first year "
    "of spending."
)
WITH: Final = ", costs in anticipation of crime included"
WITHOUT: Final = ", costs in anticipation of crime left out"
NOTE_DEFLATED: Final = "Brought from other years' prices with the GDP deflator: {names}."
NOTE_PAIR: Final = "The interval of the difference is that of two independent estimates."
NOTE_PAIRS: Final = (
    "The intervals of the {pairs} differences are widened so that all those of one figure hold together at {level}% "
    "(Bonferroni); two intervals of single programmes that overlap a little can still be told apart."
)
NOTE_INDEPENDENT: Final = (
    "The estimates are taken as independent: if people, or the people compared with, are in more than one of the "
    "studies, the differences are more or less sure than shown. Do not compare such programmes here."
)
NOTE_SHARED: Final = (
    "What is one figure for all programmes (unit costs of crime, multipliers) turns out the same for each in a draw: "
    "it is no reason why they should differ."
)
NOTE_BIAS: Final = (
    "No interval holds bias: differences between studies in who was compared with whom are not differences between "
    "programmes."
)
NOTE_RATIO: Final = "A ratio says nothing of size: a small programme can have a high one and avert little."
NOTE_UNLIKE: Final = "Not the same in all: {label} ({values})."
NOTE_VARIES: Final = "An interval may be narrower only because less was let vary."
NOTE_VALUE: Final = {
    "fiscal": "The value is what responding to crime costs public bodies; it is not cash that any budget gets back.",
    "economic": "The value is the cost of crime that is money; it is not cash that any budget gets back.",
    "social": (
        "The value is the cost of crime to society, much of it harm to victims; it is not cash that any budget gets "
        "back."
    ),
}
NOTE_ESTIMAND: Final = "What the effect of {name} is about: {estimand}."

TERMS: Final[Mapping[str, str]] = {
    "averted_per_100": "Proven offences averted per 100 people",
    "cost_per_person": "Cost per person",
    "benefit_per_person": "Value per person",
    "net_per_person": "Value less cost per person",
    "benefit_cost_ratio": "Value per £1 of cost",
    "break_even_per_100": "Offences per 100 people to avert to break even",
    "cost_per_offence_averted": "Cost per proven offence averted",
    "probability": "Draws in which value exceeds cost",
    "probability_if_none": "The same by chance alone, were the effect none",
    "probability_averted": "Draws with fewer offences",
}
HEADINGS: Final = (
    "averted_per_100",
    "cost_per_person",
    "net_per_person",
    "benefit_cost_ratio",
    "probability",
    "probability_if_none",
)
TEMPLATES: Final = tuple(
    text
    for name, value in list(globals().items())
    if name.isupper()
    for text in ([value] if isinstance(value, str) else value.values() if isinstance(value, dict) else [])
)


def summary_of(found: ProgrammeComparison) -> Summary:
    """Return the summary."""
    return Summary(
        title=TITLE,
        headline=headline_of(found),
        table=table_of(found),
        notes=(*notes_of(found), *estimands_of(found)),
    )


def headline_of(found: ProgrammeComparison) -> str:
    """Return what the data settle and what they do not; whose offences are in doubt comes first."""
    doubtful = [name for name in found.programmes if not found.settled[name]]
    first = OPEN.format(names=_either(doubtful)) if doubtful else ""
    rows = differences_shown(found)
    rows = rows[rows["term"] == "net_per_person"]
    facts: dict[str, Any] = {
        "pairs": len(rows),
        "count": len(found.programmes),
        "chance": pounds(found.best_by_chance),
        "prices": year_in_words(found.price_year),
    }
    if len(rows) == 1:
        return first + _one_pair(rows.to_dict("records")[0], facts)
    apart = rows[rows["told_apart"]]
    facts |= {"apart": len(apart), "left": len(rows) - len(apart), "named": _named(apart)}
    if apart.empty:
        return first + NONE_APART.format(**facts)
    return first + (ALL_APART if len(apart) == len(rows) else SOME_APART).format(**facts)


def _one_pair(row: Mapping[Any, Any], facts: Mapping[str, Any]) -> str:
    ends = [row[end] if row[end] == row[end] else row["estimate"] for end in ("conf_low", "conf_high")]
    words = {"one": row["programme"], "other": row["other"], "value": row["estimate"]}
    if row["told_apart"] and row["estimate"] < 0:
        words = {"one": row["other"], "other": row["programme"], "value": -row["estimate"]}
        ends = [-ends[1], -ends[0]]
    shown = {"value": pounds(words.pop("value")), "low": pounds(ends[0]), "high": pounds(ends[1])}
    return (APART if row["told_apart"] else NOT_APART).format(**words, **shown, **facts)


def differences_shown(found: ProgrammeComparison) -> pd.DataFrame:
    """Return the differences, those in pounds no finer than the two figures that they stand between are shown."""
    frame = found.differences()
    own = {(row["programme"], row["term"]): row["estimate"] for row in found.to_frame().to_dict("records")}
    for place, row in enumerate(frame.to_dict("records")):
        if str(row["unit"]).startswith("GBP per person"):
            step = max(_last_figure(own[name, row["term"]]) for name in (row["programme"], row["other"]))
            for end in ("estimate", "conf_low", "conf_high"):
                frame.loc[place, end] = row[end] if math.isnan(row[end]) else step * round(row[end] / step)
    return frame


def _last_figure(value: float) -> float:
    """What the last of three significant figures stands for."""
    return 10.0 ** (math.floor(math.log10(abs(value))) - 2) if value else 1.0


def _named(apart: pd.DataFrame) -> str:
    pairs = []
    for row in apart.to_dict("records"):
        names = (row["programme"], row["other"])
        one, other = names if row["estimate"] > 0 else names[::-1]
        pairs.append(PAIR.format(one=one, other=other))
    more = [MORE_PAIRS.format(count=len(pairs) - MOST_NAMED)] if len(pairs) > MOST_NAMED else []
    return ", ".join([*pairs[:MOST_NAMED], *more])


def _either(names: Iterable[str]) -> str:
    found = list(names)
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} or {found[-1]}"


def table_of(found: ProgrammeComparison) -> pd.DataFrame:
    """Return one row a programme, figures with their intervals."""
    known = {(row["programme"], row["term"]): row for row in found.to_frame().to_dict("records")}
    rows = []
    for name in found.programmes:
        cells = {TERMS[term]: figure(term, known[name, term]) for term in HEADINGS}
        rows.append({"Programme": name, **cells})
    return pd.DataFrame(rows)


def figure(term: str, row: Mapping[Any, Any], *, whole: bool = False) -> str:
    """Return a figure with its interval as text; `whole` shows counts of offences without decimals."""
    value = one_figure(term, row["estimate"], whole=whole)
    if math.isnan(row["conf_low"]):
        return value
    low, high = (one_figure(term, row[end], whole=whole) for end in ("conf_low", "conf_high"))
    return f"{value} ({low} to {high})"


def one_figure(term: str, value: float, *, whole: bool = False) -> str:
    """Return one figure as text."""
    if term.startswith("probability"):
        return share_of_draws(value)
    if term.endswith("_per_100"):
        return format_number(value, 0 if whole else 1)
    return format_money(value, 2) if term == "benefit_cost_ratio" else pounds(value)


def pounds(value: float) -> str:
    """Return pounds with three figures, which is as much as draws bear out.

    Examples
    --------
    >>> pounds(1234.5), pounds(-0.2)
    ('£1,230', '£0')
    """
    return format_money(float(f"{value:.3g}") if math.isfinite(value) else value)


def notes_of(found: ProgrammeComparison) -> tuple[str, ...]:
    """Return what must not be done with it, and what it rests on; whom the effects are about comes apart."""
    count, pairs = len(found.programmes), len(found.programmes) * (len(found.programmes) - 1) // 2
    best = NOTE_BEST if found.best_by_chance > 0 else NOTE_BEST_NONE
    lines = [NOTE_NO_TABLE, NOTE_PEOPLE, best.format(count=count, chance=pounds(found.best_by_chance)), NOTE_ABSENT]
    lines += [_scale(found)]
    if found.converted:
        lines.append(NOTE_DEFLATED.format(names=and_join(found.converted)))
    lines.append(NOTE_PAIR if pairs == 1 else NOTE_PAIRS.format(pairs=pairs, level=f"{100 * found.level:g}"))
    lines += [NOTE_INDEPENDENT, *([NOTE_SHARED] if found.shared else []), NOTE_BIAS, *_unlike(found)]
    return (*lines, NOTE_AVERAGE, NOTE_RATIO, NOTE_VALUE[found.perspective])


def _scale(found: ProgrammeComparison) -> str:
    anticipation = (WITH if found.include_anticipation else WITHOUT) if found.perspective == "social" else ""
    return NOTE_SCALE.format(
        prices=year_in_words(found.price_year),
        perspective=found.perspective,
        days=found.follow_up_days,
        rate=format_percent(found.discount_rate),
        level=f"{100 * found.level:g}",
        anticipation=anticipation,
    )


def _unlike(found: ProgrammeComparison) -> list[str]:
    lines, frame = [], found.unlike()
    for words, rows in frame.groupby("label", sort=False):
        values = "; ".join(f"{row['programme']}: {row['value']}" for row in rows.to_dict("records"))
        label = str(words)
        lines.append(NOTE_UNLIKE.format(label=label[:1].lower() + label[1:], values=values))
        if (rows["aspect"] == "varies").any():
            lines.append(NOTE_VARIES)
    return lines


def estimands_of(found: ProgrammeComparison) -> tuple[str, ...]:
    """Return whom each effect is about."""
    return tuple(
        NOTE_ESTIMAND.format(name=name, estimand=found.estimands[name].rstrip(".")) for name in found.programmes
    )
