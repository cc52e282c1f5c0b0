"""Figures of the times once more by lifelines, where it is right, and parametric curves beside Kaplan-Meier."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import ReleasedTable, release
from dipeval.errors import DipevalError
from dipeval.plots.style import to_png
from dipeval.presenting import format_number, format_percent
from dipeval.report.blocks import Block, Picture, Section, Table, Text, nothing
from dipeval.report.time_drawn import few
from dipeval.survival.parametric.families import get_family
from dipeval.vocabulary import TREATED

if TYPE_CHECKING:
    from dipeval.study import StudyResult
    from dipeval.study.time_to_event import TimeToEvent
    from dipeval.survival.parametric.lifelines_curves import ParametricCurves

TITLE = "Checked with lifelines"
ABOUT = (
    "Shares, means and the coefficient of the hazard ratio were worked out once more by the public library lifelines, "
    "from the same rows."
)
NOT_TAKEN = (
    "Its intervals are not set beside these. Where people carry weights, or belong together and events share a day, "
    "lifelines' robust errors are off by some percent, its log-rank test takes weights for people, and its variance of "
    "the restricted mean is that of a single time; the errors in this report were checked against R instead."
)
PARAMETRIC = (
    "Smooth curves of three families, fitted to each group by lifelines, beside the steps of Kaplan-Meier: people as "
    "they are, without weights. A family that follows the steps badly should not be used to look further than them."
)
FAMILIES = ("lognormal", "weibull", "loglogistic")
TABLE = "The same figures by lifelines"
DISTANCES = "How far parametric curves lie from Kaplan-Meier at most"
# Differences below this are those of when an iteration stops.
CLOSE = 1e-6
GROUPS = {0: "comparison", 1: "treated"}


def time_checked(result: StudyResult) -> Section:
    """Return the figures of the times beside those of lifelines; empty without a hazard ratio that can be shown.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    told = result.time_to_event
    if result.withheld or told is None or told.cox is None or few(result, told, "event"):
        return nothing()
    rows = told.cox.to_lifelines()
    table, curves = _beside(result, told, rows), _parametric(result, told, rows)
    blocks: list[Block] = [Text(paragraphs=(ABOUT,)), Table(released=table), Text(paragraphs=(NOT_TAKEN,)), *curves]
    return Section(title=TITLE, anchor="time-checked", blocks=tuple(blocks), level=3)


def _beside(result: StudyResult, told: TimeToEvent, rows: pd.DataFrame) -> ReleasedTable:
    with warnings.catch_warnings():
        # lifelines warns of weights that are no whole numbers: their errors are not taken from it.
        warnings.simplefilter("ignore")
        pairs = list(_pairs(result, told, rows))
    shown = pd.DataFrame(pairs, columns=["figure", "ours", "theirs"])
    apart = [_apart(ours, theirs) for ours, theirs in zip(shown["ours"], shown["theirs"], strict=True)]
    figures = {name: [format_number(value, 4) for value in shown[name]] for name in ("ours", "theirs")}
    # Six decimals of a share give the exact counts back; that two libraries agree gives nothing.
    columns = {"figure": shown["figure"]} | ({} if result.rule.protects else figures) | {"apart": apart}
    return release(
        pd.DataFrame(columns),
        rule=result.rule,
        caption=TABLE,
        right=["ours", "theirs", "apart"],
        labels={"figure": "Figure", "ours": "This report", "theirs": "lifelines", "apart": "Difference"},
        notes=("Of personal data only the differences are shown.",) if result.rule.protects else (),
    )


def _apart(ours: float, theirs: float) -> str:
    gap = abs(ours - theirs)
    return "<0.000001" if gap < CLOSE else format_number(gap, 6)


