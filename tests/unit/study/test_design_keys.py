"""Every key of a design reaches the function that makes it; what it cannot use is a sentence that names the key."""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import Any

import pytest

import dipeval as dip
from dipeval.effects import design_analysis
from dipeval.errors import DesignError, InputError, StudyFileError
from dipeval.matching.options import METHODS as MATCHINGS
from dipeval.matching.options import SUITED as MATCHING
from dipeval.matching.weight_options import METHODS as WEIGHTINGS
from dipeval.study import steps
from dipeval.study.crosschecks_design import MATCHED, SUITED
from dipeval.study.learners import FITTED_ONCE, WORDS, learner
from dipeval.study.plan import plan_of
from dipeval.study.spec import DesignOptions
from dipeval.study.spec_design import WEIGHTINGS as WEIGHTED
from tests.unit.study.people_study import COVARIATES, people, study

DESIGNS: dict[str, dict[str, Any]] = {
    "nearest": {
        "ratio": 2,
        "replace": True,
        "order": "smallest",
        "caliper": 0.4,
        "caliper_unit": "sd_pooled",
        "scale": "probability",
        "exact": ["female"],
        "covariate_calipers": {"age": 15.0},
    },
    "nearest on several columns": {"method": "nearest", "mahalanobis": ["age", "priors"], "order": "closest"},
    "nearest with a ratio that varies": {"method": "nearest", "ratio": 2, "min_ratio": 1, "max_ratio": 3},
    "nearest in random turns": {"method": "nearest", "order": "random", "trim": "common_support"},
    "optimal": {"caliper": "none", "ratio": 1, "exact": ["female"]},
    "nearest on several columns by rank": {
        "method": "nearest",
        "mahalanobis": ["age", "priors"],
        "mahalanobis_ranks": True,
    },
    "nearest among people who differ": {"method": "nearest", "anti_exact": ["female"]},
    "radius": {"caliper": 0.1, "trim": "percentile"},
    "kernel": {"caliper": 0.1, "exact": ["female"]},
    "full": {"caliper": "none"},
    "subclass": {"subclasses": 4},
    "cem": {"cutpoints": {"age": [25, 40], "priors": 3}},
    "entropy": {"moments": 2},
    "entropy with sample weights": {"method": "entropy", "sample_weights": "survey"},
    "ipw": {"truncate": 0.95, "formula": "age + I(age**2) + priors * female"},
    "none": {},
}


def as_asked(options: dict[str, Any]) -> dict[str, Any]:
    return {key: None if value == "none" and key == "caliper" else value for key, value in options.items()}


@pytest.mark.parametrize("name", DESIGNS)
def test_a_study_makes_the_very_design_that_its_keys_ask_for(tmp_path: Path, name: str) -> None:
    keys = {"method": name} | DESIGNS[name]
    made = study(tmp_path, design=keys).check().design
    own = people().set_index("who")
    make, seeded = (dip.match, {"seed": 1}) if keys["method"] in MATCHINGS else (dip.weight, {})
    wanted = make(own, treated="helped", covariates=COVARIATES, **as_asked(keys), **seeded)
    assert made.fingerprint == wanted.fingerprint
    assert made.method == keys["method"]


