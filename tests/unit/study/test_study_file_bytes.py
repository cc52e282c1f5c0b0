"""Study files as they come from other people's computers."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from dipeval.errors import StudyFileError
from dipeval.study.reading import read_study_file

ROSSI = (files("dipeval.examples") / "rossi.toml").read_text(encoding="utf-8")


def _said(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(StudyFileError) as caught:
        read_study_file(path)
    return str(caught.value)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_endings_and_marks_of_any_system(tmp_path: Path, ending: str, mark: bytes) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes(mark + ROSSI.replace("\n", ending).encode())
    assert read_study_file(path).spec.title == "Maryland financial aid experiment"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_are_named_for_what_they_are(tmp_path: Path, encoding: str) -> None:
    said = _said(tmp_path / "study.toml", ROSSI.encode(encoding))
    assert "UTF-16" in said
    assert "Save it as UTF-8 text" in said


@pytest.mark.parametrize("start", [b"%PDF-1.7\n%\xe2\xe3", b"PK\x03\x04abc", b"{\\rtf1\\ansi words}"])
def test_a_document_is_no_study_file(tmp_path: Path, start: bytes) -> None:
    assert "but a document or a workbook" in _said(tmp_path / "study.toml", start)


def test_curly_quotation_marks_are_pointed_out(tmp_path: Path) -> None:
    text = ROSSI.replace('"nearest"', "\u201cnearest\u201d")
    assert "curly" in _said(tmp_path / "study.toml", text.encode())
    assert "curly" not in _said(tmp_path / "study.toml", b"title = nearest")


def test_a_mark_and_empty_lines_are_an_empty_file(tmp_path: Path) -> None:
    assert "the file is empty" in _said(tmp_path / "study.toml", b"\xef\xbb\xbf\r\n\r\n")


def test_a_file_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    path = tmp_path / "study.toml"
    path.write_text(ROSSI)
    with pytest.raises(StudyFileError, match="Permission denied"):
        read_study_file(path)
