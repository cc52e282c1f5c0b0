"""What it changes of an Abadie-Imbens error that the score matched by was itself estimated.

Abadie, A. and Imbens, G. W. (2016), Matching on the estimated propensity score, Econometrica 84, 781-807. With F the
score, f its slope in the linear predictor, X the terms of its model and I their information, the variance of the effect
on everybody is

    that with a known score - c' I^-1 c,  c = E[(cov(X, Y | F, treated) / F + cov(X, Y | F, others) / (1 - F)) f]

and that of the effect on the treated, with t that effect and both expectations divided by E[F],

    that with a known score - c' I^-1 c + d' I^-1 d,  d = E[X f (E[Y | X, treated] - E[Y | X, others] - t)],
    c = E[X f (E[Y | F, treated] - E[Y | F, others] - t)] + E[(cov(X, Y | F, treated) + F / (1 - F) cov(X, Y | F,
    others)) f];

for the effect on the comparison people the groups change places. Covariances and means at a score are taken among the
nearest people on the score, means at X from the nearest person of each group on X. With many terms nobody is much
nearer than anybody else and a search goes through everybody, so in a large group d is taken from some of its people.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dipeval.effects.estimators.abadie_imbens_matches import Matched
from dipeval.effects.joining import options_of
from dipeval.effects.request import Request
from dipeval.effects.robust import Floats, exact_sum
from dipeval.matching.dealing import seeded_places
from dipeval.matching.design import Design
from dipeval.matching.neighbours import line_of
from dipeval.matching.weight_equations_parts import Equations
from dipeval.matching.weight_equations_score import score_equations, why_no_score_equations

NEAREST: Final = 4  # people of a group among whom means and covariances at a score are taken
MOST: Final = 3_000  # people of a group whose nearest on the terms is looked for, and among whom
LIMITS: Final = ("exact", "anti_exact", "covariate_calipers", "mahalanobis")
Rows = NDArray[np.intp]


def is_by_estimated_score(request: Request) -> bool:
    """Whether the people were matched by nothing but a propensity score that was estimated."""
    design: Any = request.design
    options = options_of(design)
    return getattr(design, "propensity", None) is not None and not options.get("mahalanobis")


def can_allow_for_score(request: Request, matched: Matched) -> bool:
    """Whether it can be worked out what the estimation of the score changes.

    The score must be a logistic or probit model of these people, everybody must be matched by it alone and nobody left
    out, and everybody's outcome must be known.
    """
    design: Any = request.design
    options = options_of(design)
    if not is_by_estimated_score(request) or not isinstance(design, Design) or design.propensity is None:
        return False
    if why_no_score_equations(design) is not None or design.propensity.is_weighted:
        return False
    if any(options.get(name) for name in LIMITS) or options.get("trim", "none") != "none":
        return False
    wanted = {"ATT": matched.treated, "ATC": ~matched.treated}.get(design.estimand, np.ones(len(matched.treated)))
    return len(matched.people) == int(wanted.sum()) and not np.isnan(matched.values).any()


def change_of_variance(request: Request, matched: Matched, slopes: tuple[float, float]) -> float:
    """Return what the estimation of the score adds to the variance of the estimate; as a rule less than 0.

    Parameters
    ----------
    request
        For the design.
    matched
        Its people.
    slopes
        What an outcome counts in each group on the scale of the measure.

    Returns
    -------
    float
    """
    design: Any = request.design
    equations = score_equations(design)
    order, part = equations.order, equations.parts[0]
    assert isinstance(part, Equations)
    treated = matched.treated[order]
    score = design.score.to_numpy()[order]
    # Of the estimating function of the score, (W - F) f / (F (1 - F)), the part that is f.
    slope = part.residual * np.where(treated, score, score - 1)
    if design.estimand == "ATC":
        score, treated, slope, slopes = 1 - score, ~treated, -slope, slopes[::-1]
    values = matched.values[order] * np.where(treated, slopes[0], slopes[1])
    at = replace(
        matched.where, coordinates=matched.where.coordinates[order], cells=np.zeros(len(order), dtype=np.int64)
    )
    sides = [_at_score(at, part.rows, values, treated, side) for side in (True, False)]
    information = np.linalg.pinv(part.information, hermitian=True)
    if design.estimand == "ATE":
        moved = _mean((sides[0][1] / score[:, None] + sides[1][1] / (1 - score)[:, None]) * slope[:, None])
        return -float(moved @ information @ moved)
    share = exact_sum(score) / len(score)
    own = score[:, None] / (1 - score)[:, None]
    effect = exact_sum((sides[0][0] - sides[1][0]) * score) / exact_sum(score)
    moved = _mean(part.rows * (slope * (sides[0][0] - sides[1][0] - effect))[:, None])
    moved = (moved + _mean((sides[0][1] + own * sides[1][1]) * slope[:, None])) / share
    standing = _standing_for(design, order)
    contrast = _at_terms(part.rows[:, 1:], values, treated, standing > 0)
    effect = exact_sum(standing * contrast * score) / exact_sum(standing * score)
    drift = _mean(part.rows * (standing * slope * (contrast - effect))[:, None]) / share
    return float(drift @ information @ drift - moved @ information @ moved)


def _at_score(
    where: Any, rows: Floats, values: Floats, treated: NDArray[np.bool_], side: bool
) -> tuple[Floats, Floats]:
    """Return, at everybody's score, the mean outcome in one group and its covariances with the terms."""
    pool = np.flatnonzero(treated == side)
    inside = treated == side
    everybody = np.arange(len(treated))
    line = line_of(where, everybody, pool, NEAREST + 1)
    columns = np.column_stack([np.ones(len(pool)), values[line.pool], rows[line.pool]])
    products = rows[line.pool] * values[line.pool][:, None]
    totals = np.vstack(
        [np.zeros((1, columns.shape[1] + rows.shape[1])), np.cumsum(np.hstack([columns, products]), axis=0)]
    )
    sums = totals[line.last] - totals[line.first]
    size, total, of_rows, of_products = (
        sums[:, 0],
        sums[:, 1],
        sums[:, 2 : 2 + rows.shape[1]],
        sums[:, columns.shape[1] :],
    )
    covariance = (of_products - of_rows * (total / size)[:, None]) / np.maximum(size - 1, 1)[:, None]
    mean = (total - np.where(inside, values, 0.0)) / np.maximum(size - inside, 1)  # without the person itself
    return mean, covariance


