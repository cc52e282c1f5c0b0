"""What an outcome contract pays, as a result: its cases, its curve, its distribution."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError, InvariantError
from dipeval.presenting import HtmlMixin, Summary
from dipeval.roi.payments import payment_cases as cases
from dipeval.roi.payments import payment_words as words
from dipeval.roi.payments.payment_history import History
from dipeval.roi.payments.payment_sums import Law
from dipeval.roi.payments.payment_terms import MOST_PEOPLE, PaymentTerms, number, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHARES: Final = np.arange(1, 100) / 100
_MOST_TRIED: Final = 200_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PaymentByResults(HtmlMixin):
    """What an outcome contract pays if nothing changed, and if the promised fall came about.

    Made by `dipeval.payment_by_results`.

    Parameters
    ----------
    kind
        ``yes_no``: the share with a proven reoffence; ``count``: proven reoffences a person.
    people, cohorts
        People a cohort; cohorts.
    comparison_people
        Comparison people a cohort; None where a fixed figure is the yardstick.
    baseline, baseline_low, baseline_high
        Figure expected without the programme, and its range.
    promised
        Fall that is promised, in the unit of the baseline.
    dispersion
        Of the negative binomial; 0 for a share, and for counts that vary as chance alone has it.
    terms
        What is paid, and for what.
    history
        What the earlier people show that the baseline is from; None if it was given.
    level
        Of the range of payments.
    draws, seed
        Of the range over several cohorts, where it has no sum of its own.
    """

    kind: str
    people: int
    cohorts: int
    comparison_people: int | None
    baseline: float
    baseline_low: float
    baseline_high: float
    promised: float
    dispersion: float
    terms: PaymentTerms
    history: History | None
    level: float
    draws: int
    seed: int
    _frame: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        frame = self._frame
        if tuple(frame.columns) != cases.COLUMNS or frame.duplicated(["judged", "case"]).any():
            raise InvariantError("An outcome contract does not have its documented columns, or a case stands twice.")
        paid, unpaid = (frame[name].to_numpy(dtype=np.float64) for name in ("probability_paid", "probability_unpaid"))
        if min(paid.min(), unpaid.min()) < 0 or not np.allclose(paid + unpaid, 1, rtol=0, atol=1e-12):
            raise InvariantError("A contract is either paid or not: the two chances do not add up to 1.")
        money = frame[["expected", "spread", "low"]].to_numpy(dtype=np.float64)
        if (money < 0).any() or (frame["high"] < frame["low"]).any():
            raise InvariantError("A payment is below 0, or its range is upside down.")
        if (frame["expected"] > frame["most"] * (1 + 1e-9)).any() or (frame["high"] > frame["most"] + 0.01).any():
            raise InvariantError("More is paid than the contract can pay.")

    @property
    def ways(self) -> tuple[str, ...]:
        """How the cohorts may be judged: ``each``, and ``together`` where there are several."""
        return self._deal().ways

    def case(self, judged: str = cases.EACH) -> pd.DataFrame:
        """Return the rows of `to_frame` for one way of judging, index case."""
        if judged not in self.ways:
            raise InputError(f"The cohorts of this contract are judged {' or '.join(self.ways)}, not '{judged}'.")
        return self._frame[self._frame["judged"] == judged].set_index("case")

    def to_frame(self) -> pd.DataFrame:
        """Return one row a case and way of judging.

        Columns: judged (``each`` cohort by itself, ``together``), case (``nothing_changed``, ``as_promised``,
        ``baseline_too_high``, ``baseline_too_low``), label, people (in all), without (what would have been without the
        programme), outcome (what came about), fall (between the two), probability_one_cohort (chance that a cohort is
        paid for; that of the one judgement where they are judged together), probability_paid and probability_unpaid (of
        anything at all), expected and spread (mean and standard deviation of the payment, pounds), low and high (range
        of the payment at the level), most (that can be paid; missing if nothing bounds it), exact (whether low and high
        are, rather than drawn).
        """
        return self._frame.copy()

    def curve(self) -> pd.DataFrame:
        """Return chance and mean of the payment by the true fall.

        Returns
        -------
        pandas.DataFrame
            ``judged``, ``fall`` (true; below 0 a rise), ``outcome``, ``probability_paid``, ``expected`` (pounds); from
            a rise of half the promised fall to twice the promised fall, as far as there can be such an outcome.
        """
        return cases.curve(self._deal(), self.promised)

    def distribution(self) -> pd.DataFrame:
        """Return how the payment is distributed.

        Returns
        -------
        pandas.DataFrame
            ``judged``, ``case``, ``share`` (0.01 to 0.99), ``payment`` (pounds that share does not exceed).
        """
        deal, parts = self._deal(), []
        for line in self._frame.to_dict("records"):
            one = deal.contract(line["judged"]).judged(line["without"], line["outcome"])
            times = deal.cohorts if line["judged"] == cases.EACH else 1
            paid = cases.quantiles(one, times, _SHARES, seed=self.seed)
            parts.append(
                pd.DataFrame({"judged": line["judged"], "case": line["case"], "share": _SHARES, "payment": paid})
            )
        return pd.concat(parts, ignore_index=True)[list(cases.SPREAD_COLUMNS)]

    def people_needed(
        self, *, wrongly_paid: float = 0.05, wrongly_unpaid: float = 0.2, most: int = _MOST_TRIED
    ) -> int | None:
        """Return how many people a cohort would need for both mistakes to be rare.

        Parameters
        ----------
        wrongly_paid
            Largest chance of a payment though nothing changed.
        wrongly_unpaid
            Largest chance of none though the promised fall came about.
        most
            Most people to try.

        Returns
        -------
        int or None
            The smallest of round numbers of people from which on both hold, judged by itself, with comparison people in
            the same proportion; None if not even the most are enough, as where any fall is paid for: chance alone
            brings one half the time.

        Raises
        ------
        InputError
            If a chance is none, or there are too many people.
        """
        for name, given in (("wrongly_paid", wrongly_paid), ("wrongly_unpaid", wrongly_unpaid)):
            if not 0 < number(name, given) < 1:
                raise InputError(f"{name} is a chance between 0 and 1, such as 0.05; not {given:g}.")
        return cases.people_needed(
            self._deal(),
            self.promised,
            wrongly_paid=wrongly_paid,
            wrongly_unpaid=wrongly_unpaid,
            most=whole("most", most, MOST_PEOPLE),
        )

    def summary(self) -> Summary:
        """Return what is paid by mistake, both ways, the cases, and what the chances rest on."""
        return words.summary_of(self)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the chance of a payment by the true fall, or its mean where each one fewer is paid for."""
        from dipeval.plots.money_payment import payment_plot

        shown = "probability_paid" if self.terms.per == "cohort" else "expected"
        return payment_plot(self.curve(), promised=self.promised, kind=self.kind, shown=shown, ax=ax)

    def _deal(self) -> cases.Deal:
        return cases.Deal(
            terms=self.terms,
            law=Law(kind=self.kind, dispersion=self.dispersion),
            people=self.people,
            cohorts=self.cohorts,
            comparison_people=self.comparison_people,
            baseline=self.baseline,
        )
