"""From a cohort to its outcomes."""

from __future__ import annotations

import logging

import pandas as pd

from dipeval.cohort import Cohort
from dipeval.cohort.people import in_order
from dipeval.errors import InputError
from dipeval.outcomes import of_cohort
from dipeval.outcomes.follow_up import FollowUp
from dipeval.outcomes.observable import require_observable, require_some_follow_up
from dipeval.outcomes.result import COLUMNS, Outcomes
from dipeval.outcomes.steps import Sources, outcome_steps
from dipeval.outcomes.wording import exclusion_labels

__all__ = ["measure_reoffending", "require_observable"]

_LOG = logging.getLogger("dipeval")


def measure_reoffending(cohort: Cohort, *, follow_up: FollowUp | None = None) -> Outcomes:
    """Measure reoffending from each time zero.

    Parameters
    ----------
    cohort
        Who is followed, and from when; people or, if the rule lets a person in several times, index events.
    follow_up
        Days of follow-up and waiting, and what counts; default ``FollowUp()`` (365 + 182 days, proven reoffences).

    Returns
    -------
    Outcomes
        ``.to_frame()``: one row as the cohort's people, with their index. ``.by_group``: reoffences by offence group.
        ``.excluded``: what was not counted, and why.

    Raises
    ------
    InputError
        If an argument is not what is asked for, the offences lack the date that the basis asks for, a group that
        counts has no severity weight, or the follow-up asks for more days than the cohort made sure are observable
        (unless it is censored at the extract's end).

    Notes
    -----
    Proven reoffence: Ministry of Justice, *Proven Reoffending Statistics Quarterly Bulletin*, July 2016. Death
    censors the time to the first reoffence; in the yes/no and the number, people who died stay in with what they did
    until then. Days in custody are reported, and taken off only in the columns that say "at risk".

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
    unit = "person_id" if cohort.unit == "people" else "index_id"
    ends = cohort.extract_date if follow_up.at_extract_end == "censor" else None
    sources = Sources(
        followed=of_cohort.followed(cohort),
        offences=of_cohort.events(cohort, "offences"),
        custody_spells=of_cohort.events(cohort, "custody_spells"),
        deaths=of_cohort.events(cohort, "deaths"),
        many=cohort.unit != "people",
        extract_date=ends,
        custodial_known="custodial" in cohort.given("offences"),
    )
    require_some_follow_up(cohort.engine, sources.followed, follow_up, ends)
    steps = outcome_steps(cohort.engine, sources, follow_up)
    by_group = steps.by_group.to_pandas()
    _refuse_no_weight(by_group, follow_up)
    frame = steps.columns.to_pandas().rename(columns={"index_id": unit})
    _LOG.info("Outcomes: %d %s followed for %d days", len(frame), cohort.unit, follow_up.days)
    return Outcomes(
        follow_up=follow_up,
        unit=cohort.unit,
        _frame=in_order(frame, unit, COLUMNS),
        _by_group=_tidy_groups(by_group.rename(columns={"index_id": unit}), unit),
        _excluded=_tidy_excluded(steps.left_out.to_pandas(), follow_up),
        _cohort=cohort,
    )


def _refuse_no_weight(by_group: pd.DataFrame, follow_up: FollowUp) -> None:
    if follow_up.severity is None:
        return
    lacking = sorted(set(by_group["offence_group"]) - set(follow_up.severity))
    if lacking:
        raise InputError(
            f"Reoffences of {', '.join(lacking)} count, but severity gives them no weight. Add the weights to "
            "FollowUp(severity=...); a weight of 0 leaves a group out of the score."
        )


def _tidy_groups(by_group: pd.DataFrame, unit: str) -> pd.DataFrame:
    ordered = by_group.sort_values([unit, "offence_group"], ignore_index=True)
    return ordered.astype({"n_reoffences": "int64"})


def _tidy_excluded(left_out: pd.DataFrame, follow_up: FollowUp) -> pd.DataFrame:
    found = left_out.set_index("label")
    labels = exclusion_labels(follow_up)
    counts = {name: [int(found[name].get(reason, 0)) for reason in labels] for name in ("n", "n_people")}
    told = pd.DataFrame({"reason": list(labels), "label": list(labels.values()), **counts})
    return told.astype(dict.fromkeys(counts, "int64"))
