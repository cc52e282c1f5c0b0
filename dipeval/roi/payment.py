"""What an outcome contract pays, and how much of it is noise."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError, InvariantError
from dipeval.presenting import HtmlMixin, Summary
from dipeval.roi import payment_cases as cases
from dipeval.roi import payment_words as words
from dipeval.roi.payment_history import History, read_history
from dipeval.roi.payment_sums import Law
from dipeval.roi.payment_terms import (
    MOST_COHORTS,
    MOST_PEOPLE,
    PaymentTerms,
    check_expected,
    check_kind,
    check_promised,
    number,
    whole,
)
from dipeval.roi.uncertain import Uncertain, certain

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
            the same proportion; None if not even the most are enough.

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
        """Draw the chance of a payment by the true fall and return the Axes."""
        from dipeval.plots.money_payment import payment_plot

        return payment_plot(self.curve(), promised=self.promised, kind=self.kind, ax=ax)

    def _deal(self) -> cases.Deal:
        return cases.Deal(
            terms=self.terms,
            law=Law(kind=self.kind, dispersion=self.dispersion),
            people=self.people,
            cohorts=self.cohorts,
            comparison_people=self.comparison_people,
            baseline=self.baseline,
        )


def payment_by_results(
    people: int,
    *,
    kind: str,
    terms: PaymentTerms,
    promised: float,
    baseline: float | Uncertain | None = None,
    dispersion: float | None = None,
    history: pd.DataFrame | None = None,
    column: str | None = None,
    cohorts: int = 1,
    comparison_people: int | None = None,
    seed: int = 0,
    level: float = 0.95,
) -> PaymentByResults:
    """Work out what an outcome contract pays if nothing changed, and if the promised fall came about.

    Parameters
    ----------
    people
        People a cohort: everyone the contract counts, not only those who finish.
    kind
        ``yes_no``: the share with a proven reoffence within the follow-up; ``count``: proven reoffences a person.
    terms
        What is paid, and for what: `PaymentTerms`.
    promised
        Fall that is promised, in the unit of the baseline: 0.05 is 5 percentage points, or 0.05 reoffences a person.
    baseline
        What is expected without the programme: a share, or reoffences a person; as `Uncertain`, its ends are shown as
        cases of their own. Default that of the history.
    dispersion
        Of a count: its variance is mean + dispersion x mean squared. Default that of the history.
    history
        Outcomes of earlier, untreated people, a row a person (``reoffended`` or ``n_reoffences``), for a baseline or a
        dispersion that is not given.
    column
        Column of the history with the outcome, if it has another name.
    cohorts
        Cohorts of this size, each with comparison people of its own.
    comparison_people
        Comparison people a cohort against whom it is measured; None: against the baseline, fixed beforehand.
    seed
        Of the draws, where a range has no sum of its own.
    level
        Of the range of payments.

    Returns
    -------
    PaymentByResults
        ``to_frame()`` has a row a case and way of judging: judged, case, label, people, without, outcome, fall,
        probability_one_cohort, probability_paid, probability_unpaid, expected, spread, low, high, most, exact.

    Raises
    ------
    InputError
        If an input makes no sense, or there is neither a baseline (for a count, neither a dispersion) nor a history.

    Notes
    -----
    A cohort's total is binomial (``yes_no``) or negative binomial (``count``; Poisson if the dispersion is 0), summed
    exactly; the programme changes the mean and not the dispersion. Significance: against a fixed figure, the exact
    one-sided test at (1 - level) / 2; against comparison people, the interval of the difference by the normal
    approximation, variances not pooled. Only where payments for each reoffence or reoffender fewer are added over
    cohorts is their range drawn (100,000 seeded draws); chances, means and spreads are exact there too.

    Examples
    --------
    >>> terms = PaymentTerms(amount=100_000, at_least=0.05)
    >>> found = payment_by_results(300, kind="yes_no", terms=terms, promised=0.08, baseline=0.55)
    >>> found.to_frame()[["case", "probability_paid", "expected"]].round(2).values.tolist()
    [['nothing_changed', 0.05, 4647.04], ['as_promised', 0.86, 86406.59]]
    """
    check_kind(kind)
    if not isinstance(terms, PaymentTerms):
        raise InputError("terms are the terms of the contract: dipeval.PaymentTerms(amount=..., at_least=...).")
    size, times = whole("people", people, MOST_PEOPLE), whole("cohorts", cohorts, MOST_COHORTS)
    others = None if comparison_people is None else whole("comparison_people", comparison_people, MOST_PEOPLE)
    known = None if history is None else read_history(history, kind, column)
    expected = _baseline(baseline, known, kind)
    spread = _dispersion(dispersion, known, kind)
    if not 0.5 <= number("level", level) < 1:
        raise InputError(f"level is that of the range of payments, such as 0.95; not {level:g}.")
    fall = check_promised(promised, expected.value)
    deal = cases.Deal(
        terms=terms,
        law=Law(kind=kind, dispersion=spread),
        people=size,
        cohorts=times,
        comparison_people=others,
        baseline=expected.value,
    )
    rows = [
        cases.row(deal, judged, case, level=level, seed=seed) for judged in deal.ways for case in _cases(expected, fall)
    ]
    return PaymentByResults(
        kind=kind,
        people=size,
        cohorts=times,
        comparison_people=others,
        baseline=expected.value,
        baseline_low=expected.low,
        baseline_high=expected.high,
        promised=fall,
        dispersion=spread,
        terms=terms,
        history=known,
        level=level,
        draws=cases.DRAWS,
        seed=seed,
        _frame=pd.DataFrame(rows, columns=list(cases.COLUMNS)),
    )


def _baseline(given: float | Uncertain | None, history: History | None, kind: str) -> Uncertain:
    if given is None:
        if history is None:
            raise InputError(
                "There is nothing to pay by: pass baseline (what is expected without the programme) or history (the "
                "outcomes of earlier, untreated people)."
            )
        return Uncertain(history.mean, history.low, history.high, source=f"{history.people} earlier people")
    figure = given if isinstance(given, Uncertain) else certain(number("baseline", given))
    for name, end in (
        ("baseline", figure.value),
        ("low end of baseline", figure.low),
        ("high end of baseline", figure.high),
    ):
        check_expected(name, end, kind)
    return figure


def _dispersion(given: float | None, history: History | None, kind: str) -> float:
    if kind == "yes_no":
        if given is not None:
            raise InputError("A share has no dispersion; leave dispersion out, or measure a count.")
        return 0.0
    if given is None:
        if history is None:
            raise InputError(
                "How much the number of reoffences differs between people decides how much of a payment is chance: "
                "pass history (the numbers of earlier people) or dispersion (0 for a Poisson; real people vary more)."
            )
        return history.dispersion
    if number("dispersion", given) < 0:
        raise InputError(f"dispersion is 0 or more; not {given:g}.")
    return float(given)


def _cases(baseline: Uncertain, promised: float) -> list[cases.Case]:
    found = [
        (words.NOTHING, baseline.value, baseline.value),
        (words.PROMISED, baseline.value, max(baseline.value - promised, 0.0)),
    ]
    if baseline.low < baseline.value:
        found.append((words.TOO_HIGH, baseline.low, baseline.low))
    if baseline.high > baseline.value:
        found.append((words.TOO_LOW, baseline.high, baseline.high))
    return [
        cases.Case(name=name, label=words.LABELS[name], without=without, outcome=outcome)
        for name, without, outcome in found
    ]
