"""What a cost per stage is called, what its money paid for, and the sentence nobody can misread."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from dipeval.presenting import and_join, format_money

if TYPE_CHECKING:
    import pandas as pd

# What one unit of each stage is: 'cost per ...'.
PER: Final = {
    "tested": "person tested",
    "positive": "person who tested positive",
    "assessment": "person with a required assessment on record",
    "attended": "person who attended a required assessment",
    "contact": "contact",
    "care_plan": "care plan agreed",
    "treatment": "person who started treatment",
    "in_treatment": "person in treatment",
    "retained_12_weeks": "person retained 12 weeks",
    "completed": "successful completion",
}
QUOTED_KINDS: Final = ("attended", "contact", "treatment", "in_treatment", "retained_12_weeks", "completed")
QUOTED: Final = tuple(PER[kind] for kind in QUOTED_KINDS)
_BOUGHT: Final = {
    "testing": "drug testing",
    "contact": "identification, contact and monitoring",
    "other": "things that the costs only call 'other'",
}
_ONLY_TREATMENT: Final = "the treatment itself, not finding and meeting the people treated"

NO_ONE: Final = "Nobody reached this stage: there is no cost per person."
NOT_SHOWN: Final = "The count is not shown, so neither is the cost."
NO_SPENDING: Final = "No spending is on record here; that is not a cost of £0."
# The words do not tell the count: they may stand beside a figure whose count is not released.
FEW: Final = 10
FEW_PEOPLE: Final = "Fewer than 10 people: one more or one fewer changes the figure by a tenth or more."

SAME_MONEY: Final = (
    "Every figure is the same money divided by another count. None is what that step alone costs, and they must not be "
    "added up."
)
COMPLETION: Final = (
    "The cost per successful completion is per completion: not per referral, per contact or per person treated."
)
COUNTING: Final = {
    "period": (
        "Counts of a period are not a cohort: those who completed in it are not those who came in during it, so no "
        "figure here is the cost of taking one person from the first stage to that one."
    ),
    "cohort": (
        "The people are a cohort, the money is that of whole years: it also paid for people who came before or after "
        "them."
    ),
    "not stated": (
        "The counts do not say whether they are a cohort's or a period's (counting=). Unless they are a cohort's, "
        "those who completed are not those who came in."
    ),
}
SUMMED: Final = "The total adds up the districts: a person counted in two of them is counted twice."


def per(kind: str) -> str:
    """Return what one unit of a stage is called.

    Examples
    --------
    >>> per("completed"), per("weekly_group")
    ('successful completion', "person at the stage 'weekly group'")
    """
    return PER.get(kind, f"person at the stage '{kind.replace('_', ' ')}'")


def paid_for(kinds: Iterable[str]) -> str:
    """Return what money of these kinds paid for, and whether the treatment itself is in it.

    Examples
    --------
    >>> paid_for(["contact"])
    'identification, contact and monitoring, not the treatment itself'
    >>> paid_for(["testing", "treatment"])
    'drug testing; and the treatment itself'
    """
    given = set(kinds)
    bought = [words for kind, words in _BOUGHT.items() if kind in given]
    if "treatment" not in given:
        return f"{'; '.join(bought)}, not the treatment itself"
    return f"{'; '.join(bought)}; and the treatment itself" if bought else _ONLY_TREATMENT


def costs_in_words(parts: Iterable[tuple[str, str]]) -> str:
    """Return figures with what each is per.

    Parameters
    ----------
    parts
        Money in words, and what it is per.

    Examples
    --------
    >>> costs_in_words([("£1,918", "contact"), ("£29,695", "successful completion")])
    '£1,918 per contact and £29,695 per successful completion (not per referral)'
    """
    completion = PER["completed"]
    return and_join(f"{money} per {one}{' (not per referral)' if one == completion else ''}" for money, one in parts)


def note(n: float, amount: float, short: str = "") -> str:
    """Return what must stand beside one figure, or an empty text.

    Parameters
    ----------
    n
        People at the stage; missing where not shown.
    amount
        Pounds.
    short
        A sentence about years without spending.

    Examples
    --------
    >>> note(0, 100.0)
    'Nobody reached this stage: there is no cost per person.'
    """
    if math.isnan(n):
        return NOT_SHOWN
    if amount <= 0:
        return NO_SPENDING
    few = FEW_PEOPLE if 0 < n < FEW else ""
    return " ".join(filter(None, (few if n else NO_ONE, short)))


def headline(spent: str, rows: pd.DataFrame, counting: str) -> str:
    """Return the sentence that may be quoted alone: what was bought, per what each figure is, whose counts they are.

    Parameters
    ----------
    spent
        Money, and what it paid for.
    rows
        ``label``, ``n``, ``cost`` of everyone.
    counting
        ``cohort``, ``period`` or ``not stated``.

    Returns
    -------
    str
    """
    if rows["cost"].isna().all():
        why = "no count of people is shown" if rows["n"].isna().any() else "nobody was counted at any stage"
        return f"{spent}: {why}, so there is no cost per person."
    known = rows[rows["cost"].notna()].assign(per=rows["label"].str.removeprefix("cost per "))
    # The stages everybody quotes; where they are not there, the last ones.
    quoted = known[known["per"].isin(QUOTED)]
    known = quoted if len(quoted) else known.tail(4)
    told = costs_in_words(zip(map(format_money, known["cost"]), known["per"], strict=True))
    if len(known) == 1:
        return f"{spent}, comes to {told}."
    others = " of the same years, whose people are not the same" if counting == "period" else ""
    return f"{spent}, comes to {told}: the same money divided by different counts{others}."
