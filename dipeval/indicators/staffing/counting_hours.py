"""`contact_hours`: tests by hour and weekday, and whether the people were seen afterwards."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

import ibis
import pandas as pd

from dipeval.errors import InputError
from dipeval.indicators import stages
from dipeval.indicators.drug_tests import taken
from dipeval.indicators.grouping import NOT_RECORDED, as_day, between, literal, month_start
from dipeval.indicators.records import Records, first_and_last, load
from dipeval.indicators.shares import limits, ratio
from dipeval.indicators.staffing.hours import COLUMNS, DIMENSIONS, ContactHours
from dipeval.vocabulary import POSITIVE_RESULTS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.engine import Engine

HOURS: Final = tuple(f"{hour:02d}" for hour in range(24))
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TIMES_OF_DAY: Final = ("00-05", "06-11", "12-17", "18-23")
_COUNTS: Final = ("n_tests", "n_positive", "n_followed", "n_seen", "n_people", "n_people_seen", "n_people_not_seen")
_CONTACTS: Final = ("n_contacts", "n_people_contacts")


def contact_hours(
    extracts: Any,
    linkage: Any = None,
    *,
    date_from: dt.date | str | None = None,
    date_to: dt.date | str | None = None,
    within_days: int = 28,
    engine: Engine | None = None,
) -> ContactHours:
    """Count tests by hour of the day and day of the week, and the share of positive ones whose person was then seen.

    Parameters
    ----------
    extracts
        From `dipeval.read_extracts`, `dipeval.make_extracts`, `dipeval.simulate` or `dipeval.event_tables`; with drug
        tests and contacts.
    linkage
        From ``dip.link(extracts)``; not needed for event tables.
    date_from, date_to
        First and last day of tests and contacts; default all up to the last day covered.
    within_days
        A positive test counts as seen if a worker saw the person on its day or within so many days.
    engine
        Default: that of the extracts or the linkage, else a new one.

    Returns
    -------
    ContactHours

    Raises
    ------
    InputError
        If an argument is not what is asked for, a table is missing, there is no test in the window, or nothing says
        whose records are whose.

    Notes
    -----
    A test counts at the hour of its test_time, a contact at that of its contact_time. Positive tests too late to be
    followed for `within_days` are counted as tests but not among those followed.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.linkage import true_linkage
    >>> extracts = dip.simulate(people=100, seed=1)
    >>> shown = dip.contact_hours(extracts, true_linkage(extracts))
    >>> frame = shown.to_frame()
    >>> int(frame.loc[frame["dimension"] == "hour", "n_tests"].sum() - frame["n_tests"].iloc[0])
    0
    """
    if isinstance(within_days, bool) or not isinstance(within_days, int) or within_days < 0:
        raise InputError("within_days must be a whole number of days, 0 or more.")
    first, last = as_day(date_from, "date_from"), as_day(date_to, "date_to")
    records = load(extracts, linkage, ("drug_tests", "contacts"), engine)
    lacking = [name for name in ("drug_tests", "contacts") if name not in records.given]
    if lacking:
        raise InputError(f"Tests are looked up among contacts here; the extracts have no {' and no '.join(lacking)}.")
    counts = records.counted(
        "contact_hours",
        lambda: _counts(records, first, last, within_days),
        date_from=str(first),
        date_to=str(last),
        within_days=within_days,
    )
    return ContactHours(
        within_days=within_days,
        date_from=pd.Timestamp(counts["date_from"].iloc[0]).date(),
        date_to=min(last or records.extract_date, records.extract_date),
        extract_date=records.extract_date,
        contact_times=records.holds("contacts", "contact_time"),
        unmarked_contacts=not records.holds("contacts", "attended"),
        _frame=_with_shares(counts, contact_times=records.holds("contacts", "contact_time")),
    )


def _counts(records: Records, first: dt.date | None, last: dt.date | None, within_days: int) -> pd.DataFrame:
    """One row a dimension and group: sums over tests, and over contacts."""
    until = min(last, records.extract_date) if last else records.extract_date
    tests = between(taken(records.tables["drug_tests"]), "test_date", first, until)
    span = first_and_last(records.engine, tests.test_date)
    if span is None:
        raise InputError("There is no drug test with a date between these days; check date_from and date_to.")
    # The first day found is somebody's own, and none of the reader's business.
    start = first or month_start(span[0])
    marked = records.engine.keep(_tests(tests, records, within_days), "tests_by_hour")
    came = between(stages.came(records.tables["contacts"], records), "contact_date", start, until)
    contacts = records.engine.keep(_timed(came, came.contact_date, came.contact_time), "contacts_by_hour")
    parts = []
    for dimension in DIMENSIONS:
        own = _sums(marked, dimension, records.engine)
        theirs = records.engine.to_pandas(
            contacts.group_by(group=contacts[dimension]).aggregate(
                n_contacts=contacts.count(), n_people_contacts=contacts.person_id.nunique()
            )
        )
        parts.append(own.merge(theirs, on="group", how="outer").assign(dimension=dimension))
    numbers = [*_COUNTS, *_CONTACTS]
    counts = pd.concat(parts, ignore_index=True)
    return counts.assign(**{name: counts[name].fillna(0).astype("int64") for name in numbers}, date_from=str(start))


def _tests(tests: ir.Table, records: Records, within_days: int) -> ir.Table:
    """One row a test: person, hour and day, whether positive, whether followed, whether the person was seen."""
    contacts = stages.came(records.tables["contacts"], records)
    came = contacts.filter(contacts.contact_date.notnull()).select("person_id", "contact_date")
    joined = tests.select("record_id", "person_id", "test_date").join(came, "person_id")
    longest = joined.test_date + ibis.interval(days=within_days)
    inside = joined.filter(joined.contact_date >= joined.test_date, joined.contact_date <= longest)
    seen = inside.select("record_id").distinct().mutate(was_seen=ibis.literal(1))
    timed = _timed(tests, tests.test_date, tests.test_time, "record_id", "result", "test_date")
    both = timed.left_join(seen, "record_id").drop("record_id_right")
    positive = both.result.isin(POSITIVE_RESULTS)
    reaches = both.test_date + ibis.interval(days=within_days) <= literal(records.extract_date)
    followed = (positive & reaches).fill_null(False)
    return both.select(
        "person_id",
        *DIMENSIONS,
        positive=positive.fill_null(False).ifelse(1, 0),
        followed=followed.ifelse(1, 0),
        seen=(followed & both.was_seen.notnull()).ifelse(1, 0),
    )


def _timed(rows: ir.Table, day: Any, time: Any, *more: str) -> ir.Table:
    """Rows with the groups of every dimension; a time such as 9:15 is in hour 09."""
    text = time.cast("string")
    hour = (text.find(":") == 1).ifelse(ibis.literal("0") + text, text).substr(0, 2)
    known = hour.isin(HOURS).fill_null(False)
    of_day = ibis.cases(
        *((hour.isin(HOURS[6 * place : 6 * place + 6]), words) for place, words in enumerate(TIMES_OF_DAY)),
        else_=NOT_RECORDED,
    )
    weekday = ibis.cases(
        *((day.day_of_week.index() == place, words) for place, words in enumerate(WEEKDAYS)), else_=NOT_RECORDED
    )
    return rows.select(
        "person_id",
        *more,
        all=ibis.literal("everyone"),
        hour=known.ifelse(hour, ibis.literal(NOT_RECORDED)),
        weekday=weekday,
        weekday_and_time=weekday + ibis.literal(" ") + known.ifelse(of_day, ibis.literal(NOT_RECORDED)),
    )


def _sums(marked: ir.Table, dimension: str, engine: Engine) -> pd.DataFrame:
    was_seen, was_not = marked.seen == 1, (marked.followed == 1) & (marked.seen == 0)
    return engine.to_pandas(
        marked.group_by(group=marked[dimension]).aggregate(
            n_tests=marked.count(),
            n_positive=marked.positive.sum(),
            n_followed=marked.followed.sum(),
            n_seen=marked.seen.sum(),
            n_people=marked.person_id.nunique(),
            n_people_seen=marked.person_id.nunique(where=was_seen),
            n_people_not_seen=marked.person_id.nunique(where=was_not),
        )
    )


def _with_shares(counts: pd.DataFrame, *, contact_times: bool) -> pd.DataFrame:
    found = {(str(line["dimension"]), str(line["group"])): line for line in counts.to_dict("records")}
    rows = []
    for dimension, group in _places(counts, contact_times=contact_times):
        own = found.get((dimension, group))
        line = {name: 0 if own is None else int(own[name]) for name in (*_COUNTS, *_CONTACTS)}
        low, high = limits(line["n_seen"], line["n_followed"])
        by_hour = dimension in ("hour", "weekday_and_time")
        told = {name: pd.NA if by_hour and not contact_times else line[name] for name in _CONTACTS}
        rows.append(
            {
                "dimension": dimension,
                "group": group,
                **line,
                "n_not_seen": line["n_followed"] - line["n_seen"],
                "share_seen": ratio(line["n_seen"], line["n_followed"]),
                "conf_low": low,
                "conf_high": high,
                **told,
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(_CONTACTS, "Int64"))


def _places(counts: pd.DataFrame, *, contact_times: bool) -> list[tuple[str, str]]:
    """Every hour and day, with or without a test; what is not recorded only where it occurs."""
    whole = {
        "all": ("everyone",),
        "hour": HOURS,
        "weekday": WEEKDAYS,
        "weekday_and_time": tuple(f"{day} {time}" for day in WEEKDAYS for time in TIMES_OF_DAY),
    }
    places = []
    # Contacts of a source without their times are no group of their own.
    counted = counts if contact_times else counts[counts["n_tests"] > 0]
    for dimension in DIMENSIONS:
        named = set(counted.loc[counted["dimension"] == dimension, "group"])
        places += [(dimension, group) for group in (*whole[dimension], *sorted(named - set(whole[dimension])))]
    return places
