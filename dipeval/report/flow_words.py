"""The flow of people as released text: the rows of the table, the lists beside the picture, and its words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import is_small, release_count

if TYPE_CHECKING:
    from dipeval.cohort import CohortRule
    from dipeval.study import StudyResult

# The last steps of a flow stand in the two arms of the picture.
ARM_STEPS = ("treated_comparable", "analysed")
_WHY = {
    "complete": "treatment or a covariate not recorded",
    "treatment_recorded": "treatment not recorded",
    "treated_comparable": "nobody comparable was found",
    "analysed": "not needed for the comparison",
}


def why(step: str, label: str, rule: CohortRule | None) -> str:
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
    from dipeval.cohort.flow_reasons import reason

    return _WHY[step] if step in _WHY else reason(step, label, rule)


def steps_frame(result: StudyResult) -> pd.DataFrame:
    """Return the steps before the two groups part, for the picture: label, n, excluded, reason, box (released text)."""
    from dipeval.cohort.flow_reasons import MILESTONES, box_label

    flow = result.flow
    main = flow[~flow["step"].isin(ARM_STEPS)]
    rule = result.cohort.rule if result.cohort is not None else None
    last = main["step"].iloc[-1]
    return pd.DataFrame(
        {
            "label": [box_label(str(row["label"]), row["step"] == last) for row in main.to_dict("records")],
            "n": [release_count(n, result.rule) for n in main["n_people"]],
            "excluded": ["", *(_lost(n, result) for n in main["n_excluded"].iloc[1:])],
            "reason": [why(str(step), str(text), rule) for step, text in zip(main["step"], main["label"], strict=True)],
            "box": main["step"].isin(MILESTONES),
        }
    ).reset_index(drop=True)


def _lost(count: float, result: StudyResult) -> str:
    """Nobody lost is not worth a line, unless that itself would tell a small count."""
    return "" if count == 0 and not is_small(count, result.rule) else release_count(count, result.rule)


def arms_frame(result: StudyResult) -> pd.DataFrame:
    """Return the two groups for the picture: label, n, excluded, reason, analysed (released text)."""
    made, people = result.design, result.spec.people
    treated, used = made.treated.astype(bool), made.weights > 0
    rows = []
    for label, step, own in (
        (people.treated_label, "treated_comparable", treated),
        (people.comparison_label, "analysed", ~treated),
    ):
        lost = int((own & ~used).sum())
        # Weighting leaves nobody out by its nature, and that tells nothing of anybody.
        by_nature = lost == 0 and not made.leaves_out
        rows.append(
            {
                "label": label,
                "n": release_count(int(own.sum()), result.rule),
                "excluded": "" if by_nature else _lost(lost, result),
                "reason": _WHY[step],
                "analysed": release_count(int((own & used).sum()), result.rule),
            }
        )
    return pd.DataFrame(rows)


def in_words(steps: pd.DataFrame, arms: pd.DataFrame) -> str:
    """Return what the picture shows, for those who do not see it."""
    lost = [f"{row['excluded']} {row['reason']}" for row in steps.to_dict("records") if row["excluded"]]
    gone = f" Left out: {'; '.join(lost)}." if lost else ""
    ends = "; ".join(_arm_in_words(row) for row in arms.to_dict("records"))
    return (
        f"Flow of people through the study: from {steps['n'].iloc[0]} ({steps['label'].iloc[0]}) to "
        f"{steps['n'].iloc[-1]} ({steps['label'].iloc[-1]}).{gone} Two groups: {ends}."
    )


def _arm_in_words(row: Any) -> str:
    lost = f", {row['excluded']} left out ({row['reason']})" if row["excluded"] else ""
    return f"{row['label']}: {row['n']}{lost}, {row['analysed']} compared"


def unit(result: StudyResult) -> str:
    """Return what is counted: people, or index events where a person can be in more than once."""
    return "people" if result.cohort is None else result.cohort.rule.unit
