"""What the money is told of: who paid, what a stage costs, posts and hours, and the budget shared out by need."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.errors import InputError
from dipeval.extracts.contracts import did_you_mean
from dipeval.indicators.measuring.resources import roles_that_test
from dipeval.study.quarterly.need import measures_of

if TYPE_CHECKING:
    from dipeval.indicators import FundingAllocation
    from dipeval.study.quarterly.asking import Asked
    from dipeval.study.quarterly.spec_parts import FundingSpec

NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendYear:
    """The latest financial year of the spending that the records cover: label, first and last day."""

    label: str
    first: dt.date
    last: dt.date


def money_parts(asked: Asked, folder: Path) -> dict[str, Any]:
    """Return the parts that tell of money and posts, as fields of the result.

    Parameters
    ----------
    asked
        What they are made from.
    folder
        Where relative paths in the study file start.

    Returns
    -------
    dict
        officers, officers_by_role, cost_per_stage, _funders, spend_year, funding, testing_funding, sensitivity,
        funding_notes.
    """
    year = asked.part("funders", partial(_year, asked))
    if year is None:
        asked.leave_out("cost_per_stage", asked.not_told["funders"])
    notes: dict[str, tuple[str, ...]] = {}
    shared = {name: _funding(asked, name, folder, notes) for name in ("funding", "testing_funding")}
    return {
        "officers": asked.part("officers", partial(_officers, asked)),
        "officers_by_role": _officers_by_role(asked),
        "cost_per_stage": None if year is None else asked.part("cost_per_stage", partial(_per_stage, asked, year)),
        "_funders": None if year is None else _funders(asked, year),
        "spend_year": "" if year is None else year.label,
        "sensitivity": {name: found.sensitivity() for name, found in shared.items() if found is not None},
        "funding_notes": notes,
        **shared,
    }


def _officers(asked: Asked) -> Any:
    from dipeval.indicators import officer_time

    return officer_time(_staffing(asked), by="district")


def _officers_by_role(asked: Asked) -> Mapping[str, Any]:
    """Role -> its posts and time, those that test first: the time of officers is no time of drugs workers."""
    from dipeval.indicators import officer_time

    if "officers" in asked.not_told:
        return MappingProxyType({})
    staffing = _staffing(asked)
    roles = sorted(set(staffing["role"].dropna().astype(str))) if "role" in staffing.columns else []
    testing = roles_that_test(roles)
    ordered = [*testing, *(role for role in roles if role not in testing)]
    return MappingProxyType({role: officer_time(staffing, by="district", roles=role) for role in ordered})


def _staffing(asked: Asked) -> pd.DataFrame:
    asked.needs("staffing")
    staffing: pd.DataFrame = asked.loaded.extracts.table("staffing")
    told = staffing["period"].astype(str).isin(asked.periods)
    # Staffing may be told by years: then all of it is.
    return staffing[told] if told.any() else staffing


def spending(asked: Asked) -> pd.DataFrame:
    """The table of spending, with districts that are not stated named so."""
    asked.needs("spend")
    spend = asked.loaded.extracts.table("spend")
    if spend.empty:
        raise InputError("The table of spending holds no line.")
    named = spend["district"].astype("object") if "district" in spend.columns else pd.Series(None, index=spend.index)
    return spend.assign(district=named.where(named.notna(), NOT_STATED))


def _year(asked: Asked) -> SpendYear:
    from dipeval.indicators.measuring.periods import year_span

    spans = {label: year_span(label) for label in spending(asked)["financial_year"].astype(str).unique()}
    until = asked.loaded.extracts.extract_date
    covered = [
        SpendYear(label=label, first=_april(days[0]), last=_march(days[0]))
        for label, days in spans.items()
        if days is not None and _march(days[0]) <= pd.Timestamp(until).date()
    ]
    if not covered:
        raise InputError("No financial year of the spending is covered by the records to its end.")
    return max(covered, key=lambda year: (year.first, year.label))


def _april(day: dt.date) -> dt.date:
    """First day of a financial year; a year written as 2013 is the one that begins in it."""
    return dt.date(day.year, 4, 1)


def _march(day: dt.date) -> dt.date:
    return dt.date(day.year + 1, 3, 31)


def _in_year(asked: Asked, year: SpendYear) -> pd.DataFrame:
    from dipeval.indicators.measuring.periods import year_span

    spend = spending(asked)
    begins = [_begins(year_span(label)) for label in spend["financial_year"].astype(str)]
    return spend[[begin == year.first.year for begin in begins]]


def _begins(days: tuple[dt.date, dt.date] | None) -> int | None:
    return None if days is None else days[0].year


def _funders(asked: Asked, year: SpendYear) -> pd.DataFrame:
    """District, funder, amount and the funder's share of the district's sum; first the whole area."""
    from dipeval.indicators.measuring.frames import ALL_DISTRICTS

    lines = _in_year(asked, year)
    if "funder" not in lines.columns:
        lines = lines.assign(funder=NOT_STATED)
    parts = [lines.assign(district=ALL_DISTRICTS), lines]
    frames = [
        part.assign(funder=part["funder"].fillna(NOT_STATED))
        .groupby(["district", "funder"], as_index=False, sort=True)["amount"]
        .sum()
        for part in parts
    ]
    frame = pd.concat(frames, ignore_index=True)
    total = frame.groupby("district")["amount"].transform("sum")
    return frame.assign(amount=frame["amount"].astype("float64"), share=(frame["amount"] / total).astype("float64"))


def _per_stage(asked: Asked, year: SpendYear) -> Any:
    from dipeval.indicators import pathway
    from dipeval.roi import cost_per_stage

    asked.needs("drug_tests", "contacts")
    counts = pathway(
        asked.loaded.extracts,
        asked.loaded.linkage,
        by="district",
        counting="period",
        date_from=year.first,
        date_to=year.last,
        count_referred_on=asked.spec.indicators.count_referred_on,
        engine=asked.loaded.engine,
    )
    return cost_per_stage(_in_year(asked, year), counts)


def _funding(asked: Asked, section: str, folder: Path, notes: dict[str, tuple[str, ...]]) -> FundingAllocation | None:
    chosen: FundingSpec | None = getattr(asked.spec, section)
    if chosen is None:
        asked.leave_out(section, f"The study file gives no budget to share out ([{section}]).")
        return None
    found = asked.part(section, partial(_allocated, asked, chosen, folder), key=section)
    if found is None:
        return None
    allocation, notes[section] = found
    return allocation


def _allocated(asked: Asked, chosen: FundingSpec, folder: Path) -> tuple[FundingAllocation, tuple[str, ...]]:
    from dipeval.indicators import allocate_funding

    frame, notes = measures_of(asked, chosen, folder)
    previous = chosen.previous
    if previous == "spend" and previous not in frame.columns:
        frame, previous = frame.merge(_previous(asked, chosen), on="district", how="left"), "previous"
    allocation = allocate_funding(
        frame,
        area="district",
        budget=chosen.budget,
        need=chosen.need,
        floor=chosen.floor,
        ceiling=chosen.ceiling,
        previous=previous,
        max_fall=chosen.max_fall,
        max_rise=chosen.max_rise,
        per=chosen.per,
    )
    return allocation, notes


def _previous(asked: Asked, chosen: FundingSpec) -> pd.DataFrame:
    """What each district got in the financial year before, from the table of spending: district, previous."""
    from dipeval.indicators.measuring.periods import year_span

    spend = spending(asked)
    begins = pd.Series([_begins(year_span(label)) for label in spend["financial_year"].astype(str)], index=spend.index)
    asked_for = None if chosen.financial_year is None else _begins(year_span(chosen.financial_year))
    earlier = begins[begins < asked_for] if asked_for is not None else begins
    if earlier.dropna().empty:
        raise InputError("previous: the table of spending has no year before the one that is shared out.")
    lines = spend[begins == earlier.max()]
    if chosen.funder is not None:
        funders = sorted(map(str, lines["funder"].dropna().unique())) if "funder" in lines.columns else []
        if chosen.funder not in funders:
            near = did_you_mean(chosen.funder, funders)
            raise InputError(
                f"funder: nobody named '{chosen.funder}' paid in that year{near}; the funders are "
                f"{', '.join(funders) or 'not stated'}."
            )
        lines = lines[lines["funder"] == chosen.funder]
    return lines.groupby("district", as_index=False)["amount"].sum().rename(columns={"amount": "previous"})
