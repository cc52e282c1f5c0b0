"""Difference in differences for a programme that areas take up at different times."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.effects.areas import words
from dipeval.effects.areas.beside import breakdown, two_way
from dipeval.effects.areas.cells import COMPARE_WITH, Cells, Terms, averages, effects, make_cells, make_terms
from dipeval.effects.areas.panel import MEASURES, ON_GAPS, AreaColumns, AreaPanel, read_panel
from dipeval.effects.areas.permutation import permuted
from dipeval.effects.areas.result import COLUMNS, FEWEST_AREAS, AreaEffect
from dipeval.effects.areas.spread import FEW_AREAS, Shares, Spread, shares_of, wild
from dipeval.errors import EstimationError, InputError

logger = logging.getLogger("dipeval")

ERRORS: Final = ("auto", "wild_cluster", "permutation")
# With fewer areas on a side the bootstrap's intervals are too short (MacKinnon & Webb 2017).
FEWEST_ON_A_SIDE: Final = 4
FEWEST_IN_A_PERIOD: Final = 3
_TOO_FEW: Final = (
    "{n} areas are too few for the wild cluster bootstrap, which needs {needed} in all and two on either side in every "
    'period: use error="permutation".'
)


def area_effect(
    panel: pd.DataFrame,
    *,
    area: str = "area",
    period: str = "period",
    outcome: str = "outcome",
    treated_from: str | Mapping[Any, Any] = "treated_from",
    treated_until: str | Mapping[Any, Any] | None = None,
    at_risk: str | None = None,
    per: float = 1.0,
    weights: str | Mapping[Any, Any] | None = None,
    compare_with: str = "not_yet_treated",
    anticipation: int = 0,
    measure: str = "difference",
    label: str = "",
    on_gaps: str = "refuse",
    error: str = "auto",
    draws: int = 999,
    seed: int = 0,
    level: float = 0.95,
) -> AreaEffect:
    """Estimate what a programme that came to areas in waves did to an outcome of the areas.

    Parameters
    ----------
    panel
        One row an area and period, in any order; every area has every period.
    area, period, outcome
        Columns. Periods are numbers, dates or text that starts with a year, evenly spaced; the outcome is a count or
        rate of the area in the period, 0 or more.
    treated_from
        First period with the programme: a column that says the same in every row of an area (missing: never), or a
        mapping from area to period (areas that are not in it: never).
    treated_until
        Last period with the programme, likewise, for areas that left; their later periods are left out and counted.
    at_risk
        Column with the population, for rates.
    per
        Rates are per so many of ``at_risk``.
    weights
        Column or mapping with one weight an area (such as its population before the programme); None: all alike.
    compare_with
        ``not_yet_treated``: areas without the programme so far, or ever. ``never_treated``: areas without it
        throughout.
    anticipation
        Periods before the start in which the outcome may already have changed: the base lies before them.
    measure
        ``difference``, or ``log_ratio`` (differences of logarithms: relative change).
    label
        The outcome in words.
    on_gaps
        ``refuse``, or ``drop_area``: leave out areas that lack a period, and count them.
    error
        ``wild_cluster``: wild cluster bootstrap over areas. ``permutation``: starts dealt out again among the areas.
        ``auto``: the first with four areas or more on either side and three to compare with in every treated period,
        else the second. With fewer than six areas only the permutation p-value is given, and no interval.
    draws
        Draws of the bootstrap, or arrangements where there are too many to look at each.
    seed
        Of the draws.
    level
        Coverage of the intervals, 0-1.

    Returns
    -------
    AreaEffect
        The overall effect; by wave and time since the start with ``to_frame()`` and ``event_study()``; by wave and
        period with ``group_times()``.

    Raises
    ------
    InputError
        If the panel has gaps, repeats or values that cannot be used, or an option is none of those above.
    EstimationError
        If no area starts within the panel, none is left to compare with, or they are too few for the error asked.

    Notes
    -----
    Callaway & Sant'Anna (2021) without covariates, averaged over treated area-periods; the size of waves is taken as
    given. Wild cluster bootstrap: Cameron, Gelbach & Miller (2008), weights of Webb (2023) under 20 areas. Permutation:
    two-sided by size; its interval holds the constant effects that are not rejected. Two-way fixed effects stand beside
    as a warning (Goodman-Bacon 2021). Breakdown: relative magnitudes of Rambachan & Roth (2023) in their simplest form.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(area, year, 10 + year - 2010 + place - 3 * (year >= start))
    ...     for place, (area, start) in enumerate([("A", 2012), ("B", 2012), ("C", 2013), ("D", 9999), ("E", 9999)])
    ...     for year in range(2010, 2015)]
    >>> panel = pd.DataFrame(rows, columns=["area", "year", "thefts"])
    >>> starts = {"A": 2012, "B": 2012, "C": 2013}
    >>> effect = area_effect(panel, period="year", outcome="thefts", treated_from=starts)
    >>> effect.estimate, effect.has_interval
    (-3.0, False)
    """
    _check_options(compare_with, measure, on_gaps, error, anticipation, draws, level, per)
    columns = AreaColumns(
        area=area, period=period, outcome=outcome, treated_from=treated_from, treated_until=treated_until,
        at_risk=at_risk, weights=weights, measure=measure, per=per, on_gaps=on_gaps, anticipation=anticipation,
    )  # fmt: skip
    read = read_panel(panel, columns)
    cells = make_cells(read, compare_with=compare_with, anticipation=anticipation)
    read, cells = _in_use(read, cells, compare_with, anticipation)
    terms = make_terms(cells, read, anticipation)
    effect, size = effects(cells.treated, cells.comparison, cells.change, read.weights)
    estimates = averages(effect, size, terms)
    logger.debug("area effect: %s areas, %s cells, %s terms", len(read.areas), len(effect), len(estimates))
    used, spread = _spread(read, cells, terms, estimates, error=error, draws=draws, seed=seed, level=level)
    named = label or str(outcome)
    treated = cells.treated[:, cells.after]
    return AreaEffect(
        estimate=float(estimates[0]),
        std_error=float(spread.std_error[0]),
        conf_low=float(spread.conf_low[0]),
        conf_high=float(spread.conf_high[0]),
        p_value=float(spread.p_value[0]),
        level=level,
        measure=measure,
        outcome_name=named,
        n_areas=len(read.areas),
        n_treated_areas=int(treated.any(axis=1).sum()),
        n_periods=read.n_periods,
        n_treated_periods=int(treated.sum()),
        n_waves=len(np.unique(cells.when.wave[cells.after])),
        n_left_out_early=read.left_out.get("early", 0),
        n_left_out_gaps=read.left_out.get("gaps", 0),
        n_after_leaving=read.n_after_leaving,
        n_without_comparison=cells.n_left_out,
        error=used,
        draws=spread.draws,
        method=_method(read, compare_with, anticipation, used, spread),
        estimand=_estimand(named, measure, treated, weighted=weights is not None),
        pre_trend_p=spread.pre_trend_p,
        breakdown=breakdown(
            cells, effect, size, terms, estimate=float(estimates[0]), low=float(spread.conf_low[0]),
            high=float(spread.conf_high[0]), anticipation=anticipation,
        ),
        two_way=two_way(read),
        _table=_table(read, cells, terms, estimates, spread, anticipation),
        _cells=_cells(read, cells, effect),
    )  # fmt: skip


def _check_options(
    compare_with: str,
    measure: str,
    on_gaps: str,
    error: str,
    anticipation: int,
    draws: int,
    level: float,
    per: float,
) -> None:
    choices = (
        ("compare_with", compare_with, COMPARE_WITH),
        ("measure", measure, MEASURES),
        ("on_gaps", on_gaps, ON_GAPS),
        ("error", error, ERRORS),
    )
    for name, given, allowed in choices:
        if given not in allowed:
            raise InputError(f"{name} must be one of {', '.join(allowed)}; got {given!r}.")
    for name, number, least in (("anticipation", anticipation, 0), ("draws", draws, 99)):
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < least:
            raise InputError(f"{name} must be a whole number, {least} or more; got {number!r}.")
    if not 0 < level < 1:
        raise InputError(f"level must be between 0 and 1, such as 0.95; got {level!r}.")
    if not (math.isfinite(per) and per > 0):
        raise InputError(f"per must be a number above 0, such as 1000; got {per!r}.")


def _in_use(panel: AreaPanel, cells: Cells, compare_with: str, anticipation: int) -> tuple[AreaPanel, Cells]:
    """Leave out areas that stand on neither side of any cell of the overall effect, and count nothing twice."""
    used: NDArray[np.bool_] = np.any((cells.treated | cells.comparison)[:, cells.after], axis=1)
    if used.all():
        return panel, cells
    kept = panel.keep(used)
    again = make_cells(kept, compare_with=compare_with, anticipation=anticipation)
    lost = int(np.maximum(panel.until - panel.start + 1, 0)[~used].sum())
    return kept, Cells(
        when=again.when,
        treated=again.treated,
        comparison=again.comparison,
        change=again.change,
        n_left_out=again.n_left_out + lost,
    )


def _spread(
    panel: AreaPanel,
    cells: Cells,
    terms: Terms,
    estimates: NDArray[np.float64],
    *,
    error: str,
    draws: int,
    seed: int,
    level: float,
) -> tuple[str, Spread]:
    n = len(panel.areas)
    shares = shares_of(panel, cells, terms)
    possible = n >= FEWEST_AREAS and shares[0] is not None
    if error == "wild_cluster" and not possible:
        raise EstimationError(_TOO_FEW.format(n=n, needed=FEWEST_AREAS))
    if error != "permutation" and possible and (error == "wild_cluster" or _enough(cells, shares[0])):
        found = wild(estimates, shares, terms.before, draws=draws, seed=seed, level=level)
        if error == "wild_cluster" or not math.isnan(float(found.std_error[0])):
            return "wild_cluster", found
    interval = n >= FEWEST_AREAS
    found = permuted(panel, cells, terms, estimates, draws=draws, seed=seed, level=level, interval=interval)
    return "permutation", found


def _enough(cells: Cells, overall: Shares | None) -> bool:
    """Whether either side has areas enough for the bootstrap, and the other side in every treated period."""
    if overall is None:
        return False
    other = cells.comparison[:, cells.after]
    fewest = min(int((overall.share > 0).sum()), int(other.any(axis=1).sum()))
    return fewest >= FEWEST_ON_A_SIDE and int(other.sum(axis=0).min()) >= FEWEST_IN_A_PERIOD


def _method(panel: AreaPanel, compare_with: str, anticipation: int, error: str, spread: Spread) -> str:
    before = words.METHOD_BEFORE.format(n=anticipation) if anticipation else ""
    first = words.METHOD_CELLS.format(who=words.WHO[compare_with], before=before)
    n = len(panel.areas)
    if error == "permutation":
        told = words.METHOD_PERMUTATION.format(n=n, draws=f"{spread.draws:,}", all=", all" if spread.complete else "")
    else:
        kind = "Webb's six-point" if n < FEW_AREAS else "Rademacher"
        told = words.METHOD_WILD.format(n=n, weights=kind, draws=f"{spread.draws:,}")
    return f"{first}; {told}"


def _estimand(named: str, measure: str, treated: NDArray[np.bool_], *, weighted: bool) -> str:
    return words.ESTIMAND.format(
        n=f"{int(treated.sum()):,}",
        areas=f"{int(treated.any(axis=1).sum()):,}",
        what=words.WHAT[measure].format(outcome=named),
        weighted=", areas counted by their weights" if weighted else "",
    )


def _table(
    panel: AreaPanel, cells: Cells, terms: Terms, estimates: NDArray[np.float64], spread: Spread, anticipation: int
) -> pd.DataFrame:
    fewest = np.where(terms.cells, cells.comparison.sum(axis=0)[:, None], len(panel.areas)).min(axis=0)
    areas = ((cells.treated.astype(int) @ terms.cells.astype(int)) > 0).sum(axis=0)
    rows = [
        {
            "term": term,
            "group": group,
            "event_time": time,
            "estimate": estimates[place],
            "std_error": spread.std_error[place],
            "conf_low": spread.conf_low[place],
            "conf_high": spread.conf_high[place],
            "p_value": spread.p_value[place],
            "n": int(areas[place]),
            "n_events": _events(panel, cells, terms.cells[:, place]),
            "n_comparison": int(fewest[place]),
        }
        for place, (term, group, time) in enumerate(terms.names)
    ]
    base = cells.treated[:, cells.after].any(axis=1)
    reference = {"term": "event_time", "group": "reference", "event_time": float(-1 - anticipation), "estimate": 0.0}
    at_base = None if panel.events is None else panel.events[base, panel.start[base] - 1 - anticipation].sum()
    sizes = {"n": int(base.sum()), "n_events": at_base, "n_comparison": int(fewest[0])}
    frame = pd.DataFrame([*rows, reference | sizes], columns=list(COLUMNS))
    order = frame["term"].map({"overall": 0, "wave": 1, "event_time": 2})
    frame = frame.assign(order=order).sort_values(["order", "event_time"], kind="stable").drop(columns="order")
    return frame.reset_index(drop=True).astype({"n": "int64", "n_events": "Int64", "n_comparison": "int64"})


def _events(panel: AreaPanel, cells: Cells, own: NDArray[np.bool_]) -> float | None:
    """What the outcome counts in the treated areas and periods of a term."""
    if panel.events is None:
        return None
    counted = np.where(cells.treated, panel.events[:, cells.when.period], 0.0)
    return float(counted[:, own].sum())


def _cells(panel: AreaPanel, cells: Cells, effect: NDArray[np.float64]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "wave": [panel.periods[place] for place in cells.when.wave],
            "period": [panel.periods[place] for place in cells.when.period],
            "event_time": cells.event_time,
            "estimate": effect,
            "n": cells.treated.sum(axis=0),
            "n_comparison": cells.comparison.sum(axis=0),
        }
    )
