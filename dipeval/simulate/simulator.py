"""`simulate`: the steps in order, from settings to extracts."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dipeval.extracts import Extracts, make_extracts
from dipeval.simulate import settings as s
from dipeval.simulate.arrays import MISSING, Array, to_dates
from dipeval.simulate.contacts import Contacts, draw_contacts
from dipeval.simulate.custody import Lives, draw_lives
from dipeval.simulate.episodes import draw_earlier_treatment
from dipeval.simulate.identifiers import custody_identity, service_identity
from dipeval.simulate.motoring import with_motoring
from dipeval.simulate.offending import Occasions, Offences, draw_occasions, draw_offences, in_worlds
from dipeval.simulate.population import Population, draw_population
from dipeval.simulate.selection import Starts, draw_starts, prior_offences
from dipeval.simulate.settings import Settings
from dipeval.simulate.spending import spend_table
from dipeval.simulate.streams import Streams
from dipeval.simulate.tables import make_tables, spell_columns
from dipeval.simulate.testing import DrugTests, draw_tests, first_positive
from dipeval.simulate.treatment import TreatmentRecords, draw_treatment
from dipeval.simulate.truth import Truth, make_histories, make_people

_log = logging.getLogger("dipeval")


def simulate(
    people: int = 5_000,
    *,
    seed: int = 1,
    effect: float = 0.80,
    treated_share: float = 0.25,
    later_share: float = 0.05,
    confounding: float = 1.0,
    hidden: float = 0.0,
    heaped_births: bool = False,
    alias_users: float = 0.0,
    other_clients: float = 0.30,
    identifier_errors: float = 1.0,
    motoring: float = 0.0,
) -> Extracts:
    """Simulate the extracts of five districts, with known links and a known effect of treatment on offending.

    People are arrested and tested for drugs in custody in 2012 and 2013; records reach from 2004 to 31 March 2016.
    Offending is gamma-Poisson, fitted to the drug-misusing offenders of the Home Office 2008 cohort (12 months after a
    positive test: mean 2.60 proven offences, none 39%, more than five 16%). Who starts treatment within 42 days
    depends on need that is on record: earlier proven offences, opiates, earlier treatment, age. Police files hold
    people exactly, but for address moves; treatment and contact files hold initials, with the error rates of the
    linkage benchmark. One seed gives the same bytes (with one version of NumPy); each component has its own random
    stream, so that an option moves only what it is about. Shares and sums that are not published are invented, and
    marked as such in ``dipeval/simulate``. The history begins in 2004: earlier offences are nobody's first.

    Parameters
    ----------
    people
        How many people were tested.
    seed
        Whole number from 0.
    effect
        Rate ratio of offending from the start of treatment to the end of the data (0.8 = 20% fewer); 1 = no effect,
        above 1 = harm. Treatment before the first positive test has no effect in either world.
    treated_share
        Share of those with a positive test, and not yet in treatment, who are chosen to start within 42 days.
    later_share
        Share of all positives who start later; they stay in the untreated world.
    confounding
        Multiplies the pull of need on selection; 0 = treatment by lot.
    hidden
        Strength, from -1 to 1, of a factor nobody records. It raises the log-odds of starting by this much per
        standard deviation and, from the first test on, moves the log rate of offending: up if positive (a hidden
        need), down if negative (a hidden resolve). The mean rate stays.
    heaped_births
        Clip ages to 18-75 instead of drawing again: 2.9% of people share one date of birth.
    alias_users
        Share of people known to the custody suites under other names, another date of birth and often another
        address: several wrong fields at once. Offence files (fingerprints) and services hold the truth.
    other_clients
        Clients of the services who were never tested, as a multiple of `people`.
    identifier_errors
        Multiplies every error rate of the treatment and contact files; 0 = no errors.
    motoring
        Motoring offences a year and person from the day after the first positive test (or the first test), on average;
        treatment does not touch them, while the hidden factor does: a negative control. They come on top of all other
        offences, nothing else moves, and none is on record before that day.

    Returns
    -------
    Extracts
        Tables drug_tests, contacts, treatment, offences, custody_spells, deaths, spend; ``data_status`` is
        ``simulated``; ``truth`` is a `Truth`.

    Raises
    ------
    InputError
        If an argument is outside its range.

    Examples
    --------
    >>> extracts = simulate(100, seed=1)
    >>> extracts.truth.effect
    0.8
    >>> sorted(extracts.names)[:3]
    ['contacts', 'custody_spells', 'deaths']
    """
    settings = Settings(
        people=people,
        seed=seed,
        effect=effect,
        treated_share=treated_share,
        later_share=later_share,
        confounding=confounding,
        hidden=hidden,
        heaped_births=heaped_births,
        alias_users=alias_users,
        other_clients=other_clients,
        identifier_errors=identifier_errors,
        motoring=motoring,
    )
    _log.info("Simulating %s people with seed %s.", f"{settings.people:,}", settings.seed)
    tables, truth = build(settings)
    return make_extracts(tables, extract_date=s.EXTRACT_DATE, data_status="simulated", truth=truth)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Course:
    """Everything that happened to everybody, in either world."""

    people: Population
    lives: Lives
    index_day: Array
    starts: Starts
    offences: Offences
    tests: DrugTests
    trigger: Array
    contacts: Contacts
    records: TreatmentRecords


def build(settings: Settings) -> tuple[dict[str, pd.DataFrame], Truth]:
    """Return the tables and the truth of a simulation, before the extracts check their contracts.

    Parameters
    ----------
    settings
        What was asked for.

    Returns
    -------
    tuple
        Tables by name, and the `Truth`.

    Examples
    --------
    >>> tables, truth = build(Settings(people=20))
    >>> len(truth.people) >= 20 and "spend" in tables
    True
    """
    streams = Streams(settings.seed)
    course = _run(settings, streams)
    lives, starts = course.lives, course.starts
    _log.info("Writing the tables of %s offences.", f"{len(course.offences.person):,}")
    made = _tables(course, settings, streams)
    truth = Truth(
        seed=settings.seed,
        effect=settings.effect,
        grace_days=s.GRACE_DAYS,
        _people=make_people(course.people.n, course.index_day, starts.early, starts.early_day, starts.later_day),
        _histories=make_histories(course.offences),
        _custody=_custody_frame(lives),
        _deaths=_deaths_frame(lives),
        _records={name: (frame["record_id"].to_numpy(), person) for name, (frame, person) in made.items()},
    )
    tables = {name: frame for name, (frame, _) in made.items()}
    return tables | {"spend": _spend(course, streams)}, truth


def _run(settings: Settings, streams: Streams) -> _Course:
    people = draw_population(settings, streams)
    lives = draw_lives(people, streams)
    occasions = draw_occasions(people, lives, settings, streams)
    possible = draw_offences(occasions, lives, streams)
    tests = draw_tests(people, lives, occasions, streams)
    index = first_positive(tests, occasions, people.n_tested)
    reference = np.where(index[0] == MISSING, lives.first_test, index[0]).astype(np.int32)
    in_base = _of_occasions(occasions.in_base, possible.occasion)
    log_prior = np.log1p(prior_offences(possible, in_base, reference, people.n_tested))
    earlier = draw_earlier_treatment(people, reference, log_prior, streams)
    starts = draw_starts(people, lives, index, log_prior, earlier, settings, streams)
    offences, tests, trigger = _happening(possible, tests, occasions, starts, settings)
    if settings.motoring:
        offences = with_motoring(offences, people, lives, reference, settings, streams)
    return _Course(
        people=people,
        lives=lives,
        index_day=index[0],
        starts=starts,
        offences=offences,
        tests=tests,
        trigger=trigger,
        contacts=draw_contacts(people, lives, tests, index[0], starts, streams),
        records=draw_treatment(people, lives, earlier.episodes, starts, streams),
    )


def _tables(course: _Course, settings: Settings, streams: Streams) -> dict[str, tuple[pd.DataFrame, Array]]:
    people, offences = course.people, course.offences
    make = make_tables(people, streams)
    seen_by_team = service_identity(people, streams("errors_contacts"), settings)
    seen_in_treatment = service_identity(people, streams("errors_treatment"), settings)
    observed = np.where(course.starts.early[offences.person], offences.treated, offences.untreated)
    return {
        "drug_tests": make.drug_tests(course.tests, custody_identity(people, settings, streams), course.trigger),
        "contacts": make.contacts(course.contacts, seen_by_team, streams("exit_reasons")),
        "treatment": make.treatment(course.records, seen_in_treatment),
        "offences": make.offences(offences, observed),
        "custody_spells": make.custody_spells(course.lives),
        "deaths": make.deaths(course.lives),
    }


def _spend(course: _Course, streams: Streams) -> pd.DataFrame:
    district, records = course.people.district, course.records
    paid = records.after_test
    events = {
        "testing": (course.tests.day, district[course.tests.person]),
        "contact": (course.contacts.day, district[course.contacts.person]),
        "treatment": (records.start[paid], district[records.person[paid]]),
    }
    return spend_table(events, streams("spend"))


def _of_occasions(flags: Array, occasion: Array) -> Array:
    """Spread a flag of occasions over their offences; offences that led to a first test always count."""
    return (occasion < 0) | (flags[occasion] if len(flags) else True)


def _happening(
    possible: Offences, tests: DrugTests, occasions: Occasions, starts: Starts, settings: Settings
) -> tuple[Offences, DrugTests, Array]:
    """Return the offences of both worlds, the tests that were really taken, and the offence group of each test."""
    real = occasions.happens(starts.real_world(), settings)
    taken = _of_occasions(real, tests.occasion)
    # The first offence of an occasion names the test; the offences that led to first tests come in order of person.
    first = np.searchsorted(possible.occasion[len(starts.early) :], tests.occasion) + len(starts.early)
    group = possible.group[np.where(tests.occasion < 0, tests.person, first.clip(0, len(possible.group) - 1))]
    untreated = occasions.happens(starts.later_day, settings)
    treated = occasions.happens(starts.treated_world(), settings)
    return in_worlds(possible, untreated, treated), tests.rows(taken), group[taken]


def _custody_frame(lives: Lives) -> pd.DataFrame:
    rows = np.arange(len(lives.person))
    return pd.DataFrame({"true_person": lives.person.astype(np.int64), **spell_columns(lives, rows)})


def _deaths_frame(lives: Lives) -> pd.DataFrame:
    who = np.flatnonzero(lives.death != MISSING)
    return pd.DataFrame({"true_person": who.astype(np.int64), "death_date": to_dates(lives.death[who])})
