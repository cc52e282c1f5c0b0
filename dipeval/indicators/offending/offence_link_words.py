"""What the link between drugs and offences says to a reader."""

from __future__ import annotations

from typing import Final

import pandas as pd

from dipeval.presenting import format_count, format_interval, format_number, format_percent

NO_CAUSE: Final = (
    "Positivity after an offence is the share of those tested who had taken a drug. It does not say that the drug led "
    "to the offence, nor how much crime is due to drugs: there is no comparison group, and only people who were "
    "arrested and tested are seen."
)
WHO: Final = (
    "Who is tested decides what is found: targeted testing raises positivity, and testing more widely lowers it, with "
    "use unchanged."
)
MOVED: Final = "Who is tested changed: {words}. A trend can come from that alone."
MOVED_WITHIN: Final = "Who is tested changed within these offences too: {names}."
STEADY: Final = "Between the halves of the window the mix of districts, grounds and offences of the tests moved little."
ONE_HALF: Final = "The window has one period, so no trend is told."
MANY: Final = (
    "{n} trends were looked at. Each is called a rise or a fall only where it stands after Holm's correction for the "
    "number of offences it stands beside; substances are not corrected for one another."
)
OVERLAP: Final = "Opiates, cocaine and both overlap and are not added up: a test positive for both counts in each."
REPEATED: Final = (
    "Tests are counted, and some people are tested several times, so that the intervals are somewhat too narrow."
)
UNREAD: Final = (
    "In {n} test(s) the trigger offence is written in words that are not known; they count as other offences. Map them "
    "to our offence groups to have them counted where they belong."
)
DISPERSION: Final = (
    "Trends: logistic regression on the number of the period; errors are widened where shares vary more from period to "
    "period than chance lets them{districts}. With few periods (fewer than six for all districts together) that cannot "
    "be seen, and the intervals are those of chance alone."
)

_FEATURES: Final = {"tests": "number of tests", "district": "districts", "test_ground": "grounds of the test"}


def headline(trends: pd.DataFrame) -> str:
    """Return the sentence that can be quoted."""
    any_drug = trends[trends["substance"] == "any"]
    row = any_drug.iloc[0]
    start = (
        f"{format_percent(row['share'])} ({format_percent(row['share_low'])} to {format_percent(row['share_high'])}) "
        f"of {format_count(row['tests'])} tests were positive for opiates, cocaine or both"
    )
    classes = any_drug[any_drug["level"] == "class"]
    told = []
    for direction in ("rose", "fell"):
        own = classes.loc[classes["direction"] == direction, "label"]
        if len(own):
            told.append(f"positivity {direction} in tests after these offences: {_listed(own)}")
    if told:
        return f"{start}; {' and '.join(told)}."
    if (classes["status"] != "ok").all():
        return f"{start}; a trend by offence cannot be told."
    return f"{start}; for no class of offence does a rise or a fall stand out from chance, which rules neither out."


def of_trend(row: pd.Series) -> str:
    """Return one trend in a sentence."""
    name = f"{row['label']}, {_drug(row['substance'])}"
    if row["status"] == "one period":
        return f"{name}: tests in one period only, so no trend is told."
    if row["status"] == "all alike":
        return f"{name}: {'every' if row['positive'] else 'no'} test was positive, so no trend can be told."
    if row["status"] == "parted":
        return f"{name}: too few tests to tell a trend."
    figures = (
        f"difference in log odds a year {format_number(row['estimate'])} "
        f"({format_interval(row['conf_low'], row['conf_high'])})"
    )
    ends = f"from {format_percent(row['share_first'])} to {format_percent(row['share_last'])}"
    if row["direction"] in ("rose", "fell"):
        return f"{name}: positivity {row['direction']} {ends} along the fitted line; {figures}."
    if row["p_value"] < 0.05:
        return (
            f"{name}: the fitted line goes {ends}; {figures}. By itself that is beyond chance, but among the "
            "trends of all offences it can be chance."
        )
    return f"{name}: the fitted line goes {ends}; {figures}, so that a rise, a fall or neither fits."


def notes(
    trends: pd.DataFrame, changes: pd.DataFrame, *, n_unread: int, within_districts: bool, linked: bool
) -> tuple[str, ...]:
    """Return what must be borne in mind: who is tested first."""
    told = [NO_CAUSE]
    flagged = changes[changes["flagged"]]
    told += [MOVED.format(words=words) for words in flagged.loc[flagged["level"] == "everyone", "words"]]
    within = flagged[flagged["level"] == "class"].groupby("label", sort=False)["feature"].agg(list)
    if len(within):
        named = (f"{name} ({', '.join(_FEATURES[one] for one in features)})" for name, features in within.items())
        told.append(MOVED_WITHIN.format(names="; ".join(named)))
    if changes.empty:
        told.append(ONE_HALF)
    elif flagged.empty:
        told.append(STEADY)
    told.append(WHO)
    n_trends = int((trends["status"] == "ok").sum())
    if n_trends > 1:
        told.append(MANY.format(n=format_count(n_trends)))
    if trends["substance"].nunique() > 1:
        told.append(OVERLAP)
    told.append(DISPERSION.format(districts="; each district has a level of its own" if within_districts else ""))
    told.append(REPEATED if not linked else f"{REPEATED} {_people(trends.iloc[0])}")
    if n_unread:
        told.append(UNREAD.format(n=format_count(n_unread)))
    return tuple(told)


def _people(row: pd.Series) -> str:
    return f"The {format_count(row['tests'])} tests are of {format_count(row['n_people'])} people."


def _drug(substance: str) -> str:
    return {"any": "opiates, cocaine or both", "both": "both opiates and cocaine"}.get(substance, substance)


def _listed(labels: pd.Series) -> str:
    return ", ".join(str(one)[:1].lower() + str(one)[1:] for one in labels)
