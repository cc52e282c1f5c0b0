"""Cox models with gamma frailties: against integrals and dense algebra, at the edges, and every refusal."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.stats import chi2, gamma

import dipeval as dip
from dipeval.errors import EstimationError, InputError, InvariantError
from dipeval.survival import cox
from dipeval.survival.columns import read_rows
from dipeval.survival.hazards import frailty_penalty, frailty_profile
from dipeval.survival.hazards.fitting import Named, fit_rows
from dipeval.survival.hazards.frailty import shared_frailty
from dipeval.survival.hazards.frailty_penalty import (
    Grouped,
    Point,
    _information_times,
    best_at,
    covariance_at,
    first_guess,
    without_frailties,
)
from dipeval.survival.hazards.frailty_profile import fit_variance, integrated_loglik, integrated_slope
from dipeval.survival.hazards.frailty_result import FrailtyModel, _top_tenth
from dipeval.survival.hazards.kernel import evaluate

COLUMNS: dict[str, Any] = {"time": "stop", "event": "event", "entry": "start", "group": "person"}
TERMS = ["treated", "age"]


def _rows(seed: int, people: int = 80, variance: float = 0.8, rate: float = 0.008, days: int = 300) -> pd.DataFrame:
    """Whole days, several events a person, some custody after an event."""
    rng = np.random.default_rng(seed)
    found = []
    for person in range(people):
        treated, age = person % 2, int(rng.integers(18, 50))
        prone = rng.gamma(1 / variance, variance) if variance else 1.0
        now, end = 0, int(rng.integers(days // 2, days))
        while now < end:
            wait = int(np.ceil(rng.exponential(1 / (rate * prone * np.exp(-0.4 * treated - 0.01 * (age - 30))))))
            stop = min(now + wait, end)
            found.append((person, now, stop, int(now + wait <= end), treated, age))
            now = stop + (int(rng.integers(2, 20)) if rng.random() < 0.3 else 0)
    frame = pd.DataFrame(found, columns=["person", "start", "stop", "event", "treated", "age"])
    return frame.assign(area=frame["person"] % 7, force=frame["person"] // 2 % 2)


def _grouped(data: pd.DataFrame, terms: list[str] = TERMS, ties: str = "efron", strata: str | None = None) -> Grouped:
    rows = read_rows(data, time="stop", event="event", entry="start", cluster="person", strata=strata, covariates=terms)
    named = Named(covariates=tuple(terms), columns={}, together=(), strata=pd.DataFrame(), index=data.index)
    fit = fit_rows(rows, named, ties=ties, robust=False)
    events = np.bincount(rows.clusterings[0][1], weights=rows.event)
    return Grouped(cox=fit, group=fit.inside.clusterings[0][1], size=len(events), events=events)


def _fitted(grouped: Grouped, theta: float) -> Point:
    return best_at(grouped, theta, first_guess(grouped, without_frailties(grouped), theta))


def _figures(model: FrailtyModel) -> np.ndarray:
    numbers = model.to_frame().drop(columns="term").to_numpy(dtype=float).ravel()
    return np.concatenate([numbers, [model.theta, model.theta_low, model.theta_high, model.loglik, model.loglik_cox]])


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    return _rows(3)


@pytest.fixture(scope="module")
def model(data: pd.DataFrame) -> FrailtyModel:
    return shared_frailty(data, covariates=TERMS, **COLUMNS)


# ---- against integrals and a general optimiser, on a dozen invented people ----


TINY = pd.DataFrame(
    {
        "person": [0, 0, 0, 1, 1, 2, 3, 3, 3, 3, 4, 5, 5, 6, 7],
        "start": [0.0, 5, 9, 0, 7, 0, 0, 3, 6, 8, 0, 0, 4, 2, 0],
        "stop": [5.0, 9, 12, 7, 12, 12, 3, 6, 8, 11, 10, 4, 12, 12, 11],
        "event": [1, 0, 0, 1, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0],
        "treated": [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 1],
    }
)


def _parts(beta: float, log_steps: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Events and cumulative hazard of each person, and the log hazards at the events, for a hazard that is steps."""
    times = np.unique(TINY.loc[TINY["event"] == 1, "stop"])
    score = np.exp(beta * TINY["treated"].to_numpy())
    at_risk = (TINY["start"].to_numpy()[:, None] < times) & (times <= TINY["stop"].to_numpy()[:, None])
    spent = np.bincount(TINY["person"], weights=score * (at_risk @ np.exp(log_steps)))
    died = TINY["event"].to_numpy() == 1
    at = np.searchsorted(times, TINY["stop"].to_numpy()[died])
    logs = float((beta * TINY["treated"].to_numpy()[died] + log_steps[at]).sum())
    return np.bincount(TINY["person"], weights=died), spent, logs


