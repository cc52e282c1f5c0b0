"""The first page: what changed beyond chance, which targets are met, missed or not settled, what to be careful about.

A reader of a commissioner's office must know these three in a minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from dipeval.disclosure import CONFIDENTIAL
from dipeval.report.blocks import Block, Points, Section, Text
from dipeval.report.quarterly import asked, charted, growth, phrases, section_change, section_records, section_targets

if TYPE_CHECKING:
    from dipeval.study.quarterly.result import QuarterlyResult

MOST: Final = 5
NO_SIGNAL: Final = (
    "No chart gives a new signal: what was counted lies within what chance brings. That does not prove that nothing "
    "changed."
)
NOT_CHARTED: Final = "Not looked at: {why}"
NO_TARGET: Final = "No indicator has a target for a period that can be told."


def brief(result: QuarterlyResult) -> Section:
    """Return the first page of a quarterly report.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``, or the view of one district.

    Returns
    -------
    Section
    """
    spec = result.spec
    shown = charted.every_chart(result)
    new, old = section_change.lines(shown)
    blocks: list[Block] = [Text(paragraphs=(spec.first_line,), kind="warning")] if spec.first_line else []
    blocks.append(Text(paragraphs=(_lead(result, section_change.n_new(shown)),), kind="lead"))
    blocks.append(Points(title="What changed beyond chance", items=_changed(result, new, old)))
    # Many of them are told by their number alone, above.
    blocks.append(Points(title="Known before and still so", items=tuple(old) if len(old) <= MOST else ()))
    blocks.append(Points(title="Targets", items=_targets(result)))
    blocks.append(Points(title="Be careful", items=_careful(result)))
    blocks.append(Text(paragraphs=(_about(result), result.rule.in_words())))
    title = spec.title if result.district is None else f"{spec.title}: {result.district}"
    return Section(title=title, anchor="in-brief", blocks=tuple(b for b in blocks if b.to_html()), level=1)


def _lead(result: QuarterlyResult, n_new: int) -> str:
    if not result.period:
        return "No period is covered to its end yet, so nothing can be told."
    when = phrases.period_words(result.period)
    signals = "no new signal of change" if not n_new else phrases.one_or_many(n_new, "new signal") + " of change"
    targets = _targets_counted(section_targets.counts(section_targets.rows(result)))
    place = "all districts" if result.district is None else result.district
    return f"{when}, {place}: {signals}; {targets}."


def _targets_counted(number: Mapping[str, int]) -> str:
    total = sum(number.values())
    if not total:
        return "no target to set the figures against"
    words = {"met": "met", "missed": "missed", "not settled": "not settled by these figures"}
    if total == 1:
        (only,) = [word for word, n in number.items() if n]
        return f"the one target is {words.get(only, 'not shown')}"
    said = [f"{n or 'none'} {'is' if n < 2 else 'are'} {words[word]}" for word, n in number.items() if word in words]
    withheld = number[CONFIDENTIAL] + number["not told"]
    said += [f"{withheld} cannot be shown"] if withheld else []
    return f"of {total} targets, {phrases.listed(said)}"


def _changed(result: QuarterlyResult, new: list[str], old: list[str]) -> tuple[str, ...]:
    if not result.charts:
        return (NOT_CHARTED.format(why=phrases.why_not(result, "charts")),)
    items = list(phrases.few_of(new, most=MOST, where="'What changed over time?'")) or [NO_SIGNAL]
    if len(old) > MOST:
        items.append(f"Signals known before still hold for {len(old)} indicators: see 'What changed over time?'.")
    return tuple(items)


def _targets(result: QuarterlyResult) -> tuple[str, ...]:
    found = section_targets.rows(result)
    if found.empty:
        return (NO_TARGET,)
    items: list[str] = []
    for word, title in section_targets.TITLES.items():
        own = found[found["shown_met"] == word]
        if len(own):
            items.append(f"{title}: {_named(own, exact=word == 'missed')}.")
    n = int((found["shown_met"] == CONFIDENTIAL).sum())
    if n:
        items.append(f"Not shown, because few people are behind: {phrases.one_or_many(n, 'target')}.")
    return tuple(items)


def _named(own: Any, *, exact: bool) -> str:
    """Indicators in the order of the dictionary, each with the places; missed ones with their figures."""
    said = []
    for label, part in own.groupby("label", sort=False):
        rows = part.to_dict("records")
        if exact and len(rows) <= MOST:
            places = [f"{row['district']} {row['shown']}" for row in rows]
            said.append(f"{label} ({rows[0]['shown_target']}; {', '.join(places)})")
        elif len(rows) > MOST:
            said.append(f"{label} ({len(rows)} places)")
        else:
            said.append(f"{label} ({', '.join(str(row['district']) for row in rows)})")
    return "; ".join(said)


def _careful(result: QuarterlyResult) -> tuple[str, ...]:
    items = [f"{phrases.NO_EFFECT}"]
    moved = growth.latest_cautions(result)
    if moved:
        items.append(f"Who is tested moved in the latest period: {'; '.join(moved)}. More tests are not more need.")
    elif growth.last_year(result):
        where = "" if result.district is None else "The whole area: "
        items.append(f"{where}{growth.last_year(result)}")
    bad = section_records.failed(result)
    if len(bad):
        named = phrases.few_of([section_records.line(row, result.rule) for row in bad.to_dict("records")], most=2,
                               where="'Are the records good enough?'")  # fmt: skip
        items += named
    late = _late(result)
    if late:
        items.append(late)
    return tuple(items)


def _late(result: QuarterlyResult) -> str:
    """Indicators whose latest told period is earlier than the report's: they are no news of this quarter."""
    rows = asked.latest(result, result.indicators.names)
    old = rows[rows["period"] != result.period]
    if old.empty or not result.period:
        return ""
    labels = list(dict.fromkeys(old["label"]))
    last = phrases.period_words(str(old.sort_values("period_from")["period"].iloc[0]))
    many = phrases.one_or_many(len(labels), "indicator follows", "indicators follow")
    are = "is" if len(labels) == 1 else "are"
    return f"{many} people for longer and {are} told of an earlier period (back to {last}): each figure says which."


def _about(result: QuarterlyResult) -> str:
    spec = result.spec
    last = result.extract_date
    told = f"About {spec.programme}. Records to {last.day} {last:%B %Y}; {len(result.periods)} periods."
    return f"{told} Prepared for {spec.prepared_for}." if spec.prepared_for else told
