"""Column names, codes and the words shown for them: one word, one meaning, in one place.

Days, codes and snake_case inside; months and labels only on display. Nothing here imports anything heavy.
"""

from __future__ import annotations

from typing import Final

PERSON_ID: Final = "person_id"
RECORD_ID: Final = "record_id"
MATCH_PROBABILITY: Final = "match_probability"
TREATED: Final = "treated"
INDEX_DATE: Final = "index_date"
TIME_ZERO_DATE: Final = "time_zero_date"

SEXES: Final = ("male", "female", "unknown")
TEST_RESULTS: Final = ("negative", "opiates", "cocaine", "both", "refused")
POSITIVE_RESULTS: Final = ("opiates", "cocaine", "both")
TEST_GROUNDS: Final = ("trigger", "non_trigger", "not_stated")
DISPOSALS: Final = ("caution", "conviction", "other", "none")
PROVEN_DISPOSALS: Final = ("caution", "conviction")
ENTRY_POINTS: Final = ("custody", "court", "prison", "community", "out_of_court")
ASSESSMENTS: Final = ("initial_required", "follow_up_required", "voluntary", "other")
MODALITIES: Final = ("pharmacological", "psychosocial", "recovery_support", "residential", "other")
DISCHARGE_REASONS: Final = (
    "completed",
    "dropped_out",
    "transferred",
    "custody",
    "declined",
    "died",
    "other",
    "not_known",
    "completed_drug_free",
    "completed_occasional_use",
    "referred_on",
    "withdrawn",
    "moved_away",
    "no_treatment_available",
)
# Free of dependency; whether "referred_on" counts as well has changed over the years and is a switch.
COMPLETED_REASONS: Final = ("completed", "completed_drug_free", "completed_occasional_use")
DRUGS: Final = ("heroin", "other_opiates", "cocaine", "crack", "cannabis", "alcohol", "other", "nps")
# Substance groups of the West Yorkshire review. A person can name several drugs, so the groups overlap: they are never
# added up. New psychoactive substances stand among the other drugs where a source has no code of its own for them.
SUBSTANCE_GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "class_a": ("heroin", "other_opiates", "cocaine", "crack"),
    "alcohol": ("alcohol",),
    "cannabis": ("cannabis",),
    "nps": ("nps",),
    "other": ("other",),
}
SPENT_ON: Final = ("testing", "contact", "treatment", "other")
ORDER_TYPES: Final = (
    "DRR",
    "ATR",
    "restriction_on_bail",
    "conditional_caution",
    "penalty_notice",
    "community_resolution",
    "brief_intervention",
    "other",
)

# Offence group -> the three classes of the West Yorkshire review, plus two that it leaves apart.
# Robbery's side is a documented switch of the outcome definition; by default it is acquisitive.
OFFENCE_CLASS: Final[dict[str, str]] = {
    "shoplifting": "acquisitive",
    "other_theft": "acquisitive",
    "theft_from_person": "acquisitive",
    "theft_of_vehicle": "acquisitive",
    "theft_from_vehicle": "acquisitive",
    "domestic_burglary": "acquisitive",
    "other_burglary": "acquisitive",
    "robbery": "acquisitive",
    "fraud": "acquisitive",
    "handling": "acquisitive",
    "violence_with_injury": "violent",
    "violence_without_injury": "violent",
    "criminal_damage": "disorder",
    "public_order": "disorder",
    "drug_possession": "drug",
    "drug_supply": "drug",
    "other": "other",
    # Last, so that the codes of the others stay. Treatment of drug use has little to do with it: a negative control.
    "motoring": "other",
}
OFFENCE_GROUPS: Final = tuple(OFFENCE_CLASS)
OFFENCE_CLASSES: Final = ("acquisitive", "violent", "disorder", "drug", "other")

WEST_YORKSHIRE_DISTRICTS: Final = ("Bradford", "Calderdale", "Kirklees", "Leeds", "Wakefield")

# Names that only ever mean "after the index date": the design stage refuses them as covariates.
OUTCOME_NAMES: Final = frozenset(
    {
        "reoffended",
        "reoffended_12m",
        "proven_reoffence",
        "n_reoffences",
        "days_to_first_reoffence",
        "time_days",
        "event",
        "censor_reason",
        "custody_days",
        "n_acquisitive",
        "n_violent",
        "n_disorder",
        "n_drug",
        "n_other",
        "custodial_reconviction",
        "n_pseudo_reconvictions",
        "severity_score",
        "observed_days",
        "at_risk_days",
        "time_at_risk_days",
        "reoff12",
        "durat",
        "cens",
        "arrest",
        "week",
        "returned_12m",
        "months_to_return",
        "returned",
        "weeks_to_arrest",
        "arrested",
    }
)

# Column of every estimate table, in this order, as far as they apply.
ESTIMATE_COLUMNS: Final = (
    "term",
    "group",
    "time_days",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "p_value",
    "n",
    "n_events",
    "n_at_risk",
)

