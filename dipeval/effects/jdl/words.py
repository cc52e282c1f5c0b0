"""The sentences of an analysis in the style of the Justice Data Lab.

Rules: it is "in the style of", for caliper, variables, bands and least numbers could not be verified; an interval that
includes equality says that more people would be needed, and nothing about the programme; what can be said and what
cannot stand side by side. All wording is in the constants of this module, where a test reads it.
"""

from __future__ import annotations

from typing import Final

RATE, FREQUENCY, TIME = "rate", "frequency", "time"
LOWER, HIGHER = "lower", "higher"
UNCLEAR, UNDERPOWERED, WITHHELD, NOT_MEASURED = "not_significant", "underpowered", "withheld", "not_measured"

TITLE: Final = "Reoffending in the style of the Justice Data Lab"
STYLE: Final = (
    "In the style of the Justice Data Lab, and not made by it: only parts of its published methods could be seen. Its "
    "caliper and its list of variables could not be verified; both are the analyst's choice here and are stated."
)
UNVERIFIED: Final = (
    "The bands (up to 5% well matched, up to 10% reasonably, above 10% poorly) and the least numbers of people "
    "({submitted} submitted, {matched} matched) are ascribed to the Justice Data Lab at second hand: unverified."
)

TABLE_HEADINGS: Final[dict[str, str]] = {
    RATE: "Reoffending rate (%)",
    FREQUENCY: "Frequency (reoffences a person)",
    TIME: "Time to first reoffence ({unit}, of those who reoffended)",
}
TABLE_CURVE: Final = "Reoffended by {time} {unit} (%, everybody counted: Kaplan-Meier)"
TABLE_VERDICTS: Final[dict[str, str]] = {
    LOWER: "lower",
    HIGHER: "higher",
    UNCLEAR: "more people needed",
    UNDERPOWERED: "too few people",
    WITHHELD: "withheld",
    NOT_MEASURED: "not given",
}
TABLE_VERDICTS_OF_TIME: Final[dict[str, str]] = {LOWER: "sooner", HIGHER: "later"}
HEADINGS: Final[dict[str, str]] = {
    RATE: "Reoffending rate",
    FREQUENCY: "Frequency of reoffending",
    TIME: "Time to first reoffence, of those who reoffended",
}
VERDICTS: Final[dict[tuple[str, str], str]] = {
    (RATE, LOWER): "Treated people were less likely to reoffend {window} than {others}.",
    (RATE, HIGHER): "Treated people were more likely to reoffend {window} than {others}.",
    (FREQUENCY, LOWER): "Treated people committed fewer reoffences {window} than {others}.",
    (FREQUENCY, HIGHER): "Treated people committed more reoffences {window} than {others}.",
    (
        TIME,
        LOWER,
    ): "Of the people who reoffended {window}, treated people did so sooner than {others}.",
    (TIME, HIGHER): ("Of the people who reoffended {window}, treated people took longer to do so than {others}."),
}
VERDICT_UNCLEAR: Final = (
    "{measure}: the results do not show a statistically significant difference between treated people and {others}. "
    "More people would be needed to determine it."
)
VERDICT_UNDERPOWERED: Final = (
    "{measure}: too few people were analysed to tell. Only a true difference of at least {detectable} would probably "
    "have been found, while the smallest one worth finding was set at {worthwhile} ({share} of the comparison people's "
    "figure). More people would be needed to determine the difference."
)
VERDICT_NOT_MEASURED: Final = "{measure}: not given, {why}."
NUMBERS: Final = "Treated people {treated}, comparison people {comparison}: {size} ({level}% interval: {interval})."

POORLY_MATCHED: Final = (
    "The groups are poorly matched: {term} still differs by {smd} of a standard deviation, and more than 10% counts as "
    "poorly matched."
)
TOO_FEW: Final = "{n} treated people were submitted, fewer than the {least} that are needed for results to be shown."
TOO_FEW_MATCHED: Final = (
    "{n} treated people could be matched, fewer than the {least} that are needed for results to be shown."
)
HEADLINE_WITHHELD: Final = "The results are withheld, and no outcome was joined to this comparison. {reasons}"
HEADLINE_OVERRIDDEN: Final = "The comparison failed its checks and is shown all the same. {verdict}"
OVERRIDDEN: Final = (
    "The checks that come before the outcome failed, and the results are shown all the same, by decision of the "
    "analyst, {reason} {reasons}"
)
OVERRIDDEN_UNLIKE: Final = " A difference in reoffending may come of the differences between the groups."
REASON: Final = "who wrote: “{reason}”"
NO_REASON: Final = "who wrote down no reason."

