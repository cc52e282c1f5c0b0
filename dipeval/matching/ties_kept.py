"""Nearest neighbours with replacement where everybody as near as the nearest few is kept, each with an equal share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from dipeval.errors import DesignError
from dipeval.matching.found import found_pairs
from dipeval.matching.neighbours import TOLERANCE, Closeness, as_near, closeness, distances, line_of
from dipeval.matching.options import SCALE_WORDS, MatchOptions, limit_in_words
from dipeval.matching.problem import Floats, Found, Ints, Problem, meets
from dipeval.presenting import format_count

MOST_PAIRS = 20_000_000


def all_nearest(problem: Problem) -> Found:
    """Match with replacement, keeping every tie.

    Parameters
    ----------
    problem
        What was asked for, with ``ties="all"``.

    Returns
    -------
    Found
        Pairs and weights. For the ATE both groups are matched: pairs come first for the treated, then for the
        comparison people (``backwards``).

    Raises
    ------
    DesignError
        More pairs than can be kept in memory.

    Notes
    -----
    Abadie, A. and Imbens, G. W. (2006), Large sample properties of matching estimators for average treatment effects,
    Econometrica 74, 235-267: a person's matches are all those as near as its M-th nearest, each with a weight of one
    over their number. Equally near are those whose squared distances, in standard deviations of the score of everybody
    kept (or by Mahalanobis distance), differ by no more than 0.00001. For the ATE a person weighs 1 for itself and as
    much again as it is a match of others.
    """
    options = problem.options
    where = closeness(problem)
    focal, others = _matches(problem, where, problem.is_focal)
    if options.estimand != "ATE":
        found = found_pairs(problem, focal, others, facts={})
        return _told(problem, found.weights, found.focal, found.others, np.zeros(len(focal), dtype=bool))
    back, of = _matches(problem, where, ~problem.is_focal)
    rank = problem.by_id_rank()
    there, here = np.lexsort((rank[others], rank[focal])), np.lexsort((rank[of], rank[back]))
    focal, others, back, of = focal[there], others[there], back[here], of[here]
    return _told(
        problem,
        _weights(problem, np.concatenate([focal, back]), np.concatenate([others, of])),
        np.concatenate([focal, of]),
        np.concatenate([others, back]),
        np.repeat([False, True], [len(focal), len(back)]),
    )


def _matches(problem: Problem, where: Closeness, sought: Any) -> tuple[Ints, Ints]:
    """Return every person of one group with each of its matches in the other, by the order of ids."""
    people = problem.by_id[problem.kept[problem.by_id]]
    seekers, pool = people[sought[people]], people[~sought[people]]
    found: list[tuple[Ints, Ints]] = []
    total = 0
    for who, other in _links(problem, where, seekers, pool):
        total += len(who)
        if total > MOST_PAIRS:
            raise DesignError(
                f"ties='all' gives more than {format_count(MOST_PAIRS)} pairs of people equally near: too many people "
                "share their score or their values. Use method='radius' or 'cem', whose weights need no list of "
                "pairs, or ties='seeded'."
            )
        found.append((who, other))
    if not found:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    who, other = (np.concatenate(parts) for parts in zip(*found, strict=True))
    rank = problem.by_id_rank()
    laid = np.lexsort((rank[other], rank[who]))
    return who[laid], other[laid]


def _links(problem: Problem, where: Closeness, seekers: Ints, pool: Ints) -> Iterator[tuple[Ints, Ints]]:
    ratio = problem.options.ratio
    if where.thin() and problem.metric is None and not problem.conditions:
        line = line_of(where, seekers, pool, ratio)
        sizes = line.last - line.first
        # Some seekers at a time, so that a list far too long is refused before it fills the memory.
        cuts = np.flatnonzero(np.diff(np.cumsum(sizes) // MOST_PAIRS)) + 1
        for some in np.split(np.arange(len(seekers)), cuts):
            who = np.repeat(some, sizes[some])
            ends = np.cumsum(sizes[some])
            place = np.arange(len(who)) - np.repeat(ends - sizes[some], sizes[some]) + line.first[who]
            yield _in_caliper(problem, seekers[who], line.pool[place])
        return
    for some, others, squares in distances(where, seekers, pool):
        _bar(problem, some, others, squares)
        row, column = np.nonzero(as_near(squares, ratio))
        yield some[row], others[column]


def _in_caliper(problem: Problem, who: Ints, other: Ints) -> tuple[Ints, Ints]:
    if problem.score is None or np.isinf(problem.width):
        return who, other
    near = np.abs(problem.score[who] - problem.score[other]) <= problem.width
    return who[near], other[near]


def _bar(problem: Problem, some: Ints, others: Ints, squares: Floats) -> None:
    """Put everybody who breaks a limit out of reach."""
    limits = [(each.values, each.most) for each in problem.conditions]
    if problem.score is not None and np.isfinite(problem.width):
        limits.append((problem.score, problem.width))
    for values, most in limits:
        squares[~meets(np.abs(values[some][:, None] - values[others][None, :]), most)] = np.inf


def _weights(problem: Problem, focal: Ints, others: Ints) -> Floats:
    """Return the weights for the ATE: 1 and the shares in others' matches, rescaled to mean 1 within each group."""
    size = len(problem.treated)
    matches = np.bincount(focal, minlength=size)
    raw: Floats = np.asarray((matches > 0) + np.bincount(others, weights=1.0 / matches[focal], minlength=size))
    for group in (problem.treated, ~problem.treated):
        mine = raw[problem.by_id[group[problem.by_id]]]  # summed in the order of ids
        raw[group] *= np.count_nonzero(mine) / max(1.0, float(mine.sum()))
    return raw


