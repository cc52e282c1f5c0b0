"""Empirical calibration: an effect and its interval, allowing for the bias that negative controls show."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from dipeval.effects.checks import calibration_words as words
from dipeval.effects.checks.negative_controls_result import NegativeControls
from dipeval.effects.effect import Effect
from dipeval.effects.measures import RATIOS, shown
from dipeval.effects.robust import Floats, exact_sum
from dipeval.effects.wording import level_in_words
from dipeval.errors import EstimationError, InputError, InvariantError
from dipeval.presenting import (
    HtmlMixin,
    Summary,
    format_count,
    format_interval,
    format_number,
    format_p,
    format_percent,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_CONTROLS: Final = 10
COLUMNS: Final = ("term", "group", "label", "estimate", "std_error", "conf_low", "conf_high", "p_value", "n")
_GRID: Final = 60  # places at which the spread is tried before the best is refined


class SystematicError(NamedTuple):
    """The normal distribution of bias that negative controls show, on the scale of the interval."""

    mean: float
    spread: float

    @property
    def ease(self) -> float:
        """Expected absolute systematic error: the mean of the distribution folded at 0."""
        if self.spread == 0:
            return abs(self.mean)
        ratio = self.mean / self.spread
        return float(
            self.spread * math.sqrt(2 / math.pi) * math.exp(-(ratio**2) / 2) + self.mean * (1 - 2 * norm.cdf(-ratio))
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CalibratedEffect(HtmlMixin):
    """An effect, allowing for the bias that negative controls show; made by `calibrate`.

    Parameters
    ----------
    effect
        As it was estimated.
    error
        Mean and spread of the systematic error (log scale for a ratio).
    n_controls
        Negative controls it was fitted to.
    estimate, std_error, conf_low, conf_high, p_value
        Calibrated; for a ratio the standard error is that of the logarithm.
    """

    effect: Effect
    error: SystematicError
    n_controls: int
    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    p_value: float
    _controls: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        if not self.conf_low <= self.estimate <= self.conf_high or self.std_error < self.effect.std_error:
            raise InvariantError("A calibrated estimate left its own interval, or calibration made it more certain.")

    @property
    def ease(self) -> float:
        """Expected absolute systematic error, on the scale of the interval."""
        return self.error.ease

    @property
    def includes_equality(self) -> bool:
        """Whether the calibrated interval includes equal outcomes in the two groups."""
        return self.conf_low <= self.effect.null_value <= self.conf_high

    def to_frame(self) -> pd.DataFrame:
        """Return the estimate before and after calibration.

        Returns
        -------
        pandas.DataFrame
            Two rows: ``term``, ``group``, ``label`` (as estimated, calibrated), ``estimate``, ``std_error``,
            ``conf_low``, ``conf_high``, ``p_value``, ``n``.
        """
        first = self.effect.to_frame().iloc[0].to_dict() | {"label": words.AS_ESTIMATED}
        own = ("estimate", "std_error", "conf_low", "conf_high", "p_value")
        second = first | {"label": words.CALIBRATED, **{name: getattr(self, name) for name in own}}
        return pd.DataFrame([first, second])[list(COLUMNS)]

    def summary(self) -> Summary:
        """Say what the effect is once the bias seen is allowed for, and what that rests on."""
        scale, digits = (100, 1) if self.effect.measure == "risk_difference" else (1, 2)
        on_logs = words.NOTE_SCALE_LOG if self.effect.measure in RATIOS else ""
        rows = [
            (
                row["label"],
                format_number(scale * row["estimate"], digits),
                format_interval(scale * row["conf_low"], scale * row["conf_high"], digits),
                format_p(row["p_value"]),
            )
            for _, row in self.to_frame().iterrows()
        ]
        template = words.HEADLINE_UNCLEAR if self.includes_equality else words.HEADLINE_CLEAR
        unit = " percentage points" if scale == 100 else ""
        facts = {"n": format_count(self.n_controls), "scale": unit + on_logs}
        before = int((self._controls["left_out"] != "").sum())
        notes = [
            words.NOTE_METHOD.format(
                mean=format_number(scale * self.error.mean, 3),
                spread=format_number(scale * self.error.spread, 3),
                **facts,
            ),
            words.NOTE_EASE.format(ease=format_number(scale * self.ease, 3), **facts),
            words.NOTE_ASSUMES.format(**facts),
        ]
        notes += [self._shares_in_words()] if self.effect.measure == "risk_difference" else []
        notes += [words.NOTE_UNITS] if self.effect.measure == "mean_difference" else []
        notes += [words.NOTE_MIXED.format(before=format_count(before))] if before else []
        return Summary(
            title=words.TITLE.format(**facts),
            headline=template.format(
                estimate=format_number(scale * self.estimate, digits) + unit,
                low=format_number(scale * self.conf_low, digits),
                high=format_number(scale * self.conf_high, digits),
                level=level_in_words(self.effect.level),
                equality=format_number(self.effect.null_value, 0),
                **facts,
            ),
            table=pd.DataFrame(
                rows, columns=["", "Estimate", f"{level_in_words(self.effect.level)}% interval", "p-value"]
            ),
            notes=tuple(notes),
        )

    def _shares_in_words(self) -> str:
        """Say how common the outcomes are whose biases are put together."""
        shares = self._controls["mean_comparison"]
        ends = (float(shares.min()), float(shares.max()), self.effect.mean_comparison)
        least, most, own = (format_percent(share, 0) for share in ends)
        return words.NOTE_SHARES.format(least=least, most=most, own=own)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the negative controls by their error, the effect among them, and where calibration puts the limits."""
        from dipeval.plots.calibration import calibration_plot

        ratio = self.effect.measure in RATIOS
        controls = self._controls[["estimate", "std_error"]].assign(role="control")
        mine = pd.DataFrame(
            {"estimate": [self.effect.estimate], "std_error": [self.effect.std_error], "role": ["effect"]}
        )
        return calibration_plot(
            pd.concat([controls, mine], ignore_index=True),
            measure=self.effect.measure,
            mean=self.error.mean,
            spread=self.error.spread,
            level=self.effect.level,
            ratio=ratio,
            ax=ax,
        )


