"""The cost of reoffending person by person: averages and shares by hand, and nobody given away."""

from __future__ import annotations

import math
from dataclasses import fields
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.effects.estimate import make_request
from dipeval.errors import DesignError, EstimationError, InputError, InvariantError
from dipeval.outcomes.columns import UNFIT
from dipeval.roi.costs_of_crime.tables import load_unit_costs
from dipeval.roi.offences import prolific_bootstrap
from dipeval.roi.offences.concentration import average, levels_of, people_between, share_of_top
from dipeval.roi.offences.prolific import ValuePerPerson, value_per_person
from dipeval.roi.offences.prolific_figures import COLUMNS, CONCENTRATION

COVARIATES = ["age", "priors"]
GROUPS = {"shoplifting": 1.0, "domestic_burglary": 0.4, "drug_possession": 0.2}
WORTH = {"shoplifting": 570.0 - 110.0, "domestic_burglary": 7_720.0 - 1_030.0, "drug_possession": 0.0}


def invented(n: int = 1000, seed: int = 2, effect: float = 0.6) -> tuple[pd.DataFrame, pd.DataFrame]:
    random = np.random.default_rng(seed)
    people = pd.DataFrame(
        {"age": random.normal(size=n), "priors": random.poisson(2.0, n)},
        index=pd.Index([f"p{number:04d}" for number in range(n)], name="person_id"),
    )
    people["treated"] = (random.random(n) < 1 / (1 + np.exp(0.5 + 0.5 * people["age"]))).astype(int)
    rate = random.gamma(0.6, 2.0, n) * np.where(people["treated"] == 1, effect, 1.0)
    rows = [
        pd.DataFrame({"person_id": people.index, "offence_group": group, "n_reoffences": random.poisson(share * rate)})
        for group, share in GROUPS.items()
    ]
    offences = pd.concat(rows, ignore_index=True)
    return people, offences[offences["n_reoffences"] > 0]


def design_of(people: pd.DataFrame, method: str = "none", **options: Any) -> dip.Design:
    make = dip.weight if method in ("entropy", "ipw", "none") else dip.match
    known = dict.fromkeys(COVARIATES, "before_index")
    return make(people, treated="treated", covariates=COVARIATES, method=method, measured_at=known, **options)


def costs_of(people: pd.DataFrame, offences: pd.DataFrame) -> pd.Series:
    priced = offences["n_reoffences"] * offences["offence_group"].map(WORTH)
    return priced.groupby(offences["person_id"]).sum().reindex(people.index).fillna(0.0).rename("cost")


def value_of(method: str = "none", asked: dict[str, Any] | None = None, **made: Any) -> ValuePerPerson:
    people, offences = invented()
    return value_per_person(design_of(people, method, **made), offences, **{"draws": 60, **(asked or {})})


