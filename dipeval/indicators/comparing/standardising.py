"""Areas made comparable by case mix: direct, indirect, and by a model.

Each way ends in the same columns, so that limits, scores and intervals are found alike: `value`, and the exposure and
trials by which value x exposure is an (effective) count out of (effective) trials - missing trials stand for Poisson.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.indicators.comparing.asked import Asked
from dipeval.indicators.comparing.intervals import fay_feuer_limits, poisson_limits, wilson_limits

COLUMNS = ("area", "n", "observed", "expected", "value", "conf_low", "conf_high", "exposure", "trials", "size")


def measured(counts: pd.DataFrame, asked: Asked) -> tuple[pd.DataFrame, float]:
    """Return one row an area (columns `COLUMNS`, natural scale) and the pooled centre.

    Parameters
    ----------
    counts
        From `counted`.
    asked
        The arguments.

    Returns
    -------
    tuple of pandas.DataFrame and float
    """
    if asked.standardise is None:
        return _as_it_is(counts, asked)
    if asked.standardise == "direct":
        return _direct(counts, asked)
    return _over_expected(counts, asked)


def _as_it_is(counts: pd.DataFrame, asked: Asked) -> tuple[pd.DataFrame, float]:
    total = counts["exposure"].sum()
    centre = float(counts["numerator"].sum() / total) if total else float("nan")
    spread = _design_effect(counts) if asked.kind == "share" else _spread(counts)
    rows = []
    for row in counts.to_dict("records"):
        x, against = row["numerator"], row["exposure"]
        rows.append(
            {
                "area": row["area"],
                "n": row.get("units", float("nan")) if asked.expected else against,
                "observed": x,
                "expected": against if asked.kind == "ratio" else centre * against,
                "value": x / against if against else float("nan"),
                "exposure": against / spread,
                "trials": against / spread if asked.kind == "share" else float("nan"),
                "size": against,
            }
            | _limits(row, asked.kind, asked.level[0], spread)
        )
    return pd.DataFrame(rows, columns=list(COLUMNS)), centre


def _limits(row: dict[Any, Any], kind: str, level: float, spread: float) -> dict[str, float]:
    """Of one area's own figure: Wilson, exact Poisson, or Fay-Feuer where a unit can have several events."""
    x, against = row["numerator"], row["exposure"]
    if not against:
        return {"conf_low": float("nan"), "conf_high": float("nan")}
    if kind == "share":
        own = max(row["squares"] / against, 1.0) if "squares" in row else 1.0
        low, high = wilson_limits(x / own, against / own, level)
        return {"conf_low": low, "conf_high": high}
    # An area without events says nothing about how many a unit can have: the spread of all stands in.
    own = row["squares"] / x if "squares" in row and x else spread
    low, high = (limit * own for limit in poisson_limits(x / own, level))
    return {"conf_low": low / against, "conf_high": high / against}


def _spread(counts: pd.DataFrame) -> float:
    """Variance over mean of the events, from their squares; 1 for Poisson counts."""
    if "squares" not in counts or not counts["numerator"].sum():
        return 1.0
    return float(counts["squares"].sum() / counts["numerator"].sum())


def _design_effect(counts: pd.DataFrame) -> float:
    """How much more a share varies than that of as many people with a unit each; never below 1."""
    if "squares" not in counts or not counts["exposure"].sum():
        return 1.0
    return max(float(counts["squares"].sum() / counts["exposure"].sum()), 1.0)


def _direct(counts: pd.DataFrame, asked: Asked) -> tuple[pd.DataFrame, float]:
    strata = [name for name in counts.columns if name.startswith("stratum_")]
    weights, usual = _standard(counts, strata)
    keyed = counts.set_index(strata)
    keyed["weight"], keyed["usual"] = weights, usual
    filled = keyed[keyed["exposure"] > 0]
    own = filled.groupby("area")["weight"].count().reindex(sorted(set(counts["area"])), fill_value=0)
    lacking = own[(own < len(weights)) & (own > 0)]
    if len(lacking):
        raise InputError(
            f"{len(lacking)} area(s) have nobody in one or more of the {len(weights)} strata, so their own figure "
            "there cannot be weighted. Join small strata, or use standardise='indirect'."
        )
    centre = float((weights * usual).sum())
    rows = [_weighted(area, part, asked, centre) for area, part in keyed.groupby("area", sort=True)]
    return pd.DataFrame(rows, columns=list(COLUMNS)), centre


def _standard(counts: pd.DataFrame, strata: list[str]) -> tuple[pd.Series, pd.Series]:
    """Weights of the strata, adding up to 1, and the figure of all areas together in each."""
    grouped = counts.groupby(strata, sort=True, observed=True)
    together = grouped[["numerator", "exposure"]].sum()
    people = together["exposure"]
    if "standard" in counts:
        if (grouped["standard"].nunique() > 1).any():
            raise InputError("The standard population of a stratum differs between rows; give each stratum one number.")
        people = grouped["standard"].first()
    used = (people > 0) & (together["exposure"] > 0)
    if not used.any():
        raise InputError("There is nobody in any stratum of the standard population, so nothing can be weighted by it.")
    if bool((people[together["exposure"] == 0] > 0).any()):
        raise InputError("A stratum of the standard population has nobody in any area; leave it out of the standard.")
    return people[used] / people[used].sum(), together["numerator"][used] / together["exposure"][used]


