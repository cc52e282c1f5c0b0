"""The words of an outcome contract: what is paid by mistake first, and what the chances rest on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.presenting import Summary, format_chance, format_count, format_money, format_number, format_percent
from dipeval.roi.payments.payment_cases import EACH, TOGETHER
from dipeval.roi.payments.payment_terms import PaymentTerms

if TYPE_CHECKING:
    from dipeval.roi.payments.payment_history import History
    from dipeval.roi.payments.payment_result import PaymentByResults

NOTHING: Final = "nothing_changed"
PROMISED: Final = "as_promised"
TOO_HIGH: Final = "baseline_too_high"
TOO_LOW: Final = "baseline_too_low"
LABELS: Final = {
    NOTHING: "Nothing changed",
    PROMISED: "The promised fall came about",
    TOO_HIGH: "Nothing changed; the baseline was set too high",
    TOO_LOW: "Nothing changed; the baseline was set too low",
}
JUDGED: Final = {EACH: "Each cohort by itself", TOGETHER: "All cohorts together"}
INDEPENDENT: Final = (
    "People are taken to reoffend independently of each other. What they share (policing, the courts, how they were "
    "chosen) adds noise that is not in these chances."
)
FIXED: Final = (
    "The cohort is measured against a figure fixed beforehand. Whatever else moves reoffending is then paid for, or "
    "fined, as if the programme had done it; people chosen when they offended most fall back without any programme."
)
COMPARED: Final = (
    "The cohort is measured against {n} comparison people a cohort, who vary too. They are taken to be like the cohort "
    "in all but the programme; where they are not, the difference is paid for."
)
DRAWN: Final = "The range over several cohorts is from {draws} seeded draws; chances, means and spreads are exact."
NO_LESS: Final = (
    "Nothing is paid back after a rise, so chance can only add: a programme that changed nothing is paid {money} on "
    "average."
)
CLIFF: Final = (
    "All or nothing: one reoffender or reoffence can decide. A programme that changed nothing is paid {money} "
    "on average."
)
AT_THE_PROMISE: Final = (
    "The fall that is asked for is as large as the one promised, or larger: a programme that does exactly what it "
    "promised falls short about half the time or more, however many people there are."
)


def figure(kind: str, value: float) -> str:
    """Return a share or a mean as a reader says it.

    Examples
    --------
    >>> figure("yes_no", 0.55), figure("count", 2.6)
    ('55.0%', '2.60 a person')
    """
    return format_percent(value, 1) if kind == "yes_no" else f"{format_number(value, 2)} a person"


def fall(kind: str, value: float) -> str:
    """Return a fall as a reader says it.

    Examples
    --------
    >>> fall("yes_no", 0.05), fall("count", 0.26)
    ('5.0 percentage points', '0.26 reoffences a person')
    """
    if kind == "yes_no":
        return f"{format_number(100 * value, 1)} percentage points"
    return f"{value:.3g} reoffences a person"


def summary_of(found: PaymentByResults) -> Summary:
    """Return headline, table and notes."""
    frame = found.to_frame()
    table = pd.DataFrame(
        {
            "Judged": [JUDGED[one] for one in frame["judged"]],
            "If": frame["label"],
            "Chance of any payment": [format_chance(one) for one in frame["probability_paid"]],
            "Paid on average": [format_money(one) for one in frame["expected"]],
            f"Paid in {100 * found.level:g}% of such contracts": [
                f"{format_money(low)} to {format_money(high)}"
                for low, high in zip(frame["low"], frame["high"], strict=True)
            ],
        }
    )
    if found.cohorts == 1:
        table = table.drop(columns="Judged")
    title = f"What an outcome contract pays, and how much of it is chance ({_size(found)})"
    return Summary(title=title, headline=headline(found), table=table, notes=notes(found))


def _size(found: PaymentByResults) -> str:
    people = f"{format_count(found.people)} people"
    return people if found.cohorts == 1 else f"{found.cohorts} cohorts of {people}"


def headline(found: PaymentByResults) -> str:
    """Return what is paid by mistake, both ways."""
    say = _chances if found.terms.per == "cohort" else _averages
    if found.cohorts == 1:
        return f"{_first_up(say(found, EACH))}."
    return " ".join(f"{JUDGED[judged]}: {say(found, judged)}." for judged in found.ways)


def _chances(found: PaymentByResults, judged: str) -> str:
    nothing, promised = _rows(found, judged)
    return (
        f"if nothing changed, the chance of a payment is {format_chance(nothing['probability_paid'])} "
        f"({format_money(nothing['expected'])} on average); if the promised fall of {fall(found.kind, found.promised)} "
        f"came about, the chance of none is {format_chance(promised['probability_unpaid'])} "
        f"({format_money(promised['expected'])} on average)"
    )


def _averages(found: PaymentByResults, judged: str) -> str:
    parts = []
    for row in _rows(found, judged):
        usual = f"{format_money(row['low'])} to {format_money(row['high'])} in {100 * found.level:g}% of such contracts"
        parts.append(f"{format_money(row['expected'])} is paid on average ({usual})")
    came = f"if the promised fall of {fall(found.kind, found.promised)} came about"
    return f"if nothing changed, {parts[0]}; {came}, {parts[1]}"


def _rows(found: PaymentByResults, judged: str) -> tuple[dict[str, float], dict[str, float]]:
    """The figures if nothing changed, and if the promised fall came about."""
    rows = found.case(judged)[["probability_paid", "probability_unpaid", "expected", "low", "high"]]
    nothing, promised = ({str(k): float(v) for k, v in rows.loc[case].items()} for case in (NOTHING, PROMISED))
    return nothing, promised


def _first_up(words: str) -> str:
    return words[:1].upper() + words[1:]


def notes(found: PaymentByResults) -> tuple[str, ...]:
    """Return what has to be known to read the figures."""
    nothing, _ = _rows(found, EACH)
    paid = CLIFF if found.terms.per == "cohort" else NO_LESS
    yardstick = FIXED if found.comparison_people is None else COMPARED.format(n=format_count(found.comparison_people))
    told = [
        f"Terms: {found.terms.in_words(found.kind)}.{_together(found.terms, found.kind, found.cohorts)}",
        f"Expected without the programme: {figure(found.kind, found.baseline)}{_varies(found)}.",
        yardstick,
        paid.format(money=format_money(nothing["expected"])),
    ]
    if _asked(found) >= found.promised * (1 - 1e-9):
        told.append(AT_THE_PROMISE)
    if found.history is not None:
        told.append(_history(found, found.history))
    if not bool(found.to_frame()["exact"].all()):
        told.append(DRAWN.format(draws=format_count(found.draws)))
    return (*told, INDEPENDENT)


def _asked(found: PaymentByResults) -> float:
    """The largest fall that is asked for, in the unit of the outcome."""
    falls = {EACH: found.terms.at_least, TOGETHER: found.terms.together}
    largest = max(falls[judged] for judged in found.ways)
    return largest * found.baseline if found.terms.relative else largest


def _together(terms: PaymentTerms, kind: str, cohorts: int) -> str:
    if cohorts == 1 or math.isclose(terms.together, terms.at_least):
        return ""
    return f" All cohorts together have to be {terms.fall_in_words(kind, terms.together)}."


def _varies(found: PaymentByResults) -> str:
    if found.kind == "yes_no":
        return ""
    if found.dispersion == 0:
        return ", varying between people no more than chance alone would have it (Poisson)"
    return f", varying between people by a negative binomial of dispersion {format_number(found.dispersion, 2)}"


def _history(found: PaymentByResults, history: History) -> str:
    low, high = (figure(found.kind, one) for one in (history.low, history.high))
    used = ["the baseline"] if found.baseline == history.mean else []
    used += ["how much people differ"] if found.kind == "count" and found.dispersion == history.dispersion else []
    verb = "are" if len(used) > 1 else "is"
    return (
        f"{_first_up(' and '.join(used))} {verb} from {format_count(history.people)} earlier people; 95% interval of "
        f"their figure: {low} to {high}."
    )
