"""What is said of a return on investment must be true where kinds of offence and sources differ and steps are on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dipeval.errors import InputError
from dipeval.roi import ReturnOnInvestment, RoiAssumptions, Uncertain, load_unit_costs, return_on_investment
from dipeval.roi import run as run_module
from tests.unit.roi.test_return_steps import COST, SHOP, VIOLENCE, effect_of, line, linkage_of, roi_of

WORTH = np.array([SHOP, VIOLENCE])


def by_kind(shoplifting: float, violence: float, errors: tuple[float, float], **kwargs: Any) -> ReturnOnInvestment:
    """A return on kinds of offence that are estimated one by one and independently."""
    half = stats.norm.ppf(0.975) * float(np.hypot(*errors))
    effect = effect_of(-(shoplifting + violence), half)
    averted = SimpleNamespace(
        groups=("shoplifting", "violence_with_injury"),
        vector=np.array([shoplifting, violence]),
        total=SimpleNamespace(estimate=effect.estimate, design_fingerprint=effect.design_fingerprint),
        covariance=lambda: np.diag(np.square(errors)),
    )
    return roi_of(effect, averted=averted, **{"draws": 20_000, **kwargs})


def test_no_effect_is_none_of_every_kind_and_not_only_none_in_all() -> None:
    # With the total none and the violence averted left in, nearly every draw would show a net benefit.
    roi = by_kind(0.0, 0.1, (0.2, 0.02))
    error = 200 * float(np.sqrt(np.sum((WORTH * [0.2, 0.02]) ** 2)))
    assert roi.probability_if_none == pytest.approx(stats.norm.sf(COST / error), abs=0.01)
    assert roi.probability == pytest.approx(stats.norm.sf((COST - 200 * 0.1 * VIOLENCE) / error), abs=0.01)


def test_a_value_that_is_settled_while_the_number_is_not_is_not_called_open() -> None:
    roi = by_kind(-0.05, 0.1, (0.2, 0.01))
    assert not roi.settled and roi.net_present_value_low > 0
    text = roi.summary().headline
    assert text.startswith("The data do not settle whether offences were averted")
    assert "but the value is above the cost (£" in text and "because offences that cost more were averted" in text
    assert "neither that the money was repaid" not in text


def test_more_offences_in_all_may_be_worth_something_where_dear_ones_were_averted() -> None:
    text = by_kind(-1.0, 0.1, (0.1, 0.01)).summary().headline
    assert text.startswith("The data point to more offences, not fewer")
    assert "of kinds that cost so differently that those averted are valued from £" in text
    assert "at a cost of crime from" not in text
    assert "at a cost of crime from £" in by_kind(-1.0, -0.1, (0.1, 0.01)).summary().headline


def test_a_break_even_below_nothing_is_not_called_offences_to_avert() -> None:
    roi = by_kind(-0.1, 0.2, (0.2, 0.002))
    assert roi.break_even_offences < 0
    assert not any(note.startswith("To break even") for note in roi.summary().notes)
    said = next(note for note in roi_of().summary().notes if note.startswith("To break even"))
    assert "proven offences would have to be averted within the follow-up" in said


def test_multipliers_of_an_estimate_of_none_are_those_of_the_mix() -> None:
    on = RoiAssumptions(actual_per_recorded={"shoplifting": 3, "violence_with_injury": 1}, recorded_per_proven=2)
    roi = roi_of(effect_of(0.0), on=on)
    steps = roi.chain().set_index("step")
    assert steps.loc["actual_per_recorded", "value"] == pytest.approx(2)
    assert steps.loc["worth", "value"] == pytest.approx((3 * SHOP + VIOLENCE) / 4)
    assert any("is counted as 4.00 crimes" in note for note in roi.summary().notes)


def test_there_is_no_mean_multiplier_where_some_kinds_were_averted_and_others_added() -> None:
    on = RoiAssumptions(actual_per_recorded={"shoplifting": 3, "violence_with_injury": 1})
    roi = by_kind(-0.3, 0.1, (0.1, 0.01), on=on)
    assert roi.chain().set_index("step").loc[["actual_per_recorded", "worth"], "value"].isna().all()
    assert any("is counted as more or fewer crimes, by its kind" in note for note in roi.summary().notes)
    alike = by_kind(0.3, 0.1, (0.1, 0.01), on=on)
    assert alike.chain().set_index("step").loc["actual_per_recorded", "value"] == pytest.approx(2.5)


def test_one_offence_is_one_offence() -> None:
    assert "anything from 1 more offence to 39 fewer offences" in roi_of(effect_of(-0.095, 0.1)).summary().headline


def test_a_share_of_draws_is_said_to_rest_on_taking_every_effect_as_likely_before() -> None:
    for on in (RoiAssumptions(), RoiAssumptions(attribution=Uncertain(0.8, 0.6, 0.9))):
        notes = roi_of(on=on).summary().notes
        assert any("as likely as any other before seeing these data" in note for note in notes)
    known = roi_of(effect_of(half=0.0)).summary().notes
    assert not any("share of draws" in note for note in known)


def test_two_years_of_offences_against_one_year_of_spending_are_said() -> None:
    notes = roi_of(follow_up_days=730).summary().notes
    assert any("counted over 730 days" in note and "what was spent in 2019/20" in note for note in notes)
    both = pd.DataFrame([line(), line(financial_year="2020/21")])
    for kwargs in ({}, {"follow_up_days": 730, "costs": both}):
        assert not any("counted over" in note for note in roi_of(**kwargs).summary().notes)


def test_without_a_discount_rate_nothing_is_said_to_fall_in_one_year() -> None:
    notes = roi_of(follow_up_days=730, discount_rate=0.0).summary().notes
    assert any(note.startswith("The discount rate is 0") for note in notes)
    assert not any("falls in one year" in note or "discounted to" in note for note in notes)


def test_perspectives_say_what_is_in_them() -> None:
    notes = roi_of(include_anticipation=True).perspectives().set_index("perspective")["note"]
    assert notes["social"] == "Economic, harm to victims, and costs in anticipation of crime."
    assert roi_of().perspectives().set_index("perspective").loc["social", "note"] == "Economic, and harm to victims."
    elsewhere = roi_of(unit_costs=load_unit_costs(fiscal="gmca"), perspective="fiscal")
    assert "by another source" in elsewhere.perspectives().set_index("perspective").loc["fiscal", "note"]
    assert "The perspectives overlap, and are never added up." in elsewhere.summary().notes
    assert " to public bodies against a cost" in elsewhere.summary().headline
    assert any(note.startswith("The value is what crime costs public bodies") for note in elsewhere.summary().notes)
    own = roi_of(perspective="fiscal").summary()
    assert "to the public bodies that respond to crime" in own.headline
    assert own.notes[-1].startswith("The value is what responding to crime costs public bodies")
    # The other source counts the health service.
    assert "what crime costs victims and employers, and harm to victims" in elsewhere.left_out


def test_anticipation_is_a_choice_in_the_social_perspective_only() -> None:
    assert "anticipation" in set(roi_of().tornado()["input"])
    assert "anticipation" not in set(roi_of(perspective="fiscal").tornado()["input"])


def test_what_inflates_the_ratio_by_hand_is_what_the_answer_rests_on() -> None:
    dearer = RoiAssumptions(unit_cost_factor=2, cost_factor=0.8)
    assert roi_of(on=dearer).biggest_assumption == (
        "that each offence costs 2.00 times what the table of unit costs says"
    )
    assert (
        roi_of(on=RoiAssumptions(cost_factor=0.8)).biggest_assumption == "that the spending was 80% of what was stated"
    )
    careful = RoiAssumptions(unit_cost_factor=0.5, cost_factor=2)
    assert roi_of(on=careful).biggest_assumption.startswith("the effect itself")
    contact = roi_of(
        costs=pd.DataFrame([line(spent_on="contact")]), against=["contact"], reason="treatment was the same either way",
        on=dearer,
    )  # fmt: skip
    assert contact.biggest_assumption == "that the cost of the treatment itself is rightly left out"


def test_a_marginal_cost_that_nobody_stated_is_not_called_one() -> None:
    label = roi_of().cost_views().set_index("view")["label"]
    assert label["marginal"].startswith("Marginal cost, if all of the effect's own spending grows with each person")
    stated = roi_of(costs=pd.DataFrame([line(marginal_share=0.5)])).cost_views().set_index("view")
    assert stated.loc["marginal", "label"].startswith("Marginal cost: what one more person takes")
    assert stated.loc["marginal", "ratio"] == pytest.approx(2 * stated.loc["set_against", "ratio"])


def test_a_programme_with_no_share_of_the_effect_is_refused() -> None:
    with pytest.raises(InputError, match="attribution is 0"):
        RoiAssumptions(attribution=0.0)
    RoiAssumptions(attribution=Uncertain(0.1, 0.0, 1.0))


@pytest.mark.parametrize("on", [RoiAssumptions(), RoiAssumptions(recorded_per_proven=Uncertain(2, 1, 4))])
def test_draws_a_block_at_a_time_are_the_draws(on: RoiAssumptions, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = roi_of(on=on, draws=1_000)
    monkeypatch.setattr(run_module, "_BLOCK", 300)
    parts = roi_of(on=on, draws=1_000)
    pd.testing.assert_frame_equal(parts.drawn(), whole.drawn(), check_exact=True)
    pd.testing.assert_frame_equal(parts.by_group(), whole.by_group(), check_exact=True)
    pd.testing.assert_frame_equal(parts.to_frame(), whole.to_frame(), check_exact=True)


def test_linkage_error_of_a_real_study_is_the_interval_of_the_money() -> None:
    import dipeval as dip
    from dipeval.effects.example import small_linked_study

    linkage, people, _ = small_linked_study(300)
    spine = linkage.to_frame()
    linked = people.index.isin(spine.loc[spine["table"] == "treatment", "person_id"])
    random = np.random.default_rng(1)
    people = people.assign(n_reoffences=random.poisson(np.where(linked, 1.0, 2.0)))
    design = dip.weight(
        people.assign(treated=linked.astype(int)), treated="treated", covariates=["age"], method="entropy"
    )
    effect = dip.estimate_effect(design, people["n_reoffences"], measure="mean_difference")
    found = dip.propagate_linkage(
        linkage,
        dip.DesignAnalysis(covariates=("age",), outcome="n_reoffences", measure="mean_difference"),
        people=people, outcome="n_reoffences", covariates=["age"], draws=4, missed=0.05, tipping=False, primary=effect,
    )  # fmt: skip
    kwargs: dict[str, Any] = {
        "costs": pd.DataFrame([line(60_000.0)]),
        "offence_mix": pd.DataFrame({"offence_group": ["shoplifting"], "share": [1.0]}),
        "cost_people": effect.n_treated,
    }
    plain, roi = (return_on_investment(effect, **kwargs, linkage=one) for one in (None, found))
    ends = -effect.n_treated * SHOP * np.array([found.conf_high, found.estimate, found.conf_low])
    assert [roi.benefit_low, roi.benefit, roi.benefit_high] == pytest.approx(ends.tolist(), rel=1e-12)
    assert roi.ratio_without_linkage == pytest.approx(plain.benefit_cost_ratio, rel=1e-12)
    assert roi.benefit_high - roi.benefit_low > plain.benefit_high - plain.benefit_low
    assert linkage_of(effect).primary_fingerprint == found.primary_fingerprint
