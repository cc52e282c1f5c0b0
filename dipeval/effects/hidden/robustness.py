"""The robustness value: how much something hidden would have to explain, beside what the covariates explain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.effects.asked import names_asked, numbers_asked
from dipeval.effects.hidden.robustness_algebra import adjusted, implied, robustness, t_quantile
from dipeval.effects.hidden.robustness_fit import Fit, Triangle, arm_weights, fit, treatment_share
from dipeval.effects.hidden.robustness_result import COLUMNS, NOTHING_HIDDEN, RobustnessValue
from dipeval.effects.joining import (
    ComparisonDesign,
    check_design,
    cluster_word,
    join,
    outcome_kind,
    outcome_series,
    refuse_unfit,
)
from dipeval.effects.robust import Floats, Sample, exact_sum
from dipeval.errors import EstimationError, InputError

STD_ERRORS: Final = ("auto", "plain", "robust")


def robustness_value(
    design: ComparisonDesign,
    outcome: pd.Series | pd.DataFrame,
    *,
    benchmarks: Sequence[str] | None = None,
    multiples: Sequence[float] = (1.0, 2.0, 3.0),
    q: float = 1.0,
    alpha: float = 0.05,
    outcome_name: str | None = None,
    cluster: pd.Series | None = None,
    std_error: str = "auto",
) -> RobustnessValue:
    """Say how much something hidden must explain to account for an estimate, with the covariates as a yardstick.

    Parameters
    ----------
    design
        From `dipeval.match` or `dipeval.weight`.
    outcome
        Outcome of each person, a Series on the index of the design's people, or a frame holding it.
    benchmarks
        Covariates of the design whose strength is the yardstick, a category's levels taken together; all by default.
    multiples
        How many times as strong as the covariate the hidden factor is supposed to be.
    q
        The share of the estimate it is to explain away: 1 for all of it.
    alpha
        One less the coverage of the interval.
    outcome_name
        Column of `outcome` if that is a frame; otherwise the name shown.
    cluster
        Whose row each is, where a person can be in more than once, as in `estimate_effect`.
    std_error
        "plain": of least squares, as if spread and weight were the same for all; "robust": HC1, or cluster HC1 over
        pairs, sets or persons; "auto": plain where nothing was matched or weighted, else robust.

    Returns
    -------
    RobustnessValue
        With ``rv`` (for the estimate), ``rv_limit`` (for the limit of the interval) and a row a benchmark.

    Raises
    ------
    InputError
        If a benchmark is no covariate of the design, or an option is not known.
    EstimationError
        If no regression can be made (the covariates tell who was treated, too few people, no variation).

    Notes
    -----
    Cinelli, C. and Hazlett, C. (2020), Making sense of sensitivity: extending omitted variable bias, Journal of the
    Royal Statistical Society B 82, 39-67; the regression is of the outcome on treatment and the design's covariates,
    weighted by the design (a linear probability model for a yes/no outcome). The algebra holds for any weights. Where
    errors are robust, they are taken to exceed the plain ones by the same factor whatever is hidden.

    A design that made the covariates alike leaves them no link with treatment, so that "as strong as a covariate" would
    mean nothing. A covariate's link with treatment is therefore measured among everybody as they were before, the two
    groups in the proportions the design gives them; its link with the outcome among the people used. With
    ``method="none"`` both are the paper's own, and its bounds exact.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> people = recid()
    >>> design = dip.weight(people, treated="workprg", covariates=["priors", "educ", "age"])
    >>> found = dip.robustness_value(design, people["returned_12m"], benchmarks=["priors"], multiples=[1])
    >>> round(found.rv, 3), found.rv_limit
    (0.014, 0.0)
    """
    check_design(design)
    _check_options(multiples, q, alpha, std_error)
    values, name = outcome_series(outcome, outcome_name)
    refuse_unfit(values)
    terms, groups = _groups(design, benchmarks)
    sample = join(design, values, name, cluster)
    if len(np.unique(sample.outcome)) < 2:
        raise EstimationError("Everybody has the same outcome, so that there is nothing for anything to explain.")
    used = design.weights.to_numpy() > 0
    found, whole = fit(sample.outcome, sample.treated.astype(np.float64), terms[used], sample.weights, sample.clusters)
    scale = _scale(design, sample, found, std_error)
    strengths = _strengths(design, sample, whole, terms, groups)
    size = abs(found.estimate) / found.plain_error / math.sqrt(found.dof)
    needed = scale * t_quantile(alpha, found.dof - 1) / math.sqrt(found.dof - 1)
    error = scale * found.plain_error
    reach = t_quantile(alpha, found.dof) * error
    ends = found.estimate - reach, found.estimate + reach
    rows: list[tuple[Any, ...]] = [(NOTHING_HIDDEN, 0.0, found.estimate, error, *ends, 0.0, 0.0)]
    for term, strength in strengths.items():
        for multiple in multiples:
            supposed = implied(*strength, float(multiple))
            moved = adjusted(found.estimate, found.plain_error, found.dof, supposed, scale=scale, alpha=alpha)
            rows.append((term, float(multiple), *moved, *supposed))
    return RobustnessValue(
        outcome_name=name,
        outcome_kind=outcome_kind(sample),
        estimate=found.estimate,
        std_error=error,
        conf_low=ends[0],
        conf_high=ends[1],
        plain_error=found.plain_error,
        dof=found.dof,
        partial_r2=size**2 / (1 + size**2),
        rv=robustness(q * size),
        rv_limit=robustness(q * size, needed),
        q=float(q),
        alpha=float(alpha),
        se_method=_se_method(design, sample, std_error),
        n_treated=int(sample.treated.sum()),
        n_comparison=int((~sample.treated).sum()),
        estimand=design.estimand_in_words,
        design_method=design.method,
        design_fingerprint=design.fingerprint,
        _frame=pd.DataFrame(rows, columns=list(COLUMNS)),
    )


def _groups(design: ComparisonDesign, benchmarks: Sequence[str] | None) -> tuple[Floats, dict[str, list[int]]]:
    """Return the covariates as numbers, and the places of each benchmark's terms."""
    if not hasattr(design, "model_terms"):
        raise EstimationError(
            "The design does not hold its covariates, which the regression needs; pass one made by dip.match or "
            "dip.weight."
        )
    frame = design.model_terms()
    covariates = tuple(design.covariates)  # type: ignore[attr-defined]
    wanted = covariates if benchmarks is None else names_asked("benchmarks", benchmarks)
    unknown = [str(name) for name in wanted if name not in covariates]
    if unknown:
        raise InputError(
            f"No covariate of the design is called {', '.join(unknown)}; it has {', '.join(covariates)}. A benchmark "
            "is a covariate that the design used."
        )
    places = {name: place for place, name in enumerate(frame.columns)}
    groups = {name: [places[term] for term in design.model_terms([name]).columns] for name in wanted}
    return frame.to_numpy(dtype=np.float64), groups