def _told(problem: Problem, weights: Floats, focal: Ints, others: Ints, backwards: Any) -> Found:
    """Hand everything back with the words."""
    sought_for = np.where(backwards, others, focal)
    _, several = np.unique(sought_for + backwards * len(weights), return_counts=True)
    more = int((several > problem.options.ratio).sum())
    short = int((several < problem.options.ratio).sum())
    notes = [
        _how(problem.options, problem.width),
        f"{format_count(more)} of {format_count(len(several))} matched people have more than {problem.options.ratio} "
        "because others are as near; each counts for an equal share.",
    ]
    if short:
        notes.append(
            f"{format_count(short)} of {format_count(len(several))} matched people have fewer than "
            f"{problem.options.ratio} matches."
        )
    return Found(
        weights=weights,
        focal=focal,
        others=others,
        backwards=backwards if problem.options.estimand == "ATE" else None,
        sets=np.zeros(len(weights), dtype=np.int64),
        clusters=False,
        facts={"n_matches": len(focal), "n_with_ties": more},
        notes=tuple(notes),
    )


def _how(options: MatchOptions, width: float) -> str:
    what = f"on {SCALE_WORDS[options.scale]}"
    if options.mahalanobis:
        within = "" if options.caliper is None else f", among those within the caliper {what}"
        what = f"by distance of {', '.join(options.mahalanobis)} ({scaling_in_words(options)}){within}"
    nearest = "nearest" if options.ratio == 1 else f"{options.ratio} nearest"
    whom = "both treated and comparison people are matched; " if options.estimand == "ATE" else ""
    return (
        f"Nearest neighbours {what}, {options.ratio} or more to 1 with replacement, {limit_in_words(options, width)}; "
        f"{whom}everybody as near as the {nearest} is kept (squared distances within {TOLERANCE:.5f} squared standard "
        "deviations count as equal); every pair was checked against every constraint."
    )


def scaling_in_words(options: MatchOptions) -> str:
    """Say how a distance of several columns is measured.

    Examples
    --------
    >>> scaling_in_words(MatchOptions(mahalanobis=("age",), mahalanobis_scaling="variance"))
    'each in standard deviations of everybody'
    """
    if options.mahalanobis_ranks:
        return "Mahalanobis distance of ranks"
    return {
        "pooled": "Mahalanobis, covariance pooled within the two groups",
        "everyone": "Mahalanobis, covariance of everybody",
        "variance": "each in standard deviations of everybody",
    }[options.mahalanobis_scaling]
