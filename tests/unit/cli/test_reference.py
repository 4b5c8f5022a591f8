"""The page of all options, and the table of verbs."""

import re

import pytest
import typer

from tools.reference import generated, with_tables

needs_usage_as_written = pytest.mark.skipif(
    tuple(map(int, typer.__version__.split(".")[:2])) < (0, 29),
    reason="it writes some arguments otherwise",
)


@needs_usage_as_written
def test_what_is_generated_is_fresh(repository):
    """Remake it with ``python -m tools.reference``."""
    for path, text in generated(repository).items():
        assert path.read_text(encoding="utf-8") == text, path


def test_every_verb_has_a_row_a_section_and_its_options(repository):
    page = (repository / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[`overblock (\w+)[^`]*`\]\(#overblock-\w+\) \| \S", page, re.MULTILINE)
    assert len(rows) > 15
    assert set(rows) == set(re.findall(r"^<!-- options: (\w+) -->$", page, re.MULTILINE))
    assert set(rows) == set(re.findall(r"^## `overblock (\w+)`$", page, re.MULTILINE))


@needs_usage_as_written
def test_options_have_their_meaning_and_bounds_once():
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
