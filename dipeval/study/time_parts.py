"""The parts of a time to an event that every study can have: mark, mean times, tests, families; and the collector."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
import pandas as pd

from dipeval.disclosure import DisclosureRule
from dipeval.errors import InputError
from dipeval.study.time_effects import with_effect
from dipeval.study.times import (
    curve_of,
    reuses_people,
    rows_of_pairs,
    shared_follow_up,
    time_columns,
    weights_and_clusters,
)
from dipeval.survival.curves.curve import A_YEAR
from dipeval.vocabulary import TREATED

if TYPE_CHECKING:
    from dipeval.matching import Design
    from dipeval.study.load import Prepared
    from dipeval.study.sealed import Opened
    from dipeval.study.spec import OutcomeSpec, StudySpec
    from dipeval.study.spec_time import TimeToEventSpec
    from dipeval.survival import CoxModel, Curve, FamilyComparison, ProportionalHazardsTest, RestrictedMean, TestResult

logger = logging.getLogger("dipeval")

Found = TypeVar("Found")
GROUPS: Final = {0: "comparison", 1: "treated"}
# What is said where a sentence of the functions could tell of a few people.
FEW: Final = "There are too few people or events for it, or none in one of the groups; the log of the run says more."


class NotPossible(Exception):
    """A part that cannot be had from this study; the sentence holds no count and may be shown."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Work:
    """What the parts are made from, and what could not be made.

    Parameters
    ----------
    prepared, design, opened, spec
        Of the study, after the gate.
    outcome
        The time outcome.
    table
        One row a person used (`dipeval.study.times.time_table`).
    rule
        How small counts must be protected: sentences with counts are not passed on then.
    not_done
        Part -> why not.
    counts
        Rows of `TimeToEvent.counts`.
    notes
        Sentences that belong beside the figures.
    """

    prepared: Prepared
    design: Design
    opened: Opened
    spec: StudySpec
    outcome: OutcomeSpec
    table: pd.DataFrame
    rule: DisclosureRule
    not_done: dict[str, str] = field(default_factory=dict)
    counts: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def asked(self) -> TimeToEventSpec:
        """The section of the study file."""
        return self.spec.time_to_event

    @property
    def columns(self) -> dict[str, Any]:
        """Time and event column as arguments."""
        return dict(zip(("time", "event"), time_columns(self.outcome), strict=True))

    @property
    def rows(self) -> pd.DataFrame:
        """The rows whose errors are clustered by set and person at once after matching with replacement."""
        return rows_of_pairs(self.design, self.table)

    def part(self, name: str, make: Callable[[], Found]) -> Found | None:
        """Make a part; where it cannot be made, say why in the log and in `not_done`, and go on.

        Parameters
        ----------
        name
            Of the part: a field of `TimeToEvent`, more words after it if it has several.
        make
            What makes it.
        """
        try:
            return make()
        except NotPossible as why:
            self.not_done[name] = str(why)
        except InputError as error:
            self.not_done[name] = FEW if self.rule.protects else " ".join(str(error).split())
            logger.info("time to event, %s: %s", name.replace("_", " "), error)
            return None
        logger.info("time to event, %s: %s", name.replace("_", " "), self.not_done[name])
        return None

    def count(self, what: str, happened: Any) -> None:
        """Keep how many people of each group something happened to."""
        treated = self.table[TREATED]
        for code, group in GROUPS.items():
            own = np.asarray(happened)[(treated == code).to_numpy()]
            self.counts.append({"what": what, "group": group, "n": len(own), "n_events": int(own.sum())})


def mark_of(work: Work, curve: Curve | None) -> tuple[float | None, pd.DataFrame | None]:
    """Return the time at which shares are compared, and the shares; None twice where a year is not observed."""
    if curve is None:
        return None, None
    asked = work.asked.mark
    at = A_YEAR[work.outcome.unit] if asked is None else float(asked)
    if at > curve.followed_to:
        if asked is not None:
            work.part("mark", lambda: _beyond("mark"))
        return None, None
    two_way = curve_of(work.rows, work.outcome) if reuses_people(work.design) else None
    compared = work.part("mark", lambda: (curve if two_way is None else two_way).compare_at(at))
    return (None, None) if compared is None else (at, with_effect(work, compared, at))


def _beyond(key: str) -> Any:
    raise NotPossible(f"Not everybody was followed for that long: name a shorter time (time_to_event.{key}).")


def restricted_mean_of(work: Work) -> tuple[float | None, RestrictedMean | None]:
    """Return how far mean times are compared, and the mean times."""
    from dipeval.survival.curves.restricted import restricted_mean

    end = shared_follow_up(work.table, work.outcome)
    asked = work.asked.horizon or work.outcome.horizon
    horizon = float(asked or end)
    if horizon > end:
        return None, work.part("restricted_mean", lambda: _beyond("horizon"))
    rows, unit = work.rows, work.outcome.unit
    found = work.part(
        "restricted_mean",
        lambda: restricted_mean(
            rows, horizon=horizon, by=TREATED, time_unit=unit, **work.columns, **weights_and_clusters(rows)
        ),
    )
    return (None if found is None else horizon), found


def test_of(work: Work) -> TestResult | None:
    """Return the log-rank test, robust where there are weights or clusters."""
    from dipeval.survival import log_rank

    options = weights_and_clusters(work.table)
    return work.part("test", lambda: log_rank(work.table, by=TREATED, rho=work.asked.rho, **work.columns, **options))


def proportional_hazards_of(work: Work, model: CoxModel | None) -> ProportionalHazardsTest | None:
    """Return the test of a hazard ratio that is the same at all times."""
    if model is None:
        return None
    transform, robust = work.asked.proportional_hazards, bool(weights_and_clusters(work.table))
    return work.part(
        "proportional_hazards", lambda: model.proportional_hazards_test(transform=transform, robust=robust)
    )


def families_of(work: Work) -> FamilyComparison | None:
    """Return the share who ever have the event by family of distributions, if asked for."""
    families = tuple(work.asked.split_population)
    if not families:
        return None
    from dipeval.survival.parametric.families_compared import compare_families

    logger.info("share who ever have the event, by family of distributions: %s", ", ".join(families))
    options = weights_and_clusters(work.table)
    return work.part(
        "families",
        lambda: compare_families(
            work.table, families=families, ever=(TREATED,), timing=(TREATED,), **work.columns, **options
        ),
    )