@pytest.mark.parametrize("name", [name for name in WORDS if name not in FITTED_ONCE])
def test_a_learner_gives_the_scores_and_says_so(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr("dipeval.study.learners.TREES", 20)

    @wraps(dip.propensity)
    def spy(*args: Any, **options: Any) -> Any:
        seen.append(options)
        return dip.propensity(*args, **options)

    monkeypatch.setattr(design_analysis, "propensity", spy)
    check = study(tmp_path, design={"method": "ipw", "learner": name, "folds": 3}).check()
    plain = study(tmp_path, design={"method": "ipw"}).check()
    assert check.design.fingerprint != plain.design.fingerprint
    assert check.design.propensity.penalty
    assert (seen[0]["folds"], seen[0]["seed"]) == (3, 1)
    assert type(seen[0]["learner"]) is type(learner(name, 1))


def test_settings_of_the_learners_stand_in_the_record_of_the_run(tmp_path: Path) -> None:
    record = study(tmp_path, design={"method": "ipw", "learner": "ridge"}).run().provenance()["design"]
    assert record["options"]["learner"] == "ridge"
    assert "L2 penalty" in record["options"]["learner_in_words"]


def test_the_record_of_a_run_has_every_design_and_no_count(tmp_path: Path) -> None:
    beside = [{"name": "all", "label": "All", "method": "subclass", "estimand": "ATE"}]
    record = study(tmp_path, design={"method": "nearest", "caliper": 0.5}, sensitivity=beside).run().provenance()
    assert record["design"]["options"] == {"method": "nearest", "covariates": COVARIATES, "caliper": 0.5}
    assert record["design"]["beside"][0]["estimand"] == "ATE"
    assert len(record["design"]["beside"][0]["fingerprint"]) == len(record["design"]["fingerprint"])


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"caliper": 0.1}, 'design.caliper: this means nothing to method = "entropy"; it is for nearest, optimal'),
        ({"exact": ["female"]}, 'design.exact: this means nothing to method = "entropy"'),
        ({"method": "nearest", "subclasses": 4}, "design.subclasses: this means nothing"),
        ({"method": "radius", "ratio": 2}, "design.ratio: this means nothing"),
        ({"method": "nearest", "mahalanobis_ranks": True}, "design.mahalanobis_ranks: this says how the Mahalanobis"),
        ({"method": "radius", "anti_exact": ["district"]}, "design.anti_exact: this means nothing"),
        (
            {"method": "nearest", "exact": ["district"], "anti_exact": ["district"]},
            "design.anti_exact: district is under exact too",
        ),
        ({"method": "radius", "caliper": "none"}, "needs the radius"),
        ({"method": "kernel", "caliper": "none"}, "needs the bandwidth"),
        ({"method": "nearest", "moments": 2}, "design.moments: this means nothing"),
        ({"method": "nearest", "sample_weights": "survey"}, "design.sample_weights: this means nothing"),
        ({"learner": "forest"}, "design.learner: this means nothing"),
        ({"method": "nearest", "folds": 5}, 'design.folds: this means nothing to learner = "logit"'),
        ({"method": "ipw", "learner": "probit", "folds": 5}, 'design.folds: this means nothing to learner = "probit"'),
        ({"method": "nearest", "ratio": 2, "min_ratio": 1}, "design.max_ratio: this is missing"),
        ({"method": "nearest", "min_ratio": 1, "max_ratio": 3}, "design.ratio: found 1; needed is a number between"),
        (
            {"method": "nearest", "ratio": 2, "min_ratio": 1, "max_ratio": 3, "replace": True},
            "design.replace: found tr",
        ),
        ({"method": "none", "trim": "crump"}, "design.trim: this means nothing"),
        ({"method": "ipw", "stabilise": True}, 'design.stabilise: this is for estimand = "ATE" only'),
        ({"method": "ipw", "estimand": "ATE"}, 'design.estimand: this asks for the effect "ATE"'),
        ({"method": "overlap"}, 'design.method: this asks for the effect "ATO"'),
        ({"method": "matching_weights"}, 'design.method: this asks for the effect "ATM"'),
        ({"method": "nearest", "order": "biggest"}, "design.order"),
        ({"method": "nearest", "covariate_calipers": {"age": -1.0}}, "design.covariate_calipers.age"),
        ({"method": "cem", "cutpoints": {"age": [40, 25]}}, "design.cutpoints: found a table; needed is a table such"),
        ({"method": "cem", "cutpoints": {"age": 0}}, "the breaks, in order"),
        ({"method": "subclass", "subclasses": 1}, "design.subclasses: found 1; needed is a number greater than or eq"),
        ({"method": "ipw", "truncate": 99.0}, "design.truncate: found 99; needed is a number less than 1"),
        ({"method": "ipw", "formula": "age + __import__('os')"}, "design.formula"),
        ({"method": "ipw", "references": {"age": "20"}}, "only a category has a reference level"),
        ({"method": "ipw", "references": {"district": "Leeds"}}, "is no covariate of this design"),
        ({"missing": "drop"}, "design.missing"),
        ({"method": "genetic"}, "design.method"),
    ],
)
def test_what_a_design_cannot_use_is_named(tmp_path: Path, keys: dict[str, Any], words: str) -> None:
    with pytest.raises(StudyFileError) as caught:
        study(tmp_path, design=keys)
    assert words in str(caught.value)