def calibrate(effect: Effect, controls: NegativeControls) -> CalibratedEffect:
    """Allow in an effect and its interval for the bias that negative controls show.

    Parameters
    ----------
    effect
        From `estimate_effect`.
    controls
        At least ten negative controls given in the same measure.

    Returns
    -------
    CalibratedEffect

    Raises
    ------
    InputError
        If one of the two is not what it should be.
    EstimationError
        If there are fewer than ten negative controls in the measure of the effect.

    Notes
    -----
    Schuemie, M. J., Ryan, P. B., DuMouchel, W., Suchard, M. A. and Madigan, D. (2014), Interpreting observational
    studies: why empirical calibration is needed to correct p-values, Statistics in Medicine 33, 209-218; Schuemie,
    M. J., Hripcsak, G., Ryan, P. B., Madigan, D. and Suchard, M. A. (2018), Empirical confidence interval calibration
    for population-level effect estimation studies in observational healthcare data, PNAS 115, 2571-2577. With negative
    controls alone the systematic error is taken to be the same whatever the true effect. Each control's estimate is
    normal around that error with its own standard error; mean and spread of the error by maximum likelihood.

    Examples
    --------
    >>> from dipeval.effects.checks.calibration import fit_systematic_error
    >>> error = fit_systematic_error(np.array([0.1, 0.3, 0.2, 0.2]), np.array([0.1, 0.1, 0.1, 0.1]))
    >>> round(error.mean, 3), error.spread
    (0.2, 0.0)
    """
    if not isinstance(effect, Effect):
        raise InputError(f"effect must be what estimate_effect gives; it is a {type(effect).__name__}.")
    if not isinstance(controls, NegativeControls):
        raise InputError(f"controls must be what negative_controls gives; it is a {type(controls).__name__}.")
    whole = controls.to_frame()
    table = whole[whole["term"] == effect.measure].reset_index(drop=True)
    _check_number(len(table), len(whole), effect.measure)
    centres = table["estimate"].to_numpy(dtype=np.float64)
    if effect.measure in RATIOS:
        centres = np.log(centres)
    error = fit_systematic_error(centres, table["std_error"].to_numpy(dtype=np.float64))
    centre = (math.log(effect.estimate) if effect.measure in RATIOS else effect.estimate) - error.mean
    std_error = math.hypot(effect.std_error, error.spread)
    reach = float(norm.ppf(0.5 + effect.level / 2)) * std_error
    estimate, low, high = (shown(effect.measure, end) for end in (centre, centre - reach, centre + reach))
    return CalibratedEffect(
        effect=effect,
        error=error,
        n_controls=len(table),
        estimate=estimate,
        std_error=std_error,
        conf_low=low,
        conf_high=high,
        p_value=float(2 * norm.sf(abs(centre) / std_error)),
        _controls=table,
    )


def _check_number(n: int, whole: int, measure: str) -> None:
    if n >= LEAST_CONTROLS:
        return
    others = words.OTHERS.format(n=whole - n) if whole > n else ""
    is_are = "is" if n == 1 else "are"
    raise EstimationError(
        words.TOO_FEW.format(least=LEAST_CONTROLS, measure=measure, n=n, is_are=is_are, others=others)
    )


def fit_systematic_error(centres: Floats, errors: Floats) -> SystematicError:
    """Fit a normal distribution of bias to estimates of which the truth is nought, each with its own error.

    Parameters
    ----------
    centres, errors
        Estimates on the scale of the interval, and their standard errors (above 0).

    Returns
    -------
    SystematicError
        By maximum likelihood: the mean is the mean weighted by 1/(error^2 + spread^2), and the spread is found along
        the likelihood with that mean.

    Examples
    --------
    >>> fit_systematic_error(np.array([-1.0, 1.0]), np.array([1e-6, 1e-6])).spread.__round__(6)
    1.0
    """

    def mean(variance: float) -> float:
        weights = 1 / (errors**2 + variance)
        return exact_sum(weights * centres) / exact_sum(weights)

    def minus_log_likelihood(spread: float) -> float:
        total = errors**2 + spread**2
        return exact_sum(np.log(total) + (centres - mean(spread**2)) ** 2 / total) / 2

    # A spread beyond the range of the estimates cannot be likelier than the range itself.
    most = float(np.ptp(centres))
    if most == 0:
        return SystematicError(mean(0.0), 0.0)
    grid = np.linspace(0, most, _GRID)
    best = int(np.argmin([minus_log_likelihood(spread) for spread in grid.tolist()]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, _GRID - 1)]
    found = minimize_scalar(
        minus_log_likelihood, bounds=(float(low), float(high)), method="bounded", options={"xatol": 1e-10 * most}
    )
    spread = float(found.x)
    # Where nought is the best, the search stops a hair above it.
    if minus_log_likelihood(0.0) <= minus_log_likelihood(spread) + 1e-10:
        spread = 0.0
    return SystematicError(mean(spread**2), spread)
