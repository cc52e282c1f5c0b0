"""From pairs or sets to weights: one rule for pairs, one for sets, whatever method made them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dipeval.matching.problem import Found, Problem

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def found_pairs(
    problem: Problem, focal: Ints, others: Ints, *, facts: Mapping[str, Any], notes: tuple[str, ...] = ()
) -> Found:
    """Lay pairs out by the focal person's id and give them their weights.

    Parameters
    ----------
    problem
        What was asked for.
    focal, others
        Positions of the two people of each pair; one focal person's matches in the order in which they were made.
    facts, notes
        As in `Found`.

    Returns
    -------
    Found
    """
    laid = np.argsort(problem.by_id_rank()[focal], kind="stable")
    focal, others = focal[laid], others[laid]
    size = len(problem.treated)
    sets = np.zeros(size, dtype=np.int64)
    if len(focal) and not problem.options.replace:
        number = np.concatenate([[1], 1 + np.cumsum(focal[1:] != focal[:-1])]).astype(np.int64)
        sets[focal], sets[others] = number, number
    return Found(
        weights=pair_weights(focal, others, size),
        focal=focal,
        others=others,
        sets=sets,
        clusters=not problem.options.replace,
        facts=facts,
        notes=notes,
    )


def pair_weights(focal: Ints, others: Ints, size: int) -> Floats:
    """Return the weights of a matched design.

    Parameters
    ----------
    focal, others
        Positions of the two people of each pair, in an order that does not depend on the rows.
    size
        Number of people.

    Returns
    -------
    numpy.ndarray
        Matched focal people 1; the others the sum of 1/(matches of the focal person), rescaled to mean 1 over those
        used.
    """
    weights = np.zeros(size)
    matches = np.bincount(focal, minlength=size)
    raw = np.bincount(others, weights=1.0 / matches[focal], minlength=size)
    used = raw > 0
    weights[used] = raw[used] * (used.sum() / max(1, np.count_nonzero(matches)))
    weights[matches > 0] = 1.0
    return weights


def found_sets(
    problem: Problem,
    labels: Ints,
    *,
    clusters: bool,
    facts: Mapping[str, Any],
    notes: tuple[str, ...] = (),
    pairs: tuple[Ints, Ints] | None = None,
) -> Found:
    """Number sets by the ids of their people and give everybody in them a weight.

    Parameters
    ----------
    problem
        What was asked for.
    labels
        Any number of at least 1 for each person's set, 0 for people in none. Sets without both groups are dissolved.
    clusters
        Whether errors are to be clustered on the sets.
    facts, notes
        As in `Found`.
    pairs
        Focal and other person of every link inside the sets, where the method has such links.

    Returns
    -------
    Found
    """
    labels = np.where(problem.kept, labels, 0)
    size = int(labels.max(initial=0)) + 1
    n_treated = np.bincount(labels[problem.treated], minlength=size)
    n_others = np.bincount(labels[~problem.treated], minlength=size)
    whole = (n_treated > 0) & (n_others > 0)
    whole[0] = False
    labels = np.where(whole[labels], labels, 0)
    in_order = labels[problem.by_id]
    seen = in_order[np.sort(np.unique(in_order, return_index=True)[1])]
    renumber = np.zeros(size, dtype=np.int64)
    renumber[seen[seen > 0]] = np.arange(1, 1 + np.count_nonzero(seen))
    focal, others = (np.zeros(0, dtype=np.int64),) * 2 if pairs is None else pairs
    if len(focal):
        rank = problem.by_id_rank()
        laid = np.lexsort((rank[others], rank[focal]))
        focal, others = focal[laid], others[laid]
    return Found(
        weights=set_weights(problem, labels),
        focal=focal,
        others=others,
        sets=renumber[labels],
        clusters=clusters,
        facts=facts,
        notes=notes,
    )


def set_weights(problem: Problem, labels: Ints) -> Floats:
    """Return the weights of people in sets (Hansen 2004; Iacus, King and Porro 2012).

    Parameters
    ----------
    problem
        Whose estimand decides.
    labels
        Set of every person, 0 for none; every set has both groups.

    Returns
    -------
    numpy.ndarray
        ATT: treated 1, comparison people treated/comparison of their set; ATC the other way round; ATE: size of the
        set over the number of its own group in it. Each is rescaled to mean 1 over the people of that group used; the
        weights of the people the effect is about stay 1. Every figure comes from whole numbers of people in sets, so
        the order of the rows, and the numbers the sets happen to have, do not move a bit.
    """
    used = labels > 0
    size = int(labels.max(initial=0)) + 1
    n_treated = np.bincount(labels[problem.treated], minlength=size).astype(np.float64)
    n_others = np.bincount(labels[~problem.treated], minlength=size).astype(np.float64)
    target = {"ATT": n_treated, "ATC": n_others, "ATE": n_treated + n_others}[problem.options.estimand]
    weights = np.zeros(len(labels))
    for group, number in ((problem.treated, n_treated), (~problem.treated, n_others)):
        mine = group & used
        # The weights of a group sum to its targets' sum, a whole number: the rescaling is exact whatever the order.
        total = float(target[(number > 0) & (np.arange(size) > 0)].sum())
        of = labels[mine]
        weights[mine] = target[of] / number[of] * (int(mine.sum()) / max(1.0, total))
    if problem.options.estimand != "ATE":
        weights[problem.is_focal & used] = 1.0
    return weights
