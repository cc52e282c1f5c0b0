"""What an outcome contract pays, and how much of it is noise."""

from __future__ import annotations

from typing import Final

import pandas as pd

from dipeval.errors import InputError
from dipeval.roi.payments import payment_cases as cases
from dipeval.roi.payments import payment_words as words
from dipeval.roi.payments.payment_history import History, read_history
from dipeval.roi.payments.payment_result import PaymentByResults
from dipeval.roi.payments.payment_sums import Law
from dipeval.roi.payments.payment_terms import (
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

# Totals that a sum may run over: some tens of megabytes.
_MOST_CELLS: Final = 5e6


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
    weights: str | None = None,
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
    weights
        Column of the history with weights: those that a design gives its comparison people, say.
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
    known = None if history is None else read_history(history, kind, column, weights)
    if known is not None and baseline is not None and (kind == "yes_no" or dispersion is not None):
        raise InputError("The history would not be used, for all that it tells is given: leave out one or the other.")
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
    _check_size(deal, expected.high)
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


def _check_size(deal: cases.Deal, highest: float) -> None:
    people = max(deal.people, deal.comparison_people or 0) * deal.cohorts
    if deal.law.cells(people, highest) > _MOST_CELLS:
        raise InputError(
            f"Among {people:,} people with numbers that differ as much as these there are too many totals to sum over; "
            "ask with fewer people, or look at the baseline and the dispersion."
        )


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
