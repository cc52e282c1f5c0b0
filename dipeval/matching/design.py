"""`Design`: who is compared with whom and with which weight. It holds no outcome and cannot be given one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from dipeval.errors import InputError, InvariantError
from dipeval.matching.balance import BAND_WORDS, Balance, measure_balance
from dipeval.matching.scores import PropensityModel
from dipeval.matching.terms import Terms
from dipeval.presenting import HtmlMixin, Summary, format_count, format_number, format_percent

PAIR_COLUMNS = ("treated_index", "comparison_index", "distance")


def effective_size(weights: NDArray[np.float64]) -> float:
    """Return the effective sample size (sum of the weights, squared, over the sum of their squares; Kish 1965).

    Examples
    --------
    >>> effective_size(np.array([1.0, 1.0, 0.0]))
    2.0
    """
    total = float((weights**2).sum())
    return float(weights.sum()) ** 2 / total if total > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Design(HtmlMixin):
    """A comparison, made before any outcome is seen; make one with `match` or `weight`.

    Parameters
    ----------
    method
        "nearest", "entropy", "ipw" or "none".
    estimand
        "ATT", "ATC" or "ATE".
    estimand_in_words
        Whose average effect this design is about, for a sentence.
    covariates
        Columns it was asked to balance.
    propensity
        The propensity model, or None when the caller brought the score (or none could be fitted).
    fingerprint
        Hash over people, covariates, score, weights, pairs and options; the order of the rows does not matter.
    notes
        What a reader must be told.
    """

    method: str
    estimand: str
    estimand_in_words: str
    covariates: tuple[str, ...]
    propensity: PropensityModel | None = field(repr=False)
    fingerprint: str
    notes: tuple[str, ...]
    _options: Mapping[str, Any] = field(repr=False)
    _people: pd.DataFrame = field(repr=False)  # treated, score, weight, pair, id; on the index of people
    _pairs: pd.DataFrame = field(repr=False)
    _has_clusters: bool = field(repr=False)
    _terms: Terms = field(repr=False)
    _used_score: NDArray[np.float64] | None = field(repr=False)
    _order: NDArray[np.int64] = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse to exist with a broken promise."""
        weights = self._people["weight"].to_numpy()
        treated = self._people["treated"].to_numpy(dtype=bool)
        if not np.isfinite(weights).all() or (weights < 0).any():
            raise InvariantError("A design came out with weights that are negative or not numbers.")
        if not (weights[treated] > 0).any() or not (weights[~treated] > 0).any():
            raise InvariantError("A design came out with nobody in one of its groups.")
        focal = {"ATT": treated, "ATC": ~treated}.get(self.estimand)
        if focal is not None and not np.isin(weights[focal], (0.0, 1.0)).all():
            raise InvariantError("A design gave the people it is about weights other than 0 and 1.")
        self._check_pairs()

    def _check_pairs(self) -> None:
        width = self._options.get("caliper_width")
        if width is not None and (self._pairs["distance"] > width).any():
            raise InvariantError("A matched pair lies outside the caliper.")
        used = {*self._pairs["treated_index"], *self._pairs["comparison_index"]}
        if used and self.method not in ("radius",) and used != set(self._people.index[self._people["weight"] > 0]):
            raise InvariantError("The pairs and the weights of a design disagree about who is used.")

    @property
    def weights(self) -> pd.Series:
        """Weight of every person, on the index of people; 0 for the unused."""
        return self._people["weight"].copy()

    @property
    def treated(self) -> pd.Series:
        """Whether each person was treated (bool), on the index of people."""
        return self._people["treated"].copy()

    @property
    def score(self) -> pd.Series | None:
        """Propensity score (probability; or the caller's own score as given), on the index of people."""
        return None if self._used_score is None else self._people["score"].copy()

    @property
    def clusters(self) -> pd.Series | None:
        """Label of each person's pair or set (Int64, missing for unused people); None without such clusters.

        Strata (subclasses, coarsened cells) are no clusters: see `sets`.
        """
        return self._people["pair"].copy() if self._has_clusters else None

    @property
    def sets(self) -> pd.Series:
        """Number of each person's pair, set or stratum (Int64); missing for the unused and where there are none."""
        return self._people["pair"].rename("set").copy()

    @property
    def options(self) -> dict[str, Any]:
        """Everything that was asked for, with the caliper's width and the number of ties."""
        return dict(self._options)

    @property
    def n_treated(self) -> int:
        """Treated people used."""
        return int((self._people["treated"] & (self._people["weight"] > 0)).sum())

    @property
    def n_comparison(self) -> int:
        """Comparison people used."""
        return int((~self._people["treated"] & (self._people["weight"] > 0)).sum())

    @property
    def n_treated_dropped(self) -> int:
        """Treated people for whom no comparable person was found."""
        return int(self._people["treated"].sum()) - self.n_treated

    @property
    def ess(self) -> float:
        """Effective number of comparison people: how many equally weighted ones would carry as much."""
        return effective_size(self._people.loc[~self._people["treated"], "weight"].to_numpy()[self._rank(False)])

    @property
    def ess_treated(self) -> float:
        """Effective number of treated people."""
        return effective_size(self._people.loc[self._people["treated"], "weight"].to_numpy()[self._rank(True)])

    def _rank(self, treated: bool) -> NDArray[np.int64]:
        """Positions, within one group, that sort it by id: sums then do not depend on the order of the rows."""
        mask = self._people["treated"].to_numpy(dtype=bool) == treated
        within = np.cumsum(mask) - 1
        ranked: NDArray[np.int64] = within[self._order[mask[self._order]]]
        return ranked

    def pairs(self) -> pd.DataFrame:
        """Return one row a pair: treated_index, comparison_index (labels of people's index), distance."""
        return self._pairs.copy()

    def balance(self) -> Balance:
        """Measure the balance of every covariate before and after (`Balance`)."""
        order = self._order
        return measure_balance(
            Terms(
                names=self._terms.names,
                columns=self._terms.columns,
                values=self._terms.values[order],
                reference=self._terms.reference,
            ),
            self._people["treated"].to_numpy(dtype=bool)[order],
            self._people["weight"].to_numpy()[order],
            estimand=self.estimand,
            score=None if self._used_score is None else self._used_score[order],
            score_scale=str(self._options.get("scale", "logit")),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a person in the order of people: id, treated, score, weight, pair (missing where unused)."""
        return self._people[["id", "treated", "score", "weight", "pair"]].reset_index(drop=True)

    def minimum_detectable_difference(self, base_share: float, *, power: float = 0.8, level: float = 0.95) -> float:
        """Return the smallest true difference in a share that this design would probably detect, before any outcome.

        Parameters
        ----------
        base_share
            Share of the comparison group expected to have the outcome (say 0.4), from outside these data.
        power
            Chance of detecting it.
        level
            Confidence level of the interval that would have to exclude zero.

        Returns
        -------
        float
            Difference in shares (0.05 = 5 percentage points).

        Raises
        ------
        InputError
            If a share, the power or the level is not strictly between 0 and 1.

        Notes
        -----
        Two-group normal approximation with the same share's variance in both groups and effective sample sizes:
        (z for the level + z for the power) x sqrt(p(1 - p)(1/ESS treated + 1/ESS comparison)). Cohen (1988),
        Statistical Power Analysis for the Behavioral Sciences. Pairing and an estimated score make it slightly too
        large: a cautious figure.

        Examples
        --------
        >>> import dipeval as dip
        >>> from dipeval.datasets import recid
        >>> design = dip.weight(recid(), treated="workprg", covariates=["priors", "educ", "age"])
        >>> 0.05 < design.minimum_detectable_difference(0.13) < 0.06
        True
        """
        for name, value in (("base_share", base_share), ("power", power), ("level", level)):
            if not 0 < value < 1:
                raise InputError(f"{name} must lie strictly between 0 and 1.")
        needed = float(ndtri(0.5 + level / 2) + ndtri(power))
        return needed * math.sqrt(base_share * (1 - base_share) * (1 / self.ess_treated + 1 / self.ess))

    def summary(self) -> Summary:
        """Say who is compared with whom and how alike they are; no outcome is involved."""
        treated = self._people["treated"]
        total, others = int(treated.sum()), int((~treated).sum())
        table = pd.DataFrame(
            {
                "Group": ["Treated", "Comparison"],
                "People": [format_count(total), format_count(others)],
                "Used": [format_count(self.n_treated), format_count(self.n_comparison)],
                "Not used": [format_count(self.n_treated_dropped), format_count(others - self.n_comparison)],
                "Effective number": [format_number(self.ess_treated, 1), format_number(self.ess, 1)],
            }
        )
        balance = self.balance()
        return Summary(
            title=f"Design: {METHOD_WORDS[self.method]}",
            headline=(
                f"{format_count(self.n_treated)} of {format_count(total)} treated people are compared with "
                f"{format_count(self.n_comparison)} of {format_count(others)} comparison people; the groups are "
                f"{BAND_WORDS[balance.band]} (largest standardised difference {format_percent(balance.max_smd)})."
            ),
            table=table,
            notes=(
                f"What it estimates: {self.estimand_in_words}.",
                f"SMD denominator: {balance.denominator}.",
                *self.notes,
                f"Fingerprint {self.fingerprint[:16]}.",
            ),
        )

    def plot(self, ax: Any = None) -> Any:
        """Draw the overlap of the scores of the two groups and return the Axes."""
        from dipeval.plots.balance import overlap_plot

        if self.score is None:
            raise InputError(
                "This design has no propensity score to draw; draw its balance instead (design.balance().plot())."
            )
        group = np.where(self._people["treated"], "treated", "comparison")
        return overlap_plot(pd.DataFrame({"score": self.score.to_numpy(), "group": group}), ax=ax)


METHOD_WORDS = {
    "nearest": "nearest-neighbour matching on the propensity score",
    "optimal": "optimal pair matching",
    "radius": "radius matching on the propensity score",
    "full": "full matching",
    "subclass": "subclassification on the propensity score",
    "cem": "coarsened exact matching",
    "entropy": "entropy balancing",
    "ipw": "inverse probability weighting",
    "none": "no adjustment",
}
