"""`seen`: how many drug tests were followed by a contact with the agency, and how soon."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import ibis
import pandas as pd

from dipeval.errors import InputError
from dipeval.indicators import stages
from dipeval.indicators.drug_tests import taken
from dipeval.indicators.funnel import followable
from dipeval.indicators.grouping import EVERYONE, TIMES, as_day, between, check_by, group_of, in_order, month_start
from dipeval.indicators.records import Records, figures, first_and_last, load
from dipeval.indicators.seen_result import COLUMNS, Seen
from dipeval.indicators.shares import limits, ratio

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.engine import Engine

BY: Final = ("district", *TIMES, "custody_suite", "test_ground", "substance", "age_band", "sex")
WHO: Final = ("positive", "all")


def seen(
    extracts: Any,
    linkage: Any = None,
    *,
    within: Sequence[int] = (7, 28, 42),
    by: str | None = None,
    who: str = "positive",
    date_from: dt.date | str | None = None,
    date_to: dt.date | str | None = None,
    engine: Engine | None = None,
) -> Seen:
    """Count the drug tests whose person was seen by the agency within some days of the test, and those not seen.

    Parameters
    ----------
    extracts
        From `dipeval.read_extracts`, `dipeval.make_extracts`, `dipeval.simulate` or `dipeval.event_tables`; with drug
        tests and contacts.
    linkage
        From ``dip.link(extracts)``; None for tables that carry a person_id.
    within
        Days after the test; a contact on the day of the test counts, one before it does not.
    by
        Breakdown beside everyone, as recorded with the test: ``district``, ``month``, ``quarter``, ``custody_suite``,
        ``test_ground``, ``substance``, ``age_band`` or ``sex``.
    who
        ``positive``: positive tests; ``all``: every test that gave a result.
    date_from, date_to
        First and last day of the tests. The last is cut back to where the longest of ``within`` lies inside the data,
        so that every figure rests on the same tests.
    engine
        Default: that of the extracts or the linkage, else a new one.

    Returns
    -------
    Seen

    Raises
    ------
    InputError
        If an argument is not what is asked for, a table is missing, nothing says whose records are whose, or no test
        can be followed for so long.

    Notes
    -----
    A contact counts if the person came; where the contacts do not tell, every contact counts. Every test counts, so
    that a person tested often counts often; the numbers of people stand beside it.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.linkage import true_linkage
    >>> extracts = dip.simulate(people=300, seed=1)
    >>> shown = dip.seen(extracts, true_linkage(extracts))
    >>> shown.to_frame()["within_days"].tolist(), bool(shown.to_frame()["n_seen"].is_monotonic_increasing)
    ([7, 28, 42], True)
    """
    check_by(by, BY)
    days = _days(within)
    if who not in WHO:
        raise InputError(f"who='{who}' is not known; use {' or '.join(WHO)}.")
    first, asked = as_day(date_from, "date_from"), as_day(date_to, "date_to")
    records = load(extracts, linkage, ("drug_tests", "contacts"), engine)
    lacking = [name for name in ("drug_tests", "contacts") if name not in records.given]
    if lacking:
        raise InputError(f"Tests are looked up among contacts here; the extracts have no {' and no '.join(lacking)}.")
    counts = records.counted(
        "seen",
        lambda: _counts(records, days, by, who, first, asked),
        within=list(days),
        by=by,
        who=who,
        date_from=str(first),
        date_to=str(asked),
    )
    told = counts.iloc[0]
    return Seen(
        by=by,
        who=who,
        within=days,
        date_from=pd.Timestamp(told["date_from"]).date(),
        date_to=pd.Timestamp(told["date_to"]).date(),
        extract_date=records.extract_date,
        n_later=int(told["n_later"]),
        unmarked_contacts=not records.holds("contacts", "attended"),
        _frame=_long(counts, days),
    )


def _days(within: Sequence[int]) -> tuple[int, ...]:
    days = (within,) if isinstance(within, int) else tuple(within)
    if not days or any(not isinstance(day, int) or day < 0 for day in days):
        raise InputError("within must be one or more whole numbers of days, such as (7, 28, 42).")
    return tuple(sorted(set(days)))


def _counts(
    records: Records, days: tuple[int, ...], by: str | None, who: str, first: dt.date | None, asked: dt.date | None
) -> pd.DataFrame:
    """One row a group: tests, people, and both for each number of days; the same in every row: window, n_later."""
    engine = records.engine
    tests = taken(records.tables["drug_tests"])
    tests = stages.positive(tests) if who == "positive" else tests
    last = followable(records, asked, days[-1])
    span = first_and_last(engine, tests.test_date)
    first = first or (month_start(span[0]) if span else None)
    if first is None or last < first:
        raise InputError(
            f"No test can be followed for {days[-1]} days: the data end on {records.extract_date.isoformat()}. Choose "
            "fewer days in within, an earlier date_from, or add the tests."
        )
    until = min(asked, records.extract_date) if asked else records.extract_date
    every = between(tests, "test_date", first, until)
    followed = between(tests, "test_date", first, last)
    marked = engine.keep(_marked(followed, records, days, by), "tests_seen")
    sums: dict[str, Any] = {"n_tests": marked.count(), "n_people": marked.person_id.nunique()}
    for day in days:
        flag = marked[f"seen_{day}"] == 1
        sums[f"seen_{day}"] = marked[f"seen_{day}"].sum()
        sums[f"people_seen_{day}"] = marked.person_id.nunique(where=flag)
        sums[f"people_not_seen_{day}"] = marked.person_id.nunique(where=~flag)
    parts = [engine.to_pandas(marked.aggregate(**sums)).assign(group=EVERYONE)]
    if by is not None:
        parts.append(engine.to_pandas(marked.group_by("group").aggregate(**sums)))
    n_later = figures(engine, every, every.count())[0] - int(parts[0]["n_tests"].iloc[0])
    wide = pd.concat(parts, ignore_index=True).fillna(0)
    return wide.assign(date_from=first.isoformat(), date_to=last.isoformat(), n_later=n_later)


def _marked(tests: ir.Table, records: Records, days: tuple[int, ...], by: str | None) -> ir.Table:
    """One row a test: person, group, and for each number of days whether the person was seen (1 or 0)."""
    contacts = stages.came(records.tables["contacts"], records)
    came = contacts.filter(contacts.contact_date.notnull()).select("person_id", "contact_date")
    joined = tests.select("record_id", "person_id", "test_date").join(came, "person_id")
    longest = joined.test_date + ibis.interval(days=days[-1])
    inside = joined.filter(joined.contact_date >= joined.test_date, joined.contact_date <= longest)
    soonest = inside.group_by("record_id").aggregate(contact_date=inside.contact_date.min())
    grouped = tests.select("record_id", "person_id", "test_date", group=group_of(tests, by, tests.test_date))
    with_contact = grouped.left_join(soonest, "record_id")
    return with_contact.select(
        "person_id",
        "group",
        **{
            f"seen_{day}": (with_contact.contact_date <= with_contact.test_date + ibis.interval(days=day))
            .fill_null(False)
            .ifelse(1, 0)
            for day in days
        },
    )


def _long(counts: pd.DataFrame, days: tuple[int, ...]) -> pd.DataFrame:
    rows = []
    keyed = counts.set_index("group")
    for group in in_order(counts["group"]):
        own = keyed.loc[group]
        for day in days:
            n, n_seen = int(own["n_tests"]), int(own[f"seen_{day}"])
            low, high = limits(n_seen, n)
            rows.append(
                {
                    "group": group,
                    "within_days": day,
                    "n_tests": n,
                    "n_people": int(own["n_people"]),
                    "n_seen": n_seen,
                    "n_not_seen": n - n_seen,
                    "n_people_seen": int(own[f"people_seen_{day}"]),
                    "n_people_not_seen": int(own[f"people_not_seen_{day}"]),
                    "share": ratio(n_seen, n),
                    "conf_low": low,
                    "conf_high": high,
                }
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))
