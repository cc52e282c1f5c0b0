"""Growth of a denominator split into areas, time and units an area: the published table, hand counts, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dipeval.errors import InputError
from dipeval.indicators.change import denominator_growth
from dipeval.indicators.change.growth_split import two_shares
from tests.helpers import load_reference


def published() -> pd.DataFrame:
    quarters = load_reference("published_tables")["testing_on_arrest_2022_24"]["quarters"]
    return pd.DataFrame(
        [(label, len(months), tests, positive, forces) for label, months, tests, positive, _, forces in quarters],
        columns=["period", "months", "tests", "positive", "forces"],
    )


def counted(rows: list[tuple[str, str, int]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["period", "district", "tests"])


BY_DISTRICT = counted(
    [
        ("2012-Q1", "Leeds", 100),
        ("2012-Q1", "Bradford", 80),
        ("2012-Q1", "Kirklees", 0),
        ("2012-Q2", "Leeds", 150),
        ("2012-Q2", "Bradford", 0),
        ("2012-Q2", "Kirklees", 200),
    ]
)


def test_the_published_table_fourteen_forces_to_twenty_nine() -> None:
    growth = denominator_growth(published(), units="tests", areas="forces", months="months", positives="positive")
    whole = growth.to_frame().iloc[0]
    assert (whole["units_from"], whole["units_to"], whole["areas_from"], whole["areas_to"]) == (3_599, 19_224, 14, 29)
    assert whole["per_area_from"] == pytest.approx(3_599 / 14)
    assert whole["per_area_to"] == pytest.approx(19_224 / 29 / 3)
    assert whole["log_areas"] == pytest.approx(np.log(29 / 14))
    assert whole["log_months"] == pytest.approx(np.log(3))
    # Per force and month there were 14% fewer tests, though the published count is more than five times as large.
    assert np.expm1(whole["log_per_area"]) == pytest.approx(-0.1405, abs=1e-4)
    assert growth.cautions == ("areas_moved", "time_moved", "testing_targeted")
    assert "not to be read as a change in need" in growth.headline()


def test_from_the_first_whole_quarter_nearly_all_the_growth_is_forces() -> None:
    growth = denominator_growth(published().iloc[1:], units="tests", areas="forces")
    assert growth.growth == pytest.approx(19_224 / 10_393 - 1)
    assert growth.share_of_areas == pytest.approx(np.log(29 / 16) / np.log(19_224 / 10_393))
    assert 0.96 < growth.share_of_areas < 0.97
    assert growth.headline() == (
        "Tests rose from 10,393 to 19,224 (+85.0%) between 2022-Q2 and 2024-Q1. Of that, the number of areas (16 to "
        "29) would alone have made it +81.3%, tests an area +2.1%; the parts multiply up to it. This is not to be read "
        "as a change in need."
    )


def test_the_parts_add_up_and_the_steps_add_up_to_the_whole() -> None:
    frame = denominator_growth(published(), units="tests", areas="forces", months="months").to_frame()
    logs = ["log_areas", "log_months", "log_per_area"]
    np.testing.assert_allclose(frame[logs].sum(axis=1), frame["log_growth"], atol=1e-12)
    steps = frame[frame["span"] == "step"]
    assert len(steps) == 8
    np.testing.assert_allclose(steps[[*logs, "log_growth"]].sum(), frame.iloc[0][[*logs, "log_growth"]].astype(float))


def test_areas_that_join_and_leave_are_named_and_counted() -> None:
    whole = denominator_growth(BY_DISTRICT, units="tests", area="district").to_frame().iloc[0]
    assert (whole["joined"], whole["left"]) == ("Kirklees", "Bradford")
    assert (whole["units_joined"], whole["units_left"], whole["units_stayed"]) == (200, 80, 50)
    assert (whole["areas_from"], whole["areas_to"]) == (2, 2)
    assert whole["cautions"] == "areas_moved"
    assert "Kirklees had none in 2012-Q1 and 200 later" in whole["words"]
    assert "areas that report in both went from 100 to 150 (+50.0%)" in whole["words"]


def test_widened_testing_and_moving_grounds_are_flagged() -> None:
    data = BY_DISTRICT.assign(positive=[50, 40, 0, 40, 0, 50], trigger=[90, 70, 0, 90, 0, 90])
    growth = denominator_growth(data, units="tests", area="district", positives="positive", trigger="trigger")
    assert growth.cautions == ("areas_moved", "testing_widened", "grounds_moved")
    whole = growth.to_frame().iloc[0]
    assert whole["positivity_from"] == 0.5
    assert whole["trigger_to"] == pytest.approx(180 / 350)
    assert "testing may reach further people" in whole["words"]


def test_shares_that_chance_may_move_are_not_flagged() -> None:
    few = pd.DataFrame({"period": ["2012-Q1", "2012-Q2"], "n": [20, 30], "pos": [10, 13], "areas": 2})
    assert denominator_growth(few, units="n", areas="areas", positives="pos").cautions == ()
    many = few.assign(n=[200_000, 300_000], pos=[100_000, 148_500])  # beyond chance, but half a point
    assert denominator_growth(many, units="n", areas="areas", positives="pos").cautions == ()


def test_two_shares_is_the_pooled_normal_test() -> None:
    from statsmodels.stats.proportion import proportions_ztest

    assert two_shares(52, 100, 130, 200) == pytest.approx(proportions_ztest([52, 130], [100, 200])[1])


def test_rows_of_all_districts_are_not_counted_twice_and_order_does_not_matter() -> None:
    more = pd.concat([BY_DISTRICT, counted([("2012-Q1", "all districts", 180), ("2012-Q2", "all districts", 350)])])
    first = denominator_growth(BY_DISTRICT, units="tests", area="district").to_frame()
    again = denominator_growth(more.sample(frac=1, random_state=3), units="tests", area="district").to_frame()
    pd.testing.assert_frame_equal(first, again)


def test_a_gap_and_a_chosen_span() -> None:
    data = published().drop(index=4)
    growth = denominator_growth(data, units="tests", areas="forces", between=("2022-Q2", "2023-Q3"))
    assert growth.missing == ("2023-Q1",)
    frame = growth.to_frame()
    assert frame.iloc[0][["period_from", "period_to"]].tolist() == ["2022-Q2", "2023-Q3"]
    assert "2023-Q1" not in frame[["period_from", "period_to"]].to_numpy().ravel().tolist()
    assert growth.series()["status"].tolist().count("missing") == 1
    assert any("Missing: 2023-Q1" in note for note in growth.summary().notes)


def test_no_growth_is_told_plainly() -> None:
    data = pd.DataFrame({"period": ["2012", "2013"], "n": [50, 50], "areas": [2, 2]})
    growth = denominator_growth(data, units="n", areas="areas")
    assert growth.headline() == "Tests stayed at 50 between 2012 and 2013."
    assert np.isnan(growth.share_of_areas)


@pytest.mark.parametrize(
    ("data", "options", "words"),
    [
        (BY_DISTRICT, {}, "either area"),
        (BY_DISTRICT, {"area": "distrct"}, "did you mean 'district'"),
        (BY_DISTRICT.head(3), {"area": "district"}, "two periods with units"),
        (BY_DISTRICT.assign(tests=-1), {"area": "district"}, "negative"),
        (pd.concat([BY_DISTRICT, BY_DISTRICT]), {"area": "district"}, "6 rows repeat a period and area"),
        (BY_DISTRICT.assign(district=None), {"area": "district"}, "6 rows have no area"),
        (BY_DISTRICT.assign(p=500), {"area": "district", "positives": "p"}, "more positives than units"),
        (BY_DISTRICT, {"area": "district", "between": ("2012-Q2", "2012-Q1")}, "a first and a later period"),
        (published().assign(forces=0), {"areas": "forces"}, "9 rows have units but 0 areas"),
    ],
)
def test_what_cannot_be_split_is_refused_in_a_sentence(data: pd.DataFrame, options: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        denominator_growth(data, units="tests", **options)
