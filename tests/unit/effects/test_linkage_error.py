"""Linkage error carried into an estimate: what is refused, what is repeatable, and what certain links give."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.effects.example import small_linked_study
from dipeval.effects.imputation import informative_terms
from dipeval.errors import EstimationError, InputError


@pytest.fixture(scope="module")
def study() -> tuple[Any, pd.DataFrame, Any]:
    return small_linked_study()


def given(pairs: pd.DataFrame, *, persons: int = 2_000) -> SimpleNamespace:
    """A linkage reduced to what is needed: candidates, counts and the rule."""
    frame = pairs.assign(left_table="drug_tests", right_table="treatment")
    counts = pd.DataFrame({"table": ["drug_tests", "treatment"], "persons": [persons, persons]})
    return SimpleNamespace(
        pairs=lambda: frame.copy(), counts=counts, anchor="drug_tests", rule=SimpleNamespace(profile="attributor")
    )


def certain(n: int = 600, *, weight: float = 40.0) -> tuple[SimpleNamespace, pd.DataFrame]:
    rng = np.random.default_rng(2)
    treated = rng.random(n) < 0.4
    ids = pd.Index([f"P{i:06d}" for i in range(n)], name="person_id")
    people = pd.DataFrame({"age": rng.normal(size=n)}, index=ids)
    people["reoffended"] = (rng.random(n) < 0.5 - 0.2 * treated).astype(int)
    pairs = pd.DataFrame({"left_person": ids[treated], "right_person": ids[treated], "match_weight": weight})
    return given(pairs.assign(match_probability=1.0, linked=True)), people


ANALYSIS = dip.DesignAnalysis(covariates=("age",), outcome="reoffended")


def propagate(linkage: Any, people: pd.DataFrame, analysis: Any = ANALYSIS, **options: Any) -> dip.LinkagePropagation:
    options = {"outcome": "reoffended", "covariates": ["age"], "draws": 4, "missed": 0.0, "tipping": False} | options
    return dip.propagate_linkage(linkage, analysis, people=people, **options)


def test_certain_links_leave_nothing_to_linkage() -> None:
    linkage, people = certain()
    result = propagate(linkage, people)
    frame = result.to_frame()
    point = frame.loc[frame["step"] == "point", "estimate"].item()
    assert result.estimate == pytest.approx(point, abs=1e-12)
    assert result.share_due_to_linkage < 1e-20
    assert frame.loc[frame["step"] != "pooled", "n_linked"].nunique() == 1


def test_doubtful_links_widen_the_interval() -> None:
    linkage, people = certain(weight=0.5)
    doubtful, sure = propagate(linkage, people, draws=20), propagate(certain()[0], people, draws=20)
    assert doubtful.share_due_to_linkage > 0.1
    assert doubtful.std_error > sure.std_error
    assert doubtful.pooled.df < sure.pooled.df


def test_the_same_seed_gives_the_same_figures_in_any_row_order(study: Any) -> None:
    linkage, people, analysis = study
    first = propagate(linkage, people, analysis, missed=None)
    shuffled = propagate(linkage, people.sample(frac=1, random_state=3), analysis, missed=None)
    pd.testing.assert_frame_equal(first.to_frame(), shuffled.to_frame())
    assert first.fingerprint == shuffled.fingerprint
    other = propagate(linkage, people, analysis, missed=None, seed=1)
    assert other.fingerprint != first.fingerprint


def test_the_frozen_design_keeps_its_own_fingerprint(study: Any) -> None:
    linkage, people, analysis = study
    primary = SimpleNamespace(design_fingerprint="abc")
    result = propagate(linkage, people, analysis, primary=primary)
    assert result.primary_fingerprint == "abc" and result.fingerprint != "abc"
    assert "sensitivity analysis" in " ".join(result.summary().notes)


def test_an_analysis_that_uses_an_unnamed_covariate_is_refused(study: Any) -> None:
    linkage, people, analysis = study
    with pytest.raises(InputError, match="uses age, which the draws of links would leave out"):
        propagate(linkage, people, analysis, covariates=[])

    def undeclared(drawn: pd.DataFrame) -> tuple[float, float]:
        return float(np.polyfit(drawn["age"], drawn["reoffended"], 1)[0]), 0.1

    with pytest.raises(InputError, match="uses age, which the draws of links would leave out"):
        propagate(linkage, people, undeclared, covariates=[])

    def broken(drawn: pd.DataFrame) -> tuple[float, float]:
        raise EstimationError("no such thing")

    with pytest.raises(EstimationError, match="no such thing"):
        propagate(linkage, people, broken)


def test_the_analysis_sees_the_named_columns_only(study: Any) -> None:
    linkage, people, _ = study
    seen: list[list[str]] = []

    def analysis(drawn: pd.DataFrame) -> tuple[float, float]:
        seen.append(list(drawn.columns))
        return 0.1, 0.1

    propagate(linkage, people.assign(other=1), analysis)
    assert {tuple(columns) for columns in seen} == {("age", "reoffended", "treated")}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"draws": 1}, "draws must be a whole number"),
        ({"level": 95}, "level must be a share"),
        ({"missed": 1.5}, "missed must be a share"),
        ({"thresholds": [0.0]}, "thresholds must be match probabilities"),
        ({"link": "prison"}, "no candidate links to 'prison'"),
        ({"role": "both"}, "role must be 'treatment' or 'outcome'"),
        ({"outcome": None}, "Pass outcome"),
        ({"outcome": "arrested"}, "no column arrested"),
        ({"covariates": ["height"]}, "no column height"),
        ({"treated_from": 3}, "must be a table"),
        ({"treated_from": lambda pairs: [True]}, "one value for each candidate"),
        ({"treated_from": lambda pairs: np.full(len(pairs), 7)}, "true or false"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(study: Any, options: dict[str, Any], words: str) -> None:
    linkage, people, analysis = study
    with pytest.raises(InputError, match=words):
        propagate(linkage, people, analysis, **options)


def test_wrong_things_in_the_first_places(study: Any) -> None:
    linkage, people, analysis = study
    with pytest.raises(InputError, match=r"what dip\.link\(extracts\) gives"):
        propagate(people, people, analysis)
    with pytest.raises(InputError, match="analysis must be a function"):
        propagate(linkage, people, "entropy")
    with pytest.raises(InputError, match="one row a person"):
        propagate(linkage, pd.concat([people, people]), analysis)
    with pytest.raises(InputError, match="a cohort, or a DataFrame"):
        propagate(linkage, 5, analysis)
    holes = people.assign(reoffended=people["reoffended"].astype("Float64").where(people.index != people.index[0]))
    with pytest.raises(InputError, match="missing for 1 of"):
        propagate(linkage, holes, analysis)


def test_a_linkage_without_probabilities_is_refused() -> None:
    linkage, people = certain()
    linkage.rule = SimpleNamespace(profile="deterministic")
    with pytest.raises(InputError, match="has no probabilities"):
        propagate(linkage, people)


def test_a_table_or_a_function_says_who_would_be_treated(study: Any) -> None:
    linkage, people, analysis = study
    pairs = linkage.pairs()
    said = pairs[["left_person", "right_person"]].assign(treated=np.arange(len(pairs)) % 3 > 0)
    by_table = propagate(linkage, people, analysis, treated_from=said)
    keys = said.set_index(["left_person", "right_person"])["treated"]
    by_function = propagate(
        linkage,
        people,
        analysis,
        treated_from=lambda p: keys.loc[list(zip(p.left_person, p.right_person))],  # noqa: B905
    )
    pd.testing.assert_frame_equal(by_table.to_frame(), by_function.to_frame())
    with pytest.raises(InputError, match="Nothing is said of"):
        propagate(linkage, people, analysis, treated_from=said.iloc[5:])


def test_ratios_are_pooled_as_logarithms(study: Any) -> None:
    linkage, people, _ = study
    analysis = dip.DesignAnalysis(covariates=("age",), outcome="reoffended", measure="risk_ratio")
    result = propagate(linkage, people, analysis)
    draws = result.to_frame().query("step == 'draw'")["estimate"]
    assert result.estimate == pytest.approx(np.exp(np.log(draws).mean()), rel=1e-12)
    assert result.null_value == 1.0
    assert result.plot().get_xlabel().startswith("Share among treated")


def test_the_outcome_link_has_a_role_of_its_own() -> None:
    linkage, people = certain()
    people = people.assign(treated=np.arange(len(people)) % 2).drop(columns="reoffended")
    result = propagate(linkage, people, role="outcome", outcome=None)
    assert result.role == "outcome"
    assert "using the treatment and the covariates" in " ".join(result.summary().notes)


def test_tipping_points_are_found_and_said() -> None:
    linkage, people = certain()
    result = propagate(linkage, people, tipping=True)
    missed, false = result.tipping
    assert (missed.kind, false.kind) == ("missed_links", "false_links")
    assert missed.n_people is not None and 0 < missed.n_people < missed.n_among
    assert any("would bring the interval to equality" in note for note in result.summary().notes)
    evenly = people.assign(reoffended=np.arange(len(people)) % 2)
    assert propagate(linkage, evenly, tipping=True).tipping == ()


def test_fewer_wrong_links_than_the_tipping_point_do_not_turn_it() -> None:
    linkage, people = certain()
    missed = propagate(linkage, people, tipping=True).tipping[0]
    assert missed.n_people is not None
    pairs = linkage.pairs()
    worst = people.index[(people["reoffended"] == 1) & ~people.index.isin(pairs["left_person"])]
    for n, excludes in ((missed.n_people // 2, True), (len(worst) - 5, False)):
        extra = pd.DataFrame({"left_person": worst[:n], "right_person": worst[:n], "match_weight": 40.0})
        wider = given(pd.concat([pairs, extra.assign(match_probability=1.0, linked=True)], ignore_index=True))
        point = propagate(wider, people).to_frame().iloc[0]
        assert bool(point["conf_high"] < 0) is excludes


def test_missing_and_worded_covariates_inform_the_draws() -> None:
    people = pd.DataFrame(
        {"age": [20.0, np.nan, 40.0, 50.0], "district": ["A", "B", None, "A"], "same": 1, "n": [0, 1, 5, 0]}
    )
    terms = informative_terms(people, ["age", "district", "same"], ["n"])
    assert terms.shape == (4, 2 + 2 + 2)
    assert np.isfinite(terms).all()
    times = pd.DataFrame({"time_days": [5.0, 9.0, 9.0, 20.0], "event": [1, 1, 0, 0]})
    hazard = informative_terms(times, [], ["time_days", "event"])[:, 0]
    by_hand = np.array([0.25, 0.25 + 1 / 3, 0.25 + 1 / 3, 0.25 + 1 / 3])
    np.testing.assert_allclose(hazard, (by_hand - by_hand.mean()) / by_hand.std())


def test_candidates_say_of_linked_people_what_cohort_and_outcomes_say() -> None:
    extracts = dip.simulate(people=1_500, seed=4)
    linkage = dip.link(extracts)
    cohort = dip.build_cohort(extracts, linkage)
    outcomes = dip.measure_reoffending(cohort, follow_up=dip.FollowUp(days=365, waiting_days=182)).to_frame()
    treated = dip.treated_if_linked(cohort, extracts, linkage)
    own = treated[treated["left_person"] == treated["right_person"]].set_index("left_person")["treated"]
    expected = cohort.people["treated"]
    pd.testing.assert_series_equal(own.reindex(expected.index).fillna(0).astype("int64"), expected, check_names=False)
    for name in ("reoffended", "n_reoffences"):
        said = dip.outcome_if_linked(cohort, extracts, linkage, outcome=name)
        mine = said[said["left_person"] == said["right_person"]].set_index("left_person")[name]
        measured = outcomes[name]
        pd.testing.assert_series_equal(
            mine.reindex(measured.index).fillna(0).astype("int64"), measured, check_names=False, check_dtype=False
        )
    with pytest.raises(InputError, match="must be one of"):
        dip.outcome_if_linked(cohort, extracts, linkage, outcome="arrests")


def test_time_to_event_is_carried_through_a_model_of_it() -> None:
    """Any analysis will do: here the hazard ratio of a Cox model, on the logarithm."""
    linkage, people = certain(weight=3.0)
    rng = np.random.default_rng(4)
    people = people.assign(time_days=rng.integers(1, 365, len(people)), event=people["reoffended"])

    def log_hazard_ratio(drawn: pd.DataFrame) -> tuple[float, float]:
        model = dip.cox(drawn, covariates=["treated", "age"], time="time_days", event="event")
        row = model.to_frame().set_index("term").loc["treated"]
        return float(row["estimate"]), float(row["std_error"])

    result = propagate(linkage, people, log_hazard_ratio, outcome=["time_days", "event"], tipping=True)
    assert result.estimate < 0 < result.share_due_to_linkage
    assert result.tipping[0].who == "comparison people with the outcome"
