"""Refusals of follow-up that the extract cannot show."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from dipeval.cohort import Cohort
from dipeval.errors import InputError
from dipeval.outcomes.follow_up import FollowUp

if TYPE_CHECKING:
    from dipeval.engine import Engine, Stage


def require_observable(cohort: Cohort, follow_up: FollowUp) -> None:
    """Refuse a follow-up that reaches beyond what the cohort made sure the extract covers, or lacks its dates."""
    for name, value, kind, made in (
        ("cohort", cohort, Cohort, "dip.build_cohort(extracts, linkage)"),
        ("follow_up", follow_up, FollowUp, "dip.FollowUp(days=365, waiting_days=182)"),
    ):
        if not isinstance(value, kind):
            raise InputError(f"{name} must be a {kind.__name__}, such as {made}; it is a {type(value).__name__}.")
    _require_dates(cohort, follow_up)
    if follow_up.at_extract_end == "censor":
        return
    if cohort.rule.late_index == "keep":
        raise InputError(
            'The cohort was built with late_index="keep", so that for some the extract ends before their follow-up '
            'does. Use FollowUp(at_extract_end="censor"), or build the cohort with late_index="cut_back".'
        )
    covered = cohort.rule.required_days
    if follow_up.needed_days > covered:
        raise InputError(
            f"The follow-up needs {follow_up.needed_days} days after time zero ({follow_up.days} + "
            f"{follow_up.waiting} waiting), but the cohort was built so that {covered} are observable. Shorten "
            f"the follow-up, or build the cohort with CohortRule(required_days={follow_up.needed_days})."
        )


def _require_dates(cohort: Cohort, follow_up: FollowUp) -> None:
    if follow_up.basis == "proven":
        return
    needed = f"{follow_up.basis}_date"
    if needed not in cohort.given("offences"):
        raise InputError(
            f'FollowUp(basis="{follow_up.basis}") counts by {needed}, and the offences of the extracts have no such '
            'column. Map or add it, or use basis="proven".'
        )


def require_some_follow_up(engine: Engine, followed: Stage, follow_up: FollowUp, extract_date: dt.date | None) -> None:
    """Refuse people whose time zero leaves no day on which an offence would have had its whole waiting period."""
    if extract_date is None:
        return
    last = extract_date - dt.timedelta(days=follow_up.waiting + 1)
    counted = engine.stage(
        "without_follow_up",
        lambda: followed.table.aggregate(n=(followed.table.time_zero_date > last).ifelse(1, 0).sum()),
        spec={"last": last.isoformat()},
        inputs=(followed,),
    )
    n = int(counted.to_pandas()["n"].fillna(0).iloc[0])
    if n:
        raise InputError(
            f"{n} of those followed have no day of follow-up: the extract ends on {extract_date}, and an offence needs "
            f"{follow_up.waiting} days of waiting after it. Build the cohort with time zero on {last} or earlier "
            "(CohortRule(index_to=...))."
        )
