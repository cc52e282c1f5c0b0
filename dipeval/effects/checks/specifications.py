"""The specification curve: one question answered by every design of a stated grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dipeval.effects.checks.specifications_designs import make_designs
from dipeval.effects.checks.specifications_grid import Limits, SpecificationGrid
from dipeval.effects.checks.specifications_result import SpecificationCurve
from dipeval.vocabulary import TREATED

if TYPE_CHECKING:
    from dipeval.matching.doors import People

__all__ = ["specification_curve"]


def specification_curve(
    people: People,
    outcome: pd.Series | pd.DataFrame,
    *,
    grid: SpecificationGrid,
    limits: Limits | None = None,
    level: float = 0.95,
    cluster: pd.Series | None = None,
    treated: str = TREATED,
    outcome_name: str | None = None,
    at_risk: pd.Series | str | None = None,
) -> SpecificationCurve:
    """Answer one question by every design and estimator of a stated grid.

    All designs are made and checked before the outcome is joined to any. To keep the two steps apart altogether, call
    `make_designs` first and ``.estimate(outcome)`` on what it returns.

    Parameters
    ----------
    people
        One row a person, or a cohort.
    outcome
        As in `estimate_effect`.
    grid
        The choices that are combined.
    limits
        What a design must pass to be counted; default ``SpecificationLimits()``.
    level, cluster, outcome_name, at_risk
        As in `estimate_effect`.
    treated
        Column with the treatment, 0/1 or yes/no.

    Returns
    -------
    SpecificationCurve

    Raises
    ------
    InputError
        If the people, the grid or the outcome cannot be used.
    DesignError
        If not one design can be made.
    EstimationError
        If not one specification gives an estimate.

    Notes
    -----
    Simonsohn, U., Simmons, J. P. and Nelson, L. D. (2020), Specification curve analysis, Nature Human Behaviour 4,
    1208-1214; Steegen, S. and others (2016), Increasing transparency through a multiverse analysis, Perspectives on
    Psychological Science 11, 702-712. No test is made over the curve: its specifications are not independent.

    Examples
    --------
    >>> from dipeval.datasets import recid
    >>> data = recid()
    >>> grid = SpecificationGrid(covariates=("priors", "educ", "age"), methods=("entropy", "radius"),
    ...                          leave_out=("age",))
    >>> curve = specification_curve(data, data["returned_12m"], grid=grid, treated="workprg")
    >>> curve.n_specifications, curve.n_passing
    (4, 4)
    """
    designs = make_designs(people, grid, treated=treated, limits=limits)
    return designs.estimate(outcome, level=level, cluster=cluster, outcome_name=outcome_name, at_risk=at_risk)
