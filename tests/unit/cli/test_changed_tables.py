"""Tables that were changed or lost after a run: each command that reads them says so."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli.app import app


@pytest.mark.parametrize(
    "command",
    [["report", "run", "-q"], ["plot", "run", "addresses", "--format", "svg", "-q"]],
    ids=lambda command: command[0],
)
def test_a_table_that_is_not_the_runs_is_named_on_stderr(
    command: list[str], shipped_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(shipped_run, "run")
    whole = CliRunner().invoke(app, command)
    assert (whole.exit_code, "warning" in whole.stderr) == (0, False), whole.stderr
    money = Path("run", "money.csv")
    money.write_text(money.read_text().replace("0", "1"))
    Path("run", "summary.csv").unlink()
    changed = CliRunner().invoke(app, [*command, *["--force"] * (command[0] == "plot")])
    assert "warning: run/money.csv: differs from its hash in the manifest\n" in changed.stderr
    assert "warning: run/summary.csv: is not there\n" in changed.stderr
