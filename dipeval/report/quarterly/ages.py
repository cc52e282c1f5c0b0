"""How old the people who come in are, by year and substance, and whether they are getting older."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from dipeval.disclosure import CONFIDENTIAL, is_small
from dipeval.indicators.ages.structure_result import ANY, trend_sentence
from dipeval.indicators.measuring.frames import ALL_DISTRICTS
from dipeval.indicators.shares import limits, ratio
from dipeval.plots.age_bands import age_bands_plot
from dipeval.plots.style import to_png
from dipeval.presenting import format_number, round_half_up
from dipeval.report.blocks import Block, Folded, Heading, Picture, Points, Table, Text
from dipeval.report.quarterly import phrases, tables
from dipeval.report.quarterly.people_shares import release_shares, tidy_shares, withhold

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule
    from dipeval.indicators import AgeStructure
    from dipeval.study.quarterly.result import QuarterlyResult

TITLE: Final = "How old are they?"
# Those under 18 are few: together with the next they are told without telling of single persons.
BANDS: Final = {"under 18": "under 25", "18-24": "under 25"}
ALSO: Final = "Where one age group of a year is withheld, the smallest of the others is as well."
_CELL: Final = ["substance", "label", "year"]
_DAYS: Final = ("period_from", "period_to")
_LIMITS: Final = ("conf_low", "conf_high")


def age_blocks(result: QuarterlyResult) -> list[Block]:
    """Return the ages of the people who come in; why not, where it is not told.

    Parameters
    ----------
    result
        From ``QuarterlyReview.run()``.
    """
    found = result.age_structure
    if found is None:
        return [Heading(text=TITLE), Text(paragraphs=(phrases.why_not(result, "age_structure"),))]
    bands, medians, trends = released(found, result.rule)
    said = tuple(
        phrases.WITHHELD.format(label=row["label"]) if row["hidden"] else trend_sentence(row)
        for row in trends.to_dict("records")
    )
    about = phrases.told_of(result, "age_structure")
    return [
        Heading(text=TITLE),
        *([Text(paragraphs=about)] if about else []),
        Points(items=said),
        *_picture(bands, medians),
        Folded(title="Ages by year", blocks=(_table(bands, medians, result),)),
        Text(paragraphs=found.notes(), kind="note"),
    ]


def released(found: AgeStructure, rule: DisclosureRule) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return shares of age groups, medians and trends as they may be shown.

    Everybody together is left out: less the others it would tell of whom is withheld. Where one group of a year is
    withheld, the smallest of the others is as well.

    Parameters
    ----------
    found
        The age structure.
    rule
        The rule in force.
    """
    frame, medians, trends = (f[f["substance"] != ANY] for f in (found.to_frame(), found.medians(), found.trends()))
    return _bands(frame, rule), _medians(medians, rule), _trends(trends, rule)


def _bands(frame: pd.DataFrame, rule: DisclosureRule) -> pd.DataFrame:
    wider = frame.assign(age_group=frame["age_group"].replace(BANDS))
    rows = wider.groupby([*_CELL, "age_group"], sort=False, as_index=False).agg(
        n=("n", "sum"), n_of=("n_people", "max")
    )
    both = list(zip(rows["n"].tolist(), rows["n_of"].tolist(), strict=True))
    ends = [limits(n, of) for n, of in both]
    rows = rows.assign(share=[ratio(n, of) for n, of in both], conf_low=[low for low, _ in ends],
                       conf_high=[high for _, high in ends])  # fmt: skip
    shown = release_shares(rows, rule)
    alone = shown.groupby(_CELL)["hidden"].transform("sum") == 1
    smallest = rows["n"].where(~shown["hidden"]).groupby([rows[name] for name in _CELL]).transform("min")
    # With a share near all of it, the rest is few as well: then every other group is withheld already.
    return withhold(shown, alone & ~shown["hidden"] & (rows["n"] == smallest))


def _medians(medians: pd.DataFrame, rule: DisclosureRule) -> pd.DataFrame:
    hidden = np.array([is_small(n, rule) for n in medians["n_people"]], dtype=bool)
    # A limit is the age of a person: so many at least must be as young, or as old.
    few = hidden | np.array([is_small(rank, rule) for rank in medians["rank"]], dtype=bool)
    out = medians.assign(hidden=hidden)
    middle = medians["median_age"].mask(hidden)
    out["median_age"] = [v if v != v or not rule.protects else round_half_up(v) for v in middle]
    return out.assign(**{name: medians[name].mask(few) for name in _LIMITS})


def _trends(trends: pd.DataFrame, rule: DisclosureRule) -> pd.DataFrame:
    hidden = [is_small(n, rule) for n in trends["n_people"]]
    figures = ("estimate", *_LIMITS)
    rounded = {name: [v if v != v else round_half_up(v, 2) for v in trends[name]] for name in figures}
    return trends.assign(hidden=hidden, **(rounded if rule.protects else {}))


