"""Estimates worked out by hand, refusals, and what a change of row order may not change."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval.effects import effects_frame, estimate_effect, shift_in_standard_errors
from dipeval.errors import DesignError, EstimationError, InputError, InvariantError


def fake_design(
    treated: list[int], weights: list[float] | None = None, pairs: list[Any] | None = None, **kwargs: Any
) -> Any:
    index = pd.Index([f"p{number}" for number in range(len(treated))], name="person_id")
    facts: dict[str, Any] = {
        "weights": pd.Series(weights or [1.0] * len(treated), index),
        "treated": pd.Series(treated, index).astype(bool),
        "clusters": None if pairs is None else pd.Series(pairs, index, dtype=object),
        "estimand_in_words": "the average effect on the treated people",
        "fingerprint": "0123456789abcdef",
        "method": "nearest",
        "n_treated_dropped": 0,
    }
    return SimpleNamespace(**{**facts, **kwargs})


def outcome_of(design: Any, values: list[Any], name: str = "reoffended") -> pd.Series:
    return pd.Series(values, design.weights.index, name=name)


def large_design(seed: int = 1, n: int = 400) -> tuple[Any, pd.Series]:
    rng = np.random.default_rng(seed)
    treated = [1, 0] * (n // 2)
    design = fake_design(treated, pairs=[f"pair{number // 2}" for number in range(n)])
    return design, outcome_of(design, rng.poisson(np.where(np.array(treated) == 1, 1.5, 2.0)).tolist(), "n_reoffences")


def test_risk_difference_and_hc0_by_hand() -> None:
    design = fake_design([1] * 4 + [0] * 5)
    effect = estimate_effect(design, outcome_of(design, [1, 0, 0, 0, 1, 1, 1, 0, 0]))
    assert effect.estimate == pytest.approx(0.25 - 0.6, rel=1e-14)
    # p (1 - p) / n in each group: what HC0 is for two unweighted shares
    assert effect.std_error == pytest.approx(math.sqrt(0.25 * 0.75 / 4 + 0.6 * 0.4 / 5), rel=1e-14)
    assert effect.conf_low == pytest.approx(effect.estimate - 1.959963984540054 * effect.std_error, rel=1e-14)
    assert (effect.n_treated, effect.n_comparison) == (4, 5)
    assert effect.se_method == "robust (HC0)"


def test_pair_cluster_error_by_hand() -> None:
    design = fake_design([1, 0] * 4, pairs=["a", "a", "b", "b", "c", "c", "d", "d"])
    effect = estimate_effect(design, outcome_of(design, [3, 1, 2, 2, 0, 1, 5, 1]), measure="mean_difference")
    gaps = np.array([2.0, 0.0, -1.0, 4.0])
    plain = ((gaps - gaps.mean()) ** 2).sum() / 16
    assert effect.estimate == pytest.approx(gaps.mean(), rel=1e-14)
    assert effect.std_error == pytest.approx(math.sqrt(plain * 4 / 3 * 7 / 6), rel=1e-14)
    assert "4 pairs" in effect.se_method


def test_risk_ratio_and_its_e_value_by_hand() -> None:
    design = fake_design([1] * 10 + [0] * 10)
    effect = estimate_effect(design, outcome_of(design, [1] * 6 + [0] * 4 + [1] * 3 + [0] * 7), measure="risk_ratio")
    assert effect.estimate == pytest.approx(2, rel=1e-14)
    assert effect.std_error == pytest.approx(math.sqrt(0.4 / 6 + 0.7 / 3), rel=1e-14)
    assert effect.conf_high == pytest.approx(2 * math.exp(1.959963984540054 * effect.std_error), rel=1e-14)
    assert effect.e_value == pytest.approx(2 + math.sqrt(2), rel=1e-14)
    assert effect.e_value_limit == 1.0


def test_one_person_with_nearly_all_the_weight_is_refused() -> None:
    # HC0 would give an error of 0.22 here, as if the one comparison person were known without doubt
    design = fake_design([1] * 4 + [0] * 5, [1] * 4 + [100, 1, 1, 1, 1])
    with pytest.raises(EstimationError, match="One comparison person carries more than 90% of the group's weight"):
        estimate_effect(design, outcome_of(design, [1, 0, 0, 0, 1, 1, 1, 0, 0]))
    lighter = fake_design([1] * 4 + [0] * 5, [1] * 4 + [30, 1, 1, 1, 1])
    assert estimate_effect(lighter, outcome_of(lighter, [1, 0, 0, 0, 1, 1, 1, 0, 0])).std_error > 0


def test_weights_enter_the_mean_and_the_error() -> None:
    design = fake_design([1, 1, 0, 0], [1, 1, 1.5, 0.5])
    effect = estimate_effect(design, outcome_of(design, [1, 3, 2, 6]), measure="mean_difference")
    assert effect.mean_comparison == pytest.approx(3, rel=1e-14)
    assert effect.std_error == pytest.approx(math.sqrt(0.5 + (1.5 * 1 / 2) ** 2 + (0.5 * 3 / 2) ** 2), rel=1e-14)


def test_people_without_a_weight_do_not_count_and_need_no_outcome() -> None:
    design = fake_design([1, 1, 1, 0, 0, 0], [1, 1, 0, 1, 1, 0])
    effect = estimate_effect(design, outcome_of(design, [1, 0, None, 1, 1, None]))
    assert (effect.n_treated, effect.n_comparison) == (2, 2)
    assert effect.estimate == -0.5


def test_row_order_changes_no_digit() -> None:
    design, outcome = large_design()
    weights = design.weights.where(design.treated, np.random.default_rng(2).gamma(2, 1, len(outcome)))
    rng = np.random.default_rng(3)
    for clusters in (None, design.clusters):
        first = estimate_effect(fake_like(design, weights, clusters), outcome, measure="mean_difference")
        for _ in range(5):
            order = rng.permutation(len(outcome))
            moved = fake_like(
                design, weights.iloc[order], None if clusters is None else clusters.iloc[rng.permutation(len(outcome))]
            )
            again = estimate_effect(moved, outcome.iloc[rng.permutation(len(outcome))], measure="mean_difference")
            pd.testing.assert_frame_equal(again.to_frame(), first.to_frame(), check_exact=True)
            assert str(again.summary()) == str(first.summary())


def fake_like(design: Any, weights: pd.Series, clusters: pd.Series | None) -> Any:
    return SimpleNamespace(**{**vars(design), "weights": weights, "clusters": clusters})


def test_new_pair_labels_change_no_digit() -> None:
    design, outcome = large_design()
    relabelled = fake_like(design, design.weights, design.clusters.map(lambda name: f"x{hash(name) % 10**9}"))
    first = estimate_effect(design, outcome, measure="mean_difference").std_error
    assert estimate_effect(relabelled, outcome, measure="mean_difference").std_error == first


@pytest.mark.parametrize("dtype", ["boolean", "bool", "Int64", "float32", "object"])
def test_any_numeric_or_yes_no_dtype_will_do(dtype: str) -> None:
    design = fake_design([1, 1, 1, 0, 0, 0])
    values = pd.Series([True, False, False, True, True, False], design.weights.index).astype(dtype)
    assert estimate_effect(design, values).estimate == pytest.approx(-1 / 3, rel=1e-14)


def test_a_frame_needs_the_name_of_its_column() -> None:
    design = fake_design([1, 1, 0, 0])
    frame = pd.DataFrame({"reoffended": [1, 0, 1, 1], "n_reoffences": [4, 0, 1, 2]}, index=design.weights.index)
    assert estimate_effect(design, frame, outcome_name="reoffended").outcome_name == "reoffended"
    with pytest.raises(InputError, match="outcome_name="):
        estimate_effect(design, frame)
    with pytest.raises(InputError, match="no column 'wrong'; it has: reoffended, n_reoffences"):
        estimate_effect(design, frame, outcome_name="wrong")
    with pytest.raises(InputError, match="pandas Series"):
        estimate_effect(design, [1, 0, 1, 1])  # type: ignore[arg-type]


@pytest.mark.parametrize("measure", ["median_difference", "cohens_d"])
def test_other_measures_are_refused_with_what_to_use(measure: str) -> None:
    design = fake_design([1, 1, 0, 0])
    with pytest.raises(EstimationError, match=r"use .*(risk_|mean_difference|dipeval\.)"):
        estimate_effect(design, outcome_of(design, [1, 0, 1, 1]), measure=measure)


def test_missing_outcomes_are_counted_and_refused() -> None:
    design = fake_design([1, 1, 0, 0])
    with pytest.raises(InputError, match=r"missing for 2 of the 4 people .* make the design again"):
        estimate_effect(design, outcome_of(design, [1, None, None, 1]))
    with pytest.raises(InputError, match="missing for 1 of the 4"):
        estimate_effect(design, outcome_of(design, [1, 0, 1, 1]).iloc[1:])


@pytest.mark.parametrize("measure", ["risk_difference", "risk_ratio"])
def test_a_count_is_no_risk(measure: str) -> None:
    design = fake_design([1, 1, 0, 0])
    with pytest.raises(InputError, match=r"needs an outcome of 0 and 1.*mean_difference"):
        estimate_effect(design, outcome_of(design, [1, 0, 2, 1]), measure=measure)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["yes", "no", "no", "yes"], "not numeric"),
        ([1, math.inf, 0, 1], "infinite"),
        (list(pd.to_datetime(["2020-01-01"] * 4)), "not numeric"),
    ],
)
def test_outcomes_that_are_no_numbers_are_refused(values: list[Any], words: str) -> None:
    design = fake_design([1, 1, 0, 0])
    with pytest.raises(InputError, match=words) as caught:
        estimate_effect(design, outcome_of(design, values))
    assert "yes" not in str(caught.value).replace("yes/no", "")


def test_two_rows_a_person_are_refused() -> None:
    design = fake_design([1, 1, 0, 0])
    outcome = outcome_of(design, [1, 0, 1, 1])
    with pytest.raises(InputError, match="more than one row for 1 people"):
        estimate_effect(design, pd.concat([outcome, outcome.iloc[:1]]))


def test_one_treated_person_is_refused() -> None:
    design = fake_design([1, 0, 0])
    with pytest.raises(EstimationError, match="uses 1 treated person: at least 2"):
        estimate_effect(design, outcome_of(design, [1, 0, 1]))


def test_an_outcome_without_variation_is_refused_and_one_sided_variation_is_said() -> None:
    design = fake_design([1, 1, 0, 0])
    with pytest.raises(EstimationError, match="does not vary within either group"):
        estimate_effect(design, outcome_of(design, [1, 1, 0, 0]))
    effect = estimate_effect(design, outcome_of(design, [0, 0, 0, 1]))
    assert effect.constant_groups == ("treated",)
    assert any("interval is too narrow" in note for note in effect.summary().notes)
    assert math.isnan(effect.e_value)
    with pytest.raises(EstimationError, match="Nobody has the outcome"):
        estimate_effect(design, outcome_of(design, [0, 0, 0, 1]), measure="risk_ratio")
    paired = fake_design([1, 0, 1, 0], pairs=[1, 1, 2, 2])
    with pytest.raises(EstimationError, match="does not vary between the pairs"):
        estimate_effect(paired, outcome_of(paired, [1, 1, 0, 0]))


def test_broken_designs_are_refused() -> None:
    values = [1, 0, 1, 1]
    for weights in ([1, 1, 1, -1], [1, 1, 1, math.nan], [1, 1, 1, math.inf]):
        design = fake_design([1, 1, 0, 0], weights)
        with pytest.raises(DesignError, match="make the design again"):
            estimate_effect(design, outcome_of(design, values))
    design = fake_design([1, 0, 1, 0], pairs=["a", "a", "b", None])
    with pytest.raises(DesignError, match="1 people have a weight but belong to no pair"):
        estimate_effect(design, outcome_of(design, values))
    design = fake_design([1, 0, 1, 0], pairs=["a"] * 4)
    with pytest.raises(EstimationError, match="single pair"):
        estimate_effect(design, outcome_of(design, values))


def test_what_is_no_design_or_no_outcome_is_a_sentence() -> None:
    design = fake_design([1, 1, 0, 0])
    outcome = outcome_of(design, [1, 0, 1, 1])
    for wrong in (None, "entropy", outcome, pd.DataFrame({"weights": [1.0], "treated": [True]})):
        with pytest.raises(InputError, match=rf"dip\.match or dip\.weight gives; it is a {type(wrong).__name__}\."):
            estimate_effect(wrong, outcome)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"such as outcomes\.to_frame\(\)\['reoffended'\]; it is a NoneType\."):
        estimate_effect(design, None)  # type: ignore[arg-type]
    with pytest.raises(EstimationError, match="measure"):
        estimate_effect(design, outcome, measure=["risk_difference"])  # type: ignore[arg-type]


def test_the_level_is_a_share() -> None:
    design = fake_design([1, 1, 0, 0])
    with pytest.raises(InputError, match=r"level='0\.95'"):
        estimate_effect(design, outcome_of(design, [1, 0, 1, 1]), level="0.95")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="level=95"):
        estimate_effect(design, outcome_of(design, [1, 0, 1, 1]), level=95)
    wide = estimate_effect(design, outcome_of(design, [1, 0, 1, 0]), level=0.99)
    assert wide.conf_high == pytest.approx(2.5758293035489004 * wide.std_error, rel=1e-12)


def test_an_effect_keeps_its_promises() -> None:
    design, outcome = large_design()
    effect = estimate_effect(design, outcome, measure="mean_difference")
    facts = {name: getattr(effect, name) for name in effect.__dataclass_fields__}
    for broken in ({"conf_low": 9.0}, {"std_error": 0.0}, {"p_value": 1.5}, {"n_treated": 0}):
        with pytest.raises(InvariantError):
            type(effect)(**{**facts, **broken})


def test_to_frame_is_one_fresh_row_and_effects_stack() -> None:
    design, outcome = large_design()
    effect = estimate_effect(design, outcome, measure="mean_difference")
    frame = effect.to_frame()
    assert list(frame.columns) == [
        "term", "group", "estimate", "std_error", "conf_low", "conf_high", "p_value", "n", "n_treated",
        "n_comparison", "mean_treated", "mean_comparison",
    ]  # fmt: skip
    frame["estimate"] = 0.0
    assert effect.to_frame()["estimate"].iloc[0] == effect.estimate
    stacked = effects_frame({"Matched": effect, "Again": effect})
    assert stacked["label"].tolist() == ["Matched", "Again"]
    assert effects_frame([effect])["label"].tolist() == ["Number of proven reoffences"]


def test_the_shift_is_in_standard_errors_of_the_unadjusted_estimate() -> None:
    design, outcome = large_design()
    plain = fake_like(design, design.weights, None)
    one = estimate_effect(design, outcome, measure="mean_difference")
    raised = (outcome + design.treated.astype(int)).rename("n_reoffences")
    other = estimate_effect(plain, raised, measure="mean_difference")
    assert shift_in_standard_errors(one, other) == pytest.approx(1 / other.std_error, rel=1e-12)
    yes_no = (outcome > 0).astype(int)
    ratio = estimate_effect(design, yes_no, measure="risk_ratio", outcome_name="n_reoffences")
    assert shift_in_standard_errors(ratio, ratio) == 0
    with pytest.raises(InputError, match="differ in measure or outcome"):
        shift_in_standard_errors(one, ratio)
