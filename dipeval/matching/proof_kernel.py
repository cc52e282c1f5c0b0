"""The rule of kernel matching, checked from the problem alone (see `proof`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from dipeval.matching.problem import Floats, Found, Ints, Problem
from dipeval.matching.proof_reach import Reach, exact_sums, if_any, reach_of

CLOSE = 1e-9
LAST_DIGITS = 1e-14  # lost, times the square of the range of scores in bandwidths, where the squares cancel


def kernel_weights_follow(problem: Problem, found: Found) -> Iterator[str]:
    """Everybody nearer than the bandwidth is used, and weighs what the kernel gives.

    Who is near is counted exactly. The weights are worked out by another route than the matcher's, with all scores
    counted from the lowest: where the scores range over many bandwidths that leaves fewer digits to compare, and
    whoever is near somebody whose neighbours all lie at the very rim goes unchecked where it leaves none.

    Parameters
    ----------
    problem, found
        What was asked, and what the matcher handed back.

    Yields
    ------
    str
        A broken rule and how often.
    """
    if not problem.width > 0 or problem.score is None:
        yield "there is no bandwidth, or no score"
        return
    nearer = replace(problem, width=float(np.nextafter(problem.width, 0.0)))
    focal = np.flatnonzero(problem.is_focal & problem.kept)
    pool = np.flatnonzero(~problem.is_focal & problem.kept)
    from_focal = reach_of(nearer, pool, focal)
    counts = from_focal.count(focal)
    yield from if_any((counts > 0) != (found.weights[focal] > 0), "people are used without a neighbour, or left out")
    matched = focal[counts > 0]
    from_pool = reach_of(nearer, matched, pool)
    near = from_pool.count(pool) > 0
    yield from if_any(near != (found.weights[pool] > 0), "people are used without a neighbour, or left out")
    if found.facts.get("n_links", counts.sum()) != counts.sum():
        yield "the number of neighbours reported is not theirs"
    if len(found.focal) or found.clusters or (found.sets != 0).any():
        yield "neighbourhoods are numbered as if each person were in one"
    total, lost = _kernel_sums(problem, from_focal, matched, np.ones(len(problem.treated)))
    clear = total > 10 * lost
    share, doubt = np.zeros(len(problem.treated)), np.zeros(len(problem.treated))
    share[matched[clear]] = 1.0 / total[clear]
    doubt[matched[clear]] = (lost / total**2)[clear]
    raw, lost = _kernel_sums(problem, from_pool, pool, share)
    lost += np.maximum(_kernel_sums(problem, from_pool, pool, doubt)[0], 0.0)
    rescaled = np.count_nonzero(near) / max(len(matched), 1)
    wrong = np.abs(found.weights[pool] - raw * rescaled) > CLOSE * np.abs(raw * rescaled) + 4 * lost * rescaled
    told = near & (reach_of(nearer, matched[~clear], pool).count(pool) == 0)
    yield from if_any(wrong & told, "weights are not those of the kernel")


def _kernel_sums(problem: Problem, reach: Reach, seekers: Ints, mass: Floats) -> tuple[Floats, Floats]:
    """Sum mass times 1 - u^2 over the people near each seeker; and how much of it rounding may have taken."""
    assert problem.score is not None
    used = np.concatenate([reach.people, seekers])
    if not len(reach.people) or not len(seekers):
        return np.zeros(len(seekers)), np.zeros(len(seekers))
    lowest = float(problem.score[used].min())
    span = float(problem.score[used].max()) - lowest or 1.0
    most = float(mass[reach.people].max()) or 1.0
    along, own = (problem.score[reach.people] - lowest) / span, (problem.score[seekers] - lowest) / span
    low, high = reach.runs(seekers)
    share = mass[reach.people] / most
    ones, firsts, squares = (exact_sums(share * along**power, low, high) for power in range(3))
    bandwidths = (span / problem.width) ** 2
    sums = ones - bandwidths * (squares - 2.0 * own * firsts + own**2 * ones)
    return most * sums, most * LAST_DIGITS * (1.0 + bandwidths) * ones
