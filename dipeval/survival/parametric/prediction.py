"""Shares still free of the event at given times, with limits, for given people; never silently beyond follow-up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtri

from dipeval.errors import EstimationError
from dipeval.survival.columns import Floats
from dipeval.survival.options import check_yes_no, finite_numbers
from dipeval.survival.parametric.families import Family
from dipeval.survival.parametric.likelihood import chain, log_survival


def check_times(times: Sequence[float] | float, followed_to: float, beyond_follow_up: bool) -> Floats:
    """Return the times asked for; one beyond the follow-up only where the caller says so."""
    check_yes_no("beyond_follow_up", beyond_follow_up)
    asked = finite_numbers(times)
    if asked is None or not len(asked) or (asked < 0).any():
        raise EstimationError("Times must be numbers from 0 on.")
    if not beyond_follow_up and (asked > followed_to).any():
        raise EstimationError(
            f"People were followed to {followed_to:g} and a value was asked for at {asked.max():g}: ask within the "
            "follow-up, or say beyond_follow_up=True for what the curve of the family would give there."
        )
    return asked


def survival_frame(
    family: Family,
    designs: tuple[Floats, Floats, Floats],
    coefficients: Sequence[Floats],
    covariance: Floats,
    *,
    people: Sequence[object],
    times: Floats,
    followed_to: float,
    level: float,
) -> pd.DataFrame:
    """Return the share still free, a row a person and time, with log-log limits by the delta method.

    Parameters
    ----------
    designs
        The columns of the parts (ever, location, log scale), people by terms; none for `ever` where all have it.
    coefficients, covariance
        Estimates part by part and their joint covariance, in the same order.
    people
        Labels of the people.
    """
    number = np.repeat(np.arange(len(people)), len(times))
    clock = np.tile(times, len(people))
    ever, location, log_scale = ((design @ own)[number] for design, own in zip(designs, coefficients, strict=True))
    started = clock > 0
    scale = np.exp(log_scale)
    z = (np.log(np.where(started, clock, 1.0)) - location) / scale
    found = chain(log_survival(family, z, ever if designs[0].shape[1] else None), z, scale)
    slope = np.hstack([design[number] * found.slope[:, [k]] for k, design in enumerate(designs)])
    error = np.sqrt(np.einsum("ij,jk,ik->i", slope, covariance, slope))
    value = np.minimum(found.value, -np.finfo(float).tiny)
    estimate = np.exp(value)
    with np.errstate(over="ignore"):
        reach = ndtri(0.5 + level / 2) * error / -value
        low, high = np.exp(value * np.exp(reach)), np.exp(value * np.exp(-reach))
    return pd.DataFrame(
        {
            "person": [people[int(place)] for place in number],
            "time_days": clock,
            "estimate": np.where(started, estimate, 1.0),
            "std_error": np.where(started, estimate * error, 0.0),
            "conf_low": np.where(started, low, 1.0),
            "conf_high": np.where(started, high, 1.0),
            "extrapolated": clock > followed_to,
        }
    ).infer_objects()


def average_survival(
    family: Family,
    designs: tuple[Floats, Floats, Floats],
    coefficients: Sequence[Floats],
    covariance: Floats,
    *,
    weight: Floats,
    times: Floats,
    level: float,
) -> pd.DataFrame:
    """Return the share still free averaged over people, with log-log limits by the delta method; times from 0.

    Parameters
    ----------
    designs
        The columns of the parts (ever, location, log scale), people by terms.
    coefficients, covariance
        Estimates part by part and their joint covariance, in the same order.
    weight
        One number a person.
    """
    ever, location, log_scale = (design @ own for design, own in zip(designs, coefficients, strict=True))
    scale, weight = np.exp(log_scale), weight / weight.sum()
    later = times[times > 0]
    free, error = np.empty(len(later)), np.empty(len(later))
    for number, time in enumerate(later):
        z = (np.log(time) - location) / scale
        found = chain(log_survival(family, z, ever), z, scale)
        share = weight * np.exp(found.value)
        slope = np.concatenate([design.T @ (share * found.slope[:, k]) for k, design in enumerate(designs)])
        free[number], error[number] = share.sum(), np.sqrt(slope @ covariance @ slope)
    free = np.clip(free, np.finfo(float).tiny, 1 - np.finfo(float).epsneg)
    reach = ndtri(0.5 + level / 2) * error / (free * -np.log(free))
    with np.errstate(over="ignore"):
        low, high = np.exp(np.log(free) * np.exp(reach)), np.exp(np.log(free) * np.exp(-reach))
    columns = {"estimate": (free, 1.0), "std_error": (error, 0.0), "conf_low": (low, 1.0), "conf_high": (high, 1.0)}
    start = len(times) - len(later)
    return pd.DataFrame(
        {"time_days": times} | {name: np.append(np.full(start, at), own) for name, (own, at) in columns.items()}
    )
