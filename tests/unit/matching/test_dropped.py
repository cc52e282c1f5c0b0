"""Who was left out: kept v dropped, and whether the design still is about the people it was meant for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import InvariantError
from dipeval.matching.dropped import measure_dropped
from dipeval.matching.terms import Terms
from tests.unit.matching.matching_people import COVARIATES, people

COMMON: dict[str, Any] = {"treated": "treated", "covariates": COVARIATES}


def terms_of(values: Any) -> Terms:
    return Terms(
        names=("x",), columns=("x",), values=np.asarray(values, dtype=float)[:, None], reference=np.zeros(1, dtype=bool)
    )


def test_means_and_differences_by_hand() -> None:
    table = people(300)
    design = dip.match(table, caliper=0.01, **COMMON)
    found = design.dropped()
    treated, kept = design.treated.to_numpy(), design.weights.to_numpy() > 0
    assert (found.n_kept, found.n_dropped) == (design.n_treated, design.n_treated_dropped)
    assert found.n_dropped > 0
    assert found.n_unused == int((~treated & ~kept).sum())
    frame = found.to_frame().set_index("term")
    columns = {"age": table["age"].to_numpy(float), "district[Leeds]": (table["district"] == "Leeds").to_numpy(float)}
    for name, values in columns.items():
        everyone = values[treated]
        inside, outside = values[treated & kept].mean(), values[treated & ~kept].mean()
        share = everyone.mean()
        scale = np.sqrt(share * (1 - share)) if "[" in name else everyone.std(ddof=1)
        row = frame.loc[name]
        assert row["mean_all"] == pytest.approx(share)
        assert row["mean_kept"] == pytest.approx(inside)
        assert row["mean_dropped"] == pytest.approx(outside)
        assert row["smd"] == pytest.approx((outside - inside) / scale)
        assert row["shift"] == pytest.approx((inside - share) / scale)
    assert found.max_shift == pytest.approx(frame["shift"].abs().max())


def test_nobody_dropped_is_a_table_without_rows() -> None:
    found = dip.weight(people(200), **COMMON).dropped()
    assert found.to_frame().empty
    assert found.to_frame().columns.tolist()[0] == "term"
    assert (found.n_dropped, found.n_unused, found.max_shift, found.has_drifted) == (0, 0, 0.0, False)
    assert found.in_words.startswith("Nobody was left out: all ")
    assert "Nobody was left out" in str(found.summary())
    assert found.plot().texts[0].get_text() == "Nobody was left out"


def test_drift_is_said_in_words() -> None:
    treated, weights = np.array([1, 1, 1, 1, 0, 0], dtype=bool), np.array([1.0, 1, 1, 0, 1, 0])
    order = np.arange(6)
    drifted = measure_dropped(terms_of([20, 21, 22, 60, 5, 6]), treated, weights, order=order, estimand="ATT")
    assert drifted.has_drifted
    assert drifted.in_words.startswith(
        "1 of 4 treated people (25.0%) was left out. Compared with those kept they had: "
    )
    assert "X higher (60.0 against 21.0)" in drifted.in_words
    assert "may differ for all" in drifted.in_words
    assert drifted.n_unused == 1
    still = measure_dropped(terms_of([20, 22, 20, 20.7, 5, 6]), treated, weights, order=order, estimand="ATT")
    assert not still.has_drifted
    assert "no more than 10% of a standard deviation in any term" in still.in_words
    assert "much the same people" in still.in_words


@pytest.mark.parametrize(
    ("estimand", "n_kept", "n_dropped", "n_unused"), [("ATT", 1, 1, 1), ("ATC", 2, 1, 1), ("ATE", 3, 2, 0)]
)
def test_the_estimand_decides_who_counts_as_left_out(estimand: str, n_kept: int, n_dropped: int, n_unused: int) -> None:
    treated, weights = np.array([1, 1, 0, 0, 0], dtype=bool), np.array([1.0, 0, 1, 1, 0])
    found = measure_dropped(terms_of([1, 2, 3, 4, 5]), treated, weights, order=np.arange(5), estimand=estimand)
    assert (found.n_kept, found.n_dropped, found.n_unused) == (n_kept, n_dropped, n_unused)
    assert "control" not in str(found.summary()).lower()


def test_trimmed_people_are_left_out_too() -> None:
    design = dip.match(people(300), trim="common_support", caliper=None, replace=True, **COMMON)
    assert design.dropped().n_dropped == design.n_treated_dropped
    assert design.leaves_out


def test_the_table_is_a_copy_and_promises_are_kept() -> None:
    found = dip.match(people(300), caliper=0.01, **COMMON).dropped()
    frame = found.to_frame()
    frame.loc[:, "smd"] = 9.0
    assert found.to_frame()["smd"].abs().max() < 9
    with pytest.raises(InvariantError, match="documented columns"):
        replace(found, _frame=pd.DataFrame())
    with pytest.raises(InvariantError, match="nobody was left out"):
        replace(found, n_dropped=0)
    with pytest.raises(InvariantError, match="cannot be"):
        replace(found, n_kept=0)


def test_the_picture_puts_the_largest_difference_on_top() -> None:
    found = dip.match(people(300), caliper=0.01, **COMMON).dropped()
    ax = found.plot()
    worst = found.to_frame().assign(size=lambda data: data["smd"].abs()).sort_values("size")["term"].iloc[-1]
    assert ax.get_yticklabels()[-1].get_text().lower().replace("district: ", "district[") in worst.lower()
    kept = ax.collections[1].get_offsets()[-1][0]
    assert kept == pytest.approx(found.to_frame().set_index("term").loc[worst, "shift"])
