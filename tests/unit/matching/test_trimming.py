"""Whom a rule leaves out for want of overlap."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import DesignError, InputError
from dipeval.matching.assemble import Score
from dipeval.matching.doors import Taken, take
from dipeval.matching.trimming import RULES, in_words, preference_limits, trim
from tests.helpers import assert_close_to_reference, load_reference
from tests.reference.data import LOADERS
from tests.unit.matching.matching_people import COVARIATES, people


def setting(scores: list[float], treated: list[int], scale: str = "probability") -> tuple[Score, Taken]:
    table = pd.DataFrame({"treated": treated, "x": range(len(treated))})
    values = np.array(scores)
    used = np.log(values / (1 - values)) if scale == "logit" else values
    return Score(shown=values, used=used, scale=scale, model=None), take(table, treated="treated", covariates=["x"])


def kept(rule: str, scores: list[float], treated: list[int], scale: str = "probability") -> list[int]:
    return np.flatnonzero(trim(rule, *setting(scores, treated, scale))).tolist()


def test_each_rule_keeps_whom_it_says_limits_included() -> None:
    scores, treated = [0.05, 0.1, 0.3, 0.5, 0.85, 0.9, 0.95], [0, 0, 1, 0, 0, 1, 1]
    assert kept("none", scores, treated) == [0, 1, 2, 3, 4, 5, 6]
    assert kept("common_support", scores, treated) == [2, 3, 4]
    assert kept("crump", scores, treated) == [1, 2, 3, 4, 5]
    odds = 3 / 4  # three treated, four not
    low, high = odds * 3 / 7 / (1 + odds * 3 / 7), odds * 7 / 3 / (1 + odds * 7 / 3)
    assert preference_limits(3 / 7) == pytest.approx((low, high))
    assert kept("preference", scores, treated) == [place for place, one in enumerate(scores) if low <= one <= high]


def test_percentiles_are_those_of_the_treated_below_and_of_the_comparison_above() -> None:
    rng = np.random.default_rng(4)
    scores, treated = rng.uniform(0.02, 0.98, 200), (rng.random(200) < 0.4).astype(int)
    low = np.quantile(scores[treated == 1], 0.05)
    high = np.quantile(scores[treated == 0], 0.95)
    expected = np.flatnonzero((scores >= low) & (scores <= high)).tolist()
    assert kept("percentile", scores.tolist(), treated.tolist()) == expected
    assert kept("percentile", scores.tolist(), treated.tolist(), "logit") == expected


@pytest.mark.parametrize("name", tuple(LOADERS))
def test_common_support_gives_the_pairs_of_discard_both(name: str) -> None:
    data, figures = LOADERS[name](), load_reference("matching")[name]
    data.index = pd.RangeIndex(1, len(data) + 1)
    score = pd.Series(figures["ps_model"]["ps_all_default"], index=data.index)
    design = dip.match(
        data,
        treated=figures["treatment"],
        covariates=figures["covariates"],
        score=score,
        scale="given",
        caliper=None,
        trim="common_support",
        ties="row",
    )
    reference = figures["matches"]["nn_discard"]
    found = {row.treated_index: row.comparison_index for row in design.pairs().itertuples()}
    assert found == {row[0]: row[1] for row in reference["pairs"]}
    low, high = figures["ps_model"]["common_support"]["minmax"]
    out = int(((score < low) | (score > high)).sum())
    assert design.options["n_trimmed"] == out
    kept_scores = score[(score >= low) & (score <= high)]
    caliper = dip.match(
        data,
        treated=figures["treatment"],
        covariates=figures["covariates"],
        score=score,
        scale="given",
        trim="common_support",
        ties="row",
    )
    assert_close_to_reference(caliper.options["caliper_width"], 0.2 * kept_scores.std(), rtol=1e-12)


@pytest.mark.parametrize("name", tuple(LOADERS))
def test_crump_keeps_as_many_as_r(name: str) -> None:
    data, figures = LOADERS[name](), load_reference("matching")[name]
    values = np.array(figures["ps_model"]["ps_all_default"])
    taken = take(data, treated=figures["treatment"], covariates=figures["covariates"])
    found = trim("crump", Score(shown=values, used=values, scale="probability", model=None), taken)
    assert int(found.sum()) == figures["ipw"]["ate_crump"]["n_kept"]


@pytest.mark.parametrize("rule", [*RULES])
def test_row_order_moves_nothing_and_the_words_count_both_groups(rule: str) -> None:
    table = people(300, share=0.25)
    design = dip.match(table, treated="treated", covariates=COVARIATES, trim=rule)
    mixed = dip.match(table.sample(frac=1, random_state=6), treated="treated", covariates=COVARIATES, trim=rule)
    assert design.fingerprint == mixed.fingerprint
    note = next(note for note in design.notes if note.startswith("Trimmed beforehand by rule"))
    assert note in mixed.notes
    assert "The score was not fitted again." in note


def test_the_words_of_a_rule() -> None:
    treated, stay = np.array([True, True, False, False, False]), np.array([True, False, True, False, False])
    assert in_words("none", treated, stay) == ""
    assert "left out 1 of 2 treated and 2 of 3 comparison people" in in_words("crump", treated, stay)


@pytest.mark.parametrize(
    ("rule", "scores", "scale", "kind", "sentence"),
    [
        ("half", [0.2, 0.4], "logit", InputError, "trim must be one of none, common_support"),
        ("crump", [0.05, 0.5], "probability", DesignError, "leaves out all comparison people"),
        ("crump", [0.5, 0.95], "probability", DesignError, "leaves out all treated people"),
        ("common_support", [0.2, 0.8], "probability", DesignError, "all treated and all comparison people"),
        ("crump", [0.2, 0.8], "given", InputError, "needs a probability"),
        ("preference", [0.2, 0.8], "given", InputError, "needs a probability"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_a_sentence(
    rule: str, scores: list[float], scale: str, kind: type[Exception], sentence: str
) -> None:
    score, taken = setting(scores, [0, 1], scale)
    with pytest.raises(kind, match=sentence):
        trim(rule, score, taken)


def test_a_rule_without_a_score_is_a_sentence() -> None:
    missing: Any = None
    with pytest.raises(DesignError, match="there is none: use trim='none'"):
        trim("crump", missing, setting([0.2, 0.8], [0, 1])[1])
