"""The result: offences averted, their value, the cost, and how far the data settle it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary
from dipeval.roi import display, headline, left_out, wording
from dipeval.roi.assumptions import RoiAssumptions
from dipeval.roi.costs_of_crime.worth import Worth
from dipeval.roi.drawing import Central
from dipeval.roi.rests_on import RestsOn
from dipeval.roi.spending.cost_lines import CostLines
from dipeval.roi.steps import Switched

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReturnOnInvestment(RestsOn, HtmlMixin):
    """What the offences averted are worth against what was spent; made by `return_on_investment`.

    Every ``_low`` and ``_high`` is an interval at `level`: worked out from the limits of the effect if nothing else is
    uncertain, and from the draws otherwise. Single figures have every input at its value.

    Parameters
    ----------
    people, people_in_effect, cost_people
        People the benefit is counted for, people the effect was estimated on, people the spending paid for.
    offences_averted, offences_averted_low, offences_averted_high
        Proven offences fewer (below 0: more) among `people` within the follow-up, that are this programme's.
    benefit, benefit_low, benefit_high, cost
        Pounds: value of the offences averted in the headline perspective, and what is set against it; discounted.
    net_present_value, net_present_value_low, net_present_value_high
        Value less cost, pounds.
    benefit_cost_ratio, benefit_cost_ratio_low, benefit_cost_ratio_high
        Pounds of value per pound of cost.
    ratio_without_uplift, ratio_without_uplift_low, ratio_without_uplift_high
        The ratio without multipliers and without years beyond the follow-up; the same where neither is on.
    ratio_without_linkage
        The ratio with the plain estimate, where the one that allows for linkage error is used; else NaN.
    probability, probability_averted, probability_if_none
        Share of draws in which the value exceeds the cost; in which there were fewer offences; and in which the value
        would exceed the cost were the estimate exactly none, with the error it has: what chance alone gives.
    cost_per_offence_averted, cost_per_offence_averted_low, cost_per_offence_averted_high
        Undiscounted cost over proven offences averted, pounds; NaN unless the whole interval is above 0.
    mean_net, median_net
        Of the draws, pounds.
    break_even_offences
        Proven offences to avert for the value to equal the cost; NaN if no number would do.
    biggest_assumption, left_out
        In words: what the answer rests on most, and what it leaves out.
    perspective
        Of the headline: ``fiscal``, ``economic`` or ``social``.
    scaled, linked
        Whether the effect is applied to people it was not estimated on; whether linkage error is allowed for.
    total_spend, cost_undiscounted
        Pounds not discounted: all spending set against the benefit, and the part for `people`.
    price_year, discount_rate, follow_up_days, draws, seed, level, estimand, prices_converted
        What the figures rest on.
    assumptions, switched
        The steps between effect and money, and which of those that raise the benefit are on.
    central, worth, cost_lines
        Every input of the sum, what an offence is worth by group, and the spending line by line.
    """

    people: int
    people_in_effect: int
    cost_people: int
    offences_averted: float
    offences_averted_low: float
    offences_averted_high: float
    benefit: float
    benefit_low: float
    benefit_high: float
    cost: float
    net_present_value: float
    net_present_value_low: float
    net_present_value_high: float
    benefit_cost_ratio: float
    benefit_cost_ratio_low: float
    benefit_cost_ratio_high: float
    ratio_without_uplift: float
    ratio_without_uplift_low: float
    ratio_without_uplift_high: float
    ratio_without_linkage: float
    probability: float
    probability_averted: float
    probability_if_none: float
    cost_per_offence_averted: float
    cost_per_offence_averted_low: float
    cost_per_offence_averted_high: float
    mean_net: float
    median_net: float
    break_even_offences: float
    biggest_assumption: str
    perspective: str
    scaled: bool
    linked: bool
    total_spend: float
    cost_undiscounted: float
    price_year: int
    discount_rate: float
    follow_up_days: int
    draws: int
    seed: int
    level: float
    estimand: str
    prices_converted: bool
    assumptions: RoiAssumptions
    switched: Switched
    central: Central = field(repr=False)
    worth: Worth = field(repr=False)
    cost_lines: CostLines = field(repr=False)
    _groups: pd.DataFrame = field(repr=False)
    _anticipation: pd.DataFrame = field(repr=False)
    _perspectives: pd.DataFrame = field(repr=False)
    _chain: pd.DataFrame = field(repr=False)
    _views: pd.DataFrame = field(repr=False)
    _tornado: pd.DataFrame = field(repr=False)
    _break_even: pd.DataFrame = field(repr=False)
    _drawn: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        for name in ("offences_averted", "benefit", "net_present_value", "benefit_cost_ratio"):
            if not getattr(self, f"{name}_low") <= getattr(self, f"{name}_high"):
                raise InvariantError(f"The interval of {name} is not one.")
        if not (self.cost > 0 and 0 < self.discount_factor <= 1 and self.people <= self.cost_people):
            raise InvariantError("The cost must be above 0 and cover everyone the benefit is counted for.")
        if self.scaled != (self.people > self.people_in_effect):
            raise InvariantError("The benefit is counted for people the effect is not about, and does not say so.")
        whole = math.fsum(self._groups["offences_averted"])
        if abs(whole - self.offences_averted) > 1e-6 * max(1.0, abs(self.offences_averted)):
            raise InvariantError("The offence groups do not add up to the offences averted.")
        if len(self._drawn) != self.draws or not 0 <= self.probability <= 1:
            raise InvariantError("A probability is a share of the draws.")

    @property
    def left_out(self) -> tuple[str, ...]:
        """What the answer leaves out, in words."""
        return left_out.left_out(self)

    def perspectives(self) -> pd.DataFrame:
        """Return what each perspective gives: they are nested, and must never be added up.

        Returns
        -------
        pandas.DataFrame
            ``perspective`` (fiscal, economic, social), ``benefit``, ``benefit_low``, ``benefit_high``, ``ratio``,
            ``ratio_low``, ``ratio_high``, ``net``, ``net_low``, ``net_high`` (pounds), ``probability`` (share of draws
            with a net benefit), ``break_even_per_person`` (offences), ``note``, ``probability_low``,
            ``probability_high``. Where harm to victims is not published by offence the economic perspective has bounds
            and no estimate (missing): its ``_low`` and ``_high`` reach from the lower end of the one to the upper end
            of the other.
        """
        return self._perspectives.copy()

    def chain(self) -> pd.DataFrame:
        """Return the ladder from the effect to pounds.

        Returns
        -------
        pandas.DataFrame
            ``step``, ``label``, ``on``, ``value``, ``low``, ``high`` (of the step), ``source``, ``offences``,
            ``offences_low``, ``offences_high`` (averted after the step).
        """
        return self._chain.copy()

    def cost_views(self) -> pd.DataFrame:
        """Return the answer against the cost in every way of laying the spending on the people.

        Returns
        -------
        pandas.DataFrame
            ``view`` (marginal, set_against, own_share, full), ``label``, ``spent_on``, ``amount``, ``people``,
            ``per_person``, ``cost`` (pounds), ``ratio``, ``ratio_low``, ``ratio_high``, ``net``, ``probability``.
        """
        return self._views.copy()

    def spending(self) -> pd.DataFrame:
        """Return who paid for what.

        Returns
        -------
        pandas.DataFrame
            ``funder``, ``spent_on``, ``amount`` (pounds of the price year), ``share``, ``set_against``.
        """
        return self.cost_lines.spending()

    def tornado(self) -> pd.DataFrame:
        """Return how far each uncertain input, and each choice, moves the answer by itself.

        Returns
        -------
        pandas.DataFrame
            ``input``, ``label``, ``value``, ``low``, ``high``, ``net_low``, ``net_high``, ``ratio_low``,
            ``ratio_high``, ``swing`` (pounds), ``note``; the largest swing first.
        """
        return self._tornado.copy()

    def break_even(self) -> pd.DataFrame:
        """Return what each input would have to be, by itself, for value and cost to be equal.

        Returns
        -------
        pandas.DataFrame
            ``input``, ``label``, ``value``, ``needed``, ``change`` (share), ``reachable``, ``note``.
        """
        return self._break_even.copy()

    def drawn(self) -> pd.DataFrame:
        """Return the draws.

        Returns
        -------
        pandas.DataFrame
            ``draw``, ``offences_averted`` (proven), ``benefit_fiscal``, ``benefit_economic_low``,
            ``benefit_economic_high``, ``benefit_social``, ``cost``, ``net`` (pounds, headline perspective).
        """
        return self._drawn.copy()

    def by_group(self) -> pd.DataFrame:
        """Return the offences averted and their value by offence group.

        Returns
        -------
        pandas.DataFrame
            ``offence_group``, ``share``, ``value_per_offence`` (pounds, missing where no unit cost is known),
            ``offences_averted`` (proven), ``benefit``, ``conf_low``, ``conf_high`` (of the benefit), ``note``.
        """
        return self._groups.copy()

    def to_frame(self) -> pd.DataFrame:
        """Return every figure as a tidy row.

        Returns
        -------
        pandas.DataFrame
            ``term``, ``group`` (an offence group, or ``all``), ``estimate``, ``conf_low``, ``conf_high`` (missing
            where the figure has no interval), ``unit`` (``offences``, ``GBP``, ``GBP per GBP``, ``share``), ``n``
            (people).
        """
        return display.tidy(self)

    def summary(self) -> Summary:
        """Return the headline, a display table and what is assumed and left out."""
        return Summary(
            title="What the offences averted are worth against what was spent",
            headline=headline.headline(self),
            table=display.table(self),
            notes=wording.notes(self),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the value of the offences averted, with its interval, against the cost and return the Axes."""
        from dipeval.plots.money import value_against_cost

        frame = self.to_frame()
        return value_against_cost(frame[(frame["group"] == "all") & frame["term"].isin(("benefit", "cost"))], ax=ax)
