"""The analysis of a study as one small value that can be run again on people whose treatment or outcome is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import signature
from types import MappingProxyType
from typing import Any

import pandas as pd

from dipeval.effects.asked import mapping_asked, names_asked
from dipeval.effects.effect import Effect
from dipeval.effects.estimate import estimate_effect
from dipeval.effects.measures import OF_TIMES, horizon_needed
from dipeval.errors import InputError
from dipeval.matching import Design, match, propensity, weight
from dipeval.matching.formula import formula_columns
from dipeval.matching.options import METHODS as MATCHINGS
from dipeval.matching.weight_options import METHODS as WEIGHTINGS
from dipeval.vocabulary import TREATED

# Options whose value is one column, a list of columns, or a table of column to value.
_COLUMNS = ("exact", "anti_exact", "covariate_calipers", "mahalanobis", "cutpoints", "references", "sample_weights")
_PASSED_ON = ("formula", "references", "measured_at")


def make_groups_comparable(
    people: Any,
    *,
    covariates: Sequence[str],
    method: str,
    options: Mapping[str, Any],
    score: Mapping[str, Any] | None = None,
) -> Design:
    """Make one design by `match` or `weight`, whichever has the method: the same for a study and for its repetitions.

    Parameters
    ----------
    people
        One row a person with a column ``treated``, or a cohort.
    covariates
        Columns to be made alike on.
    method
        Of `match` or of `weight`.
    options
        Further options of that function.
    score
        Options of `propensity` (``learner``, ``folds``, ``seed``) where another model than the logistic one gives the
        score; formula and reference levels are taken from ``options``. None for the logistic model.

    Returns
    -------
    Design
    """
    make = match if method in MATCHINGS else weight
    given = dict(options)
    _known(make, "options", given)
    if score is not None:
        _known(propensity, "score", score)
        # The model has the formula and the reference levels; a weighting has the sample weights itself as well.
        shared = {name: given[name] for name in (*_PASSED_ON, "sample_weights") if name in given}
        given["score"] = propensity(people, treated=TREATED, covariates=list(covariates), **shared, **score)
    return make(people, treated=TREATED, covariates=list(covariates), method=method, **given)


def _known(function: Callable[..., object], option: str, given: Mapping[str, Any]) -> None:
    known = signature(function).parameters
    unknown = [str(name) for name in mapping_asked(option, given, "option") if name not in known]
    if unknown:
        raise InputError(
            f"{option}= names {', '.join(unknown)}, which is no option of dip.{function.__name__}; its options are "
            f"{', '.join(known)}."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignAnalysis:
    """Make the groups comparable and estimate the effect, again and again: what `propagate_linkage` runs.

    Parameters
    ----------
    covariates
        Columns that the groups are made alike on.
    outcome
        Column of the outcome; for a time to an event, of whether it happened (0/1).
    measure
        As in `estimate_effect`.
    method
        Any method of `match` or of `weight`.
    options
        Further options of that function, such as ``caliper``.
    score
        Options of `propensity`, such as ``learner``, where another model than the logistic one gives the score; None
        for the logistic model. The model is fitted again in each run.
    estimation
        Further options of `estimate_effect`, such as ``estimator`` and ``std_error``; for a time to an event the column
        of the ``time``, and for days free of the event the ``horizon``, which must be the same in every run.

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
    score: Mapping[str, Any] | None = None
    estimation: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        """Check the method, and that there is something to make the groups alike on."""
        if self.method not in (*MATCHINGS, *WEIGHTINGS):
            known = ", ".join((*MATCHINGS, *WEIGHTINGS))
            raise InputError(f"method must be one of {known}; got {self.method!r}.")
        object.__setattr__(self, "covariates", names_asked("covariates", self.covariates))
        for name in ("options", "estimation"):
            mapping_asked(name, getattr(self, name), "option")
        if needed := horizon_needed(self.measure, self.estimation):
            raise InputError(f"estimation= {needed}")
        if not self.covariates:
            raise InputError("DesignAnalysis needs covariates: the columns on which the groups are made alike.")

    @property
    def needs(self) -> tuple[str, ...]:
        """Every column of the people that the design reads, by whatever option it is named."""
        named: list[str] = [*self.covariates]
        for option in _COLUMNS:
            given = self.options.get(option) or ()
            named += [given] if isinstance(given, str) else list(given)
        return tuple(dict.fromkeys([*named, *formula_columns(tuple(self.covariates), self.options.get("formula"))]))

    def __call__(self, people: pd.DataFrame) -> Effect:
        """Return the effect among these people: one row a person, treated, outcome and covariates as columns."""
        # The outcome stays outside: the design is made from the named columns only.
        design = make_groups_comparable(
            people[[TREATED, *self.needs]],
            covariates=self.covariates,
            method=self.method,
            options=self.options,
            score=self.score,
        )
        if self.measure in OF_TIMES:
            event = {"event": self.outcome} | dict(self.estimation)
            return estimate_effect(design, people, measure=self.measure, outcome_name=self.outcome, **event)
        return estimate_effect(
            design, people[self.outcome], measure=self.measure, outcome_name=self.outcome, **self.estimation
        )
