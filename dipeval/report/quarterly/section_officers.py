"""Officers' time: posts paid for and used, hours of the day at which people are tested, and whether they are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.disclosure import release, release_line, share_digits
from dipeval.presenting import NOT_AVAILABLE, format_number, format_percent
from dipeval.report.blocks import Block, Folded, Heading, Points, Section, Table, Text
from dipeval.report.quarterly import asked, phrases, tables

if TYPE_CHECKING:
    from dipeval.indicators import OfficerTime
    from dipeval.study.quarterly.result import QuarterlyResult

TITLE: Final = "Officers' time and hours"
HOURS: Final = "At which hours are people tested, and then seen?"
TOGETHER: Final = (
    "Together {posts} posts are paid for. Roles are told apart, because their work is: a mean over all of them says "
    "nothing of either."
)
_TIME: Final = ("officer_time", "void_time", "hours_per_test")


def officers(result: QuarterlyResult) -> Section:
    """Return the section on officers' time and hours.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.

    Returns
    -------
    Section
    """
    names = tuple(name for name in asked.names_of(result, "resources") if name in _TIME)
    blocks: list[Block] = [*_posts(result)]
    if names:
        blocks.append(Points(items=asked.sentences(result, names)))
        blocks += tables.district_tables(result, names, title="Time by district")
    blocks += [Heading(text=HOURS), *_hours(result)]
    if names:
        blocks += tables.trend_tables(result, names)
    return Section(title=TITLE, anchor="officers", blocks=tuple(blocks))


def _posts(result: QuarterlyResult) -> list[Block]:
    found = result.officers
    if found is None:
        return [Text(paragraphs=(phrases.why_not(result, "officers"),))]
    about = phrases.told_of(result, "officers")
    roles = dict(result.officers_by_role)
    # Posts and hours of staff: no figure is about people who were tested.
    notes = Text(paragraphs=tuple(found.summary().notes), kind="note")
    if len(roles) < 2:
        one = next(iter(roles), "")
        return [Text(paragraphs=(_sentence(found, one), *about)), _posts_table(found, one, result), notes]
    by_role = Points(items=tuple(_sentence(own, role) for role, own in roles.items()))
    together = Text(paragraphs=(TOGETHER.format(posts=format_number(found.funded_fte, 1)), *about))
    tables_ = [_posts_table(own, role, result) for role, own in roles.items()]
    return [by_role, together, tables_[0], *(Folded(title=_title(role), blocks=(table,))
            for role, table in list(zip(roles, tables_, strict=True))[1:]), notes]  # fmt: skip


def _sentence(found: OfficerTime, role: str) -> str:
    """What is used and what is not of the posts of a role, over which periods."""
    who = f"{role[:1].upper()}{role[1:]}: " if role else ""
    posts = format_number(found.funded_fte, 1)
    if found.share_on_task != found.share_on_task:
        return f"{who}of {posts} posts paid for, how much of their time the work takes is not on record."
    periods = phrases.one_or_many(int(found.to_frame()["n_periods"].iloc[0]), "period")
    return (
        f"{who}{format_percent(found.share_on_task)} of the time of {posts} posts goes into the work they are paid "
        f"for: {format_number(found.used_fte, 1)} used, {format_number(found.unused_fte, 1)} not (mean of {periods})."
    )


def _title(role: str) -> str:
    return f"Posts paid for and used: {role}" if role else "Posts paid for and used"


def _posts_table(found: OfficerTime, role: str, result: QuarterlyResult) -> Table:
    frame = found.summary().to_frame().astype(str)
    labels = {f"c{place}": str(name) for place, name in enumerate(frame.columns)}
    frame.columns = pd.Index(list(labels))
    table = tables.text_table(frame, result.rule, caption=_title(role), labels=labels, right=list(labels)[1:])
    return Table(released=table)


def _hours(result: QuarterlyResult) -> list[Block]:
    found = result.hours
    if found is None:
        return [Text(paragraphs=(phrases.why_not(result, "hours"),))]
    frame = hours_of_day(found.to_frame())
    notes = tuple(release_line(str(note), result.rule) for note in found.summary().notes)
    about = phrases.told_of(result, "hours")
    return [
        Text(paragraphs=about),
        _hours_table(frame, result, found.within_days),
        Text(paragraphs=notes, kind="note"),
    ] if about else [_hours_table(frame, result, found.within_days), Text(paragraphs=notes, kind="note")]  # fmt: skip


def hours_of_day(frame: pd.DataFrame) -> pd.DataFrame:
    """Return tests by six hours of the day, made of single hours: those of a night are few.

    Parameters
    ----------
    frame
        From ``ContactHours.to_frame()``.
    """
    own = frame[frame["dimension"] == "hour"].copy()
    own["part"] = [_part(str(group)) for group in own["group"]]
    sums = ["n_tests", "n_positive", "n_followed", "n_seen", "n_not_seen"]
    people = ["n_people", "n_people_seen", "n_people_not_seen"]
    added = own.groupby("part", sort=True)[sums].sum()
    # The same person can be behind several hours: at least as many people as behind the hour with most.
    fewest = own.groupby("part", sort=True)[people].max()
    return added.join(fewest).reset_index()


def _part(group: str) -> str:
    if not group.isdigit():
        return "Not recorded"
    first = 6 * (int(group) // 6)
    return f"{first:02d}:00 to {first + 5:02d}:59"


def _hours_table(frame: pd.DataFrame, result: QuarterlyResult, days: int) -> Table:
    shown = pd.DataFrame([_hour_row(row, result) for row in frame.to_dict("records")])
    table = release(
        shown,
        rule=result.rule,
        caption=f"Tests by hour, and positive ones followed by a contact within {days} days",
        counts=["tests", "followed"],
        rests_on={
            "tests": ("people",),
            "followed": ("people_followed",),
            "share": ("seen", "not_seen", "people_seen", "people_not_seen"),
        },
        right=["share"],
        labels={"part": "Hour of the test", "tests": "Tests", "followed": "Positive and followed", "share": "Seen"},
    )
    return Table(released=table)


def _hour_row(row: Any, result: QuarterlyResult) -> dict[str, Any]:
    seen, not_seen, followed = (float(row[name]) for name in ("n_seen", "n_not_seen", "n_followed"))
    people = [row["n_people_seen"], row["n_people_not_seen"]]
    behind = [n if p is None or pd.isna(p) else min(n, float(p)) for n, p in zip((seen, not_seen), people, strict=True)]
    all_people = row["n_tests"] if pd.isna(row["n_people"]) else min(float(row["n_tests"]), float(row["n_people"]))
    share = NOT_AVAILABLE if not followed else format_percent(seen / followed, share_digits(min(behind), result.rule))
    small = result.rule.protects and all_people < result.rule.threshold
    few = result.rule.protects and sum(behind) < result.rule.threshold
    return {
        "part": row["part"],
        "tests": float("nan") if small else float(row["n_tests"]),
        "followed": float("nan") if few else followed,
        "share": share,
        "people": all_people,
        "people_followed": sum(behind),
        "seen": seen,
        "not_seen": not_seen,
        "people_seen": behind[0],
        "people_not_seen": behind[1],
    }
