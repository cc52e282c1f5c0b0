"""`drug_offence_link`: how many tests were positive, by the offence that led to them, and whether that is changing."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.errors import InputError
from dipeval.indicators.grouping import as_day, check_by, periods
from dipeval.indicators.offending.link_changes import changes_of
from dipeval.indicators.offending.link_counts import count_tests
from dipeval.indicators.offending.link_rows import period_rows, trend_rows
from dipeval.indicators.offending.link_tests import tests_of
from dipeval.indicators.offending.offence_link_result import DrugOffenceLink

if TYPE_CHECKING:
    from dipeval.engine import Engine

EVERY = ("quarter", "month")


def drug_offence_link(
    extracts: Any,
    linkage: Any = None,
    *,
    every: str = "quarter",
    date_from: dt.date | str | None = None,
    date_to: dt.date | str | None = None,
    by_substance: bool = True,
    within_districts: bool = False,
    engine: Engine | None = None,
) -> DrugOffenceLink:
    """Give positivity by offence, substance and period, with its trend a year and a warning where who is tested moved.

    Parameters
    ----------
    extracts
        From `dipeval.read_extracts`, `dipeval.make_extracts`, `dipeval.simulate` or `dipeval.event_tables`, with drug
        tests that say the trigger offence; or a DataFrame of tests: test_date, result, trigger_offence, and if there
        are any district, test_ground and person_id.
    linkage
        From ``dip.link(extracts)``; without it tests are counted, not people.
    every
        ``quarter`` or ``month``.
    date_from, date_to
        First and last day of the tests; default the first and the last period with a test, up to the last day covered.
    by_substance
        Whether opiates, cocaine and both are told beside any of them.
    within_districts
        Whether each district keeps a level of its own in the trend, so that a change in which districts test most does
        not pass for one of positivity.
    engine
        Default: that of the extracts or the linkage, else a new one.

    Returns
    -------
    DrugOffenceLink

    Raises
    ------
    InputError
        If there is no trigger offence on record, an argument is not what is asked for, or no test lies in the window.

    Notes
    -----
    A trigger offence is read as a code of our offence groups or as the words of `dipeval.trigger_offences`; other words
    count as ``other``. Intervals of shares: Wilson. Trends: logistic regression on the number of the period, told as
    difference in log odds a year; with four degrees of freedom or more its errors are widened by the dispersion found
    (never below 1, McCullagh and Nelder 1989), and the interval is that of Student's t.

    Examples
    --------
    >>> import dipeval as dip
    >>> shown = dip.drug_offence_link(dip.simulate(people=300, seed=1), by_substance=False)
    >>> trends = shown.trends().set_index(["level", "offence", "substance"])
    >>> bool(0 < trends.loc[("everyone", "everyone", "any"), "share"] < 1)
    True
    """
    if every not in EVERY:
        check_by(str(every), EVERY)
        raise InputError(f"every must be {' or '.join(EVERY)}.")
    first, last = as_day(date_from, "date_from"), as_day(date_to, "date_to")
    tests = tests_of(extracts, linkage, engine)
    until = min(last, tests.last_day) if last else tests.last_day
    counts = count_tests(tests, every, first, until)
    earliest, latest = (_span(str(counts.cells["period"].agg(end))) for end in ("min", "max"))
    # Without an end the window closes with the last period that has a test: extracts are often taken years later.
    until = until if last else min(until, latest.end_time.date())
    spans = periods(every, first or earliest.start_time.date(), until)
    substances = ("any", "opiates", "cocaine", "both") if by_substance else ("any",)
    return DrugOffenceLink(
        every=every,
        date_from=spans["period_from"].iloc[0].date(),
        date_to=until,
        within_districts=within_districts,
        n_unread=counts.n_unread,
        _frame=period_rows(counts, spans, substances),
        _trends=trend_rows(counts, spans, substances, every=every, within_districts=within_districts),
        _changes=changes_of(counts.cells, list(spans["period"])),
    )


def _span(period: str) -> pd.Period:
    """A period of ours: its own ends stand for those of a window, for the day of a test is somebody's own."""
    return pd.Period(period.replace("-Q", "Q"), freq="Q" if "Q" in period else "M")
