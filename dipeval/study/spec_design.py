"""The sections on the comparison: how the groups are made alike, and what the design must pass before an outcome."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from dipeval.study.spec_base import PositiveInt, Section, Share, Words
from dipeval.study.spec_effects import EstimationOptions

DesignMethod = Literal[
    "nearest",
    "optimal",
    "radius",
    "kernel",
    "full",
    "subclass",
    "cem",
    "entropy",
    "ipw",
    "overlap",
    "matching_weights",
    "none",
]
Estimand = Literal["ATT", "ATC", "ATE", "ATO", "ATM"]
Learner = Literal["logit", "probit", "ridge", "lasso", "forest", "boosting"]
Missing = Literal["refuse", "leave_out", "indicator"]
Trim = Literal["none", "common_support", "crump", "preference", "percentile"]
WEIGHTINGS = ("entropy", "ipw", "overlap", "matching_weights", "none")
OWN_ESTIMAND = {"overlap": "ATO", "matching_weights": "ATM"}  # of methods that can give no other


def _caliper(value: Any) -> float | None:
    if value == "none":
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        raise ValueError('needed is a number above 0, or "none"')
    return float(value)


def _table_of_widths(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError("needed is a table such as { age = 5 }: how far apart two people may be on that column")
    return value


def _cutpoints(value: Any) -> dict[str, int | list[float]]:
    if not isinstance(value, dict) or not all(_bins(item) for item in value.values()):
        raise ValueError(
            "needed is a table such as { age = 5 } (that many bins) or { age = [25, 40] } (the breaks, in order)"
        )
    return dict(value)


def _bins(value: Any) -> bool:
    if isinstance(value, list):
        numbers = [item for item in value if isinstance(item, (int, float)) and not isinstance(item, bool)]
        numbers = [item for item in numbers if math.isfinite(item)]
        rising = all(low < high for low, high in pairwise(numbers))
        return len(numbers) == len(value) > 0 and rising
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


# A caliper of "none" in the file is None inside: no caliper.
Caliper = Annotated[float | None, BeforeValidator(_caliper)]
Cutpoints = Annotated[dict[str, Any], BeforeValidator(_cutpoints)]
Widths = Annotated[dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]], BeforeValidator(_table_of_widths)]


class DesignOptions(Section):
    """Options of one way of making the groups comparable, shared by `[design]` and `[[sensitivity]]`."""

    method: DesignMethod = "nearest"
    estimand: Estimand = "ATT"
    caliper: Caliper = 0.2
    caliper_unit: Literal["sd", "sd_pooled", "raw"] = "sd"
    scale: Literal["logit", "probability"] = "logit"
    ratio: PositiveInt = 1
    min_ratio: PositiveInt | None = None
    max_ratio: PositiveInt | None = None
    replace: bool = False
    order: Literal["largest", "smallest", "data", "random", "closest"] = "largest"
    exact: list[Words] = []
    anti_exact: list[Words] = []
    covariate_calipers: Widths = {}
    mahalanobis: list[Words] = []
    mahalanobis_ranks: bool = False
    mahalanobis_scaling: Literal["pooled", "everyone", "variance"] = "pooled"
    ties: Literal["seeded", "all"] = "seeded"
    subclasses: Annotated[int, Field(ge=2)] = 6
    cutpoints: Cutpoints = {}
    trim: Trim = "none"
    moments: Literal[1, 2] = 1
    stabilise: bool = False
    truncate: Annotated[float, Field(ge=0.5, lt=1)] | None = None
    formula: Words | None = None
    references: dict[str, Words] = {}
    learner: Learner = "logit"
    folds: Annotated[int, Field(ge=2)] = 5
    sample_weights: Words | None = None

    @property
    def weighted(self) -> bool:
        """Whether people are weighted, and nobody is matched to anybody."""
        return self.method in WEIGHTINGS

    @property
    def asked_estimand(self) -> str:
        """Whose average effect is asked for: as written; overlap and matching weights have one of their own."""
        if "estimand" in self.model_fields_set:
            return self.estimand
        return OWN_ESTIMAND.get(self.method, self.estimand)


class DesignSpec(DesignOptions):
    """`[design]`: the one comparison that counts, declared before any outcome is seen."""

    covariates: Annotated[list[Words], Field(min_length=1)]
    missing: Missing = "refuse"
    declared_before_outcome: str = ""
    randomised: bool = False


class SensitivitySpec(DesignOptions, EstimationOptions):
    """`[[sensitivity]]`: another defensible design or estimator, to see whether the answer depends on the choice."""

    name: Words
    label: Words
    covariates: list[Words] | None = None


class DiagnosticsSpec(Section):
    """`[diagnostics]`: what the primary design must pass before an outcome is attached.

    The first four are always asked; the next four only where they are written down. Each makes the gate stricter.
    """

    max_smd: Annotated[float, Field(gt=0, le=0.25)] = 0.1
    min_treated: PositiveInt = 30
    min_ess: Annotated[float, Field(ge=1)] = 30.0
    max_share_dropped: Share = 0.25
    max_variance_ratio: Annotated[float, Field(gt=1, le=10)] | None = None
    max_ks: Annotated[float, Field(gt=0, le=1)] | None = None
    max_smd_interactions: Annotated[float, Field(gt=0, le=0.5)] | None = None
    min_equipoise: Annotated[float, Field(gt=0, le=1)] | None = None
    expected_share: Annotated[float, Field(gt=0, lt=1)] = 0.5
