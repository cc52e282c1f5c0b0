"""Linkage error carried into an estimate: what is refused, what is repeatable, and what certain links give."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.effects.example import small_linked_study
from dipeval.effects.links.imputation import informative_terms
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
    # Age and whether it is missing, two districts, twice the outcome; and each product of the two.
    assert terms.shape == (4, 2 + 2 + 2 + 4 * 2)
    assert np.isfinite(terms).all()
    times = pd.DataFrame({"time_days": [5.0, 9.0, 9.0, 20.0], "event": [1, 1, 0, 0]})
    hazard = informative_terms(times, [], ["time_days", "event"])[:, 0]
    by_hand = np.array([0.25, 0.25 + 1 / 3, 0.25 + 1 / 3, 0.25 + 1 / 3])
    np.testing.assert_allclose(hazard, (by_hand - by_hand.mean()) / by_hand.std())


def test_days_without_an_offence_tip_the_other_way() -> None:
    """More is better: what overturns a gain is missed links of comparison people who did not reoffend late."""
    linkage, people = certain()
    rng = np.random.default_rng(4)
    days = np.where(people["reoffended"] == 1, rng.integers(1, 180, len(people)), 365)
    people = people.assign(time_days=days, event=people["reoffended"])

    def days_gained(drawn: pd.DataFrame) -> tuple[float, float]:
        two = [drawn.loc[drawn["treated"] == value, "time_days"] for value in (1, 0)]
        error = float(np.sqrt(sum(group.var() / len(group) for group in two)))
        return float(two[0].mean() - two[1].mean()), error

    result = propagate(linkage, people, days_gained, outcome=["time_days", "event"], tipping=True)
    missed, false = result.tipping
    assert result.estimate > 0
    assert (missed.who, false.who) == ("comparison people with the outcome", "treated people without the outcome")
    assert missed.n_people is not None and false.n_people is not None


def test_numbers_are_told_apart_at_their_median() -> None:
    linkage, people = certain()
    days = people.assign(days=7.0 * people["reoffended"] + np.random.default_rng(1).random(len(people)))

    def fewer_days(drawn: pd.DataFrame) -> tuple[float, float]:
        groups = [drawn.loc[drawn["treated"] == value, "days"] for value in (1, 0)]
        return float(groups[0].mean() - groups[1].mean()), float(drawn["days"].std() / 10)

    missed, false = propagate(linkage, days, fewer_days, outcome="days", tipping=True).tipping
    assert missed.who == "comparison people with an outcome above the median"
    assert false.who == "treated people with no more than the median"


def test_an_analysis_that_gives_out_is_not_said_to_be_turned() -> None:
    linkage, people = certain()
    treated = int(people.index.isin(linkage.pairs()["left_person"]).sum())

    def gives_out(drawn: pd.DataFrame) -> Any:
        if abs(int(drawn["treated"].sum()) - treated) > 4:
            raise EstimationError("too far from the first")
        return ANALYSIS(drawn)

    result = propagate(linkage, people, gives_out, tipping=True, thresholds=())
    missed = result.tipping[0]
    assert missed.n_people is None and missed.n_tried is not None and missed.n_tried < missed.n_among
    assert "the analysis can no longer be made" in " ".join(result.summary().notes)


def test_equality_is_not_claimed_where_tipping_was_not_looked_for() -> None:
    linkage, people = certain()
    notes = " ".join(propagate(linkage, people).summary().notes)
    assert "includes equality" not in notes and "was not looked for" in notes
    evenly = propagate(linkage, people.assign(reoffended=np.arange(len(people)) % 2)).summary()
    assert "does not show that there was no effect" in evenly.headline
    assert "does not show that there was no effect" in " ".join(evenly.notes)


def test_whom_it_is_about_and_who_was_dropped_stand_beside_it() -> None:
    linkage, people = certain()
    notes = " ".join(propagate(linkage, people).summary().notes)
    assert "What is estimated, with the links as made: " in notes and "Standard errors of each run: " in notes
    assert "Treated people left out by the design with the links as made: 0." in notes
    bare = propagate(linkage, people, lambda drawn: (ANALYSIS(drawn).estimate, 0.1))
    assert "is what the analysis that was passed estimates" in " ".join(bare.summary().notes)


def test_draws_and_thresholds_without_an_answer_are_counted() -> None:
    linkage, people = certain(weight=0.5)
    calls = []

    def stumbles(drawn: pd.DataFrame) -> Any:
        calls.append(1)
        if len(calls) in (2, 5):
            raise EstimationError("no such thing")
        return ANALYSIS(drawn)

    result = propagate(linkage, people, stumbles, draws=10, thresholds=(0.5,))
    assert (result.draws, result.failed_draws, result.unanswered) == (9, 1, (0.5,))
    notes = " ".join(result.summary().notes)
    assert "In 1 of 10 draws the analysis could not be made" in notes and "from probability 0.5 the analysis" in notes


def test_no_frozen_design_is_claimed_where_none_was_named(study: Any) -> None:
    linkage, people, analysis = study
    assert "No frozen design was named" in " ".join(propagate(linkage, people, analysis).summary().notes)
    with pytest.raises(InputError, match="primary must be the effect of the frozen design"):
        propagate(linkage, people, analysis, primary=SimpleNamespace(estimate=1))


def test_an_analysis_other_than_the_frozen_one_is_noticed(study: Any) -> None:
    linkage, people, analysis = study
    point = propagate(linkage, people, analysis).to_frame().iloc[0]["estimate"]
    for estimate, told in ((point, "the registered answer is the one"), (point + 0.01, "it is another analysis")):
        primary = SimpleNamespace(design_fingerprint="abc", estimate=estimate)
        assert told in propagate(linkage, people, analysis, primary=primary).summary().notes[0]


def test_degrees_of_freedom_are_those_of_the_smaller_group() -> None:
    linkage, people = certain(60)
    small = propagate(linkage, people, draws=2)
    treated = int(small.to_frame()["n_with_status"].iloc[0])
    nu = min(treated, 60 - treated) - 1
    assert small.pooled.df == pytest.approx((nu + 1) / (nu + 3) * nu)


def test_ties_at_a_threshold_are_settled_as_in_the_linkage() -> None:
    linkage, people = certain()
    pairs = linkage.pairs()
    free = people.index[~people.index.isin(pairs["left_person"])]
    tied = pairs.iloc[:1].assign(left_person=free[0])
    both = given(pd.concat([pairs, tied], ignore_index=True))
    counts = {}
    for ties in ("drop", "lowest_id"):
        both.rule = SimpleNamespace(profile="attributor", ties=ties)
        counts[ties] = propagate(both, people, thresholds=(0.5,)).to_frame().iloc[1]["n_linked"]
    assert counts["lowest_id"] == counts["drop"] + 1


def test_decisions_of_a_review_stand_in_every_draw() -> None:
    linkage, people = certain(weight=1.0)
    pairs = linkage.pairs()
    pairs["match_probability"] = [0.4 if place % 2 else 0.7 for place in range(len(pairs))]
    pairs["linked"] = pairs["match_probability"] > 0.5
    pairs.loc[0, "linked"], pairs.loc[1, "linked"] = False, True
    reviewed = given(pairs)
    seen: list[tuple[int, int]] = []

    def analysis(drawn: pd.DataFrame) -> tuple[float, float]:
        seen.append(tuple(drawn.loc[pairs["left_person"].iloc[:2], "treated"]))  # type: ignore[arg-type]
        return 0.1, 0.1

    propagate(reviewed, people, analysis, draws=20, thresholds=())
    assert len(set(seen)) > 1
    seen.clear()
    said = pd.Series(None, index=pairs.index, dtype=object)
    said.loc[0], said.loc[1] = "different", "same"
    reviewed.decisions = lambda: said
    propagate(reviewed, people, analysis, draws=20, thresholds=())
    assert set(seen) == {(0, 1)}


def test_an_outcome_below_nought_is_refused() -> None:
    linkage, people = certain()
    people = people.assign(treated=np.arange(len(people)) % 2).drop(columns="reoffended")
    with pytest.raises(InputError, match="must be 0 or above"):
        propagate(linkage, people, role="outcome", outcome=lambda pairs: np.full(len(pairs), -1.0))
    with pytest.raises(InputError, match="treatment must be 0 or 1"):
        propagate(linkage, people.assign(treated=2.5), role="outcome", outcome=None)


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


def test_people_under_another_index_are_refused(study: Any) -> None:
    linkage, people, analysis = study
    with pytest.raises(InputError, match="must be the person ids of this linkage"):
        propagate(linkage, people.reset_index(drop=True), analysis)


def test_a_column_that_is_matched_exactly_stays_a_covariate() -> None:
    analysis = dip.DesignAnalysis(
        covariates=("age", "female"), outcome="reoffended", method="nearest", options={"exact": ("female", "district")}
    )
    assert analysis.covariates == ("age", "female")
    assert analysis.needs == ("age", "female", "district")
