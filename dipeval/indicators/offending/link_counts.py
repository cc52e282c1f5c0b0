"""Tests and positive ones by offence, district, ground and period, counted on the engine."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import ibis
import pandas as pd

from dipeval.errors import InputError
from dipeval.indicators.drug_tests import taken
from dipeval.indicators.grouping import EVERYONE, NOT_RECORDED, between, month_of, quarter_of
from dipeval.indicators.offending.offence_class import offence_class, offence_group, unread
from dipeval.vocabulary import POSITIVE_RESULTS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.indicators.offending.link_tests import Tests

ALL_PERIODS: Final = "all periods"
# Substance -> results that are positive for it. They overlap, so that they are never added up.
RESULTS: Final[dict[str, tuple[str, ...]]] = {
    "any": POSITIVE_RESULTS,
    "opiates": ("opiates", "both"),
    "cocaine": ("cocaine", "both"),
    "both": ("both",),
}
LEVELS: Final[dict[str, str]] = {"everyone": EVERYONE, "class": "offence_class", "group": "offence_group"}
_PEOPLE: Final = ("n_people", "n_people_positive", "n_people_negative")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counts:
    """What is counted.

    Parameters
    ----------
    cells
        offence_class, offence_group, district, test_ground, period, tests, and a column a substance.
    people
        level, offence, period (or all periods), substance, n_people, n_people_positive, n_people_negative; empty
        without a linkage.
    n_unread
        Tests whose trigger offence is written in words that are not known: counted as ``other``.
    """

    cells: pd.DataFrame
    people: pd.DataFrame
    n_unread: int


def count_tests(tests: Tests, every: str, first: dt.date | None, until: dt.date) -> Counts:
    """Count the tests of a window.

    Parameters
    ----------
    tests
        On their engine.
    every
        ``quarter`` or ``month``.
    first, until
        Days of the tests.

    Raises
    ------
    InputError
        If there is none, or none says its offence.
    """
    rows = _rows(tests, every, first, until)
    keys = ["offence_class", "offence_group", "district", "test_ground", "period"]
    sums: dict[str, Any] = {name: rows[f"is_{name}"].sum() for name in RESULTS}
    cells = tests.engine.to_pandas(rows.group_by(keys).aggregate(tests=rows.count(), unread=rows.unread.sum(), **sums))
    if cells.empty:
        raise InputError("There is no drug test with a result between these days; check date_from and date_to.")
    if (cells["offence_class"] == NOT_RECORDED).all():
        raise InputError(
            "No test between these days says the offence that led to it (trigger_offence is empty), so positivity by "
            "offence cannot be told."
        )
    numbers = ["tests", "unread", *RESULTS]
    cells = cells.astype(dict.fromkeys(numbers, "int64")).sort_values(keys, ignore_index=True)
    return Counts(cells=cells.drop(columns="unread"), people=_people(tests, rows), n_unread=int(cells["unread"].sum()))


def _rows(tests: Tests, every: str, first: dt.date | None, until: dt.date) -> ir.Table:
    table = between(taken(tests.table), "test_date", first, until)
    written = table.trigger_offence
    return tests.engine.keep(
        table.select(
            "person_id",
            offence_class=offence_class(written),
            offence_group=offence_group(written),
            unread=unread(written).ifelse(1, 0),
            district=table.district.fill_null(NOT_RECORDED),
            test_ground=table.test_ground.fill_null("not_stated"),
            period=month_of(table.test_date) if every == "month" else quarter_of(table.test_date),
            **{f"is_{name}": table.result.isin(results).ifelse(1, 0) for name, results in RESULTS.items()},
        ),
        "drug_offence_tests",
    )


def _people(tests: Tests, rows: ir.Table) -> pd.DataFrame:
    columns = ["level", "offence", "period", "substance", *_PEOPLE]
    if not tests.linked:
        return pd.DataFrame(columns=columns)
    parts = []
    for level, column in LEVELS.items():
        offence = ibis.literal(EVERYONE) if level == "everyone" else rows[column]
        for period in (rows.period, ibis.literal(ALL_PERIODS)):
            counted = rows.mutate(offence=offence, told=period).group_by(["offence", "told"])
            sums: dict[str, Any] = {"n_people": rows.person_id.nunique()}
            for name in RESULTS:
                sums[f"yes_{name}"] = rows.person_id.nunique(where=rows[f"is_{name}"] == 1)
                sums[f"no_{name}"] = rows.person_id.nunique(where=rows[f"is_{name}"] == 0)
            found = tests.engine.to_pandas(counted.aggregate(**sums)).assign(level=level)
            for name in RESULTS:
                own = found.rename(
                    columns={"told": "period", f"yes_{name}": "n_people_positive", f"no_{name}": "n_people_negative"}
                )
                parts.append(own.assign(substance=name)[columns])
    return pd.concat(parts, ignore_index=True).astype(dict.fromkeys(_PEOPLE, "Int64"))
