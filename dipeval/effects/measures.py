"""The measures an effect is given in: which outcomes each suits, and the scale on which its interval is made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from dipeval.vocabulary import label

RATIOS: Final = ("risk_ratio", "odds_ratio", "rate_ratio", "hazard_ratio")
# Measures of a yes/no outcome, whose means are shares.
OF_SHARES: Final = ("risk_difference", "risk_ratio", "odds_ratio")
# Measures of a count over the time at risk, whose means are rates.
OF_RATES: Final = ("rate_ratio",)
OF_MEANS: Final = ("mean_difference",)
# Measures of a time to an event; those of days have means, a hazard ratio has none.
OF_DAYS: Final = ("rmst_difference",)
OF_TIMES: Final = ("hazard_ratio", *OF_DAYS)
# What they are called in a message.
TIMED_WORDS: Final[dict[str, str]] = {
    "hazard_ratio": "a hazard ratio",
    "rmst_difference": "a difference in days free of the event",
}
MEASURES: Final = (*OF_SHARES, *OF_MEANS, *OF_RATES, *OF_TIMES)


def contrast(measure: str, mean_treated: float, mean_comparison: float) -> float:
    """Return the contrast of two means on the scale where its interval is made: a difference, or a logarithm.

    Parameters
    ----------
    measure
        Any of ``MEASURES`` but the hazard ratio.
    mean_treated, mean_comparison
        Shares, means or rates.

    Returns
    -------
    float

    Examples
    --------
    >>> contrast("risk_difference", 0.4, 0.5) == 0.4 - 0.5, round(contrast("odds_ratio", 0.4, 0.5), 6)
    (True, -0.405465)
    """
    if measure == "odds_ratio":
        return math.log(mean_treated / (1 - mean_treated)) - math.log(mean_comparison / (1 - mean_comparison))
    if measure in RATIOS:
        return math.log(mean_treated / mean_comparison)
    return mean_treated - mean_comparison


def slope(measure: str, mean: float) -> float:
    """Return how fast the contrast moves with one of its means (delta method): 1, 1/m, or 1/(m(1 - m)).

    Examples
    --------
    >>> slope("mean_difference", 3.0), slope("risk_ratio", 0.5), slope("odds_ratio", 0.5)
    (1.0, 2.0, 4.0)
    """
    if measure == "odds_ratio":
        return 1 / (mean * (1 - mean))
    return 1 / mean if measure in RATIOS else 1.0


def shown(measure: str, centre: float) -> float:
    """Return a value on the scale of its interval as it is shown: ratios are exponentiated.

    Examples
    --------
    >>> shown("risk_ratio", 0.0), shown("risk_difference", -0.1)
    (1.0, -0.1)
    """
    return math.exp(centre) if measure in RATIOS else centre


def null_value(measure: str) -> float:
    """Return what a measure is when both groups fare alike: 0 for a difference, 1 for a ratio."""
    return 1.0 if measure in RATIOS else 0.0


def horizon_needed(measure: str, estimation: Mapping[str, Any]) -> str:
    """Say what is lacking where one question is answered by several designs; nothing where all is there.

    Examples
    --------
    >>> horizon_needed("rmst_difference", {"horizon": 365}), horizon_needed("risk_difference", {})
    ('', '')
    """
    if measure not in OF_DAYS or estimation.get("horizon") is not None:
        return ""
    return (
        "must name the horizon of a difference in days, such as {'time': 'time_days', 'event': 'event', "
        "'horizon': 365}: left to each design, the answers would be to different questions."
    )


def in_words(measure: str) -> str:
    """Return the words for a measure."""
    return label(measure)
