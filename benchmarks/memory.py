"""What takes the memory of one replicate, by the file that asked for it.

In: a scenario and what is set in it. Out: bytes by file, of the world as it is built and when
running holds most. Run as a program it is a process of its own; the same replicate runs twice, the
first time to learn the peak.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread

from benchmarks.hotspots import OTHERS, PACKAGE
from benchmarks.replicate import ROOT_SEED, WARM_UP, run_in, scenario
from sim.streams import Streams
from sim.world.build import build_world

N_FRAMES = 12
NEAR_PEAK = 0.97
LOOK_EVERY_S = 0.002
NAMED = 7
"""Files that have a row of their own; all others share one."""


@dataclass(frozen=True)
class Memory:
    """Bytes by file of the package.

    Attributes
    ----------
    built
        Of the world before it runs.
    running
        While it runs, within three hundredths of most; the world is among it.
    """

    built: dict[str, int]
    running: dict[str, int]

    def rows(self, n: int) -> list[list[str]]:
        """What takes most, in the table's cells, in sequence of what it takes at most.

        Parameters
        ----------
        n
            By how many all is divided.
        """

        def part(n_bytes: int) -> str:
            return f"{n_bytes / n:,.0f}"

        both = (self.built, self.running)
        whole = {file: max(one.get(file, 0) for one in both) for one in both for file in one}
        named = sorted(whole.keys() - {OTHERS}, key=lambda file: (-whole[file], file))
        told = named[:NAMED]
        cells = [[file, *(part(one.get(file, 0)) for one in both)] for file in told]
        others = [part(sum(one.values()) - sum(one.get(file, 0) for file in told)) for one in both]
        return [
            *cells,
            [OTHERS, *others],
            ["together", *(part(sum(one.values())) for one in both)],
        ]


def by_file() -> Counter[str]:
    """Bytes that are held now, by the innermost file of the package that asked for them."""
    found: Counter[str] = Counter()
    for trace in tracemalloc.take_snapshot().traces:
        mine = (Path(frame.filename) for frame in reversed(trace.traceback))
        file = next((path for path in mine if path.is_relative_to(PACKAGE)), None)
        name = f"`sim/{file.relative_to(PACKAGE).with_suffix('').as_posix()}`" if file else OTHERS
        found[name] += trace.size
    return found


@contextmanager
def looking(least: float) -> Iterator[list[Counter[str]]]:
    """Look once, as soon as so many bytes are held; what is found is in the list then.

    Raises
    ------
    RuntimeError
        If nobody saw so many: they were held for too short, or never.
    """
    found: list[Counter[str]] = []
    is_over = Event()

    def look() -> None:
        while not is_over.wait(LOOK_EVERY_S):
            if tracemalloc.get_traced_memory()[0] >= least:
                found.append(by_file())
                return

    thread = Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        is_over.set()
        thread.join()
    if not found:
        raise RuntimeError(f"{least:,.0f} bytes were not held long enough to be looked at")


def in_own_process(name: str, settings: Sequence[str]) -> Memory:
    """What takes the memory of a replicate, in a process that runs nothing else."""
    print("  ", "memory of", name, *settings, file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "benchmarks.memory", json.dumps([name, list(settings)])]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Memory(**json.loads(done.stdout))


def main() -> None:
    """Print what takes the memory of the case of the command line, as JSON."""
    name, settings = json.loads(sys.argv[1])
    warm = scenario(name, [*settings, *WARM_UP])
    run_in(warm, build_world(warm, Streams(ROOT_SEED, 0)), 0)
    resolved = scenario(name, settings)
    tracemalloc.start(N_FRAMES)
    world = build_world(resolved, Streams(ROOT_SEED, 1))
    built = by_file()
    tracemalloc.reset_peak()
    run_in(resolved, world, 1)
    most = tracemalloc.get_traced_memory()[1]
    with looking(NEAR_PEAK * most) as running:
        run_in(resolved, world, 1)
    print(json.dumps(asdict(Memory(dict(built), dict(running[0])))))


if __name__ == "__main__":
    main()
