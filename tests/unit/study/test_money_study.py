"""Money in a study: people by kind of spending, the two ways of finding averted offences, linkage, stages, the gate."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dipeval import report
from dipeval.errors import DipevalError, EstimationError, InputError, InvariantError
from dipeval.extracts import make_extracts
from dipeval.report.tidy import results_csv
from dipeval.study import Study, StudyResult, money, money_parts
from dipeval.study import study as order_of_work
from dipeval.study.load import Prepared, prepare
from dipeval.study.money_effects import comparison_mix, widest
from dipeval.study.money_people import cost_people_of, people_met, people_paid_for, people_reached_of, people_tested
from dipeval.study.money_stages import stages_of
from dipeval.study.money_tables import money_tables_of
from dipeval.study.reading import StudyFile, parse_study
from dipeval.study.spec import StudySpec
from dipeval.study.tidy_money import money_smallest, told_of_money

pytestmark = pytest.mark.slow  # whole studies, many times over

FAST = {"draws": 200, "prolific": False, "stages": False}
ALL = {"prolific": True, "stages": True}
TREE: dict[str, Any] = {
    "title": "Simulated",
    "question": "Did it help?",
    "programme": "treatment",
    "data": {"source": "simulate"},
    "simulate": {"people": 300, "compare_true_links": False},
    "linkage": {"error": {"draws": 0}},
    "outcomes": [
        {"name": "reoffended", "kind": "yes_no", "label": "Reoffended", "primary": True},
        {"name": "n_reoffences", "kind": "count", "label": "Reoffences"},
    ],
    "design": {"method": "entropy", "covariates": ["log_prior_offences_5y", "tested_opiates"]},
    "overturn": {"hidden_bias": False},
    "diagnostics": {"min_ess": 2.0, "min_treated": 2, "max_smd": 0.25, "max_share_dropped": 0.9},
    "costs": FAST,
    "disclosure": {"profile": "none"},
}
SAID = "The commissioner asked for the cost of everything."


def study(costs: dict[str, Any] | None = None, **changes: Any) -> Study:
    asked = TREE | changes | ({} if costs is None else {"costs": FAST | costs})
    return Study(file=StudyFile(path=Path("study.toml"), text="", sha256="0" * 64, spec=parse_study(asked)))


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return prepare(study().spec, Path())


@pytest.fixture(scope="module", autouse=True)
def once(prepared: Prepared) -> Iterator[None]:
    """Linking is the slow part: the tests share one, and leave out what is told beside the money."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order_of_work, "prepare", lambda spec, folder: prepared)
        patch.setattr("dipeval.study.described.pathway_of", lambda prepared, spec: {})
        patch.setattr("dipeval.study.simulated.truth_of", lambda *_: ())
        yield


@pytest.fixture(scope="module")
def result(prepared: Prepared, once: None) -> StudyResult:
    return study(ALL).run()


@pytest.fixture(scope="module")
def protected(prepared: Prepared, once: None) -> StudyResult:
    return study(ALL, disclosure={}).run()


def without(prepared: Prepared, *names: str) -> Prepared:
    """The same people, linked as they were, from fewer tables."""
    extracts = prepared.extracts
    tables = {name: extracts.table(name) for name in extracts.names if name not in names}
    fewer = make_extracts(tables, extract_date=extracts.extract_date, data_status="simulated", truth=extracts.truth)
    return replace(prepared, extracts=fewer)


def rows(result: StudyResult, section: str) -> pd.DataFrame:
    frame = result.to_frame()
    return frame[frame["section"] == section]


def test_everything_is_there_and_the_main_one_is_kept(result: StudyResult) -> None:
    found = result.money
    assert found is not None
    assert found.roi is result.roi
    assert found.not_done == {}
    assert found.rests_on_outcomes
    for part in (found.roi, found.other, found.by_group, found.per_person, found.per_stage):
        assert part is not None
    assert (found.linked, found.linked_by, found.notes) == ((), "", ())


