"""Figures beside the comparison as rows of the long table: what did not count, observed and expected, the pathway."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from dipeval.disclosure import is_small

if TYPE_CHECKING:
    from dipeval.study.result import StudyResult

Row = dict[str, Any]


def described_rows(result: StudyResult) -> Iterator[Row]:
    """Return the rows, each with the smallest count it rests on.

    Parameters
    ----------
    result
        Finished or withheld.

    Returns
    -------
    iterator of dict
        As in `dipeval.study.tidy.tidy`; keys that do not apply are left out.
    """
    yield from _hazard(result)
    yield from _excluded(result)
    yield from _expected(result)
    yield from _pathway(result)
    yield from _seen(result)
    yield from _testing(result)
    yield from _discharges(result)


def _row(section: str, measure: str, group: str = "", **values: Any) -> Row:
    return {"section": section, "measure": measure, "group": group, "status": "", "note": ""} | values


def _hazard(result: StudyResult) -> Iterator[Row]:
    answer = result.hazard
    if answer is None or result.time_varying is None:
        return
    status = "override" if result.overridden else "shown"
    yield _row("effect", "hazard_ratio", answer.outcome, estimate=answer.estimate, conf_low=answer.conf_low,
               conf_high=answer.conf_high, n=answer.n, n_smallest=answer.smallest, status=status,
               note="treatment counts from the day it started")  # fmt: skip


def _excluded(result: StudyResult) -> Iterator[Row]:
    if result.outcomes_measured is None:
        return
    for item in result.outcomes_measured.excluded.to_dict("records"):
        # Many offences of few people are few.
        people = int(item["n_people"])
        count = people if is_small(people, result.rule) else int(item["n"])
        yield _row("not counted", "offences", str(item["reason"]), n=count, n_smallest=people, note=str(item["label"]))


def _expected(result: StudyResult) -> Iterator[Row]:
    if result.observed_expected is None:
        return
    for item in result.observed_expected.to_frame().to_dict("records"):
        n, observed = int(item["n"]), int(item["observed"])
        yield _row("observed and expected", "ratio", str(item["group"]), estimate=item["ratio"],
                   conf_low=item["conf_low"], conf_high=item["conf_high"], n=n,
                   n_smallest=min(observed, n - observed), status="shown")  # fmt: skip


def _pathway(result: StudyResult) -> Iterator[Row]:
    if result.pathway is None:
        return
    frame = result.pathway.to_frame()
    before = frame.groupby("group", sort=False)["n"].shift(1)
    for item, earlier in zip(frame.to_dict("records"), before, strict=True):
        n, group = int(item["n"]), f"{item['group']}: {item['stage']}"
        words = {"status": str(item["counting"]), "note": str(item["label"])}
        yield _row("pathway", "people", group, n=n, n_smallest=n, **words)
        if pd.notna(earlier) and item["counting"] == "cohort" and pd.notna(item["share_of_previous"]):
            # A share tells of those who did not go on as well.
            yield _row("pathway", "share of the stage before", group, estimate=item["share_of_previous"],
                       conf_low=item["conf_low"], conf_high=item["conf_high"], n=int(earlier),
                       n_smallest=min(n, int(earlier) - n), **words)  # fmt: skip


def _seen(result: StudyResult) -> Iterator[Row]:
    if result.seen is None:
        return
    for item in result.seen.to_frame().to_dict("records"):
        # A person tested twice can be on both sides; people are what small counts are about.
        behind = min(int(item["n_people_seen"]), int(item["n_people_not_seen"]))
        tested = int(item["n_people"])
        n = tested if is_small(tested, result.rule) else int(item["n_tests"])
        group = f"{item['group']}: within {item['within_days']} days"
        yield _row("seen", "share seen", group, estimate=item["share"], conf_low=item["conf_low"],
                   conf_high=item["conf_high"], n=n, n_smallest=behind, status="shown")  # fmt: skip


def _testing(result: StudyResult) -> Iterator[Row]:
    if result.testing is None:
        return
    for item in result.testing.to_frame().to_dict("records"):
        n, positive, group = int(item["n_tests"]), int(item["n_positive"]), str(item["group"])
        all_, yes, no = (
            _people(item[name], tests)
            for name, tests in (
                ("n_people", n),
                ("n_people_positive", positive),
                ("n_people_negative", n - positive),
            )
        )
        yield _row("testing", "tests", group, n=n, n_smallest=min(n, all_))
        yield _row("testing", "share positive", group, estimate=item["share_positive"], conf_low=item["conf_low"],
                   conf_high=item["conf_high"], n=n, n_smallest=min(yes, no), status="shown")  # fmt: skip


def _discharges(result: StudyResult) -> Iterator[Row]:
    if result.discharges is None:
        return
    frame = result.discharges.to_frame()
    told = frame[frame["share"].notna()]
    whole = told.groupby("group")["n"].sum()
    for item in told.to_dict("records"):
        n, group = int(item["n"]), f"{item['group']}: {item['reason']}"
        behind = min(n, _people(item["n_people"], n))
        note = f"{item['label']}; {'' if item['successful'] else 'not '}counted as successful"
        yield _row("discharges", result.discharges.count, group, n=n, n_smallest=behind, note=note)
        others = int(whole[item["group"]]) - n
        yield _row("discharges", "share", group, estimate=item["share"], conf_low=item["conf_low"],
                   conf_high=item["conf_high"], n=int(whole[item["group"]]), n_smallest=min(behind, others),
                   note=note)  # fmt: skip


def _people(count: Any, records: int) -> int:
    """People behind some records; without a linkage the records stand for them."""
    return records if pd.isna(count) else int(count)
