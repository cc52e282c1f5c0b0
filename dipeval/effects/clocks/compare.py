"""The effect of one design on two clocks: every day since time zero, and days at liberty alone."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.stats import norm

from dipeval.cohort import Cohort
from dipeval.cohort.episodes_given import switches
from dipeval.effects.beside import events as events_of
from dipeval.effects.clocks.result import COLUMNS, ClockComparison
from dipeval.effects.clocks.street import NEEDED, Street, street_of
from dipeval.effects.clocks.words import CALENDAR, STREET
from dipeval.effects.estimate import check_level, make_request
from dipeval.effects.estimators import hazard, restricted
from dipeval.effects.estimators.timed import with_error
from dipeval.effects.joining import (
    ComparisonDesign,
    check_design,
    refuse_unfit,
    time_to_event,
    times_at_risk,
    used_people,
)
from dipeval.effects.measures import shown
from dipeval.effects.request import Estimate, EstimateOptions, Request
from dipeval.effects.robust import Floats, exact_sum
from dipeval.effects.time_varying import check_of_one_cohort
from dipeval.errors import EstimationError, InputError
from dipeval.outcomes import Outcomes

logger = logging.getLogger("dipeval")

NAME: Final = "first_reoffence"
RATIO: Final = "hazard_ratio"
DAYS: Final = "rmst_difference"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Joined:
    """The design joined to the times, and the same people at liberty."""

    request: Request
    street: Street


def compare_clocks(
    design: ComparisonDesign,
    cohort: Cohort,
    outcomes: Outcomes,
    *,
    horizon: float | None = None,
    level: float = 0.95,
) -> ClockComparison:
    """Estimate the effect on the time to a first reoffence in calendar time and in days at liberty, side by side.

    Parameters
    ----------
    design
        From `dipeval.match` or `dipeval.weight`, made of the people of the cohort.
    cohort
        Who is followed; with an extract of custody. Treated or not from time zero on.
    outcomes
        Of the same cohort, from `dipeval.measure_reoffending`.
    horizon
        Days that the mean days free of reoffending are counted up to, on both clocks; by default the last day to which
        both groups are followed on both.
    level
        Coverage of the intervals, 0-1.

    Returns
    -------
    ClockComparison
        ``to_frame()`` has a row for each measure (hazard ratio, difference in mean days free) on each clock: term,
        group, time_days, estimate, std_error, conf_low, conf_high, p_value, n, n_events, mean_treated, mean_comparison,
        days_at_risk_treated, days_at_risk_comparison, days_in_custody_treated, days_in_custody_comparison,
        custody_share_treated, custody_share_comparison, se_method.

    Raises
    ------
    InputError
        If the design, the cohort and the outcomes are not of the same people, the cohort has no extract of custody, or
        people become treated during follow-up.
    EstimationError
        If no interval can be made, or the horizon lies beyond the follow-up on one of the clocks.

    Notes
    -----
    Weights, and pairs, sets or persons that belong together, are those of the design on both clocks, and so is the
    error (see `estimate_effect`); only the days differ.

    *Calendar*: every day since time zero, as the official measure of reoffending has it.

    *Street*, hazard ratio: rows of `dipeval.episodes` with gaps. On each day since time zero those at liberty that day
    are compared; people leave when received into custody and come back when released. The day since time zero stays
    the same on both clocks, so that the ratio differs from the calendar one by the days in custody alone.

    *Street*, mean days free: an area under a curve needs a clock without gaps, so days at liberty are counted on from
    one stay at liberty to the next. What is estimated is the mean number of days free of reoffending among a person's
    first `horizon` days at liberty. Those held for part of the follow-up have fewer of them and are censored at their
    last; they count as if they had fared, from there, like those of their group who had more. That is a stronger
    assumption than on the calendar, where all are followed equally long, the more so the more days are spent in
    custody: read it beside the hazard ratio.

    A first reoffence dated in custody counts on the calendar and not at liberty. Receptions and releases are days at
    liberty, as in `dipeval.episodes`.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.linkage import true_linkage
    >>> extracts = dip.simulate(people=1_000, seed=1)
    >>> cohort = dip.build_cohort(extracts, true_linkage(extracts))
    >>> design = dip.weight(cohort, treated="treated", covariates=["copas_rate", "age_at_index"])
    >>> clocks = compare_clocks(design, cohort, dip.measure_reoffending(cohort))
    >>> clocks.to_frame()[["term", "group"]].to_numpy().tolist()[:2]
    [['hazard_ratio', 'calendar'], ['hazard_ratio', 'street']]
    """
    check_level(level)
    joined = _join(design, cohort, outcomes)
    request, street = joined.request, joined.street
    last = _horizon(joined, horizon)
    z = float(norm.ppf(0.5 + level / 2))
    at = {CALENDAR: street.followed, STREET: street.at_liberty}
    beside = _days_beside(joined)
    rows = []
    for measure, until in ((RATIO, None), (DAYS, last)):
        for clock, times in at.items():
            asked = _asking(request, measure, until)
            found = _on_street(asked, street) if clock == STREET else _on_calendar(asked)
            n, events = _people(asked, street, clock)
            row = _figures(measure, found, z) | {"group": clock, "time_days": math.nan if until is None else until}
            row |= {"n": n, "n_events": events, "se_method": found.se_method} | _sums(request, times)
            rows.append(row | beside)
    frame = pd.DataFrame(rows)[list(COLUMNS)]
    logger.debug("two clocks: %s people, %s days in custody", request.sample.n, street.held.sum())
    return ClockComparison(
        level=level,
        horizon=last,
        estimand=design.estimand_in_words,
        outcome=outcomes.follow_up.in_words(),
        design_method=design.method,
        design_fingerprint=design.fingerprint,
        n_events_in_custody=int((request.sample.outcome == 1).sum() - street.has_event.sum()),
        n_never_at_liberty=int((~street.present).sum()),
        _frame=frame,
    )


def _join(design: ComparisonDesign, cohort: Cohort, outcomes: Outcomes) -> _Joined:
    check_design(design)
    check_of_one_cohort(cohort, outcomes)
    if switches(cohort.rule):
        raise InputError(
            "In this cohort people become treated during follow-up, so that no design compares them from time zero on; "
            "use dip.immortal_time_audit(cohort, outcomes), which shows both clocks, or build the cohort with "
            'CohortRule(immortal_time="landmark").'
        )
    if "custody_spells" in cohort.absent:
        raise InputError(
            "This cohort has no extract of custody, so that days at liberty are not known; read one, or estimate in "
            "calendar time with dip.estimate_effect(design, outcomes.to_frame(), measure='hazard_ratio', ...)."
        )
    lacking = int((~design.weights.index.isin(cohort.people.index)).sum())
    if lacking:
        raise InputError(
            f"{lacking} of the {len(design.weights)} people of the design are not in the cohort: make the design of "
            "this cohort."
        )
    frame = outcomes.to_frame()
    values, times = time_to_event(frame, NEEDED[0], NEEDED[1])
    refuse_unfit(values, timed=True)
    used = used_people(design)
    request = make_request(
        design,
        values,
        NAME,
        measure=RATIO,
        cluster=cohort.cluster if cohort.cluster.duplicated().any() else None,
        at_risk=times_at_risk(times, frame, used),
    )
    return _Joined(request=request, street=street_of(cohort, outcomes, used))


def _horizon(joined: _Joined, asked: float | None) -> float:
    """The days counted on both clocks; never more than both groups are followed on either."""
    samples = (joined.request.sample, joined.street.closed(joined.request.sample))
    return min(restricted.checked_horizon(asked, sample) for sample in samples)


def _asking(request: Request, measure: str, horizon: float | None) -> Request:
    return replace(request, measure=measure, options=EstimateOptions(horizon=horizon))


def _on_calendar(request: Request) -> Estimate:
    return hazard.estimate(request) if request.measure == RATIO else restricted.estimate(request)


def _on_street(request: Request, street: Street) -> Estimate:
    """The same estimate from days at liberty; who has none contributes nothing."""
    sample = request.sample
    if request.measure == RATIO:
        rows = street.by_row(sample)
        beta, parts = hazard.log_ratio_and_parts(rows.drop(columns="person"))
        by_person: Floats = np.bincount(rows["person"], weights=parts, minlength=sample.n).astype(np.float64)
        return with_error(request, centre=beta, means=(math.nan, math.nan), influence=by_person, how=hazard.HOW)
    closed = street.closed(sample)
    order, frame = restricted.table_of(closed)
    assert request.options.horizon is not None
    means, parts = restricted.means_and_parts(frame, request.options.horizon)
    influence = np.zeros(sample.n)
    influence[np.flatnonzero(street.present)[order]] = parts
    return with_error(request, centre=means[0] - means[1], means=means, influence=influence, how=restricted.HOW)


def _people(request: Request, street: Street, clock: str) -> tuple[int, int]:
    """People and events behind a row, never weighted; events within the horizon, where there is one."""
    everybody = np.ones(request.sample.n, dtype=bool)
    if clock == CALENDAR:
        return request.sample.n, int(events_of(request, everybody) or 0)
    horizon = request.options.horizon
    counted = street.has_event if horizon is None else street.has_event & (street.at_liberty <= horizon)
    return int(street.present.sum()), int(counted.sum())


def _figures(measure: str, found: Estimate, z: float) -> dict[str, Any]:
    if not found.std_error > 0:
        raise EstimationError(
            "The times to a first reoffence do not vary, so no interval can be made: follow people for longer."
        )
    reach = z * found.std_error
    ends = {"estimate": found.centre, "conf_low": found.centre - reach, "conf_high": found.centre + reach}
    return {name: shown(measure, end) for name, end in ends.items()} | {
        "term": measure,
        "std_error": found.std_error,
        "p_value": float(2 * norm.sf(abs(found.centre) / found.std_error)),
        "mean_treated": found.mean_treated,
        "mean_comparison": found.mean_comparison,
    }


def _sums(request: Request, days: np.ndarray) -> dict[str, float]:
    treated = request.sample.treated
    return {
        "days_at_risk_treated": float(days[treated].sum()),
        "days_at_risk_comparison": float(days[~treated].sum()),
    }


def _days_beside(joined: _Joined) -> dict[str, float]:
    """Days in custody in each group, and the weighted share they are of all days; the same beside every row."""
    sample, street = joined.request.sample, joined.street
    found: dict[str, float] = {}
    for words, side in (("treated", sample.treated), ("comparison", ~sample.treated)):
        found[f"days_in_custody_{words}"] = float(street.held[side].sum())
        weights = sample.weights[side]
        found[f"custody_share_{words}"] = exact_sum(weights * street.held[side]) / exact_sum(
            weights * street.followed[side]
        )
    return found
