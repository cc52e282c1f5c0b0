"""Everything a study tells of money, part by part: after the gate, but for what spending comes to at each stage."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from dipeval.disclosure import is_small
from dipeval.errors import DipevalError, EstimationError
from dipeval.study.money import roi_of, spending_of
from dipeval.study.money_effects import (
    NothingToValue,
    averted_by_group,
    counted_effect,
    linked_effects,
    own_offences,
    widest,
)
from dipeval.study.money_stages import stages_of
from dipeval.study.money_tables import MoneyTables, money_tables_of
from dipeval.study.money_told import prices_shown
from dipeval.study.rules import disclosure_rule

if TYPE_CHECKING:
    import pandas as pd

    from dipeval.effects import Effect, LinkagePropagation
    from dipeval.matching import Design
    from dipeval.roi import ReturnOnInvestment
    from dipeval.roi.decisions.acceptability import AcceptabilityCurve
    from dipeval.roi.offences.averted import OffencesAverted
    from dipeval.roi.offences.prolific import ValuePerPerson
    from dipeval.roi.spending.per_stage import CostPerStage
    from dipeval.study.gate import Permit
    from dipeval.study.load import Prepared
    from dipeval.study.sealed import Opened
    from dipeval.study.spec import StudySpec

logger = logging.getLogger("dipeval")
Found = TypeVar("Found")

TOO_FEW: Final = "There are too few people or offences for it."
NOTE_FUNDERS: Final = (
    "Only what {funders} paid is counted (costs.funders). What others paid towards the same people is left out, so the "
    "ratio is that of this money alone and larger than the programme's."
)
NOTE_LINKED: Final = (
    "The effect behind the money allows for not knowing whose {file} records are whose; of the files asked about, this "
    "one leaves it least certain. Errors of several files are not added up."
)
NOTE_NOT_LINKED: Final = (
    "Linkage error of {files} could not be carried into the money (the log says why): its interval does not hold it."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Money:
    """What a study tells of money.

    Parameters
    ----------
    roi
        Return on investment: the answer. None if the effect is withheld, or rests on too few people to be shown.
    other
        The same with the offences averted found the other way: estimated by group where `roi` takes the mix of the
        comparison people, and the other way about; None if that could not be done.
    by_group
        Offences averted by offence group, each estimated.
    acceptability
        What a proven offence averted would have to be worth for `roi` to be worth its cost.
    per_person
        Mean, median and trimmed mean of what a person's reoffences cost: how far a few people drive the mean.
    per_stage
        What the spending comes to for each person who reached a stage: of no outcome, so shown if the effect is
        withheld too.
    linked
        What not knowing the links does to the effect that the money is made from, one result a file.
    linked_by
        The file whose linkage error is in `roi`; empty if none is.
    not_done
        Part -> why it could not be worked out.
    notes
        What has to be known to read the figures, beside the notes of the parts.
    prices
        What an offence of each group costs, at every price at which sums are shown (`prices_shown`).
    """

    roi: ReturnOnInvestment | None = None
    other: ReturnOnInvestment | None = None
    by_group: OffencesAverted | None = None
    acceptability: AcceptabilityCurve | None = None
    per_person: ValuePerPerson | None = None
    per_stage: CostPerStage | None = None
    linked: tuple[LinkagePropagation, ...] = ()
    linked_by: str = ""
    not_done: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()
    prices: pd.DataFrame | None = field(default=None, repr=False)

    @property
    def rests_on_outcomes(self) -> bool:
        """Whether anything here was made from an outcome: a withheld study may hold none of it."""
        return bool(self.linked) or any(
            part is not None for part in (self.roi, self.other, self.by_group, self.acceptability, self.per_person)
        )


def money_before(prepared: Prepared, spec: StudySpec, folder: Path) -> Money | None:
    """Return what can be told of money without an outcome: what the spending comes to at each stage.

    Parameters
    ----------
    prepared
        With its extracts and linkage.
    spec
        The study.
    folder
        Where relative paths start: the study file's folder.

    Returns
    -------
    Money or None
        None if the study costs nothing out.
    """
    if spec.costs is None:
        return None
    not_done: dict[str, str] = {}
    per_stage = _stages(prepared, spec, money_tables_of(spec.costs, folder), not_done)
    return Money(per_stage=per_stage, not_done=MappingProxyType(not_done), notes=_notes(spec, None, ()))


def money_of(
    effects: tuple[Effect, ...],
    prepared: Prepared,
    design: Design,
    opened: Opened,
    spec: StudySpec,
    *,
    folder: Path,
    drawn: tuple[LinkagePropagation, ...],
    leave: Permit,
) -> Money | None:
    """Return everything the study tells of money; None if it costs nothing out.

    Parameters
    ----------
    effects
        Of the primary design.
    prepared
        With its extracts and linkage.
    design
        The primary design.
    opened
        The outcomes, after the gate.
    spec
        The study.
    folder
        Where relative paths start: the study file's folder.
    drawn
        Linkage error of the primary outcome, which may be the one that money is made from.
    leave
        The gate's permit.

    Returns
    -------
    Money or None

    Raises
    ------
    InputError
        If the return on investment itself cannot be worked out; what stands beside it fails alone (`Money.not_done`).
    """
    if spec.costs is None:
        return None
    not_done: dict[str, str] = {}
    tables = money_tables_of(spec.costs, folder)
    per_stage = _stages(prepared, spec, tables, not_done)
    measured = opened.measured
    effect = counted_effect(effects, spec)
    few = is_small(effect.n_treated, disclosure_rule(spec))
    linked, failed = ((), ()) if few else linked_effects(prepared, opened, effect, spec, drawn, leave)
    carried = widest(linked)
    by_group = None if few else _by_group(prepared, design, opened, spec, not_done)
    given: dict[str, Any] = {"tables": tables, "linkage": carried}

    def work_out(averted: OffencesAverted | None) -> ReturnOnInvestment | None:
        return roi_of(effects, prepared, design, measured, spec, averted=averted, **given)

    estimated = spec.costs.averted == "estimated"
    roi = _part("roi", lambda: work_out(by_group if estimated else None), not_done, spec, NothingToValue)
    other = None
    if roi is not None and by_group is not None:
        other = _part("other", lambda: work_out(None if estimated else by_group), not_done, spec)
    return Money(
        roi=roi,
        other=other,
        by_group=by_group,
        acceptability=_acceptability(roi, spec, not_done),
        per_person=None if few else _per_person(prepared, design, opened, spec, tables, not_done),
        per_stage=per_stage,
        linked=linked,
        linked_by="" if carried is None or roi is None else carried.link,
        not_done=MappingProxyType(not_done),
        notes=_notes(spec, carried, failed),
        prices=prices_shown(tables.unit_costs, include_anticipation=spec.costs.include_anticipation),
    )


def _part(
    name: str,
    make: Callable[[], Found],
    not_done: dict[str, str],
    spec: StudySpec,
    stopped_by: type[DipevalError] = DipevalError,
) -> Found | None:
    """A part that stands beside the answer: where it cannot be made, why is kept, and the rest goes on."""
    try:
        return make()
    except stopped_by as problem:
        logger.info("money: %s left out (%s)", name.replace("_", " "), type(problem).__name__)
        # What cannot be estimated is told with the numbers of people it could not be estimated from.
        telling = isinstance(problem, EstimationError | NothingToValue) and disclosure_rule(spec).protects
        not_done[name] = TOO_FEW if telling else str(problem)
        return None


def _stages(prepared: Prepared, spec: StudySpec, tables: MoneyTables, not_done: dict[str, str]) -> CostPerStage | None:
    assert spec.costs is not None
    if not spec.costs.stages:
        return None
    return _part("per_stage", lambda: stages_of(prepared, spending_of(prepared, spec), spec, tables), not_done, spec)


def _by_group(
    prepared: Prepared, design: Design, opened: Opened, spec: StudySpec, not_done: dict[str, str]
) -> OffencesAverted | None:
    assert spec.costs is not None
    if spec.costs.averted == "estimated":
        return averted_by_group(opened.measured, design, prepared, spec)
    if spec.effect.estimator != "weighted":
        return None
    return _part("by_group", lambda: averted_by_group(opened.measured, design, prepared, spec), not_done, spec)


def _acceptability(
    roi: ReturnOnInvestment | None, spec: StudySpec, not_done: dict[str, str]
) -> AcceptabilityCurve | None:
    from dipeval.roi import acceptability_curve

    assert spec.costs is not None
    if roi is None or not spec.costs.acceptability:
        return None
    return _part("acceptability", lambda: acceptability_curve(roi), not_done, spec)


def _per_person(
    prepared: Prepared, design: Design, opened: Opened, spec: StudySpec, tables: MoneyTables, not_done: dict[str, str]
) -> ValuePerPerson | None:
    from dipeval.roi.offences.prolific import value_per_person

    costs = spec.costs
    assert costs is not None
    if not costs.prolific:
        return None
    return _part(
        "per_person",
        lambda: value_per_person(
            design,
            own_offences(opened.measured, design),
            unit_costs=tables.unit_costs,
            perspective=costs.perspective,
            price_year=costs.price_year,
            include_anticipation=costs.include_anticipation,
            cluster=prepared.cluster,
            seed=spec.seed,
        ),
        not_done,
        spec,
    )


def _notes(spec: StudySpec, carried: LinkagePropagation | None, failed: tuple[str, ...]) -> tuple[str, ...]:
    assert spec.costs is not None
    notes = []
    if spec.costs.funders:
        notes.append(NOTE_FUNDERS.format(funders=" and ".join(spec.costs.funders)))
    if carried is not None:
        notes.append(NOTE_LINKED.format(file=carried.link))
    if failed:
        notes.append(NOTE_NOT_LINKED.format(files=" and ".join(failed)))
    return tuple(notes)
