"""`testing`: how many tests were made, how many were positive, and by how many areas."""

# ruff: noqa: PT028 - it is about drug tests, not a test

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

import ibis
import pandas as pd

from dipeval.errors import InputError
from dipeval.indicators.drug_tests import TAKEN
from dipeval.indicators.grouping import (
    EVERYONE,
    TIMES,
    as_day,
    between,
    check_by,
    group_of,
    in_order,
    month_of,
    month_start,
)
from dipeval.indicators.records import Records, load
from dipeval.indicators.shares import limits, ratio
from dipeval.indicators.testing_result import COLUMNS, COUNTS, GROUNDS, PEOPLE, Testing
from dipeval.vocabulary import POSITIVE_RESULTS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.engine import Engine

BY: Final = (*TIMES, "district", "custody_suite", "test_ground", "age_band", "sex")


def testing(
    extracts: Any,
    linkage: Any = None,
    *,
    by: str | None = "quarter",
    date_from: dt.date | str | None = None,
    date_to: dt.date | str | None = None,
    engine: Engine | None = None,
) -> Testing:
    """Count drug tests and positive ones, with the areas that report and the tests per reporting area.

    Parameters
    ----------
    extracts
        From `dipeval.read_extracts`, `dipeval.make_extracts`, `dipeval.simulate` or `dipeval.event_tables`; with drug
        tests.
    linkage
        From ``dip.link(extracts)``; without it people are not counted, only tests.
    by
        Breakdown beside everyone: ``month``, ``quarter``, ``district``, ``custody_suite``, ``test_ground``,
        ``age_band`` or ``sex``; or None.
    date_from, date_to
        First and last day of the tests; default all up to the last day covered.
    engine
        Default: that of the extracts or the linkage, else a new one.

    Returns
    -------
    Testing

    Raises
    ------
    InputError
        If an argument is not what is asked for or there is no test in the window.

    Notes
    -----
    An area reports in a month if it has a test in it. The areas of a quarter are the mean over those of its months in
    which there was a test at all, as published tables of testing on arrest give them.

    Examples
    --------
    >>> import dipeval as dip
    >>> shown = dip.testing(dip.simulate(people=300, seed=1), by="district")
    >>> frame = shown.to_frame().set_index("group")
    >>> int(frame.loc["everyone", "n_tests"] - frame["n_tests"].iloc[1:].sum()), float(frame.loc["Leeds", "mean_areas"])
    (0, 1.0)
    """
    check_by(by, BY)
    first, last = as_day(date_from, "date_from"), as_day(date_to, "date_to")
    records = load(extracts, linkage, ("drug_tests",), engine, persons=False)
    if "drug_tests" not in records.given:
        raise InputError("Tests are counted here; the extracts have no table drug_tests.")
    counts = records.counted(
        "testing", lambda: _counts(records, by, first, last), by=by, date_from=str(first), date_to=str(last)
    )
    return Testing(
        by=by,
        # The first and the last day found are somebody's own, and none of the reader's business.
        date_from=first or month_start(pd.Timestamp(counts["first_day"].min()).date()),
        date_to=min(last or records.extract_date, records.extract_date),
        extract_date=records.extract_date,
        _frame=_with_shares(counts, linked=records.linked),
    )


def _counts(records: Records, by: str | None, first: dt.date | None, last: dt.date | None) -> pd.DataFrame:
    until = min(last, records.extract_date) if last else records.extract_date
    tests = between(records.tables["drug_tests"], "test_date", first, until)
    rows = tests.mutate(group=group_of(tests, by, tests.test_date), month=month_of(tests.test_date))
    parts = [_of_groups(rows.mutate(group=ibis.literal(EVERYONE)), records.engine)]
    if by is not None:
        parts.append(_of_groups(rows, records.engine))
    counts = pd.concat(parts, ignore_index=True)
    if counts.empty:
        raise InputError("There is no drug test with a date between these days; check date_from and date_to.")
    return counts


def _of_groups(rows: ir.Table, engine: Engine) -> pd.DataFrame:
    yes = {
        "n_tests": rows.result.isin(TAKEN),
        "n_positive": rows.result.isin(POSITIVE_RESULTS),
        "n_refused": rows.result == "refused",
    }
    ground = rows.test_ground.fill_null("not_stated")
    # Grounds are those of the tests that are counted, so that they add up to them.
    yes |= {f"n_{name}": (ground == name) & yes["n_tests"] for name in GROUNDS}
    sums: dict[str, Any] = {name: flag.fill_null(False).ifelse(1, 0).sum() for name, flag in yes.items()}
    main = engine.to_pandas(
        rows.group_by("group").aggregate(
            **sums,
            n_people=rows.person_id.nunique(where=yes["n_tests"].fill_null(False)),
            n_people_positive=rows.person_id.nunique(where=yes["n_positive"].fill_null(False)),
            n_people_negative=rows.person_id.nunique(where=(yes["n_tests"] & ~yes["n_positive"]).fill_null(False)),
            first_day=rows.test_date.min(),
            last_day=rows.test_date.max(),
        )
    )
    reports = rows.filter(yes["n_tests"].fill_null(False)).select("group", "month", "district").distinct()
    areas = engine.to_pandas(
        reports.group_by("group").aggregate(n_area_months=reports.count(), n_months=reports.month.nunique())
    )
    joined = main.merge(areas, on="group", how="left")
    return joined.fillna({"n_area_months": 0, "n_months": 0})


def _with_shares(counts: pd.DataFrame, *, linked: bool) -> pd.DataFrame:
    keyed = counts.set_index("group").loc[in_order(counts["group"])].reset_index()
    rows = []
    for row in keyed.to_dict("records"):
        areas = ratio(row["n_area_months"], row["n_months"])
        low, high = limits(row["n_positive"], row["n_tests"])
        rows.append(
            {
                **{name: int(row[name]) for name in COUNTS},
                "group": row["group"],
                **{name: int(row[name]) if linked else pd.NA for name in PEOPLE},
                "share_positive": ratio(row["n_positive"], row["n_tests"]),
                "conf_low": low,
                "conf_high": high,
                "mean_areas": areas,
                "tests_per_area": ratio(row["n_tests"], areas),
                "tests_per_area_month": ratio(row["n_tests"], row["n_area_months"]),
            }
        )
    kinds = dict.fromkeys(COUNTS, "int64") | dict.fromkeys(PEOPLE, "Int64")
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(kinds)
