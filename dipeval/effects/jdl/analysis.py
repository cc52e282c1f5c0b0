"""`jdl_style`: radius matching, three headline measures and their verdicts, in the style of the Justice Data Lab."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.effects.jdl import sentences as say
from dipeval.effects.jdl.measures import curve_of, headline_measures, withheld_measures
from dipeval.effects.jdl.result import ATTRITION_COLUMNS, JdlStyle
from dipeval.effects.jdl.rule import (
    LEAST_MATCHED,
    LEAST_SUBMITTED,
    SCALES,
    WORTHWHILE,
    JdlColumns,
    JdlRule,
    override_of,
)
from dipeval.effects.joining import INDEX_ID
from dipeval.errors import DesignError, InputError
from dipeval.matching import Design, match

if TYPE_CHECKING:
    from dipeval.cohort import Cohort
    from dipeval.outcomes import Outcomes

logger = logging.getLogger("dipeval")

EVERYBODY, AMONG_TREATED = "everybody", "treated"
STEPS: Final = {
    "submitted": "Treated people submitted",
    "found": "Treated people found, with a follow-up",
    "matched": "Treated people with somebody comparable within the radius",
}
PEOPLE: Final = "people"
SEVERAL_ROWS: Final = (
    "A row is an index event here, of which a person can have several, and this style follows one index event a "
    "person: build the cohort with one row a person."
)


def jdl_style(
    people: pd.DataFrame | Cohort,
    outcomes: pd.DataFrame | Outcomes,
    *,
    covariates: Sequence[str],
    radius: float,
    treated: str = "treated",
    radius_unit: str = "sd",
    scale: str = "logit",
    exact: Sequence[str] = (),
    measured_at: Mapping[str, str] | None = None,
    id: str | None = None,
    reoffended: str = "reoffended",
    n_reoffences: str | None = "n_reoffences",
    time: str | None = "time_days",
    event: str | None = "event",
    time_unit: str = "days",
    follow_up_days: int | None = None,
    se: str = "hc0",
    level: float = 0.95,
    power: float = 0.8,
    worthwhile: float = WORTHWHILE,
    minimum_people: int = LEAST_SUBMITTED,
    minimum_matched: int = LEAST_MATCHED,
    submitted: int | None = None,
    override: bool | str = False,
    expected_share: float = 0.5,
) -> JdlStyle:
    """Compare reoffending in the style of the Justice Data Lab of England and Wales.

    The groups are matched first, without sight of the outcomes; where they are poorly matched, or too few, the outcomes
    are not looked at and the results are withheld, unless somebody decides otherwise.

    Parameters
    ----------
    people
        One row a person, or a cohort of people.
    outcomes
        One row a person on the index of the people, or what `measure_reoffending` gives.
    covariates
        Columns known before the index date that the groups are to be alike on. The Justice Data Lab's own list could
        not be verified: the choice is the analyst's and is printed.
    radius
        How far apart two people's scores may be. Its caliper was not found either: there is no default.
    treated
        Column with the treatment, 0/1.
    radius_unit
        "sd" (of the score over everybody), "sd_pooled" or "raw", as in `dipeval.match`.
    scale
        "logit" or "probability" of the propensity score. A radius on the probability takes in nearly everybody where
        few are treated.
    exact
        Columns that people compared must be equal on.
    measured_at
        When the columns were measured, as in `dipeval.match`; a cohort knows.
    id
        Column with each person's number; default the index.
    reoffended, n_reoffences, time, event
        Columns of the outcomes: whether people reoffended (0/1), how often, the time to the first reoffence or the end
        of follow-up, and which of the two it is. None leaves a measure out.
    time_unit
        Unit of ``time``, for the words.
    follow_up_days
        Length of the follow-up, for the words; outcomes from `measure_reoffending` know theirs.
    se
        "hc0": robust error over the weighted people; "count": the plain error, which takes each different person to
        count for one, and is too small where some count for much more than others.
    level, power
        Coverage of the intervals; chance of being found that defines the smallest detectable difference.
    worthwhile
        Smallest difference that was to be found, as a share of the comparison people's figure (0.1: a tenth). Where an
        interval includes equality and the smallest detectable difference is larger, the verdict is "underpowered".
    minimum_people, minimum_matched
        Fewest treated people submitted, and matched, for results to be shown (60 and 30 are unverified).
    submitted
        Treated people submitted, where some were lost before they came into `people`.
    override
        True, or better the reason in words, to show results although the checks failed; it is printed over them.
    expected_share
        Share of the comparison people expected to reoffend, for what could be found before any outcome is read.

    Returns
    -------
    JdlStyle
        ``to_frame()`` has a row for rate, frequency and time; ``bands()`` a row for each term the groups were to be
        alike on; ``attrition`` who was lost on the way; ``of_hundred()``, ``can_say()`` and ``cannot_say()`` the words.

    Raises
    ------
    InputError
        If a column is missing, or an option cannot be used.
    DesignError
        If rows are index events of which a person can have several, or nobody can be matched.
    EstimationError
        If the outcomes must not be compared between the groups.

    Notes
    -----
    Radius matching with replacement (Dehejia and Wahba 2002): a treated person with n people within the radius gives
    each of them 1/n, so that the weights of the comparison people add up to the treated people matched. Rates are
    weighted means and their errors White's (1980) HC0 of the weighted regression on treatment, or with ``se="count"``
    the root of the sum of variance over number of people. Neither allows for the score having been estimated. What is
    known of the Justice Data Lab comes from the opening of its published methods and from reports of others; it is a
    style here and no reproduction.

    Examples
    --------
    >>> from dipeval.datasets import recid
    >>> data = recid()
    >>> result = jdl_style(data, data, treated="workprg", covariates=["priors", "educ", "age"], radius=0.2,
    ...     reoffended="returned_12m", n_reoffences=None, time=None, event=None, follow_up_days=365)
    >>> result.overall, result.verdict, result.to_frame()["group"].tolist()
    ('reasonably matched', 'underpowered', ['rate', 'frequency', 'time'])
    """
    chosen, reason = override_of(override)
    if scale not in SCALES:
        raise InputError(f"scale={scale!r} is not known here; use one of {', '.join(SCALES)}.")
    rule = JdlRule(
        se=se, level=level, power=power, worthwhile=worthwhile, minimum_people=minimum_people,
        minimum_matched=minimum_matched, submitted=submitted, override=chosen, reason=reason,
        follow_up_days=_days(outcomes, follow_up_days), expected_share=expected_share,
    )  # fmt: skip
    columns = JdlColumns(reoffended=reoffended, n_reoffences=n_reoffences, time=time, event=event, time_unit=time_unit)
    if getattr(people, "unit", PEOPLE) != PEOPLE:
        raise DesignError(SEVERAL_ROWS)
    design = match(
        people, treated=treated, covariates=covariates, method="radius", caliper=radius, caliper_unit=radius_unit,
        scale=scale, exact=exact, measured_at=measured_at, id=id,
    )  # fmt: skip
    return jdl_style_of_design(design, outcomes, rule=rule, columns=columns, cohort=people)


def jdl_style_of_design(
    design: Design,
    outcomes: pd.DataFrame | Outcomes,
    *,
    rule: JdlRule,
    columns: JdlColumns,
    cohort: Any = None,
) -> JdlStyle:
    """Hold a finished radius design against the checks and, if it passes, join it to the outcomes.

    Parameters
    ----------
    design
        From ``dipeval.match(method="radius")``.
    outcomes
        As in `jdl_style`; not looked at where a check fails and nobody decided to go on.
    rule, columns
        How figures are made, and where the measures stand.
    cohort
        The cohort the people came from, for who was lost on the way; anything else tells nothing.

    Returns
    -------
    JdlStyle

    Raises
    ------
    InputError
        If the design is not one of radius matching, or about other people than the treated; if fewer people are said
        to have been submitted than there are.
    """
    if design.method != "radius" or design.estimand != "ATT":
        raise InputError(
            f"This style rests on radius matching of the treated people, and the design is '{design.method}' with the "
            f"{design.estimand}: make it with dip.match(method='radius')."
        )
    if design.weights.index.name == INDEX_ID:
        raise DesignError(SEVERAL_ROWS)
    found = design.n_treated + design.n_treated_dropped
    submitted = found if rule.submitted is None else rule.submitted
    if submitted < found:
        raise InputError(
            f"submitted={submitted} is fewer than the {found} treated people there are: it counts those lost before "
            "them as well."
        )
    least = (rule.minimum_people, rule.minimum_matched)
    reasons = say.of_reasons(design.balance(), submitted=submitted, matched=design.n_treated, least=least)
    common: dict[str, Any] = {
        "design": design,
        "rule": rule,
        "reasons": reasons,
        "_attrition": _attrition(design, rule, cohort),
    }
    if reasons and not rule.override:
        logger.info("in the style of the Justice Data Lab: checks failed, no outcome is looked at")
        return JdlStyle(measures=withheld_measures(columns), **common)
    frame = outcomes if isinstance(outcomes, pd.DataFrame) else outcomes.to_frame()
    logger.info("in the style of the Justice Data Lab: rate, frequency and time to the first reoffence")
    return JdlStyle(
        measures=headline_measures(design, frame, columns, rule),
        curve=curve_of(design, frame, columns, rule.level),
        **common,
    )


def _days(outcomes: Any, given: int | None) -> int | None:
    known = getattr(getattr(outcomes, "follow_up", None), "days", None)
    if not isinstance(outcomes, pd.DataFrame) and known is None:
        raise InputError(
            "outcomes must be a DataFrame with one row a person, or what dip.measure_reoffending gives; it is a "
            f"{type(outcomes).__name__}."
        )
    return given if given is not None else known


def _attrition(design: Design, rule: JdlRule, cohort: Any) -> pd.DataFrame:
    """Who was lost on the way: everybody up to the cohort, then the treated people."""
    found = design.n_treated + design.n_treated_dropped
    counts = {"found": found, "matched": design.n_treated}
    if rule.submitted is not None:
        counts = {"submitted": rule.submitted, **counts}
    values = list(counts.values())
    own = pd.DataFrame(
        {
            "step": list(counts),
            "label": [STEPS[step] for step in counts],
            "counted": AMONG_TREATED,
            "n_people": values,
            "n_excluded": [0, *(before - after for before, after in pairwise(values))],
        }
    )
    steps = getattr(cohort, "attrition", None)
    if isinstance(cohort, pd.DataFrame) or not isinstance(steps, pd.DataFrame):
        return own[list(ATTRITION_COLUMNS)]
    everybody = steps.assign(counted=EVERYBODY)
    return pd.concat([everybody, own], ignore_index=True)[list(ATTRITION_COLUMNS)]
