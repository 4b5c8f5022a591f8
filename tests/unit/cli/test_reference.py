"""The page of all options, and the table of verbs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import typer

from tools.reference import generated, main, with_tables
from tools.scenario_page import EXPLAINED


@pytest.fixture
def usage_as_written() -> None:
    """Typer 0.16 writes arguments that may be left out without brackets."""
    if typer.__version__.startswith("0.16."):
        pytest.skip("pages are written with a later typer")


@pytest.mark.usefixtures("usage_as_written")
def test_what_is_generated_is_fresh(repository: Path) -> None:
    """Remake it with ``python -m tools.reference``."""
    for path, text in generated(repository).items():
        assert path.read_text(encoding="utf-8") == text, path


@pytest.mark.usefixtures("usage_as_written")
def test_the_command_makes_it_anew(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [path.relative_to(repository) for path in generated(repository)]
    how_to = [page.relative_to(repository) for page in repository.glob("docs/how-to/*.md")]
    for path in (*paths, *how_to, Path("docs/reference/symbols.csv")):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(repository / path, tmp_path / path)
    marked = {
        tmp_path / "docs/reference/measures.md": "- `orders_placed`",
        tmp_path / "docs/reference/cli.md": "- `--sample N`",
        tmp_path / "docs/reference/imports.md": "- `fastly`",
    }
    marked |= {tmp_path / f"docs/explanation/{name}.md": "- `t`:" for name in EXPLAINED}
    for path, row in marked.items():
        text = path.read_text(encoding="utf-8")
        assert row in text
        path.write_text(text.replace(row, "`old`"), encoding="utf-8")
    for path in {tmp_path / path for path in paths} - set(marked):
        path.write_text("old", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    main()
    for path in paths:
        made = (tmp_path / path).read_text(encoding="utf-8")
        assert made == (repository / path).read_text(encoding="utf-8"), path


def test_every_verb_has_a_row_a_section_and_its_options(repository: Path) -> None:
    page = (repository / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[`overblock (\w+)[^`]*`\]\(#overblock-\w+\) \| \S", page, re.MULTILINE)
    assert len(rows) > 15
    assert set(rows) == set(re.findall(r"^<!-- options: (\w+) -->$", page, re.MULTILINE))
    assert set(rows) == set(re.findall(r"^## `overblock (\w+)`$", page, re.MULTILINE))


@pytest.mark.usefixtures("usage_as_written")
def test_options_have_their_meaning_and_bounds_once() -> None:
    run, shared = (
        with_tables(f"<!-- {mark} -->\n<!-- end -->") for mark in ("options: run", "options")
    )
    assert "- `--pairs`: Simulate each draw " in run
    assert "- `--force`: Replace an earlier run there." in shared
    assert "`--force`:" not in run
    assert "`--force`" in run
    (workers,) = [line for line in shared.splitlines() if line.startswith("- `-w")]
    assert "OVERBLOCK_WORKERS" in workers
    assert "1&lt;=x" in workers
