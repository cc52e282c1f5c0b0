"""From an effect on the number of offences to money, step by step."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass

import pandas as pd

from dipeval.effects import Effect
from dipeval.errors import InputError
from dipeval.roi.checks import check_costs, check_effect, check_mix, check_people, check_rate, check_unit_costs
from dipeval.roi.result import ReturnOnInvestment
from dipeval.roi.tables import Deflator, first_year, load_unit_costs

logger = logging.getLogger("dipeval")


def return_on_investment(
    effect: Effect,
    *,
    costs: pd.DataFrame,
    offence_mix: pd.DataFrame,
    unit_costs: pd.DataFrame | None = None,
    price_year: int = 2019,
    discount_rate: float = 0.035,
    people: int | None = None,
    cost_people: int | None = None,
    include_anticipation: bool = False,
) -> ReturnOnInvestment:
    """Set the value of the offences averted against what was spent.

    Parameters
    ----------
    effect
        Effect on the *number* of proven reoffences (``mean_difference``); anything on yes/no is refused.
    costs
        Spending to set against it, one row a line: ``financial_year``, ``amount`` (pounds), ``spent_on``,
        ``price_year``; pass only the rows that paid for what the effect is about.
    offence_mix
        ``offence_group`` and ``share`` (adding up to 1): which offences the averted ones are taken to have been.
    unit_costs
        ``offence_group``, ``anticipation``, ``unit_cost`` (pounds per crime), ``price_year``; default
        `load_unit_costs`.
    price_year
        Prices everything is shown in; 2019 stands for 2019/20.
    discount_rate
        A year, as a share: 0.035 is 3.5%. Spending of later years is brought to the first year of spending, and the
        benefits are spread over the years as the spending is.
    people
        People the benefit is counted for; default the treated people the effect is about. A larger number assumes
        that the others gained as much, and says so.
    cost_people
        People the spending paid for. Required: the cost set against the benefit is the part for `people`.
    include_anticipation
        Whether costs in anticipation of crime (security, insurance) count; left out by default, as the publisher's
        rule for marginal reductions asks. Both are shown.

    Returns
    -------
    ReturnOnInvestment
        Offences averted, value, cost, ratio and net value, each with the interval of the effect.

    Raises
    ------
    EstimationError
        If the effect is not about a number of offences.
    InputError
        If people, prices, currencies, the mix or the rate do not fit.

    Notes
    -----
    Structure: HM Treasury, Green Book (2026), chapters 6 and 8; usage rules of Home Office, Economic and social costs
    of crime 2019 to 2020.

    Examples
    --------
    >>> import pandas as pd
    >>> from types import SimpleNamespace
    >>> effect = SimpleNamespace(measure="mean_difference", outcome_name="n_reoffences", outcome_kind="count",
    ...     estimate=-0.5, conf_low=-0.8, conf_high=-0.2, n_treated=100, level=0.95,
    ...     estimand="the average effect on the 100 treated people")
    >>> costs = pd.DataFrame({"financial_year": ["2019/20"], "amount": [20_000.0], "spent_on": ["treatment"],
    ...     "price_year": [2019]})
    >>> mix = pd.DataFrame({"offence_group": ["shoplifting"], "share": [1.0]})
    >>> roi = return_on_investment(effect, costs=costs, offence_mix=mix, cost_people=100)
    >>> roi.offences_averted, roi.benefit, roi.benefit_cost_ratio
    (50.0, 23000.0, 1.15)
    """
    check_effect(effect)
    check_rate(discount_rate)
    about, paid_for = check_people(people, cost_people, effect)
    deflator = Deflator(price_year)
    spending = _spending(check_costs(costs), deflator, discount_rate)
    table = check_unit_costs(load_unit_costs() if unit_costs is None else unit_costs)
    values = _values(check_mix(offence_mix), table, deflator)
    without = math.fsum(values["share"] * values["without_anticipation"].fillna(0.0))
    if values["split_unknown"].any():
        _refuse_unknown_split(values, include_anticipation)
        without = math.nan
    logger.info("return on investment for %s people", about)
    return ReturnOnInvestment(
        people=about,
        people_in_effect=int(effect.n_treated),
        cost_people=paid_for,
        offences_averted=-effect.estimate * about,
        offences_averted_low=-effect.conf_high * about,
        offences_averted_high=-effect.conf_low * about,
        value_with_anticipation=math.fsum(values["share"] * values["with_anticipation"].fillna(0.0)),
        value_without_anticipation=without,
        include_anticipation=include_anticipation,
        total_spend=spending.real,
        cost_undiscounted=spending.real * about / paid_for,
        cost=spending.present * about / paid_for,
        discount_factor=spending.present / spending.real,
        spending_years=spending.years,
        price_year=price_year,
        discount_rate=discount_rate,
        level=effect.level,
        estimand=effect.estimand,
        spent_on=tuple(sorted(set(map(str, costs["spent_on"])))),
        statuses=tuple(sorted(set(map(str, values["status"])))),
        prices_converted=deflator.used,
        _groups=values,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spending:
    real: float
    present: float
    years: tuple[int, ...]


def _spending(costs: pd.DataFrame, deflator: Deflator, discount_rate: float) -> _Spending:
    years = [first_year(value, "financial_year") for value in costs["financial_year"]]
    prices = [first_year(value, "price_year") for value in costs["price_year"]]
    real = [amount * deflator.factor(price) for amount, price in zip(costs["amount"].tolist(), prices, strict=True)]
    start = min(years)
    present = [amount / (1 + discount_rate) ** (year - start) for amount, year in zip(real, years, strict=True)]
    return _Spending(real=math.fsum(real), present=math.fsum(present), years=tuple(sorted(set(years))))


def _values(mix: dict[str, float], table: pd.DataFrame, deflator: Deflator) -> pd.DataFrame:
    """One row an offence group of the mix: what an averted offence is worth, in the prices of the target year."""
    rows = []
    for group, share in mix.items():
        known = table.loc[group] if group in table.index else pd.Series(dtype=object)
        total = float(known.get("unit_cost", math.nan))
        early = float(known.get("anticipation", math.nan))
        priced = not math.isnan(total)
        factor = deflator.factor(first_year(known["price_year"], "price_year")) if priced else math.nan
        rows.append(
            {
                "offence_group": group,
                "share": share,
                "with_anticipation": total * factor,
                "without_anticipation": (total - early) * factor,
                "priced": priced,
                "split_unknown": priced and math.isnan(early),
                "status": str(known.get("status", "user")),
                "note": str(known.get("note", "" if priced else "not in the table of unit costs")),
            }
        )
    return pd.DataFrame(rows)


def _refuse_unknown_split(values: pd.DataFrame, include_anticipation: bool) -> None:
    if include_anticipation:
        return
    groups = ", ".join(values.loc[values["split_unknown"], "offence_group"])
    raise InputError(
        f"The unit costs do not say how much of the total is anticipation for: {groups}. It cannot be left out then: "
        "pass include_anticipation=True, or unit costs that have the split."
    )
