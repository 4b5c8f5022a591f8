"""Reports opened in Chromium from disk, with the network off.

``pytest -m browser`` needs the extra ``browser``, Chromium at ``/usr/bin/chromium`` (or where
``OVERBLOCK_CHROMIUM`` says) and axe-core (``npm install --prefix .ci --no-save axe-core@4``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.comparisons import EIGHT, write_comparison
from sim.report.page.document import write_report
from sim.results.read import open_run
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from tests.drawn_folders import add_draws
from tests.experiments import run_experiment

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = os.environ.get("OVERBLOCK_CHROMIUM", "/usr/bin/chromium")
# Without them Chromium calls its maker at every start.
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass
class Opened:
    """A page, and all that it said or asked for.

    Attributes
    ----------
    page
        The page.
    said
        Console messages, errors, dialogs.
    asked
        Addresses it asked for beside its own file and what it holds itself.
    """

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


OpenReport = Callable[..., Opened]


@pytest.fixture(scope="session")
def chase_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in which the target has users and fronts; do not write into it."""
    folder = tmp_path_factory.mktemp("chase") / "run"
    short = ["population.n_businesses=60", "end=2018-04-22T00:00+03:00"]
    resolved = resolve(load_scenario("telegram-2018", short))
    run_experiment(resolved, root_seed=3, n_replicates=2, folder=folder)
    return folder


@pytest.fixture(scope="session")
def reports(chase_run: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Report files by name: of a run, and of eight strategies compared, without and with draws."""
    folder = tmp_path_factory.mktemp("reports")
    comparison = write_comparison(chase_run, folder / "comparison", EIGHT, 4)
    drawn = add_draws(comparison, folder / "drawn", ["business_hours_impaired"])
    made = {"run": chase_run, "comparison": comparison, "drawn": drawn}
    files = {name: folder / f"{name}.html" for name in made}
    for name, path in files.items():
        write_report(open_run(made[name]), path)
    return files


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def open_report(chromium: Browser, reports: dict[str, Path]) -> Iterator[OpenReport]:
    """Open a report, or any HTML file, in a fresh window without a network."""
    opened: list[Opened] = []

    def open_one(which: str | Path, *, width: int = 1280, **options: object) -> Opened:
        path = reports[which] if isinstance(which, str) else which
        opened.append(open_file(chromium, path, width, **options))
        return opened[-1]

    yield open_one
    for one in opened:
        one.page.context.close()


@pytest.fixture(scope="session")
def shared(chromium: Browser, reports: dict[str, Path]) -> Iterator[dict[str, Opened]]:
    """Windows that several tests use one after the other; each sets what it needs."""
    opened = {name: open_file(chromium, path, 1280) for name, path in reports.items()}
    yield opened
    for one in opened.values():
        one.page.context.close()


def open_file(chromium: Browser, path: Path, width: int, **options: object) -> Opened:
    """Open a file in a new window without a network, and note what it says and asks for."""
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, offline=True, reduced_motion="reduce",
        **options,  # type: ignore[arg-type]
    )  # fmt: skip
    page = context.new_page()
    found = Opened(page)
    page.on("console", lambda message: found.said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: found.said.append(str(error)))
    page.on("dialog", lambda dialog: (found.said.append(dialog.message), dialog.dismiss()))
    own = (path.as_uri(), "data:", "blob:")
    page.on(
        "request",
        lambda request: None if request.url.startswith(own) else found.asked.append(request.url),
    )
    page.goto(path.as_uri())
    return found
