"""From an effect on the number of offences to money, step by step."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.errors import InputError
from dipeval.roi.assemble import WITH, WITHOUT, Facts, assemble
from dipeval.roi.assumptions import RoiAssumptions
from dipeval.roi.checks import Mix, check_choices, check_mix, check_options, check_people, check_rate
from dipeval.roi.costs_of_crime.prices import Deflator, first_year
from dipeval.roi.costs_of_crime.tables import load_unit_costs
from dipeval.roi.costs_of_crime.worth import Worth, worth_of
from dipeval.roi.drawing import Central
from dipeval.roi.effect_in import averted_from, check_averted, check_effect
from dipeval.roi.result import ReturnOnInvestment
from dipeval.roi.spending.cost_lines import read_cost_lines
from dipeval.roi.steps import multipliers
from dipeval.roi.timing import timing

if TYPE_CHECKING:
    from dipeval.effects import Effect, LinkagePropagation
    from dipeval.roi.offences.averted import OffencesAverted

logger = logging.getLogger("dipeval")


def return_on_investment(
    effect: Effect,
    *,
    costs: pd.DataFrame,
    offence_mix: pd.DataFrame | None = None,
    averted: OffencesAverted | None = None,
    unit_costs: pd.DataFrame | None = None,
    price_year: int = 2019,
    discount_rate: float = 0.035,
    people: int | None = None,
    cost_people: int | None = None,
    people_reached: Mapping[str, int] | None = None,
    scale_to_all_treated: bool = False,
    perspective: str = "social",
    include_anticipation: bool = False,
    effect_of: str = "treatment",
    against: Iterable[str] | None = None,
    reason: str = "",
    assumptions: RoiAssumptions | None = None,
    follow_up_days: int = 365,
    linkage: LinkagePropagation | None = None,
    deflator: pd.DataFrame | None = None,
    draws: int = 10_000,
    seed: int = 0,
    level: float | None = None,
) -> ReturnOnInvestment:
    """Set the value of the offences averted against what was spent.

    Parameters
    ----------
    effect
        Effect on the *number* of proven reoffences (``mean_difference``); anything on yes/no is refused.
    costs
        Spending, one row a line: ``financial_year``, ``amount`` (pounds), ``spent_on``, ``price_year``; optional
        ``funder``, ``people``, ``marginal_share``. See `against`.
    offence_mix
        ``offence_group`` and ``share`` (adding up to 1): which offences the averted ones are taken to have been; with
        ``n`` (offences behind each share, as if each were another person's: fewer than were counted where some people
        committed many) the mix is uncertain too.
    averted
        Instead of a mix: the offences averted by group, from `offences_averted`.
    unit_costs
        ``offence_group``, ``anticipation``, ``unit_cost`` (pounds per crime), ``price_year``; default
        `load_unit_costs`.
    price_year
        Prices everything is shown in; 2019 stands for 2019/20.
    discount_rate
        A year, as a share: 0.035 is 3.5%. Spending of later years is brought to the first year of spending, and the
        benefits are spread over the years as the spending is.
    people
        People the benefit is counted for; default the treated people the effect is about, and never more than those.
    cost_people
        People treated with this money. Required: the cost set against the benefit is the part for `people`.
    people_reached
        By kind of spending, the people it reached (tested, met): shows each kind's own share beside.
    scale_to_all_treated
        Count the benefit for everybody in `cost_people`, as if those not analysed gained as much. Off by default.
    perspective
        Of the headline: ``fiscal``, ``economic`` or ``social``; all three are shown, and never added up.
    include_anticipation
        Whether costs in anticipation of crime (security, insurance) count; left out by default, as the publisher's
        rule for marginal reductions asks. Both are shown.
    effect_of
        What the effect is one of: ``treatment``, ``contact`` or the ``programme``.
    against, reason
        Kinds of spending set against the benefit (default the effect's own kind), and why, where they are others.
    assumptions
        Steps between the effect and the money that no data settle, each off unless switched on.
    follow_up_days
        Days over which reoffences were counted, the same for everybody.
    linkage
        Linkage error of this effect, from ``propagate_linkage(..., primary=effect)``: its estimate and interval are
        used, and the plain ones shown beside.
    deflator
        ``year`` and ``deflator``; default `load_gdp_deflator`.
    draws, seed
        Of the Monte Carlo over every uncertain input.
    level
        Coverage of the intervals, 0-1; default that of the effect.

    Returns
    -------
    ReturnOnInvestment
        Offences averted, value, cost, ratio and net value, each with its interval.

    Raises
    ------
    EstimationError
        If the effect is not about a number of offences.
    InputError
        If people, prices, currencies, the mix, the rate or the spending do not fit.

    Notes
    -----
    Structure: HM Treasury, Green Book (2026), chapters 6 and 8; usage rules of Home Office, Economic and social costs
    of crime 2019 to 2020. Every interval is worked out from the limits of the effect if nothing else is uncertain, and
    from the draws otherwise.

    Examples
    --------
    >>> import pandas as pd
    >>> from types import SimpleNamespace
    >>> effect = SimpleNamespace(measure="mean_difference", outcome_name="n_reoffences", outcome_kind="count",
    ...     estimate=-0.5, conf_low=-0.8, conf_high=-0.2, n_treated=100, level=0.95,
    ...     estimand="the average effect on the 100 treated people")
    >>> costs = pd.DataFrame({"financial_year": ["2019/20"], "amount": [20_000.0], "spent_on": ["treatment"],
    ...     "price_year": [2019]})
    >>> mix = pd.DataFrame({"offence_group": ["shoplifting"], "share": [1.0]})
    >>> roi = return_on_investment(effect, costs=costs, offence_mix=mix, cost_people=100)
    >>> roi.offences_averted, roi.benefit, roi.benefit_cost_ratio
    (50.0, 23000.0, 1.15)
    """
    check_effect(effect)
    check_rate(discount_rate)
    check_options(perspective, follow_up_days, draws, level)
    check_choices(scale_to_all_treated, include_anticipation, seed, assumptions)
    about, paid_for = check_people(people, cost_people, effect, scale=scale_to_all_treated)
    steps = RoiAssumptions() if assumptions is None else assumptions
    prices = Deflator(first_year(price_year, "price_year"), deflator)
    per_person = averted_from(effect, linkage, level)
    mix = _kinds_of_offence(effect, offence_mix, averted)
    lines_at = partial(
        read_cost_lines,
        costs,
        cost_people=paid_for,
        people_reached=people_reached,
        effect_of=effect_of,
        against=against,
        reason=reason,
        deflator=prices,
    )
    lines = lines_at(discount_rate=discount_rate)
    worth = worth_of(mix.groups, load_unit_costs() if unit_costs is None else unit_costs, prices, include_anticipation)
    _check_perspective(perspective, worth)

    def at_rate(rate: float) -> Central:
        spending = lines if rate == discount_rate else lines_at(discount_rate=rate)
        return Central(
            groups=mix.groups,
            people=about,
            effect=per_person.drawn,
            worth={**worth.perspectives, WITH: worth.social_with, WITHOUT: worth.social_without},
            costs=spending.for_people(about),
            timing=timing(follow_up_days, steps.extrapolate_years, rate, spending.spread),
            mix=mix.shares if averted is None else None,
            mix_n=mix.n,
            averted=None if averted is None else averted.vector,
            covariance=None if averted is None else averted.covariance(),
            **multipliers(steps, worth),
        )

    logger.info("return on investment for %s people, %s draws", about, draws)
    return assemble(
        Facts(
            central=at_rate(discount_rate),
            at_rate=at_rate,
            worth=worth,
            lines=lines,
            per_person=per_person,
            plain=None if linkage is None else averted_from(effect, None, level),
            assumptions=steps,
            people_in_effect=int(effect.n_treated),
            perspective=perspective,
            discount_rate=discount_rate,
            price_year=prices.target,
            follow_up_days=follow_up_days,
            draws=int(draws),
            seed=int(seed),
            estimand=str(effect.estimand),
            prices_converted=prices.used,
        )
    )


def _kinds_of_offence(effect: Any, offence_mix: pd.DataFrame | None, averted: Any) -> Mix:
    if (offence_mix is None) == (averted is None):
        found = "neither" if averted is None else "both"
        raise InputError(
            "Which offences were averted is said either by offence_mix (shares of kinds of offence) or by averted "
            f"(from offences_averted, estimated for each kind); {found} of them was passed. Pass one."
        )
    if offence_mix is not None:
        return check_mix(offence_mix)
    check_averted(averted, effect)
    return Mix(groups=tuple(averted.groups), shares=averted.vector, n=None)


def _check_perspective(perspective: str, worth: Worth) -> None:
    if perspective == "fiscal" and not worth.fiscal_known:
        raise InputError(
            "The unit costs do not say what responding to crime costs for "
            f"{', '.join(worth.no_response)}, so there is no fiscal headline: use perspective='social', or unit costs "
            "with a 'response' column."
        )
    if perspective == "economic" and not worth.economic_known:
        raise InputError(
            "The unit costs do not say how much of the consequences of crime is harm to victims for "
            f"{', '.join((*worth.no_harm, *worth.no_response))}, so the economic value has bounds and no estimate: use "
            "perspective='social' or 'fiscal' (the bounds are shown beside), or unit costs with a 'harm' column."
        )
