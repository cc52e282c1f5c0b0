"""Every column of a cohort's people: when it was measured, over which days, and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

if TYPE_CHECKING:
    from dipeval.cohort.rule import CohortRule

DAYS_12M: Final = 365
# The look-back of CohortRule() and the length of a quarter of offence history, in days.
DAYS_5Y: Final = 1826
DAYS_QUARTER: Final = 91
N_QUARTERS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Covariate:
    """One column of a cohort's people.

    Parameters
    ----------
    name
        Name of the column.
    measured_at
        ``before_index``, ``at_index``, ``exposure``, ``identifier`` or ``design_date``. Under a rule whose exposure
        comes before the index, what the index record tells of the person's state is ``after_exposure`` (`measured_at`).
    kind
        ``int64``, ``float64``, ``text`` or ``date``.
    from_days, to_days
        First and last day of the window, counted from the cut-off day (``before_index``; -1 is the day before it) or
        from the index day (the others); None for no bound or no window.
    meaning
        What it says, in a sentence.
    """

    name: str
    measured_at: str
    kind: str
    from_days: int | None
    to_days: int | None
    meaning: str


def _design(name: str, measured_at: str, kind: str, meaning: str) -> Covariate:
    return Covariate(name=name, measured_at=measured_at, kind=kind, from_days=None, to_days=None, meaning=meaning)


def _index(name: str, kind: str, meaning: str) -> Covariate:
    return Covariate(name=name, measured_at="at_index", kind=kind, from_days=0, to_days=0, meaning=meaning)


def _before(name: str, first: int | None, meaning: str, *, kind: str = "int64", last: int = 1) -> Covariate:
    return Covariate(
        name=name,
        measured_at="before_index",
        kind=kind,
        from_days=None if first is None else -first,
        to_days=-last,
        meaning=meaning,
    )


def _quarter(number: int) -> Covariate:
    first, last = DAYS_QUARTER * number, DAYS_QUARTER * (number - 1) + 1
    meaning = f"Proven offences {last} to {first} days before the cut-off."
    return _before(f"offences_quarter_{number}", first, meaning, last=last)


# Order of the columns of people. Names with 5y follow the look-back of the rule.
COVARIATES: Final[tuple[Covariate, ...]] = (
    _design("index_record_id", "identifier", "text", "Record that is the index event."),
    _design("index_date", "design_date", "date", "Day of the index event."),
    _design("time_zero_date", "design_date", "date", "Day from which the person is followed."),
    _design("treated", "exposure", "int64", "1 if the exposure started in time, else 0."),
    _index(
        "district",
        "text",
        "District of the index record, else of the person's first record, if it is not from after the index.",
    ),
    _index("female", "int64", "1 if recorded as female, else 0 (0 as well where the sex is not known)."),
    _index("age_at_index", "int64", "Age in completed years."),
    _index("ethnicity", "text", "Ethnicity as recorded; not_stated where it is missing."),
    _index("test_result", "text", "Result of the drug test that is the index event."),
    _index("tested_opiates", "int64", "1 if that test was positive for opiates, else 0."),
    _index("tested_cocaine", "int64", "1 if that test was positive for cocaine, else 0."),
    _before("prior_offences_12m", DAYS_12M, "Proven offences."),
    _before("prior_offences_5y", DAYS_5Y, "Proven offences."),
    _before("log_prior_offences_5y", DAYS_5Y, "Natural log of 1 + proven offences.", kind="float64"),
    _before("prior_acquisitive_5y", DAYS_5Y, "Proven acquisitive offences, robbery among them."),
    _before("prior_violent_5y", DAYS_5Y, "Proven violent offences."),
    _before("prior_custody_5y", DAYS_5Y, "Spells in custody that reached into the window (touching spells are one)."),
    _before("prior_treatment_5y", DAYS_5Y, "1 if in structured drug treatment on any day of the window, else 0."),
    _before(
        "copas_rate",
        None,
        "Copas rate of OGRS3: ln((1 + earlier sanctions) / (10 + age at index - age at first sanction)).",
        kind="float64",
    ),
    _before("age_first_offence", None, "Age at the first proven offence; the age at index where there is none."),
    _design("exposure_date", "exposure", "date", "Day the exposure started; missing for the comparison."),
    _design("exposure_type", "exposure", "text", "Kind of exposure that started; empty for the comparison."),
    _index("risk_score", "float64", "Predicted probability of a proven reoffence as supplied; may be missing."),
    _index("age_group", "text", "adult (18 or over) or juvenile."),
    _index("season", "text", "winter (December to February), spring, summer or autumn."),
    _index("index_year", "int64", "Calendar year."),
    _index("era", "text", "Era of the programme by the calendar; none outside every era."),
    _before("prior_offences_ever", None, "Proven offences."),
    _before("prior_acquisitive_12m", DAYS_12M, "Proven acquisitive offences, robbery among them."),
    _before("prior_violent_12m", DAYS_12M, "Proven violent offences."),
    _before("prior_disorder_12m", DAYS_12M, "Proven offences of disorder: criminal damage, public order."),
    _before("prior_disorder_5y", DAYS_5Y, "Proven offences of disorder: criminal damage, public order."),
    _before("prior_drug_12m", DAYS_12M, "Proven drug offences."),
    _before("prior_drug_5y", DAYS_5Y, "Proven drug offences."),
    _before("prior_sanctions_12m", DAYS_12M, "Sanctions: days on which proven offences were dealt with."),
    _before("prior_sanctions_5y", DAYS_5Y, "Sanctions: days on which proven offences were dealt with."),
    _before("prior_sanctions_ever", None, "Sanctions: days on which proven offences were dealt with."),
    _before("prior_custodial_sanctions_5y", DAYS_5Y, "Sanctions with a custodial sentence."),
    _before("prior_custody_12m", DAYS_12M, "Spells in custody that reached into the window (touching spells are one)."),
    _before("prior_custody_days_12m", DAYS_12M, "Nights in custody."),
    _before("prior_custody_days_5y", DAYS_5Y, "Nights in custody."),
    _before("prior_tests_12m", DAYS_12M, "Drug tests, refusals among them."),
    _before("prior_tests_5y", DAYS_5Y, "Drug tests, refusals among them."),
    _before("prior_positive_tests_12m", DAYS_12M, "Drug tests positive for opiates, cocaine or both."),
    _before("prior_positive_tests_5y", DAYS_5Y, "Drug tests positive for opiates, cocaine or both."),
    _before("prior_treatment_12m", DAYS_12M, "1 if in structured drug treatment on any day of the window, else 0."),
    _before(
        "prior_treatment_episodes_5y",
        DAYS_5Y,
        "Periods of structured drug treatment that reached into the window (overlapping records are one).",
    ),
    _before(
        "copas_rate_ogrs4",
        None,
        "Copas rate of OGRS4: ln(sanctions / (26 + age at index - age at first sanction)), the present sanction "
        "counted; OGRS4 itself uses it from three sanctions up.",
        kind="float64",
    ),
    _before("age_first_sanction", None, "Age at the first sanction; the age at index where there is none."),
    *(_quarter(number) for number in range(1, N_QUARTERS + 1)),
)

# Column of people -> when it was measured. There is no "after_index": such columns do not exist.
MEASURED_AT: Final[dict[str, str]] = {covariate.name: covariate.measured_at for covariate in COVARIATES}
# What a person brought to the index event: where the exposure came before it, it may be what the exposure did.
STATE_AT_INDEX: Final = ("test_result", "tested_opiates", "tested_cocaine", "risk_score")


def measured_at(rule: CohortRule) -> dict[str, str]:
    """Return when each column of people was measured under a rule.

    Examples
    --------
    >>> from dipeval.cohort import CohortRule
    >>> measured_at(CohortRule())["test_result"]
    'at_index'
    >>> measured_at(CohortRule(index_event="any_test", exposure_timing="before_index"))["test_result"]
    'after_exposure'
    """
    if getattr(rule, "exposure_timing", "after_index") != "before_index":
        return dict(MEASURED_AT)
    return {name: "after_exposure" if name in STATE_AT_INDEX else when for name, when in MEASURED_AT.items()}


def covariate_table(rule: CohortRule) -> pd.DataFrame:
    """Return the columns of a cohort's people under a rule: when and over which days each was measured.

    Returns
    -------
    pandas.DataFrame
        Columns column, measured_at, from_days, to_days, meaning; one row a column of people, in their order. Days are
        counted from the cut-off (``before_index``) or from the index day (all others); missing = no bound.

    Examples
    --------
    >>> from dipeval.cohort import CohortRule
    >>> table = covariate_table(CohortRule(lookback_days=1000)).set_index("column")
    >>> int(table.loc["prior_drug_5y", "from_days"]), int(table.loc["prior_drug_12m", "from_days"])
    (-1000, -365)
    """
    frame = pd.DataFrame([_row(covariate, rule) for covariate in COVARIATES])
    return frame.astype({"from_days": "Int64", "to_days": "Int64"})


def _row(covariate: Covariate, rule: CohortRule) -> dict[str, Any]:
    first, last = covariate.from_days, covariate.to_days
    if first == -DAYS_5Y:
        first = -rule.lookback_days
    elif covariate.measured_at == "exposure":
        first, last = _exposure_window(rule)
    elif covariate.name in ("index_date", "time_zero_date"):
        first = last = 0 if covariate.name == "index_date" else rule.landmark_days
    return {
        "column": covariate.name,
        "measured_at": measured_at(rule)[covariate.name],
        "from_days": first,
        "to_days": last,
        "meaning": covariate.meaning,
    }


def _exposure_window(rule: CohortRule) -> tuple[int, int]:
    if getattr(rule, "exposure_timing", "after_index") == "before_index":
        return -int(getattr(rule, "before_days", DAYS_12M)), -1
    if getattr(rule, "immortal_time", "landmark") == "ever_treated":
        return 0, rule.required_days
    return 0, rule.grace_days
