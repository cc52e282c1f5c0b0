"""For which payment a programme is worth its cost: the acceptability curve, and what it would be worth to know more."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary
from dipeval.roi.decisions import acceptability_sums as sums
from dipeval.roi.decisions import acceptability_words as words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dipeval.roi.result import ReturnOnInvestment

# What a reader asks first: from where on it is more likely than not, and from where on it is all but sure.
HALF: Final = 0.5
NEARLY_ALL: Final = 0.95


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AcceptabilityCurve(HtmlMixin):
    """In which share of the draws a programme is worth its cost, by what is paid for an offence averted.

    Made by `dipeval.acceptability_curve`. A draw is *worth its cost* at a payment if the payment times the offences
    averted exceeds the cost.

    Parameters
    ----------
    per
        ``offence``: a proven offence averted within the follow-up; ``actual_offence``: one after every step that is
        switched on, later years included.
    people
        People the offences are counted for, and whose part of the spending is the cost.
    threshold_50, threshold_95
        Pounds for each offence above which at least 50% and 95% of the draws are worth their cost; NaN if no payment
        is enough.
    threshold_expected
        Pounds for each offence at which the value of those averted is expected to equal the cost, over the draws; NaN
        unless fewer offences are expected.
    limit, limit_if_none
        Share of the draws with fewer offences, beyond which no payment goes; and the same were the effect none.
    value_per_offence
        Pounds that the unit costs put on one such offence in the perspective of the headline; NaN where not known.
    probability, probability_if_none
        Share of the draws worth their cost at the unit costs, as in the return on investment; and by chance alone.
    evpi, evpi_per_person
        Expected value of perfect information at the unit costs, pounds: in all, and over `people`. These two, and the
        two before, are NaN if no offence has a unit cost.
    cost
        Pounds, as in the return on investment.
    settled, known
        Whether the interval of the offences averted lies above 0; whether nothing at all is uncertain.
    offences_averted_high
        Upper end of the interval of the proven offences averted.
    perspective, against, price_year, draws, seed, level, estimand, uncertain
        What the curve rests on, as in the return on investment; `uncertain` are the inputs that were drawn, in words.
    discounted
        Whether offences count for less than one each, because benefits are discounted.
    """

    per: str
    people: int
    threshold_50: float
    threshold_95: float
    threshold_expected: float
    limit: float
    limit_if_none: float
    value_per_offence: float
    probability: float
    probability_if_none: float
    evpi: float
    evpi_per_person: float
    cost: float
    settled: bool
    known: bool
    offences_averted_high: float
    perspective: str
    against: tuple[str, ...]
    price_year: int
    draws: int
    seed: int
    level: float
    estimand: str
    uncertain: tuple[str, ...]
    discounted: bool
    _frame: pd.DataFrame = field(repr=False)
    _drawn: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        frame, drawn = self._frame, self._drawn
        if tuple(frame.columns) != sums.CURVE_COLUMNS or not (np.diff(frame["threshold"]) > 0).all():
            raise InvariantError(
                "An acceptability curve does not have its documented columns, or its payments do not rise."
            )
        if len(drawn) != self.draws or not (drawn["cost"] > 0).all():
            raise InvariantError("An acceptability curve needs a cost above 0 in every draw.")
        shares = frame["probability"]
        if not (shares.between(0, self.limit).all() and (np.diff(shares) >= 0).all()):
            raise InvariantError(
                "A share of draws falls as more is paid, or goes beyond the draws with fewer offences."
            )
        if not ((frame[["evpi", "evpi_per_person"]] >= 0).all(axis=None) and not self.evpi < 0):
            raise InvariantError("To know more is never worth less than nothing.")

    def reached_at(self, share: float) -> float:
        """Return what would have to be paid for the programme to be worth its cost in this share of the draws.

        Parameters
        ----------
        share
            Above 0, up to 1: 0.8 for 80% of the draws.

        Returns
        -------
        float
            Pounds for each offence averted, above which it is; NaN if no payment is enough.

        Raises
        ------
        InputError
            If the share is none.
        """
        return self._counted().reached_at(sums.check_share(share))

    def quadrants(self) -> pd.DataFrame:
        """Return how the draws lie on the cost-effectiveness plane.

        Returns
        -------
        pandas.DataFrame
            ``offences`` (``fewer``, ``not fewer``), ``cost`` (``more``, ``less``), ``share`` (of the draws, adding up
            to 1), ``label``. Nothing is taken off the spending, so that no draw costs less than doing nothing.
        """
        rows = [
            ("fewer", "more", self.limit),
            ("fewer", "less", 0.0),
            ("not fewer", "more", 1.0 - self.limit),
            ("not fewer", "less", 0.0),
        ]
        frame = pd.DataFrame(rows, columns=["offences", "cost", "share"])
        return frame.assign(label=[words.QUADRANTS[offences, cost] for offences, cost, _ in rows])

    def points(self) -> pd.DataFrame:
        """Return what is read off the curve.

        Returns
        -------
        pandas.DataFrame
            ``term`` (``threshold_50``, ``threshold_95``, ``threshold_expected``, ``value_per_offence``, ``limit``,
            ``limit_if_none``, ``probability``, ``probability_if_none``, ``evpi``, ``evpi_per_person``), ``estimate``
            (missing where no payment is enough), ``unit`` (``GBP per offence``, ``share``, ``GBP``), ``label``.
        """
        rows = [
            (term, float(getattr(self, term)), unit, words.label_of(term, self))
            for term, unit in words.POINT_UNITS.items()
        ]
        return pd.DataFrame(rows, columns=["term", "estimate", "unit", "label"])

    def drawn(self) -> pd.DataFrame:
        """Return the draws.

        Returns
        -------
        pandas.DataFrame
            ``draw``, ``offences`` (averted, discounted as their value would be), ``cost`` (pounds).
        """
        return self._drawn.copy()

    def to_frame(self) -> pd.DataFrame:
        """Return the curve.

        Returns
        -------
        pandas.DataFrame
            ``threshold`` (pounds paid for each offence averted), ``probability`` (share of the draws worth their cost),
            ``probability_if_none`` (the same were the estimate exactly none, with the error it has), ``net``,
            ``net_low``, ``net_high`` (payment times offences averted, less cost, in pounds: the mean over the draws and
            the interval), ``evpi``, ``evpi_per_person`` (expected value of perfect information, pounds).
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return the headline, what is read off the curve, and what it rests on."""
        return words.summary_of(self)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the curve, with what chance alone would give beside it, and return the Axes."""
        from dipeval.plots.money_acceptability import acceptability_plot

        return acceptability_plot(self._frame, value=self.value_per_offence, each=words.EACH[self.per], ax=ax)

    def _counted(self) -> sums.Counted:
        offences, cost = (self._drawn[name].to_numpy(dtype=np.float64) for name in ("offences", "cost"))
        return sums.Counted(offences=offences, cost=cost)


