"""Commands as a user types them: the README's comparison and report, and where a run spends time.

In: commands. Out: tables of wall and processor time.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.page import Promise, Section, table
from benchmarks.split import SECTIONS
from benchmarks.timing import Command, run_command

README = Path(__file__).resolve().parent.parent / "README.md"
OVERBLOCK = (sys.executable, "-m", "sim")
SPLIT = (
    ("telegram-2018-replay", "-n", "10", "--fixed"),
    ("telegram-2018", "-n", "10", "--fixed"),
)


def measure(*, is_full: bool) -> Section:
    """Run the README's comparison and its report."""
    del is_full
    with tempfile.TemporaryDirectory() as folder:
        rows, walls = [], []
        for line in readme_commands():
            words = [f"{folder}/cmp" if word == "cmp" else word for word in line[1:]]
            taken = run_command([*OVERBLOCK, *words, "-q"])
            rows.append(_row(" ".join(line), [taken]))
            walls.append(taken.wall_s)
    promise = Promise(
        "the README's comparison (four strategies, 128 simulations)", "≤ 50 s wall",
        f"{walls[0]:.1f} s", walls[0] <= 50,
    )  # fmt: skip
    said = "From the start of the command to its end."
    return Section(f"{said}\n\n{table(_HEAD, rows)}", (promise,))


def measure_split(*, is_full: bool) -> Section:
    """Say where commands spend their time."""
    n_rounds = 7 if is_full else 3
    rows, commands = [], []
    for words in SPLIT:
        with tempfile.TemporaryDirectory() as scratch:
            asked = [*OVERBLOCK, "run", *words, "-q", "--force", "-o", f"{scratch}/out"]
            run_command(asked)
            commands.append([run_command(asked) for _ in range(n_rounds)])
            found = [_split(words, scratch) for _ in range(n_rounds)]
        middle = {name: median(one[name] for one in found) for name in SECTIONS}
        cells = [f"{middle[name]:.2f}" for name in SECTIONS]
        total = f"{median(sum(one.values()) for one in found):.2f}"
        rows.append([f"`overblock run {' '.join(words)}`", *cells, total])
    wall_s = median(command.wall_s for command in commands[0])
    promise = Promise(
        f"`overblock run {' '.join(SPLIT[0])}`, warm", "≤ 2 s wall", f"{wall_s:.2f} s",
        wall_s <= 2,
    )  # fmt: skip
    walls = [
        _row(f"overblock run {' '.join(words)}", command)
        for words, command in zip(SPLIT, commands, strict=True)
    ]
    said = f"""\
Processor seconds of a command on one worker, the median of {n_rounds}: *start* of the interpreter,
*import* of modules, *load* of scenario and tables, *kernels* loaded from the cache of compiled
code, *build* of worlds, *engine*, *measure*, *encode* the tables of each run, and *rest*: merging,
statistics, manifest, the folder. Below, the commands as they are typed, with as many workers as
they take."""
    tables = table(["command", *SECTIONS, "all"], rows), table(_HEAD, walls)
    return Section("\n\n".join([said, *tables]), (promise,))


_HEAD = ["command", "wall, s", "processor, s", "peak, MiB"]


def _row(said: str, commands: list[Command]) -> list[str]:
    middle = sorted(commands, key=lambda one: one.wall_s)[len(commands) // 2]
    cells = f"{middle.wall_s:.1f}", f"{middle.processor_s:.1f}", f"{middle.peak_mib:,.0f}"
    return [f"`{said}`" if " (" not in said else said, *cells]


def readme_commands() -> Iterator[list[str]]:
    """The comparison of the README and its report, as words."""
    for line in re.findall(r"^overblock (?:compare|report) .*$", README.read_text("utf-8"), re.M):
        if "cmp" in line:
            yield shlex.split(line)


def _split(words: tuple[str, ...], scratch: str) -> dict[str, float]:
    asked = ["run", *words, "-q", "--force", "-o", f"{scratch}/split", "--workers", "1"]
    command = [sys.executable, "-m", "benchmarks.split", f"{scratch}/split.json", *asked]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    found: dict[str, float] = json.loads(Path(scratch, "split.json").read_text())
    return found
