"""The figures of a time to an event that compare the groups, with errors that know how the design was made.

Curves, tests and models take weights as given. A hazard ratio, a difference in mean times and a difference in shares
are quoted in sentences, and may stand elsewhere in the same report: they are estimated as every effect is, so that one
figure has one interval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.study.times import WEIGHT, reuses_people, time_columns
from dipeval.vocabulary import TREATED

if TYPE_CHECKING:
    from dipeval.effects import Effect
    from dipeval.study.time_parts import Work

# Errors that every one of these figures has; another one that the study file names for its effects is not had here.
OFFERED = ("auto", "hc0", "m_estimation", "bootstrap")
OF_EFFECT = ("std_error", "conf_low", "conf_high", "p_value")


def knows_more(work: Work) -> bool:
    """Whether an effect's errors know more of the design than weights and clusters as columns do."""
    return reuses_people(work.design) or bool(work.table[WEIGHT].nunique() > 1)


def hazard_effect_of(work: Work) -> Effect | None:
    """Return the hazard ratio as an effect; None where the Cox model says the same."""
    return _effect(work, "hazard_effect", "hazard_ratio") if knows_more(work) else None


def mean_effect_of(work: Work, horizon: float | None) -> Effect | None:
    """Return the difference in mean times as an effect; None where `RestrictedMean` says the same.

    After matching with replacement that has two-way errors already.
    """
    if horizon is None or not knows_more(work) or reuses_people(work.design):
        return None
    return _effect(work, "mean_effect", "rmst_difference", horizon=horizon)


def with_effect(work: Work, compared: pd.DataFrame, at: float) -> pd.DataFrame:
    """Give the difference in shares at a time the errors of an effect, where everybody's status by then is known.

    Parameters
    ----------
    work
        The study's people and outcomes.
    compared
        From ``Curve.compare_at``.
    at
        That time.

    Returns
    -------
    pandas.DataFrame
        The same columns; shares and their own limits stay.
    """
    time, event = time_columns(work.outcome)
    happened = (work.table[event] == 1) & (work.table[time] <= at)
    if not knows_more(work) or reuses_people(work.design) or (~happened & (work.table[time] < at)).any():
        return compared
    by_then = happened.astype(int).reindex(work.design.weights.index)
    found = _effect(work, "mark_effect", "risk_difference", outcome=by_then)
    if found is None:
        return compared
    out = compared.copy()
    for name in OF_EFFECT:
        out.loc[out["group"] == "difference", name] = getattr(found, name)
    return out


def _effect(work: Work, part: str, measure: str, **more: Any) -> Effect | None:
    from dipeval.effects import estimate_effect

    columns = work.columns
    asked = work.spec.effect
    outcome = more.pop("outcome", None)
    timed = {} if outcome is not None else columns | {"outcome_name": work.outcome.label}
    return work.part(
        part,
        lambda: estimate_effect(
            work.design,
            work.opened.frame[list(columns.values())] if outcome is None else outcome.rename(TREATED + "_event"),
            measure=measure,
            cluster=work.prepared.cluster,
            std_error=asked.std_error if asked.std_error in OFFERED else "auto",
            draws=asked.draws,
            seed=work.spec.seed,
            **timed,
            **more,
        ),
    )
