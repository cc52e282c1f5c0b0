"""Control charts behind the disclosure gate: points that rest on few people are in no picture and no sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.indicators.measuring.frames import ALL_DISTRICTS
from dipeval.plots.control_charts import control_chart_plot
from dipeval.plots.style import to_png
from dipeval.presenting import round_half_up
from dipeval.report.blocks import Picture
from dipeval.report.quarterly import phrases
from dipeval.report.quarterly.released import Kind, figures, kinds, rounded_counts

if TYPE_CHECKING:
    from dipeval.indicators import ControlChart
    from dipeval.study.quarterly.result import QuarterlyResult

LINES: Final = ("value", "centre", "lower", "upper", "lower_2", "upper_2")
# Fewer points tell of no course.
LEAST_POINTS: Final = 4
# Several sections ask for the charts of one result one after the other: they are released once.
_LATEST: list[tuple[QuarterlyResult, list[Shown]]] = []
RULES: Final = {
    "outside": "outside the limits",
    "two_of_three": "near or beyond its {limit} in two of three periods",
    "run_of_8": "{side} what was expected for eight or more periods in a row",
    "trend_of_6": "each period {side} the one before, six or more times in a row",
    "longest_run": "on one side of the middle for longer than chance usually brings",
    "crossings": "fewer crossings of the middle than chance usually brings",
}
# What tells most of the latest period first: one point beyond a limit before a long run that is still going on.
FIRST: Final = tuple(RULES)
READINGS: Final = {
    "better": "in the wanted direction",
    "worse": "against the wanted direction",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """A chart as it may be shown.

    Parameters
    ----------
    indicator, district, label
        What is charted, and where.
    kind
        How its values are written.
    chart
        The exact chart: its kind and its rules, never its figures.
    frame
        Its periods; values and limits rounded, missing where they rest on few people; ``digits``, ``hidden``.
    signals
        Those that rest on no hidden period.
    """

    indicator: str
    district: str
    label: str
    kind: Kind
    chart: ControlChart
    frame: pd.DataFrame
    signals: pd.DataFrame

    @property
    def place(self) -> str:
        """Where, as it stands at the beginning of a line."""
        return phrases.place_words(self.district)

    @property
    def last(self) -> str:
        """The latest period that is told; empty if none is."""
        told = self.frame.loc[self.frame["status"] == "ok", "period"]
        return str(told.iloc[-1]) if len(told) else ""

    @property
    def n_hidden(self) -> int:
        """Periods left out because few people are behind them."""
        return int(self.frame["hidden"].sum())

    @property
    def drawable(self) -> bool:
        """Whether enough periods may be shown."""
        return int(self.frame["value"].notna().sum()) >= LEAST_POINTS

    def text(self, value: float, period: str) -> str:
        """Return a value of a period as it may be shown."""
        digits = self.frame.loc[self.frame["period"] == period, "digits"]
        return self.kind.text(value, int(digits.iloc[0]) if len(digits) else 0)

    def row(self, period: str) -> Any:
        """Return the row of a period."""
        return self.frame[self.frame["period"] == period].iloc[0]


def every_chart(result: QuarterlyResult) -> list[Shown]:
    """Return the charts in the order of the dictionary, the whole area first, then districts by name.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.
    """
    if _LATEST and _LATEST[0][0] is result:
        return _LATEST[0][1]
    dictionary = result.indicators.dictionary()
    order = {str(name): place for place, name in enumerate(dictionary["name"])}
    known, labels = kinds(dictionary), dict(zip(dictionary["name"], dictionary["label"], strict=True))
    keys = [key for key in result.charts if key[0] in order]
    if result.district is not None:
        keys = [key for key in keys if key[1] == result.district]
    keys.sort(key=lambda key: (order[key[0]], key[1] != ALL_DISTRICTS, key[1]))
    rows = figures(result, names=sorted({key[0] for key in keys}))
    parts = dict(tuple(rows.groupby(["indicator", "district"], sort=False)))
    shown = [
        released(
            result.charts[name, place], parts.get((name, place)), result, name, place, str(labels[name]), known[name]
        )
        for name, place in keys
    ]
    _LATEST[:] = [(result, shown)]
    return shown


def released(
    chart: ControlChart,
    rows: pd.DataFrame | None,
    result: QuarterlyResult,
    name: str,
    place: str,
    label: str,
    kind: Kind,
) -> Shown:
    """Return one chart as it may be shown: `rows` are the same periods, already released."""
    rule, frame = result.rule, chart.to_frame()
    if rows is None or not len(rows):
        hidden = np.full(len(frame), rule.protects)
        digits = np.full(len(frame), int(not rule.protects))
    else:
        own = rows.drop_duplicates("period").set_index("period").reindex(frame["period"].astype(str))
        hidden = own["hidden"].astype("boolean").fillna(rule.protects).to_numpy(dtype=bool)
        digits = own["digits"].fillna(int(not rule.protects)).to_numpy(dtype=int)
    # A period without anybody is marked as one with few: the two must not be told apart.
    hidden = hidden & (frame["value"].notna() | (frame["status"] == "no_units")).to_numpy()
    for column in LINES:
        values = frame[column].astype("float64").mask(hidden)
        frame[column] = _rounded(values, digits, kind, rule.rounding) if rule.protects else values
    if rule.protects and kind.of_each:
        frame[list(LINES)] = _of_each(frame, rows, hidden)
    if rule.protects:
        for column in ("numerator", "denominator"):
            values = frame[column].astype("float64").mask(hidden)
            frame[column] = values.where(values == 1, rounded_counts(values, rule))
    frame = frame.assign(hidden=hidden, digits=digits)
    left_out = set(frame.loc[hidden, "period"])
    signals = chart.signals()
    kept = ~signals[["period", "period_from", "period_to"]].isin(left_out).any(axis=1)
    signals = signals[kept].reset_index(drop=True)
    frame["signal"] = frame["signal"].astype(bool) & ~hidden
    frame["rules"] = frame["rules"].where(~hidden, "")
    return Shown(indicator=name, district=place, label=label, kind=kind, chart=chart, frame=frame, signals=signals)


def _rounded(values: pd.Series, digits: np.ndarray, kind: Kind, base: int) -> list[float]:
    if kind.kind == "count":
        return [v if v != v else base * round_half_up(v / base) for v in values]
    return [v if v != v else round_half_up(v, kind.places(int(d))) for v, d in zip(values, digits, strict=True)]


def _of_each(frame: pd.DataFrame, rows: pd.DataFrame | None, hidden: np.ndarray) -> pd.DataFrame:
    """Lines of money or hours a test: pounds and pence would give the number of tests back where the sum is known.

    A value is the one of the table, made of rounded counts; what was expected keeps two figures.
    """
    lines = frame[list(LINES)].astype("float64")
    for column in LINES[1:]:
        lines[column] = [v if v != v or v == 0 else _two_figures(v) for v in lines[column]]
    own = None if rows is None else rows.drop_duplicates("period").set_index("period")["estimate"]
    table = np.nan if own is None else own.reindex(frame["period"].astype(str)).to_numpy(dtype="float64")
    return lines.assign(value=pd.Series(table, index=frame.index).where(lines["value"].notna() & ~hidden))


def _two_figures(value: float) -> float:
    return round_half_up(value, 1 - int(np.floor(np.log10(abs(value)))))


def new_signals(shown: Shown) -> pd.DataFrame:
    """Return the signals that came to be known in the latest period that is told."""
    return shown.signals[shown.signals["period"] == shown.last]


def going_on(shown: Shown) -> pd.DataFrame:
    """Return the signals known earlier that still hold in the latest period that is told."""
    found = shown.signals
    return found[(found["period_to"] == shown.last) & (found["period"] != shown.last)]


def signal_words(shown: Shown, signal: Any) -> str:
    """Return one signal in a sentence: what, where, when, against what, and which direction is wanted."""
    return f"{shown.label}, {shown.district}: {signal_told(shown, signal)}."


def signal_told(shown: Shown, signal: Any) -> str:
    """Return what one signal says, without the indicator and the place and without a full stop."""
    first, last = str(signal["period_from"]), str(signal["period_to"])
    reading = READINGS.get(str(signal["reading"]), "")
    if signal["rule"] == "outside":
        row = shown.row(last)
        value, centre = (shown.text(float(row[name]), last) for name in ("value", "centre"))
        end = f"; {reading}" if reading else ""
        return f"{value} in {phrases.period_words(last)}, {signal['direction']} its limit ({centre} was expected{end})"
    side = "above" if signal["direction"] in ("rising", "above") else "below"
    limit = "upper limit" if side == "above" else "lower limit"
    words = RULES.get(str(signal["rule"]), str(signal["rule"]).replace("_", " ")).format(side=side, limit=limit)
    end = f" ({reading})" if reading else ""
    return f"{words}, {_span(first, last, shown.last)}{end}"


def _span(first: str, last: str, latest: str) -> str:
    if first == last:
        return f"in {phrases.period_words(first)}"
    if last == latest:
        return f"since {phrases.begins(first)}"
    return f"from {phrases.begins(first)} to {phrases.ends(last)}"


def by_indicator(shown: Sequence[Shown], pick: Callable[[Shown], pd.DataFrame]) -> list[str]:
    """Return a line an indicator with what its charts say, those that tell most of the latest period first.

    Parameters
    ----------
    shown
        The charts, those of one indicator next to each other.
    pick
        Which signals of a chart: `new_signals` or `going_on`.
    """
    found: dict[str, list[tuple[int, str]]] = {}
    for one in shown:
        for signal in pick(one).to_dict("records"):
            rank = FIRST.index(signal["rule"]) if signal["rule"] in FIRST else len(FIRST)
            found.setdefault(one.label, []).append((rank, f"{one.district}, {signal_told(one, signal)}"))
    ordered = sorted(found.items(), key=lambda item: min(rank for rank, _ in item[1]))
    lines = []
    for label, told in ordered:
        parts = [words for _, words in sorted(told, key=lambda one: one[0])]
        lines.append(f"{label}: {'; '.join(parts)}.")
    return lines


def picture(shown: Shown) -> Picture:
    """Return the chart as a picture, without the periods that rest on few people."""
    percent = shown.kind.kind == "share" or shown.kind.unit == "%"
    axis = shown.label if percent or shown.kind.unit in ("tests", "contacts", "crimes") else (
        f"{shown.label} ({shown.kind.unit})"
    )  # fmt: skip
    axes = control_chart_plot(shown.frame, label="", percent=percent)
    axes.set_title(_wrapped(f"{axis}, {shown.place.lower() if shown.district == ALL_DISTRICTS else shown.place}"),
                   loc="left", fontsize=10.5, pad=22)  # fmt: skip
    return Picture(png=to_png(axes), alt=_alt(shown), caption=_caption(shown))


def _wrapped(text: str) -> str:
    import textwrap

    return textwrap.fill(text, 70)


def _alt(shown: Shown) -> str:
    told = shown.frame[shown.frame["value"].notna()]
    last = told.iloc[-1]
    period = str(last["period"])
    said = f"{shown.text(float(last['value']), period)} in {phrases.period_words(period)}"
    if last["centre"] == last["centre"]:
        said += f", {shown.text(float(last['centre']), period)} expected"
    n = phrases.one_or_many(len(shown.signals), "signal")
    return f"{shown.label}, {shown.place}, over {phrases.one_or_many(len(told), 'period')}: {said}; {n}."


def _caption(shown: Shown) -> str:
    names = {
        "run": "Run chart: the middle line alone, without limits",
        "i": "Individuals chart: limits from the steps between neighbouring periods",
        "points": "Points only: too few periods for limits",
    }
    first = names.get(shown.chart.chart, "Control chart; limits at three standard deviations")
    out = f" {phrases.one_or_many(shown.n_hidden, 'period')} left out: few people are behind." if shown.n_hidden else ""
    return f"{shown.label}, {shown.place}. {first}.{out}"


def tidy(result: QuarterlyResult) -> Iterator[dict[str, Any]]:
    """Yield the rows of results.csv: each period of each chart with what was expected and its limits."""
    from dipeval.report.quarterly.rows import number

    for shown in every_chart(result):
        for row in shown.frame.to_dict("records"):
            if row["status"] != "ok" and not row["hidden"]:
                continue
            yield {
                "section": "change",
                "indicator": shown.indicator,
                "label": f"{shown.label}: expected, with control limits",
                "district": shown.district,
                "period": row["period"],
                "estimate": "[c]" if row["hidden"] else number(row["centre"]),
                "conf_low": "[c]" if row["hidden"] else number(row["lower"]),
                "conf_high": "[c]" if row["hidden"] else number(row["upper"]),
                "unit": shown.kind.unit,
                "interval": f"control limits ({shown.chart.chart})",
                "status": "withheld" if row["hidden"] else "signal" if row["signal"] else "no signal",
                "note": row["rules"],
            }
