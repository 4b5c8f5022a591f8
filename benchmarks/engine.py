"""What a replicate of the engine costs, with NumPy alone and with the compiled loops.

    python -m benchmarks.engine                      # 1,000 businesses, several rounds
    python -m benchmarks.engine -b 100000 --rounds 1
    python -m benchmarks.engine --set 'strategy={id: exact}' --rounds 1 --way numba

Processor time of one replicate from a world that is built, both ways in turn, in one process;
loading the compiled loops is told apart. Outcomes of the two ways are compared.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time

import numpy as np

from sim.addresses.compiled import backend
from sim.engine.record.outcome import Outcome
from sim.engine.run import simulate
from sim.engine.strategies import build_strategy
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.streams import Streams
from sim.world.build import build_world


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario", nargs="?", default="telegram-2018")
    parser.add_argument("-b", "--businesses", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--way", choices=("numpy", "numba"), help="this one alone")
    arguments = parser.parse_args()
    settings = [f"population.n_businesses={arguments.businesses}", *arguments.set]
    resolved = resolve(load_scenario(arguments.scenario, settings))
    took: dict[str, list[float]] = {
        way: [] for way in ("numpy", "numba") if arguments.way in (None, way)
    }
    shares = []
    started = time.process_time()
    with backend.using("numba"):
        simulate_one(resolved, 1)
    first = time.process_time() - started
    for replicate in range(1, arguments.rounds + 1):
        outcomes = {}
        for way in took:
            with backend.using(way):
                seconds, outcomes[way] = simulate_one(resolved, replicate)
            took[way].append(seconds)
        shares.append(same(*outcomes.values()) if arguments.way is None else True)
    n_events = next(iter(outcomes.values())).events.t_s.size
    strategy = resolved.scenario.strategy.id
    print(
        f"{arguments.scenario}, {strategy}, {arguments.businesses:,} businesses, "
        f"{n_events:,} events\n"
    )
    print("| way | s a replicate (median) | least | most |")
    print("| --- | ---: | ---: | ---: |")
    for way, seconds in took.items():
        median = statistics.median(seconds)
        print(f"| {way} | {median:.2f} | {min(seconds):.2f} | {max(seconds):.2f} |")
    print(f"\nfirst replicate with loading (and compiling): {first:.1f} s")
    if arguments.way is None:
        ratio = statistics.median(np.array(took["numpy"]) / np.array(took["numba"]))
        print(f"numpy / numba: {ratio:.1f}; same outcomes: {'yes' if all(shares) else 'NO'}")
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak_mib:,.0f} MiB")


def simulate_one(resolved: object, replicate: int) -> tuple[float, Outcome]:
    streams = Streams(1, replicate)
    world = build_world(resolved, streams)
    strategy = build_strategy(resolved, streams)
    started = time.process_time()
    outcome = simulate(world, strategy, streams)
    return time.process_time() - started, outcome


def same(one: Outcome, other: Outcome) -> bool:
    return np.array_equal(one.curves.value, other.curves.value) and np.array_equal(
        one.ledger.lost_demand_h, other.ledger.lost_demand_h
    )


if __name__ == "__main__":
    main()
