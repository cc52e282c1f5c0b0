"""How often the person with the higher predicted rate is the one who reoffends first, in O(n log n).

A pair can be compared when one has the event while the other is at risk and stays free of it at that time, within a
stratum. Pairs count the product of their weights. Sources: Harrell et al. (1982), *JAMA* 247, 2543-2546; the error is
an infinitesimal jackknife, by row, cluster or two clusterings (Therneau and Watson, Mayo Clinic technical report 85).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit, logit, ndtri

from dipeval.errors import EstimationError
from dipeval.survival.clusters import squares
from dipeval.survival.columns import Floats, Integers, Rows
from dipeval.survival.hazards.fitting import Fit
from dipeval.survival.hazards.kernel import linear_predictor

_SAME = 1e-12  # predictions this close, relative to their spread, are tied: equal people may differ by rounding


def concordance_frame(fit: Fit, level: float) -> pd.DataFrame:
    """Return the concordance of the model's predictions with what happened, and the pairs behind it.

    Parameters
    ----------
    fit
        A fitted model.
    level
        Coverage of the interval.
    """
    rows = fit.rows
    x = (rows.covariates - fit.centre) / fit.scale
    rank = _ranks(linear_predictor(x, fit.maximum.beta, rows.offset))
    sums = _pairs_by_row(rows, rank)  # rows by (higher risk first, lower risk first, same risk)
    concordant, discordant, tied = 0.5 * (rows.weight @ sums)  # each pair stands in the sums of both its rows
    number = concordant + discordant + tied
    if not number > 0:
        raise EstimationError("No pair of rows can be compared: nobody is at risk when another has the event.")
    share = (concordant + tied / 2) / number
    change = rows.weight * (sums[:, 0] + sums[:, 2] / 2 - share * sums.sum(axis=1)) / number
    error = float(np.sqrt(squares(change[:, None], rows)[0, 0]))
    low, high = _limits(share, error, level)
    same_time, same_both = _tied_times(rows, rank)
    return pd.DataFrame(
        {
            "estimate": [share],
            "std_error": [error],
            "conf_low": [low],
            "conf_high": [high],
            "n_concordant": [concordant],
            "n_discordant": [discordant],
            "n_tied_risk": [tied],
            "n_tied_time": [same_time],
            "n_tied_both": [same_both],
            "n": [len(rows)],
            "n_events": [int(rows.event.sum())],
        }
    )


def _limits(share: float, error: float, level: float) -> tuple[float, float]:
    """Limits on the logit scale, which stay between 0 and 1."""
    if not 0 < share < 1:
        return share, share
    reach = ndtri(0.5 + level / 2) * error / (share * (1 - share))
    return float(expit(logit(share) - reach)), float(expit(logit(share) + reach))


def _ranks(risk: Floats) -> Integers:
    order = np.argsort(risk, kind="stable")
    sorted_risk = risk[order]
    apart = np.diff(sorted_risk) > _SAME * max(1.0, float(sorted_risk[-1] - sorted_risk[0]))
    rank = np.empty(len(risk), dtype=np.int64)
    rank[order] = np.concatenate([[0], np.cumsum(apart)])
    return rank


def _pairs_by_row(rows: Rows, rank: Integers) -> Floats:
    """Return, for each row, the weight of those it makes a concordant, discordant or tied pair with.

    Two passes: what each event finds at risk, going back in time, and the events each row outlives, going forward.
    """
    events, late = np.flatnonzero(rows.event), np.flatnonzero(np.isfinite(rows.entry))
    everyone = np.arange(len(rows))
    # Going back: at one time, rows that enter then leave the sets, the censored come in, events look, events come in.
    who = np.concatenate([late, everyone, events])
    when = np.concatenate([rows.entry[late], rows.time, rows.time[events]])
    turn = np.concatenate([np.zeros(len(late)), np.where(rows.event, 3, 1), np.full(len(events), 2)])
    weight = np.concatenate([-rows.weight[late], rows.weight, np.zeros(len(events))])
    asks = np.concatenate([np.zeros(len(late)), np.zeros(len(rows)), np.ones(len(events))])
    lower, higher, same = _counted(rows.stratum[who], -when, turn, rank[who], weight, asks)
    ahead = np.column_stack([_by_row(rows, who, part) for part in (lower, higher, same)])
    # Going forward: events ending rows look before events of that time come in; the censored and those entering after.
    who = np.concatenate([everyone, events, late])
    when = np.concatenate([rows.time, rows.time[events], rows.entry[late]])
    turn = np.concatenate([np.where(rows.event, 0, 2), np.ones(len(events)), np.full(len(late), 2)])
    weight = np.concatenate([np.zeros(len(rows)), rows.weight[events], np.zeros(len(late))])
    asks = np.concatenate([np.ones(len(rows)), np.zeros(len(events)), -np.ones(len(late))])
    lower, higher, same = _counted(rows.stratum[who], when, turn, rank[who], weight, asks)
    behind = np.column_stack([_by_row(rows, who, part) for part in (higher, lower, same)])
    return ahead + behind


def _by_row(rows: Rows, who: Integers, values: Floats) -> Floats:
    return np.bincount(who, weights=values, minlength=len(rows))


def _counted(
    stratum: Integers, when: Floats, turn: Floats, rank: Integers, weight: Floats, asks: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return, for each entry, the weight of earlier entries of its stratum with lower, higher and the same rank.

    Entries are multiplied by `asks` (0 for those that ask nothing).
    """
    order = np.lexsort((turn, when, stratum))
    stratum, rank, weight = stratum[order], rank[order], weight[order]
    all_before = _before(stratum, weight)
    same = _before(stratum * (int(rank.max()) + 1) + rank, weight)
    lower = _lower_before(stratum, rank, weight)
    found = np.empty((3, len(order)))
    found[:, order] = np.stack([lower, all_before - lower - same, same])
    lower, higher, same = found * asks
    return lower, higher, same