def test_what_an_offence_averted_would_have_to_be_worth(result: StudyResult, protected: StudyResult) -> None:
    curve = result.money.acceptability
    assert (curve.per, curve.draws, curve.probability) == ("offence", 200, result.roi.probability)
    found = rows(result, "money: worth of an offence averted").set_index(["measure", "group"])["estimate"]
    for row in curve.points().to_dict("records"):
        assert found[row["term"], "all"] == pytest.approx(row["estimate"], nan_ok=True)
    for row in curve.to_frame().iloc[::10].to_dict("records"):
        assert found["probability", f"{row['threshold']:g}"] == row["probability"]
    assert report.money_acceptability(result).anchor == "money-acceptability"
    assert "Fenwick, O'Brien and Briggs (2004)" in str(report.methods(result))
    smallest = rows(protected, "money: worth of an offence averted")["n_smallest"]
    assert smallest.nunique() == 1 and int(smallest.iloc[0]) == money_smallest(protected)
    without_it = study({"acceptability": False}).run()
    assert without_it.money.acceptability is None and without_it.roi is not None
    assert rows(without_it, "money: worth of an offence averted").empty
    assert report.money_acceptability(without_it).anchor == ""


def test_without_costs_there_is_no_money() -> None:
    plain = {name: value for name, value in TREE.items() if name != "costs"}
    file = StudyFile(path=Path("study.toml"), text="", sha256="0" * 64, spec=parse_study(plain))
    found = Study(file=file).run()
    assert found.money is None
    assert found.roi is None
    assert "money" not in found.provenance()


def test_the_keys_reach_the_money(result: StudyResult) -> None:
    roi = result.roi
    assert roi.against == ("treatment",)
    assert (roi.perspective, roi.effect_of, roi.draws, roi.seed) == ("social", "treatment", 200, 1)
    asked = {
        "spent_on": ["testing", "contact", "treatment"],
        "reason": SAID,
        "perspective": "fiscal",
        "include_anticipation": True,
        "price_year": 2015,
        "discount_rate": 0.05,
        "scale_to_all_treated": True,
        "drug_offences": "police_and_court",
        "assumptions": {"attribution": {"value": 0.8, "low": 0.6, "high": 0.9, "source": "the board"}},
    }
    other = study(asked).run()
    assert other.roi.against == ("testing", "contact", "treatment")
    assert (other.roi.reason, other.roi.perspective, other.roi.price_year) == (SAID, "fiscal", 2015)
    assert (other.roi.discount_rate, other.roi.scaled) == (0.05, True)
    assert other.roi.people == other.roi.cost_people
    assert "drug_possession" not in other.roi.unpriced
    step = other.roi.chain().set_index("step").loc["attribution"]
    assert (step["value"], step["low"], step["high"], step["source"]) == (0.8, 0.6, 0.9, "the board")
    assert other.money.per_stage is None
    record = other.provenance()["money"]
    assert (record["reason"], record["assumptions"]["attribution"]["source"]) == (SAID, "the board")


def test_lines_that_are_not_set_against_the_benefit_stand_beside_it(result: StudyResult) -> None:
    views = result.roi.cost_views().set_index("view")
    assert views.loc["full", "cost"] > views.loc["set_against", "cost"]
    spending = result.roi.spending()
    assert set(spending.loc[spending["set_against"], "spent_on"]) == {"treatment"}
    assert set(spending["spent_on"]) == {"testing", "contact", "treatment"}


def test_people_by_kind_of_spending_by_hand(prepared: Prepared) -> None:
    lines = pd.DataFrame({"district": ["Leeds", "Leeds"], "financial_year": ["2012-13", "2013/14"]})
    days = ("2012-04-01", "2014-03-31")
    spine = prepared.linkage.to_frame()

    def people(table: str, day: str) -> set[str]:
        records = prepared.extracts.table(table)
        own = records[(records["district"] == "Leeds") & records[day].between(*days)]
        if table == "contacts":
            own = own[own["attended"].fillna(False).astype(bool)]
        known = spine[spine["table"] == table].set_index("record_id")["person_id"]
        return set(known.reindex(own["record_id"]).dropna())

    assert people_tested(prepared, lines) == len(people("drug_tests", "test_date")) > 0
    assert people_met(prepared, lines) == len(people("contacts", "contact_date")) > 0
    assert 0 < people_paid_for(prepared, lines) < len(people("treatment", "start_date"))


