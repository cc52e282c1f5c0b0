"""The Aalen-Johansen estimate of one group: the share to whom each cause has happened, and its variance.

Sources: Aalen and Johansen (1978), *Scandinavian Journal of Statistics* 5, 141-150; the infinitesimal jackknife (Efron
1982, *The Jackknife, the Bootstrap and Other Resampling Plans*, SIAM) for the variance.

The derivative of the share F(t) of a cause with respect to a row's weight is the sum over the steps u up to t, while
the row is at risk, of ``S(u-) dh(u) - dh_any(u) (F(t) - F(u)) / (1 - h_any(u))``, where ``dh(u)`` is the derivative of
the hazard h(u) = N(u) / Y(u). As a function of t that is ``a - F(t) b`` with sums a and b that stop at the row's end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dipeval.survival.columns import Flags, Floats, Rows
from dipeval.survival.curves.limits import share_limits
from dipeval.survival.curves.product_limit import Steps, count_steps, error_of, quotient, survival
from dipeval.survival.curves.running import State, held, running_variance

INCIDENCE_COLUMNS = (
    "group",
    "cause",
    "time_days",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "n_events",
    "n_at_risk",
    "n_censored",
    "n_effective",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CauseShare:
    """The share to whom one cause has happened after each step, and the pieces of its derivatives.

    Parameters
    ----------
    steps
        The steps of the group, all causes together.
    happened
        Whether each row ended in this cause.
    share
        The share after each step.
    first, second
        Running sums: while at risk a row's a falls with the first and its b with the second.
    kick_any, kick_cause, kick_second
        What a row adds when it ends: to a by any cause and by this one, to b by any cause.
    """

    steps: Steps
    happened: Flags
    share: Floats
    first: Floats
    second: Floats
    kick_any: Floats
    kick_cause: Floats
    kick_second: Floats


def cause_share(rows: Rows, steps: Steps, happened: Flags) -> CauseShare:
    """Return the share of one cause; `rows.event` says whether any cause happened."""
    weight = rows.weight[happened] if rows.weighted else None
    events = np.bincount(steps.left[happened], weights=weight, minlength=len(steps.times)).astype(float)
    before = np.concatenate([[1.0], survival(steps)[:-1]])
    share = np.minimum(np.cumsum(before * quotient(events, steps.weight_at_risk)), 1.0)
    some = (steps.events > 0).astype(float)
    kick_cause, kick_second = quotient(before * some, steps.weight_at_risk), quotient(some, steps.remaining)
    at_cause = kick_cause * quotient(events, steps.weight_at_risk)
    at_any = steps.hazard_over_remaining
    return CauseShare(
        steps=steps,
        happened=happened,
        share=share,
        first=np.cumsum(at_cause + share * at_any),
        second=np.cumsum(at_any),
        kick_any=share * kick_second,
        kick_cause=kick_cause,
        kick_second=kick_second,
    )


def share_error(rows: Rows, cause: CauseShare) -> Floats:
    """Return the infinitesimal-jackknife standard error of the share after each step; NaN where rows do not differ."""
    came, left = cause.steps.came, cause.steps.left
    to_first, to_second = _kicks(rows, cause)
    states = (
        State(at_entry=cause.first[came], at_end=to_first - cause.first[left]),
        State(at_entry=cause.second[came], at_end=to_second - cause.second[left]),
        held(rows),
    )
    share = cause.share
    curves = np.column_stack([np.ones(len(share)), -share, share * cause.second - cause.first])
    return error_of(running_variance(rows, came=came, left=left, states=states, curves=curves), share)


def share_influence(rows: Rows, cause: CauseShare, place: int) -> Floats:
    """Return the derivative of the share after one step with respect to the weight of each row."""
    steps = cause.steps
    came, left = np.minimum(steps.came, place), np.minimum(steps.left, place)
    to_first, to_second = (np.where(steps.left <= place, kick, 0.0) for kick in _kicks(rows, cause))
    a = cause.first[came] - cause.first[left] + to_first
    b = cause.second[came] - cause.second[left] + to_second
    return a - cause.share[place] * b


def _kicks(rows: Rows, cause: CauseShare) -> tuple[Floats, Floats]:
    left = cause.steps.left
    to_first = np.where(rows.event, cause.kick_any[left], 0.0) + np.where(cause.happened, cause.kick_cause[left], 0.0)
    return to_first, np.where(rows.event, cause.kick_second[left], 0.0)


def happened(rows: Rows, code: int) -> Flags:
    """Return whether each row ended in a cause; the codes, 0 for leaving observation, are the only covariate."""
    return rows.covariates[:, 0] == code


def group_steps(rows: Rows, name: str, causes: Sequence[str], level: float) -> pd.DataFrame:
    """Return the steps of every cause in one group, with the documented columns."""
    steps = count_steps(rows)
    frames = []
    for code, cause in enumerate(causes, start=1):
        ended = happened(rows, code)
        found = cause_share(rows, steps, ended)
        # Where nothing of the kind is seen the jackknife gives 0: that is no error anyone should quote.
        error = share_error(rows, found) if ended.any() else np.full(len(steps.times), np.nan)
        low, high = share_limits(found.share, error, level)
        columns = (
            name,
            cause,
            steps.times,
            found.share,
            error,
            low,
            high,
            np.bincount(steps.left[ended], minlength=len(steps.times)),
            steps.at_risk,
            steps.censored,
            steps.n_effective,
        )
        frames.append(pd.DataFrame(dict(zip(INCIDENCE_COLUMNS, columns, strict=True))))
    return pd.concat(frames, ignore_index=True)
