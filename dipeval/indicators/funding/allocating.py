"""`allocate_funding`: a budget divided by need, within floors, ceilings and a limit on how far amounts may move."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

import pandas as pd

from dipeval.indicators.funding.allocation import COLUMNS, FundingAllocation
from dipeval.indicators.funding.asking import Bound, asked

if TYPE_CHECKING:
    from dipeval.indicators.funding.formula import Formula


def allocate_funding(
    data: pd.DataFrame,
    *,
    area: str = "district",
    budget: float | Decimal,
    need: Mapping[str, float],
    floor: Bound = None,
    ceiling: Bound = None,
    previous: str | None = None,
    max_fall: float | None = None,
    max_rise: float | None = None,
    per: str | None = None,
) -> FundingAllocation:
    """Divide a budget between areas by their share of need.

    Parameters
    ----------
    data
        One row an area.
    area
        Column with the names of the areas.
    budget
        Pounds, in whole pence.
    need
        Column with a measure of need -> its weight. Weights are scaled to add up to 1; an area's share of the need is
        the weighted sum of its shares of the measures.
    floor, ceiling
        The least and the most an area gets: a number for all, or a column. A figure up to 1 is a share of the budget,
        above it pounds. A missing figure in a column: none for that area.
    previous
        Column with the pounds each area got before; missing where not known.
    max_fall, max_rise
        How far an amount may fall or rise, as shares of the previous one (0.1: a tenth): the transition.
    per
        Column that amounts are divided by for the column per_head, such as population.

    Returns
    -------
    FundingAllocation

    Raises
    ------
    InputError
        If a column is missing, a figure is no number of 0 or more, an area stands in two rows, or the bounds leave no
        way of dividing the budget; the message says which and by how much.

    Notes
    -----
    Each area gets ``factor * share`` kept between its bounds, with the one factor for which the amounts come to the
    budget: what a floor takes or a ceiling frees is shared by all others in proportion to need. Amounts are rounded to
    whole pence by the largest remainder, equal remainders by name, so that they add up to the budget to the penny. More
    need in one area alone never lowers its amount, and the order of the rows changes nothing. Where bounds end on parts
    of a penny, a least is rounded up and a most down.

    Examples
    --------
    >>> import dipeval as dip, pandas as pd
    >>> data = pd.DataFrame({"district": ["Calderdale", "Kirklees", "Leeds"], "crime": [100, 300, 600],
    ...                       "before": [30_000.0, 30_000.0, 40_000.0]})
    >>> shown = dip.allocate_funding(data, budget=100_000, need={"crime": 1}, previous="before", max_fall=0.5)
    >>> shown.to_frame()[["area", "amount", "change", "bound"]].to_dict("records")[0]
    {'area': 'Calderdale', 'amount': 15000.0, 'change': -15000.0, 'bound': 'transition'}
    """
    formula, heads = asked(
        data,
        area=area,
        budget=budget,
        need=need,
        floor=floor,
        ceiling=ceiling,
        previous=previous,
        max_fall=max_fall,
        max_rise=max_rise,
        per=per,
    )
    return FundingAllocation(
        area=area,
        budget=formula.budget / 100,
        need={name: float(weight) for name, weight in formula.weights.items()},
        max_fall=None if max_fall is None else float(max_fall),
        max_rise=None if max_rise is None else float(max_rise),
        per=per,
        _frame=_frame(formula, heads),
        _formula=formula,
        _heads=heads,
    )


def _frame(formula: Formula, heads: list[float] | None) -> pd.DataFrame:
    found = formula.divided()
    rows = []
    for place, area in enumerate(formula.areas):
        pence, before = found.pence[place], formula.previous[place]
        rows.append(
            {
                "area": area,
                "need_share": float(found.shares[place]),
                "unconstrained": float(found.shares[place] * formula.budget / 100),
                "amount": pence / 100,
                "amount_pence": pence,
                "share": pence / formula.budget,
                "per_head": pence / 100 / heads[place] if heads else None,
                "previous": None if before is None else before / 100,
                "change": None if before is None else (pence - before) / 100,
                "change_share": (pence - before) / before if before else None,
                "bound": found.bounds[place],
            }
        )
    kinds = dict.fromkeys(("per_head", "previous", "change", "change_share"), "float64")
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"amount_pence": "Int64", **kinds})
