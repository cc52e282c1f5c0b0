"""For whom it worked: the effect in parts of the people, and the only test that may claim a difference between them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import release, share_digits
from dipeval.effects.several import subgroup_words as say
from dipeval.effects.several.subgroups_result import UNLIKE
from dipeval.matching.balance_words import smd_shown
from dipeval.presenting import format_percent
from dipeval.report import flow_words, words
from dipeval.report.blocks import Block, Picture, Section, Table, Text, nothing
from dipeval.report.forests import forest_png
from dipeval.study.smallest import behind_subgroups

if TYPE_CHECKING:
    from dipeval.disclosure import ReleasedTable
    from dipeval.effects import SubgroupEffects
    from dipeval.study import StudyResult

TITLE, ANCHOR = "For whom did it work?", "subgroups"
LEFT_OUT_PROTECTED = (
    "Subgroups that are withheld have too few people, or too few with (or without) the outcome, or would tell of "
    "another one by subtraction."
)
IN_A_SUBGROUP = "In a subgroup, it is that of those among them who belong to it."
OTHER_ESTIMATOR = (
    "Subgroups need an estimate of which the part of every person is known. They are estimated here by weighted means; "
    "the answer of this study is estimated in another way, so that the row for everybody can differ from it."
)
# Beside the name of a column in the picture: the corrected test.
HEADING_NOTE = "Differs? p = {p}"
NOT_TESTED = "[z]"
_FIGURES = ("estimate", "interval")


def subgroups(result: StudyResult) -> Section:
    """Return the section on subgroups; empty where the study asks for none.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    if result.subgroups is None or result.withheld:
        return nothing()
    if words.small(result, result.subgroups.overall):
        return Section(title=TITLE, anchor=ANCHOR, blocks=(Text(paragraphs=(words.hidden_effect(),)),))
    behind = behind_subgroups(result.subgroups, result.rule)
    found = _tests_shown(result, result.subgroups, behind)
    blocks: list[Block] = [
        Text(paragraphs=(words.in_units(result, found.summary().headline),)),
        Text(paragraphs=(say.NOTE_READING,), kind="note"),
        Table(released=_levels(result, found, behind)),
        *_picture(result, found, behind),
        Table(released=_tests(result, found)),
        Text(paragraphs=_notes(result, found, behind)),
    ]
    return Section(title=TITLE, anchor=ANCHOR, blocks=tuple(blocks))


def _tests_shown(result: StudyResult, found: SubgroupEffects, behind: pd.Series) -> SubgroupEffects:
    """The subgroups without the tests that a withheld subgroup takes part in."""
    frame, tests = found.to_frame(), found.tests()
    hidden = words.hidden_rows(result, behind)
    gone = tests["column"].isin(frame.loc[hidden & frame["in_test"], "column"])
    if not gone.any():
        return found
    tests.loc[gone, ["chi_square", "df", "p_value", "p_value_holm"]] = float("nan")
    return replace(found, _tests=tests)


def _levels(result: StudyResult, found: SubgroupEffects, behind: pd.Series) -> ReleasedTable:
    whole = found.overall
    decimals = words.digits(result, whole)
    rows = [
        _level_row(found, whole.to_frame().iloc[0].to_dict(), decimals)
        | {"by": say.EVERYBODY, "level": "", "smd": "[z]", "behind": result.rule.threshold}
    ]
    for row, fewest in zip(found.to_frame().to_dict("records"), behind, strict=True):
        smd = format_percent if result.rule.protects else smd_shown
        rows.append(
            _level_row(found, row, share_digits(fewest, result.rule))
            | {
                "by": found.labels[row["column"]],
                "level": row["level"],
                "smd": "[z]" if pd.isna(row["max_smd"]) else smd(row["max_smd"]),
                "behind": fewest,
            }
        )
    unit = flow_words.unit(result)
    return release(
        pd.DataFrame(rows)[["by", "level", "n_treated", "n_comparison", *_FIGURES, "smd", "behind"]],
        rule=result.rule,
        caption=f"{words.outcome_label(result, whole.outcome_name)}, by subgroup: "
        f"{words.MEASURE_WORDS[whole.measure].lower()}",
        counts=["n_treated", "n_comparison"],
        rests_on=dict.fromkeys((*_FIGURES, "smd"), "behind"),
        right=[*_FIGURES, "smd"],
        labels={
            "by": "By",
            "level": "Subgroup",
            "n_treated": f"Treated {unit}",
            "n_comparison": f"Comparison {unit}",
            "estimate": "Estimate",
            "interval": f"{100 * found.level:g}% interval",
            "smd": "Largest difference in a covariate",
        },
    )


def _level_row(found: SubgroupEffects, row: dict[Any, Any], decimals: int) -> dict[str, Any]:
    show = words.figure(found.overall.measure, decimals)
    none = pd.isna(row["estimate"])
    return {
        "n_treated": int(row["n_treated"]),
        "n_comparison": int(row["n_comparison"]),
        "estimate": say.SHORT_NOTE if none else show(row["estimate"]),
        "interval": "[z]" if none else f"{show(row['conf_low'])} to {show(row['conf_high'])}",
    }


