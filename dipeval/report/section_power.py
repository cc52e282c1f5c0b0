"""How small an effect would be found? Worked out from the numbers of people alone, before any outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dipeval.disclosure import is_small, share_digits
from dipeval.errors import DesignError
from dipeval.presenting import format_number, format_percent, format_points
from dipeval.report import words
from dipeval.report.blocks import Section, Text, nothing

if TYPE_CHECKING:
    from dipeval.study import StudyResult

IN_EIGHTY = "would be found in 80 of 100 such studies"
LATER_START = (
    "How small an effect would be found is not worked out here: treatment that starts at different times has no simple "
    "formula."
)
OF_A_COUNT = (
    "How small a difference in a number would be found is not worked out here: it depends on how much the number "
    "varies between people, which has to come from elsewhere."
)
NONE_AT_ALL = "Not even an end to the outcome would probably be found: far more people would have to be compared."


def power(result: StudyResult) -> Section:
    """Return the part of the report on the smallest effect the study would probably find.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    smallest = min(result.design.n_treated, result.design.n_comparison)
    if is_small(smallest, result.rule):
        return nothing()
    kind = result.spec.primary.kind
    told = LATER_START if result.spec.time_varying else _told(result, kind, share_digits(smallest, result.rule))
    block = Text(paragraphs=(told,), kind="note")
    return Section(title="How small an effect would be found?", anchor="power", blocks=(block,), level=3)


def _told(result: StudyResult, kind: str, digits: int) -> str:
    if kind == "count":
        return OF_A_COUNT
    made, share = result.design, result.spec.diagnostics.expected_share
    expected = format_percent(share, 0)
    try:
        if kind == "time":
            ratio = made.minimum_detectable_hazard_ratio(share)
            return words.in_units(
                result,
                f"Before any outcome was read: with this many people, and if about {expected} of them have the event "
                f"in the time they are followed, a true hazard ratio of {format_number(ratio, 1 + digits)} (or further "
                f"below 1) {IN_EIGHTY}. A smaller effect is likely to be missed.",
            )
        smallest = made.minimum_detectable_difference(share)
        said = (
            f"Before any outcome was read: with this many people, and if about {expected} of the comparison group have "
            f"the outcome, a true difference of {format_points(smallest, digits)} {IN_EIGHTY}"
        )
        ratio = made.minimum_detectable_ratio(share)
        fallen = format_percent(share - smallest, 0)
    except DesignError:
        return NONE_AT_ALL
    return words.in_units(
        result,
        f"{said}, such as a fall from {expected} to {fallen} (a ratio of {format_number(ratio, 1 + digits)}). "
        "A smaller effect is likely to be missed.",
    )
