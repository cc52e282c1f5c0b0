"""What a corrected positivity says to a reader."""

from __future__ import annotations

from typing import Final

import pandas as pd

from dipeval.indicators.accuracy.adjusting import Accuracy
from dipeval.presenting import format_count, format_number, format_percent

KNOWN: Final = (
    "Sensitivity and specificity were given without the size of the study that found them, so the intervals take them "
    "as known and are too narrow: give sensitivity_n and specificity_n."
)
PARTLY_KNOWN: Final = "The size of the study behind {name} was not given, so it is taken as known."
TRANSFER: Final = (
    "All of this rests on the accuracy given, and on its holding for the people tested here: a laboratory's figures, "
    "another cut-off, another device or another time since use can make a custody suite's test better or worse."
)
TESTS: Final = (
    "Tests are counted, not people: somebody tested twice counts twice. Tests of one person are alike, in use and in "
    "the errors of the test (a medicine taken every day), and the intervals take them as of as many people: where many "
    "are tested again, they are too narrow. Refused tests gave no result and are left out."
)
FOUND: Final = (
    "A test finds a drug, not how it got there: medicines that hold opiates can give a positive test that is right "
    "about the drug and wrong about its use. A person can ask for a further analysis of the sample."
)
EXPECTED: Final = (
    "The number of wrong tests is what is expected of a test of this accuracy; which of the tests are wrong cannot be "
    "told, and no single result is judged here."
)
CUT_OFF: Final = (
    "In {n} group(s) the formula gave a share below 0 or above 1, which was cut off: fewer (or more) tests were "
    "positive than a test of this accuracy gives if nobody (or everybody) had used. That is chance, or the accuracy "
    "given is not that of the test used."
)


def headline_words(row: pd.Series, accuracy: Accuracy) -> str:
    """Return the sentence about everyone."""
    good, right = format_percent(accuracy.sensitivity), format_percent(accuracy.specificity)
    start = (
        f"{format_percent(row['positivity'])} of {format_count(row['n_tests'])} tests were positive. With a "
        f"sensitivity of {good} and a specificity of {right}, about {format_percent(row['estimate'])} "
        f"({format_percent(row['conf_low'])} to {format_percent(row['conf_high'])}) were of people who had used"
    )
    if not row["n_positive"]:
        return f"{start}."
    return (
        f"{start}, and about {_number(row['false_positives'])} ({_number(row['false_positives_low'])} to "
        f"{_number(row['false_positives_high'])}) of the {format_count(row['n_positive'])} positive tests were of "
        "people who had not."
    )


def note_words(
    accuracy: Accuracy,
    *,
    interval: str,
    nobody: tuple[float, float, float],
    row: pd.Series,
    every_positive_assessed: bool,
    n_cut_off: int,
) -> tuple[str, ...]:
    """Return what must be borne in mind."""
    notes = [_assessed_words(row, every_positive_assessed)] if row["n_positive"] else []
    limits = "" if accuracy.specificity_n is None else f" ({format_percent(nobody[1])} to {format_percent(nobody[2])})"
    notes.append(
        f"If nobody tested had used, {format_percent(nobody[0])}{limits} of the tests would still be positive."
    )
    if n_cut_off:
        notes.append(CUT_OFF.format(n=n_cut_off))
    if accuracy.known:
        notes.append(KNOWN)
    else:
        for name, n in (("sensitivity", accuracy.sensitivity_n), ("specificity", accuracy.specificity_n)):
            if n is None:
                notes.append(PARTLY_KNOWN.format(name=name))
    notes += [TRANSFER, EXPECTED, FOUND, TESTS]
    notes.append(f"Share corrected as by Rogan and Gladen (1978); its interval: {interval}.")
    return tuple(notes)


def _assessed_words(row: pd.Series, every_positive_assessed: bool) -> str:
    who = (
        f"If every one of the {format_count(row['n_positive'])} positive tests led to a required assessment,"
        if every_positive_assessed
        else f"{format_count(row['n_assessed'])} positive tests led to a required assessment;"
    )
    told = (
        f"{_number(row['assessed_wrongly'])} ({_number(row['assessed_wrongly_low'])} to "
        f"{_number(row['assessed_wrongly_high'])})"
    )
    return (
        f"{who} about {told} of them were for people who had not used, and who risk a penalty if they stay away. "
        f"{format_percent(row['predictive_value'])} of positive tests are expected to be right."
    )


def _number(value: float) -> str:
    return format_number(value, 1 if value < 10 else 0)
