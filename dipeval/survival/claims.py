"""Ratios of a model as a frame, in words and for display: one way for every model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from dipeval.presenting import format_interval, format_number, format_p
from dipeval.survival.columns import Flags, Floats
from dipeval.vocabulary import TREATED, label, term_label

CORRECTED = ", corrected for few clusters (Mancl and DeRouen; limits of Student's t)"
# Columns of a ratio and its limits: a hazard ratio, and one whose kind the model or another column says.
HAZARD: Final = ("hazard_ratio", "hr_low", "hr_high")
RATIO: Final = ("ratio", "ratio_low", "ratio_high")


def coefficient_frame(
    terms: Sequence[str],
    beta: Floats,
    error: Floats,
    level: float,
    freedom: Floats | None = None,
    *,
    columns: tuple[str, str, str] = HAZARD,
    told: Flags | None = None,
) -> pd.DataFrame:
    """Return log ratios and ratios with normal limits, or Student's where degrees of freedom are given.

    Parameters
    ----------
    terms, beta, error
        Names, log ratios and their standard errors.
    level
        Coverage of the limits.
    freedom
        Degrees of freedom, or None.
    columns
        What the ratio and its limits are called.
    told
        Which terms have a ratio and a test (a log scale has none); all if None.
    """
    tail, away = 0.5 + level / 2, -np.abs(beta / error)
    reach = error * (ndtri(tail) if freedom is None else stdtrit(freedom, tail))
    low, high = beta - reach, beta + reach
    p_value = 2 * (ndtr(away) if freedom is None else stdtr(freedom, away))
    with np.errstate(over="ignore"):
        ratios = [np.exp(values) for values in (beta, low, high)]
    if told is not None:
        p_value, *ratios = (np.where(told, values, np.nan) for values in (p_value, *ratios))
    figures = {"term": terms, "estimate": beta, "std_error": error, "conf_low": low, "conf_high": high}
    return pd.DataFrame(figures | {"p_value": p_value} | dict(zip(columns, ratios, strict=True)))


def ratio_table(frame: pd.DataFrame, ratio: str, level: float, columns: tuple[str, str, str] = HAZARD) -> pd.DataFrame:
    """Return the ratios of a model for display, under the words for the ratio."""
    value, low, high = columns
    limits = zip(frame[low], frame[high], strict=True)
    return pd.DataFrame(
        {
            "Term": [term_label(name) for name in frame["term"]],
            ratio: [format_number(one) for one in frame[value]],
            f"{round(100 * level)}% interval": [format_interval(*pair) for pair in limits],
            "p": [format_p(one) for one in frame["p_value"]],
        }
    )


def claim_of_first(
    frame: pd.DataFrame,
    what: str,
    ratio: str,
    level: float,
    columns: tuple[str, str, str] = HAZARD,
    *,
    sides: tuple[str, str] = ("higher", "lower"),
    verb: str = "was",
) -> str:
    """Say what the first term's ratio says of `what`, with its interval."""
    first = frame.iloc[0]
    size, low, high = (first[name] for name in columns)
    change = f"{format_number(100 * abs(size - 1), 0)}% {sides[0] if size >= 1 else sides[1]}"
    if first["term"] == TREATED:
        claim = f"{what} among the treated {verb} {change} than in the comparison group"
    else:
        claim = f"{what} {verb} {change} per unit of '{label(first['term'])}'"
    held = ", other terms held" if len(frame) > 1 else ""
    interval = f"{round(100 * level)}% interval {format_interval(low, high)}"
    return f"{claim}{held}: {ratio.lower()} {format_number(size)} ({interval})."


def cluster_words(robust: bool, cluster: str | Sequence[str] | None, *, small_sample: bool = False) -> str:
    """Say how the standard errors were made; without a column named they are by person."""
    if not robust:
        return "model-based standard errors"
    named = [] if cluster is None else [cluster] if isinstance(cluster, str) else list(cluster)
    corrected = CORRECTED if small_sample else ""
    if len(named) > 1:
        return f"robust standard errors clustered on {' and '.join(map(repr, named))} at once{corrected}"
    return f"robust standard errors by {'cluster' if named else 'person'}{corrected}"
