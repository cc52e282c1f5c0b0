"""Whether programmes stand on one scale: what has to be the same for all of them, and what only has to be said."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.presenting import and_join, format_money, format_number, format_percent
from dipeval.roi.costs_of_crime.prices import first_year, year_in_words
from dipeval.roi.drawing import ONE
from dipeval.roi.input_names import LABELS, MULTIPLIER, label_of
from dipeval.roi.steps import years_in_words
from dipeval.roi.uncertain import Uncertain
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from dipeval.roi.costs_of_crime.prices import Deflator
    from dipeval.roi.result import ReturnOnInvestment

# By aspect: what each programme has there, in words.
Said = Mapping[str, str]
Programmes = Mapping[str, "ReturnOnInvestment"]

FEWEST, MOST = 2, 8
# What one offence is worth, and what a count stands for, cannot differ between programmes on one scale.
SHARED: Final = ("recorded_per_proven", "unit_cost_factor", "optimism_bias", "drop_off")
# Pounds of the same table brought to the same year by two ways differ by rounding alone.
SAME: Final = 1e-6

REFUSAL: Final = (
    "The programmes do not stand on one scale, so they cannot be compared. What differs: {differences}. Work the "
    "returns out again with the same choice for all."
)
UNLIKE_COLUMNS: Final = ("aspect", "label", "programme", "value")
UNLIKE: Final[Mapping[str, str]] = {
    "effect_of": "What the effect is one of",
    "against": "Spending set against the value",
    "spending_years": "Years of the spending",
    "kinds": "How the kinds of offence averted were found",
    "value_per_offence": "Value of one offence of those averted",
    "unpriced": "Offences valued at nothing",
    "varies": "What was let vary",
    "attribution": "Share of the effect counted as the programme's",
    "linked": "Linkage error",
    "scaled": "People who were not analysed",
}


def check_programmes(programmes: object) -> dict[str, ReturnOnInvestment]:
    """Return the programmes in alphabetical order, or say what is wrong with them."""
    from dipeval.roi.result import ReturnOnInvestment

    if not isinstance(programmes, Mapping):
        raise InputError(
            "Programmes are given as a mapping from each one's name to its return on investment: "
            f"{{'Leeds': roi, 'Bradford': other}}; got a {type(programmes).__name__}."
        )
    if not FEWEST <= len(programmes) <= MOST:
        raise InputError(
            f"A comparison needs from {FEWEST} to {MOST} programmes (more pairs than that cannot be kept apart from "
            f"chance); got {len(programmes)}."
        )
    names = [str(name).strip().casefold() if isinstance(name, str) else "" for name in programmes]
    if not all(names) or len(set(names)) < len(names):
        raise InputError("Each programme needs a name of its own, in letters; one is empty, or two are the same.")
    wrong = sorted({type(roi).__name__ for roi in programmes.values() if not isinstance(roi, ReturnOnInvestment)})
    if wrong:
        raise InputError(
            "Programmes are compared by what return_on_investment gives (of a study: result.roi); found: "
            f"{', '.join(wrong)}."
        )
    if len({id(roi) for roi in programmes.values()}) < len(programmes):
        raise InputError("The same return on investment stands under two names; give each programme its own.")
    return {name.strip(): programmes[name] for name in sorted(programmes, key=lambda one: (one.casefold(), one))}


def check_scale(programmes: Programmes, prices: Deflator) -> None:
    """Refuse programmes that differ in what makes the scale, every difference in one sentence."""
    found = [
        f"{what} ({_who(values)})" for what, values in _aspects(programmes, prices) if len(set(values.values())) > 1
    ]
    if found:
        raise InputError(REFUSAL.format(differences="; ".join(found)))


def _who(values: Said) -> str:
    """``365 days for A and B, 730 days for C``."""
    each: dict[str, list[str]] = {}
    for name, value in values.items():
        each.setdefault(value, []).append(name)
    return ", ".join(f"{value} for {and_join(names)}" for value, names in each.items())


def _aspects(programmes: Programmes, prices: Deflator) -> Iterator[tuple[str, Said]]:
    plain: dict[str, Callable[[ReturnOnInvestment], str]] = {
        "the perspective": lambda roi: roi.perspective,
        "the follow-up": lambda roi: f"{roi.follow_up_days} days",
        "the discount rate": lambda roi: f"{100 * roi.discount_rate:g}%",
        "the level of the intervals": lambda roi: f"{100 * roi.level:g}%",
        "years beyond the follow-up": lambda roi: years_in_words(roi.switched.years) if roi.switched.years else "none",
    }
    for what, of in plain.items():
        yield what, {name: of(roi) for name, roi in programmes.items()}
    if all(roi.perspective == "social" for roi in programmes.values()):
        yield (
            "costs in anticipation of crime",
            {name: "in" if roi.include_anticipation else "out" for name, roi in programmes.items()},
        )
    for step in SHARED:
        figures = {name: _in_words(roi.central.figures().get(step)) for name, roi in programmes.items()}
        if step != "drop_off" or "none" not in figures.values():
            yield LABELS[step][:1].lower() + LABELS[step][1:], figures
    yield "actual crimes for each recorded one", _multipliers(programmes)
    if len({roi.perspective for roi in programmes.values()}) == 1:
        yield "the unit costs of crime", _worth(programmes, prices)
    yield from _spending(programmes)


def _in_words(figure: Uncertain | None) -> str:
    if figure is None:
        return "none"
    if figure.is_fixed:
        return f"{figure.value:g}"
    return f"{figure.value:g} from {figure.low:g} to {figure.high:g}, {figure.family}"


def _multipliers(programmes: Programmes) -> Said:
    """On or off; and where on, whether the offence groups that several have, have the same figures."""
    given = {name: _by_group(roi) for name, roi in programmes.items()}
    on = {name: any(_known(one) != _known(ONE) for one in figures.values()) for name, figures in given.items()}
    clash = _first_clash({name: {g: _in_words(one) for g, one in rows.items()} for name, rows in given.items()})
    if all(on.values()) and clash is not None:
        group, values = clash
        return {name: f"{value} for {label(group).lower()}" for name, value in values.items()}
    return {name: "on" if switched else "off" for name, switched in on.items()}


def _by_group(roi: ReturnOnInvestment) -> dict[str, Uncertain]:
    figures = roi.central.actual_per_recorded
    return dict(zip(roi.central.groups, figures, strict=True)) if figures else {}


def _known(figure: Uncertain) -> tuple[float, float, float]:
    return figure.value, figure.low, figure.high


def _first_clash(given: Mapping[str, Mapping[str, str]]) -> tuple[str, dict[str, str]] | None:
    """The first group, in the alphabet, for which those that have it do not agree."""
    for group in sorted({group for rows in given.values() for group in rows}):
        values = {name: rows[group] for name, rows in given.items() if group in rows}
        if len(set(values.values())) > 1:
            return group, values
    return None


def _worth(programmes: Programmes, prices: Deflator) -> Said:
    """What a group is worth to each that has it, in the same year's pounds; without such a group, the sources."""
    pounds: dict[str, dict[str, float]] = {}
    in_all = len({roi.include_anticipation for roi in programmes.values()}) == 1
    for name, roi in programmes.items():
        # Whether anticipation counts is a difference of its own, and not one of the tables.
        worth = roi.worth.perspectives[roi.perspective] if in_all else roi.worth.social_with
        each = worth * prices.factor(roi.price_year)
        pounds[name] = dict(zip(roi.worth.groups, each.tolist(), strict=True))
    for group in sorted({group for rows in pounds.values() for group in rows}):
        values = {name: rows[group] for name, rows in pounds.items() if group in rows}
        if len(values) > 1 and not np.allclose(list(values.values()), next(iter(values.values())), rtol=SAME, atol=0):
            return {name: f"{format_money(value, 2)} for {label(group).lower()}" for name, value in values.items()}
    if _have_one_in_common(programmes):
        return dict.fromkeys(programmes, "the same")
    return {name: _sources(roi) for name, roi in programmes.items()}


