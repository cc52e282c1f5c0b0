"""What was known of people and when it was measured, and the calendar of the programme: detail, folded away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import release
from dipeval.report import flow_words, words
from dipeval.report.blocks import Block, Folded, Table, Text

if TYPE_CHECKING:
    from dipeval.study import StudyResult

_MOMENTS = {"before_index": "before the cut-off", "at_index": "at the index event"}
_CUT_OFF = (
    "What is measured before the cut-off lies strictly before the index event, or before treatment started if that "
    "came first: what follows a start is no starting point. Days are counted back from it."
)
_HEADINGS = {"what": "What", "area": "Where", "from": "From", "to": "To", "source": "Source"}


def covariates(result: StudyResult) -> list[Block]:
    """Return the dictionary of covariates: what each means and when it was measured; nothing for a person-level table.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    list
    """
    if result.cohort is None:
        return []
    frame = result.cohort.covariates()
    known = frame[frame["measured_at"].isin(list(_MOMENTS))]
    used = {*result.baseline, *result.spec.design.exact}
    shown = pd.DataFrame(
        {
            "what": [words.covariate(result, str(name)) for name in known["column"]],
            "column": known["column"].to_numpy(),
            "when": [_when(row) for row in known.to_dict("records")],
            "meaning": known["meaning"].to_numpy(),
            "used": ["yes" if name in used else "" for name in known["column"]],
        }
    )
    table = release(
        shown,
        rule=result.rule,
        caption="What could be known of each person, and when it was measured",
        labels={
            "what": "Covariate",
            "column": "Column",
            "when": "Measured",
            "meaning": "What it says",
            "used": "Used to make the groups alike",
        },
    )
    return [
        Folded(
            title="Every covariate, and when it was measured",
            blocks=(Text(paragraphs=(_CUT_OFF,)), Table(released=table)),
        )
    ]


def _when(row: dict[Any, Any]) -> str:
    moment = _MOMENTS[str(row["measured_at"])]
    if row["measured_at"] == "at_index":
        return moment
    first, last = (None if pd.isna(row[name]) else -int(row[name]) for name in ("from_days", "to_days"))
    if first is None:
        return f"at any time {moment}"
    return f"{last} to {first} days {moment}"


def calendar(result: StudyResult) -> list[Block]:
    """Return which times of the programme the index events fell into, and the dated calendar behind it.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    list
    """
    if result.cohort is None:
        return []
    from dipeval.cohort.calendar import programme_calendar

    found = result.cohort.calendar_days
    if result.cohort.rule.index_event not in ("positive_test", "any_test"):
        # Who had to be tested when says little of releases or orders.
        found = found[found["kind"] != "testing_rule"]
    table = release(
        _dated(found)[["what", "area", "from", "to"]].assign(n=found["n"].to_numpy()),
        rule=result.rule,
        caption="When the index events fell",
        counts=["n"],
        labels=_HEADINGS | {"n": flow_words.unit(result).capitalize()},
        notes=() if found["kind"].isin(["era"]).all() else ("A day can fall under more than one line.",),
    )
    known = programme_calendar()
    sources = _dated(known).assign(source=[_source(row) for row in known.to_dict("records")])
    whole = release(sources, rule=result.rule, caption="Calendar of the drug interventions programme", labels=_HEADINGS)
    folded = Folded(title="The programme's calendar and its sources", blocks=(Table(released=whole),))
    return [*([Table(released=table)] if len(found) else []), folded]


def _dated(calendar: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "what": calendar["what"].to_numpy(),
            "area": calendar["area"].to_numpy(),
            "from": [_day(value, "open") for value in calendar["valid_from"]],
            "to": [_day(value, "open") for value in calendar["valid_to"]],
        }
    )


def _day(value: Any, missing: str) -> str:
    from dipeval.cohort.flow import day_in_words

    return missing if pd.isna(value) else day_in_words(pd.Timestamp(value).date())


def _source(row: dict[Any, Any]) -> str:
    sure = {"A": "", "B": " (secondary account)"}.get(str(row["mark"]), " (unverified)")
    precise = "" if row["precision"] == "day" else f"; known to the {row['precision']}"
    return f"{row['source']}{sure}{precise}"
