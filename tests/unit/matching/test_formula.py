"""A formula for the propensity model: the terms it makes, and the sentences for anything else in it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

import dipeval as dip
from dipeval.errors import DesignError, InputError
from dipeval.matching.formula import formula_columns
from tests.unit.matching.matching_people import people


def fitted(table: pd.DataFrame, formula: str, **options: object) -> dip.PropensityModel:
    return dip.propensity(table, treated="treated", formula=formula, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "formula",
    [
        "age + I(age**2)",
        "age * C(district)",
        "log(priors + 1) + sqrt(age) + abs(priors - 3) + exp(age / 50)",
        "(age + priors + district)**2",
        "district / age",
        "priors : district",
        "age + C(band):priors",
        "I((age - 39) / 10) + I(((age - 39) / 10)**3) - 1 + 1",
    ],
)
def test_scores_are_those_of_statsmodels_on_the_same_formula(formula: str) -> None:
    table = people(500).assign(band=lambda t: t["age"] // 15)
    for_statsmodels = formula.replace("log", "np.log").replace("sqrt", "np.sqrt").replace("exp", "np.exp")
    fit = smf.glm(f"treated ~ {for_statsmodels}", data=table, family=sm.families.Binomial()).fit(tol=1e-14, maxiter=99)
    np.testing.assert_allclose(fitted(table, formula).score, fit.fittedvalues, rtol=1e-8)


def test_names_of_terms_and_references_of_numbers_in_c() -> None:
    table = people(500).assign(band=lambda t: t["age"] // 15)
    model = fitted(table, "priors * district + C(band)", references={"district": "Bradford"})
    assert model.to_frame()["term"].tolist() == [
        "(Intercept)",
        "priors",
        "district[Kirklees]",
        "district[Leeds]",
        "priors:district[Kirklees]",
        "priors:district[Leeds]",
        *(f"band[{level}]" for level in (1, 2, 3) if str(level) != model.references["band"]),
    ]
    assert model.references == {"district": "Bradford", "band": "2"}
    assert model.covariates == ("priors", "district", "band")
    assert any(note == "Formula: priors * district + C(band)." for note in model.summary().notes)


def test_a_spline_is_the_cubic_with_a_knot_at_the_median() -> None:
    table = people(400)
    age = table["age"].to_numpy(dtype=float)
    knot = np.quantile(age, 0.5)
    design = np.column_stack([np.ones(400), age, age**2, age**3, np.clip(age - knot, 0, None) ** 3])
    scaled = design / np.abs(design).max(axis=0)
    fit = sm.GLM(table["treated"].to_numpy(), scaled, family=sm.families.Binomial()).fit(tol=1e-14, maxiter=99)
    np.testing.assert_allclose(fitted(table, "bs(age, 4)").score, fit.fittedvalues, rtol=1e-6)


def test_a_design_takes_the_columns_of_its_formula_and_is_measured_on_them() -> None:
    table = people(300)
    formula = "log(priors + 1) * C(district) + age"
    design = dip.match(table, treated="treated", formula=formula)
    assert design.covariates == ("priors", "district", "age")
    terms = design.balance().to_frame()["term"].tolist()
    assert [name for name in terms if ":" not in name][:3] == ["propensity score", "priors", "district[Bradford]"]
    named = dip.match(table, treated="treated", covariates=["age", "district"], formula="~ age + priors")
    assert named.covariates == ("age", "district", "priors")
    assert named.propensity is not None
    assert named.propensity.covariates == ("age", "priors")
    mixed = dip.match(
        table.sample(frac=1, random_state=4), treated="treated", formula="log(priors + 1) * C(district) + age"
    )
    assert mixed.fingerprint == design.fingerprint


def test_a_covariate_outside_the_formula_may_tell_the_groups_apart() -> None:
    table = people(200).assign(flag=lambda t: t["treated"])
    design = dip.match(table, treated="treated", covariates=["flag"], formula="age + priors")
    assert design.n_treated > 0
    with pytest.raises(DesignError, match="'flag' predicts the treatment perfectly"):
        fitted(table, "age + flag:priors")


def test_columns_come_in_the_order_they_are_named() -> None:
    assert formula_columns(["b"], "log(a + c) + b*d") == ("b", "a", "c", "d")
    assert formula_columns(("b",), None) == ("b",)
    assert formula_columns([], "`a b` + C(c)") == ("a b", "c")


HOSTILE = [
    "I(__import__('os').system('touch hacked'))",
    "I((lambda: 1)())",
    "I(age.__class__)",
    "I([one for one in age])",
    "I(age if age else 1)",
    "I(age > 3)",
    "I('text')",
    "I(True)",
    "I(age := 3)",
    "eval('1')",
    "open('x')",
    "np.log(age)",
    "age[0]",
    "{age + 1}",
    "log(age, 2)",
    "log(age, base=2)",
    "I(*age)",
    "C(district, Treatment)",
    "C(I(age))",
    "bs(age)",
    "bs(age, 99)",
    "bs(age, True)",
    "poly(age, 2)",
    "age | priors",
    "age ^ 2",
    "age %in% priors",
    ".",
    "age**9",
    "age**priors",
    "2*age",
    "2:age",
    "0.5*age",
    "age + 3",
    "'age'",
    "age age",
    "age +",
    "((age)",
    "age))",
    "1",
    "age - age",
    "",
    "  ",
    "~",
    "age - 1",
    "age + 0",
    "0 + age",
    "treated ~ age",
    "reoffended ~ age",
    "age ~",
    "I(\x00)",
    "I(" * 600 + "age" + ")" * 600,
    "I(" + "-" * 1900 + "age)",
    "I(" + "age+" * 450 + "age + 'x')",
    "I(1)",
    "age + " * 400 + "age",
    5,
    ["age"],
]


@pytest.mark.parametrize("formula", HOSTILE, ids=[str(one)[:30] for one in HOSTILE])
def test_any_other_piece_is_refused_in_a_sentence_and_never_run(formula: object) -> None:
    with pytest.raises(InputError, match=r"formula|C\(\)|bs\(\)|is not a finite number") as refusal:
        fitted(people(), formula)  # type: ignore[arg-type]
    assert refusal.value.__cause__ is None
    assert "Traceback" not in str(refusal.value)


@pytest.mark.parametrize(
    ("formula", "sentence"),
    [
        ("I(__import__('os'))", r"The formula holds __import__\('os'\) \(in I"),
        ("age | priors", r"The formula holds '\|', which is not allowed"),
        ("y ~ age", "left-hand side"),
        ("age - 1", "takes the intercept out"),
        ("2*age", "holds 2 by itself"),
        ("age**9", "from 1 to 4; it is 9"),
        ("((age)", "its brackets do not pair"),
        ("bs(priors, 12)", "needs more different values"),
        ("log(district)", "'district' in log.district., and that column holds no numbers"),
        ("age + I(9**9**9)", "is not a finite number for 120 of 120 people"),
        ("I(9)", "names no column"),
    ],
)
def test_the_sentence_names_the_piece(formula: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        fitted(people(), formula)


def test_the_log_of_nothing_is_counted() -> None:
    table = people()
    none = int((table["priors"] == 0).sum())
    with pytest.raises(InputError, match=rf"log\(priors\) is not a finite number for {none} of 120 people"):
        fitted(table, "age + log(priors)")


def test_an_outcome_or_a_late_column_is_refused_inside_a_formula_too() -> None:
    with pytest.raises(DesignError, match="reoffended: the name of an outcome"):
        fitted(people(), "age + I(reoffended * 2)")
    with pytest.raises(DesignError, match="Not known before the index date: priors"):
        fitted(people(), "age + log(priors + 1)", measured_at={"age": "at_index", "priors": "after_index"})
    with pytest.raises(DesignError, match="'treated' is the treatment"):
        fitted(people(), "age * treated")
    with pytest.raises(InputError, match="There is no column agee"):
        fitted(people(), "agee")


def test_terms_that_repeat_or_do_not_vary_are_named() -> None:
    with pytest.raises(DesignError, match=r"'age' follows exactly from I\(age / 2\)"):
        fitted(people(), "I(age / 2) + age")
    with pytest.raises(DesignError, match=r"the same for everybody: I\(priors \* 0\)"):
        fitted(people(), "age + I(priors * 0)")
    with pytest.raises(DesignError, match=r"and \d+ more \(a combination of levels that nobody has"):
        fitted(people(), "C(age):C(priors)")
    wide = people(60).assign(**{f"x{place}": np.random.default_rng(place).normal(size=60) for place in range(20)})
    with pytest.raises(InputError, match="terms; at most 500"):
        fitted(wide, "(" + " + ".join(f"x{place}" for place in range(20)) + ")**3")
