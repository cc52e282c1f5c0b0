"""How a design that stands beside the primary one shows itself: its checks, and its effects if there are any."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from dipeval.effects import effects_frame
from dipeval.effects.effect import COLUMNS
from dipeval.presenting import HtmlMixin, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dipeval.effects import Effect
    from dipeval.study.gate import Diagnostics

FAILED = "failed its checks"
NO_EFFECT_SHOWN = "No effect is shown."


class BesideMixin(HtmlMixin):
    """Gives a design with its checks and effects the four views every result has."""

    __slots__ = ()

    diagnostics: Diagnostics
    effects: tuple[Effect, ...]

    @property
    def design_label(self) -> str:
        """What this design is called."""
        raise NotImplementedError

    def to_frame(self) -> pd.DataFrame:
        """Return one row an effect; none if none is shown.

        Returns
        -------
        pandas.DataFrame
            term (the measure), group (the outcome), estimate, std_error, conf_low, conf_high, p_value, n, n_treated,
            n_comparison, mean_treated, mean_comparison.
        """
        if not self.effects:
            return pd.DataFrame(columns=list(COLUMNS))
        return effects_frame(self.effects)[list(COLUMNS)]

    def summary(self) -> Summary:
        """Return whether the comparison passed its checks, the primary effect, and the table of checks."""
        checks = self.diagnostics.summary()
        answer = self.effects[0].summary().headline if self.effects else NO_EFFECT_SHOWN
        return Summary(
            title=self.design_label,
            headline=f"{checks.headline} {answer}",
            table=checks.to_frame()[["check", "value", "threshold", "passed"]],
            notes=checks.notes,
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the primary effect with its interval, or the checks if no effect is shown, and return the Axes."""
        if not self.effects:
            return self.diagnostics.plot(ax=ax)
        return plot_effects([(marked(self.design_label, self.diagnostics), self.effects[0])], ax=ax)


def marked(words: str, diagnostics: Diagnostics) -> str:
    """Return the words for a design, marked if it failed its checks."""
    return words if diagnostics.passed else f"{words} ({FAILED})"


def plot_effects(rows: Iterable[tuple[str, Effect]], ax: Axes | None = None) -> Axes:
    """Draw effects of one outcome and measure below each other, each with its words."""
    from dipeval.plots.effects import effect_plot

    return effect_plot(pd.concat([effects_frame({words: effect}) for words, effect in rows], ignore_index=True), ax=ax)
