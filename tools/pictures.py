"""The pictures of the README: the report of a run, and the explorer over it.

``python -m tools.pictures`` writes them into ``docs/figures``. It needs what tests in a
browser need, and simulates ``telegram-2018-replay`` first.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize

FIGURES = Path(__file__).parents[1] / "docs" / "figures"
SCENARIO = "telegram-2018-replay"
CHROMIUM = os.environ.get("OVERBLOCK_CHROMIUM", "/usr/bin/chromium")
# Without them Chromium calls its maker at every start.
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDTH = 1280


def main() -> None:
    """Write ``report.png`` and ``explorer.png``."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        out = Path(scratch) / "out"
        overblock("run", SCENARIO, "-n", "64", "-o", str(out), "-q")
        overblock("report", str(out), "-q")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        draw_report(browser, out / "report.html", FIGURES / "report.png")
        draw_explorer(browser, out, FIGURES / "explorer.png")
        browser.close()


def overblock(*words: str) -> None:
    """Run a command of the program."""
    subprocess.run([sys.executable, "-m", "sim", *words], check=True, stdout=subprocess.DEVNULL)


def draw_report(browser: Browser, report: Path, to: Path) -> None:
    """The head of a report."""
    size: ViewportSize = {"width": WIDTH, "height": 800}
    page = browser.new_page(viewport=size, offline=True, reduced_motion="reduce")
    page.goto(report.as_uri())
    page.screenshot(path=to)
    page.close()


def draw_explorer(browser: Browser, run: Path, to: Path) -> None:
    """The explorer after its first lever was moved."""
    from playwright.sync_api import expect

    process = subprocess.Popen(
        [sys.executable, "-m", "sim", "explore", str(run), "--no-open", "-q"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        size: ViewportSize = {"width": WIDTH, "height": 1120}
        page = browser.new_page(viewport=size, reduced_motion="reduce")
        page.goto(process.stdout.readline().strip())
        expect(page.locator("#now .answer")).to_be_visible(timeout=300_000)
        page.locator(".lever input").first.press("End")
        expect(page.locator("#before .answer")).to_be_visible(timeout=300_000)
        page.evaluate("document.activeElement.blur()")
        page.screenshot(path=to)
        page.close()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


if __name__ == "__main__":
    main()
