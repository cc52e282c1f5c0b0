"""Every count by district and quarter agrees with the same people counted one by one; row order changes nothing."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

import pytest

import dipeval as dip
from dipeval.indicators.measuring import contacts_family, positives_family, reoffending_family, treatment_family
from dipeval.indicators.measuring.family import CountingRule
from dipeval.indicators.records import Records
from dipeval.linkage import true_linkage
from tests.unit.indicators.counted_by_hand import of_persons
from tests.unit.indicators.families import oracle_of_families as oracle
from tests.unit.indicators.families.units_made import counted, frame_of, periods_of, records_of

# Of 500 simulated people; each rule by itself, on a few invented ones, is in the modules beside this.
pytestmark = pytest.mark.slow

FIRST, LAST = "2012-01-01", "2014-06-30"
MAKERS: dict[Any, tuple[str, ...]] = {
    positives_family.family: positives_family.COUNTS,
    reoffending_family.family: reoffending_family.COUNTS[:-1],
    treatment_family.family: treatment_family.COUNTS,
    treatment_family.open_stays: treatment_family.COUNTS_OPEN,
    treatment_family.completed_stays: treatment_family.COUNTS_COMPLETED,
    contacts_family.family: contacts_family.COUNTS,
    contacts_family.newcomers: contacts_family.COUNTS_NEWCOMERS,
}


@cache
def _simulated() -> tuple[Any, Records, dict[str, Any]]:
    extracts = dip.simulate(people=500, seed=3)
    linkage = true_linkage(extracts)
    spine = linkage.to_frame()
    rows = {
        name: of_persons(extracts.table(name), spine, name)
        for name in ("drug_tests", "contacts", "treatment", "offences")
    }
    return extracts, records_of(extracts, linkage), rows


@cache
def _by_hand() -> dict[str, dict[tuple[str, str], list[float]]]:
    extracts, _, rows = _simulated()
    periods = {one.label: (one.first, one.last) for one in periods_of(FIRST, LAST)}
    labels = set(periods)
    # Nobody who died reoffends later in the simulation, so that deaths need no rule here.
    found = oracle.after_positives(rows["drug_tests"], rows["contacts"], rows["treatment"], rows["offences"], labels)
    day = extracts.extract_date
    end = dt.date(day.year, day.month, day.day)
    return {
        **found,
        **oracle.of_stays(rows["treatment"], periods, end),
        **oracle.of_contacts(rows["contacts"], rows["treatment"], labels),
    }


@pytest.mark.parametrize("maker", MAKERS, ids=lambda one: f"{one.__module__.rpartition('.')[2]}.{one.__name__}")
def test_counts_agree_with_people_counted_one_by_one(maker: Any) -> None:
    _, records, _ = _simulated()
    family = maker(records, CountingRule(), periods_of(FIRST, LAST))
    assert {one.indicator for one in family.counted} >= set(MAKERS[maker])
    for indicator in MAKERS[maker]:
        wanted = {key: tuple(value) for key, value in _by_hand()[indicator].items()}
        assert sum(below for _, below in wanted.values()) > 20
        assert counted(records, family, indicator) == wanted, indicator


def test_a_breakdown_adds_up_and_is_never_missing() -> None:
    _, records, _ = _simulated()
    for maker in MAKERS:
        family = maker(records, CountingRule(), periods_of(FIRST, LAST))
        frame = frame_of(records, family)
        assert frame[list(family.dimensions)].notna().all().all()
        for name, table in family.overlapping.items():
            shown = records.engine.to_pandas(table)
            assert shown[name].notna().all()
            assert len(shown) >= len(frame)


def test_age_groups_are_those_of_the_day_of_the_test() -> None:
    _, records, rows = _simulated()
    units = oracle.first_positives(rows["drug_tests"], {one.label for one in periods_of(FIRST, LAST)})
    wanted = sorted((one["person"], one["period"], oracle.age_group(one["date_of_birth"], one["day"])) for one in units)
    frame = frame_of(records, positives_family.family(records, CountingRule(), periods_of(FIRST, LAST)))
    assert sorted(frame[["person_id", "period", "age_group"]].itertuples(index=False, name=None)) == wanted


def test_expected_reoffences_add_up_over_the_complete_periods() -> None:
    _, records, _ = _simulated()
    frame = frame_of(records, reoffending_family.family(records, CountingRule(), periods_of(FIRST, LAST)))
    last = (records.extract_date - dt.timedelta(days=547)).isoformat()
    complete = [one.label for one in periods_of(FIRST, LAST) if one.last.isoformat() <= last]
    told = frame[frame["period"].isin(complete)]
    assert told["expected"].sum() == pytest.approx(told["n_reoffences"].sum(), rel=0.01)
    assert (frame["expected"] > 0).all()


def test_row_order_changes_nothing() -> None:
    from dataclasses import replace

    extracts, records, _ = _simulated()
    tables = {name: extracts.table(name).sample(frac=1, random_state=5) for name in extracts.names}
    mixed = records_of(replace(extracts, _tables=tables), true_linkage(extracts))
    for maker in (positives_family.family, reoffending_family.family, treatment_family.completed_stays):
        both = [
            frame_of(one, maker(one, CountingRule(), periods_of(FIRST, LAST))).sort_values(
                ["person_id", "period"], ignore_index=True
            )
            for one in (records, mixed)
        ]
        assert both[0].equals(both[1])
