"""Takes the documents' pictures from a real report: `make picture` after `make report`, with Chromium installed."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "reports" / "west-yorkshire-simulated" / "report.html"
IMAGES = ROOT / "docs" / "images"
BALANCE = "section[aria-labelledby=balance] figure img"


def main() -> int:
    """Open the simulated study's report and keep its first page, and the picture of how alike the groups are."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 880, "height": 1000}, device_scale_factor=1.25)
        page.goto(REPORT.as_uri())
        IMAGES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(IMAGES / "report.png"))
        page.locator(BALANCE).screenshot(path=str(IMAGES / "balance.png"))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
