"""How many people each kind of spending reached: counted in the extracts, in the districts and years of its lines."""

from __future__ import annotations

import difflib
import logging
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.errors import InputError
from dipeval.vocabulary import POSITIVE_RESULTS

if TYPE_CHECKING:
    from dipeval.study.load import Prepared
    from dipeval.study.spec import StudySpec

logger = logging.getLogger("dipeval")

# Kind of spending -> the table that shows whom it reached, and the day on which it did.
_SEEN_IN = {
    "testing": ("drug_tests", "test_date"),
    "contact": ("contacts", "contact_date"),
    "treatment": ("treatment", "start_date"),
}
NOT_COUNTED = (
    "[costs] needs the {table} table, or costs.people: how many people the spending paid for. Their number cannot be "
    "told without either."
)


def cost_people_of(prepared: Prepared, spending: pd.DataFrame, spec: StudySpec) -> int:
    """Return how many people the spending paid for: as written, else those who had what makes a person treated.

    Parameters
    ----------
    prepared
        With its extracts and linkage.
    spending
        Lines with ``district``, ``financial_year`` and ``spent_on``.
    spec
        The study: ``costs.people`` and what makes a person treated.

    Returns
    -------
    int

    Raises
    ------
    InputError
        If nothing is written and the extracts do not show it.
    """
    assert spec.costs is not None
    if spec.costs.people is not None:
        return spec.costs.people
    met = spec.cohort.exposure == "contact"
    own = _own(spending, "contact" if met else "treatment")
    people = people_met(prepared, own) if met else people_paid_for(prepared, own)
    if not people:
        places, years = (sorted({str(one) for one in own[name]}) for name in ("district", "financial_year"))
        raise InputError(
            f"[costs]: nobody was {'met' if met else 'treated after a positive test'} in the districts and years of "
            f"the spending (districts {', '.join(places)}; years {', '.join(years)}), so its cost a person cannot be "
            "told. Give the spending of the districts and years of the people, or costs.people."
        )
    return people


def people_reached_of(prepared: Prepared, spending: pd.DataFrame, cost_people: int) -> dict[str, int]:
    """Return how many different people each kind of spending reached, as far as the extracts show it.

    Parameters
    ----------
    prepared
        With its extracts and linkage.
    spending
        Lines with ``district``, ``financial_year`` and ``spent_on``.
    cost_people
        People the spending paid for: everybody who was treated had been tested and met, so that a kind for which fewer
        are on record (contacts are linked by initials) was not counted, and is left out.

    Returns
    -------
    dict
        Kind of spending -> people: tested, met (contacts they came to), started treatment after a positive test.
    """
    counts = {"testing": people_tested, "contact": people_met, "treatment": people_paid_for}
    reached = {}
    for kind, count in counts.items():
        lines = spending[spending["spent_on"] == kind]
        if lines.empty:
            continue
        try:
            people = count(prepared, lines)
        except InputError:
            logger.info("money: the extracts do not show whom the spending on %s reached", kind)
            continue
        if people < cost_people:
            logger.info("money: fewer people on record for %s than were treated, so it is left out", kind)
            continue
        reached[kind] = people
    return reached


def check_districts(prepared: Prepared, spend: pd.DataFrame) -> None:
    """Refuse districts of the spending that are nearly those of the people: their money and people would not meet.

    Parameters
    ----------
    prepared
        With its extracts.
    spend
        All lines, with ``district``.

    Raises
    ------
    InputError
        Naming each with the district that may be meant. A district unlike any other may well have had spending and
        nobody tested, met or treated.
    """
    extracts: Any = prepared.extracts
    tables = [extracts.table(name) for name, _ in _SEEN_IN.values() if name in extracts]
    known = sorted({str(one) for table in tables for one in table["district"].dropna()})
    plain = {name.casefold(): name for name in known}
    found = []
    for name in sorted({str(one) for one in spend["district"].dropna()} - set(known)):
        near = difflib.get_close_matches(name.casefold(), plain, n=1, cutoff=0.75)
        found += [f"'{name}' (is '{plain[near[0]]}' meant?)"] if near else []
    if found:
        raise InputError(
            f"[costs]: the spend table names {len(found)} district(s) that no test, contact or treatment is of: "
            f"{', '.join(found)}. Spell districts alike in all tables, so that money and people can be put together."
        )


def people_paid_for(prepared: Prepared, spending: pd.DataFrame) -> int:
    """Count the people who started treatment after a positive test, in the districts and years of the spending.

    A treatment extract also holds people whom the programme never met (sent by a doctor, come by themselves): counted
    in, they would make each treated person look cheaper than the programme was.

    Parameters
    ----------
    prepared
        With its extracts and linkage.
    spending
        Lines with ``district`` and ``financial_year``.

    Returns
    -------
    int
        Different people, whether or not they are in the cohort: the money was spent on all of them.

    Raises
    ------
    InputError
        If there is no treatment or no drug test among the extracts.
    """
    treatment = _covered(prepared, "treatment", spending)
    tests = _records(prepared, "testing")
    positive = tests[tests["result"].isin(POSITIVE_RESULTS)]
    first_positive = positive.groupby("person_id")["test_date"].min()
    after_test = treatment["start_date"] >= treatment["person_id"].map(first_positive)
    return int(treatment.loc[after_test, "person_id"].nunique())


def people_tested(prepared: Prepared, spending: pd.DataFrame) -> int:
    """Count the different people tested in the districts and years of the spending (parameters as above)."""
    return int(_covered(prepared, "testing", spending)["person_id"].nunique())


def people_met(prepared: Prepared, spending: pd.DataFrame) -> int:
    """Count the different people who came to a contact in the districts and years of the spending.

    Where an extract does not tell who came, all contacts count, as in the pathway.
    """
    contacts = _covered(prepared, "contact", spending)
    if "attended" in contacts.columns and contacts["attended"].notna().any():
        contacts = contacts[contacts["attended"].fillna(False).astype(bool)]
    return int(contacts["person_id"].nunique())


def _own(spending: pd.DataFrame, kind: str) -> pd.DataFrame:
    """The lines of a kind; all lines where there is none of it: somebody's money paid for these people all the same."""
    own = spending[spending["spent_on"] == kind]
    return spending if own.empty else own


def _records(prepared: Prepared, kind: str) -> pd.DataFrame:
    """The records that show whom a kind of spending reached, each with its person; those of nobody are left out."""
    table, _ = _SEEN_IN[kind]
    extracts, linkage = prepared.extracts, prepared.linkage
    if extracts is None or linkage is None or table not in extracts:
        raise InputError(NOT_COUNTED.format(table=table))
    spine = linkage.to_frame()
    whose = spine.loc[spine["table"] == table, ["record_id", "person_id"]]
    return extracts.table(table).merge(whose, on="record_id")


def _covered(prepared: Prepared, kind: str, spending: pd.DataFrame) -> pd.DataFrame:
    """The records in the districts and financial years (from 1 April) of the spending."""
    from dipeval.roi.costs_of_crime.tables import first_year

    records, (_, day) = _records(prepared, kind), _SEEN_IN[kind]
    year = records[day].dt.year - (records[day].dt.month < 4).astype("int64")
    paid = {
        (place, first_year(when, "financial_year"))
        for place, when in zip(spending["district"], spending["financial_year"], strict=True)
    }
    covered = pd.MultiIndex.from_arrays([records["district"], year]).isin(list(paid))
    return records[covered]
