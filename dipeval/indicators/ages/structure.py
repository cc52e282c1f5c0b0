"""`age_structure`: how old the people who come in are, year by year and by what they use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import ibis
import pandas as pd

from dipeval.cohort.intervals import AGE_OF_RESPONSIBILITY, completed_years
from dipeval.errors import InputError
from dipeval.extracts.contracts import did_you_mean
from dipeval.indicators.ages.births import BIRTH, births, made_from_ages
from dipeval.indicators.ages.structure_result import ANY, SUBSTANCES, AgeStructure
from dipeval.indicators.ages.structure_rows import band_rows, median_rows, slope, trend_row
from dipeval.indicators.grouping import as_day, between, check_by
from dipeval.indicators.records import Records, figures, load
from dipeval.indicators.stages import positive

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.engine import Engine

EVERY: Final = ("year", "financial_year")
SOURCES: Final = {"drug_tests": ("result", "test_date"), "treatment": ("drug_1", "start_date")}
_OPIATES: Final = ("heroin", "other_opiates")
_COCAINE: Final = ("cocaine", "crack")
_DRUGS: Final = ("drug_1", "drug_2", "drug_3")
# Older is a mistake of a date.
_OLDEST: Final = 110
_DIGITS: Final = 9


def age_structure(
    extracts: Any,
    linkage: Any = None,
    *,
    source: str = "drug_tests",
    substances: str | Sequence[str] | None = None,
    every: str = "year",
    date_from: dt.date | str | None = None,
    date_to: dt.date | str | None = None,
    engine: Engine | None = None,
) -> AgeStructure:
    """Give the ages of the people who come in, by year and substance, each person once a year.

    Parameters
    ----------
    extracts
        From `dipeval.read_extracts`, `dipeval.make_extracts`, `dipeval.simulate` or `dipeval.event_tables`.
    linkage
        From ``dip.link(extracts)``; not needed for event tables.
    source
        ``drug_tests`` (people with a positive test) or ``treatment`` (people who began an episode).
    substances
        Of ``any``, ``opiates``, ``cocaine``, ``other``; default those the source can tell: ``other`` only of treatment.
    every
        ``year`` (calendar years) or ``financial_year`` (April to March).
    date_from, date_to
        First and last day; default all up to the last day covered.
    engine
        Default: that of the extracts or the linkage, else a new one.

    Returns
    -------
    AgeStructure

    Raises
    ------
    InputError
        If an argument is not what is asked for, the table or the date of birth is not there, no record lies in the
        window, or nothing says whose records are whose.

    Notes
    -----
    A person counts once a year, at the age on the day of the first record of that year, with opiates if any record of
    the year names them, else with cocaine, else with other drugs. Shares: Wilson. Median: order statistics of the
    binomial with one half (Thompson 1936), so that the interval covers in at least 95% of cases. Trend: least squares
    of age in completed years on the year, with errors clustered by person (Liang and Zeger 1986), because the same
    people come back and are a year older each year.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.linkage import true_linkage
    >>> extracts = dip.simulate_areas(2, quarters=12, people=100)
    >>> shown = dip.age_structure(extracts, true_linkage(extracts), every="financial_year")
    >>> shown.medians()["year"].unique().tolist()
    ['2010-11', '2011-12', '2012-13']
    """
    check_by(source, SOURCES)
    check_by(every, EVERY)
    chosen = _chosen(substances, source)
    first, last = as_day(date_from, "date_from"), as_day(date_to, "date_to")
    records = load(extracts, linkage, tuple(SOURCES), engine)
    needed = (BIRTH, *SOURCES[source])
    if not records.holds(source, *needed):
        raise InputError(f"Ages by substance are told by {source} with {', '.join(needed)}; the records have not that.")
    until = min(last, records.extract_date) if last else records.extract_date
    counts = records.counted(
        "age_structure",
        lambda: _counts(records, source, every, first, until, chosen),
        source=source,
        every=every,
        substances=chosen,
        date_from=str(first),
        date_to=str(until),
    )
    counts = counts.astype({"year": "int64", "age": "Int64", "n": "int64"})
    if counts["substance"].eq(_TREND).all():
        raise InputError(f"No record of {source} lies between these days; check date_from and date_to.")
    ages = counts[counts["substance"] != _TREND].drop(columns=["scores", "people"])
    spread = counts[counts["substance"] == _TREND]
    scores = {str(name): float(value) for name, value in zip(spread["group"], spread["scores"], strict=True)}
    people = {str(name): int(value) for name, value in zip(spread["group"], spread["people"], strict=True)}
    return AgeStructure(
        source=source,
        every=every,
        date_to=until,
        extract_date=records.extract_date,
        years_of_birth_only=source == "drug_tests" and made_from_ages(extracts),
        _frame=band_rows(ages, chosen, every, first, until),
        _medians=median_rows(ages, chosen, every, first, until),
        _trends=pd.DataFrame([trend_row(ages, name, scores[name], people[name]) for name in chosen]),
    )


_TREND: Final = "trend"


def _chosen(substances: str | Sequence[str] | None, source: str) -> tuple[str, ...]:
    known = tuple(SUBSTANCES) if source == "treatment" else tuple(name for name in SUBSTANCES if name != "other")
    if substances is None:
        return known
    asked = (substances,) if isinstance(substances, str) else tuple(substances)
    unknown = [f"'{name}'{did_you_mean(str(name), known)}" for name in asked if name not in known]
    if unknown or not asked:
        raise InputError(f"substances: {', '.join(unknown) or 'none given'}; of {source} they are {', '.join(known)}.")
    return tuple(name for name in known if name in asked)


def _counts(
    records: Records, source: str, every: str, first: dt.date | None, last: dt.date, chosen: tuple[str, ...]
) -> pd.DataFrame:
    """Rows year, substance, age, n; and a row a substance with what the trend's error is made of."""
    engine = records.engine
    people = engine.keep(_person_years(records, source, every, first, last), "age_person_years")
    counted = people.group_by(["year", "substance", "age"]).aggregate(n=people.count())
    ages = engine.to_pandas(counted).sort_values(["year", "substance", "age"], ignore_index=True)
    rows = []
    for name in chosen:
        scores, n_people = _clusters(records, people, ages, name)
        rows.append({"year": 0, "substance": _TREND, "n": 0, "group": name, "scores": scores, "people": n_people})
    return pd.concat([ages, pd.DataFrame(rows)], ignore_index=True)


