"""The explorer in Chromium: levers, cancel, two visitors, a hostile title, this computer alone."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from tests.browser.conftest import Opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
pytest.importorskip("uvicorn")
expect = pytest.importorskip("playwright.sync_api").expect
TITLE = '<img src=x onerror=alert(1)><script>alert(2)</script> & "quoted"'
SHORT = "end=2018-04-17T00:00+03:00"
AXE = Path(__file__).parents[2] / ".ci" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[str]:
    """A page over a run with draws, whose title is hostile."""
    folder = tmp_path_factory.mktemp("explored")
    text = (repository / "scenarios" / "surgical.yaml").read_text("utf-8").splitlines()
    lines = [
        f"title: {json.dumps(TITLE)}" if line.startswith("title:")
        else line
        for line in text
    ]  # fmt: skip
    (folder / "hostile.yaml").write_text("\n".join(lines) + "\n", "utf-8")
    env = {**os.environ, "PYTHONPATH": str(repository)}
    made = subprocess.run(
        [sys.executable, "-m", "sim", "run", "hostile.yaml", "-n", "2", "--draws", "40", "--set",
         "population.n_businesses=30", "--set", SHORT, "-o", "out", "-q", "-w", "1"],
        cwd=folder, env=env, capture_output=True, text=True,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    process = subprocess.Popen(
        [sys.executable, "-m", "sim", "explore", "out", "--no-open", "-q"],
        cwd=folder, env=env, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.send_signal(signal.SIGINT)
    process.wait(60)
    process.stdout.close()


def open_page(chromium: Browser, address: str, width: int = 1280) -> Opened:
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, reduced_motion="reduce"
    )
    page = context.new_page()
    found = Opened(page)
    page.on("console", lambda message: found.said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: found.said.append(str(error)))
    page.on("dialog", lambda dialog: (found.said.append(dialog.message), dialog.dismiss()))
    own = (address, "data:", "blob:")
    page.on(
        "request",
        lambda request: None if request.url.startswith(own) else found.asked.append(request.url),
    )
    page.goto(address)
    return found


def wait_until_done(opened: Opened) -> None:
    # The policy of the page lets nothing be evaluated from a text, as other ways of waiting do.
    expect(opened.page.locator("#status")).to_have_text("Done.", timeout=120_000)


def wait_until_begun(opened: Opened) -> None:
    expect(opened.page.locator("#status")).not_to_have_text("Done.")


@pytest.fixture
def visitor(chromium: Browser, address: str) -> Iterator[Opened]:
    opened = open_page(chromium, address)
    wait_until_done(opened)
    yield opened
    opened.page.context.close()
    assert opened.said == []
    assert opened.asked == []


def test_a_hostile_title_is_text(visitor: Opened) -> None:
    page = visitor.page
    assert page.locator("#title").inner_text().startswith(TITLE)
    assert page.locator("#title img, #title script").count() == 0
    page.click("#open-report")
    frame = page.frame_locator("#report")
    assert frame.locator("h1").inner_text().startswith(TITLE)
    frame.locator("#charts svg").first.wait_for(timeout=60_000)


def test_a_lever_answers_and_the_setting_before_stands_beside(visitor: Opened) -> None:
    page = visitor.page
    levers = page.locator(".lever input[type=range]")
    assert levers.count() == 6
    before = page.locator("#now-said").inner_text()
    # By its key: the answer may bring the levers in another sequence.
    key = levers.first.get_attribute("data-key")
    lever = page.locator(f".lever input[data-key='{key}']")
    lever.focus()
    lever.press("End")
    wait_until_begun(visitor)
    wait_until_done(visitor)
    assert page.locator("#before").is_visible()
    assert page.locator("#before-said").inner_text() == before
    setting = json.loads(unquote(page.url.partition("#")[2]))
    assert key in setting["settings"]
    assert SHORT in page.locator("#command").inner_text()
    assert f"--set {key}=" in page.locator("#command").inner_text().replace("'", "")
    # The address alone brings the same setting back.
    answer = page.locator("#now-said").inner_text()
    figures = page.locator("#now-figures").inner_text()
    again = open_page(page.context.browser, page.url)  # type: ignore[arg-type]
    wait_until_done(again)
    assert again.page.locator("#now-said").inner_text() == answer
    assert again.page.locator("#now-figures").inner_text() == figures
    again.page.context.close()


def test_a_long_run_is_cancelled_and_two_visitors_do_not_meet(
    visitor: Opened, chromium: Browser, address: str
) -> None:
    other = open_page(chromium, address)
    wait_until_done(other)
    page = visitor.page
    kept = other.page.locator("#now-figures").inner_text()
    page.fill("#replicates", "200")
    page.click("#compute")
    expect(page.locator("#status")).to_have_text(re.compile("Computing: "), timeout=60_000)
    other.page.fill("#replicates", "3")
    other.page.click("#compute")
    wait_until_begun(other)
    wait_until_done(other)
    assert page.locator("#cancel").is_enabled()
    page.click("#cancel")
    assert page.locator("#status").inner_text() == "Cancelled."
    page.fill("#replicates", "1")
    page.click("#compute")
    wait_until_done(visitor)
    assert "1 replicate ·" in page.locator("#now-setting").inner_text()
    assert other.page.locator("#before-figures").inner_text() == kept
    other.page.context.close()


def test_what_is_wrong_is_said(visitor: Opened) -> None:
    page = visitor.page
    page.fill("#strategies", "exakt")
    page.click("#compute")
    page.locator("#problems li").first.wait_for()
    assert "did you mean 'exact'" in page.locator("#problems").inner_text()
    visitor.said[:] = [one for one in visitor.said if "422" not in one]


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        ("light", 1280),
        ("dark", 390),
        pytest.param("dark", 1280, marks=pytest.mark.long),
        pytest.param("light", 390, marks=pytest.mark.long),
    ],
)
def test_no_violation_of_axe_and_nothing_sticks_out(
    chromium: Browser, address: str, width: int, scheme: str
) -> None:
    opened = open_page(chromium, address, width)
    opened.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    wait_until_done(opened)
    levers = opened.page.locator(".lever input[type=range]")
    levers.first.focus()
    levers.first.press("Home")
    wait_until_begun(opened)
    wait_until_done(opened)
    page = opened.page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate("() => { document.querySelector('details').open = true; }")
    # The policy of the page lets no other script run: axe is brought in from outside.
    found = page.evaluate(
        f"async () => {{ {AXE.read_text('utf-8')}; return (await axe.run()).violations; }}"
    )
    said = [(one["id"], [node["html"][:90] for node in one["nodes"]]) for one in found]
    assert said == []
    folder = os.environ.get("OVERBLOCK_SHOTS")
    if folder:
        page.screenshot(path=f"{folder}/explore-{width}-{scheme}.png", full_page=True)
    page.context.close()
