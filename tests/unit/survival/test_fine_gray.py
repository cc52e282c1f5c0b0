"""Fine and Gray's model: what it is without competing causes or censoring, weights by loops, invariances, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.errors import EstimationError, InputError, InvariantError
from dipeval.survival import cox
from dipeval.survival.hazards import expansion
from dipeval.survival.hazards.fine_gray import FineGrayModel, fine_gray
from dipeval.survival.testing.gray import gray_test

COLUMNS: dict[str, Any] = {"time": "time", "cause": "cause", "covariates": ["x", "z"]}


def _people(seed: int, n: int = 150) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, n)
    return pd.DataFrame(
        {
            "time": np.minimum(np.ceil(rng.exponential(10 * np.exp(-0.5 * x))), 25) + 4,
            "cause": rng.choice(3, n, p=[0.4, 0.35, 0.25]),
            "x": x,
            "z": rng.normal(size=n).round(2),
            "entry": rng.integers(0, 5, n).astype(float),
            "w": rng.uniform(0.4, 3, n).round(2),
            "area": rng.integers(0, 2, n),
            "pair": np.arange(n) // 2,
            "site": rng.permutation(n) // 3,
        }
    )


def _close(one: Any, other: Any, rtol: float = 1e-10) -> None:
    np.testing.assert_allclose(one.to_frame()["estimate"], other.to_frame()["estimate"], rtol=rtol, atol=1e-13)
    np.testing.assert_allclose(one.covariance(), other.covariance(), rtol=rtol, atol=1e-14)


def test_without_competing_causes_it_is_cox_with_robust_errors() -> None:
    data = _people(1).assign(cause=lambda d: (d["cause"] == 1).astype(int))
    _close(fine_gray(data, **COLUMNS), cox(data, covariates=["x", "z"], time="time", event="cause", robust=True))
    late = fine_gray(data, entry="entry", strata="area", weights="w", **COLUMNS)
    plain = cox(data, covariates=["x", "z"], time="time", event="cause", entry="entry", strata="area", weights="w")
    _close(late, plain)


def test_without_censoring_people_with_another_cause_stay_for_ever() -> None:
    data = _people(2).assign(cause=lambda d: d["cause"].clip(lower=1))
    later = data.assign(event=data["cause"] == 1, time=data["time"].where(data["cause"] == 1, 1000.0))
    _close(fine_gray(data, **COLUMNS), cox(later, covariates=["x", "z"], time="time", event="event", robust=True))


def _still_seen(d: pd.DataFrame, t: float) -> float:
    """Weighted G(t-) H(t-), one time after the other."""
    value = 1.0
    for u in np.sort(d["time"].unique()):
        if u < t:
            gone = d.loc[(d["time"] == u) & (d["cause"] == 0), "w"].sum()
            there = d.loc[(d["time"] >= u) & (d["entry"] < u) & ~((d["time"] == u) & (d["cause"] > 0)), "w"].sum()
            value *= 1 - gone / there if gone else 1.0
    for u in np.sort(d["entry"].unique()):
        if u >= t:
            came = d.loc[d["entry"] == u, "w"].sum()
            value *= 1 - came / d.loc[(d["entry"] <= u) & (d["time"] > u), "w"].sum()
    return value


def _loop_rows(d: pd.DataFrame) -> pd.DataFrame:
    """One row a person and event time of cause 1: nothing merged."""
    rows = []
    for _, area in d.groupby("area"):
        events = np.sort(area.loc[area["cause"] == 1, "time"].unique())
        seen = {t: _still_seen(area, t) for t in area["time"].unique()}
        for person, row in area.iterrows():
            rows.append({**row, "person": person, "start": row["entry"], "event": row["cause"] == 1})
            ahead = events[events > row["time"]] if row["cause"] == 2 else []
            for before, now in zip([row["time"], *ahead], ahead, strict=False):
                weight = row["w"] * seen[now] / seen[row["time"]]
                rows.append({**row, "person": person, "start": before, "time": now, "event": False, "w": weight})
    return pd.DataFrame(rows)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_weighted_rows_are_those_of_loops(late: bool, ties: str) -> None:
    data = _people(3, n=90)
    if not late:
        data["entry"] = 0.0
    ours = fine_gray(data, entry="entry" if late else None, strata="area", weights="w", ties=ties, **COLUMNS)
    rows = _loop_rows(data)
    theirs = cox(
        rows,
        covariates=["x", "z"],
        time="time",
        event="event",
        entry="start",
        weights="w",
        cluster="person",
        strata="area",
        ties=ties,
    )
    _close(ours, theirs)
    assert ours.model.n < len(rows)


def test_whole_weights_are_repeated_people() -> None:
    data = _people(4).assign(w=lambda d: (1 + d["site"] % 3).astype(float), person=range(150))
    more = data.loc[data.index.repeat(data["w"].astype(int))].drop(columns="w")
    one = fine_gray(data, weights="w", ties="breslow", entry="entry", **COLUMNS)
    _close(one, fine_gray(more, cluster="person", ties="breslow", entry="entry", **COLUMNS))
    double = fine_gray(data.assign(w=2 * data["w"]), weights="w", ties="breslow", entry="entry", **COLUMNS)
    _close(one, double)


def test_order_and_units_change_nothing() -> None:
    data = _people(5)
    options: dict[str, Any] = {"weights": "w", "entry": "entry", "strata": "area", **COLUMNS}
    expected = fine_gray(data, **options)
    mixed = fine_gray(data.sample(frac=1, random_state=3), **options)
    _close(mixed, expected, rtol=1e-12)
    _close(fine_gray(data.assign(time=data["time"] / 7, entry=data["entry"] / 7), **options), expected)


def test_errors_by_pair_and_by_two_clusterings() -> None:
    data = _people(6, n=300).assign(both=lambda d: d["pair"] * 1000 + d["site"])
    one, two, both, found = (
        fine_gray(data, cluster=cluster, **COLUMNS) for cluster in ("pair", "site", "both", ["pair", "site"])
    )
    np.testing.assert_allclose(found.covariance(), one.covariance() + two.covariance() - both.covariance(), rtol=1e-8)
    assert "clustered on 'pair' and 'site' at once" in found.method
    assert one.method.endswith("robust standard errors by cluster")


def test_with_the_group_alone_and_nobody_lost_its_robust_score_is_near_grays_test() -> None:
    """One G for all and one a group are then the same: the scores agree and only the variances differ."""
    last = pd.DataFrame({"time": 99.0, "cause": 2, "x": [0, 1]})  # so that no group ends before an event
    data = _people(7, n=2000)[["time", "cause", "x"]].assign(cause=lambda d: d["cause"].clip(lower=1))
    data = pd.concat([data, last], ignore_index=True)
    gray = gray_test(data, time="time", cause="cause", by="x", of=1)
    model = fine_gray(data, covariates=["x"], time="time", cause="cause", ties="breslow")
    statistic = model.overall_tests().set_index("test").loc["score (robust)", "statistic"]
    assert statistic == pytest.approx(gray.to_frame()["statistic"][0], rel=0.03)


def test_causes_may_be_words_and_columns_may_have_any_name() -> None:
    data = _people(8)
    expected = fine_gray(data, of=2, **COLUMNS)
    words = data.assign(cause=data["cause"].map({0: "extract_end", 1: "died", 2: "new_offence"}))
    found = fine_gray(words, of="new_offence", **COLUMNS)
    _close(found, expected)
    assert "The subdistribution hazard of 'new offence' was" in found.summary().headline
    odd = data.rename(columns={"x": "start", "z": "weight", "w": "happened", "pair": "person", "time": "stop"})
    renamed = fine_gray(
        odd, of=2, covariates=["start", "weight"], time="stop", cause="cause", weights="happened", cluster="person"
    )
    plain = fine_gray(data, of=2, weights="w", cluster="pair", **COLUMNS)
    np.testing.assert_allclose(renamed.to_frame()["estimate"], plain.to_frame()["estimate"], rtol=1e-12)


def test_it_says_what_its_ratio_is_about_and_is_drawn() -> None:
    data = _people(9).rename(columns={"x": "treated"}).assign(one=range(150))
    model = fine_gray(data, covariates=["treated"], time="time", cause="cause", entry="entry", weights="w", id="one")
    summary = model.summary()
    assert "among the treated was" in summary.headline
    assert "than in the comparison group: subdistribution hazard ratio" in summary.headline
    assert summary.notes[1] == (
        "Subdistribution hazard ratio: about the share to whom it happens, not the rate among those at risk."
    )
    assert summary.notes[0].startswith(
        "Fine-Gray model of the subdistribution hazard, Efron ties, weighted, late entry, robust standard errors by "
        "person; 150 people"
    )
    assert model.plot().get_xlabel() == "Subdistribution hazard ratio (ratio scale)"
    assert model.to_frame()[["n", "n_events"]].iloc[0].tolist() == [150, int((data["cause"] == 1).sum())]
    assert (model.terms, model.level, model.cause) == (("treated",), 0.95, "1")


def test_predicted_incidence_is_what_is_not_free_of_it() -> None:
    data = _people(10)
    model = fine_gray(data, **COLUMNS)
    someone = pd.DataFrame({"x": [0, 1], "z": [0.0, 0.5]}, index=["a", "b"])
    found = model.predict_incidence(someone, [10, 20])
    base = model.model.baseline(at={"x": 1, "z": 0.5})
    expected = 1 - base.loc[base["time_days"] <= 20, "survival"].iloc[-1]
    row = found[(found["person"] == "b") & (found["time_days"] == 20)].iloc[0]
    assert row["estimate"] == pytest.approx(expected, rel=1e-10)
    assert (found["conf_low"] < found["estimate"]).all()
    assert (found["estimate"] < found["conf_high"]).all()
    with pytest.raises(EstimationError):
        model.predict_incidence(someone, [1000])


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({}, {"of": 3}, "never holds: it holds 1, 2"),
        ({}, {"of": "died"}, "never holds"),
        ({}, {"id": "site"}, "have several rows: a Fine-Gray model needs one row a person"),
        ({}, {"covariates": "x"}, "a list of column names"),
        ({"x": list("abc") * 50}, {}, "turn categories into 0/1"),
        ({}, {"covariates": []}, "at least one"),
        ({}, {"ties": "nearest"}, "'nearest' is not available"),
        ({}, {"cluster": ["pair", "site", "area"]}, "a list of two"),
        ({"x": 1}, {}, "'x' is constant"),
        ({"x": lambda d: (d["cause"] == 1).astype(int)}, {}, "No event is seen in one of the two groups of 'x'"),
        ({"cause": 0}, {}, "All 150 rows are censored"),
        ({"cause": 1.5}, {}, "a whole number above 0"),
        ({"time": -1.0}, {}, "negative in 150"),
        ({"time": 0.0}, {}, "at time 0"),
        ({"entry": 99.0}, {"entry": "entry"}, "is not before 'time' in 150 rows"),
        ({"w": -1.0}, {"weights": "w"}, "zero or negative in 150"),
        ({"pair": 1}, {"cluster": "pair"}, "too few for robust errors"),
        ({"x": None}, {}, "missing in 150"),
    ],
)
def test_what_cannot_be_fitted_is_a_sentence(change: dict[str, Any], options: dict[str, Any], words: str) -> None:
    with pytest.raises((EstimationError, InputError), match=words) as caught:
        fine_gray(_people(11).assign(**change), **{**COLUMNS, **options})
    assert str(caught.value).endswith((".", ")."))


def test_nobody_under_observation_at_some_time_leaves_no_weight() -> None:
    data = pd.DataFrame(
        {
            "entry": [0.0, 0, 0, 0, 5, 5, 5, 5],
            "time": [1.0, 2, 3, 4, 6, 7, 8, 9],
            "cause": [2, 1, 1, 0, 1, 1, 2, 0],
            "x": [0, 1, 0, 1, 0, 1, 0, 1],
        }
    )
    with pytest.raises(EstimationError, match="1 people to whom something else happened cannot be weighted"):
        fine_gray(data, covariates=["x"], time="time", cause="cause", entry="entry")


def test_too_many_rows_are_refused_before_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expansion, "MOST_ROWS", 200)
    with pytest.raises(EstimationError, match="weighted rows would be needed: give the times in whole days"):
        fine_gray(_people(12), **COLUMNS)


def test_people_who_leave_at_time_0_and_causes_after_the_last_event() -> None:
    data = _people(13)
    more = pd.DataFrame({"time": [0.0, 40.0], "cause": [0, 2], "x": [1, 0], "z": [0.1, 0.2]})
    _close(fine_gray(pd.concat([data, more.iloc[:1]]), **COLUMNS), fine_gray(data, **COLUMNS))
    found = fine_gray(pd.concat([data, more]), **COLUMNS)
    assert (found.n, found.n_other) == (152, int((data["cause"] == 2).sum()) + 1)


def test_broken_promises_are_caught() -> None:
    good = fine_gray(_people(14), **COLUMNS)
    options: dict[str, Any] = {"model": good.model, "cause": "1", "weighted": False, "late_entry": False, "_errors": ""}
    with pytest.raises(InvariantError, match="lost or doubled"):
        FineGrayModel(n=150, n_events=1, n_other=0, **options)
    with pytest.raises(InvariantError, match="more events than people"):
        FineGrayModel(n=2, n_events=good.n_events, n_other=0, **options)
