"""Several effects side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from dipeval.effects.effect import RATIO_MEASURES, Effect
from dipeval.errors import InputError
from dipeval.vocabulary import label


def effects_frame(effects: Sequence[Effect] | Mapping[str, Effect]) -> pd.DataFrame:
    """Stack effects into one table, ready for `dipeval.plots.effects.effect_plot`.

    Parameters
    ----------
    effects
        Effects in the order to show; as a mapping, each with the label to show (such as ``{"Adjusted": ...}``).

    Returns
    -------
    pandas.DataFrame
        ``label``, then the columns of `Effect.to_frame`; one row an effect.

    Raises
    ------
    InputError
        If there is none.

    Examples
    --------
    >>> effects_frame([])
    Traceback (most recent call last):
    ...
    dipeval.errors.InputError: There is no effect to put in the table; give at least one.
    """
    named = effects.items() if isinstance(effects, Mapping) else [(label(e.outcome_name), e) for e in effects]
    rows = [effect.to_frame().assign(label=words) for words, effect in named]
    if not rows:
        raise InputError("There is no effect to put in the table; give at least one.")
    frame = pd.concat(rows, ignore_index=True)
    return frame[["label", *(name for name in frame.columns if name != "label")]]


def shift_in_standard_errors(adjusted: Effect, unadjusted: Effect) -> float:
    """Return how far adjustment moved an estimate, in standard errors of the unadjusted one.

    In a randomised trial the groups are comparable already, so matching may not move the estimate by much: this is
    the check on ourselves.

    Parameters
    ----------
    adjusted, unadjusted
        The same measure of the same outcome, from two designs.

    Returns
    -------
    float
        The distance, 0 or above; for a ratio on the log scale.

    Raises
    ------
    InputError
        If the two are different measures or outcomes.

    Examples
    --------
    >>> from dipeval.effects.effect import Effect
    >>> common = dict(measure="risk_difference", outcome_name="arrested", outcome_kind="yes_no", std_error=0.04,
    ...     p_value=0.1, level=0.95, n_treated=216, n_comparison=216, mean_treated=0.22, mean_comparison=0.31,
    ...     se_method="robust (HC0)", estimand="the average effect", design_method="entropy",
    ...     design_fingerprint="x", n_treated_dropped=0)
    >>> adjusted = Effect(estimate=-0.08, conf_low=-0.16, conf_high=0.0, **common)
    >>> unadjusted = Effect(estimate=-0.09, conf_low=-0.17, conf_high=-0.01, **common)
    >>> round(shift_in_standard_errors(adjusted, unadjusted), 3)
    0.25
    """
    if (adjusted.measure, adjusted.outcome_name) != (unadjusted.measure, unadjusted.outcome_name):
        raise InputError(
            "The two effects differ in measure or outcome, so their distance means nothing; estimate the same measure "
            "of the same outcome with both designs."
        )
    ends = (adjusted.estimate, unadjusted.estimate)
    if adjusted.measure in RATIO_MEASURES:
        ends = (math.log(ends[0]), math.log(ends[1]))
    return abs(ends[0] - ends[1]) / unadjusted.std_error