def test_a_kind_that_reached_fewer_than_were_treated_was_not_counted(
    prepared: Prepared, caplog: pytest.LogCaptureFixture
) -> None:
    spending = money.spending_of(prepared, study().spec)
    everyone = people_reached_of(prepared, spending, 1)
    assert set(everyone) == {"testing", "contact", "treatment"}
    assert everyone["testing"] > everyone["contact"] > everyone["treatment"]
    with caplog.at_level("INFO", logger="dipeval"):
        assert people_reached_of(prepared, spending, everyone["contact"] + 1) == {"testing": everyone["testing"]}
    assert any("fewer people on record for contact" in line for line in caplog.messages)


def test_people_are_those_of_the_study_file_if_it_says_so(prepared: Prepared) -> None:
    spec = study({"people": 321}).spec
    assert cost_people_of(prepared, money.spending_of(prepared, spec), spec) == 321


def test_of_contact_the_people_met_are_counted(prepared: Prepared) -> None:
    spec = study(cohort={"exposure": "contact"}).spec
    spending = money.spending_of(prepared, spec)
    own = spending[spending["spent_on"] == "contact"]
    assert cost_people_of(prepared, spending, spec) == people_met(prepared, own)


def test_a_study_without_contacts(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    fewer = without(prepared, "contacts")
    monkeypatch.setattr(order_of_work, "prepare", lambda spec, folder: fewer)
    found = study({"stages": True}).run()
    assert found.roi is not None
    spending = money.spending_of(fewer, study().spec)
    assert set(people_reached_of(fewer, spending, 1)) == {"testing", "treatment"}
    stages = found.money.per_stage.to_frame()
    assert not stages["label"].str.contains("assessment").any()
    assert stages["label"].str.contains("tested").any()


def test_spending_on_people_whom_nothing_shows_needs_their_number(prepared: Prepared) -> None:
    contact = study(cohort={"exposure": "contact"}).spec
    fewer = without(prepared, "contacts")
    with pytest.raises(InputError, match=r"\[costs\] needs the contacts table, or costs.people"):
        cost_people_of(fewer, money.spending_of(fewer, contact), contact)


def test_the_mix_and_how_many_offences_are_behind_it(result: StudyResult) -> None:
    mix = comparison_mix(result.outcomes_measured, result.design)
    assert math.fsum(mix["share"]) == pytest.approx(1, abs=1e-12)
    weights = result.design.weights[~result.design.treated.astype(bool)]
    counts = result.outcomes_measured.by_group
    counts = counts[counts["person_id"].isin(weights.index[weights > 0])]
    weighted = counts["n_reoffences"] * counts["person_id"].map(weights)
    by_hand = weighted.groupby(counts["offence_group"]).sum() / weighted.sum()
    assert mix.set_index("offence_group")["share"].to_numpy() == pytest.approx(by_hand.sort_index().to_numpy())
    behind = math.fsum(mix["n"])
    assert 1 <= behind <= counts["n_reoffences"].sum()
    assert mix["n"].to_numpy() == pytest.approx((mix["share"] * behind).to_numpy())


class _Measured:
    """Reoffences by group as `comparison_mix` reads them."""

    def __init__(self, counts: pd.DataFrame) -> None:
        self.by_group = counts


class _Design:
    def __init__(self, people: int) -> None:
        index = pd.Index([f"p{number:04d}" for number in range(people)])
        self.weights = pd.Series(1.0, index=index)
        self.treated = pd.Series(False, index=index)


def _mix(kinds: dict[str, list[tuple[str, int]]]) -> pd.DataFrame:
    table = [(person, group, n) for person, own in kinds.items() for group, n in own]
    frame = pd.DataFrame(table, columns=["person_id", "offence_group", "n_reoffences"])
    return comparison_mix(_Measured(frame), _Design(len(kinds)))  # type: ignore[arg-type]


def test_one_offence_a_person_counts_as_many_as_there_are_and_ten_a_person_as_a_tenth() -> None:
    single = {f"p{number:04d}": [("shoplifting" if number % 4 else "robbery", 1)] for number in range(400)}
    many = {person: [(group, 10)] for person, [(group, _)] in single.items()}
    # Exactly: 1 / jackknife variance of a share, p(1 - p) / (people - 1), less one.
    assert math.fsum(_mix(single)["n"]) == pytest.approx(398)
    assert math.fsum(_mix(many)["n"]) == pytest.approx(398)
    assert _mix(many).set_index("offence_group")["share"].to_dict() == {"robbery": 0.25, "shoplifting": 0.75}


def test_one_kind_of_offence_has_as_many_behind_it_as_there_are() -> None:
    mix = _mix({"p0000": [("robbery", 3)], "p0001": [("robbery", 4)]})
    assert (mix["share"].tolist(), mix["n"].tolist()) == ([1.0], [7.0])


def test_the_offences_of_one_person_alone_count_as_one() -> None:
    alone = [("robbery", 3), ("shoplifting", 9)]
    assert math.fsum(_mix({"p0000": alone})["n"]) == pytest.approx(1)
    # Nearly alone: the others hardly bear on the shares, so the number is small.
    assert math.fsum(_mix({"p0000": alone, "p0001": [("robbery", 1)]})["n"]) < 3


@pytest.mark.slow
@pytest.mark.parametrize(("people", "kinds"), [(40, 1.0), (300, 1.0), (300, 20.0)])
def test_the_drawn_mix_spreads_as_the_mix_of_new_people_does(people: int, kinds: float) -> None:
    """A few commit many, each mostly their own kind (the more so the smaller `kinds`)."""
    rng = np.random.default_rng(11)
    groups, usual = ["shoplifting", "robbery", "domestic_burglary"], np.array([0.6, 0.1, 0.3])
    shares, drawn, single = [], [], []
    for _ in range(150):
        own = np.array([rng.dirichlet(kinds * usual) for _ in range(people)])
        counts = rng.poisson(rng.gamma(0.35, 5, people)[:, None] * own)
        offences = {f"p{n:04d}": list(zip(groups, row, strict=True)) for n, row in enumerate(counts.tolist())}
        mix = _mix(offences).set_index("offence_group").reindex(groups, fill_value=0)
        share = mix["share"].to_numpy()
        shares.append(share)
        drawn.append(math.fsum(share * (1 - share)) / (mix["n"].sum() + 1))
        single.append(math.fsum(share * (1 - share)) / (counts.sum() + 1))
    true = float(np.var(shares, axis=0, ddof=1).sum())
    assert 0.85 < math.sqrt(np.mean(drawn) / true) < 1.2
    # As if every offence were another person's: far too sure.
    assert math.sqrt(np.mean(single) / true) < (0.6 if kinds == 1 else 0.95)


def test_the_mix_does_not_depend_on_the_order_of_rows(result: StudyResult) -> None:
    measured, design = result.outcomes_measured, result.design
    shuffled = _Measured(measured.by_group.sample(frac=1, random_state=3))
    pd.testing.assert_frame_equal(
        comparison_mix(shuffled, design),  # type: ignore[arg-type]
        comparison_mix(measured, design),
        check_exact=True,
    )


def test_nobody_who_reoffended_gives_no_mix() -> None:
    nobody = _Measured(pd.DataFrame({"person_id": [], "offence_group": [], "n_reoffences": []}))
    with pytest.raises(InputError, match="Nobody in the comparison group reoffended"):
        comparison_mix(nobody, _Design(3))  # type: ignore[arg-type]


def test_averted_offences_are_found_in_two_ways_and_each_stands_beside_the_other(result: StudyResult) -> None:
    estimated = study({"averted": "estimated"}).run()
    assert estimated.roi.benefit == pytest.approx(result.money.other.benefit, rel=1e-12)
    assert estimated.money.other.benefit == pytest.approx(result.roi.benefit, rel=1e-12)
    assert estimated.roi.offences_averted == pytest.approx(result.roi.offences_averted, rel=1e-9)
    by_group = result.money.by_group.to_frame().set_index("group")["estimate"]
    assert by_group.drop("all").sum() == pytest.approx(-result.effects[2].estimate)


def test_another_estimator_leaves_the_mix_alone() -> None:
    found = study(effect={"estimator": "regression"}).run()
    assert found.roi is not None
    assert found.money.by_group is None
    assert found.money.other is None


def test_a_part_that_fails_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise EstimationError("Too few people.")

    monkeypatch.setattr(money_parts, "averted_by_group", fails)
    monkeypatch.setattr("dipeval.roi.offences.prolific.value_per_person", fails)
    monkeypatch.setattr(money_parts, "stages_of", fails)
    found = study(ALL).run()
    assert found.roi is not None
    assert dict(found.money.not_done) == dict.fromkeys(("per_stage", "by_group", "per_person"), "Too few people.")
    told = found.to_frame()
    assert set(told.loc[told["status"] == "not done", "section"]) >= {"money: per stage", "money: by group"}
    with pytest.raises(DipevalError, match="Too few people"):
        study({"averted": "estimated"}).run()


def test_linkage_error_reaches_the_money(prepared: Prepared, result: StudyResult) -> None:
    error = {"error": {"draws": 3, "thresholds": [0.5], "tipping": False}}
    found = study({"linkage": True}, linkage=error).run()
    (drawn,) = found.money.linked
    assert found.roi.linked
    assert found.money.linked_by == "treatment" == drawn.link
    assert drawn.primary_fingerprint == found.design.fingerprint
    assert drawn.primary_estimate == pytest.approx(found.effects[2].estimate)
    assert found.roi.offences_averted == pytest.approx(-drawn.estimate * found.effects[2].n_treated)
    assert any("not knowing whose treatment records" in note for note in found.money.notes)
    sections = set(found.to_frame()["section"])
    assert "linkage error: treatment: money" in sections
    # The registered answer stays what it is.
    assert found.effects[2].estimate == result.effects[2].estimate


def test_a_primary_number_of_offences_is_not_drawn_twice(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    yes_no, count = TREE["outcomes"]
    outcomes = [count | {"primary": True}, yes_no | {"primary": False}]
    error = {"error": {"draws": 3, "thresholds": [0.5], "tipping": False}}
    monkeypatch.setattr("dipeval.study.money_effects.propagated", lambda *_, **__: pytest.fail("drawn again"))
    found = study({"linkage": True}, linkage=error, outcomes=outcomes).run()
    assert found.money.linked == found.linkage_error
    assert "linkage error: treatment: money" not in set(found.to_frame()["section"])


def test_links_that_cannot_be_drawn_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise EstimationError("The analysis fails on more than a fifth of the draws.")

    monkeypatch.setattr("dipeval.study.money_effects.propagated", fails)
    monkeypatch.setattr(order_of_work, "linkage_errors", lambda *_: ((), ()))
    found = study({"linkage": True}, linkage={"error": {"draws": 3}}).run()
    assert not found.roi.linked
    assert found.money.linked_by == ""
    assert any("Linkage error of treatment could not be carried" in note for note in found.money.notes)


def test_the_file_that_leaves_the_effect_least_certain_is_taken() -> None:
    class Drawn:
        def __init__(self, link: str, low: float, high: float) -> None:
            self.link, self.conf_low, self.conf_high = link, low, high

    assert widest(()) is None
    found = widest((Drawn("treatment", -1.0, 0.0), Drawn("offences", -2.0, 0.5)))  # type: ignore[arg-type]
    assert found is not None
    assert found.link == "offences"


def test_one_funders_money_is_said_to_be_one_funders(result: StudyResult) -> None:
    found = study({"funders": ["NHS England"]}).run()
    assert found.roi.benefit_cost_ratio > result.roi.benefit_cost_ratio
    assert found.money.notes[0].startswith("Only what NHS England paid is counted (costs.funders).")


def test_pounds_and_people_at_each_stage_are_of_the_same_years(prepared: Prepared, result: StudyResult) -> None:
    from dipeval.indicators import pathway

    stages = result.money.per_stage
    spend = prepared.extracts.table("spend")
    kept = [year for year in sorted(set(spend["financial_year"])) if int(year[:4]) in stages.years]
    first, last = min(stages.years), max(stages.years)
    counts = pathway(
        prepared.extracts, prepared.linkage, counting="period", date_from=f"{first}-04-01", date_to=f"{last + 1}-03-31"
    ).to_frame()
    own = stages.to_frame().set_index("stage")
    assert own["n"].tolist() == counts["n"].tolist()
    assert len(kept) == len(stages.years)
    assert set(own["counting"]) == {"period"}
    # Years that the extracts do not cover from the first day to the last are left out on both sides.
    assert pd.Timestamp(f"{last + 1}-03-31") <= pd.Timestamp(prepared.extracts.extract_date)
    assert pd.Timestamp(f"{first}-04-01") >= prepared.extracts.table("drug_tests")["test_date"].min().replace(day=1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"districts": ["Leeds", "Bradford"]}, "the study names 2"),
        ({"years": ["1995-96"]}, "No financial year of the spending lies wholly within"),
        ({"years": ["2012-13", "2014-15"]}, "no lines for some of the years"),
    ],
)
def test_pounds_and_people_that_are_not_of_the_same(prepared: Prepared, change: dict[str, Any], said: str) -> None:
    spec = study(cohort={"districts": change.get("districts", [])}).spec
    spending = money.spending_of(prepared, study().spec)
    if "years" in change:
        spending = spending.head(len(change["years"])).assign(financial_year=change["years"])
    with pytest.raises(InputError, match=said):
        stages_of(prepared, spending, spec, money_tables_of(spec.costs, Path()))  # type: ignore[arg-type]


