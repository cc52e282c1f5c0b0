"""Curves of a time to an event as they may leave: released once, then drawn, said and listed from the same frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import is_small, legend, release_curve, release_mark, release_risk_table, share_digits
from dipeval.plots import survival as plots
from dipeval.plots.style import to_png
from dipeval.report.blocks import Picture
from dipeval.study.time_figures import BOTH, behind
from dipeval.study.time_parts_extracts import EVENT_CAUSE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dipeval.disclosure import DisclosureRule
    from dipeval.study import StudyResult
    from dipeval.study.time_to_event import TimeToEvent

NOT_DRAWN = "A curve that rests on too few people is not drawn."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """A picture of curves over time, every figure in it released.

    Parameters
    ----------
    curve, table, mark
        Released steps, people below the axis, and what is read off at one time (None if nothing is).
    marks
        Regular times of the table, in the unit of the data.
    unit
        That unit.
    digits
        Decimals of percentages.
    options
        Further arguments of the picture and of its words.
    rule
        The rule it was released by.
    left_out
        Whether a curve rests on too few people to be drawn.
    draw, say, figures
        The functions of `dipeval.plots.survival`.
    """

    curve: pd.DataFrame
    table: pd.DataFrame
    mark: pd.DataFrame | None
    marks: list[float]
    unit: str
    digits: int
    draw: Callable[..., Axes]
    say: Callable[..., str]
    figures: Callable[..., pd.DataFrame]
    rule: DisclosureRule
    left_out: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def groups(self) -> list[str]:
        """The groups that are drawn."""
        return [str(name) for name in self.curve["group"].unique()]

    def picture(self, caption: str) -> Picture:
        """Return the picture with the words for those who do not see it."""
        known = {"time_label": plots.display_unit(self.unit), "time_unit": self.unit, **self.options}
        drawn = self.draw(self.curve, self.table, mark=self.mark, **known)
        cells = [str(cell) for cell in self.table.to_numpy().ravel()]
        counted = ("people", "share") if "censored" in self.table else ("reoffences", "mean")
        first = caption if caption.endswith(".") else f"{caption}."
        gone = (NOT_DRAWN,) if self.left_out else ()
        more = (*merged(self.rule, *counted), *gone, *legend(cells, self.rule))
        below = " ".join([first, *more]) if more else caption
        return Picture(png=to_png(drawn), alt=self.say(self.curve, self.table, self.mark, **known), caption=below)

    def listed(self) -> pd.DataFrame:
        """Return every figure that is drawn: element, group, cause, time_days, estimate, limits, words."""
        return self.figures(
            self.curve, self.table, self.mark, time_label=plots.display_unit(self.unit), time_unit=self.unit
        )


def merged(rule: DisclosureRule, of: str = "people", value: str = "share") -> tuple[str, ...]:
    """Return the line that says how curves are coarsened, if they are."""
    if not rule.protects:
        return ()
    return (f"Steps are merged until each tells of at least {rule.threshold} {of}, so a {value} can lag behind.",)


def share_drawn(result: StudyResult) -> Drawn | None:
    """Return the share who reoffended over time; None without a curve, or if none can be shown.

    Parameters
    ----------
    result
        From ``Study.run()``.
    """
    told = result.time_to_event
    if told is None or told.curve is None:
        return None
    steps = told.curve.to_frame()
    curve = release_curve(steps, rule=result.rule, at=_read_at(told))
    if curve.empty:
        return None
    marks = _regular(curve, told)
    table = _table(plots.risk_table(steps, marks), curve, result)
    mark = _mark(result, told.mark, curve, "event by mark")
    words = words_of_test(result) if curve["group"].nunique() == len(BOTH) else None
    digits = _digits(curve, result)
    return Drawn(
        curve=curve,
        table=table,
        mark=mark,
        marks=marks,
        unit=told.unit,
        digits=digits,
        options={"test_words": words, "digits": digits, "level": told.level},
        draw=plots.reoffending_curve,
        say=plots.alt_text,
        figures=plots.plotted_figures,
        rule=result.rule,
        left_out=_curves(curve) < _curves(steps),
    )


def incidence_drawn(result: StudyResult) -> Drawn | None:
    """Return the share to whom each cause happened first; None if not asked for, or if nothing can be shown."""
    told = result.time_to_event
    if told is None or told.incidence is None:
        return None
    steps = told.incidence.to_frame()
    # Several causes are read off in the table below the picture; a line in each panel would crowd it.
    curve = release_curve(steps, rule=result.rule, at=_read_at(told))
    if curve.empty:
        return None
    marks = _regular(curve, told)
    digits = _digits(curve, result)
    return Drawn(
        curve=curve,
        table=_table(plots.incidence_table(steps, marks), curve, result),
        mark=None,
        marks=marks,
        unit=told.unit,
        digits=digits,
        options={"digits": digits, "level": told.level, "causes": _in_order(curve)},
        draw=plots.incidence_curves,
        say=plots.incidence_alt_text,
        figures=plots.incidence_figures,
        rule=result.rule,
        left_out=_curves(curve) < _curves(steps),
    )


def _in_order(curve: pd.DataFrame) -> list[str]:
    """The causes that are drawn, the event itself first."""
    causes = [str(cause) for cause in curve["cause"].unique()]
    return sorted(causes, key=lambda cause: (cause != EVENT_CAUSE, cause))


def mean_drawn(result: StudyResult) -> Drawn | None:
    """Return the mean number of reoffences over time; None if not asked for, or if too few people have any."""
    told = result.time_to_event
    if told is None or told.mean_count is None or few(result, told, "event at liberty"):
        return None
    steps = told.mean_count.to_frame()
    curve = release_curve(steps, rule=result.rule, at=_read_at(told))
    if curve.empty:
        return None
    marks = _regular(curve, told)
    at = told.mark_time if told.mark_time is not None and told.mark_time <= told.mean_count.followed_to else None
    compared = None if at is None else told.mean_count.compare_at(at)
    return Drawn(
        curve=curve,
        table=_table(plots.count_table(steps, marks), curve, result),
        mark=_mark(result, compared, curve, "event at liberty"),
        marks=marks,
        unit=told.unit,
        digits=2,
        options={"digits": 2, "level": told.level},
        draw=plots.mean_count_curves,
        say=plots.mean_count_alt_text,
        figures=plots.mean_count_figures,
        rule=result.rule,
        left_out=_curves(curve) < _curves(steps),
    )


def few(result: StudyResult, told: TimeToEvent, what: str, kind: str = "time") -> bool:
    """Whether figures on both groups rest on too few people to be shown."""
    return is_small(behind(told, what, "", kind)[1], result.rule)


def words_of_test(result: StudyResult) -> str | None:
    """Return the test of equal curves with its name and p-value for the picture; None if it cannot be shown."""
    from dipeval.report.words import p_value

    told = result.time_to_event
    if told is None or told.test is None or few(result, told, "event"):
        return None
    return f"{name_of_test(result)}: p {p_value(told.test.p_value)}"


def name_of_test(result: StudyResult) -> str:
    """Return what the test of equal curves is called."""
    told = result.time_to_event
    assert told is not None
    assert told.test is not None
    rho = result.spec.time_to_event.rho
    name = f"G-rho test (rho = {rho:g})" if rho else "Log-rank test"
    return f"{name}, robust" if "obust" in told.test.method else name


def when(time: float, unit: str) -> str:
    """Return a time in words, days also in the months that the pictures show.

    Examples
    --------
    >>> when(365, "days"), when(100, "days"), when(52, "weeks")
    ('12 months (day 365)', 'day 100', '52 weeks')
    """
    if unit != "days":
        return f"{time:g} {unit}"
    months = time * plots.DAYS_IN["days"] / plots.DAYS_IN["months"]
    whole = round(months)
    near = whole > 0 and abs(months - whole) * plots.DAYS_IN["months"] <= 1
    return f"{whole} month{'' if whole == 1 else 's'} (day {time:g})" if near else f"day {time:g}"


def _read_at(told: TimeToEvent) -> tuple[float, ...]:
    return () if told.mark_time is None else (told.mark_time,)


def _regular(curve: pd.DataFrame, told: TimeToEvent) -> list[float]:
    keys = [name for name in ("group", "cause") if name in curve]
    return plots.regular_times(float(curve.groupby(keys)["time_days"].max().min()), time_unit=told.unit)


def _table(table: pd.DataFrame, curve: pd.DataFrame, result: StudyResult) -> pd.DataFrame:
    own = table[table["group"].isin(curve["group"].unique())]
    return release_risk_table(own.reset_index(drop=True), curve, rule=result.rule)


def _mark(result: StudyResult, mark: pd.DataFrame | None, curve: pd.DataFrame, what: str) -> pd.DataFrame | None:
    """What is read off, where every one of its figures rests on enough people."""
    told = result.time_to_event
    assert told is not None
    if mark is None or few(result, told, what, "yes_no" if "by mark" in what else "time"):
        return None
    shown = release_mark(mark, curve, rule=result.rule)
    value = next(name for name in ("share", "mean", "estimate") if name in shown)
    # Half a comparison would tell the other half by what is drawn beside it.
    return None if shown[value].isna().any() else shown


def _curves(frame: pd.DataFrame) -> int:
    return int(frame.groupby([name for name in ("group", "cause") if name in frame]).ngroups)


def _digits(curve: pd.DataFrame, result: StudyResult) -> int:
    return min(share_digits(float(n), result.rule) for n in curve.groupby("group")["n_at_risk"].last())
