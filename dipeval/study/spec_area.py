"""The section on areas: where the panel stands, which column is what, and which areas are compared."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dipeval.study.spec_base import Count, PositiveFloat, Section, Words


class AreaEffectSpec(Section):
    """`[area_effect]`: what happened in areas once they had the programme, from a table of areas and periods.

    One row an area and period; ``treated_from`` (and ``treated_until`` for areas that left) are columns that say the
    same in every row of an area, and nothing for areas without the programme.
    """

    file: Words
    label: Words
    area: Words = "area"
    period: Words = "period"
    outcome: Words = "outcome"
    treated_from: Words = "treated_from"
    treated_until: Words | None = None
    at_risk: Words | None = None
    per: PositiveFloat = 1.0
    weights: Words | None = None
    compare_with: Literal["not_yet_treated", "never_treated"] = "not_yet_treated"
    anticipation: Count = 0
    measure: Literal["difference", "log_ratio"] = "difference"
    on_gaps: Literal["refuse", "drop_area"] = "refuse"
    error: Literal["auto", "wild_cluster", "permutation"] = "auto"
    draws: Annotated[int, Field(ge=99, le=99_999)] = 999
