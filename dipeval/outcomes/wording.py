"""The outcome's definition in sentences, and the words for what was not counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dipeval.outcomes.follow_up import FollowUp

NOUNS = {"proven": "proven reoffence", "arrest": "rearrest", "charge": "new charge"}
ACTS = {"arrest": ("an arrest", "arrested"), "charge": ("a charge", "charged")}


def definition(follow_up: FollowUp) -> str:
    """Return the definition of the outcome: what counts, when, and by which rules."""
    sentences = [_what_counts(follow_up), _index_day(follow_up), _same_day(follow_up), _robbery(follow_up)]
    if follow_up.severity is not None:
        sentences.append("The severity score adds up the weights supplied for the offence groups.")
    if follow_up.at_extract_end == "censor":
        sentences.append(_extract_end(follow_up))
    return " ".join(sentences)


def headline_of(follow_up: FollowUp) -> tuple[str, str]:
    """Return the outcome in the singular and in the plural."""
    noun = NOUNS[follow_up.basis]
    return noun, f"{noun}s"


def _what_counts(follow_up: FollowUp) -> str:
    named = (*follow_up.classes, *(group.replace("_", " ") for group in follow_up.groups))
    kinds = f" ({' or '.join(named)} offences only)" if named else ""
    noun = NOUNS[follow_up.basis]
    if follow_up.basis == "proven":
        return (
            f"A {noun}{kinds} is an offence committed within {follow_up.days} days after time zero that led to a "
            f"caution or conviction within those days or a further {follow_up.waiting_days}."
        )
    act, _ = ACTS[follow_up.basis]
    return (
        f"A {noun}{kinds} is {act} within {follow_up.days} days after time zero for an offence committed after time "
        "zero, whatever came of it."
    )


def _index_day(follow_up: FollowUp) -> str:
    if follow_up.include_index_day:
        return "Offences on the day of time zero count; offences before it do not, whenever they were dealt with."
    return "Offences on or before the day of time zero do not count, whenever they were dealt with."


def _same_day(follow_up: FollowUp) -> str:
    if follow_up.same_day == "each":
        return "Several on one day all count."
    chosen = "of the greatest weight" if follow_up.severity is not None else "that comes first"
    order = "" if follow_up.severity is not None else " (violent, acquisitive, disorder, drug, other)"
    return f"Several on one day count as one, of the kind {chosen}{order}."


def _robbery(follow_up: FollowUp) -> str:
    return f"Robbery is counted as {follow_up.robbery}."


def _extract_end(follow_up: FollowUp) -> str:
    if follow_up.waiting:
        return (
            f"Where the extract ends too early, follow-up ends {follow_up.waiting} days before its last day, so that "
            "every offence has the whole waiting period."
        )
    return "Where the extract ends too early, follow-up ends on its last day."


def exclusion_labels(follow_up: FollowUp) -> dict[str, str]:
    """Return reason -> words for what was not counted, in the order of the account."""
    before = "before the day of time zero" if follow_up.include_index_day else "on or before the day of time zero"
    late = f"within {follow_up.needed_days} days after time zero"
    if follow_up.basis == "proven":
        dealt, unproven = "cautioned or convicted", "In the follow-up, but no caution or conviction"
        too_late = f"In the follow-up, but not cautioned or convicted {late}"
    else:
        act, dealt = ACTS[follow_up.basis]
        unproven = f"In the follow-up, but no date of {act.split()[-1]}"
        too_late = f"In the follow-up, but not {dealt} {late}"
    return {
        "pseudo_reconviction": f"Pseudo-reconviction: committed {before}, {dealt} after it and {late}",
        "on_index_day": "On the day of time zero, and not a pseudo-reconviction",
        "same_day_repeat": "On a day that already counts",
        "after_death": "Dated after the person's death",
        "not_proven": unproven,
        "disposed_too_late": too_late,
        "after_extract_end": "After the last day on which the extract lets people be followed",
        "other_kind": "Of a kind that does not count",
    }
