"""What only a real process shows: terminals, pipes, signals, and what an import costs."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import sim
from tests.forks import run_code

pytestmark = pytest.mark.laws

OVERBLOCK = [sys.executable, "-c", "from sim.cli.app import main; main()"]
SMALL = ["-n1", "-w1", "--set", "population.n_businesses=10", "--set", "end=2018-04-18T00:00+03:00"]
PLAIN = {
    # With LINES set, as readline does, the terminal would not be asked how wide it is.
    **{
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("OVERBLOCK_", "LINES"))
    },
    "NO_COLOR": "1",
    "TERM": "dumb",
    "COLUMNS": "120",
}


def call(*arguments: str, folder: Path, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    done = subprocess.run(
        [*OVERBLOCK, *arguments],
        cwd=folder,
        env=PLAIN | (env or {}),
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout, done.stderr


def test_help_imports_nothing_heavy(tmp_path):
    heavy = ["numpy", "scipy", "matplotlib", "pydantic", "duckdb", "simpy", "ruamel", "ruamel.yaml"]
    code = (
        "import sys\n"
        "from sim.cli.app import app\n"
        "try:\n"
        "    app(['--help'])\n"
        "except SystemExit as end:\n"
        "    assert end.code == 0\n"
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=PLAIN, capture_output=True, text=True
    )
    assert "Usage" in done.stdout
    assert done.stderr == "[]\n"


def on_a_terminal(arguments: list[str], folder: Path, columns: str = "120") -> tuple[int, str]:
    """Run with a pseudo-terminal as stdin, stdout and stderr; what came out, as text."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*OVERBLOCK, *arguments], cwd=folder, env=PLAIN | {"COLUMNS": columns},
        stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux says so when the other side is closed
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    return process.wait(), shown.decode().replace("\r\n", "\n")


def test_a_terminal_gets_the_first_screen_of_the_page(tmp_path):
    code, shown = on_a_terminal(["run", "telegram-2018-replay", "-o", "out", *SMALL], tmp_path)
    assert code == 0, shown
    # Progress is taken back before a warning or the answer is printed.
    lines = [line.rstrip() for line in shown.rstrip().replace("\x1b[K", "").splitlines()]
    *printed, folder = [line for line in lines if not line.startswith("warning: ")]
    assert folder == "out"
    assert max(map(len, printed)) <= 80
    found = sim.open_results(tmp_path / "out").answer
    assert " ".join(found.split()) in " ".join(" ".join(printed).split())


@pytest.mark.parametrize(
    "arguments", [["sources", "surgical"], pytest.param(["list"], marks=pytest.mark.long)]
)
def test_a_listing_fits_a_terminal(arguments, tmp_path):
    code, shown = on_a_terminal(arguments, tmp_path, columns="80")
    assert code == 0, shown
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= 80


def test_a_terminal_is_not_read_for_a_scenario(tmp_path):
    code, shown = on_a_terminal(["run", "-", "-o", "out"], tmp_path)
    assert (code, shown) == (2, "-: expected a scenario on standard input, got a terminal\n")


def test_a_closed_pipe_is_no_error_message(tmp_path):
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [*OVERBLOCK, "doctor"], cwd=tmp_path, env=PLAIN, stdout=write_end, stderr=subprocess.PIPE
    )
    os.close(write_end)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize(
    ("words", "closed", "code", "said"),
    [
        (["--version"], "2>&-", 0, ""),
        (["--version"], "<&-", 0, ""),
        (["list"], ">&-", 2, "Bad file descriptor\n"),
        (["--version"], ">&-", 2, "Bad file descriptor\n"),
        (["--version"], ">&- 2>&-", 2, ""),
        (["--version"], "> /dev/full", 2, "No space left on device\n"),
        (["exposure", "-"], "<&-", 2, "Bad file descriptor\n"),
    ],
)
def test_a_closed_stream_loses_no_output_and_is_no_empty_input(words, closed, code, said, tmp_path):
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *OVERBLOCK, *words],
        cwd=tmp_path, env=PLAIN, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (code, said)
    assert bool(done.stdout) == (code == 0)


@pytest.mark.parametrize("words", [[], pytest.param(["--json"], marks=pytest.mark.long)])
def test_a_run_with_a_closed_stdout_keeps_its_folder_and_ends_with_an_error(words, tmp_path):
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *OVERBLOCK, "run", "telegram-2018-replay", "-o", "out",
         *words, *SMALL],
        cwd=tmp_path, env=PLAIN, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert "Bad file descriptor" in done.stderr
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["status"] == "complete"


