"""The covariates of a design as numbers, for a model of what comes later."""

from __future__ import annotations

import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import InputError

PEOPLE = pd.DataFrame(
    {
        "treated": [1, 1, 1, 0, 0, 0, 0],
        "age": [20, 30, 40, 25, 35, 45, 22],
        "district": ["Leeds", "Leeds", "Wakefield", "Bradford", "Leeds", "Wakefield", "Leeds"],
        "female": [True, False, True, False, True, False, False],
    },
    index=list("abcdefg"),
)


@pytest.fixture
def design() -> dip.Design:
    return dip.weight(PEOPLE, treated="treated", covariates=["age", "district", "female"], method="none")


def test_numbers_marks_and_levels_without_the_reference_level(design: dip.Design) -> None:
    terms = design.model_terms()
    assert terms.columns.tolist() == ["age", "district[Bradford]", "district[Wakefield]", "female"]
    assert terms.index.equals(PEOPLE.index)
    assert terms["age"].tolist() == PEOPLE["age"].tolist()
    assert terms.loc["d"].tolist() == [25.0, 1.0, 0.0, 0.0]
    assert (terms.dtypes == "float64").all()


def test_some_covariates_have_all_their_terms_and_only_those(design: dip.Design) -> None:
    assert design.model_terms(["district"]).columns.tolist() == ["district[Bradford]", "district[Wakefield]"]
    assert design.model_terms("female").columns.tolist() == ["female"]
    with pytest.raises(InputError, match="no covariate height; it has age, district, female"):
        design.model_terms(["age", "height"])


def test_what_is_handed_out_is_a_copy(design: dip.Design) -> None:
    terms = design.model_terms()
    terms["age"] = 0.0
    terms.iloc[:, 1:] = 7.0
    assert design.model_terms()["age"].tolist() == PEOPLE["age"].tolist()
    assert design.balance().to_frame()["smd_before"].notna().any()