def _by_integration(beta: float, log_steps: np.ndarray, theta: float) -> float:
    """The likelihood of what was seen, each person's frailty integrated out numerically."""
    events, spent, logs = _parts(beta, log_steps)
    known = gamma(1 / theta, scale=theta)
    total = logs
    for d, hazard in zip(events, spent, strict=True):
        pieces = [
            quad(lambda z, d=d, h=hazard: z**d * np.exp(-z * h) * known.pdf(z), *between, epsabs=1e-13, epsrel=1e-11)[0]
            for between in ((1e-12, 0.5), (0.5, 3), (3, 12), (12, 60))
        ]
        total += float(np.log(sum(pieces)))
    return total


def _closed(values: np.ndarray, theta: float) -> float:
    """The same integral in closed form (checked against the numbers), to be maximised."""
    events, spent, logs = _parts(values[0], values[1:])
    rising = sum(float(np.log1p(theta * np.arange(d)).sum()) for d in events)
    return logs + rising - float(((1 / theta + events) * np.log1p(theta * spent)).sum())


def _steps(grouped: Grouped, point: Point) -> np.ndarray:
    """Breslow's jumps of the baseline at a fitted point, for covariates as they are (not centred)."""
    cells = grouped.cox.cells
    frailty = np.exp(point.omega)[grouped.group]
    slope = point.beta / grouped.cox.scale
    return np.log(cells.death_weight / cells.at_risk(frailty * np.exp(grouped.cox.inside.covariates @ slope)))


@pytest.mark.parametrize("theta", [0.3, 0.9])
def test_the_integrated_likelihood_is_the_integral(theta: float) -> None:
    grouped = _grouped(TINY, ["treated"], "breslow")
    point = _fitted(grouped, theta)
    beta, steps = float(point.beta[0] / grouped.cox.scale[0]), _steps(grouped, point)
    by_hand = _by_integration(beta, steps, theta)
    assert by_hand == pytest.approx(_closed(np.array([beta, *steps]), theta), rel=1e-8)
    deaths = grouped.cox.cells.deaths
    constant = float((deaths * np.log(deaths)).sum() - deaths.sum())  # what a partial likelihood leaves out
    assert integrated_loglik(grouped.events, point) == pytest.approx(by_hand - constant, rel=1e-8)


def test_a_general_optimiser_finds_the_same_maximum() -> None:
    grouped = _grouped(TINY, ["treated"], "breslow")
    found = fit_variance(grouped, "person", 0.95)
    assert found.best.theta > 1
    start = np.array([found.best.beta[0] / grouped.cox.scale[0], *_steps(grouped, found.best)])

    def lost(values: np.ndarray) -> float:
        return -_closed(values[:-1], float(np.exp(values[-1])))

    elsewhere = np.concatenate([start + 0.3, [0.0]])
    best = minimize(lost, elsewhere, method="BFGS", options={"gtol": 1e-7})
    assert best.x[0] == pytest.approx(start[0], abs=1e-5)
    assert np.exp(best.x[-1]) == pytest.approx(found.best.theta, rel=1e-4)
    assert lost(np.concatenate([start, [np.log(found.best.theta)]])) <= best.fun + 1e-10


def test_the_standard_error_is_that_of_the_integrated_likelihood() -> None:
    """Numerical second derivatives over the coefficient and every step of the baseline, at one variance."""
    grouped = _grouped(TINY, ["treated"], "breslow")
    point = _fitted(grouped, 0.6)
    at, h = np.array([point.beta[0] / grouped.cox.scale[0], *_steps(grouped, point)]), 1e-3
    unit = np.eye(len(at)) * h
    second = np.array(
        [
            [
                (
                    _closed(at + a + b, 0.6)
                    - _closed(at + a - b, 0.6)
                    - _closed(at - a + b, 0.6)
                    + _closed(at - a - b, 0.6)
                )
                / (4 * h * h)
                for a in unit
            ]
            for b in unit
        ]
    )
    ours = grouped.cox.unscaled(covariance_at(grouped, point))[0, 0]
    assert ours == pytest.approx(np.linalg.inv(-second)[0, 0], rel=1e-5)