@pytest.mark.long
def test_a_terminal_without_the_letters_of_a_title_costs_no_run(tmp_path):
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    title = "Блок 😀"
    code, out, err = call(
        "run", "telegram-2018-replay", "-o", "out", "--json", "--set", f"title={title}", *SMALL,
        folder=tmp_path, env=ascii_only,
    )  # fmt: skip
    assert code == 0, err
    assert json.loads(out)["title"].startswith(title)
    code, out, err = call(
        "show", "telegram-2018-replay", "--set", f"title={title}", folder=tmp_path, env=ascii_only
    )
    assert (code, err) == (0, "")
    assert r"\u0411" in out


INTERRUPTED = """\
import os, signal, sys
import sim.engine.run as engine
import sim.results.integrity as checkpoints

real_simulate, real_replace = engine.simulate, os.replace

def simulate(world, strategy, streams, *rest, **options):
    {before}
    return real_simulate(world, strategy, streams, *rest, **options)

def replace(source, target):
    if "-0000002" in str(target):
        {after}
    return real_replace(source, target)

engine.simulate = simulate
checkpoints.os.replace = replace
from sim.cli.app import main
main()
"""


def interrupted_run(
    tmp_path: Path, *arguments: str, before: str = "pass", after: str = "pass"
) -> tuple[int, str, str]:
    """Run with an interrupt sent by the process to itself, so that its time is exact, or none."""
    done = run_code(
        INTERRUPTED.format(before=before, after=after),
        ["run", "telegram-2018-replay", "-w", "1", "--set", "population.n_businesses=10",
         *arguments],
        folder=tmp_path, environment=PLAIN,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def kill(name: str) -> str:
    return f"os.kill(os.getpid(), signal.{name})"


KILL = kill("SIGINT")
IN_THE_THIRD = f"if streams.replicate == 2: {KILL}"


@pytest.mark.parametrize(
    "where",
    [
        pytest.param({"before": IN_THE_THIRD}, marks=pytest.mark.long),
        pytest.param(
            {"before": f"if streams.replicate == 2: {kill('SIGTERM')}"}, marks=pytest.mark.long
        ),
        # The worst moment: the third replicate lies in its parts, but does not count yet.
        {"after": KILL},
    ],
)
def test_an_interrupt_keeps_the_finished_replicates(tmp_path, where):
    code, out, err = interrupted_run(tmp_path, "-n", "5", "-o", "out", **where)
    assert (code, out) == (130, "out\n"), err
    assert "interrupted: 2 of 5 simulations are finished and kept in out; --resume out" in err
    assert "Traceback" not in err
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["status"] == "interrupted"
    assert (manifest["n_replicates"], manifest["n_replicates_asked"]) == (2, 5)
    assert "replay: 2 of 5 simulations are finished" in manifest["warnings"]

    import duckdb

    for table in ("curves", "businesses", "events", "measures"):
        found = duckdb.execute(
            f"SELECT DISTINCT replicate FROM '{tmp_path}/out/{table}.parquet' ORDER BY 1"
        ).fetchall()
        assert found == [(0,), (1,)], table
    code, _, err = call("compare", "--resume", "out", folder=tmp_path)
    assert (code, "is a run; resume it by overblock run" in err) == (2, True)


def test_an_interrupt_before_the_first_replicate_leaves_nothing(tmp_path):
    code, out, err = interrupted_run(tmp_path, "-n", "3", before=KILL)
    assert (code, out) == (130, "")
    assert err == "interrupted; nothing was finished and nothing is left behind\n"
    assert list(tmp_path.iterdir()) == []  # no runs/ either


def test_no_arguments_show_the_help_and_exit_with_2(tmp_path):
    code, out, err = call(folder=tmp_path)
    assert code == 2
    assert "Usage: " in out + err


@pytest.mark.parametrize("draws", [["--draws", "5"], ["--draws=5"]])
def test_the_option_that_is_gone_names_what_took_its_place(draws, tmp_path):
    code, _, err = call("run", "austria-2022", *draws, folder=tmp_path)
    assert code == 2
    assert "give their number with -n" in err
    assert not [*tmp_path.iterdir()]
