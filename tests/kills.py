"""Kills: commands are ended by a signal at a random moment, and nothing may be lost by it.

``python -m tests.kills -n 200 --seed 1`` does so many times and prints what it found. Each time a
command runs in a folder with files of others in it, and gets SIGKILL, SIGTERM or SIGINT, either
after a random time or before a random operation on a file (a rename, say, which takes too short a
time to be met by chance). After that:

- the folder or file is there whole, or not at all, or is marked as unfinished;
- what is unfinished is gone on with, and comes to the same bytes as what was never interrupted;
- what stood there before stands there, unless the new one does;
- no file of others is touched, and nothing is left behind in the end.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from typer.testing import CliRunner, Result

from sim.cli.app import app
from sim.results.integrity import DIFFERS, changes_of, foreign_files, n_runs
from sim.results.output import partial_folders
from tests.conftest import MINIMAL

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
SCENARIO = (
    MINIMAL.replace("end: 2018-04-20", "end: 2018-04-17")
    .replace("n_replicates: 2\n", "")
    .replace("n_businesses: 40", "n_businesses: 10")
)
EVIDENCE = "evidence:\n" + "".join(
    f"""\
  - id: {name}
    curve: addresses_dropped
    at: 2018-04-16T{hour}:00+03:00
    value: {low}
    low: {low}
    high: 1e9
    kind: fact
    unit: addresses
    source: none
    date: 2018-04-17
    note: none
"""
    for name, hour, low in (("early", 11, 0), ("late", 23, 1_000_000))
)
"""With which about half of the simulations agree, all of them early."""
GIVEN = {"list.txt", "small.txt", "small.yaml", "kept.yaml"}
LIST = "".join(f"198.51.{row}.0/24\n" for row in range(100))
OF_OTHERS = {
    "notes.md": "mine", "out.bak/summary.csv": "mine", "parts/mine.txt": "mine",
    "figures/README.md": "mine", ".out.partial-notes": "mine",
    ".out.partial-17": "a file, no folder",
}  # fmt: skip
INSIDE = {"notes.md": "mine", "figures/mine.png": "mine", "figures/.hidden": "mine"}

PROCESS = """\
import os, signal, sys

here, n_seen = os.path.realpath(os.getcwd()), 0
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "open"}

def hook(event, arguments):
    global n_seen
    if event not in CHANGES or not isinstance(arguments[0], (str, bytes, os.PathLike)):
        return
    if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        return
    if not os.path.realpath(os.fsdecode(arguments[0])).startswith(here):
        return
    n_seen += 1
    if n_seen == at:
        os.kill(os.getpid(), number)

# Workers import this file.
if __name__ == "__main__":
    at, number = int(sys.argv.pop(1)), int(sys.argv.pop(1))
    sys.addaudithook(hook)
    try:
        from sim.cli.start import main
        main()
    finally:
        if at == 0:
            print(n_seen, file=sys.stderr)