OFFERS: dict[str, dict[str, Any]] = {
    "covariates": {"covariates": [*COVARIATES, "NAME"]},
    "exact": {"method": "nearest", "exact": ["NAME"]},
    "anti_exact": {"method": "nearest", "anti_exact": ["NAME"]},
    "covariate_calipers": {"method": "nearest", "covariate_calipers": {"NAME": 1.0}},
    "mahalanobis": {"method": "nearest", "mahalanobis": ["NAME"]},
    "cutpoints": {"method": "cem", "cutpoints": {"NAME": 2}},
    "formula": {"method": "ipw", "formula": "age + NAME"},
    "references": {"method": "ipw", "references": {"NAME": "1"}},
    "sample_weights": {"method": "ipw", "sample_weights": "NAME"},
}


def offer(key: str, name: str) -> dict[str, Any]:
    def named(value: Any) -> Any:
        if isinstance(value, dict):
            return {named(inner): item for inner, item in value.items()}
        if isinstance(value, list):
            return [named(item) for item in value]
        return value.replace("NAME", name) if isinstance(value, str) else value

    return {inner: named(value) for inner, value in OFFERS[key].items()}


@pytest.mark.parametrize("key", OFFERS)
@pytest.mark.parametrize("place", ["design", "sensitivity"])
def test_no_key_brings_an_outcome_into_a_design(tmp_path: Path, key: str, place: str) -> None:
    keys = offer(key, "came_back")
    changes: dict[str, Any] = {"design": keys} if place == "design" else {}
    if place == "sensitivity":
        changes["sensitivity"] = [{"name": "other", "label": "Other", "method": "entropy"} | keys]
    where = "design" if place == "design" else "sensitivity[1]"
    with pytest.raises(StudyFileError, match=rf"{where.replace('[', '.').replace(']', '.')}\.?{key}: .came_back"):
        study(tmp_path, **changes)


@pytest.mark.parametrize("key", OFFERS)
def test_no_key_brings_a_column_set_aside_into_a_design(tmp_path: Path, key: str) -> None:
    with pytest.raises(StudyFileError, match=r"survey. is also under people\.excluded"):
        study(tmp_path, people={"excluded": {"survey": "not ours"}}, design=offer(key, "survey"))


@pytest.mark.parametrize("key", [key for key in OFFERS if key != "references"])
def test_the_design_itself_refuses_an_outcome_however_it_came(tmp_path: Path, key: str) -> None:
    made = study(tmp_path)
    keys = DesignOptions(**{name: value for name, value in offer(key, "came_back").items() if name != "covariates"})
    covariates = [*COVARIATES, "came_back"] if key == "covariates" else COVARIATES
    with pytest.raises(DesignError, match=f"is an outcome.*Take it out of {key}"):
        steps._refuse_what_is_no_baseline(made.spec, keys, covariates)


def test_options_suit_the_methods_that_take_them() -> None:
    assert set(MATCHED) == set(MATCHINGS)
    assert set(WEIGHTED) == set(WEIGHTINGS)
    keys = {*MATCHING, *SUITED, "method", "estimand", "trim", "references"}
    assert keys == set(DesignOptions.model_fields)


@pytest.mark.parametrize("method", [*MATCHINGS, *WEIGHTINGS])
def test_a_plan_holds_nothing_that_its_function_does_not_take(method: str) -> None:
    plan = plan_of(DesignOptions(method=method), COVARIATES, 1)
    made = design_analysis.make_groups_comparable(people().rename(columns={"helped": "treated"}), **plan)
    assert made.method == method


