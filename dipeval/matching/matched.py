"""`match`: pairs of treated and comparison people that are close on the propensity score."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace as changed
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import DesignError, InputError
from dipeval.matching.assemble import (
    Pairing,
    Score,
    estimand_words,
    make_design,
    score_from_caller,
    score_from_model,
)
from dipeval.matching.design import Design
from dipeval.matching.doors import People, Taken, take
from dipeval.matching.nearest import greedy_pairs
from dipeval.matching.options import MatchOptions, as_plain, in_words, refuse_caliper_on_words, refuse_unbuilt
from dipeval.matching.proof import prove_pairs
from dipeval.matching.scores import fit_propensity
from dipeval.matching.terms import encode
from dipeval.matching.ties import seeded_order, steady

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def match(
    people: People,
    *,
    treated: str,
    covariates: Sequence[str],
    method: str = "nearest",
    estimand: str = "ATT",
    caliper: float | None = 0.2,
    caliper_unit: str = "sd",
    scale: str = "logit",
    ratio: int = 1,
    replace: bool = False,
    order: str = "largest",
    exact: Sequence[str] = (),
    covariate_calipers: Mapping[str, float] | None = None,
    mahalanobis: Sequence[str] = (),
    score: pd.Series | None = None,
    formula: str | None = None,
    id: str | None = None,
    ties: str = "seeded",
    seed: int = 0,
    measured_at: Mapping[str, str] | None = None,
) -> Design:
    """Match each treated person with the untreated people most alike, without looking at any outcome.

    Parameters
    ----------
    people
        One row a person, or a cohort. Only the columns named here are taken.
    treated
        Column with the treatment, 0/1 or yes/no.
    covariates
        Columns known before the index date: numbers, yes/no or categories.
    method
        "nearest": greedy, one person at a time.
    estimand
        "ATT" (treated people are matched) or "ATC" (comparison people are).
    caliper
        Largest difference in score within a pair (inclusive), in `caliper_unit`; None for no limit.
    caliper_unit
        "sd": standard deviation (n - 1) of the score over everyone; "sd_pooled": root of the mean of the two groups'
        variances (Austin 2011); "raw": the score's own unit.
    scale
        Match on the "logit" or the "probability"; "given" uses the numbers of `score` just as they are.
    ratio
        Matches wanted for each person; everyone gets a first before anyone gets a second.
    replace
        Whether one person may be matched to several.
    order
        Who chooses first: "largest" or "smallest" score, "random" (seeded), or "data" (order of the rows: the only
        option by which that order matters, besides ``ties="row"``).
    exact
        Columns on which a pair must be equal.
    covariate_calipers
        Column -> largest difference within a pair (inclusive), in the column's own unit.
    mahalanobis, formula
        Not built yet; refused.
    score
        Own score on the index of people, instead of the logistic model.
    id
        Column with a unique id; without it, the index.
    ties
        "seeded": a seeded hash of the id decides; "row": the order of the rows does.
    seed
        Seed of that hash and of ``order="random"``.
    measured_at
        Column -> "before_index", "at_index" or "after_index" (DataFrames only; a cohort knows).

    Returns
    -------
    Design
        ``weights``, ``pairs()``, ``balance()``...; every pair has been checked against every constraint.

    Raises
    ------
    InputError
        Options or columns that cannot be used.
    DesignError
        An outcome offered, perfect prediction, nobody left within the caliper, too few people to match with.
    InvariantError
        A pair broke a constraint (a bug: never a result).

    Notes
    -----
    Rosenbaum, P. R. and Rubin, D. B. (1985), on matched sampling that incorporates the propensity score, American
    Statistician 39, 33-38. Caliper of 0.2 standard deviations of the logit: Austin, P. C. (2011), Optimal caliper
    widths for propensity-score matching, Pharmaceutical Statistics 10, 150-161.
    Weights: 1 for the people matched; each match of a person with m matches gets 1/m, summed, then rescaled to mean 1
    over the people used.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> design = dip.match(recid(), treated="workprg", covariates=["priors", "educ", "age", "felon", "married"])
    >>> design.n_treated + design.n_treated_dropped
    672
    >>> design.pairs().columns.tolist()
    ['treated_index', 'comparison_index', 'distance']
    """
    refuse_unbuilt(method, mahalanobis, formula)
    if isinstance(exact, str):
        raise InputError(f"exact must be a list of column names, such as [{exact!r}], not one piece of text.")
    if covariate_calipers is not None and not isinstance(covariate_calipers, Mapping):
        raise InputError('covariate_calipers must be a mapping of column to largest difference, such as {"age": 5}.')
    options = MatchOptions(
        estimand=estimand,
        caliper=caliper,
        caliper_unit=caliper_unit,
        scale=scale,
        ratio=ratio,
        replace=replace,
        order=order,
        exact=tuple(exact),
        covariate_calipers=tuple(sorted((covariate_calipers or {}).items())),
        ties=ties,
        seed=seed,
    )
    if scale == "given" and score is None:
        raise InputError("scale='given' is for a score of your own: pass score=, or choose 'logit' or 'probability'.")
    also = dict.fromkeys((*options.exact, *(column for column, _ in options.covariate_calipers)))
    taken = take(people, treated=treated, covariates=covariates, also=also, id=id, measured_at=measured_at)
    refuse_caliper_on_words(taken.frame, options)
    _enough_people(taken, options)
    terms = encode(taken.frame[list(taken.covariates)])
    if score is None:
        used = score_from_model(fit_propensity(taken, terms), scale)
    else:
        used = score_from_caller(score, taken, scale)
    if scale != "given":  # the caller's own numbers stay just as they are
        used = changed(used, used=steady(used.used))
    return _matched_design(taken, terms, used, options)


def _matched_design(taken: Taken, terms: Any, score: Score, options: MatchOptions) -> Design:
    is_focal = taken.treated if options.estimand == "ATT" else ~taken.treated
    width = caliper_width(score.used, taken.treated, options)
    strata = _strata(taken.frame, options.exact)
    found, tied = _greedy(taken, score.used, is_focal, width, strata, options)
    focal, others = _by_id(taken, found)
    if not len(focal):
        raise _nobody(taken, options)
    prove_pairs(
        focal,
        others,
        is_focal=is_focal,
        score=score.used,
        width=width,
        ratio=options.ratio,
        replace=options.replace,
        strata=strata,
        covariate_calipers=dict(options.covariate_calipers),
        frame=taken.frame,
    )
    weights = pair_weights(focal, others, len(is_focal))
    is_att = options.estimand == "ATT"
    return make_design(
        taken,
        terms,
        method="nearest",
        estimand=options.estimand,
        weights=weights,
        score=score,
        pairing=Pairing(
            treated=focal if is_att else others,
            comparison=others if is_att else focal,
            distance=np.abs(score.used[focal] - score.used[others]),
            labels=np.concatenate([[1], 1 + np.cumsum(focal[1:] != focal[:-1])]).astype(np.int64),
            clusters=not options.replace,
        ),
        options=as_plain(options, width, tied, len(is_focal) - len(np.unique(score.used))),
        words=estimand_words(options.estimand, taken.treated, weights),
        notes=in_words(options, width=width, tied=tied, found=found, own_score=score.model is None),
    )


def caliper_width(score: Floats, treated: NDArray[np.bool_], options: MatchOptions) -> float:
    """Return the caliper in the unit of the score; infinite when there is none.

    Parameters
    ----------
    score
        Matching score of everyone kept.
    treated
        Who was treated (for the pooled standard deviation).
    options
        Caliper and unit.

    Returns
    -------
    float
    """
    if options.caliper is None:
        return math.inf
    if options.caliper_unit == "raw":
        return float(options.caliper)
    if options.caliper_unit == "sd":
        return float(options.caliper) * math.sqrt(_variance(score))
    return float(options.caliper) * math.sqrt((_variance(score[treated]) + _variance(score[~treated])) / 2)


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
    weights[used] = raw[used] * (used.sum() / np.count_nonzero(matches))
    weights[matches > 0] = 1.0
    return weights


def _variance(values: Floats) -> float:
    ordered = np.sort(values)  # the sum then does not depend on the order of the rows
    return float(ordered.var(ddof=1)) if len(ordered) > 1 else 0.0


def _greedy(
    taken: Taken, score: Floats, is_focal: NDArray[np.bool_], width: float, strata: Ints | None, options: MatchOptions
) -> tuple[dict[int, list[int]], int]:
    """Match within each exact cell, in the order that the tie rule lays down."""
    size = len(score)
    base = np.arange(size) if options.ties == "row" else seeded_order(taken.texts, options.seed, "ties")
    turn = np.arange(size)
    if options.order == "random":
        turn = np.empty(size, dtype=np.int64)
        turn[seeded_order(taken.texts, options.seed, "order")] = np.arange(size)
    conditions = [(taken.frame[name].to_numpy(dtype=np.float64), most) for name, most in options.covariate_calipers]
    found: dict[int, list[int]] = {}
    tied = 0
    for rows in _cells(base, strata):
        mine, inside = score[rows], is_focal[rows]
        if not inside.any() or inside.all():
            continue
        people = rows.tolist()
        pairs, ties = greedy_pairs(
            mine,
            inside,
            _sequence(mine, inside, turn[rows], options.order),
            width=width,
            ratio=options.ratio,
            replace=options.replace,
            conditions=[(values[rows], most) for values, most in conditions],
        )
        found.update({people[one]: [people[other] for other in many] for one, many in pairs.items()})
        tied += ties
    return found, tied


def _cells(base: Ints, strata: Ints | None) -> list[Ints]:
    if strata is None:
        return [base]
    codes = strata[base]
    by_cell = base[np.argsort(codes, kind="stable")]
    return np.split(by_cell, np.flatnonzero(np.diff(np.sort(codes))) + 1)


def _sequence(score: Floats, inside: NDArray[np.bool_], turn: Ints, order: str) -> Ints:
    focal = np.flatnonzero(inside)
    keys = {"largest": -score[focal], "smallest": score[focal]}.get(order, turn[focal])
    return focal[np.argsort(keys, kind="stable")]


def _strata(frame: pd.DataFrame, exact: tuple[str, ...]) -> Ints | None:
    if not exact:
        return None
    return np.asarray(frame.groupby(list(exact), sort=False, observed=True).ngroup(), dtype=np.int64)


def _by_id(taken: Taken, found: dict[int, list[int]]) -> tuple[Ints, Ints]:
    """Lay the pairs out by the focal person's id, each person's matches in the order in which they were made."""
    pairs = [(one, other) for one in taken.order.tolist() for other in found.get(one, ())]
    both = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _enough_people(taken: Taken, options: MatchOptions) -> None:
    is_focal = taken.treated if options.estimand == "ATT" else ~taken.treated
    focal, pool = int(is_focal.sum()), int((~is_focal).sum())
    name, who = ("comparison", "treated") if options.estimand == "ATT" else ("treated", "comparison")
    needed = options.ratio if options.replace else max(options.ratio, focal)
    if pool < needed:
        raise DesignError(
            f"There are fewer {name} people ({pool}) than the ratio needs: {focal} {who} people with {options.ratio} "
            f"each{'' if options.replace else ', nobody used twice'}. Lower the ratio, allow replace=True, turn the "
            "question round with estimand=, or weight instead (dip.weight)."
        )


def _nobody(taken: Taken, options: MatchOptions) -> DesignError:
    limits = (
        []
        if options.caliper is None
        else [f"the caliper of {options.caliper:g} ({options.caliper_unit}, {options.scale})"]
    )
    limits += [f"exact on {', '.join(options.exact)}"] if options.exact else []
    limits += [f"the caliper on {name}" for name, _ in options.covariate_calipers]
    return DesignError(
        f"Nobody could be matched: no pair among {len(taken.treated)} people meets {' and '.join(limits)}. "
        "Widen the limits, or accept that these groups cannot be compared."
    )
