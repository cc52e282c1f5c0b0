"""`control_chart`: choose a chart, set its limits, look for signals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from dipeval.errors import InputError
from dipeval.extracts.contracts import did_you_mean
from dipeval.indicators.change import seasons as seasonal_test
from dipeval.indicators.change.control_chart_result import COLUMNS, SIGNAL_COLUMNS, ControlChart
from dipeval.indicators.change.false_alarms import false_alarm_of_counts, false_alarm_share
from dipeval.indicators.change.limits import (
    LEAST_FOR_LIMITS,
    PLAIN,
    Lines,
    Points,
    dispersion_bound,
    laney_factor,
    lines_of,
)
from dipeval.indicators.change.notes import IN_BASELINE, PEOPLE_AGAIN, notes_of
from dipeval.indicators.change.rules import RULES, zones
from dipeval.indicators.change.ruling import rules_of
from dipeval.indicators.change.seasons import Seasons
from dipeval.indicators.change.series import Series, read_series
from dipeval.indicators.change.signals import Signal, locate
from dipeval.indicators.change.spans import SEASONS, texts_of
from dipeval.indicators.change.wording import Teller, digits_for, sentence
from dipeval.indicators.dictionary.indicator import DIRECTIONS

CHARTS: Final = ("auto", "run", "p", "u", "c", "p_prime", "u_prime", "i")
_FAMILY: Final = {"p": "binomial", "u": "poisson", "c": "poisson", "i": "normal"}
_LINES: Final = ("centre", "lower", "upper", "lower_2", "upper_2")


def control_chart(
    data: pd.DataFrame,
    *,
    numerator: str,
    denominator: str | None = None,
    period: str = "period",
    chart: str = "auto",
    baseline: int | tuple[str, str] | None = None,
    breaks: Sequence[str] = (),
    seasonal: str | bool = "auto",
    squares: str | None = None,
    rules: Sequence[str] | None = None,
    wanted: str = "neither",
    per: float = 1.0,
    label: str = "",
) -> ControlChart:
    """Chart a series against what is expected if nothing changed, and look for signals that something did.

    Parameters
    ----------
    data
        One row a period, in any order: of one district, one indicator and one group (such as
        ``indicators.series(...)``). A column ``status`` is heeded: rows that are not ``ok`` are not told.
    numerator, denominator
        Columns of counts and of what they are counted out of; no denominator for a count alone.
    period
        Column of periods: ``2013-Q2``, ``2013-04``, ``2013``, ``2013-14``, or whole numbers.
    chart
        ``p`` (shares), ``u`` (counts a unit), ``c`` (counts), ``p_prime`` and ``u_prime`` (Laney's, for spread beyond
        chance), ``i`` (single values, of which only the ratio is used), ``run`` (median alone). ``auto``: ``p`` where
        no count passes its denominator, else ``u``, ``c`` without a denominator, ``i`` where the counts are no whole
        numbers; and Laney's chart in their place where the spread from period to period is beyond chance.
    baseline
        Number of first periods, or first and last period, that set what is expected; default all. It applies to the
        first phase.
    breaks
        Periods from which on something known has changed (a new test, another district): what is expected is set anew.
    seasonal
        ``auto``: the expected values follow the seasons where an F-test finds them (5%); True: always; False: never.
        At least two full years are needed.
    squares
        Column with the count times its variance over that of Poisson counts, where a unit can have several events
        (``u`` charts), as measured indicators hold it; the sum over units of the squared count is on the wide side.
    rules
        ``outside``, ``two_of_three``, ``run_of_8``, ``trend_of_6`` (default where there are limits), ``longest_run``,
        ``crossings`` (default of run charts).
    wanted
        ``higher``, ``lower`` or ``neither``: whether a signal is read as better or worse.
    per
        Values are shown times this (100 for a rate per 100).
    label
        What is charted, as it stands at the head of a sentence; default the column's name.

    Returns
    -------
    ControlChart
        ``to_frame()``, one row a period: period, numerator, denominator, value, centre, lower, upper, lower_2, upper_2,
        phase, signal, rules, seasonal_factor, status. ``signals()``, one row a signal: period, period_from, period_to,
        rule, direction, reading, value, centre, words.

    Raises
    ------
    dipeval.InputError
        If a column is missing, a count is negative, a period stands twice, or an option is not known.

    Notes
    -----
    Limits need 12 periods in the baseline of a phase and are three standard deviations from the centre (binomial or
    Poisson; cut off at 0 and 1); where fewer than 10 are expected they are quantiles of the law itself. With 8 to 11
    periods it is a run chart; with fewer, points alone. A missing period stays a gap: runs go on over it, a trend ends.
    Rules never reach over a break. A signal says that something changed, not why: there is no comparison group.
    Sources: Nelson (1984); Laney (2002); Anhøj and Olesen (2014) for ``longest_run`` and ``crossings``.

    Examples
    --------
    >>> import dipeval as dip
    >>> import pandas as pd
    >>> tests = pd.DataFrame({
    ...     "period": [f"{year}-Q{quarter}" for year in (2011, 2012, 2013) for quarter in (1, 2, 3, 4)],
    ...     "tests": 400,
    ...     "positive": [212, 221, 209, 215, 218, 206, 220, 211, 217, 214, 208, 262],
    ... })
    >>> chart = dip.control_chart(tests, numerator="positive", denominator="tests", baseline=11, chart="p")
    >>> chart.chart, chart.n_signals  # eleven periods give no limits
    ('run', 0)
    >>> chart = dip.control_chart(tests, numerator="positive", denominator="tests", label="Positivity", chart="p")
    >>> chart.signals()[["period", "rule", "direction"]].values.tolist()
    [['2013-Q4', 'outside', 'above']]
    """
    _check_options(chart, seasonal, rules, wanted, per)
    series = read_series(data, numerator=numerator, denominator=denominator, period=period, squares=squares)
    frame = series.frame
    phase = _phases(series, breaks)
    base = _baseline(series, baseline, phase)
    plain = _plain_chart(frame, chart, denominator=denominator, squares=squares, per=per)
    seasons = _seasons(series, base, phase, plain, seasonal)
    factor = _factors(series, seasons, seasonal)
    points = [_points(frame, factor, base, phase == one) for one in np.unique(phase)]
    used, sigma_z, bound = _dispersed(points, plain, chart)
    lines = [lines_of(own, used) for own in points]
    chosen = [rules_of(line, rules) for line in lines]
    told = _assemble(frame, phase, factor, lines, points, per)
    name = label or numerator
    teller = _teller(name, told, plain, per, wanted)
    marked, signals = _signals(told, chosen, teller)
    in_baseline = bool(base[marked["signal"].to_numpy()].any())
    return ControlChart(
        chart=_name_of(used, lines),
        label=name,
        wanted=wanted,
        per=float(per),
        every=series.every,
        rules=tuple(rule for rule in RULES if any(rule in own for own in chosen)),
        sigma_z=sigma_z,
        dispersion_bound=bound,
        seasonal=bool(np.any(factor != 1)),
        season_p=seasons.p_value,
        false_alarm=_false_alarm(points, lines, chosen, used),
        missing=tuple(series.missing),
        notes=(
            *notes_of(series, points, lines, used, asked=chart, seasons=seasons, factor=factor, sigma_z=sigma_z),
            *([PEOPLE_AGAIN] if _people_again(data, _name_of(used, lines), numerator, denominator) else []),
            *([IN_BASELINE] if in_baseline else []),
        ),
        _teller=teller,
        _frame=marked,
        _signals=signals,
    )


def _check_options(chart: str, seasonal: str | bool, rules: Sequence[str] | None, wanted: str, per: float) -> None:
    faults = []
    if chart not in CHARTS:
        faults.append(
            f"chart='{chart}' is not known{did_you_mean(str(chart), CHARTS)}; use one of {', '.join(CHARTS)}."
        )
    if seasonal not in ("auto", True, False):
        faults.append(f"seasonal={seasonal!r} is not known; use 'auto', True or False.")
    if wanted not in DIRECTIONS:
        faults.append(f"wanted='{wanted}' is not known{did_you_mean(str(wanted), DIRECTIONS)}; use {_or(DIRECTIONS)}.")
    if not per > 0:
        faults.append(f"per={per!r} must be a number above 0.")
    for rule in (rules,) if isinstance(rules, str) else (rules or ()):
        if rule not in RULES:
            faults.append(
                f"rules: '{rule}' is not known{did_you_mean(str(rule), RULES)}; use some of {', '.join(RULES)}."
            )
    if isinstance(rules, str) and not faults:
        faults.append(f"rules='{rules}' is one word; give a list, such as ['{rules}'].")
    if faults:
        raise InputError(" ".join(faults))


def _or(words: Sequence[str]) -> str:
    return ", ".join(words[:-1]) + f" or {words[-1]}"


def _phases(series: Series, breaks: Sequence[str]) -> np.ndarray:
    """Number of the phase of each period, from 1."""
    labels = series.frame["period"].tolist()
    wanted = texts_of(pd.Series([breaks] if isinstance(breaks, str) else list(breaks), dtype=object))
    unknown = [one for one in wanted if one not in labels]
    if unknown:
        raise InputError(
            f"breaks: {', '.join(unknown)} is no period of the data ({labels[0]} to {labels[-1]}); a break is the "
            "first period of a new phase."
        )
    starts = {labels.index(one) for one in wanted} - {0}
    return np.cumsum([place in starts for place in range(len(labels))]) + 1


def _baseline(series: Series, baseline: Any, phase: np.ndarray) -> np.ndarray:
    """Which told points set centre and limits: of the first phase those of the baseline, of later ones all."""
    told = series.frame["told"].to_numpy()
    if baseline is None:
        return told
    labels = series.frame["period"].tolist()
    inside = np.zeros(len(told), dtype=bool)
    if isinstance(baseline, (int, np.integer)) and not isinstance(baseline, bool):
        if not 1 <= baseline <= len(labels):
            raise InputError(f"baseline={baseline} must be from 1 to {len(labels)}, the number of periods in the data.")
        inside[:baseline] = True
    else:
        ends = texts_of(pd.Series(list(baseline), dtype=object)) if isinstance(baseline, (tuple, list)) else []
        if len(ends) != 2 or any(end not in labels for end in ends) or labels.index(ends[0]) > labels.index(ends[1]):
            raise InputError(
                f"baseline must be a number of first periods, or a first and a last period of the data ({labels[0]} to "
                f"{labels[-1]})."
            )
        inside[labels.index(ends[0]) : labels.index(ends[1]) + 1] = True
    return np.asarray(told & (inside | (phase > 1)))


def _plain_chart(frame: pd.DataFrame, chart: str, *, denominator: str | None, squares: str | None, per: float) -> str:
    """The chart asked for, or without one the chart that fits the counts before their spread is looked at."""
    own = frame[frame["told"]]
    whole = bool((own["numerator"] % 1 == 0).all())
    within = bool((own["numerator"] <= own["denominator"]).all())
    if chart in ("p", "p_prime") and denominator is None:
        raise InputError(f"chart='{chart}' is for shares and needs a denominator; use chart='c' for counts alone.")
    if chart in ("p", "p_prime") and not within:
        raise InputError(
            f"chart='{chart}' is for shares, and {int((own['numerator'] > own['denominator']).sum())} periods have "
            "more counted than they are counted out of; use chart='u', or check the columns."
        )
    if chart == "c" and denominator is not None:
        raise InputError("chart='c' is for counts alone; leave the denominator out, or use chart='u'.")
    if squares is not None and PLAIN.get(chart, chart) not in ("auto", "u"):
        raise InputError("squares belong to counts a unit; use chart='u', 'u_prime' or 'auto', or leave them out.")
    if chart != "auto":
        return chart
    if not whole:
        return "i"
    if denominator is None:
        return "c"
    return "p" if within and per == 1 and squares is None and bool((own["denominator"] % 1 == 0).all()) else "u"


def _seasons(series: Series, base: np.ndarray, phase: np.ndarray, plain: str, seasonal: str | bool) -> Seasons:
    if seasonal is False:
        return Seasons(why_not="it was not asked for")
    own = series.frame[base]
    numerator, denominator = own["numerator"].to_numpy(), own["denominator"].to_numpy()
    law = PLAIN.get(plain, plain)
    if law == "run":
        whole = bool((numerator % 1 == 0).all())
        law = "i" if not whole else "p" if (numerator <= denominator).all() and not (denominator == 1).all() else "u"
    found = seasonal_test.compare_seasons(
        numerator, denominator, own["place"].to_numpy(), phase[base], every=series.every, family=_FAMILY[law]
    )
    if seasonal is True and found.factors is None:
        raise InputError(f"seasonal=True cannot be followed: {found.why_not}. Use seasonal='auto' or False.")
    return found


def _factors(series: Series, seasons: Seasons, seasonal: str | bool) -> np.ndarray:
    places = series.frame["place"].to_numpy()
    if seasons.factors is None or (seasonal == "auto" and seasons.p_value >= seasonal_test.LEVEL):
        return np.ones(len(places))
    return np.asarray(seasons.factors[places % SEASONS[series.every]])


def _points(frame: pd.DataFrame, factor: np.ndarray, base: np.ndarray, own: np.ndarray) -> Points:
    told = frame["told"].to_numpy()[own]
    numerator = np.where(told, frame["numerator"].to_numpy()[own], np.nan)
    squares, used = frame["squares"].to_numpy()[own], base[own]
    events = float(numerator[used].sum())
    scale = float(squares[used].sum()) / events if events > 0 else 1.0
    return Points(
        numerator=numerator,
        denominator=np.where(told, frame["denominator"].to_numpy()[own], np.nan),
        factor=factor[own],
        base=used,
        scale=scale if np.isfinite(scale) and scale > 0 else 1.0,
    )


def _dispersed(points: Sequence[Points], plain: str, chart: str) -> tuple[str, float, float]:
    """The chart to draw, the spread over chance, and what chance alone passes in one series of twenty."""
    law = PLAIN.get(plain, plain)
    ready = [one for one in points if one.base.sum() >= LEAST_FOR_LIMITS]
    if law not in ("p", "u", "c") or not ready:
        return plain, float("nan"), float("nan")
    factors = np.array([laney_factor(one, "p" if law == "p" else "u") for one in ready])
    sizes = np.array([one.base.sum() for one in ready])
    if not np.isfinite(factors).all():
        return plain, float("nan"), float("nan")
    sigma_z, bound = float(np.average(factors, weights=sizes)), dispersion_bound(int(sizes.sum()))
    if chart == "auto" and sigma_z > bound:
        return ("p_prime" if law == "p" else "u_prime"), sigma_z, bound
    return plain, sigma_z, bound


def _teller(label: str, told: pd.DataFrame, plain: str, per: float, wanted: str) -> Teller:
    own = told[told["status"] == "ok"]
    counted = bool((own["denominator"] == 1).all())
    within = not counted and bool((own["numerator"] <= own["denominator"]).all())
    law = PLAIN.get(plain, plain)
    percent = per == 1 and (law == "p" or (law in ("run", "i") and within))
    whole = counted and per == 1 and bool((own["numerator"] % 1 == 0).all())
    return Teller(label=label, percent=percent, digits=digits_for(told["value"], percent), whole=whole, wanted=wanted)


def _false_alarm(
    points: Sequence[Points], lines: Sequence[Lines], chosen: Sequence[tuple[str, ...]], used: str
) -> float:
    """Share of steady series with a signal in any phase."""
    quiet = 1.0
    for own, line, rules in zip(points, lines, chosen, strict=True):
        if line.n_exact:
            quiet *= 1 - false_alarm_of_counts(own, line, used, rules)
            continue
        kind = line.kind if line.kind != "limits" else "estimated" if used in (*PLAIN, "i") else "plain"
        told, base = int(np.isfinite(own.value).sum()), int(own.base.sum())
        quiet *= 1 - false_alarm_share(told, base, kind, rules)
    return 1 - quiet


def _people_again(data: pd.DataFrame, used: str, numerator: str, denominator: str | None) -> bool:
    """Whether limits by chance alone stand beside more units than people: columns as measured indicators have them."""
    if used not in ("p", "c") or "n_people" not in data.columns:
        return False
    told = data[data["status"] == "ok"] if "status" in data.columns else data
    units = told[numerator if used == "c" or denominator is None else denominator]
    return bool((told["n_people"].astype("float64") < units.astype("float64")).any())


def _name_of(used: str, lines: Sequence[Lines]) -> str:
    """What the reader sees: limits in any phase make it the chart asked for, a median makes it a run chart."""
    kinds = {line.kind for line in lines}
    if "limits" in kinds:
        return used
    return "run" if "median" in kinds else "points"


def _assemble(
    frame: pd.DataFrame,
    phase: np.ndarray,
    factor: np.ndarray,
    lines: Sequence[Lines],
    points: Sequence[Points],
    per: float,
) -> pd.DataFrame:
    told = frame[["period", "place", "numerator", "denominator", "status"]].copy()
    told["value"] = per * np.concatenate([one.value for one in points])
    for name in _LINES:
        told[name] = per * np.concatenate([getattr(line, name) for line in lines])
    told["phase"] = phase
    told["seasonal_factor"] = factor
    return told


def _signals(
    told: pd.DataFrame, chosen: Sequence[tuple[str, ...]], teller: Teller
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The frame with its marks, and one row a signal."""
    marks: dict[int, list[str]] = {}
    rows: list[tuple[int, dict[str, Any]]] = []
    for number, rules in enumerate(chosen, start=1):
        own = told[(told["phase"] == number) & (told["status"] == "ok")]
        if own.empty or not rules:
            continue
        arrays = [own[name].to_numpy() for name in ("value", *_LINES)]
        zone = zones(*arrays)
        adjusted = arrays[0] / own["seasonal_factor"].to_numpy()
        joined = np.concatenate([[False], np.diff(own["place"].to_numpy()) == 1])
        for rule in rules:
            for signal in locate(rule, zone, adjusted, joined):
                for place in signal.points:
                    marks.setdefault(int(own.index[place]), []).append(rule)
                rows.append((int(own.index[signal.known]), _row(signal, own, teller)))
    named = [marks.get(place, []) for place in told.index]
    marked = told.assign(signal=[bool(one) for one in named], rules=["; ".join(dict.fromkeys(one)) for one in named])
    rows.sort(key=lambda row: (row[0], RULES.index(row[1]["rule"])))
    table = pd.DataFrame([row for _, row in rows], columns=list(SIGNAL_COLUMNS))
    return marked[list(COLUMNS)].reset_index(drop=True), table


def _row(signal: Signal, own: pd.DataFrame, teller: Teller) -> dict[str, Any]:
    rows = own.iloc[list(signal.points)]
    names = {1: "rising", -1: "falling", 0: ""} if signal.rule == "trend_of_6" else {1: "above", -1: "below", 0: ""}
    return {
        "period": own["period"].iloc[signal.known],
        "period_from": rows["period"].iloc[0],
        "period_to": rows["period"].iloc[-1],
        "rule": signal.rule,
        "direction": names[signal.side],
        "reading": teller.reading(signal.side),
        "value": float(rows["value"].mean()),
        "centre": float(rows["centre"].mean()),
        "words": sentence(signal, own, teller),
    }