def _person_years(records: Records, source: str, every: str, first: dt.date | None, last: dt.date) -> ir.Table:
    rows = _marked(records, source, first, last)
    rows = rows.filter(rows.person_id.notnull())
    started = rows.day.year()
    if every == "financial_year":
        started = started - (rows.day.month() < 4).ifelse(1, 0)
    rows = rows.mutate(year=started)
    once = rows.group_by(["person_id", "year"]).aggregate(
        day=rows.day.min(), opiates=rows.opiates.max(), cocaine=rows.cocaine.max(), other=rows.other.max()
    )
    p = once.left_join(births(records, tuple(SOURCES)), "person_id").drop("person_id_right")
    age = completed_years(p.born, p.day)
    nothing = ibis.null().cast("int64")
    substance = ibis.cases(
        (p.opiates == 1, "opiates"), (p.cocaine == 1, "cocaine"), (p.other == 1, "other"), else_="not recorded"
    )
    return p.select(
        "person_id",
        year=p.year.cast("int64"),
        substance=substance,
        age=age.between(AGE_OF_RESPONSIBILITY, _OLDEST).ifelse(age.cast("int64"), nothing),
    )


def _marked(records: Records, source: str, first: dt.date | None, last: dt.date) -> ir.Table:
    """One row a record: person_id, day, and which drugs it names, as 1 or 0."""
    table = between(records.tables[source], SOURCES[source][1], first, last)
    if source == "drug_tests":
        table = positive(table)
        opiates, cocaine = table.result.isin(("opiates", "both")), table.result == "cocaine"
        other: Any = ibis.literal(False)
    else:
        opiates, cocaine = _named(table, _OPIATES), _named(table, _COCAINE)
        other = table.drug_1.notnull() | table.drug_2.notnull() | table.drug_3.notnull()
    flags = {"opiates": opiates, "cocaine": cocaine, "other": other}
    marks = {name: flag.ifelse(1, 0).cast("int64") for name, flag in flags.items()}
    return table.select("person_id", day=table[SOURCES[source][1]], **marks)


def _named(table: ir.Table, drugs: tuple[str, ...]) -> Any:
    found = [table[column].isin(drugs).fill_null(False) for column in _DRUGS]
    return found[0] | found[1] | found[2]


def _clusters(records: Records, people: ir.Table, ages: pd.DataFrame, name: str) -> tuple[float, int]:
    """The sum over people of their squared score of the slope, and how many people there are."""
    line = slope(ages, name)
    own = people.filter(people.age.notnull())
    own = own if name == ANY else own.filter(own.substance == name)
    if line is None:
        (n_people,) = figures(records.engine, own, own.person_id.nunique())
        return float("nan"), n_people
    year = own.year.cast("float64") - line.mean_year
    score = year * (own.age.cast("float64") - line.mean_age - line.slope * year)
    scored = own.select("person_id", score=score)
    each = scored.group_by("person_id").aggregate(score=scored.score.sum())
    found = records.engine.figures(each, squares=(each.score * each.score).sum(), n=each.count())
    # The last digits of a sum depend on the order of the rows.
    return round(float(found["squares"] or 0.0), _DIGITS), int(found["n"] or 0)
