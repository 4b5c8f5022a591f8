"""What takes the memory of one replicate, by the file that asked for it.

In: a scenario and what is set in it. Out: bytes by file when the world is built and at the peak.
Run as a program it is a process of its own; the same replicate runs twice, first to learn the peak.
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

import sim
from benchmarks.replicate import ROOT_SEED, WARM_UP, peak_mib, run_in, scenario
from sim.streams import Streams
from sim.world.build import build_world

PACKAGE = Path(sim.__file__).resolve().parent
ELSEWHERE = "all others"
NEAR_PEAK = 0.97
LOOK_EVERY_S = 0.01


@dataclass(frozen=True)
class Memory:
    """Bytes by file of the package, and what the whole process held at most.

    Attributes
    ----------
    built, at_peak
        What was held when the world was built, and within three hundredths of the peak.
    peak
        Resident memory of the process at most, with the interpreter, packages and compiled code.
    """

    built: dict[str, int]
    at_peak: dict[str, int]
    peak: float


def by_file() -> Counter[str]:
    """Bytes that are held now, by the innermost file of the package that asked for them."""
    found: Counter[str] = Counter()
    for trace in tracemalloc.take_snapshot().traces:
        mine = (Path(frame.filename) for frame in reversed(trace.traceback))
        file = next((path for path in mine if path.is_relative_to(PACKAGE)), None)
        name = f"`sim/{file.relative_to(PACKAGE).with_suffix('').as_posix()}`" if file else ELSEWHERE
        found[name] += trace.size
    return found


@contextmanager
def looking(least: float) -> Iterator[list[Counter[str]]]:
    """Look once, as soon as so many bytes are held; what is found is in the list then."""
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
    tracemalloc.start(12)
    outcome = run_in(resolved, build_world(resolved, Streams(ROOT_SEED, 1)), 1)
    peak = tracemalloc.get_traced_memory()[1]
    whole = peak_mib() * 2**20
    del outcome
    world = build_world(resolved, Streams(ROOT_SEED, 1))
    built = by_file()
    with looking(NEAR_PEAK * peak) as found:
        outcome = run_in(resolved, world, 1)
        found = found or [by_file()]
    print(json.dumps(asdict(Memory(dict(built), dict(found[0]), whole))))


if __name__ == "__main__":
    main()
