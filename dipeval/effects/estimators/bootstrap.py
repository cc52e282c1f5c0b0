"""The bootstrap: how much an estimate moves from one resample of the people to the next.

People are drawn with replacement, as many as there are; weights are made again in every draw. Persons with several
rows, pairs and sets are drawn whole: matching without replacement leaves pairs that can be drawn (Austin, P. C. and
Small, D. S. 2014, Statistics in Medicine 33, 4306-4319; Abadie, A. and Spiess, J. 2022, Journal of the American
Statistical Association 117, 983-995). With replacement the bootstrap fails (Abadie, A. and Imbens, G. W. 2008,
Econometrica 76, 1537-1557) and is refused. The interval is the normal one, from the standard deviation over the draws.

Draws are dealt to people in the order of their ids, so the order of the rows moves nothing.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.effects.estimators import aipw_words as words
from dipeval.effects.estimators.bootstrap_sample import Resample
from dipeval.effects.joining import cluster_word, options_of
from dipeval.effects.request import Estimate, Request
from dipeval.effects.robust import Floats, Sample
from dipeval.errors import DipevalError, EstimationError, InputError
from dipeval.matching.dealing import places_by_id, units_in_order
from dipeval.matching.design import Design
from dipeval.matching.method_words import WEIGHTED
from dipeval.matching.weight_equations_again import Remake, weights_again, why_not_remade
from dipeval.presenting import format_count

logger = logging.getLogger("dipeval")

FEWEST_DRAWS: Final = 50
MOST_FAILED: Final = 0.05
STEPS: Final = 10  # of the progress told
REUSED: Final = ("radius", "kernel")
STRATA: Final = ("subclass", "cem")
Estimator = Callable[[Request], Estimate]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """What is drawn, and how a draw is turned into weights.

    Parameters
    ----------
    units
        Number of the unit (person, pair, set) of each person of the design, in the order of ids; -1 for the unused.
    weigh
        How often each person was drawn -> the weight of one such person.
    words, how
        What the units are called, and what was made again.
    """

    units: NDArray[np.int64]
    weigh: Remake
    words: str
    how: str

    @property
    def n_units(self) -> int:
        """How many there are to draw from."""
        return int(self.units.max()) + 1


def bootstrapped(request: Request, found: Estimate, estimator: Estimator) -> Estimate:
    """Return an estimate with the error of a bootstrap.

    Parameters
    ----------
    request
        The design joined to the outcome, with ``draws`` and ``seed`` among its options.
    found
        The estimate from everybody.
    estimator
        What made it.

    Returns
    -------
    Estimate
        The same estimate; no contributions.

    Raises
    ------
    InputError
        If ``draws`` is no whole number of at least 50.
    EstimationError
        With the reason, for designs that cannot be resampled; if more than 5% of the draws fail.
    """
    draws, seed = _checked(request)
    plan = plan_of(request)
    centres, log_ratios = [], []
    for number, multiples in enumerate(_drawn(plan, draws, seed)):
        if (number + 1) % max(1, draws // STEPS) == 0:
            logger.info("bootstrap: %s of %s draws", number + 1, draws)
        try:
            again = estimator(resampled(request, plan, multiples))
        except (DipevalError, ArithmeticError, ValueError, np.linalg.LinAlgError):
            continue
        if math.isfinite(again.centre):
            centres.append(again.centre)
            log_ratios.append(_log_ratio(again))
    failed = draws - len(centres)
    if failed > MOST_FAILED * draws:
        raise EstimationError(words.TOO_MANY_FAILED.format(failed=format_count(failed), draws=format_count(draws)))
    said = (words.FAILED_REMARK.format(failed=format_count(failed), draws=format_count(draws)),) if failed else ()
    return replace(
        found,
        std_error=float(np.std(centres, ddof=1)),
        se_method=words.BOOTSTRAP_WORDS.format(draws=format_count(draws), units=plan.words, seed=seed, how=plan.how),
        contributions=None,
        clusters=None,
        factor=1.0,
        notes=(*found.notes, *said),
        kind="bootstrap",
        log_ratio_error=float(np.std(log_ratios, ddof=1)),
    )


def _checked(request: Request) -> tuple[int, int]:
    draws, seed = request.options.draws, request.options.seed
    if not isinstance(draws, (int, np.integer)) or isinstance(draws, bool) or draws < FEWEST_DRAWS:
        raise InputError(words.FEW_DRAWS.format(least=FEWEST_DRAWS, draws=repr(draws)))
    if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool) or seed < 0:
        raise InputError(words.BAD_SEED.format(seed=repr(seed)))
    return int(draws), int(seed)


def plan_of(request: Request) -> Plan:
    """Return what is drawn from a design and how a draw becomes weights; raises as `bootstrapped` does."""
    design = request.design
    reason = why_no_bootstrap(design)
    if reason is not None:
        raise EstimationError(words.CANNOT_RESAMPLE.format(reason=reason))
    assert isinstance(design, Design)
    codes = np.full(request.n_people, -1, dtype=np.int64)
    clusters = request.sample.clusters
    codes[request.rows] = np.arange(request.sample.n) if clusters is None else clusters
    units = units_in_order(codes, places_by_id(design))
    if design.method not in WEIGHTED:
        word = f"{cluster_word(design)}s"
        return Plan(units=units, weigh=_kept(design), words=word, how=words.UNITS_KEPT.format(units=word))
    how = words.NOTHING_MADE_AGAIN if design.method == "none" else words.WEIGHTS_MADE_AGAIN
    return Plan(units=units, weigh=weights_again(design), words="people" if clusters is None else "persons", how=how)


def why_no_bootstrap(design: object) -> str | None:
    """Say why the people of a design cannot be drawn again; None if they can.

    Parameters
    ----------
    design
        A design, or what stands for one.

    Returns
    -------
    str or None

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> named = {"treated": "workprg", "covariates": ["priors", "educ", "age"]}
    >>> why_no_bootstrap(dip.match(recid(), **named)) is None
    True
    >>> why_no_bootstrap(dip.match(recid(), method="subclass", **named))
    'classes and cells are drawn up anew in every resample, so that people fall out of it by chance'
    """
    if not isinstance(design, Design) or design.method in WEIGHTED:
        return why_not_remade(design)
    if design.method in REUSED or options_of(design).get("replace"):
        return words.FIXED_MATCHES
    if design.method in STRATA:
        return words.STRATA_CHANGE
    return None if design.clusters is not None else words.NO_UNITS


def _kept(design: Design) -> Remake:
    weights = design.weights.to_numpy(copy=True)

    def keep(multiples: Floats) -> Floats:
        del multiples  # the matching stays as it is
        return weights

    return keep


def _drawn(plan: Plan, draws: int, seed: int) -> Iterator[Floats]:
    """Hand out how often each person is drawn, draw by draw."""
    random, inside = np.random.default_rng(seed), plan.units >= 0
    for _ in range(draws):
        often = np.bincount(random.integers(0, plan.n_units, plan.n_units), minlength=plan.n_units)
        multiples = np.zeros(len(plan.units))
        multiples[inside] = often[plan.units[inside]]
        yield multiples


def resampled(request: Request, plan: Plan, multiples: Floats) -> Request:
    """Return a request with everybody counted another number of times.

    Parameters
    ----------
    request
        The design joined to the outcome.
    plan
        From `plan_of`.
    multiples
        How often each person of the design counts.

    Returns
    -------
    Request
        For the plain error; what belongs together no longer shows.
    """
    design = request.design
    assert isinstance(design, Design)
    weights = plan.weigh(multiples) * multiples
    kept = weights[request.rows] > 0
    sample = request.sample
    drawn = Sample(
        outcome=sample.outcome[kept],
        treated=sample.treated[kept],
        weights=weights[request.rows][kept],
        clusters=None,
        at_risk=None if sample.at_risk is None else sample.at_risk[kept],
    )
    return replace(
        request,
        design=Resample(base=design, multiples=multiples, weights=pd.Series(weights, design.weights.index)),
        sample=drawn,
        rows=request.rows[kept],
        options=replace(request.options, std_error="hc0"),
        own_clusters=False,
    )


def _log_ratio(found: Estimate) -> float:
    low = min(found.mean_treated, found.mean_comparison)
    return math.log(found.mean_treated / found.mean_comparison) if low > 0 else math.nan
