"""How alike the two groups are, before and after the design: differences in means, spreads and distributions.

The denominator of a standardised mean difference (SMD) is fixed before the design is made and is the same before and
after: the standard deviation of the treated (ATT), of the comparison people (ATC), or the root of the mean of the two
variances (ATE, ATO, ATM); for a yes/no term sqrt(p(1-p)), for a number with n - 1. It is always named beside the
figure, for it is what makes one tool's SMD differ from another's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from dipeval.errors import InvariantError
from dipeval.matching.balance_words import BAND_WORDS, band, bands_counted, smd_shown, verdict
from dipeval.presenting import HtmlMixin, Summary, format_number, format_percent
from dipeval.vocabulary import term_label

__all__ = ["BAND_WORDS", "Balance", "band"]

SCORE_TERM = "propensity score"
KINDS = ("score", "covariate", "square", "interaction")
MOST_PRODUCTS_SHOWN = 12
COLUMNS = (
    "term",
    "mean_treated",
    "mean_comparison_before",
    "mean_comparison_after",
    "smd_before",
    "smd_after",
    "variance_ratio_before",
    "variance_ratio_after",
    "ks_before",
    "ks_after",
    "mean_treated_after",
    "binary",
    "ecdf_before",
    "ecdf_after",
    "kind",
)
DENOMINATORS = {
    "ATT": "the standard deviation of the treated people before the design",
    "ATC": "the standard deviation of the comparison people before the design",
    "ATE": "the root of the mean of the two groups' variances before the design",
    "ATO": "the root of the mean of the two groups' variances before the design",
    "ATM": "the root of the mean of the two groups' variances before the design",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Balance(HtmlMixin):
    """Balance of every covariate term before and after a design; made by ``design.balance()``.

    Parameters
    ----------
    estimand
        "ATT", "ATC", "ATE", "ATO" or "ATM": decides the denominator of the SMD.
    denominator
        The denominator in words.
    notes
        What a reader must be told.
    n_treated, n_comparison
        People used.
    ess_treated, ess
        Their effective numbers (Kish 1965): how many equally weighted treated, or comparison, people would carry as
        much.
    """

    estimand: str
    denominator: str
    notes: tuple[str, ...]
    n_treated: int
    n_comparison: int
    ess_treated: float
    ess: float
    _frame: pd.DataFrame = field(repr=False)
    _scales: tuple[float, ...] = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse to exist with a broken promise."""
        if tuple(self._frame.columns) != COLUMNS:
            raise InvariantError("A balance table has lost its documented columns.")
        if not np.isfinite(self._frame[["smd_before", "smd_after"]].to_numpy()).all():
            raise InvariantError("A balance table holds a standardised difference that is not a number.")
        if not self._frame["kind"].isin(KINDS).all() or not (self._frame["kind"] == "covariate").any():
            raise InvariantError("A balance table needs covariates, and rows of the kinds it documents.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a term.

        Returns
        -------
        pandas.DataFrame
            term, mean_treated (all treated people), mean_comparison_before, mean_comparison_after, smd_before,
            smd_after, variance_ratio_before, variance_ratio_after (missing for yes/no terms; infinite where only the
            comparison people have no spread), ks_before, ks_after (largest distance between the two cumulative
            distributions), mean_treated_after, binary, ecdf_before, ecdf_after (mean distance between them, over the
            distinct values that occur among all people), kind ("score", "covariate", "square", "interaction"). The
            row of kind "score" is the score on the scale it was used; like squares and products it is no covariate
            and not part of ``max_smd``. The distances are missing for squares and for products, but for products of
            two yes/no terms.
        """
        return self._frame.copy()

    @property
    def denominators(self) -> pd.Series:
        """What each covariate term's difference in means is divided by, on the terms."""
        terms = pd.Index(self._kind("covariate")["term"], name="term")
        scales = [scale for scale, kind in zip(self._scales, self._frame["kind"], strict=True) if kind == "covariate"]
        return pd.Series(scales, index=terms, name="denominator", dtype=np.float64)

    def _kind(self, *kinds: str) -> pd.DataFrame:
        return self._frame[self._frame["kind"].isin(kinds)]

    @property
    def max_smd(self) -> float:
        """Largest absolute SMD of any covariate term after the design."""
        return float(self._kind("covariate")["smd_after"].abs().max())

    @property
    def max_smd_before(self) -> float:
        """Largest absolute SMD of any covariate term before the design."""
        return float(self._kind("covariate")["smd_before"].abs().max())

    @property
    def max_smd_interactions(self) -> float:
        """Largest absolute SMD of any square or product after the design; missing where none was measured."""
        return float(self._kind("square", "interaction")["smd_after"].abs().max())

    @property
    def max_variance_ratio(self) -> float:
        """The variance ratio after the design that is furthest from 1, as 1 or more (0.4 counts as 2.5).

        Covariate terms only; missing when every one is yes/no, infinite when one group has no spread in a term.
        """
        ratios = self._kind("covariate")["variance_ratio_after"].dropna().to_numpy(dtype=np.float64)
        if not len(ratios):
            return math.nan
        lowest, highest = float(ratios.min()), float(ratios.max())
        return max(highest, 1.0 / lowest if lowest > 0 else math.inf)

    @property
    def max_ks(self) -> float:
        """Largest distance between the two groups' cumulative distributions of any covariate term after the design."""
        return float(self._kind("covariate")["ks_after"].max())

    @property
    def worst_term(self) -> str:
        """The covariate term with the largest absolute SMD after the design."""
        covariates = self._kind("covariate")
        return str(covariates.loc[covariates["smd_after"].abs().idxmax(), "term"])

    @property
    def band(self) -> str:
        """The band of the worst term: "green", "amber" or "red"."""
        return band(self.max_smd)

    @property
    def verdict(self) -> str:
        """How well the groups are matched, in words: the band, the worst terms, the spreads, the people behind it."""
        return verdict(
            self._frame,
            people=(self.n_treated, self.n_comparison),
            effective=(self.ess_treated, self.ess),
        )

    def n_unbalanced(self, limit: float = 0.1) -> int:
        """Return how many covariate terms have an absolute SMD above the limit after the design.

        Parameters
        ----------
        limit
            As a share of a standard deviation (0.1 = 10%).

        Returns
        -------
        int
        """
        return int((self._kind("covariate")["smd_after"].abs() > limit).sum())

    def _shown(self) -> pd.DataFrame:
        """The rows for a reader: every covariate, but of squares and products only the worst."""
        products = self._kind("square", "interaction")
        worst = products["smd_after"].abs().sort_values(ascending=False, kind="stable").index[:MOST_PRODUCTS_SHOWN]
        return pd.concat([self._kind("score", "covariate"), self._frame.loc[worst]])

    def summary(self) -> Summary:
        """Say how well the groups are matched, with the table."""
        frame = self._shown()
        table = pd.DataFrame({"Covariate": [term_label(str(term)) for term in frame["term"]]})
        means = {
            "Treated before": "mean_treated",
            "Treated after": "mean_treated_after",
            "Comparison before": "mean_comparison_before",
            "Comparison after": "mean_comparison_after",
        }
        for heading, name in means.items():
            table[heading] = [format_number(value, 2) for value in frame[name]]
        table["SMD before"] = [smd_shown(value) for value in frame["smd_before"]]
        table["SMD after"] = [smd_shown(value) for value in frame["smd_after"]]
        table["Matched"] = [BAND_WORDS[band(value)].split()[0] for value in frame["smd_after"]]
        table["Variance ratio"] = [_ratio_shown(value) for value in frame["variance_ratio_after"]]
        table["Largest gap"] = [_gap_shown(value) for value in frame["ks_after"]]
        n_products = len(self._kind("square", "interaction"))
        listed = f"Squares and products: the {min(n_products, MOST_PRODUCTS_SHOWN)} worst of {n_products} are listed."
        return Summary(
            title="Balance of the covariates",
            headline=(
                f"The groups are {BAND_WORDS[self.band]}: the largest standardised difference between them is "
                f"{smd_shown(self.max_smd)} ({term_label(self.worst_term)}); before it was "
                f"{format_percent(self.max_smd_before)}."
            ),
            table=table,
            notes=(
                bands_counted(self._kind("covariate")["smd_after"]),
                f"Standardised mean difference (SMD): difference in means divided by {self.denominator}; for a yes/no "
                "covariate sqrt(p(1-p)), for a number with n - 1; the same before and after.",
                "Bands: up to 5% well matched, above 5% and up to 10% reasonably, above 10% poorly. The bands are "
                "those ascribed to the Justice Data Lab at second hand; its own text was not seen.",
                "Variance ratio: treated over comparison, after the design (numbers only). Largest gap: between the "
                "two cumulative distributions, in percentage points.",
                *((listed,) if n_products else ()),
                *self.notes,
            ),
        )

    def plot(self, ax: Any = None) -> Any:
        """Draw the love plot (each term's absolute SMD before and after) and return the Axes.

        Of squares and products the worst are drawn.
        """
        from dipeval.plots.balance import love_plot

        return love_plot(self._shown(), ax=ax)


def _ratio_shown(value: float) -> str:
    return "" if math.isnan(value) else "no spread" if math.isinf(value) else format_number(value, 2)


def _gap_shown(value: float) -> str:
    return "" if math.isnan(value) else format_percent(value)