BESIDE = [
    {"name": "overlap", "label": "Overlap weights", "method": "overlap"},
    {"name": "everybody", "label": "Everybody", "method": "ipw", "estimand": "ATE", "stabilise": True},
    {"name": "untreated", "label": "The untreated", "method": "nearest", "estimand": "ATC", "replace": True},
    {"name": "full", "label": "Full", "method": "full"},
    {"name": "radius", "label": "Radius", "method": "radius"},
    {"name": "subclass", "label": "Classes", "method": "subclass"},
    {"name": "cem", "label": "Coarsened", "method": "cem"},
]


def test_other_effects_stand_beside_the_one_on_the_treated_and_say_so(tmp_path: Path) -> None:
    made = study(tmp_path, sensitivity=BESIDE)
    result = made.run()
    labels = [item.label for item in result.sensitivity]
    assert labels[:3] == [
        "Overlap weights (effect on people who might as well have been treated as not)",
        "Everybody (effect on everybody compared)",
        "The untreated (effect on the untreated)",
    ]
    assert all(item.effects for item in result.sensitivity)
    assert [item.design.estimand for item in result.sensitivity[:3]] == ["ATO", "ATE", "ATC"]
    page = dip.write_report(result, tmp_path / "out").read_text(encoding="utf-8")
    assert "The untreated (effect on the untreated)" in page
    assert "Overlap weights: Li, Morgan and Zaslavsky" in page


SOURCES = {
    "optimal": "Rosenbaum (1989)",
    "radius": "Dehejia and Wahba",
    "kernel": "Heckman, Ichimura and Todd",
    "full": "Hansen (2004)",
    "subclass": "Rosenbaum and Rubin (1984)",
    "cem": "Iacus, King and Porro",
    "ipw": "Inverse probability weighting",
}


@pytest.mark.parametrize("method", SOURCES)
def test_a_report_says_how_any_primary_design_was_made(tmp_path: Path, method: str) -> None:
    from dipeval.report import section_groups, section_how

    result = study(tmp_path, design={"method": method}, override_reason="the words are under test").run()
    assert section_groups.design(result).blocks
    assert SOURCES[method] in str(section_how.methods(result))


def test_designs_stand_side_by_side_before_any_outcome(tmp_path: Path) -> None:
    check = study(tmp_path, design={"method": "nearest"}, sensitivity=BESIDE).check()
    table = check.designs
    assert list(table["name"]) == ["primary", *(item["name"] for item in BESIDE)]
    assert table.loc[0, "ess"] == check.design.ess
    assert table.loc[1, "ess"] == min(check.sensitivity[0].design.ess, check.sensitivity[0].design.ess_treated)
    assert table["minimum_detectable"].between(0, 1).all()
    assert "Every design of the study, before any outcome" in check.in_words()


def test_the_table_of_designs_passes_the_disclosure_rule(tmp_path: Path) -> None:
    few = people(90)
    check = study(
        tmp_path,
        few,
        design={"method": "nearest", "caliper": 0.01},
        sensitivity=BESIDE[:1],
        disclosure={"profile": "threshold10"},
    ).check()
    assert 0 < check.design.n_treated < 10
    line = next(line for line in check.in_words().splitlines() if line.strip().startswith("Primary design"))
    assert line.count("[c]") == 7


def test_the_long_table_has_the_designs_and_what_they_rest_on(tmp_path: Path) -> None:
    result = study(tmp_path, design={"method": "nearest", "caliper": 0.05}).run()
    rows = result.to_frame().query("section == 'design: primary'").set_index("measure")
    dropped = rows.loc["share_dropped"]
    assert dropped["n_smallest"] == min(result.design.n_treated, result.design.n_treated_dropped)
    assert dropped["estimate"] == pytest.approx(
        result.design.n_treated_dropped / (result.design.n_treated + result.design.n_treated_dropped)
    )


def test_a_person_in_twice_cannot_be_matched_by_any_method() -> None:
    from tests.unit.study.test_study_event_keys import spec

    for method in MATCHED:
        with pytest.raises(StudyFileError, match=f'found "{method}"; needed is one of entropy'):
            spec(cohort={"index_choice": "every"}, design={"covariates": ["age_at_index"], "method": method})


