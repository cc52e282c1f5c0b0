"""What is known of the people of a file besides their identifiers, for comparing linked with unlinked people."""

from __future__ import annotations

import pandas as pd

from dipeval.linkage.cleaning import NOTHING, clean_sex, empty_column
from dipeval.linkage.persons import OwnPeople

ABOUT_COLUMNS = ("age_years", "sex", "ethnicity", "district")
_EVENT_DATES = {
    "drug_tests": "test_date",
    "contacts": "contact_date",
    "offences": "offence_date",
    "deaths": "death_date",
    "sentences": "sentence_date",
}


def known_about(table: str, frame: pd.DataFrame, group: OwnPeople) -> pd.DataFrame:
    """Collect the facts of one table.

    Parameters
    ----------
    table
        Its name.
    frame
        The table of the contracts.
    group
        Whose records are whose.

    Returns
    -------
    pandas.DataFrame
        person (number), age_years (completed, at the person's first record in this table), sex (F, M), ethnicity,
        district (the latest known); missing if unknown or if the table has no such column. In the order of person.
    """
    own = group.records["table"] == table
    records = group.records[own]
    person = pd.Series(records["person"].to_numpy(), index=pd.Index(records["record_id"])).reindex(frame["record_id"])
    raw = pd.DataFrame({"person": person.to_numpy(), "record_id": frame["record_id"].to_numpy()})
    raw["day"] = pd.to_datetime(
        frame.get(_EVENT_DATES.get(table, "start_date"), pd.Series(pd.NaT, index=frame.index)), errors="coerce"
    ).to_numpy()
    first = raw.groupby("person", sort=True)["day"].min()
    facts = pd.DataFrame(index=first.index)
    facts["age_years"] = _age(frame, raw, first, group)
    people_sex = group.people["sex"].reindex(first.index)
    facts["sex"] = people_sex.where(people_sex.isin(["F", "M"]), NOTHING)
    if facts["sex"].isna().all() and "sex" in frame:
        facts["sex"] = _latest(raw.assign(value=clean_sex(frame["sex"]).to_numpy()), first.index)
    for name in ("ethnicity", "district"):
        if name in frame:
            facts[name] = _latest(raw.assign(value=frame[name].astype(object).to_numpy()), first.index)
        else:
            facts[name] = empty_column(first.index)
    return facts.reset_index()


def _age(frame: pd.DataFrame, raw: pd.DataFrame, first: pd.Series, group: OwnPeople) -> pd.Series:
    """Completed years between the date of birth and the first record."""
    if "age_at_test" in frame:
        ages = pd.to_numeric(frame["age_at_test"], errors="coerce").astype("float64").to_numpy()
        return raw.assign(age=ages).groupby("person", sort=True)["age"].min().reindex(first.index)
    # The hashes of a pseudonymised table are no dates: they come out as missing.
    birth_text = group.people["birth_date"].reindex(first.index)
    born = pd.to_datetime(birth_text, format="%Y-%m-%d", errors="coerce")
    early = (first.dt.month * 100 + first.dt.day) < (born.dt.month * 100 + born.dt.day)
    years = (first.dt.year - born.dt.year - early).astype("float64")
    return years.where(born.notna() & first.notna())


def _latest(raw: pd.DataFrame, people: pd.Index) -> pd.Series:
    """Each person's latest known value; of two on one day the one of the higher record id."""
    known = raw[raw["value"].notna()]
    known = known.assign(text=known["record_id"].astype(str)).sort_values(["day", "text"], na_position="first")
    latest = known.drop_duplicates("person", keep="last").set_index("person")["value"]
    found = latest.reindex(people).astype(object)
    return found.where(found.notna(), NOTHING)
