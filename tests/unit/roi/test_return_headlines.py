"""The sentences of a return on investment over every combination of what may be on, settled or known."""

from __future__ import annotations

import itertools
import re

import pytest

from dipeval.roi import RoiAssumptions, Uncertain
from dipeval.roi.headline import share_of_draws
from tests.unit.roi.test_return_steps import effect_of, roi_of

ON = {
    "nothing": RoiAssumptions(),
    "multipliers": RoiAssumptions(recorded_per_proven=Uncertain(3, 2, 5)),
    "years": RoiAssumptions(extrapolate_years=1, drop_off=0.2),
    "all": RoiAssumptions(
        actual_per_recorded="published",
        attribution=0.7,
        extrapolate_years=1,
        drop_off=0.2,
        optimism_bias=0.2,
        unit_cost_factor=1.2,
        cost_factor=0.8,
    ),
}
EFFECTS = {"fewer": (-0.5, 0.2), "open": (-0.1, 0.3), "none": (0.0, 0.3), "more": (0.5, 0.2), "known": (-0.5, 0.0)}


@pytest.mark.parametrize(("effect", "on"), list(itertools.product(EFFECTS, ON)))
def test_a_headline_is_one_sentence_with_its_range_and_what_it_rests_on(effect: str, on: str) -> None:
    roi = roi_of(effect_of(*EFFECTS[effect]), ON[on], draws=200)
    text = roi.summary().headline
    # One sentence: no full stop but the last (those in numbers apart).
    assert re.sub(r"\d\.\d", "", text).count(".") == 1 and text.endswith(f"rests most on {roi.biggest_assumption}.")
    assert "{" not in text and "nan" not in text and "[x]" not in text and ",," not in text
    assert ("with multipliers from proven to actual crime" in text) == (on in ("multipliers", "all"))
    assert ("1 year beyond the follow-up" in text) == (on in ("years", "all"))
    if effect in ("open", "none"):
        assert text.startswith("The data do not settle whether offences were averted")
    if effect == "more":
        assert text.startswith("The data point to more offences, not fewer")
    if on in ("multipliers", "years", "all"):
        assert effect == "more" or " without the " in text
        assert roi.ratio_without_uplift != roi.benefit_cost_ratio or effect == "none"
    if on == "all":
        assert "with 70% of the effect counted as this programme's" in text
        assert "with the spending raised by 20% for optimism" in text
        assert "with unit costs multiplied by 1.20" in text and "with the spending multiplied by 0.80" in text
    for banned in ("no effect", "control", "significant", "saved", "savings", "cashable"):
        assert banned not in str(roi.summary()).lower()


def test_shares_of_draws_are_never_rounded_to_all_or_none() -> None:
    shown = [share_of_draws(share) for share in (1.0, 0.9999, 0.99, 0.505, 0.0001, 0.0, float("nan"))]
    assert shown == ["all", "more than 99%", "99%", "51%", "less than 1%", "none", "[x]"]


def test_a_settled_effect_with_a_value_below_cost_is_not_sold() -> None:
    text = roi_of(perspective="fiscal", cost_people=200, on=RoiAssumptions(cost_factor=10)).summary().headline
    assert "less than was spent, £0.27 of value for each £1" in text
    assert "in none of the 2,000 draws" in text
    text = roi_of(perspective="fiscal", on=RoiAssumptions(cost_factor=4)).summary().headline
    assert "do not settle whether the value exceeds the cost (£0.84 for each £1, from £0.50 to £1.17)" in text


def test_what_is_left_out_is_said_in_words() -> None:
    left = roi_of().left_out
    assert left[0].startswith("offences that were never proven") and left[1] == "offending after the follow-up"
    assert "costs in anticipation of crime" in left
    assert "costs in anticipation of crime" not in roi_of(include_anticipation=True).left_out
    fiscal = roi_of(perspective="fiscal").left_out
    assert "what crime costs victims, employers and the health service, and harm to victims" in fiscal
    assert "costs in anticipation of crime" in fiscal
    assert "costs in anticipation of crime" in roi_of(perspective="fiscal", include_anticipation=True).left_out
    recorded = roi_of(on=RoiAssumptions(recorded_per_proven=2)).left_out
    assert recorded[0].startswith("offences that were never recorded")
    assert roi_of(on=ON["all"]).left_out[0].startswith("recorded offences that were never proven")
    note = next(note for note in roi_of().summary().notes if note.startswith("Left out"))
    assert all(one in note for one in left)
