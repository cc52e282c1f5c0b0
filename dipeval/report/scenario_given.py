"""What the scenario workbook starts from: every input of a return on investment, as it may be shown."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.disclosure import is_small, release_line, share_digits
from dipeval.disclosure.rule import to_base
from dipeval.errors import DisclosureError, InputError
from dipeval.presenting import format_money, round_half_up
from dipeval.report.scenario_chain import PERSPECTIVES
from dipeval.roi.costs_of_crime.tables import year_in_words
from dipeval.roi.drawing import inputs_at
from dipeval.roi.uncertain import Uncertain
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule
    from dipeval.roi import ReturnOnInvestment

# Figures of money under a protecting rule are told to so many figures, as in results.csv.
FIGURES_SHOWN: Final = 3
OTHERS: Final = "Other groups, together"
OTHERS_KEY: Final = "others"
NOTE_ROUNDED: Final = (
    "The disclosure rule of this study is in force: the effect and its interval are rounded as in the report, the "
    "shares of the offence groups to three figures, so that the results here differ a little from those of the report."
)
NOTE_TOGETHER: Final = (
    "Groups of offences that too few people stand behind are one row, 'Other groups, together', worth what they are "
    "worth on average."
)
_POUNDS: Final = re.compile(r"£(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?")
_WORTHS: Final = ("with_anticipation", "without_anticipation", "fiscal", "economic_low", "economic_high")
_PARTS: Final = ("unit_cost", "anticipation", "response", "harm")
_MULTIPLIERS: Final = ("multiplier", "multiplier_low", "multiplier_high")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """Inputs of the workbook.

    Parameters
    ----------
    figures
        Effect, attribution and the other scalar inputs, by name.
    people, cost_people, scaled
        People the effect is about, people the spending paid for, whether the value is counted for all of them.
    by_group
        Whether the effect was estimated by group of offences, rather than spread over a mix.
    groups, costs
        One row an offence group; one row a line of spending.
    views, view
        Cost views that the spending can show, and the one in use.
    multipliers
        The choice of actual crimes per recorded crime that the study made.
    perspective_shown
        The headline perspective as the switch names it.
    follow_up_days, follow_ups_a_year, extrapolate_years, discount_rate, price_year, prices, base_year, level
        Times, prices and the level of the effect's interval; `prices` and `base_year` in words.
    include_anticipation
        Whether costs in anticipation of crime count.
    grouping_notes, rounded, told
        What the disclosure rule changed, whether it did, and how a sentence of the result may be told.
    """

    figures: Mapping[str, Uncertain]
    people: int
    cost_people: int
    scaled: bool
    by_group: bool
    groups: pd.DataFrame
    costs: pd.DataFrame
    views: tuple[str, ...]
    view: str
    multipliers: str
    perspective_shown: str
    follow_up_days: int
    follow_ups_a_year: float
    extrapolate_years: int
    discount_rate: float
    price_year: int
    prices: str
    base_year: str
    level: float
    include_anticipation: bool
    grouping_notes: tuple[str, ...]
    rounded: bool
    told: Callable[[str], str]


def given_of(
    roi: ReturnOnInvestment,
    rule: DisclosureRule | None,
    hidden_groups: Collection[str],
    told: Callable[[str], str] | None = None,
) -> Given:
    """Return the inputs of a return on investment, rounded and put together as the rule asks.

    Parameters
    ----------
    roi
        The result.
    rule
        The disclosure rule in force; None only for figures that rest on no one's data.
    hidden_groups
        Offence groups that too few people stand behind.
    told
        From a sentence of the result to the same as it may be shown; default: pounds to three figures and counts of
        people as released, under a protecting rule.

    Returns
    -------
    Given

    Raises
    ------
    InputError
        If a group to be hidden is not among those of the result, or is the only one.
    DisclosureError
        If the value is counted for too few people.
    """
    unknown = sorted(set(hidden_groups) - set(roi.central.groups))
    if unknown:
        raise InputError(
            f"There is no offence group {', '.join(unknown)} in this result; leave it out of hidden_groups."
        )
    if len(set(hidden_groups)) == 1 and len(roi.central.groups) > 1:
        raise InputError(
            "One hidden offence group is told by what the others leave; name at least two in hidden_groups."
        )
    rounded = bool(rule is not None and rule.protects)
    if rule is not None and any(is_small(count, rule) for count in (roi.people, roi.people_in_effect)):
        raise DisclosureError(
            "The value is counted for fewer people than the disclosure rule lets be shown: no workbook can be written."
        )
    groups = _groups(roi)
    groups = _together(groups, hidden_groups)
    central, lines = roi.central, roi.cost_lines
    figures = {"effect": _effect(roi), **{name: getattr(central, name) for name in _SCALARS}}
    if rounded:
        places = places_of_an_effect(roi.people_in_effect, rule)
        groups = _rounded_groups(groups, places if central.averted is not None else None)
        figures["effect"] = _rounded_effect(figures["effect"], places)
    together = (NOTE_TOGETHER,) if hidden_groups else ()
    return Given(
        figures=figures,
        people=_count(min(roi.people, roi.people_in_effect), rule),
        cost_people=_count(roi.cost_people, rule),
        scaled=roi.scaled,
        by_group=central.averted is not None,
        groups=groups,
        costs=_costs(roi, rule),
        views=lines.available,
        view="set_against",
        multipliers="central" if central.actual_per_recorded else "off",
        perspective_shown=PERSPECTIVES.get(roi.perspective, PERSPECTIVES["economic_low"]),
        follow_up_days=roi.follow_up_days,
        follow_ups_a_year=central.timing.annual,
        extrapolate_years=roi.assumptions.extrapolate_years,
        discount_rate=roi.discount_rate,
        price_year=roi.price_year,
        prices=year_in_words(roi.price_year),
        base_year=year_in_words(lines.base_year),
        level=roi.level,
        include_anticipation=roi.worth.include_anticipation,
        grouping_notes=((NOTE_ROUNDED,) if rounded else ()) + together,
        rounded=rounded,
        told=told or (partial(_told, rule=rule) if rule is not None and rounded else str),
    )


def _told(text: str, rule: DisclosureRule) -> str:
    """A sentence with its pounds to three figures and its counts as released."""

    def shown(found: re.Match[str]) -> str:
        pence = found.group(2) or ""
        return format_money(_figures(float(found.group(1).replace(",", "") + pence)), 2 if pence else 0)

    return release_line(_POUNDS.sub(shown, text), rule)


_SCALARS: Final = (
    "attribution",
    "recorded_per_proven",
    "unit_cost_factor",
    "drop_off",
    "cost_factor",
    "optimism_bias",
)


def _effect(roi: ReturnOnInvestment) -> Uncertain:
    """Offences averted per person with the interval of the effect at the level of the result."""
    first = roi.chain().set_index("step").loc["effect"]
    value, low, high = (float(first[name]) for name in ("value", "low", "high"))
    return Uncertain(value, low, high, "normal", "the evaluation")


def _groups(roi: ReturnOnInvestment) -> pd.DataFrame:
    """One row an offence group: how it moves with the effect, its parts as published, its worth, its multipliers."""
    central = roi.central
    at_none = inputs_at(central, {"effect": 0.0}).averted
    moves = np.asarray(inputs_at(central, {"effect": 1.0}).averted) - np.asarray(at_none)
    parts, worth = roi.worth.parts(), roi.worth.to_frame()
    priced = worth["priced"].to_numpy(dtype=bool)
    frame = pd.DataFrame(
        {
            "offence_group": list(central.groups),
            "label": [label(group) for group in central.groups],
            "averted": np.asarray(inputs_at(central, {}).averted, dtype=np.float64),
            "moves": moves if central.mix is None else np.asarray(central.mix, dtype=np.float64),
            **{name: parts[name].to_numpy(dtype=np.float64) for name in _PARTS},
            "table_price_year": parts["price_year"].where(priced, "").astype(str).tolist(),
            "deflator": parts["deflator"].fillna(1.0).to_numpy(dtype=np.float64),
            **{f"worth_{name}": np.where(priced, worth[name], 0.0) for name in _WORTHS},
            "status": worth["status"].tolist(),
            "note": [_note(text, known) for text, known in zip(worth["note"], priced, strict=True)],
            "source": parts["source"].tolist(),
        }
    )
    return frame.assign(**_multipliers(roi))


def _note(text: object, priced: bool) -> str:
    words = str(text or "")
    return words if priced else f"valued at nothing: {words or 'no unit cost is known'}"


def _multipliers(roi: ReturnOnInvestment) -> dict[str, list[float]]:
    """Actual crimes per recorded crime: those in use, else those published, else 1."""
    used = roi.central.actual_per_recorded
    if not used:
        values = [1.0 if math.isnan(one) else float(one) for one in roi.worth.multiplier]
        return dict.fromkeys(_MULTIPLIERS, values)
    return {
        "multiplier": [one.value for one in used],
        "multiplier_low": [one.low for one in used],
        "multiplier_high": [one.high for one in used],
    }


def _count(people: int, rule: DisclosureRule | None) -> int:
    """A count of people as it may be shown; one that was rounded before stays as it is."""
    return people if rule is None or not rule.protects else int(to_base(people, rule))


def _costs(roi: ReturnOnInvestment, rule: DisclosureRule | None) -> pd.DataFrame:
    """One row a year and kind of spending: what was spent by whom and where is not the question here."""
    lines = roi.cost_lines
    frame = lines.lines()
    own, keys = set(lines.own), ["year", "spent_on", "price_year", "deflator", "marginal_share"]
    rows = []
    for values, part in frame.groupby(keys, sort=True):
        row: dict[str, Any] = dict(zip(keys, values, strict=True))
        kind = str(row["spent_on"])
        rows.append(
            {
                "year_shown": year_in_words(int(row["year"])),
                "spent_on": kind,
                "amount": math.fsum(part["amount"]),
                "prices_shown": year_in_words(int(row["price_year"])),
                "deflator": float(row["deflator"]),
                "years_after": float(int(row["year"]) - lines.base_year),
                "set_against": float(kind in lines.against),
                "marginal": float(row["marginal_share"]) if kind in own else 0.0,
                "reached": float(_count(max(lines.people_reached.get(kind, 0), lines.cost_people), rule)),
            }
        )
    return pd.DataFrame(rows)


def _together(groups: pd.DataFrame, hidden: Collection[str]) -> pd.DataFrame:
    """Put groups too small to be shown into one row, worth what an offence among them is worth on average."""
    small = groups["offence_group"].isin(list(hidden))
    if not small.any():
        return groups
    part = groups[small]
    weight = part["moves"].abs().to_numpy(dtype=np.float64)
    weight = weight / weight.sum() if weight.sum() > 0 else np.full(len(part), 1 / len(part))
    row = {
        "offence_group": OTHERS_KEY,
        "label": OTHERS,
        "averted": math.fsum(part["averted"]),
        "moves": math.fsum(part["moves"]),
        **dict.fromkeys(_PARTS, math.nan),
        "table_price_year": "",
        "deflator": 1.0,
        **{f"worth_{name}": _figures(float(weight @ part[f"worth_{name}"].to_numpy())) for name in _WORTHS},
        "status": "",
        "note": f"{len(part)} groups, averaged",
        "source": "",
        **{name: _figures(float(weight @ part[name].to_numpy())) for name in _MULTIPLIERS},
    }
    return pd.concat([groups[~small], pd.DataFrame([row])], ignore_index=True)


def places_of_an_effect(people: float, rule: DisclosureRule | None) -> int:
    """Return the decimals of offences per person that may be shown.

    Differences of means are fractions of the number of people: in three figures, such as 0.429, only one number near
    the rounded one fits.
    """
    return 2 + (1 if rule is None else share_digits(people, rule))


def _rounded_groups(groups: pd.DataFrame, places: int | None) -> pd.DataFrame:
    """Shares to three figures, adding up to one; offences averted by group, where estimated, as effects are shown."""
    moves = [_figures(value) for value in groups["moves"]]
    if places is None:
        largest = int(np.argmax(moves))
        moves[largest] = round(1.0 - math.fsum(value for at, value in enumerate(moves) if at != largest), 6)
    averted = [_figures(one) if places is None else round_half_up(one, places) for one in groups["averted"]]
    return groups.assign(moves=moves, averted=averted)


def _rounded_effect(effect: Uncertain, places: int) -> Uncertain:
    value, low, high = (round_half_up(one, places) + 0.0 for one in (effect.value, effect.low, effect.high))
    # Rounded, an estimate may stand at an end of its interval, where a normal distribution cannot have it.
    family = effect.family if low < value < high else "fixed" if low == high else "pert"
    return Uncertain(value, low, high, family, effect.source)


def _figures(value: float) -> float:
    """A number to three significant figures."""
    return float(f"{value:.{FIGURES_SHOWN}g}") if math.isfinite(value) else value
