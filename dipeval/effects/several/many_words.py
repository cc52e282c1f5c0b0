"""What a table of several outcomes says for itself.

An interval that includes equality is never the absence of an effect, and a corrected p-value above the level is none
either. All wording is in the constants of this module, where a test reads it.
"""

from __future__ import annotations

from typing import Final

TITLE: Final = "Effects of treatment: one primary outcome and {n} other{s}"
TITLE_ALONE: Final = "Effect of treatment on the primary outcome"
HEADLINE: Final = "Primary outcome. {headline}"

NOTE_PRIMARY: Final = (
    "{primary} was declared the primary outcome: it is tested alone, without correction, and the answer to the "
    "question of the study rests on it."
)
NOTE_FAMILY: Final = (
    "{n} other outcomes were tested together ({family}): {outcomes}. Their p-values are corrected by the method of "
    "Holm (1979), so that the chance of one or more false findings among them is at most {alpha}%."
)
NOTE_FAMILY_OF_ONE: Final = (
    "One other outcome was tested in the family {family}: {outcomes}. One test needs no correction."
)
NOTE_CORRECTED: Final = (
    "{found} of the {tested} tests of other outcomes stay below {alpha}% after the correction. A corrected p-value "
    "above it does not show that there was no effect: more people would be needed to tell."
)
NOTE_SCALES: Final = (
    "An outcome counts as one test, that of its first measure; its other measures show the same answer on another "
    "scale and carry the same corrected p-value."
)
NOTE_INTERVALS: Final = (
    "Each interval shown holds by itself; the wider ones that hold for a whole family at once (Bonferroni) are in the "
    "columns conf_low_family and conf_high_family of the table of effects."
)
NOTE_NOT_ESTIMATED: Final = (
    "{label} ({measure}) could not be estimated and counts as a test that found nothing. The reason: {reason}"
)
NOT_ESTIMATED: Final = "not estimated"
DEFAULT_FAMILY: Final = "other outcomes"
PRIMARY_FAMILY: Final = "primary"

# A measure of any outcome; the labels of the vocabulary speak of reoffending.
MEASURE_WORDS: Final[dict[str, str]] = {
    "risk_difference": "difference in shares (percentage points)",
    "risk_ratio": "ratio of shares",
    "odds_ratio": "odds ratio",
    "mean_difference": "difference in means",
    "rate_ratio": "ratio of rates",
    "hazard_ratio": "hazard ratio",
    "rmst_difference": "difference in days free of it",
}

TEMPLATES: Final = tuple(
    text for name, text in list(globals().items()) if name.isupper() and isinstance(text, str)
) + tuple(MEASURE_WORDS.values())
