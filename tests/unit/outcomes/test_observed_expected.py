"""Observed over expected: sums of risk scores, exact Poisson limits, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import poisson

from dipeval.errors import InputError, InvariantError
from dipeval.outcomes import Outcomes, measure_reoffending
from dipeval.outcomes.expected import poisson_limits
from tests.spec.invented_people import cohort_of

TESTS = "person | district\nann | Leeds\nbob | Leeds\ncat | Bradford\ndan | Bradford"
OFFENCES = """
person | offence_date | disposal_date | offence_group
ann    | 2022-06-01   | 2022-07-01    | shoplifting
ann    | 2022-07-01   | 2022-07-01    | robbery
bob    | 2022-06-01   | 2022-07-01    | other
"""


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    return measure_reoffending(cohort_of(drug_tests=TESTS, offences=OFFENCES))


def scores(**given: float) -> pd.Series:
    return pd.Series(given).reindex(["dan", "cat", "bob", "ann"])


def test_observed_over_expected_in_all_and_by_group(outcomes: Outcomes) -> None:
    score = scores(ann=0.9, bob=0.6, cat=0.3, dan=0.2)
    row = outcomes.observed_expected(score).to_frame().iloc[0]
    assert (row["group"], row["n"], row["observed"]) == ("all", 4, 2)
    assert row["expected"] == pytest.approx(2.0)
    assert (row["ratio"], row["conf_low"], row["conf_high"]) == pytest.approx((1.0, 0.12110, 3.61234), abs=1e-5)
    frame = outcomes.observed_expected(score, by="district").to_frame()
    assert frame["group"].tolist() == ["Bradford", "Leeds"]
    assert frame["observed"].tolist() == [0, 2]
    assert frame["expected"].tolist() == pytest.approx([0.5, 1.5])
    assert frame["ratio"].tolist() == pytest.approx([0.0, 4 / 3])
    assert frame["conf_low"].iloc[0] == 0


def test_the_limits_are_those_of_the_poisson_distribution() -> None:
    counts = np.array([0, 1, 7, 250])
    low, high = poisson_limits(counts)
    assert poisson.cdf(counts, high) == pytest.approx(0.025)
    assert poisson.sf(counts[1:] - 1, low[1:]) == pytest.approx(0.025)


def test_it_is_told_in_words_and_drawn(outcomes: Outcomes) -> None:
    expected = outcomes.observed_expected(scores(ann=0.9, bob=0.6, cat=0.3, dan=0.2), by="district")
    summary = expected.summary()
    assert summary.headline == "2 of 4 reoffended, against 2.0 expected by the risk score: a ratio of 1.00."
    assert any("exact Poisson" in note for note in summary.notes)
    assert [tick.get_text() for tick in expected.plot().get_yticklabels()] == ["Bradford", "Leeds"]
    assert "<table>" in expected._repr_html_()


def test_what_cannot_be_compared_is_refused(outcomes: Outcomes) -> None:
    with pytest.raises(InputError, match="missing, or no number, for 4 of the 4 followed"):
        outcomes.observed_expected()
    with pytest.raises(InputError, match="1 have none"):
        outcomes.observed_expected(scores(ann=0.9, bob=0.6, cat=0.3, dan=0.2).drop("ann"))
    with pytest.raises(InputError, match="missing, or no number, for 1 of the 4"):
        outcomes.observed_expected(scores(ann=0.9, bob=0.6, cat=0.3))
    with pytest.raises(InputError, match=r"3 risk scores are not between 0 and 1.*divide"):
        outcomes.observed_expected(scores(ann=90, bob=60, cat=30, dan=0))
    with pytest.raises(InputError, match="the cohort has no 'shire'"):
        outcomes.observed_expected(scores(ann=0.9, bob=0.6, cat=0.3, dan=0.2), by="shire")
    with pytest.raises(InputError, match="In 1 groups the risk scores add up to 0"):
        outcomes.observed_expected(scores(ann=0.9, bob=0.6, cat=0, dan=0), by="district")
    whole = outcomes.observed_expected(scores(ann=0.9, bob=0.6, cat=0.3, dan=0.2))
    with pytest.raises(InvariantError):
        replace(whole, _frame=whole.to_frame().assign(ratio=9.0))
