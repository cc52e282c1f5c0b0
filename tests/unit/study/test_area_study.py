"""Areas in a study: the section of the file, the table beside it, the record of inputs, and the rows of results.csv."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dipeval.effects.areas.estimate import area_effect
from dipeval.errors import EstimationError, InputError, StudyFileError
from dipeval.study.area import NOTE, SECTION, area_effect_of, area_files, area_rows
from dipeval.study.tidy import tidy
from tests.unit.study.area_study import areas, study_with_areas
from tests.unit.study.people_study import study


def test_without_the_section_there_is_nothing(tmp_path: Path) -> None:
    plain = study(tmp_path)
    assert area_effect_of(plain.spec, tmp_path) is None
    assert area_files(plain.spec, tmp_path) == () and list(area_rows(None)) == []


def test_the_table_is_read_from_beside_the_study_file(tmp_path: Path) -> None:
    asked = study_with_areas(tmp_path)
    found = area_effect_of(asked.spec, tmp_path)
    direct = area_effect(areas(), draws=199, seed=asked.spec.seed, label="recorded thefts")
    assert found is not None
    pd.testing.assert_frame_equal(found.to_frame(), direct.to_frame())
    (record,) = area_files(asked.spec, tmp_path)
    assert (record.name, record.file, record.rows) == ("areas", "areas.csv", 66)
    assert record.sha256 == hashlib.sha256((tmp_path / "areas.csv").read_bytes()).hexdigest()


def test_every_key_reaches_the_estimate(tmp_path: Path) -> None:
    frame = areas(people=1000.0, left=lambda f: (f["area"] == "area 000") * 2013).rename(columns={"area": "force"})
    frame["left"] = frame["left"].where(frame["left"] > 0)
    options: dict[str, Any] = {
        "area": "force", "treated_until": "left", "at_risk": "people", "per": 1000.0, "measure": "log_ratio",
        "compare_with": "never_treated", "anticipation": 1, "error": "permutation",
    }  # fmt: skip
    found = area_effect_of(study_with_areas(tmp_path, frame, **options).spec, tmp_path)
    direct = area_effect(frame, draws=199, seed=1, **options)
    assert found is not None and found.n_after_leaving == 2
    pd.testing.assert_frame_equal(found.to_frame(), direct.to_frame())


def test_a_run_holds_it_whether_or_not_the_answer_is_withheld(tmp_path: Path) -> None:
    done = study_with_areas(tmp_path).run()
    assert done.area_effect is not None
    assert [item.name for item in done.files][-1] == "areas"
    rows = tidy(done)
    own = rows[rows["section"] == SECTION]
    first = own.iloc[0]
    assert first["estimate"] == done.area_effect.estimate and NOTE in first["note"] and pd.isna(first["n"])
    assert first["n_smallest"] == done.area_effect.to_frame().loc[0, "n_events"]
    assert "two-way fixed effects" in set(own["group"]) and "warning" in set(own["status"])
    assert "periods since the start: 0" in set(own["group"]) and "periods since the start: -1" not in set(own["group"])


def test_a_withheld_study_still_shows_its_areas(tmp_path: Path) -> None:
    folder = tmp_path
    areas().to_csv(folder / "areas.csv", index=False)
    asked = {"file": "areas.csv", "label": "recorded thefts", "draws": 199}
    withheld = study(folder, area_effect=asked, diagnostics={"min_ess": 1e6}).run()
    assert withheld.withheld and withheld.area_effect is not None


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"file": "areas.pdf"}, "area_effect.file"),
        ({"area": "period"}, "every role needs its own column"),
        ({"per": 1000.0}, "name that column too"),
        ({"measure": "ratio"}, "area_effect.measure"),
        ({"anticipation": -1}, "area_effect.anticipation"),
        ({"label": ""}, "area_effect.label"),
        ({"radius": 1}, "radius"),
    ],
)
def test_mistakes_are_told_before_any_data(tmp_path: Path, asked: dict[str, Any], sentence: str) -> None:
    with pytest.raises(StudyFileError, match=sentence):
        study_with_areas(tmp_path, **asked)


def test_what_is_wrong_with_the_table_names_the_section(tmp_path: Path) -> None:
    asked = study_with_areas(tmp_path, areas().drop(index=[3]))
    with pytest.raises(InputError, match=r"^\[area_effect\]: 1 area-period"):
        area_effect_of(asked.spec, tmp_path)
    nobody = study_with_areas(tmp_path, areas(treated_from=None))
    with pytest.raises(EstimationError, match=r"^\[area_effect\]: No area starts"):
        area_effect_of(nobody.spec, tmp_path)
    (tmp_path / "areas.csv").unlink()
    with pytest.raises(InputError, match=r"area_effect.file: there is no file 'areas.csv'"):
        area_effect_of(nobody.spec, tmp_path)
