"""What sharing runs buys, and what it costs: serial, pool, and the bare loop.

    python -m benchmarks.experiments -n 20 -w 2

Ways to the same runs of a scenario under its own strategy: a bare loop over the keys that keeps
nothing (the work itself), the same through an executor, a whole experiment in this process, and a
whole experiment in a pool. The overhead of the executor is what the second takes beyond the first;
that of the experiment comes on top: keeping each run, merging, money, statistics, manifest. The
folders of both experiments are compared byte for byte.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from sim.experiment.execution import carry_out
from sim.experiment.executors import choose_executor, n_processors
from sim.experiment.plan import Plan
from sim.experiment.runs import Runs
from sim.experiment.simulation import Simulation
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario", nargs="?", default="telegram-2018")
    parser.add_argument("-n", type=int, default=20, help="replicates")
    parser.add_argument("-w", type=int, default=n_processors(), help="workers of the pool")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    resolved = resolve(load_scenario(arguments.scenario, arguments.set))
    plan = Plan.of_run(resolved, 1, arguments.n)
    work = Simulation(plan.cases().scenarios, plan.root_seed).begin()
    keys = plan.cases().keys(plan.n_replicates)
    work(keys[0])  # caches and compiled code
    bare = timed(lambda: [work(key) for key in keys])
    executed = timed(lambda: run_by_executor(plan))
    with tempfile.TemporaryDirectory() as folder:
        here, there = Path(folder) / "here", Path(folder) / "there"
        serial = timed(lambda: carry_out(Runs(plan), folder=here))
        executor = choose_executor(arguments.w)
        pool = timed(lambda: carry_out(Runs(plan), folder=there, executor=executor))
        is_same = files_of(here) == files_of(there)
    n = arguments.n
    print(f"{arguments.scenario}, {n} replicates, {n_processors()} processors\n")
    print("| way | s | runs/s | against serial |")
    print("| --- | ---: | ---: | ---: |")
    for name, took in (
        ("bare loop", bare),
        ("executor of 1", executed),
        ("serial", serial),
        (f"pool of {arguments.w}", pool),
    ):
        print(f"| {name} | {took:.1f} | {n / took:.3f} | {serial / took:.2f} |")
    print(f"\noverhead of the executor: {executed / bare - 1:.1%} of the work")
    print(f"overhead of an experiment in one process: {serial / bare - 1:.1%} of the work")
    print(f"same bytes: {'yes' if is_same else 'NO'}")


def run_by_executor(plan: Plan) -> None:
    with choose_executor(1) as executor:
        cases = plan.cases()
        job = Simulation(cases.scenarios, plan.root_seed)
        for _ in executor.run(job, cases.keys(plan.n_replicates)):
            pass


def timed(call: object) -> float:
    assert callable(call)
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "timing.json"
    }


if __name__ == "__main__":
    main()
