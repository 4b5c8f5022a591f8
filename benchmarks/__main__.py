"""All benchmarks by one command: ``python -m benchmarks``.

    python -m benchmarks                      everything, in some minutes
    python -m benchmarks strategies replay    some parts
    python -m benchmarks --full --write       all sizes, into docs/reference/benchmarks.md

Comparisons of address arithmetic with other programs, of its covers and of large inventories stand
apart: ``python -m benchmarks.addresses``, ``.cover``, ``.exposure`` and ``.inventory``.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from typing import Protocol

from benchmarks import (
    commands,
    compiling,
    hotspots,
    page,
    replay,
    sizes,
    strategies,
    workers,
)
from benchmarks.page import Section
from benchmarks.replicate import WARM_UP, in_own_process


class Part(Protocol):
    """Measures one section of the page."""

    def __call__(self, *, is_full: bool) -> Section:
        """Measure."""
        ...


PARTS: dict[str, tuple[str, Part]] = {
    "strategies": ("Every strategy", strategies.measure),
    "hotspots": ("Where a replicate spends its time", hotspots.measure),
    "replay": ("Against Mesa and SimPy", replay.measure),
    "sizes": ("Large cases", sizes.measure),
    "workers": ("Two workers", workers.measure),
    "commands": ("Compare and report", commands.measure),
    "compile": ("The first use", compiling.measure),
    "split": ("Where a command spends its time", commands.measure_split),
}
"""Title and measure of each part, in the sequence of the page."""


def main() -> None:
    """Measure the parts asked for; print their sections, or write them into the page."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--full", action="store_true", help="all sizes, up to a million businesses")
    parser.add_argument("--write", action="store_true", help=f"write {page.PAGE.name}")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    # Where nothing is compiled yet, that must not count as time or memory of the first case.
    in_own_process(strategies.NAME, WARM_UP)
    for name in given.parts or PARTS:
        title, measure = PARTS[name]
        said = _document(name, title, measure, is_full=given.full)
        if given.write:
            # Part by part, so that what is measured is not lost with what fails.
            page.write({name: said}, tuple(PARTS))
        else:
            print(said, end="\n\n", flush=True)


def _document(name: str, title: str, measure: Callable[..., Section], *, is_full: bool) -> str:
    load, begin = os.getloadavg()[0], time.perf_counter()
    print(f"{name} …", file=sys.stderr, flush=True)
    section = measure(is_full=is_full)
    seconds = time.perf_counter() - begin
    print(f"{name}: {seconds:.0f} s", file=sys.stderr, flush=True)
    command = f"python -m benchmarks {name}{' --full' if is_full else ''}"
    return page.document(title, section, page.circumstances(command, seconds, load))


if __name__ == "__main__":
    main()
