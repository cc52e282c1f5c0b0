"""The result: offences averted, their value, the cost, and how far the data settle it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_money, format_number
from dipeval.roi import wording
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReturnOnInvestment(HtmlMixin):
    """What the offences averted are worth against what was spent; made by `return_on_investment`.

    Every ``_low`` and ``_high`` carries the interval of the effect; the cost is taken as known.

    Parameters
    ----------
    people, people_in_effect, cost_people
        People the benefit is counted for, people the effect was estimated on, people the spending paid for.
    offences_averted, offences_averted_low, offences_averted_high
        Offences fewer (below 0: more) among `people` within the follow-up.
    value_with_anticipation, value_without_anticipation
        Pounds per averted offence over the mix; groups without a unit cost count as 0. NaN: the split is not known.
    include_anticipation
        Which of the two is the headline.
    total_spend, cost_undiscounted, cost, discount_factor
        Pounds: all spending; the part for `people`; that part brought to the first year; and the factor between them.
    spending_years, price_year, discount_rate, level, estimand, spent_on, statuses, prices_converted
        What the figures rest on; `level` is that of the interval.
    """

    people: int
    people_in_effect: int
    cost_people: int
    offences_averted: float
    offences_averted_low: float
    offences_averted_high: float
    value_with_anticipation: float
    value_without_anticipation: float
    include_anticipation: bool
    total_spend: float
    cost_undiscounted: float
    cost: float
    discount_factor: float
    spending_years: tuple[int, ...]
    price_year: int
    discount_rate: float
    level: float
    estimand: str
    spent_on: tuple[str, ...]
    statuses: tuple[str, ...]
    prices_converted: bool
    _groups: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        if not self.offences_averted_low <= self.offences_averted <= self.offences_averted_high:
            raise InvariantError("The offences averted do not lie inside their own interval.")
        if not (self.cost > 0 and 0 < self.discount_factor <= 1 and self.people <= self.cost_people):
            raise InvariantError("The cost must be above 0 and cover everyone the benefit is counted for.")
        if abs(math.fsum(self._groups["share"]) - 1) > 1e-6:
            raise InvariantError("The offence mix does not add up to 1.")

    @property
    def value_per_offence(self) -> float:
        """Pounds per averted offence, over the mix, before discounting."""
        return self.value_with_anticipation if self.include_anticipation else self.value_without_anticipation

    def _benefit(self, averted: float) -> float:
        return averted * self.value_per_offence * self.discount_factor

    @property
    def benefit(self) -> float:
        """Value of the offences averted, pounds."""
        return self._benefit(self.offences_averted)

    @property
    def benefit_low(self) -> float:
        """Lower end of the value, pounds."""
        return self._benefit(self.offences_averted_low)

    @property
    def benefit_high(self) -> float:
        """Upper end of the value, pounds."""
        return self._benefit(self.offences_averted_high)

    @property
    def net_present_value(self) -> float:
        """Value less cost, pounds."""
        return self.benefit - self.cost

    @property
    def net_present_value_low(self) -> float:
        """Lower end of the value, less cost, pounds."""
        return self.benefit_low - self.cost

    @property
    def net_present_value_high(self) -> float:
        """Upper end of the value, less cost, pounds."""
        return self.benefit_high - self.cost

    @property
    def benefit_cost_ratio(self) -> float:
        """Pounds of value per pound of cost."""
        return self.benefit / self.cost

    @property
    def benefit_cost_ratio_low(self) -> float:
        """Lower end of the ratio."""
        return self.benefit_low / self.cost

    @property
    def benefit_cost_ratio_high(self) -> float:
        """Upper end of the ratio."""
        return self.benefit_high / self.cost

    @property
    def break_even_offences(self) -> float:
        """Offences that must be averted for the value to equal the cost; NaN if the mix has no value at all."""
        worth = self.value_per_offence * self.discount_factor
        return self.cost / worth if worth > 0 else math.nan

    @property
    def cost_per_treated_person(self) -> float:
        """Spending over the people it paid for, pounds, undiscounted."""
        return self.total_spend / self.cost_people

    @property
    def settled(self) -> bool:
        """Whether the whole interval lies on the side of offences averted."""
        return self.offences_averted_low > 0

    @property
    def cost_per_offence_averted(self) -> float:
        """Undiscounted cost over offences averted, pounds; NaN unless the whole interval is above 0."""
        return self.cost_undiscounted / self.offences_averted if self.settled else math.nan

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Offence groups of the mix that are valued at nothing because no unit cost is known."""
        return tuple(self._groups.loc[~self._groups["priced"], "offence_group"])

    def by_group(self) -> pd.DataFrame:
        """Return the offences averted and their value by offence group.

        Returns
        -------
        pandas.DataFrame
            ``offence_group``, ``share``, ``value_per_offence`` (pounds, missing where no unit cost is known),
            ``offences_averted``, ``benefit``, ``conf_low``, ``conf_high`` (of the benefit), ``note``.
        """
        column = "with_anticipation" if self.include_anticipation else "without_anticipation"
        worth = self._groups[column]
        paid = self._groups["share"] * worth.fillna(0.0) * self.discount_factor
        return pd.DataFrame(
            {
                "offence_group": self._groups["offence_group"],
                "share": self._groups["share"],
                "value_per_offence": worth,
                "offences_averted": self._groups["share"] * self.offences_averted,
                "benefit": paid * self.offences_averted,
                "conf_low": paid * self.offences_averted_low,
                "conf_high": paid * self.offences_averted_high,
                "note": self._groups["note"],
            }
        )

    def to_frame(self) -> pd.DataFrame:
        """Return every figure as a tidy row.

        Returns
        -------
        pandas.DataFrame
            ``term``, ``group`` (an offence group, or ``all``), ``estimate``, ``conf_low``, ``conf_high`` (missing
            where the figure has no interval), ``unit`` (``offences``, ``GBP``, ``GBP per GBP``), ``n`` (people).
        """
        scale = self.discount_factor
        ends = (self.offences_averted, self.offences_averted_low, self.offences_averted_high)
        rows: list[tuple[str, str, float, float, float, str]] = [
            ("offences_averted", "all", *ends, "offences"),
            ("benefit", "all", self.benefit, self.benefit_low, self.benefit_high, "GBP"),
        ]
        for term, worth in (
            ("benefit_without_anticipation", self.value_without_anticipation),
            ("benefit_with_anticipation", self.value_with_anticipation),
        ):
            without, low, high = (end * worth * scale for end in ends)
            rows.append((term, "all", without, low, high, "GBP"))
        for row in self.by_group().to_dict("records"):
            group, worth, low, high = (row[name] for name in ("offence_group", "benefit", "conf_low", "conf_high"))
            rows.append(("benefit", group, worth, low, high, "GBP"))
        npv = (self.net_present_value, self.net_present_value_low, self.net_present_value_high)
        bcr = (self.benefit_cost_ratio, self.benefit_cost_ratio_low, self.benefit_cost_ratio_high)
        gap = math.nan
        rows += [
            ("cost", "all", self.cost, gap, gap, "GBP"),
            ("net_present_value", "all", *npv, "GBP"),
            ("benefit_cost_ratio", "all", *bcr, "GBP per GBP"),
            ("break_even_offences", "all", self.break_even_offences, gap, gap, "offences"),
            ("cost_per_treated_person", "all", self.cost_per_treated_person, gap, gap, "GBP"),
            ("cost_per_offence_averted", "all", *self._cost_per_offence(), "GBP"),
        ]
        columns = ["term", "group", "estimate", "conf_low", "conf_high", "unit"]
        return pd.DataFrame(rows, columns=columns).assign(n=self.people)

    def _cost_per_offence(self) -> tuple[float, float, float]:
        if not self.settled:
            return math.nan, math.nan, math.nan
        cost = self.cost_undiscounted
        return cost / self.offences_averted, cost / self.offences_averted_high, cost / self.offences_averted_low

    def summary(self) -> Summary:
        """Return the headline, a display table and what is assumed and left out."""
        return Summary(
            title="What the offences averted are worth against what was spent",
            headline=wording.headline(self),
            table=_display(self.to_frame(), self),
            notes=wording.notes(self),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the value of the offences averted, with its interval, against the cost and return the Axes."""
        from dipeval.plots.money import value_against_cost

        frame = self.to_frame()
        return value_against_cost(frame[(frame["group"] == "all") & frame["term"].isin(("benefit", "cost"))], ax=ax)


_SHOWN: dict[str, tuple[str, str]] = {
    "offences_averted": ("Offences averted", "number"),
    "benefit_without_anticipation": ("Value, without costs in anticipation of crime", "money"),
    "benefit_with_anticipation": ("Value, with costs in anticipation of crime", "money"),
    "cost": ("Cost", "money"),
    "net_present_value": ("Value less cost", "money"),
    "benefit_cost_ratio": ("Value per £1 of cost (£)", "ratio"),
    "break_even_offences": ("Offences to avert to break even", "number"),
    "cost_per_treated_person": ("Cost per treated person", "money"),
    "cost_per_offence_averted": ("Cost per offence averted", "money"),
}


def _display(frame: pd.DataFrame, roi: ReturnOnInvestment) -> pd.DataFrame:
    rows = []
    for row in frame[(frame["group"] == "all") & frame["term"].isin(list(_SHOWN))].to_dict("records"):
        words, kind = _SHOWN[row["term"]]
        value, low, high = (_show(row[name], kind) for name in ("estimate", "conf_low", "conf_high"))
        interval = "" if math.isnan(row["conf_low"]) else f"{low} to {high}"
        if row["term"] == "cost_per_offence_averted" and not roi.settled:
            value, interval = wording.NOT_SETTLED, ""
        rows.append((words, value, interval))
    for group in roi.unpriced:
        rows.append((f"Valued at nothing: {label(group).lower()}", wording.NO_UNIT_COST, ""))
    return pd.DataFrame(rows, columns=["Figure", "Value", f"{100 * roi.level:g}% interval"])


def _show(value: float, kind: str) -> str:
    if kind == "money":
        return format_money(value)
    return format_number(value, 2 if kind == "ratio" else 1)
