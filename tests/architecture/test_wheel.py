"""The built wheel holds everything that a report needs: analysts in closed rooms install wheels, not clones."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Each of these folders of the repository, with what it holds that is no code, and where it stands in the wheel.
CARRIED = {
    ROOT / "notebooks": ("*.ipynb", "dipeval/notebooks"),
    ROOT / "dipeval" / "examples": ("*.toml", "dipeval/examples"),
    ROOT / "dipeval" / "data": ("*.*", "dipeval/data"),
    ROOT / "dipeval" / "report": ("*.css", "dipeval/report"),
    ROOT / "dipeval" / "report" / "template" / "dipeval": ("*.*", "dipeval/report/template/dipeval"),
}


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    place = tmp_path_factory.mktemp("wheel")
    # In a copy, so that nothing is left in the repository; the build tools are those of requirements.lock.
    source = place / "source"
    source.mkdir()
    for name in ("dipeval", "notebooks", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        subprocess.run(["cp", "-r", str(ROOT / name), str(source / name)], check=True)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--skip-dependency-check"]
    done = subprocess.run([*build, "-o", str(place), str(source)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    (wheel,) = place.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.mark.slow
@pytest.mark.parametrize("folder", CARRIED, ids=lambda folder: folder.name)
def test_files_that_are_no_code_are_carried(names: set[str], folder: Path) -> None:
    pattern, inside = CARRIED[folder]
    wanted = {f"{inside}/{path.name}" for path in folder.glob(pattern) if path.is_file()}
    assert wanted
    assert wanted <= names, sorted(wanted - names)


@pytest.mark.slow
def test_every_module_is_carried_and_nothing_else_is(names: set[str]) -> None:
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "dipeval").rglob("*.py")}
    assert modules <= names, f"name the room under packages in setup.cfg: {sorted(modules - names)}"
    assert "dipeval/py.typed" in names
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"dipeval"}
    assert not [name for name in names if name.endswith((".pyc", ".csv.gz", ".parquet", ".html"))]
