"""Every figure of a study as one long table, for results.csv: numbers as numbers, each with the people it rests on."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.study.area import area_rows
from dipeval.study.before_after import before_after_rows
from dipeval.study.designs_table import design_rows_of, people_behind_each
from dipeval.study.gate import COUNT_CHECKS, fewest_people, people_behind
from dipeval.study.jdl import jdl_rows
from dipeval.study.smallest import smallest_count as smallest_count
from dipeval.study.tidy_beyond import beyond_rows
from dipeval.study.tidy_described import described_rows
from dipeval.study.tidy_money import money_rows
from dipeval.study.tidy_time import time_rows

if TYPE_CHECKING:
    from dipeval.effects import Effect, LinkagePropagation
    from dipeval.study.result import StudyResult

COLUMNS = ["section", "measure", "group", "estimate", "conf_low", "conf_high", "n", "n_smallest", "status", "note"]
COUNT_COLUMNS = ("n", "n_smallest")
Row = dict[str, Any]


def tidy(result: StudyResult) -> pd.DataFrame:
    """Return the figures of a study, one row each.

    Parameters
    ----------
    result
        Finished or withheld.

    Returns
    -------
    pandas.DataFrame
        section, measure, group, estimate, conf_low, conf_high, n, n_smallest, status, note. ``n`` and ``n_smallest``
        count people (missing where a figure rests on no one in particular); counts are exact: release the table
        before it goes anywhere.
    """
    rows = [
        *_flow(result),
        *_linkage(result),
        *_diagnostics(result),
        *_balance(result),
        *design_rows_of(result.designs, people_behind_each(result.design, result.sensitivity)),
        *_effects("unadjusted", result.unadjusted, "shown for comparison"),
        *_effects("effect", result.effects, "override" if result.overridden else "shown"),
        *_withheld(result),
        *_sensitivity(result),
        *beyond_rows(result),
        *jdl_rows(result.jdl_style),
        *before_after_rows(result),
        *area_rows(result.area_effect),
        *_linkage_error(result),
        *_randomised(result),
        *_cox(result),
        *time_rows(result),
        *_truth(result),
        *money_rows(result),
        *described_rows(result),
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    numeric = ["estimate", "conf_low", "conf_high"]
    frame[numeric] = frame[numeric].astype("float64")
    return frame.astype(dict.fromkeys(COUNT_COLUMNS, "Int64")).fillna({"status": "", "note": "", "group": ""})


def _row(section: str, measure: str, group: str = "", **values: Any) -> Row:
    return {"section": section, "measure": measure, "group": group, "status": "", "note": ""} | values


def _flow(result: StudyResult) -> Iterator[Row]:
    for step in result.flow.to_dict("records"):
        for measure, name in (("people left", "n_people"), ("people left out", "n_excluded")):
            count = int(step[name])
            yield _row("flow", measure, str(step["step"]), n=count, n_smallest=count, note=str(step["label"]))


def _linkage(result: StudyResult) -> Iterator[Row]:
    if result.linkage_quality is None:
        return
    frame = result.linkage_quality.to_frame()
    for link in frame[frame["group"] == "everyone"].to_dict("records"):
        for measure in ("precision", "recall", "f1"):
            limits = {"conf_low": link.get(f"{measure}_low"), "conf_high": link.get(f"{measure}_high")}
            yield _row("linkage", measure, str(link["link"]), estimate=link[measure], n=link["n_links"],
                       n_smallest=link["n_links"], **limits)  # fmt: skip


def _analysed(result: StudyResult) -> tuple[int, int]:
    used = result.design.weights > 0
    treated = result.design.treated.astype(bool)
    sizes = int((used & treated).sum()), int((used & ~treated).sum())
    return sum(sizes), min(sizes)


def _diagnostics(result: StudyResult) -> Iterator[Row]:
    n, _ = _analysed(result)
    for check in result.diagnostics.to_frame().to_dict("records"):
        name, value = str(check["check"]), float(check["value"])
        words = {"status": "passed" if check["passed"] else "failed", "note": str(check["meaning"])}
        if name in COUNT_CHECKS:
            yield _row("diagnostics", name, n=round(value), n_smallest=round(value), **words)
            continue
        behind = people_behind(name, result.design)
        yield _row("diagnostics", name, estimate=value, n=n, n_smallest=behind, **words)
    if result.overridden:
        yield _row("diagnostics", "reason for going on although a check failed", status="override",
                   note=result.override_reason)  # fmt: skip


def _balance(result: StudyResult) -> Iterator[Row]:
    n, _ = _analysed(result)
    for term in result.design.balance().to_frame().to_dict("records"):
        fewest = fewest_people(result.design, term)
        for measure in ("smd_before", "smd_after"):
            yield _row("balance", measure, str(term["term"]), estimate=term[measure], n=n, n_smallest=fewest)


def _effects(section: str, effects: Iterable[Effect], status: str, note: str = "") -> Iterator[Row]:
    told: set[str] = set()
    for effect in effects:
        n, smallest = effect.n_treated + effect.n_comparison, smallest_count(effect)
        yield _row(section, effect.measure, effect.outcome_name, estimate=effect.estimate, conf_low=effect.conf_low,
                   conf_high=effect.conf_high, n=n, n_smallest=smallest, status=status, note=note)  # fmt: skip
        if effect.outcome_name in told:
            continue
        told.add(effect.outcome_name)
        for group, size in (("treated", effect.n_treated), ("comparison", effect.n_comparison)):
            mean = getattr(effect, f"mean_{group}")
            yield _row(section, f"mean_{group}", effect.outcome_name, estimate=mean, n=size, n_smallest=smallest,
                       status=status, note=note)  # fmt: skip


def _withheld(result: StudyResult) -> Iterator[Row]:
    if result.withheld:
        yield _row("effect", "withheld", result.spec.primary.label, status="withheld", note=" ".join(result.reasons))


def _sensitivity(result: StudyResult) -> Iterator[Row]:
    for item in result.sensitivity:
        status = "passed its checks" if item.diagnostics.passed else "failed its checks"
        yield from _effects(f"sensitivity: {item.name}", item.effects, status, item.label)


def _linkage_error(result: StudyResult) -> Iterator[Row]:
    """Pooled and by threshold; single draws are no figures to report."""
    for item in result.linkage_error:
        section, outcome = f"linkage error: {item.link}", result.effects[0].outcome_name
        analysed = result.effects[0].n_treated + result.effects[0].n_comparison
        for run in item.to_frame().to_dict("records"):
            if run["step"] == "draw":
                continue
            smallest = people_behind_links(result.effects[0], item, float(run["n_with_status"]))
            cut = f"links from probability {run['threshold']:g}"
            words = {"point": "links as made", "pooled": f"pooled over {item.draws} draws of the links"}
            # On other links other people are compared; how many is not kept.
            n = analysed if run["step"] == "point" else None
            yield _row(section, item.measure, outcome, estimate=run["estimate"], conf_low=run["conf_low"],
                       conf_high=run["conf_high"], n=n, n_smallest=smallest, status="sensitivity analysis",
                       note=words.get(str(run["step"]), cut))  # fmt: skip
        smallest = smallest_count(result.effects[0])
        yield _row(section, "share of variance due to linkage", outcome, estimate=item.share_due_to_linkage,
                   n_smallest=smallest, status="sensitivity analysis")  # fmt: skip


def people_behind_links(primary: Effect, item: LinkagePropagation, n_with_status: float) -> int:
    """Return the smallest count that an estimate on other links rests on, as far as it can be told.

    Of the people treated (or with the outcome) on those links about the same share did as among the treated of the
    registered answer.
    """
    smallest = smallest_count(primary)
    if item.role == "treatment" and primary.outcome_kind == "yes_no":
        part = min(primary.mean_treated, 1 - primary.mean_treated)
        return min(smallest, max(0, math.floor(part * n_with_status + 1e-9)))
    return min(smallest, math.floor(n_with_status))


def _randomised(result: StudyResult) -> Iterator[Row]:
    check = result.randomised_check
    if check is not None:
        n, smallest = _analysed(result)
        yield _row("randomised", "shift in standard errors", check.adjusted.outcome_name, estimate=check.shift, n=n,
                   n_smallest=smallest, status="passed" if check.passed else "failed")  # fmt: skip


def _cox(result: StudyResult) -> Iterator[Row]:
    if result.cox is None or result.time_outcome is None:
        return
    effect = None if result.time_to_event is None else result.time_to_event.hazard_effect
    for term in result.cox.to_frame().to_dict("records"):
        if effect is not None:
            term |= {"hazard_ratio": effect.estimate, "hr_low": effect.conf_low, "hr_high": effect.conf_high}
        smallest = min(smallest_events(result), _analysed(result)[1])
        yield _row("time", "hazard_ratio", result.time_outcome.label, estimate=term["hazard_ratio"],
                   conf_low=term["hr_low"], conf_high=term["hr_high"], n=int(term["n"]), n_smallest=smallest,
                   status="shown")  # fmt: skip


def smallest_events(result: StudyResult) -> int:
    """Return how many people in the group with fewer of them had the event that a hazard ratio is about."""
    if result.curve is not None:
        return int(result.curve.to_frame().groupby("group")["n_events"].sum().min())
    return 0 if result.cox is None else int(result.cox.to_frame()["n_events"].min())


def people_reoffending(result: StudyResult, groups: Collection[str]) -> int:
    """Return how many of the comparison people analysed have a proven reoffence of one of these groups."""
    if result.outcomes_measured is None:
        return 0
    weights = result.design.weights[~result.design.treated.astype(bool)]
    offences = result.outcomes_measured.by_group
    own = offences["person_id"].isin(weights.index[weights > 0]) & (offences["n_reoffences"] > 0)
    return int(offences.loc[own & offences["offence_group"].isin(list(groups)), "person_id"].nunique())


def _truth(result: StudyResult) -> Iterator[Row]:
    for true in result.truth:
        yield _row("truth", true.measure, estimate=true.estimate, n=true.n, n_smallest=true.n, note="simulated data")
    if result.true_links is not None:
        yield from _effects("with true links", result.true_links.effects, "simulated data")
        for true in result.true_links.truth:
            yield _row("truth with true links", true.measure, estimate=true.estimate, n=true.n, n_smallest=true.n,
                       note="simulated data")  # fmt: skip