def _have_one_in_common(programmes: Programmes) -> bool:
    """Whether every programme is tied to the others by offence groups that it shares with one of them."""
    left = [set(roi.worth.groups) - set(roi.unpriced) for roi in programmes.values()]
    tied = left.pop(0)
    while near := next((groups for groups in left if groups & tied), None):
        tied |= near
        left.remove(near)
    return not left


def _sources(roi: ReturnOnInvestment) -> str:
    parts = roi.worth.parts()
    rows = parts[parts["unit_cost"].notna()]
    known = zip(rows["source"].fillna("").astype(str), rows["price_year"], strict=True)
    said = {
        f"{source.partition(' (')[0] or 'a table'} in prices of {year_in_words(first_year(year, 'price_year'))}"
        for source, year in known
    }
    return "; ".join(sorted(said)) or "none"


def _spending(programmes: Programmes) -> Iterator[tuple[str, Said]]:
    """Effects of one kind have to be set against the same kinds of spending."""
    for kind in sorted({roi.effect_of for roi in programmes.values()}):
        alike = {name: roi for name, roi in programmes.items() if roi.effect_of == kind}
        yield f"spending set against an effect of {kind}", {n: and_join(roi.spent_on) for n, roi in alike.items()}


def unlike(programmes: Programmes, factors: Mapping[str, float]) -> pd.DataFrame:
    """Return what differs between the programmes and is no matter of the scale, one row a programme and aspect."""
    rows = []
    for aspect, words in UNLIKE.items():
        values = {name: _SAY[aspect](roi, factors[name]) for name, roi in programmes.items()}
        if len(set(values.values())) > 1:
            rows += [(aspect, words, name, value) for name, value in values.items()]
    return pd.DataFrame(rows, columns=list(UNLIKE_COLUMNS))


