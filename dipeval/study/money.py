"""What the offences averted were worth against what was spent: hands the right effect, mix and spending to `roi`."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import is_small
from dipeval.errors import InputError
from dipeval.study.money_effects import comparison_mix, counted_effect
from dipeval.study.money_options import against, assumptions_of, effect_of, in_cost_keys
from dipeval.study.money_people import check_districts, cost_people_of, people_paid_for, people_reached_of
from dipeval.study.money_tables import MoneyTables, money_tables_of
from dipeval.study.provenance import shown_count
from dipeval.study.rules import disclosure_rule

if TYPE_CHECKING:
    from dipeval.effects import Effect, LinkagePropagation
    from dipeval.matching import Design
    from dipeval.outcomes import Outcomes
    from dipeval.roi import ReturnOnInvestment
    from dipeval.roi.offences.averted import OffencesAverted
    from dipeval.study.load import Prepared
    from dipeval.study.spec import CostsSpec, StudySpec

__all__ = ["comparison_mix", "people_paid_for", "roi_of", "spending_of"]

logger = logging.getLogger("dipeval")


def roi_of(
    effects: tuple[Effect, ...],
    prepared: Prepared,
    design: Design,
    measured: Outcomes | None,
    spec: StudySpec,
    *,
    tables: MoneyTables | None = None,
    averted: OffencesAverted | None = None,
    linkage: LinkagePropagation | None = None,
) -> ReturnOnInvestment | None:
    """Return the return on investment, or None if the study asks for none or its figures could not be shown.

    Parameters
    ----------
    effects
        Of the primary design; the difference in the mean number of reoffences is the one that counts.
    prepared
        Where spending and treatment stand.
    design
        Whose comparison people show which offences would have been committed.
    measured
        The measured outcomes, for the mix of offences.
    spec
        The study.
    tables
        Unit costs and deflator; default what the study names, from the working folder.
    averted
        The offences averted by group, instead of the mix of the comparison people.
    linkage
        What not knowing the links does to this effect.

    Returns
    -------
    ReturnOnInvestment or None
        None too where so few people were treated that no money figure could be shown.

    Raises
    ------
    InputError
        If there is no spending of the kinds named, or it paid for fewer people than the effect is about.
    """
    if spec.costs is None:
        return None
    effect = counted_effect(effects, spec)
    if measured is None:
        raise InputError("[costs] needs reoffences measured from extracts; take it out of this study.")
    if is_small(effect.n_treated, disclosure_rule(spec)):
        logger.info("the money is left out: fewer people were treated than the disclosure rule lets be shown")
        return None
    logger.info("setting the value of offences averted against what was spent")
    spending = spending_of(prepared, spec)
    paid_for = cost_people_of(prepared, spending, spec)
    _check_paid_for(effect.n_treated, paid_for, spec)
    kinds = {"averted": averted} if averted is not None else {"offence_mix": comparison_mix(measured, design)}
    from dipeval.roi import return_on_investment

    try:
        return return_on_investment(
            _as_shown(effect, spec),
            costs=spending,
            linkage=linkage,
            **kinds,
            **_people(prepared, spending, paid_for, spec),
            **_options(spec, tables or money_tables_of(spec.costs, Path())),
        )
    except InputError as error:
        raise InputError(f"[costs]: {in_cost_keys(str(error))}") from None


def _options(spec: StudySpec, tables: MoneyTables) -> dict[str, Any]:
    """The keys of the study file under the names that `roi` gives them."""
    costs: CostsSpec = spec.costs  # type: ignore[assignment]
    same = ("price_year", "discount_rate", "include_anticipation", "scale_to_all_treated", "perspective", "draws")
    return {name: getattr(costs, name) for name in same} | {
        "reason": costs.reason,
        "effect_of": effect_of(spec),
        "against": against(spec),
        "assumptions": assumptions_of(costs.assumptions),
        "unit_costs": tables.unit_costs,
        "deflator": tables.deflator,
        "follow_up_days": spec.follow_up.days,
        "seed": spec.seed,
    }


def _as_shown(effect: Effect, spec: StudySpec) -> Effect:
    """The effect with the count of treated people that a report may show.

    With the exact one, offences averted divided by the effect per person, or money divided by money per person, would
    give it back. `roi` counts the benefit for the people in the effect and for nobody else, so that it is the effect
    that carries the shown count; no estimate and no interval depends on it.
    """
    # Known to be a count, even where nobody has more than one.
    return replace(effect, outcome_name="n_reoffences", n_treated=_shown(effect.n_treated, spec))


def _people(prepared: Prepared, spending: pd.DataFrame, paid_for: int, spec: StudySpec) -> dict[str, Any]:
    """People by kind of spending, as they may be shown; kinds that reached too few to be told are left out."""
    rule = disclosure_rule(spec)
    counted = people_reached_of(prepared, spending, paid_for)
    shown = {kind: shown_count(people, rule) for kind, people in counted.items()}
    return {
        "cost_people": _shown(paid_for, spec),
        "people_reached": {kind: people for kind, people in shown.items() if people is not None},
    }


def _check_paid_for(people: int, cost_people: int, spec: StudySpec) -> None:
    """Say without counts, where counts are protected, what `roi` would say with them."""
    if disclosure_rule(spec).protects and cost_people < people:
        raise InputError(
            "[costs]: the spending paid for fewer people than the effect is about. Check costs.people if it is given, "
            "or whether the spend table covers the districts and years in which people were treated."
        )


def _shown(people: int, spec: StudySpec) -> int:
    """The count that the report may show: with the exact one, money divided by effect or by people gives it back."""
    return shown_count(people, disclosure_rule(spec)) or people


def spending_of(prepared: Prepared, spec: StudySpec) -> pd.DataFrame:
    """Return the lines of spending of a study, whatever they were for: which are set against the benefit is a key.

    Parameters
    ----------
    prepared
        With its extracts.
    spec
        The study: funders and districts, and the kinds of which there must be a line.

    Returns
    -------
    pandas.DataFrame
        Rows of the ``spend`` table.

    Raises
    ------
    InputError
        If there is no spend table, or no line of the kinds set against the benefit is left.
    """
    costs: CostsSpec = spec.costs  # type: ignore[assignment]
    if prepared.extracts is None or "spend" not in prepared.extracts:
        raise InputError("[costs] needs a 'spend' table among the extracts; add it, or take [costs] out.")
    spend = prepared.extracts.table("spend")
    check_districts(prepared, spend)
    kept = pd.Series(True, index=spend.index)
    if costs.funders:
        kept &= spend["funder"].isin(costs.funders)
    if spec.cohort.districts:
        kept &= spend["district"].isin(spec.cohort.districts)
    if not (kept & spend["spent_on"].isin(against(spec))).any():
        raise InputError(
            f"None of the {len(spend)} lines of the spend table is of the kinds, funders and districts of the study "
            "file; check costs.spent_on, costs.funders and cohort.districts."
        )
    # How many people a line says it paid for is not made coarser anywhere: what is counted in the extracts stands.
    own = spend.columns.difference(["people"], sort=False) if disclosure_rule(spec).protects else spend.columns
    return spend.loc[kept, own].sort_values(list(own), ignore_index=True)
