"""Whom a line of spending paid for: the people counted for all of it, and those each kind of spending reached."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from dipeval.errors import InputError
from dipeval.presenting import and_join
from dipeval.roi.entrance import is_whole
from dipeval.roi.spending.cost_checks import in_order
from dipeval.vocabulary import SPENT_ON

# A person must be found before being met, and met before being treated.
_FUNNEL: Final = ("testing", "contact", "treatment")
# A test alone costs more than this: less looks like thousands of pounds taken for pounds.
LEAST_EACH: Final = 20


def _on_the_way(effect_of: str) -> tuple[str, ...]:
    """The kinds of spending through which everyone an effect is about must have come."""
    return _FUNNEL[: _FUNNEL.index(effect_of) + 1] if effect_of in _FUNNEL else ()


def check_people_count(cost_people: int | None) -> int:
    """Return the people the money paid for, or say that spending without people cannot be used."""
    if cost_people is None:
        raise InputError(
            "The spending does not say how many people it paid for, so it cannot be set against an effect per person: "
            "pass cost_people, the number of people treated with this money (all of them, not only those analysed)."
        )
    if not is_whole(cost_people) or cost_people < 1:
        raise InputError("people and cost_people must be whole numbers above 0.")
    return int(cost_people)


def check_reached(
    people_reached: Mapping[str, int] | None, kinds: Sequence[str], cost_people: int, effect_of: str
) -> dict[str, int]:
    """Return how many people each kind of spending reached, or say what cannot be."""
    if not isinstance(people_reached, Mapping | None):
        raise InputError(
            "people_reached must say the people by kind of spending, such as {'testing': 500}; this is a "
            f"{type(people_reached).__name__}."
        )
    reached = dict(people_reached or {})
    unknown = sorted(set(reached) - set(SPENT_ON))
    if unknown:
        raise InputError(
            f"people_reached names {len(unknown)} kind(s) of spending that dipeval does not know: "
            f"{', '.join(map(str, unknown))}. The kinds are: {', '.join(SPENT_ON)}."
        )
    wrong = [kind for kind, n in reached.items() if not is_whole(n) or n < 1]
    if wrong:
        raise InputError(f"people_reached must hold whole numbers above 0; look at {and_join(in_order(wrong))}.")
    few = [kind for kind in _on_the_way(effect_of) if reached.get(kind, cost_people) < cost_people]
    if few:
        raise InputError(
            f"people_reached says that {and_join(few)} reached fewer people than cost_people, although everyone the "
            "money was spent on must have come through it. Count everyone whom that kind of spending reached, or leave "
            "it out of people_reached."
        )
    return {kind: int(reached[kind]) for kind in in_order(reached) if kind in kinds}


def stated_people(lines: pd.DataFrame, kinds: tuple[str, ...]) -> tuple[dict[str, int], list[str]]:
    """People that the lines themselves state, by kind: funders who share people state the same number."""
    stated, doubts = {}, []
    for kind in kinds:
        own = lines[lines["spent_on"] == kind]
        if own["people"].isna().any():
            continue
        cells = own.groupby(["district", "year"], sort=True)["people"]
        if (cells.nunique() > 1).any():
            doubts.append(
                f"The {kind} lines of one district and year state different numbers of people, so it is not known "
                "how many they reached together; give people_reached."
            )
            continue
        stated[kind] = int(math.fsum(cells.max()))
    return stated, doubts


def people_by_kind(reached: dict[str, int], stated: dict[str, int], cost_people: int) -> dict[str, int]:
    """People reached by kind: what was passed, else what the lines state."""
    both = {**{kind: max(n, cost_people) for kind, n in stated.items()}, **reached}
    return {kind: both[kind] for kind in in_order(both)}


def what_looks_wrong(
    lines: pd.DataFrame, against: tuple[str, ...], stated: dict[str, int], effect_of: str, cost_people: int
) -> list[str]:
    """Return a sentence for each thing about the lines that is allowed and should be looked at."""
    doubts = []
    few = [kind for kind in _on_the_way(effect_of) if stated.get(kind, cost_people) < cost_people]
    if few:
        doubts.append(
            f"The {and_join(few)} lines state fewer people than cost_people: the money is shared by more people than "
            "it paid for, which flatters the ratio. Check both."
        )
    twice = int(lines.duplicated().sum())
    if twice:
        doubts.append(f"{twice} line(s) of the costs are the same as another in everything: are they entered twice?")
    if math.fsum(lines.loc[lines["spent_on"].isin(against), "real"]) < LEAST_EACH * cost_people:
        doubts.append(
            f"The spending comes to less than £{LEAST_EACH} a person: check that the amounts are in single pounds, not "
            "in thousands."
        )
    return doubts
