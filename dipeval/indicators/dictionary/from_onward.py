"""Indicators of what happened after a positive test, in treatment, and of reoffending."""

from __future__ import annotations

from typing import Final

from dipeval.indicators.dictionary.indicator import Indicator

REVIEW: Final = "West Yorkshire review of drug interventions in criminal justice, recommendation "
_ENTERED = "people with a positive test in the period, each once, by their first"
_WHO: Final = ("offence_class", "age_group", "sex", "new_or_returning", "custody_suite", "test_ground", "hour")
_NO_COMPARISON = "There is no comparison group: it says nothing of what the programme achieved."
_AT_RISK = (
    "People in custody, or who die, in the follow-up stay in the denominator: where more are locked up, fewer reoffend."
)
_PROVEN = "Ministry of Justice, proven reoffending statistics (12 months and 6 months for a disposal)"

ONWARD: Final = (
    Indicator(
        name="assessed",
        label="Assessed after a positive test",
        question="onward",
        kind="share",
        numerator="people with a required assessment on or after the test, within the days set",
        denominator=_ENTERED,
        counting="cohort",
        direction="higher",
        needs=("drug_tests.result", "contacts.assessment"),
        follow_up_days=28,
        dimensions=_WHO,
        owner="drugs service",
        source="Home Office, drug testing on arrest (assessments of people who tested positive)",
    ),
    Indicator(
        name="attended",
        label="Attended an assessment after a positive test",
        question="onward",
        kind="share",
        numerator="people who attended a required assessment on or after the test, within the days set",
        denominator=_ENTERED,
        counting="cohort",
        direction="higher",
        needs=("drug_tests.result", "contacts.attended", "contacts.assessment"),
        follow_up_days=28,
        dimensions=_WHO,
        owner="drugs service",
        source="Home Office, drug testing on arrest (attendance at required assessments)",
    ),
    Indicator(
        name="seen",
        label="Seen by a drugs worker after a positive test",
        question="onward",
        kind="share",
        numerator="people with an attended contact on or after the test, within the days set",
        denominator=_ENTERED,
        counting="cohort",
        direction="higher",
        needs=("drug_tests.result", "contacts.attended"),
        follow_up_days=28,
        dimensions=_WHO,
        owner="drugs service",
        note="A person who was seen by a service that keeps no such record counts as not seen.",
        source="LJMU, criminal justice reports (seen and not seen)",
    ),
    Indicator(
        name="care_plan",
        label="Care plan agreed after an assessment",
        question="onward",
        kind="share",
        numerator="assessed people whose care plan was agreed on or after the assessment, within the days set",
        denominator="people assessed after a positive test in the period",
        counting="cohort",
        direction="higher",
        needs=("drug_tests.result", "contacts.care_plan_date", "contacts.assessment"),
        follow_up_days=42,
        dimensions=_WHO,
        owner="drugs service",
        note="The plan must be agreed within the days that treatment has to begin in.",
        source="National Treatment Agency, Drug Interventions Programme monitoring; definition unverified",
    ),
    Indicator(
        name="treatment_entry",
        label="Entered treatment after a positive test",
        question="onward",
        kind="share",
        numerator="people who began treatment on or after the test, within the days set",
        denominator="people with a positive test in the period who were not in treatment then or shortly before",
        counting="cohort",
        direction="higher",
        needs=("drug_tests.result", "treatment.start_date"),
        follow_up_days=42,
        dimensions=(*_WHO, "seen_or_not"),
        owner="treatment provider",
        note="People who were in treatment in the wash-out before the test cannot enter it and are left out. Those "
        "kept in custody, who cannot either, stay in the denominator.",
        source="dipeval: starts with 28 clean days before, as in studies of entry into treatment",
    ),
    Indicator(
        name="retention_12_weeks",
        label="Kept in treatment for 12 weeks",
        question="onward",
        kind="share",
        numerator="stays that lasted 12 weeks, or were completed before",
        denominator="stays in treatment that began in the period",
        counting="cohort",
        direction="higher",
        needs=("treatment.start_date", "treatment.end_date", "treatment.discharge_reason"),
        follow_up_days=84,
        dimensions=("substance", "age_group", "sex"),
        owner="treatment provider",
        source="National Drug Treatment Monitoring System (effective treatment: 12 weeks or completed)",
    ),
    Indicator(
        name="completion",
        label="Completed treatment, of those who began",
        question="onward",
        kind="share",
        numerator="stays completed successfully within the days set of their start",
        denominator="stays in treatment that began in the period",
        counting="cohort",
        direction="higher",
        needs=("treatment.start_date", "treatment.end_date", "treatment.discharge_reason"),
        follow_up_days=365,
        dimensions=("substance", "age_group", "sex"),
        owner="treatment provider",
        source="National Drug Treatment Monitoring System",
    ),
    Indicator(
        name="completion_period",
        label="Completed treatment in the period, of all in treatment",
        question="onward",
        kind="share",
        numerator="stays completed successfully in the period",
        denominator="stays in treatment that were open on some day of the period",
        direction="higher",
        needs=("treatment.start_date", "treatment.end_date", "treatment.discharge_reason"),
        dimensions=("substance", "age_group", "sex"),
        owner="treatment provider",
        note="Long stays are counted in every period: it is not the share of those who begin that complete. A stay "
        "that ended in the last weeks of the data can still go on elsewhere.",
        source="Public Health Outcomes Framework, successful completions of drug treatment",
    ),
    Indicator(
        name="re_presentation",
        label="Came back after completing treatment",
        question="onward",
        kind="share",
        numerator="completions after which the person began a new stay within the days set",
        denominator="successful completions in the period",
        counting="cohort",
        direction="lower",
        needs=("treatment.start_date", "treatment.end_date", "treatment.discharge_reason"),
        follow_up_days=183,
        dimensions=("substance", "age_group", "sex"),
        owner="treatment provider",
        source="Public Health Outcomes Framework (re-presentation within 6 months)",
    ),
)


