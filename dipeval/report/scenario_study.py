"""The scenario workbook of a study: written beside its report, with nothing in it that the report may not show."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dipeval.report import section_money_words as money_words
from dipeval.report.scenario_given import given_of
from dipeval.report.scenario_workbook import write_given
from dipeval.study.tidy_money import told_of_money

if TYPE_CHECKING:
    from dipeval.study import StudyResult

XLSX_NAME: Final = "scenarios.xlsx"


def has_workbook(result: StudyResult) -> bool:
    """Return whether a study's report has a scenario workbook beside it.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    bool
        False if it is not asked for, if no figure of money may be shown, or if the same offences may be shown at one
        price only: the workbook shows them at several.
    """
    if result.withheld or result.spec.costs is None or "xlsx" not in result.spec.outputs.formats:
        return False
    return not money_words.hidden(result) and money_words.at_other_prices(result)


def write_study_workbook(result: StudyResult, folder: Path) -> None:
    """Write the scenario workbook of a study into a folder, if it has one.

    Parameters
    ----------
    result
        From ``Study.run()``.
    folder
        An existing folder.
    """
    if result.roi is None or not has_workbook(result):
        return
    groups = told_of_money(result).groups
    hidden = [group for group in result.roi.central.groups if result.rule.protects and not groups.get(group, 0)]
    given = given_of(result.roi, result.rule, hidden, partial(money_words.told, result))
    title = f"{result.spec.title}: return on investment, scenarios"
    write_given(result.roi, folder / XLSX_NAME, given, title)
