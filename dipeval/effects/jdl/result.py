"""The result of an analysis in the style of the Justice Data Lab: bands, headline measures and verdicts."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from dipeval.effects.effect import FIGURES
from dipeval.effects.jdl import figures
from dipeval.effects.jdl import sentences as say
from dipeval.effects.jdl.measures import MEASURES, JdlMeasure
from dipeval.effects.jdl.words import (
    RANGE_IN_PICTURE,
    TABLE_CURVE,
    TABLE_HEADINGS,
    TABLE_VERDICTS,
    TABLE_VERDICTS_OF_TIME,
    TIME,
    TITLE,
)
from dipeval.errors import InvariantError
from dipeval.matching.balance_words import BAND_WORDS, band
from dipeval.presenting import HtmlMixin, Summary, format_number, format_p

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dipeval.effects.jdl.rule import JdlRule
    from dipeval.matching import Design
    from dipeval.survival import Curve

COLUMNS: Final = (
    "term",
    "group",
    *FIGURES,
    "minimum_detectable",
    "verdict",
)
ATTRITION_COLUMNS: Final = ("step", "label", "counted", "n_people", "n_excluded")
SHARE_COLUMNS: Final = ("time_days", "treated", "comparison")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JdlStyle(HtmlMixin):
    """Reoffending in the style of the Justice Data Lab; made by `jdl_style`.

    Parameters
    ----------
    design
        The radius design, made without sight of an outcome.
    rule
        How figures are made and when they are withheld.
    measures
        Rate, frequency and time to first among reoffenders, in this order.
    reasons
        One sentence for each check that comes before the outcome and failed.
    curve
        Share free of reoffending over time in both groups, with the design's weights; None where there is none.
    """

    design: Design = field(repr=False)
    rule: JdlRule
    measures: tuple[JdlMeasure, ...] = field(repr=False)
    reasons: tuple[str, ...]
    curve: Curve | None = field(default=None, repr=False)
    _attrition: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse to exist with a broken promise."""
        if self.withheld and (any(item.effect is not None for item in self.measures) or self.curve is not None):
            raise InvariantError("An analysis that failed its checks shows a result without an override.")
        if tuple(item.kind for item in self.measures) != tuple(MEASURES):
            raise InvariantError("The headline measures are rate, frequency and time, in this order.")
        if tuple(self._attrition.columns) != ATTRITION_COLUMNS:
            raise InvariantError("The attrition has lost its documented columns.")

    @property
    def withheld(self) -> bool:
        """Whether the results are withheld: a check failed and nobody decided to go on."""
        return bool(self.reasons) and not self.rule.override

    @property
    def overridden(self) -> bool:
        """Whether the results are shown although a check failed."""
        return bool(self.reasons) and self.rule.override

    @property
    def band(self) -> str:
        """The band of the worst term: "green", "amber" or "red"."""
        return self.design.balance().band

    @property
    def overall(self) -> str:
        """How well the groups are matched: "well matched", "reasonably matched" or "poorly matched"."""
        return BAND_WORDS[self.band]

    @property
    def verdict(self) -> str:
        """The verdict on the rate: lower, higher, not_significant, underpowered, withheld or not_measured."""
        return self.measures[0].verdict

    @property
    def detectable_before(self) -> float:
        """Smallest true difference in the rate that would probably be found, worked out before any outcome."""
        rule = self.rule
        return self.design.minimum_detectable_difference(rule.expected_share, power=rule.power, level=rule.level)

    @property
    def attrition(self) -> pd.DataFrame:
        """Columns step, label, counted ("everybody" or "treated"), n_people, n_excluded: who was lost on the way."""
        return self._attrition.copy()

    def bands(self) -> pd.DataFrame:
        """Return how alike the groups are on each term.

        Returns
        -------
        pandas.DataFrame
            term, smd_before, smd_after (shares of a standard deviation), band_before, band ("green", "amber", "red").
        """
        frame = self.design.balance().to_frame()
        frame = frame.loc[frame["kind"] == "covariate", ["term", "smd_before", "smd_after"]].reset_index(drop=True)
        return frame.assign(band_before=frame["smd_before"].map(band), band=frame["smd_after"].map(band))

    def shares_over_time(self) -> pd.DataFrame:
        """Return the share who had reoffended by each quarter of the follow-up (Kaplan-Meier).

        Returns
        -------
        pandas.DataFrame
            time_days (in the unit of the curve), treated, comparison; no row where there is no curve.
        """
        if self.curve is None:
            return pd.DataFrame(columns=list(SHARE_COLUMNS), dtype="float64")
        times = np.floor(self.curve.followed_to * np.array([0.25, 0.5, 0.75, 1.0]))
        found = self.curve.at(np.unique(times[times > 0]).tolist())
        wide = found.assign(estimate=1 - found["estimate"]).pivot(index="time_days", columns="group", values="estimate")
        return wide.reset_index().rename_axis(columns=None)[list(SHARE_COLUMNS)]

    def of_hundred(self) -> tuple[str, ...]:
        """Return the sentences about 100 typical people in each group, and the range of the differences."""
        return figures.of_hundred(self)

    def can_say(self) -> tuple[str, ...]:
        """Return what may be said, a sentence a measure."""
        return say.can_say(self)

    def cannot_say(self) -> tuple[str, ...]:
        """Return what may not be said."""
        return say.cannot_say(self)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a headline measure: rate, frequency, time to first among reoffenders.

        Returns
        -------
        pandas.DataFrame
            ``term`` (the measure), ``group`` (rate, frequency, time), ``estimate`` (treated minus comparison),
            ``std_error``, ``conf_low``, ``conf_high``, ``p_value``, ``n`` (people behind it), ``n_treated``,
            ``n_comparison``, ``mean_treated``, ``mean_comparison``, ``minimum_detectable`` (smallest true difference
            that would probably have been found) and ``verdict``. Figures are missing where they are withheld.
        """
        return pd.DataFrame([_row(measure) for measure in self.measures], columns=list(COLUMNS))

    def summary(self) -> Summary:
        """Return the verdict on the rate, the measures and what must stand beside them."""
        return Summary(title=TITLE, headline=say.headline(self), table=self._table(), notes=say.notes(self))

    def _table(self) -> pd.DataFrame:
        rows = [_shown(measure) for measure in self.measures]
        unit = "" if self.curve is None else self.curve.time_unit
        rows += [
            (
                TABLE_CURVE.format(time=f"{row['time_days']:g}", unit=unit),
                *(format_number(100 * row[side], 1) for side in ("treated", "comparison")),
                *("",) * 4,
            )
            for row in self.shares_over_time().to_dict("records")
        ]
        interval = f"{100 * self.rule.level:g}% interval"
        return pd.DataFrame(rows, columns=["Measure", "Treated", "Comparison", "Difference", interval, "p", "Verdict"])

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw 100 typical people of each group, or, where results are withheld, how unlike the groups are."""
        from dipeval.plots.balance import love_plot
        from dipeval.plots.jdl import hundred_plot

        effect = self.measures[0].effect
        if effect is None:
            return love_plot(self.design.balance().to_frame(), ax=ax)
        told = figures.range_shown(self.measures[0], more_people=False)
        return hundred_plot(
            pd.DataFrame({"group": ["treated", "comparison"], "share": [effect.mean_treated, effect.mean_comparison]}),
            ax=ax,
            others=figures.others(self),
            below=RANGE_IN_PICTURE.format(level=f"{100 * self.rule.level:g}", range=told),
        )


