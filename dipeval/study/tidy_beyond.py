"""What stands beside the answer as rows of the long table: all outcomes, subgroups, and what could overturn it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from dipeval.study.labels import covariate_in_words
from dipeval.study.smallest import (
    behind_bounds,
    behind_controls,
    behind_specifications,
    behind_subgroups,
    smallest_count,
)

if TYPE_CHECKING:
    from dipeval.effects import Effect
    from dipeval.study.result import StudyResult

Row = dict[str, Any]

MANY: Final = "several outcomes"
SUBGROUPS: Final = "subgroups"
HIDDEN: Final = "hidden bias"
CONTROLS: Final = "negative controls"
SPECIFICATIONS: Final = "specifications"
# Method -> what its two values are called.
_HIDDEN_MEASURES: Final[dict[str, tuple[str, str]]] = {
    "e_value": ("e_value", "e_value of the interval"),
    "rosenbaum_bounds": ("gamma of the estimate", "gamma of the p-value"),
    "robustness_value": ("robustness_value", "robustness_value of the interval"),
    "benchmark": ("estimate left by a benchmark", "limit left by a benchmark"),
}


def beyond_rows(result: StudyResult) -> Iterator[Row]:
    """Return the rows, each with the smallest count it rests on.

    Parameters
    ----------
    result
        Finished or withheld; a withheld one has none of them.

    Returns
    -------
    iterator of dict
        As in `dipeval.study.tidy.tidy`; keys that do not apply are left out.
    """
    yield from _many(result)
    yield from _subgroups(result)
    yield from _hidden(result)
    yield from _controls(result)
    yield from _specifications(result)


def _row(section: str, measure: str, group: str = "", **values: Any) -> Row:
    return {"section": section, "measure": measure, "group": group, "status": "shown", "note": ""} | values


def _people(effect: Effect) -> int:
    return effect.n_treated + effect.n_comparison


def _many(result: StudyResult) -> Iterator[Row]:
    """p-values, and the intervals that hold for all outcomes of a family at once; the effects stand elsewhere."""
    if result.many_outcomes is None:
        return
    known = {(effect.outcome_name, effect.measure): effect for effect in result.many_outcomes.effects}
    for item in result.many_outcomes.to_frame().to_dict("records"):
        effect = known.get((str(item["group"]), str(item["term"])))
        if effect is None:
            continue
        own = {"n": _people(effect), "n_smallest": smallest_count(effect), "status": item["role"]}
        group, family = str(item["label"]), str(item["family"])
        if item["tested"]:
            yield _row(MANY, "p_value", group, estimate=item["p_value"], note=family, **own)
            yield _row(MANY, "p_value_holm", group, estimate=item["p_value_holm"], note=family, **own)
        if item["role"] == "secondary":
            limits = {"conf_low": item["conf_low_family"], "conf_high": item["conf_high_family"]}
            note = f"interval that holds for all of the family at once: {family}"
            yield _row(MANY, str(item["term"]), group, estimate=item["estimate"], note=note, **limits, **own)


def _subgroups(result: StudyResult) -> Iterator[Row]:
    found = result.subgroups
    if found is None:
        return
    frame, behind = found.to_frame(), behind_subgroups(found, result.rule)
    for item, smallest in zip(frame.to_dict("records"), behind, strict=True):
        group = f"{found.labels[item['column']]}: {item['level']}"
        # With a subgroup withheld, how many people are in it is as well.
        n = smallest if result.rule.protects and not smallest else int(item["n"])
        limits = {"conf_low": item["conf_low"], "conf_high": item["conf_high"]}
        yield _row(SUBGROUPS, str(item["term"]), group, estimate=item["estimate"], n=n, n_smallest=smallest, **limits)
        yield _row(SUBGROUPS, "max_smd", group, estimate=item["max_smd"], n=n, n_smallest=smallest)
    tested = frame.assign(behind=behind)[frame["in_test"]].groupby("column", sort=False)["behind"].min()
    for item in found.tests().to_dict("records"):
        if pd.isna(item["p_value"]):
            continue
        own = {"n": _people(found.overall), "n_smallest": int(tested[item["column"]])}
        group = str(found.labels[item["column"]])
        for name in ("p_value", "p_value_holm"):
            yield _row(SUBGROUPS, f"{name} of interaction", group, estimate=item[name], **own)


def _hidden(result: StudyResult) -> Iterator[Row]:
    found = result.hidden_bias
    if found is None:
        return
    n, behind = _people(found.effect), smallest_count(found.effect)
    for item in found.to_frame().to_dict("records"):
        smallest = behind
        if item["method"] == "rosenbaum_bounds" and found.bounds is not None:
            smallest = min(behind, behind_bounds(found.bounds))
        group = found.effect.outcome_name
        if item["method"] == "benchmark" and found.robustness is not None:
            strongest = found.robustness.strongest(1)[0]
            group = f"{group}: {covariate_in_words(result.spec, strongest)}"
        for measure, value in zip(_HIDDEN_MEASURES[item["method"]], (item["value"], item["limit_value"]), strict=True):
            if math.isfinite(value):
                yield _row(HIDDEN, measure, group, estimate=value, n=n, n_smallest=smallest)


def _controls(result: StudyResult) -> Iterator[Row]:
    found = result.negative_controls
    if found is None:
        return
    for item, smallest in zip(found.to_frame().to_dict("records"), behind_controls(found), strict=True):
        limits = {"conf_low": item["conf_low"], "conf_high": item["conf_high"]}
        note = "before the index event" if item["when"] == "before_index" else "after the index event"
        yield _row(CONTROLS, str(item["term"]), str(item["label"]), estimate=item["estimate"], n=int(item["n"]),
                   n_smallest=smallest, note=note, **limits)  # fmt: skip


def _specifications(result: StudyResult) -> Iterator[Row]:
    found = result.specifications
    if found is None or not result.effects:
        return
    behind = behind_specifications(found, result.effects[0])
    told = {"no_design": "no design", "no_estimate": "no estimate"}
    for item, smallest in zip(found.to_frame().to_dict("records"), behind, strict=True):
        limits = {"conf_low": item["conf_low"], "conf_high": item["conf_high"]}
        n = None if pd.isna(item["n"]) else int(item["n"])
        yield _row(SPECIFICATIONS, str(item["term"]), str(item["name"]), estimate=item["estimate"], n=n,
                   n_smallest=smallest, note="main specification" if item["is_main"] else "",
                   status=told.get(item["status"], "passed" if item["passed"] else "failed"), **limits)  # fmt: skip
