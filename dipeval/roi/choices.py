"""The choices shown in the tornado beside the uncertain inputs: each as the two sums it leads to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from dipeval.roi.costs_of_crime.worth import Worth
from dipeval.roi.drawing import Central
from dipeval.roi.steps import Switched, published, without_uplift
from dipeval.roi.tornado import Switch

RATES: Final = (0.015, 0.05)
NOTE_RATE: Final = "A choice, not a range of belief: from the rate for health effects to a high one."
NOTE_ANTICIPATION: Final = "A choice: without and with costs in anticipation of crime; the publisher leaves them out."
NOTE_PUBLISHED: Final = (
    "A choice, off in the answer: with the published multipliers from recorded to actual crime, as if each proven "
    "reoffence were one recorded crime."
)
NOTE_CHOSEN: Final = "A choice, on in the answer: without and with the multipliers."
NOTE_YEARS: Final = "A choice, on in the answer: without and with the years beyond the follow-up."


def choices(
    central: Central,
    worth: Worth,
    on: Switched,
    *,
    at_rate: Callable[[float], Central] | None,
    discount_rate: float,
    perspective: str = "social",
) -> tuple[Switch, ...]:
    """Return the choices that bear on the answer; the discount rate only where something is discounted (`at_rate`)."""
    found = []
    if at_rate is not None:
        low, high = RATES
        found.append(
            Switch(
                input="discount_rate",
                label="Discount rate",
                low=at_rate(low),
                high=at_rate(high),
                value=discount_rate,
                low_value=low,
                high_value=high,
                note=NOTE_RATE,
            )
        )
    if (
        perspective == "social"
        and not np.isnan(worth.social_without).any()
        and (worth.social_with != worth.social_without).any()
    ):
        low_end, high_end = (_valued(central, one) for one in (worth.social_without, worth.social_with))
        found.append(
            Switch(
                input="anticipation",
                label="Costs in anticipation of crime",
                low=low_end,
                high=high_end,
                note=NOTE_ANTICIPATION,
            )
        )
    if on.multipliers:
        plain = without_uplift(central, within=False)
        found.append(Switch(input="multipliers", label="Multipliers", low=plain, high=central, note=NOTE_CHOSEN))
    elif not np.isnan(worth.multiplier).all():
        found.append(
            Switch(
                input="multipliers",
                label="Multipliers",
                low=central,
                high=_published(central, worth),
                note=NOTE_PUBLISHED,
            )
        )
    if on.years:
        plain = without_uplift(central, plain=False)
        label = "Years beyond the follow-up"
        found.append(Switch(input="extrapolate_years", label=label, low=plain, high=central, note=NOTE_YEARS))
    return tuple(found)


def _published(central: Central, worth: Worth) -> Central:
    return replace(central, actual_per_recorded=published(worth))


def _valued(central: Central, social: np.ndarray) -> Central:
    return replace(central, worth={**central.worth, "social": social})
