"""A study from simulated extracts: linked, followed, valued, the truth beside it; withheld without being measured."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dipeval.disclosure import DisclosureRule
from dipeval.errors import InputError
from dipeval.study import Study, StudyResult, money
from dipeval.study import study as order_of_work
from dipeval.study.load import Prepared, prepare
from dipeval.study.reading import StudyFile, parse_study

TREE = {
    "title": "Simulated",
    "question": "Did it help?",
    "programme": "treatment",
    "data": {"source": "simulate"},
    "simulate": {"people": 500},
    "outcomes": [
        {"name": "reoffended", "kind": "yes_no", "label": "Reoffended", "primary": True},
        {"name": "n_reoffences", "kind": "count", "label": "Reoffences"},
        {"name": "time", "kind": "time", "label": "Time to reoffence"},
    ],
    "design": {"method": "entropy", "covariates": ["log_prior_offences_5y", "tested_opiates", "age_at_index"]},
    "diagnostics": {"min_ess": 5.0},
    "costs": {"spent_on": ["treatment", "contact"]},
    "disclosure": {"profile": "none"},
}


def study(**changes: Any) -> Study:
    spec = parse_study(TREE | changes)
    return Study(file=StudyFile(path=Path("study.toml"), text="", sha256="0" * 64, spec=spec))


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return prepare(study().spec, Path())


@pytest.fixture
def once(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> Prepared:
    """Linking is the slow part: every test here shares one."""
    monkeypatch.setattr(order_of_work, "prepare", lambda spec, folder: prepared)
    return prepared


@pytest.fixture(scope="module")
def result(prepared: Prepared) -> StudyResult:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order_of_work, "prepare", lambda spec, folder: prepared)
        return study().run()


def test_the_whole_road_is_in_the_result(result: StudyResult) -> None:
    assert [effect.measure for effect in result.effects] == ["risk_difference", "risk_ratio", "mean_difference"]
    assert [true.measure for true in result.truth] == ["risk_difference", "risk_ratio", "mean_difference"]
    assert result.true_links is not None
    assert result.true_links.effects[0].measure == "risk_difference"
    assert result.linkage_quality.to_frame()["f1"].min() > 0.8
    assert result.curve.groups == ("comparison", "treated")
    assert result.exposure is not None
    assert result.outcomes_measured is not None
    assert {item.name for item in result.files} >= {"drug_tests", "treatment", "offences", "spend"}


def test_the_flow_runs_from_everybody_tested_to_the_analysed(result: StudyResult) -> None:
    flow = result.flow
    assert flow["n_people"].iloc[0] == 500
    assert flow["step"].iloc[-1] == "analysed"
    used = int((result.design.weights > 0).sum())
    assert flow["n_people"].iloc[-1] == used == result.primary.n_treated + result.primary.n_comparison


def test_money_stands_on_the_number_of_reoffences(result: StudyResult) -> None:
    roi, effect = result.roi, result.effects[2]
    assert roi.offences_averted == pytest.approx(-effect.estimate * effect.n_treated)
    assert roi.spent_on == ("contact", "treatment")
    assert roi.cost_people >= effect.n_treated
    shares = money.comparison_mix(result.outcomes_measured, result.design)["share"]
    assert shares.sum() == pytest.approx(1)


def test_the_people_paid_for_are_counted_by_district_and_financial_year(prepared: Prepared) -> None:
    treatment = prepared.extracts.table("treatment")
    spending = pd.DataFrame({"district": ["Leeds"], "financial_year": ["2012/13"]})
    covered = treatment[
        (treatment["district"] == "Leeds") & treatment["start_date"].between("2012-04-01", "2013-03-31")
    ]
    counted = money.people_paid_for(prepared, spending)
    assert 0 < counted <= len(covered)
    assert money.people_paid_for(prepared, spending.assign(financial_year="1990/91")) == 0


def test_the_programme_is_not_shared_out_over_people_it_never_met(prepared: Prepared) -> None:
    # Treatment services also serve people who were never tested; the simulated spend table pays for none of them.
    spend = prepared.extracts.table("spend")
    counted = money.people_paid_for(prepared, spend)
    episodes = float(spend.loc[spend["spent_on"] == "treatment", "amount"].sum()) / 2_150
    assert counted == pytest.approx(episodes, rel=0.15)
    years = prepared.extracts.table("treatment")["start_date"].between("2011-04-01", "2015-03-31")
    assert counted < 0.6 * years.sum()


def test_days_in_custody_are_never_valued_as_offences(once: Prepared, result: StudyResult) -> None:
    outcomes = [TREE["outcomes"][0], {"name": "custody_days", "kind": "count", "label": "Days"}, *TREE["outcomes"][1:]]
    other = study(outcomes=outcomes).run()
    assert [effect.outcome_name for effect in other.effects][2:] == ["Days", "Reoffences"]
    assert other.roi.offences_averted == result.roi.offences_averted


def test_a_count_that_never_exceeds_one_is_still_a_count(prepared: Prepared, result: StudyResult) -> None:
    rare = tuple(replace(effect, outcome_kind="yes_no") for effect in result.effects)
    found = money.roi_of(rare, prepared, result.design, result.outcomes_measured, study().spec)
    assert found.offences_averted == result.roi.offences_averted


def test_a_true_effect_that_has_no_value_does_not_stop_the_study(
    once: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dipeval.effects.truth

    def nobody(*_: Any, **__: Any) -> Any:
        raise InputError("None of the people analysed as treated truly was treated.")

    monkeypatch.setattr(dipeval.effects.truth, "true_outcomes", nobody)
    found = study().run()
    assert found.truth == ()
    assert found.effects


def test_too_few_treated_for_money_do_not_stop_a_protected_study(
    prepared: Prepared, result: StudyResult, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    few = tuple(replace(effect, n_treated=9) for effect in result.effects)
    spec = study(costs=TREE["costs"] | {"people": 3}).spec  # what `roi` refuses, naming both counts
    monkeypatch.setattr(money, "disclosure_rule", lambda spec: DisclosureRule())
    with caplog.at_level("INFO", logger="dipeval"):
        assert money.roi_of(few, prepared, result.design, result.outcomes_measured, spec) is None
    assert caplog.messages == [
        "the money is left out: fewer people were treated than the disclosure rule lets be shown"
    ]


def test_people_paid_for_are_not_told_where_counts_are_protected(
    prepared: Prepared, result: StudyResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = study(costs=TREE["costs"] | {"people": 3}).spec
    arguments = (result.effects, prepared, result.design, result.outcomes_measured, spec)
    with pytest.raises(InputError, match="the spending paid for 3"):
        money.roi_of(*arguments)
    monkeypatch.setattr(money, "disclosure_rule", lambda spec: DisclosureRule())
    with pytest.raises(InputError, match=r"\[costs\]: the spending paid for fewer people") as caught:
        money.roi_of(*arguments)
    assert not any(letter.isdigit() for letter in str(caught.value))


def test_spending_of_a_kind_that_is_not_there_is_a_sentence(once: Prepared) -> None:
    with pytest.raises(InputError, match="lines of the spend table is of the kinds"):
        money.spending_of(once, study(costs={"funders": ["Nobody"]}).spec)


def test_withheld_means_not_even_measured(once: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    import dipeval.effects
    import dipeval.outcomes

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("an outcome was touched although the checks failed")

    monkeypatch.setattr(dipeval.outcomes, "measure_reoffending", never)
    monkeypatch.setattr(dipeval.effects, "true_effect", never)
    result = study(diagnostics={"min_treated": 400}).run()
    assert result.withheld
    assert result.truth == ()
    assert result.true_links is None
    assert result.roi is None
    assert result.outcomes_measured is None


def test_true_links_are_left_out_where_not_asked_for(once: Prepared) -> None:
    assert study(simulate={"people": 500, "compare_true_links": False}).run().true_links is None


def test_two_runs_give_the_same_figures(once: Prepared, result: StudyResult) -> None:
    again = study().run()
    pd.testing.assert_frame_equal(again.to_frame(), result.to_frame(), check_exact=True)


@pytest.mark.slow
def test_rows_of_the_extracts_in_another_order_change_no_figure(prepared: Prepared, result: StudyResult) -> None:
    from dipeval.extracts import make_extracts
    from dipeval.linkage import link
    from dipeval.study import rules
    from dipeval.study.load import from_linkage

    spec, extracts = study().spec, prepared.extracts
    tables = {name: extracts.table(name).sample(frac=1, random_state=7) for name in extracts.names}
    shuffled = make_extracts(tables, extract_date=extracts.extract_date, data_status="simulated", truth=extracts.truth)
    other = from_linkage(spec, shuffled, link(shuffled, rule=rules.link_rule(spec)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order_of_work, "prepare", lambda spec, folder: replace(other))
        again = study().run()
    pd.testing.assert_frame_equal(again.to_frame(), result.to_frame(), check_exact=True)
    assert [item.sha256 for item in again.files] == [item.sha256 for item in result.files]


def test_extracts_in_a_folder_give_the_figures_of_the_same_extracts(tmp_path: Path, prepared: Prepared) -> None:
    from dipeval.extracts import write_extracts

    write_extracts(prepared.extracts, tmp_path / "extracts")
    template = (files("dipeval.examples") / "template.toml").read_text(encoding="utf-8")
    date = f"extract_date = {prepared.extracts.extract_date}"
    text = template.replace("# extract_date = 2024-03-31", date).replace("min_ess = 30.0", "min_ess = 2.0")
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    check = Study.from_toml(tmp_path / "study.toml").check()
    assert check.rule.profile == "threshold10"
    assert check.flow["n_people"].iloc[0] == 500
    assert list(check.flow["n_people"])[:-2] == [row.n_people for row in prepared.flow]
