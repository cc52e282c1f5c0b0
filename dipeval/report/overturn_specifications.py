"""The specification curve as released figures: the answer from every design of a stated grid."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import release
from dipeval.effects.checks import specifications_words as say
from dipeval.effects.checks.specifications_result import CHOICES, ESTIMATED
from dipeval.effects.checks.specifications_telling import by_choice, limits_in_words, not_counted, skipped_in_words
from dipeval.plots.effects import AXIS_LABELS
from dipeval.plots.specifications import specification_plot
from dipeval.plots.style import to_png
from dipeval.presenting import format_count, format_percent
from dipeval.report import words
from dipeval.report.blocks import Block, Folded, Picture, Table, Text
from dipeval.study.smallest import behind_specifications
from dipeval.vocabulary import label

if TYPE_CHECKING:
    from dipeval.effects import SpecificationCurve
    from dipeval.study import StudyResult

_FIGURES = ["estimate", "conf_low", "conf_high"]
CAPTION = (
    "Every specification, sorted by its estimate; below, the choices behind each. Open circles: the design did not "
    "pass its checks. Diamond: the main specification."
)
HIDDEN = "Specifications that rest on too few people to be shown are left out of the picture and the sentences."
NO_NUMBER = "Fewer than all specifications gave an estimate; results.csv says which."


def specifications(result: StudyResult) -> list[Block]:
    """Return the specification curve: sentences, picture and a table by choice; nothing where there is none.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    list
    """
    found = result.specifications
    if found is None or not result.effects:
        return []
    table = _released(result, found)
    if not (table["status"] == ESTIMATED).any():
        return [Text(paragraphs=(words.hidden_effect(),))]
    return [
        Text(paragraphs=tuple(_headline(result, found, table))),
        _picture(found, table),
        _choices(result, found, table),
        Text(paragraphs=tuple(_notes(found, table)), kind="note"),
    ]


def _released(result: StudyResult, found: SpecificationCurve) -> pd.DataFrame:
    """The specifications that may be shown, rounded as they may be, the covariates in the study's own words."""
    frame = found.to_frame()
    behind = behind_specifications(found, result.effects[0])
    frame["covariates"] = frame["covariates"].replace(_named(result))
    if not result.rule.protects:
        return frame
    frame = frame[~(words.hidden_rows(result, behind) & (frame["status"] == ESTIMATED))]
    return words.rounded(result, frame, behind, _FIGURES)


def _named(result: StudyResult) -> dict[str, str]:
    """Each set of covariates that leaves one out, in the words of the study file."""
    asked = result.spec.overturn.specifications
    names = asked.leave_out if asked is not None else []
    return {
        say.WITHOUT.format(name=label(name)): say.WITHOUT.format(name=words.covariate(result, name)) for name in names
    }


def _number(found: SpecificationCurve, value: float, digits: int) -> str:
    unit = " percentage points" if found.measure in words.SHARES else ""
    return words.figure(found.measure, digits)(value) + unit


def _headline(result: StudyResult, found: SpecificationCurve, table: pd.DataFrame) -> list[str]:
    passing = table[table["passed"].astype(bool)]
    if passing.empty:
        return [say.HEADLINE_NONE.format(n=format_count(len(table)))]
    digits = words.digits(result, result.effects[0])
    null = 1.0 if found.measure in words.RATIOS else 0.0
    same = passing["estimate"] * found.side > null * found.side
    limit = passing["conf_high"] if found.side < 0 else passing["conf_low"]
    clear = int((limit * found.side > null * found.side).sum())
    main_passed = bool(table.loc[table["is_main"].astype(bool), "passed"].all())
    left_out = not_counted(len(table), len(passing), main_passed=main_passed)
    if len(passing) == 1:
        return [f"{_only(found, passing.iloc[0], digits)} {left_out}".rstrip()]
    headline = (
        say.HEADLINE.format(
            same=format_count(int(same.sum())),
            passing=format_count(len(passing)),
            share=format_percent(float(same.mean()), 0),
            side=say.LOWER if found.side < 0 else say.HIGHER,
            low=words.figure(found.measure, digits)(float(passing["estimate"].min())),
            high=_number(found, float(passing["estimate"].max()), digits),
            clear=format_count(clear) if clear else say.NO_ONE,
            level=f"{100 * found.level:g}",
        )
        + f" {left_out}"
    ).rstrip()
    lines = [
        headline,
        say.NOTE_MEDIAN.format(median=_number(found, statistics.median(passing["estimate"].tolist()), digits)),
    ]
    other = passing["conf_low"] if found.side < 0 else passing["conf_high"]
    against = int((other * found.side < null * found.side).sum())
    lines += [say.NOTE_DEPENDS] if not same.all() else []
    lines += [say.NOTE_OTHER_SIDE.format(n=format_count(against))] if against else []
    return lines + ([] if against or clear else [say.NOTE_UNCLEAR])