OF_HUNDRED: Final = "Of 100 typical {who}, about {people} reoffended {window}{offences}."
OF_HUNDRED_OFFENCES: Final = ", and about {offences} reoffences were committed"
TREATED_PEOPLE: Final = "treated people"
OTHERS: Final = "comparable untreated people"
OTHERS_UNLIKE: Final = "untreated people who are unlike them"
RANGE_LEAD: Final = "For 100 typical treated people, set against 100 {others}, {what} {range}"
RANGE_WHAT: Final[dict[str, str]] = {
    RATE: "the number who reoffend {window} could be",
    FREQUENCY: "the number of reoffences {window} could be",
}
RANGE_TIME: Final = "The first reoffence of those who reoffend could come {range}"
RANGE_NOUNS: Final[dict[str, tuple[str, str]]] = {
    RATE: ("person", "people"),
    FREQUENCY: ("offence", "offences"),
}
RANGE_SIDES: Final[dict[str, tuple[str, str]]] = {
    RATE: ("lower", "higher"),
    FREQUENCY: ("lower", "higher"),
    TIME: ("sooner", "later"),
}
RANGE_CLEAR: Final = "{side} by between {least} and {most}."
RANGE_ABOUT: Final = "{side} by about {most}."
RANGE_UP_TO: Final = "{side} by up to {most}."
RANGE_UNCLEAR: Final = "{down} by {low}, or {up} by {high}."
AS_MANY_AS: Final = "as many as {number}"
RANGE_MORE_PEOPLE: Final = " More people would be needed to determine the direction of this difference."
RANGE_IN_PICTURE: Final = "Difference in 100 ({level}% interval): {range}"
LESS_THAN_ONE: Final = "less than 1 {noun}"

CAN_SAY: Final[dict[tuple[str, str], str]] = {
    (RATE, LOWER): "“Treated people like those analysed were less likely to reoffend {window} than {others}.”",
    (RATE, HIGHER): "“Treated people like those analysed were more likely to reoffend {window} than {others}.”",
    (FREQUENCY, LOWER): "“Treated people like those analysed committed fewer reoffences {window} than {others}.”",
    (FREQUENCY, HIGHER): "“Treated people like those analysed committed more reoffences {window} than {others}.”",
    (TIME, LOWER): "“Of those who reoffended, treated people did so sooner than {others}.”",
    (TIME, HIGHER): "“Of those who reoffended, treated people took longer to do so than {others}.”",
}
CAN_SAY_UNCLEAR: Final[dict[str, str]] = {
    RATE: "“It could not be determined whether treatment changes how likely people are to reoffend {window}; more "
    "people would need to be analysed.”",
    FREQUENCY: "“It could not be determined whether treatment changes how many reoffences people commit {window}; more "
    "people would need to be analysed.”",
    TIME: "“It could not be determined whether treatment changes how soon those who reoffend do so; more people would "
    "need to be analysed.”",
}
CAN_SAY_UNLIKE: Final = "“The two groups were not alike enough for their reoffending to be compared.”"
CAN_SAY_TOO_FEW: Final = "“There were too few treated people for their reoffending to be compared.”"
CANNOT_SAY_CLEAR: Final[dict[str, str]] = {
    RATE: "“The programme alone made the whole difference in how likely people are to reoffend.” Things that were not "
    "recorded may differ between the groups.",
    FREQUENCY: "“The programme alone made the whole difference in the number of reoffences.” Things that were not "
    "recorded may differ between the groups.",
    TIME: "“The programme made people reoffend sooner, or later.” Who reoffends may itself depend on treatment, so the "
    "groups among them need not be alike.",
}
CANNOT_SAY_UNCLEAR: Final[dict[str, str]] = {
    RATE: "“The programme raises, lowers or leaves unchanged how likely people are to reoffend.”",
    FREQUENCY: "“The programme raises, lowers or leaves unchanged the number of reoffences.”",
    TIME: "“The programme makes people reoffend sooner, later or as soon as they would have anyway.”",
}
CANNOT_SAY_WITHHELD: Final = "Anything about the effect of the programme on reoffending, from this analysis."
CANNOT_SAY_UNLIKE: Final = (
    "“The difference came of the programme.” The groups were not alike, and are compared all the same."
)
CANNOT_SAY_OTHERS: Final = (
    "“The same holds for everybody the programme works with.” The estimate is about people similar to those analysed; "
    "it may differ for those who were not found, not matched or otherwise lost on the way."
)

WHY_TIME: Final = (
    "The average time to the first reoffence is taken, as is usual in this style, over those who reoffended. Who "
    "reoffends may itself depend on treatment, so it compares people chosen by their outcome and can mislead: a "
    "programme that prevents late reoffences looks as if it brought on early ones. The share who had reoffended by "
    "each day (Kaplan-Meier, with the same weights) counts everybody and stands beside it."
)
NOTE_DESIGN: Final = (
    "Radius matching with replacement on {scale}: everybody within {radius} ({unit}) of a treated person is compared "
    "with that person, and each of n such people counts 1/n. Fingerprint of the design {fingerprint}."
)
NOTE_COVARIATES: Final = "The groups were to be alike on: {covariates}."
NOTE_SUBMITTED: Final = "{submitted} treated people were submitted; {found} of them were found and {matched} matched."
NOTE_ERRORS: Final = "Standard errors: {method}; normal-based {level}% intervals."
NOTE_THREE: Final = (
    "{n} measures are each tested at {alpha}% without correction for their number, as is usual in this style: as many "
    "as {chance} of 100 analyses of a programme that changes nothing would show a difference in at least one of them."
)
NOTE_BEFORE: Final = (
    "Before any outcome was read: if {share} of the comparison people reoffend, a true difference of {detectable} "
    "percentage points in the rate would be found in {power} of 100 such analyses; a smaller one is likely to be "
    "missed."
)
NOTE_BANDS: Final = "The groups are {overall}. {counted}"
NOTE_ESTIMAND: Final = "What is estimated: {estimand}."

TEMPLATES: Final = tuple(
    text
    for name, value in list(globals().items())
    if name.isupper() and name not in ("LOWER", "HIGHER")
    for text in (value.values() if isinstance(value, dict) else (value,))
    if isinstance(text, str)
)
