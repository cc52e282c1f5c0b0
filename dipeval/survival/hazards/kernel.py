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

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dipeval.survival.columns import Flags, Floats, Integers, Rows

_GRAM_BLOCK = 2_048  # rows a block: the scaled copy stays in cache and never holds a second rows-by-covariates array
_RUN = 8  # deaths a cell from which sums over neighbours are quicker than counting by number


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
    ends
        Where each cell's leavers begin, if rows are sorted by the cell they leave; sums over neighbours are quickest.
    late, late_cells, late_starts
        Rows that enter after the first cell of their stratum, sorted by the cell before; those cells; each start.
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
    ends: Integers | None
    late: Integers
    late_cells: Integers
    late_starts: Integers

    @property
    def n_cells(self) -> int:
        """Number of distinct event times, summed over strata."""
        return len(self.deaths)

    def total_by_cell(self, at: Integers, values: Floats) -> Floats:
        """Add `values` up by cell number."""
        return np.bincount(at, weights=values, minlength=self.n_cells)

    def deaths_by_cell(self, values: Floats) -> Floats:
        """Add `values` (one a row) of the deaths up by cell."""
        own = values[self.died]
        return self.total_by_cell(self.died_cell, own) if self.ends is None else self.total_by_term(own)

    def total_by_term(self, values: Floats) -> Floats:
        """Add `values`, one a death in the order of the cells, up by cell."""
        if len(values) < _RUN * self.n_cells:
            return self.total_by_cell(self.term_cell, values)
        return np.add.reduceat(values, np.cumsum(self.deaths) - self.deaths)

    def running(self, by_cell: Floats) -> Floats:
        """Return running totals over the cells of each stratum, the cell itself included."""
        if self.stratum[0] == self.stratum[-1]:
            return np.cumsum(by_cell, axis=0)
        # Restarting at every stratum keeps rounding local when there are as many strata as pairs.
        return pd.DataFrame(by_cell).groupby(self.stratum, sort=False).cumsum().to_numpy().reshape(by_cell.shape)

    def at_risk(self, values: Floats) -> Floats:
        """Return, for each cell, the sum of `values` (one a row) over the rows at risk in it."""
        return self._from_the_end(self._leaving(values))

    def at_risk_columns(self, columns: Iterable[Floats], number: int) -> Floats:
        """Return the same for several columns, made one after the other, as cells by columns."""
        leaving = np.empty((number, self.n_cells)).T
        for j, values in enumerate(columns):
            leaving[:, j] = self._leaving(values)
        return self._from_the_end(leaving)

    def over_time_at_risk(self, by_cell: Floats) -> Floats:
        """Return, for each row, the sum of `by_cell` over the cells in which the row is at risk."""
        totals = self.running(by_cell)
        out = totals[self.last - 1]
        out[self.late] -= totals[self.first[self.late] - 1]
        return out

    def _leaving(self, values: Floats) -> Floats:
        """Sum over the rows whose last cell it is, less those who enter after it."""
        leaving = self.total_by_cell(self.last - 1, values) if self.ends is None else np.add.reduceat(values, self.ends)
        if len(self.late):
            leaving[self.late_cells] -= np.add.reduceat(values[self.late], self.late_starts)
        return leaving

    def _from_the_end(self, leaving: Floats) -> Floats:
        if self.stratum[0] == self.stratum[-1]:
            return np.cumsum(leaving[::-1], axis=0)[::-1]
        sums = pd.DataFrame(leaving[::-1]).groupby(self.stratum[::-1], sort=False).cumsum().to_numpy()
        return sums.reshape(leaving.shape)[::-1]


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
    died_cell = last[used][died] - 1  # every cell has a death, so no sum over a cell is empty
    deaths = np.bincount(died_cell, minlength=len(keys))
    order = np.arange(len(died)) - np.repeat(np.cumsum(deaths) - deaths, deaths)
    term_cell = np.repeat(np.arange(len(keys)), deaths)
    fraction = order / deaths[term_cell] if ties == "efron" else np.zeros(len(died))
    first, last, start = first[used], last[used], np.searchsorted(keys, base[used])
    late = np.flatnonzero(first > start)
    late = late[np.argsort(first[late], kind="stable")]
    late_cells, late_starts = np.unique(first[late] - 1, return_index=True)
    in_order = bool((last[1:] >= last[:-1]).all())
    cells = RiskCells(
        first=first,
        last=last,
        start=start,
        died=died,
        died_cell=died_cell,
        deaths=deaths,
        death_weight=np.bincount(died_cell, weights=rows.weight[used][died], minlength=len(keys)),
        term_cell=term_cell,
        term_fraction=fraction,
        stratum=keys // width,
        ends=np.searchsorted(last, np.arange(1, len(keys) + 1)) if in_order else None,
        late=late,
        late_cells=late_cells,
        late_starts=late_starts,
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
    q, q_tied
        Sums over a cell's terms of weight/denominator squared, and of that times k/m.
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
    q: Floats
    q_tied: Floats
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
    eta = linear_predictor(x, beta, offset)
    shift = float(eta.max())
    hazard = np.exp(eta - shift)
    risk = weight * hazard
    s0, d0 = cells.at_risk(risk), cells.deaths_by_cell(risk)
    s1, d1 = covariate_sums(cells, x, risk)
    mean_weight = (cells.death_weight / cells.deaths)[cells.term_cell]
    denominator = s0[cells.term_cell] - cells.term_fraction * d0[cells.term_cell]
    one = mean_weight / denominator
    a, a_tied = _by_term(cells, one), _by_term(cells, one * cells.term_fraction)
    two = one / denominator
    q0, q1, q2 = (_by_term(cells, two * cells.term_fraction**power) for power in (0, 1, 2))
    b = q0[:, None] * s1 - q1[:, None] * d1
    b_tied = q1[:, None] * s1 - q2[:, None] * d1
    expected = a[:, None] * s1 - a_tied[:, None] * d1
    log_terms = float(mean_weight @ np.log(denominator)) + shift * float(cells.death_weight.sum())
    died, died_weight = cells.died, weight[cells.died]
    return Evaluation(
        loglik=float((died_weight * eta[died]).sum()) - log_terms,
        score=np.array([(died_weight * column[died]).sum() for column in x.T]) - expected.sum(axis=0),
        information=_information(cells, x, risk, (s1, d1), (a, a_tied, b, b_tied)),
        hazard=hazard,
        shift=shift,
        a=a,
        a_tied=a_tied,
        b=b,
        b_tied=b_tied,
        q=q0,
        q_tied=q1,
        mean=expected / cells.death_weight[:, None],
    )


def linear_predictor(x: Floats, beta: Floats, offset: Floats | None = None) -> Floats:
    """Return x times beta (plus the offset), a column at a time: equal rows get equal numbers, wherever they stand."""
    eta = np.zeros(len(x)) if offset is None else offset.copy()
    for column, slope in zip(x.T, beta, strict=True):
        eta += column * slope
    return eta


def information_over(cells: RiskCells, x: Floats, weight: Floats, at: Evaluation, factor: Floats) -> Floats:
    """Return the information with each cell's part multiplied by `factor` (one a cell)."""
    risk = weight * at.hazard
    by = factor[:, None]
    scaled = (at.a * factor, at.a_tied * factor, at.b * by, at.b_tied * by)
    return _information(cells, x, risk, covariate_sums(cells, x, risk), scaled)


def exposure(cells: RiskCells, at: Evaluation) -> Floats:
    """Return each row's expected events per unit of `at.hazard`; tied deaths share, as Efron's likelihood has it."""
    spent = cells.over_time_at_risk(at.a)
    spent[cells.died] -= at.a_tied[cells.died_cell]
    return spent


def score_residuals(cells: RiskCells, x: Floats, at: Evaluation, factor: Floats | None = None) -> Floats:
    """Return each row's score residual (unweighted): weighted, they add up to the score.

    Ties are averaged as Efron's likelihood averages them; Breslow residuals in an Efron fit, as several libraries
    have them, are wrong by one to four per cent with weekly times. With `factor`, one number a cell, they are the
    residuals of the score for a covariate multiplied by that number at that time.
    """
    times = np.ones(cells.n_cells) if factor is None else factor
    spent = cells.over_time_at_risk(at.a * times)
    spent[cells.died] -= (at.a_tied * times)[cells.died_cell]
    residuals = np.empty(x.shape[::-1]).T
    for j, column in enumerate(x.T):  # a column at a time: no second rows-by-covariates array
        pulled = cells.over_time_at_risk(at.b[:, j] * times)
        pulled[cells.died] -= (at.b_tied[:, j] * times)[cells.died_cell]
        pulled -= column * spent
        pulled *= at.hazard
        pulled[cells.died] += (column[cells.died] - at.mean[cells.died_cell, j]) * times[cells.died_cell]
        residuals[:, j] = pulled
    return residuals


def covariate_sums(cells: RiskCells, x: Floats, risk: Floats) -> tuple[Floats, Floats]:
    """Return the risk-weighted sums of the covariates over those at risk and over the deaths, cells by covariates."""
    died = np.empty((x.shape[1], cells.n_cells)).T

    def products() -> Iterator[Floats]:
        for j in range(x.shape[1]):
            product = risk * x[:, j]
            died[:, j] = cells.deaths_by_cell(product)
            yield product

    return cells.at_risk_columns(products(), x.shape[1]), died


def _information(
    cells: RiskCells, x: Floats, risk: Floats, sums: tuple[Floats, Floats], terms: tuple[Floats, Floats, Floats, Floats]
) -> Floats:
    (s1, d1), (a, a_tied, b, b_tied) = sums, terms
    spread = cells.over_time_at_risk(a)
    spread[cells.died] -= a_tied[cells.died_cell]
    spread *= risk
    cross = s1.T @ b - d1.T @ b_tied  # = q0 S1S1' - q1 (S1D1' + D1S1') + q2 D1D1'
    return _gram(x, spread) - (cross + cross.T) / 2


def _by_term(cells: RiskCells, values: Floats) -> Floats:
    return cells.total_by_term(values)


def _gram(x: Floats, scale: Floats) -> Floats:
    total = np.zeros((x.shape[1], x.shape[1]))
    for begin in range(0, len(x), _GRAM_BLOCK):
        block = slice(begin, begin + _GRAM_BLOCK)
        total += x[block].T @ (x[block] * scale[block, None])
    return (total + total.T) / 2
