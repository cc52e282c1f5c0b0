"""The shape of the house: who imports whom, what loads when, how large things may grow, what is documented."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from configparser import ConfigParser
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import dipeval

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "dipeval").rglob("*.py"))
HEAVY = ("pandas", "scipy", "matplotlib", "duckdb", "splink", "sklearn", "numpy")


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_import_contracts_hold() -> None:
    done = _run(str(Path(sys.executable).parent / "lint-imports"), "--no-cache")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("start", ["import dipeval", "import dipeval.cli; dipeval.cli.main(['--help'])"])
def test_starting_up_loads_nothing_heavy(start: str) -> None:
    loaded = f"print([m for m in {HEAVY} if m in sys.modules])"
    code = f"import sys\ntry:\n    exec({start!r})\nexcept SystemExit:\n    pass\n{loaded}"
    done = _run(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("[]")


def test_every_public_name_is_there_and_documented() -> None:
    for name in dipeval.__all__:
        thing = getattr(dipeval, name)
        if name != "__version__":
            assert inspect.getdoc(thing), f"{name} has no docstring"


def _public_functions() -> list[str]:
    names = [n for n in dipeval.__all__ if n != "__version__"]
    return [n for n in names if inspect.isfunction(getattr(dipeval, n))]


@pytest.mark.parametrize("name", _public_functions())
def test_public_functions_say_what_goes_in_what_comes_out_and_show_it(name: str) -> None:
    function = getattr(dipeval, name)
    text = inspect.getdoc(function) or ""
    parameters = inspect.signature(function).parameters
    for heading in ("Parameters", "Returns", "Examples") if parameters else ("Returns", "Examples"):
        assert heading in text, f"{name}: its docstring has no {heading}"
    for parameter in parameters:
        assert parameter in text, f"{name}: parameter {parameter} is not described"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_are_read_in_one_sitting_and_functions_too(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 600
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            size = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            assert size <= 60, f"{node.name} has {size} lines of code"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_library_does_not_print_and_people_who_were_not_randomised_are_no_control_group(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    calls = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "print"]
    assert not calls or path.name == "cli.py"
    assert not re.search(r"control group", text, flags=re.IGNORECASE)


def test_lock_satisfies_setup_cfg() -> None:
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    wanted = config["options"]["install_requires"].split("\n")
    for extra in ("report", "test", "dev"):
        wanted += config["options.extras_require"][extra].split("\n")
    locked = {}
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        requirement = Requirement(line)
        locked[requirement.name.lower().replace("_", "-")] = str(requirement.specifier).removeprefix("==")
    for line in filter(None, map(str.strip, wanted)):
        requirement = Requirement(line)
        name = requirement.name.lower().replace("_", "-")
        assert name in locked, f"{name} is not locked"
        assert requirement.specifier.contains(Version(locked[name])), f"{name} {locked[name]} does not satisfy {line}"


def test_lock_names_no_host_and_no_path() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text
    assert "file:" not in text


def test_version_is_the_same_everywhere() -> None:
    assert f"version: {dipeval.__version__}" in (ROOT / "CITATION.cff").read_text()
    assert f"## {dipeval.__version__}" in (ROOT / "CHANGELOG.md").read_text()
    try:
        assert version("dipeval") == dipeval.__version__
    except PackageNotFoundError:
        pytest.skip("dipeval is not installed in this environment")


def test_readme_commands_are_real() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^make (\w+)", readme, flags=re.MULTILINE))
    assert {"report", "test"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), f"make {target} is not a target"
    for link in re.findall(r"\]\((?!https?:|#)([^)]+)\)", readme):
        assert (ROOT / link.split("#")[0]).exists(), f"README points at {link}, which is not there"
    commands = set(re.findall(r"^(?:\.venv/bin/)?dipeval (\w+)", readme, flags=re.MULTILINE))
    assert commands <= {"demo", "init", "check", "run"}


def test_nothing_generated_is_in_git() -> None:
    done = _run("git", "ls-files")
    if done.returncode:
        pytest.skip("not a git checkout")
    for name in done.stdout.splitlines():
        assert not re.search(r"(^|/)(\.venv|__pycache__|build|dist)/|\.pyc$", name), name
        assert not name.startswith("reports/") or name == "reports/README.md"
