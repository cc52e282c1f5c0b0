"""TOML has numbers that are none (nan) or have no end (inf): no key of a study file takes them."""

from __future__ import annotations

from pathlib import Path

import pytest

import dipeval as dip
from dipeval.errors import InputError, StudyFileError

EXAMPLE = Path(dip.__file__).parent / "examples" / "rossi.toml"
KEYS = {
    "jdl_style.radius": "[jdl_style]\nradius = {value}\n",
    "before_after.sharp": "[before_after]\nsharp = {value}\n",
    "overturn.specifications.calipers": "[overturn.specifications]\ncalipers = [{value}]\n",
    "subgroups.cut.age": '[subgroups]\nby = ["age"]\n[subgroups.cut]\nage = [{value}]\n',
}


def study_file(folder: Path, section: str) -> Path:
    """A study file of the example's first sections, with one section more."""
    kept = EXAMPLE.read_text(encoding="utf-8")
    for added in ("[subgroups", "[overturn", "[jdl_style", "[before_after"):
        kept = kept.split(f"\n{added}")[0]
    file = folder / "study.toml"
    file.write_text(f"{kept}\n{section}", encoding="utf-8")
    return file


@pytest.mark.parametrize("value", ["inf", "nan"])
@pytest.mark.parametrize("key", KEYS)
def test_endless_numbers_are_mistakes_of_the_study_file(tmp_path: Path, key: str, value: str) -> None:
    with pytest.raises(StudyFileError) as caught:
        dip.Study.from_toml(study_file(tmp_path, KEYS[key].format(value=value)))
    assert any(key in complaint for complaint in caught.value.complaints)


def test_too_few_submitted_names_its_section(tmp_path: Path) -> None:
    study = dip.Study.from_toml(study_file(tmp_path, "[jdl_style]\nradius = 0.2\nsubmitted = 1\n"))
    with pytest.raises(InputError, match=r"\[jdl_style\]: submitted=1 is fewer"):
        study.run()
