"""What a replicate of the engine costs.

    python -m benchmarks.engine                      # 1,000 businesses, several rounds
    python -m benchmarks.engine -b 100000 --rounds 1
    python -m benchmarks.engine --set 'strategy={id: exact}' --rounds 1

Processor time of one replicate from a world that is built; loading the loops is told apart.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time

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
    arguments = parser.parse_args()
    settings = [f"population.n_businesses={arguments.businesses}", *arguments.set]
    resolved = resolve(load_scenario(arguments.scenario, settings))
    started = time.process_time()
    simulate_one(resolved, 1)
    first = time.process_time() - started
    took = []
    for replicate in range(1, arguments.rounds + 1):
        seconds, outcome = simulate_one(resolved, replicate)
        took.append(seconds)
    n_events = outcome.events.t_s.size
    strategy = resolved.scenario.strategy.id
    print(
        f"{arguments.scenario}, {strategy}, {arguments.businesses:,} businesses, "
        f"{n_events:,} events\n"
    )
    print("| s a replicate (median) | least | most |")
    print("| ---: | ---: | ---: |")
    print(f"| {statistics.median(took):.2f} | {min(took):.2f} | {max(took):.2f} |")
    print(f"\nfirst replicate with loading (and compiling): {first:.1f} s")
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak_mib:,.0f} MiB")


def simulate_one(resolved: object, replicate: int) -> tuple[float, Outcome]:
    streams = Streams(1, replicate)
    world = build_world(resolved, streams)
    strategy = build_strategy(resolved, streams)
    started = time.process_time()
    outcome = simulate(world, strategy, streams)
    return time.process_time() - started, outcome


if __name__ == "__main__":
    main()
