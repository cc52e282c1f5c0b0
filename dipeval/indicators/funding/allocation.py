"""`FundingAllocation`: what each area gets under a funding formula, and why."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.errors import InvariantError
from dipeval.indicators.funding.weighing import varied
from dipeval.presenting import HtmlMixin, Summary, format_money, format_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dipeval.indicators.funding.formula import Formula
    from dipeval.indicators.funding.weights_result import FundingSensitivity

COLUMNS: Final = (
    "area",
    "need_share",
    "unconstrained",
    "amount",
    "amount_pence",
    "share",
    "per_head",
    "previous",
    "change",
    "change_share",
    "bound",
)
BOUNDS: Final = ("floor", "ceiling", "transition", "")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FundingAllocation(HtmlMixin):
    """A budget divided between areas. Made by `dipeval.allocate_funding`.

    Parameters
    ----------
    area
        Name of the column with the areas.
    budget
        Pounds.
    need
        Measure -> weight; the weights are scaled to add up to 1.
    max_fall, max_rise
        Shares of the previous amount by which it may fall and rise at the most; None without.
    per
        What `per_head` divides by, or None.

    Examples
    --------
    >>> import dipeval as dip, pandas as pd
    >>> data = pd.DataFrame({"district": ["Leeds", "Bradford"], "tests": [300, 100]})
    >>> shown = dip.allocate_funding(data, budget=100_000, need={"tests": 1.0})
    >>> shown.to_frame().set_index("area")["amount"].to_dict()
    {'Bradford': 25000.0, 'Leeds': 75000.0}
    """

    area: str
    budget: float
    need: Mapping[str, float]
    max_fall: float | None
    max_rise: float | None
    per: str | None
    _frame: pd.DataFrame = field(repr=False)
    _formula: Formula = field(repr=False)
    _heads: list[float] | None = field(repr=False)

    def __post_init__(self) -> None:
        frame = self._frame
        if tuple(frame.columns) != COLUMNS:
            raise InvariantError("The columns of an allocation are not the documented ones.")
        if int(frame["amount_pence"].sum()) != self._formula.budget:
            raise InvariantError("The amounts do not come to the budget.")
        for pence, low, high in zip(frame["amount_pence"], self._formula.least(), self._formula.most(), strict=True):
            if not low[0] <= pence <= high[0]:
                raise InvariantError("An amount is outside its bounds.")

    def to_frame(self) -> pd.DataFrame:
        """Return one row an area, in alphabetical order.

        Columns: area, need_share (weighted sum of its shares of each measure), unconstrained (pounds by need alone, not
        rounded), amount (pounds), amount_pence (the same in whole pence: these add up to the budget exactly), share (of
        the budget), per_head (amount over `per`; missing without it), previous, change and change_share (against the
        previous amount; missing where that is not known), bound (``floor``, ``ceiling`` or ``transition`` where that
        decided the amount, else empty).
        """
        return self._frame.copy()

    def given(self) -> pd.DataFrame:
        """Return what the formula was worked out from, one row an area in alphabetical order.

        Columns: area; one for each measure of `need`, under its own name; then floor, ceiling (as given: up to 1 a
        share of the budget, above it pounds), previous (pounds) and heads (what `per` names); missing where not given.
        """
        formula = self._formula
        measures = {name: [float(value) for value in values] for name, values in formula.measures.items()}
        rest = {
            "floor": [_or_missing(value) for value in formula.floors],
            "ceiling": [_or_missing(value) for value in formula.ceilings],
            "previous": [None if value is None else value / 100 for value in formula.previous],
            "heads": [math.nan] * len(formula.areas) if self._heads is None else self._heads,
        }
        frame = pd.DataFrame(rest).astype("float64")
        return pd.concat([pd.DataFrame({"area": list(formula.areas), **measures}), frame], axis=1)

    def sensitivity(self, steps: int = 10) -> FundingSensitivity:
        """Work the amounts out again under other weights.

        Parameters
        ----------
        steps
            Into how many steps a weight is cut between nothing and everything.

        Returns
        -------
        FundingSensitivity
            The range of each area's amount when one weight goes from 0 to all and the others keep their proportions,
            and when all weights take every value of a grid.
        """
        return varied(self._formula, steps)

    def summary(self) -> Summary:
        """Return amounts, shares and changes; the amounts are public money, the needs behind them may be counts."""
        frame = self._frame
        table: dict[str, list[str]] = {
            "Area": list(frame["area"]),
            "Share of need": [format_percent(share) for share in frame["need_share"]],
            "Amount": [format_money(amount, 2) for amount in frame["amount"]],
            "Share of budget": [format_percent(share) for share in frame["share"]],
        }
        if self.per:
            table[f"For each of {_words(self.per)}"] = [format_money(amount, 2) for amount in frame["per_head"]]
        if frame["previous"].notna().any():
            table["Before"] = [format_money(amount) for amount in frame["previous"]]
            table["Change"] = [format_money(amount) for amount in frame["change"]]
            table["Change, share"] = [format_percent(share) for share in frame["change_share"]]
        if frame["bound"].any():
            table["Decided by"] = [bound or "need" for bound in frame["bound"]]
        return Summary(
            title="Funding formula",
            headline=self._headline(),
            table=pd.DataFrame(table),
            notes=(*self._notes(), *self._figures_notes(), CAUTION),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw a bar an area with the amount, beside what it got before, and return the Axes drawn on."""
        from dipeval.plots.funding import allocation_plot

        return allocation_plot(self._frame, ax=ax)

    def _headline(self) -> str:
        n = len(self._frame)
        if n == 1:
            return f"The whole budget of {format_money(self.budget)} goes to {self._frame['area'].iloc[0]}."
        bound = int((self._frame["bound"] != "").sum())
        by_need = "by need alone" if not bound else f"by need, with {bound} decided by a floor, a ceiling or a limit"
        if bound:
            by_need += " on how far an amount may move"
        return f"{format_money(self.budget)} divided between {n} areas {by_need}."

    def _notes(self) -> list[str]:
        parts = [f"{_words(name)} {format_percent(weight)}" for name, weight in self.need.items()]
        notes = [
            f"Need is the weighted sum of each area's share of: {', '.join(parts)}.",
            "Amounts are whole pence and add up to the budget; pence left over by rounding go to the largest "
            "remainders, equal ones by name.",
        ]
        moves = [
            f"{word} by more than {format_percent(share)}"
            for word, share in (("fall", self.max_fall), ("rise", self.max_rise))
            if share is not None
        ]
        if moves:
            notes.append(f"No amount may {' or '.join(moves)} of what the area got before.")
        unknown = list(self._frame.loc[self._frame["previous"].isna(), "area"])
        if moves and unknown:
            notes.append(f"Not known what {', '.join(unknown)} got before, so nothing limits the change there.")
        bare = list(self._frame.loc[(self._frame["need_share"] == 0) & (self._frame["amount_pence"] == 0), "area"])
        if bare:
            notes.append(
                f"No need on record and no floor, so no money: {', '.join(bare)}. Check that nothing is missing."
            )
        return notes

    def _figures_notes(self) -> list[str]:
        """What the figures chosen as need bring with them."""
        measures = self._formula.measures
        notes = [WEIGHTS] if len(measures) > 1 else []
        if any(_PAID_FOR.search(name) for name in measures):
            notes.append(INCENTIVE)
        counts = [[value for value in values if value] for values in measures.values()]
        if any(value < FEW and value.denominator == 1 for values in counts for value in values):
            notes.append(SMALL)
        return notes


CAUTION: Final = (
    "A formula divides money by the figures it is given; it says nothing of what the money achieves. Recorded crime "
    "and tests also follow how much is recorded and tested: an area that tests more shows more need."
)
WEIGHTS: Final = (
    "The weights are a judgement, not a finding: nothing in the figures says which are right. sensitivity() shows what "
    "each area would get under others."
)
INCENTIVE: Final = (
    "Money that follows tests, or positive tests, pays for testing: an area gains by testing more people, or those "
    "more likely to be positive, whatever the need, and what one gains the others lose. Watch tests and positivity if "
    "it is used."
)
FEW: Final = 100
SMALL: Final = (
    f"Some figures are below {FEW}. If they are counts, chance alone moves such a figure by a fifth or more from one "
    "year to the next, and the money with it: several years together are steadier."
)
_PAID_FOR: Final = re.compile(r"(?:^|[^a-z])(?:tests?|testing|tested|positives?|positivity)(?:$|[^a-z])", re.IGNORECASE)


def _or_missing(value: object) -> float | None:
    return None if value is None else float(value)  # type: ignore[arg-type]


def _words(name: str) -> str:
    return name.replace("_", " ").replace(".", ": ")
