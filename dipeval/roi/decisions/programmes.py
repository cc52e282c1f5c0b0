"""Several programmes set beside each other on one scale: what can be told apart, and what cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary
from dipeval.roi.checks import check_options
from dipeval.roi.costs_of_crime.prices import Deflator, first_year
from dipeval.roi.decisions import programmes_sums as sums
from dipeval.roi.decisions import programmes_words as words
from dipeval.roi.decisions.programmes_scale import UNLIKE_COLUMNS, check_programmes, check_scale, is_shared, unlike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dipeval.roi.result import ReturnOnInvestment


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProgrammeComparison(HtmlMixin):
    """Programmes on one scale, in alphabetical order; made by `compare_programmes`. It ranks nothing.

    Parameters
    ----------
    programmes
        Names.
    settled
        By name: whether the whole interval lies on the side of offences averted.
    estimands
        By name: whom the effect is about.
    best_by_chance
        Pounds of value less cost a person by which the highest of so many programmes is expected to lie above the
        truth, were they all alike.
    converted
        Names of those whose pounds were brought to `price_year`.
    shared
        Whether an uncertain input is one figure for all programmes, drawn once for all.
    price_year, perspective, include_anticipation, follow_up_days, discount_rate, level, draws, seed
        The scale, and what the draws of the differences rest on.
    """

    programmes: tuple[str, ...]
    settled: Mapping[str, bool]
    estimands: Mapping[str, str]
    best_by_chance: float
    converted: tuple[str, ...]
    shared: bool
    price_year: int
    perspective: str
    include_anticipation: bool
    follow_up_days: int
    discount_rate: float
    level: float
    draws: int
    seed: int
    _frame: pd.DataFrame = field(repr=False)
    _differences: pd.DataFrame = field(repr=False)
    _unlike: pd.DataFrame = field(repr=False)
    _drawn: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        frame, apart = self._frame, self._differences
        columns = (tuple(frame.columns), tuple(apart.columns), tuple(self._unlike.columns))
        if columns != (sums.COLUMNS, sums.DIFFERENCE_COLUMNS, UNLIKE_COLUMNS):
            raise InvariantError("A comparison of programmes does not have its documented columns.")
        count = len(self.programmes)
        if len(apart) != len(sums.COMPARED) * count * (count - 1) // 2 or len(frame) != len(sums.UNITS) * count:
            raise InvariantError("A comparison of programmes does not hold each pair once.")
        if not (apart["conf_low"].isna() | (apart["conf_low"] <= apart["conf_high"])).all():
            raise InvariantError("The interval of a difference is not one.")
        wide = frame.pivot(index="programme", columns="term", values="estimate")
        if not np.allclose(wide["net_per_person"], wide["benefit_per_person"] - wide["cost_per_person"], rtol=1e-6):
            raise InvariantError("Value less cost is not the one less the other.")
        if not self.best_by_chance >= 0:
            raise InvariantError("The highest of several estimates is not expected below the truth.")

    def differences(self) -> pd.DataFrame:
        """Return how far each pair lies apart: the first programme less the other.

        Returns
        -------
        pandas.DataFrame
            ``term`` (``averted_per_100``, ``cost_per_person``, ``benefit_per_person``, ``net_per_person``,
            ``benefit_cost_ratio``), ``programme``, ``other``, ``estimate``, ``conf_low``, ``conf_high`` (missing where
            nothing in it is uncertain; widened so that all pairs of a term hold together), ``unit``, ``told_apart``
            (whether the interval lies on one side of 0), ``share_higher`` (share of the draws in which the first is
            the higher one).
        """
        return self._differences.copy()

    def unlike(self) -> pd.DataFrame:
        """Return what differs between the programmes and is no matter of the scale.

        Returns
        -------
        pandas.DataFrame
            ``aspect``, ``label``, ``programme``, ``value`` (in words); only aspects in which they differ.
        """
        return self._unlike.copy()

    def drawn(self) -> pd.DataFrame:
        """Return the draws that the differences rest on, apart from those of each return.

        Returns
        -------
        pandas.DataFrame
            ``programme``, ``draw``, ``averted_per_100``, ``cost_per_person``, ``benefit_per_person``,
            ``net_per_person``, ``benefit_cost_ratio``.
        """
        return self._drawn.copy()

    def to_frame(self) -> pd.DataFrame:
        """Return every figure of every programme.

        Returns
        -------
        pandas.DataFrame
            ``programme``, ``term`` (those of `differences`, and ``break_even_per_100``, ``cost_per_offence_averted``,
            ``probability``, ``probability_if_none``, ``probability_averted``), ``estimate``, ``conf_low``,
            ``conf_high`` (missing where the figure has no interval), ``unit``, ``n`` (people counted).
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return the headline, a row a programme, and what must not be done with them."""
        return words.summary_of(self)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw value less cost a person of each programme with its interval and return the Axes."""
        from dipeval.plots.money_programmes import programmes_plot

        return programmes_plot(self._frame[self._frame["term"] == "net_per_person"], ax=ax)


