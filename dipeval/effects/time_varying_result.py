"""The result of `dip.time_varying_effect`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.errors import InvariantError
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

    from dipeval.cohort import Episodes
    from dipeval.survival import CoxModel

DAYS_A_YEAR: Final = 365.25
CLEAR: Final = (
    "On any day at risk, the rate of a first reoffence was {size} after treatment had started than before or without "
    "it: hazard ratio {ratio} ({level}% interval {interval})."
)
UNCLEAR: Final = (
    "The data are compatible with a rate of a first reoffence anywhere from {low} to {high} after treatment had "
    "started ({level}% interval of the hazard ratio: {interval}); this does not show that there was no effect: more "
    "people would be needed to tell."
)
NOTE_CHANGING: Final = (
    "Only facts from at or before the index are held alike. Treatment that starts because a person's life is already "
    "getting better, or worse, makes the ratio look better, or worse, than treatment is."
)
NOTE_DEATH: Final = (
    "Death ends a person's days at risk: the rates are of people alive, and the ratio does not say how many would ever "
    "reoffend."
)
NOTE_HELD: Final = "First reoffences dated within custody, which is no time at risk: {n}; they are not counted."
NOTE_DAY_ZERO: Final = (
    "First reoffences on the day of time zero, which has no time at risk before it: {n}; these people are left out."
)
NOTE_NOTHING_HELD: Final = "No covariate was held alike: those who started treatment may have differed to begin with."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TimeVaryingEffect(HtmlMixin):
    """A hazard ratio of treatment that starts in the course of follow-up. Made by `time_varying_effect`.

    Parameters
    ----------
    estimate, conf_low, conf_high
        The hazard ratio and its interval; below 1: fewer first reoffences after treatment has started.
    std_error
        Of the logarithm of the ratio, robust, clustered by person.
    p_value
        Of equality, two-sided.
    level
        Coverage of the interval, 0-1.
    n, n_treated
        People (or index events) at risk, and those of them who were ever at risk after treatment had started.
    n_events, events_treated
        First reoffences, and those of them after treatment had started.
    days_treated, days_untreated
        Days at risk after treatment had started, and before or without it.
    estimand, outcome
        What the ratio compares, and what a reoffence is, in words.
    covariates
        What was held alike.
    model, episodes
        The fitted model, and the rows it rests on.
    """

    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    p_value: float
    level: float
    n: int
    n_treated: int
    n_events: int
    events_treated: int
    days_treated: int
    days_untreated: int
    estimand: str
    outcome: str
    covariates: tuple[str, ...]
    model: CoxModel = field(repr=False)
    episodes: Episodes = field(repr=False)

    def __post_init__(self) -> None:
        if not 0 < self.conf_low <= self.estimate <= self.conf_high:
            raise InvariantError("The hazard ratio does not lie inside its own interval.")
        if not (0 < self.n_treated <= self.n and 0 < self.events_treated < self.n_events):
            raise InvariantError("The people or events of the hazard ratio do not add up.")

    @property
    def measure(self) -> str:
        """``hazard_ratio``."""
        return "hazard_ratio"

    @property
    def includes_equality(self) -> bool:
        """Whether the interval includes 1."""
        return self.conf_low <= 1 <= self.conf_high

    def to_frame(self) -> pd.DataFrame:
        """Return the estimate as one row.

        Returns
        -------
        pandas.DataFrame
            term (hazard_ratio), group (first_reoffence), estimate, std_error (of the logarithm), conf_low, conf_high,
            p_value, n, n_events, n_treated, events_treated, events_untreated, days_treated, days_untreated.
        """
        names = ("estimate", "std_error", "conf_low", "conf_high", "p_value", "n", "n_events", "n_treated")
        row = {"term": self.measure, "group": "first_reoffence"} | {name: getattr(self, name) for name in names}
        row |= {"events_treated": self.events_treated, "events_untreated": self.n_events - self.events_treated}
        return pd.DataFrame([row | {"days_treated": self.days_treated, "days_untreated": self.days_untreated}])

    def summary(self) -> Summary:
        """Return the headline, the rates it compares, and what must stand beside it."""
        sides = (
            ("After treatment had started", self.events_treated, self.days_treated),
            ("Before or without treatment", self.n_events - self.events_treated, self.days_untreated),
        )
        table = pd.DataFrame(
            [
                (words, format_count(events), format_count(days), format_number(events / days * DAYS_A_YEAR))
                for words, events, days in sides
            ],
            columns=["Days at risk", "First reoffences", "Days", "Rate a year at risk"],
        )
        return Summary(
            title="Effect of treatment that starts during follow-up",
            headline=self._headline(),
            table=table,
            notes=tuple(self._notes()),
        )

    def _headline(self) -> str:
        words = {"level": f"{100 * self.level:g}", "interval": format_interval(self.conf_low, self.conf_high)}
        if self.includes_equality:
            return UNCLEAR.format(low=_size(self.conf_low), high=_size(self.conf_high), **words)
        return CLEAR.format(size=_size(self.estimate), ratio=format_number(self.estimate), **words)

    def _notes(self) -> list[str]:
        fates = self.episodes.events.set_index("fate")["n_events"]
        held, at_zero = int(fates["in_custody"]), int(fates["before_landmark"])
        return [
            f"What is estimated: {self.estimand}.",
            self.outcome,
            f"{self.model.method}, clustered by person; p = {format_p(self.p_value)} (two-sided).",
            f"{format_count(self.n_treated)} of {format_count(self.n)} were at risk after treatment had started; the "
            "days before the start count as days without treatment.",
            *([NOTE_HELD.format(n=format_count(held))] if held else []),
            *([NOTE_DAY_ZERO.format(n=format_count(at_zero))] if at_zero else []),
            *([] if self.covariates else [NOTE_NOTHING_HELD]),
            NOTE_CHANGING,
            NOTE_DEATH,
            "A hazard ratio compares those not yet reoffending on the same day; it is assumed the same on all days.",
        ]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the hazard ratio and its interval; return the Axes."""
        from dipeval.plots.effects import effect_plot

        return effect_plot(self.to_frame(), ax=ax)


def _size(ratio: float) -> str:
    return f"{format_percent(abs(ratio - 1))} {'lower' if ratio < 1 else 'higher'}"
