"""Join a finished design to an outcome and estimate the effect."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from numbers import Real
from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import norm

from dipeval.effects.asked import names_asked, text_asked
from dipeval.effects.beside import NO_SPREAD, constant_groups, events, is_common, no_share
from dipeval.effects.effect import Effect
from dipeval.effects.estimators import abadie_imbens, aipw, plain, regression
from dipeval.effects.estimators.bootstrap import bootstrapped
from dipeval.effects.estimators.restricted import checked_horizon
from dipeval.effects.joining import (
    ComparisonDesign,
    check_design,
    check_fit,
    join,
    outcome_kind,
    outcome_series,
    outcomes_of_all,
    refuse_horizon,
    refuse_times,
    refuse_unfit,
    time_to_event,
    times_at_risk,
    used_people,
)
from dipeval.effects.measures import MEASURES, OF_DAYS, OF_RATES, OF_SHARES, OF_TIMES, null_value, shown
from dipeval.effects.overturn import e_values
from dipeval.effects.request import ESTIMATOR_NAMES, SANDWICH, STD_ERRORS, Estimate, EstimateOptions, Request
from dipeval.effects.robust import Floats, Sample
from dipeval.effects.wording import COMMON_REMARKS, NO_SHARE
from dipeval.errors import EstimationError, InputError

logger = logging.getLogger("dipeval")

# What makes the estimate, by the name it is asked for.
ESTIMATORS: Final[dict[str, Callable[[Request], Estimate]]] = {
    "weighted": plain.estimate,
    "regression": regression.estimate,
    "aipw": aipw.estimate,
    abadie_imbens.ABADIE_IMBENS: abadie_imbens.estimate,
}
# What makes an error that is no sandwich, by the name it is asked for: it is handed the estimate with a plain sandwich
# and returns it with ``std_error`` and ``se_method`` (and ``contributions``, where there are any) replaced.
ERRORS: Final[dict[str, Callable[[Request, Estimate], Estimate]]] = {
    abadie_imbens.ABADIE_IMBENS: abadie_imbens.with_error,
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
    time: str | None = None,
    event: str | None = None,
    horizon: float | None = None,
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
        count); ``rate_ratio`` for a count over the time at risk; for a time to an event ``hazard_ratio``, or
        ``rmst_difference``: the difference in mean days free of the event within the horizon (the restricted mean
        survival time, the area under a weighted Kaplan-Meier curve; above 0: the treated stay free of it longer).
    outcome_name
        Column of `outcome` if that is a frame; otherwise, and for a time to an event, the name shown.
    level
        Coverage of the interval, 0-1.
    cluster
        Whose row each is, on the index of the design's people, where a person can be in more than once
        (``cohort.cluster``): rows of one person are not independent. Not for designs with pairs.
    estimator
        ``weighted``: the contrast of the weighted means (or rates; a Cox model with treatment alone for a hazard ratio;
        weighted curves for days free of the event). ``regression``: a model of the outcome with treatment, the
        covariates and all their products, in the people the design uses and by its weights; what it predicts for each
        with and without treatment is averaged (g-computation) over the treated (ATT), the comparison people (ATC) or
        everybody, by the design's weights. ``aipw``: augmented weighting, for a design of `dipeval.weight`: the score
        and a model of the outcome in each group together, either of which may be wrong; cross-fitted in ``folds``
        parts. ``abadie_imbens``: nearest neighbours with replacement, where ``adjust`` names covariates corrected by a
        regression among the matches.
    std_error
        ``auto``, or one of ``hc0`` to ``hc3``, ``cluster_hc0`` and ``cluster_hc1`` (over pairs, sets or persons; with
        replacement ``cluster_hc0`` is over the sets and the people at once, those in several sets being shared out over
        them by weight), and ``count`` (the plain error from the number of different people); ``m_estimation``, which
        allows for the weights having been estimated (what ``auto`` stands for wherever it can be had: `dipeval.weight`
        without trimming and truncating, with a score from a logistic or probit model; classes, cells, a radius, a
        kernel); ``bootstrap`` (weights made again in each resample; pairs, sets and persons drawn whole);
        ``abadie_imbens`` (what ``auto`` stands for with nearest neighbours with replacement: allows for people matched
        several times and, where people were matched by a fitted score alone and nobody was left out, for the score
        having been estimated).
    adjust
        Covariates of the design that enter a model of the outcome; all of them by default, for ``abadie_imbens`` none.
    model
        Of the outcome: ``linear`` (the default for a mean difference; also for shares), ``logit`` (the default for
        shares), ``poisson`` (the default for a rate ratio; also for a difference in means of a count) or
        ``negative_binomial``. With ``weighted``, only a rate ratio has one.
    at_risk
        Time at risk of each person (days), for a rate: a Series, or a column of `outcome` if that is a frame.
    folds, seed
        Parts for the cross-fitting of ``aipw`` (1: models fitted once to everybody), and what deals people into them by
        their ids; the seed also draws the resamples of a bootstrap.
    draws
        Resamples of a bootstrap, at least 50.
    neighbours
        People of the same group from whom, beside the person itself, the spread at a point is taken (Abadie and
        Imbens); 0: the same spread everywhere.
    time, event
        Columns of the frame `outcome`, for a time to an event: the time (days) until the event or the end of
        observation, and whether it was the event (1) or not (0).
    horizon
        Days that ``rmst_difference`` counts, such as 365; by default up to the last time to which both groups are
        followed. Never beyond: nothing is extrapolated.

    Returns
    -------
    Effect
        Treated minus comparison (or treated over comparison), with a normal-based interval; a ratio's interval is
        made on the log scale. Standard errors by default: pair-cluster where the design has pairs, clustered by matched
        set where a person has several matches or in full matching, by person where ``cluster`` is given; of estimated
        weights those of M-estimation, which know that they were estimated; of classes, cells, a radius or a kernel
        those of M-estimation too, which know that the weights follow from who stands beside whom (and take score,
        classes and cells as given); of nearest neighbours with replacement those of Abadie and Imbens, but for a time
        to an event those over sets and people at once; otherwise
        (nothing adjusted; weights trimmed, truncated or from a learner's score) robust, which takes weights as given.
        A regression without M-estimation or clusters has HC3 (linear) or HC0. ``se_method`` says which. Means are
        weighted: for another estimand than the ATT those of the treated people too. A hazard ratio has none;
        ``rmst_difference`` has the mean days of each group, and no E-value.

    Raises
    ------
    InputError
        If no design is passed, an outcome is missing for people the design uses, it does not suit the measure, or an
        option does not belong to the estimator or the measure.
    EstimationError
        If the measure is not given here, or no interval can be made (one person in a group, or one who carries
        nearly all its weight; no variation; a model of the outcome without a finite estimate); if rows are index
        events and no ``cluster`` is given; or if the outcomes are of a cohort in which people become treated during
        follow-up, or were followed for unequal times because the extract ends.

    Notes
    -----
    Estimated weights: Stefanski and Boos (2002), American Statistician 56, 29-38; Lunceford and Davidian (2004),
    Statistics in Medicine 23, 2937-2960 (`dipeval.effects.estimators.m_estimation`). Augmented weighting: Robins,
    Rotnitzky and Zhao (1994), Journal of the American Statistical Association 89, 846-866
    (`dipeval.effects.estimators.aipw`).
    Difference of weighted means; White (1980) HC0, or cluster HC1 times G/(G - 1) over pairs, sets or persons (Abadie
    and Spiess 2022). Predictions averaged over people (g-computation): Robins (1986), with delta-method errors that
    take the covariates of those people as given. Hazard ratio: Lin and Wei (1989); its ties (Efron) are those among
    people, each of whom counts once, whatever the number of sets. Days free of the event: Royston and Parmar (2013),
    BMC Medical Research Methodology 13, 152, with errors by the infinitesimal jackknife. Sets and people at once:
    Cameron, Gelbach and Miller (2011), Journal of Business and Economic Statistics 29, 238-249. Matching with
    replacement: Abadie and Imbens (2006), Econometrica 74, 235-267 (`dipeval.effects.estimators.abadie_imbens`).
    E-value: VanderWeele and Ding (2017).

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

    Adjusted once more in a model of the outcome:

    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> people = recid()
    >>> design = dip.match(people, treated="workprg", covariates=["priors", "educ", "age", "felon"], caliper=0.2)
    >>> effect = estimate_effect(design, people["returned_12m"], measure="odds_ratio", estimator="regression")
    >>> round(effect.estimate, 2), effect.remarks[0][:34]
    (0.98, 'Adjusted once more in a logistic m')

    Days free of the event, here months free of a return to prison, of the first 60:

    >>> people = people.assign(time=people["months_to_return"], event=people["returned"])
    >>> effect = estimate_effect(design, people, measure="rmst_difference", time="time", event="event", horizon=60)
    >>> round(effect.estimate, 2), round(effect.mean_treated, 1), round(effect.mean_comparison, 1), effect.horizon
    (-0.89, 45.8, 46.7, 60.0)
    """
    check_design(design)
    _check_request(measure, level, estimator, std_error)
    if measure in OF_TIMES:
        values, at_risk = time_to_event(outcome, time, event, at_risk, measure=measure)
        name = text_asked("outcome_name", outcome_name) or str(values.name)
    else:
        values, name = outcome_series(outcome, outcome_name)
        refuse_times(measure, time, event)
    refuse_horizon(measure, horizon)
    refuse_unfit(values, timed=measure in (*OF_TIMES, *OF_RATES) and at_risk is not None)
    options = EstimateOptions(
        std_error=std_error,
        adjust=None if adjust is None else names_asked("adjust", adjust),
        model=model,
        folds=folds,
        seed=seed,
        draws=draws,
        neighbours=neighbours,
        horizon=horizon,
    )
    times = times_at_risk(at_risk, outcome, used_people(design))
    request = make_request(design, values, name, measure=measure, cluster=cluster, at_risk=times, options=options)
    found = _estimated(request, estimator)
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
    """Join a design to an outcome, and check that the measure suits it; parameters as in `estimate_effect`.

    For a time to an event `values` are the events and `at_risk` the times; a horizon is settled here, once for all that
    is estimated from this request.
    """
    sample = join(design, values, name, cluster, at_risk)
    kind = outcome_kind(sample)
    if measure in OF_TIMES and kind == "yes_no":
        kind = "time"
    check_fit(sample, measure, kind, name)
    options = EstimateOptions() if options is None else options
    if measure in OF_DAYS:
        options = replace(options, horizon=checked_horizon(options.horizon, sample))
    return Request(
        design=design,
        sample=sample,
        rows=np.flatnonzero(design.weights.to_numpy() > 0),
        measure=measure,
        kind=kind,
        name=name,
        options=options,
        own_clusters=cluster is not None,
        outcomes_of_all=outcomes_of_all(design, values, name),
    )


