"""How strong something that nobody recorded would have to be, as released sentences and a picture."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import is_small, release
from dipeval.effects.hidden import words as say
from dipeval.plots.hidden import contour_plot, e_value_plot
from dipeval.plots.style import to_png
from dipeval.presenting import format_number, format_percent
from dipeval.report import words
from dipeval.report.blocks import Block, Picture, Table, Text
from dipeval.study.smallest import behind_bounds, smallest_count

if TYPE_CHECKING:
    from dipeval.effects import HiddenBias, RobustnessValue, RosenbaumBounds
    from dipeval.study import StudyResult

CONTOUR = (
    "Each point is something hidden that would explain so much of who was treated (across) and of the outcome (up). In "
    "the shaded parts it would overturn the answer; the dots show covariates that were recorded, once, twice and three "
    "times as strong as they are, as far as there is room."
)
CONTOUR_UNCLEAR = " Everything is shaded here: the interval includes equality without anything hidden."
NO_PAIRS = (
    "Not given: Rosenbaum bounds (Gamma). They are about pairs or sets of people compared as alike, and this design "
    "has none."
)
CONTOUR_ALT = (
    "Strengths of something hidden that would overturn the answer. With equal shares of both: {value} would account "
    "for the estimate; {limit}. Beside it as dots: {named}."
)
LEAST_SHARE, LESS = 0.01, "less than 1%"
BOUNDS = (
    "The largest p-value that is possible when two people who were compared as alike may differ so much in their odds "
    "of having been treated (Gamma)."
)
BOUNDS_ALT = "The largest possible p-value rising with Gamma, the hidden difference in the odds of treatment. {told}."
E_VALUE = "How strongly something hidden would have to go with treatment (across) and with the outcome (up)."
E_VALUE_ALT = (
    "Strengths of something hidden, with treatment and with the outcome, that would account for the estimate: {value} "
    "each, or more of the one and less of the other."
)


def hidden(result: StudyResult) -> list[Block]:
    """Return what it would take, as a table, and a picture of it; nothing where it was not asked for.

    Parameters
    ----------
    result
        From ``Study.run()``, its primary effect not too small to be shown.

    Returns
    -------
    list
    """
    found = result.hidden_bias
    if found is None:
        return []
    summary = found.summary()
    notes = [_note(result, note) for note in summary.notes]
    rows = pd.DataFrame([_row(result, found, row) for row in found.to_frame().to_dict("records")])
    headline = _strengths(result, found.robustness, words.in_units(result, summary.headline))
    blocks: list[Block] = [Text(paragraphs=(headline,))]
    if len(rows):
        table = release(
            rows,
            rule=result.rule,
            caption="What it would take",
            rests_on={"reading": "behind"},
            labels={"question": "Question", "reading": "What it would take"},
        )
        blocks.append(Table(released=table))
    return [*blocks, *_picture(result, found), Text(paragraphs=tuple(notes), kind="note")]


def _row(result: StudyResult, found: HiddenBias, row: dict[Any, Any]) -> dict[str, Any]:
    method, reading = str(row["method"]), str(row["reading"])
    behind = smallest_count(found.effect)
    name = say.METHODS[method]
    if method == "rosenbaum_bounds" and found.bounds is not None:
        behind = min(behind, behind_bounds(found.bounds))
        reading = _bounds_reading(found.bounds) if result.rule.protects else reading
    if method == "benchmark" and found.robustness is not None:
        name = name.format(covariate=_covariate(result, found.robustness.strongest(1)[0]))
        reading = _benchmark_reading(result, found, row) if result.rule.protects else reading
    reading = _strengths(result, found.robustness, reading)
    return {"question": f"{name}. {row['question']}", "reading": reading, "behind": behind}


def _strengths(result: StudyResult, found: RobustnessValue | None, text: str) -> str:
    """A sentence with the robustness values in whole percentages, if no percentage may be finer."""
    if found is None or not result.rule.protects:
        return text
    for value in (found.rv, found.rv_limit):
        # Rounded down: no more is claimed than was found.
        coarse = format_percent(math.floor(100 * value) / 100, 0) if value >= LEAST_SHARE else LESS
        if value > 0:
            text = re.sub(rf"(?<![\d.,]){re.escape(say.share_in_words(value))}", coarse, text)
    return text.replace(f"at least {LESS}", LESS)


def _note(result: StudyResult, note: str) -> str:
    """A note for a reader who writes no code, its counts as they may be shown."""
    bounds = say.NOTE_WITHOUT.format(method=say.METHODS["rosenbaum_bounds"], reason="").rstrip()
    if note.startswith(bounds) and result.design.clusters is None:
        return NO_PAIRS
    return words.counts_shown(result, note)


def _covariate(result: StudyResult, term: str) -> str:
    """A covariate within a sentence."""
    return f"‘{words.covariate(result, term)}’"


def _bounds_reading(bounds: RosenbaumBounds) -> str:
    """The reading with one decimal: with two, the ratio of the pairs that differ gives their numbers back."""
    alpha = f"{bounds.alpha:.3g}"
    limit = say.READ_GAMMA_ALREADY.format(alpha=alpha)
    if bounds.is_clear:
        critical = format_number(math.floor(10 * bounds.gamma_critical + 1e-9) / 10, 1)
        limit = say.READ_GAMMA_LIMIT.format(limit=critical, alpha=alpha)
    value = say.READ_GAMMA_VALUE.format(gamma=format_number(bounds.gamma_estimate, 1))
    return say.READ_GAMMA.format(value=value, limit=limit)


def _benchmark_reading(result: StudyResult, found: HiddenBias, row: dict[Any, Any]) -> str:
    """The reading with estimates no finer than those of the effect."""
    robust = found.robustness
    if robust is None or math.isnan(row["value"]):
        return str(row["reading"])
    first = robust.to_frame().query("term == @robust.strongest(1)[0]").sort_values("multiple").iloc[0]
    measure = "risk_difference" if robust.outcome_kind == "yes_no" else "mean_difference"
    show = words.figure(measure, words.digits(result, found.effect))
    unit = " percentage points" if measure == "risk_difference" else ""
    return say.READ_BENCHMARK.format(
        value=f"{show(first['estimate'])}{unit}",
        level=f"{100 * (1 - robust.alpha):g}",
        interval=f"{show(first['conf_low'])} to {show(first['conf_high'])}{unit}",
        estimate=f"{show(robust.estimate)}{unit}",
    )


def _picture(result: StudyResult, found: HiddenBias) -> list[Block]:
    if found.robustness is not None:
        return [_contours(result, found.robustness)]
    if found.bounds is not None and not is_small(behind_bounds(found.bounds), result.rule):
        told = _bounds_reading(found.bounds).rstrip(".")
        return [Picture(png=to_png(found.bounds.plot()), alt=BOUNDS_ALT.format(told=told), caption=BOUNDS)]
    value, limit = found.effect.e_value, found.effect.e_value_limit
    if math.isnan(value):
        return []
    alt = E_VALUE_ALT.format(value=format_number(value))
    return [Picture(png=to_png(e_value_plot(value, limit)), alt=alt, caption=E_VALUE)]


def _contours(result: StudyResult, found: RobustnessValue) -> Picture:
    grid, strongest = found.contours(), found.strongest()
    frame = found.to_frame()
    inside = (
        frame["term"].isin(strongest)
        & (frame["r2_treatment"] <= grid["r2_treatment"].max())
        & (frame["r2_outcome"] <= grid["r2_outcome"].max())
    )
    marks = frame[inside].assign(label=[words.covariate(result, str(term)) for term in frame.loc[inside, "term"]])
    named = [words.covariate(result, term) for term in strongest]
    alt = CONTOUR_ALT.format(
        value=say.share_in_words(found.rv),
        limit=_limit(found),
        named="; ".join(named) or "none",
    )
    alt = _strengths(result, found, alt)
    caption = CONTOUR if found.is_clear else CONTOUR + CONTOUR_UNCLEAR
    return Picture(
        png=to_png(contour_plot(grid, marks[["label", "r2_treatment", "r2_outcome"]])), alt=alt, caption=caption
    )


def _limit(found: RobustnessValue) -> str:
    """What it takes to make the interval reach equality."""
    if not found.is_clear:
        return say.READ_ALREADY
    share = say.share_in_words(found.rv_limit) if found.rv_limit > 0 else say.NEXT_TO_NOTHING
    return say.READ_ROBUSTNESS_LIMIT.format(limit=share)
