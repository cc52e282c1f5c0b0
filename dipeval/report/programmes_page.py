"""Several studies beside each other: what each programme gave for its cost, and what that may not be used for.

All of them are shown under the strictest of their disclosure rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.disclosure import DisclosureRule, ReleasedTable, release
from dipeval.errors import InputError
from dipeval.plots.money_programmes import programmes_alt, programmes_plot
from dipeval.plots.style import to_png
from dipeval.report import section_money_words as money_words
from dipeval.report import words
from dipeval.report.blocks import Block, Folded, Picture, Points, Section, Table, Text
from dipeval.roi.decisions import programmes_words as said

if TYPE_CHECKING:
    from dipeval.roi import ProgrammeComparison
    from dipeval.study import StudyResult, StudySpec

TITLE: Final = said.TITLE
EACH: Final = "What did each give for its cost?"
APART: Final = "Which can be told apart?"
UNLIKE: Final = "What is not the same in all?"
MADE: Final = "How was this made?"
MUST_NOT: Final = "What must not be done with this"
READ: Final = (
    "Read each programme by itself first: whether offences were averted at all, and how sure that is. The study's own "
    "report says how its groups were made alike, and what could overturn its answer."
)
SAME_FILES: Final = (
    "'{one}' and '{other}' were made from the same files ({tables}): if people, or the people compared with, are in "
    "both, the difference between the two is more or less sure than shown."
)
REFUSAL: Final = "These studies cannot be compared: {reasons}."
NO_COSTS: Final = "'{title}' has no [costs] section, so that nothing was set against its effect"
WITHHELD: Final = "the effect of '{title}' is withheld, because its groups did not pass their checks"
HIDDEN: Final = "the money of '{title}' rests on too few people to be shown"
SAME_TITLE: Final = "two studies have the title '{title}'"
UNLIKE_KEYS: Final = "{key} differs ({values})"
# Keys of a study file that make the scale: found out before the first study is run. Prices can be brought together,
# but the same protected figure must not be shown rounded in two ways.
KEYS: Final = ("costs.perspective", "costs.discount_rate", "costs.include_anticipation", "costs.price_year",
               "follow_up.days")  # fmt: skip
PER_PERSON: Final = ("averted_per_100", "cost_per_person", "net_per_person")
PER_POUND: Final = ("benefit_cost_ratio", "probability", "probability_if_none")
EACH_CAPTION: Final = "Each programme, for its own people, in alphabetical order"
PER_POUND_CAPTION: Final = "Value for each £1, and the share of draws in which it exceeds the cost"
NOTE_DRAWS: Final = (
    "By chance alone: were the effect exactly none, an estimate as uncertain as this one would show a value above the "
    "cost in that share of the draws."
)
NOTE_TOLD: Final = (
    "In brackets: {level}% intervals, all of a column together. Told apart: in value less cost per person. 'No' is not "
    "'alike': it says that these data cannot tell."
)
ENDS: Final = ("estimate", "conf_low", "conf_high")
# What these rest on is not protected by the count of people.
_NOT_UNDER_PROTECTION: Final = ("unpriced",)


def check_specs(specs: Sequence[StudySpec]) -> None:
    """Refuse studies that cannot be compared, as far as their files say so.

    Parameters
    ----------
    specs
        What the study files say.

    Raises
    ------
    InputError
        With every reason at once.
    """
    named: dict[str, str] = {}
    reasons = []
    for spec in specs:
        title = spec.title.strip()
        if named.setdefault(title.casefold(), title) is not title:
            reasons.append(SAME_TITLE.format(title=title))
    reasons += [NO_COSTS.format(title=spec.title) for spec in specs if spec.costs is None]
    if not reasons:
        for key in KEYS:
            section, _, name = key.partition(".")
            values = {spec.title: getattr(getattr(spec, section), name) for spec in specs}
            if len(set(values.values())) > 1:
                told = "; ".join(f"{_plain(value)} in '{title}'" for title, value in values.items())
                reasons.append(UNLIKE_KEYS.format(key=key, values=told))
    _refuse(reasons)


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value}"


def _refuse(reasons: Sequence[str]) -> None:
    if reasons:
        raise InputError(REFUSAL.format(reasons="; ".join(reasons)))


def comparison_of(results: Sequence[StudyResult]) -> ProgrammeComparison:
    """Return the comparison of the programmes of finished studies, under the titles of the studies.

    Parameters
    ----------
    results
        From ``Study.run()``.

    Returns
    -------
    ProgrammeComparison

    Raises
    ------
    InputError
        If a study gives no money that may be shown, or the studies do not stand on one scale.
    """
    from dipeval.roi import compare_programmes

    check_specs([result.spec for result in results])
    results = under_the_strictest(results)
    reasons = [WITHHELD.format(title=result.spec.title) for result in results if result.withheld]
    reasons += [
        HIDDEN.format(title=result.spec.title)
        for result in results
        if not result.withheld and money_words.hidden(result)
    ]
    _refuse(reasons)
    programmes = {result.spec.title: result.roi for result in results if result.roi is not None}
    return compare_programmes(programmes, seed=max(result.spec.seed for result in results))


def strictest(rules: Sequence[DisclosureRule]) -> DisclosureRule:
    """Return a rule that protects no less than any of these.

    Examples
    --------
    >>> one, other = DisclosureRule(threshold=20), DisclosureRule(profile="none", data_status="simulated")
    >>> strictest([one, other]).threshold, strictest([other, other]).protects
    (20, False)
    """
    protecting = [rule for rule in rules if rule.protects]
    if not protecting:
        return rules[0]
    status = "personal" if any(rule.data_status == "personal" for rule in protecting) else protecting[0].data_status
    return DisclosureRule(
        threshold=max(rule.threshold for rule in protecting),
        rounding=max(rule.rounding for rule in protecting),
        data_status=status,
    )


def under_the_strictest(results: Sequence[StudyResult]) -> list[StudyResult]:
    """Return the results in alphabetical order of their titles, each under a rule that protects no less than any."""
    rule = strictest([result.rule for result in results])
    ordered = sorted(results, key=lambda one: (one.spec.title.strip().casefold(), one.spec.title))
    return [replace(result, rule=rule) for result in ordered]


def sections(found: ProgrammeComparison, results: Sequence[StudyResult]) -> tuple[Section, ...]:
    """Return the page.

    Parameters
    ----------
    found
        From `comparison_of`.
    results
        Of the same studies.

    Returns
    -------
    tuple of Section
    """
    results = under_the_strictest(results)
    rule, notes = results[0].rule, said.notes_of(found)
    first = tuple(dict.fromkeys(result.spec.first_line for result in results if result.spec.first_line))
    lead: list[Block] = [Text(paragraphs=first, kind="warning")] if first else []
    lead += [
        Text(paragraphs=(said.headline_of(found),), kind="lead"),
        Points(title=MUST_NOT, items=notes[:4]),
        Text(paragraphs=(READ,), kind="note"),
        Text(paragraphs=(rule.in_words(),)),
    ]
    unlike = found.unlike()
    if rule.protects:
        unlike = unlike[~unlike["aspect"].isin(_NOT_UNDER_PROTECTION)]
    told = [note for note in notes[4:] if not note.startswith(said.NOTE_UNLIKE[:19])]
    return (
        Section(title=TITLE, anchor="programmes", blocks=tuple(lead), level=1),
        Section(title=EACH, anchor="each", blocks=(*_each(found, rule), _picture(found))),
        Section(title=APART, anchor="apart", blocks=(*_same_files(results), Table(released=_apart(found, rule)))),
        Section(title=UNLIKE, anchor="unlike", blocks=_not_the_same(unlike, results, rule)),
        Section(
            title=MADE,
            anchor="made",
            blocks=(
                Points(items=tuple(told)),
                Folded(title="The studies", blocks=(Table(released=_studies(results, rule)),)),
            ),
        ),
    )


def _each(found: ProgrammeComparison, rule: DisclosureRule) -> tuple[Table, Table]:
    """Two tables, for one with every figure would be too wide for a page."""
    known = {(row["programme"], row["term"]): row for row in found.to_frame().to_dict("records")}

    def table(caption: str, terms: Sequence[str], note: str) -> Table:
        rows = [
            {"programme": name, "people": known[name, terms[0]]["n"]}
            | {term: said.figure(term, known[name, term], whole=rule.protects) for term in terms}
            for name in found.programmes
        ]
        labels = {"programme": "Programme", "people": "Treated people counted", **said.TERMS}
        return Table(
            released=release(
                pd.DataFrame(rows), rule=rule, caption=caption, counts=["people"], labels=labels, right=list(terms),
                notes=(note,),
            )
        )  # fmt: skip

    interval = f"In brackets: {100 * found.level:g}% intervals. Pounds are rounded to three figures."
    return table(EACH_CAPTION, PER_PERSON, interval), table(PER_POUND_CAPTION, PER_POUND, NOTE_DRAWS)


def _picture(found: ProgrammeComparison) -> Picture:
    frame = found.to_frame()
    frame = money_words.drawn(frame[frame["term"] == "net_per_person"], ENDS)
    return Picture(
        png=to_png(programmes_plot(frame)),
        alt=programmes_alt(frame, level=found.level),
        caption=f"Value less cost per person, with {100 * found.level:g}% intervals",
    )


def _same_files(results: Sequence[StudyResult]) -> tuple[Text, ...]:
    """A warning for studies that were made from the same records; spending is no record of people."""
    known = [{one.sha256: one.name for one in result.files if one.name != "spend" and one.rows} for result in results]
    told = []
    for (one, files), (other, others) in combinations(zip(results, known, strict=True), 2):
        if tables := sorted({files[sha256] for sha256 in files if sha256 in others}):
            words_of = ", ".join(name.replace("_", " ") for name in tables)
            told.append(SAME_FILES.format(one=one.spec.title, other=other.spec.title, tables=words_of))
    return (Text(paragraphs=tuple(told), kind="warning"),) if told else ()


def _apart(found: ProgrammeComparison, rule: DisclosureRule) -> ReleasedTable:
    frame = said.differences_shown(found)
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for row in frame[frame["term"].isin(PER_PERSON)].to_dict("records"):
        cells = rows.setdefault((row["programme"], row["other"]), {})
        cells["pair"] = f"{row['programme']} less {row['other']}"
        cells[row["term"]] = said.figure(row["term"], row, whole=rule.protects)
        if row["term"] == "net_per_person":
            cells["told"] = "yes" if row["told_apart"] else "no"
    labels = {"pair": "Programmes", **said.TERMS, "told": "Told apart?"}
    return release(
        pd.DataFrame(list(rows.values()))[["pair", *PER_PERSON, "told"]], rule=rule,
        caption="The first programme less the other", labels=labels, right=list(PER_PERSON),
        notes=(NOTE_TOLD.format(level=f"{100 * found.level:g}"),),
    )  # fmt: skip


def _not_the_same(
    unlike: pd.DataFrame, results: Sequence[StudyResult], rule: DisclosureRule
) -> tuple[Points | Table, ...]:
    about = tuple(f"{result.spec.title}: {words.estimand(result)}" for result in results)
    points = Points(title="Whom each effect is about", items=about)
    if unlike.empty:
        return (points,)
    rows = unlike[["label", "programme", "value"]]
    labels = {"label": "What", "programme": "Programme", "value": "In this programme"}
    return (points, Table(released=release(rows, rule=rule, caption="What differs and may", labels=labels)))


def _studies(results: Sequence[StudyResult], rule: DisclosureRule) -> ReleasedTable:
    rows = [
        {"title": one.spec.title, "file": one.study_file.path.name, "sha256": one.study_file.sha256} for one in results
    ]
    labels = {"title": "Study", "file": "Study file", "sha256": "Checksum of the study file (sha256)"}
    return release(pd.DataFrame(rows), rule=rule, caption="What was compared", labels=labels)