def make_effect(request: Request, found: Estimate, *, estimator: str, level: float) -> Effect:
    """Return an estimate as an `Effect`: interval, p-value, who it is about and what would overturn it."""
    design, sample, measure = request.design, request.sample, request.measure
    _check_error(found.std_error, 1.0 if null_value(measure) else float(np.max(np.abs(sample.outcome))), sample)
    z = float(norm.ppf(0.5 + level / 2))
    reach = z * found.std_error
    ends = (found.centre, found.centre - reach, found.centre + reach)
    estimate, low, high = (shown(measure, end) for end in ends)
    common = measure in ("odds_ratio", "hazard_ratio") and is_common(sample)
    beyond = measure in OF_SHARES and no_share(found)
    overturned = e_values(
        measure,
        (estimate, low, high),
        (found.mean_treated, found.mean_comparison),
        log_ratio_error=found.log_ratio_error,
        z=z,
        common=common,
        may_be_negative=bool((sample.outcome < 0).any()),
    )
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
        timed=measure in OF_RATES and sample.at_risk is not None,
        n_events_treated=events(request, sample.treated),
        n_events_comparison=events(request, ~sample.treated),
        remarks=(*found.notes, *((COMMON_REMARKS[measure],) if common else ()), *((NO_SHARE,) if beyond else ())),
        estimand=design.estimand_in_words,
        design_method=design.method,
        design_fingerprint=design.fingerprint,
        n_treated_dropped=getattr(design, "n_treated_dropped", None),
        about=getattr(design, "estimand", "ATT"),
        n_comparison_dropped=int((~design.treated.astype(bool)).sum()) - int((~sample.treated).sum()),
        e_value=overturned[0],
        e_value_limit=overturned[1],
        constant_groups=constant_groups(request),
        horizon=request.options.horizon,
    )