def acceptability_curve(
    roi: ReturnOnInvestment, *, per: str = "offence", thresholds: Iterable[float] | None = None
) -> AcceptabilityCurve:
    """Show in which share of the draws a programme is worth its cost, by what is paid for an offence averted.

    Parameters
    ----------
    roi
        From `return_on_investment`; its own draws are used.
    per
        What is paid for: ``offence``, a proven offence averted within the follow-up; or ``actual_offence``, one after
        every step that is switched on (multipliers, years beyond the follow-up).
    thresholds
        Pounds paid for each; default 101 round figures from 0 to where the curve has nearly levelled off.

    Returns
    -------
    AcceptabilityCurve
        ``to_frame()`` has a row a payment: ``threshold``, ``probability``, ``probability_if_none``, ``net``,
        ``net_low``, ``net_high``, ``evpi``, ``evpi_per_person``.

    Raises
    ------
    InputError
        If `per` or a threshold is not one.

    Notes
    -----
    van Hout, Al, Gordon and Rutten (1994), Health Economics 3, 309-319; Fenwick, O'Brien and Briggs (2004), Health
    Economics 13, 405-415. The share of the draws in which the net monetary benefit, payment times offences averted less
    cost, is above 0: draws with more offences stay in, so that the curve need not reach 1. Offences are discounted as
    their value would be, and no unit cost of crime is used. Expected value of perfect information: Claxton (1999),
    Journal of Health Economics 18, 341-364; the choice is between the programme and spending nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> from types import SimpleNamespace
    >>> from dipeval.roi import return_on_investment
    >>> effect = SimpleNamespace(measure="mean_difference", outcome_name="n_reoffences", outcome_kind="count",
    ...     estimate=-0.5, conf_low=-0.8, conf_high=-0.2, n_treated=100, level=0.95,
    ...     estimand="the average effect on the 100 treated people")
    >>> costs = pd.DataFrame({"financial_year": ["2019/20"], "amount": [20_000.0], "spent_on": ["treatment"],
    ...     "price_year": [2019]})
    >>> mix = pd.DataFrame({"offence_group": ["shoplifting"], "share": [1.0]})
    >>> roi = return_on_investment(effect, costs=costs, offence_mix=mix, cost_people=100)
    >>> found = acceptability_curve(roi, thresholds=[0, 400, 1000])
    >>> found.to_frame()["probability"].round(2).tolist(), round(found.threshold_50), round(found.threshold_95)
    ([0.0, 0.5, 0.98], 400, 805)
    """
    check = sums.check_per(per)
    draws, none = sums.counted(roi, check), sums.counted_if_none(roi, check)
    value = sums.value_of_one(roi, check)
    payments = (
        sums.default_thresholds(draws, value, roi.people) if thresholds is None else sums.check_thresholds(thresholds)
    )
    evpi = sums.information_at_unit_costs(roi)
    priced = not math.isnan(evpi)
    names = [*roi.central.uncertain(), *roi.central.uncertain_vectors()]
    return AcceptabilityCurve(
        per=check,
        people=roi.people,
        threshold_50=draws.reached_at(HALF),
        threshold_95=draws.reached_at(NEARLY_ALL),
        threshold_expected=draws.expected,
        limit=draws.limit,
        limit_if_none=none.limit,
        value_per_offence=value,
        probability=roi.probability if priced else math.nan,
        probability_if_none=roi.probability_if_none if priced else math.nan,
        evpi=evpi,
        evpi_per_person=evpi / roi.people,
        cost=roi.cost,
        settled=roi.settled,
        known=not names,
        offences_averted_high=roi.offences_averted_high,
        perspective=roi.perspective,
        against=roi.against,
        price_year=roi.price_year,
        draws=roi.draws,
        seed=roi.seed,
        level=roi.level,
        estimand=roi.estimand,
        uncertain=words.inputs_in_words(names),
        discounted=not math.isclose(roi.discount_factor, 1.0),
        _frame=sums.curve(draws, none, payments, people=roi.people, level=roi.level),
        _drawn=pd.DataFrame({"draw": np.arange(1, roi.draws + 1), "offences": draws.offences, "cost": draws.cost}),
    )
