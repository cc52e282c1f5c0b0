"""The analysis of a study as one small value that can be run again on people whose treatment or outcome is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pandas as pd

from dipeval.effects.effect import Effect
from dipeval.effects.estimate import estimate_effect
from dipeval.errors import InputError
from dipeval.matching import match, weight
from dipeval.vocabulary import TREATED

WEIGHTINGS = ("entropy", "ipw", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignAnalysis:
    """Make the groups comparable and estimate the effect, again and again: what `propagate_linkage` runs.

    Parameters
    ----------
    covariates
        Columns that the groups are made alike on.
    outcome
        Column of the outcome.
    measure
        As in `estimate_effect`.
    method
        ``nearest`` (`match`) or ``entropy``, ``ipw``, ``none`` (`weight`).
    options
        Further options of that function, such as ``caliper``.

    Raises
    ------
    InputError
        If there is no covariate and the method needs some.

    Examples
    --------
    >>> people = pd.DataFrame({"treated": [1, 1, 1, 0, 0, 0], "age": [20, 30, 41, 22, 29, 40],
    ...                        "reoffended": [0, 1, 0, 1, 1, 0]})
    >>> analysis = DesignAnalysis(covariates=("age",), outcome="reoffended", method="none")
    >>> round(analysis(people).estimate, 3)
    -0.333
    """

    covariates: Sequence[str]
    outcome: str
    measure: str = "risk_difference"
    method: str = "entropy"
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        """Check the method, and that there is something to make the groups alike on."""
        if self.method not in ("nearest", *WEIGHTINGS):
            raise InputError(f"method must be nearest, {', '.join(WEIGHTINGS)}; got {self.method!r}.")
        object.__setattr__(self, "covariates", tuple(self.covariates))
        if not self.covariates:
            raise InputError("DesignAnalysis needs covariates: the columns on which the groups are made alike.")

    @property
    def needs(self) -> tuple[str, ...]:
        """Every column of the people that the design reads: the covariates, and those that are matched exactly."""
        return tuple(dict.fromkeys((*self.covariates, *self.options.get("exact", ()))))

    def __call__(self, people: pd.DataFrame) -> Effect:
        """Return the effect among these people: one row a person, treated, outcome and covariates as columns."""
        # The outcome stays outside: the design is made from the named columns only.
        columns = people[[TREATED, *self.needs]]
        make = match if self.method == "nearest" else weight
        design = make(columns, treated=TREATED, covariates=list(self.covariates), method=self.method, **self.options)
        return estimate_effect(design, people[self.outcome], measure=self.measure, outcome_name=self.outcome)
