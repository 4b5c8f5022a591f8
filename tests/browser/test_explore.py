"""The explorer in Chromium: a lever, Back, the end of the program, a hostile title, a phone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import open_page, violations
from tests.experiments import resolved_of, write_ensemble

pytestmark = pytest.mark.browser
pytest.importorskip("shiny")
expect = pytest.importorskip("playwright.sync_api").expect
TITLE = '<img src=x onerror=alert(1)><script>alert(2)</script> & "quoted"'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """A small run whose title is hostile."""
    path = tmp_path_factory.mktemp("explored") / "out"
    text = (repository / "scenarios" / "austria-2022.yaml").read_text("utf-8").splitlines()
    lines = [f"title: {json.dumps(TITLE)}" if one.startswith("title:") else one for one in text]
    (path.parent / "hostile.yaml").write_text("\n".join(lines) + "\n", "utf-8")
    resolved = resolved_of(str(path.parent / "hostile.yaml"), ["population.n_businesses=30"])
    write_ensemble(path, resolved, 8)
    return path


def program(folder: Path, repository: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sim", "explore", str(folder), "--no-open", "-q"],
        env={**os.environ, "PYTHONPATH": str(repository)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_two_interrupts_end_the_program_with_one_word(folder, repository):
    with program(folder, repository) as process:
        with urllib.request.urlopen(process.stdout.readline().strip()) as answer:
            answer.read()
        process.send_signal(signal.SIGINT)
        time.sleep(0.01)  # Two at once are one.
        process.send_signal(signal.SIGINT)
        assert (process.communicate(timeout=60)[1], process.returncode) == ("interrupted\n", 130)


@pytest.fixture(scope="module")
def served(folder: Path, repository: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Address of the page, and the program behind it, which the last test ends."""
    process = program(folder, repository)
    assert process.stdout is not None
    yield process.stdout.readline().strip(), process
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)


def test_a_phone_has_the_answer_first_and_axe_finds_nothing(chromium, served):
    page = open_page(chromium, served[0], 390).page
    page.emulate_media(color_scheme="dark")
    answer = page.locator("#now .answer p").first
    expect(answer).to_be_visible(timeout=120_000)
    place, lever = answer.bounding_box(), page.locator(".lever").first.bounding_box()
    assert place is not None
    assert lever is not None
    assert place["y"] + place["height"] < 844 < lever["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []
    if shots := os.environ.get("OVERBLOCK_SHOTS"):
        page.screenshot(path=f"{shots}/explore-390-dark.png", full_page=True)
    page.context.close()


def test_a_lever_answers_back_undoes_and_the_end_is_told(chromium, served):
    address, process = served
    opened = open_page(chromium, address, 1280)
    page = opened.page
    now, before = page.locator("#now .answer"), page.locator("#before .answer")
    expect(now).to_be_visible(timeout=120_000)
    first = now.inner_text()
    assert page.locator("h1").inner_text().startswith(TITLE)
    assert page.url == address
    lever = page.locator(".lever input").first
    given, end = lever.input_value(), lever.get_attribute("max")
    lever.focus()
    lever.press("End")
    expect(before).to_be_visible(timeout=240_000)
    # Each answer names its result, so that two settings are two texts.
    assert now.inner_text() != first
    assert all(one in first for one in before.locator("p").all_inner_texts())
    assert page.url.endswith(f"={float(end or 'nan'):.6g}")
    assert violations(page) == []
    page.go_back()
    expect(now).to_be_visible(timeout=120_000)
    expect(page.locator(".lever input").first).to_have_value(given)
    assert page.url == address
    assert now.inner_text() == first
    assert not page.locator("#gone").is_visible()
    process.send_signal(signal.SIGINT)
    expect(page.locator("#gone")).to_be_visible(timeout=60_000)
    page.context.close()
    assert not [one for one in opened.said if "alert" in one or "Error" in one]
    assert opened.asked == []
