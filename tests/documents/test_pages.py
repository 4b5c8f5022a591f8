"""The commands of the documents run as typed, page by page, in a fresh clone."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from sim.version import __version__
from tests.checkout import copy_checkout
from tests.conftest import REPOSITORY
from tests.documents.tables import SAID
from tests.pages import NEEDS, RUN, Block, blocks_of, pages, run_page

QUICK = (
    *(
        f"docs/explanation/{name}.md"
        for name in (
            "appendix", "cover", "glossary", "misleading", "money", "overmatch",
        )
    ),
    "docs/reference/addresses.md",
)  # fmt: skip
"""Pages that take less than three seconds of a processor; the others are long tests."""
WRITTEN = {"docs/explanation/validation.md": "Written by `overblock backtest "}
"""Pages that a command writes from top to bottom, and how they say so."""
PAGES = pages()
BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def test_the_pages_are_found() -> None:
    assert {"README.md", *QUICK} < set(PAGES)
    assert len(BLOCKS) > 50


SAYING = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for folder in ("explanation", "how-to", "tutorial")
    for path in (REPOSITORY / "docs" / folder).glob("*.md")
)
"""Pages that say what the software does."""


def shows_nothing(page: str) -> bool:
    """Whether a page holds no command at all: claims that a reader cannot look at."""
    if page in WRITTEN:
        return WRITTEN[page] not in (REPOSITORY / page).read_text(encoding="utf-8")
    return not any(block.language in RUN and block.mark in ("", "keep", "needs", "serves")
                   for block in blocks_of(page))  # fmt: skip


def test_no_page_says_what_the_software_does_without_a_command_that_shows_it() -> None:
    assert len(SAYING) > 30
    assert [page for page in SAYING if shows_nothing(page)] == []
    assert shows_nothing("SECURITY.md")  # a control


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_a_block_is_run_or_says_what_it_is(block: Block) -> None:
    assert block.mark or block.language in RUN
    if block.mark == "needs":
        assert block.argument in NEEDS
    if block.mark == "shows":
        shown = (REPOSITORY / block.argument).read_text(encoding="utf-8")
        assert block.text in shown
    if block.mark in ("file", "shows"):
        # The reader is told the name, in what stands before the block.
        lines = (REPOSITORY / block.page).read_text(encoding="utf-8").splitlines()
        before = "\n".join(lines[max(0, block.line - 12) : block.line - 2])
        assert block.argument in before


def test_no_two_pages_write_to_one_folder() -> None:
    written: dict[str, set[str]] = {}
    for block in BLOCKS:
        if block.language == "sh":
            for name in re.findall(r"(?:-o|--output) (\S+)", block.text.replace("\\\n", " ")):
                written.setdefault(name, set()).add(block.page)
    shared = {name: of for name, of in written.items() if len(of) > 1}
    assert written
    assert not shared


@pytest.mark.parametrize(
    "page",
    ["README.md", "scenarios/README.md", *(page for page in PAGES if "/how-to/" in page)],
)
def test_a_page_says_no_duration(page: str) -> None:
    """Durations stand in limitations.md, with the command that measured them."""
    words = " ".join((REPOSITORY / page).read_text(encoding="utf-8").split())
    said = re.search(
        r"\b(in|takes?|took|about|some|few|or two)( a| about| some)? (seconds?|minutes?)\b", words
    )
    assert said is None, said


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=pytest.mark.laws if page in QUICK else pytest.mark.long)
        for page in PAGES
    ],
)
def test_a_page_runs_in_a_fresh_clone(page: str, tmp_path: Path) -> None:
    clone, scratch = tmp_path / "clone", tmp_path / "scratch"
    clone.mkdir()
    scratch.mkdir()
    copy_checkout(REPOSITORY, clone)
    assert run_page(blocks_of(page), clone, scratch, timeout_s=7200) == []
    words = " ".join((REPOSITORY / page).read_text(encoding="utf-8").split())
    for said in SAID.get(page, lambda folder: iter(()))(clone):
        assert said in words, f"{page} does not say: {said}"


@pytest.mark.long
def test_the_first_command_of_the_readme_installs_the_program_and_makes_a_report(
    tmp_path: Path,
) -> None:
    copy_checkout(REPOSITORY, tmp_path)
    first = blocks_of("README.md")[0]
    assert (first.mark, first.argument) == ("needs", "installation")
    assert len(first.text.splitlines()) == 1
    done = subprocess.run(
        ["bash", "-euc", f"{first.text}\ncommand -v overblock\noverblock --version"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    if "No matching distribution found" in done.stderr:
        pytest.skip("packages cannot be had here (no network)")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == [
        str(tmp_path / ".venv/bin/overblock"), f"overblock {__version__}"
    ]  # fmt: skip
    assert (tmp_path / "out" / "report.html").is_file()
