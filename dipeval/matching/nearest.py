"""Greedy nearest-neighbour matching: one person after the other, or one pair after the other, takes the nearest left.

On a score the pairs are those of R (tests/reference); on a Mahalanobis distance every constraint holds, always.
"""

from __future__ import annotations

import numpy as np

from dipeval.errors import InvariantError
from dipeval.matching.closest import closest_first
from dipeval.matching.found import found_pairs
from dipeval.matching.greedy import line_up, one_after_the_other
from dipeval.matching.mahalanobis import crowd, one_by_one
from dipeval.matching.options import SCALE_WORDS, MatchOptions, limit_in_words, ties_in_words
from dipeval.matching.problem import Found, Ints, Problem
from dipeval.matching.ties_kept import all_nearest, scaling_in_words
from dipeval.matching.variable import ratio_in_words, wanted_matches
from dipeval.presenting import format_count

ORDER_WORDS = {
    "largest": "the largest score chooses first",
    "smallest": "the smallest score chooses first",
    "data": "in the order of the rows",
    "random": "in a random, seeded order",
    "closest": "the closest pair of all is made first",
}


def nearest_pairs(problem: Problem) -> Found:
    """Match greedily within each exact-matching cell, in the order that the options lay down.

    Parameters
    ----------
    problem
        What was asked for.

    Returns
    -------
    Found
        Pairs, weights, ``n_tied_choices`` and the notes.

    Notes
    -----
    Nearest is nearest on the score, or, where `mahalanobis` names columns, nearest by Mahalanobis distance among those
    within the caliper on the score (Rosenbaum and Rubin 1985). Covariate calipers and exact columns always hold; there
    is no way past them.

    Ties. On the score, of two people exactly as near the one fewer places away on the line of everybody is taken, then
    the one with the lower score, and of people with the same score the one nearest on that line, where equal scores
    stand in the order of `ties`. By Mahalanobis distance the first in the order of `ties` is taken. Two focal people
    with the same score choose in that order too. ``n_tied_choices`` counts the choices that such a tie decided.

    With several matches each, everybody gets a first before anybody gets a second, and a person who went without in
    one round is out of the later ones. With a variable ratio a person also leaves the rounds when it has as many as
    `wanted_matches` says. With ``ties="all"`` nobody chooses: see `all_nearest`.
    """
    options = problem.options
    if options.ties == "all":
        return all_nearest(problem)
    wanted = wanted_matches(problem)
    rounds, tied = _rounds(problem, wanted)
    focal = np.concatenate([one for one, _ in rounds]) if rounds else np.zeros(0, dtype=np.int64)
    others = np.concatenate([other for _, other in rounds]) if rounds else np.zeros(0, dtype=np.int64)
    matches = np.bincount(focal, minlength=len(wanted))
    matched, short = int((matches > 0).sum()), int(((matches > 0) & (matches < wanted)).sum())
    notes = [_how(options, problem.width), ties_in_words(options, tied, len(others))]
    if short:
        notes.append(
            f"{format_count(short)} of {format_count(matched)} matched people have fewer than "
            f"{options.ratio if options.min_ratio is None else 'their number of'} matches."
        )
    return found_pairs(problem, focal, others, facts={"n_tied_choices": tied}, notes=tuple(notes))


def _rounds(problem: Problem, wanted: Ints) -> tuple[list[tuple[Ints, Ints]], int]:
    """Return the focal person and the match of every pair made, round by round, and the number of ties."""
    options = problem.options
    if problem.metric is not None:
        people = crowd(problem)
        seekers, pool = people.seekers, people.people
        if options.order == "closest" and len(pool):
            rounds, tied = closest_first(people, wanted[seekers])
        else:
            rounds, tied = one_by_one(people, wanted[seekers])
    elif problem.score is not None:
        line = line_up(problem)
        seekers, pool = line.seekers.people, line.people
        if options.order == "closest" and not options.replace and len(pool):
            rounds, tied = closest_first(line, wanted[seekers])
        else:
            rounds, tied = one_after_the_other(line, wanted[seekers])
    else:
        raise InvariantError("Nearest-neighbour matching was reached with neither a score nor a distance: a bug.")
    return [(seekers[who], pool[place]) for who, place in rounds], tied


def _how(options: MatchOptions, width: float) -> str:
    what = f"on {SCALE_WORDS[options.scale]}"
    if options.mahalanobis:
        within = "" if options.caliper is None else f", among those within the caliper {what}"
        columns = ", ".join(options.mahalanobis)
        what = f"by Mahalanobis distance of {columns} (covariance pooled within the two groups){within}"
        if options.mahalanobis_ranks:
            how = "covariance of everybody's ranks, rescaled to that of ranks without ties"
            what = f"by Mahalanobis distance of the ranks of {columns} ({how}){within}"
        elif options.mahalanobis_scaling != "pooled":
            what = f"by distance of {columns} ({scaling_in_words(options)}){within}"
    turn = "nobody stands in anybody's way" if options.replace else ORDER_WORDS[options.order]
    return (
        f"Greedy nearest neighbour {what}, {ratio_in_words(options)} {'with' if options.replace else 'without'} "
        f"replacement, {limit_in_words(options, width)}; {turn}; every pair was checked against every constraint."
    )
