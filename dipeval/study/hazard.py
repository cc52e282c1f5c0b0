"""The answer of a study whose primary outcome is a time and its measure a hazard ratio, however it was estimated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from dipeval.presenting import HtmlMixin, Summary, format_interval, format_number, format_p
from dipeval.study.estimates import answered_by_hazard
from dipeval.study.tidy import smallest_events

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dipeval.study.result import StudyResult

_UNCLEAR = "This study could not tell the two apart: the interval includes 1, which does not show that they are alike."
_COX_ESTIMAND = (
    "the ratio of the rates of the event in the treated and the comparison group, among those it has not happened to "
    "yet, assumed the same on all days"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HazardAnswer(HtmlMixin):
    """A hazard ratio as an answer.

    Parameters
    ----------
    estimate, conf_low, conf_high, p_value, level
        The ratio, its interval and two-sided p-value.
    n, n_events
        People (or index events) at risk, and events.
    smallest
        The smallest count that it rests on: of people or of events, on either side.
    outcome
        What happened or did not.
    estimand
        What the ratio compares, in words.
    method
        How it was estimated, with the errors.
    """

    estimate: float
    conf_low: float
    conf_high: float
    p_value: float
    level: float
    n: int
    n_events: int
    smallest: int
    outcome: str
    estimand: str
    method: str

    @property
    def includes_equality(self) -> bool:
        """Whether the interval includes 1."""
        return self.conf_low <= 1 <= self.conf_high

    @property
    def headline(self) -> str:
        """The answer in a sentence or two; it holds no count."""
        interval = f"{100 * self.level:g}% interval {format_interval(self.conf_low, self.conf_high)}"
        size = f"hazard ratio {format_number(self.estimate)} ({interval})"
        if self.includes_equality:
            return f"{self.outcome}: {size}. {_UNCLEAR}"
        side = "lower" if self.estimate < 1 else "higher"
        return f"{self.outcome}: on any day at risk the rate was {side} with treatment than without it, {size}."

    def to_frame(self) -> pd.DataFrame:
        """Return the answer as one row: term, group, estimate, conf_low, conf_high, p_value, n, n_events."""
        names = ("estimate", "conf_low", "conf_high", "p_value", "n", "n_events")
        row = {"term": "hazard_ratio", "group": self.outcome} | {name: getattr(self, name) for name in names}
        return pd.DataFrame([row])

    def summary(self) -> Summary:
        """Return the headline, the figures and what they are about."""
        figures = [
            ("Hazard ratio", format_number(self.estimate)),
            (f"{100 * self.level:g}% interval", format_interval(self.conf_low, self.conf_high)),
            ("p-value", format_p(self.p_value)),
        ]
        return Summary(
            title=f"Effect of treatment: {self.outcome}",
            headline=self.headline,
            table=pd.DataFrame(figures, columns=["Quantity", "Value"]),
            notes=(f"What is estimated: {self.estimand}.", f"{self.method}."),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the hazard ratio and its interval and return the Axes drawn on."""
        from dipeval.plots.effects import effect_plot

        return effect_plot(self.to_frame(), ax=ax)


def hazard_answer(result: StudyResult) -> HazardAnswer | None:
    """Return the answer of a study that is answered by a hazard ratio; None for any other, and if withheld.

    Parameters
    ----------
    result
        Finished or withheld.

    Returns
    -------
    HazardAnswer or None
    """
    if result.withheld or not answered_by_hazard(result.spec):
        return None
    return _varying(result) if result.time_varying is not None else _from_cox(result)


def _varying(result: StudyResult) -> HazardAnswer:
    found = result.time_varying
    assert found is not None
    return HazardAnswer(
        estimate=found.estimate,
        conf_low=found.conf_low,
        conf_high=found.conf_high,
        p_value=found.p_value,
        level=found.level,
        n=found.n,
        n_events=found.n_events,
        smallest=min(
            found.n_treated, found.n - found.n_treated, found.events_treated, found.n_events - found.events_treated
        ),
        outcome=result.spec.primary.label,
        estimand=found.estimand,
        method=found.model.method,
    )


def _from_cox(result: StudyResult) -> HazardAnswer | None:
    if result.cox is None:
        return None
    row = result.cox.to_frame().iloc[0].to_dict()
    method = result.cox.method
    effect = None if result.time_to_event is None else result.time_to_event.hazard_effect
    if effect is not None:  # its errors know that the weights were estimated, and who stands in several sets
        row |= {"hazard_ratio": effect.estimate, "hr_low": effect.conf_low, "hr_high": effect.conf_high}
        row["p_value"], method = effect.p_value, f"Cox model of treatment alone; {effect.se_method}"
    n, events = int(row["n"]), int(row["n_events"])
    return HazardAnswer(
        estimate=float(row["hazard_ratio"]),
        conf_low=float(row["hr_low"]),
        conf_high=float(row["hr_high"]),
        p_value=float(row["p_value"]),
        level=result.cox.level,
        n=n,
        n_events=events,
        smallest=min(smallest_events(result), result.design.n_treated, result.design.n_comparison),
        outcome=result.spec.primary.label,
        estimand=_COX_ESTIMAND,
        method=method,
    )
