"""Ratios in words and for display: the first term's claim, the table, how the errors were made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from dipeval.presenting import format_interval, format_number, format_p
from dipeval.survival.columns import Floats
from dipeval.vocabulary import TREATED, label

CORRECTED = ", corrected for few clusters (Mancl and DeRouen; limits of Student's t)"


def ratio_table(frame: pd.DataFrame, ratio: str, level: float) -> pd.DataFrame:
    """Return the ratios of a model for display."""
    limits = zip(frame["hr_low"], frame["hr_high"], strict=True)
    return pd.DataFrame(
        {
            "Term": [label(name) for name in frame["term"]],
            ratio: [format_number(value) for value in frame["hazard_ratio"]],
            f"{round(100 * level)}% interval": [format_interval(low, high) for low, high in limits],
            "p": [format_p(value) for value in frame["p_value"]],
        }
    )


def claim_of_first(frame: pd.DataFrame, what: str, ratio: str, level: float) -> str:
    """Say what the first term's ratio says of `what`, with its interval."""
    first = frame.iloc[0]
    side = "higher" if first["hazard_ratio"] >= 1 else "lower"
    change = f"{format_number(100 * abs(first['hazard_ratio'] - 1), 0)}% {side}"
    if first["term"] == TREATED:
        claim = f"{what} among the treated was {change} than in the comparison group"
    else:
        claim = f"{what} was {change} per unit of '{label(first['term'])}'"
    held = ", other terms held" if len(frame) > 1 else ""
    interval = format_interval(first["hr_low"], first["hr_high"])
    return (
        f"{claim}{held}: {ratio.lower()} {format_number(first['hazard_ratio'])} "
        f"({round(100 * level)}% interval {interval})."
    )


def coefficient_frame(
    terms: Sequence[str], beta: Floats, error: Floats, level: float, freedom: Floats | None
) -> pd.DataFrame:
    """Return log ratios and ratios with normal limits, or Student's where degrees of freedom are given."""
    tail, away = 0.5 + level / 2, -np.abs(beta / error)
    reach = error * (ndtri(tail) if freedom is None else stdtrit(freedom, tail))
    low, high = beta - reach, beta + reach
    return pd.DataFrame(
        {
            "term": terms,
            "estimate": beta,
            "std_error": error,
            "conf_low": low,
            "conf_high": high,
            "p_value": 2 * (ndtr(away) if freedom is None else stdtr(freedom, away)),
            "hazard_ratio": np.exp(beta),
            "hr_low": np.exp(low),
            "hr_high": np.exp(high),
        }
    )


def cluster_words(robust: bool, cluster: str | Sequence[str] | None, *, small_sample: bool = False) -> str:
    """Say how the standard errors were made; without a column named they are by person."""
    if not robust:
        return "model-based standard errors"
    named = [] if cluster is None else [cluster] if isinstance(cluster, str) else list(cluster)
    corrected = CORRECTED if small_sample else ""
    if len(named) > 1:
        return f"robust standard errors clustered on {' and '.join(map(repr, named))} at once{corrected}"
    return f"robust standard errors by {'cluster' if named else 'person'}{corrected}"
