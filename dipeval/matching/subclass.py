"""Subclassification: classes of the score, compared class by class."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from dipeval.errors import DesignError
from dipeval.matching.found import found_sets
from dipeval.matching.options import SCALE_WORDS
from dipeval.matching.problem import Bools, Floats, Found, Ints, Problem
from dipeval.presenting import format_count


def score_classes(problem: Problem) -> Found:
    """Cut the score into classes; within a class treated and comparison people are compared as they are.

    Parameters
    ----------
    problem
        What was asked for. Breaks and classes are made of everybody kept; strata are class by exact-matching cell.

    Returns
    -------
    Found
        ``sets`` number the strata (no clusters: a handful of strata is no basis for an error). ``facts``: breaks,
        n_classes, n_merged_classes, n_strata, n_strata_left_out (strata without both groups).

    Raises
    ------
    DesignError
        More classes than people.

    Notes
    -----
    Rosenbaum, P. R. and Rubin, D. B. (1984), Reducing bias in observational studies using subclassification on the
    propensity score, Journal of the American Statistical Association 79, 516-524. Breaks are quantiles (type 7 of
    Hyndman, R. J. and Fan, Y. 1996, American Statistician 50, 361-365) of the scores of the people the effect is
    about: the treated (ATT), the comparison people (ATC), everybody (ATE). A score equal to a break belongs to the
    class above. A class without one of the groups, or with nobody at all, is merged with the class next to it whose
    average score is nearer (the lower of two as near), and counted.
    """
    options = problem.options
    score = np.zeros(len(problem.treated)) if problem.score is None else problem.score
    if options.subclasses > (people := int(problem.kept.sum())):
        raise DesignError(
            f"There are fewer people ({format_count(people)}) than classes of the score asked for "
            f"({format_count(options.subclasses)}): ask for fewer classes (subclasses=)."
        )
    about: Bools = problem.kept if options.estimand == "ATE" else problem.kept & problem.is_focal
    breaks = quantiles(score[about], int(options.subclasses))
    breaks = _merge(breaks, score[problem.kept], problem.treated[problem.kept])
    classes: Ints = np.searchsorted(breaks, score, side="right").astype(np.int64)
    labels = classes + 1
    if problem.strata is not None:
        labels = 1 + classes * (int(problem.strata.max()) + 1) + problem.strata
    labels = np.where(problem.kept, labels, 0)
    n_strata = len(np.unique(labels[problem.kept]))
    found = found_sets(problem, labels, clusters=False, facts={})
    left_out = n_strata - int(found.sets.max(initial=0))
    merged = int(options.subclasses) - len(breaks) - 1
    return Found(
        weights=found.weights,
        sets=found.sets,
        clusters=False,
        facts={
            "breaks": [float(value) for value in breaks],
            "n_classes": len(breaks) + 1,
            "n_merged_classes": merged,
            "n_strata": n_strata,
            "n_strata_left_out": left_out,
        },
        notes=_notes(problem, found, merged, n_strata, left_out),
    )


def quantiles(values: Floats, classes: int) -> Floats:
    """Return the inner breaks of equally filled classes: type 7 quantiles, exact where one falls on a value.

    Parameters
    ----------
    values
        Any order.
    classes
        Number of classes.

    Returns
    -------
    numpy.ndarray
        ``classes - 1`` breaks, ascending.

    Examples
    --------
    >>> quantiles(np.array([4.0, 1.0, 2.0, 3.0, 5.0]), 4)
    array([2., 3., 4.])
    """
    ordered = np.sort(values)
    if not len(ordered):
        return np.zeros(0)
    # Whole-number arithmetic: (n - 1) * (1 / 6) in floating point may miss the person it falls on by a last bit.
    place, rest = np.divmod((len(ordered) - 1) * np.arange(1, classes), classes)
    below = ordered[place]
    above = ordered[np.minimum(place + 1, len(ordered) - 1)]
    return np.asarray(np.where(rest == 0, below, below + (rest / classes) * (above - below)), dtype=np.float64)


LEVEL = 1e-12  # means are rounded: two neighbours as near as this are equally near


@dataclass(frozen=True, slots=True, kw_only=True)
class _Class:
    """A class of the score: its lower break, its people and the sum of their scores."""

    lower: float
    n_treated: int
    n_others: int
    total: float

    @property
    def whole(self) -> bool:
        return self.n_treated > 0 and self.n_others > 0

    @property
    def middle(self) -> float:
        return self.total / (self.n_treated + self.n_others)

    def joined(self, above: _Class) -> _Class:
        return _Class(
            lower=self.lower,
            n_treated=self.n_treated + above.n_treated,
            n_others=self.n_others + above.n_others,
            total=self.total + above.total,
        )


def _merge(breaks: Floats, score: Floats, treated: Bools) -> Floats:
    """Take out the break between each class that lacks a group and its nearer neighbour, from the lowest class up."""
    to_do = _classes(np.unique(breaks), score, treated)[::-1]
    done: list[_Class] = []
    while to_do:
        here = to_do.pop()
        if here.whole or not (done or to_do):
            done.append(here)
        elif done and (not to_do or _nearer_below(here, done[-1], to_do[-1])):
            to_do.append(done.pop().joined(here))
        else:
            to_do.append(here.joined(to_do.pop()))
    return np.asarray([found.lower for found in done[1:]], dtype=np.float64)


def _classes(breaks: Floats, score: Floats, treated: Bools) -> list[_Class]:
    order = np.lexsort((treated, score))  # the sums below then do not depend on the order of the rows
    score, treated = score[order], treated[order]
    size = len(breaks) + 1
    of = np.searchsorted(breaks, score, side="right")
    columns = (
        [-math.inf, *breaks.tolist()],
        np.bincount(of[treated], minlength=size).tolist(),
        np.bincount(of[~treated], minlength=size).tolist(),
        np.bincount(of, weights=score, minlength=size).tolist(),
    )
    return [
        _Class(lower=lower, n_treated=n_treated, n_others=n_others, total=total)
        for lower, n_treated, n_others, total in zip(*columns, strict=True)
    ]


def _nearer_below(here: _Class, below: _Class, above: _Class) -> bool:
    """Say whether a class goes to the one below; one with nobody does, and one below a class of nobody takes that."""
    if not here.n_treated + here.n_others:
        return True
    if not above.n_treated + above.n_others:
        return False
    down, up = here.middle - below.middle, above.middle - here.middle
    return down <= up + LEVEL * (abs(below.middle) + abs(above.middle))


def _notes(problem: Problem, found: Found, merged: int, n_strata: int, left_out: int) -> tuple[str, ...]:
    options = problem.options
    asked = int(options.subclasses)
    whose = {"ATT": "the treated people", "ATC": "the comparison people", "ATE": "everybody"}[options.estimand]
    made = asked - merged
    notes = [
        f"{format_count(made)} {'class' if made == 1 else 'classes'} of {SCALE_WORDS[options.scale]}, cut so that "
        f"{whose} spread evenly over {format_count(asked)}; groups are compared class by class."
    ]
    if merged:
        notes.append(
            f"{format_count(asked)} classes of the score were asked for and {format_count(asked - merged)} made: "
            f"{format_count(merged)} lacked treated or comparison people, or held nobody, and were merged with the "
            "class next to them."
        )
    if asked - merged == 1:
        notes.append("With a single class nothing is adjusted for: the scores do not tell the groups apart.")
    if left_out:
        kept = problem.kept & (found.weights == 0)
        notes.append(
            f"{format_count(left_out)} of {format_count(n_strata)} strata (class by exact cell) lack treated or "
            f"comparison people and are left out, with {format_count(int((kept & problem.treated).sum()))} treated and "
            f"{format_count(int((kept & ~problem.treated).sum()))} comparison people."
        )
    return tuple(notes)
