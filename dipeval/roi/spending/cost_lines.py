"""Spending, line by line: which people each line paid for, and which effect it is set against."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import pandas as pd

from dipeval.errors import InputError
from dipeval.presenting import and_join
from dipeval.roi.costs_of_crime.tables import Deflator
from dipeval.roi.spending.cost_checks import PENNY, clean_lines, in_order
from dipeval.roi.spending.cost_people import (
    check_people_count,
    check_reached,
    people_by_kind,
    stated_people,
    what_looks_wrong,
)
from dipeval.roi.spending.cost_reasons import check_against, what_is_left_out
from dipeval.roi.spending.cost_views import CostLines

__all__ = ["CostLines", "read_cost_lines"]


def read_cost_lines(
    costs: pd.DataFrame,
    *,
    cost_people: int | None,
    people_reached: Mapping[str, int] | None = None,
    effect_of: str = "treatment",
    against: Iterable[str] | None = None,
    reason: str = "",
    deflator: Deflator,
    discount_rate: float,
) -> CostLines:
    """Read spending and decide which of it is set against an effect.

    Parameters
    ----------
    costs
        One row a line: ``financial_year``, ``amount`` (pounds), ``spent_on``, ``price_year``; optional ``district``,
        ``funder``, ``people`` (people the line paid for), ``marginal_share`` (0 to 1, default 1).
    cost_people
        People treated with this money (those the effect's own spending paid for).
    people_reached
        By kind of spending, the people it reached; makes the own-share view. Where it is silent and every line of a
        kind states its ``people``, those are used.
    effect_of
        ``treatment``, ``contact`` or ``programme``.
    against
        Kinds of spending set against the effect; default its own.
    reason
        Why, where the choice is one that flatters or wrongs the programme.
    deflator
        Brings all amounts to the prices of one year.
    discount_rate
        A year, as a share.

    Returns
    -------
    CostLines

    Raises
    ------
    InputError
        If the lines cannot be read, or the choice needs a reason that was not written.

    Notes
    -----
    Full and marginal cost: HM Treasury, Green Book (2026), chapters 6 and 8. Of the four views only the one set
    against the benefit enters the headline; lines that are passed and not set against it change nothing there.

    Examples
    --------
    >>> costs = pd.DataFrame({"financial_year": ["2019/20"] * 2, "amount": [20_000.0, 5_000.0],
    ...     "spent_on": ["treatment", "contact"], "price_year": [2019] * 2})
    >>> lines = read_cost_lines(costs, cost_people=100, deflator=Deflator(2019), discount_rate=0.035)
    >>> lines.for_people(50), lines.for_people(50, "full")
    ({'treatment': 10000.0}, {'contact': 2500.0, 'treatment': 10000.0})
    """
    paid_for = check_people_count(cost_people)
    lines = clean_lines(costs, deflator)
    kinds = in_order(lines["spent_on"])
    chosen, written = check_against(effect_of, against, kinds, reason)
    stated, doubts = stated_people(lines, kinds)
    reached = check_reached(people_reached, kinds, paid_for, effect_of)
    first = int(lines.loc[lines["spent_on"].isin(chosen), "year"].min())
    lines = lines.assign(present=lines["real"] / (1 + discount_rate) ** (lines["year"] - first))
    if math.fsum(lines.loc[lines["spent_on"].isin(chosen), "real"]) < PENNY:
        raise InputError(
            f"The lines spent on {and_join(chosen)} add up to nothing, so there is no spending to set the value "
            "against. Add what was paid, whoever paid it."
        )
    return CostLines(
        effect_of=effect_of,
        against=chosen,
        kinds=kinds,
        reason=written,
        cost_people=paid_for,
        people_reached=people_by_kind(reached, stated, paid_for),
        base_year=first,
        price_year=deflator.target,
        discount_rate=discount_rate,
        prices_converted=bool((lines["price_year"] != deflator.target).any()),
        notes=(
            *what_is_left_out(effect_of, chosen, kinds, written),
            *doubts,
            *what_looks_wrong(lines, chosen, stated, effect_of, paid_for),
        ),
        _lines=lines,
    )
