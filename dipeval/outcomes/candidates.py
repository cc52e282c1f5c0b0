"""What a candidate link would say of a person's reoffending, if it were true: for carrying linkage error on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dipeval.cohort import Cohort
from dipeval.cohort.candidates import KEYS, candidates_of
from dipeval.cohort.events import load_records
from dipeval.errors import InputError
from dipeval.outcomes.expressions import reoffences, reoffending
from dipeval.outcomes.follow_up import FollowUp
from dipeval.outcomes.measure import require_observable

if TYPE_CHECKING:
    from dipeval.extracts import Extracts
    from dipeval.linkage import Linkage

OUTCOMES = ("reoffended", "n_reoffences")


def outcome_if_linked(
    cohort: Cohort,
    extracts: Extracts,
    linkage: Linkage,
    *,
    follow_up: FollowUp | None = None,
    outcome: str = "reoffended",
) -> pd.DataFrame:
    """Say of every candidate link to the offences what its person's outcome would be, were the link true.

    Parameters
    ----------
    cohort
        Who is followed, and from when.
    extracts
        The records the linkage was made from.
    linkage
        With candidates for the table ``offences``.
    follow_up
        Days of follow-up and waiting; default ``FollowUp()``.
    outcome
        ``reoffended`` (0/1) or ``n_reoffences``.

    Returns
    -------
    pandas.DataFrame
        left_person, right_person and the outcome; one row a candidate of the people in the cohort.

    Raises
    ------
    InputError
        If the linkage has no candidates for the offences, the outcome is not one of the two, or a person can be in
        the cohort several times.

    Examples
    --------
    >>> import dipeval as dip
    >>> extracts = dip.simulate(people=300, seed=1)
    >>> linkage = dip.link(extracts)
    >>> cohort = dip.build_cohort(extracts, linkage)
    >>> outcome_if_linked(cohort, extracts, linkage).columns.tolist()
    ['left_person', 'right_person', 'reoffended']
    """
    if outcome not in OUTCOMES:
        raise InputError(f"outcome must be one of {', '.join(OUTCOMES)}; got {outcome!r}.")
    follow_up = FollowUp() if follow_up is None else follow_up
    require_observable(cohort, follow_up)
    if cohort.unit != "people":
        raise InputError("What a link would change is worked out for cohorts with one index event a person alone.")
    engine, ends = cohort.engine, cohort.extract_date if follow_up.at_extract_end == "censor" else None
    numbered = candidates_of(cohort, linkage, "offences")
    people = numbered.merge(cohort.people[["time_zero_date"]], left_on="left_person", right_index=True)
    followed = engine.put(people.rename(columns={"pair": "person_id"})[["person_id", "time_zero_date"]], "followed")
    keys = engine.put(numbered[["left_person", "right_person", "pair"]], "candidates")
    records = load_records(extracts, linkage, "offences", engine)
    offences = records.join(keys, records.person_id == keys.right_person)
    offences = offences.drop("person_id", "right_person", "left_person").rename(person_id="pair")
    # Somebody's death is known from the links as made; only whose the offences are is in question here.
    deaths = cohort.events("deaths")
    deaths = deaths.join(keys, deaths.person_id == keys.left_person).select(person_id="pair", death_date="death_date")
    counted = reoffences(followed, offences, deaths, follow_up, ends)
    measured = engine.to_pandas(reoffending(followed, counted, deaths, follow_up)).set_index("person_id")[outcome]
    return numbered[list(KEYS)].assign(**{outcome: numbered["pair"].map(measured).astype("int64")})
