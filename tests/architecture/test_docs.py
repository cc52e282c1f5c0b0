"""Pages and data made from the package are what the package would make today; every example in the README runs."""

from __future__ import annotations

import doctest
import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_pages", ROOT / "docs" / "make_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pages_are_up_to_date(pages: ModuleType) -> None:
    assert (ROOT / "docs" / "extracts.md").read_text(encoding="utf-8") == pages.extracts_page(), "run: make docs"
    assert (ROOT / "docs" / "study_file.md").read_text(encoding="utf-8") == pages.study_page(), "run: make docs"
    definitions = (ROOT / "docs" / "definitions.md").read_text(encoding="utf-8")
    assert definitions == pages.definitions_page(), "run: make docs"
    for name in ("quarterly_report", "indicators", "recommendations"):
        made = {"quarterly_report": pages.quarterly_page}.get(name) or getattr(pages, f"{name}_page")
        assert (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") == made(), "run: make docs"


def test_the_example_data_are_made_again_to_the_byte(pages: ModuleType, tmp_path: Path) -> None:
    pages.write_example(tmp_path)
    pages.write_areas(tmp_path)
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert len(made) > 5
    for path in made:
        assert (ROOT / "data" / path).read_bytes() == (tmp_path / path).read_bytes(), f"{path}: run make docs"


@pytest.mark.parametrize("page", ["README.md", "docs/quarterly_report.md"])
def test_python_in_the_pages_runs(page: str) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, page, "exec"), {})


@pytest.mark.parametrize(
    "name",
    [
        "which_clock.md",
        "time_to_reoffence.md",
        "how_not_to_be_fooled_by_an_roi.md",
        "comparing_programmes.md",
        "payment_by_results.md",
    ],
)
def test_the_examples_in_the_pages_give_what_they_show(name: str) -> None:
    import dipeval as dip

    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    example = "\n".join(re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL))
    lines = doctest.DocTestParser().get_doctest(example, {}, name, None, 0)
    assert len(lines.examples) > 10
    assert doctest.DocTestRunner(verbose=False).run(lines).failed == 0
    assert set(re.findall(r"\bdip\.(\w+)", page)) <= set(dip.__all__)


def test_study_keys_in_the_page_on_designs_are_those_of_a_study_file() -> None:
    from dipeval.study.reading import parse_study

    page = (ROOT / "docs" / "choosing_a_design.md").read_text(encoding="utf-8")
    example = ROOT / "dipeval" / "examples" / "west_yorkshire_simulated.toml"
    blocks = re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)
    assert blocks
    for block in blocks:
        parse_study(tomllib.loads(example.read_text(encoding="utf-8")) | tomllib.loads(block))


def test_study_keys_in_the_page_on_times_are_those_of_a_study_file() -> None:
    from dipeval.study.reading import parse_study

    page = (ROOT / "docs" / "time_to_reoffence.md").read_text(encoding="utf-8")
    example = tomllib.loads(
        (ROOT / "dipeval" / "examples" / "west_yorkshire_simulated.toml").read_text(encoding="utf-8")
    )
    blocks = re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)
    assert blocks
    for block in blocks:
        shown = tomllib.loads(block)
        others = [outcome for outcome in example["outcomes"] if outcome["kind"] != "time"]
        parse_study(example | shown | {"outcomes": others + shown["outcomes"]})


def test_links_in_the_documentation_lead_somewhere() -> None:
    for page in [*(ROOT / "docs").glob("*.md"), ROOT / "data" / "README.md"]:
        for link in re.findall(r"\]\((?!https?:|#)([^)]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link.split("#")[0]).exists(), f"{page.name} points at {link}"


@pytest.mark.slow
def test_the_example_on_files_gives_an_answer() -> None:
    import dipeval as dip

    result = dip.Study.from_toml(ROOT / "data" / "study.toml").run()
    assert not result.withheld
    assert result.rule.data_status == "simulated"
