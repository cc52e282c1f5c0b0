"""Join a finished design to an outcome and estimate the effect."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import norm

from dipeval.effects import weighted
from dipeval.effects.effect import Effect
from dipeval.effects.joining import (
    ComparisonDesign,
    check_design,
    check_fit,
    join,
    outcome_kind,
    outcome_series,
    refuse_unfit,
    times_at_risk,
    used_people,
)
from dipeval.effects.measures import MEASURES, null_value, shown
from dipeval.effects.overturn import NO_RATIO, RatioInterval, e_value, e_value_of_limit
from dipeval.effects.request import ESTIMATOR_NAMES, STD_ERRORS, Estimate, EstimateOptions, Request
from dipeval.effects.robust import Floats, Sample
from dipeval.errors import EstimationError, InputError

logger = logging.getLogger("dipeval")

# What makes the estimate, by the name it is asked for.
ESTIMATORS: Final[dict[str, Callable[[Request], Estimate]]] = {"weighted": weighted.estimate}

# Why a measure of the design's list is not given here, and what to ask for instead.
INSTEAD: Final[dict[str, str]] = {
    "hazard_ratio": "use dipeval.cox on the time to the event, with the design's weights",
    "rmst_difference": "use dipeval.kaplan_meier on the time to the event, or 'risk_difference' at a fixed time",
}


def estimate_effect(
    design: ComparisonDesign,
    outcome: pd.Series | pd.DataFrame,
    *,
    measure: str = "risk_difference",
    outcome_name: str | None = None,
    level: float = 0.95,
    cluster: pd.Series | None = None,
    estimator: str = "weighted",
    std_error: str = "auto",
    adjust: Sequence[str] | None = None,
    model: str | None = None,
    at_risk: pd.Series | str | None = None,
    folds: int = 5,
    seed: int = 0,
    draws: int = 999,
    neighbours: int = 2,
) -> Effect:
    """Estimate the effect of treatment on one outcome, among the people a design uses.

    Parameters
    ----------
    design
        From `dipeval.match` or `dipeval.weight`; made without sight of the outcome.
    outcome
        Outcome of each person, a Series on the index of the design's people, or a frame holding it.
    measure
        ``risk_difference``, ``risk_ratio`` or ``odds_ratio`` for a 0/1 outcome; ``mean_difference`` for a number (or a
        count); ``rate_ratio`` for a count over the time at risk.
    outcome_name
        Column of `outcome` if that is a frame; otherwise the name shown.
    level
        Coverage of the interval, 0-1.
    cluster
        Whose row each is, on the index of the design's people, where a person can be in more than once
        (``cohort.cluster``): rows of one person are not independent. Not for designs with pairs.
    estimator
        ``weighted``: the contrast of the weighted means.
    std_error
        ``auto``, or one of ``hc0`` to ``hc3``, ``cluster_hc0`` and ``cluster_hc1`` (over pairs, sets or persons), and
        ``count`` (the plain error from the number of different people).
    adjust
        Covariates of the design that enter a model of the outcome; all of them by default.
    model
        Of the outcome, where the estimator has one; by default what suits the outcome.
    at_risk
        Time at risk of each person (days), for a rate: a Series, or a column of `outcome` if that is a frame.
    folds, seed
        Parts for cross-fitting, and what deals people into them.
    draws
        Resamples of a bootstrap.
    neighbours
        People of the same group from whom the spread at a point is taken (Abadie and Imbens).

    Returns
    -------
    Effect
        Treated minus comparison (or treated over comparison), with a normal-based interval; a ratio's interval is
        made on the log scale. Standard errors: pair-cluster where the design has pairs, clustered by matched set where
        a person has several matches or in full matching, by person where ``cluster`` is given, otherwise (weights,
        classes, cells) robust (HC0). With replacement and within a radius they are HC0 too, an approximation that takes
        the matches as given. None allows for the score or the weights having been estimated, which as a rule makes them
        too wide: a little for a yes/no outcome hard to foretell, much where the covariates foretell the outcome well
        (for the effect on the treated it can go either way: Abadie and Imbens 2016, Econometrica 84, 781-807). Means
        are weighted: for another estimand than the ATT those of the treated people too.

    Raises
    ------
    InputError
        If no design is passed, an outcome is missing for people the design uses, or it does not suit the measure.
    EstimationError
        If the measure is not given here, or no interval can be made (one person in a group, or one who carries
        nearly all its weight; no variation); if rows are index events and no ``cluster`` is given; or if the outcomes
        are of a cohort in which people become treated during follow-up, or were followed for unequal times because
        the extract ends.

    Notes
    -----
    Difference of weighted means; White (1980) HC0, or cluster HC1 times G/(G - 1) over pairs, sets or persons (Abadie
    and Spiess 2022); E-value of VanderWeele and Ding (2017). Abadie, A. and Imbens, G. W. (2006), Large sample
    properties of matching estimators for average treatment effects, Econometrica 74, 235-267, give the variance of
    matching with replacement, of which HC0 over the weighted people is an approximation; an ordinary bootstrap is none.

    Examples
    --------
    >>> import pandas as pd
    >>> from types import SimpleNamespace
    >>> people = pd.Index(["a", "b", "c", "d", "e", "f"])
    >>> design = SimpleNamespace(
    ...     weights=pd.Series(1.0, people), treated=pd.Series([True] * 3 + [False] * 3, people), clusters=None,
    ...     estimand_in_words="the average effect on the 3 treated people", fingerprint="example", method="entropy",
    ...     n_treated_dropped=0)
    >>> offences = pd.Series([0, 1, 2, 2, 3, 4], people, name="n_reoffences")
    >>> effect = estimate_effect(design, offences, measure="mean_difference")
    >>> effect.estimate, round(effect.std_error, 4), effect.se_method
    (-2.0, 0.6667, 'robust (HC0)')
    """
    check_design(design)
    _check_request(measure, level, estimator, std_error)
    values, name = outcome_series(outcome, outcome_name)
    refuse_unfit(values)
    options = EstimateOptions(
        std_error=std_error,
        adjust=None if adjust is None else tuple(adjust),
        model=model,
        folds=folds,
        seed=seed,
        draws=draws,
        neighbours=neighbours,
    )
    times = times_at_risk(at_risk, outcome, used_people(design))
    request = make_request(design, values, name, measure=measure, cluster=cluster, at_risk=times, options=options)
    found = ESTIMATORS[estimator](request)
    logger.debug("effect on %s: %s, %s people", name, measure, request.sample.n)
    return make_effect(request, found, estimator=estimator, level=level)


def make_request(
    design: ComparisonDesign,
    values: pd.Series,
    name: str,
    *,
    measure: str,
    cluster: pd.Series | None = None,
    at_risk: Floats | None = None,
    options: EstimateOptions | None = None,
) -> Request:
    """Join a design to an outcome, and check that the measure suits it; parameters as in `estimate_effect`."""
    sample = join(design, values, name, cluster, at_risk)
    kind = outcome_kind(sample)
    check_fit(sample, measure, kind, name)
    return Request(
        design=design,
        sample=sample,
        rows=np.flatnonzero(design.weights.to_numpy() > 0),
        measure=measure,
        kind=kind,
        name=name,
        options=EstimateOptions() if options is None else options,
        own_clusters=cluster is not None,
    )


def make_effect(request: Request, found: Estimate, *, estimator: str, level: float) -> Effect:
    """Return an estimate as an `Effect`: interval, p-value, who it is about and what would overturn it."""
    design, sample, measure = request.design, request.sample, request.measure
    _check_error(found.std_error, 1.0 if null_value(measure) else float(np.max(np.abs(sample.outcome))), sample)
    reach = float(norm.ppf(0.5 + level / 2)) * found.std_error
    ends = (found.centre, found.centre - reach, found.centre + reach)
    estimate, low, high = (shown(measure, end) for end in ends)
    ratio = _ratio(sample, request.kind, level)
    includes_equality = low <= null_value(measure) <= high
    return Effect(
        measure=measure,
        outcome_name=request.name,
        outcome_kind=request.kind,
        estimate=estimate,
        std_error=found.std_error,
        conf_low=low,
        conf_high=high,
        p_value=float(2 * norm.sf(abs(found.centre) / found.std_error)),
        level=level,
        n_treated=int(sample.treated.sum()),
        n_comparison=int((~sample.treated).sum()),
        mean_treated=found.mean_treated,
        mean_comparison=found.mean_comparison,
        se_method=found.se_method,
        estimator=estimator,
        remarks=found.notes,
        estimand=design.estimand_in_words,
        design_method=design.method,
        design_fingerprint=design.fingerprint,
        n_treated_dropped=getattr(design, "n_treated_dropped", None),
        about=getattr(design, "estimand", "ATT"),
        n_comparison_dropped=int((~design.treated.astype(bool)).sum()) - int((~sample.treated).sum()),
        e_value=e_value(ratio.estimate),
        e_value_limit=1.0 if includes_equality and not math.isnan(ratio.estimate) else e_value_of_limit(ratio),
        constant_groups=tuple(
            words for words, side in (("treated", True), ("comparison", False)) if sample.is_constant(treated=side)
        ),
    )


def _check_request(measure: str, level: float, estimator: str, std_error: str) -> None:
    if measure not in MEASURES or measure in INSTEAD:
        known = ", ".join(name for name in MEASURES if name not in INSTEAD)
        reason = INSTEAD.get(str(measure), f"it is not a measure known here; use one of {known}")
        raise EstimationError(f"The measure '{measure}' is not estimated from a design: {reason}.")
    if not (isinstance(level, Real) and 0.5 <= level < 1):
        raise InputError(
            f"level={level!r} is not the coverage of an interval; give a share from 0.5 to below 1, such as 0.95."
        )
    for key, value, known_values in (
        ("estimator", estimator, ESTIMATOR_NAMES),
        ("std_error", std_error, STD_ERRORS),
    ):
        if value not in known_values:
            raise InputError(f"{key}={value!r} is not known here; use one of {', '.join(known_values)}.")


def _check_error(error: float, scale: float, sample: Sample) -> None:
    if error > 1e-12 * max(scale, 1e-300):
        return
    where = "within either group" if sample.clusters is None else "between the pairs, sets or persons"
    raise EstimationError(
        f"The outcome does not vary {where}, so no spread can be estimated and an interval would claim certainty. "
        "Follow people for longer, or choose an outcome that differs between people."
    )


def _ratio(sample: Sample, kind: str, level: float) -> RatioInterval:
    """Ratio of the two weighted means on the log scale: what the E-value is computed from."""
    means = sample.mean(treated=True), sample.mean(treated=False)
    if min(means) <= 0 or (kind == "number" and (sample.outcome < 0).any()):
        return NO_RATIO
    centre = math.log(means[0] / means[1])
    reach = float(norm.ppf(0.5 + level / 2)) * weighted.ratio_error(sample)
    return RatioInterval(math.exp(centre), math.exp(centre - reach), math.exp(centre + reach))
