"""Pages opened in Chromium from disk, with the network off.

``pytest -m browser`` needs the extra ``browser``, Chromium at ``/usr/bin/chromium`` (or where
``OVERBLOCK_CHROMIUM`` says) and axe-core (``npm install --prefix .ci --no-save axe-core@4``).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sim.report.page.document import write_report
from sim.report.words.languages import ENGLISH, language
from sim.results.folder import open_run
from tests.commands import run
from tests.experiments import write_comparison, write_run, write_sites
from tools.pictures import CHROMIUM, QUIET

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TRANSLATED = ("es", "ru")
"""Languages in which pages are tried beside English."""
AXE = Path(__file__).parents[2] / ".ci" / "node_modules" / "axe-core" / "axe.min.js"


@dataclass
class Opened:
    """A page, and all that it said or asked for."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


def write_record(folder: Path, *command: object) -> None:
    """Play the record of Spain back for eight sites with names of real length."""
    sites = folder.with_suffix(".csv")
    names = (
        "panaderia-de-la-plaza",
        "tienda",
        "clinica",
        "foro",
        "blog",
        "radio",
        "museo",
        "hotel",
    )
    last = (3, 96, 97, 4, 5, 6, 7, 8)
    rows = (f"{n}.example,188.114.96.{at},40\n" for n, at in zip(names, last, strict=True))
    sites.write_text("site,address,revenue_usd_per_h\n" + "".join(rows))
    command = command or ("run",)
    asked = (*command[:1], "spain-record", "--sites", sites, *command[1:])
    run(*asked, "-n", "1", "-w", "1", "-q", "-o", folder)


def write_moved(folder: Path) -> None:
    """Compare the same with places elsewhere."""
    write_record(folder, "compare", "--without-provider", "Cloudflare")


@pytest.fixture(scope="session")
def report_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Writes the page of a kind and a language, as in ``run-es``, when it is first asked for.

    ``three`` compares three strategies; ``noticed`` says that a table of a comparison changed.
    """
    folder = tmp_path_factory.mktemp("reports")
    kinds = {
        "run": write_run,
        "comparison": write_comparison,
        "sites": write_sites,
        "record": write_record,
        "seen": lambda path: run("run", "spain-record", "-n", "2", "-w", "1", "-q", "-o", path),
        "moved": write_moved,
        "three": lambda path: write_comparison(path, "aggregate:length=24"),
    }

    @cache
    def results(name: str) -> Path:
        if name == "noticed":
            shutil.copytree(results("comparison"), folder / name)
            with (folder / name / "groups.csv").open("a", encoding="utf-8") as file:
                file.write("\n")
        else:
            kinds[name](folder / name)
        return folder / name

    @cache
    def write(kind: str) -> Path:
        name, _, code = kind.partition("-")
        page = folder / f"{kind}.html"
        write_report(open_run(results(name)), page, language(code or ENGLISH))
        return page

    return write


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


def open_page(
    chromium: Browser, address: str, width: int, height: int = 900, **options: object
) -> Opened:
    """Open an address in a new window, and note what it says and asks of others."""
    context = chromium.new_context(
        viewport={"width": width, "height": height}, reduced_motion="reduce",
        **options,  # type: ignore[arg-type]
    )  # fmt: skip
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


def open_file(chromium: Browser, path: Path, width: int, **options: object) -> Opened:
    """Open a file in a new window without a network."""
    return open_page(chromium, path.as_uri(), width, offline=True, **options)  # type: ignore[arg-type]


def violations(page: Page) -> list[str]:
    """Rules that axe-core finds broken, of any impact."""
    assert AXE.is_file(), f"{AXE}: axe-core is not there; see tests/browser/conftest.py"
    found: list[dict[str, Any]] = page.evaluate(
        f"async () => {{ {AXE.read_text('utf-8')}; return (await axe.run()).violations; }}"
    )
    return [f"{one['id']}: {one['nodes'][0]['html'][:90]}" for one in found]
