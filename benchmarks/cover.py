"""Covers of growing numbers of targets, each in a process of its own.

    python benchmarks/cover.py            prints the table of RESULTS-cover.md

Targets are addresses in 2,000 clusters of the size of a /16; weighted ranges stand in the same
clusters, nine in ten of them single hosts, the rest up to /24.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time

import numpy as np

N_CLUSTERS = 2_000
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


def measure(n_targets: int, n_ranges: int, budget: int, miss_price: float | None) -> None:
    """Time one case and print it as JSON."""
    from sim.addresses.cover import find_covers
    from sim.addresses.families import AddressSet
    from sim.addresses.intervals import IntervalSet
    from sim.addresses.intervals6 import IntervalSet6
    from sim.addresses.targets import Targets
    from sim.addresses.weights import Weights

    address, start, stop, weight = world(n_targets, n_ranges)
    begin = time.perf_counter()
    members = AddressSet(IntervalSet.from_bounds(address, address + 1), IntervalSet6.empty())
    targets = Targets.prepare(members, may_miss=miss_price is not None)
    weights = Weights.on_ranges4(start, stop, weight)
    laid = time.perf_counter()
    frontier = find_covers(targets, weights, budget, miss_price=miss_price)
    cover = frontier.cover(budget)
    done = time.perf_counter()
    print(
        json.dumps(
            {
                "n_targets": n_targets,
                "prefixes": targets.n_leaves,
                "tree_s": laid - begin,
                "covers_s": done - laid,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "collateral": cover.collateral,
                "missed": cover.missed,
            }
        )
    )


def run(way: str, *arguments: object) -> dict[str, float]:
    """Run one case in a fresh process, the best of three by total time."""
    command = [sys.executable, __file__, "--case", *map(str, arguments)]
    environment = os.environ | {"OVERBLOCK_FAST": way}
    found = [
        json.loads(
            subprocess.run(command, env=environment, check=True, stdout=-1, text=True).stdout
        )
        for _ in range(3)
    ]
    return min(found, key=lambda case: case["tree_s"] + case["covers_s"])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ranges", type=int, default=1_000_000)
    parser.add_argument("--budget", type=int, default=1_000)
    parser.add_argument("--case", nargs=4, metavar=("TARGETS", "RANGES", "BUDGET", "PRICE"))
    given = parser.parse_args()
    if given.case:
        n_targets, n_ranges, budget = map(int, given.case[:3])
        measure(n_targets, n_ranges, budget, None if given.case[3] == "None" else 25.0)
        return
    import numba

    print(f"Python {platform.python_version()}, numpy {np.__version__}, numba {numba.__version__}")
    print(f"{given.ranges:,} weighted ranges, budget {given.budget:,}; best of 3 processes\n")
    print("| objective | way | targets | tree, s | covers, s | µs per target | peak MB |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for price, name in ((None, "FILTER-ALL"), (25.0, "FILTER-SOME")):
        for way in ("numpy", "numba"):
            for n_targets in SIZES:
                case = run(way, n_targets, given.ranges, given.budget, price)
                seconds = case["tree_s"] + case["covers_s"]
                print(
                    f"| {name} | {way} | {n_targets:,} | {case['tree_s']:.2f} | "
                    f"{case['covers_s']:.2f} | {1e6 * seconds / n_targets:,.0f} | "
                    f"{case['peak_mb']:,.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
