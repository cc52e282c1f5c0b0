"""What an effect must be to be turned into money, and the offences averted it stands for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from scipy import stats

from dipeval.errors import EstimationError, InputError
from dipeval.roi.drawing import averted_per_person, spread_of
from dipeval.roi.entrance import check_effect_figures, check_is_effect
from dipeval.roi.uncertain import Uncertain
from dipeval.vocabulary import label

COUNT_NAMES: Final = ("n_reoffences", label("n_reoffences"))
_YES_NO: Final = (
    "A yes/no effect says how many people reoffended, not how many offences were committed, and one person may commit "
    "one or fifty; offences averted cannot be derived from it. Estimate the effect on the number of proven reoffences "
    "with measure='mean_difference'."
)
_RATIO: Final = (
    "It says by what share offences fell, not by how many for each person. Estimate the effect on the number of proven "
    "reoffences with measure='mean_difference'."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Averted:
    """Offences averted per treated person, with the interval, as the money is worked out from them.

    Parameters
    ----------
    value, low, high
        Offences averted per person; `low` and `high` at `level`.
    drawn
        The same as it is drawn: normal, with the error of that interval.
    level
        Coverage of the interval.
    linked
        Whether they allow for linkage error.
    plain
        The estimate before it did; NaN without.
    """

    value: float
    low: float
    high: float
    drawn: Uncertain
    level: float
    linked: bool = False
    plain: float = math.nan


def check_effect(effect: Any) -> None:
    """Refuse an effect that is not about the number of offences, or not about the people the money was spent on."""
    check_is_effect(effect)
    about = getattr(effect, "about", "ATT")
    if about != "ATT":
        raise EstimationError(
            f"The effect is the {about}, an average over other people than those treated; the money was spent on the "
            "treated. Estimate the effect on them (estimand='ATT')."
        )
    if effect.measure != "mean_difference":
        reason = _RATIO if effect.measure == "rate_ratio" else _YES_NO
        raise EstimationError(f"The effect is a '{effect.measure}'. {reason}")
    kind = getattr(effect, "outcome_kind", "count")
    if kind == "yes_no" and effect.outcome_name not in COUNT_NAMES:
        raise EstimationError(
            f"The outcome '{effect.outcome_name}' holds only 0 and 1. {_YES_NO} (If it is a count that happens never "
            "to exceed 1, call it 'n_reoffences'.)"
        )
    if kind == "number":
        raise EstimationError(
            f"The outcome '{effect.outcome_name}' is not a count of offences (it holds fractions or values below 0). "
            "Estimate the effect on the number of proven reoffences."
        )
    if getattr(effect, "timed", False):
        raise EstimationError(
            "The effect is a difference of rates over a time at risk that differs between people; offences averted "
            "need everybody followed for the same time. Estimate the difference in the mean number of proven "
            "reoffences within one follow-up."
        )
    check_effect_figures(effect)


def averted_from(effect: Any, linkage: Any, level: float | None) -> Averted:
    """Return the offences averted per person that the effect, or its estimate over linkage error, stands for."""
    level = float(effect.level if level is None else level)
    if linkage is None:
        return _averted(effect, level)
    check_linkage(linkage, effect)
    low, high = (linkage.conf_low, linkage.conf_high) if level == linkage.level else linkage.pooled.interval(level)
    return Averted(
        value=0.0 - float(linkage.estimate),
        low=0.0 - float(high),
        high=0.0 - float(low),
        drawn=averted_per_person(float(linkage.estimate), float(low), float(high), level),
        level=level,
        linked=True,
        plain=0.0 - float(effect.estimate),
    )


def _averted(effect: Any, level: float) -> Averted:
    low, value, high = (float(one) for one in (effect.conf_low, effect.estimate, effect.conf_high))
    drawn = averted_per_person(value, low, high, float(effect.level))
    if level != float(effect.level):
        reach = float(stats.norm.ppf(0.5 + level / 2)) * spread_of(drawn)
        low, high = value - reach, value + reach
    # 0 less the effect, so that an effect of exactly nothing does not become minus nothing.
    return Averted(value=0.0 - value, low=0.0 - high, high=0.0 - low, drawn=drawn, level=level)


def check_linkage(linkage: Any, effect: Any) -> None:
    """Refuse the linkage error of another effect than this one."""
    if not hasattr(linkage, "pooled"):
        raise InputError(f"linkage must be what propagate_linkage returns; this is a {type(linkage).__name__}.")
    if linkage.measure != effect.measure:
        raise InputError(
            f"The linkage error is that of a '{linkage.measure}', the effect is a '{effect.measure}': run "
            "propagate_linkage with the analysis that gives this effect."
        )
    if getattr(linkage.point, "about", "ATT") != "ATT":
        raise InputError("The linkage error is not that of the effect on the treated; run it with estimand='ATT'.")
    design = getattr(effect, "design_fingerprint", None)
    if linkage.primary_fingerprint is None or linkage.primary_fingerprint != design:
        raise InputError(
            "The linkage error does not belong to the design of this effect: run propagate_linkage(..., "
            "primary=effect) with the effect that is turned into money."
        )
    told = linkage.primary_estimate
    if told is not None and not math.isclose(float(told), float(effect.estimate), rel_tol=1e-6, abs_tol=1e-12):
        raise InputError(
            "The linkage error belongs to this design but to another outcome or estimate of it: run "
            "propagate_linkage(..., primary=effect) with the effect that is turned into money."
        )


def check_averted(averted: Any, effect: Any) -> None:
    """Refuse offences averted by group that are not the parts of this effect."""
    total = getattr(averted, "total", None)
    if total is None:
        raise InputError(f"averted must be what offences_averted returns; this is a {type(averted).__name__}.")
    own, design = getattr(total, "design_fingerprint", None), getattr(effect, "design_fingerprint", None)
    same = math.isclose(float(total.estimate), float(effect.estimate), rel_tol=1e-6, abs_tol=1e-9)
    if own != design or not same:
        raise InputError(
            "The offences averted by group are not the parts of this effect (another design, another outcome or "
            "another way of estimating it): run offences_averted on the design of the effect, and estimate the effect "
            "on the number of proven reoffences with that design."
        )
