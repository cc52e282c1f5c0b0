"""Models of repeated events: numbering, both clocks, what leaves them alone, and every refusal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.errors import EstimationError, InputError, InvariantError
from dipeval.survival import cox
from dipeval.survival.columns import read_rows
from dipeval.survival.hazards.event_order import gap_times, numbered_events
from dipeval.survival.hazards.recurrent import andersen_gill, prentice_williams_peterson
from dipeval.survival.hazards.recurrent_result import RecurrentModel

COLUMNS: dict[str, Any] = {
    **{"id": "person", "start": "start", "stop": "stop", "event": "event"},
    "covariates": ["treated", "age"],
}
FITS: list[tuple[Any, dict[str, Any]]] = [
    (andersen_gill, {}),
    (prentice_williams_peterson, {"max_event": 3}),
    (prentice_williams_peterson, {"max_event": 3, "clock": "gap"}),
]


def _rows(seed: int, people: int = 80) -> pd.DataFrame:
    """Whole days, some custody after an event, up to a year."""
    rng = np.random.default_rng(seed)
    found = []
    for person in range(people):
        treated, age, rate = person % 2, int(rng.integers(18, 50)), rng.gamma(2, 0.5)
        now, end = 0, int(rng.integers(150, 366))
        while now < end:
            wait = int(np.ceil(rng.exponential(90 / rate * (1 + 0.3 * treated))))
            stop = min(now + wait, end)
            found.append((person, now, stop, int(now + wait <= end), treated, age))
            now = stop + (int(rng.integers(7, 40)) if rng.random() < 0.3 else 0)
    frame = pd.DataFrame(found, columns=["person", "start", "stop", "event", "treated", "age"])
    weights = rng.uniform(0.4, 3, people).round(2)
    return frame.assign(w=weights[frame["person"]], pair=frame["person"] // 2, area=frame["person"] % 3)


def _close(one: Any, other: Any, rtol: float = 1e-10) -> None:
    np.testing.assert_allclose(one.to_frame()["estimate"], other.to_frame()["estimate"], rtol=rtol, atol=1e-13)
    np.testing.assert_allclose(one.covariance(), other.covariance(), rtol=rtol, atol=1e-14)


def test_events_are_numbered_within_people_and_the_gap_clock_starts_at_the_first_row_after() -> None:
    data = pd.DataFrame(
        {  # out of order; person b: an event, custody to day 50, one spell cut in two by 5 days, another event
            "person": ["b", "a", "b", "b", "b", "a"],
            "start": [65.0, 10, 0, 50, 90, 0],
            "stop": [80.0, 20, 30, 60, 99, 10],
            "event": [1, 0, 1, 0, 0, 0],
        }
    )
    rows = read_rows(data, time="stop", event="event", entry="start", id="person")
    numbers, origins = numbered_events(rows)
    assert numbers.tolist() == [2, 1, 1, 2, 3, 1]
    assert origins.tolist() == [50, 0, 0, 50, 90, 0]
    begin, end = gap_times(data["start"].to_numpy(), data["stop"].to_numpy(), origins)
    assert begin.tolist() == [15, 10, 0, 0, 0, 0]
    assert end.tolist() == [30, 20, 30, 10, 9, 10]


def test_gaps_that_differ_by_rounding_alone_stay_tied() -> None:
    days = np.array([[0, 30], [31, 61], [100, 130], [7, 37]])
    weeks = days / 7
    assert len(np.unique(weeks[:, 1] - weeks[:, 0])) > 1
    _, end = gap_times(weeks[:, 0], weeks[:, 1], weeks[:, 0])
    assert len(np.unique(end)) == 1


def test_with_one_event_each_all_are_cox() -> None:
    data = _rows(1).drop_duplicates("person")
    plain = cox(data, covariates=["treated", "age"], time="stop", event="event", robust=True)
    _close(andersen_gill(data, **COLUMNS), plain)
    for clock in ("total", "gap"):
        _close(prentice_williams_peterson(data, clock=clock, **COLUMNS), plain)


def test_numbers_and_gaps_by_loops() -> None:
    data = _rows(2).sample(frac=1, random_state=1).reset_index(drop=True)
    number, begin = {}, {}
    for _, own in data.sort_values("start").groupby("person"):
        seen, origin, waiting = 0, 0.0, None
        for index, row in own.iterrows():
            if waiting != seen:
                origin, waiting = row["start"], seen
            number[index], begin[index] = min(seen + 1, 3), row["start"] - origin
            seen += row["event"]
    told = data.assign(number=pd.Series(number), begin=pd.Series(begin)).assign(
        end=lambda d: d["begin"] + d["stop"] - d["start"]
    )
    options: dict[str, Any] = {"covariates": ["treated", "age"], "event": "event", "cluster": "person"}
    total = cox(told, time="stop", entry="start", strata=["area", "number"], **options)
    gap = cox(told, time="end", entry="begin", strata="number", weights="w", **options)
    _close(prentice_williams_peterson(data, max_event=3, strata="area", **COLUMNS), total)
    _close(prentice_williams_peterson(data, max_event=3, clock="gap", weights="w", **COLUMNS), gap)
    assert prentice_williams_peterson(data, max_event=3, **COLUMNS).by_number()["n_events"].tolist() == [
        int(told.loc[told["number"] == k, "event"].sum()) for k in (1, 2, 3)
    ]


@pytest.mark.parametrize(("fit", "options"), FITS)
def test_cutting_rows_order_and_units_change_nothing(fit: Any, options: dict[str, Any]) -> None:
    data = _rows(3)
    expected = fit(data, weights="w", **COLUMNS, **options)
    cut = (data["start"] + data["stop"]) / 2
    halves = pd.concat([data.assign(stop=cut, event=0), data.assign(start=cut)], ignore_index=True)
    _close(fit(halves, weights="w", **COLUMNS, **options), expected)
    mixed = data.sample(frac=1, random_state=4)
    _close(fit(mixed, weights="w", **COLUMNS, **options), expected, rtol=1e-12)
    weeks = data.assign(start=data["start"] / 7, stop=data["stop"] / 7)
    _close(fit(weeks, weights="w", **COLUMNS, **options), expected)
    _close(fit(data.assign(w=2 * data["w"]), weights="w", **COLUMNS, **options), expected)


@pytest.mark.parametrize(("fit", "options"), FITS)
def test_whole_weights_are_repeated_people(fit: Any, options: dict[str, Any]) -> None:
    data = _rows(4).assign(w=lambda d: 1.0 + d["area"], first=lambda d: d["person"])
    copies = [data[data["w"] > k].assign(person=lambda d, k=k: d["person"] + 1000 * k) for k in range(3)]
    one = fit(data, weights="w", ties="breslow", **COLUMNS, **options)
    _close(fit(pd.concat(copies), cluster="first", ties="breslow", **COLUMNS, **options), one)


def test_errors_are_by_person_unless_named_otherwise() -> None:
    data = _rows(5, people=200).assign(site=lambda d: d["person"] % 50)
    data["both"] = data["pair"] * 1000 + data["site"]
    robust, plain = andersen_gill(data, **COLUMNS), andersen_gill(data, robust=False, **COLUMNS)
    model = cox(data, covariates=["treated", "age"], time="stop", entry="start", event="event")
    _close(plain, model)
    assert robust.to_frame()["std_error"][0] > plain.to_frame()["std_error"][0]
    assert "robust standard errors by person" in robust.method
    assert "model-based standard errors" in plain.method
    one, two, both, found = (
        andersen_gill(data, cluster=cluster, **COLUMNS) for cluster in ("pair", "site", "both", ["pair", "site"])
    )
    np.testing.assert_allclose(found.covariance(), one.covariance() + two.covariance() - both.covariance(), rtol=1e-8)
    nested = andersen_gill(data, cluster=["pair", "person"], **COLUMNS)  # a person is in one pair: the pair is all
    np.testing.assert_allclose(nested.covariance(), one.covariance(), rtol=1e-10)


def test_they_say_what_their_ratios_are_about_and_are_drawn() -> None:
    data = _rows(6)
    everything = andersen_gill(data, **COLUMNS).summary()
    assert everything.headline.startswith("The rate of reoffending, every event counted, among the treated was ")
    assert everything.notes[1].startswith("About all events")
    assert f"80 people, {len(data)} rows, {int(data['event'].sum())} events; nobody was dropped." in everything.notes[0]
    following = prentice_williams_peterson(data, clock="gap", **COLUMNS)
    assert "The rate of the next reoffence, given the number so far, among the treated" in following.summary().headline
    assert "time runs from the event before" in following.summary().notes[1]
    assert "put later ones together with `max_event`" in following.summary().notes[2]
    assert "Fewer than 200 people or clusters with events on one side of 'Treated'" in following.summary().notes[3]
    assert following.method.startswith("Prentice-Williams-Peterson model in gap time, Efron ties")
    assert len(prentice_williams_peterson(data, max_event=2, small_sample=True, **COLUMNS).summary().notes) == 2
    assert following.plot().get_xlabel() == "Hazard ratio (ratio scale)"
    assert following.to_frame()["n"].tolist() == [80, 80]


def test_the_callers_columns_may_have_any_name() -> None:
    data = _rows(7)
    odd = data.rename(columns={"age": "event_number", "start": "stop", "stop": "start"})
    columns = {**COLUMNS, "start": "stop", "stop": "start", "covariates": ["treated", "event_number"]}
    found = prentice_williams_peterson(odd, clock="gap", max_event=2, **columns).to_frame()
    expected = prentice_williams_peterson(data, clock="gap", max_event=2, **COLUMNS).to_frame()
    np.testing.assert_allclose(found["estimate"], expected["estimate"], rtol=1e-12)


@pytest.mark.parametrize(("fit", "options"), FITS)
@pytest.mark.parametrize(
    ("change", "extra", "words"),
    [
        ({"start": 0}, {}, "people in 'person' have rows that overlap"),
        ({"start": lambda d: d["start"] - 5}, {}, "'start' is negative in 80 rows|rows that overlap"),
        ({"start": lambda d: d["stop"]}, {}, "is not before 'stop'"),
        ({"event": lambda d: d["event"] + 1}, {}, "rows are neither"),
        ({"event": 0}, {}, "rows are censored"),
        ({"event": lambda d: d["event"] * (1 - d["treated"])}, {}, "No event is seen in one of the two groups"),
        ({"age": 30}, {}, "'age' is constant"),
        ({"w": 0}, {"weights": "w"}, "zero or negative"),
        ({"stop": None}, {}, "missing in"),
        ({}, {"cluster": "pair", "robust": False}, "ignores the clusters"),
        ({}, {"cluster": "treated"}, "too few for robust errors"),
        ({}, {"cluster": ["pair", "person", "area"]}, "a list of two"),
        ({}, {"covariates": "age"}, "list of column names"),
        ({}, {"ties": "nearest"}, "'nearest' is not available"),
        ({}, {"id": None}, "`id` has to name a column"),
        ({}, {"start": None}, "`start` has to name a column"),
    ],
)
def test_what_cannot_be_fitted_is_a_sentence(
    fit: Any, options: dict[str, Any], change: dict[str, Any], extra: dict[str, Any], words: str
) -> None:
    with pytest.raises((EstimationError, InputError), match=words) as caught:
        fit(_rows(8).assign(**change), **{**COLUMNS, **options, **extra})
    assert str(caught.value).endswith((".", ")."))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"clock": "street"}, "'total' or 'gap'; 'street' is not available"),
        ({"max_event": 0}, "whole number from 1"),
        ({"max_event": 2.5}, "whole number from 1"),
        ({"max_event": True}, "whole number from 1"),
    ],
)
def test_clocks_and_numbers_that_do_not_exist(options: dict[str, Any], words: str) -> None:
    with pytest.raises(EstimationError, match=words):
        prentice_williams_peterson(_rows(9), **COLUMNS, **options)


def test_broken_promises_are_caught() -> None:
    good = andersen_gill(_rows(10), **COLUMNS)
    options: dict[str, Any] = {"model": good.model, "kind": "all events", "n_rows": good.n_rows, "_errors": ""}
    with pytest.raises(InvariantError, match="lost or doubled"):
        RecurrentModel(n=80, n_events=1, _counts=good.by_number(), **options)
    with pytest.raises(InvariantError, match="More people wait"):
        RecurrentModel(n=3, n_events=good.n_events, _counts=good.by_number(), **options)


@pytest.mark.slow
def test_intervals_by_person_cover_and_those_that_forget_the_person_do_not() -> None:
    """Some people offend far more than others: 300 worlds without an effect of treatment."""
    by_person = by_row = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        rate = rng.gamma(0.5, 2, 150)
        counts = rng.poisson(3 * rate)
        person = np.repeat(np.arange(150), counts)
        times = pd.DataFrame({"person": person, "stop": np.ceil(rng.uniform(0, 365, len(person)))}).drop_duplicates()
        ends = pd.DataFrame({"person": np.arange(150), "stop": 366.0})
        rows = pd.concat([times.assign(event=1), ends.assign(event=0)]).sort_values(["person", "stop"])
        rows["start"] = rows.groupby("person")["stop"].shift(fill_value=0.0)
        rows["treated"] = rows["person"] % 2
        columns = {**COLUMNS, "covariates": ["treated"]}
        for robust in (True, False):
            frame = andersen_gill(rows, robust=robust, **columns).to_frame()
            covered = bool(frame["conf_low"][0] < 0 < frame["conf_high"][0])
            by_person, by_row = by_person + (robust and covered), by_row + (not robust and covered)
    assert 0.91 * 300 <= by_person <= 0.98 * 300
    assert by_row < 0.75 * 300