def test_one_district_is_counted_by_itself(prepared: Prepared, result: StudyResult) -> None:
    spec = study(cohort={"districts": ["Leeds"]}).spec
    tables = money_tables_of(spec.costs, Path())  # type: ignore[arg-type]
    found = stages_of(prepared, money.spending_of(prepared, spec), spec, tables)
    assert 0 < found.amount < result.money.per_stage.amount
    assert (found.to_frame()["n"] < result.money.per_stage.to_frame()["n"].max()).all()


def test_a_withheld_study_holds_the_stages_alone(result: StudyResult) -> None:
    withheld = study({"stages": True}, diagnostics={"min_treated": 399}).run()
    assert withheld.withheld
    assert withheld.money.per_stage is not None
    assert not withheld.money.rests_on_outcomes
    sections = {name for name in withheld.to_frame()["section"] if name.startswith("money")}
    assert sections == {"money: by stage"}
    with pytest.raises(InvariantError, match="withheld study holds an effect"):
        replace(withheld, money=result.money)


def test_links_drawn_for_another_design_are_no_part_of_the_result(result: StudyResult) -> None:
    class Drawn:
        primary_fingerprint = "another"

    with pytest.raises(InvariantError, match="belongs to another design"):
        replace(result, money=replace(result.money, linked=(Drawn(),)))  # type: ignore[arg-type]


