"""What is said of two clocks, and of the days before treatment starts.

An interval that includes equality is never the absence of an effect. All wording is in the constants of this module,
where a test reads it.
"""

from __future__ import annotations

from typing import Final

CALENDAR: Final = "calendar"
STREET: Final = "street"
CLOCKS: Final[dict[str, str]] = {CALENDAR: "Every day since time zero", STREET: "Days at liberty only"}
MEASURES: Final[dict[str, str]] = {
    "hazard_ratio": "Hazard ratio of a first reoffence",
    "rmst_difference": "Difference in mean days free of reoffending",
}
PER_DAY: Final[dict[str, str]] = {CALENDAR: "Per calendar day", STREET: "per day at liberty"}

CLOCKS_TITLE: Final = "Two clocks: every day, and days at liberty"
CLEAR: Final = (
    "{when} the rate of first reoffending was {size} among treated people ({ratio}, {level}% interval {interval})"
)
UNCLEAR: Final = (
    "{when} the data are compatible with a rate of first reoffending anywhere from {low} to {high} among treated "
    "people ({ratio}, {level}% interval {interval})"
)
NOT_SHOWN: Final = (
    "An interval that includes 1 does not show that there was no effect: more people would be needed to tell."
)
HELD_LESS: Final = (
    "{less} people were in custody on {low} of their days and {more} people on {high}: days in custody leave hardly a "
    "chance to reoffend, so that {less} people, held less, look worse per calendar day than per day at liberty."
)
HELD_OTHERWISE: Final = (
    "{less} people were in custody on {low} of their days and {more} people on {high}. Alone that would make {less} "
    "people look worse per calendar day than per day at liberty; here they do not, so that who was held, and when, "
    "matters too."
)
HELD_ALIKE: Final = (
    "Both groups were in custody on about the same share of their days ({treated} of treated and {comparison} of "
    "comparison people's), so that the choice of clock favours neither."
)
NOBODY_HELD: Final = "Nobody was in custody before the first reoffence or the end, so that the two clocks are the same."
ALIKE: Final = 0.005  # shares of days in custody closer than this are called about the same

NOTE_CALENDAR: Final = (
    "Every day since time zero is the official measure: custody days count, and whatever keeps people out of custody "
    "or in it is part of the answer."
)
NOTE_STREET_RATIO: Final = (
    "Hazard ratio at liberty: on each day since time zero, the rate among those at liberty that day. People leave the "
    "comparison when received and come back when released; that they are held is taken to say nothing more of their "
    "risk than their group and the day do. Custody that follows from treatment, or from an arrest, is then set aside "
    "with its consequences."
)
NOTE_STREET_DAYS: Final = (
    "Days free at liberty: the gaps in custody are closed and days at liberty are counted on, so that the mean is of "
    "the first {horizon} days at liberty. Custody days are not replaced: people who had fewer days at liberty in the "
    "follow-up count as if they had fared, from then on, like those of their group who had more."
)
NOTE_HORIZON: Final = "Mean days are counted up to day {horizon} on both clocks."
NOTE_IN_CUSTODY: Final = "First reoffences dated in custody, which count on the calendar only: {n}."
NOTE_NEVER_FREE: Final = "People without a day at liberty, who are on the calendar only: {n}."
NOTE_SHARES: Final = (
    "Shares of days in custody are weighted as the design weighs people; days and events are plain counts."
)

NAIVE: Final = "ever_treated"
VARYING_CALENDAR: Final = "time_varying_calendar"
VARYING_STREET: Final = "time_varying_street"
LANDMARK: Final = "landmark_{days}"
WAYS: Final[dict[str, str]] = {
    NAIVE: "Naive label: ever treated (misleading)",
    VARYING_CALENDAR: "From the day it starts, every day",
    VARYING_STREET: "From the day it starts, days at liberty",
}
WAY_LANDMARK: Final = "Landmark: day {days}, by who had started"
AUDIT_TITLE: Final = "Immortal time: what the days before treatment do to the answer"
AUDIT_RATIO: Final = "{ratio} ({level}% interval {interval})"
AUDIT_HEADLINE: Final = (
    "Warning: called treated from time zero on because they ever started, people show a hazard ratio of {naive}. That "
    "label counts {days} days from before treatment had started as days of treatment; it is no estimate of what "
    "treatment does. With treatment counted from the day it starts, the hazard ratio is {varying}."
)
NOTE_NAIVE: Final = (
    "The naive label is shown to say how far it misleads, and for nothing else: whoever starts while at risk cannot "
    "have reoffended on the days before, and whoever reoffends early has little time left to start, and is called "
    "untreated for that."
)
NOTE_AFTER: Final = (
    "Of the {n_treated} people whom the label calls treated, {n} started only after their first reoffence, or on or "
    "after their last day observed."
)
NOTE_LANDMARK: Final = (
    "From a landmark: only people alive, observed and without a first reoffence by that day, treated if they had "
    "started by then; a later start changes nothing, which draws the ratio towards 1. The question is about those "
    "people only. Left out: {left_out}."
)
LEFT_OUT: Final = "{n} at day {days} ({n_event} after a first reoffence)"
NOTE_STREET: Final = "Days in custody are no time at risk in {which}."
ONE_WAY: Final = "the row that says so"
ALL_WAYS: Final = "the rows of the label and the landmarks too"
NOTE_NOT_ESTIMATED: Final = "{label}: not estimated. {reason}"
NO_EVENTS: Final = "A group has no first reoffence after that day, so that the ratio has no finite estimate."

TEMPLATES: Final = tuple(
    text for name, text in list(globals().items()) if name.isupper() and isinstance(text, str)
) + tuple(text for words in (CLOCKS, MEASURES, PER_DAY, WAYS) for text in words.values())
