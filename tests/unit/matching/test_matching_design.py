"""`Design` and `Balance`: fingerprint, words, balance figures, power, copies, pictures."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import InputError, InvariantError
from dipeval.matching import band
from dipeval.plots.balance import love_plot, overlap_plot
from dipeval.plots.style import to_png
from tests.unit.matching.matching_people import COVARIATES, people

COMMON: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES}


def test_the_fingerprint_changes_with_a_row_an_option_or_a_score_and_with_nothing_else() -> None:
    table = people(200)
    design = dip.match(table, **COMMON)
    assert len(design.fingerprint) == 64
    assert design.fingerprint == dip.match(table.copy(), **COMMON).fingerprint
    other_row = table.copy()
    other_row.iloc[0, other_row.columns.get_loc("priors")] += 1
    score = dip.propensity(table, **COMMON).score
    nudged = score.copy()
    nudged.iloc[7] += 1e-6
    variants = [
        dip.match(other_row, **COMMON),
        dip.match(table.iloc[1:], **COMMON),
        dip.match(table.rename(index={table.index[0]: "X"}), **COMMON),
        dip.match(table, caliper=0.21, **COMMON),
        dip.match(table, seed=1, **COMMON),
        dip.match(table, ratio=2, **COMMON),
        dip.match(table, score=score, scale="given", **COMMON),
        dip.match(table, score=nudged, scale="given", **COMMON),
        dip.weight(table, **COMMON),
        dip.weight(table, method="none", **COMMON),
        dip.weight(table, method="ipw", **COMMON),
        dip.match(table, treated="treated", covariates=COVARIATES[::-1]),
    ]
    assert len({design.fingerprint, *(variant.fingerprint for variant in variants)}) == 1 + len(variants)


def test_the_estimand_is_written_out() -> None:
    table = people(200)
    kept = dip.match(table, caliper=None, **COMMON)
    count = int(table["treated"].sum())
    assert kept.estimand_in_words == f"the average effect on the {count} treated people"
    narrow = dip.match(table, caliper=0.01, **COMMON)
    assert narrow.n_treated_dropped > 0
    assert narrow.estimand_in_words == (
        f"the average effect on the {narrow.n_treated} of {count} treated people for whom a comparable untreated "
        "person was found"
    )


def test_balance_by_hand() -> None:
    table = people(200)
    design = dip.match(table, caliper=0.05, ratio=2, **COMMON)
    frame = design.balance().to_frame().set_index("term")
    w, t = design.weights.to_numpy(), design.treated.to_numpy()
    age, leeds = table["age"].to_numpy(float), (table["district"] == "Leeds").to_numpy(float)

    def mean(x: Any, group: Any) -> float:
        return float((w * x)[group].sum() / w[group].sum())

    def variance(x: Any, group: Any) -> float:
        q = w[group] / w[group].sum()
        return float((q * (x[group] - mean(x, group)) ** 2).sum() / (1 - (q**2).sum()))

    assert frame.loc["age", "smd_after"] == pytest.approx((mean(age, t) - mean(age, ~t)) / age[t].std(ddof=1))
    assert frame.loc["age", "variance_ratio_after"] == pytest.approx(variance(age, t) / variance(age, ~t))
    p = leeds[t].mean()
    expected = (mean(leeds, t) - mean(leeds, ~t)) / math.sqrt(p * (1 - p))
    assert frame.loc["district[Leeds]", "smd_after"] == pytest.approx(expected)
    assert np.isnan(frame.loc["district[Leeds]", "variance_ratio_before"])
    grid = np.unique(age)
    apart = [abs(mean((age <= g).astype(float), t) - mean((age <= g).astype(float), ~t)) for g in grid]
    assert frame.loc["age", "ks_after"] == pytest.approx(max(apart))
    assert frame["binary"].loc["district[Leeds]"]
    assert design.balance().max_smd == pytest.approx(frame.drop("propensity score")["smd_after"].abs().max())


def test_bands_take_their_upper_edge() -> None:
    assert [band(value) for value in (0.05, -0.05, np.nextafter(0.05, 1), 0.10, np.nextafter(0.10, 1))] == [
        "green",
        "green",
        "amber",
        "amber",
        "red",
    ]


def test_the_summary_names_denominator_bands_and_estimand() -> None:
    design = dip.match(people(200), **COMMON)
    text, balance = str(design.summary()), str(design.balance().summary())
    assert "standard deviation of the treated people before the design" in text
    assert design.estimand_in_words in text
    assert "decided by a tie" in text
    assert "second hand" in balance
    assert "District: Leeds" in balance
    assert "control" not in (text + balance).lower()
    assert "<table" in design._repr_html_()


def test_results_hand_out_copies() -> None:
    design = dip.match(people(200), **COMMON)
    weights, pairs = design.weights, design.pairs()
    weights.iloc[:] = 5.0
    pairs.loc[:, "distance"] = 9.0
    design.options["caliper"] = 3
    frame = design.balance().to_frame()
    frame.loc[:, "smd_after"] = 1.0
    assert design.weights.max() <= 2
    assert design.pairs()["distance"].max() < 1
    assert design.options["caliper"] == 0.2
    assert design.balance().max_smd < 1


def test_a_design_cannot_exist_with_broken_promises() -> None:
    design = dip.match(people(200), **COMMON)
    wrong = design._people.copy()
    wrong["weight"] = -1.0
    with pytest.raises(InvariantError, match="negative"):
        replace(design, _people=wrong)
    far = design._pairs.assign(distance=10.0)
    with pytest.raises(InvariantError, match="outside the caliper"):
        replace(design, _pairs=far)
    with pytest.raises(InvariantError, match="disagree"):
        replace(design, _pairs=design._pairs.iloc[1:])


def test_minimum_detectable_difference() -> None:
    table = people(400)
    design = dip.weight(table, method="none", **COMMON)
    n1, n0 = int(table["treated"].sum()), int((table["treated"] == 0).sum())
    expected = (1.959963984540054 + 0.8416212335729143) * math.sqrt(0.4 * 0.6 * (1 / n1 + 1 / n0))
    assert design.minimum_detectable_difference(0.4) == pytest.approx(expected, rel=1e-12)
    assert dip.weight(table, **COMMON).minimum_detectable_difference(0.4) > expected
    assert design.minimum_detectable_difference(0.4, power=0.9) > expected
    with pytest.raises(InputError, match="base_share must lie"):
        design.minimum_detectable_difference(1.0)
    with pytest.raises(InputError, match="power must lie"):
        design.minimum_detectable_difference(0.4, power=80)


def test_the_love_plot_shows_every_term_but_the_score_in_order() -> None:
    design = dip.match(people(200), **COMMON)
    ax = design.balance().plot()
    labels = [tick.get_text() for tick in ax.get_yticklabels()]
    assert len(labels) == 5
    assert "Propensity score" not in labels
    frame = design.balance().to_frame().set_index("term").drop("propensity score")["smd_before"].abs()
    first = "District: " + frame.idxmax()[9:-1] if "[" in frame.idxmax() else frame.idxmax().capitalize()
    assert labels[-1] == first
    again = love_plot(design.balance().to_frame(), ax=ax)
    assert again is ax
    assert to_png(love_plot(design.balance().to_frame()).figure) == to_png(
        love_plot(design.balance().to_frame()).figure
    )


def test_the_overlap_plot_is_two_mirrored_histograms() -> None:
    design = dip.match(people(200), **COMMON)
    ax = design.plot()
    heights = np.array([patch.get_height() for patch in ax.patches])
    assert heights[heights > 0].sum() == pytest.approx(1)
    assert heights[heights < 0].sum() == pytest.approx(-1)
    frame = pd.DataFrame({"score": [-3.0, 2.0, 1.0], "group": ["treated", "comparison", "comparison"], "weight": 1.0})
    assert overlap_plot(frame).get_xlabel() == "Score"
    with pytest.raises(InputError, match="'treated' and 'comparison'"):
        overlap_plot(frame.assign(group="treated"))


def test_the_caliper_of_a_mahalanobis_match_is_on_the_score_and_its_distance_is_not() -> None:
    table = people(300)
    design = dip.match(table, mahalanobis=["age", "priors"], **COMMON)
    pairs, width = design.pairs(), design.options["caliper_width"]
    logit = np.log(design.score / (1 - design.score))
    apart = (logit[pairs["treated_index"]].to_numpy() - logit[pairs["comparison_index"]].to_numpy()).__abs__()
    assert (apart <= width * (1 + 1e-9)).all()
    assert (pairs["distance"] > width).any()  # in the other unit, which no caliper limits
    assert "Mahalanobis distance" in str(design.summary())
    swapped = design._pairs.assign(comparison_index=design._pairs["comparison_index"].to_numpy()[::-1])
    with pytest.raises(InvariantError, match="outside the caliper"):
        replace(design, _pairs=swapped)


def test_sets_and_weights_must_agree() -> None:
    design = dip.match(people(200), **COMMON)
    lost = design._people.copy()
    lost.loc[lost["pair"] == 1, "pair"] = pd.NA
    with pytest.raises(InvariantError, match="sets and the weights"):
        replace(design, _people=lost)


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("nearest", {}),
        ("nearest", {"replace": True}),
        ("nearest", {"mahalanobis": ["age"]}),
        ("optimal", {}),
        ("radius", {}),
        ("kernel", {}),
        ("full", {}),
        ("subclass", {"caliper": None}),
        ("cem", {"caliper": None}),
    ],
)
def test_every_way_of_matching_has_its_words_balance_and_answers(method: str, options: dict[str, Any]) -> None:
    design = dip.match(people(250), method=method, **COMMON, **options)
    assert design.leaves_out
    assert design.method_words[0].islower()
    assert f"Design: {design.method_words}" in str(design.summary())
    assert 0 <= design.balance().max_smd < 1
    assert design.dropped().n_dropped == design.n_treated_dropped
    assert 0 < design.precision()["information"].iloc[1] <= 1 + 1e-12
    assert 0 < design.minimum_detectable_hazard_ratio(0.4) < 1


@pytest.mark.parametrize("method", ["entropy", "ipw", "overlap", "none"])
def test_every_way_of_weighting_has_its_words_and_leaves_nobody_out(method: str) -> None:
    estimand = "ATO" if method == "overlap" else "ATT"
    design = dip.weight(people(250), method=method, estimand=estimand, **COMMON)
    assert not design.leaves_out
    assert f"Design: {design.method_words}" in str(design.summary())
    assert design.dropped().n_dropped == 0
    assert design.estimand == estimand
    assert np.isfinite(design.balance().max_smd)


def test_trimming_makes_a_weighted_design_leave_people_out() -> None:
    design = dip.weight(people(250), method="ipw", trim="common_support", **COMMON)
    assert design.leaves_out
    assert design.dropped().n_kept == design.n_treated


def test_the_formula_of_the_score_is_in_the_summary() -> None:
    design = dip.match(
        people(250), treated="treated", covariates=["age", "priors"], formula="age + priors + age:priors"
    )
    assert "Propensity model: age + priors + age:priors." in str(design.summary())
