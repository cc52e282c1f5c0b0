"""The cost of reoffending person by person: how far a few prolific people drive the mean that adds up to money."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.effects import ComparisonDesign, Effect, estimate_effect
from dipeval.effects.estimate import make_request
from dipeval.effects.estimators.bootstrap import FEWEST_DRAWS, why_no_bootstrap
from dipeval.effects.joining import refuse_unfit
from dipeval.errors import EstimationError, InputError, InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count
from dipeval.roi.chain import PERSPECTIVES, Array
from dipeval.roi.costs_of_crime.tables import Deflator, first_year, load_unit_costs
from dipeval.roi.costs_of_crime.worth import Worth, worth_of
from dipeval.roi.entrance import check_switch
from dipeval.roi.offences import prolific_words as words
from dipeval.roi.offences.offence_counts import OffenceCounts, count_offences
from dipeval.roi.offences.prolific_figures import LEAST_BEHIND, Groups, averages_frame, concentration_frame, drawn_from
from dipeval.roi.offences.prolific_summary import summary_of
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_PEOPLE: Final = 20
# A resample weighs everybody anew: more would run for days.
MOST_DRAWS: Final = 100_000
COST: Final = "cost_of_reoffending"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ValuePerPerson(HtmlMixin):
    """Cost of reoffending per person, treated v comparison, by several averages; made by `value_per_person`.

    Parameters
    ----------
    effect
        On the mean cost (treated minus comparison, so that below 0 is averted), with the error of `estimate_effect`.
    perspective, price_year, include_anticipation
        How offences were priced.
    trim, draws, seed
        Share left out at the dear end, resamples and what drew them.
    unpriced, statuses
        Offence groups without a unit cost; how sure the unit costs are.
    units, how
        What was drawn and what was made again in each resample; "" without a bootstrap.
    no_bootstrap
        Why there is no bootstrap; "" where there is one.
    """

    effect: Effect
    perspective: str
    price_year: int
    include_anticipation: bool
    trim: float
    draws: int
    seed: int
    unpriced: tuple[str, ...]
    statuses: tuple[str, ...]
    units: str
    how: str
    no_bootstrap: str
    _frame: pd.DataFrame = field(repr=False)
    _concentration: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse figures that could give one person away, and a mean that is not that of the effect."""
        shown = self._frame[self._frame["estimate"].notna()]
        if (shown["n_people_behind"] < LEAST_BEHIND).any():
            raise InvariantError("A figure rests on so few people that the value of one could be worked out.")
        if not math.isclose(shown["estimate"].iloc[0], -self.effect.estimate, rel_tol=1e-12, abs_tol=1e-12):
            raise InvariantError("The mean is not the one that the effect is about.")

    @property
    def level(self) -> float:
        """Coverage of the intervals."""
        return self.effect.level

    @property
    def estimand(self) -> str:
        """Whom it is about, in words."""
        return self.effect.estimand

    @property
    def disagreeing(self) -> tuple[str, ...]:
        """Terms of the averages that point to the other side than the mean."""
        figures = self._frame.set_index("term")["estimate"]
        opposite = figures * figures["mean"] < 0
        return tuple(figures.index[opposite.to_numpy()])

    def to_frame(self) -> pd.DataFrame:
        """Return one row an average.

        Returns
        -------
        pandas.DataFrame
            ``term`` (mean: with the error of `estimate_effect`; mean_bootstrap; trimmed_mean: without the dearest
            share; without_top_1; median: the mean of the middle of the group), ``group`` (all), ``estimate`` (averted:
            comparison less treated), ``std_error``, ``conf_low``, ``conf_high``, ``n`` (people), ``unit``, ``treated``,
            ``comparison`` (the average of each group), ``trim`` (share left out at the dear end), ``n_people_behind``
            (the fewest people whose cost could be worked out from the row: those with a cost for the mean, those left
            out or kept, those in the middle). Missing where fewer than 3 people stand behind a row, and intervals
            without a bootstrap.
        """
        return self._frame.copy()

    def concentration(self) -> pd.DataFrame:
        """Return how much of the cost of each group its dearest people hold.

        Returns
        -------
        pandas.DataFrame
            ``group`` (treated, comparison), ``top_share`` (0.01, 0.05, 0.10 of the group), ``share_of_cost``,
            ``conf_low``, ``conf_high``, ``n`` (people of the group), ``n_people_behind`` (the fewer of those at the
            top and the others with a cost). Missing where that is below 3.
        """
        return self._concentration.copy()

    def summary(self) -> Summary:
        """Return the headline of the mean, a row an average, and what may not be done with the others."""
        return summary_of(self)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the cost averted per person by every average; return the Axes."""
        from dipeval.plots.money_prolific import averages_plot

        return averages_plot(self.to_frame(), ax=ax)


def value_per_person(
    design: ComparisonDesign,
    offences: Any,
    *,
    unit_costs: pd.DataFrame | None = None,
    perspective: str = "social",
    price_year: int = 2019,
    include_anticipation: bool = False,
    cluster: pd.Series | None = None,
    trim: float = 0.05,
    draws: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> ValuePerPerson:
    """Price each person's reoffending and compare treated with comparison people by averages that resist a few of them.

    Parameters
    ----------
    design
        From `dipeval.match` or `dipeval.weight`.
    offences
        As in `offences_averted`.
    unit_costs
        As in `return_on_investment`; default `load_unit_costs`.
    perspective
        ``social``, ``economic`` (only with unit costs that say how much is harm) or ``fiscal``.
    price_year
        Prices everything is shown in; 2019 stands for 2019/20.
    include_anticipation
        Whether costs in anticipation of crime count.
    cluster
        As in `estimate_effect`.
    trim
        Share of each group left out at the dear end in ``trimmed_mean``, above 0 and up to 0.25.
    draws, seed
        Resamples of the bootstrap (50 to 100,000), and what draws them.
    level
        Coverage of the intervals, 0-1.

    Returns
    -------
    ValuePerPerson
        Pounds per person, averted (comparison less treated).

    Raises
    ------
    InputError
        If an option, the offences or the unit costs do not fit.
    EstimationError
        If a group has fewer than 20 people, or fewer than 3 with a cost; as `estimate_effect` does.

    Notes
    -----
    Only the mean adds up to money. The others leave people out at the dear end alone: costs have a floor at 0, where
    those stand who stopped, and a symmetric trim would leave these out as outliers. Everybody counts by the weight of
    the design. Bootstrap: pairs, sets, persons or people are drawn whole and estimated weights are made again, as for
    ``std_error="bootstrap"`` of `estimate_effect`; percentile intervals (Efron and Tibshirani 1993, An Introduction to
    the Bootstrap, chapter 13). Where it is not valid (matching with replacement: Abadie and Imbens 2008, Econometrica
    76, 1537-1557) those intervals are missing and the notes say why.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> design = dip.match(recid(), treated="workprg", covariates=["priors", "educ", "age"])
    >>> returned = recid()["returned"]
    >>> offences = pd.DataFrame({"person_id": returned.index, "n_reoffences": 3 * returned,
    ...     "offence_group": ["shoplifting", "robbery"] * 722 + ["shoplifting"]})
    >>> value = value_per_person(design, offences, draws=100)
    >>> value.to_frame()["term"].tolist()
    ['mean', 'mean_bootstrap', 'trimmed_mean', 'without_top_1', 'median']
    """
    _check(perspective, trim, draws, seed)
    check_switch("include_anticipation", include_anticipation)
    prices = Deflator(first_year(price_year, "price_year"))
    counts = count_offences(design, offences)
    refuse_unfit(counts.total)
    _check_people(counts)
    table = load_unit_costs() if unit_costs is None else unit_costs
    worth = worth_of(counts.groups, table, prices, include_anticipation)
    priced = _priced(counts, _prices(worth, perspective))
    _check_priced(priced, counts)
    values = pd.Series(priced, design.weights.index, name=COST)
    effect = estimate_effect(design, values, measure="mean_difference", outcome_name=COST, cluster=cluster, level=level)
    groups = Groups.of(design, priced, counts)
    reason = why_no_bootstrap(design)
    drawn, units, how = None, "", ""
    if reason is None:
        request = make_request(design, values, COST, measure="mean_difference", cluster=cluster)
        drawn, units, how = drawn_from(request, groups, trim, draws, seed)
    return ValuePerPerson(
        effect=effect,
        perspective=perspective,
        price_year=prices.target,
        include_anticipation=bool(include_anticipation),
        trim=float(trim),
        draws=int(draws) if reason is None else 0,
        seed=int(seed),
        unpriced=worth.unpriced,
        statuses=worth.statuses,
        units=units,
        how=how,
        no_bootstrap=reason or "",
        _frame=averages_frame(effect, groups, drawn, trim),
        _concentration=concentration_frame(groups, drawn, level),
    )


def _priced(counts: OffenceCounts, prices: Array) -> Array:
    """The cost of each person: offences by group times their price, added up exactly."""
    parts = counts.by_group * prices
    return np.array([math.fsum(row) for row in parts.tolist()], dtype=np.float64)


def _prices(worth: Worth, perspective: str) -> Array:
    named = {
        "fiscal": (worth.no_response, words.NO_FISCAL),
        "economic": ((*worth.no_response, *worth.no_harm), words.NO_ECONOMIC),
        "social": ((), ""),
    }
    missing, text = named[perspective]
    if missing:
        raise InputError(text.format(groups=", ".join(label(group).lower() for group in missing)))
    return np.asarray(worth.perspectives[perspective], dtype=np.float64)


def _check(perspective: Any, trim: Any, draws: Any, seed: Any) -> None:
    if perspective not in PERSPECTIVES:
        raise InputError(words.BAD_PERSPECTIVE.format(given=perspective))
    if isinstance(trim, bool) or not isinstance(trim, (int, float)) or not 0 < trim <= 0.25:
        raise InputError(words.BAD_TRIM.format(given=trim))
    if isinstance(draws, bool) or not isinstance(draws, (int, np.integer)) or not FEWEST_DRAWS <= draws <= MOST_DRAWS:
        raise InputError(words.BAD_DRAWS.format(least=FEWEST_DRAWS, most=MOST_DRAWS, given=draws))
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise InputError(words.BAD_SEED.format(given=seed))


def _check_people(counts: OffenceCounts) -> None:
    treated, comparison = (int((counts.used & side).sum()) for side in (counts.treated, ~counts.treated))
    if min(treated, comparison) < LEAST_PEOPLE:
        shown = {"treated": format_count(treated), "comparison": format_count(comparison)}
        raise EstimationError(words.FEW_PEOPLE.format(least=LEAST_PEOPLE, **shown))


def _check_priced(values: Array, counts: OffenceCounts) -> None:
    priced = [int((values[counts.used & side] > 0).sum()) for side in (counts.treated, ~counts.treated)]
    if min(priced) < LEAST_BEHIND:
        raise EstimationError(words.FEW_PRICED.format(least=LEAST_BEHIND))