def upper_trimmed(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    """By brute force: weight is taken away from the dearest people until the share is gone."""
    left = share * weights.sum()
    kept = weights.copy()
    for place in np.argsort(values)[::-1]:
        taken = min(left, kept[place])
        kept[place] -= taken
        left -= taken
    return float((kept * values).sum() / kept.sum())


def test_averages_by_hand() -> None:
    values, weights = np.array([0.0, 10.0, 100.0]), np.array([5.0, 4.0, 1.0])
    assert float(average(values, weights)) == 14.0
    assert float(average(values, weights, 0.0, 0.95)) == pytest.approx((40 + 0.5 * 100) / 9.5, rel=1e-14)
    assert float(average(values, weights, 0.45, 0.55)) == pytest.approx(5.0, rel=1e-14)
    assert float(share_of_top(values, weights, 0.1)) == pytest.approx(100 / 140, rel=1e-14)
    assert float(share_of_top(values, weights, 0.3)) == pytest.approx(120 / 140, rel=1e-14)
    assert math.isnan(share_of_top(np.array([0.0]), np.array([3.0]), 0.1))
    many = np.vstack([weights, [1.0, 1.0, 0.0]])
    assert average(values, many).tolist() == [14.0, 5.0]


@pytest.mark.parametrize("share", [0.01, 0.05, 0.25])
def test_weighted_trimmed_means_agree_with_taking_people_away_one_by_one(share: float) -> None:
    random = np.random.default_rng(4)
    values, weights = random.integers(0, 9, 60).astype(float) ** 3, random.uniform(0.2, 3, 60)
    levels = levels_of(values, np.ones(60, dtype=bool), np.arange(60))
    found = float(average(levels.values, levels.weights(weights), 0.0, 1 - share))
    assert found == pytest.approx(upper_trimmed(values, weights, share), rel=1e-12)


def test_people_behind_a_cut_are_counted_one_by_one() -> None:
    values = np.array([0.0] * 60 + [5.0] * 40)
    levels = levels_of(values, np.ones(100, dtype=bool), np.arange(100))
    assert people_between(levels, np.ones(100), 0.95, 1.0) == 5
    assert people_between(levels, np.ones(100), 0.0, 0.95) == 95
    assert people_between(levels, np.ones(100), 0.99, 1.0) == 1
    assert people_between(levels, np.ones(100), 0.945, 1.0) == 6


def test_every_row_by_brute_force() -> None:
    people, offences = invented()
    design = design_of(people)
    value = value_per_person(design, offences, draws=60, trim=0.1)
    cost, treated = costs_of(people, offences).to_numpy(), people["treated"].to_numpy() == 1
    frame = value.to_frame().set_index("term")
    assert list(value.to_frame().columns) == list(COLUMNS)
    assert list(value.concentration().columns) == list(CONCENTRATION)
    effect = dip.estimate_effect(design, pd.Series(cost, people.index, name="cost"), measure="mean_difference")
    mean = frame.loc["mean"]
    assert (mean["estimate"], mean["std_error"]) == (-effect.estimate, effect.std_error)
    assert (mean["conf_low"], mean["conf_high"]) == (-effect.conf_high, -effect.conf_low)
    for term, share in (("trimmed_mean", 0.1), ("without_top_1", 0.01)):
        sides = [upper_trimmed(cost[rows], np.ones(rows.sum()), share) for rows in (treated, ~treated)]
        assert frame.loc[term, ["treated", "comparison"]].tolist() == pytest.approx(sides, rel=1e-12)
        assert frame.loc[term, "estimate"] == pytest.approx(sides[1] - sides[0], rel=1e-12)
        assert frame.loc[term, "n_people_behind"] == math.ceil(share * min(treated.sum(), (~treated).sum()))
    held = value.concentration().set_index(["group", "top_share"])["share_of_cost"]
    top = upper_trimmed(cost[treated], np.ones(treated.sum()), 0.05) * 0.95 * treated.sum()
    assert held["treated", 0.05] == pytest.approx(1 - top / cost[treated].sum(), rel=1e-12)
    assert value.unpriced == ("drug_possession",)


def test_the_middle_is_near_the_median_and_is_nobodys_value() -> None:
    people, offences = invented(seed=5)
    more = pd.DataFrame({"person_id": people.index, "offence_group": "robbery"})
    more["n_reoffences"] = np.random.default_rng(1).poisson(8, len(people))
    value = value_per_person(design_of(people), pd.concat([offences, more]), draws=60)
    middle = value.to_frame().set_index("term").loc["median"]
    assert middle["n_people_behind"] >= 10
    cost = costs_of(people, offences) + more["n_reoffences"].to_numpy() * (10_490 - 480)
    for name, side in (("treated", 1), ("comparison", 0)):
        group = cost[people["treated"] == side]
        assert abs(middle[name] - group.median()) < 0.1 * group.std()
        assert not np.isclose(group, middle[name]).any()


@pytest.mark.parametrize(("method", "units"), [("none", "people"), ("entropy", "people"), ("nearest", "pairs")])
def test_resamples_agree_with_the_bootstrap_of_the_effect(method: str, units: str) -> None:
    people, offences = invented(250)
    design = design_of(people, method)
    value = value_per_person(design, offences, draws=200, seed=3)
    cost = costs_of(people, offences)
    effect = dip.estimate_effect(design, cost, measure="mean_difference", std_error="bootstrap", draws=200, seed=3)
    row = value.to_frame().set_index("term").loc["mean_bootstrap"]
    assert row["std_error"] == pytest.approx(effect.std_error, rel=1e-9)
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
    assert value.units == units


def test_persons_with_several_rows_are_drawn_whole() -> None:
    people, offences = invented(200)
    persons = pd.Series(np.arange(200) // 2, people.index)
    design = design_of(people)
    value = value_per_person(design, offences, draws=60, cluster=persons)
    request = make_request(design, costs_of(people, offences), "cost", measure="mean_difference", cluster=persons)
    cost = costs_of(people, offences).to_numpy()
    levels = levels_of(cost, np.ones(200, dtype=bool), np.arange(200))
    plan, blocks = prolific_bootstrap.resamples(request, levels, levels, 60, 0)
    assert (value.units, plan.words, plan.n_units) == ("persons", "persons", 100)
    assert all((block.treated.sum(axis=1) == 200).all() for block in blocks)


def test_the_order_of_rows_moves_no_bit_and_the_seed_is_all_that_does() -> None:
    people, offences = invented()
    shuffled = people.sample(frac=1, random_state=9)
    for method in ("entropy", "nearest"):
        one = value_per_person(design_of(people, method), offences, draws=60)
        again = value_per_person(design_of(shuffled, method), offences[::-1], draws=60)
        pd.testing.assert_frame_equal(one.to_frame(), again.to_frame(), check_exact=True)
        pd.testing.assert_frame_equal(one.concentration(), again.concentration(), check_exact=True)
        assert str(one.summary()) == str(again.summary())
    other = value_per_person(design_of(people, "nearest"), offences, draws=60, seed=1)
    assert other.to_frame()["conf_low"].iloc[1] != one.to_frame()["conf_low"].iloc[1]
    assert other.to_frame()["conf_low"].iloc[0] == one.to_frame()["conf_low"].iloc[0]


def test_where_no_bootstrap_is_valid_the_mean_stays_and_the_notes_say_why() -> None:
    value = value_of("nearest", replace=True, caliper=None)
    frame = value.to_frame().set_index("term")
    assert frame["conf_low"].notna().tolist() == [True, False, False, False, False]
    assert frame["estimate"].drop("without_top_1").notna().all()
    assert value.concentration()["conf_low"].isna().all()
    assert value.draws == 0
    assert any("Abadie and Imbens 2008" in note for note in value.summary().notes)
    assert value.plot().has_data()


def test_resamples_without_weights_are_left_out_and_too_many_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    real = prolific_bootstrap.plan_of

    def failing(every: int) -> Any:
        def plan_of(request: Any) -> Any:
            plan, count = real(request), iter(range(10_000))

            def weigh(multiples: np.ndarray) -> np.ndarray:
                if next(count) % every == 0:
                    raise DesignError("no solution")
                return np.asarray(plan.weigh(multiples))

            return SimpleNamespace(units=plan.units, weigh=weigh, words=plan.words, how=plan.how, n_units=plan.n_units)

        return plan_of

    monkeypatch.setattr(prolific_bootstrap, "plan_of", failing(30))
    assert value_of("entropy").to_frame()["conf_low"].notna().all()
    monkeypatch.setattr(prolific_bootstrap, "plan_of", failing(2))
    with pytest.raises(EstimationError, match="30 of 60 resamples"):
        value_of("entropy")


def crafted(dear: int) -> ValuePerPerson:
    """Treated people offend less, but for a few who offend a very great deal."""
    n = 200
    people = pd.DataFrame({"treated": [1] * n + [0] * n, "age": 0.0}, index=pd.RangeIndex(2 * n, name="person_id"))
    people["age"] = np.tile(np.arange(n, dtype=float), 2)
    counts = np.r_[[1, 1, 1, 2] * (n // 4), [2, 2, 2, 3] * (n // 4)]
    counts[:dear] = 400
    offences = pd.DataFrame({"person_id": people.index, "offence_group": "shoplifting", "n_reoffences": counts})
    known = {"age": "before_index"}
    design = dip.weight(people, treated="treated", covariates=["age"], method="none", measured_at=known)
    return value_per_person(design, offences, draws=60)


def test_a_mean_that_a_few_people_turn_round_is_said_in_the_headline() -> None:
    value = crafted(5)
    assert value.disagreeing == ("trimmed_mean", "median")
    headline = value.summary().headline
    assert "The mean and the mean without the dearest 5% and the middle person point to different sides" in headline
    assert "hangs on a few prolific people" in headline
    assert headline.startswith("The data point to a higher cost") or "do not settle" in headline
    calm = crafted(0)
    assert calm.disagreeing == ()
    assert "different sides" not in calm.summary().headline


def test_figures_that_rest_on_fewer_than_three_people_are_withheld() -> None:
    people, offences = invented(120)
    value = value_per_person(design_of(people), offences, draws=60)
    frame = value.to_frame().set_index("term")
    assert frame.loc["without_top_1", "n_people_behind"] < 3
    assert frame.loc["without_top_1", ["estimate", "treated", "comparison", "std_error"]].isna().all()
    held = value.concentration().set_index(["group", "top_share"])
    assert held.loc[("treated", 0.01), ["share_of_cost", "conf_low", "conf_high"]].isna().all()
    assert any("fewer than 3 people" in note for note in value.summary().notes)
    assert not any("dearest 1% of the treated hold" in note for note in value.summary().notes)
    names = [text.get_text() for text in value.plot().get_yticklabels()]
    assert names == ["Mean (adds up to money)", "Mean, bootstrap interval", "Without the dearest 5%", "Middle person"]


def test_headlines_by_what_the_interval_of_the_mean_holds() -> None:
    people, offences = invented(1500, effect=0.3)
    assert "cost £" in value_per_person(design_of(people), offences, draws=60).summary().headline
    assert "less per person" in value_per_person(design_of(people), offences, draws=60).summary().headline
    turned = design_of(people.assign(treated=1 - people["treated"]))
    assert "a higher cost, not a lower one" in value_per_person(turned, offences, draws=60).summary().headline
    same = value_per_person(design_of(invented(200, effect=1.0)[0]), invented(200, effect=1.0)[1], draws=60)
    assert "do not settle whether the reoffending of treated people cost less" in same.summary().headline


def test_perspectives_prices_and_anticipation() -> None:
    costs = load_unit_costs().set_index("offence_group")
    social = value_of()
    with_early = value_of(asked={"include_anticipation": True})
    ratio = with_early.to_frame()["treated"][0] / social.to_frame()["treated"][0]
    assert 1.1 < ratio < 1.4
    fiscal = value_of(asked={"perspective": "fiscal"})
    people, offences = invented()
    response = offences["offence_group"].map(costs["response"].astype(float)).fillna(0.0) * offences["n_reoffences"]
    treated = people["treated"] == 1
    by_hand = response[offences["person_id"].map(treated)].sum() / treated.sum()
    assert fiscal.to_frame()["treated"][0] == pytest.approx(by_hand, rel=1e-12)
    later = value_of(asked={"price_year": 2023})
    assert later.to_frame()["treated"][0] > social.to_frame()["treated"][0]
    assert "2023/24 prices" in later.summary().headline
    assert any("costs in anticipation of crime are counted" in note for note in with_early.summary().notes)


def test_perspectives_that_cannot_be_priced_by_person_are_refused() -> None:
    with pytest.raises(InputError, match="how much of the consequences is harm"):
        value_of(asked={"perspective": "economic"})
    bare = load_unit_costs()[["offence_group", "anticipation", "unit_cost", "price_year"]]
    with pytest.raises(InputError, match="what responding to crime costs for"):
        value_of(asked={"perspective": "fiscal", "unit_costs": bare})
    assert value_of(asked={"unit_costs": bare}).statuses == ("user",)
    harm = load_unit_costs().assign(harm=100.0)
    economic = value_of(asked={"perspective": "economic", "unit_costs": harm})
    assert economic.to_frame()["treated"][0] < value_of().to_frame()["treated"][0]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"perspective": "cash"}, "perspective='cash' is not known"),
        ({"trim": 0.0}, "trim=0.0 is not a share"),
        ({"trim": 0.3}, "trim=0.3 is not a share"),
        ({"trim": True}, "trim=True is not a share"),
        ({"draws": 10}, "at least 50 and at most 100,000; it is 10"),
        ({"draws": 99.5}, "at least 50 and at most 100,000; it is 99.5"),
        ({"seed": -1}, "at least 0; it is -1"),
        ({"seed": "x"}, "at least 0; it is 'x'"),
        ({"level": 2}, "not the coverage of an interval"),
    ],
)
def test_options_that_do_not_fit_are_refused_by_a_sentence(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        value_of(asked=asked)


def test_few_people_and_few_with_a_cost_are_refused() -> None:
    people, offences = invented(30)
    with pytest.raises(EstimationError, match="need at least 20 in each group"):
        value_per_person(design_of(people), offences)
    people, offences = invented()
    with pytest.raises(EstimationError, match="Fewer than 3 people of a group"):
        value_per_person(design_of(people), offences[offences["offence_group"] == "drug_possession"])


def test_outcomes_that_must_not_be_compared_are_refused() -> None:
    people, offences = invented()
    table = offences.groupby("person_id")["n_reoffences"].sum().reindex(people.index).fillna(0).to_frame()
    table.attrs[UNFIT] = "their follow-up was cut short"
    with pytest.raises(EstimationError, match="cut short"):
        value_per_person(design_of(people), SimpleNamespace(by_group=offences, to_frame=lambda: table))


def test_a_result_that_gives_somebody_away_or_is_not_the_effect_cannot_exist() -> None:
    good = value_of()
    facts = {one.name: getattr(good, one.name) for one in fields(good)}
    with pytest.raises(InvariantError, match="value of one could be worked out"):
        ValuePerPerson(**facts | {"_frame": good.to_frame().assign(n_people_behind=2)})
    moved = good.to_frame()
    moved.loc[0, "estimate"] += 1.0
    with pytest.raises(InvariantError, match="not the one that the effect is about"):
        ValuePerPerson(**facts | {"_frame": moved})
    frame = good.to_frame()
    frame.iloc[0, 2] = 0.0
    assert good.to_frame().iloc[0, 2] != 0.0
    assert "p0000" not in repr(good) + good._repr_html_()