def _estimated(request: Request, estimator: str) -> Estimate:
    """Estimate, then make the error where that is no sandwich."""
    if estimator not in ESTIMATORS:
        raise InputError(
            f"estimator='{estimator}' is not available here; use one of {', '.join(map(repr, ESTIMATORS))}."
        )
    found = ESTIMATORS[estimator](request)
    if found.kind == "bootstrap":
        return bootstrapped(request, found, ESTIMATORS[estimator])
    if found.kind in ERRORS and found.kind != estimator:
        return ERRORS[found.kind](request, found)
    if found.kind in (*SANDWICH, "m_estimation", "count", estimator):
        return found
    raise InputError(
        f"std_error='{found.kind}' is not available for estimator='{estimator}' with this design; use 'auto', or one "
        f"of {', '.join(SANDWICH)}."
    )


def _check_request(measure: str, level: float, estimator: str, std_error: str) -> None:
    if not isinstance(measure, str) or measure not in MEASURES:
        raise EstimationError(
            f"The measure '{measure}' is not estimated from a design: it is not a measure known here; use one of "
            f"{', '.join(MEASURES)}."
        )
    check_level(level)
    for key, value, known_values in (
        ("estimator", estimator, ESTIMATOR_NAMES),
        ("std_error", std_error, STD_ERRORS),
    ):
        if not isinstance(value, str) or value not in known_values:
            raise InputError(f"{key}={value!r} is not known here; use one of {', '.join(known_values)}.")


def check_level(level: float) -> None:
    """Refuse what is no coverage of an interval."""
    if not (isinstance(level, Real) and 0.5 <= level < 1):
        raise InputError(
            f"level={level!r} is not the coverage of an interval; give a share from 0.5 to below 1, such as 0.95."
        )


def _check_error(error: float, scale: float, sample: Sample) -> None:
    if error > NO_SPREAD * max(scale, 1e-300):
        return
    where = "within either group" if sample.clusters is None else "between the pairs, sets or persons"
    raise EstimationError(
        f"The outcome does not vary {where}, so no spread can be estimated and an interval would claim certainty. "
        "Follow people for longer, or choose an outcome that differs between people."
    )
