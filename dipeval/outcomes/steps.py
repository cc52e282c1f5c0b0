"""The steps from events to outcomes, each a named stage of the engine: computed once, kept where a folder was named."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dipeval.outcomes.expressions import custody_days, followed_up, outcome_columns
from dipeval.outcomes.spans import COUNTED, CUSTODIAL, dated_offences, with_edges
from dipeval.outcomes.tallies import joined_tallies, labelled, windowed_firsts, windowed_tallies

if TYPE_CHECKING:
    from dipeval.engine import Engine, Stage
    from dipeval.outcomes.follow_up import FollowUp


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sources:
    """Where the outcomes come from.

    Parameters
    ----------
    followed
        index_id, person_id, time_zero_date.
    offences, custody_spells, deaths
        As `dipeval.cohort.Cohort.events` gives them.
    many
        Whether a person can have several time zeros.
    extract_date
        Last day of the extract, where follow-up is to end early for it; None for no such end.
    custodial_known
        Whether the extract says which sentences were custodial.
    """

    followed: Stage
    offences: Stage
    custody_spells: Stage
    deaths: Stage
    many: bool
    extract_date: dt.date | None = None
    custodial_known: bool = True

    def spec(self, follow_up: FollowUp) -> dict[str, Any]:
        """Every option that the rows depend on."""
        return {
            "follow_up": dataclasses.asdict(follow_up),
            "many": self.many,
            "extract_date": None if self.extract_date is None else self.extract_date.isoformat(),
            "custodial_known": self.custodial_known,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """The steps that are brought into memory.

    Parameters
    ----------
    columns
        One row an index event: index_id and every outcome column.
    by_group
        index_id, offence_group, n_reoffences.
    left_out
        label, n: offences that count, and those left out by reason.
    """

    columns: Stage
    by_group: Stage
    left_out: Stage


def outcome_steps(engine: Engine, sources: Sources, follow_up: FollowUp) -> Steps:
    """Name every step from the events to the outcomes; nothing is computed before it is asked for."""
    spec = sources.spec(follow_up)
    dated = engine.stage(
        "dated_offences", lambda: _dated(sources, follow_up), spec=spec, inputs=(sources.offences, sources.deaths)
    )
    tallies = _tallies(engine, sources, dated, follow_up, spec)
    firsts = _firsts(engine, sources, dated, tallies, follow_up, spec)
    periods = engine.stage(
        "followed_up",
        lambda: followed_up(
            sources.followed.table, firsts.table, sources.deaths.table, follow_up, sources.extract_date
        ),
        spec=spec,
        inputs=(sources.followed, firsts, sources.deaths),
    )
    columns = engine.stage(
        "outcomes",
        lambda: outcome_columns(
            periods.table,
            tallies.table,
            custody_days(periods.table, sources.custody_spells.table),
            follow_up,
            custodial_known=sources.custodial_known,
        ),
        spec=spec,
        inputs=(periods, tallies, sources.custody_spells),
        only_frame=True,
    )
    by_group = engine.stage(
        "reoffences_by_group",
        lambda: tallies.table.filter(tallies.table.label == COUNTED).select(
            "index_id", "offence_group", n_reoffences="n"
        ),
        spec=spec,
        inputs=(tallies,),
    )
    left_out = engine.stage(
        "offences_left_out",
        lambda: _left_out(tallies.table),
        spec=spec,
        inputs=(tallies,),
    )
    return Steps(columns=columns, by_group=by_group, left_out=left_out)


def _dated(sources: Sources, follow_up: FollowUp) -> Any:
    dated = dated_offences(sources.offences.table, sources.deaths.table, follow_up, sources.extract_date)
    return with_edges(dated, follow_up)


def _left_out(tallies: Any) -> Any:
    told = tallies.filter(tallies.label != CUSTODIAL)
    # Whether few people are behind many offences has to be known before the number may be shown.
    return told.group_by("label").aggregate(n=told.n.sum().cast("int64"), n_people=told.index_id.nunique())


def _tallies(engine: Engine, sources: Sources, dated: Stage, follow_up: FollowUp, spec: dict[str, Any]) -> Stage:
    """By join with one time zero a person; by windows with many, from offences that are kept."""
    if sources.many:
        return engine.stage(
            "reoffences",
            lambda: windowed_tallies(sources.followed.table, dated.table, follow_up),
            spec=spec,
            inputs=(sources.followed, dated),
        )
    return engine.stage(
        "reoffences",
        lambda: joined_tallies(labelled(sources.followed.table, _dated(sources, follow_up), follow_up)),
        spec=spec,
        inputs=(sources.followed, sources.offences, sources.deaths),
    )


def _firsts(
    engine: Engine, sources: Sources, dated: Stage, tallies: Stage, follow_up: FollowUp, spec: dict[str, Any]
) -> Stage:
    if sources.many:
        return engine.stage(
            "first_reoffences",
            lambda: windowed_firsts(sources.followed.table, dated.table, follow_up),
            spec=spec,
            inputs=(sources.followed, dated),
        )
    return engine.stage(
        "first_reoffences",
        lambda: (
            tallies.table.filter(tallies.table.label == COUNTED)
            .group_by("index_id")
            .aggregate(first=tallies.table["first"].min())
        ),
        spec=spec,
        inputs=(tallies,),
    )
