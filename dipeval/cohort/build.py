"""From extracts and a linkage to a cohort: load, find the index, assess, measure the baseline, count."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.cohort import eligibility
from dipeval.cohort.baseline import baseline
from dipeval.cohort.events import Events, load_events
from dipeval.cohort.intervals import united_spells
from dipeval.cohort.result import DATE_COLUMNS, MEASURED_AT, Cohort
from dipeval.cohort.rule import CohortRule
from dipeval.engine import open_engine
from dipeval.errors import InputError

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from dipeval.engine import Engine
    from dipeval.extracts import Extracts
    from dipeval.linkage import Linkage

_LOG = logging.getLogger("dipeval")
# strftime would name months in the language of the machine.
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def build_cohort(
    extracts: Extracts, linkage: Linkage, rule: CohortRule | None = None, *, engine: Engine | None = None
) -> Cohort:
    """Find who is in the cohort, from when, who started treatment, and what was known of each before the index.

    Parameters
    ----------
    extracts
        Tables drug_tests, treatment and offences; custody_spells and deaths if there are any.
    linkage
        Whose record is whose.
    rule
        Index window, grace period, landmark, look-back and eligibility (all in days); default ``CohortRule()``.
    engine
        Where the event work is done; default the engine of the linkage.

    Returns
    -------
    Cohort
        ``.people`` (one row a person), ``.attrition``, ``.exposure``, ``.records``.

    Raises
    ------
    InputError
        If an argument is not what is asked for, the linkage was made from other extracts, a table or column is missing,
        a named district is not in the tests, record ids are not unique, or nobody is eligible (the sentence says at
        which step the last were lost).

    Notes
    -----
    Index, wash-out and landmark: see `CohortRule`. Copas rate: see `dipeval.cohort.baseline.baseline`. Spells and
    ages: see `dipeval.cohort.intervals`.

    Examples
    --------
    >>> import dipeval as dip
    >>> from dipeval.linkage import true_linkage
    >>> extracts = dip.simulate(people=400, seed=1)
    >>> cohort = dip.build_cohort(extracts, true_linkage(extracts))
    >>> cohort.people.index.name, int(cohort.people["treated"].isna().sum())
    ('person_id', 0)
    >>> bool(cohort.attrition["n_people"].iloc[-1] == len(cohort.people))
    True
    """
    rule = CohortRule() if rule is None else rule
    _check_arguments(extracts, linkage, rule)
    engine = engine or getattr(linkage, "engine", None) or open_engine()
    events = load_events(extracts, linkage, engine)
    _check_districts(events.tables["drug_tests"], rule)
    spells = engine.keep(united_spells(events.tables["custody_spells"]), "united_spells")
    assessed = _assess(events, spells, rule, extracts.extract_date, engine)
    attrition = _attrition(events.tables["drug_tests"], assessed, rule)
    _refuse_nobody(attrition)
    eligible = engine.keep(assessed.filter(assessed.lost_at == "").drop("lost_at"), "eligible")
    measured = engine.keep(baseline(eligible, events.tables["offences"], spells, rule), "baseline")
    wide = engine.to_pandas(measured)
    _LOG.info("Cohort: %d people of %d tested", len(wide), attrition["n_people"].iloc[0])
    followed = eligible.select("person_id")
    return Cohort(
        rule=rule,
        extract_date=_as_day(extracts.extract_date),
        engine=engine,
        absent=events.absent,
        _people=_tidy_people(wide),
        _attrition=attrition,
        _exposure=_exposure(wide, rule),
        _records=events.faults,
        _events={
            "offences": engine.keep(events.tables["offences"].semi_join(followed, "person_id"), "cohort_offences"),
            "custody_spells": engine.keep(spells.semi_join(followed, "person_id"), "cohort_custody"),
            "deaths": engine.keep(events.tables["deaths"].semi_join(followed, "person_id"), "cohort_deaths"),
        },
    )


def _check_arguments(extracts: Any, linkage: Any, rule: Any) -> None:
    if _are_extracts(linkage) and not _are_extracts(extracts):
        raise InputError("extracts and linkage have changed places: call build_cohort(extracts, linkage, rule).")
    if not _are_extracts(extracts):
        raise InputError(
            f"extracts must be what dip.read_extracts, dip.make_extracts or dip.simulate gives; it is a "
            f"{type(extracts).__name__}."
        )
    if _are_extracts(linkage) or not callable(getattr(linkage, "to_frame", None)):
        raise InputError(f"linkage must be what dip.link(extracts) gives; it is a {type(linkage).__name__}.")
    if not isinstance(rule, CohortRule):
        raise InputError(
            f"rule must be a CohortRule, such as CohortRule(grace_days=42); it is a {type(rule).__name__}."
        )


def _are_extracts(thing: Any) -> bool:
    return hasattr(thing, "names") and hasattr(thing, "extract_date") and callable(getattr(thing, "table", None))


def _as_day(day: Any) -> dt.date:
    return pd.Timestamp(day).date()


def _assess(events: Events, spells: ir.Table, rule: CohortRule, extract_date: Any, engine: Engine) -> ir.Table:
    index = engine.keep(eligibility.index_tests(events.tables["drug_tests"], rule), "index")
    flags = engine.keep(eligibility.treatment_flags(index, events.tables["treatment"], rule), "treatment_flags")
    deaths = events.tables["deaths"]
    return engine.keep(eligibility.assess(index, flags, spells, deaths, rule, _as_day(extract_date)), "assessed")


def _check_districts(tests: ir.Table, rule: CohortRule) -> None:
    if not rule.districts:
        return
    there = sorted(tests.district.execute().dropna().unique())
    unknown = [name for name in rule.districts if name not in there]
    if unknown:
        raise InputError(
            f"No drug test was taken in {', '.join(unknown)}; the districts in the extract are {', '.join(there)}. "
            "Write the names as they stand there."
        )


def _attrition(tests: ir.Table, assessed: ir.Table, rule: CohortRule) -> pd.DataFrame:
    lost = assessed.group_by("lost_at").aggregate(n=assessed.count()).to_pandas().set_index("lost_at")["n"].to_dict()
    n_index = int(assessed.count().execute())
    left = [
        ("tested", int(tests.person_id.nunique().execute())),
        ("positive", int(eligibility.positive_tests(tests).person_id.nunique().execute())),
        ("in_window", n_index),
    ]
    remaining = n_index
    for step in eligibility.PERSON_STEPS:
        if step == "district" and not rule.districts:
            continue
        remaining -= int(lost.get(step, 0))
        left.append((step, remaining))
    labels = _labels(rule)
    before = [left[0][1], *(n for _, n in left[:-1])]
    return pd.DataFrame(
        {
            "step": [step for step, _ in left],
            "label": [labels[step] for step, _ in left],
            "n_people": [n for _, n in left],
            "n_excluded": [earlier - n for earlier, (_, n) in zip(before, left, strict=True)],
        }
    ).astype({"n_people": "int64", "n_excluded": "int64"})


def _labels(rule: CohortRule) -> dict[str, str]:
    first = _in_words(rule.index_from) if rule.index_from else "the first day"
    last = _in_words(rule.index_to) if rule.index_to else "the last day"
    window = f"from {first} to {last}" if rule.index_from or rule.index_to else "on any day of the extract"
    return {
        "tested": "Had a drug test",
        "positive": "Tested positive for opiates or cocaine at least once",
        "in_window": f"Positive test {window} (the first is the index test)",
        "district": f"Index test in {', '.join(rule.districts)}",
        "age_known": "Date of birth known",
        "adult": f"Aged {rule.minimum_age} or over at the index test",
        "not_in_treatment": f"Not in treatment at the index test or in the {rule.washout_days} days before it",
        "alive": f"Alive at time zero ({rule.landmark_days} days after the index test)",
        "at_liberty": "Not in custody at time zero",
        "observable": f"Observable for {rule.required_days} days after time zero",
    }


def _in_words(day: dt.date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _refuse_nobody(attrition: pd.DataFrame) -> None:
    empty = attrition[attrition["n_people"] == 0]
    if empty.empty:
        return
    row = empty.iloc[0]
    if row["step"] == "tested":
        raise InputError(
            "Nobody is left in the cohort: no drug test belongs to a person of the linkage. Check that the extracts "
            "hold drug tests and that the linkage was made from these extracts."
        )
    raise InputError(
        f'Nobody is left in the cohort: at the step "{row["label"]}" all of the last {row["n_excluded"]} people were '
        "lost. Check the dates and codes behind that step, or widen the cohort rule."
    )


def _exposure(wide: pd.DataFrame, rule: CohortRule) -> pd.DataFrame:
    n, started = len(wide), int(wide["treated"].sum())
    later = int(wide.loc[wide["treated"] == 0, "started_later"].sum())
    rows = [
        ("started_within_grace", f"Started treatment within {rule.grace_days} days", started, n, "people"),
        ("not_started_within_grace", f"Had not started within {rule.grace_days} days", n - started, n, "people"),
        (
            "started_later",
            f"Of these, started later (within {rule.required_days} days of time zero)",
            later,
            n - started,
            "comparison",
        ),
    ]
    return pd.DataFrame(
        {
            "group": [row[0] for row in rows],
            "label": [row[1] for row in rows],
            "n_people": [row[2] for row in rows],
            "share": [row[2] / row[3] if row[3] else float("nan") for row in rows],
            "share_of": [row[4] for row in rows],
        }
    )


def _tidy_people(wide: pd.DataFrame) -> pd.DataFrame:
    """Sorted by person, columns in the documented order, types fixed."""
    people = wide.set_index("person_id").sort_index()[list(MEASURED_AT)]
    kinds = dict.fromkeys(DATE_COLUMNS, "datetime64[us]")
    text = ("index_record_id", "district", "ethnicity", "test_result")
    real = ("log_prior_offences_5y", "copas_rate")
    for name in people.columns:
        if name not in kinds and name not in text:
            kinds[name] = "float64" if name in real else "int64"
    return people.astype(kinds)
