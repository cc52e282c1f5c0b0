"""Puts the figures of the sum together into a `ReturnOnInvestment`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from dipeval.roi import frames
from dipeval.roi.assumptions import RoiAssumptions
from dipeval.roi.chain import Figures, work_out
from dipeval.roi.choices import choices
from dipeval.roi.costs_of_crime.worth import Worth
from dipeval.roi.drawing import Central, inputs_at
from dipeval.roi.effect_in import Averted
from dipeval.roi.ladder import ladder
from dipeval.roi.result import ReturnOnInvestment
from dipeval.roi.run import Run, probability_if_none, run
from dipeval.roi.spending.cost_lines import CostLines
from dipeval.roi.steps import Switched, biggest_assumption, switched, without_uplift
from dipeval.roi.switching import break_even, break_even_per_person
from dipeval.roi.timing import years_of
from dipeval.roi.tornado import tornado

WITH: Final = "with_anticipation"
WITHOUT: Final = "without_anticipation"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facts:
    """Everything `assemble` needs, checked.

    Parameters
    ----------
    central, at_rate
        The inputs of the sum, at the discount rate and at another.
    worth, lines
        What an offence is worth, and the spending.
    per_person, plain
        The effect; and the plain one, where linkage error is allowed for.
    assumptions, people_in_effect, perspective, discount_rate, price_year, follow_up_days, draws, seed, estimand
        As in `ReturnOnInvestment`.
    prices_converted
        Whether amounts were in the prices of other years.
    """

    central: Central
    at_rate: Callable[[float], Central]
    worth: Worth
    lines: CostLines
    per_person: Averted
    plain: Averted | None
    assumptions: RoiAssumptions
    people_in_effect: int
    perspective: str
    discount_rate: float
    price_year: int
    follow_up_days: int
    draws: int
    seed: int
    estimand: str
    prices_converted: bool


def assemble(facts: Facts) -> ReturnOnInvestment:
    """Work the sum out and return the result."""
    central, lines, worth, name = facts.central, facts.lines, facts.worth, facts.perspective
    in_effect, about = facts.people_in_effect, int(facts.central.people)
    on = switched(central, years=facts.assumptions.extrapolate_years, scaled=about > in_effect)
    done = run(central, facts.per_person, name, draws=facts.draws, seed=facts.seed)
    net = done.each(lambda figures: figures.net(name))
    bars = _bars(facts, on)
    undiscounted = lines.real_for_people(about) * float(done.central.cost) / math.fsum(central.costs.values())
    return ReturnOnInvestment(
        people=about,
        people_in_effect=in_effect,
        cost_people=lines.cost_people,
        **_figures(done, name),
        **_per_offence(done, undiscounted / float(done.central.cost)),
        **_without_uplift(facts, on, done),
        ratio_without_linkage=_without_linkage(facts),
        probability=done.probability(lambda figures: figures.net(name)),
        probability_averted=done.probability(lambda figures: figures.proven),
        probability_if_none=probability_if_none(central, name, draws=facts.draws, seed=facts.seed),
        mean_net=math.fsum(net.tolist()) / facts.draws,
        median_net=float(np.median(net)),
        break_even_offences=break_even_per_person(central, name) * about * central.attribution.value,
        biggest_assumption=biggest_assumption(
            central, on, bars, name, people_in_effect=in_effect, without=_own_cost_missing(lines)
        ),
        perspective=name,
        scaled=on.scaled,
        linked=facts.per_person.linked,
        total_spend=lines.real,
        cost_undiscounted=undiscounted,
        price_year=facts.price_year,
        discount_rate=facts.discount_rate,
        follow_up_days=facts.follow_up_days,
        draws=facts.draws,
        seed=facts.seed,
        level=facts.per_person.level,
        estimand=facts.estimand,
        prices_converted=facts.prices_converted,
        assumptions=facts.assumptions,
        switched=on,
        central=central,
        worth=worth,
        cost_lines=lines,
        _groups=frames.groups(done, central, worth, name),
        _anticipation=_anticipation(done),
        _perspectives=frames.perspectives(done, central, worth),
        _chain=ladder(done, central, facts.per_person, on, people_in_effect=in_effect, perspective=name),
        _views=frames.cost_views(lines, done, central, name),
        _tornado=bars,
        _break_even=break_even(central, name),
        _drawn=frames.drawn(done, name),
    )


def _bars(facts: Facts, on: Switched) -> pd.DataFrame:
    """The tornado, with the choices that bear on the answer."""
    found = choices(
        facts.central,
        facts.worth,
        on,
        at_rate=facts.at_rate if _discounts(facts, on) else None,
        discount_rate=facts.discount_rate,
        perspective=facts.perspective,
    )
    return tornado(facts.central, perspective=facts.perspective, level=facts.per_person.level, switches=found)


def _own_cost_missing(lines: CostLines) -> str:
    """The kind of spending that made the effect, where none of it is set against the benefit."""
    return "" if lines.effect_of == "programme" or lines.effect_of in lines.against else lines.effect_of


def _discounts(facts: Facts, on: Switched) -> bool:
    return len(facts.lines.years) > 1 or years_of(facts.follow_up_days) > 1 or on.years > 0


def _figures(done: Run, perspective: str) -> dict[str, Any]:
    """Central value and interval of the headline figures."""
    kinds: dict[str, Callable[[Figures], Any]] = {
        "offences_averted": lambda figures: figures.proven,
        "benefit": lambda figures: figures.benefit[perspective],
        "net_present_value": lambda figures: figures.net(perspective),
        "benefit_cost_ratio": lambda figures: figures.ratio(perspective),
    }
    found: dict[str, Any] = {"cost": float(done.central.cost)}
    for term, of in kinds.items():
        found |= _three(term, float(of(done.central)), done.interval(of))
    return found


def _three(term: str, value: float, ends: tuple[float, float]) -> dict[str, float]:
    return {term: value, f"{term}_low": ends[0], f"{term}_high": ends[1]}


def _per_offence(done: Run, undiscounted: float) -> dict[str, float]:
    """Cost per offence averted, only where its interval is all above 0: its inverse is what has an interval."""
    term = "cost_per_offence_averted"

    def per_pound(figures: Figures) -> Any:
        return figures.proven / (figures.cost * undiscounted)

    low, high = done.interval(per_pound)
    if not (done.interval(lambda figures: figures.proven)[0] > 0 < low and float(per_pound(done.central)) > 0):
        return _three(term, math.nan, (math.nan, math.nan))
    return _three(term, 1 / float(per_pound(done.central)), (1 / high, 1 / low))


def _without_uplift(facts: Facts, on: Switched, done: Run) -> dict[str, float]:
    """The ratio without the steps that raise it."""
    name = facts.perspective
    if on.uplift:
        plain = without_uplift(facts.central)
        done = run(plain, facts.per_person, name, draws=facts.draws, seed=facts.seed)
    ratio = float(done.central.ratio(name))
    return _three("ratio_without_uplift", ratio, done.interval(lambda figures: figures.ratio(name)))


def _without_linkage(facts: Facts) -> float:
    if facts.plain is None:
        return math.nan
    return float(work_out(inputs_at(facts.central, {"effect": facts.plain.value})).ratio(facts.perspective))


def _anticipation(done: Run) -> pd.DataFrame:
    """The social value without and with costs in anticipation of crime."""
    rows = []
    for name in (WITHOUT, WITH):
        value = float(done.central.benefit[name])
        rows.append((f"benefit_{name}", value, *done.interval(lambda figures, name=name: figures.benefit[name])))  # type: ignore[misc]
    return pd.DataFrame(rows, columns=["term", "value", "low", "high"])
