"""Join a finished design to an outcome and estimate the effect."""

from __future__ import annotations

import logging
import math
from numbers import Real
from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import norm

from dipeval.effects.effect import Effect
from dipeval.effects.joining import (
    ComparisonDesign,
    check_design,
    check_fit,
    cluster_word,
    join,
    options_of,
    outcome_kind,
    outcome_series,
    refuse_unfit,
)
from dipeval.effects.overturn import NO_RATIO, RatioInterval, e_value, e_value_of_limit
from dipeval.effects.robust import Sample, influence, standard_error
from dipeval.errors import EstimationError, InputError

logger = logging.getLogger("dipeval")

MEASURES: Final = ("risk_difference", "risk_ratio", "mean_difference")

# Methods in which one person may stand beside several, besides those with ``replace=True``.
REUSING: Final = ("radius", "kernel")

# Why a measure of the design's list is not given here, and what to ask for instead.
INSTEAD: Final[dict[str, str]] = {
    "odds_ratio": "an odds ratio is easily misread as a risk ratio; use 'risk_difference' or 'risk_ratio'",
    "rate_ratio": "use 'mean_difference' on the number of events, for people followed equally long",
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
) -> Effect:
    """Estimate the effect of treatment on one outcome, among the people a design uses.

    Parameters
    ----------
    design
        From `dipeval.match` or `dipeval.weight`; made without sight of the outcome.
    outcome
        Outcome of each person, a Series on the index of the design's people, or a frame holding it.
    measure
        ``risk_difference`` or ``risk_ratio`` for a 0/1 outcome; ``mean_difference`` for a number (or a count).
    outcome_name
        Column of `outcome` if that is a frame; otherwise the name shown.
    level
        Coverage of the interval, 0-1.
    cluster
        Whose row each is, on the index of the design's people, where a person can be in more than once
        (``cohort.cluster``): rows of one person are not independent. Not for designs with pairs.

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
    _check_request(measure, level)
    values, name = outcome_series(outcome, outcome_name)
    refuse_unfit(values)
    sample = join(design, values, name, cluster)
    kind = outcome_kind(sample)
    check_fit(sample, measure, kind, name)
    relative = measure == "risk_ratio"
    mean_treated, mean_comparison = sample.mean(treated=True), sample.mean(treated=False)
    error = standard_error(sample, influence(sample, relative=relative))
    _check_error(error, 1.0 if relative else float(np.max(np.abs(sample.outcome))), sample)
    centre = math.log(mean_treated / mean_comparison) if relative else mean_treated - mean_comparison
    reach = float(norm.ppf(0.5 + level / 2)) * error
    ends = (centre, centre - reach, centre + reach)
    estimate, low, high = (math.exp(end) for end in ends) if relative else ends
    ratio = _ratio(sample, kind, level)
    includes_equality = low <= (1.0 if relative else 0.0) <= high
    logger.debug("effect on %s: %s, %s people", name, measure, sample.n)
    return Effect(
        measure=measure,
        outcome_name=name,
        outcome_kind=kind,
        estimate=estimate,
        std_error=error,
        conf_low=low,
        conf_high=high,
        p_value=float(2 * norm.sf(abs(centre) / error)),
        level=level,
        n_treated=int(sample.treated.sum()),
        n_comparison=int((~sample.treated).sum()),
        mean_treated=mean_treated,
        mean_comparison=mean_comparison,
        se_method=_se_method(design, sample, own=cluster is not None),
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


def _check_request(measure: str, level: float) -> None:
    if measure not in MEASURES:
        known = ", ".join(MEASURES)
        reason = INSTEAD.get(str(measure), f"it is not a measure known here; use one of {known}")
        raise EstimationError(f"The measure '{measure}' is not estimated from a design: {reason}.")
    if not (isinstance(level, Real) and 0.5 <= level < 1):
        raise InputError(
            f"level={level!r} is not the coverage of an interval; give a share from 0.5 to below 1, such as 0.95."
        )


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
    reach = float(norm.ppf(0.5 + level / 2)) * standard_error(sample, influence(sample, relative=True))
    return RatioInterval(math.exp(centre), math.exp(centre - reach), math.exp(centre + reach))


def _se_method(design: ComparisonDesign, sample: Sample, *, own: bool) -> str:
    if own:
        return f"clustered by person (HC1 with G/(G - 1), G = {sample.n_clusters:,} people)"
    if sample.clusters is not None and cluster_word(design) == "set":
        return f"clustered by matched set (HC1 with G/(G - 1), G = {sample.n_clusters:,} sets)"
    if sample.clusters is not None:
        return f"pair-cluster (HC1 with G/(G - 1), G = {sample.n_clusters:,} pairs)"
    if design.method in REUSING or options_of(design).get("replace"):
        who = "treated" if getattr(design, "estimand", "ATT") == "ATC" else "comparison"
        return (
            f"robust (HC0) over the weighted people; a {who} person used more than once counts once, with a larger "
            "weight: an approximation that takes the matches as given"
        )
    return "robust (HC0)"
