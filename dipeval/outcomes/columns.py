"""The columns of the outcomes, their types, and what they promise of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from dipeval.vocabulary import OFFENCE_CLASSES

if TYPE_CHECKING:
    from dipeval.outcomes.result import Outcomes

COLUMNS: Final[dict[str, str]] = {
    "reoffended": "int64",
    "n_reoffences": "int64",
    "days_to_first_reoffence": "float64",
    "time_days": "float64",
    "event": "int64",
    "censor_reason": "object",
    "custody_days": "int64",
    **{f"n_{name}": "int64" for name in OFFENCE_CLASSES},
    "custodial_reconviction": "float64",
    "n_pseudo_reconvictions": "int64",
    "severity_score": "float64",
    "observed_days": "int64",
    "at_risk_days": "int64",
    "time_at_risk_days": "float64",
}
# Where a frame of outcomes says why its columns must not be compared between treated and comparison (`unfit`).
UNFIT: Final = "not_comparable_between_groups"
# The reason that holds for any measure; the other one does not hold where the time of each person is allowed for.
IMMORTAL: Final = (
    "people of this cohort become treated in the course of follow-up, so calling them treated from its first day would "
    "credit treatment with the days before it (immortal time). Use dip.time_varying_effect(cohort, outcomes), or a "
    "cohort with immortal_time='landmark'"
)
CENSOR_REASONS: Final = ("", "end_of_follow_up", "death", "extract_end")
_SHORTEST: Final = {False: 1.0, True: 0.5}


def unfit(frame: pd.DataFrame, follow_up_days: int, *, time_varying: bool) -> str | None:
    """Return why outcomes must not be compared between those called treated and the others; None if they may.

    Parameters
    ----------
    frame
        The outcomes.
    follow_up_days
        Of the follow-up.
    time_varying
        Whether people of the cohort become treated in the course of follow-up.
    """
    if time_varying:
        return IMMORTAL
    short = int((frame["censor_reason"] == "extract_end").sum())
    if short:
        return (
            f"{short} of the {len(frame)} were followed for less than {follow_up_days} days because the extract ends, "
            "so shares and numbers are of different lengths of time. Use dip.kaplan_meier or dipeval.cox on time_days "
            "and event with the design's weights, or a cohort with late_index='cut_back'"
        )
    return None


def promises(outcomes: Outcomes) -> dict[str, bool]:
    """Return what must hold of every set of outcomes, and whether it does."""
    frame, follow_up = outcomes._frame, outcomes.follow_up
    days, first = follow_up.days, frame["days_to_first_reoffence"]
    per_row = _per_row(outcomes)
    classes = sum((frame[f"n_{name}"] for name in OFFENCE_CLASSES), start=pd.Series(0, index=frame.index))
    shortest = _SHORTEST[follow_up.include_index_day]
    return {
        "one row a person, or an index event": frame.index.is_unique,
        "event times inside the follow-up": bool(frame["time_days"].between(shortest, days).all()),
        "custody inside the follow-up": bool(frame["custody_days"].between(0, days).all()),
        "yes, count and first day agree": bool(
            ((frame["reoffended"] == 1) == (frame["n_reoffences"] > 0)).all()
            and ((frame["reoffended"] == 1) == first.notna()).all()
            and (frame["event"] == frame["reoffended"]).all()
        ),
        "a reason for every censoring, none for an event": bool(
            frame["censor_reason"].isin(CENSOR_REASONS).all()
            and ((frame["censor_reason"] == "") == (frame["event"] == 1)).all()
        ),
        "groups add up to persons": bool((per_row == frame["n_reoffences"].to_numpy()).all()),
        "classes add up to persons": bool((classes == frame["n_reoffences"]).all()),
        "time at risk is what is left of the time observed": bool(
            (frame["at_risk_days"] == frame["observed_days"] - frame["custody_days"]).all()
            and (frame["at_risk_days"] >= 0).all()
            and (frame["observed_days"] <= days).all()
            and frame["time_at_risk_days"].between(0, frame["time_days"]).all()
        ),
    }


def _per_row(outcomes: Outcomes) -> np.ndarray:
    groups, index = outcomes._by_group, outcomes._frame.index
    if not index.is_unique:
        return np.zeros(len(index))
    places = index.get_indexer(pd.Index(groups.iloc[:, 0]))
    return np.bincount(places[places >= 0], weights=groups["n_reoffences"][places >= 0], minlength=len(index))