def _standing_for(design: Design, order: Rows) -> Floats:
    """Return how many of its group each person stands for, in a given order: 1, or in a large group 0 for most."""
    found = np.ones(len(order))
    drawn, treated = seeded_places(design, 0, "terms"), design.treated.to_numpy(dtype=bool)
    for side in (True, False):
        group = drawn[treated[drawn] == side]
        if len(group) > MOST:
            found[group] = 0.0
            found[group[:MOST]] = len(group) / MOST
    return found[order]


def _at_terms(terms: Floats, values: Floats, treated: NDArray[np.bool_], some: NDArray[np.bool_]) -> Floats:
    """Return the contrast of outcomes with the nearest of the other group by Mahalanobis distance; 0 for the rest."""
    spread = np.linalg.pinv(np.cov(terms, rowvar=False).reshape(terms.shape[1], terms.shape[1]), hermitian=True)
    roots, axes = np.linalg.eigh(spread)
    where = terms @ (axes * np.sqrt(np.maximum(roots, 0.0)))
    contrast = np.zeros(len(values))
    for side, sign in ((True, 1.0), (False, -1.0)):
        mine, others = np.flatnonzero(some & (treated == side)), np.flatnonzero(some & (treated != side))
        nearest = others[cKDTree(where[others]).query(where[mine])[1]]
        contrast[mine] = sign * (values[mine] - values[nearest])
    return contrast


def _mean(rows: Floats) -> Floats:
    return np.asarray(rows.mean(axis=0), dtype=np.float64)
