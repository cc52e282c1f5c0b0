"""The designs of a study side by side, before any outcome: whom each compares, how alike, what it could find."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import NOT_APPLICABLE, is_small, release, share_digits
from dipeval.presenting import format_number, format_percent
from dipeval.study.gate_checks import BALANCE, SHARE_DROPPED, people_behind, share_dropped

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule, ReleasedTable
    from dipeval.matching import Design
    from dipeval.study.gate import Diagnostics
    from dipeval.study.spec import StudySpec
    from dipeval.study.steps import SensitivityResult

PRIMARY, PRIMARY_LABEL = "primary", "Primary design"
COLUMNS = (
    "name",
    "label",
    "method",
    "estimand",
    "n_treated",
    "n_comparison",
    "ess",
    "share_dropped",
    "max_smd",
    "max_variance_ratio",
    "minimum_detectable",
    "share_tied",
    "optimality_gap",
    "passed",
)


def designs_table(
    design: Design, diagnostics: Diagnostics, sensitivity: Sequence[SensitivityResult], spec: StudySpec
) -> pd.DataFrame:
    """Return one row a design, the primary one first. No outcome is needed, or taken.

    Parameters
    ----------
    design, diagnostics
        The primary design and its checks.
    sensitivity
        The further designs.
    spec
        The study: the share of the comparison group expected to have the outcome.

    Returns
    -------
    pandas.DataFrame
        name, label, method, estimand, n_treated and n_comparison (people used), ess (how many unweighted comparison
        people the weighted ones are worth; of the smaller group where both are weighted), share_dropped (of the people
        the effect is about), max_smd, max_variance_ratio (1 or more; missing where every covariate is yes/no),
        minimum_detectable (smallest difference in shares found with a chance of 80%; missing where a time is primary),
        share_tied (of the matches: decided by a tie), optimality_gap (how much further apart the pairs would have been,
        matched one at a time), passed. Counts are exact: release the table before it goes anywhere.
    """
    rows = [_row(PRIMARY, PRIMARY_LABEL, design, diagnostics, spec)]
    rows += [_row(item.name, item.label, item.design, item.diagnostics, spec) for item in sensitivity]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(name: str, label: str, design: Design, diagnostics: Diagnostics, spec: StudySpec) -> tuple[Any, ...]:
    balance, options = design.balance(), design.options
    of_shares = spec.primary.kind != "time"
    gap, tied, matches = options.get("optimality_gap"), options.get("n_tied_choices"), len(design.pairs())
    return (
        name,
        label,
        design.method,
        design.estimand,
        design.n_treated,
        design.n_comparison,
        design.ess if design.estimand == "ATT" else min(design.ess, design.ess_treated),
        share_dropped(design),
        balance.max_smd,
        balance.max_variance_ratio,
        design.minimum_detectable_difference(spec.diagnostics.expected_share) if of_shares else math.nan,
        math.nan if tied is None or not matches else tied / matches,
        math.nan if gap is None else float(gap),
        diagnostics.passed,
    )


def people_behind_each(design: Design, sensitivity: Sequence[SensitivityResult]) -> list[tuple[int, int]]:
    """Return, design by design, the fewest people that its figures and its share left out rest on (disclosure)."""
    made = [design, *(item.design for item in sensitivity)]
    return [(people_behind(BALANCE, one), people_behind(SHARE_DROPPED, one)) for one in made]


def released_designs(designs: pd.DataFrame, behind: Sequence[tuple[int, int]], rule: DisclosureRule) -> ReleasedTable:
    """Pass the table of designs through the disclosure gate.

    Parameters
    ----------
    designs
        From `designs_table`.
    behind
        From `people_behind_each`.
    rule
        In force.

    Returns
    -------
    ReleasedTable
    """
    decimals = share_digits(float(designs[["n_treated", "n_comparison"]].to_numpy().min()), rule)
    figures, shares = ("max_smd", "max_variance_ratio", "minimum_detectable"), "share_dropped"
    shown = designs[["label", "n_treated", "n_comparison", "ess", shares, *figures, "passed"]]
    shown = shown.assign(
        ess=[round(value) for value in shown["ess"]],
        passed=["yes" if passed else "no" for passed in shown["passed"]],
        fewest=[figure for figure, _ in behind],
        left_out=[share for _, share in behind],
    )
    return release(
        shown,
        rule=rule,
        caption="Every design of the study, before any outcome",
        counts=["n_treated", "n_comparison", "ess"],
        rests_on=dict.fromkeys(figures, "fewest") | {shares: "left_out"},
        formats={
            shares: lambda value: format_percent(value, 0),
            "max_smd": lambda value: format_number(value, 3),
            "max_variance_ratio": _or_nothing(lambda value: format_number(value, 2)),
            "minimum_detectable": _or_nothing(lambda value: format_number(100 * value, decimals)),
        },
        labels={
            "label": "Design",
            "n_treated": "Treated",
            "n_comparison": "Comparison",
            "ess": "Worth",
            shares: "Left out",
            "max_smd": "Largest difference (SD)",
            "max_variance_ratio": "Ratio of spreads",
            "minimum_detectable": "Detectable (points)",
            "passed": "Passed",
        },
        notes=(
            "Worth: how many unweighted people the weighted ones are worth. Left out: of the people the effect is "
            "about. Detectable: the smallest difference, in percentage points, found with a chance of 80%.",
        ),
    )


def _or_nothing(show: Callable[[float], str]) -> Callable[[float], str]:
    return lambda value: NOT_APPLICABLE if math.isnan(value) else show(value)


def design_rows_of(designs: pd.DataFrame, behind: Sequence[tuple[int, int]]) -> Iterator[dict[str, Any]]:
    """Return the figures of the further designs for the long table, one row each (`dipeval.study.tidy`)."""
    measures = ("max_smd", "max_variance_ratio", "share_dropped", "minimum_detectable")
    for row, (fewest, left_out) in zip(designs.to_dict("records"), behind, strict=True):
        status = "passed its checks" if row["passed"] else "failed its checks"
        common = {"section": f"design: {row['name']}", "group": "", "status": status, "note": row["label"]}
        analysed = row["n_treated"] + row["n_comparison"]
        for group in ("treated", "comparison"):
            count = row[f"n_{group}"]
            yield common | {"measure": "people used", "group": group, "n": count, "n_smallest": count}
        yield common | {"measure": "effective size", "n": round(row["ess"]), "n_smallest": round(row["ess"])}
        for measure in measures:
            if not math.isnan(row[measure]):
                smallest = left_out if measure == "share_dropped" else fewest
                yield common | {"measure": measure, "estimate": row[measure], "n": analysed, "n_smallest": smallest}


def tellable(designs: pd.DataFrame, made: Sequence[Design], rule: DisclosureRule) -> pd.DataFrame:
    """Return the designs of which `remarks` may be made: not those of few people, and no share of few ties.

    Parameters
    ----------
    designs
        From `designs_table`.
    made
        The designs themselves, in its order.
    rule
        In force.

    Returns
    -------
    pandas.DataFrame
    """
    kept, shares = [], []
    for design, share in zip(made, designs["share_tied"], strict=True):
        choices = len(design.pairs())
        tied = 0 if pd.isna(share) else round(share * choices)
        kept.append(not is_small(people_behind(BALANCE, design), rule))
        shares.append(0.0 if is_small(min(tied, choices - tied), rule) else share)
    return designs.assign(share_tied=shares)[kept]


def remarks(designs: pd.DataFrame) -> Iterator[str]:
    """Return sentences on what chance and greed did to each matched design: ties, and the gap to the best pairs.

    Parameters
    ----------
    designs
        From `tellable`.

    Returns
    -------
    iterator of str
        Whole percentages: no count of people.
    """
    for row in designs.to_dict("records"):
        if row["share_tied"] > 0:
            share = format_percent(row["share_tied"], 0)
            yield f"{row['label']}: {share} of its matches were decided by a tie (settled by lot)."
        if not math.isnan(row["optimality_gap"]):
            gap = format_percent(max(0.0, row["optimality_gap"]), 0)
            yield f"{row['label']}: matched one at a time, its pairs would have been {gap} further apart in all."