# ---- the algebra ----


@pytest.mark.parametrize(("ties", "strata"), [("efron", None), ("breslow", None), ("efron", "force")])
def test_products_and_covariance_are_those_of_the_dense_information(ties: str, strata: str | None) -> None:
    data = _rows(5, people=14, days=60, rate=0.05)
    data[["start", "stop"]] = np.ceil(data[["start", "stop"]] / 3)  # many ties
    grouped = _grouped(data[data["start"] < data["stop"]], ties=ties, strata=strata)
    point = _fitted(grouped, 0.7)
    whole = np.column_stack([grouped.cox.x, np.eye(grouped.size)[grouped.group]])
    dense = np.array([whole.T @ _information_times(grouped, point, column) for column in whole.T])
    np.testing.assert_allclose(dense, dense.T, atol=1e-10)
    wide = dataclasses.replace(grouped.cox, x=whole)
    rows = grouped.cox.inside
    kernel = evaluate(wide.cells, whole, rows.weight, np.concatenate([point.beta, point.omega]))
    np.testing.assert_allclose(dense, kernel.information, atol=1e-9)
    dense[2:, 2:] += np.diag(np.exp(point.omega) / 0.7)
    np.testing.assert_allclose(covariance_at(grouped, point), np.linalg.inv(dense)[:2, :2], rtol=1e-9)
    np.testing.assert_allclose(point.score, 0, atol=1e-7)
    assert point.loglik == pytest.approx(kernel.loglik, rel=1e-12)


@pytest.mark.parametrize("theta", [0.05, 0.8, 6.0])
def test_the_slope_is_the_slope(theta: float) -> None:
    grouped = _grouped(_rows(3))
    near = [integrated_loglik(grouped.events, _fitted(grouped, theta + h)) for h in (-1e-4, 1e-4)]
    assert integrated_slope(grouped, _fitted(grouped, theta)) == pytest.approx((near[1] - near[0]) / 2e-4, abs=1e-5)


def test_the_slope_at_zero_is_the_limit_of_slopes() -> None:
    grouped = _grouped(_rows(3))
    at_zero = integrated_slope(grouped, without_frailties(grouped))
    assert integrated_slope(grouped, _fitted(grouped, 1e-5)) == pytest.approx(at_zero, rel=1e-3)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_a_variance_near_zero_is_the_cox_model(ties: str) -> None:
    grouped = _grouped(_rows(3), ties=ties)
    plain = grouped.cox.maximum
    point = _fitted(grouped, 1e-10)
    np.testing.assert_allclose(point.beta, plain.beta, rtol=1e-8)
    np.testing.assert_allclose(covariance_at(grouped, point), grouped.cox.bread, rtol=1e-8)
    assert integrated_loglik(grouped.events, point) == pytest.approx(plain.at_maximum.loglik, rel=1e-8)


def test_frailties_are_those_of_the_em_algorithm(model: FrailtyModel) -> None:
    frame = model.frailties()
    shape = 1 / model.theta + frame["n_events"]
    np.testing.assert_allclose(frame["estimate"], shape / (1 / model.theta + frame["expected_events"]), rtol=1e-9)
    np.testing.assert_allclose(frame["estimate"].mean(), 1, rtol=1e-9)
    np.testing.assert_allclose((frame["estimate"] * frame["expected_events"]).sum(), model.n_events, rtol=1e-9)
    assert (frame["conf_low"] < frame["estimate"]).all()
    assert (frame["estimate"] < frame["conf_high"]).all()


# ---- the variance ----


def test_interval_and_test_are_those_of_the_profile(data: pd.DataFrame, model: FrailtyModel) -> None:
    grouped = _grouped(data)
    assert 0 < model.theta_low < model.theta < model.theta_high
    for limit in (model.theta_low, model.theta_high):
        lost = 2 * (model.loglik - integrated_loglik(grouped.events, _fitted(grouped, limit)))
        assert lost == pytest.approx(3.841458820694124, rel=1e-6)
    frame = model.variance()
    assert frame["statistic"][0] == pytest.approx(2 * (model.loglik - model.loglik_cox))
    assert frame["p_value"][0] == pytest.approx(chi2.sf(frame["statistic"][0], 1) / 2)
    for step in (0.99, 1.01):
        assert integrated_loglik(grouped.events, _fitted(grouped, step * model.theta)) < model.loglik


