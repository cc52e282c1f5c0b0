"""The mean cumulative count: worked by hand, gaps, people in both groups, refusals in sentences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.errors import EstimationError, InputError, InvariantError
from dipeval.survival.curves.mean_count import COUNT_COLUMNS, MeanCount, mean_cumulative_count


@pytest.fixture
def spells() -> pd.DataFrame:
    """Three invented people; the third was in custody from day 40 to 50."""
    return pd.DataFrame(
        {
            "person": [1, 1, 2, 3, 3],
            "start": [0, 30, 0, 0, 50],
            "stop": [30, 90, 90, 40, 90],
            "reoffended": [1, 0, 0, 1, 1],
            "treated": [0, 0, 1, 1, 1],
            "w": [1.0, 1, 3, 2, 2],
        }
    )


def _count(data: pd.DataFrame, **options: Any) -> MeanCount:
    return mean_cumulative_count(data, id="person", start="start", stop="stop", event="reoffended", **options)


def test_a_count_worked_by_hand_with_a_gap(spells: pd.DataFrame) -> None:
    frame = _count(spells).to_frame()
    assert tuple(frame.columns) == COUNT_COLUMNS
    assert frame["time_days"].tolist() == [0, 30, 40, 50, 90]
    assert frame["n_at_risk"].tolist() == [3, 3, 3, 2, 3]
    assert frame["n_events"].tolist() == [0, 1, 1, 0, 1]
    np.testing.assert_allclose(frame["estimate"], [0, 1 / 3, 2 / 3, 2 / 3, 1], rtol=1e-14)
    # Everybody is at risk at the three events: the mean of 1, 0 and 2, with the error of a mean.
    assert frame["std_error"].iloc[-1] == pytest.approx(np.sqrt(2) / 3, rel=1e-12)
    z = 1.959963984540054 * np.sqrt(2) / 3
    np.testing.assert_allclose(frame[["conf_low", "conf_high"]].iloc[-1], [np.exp(-z), np.exp(z)], rtol=1e-12)


def test_weights_are_per_row(spells: pd.DataFrame) -> None:
    frame = _count(spells, weights="w").to_frame()
    np.testing.assert_allclose(frame["estimate"], [0, 1 / 6, 3 / 6, 3 / 6, 5 / 6], rtol=1e-14)
    np.testing.assert_allclose(frame["n_effective"], [36 / 14, 36 / 14, 36 / 14, 16 / 10, 36 / 14], rtol=1e-14)


def test_nobody_at_risk_for_a_while_leaves_the_count_where_it_is() -> None:
    data = pd.DataFrame({"person": [1, 1], "start": [0, 9], "stop": [5, 12], "reoffended": [1, 1]})
    frame = _count(data).to_frame()
    assert frame["n_at_risk"].tolist() == [1, 1, 0, 1]
    assert frame["estimate"].tolist() == [0, 1, 1, 2]
    assert frame["std_error"].isna().tolist() == [False, True, True, True]  # one person tells of no spread


def test_groups_are_compared_at_one_time(spells: pd.DataFrame) -> None:
    found = _count(spells, by="treated").compare_at(60)
    assert found["group"].tolist() == ["comparison", "treated", "difference"]
    assert found["estimate"].tolist() == [1, 0.5, -0.5]
    people = pd.concat([spells.assign(person=spells["person"] + 3 * k) for k in range(3)])
    found = _count(people.assign(treated=(people["person"] % 2)), by="treated").compare_at(60)
    assert found["std_error"].iloc[2] == pytest.approx(np.hypot(*found["std_error"][:2]))
    assert 0 < found["p_value"].iloc[2] < 1


def test_a_person_in_both_groups_counts_once_in_the_error() -> None:
    """Everybody does the same before and after changing sides: the two counts move together, person by person."""
    rng = np.random.default_rng(2)
    first = pd.DataFrame({"person": range(60), "start": 0, "stop": 10, "reoffended": rng.integers(0, 2, 60)})
    data = pd.concat([first.assign(side=0), first.assign(side=1, person=range(60, 120))])
    options: dict[str, Any] = {"by": "side", "cluster": "who"}
    apart = _count(data.assign(who=range(120)), **options).compare_at(10).iloc[2]
    same = _count(data.assign(who=np.tile(range(60), 2)), **options).compare_at(10).iloc[2]
    assert apart["std_error"] > 0.05
    assert np.isnan(same["std_error"])


def test_the_summary_says_the_mean_number(spells: pd.DataFrame) -> None:
    many = pd.concat([spells.assign(person=spells["person"] + 3 * k) for k in range(4)])
    summary = _count(many.assign(treated=many["person"] % 2), by="treated", weights="w").summary()
    assert summary.headline.startswith("By 90 days at risk, the mean number of reoffences a person was ")
    assert " in the comparison group (95% interval " in summary.headline
    assert summary.to_frame()["People"].tolist() == [6, 6]
    assert summary.to_frame()["Reoffences"].sum() == 12
    assert "summed by person" in summary.notes[0]
    assert "custody" in summary.notes[1]
    clustered = _count(many.assign(place=many["person"] // 4), cluster="place")
    assert "summed by cluster" in clustered.summary().notes[0]
    assert "<table>" in clustered._repr_html_()


def test_a_group_without_events_is_a_flat_line_without_limits(spells: pd.DataFrame) -> None:
    found = _count(spells.assign(side=[0, 0, 1, 0, 0]), by="side")
    flat = found.to_frame().query("group == '1'")
    assert (flat["estimate"] == 0).all()
    assert flat[["std_error", "conf_low", "conf_high"]].isna().all(axis=None)
    assert "No event is seen in group 1: a mean of 0, with no limits claimed." in found.summary().notes


def test_look_ups_refuse_to_guess(spells: pd.DataFrame) -> None:
    found = _count(spells)
    assert found.groups == ("all",)
    assert found.at([29, 30, 90])["estimate"].round(3).tolist() == [0, 0.333, 1]
    with pytest.raises(EstimationError, match="followed for 90 days"):
        found.at(91)
    with pytest.raises(EstimationError, match="one time"):
        found.compare_at("ninety")  # type: ignore[arg-type]
    found.to_frame()["estimate"] = 5
    assert found.at(0)["estimate"].tolist() == [0]


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({"start": [0, 20, 0, 0, 50]}, {}, "1 people in 'person' have rows that overlap"),
        ({"start": [0, 90, 0, 0, 50]}, {}, "'start' is not before 'stop' in 1 rows"),
        ({"reoffended": 0}, {}, "All 5 rows are censored"),
        ({"reoffended": [1, 2, 0, 1, 1]}, {}, "1 of 5 rows are neither"),
        ({"person": [1, None, 2, 3, 3]}, {}, "missing in 1 of 5"),
        ({"w": [1, 1, -1, 1, 1]}, {"weights": "w"}, "zero or negative in 1 of 5"),
        ({"place": 1}, {"cluster": "place"}, "lies in one cluster"),
        ({}, {"level": 0}, "between 0 and 1"),
    ],
)
def test_what_cannot_be_estimated_is_a_sentence(
    spells: pd.DataFrame, change: dict[str, Any], options: dict[str, Any], words: str
) -> None:
    with pytest.raises(EstimationError, match=words) as caught:
        _count(spells.assign(**change), **options)
    assert str(caught.value).endswith(".")


def test_a_column_that_is_not_there(spells: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="no column 'stop'"):
        _count(spells.drop(columns="stop"))


def test_a_count_that_falls_is_a_bug_not_a_result(spells: pd.DataFrame) -> None:
    good = _count(spells)
    frame = good.to_frame()
    options: dict[str, Any] = {"level": 0.95, "time_unit": "days", "weighted": False, "by_person": True}
    for wrong in (
        frame.assign(estimate=frame["estimate"].to_numpy()[::-1]),
        frame.iloc[1:],
        frame.drop(columns="group"),
    ):
        with pytest.raises(InvariantError):
            MeanCount(_frame=wrong, _rows=good._rows, **options)


def test_pictures(spells: pd.DataFrame) -> None:
    many = pd.concat([spells.assign(person=spells["person"] + 3 * k) for k in range(4)])
    found = _count(many.assign(treated=many["person"] % 2), by="treated")
    assert found.plot(mark=60).get_figure() is not None
    with pytest.raises(EstimationError, match="can run to 90 days"):
        found.plot(horizon=0)
