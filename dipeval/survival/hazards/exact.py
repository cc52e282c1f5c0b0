"""The exact partial likelihood for discrete times: which of those at risk have the event, given how many do.

A cell with m deaths adds the log of e_m, the sum over all sets of m people at risk of the product of their risks. It is
the coefficient of t^m in the product of (1 + risk t), found with its first and second derivatives by multiplying
polynomials pairwise, halves by halves, and dropping powers above m. Source: Cox (1972), *JRSS B* 34, 187-220.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dipeval.errors import EstimationError
from dipeval.survival.columns import Floats
from dipeval.survival.hazards.kernel import Evaluation, RiskCells, linear_predictor

_BLOCK = 512  # rows multiplied together at once
_MOST_WORK = 1e8  # people at risk x events x covariates squared; more takes minutes
_MOST_DEATHS = 100  # at one time; sums over larger sets leave the range of numbers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Polynomials:
    """Polynomials by node and power, with first (by covariate) and second derivatives in the coefficients."""

    value: Floats
    first: Floats
    second: Floats

    def times(self, other: _Polynomials, highest: int) -> _Polynomials:
        """Multiply node by node."""
        cross = _convolved(self.first[..., :, None], other.first[..., None, :], highest)
        return _Polynomials(
            value=_convolved(self.value, other.value, highest),
            first=_convolved(self.value[..., None], other.first, highest)
            + _convolved(self.first, other.value[..., None], highest),
            second=_convolved(self.value[..., None, None], other.second, highest)
            + _convolved(self.second, other.value[..., None, None], highest)
            + cross
            + cross.swapaxes(-1, -2),
        )

    def pairwise(self, highest: int) -> _Polynomials:
        """Multiply neighbours, leaving half the nodes; an odd one out is carried over by a 1 beside it."""
        return self._nodes(slice(0, None, 2)).times(self._nodes(slice(1, None, 2)), highest)

    def _nodes(self, which: slice) -> _Polynomials:
        return _Polynomials(value=self.value[which], first=self.first[which], second=self.second[which])


def evaluate_exact(cells: RiskCells, x: Floats, beta: Floats, offset: Floats | None = None) -> Evaluation:
    """Return the exact log-likelihood, score and information at `beta`; sums that residuals need are left empty.

    Parameters
    ----------
    cells, x, beta, offset
        As for `evaluate`; rows have no weights.
    """
    eta = linear_predictor(x, beta, offset)
    died = cells.died
    loglik, score = float(eta[died].sum()), x[died].sum(axis=0)
    information = np.zeros((len(beta), len(beta)))
    for cell in range(cells.n_cells):
        rows = np.flatnonzero((cells.first <= cell) & (cell < cells.last))
        log_sum, slope, curve = _log_symmetric(eta[rows], x[rows], int(cells.deaths[cell]))
        loglik -= log_sum
        score = score - slope
        information += curve
    shift, empty = float(eta.max()), np.empty(0)
    return Evaluation(
        loglik=loglik,
        score=score,
        information=(information + information.T) / 2,
        hazard=np.exp(eta - shift),
        shift=shift,
        a=empty,
        a_tied=empty,
        b=empty,
        b_tied=empty,
        q=empty,
        q_tied=empty,
        mean=empty,
    )


def check_exact_is_possible(cells: RiskCells, n_covariates: int) -> None:
    """Refuse so many tied events that the sums over sets would take minutes."""
    at_risk = cells.at_risk(np.ones(len(cells.first)))
    several = cells.deaths > 1
    work = float((at_risk * cells.deaths)[several].sum()) * (n_covariates + 1) ** 2
    if work > _MOST_WORK or cells.deaths.max() > _MOST_DEATHS:
        raise EstimationError(
            f"ties='exact' sums over all sets of people who might have had the event together; with up to "
            f"{int(cells.deaths.max())} events at one time and {len(cells.first):,} rows that is out of reach: "
            "use 'efron', which comes close."
        )


def _log_symmetric(eta: Floats, x: Floats, m: int) -> tuple[float, Floats, Floats]:
    """Return log e_m of the risks with its first and second derivatives."""
    # Scaled so that the sums neither overflow nor vanish: about m of the risks add up to 1.
    shift = float(eta.max())
    risk = np.exp(eta - shift)
    scale = m / risk.sum()
    whole = _product(risk * scale, x, m)
    total = whole.value[0, m]
    slope = whole.first[0, m] / total
    curve = whole.second[0, m] / total - np.outer(slope, slope)
    return float(np.log(total)) + m * (shift - float(np.log(scale))), slope, curve


def _product(risk: Floats, x: Floats, m: int) -> _Polynomials:
    size = x.shape[1]
    if m == 1:  # a sum needs no products
        value, first = np.array([[1.0, risk.sum()]]), np.stack([np.zeros(size), risk @ x])[None]
        second = np.stack([np.zeros((size, size)), x.T @ (x * risk[:, None])])[None]
        return _Polynomials(value=value, first=first, second=second)
    blocks = [_block(risk[k : k + _BLOCK], x[k : k + _BLOCK], m) for k in range(0, len(risk), _BLOCK)]
    whole = blocks[0]
    for block in blocks[1:]:
        whole = whole.times(block, m)
    return whole


def _block(risk: Floats, x: Floats, m: int) -> _Polynomials:
    """Multiply (1 + risk t) over a block, filled up with factors of 1 to a power of two."""
    n, size = x.shape
    nodes = 1 << (n - 1).bit_length()
    value, first = np.zeros((nodes, 2)), np.zeros((nodes, 2, size))
    second = np.zeros((nodes, 2, size, size))
    value[:, 0] = 1.0
    value[:n, 1] = risk
    first[:n, 1] = x * risk[:, None]
    second[:n, 1] = first[:n, 1, :, None] * x[:, None, :]
    polynomials = _Polynomials(value=value, first=first, second=second)
    while len(polynomials.value) > 1:
        polynomials = polynomials.pairwise(m)
    return polynomials


def _convolved(one: Floats, other: Floats, highest: int) -> Floats:
    """Multiply polynomials along the second axis, powers up to `highest`; further axes are multiplied as they stand."""
    length = min(one.shape[1] + other.shape[1] - 1, highest + 1)
    shape = np.broadcast_shapes(one[:, 0].shape, other[:, 0].shape)
    out = np.zeros((shape[0], length, *shape[1:]))
    for power in range(min(one.shape[1], length)):
        reach = min(other.shape[1], length - power)
        out[:, power : power + reach] += one[:, power, None] * other[:, :reach]
    return out
