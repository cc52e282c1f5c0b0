"""Parts of a quarterly run on invented frames: what is lacking, the quality of records, measures of need, owners."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import dipeval as dip
from dipeval.errors import InputError
from dipeval.indicators import indicators
from dipeval.indicators.measuring.frames import ALL_DISTRICTS
from dipeval.linkage import true_linkage
from dipeval.study.quarterly import QuarterlyReview
from dipeval.study.quarterly import review as room
from dipeval.study.quarterly.asking import Asked
from dipeval.study.quarterly.checks import checked
from dipeval.study.quarterly.counting import _require_periods, owned, require_districts
from dipeval.study.quarterly.load import Loaded, load
from dipeval.study.quarterly.need import ROUNDED, SMALL, measures_of
from dipeval.study.quarterly.paying import _previous, _year
from dipeval.study.quarterly.quality import COLUMNS, quality
from dipeval.study.quarterly.reading import parse_quarterly
from dipeval.study.quarterly.spec_parts import FundingSpec
from tests.unit.study.quarterly.quarterly_review_files import NAMES, TREE, review

PERIODS = ("2011-Q1", "2011-Q2", "2011-Q3")


class _Records:
    """Extracts as far as these parts look at them."""

    def __init__(self, until: dt.date, **tables: pd.DataFrame) -> None:
        self.extract_date, self._tables = until, tables
        self.names = tuple(tables)

    def table(self, name: str) -> pd.DataFrame:
        return self._tables[name].copy()


def _asked(indicators: Any = None, until: dt.date = dt.date(2011, 9, 30), **tables: pd.DataFrame) -> Asked:
    loaded: Any = SimpleNamespace(extracts=_Records(until, **tables), linkage=None, engine=None)
    return Asked(spec=parse_quarterly(TREE), loaded=loaded, indicators=indicators, periods=PERIODS)


def _spend() -> pd.DataFrame:
    rows = [("Leeds", "2009-10", "PCC", 10.0), ("Leeds", "2010-11", "PCC", 30.0), ("Leeds", "2010-11", "NHS", 70.0),
            ("Wakefield", "2010-11", "PCC", 20.0), ("Leeds", "2011-12", "PCC", 99.0)]  # fmt: skip
    return pd.DataFrame(rows, columns=["district", "financial_year", "funder", "amount"])


def test_the_year_of_the_spending_is_the_latest_that_is_covered() -> None:
    year = _year(_asked(spend=_spend()))
    assert (year.label, year.first, year.last) == ("2010-11", dt.date(2010, 4, 1), dt.date(2011, 3, 31))
    with pytest.raises(InputError, match="No financial year"):
        _year(_asked(until=dt.date(2010, 3, 30), spend=_spend()))
    with pytest.raises(InputError, match="no table spend"):
        _year(_asked())


def test_what_a_district_got_before_is_of_the_year_before_and_of_the_funder() -> None:
    asked, need = _asked(spend=_spend()), {"tests": 1.0}
    chosen = FundingSpec(budget=1.0, need=need, previous="spend", financial_year="2011-12")
    assert _previous(asked, chosen).set_index("district")["previous"].to_dict() == {"Leeds": 100.0, "Wakefield": 20.0}
    of_pcc = chosen.model_copy(update={"funder": "PCC"})
    assert _previous(asked, of_pcc).set_index("district")["previous"].to_dict() == {"Leeds": 30.0, "Wakefield": 20.0}
    with pytest.raises(InputError, match=r"nobody named 'PC' paid in that year.*NHS, PCC"):
        _previous(asked, chosen.model_copy(update={"funder": "PC"}))
    with pytest.raises(InputError, match="no year before"):
        _previous(asked, chosen.model_copy(update={"financial_year": "2009-10"}))


def _counted(counts: dict[str, float]) -> Any:
    rows = pd.DataFrame({"district": list(counts), "numerator": list(counts.values())})
    rows = rows.assign(indicator="tests", dimension="", denominator=1.0)
    series = pd.DataFrame({"period": PERIODS, "status": "ok"})
    return SimpleNamespace(
        names=("tests",),
        missing=(("seen", "There are no contacts."),),
        districts=tuple(counts),
        series=lambda *_: series,
        window=lambda _: rows,
    )


def _funding(**changes: Any) -> FundingSpec:
    given: dict[str, Any] = {"budget": 1.0, "need": {"tests": 1.0}}
    return FundingSpec(**given | changes)


def test_exact_counts_feed_the_formula_only_where_they_may_be_shown(tmp_path: Path) -> None:
    counted = _counted({"Leeds": 133.0, "Wakefield": 4.0, "Calderdale": 0.0})
    asked = _asked(counted)
    frame, notes = measures_of(asked, _funding(), tmp_path)
    assert (frame["tests"].tolist(), notes) == ([0.0, 133.0, 4.0], ())
    spec = parse_quarterly(TREE | {"data": {"source": "extracts", "folder": "x"}, "disclosure": {}})
    frame, notes = measures_of(dataclasses.replace(asked, spec=spec), _funding(), tmp_path)
    assert (frame["tests"].tolist(), notes) == ([0.0, 135.0, 10.0], (ROUNDED, SMALL))


def test_measures_that_are_not_there_are_named(tmp_path: Path) -> None:
    asked = _asked(_counted({"Leeds": 1.0}))
    for name, words in (("seen", "There are no contacts"), ("tets", r"did you mean 'tests'"), ("crime.drug", "crime")):
        with pytest.raises(InputError, match=words):
            measures_of(asked, _funding(need={name: 1.0}), tmp_path)
    with pytest.raises(InputError, match=r"no file 'nowhere\.csv'"):
        measures_of(asked, _funding(file="nowhere.csv"), tmp_path)


def test_a_file_may_carry_measures_floors_and_what_was_given_before(tmp_path: Path) -> None:
    text = "district,population,least\nWakefield,10,1\nLeeds,30,2\n"
    (tmp_path / "own.csv").write_text(text, encoding="utf-8-sig")
    asked = _asked(_counted({"Leeds": 1.0, "Wakefield": 2.0}))
    chosen = _funding(file="own.csv", need={"tests": 1.0, "population": 2.0}, floor="least")
    frame, _ = measures_of(asked, chosen, tmp_path)
    assert frame.set_index("district").loc["Leeds"].to_dict() == {"population": 30, "least": 2, "tests": 1.0}
    with pytest.raises(InputError, match=r"no column 'leest' \(did you mean 'least'\?\)"):
        measures_of(asked, chosen.model_copy(update={"floor": "leest"}), tmp_path)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("Leeds,1", "no line for Wakefield"),
        ("Leeds,1\nWakefeld,2", r"no line for Wakefield; a line for 'Wakefeld'.*did you mean 'Wakefield'"),
        ("Leeds,1\nWakefield,2\nLeeds,3", "2 lines for Leeds"),
        ("Leeds,1\nWakefield,2\n,3", r"1 line\(s\) without a district"),
    ],
)
def test_a_file_whose_districts_are_not_those_of_the_records_is_refused(tmp_path: Path, lines: str, words: str) -> None:
    (tmp_path / "own.csv").write_text(f"district,population\n{lines}\n", encoding="utf-8")
    asked = _asked(_counted({"Leeds": 1.0, "Wakefield": 2.0}))
    with pytest.raises(InputError, match=words):
        measures_of(asked, _funding(file="own.csv", need={"population": 1.0}), tmp_path)


def test_a_column_that_bears_the_name_of_an_indicator_is_protected_like_it(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("district,tests,population\nLeeds,133,1201\nWakefield,4,602\n", encoding="utf-8")
    spec = parse_quarterly(TREE | {"data": {"source": "extracts", "folder": "x"}, "disclosure": {}})
    asked = dataclasses.replace(_asked(_counted({"Leeds": 1.0, "Wakefield": 2.0})), spec=spec)
    chosen = _funding(file="own.csv", need={"tests": 1.0, "population": 1.0})
    frame, notes = measures_of(asked, chosen, tmp_path)
    assert frame[["tests", "population"]].to_numpy().tolist() == [[135.0, 1201.0], [10.0, 602.0]]
    assert notes == (ROUNDED, SMALL)


def test_one_cell_of_words_does_not_make_words_of_its_column(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text('district,population\nLeeds,"1,200"\n Wakefield ,many\n', encoding="utf-8")
    frame, _ = measures_of(_asked(_counted({"Leeds": 1.0, "Wakefield": 2.0})), _funding(file="own.csv"), tmp_path)
    assert frame["population"].iloc[0] == 1200.0
    assert frame["population"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    "change", [{"breaks": ["2030-Q1"]}, {"baseline_periods": ["2009-Q1", "2010-Q4"]}], ids=["breaks", "baseline"]
)
def test_a_period_the_records_do_not_have_is_refused_rather_than_every_chart(change: dict[str, Any]) -> None:
    spec = parse_quarterly(TREE | {"change": change})
    with pytest.raises(InputError, match=r"is no period of the records.*2010-Q2 to 2011-Q4"):
        _require_periods(spec, ("2010-Q2", "2010-Q3", "2010-Q4", "2011-Q4"))


def test_recorded_crime_of_years_alone_is_not_taken_for_months(tmp_path: Path) -> None:
    rows = [("Leeds", "2009-10", "shoplifting", 5), ("Leeds", "2010-11", "shoplifting", 7),
            ("Wakefield", "2010-11", "robbery", 1)]  # fmt: skip
    crime = pd.DataFrame(rows, columns=["district", "period", "offence_group", "count"])
    asked = _asked(_counted({"Leeds": 1.0, "Wakefield": 2.0}), until=dt.date(2010, 12, 31), crime=crime)
    with pytest.raises(InputError, match="no period of recorded crime"):
        measures_of(dataclasses.replace(asked), _funding(need={"crime.robbery": 1.0}), tmp_path)


def test_recorded_crime_is_added_up_over_the_latest_periods_or_the_latest_year(tmp_path: Path) -> None:
    rows = [("Leeds", "2011-Q2", "shoplifting", 5), ("Leeds", "2011-Q3", "robbery", 2),
            ("Leeds", "2011-Q3", "weapons", 9), ("Leeds", "2010-Q1", "shoplifting", 50),
            ("Wakefield", "2011-Q3", "shoplifting", 1)]  # fmt: skip
    crime = pd.DataFrame(rows, columns=["district", "period", "offence_group", "count"])
    counted = _counted({"Leeds": 1.0, "Wakefield": 1.0})
    by_quarter = _funding(need={"crime.acquisitive": 1.0}, periods=2)
    frame, _ = measures_of(_asked(counted, crime=crime), by_quarter, tmp_path)
    assert frame["crime.acquisitive"].tolist() == [7.0, 1.0]
    by_group, _ = measures_of(_asked(counted, crime=crime), _funding(need={"crime.weapons": 1.0}), tmp_path)
    assert by_group["crime.weapons"].tolist() == [9.0, 0.0]
    years = crime.assign(period=["2009/10", "2010/11", "2010/11", "2010/11", "2011/12"])
    frame, _ = measures_of(_asked(counted, crime=years), by_quarter, tmp_path)
    assert frame["crime.acquisitive"].tolist() == [52.0, 0.0]


def _tests() -> pd.DataFrame:
    days = ["2011-01-05", "2011-09-20", "2011-05-01", None]
    return pd.DataFrame(
        {
            "record_id": list("abcd"),
            "district": ["Leeds", "Leeds", "Wakefield", "Leeds"],
            "test_date": pd.to_datetime(pd.Series(days)),
            "result": ["negative", None, "opiates", "opiates"],
        }
    )


def test_gaps_lags_and_empty_columns_are_told_by_district() -> None:
    asked = _asked(drug_tests=_tests())
    frame = quality(asked.spec, asked.loaded, PERIODS)
    assert tuple(frame.columns) == COLUMNS
    shown: Any = frame.set_index(["check", "column", "district"])
    assert shown.loc[("missing", "result", ALL_DISTRICTS), "value"] == 0.25
    assert shown.loc[("missing", "result", "Leeds"), "n"] == 3
    assert not shown.loc[("missing", "custody_suite", ALL_DISTRICTS), "passed"]
    assert shown.loc[("lag", "test_date", "Leeds"), ["value", "passed"]].tolist() == [10, True]
    assert shown.loc[("lag", "test_date", "Wakefield"), ["value", "passed"]].tolist() == [152, False]
    assert shown.loc[("gaps", "test_date", "Leeds"), ["value", "period"]].tolist() == [1, "2011-Q2"]
    late = shown.loc[("gaps", "test_date", "Wakefield")]
    assert (late["value"], late["note"]) == (1, "Its first record is in 2011-Q2. No record in 2011-Q3.")


def test_a_district_that_stands_in_one_table_alone_is_named() -> None:
    spend = _spend().replace({"Leeds": "Leed"})
    asked = _asked(drug_tests=_tests(), spend=spend)
    names: Any = quality(asked.spec, asked.loaded, PERIODS).query("check == 'names'").set_index("table")
    assert names["passed"].tolist() == [False, False]
    assert "'Leed' is missing in drug_tests (there 'Leeds'?)" in names.loc["spend", "note"]


def test_districts_that_are_nowhere_are_refused_all_at_once() -> None:
    spec = parse_quarterly(TREE | {"reports": {"districts": ["Leds"]}, "change": {"districts": ["York"]}})
    with pytest.raises(InputError, match=r"change.districts: .*'York'; reports.districts: .*did you mean 'Leeds'"):
        require_districts(spec, ("Leeds", "Wakefield"))


@pytest.fixture(scope="module")
def small() -> Loaded:
    return load(parse_quarterly(TREE), Path())


def _without(loaded: Loaded, *names: str) -> Loaded:
    tables = {name: loaded.extracts.table(name) for name in loaded.extracts.names if name not in names}
    truth = loaded.extracts.truth
    kept = truth[~truth["table"].isin(names)].reset_index(drop=True)
    extracts = dip.make_extracts(tables, extract_date=loaded.extracts.extract_date, data_status="simulated", truth=kept)
    linkage = true_linkage(extracts)
    return Loaded(extracts=extracts, linkage=linkage, engine=linkage.engine, files=())


@pytest.mark.slow
def test_what_lacks_a_table_is_left_out_and_refused_where_it_was_asked_for(
    small: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = _without(small, "contacts", "spend", "staffing", "crime", "targets")
    monkeypatch.setattr(room, "load", lambda *_: bare)
    told = review(tmp_path, indicators={"names": ["tests", "positivity"]}).run()
    for part in ("hours", "pathway", "seen", "officers", "funders", "cost_per_stage", "entry_yield"):
        assert getattr(told, part) is None
        assert "no table" in told.not_told[part] or "contacts" in told.not_told[part], part
    assert told.growth is not None
    with pytest.raises(InputError, match=r"indicators.names: 'seen' cannot be told"):
        review(tmp_path, indicators={"names": NAMES}).run()


def test_the_check_counts_no_indicator_and_shows_no_small_share(small: Loaded) -> None:
    found = checked(parse_quarterly(TREE), small)
    assert found.can_be_told[0] == "Drug tests that gave a result"
    assert found.in_words().endswith("No indicator was counted.")
    hidden = found.to_frame().head(1).assign(value=0.5, n=11, passed=False, unit="share")
    rule = dataclasses.replace(found.rule, profile="threshold10", data_status="personal")
    words = dataclasses.replace(found, rule=rule, _quality=hidden).in_words()
    assert "[c]" in words
    assert "50%" not in words


def test_the_check_says_what_is_lacking(small: Loaded) -> None:
    found = checked(parse_quarterly(TREE), _without(small, "contacts"))
    assert found.cannot_be_told["Seen by a drugs worker after a positive test"].startswith("The records have no table")
    assert "Not told" in found.in_words()
    assert len(found.summary().table)


def test_owners_of_the_targets_table_stay(small: Loaded) -> None:
    shown = indicators(small.extracts, small.linkage, names=["tests", "seen"])
    before = shown.to_frame()
    after = owned(shown, {"seen": "us", "tests": "them"}).to_frame()
    usual = shown.dictionary().set_index("name")["owner"]
    of_targets = before["owner"] != before["indicator"].map(usual)
    assert of_targets.any()
    assert (after.loc[of_targets, "owner"] == before.loc[of_targets, "owner"]).all()
    assert set(after.loc[~of_targets & (after["indicator"] == "tests"), "owner"]) == {"them"}


def test_a_folder_without_people_is_refused(tmp_path: Path) -> None:
    (tmp_path / "extracts").mkdir()
    (tmp_path / "extracts" / "spending.csv").write_text("a\n1\n", encoding="utf-8")
    rows = "district,period,offence_group,count\nLeeds,2011-Q1,robbery,3\n"
    (tmp_path / "extracts" / "crime.csv").write_text(rows, encoding="utf-8")
    text = (
        'kind = "quarterly"\ntitle = "x"\n[data]\nsource = "extracts"\nfolder = "extracts"\nextract_date = 2011-12-31\n'
    )
    (tmp_path / "pcc.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"holds none of drug_tests.*Nothing was read from spending.csv"):
        QuarterlyReview.from_toml(tmp_path / "pcc.toml").check()
