"""Cumulative incidence: worked by hand, ties between causes, words and numbers, refusals in sentences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval import datasets
from dipeval.errors import EstimationError, InputError, InvariantError
from dipeval.survival.curves.aalen_johansen import INCIDENCE_COLUMNS
from dipeval.survival.curves.incidence import Incidence, cumulative_incidence


@pytest.fixture
def six() -> pd.DataFrame:
    """Six invented people; on day 35 one died and one reoffended."""
    return pd.DataFrame(
        {
            "days": [20, 35, 35, 60, 90, 90],
            "ended": ["reoffended", "death", "reoffended", "reoffended", "end_of_follow_up", ""],
            "arm": list("ababab"),
            "w": [1.0, 2, 1, 3, 1, 2],
            "pair": [1, 1, 2, 2, 3, 3],
        }
    )


@pytest.fixture(scope="module")
def released() -> pd.DataFrame:
    data = datasets.recid()
    ended = np.where(data["returned"] == 1, "reoffended", np.where(np.arange(len(data)) % 5 == 0, "death", "censored"))
    return data.assign(ended=ended, treated=data["workprg"])


def _incidence(data: pd.DataFrame, **options: Any) -> Incidence:
    return cumulative_incidence(data, time="days", cause="ended", **options)


def test_shares_worked_by_hand_with_causes_tied_on_a_day(six: pd.DataFrame) -> None:
    found = _incidence(six)
    frame = found.to_frame()
    assert tuple(frame.columns) == INCIDENCE_COLUMNS
    assert found.causes == ("death", "reoffended")
    shares = {name: steps["estimate"].tolist() for name, steps in frame.groupby("cause")}
    np.testing.assert_allclose(shares["death"], [0, 0, 1 / 6, 1 / 6, 1 / 6], rtol=1e-14)
    np.testing.assert_allclose(shares["reoffended"], [0, 1 / 6, 2 / 6, 3 / 6, 3 / 6], rtol=1e-14)
    one = frame[frame["cause"] == "reoffended"]
    assert one["n_events"].tolist() == [0, 1, 1, 1, 0]
    assert one["n_at_risk"].tolist() == [6, 6, 5, 3, 2]
    assert one["n_censored"].tolist() == [0, 0, 0, 0, 2]
    # Nobody had left before: each share is a plain proportion, and so is its error.
    last = found.at(60)
    np.testing.assert_allclose(last["std_error"], np.sqrt(last["estimate"] * (1 - last["estimate"]) / 6), rtol=1e-12)


def test_one_minus_kaplan_meier_would_say_more(released: pd.DataFrame) -> None:
    from dipeval import kaplan_meier

    found = cumulative_incidence(released, time="months_to_return", cause="ended").at(60)
    naive = kaplan_meier(released, time="months_to_return", event="returned").at(60)["estimate"].iloc[0]
    assert found.set_index("cause")["estimate"]["reoffended"] < 1 - naive


def test_numbers_and_words_are_the_same(six: pd.DataFrame) -> None:
    numbers = six.assign(ended=six["ended"].map({"reoffended": 7, "death": 2, "end_of_follow_up": 0, "": 0}))
    words, coded = _incidence(six, by="arm"), _incidence(numbers, by="arm")
    assert coded.causes == ("2", "7")
    columns = ["estimate", "std_error", "n_events"]
    pd.testing.assert_frame_equal(words.to_frame()[columns], coded.to_frame()[columns])
    found = coded.compare_at(60, 7)
    assert found["group"].tolist() == ["a", "b", "difference"]
    assert found["cause"].unique().tolist() == ["7"]


def test_what_counts_as_leaving_is_the_callers_choice(six: pd.DataFrame) -> None:
    found = _incidence(six, censored=("end_of_follow_up", "", "death"))
    assert found.causes == ("reoffended",)


def test_the_table_of_the_caller_is_left_alone(six: pd.DataFrame) -> None:
    before = six.copy()
    found = _incidence(six, weights="w")
    found.to_frame()["estimate"] = 9
    pd.testing.assert_frame_equal(six, before)
    assert found.to_frame()["estimate"].max() <= 1


def test_late_entry_counts_from_entry_on() -> None:
    data = pd.DataFrame({"from": [0, 0, 3, 3], "days": [2, 9, 5, 9], "ended": [1, 0, 2, 0]})
    frame = _incidence(data, entry="from").to_frame()
    assert frame.loc[frame["cause"] == "1", "n_at_risk"].tolist() == [2, 2, 1, 3, 2]
    np.testing.assert_allclose(frame["estimate"].iloc[-1], 0.5 / 3, rtol=1e-14)


def test_a_cause_never_seen_in_a_group_is_a_flat_line_without_limits(six: pd.DataFrame) -> None:
    found = _incidence(six, by="arm")
    flat = found.to_frame().query("group == 'a' and cause == 'death'")
    assert (flat["estimate"] == 0).all()
    assert flat[["std_error", "conf_low", "conf_high"]].isna().all(axis=None)
    assert "'Death' is never seen in group a: a share of 0, with no limits claimed." in found.summary().notes
    assert found.compare_at(60, "death")["std_error"].isna().tolist() == [True, False, True]


def test_one_person_and_everybody_on_one_day_claim_no_error() -> None:
    for n in (1, 5):
        data = pd.DataFrame({"days": [4] * n, "ended": ["death"] * n, "w": np.arange(1.0, n + 1)})
        for options in ({}, {"weights": "w"}):
            last = _incidence(data, **options).to_frame().iloc[-1]
            assert last["estimate"] == 1
            assert np.isnan(last[["std_error", "conf_low", "conf_high"]].astype(float)).all()


def test_differences_use_the_pairs_that_span_both_groups(released: pd.DataFrame) -> None:
    one = released.iloc[:200]
    data = pd.concat([one.assign(pair=range(200), treated=0), one.assign(pair=range(200), treated=1)])
    columns: dict[str, Any] = {"time": "months_to_return", "cause": "ended", "by": "treated"}
    apart = cumulative_incidence(data, **columns).compare_at(75, "reoffended").iloc[2]
    assert apart["std_error"] > 0.02
    twins = cumulative_incidence(data, cluster="pair", **columns).compare_at(75, "reoffended").iloc[2]
    assert np.isnan(twins["std_error"])  # each pair fares exactly alike: no spread to learn from
    mixed = np.concatenate([np.arange(200), np.roll(np.arange(20), 1), np.arange(20, 200)])
    nearly = data.assign(pair=mixed)
    paired = cumulative_incidence(nearly, cluster="pair", **columns).compare_at(75, "reoffended").iloc[2]
    assert 0 < paired["std_error"] < 0.5 * apart["std_error"]


def test_the_summary_is_about_reoffending_and_says_that_nobody_was_censored_for_dying(released: pd.DataFrame) -> None:
    found = cumulative_incidence(
        released, time="months_to_return", cause="ended", by="treated", cluster="age", time_unit="months"
    )
    summary = found.summary()
    assert summary.headline.startswith("By 81 months, ")
    assert " of the comparison group (95% interval " in summary.headline
    assert summary.headline.endswith(" had reoffended.")
    assert "never as censored" in summary.notes[0]
    assert "summed by cluster" in summary.notes[1]
    assert summary.to_frame()["People"].sum() == (released["ended"] != "censored").sum()
    other = cumulative_incidence(
        released.assign(ended=released["ended"].replace("reoffended", "recalled")),
        time="months_to_return", cause="ended", time_unit="months",
    )  # fmt: skip
    assert other.summary().headline.startswith("By 81 months, 'Recalled' had happened to ")
    assert "<table>" in other._repr_html_()


def test_look_ups_refuse_to_guess(six: pd.DataFrame) -> None:
    found = _incidence(six)
    assert found.at([0, 34, 35])["estimate"].round(3).tolist() == [0, 0, 0.167, 0, 0.167, 0.333]
    assert found.followed_to == 90
    with pytest.raises(EstimationError, match="followed for 90 days"):
        found.at(91)
    with pytest.raises(EstimationError, match="There is no cause 'custody'; the causes are: death, reoffended"):
        found.compare_at(30, "custody")


def test_before_anything_has_happened_no_error_is_claimed(released: pd.DataFrame) -> None:
    found = cumulative_incidence(released, time="months_to_return", cause="ended", by="treated").compare_at(0)
    assert (found["share"] == 0).all()
    assert found.loc[found["group"] == "difference", "std_error"].isna().all()


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({"ended": [0] * 6}, {}, "All 6 rows are censored"),
        ({"ended": [1, 2, 0.5, -1, 0, 0]}, {}, "2 of 6 rows hold something else"),
        ({"ended": [1, None, 0, 1, 0, 0]}, {}, "missing in 1 of 6 rows"),
        ({"days": [-1, 2, 3, 4, 5, 6]}, {}, "negative in 1 rows"),
        ({"days": [0, 2, 3, 4, 5, 6]}, {}, "1 events happen at time 0"),
        ({"w": [0, 1, 1, 1, 1, 1]}, {"weights": "w"}, "zero or negative in 1 of 6"),
        ({"pair": 1}, {"cluster": "pair"}, "lies in one cluster"),
        ({}, {"level": 95}, "between 0 and 1"),
    ],
)
def test_what_cannot_be_estimated_is_a_sentence(
    six: pd.DataFrame, change: dict[str, Any], options: dict[str, Any], words: str
) -> None:
    with pytest.raises(EstimationError, match=words) as caught:
        _incidence(six.assign(**change), **options)
    assert str(caught.value).endswith(".")


def test_wrong_tables_are_sentences_too(six: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="DataFrame is needed"):
        _incidence([1, 2])  # type: ignore[arg-type]
    with pytest.raises(EstimationError, match="no rows"):
        _incidence(six.iloc[:0])
    with pytest.raises(InputError, match="no column 'reason'"):
        cumulative_incidence(six, time="days", cause="reason")
    with pytest.raises(InputError, match="`censored` takes a list"):
        _incidence(six, censored="death")


def test_shares_that_fall_or_exceed_one_are_a_bug_not_a_result(six: pd.DataFrame) -> None:
    good = _incidence(six)
    frame = good.to_frame()
    options: dict[str, Any] = {
        name: getattr(good, name) for name in ("level", "time_unit", "causes", "weighted", "clustered", "late_entry")
    }
    for wrong in (
        frame.assign(estimate=frame["estimate"].to_numpy()[::-1]),
        frame.assign(estimate=frame["estimate"] * 3),
        frame.iloc[1:],
        frame.drop(columns="cause"),
    ):
        with pytest.raises(InvariantError):
            Incidence(_frame=wrong, _rows=good._rows, **options)


def test_pictures(released: pd.DataFrame) -> None:
    found = cumulative_incidence(released, time="months_to_return", cause="ended", by="treated", time_unit="months")
    assert found.plot(horizon=60, mark=24).get_figure() is not None
    assert found.plot(causes=["reoffended"]).get_figure() is not None
    with pytest.raises(EstimationError, match="can run to 81 months"):
        found.plot(horizon=100)
