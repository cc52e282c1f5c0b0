"""Published tables, expanded to one record each and counted again by the public calls: every cell equal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.presenting import round_half_up
from tests.helpers import load_reference

TABLES = load_reference("published_tables")
LONDON, DISCHARGES, TESTING = (
    TABLES[name] for name in ("london_2010_11", "discharges_2007_08", "testing_on_arrest_2022_24")
)


@dataclass
class KnownLinkage:
    """Whose record is whose, as a perfect linkage would say."""

    spine: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        return self.spine.copy()


def _numbered(letter: str, n: int) -> list[str]:
    return [f"{letter}{place:06d}" for place in range(n)]


def _who(n: int) -> dict[str, Any]:
    return {"date_of_birth": pd.Timestamp("1980-05-05"), "sex": "male", "district": ["Lambeth"] * n}


def _percent(share: float, digits: int = 0) -> float:
    return round_half_up(100 * share, digits)


def _london() -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Contacts and treatment of the year to March 2011, and the person of each treatment record."""
    n = LONDON["contacts"]
    contacts = pd.DataFrame({"record_id": _numbered("C", n), **_who(n), "contact_date": pd.Timestamp("2010-06-15")})
    contacts["attended"] = True
    treated, kept, done = (LONDON[name] for name in ("in_treatment", "retained_12_weeks", "completed"))
    early = 21
    start = pd.Series(pd.Timestamp("2010-07-01"), index=range(treated))
    end = pd.Series(pd.NaT, index=range(treated), dtype="datetime64[ns]")
    reason = pd.Series([None] * treated, dtype=object)
    reason[:done] = "completed"
    end[: done - early] = pd.Timestamp("2011-01-10")
    end[done - early : done] = pd.Timestamp("2010-08-15")
    # Those who were not retained: half dropped out in the fourth week, half began in the last weeks of the year.
    lost = range(kept, treated)
    end[lost[::2]], reason[lost[::2]] = pd.Timestamp("2010-07-25"), "dropped_out"
    start[lost[1::2]] = pd.Timestamp("2011-02-20")
    treatment = pd.DataFrame(
        {
            "record_id": _numbered("T", treated),
            **_who(treated),
            "start_date": start,
            "end_date": end,
            "discharge_reason": reason,
        }
    )
    return contacts, treatment, _numbered("P", treated)


def _london_pathway(how: str) -> dip.Pathway:
    contacts, treatment, who = _london()
    window = {"counting": "period", "date_from": "2010-04-01", "date_to": "2011-03-31"}
    people = _numbered("P", len(contacts))
    if how == "event_tables":
        engine = dip.open_engine(threads=1)
        tables = {
            "contacts": engine.put(contacts.assign(person_id=people), "contacts"),
            "treatment": engine.put(treatment.assign(person_id=who), "treatment"),
        }
        return dip.pathway(dip.event_tables(engine, tables, extract_date="2011-06-30"), **window)
    extracts = dip.make_extracts({"contacts": contacts, "treatment": treatment}, extract_date="2011-06-30")
    spine = pd.DataFrame(
        {
            "table": ["contacts"] * len(contacts) + ["treatment"] * len(treatment),
            "record_id": [*contacts["record_id"], *treatment["record_id"]],
            "person_id": [*people, *who],
        }
    )
    return dip.pathway(extracts, KnownLinkage(spine), **window)


@pytest.mark.parametrize("how", ["extracts", "event_tables"])
def test_london_2010_11(how: str) -> None:
    shown = _london_pathway(how)
    frame = shown.everyone
    assert shown.stages == ("attended", "treatment", "retained_12_weeks", "completed")
    assert frame["n"].tolist() == [
        LONDON[name] for name in ("contacts", "in_treatment", "retained_12_weeks", "completed")
    ]
    shares = LONDON["share_of_contacts_percent"]
    assert [_percent(share, 2) for share in frame["share_of_first"].iloc[1:]] == list(shares.values())
    assert _percent(frame.loc["retained_12_weeks", "share_of_previous"]) == LONDON["retained_of_treatment_percent"]
    assert set(frame["counting"]) == {"period"}
    assert frame[["conf_low", "conf_high"]].isna().all(axis=None)


def test_london_2010_11_in_pounds() -> None:
    budget = {"financial_year": "2010/11", "funder": "not known", "spent_on": "contact", "price_year": 2010}
    costs = pd.DataFrame([budget | {"district": "Lambeth", "amount": LONDON["budget_pounds"]}])
    shown = dip.cost_per_stage(costs, _london_pathway("extracts"))
    frame = shown.to_frame()
    assert dict(zip(frame["label"], frame["cost"].round().astype(int), strict=True)) == LONDON["pounds_per"]
    assert set(frame["amount"]) == {LONDON["budget_pounds"]}
    assert frame["unit"].tolist() == [
        f"pounds per {label.removeprefix('cost per ')}, 2010/11 prices" for label in LONDON["pounds_per"]
    ]
    assert set(frame["counting"]) == {"period"}
    summary = shown.summary()
    assert summary.headline == (
        "£21,410,356 spent on identification, contact and monitoring, not the treatment itself, comes to £1,918 per "
        "contact, £5,735 per person in treatment, £6,674 per person retained 12 weeks and £29,695 per successful "
        "completion (not per referral): the same money divided by different counts of the same years, whose people are "
        "not the same."
    )
    assert any("not a cohort" in note for note in summary.notes)
    # The budget bought no treatment: a treatment effect set against it alone would need a written reason.
    assert not shown.prices_converted and shown.years == (2010,)


