"""Differences in days free of the event: by hand, against the room of survival, and what each design makes of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.datasets import recid, rossi
from dipeval.effects import (
    Effect,
    SpecificationGrid,
    estimate_effect,
    estimate_effects,
    hidden_bias,
    specification_curve,
    subgroup_effects,
)
from dipeval.effects.design_analysis import DesignAnalysis
from dipeval.effects.estimate import ESTIMATORS, make_request
from dipeval.effects.estimators.bootstrap import plan_of, resampled
from dipeval.effects.estimators.restricted import checked_horizon
from dipeval.effects.request import EstimateOptions
from dipeval.errors import EstimationError, InputError
from dipeval.survival.columns import read_rows
from dipeval.survival.curves.restricted import rmst_influence
from tests.unit.effects.people_of_every_outcome import design_of, invented, with_facts

COVARIATES = ["priors", "educ", "age", "felon"]


def days(design: Any, outcomes: pd.DataFrame, **options: Any) -> Effect:
    named = {"time": "time", "event": "event"} | options
    return estimate_effect(design, outcomes, measure="rmst_difference", **named)


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    frame = recid()
    return frame.assign(time=frame["months_to_return"], event=frame["returned"])


def six() -> tuple[Any, pd.DataFrame]:
    index = pd.Index(list("abcdef"))
    outcomes = pd.DataFrame({"time": [2.0, 5, 10, 1, 4, 10], "event": [1, 0, 0, 1, 1, 0]}, index=index)
    return design_of(pd.DataFrame(index=index), [1, 1, 1, 0, 0, 0], [1.0, 1, 1, 2, 1, 1]), outcomes


def test_by_hand() -> None:
    """Treated: 1 until day 2, then 2/3. Comparison, weights 2, 1, 1: 1 until day 1, 1/2 until day 4, then 1/4."""
    effect = days(*six(), horizon=8, std_error="hc0")
    assert effect.mean_treated == pytest.approx(2 + 6 * 2 / 3, rel=1e-14)
    assert effect.mean_comparison == pytest.approx(1 + 3 / 2 + 4 / 4, rel=1e-14)
    assert effect.estimate == pytest.approx(6 - 3.5, rel=1e-14)
    assert (effect.horizon, effect.n_events_treated, effect.n_events_comparison) == (8.0, 1, 2)
    assert effect.outcome_kind == "time"
    early = days(*six(), horizon=3, std_error="hc0")
    assert early.n_events_comparison == 1  # the event of day 4 lies beyond the days that are counted


def test_the_figures_of_r_on_rossi() -> None:
    """Without weights the mean is that of `survfit(..., rmean)`; its difference 2.0417 is in the reference."""
    data = rossi().rename(columns={"weeks_to_arrest": "time", "arrested": "event"})
    effect = days(dip.weight(data, treated="fin", covariates=["age"], method="none"), data, horizon=52)
    assert (effect.mean_treated, effect.mean_comparison) == pytest.approx((46.875, 44.8333333333), rel=1e-9)
    assert effect.se_method == "robust (infinitesimal jackknife; weighted Kaplan-Meier curves)"


@pytest.mark.parametrize("kind", ["people", "pairs", "persons"])
def test_it_is_the_area_and_the_influence_of_the_room_of_survival(kind: str) -> None:
    design, outcomes = invented()
    names = pd.Series([f"c{place // 2}" for place in range(240)], outcomes.index)
    chosen = with_facts(design, clusters=names) if kind == "pairs" else design
    effect = days(chosen, outcomes, horizon=60, cluster=names if kind == "persons" else None)
    data = outcomes.assign(treated=design.treated.astype(int), weight=design.weights, pair=names)
    rows = read_rows(data, time="time", event="event", weights="weight", by="treated")
    means, slopes = rmst_influence(rows, 60)
    assert effect.estimate == pytest.approx(means[1] - means[0], rel=1e-12)
    parts = pd.Series(np.where(rows.group == 1, 1, -1) * rows.weight * slopes)
    codes = np.arange(240) if kind == "people" else pd.factorize(names)[0][rows.position]
    assert effect.std_error == pytest.approx(math.sqrt((parts.groupby(codes).sum() ** 2).sum()), rel=1e-12)
    words = {"people": "robust (inf", "pairs": "clustered by pair (inf", "persons": "clustered by person (inf"}[kind]
    assert words in effect.se_method


@pytest.mark.parametrize("method", ["entropy", "ipw"])
def test_errors_know_that_the_weights_were_estimated(people: pd.DataFrame, method: str) -> None:
    some = people.iloc[:200]
    design = dip.weight(some, treated="workprg", covariates=COVARIATES[:3], method=method)
    effect = days(design, some, horizon=60)
    assert effect.se_method.startswith("M-estimation")
    request = make_request(
        design,
        some["event"],
        "event",
        measure="rmst_difference",
        at_risk=some["time"].to_numpy(dtype=float),
        options=EstimateOptions(horizon=60),
    )
    found, plan = ESTIMATORS["weighted"](request), plan_of(request)
    assert found.contributions is not None
    for person in range(0, 200, 41):
        more, less = np.ones(200), np.ones(200)
        more[person], less[person] = 1 + 1e-4, 1 - 1e-4
        up, down = (ESTIMATORS["weighted"](resampled(request, plan, often)).centre for often in (more, less))
        assert (up - down) / 2e-4 == pytest.approx(found.contributions[person], abs=1e-6)


def test_a_bootstrap_comes_near_the_sandwich(people: pd.DataFrame) -> None:
    design = dip.match(people, treated="workprg", covariates=COVARIATES, caliper=0.2)
    plain = days(design, people, horizon=60)
    again = days(design, people, horizon=60, std_error="bootstrap", draws=60)
    assert "60 resamples" in again.se_method
    assert again.estimate == plain.estimate
    # 60 draws: the Monte Carlo error of a standard deviation is 1 / sqrt(120), about 9%; four of those
    assert again.std_error == pytest.approx(plain.std_error, rel=0.37)


def test_without_a_horizon_the_days_are_those_that_both_groups_are_followed() -> None:
    design, outcomes = six()
    assert days(design, outcomes).horizon == 10
    shorter = outcomes.assign(time=outcomes["time"].where(outcomes["time"] < 10, [10.0, 10, 9, 10, 10, 10]))
    effect = days(design, shorter)
    assert effect.horizon == 9
    assert effect.estimate == days(design, shorter, horizon=9).estimate
    with pytest.raises(EstimationError, match=r"horizon=9.5 lies beyond the follow-up of the treated people.*give a"):
        days(design, shorter, horizon=9.5)
    # where all of a group have had the event its curve is 0, and its mean is known at any horizon
    gone = outcomes.assign(event=[1, 1, 1, 1, 1, 0], time=[2.0, 5, 6, 1, 4, 10])
    assert days(design, gone).horizon == 10
    request = make_request(design, gone["event"], "event", measure="rmst_difference", at_risk=gone["time"].to_numpy())
    both = gone["event"].where(gone.index != "f", 1).to_numpy(dtype=float)
    everybody = type(request.sample)(
        outcome=both,
        treated=request.sample.treated,
        weights=request.sample.weights,
        clusters=None,
        at_risk=request.sample.at_risk,
    )
    assert checked_horizon(None, everybody) == 10


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"horizon": 0}, InputError, "a number above 0"),
        ({"horizon": "year"}, InputError, "a number above 0"),
        ({"time": None}, InputError, "A difference in days free of the event needs the frame"),
        ({"at_risk": "time"}, InputError, "leave at_risk= out"),
        ({"std_error": "hc3"}, InputError, "'hc3' is not given for a difference in days"),
        ({"std_error": "count"}, InputError, "'count' is not given"),
        ({"std_error": "abadie_imbens"}, EstimationError, "no Abadie-Imbens estimate or error"),
        ({"std_error": "cluster_hc0"}, EstimationError, "needs pairs, sets or persons"),
        ({"estimator": "regression"}, InputError, "is not adjusted by averaging predictions"),
        ({"adjust": ["age"]}, InputError, "adjust="),
    ],
)
def test_what_is_refused(options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        days(*invented(), **options)


def test_a_group_without_events_and_other_measures_are_refused() -> None:
    design, outcomes = invented()
    quiet = outcomes.assign(event=outcomes["event"].where(design.treated, 0))
    with pytest.raises(EstimationError, match="No event is seen in group comparison"):
        days(design, quiet, horizon=60)
    for measure in ("hazard_ratio", "risk_difference"):
        with pytest.raises(InputError, match="horizon= is for measure='rmst_difference'"):
            named = {"time": "time", "event": "event"} if measure == "hazard_ratio" else {"outcome_name": "event"}
            estimate_effect(design, outcomes, measure=measure, horizon=60, **named)


def test_before_the_first_event_of_a_group_there_is_nothing_to_tell() -> None:
    design, outcomes = six()
    for horizon in (0.5, 1.5):  # nobody of either group; nobody of the treated
        with pytest.raises(EstimationError, match="No event is seen in group"):
            days(design, outcomes, horizon=horizon)


def test_a_group_in_which_everybody_has_the_event_still_varies_in_time() -> None:
    design, outcomes = six()
    everybody = outcomes.assign(event=[1, 1, 1, 1, 1, 0])
    assert days(design, everybody, horizon=8).constant_groups == ()
    assert "spread counts as nil" not in str(days(design, everybody, horizon=8).summary())


def test_row_order_and_the_unit_of_time_change_nothing() -> None:
    design, outcomes = invented()
    first = days(design, outcomes, horizon=60).to_frame()
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(240)
        moved = with_facts(design, weights=design.weights.iloc[order], treated=design.treated.iloc[order])
        pd.testing.assert_frame_equal(days(moved, outcomes, horizon=60).to_frame(), first, check_exact=True)
    weeks = days(design, outcomes.assign(time=outcomes["time"] / 7), horizon=60 / 7)
    assert 7 * weeks.estimate == pytest.approx(first["estimate"].iloc[0], rel=1e-10)
    assert 7 * weeks.std_error == pytest.approx(first["std_error"].iloc[0], rel=1e-10)
    double = with_facts(design, weights=2 * design.weights)
    assert days(double, outcomes, horizon=60).std_error == pytest.approx(first["std_error"].iloc[0], rel=1e-12)


def test_what_it_says() -> None:
    effect = days(*six(), horizon=8, std_error="hc0", outcome_name="reoffended")
    summary = effect.summary()
    assert "days free of it, of the first 8, for each treated person" in summary.headline
    assert "6.00 days on average for treated people against 3.50 for comparison people" in summary.headline
    notes = " ".join(summary.notes)
    assert "to the event or to day 8" in notes
    assert "no E-value is given for a difference in days" in notes
    assert math.isnan(effect.e_value)
    assert "Treated (mean days free of it)" in summary.to_frame()["Quantity"].tolist()
    assert effect.plot().has_data()


def test_several_outcomes_subgroups_and_a_grid_of_designs_take_it(people: pd.DataFrame) -> None:
    design = dip.match(people, treated="workprg", covariates=COVARIATES, caliper=0.2)
    alone = days(design, people, horizon=60, outcome_name="event")
    several = estimate_effects(
        design,
        people[["event", "returned_12m", "time"]],
        primary="event",
        measures={"event": ["rmst_difference", "hazard_ratio"]},
        time="time",
        horizon=60,
    )
    assert several.to_frame()["estimate"].iloc[0] == alone.estimate
    assert "difference in days free of it" in str(several.summary())
    named = {"measure": "rmst_difference", "time": "time", "event": "event"}
    times = people[["time", "event"]]
    found = subgroup_effects(design, times, people, by=["married"], horizon=60, **named)
    assert found.overall.estimate == alone.estimate
    frame = found.to_frame()
    assert frame["in_test"].all()
    assert frame["estimate"].min() < alone.estimate < frame["estimate"].max()
    married = people["married"] == 1
    part = days(with_facts_of(design, design.weights.where(married, 0.0)), people, horizon=60)
    assert frame.loc[frame["level"] == "yes", "estimate"].iloc[0] == pytest.approx(part.estimate, rel=1e-12)
    asked = {"time": "time", "event": "event", "horizon": 60}
    grid = SpecificationGrid(
        covariates=tuple(COVARIATES), methods=("nearest", "entropy"), measure="rmst_difference", estimation=asked
    )
    curve = specification_curve(people, people, grid=grid, treated="workprg").to_frame()
    assert curve["estimate"].iloc[0] == alone.estimate
    analysis = DesignAnalysis(
        covariates=COVARIATES,
        outcome="event",
        measure="rmst_difference",
        method="nearest",
        options={"caliper": 0.2},
        estimation={"time": "time", "horizon": 60},
    )
    assert analysis(people.rename(columns={"workprg": "treated"})).estimate == alone.estimate
    left = " ".join(hidden_bias(design, people["event"], alone).summary().notes)
    assert "no ratio of shares or rates" in left


def with_facts_of(design: Any, weights: pd.Series) -> Any:
    """The same people with other weights."""
    return design_of(pd.DataFrame(index=weights.index), design.treated, weights, method="nearest")


def test_designs_of_one_question_need_one_horizon() -> None:
    for make in (
        lambda: SpecificationGrid(covariates=("age",), measure="rmst_difference"),
        lambda: DesignAnalysis(covariates=("age",), outcome="event", measure="rmst_difference"),
    ):
        with pytest.raises(InputError, match="must name the horizon"):
            make()
    with pytest.raises(InputError, match="a negative control is one column"):
        dip.NegativeControl(column="motoring", when="after_index", measure="hazard_ratio")
