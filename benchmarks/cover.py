"""Covers of growing numbers of targets, each in a process of its own.

    python benchmarks/cover.py            prints the table of RESULTS-cover.md

Targets are addresses in 2,000 clusters of the size of a /16; weighted ranges stand in the same
clusters, nine in ten of them single hosts, the rest up to /24.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import time

import numpy as np

N_CLUSTERS = 2_000
OBJECTIVES = ("FILTER-ALL", "FILTER-ALL, breadth")
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)


def world(n_targets: int, n_ranges: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Targets; first and one after last address of ranges; weights. From a fixed seed."""
    rng = np.random.default_rng(20180416)
    cluster = rng.integers(1 << 8, 224 << 8, N_CLUSTERS) << 16
    targets = rng.choice(cluster, n_targets) + rng.integers(0, 1 << 16, n_targets)
    size = np.where(rng.random(n_ranges) < 0.9, 1, 1 << rng.integers(1, 9, n_ranges))
    start = (rng.choice(cluster, n_ranges) + rng.integers(0, 1 << 16, n_ranges)) & -size
    weight = np.floor(1 / rng.random(n_ranges) ** 0.8).astype(np.int64)
    return targets, start, start + size, weight * size


def measure(n_targets: int, n_ranges: int, budget: int, objective: str) -> None:
    """Time one case and print it as JSON."""
    from sim.addresses.cover.frontier import find_covers
    from sim.addresses.cover.tree import Targets, Weights
    from sim.addresses.sets.intervals import AddressSet, IntervalSet, IntervalSet6

    breadth = Weights.per_address() if objective.endswith("breadth") else None
    address, start, stop, weight = world(n_targets, n_ranges)
    begin, begin_cpu = time.perf_counter(), time.process_time()
    members = AddressSet(IntervalSet.from_bounds(address, address + 1), IntervalSet6.empty())
    targets = Targets.prepare(members)
    weights = Weights.on_ranges(start, stop, weight)
    built = time.perf_counter()
    cover = find_covers(targets, weights, budget, breadth=breadth).cover(budget)
    done = time.perf_counter()
    print(
        json.dumps(
            {
                "n_targets": n_targets,
                "prefixes": targets.n_leaves,
                "tree_s": built - begin,
                "covers_s": done - built,
                "cpu_s": time.process_time() - begin_cpu,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "collateral": cover.collateral,
            }
        )
    )


def run(*arguments: object) -> dict[str, float]:
    """Run one case in a fresh process, the best of two by total time."""
    command = [sys.executable, __file__, "--case", *map(str, arguments)]
    found = [
        json.loads(subprocess.run(command, check=True, stdout=-1, text=True).stdout)
        for _ in range(2)
    ]
    return min(found, key=lambda case: case["covers_s"])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ranges", type=int, default=1_000_000)
    parser.add_argument("--budget", type=int, default=1_000)
    parser.add_argument("--case", nargs=4, metavar=("TARGETS", "RANGES", "BUDGET", "OBJECTIVE"))
    given = parser.parse_args()
    if given.case:
        n_targets, n_ranges, budget = map(int, given.case[:3])
        measure(n_targets, n_ranges, budget, given.case[3])
        return
    print(f"Python {platform.python_version()}, numpy {np.__version__}")
    print(f"{given.ranges:,} weighted ranges, budget {given.budget:,}; best of 2 processes\n")
    print("| objective | targets | tree, s | covers, s | all, s | CPU, s | peak MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name in OBJECTIVES:
        for n_targets in SIZES:
            case = run(n_targets, given.ranges, given.budget, name)
            parts = [case[part] for part in ("tree_s", "covers_s")]
            times = " | ".join(f"{part:.2f}" for part in (*parts, sum(parts), case["cpu_s"]))
            print(f"| {name} | {n_targets:,} | {times} | {case['peak_mb']:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
