"""What is said of the cost of reoffending person by person: only the mean adds up to money."""

from __future__ import annotations

from typing import Final

TITLE: Final = "Cost of reoffending per person, and how far a few people drive it"
AVERAGES: Final = {
    "mean": "Mean",
    "mean_bootstrap": "Mean, bootstrap interval",
    "trimmed_mean": "Mean without the dearest {share} of each group",
    "without_top_1": "Mean without the dearest 1% of each group",
    "median": "Middle person (mean of the middle {share})",
}
POINTS: Final = {
    "trimmed_mean": "the mean without the dearest {share}",
    "without_top_1": "the mean without the dearest 1%",
    "median": "the middle person",
}
LESS: Final = (
    "The reoffending of treated people cost {mean} less per person on average ({level}% interval {low} to {high}), in "
    "{prices} prices.{apart}"
)
OPEN: Final = (
    "The data do not settle whether the reoffending of treated people cost less: {low} to {high} averted per person on "
    "average ({level}% interval; below 0: they cost more), in {prices} prices.{apart}"
)
MORE: Final = (
    "The data point to a higher cost, not a lower one: the reoffending of treated people cost {more} more per person "
    "on average ({level}% interval {low} to {high} averted), in {prices} prices.{apart}"
)
APART: Final = (
    " The mean and {others} point to different sides: which side the money falls on hangs on a few prolific people."
)

NOTE_ESTIMAND: Final = "What it is about: {estimand}."
NOTE_ONLY_MEAN: Final = (
    "Only the mean adds up to money: times the people it gives what was averted in all. The other rows show how far a "
    "few prolific people drive it, and are never multiplied up."
)
NOTE_TRIM: Final = (
    "People are left out at the dear end only: at the cheap end stand people who committed nothing, who are no "
    "outliers but what treatment is for."
)
NOTE_MIDDLE: Final = (
    "The middle person is shown as the mean of the middle {share} of each group by cost, so that it is nobody's own "
    "value."
)
NOTE_TOP: Final = (
    "The dearest 1% of the treated hold {treated} of their cost, of the comparison people {comparison}; without them "
    "the difference in means goes from {mean} to {without}."
)
NOTE_MEAN_ERROR: Final = "Interval of the mean: {method}."
NOTE_BOOTSTRAP: Final = (
    "Other intervals: the middle {level} of {draws} bootstrap resamples of {units} (seed {seed}; {how})."
)
NOTE_NO_BOOTSTRAP: Final = (
    "No bootstrap intervals are given: {reason}. The interval of the mean does not need them; the other rows have none."
)
NOTE_WITHHELD: Final = (
    "Rows without a figure rest on fewer than {least} people in a group: single people's values could be worked out."
)
NOTE_UNPRICED: Final = "Offences without a unit cost count as nothing: {groups}."
NOTE_PERSPECTIVE: Final = "Perspective: {perspective}; costs in anticipation of crime are {counted}."
NOTE_SECONDARY: Final = (
    "Unit costs were seen second-hand and not in the publisher's own text (their status is 'secondary'): check them "
    "before publication."
)
NOTE_VALUE: Final = (
    "The figures are proven reoffences priced at unit costs of crime: not cash that any budget gets back."
)

FEW_PEOPLE: Final = (
    "The design uses {treated} treated and {comparison} comparison people; figures by person need at least {least} in "
    "each group, or single people could be told from them. Widen the design."
)
FEW_PRICED: Final = (
    "Fewer than {least} people of a group committed an offence that has a unit cost, so that single people's values "
    "could be worked out. Follow people for longer, or show the offences averted alone."
)
NO_FISCAL: Final = (
    "perspective='fiscal' cannot be priced by person: the unit costs do not say what responding to crime costs for "
    "{groups}. Use perspective='social', or unit costs with a response part."
)
NO_ECONOMIC: Final = (
    "perspective='economic' cannot be priced by person: the unit costs do not say how much of the consequences is harm "
    "to victims for {groups}. Use perspective='social' or 'fiscal', or unit costs with a harm part."
)
BAD_PERSPECTIVE: Final = "perspective={given!r} is not known; use 'social', 'economic' or 'fiscal'."
BAD_TRIM: Final = "trim={given!r} is not a share that can be left out; give one above 0 and up to 0.25, such as 0.05."
BAD_DRAWS: Final = "draws must be a whole number of at least {least} and at most {most:,}; it is {given!r}."
BAD_SEED: Final = "seed must be a whole number of at least 0; it is {given!r}."
TEMPLATES: Final = tuple(text for name, text in list(globals().items()) if name.isupper() and isinstance(text, str))
