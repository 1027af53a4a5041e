"""Makes the README's picture of the report: `python tests/screenshot.py`. Needs Chromium."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import samples
from playwright.sync_api import sync_playwright

from conformance.report import html

PICTURE = Path(__file__).parent.parent / "reports" / "example.png"


def main() -> None:
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if program is None:
        sys.exit("there is no Chromium; `apt-get install chromium`, or set CHROMIUM to the path of one")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "index.html"
        page_file.write_text(html.render(samples.faulty_run(Path(folder) / "report.json")), "utf-8")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1080, "height": 1000}, color_scheme="light")
        page.goto(f"file://{page_file}")
        end = page.locator("#picture").bounding_box()
        assert end is not None
        height = end["y"] + end["height"] + 24
        page.screenshot(path=PICTURE, full_page=True, clip={"x": 0, "y": 0, "width": 1080, "height": height})
        browser.close()
    print(f"{PICTURE}: {PICTURE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
