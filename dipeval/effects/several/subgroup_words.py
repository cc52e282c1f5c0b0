"""What a table of subgroups says for itself.

A difference between subgroups is claimed by the test of interaction alone: that one interval excludes equality and
another does not is no difference. All wording is in the constants of this module, where a test reads it.
"""

from __future__ import annotations

from typing import Final

TITLE: Final = "For whom: {outcome}, by {columns}"
DIFFERS: Final = (
    "{outcome}: the effect of treatment differs by {columns} more than chance explains (test of interaction, p = {p}"
    "{corrected})."
)
CORRECTED: Final = " after correction for {n} tests"
UNCLEAR: Final = (
    "{outcome}: the tests do not show whether the effect of treatment differs by {columns} (smallest p = {p}"
    "{corrected}); this does not show that it is the same for everybody: many more people would be needed to tell."
)
UNTESTED: Final = (
    "{outcome}: whether the effect of treatment differs by {columns} cannot be tested here: fewer than two subgroups "
    "are large enough."
)
NOTE_ESTIMAND: Final = "What is estimated: {estimand}; in a subgroup, that of those among them who belong to it."
NOTE_DROPPED: Final = (
    "{n} of the people the answer is about {were} left out by the design; subgroups are made of the people it uses."
)
NOTE_READING: Final = (
    "Compare subgroups by the test of interaction only. That the interval of one subgroup excludes equality and that "
    "of another includes it is no difference between them: the smaller a subgroup, the wider its interval."
)
NOTE_TEST: Final = (
    "{column}: test of interaction p = {p}{corrected} (Wald chi-square {chi_square} on {df} degree{s} of freedom, from "
    "the joint covariance of {n_levels} subgroups)."
)
NOTE_NO_TEST: Final = "{column}: no test of interaction, because fewer than two subgroups are large enough."
NOTE_HOLM: Final = (
    "The p-values of the {n} tests of interaction are corrected by the method of Holm (1979): the chance of one or "
    "more false findings among them is at most {alpha}%."
)
NOTE_SCALE: Final = (
    "Subgroups are compared on the scale of the measure ({measure}). Where the comparison people of the subgroups fare "
    "differently, effects alike on one scale are not so on another."
)
NOTE_LEFT_OUT: Final = "{column}, {level}: {reason}; left out of the test."
NOTE_NOT_RECORDED: Final = "{column} is not recorded for some people; they are shown, but left out of the test."
NOTE_BALANCE: Final = (
    "In {n} of the {total} subgroups the treated and the comparison people differ by more than {threshold}% of a "
    "standard deviation in some covariate (column Largest SMD): an estimate there may show that difference. A design "
    "is made for everybody together, not for each subgroup."
)
NOTE_BALANCED: Final = (
    "In every subgroup shown the treated and the comparison people differ by at most {threshold}% of a standard "
    "deviation in every covariate."
)
NOTE_ERRORS: Final = (
    "Standard errors, in each subgroup as for everybody: {se_method}; normal-based {level}% intervals, each by itself."
)
NOTE_PLANNED: Final = (
    "Subgroups that were not named before the outcomes were seen are a reason to look again in other people, not an "
    "answer."
)
TOO_FEW: Final = "fewer than {minimum} treated or fewer than {minimum} comparison people, so no estimate is shown"
NOBODY: Final = "no treated or no comparison people, so there is no estimate"
NO_ESTIMATE: Final = "no estimate could be made ({reason})"
GAPS: Final = "the value is not recorded"
EVERYBODY: Final = "Everybody"
HEADING_TEST: Final = "Does the effect differ? p = {p}{corrected}"
HEADING_NO_TEST: Final = "Not tested"
SHORT_NOTE: Final = "not estimated"

TEMPLATES: Final = tuple(text for name, text in list(globals().items()) if name.isupper() and isinstance(text, str))
