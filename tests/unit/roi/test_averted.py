"""Offences averted by group: hand sums, the same as estimate_effect group by group, and what is refused."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.effects import Effect
from dipeval.errors import EstimationError, InputError, InvariantError
from dipeval.outcomes.columns import UNFIT
from dipeval.plots.money_prolific import averted_plot
from dipeval.roi.offences.averted import COLUMNS, OffencesAverted, offences_averted
from dipeval.vocabulary import OFFENCE_GROUPS

COVARIATES = ["age", "priors", "female"]
GROUPS = {"shoplifting": 0.9, "domestic_burglary": 0.3, "robbery": 0.1, "drug_possession": 0.2}


def invented(n: int = 300, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """People with three facts and treatment, and their offences: only rows of people who committed some."""
    random = np.random.default_rng(seed)
    people = pd.DataFrame(
        {"age": random.normal(size=n), "priors": random.poisson(2.0, n), "female": random.integers(0, 2, n)},
        index=pd.Index([f"p{number:04d}" for number in range(n)], name="person_id"),
    )
    people["treated"] = (random.random(n) < 1 / (1 + np.exp(1 + 0.5 * people["age"]))).astype(int)
    rate = random.gamma(0.5, 2.0, n) * np.where(people["treated"] == 1, 0.7, 1.0)
    rows = [
        pd.DataFrame({"person_id": people.index, "offence_group": group, "n_reoffences": random.poisson(share * rate)})
        for group, share in GROUPS.items()
    ]
    offences = pd.concat(rows, ignore_index=True)
    return people, offences[offences["n_reoffences"] > 0]


def design_of(people: pd.DataFrame, method: str = "entropy", **options: Any) -> dip.Design:
    make = dip.weight if method in ("entropy", "ipw", "none", "overlap") else dip.match
    known = dict.fromkeys(COVARIATES, "before_index")
    return make(people, treated="treated", covariates=COVARIATES, method=method, measured_at=known, **options)


def wide(people: pd.DataFrame, offences: pd.DataFrame) -> pd.DataFrame:
    table = offences.pivot(index="person_id", columns="offence_group", values="n_reoffences")
    return table.reindex(people.index).fillna(0.0)


def plain_design(treated: list[bool], **kwargs: Any) -> Any:
    people = pd.Index([f"p{place}" for place in range(len(treated))])
    facts: dict[str, Any] = {
        "weights": pd.Series(1.0, people), "treated": pd.Series(treated, people), "clusters": None,
        "estimand_in_words": "the average effect on the treated people", "fingerprint": "x", "method": "entropy",
        "n_treated_dropped": 0,
    }  # fmt: skip
    return SimpleNamespace(**{**facts, **kwargs})


def test_means_errors_and_covariance_by_hand() -> None:
    design = plain_design([True, True, False, False])
    offences = pd.DataFrame(
        {
            "person_id": ["p0", "p2", "p3", "p2", "stranger"],
            "offence_group": ["robbery", "robbery", "robbery", "fraud", "fraud"],
            "n_reoffences": [1, 2, 4, 3, 9],
        }
    )
    averted = offences_averted(design, offences)
    assert averted.groups == ("robbery", "fraud")
    # Robbery: comparison (2 + 4) / 2, treated (1 + 0) / 2. Fraud: comparison 3 / 2, treated nothing.
    assert averted.vector.tolist() == [2.5, 1.5]
    # Contributions: weight times distance from the group's mean, over the weight of the group (2).
    robbery, fraud = np.array([0.25, -0.25, 0.5, -0.5]), np.array([0.0, 0.0, -0.75, 0.75])
    by_hand = np.array([[robbery @ robbery, robbery @ fraud], [robbery @ fraud, fraud @ fraud]])
    assert np.allclose(averted.covariance(), by_hand, rtol=1e-14)
    frame = averted.to_frame()
    assert list(frame.columns) == list(COLUMNS)
    assert frame["group"].tolist() == ["all", "robbery", "fraud"]
    assert frame["n_offences_treated"].tolist() == [1, 1, 0]
    assert frame["n_offences_comparison"].tolist() == [9, 6, 3]
    assert frame["n_people_treated"].tolist() == [1, 1, 0]
    assert frame["n_people_comparison"].tolist() == [2, 2, 1]
    assert set(averted.left_out) == set(OFFENCE_GROUPS) - {"robbery", "fraud"}


DESIGNS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("none", {}, {}),
    ("none", {}, {"std_error": "hc3"}),
    ("entropy", {}, {}),
    ("ipw", {}, {}),
    ("nearest", {"caliper": 0.5}, {}),
    ("nearest", {"ratio": 2, "caliper": None}, {}),
    ("subclass", {}, {}),
]


@pytest.mark.parametrize(("method", "made", "asked"), DESIGNS)
def test_every_group_is_the_effect_on_it_and_together_they_are_the_whole(
    method: str, made: dict[str, Any], asked: dict[str, Any]
) -> None:
    people, offences = invented()
    design = design_of(people, method, **made)
    averted = offences_averted(design, offences, **asked)
    table = wide(people, offences)
    whole = dip.estimate_effect(design, table.sum(axis=1).rename("n_reoffences"), measure="mean_difference", **asked)
    assert averted.total.estimate == whole.estimate
    assert averted.total.std_error == whole.std_error
    assert math.fsum(averted.vector) == pytest.approx(-whole.estimate, rel=1e-12)
    assert math.sqrt(averted.covariance().sum()) == pytest.approx(whole.std_error, rel=1e-12)
    assert averted.scale == pytest.approx(1.0, abs=1e-9)
    frame = averted.to_frame().set_index("group")
    for group in averted.groups:
        alone = dip.estimate_effect(design, table[group], measure="mean_difference", **asked)
        assert frame.loc[group, "estimate"] == pytest.approx(-alone.estimate, rel=1e-12, abs=1e-14)
        assert frame.loc[group, "std_error"] == pytest.approx(alone.std_error, rel=1e-9)
        assert frame.loc[group, "conf_low"] == pytest.approx(-alone.conf_high, rel=1e-9)
    # Two groups together are an outcome of their own: its error holds their covariance.
    both = dip.estimate_effect(
        design, table["robbery"] + table["shoplifting"], measure="mean_difference", **asked
    ).std_error
    places = [averted.groups.index(name) for name in ("shoplifting", "robbery")]
    assert math.sqrt(averted.covariance()[np.ix_(places, places)].sum()) == pytest.approx(both, rel=1e-9)
    assert np.linalg.eigvalsh(averted.covariance()).min() > -1e-12


@pytest.mark.parametrize(
    ("made", "asked"),
    [
        ({"method": "nearest", "replace": True, "caliper": None}, {}),
        ({"method": "nearest", "replace": True, "caliper": None}, {"std_error": "cluster_hc0"}),
        ({"method": "entropy"}, {"std_error": "count"}),
        ({"method": "entropy"}, {"std_error": "bootstrap"}),
    ],
)
def test_an_error_that_has_no_parts_is_kept_by_the_total_and_said(made: dict[str, Any], asked: dict[str, Any]) -> None:
    people, offences = invented(120)
    design = design_of(people, **made)
    averted = offences_averted(design, offences, **asked)
    whole = wide(people, offences).sum(axis=1).rename("n_reoffences")
    effect = dip.estimate_effect(design, whole, measure="mean_difference", **asked)
    assert averted.total.std_error == effect.std_error
    assert math.sqrt(averted.covariance().sum()) == pytest.approx(effect.std_error, rel=1e-12)
    assert averted.scale != pytest.approx(1.0, abs=1e-6)
    assert any("has no parts by group" in note for note in averted.summary().notes)


def test_rows_of_one_person_are_clustered() -> None:
    people, offences = invented()
    design = design_of(people, "none")
    persons = pd.Series(np.arange(len(people)) // 2, people.index)
    averted = offences_averted(design, offences, cluster=persons)
    whole = wide(people, offences).sum(axis=1).rename("n_reoffences")
    effect = dip.estimate_effect(design, whole, measure="mean_difference", cluster=persons)
    assert "by person" in averted.total.se_method
    assert math.sqrt(averted.covariance().sum()) == pytest.approx(effect.std_error, rel=1e-12)


@pytest.mark.parametrize("method", ["entropy", "nearest"])
def test_the_order_of_rows_moves_no_bit(method: str) -> None:
    people, offences = invented()
    one = offences_averted(design_of(people, method), offences)
    again = offences_averted(design_of(people.sample(frac=1, random_state=3), method), offences[::-1])
    pd.testing.assert_frame_equal(one.to_frame(), again.to_frame(), check_exact=True)
    assert (one.covariance() == again.covariance()).all()
    assert str(one.summary()) == str(again.summary())


def test_measured_outcomes_are_taken_as_they_are_and_those_that_must_not_be_compared_refused() -> None:
    people, offences = invented()
    total = wide(people, offences).sum(axis=1).rename("n_reoffences").to_frame()
    measured = SimpleNamespace(by_group=offences, to_frame=lambda: total)
    design = design_of(people)
    one, same = offences_averted(design, measured), offences_averted(design, offences)
    assert (one.vector == same.vector).all()
    unfit = total.copy()
    unfit.attrs[UNFIT] = "their follow-up was cut short"
    with pytest.raises(EstimationError, match="cut short"):
        offences_averted(design, SimpleNamespace(by_group=offences, to_frame=lambda: unfit))


def test_measured_outcomes_whose_groups_are_not_the_whole_break_a_promise() -> None:
    people, offences = invented()
    total = (wide(people, offences).sum(axis=1) + people["treated"]).rename("n_reoffences").to_frame()
    with pytest.raises(InvariantError, match="do not add up"):
        offences_averted(design_of(people), SimpleNamespace(by_group=offences, to_frame=lambda: total))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows.drop(columns="offence_group"), r"lack the column\(s\) offence_group"),
        (lambda rows: rows.drop(columns="person_id"), r"lack the column\(s\) person_id"),
        (lambda rows: rows.assign(offence_group="piracy").head(1), "1 offence group.s. that dipeval does not know"),
        (lambda rows: pd.concat([rows, rows.head(2)]), r"2 row\(s\) more than one"),
        (lambda rows: rows.assign(n_reoffences=-1), "no whole numbers of 0 or more"),
        (lambda rows: rows.assign(n_reoffences=0.5), "no whole numbers of 0 or more"),
        (lambda rows: rows.assign(n_reoffences="many"), "no whole numbers of 0 or more"),
        (lambda rows: rows.assign(person_id=[f"q{i}" for i in range(len(rows))]), "stand under other names"),
        (lambda rows: 3, "it is a int"),
    ],
)
def test_offences_that_do_not_fit_are_refused_by_a_sentence(change: Any, words: str) -> None:
    people, offences = invented(80)
    with pytest.raises(InputError, match=words):
        offences_averted(design_of(people, "none"), change(offences))


def test_nobody_offending_and_people_twice_are_refused() -> None:
    people, offences = invented(80)
    with pytest.raises(EstimationError, match="does not vary"):
        offences_averted(design_of(people, "none"), offences.head(0))
    twice = plain_design([True, False])
    twice.weights.index = pd.Index(["a", "a"])
    with pytest.raises(InputError, match="same person more than once"):
        offences_averted(twice, offences)
    with pytest.raises(InputError, match=r"what dip\.match or dip\.weight gives"):
        offences_averted(offences, offences)  # type: ignore[arg-type]


def effect(estimate: float, error: float) -> Effect:
    return Effect(
        measure="mean_difference", outcome_name="n_reoffences", outcome_kind="count", estimate=estimate,
        std_error=error, conf_low=estimate - 1.96 * error, conf_high=estimate + 1.96 * error, p_value=0.5, level=0.95,
        n_treated=50, n_comparison=50, mean_treated=1.0, mean_comparison=1.0 - estimate, se_method="robust (HC0)",
        estimand="the average effect on the 50 treated people", design_method="entropy", design_fingerprint="x",
        n_treated_dropped=0,
    )  # fmt: skip


def result(estimate: float, error: float = 0.1) -> OffencesAverted:
    counts = pd.DataFrame({name: [5, 5] for name in COLUMNS if name.startswith("n_")})
    return OffencesAverted(
        groups=("robbery",), left_out=(), total=effect(estimate, error), scale=1.0, _vector=np.array([-estimate]),
        _covariance=np.array([[error**2]]), _counts=counts,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("estimate", "words"),
    [
        (-0.5, "0.50 proven reoffences averted per treated person (95% interval 0.30 to 0.70)"),
        (-0.1, "do not settle whether there were fewer offences: −0.10 to 0.30 averted per treated person"),
        (0.5, "more offences, not fewer: −0.50 averted per treated person"),
    ],
)
def test_the_headline_says_first_what_is_not_settled(estimate: float, words: str) -> None:
    summary = result(estimate).summary()
    assert words in summary.headline
    assert len(summary.notes) == 3


def test_a_result_that_does_not_add_up_cannot_exist() -> None:
    good = result(-0.5)
    facts = {name: getattr(good, name) for name in ("groups", "left_out", "total", "scale", "_counts")}
    with pytest.raises(InvariantError, match="by group do not add up"):
        OffencesAverted(**facts, _vector=np.array([0.4]), _covariance=good.covariance())
    with pytest.raises(InvariantError, match="errors of the groups"):
        OffencesAverted(**facts, _vector=good.vector, _covariance=2 * good.covariance())


def test_the_picture_names_every_group_and_copies_are_handed_out() -> None:
    people, offences = invented()
    averted = offences_averted(design_of(people), offences)
    axes = averted.plot()
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert names == ["All offences", "Shoplifting", "Domestic burglary", "Robbery", "Drug possession"]
    assert len(axes.texts) == 5
    assert averted_plot(averted.to_frame(), ax=axes) is axes
    averted.vector[0] = averted.covariance()[0, 0] = 99.0
    assert averted.vector[0] != 99.0 != averted.covariance()[0, 0]
    assert "p0000" not in repr(averted) + averted._repr_html_()
