"""Who was counted out at which step: the attrition, its labels, and how far the cohort had to be cut back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.cohort.eligibility import PERSON_STEPS
from dipeval.cohort.rule_words import index_name, short_exposure
from dipeval.errors import InputError
from dipeval.vocabulary import POSITIVE_RESULTS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.cohort.rule import CohortRule
    from dipeval.engine import Engine

# strftime would name months in the language of the machine.
MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_HAD: Final = {
    "positive_test": "Had a drug test",
    "any_test": "Had a drug test that was not refused",
    "release": "Released from custody",
    "sentence": "Sentenced",
    "caution": "Cautioned",
    "order": "Had an order",
    "contact": "Had a contact that was not missed",
    "column": "Had the index event",
}
_EVENTS: Final = {
    "positive_test": "Positive test",
    "any_test": "Test",
    "release": "Release",
    "sentence": "Sentence",
    "caution": "Caution",
    "order": "Order",
    "contact": "Contact",
    "column": "Index event",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CutBack:
    """How far a cohort was cut back because the extract does not reach far enough.

    Parameters
    ----------
    last_index_day
        Last day on which an index event can be followed for as long as is needed.
    n_later
        Index events after it that were left out (of those that passed every earlier step).
    extract_date
        Last day that the extracts cover.
    needed_days
        Days after the index that must be covered: landmark, follow-up and waiting period.

    Examples
    --------
    >>> cut = CutBack(
    ...     last_index_day=dt.date(2022, 5, 21), n_later=3, extract_date=dt.date(2023, 12, 31), needed_days=589
    ... )
    >>> cut.in_words()
    'Cut back to index events up to 21 May 2022: 3 later ones cannot be followed for 589 days before the extract ends \
on 31 December 2023.'
    """

    last_index_day: dt.date
    n_later: int
    extract_date: dt.date
    needed_days: int

    def in_words(self) -> str:
        """Return the sentence that says so."""
        later = "one later one" if self.n_later == 1 else f"{self.n_later:,} later ones"
        return (
            f"Cut back to index events up to {day_in_words(self.last_index_day)}: {later} cannot be followed for "
            f"{self.needed_days} days before the extract ends on {day_in_words(self.extract_date)}."
        )


def cut_back(attrition: pd.DataFrame, rule: CohortRule, extract_date: dt.date) -> CutBack | None:
    """Return how far the cohort was cut back; None if nobody was lost by it."""
    lost = int(attrition.loc[attrition["step"] == "observable", "n_excluded"].sum())
    if rule.late_index != "cut_back" or not lost:
        return None
    needed = rule.landmark_days + rule.required_days
    return CutBack(
        last_index_day=extract_date - dt.timedelta(days=needed),
        n_later=lost,
        extract_date=extract_date,
        needed_days=needed,
    )


def count_events(
    found: ir.Table, inside: ir.Table, tests: ir.Table | None, rule: CohortRule, engine: Engine
) -> dict[str, int]:
    """Count what could put a person in: people, or events where a person can be in several times.

    Parameters
    ----------
    found
        Every possible index event.
    inside
        Those in the window.
    tests
        Every drug test, for cohorts of positive tests.
    rule
        What is counted.
    engine
        Where the tables are.
    """
    if rule.unit != "people":
        asked = {"with_index_event": found, "in_window": inside}
        if tests is not None:
            asked = {"tested": tests, "positive": found, "in_window": inside}
        return {step: _count(table, engine) for step, table in asked.items()}
    if tests is None:
        persons = found.group_by("person_id").aggregate(n=found.count())
        return {"with_index_event": _count(persons, engine)}
    positive = tests.result.isin(POSITIVE_RESULTS).fill_null(False)
    persons = tests.group_by("person_id").aggregate(positive=positive.ifelse(1, 0).max())
    counts = engine.figures(persons, tested=persons.count(), positive=persons.positive.sum().fill_null(0))
    return {step: int(n) for step, n in counts.items()}


def _count(table: ir.Table, engine: Engine) -> int:
    return int(engine.figures(table, n=table.count())["n"])


def attrition(events: Mapping[str, int], lost: Mapping[str, int], rule: CohortRule) -> pd.DataFrame:
    """Return step, label, n_people, n_excluded.

    Parameters
    ----------
    events
        From `count_events`.
    lost
        Step (or "") -> index events lost at it (or in).
    rule
        Who is in.
    """
    left = list(events.items())
    remaining = sum(lost.values())
    left.append(("in_window" if rule.unit == "people" else "chosen", remaining))
    asked = {"district": bool(rule.districts), "offence_free": rule.offence_free_landmark}
    for step in PERSON_STEPS:
        if not asked.get(step, True):
            continue
        remaining -= int(lost.get(step, 0))
        left.append((step, remaining))
    labels = step_labels(rule)
    before = [left[0][1], *(n for _, n in left[:-1])]
    return pd.DataFrame(
        {
            "step": [step for step, _ in left],
            "label": [labels[step] for step, _ in left],
            "n_people": [n for _, n in left],
            "n_excluded": [earlier - n for earlier, (_, n) in zip(before, left, strict=True)],
        }
    ).astype({"n_people": "int64", "n_excluded": "int64"})


def step_labels(rule: CohortRule) -> dict[str, str]:
    """Return what each step of the attrition is called."""
    index, needed = index_name(rule), rule.required_days
    what = short_exposure(rule).replace("an order", "on an order").replace("an attended", "in an attended")
    what = "in treatment" if rule.exposure == "treatment" else what
    opens = f"{rule.before_days} days before the {index}" if rule.exposure_timing == "before_index" else f"the {index}"
    first = " (the first is the index test)" if index == "index test" else " (the first is the index event)"
    kinds = f" ({', '.join(rule.index_types)})" if rule.index_types else ""
    observable = f"Observable for {needed} days after time zero"
    landmark = f"{rule.landmark_days} days after the {index}" if rule.landmark_days else f"the day of the {index}"
    return {
        "tested": _HAD["positive_test"],
        "positive": "Tested positive for opiates or cocaine at least once",
        "with_index_event": _HAD[rule.index_event] + kinds,
        "in_window": f"{_EVENTS[rule.index_event]} {_window(rule)}{first if rule.unit == 'people' else ''}",
        "chosen": "First of its quarter" if rule.index_choice == "per_quarter" else "First of its day",
        "district": f"{index[:1].upper()}{index[1:]} in {', '.join(rule.districts)}",
        "age_known": "Date of birth known",
        "adult": f"Aged {_ages(rule)} at the {index}",
        "not_in_treatment": f"Not {what} at {opens} or in the {rule.washout_days} days before it",
        "alive": f"Alive at time zero ({landmark})",
        "at_liberty": "Not in custody at time zero",
        "offence_free": f"No proven offence after the {index} and up to time zero",
        "observable": observable if rule.late_index == "cut_back" else "Time zero before the extract ends",
    }


def _ages(rule: CohortRule) -> str:
    return f"{rule.minimum_age} or over" if rule.maximum_age is None else f"{rule.minimum_age} to {rule.maximum_age}"


def _window(rule: CohortRule) -> str:
    first = day_in_words(rule.index_from) if rule.index_from else "the first day"
    last = day_in_words(rule.index_to) if rule.index_to else "the last day"
    window = f"from {first} to {last}" if rule.index_from or rule.index_to else "on any day of the extract"
    eras = " or ".join(era.replace("_", " ") for era in rule.eras)
    return f"{window}, era {eras}" if eras else window


def day_in_words(day: dt.date) -> str:
    """Return a day as 1 May 2012, wherever the machine stands."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def labelled(frame: pd.DataFrame, cut: CutBack | None) -> pd.DataFrame:
    """Say in the label of the last step how far the cohort was cut back."""
    if cut is None:
        return frame
    words = f" (cut back to index events up to {day_in_words(cut.last_index_day)})"
    return frame.assign(label=frame["label"].where(frame["step"] != "observable", frame["label"] + words))


