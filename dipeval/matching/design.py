"""`Design`: who is compared with whom and with which weight. It holds no outcome and cannot be given one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dipeval.errors import InputError
from dipeval.matching.balance import BAND_WORDS, Balance
from dipeval.matching.balance_groups import check_groups, measure_groups
from dipeval.matching.balance_sets import measure_sets
from dipeval.matching.balance_table import measure_balance
from dipeval.matching.balance_words import smd_shown
from dipeval.matching.design_checks import check_pairs, check_weights
from dipeval.matching.dropped import Dropped, measure_dropped
from dipeval.matching.method_words import METHOD_WORDS, WEIGHTED, method_in_words
from dipeval.matching.neighbours import Closeness
from dipeval.matching.power import PowerMixin
from dipeval.matching.precision import precision_frame
from dipeval.matching.scores import PropensityModel
from dipeval.matching.terms import Terms
from dipeval.presenting import HtmlMixin, Summary, format_count, format_number

__all__ = ["METHOD_WORDS", "PAIR_COLUMNS", "Design", "effective_size"]

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
class Design(PowerMixin, HtmlMixin):
    """A comparison, made before any outcome is seen; make one with `match` or `weight`.

    Parameters
    ----------
    method
        "nearest", "optimal", "radius", "kernel", "full", "subclass" or "cem" (`match`); "entropy", "ipw", "overlap",
        "matching_weights" or "none" (`weight`).
    estimand
        "ATT", "ATC", "ATE", "ATO" or "ATM".
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
    _sample_weights: NDArray[np.float64] | None = field(default=None, repr=False)
    _closeness: Closeness | None = field(default=None, repr=False)
    _measured: dict[bool, Balance] = field(init=False, repr=False, default_factory=dict)  # balance, once worked out

    def __post_init__(self) -> None:
        """Refuse to exist with a broken promise."""
        check_weights(self._people, self.estimand, self._sample_weights)
        check_pairs(self._people, self._pairs, self._options, self._used_score)

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
        """Everything that was asked for, with the caliper's width, the number of ties and whence the score came.

        ``score`` is there only where the score is not that of a logistic model of the covariates just as they are.
        """
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
        """Treated people not used: in a design about them, those left out."""
        return int(self._people["treated"].sum()) - self.n_treated

    @property
    def leaves_out(self) -> bool:
        """Whether the method can leave people out it was asked about: matching and trimming can, weighting cannot."""
        return self.method not in WEIGHTED or self._options.get("trim", "none") != "none"

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
        """Return one row a pair: treated_index, comparison_index (labels of people's index), distance.

        Where both groups were matched (nearest neighbours for the ATE), ``match_of`` says for whom of the two the other
        is the match: "treated" or "comparison".
        """
        return self._pairs.copy()

    @property
    def closeness(self) -> Closeness | None:
        """Where everybody stands on what they were matched by, for errors that need neighbours; None for most methods.

        There with replacement, within a radius and by a kernel.
        """
        return self._closeness

    def model_terms(self, covariates: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the covariates as numbers, the reference level of each category left out.

        Parameters
        ----------
        covariates
            Some of the covariates; all of them by default.

        Returns
        -------
        pandas.DataFrame
            One row a person, on the index of people; one column a number, yes/no or level (``column[level]``).

        Raises
        ------
        InputError
            If the design has no such covariate.

        Examples
        --------
        >>> import dipeval as dip
        >>> from dipeval.datasets import recid
        >>> design = dip.weight(recid(), treated="workprg", covariates=["priors", "educ", "age"])
        >>> design.model_terms(["age", "priors"]).columns.tolist()
        ['priors', 'age']
        """
        terms = self._terms
        if covariates is not None:
            wanted = (covariates,) if isinstance(covariates, str) else tuple(covariates)
            unknown = [str(name) for name in wanted if name not in self.covariates]
            if unknown:
                raise InputError(
                    f"This design has no covariate {', '.join(unknown)}; it has {', '.join(self.covariates)}."
                )
            terms = terms.of(wanted)
        terms = terms.model()
        return pd.DataFrame(terms.values.copy(), index=self._people.index, columns=list(terms.names))

    def balance(self, interactions: bool = False) -> Balance:
        """Measure how alike the groups are, before and after (`Balance`).

        Parameters
        ----------
        interactions
            Whether to add the squares of the numbers and the product of every two terms of different covariates.

        Returns
        -------
        Balance

        Notes
        -----
        Standardised differences, variance ratios and distances between distributions, of covariates, squares and
        products: Austin, P. C. (2009), Statistics in Medicine 28, 3083-3107. No test of significance: it would tell
        the size of the sample rather than how alike the groups are.

        Examples
        --------
        >>> import dipeval as dip
        >>> from dipeval.datasets import recid
        >>> design = dip.weight(recid(), treated="workprg", covariates=["priors", "educ", "age"])
        >>> design.balance().max_smd < 1e-9, design.balance(interactions=True).max_smd_interactions > 0.05
        (True, True)
        """
        wanted = bool(interactions)
        if wanted not in self._measured:
            self._measured[wanted] = measure_balance(
                self._terms,
                self._people["treated"].to_numpy(dtype=bool),
                self._people["weight"].to_numpy(),
                order=self._order,
                estimand=self.estimand,
                score=self._used_score,
                score_scale=str(self._options.get("scale", "logit")),
                sample_weights=self._sample_weights,
                interactions=wanted,
            )
        return self._measured[wanted]

    def balance_by_set(self) -> pd.DataFrame:
        """Measure balance within each subclass, cell, set or pair.

        Returns
        -------
        pandas.DataFrame
            set, n_treated, n_comparison, max_smd (largest absolute difference in means within the set, over the same
            standard deviation as in `balance`), worst_term. No row for a design without sets.
        """
        return measure_sets(
            self._terms,
            self._people["treated"].to_numpy(dtype=bool),
            self._people["pair"].to_numpy(dtype=np.int64, na_value=0),
            order=self._order,
            balance=self.balance(),
            sample_weights=self._sample_weights,
        )

    def balance_by_group(self, groups: pd.Series) -> pd.DataFrame:
        """Measure how alike the treated and comparison people of each group are, with the weights of the design.

        Parameters
        ----------
        groups
            Group of each person, known before the index date, on the index of people; missing for none.

        Returns
        -------
        pandas.DataFrame
            group, n_treated, n_comparison (with a weight), ess_treated, ess_comparison, max_smd (largest absolute
            difference in weighted means within the group, over the same standard deviation as in `balance`),
            worst_term. A design alike as a whole need not be so in every group.

        Raises
        ------
        InputError
            If people of the design have no row.

        Examples
        --------
        >>> import dipeval as dip
        >>> from dipeval.datasets import recid
        >>> people = recid()
        >>> design = dip.weight(people, treated="workprg", covariates=["priors", "educ", "age"])
        >>> found = design.balance_by_group(people["married"])
        >>> found["group"].tolist(), bool(found["max_smd"].max() > design.balance().max_smd)
        ([0, 1], True)
        """
        return measure_groups(
            self._terms,
            self._people["treated"].to_numpy(dtype=bool),
            self._people["weight"].to_numpy(dtype=np.float64),
            check_groups(groups, self._people.index),
            order=self._order,
            balance=self.balance(),
        )

    def dropped(self) -> Dropped:
        """Compare the people this design is about but leaves out with those it keeps (`Dropped`).

        Examples
        --------
        >>> import dipeval as dip
        >>> from dipeval.datasets import recid
        >>> design = dip.weight(recid(), treated="workprg", covariates=["priors", "educ", "age"])
        >>> design.dropped().in_words
        'Nobody was left out: all 672 treated people are in the design.'
        """
        return measure_dropped(
            self._terms,
            self._people["treated"].to_numpy(dtype=bool),
            self._people["weight"].to_numpy(),
            order=self._order,
            estimand=self.estimand,
        )

    def precision(self) -> pd.DataFrame:
        """Say how precise this design is, beside everybody compared without any adjustment, before any outcome.

        Returns
        -------
        pandas.DataFrame
            Two rows: design ("everyone, unadjusted", then this one), n_treated, n_comparison, ess_treated,
            ess_comparison, std_error_half (of a difference in shares around one half), information (share of the
            first row's that is kept). Matching one to one throws people away: here is what that costs.

        Examples
        --------
        >>> import dipeval as dip
        >>> from dipeval.datasets import recid
        >>> design = dip.weight(recid(), treated="workprg", covariates=["priors", "educ", "age"])
        >>> design.precision()["information"].round(2).tolist()
        [1.0, 0.96]
        """
        treated = self._people["treated"].to_numpy(dtype=bool)
        first = np.ones(len(treated)) if self._sample_weights is None else self._sample_weights
        all_treated, all_others = (
            effective_size(first[self._order][(treated == group)[self._order]]) for group in (True, False)
        )
        n_treated = int(treated.sum())
        return precision_frame(
            [
                ("everyone, unadjusted", n_treated, len(treated) - n_treated, all_treated, all_others),
                (self.method_words, self.n_treated, self.n_comparison, self.ess_treated, self.ess),
            ]
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a person in the order of people: id, treated, score, weight, pair (missing where unused)."""
        return self._people[["id", "treated", "score", "weight", "pair"]].reset_index(drop=True)

    @property
    def method_words(self) -> str:
        """The method, for a heading or a sentence."""
        return method_in_words(self.method, self._options)

    def _formula_in_words(self) -> tuple[str, ...]:
        formula = None if self.propensity is None else self.propensity.formula
        return (f"Propensity model: {formula}.",) if formula else ()

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
            title=f"Design: {self.method_words}",
            headline=(
                f"{format_count(self.n_treated)} of {format_count(total)} treated people are compared with "
                f"{format_count(self.n_comparison)} of {format_count(others)} comparison people; the groups are "
                f"{BAND_WORDS[balance.band]} (largest standardised difference {smd_shown(balance.max_smd)})."
            ),
            table=table,
            notes=(
                f"What it estimates: {self.estimand_in_words}.",
                f"SMD denominator: {balance.denominator}.",
                *self._formula_in_words(),
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

    def plot_covariate(self, name: str, ax: Any = None) -> Any:
        """Draw the distribution of one covariate in the two groups, before and after, and return the Axes.

        Parameters
        ----------
        name
            A covariate: a number, yes/no or a category.
        ax
            Axes to draw on; a new figure without it.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        InputError
            If the design has no such covariate.
        """
        from dipeval.plots.density import density_plot

        places = [place for place, column in enumerate(self._terms.columns) if column == name]
        if not places:
            raise InputError(f"This design has no covariate '{name}'; it has {', '.join(self.covariates)}.")
        values: Any = self._terms.values[:, places[0]]
        if self._terms.names[places[0]] != name:
            levels = np.array([self._terms.names[place][len(name) + 1 : -1] for place in places], dtype=object)
            values = levels[self._terms.values[:, places].argmax(axis=1)]
        frame = pd.DataFrame(
            {
                "value": values,
                "group": np.where(self._people["treated"], "treated", "comparison"),
                "before": 1.0 if self._sample_weights is None else self._sample_weights,
                "weight": self._people["weight"].to_numpy(),
            }
        )
        return density_plot(frame, name=name, ax=ax)
