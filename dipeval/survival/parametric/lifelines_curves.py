"""Parametric curves a group, fitted by lifelines, beside Kaplan-Meier."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dipeval.errors import EstimationError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_interval, format_number, format_percent
from dipeval.survival.columns import Rows, read_rows
from dipeval.survival.curves.curve import Curve, check_level, kaplan_meier
from dipeval.survival.options import names_of
from dipeval.survival.parametric.families import FAMILIES, get_family
from dipeval.survival.parametric.prediction import check_times

if TYPE_CHECKING:
    from dipeval.plots.style import Axes  # its name for matplotlib's: only plots imports matplotlib

KAPLAN_MEIER = "kaplan_meier"
PARAMETRIC_COLUMNS = (
    "group",
    "family",
    "time_days",
    "estimate",
    "conf_low",
    "conf_high",
    "aic",
    "n",
    "n_events",
)
_POINTS = 101


def parametric_curves(
    data: pd.DataFrame,
    *,
    time: str,
    event: str,
    by: str | None = None,
    families: Sequence[str] = tuple(FAMILIES),
    level: float = 0.95,
) -> ParametricCurves:
    """Fit a parametric curve a group and family with lifelines, to stand beside Kaplan-Meier.

    Parameters
    ----------
    data
        One row a person.
    time, event
        Columns with the time from 0 and with 1 (event) or 0 (left observation).
    by
        Column with the groups.
    families
        Any of "lognormal", "weibull", "loglogistic", "exponential".
    level
        Coverage of the limits.

    Returns
    -------
    ParametricCurves
        `to_frame()` has group, family ("kaplan_meier" too), time_days, estimate (share free), conf_low, conf_high, aic,
        n, n_events, at a hundred times within the follow-up of the group.

    Raises
    ------
    EstimationError
        If a group has fewer than two events, lifelines cannot fit a curve, or a column cannot be analysed.

    Notes
    -----
    Univariate fitters of lifelines (Davidson-Pilon 2019, *JOSS* 4, 1317); their limits are by the delta method on the
    cumulative hazard. People censored at time 0 say nothing about a curve and are left out of the fits.

    Examples
    --------
    >>> from dipeval import datasets
    >>> from dipeval.survival.parametric import parametric_curves
    >>> curves = parametric_curves(
    ...     datasets.rossi(), time="weeks_to_arrest", event="arrested", families=["weibull", "lognormal"])
    >>> curves.at(52)[["family", "estimate", "aic"]].round(3)
             family  estimate       aic
    0  kaplan_meier     0.736       NaN
    1       weibull     0.736  1397.249
    2     lognormal     0.740  1399.821
    """
    check_level(level)
    named = names_of("families", families)
    if not named or len(set(named)) < len(named):
        raise EstimationError("`families` names at least one family, each once, such as ['weibull', 'lognormal'].")
    for name in named:
        get_family(name)
    rows = read_rows(data, time=time, event=event, by=by)
    steps = kaplan_meier(data, time=time, event=event, by=by, level=level)
    fits = {
        (group, name): _fit(rows.take((rows.group == code) & (rows.time > 0)), name, group, level)
        for code, group in enumerate(rows.group_names)
        for name in named
    }
    sizes = {group: (rows.group == code) for code, group in enumerate(rows.group_names)}
    return ParametricCurves(
        families=named,
        level=level,
        left_out=int((rows.time == 0).sum()),
        _steps=steps,
        _fits=fits,
        _counts={group: (int(own.sum()), int(rows.event[own].sum())) for group, own in sizes.items()},
    )


def _fit(rows: Rows, family: str, group: str, level: float) -> Any:
    """Fit one lifelines curve; what lifelines warns of or refuses becomes a sentence."""
    import lifelines
    from lifelines.exceptions import ConvergenceError, StatError

    if len(np.unique(rows.time[rows.event])) < 2:
        raise EstimationError(
            f"Group {group} has fewer than two events at different times: no parametric curve can be fitted; "
            "put groups together."
        )
    fitters = {
        "lognormal": lifelines.LogNormalFitter,
        "weibull": lifelines.WeibullFitter,
        "loglogistic": lifelines.LogLogisticFitter,
        "exponential": lifelines.ExponentialFitter,
    }
    fitter = fitters[family](alpha=1 - level)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            fitter.fit(rows.time, rows.event)
    except (ConvergenceError, StatError, ValueError, np.linalg.LinAlgError):
        fitter = None
    if fitter is None or not np.isfinite(np.asarray(fitter.summary[["coef", "se(coef)"]], dtype=float)).all():
        raise EstimationError(
            f"lifelines found no {FAMILIES[family].words} curve for group {group} ({len(rows)} rows, "
            f"{int(rows.event.sum())} events): leave that family out, or put groups together."
        )
    return fitter


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParametricCurves(HtmlMixin):
    """Parametric curves a group and family, with Kaplan-Meier beside them.

    Parameters
    ----------
    families
        In the order given.
    level
        Coverage of the limits.
    left_out
        People censored at time 0, who are in no parametric fit.
    """

    families: tuple[str, ...]
    level: float
    left_out: int
    _steps: Curve = field(repr=False)
    _fits: dict[tuple[str, str], Any] = field(repr=False)
    _counts: dict[str, tuple[int, int]] = field(repr=False)

    def __post_init__(self) -> None:
        if {group for group, _ in self._fits} != set(self._steps.groups):
            raise InvariantError("A group has no parametric curve.")

    @property
    def followed_to(self) -> float:
        """Last time up to which every group is observed."""
        return self._steps.followed_to

    def at(self, times: Sequence[float] | float) -> pd.DataFrame:
        """Return every curve at given times within the follow-up of all groups.

        Returns
        -------
        pandas.DataFrame
            The columns of `to_frame`.

        Raises
        ------
        EstimationError
            If a time is beyond the follow-up: nothing is extrapolated.
        """
        asked = check_times(times, self.followed_to, True)
        if (asked > self.followed_to).any():
            raise EstimationError(
                f"Every group was followed to {self.followed_to:g} and a value was asked for at {asked.max():g}: ask "
                "within the follow-up; nothing is extrapolated."
            )
        return pd.concat([self._of_group(group, asked) for group in self._steps.groups], ignore_index=True)

    def to_frame(self) -> pd.DataFrame:
        """Return every curve at a hundred times within the follow-up.

        Returns
        -------
        pandas.DataFrame
            group, family ("kaplan_meier" or a family), time_days, estimate (share free of reoffending), conf_low,
            conf_high, aic (NaN for Kaplan-Meier), n (people), n_events.
        """
        return self.at(np.linspace(0.0, self.followed_to, _POINTS).tolist())

    def _of_group(self, group: str, times: np.ndarray) -> pd.DataFrame:
        steps = self._steps.at(times.tolist())
        own = steps[steps["group"] == group]
        found = [own[["time_days", "estimate", "conf_low", "conf_high"]].assign(family=KAPLAN_MEIER, aic=np.nan)]
        found += [_lifelines_frame(self._fits[group, name], name, times) for name in self.families]
        n, n_events = self._counts[group]
        together = pd.concat(found, ignore_index=True).assign(group=group, n=n, n_events=n_events)
        return together[list(PARAMETRIC_COLUMNS)]

    def summary(self) -> Summary:
        """Return the share reoffended by the end of the follow-up, by curve, and the family with the lowest AIC."""
        frame, percent = self.at(self.followed_to), round(100 * self.level)
        parts = []
        for group, own in frame.groupby("group", sort=False):
            best = own.nsmallest(1, "aic")
            words, share = FAMILIES[best["family"].iloc[0]].words, 1 - best["estimate"].iloc[0]
            seen = 1 - own["estimate"].iloc[0]
            of = "" if group == "all" else f" in group {group}"
            parts.append(
                f"{words} fits closest{of} by AIC and has {format_percent(share)} reoffended by {self.followed_to:g}, "
                f"Kaplan-Meier {format_percent(seen)}"
            )
        text = "; ".join(parts)
        table = pd.DataFrame(
            {
                "Group": frame["group"],
                "Curve": ["Kaplan-Meier" if name == KAPLAN_MEIER else FAMILIES[name].words for name in frame["family"]],
                f"Share by {self.followed_to:g}": [format_percent(1 - value) for value in frame["estimate"]],
                f"{percent}% interval": [
                    format_interval(100 * (1 - high), 100 * (1 - low), 1)
                    for low, high in zip(frame["conf_low"], frame["conf_high"], strict=True)
                ],
                "AIC": ["" if np.isnan(value) else format_number(value, 1) for value in frame["aic"]],
            }
        )
        notes = [
            "Curves by lifelines, limits by the delta method on the cumulative hazard; Kaplan-Meier: log-log limits. "
            f"{sum(n for n, _ in self._counts.values()):,} people, "
            f"{sum(events for _, events in self._counts.values()):,} events.",
            "A close fit within the follow-up says little about what a curve does beyond it.",
        ]
        notes += [f"{self.left_out:,} people censored at time 0 are in no parametric fit."] if self.left_out else []
        headline = f"{text[0].upper()}{text[1:]}."
        return Summary(title="Parametric curves", headline=headline, table=table, notes=tuple(notes))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share reoffended by every curve beside Kaplan-Meier and return the Axes drawn on."""
        from dipeval.plots.parametric import curves_beside_kaplan_meier

        words = {name: FAMILIES[name].words for name in self.families}
        return curves_beside_kaplan_meier(self.to_frame(), steps=self._steps.to_frame(), words=words, ax=ax)


def _lifelines_frame(fitter: Any, name: str, times: np.ndarray) -> pd.DataFrame:
    """Ask a lifelines fitter for its curve; at time 0, where its derivatives divide by zero, all are free."""
    started = times > 0
    asked = np.where(started, times, 1.0)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        shown = copy(fitter)  # its limits are those at its own times: a copy is given ours
        shown.timeline = asked
        limits = shown.confidence_interval_survival_function_.to_numpy()
        estimate = shown.survival_function_at_times(asked).to_numpy()
    limits = np.clip(np.sort(limits, axis=1), 0.0, 1.0)
    return pd.DataFrame(
        {
            "time_days": times,
            "estimate": np.where(started, estimate, 1.0),
            "conf_low": np.where(started, limits[:, 0], 1.0),
            "conf_high": np.where(started, limits[:, 1], 1.0),
            "family": name,
            "aic": float(fitter.AIC_),
        }
    )
