"""What a return on investment rests on, read from its parts: the spending, the unit costs, the inputs of the sum."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from dipeval.roi.chain import Array
from dipeval.roi.costs_of_crime.worth import Worth
from dipeval.roi.drawing import Central
from dipeval.roi.spending.cost_lines import CostLines


class RestsOn:
    """The properties of a `ReturnOnInvestment` that its parts know."""

    __slots__ = ()

    cost_lines: CostLines
    worth: Worth
    central: Central
    perspective: str
    offences_averted_low: float
    total_spend: float
    cost_people: int
    _groups: pd.DataFrame

    @property
    def against(self) -> tuple[str, ...]:
        """Kinds of spending set against the benefit."""
        return self.cost_lines.against

    @property
    def spent_on(self) -> tuple[str, ...]:
        """The same, in alphabetical order."""
        return tuple(sorted(self.cost_lines.against))

    @property
    def reason(self) -> str:
        """Why these, as the analyst wrote it."""
        return self.cost_lines.reason

    @property
    def effect_of(self) -> str:
        """What the effect is one of: ``treatment``, ``contact`` or ``programme``."""
        return self.cost_lines.effect_of

    @property
    def spending_years(self) -> tuple[int, ...]:
        """Years in which the money set against the benefit was spent."""
        return self.cost_lines.years

    @property
    def discount_factor(self) -> float:
        """What a pound of benefit within the follow-up is worth in the first year of spending."""
        return self.central.timing.within

    @property
    def include_anticipation(self) -> bool:
        """Whether costs in anticipation of crime count in the social perspective."""
        return self.worth.include_anticipation

    @property
    def statuses(self) -> tuple[str, ...]:
        """How sure the unit costs are: ``verified``, ``secondary``, ``user``."""
        return self.worth.statuses

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Offence groups that are valued at nothing because no unit cost is known."""
        return self.worth.unpriced

    @property
    def settled(self) -> bool:
        """Whether the whole interval lies on the side of offences averted."""
        return self.offences_averted_low > 0

    @property
    def value_with_anticipation(self) -> float:
        """Pounds per crime over the averted mix, anticipation included; groups without a unit cost count as 0."""
        return self._over_mix(self.worth.social_with)

    @property
    def value_without_anticipation(self) -> float:
        """Pounds per crime over the averted mix, without costs in anticipation; NaN where they are not published."""
        return self._over_mix(self.worth.social_without)

    @property
    def value_per_offence(self) -> float:
        """Pounds per crime over the averted mix in the headline perspective, before discounting."""
        return self._over_mix(self.worth.perspectives[self.perspective])

    @property
    def cost_per_treated_person(self) -> float:
        """Spending over the people it paid for, pounds, undiscounted."""
        return self.total_spend / self.cost_people

    def _over_mix(self, worth: Array) -> float:
        priced = np.asarray(self._groups["share"]) * worth
        return math.fsum(priced.tolist()) if np.isfinite(priced).all() else math.nan
