"""The changelog can be read as a page: tables are whole, and a row names one thing that moved."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sim.scenario.library import scenario_names

COLUMNS = ("scenario", "measure", "old → new", "why")


@pytest.fixture(scope="module")
def moved(repository: Path) -> list[list[str]]:
    """Cells of the newest table: of what is to be released, or of the last release."""
    text = (repository / "CHANGELOG.md").read_text(encoding="utf-8")
    table = text.partition("### Results changed")[2].partition("\n## ")[0]
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in table.splitlines()
        if line.startswith("|")
    ]


def test_each_row_says_what_moved_from_what_to_what_and_why(moved: list[list[str]]) -> None:
    head, _, *rows = moved
    assert tuple(head) == COLUMNS
    assert rows
    assert [row for row in rows if len(row) != len(COLUMNS) or not all(row)] == []
    assert [row for row in rows if "→" not in row[2]] == []


def test_each_row_is_of_a_scenario_or_page_that_there_is(
    moved: list[list[str]], repository: Path
) -> None:
    pages = {path.name for path in (repository / "docs").rglob("*.md")}
    tables = {path.stem for path in (repository / "seeds").glob("*.csv")}
    known = {*scenario_names(), *pages, *tables, "exposure --expect-names"}
    named = {name for row in moved[2:] for name in re.findall("`([^`]+)`", row[0])}
    # Of tables that go by one name only the end is written.
    short = {name for name in named if name.startswith("-")}
    assert named
    assert named - short - known == set()
