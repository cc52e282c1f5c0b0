"""What stands beside an estimate: events behind it, groups without spread, and whether an outcome is common."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dipeval.effects.measures import OF_TIMES
from dipeval.effects.overturn import COMMON
from dipeval.effects.request import Estimate, Request
from dipeval.effects.robust import Sample, exact_sum
from dipeval.errors import EstimationError

# An error below this share of the scale of the outcome is rounding.
NO_SPREAD: Final = 1e-12


def constant_groups(request: Request) -> tuple[str, ...]:
    """Return the groups whose spread counts as nil; times differ even where everybody has the event."""
    if request.measure in OF_TIMES:
        return ()
    sides = (("treated", True), ("comparison", False))
    return tuple(words for words, side in sides if request.sample.is_constant(treated=side))


def events(request: Request, side: NDArray[np.bool_]) -> int | None:
    """Return how many events a group had (within the horizon, where there is one); None for a number."""
    if request.kind == "number":
        return None
    sample, horizon = request.sample, request.options.horizon
    counted = side if horizon is None or sample.at_risk is None else side & (sample.at_risk <= horizon)
    return int(sample.outcome[counted].sum())


def no_share(found: Estimate) -> bool:
    """Whether a model puts a share below 0 or above 1; refuse a difference of shares that no shares can have."""
    means = found.mean_treated, found.mean_comparison
    if abs(means[0] - means[1]) > 1:
        raise EstimationError(
            "The adjusted shares of the two groups differ by more than 100 percentage points, which no shares can: the "
            "groups hardly overlap on what the model of the outcome goes by. Use model='logit', name fewer covariates "
            "with adjust=, or use estimator='weighted'."
        )
    return min(means) < 0 or max(means) > 1


def is_common(sample: Sample) -> bool:
    """Whether more than 15% of either group have the event."""
    sides = (sample.treated, ~sample.treated)
    return any(
        exact_sum(sample.weights[side] * sample.outcome[side]) > COMMON * exact_sum(sample.weights[side])
        for side in sides
    )
