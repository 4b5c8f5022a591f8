"""Time and memory of ``overblock exposure`` on 10^6 prefixes against 10^7 hosts, text to table.

Run ``python -m benchmarks.exposure`` in a clone; ``--folder`` keeps the generated files.
Prints wall time, peak memory and size of the inputs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import data

SECTORS = ("retail", "media", "games", "education", "finance", "logistics", "travel", "other")
PROVIDERS = tuple(f"provider-{number}" for number in range(60))
_ROWS = 500_000


def write_inputs(folder: Path, n_prefixes: int, n_hosts: int) -> tuple[Path, Path, Path]:
    """Write a blocklist, a bare list of hosts, and an inventory with names; return their paths."""
    address, length = data.prefixes(n_prefixes)
    blocklist = folder / "blocklist.txt"
    blocklist.write_bytes(data.text(address, length))
    host = data.hosts(address, length, n_hosts)
    rng = np.random.default_rng(9)
    # A business has three hosts on average.
    business = rng.integers(0, max(n_hosts // 3, 1), size=n_hosts)
    provider = rng.integers(0, len(PROVIDERS), size=n_hosts)
    hosts, inventory = folder / "hosts.txt", folder / "inventory.csv"
    with hosts.open("wb") as plain, inventory.open("w") as csv:
        csv.write("name,address,provider,sector\n")
        for first in range(0, n_hosts, _ROWS):
            piece = slice(first, first + _ROWS)
            octets = [((host[piece] >> shift) & 255).tolist() for shift in (24, 16, 8, 0)]
            text = [f"{a}.{b}.{c}.{d}" for a, b, c, d in zip(*octets, strict=True)]
            plain.write(("\n".join(text) + "\n").encode())
            rows = zip(business[piece].tolist(), text, provider[piece].tolist(), strict=True)
            csv.writelines(
                f"business-{name}.example,{place},{PROVIDERS[at]},{SECTORS[name % len(SECTORS)]}\n"
                for name, place, at in rows
            )
    return blocklist, hosts, inventory


def measure(arguments: list[str]) -> tuple[float, float, float]:
    """Wall time and processor time in seconds, and peak memory in MB, of one command."""
    before = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", "from sim.cli.app import main; main()", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - before
    if status:
        raise SystemExit(f"failed with status {status}: {' '.join(arguments)}")
    return wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    """Generate, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prefixes", type=int, default=10**6)
    parser.add_argument("--hosts", type=int, default=10**7)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        blocklist, hosts, inventory = write_inputs(folder, options.prefixes, options.hosts)
        runs = {
            "hosts, one address a line": ["--inventory", str(hosts)],
            "inventory with names": ["--inventory", str(inventory)],
            "inventory by provider and sector, explained": [
                *("--inventory", str(inventory), "--by", "provider,sector", "--explain")
            ],
        }
        print(f"{options.prefixes:,} prefixes, {options.hosts:,} hosts")
        print("| run | inputs, MB | median, s | lowest, highest | processor, s | peak, MB |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |")
        for name, more in runs.items():
            size = sum(Path(path).stat().st_size for path in (blocklist, more[1])) / 1e6
            taken = [measure(["exposure", str(blocklist), *more]) for _ in range(options.repeat)]
            wall = sorted(each[0] for each in taken)
            peak = max(each[2] for each in taken)
            processor = sorted(each[1] for each in taken)[len(taken) // 2]
            middle = wall[len(wall) // 2]
            spread = f"{wall[0]:.1f}, {wall[-1]:.1f}"
            print(
                f"| {name} | {size:.0f} | {middle:.1f} | {spread} | {processor:.1f} | {peak:.0f} |"
            )


if __name__ == "__main__":
    main()
