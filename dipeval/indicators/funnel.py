"""`pathway`: how many people reached each stage from a drug test to a successful completion."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.errors import InputError
from dipeval.indicators import stages
from dipeval.indicators.drug_tests import taken
from dipeval.indicators.following import AFTER_THE_TEST, followed
from dipeval.indicators.grouping import EVERYONE, TIMES, as_day, between, check_by, in_order, month_start, periods
from dipeval.indicators.happening import happened
from dipeval.indicators.pathway_result import COLUMNS, Pathway
from dipeval.indicators.records import Records, figures, first_and_last, load
from dipeval.indicators.shares import limits, ratio

if TYPE_CHECKING:
    from dipeval.engine import Engine

BY: Final = ("district", *TIMES, "entry_point", "substance", "age_band", "sex")
# What decides the group is known only from this stage on: a negative test has no substance, a test no entry point.
_GROUPS_FROM = {"entry_point": ("assessment", "attended"), "substance": ("positive",)}


def pathway(
    extracts: Any,
    linkage: Any = None,
    *,
    by: str | None = None,
    counting: str = stages.COHORT,
    date_from: dt.date | str | None = None,
    date_to: dt.date | str | None = None,
    within_days: int = 365,
    count_referred_on: bool = False,
    engine: Engine | None = None,
) -> Pathway:
    """Count the people at each stage, from a drug test through assessment and treatment to a successful completion.

    Parameters
    ----------
    extracts
        From `dipeval.read_extracts`, `dipeval.make_extracts`, `dipeval.simulate` or `dipeval.event_tables`.
    linkage
        From ``dip.link(extracts)``; None for tables that carry a person_id.
    by
        Breakdown beside everyone: ``district``, ``month``, ``quarter``, ``entry_point``, ``substance``, ``age_band`` or
        ``sex``, as recorded at the first test (cohort) or at the event itself (period).
    counting
        ``cohort``: each person's first test between the two days, and what followed it in order, so that each stage is
        a part of the one before. ``period``: what happened between the two days, whoever it happened to; a share is
        then the ratio of two counts of different people, and has no interval.
    date_from, date_to
        First and last day; default the first of the month of the first record, and the last day that can be followed
        (cohort) or is covered (period). A cohort's last day is cut back to where everybody can be followed, and the
        result says so.
    within_days
        Cohort only: days after the test in which everything must have happened.
    count_referred_on
        Whether a discharge as "referred on" counts as a successful completion, as it did in earlier official figures.
    engine
        Default: that of the extracts or the linkage, else a new one.

    Returns
    -------
    Pathway

    Raises
    ------
    InputError
        If an argument is not what is asked for, nothing says whose records are whose, a cohort has no drug tests, or
        nobody can be followed for so long.

    Notes
    -----
    Tests that were refused are not counted. A required assessment is an initial or follow-up one; where the contacts
    have no such column, any contact counts. Treatment is counted in journeys: see `dipeval.indicators.journeys`.
    Twelve weeks or an earlier successful completion: effective treatment as the National Treatment Agency counted it
    in 2011-12.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.linkage import true_linkage
    >>> extracts = dip.simulate(people=300, seed=1)
    >>> shown = dip.pathway(extracts, true_linkage(extracts))
    >>> shown.stages
    ('tested', 'positive', 'assessment', 'attended', 'care_plan', 'treatment', 'retained_12_weeks', 'completed')
    >>> shown.to_frame()["n"].is_monotonic_decreasing
    True
    """
    check_by(by, BY)
    _check_options(counting, within_days)
    first, last = as_day(date_from, "date_from"), as_day(date_to, "date_to")
    records = load(extracts, linkage, stages.TABLES, engine)
    names, missing = stages.shown(records)
    reasons = stages.successful(count_referred_on)
    common: dict[str, Any] = {
        "by": by,
        "counting": counting,
        "extract_date": records.extract_date,
        "stages": names,
        "left_out": missing,
        "count_referred_on": count_referred_on,
        "any_contact": not records.holds("contacts", "assessment"),
        "unmarked_contacts": "contacts" in records.given and not records.holds("contacts", "attended"),
    }
    count = _cohort if counting == stages.COHORT else _period
    counts = records.counted(
        "pathway",
        lambda: count(records, names, by, first, last, within_days, reasons),
        **{name: value for name, value in common.items() if name != "extract_date"},
        date_from=str(first),
        date_to=str(last),
        within_days=within_days,
    )
    told = counts.iloc[0]
    return Pathway(
        **common,
        within_days=within_days if counting == stages.COHORT else None,
        date_from=pd.Timestamp(told["date_from"]).date(),
        date_to=pd.Timestamp(told["date_to"]).date(),
        n_later=int(told["n_later"]),
        _frame=_long(counts, names, by, counting, any_contact=common["any_contact"]),
    )


def _check_options(counting: str, within_days: int) -> None:
    if counting not in stages.COUNTINGS:
        raise InputError(f"counting='{counting}' is not known; use {' or '.join(stages.COUNTINGS)}.")
    if within_days < 1:
        raise InputError(f"within_days must be at least 1; it is {within_days}.")


def _cohort(
    records: Records,
    names: tuple[str, ...],
    by: str | None,
    first: dt.date | None,
    asked: dt.date | None,
    within_days: int,
    reasons: tuple[str, ...],
) -> pd.DataFrame:
    """Columns group, stage, n, n_skipping; and the same in every row: date_from, date_to, n_later."""
    if "tested" not in names:
        raise InputError(
            "A cohort begins at the drug test, and the extracts have no table drug_tests. Add it, or count a period "
            "with counting='period'."
        )
    last = followable(records, asked, within_days)
    tests = taken(records.tables["drug_tests"])
    first = first or _first_test(records, tests)
    if last < first:
        raise InputError(
            f"Nobody can be followed for {within_days} days: the window begins on {first.isoformat()} and the extract "
            f"ends on {records.extract_date.isoformat()}. Choose a smaller within_days or an earlier date_from."
        )
    engine = records.engine
    people = engine.keep(
        followed(records, names, by=by, first=first, last=last, within_days=within_days, successful=reasons),
        "pathway_people",
    )
    until = min(asked, records.extract_date) if asked else records.extract_date
    every = between(tests, "test_date", first, until)
    n_every, n_people = figures(engine, every, every.person_id.nunique())[0], figures(engine, people, people.count())[0]
    marks = [column for column in people.columns if column.startswith(("in_", "past_"))]
    sums = {column: people[column].sum() for column in marks}
    parts = [engine.to_pandas(people.aggregate(**sums)).assign(group=EVERYONE)]
    if by is not None:
        known = people.filter(people.group.notnull())
        parts.append(engine.to_pandas(known.group_by("group").aggregate(**sums)))
    wide = pd.concat(parts, ignore_index=True).fillna(0)
    rows = [
        {
            "group": row["group"],
            "stage": name,
            "n": int(row[f"in_{name}"]),
            "n_skipping": int(row[f"past_{name}"]) if name in AFTER_THE_TEST else 0,
        }
        for row in wide.to_dict("records")
        for name in names
    ]
    return pd.DataFrame(rows).assign(date_from=first.isoformat(), date_to=last.isoformat(), n_later=n_every - n_people)


def followable(records: Records, asked: dt.date | None, days: int) -> dt.date:
    """The last day from which everybody can be followed for so many days."""
    latest = records.extract_date - dt.timedelta(days=days)
    return latest if asked is None else min(asked, latest)


def _first_test(records: Records, tests: Any) -> dt.date:
    found = first_and_last(records.engine, tests.test_date)
    if found is None:
        raise InputError("The extracts hold no drug test with a result and a date, so there is nobody to follow.")
    return month_start(found[0])


def _period(
    records: Records,
    names: tuple[str, ...],
    by: str | None,
    first: dt.date | None,
    asked: dt.date | None,
    within_days: int,  # noqa: ARG001 - what happens in a period is not followed
    reasons: tuple[str, ...],
) -> pd.DataFrame:
    """The columns of `_cohort`; nobody is skipped and nobody too late."""
    last = min(asked, records.extract_date) if asked else records.extract_date
    first = first or _first_event(records)
    if last < first:
        raise InputError(f"The period ends on {last.isoformat()}, before it begins on {first.isoformat()}.")
    engine = records.engine
    one = engine.put(periods(None, first, last), "whole_period")
    parts = [engine.to_pandas(happened(records, names, one, by=None, successful=reasons))]
    if by is not None:
        each = engine.put(periods(by, first, last), "periods")
        parts.append(engine.to_pandas(happened(records, names, each, by=by, successful=reasons)))
    counts = pd.concat(parts, ignore_index=True)
    if counts.empty:
        raise InputError(f"Nothing that is counted happened from {first.isoformat()} to {last.isoformat()}.")
    return counts.assign(n_skipping=0, date_from=first.isoformat(), date_to=last.isoformat(), n_later=0)


def _first_event(records: Records) -> dt.date:
    days = {"drug_tests": "test_date", "contacts": "contact_date", "treatment": "start_date"}
    for name, column in days.items():
        found = first_and_last(records.engine, records.tables[name][column]) if name in records.given else None
        if found is not None:
            return month_start(found[0])
    raise InputError("The extracts hold no drug test, no contact and no treatment with a date: nothing can be counted.")


def _long(
    counts: pd.DataFrame, names: tuple[str, ...], by: str | None, counting: str, *, any_contact: bool
) -> pd.DataFrame:
    """Every group with every stage from where its group is known, with shares and their intervals."""
    keyed = counts.set_index(["group", "stage"])
    rows = []
    for group in in_order(counts["group"]):
        shown = names if group == EVERYONE else _shown(names, by, counting)
        before = first = None
        for name in shown:
            n, skipping = (int(keyed[column].get((group, name), 0)) for column in ("n", "n_skipping"))
            first = n if first is None else first
            low, high = limits(n, before) if counting == stages.COHORT and before is not None else limits(0, 0)
            rows.append(
                {
                    "group": group,
                    "stage": name,
                    "label": stages.words(name, counting, any_contact=any_contact),
                    "n": n,
                    "share_of_previous": ratio(n, before),
                    "share_of_first": ratio(n, first),
                    "conf_low": low,
                    "conf_high": high,
                    "counting": counting,
                    "n_skipping": skipping,
                }
            )
            before = n
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"n": "int64", "n_skipping": "int64"})
    if by is None or counting == stages.COHORT:
        return frame
    # A group to which nothing that is shown happened is no group.
    return frame[frame.groupby("group")["n"].transform("sum") > 0].reset_index(drop=True)


def _shown(names: tuple[str, ...], by: str | None, counting: str) -> tuple[str, ...]:
    start = next((name for name in _GROUPS_FROM.get(by or "", ()) if name in names), names[0])
    rest = names[names.index(start) :]
    if by == "entry_point" and counting == stages.PERIOD:
        return tuple(name for name in rest if name in ("assessment", "attended", "care_plan"))
    return rest
