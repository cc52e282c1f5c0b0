"""Districts beside each other behind the disclosure gate: who rests on few people is in no picture and no sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.disclosure import CONFIDENTIAL, FINE_SHARES_FROM, is_small
from dipeval.indicators.measuring.frames import ALL_DISTRICTS, NO_DIMENSION
from dipeval.indicators.measuring.periods import span
from dipeval.presenting import format_number, round_half_up
from dipeval.report.quarterly import phrases
from dipeval.report.quarterly.released import Kind, kinds, rounded_counts

if TYPE_CHECKING:
    from dipeval.indicators import Benchmark
    from dipeval.study.quarterly.result import QuarterlyResult

INSIDE: Final = "inside"
# What the whole report found to be the fewest people, for the views of its districts: id -> comparison, people.
_FOUND: dict[int, tuple[Benchmark, list[float]]] = {}
_MOST_KEPT: Final = 256
WANTED: Final = {"higher": "more", "lower": "less", "neither": "neither"}
ASIDE: Final = ("not told", "not compared")
POSITIONS: Final = {"inside": "inside the limits", "not told": "nothing counted", "not compared": "not compared"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compared:
    """A comparison of districts as it may be shown.

    Parameters
    ----------
    indicator, label
        What is compared.
    kind
        How its values are written.
    found
        The exact comparison: its limits and options, never the figures of a district.
    frame
        Districts in alphabetical order; what rests on few people is missing; ``hidden``, ``digits``.
    periods
        The periods whose counts were added up.
    """

    indicator: str
    label: str
    kind: Kind
    found: Benchmark
    frame: pd.DataFrame
    periods: tuple[str, ...] = ()

    @property
    def when(self) -> str:
        """From which month to which, in words; empty if that is not known."""
        return f"{phrases.begins(self.periods[0])} to {phrases.ends(self.periods[-1])}" if self.periods else ""

    def text(self, value: float, digits: int) -> str:
        """Return a value as it may be shown."""
        return self.kind.text(value, digits)

    @property
    def outside(self) -> pd.DataFrame:
        """Districts outside the limits that may be named."""
        position = self.frame["position"]
        return self.frame[~self.frame["hidden"] & ~position.isin([INSIDE, *ASIDE])]

    @property
    def n_hidden(self) -> int:
        """Districts that rest on few people."""
        return int(self.frame["hidden"].sum())


def every_comparison(result: QuarterlyResult) -> list[Compared]:
    """Return the comparisons in the order of the dictionary.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.
    """
    dictionary = result.indicators.dictionary()
    labels = dict(zip(dictionary["name"], dictionary["label"], strict=True))
    known = kinds(dictionary)
    names = [str(name) for name in dictionary["name"] if name in result.benchmarks]
    return [released(result.benchmarks[name], result, name, str(labels[name]), known[name]) for name in names]


def released(found: Benchmark, result: QuarterlyResult, name: str, label: str, kind: Kind) -> Compared:
    """Return one comparison as it may be shown."""
    rule, frame = result.rule, found.to_frame()
    smallest = _smallest(frame, found, result, name)
    told = frame["value"].notna()
    hidden = np.array([bool(t) and is_small(n, rule) for t, n in zip(told, smallest, strict=True)], dtype=bool)
    digits = np.array([int(not rule.protects or n >= FINE_SHARES_FROM) for n in smallest], dtype=int)
    shares = (
        kind if found.kind == "share" or found.kind == kind.kind else Kind(name=name, kind="ratio", unit="of expected")
    )
    figures = [
        c for c in frame.columns if c in ("value", "conf_low", "conf_high", "centre") or c[:6] in ("lower_", "upper_")
    ]
    whole = int(not rule.protects or frame["n"].sum() >= FINE_SHARES_FROM)
    for column in figures:
        values = frame[column].astype("float64").mask(hidden & (column != "centre"))
        if rule.protects:
            places = np.full(len(frame), whole) if column == "centre" else digits
            values = pd.Series(
                [v if v != v else round_half_up(v, shares.places(int(d))) for v, d in zip(values, places, strict=True)],
                index=frame.index,
            )
        frame[column] = values
    for column in ("n", "observed", "expected", "size"):
        values = frame[column].astype("float64").mask(hidden)
        frame[column] = rounded_counts(values, rule) if rule.protects else values
    frame["position"] = frame["position"].where(~hidden, CONFIDENTIAL)
    frame = frame.drop(columns=["words", "z", "z_adjusted", "p_value", "p_adjusted", "shrunken"], errors="ignore")
    return Compared(
        indicator=name,
        label=label,
        kind=shares,
        found=found,
        frame=frame.assign(hidden=hidden, digits=digits),
        periods=_periods(result, name),
    )


def _periods(result: QuarterlyResult, name: str) -> tuple[str, ...]:
    """The latest periods in which the indicator is told, as many as the study compares over."""
    frame = result.indicators.to_frame()
    own = frame[(frame["indicator"] == name) & (frame["dimension"] == NO_DIMENSION)]
    whole = own[(own["district"] == ALL_DISTRICTS) & (own["status"] == "ok")]
    # The view of a district holds its own rows alone: whether it is too early is the same everywhere.
    told = whole if len(whole) else own[own["status"].isin(["ok", "no_units"])]
    labels = list(dict.fromkeys(told.sort_values("period_from")["period"]))
    return tuple(str(label) for label in labels[-result.spec.benchmark.periods :])


def _smallest(frame: pd.DataFrame, found: Benchmark, result: QuarterlyResult, name: str) -> list[float]:
    """Fewest behind a district: the counts themselves, and the people of the periods as far as they are known.

    The view of one district holds the comparison of all but the people of that district alone, so that what the whole
    report found is kept; a view that stands by itself shows the other districts only where nobody was linked.
    """
    if result.district is not None and id(found) in _FOUND:
        return _FOUND[id(found)][1]
    parts = [frame["observed"].astype("float64"), frame["n"].astype("float64")]
    if found.kind == "share":
        parts.append((frame["n"] - frame["observed"]).astype("float64"))
    own = result.indicators.to_frame()
    own = own[(own["indicator"] == name) & (own["dimension"] == NO_DIMENSION) & (own["status"] == "ok")]
    # In several periods together there are at least as many people as in the one with most of them.
    for column in ("n_people", "n_people_yes", *(("n_people_no",) if found.kind == "share" else ())):
        most = own.groupby("district")[column].max().astype("float64")
        parts.append(frame["area"].map(most).astype("float64"))
    smallest = pd.concat(parts, axis=1).min(axis=1)
    if result.district is not None:
        linked = bool(own["n_people"].notna().any())
        return [float(n) for n in smallest.mask(linked & (frame["area"] != result.district), 0.0)]
    if len(_FOUND) >= _MOST_KEPT:
        _FOUND.clear()
    _FOUND[id(found)] = (found, [float(n) for n in smallest])
    return _FOUND[id(found)][1]


def sentences(every: list[Compared]) -> tuple[str, ...]:
    """Return what lies inside the limits, what cannot be shown, and what chance alone would put outside.

    Parameters
    ----------
    every
        The comparisons; those with a district outside are told by `outside_rows`.
    """
    rest = [one for one in every if not len(one.outside) and one.found.n_compared]
    shown = [one.label for one in rest if one.n_hidden < len(one.frame)]
    none = [one.label for one in rest if one.n_hidden == len(one.frame)]
    said = []
    if shown:
        others = "" if len(shown) == len(every) else f"In {phrases.one_or_many(len(shown), 'other figure')}, "
        said.append(
            f"{others}{'e' if others else 'E'}very district that can be shown lies inside the limits, which does not "
            f"show that they are alike: {'; '.join(_lower(name) for name in shown)}."
        )
    if none:
        names = "; ".join(_lower(name) for name in none)
        said.append(f"Cannot be shown for any district, because few people are behind: {names}.")
    some = [f"{_lower(one.label)} ({one.n_hidden})" for one in every if 0 < one.n_hidden < len(one.frame)]
    if some:
        said.append(f"Districts left out, because few people are behind: {'; '.join(some)}.")
    total = sum(one.found.n_compared for one in every)
    chance = sum(one.found.expected_outside for one in every)
    if total:
        said.append(
            f"{total} figures are looked at here: if no district differed from the others, chance alone would put "
            f"about {format_number(chance, 0)} of them outside the 95% limits."
        )
    return tuple(said)


def outside_rows(every: list[Compared], district: str | None = None) -> list[dict[str, str]]:
    """Return which districts lie above and below the limits, a row an indicator: label, above, below, wanted.

    Parameters
    ----------
    every
        The comparisons.
    district
        The one a report is about; default all.
    """
    rows = []
    for one in every:
        out = one.outside
        out = out if district is None else out[out["area"] == district]
        if len(out):
            sides = {side: _names(out, side) for side in ("above", "below")}
            rows.append({"label": one.label, **sides, "wanted": WANTED.get(one.found.wanted, "")})
    return rows


def _names(outside: pd.DataFrame, side: str) -> str:
    """Districts on one side, in alphabetical order, those beyond the outer limit marked."""
    own = outside[outside["position"].str.startswith(side)]
    levels = [str(position).partition(" ")[2] for position in own["position"]]
    return ", ".join(f"{area} ({level})" for area, level in zip(own["area"], levels, strict=True))


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]


def sentence(one: Compared) -> str:
    """Return whether districts differ from the others, in words."""
    found, outside = one.found, one.outside
    if not found.n_compared:
        return f"{one.label}: nothing is compared."
    level = f"{100 * found.level[0]:g}%"
    hidden = f" {one.n_hidden} cannot be shown." if one.n_hidden else ""
    if outside.empty:
        return (
            f"{one.label}: every district that can be shown lies inside the {level} limits. That does not show that "
            f"they are alike.{hidden}"
        )
    said = phrases.listed(f"{row['area']} ({row['position']})" for row in outside.to_dict("records"))
    return f"{one.label}: outside the limits {'lies' if len(outside) == 1 else 'lie'} {said}.{hidden}"


def position_words(position: str) -> str:
    """Return a position as a reader sees it.

    Examples
    --------
    >>> position_words("above 95%"), position_words("inside")
    ('above the 95% limit', 'inside the limits')
    """
    side, _, level = position.partition(" ")
    if side in ("above", "below"):
        return f"{side} the {level} limit"
    return POSITIONS.get(position, position)


def _days(periods: tuple[str, ...]) -> dict[str, str]:
    ends = [span(periods[0]), span(periods[-1])] if periods else []
    if not ends or None in ends:
        return {}
    (first, _), (_, last) = ends  # type: ignore[misc]
    return {"period_from": first.isoformat(), "period_to": last.isoformat()}


def tidy(result: QuarterlyResult) -> Iterator[dict[str, Any]]:
    """Yield the rows of results.csv: each district's figure over the window with its interval and position."""
    from dipeval.report.quarterly.rows import number

    for one in every_comparison(result):
        for row in one.frame.to_dict("records"):
            hidden = bool(row["hidden"])
            yield {
                "section": "districts",
                "indicator": one.indicator,
                "label": one.label,
                "district": row["area"],
                "period": " to ".join(dict.fromkeys((one.periods[0], one.periods[-1]))) if one.periods else "",
                **_days(one.periods),
                "numerator": CONFIDENTIAL if hidden else number(row["observed"]),
                "denominator": CONFIDENTIAL if hidden else number(row["n"]),
                **{
                    name: CONFIDENTIAL if hidden else number(row[old])
                    for name, old in (("estimate", "value"), ("conf_low", "conf_low"), ("conf_high", "conf_high"))
                },
                "unit": one.kind.unit,
                "interval": f"{100 * one.found.level[0]:g}%",
                "status": "withheld" if hidden else "ok",
                "note": "" if hidden else position_words(str(row["position"])),
            }