def _share_with(name: str, label: str, words: str) -> Indicator:
    return Indicator(
        name=name,
        label=label,
        question="reoffending",
        kind="share",
        numerator=f"people with a proven {words} in the follow-up",
        denominator=_ENTERED,
        counting="cohort",
        direction="lower",
        needs=("drug_tests.result", "offences.offence_date", "offences.disposal", "offences.disposal_date"),
        follow_up_days=547,
        dimensions=(*_WHO, "seen_or_not"),
        owner="commissioners",
        note=f"{_NO_COMPARISON} {_AT_RISK}",
        source=_PROVEN,
    )


REOFFENDING: Final = (
    _share_with("reoffending", "Reoffended within a year of a positive test", "reoffence"),
    Indicator(
        name="reoffending_frequency",
        label="Reoffences for each 100 people",
        question="reoffending",
        kind="rate",
        numerator="proven reoffences in the follow-up",
        denominator=_ENTERED,
        counting="cohort",
        direction="lower",
        unit="per 100 people",
        per=100.0,
        needs=("drug_tests.result", "offences.offence_date", "offences.disposal", "offences.disposal_date"),
        follow_up_days=547,
        dimensions=(*_WHO, "seen_or_not"),
        owner="commissioners",
        note=f"{_NO_COMPARISON} {_AT_RISK} A few people can carry most of it, and an offence can count for several "
        "periods in which the person tested positive.",
        source=_PROVEN,
    ),
    _share_with("reoffending_acquisitive", "Reoffended with an acquisitive offence", "acquisitive reoffence"),
    _share_with("reoffending_violent", "Reoffended with a violent offence", "violent reoffence"),
    _share_with("reoffending_disorder", "Reoffended with a disorder offence", "disorder reoffence"),
    Indicator(
        name="observed_expected",
        label="Reoffences, of those expected",
        question="reoffending",
        kind="ratio",
        numerator="proven reoffences in the follow-up",
        denominator="reoffences expected from age, sex and earlier proven offences, at the rates of all districts in "
        "the baseline periods",
        counting="cohort",
        direction="lower",
        unit="of expected",
        needs=("drug_tests.result", "offences.offence_date", "offences.disposal", "offences.disposal_date"),
        follow_up_days=547,
        dimensions=_WHO,
        owner="commissioners",
        note=f"{_NO_COMPARISON} {_AT_RISK} Over the baseline periods the ratio of all districts is 1 by the way it is "
        "made. The expected number is itself estimated; the interval leaves that out. Offences before the extracts "
        "begin are not known, so that early entrants look as if they had fewer, and the ratio falls by itself.",
        source="National Indicator 38 (actual over predicted reoffences); the strata are dipeval's",
    ),
)
