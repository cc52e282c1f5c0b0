"""What is said about a linkage is a result like any other: frozen, copied, short, drawn, and nobody is in it."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest

from dipeval.linkage.calibration import calibrate
from dipeval.linkage.compare import compare_linked
from dipeval.linkage.pictures import match_weights, waterfall
from dipeval.linkage.review import write_review_sheet
from dipeval.linkage.review_quality import review_quality
from dipeval.linkage.statement import guild_statement
from dipeval.linkage.sweeping import sweep
from dipeval.linkage.without_truth import estimate_quality
from dipeval.plots.style import new_axes, to_png
from dipeval.presenting import Summary
from tests.unit.linkage.conftest import Checked

KINDS = ("quality", "estimated", "calibration", "compared", "sweep", "waterfall", "weights", "review", "statement")


@pytest.fixture(scope="module")
def results(checked: Checked, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    linkage, truth = checked.linkage, checked.extracts.truth
    sheet = write_review_sheet(linkage, tmp_path_factory.mktemp("review") / "sheet.csv", n=40)
    filled = pd.read_csv(sheet, dtype=str, keep_default_na=False).assign(decision="different")
    filled.to_csv(sheet, index=False)
    pair = linkage.pairs().iloc[0]
    return {
        "quality": linkage.quality(truth, by="sex"),
        "estimated": estimate_quality(linkage),
        "calibration": calibrate(linkage, truth),
        "compared": compare_linked(linkage),
        "sweep": sweep(linkage, truth=truth),
        "waterfall": waterfall(linkage, pair["left_person"], pair["right_person"], table=pair["right_table"]),
        "weights": match_weights(linkage),
        "review": review_quality(linkage, sheet),
        "statement": guild_statement(linkage, checked.extracts),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_it_keeps_the_promises_of_a_result(results: dict[str, Any], checked: Checked, kind: str) -> None:
    result = results[kind]
    first, again = result.to_frame(), result.to_frame()
    for column in first.columns:
        first[column] = None
    pd.testing.assert_frame_equal(result.to_frame(), again)
    with pytest.raises((AttributeError, TypeError)):
        result._frame = None
    summary = result.summary()
    assert isinstance(summary, Summary) and re.search(r"\w.*\.$", summary.headline)
    told = type(result).to_frame.__doc__
    assert all(re.search(rf"\b{column}\b", told) for column in again.columns)
    html = result._repr_html_()
    assert html.count("<table") == 1 and len(html) < 12_000
    given = new_axes()
    assert result.plot(ax=given) is given
    assert to_png(result.plot()) == to_png(result.plot())
    people = checked.linkage.identifiers("drug_tests")
    shown = f"{html} {summary} {result!r} {to_csv(again)}"
    assert not re.search(r"\bP\d{6}\b", shown)
    assert not any(name in shown for name in people["postcode"].dropna().head(50))


def to_csv(frame: pd.DataFrame) -> str:
    return frame.to_csv(index=False)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"waterfall", "weights"}))
def test_counts_are_said_to_be_exact(results: dict[str, Any], kind: str) -> None:
    assert any("exact" in note for note in results[kind].summary().notes)
