"""Rosenbaum bounds: how far hidden bias could move the p-value and the estimate of a matched comparison."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.effects.asked import numbers_asked
from dipeval.effects.hidden.rosenbaum_result import COLUMNS, RosenbaumBounds
from dipeval.effects.hidden.rosenbaum_sets import matched_sets
from dipeval.effects.hidden.rosenbaum_tests import BiasedTest, McNemar, largest_gamma, signed_ranks
from dipeval.effects.joining import (
    ComparisonDesign,
    check_design,
    join,
    options_of,
    outcome_kind,
    outcome_series,
    refuse_unfit,
)
from dipeval.effects.robust import Sample
from dipeval.errors import EstimationError, InputError

GAMMAS: Final = (1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 2.75, 3.0)
ALTERNATIVES: Final = ("auto", "greater", "less", "two_sided")
# Points of the curve that is drawn.
POINTS: Final = 81

NO_PAIRS: Final = (
    "The design ('{method}') has no pairs or sets of people compared as alike, and the bounds are about them: use "
    "dip.robustness_value (and the E-value of the effect), or match with dip.match(method='nearest'), 'optimal' or "
    "'full'."
)
REUSED: Final = (
    "The design uses comparison people more than once, so that its pairs are not independent of each other, which the "
    "bounds need: match with replace=False, or use dip.robustness_value."
)
MANY_TO_MANY: Final = (
    "{n} of the design's {total} sets hold several treated and several comparison people, and the bounds need one of "
    "either kind in each set: use method='nearest', 'optimal' or 'full', or dip.robustness_value."
)
ALL_ALIKE: Final = (
    "The outcome does not differ within any of the {n} pairs or sets, so that a test has nothing to go by: choose an "
    "outcome that differs between people, or follow them for longer."
)


def rosenbaum_bounds(
    design: ComparisonDesign,
    outcome: pd.Series | pd.DataFrame,
    *,
    gammas: Sequence[float] = GAMMAS,
    alternative: str = "auto",
    alpha: float = 0.05,
    outcome_name: str | None = None,
    count_observed: bool = True,
) -> RosenbaumBounds:
    """Say how strong hidden bias must be to undo the conclusion of a matched comparison.

    Parameters
    ----------
    design
        From `dipeval.match`, with pairs or sets: "nearest" or "optimal" without replacement (one or several matches),
        or "full".
    outcome
        Outcome of each person, a Series on the index of the design's people, or a frame holding it.
    gammas
        How many times higher one person's odds of treatment may be than those of another compared with them; 1 and up.
    alternative
        "auto": one-sided, in the direction the data show; "greater" or "less": one-sided, higher or lower among the
        treated; "two_sided": the one-sided p-value in the direction of the data, doubled, which goes with a two-sided
        interval of an effect.
    alpha
        What the p-value has to be below.
    outcome_name
        Column of `outcome` if that is a frame; otherwise the name shown.
    count_observed
        For pairs and a yes/no outcome: whether the p-value is the chance of *at least* as many pairs as observed, as
        an exact test has it. False gives the chance of more than that, as the R package rbounds (2.2) prints it; it is
        too small.

    Returns
    -------
    RosenbaumBounds
        With columns ``gamma``, ``p_low``, ``p_high``, ``hl_low``, ``hl_high``.

    Raises
    ------
    EstimationError
        If the design has no pairs or sets, uses people more than once, or the outcome does not differ within any set.
    InputError
        If an option is not known, or a Gamma is below 1.

    Notes
    -----
    Rosenbaum, P. R. (2002), Observational Studies, 2nd edition, chapter 4. Pairs: exact McNemar test for yes/no;
    otherwise Wilcoxon's signed ranks (normal approximation, average ranks, pairs that do not differ left out) with the
    Hodges-Lehmann estimate (over all pairs). Sets: number of treated people with the outcome, or aligned ranks, with
    the largest expectation set by set (Gastwirth, J. L., Krieger, A. M. and Rosenbaum, P. R. 2000, Asymptotic
    separability in sensitivity analysis, Journal of the Royal Statistical Society B 62, 545-555).

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> people = recid()
    >>> design = dip.match(people, treated="workprg", covariates=["priors", "educ", "age"])
    >>> bounds = dip.rosenbaum_bounds(design, people["returned_12m"], gammas=[1, 1.5, 2])
    >>> bounds.to_frame()["p_high"].round(3).tolist()
    [0.395, 0.977, 1.0]
    >>> bounds.gamma_critical
    1.0
    """
    check_design(design)
    steps = _check_options(gammas, alternative, alpha)
    values, name = outcome_series(outcome, outcome_name)
    refuse_unfit(values)
    _check_pairs(design)
    sample = join(design, values, name)
    kind = outcome_kind(sample)
    test = make_test(sample, yes_no=kind == "yes_no", count_observed=count_observed)
    if test.n_informative == 0:
        raise EstimationError(ALL_ALIKE.format(n=sample.n_clusters))
    higher = test.higher if alternative in ("auto", "two_sided") else alternative == "greater"
    twice = alternative == "two_sided"

    def p_value(gamma: float, *, worst: bool = True) -> float:
        return min(1.0, (1 + twice) * test.p_value(gamma, higher=higher, worst=worst))

    rows = [(gamma, p_value(gamma, worst=False), p_value(gamma), *test.shift(gamma)) for gamma in steps]
    fine = np.linspace(1.0, max(steps[-1], 1.05), POINTS).tolist()
    return RosenbaumBounds(
        outcome_name=name,
        outcome_kind=kind,
        test=test.name,
        alternative=alternative,
        higher=higher,
        alpha=float(alpha),
        p_value=p_value(1.0),
        gamma_critical=largest_gamma(lambda gamma: p_value(gamma) < alpha),
        gamma_estimate=test.explained_by(higher=higher),
        n_treated=int(sample.treated.sum()),
        n_comparison=int((~sample.treated).sum()),
        n_groups=sample.n_clusters,
        n_informative=test.n_informative,
        pairs=sample.n == 2 * sample.n_clusters,
        estimand=design.estimand_in_words,
        design_method=design.method,
        design_fingerprint=design.fingerprint,
        _frame=pd.DataFrame(rows, columns=list(COLUMNS)),
        _curve=pd.DataFrame(
            [(gamma, p_value(gamma, worst=False), p_value(gamma)) for gamma in fine], columns=list(COLUMNS[:3])
        ),
    )


def make_test(sample: Sample, *, yes_no: bool, count_observed: bool = True) -> BiasedTest:
    """Return the test that suits the pairs or sets and the outcome.

    Parameters
    ----------
    sample
        The people, with the number of each one's pair or set as cluster.
    yes_no
        Whether the outcome is yes/no.
    count_observed
        See `rosenbaum_bounds`.

    Returns
    -------
    BiasedTest

    Raises
    ------
    EstimationError
        If a set holds several people of both groups.
    """
    assert sample.clusters is not None
    _, codes = np.unique(sample.clusters, return_inverse=True)
    n_treated, n_all = np.bincount(codes, weights=sample.treated), np.bincount(codes)
    wrong = int(((n_treated != 1) & (n_all - n_treated != 1)).sum())
    if wrong:
        raise EstimationError(MANY_TO_MANY.format(n=wrong, total=len(n_all)))
    if (n_all == 2).all() and (n_treated == 1).all():
        return _of_pairs(sample, codes, yes_no, count_observed)
    # Within a set by outcome, so that its sums do not depend on the order of the rows.
    order = np.lexsort((sample.treated, sample.outcome, codes))
    return matched_sets(sample.outcome[order], sample.treated[order], codes[order].astype(np.intp), yes_no=yes_no)


def _of_pairs(sample: Sample, codes: NDArray[np.integer[Any]], yes_no: bool, count_observed: bool) -> BiasedTest:
    order = np.lexsort((~sample.treated, codes))
    treated, comparison = sample.outcome[order][::2], sample.outcome[order][1::2]
    if yes_no:
        return McNemar(
            treated_only=int((treated > comparison).sum()),
            comparison_only=int((comparison > treated).sum()),
            count_observed=count_observed,
        )
    return signed_ranks(treated - comparison)


def _check_pairs(design: ComparisonDesign) -> None:
    if options_of(design).get("replace") is True:
        raise EstimationError(REUSED)
    if design.clusters is None:
        raise EstimationError(NO_PAIRS.format(method=design.method))


def _check_options(gammas: Sequence[float], alternative: str, alpha: float) -> list[float]:
    if alternative not in ALTERNATIVES:
        raise InputError(f"alternative={alternative!r} is not known here; use one of {', '.join(ALTERNATIVES)}.")
    if not (isinstance(alpha, Real) and 0 < alpha <= 0.5):
        raise InputError(f"alpha={alpha!r} is no limit of a p-value; give a number above 0 and up to 0.5.")
    steps = numbers_asked("gammas", gammas, "[1, 1.5, 2]")
    if not steps or min(steps) < 1:
        raise InputError("gammas must be numbers of 1 and above (1: no hidden bias), such as gammas=[1, 1.5, 2].")
    return sorted(set(steps))
