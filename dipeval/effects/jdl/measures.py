"""The headline measures in the style of the Justice Data Lab: rate, frequency, and time to first among reoffenders.

All three are differences of weighted means over one radius design. The time is a mean among those who reoffended, with
their weights in the whole comparison: it selects on the outcome, which is why a curve of everybody goes with it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final

import pandas as pd
from scipy.stats import norm

from dipeval.effects.effect import Effect
from dipeval.effects.estimate import estimate_effect, make_effect, make_request
from dipeval.effects.estimators import weighted
from dipeval.effects.jdl.rule import JdlColumns, JdlRule
from dipeval.effects.jdl.words import (
    FREQUENCY,
    HIGHER,
    LOWER,
    NOT_MEASURED,
    RATE,
    TIME,
    UNCLEAR,
    UNDERPOWERED,
    WITHHELD,
)
from dipeval.effects.joining import refuse_unfit
from dipeval.effects.request import EstimateOptions
from dipeval.errors import EstimationError, InputError
from dipeval.matching import Design
from dipeval.survival import Curve, kaplan_meier

KINDS: Final = (RATE, FREQUENCY, TIME)
MEASURES: Final = {RATE: "risk_difference", FREQUENCY: "mean_difference", TIME: "mean_difference"}
NOT_ASKED: Final = "it is not among the outcomes"
NOT_LOOKED_AT: Final = "the outcomes were not looked at"
PLAIN_WORDS: Final = (
    "from the number of different people in each group (the weights not allowed for: too small where they are unequal)"
)
AMONG: Final = "the difference among people who reoffended, compared with the weights of the whole comparison"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JdlMeasure:
    """One headline measure.

    Parameters
    ----------
    kind
        "rate", "frequency" or "time".
    column
        Where it was taken from.
    effect
        The difference of the weighted means; None where there is none.
    verdict
        "lower", "higher", "not_significant", "underpowered", "withheld" or "not_measured".
    minimum_detectable
        Smallest true difference that an error of this size would probably have found; missing where there is none.
    why_not
        Why there is no effect.
    unit
        Of a time.
    """

    kind: str
    column: str
    effect: Effect | None
    verdict: str
    minimum_detectable: float = math.nan
    why_not: str = ""
    unit: str = "days"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Among:
    """A design's own weights, for some of its people."""

    weights: pd.Series
    treated: pd.Series
    estimand_in_words: str
    fingerprint: str
    method: str
    clusters: None = None
    estimand: str = "ATT"


def withheld_measures(columns: JdlColumns) -> tuple[JdlMeasure, ...]:
    """Return the three measures without a figure: no outcome was looked at."""
    named = (columns.reoffended, columns.n_reoffences or "", columns.time or "")
    return tuple(
        JdlMeasure(kind=kind, column=column, effect=None, verdict=WITHHELD, why_not=NOT_LOOKED_AT)
        for kind, column in zip(KINDS, named, strict=True)
    )


def headline_measures(
    design: Design, outcomes: pd.DataFrame, columns: JdlColumns, rule: JdlRule
) -> tuple[JdlMeasure, ...]:
    """Estimate the three headline measures.

    Parameters
    ----------
    design
        By radius, made without sight of the outcomes.
    outcomes
        One row a person, on the index of the design's people.
    columns, rule
        Where the measures stand, and how they are made.

    Returns
    -------
    tuple of JdlMeasure
        Rate, frequency, time; one that cannot be estimated says why.
    """
    rate = _measure(RATE, design, _column(outcomes, columns.reoffended), rule)
    frequency = _absent(FREQUENCY)
    if columns.n_reoffences is not None:
        frequency = _measure(FREQUENCY, design, _column(outcomes, columns.n_reoffences), rule)
    if columns.time is None or columns.event is None:
        return rate, frequency, _absent(TIME)
    times, events = _column(outcomes, columns.time), _column(outcomes, columns.event)
    among = _among_reoffenders(design, times, events)
    return rate, frequency, replace(_measure(TIME, among, times, rule), unit=columns.time_unit)


