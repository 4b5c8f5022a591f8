"""What this machine allows: ``python -m benchmarks.bounds``.

Prints, in processor time of one thread, what the compiled kernels take and what bounds them: a bare
gather, a copy, memory that is fresh. The least of many runs, which other processes disturb least.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmarks import data
from sim.addresses.compiled import backend
from sim.addresses.sets.prefixes import PrefixTable
from sim.addresses.text.text import parse_entries

N = 10**6
_RUNS = 25


@njit(nogil=True)
def gather(table: NDArray[np.int32], address: NDArray[np.int64], out: NDArray[np.int64]) -> None:
    """Read one entry for each address and do nothing else."""
    for row in range(address.size):
        out[row] = table[np.uint64(address[row]) >> np.uint64(8)]


def least(run: Callable[[], object]) -> tuple[float, int]:
    """Least processor time of all threads in milliseconds, and page faults of that run."""
    run()
    found = []
    for _ in range(_RUNS):
        faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        begin = time.process_time()
        run()
        taken = time.process_time() - begin
        found.append((1e3 * taken, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults))
    return min(found)


def fresh(n_bytes: int) -> Callable[[], object]:
    """Touch every page of memory that the process did not have."""
    n = n_bytes // 8

    def touch() -> None:
        np.empty(n, np.int64)[::512] = 1

    return touch


def main() -> None:
    """Measure and print."""
    address, length = data.prefixes(N)
    text = data.text(address, length)
    queries = data.hosts(address, length, N)
    start, stop, is_bad = np.empty(N, np.int64), np.empty(N, np.int64), np.empty(N, np.bool_)
    with backend.using("numba"):
        kernels = backend.kernels(1)
        assert kernels is not None
        table = PrefixTable.from_prefixes(address, length)
        found = table._runs
        columns = (found.chunk, found.run, found.record)
        pages = table._pages
        block = np.frombuffer(text, np.uint8)
        runs: dict[str, Callable[[], object]] = {
            "parse 10^6 lines, kernel alone": lambda: kernels.parse_lines4(
                block, start, stop, is_bad
            ),
            "parse 10^6 lines, whole call": lambda: parse_entries(text),
            "count its lines": lambda: kernels.count_lines(block),
            "copy the text (16 MB)": block.copy,
            "write two columns that are there (16 MB)": lambda: (
                np.copyto(start, queries), np.copyto(stop, queries),
            ),
            "touch 64 MiB of fresh memory": fresh(2**26),
            "match 10^6 addresses, kernel alone": lambda: kernels.match_runs(
                *columns, queries, start
            ),
            "match 10^6 addresses, whole call": lambda: table.longest_match(queries),
            "one bare gather from the table of 64 MiB": lambda: gather(
                pages.page, queries, start
            ),
            "start a thread and end it": lambda: backend.spread(lambda first, stop: None, N),
        }  # fmt: skip
        shared = np.count_nonzero(pages.page[queries >> 8] < -1) / N
        n_bytes = sum(column.nbytes for column in columns)
        print(f"{shared:.1%} of the addresses lie on pages that are cut, which are looked into")
        print(f"the table of runs takes {n_bytes / 2**20:.1f} MiB")
        print("| what | processor, ms | page faults |\n| --- | ---: | ---: |")
        for name, run in runs.items():
            taken_ms, n_faults = least(run)
            print(f"| {name} | {taken_ms:.2f} | {n_faults} |")


if __name__ == "__main__":
    main()