def _years(roi: ReturnOnInvestment, _: float) -> str:
    first, last = year_in_words(roi.spending_years[0]), year_in_words(roi.spending_years[-1])
    return first if first == last else f"{first} to {last}"


def _varies(roi: ReturnOnInvestment, _: float) -> str:
    # Of several multipliers that vary one stands for all, and an effect by group varies with its split.
    names = {name.partition(":")[0] for name in (*roi.central.uncertain(), *roi.central.uncertain_vectors())}
    return "; ".join(label_of(name).lower() for name in sorted(names)) or "nothing"


def _unpriced(roi: ReturnOnInvestment, _: float) -> str:
    table = roi.by_group().set_index("offence_group")
    share = math.fsum(table.loc[list(roi.unpriced), "share"])
    return format_percent(share, 0) if roi.unpriced else "none"


_SAY: Final[dict[str, Callable[[Any, float], str]]] = {
    "effect_of": lambda roi, _: roi.effect_of,
    "against": lambda roi, _: and_join(roi.spent_on),
    "spending_years": _years,
    "kinds": lambda roi, _: "taken from a mix" if roi.central.mix is not None else "estimated for each kind",
    "value_per_offence": lambda roi, factor: format_money(float(f"{roi.value_per_offence * factor:.3g}")),
    "unpriced": _unpriced,
    "varies": _varies,
    "attribution": lambda roi, _: format_number(roi.central.attribution.value),
    "linked": lambda roi, _: "allowed for" if roi.linked else "not allowed for",
    "scaled": lambda roi, _: "taken to have gained as much" if roi.scaled else "not counted",
}


def is_shared(name: str) -> bool:
    """Whether an uncertain input is one figure for all programmes, which turns out the same for each."""
    return name in SHARED or name.startswith(f"{MULTIPLIER}:")
