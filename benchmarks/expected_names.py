"""Error of the band of expected names by the number of draws.

In: the list of orders of April 2018. Out: the table of ``docs/explanation/names.md``, printed:
standard deviation, over streams of luck, of the logarithm of the median and of both ends.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from benchmarks import page
from sim.addresses.text.source import Limits
from sim.blocklists.blocklists import find_input, read_blocklists
from sim.blocklists.exposure import expect_names, shipped_owners
from sim.names import listed
from sim.streams import Streams

AT = datetime(2018, 4, 20, 9, tzinfo=UTC)
SIZES = ((40, 40), (1000, 40), (8000, 40), (8000, 100), (20_000, 100))
"""Draws of what is assumed and of luck, and laws that they take in turn."""


def main() -> None:
    """Draw with several streams and print how far they differ."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.expected_names", description=__doc__
    )
    parser.add_argument("-n", type=int, default=12, help="streams")
    n_streams = parser.parse_args().n
    rows = []
    for listed.N_DRAWS, listed.N_LAWS in SIZES:
        began = time.process_time()
        found = np.log([ends(Streams(stream, 0)) for stream in range(1, n_streams + 1)])
        spent_s = (time.process_time() - began) / n_streams
        error = found.std(axis=0, ddof=1)
        rows.append(
            [
                f"{listed.N_DRAWS:,}",
                str(listed.N_LAWS),
                *(f"{100 * error[row, 0]:.1f} %" for row in range(3)),
                *(f"{100 * error[row, 1:].max():.1f} %" for row in range(3)),
                f"{spent_s:.1f}",
            ]
        )
        print(rows[-1], flush=True)
    head = ("draws", "laws", "low end", "median", "high end", "worst provider: low end", "median")
    print(page.table((*head, "high end", "processor seconds"), rows))


def ends(luck: Streams) -> NDArray[np.float64]:
    """Low end, median and high end of names hit: (3, 1 + n_providers), all first."""
    given = read_blocklists(
        [find_input("telegram-2018-orders")], "", skip_bad=False, limits=Limits()
    )
    expected = expect_names(given.in_force(AT), shipped_owners(), luck=luck)
    by_provider = sorted(expected.providers, key=lambda one: one.provider)
    bands = [one.hit for one in (expected.all, *by_provider) if one.hit is not None]
    return np.array([(band.low, band.median, band.high) for band in bands]).T


if __name__ == "__main__":
    main()
