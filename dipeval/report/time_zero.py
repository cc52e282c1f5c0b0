"""From when people were followed, and what that does to the answer: the sentences and the boxes about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dipeval.disclosure import is_small, release_count
from dipeval.presenting import format_number
from dipeval.report.blocks import Block, Text

if TYPE_CHECKING:
    from dipeval.cohort import CohortRule
    from dipeval.study import StudyResult

NOT_CAUSAL = "Not a causal comparison."
_COMPLETED = (
    "Treated here are those who completed. Who completes follows from how the time after the start went, so those who "
    "do would have fared better anyway: the figures describe, and do not say what treatment changed."
)
_LANDMARK = (
    "Time zero is a landmark: both groups are followed from day {days} after the {index}, so that nobody is credited "
    "with the days they had to live, and stay in the records, in order to start."
)
_SAME_DAY = "Time zero is the day of the {index}: both groups are followed from the same day."
_VARYING = (
    "Time zero is the day of the {index}, and treatment counts from the day it started: until then a person is at risk "
    "as untreated, afterwards as treated. No day before the start is credited to treatment. Yes/no figures and numbers "
    "of reoffences by group cannot be given in this design; the answer is a hazard ratio."
)
_EVER = (
    "Time zero is the day of the {index}, and whoever started later counts as treated from that day on. This is the "
    "naive label: to be called treated, a person had to live, and stay in the records, until the start, and those "
    "days are credited to treatment. As a rule it makes treatment look better than it is, even where it does nothing."
)
_CREDITED = (
    "Days credited to treatment before it started: about {total} in all, {mean} for each treated person on average. "
    "The study file asked for this design in so many words (accept_immortal_time)."
)
_NOT_CREDITED = "How many days were credited to treatment is not shown: too few people were treated."


def warnings(result: StudyResult) -> list[Block]:
    """Return the boxes that must stand wherever the answer or the groups are shown; none for a plain landmark."""
    rule = result.cohort.rule if result.cohort is not None else None
    if rule is None:
        return []
    boxes: list[Block] = []
    if rule.non_causal:
        more = (_COMPLETED,) if rule.completed_only else ()
        boxes.append(Text(paragraphs=(NOT_CAUSAL, *more), kind="warning"))
    if rule.immortal_time == "ever_treated":
        boxes.append(Text(paragraphs=(_EVER.format(index=_index(rule)), _credited(result)), kind="warning"))
    return boxes


def _index(rule: CohortRule) -> str:
    from dipeval.cohort.rule_words import index_name

    return index_name(rule)


def _credited(result: StudyResult) -> str:
    total = result.cohort.immortal_days if result.cohort is not None else None
    n_treated = int(result.design.treated.astype(bool).sum())
    if total is None or is_small(min(n_treated, _started_later(result)), result.rule):
        return _NOT_CREDITED
    shown = float(f"{total:.2g}") if result.rule.protects else total
    mean = format_number(total / n_treated, 0 if result.rule.protects else 1)
    return _CREDITED.format(total=format_number(shown, 0), mean=mean)


def _started_later(result: StudyResult) -> int:
    """How many people the days are of: who started on the day of time zero has none."""
    people = result.cohort.people  # type: ignore[union-attr]
    return int((people["exposure_date"] > people["time_zero_date"]).sum())


def cut_back(result: StudyResult) -> list[Block]:
    """Return the sentence about index events that came too late to be followed; nothing if none did."""
    lost = result.cohort.cut_back if result.cohort is not None else None
    if lost is None:
        return []
    from dipeval.cohort.flow import day_in_words

    unit = result.cohort.rule.unit  # type: ignore[union-attr]
    text = (
        f"The cohort was cut back. The extracts end on {day_in_words(lost.extract_date)}, and {lost.needed_days} days "
        "from the index event on must be covered (to time zero, follow-up and waiting period), so index events count "
        f"up to {day_in_words(lost.last_index_day)}. How many {unit} were left out because theirs came later: "
        f"{release_count(lost.n_later, result.rule)}."
    )
    return [Text(paragraphs=(text,), kind="note")]


def time_zero(result: StudyResult) -> list[Block]:
    """Return the sentence that says which time-zero design was used; nothing for a person-level table."""
    if result.cohort is None:
        return []
    rule = result.cohort.rule
    index = _index(rule)
    if rule.immortal_time == "time_varying":
        told = [_VARYING.format(index=index)]
    elif rule.immortal_time == "ever_treated":
        told = []  # said in the box at the top
    elif rule.landmark_days and rule.exposure_timing == "after_index":
        told = [_LANDMARK.format(days=rule.landmark_days, index=index)] if not plain(rule) else []
    else:
        told = [_SAME_DAY.format(index=index)] if not rule.landmark_days else []
    if rule.unit != "people":
        told.append(
            "A person can be in more than once, each time from another index event: counts are of index events, and "
            "every interval allows for the same person being in several times (errors clustered by person)."
        )
    return [Text(paragraphs=tuple(told))] if told else []


def plain(rule: CohortRule) -> bool:
    """Whether treated and followed mean what they do by default: structured treatment after a first positive test."""
    return (
        (rule.index_event, rule.index_choice, rule.exposure) == ("positive_test", "first", "treatment")
        and (rule.exposure_timing, rule.immortal_time) == ("after_index", "landmark")
        and not (rule.exposure_types or rule.completed_only or rule.non_causal)
    )


def who_is_treated(rule: CohortRule) -> str:
    """Return what treated means, and where those who started later stand."""
    if not plain(rule):
        later = (
            " People who started later stay in the comparison group."
            if (rule.exposure_timing, rule.immortal_time) == ("after_index", "landmark")
            else ""
        )
        # Said in a box of its own above.
        return rule.in_words().removeprefix(f"{NOT_CAUSAL} ") + later
    return (
        f"Treated means that structured treatment started within {rule.grace_days} days of the "
        "positive test. Both groups "
        f"are followed from day {rule.landmark_days} after the test, so that nobody is credited with the days they had "
        "to stay out of trouble in order to start. People who started later stay in the comparison group: the estimate "
        f"is about starting within {rule.grace_days} days against not having done so."
    )
