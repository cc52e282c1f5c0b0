"""Whatever the order of the rows or the spelling of a date, the same tables come out."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from dipeval.errors import ExtractError
from dipeval.extracts import make_extracts, read_extracts, write_extracts
from dipeval.extracts.dates import DateRule, parse_dates
from dipeval.extracts.faults import mask

_BIRTHS = ["1980-02-01", "01/02/1980", "01/01/1900", "", "31/02/1980", "29252", "x"]
_RESULTS = ["opiates", "BOTH ", "cocaine", "speed"]
_ROW = st.tuples(
    st.sampled_from(["1", "2", "3", "4", "5", "6"]),
    st.sampled_from(_BIRTHS),
    st.sampled_from(["male", "F", "", "?"]),
    st.sampled_from(["Leeds", "leeds", ""]),
    st.sampled_from(["05/01/2024", "2024-01-06", "99/99/9999"]),
    st.sampled_from(_RESULTS),
)
_HEAD = "record_id,date_of_birth,sex,district,test_date,result"


def _outcome(rows: list[tuple[str, ...]]) -> tuple[object, ...]:
    with tempfile.TemporaryDirectory() as folder:
        lines = [_HEAD, *(",".join(row) for row in rows)]
        (Path(folder) / "drug_tests.csv").write_text("\n".join(lines), encoding="utf-8")
        try:
            extracts = read_extracts(folder, on_error="drop_and_count")
        except ExtractError as error:
            return ("fault", len(error.faults))
        table = extracts.table("drug_tests")
        dropped = extracts.dropped
        assert len(table) + int(dropped["rows"].sum()) == len(rows)
        kept = table.sort_values(list(table.columns)).astype(str).to_numpy().tolist()
        return (kept, dropped.to_numpy().tolist(), extracts.extract_date, extracts.blanked.to_numpy().tolist())


@settings(deadline=None, derandomize=True, max_examples=25)
@given(st.lists(_ROW, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows: list[tuple[str, ...]], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert _outcome(rows) == _outcome(shuffled)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.dates(dt.date(1927, 5, 18), dt.date(2099, 12, 31)))
def test_a_day_is_the_same_day_however_it_is_written(day: dt.date) -> None:
    serial = str((day - dt.date(1899, 12, 30)).days)
    texts = [day.isoformat(), day.strftime("%d/%m/%Y"), f"{day.day}/{day.month}/{day.year}", f"{day} 00:00:00", serial]
    parsed = parse_dates(pd.Series(texts), DateRule(formats=("%Y-%m-%d", "%d/%m/%Y")))
    assert [value.date() for value in parsed.values] == [day] * len(texts)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.text(max_size=60))
def test_no_text_survives_its_mask(text: str) -> None:
    pattern = mask(text).replace("letters", "").replace("letter", "")
    assert not any(sign.isalpha() for sign in pattern)


_TEXT = st.one_of(st.none(), st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12))


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.lists(st.tuples(_TEXT, _TEXT), min_size=1, max_size=6), st.sampled_from(["csv", "parquet"]))
def test_any_text_survives_writing_and_reading(names: list[tuple[str | None, str | None]], format: str) -> None:
    frame = pd.DataFrame(names, columns=["forename", "surname"], dtype=object).assign(
        record_id=[str(n) for n in range(len(names))], pnc_id="0", death_date=pd.Timestamp("2024-01-01")
    )
    extracts = make_extracts({"deaths": frame})
    with tempfile.TemporaryDirectory() as folder:
        write_extracts(extracts, folder, format=format)
        pd.testing.assert_frame_equal(read_extracts(folder).table("deaths"), extracts.table("deaths"))
