"""How many people are behind a figure of money, and which figures would give a group too small to be shown back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from dipeval.disclosure import DisclosureRule, is_small

if TYPE_CHECKING:
    from dipeval.roi.chain import Array
    from dipeval.study.result import StudyResult

# Differences below this are rounding in the algebra of what is determined by what.
_ROUNDING: Final = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What may be told of money by offence group.

    Parameters
    ----------
    groups
        Offence group -> people behind its part of the money; 0 for those that must be withheld.
    valuations
        Whether the same offences may be shown at several prices (by perspective, with and without anticipation, with
        and without multipliers): each price is one more equation for the groups that are withheld.
    money
        Whether any sum over the groups may be shown at all.
    """

    groups: Mapping[str, int]
    valuations: bool = True
    money: bool = True


def told_by_group(counts: Mapping[str, int], prices: pd.DataFrame | None, rule: DisclosureRule) -> Told:
    """Return which offence groups may be shown, so that no difference of what is shown gives a withheld one back.

    The parts add up to sums that are shown: the shares to 1, and, times public prices, to the money. A part too small
    to be shown takes the next smallest with it until neither they together are small nor the sums determine one that
    is; where withholding all of them is not enough, sums are withheld too.

    Parameters
    ----------
    counts
        Offence group -> people behind it.
    prices
        One row an offence group (index), one column a price at which sums are shown, the headline's first; None where
        they are not known, and then nothing but the sum of the shares is looked at.
    rule
        The rule in force.

    Returns
    -------
    Told

    Examples
    --------
    >>> counts = {"shoplifting": 60, "robbery": 4, "fraud": 12, "handling": 30}
    >>> prices = pd.DataFrame({"social": [460.0, 10_010.0, 1_740.0, 0.0]}, index=list(counts))
    >>> told_by_group(counts, prices, DisclosureRule()).groups
    {'shoplifting': 60, 'robbery': 0, 'fraud': 0, 'handling': 0}
    """
    small = [group for group, count in counts.items() if is_small(count, rule)]
    if not (small and rule.protects):
        return Told(groups=dict(counts))
    equations = _equations(list(counts), prices)
    hidden = _hidden(counts, small, equations, rule)
    groups = {**counts, **dict.fromkeys(hidden, 0)}
    if not _determined(small, hidden, list(counts), equations):
        return Told(groups=groups)
    hidden = _hidden(counts, small, equations[:2], rule)
    return Told(
        groups={**counts, **dict.fromkeys(hidden, 0)},
        valuations=False,
        money=not _determined(small, hidden, list(counts), equations[:2]),
    )


def _equations(groups: Sequence[str], prices: pd.DataFrame | None) -> Array:
    """One row a sum that is shown: of the shares, and of the money at each price; unknown prices count as nothing."""
    ones = np.ones((1, len(groups)))
    if prices is None:
        return ones
    known = prices.reindex(list(groups)).fillna(0.0).to_numpy(dtype=np.float64).T
    largest = np.abs(known).max(axis=1, keepdims=True)
    return np.vstack([ones, known / np.where(largest > 0, largest, 1.0)])


def _hidden(counts: Mapping[str, int], small: list[str], equations: Array, rule: DisclosureRule) -> list[str]:
    hidden = list(small)
    others = sorted((group for group in counts if group not in hidden), key=lambda group: (counts[group], group))
    names = list(counts)
    while others and (
        len(hidden) < 2
        or is_small(sum(counts[name] for name in hidden), rule)
        or _determined(small, hidden, names, equations)
    ):
        hidden.append(others.pop(0))
    return hidden


def _determined(small: Iterable[str], hidden: Sequence[str], names: list[str], equations: Array) -> bool:
    """Whether what is shown leaves only one value for one of the small groups: its own equation follows from theirs."""
    part = equations[:, [names.index(name) for name in hidden]]
    reach = np.linalg.pinv(part, rcond=_ROUNDING) @ part
    own = [hidden.index(name) for name in small]
    return bool((np.abs(reach[own] - np.eye(len(hidden))[own]).max(axis=1) < _ROUNDING).any())


def people_behind_groups(result: StudyResult, *, both: bool) -> dict[str, int]:
    """Return how many people analysed have a proven reoffence of each group.

    Parameters
    ----------
    result
        With its measured outcomes.
    both
        Whether the treated are shown too (offences estimated by group); else the comparison people alone count, whose
        mix of offences it is.

    Returns
    -------
    dict
        Offence group -> people, in alphabetical order; of both groups of people the smaller number.
    """
    measured = result.outcomes_measured
    if measured is None:
        return {}
    used = result.design.weights > 0
    treated = result.design.treated.astype(bool)
    offences = measured.by_group
    offences = offences[offences["n_reoffences"] > 0]
    sides = [used & ~treated, used & treated] if both else [used & ~treated]
    counts = [
        offences[offences["person_id"].isin(side.index[side])].groupby("offence_group")["person_id"].nunique()
        for side in sides
    ]
    fewest = pd.concat(counts, axis=1).fillna(0).min(axis=1)
    return {str(group): int(fewest[group]) for group in sorted(fewest.index)}


def prices_shown(unit_costs: pd.DataFrame, *, include_anticipation: bool) -> pd.DataFrame:
    """Return the prices at which sums over the groups are shown, the headline's first.

    Parameters
    ----------
    unit_costs
        As `dipeval.load_unit_costs`.
    include_anticipation
        Whether the headline has it.

    Returns
    -------
    pandas.DataFrame
        Index offence_group; with and without anticipation, response, what is money, and with the published
        multipliers. As published: bringing them to other prices multiplies the prices of one source alike.
    """
    table = unit_costs.set_index("offence_group")

    def column(name: str) -> pd.Series:
        found = table[name] if name in table.columns else pd.Series(np.nan, index=table.index)
        return pd.to_numeric(found).astype("float64").fillna(0.0)

    whole, before = column("unit_cost"), column("unit_cost") - column("anticipation")
    headline, beside = (whole, before) if include_anticipation else (before, whole)
    # Where harm is not known by group, what is money has bounds only, and they are among the others.
    harm = pd.to_numeric(table["harm"]).astype("float64") if "harm" in table.columns else whole * np.nan
    money = (column("response") + column("consequence") - harm).fillna(before)
    fiscal = column("fiscal").where(column("fiscal") > 0, column("response"))
    times = column("multiplier").where(column("multiplier") > 0, 1.0)
    return pd.DataFrame(
        {
            "headline": headline,
            "beside": beside,
            "fiscal": fiscal,
            "economic": money,
            "actual": times,
            "headline, actual": headline * times,
        }
    )
