"""Weights that are shares: everybody spreads a weight of 1 over the people who stand beside it.

Within a radius, a bandwidth, a class or a cell a person's weight is the sum of what each of those it stands for gives
to it: that one's weight of 1, over how many stand beside that one. What one more person would change is known: a person
stood for adds a share to the weights of all beside it, and a person who stands for others takes a part of every share
it has a part in. Nothing of that needs the pairs to be written down. Few may stand beside one another; the spread among
them is then enlarged to what it is for nearest neighbours (`Shares.moved`).

Strata: Lunceford, J. K. and Davidian, M. (2004), Statistics in Medicine 23, 2937-2960, section 3.2 (classes taken as
given). Radius and kernel: Heckman, J. J., Ichimura, H. and Todd, P. (1998), Matching as an econometric evaluation
estimator, Review of Economic Studies 65, 261-294 (score taken as known). Small numbers: Abadie, A. and Imbens, G. W.
(2006), Econometrica 74, 235-267.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from dipeval.errors import InvariantError
from dipeval.matching.design import Design
from dipeval.matching.kernel import kernel_sums
from dipeval.matching.radius import reach
from dipeval.matching.weight_equations_parts import SAME, Bools, Floats, Ints, Shares, WeightEquations

NEAR: Final = ("radius", "kernel")
STRATA: Final = ("subclass", "cem")
# Scores of centres and of points, what each point counts, and the width -> a sum for each centre.
Sums = Callable[[Floats, Floats, Floats, float], Floats]


def share_equations(design: Design) -> WeightEquations:
    """Return how the weights of a design move with who is in it.

    Parameters
    ----------
    design
        Made by a radius, a kernel, classes of the score or coarsened cells.

    Returns
    -------
    WeightEquations

    Raises
    ------
    InvariantError
        If the shares give other weights than the design has (a bug: never a result).
    """
    order = design._order
    treated = design.treated.to_numpy(dtype=bool)[order]
    weights = design.weights.to_numpy()[order]
    beside = _in_strata(design, order) if design.method in STRATA else _near(design, order)
    used = weights > 0
    if design.estimand == "ATE":
        sides = [(used, used & treated), (used, used & ~treated)]
    else:
        focal = treated if design.estimand == "ATT" else ~treated
        sides = [(used & focal, used & ~focal)]
    return WeightEquations(parts=tuple(_shares(weights, *side, beside) for side in sides), order=order)


def _shares(weights: Floats, focal: Bools, others: Bools, beside: Callable[[Floats, Bools, Bools], Floats]) -> Shares:
    found = Shares(focal=focal, others=others, scale=1.0, beside=beside)
    raw = beside(found.share(), others, focal)
    scale = float(weights[others].sum()) / float(raw[others].sum())
    gap = float(np.abs(weights - scale * raw)[others].max() / weights[others].max())
    if not gap <= SAME:
        raise InvariantError(
            f"Shares among people beside one another give other weights than the design has (largest difference "
            f"{gap:.2g} of the largest weight). This is a bug in dipeval, please report it; no error was made."
        )
    return replace(found, scale=scale)


def _in_strata(design: Design, order: Ints) -> Callable[[Floats, Bools, Bools], Floats]:
    codes = design.sets.fillna(0).to_numpy(dtype=np.int64)[order]

    def beside(values: Floats, centres: Bools, points: Bools) -> Floats:
        totals = np.bincount(codes, weights=np.where(points, values, 0.0))
        return np.where(centres, totals[codes], 0.0)

    return beside


def _near(design: Design, order: Ints) -> Callable[[Floats, Bools, Bools], Floats]:
    assert design._used_score is not None
    assert design.closeness is not None
    score, cells = design._used_score[order], design.closeness.cells[order]
    width = design.options["caliper_width"]
    width = np.inf if width is None else float(width)
    sums: Sums = _within if design.method == "radius" else _by_kernel
    by_cell = np.argsort(cells, kind="stable")
    members = [
        cell
        for cell in np.split(by_cell, np.flatnonzero(np.diff(cells[by_cell])) + 1)
        if cells[cell[0]] >= 0  # those trimmed away stand beside nobody
    ]

    def beside(values: Floats, centres: Bools, points: Bools) -> Floats:
        found = np.zeros(len(values))
        for cell in members:
            here, there = cell[centres[cell]], cell[points[cell]]
            if len(here) and len(there):
                found[here] = sums(score[here], score[there], values[there], width)
        return found

    return beside


def _within(centres: Floats, points: Floats, mass: Floats, width: float) -> Floats:
    """Sum what points count that lie within the width (inclusive)."""
    mine, my_place = np.unique(centres, return_inverse=True)
    theirs, their_place = np.unique(points, return_inverse=True)
    low, high = reach(mine, theirs, width)
    totals = np.concatenate([[0.0], np.cumsum(np.bincount(their_place, weights=mass))])
    return np.asarray((totals[high] - totals[low])[my_place], dtype=np.float64)


def _by_kernel(centres: Floats, points: Floats, mass: Floats, width: float) -> Floats:
    """Sum what points count by how near they are; the sums want nothing below 0, so each sign is added up apart."""
    mine, my_place = np.unique(centres, return_inverse=True)
    theirs, their_place = np.unique(points, return_inverse=True)
    low, high = reach(mine, theirs, float(np.nextafter(width, 0.0)))
    above, below = (
        kernel_sums(mine, theirs, np.asarray(np.bincount(their_place, weights=part), np.float64), width, low, high)
        for part in (np.maximum(mass, 0.0), np.maximum(-mass, 0.0))
    )
    return np.asarray((above - below)[my_place], dtype=np.float64)
