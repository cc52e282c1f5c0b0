"""What the money comes to per contact, start, twelve-week stay and completion, each with the right label on it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError, InvariantError
from dipeval.presenting import NOT_AVAILABLE, HtmlMixin, Summary, and_join, format_count, format_money
from dipeval.roi.costs_of_crime.tables import Deflator, first_year, year_in_words
from dipeval.roi.entrance import check_table
from dipeval.roi.spending import stage_words as words
from dipeval.roi.spending.cost_checks import NOT_STATED, clean_lines, in_order
from dipeval.roi.spending.stage_counts import (
    EVERYONE,
    Counts,
    check_districts,
    check_window,
    folded,
    read_counts,
    short_of_years,
)
from dipeval.vocabulary import SPENT_ON

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# fmt: off
COLUMNS: Final = (
    "group", "stage", "label", "n", "amount", "cost", "unit", "price_year", "spent_on", "counting", "note",
)
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CostPerStage(HtmlMixin):
    """Spending per person at each stage. Made by `dipeval.cost_per_stage`.

    Parameters
    ----------
    by
        ``district`` where the spending and the counts are both known by district, else None.
    counting
        ``cohort``, ``period`` or ``not stated``.
    price_year
        Year whose prices all amounts are in.
    spent_on
        Kinds of spending among the costs, in order.
    years
        First calendar years of the financial years of the spending.
    prices_converted
        Whether the GDP deflator was used.
    notes
        What has to be known to read the figures.
    """

    by: str | None
    counting: str
    price_year: int
    spent_on: tuple[str, ...]
    years: tuple[int, ...]
    prices_converted: bool
    notes: tuple[str, ...]
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        frame = self._frame
        if tuple(frame.columns) != COLUMNS or frame.duplicated(["group", "stage"]).any():
            raise InvariantError("A cost per stage does not have its documented columns, or a stage stands twice.")
        known = frame[frame["cost"].notna()]
        if not (known["n"] > 0).all() or not np.allclose(known["cost"] * known["n"], known["amount"], rtol=1e-12):
            raise InvariantError("A cost per stage is not its amount divided by its people.")
        if (frame.groupby("group")["amount"].nunique() > 1).any():
            raise InvariantError("The stages of one group were given different amounts of money.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a group and stage.

        Columns: group (``everyone`` first, then districts), stage, label (``cost per ...``), n (people; missing where
        not shown), amount (pounds of the price year, the same for every stage of a group), cost (amount over n;
        missing where nobody or no spending is on record), unit (what cost is in), price_year, spent_on (kinds of
        spending, in words), counting (cohort, period, not stated), note.
        """
        return self._frame.copy()

    @property
    def everyone(self) -> pd.DataFrame:
        """The rows of `to_frame` for everyone, index stage."""
        return self._frame[self._frame["group"] == EVERYONE].set_index("stage")

    @property
    def amount(self) -> float:
        """All the spending, in pounds of the price year."""
        return float(self.everyone["amount"].iloc[0])

    @property
    def paid_for(self) -> str:
        """What the money paid for, in words, and whether the treatment itself is in it."""
        return words.paid_for(self.spent_on)

    def summary(self) -> Summary:
        """Return the figures with their labels; counts are exact and must pass the disclosure gate before release."""
        frame = self._frame
        table = pd.DataFrame(
            {
                "Where": [name[:1].upper() + name[1:] for name in frame["group"]],
                "Figure": [label[:1].upper() + label[1:] for label in frame["label"]],
                "Cost": [format_money(cost) for cost in frame["cost"]],
                "People": [NOT_AVAILABLE if pd.isna(n) else format_count(n) for n in frame["n"]],
                "Money": [format_money(amount) for amount in frame["amount"]],
                "Note": frame["note"],
            }
        )
        empty = [name for name, one in (("Where", self.by is None), ("Note", (frame["note"] == "").all())) if one]
        title = f"What the money comes to per person at each stage ({year_in_words(self.price_year)} prices)"
        headline = words.headline(f"{format_money(self.amount)} spent on {self.paid_for}", self.everyone, self.counting)
        return Summary(title=title, headline=headline, table=table.drop(columns=empty), notes=self.notes)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the cost per person at each stage and return the Axes drawn on (exact figures: not for release)."""
        from dipeval.plots.money_stages import cost_per_stage_plot

        return cost_per_stage_plot(self._frame, ax=ax)


def cost_per_stage(
    costs: pd.DataFrame,
    counts: Any,
    *,
    price_year: int | None = None,
    spent_on: tuple[str, ...] | list[str] | None = None,
    counting: str | None = None,
    deflator: pd.DataFrame | None = None,
) -> CostPerStage:
    """Divide spending by the people at each stage, and say per what each figure is.

    Parameters
    ----------
    costs
        Lines of spending: ``financial_year``, ``amount`` (pounds), ``spent_on``, ``price_year``; optional
        ``district``, ``funder``.
    counts
        A result of `dipeval.pathway`, or a frame: ``stage``, ``n`` (people); optional ``district`` or ``group``,
        ``counting``.
    price_year
        Year whose prices everything is brought to; default that of the lines (the latest, if they differ).
    spent_on
        Kinds of spending to count; default all lines.
    counting
        ``cohort`` or ``period``, where a frame does not say.
    deflator
        ``year`` and ``deflator``; default the table that ships.

    Returns
    -------
    CostPerStage
        ``to_frame()``: group, stage, label, n, amount, cost (pounds), unit, price_year, spent_on, counting, note.

    Raises
    ------
    InputError
        If the lines or the counts cannot be read, share no year, or name districts differently.

    Notes
    -----
    An average cost: all of the money over all who reached a stage. It is neither what one more person would take nor
    what the stage alone costs. No part of it is discounted.

    Examples
    --------
    >>> costs = pd.DataFrame({"financial_year": ["2010/11"], "amount": [21_410_356.0], "spent_on": ["contact"],
    ...     "price_year": [2010]})
    >>> counts = pd.DataFrame({"stage": ["contact", "completed"], "n": [11_164, 721]})
    >>> shown = cost_per_stage(costs, counts, counting="period").to_frame()
    >>> list(zip(shown["label"], shown["cost"].round().astype(int)))
    [('cost per contact', 1918), ('cost per successful completion', 29695)]
    """
    check_table(costs, "The costs")
    chosen = _chosen(costs, spent_on)
    target = _price_year(chosen) if price_year is None else first_year(price_year, "price_year")
    lines = clean_lines(chosen, Deflator(target) if deflator is None else Deflator(target, deflator))
    told = read_counts(counts, counting)
    years = tuple(sorted(set(map(int, lines["year"]))))
    caution = check_window(told.window, years)
    amounts, by, said = _amounts(lines, told)
    frame = _frame(told, amounts, target, in_order(lines["spent_on"]), lines if by else None)
    converted = bool((lines["price_year"] != target).any())
    kinds = in_order(lines["spent_on"])
    left = () if len(chosen) == len(costs) else _left_out(costs, kinds)
    return CostPerStage(
        by=by,
        counting=told.counting,
        price_year=target,
        spent_on=kinds,
        years=years,
        prices_converted=converted,
        notes=(
            f"The money paid for {words.paid_for(kinds)}.",
            words.SAME_MONEY,
            *((words.COMPLETION,) if "completed" in set(told.frame["kind"]) else ()),
            words.COUNTING[told.counting],
            *filter(None, (caution, words.SUMMED if told.summed and by else "")),
            *said,
            *left,
            *told.told,
            *((f"Amounts were brought to {year_in_words(target)} prices by the GDP deflator.",) if converted else ()),
        ),
        _frame=frame,
    )


def _chosen(costs: pd.DataFrame, spent_on: tuple[str, ...] | list[str] | None) -> pd.DataFrame:
    if spent_on is None or "spent_on" not in costs.columns:
        return costs
    if not isinstance(spent_on, Iterable):
        raise InputError(f"spent_on must name kinds of spending; this is a {type(spent_on).__name__}.")
    named = [spent_on] if isinstance(spent_on, str) else list(spent_on)
    unknown = sorted(set(map(str, named)) - set(SPENT_ON))
    if unknown:
        raise InputError(
            f"spent_on names what dipeval does not know: {', '.join(unknown)}. The kinds are: {', '.join(SPENT_ON)}."
        )
    if not named:
        raise InputError(f"spent_on is empty. The kinds are: {', '.join(SPENT_ON)}.")
    kept = costs[costs["spent_on"].isin(named)]
    if kept.empty:
        raise InputError(f"None of the {len(costs)} lines of the costs is spent on {and_join(named)}; check spent_on.")
    return kept


def _left_out(costs: pd.DataFrame, kinds: tuple[str, ...]) -> tuple[str, ...]:
    left = [kind for kind in in_order(costs["spent_on"]) if kind not in kinds]
    return (f"Left out on request: the {and_join(left)} lines of the costs.",)


def _price_year(costs: pd.DataFrame) -> int:
    """The latest price year of the lines; what cannot be read is reported with everything else that is wrong."""
    years = [0]
    for value in costs.get("price_year", pd.Series(dtype=object)).tolist():
        try:
            years.append(first_year(value, "price_year"))
        except InputError:
            continue
    return max(years)


def _amounts(lines: pd.DataFrame, told: Counts) -> tuple[dict[str, float], str | None, list[str]]:
    """Money by group, by what it is broken down, and what has to be said about that."""
    amounts = {EVERYONE: math.fsum(lines["real"])}
    groups = [name for name in dict.fromkeys(told.frame["group"]) if name != EVERYONE]
    districts = sorted(set(lines["district"]) - {NOT_STATED})
    if not groups or not districts or told.by not in ("district", "group"):
        said = [f"The spending is not known by {told.by}: only the total is shown."] if groups else []
        return amounts, None, said
    check_districts(groups, districts)
    place = lines["district"].map(folded)
    for name in groups:
        amounts[name] = math.fsum(lines.loc[place == folded(name), "real"])
    counted = set(map(folded, groups))
    alone = [name for name in districts if folded(name) not in counted]
    said = [f"Spent where nobody is counted, and part of the total: {and_join(alone)}."] if alone else []
    return amounts, "district", said


def _frame(
    told: Counts, amounts: dict[str, float], price_year: int, kinds: tuple[str, ...], lines: pd.DataFrame | None
) -> pd.DataFrame:
    frame = told.frame[told.frame["group"].isin(amounts)].reset_index(drop=True)
    amount = frame["group"].map(amounts)
    usable = (frame["n"] > 0) & (amount > 0)
    per = [words.per(kind) for kind in frame["kind"]]
    short = short_of_years(lines) if lines is not None else {}
    return pd.DataFrame(
        {
            "group": frame["group"],
            "stage": frame["stage"],
            "label": [f"cost per {one}" for one in per],
            "n": frame["n"].astype("Int64"),
            "amount": amount,
            "cost": (amount / frame["n"].where(usable)).where(usable),
            "unit": [f"pounds per {one}, {year_in_words(price_year)} prices" for one in per],
            "price_year": price_year,
            "spent_on": and_join(kinds),
            "counting": told.counting,
            "note": [
                words.note(n, money, short.get(folded(group), ""))
                for n, money, group in zip(frame["n"], amount, frame["group"], strict=True)
            ],
        }
    )
