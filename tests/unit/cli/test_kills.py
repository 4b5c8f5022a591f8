"""Commands that are killed at random moments lose nothing; ``python -m tests.kills`` does more."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import kills
from tests.kills import (
    COMMANDS,
    INSIDE,
    OF_OTHERS,
    Kill,
    campaign,
    say,
    table,
    write_all,
)

pytestmark = pytest.mark.laws


@pytest.mark.parametrize(
    "commands",
    [
        ["import --force"],
        pytest.param(["run"], marks=pytest.mark.long),
        pytest.param(["condition"], marks=pytest.mark.long),
    ],
)
def test_nothing_is_lost_by_a_kill(commands: list[str]) -> None:
    found = campaign(commands, n_kills=6, seed=6)
    assert say(found) == [], f"\n{table(found)}"
    assert len(found) == 6
    assert {one.number for one in found} == set(kills.SIGNALS)
    # Kills that all come too early or too late would find nothing.
    assert len({one.found for one in found}) > 1, table(found)


@pytest.fixture
def found() -> Kill:
    return Kill("import", signal.SIGKILL, "1.00 s")


def test_a_file_of_others_that_is_touched_is_found(found: Kill, tmp_path: Path) -> None:
    write_all(tmp_path, OF_OTHERS)
    write_all(tmp_path / "done", INSIDE)
    kills._check_others(found, tmp_path)
    assert found.problems == []
    (tmp_path / "notes.md").write_text("another")
    (tmp_path / "done/figures/mine.png").unlink()
    kills._check_others(found, tmp_path)
    assert found.problems == [
        "notes.md is not as it was",
        "done/figures/mine.png is not as it was",
    ]


def test_a_process_that_goes_on_after_its_signal_is_found_and_ended(found: Kill) -> None:
    goes_on = "import time; print('on', flush=True); time.sleep(600)"
    process = subprocess.Popen(
        [sys.executable, "-c", goes_on], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    assert kills.said_to_the_end(found, process, most_s=0.1) == ""
    assert found.problems == ["still there 0 s after its signal"]
    assert process.returncode == -signal.SIGKILL


def test_a_half_file_and_other_bytes_are_found(found: Kill) -> None:
    command = COMMANDS["import"]
    reference = kills.Reference({}, {"": b"whole"}, 1.0, 0.5, 10)
    with kills.workplace(command) as folder:
        (folder / "out.parquet").write_bytes(b"wh")
        kills._check_file(found, command, reference, folder)
    assert found.problems == [
        "is neither what was there nor what is made",
        "ends in other bytes",
    ]


def test_a_run_that_is_lost_or_changed_is_found(tmp_path: Path) -> None:
    command, found = COMMANDS["run"], Kill("run", signal.SIGINT, "operation 3")
    reference = kills.Reference({}, {"manifest.json": b"whole"}, 1.0, 0.5, 10)
    with kills.workplace(command) as folder:
        (folder / ".out.partial-1").mkdir()
        kills._check_run(found, command, reference, folder, 130)
    assert found.problems == ["interrupted, and something is left behind", "ends in other bytes"]


def test_an_end_that_is_none_is_found() -> None:
    found = Kill("run", signal.SIGTERM, "1.00 s")
    with kills.workplace(COMMANDS["run"]):
        process = kills.start(kills.Command(("run", "none.yaml"), "out"), -1, 0)
        _, said = process.communicate()
    kills._check_end(found, process, said + "Traceback (most recent call last)")
    assert [problem.split(":")[0] for problem in found.problems] == ["exit code 2", "traceback"]


def test_only_an_interrupt_before_anything_of_ours_has_begun_may_say_so() -> None:
    head = "Traceback (most recent call last):\n"
    script = '  File "bin/overblock", line 3, in <module>\n    from sim.cli.start import main\n'
    finding = '  File "<frozen importlib._bootstrap_external>", line 147, in _path_stat\n'
    ours = '  File "sim/cli/start.py", line 17, in main\n'
    assert kills._was_not_begun(f"{head}{script}{finding}KeyboardInterrupt\n")
    # Before it reads any script, Python looks for what is installed.
    site = (
        '  File "<frozen site>", line 626, in <module>\n  File "<frozen site>", line 609, in main\n'
    )
    assert kills._was_not_begun(f"{head}{site}{finding}KeyboardInterrupt\n")
    assert not kills._was_not_begun(f"{head}{site}{ours}KeyboardInterrupt\n")
    assert not kills._was_not_begun(f"{head}{script}{ours}{finding}KeyboardInterrupt\n")
    assert not kills._was_not_begun(f"{head}{script}{finding}ImportError: no\n")
    assert not kills._was_not_begun(f"{head}KeyboardInterrupt\n")
