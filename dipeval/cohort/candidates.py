"""What a candidate link would say of a person's treatment, if it were true: for carrying linkage error on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dipeval.cohort.events import load_records
from dipeval.cohort.exposure import EXPOSURE_TABLES, exposure_flags, exposures
from dipeval.errors import InputError

if TYPE_CHECKING:
    from dipeval.cohort.result import Cohort
    from dipeval.extracts import Extracts
    from dipeval.linkage import Linkage

KEYS = ("left_person", "right_person")


def candidates_of(cohort: Cohort, linkage: Linkage, table: str) -> pd.DataFrame:
    """Return the candidate links to a table of the people in a cohort, numbered.

    Returns
    -------
    pandas.DataFrame
        left_person, right_person, pair (text); sorted by the two persons.

    Raises
    ------
    InputError
        If the linkage has no candidates for the table.
    """
    pairs = linkage.pairs()
    known = sorted(pairs["right_table"].unique())
    if table not in known:
        raise InputError(
            f"The linkage has no candidate links to '{table}'; it has candidates for {', '.join(known) or 'no table'}."
        )
    mine = pairs[(pairs["right_table"] == table) & pairs["left_person"].isin(cohort.people.index)]
    mine = mine[list(KEYS)].sort_values(list(KEYS), ignore_index=True)
    return mine.assign(pair="c" + pd.Series(range(len(mine)), dtype="int64").astype(str).str.zfill(9))


def treated_if_linked(cohort: Cohort, extracts: Extracts, linkage: Linkage) -> pd.DataFrame:
    """Say of every candidate treatment link whether its person would count as treated, were the link true.

    The rule is the cohort's own: as a rule, treatment that starts within the grace period of the index test.

    Parameters
    ----------
    cohort
        Who is in, and from when.
    extracts
        The records the linkage was made from.
    linkage
        With candidates for the table of the exposure: ``treatment``, unless the rule has another.

    Returns
    -------
    pandas.DataFrame
        left_person, right_person, treated (0/1); one row a candidate of the people in the cohort.

    Raises
    ------
    InputError
        If the linkage has no candidates for the table, or a person can be in the cohort several times.

    Examples
    --------
    >>> import dipeval as dip
    >>> extracts = dip.simulate(people=300, seed=1)
    >>> linkage = dip.link(extracts)
    >>> cohort = dip.build_cohort(extracts, linkage)
    >>> treated_if_linked(cohort, extracts, linkage).columns.tolist()
    ['left_person', 'right_person', 'treated']
    """
    if cohort.unit != "people":
        raise InputError("What a link would change is worked out for cohorts with one index event a person alone.")
    engine, rule = cohort.engine, cohort.rule
    table = EXPOSURE_TABLES[rule.exposure]
    numbered = candidates_of(cohort, linkage, table)
    dates = cohort.people[["index_date", "time_zero_date"]]
    index = numbered.merge(dates, left_on="left_person", right_index=True)
    index = index.assign(index_id=index["pair"], person_id=index["pair"])
    records = load_records(extracts, linkage, table, engine)
    keys = engine.put(numbered[["right_person", "pair"]], "candidates")
    events = records.join(keys, records.person_id == keys.right_person).drop("person_id", "right_person")
    events = exposures(events.rename(person_id="pair"), rule)
    put = engine.put(index[["index_id", "person_id", "index_date", "time_zero_date"]], "candidate_index")
    flags = exposure_flags(put, events, rule)
    found = engine.to_pandas(flags.select("index_id", "treated")).set_index("index_id")["treated"]
    said = numbered["pair"].map(found).fillna(0).astype("int64")
    return numbered[list(KEYS)].assign(treated=said)