def _weighted(area: Any, part: pd.DataFrame, asked: Asked, centre: float) -> dict[str, Any]:
    part = part[part["weight"].notna()]
    x, n, w, usual = (part[name].to_numpy(float) for name in ("numerator", "exposure", "weight", "usual"))
    row = {
        "area": area,
        "n": n.sum(),
        "observed": x.sum(),
        "expected": float((n * usual).sum()),
        "trials": float("nan"),
    }
    if not (n > 0).all() or not n.sum():
        nothing = dict.fromkeys(("value", "conf_low", "conf_high", "exposure", "size"), float("nan"))
        return row | nothing | {"exposure": 0.0, "size": 0.0}
    value = float((w * x / n).sum())
    if asked.kind == "share":
        # So many units of one stratum would leave the centre as uncertain as these many of several do.
        error = float((w**2 * usual * (1 - usual) / n).sum())
        units = centre * (1 - centre) / error if error > 0 else n.sum()
        low, high = wilson_limits(value * units, units, asked.level[0])
        return row | {
            "value": value,
            "conf_low": low,
            "conf_high": high,
            "exposure": units,
            "trials": units,
            "size": units,
        }
    error = float((w**2 * usual / n).sum())
    units = centre / error if error > 0 else n.sum()
    low, high = fay_feuer_limits(value, float((w**2 * x / n**2).sum()), float((w / n).max()), asked.level[0])
    return row | {"value": value, "conf_low": low, "conf_high": high, "exposure": units, "size": units}


def _over_expected(counts: pd.DataFrame, asked: Asked) -> tuple[pd.DataFrame, float]:
    """Observed over what the area's own case mix would give at the figures of all areas together."""
    usual = _usual_by_stratum(counts) if asked.standardise == "indirect" else usual_by_model(counts, asked)
    counts = counts.assign(expected=counts["exposure"] * usual, certain=counts["exposure"] * usual**2, usual=usual)
    sums = ["numerator", "exposure", "expected", "certain", *(["squares"] if "squares" in counts else [])]
    areas = counts.groupby("area", sort=True)[sums].sum().reset_index()
    total = areas["expected"].sum()
    centre = float(areas["numerator"].sum() / total) if total else float("nan")
    spread = _spread(counts)
    rows = []
    for row in areas.to_dict("records"):
        x, expected = row["numerator"], row["expected"]
        # As many people of one chance as have the same mean and variance as these of several.
        trials = expected**2 / row["certain"] if asked.kind == "share" and row["certain"] > 0 else float("nan")
        rows.append(
            {
                "area": row["area"],
                "n": row["exposure"],
                "observed": x,
                "expected": expected,
                "value": x / expected if expected else float("nan"),
                "exposure": expected / spread,
                "trials": trials,
                "size": expected,
            }
            | _limits_over_expected(row, trials, asked.level[0], spread)
        )
    return pd.DataFrame(rows, columns=list(COLUMNS)), centre


def _limits_over_expected(row: dict[Any, Any], trials: float, level: float, spread: float) -> dict[str, float]:
    x, expected = row["numerator"], row["expected"]
    if x <= trials:
        low, high = (limit * trials / expected for limit in wilson_limits(x, trials, level))
        return {"conf_low": low, "conf_high": high}
    return _limits(row | {"exposure": expected}, "rate", level, spread)


def _usual_by_stratum(counts: pd.DataFrame) -> pd.Series:
    strata = [name for name in counts.columns if name.startswith("stratum_")]
    together = counts.groupby(strata, observed=True)[["numerator", "exposure"]].transform("sum")
    return (together["numerator"] / together["exposure"].where(together["exposure"] > 0)).fillna(0.0)


def usual_by_model(counts: pd.DataFrame, asked: Asked) -> pd.Series:
    """Return what a model of case mix alone expects a unit of each row to have; areas are not in the model.

    Parameters
    ----------
    counts
        From `counted`: numerator, exposure and the strata; numbers enter as numbers, all else as categories.
    asked
        The arguments; a share gives a logistic, a rate a Poisson model.

    Returns
    -------
    pandas.Series
    """
    import statsmodels.api as sm

    design = _design(counts)
    used = (counts["exposure"] > 0).to_numpy()
    x, n = counts["numerator"].to_numpy(float), counts["exposure"].to_numpy(float)
    # A stratum without events is expected to have none: statsmodels warns of a perfect fit, which is no fault here.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if asked.kind == "share":
            model = sm.GLM(np.column_stack([x, n - x])[used], design[used], family=sm.families.Binomial())
        else:
            model = sm.GLM(x[used], design[used], family=sm.families.Poisson(), offset=np.log(n[used]))
        fitted = model.fit(tol=1e-8, rtol=1e-12, maxiter=200)
        usual = fitted.predict(design, **({} if asked.kind == "share" else {"offset": np.zeros(len(n))}))
    if not fitted.converged or not np.isfinite(usual).all():
        raise InputError(
            "The model of case mix could not be fitted. Join strata with few events, or use standardise='indirect'."
        )
    return pd.Series(usual, index=counts.index)


def _design(counts: pd.DataFrame) -> np.ndarray:
    columns: list[np.ndarray] = [np.ones(len(counts))]
    for name in (name for name in counts.columns if name.startswith("stratum_")):
        values = counts[name]
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            numbers = values.astype("float64")
            width = float(numbers.std(ddof=0)) or 1.0
            columns.append(((numbers - numbers.mean()) / width).to_numpy())
            continue
        levels = sorted(values.astype(str).unique())
        columns += [(values.astype(str) == level).to_numpy(float) for level in levels[1:]]
    return np.column_stack(columns)
