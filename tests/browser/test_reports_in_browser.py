"""The reports as their readers see them: headless Chromium, no network, no script error, nothing missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

PLACEHOLDER = "No description has been provided"


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    command = [str(Path(sys.executable).parent / "dipeval"), "demo", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {path.parent.name: path for path in sorted(folder.glob("*/report.html"))}


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        assert "CI" not in os.environ, "Chromium is missing: .ci/run installs it"
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


NAMES = ("north-carolina", "rossi", "west-yorkshire-simulated", "withheld-example", "west-yorkshire-quarterly")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [390, 1280])
def test_report_opens_whole_and_alone(reports: dict[str, Path], browser, name: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(reports[name].as_uri())
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert page.locator("html").get_attribute("lang") == "en-GB"
    assert page.locator("h1").count() == 1
    assert page.locator("pre, code, script").count() == 0
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, f"the page is {overflow} pixels wider than the screen"
    page.close()


@pytest.mark.parametrize("name", NAMES)
def test_pictures_and_tables_can_be_used_without_seeing_them(reports: dict[str, Path], browser, name: str) -> None:
    page = browser.new_page()
    page.goto(reports[name].as_uri())
    for image in page.locator("img").all():
        words = image.get_attribute("alt") or ""
        assert len(words) >= 40
        assert PLACEHOLDER not in words
        assert image.evaluate("image => image.complete && image.naturalWidth > 100")
    # What is folded away has no text until it is opened.
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
    for table in page.locator("table").all():
        assert table.locator("caption").inner_text().strip()
        assert table.locator("thead th:not([scope=col])").count() == 0
        assert table.locator("tbody th:not([scope=row])").count() == 0
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    for link in page.locator("nav a").all():
        assert page.locator(link.get_attribute("href")).count() == 1
    page.close()


def test_simulated_report_says_so_first(reports: dict[str, Path], browser) -> None:
    page = browser.new_page()
    page.goto(reports["west-yorkshire-simulated"].as_uri())
    first = page.locator("main h1 + *").first.inner_text()
    assert "No real person is in" in first
    assert page.get_by_text("True effect").count() >= 1
    page.close()


def test_withheld_report_shows_no_estimate(reports: dict[str, Path], browser) -> None:
    page = browser.new_page()
    page.goto(reports["withheld-example"].as_uri())
    text = page.locator("main").inner_text()
    assert "No estimate of the effect is given" in text
    assert "NOT PASSED" in text
    after_the_groups = text.split("Were the groups alike?")[1]
    # The pathway compares nobody: shares of people who went on to the next stage, with their intervals, may stand.
    before, pathway = after_the_groups.split("How far did people get?")
    assert "95% interval" in pathway
    assert "95% interval" not in before + pathway.split("How was it done?")[1]
    page.close()


def test_randomised_report_prints_both_and_the_check(reports: dict[str, Path], browser) -> None:
    page = browser.new_page()
    page.goto(reports["rossi"].as_uri())
    text = page.locator("main").inner_text()
    assert "Unadjusted" in text
    assert "as it should" in text
    page.close()


def test_quarterly_report_opens_with_what_a_commissioner_asks_first(reports: dict[str, Path], browser) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.goto(reports["west-yorkshire-quarterly"].as_uri())
    assert "No real person is in" in page.locator("main h1 + *").first.inner_text()
    heads = page.locator("main h2").all_inner_texts()
    first = [heads.index(name) for name in ("What changed beyond chance", "Targets", "Be careful", "Who comes in")]
    assert first == sorted(first)
    # What is wider than a phone moves in a box of its own, which the keyboard reaches.
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
    wide = page.evaluate(
        "[...document.querySelectorAll('table')].filter(t => t.scrollWidth > t.parentElement.clientWidth + 1)"
        ".filter(t => getComputedStyle(t.parentElement).overflowX !== 'auto' || t.parentElement.tabIndex < 0).length"
    )
    assert wide == 0
    page.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_report_shows_how_sure_the_links_are_and_what_they_may_change(
    reports: dict[str, Path], browser, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(reports["west-yorkshire-simulated"].as_uri())
    for anchor in (
        "linkage",
        "linkage-quality",
        "linked-people",
        "linkage-error",
        "linkage-detail",
        "linkage-statement",
    ):
        part = page.locator(f"section[aria-labelledby={anchor}]")
        assert part.count() == 1
        assert part.is_visible()
        for image in part.locator("img").all():
            shown = image.bounding_box()
            assert shown["width"] <= width
            assert shown["height"] > 100
    assert page.locator("#linkage-quality").evaluate("heading => heading.tagName") == "H3"
    text = page.locator("section[aria-labelledby=linkage-error]").inner_text()
    assert "registered answer" in text
    assert "Allowing for wrong and missed links" in text
    page.goto(reports["withheld-example"].as_uri())
    assert page.locator("#linkage-error").count() == 0
    page.close()