def _only(found: SpecificationCurve, row: pd.Series, digits: int) -> str:
    show = words.figure(found.measure, digits)
    return say.HEADLINE_ONE.format(
        side=say.LOWER if found.side < 0 else say.HIGHER,
        estimate=_number(found, float(row["estimate"]), digits),
        low=show(float(row["conf_low"])),
        high=show(float(row["conf_high"])),
        level=f"{100 * found.level:g}",
    )


def _picture(found: SpecificationCurve, table: pd.DataFrame) -> Picture:
    frame = table[table["status"] == ESTIMATED]
    scale = 100.0 if found.measure in words.SHARES else 1.0
    numbers: dict[str, Any] = {name: scale * frame[name] for name in _FIGURES}
    drawn = specification_plot(
        frame.assign(**numbers),
        dimensions=say.DIMENSIONS,
        names={"method": say.METHODS, "estimator": say.ESTIMATORS},
        title=AXIS_LABELS[found.measure],
        line=1.0 if found.measure in words.RATIOS else 0.0,
        ratio=found.measure in words.RATIOS,
    )
    show = words.figure(found.measure)
    alt = (
        f"{len(frame)} specifications in order of their estimates, from {show(float(frame['estimate'].min()))} to "
        f"{show(float(frame['estimate'].max()))}; {int(frame['passed'].sum())} have a design that passed its checks. "
        "Below each, its method, caliper, covariates and estimator."
    )
    return Picture(png=to_png(drawn), alt=alt, caption=CAPTION)


def _choices(result: StudyResult, found: SpecificationCurve, table: pd.DataFrame) -> Folded:
    show = words.figure(found.measure, words.digits(result, result.effects[0]))
    rows = []
    for column, told, part in by_choice(table, CHOICES):
        passing = part.loc[part["passed"].astype(bool), "estimate"]
        reach = f"{show(float(passing.min()))} to {show(float(passing.max()))}" if len(passing) else say.NO_ONE
        rows.append(
            {
                "choice": f"{say.DIMENSIONS[column]}: {told}",
                "all": format_count(len(part)),
                "passed": format_count(len(passing)),
                "reach": reach,
            }
        )
    released = release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption=f"Estimates by choice: {words.MEASURE_WORDS[found.measure].lower()}",
        right=["all", "passed", "reach"],
        labels={
            "choice": "Choice",
            "all": "Specifications",
            "passed": "Passed their checks",
            "reach": "Estimates of these",
        },
    )
    return Folded(title="Estimates by choice", blocks=(Table(released=released),))


def _notes(found: SpecificationCurve, table: pd.DataFrame) -> list[str]:
    notes = [say.NOTE_NOT_INDEPENDENT, say.NOTE_ORDER, limits_in_words(found.limits), say.NOTE_BALANCE]
    estimated = table["status"] == ESTIMATED
    failing = int((estimated & ~table["passed"].astype(bool)).sum())
    notes += [say.NOTE_FAILED.format(n=format_count(failing))] if failing else []
    no_design = table[table["status"] == "no_design"].drop_duplicates(["method", "caliper", "ratio", "covariates"])
    notes += [say.NOTE_NO_DESIGN.format(n=format_count(len(no_design)))] if len(no_design) else []
    notes += [NO_NUMBER] if (table["status"] == "no_estimate").any() else []
    notes += [HIDDEN] if len(table) < found.n_specifications else []
    return [*notes, *skipped_in_words(found.skipped)]
