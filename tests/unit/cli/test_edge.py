"""The edge of the command line: what nobody caught is said in words, with its exit code."""

from __future__ import annotations

import json
import sys
from typing import NoReturn

import pytest

from sim.cli import app as edge
from sim.errors import DataError, Problem

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
def test_what_nobody_caught_is_said_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    code: int,
    said: str | None,
) -> None:
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


def test_json_has_the_same_in_one_document(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert leave_by(monkeypatch, FULL, "run", "x", "--json") == 2
    document = json.loads(capsys.readouterr().err)
    assert document["schema"] == "overblock/errors/1"
    assert document["errors"] == [{"message": "out/runs.parquet: No space left on device"}]


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_what_is_kept_is_said_whatever_ended_the_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    error = OSError(28, "No space left on device")
    error.add_note("what is finished is kept in .out.partial-7")
    assert leave_by(monkeypatch, error, *arguments) == 2
    assert capsys.readouterr().err.count("what is finished is kept in .out.partial-7") == 1


def test_a_traceback_is_printed_on_request(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(edge.TRACEBACK, "1")
    assert leave_by(monkeypatch, ValueError("odd")) == 1
    said = capsys.readouterr().err
    assert "in verb\n    raise error\nValueError: odd\nfault in overblock: " in said


def test_a_reader_that_leaves_is_no_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", sys.stdout)  # restored: it is closed for good on the way
    assert leave_by(monkeypatch, BrokenPipeError(32, "Broken pipe")) == 1
    assert capsys.readouterr().err == ""
