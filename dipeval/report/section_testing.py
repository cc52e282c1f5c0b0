"""Drug testing in custody, and why treatment ended: two parts of the section on the way through the programme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dipeval.disclosure import is_small, release, share_digits
from dipeval.presenting import format_number, format_percent, round_half_up
from dipeval.report.blocks import Section, Table, Text, nothing

if TYPE_CHECKING:
    from dipeval.disclosure import DisclosureRule, ReleasedTable
    from dipeval.indicators import Discharges, Testing
    from dipeval.study import StudyResult

_EVERYONE = "everyone"
_BY = {"age_band": "Age", "test_ground": "Ground of the test", "custody_suite": "Custody suite"}
_TESTED = (
    "Tests that gave a result, from {first} to {last}; a person tested often counts often. More tests can mean more "
    "districts that test: compare the tests of a district in a month. Who is tested changes the share that is positive."
)
_LEFT = {
    "episodes": "Every record of treatment that ended from {first} to {last} counts once.",
    "journeys": "Every stay in treatment that ended from {first} to {last} counts once, by its last record's reason.",
}
_PERIOD = "Shares are of those who left in this time, not of those who started."
_REFERRED = {
    True: "Discharges as referred on count as successful.",
    False: "Discharges as referred on do not count as successful.",
}


def testing(result: StudyResult) -> Section:
    """Return the part on drug testing in custody; empty without drug tests among the extracts.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    found = result.testing
    if found is None:
        return nothing()
    told = Text(paragraphs=(_TESTED.format(first=_day(found.date_from), last=_day(found.date_to)),))
    table = Table(released=_tests(found, result.rule))
    return Section(title="Drug testing in custody", anchor="testing", blocks=(told, table), level=3)


def _tests(found: Testing, rule: DisclosureRule) -> ReleasedTable:
    """Tests by few people are few, however many they are: every figure rests on the people behind it."""
    frame = found.to_frame()
    # Without a linkage the tests stand for the people.
    all_, yes, no = (
        frame[name].fillna(tests).astype("float64")
        for name, tests in (
            ("n_people", frame["n_tests"]),
            ("n_people_positive", frame["n_positive"]),
            ("n_people_negative", frame["n_tests"] - frame["n_positive"]),
        )
    )
    digits = [share_digits(n, rule) for n in pd.concat([yes, no], axis=1).min(axis=1)]
    shown = pd.DataFrame(
        {
            "group": ["All" if name == _EVERYONE else _group(name) for name in frame["group"]],
            "n_tests": frame["n_tests"].astype("float64").mask(_few(all_, rule)),
            "n_positive": frame["n_positive"].astype("float64").mask(_few(yes, rule)),
            "share": [format_percent(share, d) for share, d in zip(frame["share_positive"], digits, strict=True)],
            "interval": [
                f"{format_percent(low, d)} to {format_percent(high, d)}"
                for low, high, d in zip(frame["conf_low"], frame["conf_high"], digits, strict=True)
            ],
            "areas": [format_number(n, 1) for n in frame["mean_areas"]],
            "per_area": [
                _per_area(n, tests, rule)
                for n, tests in zip(frame["tests_per_area_month"], frame["n_tests"], strict=True)
            ],
            "all": all_,
            "yes": yes,
            "no": no,
        }
    )
    right = ["share", "interval", "areas", "per_area"]
    by = "" if found.by is None else f" by {_BY.get(found.by, found.by).lower()}"
    return release(
        shown,
        rule=rule,
        caption=f"Drug tests and positive ones{by}",
        counts=["n_tests", "n_positive"],
        rests_on={"share": ("yes", "no"), "interval": ("yes", "no"), "areas": ("all",), "per_area": ("all",)},
        right=right,
        labels={
            "group": _BY.get(str(found.by), str(found.by or "group").capitalize()),
            "n_tests": "Tests",
            "n_positive": "Positive",
            "share": "Share positive",
            "interval": "95% interval",
            "areas": "Districts that test",
            "per_area": "Tests per district and month",
        },
        notes=("Refused tests are not counted. A district tests in a month if it has a test in it (means).",),
    )


def _per_area(per_area: float, tests: int, rule: DisclosureRule) -> str:
    """Of the number of tests as it is shown: times one district and one month it would give the exact one."""
    if not rule.protects or not tests:
        return format_number(per_area, 1)
    return format_number(per_area * rule.rounding * round_half_up(tests / rule.rounding) / tests, 0)


