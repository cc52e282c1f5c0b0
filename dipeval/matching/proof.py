"""Every constraint of a matched design is checked again, from the data, after the matching.

The matcher is not trusted: a broken constraint is a bug of this package and stops the work (`InvariantError`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import InvariantError
from dipeval.matching.problem import Found, Problem

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def prove(problem: Problem, found: Found) -> None:
    """Check a design against everything that was asked for.

    Parameters
    ----------
    problem, found
        What was asked, and what the matcher handed back.

    Raises
    ------
    InvariantError
        Naming each constraint and how often it is broken.
    """
    if len(found.focal):
        prove_pairs(
            found.focal,
            found.others,
            is_focal=problem.is_focal,
            score=np.zeros(len(problem.treated)) if problem.score is None else problem.score,
            width=problem.width,
            ratio=problem.options.ratio,
            replace=problem.options.replace,
            strata=problem.strata,
            covariate_calipers={condition.name: condition.most for condition in problem.conditions},
            frame=pd.DataFrame({condition.name: condition.values for condition in problem.conditions}),
        )


def prove_pairs(
    focal: Ints,
    others: Ints,
    *,
    is_focal: NDArray[np.bool_],
    score: Floats,
    width: float,
    ratio: int,
    replace: bool,
    strata: Ints | None,
    covariate_calipers: Mapping[str, float],
    frame: pd.DataFrame,
) -> None:
    """Check every pair against every constraint.

    Parameters
    ----------
    focal, others
        Positions of the two people of each pair.
    is_focal
        Who was to be matched.
    score, width
        Matching score and the caliper in its unit.
    ratio, replace
        Most matches for one person, and whether one of the pool may serve several.
    strata
        Exact-matching cell of every person.
    covariate_calipers, frame
        Largest differences, and the columns they are about.

    Raises
    ------
    InvariantError
        Naming the constraint and how many pairs break it.
    """
    found = {
        "join people of one group": ~is_focal[focal] | is_focal[others],
        "lie outside the caliper": np.abs(score[focal] - score[others]) > width,
    }
    if strata is not None:
        found["differ on an exact column"] = strata[focal] != strata[others]
    for name, most in covariate_calipers.items():
        column = frame[name].to_numpy(dtype=np.float64)
        found[f"lie outside the caliper on {name}"] = np.abs(column[focal] - column[others]) > most
    if not replace:
        found["use a person twice"] = np.bincount(others, minlength=len(score))[others] > 1
    found["exceed the ratio"] = np.bincount(focal, minlength=len(score))[focal] > ratio
    found["occur twice"] = pd.Series(zip(focal.tolist(), others.tolist(), strict=True)).duplicated().to_numpy()
    broken = [f"{int(bad.sum())} pairs {what}" for what, bad in found.items() if bad.any()]
    if broken:
        raise InvariantError(
            f"The matcher broke its own rules: {'; '.join(broken)} (of {len(focal)} pairs). This is a bug in dipeval, "
            "please report it; no design was made."
        )