def _row(measure: JdlMeasure) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(COLUMNS, math.nan)
    if measure.effect is not None:
        row |= {str(name): value for name, value in measure.effect.to_frame().iloc[0].items()}
    else:
        row |= dict.fromkeys(("n", "n_treated", "n_comparison"), 0)
    return row | {
        "term": MEASURES[measure.kind],
        "group": measure.kind,
        "minimum_detectable": measure.minimum_detectable,
        "verdict": measure.verdict,
    }


def verdict_shown(measure: JdlMeasure) -> str:
    """Return the verdict on a measure as it stands in a table: of a time, sooner or later."""
    own = TABLE_VERDICTS_OF_TIME if measure.kind == TIME else {}
    return own.get(measure.verdict, TABLE_VERDICTS[measure.verdict])


def _shown(measure: JdlMeasure) -> tuple[str, ...]:
    effect, heading = measure.effect, TABLE_HEADINGS[measure.kind].format(unit=measure.unit)
    if effect is None:
        return (heading, *("",) * 5, verdict_shown(measure))
    values = (effect.mean_treated, effect.mean_comparison, effect.estimate, effect.conf_low, effect.conf_high)
    *levels, size, low, high = (figures.plain(measure, value) for value in values)
    return (heading, *levels, size, f"{low} to {high}", format_p(effect.p_value), verdict_shown(measure))
