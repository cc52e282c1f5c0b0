"""`match`: treated and comparison people made alike by pairing them, or by putting them into sets."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace as changed
from types import MappingProxyType

import numpy as np
import pandas as pd

from dipeval.errors import DesignError, InputError
from dipeval.matching.assemble import Score, estimand_words, find_score, make_design
from dipeval.matching.cem import exact_cells
from dipeval.matching.design import Design
from dipeval.matching.doors import People, Taken, take
from dipeval.matching.formula import formula_columns
from dipeval.matching.full import full_sets
from dipeval.matching.kernel import kernel_weights
from dipeval.matching.metric import mahalanobis_coordinates
from dipeval.matching.nearest import nearest_pairs
from dipeval.matching.neighbours import closeness
from dipeval.matching.optimal import optimal_pairs
from dipeval.matching.options import (
    PAIRED,
    WITHOUT_CALIPER,
    MatchOptions,
    as_plain,
    conditions_in_words,
    list_option,
    mapping_option,
    refuse_words_in_numbers,
)
from dipeval.matching.problem import APART, Bools, Condition, Floats, Found, Ints, Problem, caliper_width
from dipeval.matching.proof import prove
from dipeval.matching.radius import WITHIN, radius_weights
from dipeval.matching.scores import PropensityModel
from dipeval.matching.subclass import score_classes
from dipeval.matching.terms import Terms, encode
from dipeval.matching.ties import seeded_order, steady
from dipeval.matching.trimming import in_words as trimmed_in_words
from dipeval.matching.trimming import trim

MATCHERS: Mapping[str, Callable[[Problem], Found]] = MappingProxyType(
    {
        "nearest": nearest_pairs,
        "optimal": optimal_pairs,
        "radius": radius_weights,
        "kernel": kernel_weights,
        "full": full_sets,
        "subclass": score_classes,
        "cem": exact_cells,
    }
)


def match(
    people: People,
    *,
    treated: str,
    covariates: Sequence[str] = (),
    method: str = "nearest",
    estimand: str = "ATT",
    caliper: float | None = 0.2,
    caliper_unit: str = "sd",
    scale: str = "logit",
    ratio: int = 1,
    min_ratio: int | None = None,
    max_ratio: int | None = None,
    replace: bool = False,
    order: str = "largest",
    exact: Sequence[str] = (),
    anti_exact: Sequence[str] = (),
    covariate_calipers: Mapping[str, float] | None = None,
    mahalanobis: Sequence[str] = (),
    mahalanobis_ranks: bool = False,
    mahalanobis_scaling: str = "pooled",
    score: pd.Series | PropensityModel | None = None,
    formula: str | None = None,
    references: Mapping[str, str] | None = None,
    subclasses: int = 6,
    cutpoints: Mapping[str, int | Sequence[float]] | None = None,
    trim: str = "none",
    id: str | None = None,
    ties: str = "seeded",
    seed: int = 0,
    measured_at: Mapping[str, str] | None = None,
) -> Design:
    """Compare each treated person with the untreated people most alike, without looking at any outcome.

    Parameters
    ----------
    people
        One row a person, or a cohort. Only the columns named here are taken.
    treated
        Column with the treatment, 0/1 or yes/no.
    covariates
        Columns known before the index date: numbers, yes/no or categories. May be left out when `formula` names them.
    method
        "nearest": greedy, one person at a time. "optimal": pairs with the smallest total distance. "radius": everybody
        within the caliper. "kernel": the same, the nearer the more weight. "full": sets of one treated and several
        comparison people or the other way round, of everyone within reach. "subclass": classes of the score. "cem":
        coarsened exact matching.
    estimand
        "ATT" (treated people are matched), "ATC" (comparison people are), or "ATE": for full, subclass, cem, and
        nearest with ``replace=True, ties="all"`` (both are matched).
    caliper
        Largest difference in score within a pair (inclusive), in `caliper_unit`; None for no limit. Subclasses and
        coarsened cells have none.
    caliper_unit
        "sd": standard deviation (n - 1) of the score over everyone kept; "sd_pooled": root of the mean of the two
        groups' variances (Austin 2011); "raw": the score's own unit.
    scale
        Match on the "logit" or the "probability"; "given" uses the numbers of `score` just as they are.
    ratio
        Matches wanted for each person; everyone gets a first before anyone gets a second.
    min_ratio, max_ratio
        For a variable ratio (nearest without replacement): fewest and most matches of a person, with `ratio` the
        average; more go to people about whose score there are many others.
    replace
        Whether one person may be matched to several.
    order
        Who chooses first: "largest" or "smallest" score, "closest" pair, "random" (seeded), or "data" (order of the
        rows: the only option by which that order matters, besides ``ties="row"``).
    exact
        Columns on which a pair or set must be equal.
    anti_exact
        Columns on which the two of a pair must differ, on each of them (nearest and optimal): such as the custody
        suite, so that nobody is compared with a person met there.
    covariate_calipers
        Column -> largest difference within a pair (inclusive), in the column's own unit.
    mahalanobis
        Columns whose Mahalanobis distance decides who is nearest, among those within the calipers.
    mahalanobis_ranks
        Whether that distance is the robust one, of ranks: for columns with extreme values or a rare yes.
    mahalanobis_scaling
        "pooled": by the covariance within the two groups; "everyone": by that of everybody; "variance": each column
        only divided by everybody's standard deviation.
    score
        Own score on the index of people, or a model from `propensity` (a probit, or a learner), instead of the
        logistic model fitted here.
    formula
        Right-hand side of the propensity model, such as ``"age + priors * C(district)"``.
    references
        Category -> its reference level (otherwise the most frequent one).
    subclasses
        Number of classes of the score.
    cutpoints
        Column -> number of bins of equal width, or the inner breaks themselves (otherwise Sturges' number of bins).
    trim
        Whom to leave out beforehand: "none", "common_support", "crump", "preference" or "percentile" (see `overlap`).
    id
        Column with a unique id; without it, the index. Read it with the same type every time: the number 7 and the
        text "7" are different ids and draw different lots in a tie.
    ties
        "seeded": a seeded hash of the id decides; "row": the order of the rows does. "all", for nearest neighbours with
        replacement: everybody as near as the `ratio`-th nearest is kept, each with an equal share (Abadie and Imbens
        2006); squared distances within 0.00001 squared standard deviations of one another count as equal.
    seed
        Seed of that hash and of ``order="random"``.
    measured_at
        Column -> "before_index", "at_index" or "after_index" (DataFrames only; a cohort knows).

    Returns
    -------
    Design
        ``weights``, ``pairs()``, ``balance()``...; the design has been checked against every constraint.

    Raises
    ------
    InputError
        Options or columns that cannot be used.
    DesignError
        An outcome offered, perfect prediction, nobody left within the caliper, too few people to match with.
    InvariantError
        A pair or set broke a constraint (a bug: never a result).

    Notes
    -----
    Nearest: Rosenbaum, P. R. and Rubin, D. B. (1985), American Statistician 39, 33-38. Caliper of 0.2 standard
    deviations of the logit: Austin, P. C. (2011), Pharmaceutical Statistics 10, 150-161. Optimal pairs: Rosenbaum,
    P. R. (1989), Optimal matching for observational studies, Journal of the American Statistical Association 84,
    1024-1032. Full matching: Hansen, B. B. (2004), the same 99, 609-618. Radius: Dehejia, R. H. and Wahba, S. (2002),
    Review of Economics and Statistics 84, 151-161. Subclasses: Rosenbaum, P. R. and Rubin, D. B. (1984), Journal of the
    American Statistical Association 79, 516-524. Coarsened exact matching: Iacus, S. M., King, G. and Porro, G. (2012),
    Political Analysis 20, 1-24. Docs page "Choosing a design" says when each is the right one.
    Kernel: Heckman, J. J., Ichimura, H. and Todd, P. E. (1997), Review of Economic Studies 64, 605-654 (Epanechnikov;
    the caliper is the bandwidth).
    Robust Mahalanobis distance: Rosenbaum, P. R. (2010), Design of Observational Studies, Springer, section 8.3.
    Variable ratio: Ming, K. and Rosenbaum, P. R. (2000), Biometrics 56, 118-124. Within each exact-matching cell, from
    the lowest score up (for the ATC from the highest down), as many people as possible are to have `max_ratio` matches,
    one the remainder and the others `min_ratio`, so that the sum is `ratio` a person; then the rounds as ever.
    Ties of the nearest neighbour: of two people exactly as near, the one fewer places away on the line of scores is
    taken, then the one with the lower score, then the first by `ties`; by Mahalanobis distance, and between equally
    close pairs, the first by `ties`. ``options["n_tied_choices"]`` counts the choices decided so.
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
    options = MatchOptions(
        method=method,
        estimand=estimand,
        caliper=None if isinstance(method, str) and method in WITHOUT_CALIPER else caliper,
        caliper_unit=caliper_unit,
        scale=scale,
        ratio=ratio,
        min_ratio=min_ratio,
        max_ratio=max_ratio,
        replace=replace,
        order=order,
        exact=list_option("exact", exact),
        anti_exact=list_option("anti_exact", anti_exact),
        covariate_calipers=mapping_option("covariate_calipers", covariate_calipers, '{"age": 5}'),
        mahalanobis=list_option("mahalanobis", mahalanobis),
        mahalanobis_ranks=mahalanobis_ranks,
        mahalanobis_scaling=mahalanobis_scaling,
        subclasses=subclasses,
        cutpoints=mapping_option("cutpoints", cutpoints, '{"age": 5} or {"age": [25, 40]}'),
        trim=trim,
        ties=ties,
        seed=seed,
    )
    if scale == "given" and score is None:
        raise InputError("scale='given' is for a score of your own: pass score=, or choose 'logit' or 'probability'.")
    named = formula_columns(covariates, formula)
    taken = take(people, treated=treated, covariates=named, also=options.own_terms, id=id, measured_at=measured_at)
    refuse_words_in_numbers(taken.frame, options)
    terms = encode(taken.only(taken.covariates), references=references)
    used, remarks = find_score(
        taken, terms, score, scale=scale, formula=formula, references=references, tolerant=not options.needs_score
    )
    if used is not None and scale != "given":  # the caller's own numbers stay just as they are
        used = changed(used, used=steady(used.used))
    problem = _problem(taken, terms, used, options)
    said = options.needs_score or score is not None or used is None  # else what a model fitted here remarks is idle
    return _design(taken, problem, used, remarks if said else ())


def _problem(taken: Taken, terms: Terms, score: Score | None, options: MatchOptions) -> Problem:
    size = len(taken.treated)
    base: Ints = np.arange(size, dtype=np.int64)
    if options.ties == "seeded":
        base = seeded_order(taken.ids, options.seed, "ties")
    turn: Ints = np.arange(size, dtype=np.int64)
    if options.order == "random":
        turn[seeded_order(taken.ids, options.seed, "order")] = np.arange(size)
    kept = trim(options.trim, score, taken)
    width = math.inf if score is None else caliper_width(score.used, taken.treated, kept, options)
    metric = None
    if options.mahalanobis:
        metric = mahalanobis_coordinates(
            taken.only(options.mahalanobis),
            taken.treated,
            kept,
            taken.order,
            ranks=bool(options.mahalanobis_ranks),
            scaling=options.mahalanobis_scaling,
        )
    problem = Problem(
        options=options,
        treated=taken.treated,
        kept=kept,
        score=None if score is None else score.used,
        width=width,
        base=base,
        by_id=taken.order,
        turn=turn,
        strata=_strata(taken.frame, options.exact),
        conditions=tuple(
            Condition(name=name, values=taken.frame[name].to_numpy(dtype=np.float64), most=float(most))
            for name, most in options.covariate_calipers
        )
        + tuple(
            Condition(name=name, values=_codes(taken.frame, (name,), "anti_exact").astype(np.float64), most=APART)
            for name in options.anti_exact
        ),
        metric=metric,
        terms=terms,
    )
    _enough_people(problem)
    return problem


def _design(taken: Taken, problem: Problem, score: Score | None, remarks: tuple[str, ...]) -> Design:
    options = problem.options
    found = MATCHERS[options.method](problem)
    if not (found.weights[problem.is_focal] > 0).any():
        raise _nobody(problem)
    prove(problem, found)
    repeated = 0 if score is None else _repeated(score.used)
    return make_design(
        taken,
        problem.terms,
        method=options.method,
        estimand=options.estimand,
        score=score,
        found=found,
        distance=problem.distance(found.focal, found.others),
        options=as_plain(options, problem.width, repeated, {**found.facts, "n_trimmed": int((~problem.kept).sum())}),
        words=estimand_words(options.estimand, taken.treated, found.weights),
        notes=(*found.notes, *conditions_in_words(options), *_trimmed_in_words(problem), *remarks),
        closeness=closeness(problem) if options.replace or options.method in WITHIN else None,
    )


def _repeated(score: Floats) -> int:
    """Count the people whose score is that of somebody counted before."""
    ordered = np.sort(score)
    return int((ordered[1:] == ordered[:-1]).sum())


def _trimmed_in_words(problem: Problem) -> tuple[str, ...]:
    if problem.options.trim == "none":
        return ()
    return (trimmed_in_words(problem.options.trim, problem.treated, problem.kept),)


def _strata(frame: pd.DataFrame, exact: tuple[str, ...]) -> Ints | None:
    return _codes(frame, exact, "exact") if exact else None


def _codes(frame: pd.DataFrame, columns: tuple[str, ...], option: str) -> Ints:
    """Number the combinations of values of some columns."""
    try:
        return np.asarray(frame.groupby(list(columns), sort=False, observed=True).ngroup(), dtype=np.int64)
    except (TypeError, NotImplementedError):  # lists, sets or half-precision numbers: pandas can make no groups
        raise InputError(
            f"{option}= needs columns of numbers, yes/no or words; among {', '.join(columns)} is one that holds lists "
            "or other things that cannot be compared."
        ) from None


def _enough_people(problem: Problem) -> None:
    """Refuse a question that people cannot answer: fewer to choose from than the pairs need."""
    options = problem.options
    if options.method not in PAIRED:
        return
    is_focal: Bools = problem.is_focal
    focal, pool = int((is_focal & problem.kept).sum()), int((~is_focal & problem.kept).sum())
    name, who = ("treated", "comparison") if options.estimand == "ATC" else ("comparison", "treated")
    if options.estimand == "ATE" and focal < pool:  # matches are sought on both sides: the smaller one may be too small
        focal, pool, name, who = pool, focal, who, name
    needed = options.ratio if options.replace else max(options.ratio, focal)
    if pool < needed:
        raise DesignError(
            f"There are fewer {name} people ({pool}) than the ratio needs: {focal} {who} people with {options.ratio} "
            f"each{'' if options.replace else ', nobody used twice'}. Lower the ratio, allow replace=True, turn the "
            "question round with estimand=, or weight instead (dip.weight)."
        )


def _nobody(problem: Problem) -> DesignError:
    options = problem.options
    limits: list[str] = []
    if options.caliper is not None:
        limits.append(f"the caliper of {options.caliper:g} ({options.caliper_unit}, {options.scale})")
    limits += [f"exact on {', '.join(options.exact)}"] if options.exact else []
    limits += [f"different values of {name}" for name in options.anti_exact]
    limits += [f"the caliper on {name}" for name, _ in options.covariate_calipers]
    limits += [f"trim='{options.trim}'"] if options.trim != "none" else []
    limits += ["equal coarsened values"] if options.method == "cem" else []
    return DesignError(
        f"Nobody could be matched: no pair among {len(problem.treated)} people meets {' and '.join(limits)}. "
        "Widen the limits, or accept that these groups cannot be compared."
    )
