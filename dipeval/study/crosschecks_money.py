"""Agreements between `[costs]` and the other sections of a study file, and between its own keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from dipeval.errors import InputError
from dipeval.study.columns import Location, value_column
from dipeval.study.money_options import against, assumptions_of, effect_of, in_cost_keys, uncertain
from dipeval.vocabulary import OFFENCE_GROUPS

if TYPE_CHECKING:
    from dipeval.study.spec import StudySpec
    from dipeval.study.spec_money import AssumptionsSpec, FigureSpec

Complaint = tuple[Location, str]
_PLACE: Final[Location] = ("costs", "assumptions")
KINDS: Final = ("testing", "contact", "treatment")


def money_complaints(spec: StudySpec) -> Iterator[Complaint]:
    """Yield what does not agree with `[costs]`, each with its place.

    Parameters
    ----------
    spec
        The study.

    Returns
    -------
    iterator of (location, words)
    """
    if spec.costs is None:
        return
    if not spec.from_extracts:
        yield ("costs",), "money needs extracts with a spend table and offences; take [costs] out of this study."
        return
    for check in _CHECKS:
        yield from check(spec)


def _outcome(spec: StudySpec) -> Iterator[Complaint]:
    if not any(value_column(outcome) == "n_reoffences" and outcome.kind == "count" for outcome in spec.outcomes):
        yield (
            ("costs",),
            (
                'offences averted need the outcome n_reoffences of kind "count" (a yes/no effect says nothing about '
                "how many); add it to [[outcomes]] or take [costs] out."
            ),
        )


def _whose(spec: StudySpec) -> Iterator[Complaint]:
    """What the effect is said to be an effect of, and what makes a person treated."""
    costs, exposure = spec.costs, spec.cohort.exposure
    assert costs is not None
    own = "contact" if exposure == "contact" else "treatment"
    if costs.effect_of not in (None, "programme", own):
        yield (
            ("costs", "effect_of"),
            f'found "{costs.effect_of}"; with cohort.exposure = "{exposure}" the effect is one of {own} (or, where '
            'nobody could be treated without it, of the "programme").',
        )
    if exposure == "order" and costs.people is None:
        yield (
            ("costs", "people"),
            'this is missing; with cohort.exposure = "order" the spending does not say how many people it paid for.',
        )


def _reason(spec: StudySpec) -> Iterator[Complaint]:
    """A treatment effect against contact alone, or against the whole programme, is a choice that wants defending."""
    from dipeval.roi.spending.cost_reasons import REASON_LETTERS, reason_needed

    costs = spec.costs
    assert costs is not None
    kinds = against(spec)
    why = reason_needed(effect_of(spec), kinds, tuple(dict.fromkeys([*KINDS, *kinds])))
    if why and sum(letter.isalpha() for letter in costs.reason) < REASON_LETTERS:
        found = ", ".join(f'"{kind}"' for kind in kinds)
        yield (
            ("costs", "reason" if costs.reason else "spent_on"),
            f"found spent_on = [{found}]. {in_cost_keys(why)} If that is meant, write why in costs.reason "
            f"({REASON_LETTERS} letters or more).",
        )


def _tables(spec: StudySpec) -> Iterator[Complaint]:
    costs = spec.costs
    assert costs is not None
    if costs.fiscal_file is not None and "fiscal" in costs.model_fields_set:
        yield ("costs", "fiscal"), "costs.fiscal_file names a table of your own; keep one of the two."
    if costs.unit_costs_file is None:
        return
    for key in ("unit_costs", "fiscal", "fiscal_file", "drug_offences"):
        if key in costs.model_fields_set:
            yield (
                ("costs", key),
                "this goes with the tables that come with dipeval, and costs.unit_costs_file names one of your own; "
                "keep one of the two.",
            )


def _estimated(spec: StudySpec) -> Iterator[Complaint]:
    costs = spec.costs
    assert costs is not None
    if costs.averted == "estimated" and spec.effect.estimator != "weighted":
        yield (
            ("costs", "averted"),
            f'found "estimated"; offences by group are differences of weighted means, and effect.estimator = '
            f'"{spec.effect.estimator}" is another answer. Use averted = "mix", or the estimator "weighted".',
        )


def _linked(spec: StudySpec) -> Iterator[Complaint]:
    """What uncertain links do to the money can be told where links have probabilities and are drawn."""
    costs = spec.costs
    assert costs is not None
    if not costs.linkage:
        return
    from dipeval.study.linkage_error import drawable

    why = None
    if spec.linkage.profile == "deterministic":
        why = 'linkage.profile = "deterministic" has no probabilities to draw from; use "attributor" or "full"'
    elif not spec.linkage.error.draws:
        why = "linkage.error.draws = 0 draws no links; ask for 20"
    elif not drawable(spec):
        why = "links are drawn for treatment after a person's first index event, with a landmark, only"
    if why is not None:
        yield ("costs", "linkage"), f"{why}, or take linkage out of [costs]."


def _assumptions(spec: StudySpec) -> Iterator[Complaint]:
    costs = spec.costs
    assert costs is not None
    written, wrong = costs.assumptions, False
    for place, words in _figures(written):
        wrong = True
        yield (*_PLACE, *place), words
    if not wrong:
        yield from _alone_and_together(written)


def _figures(written: AssumptionsSpec) -> Iterator[Complaint]:
    """Each figure by itself: ends that enclose it, a family that can hold it, a group that there is."""
    figures: dict[Location, FigureSpec] = {(name,): figure for name, figure in written.figures.items()}
    multipliers = written.actual_per_recorded
    if not isinstance(multipliers, str):
        unknown = sorted(set(multipliers) - set(OFFENCE_GROUPS))
        if unknown:
            groups = ", ".join(OFFENCE_GROUPS)
            yield ("actual_per_recorded",), f"there is no offence group '{unknown[0]}'; the groups are {groups}."
        figures |= {("actual_per_recorded", group): figure for group, figure in multipliers.items()}
    for place, figure in figures.items():
        try:
            uncertain(figure)
        except InputError as error:
            yield place, _sentence(error)


def _alone_and_together(written: AssumptionsSpec) -> Iterator[Complaint]:
    """Each key as the option it becomes, then all of them, so that a complaint stands where its figure does."""
    if written.extrapolate_years and written.drop_off is None:
        yield (
            (*_PLACE, "extrapolate_years"),
            f"found {written.extrapolate_years}; years beyond the follow-up need drop_off beside them, the share of "
            "the effect lost with each (0 says that it never fades: write that down if you mean it).",
        )
        return
    if written.drop_off is not None and not written.extrapolate_years:
        yield (*_PLACE, "drop_off"), "this is about years beyond the follow-up: write extrapolate_years beside it."
    for name in written.model_fields_set - {"extrapolate_years"}:
        alone = type(written)(**{name: getattr(written, name)})
        try:
            assumptions_of(alone)
        except InputError as error:
            yield (*_PLACE, name), _sentence(error)


def _sentence(error: InputError) -> str:
    words = str(error)
    return f"{words[0].lower()}{words[1:]}"


_CHECKS: Final[tuple[Callable[[StudySpec], Iterator[Complaint]], ...]] = (
    _outcome,
    _whose,
    _reason,
    _tables,
    _estimated,
    _linked,
    _assumptions,
)
