"""What the inputs of the sum are called, in code and in words, and what each of them can be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from dipeval.vocabulary import label

# The scalar inputs, and the range outside which each has no meaning: what a distribution puts there is cut off.
LIMITS: Final[Mapping[str, tuple[float, float]]] = {
    "effect": (-math.inf, math.inf),
    "recorded_per_proven": (0.0, math.inf),
    "attribution": (0.0, 1.0),
    "unit_cost_factor": (0.0, math.inf),
    "cost_factor": (0.0, math.inf),
    "drop_off": (0.0, 1.0),
    "optimism_bias": (0.0, math.inf),
}
MULTIPLIER: Final = "actual_per_recorded"
# Uncertain inputs that are not one number: the mix of offences; how an effect by group splits, its total held.
VECTORS: Final = ("mix", "split")

LABELS: Final[Mapping[str, str]] = {
    "effect": "Offences averted per person",
    "recorded_per_proven": "Recorded crimes for each proven reoffence",
    "attribution": "Share of the effect that is this programme's",
    "unit_cost_factor": "Unit costs of crime, against those of the table",
    "cost_factor": "Spending, against that stated",
    "drop_off": "Share of the effect lost with each further year",
    "optimism_bias": "Share by which the spending is raised",
    MULTIPLIER: "Actual crimes for each recorded one",
    "mix": "Which offences were averted",
    "split": "How the offences averted split over the groups",
}


def label_of(name: str) -> str:
    """Return the words for an input.

    Examples
    --------
    >>> label_of("actual_per_recorded:shoplifting")
    'Actual crimes for each recorded one: shoplifting'
    """
    name, _, group = name.partition(":")
    return f"{LABELS[name]}: {label(group).lower()}" if group else LABELS[name]