def _tests(result: StudyResult, found: SubgroupEffects) -> ReleasedTable:
    rows = [
        {
            "by": found.labels[test["column"]],
            "p": NOT_TESTED if pd.isna(test["p_value"]) else words.p_value(test["p_value"]),
            "corrected": NOT_TESTED if pd.isna(test["p_value"]) else words.p_value(test["p_value_holm"]),
            "levels": NOT_TESTED if pd.isna(test["p_value"]) else str(int(test["n_levels"])),
        }
        for test in found.tests().to_dict("records")
    ]
    return release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption="Does the effect differ between the subgroups? (tests of interaction)",
        right=["p", "corrected", "levels"],
        labels={"by": "By", "p": "p", "corrected": "p corrected (Holm)", "levels": "Subgroups compared"},
    )


def _picture(result: StudyResult, found: SubgroupEffects, behind: pd.Series) -> list[Block]:
    whole, frame = found.overall, found.to_frame()
    shown = frame[~words.hidden_rows(result, behind) & frame["estimate"].notna()]
    if shown.empty:
        return []
    figures = ["estimate", "conf_low", "conf_high"]
    levels = words.rounded(result, shown[[*figures, "column", "level"]], behind, figures)
    tests = found.tests().set_index("column")["p_value_holm"]
    levels["heading"] = levels["column"].map(found.labels)
    levels["heading_note"] = [
        "" if pd.isna(tests[name]) else HEADING_NOTE.format(p=words.p_value(tests[name])) for name in levels["column"]
    ]
    levels["label"] = levels["level"].map(lambda text: text[:1].upper() + text[1:])
    everybody = {name: words.drawn(result, whole, getattr(whole, name)) for name in figures}
    first = pd.DataFrame([everybody | {"label": say.EVERYBODY, "role": "primary"}])
    both = pd.concat([first, levels], ignore_index=True).assign(term=whole.measure)
    show = words.figure(whole.measure, share_digits(0, result.rule))
    told = "; ".join(
        f"{row['heading']}, {row['level']}: {show(row['estimate'])} ({show(row['conf_low'])} to "
        f"{show(row['conf_high'])})"
        for row in levels.to_dict("records")
    )
    return [
        Picture(
            png=forest_png(both),
            alt=f"The effect among everybody and in each subgroup, with {100 * found.level:g}% intervals. {told}.",
            caption="The effect in each subgroup; whether subgroups differ is said by the test beside the heading, "
            "never by comparing intervals",
        )
    ]


def _notes(result: StudyResult, found: SubgroupEffects, behind: pd.Series) -> tuple[str, ...]:
    tests, whole = int(found.tests()["p_value"].notna().sum()), found.overall
    notes = [f"{words.estimand(result)} {IN_A_SUBGROUP}"]
    if tests > 1:
        notes.append(say.NOTE_HOLM.format(n=tests, alpha=f"{100 * (1 - found.level):g}"))
    notes.append(say.NOTE_SCALE.format(measure=words.MEASURE_WORDS[whole.measure].lower()))
    notes += _left_out(result, found, behind)
    notes += _balance(result, found, behind)
    if whole.estimator != result.effects[0].estimator:
        notes.append(OTHER_ESTIMATOR)
    level = f"{100 * found.level:g}"
    notes += [say.NOTE_ERRORS.format(se_method=words.errors(result, whole), level=level), say.NOTE_PLANNED]
    return tuple(words.in_units(result, note) for note in notes)


def _left_out(result: StudyResult, found: SubgroupEffects, behind: pd.Series) -> list[str]:
    """Which subgroups are in no test, and why; among personal data the reason would tell how few there are."""
    if result.rule.protects:
        return [LEFT_OUT_PROTECTED] if words.hidden_rows(result, behind).any() else []
    frame = found.to_frame()
    notes = []
    for row in frame[~frame["in_test"]].to_dict("records"):
        column = found.labels[row["column"]]
        if row["reason"] == say.GAPS:
            notes.append(say.NOTE_NOT_RECORDED.format(column=column))
        else:
            notes.append(say.NOTE_LEFT_OUT.format(column=column, level=row["level"], reason=row["reason"]))
    return notes


def _balance(result: StudyResult, found: SubgroupEffects, behind: pd.Series) -> list[str]:
    frame = found.to_frame()
    shown = frame[~words.hidden_rows(result, behind) & frame["estimate"].notna()]
    known = shown["max_smd"].dropna()
    if known.empty:
        return []
    unlike = int((known > UNLIKE).sum())
    template = say.NOTE_BALANCE if unlike else say.NOTE_BALANCED
    text = template.format(n=unlike, total=len(known), threshold=f"{100 * UNLIKE:g}")
    return [text.replace("column Largest SMD", "the last column of the table")]