def _pairs(result: StudyResult, told: TimeToEvent, rows: pd.DataFrame) -> Iterator[tuple[str, float, float]]:
    """Each figure by this package and by lifelines: shares at the mark, restricted means, the Cox coefficient."""
    import lifelines
    from lifelines.exceptions import ConvergenceError
    from lifelines.utils import restricted_mean_survival_time

    assert told.cox is not None
    arguments: dict[str, Any] = told.cox.lifelines_arguments()
    weights = arguments.get("weights_col")
    for code, group in GROUPS.items():
        own = rows[rows[TREATED] == code]
        fitted = lifelines.KaplanMeierFitter().fit(
            own[arguments["duration_col"]],
            own[arguments["event_col"]],
            weights=None if weights is None else own[weights],
        )
        if told.mark is not None and not few(result, told, "event by mark", "yes_no"):
            mark = told.mark.set_index("group")["share"]
            theirs = 1 - float(fitted.predict(told.mark_time))
            yield f"Share by {told.mark_time:g} {told.unit}, {group}", float(mark[group]), theirs
        if told.restricted_mean is not None and not few(result, told, "event by horizon"):
            means = told.restricted_mean.to_frame().set_index("group")["estimate"]
            theirs = float(restricted_mean_survival_time(fitted, t=told.horizon))
            yield f"Mean {told.unit} free within {told.horizon:g}, {group}", float(means[group]), theirs
    try:
        model = lifelines.CoxPHFitter().fit(rows, **arguments)
    except ConvergenceError:
        return
    ours = float(told.cox.to_frame()["estimate"].iloc[0])
    yield "Logarithm of the hazard ratio", ours, float(model.params_[TREATED])


def _parametric(result: StudyResult, told: TimeToEvent, rows: pd.DataFrame) -> list[Block]:
    from dipeval.survival.parametric.lifelines_curves import parametric_curves

    assert told.cox is not None
    arguments: dict[str, Any] = told.cox.lifelines_arguments()
    time, event = str(arguments["duration_col"]), str(arguments["event_col"])
    named = rows.assign(**{TREATED: rows[TREATED].astype(int)})
    try:
        found = parametric_curves(named, time=time, event=event, by=TREATED, families=FAMILIES)
    except DipevalError:
        return []
    frame = found.to_frame()
    table = _distances(result, frame)
    picture = [] if result.rule.protects else [_drawn(told, found, table)]
    return [Text(paragraphs=(PARAMETRIC,)), *picture, Table(released=table)]


def _distances(result: StudyResult, frame: pd.DataFrame) -> ReleasedTable:
    """Largest distance from the steps a family and group, in whole percentage points for personal data."""
    steps = frame[frame["family"] == "kaplan_meier"].set_index(["group", "time_days"])["estimate"]
    others = frame[frame["family"] != "kaplan_meier"]
    reached = steps.reindex(pd.MultiIndex.from_frame(others[["group", "time_days"]])).to_numpy()
    gaps = others.assign(gap=(others["estimate"] - reached).abs())
    largest = pd.DataFrame(gaps.groupby(["family", "group"], sort=False)["gap"].max()).reset_index()
    digits = 0 if result.rule.protects else 1
    rows = [
        {
            "family": _words(row["family"]),
            "group": str(row["group"]).capitalize(),
            "gap": format_number(100 * row["gap"], digits),
        }
        for row in largest.sort_values("family", kind="stable").to_dict("records")
    ]
    return release(
        pd.DataFrame(rows),
        rule=result.rule,
        caption=DISTANCES,
        right=["gap"],
        labels={"family": "Family", "group": "Group", "gap": "Largest distance, percentage points"},
    )


def _words(family: object) -> str:
    name = get_family(str(family)).words
    return name[0].upper() + name[1:]


def _drawn(told: TimeToEvent, found: ParametricCurves, table: ReleasedTable) -> Picture:
    axes = found.plot()
    axes.set_xlabel(told.unit.capitalize())
    steps = found.to_frame()
    last = steps[steps["family"] == "kaplan_meier"].groupby("group")["estimate"].last()
    ends = "; ".join(f"{group} {format_percent(1 - value)}" for group, value in last.items())
    far = "; ".join(f"{family}, {group.lower()} group {gap}" for family, group, gap in table.rows)
    return Picture(
        png=to_png(axes),
        alt=(
            f"Share who had reoffended by parametric curves over Kaplan-Meier steps, which end at {ends}. Largest "
            f"distances in percentage points: {far}."
        ),
        caption="Parametric curves beside Kaplan-Meier, without weights",
    )