"""


@dataclass(frozen=True)
class Command:
    """A command that is killed."""

    arguments: tuple[str, ...]
    makes: str
    prepare: tuple[tuple[str, ...], ...] = ()

    @property
    def verb(self) -> str:
        return self.arguments[0]


_RUN = ("run", "small.yaml", "-n", "4", "-o", "out", "-q")
_DONE = ("run", "small.yaml", "-n", "1", "--seed", "3", "-o", "done", "-q")
COMMANDS = {
    "run": Command((*_RUN, "-w", "1"), "out"),
    "run, 2 workers": Command((*_RUN, "-w", "2"), "out"),
    "run --force": Command(
        (*_RUN, "-w", "1", "--force"),
        "out",
        (("run", "small.yaml", "-n", "1", "--seed", "3", "-o", "out", "-q"),),
    ),
    "compare": Command(
        ("compare", "small.yaml", "--strategy", "replay", "-n", "2", "-w", "1", "-o", "out", "-q"),
        "out",
    ),
    "sweep": Command(
        ("sweep", "small.yaml", "--over", "thresholds.impaired=0.1,0.2,0.3", "-n", "2", "-w", "1",
         "-o", "out", "-q"),
        "out",
    ),
    "condition": Command(
        ("condition", "kept.yaml", "--keep", "6", "--most", "300", "-w", "1", "-o", "out", "-q"),
        "out",
    ),
    "report": Command(("report", "done", "-q"), "done/report.html", (_DONE,)),
    "plot": Command(
        ("plot", "done", "outage", "money", "--format", "svg", "-q"), "done/figures", (_DONE,)
    ),
    "import": Command(("import", "list.txt", "-o", "out.parquet", "-q"), "out.parquet"),
    "import --force": Command(
        ("import", "list.txt", "-o", "out.parquet", "-q", "--force"),
        "out.parquet",
        (("import", "small.txt", "-o", "out.parquet", "-q"),),
    ),
}  # fmt: skip


@dataclass
class Reference:
    """A command that was not killed: what it makes, how long it takes, how much it does."""

    before: dict[str, bytes]
    after: dict[str, bytes]
    takes_s: float
    works_after_s: float
    n_operations: int


@dataclass
class Kill:
    """One kill and what came of it."""

    name: str
    number: signal.Signals
    moment: str
    found: str = ""
    problems: list[str] = field(default_factory=list)

    def check(self, is_so: bool, otherwise: str) -> None:
        if not is_so:
            self.problems.append(otherwise)


def call(arguments: Sequence[str]) -> Result:
    """Run a command here, not killed."""
    return CliRunner().invoke(app, list(arguments))


def bytes_below(path: Path) -> dict[str, bytes]:
    """Contents of a file, or of the files of a folder but its timing."""
    if path.is_file():
        return {"": path.read_bytes()}
    return {
        str(one.relative_to(path)): one.read_bytes()
        for one in sorted(path.rglob("*"))
        if one.is_file() and one.name != "timing.json"
    }


def write_all(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@contextmanager
def workplace(command: Command) -> Iterator[Path]:
    """A folder with what a command needs and files of others, the current one for the time."""
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        folder = Path(name)
        write_all(folder, {"small.yaml": SCENARIO, "kept.yaml": SCENARIO + EVIDENCE})
        write_all(folder, {"list.txt": LIST, "small.txt": LIST[:28]})
        write_all(folder, OF_OTHERS)
        with chdir(folder):
            for arguments in command.prepare:
                done = call(arguments)
                assert done.exit_code == 0, done.stderr
            if (folder / "done").is_dir():
                write_all(folder / "done", INSIDE)
            yield folder


def start(command: Command, at: int, number: int) -> subprocess.Popen[str]:
    script = Path("process.py")
    script.write_text(PROCESS, encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, str(script), str(at), str(number), *command.arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def refer(command: Command) -> Reference:
    """Carry a command out in peace."""
    with workplace(command) as folder:
        before, made = bytes_below(folder / command.makes), set(os.listdir(folder))
        started, works_after_s = time.monotonic(), 0.0
        process = start(command, 0, 0)
        while process.poll() is None and not works_after_s:
            if not set(os.listdir(folder)) <= made | {"process.py"}:
                works_after_s = time.monotonic() - started
            time.sleep(0.01)
        _, said = process.communicate()
        assert process.returncode == 0, said
        takes_s = time.monotonic() - started
        after = bytes_below(folder / command.makes)
        return Reference(
            before, after, takes_s, works_after_s or 0.7 * takes_s, int(said.split()[-1])
        )


def kill(name: str, reference: Reference, number: signal.Signals, luck: random.Random) -> Kill:
    """Kill a command once, look at what is there, and go on with it."""
    command = COMMANDS[name]
    at = luck.randint(1, reference.n_operations) if luck.random() < 0.5 else 0
    # Most of the time goes by before anything is written: half of the moments lie after that.
    first_s = luck.choice((0.0, 0.9 * reference.works_after_s))
    after_s = luck.uniform(first_s, 1.5 * reference.takes_s)
    moment = f"operation {at}" if at else f"{after_s:.2f} s"
    found = Kill(name, number, moment)
    with workplace(command) as folder:
        process = start(command, at or -1, number)
        try:
            process.wait(60 if at else after_s)
        except subprocess.TimeoutExpired:
            process.send_signal(number)
        said = said_to_the_end(found, process)
        _check_end(found, process, said)
        _check_others(found, folder)
        (folder / "process.py").unlink()
        if command.verb in ("run", "compare", "sweep", "condition"):
            _check_run(found, command, reference, folder, process.returncode)
        else:
            _check_file(found, command, reference, folder)
        # In the end nothing is there that was not there and is not made.
        expected = GIVEN | {one.split("/")[0] for one in (*OF_OTHERS, command.makes)}
        left = sorted(set(os.listdir(folder)) - expected)
        found.check(not left, f"left behind: {', '.join(left)}")
        _check_others(found, folder)
    return found


def said_to_the_end(found: Kill, process: subprocess.Popen[str], most_s: float = 60.0) -> str:
    """What a process said that has its signal; one that goes on is ended, and a finding."""
    try:
        return process.communicate(timeout=most_s)[1]
    except subprocess.TimeoutExpired:
        found.check(False, f"still there {most_s:.0f} s after its signal")
        os.killpg(process.pid, signal.SIGKILL)
        return process.communicate()[1]


def _check_end(found: Kill, process: subprocess.Popen[str], said: str) -> None:
    """How the process ended, and whether its workers did."""
    expected = {0, -found.number} if found.number == signal.SIGKILL else {0, 130, -found.number}
    if _was_not_begun(said):
        # Python itself ends so where it has not yet read what it is to run.
        expected |= {1}
    found.check(process.returncode in expected, f"exit code {process.returncode}: {said[-300:]}")
    if found.number != signal.SIGKILL:  # what workers of a killed process say is not ours to word
        is_ours = "Traceback" in said and not _was_not_begun(said)
        found.check(not is_ours, f"traceback: {said[-300:]}")
    for _ in range(100):
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    found.check(False, "a worker outlived it")


def _was_not_begun(said: str) -> bool:
    """Whether an interrupt met Python while it imported what begins: it alone says so then."""
    frames = [line for line in said.splitlines() if line.startswith("  File ")]
    is_importing = all(
        "<frozen importlib" in line or "<frozen site>" in line or line.endswith(", in <module>")
        for line in frames
    )
    return bool(frames) and is_importing and said.rstrip().endswith("KeyboardInterrupt")


def _check_others(found: Kill, folder: Path) -> None:
    """Files of others are there as they were."""
    planted = dict(OF_OTHERS)
    if (folder / "done").is_dir():
        planted |= {f"done/{name}": text for name, text in INSIDE.items()}
    for name, text in planted.items():
        path = folder / name
        is_same = path.is_file() and path.read_text(encoding="utf-8") == text
        found.check(is_same, f"{name} is not as it was")


def _check_run(
    found: Kill, command: Command, reference: Reference, folder: Path, code: int
) -> None:
    out = folder / command.makes
    kept = [n_runs(one) for one in partial_folders(out)]
    now = bytes_below(out)
    is_new = "manifest.json" in now and now != reference.before
    force = ["--force"] if reference.before else []
    if found.number != signal.SIGKILL:
        found.check(0 not in kept, "interrupted, and something is left behind")
    if not out.exists() and not kept:
        found.found = "nothing begun"
        found.check(found.number != signal.SIGKILL or code != 0, "done, and nothing is there")
    elif is_new and now == reference.after:
        found.found = "complete"
    elif is_new:
        is_complete = b'"status": "complete"' in now["manifest.json"]
        found.found = "complete, with parts" if is_complete else "kept in the folder"
        _check_whole(found, command, "out", "is not whole")
        if not is_complete:
            # Whatever somebody puts there is not removed with it.
            (out / "notes.md").write_text("mine", encoding="utf-8")
            refused = call([command.verb, "--resume", "out", "-q"])
            is_named = "holds notes.md, which is not this program's" in refused.stderr
            found.check(is_named, f"resumed over notes.md: {refused.stderr[-300:]}")
            found.check((out / "notes.md").is_file(), "notes.md is gone")
            (out / "notes.md").unlink()
    else:
        found.found = f"{max(kept)} runs kept beside" if kept and max(kept) else "nothing finished"
        if out.exists():
            found.check(now == reference.before, "the earlier run is not as it was")
    resumed = call([command.verb, "--resume", "out", "-q", *force])
    is_done = bytes_below(out) == reference.after
    if resumed.exit_code != 0 and not is_done:
        # Nothing was begun, or too little to go on with.
        is_begun = any(kept) or found.found == "kept in the folder"
        found.check(not is_begun, f"not gone on with: {resumed.stderr[-300:]}")
        again = call(command.arguments)
        told = f"{again.stderr[-300:]} (--resume ended with {resumed.exit_code}: "
        told += f"{resumed.stderr[-300:]})"
        found.check(again.exit_code == 0, f"cannot begin anew: {told}")
    found.check(bytes_below(out) == reference.after, "ends in other bytes")
    _check_whole(found, command, "out", "is not whole in the end")


def _check_whole(found: Kill, command: Command, folder: str, otherwise: str) -> None:
    """Whether a folder is what its manifest says, and its runs come to the same."""
    if command.verb in ("sweep", "condition"):  # verify takes none, or needs all draws again
        files = [
            *foreign_files(Path(folder)),
            *(name for name, why in changes_of(Path(folder)) if why == DIFFERS),
        ]
        found.check(not files, f"{otherwise}: {files}")
        return
    verdict = call(["verify", folder, "-q"])
    said = (verdict.stdout + verdict.stderr)[-300:]
    found.check(verdict.exit_code == 0, f"{otherwise}: {said}")


def _check_file(found: Kill, command: Command, reference: Reference, folder: Path) -> None:
    path = folder / command.makes
    mine = {name.removeprefix("figures/") for name in INSIDE} | {".overblock.json"}
    is_figures = command.makes.endswith("figures")

    def made(files: dict[str, bytes]) -> dict[str, bytes]:
        return {name: data for name, data in files.items() if not is_figures or name not in mine}

    before, after = made(reference.before), made(reference.after)
    # What is under way has a name of its own, and is removed by whoever writes there next.
    now = {name: data for name, data in made(bytes_below(path)).items() if ".partial-" not in name}
    if now == after:
        found.found = "complete"
    elif now == before:
        found.found = "nothing begun"
    else:
        # Figures are moved into place one by one, each whole.
        found.found = "some of several"
        is_whole = is_figures and all(after.get(name) == data for name, data in now.items())
        found.check(is_whole, "is neither what was there nor what is made")
    force = (
        [] if command.verb in ("report", "plot") or "--force" in command.arguments else ["--force"]
    )
    again = call([*command.arguments, *force])
    found.check(again.exit_code == 0, f"cannot be made again: {again.stderr[-300:]}")
    found.check(made(bytes_below(path)) == after, "ends in other bytes")
    if (folder / "done").is_dir():
        left = [name for name in os.listdir(folder / "done") if ".partial-" in name]
        found.check(not left, f"left behind: {left}")
        copy = shutil.copytree(folder / "done", folder / "copy")
        for name in INSIDE:
            (copy / name).unlink()
        _check_whole(found, command, "copy", "is not whole in the end")
        shutil.rmtree(copy)


def campaign(
    names: Sequence[str],
    n_kills: int,
    seed: int,
    on_kill: Callable[[int, Kill], None] = lambda number, found: None,
) -> list[Kill]:
    """Kill commands in turn, with every signal in turn."""
    references = {name: refer(COMMANDS[name]) for name in names}
    luck, kills = random.Random(seed), []
    for number in range(n_kills):
        name = names[number % len(names)]
        which = SIGNALS[number // len(names) % len(SIGNALS)]
        kills.append(kill(name, references[name], which, luck))
        on_kill(number, kills[-1])
    return kills


def table(kills: Sequence[Kill]) -> str:
    """What was found, by command and signal."""
    founds = sorted({one.found for one in kills})
    counts = Counter((one.name, one.number.name, one.found) for one in kills)
    rows = [["command", "signal", "kills", *founds, "problems"]]
    for name, number in sorted({(one.name, one.number.name) for one in kills}):
        mine = [one for one in kills if (one.name, one.number.name) == (name, number)]
        cells = [str(counts[name, number, found] or "") for found in founds]
        n_problems = sum(bool(one.problems) for one in mine)
        rows.append([name, number, str(len(mine)), *cells, str(n_problems)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def say(kills: Sequence[Kill]) -> list[str]:
    """What was wrong, a line each."""
    return [
        f"{one.name}, {one.number.name} at {one.moment}, {one.found}: {problem}"
        for one in kills
        for problem in one.problems
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", type=int, default=200, help="kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--command", action="append", choices=list(COMMANDS), help="all if none")
    given = parser.parse_args()
    # In the background an interrupt is ignored, and would be by every command as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def show(number: int, found: Kill) -> None:
        for line in say([found]):
            print(f"{number}: {line}", file=sys.stderr, flush=True)
        if (number + 1) % 20 == 0:
            print(f"{number + 1} of {given.n} kills", file=sys.stderr, flush=True)

    kills = campaign(given.command or list(COMMANDS), given.n, given.seed, show)
    print(table(kills))
    n_problems = sum(bool(one.problems) for one in kills)
    print(f"{len(kills)} kills, {n_problems} with problems (seed {given.seed})")
    return 1 if n_problems else 0


if __name__ == "__main__":
    sys.exit(main())
