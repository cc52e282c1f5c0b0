"""Every key of the answer reaches its result: how it is estimated, for whom, and what could overturn it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.effects import SpecificationGrid, make_designs
from dipeval.effects.checks.specifications_grid import SpecificationLimits
from dipeval.errors import DesignError, EstimationError, InputError, StudyFileError
from dipeval.study import StudyResult
from dipeval.study.reading import parse_study
from dipeval.study.result import AFTER_THE_GATE
from dipeval.study.sealed import SealedColumns
from dipeval.study.spec_effects import MODELS_OF, EffectSpec, EstimationOptions
from tests.unit.study.people_study import COVARIATES, TREE, people, study

OUTCOMES: list[dict[str, Any]] = [
    {"name": "came_back", "kind": "yes_no", "label": "Came back", "primary": True},
    {"name": "offences", "kind": "count", "label": "Offences", "column": "how_often", "at_risk": "days",
     "measures": ["rate_ratio", "mean_difference"], "family": "numbers"},
    {"name": "hurt", "kind": "yes_no", "label": "Hurt somebody", "measures": ["odds_ratio"], "family": "numbers"},
    {"name": "moved", "kind": "yes_no", "label": "Moved", "measures": ["risk_difference"], "family": "homes"},
]  # fmt: skip
# Of extracts, and of times.
OF_OTHER_DATA = ("before_after", "time_to_event")
BESIDE = {"name": "other", "label": "Other"}


def several(size: int = 300) -> pd.DataFrame:
    """The invented people with further outcomes, and with a fact from before that no design uses."""
    rng = np.random.default_rng(12)
    return people(size).assign(
        how_often=rng.poisson(1.2, size),
        days=rng.integers(200, 366, size),
        hurt=(rng.random(size) < 0.25).astype(int),
        moved=(rng.random(size) < 0.3).astype(int),
        old_offences=rng.poisson(1.0, size),
    )


def run(folder: Path, **changes: Any) -> StudyResult:
    return study(folder, several(), **{"outcomes": OUTCOMES, **changes}).run()


def by_hand(design: Any, **options: Any) -> dip.Effect:
    own = several().set_index("who")
    return dip.estimate_effect(design, own["came_back"], outcome_name="Came back", **{"seed": 1, **options})


# --- how the answer is estimated ------------------------------------------------------------------------------------

ASKED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"method": "entropy"}, {}),
    ({"method": "entropy"}, {"std_error": "hc2"}),
    ({"method": "ipw"}, {"std_error": "m_estimation"}),
    ({"method": "ipw"}, {"std_error": "bootstrap", "draws": 120}),
    ({"method": "radius", "caliper": 0.4}, {"std_error": "count"}),
    ({"method": "entropy"}, {"estimator": "regression", "adjust": ["age", "priors"], "model": "linear"}),
    ({"method": "nearest"}, {"estimator": "regression", "std_error": "cluster_hc0"}),
    ({"method": "ipw"}, {"estimator": "aipw", "estimator_folds": 3}),
    ({"method": "ipw"}, {"estimator": "aipw", "estimator_folds": 1, "std_error": "m_estimation"}),
    ({"method": "nearest", "replace": True}, {"estimator": "abadie_imbens", "adjust": ["age"]}),
    ({"method": "nearest", "replace": True, "ties": "all", "caliper": 0.5}, {"std_error": "abadie_imbens"}),
]


@pytest.mark.parametrize(("design", "keys"), ASKED)
def test_the_answer_is_what_its_keys_ask_for(tmp_path: Path, design: dict[str, Any], keys: dict[str, Any]) -> None:
    result = run(tmp_path, design=design, effect=keys, outcomes=OUTCOMES[:1])
    options = {"folds" if name == "estimator_folds" else name: value for name, value in keys.items()}
    wanted = by_hand(result.design, **options)
    made = result.primary
    assert made is not None
    assert (made.estimate, made.std_error, made.se_method) == (wanted.estimate, wanted.std_error, wanted.se_method)
    assert made.estimator == keys.get("estimator", "weighted")


@pytest.mark.parametrize(("design", "keys"), ASKED)
def test_each_further_design_is_estimated_as_its_own_section_says(
    tmp_path: Path, design: dict[str, Any], keys: dict[str, Any]
) -> None:
    result = run(tmp_path, sensitivity=[BESIDE | design | keys], effect={"std_error": "hc0"}, outcomes=OUTCOMES[:1])
    item = result.sensitivity[0]
    options = {"folds" if name == "estimator_folds" else name: value for name, value in keys.items()}
    wanted = by_hand(item.design, **options)
    assert (item.effects[0].estimate, item.effects[0].se_method) == (wanted.estimate, wanted.se_method)
    assert result.primary is not None
    assert result.primary.se_method == "robust (HC0)"
    assert result.unadjusted[0].se_method == "robust (HC0)"


@pytest.mark.parametrize(
    ("design", "words"),
    [
        ({"method": "entropy"}, "M-estimation"),
        ({"method": "overlap"}, "M-estimation"),
        ({"method": "ipw", "truncate": 0.95}, "robust (HC0)"),
        ({"method": "nearest", "caliper": "none"}, "pair-cluster"),
        ({"method": "nearest", "ratio": 2}, "clustered by matched set"),
        ({"method": "full"}, "clustered by matched set"),
        ({"method": "nearest", "replace": True}, "Abadie-Imbens"),
        ({"method": "radius"}, "M-estimation (robust; allows for the weights following from who is within the radius"),
        ({"method": "subclass"}, "M-estimation (robust; allows for the weights following from who is in which class"),
        ({"method": "none"}, "robust (HC0)"),
    ],
)
def test_left_alone_the_error_is_the_one_that_suits_the_design(
    tmp_path: Path, design: dict[str, Any], words: str
) -> None:
    result = run(tmp_path, sensitivity=[BESIDE | design], outcomes=OUTCOMES[:1])
    assert result.sensitivity[0].effects[0].se_method.startswith(words)


def test_each_outcome_has_the_measures_it_names_over_the_time_it_names(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert [(effect.outcome_name, effect.measure) for effect in result.effects] == [
        ("Came back", "risk_difference"),
        ("Came back", "risk_ratio"),
        ("Offences", "rate_ratio"),
        ("Offences", "mean_difference"),
        ("Hurt somebody", "odds_ratio"),
        ("Moved", "risk_difference"),
    ]
    own = several().set_index("who")
    wanted = dip.estimate_effect(result.design, own["how_often"], measure="rate_ratio", at_risk=own["days"])
    assert result.effects[2].estimate == wanted.estimate
    assert result.effects[2].timed


def test_a_time_at_risk_is_sealed_with_the_outcomes(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match=r'design\.covariates: "days" is an outcome'):
        study(tmp_path, several(), outcomes=OUTCOMES, design={"covariates": [*COVARIATES, "days"]})


def test_a_model_serves_the_outcomes_it_suits_and_no_other(tmp_path: Path) -> None:
    result = run(tmp_path, effect={"estimator": "regression", "model": "poisson"})
    told = {effect.measure: " ".join(effect.remarks) for effect in result.effects}
    assert "logistic model" in told["risk_difference"]
    assert "Poisson model" in told["rate_ratio"]
    assert "Poisson model" in told["mean_difference"]
    asked = EffectSpec(model="negative_binomial")
    assert asked.estimation("rate_ratio")["model"] == "negative_binomial"
    assert "model" not in asked.estimation("mean_difference")
    assert set(MODELS_OF) == set(get_args(EstimationOptions.model_fields["estimator"].annotation))


def test_the_answer_is_never_another_outcome_s(tmp_path: Path) -> None:
    nobody = several().assign(hurt=0)
    outcomes = [OUTCOMES[2] | {"primary": True}, OUTCOMES[1]]
    del outcomes[0]["family"]
    with pytest.raises(EstimationError, match="Hurt somebody"):
        study(tmp_path, nobody, outcomes=outcomes).run()
    # Beside another answer it is passed over, and the rest stands.
    assert "Hurt somebody" not in {
        effect.outcome_name for effect in study(tmp_path, nobody, outcomes=OUTCOMES).run().effects
    }


# --- many outcomes --------------------------------------------------------------------------------------------------


def test_outcomes_are_corrected_within_the_families_of_the_study_file(tmp_path: Path) -> None:
    result = run(tmp_path)
    found = result.many_outcomes
    assert found is not None
    frame = found.to_frame()
    assert frame.groupby("group", sort=False)["family"].first().to_dict() == {
        "Came back": "primary",
        "Offences": "numbers",
        "Hurt somebody": "numbers",
        "Moved": "homes",
    }
    tests = frame[frame["tested"]].set_index("group")
    family = tests.loc[["Offences", "Hurt somebody"], "p_value"].sort_values()
    corrected = np.minimum(np.maximum.accumulate(family.to_numpy() * [2, 1]), 1)
    np.testing.assert_allclose(tests.loc[family.index, "p_value_holm"], corrected)
    for alone in ("Came back", "Moved"):
        assert tests.loc[alone, "p_value_holm"] == tests.loc[alone, "p_value"]
    assert found.primary.outcome_name == result.spec.primary.label


def test_one_outcome_alone_is_no_table_of_many(tmp_path: Path) -> None:
    assert run(tmp_path, outcomes=OUTCOMES[:1]).many_outcomes is None


# --- for whom -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "effect",
    [{}, {"std_error": "hc0"}, {"estimator": "regression", "model": "linear", "adjust": ["age"]}],
)
def test_subgroups_are_estimated_as_the_answer_is(tmp_path: Path, effect: dict[str, Any]) -> None:
    asked = {"by": ["female", "survey"], "cut": {"survey": [0.7, 1.5]}}
    result = run(tmp_path, subgroups=asked, effect=effect, people={"labels": {"female": "Women"}})
    found = result.subgroups
    assert found is not None
    assert result.primary is not None
    assert found.overall.estimate == result.primary.estimate
    assert found.overall.std_error == result.primary.std_error
    own = several().set_index("who")
    wanted = dip.subgroup_effects(
        result.design, own["came_back"], own, by=asked["by"], cut=asked["cut"], outcome_name="Came back", **effect
    )
    pd.testing.assert_frame_equal(found.to_frame(), wanted.to_frame())
    assert found.labels["female"] == "Women"


@pytest.mark.parametrize(
    ("design", "effect"),
    [
        ({"method": "ipw"}, {"estimator": "aipw"}),
        ({"method": "ipw"}, {"std_error": "bootstrap", "draws": 100}),
        ({"method": "nearest", "replace": True}, {"estimator": "abadie_imbens"}),
    ],
)
def test_where_the_answer_cannot_be_taken_to_pieces_subgroups_are_weighted_means(
    tmp_path: Path, design: dict[str, Any], effect: dict[str, Any]
) -> None:
    asked: dict[str, Any] = {"outcomes": OUTCOMES[:1], "subgroups": {"by": ["female"]}}
    found = study(tmp_path, several(900), design=design, effect=effect, **asked).run().subgroups
    assert found is not None
    assert found.overall.estimator == "weighted"
    assert found.tests()["p_value"].notna().all()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"by": ["old_offences", "survey"], "cut": {"survey": [100.0]}}, None),
        ({"by": ["age"]}, r"\[subgroups\]: 'age' has \d+ levels"),
        ({"by": ["nowhere"]}, "nowhere"),
    ],
)
def test_what_cannot_divide_people_is_found_before_any_outcome(
    tmp_path: Path, asked: dict[str, Any], words: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = study(tmp_path, several(), outcomes=OUTCOMES, subgroups=asked)
    monkeypatch.setattr(SealedColumns, "open", _never)
    if words is None:
        assert made.check().diagnostics.passed
    else:
        with pytest.raises(InputError, match=words):
            made.check()


def _never(*_: Any, **__: Any) -> Any:
    raise AssertionError("an outcome was touched before the gate")


# --- what could overturn it -----------------------------------------------------------------------------------------


def test_hidden_bias_stands_beside_every_answer_unless_it_is_not_wanted(tmp_path: Path) -> None:
    found = run(tmp_path, overturn={"benchmarks": ["priors"]}).hidden_bias
    assert found is not None
    assert found.robustness is not None
    assert set(found.robustness.to_frame()["term"]) & set(COVARIATES) == {"priors"}
    everything = run(tmp_path).hidden_bias
    assert everything is not None
    assert everything.robustness is not None
    assert set(COVARIATES) <= set(everything.robustness.to_frame()["term"])
    assert run(tmp_path, overturn={"hidden_bias": False}).hidden_bias is None


def test_a_held_out_fact_is_a_negative_control_by_the_very_design(tmp_path: Path) -> None:
    asked = {"negative_controls": [{"column": "old_offences", "label": "Old offences"}]}
    result = run(tmp_path, overturn=asked, effect={"std_error": "hc0"})
    found = result.negative_controls
    assert found is not None
    own = several().set_index("who")
    wanted = dip.estimate_effect(result.design, own["old_offences"], measure="mean_difference", std_error="hc0")
    row = found.to_frame().iloc[0]
    assert (row["label"], row["estimate"], row["std_error"]) == ("Old offences", wanted.estimate, wanted.std_error)


def test_a_covariate_as_negative_control_is_refused_or_the_design_made_without_it(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"negative_controls": [{"column": "priors", "label": "Priors"}]}
    with pytest.raises(DesignError, match=r"\[overturn\.negative_controls\].*say refit_without = true"):
        study(tmp_path, several(), outcomes=OUTCOMES, overturn=asked).check()
    found = run(tmp_path, overturn=asked | {"refit_without": True}).negative_controls
    assert found is not None
    design = dip.weight(several().set_index("who"), treated="helped", covariates=["age", "female"], method="entropy")
    wanted = dip.estimate_effect(design, several().set_index("who")["priors"], measure="mean_difference")
    assert found.to_frame()["estimate"].iloc[0] == pytest.approx(wanted.estimate, rel=1e-10)


def test_the_specification_curve_is_over_the_grid_of_the_study_file(tmp_path: Path) -> None:
    asked = {
        "methods": ["radius", "nearest", "ipw"],
        "calipers": [0.5, 0.3],
        "ratios": [2, 1],
        "estimators": ["weighted", "regression", "aipw"],
        "leave_out": ["priors"],
    }
    result = run(
        tmp_path,
        design={"method": "nearest", "caliper": 0.3, "exact": ["female"]},
        effect={"estimator": "regression"},
        overturn={"specifications": asked},
    )
    curve = result.specifications
    assert curve is not None
    frame = curve.to_frame()
    main = frame[frame["is_main"]].iloc[0]
    assert (main["method"], main["caliper"], main["ratio"], main["estimator"]) == ("nearest", 0.3, 1, "regression")
    # The first specification is the registered answer itself, ties broken alike.
    assert result.primary is not None
    assert main["estimate"] == result.primary.estimate
    grid = SpecificationGrid(
        covariates=COVARIATES,
        methods=("nearest", "radius", "ipw"),
        calipers=(0.3, 0.5),
        ratios=(1, 2),
        estimators=("regression", "weighted", "aipw"),
        leave_out=("priors",),
    )
    assert set(frame["name"]) == {item.name for item in grid.expand()[0]}
    assert frame["status"].eq("estimated").mean() > 0.9


def test_a_specification_passes_by_the_limits_of_the_study(tmp_path: Path) -> None:
    asked = {"methods": ["nearest", "entropy"], "calipers": [0.2], "estimators": ["weighted"]}
    changes: dict[str, Any] = {"overturn": {"specifications": asked}}
    curve = run(tmp_path, **changes).specifications
    strict = run(tmp_path, diagnostics={"max_smd": 0.05}, **changes).specifications
    assert curve is not None
    assert strict is not None
    own = several().set_index("who").rename(columns={"helped": "treated"})
    grid = SpecificationGrid(covariates=COVARIATES, methods=("entropy", "nearest"), calipers=(0.2,))
    for found, limit in ((curve, 0.25), (strict, 0.05)):
        limits = SpecificationLimits(max_smd=limit, min_treated=5, min_ess=5.0, max_share_dropped=0.9)
        assert found.n_passing == make_designs(own, grid, limits=limits).n_passing
    assert strict.n_passing < curve.n_passing


def test_the_error_of_a_specification_is_left_to_its_design(tmp_path: Path) -> None:
    asked = {"methods": ["entropy", "radius"], "calipers": [0.4], "estimators": ["weighted", "regression"]}
    effect = {"estimator": "regression", "model": "linear", "std_error": "m_estimation"}
    curve = run(tmp_path, effect=effect, overturn={"specifications": asked}).specifications
    assert curve is not None
    assert curve.to_frame()["status"].eq("estimated").all()


# --- the style of the Justice Data Lab ------------------------------------------------------------------------------


def test_the_style_of_the_justice_data_lab_reaches_the_result(tmp_path: Path) -> None:
    asked = {"radius": 0.4, "radius_unit": "sd_pooled", "se": "count", "minimum_people": 10, "minimum_matched": 5}
    found = run(tmp_path, jdl_style=asked).jdl_style
    assert found is not None
    assert (found.design.options["caliper"], found.design.options["caliper_unit"]) == (0.4, "sd_pooled")
    assert (found.rule.se, found.rule.minimum_people, found.rule.minimum_matched) == ("count", 10, 5)
    assert run(tmp_path).jdl_style is None


# --- the gate -------------------------------------------------------------------------------------------------------

ALL: dict[str, Any] = {
    "subgroups": {"by": ["female"]},
    "overturn": {
        "negative_controls": [{"column": "old_offences", "label": "Old offences"}],
        "specifications": {"methods": ["entropy"], "estimators": ["weighted"]},
    },
    "jdl_style": {"radius": 0.5, "minimum_people": 10, "minimum_matched": 5},
}


def test_a_withheld_study_holds_none_of_it_and_opens_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = run(tmp_path, **ALL)
    assert all(getattr(shown, name) is not None for name in AFTER_THE_GATE if name not in OF_OTHER_DATA)
    monkeypatch.setattr(SealedColumns, "open", _never)
    withheld = run(tmp_path, diagnostics={"min_ess": 1e6}, **ALL)
    assert withheld.withheld
    assert all(getattr(withheld, name) is None for name in AFTER_THE_GATE)


def test_a_check_makes_the_designs_and_opens_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dipeval.effects.checks import specifications_designs

    made: list[str] = []
    make = specifications_designs.make_groups_comparable

    def spy(*args: Any, **options: Any) -> Any:
        made.append(options["method"])
        return make(*args, **options)

    monkeypatch.setattr(specifications_designs, "make_groups_comparable", spy)
    monkeypatch.setattr(SealedColumns, "open", _never)
    assert study(tmp_path, several(), outcomes=OUTCOMES, **ALL).check().diagnostics.passed
    assert made == ["entropy"]


# --- keys that do not go together -----------------------------------------------------------------------------------

NEAREST = {"method": "nearest"}
REPLACED = {"method": "nearest", "replace": True}
COMPLAINTS: list[tuple[dict[str, Any], str]] = [
    ({"effect": {"estimator": "aipw"}, "design": NEAREST}, 'effect.estimator: "aipw" uses everybody'),
    ({"sensitivity": [BESIDE | {"method": "overlap", "estimator": "aipw"}]}, "sensitivity[1].estimator: \"aipw\" g"),
    ({"effect": {"estimator": "abadie_imbens"}, "design": NEAREST}, "effect.estimator: \"abadie_imbens\" needs"),
    ({"effect": {"estimator": "tmle"}}, "effect.estimator: found \"tmle\""),
    ({"effect": {"adjust": ["age"]}}, "effect.adjust: weighted means adjust for nothing more"),
    ({"effect": {"estimator": "regression", "adjust": ["survey"]}}, 'effect.adjust: "survey" is no covariate'),
    ({"effect": {"std_error": "m_estimation"}, "design": NEAREST}, 'method "nearest" has no such weights'),
    ({"effect": {"std_error": "m_estimation"}, "design": {"method": "ipw", "truncate": 0.9}}, "cannot allow for trunc"),
    ({"effect": {"std_error": "m_estimation"}, "design": {"method": "ipw", "learner": "ridge"}}, 'learner is "ridge"'),
    ({"effect": {"std_error": "m_estimation", "estimator": "aipw"}, "design": {"method": "ipw"}}, "estimator_folds ="),
    ({"effect": {"std_error": "bootstrap"}, "design": REPLACED}, '"bootstrap" is not valid after nearest with repl'),
    ({"effect": {"std_error": "bootstrap"}, "design": {"method": "radius"}}, '"bootstrap" is not valid after radius'),
    ({"effect": {"std_error": "bootstrap"}, "design": {"method": "cem"}}, '"bootstrap" is not valid after cem'),
    ({"effect": {"std_error": "bootstrap"}, "design": {"method": "ipw", "trim": "crump"}}, "again after trim"),
    ({"effect": {"std_error": "abadie_imbens"}}, "effect.std_error: \"abadie_imbens\" needs"),
    ({"effect": {"std_error": "cluster_hc1"}}, 'effect.std_error: "cluster_hc1" needs pairs or sets'),
    ({"effect": {"std_error": "count", "estimator": "regression"}}, 'estimator "regression" gives no "count"'),
    ({"effect": {"std_error": "hc3", "estimator": "aipw"}, "design": {"method": "ipw"}}, "gives no \"hc3\""),
    ({"effect": {"std_error": "hc0", "estimator": "abadie_imbens"}, "design": REPLACED}, "gives no \"hc0\""),
    ({"effect": {"draws": 500}}, 'effect.draws: this is for std_error = "bootstrap"; take it out'),
    ({"effect": {"draws": 50, "std_error": "bootstrap"}}, "effect.draws: found 50; needed is a number greater"),
    ({"effect": {"estimator_folds": 3}}, 'effect.estimator_folds: this is for estimator = "aipw"'),
    ({"effect": {"model": "logit"}}, 'effect.model: found "logit"; estimator "weighted" has no use for it'),
    ({"effect": {"model": "poisson", "estimator": "regression"}}, "needed is one of linear, logit"),
    ({"effect": {"neighbours": 3}}, "effect.neighbours"),
    ({"outcomes": [OUTCOMES[0] | {"measures": ["rate_ratio"]}]}, 'outcomes[1].measures: found "rate_ratio" for an out'),
    ({"outcomes": [OUTCOMES[0] | {"measures": ["risk_ratio", "risk_ratio"]}]}, "a measure is named twice"),
    ({"outcomes": [OUTCOMES[0] | {"at_risk": "days"}]}, 'outcomes[1].at_risk: the time at risk is for rates: add "rat'),
    ({"outcomes": [OUTCOMES[0] | {"family": "x"}]}, "outcomes[1].family: the primary outcome is tested alone"),
    (
        {"outcomes": OUTCOMES[:2], "effect": {"estimator": "aipw"}, "design": {"method": "ipw"}},
        '"aipw" gives no rate_ratio',
    ),
    ({"outcomes": OUTCOMES[:2], "effect": {"std_error": "count"}}, "an outcome asks for a rate over time"),
    ({"subgroups": {"by": []}}, "subgroups.by: this is empty"),
    ({"subgroups": {"by": ["came_back"]}}, 'subgroups.by: "came_back" is no fact from before treatment'),
    ({"subgroups": {"by": ["helped"]}}, 'subgroups.by: "helped" is no fact from before treatment'),
    ({"subgroups": {"by": ["age", "age"]}}, 'subgroups.by: "age" is named twice'),
    ({"subgroups": {"by": ["female"], "cut": {"age": [30]}}}, 'subgroups.cut.age: "age" is not among subgroups.by'),
    ({"subgroups": {"by": ["age"], "cut": {"age": [40, 30]}}}, "subgroups.cut.age: the breaks must rise"),
    (
        {"subgroups": {"by": ["survey"]}, "people": {"excluded": {"survey": "no"}}},
        'subgroups.by: "survey" is under people.excluded',
    ),
    ({"overturn": {"benchmarks": ["survey"]}}, 'overturn.benchmarks: "survey" is no covariate of [design]'),
    ({"overturn": {"benchmarks": ["age"], "hidden_bias": False}}, "with hidden_bias = false there is nothing"),
    ({"overturn": {"refit_without": True}}, "overturn.refit_without: this is for negative controls with a column"),
    ({"overturn": {"negative_controls": [{"label": "L"}]}}, "overturn.negative_controls[1]: name either column"),
    (
        {"overturn": {"negative_controls": [{"label": "L", "column": "survey", "groups": ["motoring"]}]}},
        "name either column",
    ),
    ({"overturn": {"negative_controls": [{"label": "L", "groups": ["motoring"]}]}}, "are counted from extracts"),
    ({"overturn": {"negative_controls": [{"label": "L", "classes": ["parking"]}]}}, 'found "parking"; needed are some'),
    ({"overturn": {"negative_controls": [{"label": "L", "column": "came_back"}]}}, '"came_back" is an outcome'),
    ({"overturn": {"negative_controls": [{"label": "L", "column": "helped"}]}}, '"helped" says who was treated'),
    ({"overturn": {"negative_controls": [{"label": "L", "column": "survey"}] * 2}}, '"L" is used twice'),
    (
        {
            "overturn": {"negative_controls": [{"label": "L", "column": "survey"}]},
            "people": {"excluded": {"survey": "not ours"}},
        },
        '"survey" is under people.excluded',
    ),
    ({"overturn": {"specifications": {"methods": ["genetic"]}}}, 'found "genetic"; needed are some of nearest'),
    ({"overturn": {"specifications": {"calipers": [0.0]}}}, "overturn.specifications.calipers"),
    ({"overturn": {"specifications": {"calipers": [0.1, 0.1]}}}, "a choice is named twice"),
    ({"overturn": {"specifications": {"leave_out": ["survey"]}}}, '"survey" is no covariate of [design]; only those'),
    (
        {"overturn": {"specifications": {"leave_out": ["age"]}}, "design": {"covariates": ["age"]}},
        "without it nothing would be left",
    ),
    ({"before_after": {}}, "before_after: windows before and after are counted from extracts"),
    ({"jdl_style": {}}, "jdl_style.radius: this is missing"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "words"), COMPLAINTS)
def test_what_does_not_go_together_is_a_complaint_that_names_the_key(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(StudyFileError) as caught:
        study(tmp_path, several(), **{"outcomes": OUTCOMES[:1], **changes})
    assert words in str(caught.value)


DESIGNS: dict[str, dict[str, Any]] = {
    "pairs": {"method": "nearest"},
    "with replacement": {"method": "nearest", "replace": True},
    "every tie": {"method": "nearest", "replace": True, "ties": "all"},
    "optimal": {"method": "optimal"},
    "radius": {"method": "radius", "trim": "percentile"},
    "kernel": {"method": "kernel"},
    "full": {"method": "full"},
    "subclass": {"method": "subclass"},
    "cem": {"method": "cem", "cutpoints": {"age": 2, "priors": 2}},
    "entropy": {"method": "entropy"},
    "entropy of some": {"method": "entropy", "trim": "common_support"},
    "ipw": {"method": "ipw"},
    "ipw truncated": {"method": "ipw", "truncate": 0.95},
    "ipw trimmed": {"method": "ipw", "trim": "percentile"},
    "ipw by probit": {"method": "ipw", "learner": "probit"},
    "ipw by ridge": {"method": "ipw", "learner": "ridge"},
    "overlap": {"method": "overlap"},
    "matching weights": {"method": "matching_weights"},
    "none": {"method": "none"},
}


@pytest.mark.parametrize("name", DESIGNS)
def test_a_study_file_is_refused_what_the_estimate_would_be_refused_and_nothing_else(tmp_path: Path, name: str) -> None:
    beside = BESIDE | DESIGNS[name]
    design = study(tmp_path, several(), outcomes=OUTCOMES[:1], sensitivity=[beside]).check().sensitivity[0].design
    for estimator in get_args(EstimationOptions.model_fields["estimator"].annotation):
        for std_error in get_args(EstimationOptions.model_fields["std_error"].annotation):
            keys = {"estimator": estimator, "std_error": std_error}
            tree = TREE | {"outcomes": OUTCOMES[:1], "sensitivity": [beside | keys]}
            in_the_file = _is_refused(parse_study, tree)
            assert in_the_file == _is_refused(by_hand, design, draws=50, **keys), keys


def _is_refused(make: Callable[..., Any], *given: Any, **options: Any) -> bool:
    try:
        make(*given, **options)
    except InputError:
        return True
    return False


def test_matching_in_the_grid_needs_each_person_s_number() -> None:
    roles = {name: value for name, value in TREE["people"].items() if name != "id"}
    with pytest.raises(StudyFileError, match="matching needs each person's number"):
        parse_study(TREE | {"people": roles, "overturn": {"specifications": {}}})


PAGE = (Path(__file__).resolve().parents[3] / "docs" / "what_this_can_and_cannot_tell_you.md").read_text("utf-8")
# First cell of the table on standard errors -> the designs it speaks of.
ROWS: dict[str, list[dict[str, Any]]] = {
    "`entropy`, `ipw`": [DESIGNS[name] for name in ("entropy", "ipw", "ipw by probit", "overlap", "matching weights")],
    "the same, trimmed": [
        DESIGNS[name] for name in ("entropy of some", "ipw trimmed", "ipw truncated", "ipw by ridge")
    ],
    "`none`": [DESIGNS["none"]],
    "`nearest`, `optimal`": [DESIGNS["pairs"], DESIGNS["optimal"], {"method": "nearest", "ratio": 2}],
    "`full`": [DESIGNS["full"]],
    "`nearest` with": [DESIGNS["with replacement"], DESIGNS["every tie"]],
    "`radius`, `kernel`": [DESIGNS["radius"], DESIGNS["kernel"]],
    "`subclass`, `cem`": [DESIGNS["subclass"], DESIGNS["cem"]],
}
SPOKEN = {"clustered": ("pair-cluster", "clustered by matched set")}


def test_the_page_for_readers_names_every_estimator_and_every_error() -> None:
    for key in ("estimator", "std_error"):
        for name in get_args(EstimationOptions.model_fields[key].annotation):
            assert f"`{name}`" in PAGE or name.startswith("cluster_"), name
    assert "`cluster_...`" in PAGE


@pytest.mark.parametrize("start", ROWS)
def test_the_page_for_readers_says_which_error_a_design_gets_and_what_it_is_refused(tmp_path: Path, start: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| {start}"))
    _, _, auto, _, refused, _ = (cell.strip() for cell in row.split("|"))
    sections = [{"name": str(place), "label": str(place)} | keys for place, keys in enumerate(ROWS[start])]
    result = run(tmp_path, sensitivity=sections, outcomes=OUTCOMES[:1])
    for item in result.sensitivity:
        word = auto.split(",")[0].split(" on ")[0]
        assert item.effects[0].se_method.startswith(SPOKEN.get(word, (word,)))
    for error in re.findall(r"`(m_estimation|bootstrap|abadie_imbens|cluster_)", refused.split("; ")[0]):
        asked = {"std_error": "cluster_hc1" if error == "cluster_" else error}
        for keys in ROWS[start]:
            assert _is_refused(parse_study, TREE | {"sensitivity": [BESIDE | keys | asked]}), (keys, error)


def test_a_study_that_asks_for_nothing_has_hidden_bias_and_nothing_else(tmp_path: Path) -> None:
    result = run(tmp_path, outcomes=OUTCOMES[:1])
    assert {name for name in AFTER_THE_GATE if getattr(result, name) is not None} == {"hidden_bias"}


def test_a_gap_in_a_column_of_subgroups_is_a_level_and_loses_nobody(tmp_path: Path) -> None:
    frame = several()
    frame["survey"] = frame["survey"].where(frame.index >= 20)
    result = study(tmp_path, frame, outcomes=OUTCOMES[:1], subgroups={"by": ["survey"]}).run()
    assert result.subgroups is not None
    assert "not recorded" in set(result.subgroups.to_frame()["level"])
    assert result.design.n_treated == int(frame["helped"].sum())


def test_a_check_says_how_many_designs_of_the_curve_pass_and_reads_no_outcome(tmp_path: Path) -> None:
    from dipeval.study.check_words import check_in_words

    asked = {"methods": ["nearest", "entropy"], "calipers": [0.1, 0.2], "estimators": ["weighted"]}
    checked = study(tmp_path, several(), outcomes=OUTCOMES, overturn={"specifications": asked}).check()
    assert checked.specifications is not None
    assert f"{checked.specifications.n_passing} of 3 designs pass" in check_in_words(checked)
    assert study(tmp_path, several(), outcomes=OUTCOMES).check().specifications is None
