"""Every outcome column, and every offence left out, equals brute force: one time zero a person, and many."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from dipeval.engine import Engine, open_engine
from dipeval.outcomes import FollowUp
from dipeval.outcomes.columns import COLUMNS
from dipeval.outcomes.steps import Sources, outcome_steps
from dipeval.vocabulary import OFFENCE_GROUPS
from tests.unit.outcomes.brute_force import EXTRACT_DATE, Rows, Truth, crowd

WEIGHTS = {group: float(place % 7) / 10 for place, group in enumerate(OFFENCE_GROUPS)}
SHORT: dict[str, Any] = {"days": 60, "waiting_days": 60}
FOLLOW_UPS = {
    "default rules": FollowUp(**SHORT),
    "no waiting": FollowUp(days=60, waiting_days=0),
    "index day counts": FollowUp(**SHORT, include_index_day=True),
    "one a day": FollowUp(**SHORT, same_day="one_a_day", robbery="violent"),
    "one a day, by weight, index day": FollowUp(
        **SHORT, same_day="one_a_day", severity=WEIGHTS, include_index_day=True
    ),
    "some kinds, weights": FollowUp(**SHORT, classes=("violent",), groups=("shoplifting",), severity=WEIGHTS),
    "arrests": FollowUp(days=60, basis="arrest"),
    "arrests, one a day, index day": FollowUp(days=60, basis="arrest", same_day="one_a_day", include_index_day=True),
    "cut short by the extract": FollowUp(**SHORT, at_extract_end="censor"),
    "arrests cut short, one a day": FollowUp(days=60, basis="arrest", same_day="one_a_day", at_extract_end="censor"),
    "everything": FollowUp(
        **SHORT,
        same_day="one_a_day",
        at_extract_end="censor",
        include_index_day=True,
        classes=("acquisitive", "drug"),
        severity=WEIGHTS,
    ),
}


def on(engine: Engine, made: dict[str, Rows], follow_up: FollowUp, *, many: bool) -> tuple[pd.DataFrame, ...]:
    """Columns, groups and what was left out, as the engine has them."""
    censored = follow_up.at_extract_end == "censor"
    tables = {name: engine.source(name, frame_of(name, rows)) for name, rows in made.items()}
    sources = Sources(**tables, many=many, extract_date=EXTRACT_DATE if censored else None)
    steps = outcome_steps(engine, sources, follow_up)
    columns = steps.columns.to_pandas().set_index("index_id").sort_index()[list(COLUMNS)].astype(COLUMNS)
    groups = steps.by_group.to_pandas().sort_values(["index_id", "offence_group"], ignore_index=True)
    return columns, groups, steps.left_out.to_pandas().sort_values("label", ignore_index=True)


def frame_of(name: str, rows: Rows) -> pd.DataFrame:
    """Rows as a frame; the far future of an open spell is outside the days that pandas counts in nanoseconds."""
    frame = pd.DataFrame(rows)
    for column in frame.columns:
        if column.endswith("_date"):
            days = pd.Series(frame[column]).astype("object").map(lambda day: pd.NaT if pd.isna(day) else str(day))
            frame[column] = days.astype("datetime64[us]")
    if "custodial" in frame.columns:
        frame["custodial"] = frame["custodial"].astype("boolean")
    return frame


def expected(made: dict[str, Rows], follow_up: FollowUp) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The same three from brute force."""
    censored = follow_up.at_extract_end == "censor"
    truths = {index["index_id"]: Truth(made, index, follow_up, censored) for index in made["followed"]}
    columns = pd.DataFrame({name: truth.columns() for name, truth in truths.items()}).T
    columns = columns.rename_axis("index_id").sort_index()[list(COLUMNS)].astype(COLUMNS)
    groups: dict[tuple[str, str], int] = {}
    left_out: dict[str, list[str]] = {}
    for name, truth in truths.items():
        for o in truth.counted:
            groups[name, o["offence_group"]] = groups.get((name, o["offence_group"]), 0) + 1
        for label in truth.labels:
            left_out.setdefault(label, []).append(name)
    left_out.pop("", None)
    counted = pd.DataFrame(
        [(*key, n) for key, n in sorted(groups.items())], columns=["index_id", "offence_group", "n_reoffences"]
    )
    told = [(label, len(names), len(set(names))) for label, names in sorted(left_out.items())]
    return columns, counted, pd.DataFrame(told, columns=["label", "n", "n_people"])


def within_the_extract(made: dict[str, Rows]) -> dict[str, Rows]:
    """Without the index events that leave no day of follow-up."""
    last = EXTRACT_DATE - pd.Timedelta(days=61)
    return {**made, "followed": [index for index in made["followed"] if index["time_zero_date"] <= last]}


def check(made: dict[str, Rows], follow_up: FollowUp, *, many: bool) -> pd.DataFrame:
    """Compare, and return the outcomes."""
    made = within_the_extract(made)
    columns, groups, left_out = on(open_engine(threads=1), made, follow_up, many=many)
    want_columns, want_groups, want_left_out = expected(made, follow_up)
    pd.testing.assert_frame_equal(columns, want_columns, rtol=1e-12)
    pd.testing.assert_frame_equal(groups, want_groups)
    # Whose they are is not kept for every label where a person has many time zeros.
    names = ["label", "n"] if many else ["label", "n", "n_people"]
    pd.testing.assert_frame_equal(left_out[names], want_left_out[names])
    return columns


@pytest.mark.parametrize("name", FOLLOW_UPS)
def test_one_time_zero_a_person(name: str) -> None:
    columns = check(crowd(200, seed=1), FOLLOW_UPS[name], many=False)
    assert 0 < columns["reoffended"].mean() < 1
    assert columns["n_pseudo_reconvictions"].sum() > 0


@pytest.mark.parametrize("name", ["default rules", "arrests cut short, one a day", "everything"])
def test_windows_give_the_same_as_the_join(name: str) -> None:
    made = within_the_extract(crowd(200, seed=2))
    joined, windowed = (on(open_engine(threads=1), made, FOLLOW_UPS[name], many=many) for many in (False, True))
    for one, other in zip(joined, windowed, strict=True):
        told = one.columns.drop("n_people", errors="ignore")
        pd.testing.assert_frame_equal(one[told], other[told], check_exact=True)


@pytest.mark.parametrize("name", FOLLOW_UPS)
def test_many_time_zeros_a_person(name: str) -> None:
    made = crowd(150, seed=3, indexes=8)
    assert len(made["followed"]) > 400
    check(made, FOLLOW_UPS[name], many=True)