def discharges(result: StudyResult) -> Section:
    """Return the part on why treatment ended; empty without treatment among the extracts.

    Parameters
    ----------
    result
        From ``Study.run()``.

    Returns
    -------
    Section
    """
    found = result.discharges
    if found is None:
        return nothing()
    first, last = _day(found.date_from), _day(found.date_to)
    told = (_LEFT[found.count].format(first=first, last=last), _REFERRED[found.count_referred_on], _PERIOD)
    blocks: list[Text | Table] = [Text(paragraphs=(" ".join(told),)), Table(released=_reasons(found, result.rule))]
    if found.by is not None:
        blocks.append(Table(released=_successes(found, result.rule)))
    return Section(title="Why treatment ended", anchor="discharges", blocks=tuple(blocks), level=3)


def _reasons(found: Discharges, rule: DisclosureRule) -> ReleasedTable:
    frame = found.to_frame()
    own = frame[frame["group"] == _EVERYONE].reset_index(drop=True)
    persons = own["n_people"].fillna(own["n"]).astype("float64")
    # A share tells of those who left for other reasons as well.
    others = own.loc[own["share"].notna(), "n"].sum() - own["n"]
    digits = [share_digits(n, rule) for n in pd.concat([persons, others], axis=1).min(axis=1)]
    shown = pd.DataFrame(
        {
            "label": own["label"],
            "n": own["n"].astype("float64").mask(_few(persons, rule)),
            "share": ["" if pd.isna(s) else format_percent(s, d) for s, d in zip(own["share"], digits, strict=True)],
            "success": ["yes" if one else "no" for one in own["successful"]],
            "persons": persons,
            "others": others.astype("float64").where(own["share"].notna(), persons),
        }
    )
    return release(
        shown,
        rule=rule,
        caption=f"Discharges from structured treatment by reason ({_unit(found)})",
        counts=["n"],
        rests_on={"share": ("persons", "others")},
        right=["share"],
        labels={"label": "Reason", "n": "Discharges", "share": "Share", "success": "Successful completion"},
    )


def _successes(found: Discharges, rule: DisclosureRule) -> ReleasedTable:
    frame = found.successful()
    # A person can leave for several reasons: at least as many people are behind as behind the most frequent one.
    people = found.to_frame().groupby(["group", "successful"])["n_people"].max()
    yes, no = (
        [_behind(people.get((name, flag), pd.NA), n) for name, n in zip(frame["group"], counts, strict=True)]
        for flag, counts in ((True, frame["n"]), (False, frame["n_discharges"] - frame["n"]))
    )
    frame = frame.assign(yes=yes, no=no)
    shown = pd.DataFrame(
        {
            "group": ["All" if name == _EVERYONE else _group(name) for name in frame["group"]],
            "whole": frame["n_discharges"].astype("float64").mask(_few(frame["yes"] + frame["no"], rule)),
            "n": frame["n"].astype("float64").mask(_few(frame["yes"], rule)),
            "share": [
                format_percent(share, share_digits(min(pair), rule))
                for share, *pair in zip(frame["share"], yes, no, strict=True)
            ],
            "yes": yes,
            "no": no,
        }
    )
    title = _BY.get(str(found.by), str(found.by).capitalize())
    return release(
        shown,
        rule=rule,
        caption=f"Successful completions by {title.lower()} ({_unit(found)})",
        counts=["whole", "n"],
        rests_on={"share": ("yes", "no")},
        right=["share"],
        labels={"group": title, "whole": "Discharges with a reason", "n": "Successful", "share": "Share"},
    )


def _behind(people: Any, records: float) -> float:
    """People behind some records; without a linkage the records stand for them."""
    return float(records) if pd.isna(people) else float(people)


def _few(counts: pd.Series, rule: DisclosureRule) -> np.ndarray:
    return np.array([is_small(n, rule) for n in counts], dtype=bool)


def _unit(found: Discharges) -> str:
    return "records of treatment" if found.count == "episodes" else "stays in treatment"


def _group(name: Any) -> str:
    text = str(name).replace("_", " ")
    return text[:1].upper() + text[1:]


def _day(day: Any) -> str:
    return f"{day.day} {day:%B %Y}"
