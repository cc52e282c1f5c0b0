"""Published tables, expanded to one record each and counted again by the public calls: every cell equal."""

from __future__ import annotations

import pytest

import dipeval as dip
from tests.reference.published_records import (
    DISCHARGES,
    LONDON,
    TESTING,
    discharges_extracts,
    every_test,
    london_budget,
    london_pathway,
    percent,
)


@pytest.mark.parametrize("how", ["extracts", "event_tables"])
def test_london_2010_11(how: str) -> None:
    shown = london_pathway(how)
    frame = shown.everyone
    assert shown.stages == ("attended", "treatment", "retained_12_weeks", "completed")
    assert frame["n"].tolist() == [
        LONDON[name] for name in ("contacts", "in_treatment", "retained_12_weeks", "completed")
    ]
    shares = LONDON["share_of_contacts_percent"]
    assert [percent(share, 2) for share in frame["share_of_first"].iloc[1:]] == list(shares.values())
    assert percent(frame.loc["retained_12_weeks", "share_of_previous"]) == LONDON["retained_of_treatment_percent"]
    assert set(frame["counting"]) == {"period"}
    assert frame[["conf_low", "conf_high"]].isna().all(axis=None)


def test_london_2010_11_in_pounds() -> None:
    shown = dip.cost_per_stage(london_budget(), london_pathway("extracts"))
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
    extracts = discharges_extracts()
    shown = dip.discharges(extracts, date_from="2007-04-01", date_to="2008-03-31", count_referred_on=True)
    frame = shown.to_frame().set_index("reason")
    assert frame["n"].drop("missing").to_dict() == {code: count for code, count, _ in DISCHARGES["reasons"]}
    assert frame.loc["missing", "n"] == shown.n_without_reason == DISCHARGES["missing"]
    assert shown.n_discharges == DISCHARGES["total"]
    assert shown.n_discharges + shown.n_without_reason == DISCHARGES["all"]
    told = {code: percent for code, _, percent in DISCHARGES["reasons"] if percent is not None}
    assert {code: percent(frame.loc[code, "share"]) for code in told} == told
    success = shown.successful().iloc[0]
    assert [success["n"], percent(success["share"])] == DISCHARGES["successful"]
    assert shown.n_successful == DISCHARGES["successful"][0]
    strict = dip.discharges(extracts)
    assert strict.n_successful == 7324 + 17306


def test_testing_on_arrest_2022_24() -> None:
    extracts = dip.make_extracts({"drug_tests": every_test()}, extract_date="2024-03-31")
    frame = dip.testing(extracts, by="quarter").to_frame().set_index("group")
    assert list(frame.index) == ["everyone", *(row[0] for row in TESTING["quarters"])]
    for quarter, _, n, positive, rate, forces in TESTING["quarters"]:
        row = frame.loc[quarter]
        assert [row["n_tests"], row["n_positive"], percent(row["share_positive"]), row["mean_areas"]] == [
            n,
            positive,
            rate,
            forces,
        ], quarter
        assert row["tests_per_area"] == pytest.approx(n / forces)
    whole = frame.loc["everyone"]
    assert [whole["n_tests"], whole["n_positive"], percent(whole["share_positive"])] == TESTING["total"]
    stated = dip.testing(extracts, by=None, date_from=TESTING["grounds_from"]).to_frame().iloc[0]
    grounds = TESTING["grounds"]
    assert stated["n_tests"] == grounds["total"]
    assert {name: stated[f"n_{name}"] for name in ("trigger", "non_trigger", "not_stated")} == {
        name: grounds[name] for name in ("trigger", "non_trigger", "not_stated")
    }
