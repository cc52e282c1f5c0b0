"""Where each area lies among the limits, and how surely: scores, p-values, positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from dipeval.indicators.comparing.limits import Numbers, interpolated_quantile, mid_p_score

INSIDE: Final = "inside"
NOT_TOLD: Final = "not told"
NOT_COMPARED: Final = "not compared"
_POINTS = 120


def percent(level: float) -> str:
    """Return a level in words.

    Examples
    --------
    >>> percent(0.998)
    '99.8%'
    """
    return f"{100 * level:.10g}%"


def suffix(level: float) -> str:
    """Return how the columns of the limits of a level are called.

    Examples
    --------
    >>> suffix(0.95), suffix(0.998)
    ('95', '998')
    """
    return f"{100 * level:.10g}".replace(".", "")


def errors(centre: float, exposure: Any, trials: Any) -> Numbers:
    """Return the standard error of a value at the centre, by chance alone."""
    exposure, trials = np.asarray(exposure, dtype="float64"), np.asarray(trials, dtype="float64")
    chance = np.where(np.isfinite(trials), 1 - centre * exposure / np.where(np.isfinite(trials), trials, 1.0), 1.0)
    return np.sqrt(np.maximum(centre * chance, 0.0) / exposure)


def limits_at(
    centre: float, exposure: Any, trials: Any, levels: Sequence[float], *, factor: float, between: float, most: float
) -> dict[str, Numbers]:
    """Return the limits of each level: exact ones, moved away from the centre where areas spread beyond chance.

    Parameters
    ----------
    centre
        What areas are compared with.
    exposure, trials
        By which a value is a count: see `dipeval.indicators.comparing.standardising`.
    levels
        Such as 0.95.
    factor
        Multiplicative over-dispersion, 1 for none.
    between
        Standard deviation between areas that is added, 0 for none.
    most
        Largest value possible (1 for a share).

    Returns
    -------
    dict
        Arrays ``lower_95``, ``upper_95``, ...
    """
    exposure, trials = np.broadcast_arrays(np.asarray(exposure, dtype="float64"), np.asarray(trials, dtype="float64"))
    wider = widening(centre, exposure, trials, factor=factor, between=between)
    found: dict[str, Numbers] = {}
    for level in levels:
        for side, probability in (("lower", (1 - level) / 2), ("upper", (1 + level) / 2)):
            exact = interpolated_quantile(probability, centre * exposure, trials) / exposure
            found[f"{side}_{suffix(level)}"] = np.clip(centre + wider * (exact - centre), 0.0, most)
    return found


def widening(centre: float, exposure: Any, trials: Any, *, factor: float, between: float) -> Numbers:
    """Return by how much limits are wider than those of chance alone."""
    error = errors(centre, exposure, trials)
    return np.asarray(np.sqrt(max(factor, 1.0) + (between / error) ** 2), dtype="float64")


def compared(
    frame: pd.DataFrame, centre: float, levels: Sequence[float], *, factor: float, between: float, most: float
) -> pd.DataFrame:
    """Return limits, scores, p-values and positions of areas with an exposure, on the index of `frame`."""
    found = pd.DataFrame(
        limits_at(centre, frame["exposure"], frame["trials"], levels, factor=factor, between=between, most=most),
        index=frame.index,
    )
    wider = widening(centre, frame["exposure"], frame["trials"], factor=factor, between=between)
    z = ((frame["value"] - centre) / errors(centre, frame["exposure"], frame["trials"])).to_numpy()
    score = mid_p_score(frame["value"] * frame["exposure"], centre * frame["exposure"], frame["trials"]) / wider
    p_value = 2 * stats.norm.sf(np.abs(score))
    found["z"], found["z_adjusted"], found["p_value"] = z, z / wider, p_value
    found["p_adjusted"] = stats.false_discovery_control(p_value, method="bh")
    found["position"] = INSIDE
    for level in levels:
        name, words = suffix(level), percent(level)
        # A value at its own limit may differ from it in the last digit only.
        slack = 1e-12 * max(abs(centre), 1e-12)
        found.loc[frame["value"] > found[f"upper_{name}"] + slack, "position"] = f"above {words}"
        found.loc[frame["value"] < found[f"lower_{name}"] - slack, "position"] = f"below {words}"
    return found


def curve(
    frame: pd.DataFrame, centre: float, levels: Sequence[float], *, factor: float, between: float, most: float
) -> pd.DataFrame:
    """Return the limits over the sizes that occur: smooth where size says all, else one row an area.

    Columns: size, centre, the limits, smooth.
    """
    told = frame[frame["exposure"] > 0]
    per_exposure, per_trial = (told[name] / told["size"] for name in ("exposure", "trials"))
    smooth = bool(np.ptp(per_exposure) < 1e-9 and (per_trial.isna().all() or np.ptp(per_trial) < 1e-9))
    if smooth:
        first, last = 0.7 * told["size"].min(), 1.08 * told["size"].max()
        size = np.geomspace(max(first, 1e-9), last, _POINTS)
        exposure, trials = size * per_exposure.iloc[0], size * per_trial.iloc[0]
    else:
        told = told.sort_values(["size", "area"], kind="stable")
        size, exposure, trials = (told[name].to_numpy() for name in ("size", "exposure", "trials"))
    limits = limits_at(centre, exposure, trials, levels, factor=factor, between=between, most=most)
    return pd.DataFrame({"size": size, "centre": centre, **limits, "smooth": smooth})
