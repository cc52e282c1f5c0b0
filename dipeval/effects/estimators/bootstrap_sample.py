"""A design with everybody counted another number of times: what one draw of a bootstrap estimates from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dipeval.effects.robust import Floats
from dipeval.matching.design import Design


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resample:
    """A resample of the people of a design; has what an estimator asks of a design.

    Parameters
    ----------
    base
        The design.
    multiples
        How often each person was drawn, in the order of people.
    weights
        The weight one such person has in the resample, times how often the person was drawn.
    """

    base: Design
    multiples: Floats
    weights: pd.Series

    @property
    def treated(self) -> pd.Series:
        """Whether each person is treated."""
        return self.base.treated

    @property
    def clusters(self) -> pd.Series | None:
        """None: what belongs together was drawn together."""
        return None

    @property
    def method(self) -> str:
        """How the groups were made comparable."""
        return self.base.method

    @property
    def estimand(self) -> str:
        """Whose effect is estimated."""
        return self.base.estimand

    @property
    def estimand_in_words(self) -> str:
        """Whose effect is estimated, in words."""
        return self.base.estimand_in_words

    @property
    def fingerprint(self) -> str:
        """Identity of the design."""
        return self.base.fingerprint

    @property
    def options(self) -> Mapping[str, Any]:
        """What the design was asked for."""
        return self.base.options

    def model_terms(self, covariates: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the covariates as numbers, one row a person of the design."""
        return self.base.model_terms(covariates)
