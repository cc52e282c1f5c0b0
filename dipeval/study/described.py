"""What a study tells beside its comparison: the pathway, observed and expected, how strictly counts are protected."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dipeval.errors import InputError
from dipeval.study import rules
from dipeval.vocabulary import TREATED

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule
    from dipeval.indicators import Discharges, Pathway, Seen, Testing
    from dipeval.outcomes import ObservedExpected
    from dipeval.study.load import Prepared
    from dipeval.study.sealed import Opened
    from dipeval.study.spec import StudySpec

logger = logging.getLogger("dipeval")
RISK_SCORE = "risk_score"
_UP_TO = 5
# Field of the result -> the keys by which a study file asks for it in so many words.
_OWN_KEYS = {
    "pathway": {"by", "counting", "within_days"},
    "seen": {"seen_within", "seen_who"},
    "testing": {"testing_by"},
    "discharges": {"discharges_of", "count_referred_on"},
}


def rule_for(prepared: Prepared, spec: StudySpec) -> DisclosureRule:
    """Return how counts are protected: where a person can be in several times, so many times more strictly.

    A count of index events may be of one person. It tells of at least as many people as the rule asks for only if it is
    larger by the most index events that one person has (rounded up, as that number is somebody's).

    Parameters
    ----------
    prepared
        The people.
    spec
        The study.

    Returns
    -------
    DisclosureRule
    """
    rule, cluster = rules.disclosure_rule(spec), prepared.cluster
    if cluster is None or not rule.protects:
        return rule
    most = -(-int(cluster.value_counts().max()) // _UP_TO) * _UP_TO
    return replace(rule, threshold=rule.threshold * most)


def pathway_of(prepared: Prepared, spec: StudySpec) -> dict[str, Any]:
    """Return what is told of the way through the programme, as fields of the result: what the extracts have tables for.

    Parameters
    ----------
    prepared
        With its extracts and linkage.
    spec
        The study: ``[pathway]``.

    Returns
    -------
    dict
        pathway, seen, testing, discharges; those that cannot be told are left out.

    Raises
    ------
    InputError
        If the study file asks for it and the extracts cannot show it.
    """
    if prepared.extracts is None:
        return {}
    there = set(prepared.extracts.names)
    logger.info("following the pathway from the test")
    found: dict[str, Any] = {}
    for name, (needed, make) in _parts(prepared, spec).items():
        asked = sorted(spec.pathway.model_fields_set & _OWN_KEYS[name])
        try:
            if needed <= there:
                found[name] = make()
            elif asked:
                lacking = " and no ".join(sorted(needed - there))
                raise InputError(f"the extracts have no {lacking}, so it cannot be told; take the key out.")
        except InputError as error:
            if asked:
                raise InputError(f"pathway.{asked[0]}: {error}") from None
            logger.info("%s: left out. %s", name, error)
    return found


def _parts(prepared: Prepared, spec: StudySpec) -> dict[str, tuple[set[str], Callable[[], Any]]]:
    """Field of the result -> the tables it needs and how it is made."""
    from dipeval.indicators.drug_testing import testing as count_tests
    from dipeval.indicators.funnel import pathway as follow
    from dipeval.indicators.leaving import BY as DISCHARGES_BY
    from dipeval.indicators.leaving import discharges as count_discharges
    from dipeval.indicators.seeing import BY as SEEN_BY
    from dipeval.indicators.seeing import seen as followed_up

    options, given = spec.pathway, (prepared.extracts, prepared.linkage)
    # All between the days that index events may have, by the same engine.
    window: dict[str, Any] = {
        "date_from": spec.cohort.index_from,
        "date_to": spec.cohort.index_to,
        "engine": prepared.engine,
    }
    by, referred_on = options.by, options.count_referred_on

    def pathway() -> Pathway:
        return follow(
            *given,
            by=by,
            counting=options.counting,
            within_days=options.within_days,
            count_referred_on=referred_on,
            **window,
        )

    def seen() -> Seen:
        of = by if by in SEEN_BY else None
        return followed_up(*given, within=tuple(options.seen_within), by=of, who=options.seen_who, **window)

    def testing() -> Testing:
        return count_tests(*given, by=options.testing_by, **window)

    def discharges() -> Discharges:
        of = by if by in DISCHARGES_BY else None
        return count_discharges(*given, by=of, count=options.discharges_of, count_referred_on=referred_on, **window)

    return {
        "pathway": ({"drug_tests", "contacts"}, pathway),
        "seen": ({"drug_tests", "contacts"}, seen),
        "testing": ({"drug_tests"}, testing),
        "discharges": ({"treatment"}, discharges),
    }


def expected_of(prepared: Prepared, opened: Opened) -> ObservedExpected | None:
    """Return reoffending beside what the risk scores predicted, by group; None where not everybody has a score.

    Parameters
    ----------
    prepared
        The people, with their scores.
    opened
        The outcomes, after the gate.

    Returns
    -------
    ObservedExpected or None
    """
    if prepared.cohort is None or opened.measured is None or RISK_SCORE not in prepared.cohort.measured_at:
        return None
    counted = opened.measured.follow_up
    if counted.basis != "proven" or counted.classes or counted.groups:
        logger.info("observed and expected are left out: the risk scores are of any proven reoffence")
        return None
    people = prepared.cohort.people
    if people[RISK_SCORE].isna().all():
        return None
    try:
        return opened.measured.observed_expected(by=people[TREATED])
    except InputError as error:
        logger.info("observed and expected are left out: %s", error)
        return None
