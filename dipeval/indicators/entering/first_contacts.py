"""`entry_point_yield`: each person's first contact, by where it was, and what followed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

import ibis
import pandas as pd

from dipeval.errors import InputError
from dipeval.indicators import stages
from dipeval.indicators.entering.yield_result import COLUMNS, STAGES, EntryPointYield
from dipeval.indicators.grouping import EVERYONE, NOT_RECORDED, as_day, between, literal, month_start
from dipeval.indicators.journeys import journeys
from dipeval.indicators.records import Records, first_and_last, load
from dipeval.indicators.shares import limits, ratio
from dipeval.vocabulary import ENTRY_POINTS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.engine import Engine

TABLES: Final = ("contacts", "treatment")
# Stage -> what a source must hold to tell it.
_NEEDS: Final = {
    "attended": ("contacts", ("attended",)),
    "care_plan": ("contacts", ("care_plan_date",)),
    "in_treatment": ("treatment", ("end_date",)),
    "treatment": ("treatment", ()),
    "completed": ("treatment", ("end_date", "discharge_reason")),
}


def entry_point_yield(
    extracts: Any,
    linkage: Any = None,
    *,
    within_days: int = 42,
    completion_days: int = 365,
    date_from: dt.date | str | None = None,
    date_to: dt.date | str | None = None,
    count_referred_on: bool = False,
    engine: Engine | None = None,
) -> EntryPointYield:
    """Count what followed people's first contact, by the entry point at which it was made.

    Parameters
    ----------
    extracts
        From `dipeval.read_extracts`, `dipeval.make_extracts`, `dipeval.simulate` or `dipeval.event_tables`; with
        contacts that tell the entry point.
    linkage
        From ``dip.link(extracts)``; not needed for event tables.
    within_days
        Days from the first contact in which something must have happened.
    completion_days
        Days from the first contact in which treatment begun in time must have been completed.
    date_from, date_to
        First and last day of the contacts; default all up to the last day covered.
    count_referred_on
        Whether a discharge as referred on is a successful completion.
    engine
        Default: that of the extracts or the linkage, else a new one.

    Returns
    -------
    EntryPointYield

    Raises
    ------
    InputError
        If an argument is not what is asked for, the entry points are not on record, no contact lies in the window, or
        nothing says whose records are whose.

    Notes
    -----
    A person counts once: at the entry point of the first contact in the window, kept or not; of several on one day at
    that of the earliest time, then the lowest record_id. Treatment begins with a journey: a start with 28 days without
    treatment before it. Intervals: Wilson.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.linkage import true_linkage
    >>> extracts = dip.simulate_areas(2, quarters=4, people=100)
    >>> frame = dip.entry_point_yield(extracts, true_linkage(extracts)).to_frame()
    >>> frame["entry_point"].iloc[0], bool((frame["n"] <= frame["n_followed"]).all())
    ('everyone', True)
    """
    for name, value in (("within_days", within_days), ("completion_days", completion_days)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise InputError(f"{name} must be a whole number of days, 0 or more.")
    first, last = as_day(date_from, "date_from"), as_day(date_to, "date_to")
    records = load(extracts, linkage, TABLES, engine)
    if not records.holds("contacts", "entry_point"):
        raise InputError("Where people are first met is told by entry_point in contacts; the records have none.")
    told = tuple(name for name, (table, columns) in _NEEDS.items() if records.holds(table, *columns))
    asked: dict[str, Any] = {
        "within_days": within_days,
        "completion_days": completion_days,
        "count_referred_on": count_referred_on,
    }
    counts = records.counted(
        "entry_point_yield",
        lambda: _counts(records, told, first, last, **asked),
        date_from=str(first),
        date_to=str(last),
        **asked,
    )
    return EntryPointYield(
        within_days=within_days,
        completion_days=completion_days,
        date_from=pd.Timestamp(counts["date_from"].iloc[0]).date(),
        date_to=min(last or records.extract_date, records.extract_date),
        extract_date=records.extract_date,
        missing=tuple(
            f"{STAGES[name]}: not told, because the records have no {_lacking(table, columns)}."
            for name, (table, columns) in _NEEDS.items()
            if name not in told
        ),
        _frame=_rows(counts, told),
    )


def _counts(
    records: Records,
    told: tuple[str, ...],
    first: dt.date | None,
    last: dt.date | None,
    *,
    within_days: int,
    completion_days: int,
    count_referred_on: bool,
) -> pd.DataFrame:
    """One row an entry point: people, those followed for so long, and a sum a stage."""
    keep = records.engine.keep
    until = min(last, records.extract_date) if last else records.extract_date
    contacts = between(records.tables["contacts"], "contact_date", first, until)
    span = first_and_last(records.engine, contacts.contact_date)
    if span is None:
        raise InputError("There is no contact with a date between these days; check date_from and date_to.")
    people = keep(_firsts(contacts, records, within_days, completion_days), "first_contacts")
    stays = None
    if "treatment" in told:
        mine = records.tables["treatment"].semi_join(people, "person_id")
        stays = keep(journeys(mine, stages.successful(count_referred_on)), "entry_point_journeys")
    for name in told:
        found = _reached(records, name, people, stays).distinct().mutate(**{name: ibis.literal(1)})
        people = keep(people.left_join(found, "person_id").drop("person_id_right"), f"entry_point_{name}")
    sums: dict[str, Any] = {"n_followed": people.followed.sum(), "n_followed_on": people.followed_on.sum()}
    for name in told:
        long_enough = people.followed_on if name == "completed" else people.followed
        sums[name] = (people[name].fill_null(0) * long_enough).sum()
    counts = records.engine.to_pandas(people.group_by("entry_point").aggregate(n_people=people.count(), **sums))
    # The first day found is somebody's own, and none of the reader's business.
    return counts.assign(date_from=str(first or month_start(span[0])))


def _firsts(contacts: ir.Table, records: Records, within_days: int, completion_days: int) -> ir.Table:
    """One row a person: entry point and day of the first contact, its last days, whether they can be followed."""
    known = contacts.filter(contacts.person_id.notnull())
    time = known.contact_time
    time = (time.find(":") == 1).ifelse(ibis.literal("0") + time, time).fill_null("99:99")
    order = ibis.window(group_by=known.person_id, order_by=[known.contact_date, time, known.record_id])
    one = known.mutate(place=ibis.row_number().over(order)).filter(ibis._.place == 0)
    one = one.mutate(
        until=one.contact_date + ibis.interval(days=within_days),
        completed_until=one.contact_date + ibis.interval(days=completion_days),
    )
    last = literal(records.extract_date)
    return one.select(
        "person_id",
        "until",
        "completed_until",
        day=one.contact_date,
        entry_point=one.entry_point.fill_null(NOT_RECORDED),
        followed=(one.until <= last).ifelse(1, 0),
        # Somebody who can be followed for the completion only, but not for the start, is followed for neither.
        followed_on=((one.completed_until <= last) & (one.until <= last)).ifelse(1, 0),
    )


def _reached(records: Records, name: str, people: ir.Table, stays: ir.Table | None) -> ir.Table:
    """The people who reached a stage: person_id."""
    asked = people.select("person_id", "day", "until", "completed_until")
    if stays is not None and name in ("in_treatment", "treatment", "completed"):
        j = stays.select("person_id", "start_date", "end_date", "completed_date").join(asked, "person_id")
        if name == "in_treatment":
            return j.filter(j.start_date < j.day, j.end_date >= j.day).select("person_id")
        j = j.filter(j.start_date >= j.day, j.start_date <= j.until)
        j = j.filter(j.completed_date <= j.completed_until) if name == "completed" else j
        return j.select("person_id")
    contacts = records.tables["contacts"]
    if name == "attended":
        came = stages.came(contacts, records)
        events = came.select("person_id", on=came.contact_date)
    else:
        events = contacts.select("person_id", on=contacts.care_plan_date)
    j = events.join(asked, "person_id")
    return j.filter(j.on >= j.day, j.on <= j.until).select("person_id")


def _rows(counts: pd.DataFrame, told: tuple[str, ...]) -> pd.DataFrame:
    numbers = [name for name in counts.columns if name not in ("entry_point", "date_from")]
    lines = counts.set_index("entry_point")[numbers].astype("int64")
    order = [name for name in (*ENTRY_POINTS, NOT_RECORDED) if name in lines.index]
    order += sorted(set(lines.index) - set(order))
    sums = {EVERYONE: lines.sum()} | {name: lines.loc[name] for name in order}
    rows = []
    for point, line in sums.items():
        for name in told:
            followed, n = int(line["n_followed_on" if name == "completed" else "n_followed"]), int(line[name])
            low, high = limits(n, followed)
            rows.append(
                {"entry_point": point, "stage": name, "label": STAGES[name], "n_people": int(line["n_people"]),
                 "n_followed": followed, "n": n, "per_100": 100 * ratio(n, followed), "conf_low": 100 * low,
                 "conf_high": 100 * high}
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _lacking(table: str, columns: tuple[str, ...]) -> str:
    return f"{table} with {' and '.join(columns)}" if columns else table
