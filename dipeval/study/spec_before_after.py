"""The section about offending before and after: which windows are counted, and how people came to be in the data."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from dipeval.study.spec_base import Count, PositiveInt, Section

_AT_LEAST = re.compile(r"at_least:[1-9]\d*")


def _selection(value: Any) -> str:
    if value in ("none", "at_least_one") or (isinstance(value, str) and _AT_LEAST.fullmatch(value)):
        return str(value)
    raise ValueError('needed is "none", "at_least_one" or "at_least:3" (any whole number from 1)')


class BeforeAfterSpec(Section):
    """`[before_after]`: offences before and after, beside what would be seen without any effect (days)."""

    days: PositiveInt = 365
    earlier_windows: Annotated[int, Field(ge=0, le=9)] = 2
    count_index: bool = False
    gap_days: Count = 0
    selection: Annotated[str, BeforeValidator(_selection)] = "none"
    similar: Annotated[float, Field(ge=0, lt=1)] = 0.0
    sharp: Annotated[float, Field(ge=0, lt=10)] = 0.25
