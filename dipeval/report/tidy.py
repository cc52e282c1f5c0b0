"""results.csv: every released figure, one row each, for Power BI or Excel."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import CONFIDENTIAL, is_small, release_count, share_digits
from dipeval.presenting import round_half_up
from dipeval.report.time_plotted import plotted
from dipeval.study.gate import SHARE_CHECKS
from dipeval.study.tidy_beyond import HIDDEN

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule
    from dipeval.study import StudyResult

COLUMNS = ("section", "measure", "group", "estimate", "conf_low", "conf_high", "n", "status", "note")
# Of money: offences counted for everybody; and the rows of the effect that hold offences per person.
_OFFENCES = ("offences_averted", "offences", "break_even_offences")
_PER_PERSON = ("value", "input", "needed")
_STANDARDISED = ("balance", "diagnostics")
_FIGURES = ("estimate", "conf_low", "conf_high")
# A ratio of pairs that differ gives their numbers back if it is told finely.
_HIDDEN_PLACES = {"e_value": 2, "gamma": 1, "robustness_value": 3}


def results_csv(result: StudyResult) -> str:
    """Return the tidy results as CSV text, every row passed through the disclosure rule.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    str
        Columns ``section, measure, group, estimate, conf_low, conf_high, n, status, note``; counts as released, figures
        at full precision or, under a protecting rule, as the report shows them; ``[c]`` where a figure rests on too few
        people.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in result.to_frame().to_dict("records"):
        writer.writerow(_released(row, result.rule))
    writer.writerows([str(row.get(name, "")) for name in COLUMNS] for row in plotted(result))
    return out.getvalue()


def _released(row: dict[Any, Any], rule: DisclosureRule) -> list[str]:
    rests_on_people = not pd.isna(row["n_smallest"])
    hidden = rests_on_people and is_small(row["n_smallest"], rule)
    shown = {name: CONFIDENTIAL if hidden and not pd.isna(row[name]) else _text(row, name, rule) for name in _FIGURES}
    shown["n"] = "" if pd.isna(row["n"]) else release_count(row["n"], rule).replace(",", "")
    # The sentence about a check says its figure once more.
    if hidden and row["section"] == "diagnostics":
        shown["note"] = ""
    return [shown.get(name, row[name]) for name in COLUMNS]


def _places(section: str, measure: str) -> int | None:
    """Decimals of figures that are no estimate in the unit of the outcome; None for those that are."""
    if measure.startswith("p_value"):
        return 3
    return None if section != HIDDEN else next((n for name, n in _HIDDEN_PLACES.items() if name in measure), None)


def _money(row: dict[Any, Any], value: float, rule: DisclosureRule) -> float:
    """A figure of money as shown: offences whole, and per person as the effect, for finer they give the people back."""
    section, measure = str(row["section"]), str(row["measure"])
    per_person = section == "money: by group" or (row["group"] == "effect" and measure in _PER_PERSON)
    if per_person:
        smallest = row["n_smallest"]
        return float(round_half_up(value, 2 + share_digits(0 if pd.isna(smallest) else smallest, rule)))
    whole = measure in _OFFENCES
    return float(f"{round_half_up(value, 0) if whole else value:.3g}")


def _text(row: dict[Any, Any], name: str, rule: DisclosureRule) -> str:
    """A figure as text: one of full precision tells the exact counts it was made of, so protected ones are rounded."""
    value = row[name]
    if pd.isna(value):
        return ""
    if not rule.protects:
        # The last bits differ between machines; twelve decimals do not.
        return repr(round(float(value), 12) + 0.0)
    if str(row["section"]).partition(":")[0] == "money":
        return repr(_money(row, float(value), rule) + 0.0)
    if row["section"] in _STANDARDISED and row["measure"] not in SHARE_CHECKS:
        return repr(round_half_up(value, 3) + 0.0)
    if (places := _places(str(row["section"]), str(row["measure"]))) is not None:
        return repr(round_half_up(value, places) + 0.0)
    smallest = row["n_smallest"]
    return repr(0.0 + round_half_up(value, 2 + share_digits(0 if pd.isna(smallest) else smallest, rule)))