def test_a_variance_of_zero_is_reported_with_its_interval() -> None:
    data = _rows(3, variance=0.0)
    model = shared_frailty(data, covariates=TERMS, **COLUMNS)
    assert (model.theta, model.theta_low, model.p_value, model.statistic) == (0, 0, 1, 0)
    assert 0 < model.theta_high < 1
    plain = cox(data, covariates=TERMS, time="stop", event="event", entry="start")
    pd.testing.assert_frame_equal(
        model.to_frame()[["estimate", "std_error"]], plain.to_frame()[["estimate", "std_error"]]
    )
    assert "estimated at 0 (95% interval 0.00 to" in str(model.summary())
    assert "those of the Cox model" in str(model.summary())
    frame = model.frailties()
    assert (frame[["estimate", "conf_low", "conf_high"]] == 1).all(axis=None)
    assert (frame["std_error"] == 0).all()
    assert model.variance()["top_tenth"][0] == 0.1


def test_the_most_prone_tenth() -> None:
    shape = 1 / 0.5
    top = gamma(shape, scale=0.5).ppf(0.9)
    share = quad(lambda z: z * gamma(shape, scale=0.5).pdf(z), top, 60)[0]
    assert _top_tenth(0.5) == pytest.approx(share, rel=1e-8)
    assert _top_tenth(1e5) == 1


def test_events_from_one_group_of_many_give_a_large_variance_and_say_so() -> None:
    quiet = pd.DataFrame({"person": range(1, 40), "start": 0.0, "stop": 120.0, "event": 0})
    busy = pd.DataFrame({"person": 0, "start": [0.0, 20, 40, 60, 80], "stop": [20.0, 40, 60, 80, 120]})
    rows = pd.concat([quiet, busy.assign(event=[1, 1, 1, 1, 0])], ignore_index=True)
    rows["x"] = np.arange(len(rows)) * 7 % 5
    model = shared_frailty(rows, covariates=["x"], **COLUMNS)
    assert model.theta > 10
    assert "Few groups are behind this" in str(model.summary())
    endless = dataclasses.replace(model, theta_high=np.inf)
    assert "without an upper limit" in str(endless.summary())


def test_a_variance_that_only_grows_is_refused(monkeypatch: pytest.MonkeyPatch, data: pd.DataFrame) -> None:
    monkeypatch.setattr(frailty_profile, "_LARGEST", 0.0)
    monkeypatch.setattr(frailty_profile, "integrated_slope", lambda grouped, point: 1.0)
    with pytest.raises(EstimationError, match="variance of the frailties of 'person' has no finite estimate"):
        shared_frailty(data, covariates=TERMS, **COLUMNS)


def test_an_upper_limit_beyond_reach_is_infinite(monkeypatch: pytest.MonkeyPatch, data: pd.DataFrame) -> None:
    monkeypatch.setattr(frailty_profile, "_LARGEST", 0.0)
    monkeypatch.setattr(frailty_profile, "chdtri", lambda df, p: 1e9)
    model = shared_frailty(data, covariates=TERMS, **COLUMNS)
    assert (model.theta_low, model.theta_high) == (0, np.inf)


# ---- what changes nothing ----


def test_row_order_changes_nothing(data: pd.DataFrame, model: FrailtyModel) -> None:
    again = shared_frailty(data.sample(frac=1, random_state=1), covariates=TERMS, **COLUMNS)
    assert (_figures(again) == _figures(model)).all()
    pd.testing.assert_frame_equal(again.frailties(), model.frailties())


def test_unit_of_time_names_and_cut_rows_change_nothing(data: pd.DataFrame, model: FrailtyModel) -> None:
    weeks = data.assign(start=data["start"] / 7, stop=data["stop"] / 7)
    named = data.assign(person="p" + data["person"].astype(str))
    long = data[data["stop"] - data["start"] > 1]
    middle = (long["start"] + long["stop"]) // 2
    cut = [data.drop(long.index), long.assign(stop=middle, event=0), long.assign(start=middle)]
    for other in (weeks, named, pd.concat(cut, ignore_index=True)):
        again = shared_frailty(other, covariates=TERMS, **COLUMNS)
        np.testing.assert_allclose(again.to_frame()["estimate"], model.to_frame()["estimate"], rtol=1e-8)
        np.testing.assert_allclose(again.covariance(), model.covariance(), rtol=1e-8)
        np.testing.assert_allclose(again.theta, model.theta, rtol=1e-7)
        np.testing.assert_allclose(again.loglik, model.loglik, rtol=1e-11)


