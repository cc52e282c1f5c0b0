"""The view of one district: its rows of what is counted already, so that 43 reports cost one run."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.indicators.grouping import EVERYONE
from dipeval.indicators.measuring.frames import ALL_DISTRICTS

if TYPE_CHECKING:
    from dipeval.study.quarterly.result import QuarterlyResult

# Not counted by district: shown as they are, and named so.
WHOLE_AREA: Final = (
    "growth",
    "offence_link",
    "concentration",
    "hours",
    "adult_transition",
    "age_structure",
    "entry_yield",
)
# Compare districts: a view holds all of them.
COMPARES: Final = ("benchmarks", "funding", "testing_funding")
_BY_GROUP: Final = ("accuracy", "pathway", "seen", "cost_per_stage")


def district_view(result: QuarterlyResult, name: str) -> QuarterlyResult:
    """Return the view of one district (`QuarterlyResult.for_district`).

    Parameters
    ----------
    result
        Of the whole area, or the view of another district of the same run.
    name
        A district of it.

    Returns
    -------
    QuarterlyResult
    """
    not_told = dict(result.not_told)
    parts: dict[str, Any] = {part: _of_group(getattr(result, part), name) for part in _BY_GROUP}
    parts["officers"] = _of_group(result.officers, name, whole="all")
    by_role = {role: _of_group(found, name, whole="all") for role, found in result.officers_by_role.items()}
    charts = {key: chart for key, chart in result.charts.items() if key[1] == name}
    told = {part: getattr(result, part) is not None for part in parts} | {"charts": bool(result.charts)}
    there = {part: value is not None for part, value in parts.items()} | {"charts": bool(charts)}
    for part, was in told.items():
        if was and not there[part]:
            not_told[part] = f"Nothing is counted for {name} here."
    quality, paid = result.quality, result.funders
    paid = None if paid is None else paid[paid["district"] == name].reset_index(drop=True)
    if result.funders is not None and (paid is None or paid.empty):
        paid, not_told["funders"] = None, f"No spending is on record for {name}."
    return replace(
        result,
        district=name,
        indicators=result.indicators.for_district(name),
        charts=MappingProxyType(charts),
        officers_by_role=MappingProxyType({role: found for role, found in by_role.items() if found is not None}),
        not_told=MappingProxyType(not_told),
        whole_area=tuple(part for part in WHOLE_AREA if getattr(result, part) is not None),
        _quality=quality[quality["district"].isin([name, ALL_DISTRICTS])].reset_index(drop=True),
        _funders=paid,
        **parts,
    )


def _of_group(part: Any, name: str, whole: str = EVERYONE) -> Any:
    """A part broken down by district, with the rows of one district as those of everyone; None if it has none."""
    if part is None:
        return None
    frame: pd.DataFrame = part.to_frame()
    if part.by != "district":
        return part
    own = frame[frame["group"] == name]
    if own.empty:
        return None
    return replace(part, by=None, _frame=own.assign(group=whole).reset_index(drop=True))