def _before(group: Integers, weight: Floats) -> Floats:
    """Return the summed weight of earlier entries of the same group."""
    order = np.argsort(group, kind="stable")
    sums = np.cumsum(weight[order]) - weight[order]
    starts = np.flatnonzero(np.concatenate([[True], np.diff(group[order]) != 0]))
    sizes = np.diff(np.append(starts, len(group)))
    out = np.empty(len(group))
    out[order] = sums - np.repeat(sums[starts], sizes)
    return out


def _lower_before(stratum: Integers, rank: Integers, weight: Floats) -> Floats:
    """Return the summed weight of earlier entries of the same stratum with a lower rank, one binary digit at a time.

    A rank is lower exactly if, after the same leading digits, it has a 0 where the other has a 1.
    """
    digits = max(int(rank.max()).bit_length(), 1)
    out = np.zeros(len(rank))
    for digit in range(digits):
        one = (rank >> digit) & 1 == 1
        leading = (stratum << (digits - digit)) + (rank >> (digit + 1))
        out += np.where(one, _before(leading, np.where(one, 0.0, weight)), 0.0)
    return out


def _tied_times(rows: Rows, rank: Integers) -> tuple[float, float]:
    """Return the weight of pairs of events at one time of a stratum: with different and with the same prediction."""
    dead = np.flatnonzero(rows.event)
    frame = pd.DataFrame({"stratum": rows.stratum[dead], "time": rows.time[dead], "rank": rank[dead]})
    weight = pd.Series(rows.weight[dead])

    def pairs(columns: list[str]) -> float:
        sums = weight.groupby([frame[name] for name in columns]).sum()
        return float(((sums**2).sum() - (weight**2).sum()) / 2)

    same = pairs(["stratum", "time", "rank"])
    return pairs(["stratum", "time"]) - same, same
