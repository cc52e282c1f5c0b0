"""`benchmark`: areas beside each other, with the limits that chance alone would keep to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from dipeval.indicators.comparing.asked import Asked, counted
from dipeval.indicators.comparing.dispersion import FEW_AREAS, Dispersion, dispersion
from dipeval.indicators.comparing.positions import NOT_COMPARED, NOT_TOLD, compared, curve, errors
from dipeval.indicators.comparing.result import Benchmark, columns, limit_columns
from dipeval.indicators.comparing.standardising import measured
from dipeval.indicators.comparing.words import area_words

_SIGNIFICANT = 0.05


def benchmark(
    data: pd.DataFrame,
    *,
    area: str = "district",
    numerator: str = "numerator",
    denominator: str = "denominator",
    kind: str = "share",
    expected: str | None = None,
    squares: str | None = None,
    strata: Sequence[str] = (),
    standardise: str | None = None,
    standard: str | None = None,
    over_dispersion: str = "auto",
    prior: float | None = None,
    target: float | None = None,
    wanted: str = "neither",
    per: float = 1.0,
    label: str = "",
    level: Sequence[float] = (0.95, 0.998),
) -> Benchmark:
    """Set areas beside each other and say which differ from the others by more than chance: no league table.

    Parameters
    ----------
    data
        One or more rows an area (and stratum); rows of one area are added up. Rows of "all districts" are left out.
    area, numerator, denominator
        Names of columns: the area, what is counted, and out of what.
    kind
        ``share``: units with something out of units. ``rate``: events per unit of the denominator. ``ratio``: events
        over expected events, which are in `expected`, or in `denominator` where that is not given.
    expected
        Column of expected events, for a ratio.
    squares
        Column with the events times their variance over that of Poisson counts, where a unit can have several
        (reoffences a person), as measured indicators hold it: limits and intervals are then wider by the spread that
        shows. The sum over units of their squared events can stand for it, and is on the wide side. For a
        share the units times their design effect, where some people are counted several times (tests).
    strata
        Columns of case mix, such as ``["age_group", "sex"]``.
    standardise
        ``direct``: the area's own figures in the strata, weighted alike everywhere. ``indirect``: events over those
        expected if the figures of all areas together held in each stratum. ``model``: the same, expected by a logistic
        or Poisson model of the strata (numbers enter as numbers), which needs no area to have people in each.
    standard
        Column with the standard population of each stratum, for ``direct``; default all areas together.
    over_dispersion
        ``none``: limits of chance alone. ``multiplicative``: wider by the root of the factor. ``additive``: a spread
        between areas is added. ``auto``: multiplicative where the spread is beyond chance (p < 0.05) and there are ten
        areas or more; with fewer the factor is told and the limits stay.
    prior
        Standard deviation between areas beyond chance, in units of the value, known from elsewhere (43 forces, say).
        Few areas cannot tell it themselves. It is added to the limits, and gives shrunken values.
    target
        What areas are compared with, in units of the value; default all of them together.
    wanted
        ``higher``, ``lower`` or ``neither``: used in words only.
    per
        Values are multiplied by this: 100 for "per 100 people".
    label
        What is compared, for titles and axes; default the label of a measured indicator.
    level
        Levels of the limits; the first is also that of the intervals.

    Returns
    -------
    Benchmark

    Raises
    ------
    InputError
        If columns are missing, counts are negative or impossible, areas are spelt in two ways, or options do not go
        together.

    Notes
    -----
    Spiegelhalter (2005), Statistics in Medicine 24:1185. Limits are exact binomial or Poisson quantiles, interpolated
    as in its appendix, so that they run smoothly; chance puts about 5% and 0.2% of areas that do not differ outside
    them. p-values are exact mid-p and may fall on the other side of 0.05 from a limit where counts are small. Where
    areas spread beyond chance, the exact limits are moved away from the centre by the root of the factor. Standardised
    figures are brought to the scale of a count with the same mean and variance. Intervals: Wilson for shares; exact
    Poisson; Fay and Feuer (1997) for direct rates and for events a unit can have several of.

    Examples
    --------
    >>> import pandas as pd
    >>> import dipeval as dip
    >>> data = pd.DataFrame({"district": ["Wakefield", "Bradford", "Leeds"], "positive": [95, 210, 330],
    ...                      "tests": [200, 400, 500]})
    >>> found = dip.benchmark(data, numerator="positive", denominator="tests", label="Positive drug tests")
    >>> found.to_frame()[["area", "value", "position"]]
            area  value     position
    0   Bradford  0.525    below 95%
    1      Leeds  0.660  above 99.8%
    2  Wakefield  0.475    below 95%

    The National Indicator 38 case: one area, so nothing is compared, but the ratio has its exact Poisson interval.

    >>> one = pd.DataFrame({"area": ["The area"], "offences": [577], "expected": [426.3]})
    >>> found = dip.benchmark(one, area="area", numerator="offences", expected="expected", kind="ratio")
    >>> found.to_frame()[["value", "conf_low", "conf_high"]].round(3)
       value  conf_low  conf_high
    0  1.354     1.245      1.469
    """
    asked = Asked(
        area=area,
        numerator=numerator,
        denominator=denominator,
        kind=kind,
        expected=expected,
        squares=squares,
        strata=(strata,) if isinstance(strata, str) else tuple(strata),
        standardise=standardise,
        standard=standard,
        over_dispersion=over_dispersion,
        prior=prior,
        target=target,
        wanted=wanted,
        per=float(per),
        label=label,
        level=tuple(level),
    )
    counts, left_out = counted(data, asked)
    if not label and "indicator" in data.columns and "label" in data.columns and data["label"].nunique() == 1:
        asked = replace(asked, label=str(data["label"].iloc[0]))
    frame, pooled = measured(counts, asked)
    frame = frame.sort_values("area", key=lambda names: names.str.casefold(), kind="stable").reset_index(drop=True)
    centre = pooled if asked.natural_target is None else asked.natural_target
    told = frame[frame["exposure"] > 0]
    return _found(asked, frame, told, centre, left_out)


def _found(
    asked: Asked, frame: pd.DataFrame, told: pd.DataFrame, centre: float, left_out: tuple[int, int]
) -> Benchmark:
    can_compare = (len(told) > 1 or asked.target is not None) and _varies(told, centre)
    known = told if can_compare else told.head(0)
    error = errors(centre, known["exposure"], known["trials"])
    spread = dispersion((known["value"] - centre) / error, error, centre_given=asked.target is not None)
    used, factor, between = _applied(asked, spread, len(known))
    is_bounded = asked.kind == "share" and not asked.standardised_ratio
    options: dict[str, Any] = {"factor": factor, "between": between, "most": 1.0 if is_bounded else np.inf}
    full = frame.assign(centre=centre if can_compare else np.nan, position=NOT_TOLD)
    full.loc[told.index, "position"] = NOT_COMPARED
    lines = pd.DataFrame(columns=["size", "centre", *limit_columns(asked.level), "smooth"], dtype="float64")
    if can_compare:
        found = compared(known, centre, asked.level, **options)
        full["position"] = found["position"].reindex(full.index).fillna(full["position"])
        full = full.join(found.drop(columns="position"))
        lines = curve(known, centre, asked.level, **options)
    if asked.prior is not None and can_compare:
        trust = (asked.prior / asked.per) ** 2 / ((asked.prior / asked.per) ** 2 + error**2)
        full["shrunken"] = centre + trust * (known["value"] - centre)
    shown = _scaled(full.reindex(columns=[*columns(asked.level)[:-1]]), asked)
    return Benchmark(
        kind="ratio" if asked.standardised_ratio else asked.kind,
        standardise=asked.standardise,
        strata=asked.strata,
        label=asked.label,
        wanted=asked.wanted,
        per=asked.per,
        level=asked.level,
        centre=centre * asked.per if can_compare else float("nan"),
        centre_given=asked.target is not None,
        over_dispersion=used,
        over_dispersion_asked=asked.over_dispersion,
        dispersion=replace(spread, between=spread.between * asked.per),
        prior=asked.prior,
        several_events=asked.squares is not None and bool((told["exposure"] < told["size"] * (1 - 1e-9)).any()),
        n_areas=len(frame),
        n_compared=len(known),
        n_left_out=left_out[0],
        n_not_told=left_out[1],
        _frame=shown.assign(words=area_words(shown, asked)),
        _limits=_scaled(lines, asked),
    )


def _varies(told: pd.DataFrame, centre: float) -> bool:
    """Whether chance could make a difference at all: not where nobody, or everybody, has what is counted."""
    if told.empty or not np.isfinite(centre) or centre <= 0:
        return False
    return bool((errors(centre, told["exposure"], told["trials"]) > 0).all())


def _applied(asked: Asked, spread: Dispersion, n_areas: int) -> tuple[str, float, float]:
    """What the limits are widened by: how, a factor, and a spread that is added."""
    if asked.prior is not None and asked.over_dispersion != "none":
        return "prior", 1.0, asked.prior / asked.per
    if asked.over_dispersion == "additive":
        return "additive", 1.0, spread.between if np.isfinite(spread.between) else 0.0
    is_beyond_chance = n_areas >= FEW_AREAS and spread.p_value < _SIGNIFICANT and spread.factor > 1
    if asked.over_dispersion == "multiplicative" or (asked.over_dispersion == "auto" and is_beyond_chance):
        return "multiplicative", float(np.fmax(spread.factor, 1.0)), 0.0
    return "none", 1.0, 0.0


def _scaled(frame: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """Values in the unit they are shown in."""
    frame = frame.copy()
    for name in ("value", "conf_low", "conf_high", "centre", "shrunken", *limit_columns(asked.level)):
        if name in frame:
            frame[name] = frame[name].astype("float64") * asked.per
    return frame