def curve_of(design: Design, outcomes: pd.DataFrame, columns: JdlColumns, level: float) -> Curve | None:
    """Return the Kaplan-Meier curves of the two groups with the design's weights; None where none can be made.

    Parameters
    ----------
    design, outcomes, columns
        As in `headline_measures`.
    level
        Coverage of the limits.

    Returns
    -------
    Curve or None
        None without a time, or where nobody in one of the groups reoffended.
    """
    if columns.time is None or columns.event is None:
        return None
    weights = design.weights
    used = weights.index[weights.to_numpy() > 0]
    table = outcomes[[columns.time, columns.event]].reindex(used)
    table = table.assign(treated=design.treated.loc[used].astype("int64"), weight=weights.loc[used].astype("float64"))
    names: dict[str, Any] = {"time": columns.time, "event": columns.event, "by": "treated", "weights": "weight"}
    try:
        return kaplan_meier(table, level=level, time_unit=columns.time_unit, **names)
    except EstimationError:
        return None


def _column(outcomes: pd.DataFrame, name: str) -> pd.Series:
    if name not in outcomes.columns:
        present = ", ".join(map(str, outcomes.columns))
        raise InputError(
            f"The outcomes have no column '{name}'; they have: {present}. Name it (reoffended=, n_reoffences=, time=, "
            "event=), or None for a measure that was not taken."
        )
    return outcomes[name]


def _absent(kind: str) -> JdlMeasure:
    return JdlMeasure(kind=kind, column="", effect=None, verdict=NOT_MEASURED, why_not=NOT_ASKED)


def _among_reoffenders(design: Design, times: pd.Series, events: pd.Series) -> _Among:
    refuse_unfit(times)
    happened = pd.to_numeric(events, errors="coerce").reindex(design.weights.index)
    used = design.weights.to_numpy() > 0
    missing = int(happened[used].isna().sum())
    if missing or not happened[used].isin((0, 1)).all():
        raise InputError(
            f"Whether people reoffended ('{events.name}') must be 0 or 1 for everybody the design uses; it is missing "
            f"for {missing} of {int(used.sum())} people, or holds other values."
        )
    return _Among(
        weights=design.weights.where(happened == 1, 0.0),
        treated=design.treated,
        estimand_in_words=AMONG,
        fingerprint=design.fingerprint,
        method=design.method,
    )


def _measure(kind: str, design: Design | _Among, values: pd.Series, rule: JdlRule) -> JdlMeasure:
    _refuse_below_nought(kind, design, values)
    try:
        effect = _effect(design, values, MEASURES[kind], rule)
    except EstimationError as error:
        refuse_unfit(values)
        why = str(error).split(".")[0]
        return JdlMeasure(
            kind=kind,
            column=str(values.name),
            effect=None,
            verdict=NOT_MEASURED,
            why_not=f"{why[:1].lower()}{why[1:]}",
        )
    needed = float(norm.ppf(0.5 + rule.level / 2) + norm.ppf(rule.power)) * effect.std_error
    return JdlMeasure(
        kind=kind,
        column=str(values.name),
        effect=effect,
        verdict=_verdict(effect, needed, rule.worthwhile),
        minimum_detectable=needed,
    )


def _refuse_below_nought(kind: str, design: Design | _Among, values: pd.Series) -> None:
    used = values.index.isin(design.weights.index[design.weights.to_numpy() > 0])
    below = int((pd.to_numeric(values[used], errors="coerce") < 0).sum())
    if below:
        what = {RATE: "whether people reoffended", FREQUENCY: "a number of reoffences", TIME: "a time"}[kind]
        raise InputError(
            f"The outcome '{values.name}' is below 0 for {below} people, and {what} cannot be: check the dates it was "
            "made from."
        )


def _verdict(effect: Effect, detectable: float, worthwhile: float) -> str:
    if not effect.includes_equality:
        return LOWER if effect.estimate < 0 else HIGHER
    return UNDERPOWERED if detectable > worthwhile * abs(effect.mean_comparison) else UNCLEAR


def _effect(design: Design | _Among, values: pd.Series, measure: str, rule: JdlRule) -> Effect:
    name = str(values.name)
    if rule.se == "hc0":
        return estimate_effect(
            design, values, measure=measure, outcome_name=name, level=rule.level, std_error="hc0", estimator="weighted"
        )
    refuse_unfit(values)
    request = make_request(design, values, name, measure=measure, options=EstimateOptions(std_error="count"))
    found = replace(weighted.estimate(request), se_method=PLAIN_WORDS)
    return make_effect(request, found, estimator="weighted", level=rule.level)
