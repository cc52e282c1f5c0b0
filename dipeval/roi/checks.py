"""What options, people, a mix of offences and unit costs must be before any sum is made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.roi.assumptions import RoiAssumptions
from dipeval.roi.chain import PERSPECTIVES, Array
from dipeval.roi.entrance import MOST_POUNDS, check_seed, check_switch, check_table, figures, is_number, is_whole
from dipeval.vocabulary import OFFENCE_GROUPS

UNIT_COST_COLUMNS: Final = ("offence_group", "anticipation", "unit_cost", "price_year")
MIX_COLUMNS: Final = ("offence_group", "share")
FEWEST_DRAWS, MOST_DRAWS = 100, 1_000_000
# A hundred years.
MOST_DAYS: Final = 36_525


def check_rate(discount_rate: float) -> None:
    """Refuse a rate that looks like a percentage."""
    if not is_number(discount_rate):
        raise InputError("The discount rate is no number; give a share of 0 to 0.2 a year, such as 0.035 for 3.5%.")
    if not 0 <= discount_rate <= 0.2:
        hint = " looks like a percentage" if discount_rate > 0.2 else " is below 0"
        raise InputError(
            f"A discount rate of {discount_rate:g}{hint}; give a share between 0 and 0.2 a year, such as 0.035 for "
            "3.5%."
        )


def check_options(perspective: str, follow_up_days: int, draws: int, level: float | None) -> None:
    """Refuse options outside their range."""
    if perspective not in PERSPECTIVES:
        raise InputError(f"There is no perspective '{perspective}'; use one of {', '.join(PERSPECTIVES)}.")
    if not (_whole(follow_up_days) and 1 <= follow_up_days <= MOST_DAYS):
        raise InputError(
            "follow_up_days is the number of days over which reoffences were counted, a whole number from 1 (365 for a "
            f"year); got {follow_up_days!r}."
        )
    if not (_whole(draws) and FEWEST_DRAWS <= draws <= MOST_DRAWS):
        raise InputError(
            f"draws must be a whole number from {FEWEST_DRAWS} to {MOST_DRAWS:,} (10,000 serve well); got {draws!r}."
        )
    if level is not None and not (isinstance(level, float) and 0.5 <= level <= 0.9999):
        raise InputError(f"level must be a share from 0.5 to 0.9999, such as 0.95; got {level!r}.")


def check_choices(scale: Any, include_anticipation: Any, seed: Any, assumptions: Any) -> None:
    """Refuse switches, a seed or assumptions that are none."""
    check_switch("scale_to_all_treated", scale)
    check_switch("include_anticipation", include_anticipation)
    check_seed(seed)
    if not (assumptions is None or isinstance(assumptions, RoiAssumptions)):
        raise InputError(f"assumptions must be RoiAssumptions(...); this is a {type(assumptions).__name__}.")


def _whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def check_people(people: int | None, cost_people: int | None, effect: Any, *, scale: bool) -> tuple[int, int]:
    """Return the people the benefit is counted for and the people the money paid for."""
    if cost_people is None:
        raise InputError(
            "The spending does not say how many people it paid for, so it cannot be set against an effect per person: "
            "pass cost_people, the number of people treated with this money (all of them, not only those analysed)."
        )
    in_effect = int(effect.n_treated)
    counts = (in_effect if people is None else people, cost_people)
    if not all(is_whole(one) and one >= 1 for one in counts):
        raise InputError("people and cost_people must be whole numbers above 0.")
    about = int(counts[0])
    if about > int(cost_people):
        raise InputError(
            f"The benefit would be counted for {about} people and the spending paid for {int(cost_people)}: "
            "cost_people must cover everyone the effect is about. Include the missing spending, or lower people."
        )
    if scale and people is not None:
        raise InputError(
            "scale_to_all_treated=True counts the benefit for everybody in cost_people; leave out people, or the "
            "switch."
        )
    if about > in_effect:
        raise InputError(
            f"The effect was estimated on {in_effect} treated people and the benefit would be counted for {about}. "
            "people may only lower the count; to apply the effect to everybody treated with this money, who need not "
            "have gained as much, say so with scale_to_all_treated=True."
        )
    return (int(cost_people) if scale else about), int(cost_people)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mix:
    """The kinds of offence that the averted ones are taken to have been.

    Parameters
    ----------
    groups
        Offence groups with a share above 0, in the order of the vocabulary.
    shares
        Adding up to 1.
    n
        Offences behind each share; None: the shares are taken as known.
    """

    groups: tuple[str, ...]
    shares: Array
    n: Array | None


def check_mix(offence_mix: pd.DataFrame) -> Mix:
    """Return the share of each offence group, or say what is wrong with the mix."""
    check_table(offence_mix, "The offence mix")
    _columns(offence_mix, MIX_COLUMNS, "The offence mix")
    check_groups(offence_mix["offence_group"], "The offence mix")
    share = _numbers(offence_mix["share"], "The shares of the offence mix")
    if share.isna().any() or offence_mix.empty:
        raise InputError("The offence mix holds no offences (or missing shares); take it from people who did reoffend.")
    if (share < 0).any() or abs(math.fsum(share) - 1) > 1e-6:
        raise InputError(
            f"The shares of the offence mix add up to {math.fsum(share):.4g}; they must be 0 or more and add up to 1."
        )
    given = dict(zip(offence_mix["offence_group"], share, strict=True))
    groups = tuple(group for group in OFFENCE_GROUPS if given.get(group, 0) > 0)
    return Mix(
        groups=groups,
        shares=np.array([given[group] for group in groups], dtype=np.float64),
        n=_behind(offence_mix, groups) if "n" in offence_mix.columns else None,
    )


def _behind(offence_mix: pd.DataFrame, groups: Sequence[str]) -> Array:
    counts = _numbers(offence_mix["n"], "The counts 'n' of the offence mix")
    if counts.isna().any() or (counts < 0).any():
        raise InputError(
            "The offence mix has missing or negative counts in 'n'; give the offences behind each share, or leave the "
            "column out to take the shares as known."
        )
    behind = dict(zip(offence_mix["offence_group"], counts, strict=True))
    if counts.sum() < 1:
        raise InputError("The offence mix has fewer than one offence behind it in all (column 'n'); correct 'n'.")
    if any(behind[group] <= 0 for group in groups):
        raise InputError(
            "The offence mix has groups with a share and no offences behind it (n is 0); correct 'n', or leave the "
            "column out to take the shares as known."
        )
    return np.array([behind[group] for group in groups], dtype=np.float64)


def _columns(frame: pd.DataFrame, required: Sequence[str], what: str) -> None:
    missing = [name for name in required if name not in frame.columns]
    if missing:
        raise InputError(f"{what} lack the column(s) {', '.join(missing)}; add them.")


def _numbers(values: pd.Series, what: str) -> pd.Series:
    found = figures(values)
    if found is None:
        raise InputError(f"{what} are not all numbers; give plain figures without signs or commas.")
    return found


def _pounds(frame: pd.DataFrame, what: str) -> None:
    if "currency" in frame.columns and not frame["currency"].isin(["GBP", "£"]).all():
        raise InputError(
            f"{what} hold a currency other than GBP; convert them to pounds, in the prices of a stated year, first."
        )


def check_unit_costs(unit_costs: pd.DataFrame) -> pd.DataFrame:
    """Return the unit costs indexed by offence group, or say what is wrong with them."""
    _columns(unit_costs, UNIT_COST_COLUMNS, "The unit costs")
    _pounds(unit_costs, "The unit costs")
    check_groups(unit_costs["offence_group"], "The unit costs")
    numbers = {name: _numbers(unit_costs[name], f"The values of '{name}'") for name in ("anticipation", "unit_cost")}
    _check_amounts(numbers["unit_cost"], numbers["anticipation"])
    return unit_costs.assign(**numbers).set_index("offence_group")


def _check_amounts(unit_cost: pd.Series, anticipation: pd.Series) -> None:
    if ((unit_cost > MOST_POUNDS) | (anticipation > MOST_POUNDS)).any():
        raise InputError(f"The unit costs hold values above {MOST_POUNDS:,.0f} pounds; correct them.")
    if ((unit_cost < 0) | (anticipation < 0)).any():
        raise InputError("The unit costs hold values below 0; give positive pounds per crime.")
    if (anticipation > unit_cost).any():
        raise InputError("The unit costs hold an anticipation part above its total; check the columns.")


def check_groups(groups: pd.Series, what: str) -> None:
    """Refuse offence groups that are not in the vocabulary, or that stand more than once."""
    unknown = sorted(set(map(str, groups)) - set(OFFENCE_GROUPS))
    if unknown:
        raise InputError(
            f"{what} name {len(unknown)} offence group(s) that dipeval does not know: {', '.join(unknown)}. "
            f"The groups are: {', '.join(OFFENCE_GROUPS)}."
        )
    if groups.duplicated().any():
        raise InputError(f"{what} hold an offence group more than once; keep one row a group (and one vintage).")
