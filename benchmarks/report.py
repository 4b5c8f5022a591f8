"""Time of ``overblock report`` on a comparison of 8 strategies, 200 replicates, 260 days.

Run ``python -m benchmarks.report`` in a clone; ``--folder`` keeps the generated comparison, whose
tables are those of three real replicates of ``telegram-2018``, scaled and repeated: files of the
size of real ones. Prints rows, size of the page, wall time and processor time.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from benchmarks.comparisons import EIGHT, write_comparison

OVERBLOCK = [sys.executable, "-c", "from sim.cli.app import main; main()"]


def generate(folder: Path, n_replicates: int) -> Path:
    """Write the comparison, unless the folder holds one already; return its path."""
    comparison = folder / f"comparison-{n_replicates}"
    if not comparison.exists():
        run = folder / "run"
        command = [*OVERBLOCK, "run", "telegram-2018", "-n", "3", "-q", "-o", str(run), "--force"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        write_comparison(run, comparison, EIGHT, n_replicates)
    return comparison


def measure(comparison: Path, page: Path) -> tuple[float, float, float]:
    """Wall time and processor time in seconds, and peak memory in MB, of one command."""
    before = time.perf_counter()
    process = subprocess.Popen(
        [*OVERBLOCK, "report", str(comparison), "-o", str(page)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed with status {status}")
    wall_s = time.perf_counter() - before
    return wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    """Generate, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=200)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        comparison = generate(folder, options.replicates)
        ((n_rows,),) = duckdb.execute(
            f"SELECT count(*) FROM '{comparison}/curves.parquet'"
        ).fetchall()
        page = folder / "report.html"
        taken = sorted(measure(comparison, page) for _ in range(options.repeat))
        wall_s, processor_s, peak_mb = taken[len(taken) // 2]
        print(f"{len(EIGHT)} strategies, {options.replicates} replicates, {n_rows:,} curve points")
        print("| page, MB | median, s | lowest, highest | processor, s | peak, MB |")
        print("| ---: | ---: | ---: | ---: | ---: |")
        size = page.stat().st_size / 1e6
        spread = f"{taken[0][0]:.1f}, {taken[-1][0]:.1f}"
        print(f"| {size:.1f} | {wall_s:.1f} | {spread} | {processor_s:.1f} | {peak_mb:.0f} |")


if __name__ == "__main__":
    main()
