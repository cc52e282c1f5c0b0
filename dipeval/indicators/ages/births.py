"""One date of birth a person, and birthdays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import ibis

from dipeval.extracts.pseudonymised import AGE

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.indicators.records import Records

BIRTH: Final = "date_of_birth"


def births(records: Records, names: Sequence[str]) -> ir.Table:
    """Return person_id and born: the date of birth on most of a person's records, of several the earliest.

    Parameters
    ----------
    records
        What was loaded.
    names
        Tables to look at; at least one of them holds dates of birth.

    Returns
    -------
    ibis.expr.types.Table
        Stored on the engine; people without a date of birth are not in it.
    """
    told = [
        records.tables[name].select("person_id", born=records.tables[name][BIRTH])
        for name in names
        if records.holds(name, BIRTH)
    ]
    every = ibis.union(*told) if len(told) > 1 else told[0]
    every = every.filter(every.person_id.notnull(), every.born.notnull())
    counted = every.group_by(["person_id", "born"]).aggregate(times=every.count())
    order = ibis.window(group_by=counted.person_id, order_by=[counted.times.desc(), counted.born])
    most = counted.mutate(place=ibis.row_number().over(order)).filter(ibis._.place == 0)
    return records.engine.keep(most.select("person_id", "born"), "births")


def birthday(born: Any, years: int) -> Any:
    """The birthday so many years after birth; that of a person born on 29 February is 1 March in other years."""
    # Both engines give 28 February for it in a year that is no leap year.
    later = (born + ibis.interval(years=years)).cast("date")
    moved = (born.month() == 2) & (born.day() == 29) & (later.day() == 28)
    return moved.ifelse((later + ibis.interval(days=1)).cast("date"), later)


def made_from_ages(extracts: Any) -> bool:
    """Whether the drug tests are pseudonymised, so that dates of birth stand for years of birth."""
    table = getattr(extracts, "table", None)
    return callable(table) and "drug_tests" in extracts.names and AGE in table("drug_tests").columns
