"""The offence group and class of a trigger offence as custody suites write it: a code of ours, or the words of the Act.

A test's trigger offence is text. It is read as a code of `vocabulary.OFFENCE_GROUPS`, or as the words of the list of
trigger offences (`dipeval/data/trigger_offences.csv`); capitals, hyphens and underscores do not matter. Other words
are ``other``; nothing written is ``not recorded``.
"""

from __future__ import annotations

from typing import Any, Final

import ibis

from dipeval.indicators.grouping import NOT_RECORDED
from dipeval.vocabulary import OFFENCE_CLASS, OFFENCE_GROUPS

OTHER: Final = "other"
# The words of the Acts -> our groups. "Theft" and "burglary" do not say of what or where, so that they stand in the
# groups of other thefts and other burglaries; begging is no crime against property and stands among the others.
TRIGGER_WORDS: Final[dict[str, str]] = {
    "theft": "other_theft",
    "attempted theft": "other_theft",
    "going equipped for stealing": "other_theft",
    "robbery": "robbery",
    "attempted robbery": "robbery",
    "burglary": "other_burglary",
    "aggravated burglary": "other_burglary",
    "attempted burglary": "other_burglary",
    "taking a conveyance without authority": "theft_of_vehicle",
    "aggravated vehicle-taking": "theft_of_vehicle",
    "obtaining property by deception": "fraud",
    "attempted deception": "fraud",
    "fraud": "fraud",
    "attempted fraud": "fraud",
    "possession of articles for use in frauds": "fraud",
    "making or supplying articles for use in frauds": "fraud",
    "handling stolen goods": "handling",
    "attempted handling": "handling",
    "restriction on production and supply": "drug_supply",
    "possession with intent to supply": "drug_supply",
    "possession": "drug_possession",
    "begging": "other",
    "persistent begging": "other",
}


def _folded(words: str) -> str:
    return words.lower().replace("_", " ").replace("-", " ").strip()


_GROUP_OF: Final = {_folded(words): group for words, group in TRIGGER_WORDS.items()} | {
    _folded(code): code for code in OFFENCE_GROUPS
}


def offence_group(column: Any) -> Any:
    """Return the offence group of a trigger offence: a code of OFFENCE_GROUPS, or ``not recorded``.

    Parameters
    ----------
    column
        Text, as an Ibis expression.

    Returns
    -------
    ibis.expr.types.StringValue
        Never missing.

    Examples
    --------
    >>> import ibis
    >>> table = ibis.table({"trigger_offence": "string"}, name="drug_tests")
    >>> str(offence_group(table.trigger_offence).type())
    'string'
    """
    return _matched(column, _GROUP_OF)


def offence_class(column: Any) -> Any:
    """Return the offence class of a trigger offence: one of OFFENCE_CLASSES, or ``not recorded``.

    Parameters
    ----------
    column
        Text, as an Ibis expression.

    Returns
    -------
    ibis.expr.types.StringValue
        Never missing.

    Examples
    --------
    >>> import ibis
    >>> table = ibis.table({"trigger_offence": "string"}, name="drug_tests")
    >>> str(offence_class(table.trigger_offence).type())
    'string'
    """
    return _matched(column, {words: OFFENCE_CLASS[group] for words, group in _GROUP_OF.items()})


def unread(column: Any) -> Any:
    """Return whether a trigger offence is written in words that are not known, so that it counts as ``other``.

    Parameters
    ----------
    column
        Text, as an Ibis expression.

    Returns
    -------
    ibis.expr.types.BooleanValue
        Never missing.
    """
    written = _written(column)
    return (written != "") & ~written.isin(sorted(_GROUP_OF))


def _matched(column: Any, known: dict[str, str]) -> Any:
    written = _written(column)
    by_value: dict[str, list[str]] = {}
    for words, value in known.items():
        by_value.setdefault(value, []).append(words)
    cases = [(written.isin(words), value) for value, words in by_value.items() if value != OTHER]
    return ibis.cases((written == "", NOT_RECORDED), *cases, else_=OTHER)


def _written(column: Any) -> Any:
    words = column.cast("string").lower().replace("_", " ").replace("-", " ")
    # No strip: on Spark it takes the letter v off the ends as well.
    return words.re_replace("^ +| +$", "").fill_null("")