def test_each_table_of_the_money_has_its_rows(result: StudyResult) -> None:
    roi = result.roi
    perspectives = rows(result, "money: perspectives").set_index(["group", "measure"])
    assert perspectives.loc[("social", "ratio"), "estimate"] == roi.benefit_cost_ratio
    assert set(perspectives.index.get_level_values(0)) == {"fiscal", "economic", "social"}
    assert set(rows(result, "money: steps")["group"]) == set(roi.chain()["step"])
    assert {"marginal", "set_against", "full"} <= set(rows(result, "money: costs")["group"])
    assert set(rows(result, "money: what matters most")["group"]) == set(roi.tornado()["input"])
    assert set(rows(result, "money: break even")["group"]) == set(roi.break_even()["input"])
    assert len(rows(result, "money: by stage")) == len(result.money.per_stage.to_frame())
    assert {"averted", "treated", "comparison"} <= set(rows(result, "money: few people")["group"])
    assert set(rows(result, "money: by group")["group"]) == set(result.money.by_group.to_frame()["group"])
    assert not rows(result, "money: the other way").empty


def test_protected_money_gives_no_count_of_people_back(protected: StudyResult) -> None:
    roi, effect = protected.roi, protected.effects[2]
    assert protected.rule.protects
    assert roi.people % 5 == 0
    assert roi.cost_people % 5 == 0
    assert abs(roi.people - effect.n_treated) < 5
    # The effect that money is made from carries the shown count, so that nothing is divided by the exact one.
    assert roi.offences_averted == pytest.approx(-effect.estimate * roi.people)
    views = roi.cost_views().set_index("view")
    people = views["people"].dropna()
    assert (people % 5 == 0).all()
    stages = protected.money.per_stage.to_frame()
    assert ((stages["n"] % 5 == 0) & (stages["n"] >= 10)).all()


