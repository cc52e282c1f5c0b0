"""What is counted before the cut-off, said once; `baseline_join` and `windows` work the same list out in two ways.

Two events carry the counts of earlier offending: an *offence*, placed at its own day, and a *sanction*, a day on which
proven offences were dealt with. Both are known from the day of disposal only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import ibis

from dipeval.cohort.covariates import DAYS_12M, DAYS_QUARTER, N_QUARTERS
from dipeval.cohort.events import proven
from dipeval.vocabulary import OFFENCE_CLASS, POSITIVE_RESULTS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.cohort.rule import CohortRule

CLASSES: Final = ("acquisitive", "violent", "disorder", "drug")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number about the events of a person before a cut-off day.

    Parameters
    ----------
    name
        Column that holds it.
    source
        ``offences``, ``sanctions`` or ``tests``.
    mark
        Column of the source that must be true for an event to count; None for every event.
    first
        Days before the cut-off of the oldest day that counts; None for no bound.
    last
        Days before the cut-off of the latest day that counts.
    """

    name: str
    source: str
    mark: str | None = None
    first: int | None = None
    last: int = 1


def measures(rule: CohortRule) -> tuple[Measure, ...]:
    """Every count of the baseline, with the look-back of the rule."""
    windows = {"12m": DAYS_12M, "5y": rule.lookback_days}
    counts = [Measure(name="prior_offences_ever", source="offences")]
    for words, days in windows.items():
        counts += [
            Measure(name=f"prior_offences_{words}", source="offences", first=days),
            *(Measure(name=f"prior_{mark}_{words}", source="offences", mark=mark, first=days) for mark in CLASSES),
            Measure(name=f"prior_sanctions_{words}", source="sanctions", first=days),
            Measure(name=f"prior_tests_{words}", source="tests", first=days),
            Measure(name=f"prior_positive_tests_{words}", source="tests", mark="positive", first=days),
        ]
    counts += [
        Measure(
            name=f"offences_quarter_{number}",
            source="offences",
            first=DAYS_QUARTER * number,
            last=DAYS_QUARTER * (number - 1) + 1,
        )
        for number in range(1, N_QUARTERS + 1)
    ]
    return (
        *counts,
        Measure(name="prior_sanctions_ever", source="sanctions"),
        Measure(name="prior_custodial_sanctions_5y", source="sanctions", mark="custodial", first=rule.lookback_days),
    )


def groups_of(offence_class: str) -> tuple[str, ...]:
    """Offence groups of a class; robbery is acquisitive here."""
    return tuple(group for group, name in OFFENCE_CLASS.items() if name == offence_class)


def proven_offences(events: Mapping[str, ir.Table]) -> ir.Table:
    """Proven offences: person_id, offence_date, disposal_date, a mark for each class and for a custodial sentence.

    A disposal before its offence cannot be right and is left out, as it is when a cohort is loaded.
    """
    o = proven(events["offences"])
    o = o.filter(o.disposal_date >= o.offence_date)
    marks = {name: o.offence_group.isin(groups_of(name)).fill_null(False) for name in CLASSES}
    return o.select("person_id", "offence_date", "disposal_date", **marks, custodial=_yes(o))


def drug_tests(events: Mapping[str, ir.Table]) -> ir.Table | None:
    """Drug tests: person_id, test_date and a mark for a positive one; None if there is no such table."""
    if "drug_tests" not in events:
        return None
    t = events["drug_tests"]
    t = t.filter(t.test_date.notnull())
    return t.select("person_id", "test_date", positive=t.result.isin(POSITIVE_RESULTS).fill_null(False))


def _yes(offences: ir.Table) -> ir.BooleanValue:
    """The custodial mark, which is absent in some extracts and text in others."""
    if "custodial" not in offences.columns:
        return ibis.literal(False)
    mark = offences.custodial
    if not mark.type().is_boolean():
        mark = mark.cast("string").lower().isin(("true", "1", "yes"))
    return mark.fill_null(False)
