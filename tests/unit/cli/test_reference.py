"""The page of all options, and the table of verbs."""

from __future__ import annotations

import re
from pathlib import Path

from sim.cli.reference import generated, options_page


def test_what_is_generated_is_fresh(repository: Path) -> None:
    """Remake it with ``python -m sim.cli.reference``."""
    for path, text in generated(repository).items():
        assert path.read_text(encoding="utf-8") == text, path


def test_every_verb_stands_in_the_table_of_the_command_line(repository: Path) -> None:
    verbs = re.findall(r"^## `overblock (\w+)`$", options_page(), re.MULTILINE)
    table = (repository / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert len(verbs) > 15
    assert [verb for verb in verbs if f"| `overblock {verb}" not in table] == []


def test_options_stand_with_their_meaning_and_bounds() -> None:
    run = options_page().split("## `overblock run`")[1].split("\n## ")[0]
    assert "| `--force` | Replace an earlier run there. |" in run
    (workers,) = [line for line in run.splitlines() if line.startswith("| `-w")]
    assert "OVERBLOCK_WORKERS" in workers
    assert "1&lt;=x" in workers