def test_protected_rows_are_withheld_group_by_group(protected: StudyResult) -> None:
    lines = [line.split(",") for line in results_csv(protected).splitlines() if line.startswith("money")]
    told = told_of_money(protected).groups
    for section in ("money", "money: by group"):
        hidden = {line[2] for line in lines if line[0] == section and line[3] == "[c]"}
        assert len(hidden) >= 2
        if section == "money":
            assert hidden == {group for group, people in told.items() if people == 0}
    for line in lines:
        for value in line[3:6]:
            if value not in ("", "[c]"):
                assert float(value) == pytest.approx(float(f"{float(value):.3g}"), rel=1e-12)
    people = [line for line in lines if line[0] == "money: few people" and line[3] not in ("", "[c]")]
    assert people
    assert all(float(f"{float(line[3]):.2g}") == float(line[3]) for line in people)


def test_an_input_of_a_small_group_is_withheld_with_it(prepared: Prepared) -> None:
    figures = {"shoplifting": {"value": 5.0, "low": 3.0, "high": 8.0}, "fraud": {"value": 2.0, "low": 1.0, "high": 3.0}}
    found = study({"assumptions": {"actual_per_recorded": figures}}, disclosure={}).run()
    told = told_of_money(found).groups
    assert told.get("fraud", 0) == 0
    own = rows(found, "money: what matters most")
    small = own[own["group"] == "actual_per_recorded:fraud"]
    assert (small["n_smallest"] == 0).all()