def _strengths(
    design: ComparisonDesign, sample: Sample, whole: Triangle, terms: Floats, groups: dict[str, list[int]]
) -> dict[str, tuple[float, float]]:
    """Return the partial R2 of each benchmark with treatment (before the design) and with the outcome."""
    treated: NDArray[np.bool_] = design.treated.to_numpy(dtype=bool)
    before = design.weights.to_numpy(dtype=np.float64)
    if design.method != "none":
        totals = [exact_sum(sample.weights[sample.treated == side]) for side in (True, False)]
        before = arm_weights(treated, *totals)
    kept = before > 0
    with_treatment = treatment_share(treated[kept].astype(np.float64), terms[kept], before[kept], list(groups.values()))
    n_terms = terms.shape[1]
    with_outcome = [
        whole.share(n_terms + 1, group, [place for place in range(n_terms + 1) if place not in group])
        for group in groups.values()
    ]
    return dict(zip(groups, zip(with_treatment, with_outcome, strict=True), strict=True))


def _is_plain(design: ComparisonDesign, sample: Sample, std_error: str) -> bool:
    if std_error != "auto":
        return std_error == "plain"
    return design.method == "none" and sample.clusters is None and bool((sample.weights == sample.weights[0]).all())


def _scale(design: ComparisonDesign, sample: Sample, found: Fit, std_error: str) -> float:
    return 1.0 if _is_plain(design, sample, std_error) else found.robust_error / found.plain_error


def _se_method(design: ComparisonDesign, sample: Sample, std_error: str) -> str:
    if _is_plain(design, sample, std_error):
        return "plain least squares"
    if sample.clusters is None:
        return "robust (HC1)"
    word = "person" if design.clusters is None else cluster_word(design)
    return f"{word}-cluster (HC1 with G/(G - 1), G = {sample.n_clusters} {word}s)"


def _check_options(multiples: Sequence[float], q: float, alpha: float, std_error: str) -> None:
    if std_error not in STD_ERRORS:
        raise InputError(f"std_error={std_error!r} is not known here; use one of {', '.join(STD_ERRORS)}.")
    if not (isinstance(alpha, Real) and 0 < alpha <= 0.5):
        raise InputError(f"alpha={alpha!r} is no limit of a p-value; give a number above 0 and up to 0.5.")
    if not (isinstance(q, Real) and 0 < q <= 1):
        raise InputError(f"q={q!r} is no share of an estimate; give a number above 0 and up to 1.")
    if min(numbers_asked("multiples", multiples, "[1, 2, 3]"), default=1) <= 0:
        raise InputError("multiples must be numbers above 0, such as multiples=[1, 2, 3].")
