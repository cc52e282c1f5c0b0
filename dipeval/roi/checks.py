"""What may be set against what: every input of a return on investment is checked before any sum is made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from dipeval.errors import EstimationError, InputError
from dipeval.vocabulary import OFFENCE_GROUPS, label

COST_COLUMNS: Final = ("financial_year", "amount", "spent_on", "price_year")
UNIT_COST_COLUMNS: Final = ("offence_group", "anticipation", "unit_cost", "price_year")
MIX_COLUMNS: Final = ("offence_group", "share")
COUNT_NAMES: Final = ("n_reoffences", label("n_reoffences"))


def check_effect(effect: Any) -> None:
    """Refuse an effect that is not about the number of offences, or not about the people the money was spent on."""
    about = getattr(effect, "about", "ATT")
    if about != "ATT":
        raise EstimationError(
            f"The effect is the {about}, an average over other people than those treated; the money was spent on the "
            "treated. Estimate the effect on them (estimand='ATT')."
        )
    reason = (
        "A yes/no effect says how many people reoffended, not how many offences were committed, and one person "
        "may commit one or fifty; offences averted cannot be derived from it. Estimate the effect on the number of "
        "proven reoffences with measure='mean_difference'."
    )
    if effect.measure != "mean_difference":
        raise EstimationError(f"The effect is a '{effect.measure}'. {reason}")
    kind = getattr(effect, "outcome_kind", "count")
    if kind == "yes_no" and effect.outcome_name not in COUNT_NAMES:
        raise EstimationError(
            f"The outcome '{effect.outcome_name}' holds only 0 and 1. {reason} (If it is a count that happens never to "
            "exceed 1, call it 'n_reoffences'.)"
        )
    if kind == "number":
        raise EstimationError(
            f"The outcome '{effect.outcome_name}' is not a count of offences (it holds fractions or values below 0). "
            "Estimate the effect on the number of proven reoffences."
        )


def check_rate(discount_rate: float) -> None:
    """Refuse a rate that looks like a percentage."""
    if not 0 <= discount_rate <= 0.2:
        hint = " looks like a percentage" if discount_rate > 0.2 else " is below 0"
        raise InputError(
            f"A discount rate of {discount_rate:g}{hint}; give a share between 0 and 0.2 a year, such as 0.035 for "
            "3.5%."
        )


def check_people(people: int | None, cost_people: int | None, effect: Any) -> tuple[int, int]:
    """Return the people the benefit is about and the people the money paid for."""
    if cost_people is None:
        raise InputError(
            "The spending does not say how many people it paid for, so it cannot be set against an effect per person: "
            "pass cost_people, the number of people treated with this money (all of them, not only those analysed)."
        )
    about = int(effect.n_treated) if people is None else int(people)
    if about < 1 or int(cost_people) < 1:
        raise InputError("people and cost_people must be whole numbers above 0.")
    if about > int(cost_people):
        raise InputError(
            f"The benefit would be counted for {about} people and the spending paid for {int(cost_people)}: "
            "cost_people must cover everyone the effect is about. Include the missing spending, or lower people."
        )
    return about, int(cost_people)


def _columns(frame: pd.DataFrame, required: Sequence[str], what: str) -> None:
    missing = [name for name in required if name not in frame.columns]
    if missing:
        raise InputError(f"{what} lack the column(s) {', '.join(missing)}; add them.")


def _pounds(frame: pd.DataFrame, what: str) -> None:
    if "currency" in frame.columns and not frame["currency"].isin(["GBP", "£"]).all():
        raise InputError(
            f"{what} hold a currency other than GBP; convert them to pounds, in the prices of a stated year, first."
        )


def _numbers(values: pd.Series, what: str) -> pd.Series:
    try:
        return pd.to_numeric(values, errors="raise").astype("Float64").astype("float64")
    except (TypeError, ValueError):
        raise InputError(f"{what} are not all numbers; give plain figures without signs or commas.") from None


def check_costs(costs: pd.DataFrame) -> pd.DataFrame:
    """Return the spending with numeric amounts, or say what is wrong with it."""
    _columns(costs, COST_COLUMNS, "The costs")
    if costs.empty:
        raise InputError("The costs are empty; without spending there is no return on it. Pass the rows that paid.")
    _pounds(costs, "The costs")
    amount = _numbers(costs["amount"], "The amounts of the costs")
    bad = int(amount.isna().sum())
    if bad:
        raise InputError(
            f"{bad} of the {len(costs)} amounts of the costs are missing; fill them in or take the rows out."
        )
    negative = int((amount < 0).sum())
    if negative:
        raise InputError(
            f"{negative} of the {len(costs)} amounts of the costs are below 0; spending is given as positive pounds."
        )
    if not (math.isfinite(math.fsum(amount)) and amount.sum() > 0):
        raise InputError(
            "The costs add up to nothing (or to no finite sum), so there is no spending to set the value against."
        )
    return costs.assign(amount=amount)


def check_mix(offence_mix: pd.DataFrame) -> dict[str, float]:
    """Return the share of each offence group, or say what is wrong with the mix."""
    _columns(offence_mix, MIX_COLUMNS, "The offence mix")
    _groups(offence_mix["offence_group"], "The offence mix")
    share = _numbers(offence_mix["share"], "The shares of the offence mix")
    if share.isna().any() or offence_mix.empty:
        raise InputError("The offence mix holds no offences (or missing shares); take it from people who did reoffend.")
    if (share < 0).any() or abs(math.fsum(share) - 1) > 1e-6:
        raise InputError(
            f"The shares of the offence mix add up to {math.fsum(share):.4g}; they must be 0 or more and add up to 1."
        )
    given = dict(zip(offence_mix["offence_group"], share, strict=True))
    return {group: float(given[group]) for group in OFFENCE_GROUPS if given.get(group, 0) > 0}


def check_unit_costs(unit_costs: pd.DataFrame) -> pd.DataFrame:
    """Return the unit costs indexed by offence group, or say what is wrong with them."""
    _columns(unit_costs, UNIT_COST_COLUMNS, "The unit costs")
    _pounds(unit_costs, "The unit costs")
    _groups(unit_costs["offence_group"], "The unit costs")
    numbers = {name: _numbers(unit_costs[name], f"The values of '{name}'") for name in ("anticipation", "unit_cost")}
    if any((column < 0).any() for column in numbers.values()):
        raise InputError("The unit costs hold values below 0; give positive pounds per crime.")
    if (numbers["anticipation"] > numbers["unit_cost"]).any():
        raise InputError("The unit costs hold an anticipation part above its total; check the columns.")
    return unit_costs.assign(**numbers).set_index("offence_group")


def _groups(groups: pd.Series, what: str) -> None:
    unknown = sorted(set(map(str, groups)) - set(OFFENCE_GROUPS))
    if unknown:
        raise InputError(
            f"{what} name {len(unknown)} offence group(s) that dipeval does not know: {', '.join(unknown)}. "
            f"The groups are: {', '.join(OFFENCE_GROUPS)}."
        )
    if groups.duplicated().any():
        raise InputError(f"{what} hold an offence group more than once; keep one row a group (and one vintage).")
