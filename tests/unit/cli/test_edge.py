"""The edge of the command line: what nobody caught is said in words, with its exit code."""

import json
import shutil
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from sim.cli import app as edge
from sim.cli import console
from sim.errors import DataError, Problem
from sim.results.folder import open_run
from tests.commands import call

FULL = OSError(28, "No space left on device", "out/runs.parquet")


def leave_by(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, *arguments: str
) -> int | str | None:
    def verb() -> NoReturn:
        raise error

    monkeypatch.setattr(edge, "app", verb)
    monkeypatch.setattr(sys, "argv", ["overblock", *arguments])
    with pytest.raises(SystemExit) as left:
        edge.main()
    return left.value.code


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (FULL, 2, "out/runs.parquet: No space left on device\n"),
        (OSError(28, "No space left on device"), 2, "No space left on device\n"),
        (OSError("the driver is gone"), 2, "the driver is gone\n"),
        (UnicodeEncodeError("ascii", "Б", 0, 1, "ordinal"), 1, None),
        (ValueError("two\nlines"), 1, None),
        (RuntimeError("odd"), 1, None),
        (RecursionError("deep"), 1, None),
        (KeyError("key"), 1, None),
        (DataError([Problem("x.csv", "expected rows, got none")]), 4,
         "x.csv: expected rows, got none\n"),
    ],
)  # fmt: skip
def test_what_nobody_caught_is_said_without_a_traceback(monkeypatch, capsys, error, code, said):
    monkeypatch.delenv(edge.TRACEBACK, raising=False)
    assert leave_by(monkeypatch, error) == code
    out, err = capsys.readouterr()
    assert out == ""
    if said is not None:
        assert err == said
        return
    # A fault of the program is told apart, in one line that says what to do.
    assert err.startswith(f"fault in overblock: {type(error).__name__}: ")
    assert err.count("\n") == 1
    assert "please report it" in err
    assert f"{edge.TRACEBACK}=1" in err


def test_json_has_the_same_in_one_document(monkeypatch, capsys):
    assert leave_by(monkeypatch, FULL, "run", "x", "--json") == 2
    document = json.loads(capsys.readouterr().err)
    assert document["schema"] == "overblock/errors/1"
    assert document["errors"] == [{"message": "out/runs.parquet: No space left on device"}]


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_what_is_kept_is_said_whatever_ended_the_work(monkeypatch, capsys, arguments):
    error = OSError(28, "No space left on device")
    error.add_note("what is finished is kept in .out.partial-7")
    assert leave_by(monkeypatch, error, *arguments) == 2
    assert capsys.readouterr().err.count("what is finished is kept in .out.partial-7") == 1


def test_a_traceback_is_printed_on_request(monkeypatch, capsys):
    monkeypatch.setenv(edge.TRACEBACK, "1")
    assert leave_by(monkeypatch, ValueError("odd")) == 1
    said = capsys.readouterr().err
    assert "in verb\n    raise error\nValueError: odd\nfault in overblock: " in said


# What commands say of folders: tables that were changed or lost, and what a kill left beside.


@pytest.mark.parametrize(
    "command",
    [["report", "run", "-q"], ["plot", "run", "addresses", "--format", "svg", "-q"]],
    ids=lambda command: command[0],
)
def test_a_table_that_is_not_the_runs_is_named_on_stderr(
    command, shipped_run, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(shipped_run, "run")
    whole = call(*command)
    assert (whole.exit_code, "warning" in whole.stderr) == (0, False), whole.stderr
    money = Path("run", "money.csv")
    money.write_text(money.read_text().replace("0", "1"))
    Path("run", "summary.csv").unlink()
    manifest = Path("run", "manifest.json")
    seed = json.loads(manifest.read_text())["root_seed"]
    manifest.write_text(manifest.read_text().replace(f'"root_seed": {seed}', '"root_seed": 99'))
    changed = call(*command, *["--force"] * (command[0] == "plot"))
    assert "warning: run/money.csv: differs from its hash in the manifest\n" in changed.stderr
    assert "warning: run/summary.csv: is not there\n" in changed.stderr
    assert "warning: run/manifest.json: differs from its hash in timing.json\n" in changed.stderr
    Path("run", "timing.json").write_text('{"cut')
    changed = call(*command, *["--force"] * (command[0] == "plot"))
    assert "warning: run/timing.json: cannot be read\n" in changed.stderr


def test_a_changed_table_that_stops_a_command_is_named_in_the_error(shipped_run, tmp_path, capsys):
    folder = shutil.copytree(shipped_run, tmp_path / "run")

    def fail() -> None:
        with console.names_changes(open_run(folder)):
            raise IndexError("index 3 is out of bounds")

    with pytest.raises(IndexError):  # a fault of the program where no file was changed
        fail()
    (folder / "money.csv").write_text("metric\n")
    with pytest.raises(DataError, match=r"money\.csv: expected the file that the run wrote, got"):
        fail()
    assert capsys.readouterr().err.count("money.csv: differs from its hash in the manifest") == 1
