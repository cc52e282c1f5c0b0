"""Indicators of the reader's own, and the views of the result."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from dipeval.engine import open_engine
from dipeval.errors import InputError
from dipeval.indicators.dictionary.catalogue import CATALOGUE, indicator
from dipeval.indicators.dictionary.listing import indicator_dictionary
from dipeval.indicators.dictionary.own import OwnIndicator
from dipeval.indicators.dictionary.ruled import under_rule
from dipeval.indicators.measuring.family import CountingRule
from dipeval.indicators.measuring.intervals import wilson_limits
from dipeval.indicators.measuring.measure import indicators
from dipeval.indicators.measuring.result import SERIES_COLUMNS, Indicators
from tests.unit.indicators.measuring.measured_by_hand import random_extracts, random_tests

OWN = OwnIndicator(
    name="trigger_positive",
    label="Trigger tests that were positive",
    table="drug_tests",
    denominator={"test_ground": "trigger", "result": ["negative", "opiates", "cocaine", "both"]},
    numerator={"result": ["opiates", "cocaine", "both"]},
    direction="lower",
    owner="police",
)
BOTH = OwnIndicator(name="both", label="Both drugs", table="drug_tests", kind="count", numerator={"result": "both"})


@pytest.fixture(scope="module")
def shown() -> Indicators:
    extracts, linkage = random_extracts()
    targets = pd.DataFrame(
        {"indicator": ["trigger_positive"], "district": ["Leeds"], "period": ["2013"], "value": [90.0]}
    ).assign(district="Bradford")
    names = ["tests", "positivity", "trigger_positive", "both"]
    return indicators(extracts, linkage, names=names, own=[OWN, BOTH], targets=targets, by=["sex"])


def test_an_own_indicator_counts_what_it_asks_for(shown: Indicators) -> None:
    tests = random_tests()
    quarter = tests[(tests["test_date"].dt.quarter == 3) & (tests["district"] == "Bradford")]
    among = quarter[
        (quarter["test_ground"] == "trigger") & quarter["result"].isin(["negative", "opiates", "cocaine", "both"])
    ]
    row = shown.series("trigger_positive", "Bradford").iloc[2]
    assert (row["numerator"], row["denominator"]) == ((among["result"] != "negative").sum(), len(among))
    assert row["n_people"] == among["person"].nunique()
    assert shown.series("both", "Bradford")["numerator"].iloc[2] == (quarter["result"] == "both").sum()
    # One count for each sex; together they are everyone.
    parts = [shown.series("both", "Bradford", "sex", one)["numerator"] for one in ("female", "male")]
    assert (parts[0] + parts[1]).equals(shown.series("both", "Bradford")["numerator"])


def test_targets_stand_beside_own_indicators(shown: Indicators) -> None:
    frame = shown.to_frame()
    aimed = frame[frame["target"].notna()]
    assert set(aimed["district"]) == {"Bradford"}
    assert set(aimed["target"]) == {0.9}
    assert set(aimed["target_met"]) == {"met"}


def test_series_are_in_time_order_and_unknown_words_are_told(shown: Indicators) -> None:
    series = shown.series("positivity")
    assert list(series.columns) == list(SERIES_COLUMNS)
    assert series["period"].tolist() == list(shown.periods)
    for words, match in (
        (("positivty",), "There is no indicator 'positivty' \\(did you mean 'positivity'"),
        (("positivity", "bradford"), "did you mean 'Bradford'"),
        (("positivity", "Bradford", "age_group"), "no dimension 'age_group'"),
        (("positivity", "Bradford", "sex", "men"), "no group 'men'"),
    ):
        with pytest.raises(InputError, match=match):
            shown.series(*words)


def test_a_window_adds_counts_up(shown: Indicators) -> None:
    two = list(shown.periods[1:3])
    window = shown.window(two).set_index(["indicator", "district", "dimension", "group"])
    for district in (*shown.districts, "all districts"):
        series = shown.series("positivity", district)
        own = series[series["period"].isin(two)]
        row = window.loc[("positivity", district, "", "everyone")]
        assert (row["numerator"], row["denominator"]) == (own["numerator"].sum(), own["denominator"].sum())
        assert row["squares"] == pytest.approx(own["squares"].sum())
        effect = max(row["squares"] / row["denominator"], 1.0)
        effective = [row["numerator"] / effect], [row["denominator"] / effect]
        assert row["conf_low"] == pytest.approx(wilson_limits(*effective)[0][0])
        assert row["n_people"] == own["n_people"].max()
        assert row["period"] == "2013-Q2 to 2013-Q3"
    tests = window.loc[("tests", "Bradford", "", "everyone")]
    assert (tests["denominator"], tests["estimate"]) == (1, tests["numerator"])
    # Kirklees has no test in one of them: the other is told.
    assert window.loc[("tests", "Kirklees", "", "everyone"), "status"] == "ok"
    alone = shown.window(["2013-Q2"])
    kirklees = alone[(alone["district"] == "Kirklees") & (alone["dimension"] == "")]
    assert set(kirklees["status"]) == {"no_units"}
    assert kirklees["estimate"].isna().all()
    with pytest.raises(InputError, match="no period '2012-Q1'"):
        shown.window(["2012-Q1"])


def test_latest_and_one_district(shown: Indicators) -> None:
    latest = shown.latest()
    assert set(latest["period"]) == {"2013-Q4"}
    assert set(shown.latest(2)["period"]) == {"2013-Q3", "2013-Q4"}
    with pytest.raises(InputError, match="at least 1"):
        shown.latest(0)
    one = shown.for_district("Kirklees")
    assert set(one.to_frame()["district"]) == {"Kirklees"}
    assert one.districts == ("Kirklees",)
    assert len(one.latest()) == len(latest[latest["district"] == "Kirklees"])
    assert "Kirklees" not in str(one.summary().headline)


def test_the_summary_and_the_picture(shown: Indicators) -> None:
    summary = shown.for_district("Bradford").summary()
    assert summary.headline == (
        "4 indicators are told. Of 1 target 1 is met, 0 are missed and for 0 the figures do not settle it."
    )
    assert "at most 90.0%: met" in summary.table["Target"].tolist()
    assert any("no comparison group" in note for note in summary.notes)
    assert "No target is set" in shown.summary().headline
    assert "<table>" in shown._repr_html_()
    assert len(shown.plot().get_yticks()) == 2


def test_the_dictionary_says_what_is_told(shown: Indicators) -> None:
    frame = shown.dictionary()
    assert frame["name"].tolist() == ["tests", "positivity", "trigger_positive", "both"]
    assert frame["told"].all()
    whole = indicator_dictionary([OWN])
    assert whole["name"].tolist() == [*CATALOGUE, "trigger_positive"]
    assert not whole[["label", "numerator", "question", "source", "owner"]].eq("").any().any()
    assert whole.loc[whole["kind"] != "count", "denominator"].ne("").all()


def test_an_indicator_under_a_rule_names_its_days() -> None:
    rule = CountingRule(seen_within_days=7, reoffending_days=180, waiting_days=90, repeat_tests=4)
    assert "within 7 days" in under_rule(indicator("seen"), rule).numerator
    reoffending = under_rule(indicator("reoffending"), rule)
    assert reoffending.follow_up_days == 270
    assert "within 180 days of the test" in reoffending.numerator
    assert under_rule(indicator("frequent_flyers"), rule).numerator.startswith("people with 4 or more")
    for one in CATALOGUE.values():
        told = under_rule(one, CountingRule())
        assert "the days set" not in told.numerator
        assert told.follow_up_days == one.follow_up_days


def test_faults_of_an_own_indicator_are_told_at_once() -> None:
    with pytest.raises(InputError) as told:
        OwnIndicator(
            name="Seen",
            label="",
            table="contacts",
            kind="shar",
            direction="up",
            denominator={"atended": True, "attended": "yes", "contact_date": 3},
            numerator={"entry_point": "cutsody", "drug_1": []},
        )
    for words in (
        "small letters",
        "a label is needed",
        "kind 'shar' is not known (did you mean 'share'?)",
        "direction 'up'",
        "column 'atended'",
        "true or false of attended",
        "true or false of contact_date",
        "'cutsody' of entry_point, which is no code of it (did you mean 'custody'?)",
        "no value for drug_1",
    ):
        assert words in str(told.value)
    for given, words in (
        ({"name": "seen", "numerator": {"attended": True}}, "has an indicator of this name"),
        ({"name": "mine"}, "a share needs a numerator"),
        ({"name": "mine", "table": "contact"}, "did you mean 'contacts'"),
    ):
        with pytest.raises(InputError, match=words):
            OwnIndicator(**({"label": "Mine", "table": "contacts"} | given))  # type: ignore[arg-type]
    extracts, linkage = random_extracts()
    with pytest.raises(InputError, match="Two of your own indicators are named both"):
        indicators(extracts, linkage, own=[BOTH, BOTH])
    with pytest.raises(InputError, match=r"list of dip\.OwnIndicator"):
        indicators(extracts, linkage, own=["both"])  # type: ignore[list-item]


def test_kept_stages_are_not_counted_again(tmp_path: Path) -> None:
    extracts, linkage = random_extracts()
    engine = open_engine(threads=1, stages=tmp_path)
    names = ["tests", "frequent_flyers", "seen"]
    first = indicators(extracts, linkage, names=names, by=["sex", "hour"], engine=engine)
    n = engine.n_queries
    again = indicators(extracts, linkage, names=names, by=["sex", "hour"], engine=engine)
    assert engine.n_queries == n
    pd.testing.assert_frame_equal(again.to_frame(), first.to_frame())
    assert again.missing == first.missing == (("seen", "The extracts have no table contacts."),)
    assert any("can be broken down by hour" in note for note in first.notes)
