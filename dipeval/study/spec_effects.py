"""The sections on the answer: how it is estimated, for whom, and what could overturn it."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from dipeval.study.spec_base import PositiveInt, Section, Words

Estimator = Literal["weighted", "regression", "aipw", "abadie_imbens"]
StdError = Literal[
    "auto",
    "hc0",
    "hc1",
    "hc2",
    "hc3",
    "cluster_hc0",
    "cluster_hc1",
    "m_estimation",
    "abadie_imbens",
    "bootstrap",
    "count",
]
Measure = Literal[
    "risk_difference",
    "risk_ratio",
    "odds_ratio",
    "mean_difference",
    "rate_ratio",
    "hazard_ratio",
    "rmst_difference",
]
OutcomeModel = Literal["linear", "logit", "poisson", "negative_binomial"]
_OF_SHARES: Final[dict[str, tuple[str, ...]]] = dict.fromkeys(
    ("risk_difference", "risk_ratio", "odds_ratio"), ("logit", "linear")
)
# Estimator -> measure -> models of the outcome that give it; what is not named takes none.
MODELS_OF: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "weighted": {"rate_ratio": ("poisson", "negative_binomial")},
    "regression": {
        **_OF_SHARES,
        "mean_difference": ("linear", "poisson", "negative_binomial"),
        "rate_ratio": ("poisson", "negative_binomial"),
    },
    "aipw": {**_OF_SHARES, "mean_difference": ("linear", "poisson")},
    "abadie_imbens": {},
}


class EstimationOptions(Section):
    """How an effect is estimated from a design, shared by `[effect]` and `[[sensitivity]]`."""

    estimator: Estimator = "weighted"
    std_error: StdError = "auto"
    adjust: list[Words] = []
    model: OutcomeModel | None = None
    estimator_folds: PositiveInt = 5
    draws: Annotated[int, Field(ge=100, le=20_000)] = 999

    def estimation(self, measure: str) -> dict[str, Any]:
        """Return the options as arguments of `dipeval.estimate_effect`, those left alone left out.

        Parameters
        ----------
        measure
            Of the effect: a model of the outcome is named only where it gives that measure.

        Returns
        -------
        dict
        """
        given: dict[str, Any] = {"estimator": self.estimator, "std_error": self.std_error}
        if self.adjust:
            given["adjust"] = tuple(self.adjust)
        if self.model in MODELS_OF[self.estimator].get(measure, ()):
            given["model"] = self.model
        return given | {"folds": self.estimator_folds, "draws": self.draws}


class EffectSpec(EstimationOptions):
    """`[effect]`: how the answer is estimated from the primary design."""


class SubgroupsSpec(Section):
    """`[subgroups]`: for whom it worked; each column is known at the index event or before it."""

    by: Annotated[list[Words], Field(min_length=1)]
    cut: dict[str, Annotated[list[float], Field(min_length=1)]] = {}


class NegativeControlSpec(Section):
    """`[[overturn.negative_controls]]`: an outcome that treatment cannot have changed."""

    label: Words
    column: Words | None = None
    groups: list[Words] = []
    classes: list[Words] = []


class SpecificationsSpec(Section):
    """`[overturn.specifications]`: the grid of designs over which the answer is worked out again."""

    methods: Annotated[list[Words], Field(min_length=1)] = ["nearest", "radius", "entropy", "ipw"]
    calipers: Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=1)] = [0.1, 0.2, 0.4]
    ratios: Annotated[list[PositiveInt], Field(min_length=1)] = [1]
    estimators: Annotated[list[Estimator], Field(min_length=1)] = ["weighted", "regression"]
    leave_out: list[Words] = []


class OverturnSpec(Section):
    """`[overturn]`: what could make the answer wrong, worked out after the outcomes are opened."""

    hidden_bias: bool = True
    benchmarks: list[Words] = []
    negative_controls: list[NegativeControlSpec] = []
    refit_without: bool = False
    specifications: SpecificationsSpec | None = None