def test_sums_are_withheld_where_they_tell_of_a_small_group(
    protected: StudyResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dipeval.report import words

    counts = {"shoplifting": 80, "robbery": 4}
    monkeypatch.setattr("dipeval.study.tidy_money.people_behind_groups", lambda result, both: counts)
    assert money_smallest(protected) == 0
    assert words.money_is_small(protected)
    counts |= {"domestic_burglary": 30}
    assert told_of_money(protected).money
    assert not told_of_money(protected).valuations
    own = rows(protected, "money: perspectives").set_index("group")["n_smallest"]
    assert (own["fiscal"] == 0).all()
    assert (own["social"] > 0).all()
    terms = rows(protected, "money").query("group == 'all'").set_index("measure")["n_smallest"]
    assert terms["benefit_with_anticipation"] == 0
    assert terms["benefit"] > 0
    steps = rows(protected, "money: steps").set_index("group")["n_smallest"]
    assert (steps["actual_per_recorded"] == 0).all()
    assert (steps["effect"] > 0).all()


def test_too_few_treated_leave_the_stages_alone(protected: StudyResult, monkeypatch: pytest.MonkeyPatch) -> None:
    real = money_parts.counted_effect
    monkeypatch.setattr(money_parts, "counted_effect", lambda effects, spec: replace(real(effects, spec), n_treated=9))
    monkeypatch.setattr(money, "counted_effect", lambda effects, spec: replace(real(effects, spec), n_treated=9))
    found = study({"stages": True}, disclosure={}).run()
    assert found.roi is None
    assert not found.money.rests_on_outcomes
    assert found.money.per_stage is not None


def test_people_stated_in_lines_are_not_told_where_counts_are_protected(prepared: Prepared) -> None:
    extracts = prepared.extracts
    tables = {name: extracts.table(name) for name in extracts.names}
    tables["spend"] = tables["spend"].assign(people=7)
    stated = make_extracts(tables, extract_date=extracts.extract_date, data_status="simulated", truth=extracts.truth)
    other = replace(prepared, extracts=stated)
    assert "people" in money.spending_of(other, study().spec).columns
    assert "people" not in money.spending_of(other, study(disclosure={}).spec).columns


def test_two_runs_give_the_same_money(result: StudyResult) -> None:
    again = study(ALL).run()
    pd.testing.assert_frame_equal(again.to_frame(), result.to_frame(), check_exact=True)
    assert again.provenance() == result.provenance()


def test_a_refusal_of_the_money_names_the_section(prepared: Prepared, result: StudyResult) -> None:
    spec: StudySpec = study({"unit_costs": "2018"}).spec
    with pytest.raises(InputError, match=r"^\[costs\]: .*pass costs.include_anticipation = true"):
        money.roi_of(result.effects, prepared, result.design, result.outcomes_measured, spec)