def compare_programmes(
    programmes: Mapping[str, ReturnOnInvestment],
    *,
    price_year: int | None = None,
    deflator: pd.DataFrame | None = None,
    draws: int = 20_000,
    seed: int = 0,
) -> ProgrammeComparison:
    """Set several programmes beside each other on one scale, and say which can be told apart.

    Parameters
    ----------
    programmes
        Name -> return on investment, from 2 to 8, each estimated on people of its own.
    price_year
        Prices everything is brought to; default those of the returns, of several the latest.
    deflator
        ``year`` and ``deflator`` for that; default `load_gdp_deflator`.
    draws, seed
        Of the draws behind the differences. What is one figure for all programmes (unit costs, multipliers) is drawn
        once for all, everything else for each by itself.

    Returns
    -------
    ProgrammeComparison
        ``to_frame()`` has a row a programme and figure: ``programme``, ``term``, ``estimate``, ``conf_low``,
        ``conf_high``, ``unit``, ``n``; ``differences()`` a row a pair and figure.

    Raises
    ------
    InputError
        If the programmes do not stand on one scale (perspective, follow-up, anticipation, discount rate, level, unit
        costs, steps switched on, spending set against the same kind of effect): every difference is named at once.

    Notes
    -----
    Where nothing but the effects is uncertain the interval of a difference is worked out from those of the two
    programmes (Zou and Donner 2008, Statistics in Medicine 27, 1693-1702), else it is that of the draws; both are
    widened by Bonferroni for the number of pairs. The highest of several estimates lies above the truth on average
    (Smith and Winkler 2006, Management Science 52, 311-322): by how much, were all alike, is `best_by_chance`.

    Examples
    --------
    >>> import pandas as pd
    >>> from types import SimpleNamespace
    >>> from dipeval.roi import return_on_investment
    >>> costs = pd.DataFrame({"financial_year": ["2019/20"], "amount": [20_000.0], "spent_on": ["treatment"],
    ...     "price_year": [2019]})
    >>> mix = pd.DataFrame({"offence_group": ["shoplifting"], "share": [1.0]})
    >>> def roi(estimate, low, high):
    ...     effect = SimpleNamespace(measure="mean_difference", outcome_name="n_reoffences", outcome_kind="count",
    ...         estimate=estimate, conf_low=low, conf_high=high, n_treated=100, level=0.95,
    ...         estimand="the average effect on the 100 treated people")
    ...     return return_on_investment(effect, costs=costs, offence_mix=mix, cost_people=100)
    >>> found = compare_programmes({"North": roi(-0.7, -1.0, -0.4), "South": roi(-0.5, -0.9, -0.1)})
    >>> rows = found.differences().set_index("term")
    >>> rows.loc["averted_per_100", ["estimate", "conf_low", "conf_high"]].astype(float).round(1).tolist()
    [20.0, -30.0, 70.0]
    >>> bool(rows.loc["net_per_person", "told_apart"])
    False
    """
    known = check_programmes(programmes)
    one = next(iter(known.values()))
    check_options(one.perspective, one.follow_up_days, draws, None)
    latest = max(roi.price_year for roi in known.values())
    prices = Deflator(latest if price_year is None else first_year(price_year, "price_year"), deflator)
    check_scale(known, prices)
    factors = {name: prices.factor(roi.price_year) for name, roi in known.items()}
    frame = sums.figures(known, factors)
    drawn = sums.drawn(known, factors, draws=int(draws), seed=int(seed))
    return ProgrammeComparison(
        programmes=tuple(known),
        settled=MappingProxyType({name: roi.settled for name, roi in known.items()}),
        estimands=MappingProxyType({name: roi.estimand for name, roi in known.items()}),
        best_by_chance=sums.best_by_chance(drawn),
        converted=tuple(name for name, roi in known.items() if roi.price_year != prices.target),
        shared=any(is_shared(name) for roi in known.values() for name in roi.central.uncertain()),
        price_year=prices.target,
        perspective=one.perspective,
        include_anticipation=one.include_anticipation,
        follow_up_days=one.follow_up_days,
        discount_rate=one.discount_rate,
        level=one.level,
        draws=int(draws),
        seed=int(seed),
        _frame=frame,
        _differences=sums.differences(known, frame, drawn),
        _unlike=unlike(known, factors),
        _drawn=drawn,
    )
