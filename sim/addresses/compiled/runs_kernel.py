"""The compiled look-up in a table of runs; needs numba.

In: the table of `sim.addresses.sets.runs.OwnerRuns` and addresses. Out: their owners. The time goes
in waiting for memory: addresses pass in batches through four steps, each of which asks for what the
next one reads, and the steps of four batches take turns, so that nothing is waited for.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.addresses.compiled.instructions import ask, n_set, not_above

_compiled = njit(cache=True, nogil=True)
_inlined = njit(cache=True, nogil=True, forceinline=True)

# Addresses of a batch: what was asked for must have come, and must not have been driven out again.
_BATCH = 128


@_compiled
def match_runs(
    chunk: NDArray[np.uint64],
    run: NDArray[np.int32],
    record: NDArray[np.uint32],
    address: NDArray[np.int64],
    row: NDArray[np.int64],
) -> bool:
    """Owners of addresses by a table of runs; return whether all were IPv4 addresses."""
    # Of the two batches that are between the same steps one is written and one read.
    place = np.empty((2, _BATCH), np.uint32)
    cut = np.empty((2, _BATCH), np.uint32)
    n_cut = np.uint64(0)
    seen = np.uint64(0)
    turn = 0
    for first in range(0, address.size + 3 * _BATCH, _BATCH):
        second, third, fourth = first - _BATCH, first - 2 * _BATCH, first - 3 * _BATCH
        # Slices, since loops from nought over them need no care for numbers from the end.
        seen |= _ask_for_chunks(chunk, address[first : first + _BATCH])
        if second >= 0:
            _count_runs(chunk, run, address[second:first], place[turn])
        if fourth >= 0:
            asked, found = address[fourth:third], row[fourth:third]
            _look_into_pages(record, asked, cut[1 - turn][:n_cut], found)
        if third >= 0:
            n_cut = _take_rows(run, record, place[1 - turn], row[third:second], cut[turn])
        turn = 1 - turn
    return bool(seen < np.uint64(1 << 32))


@_inlined
def _ask_for_chunks(chunk: NDArray[np.uint64], address: NDArray[np.int64]) -> np.uint64:
    """Ask for the entries of chunks; return all bits that the addresses have."""
    seen = np.uint64(0)
    for query in range(address.size):
        number = np.uint64(address[query])
        seen |= number
        ask(chunk, _chunk_of(number))
    return seen


@_inlined
def _chunk_of(number: np.uint64) -> np.uint64:
    """Return the chunk of an address; what is no address must not lead out of the table."""
    return (number >> np.uint64(13)) & np.uint64(0x7FFFF)


@_inlined
def _count_runs(
    chunk: NDArray[np.uint64],
    run: NDArray[np.int32],
    address: NDArray[np.int64],
    place: NDArray[np.uint32],
) -> None:
    """Find the run of each address and ask for it."""
    for query in range(address.size):
        number = np.uint64(address[query])
        entry = chunk[_chunk_of(number)]
        page = (number >> np.uint64(8)) & np.uint64(31)
        # The bits up to the page's own become the top ones, and the count above them falls off.
        at = (entry >> np.uint64(32)) + n_set(entry << (np.uint64(63) - page))
        place[query] = at
        ask(run, at)


@_inlined
def _take_rows(
    run: NDArray[np.int32],
    record: NDArray[np.uint32],
    place: NDArray[np.uint32],
    row: NDArray[np.int64],
    cut: NDArray[np.uint32],
) -> np.uint64:
    """Take the rows of runs; list the queries on pages that are cut, and ask for their records."""
    n_cut = np.uint64(0)
    for query in range(row.size):
        found = run[place[query]]
        row[query] = found
        # Without a branch, which would be guessed wrong for one query in eight.
        cut[n_cut] = query
        n_cut += np.uint64(found < -1)
    for turn in range(n_cut):
        ask(record, np.uint64(-2 - row[cut[turn]]))
    return n_cut


@_inlined
def _look_into_pages(
    record: NDArray[np.uint32],
    address: NDArray[np.int64],
    cut: NDArray[np.uint32],
    row: NDArray[np.int64],
) -> None:
    """Replace entries that name a record by the row that owns the address."""
    for turn in range(cut.size):
        query = cut[turn]
        at = np.uint64(-2 - row[query])
        n_cuts = np.uint64(record[at]) & np.uint64(255)
        within = np.uint64(address[query]) & np.uint64(255)
        # The lowest byte is the number of cuts itself.
        few = min(n_cuts, np.uint64(31))
        which = (np.uint64(2) << few) - np.uint64(2)
        passed = n_set(not_above(record, at, within) & which)
        if n_cuts > few:
            passed += _passed_beyond(record, at, n_cuts, within)
        body = at + (n_cuts >> np.uint64(2)) + np.uint64(1)
        row[query] = np.int32(record[body + passed])


@_compiled
def _passed_beyond(
    record: NDArray[np.uint32], at: np.uint64, n_cuts: np.uint64, within: np.uint64
) -> np.uint64:
    """Cuts at most at a place, from the 32nd on."""
    passed = np.uint64(0)
    n_bytes = n_cuts + np.uint64(1)
    for byte in range(np.uint64(32), n_bytes, np.uint64(32)):
        few = min(n_bytes - byte, np.uint64(32))
        which = (np.uint64(1) << few) - np.uint64(1)
        passed += n_set(not_above(record, at + (byte >> np.uint64(2)), within) & which)
    return passed