def test_discharges_2007_08() -> None:
    codes = np.repeat([code for code, _, _ in DISCHARGES["reasons"]], [n for _, n, _ in DISCHARGES["reasons"]])
    reasons = [*codes, *[None] * DISCHARGES["missing"]]
    n = len(reasons)
    treatment = pd.DataFrame(
        {
            "record_id": _numbered("T", n),
            **_who(n),
            "start_date": pd.Timestamp("2007-03-01"),
            "end_date": pd.Timestamp("2007-04-01") + pd.to_timedelta(np.arange(n) % 366, unit="D"),
            "discharge_reason": pd.Series(reasons, dtype=object),
        }
    )
    extracts = dip.make_extracts({"treatment": treatment}, extract_date="2008-03-31")
    shown = dip.discharges(extracts, date_from="2007-04-01", date_to="2008-03-31", count_referred_on=True)
    frame = shown.to_frame().set_index("reason")
    assert frame["n"].drop("missing").to_dict() == {code: count for code, count, _ in DISCHARGES["reasons"]}
    assert frame.loc["missing", "n"] == shown.n_without_reason == DISCHARGES["missing"]
    assert shown.n_discharges == DISCHARGES["total"]
    assert shown.n_discharges + shown.n_without_reason == DISCHARGES["all"]
    told = {code: percent for code, _, percent in DISCHARGES["reasons"] if percent is not None}
    assert {code: _percent(frame.loc[code, "share"]) for code in told} == told
    success = shown.successful().iloc[0]
    assert [success["n"], _percent(success["share"])] == DISCHARGES["successful"]
    assert shown.n_successful == DISCHARGES["successful"][0]
    strict = dip.discharges(extracts)
    assert strict.n_successful == 7324 + 17306


def _tests_of_a_quarter(months: list[str], n: int, n_positive: int, n_forces: int, n_march: int | None) -> pd.DataFrame:
    month = np.array(months)[np.arange(n) % len(months)]
    if n_march is not None:
        month = np.where(np.arange(n) < n_march, months[-1], np.array(months[:-1])[np.arange(n) % (len(months) - 1)])
    # Every force has a test in every month: the counter of forces is not a multiple of that of months.
    force = (np.arange(n) // len(months)) % n_forces
    result = np.where(np.arange(n)[::-1] < n_positive, "cocaine", "negative")
    return pd.DataFrame(
        {
            "district": [f"Force {place:02d}" for place in force],
            "test_date": pd.to_datetime([f"{one}-15" for one in month]),
            "result": result,
        }
    )


def _tests_on_arrest() -> pd.DataFrame:
    later = sum(row[2] for row in TESTING["quarters"] if row[0] > "2023-Q1")
    march = TESTING["grounds"]["total"] - later
    parts = [
        _tests_of_a_quarter(months, n, positive, forces, march if quarter == "2023-Q1" else None)
        for quarter, months, n, positive, _, forces in TESTING["quarters"]
    ]
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.assign(record_id=_numbered("D", len(frame)), date_of_birth=pd.Timestamp("1980-05-05"), sex="male")
    stated = frame["test_date"] >= TESTING["grounds_from"]
    frame["test_ground"] = pd.Series([None] * len(frame), dtype=object)
    grounds = np.repeat(["trigger", "non_trigger"], [TESTING["grounds"]["trigger"], TESTING["grounds"]["non_trigger"]])
    rows = frame.index[stated][: len(grounds)]
    frame.loc[rows, "test_ground"] = grounds
    return frame


def test_testing_on_arrest_2022_24() -> None:
    extracts = dip.make_extracts({"drug_tests": _tests_on_arrest()}, extract_date="2024-03-31")
    frame = dip.testing(extracts, by="quarter").to_frame().set_index("group")
    assert list(frame.index) == ["everyone", *(row[0] for row in TESTING["quarters"])]
    for quarter, _, n, positive, rate, forces in TESTING["quarters"]:
        row = frame.loc[quarter]
        assert [row["n_tests"], row["n_positive"], _percent(row["share_positive"]), row["mean_areas"]] == [
            n,
            positive,
            rate,
            forces,
        ], quarter
        assert row["tests_per_area"] == pytest.approx(n / forces)
    whole = frame.loc["everyone"]
    assert [whole["n_tests"], whole["n_positive"], _percent(whole["share_positive"])] == TESTING["total"]
    stated = dip.testing(extracts, by=None, date_from=TESTING["grounds_from"]).to_frame().iloc[0]
    grounds = TESTING["grounds"]
    assert stated["n_tests"] == grounds["total"]
    assert {name: stated[f"n_{name}"] for name in ("trigger", "non_trigger", "not_stated")} == {
        name: grounds[name] for name in ("trigger", "non_trigger", "not_stated")
    }
