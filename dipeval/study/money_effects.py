"""The effect that money is made from: on the number of offences, by group, and with the links drawn anew."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.errors import DipevalError, InputError
from dipeval.study.columns import value_column
from dipeval.study.gate import Permit
from dipeval.study.linkage_error import drawable, propagated
from dipeval.study.sealed import Opened, require_permit

if TYPE_CHECKING:
    from dipeval.effects import Effect, LinkagePropagation
    from dipeval.matching import Design
    from dipeval.outcomes import Outcomes
    from dipeval.roi.offences.averted import OffencesAverted
    from dipeval.study.load import Prepared
    from dipeval.study.spec import OutcomeSpec, StudySpec

logger = logging.getLogger("dipeval")

MEASURE = "mean_difference"


class NothingToValue(InputError):
    """No offence of the people compared with shows which kinds could have been averted."""


def counted_outcome(spec: StudySpec) -> OutcomeSpec | None:
    """Return the outcome that money is made from; None if the study does not measure it."""
    counts = (item for item in spec.outcomes if item.kind == "count" and value_column(item) == "n_reoffences")
    return next(counts, None)


def counted_effect(effects: tuple[Effect, ...], spec: StudySpec) -> Effect:
    """Return the effect on the number of reoffences.

    Parameters
    ----------
    effects
        Of the primary design.
    spec
        The study.

    Returns
    -------
    Effect

    Raises
    ------
    InputError
        If there is none.
    """
    # Days in custody are a count too: the effect is picked by its outcome, never by its measure alone.
    labels = {item.label for item in spec.outcomes if item.kind == "count" and value_column(item) == "n_reoffences"}
    counted = (item for item in effects if item.measure == MEASURE and item.outcome_name in labels)
    effect = next(counted, None)
    if effect is None:
        raise InputError("[costs] needs the effect on the number of reoffences; add that outcome to the study file.")
    return effect


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
        ``offence_group``, ``share`` (adding up to 1), ``n``: how many offences, drawn one by one, would leave the
        shares as uncertain as they are, shared out over the groups; never more than there are.
    """
    weights = design.weights[~design.treated.astype(bool)]
    counts: Any = measured.by_group
    counts = counts[counts["person_id"].isin(weights.index[weights > 0])]
    weighted = (counts["n_reoffences"] * counts["person_id"].map(weights)).astype("float64")
    table = (
        counts.assign(weighted=weighted)
        .pivot_table(index="person_id", columns="offence_group", values="weighted", aggfunc="sum", fill_value=0.0)
        .sort_index()
    )
    totals = {str(group): math.fsum(table[group]) for group in sorted(table.columns)}
    whole = math.fsum(totals.values())
    if not whole > 0:
        raise NothingToValue(
            "Nobody in the comparison group reoffended, so there is no mix of offences to value: the offences averted "
            'have no value in pounds. (averted = "estimated" in [costs] takes the kinds of both groups.)'
        )
    shares = pd.Series(totals) / whole
    shares = shares[shares > 0]
    behind = min(_as_if_single(table[shares.index], shares, whole), float(counts["n_reoffences"].sum()))
    return pd.DataFrame({"offence_group": shares.index, "share": shares.to_numpy(), "n": (shares * behind).to_numpy()})


def _as_if_single(table: pd.DataFrame, shares: pd.Series, whole: float) -> float:
    """The number of single offences that would give shares as uncertain as these, which come in persons.

    The jackknife variance of the shares, leaving one person out at a time (Efron and Tibshirani 1993, chapter 11),
    summed over the groups, set equal to that of a Dirichlet draw: the sum of p(1 - p) / (n + 1). Offences of a person
    who has all kinds count for more than one, and those of a person who has one kind for one.
    """
    own = table.sum(axis=1)
    table, own = table[own > 0], own[own > 0]
    if len(own) < 2:
        return 1.0
    off = table.sub(own.to_numpy()[:, None] * shares.to_numpy()[None, :]).div(whole - own, axis=0)
    variance = math.fsum((off**2).to_numpy().ravel()) * (len(own) - 1) / len(own)
    if variance == 0:
        return math.inf
    return max(1.0, math.fsum(shares * (1 - shares)) / variance - 1)


def averted_by_group(measured: Outcomes, design: Design, prepared: Prepared, spec: StudySpec) -> OffencesAverted:
    """Estimate the offences averted by group.

    Parameters
    ----------
    measured
        Outcomes with reoffences by group.
    design
        The primary design.
    prepared
        Whose rows belong to one person.
    spec
        The study: the standard error of its answer.

    Returns
    -------
    OffencesAverted
    """
    from dipeval.roi.offences.averted import offences_averted

    return offences_averted(
        design, own_offences(measured, design), cluster=prepared.cluster, std_error=spec.effect.std_error
    )


def own_offences(measured: Outcomes, design: Design) -> pd.DataFrame:
    """Return the reoffences of the design's people by group; people with gaps may be in the cohort and not in it."""
    counts = measured.by_group
    return counts[counts["person_id"].isin(design.weights.index)].reset_index(drop=True)


def linked_effects(
    prepared: Prepared,
    opened: Opened,
    effect: Effect,
    spec: StudySpec,
    done: tuple[LinkagePropagation, ...],
    leave: Permit,
) -> tuple[tuple[LinkagePropagation, ...], tuple[str, ...]]:
    """Carry the uncertainty about the links into the effect that money is made from, one file at a time.

    Parameters
    ----------
    prepared
        The people, and the linkage they came from.
    opened
        The outcomes, after the gate.
    effect
        On the number of reoffences.
    spec
        The study: ``costs.linkage`` and ``[linkage.error]``.
    done
        What was worked out for the primary outcome, which may be this one.
    leave
        The gate's permit: draws use the outcome.

    Returns
    -------
    tuple
        One result a file; and the files whose links could not be drawn.
    """
    require_permit(leave)
    outcome = counted_outcome(spec)
    if spec.costs is None or not spec.costs.linkage or outcome is None or prepared.linkage is None:
        return (), ()
    if not drawable(spec):
        return (), tuple(spec.linkage.error.links)
    modelled = {table for model in prepared.linkage.models for table in model.tables}
    have = {item.link: item for item in done if item.measure == MEASURE and outcome.primary}
    found, failed = [], []
    for link in spec.linkage.error.links:
        try:
            if link not in have and link not in modelled:
                raise InputError(f"{link} was not linked by a model")
            logger.info("carrying linkage error into the money: %s", link)
            found.append(have.get(link) or propagated(prepared, opened, effect, spec, link, outcome, MEASURE))
        except DipevalError as problem:
            logger.info("money: linkage error of %s could not be worked out (%s)", link, type(problem).__name__)
            failed.append(str(link))
    return tuple(found), tuple(failed)


def widest(linked: tuple[LinkagePropagation, ...]) -> LinkagePropagation | None:
    """Return the file whose links leave the effect least certain; None if none were drawn.

    Errors of several files are not added up: nobody knows how they go together.
    """
    return max(linked, key=lambda item: item.conf_high - item.conf_low, default=None)
