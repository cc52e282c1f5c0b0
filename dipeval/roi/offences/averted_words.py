"""What is said of the offences averted by group."""

from __future__ import annotations

from typing import Final

TITLE: Final = "Offences averted per person, by offence group"
FEWER: Final = (
    "{averted} proven reoffences averted per {who} ({level}% interval {low} to {high}); the groups add up to this."
)
OPEN: Final = (
    "The data do not settle whether there were fewer offences: {low} to {high} averted per {who} ({level}% interval; "
    "below 0: more offences)."
)
MORE: Final = (
    "The data point to more offences, not fewer: {averted} averted per {who} ({level}% interval {low} to {high})."
)
NOTE_ESTIMAND: Final = "What it is about: {estimand}."
NOTE_SIGN: Final = (
    "Above 0 are fewer offences among the treated than among the people they are compared with; below 0 more."
)
NOTE_SUM: Final = (
    "The groups are estimated from the same people with the same weights and add up to the effect on all reoffences; "
    "how they move together is in covariance(), whose sum is the square of that effect's error."
)
NOTE_SCALED: Final = (
    "The error of the effect on all reoffences ({method}) has no parts by group: the groups' errors are those of the "
    "plain sandwich, all multiplied by {factor} so that together they give that error."
)
NOTE_MANY: Final = (
    "With {count} groups some intervals leave 0 out by chance alone: a single group is no finding of its own."
)
NOTE_LEFT_OUT: Final = "Left out, because nobody compared committed any: {count} offence groups ({groups})."
TEMPLATES: Final = tuple(text for name, text in list(globals().items()) if name.isupper() and isinstance(text, str))
