"""What a covariate is called for a reader: the words of the study file, else those of the vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dipeval.cohort.missing import MISSING_LEVEL, SUFFIX
from dipeval.vocabulary import term_label

if TYPE_CHECKING:
    from dipeval.study.spec import StudySpec


def covariate_in_words(spec: StudySpec, term: str) -> str:
    """Return the words of the study file for a covariate (or a level of one), else the vocabulary's.

    Parameters
    ----------
    spec
        The study: ``people.labels``.
    term
        Of a balance table: a column, ``column[level]``, or the mark of a column's gaps.

    Returns
    -------
    str
    """
    told = spec.people.labels
    if term in told:
        return told[term]
    for gap in (SUFFIX, f"[{MISSING_LEVEL}]"):
        if term.endswith(gap):
            return f"{covariate_in_words(spec, term.removesuffix(gap))}: not recorded"
    column, bracket, level = term.partition("[")
    if bracket and column in told:
        return f"{told[column]}: {level.removesuffix(']')}"
    return term_label(term)