def test_units_of_covariates_scale_the_ratios(data: pd.DataFrame, model: FrailtyModel) -> None:
    decades = data.assign(age=data["age"] / 10)
    again = shared_frailty(decades, covariates=TERMS, **COLUMNS).to_frame()
    before = model.to_frame()
    for column in ("estimate", "std_error"):
        np.testing.assert_allclose(again[column] / before[column], [1, 10], rtol=1e-8)


def test_groups_never_at_risk_at_an_event_change_nothing(data: pd.DataFrame, model: FrailtyModel) -> None:
    late = pd.DataFrame({"person": [900, 901], "start": [400, 500], "stop": [450, 600], "event": 0})
    more = pd.concat([data, late.assign(treated=1, age=20)], ignore_index=True)
    again = shared_frailty(more, covariates=TERMS, **COLUMNS)
    np.testing.assert_allclose(again.to_frame()["estimate"], model.to_frame()["estimate"], rtol=1e-8)
    np.testing.assert_allclose([again.theta, again.loglik], [model.theta, model.loglik], rtol=1e-8)
    assert (again.n_groups, again.n) == (model.n_groups + 2, model.n + 2)
    np.testing.assert_allclose(again.frailties()["estimate"].iloc[-2:], 1)


def test_areas_strata_and_huge_ties_are_fine(data: pd.DataFrame) -> None:
    yearly = data.assign(start=0, stop=np.ceil(data["stop"] / 100), event=data["event"])
    for ties in ("efron", "breslow"):
        model = shared_frailty(
            yearly, covariates=["age"], time="stop", event="event", group="area", strata="force", ties=ties
        )
        assert model.stratified
        assert model.groups_a_stratum == 7
        assert "stratified" in model.method
        assert "estimated too low" in str(model.summary())


def test_two_groups_are_enough_to_compute_and_the_summary_says_they_are_few(data: pd.DataFrame) -> None:
    model = shared_frailty(data, covariates=["age"], time="stop", event="event", entry="start", group="force")
    assert model.n_groups == 2
    assert "Few groups" in str(model.summary())


# ---- what it says and what it refuses ----


def test_it_says_conditional_and_marginal_and_names_nobody(data: pd.DataFrame) -> None:
    named = data.assign(person="Zz" + data["person"].astype(str))
    model = shared_frailty(named, covariates=TERMS, id="person", **COLUMNS)
    text = str(model.summary())
    for word in ("conditional", "marginal", "profile likelihood", "half a chi-square's", "nobody was dropped"):
        assert word in text
    assert model.summary().headline.startswith("The rate of reoffending at the same frailty of 'person' among the")
    for shown in (text, repr(model), model._repr_html_(), model.to_frame().to_string(), model.variance().to_string()):
        assert "Zz" not in shown
    assert "personal" in str(FrailtyModel.frailties.__doc__)
    assert model.frailties()["group"].str.startswith("Zz").all()


def test_the_top_level_offers_it() -> None:
    assert dip.shared_frailty is shared_frailty


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({"person": 1}, {}, "'person' holds one group"),
        ({"event": 0}, {}, "'event' is never 1"),
        ({}, {"strata": "person"}, "Every stratum holds one group of 'person'"),
        ({}, {"ties": "exact"}, "`ties` is 'efron' or 'breslow'"),
        ({}, {"level": 95}, "level"),
        ({}, {"covariates": []}, "at least one"),
        ({"age": 30}, {}, "'age' is constant"),
        ({"person": np.nan}, {}, "'person' is missing"),
        ({"stop": -1}, {}, "negative"),
    ],
)
def test_what_cannot_be_analysed_is_a_sentence(
    data: pd.DataFrame, change: dict[str, Any], options: dict[str, Any], words: str
) -> None:
    with pytest.raises(EstimationError, match=words):
        shared_frailty(data.assign(**change), **{"covariates": TERMS, **COLUMNS, **options})


def test_rows_alone_in_their_group_are_refused(data: pd.DataFrame) -> None:
    with pytest.raises(EstimationError, match="Every group of 'row' has one row"):
        shared_frailty(data.assign(row=range(len(data))), **{"covariates": TERMS, **COLUMNS, "group": "row"})


def test_groups_without_a_second_event_are_refused(data: pd.DataFrame) -> None:
    first = data["event"] * (data.groupby("person")["event"].cumsum() == 1)
    with pytest.raises(EstimationError, match="No group of 'person' has more than one event"):
        shared_frailty(data.assign(event=first), covariates=TERMS, **COLUMNS)


