"""What models that are a Cox model of rearranged rows have in common: they hand on its figures, counted in people."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pandas as pd

from dipeval.presenting import HtmlMixin
from dipeval.survival.hazards.model import CoxModel

if TYPE_CHECKING:
    from dipeval.plots.style import Axes  # its name for matplotlib's: only plots imports matplotlib


class AroundCox(HtmlMixin):
    """A Cox model of rearranged rows, shown as what it is a model of."""

    __slots__ = ()

    model: CoxModel
    n: int
    n_events: int
    ratio_name: ClassVar[str]

    @property
    def terms(self) -> tuple[str, ...]:
        """Covariates, in the order given."""
        return self.model.terms

    @property
    def level(self) -> float:
        """Coverage of the intervals."""
        return self.model.level

    def to_frame(self) -> pd.DataFrame:
        """Return the coefficients, a row a term.

        Returns
        -------
        pandas.DataFrame
            term, estimate (log ratio), std_error, conf_low, conf_high, p_value, hazard_ratio, hr_low, hr_high,
            n (people), n_events.
        """
        return self.model.to_frame().assign(n=self.n, n_events=self.n_events)

    def covariance(self, *, robust: bool | None = None) -> pd.DataFrame:
        """Return the covariance matrix of the log ratios; with ``robust=False`` the model-based one."""
        return self.model.covariance(robust=robust)

    def overall_tests(self) -> pd.DataFrame:
        """Return tests of "no covariate matters": test, statistic, df, p_value."""
        return self.model.overall_tests()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the ratio of every term with its interval and return the Axes drawn on."""
        from dipeval.plots.models import coefficient_plot

        return coefficient_plot(self.to_frame(), ratio=self.ratio_name, ax=ax)