def _picture(bands: pd.DataFrame, medians: pd.DataFrame) -> list[Block]:
    whole = ~bands["hidden"].astype(bool) & bands["share"].notna()
    drawn = whole.groupby([bands[name] for name in _CELL]).transform("all")
    if not drawn.any():
        return []
    own = bands[bands["label"].isin(bands.loc[drawn, "label"])]
    own = own.assign(share=own["share"].where(drawn))
    told = medians[medians["median_age"].notna() & medians["label"].isin(own["label"])]
    parts = [
        f"{label}: {format_number(part['median_age'].iloc[0], 0)} in {part['year'].iloc[0]}, "
        f"{format_number(part['median_age'].iloc[-1], 0)} in {part['year'].iloc[-1]}"
        for label, part in told.groupby("label", sort=False)
    ]
    out = " Years of which a group is withheld have no bar." if (~drawn).any() else ""
    return [
        Picture(
            png=to_png(age_bands_plot(own, medians=told)),
            alt=f"Shares of age groups by year and substance. Median age: {'; '.join(parts)}.",
            caption=f"People with a positive test by age group, each once a year.{out}",
        )
    ]


def _table(bands: pd.DataFrame, medians: pd.DataFrame, result: QuarterlyResult) -> Table:
    groups = list(dict.fromkeys(bands["age_group"]))
    wide = bands.pivot(index=_CELL, columns="age_group", values="shown")
    people = bands.groupby(_CELL)["shown_of"].first()
    rows = []
    for row in medians.to_dict("records"):
        cell = (row["substance"], row["label"], row["year"])
        rows.append(
            {
                "label": row["label"],
                "year": row["year"],
                "people": people[cell],
                "median": _median_text(row),
                **{f"band_{place}": wide.loc[cell, group] for place, group in enumerate(groups)},
            }
        )
    labels = {"label": "People with", "year": "Year", "people": "People", "median": "Median age (95% interval)"}
    labels |= {f"band_{place}": group[:1].upper() + group[1:] for place, group in enumerate(groups)}
    table = tables.text_table(
        pd.DataFrame(rows, columns=list(labels)), result.rule, caption="Ages by year", labels=labels,
        right=[name for name in labels if name not in ("label", "year")],
        notes=(ALSO,) if result.rule.protects else (),
    )  # fmt: skip
    return Table(released=table)


def _median_text(row: Any) -> str:
    if row["hidden"]:
        return CONFIDENTIAL
    if row["median_age"] != row["median_age"]:
        return ""
    low, high = (format_number(row[name], 0) for name in _LIMITS)
    middle = format_number(row["median_age"], 0 if row["median_age"] == int(row["median_age"]) else 1)
    return f"{middle} ({low} to {high})" if row["conf_low"] == row["conf_low"] else middle


def tidy(result: QuarterlyResult) -> Iterator[dict[str, Any]]:
    """Yield the rows of results.csv; none in the view of a district, which is not told of."""
    found = result.age_structure
    if found is None or result.district is not None:
        return
    bands, medians, trends = released(found, result.rule)
    ends = found.medians().drop_duplicates("year").set_index("year")[["year_from", "year_to"]]
    days = {
        str(year): {name: day.date().isoformat() for name, day in zip(_DAYS, own, strict=True)} | {"period": str(year)}
        for year, own in zip(ends.index, ends.itertuples(index=False, name=None), strict=True)
    }
    shares = bands.assign(indicator="ages_" + bands["substance"], label="Ages: " + bands["label"],
                          period=bands["year"], dimension="age_group", group=bands["age_group"])  # fmt: skip
    keys = ("indicator", "label", "period", "dimension", "group")
    for line in tidy_shares(shares, section="entry", keys=keys):
        yield {**line, **days[str(line["period"])]}
    for row in medians.to_dict("records"):
        told = _figure(row, "median_age", "Median age", "median_age", "years", "order statistics")
        yield {**told, **days[str(row["year"])]}
    for row in trends.to_dict("records"):
        yield _figure(row, "age_trend", "Mean age: change a year", "estimate", "years a year", "clustered by person")


def _figure(row: Any, name: str, label: str, column: str, unit: str, interval: str) -> dict[str, Any]:
    from dipeval.report.quarterly.rows import number

    hidden = bool(row["hidden"])
    figures = {new: float(row[old]) for new, old in (("estimate", column), *zip(_LIMITS, _LIMITS, strict=True))}
    return {
        "section": "entry",
        "indicator": name,
        "label": f"{label}: {row['label']}",
        "district": ALL_DISTRICTS,
        "dimension": "substance",
        "group": row["substance"],
        **{key: CONFIDENTIAL if hidden else number(value) for key, value in figures.items()},
        "unit": unit,
        "interval": interval,
        "status": "withheld" if hidden else "ok" if figures["estimate"] == figures["estimate"] else "no_units",
    }
