"""The section about time to an event: what is shown beside curve and hazard ratio, and what is worked out if asked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from dipeval.study.spec_base import PositiveFloat, PositiveInt, Section

Family = Literal["lognormal", "weibull", "loglogistic", "exponential"]
OtherCause = Literal["death", "custody"]
OTHER_CAUSES: tuple[OtherCause, ...] = ("death", "custody")


def _causes(value: Any) -> Any:
    """Say once what the key takes, rather than once for yes or no and once for a list."""
    if isinstance(value, bool) or (isinstance(value, list) and all(cause in OTHER_CAUSES for cause in value)):
        return value
    raise ValueError('needed is true or false (no quotes), or a list of "death" and "custody"')


class TimeToEventSpec(Section):
    """`[time_to_event]`: what is told of the time outcome (the primary one, else the first), beside its curve."""

    mark: PositiveFloat | None = None
    horizon: PositiveFloat | None = None
    rho: Annotated[float, Field(ge=0, le=10)] = 0.0
    proportional_hazards: Literal["km", "rank", "identity", "log"] = "km"
    competing: Annotated[bool | list[OtherCause], BeforeValidator(_causes)] = False
    subdistribution: bool = False
    repeat: bool = False
    split_population: list[Family] = []
    clocks: list[Literal["calendar", "street"]] = []
    audit: bool = False
    landmarks: Annotated[list[PositiveInt], Field(min_length=1)] = [28, 56, 91]

    @property
    def other_causes(self) -> tuple[OtherCause, ...]:
        """What else can happen first, as far as it is told apart from the end of observation."""
        if isinstance(self.competing, bool):
            return OTHER_CAUSES if self.competing else ()
        return tuple(cause for cause in OTHER_CAUSES if cause in self.competing)
