"""The score of Gray's test and its covariance, by cells of stratum and time.

Notation of Gray (1988), *Annals of Statistics* 16, 1141-1154: in group r, Y people at risk, S the share to whom nothing
has happened yet, F the share to whom the cause has; h = Y / S(t-); R = h (1 - F(t-)) are those at risk together with
those to whom something else happened and who would still be followed. Under the hypothesis all groups share one
F0, with jumps of the cause's events over the sum of h. With several events at once every term shrinks as the
variance of a draw without putting back does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dipeval.survival.columns import Flags, Floats, Rows
from dipeval.survival.hazards.cellwise import product_of, shifted, stratum_ends
from dipeval.survival.hazards.kernel import RiskCells, build_cells


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Groups:
    """What the groups have in each cell (cells by groups, but for `pooled`: the jumps and levels of F0, by cell)."""

    at_risk: Floats
    events: Floats
    others: Floats
    free: Floats
    free_before: Floats
    h: Floats
    still: Floats
    jump: Floats
    pooled: Floats
    pooled_before: Floats


def gray_counts(rows: Rows, is_cause: Flags, rho: float) -> tuple[Floats, Floats, Floats]:
    """Return events of the cause observed and expected by group (weighted by time), and the covariance of the gap.

    Parameters
    ----------
    rows
        Checked rows; `event` says whether anything happened.
    is_cause
        Whether it was the cause tested.
    rho
        Power of 1 - F0(t-) by which every time weighs.
    """
    cells, used = build_cells(rows, "breslow")
    here = _describe(cells, rows.take(used), is_cause[used])
    early = np.maximum(1.0 - here.pooled_before, 0.0) ** rho
    events = here.events.sum(axis=1)
    rate = np.divide(events, here.still.sum(axis=1), out=np.zeros(cells.n_cells), where=events > 0)
    return early @ here.events, (early * rate) @ here.still, _covariance(cells, here, early)


def _describe(cells: RiskCells, rows: Rows, is_cause: Flags) -> _Groups:
    members = np.asfortranarray((rows.group[:, None] == np.arange(len(rows.group_names))).astype(float))
    at_risk = np.rint(np.column_stack([cells.at_risk(column) for column in members.T]))
    dead, cause = members[cells.died], is_cause[cells.died].astype(float)
    anything = np.column_stack([cells.total_by_cell(cells.died_cell, column) for column in dead.T])
    events = np.column_stack([cells.total_by_cell(cells.died_cell, column * cause) for column in dead.T])
    one = np.maximum(at_risk, 1.0)
    free = product_of(cells.stratum, (one - anything) / one)
    free_before = shifted(cells.stratum, free, 1.0)
    h = np.divide(at_risk, free_before, out=np.zeros_like(at_risk), where=at_risk > 0)
    happened = cells.running(free_before * events / one)
    total = events.sum(axis=1)
    jump = np.divide(total, h.sum(axis=1), out=np.zeros(cells.n_cells), where=total > 0)
    pooled = cells.running(jump)
    return _Groups(
        at_risk=at_risk,
        events=events,
        others=anything - events,
        free=free,
        free_before=free_before,
        h=h,
        still=h * (1.0 - shifted(cells.stratum, happened)),
        jump=jump,
        pooled=pooled,
        pooled_before=shifted(cells.stratum, pooled),
    )


def _covariance(cells: RiskCells, here: _Groups, early: Floats) -> Floats:
    """Sum over groups r what r's events of the cause, and of others, add to the covariance (Gray's theorem 1).

    An event in r adds its own share d of the score, and moves r's later risk set: c is d integrated against the
    pooled hazard, `ahead` what of it is still to come.
    """
    n_groups = here.h.shape[1]
    left = 1.0 - here.pooled_before
    hazard = np.divide(here.jump, left, out=np.zeros(cells.n_cells), where=left != 0)
    total_h = here.h.sum(axis=1)
    shares = np.divide(here.h, total_h[:, None], out=np.zeros_like(here.h), where=total_h[:, None] > 0)
    covariance = np.zeros((n_groups, n_groups))
    for r in range(n_groups):
        own = (early * here.h[:, r])[:, None] * ((np.arange(n_groups) == r) - shares)
        so_far = cells.running(own * hazard[:, None])
        ahead = stratum_ends(cells.stratum, so_far) - so_far
        free = here.free[:, r]
        ratio = np.divide(1.0 - here.pooled, free, out=np.zeros(cells.n_cells), where=free > 0)[:, None]
        by_cause, by_others = own + (1.0 - ratio) * ahead, -ratio * ahead
        one, other = _spread(here, r)
        covariance += (by_cause * one[:, None]).T @ by_cause + (by_others * other[:, None]).T @ by_others
    return covariance


def _spread(here: _Groups, r: int) -> tuple[Floats, Floats]:
    """Return dF0 / h and dF(other causes) / h of group r, with the corrections for events at once."""
    at_risk, others, h = here.at_risk[:, r], here.others[:, r], here.h[:, r]
    there = at_risk > 0
    events = here.events.sum(axis=1)
    expected = here.h.sum(axis=1) * here.free_before[:, r]
    tied = there & (events > 1)
    one = np.divide(here.jump, h, out=np.zeros_like(h), where=there)
    one[tied] *= 1.0 - (events[tied] - 1.0) / (expected[tied] - 1.0)
    several = there & (others > 1)
    other = np.divide(here.free_before[:, r] * others, h * at_risk, out=np.zeros_like(h), where=there)
    other[several] *= 1.0 - (others[several] - 1.0) / (at_risk[several] - 1.0)
    return one, other
