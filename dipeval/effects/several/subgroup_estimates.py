"""One column of subgroups: the estimate in each, and the test of whether they are alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from dipeval.effects.estimate import ERRORS, ESTIMATORS
from dipeval.effects.joining import ComparisonDesign, check_fit
from dipeval.effects.measures import null_value, shown
from dipeval.effects.request import Estimate, Request
from dipeval.effects.robust import Sample
from dipeval.effects.several import subgroup_words as words
from dipeval.effects.several.joint import all_alike, joint_covariance
from dipeval.effects.several.subgroup_levels import Grouping
from dipeval.errors import EstimationError

# An error below this share of the scale of the outcome is rounding: the outcome does not vary.
NO_SPREAD: Final = 1e-12
BALANCE_COLUMNS: Final = ("ess_treated", "ess_comparison", "max_smd", "worst_term")
NO_VARIATION: Final = "the outcome does not vary"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Level:
    """One subgroup: how many people, and what was found or why nothing was.

    Parameters
    ----------
    words
        The level.
    n_treated, n_comparison
        People the design uses.
    found
        The estimate, or None.
    std_error
        Its error, from the joint covariance.
    reason
        Why it is not in the test; empty where it is.
    """

    words: str
    n_treated: int
    n_comparison: int
    found: Estimate | None = None
    std_error: float = math.nan
    reason: str = ""

    @property
    def in_test(self) -> bool:
        """Whether it takes part in the test of interaction."""
        return not self.reason


def make_estimate(request: Request, estimator: str) -> Estimate:
    """Estimate, and make the error where that is no sandwich, as `estimate_effect` does."""
    found = ESTIMATORS[estimator](request)
    return ERRORS[found.kind](request, found) if found.kind in ERRORS else found


def all_clusters(request: Request) -> NDArray[np.intp] | None:
    """Return the cluster of every person of the design, one numbering for all subgroups; -1 for the unused."""
    codes = request.sample.clusters
    if codes is None:
        return None
    whole = np.full(request.n_people, -1, dtype=np.intp)
    whole[request.rows] = codes
    return whole


def among(request: Request, inside: NDArray[np.bool_]) -> Request:
    """Return a request about some of the people used; the design, and so its weights, stay as they are."""
    sample = request.sample
    part = Sample(
        outcome=sample.outcome[inside],
        treated=sample.treated[inside],
        weights=sample.weights[inside],
        clusters=None if sample.clusters is None else sample.clusters[inside],
        at_risk=None if sample.at_risk is None else sample.at_risk[inside],
    )
    return replace(request, sample=part, rows=request.rows[inside])


def estimate_levels(request: Request, grouping: Grouping, *, estimator: str, minimum: int) -> list[Level]:
    """Estimate the effect in every level of one column.

    Parameters
    ----------
    request
        The design joined to the outcome.
    grouping
        The level of every person of the design.
    estimator
        As in `estimate_effect`.
    minimum
        People of either group that a level needs.

    Returns
    -------
    list of Level
    """
    codes = grouping.codes[request.rows]
    found = []
    for place, level in enumerate(grouping.levels):
        inside = codes == place
        is_gap = grouping.has_gaps and place == len(grouping.levels) - 1
        found.append(_estimate_level(request, inside, level, estimator=estimator, minimum=minimum, is_gap=is_gap))
    return found


def _estimate_level(
    request: Request, inside: NDArray[np.bool_], level: str, *, estimator: str, minimum: int, is_gap: bool
) -> Level:
    treated = request.sample.treated[inside]
    people = Level(words=level, n_treated=int(treated.sum()), n_comparison=int((~treated).sum()))
    fewest = min(people.n_treated, people.n_comparison)
    if fewest < minimum:
        return replace(people, reason=words.NOBODY if fewest == 0 else words.TOO_FEW.format(minimum=minimum))
    own = among(request, inside)
    try:
        check_fit(own.sample, request.measure, request.kind, request.name)
        found = make_estimate(own, estimator)
    except EstimationError as problem:
        return replace(people, reason=words.NO_ESTIMATE.format(reason=_one_sentence(str(problem))))
    if found.contributions is None:
        raise EstimationError(
            "What each person contributes to this estimate is not known, so subgroups cannot be compared; leave "
            "std_error out, or use 'hc0'."
        )
    clusters = None if found.clusters is None else all_clusters(request)
    error = math.sqrt(float(joint_covariance([found.contributions], clusters, [found.factor])[0, 0]))
    scale = 1.0 if null_value(request.measure) else float(np.max(np.abs(own.sample.outcome)))
    if error <= NO_SPREAD * max(scale, 1e-300):
        return replace(people, reason=words.NO_ESTIMATE.format(reason=NO_VARIATION))
    return replace(people, found=found, std_error=error, reason=words.GAPS if is_gap else "")


def _one_sentence(text: str) -> str:
    """Return the first sentence of a message, to stand in brackets."""
    first = text.split(". ")[0].rstrip(".")
    return first[:1].lower() + first[1:]


def level_rows(request: Request, grouping: Grouping, levels: Sequence[Level], *, coverage: float) -> pd.DataFrame:
    """Lay the levels of one column out, one row each.

    Parameters
    ----------
    request
        For the measure and the outcome's name.
    grouping, levels
        From `estimate_levels`.
    coverage
        Of the intervals, 0-1.

    Returns
    -------
    pandas.DataFrame
    """
    reach = float(norm.ppf(0.5 + coverage / 2))
    rows = []
    for level in levels:
        row: dict[str, Any] = {
            "term": request.measure,
            "group": request.name,
            "column": grouping.column,
            "level": level.words,
            "n": level.n_treated + level.n_comparison,
            "n_treated": level.n_treated,
            "n_comparison": level.n_comparison,
            "in_test": level.in_test,
            "reason": level.reason,
        }
        rows.append(row | _figures(request.measure, level, reach))
    return pd.DataFrame(rows)


def _figures(measure: str, level: Level, reach: float) -> dict[str, float]:
    found = level.found
    if found is None:
        names = ("estimate", "std_error", "conf_low", "conf_high", "p_value", "mean_treated", "mean_comparison")
        return dict.fromkeys(names, math.nan)
    half = reach * level.std_error
    return {
        "estimate": shown(measure, found.centre),
        "std_error": level.std_error,
        "conf_low": shown(measure, found.centre - half),
        "conf_high": shown(measure, found.centre + half),
        "p_value": float(2 * norm.sf(abs(found.centre) / level.std_error)),
        "mean_treated": found.mean_treated,
        "mean_comparison": found.mean_comparison,
    }


def interaction(request: Request, grouping: Grouping, levels: Sequence[Level]) -> dict[str, Any]:
    """Test whether the effects in the levels of one column are all alike.

    Returns
    -------
    dict
        column, chi_square, df, p_value, n_levels, n_left_out; missing where fewer than two levels can be compared.
    """
    tested = [level.found for level in levels if level.in_test and level.found is not None]
    test: dict[str, Any] = {"chi_square": math.nan, "df": math.nan, "p_value": math.nan}
    if len(tested) > 1:
        parts = [found.contributions for found in tested if found.contributions is not None]
        clusters = all_clusters(request) if any(found.clusters is not None for found in tested) else None
        covariance = joint_covariance(parts, clusters, [found.factor for found in tested])
        wald = all_alike(np.array([found.centre for found in tested]), covariance)
        test = {"chi_square": wald.chi_square, "df": float(wald.df), "p_value": wald.p_value}
    counts = {"n_levels": len(tested), "n_left_out": len(levels) - len(tested)}
    return {"column": grouping.column} | test | counts


def balance_within(design: ComparisonDesign, grouping: Grouping) -> pd.DataFrame:
    """Return effective numbers and the largest standardised difference within each level, one row a level."""
    empty = pd.DataFrame(
        {name: [None if name == "worst_term" else math.nan] * len(grouping.levels) for name in BALANCE_COLUMNS}
    )
    measure = getattr(design, "balance_by_group", None)
    if measure is None:
        return empty
    index = design.weights.index
    groups = pd.Series(grouping.codes, index=index).where(grouping.codes >= 0)
    found = measure(groups).set_index("group")[list(BALANCE_COLUMNS)]
    return found.reindex(range(len(grouping.levels))).reset_index(drop=True)
