"""What the sections of a study file share: strict types, no unknown keys, nothing changed once read."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
PositiveFloat = Annotated[float, Field(gt=0)]
PositiveInt = Annotated[int, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
Words = Annotated[str, Field(min_length=1)]
Probability = Annotated[float, Field(ge=0.001, le=1)]


class Section(BaseModel):
    """What every section shares: unknown keys are mistakes, types are those of TOML, nothing changes once read.

    TOML's ``inf`` and ``nan`` are no numbers here: no limit is left out by naming an endless one.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
