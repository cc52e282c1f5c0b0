"""Ratios in words and for display: the first term's claim, the table, how the errors were made."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from dipeval.presenting import format_interval, format_number, format_p
from dipeval.vocabulary import TREATED, label


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


def cluster_words(robust: bool, cluster: str | Sequence[str] | None) -> str:
    """Say how the standard errors were made; without a column named they are by person."""
    if not robust:
        return "model-based standard errors"
    named = [] if cluster is None else [cluster] if isinstance(cluster, str) else list(cluster)
    if len(named) > 1:
        return f"robust standard errors clustered on {' and '.join(map(repr, named))} at once"
    return f"robust standard errors by {'cluster' if named else 'person'}"
