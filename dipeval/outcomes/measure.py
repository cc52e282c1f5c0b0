"""From a cohort to its outcomes."""

from __future__ import annotations

import logging

import pandas as pd

from dipeval.cohort import Cohort
from dipeval.errors import InputError
from dipeval.outcomes.expressions import custody_days, reoffences, reoffending
from dipeval.outcomes.follow_up import FollowUp
from dipeval.outcomes.result import COLUMNS, Outcomes

_LOG = logging.getLogger("dipeval")


def measure_reoffending(cohort: Cohort, *, follow_up: FollowUp | None = None) -> Outcomes:
    """Measure proven reoffending from each person's time zero.

    Parameters
    ----------
    cohort
        Who is followed, and from when.
    follow_up
        Days of follow-up and waiting, and what counts; default ``FollowUp()`` (365 + 182 days).

    Returns
    -------
    Outcomes
        ``.to_frame()``: one row a person, index person_id. ``.by_group``: reoffences by offence group.

    Raises
    ------
    InputError
        If an argument is not what is asked for, or the follow-up asks for more days than the cohort made sure are
        observable.

    Notes
    -----
    Proven reoffence: Ministry of Justice, *Proven Reoffending Statistics Quarterly Bulletin*, July 2016. Death
    censors the time to the first reoffence; in the yes/no and the number, people who died stay in with what they did
    until then. Days in custody are reported and not taken off the follow-up.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.linkage import true_linkage
    >>> extracts = dip.simulate(people=400, seed=1)
    >>> cohort = dip.build_cohort(extracts, true_linkage(extracts))
    >>> outcomes = dip.measure_reoffending(cohort, follow_up=dip.FollowUp(days=365, waiting_days=182))
    >>> bool((outcomes.to_frame().index == cohort.people.index).all())
    True
    """
    follow_up = FollowUp() if follow_up is None else follow_up
    require_observable(cohort, follow_up)
    engine = cohort.engine
    people = cohort.people[["time_zero_date"]].reset_index()
    followed = engine.put(people, "followed")
    deaths = cohort.events("deaths")
    counted = engine.keep(reoffences(followed, cohort.events("offences"), deaths, follow_up), "reoffences")
    measured = engine.keep(reoffending(followed, counted, deaths, follow_up), "reoffending")
    frame = engine.to_pandas(measured).set_index("person_id")
    held = engine.to_pandas(custody_days(followed, cohort.events("custody_spells"), deaths, follow_up))
    frame["custody_days"] = held.set_index("person_id")["custody_days"].reindex(frame.index).fillna(0)
    by_group = engine.to_pandas(
        counted.group_by(["person_id", "offence_group"]).aggregate(n_reoffences=counted.count())
    )
    _LOG.info("Outcomes: %d people followed for %d days", len(frame), follow_up.days)
    return Outcomes(
        follow_up=follow_up,
        _frame=_tidy(frame),
        _by_group=_tidy_groups(by_group),
    )


def require_observable(cohort: Cohort, follow_up: FollowUp) -> None:
    """Refuse a follow-up that reaches beyond what the cohort made sure the extract covers."""
    for name, value, kind, made in (
        ("cohort", cohort, Cohort, "dip.build_cohort(extracts, linkage)"),
        ("follow_up", follow_up, FollowUp, "dip.FollowUp(days=365, waiting_days=182)"),
    ):
        if not isinstance(value, kind):
            raise InputError(f"{name} must be a {kind.__name__}, such as {made}; it is a {type(value).__name__}.")
    covered = cohort.rule.required_days
    if follow_up.needed_days > covered:
        raise InputError(
            f"The follow-up needs {follow_up.needed_days} days after time zero ({follow_up.days} + "
            f"{follow_up.waiting_days} waiting), but the cohort was built so that {covered} are observable. Shorten "
            f"the follow-up, or build the cohort with CohortRule(required_days={follow_up.needed_days})."
        )


def _tidy(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_index()[list(COLUMNS)].astype(COLUMNS)


def _tidy_groups(by_group: pd.DataFrame) -> pd.DataFrame:
    ordered = by_group.sort_values(["person_id", "offence_group"], ignore_index=True)
    return ordered.astype({"n_reoffences": "int64"})
