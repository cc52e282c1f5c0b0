"""The Cox kernel: log-likelihood, score, information and score residuals in O(rows x covariates), without a compiler.

A *cell* is one distinct event time of one stratum. A row is at risk in the cells ``first <= cell < last`` of its
stratum, because rows are at risk over (entry, time]. Sums over risk sets are running sums over cells, from the end:
what leaves at or after a cell, less what has not entered yet. No loop visits deaths by risk set, no covariates-by-
covariates array is held a time, and no rows-by-rows array exists at all.

With ``m`` deaths in a cell, Efron's k-th term (k = 0..m-1) has the denominator ``S0 - (k/m) D0``, where S and D are
sums of the risk score over the risk set and over the deaths, and the mean weight of the deaths as its own weight;
Breslow's terms all have ``S0``.

Sources: Efron (1977), *JASA* 72, 557-565; Breslow (1974), *Biometrics* 30, 89-99; Lin and Wei (1989), *JASA* 84,
1074-1078 (robust variance); Therneau and Grambsch (2000), *Modeling Survival Data*, Springer (counting-process rows).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dipeval.survival.columns import Flags, Floats, Integers, Rows

_GRAM_BLOCK = 8_192  # rows a block: the scaled copy stays in cache and never holds a second rows-by-covariates array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RiskCells:
    """Who is at risk in which cell, and how the deaths of a cell are tied. Built once, used at every step.

    Parameters
    ----------
    first, last
        Cells of each row: at risk in ``first <= cell < last``.
    start
        First cell of each row's stratum.
    died
        Row numbers of the deaths; `died_cell` their cells.
    deaths, death_weight
        Number and summed weight of the deaths of each cell.
    term_cell, term_fraction
        One entry a death: its cell and k/m (0 under Breslow).
    stratum
        Stratum of each cell, ascending.
    """

    first: Integers
    last: Integers
    start: Integers
    died: Integers
    died_cell: Integers
    deaths: Integers
    death_weight: Floats
    term_cell: Integers
    term_fraction: Floats
    stratum: Integers

    @property
    def n_cells(self) -> int:
        """Number of distinct event times, summed over strata."""
        return len(self.deaths)

    def total_by_cell(self, at: Integers, values: Floats) -> Floats:
        """Add `values` up by cell number."""
        return np.bincount(at, weights=values, minlength=self.n_cells)

    def running(self, by_cell: Floats) -> Floats:
        """Return running totals over the cells of each stratum, the cell itself included."""
        if self.stratum[0] == self.stratum[-1]:
            return np.cumsum(by_cell, axis=0)
        # Restarting at every stratum keeps rounding local when there are as many strata as pairs.
        return pd.DataFrame(by_cell).groupby(self.stratum, sort=False).cumsum().to_numpy().reshape(by_cell.shape)

    def at_risk(self, values: Floats) -> Floats:
        """Return, for each cell, the sum of `values` (one a row) over the rows at risk in it."""
        late = self.first > self.start
        leaving = self.total_by_cell(self.last - 1, values)
        leaving -= self.total_by_cell(self.first[late] - 1, values[late])
        if self.stratum[0] == self.stratum[-1]:
            return np.cumsum(leaving[::-1])[::-1]
        frame = pd.Series(leaving[::-1])
        return frame.groupby(self.stratum[::-1], sort=False).cumsum().to_numpy()[::-1]

    def over_time_at_risk(self, by_cell: Floats) -> Floats:
        """Return, for each row, the sum of `by_cell` over the cells in which the row is at risk."""
        totals = self.running(by_cell)
        late = self.first > self.start
        out = totals[self.last - 1].copy()
        out[late] -= totals[self.first[late] - 1]
        return out


def build_cells(rows: Rows, ties: str) -> tuple[RiskCells, Flags]:
    """Return the cells and which rows are at risk in any of them; the others carry no information.

    Parameters
    ----------
    rows
        Checked rows.
    ties
        ``"efron"`` or ``"breslow"``.
    """
    times = np.unique(rows.time[rows.event])
    width = len(times) + 1
    base = rows.stratum * width
    keys = np.unique(base[rows.event] + np.searchsorted(times, rows.time[rows.event]))
    first = np.searchsorted(keys, base + np.searchsorted(times, rows.entry, side="right"))
    last = np.searchsorted(keys, base + np.searchsorted(times, rows.time, side="right"))
    used = last > first
    died = np.flatnonzero(rows.event[used])
    died_cell = last[used][died] - 1
    deaths = np.bincount(died_cell, minlength=len(keys))
    order = np.arange(len(died)) - np.repeat(np.cumsum(deaths) - deaths, deaths)
    term_cell = np.repeat(np.arange(len(keys)), deaths)
    fraction = order / deaths[term_cell] if ties == "efron" else np.zeros(len(died))
    cells = RiskCells(
        first=first[used],
        last=last[used],
        start=np.searchsorted(keys, base[used]),
        died=died,
        died_cell=died_cell,
        deaths=deaths,
        death_weight=np.bincount(died_cell, weights=rows.weight[used][died], minlength=len(keys)),
        term_cell=term_cell,
        term_fraction=fraction,
        stratum=keys // width,
    )
    return cells, used


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """The partial likelihood at one coefficient vector, with the cell sums that residuals and baselines are made of.

    Parameters
    ----------
    loglik, score, information
        Log partial likelihood and its first and (minus) second derivatives.
    hazard
        exp(linear predictor) of each row, divided by exp(`shift`).
    a, a_tied
        Sums over a cell's terms of weight/denominator, and of that times k/m.
    b, b_tied
        The same with the risk-set mean of the covariates as a further factor (cells by covariates).
    mean
        Mean over a cell's terms of the risk-set mean of the covariates.
    """

    loglik: float
    score: Floats
    information: Floats
    hazard: Floats
    shift: float
    a: Floats
    a_tied: Floats
    b: Floats
    b_tied: Floats
    mean: Floats


def evaluate(cells: RiskCells, x: Floats, weight: Floats, beta: Floats, offset: Floats | None = None) -> Evaluation:
    """Return log-likelihood, score and information at `beta`.

    Parameters
    ----------
    cells
        From `build_cells`.
    x
        Covariates of the rows in the cells (columns contiguous are quickest).
    weight
        Case weights of the same rows.
    beta
        Log hazard ratios.
    offset
        Added to the linear predictor; none if None.
    """
    eta = x @ beta if offset is None else x @ beta + offset
    shift = float(eta.max())
    hazard = np.exp(eta - shift)
    risk = weight * hazard
    s0, d0, s1, d1 = _cell_sums(cells, x, risk)
    mean_weight = (cells.death_weight / cells.deaths)[cells.term_cell]
    denominator = s0[cells.term_cell] - cells.term_fraction * d0[cells.term_cell]
    one = mean_weight / denominator
    a, a_tied = _by_term(cells, one), _by_term(cells, one * cells.term_fraction)
    two = one / denominator
    q0, q1, q2 = (_by_term(cells, two * cells.term_fraction**power)[:, None] for power in (0, 1, 2))
    b, b_tied = q0 * s1 - q1 * d1, q1 * s1 - q2 * d1
    expected = a[:, None] * s1 - a_tied[:, None] * d1
    spread = risk * cells.over_time_at_risk(a)
    spread[cells.died] -= risk[cells.died] * a_tied[cells.died_cell]
    cross = s1.T @ b - d1.T @ b_tied  # = q0 S1S1' - q1 (S1D1' + D1S1') + q2 D1D1'
    log_terms = float(mean_weight @ np.log(denominator)) + shift * float(cells.death_weight.sum())
    return Evaluation(
        loglik=float(weight[cells.died] @ eta[cells.died]) - log_terms,
        score=weight[cells.died] @ x[cells.died] - expected.sum(axis=0),
        information=_gram(x, spread) - (cross + cross.T) / 2,
        hazard=hazard,
        shift=shift,
        a=a,
        a_tied=a_tied,
        b=b,
        b_tied=b_tied,
        mean=expected / cells.death_weight[:, None],
    )


def score_residuals(cells: RiskCells, x: Floats, at: Evaluation) -> Floats:
    """Return each row's score residual (unweighted): weighted, they add up to the score.

    Ties are averaged as Efron's likelihood averages them; Breslow residuals in an Efron fit, as several libraries
    have them, are wrong by one to four per cent with weekly times.
    """
    exposure = cells.over_time_at_risk(at.a)
    exposure[cells.died] -= at.a_tied[cells.died_cell]
    pulled = cells.over_time_at_risk(at.b)
    pulled[cells.died] -= at.b_tied[cells.died_cell]
    residuals = at.hazard[:, None] * (pulled - x * exposure[:, None])
    residuals[cells.died] += x[cells.died] - at.mean[cells.died_cell]
    return residuals


def _cell_sums(cells: RiskCells, x: Floats, risk: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    s1, d1 = np.empty((cells.n_cells, x.shape[1])), np.empty((cells.n_cells, x.shape[1]))
    for j in range(x.shape[1]):  # a column at a time: no second rows-by-covariates array
        product = risk * x[:, j]
        s1[:, j] = cells.at_risk(product)
        d1[:, j] = cells.total_by_cell(cells.died_cell, product[cells.died])
    return cells.at_risk(risk), cells.total_by_cell(cells.died_cell, risk[cells.died]), s1, d1


def _by_term(cells: RiskCells, values: Floats) -> Floats:
    return cells.total_by_cell(cells.term_cell, values)


def _gram(x: Floats, scale: Floats) -> Floats:
    total = np.zeros((x.shape[1], x.shape[1]))
    for begin in range(0, len(x), _GRAM_BLOCK):
        block = slice(begin, begin + _GRAM_BLOCK)
        total += x[block].T @ (x[block] * scale[block, None])
    return (total + total.T) / 2
