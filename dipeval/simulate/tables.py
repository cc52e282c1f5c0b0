"""Simulated people and events as the tables that services would send, with the identifiers each really holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dipeval.simulate import settings as s
from dipeval.simulate.arrays import MISSING, Array, numbered, pick, to_dates, to_text
from dipeval.simulate.contacts import Contacts
from dipeval.simulate.custody import Lives
from dipeval.simulate.identifiers import FullIdentity, ServiceIdentity
from dipeval.simulate.names import name_lists
from dipeval.simulate.offending import Offences
from dipeval.simulate.population import Population
from dipeval.simulate.streams import Streams
from dipeval.simulate.testing import DrugTests
from dipeval.simulate.treatment import REFERRAL_SOURCES, TreatmentRecords
from dipeval.vocabulary import (
    ASSESSMENTS,
    DISCHARGE_REASONS,
    DISPOSALS,
    DRUGS,
    ENTRY_POINTS,
    MODALITIES,
    OFFENCE_GROUPS,
    TEST_GROUNDS,
    TEST_RESULTS,
    WEST_YORKSHIRE_DISTRICTS,
)

_SUITES = tuple(f"{name} custody suite" for name in WEST_YORKSHIRE_DISTRICTS)
_TIMES = tuple(f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(1440))
_EXIT_REASONS = ("referred to treatment", "declined", "did not return", "case closed", "moved to another team")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableMaker:
    """Builds the tables of one simulation; each method returns a frame and the true person of each row.

    Parameters
    ----------
    people
        The population.
    pnc, custody, contact_client, treatment_client
        The number of each person in each file: unrelated to each other.
    drugs
        Up to three problem drugs of each person, codes into ``DRUGS``.
    """

    people: Population
    pnc: Array
    custody: Array
    contact_client: Array
    treatment_client: Array
    drugs: Array

    def police_columns(self, person: Array, day: Array) -> dict[str, Array]:
        """Return the exact identifiers a police file holds, with the address of the day."""
        people, lists = self.people, name_lists()
        return {
            "pnc_id": self.pnc[person],
            "forename": to_text(people.forename[person], lists.forenames),
            "surname": to_text(people.surname[person], lists.surnames),
            "date_of_birth": to_dates(people.birth_day[person]),
            "sex": to_text(people.female[person].astype(np.int8), ("male", "female")),
            "postcode": people.postcode(person, people.address_on(person, day)),
        }

    def drug_tests(self, tests: DrugTests, identity: FullIdentity, trigger: Array) -> tuple[pd.DataFrame, Array]:
        """Return the drug tests, in order of day and time."""
        order = np.lexsort((tests.person, tests.minute, tests.day))
        tests, trigger = tests.rows(order), trigger[order]
        people, lists, person = self.people, name_lists(), tests.person
        address = np.where(identity.elsewhere[person], 2, people.address_on(person, tests.day))
        district = people.district[person]
        n_districts = len(WEST_YORKSHIRE_DISTRICTS)
        place = np.where(tests.elsewhere, (district + 1 + tests.minute % (n_districts - 1)) % n_districts, district)
        trigger = np.where(tests.ground == TEST_GROUNDS.index("trigger"), trigger, -1)
        frame = {
            "record_id": numbered("D", np.arange(1, len(person) + 1)),
            "person_ref": self.custody[person],
            "forename": to_text(identity.forename[person], lists.forenames),
            "surname": to_text(identity.surname[person], lists.surnames),
            "date_of_birth": to_dates(identity.birth_day[person]),
            "sex": to_text(people.female[person].astype(np.int8), ("male", "female")),
            "postcode": people.postcode(person, address),
            "ethnicity": to_text(people.ethnicity[person], tuple(s.ETHNICITY)),
            "district": to_text(place, WEST_YORKSHIRE_DISTRICTS),
            "custody_suite": to_text(place, _SUITES),
            "test_date": to_dates(tests.day),
            "test_time": to_text(tests.minute, _TIMES),
            "test_ground": to_text(tests.ground, TEST_GROUNDS),
            "trigger_offence": to_text(trigger, OFFENCE_GROUPS),
            "result": to_text(tests.result, TEST_RESULTS),
        }
        return pd.DataFrame(frame, copy=False), person

    def contacts(
        self, contacts: Contacts, identity: ServiceIdentity, rng: np.random.Generator
    ) -> tuple[pd.DataFrame, Array]:
        """Return the contacts, in order of day."""
        person = contacts.person
        reason = np.where(contacts.starter, 0, 1 + pick(rng, (0.2, 0.35, 0.35, 0.1), len(person)))
        frame = {
            "record_id": numbered("C", np.arange(1, len(person) + 1)),
            "client_ref": self.contact_client[person],
            **_service_columns(identity, person),
            "district": to_text(self.people.district[person], WEST_YORKSHIRE_DISTRICTS),
            "contact_date": to_dates(contacts.day),
            "entry_point": to_text(contacts.entry_point, ENTRY_POINTS),
            "assessment": to_text(contacts.assessment, ASSESSMENTS),
            "attended": pd.array(contacts.attended, dtype="boolean"),
            "care_plan_date": to_dates(contacts.care_plan),
            **self._drug_columns(person),
            "exit_date": to_dates(contacts.exit_day),
            "exit_reason": to_text(np.where(contacts.exit_day == MISSING, -1, reason), _EXIT_REASONS),
        }
        return pd.DataFrame(frame, copy=False), person

    def treatment(self, records: TreatmentRecords, identity: ServiceIdentity) -> tuple[pd.DataFrame, Array]:
        """Return the treatment episodes, in order of start."""
        person = records.person
        frame = {
            "record_id": numbered("T", np.arange(1, len(person) + 1)),
            "client_ref": self.treatment_client[person],
            **_service_columns(identity, person),
            "district": to_text(self.people.district[person], WEST_YORKSHIRE_DISTRICTS),
            "referral_source": to_text(records.referral, REFERRAL_SOURCES),
            "triage_date": to_dates(records.triage),
            "start_date": to_dates(records.start),
            "end_date": to_dates(records.end),
            "modality": to_text(records.modality, MODALITIES),
            "discharge_reason": to_text(records.discharge, DISCHARGE_REASONS),
            **self._drug_columns(person),
        }
        return pd.DataFrame(frame, copy=False), person

    def offences(self, offences: Offences, observed: Array) -> tuple[pd.DataFrame, Array]:
        """Return the offences that really happened, in order of day."""
        rows = np.flatnonzero(observed)
        # Days as small integers sort fast; ties stay in the order of person, which says nothing (a random number).
        rows = rows[np.argsort((offences.day[rows] - s.HISTORY_FROM).astype(np.int16), kind="stable")]
        person, day = offences.person[rows], offences.day[rows]
        disposal = offences.disposal[rows]
        frame = {
            "record_id": numbered("O", np.arange(1, len(rows) + 1), 9),
            **self.police_columns(person, day),
            "offence_date": to_dates(day),
            "offence_group": to_text(offences.group[rows], OFFENCE_GROUPS),
            "disposal_date": to_dates(offences.disposal_day[rows]),
            "disposal": to_text(disposal, DISPOSALS),
            "custodial": pd.array(offences.custodial[rows], dtype="boolean"),
        }
        return pd.DataFrame(frame, copy=False), person

    def custody_spells(self, lives: Lives) -> tuple[pd.DataFrame, Array]:
        """Return the custody spells, in order of start; a spell that goes on has no end."""
        rows = np.argsort(lives.start, kind="stable")
        person = lives.person[rows]
        frame = {
            "record_id": numbered("S", np.arange(1, len(rows) + 1)),
            **self.police_columns(person, lives.start[rows]),
            **spell_columns(lives, rows),
        }
        return pd.DataFrame(frame, copy=False), person

    def deaths(self, lives: Lives) -> tuple[pd.DataFrame, Array]:
        """Return the deaths, in order of day."""
        person = np.flatnonzero(lives.death != MISSING)
        person = person[np.argsort(lives.death[person], kind="stable")]
        day = lives.death[person]
        frame = {
            "record_id": numbered("X", np.arange(1, len(person) + 1)),
            **self.police_columns(person, day),
            "death_date": to_dates(day),
        }
        return pd.DataFrame(frame, copy=False), person

    def _drug_columns(self, person: Array) -> dict[str, Array]:
        return {f"drug_{place + 1}": to_text(self.drugs[person, place], DRUGS) for place in range(3)}


def spell_columns(lives: Lives, rows: Array) -> dict[str, Array]:
    """Return start_date, end_date and reason of custody spells."""
    end = np.where(lives.end[rows] > s.EXTRACT_DAY, MISSING, lives.end[rows])
    return {
        "start_date": to_dates(lives.start[rows]),
        "end_date": to_dates(end),
        "reason": to_text(lives.remand[rows].astype(np.int8), ("sentence", "remand")),
    }


def _service_columns(identity: ServiceIdentity, person: Array) -> dict[str, Array]:
    return {
        "forename_initial": identity.forename_initial[person],
        "surname_initial": identity.surname_initial[person],
        "date_of_birth": to_dates(identity.birth_day[person]),
        "sex": identity.sex[person],
        "postcode_sector": identity.sector[person],
    }


def make_tables(people: Population, streams: Streams) -> TableMaker:
    """Give everybody a number in each file, and up to three problem drugs.

    Parameters
    ----------
    people
        The population.
    streams
        The random streams.

    Returns
    -------
    TableMaker
    """
    rng = streams("identifiers")
    orders = [rng.permutation(people.n) for _ in range(4)]
    prefixes = ("PNC", "CU", "CJ", "TR")
    pnc, custody, contact, treatment = (
        numbered(prefix, 1 + order, 7) for prefix, order in zip(prefixes, orders, strict=True)
    )
    return TableMaker(
        people=people,
        pnc=pnc,
        custody=custody,
        contact_client=contact,
        treatment_client=treatment,
        drugs=_problem_drugs(people, streams("drugs")),
    )


def _problem_drugs(people: Population, rng: np.random.Generator) -> Array:
    code = {name: DRUGS.index(name) for name in DRUGS}
    n = people.n
    crack = np.where(rng.random(n) < 0.65, code["crack"], code["cocaine"])
    opiate = np.where(rng.random(n) < 0.92, code["heroin"], code["other_opiates"])
    others = np.array([code["cannabis"], code["alcohol"], code["other"]])
    extra = np.where(rng.random(n) < 0.35, others[pick(rng, (0.4, 0.5, 0.1), n)], -1)
    profile = people.profile
    first = np.where(profile == 1, crack, opiate)  # SUBSTANCE_MIX: opiates, cocaine, both
    second = np.where(profile == 2, crack, extra)
    third = np.where(profile == 2, extra, -1)
    drugs = np.column_stack([first, second, third])
    drugs[~people.user] = np.column_stack([np.full(n, code["alcohol"]), extra, np.full(n, -1)])[~people.user]
    repeated = drugs[:, 1] == drugs[:, 0]
    drugs[repeated, 1] = -1
    return drugs.astype(np.int8)
