"""The scenario workbook as a file: formulas, names, notes, what may leave, the same bytes; sums as expressions."""

from __future__ import annotations

import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest

from dipeval.disclosure import DisclosureRule
from dipeval.errors import DisclosureError, InputError, InvariantError
from dipeval.report import scenario_study
from dipeval.report.scenario_chain import PERSPECTIVES
from dipeval.report.scenario_given import given_of
from dipeval.report.scenario_words import CONTENTS
from dipeval.report.scenario_workbook import write_scenario_workbook
from dipeval.report.workbook_live import (
    ERROR,
    Live,
    add_up,
    all_known,
    fixed,
    if_known,
    known,
    larger,
    one_of,
    pick,
    shown,
    smaller,
    when,
)
from dipeval.roi import ReturnOnInvestment
from dipeval.study.money_told import Told
from tests.unit.report.workbook_cases import (
    EVERY_STEP,
    averted_of,
    effect_of,
    formulas_of,
    opened,
    place_of,
    roi_of,
    value_of,
)

TABS = ["Cover", *(tab for tab, _ in CONTENTS)]


@pytest.fixture(scope="module")
def roi() -> ReturnOnInvestment:
    return roi_of(steps=EVERY_STEP)


@pytest.fixture(scope="module")
def written(roi: ReturnOnInvestment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_scenario_workbook(roi, tmp_path_factory.mktemp("book") / "scenarios.xlsx", title="Our programme")


@pytest.fixture(scope="module")
def book(written: Path) -> openpyxl.Workbook:
    return opened(written)


def words_of(book: openpyxl.Workbook) -> str:
    return "\n".join(str(c.value) for sheet in book for line in sheet.iter_rows() for c in line if c.value is not None)


def test_every_sheet_can_be_read_aloud(book: openpyxl.Workbook) -> None:
    assert book.sheetnames == TABS
    for sheet in book:
        assert isinstance(sheet["A1"].value, str)
        assert not sheet.merged_cells.ranges
        assert sheet.freeze_panes is None
        assert sheet.sheet_state == "visible"
        assert sheet.page_setup.orientation == "landscape"
        assert int(sheet.page_setup.paperSize) == 9
        assert len(sheet.tables) == (0 if sheet.title == "Cover" else 1)
    assert book["Cover"]["A1"].value == "Our programme"
    links = {cell.value for line in book["Cover"].iter_rows() for cell in line if cell.hyperlink}
    assert links == {tab for tab, _ in CONTENTS}


def test_formulas_read_as_sentences(book: openpyxl.Workbook) -> None:
    formulas = formulas_of(book)
    assert len(formulas) > 250
    sheet, cell = place_of(book, "proven_offences")
    assert sheet[cell].value == "=effect*people_counted*attribution"
    sheet, cell = place_of(book, "net_social")
    assert sheet[cell].value == '=IF(ISNUMBER(benefit_social),benefit_social-cost,"[x]")'
    sheet, cell = place_of(book, "optimistic_recorded_offences")
    assert sheet[cell].value == "=optimistic_proven_offences*optimistic_recorded_per_proven"


def test_values_stand_beside_the_formulas(written: Path, roi: ReturnOnInvestment) -> None:
    kept = opened(written, values=True)
    assert value_of(kept, "benefit_social") == pytest.approx(roi.benefit, rel=1e-12)
    assert value_of(kept, "cost") == pytest.approx(roi.cost, rel=1e-12)
    assert value_of(kept, "central_ratio_social") == pytest.approx(roi.benefit_cost_ratio, rel=1e-12)
    assert value_of(kept, "pessimistic_ratio_social") < value_of(kept, "optimistic_ratio_social")
    assert kept["Results"]["A2"].value.startswith("Value per £1 of cost, perspective social: ")


def test_inputs_refuse_nonsense_and_switches_have_lists(book: openpyxl.Workbook) -> None:
    rules = {str(rule.sqref): rule for rule in book["Inputs"].data_validations.dataValidation}

    def rule_of(name: str) -> Any:
        return rules[place_of(book, name)[1]]

    assert (rule_of("discount_rate").formula1, rule_of("discount_rate").formula2) == ("0.0", "0.2")
    assert not any("," in words for words in PERSPECTIVES.values())
    assert rule_of("attribution").type == "decimal"
    assert rule_of("people").formula2 == "cost_people"
    assert "Give a whole number of people" in rule_of("cost_people").error
    for name, choices in (
        ("perspective", "fiscal,economic (lower bound),economic (upper bound),social"),
        ("anticipation", "out,in"), ("multipliers", "off,lower,central,upper"), ("scale_to_all_treated", "no,yes"),
        ("cost_view", "set against,marginal,own share,full"),
    ):  # fmt: skip
        assert rule_of(name).type == "list"
        assert rule_of(name).formula1.strip('"') == choices, name
    assert value_of(book, "multipliers") == "central"
    assert value_of(book, "cost_view") == "set against"


def test_a_view_that_the_spending_cannot_show_is_not_offered(tmp_path: Path) -> None:
    book = opened(write_scenario_workbook(roi_of(people_reached=None), tmp_path / "a.xlsx"))
    rule = next(r for r in book["Inputs"].data_validations.dataValidation if "marginal" in str(r.formula1))
    assert "own share" not in rule.formula1
    assert "line_reached" not in book.defined_names


def test_figures_that_do_not_follow_the_cells_say_so(book: openpyxl.Workbook, roi: ReturnOnInvestment) -> None:
    for tab in ("Uncertainty", "What matters most"):
        assert "do not change with its cells" in book[tab]["A2"].value
        assert not [place for place in formulas_of(book) if place[0] == tab]
    text = words_of(book)
    assert roi.summary().headline in text
    for part in roi.left_out:
        assert part[1:] in text
    assert all(note in text for note in roi.summary().notes)


def test_the_chart_has_words_for_those_who_do_not_see_it(written: Path) -> None:
    with zipfile.ZipFile(written) as parts:
        drawing = next(parts.read(name) for name in parts.namelist() if "drawings/drawing" in name)
        core = parts.read("docProps/core.xml")
    assert b'descr="Bar chart of the column Swing' in drawing
    assert b"<dc:language>en-GB</dc:language>" in core
    assert b"<dc:title>Our programme</dc:title>" in core


def test_the_same_result_gives_the_same_bytes(roi: ReturnOnInvestment, written: Path, tmp_path: Path) -> None:
    again = write_scenario_workbook(roi, tmp_path / "folder" / "again.xlsx", title="Our programme")
    assert again.read_bytes() == written.read_bytes()
    assert [path.name for path in again.parent.iterdir()] == ["again.xlsx"]


def test_harm_not_known_gives_two_bounds(book: openpyxl.Workbook, written: Path) -> None:
    kept = opened(written, values=True)
    assert value_of(kept, "benefit_economic_low") < value_of(kept, "benefit_economic_high")
    assert value_of(kept, "benefit_economic_high") == pytest.approx(value_of(kept, "benefit_social"))


def test_an_effect_that_is_not_settled_is_told_first(tmp_path: Path) -> None:
    kept = opened(write_scenario_workbook(roi_of(effect_of(-0.1, -0.5, 0.3)), tmp_path / "a.xlsx"), values=True)
    assert kept["Results"]["A2"].value.startswith("The data do not settle whether offences were averted")
    assert value_of(kept, "cost_per_offence") == "not given: the interval of the effect includes none"
    harm = opened(write_scenario_workbook(roi_of(effect_of(0.5, 0.3, 0.7)), tmp_path / "b.xlsx"), values=True)
    assert harm["Results"]["A2"].value.startswith("The data point to no fewer offences.")


def test_a_harm_is_worst_when_all_of_it_is_the_programme_s(tmp_path: Path) -> None:
    harm = roi_of(effect_of(0.5, 0.3, 0.7), steps={"attribution": EVERY_STEP["attribution"]})
    kept = opened(write_scenario_workbook(harm, tmp_path / "b.xlsx"), values=True)
    assert (value_of(kept, "pessimistic_attribution"), value_of(kept, "optimistic_attribution")) == (1.0, 0.6)


class TestDisclosure:
    HIDDEN = ("robbery", "domestic_burglary")

    def protected(self, roi: ReturnOnInvestment, folder: Path) -> tuple[openpyxl.Workbook, openpyxl.Workbook]:
        path = write_scenario_workbook(roi, folder / "a.xlsx", rule=DisclosureRule(), hidden_groups=self.HIDDEN)
        return opened(path), opened(path, values=True)

    def test_small_groups_are_one_row(self, roi: ReturnOnInvestment, tmp_path: Path) -> None:
        book, kept = self.protected(roi, tmp_path)
        groups = [line[0].value for line in book["Offences"].iter_rows()]
        assert "Other groups, together" in groups
        assert not {"Robbery", "Domestic burglary"} & set(groups)
        assert value_of(kept, "benefit_social") == pytest.approx(roi.benefit, rel=0.05)
        # What the row is worth is an average of groups that are not shown: its parts cannot be changed.
        row = next(line for line in book["Unit costs"].iter_rows() if line[0].value == "Other groups, together")
        changeable = {str(rule.sqref) for rule in book["Unit costs"].data_validations.dataValidation}
        assert row[1].coordinate not in changeable

    def test_figures_that_would_give_people_back_are_rounded(self, tmp_path: Path) -> None:
        roi = roi_of(effect_of(-0.428571, -0.837777, -0.012345), steps=EVERY_STEP)
        book, _ = self.protected(roi, tmp_path)
        assert (value_of(book, "effect"), value_of(book, "effect_low"), value_of(book, "effect_high")) == (
            0.43, 0.01, 0.84,
        )  # fmt: skip
        assert (value_of(book, "people"), value_of(book, "cost_people")) == (135, 160)
        shares = [line[1].value for line in book["Offences"].iter_rows() if isinstance(line[1].value, float)]
        assert sum(shares) == pytest.approx(1.0)
        text = words_of(book)
        assert "the 133 treated people" not in text
        assert "0.428571" not in text
        assert "are rounded as in the report" in text
        assert "Valued at nothing, because" not in text

    def test_too_few_people_give_no_workbook(self, tmp_path: Path) -> None:
        with pytest.raises(DisclosureError, match="fewer people than the disclosure rule lets be shown"):
            write_scenario_workbook(roi_of(effect_of(n_treated=9)), tmp_path / "a.xlsx", rule=DisclosureRule())

    def test_offences_estimated_by_group(self, tmp_path: Path) -> None:
        effect = effect_of()
        averted = averted_of({"shoplifting": 0.5, "robbery": -0.1, "domestic_burglary": 0.02}, effect)
        roi = roi_of(effect, averted=averted)
        book, kept = self.protected(roi, tmp_path)
        assert "offence_averted" in book.defined_names
        assert isinstance(value_of(kept, "benefit_social"), float)


def test_refusals(roi: ReturnOnInvestment, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ends in .xlsx; found 'a.xls'"):
        write_scenario_workbook(roi, tmp_path / "a.xls")
    with pytest.raises(InputError, match="There is no offence group arson in this result"):
        write_scenario_workbook(roi, tmp_path / "a.xlsx", hidden_groups=["arson"])
    with pytest.raises(InputError, match="One hidden offence group is told by what the others leave"):
        write_scenario_workbook(roi, tmp_path / "a.xlsx", hidden_groups=["fraud"])
    assert list(tmp_path.iterdir()) == []


def study_of(roi: ReturnOnInvestment | None, **changes: Any) -> Any:
    spec = SimpleNamespace(costs=object(), outputs=SimpleNamespace(formats=["html", "xlsx"]), title="A study")
    return SimpleNamespace(**{"roi": roi, "withheld": False, "rule": DisclosureRule(), "spec": spec, **changes})


def test_a_study_writes_it_beside_its_report(roi: ReturnOnInvestment, tmp_path: Path, monkeypatch: Any) -> None:
    groups = {"shoplifting": 60, "drug_possession": 40, "fraud": 20, "robbery": 0, "domestic_burglary": 0}
    monkeypatch.setattr(scenario_study, "told_of_money", lambda _result: Told(groups=groups))
    monkeypatch.setattr(scenario_study.money_words, "hidden", lambda _result: False)
    monkeypatch.setattr(scenario_study.money_words, "at_other_prices", lambda result: result.other_prices)
    monkeypatch.setattr(scenario_study.money_words, "told", lambda _result, text: text.upper())
    without = SimpleNamespace(costs=object(), outputs=SimpleNamespace(formats=["html"]), title="A study")
    for refused in (study_of(roi, withheld=True, other_prices=True), study_of(roi, spec=without, other_prices=True),
                    study_of(roi, other_prices=False)):  # fmt: skip
        scenario_study.write_study_workbook(refused, tmp_path)
        assert list(tmp_path.iterdir()) == []
    scenario_study.write_study_workbook(study_of(roi, other_prices=True), tmp_path)
    book = opened(tmp_path / "scenarios.xlsx")
    assert book["Cover"]["A1"].value == "A study: return on investment, scenarios"
    assert roi.summary().headline.upper() in words_of(book)
    assert "Other groups, together" in words_of(book)


def test_given_keeps_what_it_was_given(roi: ReturnOnInvestment) -> None:
    given = given_of(roi, None, ())
    assert given.figures["attribution"].source == "steering group"
    assert sorted(given.costs["spent_on"]) == ["contact", "testing", "treatment", "treatment"]
    assert given.told("£1,234,567") == "£1,234,567"
    assert given_of(roi, DisclosureRule(), ()).told("£1,234,567 for 133 people") == "£1,230,000 for 135 people"


class TestLive:
    A, B = Live("a", 6.0), Live("b", 3.0)

    def test_brackets_stand_where_they_are_needed(self) -> None:
        a, b = self.A, self.B
        for live, text, value in (
            (a - (b - 1), "a-(b-1)", 4.0),
            (a / (b * 2), "a/(b*2)", 1.0),
            ((a + b) * 2, "(a+b)*2", 18.0),
            (1 - a + b, "1-a+b", -2.0),
            ((a + 1) ** b, "(a+1)^b", 343.0),
            (12 / a, "12/a", 2.0),
            (a * fixed(-2), "a*(-2)", -12.0),
        ):
            assert (live.text, live.value) == (text, value)

    def test_ranges_go_row_by_row(self) -> None:
        years, real = Live("years", (0.0, 1.0)), Live("real", (100.0, 110.0))
        assert add_up(real / (fixed(0.1) + 1) ** years).value == pytest.approx(200.0)
        assert add_up(Live("x", (1.0, "[x]")), Live("y", (2.0, 3.0))).value == 2.0
        assert all_known(Live("x", (1.0, "[x]"))).value is False
        assert all_known(Live("x", (1.0,))).text == "COUNT(x)=ROWS(x)"

    def test_words_in_a_sum_are_an_error_that_an_if_may_pass_by(self) -> None:
        unknown = Live("u", "[x]")
        assert (unknown * 2).value == ERROR
        assert if_known((unknown,), unknown * 2).value == "[x]"
        assert known(self.A, unknown).text == "AND(ISNUMBER(a),ISNUMBER(u))"
        assert (self.A / 0).value == ERROR
        with pytest.raises(InvariantError, match=r"The formula =u\*2 of the workbook has no value"):
            _ = (unknown * 2).finished

    def test_choices(self) -> None:
        choice, heads = Live("c", "two"), Live("heads", ("one", "two"))
        assert pick(Live("row", (1.0, 2.0)), choice, heads).value == 2.0
        assert pick(Live("row", (1.0, 2.0)), Live("c", "three"), heads).value == ERROR
        assert one_of(choice, {"one": self.A, "two": self.B}).text == 'IF(c="one",a,b)'
        assert when(self.A.above(self.B), "more", "less").value == "more"
        assert (smaller(self.A, self.B).value, larger(self.A, self.B).value) == (3.0, 6.0)
        assert fixed('say "no"').text == '"say ""no"""'
        assert shown(Live("r", 1.234), 2).join("!").value == "1.23!"
        assert shown(Live("r", 1.6), 0).text == 'TEXT(r,"0")'
        assert self.A.at_most(6).value is True
