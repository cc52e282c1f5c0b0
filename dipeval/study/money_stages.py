"""What the spending comes to for each person who reached a stage: counts of the years that the spending is of."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.errors import InputError
from dipeval.study.provenance import shown_count
from dipeval.study.rules import disclosure_rule

if TYPE_CHECKING:
    from dipeval.roi.spending.per_stage import CostPerStage
    from dipeval.study.load import Prepared
    from dipeval.study.money_tables import MoneyTables
    from dipeval.study.spec import StudySpec

NO_YEAR: Final = (
    "No financial year of the spending lies wholly within the time that the extracts cover, so that people and pounds "
    "cannot be of the same years."
)
GAPS: Final = "The spending has no lines for some of the years between its first and its last; fill them in."
DISTRICTS: Final = (
    "People can be in several districts, so that stages are counted for one district or for all of them, and the study "
    "names {count}."
)


def stages_of(prepared: Prepared, spending: pd.DataFrame, spec: StudySpec, tables: MoneyTables) -> CostPerStage:
    """Return what the spending comes to for each person who reached a stage.

    People and pounds are of the same districts and of the same years: financial years that the extracts cover from the
    first day to the last. Counted is what happened in these years, whoever it happened to, as the pounds were spent on
    whoever came.

    Parameters
    ----------
    prepared
        With its extracts and linkage.
    spending
        Lines of the ``spend`` table.
    spec
        The study.
    tables
        With the deflator.

    Returns
    -------
    CostPerStage

    Raises
    ------
    InputError
        If the years or districts of the two cannot be made the same, or there are no stages.
    """
    from dipeval.roi.spending.per_stage import cost_per_stage

    assert spec.costs is not None
    if len(spec.cohort.districts) > 1:
        raise InputError(DISTRICTS.format(count=len(spec.cohort.districts)))
    first, last, lines = _same_years(prepared, spending)
    counts, told = _counts(prepared, first, last, spec)
    found = cost_per_stage(
        lines,
        counts,
        price_year=spec.costs.price_year,
        counting="period",
        deflator=tables.deflator,
    )
    return replace(found, notes=tuple(dict.fromkeys([*found.notes, *told])))


def _same_years(prepared: Prepared, spending: pd.DataFrame) -> tuple[dt.date, dt.date, pd.DataFrame]:
    """First and last day, and the lines, of the financial years that lie within the extracts."""
    from dipeval.roi.costs_of_crime.tables import first_year

    extracts: Any = prepared.extracts
    begins = extracts.table("drug_tests")["test_date"].min() if "drug_tests" in extracts else None
    if begins is None or pd.isna(begins):
        raise InputError("The extracts hold no drug tests, so that nobody can be counted from the test on.")
    start, end = pd.Timestamp(begins).date().replace(day=1), extracts.extract_date
    years = spending["financial_year"].map(lambda value: first_year(value, "financial_year"))
    within = years.map(lambda year: dt.date(year, 4, 1) >= start and dt.date(year + 1, 3, 31) <= end).astype(bool)
    if not within.any():
        raise InputError(NO_YEAR)
    kept = sorted(set(years[within]))
    if kept != list(range(kept[0], kept[-1] + 1)):
        raise InputError(GAPS)
    lines = spending[within].reset_index(drop=True)
    return dt.date(kept[0], 4, 1), dt.date(kept[-1] + 1, 3, 31), lines


def _counts(prepared: Prepared, first: dt.date, last: dt.date, spec: StudySpec) -> tuple[Any, tuple[str, ...]]:
    """The people at each stage, and how they were counted.

    They are as they may be shown, for pounds over pounds a person give the people back.
    """
    from dipeval.indicators import pathway

    rule, districts = disclosure_rule(spec), spec.cohort.districts
    counted = pathway(
        prepared.extracts,
        prepared.linkage,
        by="district" if districts else None,
        counting="period",
        date_from=first,
        date_to=last,
        count_referred_on=spec.pathway.count_referred_on,
        engine=prepared.engine,
    )
    told = (counted.how_counted, *counted.notes())
    if not rule.protects and not districts:
        return counted, told
    frame = counted.to_frame()
    frame = frame[frame["group"] == (districts[0] if districts else "everyone")]
    people: list[float] = [float(shown_count(int(n), rule) or 0) for n in frame["n"]]
    shown = frame.assign(n=people)
    shown = shown[shown["n"] > 0]
    if shown.empty:
        raise InputError("Too few people reached any stage for the pounds a person to be shown.")
    return shown[["stage", "n"]].astype({"n": "int64"}).reset_index(drop=True), told
