"""Several outcomes of one design: one primary, tested alone; the others corrected for having asked them too."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from dipeval.effects.asked import mapping_asked, names_asked, words_asked
from dipeval.effects.effect import Effect
from dipeval.effects.estimate import estimate_effect
from dipeval.effects.joining import ComparisonDesign, check_design, used_people
from dipeval.effects.measures import MEASURES, OF_DAYS, OF_RATES, OF_TIMES, RATIOS, TIMED_WORDS, shown
from dipeval.effects.several import many_words as words
from dipeval.effects.several.holm import holm, simultaneous_reach
from dipeval.effects.several.many_result import COLUMNS, PRIMARY, SECONDARY, Effects, NotEstimated
from dipeval.errors import EstimationError, InputError
from dipeval.vocabulary import label

logger = logging.getLogger("dipeval")

YES_NO_MEASURES: Final = ("risk_difference",)
OTHER_MEASURES: Final = ("mean_difference",)


def estimate_effects(
    design: ComparisonDesign,
    outcomes: pd.DataFrame,
    *,
    primary: str,
    measures: Mapping[str, str | Sequence[str]] | None = None,
    families: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    level: float = 0.95,
    cluster: pd.Series | None = None,
    at_risk: pd.Series | str | Mapping[str, pd.Series | str] | None = None,
    time: str | None = None,
    horizon: float | None = None,
    **options: Any,
) -> Effects:
    """Estimate the effect on several outcomes: the primary one alone, the others corrected for their number.

    Parameters
    ----------
    design
        From `dipeval.match` or `dipeval.weight`.
    outcomes
        One row a person on the index of the design's people. Every column is an outcome (but those named by `at_risk`
        and `time`): choose the columns first, so that what is tested is decided before it is seen.
    primary
        Column of the primary outcome.
    measures
        Outcome -> its measure or measures, the first being the one that is tested. By default ``risk_difference`` for
        outcomes of 0 and 1 and ``mean_difference`` for others. A hazard ratio, or a difference in days free of the
        event (``rmst_difference``), belongs to a column that says whether the event happened.
    families
        Outcome -> name of the family of questions it belongs to; by default the others are one family.
    labels
        Outcome -> the words shown for it.
    level
        Coverage of the intervals, 0-1.
    cluster
        As in `estimate_effect`.
    at_risk
        Time at risk for rate ratios, as in `estimate_effect`; one for all, or outcome -> its own.
    time
        Column with the time to the event or to the end of follow-up, for hazard ratios and days free of the event.
    horizon
        Up to when days free of the event are counted, as in `estimate_effect`.
    **options
        Further options of `estimate_effect`, the same for every outcome: ``estimator``, ``std_error``, ``adjust``...

    Returns
    -------
    Effects
        ``to_frame()`` has one row a measure of an outcome: term, group, estimate, std_error, conf_low, conf_high,
        p_value, n, n_treated, n_comparison, mean_treated, mean_comparison, p_value_holm, family, role, tested,
        conf_low_family, conf_high_family, label.

    Raises
    ------
    InputError
        If the primary outcome is no column, or measures, families or labels name what is none; if an outcome is missing
        for people the design uses.
    EstimationError
        If the primary outcome cannot be estimated. Another outcome that cannot is kept in the table without figures and
        counts as a test that found nothing, so that no question drops out because of its answer.

    Notes
    -----
    Holm (1979) within each family: the chance of one or more false findings in it is at most 1 - `level`, whatever the
    dependence between outcomes. Each outcome is one question, that of its first measure: a ratio and a difference of
    the same shares are one answer on two scales, so further measures carry the outcome's corrected p-value and are not
    counted again. The primary outcome belongs to no family. Simultaneous intervals are Bonferroni's within the family;
    being wider than Holm's procedure would need, one can include equality while the corrected p-value is small.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> people = recid()
    >>> design = dip.weight(people, treated="workprg", covariates=["priors", "educ", "age"])
    >>> effects = estimate_effects(design, people[["returned_12m", "returned"]], primary="returned_12m")
    >>> effects.to_frame()[["group", "role", "tested"]].values.tolist()
    [['returned_12m', 'primary', True], ['returned', 'secondary', True]]
    """
    check_design(design)
    if not isinstance(outcomes, pd.DataFrame):
        raise InputError(
            f"outcomes must be a DataFrame with a column an outcome; it is a {type(outcomes).__name__}. For a single "
            "outcome use estimate_effect."
        )
    own = [name for name in ("measure", "outcome_name", "event") if name in options]
    if own:
        raise InputError(
            f"{', '.join(own)} is of a single outcome. The columns of outcomes are the outcomes (for a time to an "
            "event the events), and measures= gives each its measure."
        )
    over = at_risk if isinstance(at_risk, Mapping) else {}
    aside = [name for name in (at_risk, time, *over.values()) if isinstance(name, str)]
    names = _names(outcomes, primary, aside)
    _known(names, measures, families, labels, over)
    asked = {name: _measures_of(name, outcomes[name], design, (measures or {}).get(name)) for name in names}
    found: list[Effect] = []
    refused: list[NotEstimated] = []
    for name, several in asked.items():
        times = over.get(name) if isinstance(at_risk, Mapping) else at_risk
        for measure in several:
            further = _further(name, measure, times, time, horizon) | options
            try:
                found.append(
                    estimate_effect(
                        design, outcomes, measure=measure, outcome_name=name, level=level, cluster=cluster, **further
                    )
                )
            except EstimationError as problem:
                if name == primary and measure == several[0]:
                    raise
                refused.append(NotEstimated(name, measure, str(problem)))
    logger.debug("effects on %s outcomes, %s could not be estimated", len(names), len(refused))
    return _together(asked, found, refused, primary=primary, families=families, labels=labels)


def collect_effects(
    effects: Sequence[Effect],
    *,
    primary: str,
    families: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Effects:
    """Put effects that were estimated one by one together, and correct the others for their number.

    Parameters
    ----------
    effects
        Of one design, by `estimate_effect`; the first of each outcome is the one that is tested. What was tried and is
        not among them is not corrected for: give all.
    primary
        ``outcome_name`` of the primary outcome's effects.
    families, labels
        As in `estimate_effects`.

    Returns
    -------
    Effects

    Raises
    ------
    InputError
        If an effect is there twice, they come from several designs or have intervals of several levels, or the primary
        outcome has none.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.datasets import recid
    >>> people = recid()
    >>> design = dip.weight(people, treated="workprg", covariates=["priors", "educ", "age"])
    >>> each = [dip.estimate_effect(design, people[name]) for name in ("returned_12m", "returned")]
    >>> collect_effects(each, primary="returned").to_frame()["group"].tolist()
    ['returned', 'returned_12m']
    """
    asked: dict[str, list[str]] = {}
    for one in effects:
        asked.setdefault(one.outcome_name, []).append(one.measure)
    if primary not in asked:
        raise InputError(f"There is no effect on the primary outcome '{primary}'; they are on: {_listed(list(asked))}.")
    if any(len(set(several)) < len(several) for several in asked.values()):
        raise InputError("One measure of an outcome is there twice; give each effect once.")
    if len({(one.design_fingerprint, one.level) for one in effects}) > 1:
        raise InputError("The effects come from several designs, or their intervals have several levels; give one.")
    first = {primary: asked.pop(primary)}
    return _together(first | asked, list(effects), [], primary=primary, families=families, labels=labels)


def _together(
    asked: Mapping[str, Sequence[str]],
    found: Sequence[Effect],
    refused: Sequence[NotEstimated],
    *,
    primary: str,
    families: Mapping[str, str] | None,
    labels: Mapping[str, str] | None,
) -> Effects:
    """Return the result: the effects in order, primary first, and what the correction makes of them."""
    _known(list(asked), None, families, labels, None)
    named, worded = words_asked("families", families, "outcome"), words_asked("labels", labels, "outcome")
    if primary in named:
        raise InputError(f"'{primary}' is the primary outcome, which stands alone: take it out of families.")
    own = {name: named.get(name, words.DEFAULT_FAMILY) for name in asked if name != primary}
    shown_as = {name: worded.get(name, label(name)) for name in asked}
    by_key = {(one.outcome_name, one.measure): one for one in found}
    keys = [(name, measure) for name, several in asked.items() for measure in several]
    ordered = tuple(by_key[key] for key in keys if key in by_key)
    return Effects(
        primary=ordered[0],
        effects=ordered,
        level=ordered[0].level,
        labels=shown_as,
        families=own,
        not_estimated=tuple(refused),
        _frame=_frame(asked, ordered, primary=primary, families=own, labels=shown_as),
    )


def _names(outcomes: pd.DataFrame, primary: str, aside: Sequence[str]) -> list[str]:
    """Return the outcomes, the primary one first."""
    if outcomes.columns.has_duplicates:
        raise InputError("outcomes has several columns of one name; give each outcome a name of its own.")
    if not all(isinstance(name, str) for name in outcomes.columns):
        raise InputError("outcomes has columns whose names are no text; name each outcome in words.")
    if outcomes.index.has_duplicates:
        raise InputError(
            f"outcomes has more than one row for {int(outcomes.index.duplicated().sum())} people; give one row a "
            "person."
        )
    missing = [name for name in aside if name not in outcomes.columns]
    if missing:
        raise InputError(f"outcomes has no column {', '.join(missing)}; it has: {_listed(outcomes.columns)}.")
    names = [name for name in outcomes.columns if name not in aside]
    if primary not in names:
        raise InputError(
            f"The primary outcome '{primary}' is no column of outcomes; they are: {_listed(names)}. Declare the one "
            "outcome on which the answer is to rest."
        )
    return [primary, *(name for name in names if name != primary)]


def _listed(names: Sequence[str] | pd.Index) -> str:
    return ", ".join(map(str, names))


def _known(names: Sequence[str], *given: Mapping[str, Any] | None) -> None:
    for option, mapping in zip(("measures", "families", "labels", "at_risk"), given, strict=True):
        unknown = [str(name) for name in mapping_asked(option, mapping, "outcome") if name not in names]
        if unknown:
            raise InputError(
                f"{option} names {_listed(unknown)}, which is none of the outcomes; they are: {_listed(names)}."
            )


def _measures_of(
    name: str, values: pd.Series, design: ComparisonDesign, given: str | Sequence[str] | None
) -> tuple[str, ...]:
    """Return the measures of an outcome, the one that is tested first."""
    if given is None:
        used = values.reindex(used_people(design)).dropna()
        return YES_NO_MEASURES if used.isin([0, 1]).all() else OTHER_MEASURES
    several = names_asked(f"measures['{name}']", given)
    unknown = [str(measure) for measure in several if measure not in MEASURES]
    if unknown or not several or len(set(several)) < len(several):
        what = f"{_listed(unknown)}, which is no measure" if unknown else "none, or one twice"
        raise InputError(f"measures gives '{name}' {what}; choose each once among {_listed(MEASURES)}.")
    return several


def _further(
    name: str, measure: str, at_risk: pd.Series | str | None, time: str | None, horizon: float | None
) -> dict[str, Any]:
    """Return what only some measures need besides the outcome: times at risk, or times to the event."""
    if measure in OF_RATES and at_risk is not None:
        return {"at_risk": at_risk}
    if measure in OF_TIMES:
        if time is None:
            what = TIMED_WORDS[measure].removeprefix("a ")
            raise InputError(f"The {what} of '{name}' needs the times to it: name their column with time='...'.")
        return {"time": time, "event": name} | ({"horizon": horizon} if measure in OF_DAYS else {})
    return {}


def _frame(
    asked: Mapping[str, Sequence[str]],
    found: Sequence[Effect],
    *,
    primary: str,
    families: Mapping[str, str],
    labels: Mapping[str, str],
) -> pd.DataFrame:
    """Lay the effects out, one row each, with what the correction makes of them."""
    by_key = {(one.outcome_name, one.measure): one for one in found}
    sizes = pd.Series(list(families.values()), dtype=object).value_counts()
    rows = []
    for name, several in asked.items():
        family = families.get(name, words.PRIMARY_FAMILY)
        for measure in several:
            effect = by_key.get((name, measure))
            row = _figures(effect) if effect is not None else _no_figures(found[0], name, measure)
            rows.append(
                row
                | _simultaneous(effect, 1 if name == primary else int(sizes[family]))
                | {
                    "family": family,
                    "role": PRIMARY if name == primary else SECONDARY,
                    "tested": measure == several[0],
                    "label": labels[name],
                }
            )
    frame = pd.DataFrame(rows)
    frame["p_value_holm"] = frame["group"].map(_corrected(frame))
    return frame[list(COLUMNS)]


def _corrected(frame: pd.DataFrame) -> dict[str, float]:
    """Return the corrected p-value of each outcome; a test that could not be made found nothing (p = 1)."""
    tests = frame[frame["tested"]]
    corrected: dict[str, float] = {}
    for _, family in tests.groupby("family", sort=False):
        for role, members in family.groupby("role", sort=False):
            values = members["p_value"].fillna(1.0).to_numpy(dtype=np.float64)
            corrected |= dict(zip(members["group"], values if role == PRIMARY else holm(values), strict=True))
    return corrected


def _figures(effect: Effect) -> dict[str, Any]:
    return {str(name): value for name, value in effect.to_frame().iloc[0].items()}


def _no_figures(other: Effect, name: str, measure: str) -> dict[str, Any]:
    """Return the row of what could not be estimated: the people, but no figures."""
    people = ("n", "n_treated", "n_comparison")
    known = {key: value for key, value in _figures(other).items() if key in people}
    return dict.fromkeys(_figures(other), math.nan) | known | {"term": measure, "group": name}


def _simultaneous(effect: Effect | None, n_questions: int) -> dict[str, float]:
    """Return the interval that holds for all outcomes of a family at once."""
    if effect is None:
        return {"conf_low_family": math.nan, "conf_high_family": math.nan}
    centre = math.log(effect.estimate) if effect.measure in RATIOS else effect.estimate
    reach = simultaneous_reach(effect.level, n_questions) * effect.std_error
    low, high = (shown(effect.measure, centre + sign * reach) for sign in (-1, 1))
    return {"conf_low_family": low, "conf_high_family": high}
