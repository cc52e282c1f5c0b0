"""What the offences averted were worth against what was spent: hands the right effect, mix and spending to `roi`."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import is_small
from dipeval.errors import InputError
from dipeval.study.columns import value_column
from dipeval.study.provenance import shown_count
from dipeval.study.rules import disclosure_rule
from dipeval.vocabulary import POSITIVE_RESULTS

if TYPE_CHECKING:
    from dipeval.effects import Effect
    from dipeval.matching import Design
    from dipeval.outcomes import Outcomes
    from dipeval.roi import ReturnOnInvestment
    from dipeval.study.load import Prepared
    from dipeval.study.spec import CostsSpec, StudySpec

logger = logging.getLogger("dipeval")


def roi_of(
    effects: tuple[Effect, ...], prepared: Prepared, design: Design, measured: Outcomes | None, spec: StudySpec
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
    # Days in custody are a count too: the effect is picked by its outcome, never by its measure alone.
    labels = {item.label for item in spec.outcomes if item.kind == "count" and value_column(item) == "n_reoffences"}
    counted = (item for item in effects if item.measure == "mean_difference" and item.outcome_name in labels)
    effect = next(counted, None)
    if effect is None or measured is None:
        raise InputError("[costs] needs the effect on the number of reoffences; add that outcome to the study file.")
    from dipeval.roi import load_unit_costs, return_on_investment

    if is_small(effect.n_treated, disclosure_rule(spec)):
        logger.info("the money is left out: fewer people were treated than the disclosure rule lets be shown")
        return None
    logger.info("setting the value of offences averted against what was spent")
    spending = spending_of(prepared, spec)
    paid_for = people_paid_for(prepared, spending) if spec.costs.people is None else spec.costs.people
    people, cost_people = _shown(effect.n_treated, spec), _shown(paid_for, spec)
    _check_paid_for(people, cost_people, spec)
    return return_on_investment(
        replace(effect, outcome_name="n_reoffences"),  # known to be a count, even where nobody has more than one
        costs=spending,
        people=people,
        offence_mix=comparison_mix(measured, design),
        unit_costs=load_unit_costs(spec.costs.unit_costs),
        price_year=spec.costs.price_year,
        discount_rate=spec.costs.discount_rate,
        cost_people=cost_people,
        include_anticipation=spec.costs.include_anticipation,
    )


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
    """Return the lines of spending that the study sets against the benefit.

    Parameters
    ----------
    prepared
        With its extracts.
    spec
        The study: kinds of spending, funders and districts.

    Returns
    -------
    pandas.DataFrame
        Rows of the ``spend`` table.

    Raises
    ------
    InputError
        If there is no spend table, or no line is left.
    """
    costs: CostsSpec = spec.costs  # type: ignore[assignment]
    if prepared.extracts is None or "spend" not in prepared.extracts:
        raise InputError("[costs] needs a 'spend' table among the extracts; add it, or take [costs] out.")
    spend = prepared.extracts.table("spend")
    kept = spend["spent_on"].isin(costs.spent_on)
    if costs.funders:
        kept &= spend["funder"].isin(costs.funders)
    if spec.cohort.districts:
        kept &= spend["district"].isin(spec.cohort.districts)
    if not kept.any():
        raise InputError(
            f"None of the {len(spend)} lines of the spend table is of the kinds, funders and districts of the study "
            "file; check costs.spent_on, costs.funders and cohort.districts."
        )
    return spend[kept].sort_values(list(spend.columns), ignore_index=True)


def people_paid_for(prepared: Prepared, spending: pd.DataFrame) -> int:
    """Count the people who started treatment after a positive test, in the districts and years of the spending.

    A treatment extract also holds people whom the programme never met (sent by a doctor, come by themselves): counted
    in, they would make each treated person look cheaper than the programme was.

    Parameters
    ----------
    prepared
        With its extracts and linkage.
    spending
        Lines with ``district`` and ``financial_year``.

    Returns
    -------
    int
        Different people, whether or not they are in the cohort: the money was spent on all of them.
    """
    from dipeval.roi.tables import first_year

    extracts, linkage = prepared.extracts, prepared.linkage
    if extracts is None or linkage is None or "treatment" not in extracts:
        raise InputError("[costs] needs the treatment table, or costs.people: how many people the spending paid for.")
    treatment = extracts.table("treatment")[["record_id", "district", "start_date"]]
    spine = linkage.to_frame()
    tests = extracts.table("drug_tests")
    positive = tests.loc[tests["result"].isin(POSITIVE_RESULTS), ["record_id", "test_date"]]
    first_positive = positive.merge(_whose(spine, "drug_tests"), on="record_id").groupby("person_id")["test_date"].min()
    # A financial year runs from 1 April.
    year = treatment["start_date"].dt.year - (treatment["start_date"].dt.month < 4).astype("int64")
    treatment = treatment.assign(year=year).merge(_whose(spine, "treatment"), on="record_id")
    after_test = treatment["start_date"] >= treatment["person_id"].map(first_positive)
    paid = {
        (d, first_year(y, "financial_year"))
        for d, y in zip(spending["district"], spending["financial_year"], strict=True)
    }
    covered = pd.MultiIndex.from_frame(treatment[["district", "year"]]).isin(list(paid))
    return int(treatment.loc[covered & after_test, "person_id"].nunique())


def _whose(spine: pd.DataFrame, table: str) -> pd.DataFrame:
    return spine.loc[spine["table"] == table, ["record_id", "person_id"]]


def comparison_mix(measured: Outcomes, design: Design) -> pd.DataFrame:
    """Return which offences the comparison people committed, each person with the design's weight.

    Parameters
    ----------
    measured
        Outcomes with reoffences by group.
    design
        Weights.

    Returns
    -------
    pandas.DataFrame
        offence_group, share (adding up to 1).
    """
    weights = design.weights[~design.treated.astype(bool)]
    counts: Any = measured.by_group
    counts = counts[counts["person_id"].isin(weights.index[weights > 0])]
    weighted = counts["n_reoffences"] * counts["person_id"].map(weights)
    totals = weighted.groupby(counts["offence_group"].to_numpy()).sum()
    if not totals.sum() > 0:
        raise InputError("Nobody in the comparison group reoffended, so there is no mix of offences to value.")
    return pd.DataFrame({"offence_group": totals.index, "share": (totals / totals.sum()).to_numpy()})
