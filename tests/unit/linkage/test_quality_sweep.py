"""Thresholds, the waterfall and the weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dipeval.errors import InputError, InvariantError
from dipeval.linkage import LinkRule, link, true_linkage
from dipeval.linkage.pictures import MatchWeights, PairExplanation, match_weights, waterfall
from dipeval.linkage.sweeping import COLUMNS, LinkSweep, sweep
from tests.unit.linkage.conftest import Checked


def test_the_threshold_in_use_gives_the_links_in_use(checked: Checked) -> None:
    frame = sweep(checked.linkage, (0.5,)).to_frame()
    counts = checked.linkage.counts.set_index("table")
    assert frame["n_links"].tolist() == counts.loc[["treatment", "offences"], "linked"].tolist()
    assert frame["tied"].tolist() == counts.loc[["treatment", "offences"], "tied"].tolist()


def test_each_threshold_is_a_linkage_of_its_own(checked: Checked) -> None:
    frame = sweep(checked.linkage, (0.3, 0.9), truth=checked.extracts.truth).to_frame().set_index(["link", "threshold"])
    other = link(checked.extracts, LinkRule(threshold=0.9))
    quality = other.quality(checked.extracts.truth).to_frame().set_index("link")
    for name in ("drug_tests - treatment", "drug_tests - offences"):
        found = frame.loc[(name, 0.9)]
        wanted = quality.loc[name, ["n_links", "precision", "recall", "f1"]]
        assert found[["n_links", "precision", "recall", "f1"]].tolist() == pytest.approx(wanted.tolist())
        assert frame.loc[(name, 0.3), "n_links"] >= found["n_links"]


def test_expected_figures_add_up(checked: Checked) -> None:
    frame = sweep(checked.linkage).to_frame()
    assert frame["expected_right"].add(frame["expected_false"]).to_numpy() == pytest.approx(frame["n_links"].to_numpy())
    total = frame["expected_right"] + frame["expected_missed"]
    assert total.groupby(frame["link"]).std().max() < 1e-9
    assert frame[["precision", "recall", "f1"]].isna().all(axis=None)
    assert (frame.groupby("link")["n_links"].diff().dropna() <= 0).all()


def test_the_balanced_threshold_is_where_the_two_errors_meet() -> None:
    nothing = (float("nan"),) * 3
    rows = [("a - b", cut, 10, 0, 9.0, false, missed, *nothing) for cut, false, missed in
            ((0.1, 5.0, 1.0), (0.5, 2.0, 1.5), (0.9, 0.5, 4.0))]  # fmt: skip
    swept = LinkSweep(threshold=0.5, _frame=pd.DataFrame(rows, columns=list(COLUMNS)))
    assert swept.balanced == {"a - b": 0.5}
    assert "nearest to each other at: 0.5 (a - b)" in swept.summary().notes[0]


@pytest.mark.parametrize("thresholds", [(), (0.0,), (1.2,), ("high",), (True,)])
def test_impossible_thresholds_are_refused(checked: Checked, thresholds: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match=r"numbers between 0\.001 and 1"):
        sweep(checked.linkage, thresholds)


def test_a_waterfall_adds_up_for_every_kind_of_pair(checked: Checked) -> None:
    pairs = checked.linkage.pairs()
    picked = pd.concat([part.iloc[[0, len(part) // 2, -1]] for _, part in pairs.groupby("right_table")])
    for row in picked.itertuples():
        explained = waterfall(checked.linkage, row.left_person, row.right_person, table=row.right_table)
        frame = explained.to_frame()
        assert frame["part"].iloc[0] == "prior"
        assert frame["match_weight"].sum() == pytest.approx(row.match_weight, abs=1e-5)
        assert frame["running_weight"].iloc[-1] == pytest.approx(explained.total, abs=1e-5)
        assert explained.linked == row.linked
        assert explained.probability == row.match_probability


def test_a_waterfall_shows_no_identifier(checked: Checked) -> None:
    pair = checked.linkage.pairs().iloc[0]
    explained = waterfall(checked.linkage, pair["left_person"], pair["right_person"], table=pair["right_table"])
    shown = f"{explained!r} {explained.summary()} {explained.to_frame().to_csv()}"
    person = checked.linkage.identifiers("drug_tests").loc[pair["left_person"]]
    for value in person[["forename", "surname", "birth_date", "postcode"]].dropna():
        assert str(value) not in shown
    assert pair["left_person"] not in shown


def test_pairs_that_cannot_be_explained(checked: Checked) -> None:
    with pytest.raises(InputError, match="no candidates for a link"):
        waterfall(checked.linkage, "P000000", "nobody")
    pairs = checked.linkage.pairs()
    both = pairs[pairs["linked"]].groupby("left_person").filter(lambda part: len(part) == 2).iloc[0]
    with pytest.raises(InputError, match="name one of its files"):
        waterfall(checked.linkage, both["left_person"], both["right_person"])
    known = true_linkage(checked.extracts)
    row = known.pairs().iloc[0]
    with pytest.raises(InputError, match="without a model"):
        waterfall(known, row["left_person"], row["right_person"], table=row["right_table"])
    frame = pd.DataFrame([("prior", "", -3.0, -3.0)], columns=["part", "level", "match_weight", "running_weight"])
    with pytest.raises(InvariantError, match="add up"):
        PairExplanation(link="a - b", total=1.0, probability=0.5, linked=True, _frame=frame)


def test_weights_are_those_of_the_models(checked: Checked) -> None:
    frame = match_weights(checked.linkage).to_frame()
    assert frame["match_weight"].to_numpy() == pytest.approx(np.log2(frame["m"] / frame["u"]).to_numpy())
    for model in checked.linkage.models:
        part = frame[frame["link"] == f"drug_tests - {', '.join(model.tables)}"]
        pd.testing.assert_frame_equal(part.drop(columns="link").reset_index(drop=True), model.weights_frame())
        assert part.groupby("comparison")["m"].sum().to_numpy() == pytest.approx(1.0)
    table = match_weights(checked.linkage).summary().table
    assert table.columns.tolist() == ["Comparison", "Level", "drug_tests - treatment", "drug_tests - offences"]
    assert not table.duplicated(["Comparison", "Level"]).any()


def test_without_a_model_there_are_no_weights(checked: Checked) -> None:
    weights = match_weights(true_linkage(checked.extracts))
    assert len(weights.to_frame()) == 0
    assert "Nothing was learnt" in weights.summary().headline
    with pytest.raises(InvariantError, match="columns"):
        MatchWeights(_frame=pd.DataFrame())
