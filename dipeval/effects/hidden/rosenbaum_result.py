"""The result of `rosenbaum_bounds`: what hidden bias could make of a matched comparison."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from dipeval.effects.hidden import words
from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count, format_interval, format_number, format_p
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS: Final = ("gamma", "p_low", "p_high", "hl_low", "hl_high")
# With fewer pairs or sets that differ, a normal approximation is rough.
FEW: Final = 25


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RosenbaumBounds(HtmlMixin):
    """How far hidden bias could move a matched comparison; made by `rosenbaum_bounds`.

    Parameters
    ----------
    outcome_name, outcome_kind
        The outcome, and whether it is ``yes_no``, ``count`` or ``number``.
    test
        ``mcnemar`` (``mcnemar_beyond`` without the number observed), ``signed_rank``, ``events_in_sets`` or
        ``aligned_ranks``.
    alternative, higher
        As asked for; and whether the p-values are for a higher outcome among the treated.
    alpha
        What the p-value has to be below.
    p_value
        Without any hidden bias (Gamma = 1).
    gamma_critical
        Largest Gamma at which the p-value is sure to be below alpha; 1 if it is not below it without any bias.
    gamma_estimate
        Gamma from which on the whole difference seen could be due to hidden bias; infinite if none could.
    n_treated, n_comparison, n_groups, n_informative
        People used, pairs or sets, and those of them in which the outcomes differ.
    pairs
        Whether every set is a pair.
    estimand, design_method, design_fingerprint
        The design and whom it is about.
    """

    outcome_name: str
    outcome_kind: str
    test: str
    alternative: str
    higher: bool
    alpha: float
    p_value: float
    gamma_critical: float
    gamma_estimate: float
    n_treated: int
    n_comparison: int
    n_groups: int
    n_informative: int
    pairs: bool
    estimand: str
    design_method: str
    design_fingerprint: str
    _frame: pd.DataFrame = field(repr=False)
    _curve: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse bounds that cross."""
        if (self._frame["p_low"] > self._frame["p_high"] + 1e-9).any():
            raise InvariantError("A lower bound of a p-value lies above its upper bound.")
        if (self._frame["hl_low"] > self._frame["hl_high"] + 1e-9).any():
            raise InvariantError("A lower bound of the estimate lies above its upper bound.")
        if self.gamma_critical < 1:
            raise InvariantError("Gamma cannot be below 1.")

    @property
    def is_clear(self) -> bool:
        """Whether the p-value is below alpha when no hidden bias is allowed for."""
        return self.p_value < self.alpha

    def to_frame(self) -> pd.DataFrame:
        """Return the bounds, one row a Gamma.

        Returns
        -------
        pandas.DataFrame
            ``gamma`` (how many times higher one person's odds of treatment may be), ``p_low`` and ``p_high`` (smallest
            and largest p-value this leaves open), ``hl_low`` and ``hl_high`` (range of the Hodges-Lehmann estimate of
            a shift, treated minus comparison; missing for a yes/no outcome).
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Say how strong hidden bias would have to be, with the bounds and how they were made."""
        about = label(self.outcome_name)
        alpha = f"{self.alpha:g}"
        if self.is_clear:
            gamma = words.gamma_in_words(self.gamma_critical)
            headline = words.BOUNDS_CLEAR.format(outcome=about, alpha=alpha, gamma=gamma)
        else:
            headline = words.BOUNDS_UNCLEAR.format(outcome=about, alpha=alpha, p=format_p(self.p_value))
        return Summary(
            title=words.BOUNDS_TITLE.format(outcome=about),
            headline=headline,
            table=self._display(),
            notes=self._notes(),
        )

    def _display(self) -> pd.DataFrame:
        rows = []
        numbers = self.outcome_kind != "yes_no"
        largest = float(np.abs(self._frame[["hl_low", "hl_high"]].to_numpy()).max()) if numbers else 0.0
        for gamma, *p_values, low, high in self._frame.to_numpy(dtype=float).tolist():
            cells = [f"{gamma:g}", " to ".join(map(format_p, p_values))]
            if numbers:
                cells.append(format_interval(low, high, 0 if largest >= 100 else 2))
            rows.append(cells)
        columns = ["Gamma", "p-value, from and to", "Shift, from and to"]
        return pd.DataFrame(rows, columns=columns[: 2 + numbers])

    def _notes(self) -> tuple[str, ...]:
        word = "pairs" if self.pairs else "sets"
        sides = words.BOUNDS_SIDES[self.alternative].format(direction=words.DIRECTIONS[self.higher])
        informative = format_count(self.n_informative)
        lines = [words.BOUNDS_GAMMA]
        if self.is_clear and math.isfinite(self.gamma_critical):
            strength = format_number(words.equal_strength(self.gamma_critical))
            gamma = words.gamma_in_words(self.gamma_critical)
            lines.append(words.BOUNDS_AMPLIFIED.format(gamma=gamma, strength=strength))
        if math.isfinite(self.gamma_estimate):
            lines.append(words.BOUNDS_ESTIMATE.format(gamma=format_number(self.gamma_estimate)))
        else:
            lines.append(words.BOUNDS_NEVER)
        lines.append(
            words.BOUNDS_TEST.format(
                test=words.TESTS[self.test],
                informative=informative,
                groups=format_count(self.n_groups),
                word=word,
                sides=sides,
            )
        )
        if self.n_informative < FEW and not self.test.startswith("mcnemar"):
            lines.append(words.BOUNDS_FEW.format(informative=informative, word=word))
        if self.outcome_kind != "yes_no":
            lines.append(words.BOUNDS_SHIFT)
        return (*lines, words.NOTE_BOTH_WAYS, words.BOUNDS_SOURCE)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the range of the p-value against Gamma, with the Gamma at which it can reach alpha."""
        from dipeval.plots.hidden import bounds_plot

        return bounds_plot(
            self._curve, alpha=self.alpha, critical=self.gamma_critical if self.is_clear else math.nan, ax=ax
        )