def test_an_unknown_column_of_a_cohort_is_found_by_whatever_key(tmp_path: Path) -> None:
    text = (
        'title = "T"\nquestion = "Q"\nprogramme = "P"\n[data]\nsource = "simulate"\n'
        '[[outcomes]]\nname = "reoffended"\nkind = "yes_no"\nlabel = "L"\nprimary = true\n'
        '[design]\ncovariates = ["female"]\ncovariate_calipers = { age_at_idnex = 5 }\n'
    )
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyFileError, match="did you mean 'age_at_index'"):
        dip.Study.from_toml(tmp_path / "study.toml")


def test_a_learner_that_is_not_known_is_an_error_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match=r"design\.learner"):
        study(tmp_path, design={"method": "ipw", "learner": "magic"})
    with pytest.raises(InputError, match="has no column 'nowhere'"):
        study(tmp_path, design={"method": "nearest", "exact": ["nowhere"]}).check()


def test_a_check_says_how_the_groups_are_made_comparable(tmp_path: Path) -> None:
    lines = study(tmp_path, design={"method": "ipw", "learner": "ridge"}).check().in_words().splitlines()
    told = next(line for line in lines if line.startswith("How the groups are made comparable: inverse probability"))
    assert "L2 penalty" in told
    assert any("might have been in either group" in line for line in lines)


@pytest.mark.parametrize(
    ("design", "words"),
    [
        ({"missing": "indicator"}, "design.missing: the model of the time to the event has no use for this"),
        ({"sample_weights": "female"}, "design.sample_weights: the model of the time"),
    ],
)
def test_a_model_of_the_time_takes_no_option_that_it_would_pass_over(design: dict[str, Any], words: str) -> None:
    from tests.unit.study.test_study_event_keys import TIME, VARYING, spec

    keys = {"method": "none", "covariates": ["age_at_index"]} | design
    with pytest.raises(StudyFileError) as caught:
        spec(cohort=VARYING, outcomes=TIME, design=keys)
    assert words in str(caught.value)


def test_a_person_in_twice_has_no_cross_fitted_score() -> None:
    from tests.unit.study.test_study_event_keys import spec

    keys = {"method": "ipw", "covariates": ["age_at_index"], "learner": "ridge"}
    with pytest.raises(StudyFileError, match=r"design\.learner: found .ridge.; needed is .logit."):
        spec(cohort={"index_choice": "every"}, design=keys)


def test_the_number_of_matched_sets_passes_the_disclosure_rule(tmp_path: Path) -> None:
    from dipeval.report import words

    result = study(
        tmp_path,
        design={"method": "full"},
        disclosure={"profile": "threshold10"},
        override_reason="the words are under test",
    ).run()
    exact = result.design.clusters.nunique()
    assert f"G = {exact:,} sets" in result.effects[0].se_method
    assert exact % 5, "the invented people no longer hold the case this test is about"
    assert f"{exact:,} sets" not in words.errors(result, result.effects[0])


def test_ties_and_the_gap_to_the_best_pairs_are_told_but_not_of_few(tmp_path: Path) -> None:
    beside = [{"name": "best", "label": "Best pairs", "method": "optimal"}]
    keys = {"design": {"method": "nearest", "covariates": ["priors", "female"]}, "sensitivity": beside}
    told = study(tmp_path, **keys).check().in_words()
    assert "Primary design: " in told
    assert "of its matches were decided by a tie" in told
    assert "Best pairs: matched one at a time, its pairs would have been" in told
    few = study(tmp_path, people(70), disclosure={"profile": "threshold10"}, **keys).check()
    assert 10 <= few.design.n_treated < 30
    assert few.design.options["n_tied_choices"]
    assert "decided by a tie" not in few.in_words()
    strict = study(tmp_path, people(70), disclosure={"profile": "threshold10", "threshold": 30}, **keys).check()
    assert "matched one at a time" not in strict.in_words()
