"""The words of a Cox model: its method, its headline and its notes."""

from __future__ import annotations

import pandas as pd

from dipeval.presenting import Summary, format_interval, format_number, format_p
from dipeval.survival.hazards.fitting import Fit
from dipeval.vocabulary import TREATED, label

_EVENTS_A_TERM = 10  # fewer, and estimates and intervals are known to be unreliable (Peduzzi et al. 1995)


def error_words(fit: Fit, *, robust: bool) -> str:
    """Return how the standard errors were found."""
    if not robust:
        return "model-based standard errors"
    if not fit.rows.clustered:
        return "robust standard errors, each row on its own"
    if len(fit.rows.clusterings) == 1:
        return "cluster-robust standard errors"
    return f"standard errors clustered on {' and '.join(map(repr, fit.named.together))} at once"


def model_summary(frame: pd.DataFrame, method: str, level: float) -> Summary:
    """Return the hazard ratios, the first term in the headline.

    Parameters
    ----------
    frame
        What `CoxModel.to_frame` returns.
    method
        How the model was fitted.
    level
        Coverage of the intervals.
    """
    percent = round(100 * level)
    table = pd.DataFrame(
        {
            "Term": [label(name) for name in frame["term"]],
            "Hazard ratio": [format_number(value) for value in frame["hazard_ratio"]],
            f"{percent}% interval": [
                format_interval(low, high) for low, high in zip(frame["hr_low"], frame["hr_high"], strict=True)
            ],
            "p": [format_p(value) for value in frame["p_value"]],
        }
    )
    return Summary(
        title="Hazard ratios of reoffending",
        headline=_headline(frame, percent),
        table=table,
        notes=_notes(frame, method),
    )


def _headline(frame: pd.DataFrame, percent: int) -> str:
    first = frame.iloc[0]
    side = "higher" if first["hazard_ratio"] >= 1 else "lower"
    change = f"{format_number(100 * abs(first['hazard_ratio'] - 1), 0)}% {side}"
    if first["term"] == TREATED:
        claim = f"among the treated was {change} than in the comparison group"
    else:
        claim = f"was {change} per unit of '{label(first['term'])}'"
    held = ", other terms held" if len(frame) > 1 else ""
    return (
        f"At any time, the rate of reoffending {claim}{held}: hazard ratio {format_number(first['hazard_ratio'])} "
        f"({percent}% interval {format_interval(first['hr_low'], first['hr_high'])})."
    )


def _notes(frame: pd.DataFrame, method: str) -> tuple[str, ...]:
    rows, events = int(frame["n"].iloc[0]), int(frame["n_events"].iloc[0])
    notes = [
        f"{method}; {rows:,} rows, {events:,} events; no row was dropped.",
        "A hazard ratio compares rates among those not yet reoffending; it is assumed the same at all times "
        "(proportional_hazards_test() looks whether it is).",
    ]
    if events < _EVENTS_A_TERM * len(frame):
        notes.append(f"{events:,} events are few for {len(frame)} terms: the intervals may be too narrow.")
    return tuple(notes)
