"""The flow of a cohort as a picture tells it: which steps have a box of their own, and why people were left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from dipeval.cohort.rule_words import index_name
from dipeval.presenting import format_count

if TYPE_CHECKING:
    from dipeval.cohort.rule import CohortRule

# Steps that have a box of their own, beside the first and the last.
MILESTONES: Final = ("in_window", "chosen")
_LAST_STEP: Final = ("Observable for", "Time zero before the extract ends")


def reason(step: str, label: str, rule: CohortRule | None) -> str:
    """Return why somebody is left out at a step; a step that is not known here is said the other way round.

    Parameters
    ----------
    step, label
        The step and what is left after it.
    rule
        Of the cohort; None for a person-level table.

    Returns
    -------
    str
    """
    told = {} if rule is None else _by_rule(rule)
    return told.get(step, f"not so: {label[:1].lower()}{label[1:]}")


def box_label(label: str, last: bool) -> str:
    """Return what the box of a step says; the last one holds who is eligible."""
    return "Eligible at time zero" if last and label.startswith(_LAST_STEP) else label


def picture_steps(attrition: pd.DataFrame, rule: CohortRule) -> pd.DataFrame:
    """Return a cohort's attrition for `dipeval.plots.attrition.consort_plot` (exact counts: not for release)."""
    last = attrition["step"].iloc[-1]
    lost = attrition["n_excluded"]
    return pd.DataFrame(
        {
            "label": [box_label(str(row["label"]), row["step"] == last) for row in attrition.to_dict("records")],
            "n": attrition["n_people"].map(format_count),
            "excluded": lost.map(format_count).where(lost > 0, ""),
            "reason": [reason(str(row["step"]), str(row["label"]), rule) for row in attrition.to_dict("records")],
            "box": attrition["step"].isin(MILESTONES),
        }
    )


def picture_arms(exposure: pd.DataFrame) -> pd.DataFrame:
    """Return the two groups of a cohort, before any comparison is made of them."""
    arms = exposure[exposure["group"] != "started_later"]
    shown = pd.DataFrame({"label": arms["label"], "n": arms["n_people"].map(format_count)})
    return shown.assign(excluded="", reason="", analysed="").reset_index(drop=True)


def _by_rule(rule: CohortRule) -> dict[str, str]:
    index = index_name(rule)
    young = f"younger than {rule.minimum_age}"
    ages = young if rule.maximum_age is None else f"{young} or older than {rule.maximum_age}"
    end = "the extracts end before time zero"
    if rule.late_index == "cut_back":
        end = f"could not be observed for {rule.required_days} days after time zero"
    return {
        "age_known": "date of birth not known",
        "at_liberty": "in custody at time zero",
        "offence_free": f"proven offence after the {index} and up to time zero",
        "positive": "never tested positive for opiates or cocaine"
        if rule.unit == "people"
        else "not positive for opiates or cocaine",
        "with_index_event": f"no {index}",
        "in_window": f"no {index} in the window" if rule.unit == "people" else "outside the window",
        "chosen": "not the first of its quarter" if rule.index_choice == "per_quarter" else "not the first of its day",
        "district": f"{index} in another district",
        "adult": f"{ages} at the {index}",
        "not_in_treatment": _washed_out(rule, index),
        "alive": "died before time zero",
        "observable": end,
    }


def _washed_out(rule: CohortRule, index: str) -> str:
    what = {"treatment": "in treatment", "order": "on an order", "contact": "in contact"}[rule.exposure]
    if rule.exposure_timing == "before_index":
        return f"{what} {rule.before_days} days before the {index}, or in the {rule.washout_days} days before that"
    return f"{what} at the {index} or in the {rule.washout_days} days before it"
