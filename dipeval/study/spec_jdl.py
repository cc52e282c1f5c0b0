"""The section on an analysis in the style of the Justice Data Lab."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dipeval.study.spec_base import PositiveFloat, PositiveInt, Section, Words


class JdlStyleSpec(Section):
    """`[jdl_style]`: rate, frequency and time to first in the style of the Justice Data Lab, beside the main answer.

    Its caliper was not found, so that ``radius`` has no default. The covariates are those of the primary design.
    """

    radius: PositiveFloat
    radius_unit: Literal["sd", "sd_pooled", "raw"] = "sd"
    scale: Literal["logit", "probability"] = "logit"
    exact: list[Words] = []
    se: Literal["hc0", "count"] = "hc0"
    worthwhile: Annotated[float, Field(gt=0, le=1)] = 0.1
    minimum_people: PositiveInt = 60
    minimum_matched: PositiveInt = 30
    submitted: PositiveInt | None = None
    override_reason: str = ""
