"""Clerical review: the sheet goes out safe, comes back whatever a spreadsheet made of it, and is obeyed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from dipeval.errors import InputError, InvariantError, MissingDependencyError
from dipeval.linkage import Linkage
from dipeval.linkage import review_file as on_disk
from dipeval.linkage.calibration import calibrate
from dipeval.linkage.groups import link_groups, true_pairs
from dipeval.linkage.review import REVIEW_BANDS, apply_review, read_review, write_review_sheet
from dipeval.linkage.review_quality import ReviewQuality, _whole, review_quality
from dipeval.linkage.shares import band_places, wilson
from tests.unit.linkage.conftest import Checked


def answers(checked: Checked) -> dict[str, str]:
    known: dict[str, str] = {}
    for group in link_groups(checked.linkage):
        same, _ = true_pairs(checked.linkage, group, checked.extracts.truth)
        for left, right, is_same in zip(group.pairs["left_person"], group.pairs["right_person"], same, strict=True):
            known[f"{group.tables[0]}:{left}:{right}"] = "same" if is_same else "different"
    return known


def written(checked: Checked, folder: Path, n: int = 90) -> pd.DataFrame:
    path = write_review_sheet(checked.linkage, folder / "sheet.csv", n=n)
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def filled(checked: Checked, folder: Path, n: int = 90) -> Path:
    sheet, known = written(checked, folder, n), answers(checked)
    sheet["decision"] = [known[pair] for pair in sheet["pair_id"]]
    sheet.to_csv(folder / "filled.csv", index=False)
    return folder / "filled.csv"


def saved(sheet: pd.DataFrame, folder: Path) -> Path:
    sheet.to_csv(folder / "faulty.csv", index=False)
    return folder / "faulty.csv"


def test_the_sheet_shows_both_sides_and_says_what_it_is(checked: Checked, tmp_path: Path) -> None:
    sheet = written(checked, tmp_path)
    assert sheet.columns[:4].tolist() == ["pair_id", "linkage", "stratum", "sampling_weight"]
    assert sheet.columns[-3:].tolist() == ["decision", "remark", "handling"]
    assert {"left_surname", "right_surname", "left_birth_date", "right_birth_date"} <= set(sheet.columns)
    assert sheet["handling"].str.startswith("Personal data").all()
    assert (sheet["decision"] == "").all()
    # The reviewer judges by the identifiers: what the model thinks is not shown.
    assert not {"match_probability", "match_weight", "linked"} & set(sheet.columns)
    person = checked.linkage.identifiers("drug_tests").loc[sheet["pair_id"].iloc[0].split(":")[1]]
    assert sheet["left_surname"].iloc[0] == person["surname"]


def test_the_sample_is_stratified_and_weighted_back_to_all_candidates(checked: Checked, tmp_path: Path) -> None:
    sheet = written(checked, tmp_path)
    assert len(sheet) >= 90 and sheet["pair_id"].is_unique
    sizes = []
    for group in link_groups(checked.linkage):
        sizes += pd.Series(band_places(group.pairs["match_probability"], REVIEW_BANDS)).value_counts().tolist()
    weight = sheet["sampling_weight"].astype(float)
    assert sorted(weight.groupby(sheet["stratum"]).sum().round(6)) == sorted(float(size) for size in sizes)
    assert weight.sum() == pytest.approx(sum(len(group.pairs) for group in link_groups(checked.linkage)))
    # All of the few grey pairs are taken, and few of the many sure ones.
    assert weight.min() == 1.0 and weight.max() > 5


def test_the_sample_is_repeatable(checked: Checked, tmp_path: Path) -> None:
    paths = [write_review_sheet(checked.linkage, tmp_path / f"{n}.csv", n=40, seed=s) for n, s in enumerate((1, 1, 2))]
    texts = [path.read_bytes() for path in paths]
    assert texts[0] == texts[1] != texts[2]
    assert texts[0].startswith(b"\xef\xbb\xbfpair_id,")


def test_more_pairs_than_there_are_gives_them_all(checked: Checked, tmp_path: Path) -> None:
    sheet = written(checked, tmp_path, n=100_000)
    assert len(sheet) == sum(len(group.pairs) for group in link_groups(checked.linkage))
    assert (sheet["sampling_weight"].astype(float) == 1).all()


def test_formulas_are_taken_apart(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": ["=1+1", "+44", "-x", "@SUM", "\tq", "ANN", None], "b": range(7)})
    path = on_disk.write_sheet(frame, tmp_path / "sheet.csv")
    back = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert back["a"].tolist() == ["'=1+1", "'+44", "'-x", "'@SUM", "'\tq", "ANN", ""]


def test_a_filled_sheet_is_never_overwritten(checked: Checked, tmp_path: Path) -> None:
    path = filled(checked, tmp_path)
    before = path.read_bytes()
    with pytest.raises(InputError, match="may hold decisions"):
        write_review_sheet(checked.linkage, path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("n", [0, -1, 2.5, True, "many"])
def test_the_number_of_pairs_must_be_one(checked: Checked, tmp_path: Path, n: int) -> None:
    with pytest.raises(InputError, match="whole number"):
        write_review_sheet(checked.linkage, tmp_path / "sheet.csv", n=n)
    assert not list(tmp_path.iterdir())


def test_only_csv_and_excel(checked: Checked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"\.csv or \.xlsx"):
        write_review_sheet(checked.linkage, tmp_path / "sheet.pdf")
    with pytest.raises(InputError, match="cannot be written"):
        write_review_sheet(checked.linkage, tmp_path / "missing" / "sheet.csv")
    monkeypatch.setattr(on_disk.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match="openpyxl"):
        write_review_sheet(checked.linkage, tmp_path / "sheet.xlsx")


def test_excel_goes_out_and_comes_back(checked: Checked, tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    path = write_review_sheet(checked.linkage, tmp_path / "sheet.xlsx", n=30)
    sheet = pd.read_excel(path, dtype=str, keep_default_na=False)
    sheet.loc[:4, "decision"] = "Unsure "
    sheet.to_excel(tmp_path / "filled.xlsx", index=False)
    assert read_review(checked.linkage, tmp_path / "filled.xlsx")["decision"].tolist() == ["unsure"] * 5


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_whatever_a_spreadsheet_makes_of_it_is_read(
    checked: Checked, tmp_path: Path, separator: str, encoding: str
) -> None:
    sheet = written(checked, tmp_path, n=30)
    sheet.loc[0, ["decision", "remark"]] = [" SAME ", "same person, née Müller"]
    sheet = sheet.rename(columns={"decision": " decision"})
    if separator == ";":
        sheet["sampling_weight"] = sheet["sampling_weight"].str.replace(".", ",", regex=False)
    path = tmp_path / "back.csv"
    path.write_bytes((sheet.to_csv(index=False, sep=separator) + separator * 9 + "\n").encode(encoding))
    back = read_review(checked.linkage, path)
    assert back["decision"].tolist() == ["same"]
    assert back["sampling_weight"].iloc[0] == pytest.approx(float(sheet["sampling_weight"].iloc[0].replace(",", ".")))


def test_all_faults_at_once_with_file_and_row(checked: Checked, tmp_path: Path) -> None:
    sheet = written(checked, tmp_path)
    sheet.loc[0, "decision"] = "yes"
    sheet.loc[1, "pair_id"] = "treatment:P999999:P999998"
    sheet.loc[2, "linkage"] = "another"
    sheet.loc[3, "sampling_weight"] = "heavy"
    sheet = pd.concat([sheet, sheet.iloc[[4]]])
    surname = sheet["left_surname"].iloc[0]
    with pytest.raises(InputError) as caught:
        read_review(checked.linkage, saved(sheet, tmp_path))
    said = str(caught.value)
    assert said.startswith("faulty.csv: 5 fault(s) in the review sheet: ")
    for words in ("row 2: the decision must be same, different or unsure", "row 3: there is no such pair",
                  "row 4: the row belongs to another linkage", "row 5: sampling_weight must",
                  f"row {len(sheet) + 1}: the pair stands in the sheet more than once"):  # fmt: skip
        assert words in said
    assert surname not in said and "yes" not in said.split()


def other_shapes(sheet: pd.DataFrame) -> dict[str, bytes]:
    text = sheet.to_csv(index=False)
    heading, _, rest = text.partition("\n")
    notes = sheet.assign(remark='he said "no",\nthen left')
    return {
        "unicode text of Excel": sheet.to_csv(index=False, sep="\t").encode("utf-16"),
        "a separator after every row": (heading + "\n" + rest.replace("\n", ",\n")).encode(),
        "the separator told": b"sep=,\r\n" + text.encode(),
        "empty lines on top": b"\r\n\r\n" + text.encode(),
        "headings in capitals": sheet.rename(columns=str.upper).to_csv(index=False).encode(),
        "line breaks in a remark": notes.to_csv(index=False).encode(),
        "columns added and moved": sheet.assign(mine="?").loc[:, ["mine", *sheet.columns[::-1]]].to_csv().encode(),
    }


def test_other_shapes_of_the_same_sheet_are_read(checked: Checked, tmp_path: Path) -> None:
    sheet = written(checked, tmp_path, n=30)
    sheet.loc[4, "decision"] = "Different\u00a0"
    expected = read_review(checked.linkage, saved(sheet, tmp_path))
    for name, content in other_shapes(sheet).items():
        path = tmp_path / "shape.csv"
        path.write_bytes(content)
        pd.testing.assert_frame_equal(read_review(checked.linkage, path), expected, obj=name)


def test_a_workbook_is_known_by_its_bytes_and_its_sheet_is_found(checked: Checked, tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    sheet = written(checked, tmp_path, n=30)
    sheet.loc[0, "decision"] = "unsure"
    with pd.ExcelWriter(tmp_path / "two.xlsx") as book:
        pd.DataFrame({"notes": ["mine"]}).to_excel(book, sheet_name="Notes", index=False)
        sheet.to_excel(book, sheet_name="Sheet1", index=False)
    (tmp_path / "two.csv").write_bytes((tmp_path / "two.xlsx").read_bytes())
    for name in ("two.xlsx", "two.csv"):
        assert read_review(checked.linkage, tmp_path / name)["decision"].tolist() == ["unsure"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("SECRET", "SECRET,more", r"broken\.csv: row 4: there are more cells than headings"),
        ("SECRET", '"SECRET', r"broken\.csv: row 4: a quotation mark is opened and never closed"),
        ("remark,handling", "Decision,handling", r"has the column decision more than once"),
    ],
)
def test_a_row_that_cannot_be_taken_apart_is_named_and_not_quoted(
    checked: Checked, tmp_path: Path, old: str, new: str, message: str
) -> None:
    sheet = written(checked, tmp_path, n=30)
    sheet.loc[2, "handling"] = "SECRET"
    path = tmp_path / "broken.csv"
    path.write_text(sheet.to_csv(index=False).replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        read_review(checked.linkage, path)
    assert "SECRET" not in str(caught.value)


def test_many_faults_of_one_kind_are_one_line(checked: Checked, tmp_path: Path) -> None:
    sheet = written(checked, tmp_path, n=30).assign(decision="perhaps", sampling_weight="inf")
    with pytest.raises(InputError) as caught:
        read_review(checked.linkage, saved(sheet, tmp_path))
    said = str(caught.value)
    assert "2 fault(s)" in said
    more = f"rows 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and {len(sheet) - 10} more: "
    assert said.count(more) == 2


def test_no_spreadsheet_takes_the_mark_of_the_linkage_for_a_number(
    checked: Checked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unlucky:
        def hexdigest(self) -> str:
            return "12345678e9012345"

    monkeypatch.setattr("dipeval.linkage.review.hashlib.sha256", lambda _: Unlucky())
    mark = written(checked, tmp_path, n=5)["linkage"].iloc[0]
    assert mark[0].isalpha()
    with pytest.raises(ValueError, match="could not convert"):
        float(mark)


def test_half_a_sheet_is_not_left_behind(checked: Checked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = on_disk._filled

    class Full:
        def write(self, _: bytes) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(on_disk, "_filled", lambda _, content, path: real(Full(), content, path))
    with pytest.raises(InputError, match="No space left"):
        write_review_sheet(checked.linkage, tmp_path / "full.csv", n=5)
    assert not (tmp_path / "full.csv").exists()


@pytest.mark.parametrize("seed", [-1, "x", None, True])
def test_the_seed_and_the_path_must_be_some(checked: Checked, tmp_path: Path, seed: int) -> None:
    with pytest.raises(InputError, match="seed must be"):
        write_review_sheet(checked.linkage, tmp_path / "seed.csv", seed=seed)
    for wrong in (None, 3):
        with pytest.raises(InputError, match="path must be"):
            write_review_sheet(checked.linkage, wrong)  # type: ignore[arg-type]
        with pytest.raises(InputError, match="path must be"):
            read_review(checked.linkage, wrong)  # type: ignore[arg-type]


def test_nobody_is_the_same_as_two(checked: Checked, tmp_path: Path) -> None:
    sheet = written(checked, tmp_path, n=100_000)
    rivals = sheet[sheet["pair_id"].str.rpartition(":")[0].duplicated(keep=False)].sort_values("pair_id").index[:2]
    sheet.loc[rivals, "decision"] = "same"
    with pytest.raises(InputError, match="already the same as somebody else"):
        read_review(checked.linkage, saved(sheet, tmp_path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda sheet: sheet, "holds no decision"),
        (lambda sheet: sheet.head(0), "holds no decision"),
        (lambda sheet: sheet.drop(columns=["decision", "linkage"]), "no column linkage, decision"),
        (lambda sheet: sheet.assign(linkage="0123456789ab"), "written from another linkage"),
    ],
)
def test_sheets_that_cannot_be_used(checked: Checked, tmp_path: Path, change, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=message):
        read_review(checked.linkage, saved(change(written(checked, tmp_path, n=30)), tmp_path))


def test_files_that_cannot_be_read(checked: Checked, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_review(checked.linkage, tmp_path / "nowhere.csv")
    for name, content in (("empty.csv", b""), ("broken.xlsx", b"no spreadsheet")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=r"no table that can be read|no column"):
            read_review(checked.linkage, tmp_path / name)


def test_decisions_are_obeyed(checked: Checked, tmp_path: Path) -> None:
    """Every candidate judged by the truth: what is linked afterwards is the truth, as far as it was a candidate."""
    path = filled(checked, tmp_path, n=100_000)
    after = apply_review(checked.linkage, path)
    known = {pair for pair, answer in answers(checked).items() if answer == "same"}
    linked = after.pairs()[after.pairs()["linked"]]
    assert len(linked) == len(known)
    quality = after.quality(checked.extracts.truth).to_frame()
    before = checked.linkage.quality(checked.extracts.truth).to_frame()
    assert (quality["precision"] == 1).all()
    assert (quality["recall"] >= before["recall"]).all()
    assert after.notes[-1].startswith(f"Clerical review: {len(answers(checked)):,} pairs judged")
    assert checked.linkage.notes == after.notes[:-1]


def decide(checked: Checked, folder: Path, pair: pd.Series, decision: str) -> Linkage:
    folder.mkdir()
    sheet = written(checked, folder, n=100_000)
    name = f"{pair['right_table']}:{pair['left_person']}:{pair['right_person']}"
    sheet.loc[sheet["pair_id"] == name, "decision"] = decision
    return apply_review(checked.linkage, saved(sheet, folder))


def test_one_decision_changes_what_it_must_and_no_more(checked: Checked, tmp_path: Path) -> None:
    pairs = checked.linkage.pairs()
    alone = pairs[~pairs.duplicated(["right_table", "left_person"], keep=False)]
    alone = alone[~alone.duplicated(["right_table", "right_person"], keep=False)]
    sure = alone[alone["linked"]].iloc[0]
    parted = decide(checked, tmp_path / "different", sure, "different")
    assert parted.pairs()["linked"].sum() == pairs["linked"].sum() - 1
    weak = alone[~alone["linked"]].iloc[0]
    joined = decide(checked, tmp_path / "same", weak, "same")
    assert joined.pairs()["linked"].sum() == pairs["linked"].sum() + 1
    unsure = decide(checked, tmp_path / "unsure", sure, "unsure")
    pd.testing.assert_frame_equal(unsure.pairs(), pairs)


def test_a_linkage_keeps_what_was_decided(checked: Checked, tmp_path: Path) -> None:
    """Not only what a decision changed: a link that was confirmed is as certain as one that was made."""
    pairs = checked.linkage.pairs()
    sure, weak = pairs[pairs["linked"]].iloc[0], pairs[~pairs["linked"]].iloc[0]
    assert checked.linkage.decisions().isna().all()
    confirmed = decide(checked, tmp_path / "confirmed", sure, "same")
    both = decide(Checked(checked.extracts, confirmed), tmp_path / "parted", weak, "different")
    said = both.decisions().dropna()
    assert sorted(set(said)) == ["different", "same"]
    of = both.pairs().loc[said.index].assign(said=said).set_index(["left_person", "right_person"])["said"]
    assert set(of.loc[[(sure["left_person"], sure["right_person"])]]) == {"same"}
    assert set(of.loc[[(weak["left_person"], weak["right_person"])]]) == {"different"}
    unsure = decide(checked, tmp_path / "unsure", sure, "unsure")
    assert unsure.decisions().isna().all()


def test_precision_by_the_review_is_that_of_the_truth(checked: Checked, tmp_path: Path) -> None:
    path = filled(checked, tmp_path, n=100_000)
    quality = review_quality(checked.linkage, path)
    frame = quality.to_frame()
    truth = checked.linkage.quality(checked.extracts.truth).to_frame().set_index("link")
    whole = frame[(frame["low"] == 0.001) & (frame["high"] == 1.0)].set_index("link")
    for name in whole.index:
        assert whole.loc[name, "precision"] == pytest.approx(truth.loc[name, "precision"])
        assert whole.loc[name, "n_links"] == truth.loc[name, "n_links"]
        assert whole.loc[name, "conf_low"] <= whole.loc[name, "precision"] <= whole.loc[name, "conf_high"]
    bands = frame.drop(frame.index[(frame["low"] == 0.001) & (frame["high"] == 1.0)])
    assert bands.groupby("link")["n_links"].sum().to_dict() == whole["n_links"].to_dict()
    assert "By the review" in quality.summary().headline
    with pytest.raises(InvariantError, match="columns"):
        ReviewQuality(_frame=frame.drop(columns="n_unsure"))


def test_a_sample_is_weighted_by_the_links_of_its_band(checked: Checked, tmp_path: Path) -> None:
    sheet, known = written(checked, tmp_path), answers(checked)
    sheet["decision"] = [known[pair] for pair in sheet["pair_id"]]
    sheet.loc[sheet.index[::7], "decision"] = "unsure"
    path = saved(sheet, tmp_path)
    frame = review_quality(checked.linkage, path).to_frame()
    assert frame["n_unsure"].sum() > 0
    for _, part in frame.groupby("link"):
        bands, whole = part.iloc[:-1], part.iloc[-1]
        expected = (bands["precision"] * bands["n_links"]).sum(skipna=False) / bands["n_links"].sum()
        assert whole["precision"] == pytest.approx(expected, nan_ok=True)
        low, high = wilson(bands["precision"].iloc[-1] * bands["n_reviewed"].iloc[-1], bands["n_reviewed"].iloc[-1])
        assert (bands["conf_low"].iloc[-1], bands["conf_high"].iloc[-1]) == pytest.approx((low, high))
    banded = calibrate(checked.linkage, path).to_frame()
    assert (
        banded.loc[banded["link"] == "all links", "n"].sum() == 2 * sheet["decision"].isin(["same", "different"]).sum()
    )


def test_a_faultless_review_of_unequal_bands_is_worth_its_weights() -> None:
    """Ten of 900 links judged and ninety of 100, all right: what is not known of the 900 decides."""
    rows = [("a - b", 0.5, 0.9, 900, 10, 0, 1.0, 0.0, 1.0), ("a - b", 0.9, 1.0, 100, 90, 0, 1.0, 0.0, 1.0)]
    *_, precision, low, high = _whole("a - b", rows)
    worth = 1 / (0.9**2 / 10 + 0.1**2 / 90)
    assert (precision, high) == (1.0, 1.0)
    assert low == pytest.approx(wilson(worth, worth)[0])
    assert low < wilson(100, 100)[0]
