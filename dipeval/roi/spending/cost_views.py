"""`CostLines`: spending laid on the people an effect is about, in the ways that answer different questions.

The four views are never added up; the one that is set against the benefit is named, the others stand beside it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from dipeval.errors import InputError, InvariantError
from dipeval.presenting import and_join

VIEWS: Final = ("marginal", "set_against", "own_share", "full")
VIEW_COLUMNS: Final = ("view", "label", "spent_on", "amount", "people", "per_person", "cost")
SPENDING_COLUMNS: Final = ("funder", "spent_on", "amount", "share", "set_against", "people", "belongs_to")
MARGINAL_UNSTATED: Final = (
    "Marginal cost, if all of the effect's own spending grows with each person (no marginal_share is given)"
)
_LABELS: Final = {
    "marginal": "Marginal cost: what one more person takes, the rest of the programme standing",
    "set_against": "Set against the benefit",
    "own_share": "Own share: each kind of spending shared by everyone it reached",
    "full": "Full cost: every line, carried by the people it was spent to treat",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CostLines:
    """Spending that is ready to be set against an effect. Made by `read_cost_lines`.

    Parameters
    ----------
    effect_of
        ``treatment``, ``contact`` or ``programme``.
    against
        Kinds of spending set against the effect, in order.
    kinds
        Kinds of spending among all lines passed, in order.
    reason
        Why these, as written by the analyst; empty if nothing was written.
    cost_people
        People the effect's own spending paid for.
    people_reached
        People each kind of spending reached, as far as known.
    base_year
        Year everything is discounted to: the first in which money set against the effect was spent.
    price_year, discount_rate
        Of all amounts.
    prices_converted
        Whether a deflator had to be used for the lines.
    notes
        What has to be known to read the costs.
    """

    effect_of: str
    against: tuple[str, ...]
    kinds: tuple[str, ...]
    reason: str
    cost_people: int
    people_reached: Mapping[str, int]
    base_year: int
    price_year: int
    discount_rate: float
    prices_converted: bool
    notes: tuple[str, ...]
    _lines: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        if not set(self.against) <= set(self.kinds) or not self.real > 0:
            raise InvariantError(
                "Spending was set against an effect that is not among the lines, or adds up to nothing."
            )

    @property
    def spent_on(self) -> tuple[str, ...]:
        """The kinds of spending set against the effect."""
        return self.against

    @property
    def own(self) -> tuple[str, ...]:
        """The kinds of spending that belong to the effect itself."""
        own = self.kinds if self.effect_of == "programme" else (self.effect_of,)
        return tuple(kind for kind in own if kind in self.kinds)

    @property
    def years(self) -> tuple[int, ...]:
        """The years in which money set against the effect was spent."""
        return tuple(sorted(set(map(int, self._of(self.against)["year"]))))

    @property
    def real(self) -> float:
        """Pounds of the price year set against the effect, for everyone the money paid for, not discounted."""
        return math.fsum(self._of(self.against)["real"])

    @property
    def present(self) -> float:
        """The same, discounted to `base_year`."""
        return math.fsum(self._of(self.against)["present"])

    @property
    def spread(self) -> float:
        """What a pound of the spending is worth in its first year: present over real."""
        return self.present / self.real

    @property
    def available(self) -> tuple[str, ...]:
        """The views that these lines can show."""
        shown = {"set_against": True, "full": True, "marginal": self._marginal_pounds() > 0}
        shown["own_share"] = bool(set(self.people_reached) - {self.effect_of})
        return tuple(view for view in VIEWS if shown[view])

    @property
    def marginal_stated(self) -> bool:
        """Whether a line of the effect's own spending says what share of it is marginal."""
        return bool((self._of(self.own)["marginal_share"] < 1).any())

    def for_people(self, n: float, view: str = "set_against") -> dict[str, float]:
        """Return the discounted pounds laid on `n` people, by what they were spent on.

        Parameters
        ----------
        n
            People the benefit is counted for.
        view
            One of `available`.

        Returns
        -------
        dict
            Kind of spending to pounds of the price year, discounted to `base_year`.

        Raises
        ------
        InputError
            If these lines cannot show the view.
        """
        totals, people = self._totals(view), self._people(view)
        return {kind: total * n / people[kind] for kind, total in totals.items()}

    def real_for_people(self, n: float, view: str = "set_against") -> float:
        """Return the pounds of the price year laid on `n` people, not discounted.

        Parameters
        ----------
        n
            People the benefit is counted for.
        view
            One of `available`.

        Returns
        -------
        float
        """
        totals, people = self._totals(view, "real"), self._people(view)
        return math.fsum(total * n / people[kind] for kind, total in totals.items())

    def views(self, n: float) -> pd.DataFrame:
        """Return the cost of `n` people in every way that these lines can show, one row a view.

        Parameters
        ----------
        n
            People the benefit is counted for.

        Returns
        -------
        pandas.DataFrame
            ``view``, ``label``, ``spent_on`` (kinds, in words), ``amount`` (discounted pounds of the lines),
            ``people`` (whom they are shared by; missing where that differs between kinds), ``per_person`` and
            ``cost`` (discounted pounds).
        """
        rows = []
        for view in self.available:
            totals, shared = self._totals(view), set(self._people(view).values())
            cost = math.fsum(self.for_people(n, view).values())
            rows.append(
                {
                    "view": view,
                    "label": MARGINAL_UNSTATED if view == "marginal" and not self.marginal_stated else _LABELS[view],
                    "spent_on": and_join(totals),
                    "amount": math.fsum(totals.values()),
                    "people": shared.pop() if len(shared) == 1 else pd.NA,
                    "per_person": math.fsum(self.for_people(1, view).values()),
                    "cost": cost,
                }
            )
        return pd.DataFrame(rows, columns=list(VIEW_COLUMNS)).astype({"people": "Int64"})

    def spending(self) -> pd.DataFrame:
        """Return who paid for what.

        Returns
        -------
        pandas.DataFrame
            ``funder``, ``spent_on``, ``amount`` (pounds of the price year, not discounted), ``share`` of all lines,
            ``set_against`` (whether set against the effect), ``people`` (whom this kind of spending paid for, with
            whatever other funders paid; missing where not known), ``belongs_to`` (``treatment``, ``contact`` or, where
            it serves more than one of them, ``programme``).
        """
        whole = math.fsum(self._lines["real"])
        known = {**dict.fromkeys(self.own if len(self.own) == 1 else (), self.cost_people), **self.people_reached}
        rows = [
            {
                "funder": funder,
                "spent_on": kind,
                "amount": math.fsum(own["real"]),
                "share": math.fsum(own["real"]) / whole,
                "set_against": kind in self.against,
                "people": known.get(kind, pd.NA),
                "belongs_to": kind if kind in ("contact", "treatment") else "programme",
            }
            for kind in self.kinds
            for funder, own in self._of((kind,)).groupby("funder", sort=True)
        ]
        return pd.DataFrame(rows, columns=list(SPENDING_COLUMNS)).astype({"people": "Int64"})

    def lines(self) -> pd.DataFrame:
        """Return the lines of spending themselves.

        Returns
        -------
        pandas.DataFrame
            ``spent_on``, ``funder``, ``district``, ``year`` (first calendar year), ``price_year``, ``amount`` (pounds
            of that year), ``deflator``, ``real`` (pounds of the common year), ``present`` (discounted), ``people``,
            ``marginal_share``. A copy.
        """
        return self._lines.copy()

    def _of(self, kinds: Iterable[str]) -> pd.DataFrame:
        return self._lines[self._lines["spent_on"].isin(list(kinds))]

    def _marginal_pounds(self) -> float:
        own = self._of(self.own)
        return math.fsum(own["present"] * own["marginal_share"])

    def _totals(self, view: str, column: str = "present") -> dict[str, float]:
        if view not in self.available:
            raise InputError(
                f"These costs cannot show the view '{view}'; they can show {and_join(self.available)}. The own share "
                "needs people_reached, and the marginal cost needs lines of the effect's own kind."
            )
        chosen = {"marginal": self.own, "set_against": self.against}.get(view, self.kinds)
        totals = {}
        for kind in chosen:
            lines = self._of((kind,))
            weight = lines["marginal_share"] if view == "marginal" else 1.0
            totals[kind] = math.fsum(lines[column] * weight)
        return totals

    def _people(self, view: str) -> dict[str, int]:
        if view != "own_share":
            return dict.fromkeys(self.kinds, self.cost_people)
        # Spending that reached only some of the people is still carried by all of them.
        return {kind: max(self.people_reached.get(kind, 0), self.cost_people) for kind in self.kinds}
