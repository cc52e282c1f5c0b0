"""results.csv: every released figure, one row each, for Power BI or Excel."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import CONFIDENTIAL, is_small, release_count

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule
    from dipeval.study import StudyResult

COLUMNS = ("section", "measure", "group", "estimate", "conf_low", "conf_high", "n", "status", "note")
_FIGURES = ("estimate", "conf_low", "conf_high")


def results_csv(result: StudyResult) -> str:
    """Return the tidy results as CSV text, every row passed through the disclosure rule.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    str
        Columns ``section, measure, group, estimate, conf_low, conf_high, n, status, note``; figures at full
        precision, counts as released; ``[c]`` where a figure rests on too few people.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in result.to_frame().to_dict("records"):
        writer.writerow(_released(row, result.rule))
    return out.getvalue()


def _released(row: dict[Any, Any], rule: DisclosureRule) -> list[str]:
    rests_on_people = not pd.isna(row["n_smallest"])
    hidden = rests_on_people and is_small(row["n_smallest"], rule)
    shown = {name: CONFIDENTIAL if hidden and not pd.isna(row[name]) else _text(row[name], rule) for name in _FIGURES}
    shown["n"] = "" if pd.isna(row["n"]) else release_count(row["n"], rule).replace(",", "")
    return [shown.get(name, row[name]) for name in COLUMNS]


def _text(value: float, rule: DisclosureRule) -> str:
    """A share at full precision tells the exact counts it was made of, so protected figures keep three digits."""
    if pd.isna(value):
        return ""
    return repr(float(f"{value:.3g}")) if rule.protects else repr(float(value))
