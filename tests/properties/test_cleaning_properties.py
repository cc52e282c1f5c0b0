"""Cleaning on arbitrary text: cleaned names stay as they are, and dress makes no difference."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from dipeval.linkage.cleaning import clean_identifiers
from dipeval.linkage.postcodes import postcode_parts
from dipeval.linkage.spelling import forename, initial, surname

TODAY = dt.date(2019, 12, 31)
NAMES = st.one_of(st.text(max_size=20), st.text("abcdeMRSJN éøÆß'’-.,()/0", max_size=20))
SHORT = st.text("ABJRMRS.'- é", max_size=6)


@given(NAMES)
def test_a_cleaned_name_stays_as_it_is(name: str) -> None:
    for clean in (forename, surname, initial):
        once = clean(name)
        assert clean(once) == once
        assert not any(c.isspace() or c.isdigit() or c in "'’-._" for c in once)


@given(NAMES)
def test_dress_makes_no_difference(name: str) -> None:
    for clean in (forename, surname):
        assert clean(name) == clean(f"  {name}\u00a0") == clean(name.replace("'", "’"))
        assert len(initial(name)) <= 1


@given(st.text("ABLSZ0149 ", max_size=9), st.booleans())
def test_the_parts_of_a_postcode_hold_each_other(text: str, sectors: bool) -> None:
    postcode, sector, outward = postcode_parts(text, sectors=sectors)
    assert postcode is None or (sector is not None and postcode.startswith(sector.replace(" ", "")))
    assert sector is None or (outward is not None and sector.startswith(outward + " "))
    if postcode is not None:
        assert postcode_parts(postcode, sectors=sectors) == (postcode, sector, outward)
    if sector is not None:
        assert postcode_parts(sector, sectors=sectors) == (None, sector, outward)


@settings(max_examples=30)
@given(
    st.lists(st.fixed_dictionaries({"forename": SHORT, "surname": st.one_of(st.none(), SHORT)}), max_size=6),
    st.randoms(use_true_random=False),
)
def test_each_row_is_cleaned_by_itself(rows: list[dict[str, str | None]], random: object) -> None:
    frame = pd.DataFrame(rows, columns=["forename", "surname"], dtype=object)
    order = list(range(len(frame)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = clean_identifiers(frame.iloc[order], TODAY)
    pd.testing.assert_frame_equal(clean_identifiers(frame, TODAY), shuffled.sort_index())