LABELS: Final[dict[str, str]] = {
    "risk_difference": "difference in the share who reoffended",
    "risk_ratio": "ratio of the shares who reoffended",
    "odds_ratio": "odds ratio of reoffending",
    "mean_difference": "difference in proven reoffences per person",
    "rate_ratio": "ratio of reoffending rates",
    "hazard_ratio": "hazard ratio of the first reoffence",
    "rmst_difference": "difference in days free of reoffending",
    "reoffended": "Reoffended within the follow-up",
    "n_reoffences": "Number of proven reoffences",
    "days_to_first_reoffence": "Days to the first reoffence",
    "custody_days": "Days in custody during the follow-up",
    "n_acquisitive": "Number of acquisitive reoffences",
    "n_violent": "Number of violent reoffences",
    "n_disorder": "Number of disorder reoffences",
    "n_drug": "Number of drug reoffences",
    "n_other": "Number of other reoffences",
    "custodial_reconviction": "Reconvicted with a custodial sentence",
    "n_pseudo_reconvictions": "Number of pseudo-reconvictions (not counted)",
    "severity_score": "Severity of the reoffences",
    "observed_days": "Days observed",
    "at_risk_days": "Days at risk, net of custody",
    "time_at_risk_days": "Days at risk until the first reoffence or the end of follow-up",
    "end_of_follow_up": "End of follow-up",
    "extract_end": "End of the extract",
    "death": "Death",
    "returned_12m": "Returned to prison within 12 months",
    "arrested": "Arrested within the follow-up",
    "age_at_index": "Age at the index date",
    "female": "Female",
    "copas_rate": "Copas rate",
    "age_first_offence": "Age at first recorded offence",
    "prior_offences_12m": "Proven offences in the year before",
    "prior_offences_5y": "Proven offences in the five years before",
    "log_prior_offences_5y": "Log of 1 + proven offences in the five years before",
    "prior_acquisitive_5y": "Acquisitive offences in the five years before",
    "prior_violent_5y": "Violent offences in the five years before",
    "prior_custody_5y": "Custody spells in the five years before",
    "prior_treatment_5y": "Treated for drugs in the five years before",
    "index_record_id": "Record of the index event",
    "index_date": "Day of the index event",
    "time_zero_date": "Day from which the person is followed",
    "exposure_date": "Day on which the exposure started",
    "exposure_type": "Kind of exposure",
    "district": "District",
    "ethnicity": "Ethnicity as recorded",
    "test_result": "Result of the drug test",
    "risk_score": "Predicted probability of reoffending",
    "age_group": "Adult or juvenile",
    "season": "Season of the index event",
    "index_year": "Year of the index event",
    "era": "Era of the programme",
    "prior_offences_ever": "Proven offences ever before",
    "prior_acquisitive_12m": "Acquisitive offences in the year before",
    "prior_violent_12m": "Violent offences in the year before",
    "prior_disorder_12m": "Disorder offences in the year before",
    "prior_disorder_5y": "Disorder offences in the five years before",
    "prior_drug_12m": "Drug offences in the year before",
    "prior_drug_5y": "Drug offences in the five years before",
    "prior_sanctions_12m": "Sanctions in the year before",
    "prior_sanctions_5y": "Sanctions in the five years before",
    "prior_sanctions_ever": "Sanctions ever before",
    "prior_custodial_sanctions_5y": "Custodial sentences in the five years before",
    "prior_custody_12m": "Custody spells in the year before",
    "prior_custody_days_12m": "Nights in custody in the year before",
    "prior_custody_days_5y": "Nights in custody in the five years before",
    "prior_tests_12m": "Drug tests in the year before",
    "prior_tests_5y": "Drug tests in the five years before",
    "prior_positive_tests_12m": "Positive drug tests in the year before",
    "prior_positive_tests_5y": "Positive drug tests in the five years before",
    "prior_treatment_12m": "Treated for drugs in the year before",
    "prior_treatment_episodes_5y": "Periods of drug treatment in the five years before",
    "copas_rate_ogrs4": "Copas rate of OGRS4",
    "age_first_sanction": "Age at first sanction",
    "offences_quarter_1": "Proven offences 1 to 91 days before",
    "offences_quarter_2": "Proven offences 92 to 182 days before",
    "offences_quarter_3": "Proven offences 183 to 273 days before",
    "offences_quarter_4": "Proven offences 274 to 364 days before",
    "offences_quarter_5": "Proven offences 365 to 455 days before",
    "offences_quarter_6": "Proven offences 456 to 546 days before",
    "offences_quarter_7": "Proven offences 547 to 637 days before",
    "offences_quarter_8": "Proven offences 638 to 728 days before",
    "tested_opiates": "Tested positive for opiates",
    "tested_cocaine": "Tested positive for cocaine",
    "acquisitive": "Acquisitive",
    "violent": "Violent",
    "disorder": "Disorder",
    "drug": "Drug offences",
    "other": "Other",
    "treated": "Treated",
    "comparison": "Comparison",
    "smd_before": "SMD before",
    "smd_after": "SMD after",
    "term": "Term",
    "n": "People",
    "estimate": "Estimate",
    "std_error": "Standard error",
    "conf_low": "95% from",
    "conf_high": "95% to",
    "p_value": "p",
}


def label(name: str) -> str:
    """Return the words shown to a reader for a column, measure or code.

    Parameters
    ----------
    name
        A name used inside, such as ``risk_difference``.

    Returns
    -------
    str
        Its label, or the name with underscores as spaces and a capital.

    Examples
    --------
    >>> label("copas_rate")
    'Copas rate'
    >>> label("months_in_post")
    'Months in post'
    """
    if name in LABELS:
        return LABELS[name]
    words = str(name).replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def term_label(term: str) -> str:
    """Return the words shown for a model or balance term: a column, ``column[level]``, a square or a product.

    Examples
    --------
    >>> term_label("district[Leeds]"), term_label("copas_rate")
    ('District: Leeds', 'Copas rate')
    >>> term_label("copas_rate²"), term_label("female × district[Leeds]")
    ('Copas rate squared', 'Female × District: Leeds')
    """
    term = str(term)  # a column of a caller's table may be called 7
    if " × " in term:
        return " × ".join(term_label(part) for part in term.split(" × "))
    if term.endswith("²"):
        return f"{term_label(term[:-1])} squared"
    column, bracket, level = term.partition("[")
    return f"{label(column)}: {level[:-1]}" if bracket and level.endswith("]") else label(term)
