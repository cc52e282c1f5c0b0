"""The twelve tables that dipeval can read, as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dipeval import vocabulary as v
from dipeval.extracts.contracts import Column, TableContract

_LETTER = r"[^\W\d_]"
_SEX_ALIASES = {"m": "male", "f": "female", "u": "unknown", "not_known": "unknown", "not_stated": "unknown"}


def _text(name: str, meaning: str, **more: Any) -> Column:
    return Column(name=name, kind="text", meaning=meaning, **more)


def _date(name: str, meaning: str, **more: Any) -> Column:
    return Column(name=name, kind="date", meaning=meaning, **more)


def _code(name: str, codes: tuple[str, ...], meaning: str, **more: Any) -> Column:
    return Column(name=name, kind="code", codes=codes, meaning=meaning, **more)


def _always(column: Column) -> Column:
    return _with(column, required=True, may_be_missing=False)


def _with(column: Column, **changes: Any) -> Column:
    values = {slot: getattr(column, slot) for slot in Column.__dataclass_fields__}
    return Column(**(values | changes))


_RECORD_ID = _always(_text("record_id", "Number of the record, unique within the table; it names no person."))
_FORENAME = _text("forename", "First name as the source holds it.", weakness="Nicknames, aliases, spelling.")
_SURNAME = _text("surname", "Family name as the source holds it.", weakness="Changes with marriage; aliases.")
_FORENAME_INITIAL = _text(
    "forename_initial", "First letter of the first name.", pattern=_LETTER, pattern_words="a single letter"
)
_SURNAME_INITIAL = _text(
    "surname_initial", "First letter of the family name.", pattern=_LETTER, pattern_words="a single letter"
)
_BIRTH = _date(
    "date_of_birth",
    "Date of birth; missing where the source holds a placeholder.",
    weakness="Default dates (01/01) pile up where the true date was not known.",
)
_SEX = _code("sex", v.SEXES, "Sex as recorded.", aliases=_SEX_ALIASES)
_BIRTH_REQUIRED = _with(_BIRTH, required=True)
_SEX_REQUIRED = _with(_SEX, required=True)
_POSTCODE = _text("postcode", "Full home postcode.", weakness="Moves; no fixed abode.")
_SECTOR = _text("postcode_sector", "Home postcode without its last two letters.", weakness="Moves; no fixed abode.")
_PNC_ID = _text("pnc_id", "Number of the person on the Police National Computer, leading zeros kept.")
_CLIENT = _text(
    "client_ref", "Number of the client in this service's own system.", weakness="One person can hold several."
)
_ETHNICITY = _text("ethnicity", "Ethnicity code as recorded ('NA' is a code, not a gap).", weakness="Often missing.")
_DISTRICT = _always(
    _text(
        "district", "Local authority district.", spellings=v.WEST_YORKSHIRE_DISTRICTS, weakness="Of the suite, or home?"
    )
)
_DRUGS = tuple(
    _code(f"drug_{n}", v.DRUGS, f"{word} problem drug.", weakness="As told by the client.")
    for n, word in enumerate(("First", "Second", "Third"), start=1)
)
_NAMES = (_FORENAME, _SURNAME, _FORENAME_INITIAL, _SURNAME_INITIAL)
# Tables that name people in whatever shape the source allows.
_WHO = (_PNC_ID, *_NAMES, _BIRTH, _SEX, _POSTCODE, _SECTOR)
# Services hold initials; a service that may share names can send them as well.
_SERVICE_WHO = (
    _CLIENT,
    _FORENAME,
    _SURNAME,
    _FORENAME_INITIAL,
    _SURNAME_INITIAL,
    _BIRTH_REQUIRED,
    _SEX_REQUIRED,
    _POSTCODE,
    _SECTOR,
)
_PERIOD = _always(_text("period", "Month, quarter or year, such as 2024-03 or 2023-24."))


def _count(name: str, meaning: str, *, kind: str = "integer", **more: Any) -> Column:
    return Column(name=name, kind=kind, meaning=meaning, minimum=0, **more)


_CLOCK: dict[str, Any] = {
    "pattern": r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?",
    "pattern_words": "a time such as 14:05",
}
_RISK_SCORE = Column(
    name="risk_score",
    kind="number",
    meaning="Predicted probability of a proven reoffence, such as OGRS, from 0 to 1.",
    minimum=0,
    maximum=1,
    weakness="Of which day, and of which version of the score?",
)

_DRUG_TESTS = TableContract(
    name="drug_tests",
    meaning="Drug tests of people arrested and held in police custody, one row a test.",
    event="test_date",
    observed=("test_date",),
    columns=(
        _RECORD_ID,
        _text("person_ref", "Number of the person in the custody system.", weakness="Aliases hold several."),
        _FORENAME,
        _SURNAME,
        _BIRTH_REQUIRED,
        _SEX_REQUIRED,
        _POSTCODE,
        _ETHNICITY,
        _DISTRICT,
        _text("custody_suite", "Custody suite of the test."),
        _always(_date("test_date", "Day of the test.")),
        _text("test_time", "Time of the test.", **_CLOCK),
        _code("test_ground", v.TEST_GROUNDS, "Whether a trigger offence, or an inspector's authority, led to it."),
        _text("trigger_offence", "Trigger offence of the arrest."),
        _always(_code("result", v.TEST_RESULTS, "What the test found.", weakness="Cocaine does not tell crack.")),
        _RISK_SCORE,
    ),
)

_CONTACTS = TableContract(
    name="contacts",
    meaning="Contacts of the criminal justice intervention team, one row a contact.",
    event="contact_date",
    observed=("contact_date",),
    order=(("contact_date", "exit_date"),),
    columns=(
        _RECORD_ID,
        *_SERVICE_WHO,
        _DISTRICT,
        _always(_date("contact_date", "Day of the contact.")),
        _text("contact_time", "Time of the contact.", **_CLOCK),
        _code("entry_point", v.ENTRY_POINTS, "Where the contact was made."),
        _code("assessment", v.ASSESSMENTS, "Which assessment it was."),
        Column(name="attended", kind="boolean", meaning="Whether the person came.", weakness="Blank can mean no."),
        _date("care_plan_date", "Day the care plan was agreed."),
        *_DRUGS,
        _date("exit_date", "Day the case was closed."),
        _text("exit_reason", "Why the case was closed."),
        _RISK_SCORE,
    ),
)

_TREATMENT = TableContract(
    name="treatment",
    meaning="Episodes of structured drug treatment, one row an episode and modality.",
    event="start_date",
    observed=("triage_date", "start_date"),
    order=(("start_date", "end_date"),),
    columns=(
        _RECORD_ID,
        *_SERVICE_WHO,
        _DISTRICT,
        _text("referral_source", "Who referred the person.", weakness="Criminal justice referrals are under-recorded."),
        _date("triage_date", "Day of the first assessment."),
        _always(_date("start_date", "Day the treatment began.")),
        _date("end_date", "Day it ended; missing while it runs.", weakness="Closed late."),
        _code("modality", v.MODALITIES, "Kind of treatment."),
        _code("discharge_reason", v.DISCHARGE_REASONS, "Why it ended."),
        *_DRUGS,
    ),
)

_OFFENCES = TableContract(
    name="offences",
    meaning="Recorded offences and how they were disposed of, one row an offence.",
    event="offence_date",
    observed=("offence_date", "disposal_date"),
    order=(("offence_date", "disposal_date"),),
    columns=(
        _RECORD_ID,
        _PNC_ID,
        *_NAMES,
        _BIRTH_REQUIRED,
        _SEX_REQUIRED,
        _POSTCODE,
        _SECTOR,
        _always(_date("offence_date", "Day of the offence.", weakness="First day of a range where it is not known.")),
        _always(_code("offence_group", v.OFFENCE_GROUPS, "Group of the offence.")),
        _date("disposal_date", "Day of the caution or the conviction.", weakness="Lags the offence by months."),
        _code("disposal", v.DISPOSALS, "What became of it.", weakness="Missing while the case is open."),
        Column(name="custodial", kind="boolean", meaning="Whether it led to a custodial sentence."),
        _date("arrest_date", "Day of the arrest for it.", weakness="Not in every source; one arrest, many offences."),
        _date("charge_date", "Day of the charge."),
    ),
)

_CUSTODY_SPELLS = TableContract(
    name="custody_spells",
    meaning="Time in prison or on remand, one row a spell.",
    event="start_date",
    observed=("start_date",),
    order=(("start_date", "end_date"),),
    identifiers=True,
    columns=(
        _RECORD_ID,
        *_WHO,
        _always(_date("start_date", "First day in custody.")),
        _date("end_date", "Day of release; missing while the spell runs.", weakness="May be a planned date."),
        _text("reason", "Remand, sentence, recall."),
    ),
)

_DEATHS = TableContract(
    name="deaths",
    meaning="Deaths, one row a person.",
    event="death_date",
    observed=("death_date",),
    identifiers=True,
    columns=(
        _RECORD_ID,
        *_WHO,
        _always(_date("death_date", "Day of death.", weakness="Registered months later where a coroner inquires.")),
    ),
)

_SPEND = TableContract(
    name="spend",
    meaning="What was spent, one row a district, year, funder and purpose.",
    columns=(
        _DISTRICT,
        _always(
            _text(
                "financial_year",
                "Financial year, April to March.",
                pattern=r"\d{4}([-/](\d{2}|\d{4}))?",
                pattern_words="a year such as 2019-20",
            )
        ),
        _always(_text("funder", "Who paid.")),
        _always(_count("amount", "Pounds spent, in the prices of price_year.", kind="number")),
        _always(_code("spent_on", v.SPENT_ON, "What the money was for.")),
        _always(Column(name="price_year", kind="integer", meaning="Year whose prices the amount is in.", minimum=1900)),
        Column(
            name="people",
            kind="integer",
            meaning="People this line paid for; funders who pay for the same people state the same number.",
            minimum=1,
            weakness="People, not tests or contacts; those of two years or districts are added up.",
        ),
        Column(
            name="marginal_share",
            kind="number",
            meaning="Share of the amount that one more person would add to, 0 to 1; missing counts as 1.",
            minimum=0,
            maximum=1,
            weakness="A judgement: buildings and management do not grow with each person.",
        ),
        # Without these two an extract in thousands, or in euros, would be read as pounds and the column dropped.
        _with(_code("currency", ("GBP",), "Currency of the amount."), may_be_missing=False),
        _with(_code("unit", ("GBP", "pounds"), "Unit of the amount: single pounds."), may_be_missing=False),
    ),
)

_CRIME = TableContract(
    name="crime",
    meaning="Recorded crime, one row a district, period and group of offences.",
    columns=(
        _DISTRICT,
        _PERIOD,
        _always(_code("offence_group", v.OFFENCE_GROUPS, "Group of the offences.")),
        _always(_count("count", "Number of crimes recorded.", weakness="Follows recording practice.")),
    ),
)

_ORDERS = TableContract(
    name="orders",
    meaning="Court orders and out-of-court conditions with a drug element, one row an order.",
    event="start_date",
    observed=("start_date",),
    order=(("start_date", "end_date"),),
    identifiers=True,
    columns=(
        _RECORD_ID,
        *_WHO,
        _always(_code("order_type", v.ORDER_TYPES, "Kind of order.")),
        _always(_date("start_date", "Day the order began.")),
        _date("end_date", "Day the order ended or will end."),
        _text("outcome", "How it ended."),
        _RISK_SCORE,
    ),
)

_SENTENCES = TableContract(
    name="sentences",
    meaning="Sentences, one row a sentence.",
    event="sentence_date",
    observed=("sentence_date",),
    order=(("sentence_date", "release_date"),),
    identifiers=True,
    columns=(
        _RECORD_ID,
        *_WHO,
        _always(_date("sentence_date", "Day of the sentence.")),
        _text("type", "Kind of sentence."),
        _count("length_days", "Length of the sentence in days.", weakness="Missing for life sentences."),
        _date("release_date", "Day of release, or the day it is due."),
        _RISK_SCORE,
    ),
)

_STAFFING = TableContract(
    name="staffing",
    meaning="Funded posts and hours, one row a district, period and role.",
    columns=(
        _DISTRICT,
        _PERIOD,
        _always(_text("role", "Role of the post.")),
        _always(_count("funded_fte", "Posts paid for, in full-time equivalents.", kind="number")),
        _count("hours_funded", "Hours paid for.", kind="number"),
        _count("hours_on_task", "Hours spent on this work.", kind="number", weakness="From a time study."),
    ),
)

_TARGETS = TableContract(
    name="targets",
    meaning="Targets agreed for an indicator, one row a district and period.",
    columns=(
        _always(_text("indicator", "Name of the indicator.")),
        _DISTRICT,
        _PERIOD,
        _always(Column(name="value", kind="number", meaning="Value to be reached, in the unit of the indicator.")),
        _code(
            "direction",
            ("at_least", "at_most"),
            "Which side of the value is wanted; needed where the indicator itself does not say.",
        ),
        _text("owner", "Body that answers for it."),
    ),
)

TABLES: Final[Mapping[str, TableContract]] = {
    table.name: table
    for table in (
        _DRUG_TESTS,
        _CONTACTS,
        _TREATMENT,
        _OFFENCES,
        _CUSTODY_SPELLS,
        _DEATHS,
        _SPEND,
        _CRIME,
        _ORDERS,
        _SENTENCES,
        _STAFFING,
        _TARGETS,
    )
}
