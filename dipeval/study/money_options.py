"""`[costs]` composed into the options of `dipeval.roi`: what the effect is an effect of, spending, assumptions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from dipeval.errors import InputError

if TYPE_CHECKING:
    from dipeval.roi.assumptions import RoiAssumptions
    from dipeval.roi.uncertain import Uncertain
    from dipeval.study.spec import CostsSpec, StudySpec
    from dipeval.study.spec_money import AssumptionsSpec, FigureSpec

# How `dipeval.roi` tells a remedy, and what it is in a study file.
_KEYS: Final = (
    (re.compile(r"Name '(\w+)' in against: the costs hold such lines, whoever paid"), r'Write "\1" in costs.spent_on'),
    (re.compile(r"\bname the kinds to set against it in against="), "name them in costs.spent_on"),
    (re.compile(r"\bagainst names\b"), "costs.spent_on names"),
    (re.compile(r"\beffect_of='(\w+)'"), r'costs.effect_of = "\1"'),
    (re.compile(r"\breason= "), "costs.reason "),
    (re.compile(r"\bcost_people\b"), "costs.people"),
    (re.compile(r"\bscale_to_all_treated=True\b"), "costs.scale_to_all_treated = true"),
    (re.compile(r"\binclude_anticipation=True\b"), "costs.include_anticipation = true"),
)


def in_cost_keys(sentence: str) -> str:
    """Rewrite the remedies of `dipeval.roi`, which are Python arguments, as keys of the study file.

    Examples
    --------
    >>> in_cost_keys("Say how many people: pass cost_people.")
    'Say how many people: pass costs.people.'
    """
    for pattern, key in _KEYS:
        sentence = pattern.sub(key, sentence)
    return sentence


def effect_of(spec: StudySpec) -> str:
    """Return what the effect of a study is an effect of: as written, else what makes a person treated in it.

    Parameters
    ----------
    spec
        The study.

    Returns
    -------
    str
        ``treatment``, ``contact`` or ``programme``. Court orders are orders to be treated.
    """
    costs: CostsSpec = spec.costs  # type: ignore[assignment]
    return costs.effect_of or ("contact" if spec.cohort.exposure == "contact" else "treatment")


def against(spec: StudySpec) -> tuple[str, ...]:
    """Return the kinds of spending set against the benefit: as written, else what the effect is an effect of.

    Parameters
    ----------
    spec
        The study.

    Returns
    -------
    tuple of str
        For a whole programme without a word, testing, contact and treatment.
    """
    costs: CostsSpec = spec.costs  # type: ignore[assignment]
    if costs.spent_on is not None:
        return tuple(dict.fromkeys(costs.spent_on))
    own = effect_of(spec)
    return ("testing", "contact", "treatment") if own == "programme" else (own,)


def uncertain(figure: FigureSpec) -> Uncertain:
    """Return a figure of the study file as an `Uncertain`; without ends it is taken as known.

    Parameters
    ----------
    figure
        As written.

    Returns
    -------
    Uncertain

    Raises
    ------
    InputError
        If the ends do not enclose the value, only one of them is given, or the family cannot hold them.
    """
    from dipeval.roi.uncertain import Uncertain

    if figure.low is None and figure.high is None:
        return Uncertain.exactly(figure.value, figure.source)
    if figure.low is None or figure.high is None:
        raise InputError("An uncertain figure needs both ends: give low and high, or neither.")
    return Uncertain(figure.value, figure.low, figure.high, figure.family, figure.source)


def assumptions_of(written: AssumptionsSpec) -> RoiAssumptions:
    """Return the steps between the effect and the money; what is not written keeps its default, off.

    Parameters
    ----------
    written
        ``[costs.assumptions]``.

    Returns
    -------
    RoiAssumptions

    Raises
    ------
    InputError
        If a figure is out of its range.
    """
    from dipeval.roi.assumptions import RoiAssumptions

    given: dict[str, Any] = {name: uncertain(figure) for name, figure in written.figures.items()}
    multipliers = written.actual_per_recorded
    if not isinstance(multipliers, str):
        multipliers = {group: uncertain(figure) for group, figure in multipliers.items()}  # type: ignore[misc]
    years = written.extrapolate_years
    return RoiAssumptions(actual_per_recorded=multipliers, extrapolate_years=years, **given)  # type: ignore[arg-type]
