"""Negative controls as released figures: where the groups differ on what treatment cannot have changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import release, share_digits
from dipeval.effects.checks import negative_controls_words as say
from dipeval.report import words
from dipeval.report.blocks import Block, Picture, Table, Text
from dipeval.report.forests import forest_png
from dipeval.study.smallest import behind_controls

if TYPE_CHECKING:
    from dipeval.disclosure import ReleasedTable
    from dipeval.effects import NegativeControls
    from dipeval.study import StudyResult

_FIGURES = ("treated", "comparison", "estimate", "interval", "p", "reading")


def controls(result: StudyResult) -> list[Block]:
    """Return the negative controls: a sentence, a table, a forest plot; nothing where there is none.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    list
    """
    found = result.negative_controls
    if found is None:
        return []
    behind = behind_controls(found)
    table = Table(released=_table(result, found, behind))
    seen = _seen(result, found, behind)
    if seen is None:
        return [Text(paragraphs=(words.hidden_effect(),)), table]
    summary = seen.summary()
    kind = "warning" if seen.is_clear else "plain"
    return [
        Text(paragraphs=(summary.headline,), kind=kind),
        table,
        _picture(result, seen, behind),
        Text(paragraphs=summary.notes),
    ]


def _seen(result: StudyResult, found: NegativeControls, behind: pd.Series) -> NegativeControls | None:
    """The controls that may be shown, the covariates named in the study's words; None if there is none."""
    shown = found.to_frame()[~words.hidden_rows(result, behind)]
    if shown.empty:
        return None
    named = [
        ", ".join(words.covariate(result, term) for term in text.split(", ") if term) for text in shown["left_out"]
    ]
    return replace(found, _table=shown.assign(left_out=named))


def _table(result: StudyResult, found: NegativeControls, behind: pd.Series) -> ReleasedTable:
    rows = [
        _row(row, share_digits(fewest, result.rule)) | {"behind": fewest}
        for row, fewest in zip(found.to_frame().to_dict("records"), behind, strict=True)
    ]
    return release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption="What treatment cannot have changed, compared in the same way as the outcome",
        rests_on=dict.fromkeys(_FIGURES, "behind"),
        right=_FIGURES[:-1],
        labels={
            "label": "Negative control",
            "when": "Measured",
            "measure": "Measure",
            "treated": "Treated",
            "comparison": "Comparison",
            "estimate": "Estimate",
            "interval": "95% interval",
            "p": "p",
            "reading": "Reading",
        },
    )


def _row(row: dict[Any, Any], decimals: int) -> dict[str, Any]:
    show = words.figure(row["term"], decimals)
    shares = row["outcome_kind"] == "yes_no"
    level = (lambda value: words.share(value, decimals)) if shares else words.figure("mean_difference", 0)
    return {
        "label": row["label"],
        "when": say.HEADINGS[row["when"]],
        "measure": words.MEASURE_WORDS[row["term"]],
        "treated": level(row["mean_treated"]),
        "comparison": level(row["mean_comparison"]),
        "estimate": show(row["estimate"]),
        "interval": f"{show(row['conf_low'])} to {show(row['conf_high'])}",
        "p": words.p_value(row["p_value"]),
        "reading": say.EXCLUDES if row["excludes_equality"] else say.INCLUDES,
    }


def _picture(result: StudyResult, seen: NegativeControls, behind: pd.Series) -> Picture:
    frame = words.rounded(result, seen.to_frame(), behind, ["estimate", "conf_low", "conf_high"])
    panels = [
        term if kind != "number" else f"{term} {group}"
        for term, kind, group in frame[["term", "outcome_kind", "group"]].itertuples(index=False)
    ]
    drawn = frame.assign(
        panel=panels,
        heading=frame["when"].map(say.HEADINGS),
        role=frame["excludes_equality"].map({True: "primary", False: ""}),
    )
    told = "; ".join(
        f"{row['label']}: {row['estimate']} ({row['interval']})"
        for row in (_row(row, share_digits(behind[place], result.rule)) for place, row in _records(frame))
    )
    named = ["term", "label", "estimate", "conf_low", "conf_high", "panel", "heading", "role"]
    return Picture(
        png=forest_png(drawn[named]),
        alt=f"Negative controls with their 95% intervals. {told}.",
        caption="Negative controls with their 95% intervals; diamonds are those where the groups differ",
    )


def _records(frame: pd.DataFrame) -> list[tuple[Any, dict[Any, Any]]]:
    return list(zip(frame.index, frame.to_dict("records"), strict=True))
