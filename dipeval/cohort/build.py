"""From extracts and a linkage to a cohort: find the index, look up what is needed of these people, assess, measure."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from dipeval.cohort.arguments import check_arguments, engine_of, extract_day
from dipeval.cohort.exposure import exposure_frame
from dipeval.cohort.flow import cut_back, labelled, refuse_nobody
from dipeval.cohort.people import cluster_of, tidy_people
from dipeval.cohort.result import Cohort
from dipeval.cohort.rule import CohortRule
from dipeval.cohort.steps import Steps

if TYPE_CHECKING:
    from dipeval.engine import Engine
    from dipeval.extracts import Extracts
    from dipeval.extracts.event_tables import EventTables
    from dipeval.linkage import Linkage

_LOG = logging.getLogger("dipeval")


def build_cohort(
    extracts: Extracts | EventTables,
    linkage: Linkage | None = None,
    rule: CohortRule | None = None,
    *,
    engine: Engine | None = None,
) -> Cohort:
    """Find who is in the cohort, from when, who started treatment, and what was known of each before the index.

    Parameters
    ----------
    extracts
        Tables: that of the index event, that of the exposure, and offences; custody_spells and deaths if there are
        any. Or tables on an engine (`dipeval.event_tables`): records of other people then stay where they are.
    linkage
        Whose record is whose; not for tables on an engine, which carry person_id.
    rule
        Index event, window, grace period, landmark, look-back and eligibility (in days); default ``CohortRule()``.
    engine
        Where the event work is done; default the engine of the linkage or of the tables.

    Returns
    -------
    Cohort
        ``.people`` (one row a person), ``.attrition``, ``.exposure``, ``.records``.

    Raises
    ------
    InputError
        If an argument is not what is asked for, the linkage was made from other extracts, a table or column is missing,
        a named district is not in the index events, record ids are not unique, or nobody is eligible (the sentence
        says at which step the last were lost).

    Notes
    -----
    Index, wash-out and landmark: see `CohortRule`. Copas rate: see `dipeval.cohort.baseline.baseline`. Spells and
    ages: see `dipeval.cohort.intervals`.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.linkage import true_linkage
    >>> extracts = dip.simulate(people=400, seed=1)
    >>> cohort = dip.build_cohort(extracts, true_linkage(extracts))
    >>> cohort.people.index.name, int(cohort.people["treated"].isna().sum())
    ('person_id', 0)
    >>> bool(cohort.attrition["n_people"].iloc[-1] == len(cohort.people))
    True
    """
    rule = CohortRule() if rule is None else rule
    check_arguments(extracts, linkage, rule)
    steps = Steps(extracts, linkage, rule, engine_of(extracts, linkage, engine))
    steps.check_districts()
    records = steps.faults()
    extract_date = extract_day(extracts)
    attrition = steps.attrition()
    cut = cut_back(attrition, rule, extract_date)
    refuse_nobody(attrition, rule)
    steps.index.release()
    wide = steps.people.to_pandas()
    _LOG.info("Cohort: %d %s of %d", len(wide), rule.unit, attrition["n_people"].iloc[0])
    people = tidy_people(wide, rule)
    figures = steps.exposure_figures()
    steps.make_room()
    return Cohort(
        rule=rule,
        extract_date=extract_date,
        engine=steps.engine,
        absent=steps.absent,
        cut_back=cut,
        immortal_days=float(figures["days"]) if rule.immortal_time == "ever_treated" else None,
        _people=people,
        _cluster=cluster_of(people, wide, rule),
        _attrition=labelled(attrition, cut),
        _exposure=exposure_frame(figures["n"], figures["treated"], figures["later"], rule),
        _records=records,
        _events=steps.events(),
        _followed=steps.followed,
        _given=steps.given(),
    )