def test_overlapping_rows_of_a_person_are_refused_where_the_person_is_known(data: pd.DataFrame) -> None:
    twice = pd.concat([data, data.head(1)])
    with pytest.raises(EstimationError, match="have rows that overlap"):
        shared_frailty(twice, covariates=TERMS, id="person", **{**COLUMNS, "group": "area"})


@pytest.mark.parametrize("group", [None, ["person"], "nobody"])
def test_the_group_is_one_column(data: pd.DataFrame, group: Any) -> None:
    with pytest.raises(InputError):
        shared_frailty(data, covariates=TERMS, **{**COLUMNS, "group": group})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"_beta": np.zeros(3)}, "one coefficient a covariate"),
        ({"_covariance": np.zeros((2, 2))}, "without a standard error"),
        ({"theta": -1.0}, "outside its interval"),
        ({"theta_high": 0.0}, "outside its interval"),
        ({"loglik": -1e9}, "fits worse"),
        ({"n": 3}, "lost or doubled"),
        ({"_log_frailties": np.ones(80)}, "average 1"),
    ],
)
def test_a_result_that_breaks_its_promises_is_not_made(model: FrailtyModel, change: dict[str, Any], words: str) -> None:
    with pytest.raises(InvariantError, match=words):
        dataclasses.replace(model, **change)


def test_fits_that_do_not_settle_are_a_sentence(monkeypatch: pytest.MonkeyPatch, data: pd.DataFrame) -> None:
    for name, value, words in (
        ("_MOST_STEPS", 0, "did not settle"),
        ("_MOST_HALVINGS", 0, "no step that raises"),
        ("_MOST_DIRECTIONS", 0, "lost the information"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(frailty_penalty, name, value)
            with pytest.raises(EstimationError, match=words):
                shared_frailty(data, covariates=TERMS, **COLUMNS)


# ---- slow: what was put in comes out, and ten thousand groups ----


def _many(seed: int, people: int, variance: float) -> pd.DataFrame:
    """Offences at a constant rate over a year, days of them whole and distinct within a person."""
    rng = np.random.default_rng(seed)
    treated, age = rng.integers(0, 2, people), rng.normal(size=people).round(2)
    rate = rng.gamma(1 / variance, variance, people) * np.exp(-0.4 * treated + 0.3 * age) * 1.5
    events = pd.DataFrame({"person": np.repeat(np.arange(people), rng.poisson(rate))})
    events["stop"] = np.ceil(rng.uniform(0, 364, len(events)))
    ends = pd.DataFrame({"person": np.arange(people), "stop": 365.0})
    rows = pd.concat([events.drop_duplicates().assign(event=1), ends.assign(event=0)]).sort_values(["person", "stop"])
    rows["start"] = rows.groupby("person")["stop"].shift().fillna(0.0)
    return rows.reset_index(drop=True).assign(treated=treated[rows["person"]], age=age[rows["person"]])


@pytest.mark.slow
@pytest.mark.parametrize("variance", [0.3, 1.0])
def test_the_variance_and_the_ratio_put_in_come_out(variance: float) -> None:
    fits = [shared_frailty(_many(seed, 300, variance), covariates=TERMS, **COLUMNS) for seed in range(40)]
    theta = np.array([fit.theta for fit in fits])
    frames = [fit.to_frame().iloc[0] for fit in fits]
    slope = np.array([frame["estimate"] for frame in frames])
    assert (
        abs(theta.mean() - variance) < 3 * theta.std() / np.sqrt(40) + 0.02 * variance
    )  # maximum likelihood: a bit low
    assert abs(slope.mean() + 0.4) < 3 * slope.std() / np.sqrt(40)
    assert np.mean([frame["std_error"] for frame in frames]) == pytest.approx(slope.std(), rel=0.35)
    covered = [fit.theta_low <= variance <= fit.theta_high for fit in fits]
    assert np.mean(covered) >= 0.85


@pytest.mark.slow
def test_ten_thousand_groups() -> None:
    model = shared_frailty(_many(1, 10_000, 0.8), covariates=TERMS, **COLUMNS)
    assert model.theta_low < 0.8 < model.theta_high
    frame = model.to_frame()
    assert (np.abs(frame["estimate"] - [-0.4, 0.3]) < 3 * frame["std_error"]).all()
