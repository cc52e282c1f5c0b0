"""How alike the two groups are, before and after the design: differences in means, spreads and distributions.

The denominator of a standardised mean difference (SMD) is fixed before the design is made and is the same before and
after: the standard deviation of the treated (ATT), of the comparison people (ATC), or the root of the mean of the two
variances (ATE); for a yes/no term sqrt(p(1-p)), for a number with n - 1. It is always named beside the figure, for it
is what makes one tool's SMD differ from another's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import InvariantError
from dipeval.matching.terms import Terms
from dipeval.presenting import HtmlMixin, Summary, format_number, format_percent
from dipeval.vocabulary import term_label

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SCORE_TERM = "propensity score"
GREEN = 0.05
AMBER = 0.10
BAND_WORDS = {"green": "well matched", "amber": "reasonably matched", "red": "poorly matched"}
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
)
DENOMINATORS = {
    "ATT": "the standard deviation of the treated people before the design",
    "ATC": "the standard deviation of the comparison people before the design",
    "ATE": "the root of the mean of the two groups' variances before the design",
}


def band(smd: float) -> str:
    """Return "green" up to 5%, "amber" up to 10%, "red" above (a value on the line falls in the lower band).

    Examples
    --------
    >>> band(0.05), band(-0.1), band(0.11)
    ('green', 'amber', 'red')
    """
    size = abs(smd)
    return "green" if size <= GREEN else "amber" if size <= AMBER else "red"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Balance(HtmlMixin):
    """Balance of every covariate term before and after a design; made by ``design.balance()``.

    Parameters
    ----------
    estimand
        "ATT", "ATC" or "ATE": decides the denominator of the SMD.
    denominator
        The denominator in words.
    notes
        What a reader must be told.
    """

    estimand: str
    denominator: str
    notes: tuple[str, ...]
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse to exist with a broken promise."""
        if tuple(self._frame.columns) != COLUMNS:
            raise InvariantError("A balance table has lost its documented columns.")
        if not np.isfinite(self._frame[["smd_before", "smd_after"]].to_numpy()).all():
            raise InvariantError("A balance table holds a standardised difference that is not a number.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a term.

        Returns
        -------
        pandas.DataFrame
            term, mean_treated (all treated people), mean_comparison_before, mean_comparison_after, smd_before,
            smd_after, variance_ratio_before, variance_ratio_after (missing for yes/no terms), ks_before, ks_after
            (largest distance between the two cumulative distributions), mean_treated_after, binary. The row with term
            "propensity score" is the score on the scale it was used; it is no covariate and not part of ``max_smd``.
        """
        return self._frame.copy()

    def _covariates(self) -> pd.DataFrame:
        return self._frame[self._frame["term"] != SCORE_TERM]

    @property
    def max_smd(self) -> float:
        """Largest absolute SMD of any covariate term after the design."""
        return float(self._covariates()["smd_after"].abs().max())

    @property
    def max_smd_before(self) -> float:
        """Largest absolute SMD of any covariate term before the design."""
        return float(self._covariates()["smd_before"].abs().max())

    @property
    def worst_term(self) -> str:
        """The covariate term with the largest absolute SMD after the design."""
        covariates = self._covariates()
        return str(covariates.loc[covariates["smd_after"].abs().idxmax(), "term"])

    @property
    def band(self) -> str:
        """The band of the worst term: "green", "amber" or "red"."""
        return band(self.max_smd)

    def summary(self) -> Summary:
        """Say how well the groups are matched, with the table."""
        frame = self._frame
        table = pd.DataFrame({"Covariate": [term_label(str(term)) for term in frame["term"]]})
        shown = {
            "Treated": "mean_treated_after",
            "Comparison before": "mean_comparison_before",
            "Comparison after": "mean_comparison_after",
        }
        for heading, name in shown.items():
            table[heading] = [format_number(value, 2) for value in frame[name]]
        table["SMD before"] = [format_percent(value) for value in frame["smd_before"]]
        table["SMD after"] = [format_percent(value) for value in frame["smd_after"]]
        return Summary(
            title="Balance of the covariates",
            headline=(
                f"The groups are {BAND_WORDS[self.band]}: the largest standardised difference between them is "
                f"{format_percent(self.max_smd)} ({term_label(self.worst_term)}); before it was "
                f"{format_percent(self.max_smd_before)}."
            ),
            table=table,
            notes=(
                f"Standardised mean difference (SMD): difference in means divided by {self.denominator}; for a yes/no "
                "covariate sqrt(p(1-p)), for a number with n - 1; the same before and after.",
                "Bands: up to 5% well matched, above 5% and up to 10% reasonably, above 10% poorly. The bands are "
                "those ascribed to the Justice Data Lab at second hand; its own text was not seen.",
                *self.notes,
            ),
        )

    def plot(self, ax: Any = None) -> Any:
        """Draw the love plot (each term's absolute SMD before and after) and return the Axes."""
        from dipeval.plots.balance import love_plot

        return love_plot(self.to_frame(), ax=ax)


def measure_balance(
    terms: Terms, treated: Bools, weights: Floats, *, estimand: str, score: Floats | None, score_scale: str
) -> Balance:
    """Measure balance before (everybody counts once) and after (with the weights of the design).

    Parameters
    ----------
    terms
        All terms, reference levels included, one row a person in an order that does not depend on the data's.
    treated, weights
        In the same order.
    estimand
        Decides the denominator.
    score
        The score as it was used, for a row of its own.
    score_scale
        The scale of that row, in words.

    Returns
    -------
    Balance
    """
    values = terms.values if score is None else np.column_stack([score, terms.values])
    names = terms.names if score is None else (SCORE_TERM, *terms.names)
    binary = ((values == 0) | (values == 1)).all(axis=0)
    ones = np.ones(len(treated))
    before = _moments(values, treated, ones)
    after = _moments(values, treated, weights)
    scale, stood_in = _denominator(values, treated, binary, estimand)
    frame = pd.DataFrame(
        {
            "term": list(names),
            "mean_treated": before[0],
            "mean_comparison_before": before[1],
            "mean_comparison_after": after[1],
            "smd_before": (before[0] - before[1]) / scale,
            "smd_after": (after[0] - after[1]) / scale,
            "variance_ratio_before": _ratio(before[2], before[3], binary),
            "variance_ratio_after": _ratio(after[2], after[3], binary),
            "ks_before": _kolmogorov(values, treated, ones, binary, before),
            "ks_after": _kolmogorov(values, treated, weights, binary, after),
            "mean_treated_after": after[0],
            "binary": binary,
        }
    )
    notes = [] if score is None else [f"The row '{SCORE_TERM}' is on the scale used ({score_scale})."]
    if stood_in.any():
        who = ", ".join(term_label(names[place]) for place in np.flatnonzero(stood_in))
        notes.append(f"No spread in the group that gives the denominator: that of all people is used for {who}.")
    return Balance(
        estimand=estimand, denominator=DENOMINATORS[estimand], notes=tuple(notes), _frame=frame[list(COLUMNS)]
    )


def _moments(values: Floats, treated: Bools, weights: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Weighted means of the treated and the others, then their variances (reliability weights)."""
    mean_t, var_t = _mean_variance(values[treated], weights[treated])
    mean_c, var_c = _mean_variance(values[~treated], weights[~treated])
    return mean_t, mean_c, var_t, var_c


def _mean_variance(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    share = weights / weights.sum()
    mean = share @ values
    lost = 1.0 - float(share @ share)
    spread = share @ (values - mean) ** 2
    return mean, spread / lost if lost > 1e-12 else np.full(values.shape[1], np.nan)


def _denominator(values: Floats, treated: Bools, binary: Bools, estimand: str) -> tuple[Floats, Bools]:
    """Return the denominators, and where everybody's spread had to stand in because the group's own is zero."""

    def variance(rows: Floats) -> Floats:
        mean = rows.mean(axis=0)
        centred = ((rows - mean) ** 2).sum(axis=0)
        return np.where(binary, mean * (1 - mean), centred / (len(rows) - 1) if len(rows) > 1 else 0.0)

    if estimand == "ATE":
        squared = (variance(values[treated]) + variance(values[~treated])) / 2
    else:
        squared = variance(values[treated] if estimand == "ATT" else values[~treated])
    overall = variance(values)
    stood_in = squared <= 1e-14 * overall
    squared = np.where(stood_in, overall, squared)
    return np.sqrt(np.where(squared > 0, squared, 1.0)), stood_in & (overall > 0)


def _ratio(treated: Floats, comparison: Floats, binary: Bools) -> Floats:
    out = np.full(len(treated), np.nan)
    usable = ~binary & (comparison > 0)
    out[usable] = treated[usable] / comparison[usable]
    return out


def _kolmogorov(
    values: Floats, treated: Bools, weights: Floats, binary: Bools, moments: tuple[Floats, Floats, Floats, Floats]
) -> Floats:
    """Largest distance between the two weighted cumulative distributions, term by term."""
    distance = np.abs(moments[0] - moments[1])  # exact for yes/no terms
    jump = np.where(treated, weights / weights[treated].sum(), -weights / weights[~treated].sum())
    for place in np.flatnonzero(~binary):
        order = np.argsort(values[:, place], kind="stable")
        ordered = values[order, place]
        apart = np.cumsum(jump[order])
        last = np.append(ordered[1:] != ordered[:-1], True)
        distance[place] = np.abs(apart[last]).max()
    return distance
