"""`transition_to_adult`: people known under 18, and what is on record of them once they are 18."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import ibis
import pandas as pd

from dipeval.cohort.cleaning import clean
from dipeval.cohort.intervals import AGE_OF_RESPONSIBILITY, completed_years
from dipeval.errors import InputError
from dipeval.indicators import stages
from dipeval.indicators.ages.births import BIRTH, birthday, births, made_from_ages
from dipeval.indicators.ages.turning_18_result import COLUMNS, EVERYONE, GROUPS, OUTCOMES, AdultTransition
from dipeval.indicators.drug_tests import taken
from dipeval.indicators.grouping import literal
from dipeval.indicators.journeys import journeys
from dipeval.indicators.records import Records, figures, load
from dipeval.indicators.shares import limits, ratio
from dipeval.vocabulary import POSITIVE_RESULTS, PROVEN_DISPOSALS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.engine import Engine

TABLES: Final = ("drug_tests", "contacts", "treatment", "offences")
ADULT: Final = 18
_FIRST: Final = ("drug_tests", "contacts")
# Outcome -> what a source must hold to tell it.
_NEEDS: Final = {
    "tested": ("drug_tests", ()),
    "positive": ("drug_tests", ()),
    "seen": ("contacts", ()),
    "in_treatment_at_18": ("treatment", ("end_date",)),
    "treatment": ("treatment", ()),
    "proven_offence": ("offences", ("disposal", "disposal_date")),
}


def transition_to_adult(
    extracts: Any,
    linkage: Any = None,
    *,
    within_days: int = 365,
    waiting_days: int = 182,
    engine: Engine | None = None,
) -> AdultTransition:
    """Follow people who were tested or seen under 18 past their 18th birthday.

    Parameters
    ----------
    extracts
        From `dipeval.read_extracts`, `dipeval.make_extracts`, `dipeval.simulate` or `dipeval.event_tables`; with drug
        tests or contacts that tell the date of birth.
    linkage
        From ``dip.link(extracts)``; not needed for event tables.
    within_days
        Days from the 18th birthday in which something must have happened.
    waiting_days
        Days more in which an offence must have been proven.
    engine
        Default: that of the extracts or the linkage, else a new one.

    Returns
    -------
    AdultTransition

    Raises
    ------
    InputError
        If an argument is not what is asked for, no date of birth is on record, or nothing says whose records are whose.

    Notes
    -----
    In are people of 10 to 17 with a drug test that gave a result, or a contact they came to. Everybody counts once,
    whatever the number of tests. A person can be followed whose 18th birthday lies so many days before the last day
    covered. Somebody born on 29 February turns 18 on 1 March. Intervals: Wilson.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.linkage import true_linkage
    >>> extracts = dip.simulate_areas(2, quarters=4, people=100)
    >>> frame = dip.transition_to_adult(extracts, true_linkage(extracts)).to_frame()
    >>> bool((frame["n"] <= frame["n_followed"]).all())
    True
    """
    for name, value in (("within_days", within_days), ("waiting_days", waiting_days)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise InputError(f"{name} must be a whole number of days, 0 or more.")
    records = load(extracts, linkage, TABLES, engine)
    if not any(records.holds(name, BIRTH) for name in _FIRST):
        raise InputError("Who is under 18 is told by date_of_birth in drug_tests or contacts; the records have none.")
    told = tuple(name for name, (table, columns) in _NEEDS.items() if records.holds(table, *columns))
    counts = records.counted(
        "transition_to_adult",
        lambda: _counts(records, told, within_days, waiting_days),
        within_days=within_days,
        waiting_days=waiting_days,
    )
    return AdultTransition(
        within_days=within_days,
        waiting_days=waiting_days,
        extract_date=records.extract_date,
        n_no_birth=int(counts["n_no_birth"].iloc[0]),
        years_of_birth_only=made_from_ages(extracts),
        missing=tuple(
            f"{OUTCOMES[name]}: not told, because the records have no {_lacking(table, columns)}."
            for name, (table, columns) in _NEEDS.items()
            if name not in told
        ),
        _frame=_rows(counts, told),
    )


def _counts(records: Records, told: tuple[str, ...], within: int, waiting: int) -> pd.DataFrame:
    """One row a group: people, those who can be followed, and a sum an outcome."""
    keep = records.engine.keep
    known = _known(records)
    born = births(records, TABLES)
    (n_no_birth,) = figures(records.engine, known.anti_join(born, "person_id"), ibis._.person_id.nunique())
    people = keep(_young(known, born, records, within, waiting), "turning_18")
    for name in told:
        found = _afterwards(records, name, people).distinct().mutate(**{name: ibis.literal(1)})
        people = keep(people.left_join(found, "person_id").drop("person_id_right"), f"turning_18_{name}")
    sums: dict[str, Any] = {"n_turned": people.turned.sum(), "n_followed": people.followed.sum()}
    sums["n_followed_on"] = people.followed_on.sum()
    for name in told:
        long_enough = people.followed_on if name == "proven_offence" else people.followed
        sums[name] = (people[name].fill_null(0) * long_enough).sum()
    counts = records.engine.to_pandas(people.group_by("group").aggregate(n_people=people.count(), **sums))
    counts = counts.set_index("group").reindex(list(GROUPS), fill_value=0)
    return counts.fillna(0).astype("int64").rename_axis("group").reset_index().assign(n_no_birth=n_no_birth)


def _known(records: Records) -> ir.Table:
    """Tests with a result, and contacts the person came to: person_id, day, test (1 or 0), positive (1 or 0)."""
    parts = []
    if "drug_tests" in records.given:
        tests = taken(records.tables["drug_tests"])
        yes = tests.result.isin(POSITIVE_RESULTS).fill_null(False).ifelse(1, 0)
        parts.append(tests.select("person_id", day=tests.test_date, test=ibis.literal(1), positive=yes))
    if "contacts" in records.given:
        seen = stages.came(records.tables["contacts"], records)
        none = ibis.literal(0)
        parts.append(seen.select("person_id", day=seen.contact_date, test=none, positive=none))
    parts = [part.mutate(test=part.test.cast("int64"), positive=part.positive.cast("int64")) for part in parts]
    known = ibis.union(*parts) if len(parts) > 1 else parts[0]
    return known.filter(known.person_id.notnull(), known.day.notnull())


def _young(known: ir.Table, born: ir.Table, records: Records, within: int, waiting: int) -> ir.Table:
    """One row a person known under 18: group, day of the 18th birthday, its last days, whether they can be followed."""
    joined = known.join(born, "person_id")
    age = completed_years(joined.born, joined.day)
    joined = joined.filter(age >= AGE_OF_RESPONSIBILITY, age < ADULT)
    p = joined.group_by(["person_id", "born"]).aggregate(test=joined.test.max(), positive=joined.positive.max())
    p = p.mutate(adult=birthday(p.born, ADULT))
    p = p.mutate(until=(p.adult + ibis.interval(days=within)).cast("date"))
    p = p.mutate(proven_until=(p.until + ibis.interval(days=waiting)).cast("date"))
    last = literal(records.extract_date)
    return p.select(
        "person_id",
        "adult",
        "until",
        "proven_until",
        group=ibis.cases((p.positive == 1, GROUPS[0]), (p.test == 1, GROUPS[1]), else_=GROUPS[2]),
        turned=(p.adult <= last).ifelse(1, 0),
        followed=(p.until <= last).ifelse(1, 0),
        followed_on=(p.proven_until <= last).ifelse(1, 0),
    )


def _afterwards(records: Records, name: str, people: ir.Table) -> ir.Table:
    """The people to whom something happened from the 18th birthday on: person_id."""
    asked = people.select("person_id", "adult", "until", "proven_until")
    if name in ("tested", "positive"):
        tests = taken(records.tables["drug_tests"])
        tests = stages.positive(tests) if name == "positive" else tests
        return _between(tests.select("person_id", day=tests.test_date), asked)
    if name == "seen":
        seen = stages.came(records.tables["contacts"], records)
        return _between(seen.select("person_id", day=seen.contact_date), asked)
    if name == "proven_offence":
        offences = clean("offences", records.tables["offences"])
        proven = offences.filter(offences.disposal.isin(PROVEN_DISPOSALS), offences.disposal_date.notnull())
        j = proven.select("person_id", "disposal_date", day=proven.offence_date).join(asked, "person_id")
        inside = j.filter(j.day >= j.adult, j.day <= j.until, j.disposal_date <= j.proven_until)
        return inside.select("person_id")
    stays = journeys(records.tables["treatment"].semi_join(people, "person_id"), ())
    if name == "treatment":
        return _between(stays.select("person_id", day=stays.start_date), asked)
    j = stays.select("person_id", "start_date", "end_date").join(asked, "person_id")
    return j.filter(j.start_date < j.adult, j.end_date >= j.adult).select("person_id")


def _between(events: ir.Table, asked: ir.Table) -> ir.Table:
    j = events.join(asked, "person_id")
    return j.filter(j.day >= j.adult, j.day <= j.until).select("person_id")


def _rows(counts: pd.DataFrame, told: tuple[str, ...]) -> pd.DataFrame:
    whole = counts.drop(columns="n_no_birth").sum(numeric_only=True)
    lines = [{"group": EVERYONE, **whole.to_dict()}, *counts.to_dict("records")]
    rows = []
    for line in lines:
        for name in told:
            followed = int(line["n_followed_on" if name == "proven_offence" else "n_followed"])
            low, high = limits(int(line[name]), followed)
            rows.append(
                {
                    "group": line["group"],
                    "outcome": name,
                    "label": OUTCOMES[name],
                    "n_people": int(line["n_people"]),
                    "n_turned": int(line["n_turned"]),
                    "n_followed": followed,
                    "n": int(line[name]),
                    "share": ratio(int(line[name]), followed),
                    "conf_low": low,
                    "conf_high": high,
                }
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _lacking(table: str, columns: tuple[str, ...]) -> str:
    return f"{table} with {' and '.join(columns)}" if columns else table
