"""Timings in turn, and ratios taken within each round: the one way in which anything is timed here.

In: contestants that do the same work, runs, commands. Out: medians, and the spread of the ratios.
All contestants run one after the other in each round, so that a slow spell of the machine meets all
of them; the ratio is taken round by round and only then summed up.
"""

from __future__ import annotations

import ctypes
import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import log
from pathlib import Path
from statistics import median


@dataclass
class Contestant:
    """One program.

    Attributes
    ----------
    name
        As printed.
    run
        Does the work once. What it returns is compared with the others' if it is not None.
    share
        Part of the work it does, 1.0 for all: slow programs are timed on less and scaled.
    rounds
        At most so many rounds, for slow programs.
    """

    name: str
    run: Callable[[], object]
    share: float = 1.0
    rounds: int = 99
    seconds: list[float] = field(default_factory=list)


@dataclass
class Contest:
    """One question put to several programs.

    Attributes
    ----------
    title
        What was asked.
    n_items
        Items of work, for the time of each.
    item
        What an item is.
    ours
        Our contestants; ratios are given for each of them.
    peers
        The others.
    note
        What to know when reading the numbers.
    """

    title: str
    n_items: int
    item: str
    ours: list[Contestant]
    peers: list[Contestant]
    note: str = ""
    n_busy_rounds: int = 0

    def hold(self, n_rounds: int, patience_s: float, clock: Callable[[], float]) -> None:
        """Time all contestants, round by round, after one round that is not counted.

        Each round waits for other processes to fall quiet, but no longer than the patience.
        The clock is ``time.perf_counter``, or ``time.process_time`` for the processor time of all
        threads, which other processes disturb less.
        """
        everyone = [*self.ours, *self.peers]
        answers = {}
        for one in everyone:
            if one.rounds > 1 or one in self.ours:
                answers[one.name] = one.run()
        agreed = {name: answer for name, answer in answers.items() if answer is not None}
        if len(set(map(str, agreed.values()))) > 1:
            raise AssertionError(f"{self.title}: contestants disagree: {agreed}")
        gc.collect()
        gc.disable()
        try:
            for turn in range(n_rounds):
                self.n_busy_rounds += not wait_for_quiet(patience_s)
                for one in everyone:
                    if turn < one.rounds:
                        one.seconds.append(seconds_of(one.run, clock) / one.share)
        finally:
            gc.enable()

    def to_markdown(self) -> str:
        """Return the contest as a table."""
        head = ["who", "ms", f"ns/{self.item}"]
        head += [f"{one.name} is faster by" for one in self.ours]
        lines = [f"### {self.title}", "", row(head), row(["---"] * len(head))]
        for one in sorted([*self.ours, *self.peers], key=lambda one: median(one.seconds)):
            time_s = median(one.seconds)
            bold = "**" if one in self.ours else ""
            mark = "" if one.share == 1.0 else f" (on {one.share:.2g} of the work, scaled)"
            mark += f" ×{len(one.seconds)}" if len(one.seconds) < 3 else ""
            cells = [f"{bold}{one.name}{bold}{mark}", digits(1e3 * time_s)]
            cells.append(digits(1e9 * time_s / self.n_items))
            cells += [_ratio(one, mine) for mine in self.ours]
            lines.append(row(cells))
        note = self.note
        if self.n_busy_rounds:
            note += f" {self.n_busy_rounds} rounds began while other processes were busy."
        if note:
            lines += ["", note.strip()]
        return "\n".join(lines)

    def lead(self, mine: str, names: tuple[str, ...] = ()) -> tuple[float, str]:
        """Least median ratio of a peer (among some, or of all) to one of ours, and the peer's name.

        The least ratio, not the least time: on a busy machine a peer that the rounds put level with
        another may have the shorter times and the larger ratio.
        """
        chosen = [peer for peer in self.peers if not names or peer.name in names]
        one = next(one for one in self.ours if one.name == mine)
        return min((median(_ratios(peer, one)), peer.name) for peer in chosen)


def seconds_of(run: Callable[[], object], clock: Callable[[], float]) -> float:
    """Seconds of one run; of short runs the mean of many, after one that warms the caches."""
    begin = clock()
    run()
    once = clock() - begin
    if once > 0.02:
        return once
    n_runs = max(1, int(0.02 / max(once, 1e-6)))
    begin = clock()
    for _ in range(n_runs):
        run()
    return (clock() - begin) / n_runs


def median_ratio(some: Sequence[float], others: Sequence[float]) -> float:
    """Median over rounds of the ratio within each round."""
    return median(one / other for one, other in zip(some, others, strict=True))


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Slope of time over size, both in logarithms, by least squares; 1 is proportional."""
    x, y = [log(size) for size in sizes], [log(max(one, 1e-9)) for one in seconds]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    above = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return above / sum((a - mean_x) ** 2 for a in x)


@dataclass(frozen=True)
class Command:
    """What one command took in a process of its own: time in seconds, peak memory in MiB."""

    wall_s: float
    processor_s: float
    peak_mib: float


_ADOPT_ORPHANS = 36
"""PR_SET_CHILD_SUBREAPER of <linux/prctl.h>."""


def run_command(
    arguments: Sequence[str], env: Mapping[str, str] | None = None, folder: str | None = None
) -> Command:
    """Run a command to its end, and say what it took with all its children.

    In another environment or folder, if one is given.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    if sys.platform == "linux":
        # Workers are children of a process that outlives the command: they come to this one.
        ctypes.CDLL(None).prctl(_ADOPT_ORPHANS, 1, 0, 0, 0)
    begin = time.perf_counter()
    process = subprocess.Popen(
        arguments,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=env,
        cwd=folder,
        process_group=0,
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall_s, used = time.perf_counter() - begin, [usage]
    with suppress(ChildProcessError):
        while True:
            used.append(os.wait4(-process.pid, 0)[2])
    if status:
        raise RuntimeError(f"{arguments} failed: {said.decode()[-2000:]}")
    processor_s = sum(one.ru_utime + one.ru_stime for one in used)
    return Command(wall_s, processor_s, max(one.ru_maxrss for one in used) / 1024)


def wait_for_quiet(patience_s: float) -> bool:
    """Wait until other processes leave nine tenths of the machine idle; return whether they do."""
    end = time.monotonic() + patience_s
    while True:
        idle, total = _processor_time()
        time.sleep(0.25)
        idle_after, total_after = _processor_time()
        if idle_after - idle >= 0.9 * (total_after - total):
            return True
        if time.monotonic() > end:
            return False


def _processor_time() -> tuple[int, int]:
    """Idle and total time of all processors so far; nothing where this is not told."""
    try:
        numbers = [int(text) for text in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    except OSError:
        return 0, 0
    return numbers[3] + numbers[4], sum(numbers[:8])


def _ratios(one: Contestant, mine: Contestant) -> list[float]:
    """Ratios of the rounds that both ran."""
    return [a / b for a, b in zip(one.seconds, mine.seconds, strict=False)]


def _ratio(one: Contestant, mine: Contestant) -> str:
    if one is mine:
        return "1"
    ratios = sorted(_ratios(one, mine))
    text = f"{digits(median(ratios))}×"
    return text if len(ratios) < 2 else f"{text} ({digits(ratios[0])}–{digits(ratios[-1])})"


def digits(number: float) -> str:
    """Three significant digits, without exponents."""
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
