"""Linkage error carried into the estimate: the analysis again, over thresholds and over draws of the link set."""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Callable, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from dipeval.effects.links.imputation import Imputation, StatusDraw, draw_statuses, informative_terms
from dipeval.effects.links.linkage_result import COLUMNS, LinkagePropagation
from dipeval.effects.links.linked_people import (
    ROLES,
    Answer,
    LinkedPeople,
    check_covariates,
    is_ratio,
    link_people,
    run,
)
from dipeval.effects.links.pooling import pool
from dipeval.effects.links.tipping import tipping_points
from dipeval.errors import DipevalError, EstimationError, InputError
from dipeval.linkage.competition import link_sets
from dipeval.linkage.missed import missed_share
from dipeval.linkage.resolve import one_to_one

if TYPE_CHECKING:
    from dipeval.effects.effect import Effect
    from dipeval.linkage import Linkage

logger = logging.getLogger("dipeval")
THRESHOLDS = (0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
_OUTCOME_FILES = ("offences", "sentences", "deaths", "custody_spells")


def propagate_linkage(
    linkage: Linkage,
    analysis: Callable[[pd.DataFrame], Any],
    *,
    link: str = "treatment",
    treated_from: Any = None,
    outcome: Any = None,
    covariates: Sequence[str] = (),
    draws: int = 20,
    outcome_informed: bool = True,
    seed: int = 0,
    people: Any = None,
    role: str | None = None,
    thresholds: Sequence[float] = THRESHOLDS,
    missed: float | None = None,
    primary: Effect | None = None,
    tipping: bool = True,
    level: float = 0.95,
) -> LinkagePropagation:
    """Carry the uncertainty about the links of one file into an estimate.

    The analysis is run again on the links of several thresholds and on ``draws`` sets of links drawn at random from
    the candidates, and pooled. **For after the outcomes are opened only**: the draws use the outcome, so they give a
    sensitivity interval with a fingerprint of its own and are never the registered design. The primary design, the
    gate before it and ``dipeval check`` rest on the links as made.

    Parameters
    ----------
    linkage
        From `dipeval.link`, by a profile that gives probabilities.
    analysis
        Takes the people (one row a person: ``treated``, the outcome and the covariates named here, nothing else) and
        returns an `Effect`, something with ``estimate`` and ``std_error``, or the two as a tuple (of a ratio the
        logarithm and its standard error). The groups are made alike anew for each set of links.
    link
        The file whose links are uncertain.
    treated_from
        Role treatment: what each candidate link would say of its person, if it were true: a table of ``left_person``,
        ``right_person`` and a yes/no (`dipeval.cohort.treated_if_linked`), a function of the candidates, or None (any
        link means treated). Role outcome: the treatment, as a column of ``people`` or a Series.
    outcome
        Role treatment: the outcome, as a column of ``people`` (or several), a Series or a frame. Role outcome: what
        each candidate link would say: a table with the outcome as third column
        (`dipeval.outcomes.outcome_if_linked`), a function, or None (any link means that the outcome happened). It is 0
        or above, and 0 for somebody without a link: a yes/no or a count, not a time.
    covariates
        Every column of ``people`` that the analysis adjusts for, or by which it tells subgroups apart. Links drawn
        without them dilute the effect, so an analysis that needs others is refused. What a function takes from
        elsewhere (a frame it closes over, a file) cannot be seen: name those columns too.
    draws
        Number of link sets, 2 or more.
    outcome_informed
        False: links drawn from the identifiers alone, for comparison; that is no better than a good threshold.
    seed
        Source of randomness; the result does not depend on the order of rows.
    people
        A `Cohort`, or a frame with one row a person, its index the person ids of the linkage.
    role
        ``treatment`` (a missed link makes the treated look untreated) or ``outcome`` (a missed link looks like
        desistance). Default by the file.
    thresholds
        Match probabilities at which the links are cut.
    missed
        Share of the true links that were never among the candidates (0 to below 1); default as the linkage model
        implies (`dipeval.linkage.missed.missed_share`).
    primary
        The effect of the frozen design that this is a sensitivity analysis of; its fingerprint is kept beside. Without
        it the result says that no frozen design was named.
    tipping
        Whether to look for the number of wrong links that would turn the conclusion.
    level
        Coverage of the intervals.

    Returns
    -------
    LinkagePropagation

    Raises
    ------
    InputError
        If the linkage has no candidates with probabilities, columns are missing, the analysis uses a covariate that
        is not named, ``primary`` has no fingerprint, or an option is out of its range.
    EstimationError
        If the analysis fails on more than a fifth of the draws.

    Notes
    -----
    Goldstein, Harron and Wade (2012), Stat Med 31, 3481-3493; Gutman, Afendulis and Zaslavsky (2013), JASA 108,
    34-47; Rubin (1987); Barnard and Rubin (1999). Who is eligible, from when, and with which covariates stays as the
    links as made have it. What a clerical review judged stands in every draw. Degrees of freedom without missing
    information: the smaller group less one, the least that a comparison of two groups can have.

    Examples
    --------
    >>> from dipeval.effects.example import small_linked_study
    >>> linkage, people, analysis = small_linked_study()
    >>> result = propagate_linkage(linkage, analysis, people=people, outcome="reoffended", covariates=["age"],
    ...                            draws=5, tipping=False)
    >>> result.role, result.draws, bool(result.conf_low < result.estimate < result.conf_high)
    ('treatment', 5, True)
    """
    _check(linkage, analysis, draws, level, missed, thresholds)
    _check_primary(primary)
    role = _role(link, role)
    frame = _people(people)
    pairs = _candidates(linkage, link)
    linked = link_people(
        pairs, role=role, people=frame, treated_from=treated_from, outcome=outcome, covariates=covariates
    )
    made = linked.values(pairs["linked"].to_numpy(dtype=bool))
    point = check_covariates(analysis, linked, made, frame)
    share = missed_share(linkage, link) if missed is None else float(missed)
    setup = _imputation(linkage, link, linked, share)
    rng = np.random.default_rng(seed)
    terms = informative_terms(linked.frame, linked.covariates, linked.others) if outcome_informed else None
    rows = [_row("point", point, level, linked, pairs["linked"].to_numpy(dtype=bool), made)]
    cuts, unanswered = _cuts(analysis, linked, thresholds, level, getattr(linkage.rule, "ties", "drop"))
    rows += cuts
    answers, drawn = _drawn(analysis, linked, setup, terms, draws, rng, level)
    rows += drawn
    pooled = pool([a.estimate for a in answers], [a.std_error for a in answers], complete_df=point.df)
    measure = point.measure or getattr(analysis, "measure", None) or "estimate"
    ratio = is_ratio(measure)
    low, high = pooled.interval(level)
    rows.append(_pooled_row(pooled.estimate, pooled.std_error, (low, high), drawn))
    table = _table(rows, ratio)
    last = table.iloc[-1]
    return LinkagePropagation(
        link=link,
        role=role,
        measure=str(measure),
        ratio=ratio,
        point=point,
        failed_draws=draws - len(answers),
        unanswered=unanswered,
        estimate=float(last["estimate"]),
        conf_low=float(last["conf_low"]),
        conf_high=float(last["conf_high"]),
        pooled=pooled,
        level=level,
        draws=len(answers),
        seed=seed,
        outcome_informed=outcome_informed,
        covariates=linked.covariates,
        expected_links=float(setup.sets.probabilities()[setup.inside].sum()),
        point_links=int((pairs["linked"].to_numpy(dtype=bool) & setup.inside).sum()),
        missed=share,
        tipping=tipping_points(analysis, linked, made, point, level=level, expected=_expected(setup, made), seed=seed)
        if tipping
        else (),
        looked_for_tipping=bool(tipping),
        fingerprint=_fingerprint(linked, made, table, primary, seed),
        primary_fingerprint=getattr(primary, "design_fingerprint", None),
        primary_estimate=getattr(primary, "estimate", None),
        _frame=table,
    )


def _check(linkage: Any, analysis: Any, draws: Any, level: Any, missed: Any, thresholds: Sequence[float]) -> None:
    if not (hasattr(linkage, "pairs") and hasattr(linkage, "counts")):
        raise InputError(f"linkage must be what dip.link(extracts) gives; it is a {type(linkage).__name__}.")
    if not callable(analysis):
        raise InputError(
            "analysis must be a function of the people that returns an effect, such as dip.DesignAnalysis."
        )
    if not isinstance(draws, Integral) or isinstance(draws, bool) or draws < 2:
        raise InputError(f"draws must be a whole number, 2 or more (20 serve well); got {draws!r}.")
    if not (isinstance(level, float) and 0.5 <= level < 1):
        raise InputError(f"level must be a share from 0.5 to below 1, such as 0.95; got {level!r}.")
    if missed is not None and not (isinstance(missed, int | float) and 0 <= missed < 1):
        raise InputError(f"missed must be a share from 0 to below 1; got {missed!r}.")
    if not all(isinstance(cut, int | float) and 0 < cut <= 1 for cut in thresholds):
        raise InputError("thresholds must be match probabilities above 0 and up to 1.")


def _check_primary(primary: Any) -> None:
    if primary is not None and not getattr(primary, "design_fingerprint", None):
        raise InputError(
            "primary must be the effect of the frozen design, as dip.estimate_effect gives it (it keeps the design's "
            f"fingerprint); it is a {type(primary).__name__}."
        )


def _role(link: str, role: str | None) -> str:
    if role is None:
        return "outcome" if link in _OUTCOME_FILES else "treatment"
    if role not in ROLES:
        raise InputError(f"role must be 'treatment' or 'outcome'; got {role!r}.")
    return role


def _people(people: Any) -> pd.DataFrame:
    frame = getattr(people, "people", people)
    if not isinstance(frame, pd.DataFrame):
        raise InputError(
            "people must be a cohort, or a DataFrame with one row a person and the person ids of the linkage as its "
            f"index; it is a {type(people).__name__}."
        )
    if frame.empty or frame.index.has_duplicates:
        raise InputError("people must have one row a person, and at least one; its index are the person ids.")
    return frame.sort_index()


def _candidates(linkage: Linkage, link: str) -> pd.DataFrame:
    if getattr(linkage.rule, "profile", "") == "deterministic":
        raise InputError(
            "A deterministic linkage has no probabilities, so its uncertainty cannot be drawn. Link with "
            "LinkRule(profile='attributor') or 'full'."
        )
    pairs = linkage.pairs()
    known = sorted(pairs["right_table"].unique())
    found = pairs[pairs["right_table"] == link]
    if found.empty:
        there = f"candidates exist for {', '.join(known)}" if known else "there are none at all"
        raise InputError(f"The linkage has no candidate links to '{link}'; {there}.")
    if hasattr(linkage, "decisions"):
        found = _as_judged(found, linkage.decisions().reindex(found.index))
    return found.sort_values(["left_person", "right_person"], ignore_index=True)


def _as_judged(pairs: pd.DataFrame, decisions: pd.Series) -> pd.DataFrame:
    """Let what a clerical review said stand in every draw and at every threshold."""
    same, different = decisions == "same", decisions == "different"
    return pairs.assign(
        match_weight=pairs["match_weight"].mask(different, -60.0).mask(same, 60.0),
        match_probability=pairs["match_probability"].mask(different, 0.0).mask(same, 1.0),
    )


def _imputation(linkage: Linkage, link: str, linked: LinkedPeople, share: float) -> Imputation:
    persons = linkage.counts.set_index("table")["persons"]
    sets = link_sets(linked.pairs, n_left=int(persons[linkage.anchor]), n_right=int(persons[link]))
    sizes = None if np.isin(linked.value, (0.0, 1.0)).all() else linked.value
    return Imputation(sets=sets, place=linked.place, says=linked.says, n=len(linked.frame), missed=share, values=sizes)


def _cuts(
    analysis: Callable[[pd.DataFrame], Any], linked: LinkedPeople, thresholds: Sequence[float], level: float, ties: str
) -> tuple[list[tuple[Any, ...]], tuple[float, ...]]:
    """The estimate at each threshold, and the thresholds that give none."""
    candidates = linked.pairs.rename(columns={"left_person": "left", "right_person": "right"})
    rows, unanswered = [], []
    for cut in thresholds:
        links = one_to_one(candidates, cut, ties)[0].to_numpy(dtype=bool)
        values = linked.values(links)
        logger.info("linkage error: links from probability %g", cut)
        try:
            answer = run(analysis, linked.with_values(values))
        except DipevalError as error:
            logger.info("linkage error: no estimate from that threshold (%s)", type(error).__name__)
            unanswered.append(float(cut))
            continue
        rows.append(_row("threshold", answer, level, linked, links, values, threshold=float(cut)))
    return rows, tuple(unanswered)


def _drawn(
    analysis: Callable[[pd.DataFrame], Any],
    linked: LinkedPeople,
    setup: Imputation,
    terms: Any,
    draws: int,
    rng: np.random.Generator,
    level: float,
) -> tuple[list[Answer], list[tuple[Any, ...]]]:
    answers, rows, failed = [], [], 0
    for number, draw in enumerate(draw_statuses(setup, terms, draws=draws, rng=rng), start=1):
        values = _values(linked, draw, rng)
        try:
            answer = run(analysis, linked.with_values(values))
        except DipevalError as error:
            failed += 1
            if failed > draws / 5:
                raise EstimationError(
                    f"The analysis failed on {failed} of {number} draws of the links: {error}"
                ) from None
            continue
        answers.append(answer)
        rows.append(_row("draw", answer, level, linked, draw.links, values, draw=number))
        if number % 5 == 0 or number == draws:
            logger.info("linkage error: draw %d of %d", number, draws)
    return answers, rows


def _values(linked: LinkedPeople, draw: StatusDraw, rng: np.random.Generator) -> NDArray[np.float64]:
    """The column of a draw; somebody whose record was never a candidate has the value of somebody who has one."""
    values = linked.values(draw.links)
    if linked.role == "treatment":
        values[draw.unfound] = 1.0
        return values
    group = linked.frame[linked.others[0]].to_numpy() > 0
    for side in (True, False):
        donors = values[(values > 0) & (group == side)]
        rows = np.flatnonzero(draw.unfound & (group == side))
        values[rows] = rng.choice(donors, len(rows)) if len(donors) else 1.0
    return values


def _row(
    step: str,
    answer: Answer,
    level: float,
    linked: LinkedPeople,
    links: NDArray[np.bool_],
    values: NDArray[np.float64],
    threshold: float = math.nan,
    draw: int = 0,
) -> tuple[Any, ...]:
    reach = float(norm.ppf(0.5 + level / 2)) * answer.std_error
    n_linked = float((links & (linked.place >= 0)).sum())
    ends = (answer.estimate, answer.std_error, answer.estimate - reach, answer.estimate + reach)
    return (step, threshold, draw, *ends, n_linked, float((values > 0).sum()))


def _pooled_row(
    estimate: float, error: float, limits: tuple[float, float], drawn: list[tuple[Any, ...]]
) -> tuple[Any, ...]:
    means = [float(np.mean([row[place] for row in drawn])) for place in (7, 8)]
    return ("pooled", math.nan, 0, estimate, error, *limits, *means)


def _table(rows: list[tuple[Any, ...]], ratio: bool) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table["draw"] = table["draw"].astype("Int64").replace(0, pd.NA)
    if ratio:
        ends = ["estimate", "conf_low", "conf_high"]
        table[ends] = np.exp(table[ends])
    return table


def _expected(setup: Imputation, made: NDArray[np.float64]) -> dict[str, float]:
    """People the linkage expects to have missed, and to have linked falsely, from the identifiers alone."""
    chance = setup.expected()
    odds = setup.unfound_odds()
    with_status = made > 0
    unfound = odds / (1 + odds) * float((~with_status).sum())
    return {
        "missed_links": float(chance[~with_status].sum()) + unfound,
        "false_links": float((1 - chance[with_status]).sum()),
    }


def _fingerprint(
    linked: LinkedPeople, made: NDArray[np.float64], table: pd.DataFrame, primary: Effect | None, seed: int
) -> str:
    digest = hashlib.sha256(b"dipeval linkage sensitivity")
    digest.update(str((getattr(primary, "design_fingerprint", None), linked.role, linked.covariates, seed)).encode())
    digest.update("\n".join(map(str, linked.frame.index)).encode())
    digest.update(np.asarray(made, dtype="float64").tobytes())
    digest.update(table[["estimate", "std_error"]].round(9).to_csv(index=False).encode())
    return "linkage-" + digest.hexdigest()[:16]