def refuse_nobody(attrition: pd.DataFrame, rule: CohortRule) -> None:
    """Refuse a cohort without people.

    Raises
    ------
    InputError
        Which says at which step the last were lost.
    """
    empty = attrition[attrition["n_people"] == 0]
    if empty.empty:
        return
    row = empty.iloc[0]
    if row["step"] == "tested":
        raise InputError(
            "Nobody is left in the cohort: no drug test belongs to a person of the linkage. Check that the extracts "
            "hold drug tests and that the linkage was made from these extracts."
        )
    if row["step"] == "with_index_event":
        raise InputError(
            f"Nobody is left in the cohort: there is no index event of the kind '{rule.index_event}' in the extracts. "
            "Check the table it is taken from, its dates and its codes."
        )
    raise InputError(
        f'Nobody is left in the cohort: at the step "{row["label"]}" all of the last {row["n_excluded"]} {rule.unit} '
        f"were lost. Check the dates and codes behind that step, or widen the cohort rule{_behind(str(row['step']))}."
    )


def _behind(step: str) -> str:
    """The options of the rule that decide a step, as they are called in a study file too."""
    options = _OPTIONS.get(step)
    return f" ({options})" if options else ""


_OPTIONS: Final = {
    "in_window": "index_from, index_to, eras",
    "district": "districts",
    "adult": "minimum_age, maximum_age",
    "not_in_treatment": "washout_days",
    "offence_free": "offence_free_landmark",
    "observable": "required_days, late_index",
}
