"""`FundingSensitivity`: how far the amounts hang on the weights that somebody chose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.errors import InvariantError
from dipeval.presenting import HtmlMixin, Summary, format_count, format_money, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ALL_WEIGHTS: Final = "all weights"
COLUMNS: Final = (
    "varied",
    "area",
    "amount",
    "amount_low",
    "amount_high",
    "share",
    "share_low",
    "share_high",
    "weight_low",
    "weight_high",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FundingSensitivity(HtmlMixin):
    """The amounts of a funding formula under other weights. Made by `FundingAllocation.sensitivity`.

    Parameters
    ----------
    need
        Measure -> weight of the formula.
    n_tried
        Sets of weights that were tried.
    n_impossible
        Those of them under which the bounds leave no way of giving the budget out; they are left out of the ranges.
    """

    need: Mapping[str, float]
    n_tried: int
    n_impossible: int
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        frame = self._frame
        if tuple(frame.columns) != COLUMNS:
            raise InvariantError("The columns of a sensitivity are not the documented ones.")
        if (frame["amount_low"] > frame["amount"]).any() or (frame["amount"] > frame["amount_high"]).any():
            raise InvariantError("An amount is outside its own range.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a measure whose weight is varied and area, then one an area for all weights.

        Columns: varied (a measure: its weight goes from 0 to 1, the others keep their proportions; or ``all weights``:
        every set of weights of a grid), area, amount (pounds, as allocated), amount_low, amount_high, share (of the
        budget), share_low, share_high, weight_low and weight_high (the weight of the measure at which the lowest and
        the highest amount were found; missing for all weights).
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Return the range of each area's amount over all weights, and which weight moves it furthest."""
        frame = self._frame
        every = frame[frame["varied"] == ALL_WEIGHTS].set_index("area")
        alone = frame[frame["varied"] != ALL_WEIGHTS]
        width = (alone["amount_high"] - alone["amount_low"]).groupby(alone["area"])
        most = {area: alone.loc[wide.idxmax(), "varied"] if wide.max() > 0 else "none" for area, wide in width}
        table = pd.DataFrame(
            {
                "Area": list(every.index),
                "Amount": [format_money(amount) for amount in every["amount"]],
                "Lowest": [format_money(amount) for amount in every["amount_low"]],
                "Highest": [format_money(amount) for amount in every["amount_high"]],
                "Share of budget, range": [
                    f"{format_percent(low)} to {format_percent(high)}"
                    for low, high in zip(every["share_low"], every["share_high"], strict=True)
                ],
                "Moved furthest by the weight of": [
                    str(most.get(area, "none")).replace("_", " ") for area in every.index
                ],
            }
        )
        notes = [
            f"{format_count(self.n_tried)} sets of weights; the ends of a range rest on different weights, so that the "
            "lowest amounts, or the highest, do not add up to the budget.",
            "The ranges show what the choice of weights decides. They are no margins of error of the needs.",
        ]
        if self.n_impossible:
            notes.append(
                f"{format_count(self.n_impossible)} sets are left out: under them the ceilings, or limits on how far "
                "an amount may rise, would leave money over."
            )
        return Summary(
            title="Funding under other weights", headline=self._headline(every), table=table, notes=tuple(notes)
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each area's amount with its range over all weights and return the Axes drawn on."""
        from dipeval.plots.funding import sensitivity_plot

        return sensitivity_plot(self._frame[self._frame["varied"] == ALL_WEIGHTS], ax=ax)

    def _headline(self, every: pd.DataFrame) -> str:
        if len(self.need) == 1:
            return "Need is measured by one figure, so there is no weight to vary."
        width = every["share_high"] - every["share_low"]
        if not (width > 0).any():
            return "No weight changes what any area gets: the measures agree, or the bounds decide."
        area = str(width.idxmax())
        low, high = (format_money(float(every[name][area])) for name in ("amount_low", "amount_high"))
        return f"The choice of weights matters most for {area}: between {low} and {high}."
