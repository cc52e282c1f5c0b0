from __future__ import annotations

import pandas as pd
import pytest

from dipeval.presenting import (
    Summary,
    format_count,
    format_interval,
    format_money,
    format_number,
    format_p,
    format_percent,
    html_table,
    round_half_up,
)


@pytest.mark.parametrize(
    ("value", "digits", "expected"), [(12.5, 0, 13), (2.5, 0, 3), (-2.5, 0, -3), (0.125, 2, 0.13), (1.005, 2, 1.01)]
)
def test_rounding_is_half_up_not_bankers(value: float, digits: int, expected: float) -> None:
    assert round_half_up(value, digits) == expected


def test_small_p_values_are_never_shown_as_zero() -> None:
    assert format_p(0.0004) == "<0.001"
    assert format_p(0.0) == "<0.001"
    assert format_p(0.05) == "0.050"


def test_missing_numbers_are_said_to_be_missing() -> None:
    assert format_number(None) == format_number(float("nan")) == format_number(float("inf")) == "[x]"
    assert format_percent(None) == "[x]"


def test_minus_zero_has_no_sign() -> None:
    assert format_number(-0.0004, 2) == "0.00"


def test_thousands_money_and_intervals() -> None:
    assert format_count(1234567) == "1,234,567"
    assert format_money(-1250.5) == "−£1,251"
    assert format_interval(-0.051, 0.0249, 2) == "−0.05 to 0.02"


def test_table_escapes_what_it_shows_and_has_scopes() -> None:
    text = html_table(pd.DataFrame({"term": ["<b>"], "n": [1]}), "A & B")
    assert "&lt;b&gt;" in text
    assert 'scope="row"' in text
    assert 'scope="col"' in text
    assert "<caption>A &amp; B</caption>" in text


def test_summary_hands_out_copies_and_never_prints(capsys: pytest.CaptureFixture[str]) -> None:
    summary = Summary(title="T", headline="H.", table=pd.DataFrame({"a": [1]}), notes=("n",))
    summary.to_frame()["a"] = 2
    assert summary.table["a"].tolist() == [1]
    assert "H." in str(summary)
    assert "H." in summary._repr_html_()
    assert capsys.readouterr().out == ""
