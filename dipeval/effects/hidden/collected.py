"""What it would take to overturn an answer: E-value, Rosenbaum bounds and robustness value in one table."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pandas as pd

from dipeval.effects.effect import Effect
from dipeval.effects.hidden import words
from dipeval.effects.hidden.robustness import robustness_value
from dipeval.effects.hidden.robustness_result import RobustnessValue
from dipeval.effects.hidden.rosenbaum import rosenbaum_bounds
from dipeval.effects.hidden.rosenbaum_result import RosenbaumBounds
from dipeval.effects.joining import ComparisonDesign, check_design, outcome_series
from dipeval.effects.measures import OF_DAYS
from dipeval.errors import EstimationError, InputError
from dipeval.presenting import HtmlMixin, Summary, format_number
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final = ("method", "question", "value", "limit_value", "reading")
# Measures whose outcome has one number a person, which the bounds and the regression need.
OF_NUMBERS: Final = ("risk_difference", "risk_ratio", "odds_ratio", "mean_difference")
Row = tuple[str, str, float, float, str]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HiddenBias(HtmlMixin):
    """What something hidden would have to be like to overturn an effect; made by `hidden_bias`.

    Parameters
    ----------
    effect
        The effect it is about.
    bounds
        Rosenbaum bounds (two-sided), or None where there are none.
    robustness
        Robustness value, or None where there is none.
    left_out
        Sentences on what is not given, and why.
    """

    effect: Effect
    bounds: RosenbaumBounds | None
    robustness: RobustnessValue | None
    left_out: tuple[str, ...] = ()
    _frame: pd.DataFrame = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Return what it would take, one row a way of asking.

        Returns
        -------
        pandas.DataFrame
            ``method`` (e_value, rosenbaum_bounds, robustness_value, benchmark), ``question`` (in words), ``value``
            (for the estimate; of a benchmark, the estimate that would be left), ``limit_value`` (for the interval or
            the p-value; of a benchmark, the limit nearest equality that would be left), ``reading`` (a sentence).
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Say what it would take to overturn the answer."""
        about = label(self.effect.outcome_name)
        table = pd.DataFrame(
            {
                "Method": [_named(method, self.robustness) for method in self._frame["method"]],
                "What it would take": self._frame["reading"].tolist(),
            }
        )
        notes = [*self.left_out, words.NOTE_BOTH_WAYS]
        if len(self._frame) > 1:
            notes.append(words.NOTE_SCALES)
        if self.bounds is not None or self.robustness is not None:
            notes.append(words.NOTE_DIFFERENT_TESTS)
        if self.robustness is not None and self.robustness.design_method != "none":
            notes.append(words.BENCHMARK_BEFORE)
        return Summary(
            title=words.HIDDEN_TITLE.format(outcome=about),
            headline=self._headline(about),
            table=table,
            notes=tuple(notes),
        )

    def _headline(self, about: str) -> str:
        if self.effect.includes_equality:
            return words.HIDDEN_UNCLEAR.format(outcome=about)
        robustness = self.robustness
        if robustness is not None and robustness.is_clear:
            limit = words.share_in_words(robustness.rv_limit) if robustness.rv_limit > 0 else words.NEXT_TO_NOTHING
            strongest = words.HIDDEN_ROBUSTNESS.format(limit=limit)
        elif math.isfinite(self.effect.e_value_limit) and self.effect.e_value_limit > 1:
            strongest = words.HIDDEN_E_VALUE.format(limit=format_number(self.effect.e_value_limit))
        else:
            strongest = words.HIDDEN_LITTLE
        return words.HIDDEN_CLEAR.format(outcome=about, strongest=strongest)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the strengths that would overturn the answer (else the bounds, else the E-value's two strengths)."""
        if self.robustness is not None:
            return self.robustness.plot(ax=ax)
        if self.bounds is not None:
            return self.bounds.plot(ax=ax)
        from dipeval.plots.hidden import e_value_plot

        return e_value_plot(self.effect.e_value, self.effect.e_value_limit, ax=ax)


def hidden_bias(
    design: ComparisonDesign,
    outcome: pd.Series | pd.DataFrame,
    effect: Effect,
    benchmarks: Sequence[str] | None = None,
    *,
    cluster: pd.Series | None = None,
) -> HiddenBias:
    """Say in one table what it would take to overturn an effect.

    Parameters
    ----------
    design, outcome
        What the effect was estimated from.
    effect
        From `estimate_effect`.
    benchmarks
        Covariates of the design whose strength is the yardstick; all by default.
    cluster
        Whose row each is, where a person can be in more than once, as in `estimate_effect`.

    Returns
    -------
    HiddenBias
        The E-value of the effect; Rosenbaum bounds where the design has pairs or sets (two-sided, as the interval of an
        effect is); the robustness value, and what something as strong as the strongest covariate would leave. What
        cannot be given is named with its reason.

    Raises
    ------
    InputError
        If the effect is of another design or another outcome, or a benchmark is no covariate of the design.

    Notes
    -----
    VanderWeele, T. J. and Ding, P. (2017), Annals of Internal Medicine 167, 268-274; Rosenbaum, P. R. (2002),
    Observational Studies, chapter 4; Cinelli, C. and Hazlett, C. (2020), Journal of the Royal Statistical Society B 82,
    39-67. They ask different questions, of different tests; none can say whether anything is hidden.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> people = recid()
    >>> design = dip.match(people, treated="workprg", covariates=["priors", "educ", "age"])
    >>> effect = dip.estimate_effect(design, people["returned_12m"])
    >>> dip.hidden_bias(design, people["returned_12m"], effect).to_frame()["method"].tolist()
    ['e_value', 'rosenbaum_bounds', 'robustness_value', 'benchmark']
    """
    check_design(design)
    if not isinstance(effect, Effect):
        raise InputError(f"effect must be what dip.estimate_effect gives; it is a {type(effect).__name__}.")
    if effect.design_fingerprint != design.fingerprint:
        raise InputError("The effect was estimated from another design; pass the design it was estimated from.")
    left_out: list[str] = []
    bounds, robustness = None, None
    if effect.measure in OF_NUMBERS:
        values, name = _same_outcome(outcome, effect)
        common: dict[str, Any] = {"alpha": 1 - effect.level, "outcome_name": name}
        bounds = _attempt(
            lambda: rosenbaum_bounds(design, values, alternative="two_sided", **common), "rosenbaum_bounds", left_out
        )
        robustness = _attempt(
            lambda: robustness_value(design, values, benchmarks=benchmarks, cluster=cluster, **common),
            "robustness_value",
            left_out,
        )
    else:
        reason = words.NOTE_MEASURE.format(measure=label(effect.measure))
        for method in ("rosenbaum_bounds", "robustness_value"):
            left_out.append(words.NOTE_WITHOUT.format(method=words.METHODS[method], reason=reason))
    rows = [*_e_value_row(effect, left_out), *_bounds_row(bounds), *_robustness_rows(robustness)]
    return HiddenBias(
        effect=effect,
        bounds=bounds,
        robustness=robustness,
        left_out=tuple(left_out),
        _frame=pd.DataFrame(rows, columns=list(COLUMNS)),
    )


def _same_outcome(outcome: pd.Series | pd.DataFrame, effect: Effect) -> tuple[pd.Series, str]:
    named = effect.outcome_name if isinstance(outcome, pd.DataFrame) else None
    values, name = outcome_series(outcome, named)
    if values.name is not None and name != effect.outcome_name:
        raise InputError(
            f"The effect is on '{effect.outcome_name}' and the outcome passed is '{name}'; pass the outcome the effect "
            "was estimated from."
        )
    return values, effect.outcome_name


def _attempt(make: Callable[[], Result], method: str, left_out: list[str]) -> Result | None:
    """Return a result, or None and the reason why there is none."""
    try:
        return make()
    except EstimationError as error:
        left_out.append(words.NOTE_WITHOUT.format(method=words.METHODS[method], reason=str(error)))
        return None


def _e_value_row(effect: Effect, left_out: list[str]) -> list[Row]:
    if math.isnan(effect.e_value):
        reason = words.NOTE_NO_E_OF_DAYS if effect.measure in OF_DAYS else words.NOTE_NO_E
        left_out.append(words.NOTE_WITHOUT.format(method=words.METHODS["e_value"], reason=reason))
        return []
    if effect.includes_equality:
        limit = words.READ_ALREADY
    elif effect.e_value_limit == 1:
        limit = words.READ_E_NEAR
    else:
        limit = words.READ_E_LIMIT.format(limit=format_number(effect.e_value_limit))
    reading = words.READ_E_VALUE.format(value=format_number(effect.e_value), limit=limit)
    return [("e_value", words.QUESTIONS["e_value"], effect.e_value, effect.e_value_limit, reading)]


def _bounds_row(bounds: RosenbaumBounds | None) -> list[Row]:
    if bounds is None:
        return []
    alpha = f"{bounds.alpha:.3g}"
    limit = words.READ_GAMMA_ALREADY.format(alpha=alpha)
    if bounds.is_clear:
        limit = words.READ_GAMMA_LIMIT.format(limit=words.gamma_in_words(bounds.gamma_critical), alpha=alpha)
    value = words.READ_GAMMA_NEVER
    if math.isfinite(bounds.gamma_estimate):
        value = words.READ_GAMMA_VALUE.format(gamma=format_number(bounds.gamma_estimate))
    reading = words.READ_GAMMA.format(value=value, limit=limit)
    key = "rosenbaum_bounds"
    return [(key, words.QUESTIONS[key], bounds.gamma_estimate, bounds.gamma_critical, reading)]


def _robustness_rows(found: RobustnessValue | None) -> list[Row]:
    if found is None:
        return []
    limit = words.READ_ALREADY
    if found.is_clear:
        share = words.share_in_words(found.rv_limit) if found.rv_limit > 0 else words.NEXT_TO_NOTHING
        limit = words.READ_ROBUSTNESS_LIMIT.format(limit=share)
    reading = words.READ_ROBUSTNESS.format(value=words.share_in_words(found.rv), limit=limit)
    rows: list[Row] = [("robustness_value", words.QUESTIONS["robustness_value"], found.rv, found.rv_limit, reading)]
    for term in found.strongest(1):
        frame = found.to_frame()
        row = frame[frame["term"] == term].sort_values("multiple").iloc[0]
        reading = words.READ_BENCHMARK_NONE
        if not math.isnan(row["estimate"]):
            reading = words.READ_BENCHMARK.format(
                value=found.shown(row["estimate"]),
                level=f"{100 * (1 - found.alpha):g}",
                interval=found.interval_shown(row["conf_low"], row["conf_high"]),
                estimate=found.shown(found.estimate),
            )
        nearest = row["conf_low"] if found.estimate > 0 else row["conf_high"]
        rows.append(("benchmark", words.QUESTIONS["benchmark"], row["estimate"], nearest, reading))
    return rows


def _named(method: str, robustness: RobustnessValue | None) -> str:
    strongest = robustness.strongest(1) if robustness is not None else ()
    return words.METHODS[method].format(covariate=label(strongest[0]) if strongest else "")
