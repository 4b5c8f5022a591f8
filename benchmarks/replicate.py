"""One replicate of one scenario: what it costs to build its world and to run it.

In: a scenario, what is set in it, and a replicate. Out: processor time, peak memory, and how much
happened. Run as a program it is a process of its own, of which the peak memory is that of one case.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from statistics import median

import numpy as np

from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.engine.run import simulate
from sim.engine.strategies import build_strategy
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.streams import Streams
from sim.world.build import World, build_world
from sim.world.operators import Operators

ROOT_SEED = 1
WARM_UP = ("population.n_businesses=100",)
"""A small world of the same scenario loads compiled code and caches before anything is timed."""


@dataclass(frozen=True)
class Cost:
    """What one replicate cost, and how much happened in it.

    Attributes
    ----------
    build_s, engine_s
        Processor time.
    peak_mib
        Largest resident memory of the process so far, the interpreter and all packages in it.
    n_orders
        Orders of the censor, withdrawals among them.
    n_entries, n_events
        Entries of the register ever made, and facts recorded.
    """

    build_s: float
    engine_s: float
    peak_mib: float
    n_orders: int
    n_entries: int
    n_events: int


def scenario(name: str, settings: Sequence[str]) -> Resolved:
    """Load a shipped scenario with some keys set, ``KEY=VALUE`` as on the command line."""
    return resolve(load_scenario(name, list(settings)))


def run_in(resolved: Resolved, world: World, number: int) -> Outcome:
    """Run the strategy of a scenario in a world that was built for the same replicate."""
    streams = Streams(ROOT_SEED, number)
    return simulate(world, build_strategy(resolved, streams), streams)


def cost(resolved: Resolved, number: int, operators_times: int = 1) -> Cost:
    """Build the world of a replicate and run it once."""
    begin = time.process_time()
    world = build_world(resolved, Streams(ROOT_SEED, number))
    built = time.process_time()
    if operators_times > 1:
        world = replace(world, operators=split(world.operators, operators_times))
    ready = time.process_time()
    outcome = run_in(resolved, world, number)
    done = time.process_time()
    return Cost(
        build_s=built - begin,
        engine_s=done - ready,
        peak_mib=peak_mib(),
        n_orders=n_orders_of(outcome),
        n_entries=len(outcome.entry_addresses),
        n_events=int(outcome.events.kind.size),
    )


def n_orders_of(outcome: Outcome) -> int:
    """Orders of the censor, withdrawals among them."""
    return int(np.isin(outcome.events.kind, (Kind.BLOCK, Kind.UNBLOCK)).sum())


def peak_mib() -> float:
    """Largest resident memory of this process so far, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():
        # What getrusage tells begins with the memory of whoever started the process.
        (line,) = (x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def split(operators: Operators, times: int) -> Operators:
    """Take each operator group for so many of equal shares, which poll one after the other."""
    columns = {column.name: getattr(operators, column.name) for column in fields(operators)}
    taken = {
        name: tuple(one for one in value for _ in range(times))
        if isinstance(value, tuple)
        else np.repeat(value, times)
        for name, value in columns.items()
    }
    nth = np.tile(np.arange(times), operators.n_operators)
    interval_s = taken["poll_interval_s"]
    taken["name"] = tuple(f"{name}-{n}" for name in operators.name for n in range(times))
    taken["share_users"] = taken["share_users"] / times
    taken["poll_phase_s"] = (taken["poll_phase_s"] + nth * interval_s // times) % interval_s
    return Operators(**taken)


def in_own_process(
    name: str, settings: Sequence[str], n_rounds: int = 1, operators_times: int = 1
) -> Cost:
    """Median cost of some replicates of one case, in a process that runs nothing else."""
    asked = json.dumps([name, list(settings), n_rounds, operators_times])
    print("  ", name, *settings, file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "benchmarks.replicate", asked]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found = [Cost(**one) for one in json.loads(done.stdout)]
    middle = sorted(found, key=lambda one: one.engine_s)[len(found) // 2]
    return replace(middle, build_s=median(one.build_s for one in found), peak_mib=found[0].peak_mib)


def main() -> None:
    """Run the case of the command line, and print the cost of each replicate as JSON."""
    name, settings, n_rounds, operators_times = json.loads(sys.argv[1])
    cost(scenario(name, [*settings, *WARM_UP]), 0, operators_times)
    resolved = scenario(name, settings)
    found = [cost(resolved, number, operators_times) for number in range(1, n_rounds + 1)]
    print(json.dumps([asdict(one) for one in found]))


if __name__ == "__main__":
    main()
