"""What `weight` can be asked for: the options and their checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dipeval.errors import InputError
from dipeval.matching.options import as_given

METHODS: dict[str, tuple[str, ...]] = {
    "entropy": ("ATT", "ATC", "ATE"),
    "ipw": ("ATT", "ATC", "ATE"),
    "overlap": ("ATO",),
    "matching_weights": ("ATM",),
    "none": ("ATT", "ATC", "ATE"),
}
OWN_ESTIMAND = {"overlap": "ATO", "matching_weights": "ATM"}  # of methods that can give no other
LEAST_QUANTILE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightOptions:
    """What `weight` was asked for; every value has been checked."""

    method: str
    estimand: str
    moments: int
    stabilise: bool
    truncate: float | None
    trim: str
    sample_weights: str | None

    def __post_init__(self) -> None:
        """Refuse values that cannot be used, and options that would be passed over in silence."""
        _refuse_unknown(self.method, self.estimand)
        whole = isinstance(self.moments, (int, np.integer)) and not isinstance(self.moments, bool)
        if not whole or self.moments not in (1, 2):
            raise InputError(f"moments must be 1 (means) or 2 (means and variances); it is {as_given(self.moments)}.")
        if self.moments != 1 and self.method != "entropy":
            raise InputError(f"moments= means nothing to method='{self.method}'; it is for entropy. Leave it out.")
        if not isinstance(self.stabilise, (bool, np.bool_)):
            raise InputError(f"stabilise must be True or False; it is {as_given(self.stabilise)}.")
        if self.stabilise and (self.method, self.estimand) != ("ipw", "ATE"):
            raise InputError("stabilise= is for method='ipw' with estimand='ATE' only. Leave it out.")
        if self.truncate is not None:
            self._truncate(self.truncate)
        if self.sample_weights is not None and not isinstance(self.sample_weights, str):
            raise InputError(
                "sample_weights must be the name of one column of people; it is a "
                f"{type(self.sample_weights).__name__}. Put the weights into a column of people first and name that."
            )

    def _truncate(self, quantile: Any) -> None:
        if not isinstance(quantile, (float, np.floating)) or not LEAST_QUANTILE <= quantile < 1:
            raise InputError(
                f"truncate must be a quantile from 0.5 to below 1, such as 0.99: larger weights are set to it; it is "
                f"{as_given(quantile)}."
            )
        if self.method != "ipw":
            raise InputError(
                f"truncate= is for method='ipw'; the weights of method='{self.method}' would lose what they were made "
                "for. Leave it out, or leave people out with trim=."
            )


def _refuse_unknown(method: str, estimand: str) -> None:
    for name, value in (("method", method), ("estimand", estimand)):
        if not isinstance(value, str):
            raise InputError(f"{name} must be a word, such as 'entropy' or 'ATT'; it is {as_given(value)}.")
    if method not in METHODS:
        raise InputError(
            f"weight has the methods {', '.join(METHODS)}; {method!r} is unknown. Pairs are made by dip.match."
        )
    if estimand not in METHODS[method]:
        owner = {own: name for name, own in OWN_ESTIMAND.items()}.get(estimand)
        hint = "" if owner is None else f" The {estimand} is what method='{owner}' estimates."
        raise InputError(
            f"weight(method='{method}') estimates the {' or '.join(METHODS[method])}; {estimand!r} is not built for it."
            f"{hint}"
        )
