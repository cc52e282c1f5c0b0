"""Offending before and after in a study: on its cohort, with its definition of an offence, beside its design."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.errors import EstimationError, InputError

if TYPE_CHECKING:
    from dipeval.effects import BeforeAfter
    from dipeval.matching import Design
    from dipeval.study.load import Prepared
    from dipeval.study.result import StudyResult
    from dipeval.study.sealed import Opened
    from dipeval.study.spec import StudySpec

logger = logging.getLogger("dipeval")

SECTION = "before and after"


def before_after_of(prepared: Prepared, design: Design, opened: Opened, spec: StudySpec) -> BeforeAfter | None:
    """Return the before-after comparison of a study, or None if it asks for none or has nothing to compare.

    Parameters
    ----------
    prepared
        With its cohort.
    design
        The primary design; its comparison people's own change stands beside where it is for the treated (ATT).
    opened
        The outcomes, after the gate: what counts as an offence is theirs.
    spec
        The study: ``[before_after]``.

    Returns
    -------
    BeforeAfter or None

    Raises
    ------
    InputError
        If the extracts cannot show what the study file asks for; the sentence names the section.
    """
    asked = spec.before_after
    if asked is None or prepared.cohort is None or opened.measured is None:
        return None
    from dipeval.effects.before_and_after.compare import before_after

    logger.info("offences before and after, beside what would be seen without any effect")
    try:
        return before_after(
            prepared.cohort,
            earlier=asked.earlier_windows,
            selection=asked.selection,
            design=design if design.estimand == "ATT" else None,
            similar=asked.similar,
            sharp=asked.sharp,
            days=asked.days,
            count_index=asked.count_index,
            gap_days=asked.gap_days,
            # A score of severity would ask for weights, and nothing here is weighted.
            follow_up=replace(opened.measured.follow_up, severity=None),
        )
    except EstimationError as error:
        logger.info("before and after: left out. %s", error)
        return None
    except InputError as error:
        raise InputError(f"before_after: {error}") from None


def before_after_rows(result: StudyResult) -> Iterator[dict[str, Any]]:
    """Return the figures as rows of the long table, each followed by what is expected without any effect.

    Parameters
    ----------
    result
        Finished or withheld.

    Returns
    -------
    iterator of dict
        As in `dipeval.study.tidy.tidy`; keys that do not apply are left out.
    """
    found = result.before_after
    if found is None:
        return
    for item in found.to_frame().to_dict("records"):
        n, events = int(item["n"]), int(item["n_events"])
        # A share rests on those in the class and on the others; a mean on no more people than there are offences.
        smallest = min(events, n - events) if item["term"] == "share" else min(n, events)
        shared = {"section": SECTION, "group": str(item["group"]), "n": n, "n_smallest": smallest, "note": ""}
        limits = {"conf_low": item["conf_low"], "conf_high": item["conf_high"]}
        yield shared | limits | {"measure": str(item["term"]), "estimate": item["estimate"], "status": "shown"}
        if pd.notna(item["expected_low"]):
            limits = {"conf_low": item["expected_low"], "conf_high": item["expected_high"]}
            expected = {"measure": f"{item['term']}, expected without any effect", "estimate": item["expected"]}
            yield shared | limits | expected | {"status": "expected"}
