"""What commands say of folders: tables that were changed or lost, and what a kill left beside."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli import console
from sim.cli.app import app
from sim.cli.task import free_folder
from sim.errors import DataError, UsageError
from sim.results.folder import open_run


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
    manifest = Path("run", "manifest.json")
    seed = json.loads(manifest.read_text())["root_seed"]
    manifest.write_text(manifest.read_text().replace(f'"root_seed": {seed}', '"root_seed": 99'))
    changed = CliRunner().invoke(app, [*command, *["--force"] * (command[0] == "plot")])
    assert "warning: run/money.csv: differs from its hash in the manifest\n" in changed.stderr
    assert "warning: run/summary.csv: is not there\n" in changed.stderr
    assert "warning: run/manifest.json: differs from its hash in timing.json\n" in changed.stderr
    Path("run", "timing.json").write_text('{"cut')
    changed = CliRunner().invoke(app, [*command, *["--force"] * (command[0] == "plot")])
    assert "warning: run/timing.json: cannot be read\n" in changed.stderr


def test_a_changed_table_that_stops_a_command_is_named_in_the_error(
    shipped_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(shipped_run, tmp_path / "run"))

    def fail() -> None:
        with console.names_changes(open_run(folder)):
            raise IndexError("index 3 is out of bounds")

    with pytest.raises(IndexError):  # a fault of the program where no file was changed
        fail()
    (folder / "money.csv").write_text("metric\n")
    with pytest.raises(DataError, match=r"money\.csv: expected the file that the run wrote, got"):
        fail()
    assert capsys.readouterr().err.count("money.csv: differs from its hash in the manifest") == 1


def test_what_a_killed_process_left_is_named_also_where_there_is_a_result(
    shipped_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(shipped_run, tmp_path / "out")
    left = tmp_path / ".out.partial-1"
    (left / "parts").mkdir(parents=True)
    (left / "parts" / "0a-0000000.json").write_text("{}")
    with pytest.raises(UsageError, match="holds an earlier run"):
        free_folder(folder, force=False)
    said = f"left 1 finished run in {left}; --resume {left} goes on with them"
    assert said in capsys.readouterr().err
