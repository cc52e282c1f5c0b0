"""How was it counted: the dictionary of indicators, the recommendations of the review, and what was run on what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.disclosure import release
from dipeval.indicators.dictionary.recommendations import recommendations
from dipeval.report.blocks import Block, Folded, Points, Section, Table, Text
from dipeval.report.quarterly import phrases, tables

if TYPE_CHECKING:
    from dipeval.study.quarterly.result import QuarterlyResult

COUNTINGS: Final = {"cohort": "people who entered in the period", "period": "what happened in the period"}
WANTED: Final = {"higher": "more", "lower": "less", "neither": "neither"}
INTERVALS: Final = (
    "95% intervals: of shares Wilson's (1927), wider where one person can have several of the tests, contacts or stays "
    "that are counted; of counts and rates exact Poisson limits (Garwood 1936), or those of Fay and Feuer (1997) where "
    "one person can have several events. They hold chance alone: no missing records, and no change of who is tested.",
    "Quarters are calendar quarters: January to March is the first. A target for a year holds for each of its periods.",
)


ANNEX: Final = "What each indicator counts, and out of what, stands in the first annex; all its periods in the second."


def counted(result: QuarterlyResult) -> Section:
    """Return the section on how it was counted.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.

    Returns
    -------
    Section
    """
    notes = tuple(str(note) for note in result.indicators.notes)
    blocks: list[Block] = [
        Text(paragraphs=(phrases.NO_EFFECT,)),
        Points(items=(*INTERVALS, *notes)),
        Text(paragraphs=(ANNEX,)),
        Folded(title="Recommendations of the review, and where they are answered", blocks=(_map(result),)),
        Folded(title="Not told, and why", blocks=(Text(paragraphs=not_told(result)),)),
        Folded(title="What was run", blocks=(_run(result),)),
    ]
    return Section(title="How was it counted?", anchor="counted", blocks=tuple(blocks))


def dictionary_table(result: QuarterlyResult) -> Table:
    """Return every indicator that is told with its definition.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.
    """
    frame = result.indicators.dictionary()
    own = frame[frame["name"].isin(list(result.indicators.names))]
    rows = [entry_of(row) for row in own.to_dict("records")]
    labels = {
        "label": "Indicator",
        "numerator": "What is counted",
        "denominator": "Out of",
        "counting": "Counted are",
        "direction": "Wanted",
        "owner": "Who answers for it",
        "source": "Source",
    }
    frame = pd.DataFrame(rows, columns=list(labels))
    return Table(released=tables.text_table(frame, result.rule, caption="Dictionary of indicators", labels=labels))


def entry_of(row: Any) -> dict[str, str]:
    """Return one entry of the dictionary in words."""
    return {
        "label": str(row["label"]),
        "numerator": str(row["numerator"]),
        "denominator": str(row["denominator"] or ""),
        "counting": COUNTINGS.get(str(row["counting"]), str(row["counting"])),
        "direction": WANTED.get(str(row["direction"]), str(row["direction"])),
        "owner": str(row.get("owner") or ""),
        "source": str(row.get("source") or ""),
    }


def _map(result: QuarterlyResult) -> Table:
    labels = {
        "number": "Number",
        "asks": "What is asked",
        "answered": "Answered here",
        "section": "Section of this report",
        "where": "How",
    }
    note = (
        "After the West Yorkshire review of drug interventions in criminal justice, shortened; R19 stands twice there."
    )
    return Table(
        released=tables.text_table(
            recommendations(), result.rule, caption="Recommendations", labels=labels, notes=(note,)
        )
    )


def not_told(result: QuarterlyResult) -> tuple[str, ...]:
    """Return what is not told and why, a sentence each."""
    meanings = phrases.meanings(result)
    parts = [f"{part.replace('_', ' ').capitalize()}: {why}" for part, why in result.not_told.items()]
    names = [f"{meanings.get(name, {'label': name})['label']}: {why}" for name, why in result.indicators.missing]
    return (*parts, *names) or ("Everything was told.",)


def _run(result: QuarterlyResult) -> Table:
    known = result.provenance()
    rows = [("Study file (SHA-256)", str(known.get("study", {}).get("sha256", "")))]
    rows += [("Data to", result.extract_date.isoformat()), ("Seed", str(known.get("seed", "")))]
    rows += [(str(name), str(version)) for name, version in known.get("versions", {}).items()]
    table = release(
        pd.DataFrame(rows, columns=["what", "value"]),
        rule=result.rule,
        caption="What was run",
        labels={"what": "What", "value": "Value"},
        notes=("Hashes of the input files are in run.json.",),
    )
    return Table(released=table)
