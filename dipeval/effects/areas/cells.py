"""Effects by wave and period, and what is made of them: each wave against areas without the programme.

A cell is one wave in one period. Its effect is the change of the wave's areas from the last period before their start
less the change of the areas that are without the programme in both periods (Callaway & Sant'Anna 2021, no covariates).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dipeval.effects.areas.panel import AreaPanel
from dipeval.effects.areas.periods import NEVER, Ints
from dipeval.errors import EstimationError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

COMPARE_WITH: Final = ("not_yet_treated", "never_treated")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class When:
    """Which cells are asked for, and who may stand on the other side.

    Parameters
    ----------
    wave, period, base
        Of each cell: the wave's first period, the cell's period and the period it is compared with (places in order).
    n_periods
        Periods of the panel.
    compare_with, anticipation
        As in `make_cells`.
    """

    wave: Ints
    period: Ints
    base: Ints
    n_periods: int
    compare_with: str
    anticipation: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Waves by periods, with the areas on either side of each.

    Parameters
    ----------
    when
        Which waves and periods.
    treated, comparison
        Areas by cells: whose change is averaged on either side.
    change
        Areas by cells: value in the period less value in the base; 0 where an area is on neither side.
    n_left_out
        Treated area-periods for which no area without the programme was left.
    """

    when: When
    treated: Flags
    comparison: Flags
    change: Floats
    n_left_out: int

    @property
    def event_time(self) -> Ints:
        """Periods since the start."""
        return self.when.period - self.when.wave

    @property
    def after(self) -> Flags:
        """Whether the cell is of a period with the programme."""
        return self.when.period >= self.when.wave


def make_cells(panel: AreaPanel, *, compare_with: str, anticipation: int) -> Cells:
    """Return every cell that has areas on both sides.

    Parameters
    ----------
    panel
        The areas.
    compare_with
        ``not_yet_treated`` or ``never_treated``.
    anticipation
        Periods before the start in which the outcome may already have changed.

    Returns
    -------
    Cells

    Raises
    ------
    EstimationError
        If no area has the programme, or none is left to compare with.
    """
    waves = np.unique(panel.start[panel.start < panel.n_periods])
    if not len(waves):
        raise EstimationError(
            "No area starts the programme within the panel after a first period without it, so that there is nothing "
            "to estimate. Check treated_from, or give earlier periods."
        )
    grid = [(g, t, g - 1 - anticipation) for g in waves for t in range(panel.n_periods) if t != g - 1 - anticipation]
    wave, period, base = (np.array(part, dtype=np.int64) for part in zip(*grid, strict=True))
    when = When(
        wave=wave, period=period, base=base, n_periods=panel.n_periods, compare_with=compare_with,
        anticipation=anticipation,
    )  # fmt: skip
    treated, comparison = sides(panel.start, panel.until, when)
    usable = comparison.any(axis=0) & treated.any(axis=0)
    after = period >= wave
    lost = int(treated[:, after & ~usable].sum())
    if not (usable & after).any():
        raise EstimationError(
            "When the programme runs, no area is left without it to compare with "
            f"({len(panel.areas)} areas, all treated by then or left out). Give areas that start later or never, "
            + ('or use compare_with="not_yet_treated".' if compare_with == "never_treated" else "or earlier periods.")
        )
    treated, comparison = treated[:, usable], comparison[:, usable]
    kept = replace(when, wave=wave[usable], period=period[usable], base=base[usable])
    change = panel.values[:, kept.period] - panel.values[:, kept.base]
    return Cells(
        when=kept,
        treated=treated,
        comparison=comparison,
        change=np.where(treated | comparison, change, 0.0),
        n_left_out=lost,
    )


def sides(start: Ints, until: Ints, when: When) -> tuple[Flags, Flags]:
    """Return which areas are on which side of each cell, by when they had the programme.

    Parameters
    ----------
    start, until
        Of each area, as in `AreaPanel`.
    when
        The cells.

    Returns
    -------
    tuple
        Two tables, areas by cells.
    """
    treated = (start[:, None] == when.wave) & (when.period <= until[:, None])
    if when.compare_with == "never_treated":
        # A start after the last period is none within the panel, unless it may cast its shadow before.
        free = start >= (NEVER if when.anticipation else when.n_periods)
        return treated, np.repeat(free[:, None], len(when.wave), axis=1)
    later = start[:, None] > np.maximum(when.period, when.base) + when.anticipation
    return treated, later & (start[:, None] != when.wave)


def effects(treated: Flags, comparison: Flags, change: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return the effect of each cell and the weight of its treated areas.

    Parameters
    ----------
    treated, comparison, change
        Areas by cells (or draws by areas by cells).
    weights
        Of the areas.

    Returns
    -------
    tuple
        Two arrays, one value a cell.
    """
    own, other = treated * weights[:, None], comparison * weights[:, None]
    size = own.sum(axis=-2)
    return (own * change).sum(axis=-2) / size - (other * change).sum(axis=-2) / other.sum(axis=-2), size


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Terms:
    """What is reported: averages over cells, each cell weighted by its treated areas.

    Parameters
    ----------
    names
        term (overall, wave, event_time), group (label), event_time (NaN where it does not apply).
    cells
        Cells by terms: which cells belong to a term.
    """

    names: tuple[tuple[str, str, float], ...]
    cells: Flags

    @property
    def before(self) -> Flags:
        """Terms with periods before the start in which nothing should have changed yet."""
        return np.array([name == "event_time" and group == "before" for name, group, _ in self.names])


def make_terms(cells: Cells, panel: AreaPanel, anticipation: int) -> Terms:
    """Return the terms: overall first, then each wave, then each time since the start.

    Parameters
    ----------
    cells
        Of the panel.
    panel
        For the labels of its periods.
    anticipation
        As in `make_cells`.

    Returns
    -------
    Terms
    """
    names: list[tuple[str, str, float]] = [("overall", "all", float("nan"))]
    flags = [cells.after]
    for wave in np.unique(cells.when.wave[cells.after]):
        names.append(("wave", panel.periods[wave], float("nan")))
        flags.append(cells.after & (cells.when.wave == wave))
    for time in np.unique(cells.event_time):
        side = "after" if time >= 0 else "anticipation" if time >= -anticipation else "before"
        names.append(("event_time", side, float(time)))
        flags.append(cells.event_time == time)
    return Terms(names=tuple(names), cells=np.column_stack(flags))


def averages(effect: Floats, size: Floats, terms: Terms) -> Floats:
    """Return the value of each term from the effects of cells (or draws by cells).

    Parameters
    ----------
    effect, size
        From `effects`.
    terms
        From `make_terms`.

    Returns
    -------
    numpy.ndarray
        One value a term (or draws by terms).
    """
    weights = terms.cells.astype("float64")
    found: Floats = (effect * size) @ weights / (size @ weights)
    return found
