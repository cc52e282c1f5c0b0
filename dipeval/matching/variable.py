"""Variable-ratio matching: how many matches each person is to have, before anybody is matched."""

from __future__ import annotations

import numpy as np

from dipeval.matching.options import MatchOptions
from dipeval.matching.problem import Ints, Problem
from dipeval.matching.seekers import stable_order


def wanted_matches(problem: Problem) -> Ints:
    """Return how many matches each person is to have: the ratio for all, or from `min_ratio` to `max_ratio`.

    Parameters
    ----------
    problem
        What was asked for; with a score where the ratio is a variable one.

    Returns
    -------
    numpy.ndarray
        One a row; 0 for people who are not matched themselves.

    Notes
    -----
    Ming, K. and Rosenbaum, P. R. (2000), Substantial gains in bias reduction from matching with a variable number of
    controls, Biometrics 56, 118-124: a person with many others alike should have many matches, one with few alike few.
    Treated people with low scores have the most comparison people about them, so within each exact-matching cell, from
    the lowest score up, as many as possible are to have `max_ratio`, one the remainder and the others `min_ratio`, so
    that the sum is `ratio` a person. For the ATC, where comparison people are matched, from the highest score down.
    Of people with one score the first in the order of ties comes first.
    """
    options = problem.options
    wanted = np.where(problem.is_focal & problem.kept, options.ratio, 0).astype(np.int64)
    if options.min_ratio is None or options.max_ratio is None:
        return wanted
    score = problem.score
    assert score is not None
    step = options.max_ratio - options.min_ratio
    for cell in problem.cells():
        people = cell[problem.is_focal[cell]]
        keys = -score[people] if options.estimand == "ATC" else score[people]
        people = people[stable_order(keys)]
        whole, rest = divmod(len(people) * (options.ratio - options.min_ratio), step)
        wanted[people] = options.min_ratio
        wanted[people[:whole]] = options.max_ratio
        wanted[people[whole : whole + 1]] += rest
    return wanted


def ratio_in_words(options: MatchOptions) -> str:
    """Say how many matches each person was to have.

    Examples
    --------
    >>> ratio_in_words(MatchOptions(ratio=2)), ratio_in_words(MatchOptions(ratio=2, min_ratio=1, max_ratio=4))
    ('2:1', 'variable ratio (1 to 4 matches each, 2 on average, most for the lowest scores)')
    """
    if options.min_ratio is None:
        return f"{options.ratio}:1"
    most = "highest" if options.estimand == "ATC" else "lowest"
    return (
        f"variable ratio ({options.min_ratio} to {options.max_ratio} matches each, {options.ratio} on average, most "
        f"for the {most} scores)"
    )
